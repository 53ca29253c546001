//! Carries out one change to its end. After a lost reply it looks at the PBX before it sends anything again:
//! never a duplicate, never a guess.

use super::converse::Connection;
use super::known_secrets::secrets_of;
use super::settlement::Settlement;
use crate::compare::{differing, is_unset, made_whole, unread, with_lost};
use crate::link::paced::Permit;
use crate::manifest::{Access, FieldRow, Manifest};
use crate::model::{
    Action, Care, Change, Fault, FaultCause, FaultKind, Field, Identity, Kind, Record, RowResult,
    TO_GENERATE, Text, field_names,
};
use std::borrow::Cow;
use std::thread;
use std::time::{Duration, Instant};

/// Time after which a waiting sender checks whether the run was interrupted.
const SLICE: Duration = Duration::from_millis(25);

/// Limits of following up a lost reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettleLimits {
    /// Most times that one change is sent.
    pub attempts_max: u32,
    /// Time between the first two looks.
    pub recheck_after: Duration,
    /// Time after sending in which a change may still take effect: as long as the PBX's reply may take.
    pub reply: Duration,
}

impl SettleLimits {
    /// The usual limits for a PBX whose replies may take this long.
    pub fn new(reply: Duration) -> Self {
        SettleLimits {
            attempts_max: 4,
            recheck_after: Duration::from_secs(2),
            reply,
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
    limits: &SettleLimits,
) -> Settlement {
    let mut settling = Settling::new(connection, change, limits);
    if intended == 0 {
        return settling.send(change.action, Cow::Borrowed(&change.wanted), Some(permit));
    }
    // The run before this one was gone when this one signed in.
    settling.until = connection.opened() + limits.reply;
    match settling.settle_before_sending(cut_off()) {
        PbxState::Result(settlement) => Settlement {
            attempts: intended,
            ..*settlement
        },
        PbxState::Again(action, wanted) => settling.send(action, Cow::Owned(wanted), Some(permit)),
    }
}

/// The result of a refusal before which nothing was written; `None` where the fault is none.
fn refused(fault: &Fault, action: Action) -> Option<RowResult> {
    match (fault.kind, action) {
        (FaultKind::Exists, Action::Create) => Some(RowResult::Conflict),
        (FaultKind::Exists, Action::Delete) if fault.cause == FaultCause::NoExtension => {
            Some(RowResult::Conflict)
        }
        (FaultKind::Rejected | FaultKind::Exists, _) => Some(RowResult::Rejected),
        _ => None,
    }
}

/// A fault without words that repeat a secret of the change, sent or not: the PBX has it.
fn without_secrets_of(change: &Change, fault: Fault) -> Fault {
    let held = change.before.iter().chain([&change.wanted]);
    fault.without_words_of(held.flat_map(secrets_of))
}

/// A text in the place of a secret that is made up only for the run itself; nothing that is written has it.
const STAND_IN: &str = "123456";

/// An extension as the looks before it is written need it: with a text for each secret that is yet to be made up.
fn with_stand_ins(wanted: &Record) -> Cow<'_, Record> {
    let mut looked = Cow::Borrowed(wanted);
    for (field, _) in wanted.iter().filter(|(_, text)| *text == TO_GENERATE) {
        looked.to_mut().set(field, STAND_IN);
    }
    looked
}

/// The result of a change that ends before anything is written; `None` where nothing is in its way.
///
/// # Errors
/// The fault for which nothing can be looked at any more.
pub(super) fn foreseen(
    connection: &Connection,
    change: &Change,
) -> Result<Option<Settlement>, Fault> {
    let Err(fault) = connection.foresee(change.action, &with_stand_ins(&change.wanted)) else {
        return Ok(None);
    };
    let result = match refused(&fault, change.action) {
        Some(result) => result,
        None if fault.kind == FaultKind::Missing => RowResult::Missing,
        // It could not be looked at.
        None if !fault.ends_the_run() => RowResult::Unknown,
        None => return Err(fault),
    };
    let fault = without_secrets_of(change, fault);
    Ok(Some(Settlement::new(change, result).with_fault(fault)))
}

/// Looks at a change that the PBX `accepted`, or may have done, and may have lost since for this reason, and sends what is
/// not there again.
pub(super) fn carry_out_again(
    connection: &Connection,
    change: &Change,
    accepted: &Settlement,
    why: Fault,
    limits: &SettleLimits,
) -> Settlement {
    let mut settling = Settling {
        attempts: accepted.attempts,
        http_status: accepted.http_status,
        was_accepted: accepted.fault.is_none(),
        ..Settling::new(connection, change, limits)
    };
    match settling.settle_before_sending(why) {
        PbxState::Result(settlement) => *settlement,
        PbxState::Again(action, wanted) => settling.send(action, Cow::Owned(wanted), None),
    }
}

struct Settling<'c> {
    connection: &'c Connection,
    change: &'c Change,
    limits: &'c SettleLimits,
    attempts: u32,
    http_status: Option<u16>,
    /// The last fault after which the change may have happened, if there was one.
    lost: Option<Fault>,
    /// True if any request that writes may have reached the PBX.
    wrote: bool,
    /// The time until which a sent request may take effect.
    until: Instant,
    /// The fields of the part of a creation that was sent last, because the extension is there; none where it was sent whole.
    part: Vec<Field>,
    /// True if the PBX had accepted the change, so that an extension which it creates is the run's own.
    was_accepted: bool,
    /// True if the PBX confirmed that it made the extension, and only a later request of the creation was lost: what is not
    /// written by a request of its own is certainly there.
    is_made: bool,
}

/// The extensions on the PBX under the numbers of a change.
struct Presence {
    /// Under the number that it had before.
    old: Option<Record>,
    /// Under the number that it is to get.
    new: Option<Record>,
}

/// The outcome of looking at the PBX.
enum PbxState {
    /// The result is known.
    Result(Box<Settlement>),
    /// It has not happened: send it, or this part of it, again.
    Again(Action, Record),
}

impl PbxState {
    fn result(settlement: Settlement) -> PbxState {
        PbxState::Result(Box::new(settlement))
    }

    /// The same result, of an extension that is the run's own and was seen so.
    fn leaving(mut self, current: &Record) -> PbxState {
        if let PbxState::Result(settlement) = &mut self {
            settlement.read_back = Some(current.clone());
        }
        self
    }
}

