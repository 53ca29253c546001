//! Results wait until the PBX has certainly stored what it accepted: some say so before, and lose it where they are killed,
//! or where their database is busy.
//!
//! A row waits for as long as the vendor's fact `loses_ms` says, and is read back then, not before. If the PBX has started
//! anew meanwhile, or has not kept it, it is looked at once more, and what is not there is sent again. After a new start the
//! last rows that were stored are looked at too: where they are gone, it is not the PBX that it was.

use super::converse::Connection;
use super::options::{NewStarts, Options};
use super::panics::{caught, lock};
use super::settle::{SettleLimits, carry_out_again};
use super::settlement::Settlement;
use super::verify::{Sent, Verifier};
use crate::compare::differing;
use crate::model::{Action, Fault, FaultCause, FaultKind, Field, Record, RowResult, field_names};
use crate::wire::{PbxFile, PbxStart};
use std::collections::HashMap;
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longest time for which stored rows wait for further ones, so that the PBX is asked once for all of them.
const COMPANY_WAIT_MAX: Duration = Duration::from_secs(1);

/// The most times that a row is looked at again which the PBX did not keep.
const LOST_LOOKS_MAX: u32 = 2;

/// The most rows whose extensions are looked for on another PBX.
const ELSEWHERE_MAX: usize = 100;

/// The last stored rows that are looked at after a new start.
const PROBES: usize = 8;

/// The rows whose result is not certain yet.
pub(super) struct Storage<'c> {
    connection: &'c Connection,
    /// The time after which what was accepted is stored; zero where nothing is ever lost.
    loses: Duration,
    limits: SettleLimits,
    waiting: Mutex<Vec<Unstored<'c>>>,
    /// The last rows that were stored.
    stored: Mutex<Vec<Sent<'c>>>,
    /// The starts of the PBX that were seen in the run.
    starts: Arc<Mutex<NewStarts>>,
    /// The file beside its database, as it was before anything was sent.
    file: Option<PbxFile>,
}

/// A row that the PBX accepted and may not have stored.
struct Unstored<'c> {
    sent: Sent<'c>,
    /// The time by which it was accepted.
    since: Instant,
    /// The times that it was looked at because it may have been lost.
    lookups: u32,
    /// True if it counted as done when it was sent.
    was_done: bool,
}

