//! `rowcall completions`: a shell's script, and the words that it asks for.

use super::schema;
use crate::cli::{self, AskedWords, CompletionsArgs, KnownWords};
use crate::ledger::runs as all_runs;
use crate::manual::PAGES;
use crate::rim::config::all_names;
use crate::rim::terminal::print_data;
use crate::rim::{Context, Exit, Failure};

/// Prints a completion script, or the words that one asks for.
///
/// # Errors
/// Exit 2 where standard output cannot be written.
pub(super) fn run(args: &CompletionsArgs, context: &Context) -> Result<Exit, Failure> {
    let words = match (args.words, args.shell) {
        (Some(AskedWords::Targets), _) => all_names(context.config()).unwrap_or_default(),
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

/// Returns true if no shell takes a part of the word for anything else.
fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    word.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

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