impl<'c> Settling<'c> {
    fn new(
        connection: &'c Connection,
        change: &'c Change,
        limits: &'c SettleLimits,
    ) -> Settling<'c> {
        Settling {
            connection,
            change,
            limits,
            attempts: 0,
            http_status: None,
            lost: None,
            wrote: false,
            until: Instant::now(),
            part: vec![],
            was_accepted: false,
            is_made: false,
        }
    }

    /// Looks at the PBX before anything is sent, because the change may have happened.
    fn settle_before_sending(&mut self, fault: Fault) -> PbxState {
        self.lost = Some(fault.clone());
        self.look_until_decided(&fault)
    }

    /// Sends the change, or the part of it that is left.
    fn send(
        mut self,
        mut action: Action,
        mut wanted: Cow<'_, Record>,
        mut permit: Option<Permit>,
    ) -> Settlement {
        loop {
            self.attempts += 1;
            let is_part = action != self.change.action;
            let fields = wanted.iter().map(|(field, _)| field);
            self.part = fields.filter(|field| is_part && !field.is_key()).collect();
            let sent_at = Instant::now();
            let response = self.connection.apply(action, &wanted, permit.take());
            self.http_status = response.http_status.or(self.http_status);
            let Err(fault) = response.result else {
                return self.done();
            };
            let fault = without_secrets_of(self.change, fault);
            self.wrote |= response.wrote;
            if action == Action::Create {
                self.is_made = !fault.done_before.is_empty();
            }
            if let Some(settlement) = self.certain(&fault) {
                return settlement;
            }
            if fault.kind == FaultKind::MayHaveHappened {
                self.lost = Some(fault.clone());
                self.until = sent_at + self.limits.reply;
            }
            if self.lost.is_some() {
                self.until = self.until.max(Instant::now() + self.limits.recheck_after);
            }
            match self.look_until_decided(&fault) {
                PbxState::Result(settlement) => return *settlement,
                PbxState::Again(again, rest) => (action, wanted) = (again, Cow::Owned(rest)),
            }
        }
    }

    /// Returns the result of a fault that leaves nothing to look for. Once a request that writes was sent, no answer is
    /// such a fault: some PBXes refuse a change and carry it out, or a part of it, and a gateway in between may send a
    /// request twice and hand back the refusal of the second one.
    fn certain(&self, fault: &Fault) -> Option<Settlement> {
        use FaultKind::*;
        let doubtful = self.lost.is_some();
        let result = match (fault.kind, self.change.action) {
            (MayHaveHappened | Missing, _) => return None,
            (CredentialRefused | TargetUnusable, _)
                if doubtful || !fault.done_before.is_empty() =>
            {
                RowResult::Unknown
            }
            _ if doubtful || self.wrote => return None,
            (_, action) => refused(fault, action).unwrap_or(RowResult::Failed),
        };
        let settlement = self.settlement_of(result, fault);
        Some(Settlement {
            is_open: fault.kind == NotSent || settlement.is_open,
            ..settlement
        })
    }

    /// Looks at the PBX until the result is clear, at the latest when the request can no longer take effect.
    fn look_until_decided(&self, fault: &Fault) -> PbxState {
        let mut lookups = 0;
        loop {
            let is_last = Instant::now() >= self.until;
            lookups += 1;
            let decided = match self.read_presence() {
                Ok(presence) => self.judge(presence, fault, is_last),
                Err(blind) if is_last || blind.ends_the_run() => {
                    Some(PbxState::result(self.unknown(fault, &blind)))
                }
                Err(_) => None,
            };
            if let Some(mut decided) = decided {
                if let PbxState::Result(settlement) = &mut decided {
                    settlement.was_looked_up = true;
                }
                return decided;
            }
            if lookups > 1 && self.is_stopped() {
                return PbxState::result(self.unknown(fault, &interrupted()));
            }
            // A change that has not taken effect soon is seen at the end: three looks are enough.
            match lookups {
                1 => self.pause(self.limits.recheck_after),
                _ => self.pause(self.limits.reply),
            }
        }
    }

    /// Waits, but not past the time from which on nothing can take effect any more, nor long after a stop.
    fn pause(&self, wait: Duration) {
        let end = self.until.min(Instant::now() + wait);
        let patience = Instant::now() + self.limits.recheck_after;
        loop {
            let now = Instant::now();
            if now >= end || (now >= patience && self.is_stopped()) {
                return;
            }
            thread::sleep((end - now).min(SLICE));
        }
    }

    fn is_stopped(&self) -> bool {
        self.connection.line().pace().stop_flag().is_stopped()
    }

    /// Judges one look; `None` where it takes another one, later. On the last one nothing can take effect any more.
    fn judge(&self, presence: Presence, fault: &Fault, is_last: bool) -> Option<PbxState> {
        if let Some(new_number) = self.change.wanted.text(Field::NEW_NUMBER)
            && self.change.action == Action::Update
        {
            return self.judge_renamed(presence, new_number, fault, is_last);
        }
        let refused = self.is_refused(fault);
        match (self.change.action, presence.old) {
            (Action::Delete, None)
                if fault.kind == FaultKind::Missing && !self.may_have_deleted() =>
            {
                Some(PbxState::result(self.settle(RowResult::Unchanged)))
            }
            (Action::Delete, None) if fault.cause == FaultCause::NoExtension => {
                Some(self.ended(RowResult::Conflict, fault))
            }
            (Action::Delete, None) => Some(self.judge_gone(fault)),
            (Action::Create, Some(current)) => self.judge_created(&current, fault, is_last),
            (Action::Update, Some(current)) => {
                self.judge_updated(&current, &self.change.wanted, fault, is_last)
            }
            _ if !is_last => None,
            (Action::Update, None) => Some(self.gone_result(fault)),
            (Action::Create, None) if fault.kind == FaultKind::Exists => {
                Some(self.ended(RowResult::Conflict, fault))
            }
            (Action::Create, None) | (Action::Delete, Some(_)) if refused => {
                Some(self.ended(not_done(fault), fault))
            }
            _ => Some(self.send_again(self.change.action, self.change.wanted.clone(), fault)),
        }
    }

    /// Returns true where the PBX itself said no, so that the request is not sent again.
    fn is_refused(&self, fault: &Fault) -> bool {
        use FaultKind::*;
        match fault.kind {
            Rejected | Missing | Exists => true,
            Busy | SessionExpired | CredentialRefused | TargetUnusable => self.lost.is_none(),
            NotSent | MayHaveHappened => false,
        }
    }

    /// Returns true where an extension that is gone may have been removed by this change: a request was lost, or the
    /// plan had seen the extension before a request was sent.
    fn may_have_deleted(&self) -> bool {
        self.lost.is_some() || (self.wrote && self.change.before.is_some())
    }

    /// A deletion is done only where no part is left of the extension: one that is gone without its parts cannot be used, and
    /// leaves its secret on the PBX. They are removed again, and told in the end.
    fn judge_gone(&self, fault: &Fault) -> PbxState {
        let number = &self.change.number;
        let left = match self.connection.fetch_parts(std::slice::from_ref(number), 1) {
            Ok(left) => left,
            Err(blind) => return PbxState::result(self.unknown(fault, &blind)),
        };
        let Some(part) = left.first() else {
            return self.confirmed(RowResult::Deleted, fault);
        };
        let fields = part.iter().map(|(field, _)| field);
        let fields: Vec<Field> = fields.filter(|field| !field.is_key()).collect();
        // What may belong to something else shows no field, and is not touched.
        let is_own = !fields.is_empty();
        if is_own && self.attempts < self.limits.attempts_max {
            return PbxState::Again(Action::Delete, self.change.wanted.clone());
        }
        let settlement = self.settlement_of(RowResult::Failed, fault);
        let record = self.change.wanted.noun();
        let (left, hint) = match is_own {
            true => (
                format!(
                    "the {record} is gone, and parts of it are left on the PBX, with these fields: {}",
                    field_names(&fields)
                ),
                "rowcall resume removes what is left, and rowcall undo makes it whole again",
            ),
            false => (
                format!(
                    "the {record} is gone, and parts of its number are left on the PBX, which may belong to something else"
                ),
                "look at them on the PBX, and remove them there where nothing else needs them",
            ),
        };
        PbxState::result(Settlement {
            message: format!("{}; {}", left, settlement.message),
            hint: hint.to_owned(),
            is_open: is_own,
            ..settlement
        })
    }

    fn judge_created(&self, current: &Record, fault: &Fault, is_last: bool) -> Option<PbxState> {
        let manifest = self.connection.manifest();
        let wanted = &*made_whole(manifest, &self.change.wanted, current);
        let row = |field| manifest.row(field);
        let loses = manifest.vendor.loses_ms > 0;
        // A part that was not written yet, or not stored: what another one wrote there is no such part.
        let is_left = |field: Field| {
            let is_unset = is_unset(current, field);
            let is_unwritten = field.def().kind == Kind::List || is_unset;
            let is_part = |row: &FieldRow| row.separate && (is_unwritten || row.made_up);
            row(field).is_some_and(is_part) || (is_unset && loses)
        };
        let unlike = differing(manifest, wanted, current);
        // No reply was lost before it, so it is about this very request and not about a repeat of it.
        let refused = self.is_refused(fault) && (self.lost.is_none() || !self.part.is_empty());
        let readable = |field: &Field| {
            let is_read =
                |row: &FieldRow| row.access == Access::ReadWrite && !row.is_unread(current);
            row(*field).is_some_and(is_read)
                && !field.is_key()
                && !wanted.get(*field).unwrap_or_default().is_empty()
        };
        let readable = wanted.iter().map(|(field, _)| field).filter(readable);
        let readable: Vec<Field> = readable.collect();
        // After a refusal an extension of which only the number is known to be alike may be somebody else's.
        let is_alike = readable.iter().any(|field| !unlike.contains(field));
        let foreign = foreign(manifest, wanted, current);
        let is_begun = !fault.done_before.is_empty();
        let is_ours = self.change.before.is_none()
            && (is_begun || self.was_accepted || (foreign.is_empty() && (is_alike || !refused)));
        if (self.was_accepted || unlike.iter().all(|field| is_left(*field))) && is_ours {
            // Nothing is taken for written that cannot be seen.
            let mut missing = unlike.clone();
            let unread = unread(manifest, wanted, current).into_iter();
            let is_separate = |field: &Field| row(*field).is_some_and(|row| row.separate);
            missing.extend(unread.filter(|field| !self.is_made || is_separate(field)));
            if missing.is_empty() {
                return Some(self.confirmed(RowResult::Created, fault).leaving(current));
            }
            if refused {
                let differs = self.differing_result(RowResult::Differs, missing, current, fault);
                return Some(differs.leaving(current));
            }
            // The extension was created and the next steps were lost: only those are sent again, and a part again as it was.
            let mut rest = wanted.key_only();
            if let Some(attributes) = wanted.attributes() {
                rest.set_attributes(attributes.clone());
            }
            let again = missing.iter().chain(&self.part).copied();
            for field in again.filter(|field| row(*field).is_some_and(|row| !row.create_only)) {
                rest.set(field, wanted.get(field).unwrap_or_default());
            }
            let is_empty = rest.iter().all(|(field, _)| field.is_key());
            if !is_empty && self.attempts < self.limits.attempts_max {
                return Some(PbxState::Again(Action::Update, rest));
            }
            if unlike.is_empty() {
                return Some(self.created_unseen(missing, fault).leaving(current));
            }
        }
        if !is_last {
            return None;
        }
        let is_lost = fault.cause == FaultCause::LostThere;
        let is_another = !is_begun && !is_lost && unlike.len() * 2 > readable.len();
        let (result, fields) = match fault.kind {
            _ if unlike.is_empty() && !foreign.is_empty() => (RowResult::Conflict, foreign),
            _ if unlike.is_empty() => (RowResult::Unknown, unlike),
            FaultKind::Exists => (RowResult::Conflict, unlike),
            // Refused, and the extension there has little in common with the wanted one: somebody else created it.
            _ if refused && is_another => (RowResult::Conflict, unlike),
            _ => (RowResult::Differs, unlike),
        };
        Some(self.differing_result(result, fields, current, fault))
    }

    /// The result of an extension that is there as far as it can be seen; these fields cannot.
    fn created_unseen(&self, unseen: Vec<Field>, fault: &Fault) -> PbxState {
        let mut created = self.confirmed(RowResult::Created, fault);
        if let PbxState::Result(settlement) = &mut created {
            settlement.message += &format!("; {}", cannot_be_read_back(&unseen));
            settlement.hint = "run the same sheet with --mode upsert: it writes them again".into();
            settlement.unseen = unseen;
        }
        created
    }

    fn judge_updated(
        &self,
        current: &Record,
        wanted: &Record,
        fault: &Fault,
        is_last: bool,
    ) -> Option<PbxState> {
        let manifest = self.connection.manifest();
        let mut unlike = differing(manifest, &made_whole(manifest, wanted, current), current);
        let mut again = current.key_only();
        let mut unseen = vec![];
        let (whole, lost) = with_lost(manifest, self.change, &self.change.wanted, current);
        unlike.extend(lost);
        for (field, text) in whole.iter().filter(|(field, _)| !field.is_key()) {
            let row = manifest.row(field);
            if field == Field::NEW_NUMBER {
                if self.change.wanted.text(field) == Some(current.number()) {
                    continue;
                }
                unlike.push(field);
            } else if row.is_some_and(|row| row.is_unread(current)) {
                // A field that cannot be read back cannot be found to be as wanted.
                unseen.push(field);
            }
            again.set(field, text);
        }
        if fault.cause == FaultCause::ChangedBesides && unlike.is_empty() {
            return Some(self.ended(RowResult::Differs, fault).leaving(current));
        }
        if unlike.is_empty() && unseen.is_empty() {
            return Some(self.confirmed(RowResult::Updated, fault).leaving(current));
        }
        if !is_last {
            return None;
        }
        let refused = self.is_refused(fault);
        let is_empty = again.iter().all(|(field, _)| field.is_key());
        if !refused && !is_empty && self.attempts < self.limits.attempts_max {
            return Some(PbxState::Again(Action::Update, again));
        }
        let untouched = self.change.before.as_ref().is_some_and(|before| {
            self.change.wanted.iter().all(|(field, _)| {
                field == Field::NEW_NUMBER
                    || current.get(field).unwrap_or_default()
                        == before.get(field).unwrap_or_default()
            })
        });
        match (untouched, refused) {
            (true, true) => Some(self.ended(not_done(fault), fault)),
            _ if unlike.is_empty() => {
                Some(self.differing_result(RowResult::Unknown, unlike, current, fault))
            }
            (true, false) => Some(self.differing_result(RowResult::Failed, unlike, current, fault)),
            (false, _) => Some(
                self.differing_result(RowResult::Differs, unlike, current, fault)
                    .leaving(current),
            ),
        }
    }

    /// A rename is done only where the old number is gone and the new one has all values of the old one, with the
    /// wanted ones.
    fn judge_renamed(
        &self,
        presence: Presence,
        new_number: &str,
        fault: &Fault,
        is_last: bool,
    ) -> Option<PbxState> {
        let wanted = &self.change.wanted;
        let whole = renamed(self.change);
        match (presence.old, presence.new) {
            (None, Some(new)) => self.judge_updated(&new, &whole, fault, is_last),
            (Some(old), None) => self.judge_updated(&old, wanted, fault, is_last),
            _ if !is_last => None,
            (None, None) => Some(self.ended(RowResult::Missing, fault)),
            (Some(old), Some(new)) => {
                let manifest = self.connection.manifest();
                let is_ours = differing(manifest, &whole, &new).is_empty();
                let before = self.change.before.as_ref();
                let is_other = before.is_some_and(|it| !differing(manifest, it, &old).is_empty());
                if is_ours && is_other {
                    // Another extension has got the old number since.
                    return self.judge_updated(&new, &whole, fault, is_last);
                }
                let result = match is_ours {
                    true => RowResult::Differs,
                    false => RowResult::Conflict,
                };
                let number = &self.change.number;
                Some(PbxState::result(Settlement {
                    differing: vec![Field::NEW_NUMBER],
                    message: format!("{}; the PBX holds both {number} and {new_number}", fault),
                    hint: format!(
                        "look at {number} and {new_number} on the PBX, then run it again"
                    ),
                    ..self.settlement_of(result, fault)
                }))
            }
        }
    }

    /// The result of an update whose extension is not there: after a request that may have changed it, it is gone since.
    fn gone_result(&self, fault: &Fault) -> PbxState {
        let mut settlement = self.settlement_of(RowResult::Missing, fault);
        if fault.kind == FaultKind::MayHaveHappened {
            let record = self.change.wanted.noun();
            settlement.message = format!(
                "the PBX does not have the {record} any more, which may have been changed before: {}",
                settlement.message
            );
        }
        PbxState::result(settlement)
    }

    /// Sends it once more, unless the attempts are used up.
    fn send_again(&self, action: Action, wanted: Record, fault: &Fault) -> PbxState {
        if self.attempts < self.limits.attempts_max {
            return PbxState::Again(action, wanted);
        }
        let mut settlement = self.settlement_of(RowResult::Failed, fault);
        settlement.message = format!(
            "sent {} times without a reply that counts, and the PBX does not show it after as long as a reply may take: {}",
            self.attempts, fault
        );
        PbxState::result(settlement)
    }

    /// Looks at the extension, and under its new number where it is to get one.
    fn read_presence(&self) -> Result<Presence, Fault> {
        let look = |number: &str| -> Result<Option<Record>, Fault> {
            let found = self.connection.fetch(&[number.to_owned()], false)?;
            let mut current = found
                .into_iter()
                .filter(|current| current.number() == number);
            match (current.next(), current.next()) {
                (Some(_), Some(_)) => Err(twice(number)),
                (current, _) => Ok(current),
            }
        };
        let new_number = self.change.wanted.text(Field::NEW_NUMBER);
        Ok(Presence {
            new: new_number.map(look).transpose()?.flatten(),
            old: look(&self.change.number)?,
        })
    }

    fn confirmed(&self, result: RowResult, fault: &Fault) -> PbxState {
        let mut settlement = self.settle(result);
        if settlement.message.is_empty() {
            settlement.message = format!(
                "confirmed by looking at the PBX, although it answered: {}",
                fault
            );
        }
        PbxState::result(settlement)
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

    fn ended(&self, result: RowResult, fault: &Fault) -> PbxState {
        PbxState::result(self.settlement_of(result, fault))
    }

    fn settlement_of(&self, result: RowResult, fault: &Fault) -> Settlement {
        let message = if fault.done_before.is_empty() {
            fault.to_string()
        } else {
            format!("{} (before that: {})", fault, fault.done_before)
        };
        Settlement {
            fault: Some(fault.clone()),
            message,
            hint: fault.hint.clone(),
            is_open: fault.cause == FaultCause::LostThere,
            ..self.settle(result)
        }
    }

    fn differing_result(
        &self,
        result: RowResult,
        differing: Vec<Field>,
        current: &Record,
        fault: &Fault,
    ) -> PbxState {
        let manifest = self.connection.manifest();
        let is_read = |field: &Field| {
            let row = manifest.row(*field);
            row.is_none_or(|row| !row.is_unread(current))
        };
        let (read, unread): (Vec<Field>, Vec<Field>) = differing.iter().partition(|it| is_read(it));
        let mut settlement = self.settlement_of(result, fault);
        let mut why = vec![];
        if !read.is_empty() {
            let which = field_names(&read);
            why.push(format!("on the PBX these are not as wanted: {which}"));
        }
        if !unread.is_empty() {
            why.push(cannot_be_read_back(&unread));
        }
        if why.is_empty() {
            why.push("what was to be written cannot be read back".to_owned());
        }
        settlement.message = format!("{}; {}", settlement.message, why.join("; "));
        if settlement.hint.is_empty() {
            settlement.hint = format!(
                "compare the {} on the PBX with the row, then {}",
                self.change.wanted.noun(),
                run_again(self.change)
            );
        }
        settlement.differing = differing;
        PbxState::result(settlement)
    }

    fn unknown(&self, fault: &Fault, blind: &Fault) -> Settlement {
        let mut settlement = self.settlement_of(RowResult::Unknown, fault);
        settlement.message = format!(
            "it may have happened ({}), and the PBX could not be looked at: {}",
            fault, blind
        );
        settlement.is_open = leaves_open(blind);
        settlement.hint = hint_to_look_later(self.change, settlement.is_open);
        if blind.ends_the_run() {
            settlement.fault = Some(blind.clone());
        }
        settlement
    }
}

