//! `rowcall completions`: a shell's script, and the words that it asks for.

use super::schema;
use crate::cli::{self, AskedWords, CompletionsArgs, KnownWords};
use crate::ledger::runs as all_runs;
use crate::manual::PAGES;
use crate::rim::config::all_names;
use crate::rim::terminal::print_data;
use crate::rim::{Context, Exit, Failure};
use std::path::Path;

/// Prints a completion script, or the words that one asks for.
///
/// # Errors
/// Exit 2 where standard output cannot be written.
pub(super) fn run(args: &CompletionsArgs, context: &Context) -> Result<Exit, Failure> {
    let words = match (args.words, args.shell) {
        (Some(AskedWords::Targets), _) => {
            let typed = typed_value(&args.typed, "--config").map(Path::new);
            all_names(typed.or(context.config())).unwrap_or_default()
        }
        (Some(AskedWords::Runs), _) => {
            let runs = context.state().ok().and_then(|state| all_runs(&state).ok());
            runs.into_iter().flatten().map(|run| run.id).collect()
        }
        (None, Some(shell)) => {
            let known = KnownWords {
                schemas: schema::names().map(str::to_owned).collect(),
                topics: PAGES.iter().map(|page| page.name.to_owned()).collect(),
            };
            return print_data(|out| cli::completions(shell, known, out));
        }
        (None, None) => vec![],
    };
    let mut plain = words.iter().filter(|word| is_plain(word));
    print_data(|out| plain.try_for_each(|word| writeln!(out, "{word}")))
}

/// The last value of an option in a line that is being typed, whose words some shells break at the equals sign.
fn typed_value<'w>(typed: &'w [String], option: &str) -> Option<&'w str> {
    let at = typed.iter().rposition(|word| {
        let rest = word.strip_prefix(option);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })?;
    let own = typed.get(at)?.strip_prefix(option)?.strip_prefix('=');
    let next = typed.get(at + 1..).into_iter().flatten();
    own.or_else(|| next.map(String::as_str).find(|word| *word != "="))
}

/// Returns true if no shell takes a part of the word for anything else.
fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    word.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_an_option_is_found_however_a_shell_breaks_words() {
        for (line, value) in [
            ("rowcall --config a.toml import --to", Some("a.toml")),
            ("rowcall --config=a.toml import --to", Some("a.toml")),
            ("rowcall --config = a.toml import --to", Some("a.toml")),
            (
                "rowcall --config a.toml import --config b.toml",
                Some("b.toml"),
            ),
            ("rowcall --configure a import --to", None),
            ("rowcall import --config", None),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(typed_value(&words, "--config"), value, "{line}");
        }
    }

    #[test]
    fn a_word_that_a_shell_would_carry_out_is_not_completed() {
        for (word, is_told) in [
            ("hq-2", true),
            ("20261128-201400-a1b2", true),
            ("$(date)", false),
            ("a b", false),
            ("`date`", false),
        ] {
            assert_eq!(is_plain(word), is_told, "{word}");
        }
    }
}
