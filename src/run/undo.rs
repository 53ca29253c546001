//! Takes a run back: the values that it changed, as far as they could be read before.

use super::execution::leave_out_of_log;
use super::past::PastRun;
use super::watched::WatchedRun;
use super::{GuardOptions, ReportOptions, Run, RunRequest};
use crate::input::InputRows;
use crate::ledger::StoredRun;
use crate::link::StopFlag;
use crate::model::{RunCommand, counted};
use crate::plan::Refusal;
use crate::plan::revert::{StoredRows, lines_to_revert, plan_revert, target_to_revert};
use crate::rim::terminal::print;
use crate::rim::{Context, Exit, Failure, TargetSession};
use std::collections::BTreeMap;

/// Undoes a run; with `dry_run` it shows what would be done.
///
/// # Errors
/// Exit 2 where there is no such run or its ledger cannot be used, exit 3 where its target or its key cannot be used or another
/// process is at work on it, exit 4 where it would change more than allowed.
pub(crate) fn undo(
    name: &str,
    (guard, report): (GuardOptions, ReportOptions),
    dry_run: bool,
    context: &Context,
    stop: &StopFlag,
    watched: Option<&WatchedRun>,
) -> Result<Exit, Failure> {
    let past = PastRun::open(context, name)?;
    let (target, replaced) =
        target_to_revert(&past.options.target, &past.summary.run, context.config())?;
    print(past.words());
    print_taken_back(&past, context)?;
    let request = RunRequest {
        guard,
        taken_back: Some(name.to_owned()),
        ..RunRequest::new(RunCommand::Undo, &target, report)
    };
    request.refuse_apply()?;
    let state = context.state()?;
    let outcomes = StoredRun::open(&state, name)?.outcomes()?;
    let mut files = request.files(&InputRows::default(), context);
    past.options.files().for_each(|file| files.read(file));
    files.read_origins(outcomes.iter().map(|(outcome, _)| outcome));
    let prepared = files.prepare();
    let run = Run::new(&request, context, stop)
        .watched_by(watched)
        .undoing(&past)
        .of_lines(lines_to_revert(outcomes));
    if let Err(failure) = prepared {
        return run.refuse_outputs(failure);
    }
    let key = match past.key(context) {
        Ok(key) => key,
        Err(failure) => return run.refuse(Refusal::new("key", failure)),
    };
    if let Err(failure) = past.refuse_unread(context) {
        return run.refuse(Refusal::new("run", failure));
    }
    let planner = |_: &mut InputRows, session: &TargetSession<'_>| {
        // Read again: it is certain only now, under the lock, that the run is not at work.
        let stored = StoredRun::open(&state, name).map_err(Failure::from)?;
        let rows = stored.rows(&key).map_err(Failure::from)?;
        leave_out_of_log(rows.iter().filter_map(|(row, _)| row.change.as_ref()));
        let read_back = stored.records_read_back().map_err(Failure::from)?;
        let taken_back = past.taken_back(context)?;
        let summary = stored.summary().map_err(Failure::from)?;
        let may_lose = session.manifest().vendor.loses_ms > 0;
        let stored = StoredRows {
            run: name,
            rows: &rows,
            read_back: &read_back,
            is_doubted: summary.is_doubted,
            may_be_elsewhere: summary.is_doubted || (may_lose && !summary.is_finished()),
            taken_back: &taken_back,
            made_since: &past.made_since(context)?,
            key: &key,
            agreement: past.options.agreement.as_ref(),
        };
        Ok(plan_revert(&stored, replaced, session)?)
    };
    match dry_run {
        true => run.preview(planner, |_, _| Ok(())),
        false => run.execute(planner),
    }
}

/// Names the undos that have taken back rows of the run already.
fn print_taken_back(past: &PastRun, context: &Context) -> Result<(), Failure> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in past.taken_back(context)?.into_values() {
        *counts.entry(row.undo).or_default() += 1;
    }
    for (undo, count) in counts {
        let undo = PastRun::open(context, &undo)?.name_and_time();
        let rows = counted(count, "row");
        print(match count {
            1 => format!(
                "{rows} of it was taken back by {undo}, and is skipped; to undo another run, name it: rowcall runs lists them"
            ),
            _ => format!(
                "{rows} of it were taken back by {undo}, and are skipped; to undo another run, name it: rowcall runs lists them"
            ),
        });
    }
    Ok(())
}