/// Returns the record that an extension should have once it is renamed: all its values from before, with the wanted
/// ones, under its new number.
pub(crate) fn renamed(change: &Change) -> Record {
    let mut whole = change.before.clone().unwrap_or_default();
    for (field, text) in change.wanted.iter() {
        whole.set(field, text);
    }
    if let Some(number) = change.wanted.text(Field::NEW_NUMBER) {
        whole.set(Field::NUMBER, number);
    }
    whole
}

/// The fields that the row leaves out and that somebody else wrote on the PBX's extension: those that name a person or a
/// telephone, because no PBX makes such a value up, and those that a creation fills with another value. A value that is
/// made of the row's own is none.
fn foreign(manifest: &Manifest, wanted: &Record, current: &Record) -> Vec<Field> {
    let own: Vec<&str> = wanted
        .iter()
        .filter_map(|(_, text)| text.open())
        .flat_map(str::split_whitespace)
        .collect();
    let is_foreign = |(field, text): &(Field, Text<'_>)| {
        let names_one = match field.def().identifies {
            Some(Identity::Person) => true,
            Some(Identity::Number) => field.def().care == Care::Phone,
            _ => false,
        };
        let row = manifest.row(*field);
        let Some(row) = row.filter(|row| row.access == Access::ReadWrite) else {
            return false;
        };
        if wanted.get(*field).is_none()
            && let Some(fill) = row.filled(wanted.number())
        {
            return *text != fill.as_str();
        }
        let mut words = text.open().into_iter().flat_map(str::split_whitespace);
        names_one
            && row.default.is_none()
            && wanted.get(*field).unwrap_or_default().is_empty()
            && words.any(|word| !own.contains(&word))
    };
    let foreign = current.iter().filter(is_foreign);
    foreign.map(|(field, _)| field).collect()
}

