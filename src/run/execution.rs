//! Changes on their way to a target.

use super::journal::Journal;
use super::results::Results;
use crate::compare::uncomparable;
use crate::fingerprints::shown;
use crate::input::FieldHeadings;
use crate::ledger::Memory;
use crate::link::StopFlag;
use crate::manifest::Manifest;
use crate::model::{Change, Fault, Field, Outcome, PlannedRow, RowResult, Text};
use crate::plan::waves::Stage;
use crate::progress::Progress;
use crate::report::counted;
use crate::rim::terminal::{print, print_error};
use crate::rim::{Exit, Failure, Target, TargetSession};
use crate::seal::Key;
use crate::submit::Verify;
use crate::submit::settle::Settlement;
use crate::submit::{
    Ended, FailuresMax, IntentLog, Memberships, NoIntentLog, Options, WaveGate, submit,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Changes on their way to a target.
pub(crate) struct Execution<'e> {
    /// The sheets' headings of fields.
    pub(crate) headings: &'e FieldHeadings,
    /// The fields of a row's extension that cannot be restored, by position.
    pub(crate) not_restorable: BTreeMap<usize, Vec<Field>>,
    pub(crate) failures_max: FailuresMax,
    /// The extensions that are read back.
    pub(crate) verify: Verify,
    /// The waves, in the order of the changes; none where everything goes at once.
    pub(crate) stages: Vec<Stage>,
    /// True if deletions of extensions that no row names are held back where a creation is not done.
    pub(crate) is_sync: bool,
    /// The ledger at work; none for a PBX that is gone when the process is.
    pub(crate) journal: Option<Journal>,
    /// The key for the fingerprints that replace secrets that were read back.
    pub(crate) key: Option<Key>,
    /// The memberships that are looked at once more at the end.
    pub(crate) memberships: Arc<Memberships>,
}

