//! The command line: help, errors and the way out of them, completions, manual pages, and the detail of messages.

use crate::support::canary::assert_no_secret;
use crate::support::pbx::Desk;
use crate::support::program::Program;
use clap::CommandFactory;
use rowcall::cli::Cli;
use std::fs;

/// Every command that is shown, and every one below it, as its words.
fn commands() -> Vec<String> {
    fn walk(command: &clap::Command, words: &str, found: &mut Vec<String>) {
        for below in command
            .get_subcommands()
            .filter(|below| !below.is_hide_set())
        {
            let words = format!("{words} {}", below.get_name());
            walk(below, &words, found);
            found.push(words.trim().to_owned());
        }
    }
    let mut found = vec![String::new()];
    walk(&Cli::command(), "", &mut found);
    found
}

#[test]
fn help_fits_a_terminal_of_80_columns_is_no_wider_than_100_and_stands_in_groups() {
    let program = Program::new();
    for command in commands() {
        let found = command
            .split_whitespace()
            .fold(Cli::command(), |above, word| {
                above.find_subcommand(word).unwrap().clone()
            });
        let below = found.get_after_help().map(ToString::to_string);
        for line in below.unwrap_or_default().lines() {
            // Prose is wrapped, an example must not be.
            let fits = line.chars().count() <= 80 || !line.starts_with("  ");
            assert!(fits, "{command}: {line}");
        }
        // Lines that are longer than a hundred characters are hard to read, however wide the terminal is.
        for (columns, longest) in [("80", 80), ("200", 100)] {
            let mut help = program.command(&format!("{command} --help"));
            let output = help.env("COLUMNS", columns).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            for line in text.lines() {
                assert!(line.chars().count() <= longest, "{command}: {line}");
            }
        }
    }
    let output = program.command("import --help").output().unwrap();
    let import = String::from_utf8(output.stdout).unwrap();
    for heading in ["Input:", "Output:", "Pace:", "Safety:", "General:"] {
        assert!(
            import.contains(&format!("\n{heading}\n")),
            "{heading}\n{import}"
        );
    }
    let group = |heading: &str| {
        let rest = import.split(&format!("\n{heading}\n")).nth(1).unwrap();
        let next = rest
            .lines()
            .position(|line| line.ends_with(':') && !line.starts_with(' '));
        let lines: Vec<&str> = rest.lines().collect();
        lines[..next.unwrap_or(lines.len())].join("\n")
    };
    assert!(group("Pace:").contains("--rate") && group("Safety:").contains("--max-deletes"));
    assert!(group("Output:").contains("--rejects") && group("Input:").contains("--map-file"));
    assert!(group("General:").contains("--color"));
    // Every format that is written is named where a report is.
    for ending in ["csv", "json", "jsonl", "xlsx", "html", "markdown"] {
        assert!(group("Output:").to_lowercase().contains(ending), "{ending}");
    }
}

