//! Sends changes: in row order, at the target's pace, several in flight; every change gets exactly one [`Settlement`].
//!
//! - `apply`: brings what was stored into effect, where that is a step of its own.
//! - [`converse`]: the one loop that speaks to a PBX.
//! - `foresee`: the refusals of a plan, without a write.
//! - `known_secrets`: the secrets that no words of a PBX may show.
//! - [`order`]: which changes wait for others.
//! - `pool`: the threads that look, whatever they look at.
//! - [`settle`]: one change to its end, lost replies included.
//! - `settlement`: the result of one change.
//! - `storage`: results wait until a PBX that is killed cannot lose them any more.
//! - [`verify`]: reads written changes back, before their result counts.
//!
//! There is no dispatcher thread: a sender that is free takes the next row and its permit from the `Queue` itself, one
//! sender at a time. So rows leave in their order, a permit is used at once, every row passes one gate
//! before it is sent, and every result passes `Recorder::record`.

pub(crate) mod apply;
pub mod converse;
#[cfg(test)]
mod fake_vendor;
pub(crate) mod foresee;
mod known_secrets;
mod options;
pub mod order;
mod panics;
mod pool;
pub mod settle;
pub mod settlement;
mod storage;
mod usual;
pub mod verify;

pub use options::{FailuresMax, Memberships, NewStarts, Options, SHARE_AFTER, Verify};

use crate::link::StopFlag;
use crate::link::paced::{PARALLEL_MAX, Pace, Permit};
use crate::manifest::Manifest;
use crate::model::{
    Action, Change, Fault, FaultCause, FaultKind, Field, Record, RowResult, counted,
};
use converse::{Connection, is_garbled};
use crossbeam_channel::{Sender, bounded};
use order::Dependencies;
use panics::{caught, lock, sender_broke_down};
use settlement::Settlement;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;
use storage::Storage;
use verify::{Sent, Verifier};

/// Rows in a row that look like a PBX that is down, after which the run stops.
pub const DOWN_IN_A_ROW: u32 = 10;

/// Writes down each change before it may be sent.
pub trait IntentLog: Sync {
    /// Waits until it is safely written down that the change at this position is about to be sent.
    ///
    /// # Errors
    /// The reason why it cannot be written down: then neither this change nor any later one may be sent.
    fn intend(&self, position: usize) -> Result<(), String>;

    /// Returns how many times a run that was cut off had written that down before: if ever, the PBX is looked at first.
    fn intended(&self, position: usize) -> u32;
}

/// Writes nothing down: for a PBX that is simulated in this process.
pub struct NoIntentLog;

impl IntentLog for NoIntentLog {
    fn intend(&self, _: usize) -> Result<(), String> {
        Ok(())
    }

    fn intended(&self, _: usize) -> u32 {
        0
    }
}

/// The end of the sending. Once every change was sent, only a lost target or journal counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// Every change was sent.
    Whole,
    /// The pace's [`StopFlag`] asked for the end.
    Interrupted,
    /// Too many failures, in words.
    TooManyFailures(String),
    /// The target cannot be used any longer.
    TargetLost(Fault),
    /// The journal cannot be written any longer, for this reason.
    JournalLost(String),
}

impl Ended {
    /// The reason why nothing more was sent, and what to do about it.
    fn words(&self) -> (String, String) {
        match self {
            Ended::Whole => ("the run ended before it".into(), String::new()),
            Ended::Interrupted => (
                "the run was interrupted before it".into(),
                "run it again: what is done already is left as it is".into(),
            ),
            Ended::TooManyFailures(why) => (
                format!("the run was stopped before it: {why}"),
                "see what the failed rows have in common; --max-failures allows more".into(),
            ),
            Ended::TargetLost(fault) => (
                format!("the run was stopped before it: {}", fault),
                fault.hint.clone(),
            ),
            Ended::JournalLost(why) => (
                format!("the run was stopped before it: {why}"),
                "free some space or repair the folder, then: rowcall resume".into(),
            ),
        }
    }
}

/// Waves of changes, after each of which a run may end.
pub struct WaveGate<'w> {
    /// Changes in each wave; the rest goes in a last one.
    pub sizes: &'w [usize],
    /// Called after each wave with its index, from 0; a reason that it returns ends the run.
    pub after: &'w mut dyn FnMut(usize) -> Option<Ended>,
}

