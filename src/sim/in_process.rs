//! A [`Link`] to a simulated PBX in this process: no socket, the same faults.

use super::{ReplyEnd, Sim};
use crate::link::Link;
use crate::model::{Fault, FaultCause, FaultKind};
use crate::wire::{REPLY_BYTES_MAX, RawRequest, Reply, Request};
use std::thread;
use std::time::Duration;

/// Hands requests to a [`Sim`], encoded as they would go over the wire, and returns the faults that a socket would.
pub struct InProcess {
    sim: Sim,
    prefix: String,
    reply_time_max: Duration,
}

impl InProcess {
    /// Creates a link to a PBX. `prefix` is the path that its vendor puts before each request's path, such as
    /// `/api/v0.0.1`; `reply_time_max` is the time that a reply may take before it counts as lost.
    pub fn new(sim: Sim, prefix: impl Into<String>, reply_time_max: Duration) -> InProcess {
        InProcess {
            sim,
            prefix: prefix.into(),
            reply_time_max,
        }
    }
}

impl Link for InProcess {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        let received = self.sim.receive(&raw_request(&self.prefix, request)?);
        if received.wait > self.reply_time_max {
            thread::sleep(self.reply_time_max);
            return Err(timeout(self.reply_time_max));
        }
        thread::sleep(received.wait);
        match received.end {
            ReplyEnd::Reply { reply, .. } => Ok(reply),
            ReplyEnd::Refused => Err(refused()),
            ReplyEnd::Cut => Err(closed()),
            ReplyEnd::Truncated(reply) => Err(cut_off(&reply)),
            ReplyEnd::Endless(reply) => Err(too_long(&reply)),
        }
    }
}

fn raw_request(prefix: &str, request: &Request) -> Result<RawRequest, Fault> {
    let encoded = request.encode(prefix)?;
    let content_type = encoded
        .content_type
        .map(|content_type| ("content-type".to_owned(), content_type.to_owned()));
    let others = encoded.headers.into_iter();
    let others = others.map(|(name, value)| (name.to_ascii_lowercase(), value));
    Ok(RawRequest {
        method: request.method.word().to_owned(),
        target: encoded.target,
        headers: content_type.into_iter().chain(others).collect(),
        body: encoded.body,
    })
}

fn refused() -> Fault {
    Fault::new(
        FaultKind::NotSent,
        "link.refused",
        "the PBX did not accept the connection",
    )
    .hint("check the address and the port, and that the PBX is switched on")
}

fn closed() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "link.closed",
        "the PBX closed the connection without a reply",
    )
}

fn cut_off(reply: &Reply) -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "link.reply_cut_off",
        "the PBX's reply broke off before its end",
    )
    .status(reply.status)
}

fn timeout(after: Duration) -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "link.timeout",
        format!("no reply came within {} ms", after.as_millis()),
    )
}

fn too_long(reply: &Reply) -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "link.reply_too_long",
        format!(
            "the reply is longer than {} MiB",
            REPLY_BYTES_MAX / (1024 * 1024)
        ),
    )
    .status(reply.status)
    .cause(FaultCause::Endless)
    .hint("check the address and the port")
}

#[cfg(test)]
mod tests {
    use super::super::fake_pbx::{ADDED, SIGNED_OUT, token_pbx};
    use super::super::{Breakage, Faults};
    use super::*;
    use crate::model::Secret;
    use crate::wire::{Body, Effect, Method};
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn link(faults: &str) -> (Sim, InProcess) {
        let sim = Sim::new(token_pbx(), faults.parse().unwrap());
        (sim.clone(), InProcess::new(sim, "/api/v1", PATIENCE))
    }

    fn add(number: &str, token: &str) -> Request {
        Request::new("add", Method::Post, "/add", Effect::Writes)
            .query("token", token)
            .body(Body::Json(number.into()))
    }

    /// The end of a request, in a word, and true where it was carried out.
    fn broken(breakage: Breakage) -> (String, u32) {
        let (sim, link) = link("late_ms=1,retry_after_s=7");
        sim.break_once("/add", breakage);
        let came = match link.exchange(&add("1001", "open")) {
            Ok(reply) => format!("{} {}", reply.status, reply.content_type),
            Err(fault) => format!("{:?} {}", fault.kind, fault.code),
        };
        (came, sim.created("1001"))
    }

    #[test]
    fn each_breakage_does_what_it_says() {
        const HTML: &str = "text/html; charset=utf-8";
        for (breakage, came, done) in [
            (Breakage::Throttle, format!("429 {HTML}"), 0),
            (Breakage::Unavailable, format!("503 {HTML}"), 0),
            (Breakage::UnavailableAfter, format!("503 {HTML}"), 1),
            (Breakage::Refuse, "NotSent link.refused".into(), 0),
            (Breakage::CutBefore, "MayHaveHappened link.closed".into(), 0),
            (Breakage::CutAfter, "MayHaveHappened link.closed".into(), 1),
            (
                Breakage::Truncate,
                "MayHaveHappened link.reply_cut_off".into(),
                1,
            ),
            (Breakage::Garbage, "200 application/json".into(), 1),
            (Breakage::Html, format!("200 {HTML}"), 0),
            (Breakage::Redirect, format!("302 {HTML}"), 0),
            (Breakage::Expire, "200 application/json".into(), 0),
            (Breakage::Late, "200 application/json".into(), 1),
            (
                Breakage::Endless,
                "MayHaveHappened link.reply_too_long".into(),
                1,
            ),
        ] {
            assert_eq!(broken(breakage), (came, done), "{breakage:?}");
        }
    }

