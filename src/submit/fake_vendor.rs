//! A vendor that exists for the tests here, and a PBX of it that breaks on demand.

use super::converse::Connection;
use crate::link::paced::Pace;
use crate::link::retrying::{Patience, Retrying};
use crate::link::{Link, StopFlag};
use crate::manifest::Manifest;
use crate::model::{Fault, FaultCause, FaultKind, Field, Record, Secret};
use crate::vendors::{Account, Client, Task};
use crate::wire::{
    Answer, Body, Effect, Exchange, Listing, Method, PbxStart, Reply, Request, Session, Turn,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

/// Short waits, so that tests end.
pub(crate) const HASTE: Patience = Patience {
    attempts_max: 3,
    wait_first: Duration::from_millis(1),
    wait_max: Duration::from_millis(4),
    unreached_max: Duration::from_secs(60),
    repeats_unsent: true,
};

pub(crate) fn fake_manifest() -> &'static Manifest {
    static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
        Manifest::parse(
            r#"
            vendor = { id = "fake", name = "Fake", api = "1", path = "/fake", port = 1, rate = 20.0, parallel = 4, batch = 8, reply_ms = 1000 }
            source.page = { title = "Page", url = "https://example.com", checked = "2026-01-01" }
            ability = { create = true, update = "fields", delete = true, list = true, groups = true, greetings = false, sign_in = true }
            field = [
                { name = "number", wire = "number", source = "page" },
                { name = "new_number", wire = "new_number", source = "page", access = "write_only" },
                { name = "display_name", wire = "display_name", source = "page" },
                { name = "email", wire = "email", source = "page" },
                { name = "sip_password", wire = "sip_password", access = "write_only", source = "page" },
                { name = "voicemail_pin", wire = "voicemail_pin", may_be_untold = true, source = "page" },
                { name = "forward_busy", wire = "forward_busy", source = "page" },
                { name = "forward_busy_extension", wire = "forward_busy_extension", source = "page" },
                { name = "groups", wire = "groups", separate = true, one_at_a_time = true, source = "page" },
            ]
            "#,
        )
        .unwrap()
    });
    &MANIFEST
}

/// The client of the fake vendor.
struct FakeClient;

/// The number, or the numbers, that a request to the fake PBX is about.
pub(super) fn asked_number(request: &Request) -> &str {
    request.query[0].1.open().unwrap()
}

impl Client for FakeClient {
    fn manifest(&self) -> &'static Manifest {
        fake_manifest()
    }

    fn next(&self, task: &Task<'_>, session: &Session, exchanges: &[Exchange]) -> Turn {
        let read = match exchanges.last().map(|last| (last, read(&last.reply))) {
            None => Value::Null,
            Some((_, Ok(value))) => value,
            Some((last, Err(mut fault))) => {
                fault.done_before.clone_from(&last.request.done_before);
                return Turn::Fault(fault);
            }
        };
        let say = |operation: &'static str, effect, number: &str, fields: Value| {
            let request = Request::new(operation, Method::Post, format!("/{operation}"), effect)
                .query("n", number)
                .header("token", session.token.clone())
                .body(Body::Json(fields));
            Turn::send(request)
        };
        let write =
            |operation, number: &str, fields| say(operation, Effect::Writes, number, fields);
        let answer_session = || {
            Turn::Done(Answer::Session(Session {
                token: Secret::new(read["token"].as_str().unwrap()),
                lifetime: read["life"].as_u64().map(Duration::from_millis),
                started: read["started"].as_str().map(|time| {
                    Arc::new(PbxStart {
                        pbx: "fake".into(),
                        time: time.to_owned(),
                        file: None,
                    })
                }),
                ..Session::default()
            }))
        };
        match (task, exchanges.len()) {
            (Task::SignIn(account), 0) => {
                assert!(session.token.reveal().is_empty());
                say("login", Effect::SignsIn, &account.username, Value::Null)
            }
            (Task::KeepAlive, 0) => say("keep", Effect::Reads, "", Value::Null),
            (Task::SignIn(_) | Task::KeepAlive, _) => answer_session(),
            (Task::SignOut, 0) => say("logout", Effect::Reads, "", Value::Null),
            (Task::List, pages) => {
                if pages > 0 && read["numbers"].as_array().unwrap().is_empty() {
                    return Turn::Done(Answer::Listing(listing(exchanges)));
                }
                say("list", Effect::Reads, &pages.to_string(), Value::Null)
            }
            (Task::Get(numbers) | Task::GetStatus(numbers), 0) => {
                say("look", Effect::Reads, &numbers.join(","), Value::Null)
            }
            (Task::Get(_) | Task::GetStatus(_), _) => {
                let found = read["found"].as_array().unwrap().iter().map(|found| {
                    fake_manifest().incoming(|name| found[name].as_str().map(str::to_owned))
                });
                Turn::Done(Answer::Found(found.collect()))
            }
            (Task::Create(wanted), 0) => write("create", wanted.number(), fields(wanted, false)),
            (Task::Update(wanted), 0)
                if wanted
                    .iter()
                    .any(|(field, _)| field != Field::NUMBER && field != Field::GROUPS) =>
            {
                write("update", wanted.number(), fields(wanted, false))
            }
            (Task::Create(wanted) | Task::Update(wanted), _)
                if wanted.text(Field::GROUPS).is_some()
                    && exchanges
                        .iter()
                        .all(|past| past.request.operation != "groups") =>
            {
                let mut turn = write("groups", wanted.number(), fields(wanted, true));
                if let (Turn::Send(request), true) = (&mut turn, !exchanges.is_empty()) {
                    request.done_before = "the extension was written".into();
                }
                turn
            }
            (Task::Delete(number), 0) => write("delete", number, Value::Null),
            _ => Turn::Done(Answer::Done),
        }
    }
}

