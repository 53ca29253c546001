//! `rowcall resume`: goes on with a run from wherever it was left.

use crate::cli::ResumeArgs;
use crate::ledger::newest;
use crate::rim::terminal::stop_on_interrupt;
use crate::rim::{Context, Exit, Failure};
use crate::run::resume::ResumedRun;

/// Resumes the run that was named, or else the newest one that is not finished.
///
/// # Errors
/// Exit 2 where there is no such run or its ledger cannot be used, exit 3 where its target cannot be used or another
/// process is at work on it.
pub(super) fn run(args: &ResumeArgs, context: &Context) -> Result<Exit, Failure> {
    let name = match &args.run {
        Some(name) => name.clone(),
        None => newest(&context.state()?, |run| !run.is_finished())?.ok_or_else(|| {
            Failure::usage("there is no run that is not finished")
                .hint("rowcall runs lists them all")
        })?,
    };
    let run = ResumedRun::open(context, &name)?;
    run.execute(context, &stop_on_interrupt()?, &args.report.options())
}
