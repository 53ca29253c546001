//! The rows that a column marks to be deleted, and what the other columns say of them: of all rows of a sheet, none of which
//! is kept.

use super::dates::has_passed;
use super::dictionary::{dictionary, plain};
use crate::manifest::switch;
use crate::model::Action;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The most columns that are compared with each other; those behind them say nothing here.
const COLUMNS_MAX: usize = 256;

/// The words of the cells of one column in the rows that another one marks.
#[derive(Default, Clone, Copy)]
struct WordsBesideMark {
    /// The hash of the first word.
    first: Option<u64>,
    differs: bool,
    /// True if a cell says no, or that its row stays.
    is_against: bool,
}

/// The words of the cells of each column in the rows that each other column marks.
#[derive(Default)]
pub(super) struct MarkedRows {
    /// By the column of the mark, the mark, and the column that says it.
    said: HashMap<(usize, &'static str, usize), WordsBesideMark>,
}

impl MarkedRows {
    /// Takes in a row; `may_stay` tells of a cell that its row may stay.
    pub(super) fn add(&mut self, cells: &[&str], may_stay: impl Fn(&str) -> bool) {
        let cells = cells.get(..COLUMNS_MAX).unwrap_or(cells);
        let marks = cells.iter().enumerate();
        let marks = marks.flat_map(|(at, cell)| marks_of(cell).map(move |mark| (at, mark)));
        let marks: Vec<(usize, &'static str)> = marks.collect();
        if marks.is_empty() {
            return;
        }
        for (column, cell) in cells.iter().enumerate() {
            let (word, is_against) = (word_of(cell), is_against(cell, &may_stay));
            for (at, mark) in &marks {
                let said = self.said.entry((*at, mark, column)).or_default();
                said.differs |= *said.first.get_or_insert(word) != word;
                said.is_against |= is_against;
            }
        }
    }

    /// Returns true if a column speaks against the deletion of some rows that others mark to be deleted, each with its mark,
    /// `on`, `off` or the action: by a `no`, or where it is `about_people`, by not saying the same of all of them.
    pub(super) fn contradicts(
        &self,
        column: usize,
        marks: &[(usize, &'static str)],
        about_people: bool,
    ) -> bool {
        let said = marks
            .iter()
            .filter_map(|(at, mark)| self.said.get(&(*at, *mark, column)));
        let said: Vec<&WordsBesideMark> = said.collect();
        match about_people {
            true => {
                let mut firsts = said.iter().filter_map(|said| said.first);
                let first = firsts.next();
                said.iter().any(|said| said.differs) || firsts.any(|other| first != Some(other))
            }
            false => said.iter().any(|said| said.is_against),
        }
    }
}

/// The marks that a cell may be: the switch that it is, and the action.
fn marks_of(cell: &str) -> impl Iterator<Item = &'static str> {
    let deletes = dictionary().action(cell) == Some(Action::Delete);
    let switch = switch(cell).filter(|switch| ["on", "off"].contains(switch));
    switch.into_iter().chain(deletes.then_some("delete"))
}

fn word_of(cell: &str) -> u64 {
    // All who have left say the same, whenever that was.
    let word = match switch(cell) {
        Some(switch) => switch.to_owned(),
        None if has_passed(cell) => "passed".to_owned(),
        None => plain(cell),
    };
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

fn is_against(cell: &str, may_stay: impl Fn(&str) -> bool) -> bool {
    match switch(cell) {
        Some(switch) => switch == "off" && cell != "0",
        None => may_stay(cell),
    }
}
