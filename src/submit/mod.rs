//! Sends changes: in row order, at the target's pace, so many in flight; every change gets exactly one [`Done`].
//!
//! - [`converse`]: the one loop that talks.
//! - [`order`]: what leaves after what.
//! - [`settle`]: one change to its end, lost replies included.
//! - [`verify`]: reads back what was written, before its result counts.
//!
//! There is no dispatcher thread: a sender that is free takes the next row and its permit from the `Rows` itself, one
//! sender at a time. So rows leave in their order, a permit is used at once and never lies about, and at the gate is the
//! one place that every row passes before it is sent, as `Records::record` is the one place that every result passes.

pub mod converse;
pub mod order;
pub mod settle;
#[cfg(test)]
mod toy;
pub mod verify;

use crate::link::StopFlag;
use crate::link::paced::Permit;
use crate::model::{Action, Change, Fault, FaultKind, Field, RowResult};
use converse::{Connection, PARALLEL_MAX};
use crossbeam_channel::{Sender, bounded};
use order::Needs;
use settle::Verdict;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;
use verify::{Sent, Verifier, Verify};

/// So many rows in a row that look like a PBX that is down stop the run.
pub const DOWN_IN_A_ROW: u32 = 10;

/// From so many rows on a share of failures is judged.
pub const SHARE_AFTER: u32 = 20;

/// How many failures a run may have before it stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FailuresMax {
    /// So many.
    Count(u32),
    /// Such a part of the rows sent so far, 0 to 1, once [`SHARE_AFTER`] were sent.
    Share(f64),
}

/// How changes are sent.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many changes are in flight, at most [`PARALLEL_MAX`]; one where changes write groups.
    pub parallel: usize,
    /// How many failures the run may have.
    pub failures_max: FailuresMax,
    /// How far lost replies are followed up.
    pub settling: settle::Limits,
    /// What is read back once it is written.
    pub verify: Verify,
    /// How many extensions are read back at once; the vendor's own `batch` is the most.
    pub batch: usize,
}

impl Options {
    /// The usual limits with so many changes in flight; nothing is read back.
    pub fn parallel(parallel: usize) -> Self {
        Options {
            parallel,
            failures_max: FailuresMax::Share(0.25),
            settling: settle::Limits::default(),
            verify: Verify::None,
            batch: usize::MAX,
        }
    }
}

/// What has to be written down before a change may leave.
pub trait Journal: Sync {
    /// Waits until it is safely written down that the change at this position is about to be said, and tells how often
    /// that was written down before by a run that was cut off: if ever, the PBX is looked at first.
    ///
    /// # Errors
    /// Why it cannot be written down: then neither this change nor any after it may be said.
    fn intend(&self, position: usize) -> Result<u32, String>;
}

/// Nothing is written down: for a PBX that is gone when the process is.
pub struct NoJournal;

impl Journal for NoJournal {
    fn intend(&self, _: usize) -> Result<u32, String> {
        Ok(0)
    }
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The change's `row`.
    pub row: usize,
    /// The change's number.
    pub number: String,
    /// The change's action.
    pub action: Action,
    /// The result, with its reasons.
    pub verdict: Verdict,
    /// From taking the row up to its result, in milliseconds; `None` where nothing was sent.
    pub elapsed_ms: Option<u64>,
    /// When the result stood fast.
    pub finished_at: jiff::Timestamp,
}

/// How the sending ended. Where every change was sent, only a lost target counts.
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
    /// What is about to be sent cannot be written down any longer; why.
    JournalLost(String),
}

impl Ended {
    /// Why nothing more was sent, and what to do about it.
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
                format!("the run was stopped before it: {}", fault.message),
                fault.hint.clone(),
            ),
            Ended::JournalLost(why) => (
                format!("the run was stopped before it: {why}"),
                "make room or mend the folder, then go on: rowcall resume".into(),
            ),
        }
    }
}

