//! The one loop that talks: asks the vendor for the next turn, says it, and comes back with the reply.
//!
//! One sign-in is shared by all senders. When it runs out, one of them renews it while the others wait.

use super::{caught, lock};
use crate::link::paced::Permit;
use crate::link::retrying::{Patience, Retrying};
use crate::manifest::Manifest;
use crate::model::{Action, Fault, FaultKind, Record};
use crate::vendors::{Account, Client, Task};
use crate::wire::{Answer, Effect, Exchange, Listing, Session, Turn};
use crossbeam_channel::unbounded;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, TryLockError};
use std::thread;
use std::time::Instant;

/// How many requests one conversation may take: a listing of 100,000 extensions in pages of 20, with room.
pub const TURNS_MAX: usize = 10_000;

/// How often a request is said again because the PBX says "later" in words of its own.
pub const BUSY_MAX: u32 = 6;

/// How often a session is renewed for one and the same request. More than once, because another sender's renewal may
/// overtake it.
pub const RENEWALS_MAX: u32 = 3;

/// How often a sign-in is said in mid-run while its replies are not understood: that this is the PBX is known by then.
/// Fewer than the five refusals after which makes lock an account.
const SIGN_INS_MAX: u32 = 3;

/// How many requests may be in flight.
pub const PARALLEL_MAX: usize = 256;

/// The part of a session's lifetime after which it is kept alive.
const KEEP_ALIVE_AT: f64 = 0.7;

/// How many look-ups may run ahead of the oldest one that is not answered yet, for each in flight.
const LOOK_AHEAD: usize = 4;

/// One target, signed in.
pub struct Connection {
    vendor: Box<dyn Client>,
    line: Retrying,
    account: Account,
    patience: Patience,
    held: Mutex<Held>,
    /// Whoever holds it is renewing the session.
    renewing: Mutex<()>,
}

/// The session as it is now.
#[derive(Clone)]
struct Held {
    session: Arc<Session>,
    /// Counts the renewals.
    generation: u64,
    since: Instant,
    /// Why there will be no further sign-in: a vendor locks the account after a few.
    refused: Option<Fault>,
}

impl Held {
    fn is_old(&self) -> bool {
        let lifetime = self.session.lifetime;
        lifetime.is_some_and(|lifetime| self.since.elapsed() >= lifetime.mul_f64(KEEP_ALIVE_AT))
    }
}

/// What came of one conversation.
#[derive(Debug)]
pub struct Talk {
    /// The answer, or why there is none.
    pub result: Result<Answer, Fault>,
    /// The last HTTP status that came.
    pub http_status: Option<u16>,
}

/// How extensions are looked up.
#[derive(Debug, Clone, Copy)]
pub struct Looking {
    /// How many requests may be in flight.
    pub parallel: usize,
    /// How many numbers one look-up asks for; the vendor's own `batch` is the most.
    pub batch: usize,
    /// Whether what is live is asked for too.
    pub live: bool,
}

impl Connection {
    /// Signs in at a target.
    ///
    /// # Errors
    /// Where the target is not reached, refuses the account, or is no such PBX: then `TargetUnusable`.
    pub fn open(
        vendor: Box<dyn Client>,
        line: Retrying,
        account: Account,
    ) -> Result<Connection, Fault> {
        Connection::open_with(vendor, line, account, Patience::OPENING, Patience::RUNNING)
    }

