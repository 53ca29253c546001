//! Repeats requests that are safe to repeat, and no others.
//!
//! | what came back | a request that reads | a request that may write |
//! | --- | --- | --- |
//! | certainly never sent | sent again | sent again |
//! | reply lost or cut off | sent again | `MayHaveHappened` |
//! | 429, 5xx | sent again | `MayHaveHappened`: some PBXes answer 503 after doing it |
//! | a redirect | `TargetUnusable` | `MayHaveHappened` |
//! | 2xx, other 4xx | the reply | the reply |
//!
//! A request that signs in is one that reads, but is not sent again when its reply is lost or unwelcome: the PBX may have
//! counted it as a wrong password.
//!
//! A PBX that is not reached, or that wants rest, pauses the pace: for all senders, not only one.

use super::Link;
use super::paced::{Pace, Permit};
use crate::model::{Fault, FaultCause, FaultKind};
use crate::wire::{Effect, Reply, Request};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Limits of repeating a request, and the waits between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Most times that a request is sent, the first time included.
    pub attempts_max: u32,
    /// The wait after the first failure; each further one is twice as long, and half of it again at most by chance.
    pub wait_first: Duration,
    /// The longest wait that is not the PBX's own wish.
    pub wait_max: Duration,
    /// The time after which a PBX that was reached before, and is not any more, is waited for no longer: one request after
    /// the other would wait as long for it.
    pub unreached_max: Duration,
    /// True if a request that certainly was not sent is sent again. Not where what was asked before it may not hold once the
    /// PBX is reached again.
    pub repeats_unsent: bool,
}

impl Patience {
    /// For a run under way: sits out half a minute, which is a PBX's web server starting anew.
    pub(crate) const RUNNING: Patience = Patience {
        attempts_max: 7,
        wait_first: Duration::from_millis(500),
        wait_max: Duration::from_secs(10),
        unreached_max: Duration::from_secs(60),
        repeats_unsent: true,
    };

    /// For the first word to a target, where a wrong address is the likely cause.
    pub(crate) const OPENING: Patience = Patience {
        attempts_max: 2,
        ..Patience::RUNNING
    };

    /// Returns the wait after `failures` failures (1 for the first); how much of it is by chance depends on `draw` alone.
    fn wait(&self, failures: u32, draw: u64) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let wait = self.wait_first.saturating_mul(doubled).min(self.wait_max);
        let mut hasher = DefaultHasher::new();
        (draw, failures).hash(&mut hasher);
        let chance = u32::from(hasher.finish() as u8);
        wait + wait * chance / 512
    }
}

/// A link that keeps the pace and repeats requests that are safe to repeat.
pub struct Retrying {
    link: Box<dyn Link>,
    pace: Pace,
    /// The number of waits so far.
    waits: AtomicU64,
    /// The time since which the PBX is not reached; `None` where it was, the last time.
    unreached: Mutex<Option<Instant>>,
}

impl Retrying {
    /// Wraps a link.
    pub fn new(link: Box<dyn Link>, pace: Pace) -> Self {
        Retrying {
            link,
            pace,
            waits: AtomicU64::new(0),
            unreached: Mutex::default(),
        }
    }

