//! The progress of a run, on standard error. The only module that names `indicatif`.
//!
//! A bar on a terminal; elsewhere a plain line every few seconds, so that a log shows that the run is alive.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// The interval of plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The progress of one step of a run.
pub struct Progress {
    bar: ProgressBar,
    what: String,
    total: u64,
    started: Instant,
    /// The time of the last plain line; `None` on a terminal.
    lined: Option<Instant>,
}

impl Progress {
    /// Begins a step over so many things; `what` names them ("rows").
    pub fn new(what: &str, total: u64) -> Self {
        let terminal = stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let style = ProgressStyle::with_template(
            "{bar:30} {pos}/{len} {msg} · {per_sec} · {elapsed} elapsed, {eta} left",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        let now = Instant::now();
        Progress {
            bar,
            what: what.to_owned(),
            total,
            started: now,
            lined: (!terminal).then_some(now),
        }
    }

    /// One more is done.
    pub fn tick(&mut self) {
        self.bar.inc(1);
        let Some(lined) = &mut self.lined else { return };
        if lined.elapsed() < LINE_EVERY {
            return;
        }
        *lined = Instant::now();
        let (done, seconds) = (self.bar.position(), self.started.elapsed().as_secs_f64());
        let rate = done as f64 / seconds;
        let left = self.total.saturating_sub(done) as f64 / rate;
        // Progress that cannot be shown is no reason to stop.
        let _ = writeln!(
            stderr(),
            "{done}/{} {} · {rate:.1}/s · {seconds:.0} s elapsed, {left:.0} s left",
            self.total,
            self.what
        );
    }

    /// Ends the step and takes the bar away.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
