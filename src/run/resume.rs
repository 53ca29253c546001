//! Takes up a run that was cut off or stopped.

use super::execution::{Execution, not_restorable};
use super::journal::{Journal, Pending};
use super::past::PastRun;
use super::request::{ReportOptions, failures_max};
use super::results::Results;
use super::saved_options::SavedOptions;
use crate::ledger::{Ledger, Standing};
use crate::link::StopFlag;
use crate::model::{Change, Outcome, PlannedRow};
use crate::plan::dependents::block_rows;
use crate::plan::waves::{Stage, in_waves};
use crate::rim::terminal::print;
use crate::rim::{Context, Exit, Failure, Session, Target};
use crate::submit::order::{in_order, provides};
use std::collections::BTreeSet;

/// A run that is to be taken up.
pub(crate) struct ResumedRun {
    past: PastRun,
    target: Target,
}

impl ResumedRun {
    /// Reads what the run was asked for.
    ///
    /// # Errors
    /// Exit 2 where there is no such run or its ledger cannot be used, exit 3 where its target is another PBX now.
    pub(crate) fn open(context: &Context, name: &str) -> Result<ResumedRun, Failure> {
        let past = PastRun::open(context, name)?;
        let run = &past.summary.run;
        let target = past.options.target.resolve_for(run, context.config())?;
        Ok(ResumedRun { past, target })
    }

    /// Sends what is left. What may have been sent is looked up first.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be used or another process is at work on it, exit 2 where the ledger or a report
    /// cannot be written on.
    pub(crate) fn execute(
        &self,
        context: &Context,
        stop: &StopFlag,
        report: &ReportOptions,
    ) -> Result<Exit, Failure> {
        let (name, options) = (&self.past.name, &self.past.options);
        print(self.past.words());
        for file in options.changed_files() {
            let file = file.display();
            print(format!(
                "{file} has changed since the run read it; the run goes on with the rows that it read"
            ));
        }
        let state = context.state()?;
        let (ledger, rows) =
            Ledger::resume(&state, name, &self.target.addresses(), &context.key()?)?;
        let left = Remaining::compute(rows, options);
        if !left.changes.is_empty() {
            let folder = state.run_folder(name);
            options.generated.complete(&left.rows, &folder)?;
        }
        left.announce(name);
        let not_restorable = not_restorable(&left.rows);
        let lines: Vec<Outcome> = left.rows.into_iter().map(|row| row.outcome).collect();
        let blocked = left.blocked.into_iter();
        let blocked: Vec<(usize, Outcome)> = blocked
            .filter_map(|position| Some((position, lines.get(position)?.clone())))
            .collect();
        let report = ReportOptions {
            files: match report.files.is_empty() {
                true => options.reports.clone(),
                false => report.files.clone(),
            },
            json: report.json,
        };
        let results = Results::open("resume", &self.target.label, lines, &report, None)?;
        let journal = Journal::start(ledger, left.pending, self.target.parallel);
        for (position, outcome) in blocked {
            journal.result(position, outcome);
        }
        let session = match Session::open(&self.target, stop) {
            Ok(session) => session,
            Err(failure) => {
                journal.end(&failure.message)?;
                return results.refuse(failure.into());
            }
        };
        let typed = options.max_failures.as_ref();
        let execution = Execution {
            headings: &options.headings,
            not_restorable,
            failures_max: failures_max(typed.and_then(|text| text.parse().ok())),
            verify: options.verify,
            stages: left.stages,
            journal: Some(journal),
        };
        execution.run(session, &left.changes, results)
    }
}

/// What is left of a run.
struct Remaining {
    rows: Vec<PlannedRow>,
    standings: Vec<Standing>,
    /// What is left to be sent, in its order.
    changes: Vec<Change>,
    pending: Vec<Pending>,
    stages: Vec<Stage>,
    /// The positions of rows that wait for one that is not done.
    blocked: Vec<usize>,
}

impl Remaining {
    fn compute(rows: Vec<(PlannedRow, Standing)>, options: &SavedOptions) -> Remaining {
        let (mut rows, standings): (Vec<PlannedRow>, Vec<Standing>) = rows.into_iter().unzip();
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