impl<'c> Storage<'c> {
    /// The rows of one run over this connection.
    pub(super) fn new(connection: &'c Connection, options: &Options) -> Storage<'c> {
        let has_file = !options.loses.is_zero() && connection.manifest().is_one_at_a_time();
        Storage {
            file: has_file.then(|| connection.ask_file()).flatten(),
            connection,
            loses: options.loses,
            limits: options.settling,
            waiting: Mutex::default(),
            stored: Mutex::default(),
            starts: options.starts.clone(),
        }
    }

    /// Returns true for a row of which the PBX may have accepted something that it may lose.
    pub(super) fn concerns(&self, sent: &Sent<'_>) -> bool {
        let result = sent.settlement.result;
        !self.loses.is_zero()
            && sent.started.is_some()
            && sent.change.action != Action::None
            && (result.is_done()
                || matches!(result, RowResult::Differs | RowResult::Unknown)
                || finds_another(sent).is_some())
    }

    /// Takes a row in, and returns those that are certain by now. `judge` is told of each result that is no success any
    /// more.
    pub(super) fn add(
        &self,
        sent: Sent<'c>,
        verifier: &Verifier<'c>,
        judge: &dyn Fn(&Settlement),
    ) -> Vec<Sent<'c>> {
        let due: Vec<Unstored<'c>> = {
            let mut waiting = lock(&self.waiting);
            waiting.push(Unstored {
                was_done: sent.settlement.result.is_done(),
                sent,
                since: Instant::now(),
                lookups: 0,
            });
            let longest = waiting.iter().map(|one| one.since.elapsed()).max();
            if longest.is_none_or(|longest| longest < self.loses + COMPANY_WAIT_MAX) {
                return vec![];
            }
            let is_due = |one: &mut Unstored<'c>| one.since.elapsed() >= self.loses;
            waiting.extract_if(.., is_due).collect()
        };
        self.check(due, verifier, judge)
    }

    /// Waits until all rows are certain.
    pub(super) fn rest(
        &self,
        verifier: &Verifier<'c>,
        judge: &dyn Fn(&Settlement),
    ) -> Vec<Sent<'c>> {
        let mut certain = vec![];
        loop {
            let due = take(&mut *lock(&self.waiting));
            let Some(last) = due.iter().map(|one| one.since).max() else {
                return certain;
            };
            thread::sleep(self.loses.saturating_sub(last.elapsed()));
            certain.extend(self.check(due, verifier, judge));
        }
    }

    /// Asks when the PBX started, and reads back the rows that were taken up after that. What it may have lost waits again.
    fn check(
        &self,
        due: Vec<Unstored<'c>>,
        verifier: &Verifier<'c>,
        judge: &dyn Fn(&Settlement),
    ) -> Vec<Sent<'c>> {
        let started = caught(|| self.connection.ask_started()).unwrap_or_else(Err);
        let is_same = |one: &Unstored<'c>| match (&started, &one.sent.started) {
            (Ok(Some(now)), Some(then)) => now.is_same(then),
            (Ok(None), None) => true,
            _ => false,
        };
        let (same, older): (Vec<_>, Vec<_>) = due.into_iter().partition(is_same);
        let gone = match (&started, older.first()) {
            (Err(blind), _) => Some(does_not_come_back(blind)),
            (Ok(now), Some(one)) => self.became_another(&one.sent, now.as_deref(), verifier),
            (Ok(_), None) => None,
        };
        let gone = gone.or_else(|| self.found_another(older.iter().chain(&same)));
        if let Some(fault) = gone {
            let all: Vec<Unstored<'c>> = older.into_iter().chain(same).collect();
            let elsewhere = self.elsewhere(&all, &fault);
            let unknown = all.into_iter().map(|mut one| {
                one.sent.settlement = not_known(&one.sent, &fault);
                if let Some(words) = elsewhere.get(&one.sent.change.number) {
                    one.sent.settlement.message += words;
                }
                report_unstored(one, judge)
            });
            return unknown.collect();
        }
        let mut certain = vec![];
        for rows in chunks(same, verifier.batch()) {
            for one in self.read_back(rows, verifier) {
                let Settlement { result, fault, .. } = &one.sent.settlement;
                let is_refused = fault
                    .as_ref()
                    .is_some_and(|fault| fault.kind == FaultKind::Rejected);
                let is_lost = one.was_done && *result == RowResult::Differs && !is_refused;
                if is_lost && one.lookups < LOST_LOOKS_MAX {
                    certain.extend(self.look_up_again(one, not_kept(), judge));
                } else {
                    self.note_stored(&one.sent);
                    certain.push(report_unstored(one, judge));
                }
            }
        }
        let (found, older): (Vec<_>, Vec<_>) = older
            .into_iter()
            .partition(|one| finds_another(&one.sent).is_some());
        certain.extend(found.into_iter().map(|one| report_unstored(one, judge)));
        for one in older {
            certain.extend(self.look_up_again(one, started_anew(), judge));
        }
        certain
    }

    /// Returns the fault of a PBX that is another one than before it started anew, or has lost what was stored.
    fn became_another(
        &self,
        sent: &Sent<'_>,
        now: Option<&PbxStart>,
        verifier: &Verifier<'c>,
    ) -> Option<Fault> {
        let (before, now) = (sent.started.as_ref()?, now?);
        lock(&self.starts).times.insert(now.time.clone());
        if before.pbx != now.pbx {
            let why = format!("it was {}, and now {} answers", before.pbx, now.pbx);
            return Some(another_pbx(&why));
        }
        let stored = lock(&self.stored).clone();
        let rows = verifier.check_again(stored);
        let is_lost = |one: &&Sent<'_>| one.settlement.result == RowResult::Differs;
        let gone = rows.iter().filter(is_lost);
        let gone = gone.map(|one| (one.change.row, one.settlement.message.clone()));
        lock(&self.starts).gone.extend(gone);
        let lost = rows.iter().find(is_lost)?;
        let why = format!(
            "{} was stored, and since it started anew {}",
            lost.change.number, lost.settlement.message
        );
        Some(another_pbx(&why))
    }

    /// Returns the fault of a PBX that has started anew in this run, and on which a row does not find what was there when
    /// the run was planned, or finds what was not.
    fn found_another<'u>(&self, mut rows: impl Iterator<Item = &'u Unstored<'c>>) -> Option<Fault>
    where
        'c: 'u,
    {
        if lock(&self.starts).times.is_empty() {
            return None;
        }
        let why = rows.find_map(|one| finds_another(&one.sent))?;
        Some(another_pbx(&why))
    }

    /// Looks for what another PBX, which answers now, has of the rows that were under way when it came: what was looked at
    /// on the one before may have been written there. Returns it in words, by number.
    fn elsewhere(&self, rows: &[Unstored<'c>], fault: &Fault) -> HashMap<String, String> {
        let mut elsewhere = HashMap::new();
        if fault.cause != FaultCause::AnotherPbx {
            return elsewhere;
        }
        let manifest = self.connection.manifest();
        let changes = rows.iter().map(|one| one.sent.change);
        let changes = changes.filter(|change| change.action != Action::Delete);
        for change in changes.take(ELSEWHERE_MAX) {
            let number = change.present_number();
            let numbers = [number.to_owned()];
            let is_wanted =
                |current: &Record| differing(manifest, &change.wanted, current).is_empty();
            let current = self.connection.fetch(&numbers, false).unwrap_or_default();
            let record = change.wanted.noun();
            if current.iter().any(is_wanted) {
                let words = format!(
                    "; the PBX that answers now has the {record} {number} as the row wants it, so this run may have made it there ({}): look at it there, and delete it where nobody else made it",
                    manifest.vendor.made_of
                );
                elsewhere.insert(change.number.clone(), words);
            } else if current.is_empty()
                && let Ok(parts) = self.connection.fetch_parts(&numbers, 1)
                && let Some(part) = parts.first()
            {
                let unlike = differing(manifest, part, &change.wanted);
                let is_of_row = |field: &Field| {
                    let is_wanted = change.wanted.get(*field).is_some();
                    is_wanted && !field.is_key() && !unlike.contains(field)
                };
                let fields = part.iter().map(|(field, _)| field);
                let own: Vec<Field> = fields.filter(is_of_row).collect();
                if !own.is_empty() {
                    let words = format!(
                        "; the PBX that answers now has no {record} {number}, but a part of it with the row's {}, which this run has made there: delete it there",
                        field_names(&own)
                    );
                    elsewhere.insert(change.number.clone(), words);
                }
            }
        }
        elsewhere
    }

    /// Notes what the file beside the database has lost since the run began.
    pub(super) fn note_losses(&self) {
        let Some(before) = &self.file else { return };
        if let Some(now) = self.connection.ask_file() {
            let lost = before.entries.difference(&now.entries).cloned();
            lock(&self.starts).lost.insert(now.name, lost.collect());
        }
    }

    /// Reads rows back that are old enough to be stored. Of those that could not be made again the reason is known already.
    fn read_back(&self, rows: Vec<Unstored<'c>>, verifier: &Verifier<'c>) -> Vec<Unstored<'c>> {
        let (picked, mut rest): (Vec<_>, Vec<_>) = rows.into_iter().partition(|one| {
            let is_done = one.sent.settlement.result.is_done();
            one.was_done && is_done && verifier.picks(&one.sent)
        });
        let mut facts = HashMap::new();
        let mut sent = vec![];
        for one in picked {
            facts.insert(one.sent.position, (one.since, one.lookups));
            sent.push(one.sent);
        }
        for sent in verifier.check_again(sent) {
            if let Some((since, lookups)) = facts.remove(&sent.position) {
                rest.push(Unstored {
                    sent,
                    since,
                    lookups,
                    was_done: true,
                });
            }
        }
        rest
    }

    /// Looks at a row once more, and sends it again where it was lost; returns it where nothing more may be lost.
    fn look_up_again(
        &self,
        mut one: Unstored<'c>,
        why: Fault,
        judge: &dyn Fn(&Settlement),
    ) -> Option<Sent<'c>> {
        if one.lookups >= self.limits.attempts_max {
            let fault = another_pbx("it starts anew again and again");
            one.sent.settlement = not_known(&one.sent, &fault);
            return Some(report_unstored(one, judge));
        }
        let started = self.connection.started();
        let Sent {
            change, settlement, ..
        } = &one.sent;
        let attempts = settlement.attempts;
        let settled =
            caught(|| carry_out_again(self.connection, change, settlement, why, &self.limits));
        let broke_down =
            |fault: Fault| Settlement::new(change, RowResult::Unknown).with_fault(fault);
        one.sent.settlement = settled.unwrap_or_else(broke_down);
        one.sent.started = started;
        one.lookups += 1;
        if one.sent.settlement.attempts > attempts {
            one.since = Instant::now();
        }
        if self.concerns(&one.sent) {
            lock(&self.waiting).push(one);
            return None;
        }
        Some(report_unstored(one, judge))
    }

    fn note_stored(&self, sent: &Sent<'c>) {
        if sent.settlement.result.is_done() {
            let mut stored = lock(&self.stored);
            if stored.len() >= PROBES {
                stored.remove(0);
            }
            stored.push(sent.clone());
        }
    }
}

