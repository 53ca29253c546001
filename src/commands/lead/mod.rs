//! `rowcall` alone, or `rowcall FILE`, on a terminal: leads through a first import, step by step.

mod answers;
mod meanings;
mod questions;
mod secrets;

use crate::cli::{Cli, LeadArgs, ParsedLine, parse};
use crate::lang::translated;
use crate::model::shell_word;
use crate::rim::config::names_of;
use crate::rim::terminal::{confirm, end_on_interrupt, print};
use crate::rim::{Context, Exit, Failure};
use meanings::meanings;
use questions::{ask_file, ask_target, ask_vendor, file_beside, typed, wait_for_enter};
use secrets::generated_secrets;
use std::ffi::OsString;

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
    let vendor = ask_vendor()?;
    let manifest = (vendor.manifest)();
    print("\n2. What each heading means, with its first values:");
    let Some(mut answers) = meanings(&file, manifest)? else {
        return Ok(Exit::Unusable);
    };
    answers.generated = generated_secrets(&file, &answers, manifest)?;
    wait_for_enter()?;
    print("\n3. Is every row right?");
    match step(&answers.after(&["check", &file, "--for", vendor.id])) {
        0 => print("every row can go"),
        1 => print(format!(
            "Correct the sheet where it says error, then begin again; rows without errors can go all the same.\nrowcall fix {} -o FIXED --for {} repairs a copy where that is certain.",
            shell_word(&file),
            vendor.id
        )),
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