fn cannot_be_read_back(fields: &[Field]) -> String {
    format!("these cannot be read back: {}", field_names(fields))
}

/// The result of a change that the PBX refused, and that was not done.
fn not_done(fault: &Fault) -> RowResult {
    use FaultKind::{Exists, Missing, Rejected};
    match fault.kind {
        Rejected | Missing | Exists => RowResult::Rejected,
        _ => RowResult::Failed,
    }
}

/// Returns true for a fault by which the PBX could not be looked at now, and perhaps can be later.
pub(super) fn leaves_open(blind: &Fault) -> bool {
    use FaultKind::{Exists, Missing, Rejected};
    !matches!(blind.kind, Rejected | Missing | Exists)
}

/// The hint for a row that could not be looked at.
pub(super) fn hint_to_look_later(change: &Change, is_open: bool) -> String {
    let record = change.wanted.noun();
    match is_open {
        true => {
            format!("once the PBX can be reached again, rowcall resume looks at this {record}")
        }
        false => format!(
            "look at this {record} on the PBX, or {}: what is done already is left as it is",
            run_again(change)
        ),
    }
}

/// The words for running it again; a creation by the mode that also changes what is there.
fn run_again(change: &Change) -> &'static str {
    match change.action {
        Action::Create => "run it again with --mode upsert",
        _ => "run it again",
    }
}

