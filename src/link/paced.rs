//! The pace of requests to a PBX. The only module that names governor.
//!
//! Every request pays with one [`Permit`]: the first request of a row, further turns, repeats, look-ups, sign-ins. Only
//! one thread at a time asks governor and sleeps, all others wait for their turn without spinning: many threads that ask
//! and sleep would wake each other, and fall short of the rate by a quarter.

use super::StopFlag;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The highest rate that can be asked for, in requests per second.
pub(crate) const RATE_MAX: f64 = 100_000.0;

/// The most requests that may be in flight at once.
pub(crate) const PARALLEL_MAX: u16 = 256;

/// The longest time for which a PBX can have itself left alone; a longer wish is cut to it.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(120);

/// Late waking that is made good, in seconds: without it each late wake-up is lost to the rate.
const CATCH_UP_SECONDS: f64 = 0.008;

/// The burst's bounds, in requests. The network may bunch up one more.
const BURST: (u32, u32) = (2, 5);

/// Time after which a waiting thread checks whether the run was stopped.
const SLICE: Duration = Duration::from_millis(25);

/// The right to send one request. Only [`Pace`] gives it, and sending a request uses it up.
#[derive(Debug)]
#[must_use = "a permit that is not used is a request less"]
pub struct Permit(());

/// The pace of one target, shared by all connections to it.
pub struct Pace {
    limiter: Option<DefaultDirectRateLimiter>,
    /// Requests per second; `None` where there is no limit.
    rate: Option<f64>,
    burst: u32,
    /// Passes the turn round: the thread whose turn it is asks governor.
    turns: (Sender<()>, Receiver<()>),
    paused_until: Mutex<Option<Instant>>,
    stop: StopFlag,
}

impl Pace {
    /// Allows at most `rate` requests per second, and in any one second at most the [burst](Pace::burst) more.
    ///
    /// # Errors
    /// The rate is not above 0 and at most `RATE_MAX`.
    pub fn per_second(rate: f64, stop: StopFlag) -> Result<Pace, String> {
        let period = Duration::try_from_secs_f64(1.0 / rate).ok();
        let quota = period
            .filter(|_| rate > 0.0 && rate <= RATE_MAX)
            .and_then(Quota::with_period)
            .ok_or_else(|| {
                format!("{rate} requests per second is no rate: above 0, at most {RATE_MAX}")
            })?;
        // A float too large for u32 saturates, then the clamp applies.
        let burst = ((rate * CATCH_UP_SECONDS).ceil() as u32).clamp(BURST.0, BURST.1);
        let burst_size = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let limiter = RateLimiter::direct(quota.allow_burst(burst_size));
        Ok(Pace {
            rate: Some(rate),
            ..Pace::new(Some(limiter), burst, stop)
        })
    }

    /// Sets no pace at all: for a PBX inside this process.
    pub fn unlimited(stop: StopFlag) -> Pace {
        Pace::new(None, 0, stop)
    }

    fn new(limiter: Option<DefaultDirectRateLimiter>, burst: u32, stop: StopFlag) -> Pace {
        let turns = bounded(1);
        // The channel is empty and has room for one, so this cannot fail.
        let _ = turns.0.try_send(());
        Pace {
            limiter,
            rate: None,
            burst,
            turns,
            paused_until: Mutex::new(None),
            stop,
        }
    }

    /// A pace of its own for pieces of work, each of which counts as this number of requests.
    pub fn for_work_of(&self, requests: u32) -> Pace {
        let rate = self.rate.map(|rate| rate / f64::from(requests.max(1)));
        let slow = rate.and_then(|rate| Pace::per_second(rate, self.stop.clone()).ok());
        slow.unwrap_or_else(|| Pace::unlimited(self.stop.clone()))
    }

    /// The number of requests that one second may see beyond the rate.
    pub fn burst(&self) -> u32 {
        self.burst
    }

    /// The flag that asks for the end.
    pub(crate) fn stop_flag(&self) -> &StopFlag {
        &self.stop
    }

    /// Waits for a permit, also after the end was asked for: for work that has to be brought to its end.
    pub(crate) fn permit(&self) -> Permit {
        loop {
            if let Some(permit) = self.permit_unless(|| false) {
                return permit;
            }
        }
    }

    /// Waits for a permit; `None` as soon as `given_up` returns true.
    pub(crate) fn permit_unless(&self, given_up: impl Fn() -> bool) -> Option<Permit> {
        let (give_back, turn) = &self.turns;
        loop {
            match turn.recv_timeout(SLICE) {
                Ok(()) => break,
                Err(RecvTimeoutError::Timeout) if given_up() => return None,
                Err(_) => {}
            }
        }
        let permit = self.wait(given_up);
        // Only the thread that has the turn gives it back, so there is room for it.
        let _ = give_back.try_send(());
        permit
    }

