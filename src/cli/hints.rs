//! A way out of each usage error: the commands that have an option, the known targets and vendors.

use crate::dialects::PREFIX;
use crate::rim::config::all_names;
use crate::vendors::VENDORS;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::path::Path;

/// Builds the hints for an error on the command line; `all` has every command.
pub(super) fn hints(all: &Command, error: &clap::Error, typed: &[OsString]) -> Vec<String> {
    let words: Vec<&str> = typed
        .iter()
        .skip(1)
        .filter_map(|word| word.to_str())
        .collect();
    let command = words
        .iter()
        .find_map(|word| all.find_subcommand(word))
        .map(Command::get_name);
    let texts = |kind: ContextKind| -> Vec<String> {
        match error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => vec![],
        }
    };
    let wrong = texts(ContextKind::InvalidArg);
    let is_to = |flag: &String| flag.split('=').next() == Some("--to");
    let mut hints = match error.kind() {
        ErrorKind::UnknownArgument if command == Some("export") && wrong.iter().any(is_to) => {
            vec![format!(
                "an import file of a product is written by rowcall migrate --from TARGET --to {PREFIX}PRODUCT:FILE"
            )]
        }
        ErrorKind::UnknownArgument => wrong.iter().filter_map(|flag| owners(all, flag)).collect(),
        ErrorKind::InvalidSubcommand => {
            let word = texts(ContextKind::InvalidSubcommand);
            let file = word.first().filter(|word| Path::new(word).is_file());
            let of_file = |file: &String| {
                format!(
                    "to see what is in it: rowcall check {file} --for VENDOR; to bring it onto a PBX: rowcall import {file} --to TARGET"
                )
            };
            file.map(of_file).into_iter().collect()
        }
        ErrorKind::MissingRequiredArgument => missing(&wrong, &words),
        ErrorKind::ValueValidation if wrong.iter().any(|flag| flag.starts_with("--for ")) => {
            let names = texts(ContextKind::InvalidValue).into_iter();
            let known = known_targets(&words);
            let targets = names.filter(|name| known.contains(name));
            targets
                .map(|name| format!("{name} is a target, with settings of its own: rowcall plan SHEET --to {name} checks the rows for it and says what would be done"))
                .collect()
        }
        _ => vec![],
    };
    hints.push(match command {
        Some(command) => format!("rowcall help {command} shows its options, with examples"),
        None => "rowcall help lists the commands and the pages of the manual".to_owned(),
    });
    hints
}

/// Lists the commands that have an option.
fn owners(all: &Command, flag: &str) -> Option<String> {
    let name = flag.split('=').next()?.strip_prefix("--")?;
    let has = |command: &&Command| {
        let mut arguments = command.get_arguments();
        arguments.any(|argument| argument.get_long() == Some(name))
    };
    let owners: Vec<&str> = all
        .get_subcommands()
        .filter(has)
        .map(Command::get_name)
        .collect();
    match owners.as_slice() {
        [] => None,
        [one] => Some(format!("{one} has --{name}")),
        [others @ .., last] => Some(format!("{} and {last} have --{name}", others.join(", "))),
    }
}

/// Builds the hints for arguments that are missing: known targets, known vendors, or a sheet to name.
fn missing(arguments: &[String], words: &[&str]) -> Vec<String> {
    let named = |flags: &[&str]| {
        let mut arguments = arguments.iter();
        arguments.any(|argument| flags.iter().any(|flag| argument.contains(flag)))
    };
    let mut hints = vec![];
    if named(&["--to", "--from", "<TARGET>"]) {
        hints.push(targets(words));
    }
    if named(&["--for", "--vendor"]) {
        let vendors: Vec<&str> = VENDORS.iter().map(|vendor| vendor.id).collect();
        hints.push(format!("vendors: {}", vendors.join(", ")));
    }
    if named(&["<SHEET>"]) {
        hints.push(
            "name the sheet; rowcall template --for VENDOR -o FILE writes one to fill in"
                .to_owned(),
        );
    }
    hints
}

/// The targets that there are.
fn targets(words: &[&str]) -> String {
    match known_targets(words).as_slice() {
        [] => "a target is VENDOR+URL (openvox+http://api@192.0.2.7:9011), or sim:openvox to rehearse; rowcall init writes rowcall.toml, where it has a name".to_owned(),
        known => format!("targets: {}; or VENDOR+URL, or sim:VENDOR to rehearse", known.join(", ")),
    }
}

/// The names of the targets in the configuration.
fn known_targets(words: &[&str]) -> Vec<String> {
    let config = words.windows(2).find(|pair| pair[0] == "--config");
    let config = config.map(|pair| Path::new(pair[1]));
    all_names(config).unwrap_or_default()
}