/// Sends changes and gives `each` what became of every row, in the order in which they end.
///
/// A change that points at an extension which one before it brings into being waits for that one, and is `held` where
/// that one is not done; a second change of the same row waits for the first, and both have one [`Done`]: see
/// [`order::in_order`].
///
/// Returns when nothing is in flight any more. What was not sent, because the end was asked for or the run had to stop,
/// has its [`Done`] too, with the reason.
pub fn submit(
    connection: &Connection,
    changes: &[Change],
    options: &Options,
    journal: &dyn Journal,
    each: &mut dyn FnMut(Done),
) -> Ended {
    submit_in_waves(
        connection,
        changes,
        &[],
        options,
        journal,
        each,
        &mut |_| None,
    )
}

/// As [`submit`], in waves of so many changes, what is left in a last one. `after` is told each wave that is through,
/// counting from 0, and may end the run with it.
pub fn submit_in_waves(
    connection: &Connection,
    changes: &[Change],
    waves: &[usize],
    options: &Options,
    journal: &dyn Journal,
    each: &mut dyn FnMut(Done),
    after: &mut dyn FnMut(usize) -> Option<Ended>,
) -> Ended {
    let ends: Vec<usize> = waves
        .iter()
        .scan(0, |end, count| {
            *end += count;
            Some(*end)
        })
        .collect();
    let needs = Needs::of(changes, &ends);
    let mut rows = Rows {
        changes,
        next: Mutex::new(0),
        until: 0,
        held: vec![false; changes.len()],
        ended: Mutex::new(None),
        tally: Mutex::default(),
        failures_max: options.failures_max,
        stop: connection.line().pace().stop_flag(),
        journal,
        verifier: Verifier::new(connection, options),
        senders: AtomicUsize::new(0),
    };
    let mut records = Records {
        changes,
        needs: &needs,
        recorded: vec![None; changes.len()],
        firsts: HashMap::new(),
        each,
    };
    let share_groups = share_groups(changes);
    for round in &needs.rounds {
        if rows.is_ended() {
            break;
        }
        for position in round.clone() {
            rows.held[position] = records.hold(position);
        }
        rows.until = round.end;
        let threads = options.parallel.clamp(1, PARALLEL_MAX).min(round.len());
        let threads = if share_groups { 1 } else { threads };
        rows.senders = AtomicUsize::new(threads);
        let rows = &rows;
        let (results, ended_rows) = bounded(threads);
        thread::scope(|scope| {
            for _ in 0..threads {
                let results = results.clone();
                scope.spawn(|| send_rows(connection, rows, &options.settling, results));
            }
            drop(results);
            for (position, done) in ended_rows {
                records.record(position, done);
            }
        });
        if let Some(wave) = ends.iter().position(|end| *end == round.end) {
            rows.begin_wave();
            if let Some(why) = after(wave) {
                rows.end(why);
            }
        }
    }
    let given_out = *lock(&rows.next);
    let why = lock(&rows.ended).clone().unwrap_or(Ended::Whole);
    records.record_the_rest(given_out, &why);
    let all_sent = given_out == changes.len();
    match lock(&rows.ended).take() {
        Some(lost @ (Ended::TargetLost(_) | Ended::JournalLost(_))) => lost,
        Some(ended) if !all_sent => ended,
        _ => Ended::Whole,
    }
}

/// Whether changes write groups. A group is read, changed and written back whole: of two changes at the same time one
/// would undo the other, and nobody would notice.
fn share_groups(changes: &[Change]) -> bool {
    changes
        .iter()
        .any(|change| change.wanted.get(Field::GROUPS).is_some())
}

/// The rows, given out one by one in their order.
struct Rows<'c> {
    changes: &'c [Change],
    /// The next one's position. Whoever holds it is alone at the gate.
    next: Mutex<usize>,
    /// Where the round ends.
    until: usize,
    /// What is not sent, because what it waited for is not done.
    held: Vec<bool>,
    /// Why nothing more is given out.
    ended: Mutex<Option<Ended>>,
    tally: Mutex<Tally>,
    failures_max: FailuresMax,
    stop: &'c StopFlag,
    journal: &'c dyn Journal,
    verifier: Verifier<'c>,
    /// How many senders are at work.
    senders: AtomicUsize,
}

