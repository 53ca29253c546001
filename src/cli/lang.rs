//! Help, errors and pages in the reader's language. The commands are translated only where one of these is shown.

use crate::lang::help_text;
use crate::model::Language;
use clap::builder::{PossibleValuesParser, Resettable, Str, StyledStr};
use clap::{Arg, Command};

/// The words that are not rowcall's own in help and errors, each as it stands there.
pub(super) const WORDS_OF_HELP: [&str; 11] = [
    "Usage:",
    "Commands:",
    "Arguments:",
    "Options:",
    "Possible values:",
    "[possible values: ",
    "[default: ",
    "[env: ",
    "[OPTIONS]",
    "[COMMAND]",
    "<COMMAND>",
];

/// The program with all its commands, their texts in a language.
pub(super) fn program(mut program: Command, language: Language) -> Command {
    if language == Language::English {
        return program;
    }
    program.build();
    translated(program, language)
}

/// A text that was rendered, with the words that are not rowcall's own in a language.
pub(super) fn with_words(rendered: String, language: Language) -> String {
    if language == Language::English {
        return rendered;
    }
    let words = WORDS_OF_HELP.iter();
    words.fold(rendered, |text, word| {
        text.replace(word, &help_text(word, language))
    })
}

fn translated(command: Command, language: Language) -> Command {
    let help_of = |text: &StyledStr| translated_help(text, language);
    let about = command.get_about().map(help_of);
    let long_about = command.get_long_about().map(help_of);
    let after_help = command.get_after_help().map(help_of);
    command
        .about(Resettable::from(about))
        .long_about(Resettable::from(long_about))
        .after_help(Resettable::from(after_help))
        .mut_args(|arg| translated_argument(arg, language))
        .mut_subcommands(|below| translated(below, language))
}

fn translated_argument(arg: Arg, language: Language) -> Arg {
    let help_of = |text: &StyledStr| translated_help(text, language);
    let help = arg.get_help().map(help_of);
    let long_help = arg.get_long_help().map(help_of);
    let heading = arg.get_help_heading();
    let heading = heading.map(|heading| Str::from(help_text(heading, language).into_owned()));
    let mut values = arg.get_possible_values();
    let mut arg = arg;
    if values.iter().any(|value| value.get_help().is_some()) {
        for value in &mut values {
            let help = value.get_help().map(help_of);
            *value = value.clone().help(Resettable::from(help));
        }
        arg = arg.value_parser(PossibleValuesParser::new(values));
    }
    arg.help(Resettable::from(help))
        .long_help(Resettable::from(long_help))
        .help_heading(Resettable::from(heading))
}

/// A help text, paragraph by paragraph; of examples the title.
fn translated_help(text: &StyledStr, language: Language) -> StyledStr {
    let text = text.to_string();
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let title = title_of(paragraph);
        let rest = paragraph.get(title.len()..).unwrap_or_default();
        help_text(title, language).into_owned() + rest
    });
    let paragraphs: Vec<String> = paragraphs.collect();
    paragraphs.join("\n\n").into()
}

