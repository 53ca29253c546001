//! Carries out one change to its end. After a lost reply it looks at the PBX before it sends anything again:
//! never a duplicate, never a guess.

use super::converse::Connection;
use crate::compare::differing;
use crate::link::paced::Permit;
use crate::manifest::Access;
use crate::model::{Action, Change, Fault, FaultKind, Field, Outcome, Record, RowResult};
use std::borrow::Cow;
use std::thread;
use std::time::Duration;

/// Limits of following up a lost reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most times that one change is sent.
    pub attempts_max: u32,
    /// Time between two looks: a change may take effect late.
    pub second_look: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            attempts_max: 4,
            second_look: Duration::from_secs(2),
        }
    }
}

/// The result of one change, and its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// The change's `row`.
    pub row: usize,
    /// The change's number.
    pub number: String,
    /// The change's action.
    pub action: Action,
    /// The result.
    pub result: RowResult,
    /// The fault that decided the result, where one did.
    pub fault: Option<Fault>,
    /// The fields that are not as wanted.
    pub differing: Vec<Field>,
    /// The reason in words; empty where the result says it all.
    pub message: String,
    /// What to do next; empty where there is nothing to add.
    pub hint: String,
    /// How many times the change was sent to the PBX.
    pub attempts: u32,
    /// The last HTTP status.
    pub http_status: Option<u16>,
    /// The result comes from a look at the PBX, not from its reply.
    pub looked: bool,
    /// The extension as it was read back once it was written; `None` where it was not, or is not as wanted.
    pub left: Option<Record>,
    /// From taking the row up to its result, in milliseconds; `None` where nothing was sent.
    pub elapsed_ms: Option<u64>,
    /// The time of the result.
    pub finished_at: jiff::Timestamp,
}

impl Settlement {
    /// A result of a change that was not sent, without reasons.
    pub fn new(change: &Change, result: RowResult) -> Self {
        Settlement {
            row: change.row,
            number: change.number.clone(),
            action: change.action,
            result,
            fault: None,
            differing: vec![],
            message: String::new(),
            hint: String::new(),
            attempts: 0,
            http_status: None,
            looked: false,
            left: None,
            elapsed_ms: None,
            finished_at: jiff::Timestamp::now(),
        }
    }

    /// The same result, decided by a fault and with its words.
    pub(super) fn with_fault(self, fault: Fault) -> Self {
        Settlement {
            message: fault.message.clone(),
            hint: fault.hint.clone(),
            fault: Some(fault),
            ..self
        }
    }

    /// Writes the result into a row's outcome. Code, field, message and hint always come together, from one reason.
    /// The caller adds the field's `column`.
    pub fn write_into(self, outcome: &mut Outcome) {
        outcome.number = self.number;
        outcome.result = self.result;
        outcome.attempts = self.attempts;
        outcome.http_status = self.http_status;
        outcome.elapsed_ms = self.elapsed_ms;
        outcome.finished_at = self.finished_at;
        if !self.result.is_done() {
            outcome.field = self.differing.first().copied();
            outcome.code = match &self.fault {
                Some(fault) => fault.code.to_string(),
                None => self.result.word().to_owned(),
            };
        }
        if !self.result.is_done() || !self.message.is_empty() {
            outcome.message = self.message;
            outcome.hint = self.hint;
        }
        if let Some(fault) = self.fault {
            outcome.vendor_code = fault.vendor_code;
        }
    }
}

/// Carries out a change. `permit` pays for the first request. Where a run that was cut off was about to send it
/// (`intended` times), the PBX is looked at first.
pub fn carry_out(
    connection: &Connection,
    change: &Change,
    intended: u32,
    permit: Permit,
    limits: &Limits,
) -> Settlement {
    let settling = Settling {
        connection,
        change,
        limits,
        attempts: 0,
        http_status: None,
        lost: None,
    };
    settling.run(intended, permit)
}

struct Settling<'c> {
    connection: &'c Connection,
    change: &'c Change,
    limits: &'c Limits,
    attempts: u32,
    http_status: Option<u16>,
    /// The last fault after which the change may have happened, if there was one.
    lost: Option<Fault>,
}

/// The outcome of looking at the PBX after a lost reply.
enum LookResult {
    /// The result is known.
    Result(Box<Settlement>),
    /// It has not happened: send it, or this part of it, again.
    Again(Action, Record),
}

