//! `rowcall` alone, or `rowcall FILE`, on a terminal: leads through a first import, step by step.

mod answers;
mod check_rows;
mod headings;
mod meanings;
mod questions;
mod secrets;

use crate::cli::{Cli, LeadArgs, ParsedLine, parse};
use crate::lang::translated;
use crate::rim::config::{free_name, names_of};
use crate::rim::screen::reserve;
use crate::rim::terminal::{confirm, end_on_interrupt, print};
use crate::rim::{Context, Exit, Failure};
use check_rows::check_rows;
use meanings::meanings;
pub(super) use questions::ask_vendor;
use questions::{ask_file, ask_target, ended, file_beside, typed, wait_for_enter};
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
    if !check_rows(&file, &answers, vendor, step)? {
        return Ok(Exit::Unusable);
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
        ))?
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
        return Ok(match Exit::of_code(sent) {
            Exit::Interrupted => Exit::Interrupted,
            sent => Exit::done_if(sent == Exit::Done),
        });
    }
    let new_name = targets.is_empty().then(|| free_name(context.config()));
    let target = targets.into_iter().next().or_else(|| new_name.clone());
    let target = target.unwrap_or_default();
    let plan = answers.after(&["plan", &file, "--to", &target]);
    print_next_steps(new_name.as_deref(), [&plan, &import(&target)]);
    Ok(Exit::Done)
}

/// The lines of the screen that are left for what is said around a command.
const SAID_AROUND: usize = 7;

/// Prints the commands that the user runs later. `new_name` is the target's that is still to be set up.
fn print_next_steps(new_name: Option<&str>, commands: [&[String]; 2]) {
    print("When you are ready; import asks before it sends:");
    if let Some(name) = new_name {
        print(format!(
            "  rowcall init                       (once: address and account; call it {name})"
        ));
    }
    for command in commands {
        print(format!("  rowcall {}", typed(command)));
    }
    print("  rowcall undo                       (takes it back)");
}

/// Shows a command and carries it out; its exit code.
fn step(words: &[String], context: &Context, carry_out: fn(&Cli) -> u8) -> u8 {
    print(format!("$ rowcall {}", typed(words)));
    let typed = [OsString::from("rowcall")].into_iter();
    reserve(SAID_AROUND);
    let code = match parse(typed.chain(words.iter().map(OsString::from))) {
        ParsedLine::Command(cli) => carry_out(&Cli {
            config: context.config_file.clone(),
            state: context.state_folder.clone(),
            key: context.key_file.clone(),
            color: context.color,
            lang: context.language,
            ..*cli
        }),
        ParsedLine::Exit(code) => code,
    };
    end_on_interrupt();
    code
}
