//! The one loop that speaks to a PBX: asks the vendor's client for the next turn, sends it, and hands back the reply.
//!
//! All senders share one sign-in. When it expires, one of them renews it while the others wait.

use super::known_secrets::KnownSecrets;
use super::panics::lock;
use super::pool::look_in_order;
use crate::link::paced::Permit;
use crate::link::retrying::{Patience, Retrying};
use crate::manifest::Manifest;
use crate::model::{Action, Fault, FaultCause, FaultKind, Field, Record, Text, by_number};
use crate::vendors::{Account, Client, Task};
use crate::wire::{
    Answer, CONVERSATION_COST_MAX, Effect, Exchange, LargeReplyTurn, Listing, PbxFile, PbxStart,
    SHARED_COST_MAX, Session, Turn,
};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

/// Most requests of one conversation: a listing of 100,000 extensions in pages of 20, with room.
pub const TURNS_MAX: usize = 10_000;

/// Most repeats of a request because the PBX answered "later" in its own words; fewer at the first sign-in, where a wrong
/// address or setting is the likely cause.
pub const BUSY_MAX: u32 = 6;

/// Most renewals of the session for one request; more than one, because another sender's renewal may overtake it.
pub const RENEWALS_MAX: u32 = 3;

/// Most times that one conversation starts over because the PBX could not be reached in its midst.
const STARTS_MAX: u32 = 6;

/// The largest number of sign-ins in a row whose replies are lost, or in mid-run, when this is known to be the PBX, not
/// understood. Fewer than the five refusals after which vendors lock an account.
const SIGN_INS_MAX: u32 = 3;

/// Most times that a listing in pages is fetched until two agree.
const LISTINGS_MAX: u32 = 3;

/// Most times that a read is sent while its replies are not understood.
const GARBLED_MAX: u32 = 3;

/// Extensions in a row to which no reply comes, after which a look-up gives up.
const SILENT_MAX: u32 = 1;

/// The longest wait of a conversation whose replies cost much for another one of that kind to end.
const ALONE_PATIENCE: Duration = Duration::from_secs(120);

/// The part of a session's lifetime after which it is kept alive.
const KEEP_ALIVE_AT: f64 = 0.7;

/// One target, signed in.
pub struct Connection {
    client: Box<dyn Client>,
    line: Retrying,
    account: Account,
    patience: Patience,
    state: Mutex<SessionState>,
    /// Locked while the session is renewed.
    renewing: Mutex<()>,
    opened: Instant,
    /// Extensions that let anybody in, as far as any were looked at.
    open: Mutex<BTreeSet<String>>,
}

/// The current session.
#[derive(Clone)]
struct SessionState {
    session: Arc<Session>,
    /// Counts the renewals.
    generation: u64,
    since: Instant,
    /// The refusal after which there is no further sign-in: vendors lock the account after a few.
    refused: Option<Fault>,
    /// Sign-ins in a row whose replies were lost.
    lost_sign_ins: u32,
}

impl SessionState {
    fn is_old(&self) -> bool {
        let lifetime = self.session.lifetime;
        lifetime.is_some_and(|lifetime| self.since.elapsed() >= lifetime.mul_f64(KEEP_ALIVE_AT))
    }
}

/// The end of one conversation.
#[derive(Debug)]
pub struct Response {
    /// The answer, or the fault that ended the conversation.
    pub result: Result<Answer, Fault>,
    /// The last HTTP status that came.
    pub http_status: Option<u16>,
    /// True if a request that writes may have reached the PBX, whatever its result.
    pub wrote: bool,
    /// Its exchanges.
    turns: usize,
}

/// One number that was looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// The number.
    pub number: String,
    /// All records on the PBX under it: none where it was asked for this number alone and has no such extension,
    /// several where it has the number more than once. The fault where it could not be read.
    pub found: Result<Vec<Record>, Fault>,
}

/// Options of a look-up of many extensions.
#[derive(Debug, Clone, Copy)]
pub struct LookupOptions {
    /// Requests in flight.
    pub parallel: usize,
    /// Numbers in one request; at most the vendor's `batch`.
    pub batch: usize,
    /// True to fetch live state (registrations) too.
    pub live: bool,
}

/// The task of a change; `None` where nothing is done.
fn task_of(action: Action, wanted: &Record) -> Option<Task<'_>> {
    match action {
        Action::Create => Some(Task::Create(wanted)),
        Action::Update => Some(Task::Update(wanted)),
        Action::Delete => Some(Task::Delete(wanted.number())),
        Action::None => None,
    }
}

impl Connection {
    /// Signs in at a target.
    ///
    /// # Errors
    /// The target is not reached, refuses the account, or is no such PBX: then `TargetUnusable`.
    pub fn open(
        client: Box<dyn Client>,
        line: Retrying,
        account: Account,
    ) -> Result<Connection, Fault> {
        Connection::open_with(client, line, account, Patience::OPENING, Patience::RUNNING)
    }

