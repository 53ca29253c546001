//! Reads written changes back: a result counts only once the PBX shows the wanted values.
//!
//! A PBX's reply is not enough: it may cut a name, drop a field, or answer yes and do nothing. Rows that the PBX
//! accepted wait until a batch of them can be asked for in one request. A row that is not as wanted is looked at a
//! second time, after a while, because it may take effect late. Where the PBX cannot be looked at, the result is
//! `unknown`: it accepted the change, and no more is known; the same import again finds it unchanged, or does it.

use super::converse::Connection;
use super::options::{Options, Verify};
use super::panics::{caught, lock};
use super::settle::{hint_to_look_later, leaves_open, renamed};
use super::settlement::Settlement;
use super::usual::UsualSettings;
use crate::compare::{changed_beside, differences, differing, unread, with_lost};
use crate::manifest::Manifest;
use crate::model::{Action, Change, Fault, FaultKind, Field, Record, RowResult, field_names};
use crate::wire::PbxStart;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longest time that a row waits for others to be read back with, where the pace is slow.
const COMPANY_WAIT_MAX: Duration = Duration::from_secs(3);

/// A row that was sent, with its result so far.
#[derive(Clone)]
pub(super) struct Sent<'c> {
    /// The change's position.
    pub(super) position: usize,
    pub(super) change: &'c Change,
    /// Its result so far.
    pub(super) settlement: Settlement,
    /// The time when it was taken up.
    pub(super) begun: Instant,
    /// The start of the PBX that was known by then, in the PBX's own words.
    pub(super) started: Option<Arc<PbxStart>>,
}

impl Sent<'_> {
    /// The number under which the extension is to be found now.
    fn number(&self) -> &str {
        self.change.present_number()
    }

    /// The number under which nothing is to be found now: of a deletion, and the old one of a rename.
    fn gone_number(&self) -> Option<&str> {
        let is_gone = self.change.action == Action::Delete || self.number() != self.change.number;
        is_gone.then_some(self.change.number.as_str())
    }
}

/// Everything under one number, or the fault for which it could not be read.
type Found = Result<Vec<Record>, Fault>;

/// Reads written changes back.
pub(super) struct Verifier<'c> {
    connection: &'c Connection,
    verify: Verify,
    batch: usize,
    recheck_after: Duration,
    waiting: Mutex<Vec<Sent<'c>>>,
    usual: UsualSettings,
}

/// The way in which the PBX is not as wanted.
pub(super) enum Mismatch {
    /// It has no such extension.
    Absent,
    /// It still has the extension.
    Present,
    /// It has the extension under its old number too.
    Both,
    /// It has the extension more than once; with the record where they are all alike.
    Twice(Option<Record>),
    /// It has other values; with the differences in words.
    Fields(Vec<Field>, String, Record),
    /// It has other attributes of the vendor's own, of these names.
    Attributes(Vec<String>, Record),
    /// It could not be read.
    Unread(Fault),
}

