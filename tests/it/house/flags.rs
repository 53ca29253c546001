//! Every flag that a message, a help text or a comment names is a flag of the program.

use crate::support::sources::{program_sources, root};
use clap::CommandFactory;
use rowcall::cli::Cli;
use std::collections::BTreeSet;
use std::fs;

/// Flags of cargo, which README and messages name too, and of secret-tool.
const FOREIGN: [&str; 7] = [
    "--release",
    "--features",
    "--all-features",
    "--path",
    "--bench",
    "--test",
    "--label",
];

/// The flags of all commands, with two dashes.
fn collect_flags(command: &clap::Command, flags: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        flags.extend(argument.get_long().map(|long| format!("--{long}")));
    }
    for below in command.get_subcommands() {
        collect_flags(below, flags);
    }
}

/// Finds the words of a text that look like flags: two dashes, a letter, letters and dashes.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("--").filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let begins = !before.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '!');
        let rest = &text[at + 2..];
        let is_flag = begins && rest.starts_with(|c: char| c.is_ascii_lowercase());
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-');
        let end = at + 2 + end.unwrap_or(rest.len());
        // `--max-*` and `--max-…` mean several flags.
        let flag = match text[end..].starts_with(['*', '…']) {
            true => &text[at..end],
            false => text[at..end].trim_end_matches('-'),
        };
        is_flag.then_some(flag)
    })
}

#[test]
fn every_flag_that_is_named_exists() {
    let mut flags = BTreeSet::from(["--help".to_owned(), "--version".to_owned()]);
    collect_flags(&Cli::command(), &mut flags);
    assert!(flags.len() > 40, "only {} flags are found", flags.len());
    let mut unknown = BTreeSet::new();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let texts = program_sources().into_iter();
    for (file, text) in texts.chain([("README.md".to_owned(), readme)]) {
        for flag in named(&text) {
            let is_group = flag.ends_with('-') && flags.iter().any(|own| own.starts_with(flag));
            if !is_group && !flags.contains(flag) && !FOREIGN.contains(&flag) {
                unknown.insert(format!("{file} names {flag}, which no command has"));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn a_flag_is_recognised() {
    let text =
        "say --map-file, (--to) or `--keep`; `--max-*`; not a---b, <!-- x -->, x--y, -- or --4";
    let found: Vec<&str> = named(text).collect();
    assert_eq!(found, ["--map-file", "--to", "--keep", "--max-"]);
}
