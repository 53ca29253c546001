//! Work that takes a while, and its browser that watches: a check-up, a plan that is made, a run.

use super::look::said;
use crate::lang::translated;
use crate::link::StopFlag;
use crate::model::Outcome;
use crate::model::redact::harmless;
use crate::progress::drawn;
use crate::report::result_words;
use crate::rim::terminal::OverheardLines;
use crate::run::watched::WatchedRun;
use serde_json::json;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

/// The name of the field with the work that a form is about.
pub(super) const WORK: &str = "work";

/// The kind of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobKind {
    CheckUp,
    Plan,
    Run,
}

/// Work on a thread of its own.
pub(super) struct PageJob {
    /// Names it in forms.
    pub(super) id: String,
    pub(super) kind: JobKind,
    /// Ends the work as Ctrl-C does.
    pub(super) stop: StopFlag,
    /// The lines that the terminal would show.
    pub(super) lines: OverheardLines,
    /// The page's folder, which no line needs to name.
    folder: String,
    /// The run, as far as it is by now.
    pub(super) watched: WatchedRun,
    /// True where the run has a ledger to go on from.
    pub(super) can_pause: bool,
    is_paused: AtomicBool,
    is_ended: AtomicBool,
}

impl PageJob {
    pub(super) fn new(
        id: String,
        kind: JobKind,
        can_pause: bool,
        stop: StopFlag,
        folder: &Path,
    ) -> PageJob {
        PageJob {
            id,
            kind,
            stop,
            lines: OverheardLines::default(),
            folder: format!("{}/", folder.display()),
            watched: WatchedRun::default(),
            can_pause,
            is_paused: AtomicBool::new(false),
            is_ended: AtomicBool::new(false),
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    /// Ends it; under the session's lock, so that no page of work that goes on takes what is told at its end.
    pub(super) fn end(&self) {
        self.is_ended.store(true, Ordering::Release);
    }

    /// Sends nothing more, as Ctrl-C does; paused, the rest is meant to go on.
    pub(super) fn halt(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Ordering::Release);
        self.stop.stop();
    }

    pub(super) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }

    /// The rows that ended last, the newest first: number, result, and why.
    pub(super) fn last_rows(&self) -> Vec<String> {
        let words = |row: Outcome| {
            let result = result_words(row.result);
            let why = match row.message.is_empty() {
                true => String::new(),
                false => format!(": {}", said(&translated(&row.message))),
            };
            format!("{} {result}{why}", harmless(&row.number))
        };
        self.watched.last_rows().into_iter().map(words).collect()
    }

    /// The number of rows of each result, in words.
    pub(super) fn counts(&self) -> Vec<String> {
        let counts = self.watched.counts().into_iter();
        let words = counts.map(|(result, count)| format!("{count} {}", result_words(result)));
        words.collect()
    }

    /// The lines so far.
    pub(super) fn lines_told(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lines
            .iter()
            .map(|line| said(&line.replace(&self.folder, "")));
        lines.collect()
    }

    /// The progress in words, as far as there is any.
    pub(super) fn words(&self) -> String {
        let words = match (self.is_ended(), self.stop.is_stopped()) {
            (true, _) => "finished",
            (_, true) if self.is_paused() => {
                "pausing: what was sent is settled, the rest waits until it is to go on"
            }
            (_, true) => "stopping: what was sent is settled, nothing more is sent",
            _ => match (drawn(), self.kind) {
                (Some(drawn), _) => return drawn.words,
                (None, JobKind::CheckUp) => "trying what a run needs",
                (None, JobKind::Plan) => "asking the PBX what it holds",
                (None, JobKind::Run) => "signing in",
            },
        };
        translated(words).into_owned()
    }

    /// The state as an event for the browser.
    pub(super) fn event(&self) -> String {
        let (done, total) = drawn().map_or((0, 0), |drawn| (drawn.done, drawn.total));
        let state = json!({
            "words": self.words(),
            "done": done,
            "total": total,
            "lines": self.lines_told(),
            "rows": self.last_rows(),
            "ended": self.is_ended(),
        });
        ["data: ", &state.to_string(), "\n\n"].concat()
    }
}