impl LookResult {
    fn result(settlement: Settlement) -> LookResult {
        LookResult::Result(Box::new(settlement))
    }
}

impl Settling<'_> {
    fn run(mut self, intended: u32, permit: Permit) -> Settlement {
        let mut permit = Some(permit);
        let mut next = (self.change.action, Cow::Borrowed(&self.change.wanted));
        if intended > 0 {
            let fault = cut_off();
            self.lost = Some(fault.clone());
            match self.look_and_decide(&fault) {
                LookResult::Result(settlement) => {
                    return Settlement {
                        attempts: intended,
                        looked: true,
                        ..*settlement
                    };
                }
                LookResult::Again(action, wanted) => next = (action, Cow::Owned(wanted)),
            }
        }
        loop {
            self.attempts += 1;
            let response = self.connection.apply(next.0, &next.1, permit.take());
            self.http_status = response.http_status.or(self.http_status);
            let Err(fault) = response.result else {
                return self.done();
            };
            if let Some(settlement) = self.certain(&fault) {
                return settlement;
            }
            if fault.kind == FaultKind::MayHaveHappened {
                self.lost = Some(fault.clone());
            }
            match self.look_and_decide(&fault) {
                LookResult::Result(settlement) => {
                    return Settlement {
                        looked: true,
                        ..*settlement
                    };
                }
                LookResult::Again(action, wanted) => next = (action, Cow::Owned(wanted)),
            }
        }
    }

    /// The result of a fault that leaves nothing to look for.
    fn certain(&self, fault: &Fault) -> Option<Settlement> {
        use FaultKind::*;
        let doubtful = self.lost.is_some();
        let result = match (fault.kind, self.change.action) {
            (MayHaveHappened, _) => return None,
            // After a lost reply these may be the PBX's answer to the first time.
            (Exists | Rejected, Action::Create) if doubtful => return None,
            (Missing, Action::Update) if doubtful => return None,
            // They leave open what became of the first time.
            (NotSent | Busy | SessionExpired, _) if doubtful => return None,
            (Missing, Action::Delete) if doubtful => return Some(self.settle(RowResult::Deleted)),
            (Missing, Action::Delete) => return Some(self.settle(RowResult::Unchanged)),
            (Missing, Action::Update) => RowResult::Missing,
            (Exists, Action::Create) => RowResult::Conflict,
            (Rejected | Exists | Missing, _) => RowResult::Rejected,
            (CredentialRefused | TargetUnusable, _)
                if doubtful || !fault.done_before.is_empty() =>
            {
                RowResult::Unknown
            }
            (NotSent | Busy | SessionExpired | CredentialRefused | TargetUnusable, _) => {
                RowResult::Failed
            }
        };
        Some(self.against(result, fault))
    }

    fn look_and_decide(&self, fault: &Fault) -> LookResult {
        let mut looks = 0;
        loop {
            let seen = match self.look() {
                Ok(held) => self.judge(held, fault, looks > 0),
                Err(blind) => Some(LookResult::result(self.unknown(fault, &blind))),
            };
            if let Some(seen) = seen {
                return seen;
            }
            looks += 1;
            thread::sleep(self.limits.second_look);
        }
    }

    /// Judges one look; `None` where a second one, after a while, is needed.
    fn judge(&self, held: Option<Record>, fault: &Fault, second: bool) -> Option<LookResult> {
        match (self.change.action, held) {
            (Action::Delete, None) => Some(LookResult::result(self.settle(RowResult::Deleted))),
            (Action::Update, None) => {
                Some(LookResult::result(self.against(RowResult::Missing, fault)))
            }
            (Action::Create, Some(held)) => Some(self.judge_created(&held, fault)),
            (Action::Update, Some(held)) => self.judge_updated(&held, fault, second),
            _ if !second => None,
            // Refused after a lost reply, and not there: refused it is.
            (Action::Create, None) if fault.kind == FaultKind::Rejected => {
                Some(LookResult::result(self.against(RowResult::Rejected, fault)))
            }
            _ => Some(self.again(self.change.action, self.change.wanted.clone(), fault)),
        }
    }

    fn judge_created(&self, held: &Record, fault: &Fault) -> LookResult {
        let manifest = self.connection.manifest();
        let wanted = &self.change.wanted;
        let row = |field| manifest.row(field);
        let separate = |field: Field| row(field).is_some_and(|row| row.separate);
        let unlike = differing(manifest, wanted, held);
        let unseen = wanted.iter().map(|(field, _)| field).filter(|field| {
            separate(*field) && row(*field).is_some_and(|row| row.access == Access::WriteOnly)
        });
        // The extension was made and what comes after it was lost: only that is said again.
        if unlike.iter().all(|field| separate(*field)) && self.change.before.is_none() {
            let missing: Vec<Field> = unlike.iter().copied().chain(unseen).collect();
            if missing.is_empty() {
                return LookResult::result(self.settle(RowResult::Created));
            }
            let mut rest = wanted.key_only();
            for field in missing {
                rest.set(field, wanted.get(field).unwrap_or_default());
            }
            if self.attempts < self.limits.attempts_max {
                return LookResult::Again(Action::Update, rest);
            }
        }
        let result = match fault.kind {
            _ if unlike.is_empty() => RowResult::Unknown,
            FaultKind::Exists => RowResult::Conflict,
            _ => RowResult::Differs,
        };
        LookResult::result(self.unlike(result, unlike, fault))
    }

    fn judge_updated(&self, held: &Record, fault: &Fault, second: bool) -> Option<LookResult> {
        let manifest = self.connection.manifest();
        let mut wanted = self.change.wanted.clone();
        if wanted.text(Field::NEW_NUMBER) == Some(held.number()) {
            wanted.remove(Field::NEW_NUMBER);
        }
        let unlike = differing(manifest, &wanted, held);
        // What cannot be read back cannot be found to be as wanted.
        let unseen = wanted.iter().any(|(field, _)| {
            let row = manifest.row(field);
            !field.is_key() && row.is_some_and(|row| row.access == Access::WriteOnly)
        });
        if unlike.is_empty() && !unseen {
            return Some(LookResult::result(self.settle(RowResult::Updated)));
        }
        if !second {
            return None;
        }
        if self.attempts < self.limits.attempts_max {
            let mut again = held.key_only();
            for (field, text) in wanted.iter().filter(|(field, _)| !field.is_key()) {
                again.set(field, text);
            }
            return Some(LookResult::Again(Action::Update, again));
        }
        let untouched = self.change.before.as_ref().is_some_and(|before| {
            unlike.iter().all(|field| {
                held.get(*field).unwrap_or_default() == before.get(*field).unwrap_or_default()
            })
        });
        let result = match (unlike.is_empty(), untouched) {
            (true, _) => RowResult::Unknown,
            (false, true) => RowResult::Failed,
            (false, false) => RowResult::Differs,
        };
        Some(LookResult::result(self.unlike(result, unlike, fault)))
    }

    /// Sends it once more, unless the attempts are used up.
    fn again(&self, action: Action, wanted: Record, fault: &Fault) -> LookResult {
        if self.attempts < self.limits.attempts_max {
            return LookResult::Again(action, wanted);
        }
        let mut settlement = self.against(RowResult::Failed, fault);
        settlement.message = format!(
            "said {} times without a reply that counts, and it has not happened: {}",
            self.attempts, fault.message
        );
        LookResult::result(settlement)
    }

    /// The extension as the PBX holds it now, under its new number where it was to get one.
    fn look(&self) -> Result<Option<Record>, Fault> {
        let number = &self.change.number;
        let new_number = self.change.wanted.text(Field::NEW_NUMBER);
        for number in new_number.into_iter().chain([number.as_str()]) {
            let found = self.connection.look_at(&[number.to_owned()], false)?;
            let held = found.into_iter().find(|held| held.number() == number);
            if held.is_some() {
                return Ok(held);
            }
        }
        Ok(None)
    }

    fn done(&self) -> Settlement {
        self.settle(match self.change.action {
            Action::Create => RowResult::Created,
            Action::Update => RowResult::Updated,
            Action::Delete => RowResult::Deleted,
            Action::None => RowResult::Unchanged,
        })
    }

    fn settle(&self, result: RowResult) -> Settlement {
        let message = match (&self.lost, result.is_done()) {
            (Some(lost), true) => format!("confirmed by looking at the PBX, for {}", lost.message),
            _ => String::new(),
        };
        Settlement {
            message,
            attempts: self.attempts,
            http_status: self.http_status,
            ..Settlement::new(self.change, result)
        }
    }

    fn against(&self, result: RowResult, fault: &Fault) -> Settlement {
        let message = if fault.done_before.is_empty() {
            fault.message.clone()
        } else {
            format!("{} (before that: {})", fault.message, fault.done_before)
        };
        Settlement {
            fault: Some(fault.clone()),
            message,
            hint: fault.hint.clone(),
            ..self.settle(result)
        }
    }

    fn unlike(&self, result: RowResult, differing: Vec<Field>, fault: &Fault) -> Settlement {
        let names: Vec<&str> = differing.iter().map(|field| field.name()).collect();
        let mut settlement = self.against(result, fault);
        settlement.message = if names.is_empty() {
            format!(
                "{}; what was to be written cannot be read back",
                fault.message
            )
        } else {
            format!(
                "{}; on the PBX these are not as wanted: {}",
                fault.message,
                names.join(", ")
            )
        };
        settlement.hint = format!(
            "compare the {} on the PBX with the row, then run the import again",
            self.change.wanted.record()
        );
        settlement.differing = differing;
        settlement
    }

    fn unknown(&self, fault: &Fault, blind: &Fault) -> Settlement {
        let mut settlement = self.against(RowResult::Unknown, fault);
        settlement.message = format!(
            "it may have happened ({}), and the PBX could not be looked at: {}",
            fault.message, blind.message
        );
        settlement.hint = format!(
            "look at this {} on the PBX, then run the import again",
            self.change.wanted.record()
        );
        if blind.ends_the_run() {
            settlement.fault = Some(blind.clone());
        }
        settlement
    }
}