/// Sends changes and hands each result to `each`, in the order in which they end.
///
/// A change that refers to an extension which an earlier change creates waits for that one, and is `held` back where
/// that one is not done; a second change of the same row waits for the first, and both have one [`Settlement`]: see
/// `dependency_order`.
///
/// After changes of groups each extension is read once more at the run's end, because another one may write the same
/// groups at the same time: until then the result is `provisional`, and `each` is called again with the final one. Of a
/// record that had its result before, `each` is called only where it was lost from a group.
///
/// Returns when nothing is in flight any more. A change that was not sent, because the run was interrupted or had to
/// stop, has its [`Settlement`] too, with the reason.
pub fn submit(
    connection: &Connection,
    changes: &[Change],
    options: &Options,
    intents: &dyn IntentLog,
    mut waves: Option<WaveGate<'_>>,
    each: &mut dyn FnMut(Settlement),
) -> Ended {
    let mut ends: Vec<usize> = waves
        .iter()
        .flat_map(|waves| waves.sizes)
        .copied()
        .collect();
    for wave in 1..ends.len() {
        ends[wave] += ends[wave - 1];
    }
    let dependencies = Dependencies::new(changes, &ends, options.unnamed_from);
    let mut queue = Queue {
        changes,
        next: Mutex::new(0),
        until: 0,
        held: vec![false; changes.len()],
        ended: Mutex::new(None),
        tally: Mutex::default(),
        failures_max: options.failures_max,
        stop: connection.line().pace().stop_flag(),
        intents,
        verifier: Verifier::new(connection, options),
        storage: Storage::new(connection, options),
        creations: creation_pace(connection),
        senders: AtomicUsize::new(0),
    };
    let mut recorder = Recorder {
        changes,
        dependencies: &dependencies,
        recorded: vec![None; changes.len()],
        unnamed_from: options.unnamed_from,
        open_creation: None,
        firsts: HashMap::new(),
        kept: &options.memberships.kept,
        in_groups: options.memberships.done.clone(),
        rereads: options.verify != Verify::None,
        each,
    };
    let parallel = match is_one_at_a_time(connection.manifest(), changes) {
        true => 1,
        false => options.parallel.clamp(1, PARALLEL_MAX.into()),
    };
    for round in &dependencies.rounds {
        if queue.is_ended() {
            break;
        }
        for position in round.clone() {
            queue.held[position] = recorder.record_if_held(position);
        }
        queue.until = round.end;
        let threads = parallel.min(round.len());
        queue.senders = AtomicUsize::new(threads);
        send_round(connection, &queue, options, threads, &mut recorder);
        if let Some(wave) = ends.iter().position(|end| *end == round.end) {
            queue.begin_wave();
            if let Some(why) = waves.as_mut().and_then(|waves| (waves.after)(wave)) {
                queue.end(why);
            }
        }
    }
    let given_out = *lock(&queue.next);
    let why = lock(&queue.ended).take().unwrap_or(Ended::Whole);
    if !matches!(why, Ended::TargetLost(_)) {
        queue.storage.note_losses();
    }
    recorder.record_the_rest(given_out, &why, intents);
    recorder.reread_groups(connection, options);
    match why {
        lost @ (Ended::TargetLost(_) | Ended::JournalLost(_)) => lost,
        ended if given_out < changes.len() => ended,
        _ => Ended::Whole,
    }
}

/// Sends the changes of one round, several at a time, and records their results.
fn send_round(
    connection: &Connection,
    queue: &Queue<'_>,
    options: &Options,
    threads: usize,
    recorder: &mut Recorder<'_, '_>,
) {
    // Results that are not written down yet are looked up after a crash, so few may wait.
    let (results, ended_rows) = bounded(threads / 2);
    thread::scope(|scope| {
        for _ in 0..threads {
            let results = results.clone();
            scope.spawn(|| send_rows(connection, queue, options, results));
        }
        drop(results);
        for (position, settlement) in ended_rows {
            recorder.record(position, settlement);
        }
    });
}

/// The pace of creations; `None` where they are not slower than any other work.
fn creation_pace(connection: &Connection) -> Option<Pace> {
    let cost = connection.manifest().vendor.create_cost;
    (cost > 0).then(|| connection.line().pace().for_work_of(cost))
}

/// Returns true where changes write a field of which two changes at the same time would undo each other, or a file that is
/// written as a whole, which every change may do.
fn is_one_at_a_time(manifest: &Manifest, changes: &[Change]) -> bool {
    if manifest.is_one_at_a_time() {
        return true;
    }
    let is_shared = |field: Field| manifest.row(field).is_some_and(|row| row.one_at_a_time);
    let mut fields = changes.iter().flat_map(|change| change.wanted.iter());
    fields.any(|(field, _)| is_shared(field))
}

