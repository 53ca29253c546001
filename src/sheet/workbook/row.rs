//! What the readers of all workbooks share: a row as they fill it, the texts that cells share, what is told of a sheet.

use crate::sheet::cells::{Cells, Stored};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Limits;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of the texts of one row: 4 MiB. A cell of Excel holds 32,767 characters.
pub(crate) const ROW_BYTES_MAX: usize = 4 << 20;
/// Blank and repeated cells that a sheet may have without writing each of them.
pub(crate) const CONJURED_CELLS_MAX: u64 = 40_000_000;
/// Formulas that fill several cells, of those that reach down to one row.
pub(crate) const AREAS_MAX: usize = 1000;
/// Bytes of a text that stands once in the file and is shown in many cells; each byte more counts as a cell made of few
/// words.
pub(crate) const SHOWN_BYTES_FREE: usize = 256;
/// Sheets of a workbook.
pub(crate) const TABLES_MAX: usize = 1024;

pub(crate) fn damaged(file: &Arc<str>, what: &str) -> SheetError {
    SheetErrorKind::DamagedWorkbook(what.to_owned()).in_file(file)
}

pub(crate) fn oversized(file: &Arc<str>, what: &str) -> SheetError {
    SheetErrorKind::OversizedWorkbook(what.to_owned()).in_file(file)
}

pub(crate) fn other_format(file: &Arc<str>, what: &'static str) -> SheetError {
    SheetErrorKind::OtherWorkbook(what).in_file(file)
}

/// The texts that cells share: one text and where each ends, for there may be millions.
#[derive(Default)]
pub(crate) struct Strings {
    pub(crate) text: String,
    pub(crate) ends: Vec<u32>,
}

impl Strings {
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.text.len() as u32);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<u32>()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.text.get(start..end)
    }
}

/// One sheet of a workbook.
pub(crate) struct Table {
    pub(crate) name: Arc<str>,
    pub(crate) hidden: bool,
}

/// What is worth saying about a sheet.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Survey {
    pub(crate) hidden_rows: u64,
    pub(crate) hidden_columns: u64,
    pub(crate) merged: u64,
    pub(crate) formulas: u64,
    pub(crate) has_macros: bool,
}

impl Survey {
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut say = |count: u64, one: &str, many: &str, what: &str| match count {
            0 => {}
            1 => notes.push(format!("1 {one}, {what}")),
            _ => notes.push(format!("{count} {many}, {what}")),
        };
        say(
            self.hidden_rows,
            "hidden row",
            "hidden rows",
            "read like the others",
        );
        say(
            self.hidden_columns,
            "group of hidden columns",
            "groups of hidden columns",
            "read like the others",
        );
        say(
            self.merged,
            "merged range",
            "merged ranges",
            "whose value stands in the first cell only",
        );
        say(
            self.formulas,
            "formula",
            "formulas",
            "read by the values that were saved",
        );
        if self.has_macros {
            notes.push("macros, which are not run".to_owned());
        }
        notes
    }
}

/// A row as a reader fills it.
pub(crate) struct RawRow {
    pub(crate) file: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) line: u64,
    pub(crate) text: String,
    pub(crate) ends: Vec<usize>,
    pub(crate) stored: Vec<Stored>,
    /// Cells of all rows so far that were made of few words.
    pub(crate) conjured: u64,
    /// Where the cells stand.
    pub(crate) spots: Vec<Spot>,
    /// Whether it is the row before once more, which stands in the part only once.
    pub(crate) repeats: bool,
    /// What formulas fill that stand in other cells: down to which row, and which columns.
    pub(crate) filled: Vec<(u64, Range<usize>)>,
}

/// Where a cell stands in its part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spot {
    /// The columns that it stands for.
    pub(crate) columns: Range<usize>,
    /// The tag that begins it.
    pub(crate) tag: Range<u64>,
    /// What it shows, without comments and drawings; empty where it shows nothing of its own.
    pub(crate) shown: Range<u64>,
    /// Whether something else stands within what it shows.
    pub(crate) mixed: bool,
    pub(crate) has_formula: bool,
    pub(crate) end: u64,
}

impl RawRow {
    pub(crate) fn new(file: &Arc<str>, limits: Limits) -> RawRow {
        RawRow {
            file: file.clone(),
            limits,
            line: 0,
            text: String::new(),
            ends: Vec::new(),
            stored: Vec::new(),
            conjured: 0,
            spots: Vec::new(),
            repeats: false,
            filled: Vec::new(),
        }
    }