/// The words for a row that finds the PBX otherwise than it was when the run was planned, as another PBX would be.
fn finds_another(sent: &Sent<'_>) -> Option<String> {
    let (change, number) = (sent.change, &sent.change.number);
    let was_there = change.before.is_some();
    match (change.action, sent.settlement.result) {
        (Action::Create, RowResult::Conflict) => Some(format!(
            "{number} was not there when the run was planned, and since it started anew it is"
        )),
        (Action::Update, RowResult::Missing) | (Action::Delete, RowResult::Unchanged)
            if was_there =>
        {
            Some(format!(
                "{number} was there when the run was planned, and since it started anew it is not"
            ))
        }
        _ => None,
    }
}

/// Cuts rows into pieces of `most` rows at most.
fn chunks<T>(mut rows: Vec<T>, most: usize) -> Vec<Vec<T>> {
    let mut pieces = vec![];
    while !rows.is_empty() {
        let rest = rows.split_off(most.max(1).min(rows.len()));
        pieces.push(std::mem::replace(&mut rows, rest));
    }
    pieces
}

/// Reports a row that counted as done and is not, once its result is certain, and of one that ends the run.
fn report_unstored<'c>(one: Unstored<'c>, judge: &dyn Fn(&Settlement)) -> Sent<'c> {
    let Settlement { result, fault, .. } = &one.sent.settlement;
    let ends = fault.as_ref().is_some_and(Fault::ends_the_run);
    if !result.is_done() && (one.was_done || ends) {
        judge(&one.sent.settlement);
    }
    one.sent
}

