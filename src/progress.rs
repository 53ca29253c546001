//! The progress of a run, on standard error. The only module that names `indicatif`.
//!
//! A bar on a terminal, drawn anew once a second; elsewhere a plain line every few seconds, so that a log shows that
//! the run is alive. Its figures are the `Meter`'s, which has no clock of its own.

use crate::lang::translated;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::VecDeque;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The interval at which it is counted, and the bar drawn.
const DRAWN_EVERY: Duration = Duration::from_secs(1);

/// The number of counts between plain lines.
const COUNTS_A_LINE: u32 = 5;

/// The time over which the rate is taken: longer than rows wait for each other, so that it does not jump.
const WINDOW: Duration = Duration::from_secs(15);

/// The least time after which a rate is known.
const KNOWN_AFTER: Duration = Duration::from_secs(5);

/// No progress is shown.
static HIDDEN: AtomicBool = AtomicBool::new(false);

/// Shows no progress from now on.
pub fn hide() {
    HIDDEN.store(true, Ordering::Relaxed);
}

/// The progress as it was drawn last.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(feature = "page"),
    allow(dead_code, reason = "the page alone shows it")
)]
pub(crate) struct DrawnProgress {
    pub(crate) done: u64,
    pub(crate) total: u64,
    /// The counts, the rate and the time left, as on the terminal.
    pub(crate) words: String,
}

static DRAWN: Mutex<Option<DrawnProgress>> = Mutex::new(None);

fn last_drawn() -> MutexGuard<'static, Option<DrawnProgress>> {
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The progress of the step that is at work; `None` where there is none, or it was not drawn yet.
#[cfg(feature = "page")]
pub(crate) fn drawn() -> Option<DrawnProgress> {
    last_drawn().clone()
}

/// The bar on the terminal.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn active_bar() -> MutexGuard<'static, Option<ProgressBar>> {
    BAR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints lines above the bar, if there is one.
pub fn above<R>(print: impl FnOnce() -> R) -> R {
    let bar = active_bar().clone();
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// The arithmetic of progress: counts with their times, given from outside.
#[derive(Debug)]
struct Meter {
    what: String,
    total: u64,
    /// The counts within the [`WINDOW`], oldest first, each with the time since the step began.
    counts: VecDeque<(Duration, u64)>,
    /// The time of the last count that was higher than the one before it.
    moved: Duration,
}

impl Meter {
    fn new(what: &str, total: u64) -> Meter {
        Meter {
            what: what.to_owned(),
            total,
            counts: VecDeque::from([(Duration::ZERO, 0)]),
            moved: Duration::ZERO,
        }
    }

    /// Takes the count at a time since the step began.
    fn count(&mut self, at: Duration, done: u64) {
        if done > self.done() {
            // The rate is measured anew after a standstill, which would distort it.
            if at.saturating_sub(self.moved) > WINDOW {
                let last = self.counts.len().saturating_sub(1);
                self.counts.drain(..last);
            }
            self.moved = at;
        }
        self.counts.push_back((at, done));
        let is_old = |(then, _): &(Duration, u64)| at.saturating_sub(*then) > WINDOW;
        while self.counts.front().is_some_and(is_old) {
            self.counts.pop_front();
        }
    }

    fn done(&self) -> u64 {
        self.counts.back().map_or(0, |(_, done)| *done)
    }

    /// Things a second, over the window; `None` before it is known.
    fn rate(&self) -> Option<f64> {
        let ((then, before), (now, done)) = (self.counts.front()?, self.counts.back()?);
        let time = now.saturating_sub(*then);
        let rate = done.saturating_sub(*before) as f64 / time.as_secs_f64();
        (time >= KNOWN_AFTER && rate > 0.0).then_some(rate)
    }

    /// Estimates the time that is left; `None` before it is known.
    fn left(&self) -> Option<Duration> {
        let rest = self.total.saturating_sub(self.done()) as f64;
        Duration::try_from_secs_f64(rest / self.rate()?).ok()
    }

    /// The time since anything was done, where it is so long that no rate tells when the rest will be.
    fn stalled_for(&self) -> Option<Duration> {
        let (now, _) = self.counts.back()?;
        let still = now.saturating_sub(self.moved);
        (still > KNOWN_AFTER).then_some(still)
    }

    /// Writes `120/200 rows · 4.2/s · 19 s left`, or `120/200 rows · none for 12 s`.
    fn words(&self) -> String {
        let (done, total) = (self.done(), self.total);
        let mut words = format!("{done}/{total} {}", translated(&self.what));
        if done >= total {
            return words;
        }
        if let Some(still) = self.stalled_for() {
            words.push_str(&translated(&format!(" · none for {}", duration(still))));
        } else if let (Some(rate), Some(left)) = (self.rate(), self.left()) {
            let left = format!(" · {rate:.1}/s · {} left", duration(left));
            words.push_str(&translated(&left));
        }
        words
    }
}

/// A duration for people: `45 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// The progress of one step of a run.
pub(crate) struct Progress {
    done: Arc<AtomicU64>,
    /// Ends the drawing when it is dropped.
    end: Option<Sender<()>>,
    drawing: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins a step over `total` things; `what` names them ("rows").
    pub(crate) fn new(what: &str, total: u64) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        // Of nothing there is no progress.
        if HIDDEN.load(Ordering::Relaxed) || total == 0 {
            return Progress {
                done,
                end: None,
                drawing: None,
            };
        }
        let meter = Meter::new(what, total);
        let (end, ended) = channel();
        let counter = done.clone();
        let drawing = thread::spawn(move || {
            let mut shown = ProgressDisplay::new(meter);
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(DRAWN_EVERY) {
                shown.draw(counter.load(Ordering::Relaxed));
            }
            shown.bar.finish_and_clear();
            last_drawn().take();
            active_bar().take();
        });
        Progress {
            done,
            end: Some(end),
            drawing: Some(drawing),
        }
    }

    /// Counts `count` more as done.
    pub(crate) fn add(&self, count: u64) {
        self.done.fetch_add(count, Ordering::Relaxed);
    }

    /// The count of finished items, shared with the threads that do them.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        self.done.clone()
    }

    /// Ends the step and takes the bar away.
    pub(crate) fn finish(mut self) {
        drop(self.end.take());
        if let Some(drawing) = self.drawing.take() {
            let _ = drawing.join();
        }
    }
}