#[test]
fn every_usage_error_has_a_way_out() {
    let program = Program::new();
    program.write("a.csv", "number\n1\n");
    program.write(
        "rowcall.toml",
        "[targets.hq]\nvendor = \"openvox\"\nurl = \"http://127.0.0.1:1\"\n",
    );
    for (line, way) in [
        (
            "plan a.csv --to hq --dry-run",
            "import, delete, migrate and undo have --dry-run",
        ),
        (
            "check a.csv --for openvox --rejects x",
            "import and delete have --rejects",
        ),
        ("import a.csv", "targets: hq; or VENDOR+URL"),
        ("check a.csv", "vendors: openvox, portsip"),
        ("import --to hq", "name the sheet; rowcall template"),
        ("a.csv", "rowcall import a.csv --to TARGET"),
        ("imprt a.csv", "rowcall help lists the commands"),
        (
            "import a.csv --to hq --mode upsrt",
            "rowcall help import shows its options",
        ),
        (
            "import a.csv --to hq --max-deletes x",
            "rowcall help import",
        ),
        ("runs --json show", "rowcall help runs"),
        (
            "check a.csv --for hq",
            "hq is a target, with settings of its own: rowcall plan SHEET --to hq checks",
        ),
        ("archive verify x --nagios", "archive list has --nagios"),
        ("delete a.csv --to hq", "delete names its PBX by --from"),
        ("ring a.csv --from hq", "ring names its PBX by --to"),
        ("check a.csv --to hq", "check names its vendor by --for"),
        (
            "verify a.csv a.csv --to file:freepbx",
            "verify names its product by --for",
        ),
        (
            "convert a.csv --for file:freepbx",
            "convert names its product by --to",
        ),
        (
            "convert a.csv --to hq -o x",
            "hq is a PBX: rowcall import SHEET --to hq",
        ),
        (
            "convert a.csv --to openvox -o x",
            "openvox takes no file: rowcall import",
        ),
        (
            "verify a.csv a.csv --for hq",
            "hq is a PBX: rowcall import SHEET --to hq",
        ),
        (
            "import a.csv --to file:freepbx",
            "rowcall convert SHEET --to file:PRODUCT -o FILE",
        ),
        ("export --from hq", "rowcall export TARGET"),
        (
            "migrate a.csv --from hq --to hq",
            "rowcall import a.csv --to TARGET",
        ),
        ("import a.csv --to hq --all", "add --dry-run"),
        ("import a.csv --to hq --short", "add --dry-run"),
        ("migrate --from hq --to sim:ozeki --short", "add --dry-run"),
    ] {
        let ran = program.ends(line, 2);
        assert!(
            ran.err.contains(&format!("  hint: {way}")) || ran.err.contains(way),
            "{line}:\n{}",
            ran.err
        );
        assert!(ran.err.contains("hint: "), "{line}:\n{}", ran.err);
        // An option is never meant as a value.
        assert!(!ran.err.contains("as a value"), "{line}:\n{}", ran.err);
    }
}

#[test]
fn the_usage_in_an_error_is_the_commands_own_whatever_was_given() {
    let program = Program::new().with_own_state();
    for (line, usage) in [
        ("check a.csv", "check [OPTIONS] --for <VENDOR> <SHEET>...\n"),
        (
            "import a.csv --fro hq",
            "import [OPTIONS] --to <TARGET> <SHEET>...\n       rowcall import [OPTIONS] --plan <FILE>\n",
        ),
        ("export --plan x", "export [OPTIONS] [TARGET]...\n"),
        (
            "archive verify x --nagios",
            "archive verify [OPTIONS] <DIR>\n",
        ),
    ] {
        let ran = program.ends(line, 2);
        let usage = format!("Usage: rowcall {usage}");
        assert!(ran.err.contains(&usage), "{line}:\n{}", ran.err);
        let german = program.ends(&format!("{line} --lang de"), 2);
        assert!(
            german.err.contains("Aufruf: rowcall "),
            "{line}:\n{}",
            german.err
        );
    }
}

#[test]
fn configuration_errors_name_target_file_and_line() {
    let program = Program::new();
    program.write("a.csv", "number\n1\n");
    for (text, place) in [
        (
            "[targets.a]\nvendor = \"openvox\"\nurl = \"http://api@h\"\nrate = \"fast\"\n",
            "rowcall.toml:4: target a: rate",
        ),
        (
            "[targets.a]\nurl = \"http://api@h\"\nvendor = \"openvx\"\n",
            "rowcall.toml:3: target a: vendor",
        ),
        (
            "[targets.a]\nvendor = \"openvox\"\nurl = \"http://api@h\"\nreply_within = \"x\"\n",
            "rowcall.toml:4: target a: reply_within",
        ),
        (
            "[targets.b]\nvendor = \"ozeki\"\nurl = \"http://api@h\"\nrate = \"fast\"\n[targets.a]\nvendor = \"openvox\"\nurl = \"http://api@h\"\nparallel = \"x\"\n",
            "rowcall.toml:8: target a: ",
        ),
        (
            "[targets.a]\nvendor = \"openvox\"\nurl = \"http://api@h\"\nformat = \"yaml\"\n",
            "rowcall.toml:4: target a: format takes json, xml, not yaml",
        ),
        (
            "[targets.a]\nvendor = \"asterisk\"\nurl = \"http://api@h\"\nvoicemail_context = \"x](tmpl)\"\n",
            "rowcall.toml:4: target a: voicemail_context is \"x](tmpl)\", and it must contain only",
        ),
        (
            "[targets.a]\nvendor = \"asterisk\"\nurl = \"http://api@h\"\nvoicemail_context = \"general\"\n",
            "rowcall.toml:4: target a: voicemail_context is \"general\", and it must not be general",
        ),
        (
            "[targets.a]\nvendor = \"asterisk\"\nurl = \"http://api@h\"\ncontext = \" \"\n",
            "rowcall.toml:4: target a: context is \" \", and it must not be emptied",
        ),
        (
            "[targets.a]\nvendor = \"openvox\"\naddress = \"http://h\"\n",
            "rowcall.toml:3: target a: `url` is missing; is it meant by `address`?",
        ),
        (
            "[targets.a]\nvendor = \"asterisk\"\nurl = \"http://api@h\"\ncodecs = \"alaw|ulaw\"\n",
            "rowcall.toml:4: target a: codecs is \"alaw|ulaw\", and it must contain only",
        ),
    ] {
        program.write("rowcall.toml", text);
        program.ends("plan a.csv --to a", 2).says(&[place]);
    }
}

