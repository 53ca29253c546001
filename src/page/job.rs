//! Work that takes a while, and its browser that watches: a plan that is made, a run.

use crate::lang::translated;
use crate::link::StopFlag;
use crate::progress::drawn;
use crate::rim::terminal::OverheardLines;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError};

/// The kind of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobKind {
    Plan,
    Run,
}

/// Work on a thread of its own.
pub(super) struct PageJob {
    pub(super) kind: JobKind,
    /// Ends the work as Ctrl-C does.
    pub(super) stop: StopFlag,
    /// The lines that the terminal would show.
    pub(super) lines: OverheardLines,
    /// The page's folder, which no line needs to name.
    folder: String,
    /// The run's name, once it has one.
    pub(super) run: OnceLock<String>,
    is_ended: AtomicBool,
}

impl PageJob {
    pub(super) fn new(kind: JobKind, stop: StopFlag, folder: &Path) -> PageJob {
        PageJob {
            kind,
            stop,
            lines: OverheardLines::default(),
            folder: format!("{}/", folder.display()),
            run: OnceLock::new(),
            is_ended: AtomicBool::new(false),
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) {
        self.is_ended.store(true, Ordering::Release);
    }

    /// The lines so far.
    pub(super) fn told(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lines.iter().map(|line| line.replace(&self.folder, ""));
        lines.collect()
    }

    /// The progress in words, as far as there is any.
    pub(super) fn words(&self) -> String {
        let words = match (self.is_ended(), self.stop.is_stopped()) {
            (true, _) => "finished",
            (_, true) => "stopping: what was sent is settled, nothing more is sent",
            _ => match (drawn(), self.kind) {
                (Some(drawn), _) => return drawn.words,
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
            "lines": self.told(),
            "ended": self.is_ended(),
        });
        ["data: ", &state.to_string(), "\n\n"].concat()
    }
}