/// The result of a row that the PBX accepted, where nobody knows if it has stored it.
fn not_known(sent: &Sent<'_>, fault: &Fault) -> Settlement {
    let settlement = Settlement {
        result: RowResult::Unknown,
        ..sent.settlement.clone()
    };
    let was_done = sent.settlement.result.is_done() || sent.settlement.message.is_empty();
    let message = match was_done {
        true => format!("the PBX said that it is done, but may have lost it since: {fault}"),
        false => format!("{fault}; of this row it said: {}", sent.settlement.message),
    };
    Settlement {
        message,
        ..settlement.with_fault(fault.clone())
    }
}

fn started_anew() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "run.started_anew",
        "the PBX started anew after it had said that it is done",
    )
}

fn not_kept() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "run.not_kept",
        "the PBX said that it is done, and did not keep it",
    )
}

fn does_not_come_back(blind: &Fault) -> Fault {
    Fault {
        kind: FaultKind::TargetUnusable,
        hint: "once the PBX is there again, go on: rowcall resume looks at these rows first".into(),
        ..blind.clone()
    }
}

fn another_pbx(why: &str) -> Fault {
    let why = format!("it is not the PBX that it was: {why}");
    let fault = Fault::new(FaultKind::TargetUnusable, "run.another_pbx", why);
    fault.cause(FaultCause::AnotherPbx).hint(
        "see what answers at the address, and whether it has lost its data: rows that were done before may be gone too. Once it is the PBX of the run again, rowcall resume looks at all of them; to fill this one, import the sheet again with --mode upsert",
    )
}