/// Builds the change of which only the memberships are left: those that it writes, and those that are `kept`; `None`
/// where there are none.
pub(crate) fn only_memberships(change: &Change, kept: Option<&Record>) -> Option<Change> {
    let mut wanted = change.wanted.key_only();
    if let Some(number) = change.wanted.get(Field::NEW_NUMBER) {
        wanted.set(Field::NEW_NUMBER, number);
    }
    let fields = change
        .wanted
        .iter()
        .chain(kept.into_iter().flat_map(Record::iter));
    let mut is_member = false;
    for (field, text) in fields.filter(|(field, text)| field.is_membership() && !text.is_empty()) {
        wanted.set(field, text);
        is_member = true;
    }
    (is_member && change.action != Action::Delete).then(|| Change {
        row: change.row,
        action: change.action,
        number: change.number.clone(),
        wanted,
        before: None,
    })
}

/// The changes, handed out one by one in their order.
struct Queue<'c> {
    changes: &'c [Change],
    /// The next one's position; its lock admits one sender at a time.
    next: Mutex<usize>,
    /// The end of the round.
    until: usize,
    /// True for changes that are not sent, because a change that they waited for is not done.
    held: Vec<bool>,
    /// The reason why nothing more is handed out.
    ended: Mutex<Option<Ended>>,
    tally: Mutex<FailureTally>,
    failures_max: FailuresMax,
    stop: &'c StopFlag,
    intents: &'c dyn IntentLog,
    verifier: Verifier<'c>,
    storage: Storage<'c>,
    /// The pace of creations, where the PBX has work with them long after its answer.
    creations: Option<Pace>,
    /// Senders at work.
    senders: AtomicUsize,
}

/// One row on its way out.
struct NextChange<'c> {
    position: usize,
    change: &'c Change,
    /// Times that it was about to be sent before this process.
    intended: u32,
    permit: Permit,
}

impl<'c> Queue<'c> {
    /// The gate: the next row, written down, and the permit for its first request. Every row passes here, in order, before
    /// anything of it is sent. Where creations have a pace of their own, one waits for that too.
    fn next_change(&self, connection: &Connection) -> Option<NextChange<'c>> {
        let mut next = lock(&self.next);
        while *next < self.until && self.held.get(*next) == Some(&true) {
            *next += 1;
        }
        let position = *next;
        if position >= self.until {
            return None;
        }
        let change = self.changes.get(position)?;
        if self.is_ended() {
            return None;
        }
        if let Err(why) = self.intents.intend(position) {
            self.end(Ended::JournalLost(why));
            return None;
        }
        if let (Action::Create, Some(pace)) = (change.action, &self.creations) {
            drop(pace.permit_unless(|| self.is_ended())?);
        }
        let pace = connection.line().pace();
        let permit = pace.permit_unless(|| self.is_ended())?;
        *next += 1;
        Some(NextChange {
            position,
            change,
            intended: self.intents.intended(position),
            permit,
        })
    }

    /// Ends the run where a result asks for it: before the sender takes another row, and not only when the result is
    /// recorded.
    fn judge(&self, settlement: &Settlement) {
        if let Some(fault) = settlement
            .fault
            .as_ref()
            .filter(|fault| fault.ends_the_run())
        {
            self.end(Ended::TargetLost(fault.clone()));
        }
        if let Some(why) = lock(&self.tally).too_many(settlement, self.failures_max) {
            self.end(Ended::TooManyFailures(why));
        }
    }

    /// Judges a row anew that counted as done until it was read back.
    fn judge_again(&self, settlement: &Settlement) {
        if settlement.result.is_done() {
            return;
        }
        lock(&self.tally).uncount();
        self.judge(settlement);
    }

    /// Counts failures anew; once everything so far was sent, they were not too many for it.
    fn begin_wave(&self) {
        *lock(&self.tally) = FailureTally::default();
        if *lock(&self.next) == self.until {
            lock(&self.ended).take_if(|why| matches!(why, Ended::TooManyFailures(_)));
        }
    }

    fn is_ended(&self) -> bool {
        if self.stop.is_stopped() {
            self.end(Ended::Interrupted);
        }
        lock(&self.ended).is_some()
    }

    /// Hands out nothing more; the first reason stays, unless another PBX turns out to be the reason of too many failures.
    fn end(&self, why: Ended) {
        let is_another =
            matches!(&why, Ended::TargetLost(fault) if fault.cause == FaultCause::AnotherPbx);
        let mut ended = lock(&self.ended);
        ended.take_if(|first| is_another && matches!(first, Ended::TooManyFailures(_)));
        ended.get_or_insert(why);
    }
}

/// Counts of the rows so far.
#[derive(Default)]
struct FailureTally {
    sent: u32,
    failed: u32,
    down_in_a_row: u32,
}

