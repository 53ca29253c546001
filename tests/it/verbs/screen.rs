//! The terminal's display: plans with their signs and colours, questions, and the answers.

use crate::support::pbx::Desk;
use crate::support::program::Program;
#[cfg(target_os = "linux")]
use crate::support::{fixture::account, typist::Typist};
use std::fmt::Write as _;

/// A sheet of `count` extensions from 2000 on.
fn sheet(count: u32, name: &str) -> String {
    let mut text = "number,display_name,sip_password\n".to_owned();
    for number in 2000..2000 + count {
        writeln!(text, "{number},{name},Xk39vTq2Lm").unwrap();
    }
    text
}

#[test]
fn a_plan_marks_each_row_with_what_becomes_of_it() {
    let desk = Desk::new("openvox");
    desk.write("old.csv", sheet(3, "Ann"));
    desk.go("import old.csv --to TARGET").exits(0);
    let new = sheet(2, "Ann").replace("2001,Ann", "2001,Bo") + "2009,Cy,Xk39vTq2Ln\n2010,Di,\n";
    desk.write("new.csv", new);
    let plan = desk.go("plan new.csv --to TARGET --mode sync").exits(1);
    let lines: Vec<&str> = plan.out.lines().collect();
    for line in [
        "  unchanged 2000 (new.csv:2)",
        "~ update 2001 (new.csv:3)",
        "    display_name: \"Ann\" → \"Bo\"",
        "+ create 2009 (new.csv:4)",
        "! invalid 2010 (new.csv:5): sip_password, C5: is missing: an extension cannot be made without it — fill in the cell, or say --fill sip_password='<generate>'",
        "- delete 2002",
    ] {
        assert!(lines.contains(&line), "{line:?} is not in\n{}", plan.out);
    }
    assert!(!plan.out.contains('\u{1b}'));
    let short = desk
        .go("plan new.csv --to TARGET --mode sync --short")
        .exits(1);
    let of_rows = |lines: &[&str]| -> Vec<String> {
        let rows = lines.iter().filter(|line| !line.starts_with("    "));
        rows.map(|line| (*line).to_owned()).collect()
    };
    let short: Vec<&str> = short.out.lines().collect();
    assert_eq!(of_rows(&lines), short);
    // In colour the same lines, whatever standard output is; never by itself where it is no terminal.
    let mut painted = desk.command("plan new.csv --to TARGET --mode sync --color always");
    let painted = String::from_utf8(painted.output().unwrap().stdout).unwrap();
    assert!(painted.contains("\u{1b}[32m+ create 2009 (new.csv:4)\u{1b}[0m"));
    assert!(painted.contains("\u{1b}[31m- delete 2002\u{1b}[0m"));
    let bare = [
        "\u{1b}[32m",
        "\u{1b}[33m",
        "\u{1b}[31m",
        "\u{1b}[35m",
        "\u{1b}[0m",
    ];
    let bare = bare
        .iter()
        .fold(painted, |text, code| text.replace(code, ""));
    assert_eq!(bare, plan.out);
}

#[test]
fn of_many_creations_the_first_ten_are_shown_and_a_count() {
    let program = Program::new();
    program.write("a.csv", sheet(200, "Ann"));
    let plan = program.run("plan a.csv --to sim:openvox").exits(0);
    let rows = |out: &str| {
        out.lines()
            .filter(|line| line.starts_with("+ create"))
            .count()
    };
    assert_eq!(rows(&plan.out), 10);
    assert!(
        plan.out
            .contains("\n+ … and 190 more to create: --all shows each\n200 to create,")
    );
    let all = program.run("plan a.csv --to sim:openvox --all").exits(0);
    assert_eq!(rows(&all.out), 200);
    assert!(!all.out.contains('…'));
}

