//! A PBX you can break: a vendor's simulated PBX behind a lock, faults by a seed, and a log of the requests to it.
//!
//! [`InProcess`] reaches it without a socket, [`Server`] puts it behind one; both enact the same faults for the same
//! requests. [`Registrar`] answers its telephones by SIP. Knows no vendor and keeps no secret: the log has paths without their query.

mod faults;
mod in_process;
mod registrar;
mod server;

pub use faults::{Breakage, Faults, WORDS};
pub use in_process::InProcess;
pub use registrar::{Registrar, RegistrarAccount, RegistrarQuirk};
pub use server::Server;
pub(crate) use server::listen_address;

use crate::wire::{Pbx, RawRequest, Reply};
use faults::RequestCounts;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most paths that are counted one by one; further ones count under [`OTHER_PATHS`].
pub(crate) const PATHS_MAX: usize = 10_000;

/// The name under which paths past [`PATHS_MAX`] are counted.
pub(crate) const OTHER_PATHS: &str = "(others)";

/// Most times of arrival that are kept; the oldest go first.
pub(crate) const ARRIVALS_MAX: usize = 1_000_000;

/// A simulated PBX that can be broken, and keeps a log of its requests. Its clones are the same PBX.
#[derive(Clone)]
pub struct Sim(Arc<Mutex<SimState>>);

struct SimState {
    pbx: Box<dyn Pbx>,
    faults: Faults,
    memory: RequestCounts,
    /// Breakages that strike once: the first request that contains the text.
    once: Vec<(String, Breakage)>,
    counts: BTreeMap<String, u64>,
    arrivals: VecDeque<Instant>,
}

impl Sim {
    /// A PBX with these faults.
    pub fn new(pbx: Box<dyn Pbx>, faults: Faults) -> Sim {
        Sim(Arc::new(Mutex::new(SimState {
            pbx,
            faults,
            memory: RequestCounts::default(),
            once: vec![],
            counts: BTreeMap::new(),
            arrivals: VecDeque::new(),
        })))
    }

    /// Breaks it in another way from now on, as if no request had been sent before.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.lock();
        state.faults = faults;
        state.memory = RequestCounts::default();
    }

    /// Breaks the next request whose path, query or body contains `part`, once, whatever the faults by seed.
    pub fn break_once(&self, part: impl Into<String>, breakage: Breakage) {
        self.lock().once.push((part.into(), breakage));
    }

    /// Makes every session run out now.
    pub fn expire_sessions(&self) {
        self.lock().pbx.expire_sessions();
    }

    /// Counts the requests that reached it, those that were broken on the way included, refused ones not.
    pub fn requests(&self) -> u64 {
        self.lock().counts.values().sum()
    }

    /// Counts the requests to each path, without query.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().counts.clone()
    }

    /// Counts the requests to a path, given as in the request, without query.
    pub fn requests_to(&self, path: &str) -> u64 {
        self.lock().counts.get(path).copied().unwrap_or(0)
    }

    /// The most requests that arrived within any stretch of time of this length, among the last `ARRIVALS_MAX`.
    pub fn most_within(&self, stretch: Duration) -> usize {
        let state = self.lock();
        // Requests that arrived at the same moment are within no time at all.
        let stretch = stretch.max(Duration::from_nanos(1));
        let mut first = state.arrivals.iter().peekable();
        let mut within = 0;
        let mut most = 0;
        for last in &state.arrivals {
            within += 1;
            while first
                .next_if(|first| last.duration_since(**first) >= stretch)
                .is_some()
            {
                within -= 1;
            }
            most = most.max(within);
        }
        most
    }

    /// The times at which requests arrived, in their order: the last `ARRIVALS_MAX`.
    pub fn arrivals(&self) -> Vec<Instant> {
        self.lock().arrivals.iter().copied().collect()
    }

    /// The numbers of its extensions.
    pub fn numbers(&self) -> Vec<String> {
        self.lock().pbx.numbers()
    }

    /// Returns one property of one extension, by the vendor's own name, as it is stored.
    pub fn stored(&self, number: &str, name: &str) -> Option<String> {
        self.lock().pbx.stored(number, name)
    }

    /// The same, as telephones find it.
    pub fn live(&self, number: &str, name: &str) -> Option<String> {
        self.lock().pbx.live(number, name)
    }

    /// Times that an extension of this number was created; more than once is a duplicate.
    pub fn created(&self, number: &str) -> u32 {
        self.lock().pbx.created(number)
    }

    /// The number of sign-ins that were asked for, including refused ones.
    pub fn sign_ins(&self) -> u32 {
        self.lock().pbx.sign_ins()
    }

    /// Takes a request and returns its end and the time until then; the waiting is left to the caller, so that requests
    /// overlap.
    fn receive(&self, request: &RawRequest) -> RequestEnd {
        self.lock().receive(request)
    }

    fn lock(&self) -> MutexGuard<'_, SimState> {
        // A PBX that panicked in one request still answers the next one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct RequestEnd {
    /// After which time.
    wait: Duration,
    end: ReplyEnd,
}