    /// As [`Connection::open`], with the patience for signing in at first and for all that comes after.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(
        vendor: Box<dyn Client>,
        line: Retrying,
        account: Account,
        opening: Patience,
        running: Patience,
    ) -> Result<Connection, Fault> {
        let nobody = Held {
            session: Arc::default(),
            generation: 0,
            since: Instant::now(),
            refused: None,
        };
        let mut connection = Connection {
            vendor,
            line,
            account,
            patience: opening,
            held: Mutex::new(nobody),
            renewing: Mutex::new(()),
        };
        connection.sign_in(1)?;
        connection.patience = running;
        Ok(connection)
    }

    /// The vendor's facts.
    pub fn manifest(&self) -> &'static Manifest {
        self.vendor.manifest()
    }

    /// The way to the PBX.
    pub fn line(&self) -> &Retrying {
        &self.line
    }

    /// Which extensions the PBX holds.
    ///
    /// # Errors
    /// What the PBX or the network said against it.
    pub fn list(&self) -> Result<Listing, Fault> {
        match self.talk(&Task::List, None).result? {
            Answer::Listing(listing) => Ok(listing),
            _ => Err(strange_answer()),
        }
    }

    /// Which extensions the PBX holds, where the conversation is about something else: its groups.
    ///
    /// # Errors
    /// What the PBX or the network said against it.
    pub fn list_extensions(&self) -> Result<Option<Listing>, Fault> {
        let Some(extensions) = self.vendor.extensions() else {
            return Ok(None);
        };
        match self.talk_as(extensions, &Task::List, None).result? {
            Answer::Listing(listing) => Ok(Some(listing)),
            _ => Err(strange_answer()),
        }
    }

    /// Everything about these extensions, in batches and in the order of `numbers`; those that are not on the PBX are
    /// left out. Memory does not grow with how many there are.
    ///
    /// # Errors
    /// The fault of the first batch that could not be looked up; those before it have been given to `found`.
    pub fn look(
        &self,
        numbers: &[String],
        looking: &Looking,
        found: &mut dyn FnMut(Vec<Record>),
    ) -> Result<(), Fault> {
        let batch = looking.batch.min(self.manifest().vendor.batch).max(1);
        let total = numbers.len().div_ceil(batch);
        let threads = looking.parallel.clamp(1, PARALLEL_MAX).min(total);
        let ahead = threads * LOOK_AHEAD;
        let (work, works) = unbounded::<(usize, &[String])>();
        let (answer, answers) = unbounded();
        thread::scope(|scope| {
            // Moved in, so that its end sends the threads home.
            let work = work;
            for _ in 0..threads {
                let (works, answer) = (works.clone(), answer.clone());
                scope.spawn(move || {
                    for (index, numbers) in works {
                        let looked = caught(|| self.look_at(numbers, looking.live));
                        let _ = answer.send((index, looked.unwrap_or_else(Err)));
                    }
                });
            }
            let mut rest = numbers.chunks(batch).enumerate();
            let mut waiting = BTreeMap::new();
            let mut next = 0;
            for first in rest.by_ref().take(ahead) {
                let _ = work.send(first);
            }
            while next < total {
                // Not more than `ahead` are ever under way, so neither channel grows.
                if let Ok((index, looked)) = answers.recv() {
                    waiting.insert(index, looked);
                }
                while let Some(looked) = waiting.remove(&next) {
                    let stopped = self.line.pace().stop_flag().is_stopped();
                    match looked {
                        Ok(extensions) if !stopped => found(extensions),
                        looked => {
                            works.try_iter().for_each(drop);
                            return Err(looked.err().unwrap_or_else(interrupted));
                        }
                    }
                    next += 1;
                    if let Some(further) = rest.next() {
                        let _ = work.send(further);
                    }
                }
            }
            Ok(())
        })
    }

    /// Everything about at most one batch of extensions.
    ///
    /// # Errors
    /// What the PBX or the network said against it.
    pub fn look_at(&self, numbers: &[String], live: bool) -> Result<Vec<Record>, Fault> {
        let task = if live {
            Task::GetStatus(numbers)
        } else {
            Task::Get(numbers)
        };
        match self.talk(&task, None).result? {
            Answer::Found(found) => Ok(found),
            _ => Err(strange_answer()),
        }
    }

    /// Says one change, once; what follows from a lost reply is for whoever asks. `permit` pays for the first request.
    pub fn apply(&self, action: Action, wanted: &Record, permit: Option<Permit>) -> Talk {
        match action {
            Action::Create => self.talk(&Task::Create(wanted), permit),
            Action::Update => self.talk(&Task::Update(wanted), permit),
            Action::Delete => self.talk(&Task::Delete(wanted.number()), permit),
            Action::None => Talk {
                result: Ok(Answer::Done),
                http_status: None,
            },
        }
    }

    /// Signs out; nobody minds whether it works.
    pub fn close(mut self) {
        self.patience.attempts_max = 1;
        let session = self.held().session;
        let _ = self.talk_of_session(&Task::SignOut, &session);
    }

    /// A conversation within the session, which is renewed where it runs out.
    fn talk(&self, task: &Task<'_>, permit: Option<Permit>) -> Talk {
        self.talk_as(self.vendor.as_ref(), task, permit)
    }

    fn talk_as(&self, vendor: &dyn Client, task: &Task<'_>, mut permit: Option<Permit>) -> Talk {
        let mut talk = Talking::default();
        // The session that the last request went out with: by the time its reply is understood there may be another.
        let mut said_with = None;
        let result = loop {
            self.keep_alive();
            let held = self.held();
            let fault = match self.turn(vendor, task, &held.session, &mut talk, &mut permit) {
                Ok(None) => {
                    said_with = Some(held.generation);
                    continue;
                }
                Ok(Some(answer)) => break Ok(answer),
                Err(fault) => fault,
            };
            if fault.kind != FaultKind::SessionExpired {
                break Err(fault);
            }
            if talk.takes_back() > RENEWALS_MAX {
                break Err(expires_at_once(fault));
            }
            if let Err(refused) = self.renew(said_with.unwrap_or(held.generation)) {
                break Err(refused);
            }
        };
        Talk {
            result: result.map_err(|fault| after_writing(fault, &talk.said)),
            http_status: talk.http_status,
        }
    }

    /// A conversation about the session itself.
    fn talk_of_session(&self, task: &Task<'_>, session: &Session) -> Result<Answer, Fault> {
        let mut talk = Talking::default();
        loop {
            let vendor = self.vendor.as_ref();
            if let Some(answer) = self.turn(vendor, task, session, &mut talk, &mut None)? {
                return Ok(answer);
            }
        }
    }

    /// One turn: says what the vendor wants to say, or gives the answer. Where the PBX says "later", the exchange is
    /// taken back.
    fn turn(
        &self,
        vendor: &dyn Client,
        task: &Task<'_>,
        session: &Session,
        talk: &mut Talking,
        permit: &mut Option<Permit>,
    ) -> Result<Option<Answer>, Fault> {
        match vendor.next(task, session, &talk.said) {
            Turn::Done(answer) => Ok(Some(answer)),
            Turn::Say(_) if talk.said.len() >= TURNS_MAX => Err(endless()),
            Turn::Say(request) => {
                let permit = permit.take().unwrap_or_else(|| self.line.pace().permit());
                let reply = self.line.exchange(&request, permit, &self.patience);
                let status = reply
                    .as_ref()
                    .map_or_else(|fault| fault.http_status, |reply| Some(reply.status));
                talk.http_status = status.or(talk.http_status);
                talk.said.push(Exchange {
                    reply: reply?,
                    request: *request,
                });
                Ok(None)
            }
            Turn::Fault(fault) if fault.kind == FaultKind::Busy => {
                let times = talk.takes_back();
                if times > BUSY_MAX {
                    return Err(fault);
                }
                let wait = self.patience.wait(times, talk.said.len());
                self.line.pace().pause(fault.retry_after.unwrap_or(wait));
                Ok(None)
            }
            Turn::Fault(fault) => {
                if fault.kind != FaultKind::SessionExpired {
                    // What was refused was not done.
                    talk.said.pop();
                }
                Err(fault)
            }
        }
    }

    fn held(&self) -> Held {
        lock(&self.held).clone()
    }

    fn hold(&self, session: Session) {
        let mut held = lock(&self.held);
        held.session = Arc::new(session);
        held.generation += 1;
        held.since = Instant::now();
    }

    /// Gets another session than that of generation `seen`, unless another sender has got it already.
    fn renew(&self, seen: u64) -> Result<(), Fault> {
        let _alone = lock(&self.renewing);
        let held = self.held();
        if held.generation != seen {
            return Ok(());
        }
        match held.refused {
            Some(refused) => Err(refused),
            None => self.sign_in(SIGN_INS_MAX),
        }
    }

    /// Signs in. A reply that nobody understands is asked for again, so often in all; then this is no such PBX.
    fn sign_in(&self, tries: u32) -> Result<(), Fault> {
        let task = Task::SignIn(&self.account);
        let mut tried = 0;
        let fault = loop {
            tried += 1;
            let fault = match self.talk_of_session(&task, &Session::default()) {
                Ok(Answer::Session(session)) => {
                    self.hold(session);
                    return Ok(());
                }
                Ok(_) => strange_answer(),
                Err(fault) => fault,
            };
            if tried >= tries || !is_garbled(&fault) {
                break no_such_pbx(fault);
            }
        };
        if fault.ends_the_run() {
            lock(&self.held).refused = Some(fault.clone());
        }
        Err(fault)
    }

    /// Keeps the session alive where it is soon to run out. Whoever comes while another one does it goes on with the
    /// session that there is.
    fn keep_alive(&self) {
        if !self.held().is_old() {
            return;
        }
        let _alone = match self.renewing.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let held = self.held();
        if !held.is_old() || held.refused.is_some() {
            return;
        }
        match self.talk_of_session(&Task::KeepAlive, &held.session) {
            Ok(Answer::Session(session)) => self.hold(session),
            // The request that comes next finds out for itself.
            Err(fault) if matches!(fault.kind, FaultKind::NotSent | FaultKind::MayHaveHappened) => {
            }
            _ => {
                let _ = self.sign_in(SIGN_INS_MAX);
            }
        }
    }
}

