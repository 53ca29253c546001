//! `rowcall` alone, or `rowcall FILE`, on a terminal: leads through a first import, step by step.

mod answers;
mod headings;
mod meanings;
mod questions;
mod secrets;

use crate::cli::{Cli, LeadArgs, ParsedLine, parse};
use crate::columns::AllowedActions;
use crate::input::{InputOptions, bound};
use crate::lang::translated;
use crate::manifest::Manifest;
use crate::model::shell_word;
use crate::report::marked::ending_of_copy;
use crate::rim::config::names_of;
use crate::rim::terminal::{confirm, end_on_interrupt, print};
use crate::rim::{Context, Exit, Failure};
use answers::LeadAnswers;
use meanings::meanings;
pub(super) use questions::ask_vendor;
use questions::{ask_file, ask_target, ended, file_beside, typed, wait_for_enter};
use secrets::generated_secrets;
use std::ffi::OsString;
use std::path::Path;

/// Leads the user step by step: the PBX, the meaning of the headings, check, rehearsal, import. Each step shows its
/// command, so that the next time needs no leading. `carry_out` carries out a command line.
///
/// # Errors
/// Exit 2 where there is no terminal to ask on, or the answers cannot be kept.
pub(super) fn run(
    args: &LeadArgs,
    context: &Context,
    carry_out: fn(&Cli) -> u8,
) -> Result<Exit, Failure> {
    let step = |words: &[String]| step(words, context, carry_out);
    print(
        "A sheet of extensions goes onto a PBX in five steps; Ctrl-C ends this, and nothing is sent before you say so.",
    );
    let file = match &args.file {
        Some(file) => file.display().to_string(),
        None => ask_file()?,
    };
    print("\n1. Which PBX is it for?");
    let vendor = ask_vendor("openvox").ok_or_else(ended)?;
    let manifest = (vendor.manifest)();
    print("\n2. What each heading means, with its first values:");
    let Some(mut answers) = meanings(&file, manifest)? else {
        return Ok(Exit::Unusable);
    };
    answers.generated = generated_secrets(&file, &answers, manifest)?;
    wait_for_enter()?;
    print("\n3. Is every row right?");
    let copy = name_of_copy(&file, &answers, manifest)?;
    let mut check = vec!["check", &file, "--for", vendor.id];
    check.extend(copy.iter().flat_map(|copy| ["--mark", copy]));
    match step(&answers.after(&check)) {
        0 => print("every row can go"),
        1 => {
            if let Some(copy) = &copy {
                print(format!(
                    "{copy} is a copy of the sheet with every finding at its cell: red is an error, yellow a warning."
                ));
            }
            print(format!(
                "Correct the sheet where it says error, then begin again; rows without errors can go all the same.\nrowcall fix {} -o FIXED --for {} repairs a copy where that is certain.",
                shell_word(&file),
                vendor.id
            ));
        }
        _ => return Ok(Exit::Unusable),
    }
    wait_for_enter()?;
    print("\n4. A rehearsal, on a PBX that exists only here:");
    let sim = format!("sim:{}", vendor.id);
    let rehearsal = ["import", &file, "--to", &sim, "--rate", "50/s"];
    step(&answers.after(&rehearsal));
    print("\n5. Go. Nothing was sent to a PBX of yours so far.");
    let mut targets = names_of(vendor.id, context.config());
    if targets.is_empty()
        && confirm(&translated(
            "no PBX of this kind is set up: give its address and account now?",
        ))
    {
        step(&["init".to_owned()]);
        targets = names_of(vendor.id, context.config());
    }
    let report = file_beside(&file, "report.html");
    let import = |target: &str| {
        let import = ["import", &file, "--to", target, "--report", &report];
        answers.after(&import)
    };
    if let Some(target) = ask_target(&targets)? {
        let sent = step(&import(&target));
        if [Exit::Done, Exit::NotDone].map(Exit::code).contains(&sent) {
            print("rowcall runs lists what was done; rowcall undo takes it back");
        }
        return Ok(Exit::done_if(sent == Exit::Done.code()));
    }
    print("When you are ready; import asks before it sends:");
    let target = targets.first().map_or("hq", String::as_str);
    if targets.is_empty() {
        print("  rowcall init                       (once: address and account)");
    }
    print(format!(
        "  rowcall {}",
        typed(&answers.after(&["plan", &file, "--to", target]))
    ));
    print(format!("  rowcall {}", typed(&import(target))));
    print("  rowcall undo                       (takes it back)");
    Ok(Exit::Done)
}

/// The name of the copy of a file in which findings are marked; `None` where it has several sheets, for which there may
/// be none.
fn name_of_copy(
    file: &str,
    answers: &LeadAnswers,
    manifest: &Manifest,
) -> Result<Option<String>, Failure> {
    let input = InputOptions::file(Path::new(file), answers.map_path());
    let sheets = bound(&input, manifest, AllowedActions::default())?;
    Ok(match sheets.as_slice() {
        [(sheet, _)] => {
            let ending = format!("checked.{}", ending_of_copy(sheet));
            Some(file_beside(file, &ending))
        }
        _ => None,
    })
}

/// Shows a command and carries it out; its exit code.
fn step(words: &[String], context: &Context, carry_out: fn(&Cli) -> u8) -> u8 {
    print(format!("$ rowcall {}", typed(words)));
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
    let code = match parse(typed.into_iter()) {
        ParsedLine::Command(cli) => carry_out(&cli),
        ParsedLine::Exit(code) => code,
    };
    end_on_interrupt();
    code
}