impl FailureTally {
    /// Takes a row out of the counts, because it is counted again.
    fn uncount(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    /// Counts a result; returns the reason in words once the failures are too many.
    fn too_many(&mut self, settlement: &Settlement, failures_max: FailuresMax) -> Option<String> {
        self.sent += 1;
        if settlement.result.is_done() {
            self.down_in_a_row = 0;
            return None;
        }
        self.failed += 1;
        self.down_in_a_row = if is_like_outage(settlement) {
            self.down_in_a_row + 1
        } else {
            0
        };
        let (failed, sent) = (self.failed, self.sent);
        // A share of the first few rows says nothing.
        let is_early = matches!(failures_max, FailuresMax::Share(_)) && sent < SHARE_AFTER;
        if !is_early && failures_max.is_exceeded(failed, sent) {
            let sent = counted(sent.into(), "row");
            return Some(format!("{failed} of {sent} sent so far failed"));
        }
        let down = self.down_in_a_row >= DOWN_IN_A_ROW;
        down.then(|| {
            let last = &settlement.message;
            format!("the last {DOWN_IN_A_ROW} rows failed as if the PBX were down ({last})")
        })
    }
}

/// Runs one sender: takes rows until there is none.
fn send_rows<'c>(
    connection: &Connection,
    queue: &Queue<'c>,
    options: &Options,
    results: Sender<(usize, Settlement)>,
) {
    let judge = |changed: &Settlement| queue.judge_again(changed);
    let manifest = connection.manifest();
    while let Some(NextChange {
        position,
        change,
        intended,
        permit,
    }) = queue.next_change(connection)
    {
        let (begun, started) = (Instant::now(), connection.started());
        let settlement =
            caught(|| settle::carry_out(connection, change, intended, permit, &options.settling))
                .unwrap_or_else(|fault| broke_down(change, fault));
        queue.judge(&settlement);
        options.sent.fetch_add(1, Ordering::Relaxed);
        let sent = Sent {
            position,
            change,
            settlement,
            begun,
            started,
        };
        let certain = if queue.storage.concerns(&sent) {
            queue.storage.add(sent, &queue.verifier, &judge)
        } else if queue.verifier.concerns(&sent) {
            verified(queue, queue.verifier.add(sent))
        } else {
            vec![sent]
        };
        if !hand_over(certain, manifest, &results) {
            return;
        }
    }
    // The last sender reads back the changes that still wait for a full batch, and waits until all are stored.
    if queue.senders.fetch_sub(1, Ordering::SeqCst) == 1
        && hand_over(verified(queue, queue.verifier.rest()), manifest, &results)
    {
        hand_over(
            queue.storage.rest(&queue.verifier, &judge),
            manifest,
            &results,
        );
    }
}

fn verified<'c>(queue: &Queue<'c>, sent: Vec<Sent<'c>>) -> Vec<Sent<'c>> {
    for one in &sent {
        queue.judge_again(&one.settlement);
    }
    sent
}

/// Hands results over; false where the receiver is gone.
fn hand_over(
    sent: Vec<Sent<'_>>,
    manifest: &Manifest,
    results: &Sender<(usize, Settlement)>,
) -> bool {
    sent.into_iter().all(|mut one| {
        one.settlement.note_added(manifest, one.change);
        let elapsed_ms = u64::try_from(one.begun.elapsed().as_millis()).ok();
        let settlement = Settlement {
            elapsed_ms,
            finished_at: jiff::Timestamp::now(),
            ..one.settlement
        };
        results.send((one.position, settlement)).is_ok()
    })
}

/// Records results, each once.
struct Recorder<'c, 'e> {
    changes: &'c [Change],
    dependencies: &'c Dependencies,
    /// The result of each change that has one.
    recorded: Vec<Option<RowResult>>,
    unnamed_from: usize,
    /// The first creation for which nothing unnamed is deleted, with its result.
    open_creation: Option<(&'c Change, RowResult)>,
    /// First steps that are done, by the second step's position.
    firsts: HashMap<usize, (usize, Settlement)>,
    /// Memberships that changes do not write and that must be there at the end, by row.
    kept: &'c BTreeMap<usize, Record>,
    /// Changes of which only the memberships are left, with their results so far.
    in_groups: Vec<(Change, Settlement)>,
    /// True if groups are read once more at the end.
    rereads: bool,
    each: &'e mut dyn FnMut(Settlement),
}

impl Recorder<'_, '_> {
    /// Records one result. Every result of a row that was sent passes here.
    fn record(&mut self, position: usize, done: Settlement) {
        match self.recorded.get_mut(position) {
            Some(recorded @ None) => *recorded = Some(done.result),
            _ => return,
        }
        if let Some(change) = self.changes.get(position)
            && order::keeps_unnamed(change.action, done.result)
        {
            self.open_creation.get_or_insert((change, done.result));
        }
        if let Some(second) = self.dependencies.seconds.get(&position) {
            if done.result.is_done() {
                self.firsts.insert(*second, (position, done));
                return;
            }
            // The row ends with its first step.
            self.recorded[*second] = Some(done.result);
        }
        let (position, mut done) = match self.firsts.remove(&position) {
            Some(first) => (first.0, in_two_steps(first.1, done)),
            None => (position, done),
        };
        let member = self
            .changes
            .get(position)
            .and_then(|change| only_memberships(change, self.kept.get(&change.row)));
        if let Some(member) = member.filter(|_| self.rereads && done.result.is_done()) {
            done.provisional = true;
            self.in_groups.push((member, done.clone()));
        }
        (self.each)(done);
    }