enum ReplyEnd {
    /// With a reply; `dated` where its `Retry-After` is a date.
    Reply { reply: Reply, dated: bool },
    /// With a connection that was not accepted.
    Refused,
    /// With a connection that was cut.
    Cut,
    /// With a reply that is cut in its middle.
    Truncated(Reply),
    /// With a reply that never ends.
    Endless(Reply),
}

impl SimState {
    fn receive(&mut self, request: &RawRequest) -> RequestEnd {
        let decision = self.memory.decide(&self.faults, request);
        let breakage = self.scripted(request).or(decision.breakage);
        if breakage != Some(Breakage::Refuse) {
            self.log(request);
        }
        let mut wait = self.faults.latency() + decision.delay;
        if breakage == Some(Breakage::Late) {
            wait += self.faults.late();
        }
        let end = match breakage {
            None | Some(Breakage::Late) => whole(self.pbx.answer(request)),
            Some(Breakage::Expire) => {
                self.pbx.expire_sessions();
                whole(self.pbx.answer(request))
            }
            Some(Breakage::Throttle) => self.later(429, &decision.dice),
            Some(Breakage::Unavailable) => self.later(503, &decision.dice),
            Some(Breakage::UnavailableAfter) => {
                self.pbx.answer(request);
                whole(page(503, "Service Unavailable"))
            }
            Some(Breakage::Refuse) => ReplyEnd::Refused,
            Some(Breakage::CutBefore) => ReplyEnd::Cut,
            Some(Breakage::CutAfter) => {
                self.pbx.answer(request);
                ReplyEnd::Cut
            }
            Some(Breakage::Truncate) => ReplyEnd::Truncated(self.pbx.answer(request)),
            Some(Breakage::Garbage) => {
                let reply = self.pbx.answer(request);
                whole(garbage(reply, &decision.dice))
            }
            Some(Breakage::Html) => whole(page(200, "Welcome")),
            Some(Breakage::Redirect) => whole(page(302, "Sign in")),
            Some(Breakage::Endless) => ReplyEnd::Endless(self.pbx.answer(request)),
        };
        RequestEnd { wait, end }
    }

    fn scripted(&mut self, request: &RawRequest) -> Option<Breakage> {
        if self.once.is_empty() {
            return None;
        }
        let body = String::from_utf8_lossy(&request.body);
        let contains = |part: &str| request.target.contains(part) || body.contains(part);
        let at = self.once.iter().position(|(part, _)| contains(part))?;
        Some(self.once.remove(at).1)
    }

