//! Tables in and out. Knows no vendor and no field: headings and cells are text.
//!
//! A sheet is read in batches, so that a batch can be parsed on any thread while the next one is read; rows come in
//! their order, and memory does not grow with their number.

use crate::model::Finding;

/// The cell text that means *empty it*; what a JSON `null` is read as.
pub const CLEAR: &str = "<clear>";

/// The cells of one row, borrowed from the batch: one text and where each cell ends in it.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    /// Cells that lie one behind the other in `text`, each ending where `ends` says.
    pub fn new(text: &'a str, ends: &'a [usize]) -> Self {
        Cells { text, ends }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell of a column, counting from 0; `None` past the end of the row.
    pub fn get(&self, column: usize) -> Option<&'a str> {
        let end = *self.ends.get(column)?;
        let start = if column == 0 {
            0
        } else {
            self.ends[column - 1]
        };
        self.text.get(start..end)
    }
}

/// One row as it was read.
#[derive(Debug)]
pub struct Row<'a> {
    /// Which row of its batch it is, counting from 0.
    pub index: u64,
    /// The line of the file on which it starts, counting from 1.
    pub line: u64,
    /// Its cells.
    pub cells: Cells<'a>,
    /// What is wrong with the row as a row (too few cells, bytes that are no text, …): it is invalid whatever its cells
    /// say.
    pub trouble: Option<Finding>,
}
