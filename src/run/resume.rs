//! `rowcall resume`: goes on with a run from wherever it was left.

use super::context::Context;
use super::journal::{Journal, Pending};
use super::results::Results;
use super::sending::{Asked, Sending, failures_max, in_waves, stoppable};
use super::{Failure, say};
use crate::cli::{ReportArgs, ResumeArgs};
use crate::ledger::{Ledger, Record, Standing, runs};
use crate::model::{Change, Outcome};
use std::collections::BTreeMap;

/// Goes on with the run that was named, or else with the newest one that is not finished.
///
/// # Errors
/// Exit 2 where there is no such run or its ledger cannot be used, exit 3 where its target cannot be used or another
/// process is at work on it.
pub(super) fn run(args: &ResumeArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let state = context.state()?;
    let name = match &args.run {
        Some(name) => name.clone(),
        None => newest_unfinished(&runs(&state)?).ok_or_else(|| {
            Failure::usage("there is no run that is not finished")
                .hint("rowcall runs lists them all")
        })?,
    };
    let head = Record::open(&state, &name)?.run().clone();
    let asked: Asked = serde_json::from_str(&head.head.options).map_err(|_| {
        Failure::usage(format!(
            "the ledger of run {name} was written by another version of rowcall"
        ))
    })?;
    let target = asked.target.resolve(context.config())?;
    let stop = stoppable()?;
    let (ledger, rows) = Ledger::resume(&state, &name, &context.key()?)?;

    let (mut lines, mut changes): (Vec<Outcome>, Vec<Change>) = Default::default();
    let mut times_intended = BTreeMap::new();
    for (position, (row, standing)) in rows.into_iter().enumerate() {
        lines.push(row.outcome);
        let intended = match standing {
            Standing::Final => continue,
            Standing::Waiting => 0,
            Standing::Intended(times) => times,
        };
        if let Some(change) = row.change {
            changes.push(change);
            times_intended.insert(position, intended);
        }
    }
    let stages = in_waves(&asked.waves, &mut changes);
    let pending: Vec<Pending> = changes
        .iter()
        .map(|change| Pending {
            position: change.row,
            intended: times_intended.get(&change.row).copied().unwrap_or(0),
        })
        .collect();
    let doubtful = pending
        .iter()
        .filter(|pending| pending.intended > 0)
        .count();
    say(format!(
        "run {name}: {} of {} rows are left; {doubtful} of them may have been sent and are looked up first",
        changes.len(),
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
    let mut results = Results::open("resume", &target.label, lines, &report, None)?;
    let journal = Journal::start(ledger, pending, target.parallel);
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
        stages,
        journal: Some(journal),
    };
    sending.run(connection, &changes, results)
}

fn newest_unfinished(runs: &[crate::ledger::Listed]) -> Option<String> {
    let unfinished = |listed: &&crate::ledger::Listed| {
        listed.summary.as_ref().is_ok_and(|run| !run.is_finished())
    };
    runs.iter().find(unfinished).map(|listed| listed.id.clone())
}
