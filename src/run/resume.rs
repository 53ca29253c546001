//! `rowcall resume`: goes on with a run from wherever it was left.

use super::context::Context;
use super::journal::{Journal, Pending};
use super::results::Results;
use super::sending::{Asked, Sending, failures_max, hold_orphans, in_waves, stoppable};
use super::{Failure, say};
use crate::cli::{ReportArgs, ResumeArgs};
use crate::ledger::{Ledger, Row, Standing, StoredRun, newest};
use crate::model::{Change, Outcome};
use crate::submit::order::{in_order, provides};
use std::collections::BTreeSet;

/// Goes on with the run that was named, or else with the newest one that is not finished.
///
/// # Errors
/// Exit 2 where there is no such run or its ledger cannot be used, exit 3 where its target cannot be used or another
/// process is at work on it.
pub(super) fn run(args: &ResumeArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let state = context.state()?;
    let name = match &args.run {
        Some(name) => name.clone(),
        None => newest(&state, |run| !run.is_finished())?.ok_or_else(|| {
            Failure::usage("there is no run that is not finished")
                .hint("rowcall runs lists them all")
        })?,
    };
    let head = StoredRun::open(&state, &name)?.run().clone();
    let asked: Asked = serde_json::from_str(&head.head.options).map_err(|_| {
        Failure::usage(format!(
            "the ledger of run {name} was written by another version of rowcall"
        ))
    })?;
    let target = asked.target.resolve(context.config())?;
    for file in asked.changed_files() {
        let file = file.display();
        say(format!(
            "{file} has changed since the run read it; the run goes on with the rows that it read"
        ));
    }
    let stop = stoppable()?;
    let (ledger, rows) = Ledger::resume(&state, &name, &context.key()?)?;

    let (mut rows, standings): (Vec<Row>, Vec<Standing>) = rows.into_iter().unzip();
    // In the order of the whole run: which rows go in two steps depends on all of them.
    let all = in_order(rows.iter().filter_map(|row| row.change.clone()).collect());
    let is_final = |position: usize| standings.get(position) == Some(&Standing::Final);
    let lost = rows.iter().enumerate().filter_map(|(position, row)| {
        let failed = is_final(position) && !row.outcome.result.is_done();
        let brought = provides(row.change.as_ref().filter(|_| failed)?)?;
        Some((brought.to_owned(), row.outcome.result))
    });
    let lost = lost.collect();
    let mut left: Vec<&mut Row> = rows
        .iter_mut()
        .enumerate()
        .filter(|(position, _)| standings.get(*position) == Some(&Standing::Waiting))
        .map(|(_, row)| row)
        .collect();
    let held = hold_orphans(&mut left, lost, &asked.headings);
    let is_left = |change: &Change| !is_final(change.row) && !held.contains(&change.row);
    let mut changes: Vec<Change> = all.into_iter().filter(is_left).collect();
    let stages = in_waves(&asked.waves, &mut changes);
    let pending: Vec<Pending> = changes
        .iter()
        .map(|change| Pending {
            position: change.row,
            intended: match standings.get(change.row) {
                Some(Standing::Intended(times)) => *times,
                _ => 0,
            },
        })
        .collect();
    if !changes.is_empty() {
        let folder = state.run_folder(&name);
        asked.generated.complete(&rows, &folder)?;
    }
    let lines: Vec<Outcome> = rows.into_iter().map(|row| row.outcome).collect();
    let doubtful = standings
        .iter()
        .filter(|standing| matches!(standing, Standing::Intended(_)))
        .count();
    // A row may take two steps.
    let left: BTreeSet<usize> = changes.iter().map(|change| change.row).collect();
    say(format!(
        "run {name}: {} of {} rows are left; {doubtful} of them may have been sent and are looked up first",
        left.len(),
        lines.len()
    ));
    let reports = if args.report.report.is_empty() {
        asked.reports
    } else {
        args.report.report.clone()
    };
    let report = ReportArgs {
        report: reports,
        json: args.report.json,
    };
    let held: Vec<(usize, Outcome)> = held
        .into_iter()
        .filter_map(|position| Some((position, lines.get(position)?.clone())))
        .collect();
    let mut results = Results::open("resume", &target.label, lines, &report, None)?;
    let journal = Journal::start(ledger, pending, target.parallel);
    for (position, outcome) in held {
        journal.result(position, outcome);
    }
    let connection = match target.connect(&stop) {
        Ok(connection) => connection,
        Err(failure) => {
            journal.end(&failure.message)?;
            results.rest_not_sent("target", &failure.message, &failure.hint)?;
            results.finish(Some(failure.exit))?;
            return Err(failure);
        }
    };
    let typed = asked.max_failures.and_then(|text| text.parse().ok());
    let failures_max = failures_max(typed);
    let sending = Sending {
        target: &target,
        headings: &asked.headings,
        failures_max,
        verify: asked.verify,
        stages,
        journal: Some(journal),
    };
    sending.run(connection, &changes, results)
}