    /// The pace, from which permits are had.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Returns the wait after `failures` failures (1 for the first). Each is drawn for itself, so that senders that failed
    /// together do not come again together.
    pub fn wait(&self, patience: &Patience, failures: u32) -> Duration {
        patience.wait(failures, self.waits.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a request, and sends it again where that is safe. `permit` pays for the first time.
    ///
    /// # Errors
    /// The last fault, once the attempts are used up or repeating is not safe.
    pub fn exchange(
        &self,
        request: &Request,
        permit: Permit,
        patience: &Patience,
    ) -> Result<Reply, Fault> {
        let mut permit = permit;
        let mut attempt = 1;
        loop {
            let attempted = self.once(request, permit);
            let is_gone = self.is_gone(&attempted, patience);
            let fault = match attempted {
                Ok(reply) => return Ok(reply),
                Err(fault) => fault,
            };
            let pause = match (fault.kind, fault.retry_after) {
                (FaultKind::NotSent | FaultKind::MayHaveHappened, Some(wanted)) => wanted,
                (FaultKind::NotSent | FaultKind::MayHaveHappened, None) => {
                    self.wait(patience, attempt)
                }
                _ => return Err(fault),
            };
            let unheard = fault.kind == FaultKind::NotSent;
            let overloaded = fault.http_status.is_some_and(asks_for_pause);
            let stop = self.pace.stop_flag();
            let given_up = || stop.is_overdue() || (unheard && stop.is_stopped());
            let is_repeated = match unheard {
                true => patience.repeats_unsent,
                false => request.effect == Effect::Reads,
            };
            let repeats = is_repeated
                && attempt < patience.attempts_max
                && fault.cause != FaultCause::Endless
                && !is_gone
                && !given_up();
            if overloaded || (unheard && (repeats || !is_repeated)) {
                self.pace.pause(pause);
            }
            if !repeats {
                return Err(fault);
            }
            if !overloaded && !unheard {
                thread::sleep(pause);
            }
            attempt += 1;
            permit = match self.pace.permit_unless(given_up) {
                Some(permit) => permit,
                None => return Err(fault),
            };
        }
    }

    /// Notes whether the PBX was reached; returns true where it was not for too long.
    fn is_gone(&self, attempted: &Result<Reply, Fault>, patience: &Patience) -> bool {
        let mut since = self
            .unreached
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match attempted {
            Err(fault) if fault.kind == FaultKind::NotSent => {
                let since = since.get_or_insert_with(Instant::now);
                since.elapsed() > patience.unreached_max
            }
            _ => {
                *since = None;
                false
            }
        }
    }

    fn once(&self, request: &Request, _permit: Permit) -> Result<Reply, Fault> {
        let reply = self.link.exchange(request)?;
        match reply.status {
            status if asks_for_pause(status) => {
                let fault = Fault::new(
                    FaultKind::MayHaveHappened,
                    format!("link.http_{status}"),
                    format!("the PBX answered HTTP {status} to {}", request.operation),
                );
                let mut fault = fault
                    .status(status)
                    .hint("the PBX is still starting, has too much to do, or an error of its own: try again later or with a lower --rate, and look into its log");
                fault.retry_after = reply.retry_after;
                Err(fault)
            }
            200..=299 | 400..=499 => Ok(reply),
            status => {
                let kind = match request.effect {
                    Effect::Reads | Effect::SignsIn => FaultKind::TargetUnusable,
                    Effect::Writes => FaultKind::MayHaveHappened,
                };
                let what = match status {
                    300..=399 => "a redirect, which is not followed",
                    _ => "which is no answer",
                };
                let message = format!(
                    "the PBX answered {} with HTTP {status}, {what}",
                    request.operation
                );
                let fault = Fault::new(kind, format!("link.http_{status}"), message).status(status);
                Err(fault
                    .hint("check http or https, the port and the prefix in the target's address"))
            }
        }
    }
}

/// Returns true for 429 and 5xx.
fn asks_for_pause(status: u16) -> bool {
    status == 429 || (500..=599).contains(&status)
}

#[cfg(test)]
mod tests {
    use super::super::StopFlag;
    use super::*;
    use crate::wire::Method;
    use std::sync::Arc;

    const HASTE: Patience = Patience {
        attempts_max: 3,
        wait_first: Duration::from_millis(2),
        wait_max: Duration::from_millis(8),
        unreached_max: Duration::from_secs(60),
        repeats_unsent: true,
    };

    /// Returns these one after the other, the last one for ever.
    struct ScriptedLink(Vec<Result<Reply, Fault>>, Arc<Mutex<Vec<Instant>>>);

    impl Link for ScriptedLink {
        fn exchange(&self, _: &Request) -> Result<Reply, Fault> {
            let mut attempted = self.1.lock().unwrap();
            attempted.push(Instant::now());
            self.0[(attempted.len() - 1).min(self.0.len() - 1)].clone()
        }
    }

    fn status(status: u16) -> Result<Reply, Fault> {
        Ok(Reply::new(status, "", ""))
    }

    fn fault(kind: FaultKind) -> Result<Reply, Fault> {
        Err(Fault::new(kind, "x.y", "no"))
    }

    /// The result of a request, how many times it was sent, and the longest time between.
    fn attempted(
        effect: Effect,
        replies: Vec<Result<Reply, Fault>>,
        stop: StopFlag,
    ) -> (Result<Reply, Fault>, usize, Duration) {
        let times = Arc::new(Mutex::new(Vec::new()));
        let pace = Pace::unlimited(stop);
        let line = Retrying::new(Box::new(ScriptedLink(replies, times.clone())), pace);
        let request = Request::new("x", Method::Get, "/x", effect);
        let result = line.exchange(&request, line.pace().permit(), &HASTE);
        let times = times.lock().unwrap();
        let longest = times
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .max()
            .unwrap_or_default();
        (result, times.len(), longest)
    }

    fn times_said(effect: Effect, reply: Result<Reply, Fault>) -> (Option<FaultKind>, usize) {
        let (result, times, _) = attempted(effect, vec![reply], StopFlag::default());
        (result.err().map(|fault| fault.kind), times)
    }

    #[test]
    fn only_what_is_safe_is_said_again() {
        use Effect::{Reads, Writes};
        use FaultKind::{MayHaveHappened, NotSent, Rejected, TargetUnusable};
        for (effect, reply, kind, times) in [
            (Reads, fault(NotSent), Some(NotSent), 3),
            (Writes, fault(NotSent), Some(NotSent), 3),
            (Reads, fault(MayHaveHappened), Some(MayHaveHappened), 3),
            (Writes, fault(MayHaveHappened), Some(MayHaveHappened), 1),
            (Writes, fault(Rejected), Some(Rejected), 1),
            (Reads, status(429), Some(MayHaveHappened), 3),
            (Writes, status(429), Some(MayHaveHappened), 1),
            (Reads, status(500), Some(MayHaveHappened), 3),
            (Writes, status(503), Some(MayHaveHappened), 1),
            (Writes, status(599), Some(MayHaveHappened), 1),
            (Reads, status(302), Some(TargetUnusable), 1),
            (Writes, status(301), Some(MayHaveHappened), 1),
            (Writes, status(304), Some(MayHaveHappened), 1),
            (Reads, status(199), Some(TargetUnusable), 1),
            (Writes, status(200), None, 1),
            (Writes, status(204), None, 1),
            (Writes, status(404), None, 1),
            (Writes, status(428), None, 1),
        ] {
            let told = format!("{effect:?} {reply:?}");
            assert_eq!(times_said(effect, reply), (kind, times), "{told}");
        }
    }

    #[test]
    fn a_pbx_that_is_not_reached_for_long_is_not_waited_for_by_each_request() {
        let times = Arc::new(Mutex::new(Vec::new()));
        let mut replies = vec![fault(FaultKind::NotSent); 5];
        replies.extend([status(200), fault(FaultKind::NotSent)]);
        let pace = Pace::unlimited(StopFlag::default());
        let line = Retrying::new(Box::new(ScriptedLink(replies, times.clone())), pace);
        let request = Request::new("x", Method::Get, "/x", Effect::Writes);
        let short = Patience {
            unreached_max: Duration::from_millis(60),
            ..HASTE
        };
        let attempted = |patience: &Patience| {
            let before = times.lock().unwrap().len();
            let result = line.exchange(&request, line.pace().permit(), patience);
            (result.is_ok(), times.lock().unwrap().len() - before)
        };
        assert_eq!(attempted(&HASTE), (false, 3));
        thread::sleep(short.unreached_max);
        assert_eq!(attempted(&short), (false, 1));
        // Once it is reached again, it is waited for as before.
        assert_eq!(attempted(&HASTE), (true, 2));
        assert_eq!(attempted(&HASTE), (false, 3));
    }

    #[test]
    fn a_repeat_that_works_is_a_reply() {
        let replies = vec![
            fault(FaultKind::NotSent),
            fault(FaultKind::NotSent),
            status(201),
        ];
        let (result, times, _) = attempted(Effect::Writes, replies, StopFlag::default());
        assert_eq!((result.unwrap().status, times), (201, 3));
        // Once it may have been received, it is not sent again.
        let replies = vec![
            fault(FaultKind::NotSent),
            fault(FaultKind::MayHaveHappened),
            status(201),
        ];
        let (result, times, _) = attempted(Effect::Writes, replies, StopFlag::default());
        assert_eq!(
            (result.unwrap_err().kind, times),
            (FaultKind::MayHaveHappened, 2)
        );
    }

    #[test]
    fn a_pbx_that_wants_rest_pauses_everybody_for_as_long_as_it_wants() {
        let mut busy = Reply::new(503, "", "");
        busy.retry_after = Some(Duration::from_millis(120));
        let (result, times, longest) = attempted(
            Effect::Reads,
            vec![Ok(busy.clone()), status(200)],
            StopFlag::default(),
        );
        assert_eq!((result.unwrap().status, times), (200, 2));
        assert!(longest >= Duration::from_millis(119), "{longest:?}");

        let times = Arc::default();
        let line = Retrying::new(
            Box::new(ScriptedLink(vec![Ok(busy)], times)),
            Pace::unlimited(StopFlag::default()),
        );
        let request = Request::new("x", Method::Get, "/x", Effect::Writes);
        let fault = line
            .exchange(&request, line.pace().permit(), &HASTE)
            .unwrap_err();
        assert_eq!(
            (fault.http_status, fault.retry_after),
            (Some(503), Some(Duration::from_millis(120)))
        );
        assert!(line.pace().paused_for() > Duration::from_millis(60));
    }

    #[test]
    fn a_connection_that_is_refused_pauses_everybody_and_a_lost_reply_nobody() {
        let paused = |reply| {
            let line = Retrying::new(
                Box::new(ScriptedLink(vec![reply, status(200)], Arc::default())),
                Pace::unlimited(StopFlag::default()),
            );
            let slow = Patience {
                wait_first: Duration::from_millis(100),
                wait_max: Duration::from_millis(100),
                ..HASTE
            };
            let request = Request::new("x", Method::Get, "/x", Effect::Reads);
            std::thread::scope(|scope| {
                let speaks = scope.spawn(|| {
                    line.exchange(&request, line.pace().permit(), &slow)
                        .unwrap()
                });
                let mut paused = Duration::ZERO;
                while paused.is_zero() && !speaks.is_finished() {
                    thread::sleep(Duration::from_millis(1));
                    paused = line.pace().paused_for();
                }
                speaks.join().unwrap();
                paused
            })
        };
        assert!(paused(fault(FaultKind::NotSent)) > Duration::ZERO);
        assert_eq!(paused(fault(FaultKind::MayHaveHappened)), Duration::ZERO);
    }

    #[test]
    fn after_a_stop_what_was_not_sent_is_not_said_again_but_looks_are() {
        let stop = StopFlag::default();
        stop.stop();
        let (_, times, _) = attempted(
            Effect::Writes,
            vec![fault(FaultKind::NotSent)],
            stop.clone(),
        );
        assert_eq!(times, 1);
        let (_, times, _) = attempted(Effect::Reads, vec![fault(FaultKind::MayHaveHappened)], stop);
        assert_eq!(times, 3);
    }

    #[test]
    fn endless_replies_are_not_asked_for_again() {
        let endless = Fault::new(FaultKind::MayHaveHappened, "x.y", "no");
        let endless = Err(endless.cause(FaultCause::Endless));
        assert_eq!(times_said(Effect::Reads, endless).1, 1);
    }

    #[test]
    fn waits_grow_to_their_limit_and_each_is_drawn_for_itself() {
        let wait = |failures, draw| Patience::RUNNING.wait(failures, draw);
        for failures in 1..200 {
            let base =
                Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(failures - 1));
            let base = base.min(Duration::from_secs(10));
            let waited = wait(failures, 7);
            assert!(
                waited >= base && waited <= base * 3 / 2,
                "{failures} {waited:?}"
            );
            assert_eq!(waited, wait(failures, 7));
        }
        let line = Retrying::new(
            Box::new(ScriptedLink(vec![], Arc::default())),
            Pace::unlimited(StopFlag::default()),
        );
        let wait = || line.wait(&Patience::RUNNING, 1);
        assert_ne!(wait(), wait());
    }
}