/// One row on its way out.
struct Taken<'c> {
    position: usize,
    change: &'c Change,
    /// How often it was about to be said before this process.
    intended: u32,
    permit: Permit,
}

impl<'c> Rows<'c> {
    /// The gate: the next row, written down, and the permit for its first request. Every row passes here, in order,
    /// before anything of it is sent.
    fn take(&self, connection: &Connection) -> Option<Taken<'c>> {
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
        let intended = match self.journal.intend(position) {
            Ok(intended) => intended,
            Err(why) => {
                self.end(Ended::JournalLost(why));
                return None;
            }
        };
        let permit = connection.line().pace().permit_unless(|| self.is_ended())?;
        *next += 1;
        Some(Taken {
            position,
            change,
            intended,
            permit,
        })
    }

    /// Sees whether the run may go on after a result: before the sender takes another row, and not only when the
    /// result is recorded.
    fn judge(&self, verdict: &Verdict) {
        if let Some(fault) = verdict.fault.as_ref().filter(|fault| fault.ends_the_run()) {
            self.end(Ended::TargetLost(fault.clone()));
        }
        if let Some(why) = lock(&self.tally).too_many(verdict, self.failures_max) {
            self.end(Ended::TooManyFailures(why));
        }
    }

    /// As [`Rows::judge`], for a row that counted as done until it was read back.
    fn judge_again(&self, verdict: &Verdict) {
        if verdict.result.is_done() {
            return;
        }
        lock(&self.tally).takes_back();
        self.judge(verdict);
    }

    /// Failures count anew; where everything so far was sent, they were not too many for it.
    fn begin_wave(&self) {
        *lock(&self.tally) = Tally::default();
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

    /// Nothing more is given out; the first reason stays.
    fn end(&self, why: Ended) {
        lock(&self.ended).get_or_insert(why);
    }
}

/// How the rows fared so far.
#[derive(Default)]
struct Tally {
    sent: u32,
    failed: u32,
    down_in_a_row: u32,
}

impl Tally {
    /// A row that was counted is to be counted again.
    fn takes_back(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    /// Counts a result; says, in words, when the failures are too many.
    fn too_many(&mut self, verdict: &Verdict, failures_max: FailuresMax) -> Option<String> {
        self.sent += 1;
        if verdict.result.is_done() {
            self.down_in_a_row = 0;
            return None;
        }
        self.failed += 1;
        self.down_in_a_row = if looks_down(verdict) {
            self.down_in_a_row + 1
        } else {
            0
        };
        let (failed, sent) = (self.failed, self.sent);
        let too_many = match failures_max {
            FailuresMax::Count(most) => failed > most,
            FailuresMax::Share(most) => {
                sent >= SHARE_AFTER && f64::from(failed) > most * f64::from(sent)
            }
        };
        if too_many {
            return Some(format!("{failed} of the {sent} rows sent so far failed"));
        }
        let down = self.down_in_a_row >= DOWN_IN_A_ROW;
        down.then(|| {
            let last = &verdict.message;
            format!("the last {DOWN_IN_A_ROW} rows failed as if the PBX were down ({last})")
        })
    }
}

/// One sender: takes rows until there is none.
fn send_rows<'c>(
    connection: &Connection,
    rows: &Rows<'c>,
    settling: &settle::Limits,
    results: Sender<(usize, Done)>,
) {
    while let Some(Taken {
        position,
        change,
        intended,
        permit,
    }) = rows.take(connection)
    {
        let begun = Instant::now();
        let verdict = caught(|| settle::carry_out(connection, change, intended, permit, settling))
            .unwrap_or_else(|fault| stopped_short(RowResult::Unknown, 1, Some(fault)));
        rows.judge(&verdict);
        let sent = Sent {
            position,
            change,
            verdict,
            begun,
        };
        let fast = if rows.verifier.concerns(&sent) {
            verified(rows, rows.verifier.add(sent))
        } else {
            vec![sent]
        };
        if !give(fast, &results) {
            return;
        }
    }
    // Whoever is the last reads back what still waits for company.
    if rows.senders.fetch_sub(1, Ordering::SeqCst) == 1 {
        give(verified(rows, rows.verifier.rest()), &results);
    }
}

