//! `rowcall doctor`: tries everything that a run needs, on this machine and at each target, and writes nothing to a PBX.

use crate::cli::DoctorArgs;
use crate::rim::doctor::{Check, try_all};
use crate::rim::terminal::{output, print_data, printed, stop_reading_on_interrupt, write_line};
use crate::rim::{Context, Exit, Failure};
use serde_json::json;

/// Tries this machine, then each target that was named, or every target of the configuration.
///
/// # Errors
/// Exit 2 where Ctrl-C cannot be caught or standard output cannot be written. A check that fails is printed, and is
/// exit 3 for a target, else exit 2.
pub(super) fn run(args: &DoctorArgs, context: &Context) -> Result<Exit, Failure> {
    let stop = stop_reading_on_interrupt()?;
    let Some(checks) = try_all(&args.targets, context, &stop) else {
        return Ok(Exit::Interrupted);
    };
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