/// A conversation under way.
#[derive(Default)]
struct Talking {
    said: Vec<Exchange>,
    http_status: Option<u16>,
    /// How often the exchange at which place was taken back.
    taken_back: (usize, u32),
}

impl Talking {
    /// Takes the last exchange back, for it was refused and nothing was done; how often that happened there by now.
    fn takes_back(&mut self) -> u32 {
        self.said.pop();
        let (place, times) = self.taken_back;
        let times = if place == self.said.len() {
            times + 1
        } else {
            1
        };
        self.taken_back = (self.said.len(), times);
        times
    }
}

/// A fault after part of a change was written is no "nothing was done".
fn after_writing(mut fault: Fault, said: &[Exchange]) -> Fault {
    if said
        .iter()
        .any(|exchange| exchange.request.effect == Effect::Writes)
    {
        if matches!(
            fault.kind,
            FaultKind::NotSent | FaultKind::Busy | FaultKind::SessionExpired
        ) {
            fault.kind = FaultKind::MayHaveHappened;
        }
        if fault.done_before.is_empty() {
            fault.done_before = "a part of the change was sent".into();
        }
    }
    fault
}

/// What went wrong at the sign-in, where it means that this is the wrong PBX.
fn no_such_pbx(mut fault: Fault) -> Fault {
    if is_garbled(&fault) || fault.kind == FaultKind::SessionExpired {
        fault.kind = FaultKind::TargetUnusable;
        fault.message = format!("there is no such PBX at this address: {}", fault.message);
    }
    fault
}