    /// Reads every record whose memberships must be there once more, and hands on the final results.
    fn reread_groups(&mut self, connection: &Connection, options: &Options) {
        let members = std::mem::take(&mut self.in_groups);
        let batch = options.batch.min(connection.manifest().vendor.batch).max(1);
        for members in members.chunks(batch).filter(|_| self.rereads) {
            let numbers = members.iter().map(|(change, _)| change.present_number());
            let numbers: Vec<String> = numbers.map(str::to_owned).collect();
            let lookups = caught(|| connection.look_up(&numbers, false)).unwrap_or_else(Err);
            // A record that cannot be read now was still as wanted when it was read back.
            let lookups = lookups.unwrap_or_default();
            for (change, settlement) in members {
                let number = change.present_number();
                let current = lookups.iter().find(|lookup| lookup.number == number);
                let current = current.and_then(|lookup| lookup.found.as_ref().ok());
                let lost = current.and_then(|current| {
                    verify::lost(connection.manifest(), settlement, change, current)
                });
                let is_open = settlement.provisional;
                let last = lost.or_else(|| is_open.then(|| settlement.clone()));
                if let Some(last) = last {
                    (self.each)(Settlement {
                        provisional: false,
                        ..last
                    });
                }
            }
        }
    }

    /// Records a change as held back where another that it waited for is not done. Returns true then, and where it has
    /// its result already.
    fn record_if_held(&mut self, position: usize) -> bool {
        if self.recorded.get(position).is_none_or(Option::is_some) {
            return true;
        }
        if let (Some(change), Some((open, result))) =
            (self.changes.get(position), self.open_creation)
            && order::is_unnamed(change, self.unnamed_from)
        {
            let (message, hint) = order::kept_words(&open.number, open.row, result);
            let settlement = Settlement {
                message,
                hint,
                ..Settlement::new(change, RowResult::Held)
            };
            self.record(position, settlement);
            return true;
        }
        let failed = self
            .dependencies
            .parents(position)
            .iter()
            .find_map(|parent| {
                let result = (*self.recorded.get(parent.1)?)?;
                (!result.is_done()).then_some((parent.0, parent.1, result))
            });
        let (Some((field, parent, result)), Some(change)) = (failed, self.changes.get(position))
        else {
            return false;
        };
        let settlement = match self.changes.get(parent) {
            Some(parent) => held_settlement(change, field, parent, result),
            None => Settlement::new(change, RowResult::Held),
        };
        self.record(position, settlement);
        true
    }