#[test]
fn completions_know_vendors_products_fields_targets_and_runs() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("headquarters"));
    desk.write(
        "a.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n",
    );
    let run = desk.ends("import a.csv --to headquarters --json", 0).name();
    let script_of = |shell: &str| {
        let printed = desk.command(&format!("completions {shell}")).output();
        let printed = printed.unwrap();
        assert!(printed.status.success(), "{shell}");
        String::from_utf8(printed.stdout).unwrap()
    };
    for shell in ["powershell", "elvish"] {
        assert!(script_of(shell).contains("--fill"), "{shell}");
    }
    let script = desk.ends("completions bash", 0).out;
    for word in [
        "yeastar_s",
        "freepbx",
        "voicemail_pin",
        "sim:ozeki",
        "opensips",
        "COMP_WORDBREAKS//:/",
        "archive-verify",
        "yesterday",
        "telephones",
    ] {
        assert!(script.contains(word), "{word}");
    }
    // Targets and runs are asked for when they are needed.
    for (shell, asked) in [
        ("bash", &["targets", "runs"][..]),
        ("zsh", &["targets", "runs"]),
        ("fish", &["targets", "runs"]),
    ] {
        let script = script_of(shell);
        assert!(!script.contains(&run) && !script.contains("headquarters"));
        for words in asked {
            let asks = format!("(rowcall completions --words {words} -- ");
            assert!(script.contains(&asks), "{shell}: {words}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_completes_targets_and_runs_with_what_there_is_now() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("headquarters"));
    let sheet = "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n";
    desk.write("a.csv", sheet);
    let run = desk.ends("import a.csv --to headquarters --json", 0).name();
    let script = desk.ends("completions bash", 0).out;
    let folder = desk.path("bin");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(crate::support::program::PROGRAM, folder.join("rowcall")).unwrap();
    desk.write("script", script);
    let completed = |line: &str| {
        let ask = format!(
            "source ./script; COMP_WORDS=({line} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _rowcall rowcall '' \"${{COMP_WORDS[-2]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let known = desk.bare();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = std::process::Command::new("bash");
        shell.args(["-c", &ask]).current_dir(desk.path(""));
        let variables = known.get_envs();
        shell.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", format!("{}:{path}", folder.display()));
        String::from_utf8(shell.output().unwrap().stdout).unwrap()
    };
    desk.write("rowcall.toml", desk.pbx.config("elsewhere"));
    assert!(completed("rowcall import a.csv --to").contains("elsewhere\n"));
    assert!(completed("rowcall runs show").contains(&run));
}

/// A desk with the program in a folder of programs, the scripts of shells, and a second configuration.
#[cfg(unix)]
fn desk_of_shells() -> Desk {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("headquarters"));
    desk.write("other.toml", desk.pbx.config("elsewhere"));
    let folder = desk.path("bin");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(crate::support::program::PROGRAM, folder.join("rowcall")).unwrap();
    for shell in ["bash", "fish", "zsh"] {
        let script = desk.command(&format!("completions {shell}")).output();
        desk.write(shell, script.unwrap().stdout);
    }
    desk
}

/// Runs a shell's own words there; `None` where there is no such shell.
#[cfg(unix)]
fn in_shell(desk: &Desk, shell: &str, args: &[&str]) -> Option<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let known = desk.bare();
    let variables = known.get_envs();
    let mut command = std::process::Command::new(shell);
    command.args(args).current_dir(desk.path(""));
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{}:{path}", desk.path("bin").display()));
    let Ok(output) = command.output() else {
        crate::support::skip::skip(shell, &format!("apt-get install {shell}"));
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(unix)]
#[test]
fn fish_completes_targets_runs_and_the_field_behind_a_heading() {
    let desk = desk_of_shells();
    desk.write(
        "a.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n",
    );
    let run = desk.ends("import a.csv --to headquarters --json", 0).name();
    for (line, wanted) in [
        ("rowcall import a.csv --to ", "headquarters"),
        (
            "rowcall --config other.toml import a.csv --to ",
            "elsewhere",
        ),
        ("rowcall resume ", &run),
        ("rowcall runs show ", &run),
        (
            "rowcall check a.csv --map Durchwahl=num",
            "Durchwahl=number",
        ),
        ("rowcall check a.csv --for op", "openvox"),
    ] {
        let ask = format!("source ./fish; complete -C '{line}'");
        let Some(told) = in_shell(&desk, "fish", &["--no-config", "-c", &ask]) else {
            return;
        };
        let mut words = told.lines().map(|line| line.split('\t').next().unwrap());
        assert!(words.any(|word| word == wanted), "{line}: {told}");
    }
}

/// Types a line in zsh, and then a tabulator until it names what there is.
#[cfg(unix)]
const TYPED_IN_ZSH: &str = r#"zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "autoload -U compinit; compinit -u -D; source ./zsh; compdef _rowcall rowcall; PS1='ready> '"
out=""
for i in {1..300}; do
    if zpty -r -t z more; then out+="$more"; fi
    [[ $out == *'ready> '* ]] && break
    sleep 0.1
done
zpty -n -w z "$1"$'\t\t'
out=""
for i in {1..300}; do
    if zpty -r -t z more; then out+="$more"; fi
    [[ $out == *"$2"* ]] && break
    sleep 0.1
done
print -r -- "$out"
zpty -d z
"#;

#[cfg(unix)]
#[test]
fn zsh_completes_the_values_of_options_behind_a_sheet_too() {
    let desk = desk_of_shells();
    for (line, wanted) in [
        ("rowcall import a.csv --to head", "headquarters"),
        (
            "rowcall import a.csv --config other.toml --to else",
            "elsewhere",
        ),
        ("rowcall check a.csv --map Durchwahl=sip_p", "sip_password"),
        ("rowcall check a.csv --for openv", "openvox"),
    ] {
        let args = ["-f", "-c", TYPED_IN_ZSH, "typed", line, wanted];
        let Some(told) = in_shell(&desk, "zsh", &args) else {
            return;
        };
        assert!(told.contains(wanted), "{line}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn bash_completes_by_the_configuration_that_was_typed_and_the_field_behind_a_heading() {
    let desk = desk_of_shells();
    let completed = |words: &str| {
        let ask = format!(
            "source ./bash; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _rowcall_typed rowcall \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        in_shell(&desk, "bash", &["-c", &ask]).unwrap()
    };
    let told = completed("rowcall --config other.toml import a.csv --to ''");
    assert!(told.contains("elsewhere\n"), "{told}");
    for words in ["Durchwahl = num", "Durchwahl ="] {
        let told = completed(&format!("rowcall check a.csv --map {words}"));
        assert!(told.contains("number\n"), "{words}: {told}");
    }
}

#[test]
fn an_option_without_its_value_names_what_there_is() {
    let program = Program::new();
    for (line, told, untold) in [
        ("import a.csv --to", "to rehearse", "vendors: "),
        (
            "check a.csv --for",
            "vendors: openvox, portsip",
            "to rehearse",
        ),
        (
            "convert a.csv -o b.csv --to",
            "import files: file:",
            "to rehearse",
        ),
        (
            "convert a.csv -o b.csv",
            "import files: file:",
            "to rehearse",
        ),
        (
            "verify a.csv b.csv --for",
            "import files: file:",
            "vendors: ",
        ),
    ] {
        let err = program.ends(line, 2).err;
        assert!(err.contains(told) && !err.contains(untold), "{line}: {err}");
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let program = Program::new();
    fs::create_dir(program.path("man")).unwrap();
    program.ends("man -o man", 0);
    for command in commands().iter().filter(|words| !words.contains(' ')) {
        let name = match command.as_str() {
            "" => "rowcall".to_owned(),
            "help" => continue,
            command => format!("rowcall-{command}"),
        };
        let page = program.read(&format!("man/{name}.1"));
        for section in [
            ".SH NAME",
            ".SH SYNOPSIS",
            ".SH OPTIONS",
            ".SH ENVIRONMENT",
            ".SH FILES",
            ".SH \"EXIT STATUS\"",
        ] {
            let bare = section.replace('"', "");
            assert!(
                page.contains(section)
                    || page.contains(&bare)
                    || page.contains(&section.replace(".SH ", ".SH \"")),
                "{name} lacks {section}"
            );
        }
        // Each section says something.
        for entry in ["\\fBROWCALL_PASSWORD", "\\fB130"] {
            assert!(page.contains(entry), "{name} lacks {entry}");
        }
        assert!(page.contains(".SH EXAMPLES"), "{name} has no examples");
    }
    program
        .ends("man -o nowhere", 2)
        .says(&["mkdir -p nowhere"]);
}

#[test]
fn quiet_verbose_and_log_tell_as_much_as_is_wanted_and_no_secret() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write(
        "a.csv",
        "number,display_name,sip_password\n2000,Ann,Canary7731aB\n",
    );
    let quiet = desk.ends("import a.csv --to hq --quiet", 0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    // Rows that are not done are an error.
    desk.write("none.csv", "number,display_name\nx,Ann\n");
    let none = desk.ends("import none.csv --to hq -q", 1).err;
    assert!(
        none.lines().count() == 1 && none.contains("1 row in "),
        "{none}"
    );
    // An empty variable is none.
    for variable in [
        "ROWCALL_CONFIG",
        "ROWCALL_LOG",
        "ROWCALL_LOG_LEVEL",
        "ROWCALL_COLOR",
    ] {
        let mut line = desk.command("vendors");
        let output = line.env(variable, "").output().unwrap();
        assert!(output.status.success(), "{variable}: {output:?}");
    }
    desk.ends("import a.csv --to nowhere -q", 2)
        .says(&["nowhere"]);
    let verbose = desk.ends("import a.csv --to hq -v", 0);
    assert!(
        verbose.err.contains("hq POST /") && verbose.err.contains("→ 200 in "),
        "{}",
        verbose.err
    );
    desk.ends("import a.csv --to hq --log support.log", 0);
    let mut command = desk.command("import a.csv --to hq");
    assert!(
        command
            .env("ROWCALL_LOG", "support.log")
            .status()
            .unwrap()
            .success()
    );
    let log = desk.read("support.log");
    assert_no_secret("the log", &log);
    assert!(log.starts_with("# rowcall log\n"));
    assert_eq!(log.matches("begins\n").count(), 2, "{log}");
    assert!(
        log.contains("→ 200 in ") && log.contains("1 unchanged"),
        "{log}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("support.log"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A password in an address, and one that is refused, are in no log and in no line.
    for target in [
        "nobody+http://api:Canary7731@h",
        "openvox+http://a:Canary7731@h",
    ] {
        let ran = desk.ends(
            &format!("import a.csv --to {target} -v --log support.log"),
            2,
        );
        assert_no_secret("the screen", &ran.err);
    }
    assert_no_secret("the log", &desk.read("support.log"));
    // No file that is something else is written on.
    desk.ends("import a.csv --to hq --log a.csv", 2)
        .says(&["is no log"]);
    desk.write("empty.toml", "");
    desk.ends("--config empty.toml vendors --log empty.toml", 2)
        .says(&["would be the log"]);
    assert_eq!(desk.read("empty.toml"), "");
    desk.ends("import a.csv --to hq --log r.csv --report r.csv", 2)
        .says(&["would be the log"]);
}

#[test]
fn the_global_options_can_stand_in_the_environment() {
    let desk = Desk::new("openvox");
    desk.write("elsewhere.toml", desk.pbx.config("hq"));
    desk.write(
        "a.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n",
    );
    let mut command = desk.command("import a.csv --to hq");
    command
        .env("ROWCALL_CONFIG", "elsewhere.toml")
        .env("ROWCALL_STATE", "runs-here")
        .env("ROWCALL_KEY", "key-here");
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(desk.path("runs-here").is_dir() && desk.path("key-here").is_file());
}