fn cut_off() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "run.cut_off",
        "the run was cut off when this was about to be sent",
    )
}

#[cfg(test)]
mod tests {
    use super::super::fake_vendor::{FakeVendor, Trouble};
    use super::*;

    const LIMITS: Limits = Limits {
        attempts_max: 3,
        second_look: Duration::from_millis(1),
    };

    fn ann(number: &str) -> Record {
        let mut ann = Record::numbered(number);
        ann.set(Field::DISPLAY_NAME, "Ann");
        ann.set(Field::EMAIL, "ann@example.com");
        ann
    }

    fn create(wanted: Record) -> Change {
        Change {
            row: 0,
            action: Action::Create,
            number: wanted.number().to_owned(),
            wanted,
            before: None,
        }
    }

    fn update(wanted: Record, before: Record) -> Change {
        Change {
            action: Action::Update,
            before: Some(before),
            ..create(wanted)
        }
    }

    fn delete(number: &str) -> Change {
        Change {
            action: Action::Delete,
            before: Some(Record::numbered(number)),
            ..create(Record::numbered(number))
        }
    }

    fn settled(fake: &FakeVendor, change: &Change) -> Settlement {
        let connection = fake.open();
        let permit = connection.line().pace().permit();
        carry_out(&connection, change, 0, permit, &LIMITS)
    }