    /// Records a result for every change that has none by now: every row that goes in has its result.
    fn record_the_rest(&mut self, given_out: usize, why: &Ended, intents: &dyn IntentLog) {
        for (position, change) in self.changes.iter().enumerate() {
            if self.recorded.get(position).is_none_or(Option::is_some) {
                continue;
            }
            let settlement = if position < given_out {
                broke_down(change, sender_broke_down())
            } else if intents.intended(position) > 0 {
                not_looked_at(change, why)
            } else {
                not_sent(change, why)
            };
            self.record(position, settlement);
        }
    }
}

/// The result of a change that refers to an extension which is not there.
fn held_settlement(
    change: &Change,
    field: Option<Field>,
    parent: &Change,
    result: RowResult,
) -> Settlement {
    let number = order::provides(parent).unwrap_or(&parent.number);
    Settlement {
        differing: field.into_iter().collect(),
        message: format!(
            "it points at extension {number} (row {}), which is {}",
            parent.row + 1,
            result.word()
        ),
        hint: format!("look at the row of {number}, then run both again"),
        ..Settlement::new(change, RowResult::Held)
    }
}

/// The one result of a row that took two steps, of which the first is done.
fn in_two_steps(first: Settlement, second: Settlement) -> Settlement {
    let both = Settlement {
        action: first.action,
        attempts: first.attempts + second.attempts,
        elapsed_ms: first
            .elapsed_ms
            .map(|ms| ms + second.elapsed_ms.unwrap_or(0)),
        ..second
    };
    if both.result.is_done() {
        return Settlement {
            result: first.result,
            message: first.message,
            ..both
        };
    }
    Settlement {
        // The extension is there, so the row has not merely failed.
        result: match both.result {
            RowResult::Held | RowResult::NotSent | RowResult::Unknown => both.result,
            _ => RowResult::Differs,
        },
        message: format!(
            "{} without its forwards, for extensions point at each other: {}",
            first.result.word(),
            both.message
        ),
        number: first.number,
        ..both
    }
}

/// The result of a change that the run ended before.
fn not_sent(change: &Change, ended: &Ended) -> Settlement {
    let (message, hint) = ended.words();
    Settlement {
        message,
        hint,
        ..Settlement::new(change, RowResult::NotSent)
    }
}

/// The result of a change that a run which was cut off may have sent, where the run ended before it was looked at.
fn not_looked_at(change: &Change, ended: &Ended) -> Settlement {
    let (message, _) = ended.words();
    let settlement = Settlement::new(change, RowResult::Unknown).with_fault(settle::cut_off());
    Settlement {
        message: format!("{}, and {message}", settlement.message),
        hint: "go on with the run, which looks at it first: rowcall resume".into(),
        ..settlement
    }
}

/// The result of a change at which rowcall itself panicked.
fn broke_down(change: &Change, fault: Fault) -> Settlement {
    Settlement {
        attempts: 1,
        ..Settlement::new(change, RowResult::Unknown).with_fault(fault)
    }
}

/// Returns true where a result is that of a PBX that is down.
fn is_like_outage(settlement: &Settlement) -> bool {
    let transport = |fault: &Fault| {
        // A PBX that replied is there, whatever the reply.
        !is_garbled(fault)
            && matches!(
                fault.kind,
                FaultKind::NotSent | FaultKind::MayHaveHappened | FaultKind::Busy
            )
    };
    matches!(settlement.result, RowResult::Failed | RowResult::Unknown)
        && settlement.fault.as_ref().is_some_and(transport)
}

#[cfg(test)]
mod tests {
    use super::fake_vendor::{FakeVendor, Trouble, asked_number, fake_manifest};
    use super::*;
    use crate::link::paced::Pace;
    use crate::wire::Request;
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::time::Duration;

    fn creations(count: usize) -> Vec<Change> {
        let create = |row: usize| {
            let number = (2000 + row).to_string();
            let mut wanted = Record::numbered(number.clone());
            wanted.set(Field::DISPLAY_NAME, format!("Row {row}"));
            Change {
                row,
                action: Action::Create,
                number,
                wanted,
                before: None,
            }
        };
        (0..count).map(create).collect()
    }

    fn options(parallel: usize) -> Options {
        Options {
            failures_max: FailuresMax::Share(1.0),
            settling: settle::SettleLimits {
                attempts_max: 4,
                recheck_after: Duration::from_millis(1),
                reply: Duration::from_millis(1),
            },
            ..Options::new(parallel, Duration::ZERO)
        }
    }

    /// Submits and checks the constant promises: one result for each row, and no extension created twice.
    fn sent(
        fake: &FakeVendor,
        changes: Vec<Change>,
        options: &Options,
    ) -> (Ended, Vec<Settlement>) {
        let count = changes.len();
        let mut done = Vec::new();
        let ended = submit(
            &fake.open(),
            &changes,
            options,
            &NoIntentLog,
            None,
            &mut |one| done.push(one),
        );
        done.sort_by_key(|done| done.row);
        let rows: Vec<usize> = done.iter().map(|done| done.row).collect();
        assert_eq!(rows, (0..count).collect::<Vec<_>>());
        assert!(fake.pbx.creations().values().all(|times| *times == 1));
        (ended, done)
    }

    fn counts(done: &[Settlement]) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for done in done {
            *counts.entry(done.result.word()).or_default() += 1;
        }
        counts
    }

    #[test]
    fn changes_that_may_write_a_shared_file_go_one_at_a_time() {
        let mut facts = fake_manifest().clone();
        let all = creations(2);
        assert!(!is_one_at_a_time(&facts, &all));
        let mut rows = facts.field.iter_mut();
        rows.find(|row| row.name == Field::EMAIL)
            .unwrap()
            .shared_file = true;
        // Also those that do not name the field: a deletion takes it along.
        assert!(is_one_at_a_time(&facts, &all));
    }