impl<'c> Verifier<'c> {
    /// A verifier for changes that are sent over this connection.
    pub(super) fn new(connection: &'c Connection, options: &Options) -> Verifier<'c> {
        let batch = options.batch.min(connection.manifest().vendor.batch);
        Verifier {
            connection,
            verify: options.verify,
            batch: batch.max(1),
            recheck_after: options.settling.recheck_after,
            waiting: Mutex::default(),
            usual: UsualSettings::default(),
        }
    }

    /// Returns true where the PBX accepted the change and it has not been looked at yet, and where a creation was found
    /// after its reply was lost.
    pub(super) fn concerns(&self, sent: &Sent<'_>) -> bool {
        sent.change.action != Action::None
            && sent.settlement.result.is_done()
            && (!sent.settlement.was_looked_up || is_found(sent))
            && self.picks(sent)
    }

    /// Queues a row. Returns the rows that are verified by this call: none until a batch is full.
    pub(super) fn add(&self, sent: Sent<'c>) -> Vec<Sent<'c>> {
        let due = {
            let mut waiting = lock(&self.waiting);
            waiting.push(sent);
            let since = waiting.iter().map(|one| one.begun.elapsed()).max();
            let full = waiting.len() >= self.batch;
            if !full && since.is_none_or(|since| since < COMPANY_WAIT_MAX) {
                return vec![];
            }
            std::mem::take(&mut *waiting)
        };
        self.check(due)
    }

    /// Verifies all rows that still wait.
    pub(super) fn rest(&self) -> Vec<Sent<'c>> {
        let rest = std::mem::take(&mut *lock(&self.waiting));
        self.check(rest)
    }

    /// Returns true for a row that is read back, whatever is known of it.
    pub(super) fn picks(&self, sent: &Sent<'_>) -> bool {
        self.verify.picks(&sent.change.number) || sent.number() != sent.change.number
    }

    /// The number of rows that are read back together.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// Looks at rows, also at those that were looked at before, and decides each one's result.
    pub(super) fn check_again(&self, rows: Vec<Sent<'c>>) -> Vec<Sent<'c>> {
        let found: Vec<usize> = rows
            .iter()
            .filter(|one| one.settlement.was_looked_up && is_found(one))
            .map(|one| one.position)
            .collect();
        let mut rows = self.check_unseen(rows);
        for one in rows.iter_mut().filter(|one| found.contains(&one.position)) {
            self.give_up_unusual(one);
        }
        rows
    }

    /// Looks at rows, twice where needed, and decides each one's result.
    fn check(&self, rows: Vec<Sent<'c>>) -> Vec<Sent<'c>> {
        let (mut found, unseen): (Vec<Sent<'c>>, Vec<Sent<'c>>) = rows
            .into_iter()
            .partition(|one| one.settlement.was_looked_up);
        let mut rows = self.check_unseen(unseen);
        // By now it is known what the run's own extensions look like.
        for one in &mut found {
            self.give_up_unusual(one);
        }
        rows.extend(found);
        rows
    }

    fn check_unseen(&self, mut rows: Vec<Sent<'c>>) -> Vec<Sent<'c>> {
        let mut open: Vec<&mut Sent<'c>> = rows.iter_mut().collect();
        let mut mismatches = vec![];
        for look in 0..2 {
            if open.is_empty() {
                break;
            }
            if look > 0 {
                thread::sleep(self.recheck_after);
            }
            let current = match caught(|| self.look_up(&open)).unwrap_or_else(Err) {
                Ok(current) => current,
                // An extension that is just taking effect may be there for one look and not for the next.
                Err(blind) if look == 0 && !blind.ends_the_run() => continue,
                Err(blind) => {
                    for one in open {
                        one.settlement = not_seen(&one.settlement, one.change, &blind);
                    }
                    return rows;
                }
            };
            mismatches.clear();
            open.retain_mut(|one| match self.mismatch(one, &current) {
                Some(mismatch) => {
                    mismatches.push(mismatch);
                    true
                }
                None => {
                    let read_back = current
                        .get(one.number())
                        .and_then(|found| found.as_ref().ok());
                    one.settlement.read_back = read_back.and_then(|found| found.first()).cloned();
                    self.note(one);
                    self.confirm(one);
                    false
                }
            });
        }
        for (one, mismatch) in open.into_iter().zip(mismatches) {
            one.settlement = match mismatch {
                Mismatch::Unread(blind) => not_seen(&one.settlement, one.change, &blind),
                mismatch => differs(&one.settlement, one.change, mismatch),
            };
        }
        rows
    }

    /// Looks up all numbers that show the state of these rows. A number under which there should be nothing is asked
    /// for alone, since no other answer shows that.
    fn look_up(&self, rows: &[&mut Sent<'c>]) -> Result<HashMap<String, Found>, Fault> {
        let present = rows
            .iter()
            .filter(|one| one.change.action != Action::Delete);
        let present: Vec<String> = present.map(|one| one.number().to_owned()).collect();
        let gone = rows.iter().filter_map(|one| one.gone_number());
        let gone: Vec<String> = gone.map(str::to_owned).collect();
        let mut current = HashMap::new();
        let groups = present.chunks(self.batch).chain(gone.chunks(1));
        for numbers in groups.filter(|numbers| !numbers.is_empty()) {
            for lookup in self.connection.look_up(numbers, false)? {
                current.insert(lookup.number, lookup.found);
            }
        }
        Ok(current)
    }

    /// Compares an extension with the wanted values.
    fn mismatch(&self, sent: &Sent<'_>, current: &HashMap<String, Found>) -> Option<Mismatch> {
        let look = |number: &str| match current.get(number) {
            Some(Ok(found)) => Ok(found.as_slice()),
            Some(Err(blind)) => Err(Mismatch::Unread(blind.clone())),
            None => Ok(&[] as &[Record]),
        };
        let gone = match sent.gone_number().map(look).transpose() {
            Ok(gone) => gone,
            Err(blind) => return Some(blind),
        };
        // Another extension may have got the old number since: the old one is gone where the record there is a
        // different one.
        let manifest = self.connection.manifest();
        let before = sent.change.before.as_ref();
        let is_same = |current: &Record| {
            sent.change.action == Action::Delete
                || before.is_none_or(|before| differing(manifest, before, current).is_empty())
        };
        let is_gone = gone.is_none_or(|gone| !gone.iter().any(is_same));
        if sent.change.action == Action::Delete {
            return (!is_gone).then_some(Mismatch::Present);
        }
        let current = match look(sent.number()) {
            Ok([]) => return Some(Mismatch::Absent),
            Ok([current]) => current,
            Ok([first, others @ ..]) => {
                let are_alike = others.iter().all(|other| other == first);
                return Some(Mismatch::Twice(are_alike.then(|| first.clone())));
            }
            Err(blind) => return Some(blind),
        };
        if !is_gone {
            return Some(Mismatch::Both);
        }
        let (mut wanted, mut lost) = with_lost(manifest, sent.change, &sent.change.wanted, current);
        for (field, text) in changed_beside(manifest, sent.change, current) {
            wanted.to_mut().set(field, text);
            lost.push(field);
        }
        let mut fields = match gone {
            Some(_) => differing(manifest, &renamed(sent.change), current),
            None => differing(manifest, &wanted, current),
        };
        fields.extend(lost);
        fields.sort_unstable();
        fields.dedup();
        if !fields.is_empty() {
            let words = differences(&fields, &wanted, current);
            return Some(Mismatch::Fields(fields, words, current.clone()));
        }
        let wanted = sent.change.wanted.attributes()?;
        let names = wanted.differing(current.attributes()?);
        (!names.is_empty()).then(|| Mismatch::Attributes(names, current.clone()))
    }

    /// Takes in the settings of an extension that certainly is of the run's making.
    fn note(&self, sent: &Sent<'_>) {
        if let (Action::Create, Some(read_back)) = (sent.change.action, &sent.settlement.read_back)
        {
            let manifest = self.connection.manifest();
            self.usual.note(manifest, &sent.change.wanted, read_back);
            if !sent.settlement.was_looked_up {
                self.usual.note_attributes(manifest, read_back);
            }
        }
    }

    /// Gives up an extension that was found after a lost reply, and has other settings than those that the run creates:
    /// somebody else may have created it.
    fn give_up_unusual(&self, sent: &mut Sent<'_>) {
        let Some(read_back) = &sent.settlement.read_back else {
            return;
        };
        if !sent.settlement.result.is_done() {
            return;
        }
        let (manifest, change) = (self.connection.manifest(), sent.change);
        let unlike = self
            .usual
            .unusual_settings(manifest, &change.wanted, read_back);
        if unlike.is_empty() {
            let strange = self.usual.unusual_attributes(manifest, read_back);
            return sent.settlement.note_added_attributes(change, &strange);
        }
        let (record, names) = (change.wanted.noun(), field_names(&unlike));
        sent.settlement = Settlement {
            result: RowResult::Unknown,
            message: format!(
                "no reply came, and this {record} is unlike the others that the PBX created in this run: {names}; \
                 someone else may have created it"
            ),
            hint: format!(
                "look at this {record} on the PBX; if it is the one of the row, import the row again with --mode upsert"
            ),
            differing: unlike,
            read_back: None,
            ..sent.settlement.clone()
        };
    }

    /// Names the fields that could not be compared.
    fn confirm(&self, sent: &mut Sent<'_>) {
        let nothing = Record::default();
        let read_back = sent.settlement.read_back.as_ref().unwrap_or(&nothing);
        let unseen = unread(self.connection.manifest(), &sent.change.wanted, read_back);
        let unseen: Vec<&str> = unseen
            .into_iter()
            .filter(|field| *field != Field::NEW_NUMBER)
            .map(Field::name)
            .collect();
        if !unseen.is_empty() && sent.settlement.message.is_empty() {
            sent.settlement.message = format!(
                "not verified, because the vendor does not give it back: {}",
                unseen.join(", ")
            );
        }
    }
}

/// Returns true for an extension that was found after the reply to its creation was lost.
fn is_found(sent: &Sent<'_>) -> bool {
    sent.change.action == Action::Create && sent.settlement.read_back.is_some()
}

/// Builds the result of a change whose memberships are not as wanted any more at the run's end, where the PBX has `current`
/// under its number; `None` where they are.
pub(super) fn lost(
    manifest: &Manifest,
    accepted: &Settlement,
    change: &Change,
    current: &[Record],
) -> Option<Settlement> {
    let record = change.wanted.noun();
    let (fields, now) = match current.first() {
        None => (vec![], format!("has no such {record} any more")),
        Some(current) => {
            let mut fields = differing(manifest, &change.wanted, current);
            fields.retain(|field| field.is_membership());
            let differences = differences(&fields, &change.wanted, current);
            (fields, format!("holds {differences}"))
        }
    };
    if !current.is_empty() && fields.is_empty() {
        return None;
    }
    Some(Settlement {
        result: RowResult::Differs,
        differing: fields,
        message: format!(
            "it was as wanted before, but at the end of the run the PBX {now}: see whether another one writes the same \
             groups"
        ),
        hint: hint(record),
        was_looked_up: true,
        read_back: current.first().cloned(),
        ..accepted.clone()
    })
}

fn hint(record: &str) -> String {
    format!("look at this {record} on the PBX, correct the row or the {record}, then run it again")
}

/// Builds the result of a change that the PBX accepted but does not show as wanted.
pub(super) fn differs(accepted: &Settlement, change: &Change, mismatch: Mismatch) -> Settlement {
    let record = change.wanted.noun();
    let read_back = match &mismatch {
        Mismatch::Fields(.., current) | Mismatch::Attributes(_, current) => Some(current.clone()),
        Mismatch::Twice(current) => current.clone(),
        _ => None,
    };
    let (but, differing) = match mismatch {
        Mismatch::Absent => (format!("but it has no such {record}"), None),
        Mismatch::Present => (format!("but it still has the {record}"), None),
        Mismatch::Both => (
            format!("but it still has the {record} under its old number too"),
            Some(vec![Field::NEW_NUMBER]),
        ),
        Mismatch::Twice(_) => (format!("but it has the {record} more than once"), None),
        Mismatch::Unread(blind) => (format!("but it cannot be read: {blind}"), None),
        Mismatch::Fields(fields, words, _) => (format!("but it holds {words}"), Some(fields)),
        Mismatch::Attributes(names, _) => (
            format!(
                "but what it holds beside the fields is not as it was: {}",
                names.join(", ")
            ),
            None,
        ),
    };
    let key = change.wanted.key_only();
    Settlement {
        result: RowResult::Differs,
        differing: differing.unwrap_or_else(|| key.iter().map(|(field, _)| field).collect()),
        message: format!("the PBX said that it is done, {but}"),
        hint: hint(record),
        was_looked_up: true,
        read_back,
        ..accepted.clone()
    }
}

fn not_seen(accepted: &Settlement, change: &Change, blind: &Fault) -> Settlement {
    let hint = match (blind.kind, blind.hint.as_str()) {
        // It was seen that far, and is as it cannot be read: that has a cure of its own.
        (FaultKind::Rejected, cure) if !cure.is_empty() => format!("{cure}, then run it again"),
        _ => hint_to_look_later(change, leaves_open(blind)),
    };
    Settlement {
        result: RowResult::Unknown,
        is_open: leaves_open(blind),
        message: format!("the PBX said that it is done, but it could not be looked at: {blind}"),
        hint,
        fault: Some(blind.clone()),
        ..accepted.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake_vendor::{FakeVendor, Trouble, asked_number};
    use super::super::{Ended, FailuresMax, NoIntentLog, Options, submit};
    use super::*;
    use std::collections::BTreeMap;

    fn options() -> Options {
        Options {
            failures_max: FailuresMax::Share(1.0),
            settling: super::super::settle::SettleLimits {
                attempts_max: 3,
                recheck_after: Duration::from_millis(2),
                reply: Duration::from_millis(2),
            },
            verify: Verify::All,
            ..Options::new(1, Duration::ZERO)
        }
    }

    fn change(row: usize, action: Action, wanted: Record) -> Change {
        let before = (action != Action::Create).then(|| Record::numbered(wanted.number()));
        Change {
            row,
            action,
            number: wanted.number().to_owned(),
            wanted,
            before,
        }
    }

    fn sent(
        connection: &Connection,
        changes: &[Change],
        options: &Options,
    ) -> (Ended, Vec<Settlement>) {
        let mut done = vec![];
        let ended = submit(
            connection,
            changes,
            options,
            &NoIntentLog,
            None,
            &mut |one| {
                done.push(one);
            },
        );
        done.sort_by_key(|one| one.row);
        assert_eq!(done.len(), changes.len());
        (ended, done)
    }

    fn ann(number: usize) -> Record {
        let mut ann = Record::numbered(number.to_string());
        ann.set(Field::DISPLAY_NAME, "Ann");
        ann.set(Field::SIP_PASSWORD, "canary-42");
        ann
    }

    fn creations(count: usize) -> Vec<Change> {
        (0..count)
            .map(|row| change(row, Action::Create, ann(2000 + row)))
            .collect()
    }

    #[test]
    fn rows_count_as_sent_before_their_batch_is_read_back() {
        let fake = FakeVendor::with_extensions(0);
        let options = options();
        let mut counted = vec![];
        let mut each = |_| counted.push(options.sent.load(std::sync::atomic::Ordering::Relaxed));
        let changes = creations(20);
        submit(
            &fake.open(),
            &changes,
            &options,
            &NoIntentLog,
            None,
            &mut each,
        );
        // Eight wait for each other: when the first of them has its result, all eight were sent.
        assert!(counted[0] >= 8, "{counted:?}");
        assert_eq!(counted.last(), Some(&20));
    }

    #[test]
    fn rows_are_read_back_in_batches_and_every_one_is() {
        for parallel in [1, 4] {
            let fake = FakeVendor::with_extensions(0);
            let options = Options {
                parallel,
                ..options()
            };
            let (_, done) = sent(&fake.open(), &creations(37), &options);
            assert!(done.iter().all(|one| one.result == RowResult::Created));
            // Fake vendors answer for eight at once.
            let looks = fake.pbx.order("look");
            assert_eq!(looks.len(), 5, "{looks:?}");
            let mut seen: Vec<&str> = looks.iter().flat_map(|look| look.split(',')).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 37);
            let message = &done[0].message;
            assert!(message.contains("not verified") && message.contains("sip_password"));
            assert!(!format!("{done:?}").contains("canary"));
        }
        let fake = FakeVendor::with_extensions(0);
        let one_by_one = Options {
            batch: 1,
            ..options()
        };
        sent(&fake.open(), &creations(5), &one_by_one);
        assert_eq!(fake.pbx.times("look"), 5);
    }

    #[test]
    fn a_sample_is_the_same_tenth_every_time_and_none_is_none() {
        let picked = |verify| {
            let fake = FakeVendor::with_extensions(0);
            let options = Options {
                verify,
                ..options()
            };
            sent(&fake.open(), &creations(300), &options);
            let looks = fake.pbx.order("look");
            let numbers: Vec<String> = looks
                .iter()
                .flat_map(|look| look.split(',').map(str::to_owned))
                .collect();
            numbers
        };
        let sample = picked(Verify::Sample);
        assert!((18..=45).contains(&sample.len()), "{}", sample.len());
        assert_eq!(sample, picked(Verify::Sample));
        assert!(picked(Verify::None).is_empty());
        let share = (0..20_000)
            .filter(|n: &u32| Verify::Sample.picks(&n.to_string()))
            .count();
        assert!((1900..2200).contains(&share), "{share}");
    }

    #[test]
    fn a_success_that_nobody_can_see_is_unknown_and_stops_the_run() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "look" => Trouble::Status(500),
            _ => Trouble::Nothing,
        });
        let options = Options {
            failures_max: FailuresMax::Share(0.25),
            ..options()
        };
        let (ended, done) = sent(&fake.open(), &creations(200), &options);
        let (result, message) = (done[0].result, &done[0].message);
        assert_eq!(result, RowResult::Unknown);
        assert!(message.contains("said that it is done"), "{message}");
        assert!(matches!(ended, Ended::TooManyFailures(_)), "{ended:?}");
        assert!(
            fake.pbx.numbers().len() < 30,
            "{}",
            fake.pbx.numbers().len()
        );
    }

    #[test]
    fn what_cannot_be_read_as_it_is_has_its_own_cure() {
        let accepted = |change: &Change| Settlement::new(change, RowResult::Created);
        let change = &creations(1)[0];
        let two = Fault::new(FaultKind::Rejected, "x.two", "it has two boxes");
        let hint = |fault: Fault| not_seen(&accepted(change), change, &fault).hint;
        assert_eq!(
            hint(two.clone().hint("remove one")),
            "remove one, then run it again"
        );
        assert!(hint(two).starts_with("look at this extension"));
        let away = Fault::new(FaultKind::NotSent, "x.away", "it is away").hint("check the port");
        assert!(hint(away).contains("rowcall resume looks at this extension"));
    }

    #[test]
    fn a_refused_account_stops_the_run_while_it_reads_back() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "look" => Trouble::Status(401),
            _ => Trouble::Nothing,
        });
        let (ended, done) = sent(&fake.open(), &creations(30), &options());
        assert!(matches!(ended, Ended::TargetLost(_)), "{ended:?}");
        assert_eq!(done[0].result, RowResult::Unknown);
        assert_eq!(done[29].result, RowResult::NotSent);
    }

    #[test]
    fn differences_count_as_failures_once() {
        let fake = FakeVendor::with_extensions(0);
        let connection = fake.open();
        let options = Options {
            failures_max: FailuresMax::Count(11),
            ..options()
        };
        // Fake vendors make no extension under another number at once.
        let mut changes = creations(40);
        for change in changes.iter_mut().take(12) {
            change.wanted.set(Field::NEW_NUMBER, "9999");
        }
        let (ended, done) = sent(&connection, &changes, &options);
        let differ = done.iter().filter(|one| one.result == RowResult::Differs);
        assert_eq!(differ.count(), 12);
        assert_eq!(
            ended,
            Ended::TooManyFailures("12 of 16 rows sent so far failed".into())
        );
    }

    #[test]
    fn deletions_and_updates_are_read_back_too() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "delete" | "update" if asked_number(request) == "2001" => Trouble::Answer("ok"),
            _ => Trouble::Nothing,
        });
        for action in [Action::Delete, Action::Update] {
            let mut changes = vec![];
            for (row, number) in [2000, 2001].into_iter().enumerate() {
                fake.pbx.put(&Record::numbered(number.to_string()));
                changes.push(change(row, action, ann(number)));
            }
            let (_, done) = sent(&fake.open(), &changes, &options());
            assert!(done[0].result.is_done(), "{done:?}");
            assert_eq!(done[1].result, RowResult::Differs, "{action:?}");
        }
    }

    #[test]
    fn what_a_look_has_decided_is_not_looked_at_again() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" => Trouble::LoseAfter,
            _ => Trouble::Nothing,
        });
        let mut changes = creations(1);
        changes[0].wanted.remove(Field::SIP_PASSWORD);
        let (_, done) = sent(&fake.open(), &changes, &options());
        assert_eq!(done[0].result, RowResult::Created);
        assert_eq!(fake.pbx.times("look"), 1);
    }

    #[test]
    fn one_extension_that_cannot_be_read_does_not_stop_the_run() {
        // Every eighth one; a batch with such a one in it cannot be read either.
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| {
            let asked = asked_number(request).split(',');
            let is_odd = |number: &str| number.parse::<u32>().is_ok_and(|number| number % 8 == 0);
            match request.operation {
                "look" if asked.into_iter().any(is_odd) => Trouble::Garbage,
                _ => Trouble::Nothing,
            }
        });
        let options = Options {
            failures_max: FailuresMax::Share(0.25),
            ..options()
        };
        let (ended, done) = sent(&fake.open(), &creations(200), &options);
        assert_eq!(ended, Ended::Whole);
        for one in done {
            let is_odd = one.number.parse::<u32>().unwrap() % 8 == 0;
            let wanted = match is_odd {
                true => RowResult::Unknown,
                false => RowResult::Created,
            };
            assert_eq!(one.result, wanted, "{one:?}");
        }
    }

    #[test]
    fn a_batch_that_answers_for_some_makes_nobody_absent() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "look" if asked_number(request).contains(',') => Trouble::Sparse,
            _ => Trouble::Nothing,
        });
        let (_, done) = sent(&fake.open(), &creations(40), &options());
        assert!(done.iter().all(|one| one.result == RowResult::Created));
        // An extension that is reported as deleted and is still there is seen, whatever a batch leaves out.
        let fake = FakeVendor::with_extensions(40).troubled(|request, _| match request.operation {
            "look" if asked_number(request).contains(',') => Trouble::Sparse,
            "delete" => Trouble::Answer("ok"),
            _ => Trouble::Nothing,
        });
        let deletions: Vec<Change> = (0..40)
            .map(|row| {
                let number = (1000 + row).to_string();
                change(row, Action::Delete, Record::numbered(number))
            })
            .collect();
        let (_, done) = sent(&fake.open(), &deletions, &options());
        assert!(done.iter().all(|one| one.result == RowResult::Differs));
    }

    #[test]
    fn a_rename_that_only_the_reply_tells_of_differs() {
        let rename = || {
            let mut wanted = Record::numbered("1");
            wanted.set(Field::NEW_NUMBER, "71");
            Change {
                before: Some(ann(1)),
                ..change(0, Action::Update, wanted)
            }
        };
        for verify in [Verify::All, Verify::None] {
            let options = Options {
                verify,
                ..options()
            };
            let fake =
                FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
                    "update" => Trouble::Answer("ok"),
                    _ => Trouble::Nothing,
                });
            fake.pbx.put(&ann(1));
            let (_, done) = sent(&fake.open(), &[rename()], &options);
            assert_eq!(done[0].result, RowResult::Differs, "{done:?}");
            // Another extension has the number that this one was to get, and this one stays.
            fake.pbx.put(&ann(71));
            let (_, done) = sent(&fake.open(), &[rename()], &options);
            assert_eq!(done[0].result, RowResult::Differs, "{done:?}");
            assert_eq!(done[0].differing, [Field::NEW_NUMBER]);

            let fake = FakeVendor::with_extensions(0);
            fake.pbx.put(&ann(1));
            let (_, done) = sent(&fake.open(), &[rename()], &options);
            assert_eq!(done[0].result, RowResult::Updated, "{done:?}");
        }
    }

    #[test]
    fn whoever_was_lost_from_a_group_by_the_end_of_the_run_differs() {
        let mut changes = creations(20);
        for change in &mut changes {
            change.wanted.set(Field::GROUPS, "Sales");
        }
        let fake = FakeVendor::with_extensions(0);
        let pbx = fake.pbx.clone();
        let connection = fake.open();
        let mut last = BTreeMap::new();
        let mut provisional = 0;
        submit(
            &connection,
            &changes,
            &options(),
            &NoIntentLog,
            None,
            &mut |one| {
                provisional += usize::from(one.provisional);
                if one.row == 7 && one.provisional {
                    // Another one writes the same group at the same time.
                    let mut other = ann(2003);
                    other.set(Field::GROUPS, "");
                    pbx.put(&other);
                }
                last.insert(one.row, one);
            },
        );
        assert_eq!((last.len(), provisional), (20, 20));
        for (row, one) in last {
            assert!(!one.provisional);
            if row == 3 {
                assert_eq!(
                    (one.result, one.differing),
                    (RowResult::Differs, vec![Field::GROUPS])
                );
                assert!(
                    one.message.contains("at the end of the run"),
                    "{}",
                    one.message
                );
            } else {
                assert_eq!(one.result, RowResult::Created);
            }
        }
    }
}