    /// a fake PBX in which one operation meets with these troubles one after the other, and with none after that.
    fn troubled(operation: &'static str, troubles: &'static [Trouble]) -> FakeVendor {
        FakeVendor::holding(0).troubled(move |request, times| {
            let trouble = troubles.get(times as usize - 1);
            let trouble = trouble.filter(|_| request.operation == operation);
            trouble.copied().unwrap_or(Trouble::Nothing)
        })
    }

    /// Always the same trouble with one operation.
    fn always(operation: &'static str, trouble: Trouble) -> FakeVendor {
        FakeVendor::holding(0).troubled(move |request, _| match request.operation == operation {
            true => trouble,
            false => Trouble::Nothing,
        })
    }

    #[test]
    fn a_creation_whose_reply_is_lost_is_looked_up_and_not_said_again() {
        for trouble in [
            Trouble::LoseAfter,
            Trouble::StatusAfter(503),
            Trouble::StatusAfter(429),
        ] {
            let fake = always("create", trouble);
            let settlement = settled(&fake, &create(ann("1")));
            assert_eq!(
                (settlement.result, settlement.attempts),
                (RowResult::Created, 1),
                "{trouble:?}"
            );
            assert!(settlement.message.contains("confirmed"), "{settlement:?}");
            assert_eq!((fake.pbx.creations()["1"], fake.pbx.said("look")), (1, 1));
        }
    }