    #[test]
    fn every_row_is_sent_in_order_and_never_more_than_so_many_at_once() {
        let fake = FakeVendor::with_extensions(0);
        *fake.pbx.delay.lock().unwrap() = Duration::from_millis(2);
        let (ended, done) = sent(&fake, creations(200), &options(8));
        assert_eq!(
            (ended, counts(&done)),
            (Ended::Whole, BTreeMap::from([("created", 200)]))
        );
        assert_eq!(
            fake.pbx
                .in_flight_most
                .load(std::sync::atomic::Ordering::SeqCst),
            8
        );
        assert!(
            done.iter()
                .all(|done| done.elapsed_ms.is_some() && done.attempts == 1)
        );

        let fake = FakeVendor::with_extensions(0);
        sent(&fake, creations(100), &options(1));
        assert!(fake.pbx.order("create").is_sorted());
        assert_eq!(
            sent(&FakeVendor::with_extensions(0), vec![], &options(4)).0,
            Ended::Whole
        );
    }

    /// Takes down the rows in the order in which they are about to be sent.
    #[derive(Default)]
    struct TakenRows(Mutex<Vec<usize>>);

    impl IntentLog for TakenRows {
        fn intend(&self, position: usize) -> Result<(), String> {
            lock(&self.0).push(position);
            Ok(())
        }

        fn intended(&self, _: usize) -> u32 {
            0
        }
    }

