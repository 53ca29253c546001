//! Sends the changes of a run: each result goes to the ledger, to the memory and to the report.

use super::apply::{ApplyEnd, RunApply};
use super::journal::Journal;
use super::past::{self, NOT_SEEN, doubted};
use super::request::failures_max;
use super::results::Results;
use super::ringing::RunRinging;
use super::saved_options::SavedOptions;
use crate::compare::unread;
use crate::fingerprints::{add_mark, attribute_marks, shown};
use crate::ledger::{ApplyState, Memory};
use crate::link::StopFlag;
use crate::manifest::Manifest;
use crate::model::counted;
use crate::model::{
    Action, Change, Fault, FaultCause, FaultKind, Field, Outcome, PlannedRow, RingResult,
    RingVerdict, RowResult, Text,
};
use crate::plan::waves::Wave;
use crate::progress::Progress;
use crate::rim::log::leave_out;
use crate::rim::session::first_texts;
use crate::rim::terminal::{print, print_error};
use crate::rim::{Exit, Failure, Target, TargetSession};
use crate::seal::Key;
use crate::submit::settlement::Settlement;
use crate::submit::{
    Ended, FailuresMax, IntentLog, Memberships, NewStarts, NoIntentLog, Options, WaveGate, submit,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The most entries of a file that are named where it has lost them.
const LOST_SHOWN_MAX: usize = 8;

/// The changes of a run, about to be sent, with the rules for it.
pub(crate) struct Execution<'e> {
    /// The run's options.
    pub(crate) options: &'e SavedOptions,
    /// The fields of a row's extension that cannot be restored, by position.
    pub(crate) not_restorable: BTreeMap<usize, Vec<Field>>,
    /// The waves, in the order of the changes; none where everything goes at once.
    pub(crate) waves: Vec<Wave>,
    /// True if deletions of extensions that no row names are held back where a creation is not done.
    pub(crate) is_sync: bool,
    /// The journal; `None` for a PBX that is simulated in this process.
    pub(crate) journal: Option<Journal>,
    /// The key for the fingerprints that replace secrets that were read back.
    pub(crate) key: Option<Key>,
    /// The memberships that are looked at once more at the end.
    pub(crate) memberships: Arc<Memberships>,
    /// The accounts of the rows that are asked about by SIP; none where that is not asked for.
    pub(crate) ringing: Option<RunRinging>,
    /// The step that brings the changes into effect; none where each is at once.
    pub(super) apply: Option<RunApply>,
}

/// The end of the sending, and of what comes after it.
struct SendEnd {
    ended: Ended,
    /// The number of rows that a resume is to look at.
    left_open: usize,
    /// The end of the step that brings the changes into effect, where there is one.
    apply: Option<ApplyEnd>,
    /// The reason why results could not be shown.
    failed: Option<Failure>,
}

/// Settlements on their way to the ledger and the report. A row whose extension is asked about by SIP waits for that.
struct Recording<'x, 'r> {
    execution: &'x Execution<'x>,
    session: &'x TargetSession<'x>,
    results: &'x mut Results<'r>,
    /// The changes of each row: it may take two steps.
    by_row: BTreeMap<usize, Vec<&'x Change>>,
    /// The marks of attributes that are kept already: new extensions have the same.
    marked: BTreeSet<(String, String)>,
    /// The reason why results could not be shown.
    failed: Option<Failure>,
    /// The rows of this wave that failed.
    failures: u32,
    /// The number of rows that a resume looks at.
    left_open: usize,
    /// The outcomes of the rows that are still to be asked about.
    to_ring: Vec<(usize, Outcome)>,
    /// The outcomes of rows that were done, until the run's end: another PBX may answer by then.
    deferred: BTreeMap<usize, Outcome>,
    /// True once another PBX has answered, so that what was done may be gone.
    is_doubted: bool,
    /// True once anything may have been changed.
    has_changed: bool,
}

