//! `rowcall import --plan`: exactly the planned changes.

use super::request::request;
use crate::cli::ImportArgs;
use crate::input::InputRows;
use crate::model::{Action, RowResult, RunCommand};
use crate::plan::Refusal;
use crate::plan::file::sealed_path;
use crate::plan::replay::Replay;
use crate::rim::outputs::Files;
use crate::rim::terminal::stop_run_on_interrupt;
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use crate::run::{Run, RunRequest, refuse_without_rows};
use std::path::Path;

/// Carries a saved plan out.
///
/// # Errors
/// Exit 2, 3 or 4; where the plan could be read by then, each of its rows has its outcome in the report all the same.
pub(super) fn run(path: &Path, args: &ImportArgs, context: &Context) -> Result<Exit, Failure> {
    let refuse = |failure| {
        let (label, json) = (path.display().to_string(), args.wanted.report.json);
        refuse_without_rows(RunCommand::Import, &label, json, None, failure)
    };
    let replay = match Replay::read(path) {
        Ok(replay) => replay,
        Err(failure) => return refuse(failure),
    };
    let key = context.present_key();
    let is_own = key.as_ref().is_ok_and(|key| replay.is_made_with(key));
    let unsealed = match key.and_then(|key| replay.unseal(key)) {
        Ok(unsealed) => unsealed,
        // Of a plan that was changed, nothing is believed.
        Err(failure) if is_own => return refuse(failure),
        Err(failure) => return refuse_unopened(path, &replay, failure, args, context),
    };
    let target = target_of(&replay, args, context)?;
    replay.refuse_others(&target)?;
    let mut request = request(args, replay.plan().mode, &target)?;
    request.rejects = None;
    request.guard.refuse_column_waves("a plan")?;
    let mut lines = replay.lines().iter();
    if !args.dry_run && lines.any(|line| line.action == Action::Delete) {
        request.refuse_silent_deletes()?;
    }
    let prepared = files_of(path, &replay, &request, context).prepare();
    let stop = stop_run_on_interrupt(args.dry_run)?;
    let lines = replay.lines().to_vec();
    let any_invalid = lines.iter().any(|line| line.result == RowResult::Invalid);
    let run = Run::new(&request, context, &stop).of_lines(lines);
    if let Err(failure) = prepared {
        return run.refuse_outputs(failure);
    }
    if args.all_or_nothing && any_invalid {
        let hint = "correct the invalid rows and plan again, or leave out --all-or-nothing";
        return run.refuse(Refusal::all_or_nothing(hint));
    }
    if args.dry_run {
        let run = run.showing(args.wanted.detail.detail());
        return run.preview(
            |_, session| replay.replay(&unsealed, args.on_drift, session),
            |_, _| Ok(()),
        );
    }
    run.execute(|_, session| replay.replay(&unsealed, args.on_drift, session))
}

/// Ends the command where the key is not the plan's: every row has its line.
fn refuse_unopened(
    path: &Path,
    replay: &Replay,
    failure: Failure,
    args: &ImportArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let target = target_of(replay, args, context)?;
    let mut request = request(args, replay.plan().mode, &target)?;
    request.rejects = None;
    let stop = stop_run_on_interrupt(args.dry_run)?;
    let run = Run::new(&request, context, &stop).of_lines(replay.lines().to_vec());
    match files_of(path, replay, &request, context).prepare() {
        Ok(()) => run.refuse(Refusal::new("key", failure)),
        Err(failure) => run.refuse_outputs(failure),
    }
}

/// The files of a command that carries out a saved plan.
fn files_of(path: &Path, replay: &Replay, request: &RunRequest<'_>, context: &Context) -> Files {
    let mut files = request.files(&InputRows::default(), context);
    files.read(path);
    files.read(&sealed_path(path));
    files.read_origins(replay.lines());
    files
}

/// The target of a saved plan, with its settings.
fn target_of(replay: &Replay, args: &ImportArgs, context: &Context) -> Result<Target, Failure> {
    let plan = replay.plan();
    let typed = args.wanted.pace.options();
    let planned = plan.settings.clone().into_iter();
    let pace = PaceOptions {
        settings: planned.chain(typed.settings).collect(),
        ..typed
    };
    Target::resolve(&plan.to, context.config(), &pace)?.about_groups(plan.groups)
}