    /// Signs in at a target, with one patience for the first sign-in and another for all that follows.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(
        client: Box<dyn Client>,
        line: Retrying,
        account: Account,
        opening: Patience,
        running: Patience,
    ) -> Result<Connection, Fault> {
        let signed_out = SessionState {
            session: Arc::default(),
            generation: 0,
            since: Instant::now(),
            refused: None,
            lost_sign_ins: 0,
        };
        let mut connection = Connection {
            client,
            line,
            account,
            patience: opening,
            state: Mutex::new(signed_out),
            renewing: Mutex::new(()),
            opened: Instant::now(),
            open: Mutex::default(),
        };
        connection.sign_in(1)?;
        connection.patience = running;
        Ok(connection)
    }

    /// The vendor's facts.
    pub fn manifest(&self) -> &'static Manifest {
        self.client.manifest()
    }

    /// The fault that each request would get that writes, where the account may only read.
    pub(crate) fn read_only(&self) -> Option<Fault> {
        lock(&self.state).session.read_only.clone()
    }

    /// The rights to write, as far as the sign-in told, in words.
    pub(crate) fn rights(&self) -> Arc<str> {
        lock(&self.state).session.rights.clone()
    }

    /// The start of the PBX that is known; `None` where it does not say.
    pub(super) fn started(&self) -> Option<Arc<PbxStart>> {
        lock(&self.state).session.started.clone()
    }

    /// Asks when the PBX started, and notes it: another time than before shows that it has started anew since.
    ///
    /// # Errors
    /// The fault that ended the conversation.
    pub(super) fn ask_started(&self) -> Result<Option<Arc<PbxStart>>, Fault> {
        let response = self.converse(self.client.as_ref(), &Task::KeepAlive, None);
        let Answer::Session(Session { started, .. }) = response.result? else {
            return Err(unexpected_answer());
        };
        let mut state = lock(&self.state);
        // Another sender may have signed in anew meanwhile, so no more of the session is taken over.
        state.session = Arc::new(Session {
            started: started.clone(),
            ..Session::clone(&state.session)
        });
        Ok(started)
    }

    /// Looks anew at the file beside the database of the PBX; `None` where there is none, or it cannot be read.
    pub(super) fn ask_file(&self) -> Option<PbxFile> {
        let mut state = lock(&self.state);
        let known = state.session.started.as_deref();
        let not_looked = known.map(|known| PbxStart {
            file: None,
            ..known.clone()
        });
        state.session = Arc::new(Session {
            started: not_looked.map(Arc::new),
            ..Session::clone(&state.session)
        });
        drop(state);
        self.ask_started().ok()??.file.clone()
    }

    /// The time when it was opened.
    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// The way to the PBX.
    pub fn line(&self) -> &Retrying {
        &self.line
    }

    /// Fetches the numbers of all extensions. A listing that came in pages counts as complete only when it is the same
    /// twice: pages shift while another one creates and deletes.
    ///
    /// # Errors
    /// The fault that ended the conversation.
    pub fn list(&self) -> Result<Listing, Fault> {
        self.list_with(self.client.as_ref())
    }

    /// Fetches the numbers of all extensions where this connection is about groups; `None` where it is about extensions.
    ///
    /// # Errors
    /// The fault that ended the conversation.
    pub fn list_extensions(&self) -> Result<Option<Listing>, Fault> {
        let extensions = self.client.extensions();
        extensions.map(|client| self.list_with(client)).transpose()
    }

    fn list_with(&self, client: &dyn Client) -> Result<Listing, Fault> {
        let mut known: Option<Listing> = None;
        for _ in 0..LISTINGS_MAX {
            let response = self.converse(client, &Task::List, None);
            let Answer::Listing(listing) = response.result? else {
                return Err(unexpected_answer());
            };
            let Some(before) = known else {
                if response.turns < 2 || !listing.complete {
                    return Ok(listing);
                }
                known = Some(listing);
                continue;
            };
            let (old, new) = (sorted(&before.numbers), sorted(&listing.numbers));
            if listing.complete && old == new {
                return Ok(listing);
            }
            // Until two agree, every number in any of them counts as there.
            let seen: HashSet<&String> = listing.numbers.iter().collect();
            let gone = before
                .numbers
                .iter()
                .filter(|number| !seen.contains(number));
            let numbers = listing.numbers.iter().chain(gone).cloned().collect();
            known = Some(Listing {
                numbers,
                complete: false,
                in_use: listing.in_use,
                others: listing.others,
            });
        }
        Ok(known.unwrap_or_default())
    }

    /// Looks extensions up as [`Connection::look_up_each`] does, for callers that need all of them: extensions that are not
    /// on the PBX are left out.
    ///
    /// # Errors
    /// The fault of the first extension that could not be read.
    pub fn look_up_required(
        &self,
        numbers: &[String],
        options: &LookupOptions,
        found: &mut dyn FnMut(Vec<Record>),
    ) -> Result<(), Fault> {
        let mut unread = None;
        self.look_up_each(numbers, options, &mut |lookups| {
            let mut records = vec![];
            for lookup in lookups {
                match lookup.found {
                    Ok(found) => records.extend(found),
                    Err(fault) => {
                        unread.get_or_insert(fault);
                    }
                }
            }
            if unread.is_none() {
                found(records);
            }
        })?;
        unread.map_or(Ok(()), Err)
    }

    /// Looks extensions up, in batches and in the order of `numbers`, and hands each batch to `each`. Memory does not grow
    /// with their count.
    ///
    /// # Errors
    /// The fault for which nothing can be looked up any more; the batches before it have been handed to `each`.
    pub fn look_up_each(
        &self,
        numbers: &[String],
        options: &LookupOptions,
        each: &mut dyn FnMut(Vec<Lookup>),
    ) -> Result<(), Fault> {
        let batch = options.batch.min(self.manifest().vendor.batch).max(1);
        let look = |numbers| self.look_up(numbers, options.live);
        let stop = self.line.pace().stop_flag();
        look_in_order(numbers.chunks(batch), options.parallel, stop, look, each)
    }

    /// Looks up at most one batch of numbers. A number that the answer leaves out is asked for alone, unless the vendor looks
    /// at each, and so is each one of a batch that cannot be read: one extension spoils only itself.
    ///
    /// # Errors
    /// The fault for which nothing can be looked up any more: the run has to end, or the PBX does not answer.
    pub fn look_up(&self, numbers: &[String], live: bool) -> Result<Vec<Lookup>, Fault> {
        let mut answered: HashMap<String, Vec<Record>> = HashMap::new();
        let mut unread: HashMap<&String, Fault> = HashMap::new();
        let mut is_certain = false;
        if numbers.len() > 1 {
            is_certain = self.manifest().ability.looks_at_each;
            for numbers in numbers.chunks(self.client.looks_at_once().max(1)) {
                match (self.fetch(numbers, live), numbers) {
                    (Ok(found), _) => {
                        for record in found {
                            let same = answered.entry(record.number().to_owned()).or_default();
                            same.push(record);
                        }
                    }
                    (Err(fault), _) if is_unreachable(&fault) => return Err(fault),
                    // It was asked for alone.
                    (Err(fault), [number]) => drop(unread.insert(number, fault)),
                    (Err(_), _) => is_certain = false,
                }
            }
        }
        let mut lookups = Vec::with_capacity(numbers.len());
        let mut silent = 0;
        for number in numbers {
            let found = match (answered.remove(number), unread.remove(number)) {
                (Some(found), _) => Ok(found),
                (None, Some(fault)) => Err(fault),
                (None, None) if is_certain => Ok(vec![]),
                (None, None) => self.fetch(std::slice::from_ref(number), live),
            };
            match &found {
                Err(fault) if is_unreachable(fault) => return Err(fault.clone()),
                // A PBX that answers for one extension but not for another is no PBX that is down.
                Err(fault) if is_transport(fault) => {
                    silent += 1;
                    if silent > SILENT_MAX {
                        return Err(fault.clone());
                    }
                }
                _ => silent = 0,
            }
            let found = found.map(|mut found| {
                found.retain(|record| record.number() == number);
                found
            });
            lookups.push(Lookup {
                number: number.clone(),
                found,
            });
        }
        Ok(lookups)
    }

    /// Fetches at most one batch of extensions in one conversation. An extension that the answer to several numbers
    /// leaves out may be there all the same: see [`Connection::look_up`].
    ///
    /// # Errors
    /// The fault that ended the conversation.
    pub fn fetch(&self, numbers: &[String], live: bool) -> Result<Vec<Record>, Fault> {
        let task = if live {
            Task::GetStatus(numbers)
        } else {
            Task::Get(numbers)
        };
        match self.converse(self.client.as_ref(), &task, None).result? {
            Answer::Found(found) => {
                self.note_open(numbers, &found);
                Ok(found)
            }
            _ => Err(unexpected_answer()),
        }
    }

    /// Fetches the parts that are left of extensions that are gone, several at a time.
    ///
    /// # Errors
    /// The fault for which nothing can be fetched any more.
    pub(crate) fn fetch_parts(
        &self,
        numbers: &[String],
        parallel: usize,
    ) -> Result<Vec<Record>, Fault> {
        let mut parts = vec![];
        if !self.manifest().ability.deletes_in_parts {
            return Ok(parts);
        }
        let look = |numbers| {
            let task = Task::GetParts(numbers);
            match self.converse(self.client.as_ref(), &task, None).result? {
                Answer::Found(found) => Ok(found),
                _ => Err(unexpected_answer()),
            }
        };
        let batch = self.client.looks_at_once().max(1);
        let stop = self.line.pace().stop_flag();
        look_in_order(numbers.chunks(batch), parallel, stop, look, &mut |found| {
            parts.extend(found);
        })?;
        Ok(parts)
    }

    /// Notes which of these extensions let anybody in, by what was found of them.
    fn note_open(&self, numbers: &[String], found: &[Record]) {
        if !self.manifest().sip.open_without_secret {
            return;
        }
        let has_no_secret = |record: &&Record| {
            let secret = record.get(Field::SIP_PASSWORD);
            secret.is_some_and(Text::is_empty)
        };
        let mut open = lock(&self.open);
        open.retain(|number| !numbers.contains(number));
        let records = found.iter().filter(has_no_secret);
        open.extend(records.map(|record| record.number().to_owned()));
    }

    /// The extensions that were seen to let anybody in, without a secret, when they were last looked at.
    pub(crate) fn open_to_all(&self) -> Vec<String> {
        let mut open: Vec<String> = lock(&self.open).iter().cloned().collect();
        open.sort_by(|a, b| by_number(a, b));
        open
    }

    /// Sends one change, once; the caller deals with a lost reply. `permit` pays for the first request.
    pub fn apply(&self, action: Action, wanted: &Record, permit: Option<Permit>) -> Response {
        match task_of(action, wanted) {
            Some(task) => self.converse(self.client.as_ref(), &task, permit),
            None => Response {
                result: Ok(Answer::Done),
                http_status: None,
                wrote: false,
                turns: 0,
            },
        }
    }

    /// Takes the looks at the PBX that a change begins with, and sends nothing that writes.
    ///
    /// # Errors
    /// The fault with which the change ends before it writes anything.
    pub(super) fn foresee(&self, action: Action, wanted: &Record) -> Result<(), Fault> {
        let Some(task) = task_of(action, wanted) else {
            return Ok(());
        };
        let transcript = Transcript {
            only_looks: true,
            ..self.transcript(&task)
        };
        let response = self.converse_from(transcript, self.client.as_ref(), &task, None);
        response.result.map(|_| ())
    }

    /// Has the PBX bring stored changes into effect, or asks how that goes on which is `under_way`; returns its name while
    /// it is not done.
    ///
    /// # Errors
    /// The fault that ended the conversation.
    pub(super) fn bring_into_effect(
        &self,
        under_way: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        let task = Task::Apply(under_way);
        match self.converse(self.client.as_ref(), &task, None).result? {
            Answer::UnderWay(name) => Ok(Some(name)),
            Answer::Done => Ok(None),
            _ => Err(unexpected_answer()),
        }
    }

    /// Signs out, best effort.
    pub fn close(mut self) {
        self.sign_out();
    }

    /// Signs out, best effort. Nothing is to be asked after it.
    pub fn sign_out(&mut self) {
        self.patience.attempts_max = 1;
        let session = self.state().session;
        let _ = self.converse_about_session(&Task::SignOut, &session);
    }

    /// Runs a conversation within the session, which is renewed where it runs out.
    fn converse(&self, client: &dyn Client, task: &Task<'_>, permit: Option<Permit>) -> Response {
        self.converse_from(self.transcript(task), client, task, permit)
    }

    /// The transcript of a conversation that begins.
    fn transcript(&self, task: &Task<'_>) -> Transcript {
        let is_listing = matches!(task, Task::List);
        Transcript {
            asks_again: true,
            starts_over: !is_listing && self.manifest().vendor.loses_ms > 0,
            ..Transcript::default()
        }
    }

    fn converse_from(
        &self,
        mut transcript: Transcript,
        client: &dyn Client,
        task: &Task<'_>,
        mut permit: Option<Permit>,
    ) -> Response {
        // The session of the last request: by the time its reply is understood there may be another one.
        let mut sent_with = None;
        let result = loop {
            self.keep_alive();
            let state = self.state();
            let fault = match self.turn(client, task, &state.session, &mut transcript, &mut permit)
            {
                Ok(None) => {
                    sent_with = Some(state.generation);
                    continue;
                }
                Ok(Some(answer)) => break Ok(answer),
                Err(fault) => fault,
            };
            if fault.kind == FaultKind::NotSent && transcript.start_over() {
                continue;
            }
            if fault.kind != FaultKind::SessionExpired {
                break Err(fault);
            }
            let was_writing = transcript.exchanges.last().is_some_and(writes);
            if transcript.drop_last_exchange() > RENEWALS_MAX {
                break Err(expires_at_once(fault));
            }
            if let Err(refused) = self.renew(sent_with.unwrap_or(state.generation)) {
                break Err(refused);
            }
            if was_writing && !transcript.exchanges.iter().any(writes) {
                // It may have been done all the same, so the client checks anew before it sends it again.
                transcript.exchanges.clear();
            }
        };
        let result = result.map_err(|fault| {
            let known = KnownSecrets {
                account: &self.account,
                session: &self.state().session,
                task,
                manifest: self.manifest(),
            };
            let fault = known.left_out_of(fault, &transcript.exchanges);
            after_writing(fault, &transcript.exchanges)
        });
        Response {
            result,
            http_status: transcript.http_status,
            wrote: transcript.wrote,
            turns: transcript.exchanges.len(),
        }
    }

    /// Runs a conversation about the session itself.
    fn converse_about_session(&self, task: &Task<'_>, session: &Session) -> Result<Answer, Fault> {
        let mut transcript = Transcript {
            // Only what a sign-in asks with the session that it got: the sign-in itself is not asked for again here.
            asks_again: matches!(task, Task::SignIn(_)),
            about_session: true,
            ..Transcript::default()
        };
        loop {
            let client = self.client.as_ref();
            if let Some(answer) = self.turn(client, task, session, &mut transcript, &mut None)? {
                return Ok(answer);
            }
        }
    }

    /// Takes one turn: sends the client's next request, or returns its answer. Where the PBX answers "later", the exchange
    /// is taken back.
    fn turn(
        &self,
        client: &dyn Client,
        task: &Task<'_>,
        session: &Session,
        transcript: &mut Transcript,
        permit: &mut Option<Permit>,
    ) -> Result<Option<Answer>, Fault> {
        match transcript.without_writes(client.next(task, session, &transcript.exchanges)) {
            Turn::Done(answer) => Ok(Some(answer)),
            Turn::Send(_) if transcript.exchanges.len() >= TURNS_MAX => Err(endless()),
            Turn::Send(request) => {
                let permit = permit.take().unwrap_or_else(|| self.line.pace().permit());
                // Behind a sign-in that was answered it is known to be the PBX: the rest is asked as often as that.
                let is_known = transcript.about_session && !transcript.exchanges.is_empty();
                let attempts_min = if is_known { SIGN_INS_MAX } else { 1 };
                let patience = Patience {
                    attempts_max: self.patience.attempts_max.max(attempts_min),
                    repeats_unsent: !transcript.starts_over || transcript.exchanges.is_empty(),
                    ..self.patience
                };
                let reply = self.line.exchange(&request, permit, &patience);
                let status = reply
                    .as_ref()
                    .map_or_else(|fault| fault.http_status, |reply| Some(reply.status));
                transcript.http_status = status.or(transcript.http_status);
                let unsent = matches!(&reply, Err(fault) if fault.kind == FaultKind::NotSent);
                transcript.wrote |= request.effect == Effect::Writes && !unsent;
                let reply = reply.map_err(|mut fault| {
                    fault.done_before.clone_from(&request.done_before);
                    fault
                })?;
                let mut exchange = Exchange {
                    reply,
                    request: *request,
                };
                transcript.reserve_reply(exchange.reply.cost(), &exchange)?;
                let whole = exchange.reply.body.len();
                client.trim(task, &mut exchange);
                if exchange.reply.body.len() < whole {
                    exchange.reply.body.shrink_to_fit();
                    exchange.reply.alone = None;
                }
                transcript.cost += exchange.reply.cost();
                transcript.exchanges.push(exchange);
                Ok(None)
            }
            Turn::Fault(fault) if fault.kind == FaultKind::Busy => {
                let times = transcript.drop_last_exchange();
                let most = match transcript.about_session {
                    true => self.patience.attempts_max.min(BUSY_MAX),
                    false => BUSY_MAX,
                };
                if times > most {
                    return Err(fault);
                }
                // It may be one that is just starting.
                transcript.start_over();
                let wait = self.line.wait(&self.patience, times);
                self.line.pace().pause(fault.retry_after.unwrap_or(wait));
                Ok(None)
            }
            Turn::Fault(fault) if is_garbled(&fault) && transcript.may_ask_again() => {
                let times = transcript.drop_last_exchange();
                if times >= self.patience.attempts_max.min(GARBLED_MAX) {
                    return Err(fault);
                }
                thread::sleep(self.line.wait(&self.patience, times));
                Ok(None)
            }
            Turn::Fault(mut fault) => {
                if fault.kind != FaultKind::SessionExpired {
                    // A refused request was not carried out.
                    let refused = transcript.exchanges.pop();
                    if refused.is_some_and(|last| last.request.effect == Effect::Writes)
                        && self.is_unprinted(&fault)
                    {
                        fault.kind = FaultKind::MayHaveHappened;
                    }
                }
                Err(fault)
            }
        }
    }

    /// Returns true for a refusal that is a mere HTTP status which the vendor's pages never print, or not as an answer
    /// of the PBX: a device in between may have sent it, after the PBX did its work.
    fn is_unprinted(&self, fault: &Fault) -> bool {
        let status = fault.http_status.filter(|status| *status >= 300);
        let is_printed = |status| self.manifest().explains_status(status);
        fault.vendor_code.is_none()
            && status.is_some_and(|status| {
                !is_printed(status) || fault.kind == FaultKind::TargetUnusable
            })
    }

    fn state(&self) -> SessionState {
        lock(&self.state).clone()
    }

    fn set_session(&self, session: Session) {
        let mut state = lock(&self.state);
        state.session = Arc::new(session);
        state.generation += 1;
        state.since = Instant::now();
        state.lost_sign_ins = 0;
    }

    /// Replaces the session of generation `seen`, unless another sender has replaced it already.
    fn renew(&self, seen: u64) -> Result<(), Fault> {
        let _alone = lock(&self.renewing);
        let state = self.state();
        if state.generation != seen {
            return Ok(());
        }
        match state.refused {
            Some(refused) => Err(refused),
            None => self.sign_in(SIGN_INS_MAX),
        }
    }

    /// Signs in, up to `tries` times while the replies are not understood; after that this is no such PBX. Lost replies
    /// count over the whole run until a sign-in works: each may have been counted as a wrong one.
    fn sign_in(&self, tries: u32) -> Result<(), Fault> {
        let task = Task::SignIn(&self.account);
        let stop = self.line.pace().stop_flag();
        let mut tried = 0;
        let fault = loop {
            tried += 1;
            let mut fault = match self.converse_about_session(&task, &Session::default()) {
                Ok(Answer::Session(session)) => {
                    self.set_session(session);
                    return Ok(());
                }
                Ok(_) => unexpected_answer(),
                Err(fault) => fault,
            };
            if is_transport(&fault) {
                let lost = self.count_lost_sign_in();
                if lost >= SIGN_INS_MAX || stop.is_overdue() {
                    fault.kind = FaultKind::TargetUnusable;
                    fault.message = format!(
                        "no reply came to {lost} sign-ins in a row: {}",
                        fault.message
                    );
                    break fault;
                }
                let wait = self.line.wait(&self.patience, lost);
                stop.wait(fault.retry_after.unwrap_or(wait));
            } else if tried >= tries || !is_garbled(&fault) {
                break read_at_sign_in(fault);
            }
        };
        if fault.ends_the_run() {
            lock(&self.state).refused = Some(fault.clone());
        }
        Err(fault)
    }

    fn count_lost_sign_in(&self) -> u32 {
        let mut state = lock(&self.state);
        state.lost_sign_ins += 1;
        state.lost_sign_ins
    }

    /// Keeps the session alive where it is about to expire. Concurrent callers continue with the current session.
    fn keep_alive(&self) {
        if !self.state().is_old() {
            return;
        }
        let _alone = match self.renewing.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let state = self.state();
        if !state.is_old() || state.refused.is_some() {
            return;
        }
        match self.converse_about_session(&Task::KeepAlive, &state.session) {
            Ok(Answer::Session(session)) => self.set_session(session),
            // The next request finds out for itself.
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
struct Transcript {
    exchanges: Vec<Exchange>,
    http_status: Option<u16>,
    /// True if a request that writes may have reached the PBX.
    wrote: bool,
    /// True if reads whose replies are not understood are sent again.
    asks_again: bool,
    /// True if it starts over where the PBX could not be reached in its midst: another one may answer by then, and what it
    /// says does not go with what the first one said.
    starts_over: bool,
    /// The times that it has started over.
    starts: u32,
    /// True if it is about the session itself.
    about_session: bool,
    /// True if it ends before the first request that writes.
    only_looks: bool,
    /// The memory that its replies cost, in bytes.
    cost: usize,
    /// The lock taken once the replies cost more than several conversations at a time may have.
    alone: Option<LargeReplyTurn>,
    /// The place whose exchange was last taken back, and how many times in a row.
    taken_back: (usize, u32),
}

impl Transcript {
    /// The same turn, or the end where it would write and only looks are wanted.
    fn without_writes(&self, turn: Turn) -> Turn {
        match turn {
            Turn::Send(request) if self.only_looks && request.effect == Effect::Writes => {
                Turn::Done(Answer::Done)
            }
            turn => turn,
        }
    }

    /// Takes the last exchange back, because it was refused and nothing was done. Returns how many times that has
    /// happened at this place.
    fn drop_last_exchange(&mut self) -> u32 {
        self.exchanges.pop();
        let (place, times) = self.taken_back;
        let times = if place == self.exchanges.len() {
            times + 1
        } else {
            1
        };
        self.taken_back = (self.exchanges.len(), times);
        times
    }

    /// Forgets what was asked before the PBX could not be reached; false where it does not start over, or not once more, or
    /// has written something.
    fn start_over(&mut self) -> bool {
        let starts = self.starts_over
            && !self.exchanges.is_empty()
            && self.starts < STARTS_MAX
            && !self.exchanges.iter().any(writes);
        if starts {
            self.starts += 1;
            self.exchanges.clear();
        }
        starts
    }

    /// Makes room for one more reply: a conversation whose replies cost much continues alone, and not without end.
    fn reserve_reply(&mut self, cost: usize, exchange: &Exchange) -> Result<(), Fault> {
        let cost = self.cost.saturating_add(cost);
        if cost > CONVERSATION_COST_MAX {
            return Err(too_costly(exchange));
        }
        if cost > SHARED_COST_MAX && self.alone.is_none() {
            let alone = exchange.reply.alone.clone();
            // A session is waited for by others, so its conversation never waits for long.
            let patience = match self.about_session {
                true => Duration::ZERO,
                false => ALONE_PATIENCE,
            };
            let alone = alone.or_else(|| LargeReplyTurn::acquire(patience));
            self.alone = Some(alone.ok_or_else(|| too_costly(exchange))?);
        }
        Ok(())
    }

    /// Returns true where the last request may be sent again after a reply that is not understood.
    fn may_ask_again(&self) -> bool {
        let last = self.exchanges.last();
        self.asks_again && last.is_some_and(|last| last.request.effect == Effect::Reads)
    }
}

/// Returns true if the exchange's request can change something.
fn writes(exchange: &Exchange) -> bool {
    exchange.request.effect == Effect::Writes
}

/// Corrects a fault that came after a part of the change was written: it no longer means that nothing was done.
fn after_writing(mut fault: Fault, exchanges: &[Exchange]) -> Fault {
    use FaultKind::{Busy, MayHaveHappened, NotSent, SessionExpired};
    if matches!(fault.kind, NotSent | Busy | SessionExpired) && exchanges.iter().any(writes) {
        fault.kind = MayHaveHappened;
    }
    fault
}

/// Reads a fault at the sign-in: any answer there other than a refused account means that this is no such PBX, or one
/// that does not let us in. The only place that reads it so; clients give the fault as it is.
fn read_at_sign_in(mut fault: Fault) -> Fault {
    use FaultKind::{Exists, Missing, Rejected, SessionExpired, TargetUnusable};
    let is_no_answer = fault.kind == SessionExpired || is_garbled(&fault);
    if is_no_answer {
        fault.message = format!("there is no such PBX at this address: {}", fault.message);
    }
    if is_no_answer || matches!(fault.kind, Rejected | Exists | Missing) {
        fault.kind = TargetUnusable;
    }
    fault
}

/// Returns true where a reply came that is not understood.
pub(super) fn is_garbled(fault: &Fault) -> bool {
    fault.cause == FaultCause::NotUnderstood
}

/// Returns true where no other extension can be looked up either.
fn is_unreachable(fault: &Fault) -> bool {
    fault.ends_the_run() || fault.kind == FaultKind::NotSent
}

/// Returns true where no reply came that could be read, although the request may have arrived.
fn is_transport(fault: &Fault) -> bool {
    fault.kind == FaultKind::MayHaveHappened && !is_garbled(fault)
}

fn sorted(numbers: &[String]) -> Vec<&String> {
    let mut sorted: Vec<&String> = numbers.iter().collect();
    sorted.sort_unstable();
    sorted
}

fn expires_at_once(mut fault: Fault) -> Fault {
    fault.message = format!(
        "the session ran out again right after each new sign-in: {}",
        fault.message
    );
    fault.hint = "see whether somebody else signs in with the same account, and whether the PBX's clock is right".into();
    fault
}

fn unexpected_answer() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "converse.strange_answer",
        "the conversation ended with an answer to another question",
    )
    .cause(FaultCause::NotUnderstood)
}

