//! `rowcall resume`: resumes a run from the point where it was left.

use crate::cli::ResumeArgs;
use crate::input::InputRows;
use crate::ledger::{StoredRun, Summary, runs};
use crate::model::RunCommand;
use crate::plan::guard::Budget;
use crate::rim::terminal::{print, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use crate::run::past::{PastRun, line};
use crate::run::{GuardOptions, Run, RunRequest, refuse_without_rows};
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
    let target = &past.options.target;
    let target = target.resolve_for(&past.summary.run, context.config())?;
    let stop = stop_on_interrupt()?;
    print(past.words());
    for file in past.options.changed_files() {
        let file = file.display();
        print(format!(
            "{file} has changed since the run read it; the run goes on with the rows that it read"
        ));
    }
    let request = request(args, &past, &target, context);
    request.refuse_apply()?;
    // They need no key.
    let stored = context
        .state()
        .and_then(|state| Ok(StoredRun::open(&state, &name)?.outcomes()?));
    let lines = match stored {
        Ok(lines) => lines
            .into_iter()
            .map(|row| line(row.0, row.1, past.summary.is_doubted))
            .collect(),
        Err(failure) => {
            let (label, json) = (&target.label, args.report.json);
            return refuse_without_rows(RunCommand::Resume, label, json, Some(&name), failure);
        }
    };
    let mut files = request.files(&InputRows::default(), context);
    past.options.files().for_each(|file| files.read(file));
    let run = Run::new(&request, context, &stop)
        .resuming(&past)
        .of_lines(lines);
    match files.prepare() {
        Ok(()) => run.resume(&past),
        Err(failure) => run.refuse_outputs(failure),
    }
}

/// The request of the run, with its own files for results where no others are named.
fn request<'t>(
    args: &ResumeArgs,
    past: &PastRun,
    target: &'t Target,
    context: &Context,
) -> RunRequest<'t> {
    let mut report = args.report.options();
    if report.files.is_empty() {
        report.files = past.own_reports(context);
    }
    let rejects = past.own_rejects(context);
    RunRequest {
        rejects: rejects.map(|(file, _)| file.clone()),
        // It was within its limits when it began.
        guard: GuardOptions {
            yes: args.yes,
            budget: Budget::UNLIMITED,
            ring: past.options.ring,
            apply: args.apply,
            ..GuardOptions::default()
        },
        ..RunRequest::new(RunCommand::Resume, target, report)
    }
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