fn verified<'c>(rows: &Rows<'c>, sent: Vec<Sent<'c>>) -> Vec<Sent<'c>> {
    for one in &sent {
        rows.judge_again(&one.verdict);
    }
    sent
}

/// Hands results over; whether anybody takes them.
fn give(sent: Vec<Sent<'_>>, results: &Sender<(usize, Done)>) -> bool {
    sent.into_iter().all(|one| {
        let elapsed_ms = u64::try_from(one.begun.elapsed().as_millis()).ok();
        let done = done(one.change, one.verdict, elapsed_ms);
        results.send((one.position, done)).is_ok()
    })
}

/// The results, each taken down once.
struct Records<'c, 'e> {
    changes: &'c [Change],
    needs: &'c Needs,
    /// The result of each change that has one.
    recorded: Vec<Option<RowResult>>,
    /// First steps that are done, by the second step's position.
    firsts: HashMap<usize, Done>,
    each: &'e mut dyn FnMut(Done),
}

impl Records<'_, '_> {
    /// Takes one result down. Every result of a row that was sent passes here.
    fn record(&mut self, position: usize, done: Done) {
        match self.recorded.get_mut(position) {
            Some(recorded @ None) => *recorded = Some(done.verdict.result),
            _ => return,
        }
        if let Some(second) = self.needs.seconds.get(&position) {
            if done.verdict.result.is_done() {
                self.firsts.insert(*second, done);
                return;
            }
            // The row ends with its first step.
            self.recorded[*second] = Some(done.verdict.result);
        }
        let done = match self.firsts.remove(&position) {
            Some(first) => in_two_steps(first, done),
            None => done,
        };
        (self.each)(done);
    }

    /// Gives a change its result where something that it waited for is not done; whether that is so.
    fn hold(&mut self, position: usize) -> bool {
        if self.recorded.get(position).is_none_or(Option::is_some) {
            return true;
        }
        let failed = self.needs.parents(position).iter().find_map(|parent| {
            let result = (*self.recorded.get(parent.1)?)?;
            (!result.is_done()).then_some((parent.0, parent.1, result))
        });
        let (Some((field, parent, result)), Some(change)) = (failed, self.changes.get(position))
        else {
            return false;
        };
        let verdict = self.changes.get(parent).map_or_else(
            || stopped_short(RowResult::Held, 0, None),
            |parent| held(field, parent, result),
        );
        self.record(position, done(change, verdict, None));
        true
    }

    /// Rows in are results out: whatever has no result by now gets one.
    fn record_the_rest(&mut self, given_out: usize, why: &Ended) {
        for (position, change) in self.changes.iter().enumerate() {
            if self.recorded.get(position).is_none_or(Option::is_some) {
                continue;
            }
            let verdict = if position < given_out {
                stopped_short(RowResult::Unknown, 1, Some(sender_broke_down()))
            } else {
                self.record(position, not_sent(change, why));
                continue;
            };
            self.record(position, done(change, verdict, None));
        }
    }
}

/// The verdict on a change that points at an extension which is not there.
fn held(field: Option<Field>, parent: &Change, result: RowResult) -> Verdict {
    let number = order::brings(parent).unwrap_or(&parent.number);
    Verdict {
        differing: field.into_iter().collect(),
        message: format!(
            "it points at extension {number} (row {}), which is {}",
            parent.row + 1,
            result.word()
        ),
        hint: format!("see what became of {number}, then run both again"),
        ..stopped_short(RowResult::Held, 0, None)
    }
}