fn endless() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "converse.endless",
        format!("the conversation did not end within {TURNS_MAX} requests"),
    )
    .hint("the PBX may be giving the same page of its listing again and again")
}

fn too_costly(exchange: &Exchange) -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "converse.too_large",
        format!(
            "the PBX's replies to {} take more memory than they may",
            exchange.request.operation
        ),
    )
    .status(exchange.reply.status)
    .hint("check the address and the port; look up fewer at once with --batch")
}

#[cfg(test)]
mod tests {
    use super::super::fake_vendor::{FakeVendor, Trouble, asked_number, fake_manifest};
    use super::*;
    use crate::model::Field;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    const LOOKUP: LookupOptions = LookupOptions {
        parallel: 4,
        batch: 100,
        live: false,
    };

    #[test]
    fn a_listing_goes_through_all_pages_and_a_look_keeps_the_order() {
        let fake = FakeVendor::with_extensions(100);
        let connection = fake.open();
        let listing = connection.list().unwrap();
        assert_eq!((listing.numbers.len(), listing.complete), (100, true));
        let mut wanted = listing.numbers.clone();
        wanted.insert(50, "9999".into());
        let mut found = Vec::new();
        connection
            .look_up_required(&wanted, &LOOKUP, &mut |extensions| found.extend(extensions))
            .unwrap();
        let numbers: Vec<String> = found
            .iter()
            .map(|found| found.number().to_owned())
            .collect();
        assert_eq!(numbers, listing.numbers);
        let batch = fake_manifest().vendor.batch;
        // One that a batch leaves out is asked for alone.
        assert_eq!(fake.pbx.times("look"), 101_usize.div_ceil(batch) + 1);
        connection
            .look_up_required(&[], &LOOKUP, &mut |_| panic!("nothing was asked for"))
            .unwrap();
    }