#[cfg(test)]
mod tests {
    use super::super::fake_vendor::{FakeVendor, Trouble, asked_number};
    use super::super::{FailuresMax, NoIntentLog, Verify, submit};
    use super::*;
    use crate::model::{Change, Field, Record};
    use crate::wire::Request;

    fn options(parallel: usize) -> Options {
        Options {
            failures_max: FailuresMax::Share(1.0),
            settling: SettleLimits {
                attempts_max: 3,
                recheck_after: Duration::from_millis(1),
                reply: Duration::from_millis(1),
            },
            verify: Verify::All,
            loses: Duration::from_millis(40),
            ..Options::new(parallel, Duration::ZERO)
        }
    }

    fn ann(number: usize, email: &str) -> Record {
        let mut ann = Record::numbered(number.to_string());
        ann.set(Field::DISPLAY_NAME, "Ann");
        ann.set(Field::EMAIL, email);
        ann
    }

    fn changes(action: Action, rows: usize) -> Vec<Change> {
        let change = |row: usize| Change {
            row,
            action,
            number: (2000 + row).to_string(),
            wanted: ann(2000 + row, "new@example.com"),
            before: (action != Action::Create).then(|| ann(2000 + row, "old@example.com")),
        };
        (0..rows).map(change).collect()
    }

    fn sent(fake: &FakeVendor, changes: &[Change], options: &Options) -> Vec<Settlement> {
        let mut done = vec![];
        let each = &mut |one| done.push(one);
        submit(&fake.open(), changes, options, &NoIntentLog, None, each);
        done.sort_by_key(|one| one.row);
        assert_eq!(done.len(), changes.len());
        done
    }

    /// It starts anew when an operation is asked for the first time, of this number where there is one.
    fn starts_anew_at(
        operation: &'static str,
        number: &'static str,
    ) -> impl Fn(&Request, u32) -> Trouble {
        move |request, times| {
            let is_it = request.operation == operation && asked_number(request).contains(number);
            match is_it && times == 1 {
                true => Trouble::StartAnew,
                false => Trouble::Nothing,
            }
        }
    }

    #[test]
    fn what_a_pbx_lost_when_it_was_killed_is_made_again() {
        for (operation, number) in [("create", "2000"), ("create", "2013"), ("keep", "")] {
            for parallel in [1, 4] {
                let fake =
                    FakeVendor::with_extensions(0).troubled(starts_anew_at(operation, number));
                let done = sent(&fake, &changes(Action::Create, 20), &options(parallel));
                for one in done {
                    assert_eq!(one.result, RowResult::Created, "{operation} {one:?}");
                    let email = fake.pbx.stored(&one.number, Field::EMAIL);
                    assert_eq!(email.as_deref(), Some("new@example.com"), "{operation}");
                }
                assert!(fake.pbx.creations().values().all(|times| *times <= 2));
            }
        }
    }

    #[test]
    fn changes_and_deletions_that_a_pbx_lost_are_made_again() {
        for action in [Action::Update, Action::Delete] {
            let fake = FakeVendor::with_extensions(0).troubled(starts_anew_at("keep", ""));
            for row in 0..12 {
                fake.pbx.put(&ann(2000 + row, "old@example.com"));
            }
            fake.pbx.store();
            let done = sent(&fake, &changes(action, 12), &options(4));
            for one in done {
                assert!(one.result.is_done(), "{one:?}");
                let email = fake.pbx.stored(&one.number, Field::EMAIL);
                let wanted = (action == Action::Update).then_some("new@example.com");
                assert_eq!(email.as_deref(), wanted);
            }
        }
    }

    #[test]
    fn a_part_that_was_lost_is_written_again() {
        // It has stored an extension without its e-mail by the time that it is killed.
        let fake = FakeVendor::with_extensions(0);
        let pbx = fake.pbx.clone();
        let fake = fake.troubled(starts_anew_at("keep", ""));
        pbx.put(&ann(2000, ""));
        pbx.store();
        pbx.remove("2000");
        let done = sent(&fake, &changes(Action::Create, 1), &options(1));
        assert_eq!(done[0].result, RowResult::Created, "{done:?}");
        let email = pbx.stored("2000", Field::EMAIL);
        assert_eq!(email.as_deref(), Some("new@example.com"));
        assert_eq!(pbx.times("update"), 1);
    }