pub(super) fn cut_off() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "run.cut_off",
        "the run was cut off before its result was known",
    )
}

fn twice(number: &str) -> Fault {
    let why = format!("it has {number} more than once");
    Fault::new(FaultKind::Rejected, "run.twice", why)
}

fn interrupted() -> Fault {
    Fault::new(
        FaultKind::NotSent,
        "run.interrupted",
        "the run was interrupted before its reply was due",
    )
}

#[cfg(test)]
mod tests {
    use super::super::fake_vendor::{FakeVendor, Trouble};
    use super::*;

    const LIMITS: SettleLimits = SettleLimits {
        attempts_max: 3,
        recheck_after: Duration::from_millis(1),
        reply: Duration::from_millis(1),
    };

    fn ann(number: &str) -> Record {
        let mut ann = Record::numbered(number);
        ann.set(Field::DISPLAY_NAME, "Ann");
        ann.set(Field::EMAIL, "ann@example.com");
        ann
    }

    fn bea(number: &str) -> Record {
        let mut bea = Record::numbered(number);
        bea.set(Field::DISPLAY_NAME, "Bea");
        bea.set(Field::EMAIL, "bea@example.com");
        bea
    }

    #[test]
    fn what_is_made_up_later_has_a_stand_in_while_the_pbx_is_looked_at() {
        let mut wanted = ann("2001");
        wanted.set(Field::SIP_PASSWORD, TO_GENERATE);
        let looked = with_stand_ins(&wanted);
        assert_eq!(looked.reveal(Field::SIP_PASSWORD), Some(STAND_IN));
        assert_eq!(looked.reveal(Field::EMAIL), Some("ann@example.com"));
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

    #[test]
    fn rows_of_a_run_that_was_cut_off_wait_for_one_moment_together() {
        let fake = FakeVendor::with_extensions(0);
        let connection = fake.open();
        let limits = SettleLimits {
            reply: Duration::from_millis(80),
            ..LIMITS
        };
        for number in 1..=17 {
            let permit = connection.line().pace().permit();
            let change = create(ann(&number.to_string()));
            let done = carry_out(&connection, &change, 1, permit, &limits);
            assert_eq!(done.result, RowResult::Created, "{done:?}");
        }
        // The first one is looked for until no reply can come any more; then that holds for all of them.
        assert_eq!(fake.pbx.times("look"), 17 + 2);
        assert_eq!(fake.pbx.times("create"), 17);
    }

    /// Builds a fake PBX in which one operation meets with these troubles one after the other, and with none after
    /// that.
    fn troubled(operation: &'static str, troubles: &'static [Trouble]) -> FakeVendor {
        FakeVendor::with_extensions(0).troubled(move |request, times| {
            let trouble = troubles.get(times as usize - 1);
            let trouble = trouble.filter(|_| request.operation == operation);
            trouble.copied().unwrap_or(Trouble::Nothing)
        })
    }

    /// Always the same trouble with one operation.
    fn always(operation: &'static str, trouble: Trouble) -> FakeVendor {
        FakeVendor::with_extensions(0).troubled(move |request, _| {
            match request.operation == operation {
                true => trouble,
                false => Trouble::Nothing,
            }
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
            assert_eq!((fake.pbx.creations()["1"], fake.pbx.times("look")), (1, 1));
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
            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| match request
                .operation
            {
                "create" if times < 3 => trouble,
                _ => Trouble::Nothing,
            });
            let settlement = settled(&fake, &create(ann("1")));
            assert_eq!(
                (settlement.result, settlement.attempts),
                (RowResult::Created, 3),
                "{trouble:?}"
            );
            assert_eq!((fake.pbx.creations()["1"], fake.pbx.times("look")), (1, 4));
        }
    }

    #[test]
    fn what_takes_effect_between_the_looks_is_not_said_again() {
        let fake = always("create", Trouble::Late);
        assert_eq!(settled(&fake, &create(ann("1"))).result, RowResult::Created);
        assert_eq!((fake.pbx.times("create"), fake.pbx.times("look")), (1, 2));

        let fake = always("delete", Trouble::Late);
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Deleted);
        assert_eq!((fake.pbx.times("delete"), fake.pbx.times("look")), (1, 2));

        let fake = always("update", Trouble::Late);
        fake.pbx.put(&Record::numbered("1"));
        let change = update(ann("1"), Record::numbered("1"));
        assert_eq!(settled(&fake, &change).result, RowResult::Updated);
        assert_eq!((fake.pbx.times("update"), fake.pbx.times("look")), (1, 2));
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
            (settlement.result, fake.pbx.times("look")),
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
            Trouble::Answer("no"),
            Trouble::Answer("unusable"),
        ] {
            let fake = FakeVendor::with_extensions(0).troubled(move |request, _| {
                match request.operation {
                    "create" => Trouble::LoseAfter,
                    "look" => blind,
                    _ => Trouble::Nothing,
                }
            });
            let settlement = settled(&fake, &create(ann("1")));
            assert_eq!(
                (settlement.result, settlement.attempts),
                (RowResult::Unknown, 1),
                "{blind:?}"
            );
            assert_eq!(
                settlement.is_open,
                blind != Trouble::Answer("no"),
                "{blind:?}"
            );
            let ends = settlement.fault.unwrap().ends_the_run();
            assert_eq!(ends, blind == Trouble::Answer("unusable"));
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
        assert_eq!((fake.pbx.times("create"), fake.pbx.times("update")), (1, 0));
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
                fake.pbx.times("create"),
                fake.pbx.times("update"),
                fake.pbx.times("groups")
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

        // What went with the request that the PBX confirmed is there, also where it cannot be read back.
        let mut with_secret = wanted.clone();
        with_secret.set(Field::SIP_PASSWORD, "canary-42");
        let fake = troubled("groups", &[Trouble::LoseBefore]);
        let settlement = settled(&fake, &create(with_secret));
        assert_eq!(settlement.result, RowResult::Created);
        assert_eq!((settlement.unseen, fake.pbx.times("update")), (vec![], 0));

        // It was not sent any more, but the extension is there.
        let fake = always("groups", Trouble::Refuse);
        assert_eq!(settled(&fake, &create(wanted)).result, RowResult::Differs);
        assert_eq!(fake.pbx.creations()["1"], 1);
    }