    #[test]
    fn a_look_that_fails_ends_without_the_rest() {
        let fake =
            FakeVendor::with_extensions(1000).troubled(|request, _| match request.operation {
                "look" if asked_number(request).contains("1040") => Trouble::Refuse,
                _ => Trouble::Nothing,
            });
        let connection = fake.open();
        let numbers = connection.list().unwrap().numbers;
        let mut found = Vec::new();
        let fault = connection
            .look_up_required(&numbers, &LOOKUP, &mut |extensions| {
                found.extend(extensions)
            })
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotSent);
        assert!(
            found.len() == 40 && fake.pbx.times("look") < 100,
            "{} {}",
            found.len(),
            fake.pbx.times("look")
        );
    }

    #[test]
    fn many_expiries_at_once_are_one_sign_in() {
        let fake = FakeVendor::with_extensions(0);
        let connection = fake.open();
        for round in 1..=30 {
            fake.pbx.expire_sessions();
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
            assert_eq!(fake.pbx.times("login"), 1 + round);
        }
        assert_eq!(fake.pbx.numbers().len(), 30 * 16);
        assert!(fake.pbx.creations().values().all(|times| *times == 1));
    }

    #[test]
    fn a_session_that_expires_mid_conversation_is_renewed_and_nothing_is_said_twice() {
        // The second request of the creation, the one for the groups, finds the session gone.
        let fake =
            FakeVendor::with_extensions(0).troubled(|request, times| match request.operation {
                "groups" if times == 1 => Trouble::Expire,
                _ => Trouble::Nothing,
            });
        let connection = fake.open();
        let mut wanted = Record::numbered("1");
        wanted.set(Field::GROUPS, "Sales");
        connection
            .apply(Action::Create, &wanted, None)
            .result
            .unwrap();
        assert_eq!(
            (
                fake.pbx.times("login"),
                fake.pbx.times("create"),
                fake.pbx.times("groups")
            ),
            (2, 1, 2)
        );
        assert_eq!(
            fake.pbx.stored("1", Field::GROUPS).as_deref(),
            Some("Sales")
        );
    }

    #[test]
    fn a_session_that_expires_at_once_again_and_again_is_a_fault() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" => Trouble::Expire,
            _ => Trouble::Nothing,
        });
        let connection = fake.open();
        let fault = connection
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::SessionExpired);
        assert_eq!(fake.pbx.times("login"), 1 + RENEWALS_MAX as usize);
    }

    #[test]
    fn a_session_expiring_again_at_each_page_of_a_long_listing_goes_on() {
        let fake =
            FakeVendor::with_extensions(100).troubled(|request, times| match request.operation {
                "list" if times == 1 => Trouble::Expire,
                _ => Trouble::Nothing,
            });
        assert_eq!(fake.open().list().unwrap().numbers.len(), 100);
        assert!(fake.pbx.times("login") > 5);
    }

    #[test]
    fn a_session_is_kept_alive_before_it_runs_out_by_one_sender_only() {
        let fake = FakeVendor::with_extensions(0).living(Duration::from_millis(400));
        let connection = fake.open();
        let create = |number: u32| {
            connection.apply(Action::Create, &Record::numbered(number.to_string()), None)
        };
        create(1).result.unwrap();
        assert_eq!(fake.pbx.times("keep"), 0);
        thread::sleep(Duration::from_millis(300));
        thread::scope(|scope| {
            for number in 2..10 {
                scope.spawn(move || create(number).result.unwrap());
            }
        });
        assert_eq!((fake.pbx.times("keep"), fake.pbx.times("login")), (1, 1));
    }

    #[test]
    fn a_session_that_cannot_be_kept_alive_is_signed_in_anew() {
        let fake = FakeVendor::with_extensions(0)
            .living(Duration::from_millis(1))
            .troubled(|request, _| match request.operation {
                "keep" => Trouble::Answer("no"),
                _ => Trouble::Nothing,
            });
        let connection = fake.open();
        thread::sleep(Duration::from_millis(5));
        connection
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap();
        assert!(fake.pbx.times("login") >= 2);
    }

    #[test]
    fn a_refused_account_is_tried_once_at_the_start_and_once_at_a_renewal() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "login" => Trouble::Status(401),
            _ => Trouble::Nothing,
        });
        assert_eq!(
            fake.try_open().err().unwrap().kind,
            FaultKind::CredentialRefused
        );
        assert_eq!(fake.pbx.times("login"), 1);

        let fake =
            FakeVendor::with_extensions(0).troubled(|request, times| match request.operation {
                "login" if times > 1 => Trouble::Status(401),
                _ => Trouble::Nothing,
            });
        let connection = fake.open();
        fake.pbx.expire_sessions();
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
        assert_eq!(fake.pbx.times("login"), 2);
    }

    #[test]
    fn one_garbled_reply_to_a_renewal_ends_no_run_and_several_do() {
        for (garbled, result) in [
            (1, Ok(())),
            (2, Ok(())),
            (9, Err(FaultKind::TargetUnusable)),
        ] {
            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| match request
                .operation
            {
                "login" if times > 1 && times <= 1 + garbled => Trouble::Garbage,
                _ => Trouble::Nothing,
            });
            let connection = fake.open();
            fake.pbx.expire_sessions();
            let wanted = Record::numbered("1");
            let applied = connection.apply(Action::Create, &wanted, None).result;
            assert_eq!(
                applied.map(drop).map_err(|fault| fault.kind),
                result,
                "{garbled}"
            );
            let renewals = garbled.min(SIGN_INS_MAX - 1) + 1;
            assert_eq!(fake.pbx.times("login"), 1 + renewals as usize);
        }
    }

    #[test]
    fn three_lost_replies_to_sign_ins_end_the_run() {
        for trouble in [
            Trouble::LoseAfter,
            Trouble::LoseBefore,
            Trouble::Status(503),
        ] {
            let fake = FakeVendor::with_extensions(0).troubled(move |request, _| {
                match request.operation {
                    "login" => trouble,
                    _ => Trouble::Nothing,
                }
            });
            let fault = fake.try_open().err().unwrap();
            assert_eq!(fault.kind, FaultKind::TargetUnusable, "{trouble:?}");
            assert_eq!(fake.pbx.times("login"), 3, "{trouble:?}");

            let fake = FakeVendor::with_extensions(0).troubled(move |request, times| match request
                .operation
            {
                "login" if times > 1 => trouble,
                _ => Trouble::Nothing,
            });
            let connection = fake.open();
            fake.pbx.expire_sessions();
            thread::scope(|scope| {
                for index in 0..8 {
                    let connection = &connection;
                    scope.spawn(move || {
                        let wanted = Record::numbered(format!("{index}"));
                        let result = connection.apply(Action::Create, &wanted, None).result;
                        assert!(result.unwrap_err().ends_the_run());
                    });
                }
            });
            assert_eq!(fake.pbx.times("login"), 1 + 3, "{trouble:?}");
        }
        // One that works ends the count.
        let fake =
            FakeVendor::with_extensions(0).troubled(|request, times| match request.operation {
                "login" if times % 3 != 0 => Trouble::LoseAfter,
                _ => Trouble::Nothing,
            });
        let connection = fake.open();
        for number in ["1", "2"] {
            fake.pbx.expire_sessions();
            let wanted = Record::numbered(number);
            connection
                .apply(Action::Create, &wanted, None)
                .result
                .unwrap();
        }
        assert_eq!(fake.pbx.times("login"), 9);
    }

    #[test]
    fn what_is_no_such_pbx_is_told_at_the_sign_in() {
        for trouble in [Trouble::Garbage, Trouble::Status(302)] {
            let fake = FakeVendor::with_extensions(0).troubled(move |_, _| trouble);
            assert_eq!(
                fake.try_open().err().unwrap().kind,
                FaultKind::TargetUnusable,
                "{trouble:?}"
            );
        }
        let fake = FakeVendor::with_extensions(0).troubled(|_, _| Trouble::Refuse);
        assert_eq!(fake.try_open().err().unwrap().kind, FaultKind::NotSent);
        assert_eq!(fake.pbx.times("login"), 2);
    }

    #[test]
    fn busy_is_waited_for_but_not_forever() {
        let fake =
            FakeVendor::with_extensions(0).troubled(|request, times| match request.operation {
                "create" if times < 3 => Trouble::Answer("busy"),
                _ => Trouble::Nothing,
            });
        fake.open()
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap();
        assert_eq!(fake.pbx.times("create"), 3);

        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" => Trouble::Answer("busy"),
            _ => Trouble::Nothing,
        });
        let fault = fake
            .open()
            .apply(Action::Create, &Record::numbered("1"), None)
            .result
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::Busy);
        assert_eq!(fake.pbx.times("create"), 1 + BUSY_MAX as usize);
    }

    #[test]
    fn not_sent_after_a_part_was_written_is_no_longer_not_sent() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "groups" => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        let mut wanted = Record::numbered("1");
        wanted.set(Field::GROUPS, "Sales");
        let fault = fake
            .open()
            .apply(Action::Create, &wanted, None)
            .result
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::MayHaveHappened);
        assert!(!fault.done_before.is_empty());
    }

    #[test]
    fn a_refusal_of_the_first_request_has_nothing_done_before_it() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" => Trouble::Answer("no"),
            _ => Trouble::Nothing,
        });
        let fault = fake
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
        let fake = FakeVendor::with_extensions(1);
        fake.pbx.endless.store(true, Ordering::Relaxed);
        assert_eq!(fake.open().list().unwrap_err().code, "converse.endless");
        assert_eq!(fake.pbx.times("list"), TURNS_MAX);
    }

    #[test]
    fn closing_signs_out_and_minds_nothing() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "logout" => Trouble::Refuse,
            _ => Trouble::Nothing,
        });
        fake.open().close();
        assert_eq!(fake.pbx.times("logout"), 1);
    }

    #[test]
    fn what_a_batch_leaves_out_is_asked_for_alone() {
        let fake = FakeVendor::with_extensions(40).troubled(|request, _| {
            let is_batch = asked_number(request).contains(',');
            match request.operation {
                "look" if is_batch => Trouble::Sparse,
                _ => Trouble::Nothing,
            }
        });
        let connection = fake.open();
        let mut numbers: Vec<String> = (1000..1040).map(|number| number.to_string()).collect();
        numbers.push("9999".into());
        let mut found = 0;
        connection
            .look_up_each(&numbers, &LOOKUP, &mut |lookups| {
                for lookup in lookups {
                    let records = lookup.found.unwrap();
                    assert_eq!(records.is_empty(), lookup.number == "9999");
                    found += records.len();
                }
            })
            .unwrap();
        assert_eq!(found, 40);
    }

    #[test]
    fn an_extension_that_cannot_be_read_spoils_only_itself() {
        for trouble in [Trouble::Garbage, Trouble::Answer("no"), Trouble::LoseAfter] {
            let fake = FakeVendor::with_extensions(24).troubled(move |request, _| {
                match request.operation == "look" && asked_number(request).contains("1007") {
                    true => trouble,
                    false => Trouble::Nothing,
                }
            });
            let connection = fake.open();
            let numbers: Vec<String> = (1000..1024).map(|number| number.to_string()).collect();
            let mut unread = vec![];
            connection
                .look_up_each(&numbers, &LOOKUP, &mut |lookups| {
                    let failed = lookups.into_iter().filter(|lookup| lookup.found.is_err());
                    unread.extend(failed.map(|lookup| lookup.number));
                })
                .unwrap();
            assert_eq!(unread, ["1007"], "{trouble:?}");
        }
        // A PBX that is not there spoils all.
        let fake = FakeVendor::with_extensions(24).troubled(|request, _| match request.operation {
            "look" => Trouble::LoseAfter,
            _ => Trouble::Nothing,
        });
        let numbers: Vec<String> = (1000..1024).map(|number| number.to_string()).collect();
        let replied = fake.open().look_up_each(&numbers, &LOOKUP, &mut |_| ());
        assert_eq!(replied.unwrap_err().code, "link.closed");
    }

    #[test]
    fn a_garbled_reply_to_a_read_is_asked_for_again_and_to_a_write_is_not() {
        let fake =
            FakeVendor::with_extensions(9).troubled(|request, times| match request.operation {
                "list" | "look" | "create" if times < 3 => Trouble::Garbage,
                _ => Trouble::Nothing,
            });
        let connection = fake.open();
        assert_eq!(connection.list().unwrap().numbers.len(), 9);
        let found = connection.fetch(&["1000".into()], false).unwrap();
        assert_eq!(found.len(), 1);
        let wanted = Record::numbered("1");
        let response = connection.apply(Action::Create, &wanted, None);
        assert_eq!(response.result.unwrap_err().code, "reply.not_understood");
        assert_eq!((fake.pbx.times("create"), response.wrote), (1, true));
        // Not for ever.
        let fake = FakeVendor::with_extensions(9).troubled(|request, _| match request.operation {
            "look" => Trouble::Garbage,
            _ => Trouble::Nothing,
        });
        let replied = fake.open().fetch(&["1000".into()], false);
        assert_eq!(replied.unwrap_err().code, "reply.not_understood");
        assert_eq!(fake.pbx.times("look"), GARBLED_MAX as usize);
    }

    #[test]
    fn a_listing_in_pages_is_complete_only_when_it_is_the_same_twice() {
        let fake = FakeVendor::with_extensions(35);
        let listing = fake.open().list().unwrap();
        assert_eq!((listing.numbers.len(), listing.complete), (35, true));
        assert_eq!(fake.pbx.times("list"), 2 * 5);

        // Another one deletes while it is listed, at every page.
        let fake = FakeVendor::with_extensions(35);
        let pbx = fake.pbx.clone();
        pbx.shrink_at_each_page.store(true, Ordering::Relaxed);
        let listing = fake.open().list().unwrap();
        assert!(!listing.complete);
        let listed: std::collections::BTreeSet<_> = listing.numbers.iter().collect();
        assert!(pbx.numbers().iter().all(|number| listed.contains(number)));
    }

    #[test]
    fn a_part_was_sent_only_where_it_was() {
        // The only write is refused, and the read behind it is lost.
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" => Trouble::LoseBefore,
            _ => Trouble::Nothing,
        });
        let mut wanted = Record::numbered("1");
        wanted.set(Field::GROUPS, "Sales");
        let fault = fake.open().apply(Action::Create, &wanted, None).result;
        assert_eq!(fault.unwrap_err().done_before, "");
    }
}