    /// Notes that a formula of this row fills cells down to a row.
    pub(crate) fn fill(&mut self, last_line: u64, columns: Range<usize>) {
        let line = self.line;
        self.filled.retain(|(last, _)| *last >= line);
        if self.filled.len() >= AREAS_MAX {
            // Too many to tell: whatever follows counts as filled.
            self.filled = vec![(u64::MAX, 0..usize::MAX)];
        } else {
            self.filled.push((last_line, columns));
        }
    }

    /// Whether the cell of a column holds what a formula gave.
    pub(crate) fn is_calculated(&self, column: usize) -> bool {
        let fills =
            |(last, columns): &(u64, Range<usize>)| *last >= self.line && columns.contains(&column);
        let own = self
            .spots
            .iter()
            .find(|spot| spot.columns.contains(&column));
        own.is_some_and(|spot| spot.has_formula) || self.filled.iter().any(fills)
    }

    /// Counts cells that stand in no relation to what was read for them.
    pub(crate) fn conjure(&mut self, cells: u64) -> Result<(), SheetError> {
        self.conjured = self.conjured.saturating_add(cells);
        if self.conjured > CONJURED_CELLS_MAX {
            let what = format!("it has more than {CONJURED_CELLS_MAX} blank or repeated cells");
            return Err(oversized(&self.file, &what));
        }
        Ok(())
    }

    /// As [`RawRow::put`], for a text of which the cell holds only a word: one that many cells share, a number's format.
    pub(crate) fn put_shown(
        &mut self,
        column: usize,
        write: impl FnOnce(&mut String) -> Stored,
    ) -> Result<(), SheetError> {
        let before = self.text.len();
        self.put(column, write)?;
        let bytes = self.text.len().saturating_sub(before);
        self.conjure(bytes.saturating_sub(SHOWN_BYTES_FREE) as u64)
    }

    pub(crate) fn begin(&mut self, line: u64) {
        self.line = line;
        self.spots.clear();
        self.repeats = false;
        self.text.clear();
        self.ends.clear();
        self.stored.clear();
    }

    /// Puts a cell; what lies between it and those before is blank.
    pub(crate) fn put(
        &mut self,
        column: usize,
        write: impl FnOnce(&mut String) -> Stored,
    ) -> Result<(), SheetError> {
        if column >= self.limits.row_cells_max {
            return Err(
                SheetErrorKind::TooManyColumns(self.limits.row_cells_max).in_file(&self.file)
            );
        }
        let bytes = if column < self.ends.len() {
            self.insert(column, write)?
        } else {
            self.conjure((column - self.ends.len()) as u64)?;
            let start = self.text.len();
            self.ends.resize(column, start);
            self.stored.resize(column, Stored::Text);
            self.stored.push(write(&mut self.text));
            self.ends.push(self.text.len());
            self.text.len() - start
        };
        if bytes > self.limits.cell_bytes_max {
            let bytes_max = self.limits.cell_bytes_max;
            return Err(SheetErrorKind::CellTooLong(bytes_max).on_line(&self.file, self.line));
        }
        let bytes_max = self.limits.row_bytes_max.min(ROW_BYTES_MAX);
        if self.text.len() > bytes_max {
            return Err(SheetErrorKind::RowTooLong(bytes_max).on_line(&self.file, self.line));
        }
        Ok(())
    }

    /// Puts a cell before others of its row; gives how long it is.
    fn insert(
        &mut self,
        column: usize,
        write: impl FnOnce(&mut String) -> Stored,
    ) -> Result<usize, SheetError> {
        let before = column
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let start = before.copied().unwrap_or(0);
        let is_blank = self.ends.get(column) == Some(&start);
        if !is_blank || self.stored.get(column) != Some(&Stored::Text) {
            let what = format!("two cells of row {} stand in one column", self.line);
            return Err(damaged(&self.file, &what));
        }
        let behind = self.text.split_off(start);
        // What is moved for it is work, as cells are that stand for others.
        self.conjure((self.ends.len() - column + behind.len() / 16) as u64)?;
        let stored = write(&mut self.text);
        let bytes = self.text.len() - start;
        self.text.push_str(&behind);
        if let Some(blank) = self.stored.get_mut(column) {
            *blank = stored;
        }
        for end in self.ends.iter_mut().skip(column) {
            *end += bytes;
        }
        Ok(bytes)
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && self.stored.iter().all(|stored| *stored == Stored::Text)
    }

    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells::new(&self.text, &self.ends)
    }
}
