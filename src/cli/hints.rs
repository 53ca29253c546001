//! A way out of each usage error: the commands that have an option, the known targets and vendors.

use crate::dialects::{PREFIX, dialects, file_word};
use crate::rim::config::all_names;
use crate::vendors::VENDORS;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::path::Path;

/// The command, or the command below one, that a line names; `None` where it names none.
pub(super) fn typed_command<'c>(all: &'c Command, typed: &[OsString]) -> Option<&'c Command> {
    let words = typed.iter().skip(1).filter_map(|word| word.to_str());
    let mut found = None;
    for word in words {
        let below = found.unwrap_or(all).find_subcommand(word);
        found = below.or(found);
    }
    found
}

/// Builds the hints for an error on the command line; `all` has every command.
pub(super) fn hints(all: &Command, error: &clap::Error, typed: &[OsString]) -> Vec<String> {
    let words: Vec<&str> = typed
        .iter()
        .skip(1)
        .filter_map(|word| word.to_str())
        .collect();
    let command = words.iter().find_map(|word| all.find_subcommand(word));
    let name = command.map(Command::get_name);
    let texts = |kind: ContextKind| -> Vec<String> {
        match error.get(kind) {
            Some(ContextValue::String(text)) => vec![text.clone()],
            Some(ContextValue::Strings(texts)) => texts.clone(),
            _ => vec![],
        }
    };
    let wrong = texts(ContextKind::InvalidArg);
    let mut hints: Vec<String> = match error.kind() {
        ErrorKind::UnknownArgument => {
            let command = typed_command(all, typed).unwrap_or(all);
            let hints = wrong.iter().flat_map(|word| of_unknown(all, command, word));
            hints.collect()
        }
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
        // An option at the end of the line, without its value.
        ErrorKind::InvalidValue if texts(ContextKind::InvalidValue).concat().is_empty() => {
            missing(&wrong, &words)
        }
        ErrorKind::ValueValidation => {
            let values = texts(ContextKind::InvalidValue).into_iter();
            let values = values.zip(&wrong);
            let hints = values.filter_map(|(value, flag)| of_value(&value, flag, &words));
            hints.collect()
        }
        _ => vec![],
    };
    hints.push(match name {
        Some(command) => format!("rowcall help {command} shows its options, with examples"),
        None => "rowcall help lists the commands and the pages of the manual".to_owned(),
    });
    hints
}

/// Options that name the other side of a command: a PBX, a vendor or a product.
const SIDES: [&str; 4] = ["to", "from", "for", "vendor"];

/// Builds the hints for a word that a command does not know: an option, or one word too many.
fn of_unknown(all: &Command, command: &Command, word: &str) -> Vec<String> {
    let Some(name) = word
        .split('=')
        .next()
        .and_then(|word| word.strip_prefix("--"))
    else {
        let is_sheet = command.get_name() == "migrate" && Path::new(word).extension().is_some();
        let hint = format!(
            "a sheet goes onto a PBX by rowcall import {word} --to TARGET; a file of a product is a side: --from {PREFIX}PRODUCT:{word}"
        );
        return is_sheet.then_some(hint).into_iter().collect();
    };
    let mut hints = vec![];
    if SIDES.contains(&name) && command.get_name() == "export" {
        hints.push("export names its PBX without an option: rowcall export TARGET".to_owned());
        return hints;
    }
    if SIDES.contains(&name) {
        let own = command.get_arguments().filter(|argument| {
            let long = argument.get_long();
            long.is_some_and(|long| SIDES.contains(&long))
        });
        hints.extend(own.filter_map(|argument| {
            let side = match argument.get_value_names()?.first()?.as_str() {
                "TARGET" => "PBX",
                "VENDOR" => "vendor",
                _ => "product",
            };
            let (command, flag) = (command.get_name(), argument.get_long()?);
            Some(format!("{command} names its {side} by --{flag}"))
        }));
    }
    hints.extend(owners(all, name));
    hints
}

fn has(command: &Command, name: &str) -> bool {
    let mut arguments = command.get_arguments();
    arguments.any(|argument| argument.get_long() == Some(name))
}

/// Builds the hint for a value that an option does not take, where it is one for another command.
fn of_value(value: &str, flag: &str, words: &[&str]) -> Option<String> {
    let is_target = known_targets(words).iter().any(|name| name == value);
    let is_vendor = VENDORS.iter().any(|vendor| vendor.id == value);
    if flag == "--for <VENDOR>" && is_target {
        return Some(format!(
            "{value} is a target, with settings of its own: rowcall plan SHEET --to {value} checks the rows for it and says what would be done"
        ));
    }
    if !flag.ends_with(" <file:PRODUCT>") {
        return None;
    }
    match (is_target, is_vendor) {
        (true, _) => Some(format!(
            "{value} is a PBX: rowcall import SHEET --to {value} brings the rows onto it"
        )),
        (_, true) => Some(format!(
            "{value} takes no file: rowcall import SHEET --to TARGET brings the rows onto such a PBX"
        )),
        _ => None,
    }
}

/// Lists the commands that have an option.
fn owners(all: &Command, name: &str) -> Option<String> {
    let own = |command: &Command| has(command, name).then(|| command.get_name().to_owned());
    let owners = all.get_subcommands().flat_map(|command| {
        let below = command.get_subcommands();
        let below = below.filter_map(|below| {
            let below = own(below)?;
            Some(format!("{} {below}", command.get_name()))
        });
        own(command).into_iter().chain(below).collect::<Vec<_>>()
    });
    let owners: Vec<String> = owners.collect();
    match owners.as_slice() {
        [] => None,
        [one] => Some(format!("{one} has --{name}")),
        [others @ .., last] => Some(format!("{} and {last} have --{name}", others.join(", "))),
    }
}

/// Builds the hints for arguments that are missing: known targets, vendors and import files, or a sheet to name.
fn missing(arguments: &[String], words: &[&str]) -> Vec<String> {
    let named = |value: &str| arguments.iter().any(|argument| argument.contains(value));
    let mut hints = vec![];
    if named("<TARGET>") {
        hints.push(targets(words));
    }
    if named("<VENDOR>") {
        let vendors: Vec<&str> = VENDORS.iter().map(|vendor| vendor.id).collect();
        hints.push(format!("vendors: {}", vendors.join(", ")));
    }
    if named("<file:PRODUCT>") {
        let files: Vec<String> = dialects().iter().map(file_word).collect();
        hints.push(format!("import files: {}", files.join(", ")));
    }
    if named("<SHEET>") {
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
