//! Takes up a run that was cut off or stopped.

use super::execution::{Execution, not_restorable};
use super::journal::{Journal, Pending};
use super::left::Left;
use super::past::PastRun;
use super::request::{GuardOptions, ReportOptions, RunRequest, failures_max};
use super::results::Results;
use super::saved_options::SavedOptions;
use super::secrets_file::SecretsOut;
use super::{conclude, forget};
use crate::ledger::{Ledger, Standing};
use crate::link::StopFlag;
use crate::model::{Change, Outcome, PlannedRow};
use crate::plan::Refusal;
use crate::plan::dependents::block_rows;
use crate::plan::waves::{Stage, in_waves};
use crate::rim::terminal::{confirm, print};
use crate::rim::{Context, Exit, Failure, Target, TargetSession};
use crate::submit::order::{in_order, provides};
use std::collections::BTreeSet;

/// A run that is to be taken up.
pub(crate) struct ResumedRun {
    past: PastRun,
    target: Target,
}

impl ResumedRun {
    /// Finds the run's target again.
    ///
    /// # Errors
    /// Exit 3 where it is another PBX now.
    pub(crate) fn new(past: PastRun, context: &Context) -> Result<ResumedRun, Failure> {
        let run = &past.summary.run;
        let target = past.options.target.resolve_for(run, context.config())?;
        Ok(ResumedRun { past, target })
    }

    /// Sends what is left, as far as the PBX still is as it was when that was planned. What may have been sent is looked
    /// up first. `yes` answers the question whether that is meant.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be used or another process is at work on it, exit 2 where the ledger or a report
    /// cannot be written on, or something would be deleted and nobody is there to be asked.
    pub(crate) fn execute(
        &self,
        context: &Context,
        stop: &StopFlag,
        report: &ReportOptions,
        yes: bool,
    ) -> Result<Exit, Failure> {
        let (name, options) = (&self.past.name, &self.past.options);
        print(self.past.words());
        for file in options.changed_files() {
            let file = file.display();
            print(format!(
                "{file} has changed since the run read it; the run goes on with the rows that it read"
            ));
        }
        let (state, key) = (context.state()?, context.key()?);
        let (mut ledger, rows) = Ledger::resume(&state, name, &self.target.addresses(), &key)?;
        let request = self.request(report, yes, context)?;
        let (rows, standings): (Vec<PlannedRow>, Vec<Standing>) = rows.into_iter().unzip();
        let mut left = Left { rows, standings };
        let opened = match left.deletes() {
            true => request.refuse_silent_deletes(),
            false => Ok(()),
        };
        let opened = opened.and_then(|()| {
            let session = TargetSession::open(&self.target, stop)?;
            let looked = left.look_again(options, &session)?;
            Ok((session, looked))
        });
        let (mut session, looked) = match opened {
            Ok(opened) => opened,
            Err(failure) => {
                ledger.end(&failure.message)?;
                return self.results(left.lines(), &request)?.refuse(failure.into());
            }
        };
        ledger.renew(left.changes(&looked.renewed), &key)?;
        let remaining = Remaining::compute(left, options);
        remaining.announce(name);
        let settled = looked.moved.into_iter().chain(remaining.blocked);
        let settled: Vec<(usize, Outcome)> = settled
            .filter_map(|position| Some((position, remaining.rows.get(position)?.outcome.clone())))
            .collect();
        let lines: Vec<Outcome> = remaining
            .rows
            .iter()
            .map(|row| row.outcome.clone())
            .collect();
        let results = self.results(lines, &request)?;
        let asks = !remaining.changes.is_empty() && !yes;
        if asks && !confirm(&request.question(&self.past.name_and_time(), &remaining.changes)) {
            let why = "the answer was no; nothing was sent";
            ledger.end(why)?;
            return results.refuse(Refusal::of_rows("declined", why, ""));
        }
        if !remaining.changes.is_empty() {
            let folder = state.run_folder(name);
            options.generated.complete(&remaining.rows, &folder)?;
        }
        forget(&mut session, &remaining.changes, context)?;
        let journal = Journal::start(ledger, remaining.pending, self.target.parallel);
        for (position, outcome) in settled {
            journal.result(position, outcome);
        }
        let typed = options.max_failures.as_ref();
        let execution = Execution {
            headings: &options.headings,
            not_restorable: not_restorable(&remaining.rows),
            failures_max: failures_max(typed.and_then(|text| text.parse().ok())),
            verify: options.verify,
            stages: remaining.stages,
            journal: Some(journal),
            key: Some(key),
        };
        execution.run(session, &remaining.changes, results, |ended| {
            conclude(options.agreement.as_ref(), ended, context)
        })
    }