fn is_garbled(fault: &Fault) -> bool {
    fault.code == "reply.not_understood" || fault.code == STRANGE
}

fn expires_at_once(mut fault: Fault) -> Fault {
    fault.message = format!(
        "the session ran out again right after each new sign-in: {}",
        fault.message
    );
    fault.hint = "see whether somebody else signs in with the same account, and whether the PBX's clock is right".into();
    fault
}

/// The code of the fault that a look ends with when the end was asked for.
pub const INTERRUPTED: &str = "converse.interrupted";

const STRANGE: &str = "converse.strange_answer";

fn strange_answer() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        STRANGE,
        "the conversation ended with an answer to another question",
    )
}

fn endless() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "converse.endless",
        format!("the conversation did not end within {TURNS_MAX} requests"),
    )
    .hint("the PBX may be giving the same page of its listing again and again")
}

fn interrupted() -> Fault {
    Fault::new(
        FaultKind::NotSent,
        INTERRUPTED,
        "interrupted before everything was looked up",
    )
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Toy, Trouble, toy_manifest};
    use super::*;
    use crate::model::Field;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    const LOOKING: Looking = Looking {
        parallel: 4,
        batch: 100,
        live: false,
    };

    #[test]
    fn a_listing_goes_through_all_pages_and_a_look_keeps_the_order() {
        let toy = Toy::holding(100);
        let connection = toy.open();
        let listing = connection.list().unwrap();
        assert_eq!((listing.numbers.len(), listing.complete), (100, true));
        let mut wanted = listing.numbers.clone();
        wanted.insert(50, "9999".into());
        let mut found = Vec::new();
        connection
            .look(&wanted, &LOOKING, &mut |extensions| {
                found.extend(extensions)
            })
            .unwrap();
        let numbers: Vec<String> = found
            .iter()
            .map(|found| found.number().to_owned())
            .collect();
        assert_eq!(numbers, listing.numbers);
        let batch = toy_manifest().vendor.batch;
        assert_eq!(toy.pbx.said("look"), 101_usize.div_ceil(batch));
        connection
            .look(&[], &LOOKING, &mut |_| panic!("nothing was asked for"))
            .unwrap();
    }

    #[test]
    fn a_look_that_fails_ends_without_the_rest() {
        let toy = Toy::holding(1000).troubled(|request, _| match request.operation {
            "look"
                if request
                    .query
                    .iter()
                    .any(|(_, value)| value.contains("1040")) =>
            {
                Trouble::Refuse
            }
            _ => Trouble::Nothing,
        });
        let connection = toy.open();
        let numbers = connection.list().unwrap().numbers;
        let mut found = Vec::new();
        let fault = connection
            .look(&numbers, &LOOKING, &mut |extensions| {
                found.extend(extensions)
            })
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotSent);
        assert!(
            found.len() == 40 && toy.pbx.said("look") < 100,
            "{} {}",
            found.len(),
            toy.pbx.said("look")
        );
    }

    #[test]
    fn many_expiries_at_once_are_one_sign_in() {
        let toy = Toy::holding(0);
        let connection = toy.open();
        for round in 1..=30 {
            toy.pbx.expire_sessions();
            thread::scope(|scope| {
                for index in 0..16 {
                    let connection = &connection;
                    scope.spawn(move || {
                        let wanted = Record::numbered(format!("{round}-{index}"));
                        connection
                            .apply(Action::Create, &wanted, None)
                            .result
                            .unwrap();
                    });
                }
            });
            assert_eq!(toy.pbx.said("login"), 1 + round);
        }
        assert_eq!(toy.pbx.numbers().len(), 30 * 16);
        assert!(toy.pbx.creations().values().all(|times| *times == 1));
    }

    #[test]
    fn a_session_that_expires_mid_conversation_is_renewed_and_nothing_is_said_twice() {
        // The second request of the creation, the one for the groups, finds the session gone.
        let toy = Toy::holding(0).troubled(|request, times| match request.operation {
            "groups" if times == 1 => Trouble::Expire,
            _ => Trouble::Nothing,
        });
        let connection = toy.open();
        let mut wanted = Record::numbered("1");
        wanted.set(Field::GROUPS, "Sales");
        connection
            .apply(Action::Create, &wanted, None)
            .result
            .unwrap();
        assert_eq!(
            (
                toy.pbx.said("login"),
                toy.pbx.said("create"),
                toy.pbx.said("groups")
            ),
            (2, 1, 2)
        );
        assert_eq!(toy.pbx.stored("1", Field::GROUPS).as_deref(), Some("Sales"));
    }

    #[test]
    fn a_session_that_expires_at_once_again_and_again_is_a_fault() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "create" => Trouble::Expire,
            _ => Trouble::Nothing,
        });
        let connection = toy.open();
        let fault = connection
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::SessionExpired);
        assert_eq!(toy.pbx.said("login"), 1 + RENEWALS_MAX as usize);
    }

    #[test]
    fn a_session_expiring_again_at_each_page_of_a_long_listing_goes_on() {
        let toy = Toy::holding(100).troubled(|request, times| match request.operation {
            "list" if times == 1 => Trouble::Expire,
            _ => Trouble::Nothing,
        });
        assert_eq!(toy.open().list().unwrap().numbers.len(), 100);
        assert!(toy.pbx.said("login") > 5);
    }

    #[test]
    fn a_session_is_kept_alive_before_it_runs_out_by_one_sender_only() {
        let toy = Toy::holding(0).living(Duration::from_millis(400));
        let connection = toy.open();
        let create = |number: u32| {
            connection.apply(Action::Create, &Record::numbered(number.to_string()), None)
        };
        create(1).result.unwrap();
        assert_eq!(toy.pbx.said("keep"), 0);
        thread::sleep(Duration::from_millis(300));
        thread::scope(|scope| {
            for number in 2..10 {
                scope.spawn(move || create(number).result.unwrap());
            }
        });
        assert_eq!((toy.pbx.said("keep"), toy.pbx.said("login")), (1, 1));
    }

    #[test]
    fn a_session_that_cannot_be_kept_alive_is_signed_in_anew() {
        let toy = Toy::holding(0)
            .living(Duration::from_millis(1))
            .troubled(|request, _| match request.operation {
                "keep" => Trouble::Say("no"),
                _ => Trouble::Nothing,
            });
        let connection = toy.open();
        thread::sleep(Duration::from_millis(5));
        connection
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap();
        assert!(toy.pbx.said("login") >= 2);
    }

    #[test]
    fn a_refused_account_is_tried_once_at_the_start_and_once_at_a_renewal() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "login" => Trouble::Status(401),
            _ => Trouble::Nothing,
        });
        assert_eq!(
            toy.try_open().err().unwrap().kind,
            FaultKind::CredentialRefused
        );
        assert_eq!(toy.pbx.said("login"), 1);

        let toy = Toy::holding(0).troubled(|request, times| match request.operation {
            "login" if times > 1 => Trouble::Status(401),
            _ => Trouble::Nothing,
        });
        let connection = toy.open();
        toy.pbx.expire_sessions();
        thread::scope(|scope| {
            for index in 0..8 {
                let connection = &connection;
                scope.spawn(move || {
                    let wanted = Record::numbered(format!("{index}"));
                    let fault = connection
                        .apply(Action::Create, &wanted, None)
                        .result
                        .unwrap_err();
                    assert_eq!(fault.kind, FaultKind::CredentialRefused);
                });
            }
        });
        assert_eq!(toy.pbx.said("login"), 2);
    }

    #[test]
    fn one_garbled_reply_to_a_renewal_ends_no_run_and_several_do() {
        for (garbled, result) in [
            (1, Ok(())),
            (2, Ok(())),
            (9, Err(FaultKind::TargetUnusable)),
        ] {
            let toy = Toy::holding(0).troubled(move |request, times| match request.operation {
                "login" if times > 1 && times <= 1 + garbled => Trouble::Garbage,
                _ => Trouble::Nothing,
            });
            let connection = toy.open();
            toy.pbx.expire_sessions();
            let wanted = Record::numbered("1");
            let applied = connection.apply(Action::Create, &wanted, None).result;
            assert_eq!(
                applied.map(drop).map_err(|fault| fault.kind),
                result,
                "{garbled}"
            );
            let renewals = garbled.min(SIGN_INS_MAX - 1) + 1;
            assert_eq!(toy.pbx.said("login"), 1 + renewals as usize);
        }
    }

    #[test]
    fn what_is_no_such_pbx_is_told_at_the_sign_in() {
        for trouble in [Trouble::Garbage, Trouble::Status(302)] {
            let toy = Toy::holding(0).troubled(move |_, _| trouble);
            assert_eq!(
                toy.try_open().err().unwrap().kind,
                FaultKind::TargetUnusable,
                "{trouble:?}"
            );
        }
        let toy = Toy::holding(0).troubled(|_, _| Trouble::Refuse);
        assert_eq!(toy.try_open().err().unwrap().kind, FaultKind::NotSent);
        assert_eq!(toy.pbx.said("login"), 2);
    }

    #[test]
    fn busy_is_waited_for_but_not_forever() {
        let toy = Toy::holding(0).troubled(|request, times| match request.operation {
            "create" if times < 3 => Trouble::Say("busy"),
            _ => Trouble::Nothing,
        });
        toy.open()
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap();
        assert_eq!(toy.pbx.said("create"), 3);

        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "create" => Trouble::Say("busy"),
            _ => Trouble::Nothing,
        });
        let fault = toy
            .open()
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::Busy);
        assert_eq!(toy.pbx.said("create"), 1 + BUSY_MAX as usize);
    }

    #[test]
    fn not_sent_after_a_part_was_written_is_no_longer_not_sent() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "groups" => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        let mut wanted = Record::numbered("1");
        wanted.set(Field::GROUPS, "Sales");
        let fault = toy
            .open()
            .apply(Action::Create, &wanted, None)
            .result
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::MayHaveHappened);
        assert!(!fault.done_before.is_empty());
    }

    #[test]
    fn a_refusal_of_the_first_request_has_nothing_done_before_it() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "create" => Trouble::Say("no"),
            _ => Trouble::Nothing,
        });
        let fault = toy
            .open()
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap_err();
        assert_eq!(
            (fault.kind, fault.done_before.as_str()),
            (FaultKind::Rejected, "")
        );
    }

    #[test]
    fn a_conversation_without_end_is_ended() {
        let toy = Toy::holding(1);
        toy.pbx.endless.store(true, Ordering::Relaxed);
        assert_eq!(toy.open().list().unwrap_err().code, "converse.endless");
        assert_eq!(toy.pbx.said("list"), TURNS_MAX);
    }

    #[test]
    fn closing_signs_out_and_minds_nothing() {
        let toy = Toy::holding(0).troubled(|request, _| match request.operation {
            "logout" => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        toy.open().close();
        assert_eq!(toy.pbx.said("logout"), 1);
    }
}