/// The one result of a row that took two steps, of which the first is done.
fn in_two_steps(first: Done, second: Done) -> Done {
    let (result, verdict) = (first.verdict.result, second.verdict);
    let attempts = first.verdict.attempts + verdict.attempts;
    let elapsed_ms = first
        .elapsed_ms
        .map(|ms| ms + second.elapsed_ms.unwrap_or(0));
    let verdict = match verdict.result {
        ended if ended.is_done() => Verdict {
            result,
            message: first.verdict.message,
            attempts,
            ..verdict
        },
        ended => Verdict {
            // It is there, so it has not merely failed.
            result: match ended {
                RowResult::Held | RowResult::NotSent | RowResult::Unknown => ended,
                _ => RowResult::Differs,
            },
            message: format!(
                "{} without its forwards, for extensions point at each other: {}",
                result.word(),
                verdict.message
            ),
            attempts,
            ..verdict
        },
    };
    Done {
        verdict,
        elapsed_ms,
        finished_at: second.finished_at,
        ..first
    }
}

/// What there is to say of a change that the run ended before.
fn not_sent(change: &Change, ended: &Ended) -> Done {
    let (message, hint) = ended.words();
    let verdict = Verdict {
        message,
        hint,
        ..stopped_short(RowResult::NotSent, 0, None)
    };
    done(change, verdict, None)
}

fn done(change: &Change, verdict: Verdict, elapsed_ms: Option<u64>) -> Done {
    Done {
        row: change.row,
        number: change.number.clone(),
        action: change.action,
        verdict,
        elapsed_ms,
        finished_at: jiff::Timestamp::now(),
    }
}

/// Whether a result looks like a PBX that is down.
fn looks_down(verdict: &Verdict) -> bool {
    let transport = |fault: &Fault| {
        matches!(
            fault.kind,
            FaultKind::NotSent | FaultKind::MayHaveHappened | FaultKind::Busy
        )
    };
    matches!(verdict.result, RowResult::Failed | RowResult::Unknown)
        && verdict.fault.as_ref().is_some_and(transport)
}

/// The verdict on a row that did not come to its end.
fn stopped_short(result: RowResult, attempts: u32, fault: Option<Fault>) -> Verdict {
    Verdict {
        result,
        message: fault
            .as_ref()
            .map(|fault| fault.message.clone())
            .unwrap_or_default(),
        hint: fault
            .as_ref()
            .map(|fault| fault.hint.clone())
            .unwrap_or_default(),
        fault,
        differing: Vec::<Field>::new(),
        attempts,
        http_status: None,
        looked: false,
    }
}

fn sender_broke_down() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "submit.broke_down",
        "rowcall broke down while it worked on this row, so it may have happened",
    )
    .hint("look at this extension on the PBX; the breakdown is a mistake in rowcall: please report it")
}

/// Does something that must not take the run with it when it breaks down.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| sender_broke_down())
}