/// The numbers of all pages.
fn listing(pages: &[Exchange]) -> Listing {
    let pages = pages.iter().map(|page| page.reply.json().unwrap());
    let numbers = pages.flat_map(|page| page["numbers"].as_array().unwrap().clone());
    let numbers = numbers.map(|number| number.as_str().unwrap().to_owned());
    Listing {
        numbers: numbers.collect(),
        complete: true,
        ..Listing::default()
    }
}

fn fields(wanted: &Record, groups: bool) -> Value {
    let sent = wanted
        .iter()
        .filter(|(field, _)| groups == (*field == Field::GROUPS));
    Value::Object(
        sent.map(|(field, text)| (field.name().to_owned(), text.reveal().into()))
            .collect(),
    )
}

fn read(reply: &Reply) -> Result<Value, Fault> {
    let fault = |kind, code: &str| {
        Fault::new(
            kind,
            format!("fake.{code}"),
            format!("the fake PBX said {code}"),
        )
        .status(reply.status)
        .vendor(code)
    };
    if reply.status == 401 {
        return Err(fault(FaultKind::CredentialRefused, "who"));
    }
    let value = reply.json()?;
    match value["code"].as_str() {
        Some("ok") => Ok(value),
        Some("expired") => Err(fault(FaultKind::SessionExpired, "expired")),
        Some("busy") => Err(fault(FaultKind::Busy, "busy")),
        Some("exists") => Err(fault(FaultKind::Exists, "exists")),
        Some("no_extension") => {
            Err(fault(FaultKind::Exists, "no_extension").cause(FaultCause::NoExtension))
        }
        Some("missing") => Err(fault(FaultKind::Missing, "missing")),
        Some("besides") => {
            Err(fault(FaultKind::Rejected, "besides").cause(FaultCause::ChangedBesides))
        }
        Some("unusable") => Err(fault(FaultKind::TargetUnusable, "unusable")),
        _ => Err(fault(FaultKind::Rejected, "no")),
    }
}