    #[test]
    fn exists_is_a_conflict_unless_it_was_us() {
        let fake = FakeVendor::with_extensions(0);
        fake.pbx.put(&bea("1"));
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(settlement.result, RowResult::Conflict);
        assert!(settlement.read_back.is_none());
        // Only its number is known to be alike: it may be another's.
        let mut secret = Record::numbered("1");
        secret.set(Field::SIP_PASSWORD, "canary-42");
        for wanted in [secret, Record::numbered("1")] {
            fake.pbx.put(&bea("1"));
            let settlement = settled(&fake, &create(wanted.clone()));
            assert_eq!(settlement.result, RowResult::Conflict, "{settlement:?}");
            assert!(settlement.read_back.is_none());
            fake.pbx.put(&Record::numbered("1"));
            let settlement = settled(&fake, &create(wanted));
            assert_eq!(settlement.result, RowResult::Unknown, "{settlement:?}");
            assert!(settlement.read_back.is_none());
        }
        // A gateway in between sent it twice, and handed back the second answer.
        let fake = always("create", Trouble::AnswerAfter("exists"));
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(settlement.result, RowResult::Created, "{settlement:?}");
        assert!(settlement.read_back.is_some());

        // The first request takes effect after both looks, and the second one gets a refusal for it.
        let late = |wanted: Record, current: Record, word: &'static str| {
            let fake = FakeVendor::with_extensions(0);
            let pbx = fake.pbx.clone();
            let fake = fake.troubled(move |request, times| match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                ("create", _) => Trouble::Answer(word),
                _ => Trouble::Nothing,
            });
            let connection = fake.open();
            let limits = SettleLimits {
                recheck_after: Duration::from_millis(500),
                ..LIMITS
            };
            thread::scope(|scope| {
                scope.spawn(|| {
                    while pbx.times("create") < 2 {
                        thread::sleep(Duration::from_millis(1));
                    }
                    pbx.put(&current);
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
        // "no" is the answer of a PBX that has no word of its own for it.
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
        let fake = FakeVendor::with_extensions(0).troubled(|request, times| {
            match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                ("create", _) => Trouble::Answer("no"),
                _ => Trouble::Nothing,
            }
        });
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Rejected, 2)
        );
        assert_eq!(settlement.fault.unwrap().code, "fake.no");
    }

    #[test]
    fn an_extension_with_more_than_was_wanted_is_somebody_elses_after_a_lost_creation() {
        let mut wanted = Record::numbered("1");
        wanted.set(Field::DISPLAY_NAME, "Ann");
        wanted.set(Field::SIP_PASSWORD, "canary-42");
        let fake = always("create", Trouble::LoseBefore);
        fake.pbx.put(&ann("1"));
        let settlement = settled(&fake, &create(wanted.clone()));
        assert_eq!(settlement.result, RowResult::Conflict, "{settlement:?}");
        assert_eq!(settlement.differing, [Field::EMAIL]);
        assert_eq!(settlement.read_back, None);
        assert_eq!(fake.pbx.stored("1", Field::SIP_PASSWORD), None);
        // A name that is made of the row's own words is no such thing.
        let manifest = super::super::fake_vendor::fake_manifest();
        let mut current = Record::numbered("1");
        current.set(Field::DISPLAY_NAME, "1 Ann");
        let mut named = Record::numbered("1");
        named.set(Field::FIRST_NAME, "Ann");
        assert_eq!(foreign(manifest, &named, &current), []);
        assert_eq!(foreign(manifest, &named, &ann("1")), [Field::EMAIL]);
    }

