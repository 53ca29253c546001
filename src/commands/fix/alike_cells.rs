//! The changed cells of a column with one cause: of many of them the first are shown, and the rest counted.

use crate::model::counted;
use crate::rim::terminal::data_screen;
use std::collections::{BTreeMap, BTreeSet};

/// The number of changed cells that are printed of each field and cause.
const SHOWN_MAX: u64 = 5;

/// The number of them of each on a terminal.
const SHOWN_ON_SCREEN_MAX: u64 = 2;

/// The lines of a screen that are left for what is said behind the changed cells.
const SAID_LATER: usize = 8;

/// The changed cells of each column, as people are told of it, and cause.
#[derive(Default)]
pub(super) struct AlikeCells(BTreeMap<(String, String), CellCount>);

#[derive(Default)]
struct CellCount {
    all: u64,
    shown: u64,
}

impl CellCount {
    /// Returns true if one more is shown in a line.
    fn has_room(&self, line: &str) -> bool {
        match data_screen(SAID_LATER) {
            Some(screen) => self.shown < SHOWN_ON_SCREEN_MAX && screen.holds([line]),
            None => self.shown < SHOWN_MAX,
        }
    }
}

impl AlikeCells {
    /// Counts a changed cell, and returns true if it is shown; `all` shows each.
    pub(super) fn add(&mut self, cause: (String, String), line: &str, all: bool) -> bool {
        let alike = self.0.entry(cause).or_default();
        let is_shown = all || alike.has_room(line);
        alike.all += 1;
        alike.shown += u64::from(is_shown);
        is_shown
    }

    /// Counts the changed cells that were not shown: by column and cause, or together where that is too long for the
    /// screen.
    pub(super) fn left_out(&self) -> Vec<String> {
        let more = |count: u64| counted(count, "more cell");
        let hidden = self.0.iter();
        let hidden = hidden.filter(|(_, alike)| alike.all > alike.shown);
        let lines: Vec<String> = hidden
            .clone()
            .map(|((column, code), alike)| {
                let more = more(alike.all - alike.shown);
                format!("… and {more} of {column} ({code}): --all shows each")
            })
            .collect();
        let screen = data_screen(SAID_LATER / 2);
        if screen.is_none_or(|screen| screen.holds(lines.iter().map(String::as_str))) {
            return lines;
        }
        let (mut count, mut columns) = (0, BTreeSet::new());
        for ((column, _), alike) in hidden {
            count += alike.all - alike.shown;
            columns.insert(column.as_str());
        }
        let columns = Vec::from_iter(columns).join(", ");
        let more = more(count);
        vec![format!("… and {more} of {columns}: --all shows each")]
    }
}
