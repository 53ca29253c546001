//! Results wait until the PBX has certainly stored what it accepted: some say so before, and lose it where they are killed.
//!
//! A row waits for as long as the vendor's fact `loses_ms` says. If the PBX has not started anew by then, the row is stored.
//! Otherwise the PBX is looked at once more, and what is not there is sent again.

use super::converse::Connection;
use super::options::Options;
use super::panics::{caught, lock};
use super::settle::{SettleLimits, Settlement, carry_out_again};
use super::verify::{Sent, Verifier};
use crate::model::{Action, Fault, RowResult};
use std::mem::take;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Longest time for which stored rows wait for further ones, so that the PBX is asked once for all of them.
const COMPANY_WAIT_MAX: Duration = Duration::from_secs(1);

/// The rows whose result is not certain yet.
pub(super) struct Storage<'c> {
    connection: &'c Connection,
    /// The time after which what was accepted is stored; zero where nothing is ever lost.
    loses: Duration,
    limits: SettleLimits,
    waiting: Mutex<Vec<Unstored<'c>>>,
}

/// A row that the PBX accepted and may not have stored.
struct Unstored<'c> {
    sent: Sent<'c>,
    /// The time by which it was accepted.
    since: Instant,
    /// Starts of the PBX after which it was looked at.
    looks: u32,
}

impl<'c> Storage<'c> {
    /// The rows of one run over this connection.
    pub(super) fn new(connection: &'c Connection, options: &Options) -> Storage<'c> {
        Storage {
            connection,
            loses: options.loses,
            limits: options.settling,
            waiting: Mutex::default(),
        }
    }

    /// Takes rows in and returns those that are certain by now. `judge` is told of each result that has changed.
    pub(super) fn add(
        &self,
        rows: Vec<Sent<'c>>,
        verifier: &Verifier<'c>,
        judge: &dyn Fn(&Settlement),
    ) -> Vec<Sent<'c>> {
        let (unstored, mut certain): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|one| self.may_lose(one));
        let due: Vec<Unstored<'c>> = {
            let mut waiting = lock(&self.waiting);
            waiting.extend(unstored.into_iter().map(|sent| Unstored {
                sent,
                since: Instant::now(),
                looks: 0,
            }));
            let longest = waiting.iter().map(|one| one.since.elapsed()).max();
            if longest.is_none_or(|longest| longest < self.loses + COMPANY_WAIT_MAX) {
                return certain;
            }
            let is_due = |one: &mut Unstored<'c>| one.since.elapsed() >= self.loses;
            waiting.extract_if(.., is_due).collect()
        };
        certain.extend(self.check(due, verifier, judge));
        certain
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

    /// Returns true for a row of which the PBX may have accepted something.
    fn may_lose(&self, sent: &Sent<'_>) -> bool {
        let result = sent.settlement.result;
        !self.loses.is_zero()
            && sent.started.is_some()
            && sent.change.action != Action::None
            && (result.is_done() || matches!(result, RowResult::Differs | RowResult::Unknown))
    }

    /// Asks when the PBX started: rows that were taken up after that are stored. The others wait again.
    fn check(
        &self,
        due: Vec<Unstored<'c>>,
        verifier: &Verifier<'c>,
        judge: &dyn Fn(&Settlement),
    ) -> Vec<Sent<'c>> {
        let started = caught(|| self.connection.ask_started()).unwrap_or_else(Err);
        let mut certain = vec![];
        for mut one in due {
            match &started {
                Ok(started) if one.sent.started == *started => {}
                Ok(_) if one.looks < self.limits.attempts_max => {
                    self.look_again(&mut one, verifier);
                    judge(&one.sent.settlement);
                    if self.may_lose(&one.sent) {
                        lock(&self.waiting).push(one);
                        continue;
                    }
                }
                Ok(_) => {
                    one.sent.settlement = not_known(&one.sent, "it starts anew again and again");
                    judge(&one.sent.settlement);
                }
                Err(blind) => {
                    one.sent.settlement = Settlement {
                        fault: Some(blind.clone()),
                        ..not_known(&one.sent, &blind.to_string())
                    };
                    judge(&one.sent.settlement);
                }
            }
            certain.push(one.sent);
        }
        certain
    }

    /// Looks at a row once more, and sends it again where it was lost.
    fn look_again(&self, one: &mut Unstored<'c>, verifier: &Verifier<'c>) {
        let Sent {
            change, settlement, ..
        } = &one.sent;
        let started = self.connection.started();
        let attempts = settlement.attempts;
        let settled = caught(|| carry_out_again(self.connection, change, settlement, &self.limits));
        let broke_down =
            |fault: Fault| Settlement::new(change, RowResult::Unknown).with_fault(fault);
        let settled = settled.unwrap_or_else(broke_down);
        one.looks += 1;
        one.sent.started = started;
        one.sent.settlement = settled;
        if one.sent.settlement.attempts > attempts {
            verifier.check_one(&mut one.sent);
            one.since = Instant::now();
        }
    }
}

/// The result of a row that the PBX accepted, where nobody knows if it has stored it.
fn not_known(sent: &Sent<'_>, why: &str) -> Settlement {
    let record = sent.change.wanted.record();
    Settlement {
        result: RowResult::Unknown,
        message: format!(
            "the PBX said that it is done, but may have lost it since: what it accepts is on its disk only after some time, and {why}"
        ),
        hint: format!(
            "once the PBX is there again, run it again: what is done already is left as it is; or look at this {record} there"
        ),
        ..sent.settlement.clone()
    }
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
                second_look: Duration::from_millis(1),
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
        for (operation, number) in [
            ("create", "2000"),
            ("create", "2013"),
            ("look", "2019"),
            ("keep", ""),
        ] {
            for parallel in [1, 4] {
                let fake = FakeVendor::holding(0).troubled(starts_anew_at(operation, number));
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
            let fake = FakeVendor::holding(0).troubled(starts_anew_at("keep", ""));
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
        let fake = FakeVendor::holding(0);
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
        let fake = FakeVendor::holding(0).troubled(|request, _| match request.operation {
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
    fn a_pbx_that_starts_anew_again_and_again_is_given_up() {
        let fake = FakeVendor::holding(0).troubled(|request, _| match request.operation {
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
        let fake = FakeVendor::holding(0);
        sent(&fake, &changes(Action::Create, 3), &options);
        assert_eq!(fake.pbx.times("keep"), 0);
    }
}