/// Remembers the values that a row wrote and the vendor does not give back. A value that cannot be remembered is
/// written once more the next time.
fn remember(
    memory: &Memory,
    manifest: &Manifest,
    changes: Option<&Vec<&Change>>,
    settlement: &Settlement,
) {
    let changes = changes.into_iter().flatten();
    let Some(first) = changes.clone().next() else {
        return;
    };
    let _ = match &settlement.left {
        Some(left) if settlement.result.is_done() => {
            let unseen = changes.flat_map(|change| {
                let fields = uncomparable(manifest, &change.wanted).into_iter();
                fields.filter_map(|field| Some((field, change.wanted.get(field)?)))
            });
            let unseen: Vec<(Field, Text<'_>)> = unseen
                .filter(|(field, _)| *field != Field::NEW_NUMBER)
                .filter(|(field, _)| !settlement.unseen.contains(field))
                .collect();
            memory.remember(first, left, &unseen)
        }
        _ if settlement.result == RowResult::NotSent => memory.restore(first),
        _ => Ok(()),
    };
}

/// The fields of the rows' extensions that cannot be restored, by position.
pub(crate) fn not_restorable(rows: &[PlannedRow]) -> BTreeMap<usize, Vec<Field>> {
    let rows = rows.iter().enumerate();
    let partial = rows.filter(|(_, row)| !row.not_restorable.is_empty());
    partial
        .map(|(position, row)| (position, row.not_restorable.clone()))
        .collect()
}

impl Execution<'_> {
    /// Sends the changes, and ends the run. `conclude` is given the results of the rows.
    ///
    /// # Errors
    /// Exit 2 where the report or the ledger can no longer be written: changes sent by then are settled.
    pub(crate) fn run(
        self,
        session: TargetSession<'_>,
        changes: &[Change],
        mut results: Results<'_>,
        conclude: impl FnOnce(&BTreeMap<usize, RowResult>) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        let members = self.memberships.done.iter().map(|(change, _)| change.row);
        let mut failed = results.put_final(&members.collect()).err();
        if failed.is_some() {
            stop_flag(&session).stop();
        }
        let run = self.journal.as_ref().map(|journal| journal.run());
        results.run = run.map(str::to_owned);
        let (ended, unshown) = self.send(&session, changes, &mut results);
        failed = failed.or(unshown);
        failed = failed.or(results.put_final(&BTreeSet::new()).err());
        let is_broken = failed.is_some();
        drop(session);
        let (stopped, why) = stopped(&ended);
        if let Some(journal) = self.journal {
            let written = journal.end(why.as_deref().unwrap_or("whole"));
            if let (Err(error), None) = (written, &failed) {
                failed = Some(error.into());
            }
        }
        if let (Err(failure), None) = (conclude(&results.ended), &failed) {
            failed = Some(failure);
        }
        if let (Some(why), false) = (&why, is_broken) {
            print_error(&format!("stopped: {why}"));
        }
        if let (Some(run), true) = (&results.run, why.is_some() || failed.is_some()) {
            print_error(&format!("to continue: rowcall resume {run}"));
        }
        if let (Some(run), true) = (&results.run, is_broken) {
            print_error(&format!(
                "rowcall report {run} -o FILE writes its report again"
            ));
        }
        match failed {
            Some(failure) => {
                // It was stopped for the first failure.
                let _ = results.finish(Some(failure.exit));
                Err(failure)
            }
            None => results.finish(stopped),
        }
    }

    /// Sends the changes; returns how the sending ended, and why results could not be shown.
    fn send(
        &self,
        session: &TargetSession<'_>,
        changes: &[Change],
        results: &mut Results<'_>,
    ) -> (Ended, Option<Failure>) {
        let target = session.target();
        let progress = Progress::new("rows", changes.len() as u64);
        let options = self.options(target, results.first_unnamed(), progress.counter());
        // A row may take two steps.
        let mut by_row: BTreeMap<usize, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            by_row.entry(change.row).or_default().push(change);
        }
        let mut failed = None;
        let journal = self.journal.as_ref();
        let intents: &dyn IntentLog = journal.map_or(&NoIntentLog, |journal| journal);
        let stop = stop_flag(session);
        let failures = Cell::new(0);
        let mut each = |settlement: Settlement| {
            let (position, provisional) = (settlement.row, settlement.provisional);
            if !provisional {
                failures.set(failures.get() + u32::from(!settlement.result.is_done()));
            }
            if let Some(memory) = &session.memory {
                let of_row = by_row.get(&settlement.row);
                remember(memory, session.manifest(), of_row, &settlement);
            }
            let left = settlement.left.as_ref().zip(self.key.as_ref());
            let left = left.map(|(left, key)| {
                let changes = by_row.get(&settlement.row).into_iter().flatten();
                let left = changes.fold(left.clone(), |left, change| change.hiding(left));
                shown(&left, left.number(), key)
            });
            let ends_the_run = settlement.fault.as_ref().is_some_and(Fault::ends_the_run);
            let outcome = self.outcome(results.line(position), settlement);
            // A change that may have been sent and could not be checked, before this process or at the run's end, stays
            // open in the ledger: a resume looks at it.
            let is_open =
                outcome.result == RowResult::Unknown && (outcome.attempts == 0 || ends_the_run);
            if let Some(journal) = journal.filter(|_| !is_open) {
                if let Some(left) = left {
                    journal.left(position, left);
                }
                journal.result(position, outcome.clone());
            }
            if provisional {
                return;
            }
            if let Err(failure) = results.put(position, outcome) {
                // Nothing more is sent when results cannot be shown.
                failed.get_or_insert(failure);
                stop.stop();
            }
        };
        let mut after = |wave: usize| self.judge_wave(wave, failures.take());
        let sizes: Vec<usize> = self.stages.iter().map(|stage| stage.count).collect();
        let waves = WaveGate {
            sizes: &sizes,
            after: &mut after,
        };
        let ended = submit(
            session.connection(),
            changes,
            &options,
            intents,
            Some(waves),
            &mut each,
        );
        progress.finish();
        (ended, failed)
    }

    fn options(&self, target: &Target, first_unnamed: usize, sent: Arc<AtomicU64>) -> Options {
        Options {
            sent,
            failures_max: self.failures_max,
            verify: self.verify,
            batch: target.batch,
            unnamed_from: match self.is_sync {
                true => first_unnamed,
                false => usize::MAX,
            },
            memberships: self.memberships.clone(),
            ..Options::new(target.parallel, target.reply)
        }
    }

    /// Reports how a wave went, and ends the run where more of it failed than is allowed.
    fn judge_wave(&self, wave: usize, failures: u32) -> Option<Ended> {
        let stage = self.stages.get(wave)?;
        if stage.of > 1 {
            let rows = counted(stage.count as u64, "row");
            print(format!("{stage}: {rows}, {failures} failed"));
        }
        let is_last = wave + 1 == self.stages.len();
        // Judged however small the wave is: that is the purpose of small waves.
        let sent = u32::try_from(stage.count).unwrap_or(u32::MAX);
        let too_bad = self.failures_max.is_exceeded(failures, sent);
        (!is_last && too_bad).then(|| {
            Ended::TooManyFailures(format!(
                "{stage}: {failures} of its {} rows failed",
                stage.count
            ))
        })
    }

    fn outcome(&self, line: Option<&Outcome>, settlement: Settlement) -> Outcome {
        let (row, result) = (settlement.row, settlement.result);
        let line = line
            .cloned()
            .unwrap_or_else(|| Outcome::new(settlement.action, result));
        let mut outcome = line.clone();
        settlement.write_into(&mut outcome);
        let is_partial = self.not_restorable.contains_key(&row);
        if is_partial && (result.is_done() || result == RowResult::NotSent) {
            // The fields that cannot be restored are reported however well the rest went, and again after a resume.
            (outcome.code, outcome.field) = (line.code, line.field);
            (outcome.message, outcome.hint) = (line.message, line.hint);
            if result.is_done() {
                outcome.result = RowResult::Differs;
            }
        }
        outcome.column = self.headings.heading(outcome.place.as_ref(), outcome.field);
        outcome
    }
}

fn stop_flag(session: &TargetSession<'_>) -> StopFlag {
    session.connection().line().pace().stop_flag().clone()
}

/// The exit of a run that did not send all, and the reason.
fn stopped(ended: &Ended) -> (Option<Exit>, Option<String>) {
    match ended {
        Ended::Whole => (None, None),
        Ended::Interrupted => (Some(Exit::Interrupted), Some("interrupted".to_owned())),
        Ended::TooManyFailures(why) => (Some(Exit::Stopped), Some(why.clone())),
        Ended::TargetLost(fault) => (Some(Exit::Target), Some(fault.to_string())),
        Ended::JournalLost(why) => (Some(Exit::Unusable), Some(why.clone())),
    }
}