/// The title of examples; any other paragraph is all its own.
fn title_of(paragraph: &str) -> &str {
    match paragraph.split_once('\n') {
        Some((title, _)) if title.ends_with(':') => title,
        _ => paragraph,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::super::man::{WORDS_OF_PAGES, words_of_entries};
    use super::*;
    use crate::lang::unused_in_help;
    use clap::CommandFactory;
    use clap::error::{ContextKind, ErrorKind};
    use std::collections::BTreeSet;

    /// Lines with each kind of error, one at least of each wording.
    const WRONG: [&str; 15] = [
        "rowcall check a.csv --fro openvox",
        "rowcall check",
        "rowcall chek a.csv",
        "rowcall unlike",
        "rowcall vendrs",
        "rowcall archive --quiet",
        "rowcall import a.csv --to hq --mode all",
        "rowcall import a.csv --to hq --mode creat",
        "rowcall import a.csv --to hq --rate quick",
        "rowcall import a.csv --to hq --rate",
        "rowcall import a.csv --to hq --to hq2",
        "rowcall import a.csv --to hq --quiet --verbose",
        "rowcall diff a b --json --output x --format md",
        "rowcall check a.csv --for openvox --groups=yes",
        "rowcall doctor --jso",
    ];

    /// Every text of the help, a paragraph each.
    fn texts(command: &Command, all: &mut BTreeSet<String>) {
        let mut add_text = |text: Option<&StyledStr>| {
            let text = text.map_or_else(String::new, ToString::to_string);
            let paragraphs = text.split("\n\n").map(title_of);
            all.extend(
                paragraphs
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned),
            );
        };
        add_text(command.get_about());
        add_text(command.get_long_about());
        add_text(command.get_after_help());
        for arg in command.get_arguments() {
            add_text(arg.get_help());
            add_text(arg.get_long_help());
            add_text(
                arg.get_help_heading()
                    .map(|heading| StyledStr::from(heading.to_owned()))
                    .as_ref(),
            );
            for value in arg.get_possible_values() {
                add_text(value.get_help());
            }
        }
        for below in command.get_subcommands() {
            texts(below, all);
        }
    }

    /// The lines of all errors of [`WRONG`], but for what was typed.
    fn errors() -> BTreeSet<String> {
        let wrong = WRONG.iter().map(|line| {
            let error = Cli::command().try_get_matches_from(line.split(' '));
            let mut error = error.expect_err(line);
            // As it is printed.
            if error.kind() == ErrorKind::UnknownArgument {
                error.remove(ContextKind::Suggested);
            }
            error.render().to_string()
        });
        let lines: Vec<String> = wrong
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let is_shown = |line: &String| {
            let own = line.trim_start();
            !own.is_empty() && !own.starts_with(['-', '<', '\'']) && !own.starts_with("rowcall ")
        };
        lines.into_iter().filter(is_shown).collect()
    }

    #[test]
    fn every_text_of_the_help_and_every_error_is_told_in_german() {
        let mut program = Cli::command();
        program.build();
        let mut all = errors();
        texts(&program, &mut all);
        all.extend(WORDS_OF_HELP.map(str::to_owned));
        all.extend(WORDS_OF_PAGES.map(str::to_owned));
        all.extend(words_of_entries().map(str::to_owned));
        assert!(all.len() > 250, "only {} texts are found", all.len());
        let same = ["`,`", "`;`", "`|`", "[env: ", "Name"];
        let is_missing = |text: &&String| {
            !same.contains(&text.as_str()) && help_text(text, Language::German) == **text
        };
        let missing: Vec<&String> = all.iter().filter(is_missing).collect();
        assert!(
            missing.is_empty(),
            "no German in src/lang/de/help.toml: {missing:#?}"
        );
        let parts = [
            "deleted extensions",
            "extensions that are made again",
            "extensions that get their old values",
            "extensions that get their old password or PIN",
            "The file to write",
            "Write one line a changed cell to this file",
            "Write one line a row to this file",
            "Write them to this file",
        ];
        all.extend(parts.map(str::to_owned));
        let unused = unused_in_help(&all);
        assert!(unused.is_empty(), "no text is any more: {unused:#?}");
    }

    #[test]
    fn german_help_has_no_english_and_the_same_options() {
        let mut english = program(Cli::command(), Language::English);
        english.build();
        for command in english.get_subcommands() {
            let name = command.get_name();
            let render = |language| {
                let mut program = program(Cli::command(), language);
                program.build();
                let below = program.find_subcommand(name).unwrap().clone();
                let text = below.term_width(100).clone().render_long_help().to_string();
                with_words(text, language)
            };
            let (english, german) = (render(Language::English), render(Language::German));
            for word in WORDS_OF_HELP.iter().filter(|word| **word != "[env: ") {
                assert!(!german.contains(word), "{name}: {word} in\n{german}");
            }
            let flags = |text: &str| -> Vec<String> {
                let lines = text.lines().filter_map(|line| line.strip_prefix("      "));
                let flags = lines.filter(|line| line.starts_with("--"));
                flags
                    .map(|line| line.split(' ').next().unwrap_or_default().to_owned())
                    .collect()
            };
            assert_eq!(flags(&german), flags(&english), "{name}");
            assert!(
                english.contains("Usage: ") && german.contains("Aufruf: "),
                "{name}"
            );
        }
    }
}
