//! `rowcall resume`: resumes a run from the point where it was left.

use crate::cli::ResumeArgs;
use crate::ledger::{Summary, runs};
use crate::rim::terminal::stop_on_interrupt;
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use crate::run::GuardOptions;
use crate::run::past::PastRun;
use crate::run::resume::resume;
use jiff::{SignedDuration, Timestamp};

/// The greatest age of a run that is resumed without being named.
const UNNAMED_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Resumes the run that was named, or else the newest one of all, if that can be the one that is meant.
///
/// # Errors
/// Exit 2 where there is no such run, it is not certain which one is meant, or its ledger cannot be used; exit 3 where
/// its target cannot be used, is another PBX now, or another process is at work on it.
pub(super) fn run(args: &ResumeArgs, context: &Context) -> Result<Exit, Failure> {
    let name = match &args.run {
        Some(name) => name.clone(),
        None => newest_unfinished(context)?,
    };
    let past = PastRun::open(context, &name)?;
    if let Some(to) = &args.to {
        refuse_other(to, &past, context)?;
    }
    let stop = stop_on_interrupt()?;
    let guard = GuardOptions {
        yes: args.yes,
        apply: args.apply,
        ..GuardOptions::default()
    };
    resume(&past, (guard, args.report.options()), context, &stop, None)
}

/// The newest run, where it is not finished and not older than a day.
fn newest_unfinished(context: &Context) -> Result<String, Failure> {
    let newest = runs(&context.state()?)?.into_iter().next();
    let newest = newest.ok_or_else(|| Failure::no_run("resume"))?;
    let summary = newest.summary?;
    match reason_to_ask(&summary) {
        None => Ok(newest.id),
        Some(why) => Err(Failure::usage(format!(
            "the newest run, {} ({} on {}), {why}",
            newest.id,
            summary.run.head.command.word(),
            summary.run.target
        ))
        .hint("name the run that is meant: rowcall runs lists them all")),
    }
}

/// Returns the reason for which the newest run is not resumed unless it is named.
fn reason_to_ask(newest: &Summary) -> Option<&'static str> {
    let age = Timestamp::now().duration_since(newest.run.started);
    if newest.is_finished() {
        Some("is finished")
    } else if age > UNNAMED_MAX {
        Some("is older than a day")
    } else if -age > UNNAMED_MAX {
        Some("began in the future by this machine's clock, which is wrong or was set back since")
    } else {
        None
    }
}

/// Refuses a run of another PBX than the one that was asked for.
fn refuse_other(to: &str, past: &PastRun, context: &Context) -> Result<(), Failure> {
    let asked = Target::resolve(to, context.config(), &PaceOptions::default())?.identity();
    let target = &past.summary.run.target;
    if asked == *target {
        return Ok(());
    }
    let name = &past.name;
    Err(
        Failure::usage(format!("run {name} is of {target}, and {to} is {asked}"))
            .hint("name the run that is meant: rowcall runs lists them all"),
    )
}
