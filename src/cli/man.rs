//! Manual pages: one for the program, or one for each command.

use super::Cli;
use super::lang::{program, with_words};
use crate::lang::{help_text, language};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io::{self, Write};

/// Writes the manual page: the program's, and every command's after it.
///
/// # Errors
/// If it cannot be written.
pub fn man(out: &mut dyn Write) -> io::Result<()> {
    let mut command = program(Cli::command(), language());
    command.build();
    let mut pages = vec![];
    Man::new(command.clone()).render(&mut pages)?;
    for sub in commands(&command) {
        let page = Man::new(sub.clone());
        page.render_description_section(&mut pages)?;
        page.render_synopsis_section(&mut pages)?;
        page.render_options_section(&mut pages)?;
    }
    out.write_all(with_sections(pages).as_bytes())
}

/// The words of pages that are not rowcall's own, each as it stands there.
pub(super) const WORDS_OF_PAGES: [&str; 7] = [
    ".SH NAME",
    ".SH SYNOPSIS",
    ".SH DESCRIPTION",
    ".SH OPTIONS",
    ".SH SUBCOMMANDS",
    ".SH EXTRA",
    "May also be specified with the ",
];

/// The page in the reader's language, as far as it is not rowcall's own.
fn with_sections(page: Vec<u8>) -> String {
    let page = with_words(String::from_utf8_lossy(&page).into_owned(), language());
    WORDS_OF_PAGES.iter().fold(page, |page, word| {
        page.replace(word, &help_text(word, language()))
    })
}

fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    let commands = program.get_subcommands();
    commands.filter(|one| one.get_name() != "help" && !one.is_hide_set())
}

/// The manual page of each command, and the program's, by their files' names.
///
/// # Errors
/// If one cannot be written.
pub fn man_pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut program = program(Cli::command(), language());
    program.build();
    let mut pages = vec![("rowcall.1".to_owned(), page(&program, "rowcall")?)];
    for command in commands(&program) {
        let name = format!("rowcall-{}", command.get_name());
        pages.push((format!("{name}.1"), page(command, &name)?));
    }
    Ok(pages)
}

fn page(command: &Command, name: &str) -> io::Result<Vec<u8>> {
    let (about, examples) = about_and_examples(command);
    let mut out = vec![];
    let man = Man::new(
        command
            .clone()
            .name(name.to_owned())
            .display_name(name.to_owned()),
    );
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    for paragraph in about.split("\n\n").filter(|text| !text.is_empty()) {
        writeln!(out, ".PP\n{}", escaped(paragraph))?;
    }
    man.render_options_section(&mut out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out)?;
    }
    if !examples.is_empty() {
        let title = help_text("EXAMPLES", language());
        writeln!(out, ".SH {title}\n.nf\n{}\n.fi", escaped(&examples))?;
    }
    for (title, entries) in [
        ("ENVIRONMENT", ENVIRONMENT),
        ("FILES", FILES),
        ("EXIT STATUS", EXITS),
    ] {
        writeln!(out, ".SH \"{}\"", help_text(title, language()))?;
        for (word, meaning) in entries {
            let meaning = help_text(meaning, language());
            writeln!(out, ".TP\n\\fB{}\\fR\n{}", escaped(word), escaped(&meaning))?;
        }
    }
    Ok(with_sections(out).into_bytes())
}

/// Splits the text below a command's options: its paragraphs, and its examples without their indent.
fn about_and_examples(command: &Command) -> (String, String) {
    let text = command.get_after_help().map(ToString::to_string);
    let text = text.unwrap_or_default();
    let titles = ["Examples:", "Example:"].map(|title| help_text(title, language()));
    let mut parts = titles
        .iter()
        .filter_map(|title| text.split_once(&format!("{title}\n")));
    let (about, examples) = parts.next().unwrap_or((&text, ""));
    let lines = examples.lines().map(|line| line.trim_start_matches("  "));
    let lines: Vec<&str> = lines.collect();
    (
        about.trim_end().to_owned(),
        lines.join("\n").trim_end().to_owned(),
    )
}

/// Text that roff takes as text.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text
        .lines()
        .map(|line| match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}"),
            false => line.to_owned(),
        });
    let lines: Vec<String> = lines.collect();
    lines.join("\n")
}

type Entries = &'static [(&'static str, &'static str)];

const ENVIRONMENT: Entries = &[
    (
        "ROWCALL_PASSWORD",
        "The password of a target that does not say where its own is.",
    ),
    (
        "ROWCALL_AMI_PASSWORD",
        "Likewise of an account for the manager interface of Asterisk (ami_username).",
    ),
    ("ROWCALL_CONFIG", "As --config: the file with the targets."),
    ("ROWCALL_STATE", "As --state: where runs are kept."),
    (
        "ROWCALL_KEY",
        "As --key: the key that secrets are sealed with.",
    ),
    ("ROWCALL_COLOR", "As --color: auto, always or never."),
    ("ROWCALL_LOG", "As --log: a log for support."),
    (
        "ROWCALL_LOG_LEVEL",
        "As --log-level: requests, or wire for their queries and bodies too.",
    ),
    (
        "ROWCALL_SIM_PASSWORD",
        "The password of the account of rowcall sim.",
    ),
    (
        "ROWCALL_LANG",
        "As --lang: the language of messages, help, pages and workbooks, en or de.",
    ),
    (
        "NO_COLOR",
        "Where it is set, output is not coloured by itself.",
    ),
    (
        "LC_ALL, LC_MESSAGES, LANG",
        "The first that is set gives the language where --lang does not: German for de.",
    ),
];

const FILES: Entries = &[
    (
        "rowcall.toml",
        "The targets, in the current folder, else in rowcall/ in the configuration folder.",
    ),
    (
        "rowcall/key",
        "In the configuration folder: the key that secrets are sealed with. Only its owner reads it.",
    ),
    (
        "rowcall/runs/RUN/ledger.sqlite",
        "In the folder for state: the journal of a run, by which it is resumed, undone and reported.",
    ),
];

const EXITS: Entries = &[
    ("0", "Every row is done, or nothing differs."),
    ("1", "Some row is not done, or something differs."),
    (
        "2",
        "The command line, the configuration or the input cannot be used.",
    ),
    ("3", "The target cannot be used."),
    ("4", "The guard or the failure budget stopped the run."),
    ("130", "Interrupted."),
];

/// The texts of the sections that every page has.
#[cfg(test)]
pub(super) fn words_of_entries() -> impl Iterator<Item = &'static str> {
    let entries = [ENVIRONMENT, FILES, EXITS].into_iter().flatten();
    let titles = ["EXAMPLES", "ENVIRONMENT", "FILES", "EXIT STATUS"];
    entries.map(|(_, meaning)| *meaning).chain(titles)
}
