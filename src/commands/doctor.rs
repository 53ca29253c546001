//! `rowcall doctor`: tries everything that a run needs, on this machine and at each target, and writes nothing to a PBX.

use crate::cli::DoctorArgs;
use crate::model::redact;
use crate::rim::config::all_names;
use crate::rim::doctor::{Check, try_machine, try_target};
use crate::rim::terminal::{output, print_data, printed, stop_on_interrupt, write_line};
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use serde_json::json;

/// Tries this machine, then each target that was named, or every target of the configuration.
///
/// # Errors
/// Exit 2 where Ctrl-C cannot be caught or standard output cannot be written. A check that fails is printed, and is
/// exit 3 for a target, else exit 2.
pub(super) fn run(args: &DoctorArgs, context: &Context) -> Result<Exit, Failure> {
    let mut checks = try_machine(context);
    let targets = match args.targets.is_empty() {
        true => all_names(context.config()).unwrap_or_default(),
        false => args.targets.clone(),
    };
    let stop = stop_on_interrupt()?;
    for text in &targets {
        if stop.is_stopped() {
            return Ok(Exit::Interrupted);
        }
        let pace = PaceOptions::default();
        match Target::resolve(text, context.config(), &pace) {
            Ok(target) => checks.extend(try_target(&target, context, &stop)),
            Err(failure) => {
                checks.push(Check::failed(&redact::target(text), "settings", failure));
            }
        }
    }
    if args.json {
        let all = json!({ "command": "doctor", "checks": checks });
        print_data(|out| writeln!(out, "{all}"))?;
    } else {
        let mut out = output();
        let mut lines = checks.iter().map(Check::line);
        lines.try_for_each(|line| write_line(&mut out, line))?;
        printed(out.flush())?;
    }
    let wrong = |check: &&Check| !check.ok;
    Ok(match checks.iter().rfind(wrong) {
        None => Exit::Done,
        Some(check) if check.is_of_machine() => Exit::Unusable,
        Some(_) => Exit::Target,
    })
}
