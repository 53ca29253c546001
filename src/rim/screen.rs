//! The terminal's screen: the lines that are still free on it, so that what is said stays in sight.

use super::wrapping::{StreamOfTerminal, size, wrapped};
use crate::model::shortened;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The lines that have been printed since the command began, or since the last answer.
static USED: AtomicUsize = AtomicUsize::new(0);

/// A screen with some free lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) columns: usize,
    free: usize,
}

/// The lines of the screen that a list takes.
const LIST_LINES_MAX: usize = 3;

/// The lines that are left free for what is said around a command.
static RESERVED: AtomicUsize = AtomicUsize::new(0);

/// Leaves so many lines of the screen free from now on.
pub(crate) fn reserve(lines: usize) {
    RESERVED.store(lines, Ordering::Relaxed);
}

impl Screen {
    /// The screen behind a stream, with `kept` lines for what is said later, and one for the prompt; `None` where it is
    /// no terminal, or does not say.
    pub(super) fn behind(stream: impl StreamOfTerminal, kept: usize) -> Option<Screen> {
        let (columns, rows) = size(stream).filter(|(_, rows)| *rows > 0)?;
        let used = USED.load(Ordering::Relaxed) + RESERVED.load(Ordering::Relaxed);
        let free = rows.saturating_sub(used + kept + 1);
        Some(Screen { columns, free })
    }

    /// The line as far as it takes no more than a few lines of the screen: what is long are lists.
    pub(crate) fn shortened(&self, line: String) -> String {
        shortened(line, |line| height(line, self.columns) <= LIST_LINES_MAX)
    }

    /// Returns true if the lines fit. It looks at no line behind those that fill the screen.
    pub(crate) fn holds<'l>(&self, lines: impl IntoIterator<Item = &'l str>) -> bool {
        let mut used = 0;
        lines.into_iter().all(|line| {
            used += height(line, self.columns);
            used <= self.free
        })
    }
}

fn height(line: &str, columns: usize) -> usize {
    let wrapped = wrapped(line, Some(columns));
    let lines = wrapped.split('\n');
    lines
        .map(|line| line.chars().count().div_ceil(columns).max(1))
        .sum()
}

/// Notes a text that was printed on a terminal of so many columns, without the end of its last line.
pub(super) fn note_printed(text: &str, columns: Option<usize>) {
    if let Some(columns) = columns {
        USED.fetch_add(height(text, columns), Ordering::Relaxed);
    }
}

/// Notes that somebody has answered a question, and read what was above it.
pub(super) fn note_answered() {
    USED.store(0, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_that_is_full_looks_at_no_further_line() {
        let screen = Screen {
            columns: 80,
            free: 3,
        };
        let mut looked_at = 0;
        let lines = std::iter::repeat_n("one line", 1000).inspect(|_| looked_at += 1);
        assert!(!screen.holds(lines));
        assert_eq!(looked_at, 4);
        assert!(screen.holds(["one line"; 3]));
    }
}
