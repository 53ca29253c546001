//! The rows of a table, counted as a whole.

use crate::lang::translated;
use crate::sheet::column::{Column, MarkedLine, Tone};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Counts rows, and the words of those columns that have only a few; notes the columns that are not empty.
pub(crate) struct Tally {
    columns: Vec<Column>,
    /// The number of rows.
    pub(crate) rows: u64,
    counts: BTreeMap<(Tone, String), u64>,
    filled: Vec<bool>,
    /// The text of each column's cells, while they have only one.
    only: Vec<Option<String>>,
    widest: Vec<usize>,
}

impl Tally {
    pub(crate) fn new(columns: &[Column]) -> Tally {
        Tally {
            columns: columns.to_vec(),
            rows: 0,
            counts: BTreeMap::new(),
            filled: vec![false; columns.len()],
            only: vec![None; columns.len()],
            widest: vec![0; columns.len()],
        }
    }

    /// Takes a row; returns true if it is one of those that come first.
    pub(crate) fn add(&mut self, cells: &[&str]) -> bool {
        self.rows += 1;
        let mut comes_first = false;
        for (at, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            if !cell.is_empty()
                && *cell != column.nothing
                && let Some(filled) = self.filled.get_mut(at)
            {
                *filled = true;
            }
            if let Some(only) = self.only.get_mut(at) {
                match only {
                    None if self.rows == 1 => *only = Some((*cell).to_owned()),
                    Some(text) if text != cell => *only = None,
                    _ => {}
                }
            }
            if let Some(widest) = self.widest.get_mut(at) {
                let lines = cell.lines().map(|line| line.chars().count());
                *widest = lines.max().unwrap_or_default().max(*widest);
            }
            let tone = column.tone.map_or(Tone::Plain, |tone| tone(cell));
            comes_first |= tone == Tone::Bad;
            if column.counted {
                *self.counts.entry((tone, (*cell).to_owned())).or_default() += 1;
            }
        }
        comes_first
    }

    /// The tones of a row's cells, by column, of those that have any.
    pub(crate) fn tones(&self, cells: &[String]) -> Vec<(usize, Tone)> {
        let cells = self.columns.iter().zip(cells).enumerate();
        let tones = cells.filter_map(|(at, (column, cell))| Some((at, column.tone?(cell))));
        tones.collect()
    }

    /// A row's cells as people read them: words of rowcall's own in their language.
    pub(crate) fn for_people<'c>(&self, cells: &'c [String]) -> Vec<Cow<'c, str>> {
        let cells = self.columns.iter().zip(cells);
        let shown = cells.map(|(column, cell)| match column.spoken {
            true => translated(cell),
            false => Cow::Borrowed(cell.as_str()),
        });
        shown.collect()
    }

    /// The words, those of one tone together, each with its number.
    pub(crate) fn words(&self) -> Vec<(Tone, String, u64)> {
        let counts = self.counts.iter();
        counts
            .map(|((tone, word), count)| (*tone, word.clone(), *count))
            .collect()
    }

    /// Returns, for each column, the number of characters in its longest line.
    pub(crate) fn widest(&self) -> &[usize] {
        &self.widest
    }

    /// Returns, for each column, the text that stands in every row; none where rows differ, or there are fewer than two.
    pub(crate) fn in_every_row(&self) -> impl Iterator<Item = Option<&str>> {
        let several = self.rows > 1;
        self.only
            .iter()
            .map(move |only| only.as_deref().filter(|_| several))
    }

    /// Returns, for each column, true if any cell is not empty.
    pub(crate) fn filled(&self) -> &[bool] {
        &self.filled
    }
}

/// The fewest rows with a line of one group for which that line, if most rows have it, is shown once above the rows.
const FOLDED_FROM: u64 = 10;

/// The lines of rows, counted by their groups.
#[derive(Default)]
pub(crate) struct Folding {
    /// The number of rows with a line of each group, and true while one line can be shown once for all.
    groups: BTreeMap<usize, (u64, bool)>,
}

impl Folding {
    /// Takes a line of a row.
    pub(crate) fn add(&mut self, line: &MarkedLine) {
        if let Some(group) = line.group {
            let (count, may_fold) = self.groups.entry(group).or_insert((0, true));
            *count += 1;
            *may_fold &= line.tone != Tone::Bad;
        }
    }

    /// Finds the groups whose lines more than half of the `rows` have.
    pub(crate) fn folded(&self, rows: u64) -> BTreeSet<usize> {
        let is_most = |count: u64| count >= FOLDED_FROM && count * 2 > rows;
        let groups = self.groups.iter();
        groups
            .filter(|(_, (count, may_fold))| *may_fold && is_most(*count))
            .map(|(group, _)| *group)
            .collect()
    }
}