    fn wait(&self, given_up: impl Fn() -> bool) -> Option<Permit> {
        loop {
            if given_up() {
                return None;
            }
            let wait = match self.paused_for() {
                Duration::ZERO => match self.limiter.as_ref().map(RateLimiter::check) {
                    None | Some(Ok(())) => return Some(Permit(())),
                    Some(Err(not_yet)) => not_yet.wait_time_from(DefaultClock::default().now()),
                },
                paused => paused,
            };
            thread::sleep(wait.min(SLICE));
        }
    }

    /// Stops all senders for this long from now, at most [`PAUSE_MAX`], unless they are stopped for longer already.
    pub(crate) fn pause(&self, time: Duration) {
        let until = Instant::now() + time.min(PAUSE_MAX);
        let mut paused = self.paused();
        if paused.is_none_or(|known| known < until) {
            *paused = Some(until);
        }
    }

    /// The remaining time of a pause; zero where there is none.
    pub(crate) fn paused_for(&self) -> Duration {
        let until = *self.paused();
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    fn paused(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// The most that lie within one second of each other, window by window.
    fn most_in_a_second(mut times: Vec<Instant>) -> usize {
        times.sort();
        let within = |first: &Instant| {
            let end = *first + Duration::from_secs(1);
            times
                .iter()
                .filter(|time| *time >= first && **time < end)
                .count()
        };
        times.iter().map(within).max().unwrap_or(0)
    }

    fn taken(pace: &Pace, threads: usize, time: Duration) -> Vec<Instant> {
        let end = Instant::now() + time;
        let take = || {
            let mut times = Vec::new();
            while let Some(_permit) = pace.permit_unless(|| Instant::now() >= end) {
                times.push(Instant::now());
            }
            times
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        })
    }

    #[test]
    fn no_second_sees_more_than_rate_and_burst_and_the_rate_is_kept() {
        const TRIES: usize = 4;
        for (rate, threads) in [(20.0, 4), (100.0, 8)] {
            let mut fastest = 0.0_f64;
            // A machine with much else to do is slow now and then, and a pace that is too slow always.
            for _ in 0..TRIES {
                let pace = Pace::per_second(rate, StopFlag::default()).unwrap();
                let times = taken(&pace, threads, Duration::from_millis(1500));
                let most = most_in_a_second(times.clone());
                // Each thread may be late to take down one time.
                let allowed = rate as usize + pace.burst() as usize + threads;
                assert!(most <= allowed, "{most} of {allowed}");
                fastest = fastest.max(times.len() as f64 / 1.5);
                if fastest >= 0.9 * rate {
                    break;
                }
            }
            assert!(fastest >= 0.9 * rate, "{fastest} of {rate}");
        }
    }

    #[test]
    fn the_first_second_is_not_doubled() {
        let pace = Pace::per_second(50.0, StopFlag::default()).unwrap();
        let times = taken(&pace, 4, Duration::from_millis(900));
        assert!(times.len() <= 45 + pace.burst() as usize, "{}", times.len());
    }

    #[test]
    fn slow_rates_are_rates() {
        let pace = Pace::per_second(0.5, StopFlag::default()).unwrap();
        assert_eq!(taken(&pace, 2, Duration::from_millis(600)).len(), 2);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9, 1e-300] {
            assert!(
                Pace::per_second(wrong, StopFlag::default()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn work_of_many_requests_has_a_pace_of_its_own() {
        let pace = Pace::per_second(1000.0, StopFlag::default()).unwrap();
        let slow = pace.for_work_of(500);
        let taken = taken(&slow, 2, Duration::from_millis(900)).len();
        assert!((2..=2 + slow.burst() as usize).contains(&taken), "{taken}");
        let unlimited = Pace::unlimited(StopFlag::default()).for_work_of(500);
        (0..1000).for_each(|_| drop(unlimited.permit()));
    }

    #[test]
    fn a_pause_stops_everybody_and_a_shorter_one_does_not_end_it() {
        let pace = Pace::unlimited(StopFlag::default());
        pace.pause(Duration::from_millis(300));
        pace.pause(Duration::from_millis(10));
        let begun = Instant::now();
        let soonest = taken(&pace, 4, Duration::from_millis(500))
            .into_iter()
            .min()
            .unwrap();
        assert!(soonest - begun >= Duration::from_millis(295));
    }

    #[test]
    fn no_pause_is_for_ever() {
        let pace = Pace::unlimited(StopFlag::default());
        pace.pause(Duration::MAX);
        assert!(pace.paused_for() <= PAUSE_MAX);
    }

    #[test]
    fn who_gives_up_holds_up_nobody() {
        let pace = Pace::per_second(0.1, StopFlag::default()).unwrap();
        let _ = (pace.permit(), pace.permit());
        let asked = AtomicU32::new(0);
        let begun = Instant::now();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    pace.permit_unless(|| asked.fetch_add(1, Ordering::Relaxed) > 3)
                        .is_none()
                });
            }
        });
        assert!(begun.elapsed() < Duration::from_secs(8));
    }
}