/// Locks, also after another thread broke down with the lock in its hand: what is kept behind these locks is whole at
/// every moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::toy::{Toy, Trouble};
    use super::*;
    use crate::link::paced::Pace;
    use crate::model::Record;
    use crate::wire::Request;
    use std::collections::BTreeMap;
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
            settling: settle::Limits {
                attempts_max: 4,
                second_look: Duration::from_millis(1),
            },
            ..Options::parallel(parallel)
        }
    }

    /// Submits and checks what always holds: one result a row, and no extension made twice.
    fn sent(toy: &Toy, changes: Vec<Change>, options: &Options) -> (Ended, Vec<Done>) {
        let count = changes.len();
        let mut done = Vec::new();
        let ended = submit(&toy.open(), &changes, options, &NoJournal, &mut |one| {
            done.push(one)
        });
        done.sort_by_key(|done| done.row);
        let rows: Vec<usize> = done.iter().map(|done| done.row).collect();
        assert_eq!(rows, (0..count).collect::<Vec<_>>());
        assert!(toy.pbx.creations().values().all(|times| *times == 1));
        (ended, done)
    }

    fn counts(done: &[Done]) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for done in done {
            *counts.entry(done.verdict.result.word()).or_default() += 1;
        }
        counts
    }

    #[test]
    fn every_row_is_sent_in_order_and_never_more_than_so_many_at_once() {
        let toy = Toy::holding(0);
        *toy.pbx.delay.lock().unwrap() = Duration::from_millis(2);
        let (ended, done) = sent(&toy, creations(200), &options(8));
        assert_eq!(
            (ended, counts(&done)),
            (Ended::Whole, BTreeMap::from([("created", 200)]))
        );
        assert_eq!(
            toy.pbx
                .in_flight_most
                .load(std::sync::atomic::Ordering::SeqCst),
            8
        );
        assert!(
            done.iter()
                .all(|done| done.elapsed_ms.is_some() && done.verdict.attempts == 1)
        );

        let toy = Toy::holding(0);
        sent(&toy, creations(100), &options(1));
        assert!(toy.pbx.order("create").is_sorted());
        assert_eq!(sent(&Toy::holding(0), vec![], &options(4)).0, Ended::Whole);
    }

    #[test]
    fn rows_leave_in_order_at_the_pace_and_everything_pays() {
        // Each row takes a creation and, with its reply lost, a look: at 100 a second 40 rows are 80 requests.
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "create" => Trouble::LoseAfter,
            _ => Trouble::Nothing,
        });
        let pace = Pace::per_second(100.0, toy.stop.clone()).unwrap();
        let connection = toy.open_at(pace).unwrap();
        let begun = Instant::now();
        let mut results = 0;
        submit(
            &connection,
            &creations(40),
            &options(8),
            &NoJournal,
            &mut |_| results += 1,
        );
        assert_eq!((results, toy.pbx.requests()), (40, 81));
        assert!(
            begun.elapsed() >= Duration::from_millis(770),
            "{:?}",
            begun.elapsed()
        );
        assert!(
            begun.elapsed() < Duration::from_millis(1500),
            "{:?}",
            begun.elapsed()
        );
        // Two that have their permits may overtake each other on the way, no more.
        let order: Vec<usize> = toy
            .pbx
            .order("create")
            .iter()
            .map(|number| number.parse().unwrap())
            .collect();
        assert!(
            order
                .iter()
                .enumerate()
                .all(|(place, number)| (2000 + place).abs_diff(*number) <= 2),
            "{order:?}"
        );
    }

    #[test]
    fn a_stop_ends_it_and_settles_what_is_in_flight() {
        let toy = Toy::holding(0);
        *toy.pbx.delay.lock().unwrap() = Duration::from_millis(3);
        let mut done = Vec::new();
        let connection = toy.open();
        let ended = submit(
            &connection,
            &creations(200),
            &options(4),
            &NoJournal,
            &mut |one| {
                done.push(one);
                if done.len() == 20 {
                    toy.stop.stop();
                }
            },
        );
        assert_eq!((ended, done.len()), (Ended::Interrupted, 200));
        let created = counts(&done)["created"];
        assert!((20..=28).contains(&created), "{created}");
        assert_eq!(counts(&done)["not_sent"], 200 - created);
        assert_eq!(toy.pbx.numbers().len(), created);
        let last = done.last().unwrap();
        assert!(last.verdict.message.contains("interrupted") && last.elapsed_ms.is_none());
    }

    #[test]
    fn a_stop_does_not_wait_for_the_pace_or_a_pause() {
        let toy = Toy::holding(0);
        let connection = toy
            .open_at(Pace::per_second(0.01, toy.stop.clone()).unwrap())
            .unwrap();
        connection.line().pace().pause(Duration::from_secs(60));
        let begun = Instant::now();
        let mut results = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                toy.stop.stop();
            });
            submit(
                &connection,
                &creations(50),
                &options(8),
                &NoJournal,
                &mut |_| results += 1,
            );
        });
        assert_eq!(results, 50);
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
    }

    #[test]
    fn a_pbx_that_is_down_stops_the_run() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "create" if request.query[0].1.as_str() >= "2050" => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        let (ended, done) = sent(&toy, creations(500), &options(4));
        let Ended::TooManyFailures(why) = ended else {
            panic!("{ended:?}")
        };
        assert!(why.contains("down"), "{why}");
        let counts = counts(&done);
        assert_eq!(counts["created"], 50);
        assert!((10..=18).contains(&counts["failed"]), "{counts:?}");
        assert!(done[499].verdict.message.contains("stopped"));
    }

    #[test]
    fn a_pbx_that_answers_in_between_is_not_down() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "create" if request.query[0].1.ends_with(['1', '3', '5', '7']) => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        let (ended, done) = sent(&toy, creations(60), &options(1));
        assert_eq!((ended, counts(&done)["failed"]), (Ended::Whole, 24));
    }

    #[test]
    fn too_many_failures_stop_the_run_and_few_do_not() {
        let rejecting = |each: u32| {
            Toy::holding(0).troubled(move |request: &Request, _| {
                match request.query[0].1.parse::<u32>() {
                    Ok(number) if request.operation == "create" && number % each == 0 => {
                        Trouble::Say("no")
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
        // Where nothing was left to stop, nothing was stopped.
        assert_eq!(sent(&rejecting(1), creations(20), &share).0, Ended::Whole);
    }

    #[test]
    fn a_refused_account_or_a_lost_target_stops_at_once() {
        for trouble in [Trouble::Status(401), Trouble::Say("unusable")] {
            let toy = Toy::holding(0).troubled(move |request, _| match request.operation {
                "create" if request.query[0].1 == "2010" => trouble,
                _ => Trouble::Nothing,
            });
            let (ended, done) = sent(&toy, creations(300), &options(1));
            assert!(matches!(ended, Ended::TargetLost(_)));
            let expected = BTreeMap::from([("created", 10), ("failed", 1), ("not_sent", 289)]);
            assert_eq!(counts(&done), expected, "{trouble:?}");
        }
    }

    #[test]
    fn a_session_that_cannot_be_renewed_is_not_tried_by_every_sender() {
        let toy = Toy::holding(0).troubled(|request, times| match request.operation {
            "login" if times > 1 => Trouble::Status(401),
            "create" if request.query[0].1 == "2020" => Trouble::Expire,
            _ => Trouble::Nothing,
        });
        *toy.pbx.delay.lock().unwrap() = Duration::from_millis(1);
        let (ended, _) = sent(&toy, creations(300), &options(16));
        assert!(matches!(ended, Ended::TargetLost(_)));
        assert_eq!(toy.pbx.said("login"), 2);
    }

    #[test]
    fn a_sender_that_breaks_down_loses_no_row() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "create" if request.query[0].1.ends_with('7') => Trouble::Panic,
            _ => Trouble::Nothing,
        });
        let stops = options(4);
        let unmoved = Options {
            failures_max: FailuresMax::Count(1000),
            ..stops
        };
        // The toy's own lock is dropped before it breaks down.
        let (ended, done) = sent(&toy, creations(60), &unmoved);
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
            let toy = Toy::holding(0).troubled(move |request, times| {
                let mut hasher = DefaultHasher::new();
                (seed, request.operation, &request.query, times).hash(&mut hasher);
                match hasher.finish() % 100 {
                    _ if request.operation == "login" => Trouble::Nothing,
                    0..4 => Trouble::Refuse,
                    4..8 => Trouble::LoseBefore,
                    8..14 => Trouble::LoseAfter,
                    14..17 => Trouble::StatusAfter(503),
                    17..20 => Trouble::Status(503),
                    20..23 => Trouble::Expire,
                    23..25 => Trouble::Say("busy"),
                    25..27 => Trouble::Garbage,
                    27..29 => Trouble::Late,
                    _ => Trouble::Nothing,
                }
            });
            let (_, done) = sent(&toy, creations(100), &options(8));
            let numbers = toy.pbx.numbers();
            for done in &done {
                let there = numbers.contains(&done.number);
                match done.verdict.result {
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