    #[test]
    fn what_cannot_be_read_back_of_a_lost_creation_is_sent_once_more() {
        let mut wanted = ann("1");
        wanted.set(Field::SIP_PASSWORD, "canary-42");
        let fake = always("create", Trouble::LoseBefore);
        let mut other = ann("1");
        other.set(Field::SIP_PASSWORD, "another-1");
        fake.pbx.put(&other);
        let settlement = settled(&fake, &create(wanted.clone()));
        let got = (settlement.result, settlement.attempts);
        assert_eq!(got, (RowResult::Created, 2), "{settlement:?}");
        assert_eq!(settlement.unseen, []);
        let stored = fake.pbx.stored("1", Field::SIP_PASSWORD);
        assert_eq!(stored.as_deref(), Some("canary-42"));
        // If that reply is lost each time too, the row says so and is not taken for written.
        let fake = FakeVendor::with_extensions(0).troubled(|request, times| {
            match (request.operation, times) {
                ("create", 1) => Trouble::LoseAfter,
                ("update", _) => Trouble::LoseBefore,
                _ => Trouble::Nothing,
            }
        });
        let settlement = settled(&fake, &create(wanted));
        let got = (settlement.result, settlement.attempts);
        assert_eq!(got, (RowResult::Created, 3), "{settlement:?}");
        assert_eq!(settlement.unseen, [Field::SIP_PASSWORD]);
        assert!(settlement.message.contains("cannot be read back"));
        assert!(!format!("{settlement:?}").contains("canary"));
    }

    #[test]
    fn a_deletion_whose_number_is_something_else_by_now_is_a_conflict() {
        let fake = always("delete", Trouble::Answer("no_extension"));
        let settlement = settled(&fake, &delete("2002"));
        assert_eq!(settlement.result, RowResult::Conflict);
    }