    fn request(
        &self,
        report: &ReportOptions,
        yes: bool,
        context: &Context,
    ) -> Result<RunRequest<'_>, Failure> {
        let mut report = report.clone();
        if report.files.is_empty() {
            report.files = self.past.own_reports(context)?;
        }
        Ok(RunRequest {
            command: "resume",
            mode: "",
            target: &self.target,
            report,
            rejects: None,
            guard: GuardOptions {
                yes,
                ..GuardOptions::default()
            },
            secrets: SecretsOut::default(),
        })
    }

    fn results(
        &self,
        lines: Vec<Outcome>,
        request: &RunRequest<'_>,
    ) -> Result<Results<'_>, Failure> {
        let label = &self.target.label;
        Results::open(request.command, label, lines, &request.report, None)
    }
}

/// What is still to be sent of a run.
struct Remaining {
    rows: Vec<PlannedRow>,
    standings: Vec<Standing>,
    /// The changes left to be sent, in their order.
    changes: Vec<Change>,
    pending: Vec<Pending>,
    stages: Vec<Stage>,
    /// The positions of rows that wait for one that is not done.
    blocked: Vec<usize>,
}

impl Remaining {
    fn compute(left: Left, options: &SavedOptions) -> Remaining {
        let Left {
            mut rows,
            standings,
        } = left;
        // In the order of the whole run: which rows go in two steps depends on all of them.
        let all = in_order(rows.iter().filter_map(|row| row.change.clone()).collect());
        let is_final = |position: usize| standings.get(position) == Some(&Standing::Final);
        let lost = rows.iter().enumerate().filter_map(|(position, row)| {
            let failed = is_final(position) && !row.outcome.result.is_done();
            let brought = provides(row.change.as_ref().filter(|_| failed)?)?;
            Some((brought.to_owned(), row.outcome.result))
        });
        let lost = lost.collect();
        let mut waiting: Vec<&mut PlannedRow> = rows
            .iter_mut()
            .enumerate()
            .filter(|(position, _)| standings.get(*position) == Some(&Standing::Waiting))
            .map(|(_, row)| row)
            .collect();
        let blocked = block_rows(&mut waiting, lost, &options.headings);
        let is_left = |change: &Change| !is_final(change.row) && !blocked.contains(&change.row);
        let mut changes: Vec<Change> = all.into_iter().filter(is_left).collect();
        let stages = in_waves(&options.waves, &mut changes);
        let pending = changes.iter().map(|change| Pending {
            position: change.row,
            intended: match standings.get(change.row) {
                Some(Standing::Intended(times)) => *times,
                _ => 0,
            },
        });
        Remaining {
            pending: pending.collect(),
            rows,
            standings,
            changes,
            stages,
            blocked,
        }
    }

    fn announce(&self, run: &str) {
        let doubtful = |standing: &&Standing| matches!(standing, Standing::Intended(_));
        let doubtful = self.standings.iter().filter(doubtful).count();
        // A row may take two steps.
        let left: BTreeSet<usize> = self.changes.iter().map(|change| change.row).collect();
        print(format!(
            "run {run}: {} of {} rows are left; {doubtful} of them may have been sent and are looked up first",
            left.len(),
            self.rows.len()
        ));
    }
}