    #[test]
    fn rows_are_taken_in_order_and_everything_pays() {
        // Each row takes a creation and, with its reply lost, a look: at 100 a second 40 rows are 80 requests.
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" => Trouble::LoseAfter,
            _ => Trouble::Nothing,
        });
        let pace = Pace::per_second(100.0, fake.stop.clone()).unwrap();
        let connection = fake.open_at(pace).unwrap();
        let begun = Instant::now();
        let mut results = 0;
        let taken = TakenRows::default();
        submit(
            &connection,
            &creations(40),
            &options(8),
            &taken,
            None,
            &mut |_| results += 1,
        );
        assert_eq!((results, fake.pbx.requests()), (40, 81));
        assert!(
            begun.elapsed() >= Duration::from_millis(770),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(*lock(&taken.0), (0..40).collect::<Vec<_>>());
    }

    #[test]
    fn a_stop_ends_it_and_settles_what_is_in_flight() {
        let fake = FakeVendor::with_extensions(0);
        *fake.pbx.delay.lock().unwrap() = Duration::from_millis(3);
        let mut done = Vec::new();
        let connection = fake.open();
        let ended = submit(
            &connection,
            &creations(200),
            &options(4),
            &NoIntentLog,
            None,
            &mut |one| {
                done.push(one);
                if done.len() == 20 {
                    fake.stop.stop();
                }
            },
        );
        assert_eq!((ended, done.len()), (Ended::Interrupted, 200));
        let created = counts(&done)["created"];
        assert!((20..=28).contains(&created), "{created}");
        assert_eq!(counts(&done)["not_sent"], 200 - created);
        assert_eq!(fake.pbx.numbers().len(), created);
        let last = done.last().unwrap();
        assert!(last.message.contains("interrupted") && last.elapsed_ms.is_none());
    }

    #[test]
    fn a_stop_does_not_wait_for_the_pace_or_a_pause() {
        let fake = FakeVendor::with_extensions(0);
        let connection = fake
            .open_at(Pace::per_second(0.01, fake.stop.clone()).unwrap())
            .unwrap();
        connection.line().pace().pause(Duration::from_secs(60));
        let begun = Instant::now();
        let mut results = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                fake.stop.stop();
            });
            submit(
                &connection,
                &creations(50),
                &options(8),
                &NoIntentLog,
                None,
                &mut |_| results += 1,
            );
        });
        assert_eq!(results, 50);
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            begun.elapsed()
        );
    }

    #[test]
    fn a_pbx_that_is_down_stops_the_run() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" if asked_number(request) >= "2050" => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        let (ended, done) = sent(&fake, creations(500), &options(4));
        let Ended::TooManyFailures(why) = ended else {
            panic!("{ended:?}")
        };
        assert!(why.contains("down"), "{why}");
        let counts = counts(&done);
        assert_eq!(counts["created"], 50);
        assert!((10..=18).contains(&counts["failed"]), "{counts:?}");
        assert!(done[499].message.contains("stopped"));
    }

    #[test]
    fn a_pbx_that_answers_in_between_is_not_down() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" if asked_number(request).ends_with(['1', '3', '5', '7']) => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        let (ended, done) = sent(&fake, creations(60), &options(1));
        assert_eq!((ended, counts(&done)["failed"]), (Ended::Whole, 24));
    }

    #[test]
    fn too_many_failures_stop_the_run_and_few_do_not() {
        let rejecting =
            |each: u32| {
                FakeVendor::with_extensions(0).troubled(move |request: &Request, _| {
                    match asked_number(request).parse::<u32>() {
                        Ok(number) if request.operation == "create" && number % each == 0 => {
                            Trouble::Answer("no")
                        }
                        _ => Trouble::Nothing,
                    }
                })
            };
        let share = Options {
            failures_max: FailuresMax::Share(0.25),
            ..options(1)
        };
        let (ended, done) = sent(&rejecting(3), creations(200), &share);
        assert!(matches!(ended, Ended::TooManyFailures(_)));
        // Nothing is judged before the twentieth row; by then seven of them are too many.
        assert_eq!(counts(&done)["not_sent"], 180, "{:?}", counts(&done));
        let (ended, done) = sent(&rejecting(5), creations(200), &share);
        assert_eq!((ended, counts(&done)["rejected"]), (Ended::Whole, 40));
        let count = Options {
            failures_max: FailuresMax::Count(2),
            ..options(1)
        };
        let (_, done) = sent(&rejecting(5), creations(200), &count);
        assert_eq!(counts(&done)["rejected"], 3);
        // Ten rejected ones in a row are no PBX that is down.
        assert_eq!(
            sent(&rejecting(1), creations(50), &options(1)).0,
            Ended::Whole
        );
        // A run with no rows left is not stopped.
        assert_eq!(sent(&rejecting(1), creations(20), &share).0, Ended::Whole);
    }

    #[test]
    fn a_refused_account_or_a_lost_target_stops_at_once() {
        for trouble in [Trouble::Status(401), Trouble::Answer("unusable")] {
            let fake = FakeVendor::with_extensions(0).troubled(move |request, _| {
                match request.operation {
                    "create" if asked_number(request) == "2010" => trouble,
                    _ => Trouble::Nothing,
                }
            });
            let (ended, done) = sent(&fake, creations(300), &options(1));
            assert!(matches!(ended, Ended::TargetLost(_)));
            let expected = BTreeMap::from([("created", 10), ("failed", 1), ("not_sent", 289)]);
            assert_eq!(counts(&done), expected, "{trouble:?}");
        }
    }

    #[test]
    fn a_session_that_cannot_be_renewed_is_not_tried_by_every_sender() {
        let fake =
            FakeVendor::with_extensions(0).troubled(|request, times| match request.operation {
                "login" if times > 1 => Trouble::Status(401),
                "create" if asked_number(request) == "2020" => Trouble::Expire,
                _ => Trouble::Nothing,
            });
        *fake.pbx.delay.lock().unwrap() = Duration::from_millis(1);
        let (ended, _) = sent(&fake, creations(300), &options(16));
        assert!(matches!(ended, Ended::TargetLost(_)));
        assert_eq!(fake.pbx.times("login"), 2);
    }

    #[test]
    fn a_sender_that_breaks_down_loses_no_row() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" if asked_number(request).ends_with('7') => Trouble::Panic,
            _ => Trouble::Nothing,
        });
        let stops = options(4);
        let unmoved = Options {
            failures_max: FailuresMax::Count(1000),
            ..stops
        };
        // The fake PBX's own lock is dropped before it breaks down.
        let (ended, done) = sent(&fake, creations(60), &unmoved);
        assert_eq!(ended, Ended::Whole);
        assert_eq!(
            counts(&done),
            BTreeMap::from([("created", 54), ("unknown", 6)])
        );
    }

    #[test]
    #[allow(clippy::print_stdout, reason = "tells the seed of a storm that fails")]
    fn storms_lose_nothing_and_make_nothing_twice() {
        for seed in 0..20_u64 {
            println!("seed {seed}");
            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| {
                let mut hasher = DefaultHasher::new();
                (seed, request.operation, asked_number(request), times).hash(&mut hasher);
                match hasher.finish() % 100 {
                    _ if request.operation == "login" => Trouble::Nothing,
                    0..4 => Trouble::Refuse,
                    4..8 => Trouble::LoseBefore,
                    8..14 => Trouble::LoseAfter,
                    14..17 => Trouble::StatusAfter(503),
                    17..20 => Trouble::Status(503),
                    20..23 => Trouble::Expire,
                    23..25 => Trouble::Answer("busy"),
                    25..27 => Trouble::Garbage,
                    27..29 => Trouble::Late,
                    _ => Trouble::Nothing,
                }
            });
            let (_, done) = sent(&fake, creations(100), &options(8));
            let numbers = fake.pbx.numbers();
            for done in &done {
                let there = numbers.contains(&done.number);
                match done.result {
                    RowResult::Created => assert!(there, "seed {seed}: {done:?}"),
                    RowResult::Failed | RowResult::NotSent => {
                        assert!(!there, "seed {seed}: {done:?}");
                    }
                    RowResult::Unknown => {}
                    other => panic!("seed {seed}: {other:?} {done:?}"),
                }
            }
            assert!(
                counts(&done)["created"] >= 70,
                "seed {seed}: {:?}",
                counts(&done)
            );
        }
    }
}