/// Leaves the secrets of changes out of the log, whichever extension they are shown for.
pub(super) fn leave_out_of_log<'c>(changes: impl Iterator<Item = &'c Change>) {
    leave_out(|known| changes.for_each(|change| known.add_record(&change.wanted)));
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
    let _ = match &settlement.read_back {
        Some(read_back) if settlement.result.is_done() => {
            let unseen = changes.flat_map(|change| {
                let fields = unread(manifest, &change.wanted, read_back).into_iter();
                fields.filter_map(|field| Some((field, change.wanted.get(field)?)))
            });
            let unseen: Vec<(Field, Text<'_>)> = unseen
                .filter(|(field, _)| *field != Field::NEW_NUMBER)
                .filter(|(field, _)| !settlement.unseen.contains(field))
                .collect();
            memory.remember(first, read_back, &unseen)
        }
        _ if settlement.result == RowResult::NotSent => memory.restore(first),
        _ => Ok(()),
    };
}

/// The outcome in the ledger of a row that failed before anything of it reached the PBX: it waits, and a resume sends it.
fn never_sent(outcome: Outcome) -> Outcome {
    Outcome {
        result: RowResult::NotSent,
        code: RowResult::NotSent.word().to_owned(),
        ..outcome
    }
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
        let to_ring = self.to_ring(&results);
        let deferred = match self.waits_for_end(session.target()) {
            true => results.changed(),
            false => BTreeMap::new(),
        };
        let open = members.chain(to_ring.iter().map(|(position, _)| *position));
        let open = open.chain(deferred.keys().copied());
        let mut failed = results.put_final(&open.collect()).err();
        if failed.is_some() {
            stop_flag(&session).stop();
        }
        let run = self.journal.as_ref().map(|journal| journal.run());
        results.run = run.map(str::to_owned);
        let sent = self.send(&session, changes, &mut results, to_ring, deferred);
        failed = failed.or(sent.failed);
        failed = failed.or(results.put_final(&BTreeSet::new()).err());
        let is_broken = failed.is_some();
        let (mut stopped, mut why) = stopped(&sent.ended);
        if let (Some(apply), Some(end)) = (&self.apply, &sent.apply) {
            apply.print_end(end, &session.target().label, results.run.as_deref());
            if let (None, Some((exit, reason))) = (stopped, end.stopped()) {
                (stopped, why) = (Some(exit), Some(reason));
            }
        }
        drop(session);
        if let Some(journal) = self.journal {
            sent.apply
                .iter()
                .for_each(|end| journal.note_apply(end.state));
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
        let is_left = why.is_some() || failed.is_some() || sent.left_open > 0;
        if let (Some(run), true) = (&results.run, is_left) {
            print_error(&format!("to continue: rowcall resume {run}"));
        }
        if let (Some(run), true) = (&results.run, is_broken) {
            print_error(&format!(
                "rowcall report {run} -o FILE writes its report again"
            ));
        }
        match failed {
            Some(failure) => {
                // The first failure is the one to report.
                let _ = results.finish(Some(failure.exit));
                Err(failure)
            }
            None => results.finish(stopped),
        }
    }

    /// The rows that have their result before anything is sent, and are still to be asked about, or again.
    fn to_ring(&self, results: &Results<'_>) -> Vec<(usize, Outcome)> {
        let accounts = self
            .ringing
            .iter()
            .flat_map(|ringing| ringing.accounts.keys());
        let lines = accounts.filter_map(|position| Some((*position, results.line(*position)?)));
        lines
            .filter(|(_, line)| line.is_there() && line.ring != Some(RingResult::Rings))
            .map(|(position, line)| (position, line.clone()))
            .collect()
    }

    /// Sends the changes, brings them into effect, and asks about extensions.
    fn send(
        &self,
        session: &TargetSession<'_>,
        changes: &[Change],
        results: &mut Results<'_>,
        to_ring: Vec<(usize, Outcome)>,
        deferred: BTreeMap<usize, Outcome>,
    ) -> SendEnd {
        let target = session.target();
        let progress = Progress::new("rows", changes.len() as u64);
        let options = self.submit_options(target, results.first_unnamed(), progress.counter());
        let mut by_row: BTreeMap<usize, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            by_row.entry(change.row).or_default().push(change);
        }
        leave_out_of_log(changes.iter());
        let journal = self.journal.as_ref();
        let intents: &dyn IntentLog = journal.map_or(&NoIntentLog, |journal| journal);
        let recording = RefCell::new(Recording {
            execution: self,
            session,
            results,
            by_row,
            marked: BTreeSet::new(),
            failed: None,
            failures: 0,
            left_open: 0,
            to_ring: vec![],
            deferred,
            is_doubted: false,
            has_changed: false,
        });
        let mut each = |settlement: Settlement| recording.borrow_mut().record(settlement);
        let mut after = |wave: usize| recording.borrow_mut().end_wave(wave);
        let sizes: Vec<usize> = self.waves.iter().map(|wave| wave.count).collect();
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
        let starts = options.starts.lock().map(|mut it| std::mem::take(&mut *it));
        let starts = starts.unwrap_or_default();
        let mut recording = recording.into_inner();
        recording.results.has_losses = report_new_starts(&starts, &target.label, changes);
        let apply = self.apply.as_ref();
        let apply = apply.map(|apply| apply.finish(session, &ended, recording.has_changed));
        recording.results.apply = apply.as_ref().map(|end| end.state);
        recording.to_ring.extend(to_ring);
        let (_, all_asked) = recording.ring(true);
        recording.report_deferred(&starts.gone);
        let ended = match ended {
            Ended::Whole if !all_asked => Ended::Interrupted,
            ended => ended,
        };
        SendEnd {
            ended,
            left_open: recording.left_open,
            apply,
            failed: recording.failed,
        }
    }

    fn submit_options(
        &self,
        target: &Target,
        first_unnamed: usize,
        sent: Arc<AtomicU64>,
    ) -> Options {
        Options {
            sent,
            failures_max: self.failures_max(),
            verify: self.options.verify,
            loses: loses(target),
            batch: target.batch,
            unnamed_from: match self.is_sync {
                true => first_unnamed,
                false => usize::MAX,
            },
            memberships: self.memberships.clone(),
            ..Options::new(target.parallel, target.reply)
        }
    }

    /// True if what was done may turn out otherwise by the run's end: gone, or not in effect.
    fn waits_for_end(&self, target: &Target) -> bool {
        self.apply.is_some() || !loses(target).is_zero()
    }

    fn failures_max(&self) -> FailuresMax {
        failures_max(self.options.max_failures)
    }

    /// Reports how a wave went, and ends the run where more of it failed than is allowed. `not_ringing`
    /// is how many of its extensions are there and do not ring.
    fn judge_wave(&self, index: usize, failures: u32, not_ringing: u32) -> Option<Ended> {
        let wave = self.waves.get(index)?;
        let is_last = index + 1 == self.waves.len();
        if wave.of > 1 {
            let rows = counted(wave.count as u64, "row");
            let not_ringing = match (&self.ringing, is_last || self.apply.is_some()) {
                (Some(_), false) => format!(", {not_ringing} without a dial tone"),
                _ => String::new(),
            };
            print(format!("{wave}: {rows}, {failures} failed{not_ringing}"));
        }
        // Judged however small the wave is: that is the purpose of small waves.
        let sent = u32::try_from(wave.count).unwrap_or(u32::MAX);
        let too_bad = self
            .failures_max()
            .is_exceeded(failures + not_ringing, sent);
        let not_ringing = match not_ringing {
            0 => String::new(),
            not_ringing => format!(", {not_ringing} without a dial tone"),
        };
        (!is_last && too_bad).then(|| {
            Ended::TooManyFailures(format!(
                "{wave}: {failures} of its {} rows failed{not_ringing}",
                wave.count
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
        if is_partial && result.is_done() {
            // The fields that cannot be restored are reported however well the rest went.
            (outcome.code, outcome.field) = (line.code, line.field);
            (outcome.message, outcome.hint) = (line.message, line.hint);
            outcome.result = RowResult::Differs;
            outcome.restored_in_part = true;
        }
        outcome.column = self
            .options
            .headings
            .heading(outcome.place.as_ref(), outcome.field);
        outcome
    }

    /// The outcome of a row as the ledger keeps it: one that waits, and that can be put back in part alone, has the words
    /// that it was planned with, which it has again once it is sent.
    fn in_ledger(&self, position: usize, planned: Option<Outcome>, outcome: Outcome) -> Outcome {
        let is_waiting = outcome.result == RowResult::NotSent;
        let is_partial = is_waiting && self.not_restorable.contains_key(&position);
        match planned.filter(|_| is_partial) {
            Some(planned) => Outcome {
                code: planned.code,
                field: planned.field,
                column: planned.column,
                message: planned.message,
                hint: planned.hint,
                ..outcome
            },
            None => outcome,
        }
    }
}

impl Recording<'_, '_> {
    /// Takes the settlement of a row.
    fn record(&mut self, settlement: Settlement) {
        let execution = self.execution;
        let (position, provisional) = (settlement.row, settlement.provisional);
        if !provisional {
            self.failures += u32::from(!settlement.result.is_done());
        }
        self.has_changed |= settlement.may_have_changed();
        if let Some(memory) = &self.session.memory {
            let of_row = self.by_row.get(&settlement.row);
            remember(memory, self.session.manifest(), of_row, &settlement);
        }
        let read_back = settlement.read_back.as_ref().zip(execution.key.as_ref());
        let read_back = read_back.map(|(record, key)| {
            let changes = self.by_row.get(&settlement.row).into_iter().flatten();
            let record = changes.fold(record.clone(), |record, change| change.hiding(record));
            let mut left = shown(&record, record.number(), key);
            // One that was found after a lost reply may have been changed by then.
            if settlement.action == Action::Create && !settlement.was_looked_up {
                let except = &self.session.manifest().vendor.own_of_each;
                for (name, mark) in attribute_marks(&record, except, key) {
                    if self.marked.insert((name.clone(), mark.clone())) {
                        add_mark(&mut left, &name, mark);
                    }
                }
            }
            left
        });
        let fault = settlement.fault.as_ref();
        let ends_the_run = fault.is_some_and(Fault::ends_the_run);
        let is_anothers = fault.is_some_and(|fault| fault.cause == FaultCause::AnotherPbx);
        self.is_doubted |= is_anothers;
        if let (Some(journal), true) = (&execution.journal, is_anothers) {
            journal.doubt();
        }
        let stays_open = settlement.is_open;
        let never_left = fault.is_some_and(|fault| fault.kind == FaultKind::NotSent)
            && stays_open
            && settlement.result == RowResult::Failed;
        let planned = self.results.line(position).cloned();
        let outcome = execution.outcome(planned.as_ref(), settlement);
        let in_ledger = |outcome: Outcome| execution.in_ledger(position, planned, outcome);
        // A change that may have been sent and could not be checked, before this process or at the run's end, stays
        // open in the ledger: a resume looks at it.
        let is_unknown = outcome.result == RowResult::Unknown;
        let is_open = stays_open || is_unknown && (outcome.attempts == 0 || ends_the_run);
        self.left_open += usize::from(is_open);
        if let Some(journal) = execution.journal.as_ref().filter(|_| !is_open) {
            if let Some(read_back) = read_back {
                journal.read_back(position, read_back);
            }
            journal.result(position, in_ledger(outcome.clone()));
        } else if let Some(journal) = execution.journal.as_ref().filter(|_| never_left) {
            journal.result(position, in_ledger(never_sent(outcome.clone())));
        }
        if provisional {
            return;
        }
        let ringing = execution.ringing.as_ref();
        let is_asked = ringing.is_some_and(|ringing| ringing.accounts.contains_key(&position));
        match is_asked && outcome.is_there() {
            true => self.to_ring.push((position, outcome)),
            false => self.put(position, outcome),
        }
    }

    fn put(&mut self, position: usize, outcome: Outcome) {
        let target = self.session.target();
        if outcome.result.is_change() && self.execution.waits_for_end(target) {
            self.deferred.insert(position, outcome);
            return;
        }
        self.report_now(position, outcome);
    }

    /// Reports the rows that were done. Where another PBX has answered since, they may be gone; `gone` are the words for those
    /// that are. Where a step is outstanding, they are not in effect.
    fn report_deferred(&mut self, gone: &BTreeMap<usize, String>) {
        for (position, outcome) in std::mem::take(&mut self.deferred) {
            let outcome = match self.is_doubted {
                true => doubted(
                    outcome,
                    gone.get(&position).map_or(NOT_SEEN, String::as_str),
                ),
                false => past::in_effect(outcome, self.results.apply, self.results.run.as_deref()),
            };
            self.left_open += usize::from(self.is_doubted);
            self.report_now(position, outcome);
        }
    }

    fn report_now(&mut self, position: usize, outcome: Outcome) {
        if let Err(failure) = self.results.put(position, outcome) {
            // Nothing more is sent when results cannot be shown.
            self.failed.get_or_insert(failure);
            stop_flag(self.session).stop();
        }
    }

    /// Ends a wave: the next one begins unless there is a reason to end the run. The last wave's extensions are asked
    /// about with the rest, and so are all where the changes are in effect only then.
    fn end_wave(&mut self, wave: usize) -> Option<Ended> {
        let is_last = wave + 1 == self.execution.waves.len();
        let not_ringing = match is_last || self.execution.apply.is_some() {
            true => 0,
            false => self.ring(false).0,
        };
        let failures = std::mem::take(&mut self.failures);
        self.execution.judge_wave(wave, failures, not_ringing)
    }

    /// Asks about the extensions that wait for it, and reports their rows. Returns how many do not ring, and true if all
    /// were asked about.
    fn ring(&mut self, has_progress: bool) -> (u32, bool) {
        let waiting: BTreeMap<usize, Outcome> = self.to_ring.drain(..).collect();
        let Some(run) = self.execution.ringing.as_ref() else {
            return (0, true);
        };
        // What is not in effect does not ring.
        let is_outstanding = self.results.apply.is_some_and(ApplyState::is_outstanding);
        if self.is_doubted || is_outstanding {
            for (position, outcome) in waiting {
                self.put(position, outcome);
            }
            return (0, is_outstanding);
        }
        let (mut accounts, mut answered) = (vec![], vec![]);
        for position in waiting.keys() {
            match run.accounts.get(position) {
                Some(Ok(account)) => accounts.push((*position, account.clone())),
                Some(Err(verdict)) => answered.push((*position, verdict.clone())),
                None => {}
            }
        }
        let progress = has_progress.then(|| Progress::new("rung", accounts.len() as u64));
        let counter = progress.as_ref().map(Progress::counter).unwrap_or_default();
        let (mut not_ringing, mut all_asked) = (0, true);
        let mut put_verdict = |own: &mut Self, position: usize, verdict: RingVerdict| {
            let Some(outcome) = waiting.get(&position).cloned() else {
                return;
            };
            let is_known = verdict.result != RingResult::Unknown;
            not_ringing += u32::from(is_known && verdict.result != RingResult::Rings);
            let was_asked = is_known || !run.ringing.is_stopped();
            all_asked &= was_asked;
            let outcome = outcome.with_ring(verdict);
            if let Some(journal) = own.execution.journal.as_ref().filter(|_| was_asked) {
                journal.result(position, outcome.clone());
            }
            own.put(position, outcome);
        };
        for (position, verdict) in answered {
            put_verdict(self, position, verdict);
        }
        run.ringing
            .ask(&accounts, &counter, &mut |position, verdict| {
                put_verdict(self, position, verdict);
            });
        if let Some(progress) = progress {
            progress.finish();
        }
        (not_ringing, all_asked)
    }
}

/// Says how often the PBX started anew, as far as that was seen, and what its file has lost of others; returns true where it has
/// after such a start.
fn report_new_starts(starts: &NewStarts, label: &str, changes: &[Change]) -> bool {
    let has_started = !starts.times.is_empty();
    if has_started {
        let times = counted(starts.times.len() as u64, "time");
        print(format!(
            "{label}: the PBX started anew at least {times} while the run was at work"
        ));
    }
    let numbers = changes
        .iter()
        .flat_map(|change| [change.number.as_str(), change.present_number()]);
    let own: BTreeSet<&str> = numbers.collect();
    let mut has_losses = false;
    for (file, lost) in &starts.lost {
        let others = lost.iter().map(String::as_str);
        let others: Vec<&str> = others.filter(|entry| !own.contains(entry)).collect();
        if others.is_empty() {
            continue;
        }
        has_losses = has_started;
        print_error(&format!(
            "{label}: of {file}, which a kill may leave in pieces, these are gone since the run began, and are no row's: {}; put them back from a copy of the file",
            first_texts(&others, LOST_SHOWN_MAX)
        ));
    }
    has_losses
}

/// The time for which the PBX may lose what it accepted.
fn loses(target: &Target) -> Duration {
    // A simulated PBX in this process is not killed without it.
    match target.is_sim() {
        true => Duration::ZERO,
        false => Duration::from_millis(target.manifest().vendor.loses_ms),
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