    #[test]
    fn a_creation_that_was_lost_on_the_way_is_said_again_after_two_looks() {
        for trouble in [
            Trouble::LoseBefore,
            Trouble::Status(503),
            Trouble::Garbage,
            Trouble::Status(302),
        ] {
            let fake =
                FakeVendor::holding(0).troubled(move |request, times| match request.operation {
                    "create" if times < 3 => trouble,
                    _ => Trouble::Nothing,
                });
            let settlement = settled(&fake, &create(ann("1")));
            assert_eq!(
                (settlement.result, settlement.attempts),
                (RowResult::Created, 3),
                "{trouble:?}"
            );
            assert_eq!((fake.pbx.creations()["1"], fake.pbx.said("look")), (1, 4));
        }
    }

    #[test]
    fn what_takes_effect_between_the_looks_is_not_said_again() {
        let fake = always("create", Trouble::Late);
        assert_eq!(settled(&fake, &create(ann("1"))).result, RowResult::Created);
        assert_eq!((fake.pbx.said("create"), fake.pbx.said("look")), (1, 2));

        let fake = always("delete", Trouble::Late);
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Deleted);
        assert_eq!((fake.pbx.said("delete"), fake.pbx.said("look")), (1, 2));

        let fake = always("update", Trouble::Late);
        fake.pbx.put(&Record::numbered("1"));
        let change = update(ann("1"), Record::numbered("1"));
        assert_eq!(settled(&fake, &change).result, RowResult::Updated);
        assert_eq!((fake.pbx.said("update"), fake.pbx.said("look")), (1, 2));
    }

    #[test]
    fn what_never_gets_through_fails_after_its_attempts() {
        let settlement = settled(&always("create", Trouble::LoseBefore), &create(ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Failed, 3)
        );
        assert_eq!(settlement.fault.unwrap().code, "link.closed");

        let fake = always("delete", Trouble::LoseBefore);
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Failed);

        let fake = always("update", Trouble::LoseBefore);
        fake.pbx.put(&Record::numbered("1"));
        let settlement = settled(&fake, &update(ann("1"), Record::numbered("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Failed, 3)
        );
        assert_eq!(settlement.differing, [Field::DISPLAY_NAME, Field::EMAIL]);
    }

    #[test]
    fn what_was_never_sent_has_failed_and_nobody_looks() {
        let fake = always("create", Trouble::Refuse);
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(
            (settlement.result, fake.pbx.said("look")),
            (RowResult::Failed, 0)
        );
        assert_eq!(settlement.fault.unwrap().code, "link.refused");
    }

    #[test]
    fn who_cannot_look_does_not_know() {
        for blind in [
            Trouble::Refuse,
            Trouble::LoseAfter,
            Trouble::Status(500),
            Trouble::Say("no"),
            Trouble::Say("unusable"),
        ] {
            let fake = FakeVendor::holding(0).troubled(move |request, _| match request.operation {
                "create" => Trouble::LoseAfter,
                "look" => blind,
                _ => Trouble::Nothing,
            });
            let settlement = settled(&fake, &create(ann("1")));
            assert_eq!(
                (settlement.result, settlement.attempts),
                (RowResult::Unknown, 1),
                "{blind:?}"
            );
            let ends = settlement.fault.unwrap().ends_the_run();
            assert_eq!(ends, blind == Trouble::Say("unusable"));
        }
    }

    #[test]
    fn present_but_different_is_told_and_left_alone() {
        let fake = always("create", Trouble::Alter);
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(settlement.result, RowResult::Differs);
        assert_eq!(settlement.differing, [Field::DISPLAY_NAME]);
        assert!(
            settlement.message.contains("display_name"),
            "{}",
            settlement.message
        );
        assert_eq!((fake.pbx.said("create"), fake.pbx.said("update")), (1, 0));
    }

    #[test]
    fn what_is_written_apart_is_made_up_for() {
        let mut wanted = ann("1");
        wanted.set(Field::GROUPS, "Sales");
        let fake = troubled("groups", &[Trouble::LoseBefore]);
        assert_eq!(
            settled(&fake, &create(wanted.clone())).result,
            RowResult::Created
        );
        assert_eq!(
            (
                fake.pbx.said("create"),
                fake.pbx.said("update"),
                fake.pbx.said("groups")
            ),
            (1, 0, 2)
        );
        assert_eq!(
            fake.pbx.stored("1", Field::GROUPS).as_deref(),
            Some("Sales")
        );

        let fake = always("groups", Trouble::LoseBefore);
        let settlement = settled(&fake, &create(wanted.clone()));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Differs, 3)
        );
        assert_eq!(settlement.differing, [Field::GROUPS]);

        // It was not sent any more, but the extension is there.
        let fake = always("groups", Trouble::Refuse);
        assert_eq!(settled(&fake, &create(wanted)).result, RowResult::Differs);
        assert_eq!(fake.pbx.creations()["1"], 1);
    }

    #[test]
    fn exists_is_a_conflict_unless_it_was_us() {
        let fake = FakeVendor::holding(0);
        fake.pbx.put(&ann("1"));
        assert_eq!(
            settled(&fake, &create(ann("1"))).result,
            RowResult::Conflict
        );
        assert_eq!(fake.pbx.said("look"), 0);

        // The first time takes effect after both looks, and the second time is told so.
        let late = |wanted: Record, held: Record, word: &'static str| {
            let fake = FakeVendor::holding(0);
            let pbx = fake.pbx.clone();
            let fake = fake.troubled(move |request, times| match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                ("create", _) => Trouble::Say(word),
                _ => Trouble::Nothing,
            });
            let connection = fake.open();
            let limits = Limits {
                second_look: Duration::from_millis(60),
                ..LIMITS
            };
            thread::scope(|scope| {
                scope.spawn(|| {
                    while pbx.said("create") < 2 {
                        thread::sleep(Duration::from_millis(1));
                    }
                    pbx.put(&held);
                });
                // The look after "exists" may come before the extension is there, then there is a second one.
                carry_out(
                    &connection,
                    &create(wanted),
                    0,
                    connection.line().pace().permit(),
                    &limits,
                )
            })
        };
        // "no" is what a PBX says that has no word of its own for it.
        for word in ["exists", "no"] {
            let settlement = late(ann("1"), ann("1"), word);
            assert_eq!(
                (settlement.result, settlement.attempts),
                (RowResult::Created, 2),
                "{word}"
            );
        }
        let mut other = ann("1");
        other.set(Field::EMAIL, "other@example.com");
        let settlement = late(ann("1"), other, "exists");
        assert_eq!(
            (settlement.result, settlement.differing),
            (RowResult::Conflict, vec![Field::EMAIL])
        );
    }

    #[test]
    fn rejected_after_a_lost_reply_is_looked_up() {
        let fake =
            FakeVendor::holding(0).troubled(|request, times| match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                ("create", _) => Trouble::Say("no"),
                _ => Trouble::Nothing,
            });
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Rejected, 2)
        );
        assert_eq!(settlement.fault.unwrap().code, "fake.no");
    }

    #[test]
    fn a_deletion_is_settled() {
        let fake = always("delete", Trouble::LoseAfter);
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Deleted);
        assert_eq!(
            settled(&FakeVendor::holding(0), &delete("1")).result,
            RowResult::Unchanged
        );
        let fake = troubled("delete", &[Trouble::LoseBefore]);
        fake.pbx.put(&ann("1"));
        let settlement = settled(&fake, &delete("1"));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Deleted, 2)
        );
        assert!(fake.pbx.numbers().is_empty());

        // Gone when it is said again: that was us.
        let fake = troubled("delete", &[Trouble::LoseBefore, Trouble::Say("missing")]);
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Deleted);
    }

    #[test]
    fn an_update_is_settled() {
        for (trouble, attempts) in [
            (Trouble::LoseAfter, 1),
            (Trouble::LoseBefore, 2),
            (Trouble::Alter, 2),
        ] {
            let fake =
                FakeVendor::holding(0).troubled(move |request, times| match request.operation {
                    "update" if times == 1 => trouble,
                    _ => Trouble::Nothing,
                });
            fake.pbx.put(&Record::numbered("1"));
            let settlement = settled(&fake, &update(ann("1"), Record::numbered("1")));
            assert_eq!(
                (settlement.result, settlement.attempts),
                (RowResult::Updated, attempts),
                "{trouble:?}"
            );
            assert_eq!(
                fake.pbx.stored("1", Field::DISPLAY_NAME).as_deref(),
                Some("Ann")
            );
        }
        let fake = always("update", Trouble::Alter);
        fake.pbx.put(&Record::numbered("1"));
        let settlement = settled(&fake, &update(ann("1"), Record::numbered("1")));
        assert_eq!(
            (settlement.result, settlement.differing),
            (RowResult::Differs, vec![Field::DISPLAY_NAME])
        );
        assert_eq!(
            settled(&FakeVendor::holding(0), &update(ann("1"), ann("1"))).result,
            RowResult::Missing
        );
        let settlement = settled(
            &always("update", Trouble::LoseBefore),
            &update(ann("1"), ann("1")),
        );
        assert_eq!(settlement.result, RowResult::Missing);
    }

    #[test]
    fn a_password_that_cannot_be_read_back_is_said_again_or_not_known() {
        let mut wanted = Record::numbered("1");
        wanted.set(Field::SIP_PASSWORD, "canary-42");
        let fake = troubled("update", &[Trouble::LoseBefore]);
        fake.pbx.put(&ann("1"));
        let settlement = settled(&fake, &update(wanted.clone(), ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Updated, 2)
        );
        assert_eq!(
            fake.pbx.stored("1", Field::SIP_PASSWORD).as_deref(),
            Some("canary-42")
        );

        let fake = always("update", Trouble::LoseAfter);
        fake.pbx.put(&ann("1"));
        let settlement = settled(&fake, &update(wanted, ann("1")));
        assert_eq!(settlement.result, RowResult::Unknown);
        assert!(!format!("{settlement:?}").contains("canary"));
    }

    #[test]
    fn a_renumbering_is_found_under_the_new_number() {
        let mut wanted = Record::numbered("1");
        wanted.set(Field::NEW_NUMBER, "71");
        for trouble in [Trouble::LoseAfter, Trouble::LoseBefore] {
            let fake =
                FakeVendor::holding(0).troubled(move |request, times| match request.operation {
                    "update" if times == 1 => trouble,
                    _ => Trouble::Nothing,
                });
            fake.pbx.put(&ann("1"));
            assert_eq!(
                settled(&fake, &update(wanted.clone(), ann("1"))).result,
                RowResult::Updated
            );
            assert_eq!(fake.pbx.numbers(), ["71"]);
        }
    }

    #[test]
    fn a_renumbering_that_takes_effect_after_both_looks_is_found() {
        let mut wanted = Record::numbered("1");
        wanted.set(Field::NEW_NUMBER, "71");
        let fake = FakeVendor::holding(0);
        let pbx = fake.pbx.clone();
        let fake = fake.troubled(|request, times| match (request.operation, times) {
            ("update", 1) => Trouble::LoseBefore,
            ("update", _) => Trouble::Say("missing"),
            _ => Trouble::Nothing,
        });
        fake.pbx.put(&ann("1"));
        let connection = fake.open();
        let limits = Limits {
            second_look: Duration::from_millis(60),
            ..LIMITS
        };
        let settlement = thread::scope(|scope| {
            scope.spawn(|| {
                // The second look has both numbers to look at.
                while pbx.said("look") < 4 {
                    thread::sleep(Duration::from_millis(1));
                }
                pbx.put(&ann("71"));
            });
            let permit = connection.line().pace().permit();
            let change = update(wanted, ann("1"));
            carry_out(&connection, &change, 0, permit, &limits)
        });
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Updated, 2)
        );
    }

    #[test]
    fn a_refused_account_is_a_failure_and_after_a_lost_reply_unknown() {
        let settlement = settled(&always("create", Trouble::Status(401)), &create(ann("1")));
        assert_eq!(settlement.result, RowResult::Failed);
        assert!(settlement.fault.unwrap().ends_the_run());
        let fake =
            FakeVendor::holding(0).troubled(|request, times| match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                ("create", _) => Trouble::Status(401),
                _ => Trouble::Nothing,
            });
        assert_eq!(settled(&fake, &create(ann("1"))).result, RowResult::Unknown);
    }

    #[test]
    fn not_sent_after_a_lost_reply_is_looked_up_again() {
        let fake =
            FakeVendor::holding(0).troubled(|request, times| match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                // Three times refused is the end of the link's own patience.
                ("create", 2..=4) => Trouble::Refuse,
                _ => Trouble::Nothing,
            });
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Created, 3)
        );
    }
}