    #[test]
    fn a_pbx_that_does_not_come_back_leaves_unknown_what_it_may_not_have_stored() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "keep" => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        for one in sent(&fake, &changes(Action::Create, 3), &options(1)) {
            assert_eq!(one.result, RowResult::Unknown);
            assert!(
                one.message.contains("may have lost it since"),
                "{}",
                one.message
            );
        }
    }

    #[test]
    fn what_a_pbx_did_not_keep_is_made_again_without_a_new_start() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, times| {
            let is_first = times == 1 && asked_number(request).starts_with("2003");
            match request.operation {
                // It says that it is done, and that is all.
                "create" if is_first => Trouble::Answer("ok"),
                _ => Trouble::Nothing,
            }
        });
        for one in sent(&fake, &changes(Action::Create, 6), &options(2)) {
            assert_eq!(one.result, RowResult::Created, "{one:?}");
        }
        assert_eq!(fake.pbx.numbers().len(), 6);
    }

    #[test]
    fn what_a_pbx_did_not_keep_and_refuses_to_take_again_is_told_with_its_reason() {
        let fake = FakeVendor::with_extensions(0);
        let pbx = fake.pbx.clone();
        let fake = fake.troubled(|request, _| match request.operation {
            // It says that it is done, and has a part of it, which is unlike all others.
            "create" if asked_number(request).starts_with("2003") => Trouble::Answer("ok"),
            "update" => Trouble::Answer("no"),
            _ => Trouble::Nothing,
        });
        let mut part = ann(2003, "");
        part.set(Field::FORWARD_BUSY, "on");
        pbx.put(&part);
        let done = sent(&fake, &changes(Action::Create, 6), &options(2));
        assert_eq!(done[3].result, RowResult::Differs, "{:?}", done[3]);
        let message = &done[3].message;
        assert!(message.contains("the fake PBX said no"), "{message}");
        assert!(!message.contains("someone else"), "{message}");
        let others = done.iter().filter(|one| one.row != 3);
        assert!(others.clone().all(|one| one.result == RowResult::Created));
    }

    #[test]
    fn a_pbx_that_has_lost_what_was_stored_ends_the_run() {
        let fake =
            FakeVendor::with_extensions(0).troubled(|request, times| match request.operation {
                // The rows of the first round are certain by then.
                "keep" if times == 2 => Trouble::StartAnew,
                _ => Trouble::Nothing,
            });
        let mut changes = changes(Action::Create, 4);
        changes[3].wanted.set(Field::FORWARD_BUSY, "on");
        changes[3].wanted.set(Field::FORWARD_BUSY_EXTENSION, "2000");
        let options = options(1);
        let done = sent(&fake, &changes, &options);
        assert!(done[..3].iter().all(|one| one.result == RowResult::Created));
        let gone = options.starts.lock().unwrap().gone.clone();
        assert_eq!(gone.len(), 3, "{gone:?}");
        assert!(gone[&0].contains("it has no such extension"), "{gone:?}");
        let last = &done[3];
        assert_eq!(last.result, RowResult::Unknown, "{last:?}");
        assert!(last.message.contains("not the PBX that it was"), "{last:?}");
        assert!(last.fault.as_ref().unwrap().ends_the_run());
    }

    #[test]
    fn a_pbx_that_starts_anew_again_and_again_is_given_up() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "keep" => Trouble::StartAnew,
            _ => Trouble::Nothing,
        });
        let done = sent(&fake, &changes(Action::Create, 1), &options(1));
        assert!(!done[0].result.is_done(), "{done:?}");
        assert!(
            fake.pbx.creations()["2000"] <= 4,
            "{:?}",
            fake.pbx.creations()
        );
    }

    #[test]
    fn nothing_waits_where_a_pbx_stores_first_and_what_was_refused_never_waits() {
        let options = Options {
            loses: Duration::ZERO,
            ..options(1)
        };
        let fake = FakeVendor::with_extensions(0);
        sent(&fake, &changes(Action::Create, 3), &options);
        assert_eq!(fake.pbx.times("keep"), 0);
    }
}