    #[test]
    fn garbage_is_never_a_true_answer() {
        let (sim, link) = link("seed=4,garbage=1000,in_a_row=1000000");
        let mut bodies: Vec<Vec<u8>> = (1000..1060)
            .map(|n| link.exchange(&add(&n.to_string(), "open")).unwrap())
            .inspect(|reply| assert!(reply.json().is_err(), "{:?}", reply.body))
            .map(|reply| reply.body)
            .collect();
        assert!(bodies.contains(&vec![]) && bodies.contains(&ADDED.as_bytes()[..10].to_vec()));
        bodies.retain(|body| body.first() == Some(&0xff));
        assert!(bodies.len() > 5, "{}", bodies.len());
        assert_eq!(sim.numbers().len(), 60);
    }

    #[test]
    fn a_throttled_request_is_told_when_to_come_back_or_not() {
        let (sim, link) = link("seed=4,throttle=500,unavailable=500,retry_after_s=7,in_a_row=1000");
        let mut seen = BTreeMap::new();
        for n in 0..60 {
            let reply = link.exchange(&add(&n.to_string(), "open")).unwrap();
            *seen.entry((reply.status, reply.retry_after)).or_insert(0) += 1;
        }
        let seven = Some(Duration::from_secs(7));
        let kinds: Vec<_> = seen.keys().copied().collect();
        assert_eq!(
            kinds,
            [(429, None), (429, seven), (503, None), (503, seven)]
        );
        assert!(sim.numbers().is_empty());
    }

    #[test]
    fn a_session_runs_out() {
        let (sim, link) = link("");
        sim.break_once("1001", Breakage::Expire);
        let came = |number| link.exchange(&add(number, "open")).unwrap().body;
        assert_eq!(came("1000"), ADDED.as_bytes());
        assert_eq!(came("1001"), SIGNED_OUT.as_bytes());
        assert_eq!(came("1001"), SIGNED_OUT.as_bytes());
        assert_eq!(sim.numbers(), ["1000"]);
    }

    #[test]
    fn a_late_reply_is_lost_though_it_was_done() {
        let sim = Sim::new(token_pbx(), "late=1000,late_ms=60000".parse().unwrap());
        let link = InProcess::new(sim.clone(), "", Duration::from_millis(5));
        let begun = Instant::now();
        let fault = link.exchange(&add("1001", "open")).unwrap_err();
        assert_eq!(
            (fault.kind, fault.code.as_ref()),
            (FaultKind::MayHaveHappened, "link.timeout")
        );
        assert!(begun.elapsed() < PATIENCE);
        assert_eq!(sim.created("1001"), 1);
    }

    #[test]
    fn requests_go_out_as_over_the_wire() {
        let request = Request::new("add", Method::Put, "/add%20x", Effect::Writes)
            .query("n", "A & B")
            .header("Access-Token", Secret::new("canary"))
            .body(Body::Form(vec![("p".into(), "ü".into())]));
        let raw_request = raw_request("/api/v1", &request).unwrap();
        assert_eq!(raw_request.method, "PUT");
        assert_eq!(raw_request.target, "/api/v1/add%20x?n=A+%26+B");
        assert_eq!(raw_request.header("access-token"), Some("canary"));
        assert_eq!(
            raw_request.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(raw_request.body, b"p=%C3%BC");
        let bare = Request::new("list", Method::Get, "/list", Effect::Reads);
        assert!(super::raw_request("", &bare).unwrap().headers.is_empty());
    }

    #[test]
    fn waiting_requests_overlap() {
        let (sim, link) = link("latency_ms=100");
        let begun = Instant::now();
        thread::scope(|scope| {
            for n in 0..16 {
                let link = &link;
                scope.spawn(move || link.exchange(&add(&n.to_string(), "open")).unwrap());
            }
        });
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(100), "{took:?}");
        assert!(took < Duration::from_millis(16 * 100 / 2), "{took:?}");
        assert_eq!(sim.numbers().len(), 16);
    }

    /// The ends of all requests, each sent three times, by several threads.
    fn storm(seed: u64, threads: usize, token: &str) -> BTreeMap<usize, Vec<String>> {
        let faults = format!(
            "seed={seed},throttle=100,refuse=50,cut_before=50,cut_after=50,truncate=50,garbage=50,html=50"
        );
        let (_, link) = link(&faults);
        let next = AtomicUsize::new(0);
        let row = |index: usize| {
            // Each thread sends its row three times before it takes the next one, as a sender does.
            let said = (0..3).map(|_| link.exchange(&add(&index.to_string(), token)));
            said.map(|came| format!("{came:?}")).collect()
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)))
                            .take_while(|index| *index < 200)
                            .map(|index| (index, row(index)))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        })
    }

    #[test]
    fn a_storm_repeats_whatever_the_threads_do() {
        let alone = storm(7, 1, "open");
        assert_eq!(alone.len(), 200);
        assert_eq!(alone, storm(7, 8, "open"), "seed 7");
        assert_eq!(alone, storm(7, 8, "sesame"), "seed 7, another session");
        assert_ne!(alone, storm(8, 8, "open"), "seed 8");
    }

    #[test]
    fn a_storm_ends() {
        let (sim, link) = link("seed=9,cut_after=500,refuse=500,in_a_row=3");
        let came: Vec<bool> = (0..4)
            .map(|_| link.exchange(&add("1001", "open")).is_ok())
            .collect();
        assert_eq!(came, [false, false, false, true]);
        sim.set_faults(Faults::default());
        assert!(link.exchange(&add("1001", "open")).is_ok());
    }
}