    fn log(&mut self, request: &RawRequest) {
        let path = request.path();
        let known = self.counts.contains_key(path) || self.counts.len() < PATHS_MAX;
        let path = if known { path } else { OTHER_PATHS };
        *self.counts.entry(path.to_owned()).or_default() += 1;
        if self.arrivals.len() >= ARRIVALS_MAX {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(Instant::now());
    }

    /// Builds a "later": one third in seconds, one third without a time, one third with a date.
    fn later(&self, status: u16, dice: &[u8; 16]) -> ReplyEnd {
        let [.., form] = *dice;
        let reply = Reply {
            retry_after: (form % 3 != 1).then(|| self.faults.retry_after()),
            ..page(status, "Later")
        };
        ReplyEnd::Reply {
            reply,
            dated: form % 3 == 2,
        }
    }
}

fn whole(reply: Reply) -> ReplyEnd {
    ReplyEnd::Reply {
        reply,
        dated: false,
    }
}

/// A web page, as something between us and the PBX would send it.
fn page(status: u16, title: &str) -> Reply {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    Reply::new(status, "text/html; charset=utf-8", body)
}

/// An answer that makes no sense: noise, the first half, or nothing.
fn garbage(reply: Reply, dice: &[u8; 16]) -> Reply {
    let [.., form] = *dice;
    let half = reply.body.len() / 2;
    let body = match form % 3 {
        1 if half > 0 => reply.body.into_iter().take(half).collect(),
        2 => Vec::new(),
        // Begins with a byte that is in no UTF-8 text, so that it can never be read as a true answer.
        _ => std::iter::once(0xff).chain(*dice).collect(),
    };
    Reply::new(200, reply.content_type, body)
}

/// The first part of an answer that is cut in its middle, and the length that it lies about.
fn half(reply: &Reply) -> (&[u8], usize) {
    let (sent, _) = reply.body.split_at(reply.body.len() / 2);
    (sent, reply.body.len().max(1))
}

/// A vendor of PBX that is good for these tests alone.
#[cfg(test)]
mod fake_pbx {
    use crate::wire::{Pbx, RawRequest, Reply};

    /// Signs in at `/login`, adds the body's number at `/add?token=…`, sends a request's body back at `/echo`.
    #[derive(Default)]
    pub(super) struct TokenPbx {
        tokens: Vec<String>,
        made: Vec<String>,
        sign_ins: u32,
    }

    pub(super) const ADDED: &str = r#"{"status":"Success"}"#;
    pub(super) const SIGNED_OUT: &str = r#"{"status":"Failed"}"#;

    pub(super) fn token_pbx() -> Box<dyn Pbx> {
        Box::new(TokenPbx {
            tokens: vec!["open".to_owned(), "sesame".to_owned()],
            ..TokenPbx::default()
        })
    }