/// The display on standard error.
struct ProgressDisplay {
    meter: Meter,
    bar: ProgressBar,
    started: Instant,
    is_terminal: bool,
    counts: u32,
}

impl ProgressDisplay {
    fn new(meter: Meter) -> ProgressDisplay {
        let is_terminal = stderr().is_terminal();
        let target = match is_terminal {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(meter.total), target);
        if let Ok(style) = ProgressStyle::with_template("[{bar:25}] {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        let mut shown = ProgressDisplay {
            meter,
            bar,
            started: Instant::now(),
            is_terminal,
            counts: 0,
        };
        if is_terminal {
            *active_bar() = Some(shown.bar.clone());
            shown.draw(0);
        }
        shown
    }

    fn draw(&mut self, done: u64) {
        self.meter.count(self.started.elapsed(), done);
        let words = self.meter.words();
        *last_drawn() = Some(DrawnProgress {
            done,
            total: self.meter.total,
            words: words.clone(),
        });
        if self.is_terminal {
            self.bar.update(|state| state.set_pos(done));
            self.bar.set_message(words);
            return;
        }
        self.counts += 1;
        if self.counts.is_multiple_of(COUNTS_A_LINE) {
            // Progress that cannot be shown is no reason to stop.
            let _ = writeln!(stderr(), "{words}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A meter after `seconds` seconds in which the count was `done(second)`.
    fn after(seconds: u32, total: u64, done: impl Fn(u32) -> u64) -> Meter {
        let mut meter = Meter::new("rows", total);
        for second in 1..=seconds {
            meter.count(SECOND * second, done(second));
        }
        meter
    }

    #[test]
    fn no_rate_and_no_time_left_is_told_before_it_is_known() {
        assert_eq!(after(0, 200, |_| 0).words(), "0/200 rows");
        assert_eq!(after(4, 200, |at| u64::from(at) * 4).words(), "16/200 rows");
        // However long nothing is done, nothing is known.
        assert_eq!(after(30, 200, |_| 0).words(), "0/200 rows · none for 30 s");
        assert_eq!(
            after(5, 200, |at| u64::from(at) * 4).words(),
            "20/200 rows · 4.0/s · 45 s left"
        );
    }

    #[test]
    fn once_it_is_told_the_time_left_is_right_within_a_fifth() {
        // Rows at 5/s, and every 4 s a second in which a batch is read back: 200 rows take 50 s.
        let done = |at: u32| u64::from(at - at / 5) * 5;
        for second in 5..45 {
            let meter = after(second, 200, done);
            let Some(told) = meter.left() else { continue };
            let truth = f64::from(50 - second);
            let error = (told.as_secs_f64() - truth).abs();
            assert!(
                error <= truth * 0.2 + 1.0,
                "{second}: {told:?}, and not {truth}"
            );
        }
        assert!(after(6, 200, done).left().is_some());
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds_and_not_of_the_whole_run() {
        // 10/s for 30 s, then 1/s.
        let done = |at: u32| u64::from(at.min(30)) * 10 + u64::from(at.saturating_sub(30));
        let meter = after(46, 1000, done);
        assert_eq!(meter.rate(), Some(1.0));
        assert_eq!(meter.left(), Some(Duration::from_secs(1000 - 316)));
    }

    #[test]
    fn rows_that_wait_for_one_moment_are_a_standstill_and_no_time_left() {
        // 20/s for 8 s, and then four rows that may have been sent are waited for.
        let meter = |second: u32| after(second, 164, |at| u64::from(at.min(8)) * 20);
        assert_eq!(meter(8).words(), "160/164 rows · 20.0/s · 0 s left");
        assert_eq!(meter(20).words(), "160/164 rows · none for 12 s");
        assert_eq!(meter(20).rate().map(|rate| rate < 20.0), Some(true));
    }

    #[test]
    fn after_a_standstill_the_rate_is_taken_anew() {
        // 16 rows, half a minute of waiting, and then 20/s.
        let meter = |second: u32| {
            let done = |at: u32| 16 + u64::from(at.saturating_sub(32)) * 20;
            after(second, 1016, done)
        };
        assert_eq!(meter(32).words(), "16/1016 rows · none for 31 s");
        assert_eq!(meter(34).words(), "56/1016 rows");
        assert_eq!(meter(37).words(), "116/1016 rows · 20.0/s · 45 s left");
    }

    #[test]
    fn what_is_whole_has_no_time_left() {
        assert_eq!(after(9, 9, u64::from).words(), "9/9 rows");
    }

    #[test]
    fn durations_are_written_for_people() {
        let words: Vec<String> = [0.4, 59.6, 200.0, 7500.0]
            .map(|seconds| duration(Duration::from_secs_f64(seconds)))
            .into();
        assert_eq!(words, ["0 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]);
    }

    #[test]
    fn what_is_done_is_counted_from_any_thread() {
        let progress = Progress::new("rows", 3);
        progress.add(2);
        progress.counter().fetch_add(1, Ordering::Relaxed);
        assert_eq!(progress.done.load(Ordering::Relaxed), 3);
        progress.finish();
    }
}