    #[test]
    fn a_deletion_is_settled() {
        let fake = always("delete", Trouble::LoseAfter);
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Deleted);
        let unseen = Change {
            before: None,
            ..delete("1")
        };
        assert_eq!(
            settled(&FakeVendor::with_extensions(0), &unseen).result,
            RowResult::Unchanged
        );
        // The plan had seen it, and after one request it is gone, whatever the answer to that.
        let fake = always("delete", Trouble::AnswerAfter("missing"));
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Deleted);
        let fake = troubled("delete", &[Trouble::LoseBefore]);
        fake.pbx.put(&ann("1"));
        let settlement = settled(&fake, &delete("1"));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Deleted, 2)
        );
        assert!(fake.pbx.numbers().is_empty());

        // Gone when it is sent again: our own request did it.
        let fake = troubled(
            "delete",
            &[Trouble::LoseBefore, Trouble::AnswerAfter("missing")],
        );
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
            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| match request
                .operation
            {
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
            settled(&FakeVendor::with_extensions(0), &update(ann("1"), ann("1"))).result,
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

        // Nor is one found that the PBX gives back and did not tell of this extension.
        let mut wanted = Record::numbered("1");
        wanted.set(Field::VOICEMAIL_PIN, "004711");
        let fake = troubled("update", &[Trouble::LoseBefore]);
        fake.pbx.put(&ann("1"));
        let settlement = settled(&fake, &update(wanted.clone(), ann("1")));
        let (result, attempts) = (settlement.result, settlement.attempts);
        assert_eq!((result, attempts), (RowResult::Updated, 2));
        let stored = fake.pbx.stored("1", Field::VOICEMAIL_PIN);
        assert_eq!(stored.as_deref(), Some("004711"));

        let fake = always("update", Trouble::LoseBefore);
        fake.pbx.put(&ann("1"));
        wanted.set(Field::EMAIL, "new@example.com");
        let settlement = settled(&fake, &update(wanted, ann("1")));
        assert_eq!(settlement.result, RowResult::Failed);
        assert_eq!(settlement.differing, [Field::EMAIL]);
    }

    #[test]
    fn a_renumbering_is_found_under_the_new_number() {
        let mut wanted = Record::numbered("1");
        wanted.set(Field::NEW_NUMBER, "71");
        for trouble in [Trouble::LoseAfter, Trouble::LoseBefore] {
            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| match request
                .operation
            {
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
    fn a_refused_account_is_a_failure_and_after_a_lost_reply_unknown() {
        let settlement = settled(&always("create", Trouble::Status(401)), &create(ann("1")));
        assert_eq!(settlement.result, RowResult::Failed);
        assert!(settlement.fault.unwrap().ends_the_run());
        let fake = FakeVendor::with_extensions(0).troubled(|request, times| {
            match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                ("create", _) => Trouble::Status(401),
                _ => Trouble::Nothing,
            }
        });
        assert_eq!(settled(&fake, &create(ann("1"))).result, RowResult::Unknown);
    }

    #[test]
    fn not_sent_after_a_lost_reply_is_looked_up_again() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, times| {
            match (request.operation, times) {
                ("create", 1) => Trouble::LoseBefore,
                // Three times refused is the end of the link's own patience.
                ("create", 2..=4) => Trouble::Refuse,
                _ => Trouble::Nothing,
            }
        });
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Created, 3)
        );
    }

    #[test]
    #[allow(clippy::print_stdout, reason = "prints the seed of a case that fails")]
    fn what_takes_effect_within_the_time_of_a_reply_is_never_said_to_have_failed() {
        let limits = SettleLimits {
            attempts_max: 2,
            recheck_after: Duration::from_millis(4),
            reply: Duration::from_millis(80),
        };
        for seed in 0..24_u64 {
            println!("seed {seed}");
            let late = Trouble::LateBy(seed * 2654435761 % 60);
            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| {
                match (request.operation, times) {
                    ("create" | "update" | "delete", 1) => late,
                    _ => Trouble::Nothing,
                }
            });
            let connection = fake.open();
            let mut renamed = Record::numbered("1");
            renamed.set(Field::NEW_NUMBER, "71");
            let changes = [
                (create(ann("1")), RowResult::Created),
                (update(renamed, ann("1")), RowResult::Updated),
                (update(bea("71"), ann("71")), RowResult::Updated),
                (delete("71"), RowResult::Deleted),
            ];
            for (change, wanted) in changes {
                let permit = connection.line().pace().permit();
                let settlement = carry_out(&connection, &change, 0, permit, &limits);
                let got = (settlement.result, settlement.attempts);
                assert_eq!(got, (wanted, 1), "{settlement:?}");
            }
        }
    }

    #[test]
    fn a_rename_is_done_only_where_the_old_number_is_gone_and_the_new_one_holds_it() {
        let mut wanted = Record::numbered("1");
        wanted.set(Field::NEW_NUMBER, "71");
        let change = update(wanted, ann("1"));
        // Another extension has the new number already, and every reply is lost on the way.
        let fake = always("update", Trouble::LoseBefore);
        fake.pbx.put(&ann("1"));
        fake.pbx.put(&bea("71"));
        let settlement = settled(&fake, &change);
        assert_eq!(settlement.result, RowResult::Conflict, "{settlement:?}");
        assert_eq!(settlement.differing, [Field::NEW_NUMBER]);
        // The new one is there, but without the values of the old one.
        let fake = always("update", Trouble::LoseBefore);
        fake.pbx.put(&Record::numbered("71"));
        let settlement = settled(&fake, &change);
        assert_eq!(settlement.result, RowResult::Differs, "{settlement:?}");
        // It never happened.
        let fake = always("update", Trouble::LoseBefore);
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &change).result, RowResult::Failed);
        // It was made anew and the old one was kept.
        let fake = always("update", Trouble::LoseBefore);
        fake.pbx.put(&ann("1"));
        fake.pbx.put(&ann("71"));
        assert_eq!(settled(&fake, &change).result, RowResult::Differs);
    }

    #[test]
    fn a_refusal_of_what_was_done_is_no_refusal() {
        let fake = always("create", Trouble::AnswerAfter("no"));
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Created, 1)
        );
        assert!(settlement.message.contains("although it answered"));
        // A field that cannot be read is not taken for written.
        let mut wanted = ann("2");
        wanted.set(Field::SIP_PASSWORD, "canary-42");
        let settlement = settled(&fake, &create(wanted));
        assert_eq!(settlement.result, RowResult::Differs);
        assert_eq!(settlement.differing, [Field::SIP_PASSWORD]);

        let fake = always("update", Trouble::AnswerAfter("no"));
        fake.pbx.put(&Record::numbered("1"));
        let change = update(ann("1"), Record::numbered("1"));
        assert_eq!(settled(&fake, &change).result, RowResult::Updated);

        for word in ["no", "missing"] {
            let fake = always("delete", Trouble::AnswerAfter(word));
            fake.pbx.put(&ann("1"));
            assert!(settled(&fake, &delete("1")).result.is_done());
            assert!(fake.pbx.numbers().is_empty());
        }
    }

    #[test]
    fn what_the_pbx_has_changed_besides_is_told_and_no_update_as_wanted() {
        let fake = always("update", Trouble::AnswerAfter("besides"));
        fake.pbx.put(&Record::numbered("1"));
        let settlement = settled(&fake, &update(ann("1"), Record::numbered("1")));
        assert_eq!(settlement.result, RowResult::Differs, "{settlement:?}");
        assert_eq!(settlement.attempts, 1);
        assert!(settlement.read_back.is_some());
        assert!(fake.pbx.stored("1", Field::DISPLAY_NAME).is_some());
    }

    #[test]
    fn a_refusal_of_what_was_not_done_stays_one() {
        let no = |operation| always(operation, Trouble::Answer("no"));
        let settlement = settled(&no("create"), &create(ann("1")));
        assert_eq!(
            (settlement.result, settlement.attempts),
            (RowResult::Rejected, 1)
        );
        let fake = no("update");
        fake.pbx.put(&Record::numbered("1"));
        let change = update(ann("1"), Record::numbered("1"));
        assert_eq!(settled(&fake, &change).result, RowResult::Rejected);
        let fake = no("delete");
        fake.pbx.put(&ann("1"));
        assert_eq!(settled(&fake, &delete("1")).result, RowResult::Rejected);
        // "There is no such extension" of one that is there.
        for (operation, change) in [("update", change), ("delete", delete("1"))] {
            let fake = always(operation, Trouble::Answer("missing"));
            fake.pbx.put(&Record::numbered("1"));
            assert_eq!(settled(&fake, &change).result, RowResult::Rejected);
        }
    }

    #[test]
    fn an_extension_whose_second_step_is_refused_differs_in_that_field() {
        let mut wanted = ann("1");
        wanted.set(Field::GROUPS, "Sales");
        for troubles in [
            &[Trouble::Answer("no")][..],
            &[Trouble::LoseBefore, Trouble::Answer("no")],
        ] {
            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| {
                let trouble = troubles.get(times as usize - 1);
                let trouble = trouble.filter(|_| request.operation == "groups");
                trouble.copied().unwrap_or(Trouble::Nothing)
            });
            let settlement = settled(&fake, &create(wanted.clone()));
            assert_eq!(settlement.result, RowResult::Differs, "{settlement:?}");
            assert_eq!(settlement.differing, [Field::GROUPS]);
            assert_eq!(settlement.attempts as usize, troubles.len());
            assert_eq!(fake.pbx.creations()["1"], 1);
            // It is the run's own: undo takes it back.
            assert!(settlement.read_back.is_some());
        }
    }

    #[test]
    fn what_was_done_has_not_failed_though_the_pbx_answers_that_it_is_no_such_pbx() {
        let fake = always("create", Trouble::AnswerAfter("unusable"));
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(settlement.result, RowResult::Created, "{settlement:?}");
        // Not done, and it is not sent again.
        let fake = always("create", Trouble::Answer("unusable"));
        let settlement = settled(&fake, &create(ann("1")));
        let got = (settlement.result, settlement.attempts);
        assert_eq!(got, (RowResult::Failed, 1), "{settlement:?}");
        assert!(settlement.fault.unwrap().ends_the_run());
        // It cannot be looked at either.
        let fake =
            FakeVendor::with_extensions(0).troubled(move |request, _| match request.operation {
                "create" => Trouble::AnswerAfter("unusable"),
                "look" => Trouble::Answer("unusable"),
                _ => Trouble::Nothing,
            });
        let settlement = settled(&fake, &create(ann("1")));
        assert_eq!(settlement.result, RowResult::Unknown, "{settlement:?}");
        assert!(settlement.fault.unwrap().ends_the_run());
    }

    #[test]
    fn a_status_that_no_page_prints_is_no_refusal() {
        for status in [400, 403, 409, 422] {
            let fake = always("create", Trouble::StatusAfter(status));
            let settlement = settled(&fake, &create(ann("1")));
            let got = (settlement.result, settlement.attempts);
            assert_eq!(got, (RowResult::Created, 1), "{status}: {settlement:?}");
        }
    }

    #[test]
    fn an_interrupted_run_does_not_wait_for_a_reply_and_does_not_guess() {
        let fake = always("create", Trouble::LoseBefore);
        let limits = SettleLimits {
            reply: Duration::from_secs(60),
            ..LIMITS
        };
        let connection = fake.open();
        let begun = Instant::now();
        let settlement = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(40));
                fake.stop.stop();
            });
            let permit = connection.line().pace().permit();
            carry_out(&connection, &create(ann("1")), 0, permit, &limits)
        });
        assert_eq!(settlement.result, RowResult::Unknown);
        assert!(settlement.message.contains("interrupted"), "{settlement:?}");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