    impl Pbx for TokenPbx {
        fn answer(&mut self, request: &RawRequest) -> Reply {
            let json = |body: &str| Reply::new(200, "application/json", body);
            match request.path().rsplit('/').next() {
                Some("login") => {
                    self.sign_ins += 1;
                    let token = format!("t{}", self.sign_ins);
                    let body = json(&format!(r#"{{"token":"{token}"}}"#));
                    self.tokens.push(token);
                    body
                }
                Some("add") => {
                    let token = request.query().strip_prefix("token=").unwrap_or_default();
                    if !self.tokens.iter().any(|known| known == token) {
                        return json(SIGNED_OUT);
                    }
                    let number = String::from_utf8_lossy(&request.body);
                    self.made.push(number.trim_matches('"').to_owned());
                    json(ADDED)
                }
                Some("echo") => Reply::new(200, "text/plain", request.body.clone()),
                Some("nothing") => Reply::new(204, "", ""),
                Some("fall") => panic!("this PBX falls over when asked to"),
                _ => Reply::new(404, "text/plain", "no such path"),
            }
        }

        fn expire_sessions(&mut self) {
            self.tokens.clear();
        }

        fn numbers(&self) -> Vec<String> {
            let mut numbers = self.made.clone();
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        }

        fn stored(&self, number: &str, name: &str) -> Option<String> {
            (name == "number" && self.created(number) > 0).then(|| number.to_owned())
        }

        fn created(&self, number: &str) -> u32 {
            u32::try_from(self.made.iter().filter(|made| *made == number).count()).unwrap()
        }

        fn sign_ins(&self) -> u32 {
            self.sign_ins
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fake_pbx::token_pbx;
    use super::*;

    fn request(target: &str) -> RawRequest {
        RawRequest {
            method: "POST".into(),
            target: target.into(),
            headers: vec![],
            body: b"1001".to_vec(),
        }
    }

    #[test]
    fn it_tells_what_it_heard_and_holds() {
        let sim = Sim::new(token_pbx(), Faults::default());
        let clone = sim.clone();
        for target in ["/login", "/add?token=open", "/add?token=wrong"] {
            clone.receive(&request(target));
        }
        assert_eq!((sim.requests(), sim.requests_to("/add")), (3, 2));
        assert!(sim.counts().keys().all(|path| !path.contains("token")));
        assert_eq!(
            (sim.sign_ins(), sim.created("1001"), sim.created("1002")),
            (1, 1, 0)
        );
        assert_eq!(sim.numbers(), ["1001"]);
        assert_eq!(sim.stored("1001", "number").as_deref(), Some("1001"));
        assert_eq!(sim.arrivals().len(), 3);
    }

    #[test]
    fn paths_are_counted_up_to_their_limit() {
        let sim = Sim::new(token_pbx(), Faults::default());
        let further = 5;
        for n in 0..PATHS_MAX + further {
            sim.receive(&request(&format!("/{n}")));
        }
        sim.receive(&request("/7"));
        assert_eq!(sim.requests_to(OTHER_PATHS), further as u64);
        assert_eq!(sim.requests_to("/7"), 2);
        assert_eq!(sim.requests(), (PATHS_MAX + further + 1) as u64);
    }

    #[test]
    fn only_the_last_arrivals_are_kept() {
        let sim = Sim::new(token_pbx(), Faults::default());
        let begun = Instant::now();
        sim.lock().arrivals = vec![begun; ARRIVALS_MAX].into();
        sim.receive(&request("/a"));
        let arrivals = sim.arrivals();
        assert_eq!(arrivals.len(), ARRIVALS_MAX);
        assert!(arrivals.last().is_some_and(|last| *last > begun));
    }

    #[test]
    fn new_faults_begin_anew() {
        let faults: Faults = "seed=5,cut_after=500,in_a_row=1000".parse().unwrap();
        let sim = Sim::new(token_pbx(), faults.clone());
        let storm = || -> Vec<bool> {
            (0..40)
                .map(|_| matches!(sim.receive(&request("/add?token=open")).end, ReplyEnd::Cut))
                .collect()
        };
        let first = storm();
        assert_ne!(first, storm());
        sim.set_faults(faults);
        assert_eq!(first, storm());
    }

    #[test]
    fn the_most_within_a_stretch_is_found_anywhere() {
        let sim = Sim::new(token_pbx(), Faults::default());
        let start = Instant::now();
        sim.lock().arrivals = [0, 10, 900, 950, 1000, 1899, 1901, 5000]
            .map(|ms| start + Duration::from_millis(ms))
            .into();
        assert_eq!(sim.most_within(Duration::from_secs(1)), 4);
        assert_eq!(sim.most_within(Duration::from_millis(100)), 2);
        assert_eq!(sim.most_within(Duration::from_secs(10)), 8);
        assert_eq!(sim.most_within(Duration::ZERO), 1);
    }

    #[test]
    fn a_refused_request_did_not_reach_it() {
        let sim = Sim::new(token_pbx(), Faults::default());
        sim.break_once("/add", Breakage::Refuse);
        sim.receive(&request("/login"));
        sim.receive(&request("/add?token=open"));
        assert_eq!((sim.requests(), sim.numbers().len()), (1, 0));
        sim.receive(&request("/add?token=open"));
        assert_eq!((sim.requests(), sim.numbers().len()), (2, 1));
    }
}