/// A way in which one request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    Nothing,
    /// The connection is refused.
    Refuse,
    /// The request is lost before anything is done.
    LoseBefore,
    /// It is done, and the reply is lost.
    LoseAfter,
    /// It is answered with a status, and not done.
    Status(u16),
    /// It is done, and answered with a status.
    StatusAfter(u16),
    /// It is answered with a word, and not done.
    Answer(&'static str),
    /// It is done, and answered with a word.
    AnswerAfter(&'static str),
    /// It is done after this number of milliseconds, and the reply is lost.
    LateBy(u64),
    /// It is answered without every second one of the extensions.
    Sparse,
    /// The sessions run out just before it.
    Expire,
    /// It is answered with a web page.
    Garbage,
    /// It is done with another display name, and the reply is lost.
    Alter,
    /// Lost, and done only when the extension is looked at for the first time, after the look.
    Late,
    /// The PBX starts anew just before it, with those extensions alone that [`FakePbx::store`] has stored.
    StartAnew,
    /// rowcall itself panics.
    Panic,
}

type Script = dyn Fn(&Request, u32) -> Trouble + Send + Sync;

/// A PBX in memory.
#[derive(Default)]
pub(crate) struct FakePbx {
    state: Mutex<State>,
    pub(crate) endless: AtomicBool,
    /// An extension is deleted after each page of the listing.
    pub(crate) shrink_at_each_page: AtomicBool,
    in_flight: AtomicUsize,
    pub(crate) in_flight_most: AtomicUsize,
    pub(crate) delay: Mutex<Duration>,
}

#[derive(Default)]
struct State {
    extensions: BTreeMap<String, Map<String, Value>>,
    stored: BTreeMap<String, Map<String, Value>>,
    starts: u64,
    created: BTreeMap<String, u32>,
    token: u64,
    life_ms: Option<u64>,
    /// Operation and number of every request, in order.
    said: Vec<(&'static str, String)>,
    late: Vec<Request>,
    /// Requests that take effect late, with their times.
    due: Vec<(Instant, Request)>,
}

impl FakePbx {
    pub(crate) fn times(&self, operation: &str) -> usize {
        self.order(operation).len()
    }

    pub(crate) fn order(&self, operation: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let said = state.said.iter().filter(|(known, _)| *known == operation);
        said.map(|(_, number)| number.clone()).collect()
    }

    pub(crate) fn requests(&self) -> usize {
        self.state.lock().unwrap().said.len()
    }

    pub(crate) fn expire_sessions(&self) {
        self.state.lock().unwrap().token += 1;
    }

    pub(crate) fn numbers(&self) -> Vec<String> {
        self.state
            .lock()
            .unwrap()
            .extensions
            .keys()
            .cloned()
            .collect()
    }

    pub(crate) fn creations(&self) -> BTreeMap<String, u32> {
        self.state.lock().unwrap().created.clone()
    }

    pub(crate) fn stored(&self, number: &str, field: Field) -> Option<String> {
        let state = self.state.lock().unwrap();
        let value = state.extensions.get(number)?.get(field.name())?;
        value.as_str().map(str::to_owned)
    }

    pub(crate) fn put(&self, extension: &Record) {
        let Value::Object(mut all) = fields(extension, false) else {
            return;
        };
        if let Value::Object(groups) = fields(extension, true) {
            all.extend(groups);
        }
        self.state
            .lock()
            .unwrap()
            .extensions
            .insert(extension.number().to_owned(), all);
    }

    pub(super) fn remove(&self, number: &str) {
        self.state.lock().unwrap().extensions.remove(number);
    }

    /// Stores its extensions as they are now: these are there when it starts anew.
    pub(super) fn store(&self) {
        let mut state = self.state.lock().unwrap();
        state.stored = state.extensions.clone();
    }

    fn exchange(&self, request: &Request, script: &Script) -> Result<Reply, Fault> {
        let flying = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.in_flight_most.fetch_max(flying, Ordering::SeqCst);
        std::thread::sleep(*self.delay.lock().unwrap());
        let reply = self.receive(request, script);
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        reply
    }

    fn receive(&self, request: &Request, script: &Script) -> Result<Reply, Fault> {
        let mut state = self.state.lock().unwrap();
        let number = asked_number(request).to_owned();
        state.said.push((request.operation, number.clone()));
        let same = |said: &&(&str, String)| said.0 == request.operation && said.1 == number;
        let times = state.said.iter().filter(same).count() as u32;
        let lost = Err(Fault::new(
            FaultKind::MayHaveHappened,
            "link.closed",
            "the fake PBX hung up",
        ));
        state.answer_due();
        let trouble = script(request, times);
        match trouble {
            Trouble::Panic => {
                drop(state);
                self.in_flight.fetch_sub(1, Ordering::SeqCst);
                panic!("told to")
            }
            Trouble::Refuse => {
                return Err(Fault::new(
                    FaultKind::NotSent,
                    "link.refused",
                    "the fake PBX is not there",
                ));
            }
            Trouble::LoseBefore => return lost,
            Trouble::Late => {
                state.late.push(request.clone());
                return lost;
            }
            Trouble::LateBy(ms) => {
                let due = Instant::now() + Duration::from_millis(ms);
                state.due.push((due, request.clone()));
                return lost;
            }
            Trouble::Status(status) => return Ok(Reply::new(status, "text/plain", "")),
            Trouble::Answer(word) => return Ok(answer(json!({ "code": word }))),
            Trouble::Garbage => return Ok(Reply::new(200, "text/html", "<!doctype html>")),
            Trouble::Expire => state.token += 1,
            Trouble::StartAnew => {
                state.extensions = state.stored.clone();
                state.starts += 1;
            }
            _ => {}
        }
        let endless = self.endless.load(Ordering::Relaxed);
        let mut altered = request.clone();
        if let (Trouble::Alter, Body::Json(Value::Object(fields))) = (trouble, &mut altered.body) {
            fields.insert("display_name".into(), "ALTERED".into());
        }
        let mut reply = state.answer(&altered, &number, endless);
        if let (Trouble::Sparse, Some(found)) = (trouble, reply["found"].as_array_mut()) {
            let mut kept = false;
            found.retain(|_| {
                kept = !kept;
                kept
            });
        }
        if request.operation == "list" && self.shrink_at_each_page.load(Ordering::Relaxed) {
            state.extensions.pop_first();
        }
        if request.operation == "look" {
            for late in std::mem::take(&mut state.late) {
                state.answer_late(&late);
            }
        }
        match trouble {
            Trouble::LoseAfter | Trouble::Alter => lost,
            Trouble::StatusAfter(status) => Ok(Reply::new(status, "text/plain", "")),
            Trouble::AnswerAfter(word) => Ok(answer(json!({ "code": word }))),
            _ => Ok(answer(reply)),
        }
    }
}

impl State {
    /// Carries out what was sent earlier and is due by now.
    fn answer_due(&mut self) {
        let now = Instant::now();
        let due: Vec<_> = self.due.extract_if(.., |(due, _)| *due <= now).collect();
        for (_, late) in due {
            self.answer_late(&late);
        }
    }

    fn answer_late(&mut self, late: &Request) {
        let number = asked_number(late).to_owned();
        self.answer(late, &number, false);
    }

    fn answer(&mut self, request: &Request, number: &str, endless: bool) -> Value {
        let token = request.headers[0].1.reveal();
        if !matches!(request.operation, "login" | "logout") && token != self.token.to_string() {
            return json!({ "code": "expired" });
        }
        let fields = match &request.body {
            Body::Json(Value::Object(fields)) => fields.clone(),
            _ => Map::new(),
        };
        let known = self.extensions.contains_key(number);
        let code = match request.operation {
            "login" | "keep" => {
                self.token += 1;
                return json!({
                    "code": "ok",
                    "token": self.token.to_string(),
                    "life": self.life_ms,
                    "started": self.starts.to_string(),
                });
            }
            "logout" => "ok",
            "list" => {
                let skipped = number.parse::<usize>().unwrap() * 10;
                let skipped = if endless { 0 } else { skipped };
                let page: Vec<&String> = self.extensions.keys().skip(skipped).take(10).collect();
                return json!({ "code": "ok", "numbers": page });
            }
            "look" => {
                let found: Vec<_> = number
                    .split(',')
                    .filter_map(|number| self.extensions.get(number))
                    .collect();
                return json!({ "code": "ok", "found": found });
            }
            "create" if known => "exists",
            "create" => {
                *self.created.entry(number.to_owned()).or_default() += 1;
                self.extensions.insert(number.to_owned(), fields);
                "ok"
            }
            "update" | "groups" | "delete" if !known => "missing",
            "delete" => {
                self.extensions.remove(number);
                "ok"
            }
            _ => {
                let mut extension = self.extensions.remove(number).unwrap();
                extension.extend(fields);
                extension.insert("number".into(), number.into());
                let new_number = extension.remove("new_number");
                let key = new_number
                    .as_ref()
                    .and_then(Value::as_str)
                    .unwrap_or(number);
                extension.insert("number".into(), key.into());
                self.extensions.insert(key.to_owned(), extension);
                "ok"
            }
        };
        json!({ "code": code })
    }
}

fn answer(value: Value) -> Reply {
    Reply::new(200, "application/json", value.to_string())
}

struct FakeLink(Arc<FakePbx>, Arc<Script>);

impl Link for FakeLink {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        self.0.exchange(request, &*self.1)
    }
}

/// A fake PBX, and the way to reach it.
pub(crate) struct FakeVendor {
    pub(crate) pbx: Arc<FakePbx>,
    pub(crate) stop: StopFlag,
    script: Arc<Script>,
}

impl FakeVendor {
    /// Creates a PBX with `count` extensions, from 1000 on.
    pub(crate) fn with_extensions(count: usize) -> FakeVendor {
        let pbx = Arc::new(FakePbx::default());
        for number in 1000..1000 + count {
            pbx.put(&Record::numbered(number.to_string()));
        }
        FakeVendor {
            pbx,
            stop: StopFlag::default(),
            script: Arc::new(|_, _| Trouble::Nothing),
        }
    }

    /// Sets the trouble of each request, by the request and the number of times it has been sent.
    pub(crate) fn troubled(
        mut self,
        script: impl Fn(&Request, u32) -> Trouble + Send + Sync + 'static,
    ) -> FakeVendor {
        self.script = Arc::new(script);
        self
    }

    /// Sets the lifetime of its sessions.
    pub(crate) fn living(self, time: Duration) -> FakeVendor {
        self.pbx.state.lock().unwrap().life_ms = Some(time.as_millis() as u64);
        self
    }

    pub(crate) fn try_open(&self) -> Result<Connection, Fault> {
        self.open_at(Pace::unlimited(self.stop.clone()))
    }

    pub(crate) fn open_at(&self, pace: Pace) -> Result<Connection, Fault> {
        let link = FakeLink(self.pbx.clone(), self.script.clone());
        let line = Retrying::new(Box::new(link), pace);
        let opening = Patience {
            attempts_max: 2,
            ..HASTE
        };
        Connection::open_with(
            Box::new(FakeClient),
            line,
            Account::default(),
            opening,
            HASTE,
        )
    }

    pub(crate) fn open(&self) -> Connection {
        self.try_open().unwrap()
    }
}
