//! The scripts by which shells complete what is typed: those of `clap`, and what it does not write.

use super::words::{ASKED, KnownWords, with_values};
use super::{Cli, program};
use crate::lang::language;
use crate::model::Field;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::{self, Write};

/// Makes a target such as `sim:openvox` one word in bash, which breaks words at colons, and completes the field behind
/// `--map HEADING=`.
const BASH_END: &str = r#"
COMP_WORDBREAKS=${COMP_WORDBREAKS//:/}
_rowcall_typed() {
    local at=$COMP_CWORD cur="${COMP_WORDS[COMP_CWORD]}"
    [[ $cur == "=" ]] && cur="" && at=$((COMP_CWORD + 1))
    if [[ $at -gt 3 && ${COMP_WORDS[at-1]} == "=" && ${COMP_WORDS[at-3]} == "--map" ]]; then
        COMPREPLY=($(compgen -W "@fields@" -- "$cur"))
    else
        _rowcall "$@"
    fi
}
complete -F _rowcall_typed -o bashdefault -o default rowcall
"#;

/// Completes the field behind `--map HEADING=` in zsh.
const ZSH_BEGIN: &str = r#"_rowcall_map() {
    if compset -P '*='; then
        compadd -- @fields@
    else
        _default
    fi
}

"#;

/// Completes in fish the names of runs, and the field behind `--map HEADING=`.
const FISH_END: &str = r#"
for command in resume undo report
    complete -c rowcall -n "__fish_rowcall_using_subcommand $command" -f -a "@runs@"
end
complete -c rowcall -n "__fish_rowcall_using_subcommand runs; and __fish_seen_subcommand_from show" -f -a "@runs@"
function __rowcall_map
    set -l typed (commandline -ct)
    string match -q '*=*' -- $typed; or return
    set -l heading (string replace -r '=[^=]*$' '' -- $typed)
    for field in @fields@
        echo "$heading=$field"
    end
end
complete -c rowcall -n "not __fish_rowcall_needs_command" -l map -r -a "(__rowcall_map)"
"#;

/// Writes the completion script for a shell, with all words that exist by now: vendors, products, fields, and these. It
/// asks for the targets and runs each time, where the shell completes values.
///
/// # Errors
/// If it cannot be written.
pub fn completions(shell: Shell, mut known: KnownWords, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Vec::new();
    let command = program(Cli::command(), language());
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
    let names = shown.map(|one| one.get_name().to_owned());
    known.topics.extend(names);
    let mut command = with_values(command, &known);
    clap_complete::generate(shell, &mut command, "rowcall", &mut script);
    let script = String::from_utf8(script).map_err(io::Error::other)?;
    let mut script = match shell {
        Shell::Bash => script + BASH_END,
        Shell::Fish => script + FISH_END,
        Shell::Zsh => in_zsh(&script),
        _ => script,
    };
    let fields: Vec<&str> = Field::all().map(Field::name).collect();
    script = script.replace("@fields@", &fields.join(" "));
    // What was typed may name another configuration.
    let typed = match shell {
        Shell::Bash => "\"${COMP_WORDS[@]}\"",
        Shell::Fish => "(commandline -opc)",
        _ => "$words",
    };
    for (word, words) in ASKED {
        let asks = format!("(rowcall completions --words {words} -- {typed} 2>/dev/null)");
        script = match shell {
            Shell::Fish => script.replace(word, &asks),
            _ => script.replace(word, &format!("${asks}")),
        };
    }
    out.write_all(script.as_bytes())
}

/// The script of `clap` for zsh: behind the first sheet it would complete files alone, and no option.
fn in_zsh(script: &str) -> String {
    let script = script.replace("\n'*::", "\n'*:");
    let script = script.replace(":HEADING=FIELD:_default'", ":HEADING=FIELD:_rowcall_map'");
    script.replacen("_rowcall() {", &format!("{ZSH_BEGIN}_rowcall() {{"), 1)
}
