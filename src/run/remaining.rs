//! The changes of a run that are still to be sent.

use super::journal::{Journal, Pending};
use super::memberships::at_end;
use super::past::{line, may_have_changed};
use super::results::Results;
use super::rows::RunRows;
use super::saved_options::SavedOptions;
use crate::ledger::{Ledger, Standing};
use crate::model::{Change, Outcome, PlannedRow, Record};
use crate::plan::dependents::FailedChanges;
use crate::plan::waves::{Wave, in_waves};
use crate::report::ResultCounts;
use crate::rim::Failure;
use crate::rim::terminal::print;
use crate::submit::Memberships;
use crate::submit::order::dependency_order;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The changes of a run that are still to be sent.
pub(super) struct Remaining {
    pub(super) rows: Vec<PlannedRow>,
    standings: Vec<Standing>,
    /// The changes left to be sent, in their order.
    pub(super) changes: Vec<Change>,
    pending: Vec<Pending>,
    pub(super) waves: Vec<Wave>,
    /// The positions of rows that have got their result without being sent.
    with_result: Vec<usize>,
}

impl Remaining {
    pub(super) fn compute(rows: RunRows, options: &SavedOptions, is_sync: bool) -> Remaining {
        let RunRows {
            mut rows,
            standings,
            left_alone,
        } = rows;
        // In the order of the whole run: which rows go in two steps depends on all of them.
        let all = dependency_order(rows.iter().filter_map(|row| row.change.clone()).collect());
        let is_final = |position: usize| standings.get(position) == Some(&Standing::Final);
        let mut failed = FailedChanges::default();
        for (position, row) in rows.iter().enumerate() {
            let result = row.outcome.result;
            if let Some(change) = &row.change
                && is_final(position)
                && !result.is_done()
            {
                failed.note(change, result);
            }
        }
        let waiting = rows
            .iter_mut()
            .enumerate()
            .filter(|(position, _)| standings.get(*position) == Some(&Standing::Waiting))
            .map(|(_, row)| row);
        let blocked = failed.hold_back(waiting.collect(), is_sync, &options.headings);
        let is_left = |change: &Change| !is_final(change.row) && !blocked.contains(&change.row);
        let mut changes: Vec<Change> = all.into_iter().filter(is_left).collect();
        let waves = in_waves(&options.waves, &mut changes);
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
            waves,
            with_result: [left_alone, blocked].concat(),
        }
    }

    /// The lines of its report before anything is sent.
    pub(super) fn lines(&self) -> Vec<Outcome> {
        self.rows.iter().map(|row| row.outcome.clone()).collect()
    }

    /// Returns true where an earlier part of the run may have changed anything.
    pub(super) fn may_have_changed(&self) -> bool {
        let mut rows = self.rows.iter().zip(&self.standings);
        rows.any(|(row, standing)| may_have_changed(&row.outcome, *standing))
    }

    /// The memberships that must be there at the run's end, beside those that it still writes.
    pub(super) fn memberships(&self, kept: BTreeMap<usize, Record>) -> Memberships {
        let is_over = |position: usize| self.standings.get(position) == Some(&Standing::Final);
        at_end(&self.rows, kept, is_over)
    }

    /// Starts the journal, with the results that rows have already.
    pub(super) fn journal(&self, ledger: Ledger, parallel: usize) -> Journal {
        let journal = Journal::start(ledger, self.pending.clone(), parallel);
        for position in &self.with_result {
            if let Some(row) = self.rows.get(*position) {
                journal.result(*position, row.outcome.clone());
            }
        }
        journal
    }

    /// Puts the lines of rows that may have been sent before into a report of a run that sends nothing: they are
    /// `unknown`.
    pub(super) fn put_doubtful(&self, results: &mut Results<'_>) -> Result<(), Failure> {
        let mut put = Ok(());
        for (position, (row, standing)) in self.rows.iter().zip(&self.standings).enumerate() {
            if matches!(standing, Standing::Intended(_)) {
                put = put.and(results.put(position, line(row.outcome.clone(), *standing, false)));
            }
        }
        put
    }

    /// Prints how many rows are still to be sent or looked up; `reply` is the longest time for a reply of the PBX.
    pub(super) fn announce(&self, run: &str, reply: Duration) {
        let doubtful = |standing: &&Standing| matches!(standing, Standing::Intended(_));
        let doubtful = self.standings.iter().filter(doubtful).count();
        // A row may take two steps.
        let left: BTreeSet<usize> = self.changes.iter().map(|change| change.row).collect();
        let mut words = format!(
            "run {run}: {} of {} rows are still to be sent; {doubtful} of them may have been sent and are looked up first",
            left.len(),
            self.rows.len()
        );
        if doubtful > 0 && !reply.is_zero() {
            let seconds = reply.as_secs_f64().ceil();
            words.push_str(&format!(
                "; those that are missing are looked for once more after {seconds} s, when no reply can come any more"
            ));
        }
        print(words);
        let unsent = self.with_result.iter();
        let unsent = unsent.filter_map(|position| self.rows.get(*position));
        let mut counts = ResultCounts::default();
        unsent.for_each(|row| counts.add(&row.outcome));
        if counts.total() > 0 {
            print(format!(
                "run {run}: of the rows that were left, these are not sent any more: {}",
                counts.words()
            ));
        }
    }
}
