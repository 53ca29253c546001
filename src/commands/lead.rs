//! `rowcall` alone, or `rowcall FILE`, on a terminal: leads through a first import, step by step.

use crate::cli::{Cli, LeadArgs, Typed, parse};
use crate::rim::config::all_names;
use crate::rim::terminal::{ask, print};
use crate::rim::{Context, Exit, Failure};
use crate::vendors::{VENDORS, vendor};
use std::ffi::OsString;
use std::path::Path;

/// Leads the user step by step: the PBX, the meaning of the headings, check, rehearsal, import. Each step shows its
/// command, so that the next time needs no leading. `carry_out` carries out a command line.
///
/// # Errors
/// Exit 2 where there is no terminal to ask on.
pub(super) fn run(
    args: &LeadArgs,
    context: &Context,
    carry_out: fn(&Cli) -> u8,
) -> Result<Exit, Failure> {
    let step = |words: &[&str]| step(words, context, carry_out);
    let ended = || {
        Failure::usage("a first import is led through on a terminal, by questions")
            .hint("rowcall check SHEET --for VENDOR begins it without any")
    };
    print(
        "A sheet of extensions goes onto a PBX in five steps; Ctrl-C ends this, and nothing is sent before you say so.",
    );
    let file = match &args.file {
        Some(file) => file.display().to_string(),
        None => loop {
            let answer = ask("the sheet (CSV, Excel, OpenDocument, JSON)", "").ok_or_else(ended)?;
            match Path::new(&answer).is_file() {
                true => break answer,
                false => print(format!(
                    "there is no file {answer:?}; rowcall template --for VENDOR -o FILE writes one to fill in"
                )),
            }
        },
    };
    let names: Vec<String> = VENDORS
        .iter()
        .map(|vendor| format!("  {:<10} {}", vendor.id, (vendor.manifest)().vendor.name))
        .collect();
    print(format!("\n1. Which PBX is it for?\n{}", names.join("\n")));
    let vendor = loop {
        let answer = ask("vendor", "openvox").ok_or_else(ended)?;
        match vendor(&answer) {
            Some(vendor) => break vendor.id,
            None => print(format!("there is no vendor {answer:?}")),
        }
    };
    print("\n2. What each heading means, with its first values:");
    let read = step(&["columns", &file, "--for", vendor]);
    if read != Exit::Done.code() {
        print(
            "answer these by --map, then go on: rowcall check FILE --for VENDOR --map 'HEADING=FIELD'",
        );
        return Ok(Exit::Unusable);
    }
    go_on().ok_or_else(ended)?;
    print("\n3. Is every row right?");
    let checked = step(&["check", &file, "--for", vendor]);
    match checked {
        0 => print("every row can go"),
        1 => print(format!(
            "mend the sheet, or let it be mended where that is certain (rowcall fix {file} -o FIXED --for {vendor}); rows that are right can go all the same"
        )),
        _ => return Ok(Exit::Unusable),
    }
    go_on().ok_or_else(ended)?;
    print("\n4. A rehearsal, on a PBX that exists only here:");
    let sim = format!("sim:{vendor}");
    step(&["import", &file, "--to", &sim]);
    print(
        "\n5. Go. Nothing was sent to a PBX of yours so far. It asks before it sends, and can be taken back:",
    );
    let targets = all_names(context.config()).unwrap_or_default();
    let target = match targets.first() {
        Some(target) => target.clone(),
        None => {
            print("  rowcall init                       (once: address and account)");
            "hq".to_owned()
        }
    };
    print(format!("  rowcall plan {} --to {target}", quoted(&file)));
    print(format!(
        "  rowcall import {} --to {target} --report report.html",
        quoted(&file)
    ));
    print("  rowcall undo");
    Ok(Exit::Done)
}

/// A file's name as it is typed in a shell.
fn quoted(file: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    match file.chars().all(is_plain) {
        true => file.to_owned(),
        false => format!("'{}'", file.replace('\'', "'\\''")),
    }
}

/// Waits for Enter; `None` where the input has ended.
fn go_on() -> Option<()> {
    ask("Enter goes on", "").map(drop)
}

/// Shows a command and carries it out; its exit code.
fn step(words: &[&str], context: &Context, carry_out: fn(&Cli) -> u8) -> u8 {
    let shown: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    print(format!("$ rowcall {}", shown.join(" ")));
    let mut typed: Vec<OsString> = vec!["rowcall".into()];
    typed.extend(words.iter().map(OsString::from));
    for (flag, path) in [
        ("--config", &context.config_file),
        ("--state", &context.state_folder),
        ("--key", &context.key_file),
    ] {
        if let Some(path) = path {
            typed.extend([OsString::from(flag), path.clone().into_os_string()]);
        }
    }
    match parse(typed.into_iter()) {
        Typed::Command(cli) => carry_out(&cli),
        Typed::Said(code) => code,
    }
}