#[test]
fn a_dry_run_is_the_plan_and_sends_nothing() {
    let desk = Desk::new("openvox");
    desk.write("a.csv", sheet(3, "Ann"));
    let plan = desk.go("plan a.csv --to TARGET --mode upsert").exits(0);
    let dry = desk
        .go("import a.csv --to TARGET --mode upsert --dry-run --report r.csv")
        .exits(0);
    assert_eq!(plan.out, dry.out);
    assert!(desk.pbx.numbers().is_empty());
    assert_eq!(desk.results("r.csv"), vec!["valid"; 3]);
    // Also of a plan that was kept.
    desk.go("plan a.csv --to TARGET -o p.json").exits(0);
    let dry = desk.go("import --plan p.json --dry-run --short").exits(0);
    assert_eq!(
        dry.out
            .lines()
            .filter(|line| line.starts_with("+ create"))
            .count(),
        3
    );
    assert!(desk.pbx.numbers().is_empty());
    desk.ends("import a.csv --to TARGET --dry-run --rejects x.csv", 2);
}

#[test]
fn the_loss_summary_stands_last() {
    let desk = Desk::new("openvox");
    desk.write("a.csv", sheet(2, "Ann Miller"));
    desk.go("import a.csv --to TARGET").exits(0);
    let mut command = desk.bare();
    let target = desk.pbx.target();
    command.args([
        "migrate",
        "--from",
        &target,
        "--to",
        "sim:portsip",
        "--dry-run",
    ]);
    let path = desk.path("both");
    let both = std::fs::File::create(&path).unwrap();
    command.stdout(both.try_clone().unwrap()).stderr(both);
    command.status().unwrap();
    let both = desk.read("both");
    let place = |words: &str| {
        both.find(words)
            .unwrap_or_else(|| panic!("{words}:\n{both}"))
    };
    assert!(place("+ create 2000") < place("2 to create"));
    assert!(place("2 to create") < place("LOST"), "{both}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_question_names_the_run_the_pbx_and_what_is_done() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write("a.csv", sheet(3, "Ann"));
    let ask = |line: &str| {
        let mut command = desk.command(line);
        command.env("TZ", "UTC");
        Typist::start(&mut command)
    };
    let place = format!("on hq (OpenVox UC Series, {})", desk.pbx.addr());
    let mut import = ask("import a.csv --to hq --mode upsert --reply-within 2");
    import.answers(
        &format!("import --mode upsert {place}: create 3? [y/N] "),
        "n",
    );
    assert_eq!(import.ends().0, 1);
    assert!(desk.pbx.numbers().is_empty());
    let run = desk
        .go("import a.csv --to hq --mode upsert --json --yes")
        .exits(0)
        .name();
    let mut undo = ask("undo");
    undo.answers(&format!("undo run {run} of "), "n");
    let (exit, _) = undo.ends();
    assert_eq!(exit, 1);
    let screen = undo.said();
    assert!(
        screen.contains(&format!("{place}: delete 3? [y/N] ")),
        "{screen}"
    );
    // Day, month and hour, as people write them.
    let said = screen.split(&format!("undo run {run} of ")).nth(1).unwrap();
    let words: Vec<&str> = said.split(' ').take(3).collect();
    assert!(words[0].parse::<u32>().is_ok() && words[1].len() == 3 && words[2].contains(':'));
}

#[cfg(target_os = "linux")]
#[test]
fn init_asks_tries_and_writes_a_target_that_works() {
    let desk = Desk::new("openvox");
    let password = account().password.reveal().to_owned();
    let mut command = desk.command("init");
    command.env_remove("ROWCALL_PASSWORD");
    let mut init = Typist::start(&mut command);
    init.answers("vendor, by its word or its number: ", "nonsense")
        .answers("there is no vendor", "1")
        .answers("address, for example", &desk.pbx.addr())
        .answers("account: ", "api")
        .answers("password (not shown): ", &password)
        .answers("a name for it [hq]: ", "");
    let (exit, screen) = init.ends();
    assert_eq!(exit, 0, "{screen}");
    assert!(
        screen.contains("answers, and takes the account"),
        "{screen}"
    );
    assert!(!screen.contains(&password), "{screen}");
    assert!(!desk.read("rowcall.toml").contains(&password));
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(desk.path("hq.password"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut doctor = desk.command("export hq");
    let output = doctor.env_remove("ROWCALL_PASSWORD").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // An existing target stays, and a wrong password is reported before anything is written.
    let mut init = Typist::start(&mut command);
    init.answers("vendor, by its word or its number: ", "openvox")
        .answers("address, for example", &desk.pbx.addr())
        .answers("account: ", "api")
        .answers("password (not shown): ", "wrong")
        .answers("a name for it [hq-2]: ", "hq")
        .answers("there is a target hq already", "branch")
        .answers("write it all the same? [y/N] ", "n");
    assert_eq!(init.ends().0, 1);
    assert!(
        !desk.read("rowcall.toml").contains("branch") && !desk.path("branch.password").exists()
    );
    desk.ends("init", 2)
        .says(&["there is no terminal to answer on"]);
}

#[cfg(target_os = "linux")]
#[test]
fn init_keeps_a_password_in_the_keyring_of_the_session_where_that_is_wanted() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("openvox");
    // A keyring that is one file, by the arguments of secret-tool.
    let tool = "#!/bin/sh\ncd \"$KEYRING\" || exit 1\ncase $1 in\n\
        store) shift 2; cat >\"$*\";;\nlookup) shift; cat \"$*\";;\nclear) shift; rm \"$*\";;\nesac\n";
    let (bin, keyring) = (desk.path("bin"), desk.path("keyring"));
    for folder in [&bin, &keyring] {
        std::fs::create_dir(folder).unwrap();
    }
    let tool = desk.file("bin/secret-tool", tool);
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let search = std::env::var("PATH").unwrap_or_default();
    let with_keyring = |arguments: &str| {
        let mut command = desk.command(arguments);
        command
            .env_remove("ROWCALL_PASSWORD")
            .env("PATH", format!("{}:{search}", bin.display()))
            .env("KEYRING", &keyring)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
        command
    };
    let password = account().password.reveal().to_owned();
    let kept = keyring.join("service rowcall target hq");
    let answered = |line: &str| {
        let mut init = Typist::start(&mut with_keyring(line));
        init.answers("vendor, by its word or its number: ", "openvox")
            .answers("address, for example", &desk.pbx.addr())
            .answers("account: ", "api")
            .answers("password (not shown): ", &password)
            .answers("a name for it [hq]: ", "")
            .answers("need a file [y/N] ", "y");
        init.ends()
    };
    let (exit, screen) = answered("init");
    assert_eq!(exit, 0, "{screen}");
    assert!(!screen.contains(&password), "{screen}");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), password);
    assert!(!desk.path("hq.password").exists());
    assert!(!desk.read("rowcall.toml").contains(&password));
    let output = with_keyring("export hq").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // A configuration that cannot be written leaves no password behind.
    std::fs::remove_file(&kept).unwrap();
    std::fs::remove_file(desk.path("rowcall.toml")).unwrap();
    let (exit, screen) = answered("init --config nowhere/rowcall.toml");
    assert_eq!(exit, 2, "{screen}");
    assert!(!kept.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_password_that_is_nowhere_is_asked_for_and_not_shown() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    let password = account().password.reveal().to_owned();
    let mut command = desk.command("export hq -o x.csv");
    let mut export = Typist::start(command.env_remove("ROWCALL_PASSWORD"));
    export.answers("password of api at hq: ", &password);
    let (exit, screen) = export.ends();
    assert_eq!(exit, 0, "{screen}");
    assert!(!screen.contains(&password), "{screen}");
    let output = command
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped());
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn the_lead_leaves_the_marked_copy_of_an_earlier_check_as_it_is() {
    let program = Program::new();
    program.write("staff.csv", sheet(2, "Ann"));
    program.write("staff.checked.xlsx", "corrected by hand");
    let mut bare = program.bare();
    let mut lead = Typist::start(bare.arg("staff.csv"));
    lead.answers("number [openvox]: ", "1")
        .answers("Enter goes on: ", "")
        .answers("Enter goes on: ", "")
        .answers("no PBX of this kind is set up", "n");
    let (exit, screen) = lead.ends();
    assert_eq!(exit, 0, "{screen}");
    assert_eq!(program.read("staff.checked.xlsx"), "corrected by hand");
    assert!(program.path("staff.checked-2.xlsx").is_file(), "{screen}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_sheet_alone_leads_through_a_first_import() {
    let program = Program::new();
    program.write("my staff.csv", sheet(2, "Ann"));
    let mut bare = program.bare();
    let mut lead = Typist::start(bare.arg("my staff.csv"));
    lead.answers("number [openvox]: ", "70")
        .answers("there is no vendor", "1")
        .answers("Enter goes on: ", "")
        .answers("Enter goes on: ", "")
        .answers("no PBX of this kind is set up", "n");
    let (exit, screen) = lead.ends();
    assert_eq!(exit, 0, "{screen}");
    assert!(program.path("my staff.checked.xlsx").is_file());
    let place = |words: &str| {
        screen
            .find(words)
            .unwrap_or_else(|| panic!("{words}:\n{screen}"))
    };
    let places = [
        "1. Which PBX",
        "2. What each heading means",
        "display_name",
        "Ann",
        "3. Is every row right?",
        "every row can go",
        "4. A rehearsal",
        "2 created",
        "rowcall init ",
        "rowcall import 'my staff.csv' --to hq",
    ]
    .map(place);
    assert!(places.is_sorted(), "{screen}");
    // Alone it asks for the sheet; without a terminal it prints its usage.
    let mut alone = program.bare();
    let key = program.path("key-here");
    let mut lead = Typist::start(alone.env("ROWCALL_KEY", key));
    lead.answers("the sheet ", "nowhere.csv")
        .answers("there is no file \"nowhere.csv\"", "my staff.csv")
        .answers("number [openvox]: ", "");
    lead.answers("Enter goes on: ", "")
        .answers("Enter goes on: ", "")
        .answers("no PBX of this kind is set up", "n");
    assert_eq!(lead.ends().0, 0);
    program.ends("", 2).says(&["Usage: rowcall"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_led_import_keeps_its_answers_and_sends_the_sheet() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    let rows = "Ext,Surname,Name,Shoe size\n2000,Miller,Ann,38\n2001,Lund,Bo,44\n";
    desk.write("staff.csv", rows);
    let mut command = desk.command("staff.csv");
    let mut lead = Typist::start(&mut command);
    lead.answers("number [openvox]: ", "")
        .answers("“Name” means (", "nonsense")
        .answers("no field is called", "first_name")
        .answers("“Shoe size”: not understood", "Shoe size=nonsense")
        .answers("no field is called", "Hat size=mobile")
        .answers("none of these headings", "")
        .answers("some rows have no SIP password (sip_password)", "y")
        .answers("Enter goes on: ", "")
        .answers("Enter goes on: ", "")
        .answers("import it now to (hq; Enter: not now): ", "branch")
        .answers("there is no target", "hq")
        .answers("create 2? [y/N] ", "y");
    let (exit, screen) = lead.ends();
    assert_eq!(exit, 0, "{screen}");
    assert_eq!(desk.pbx.numbers(), ["2000", "2001"]);
    let kept = desk.read("staff.map.toml");
    for line in ["\"Name\" = \"first_name\"", "\"Shoe size\" = \"-\""] {
        assert!(kept.lines().any(|known| known == line), "{kept}");
    }
    assert!(desk.path("staff.report.html").is_file());
    assert!(screen.contains("staff.map.toml: keeps these meanings"));
    // A question that was answered is not asked again.
    let mut lead = Typist::start(&mut command);
    lead.answers("number [openvox]: ", "")
        .answers("some rows have no SIP password (sip_password)", "y")
        .answers("Enter goes on: ", "")
        .answers("--map-file staff.map.toml", "")
        .answers("import it now to (hq; Enter: not now): ", "n");
    let (exit, screen) = lead.ends();
    assert_eq!(exit, 0, "{screen}");
    assert!(!screen.contains("not understood, and"), "{screen}");
    assert!(
        screen.contains("rowcall import staff.csv --to hq"),
        "{screen}"
    );
}

#[test]
fn a_row_that_is_alone_with_its_cause_is_shown_beside_many_of_another() {
    let program = Program::new();
    let mut rows = sheet(30, "Ann").replace(",Xk39vTq2Lm", ",");
    rows.push_str("3000,Bo,Xk39 vTq2Lm\n");
    program.write("a.csv", rows);
    let ran = program.ends("import a.csv --to sim:openvox", 1);
    let invalid = ran.err.lines().filter(|line| line.contains(" invalid: "));
    assert_eq!(invalid.count(), 4, "{}", ran.err);
    ran.says(&[
        "3000 invalid: ",
        "… and 27 more rows that are not done: --report FILE",
    ]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_plan_is_in_colour_on_a_terminal_unless_that_is_not_wanted() {
    let program = Program::new();
    program.write("a.csv", sheet(1, "Ann"));
    let screen = |line: &str, no_color: &str| {
        let mut command = program.command(line);
        let mut typist = Typist::start_with(&mut command, &[("NO_COLOR", no_color)]);
        typist.ends().1
    };
    let green = "\u{1b}[32m+ create 2000";
    assert!(screen("plan a.csv --to sim:openvox", "").contains(green));
    assert!(!screen("plan a.csv --to sim:openvox", "1").contains("\u{1b}[3"));
    assert!(!screen("plan a.csv --to sim:openvox --color never", "").contains("\u{1b}[3"));
    assert!(screen("plan a.csv --to sim:openvox --color always", "1").contains(green));
}

/// A sheet with more kinds of mistakes than a screen has lines.
#[cfg(target_os = "linux")]
pub(super) fn dirty_sheet() -> String {
    let mut text = "number,first name,last name,email,mobile,home phone,remark,secret,voicemail,shoe size,hat,voicemail pin\n".to_owned();
    for row in 0..60 {
        let number = match row {
            7 => "59 in all".to_owned(),
            8 => "0106".to_owned(),
            row => format!("01{row:02}"),
        };
        let email = match row % 9 {
            3 => "nobody @ example",
            4 => "a@b;c",
            _ => "ann@example.com",
        };
        let secret = match row % 4 {
            0 => "",
            1 => "a b c",
            _ => "Xk39vTq2Lm",
        };
        writeln!(
            text,
            "{number},Ann,Miller,{email},+49 (0)171 555{row:04},0171/55{row},at once,{secret},perhaps,42,M,12"
        )
        .unwrap();
    }
    text
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_command_says_of_a_dirty_sheet_fits_on_the_smallest_screen_and_errors_are_in_sight() {
    let program = Program::new();
    program.write("dirty.csv", dirty_sheet());
    for language in ["en", "de"] {
        for line in [
            "check dirty.csv --for openvox",
            "check dirty.csv --for portsip",
            "plan dirty.csv --to sim:openvox",
            "import dirty.csv --to sim:openvox --yes --rate 500/s",
            "fix dirty.csv -o fixed-LANG.csv --for openvox --propose --country DE",
        ] {
            let line = format!("{line} --lang {language}").replace("LANG", language);
            let mut command = program.command(&line);
            let (_, screen) = Typist::start_on(&mut command, &[], 24).ends();
            let shown: Vec<&str> = screen.trim_end().lines().collect();
            assert!(shown.len() < 24, "{line}: {} lines\n{screen}", shown.len());
            let is_wide = |text: &&&str| bare(text).chars().count() > 80;
            assert_eq!(shown.iter().find(is_wide), None, "{line}");
        }
    }
    let mut command = program.command("check dirty.csv --for openvox");
    let (_, screen) = Typist::start_on(&mut command, &[], 24).ends();
    assert!(
        screen.contains("error secret (sip_password), 15 cells (H2 H6 H10 …): is missing"),
        "{screen}"
    );
    // In a file each kind has its line, as it is.
    let whole = program.run("check dirty.csv --for openvox").exits(1);
    assert!(
        whole.out.contains("dirty.csv: warning mobile"),
        "{}",
        whole.out
    );
}

/// A line of a terminal without its colours.
#[cfg(target_os = "linux")]
fn bare(line: &str) -> String {
    let parts = line.split('\u{1b}').enumerate();
    let text = parts.map(|(at, part)| match part.split_once('m') {
        Some((_, text)) if at > 0 => text,
        _ => part,
    });
    text.collect::<String>().trim_end_matches('\r').to_owned()
}
