//! The rows of one sheet of a workbook, and the texts of merged cells in each row that they reach over.

use crate::sheet::cells::Stored;
use crate::sheet::error::SheetError;
use crate::sheet::ods::read as ods;
use crate::sheet::workbook::merged::{MergedRange, MergedRanges, RANGES_MAX};
use crate::sheet::workbook::row::{RawRow, damaged, oversized};
use crate::sheet::xls::read as xls;
use crate::sheet::xlsx::read as xlsx;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rows of one sheet, from its first.
pub(crate) enum Rows {
    Xlsx(xlsx::Rows),
    Ods(ods::Rows),
    Xls(xls::Rows),
}

impl Rows {
    /// Reads the next row; returns true if there was one.
    pub(crate) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        match self {
            Rows::Xlsx(rows) => rows.next(row),
            Rows::Ods(rows) => rows.next(row),
            Rows::Xls(rows) => rows.next(row),
        }
    }
}

/// A range that the row being read is a part of.
struct OpenRange {
    range: MergedRange,
    /// The text of its first cell, and the way in which it is stored.
    text: String,
    stored: Stored,
}

/// The rows of a table with the texts of merged cells in each of their rows.
pub(crate) struct MergedRows {
    rows: Rows,
    ranges: Arc<MergedRanges>,
    /// The number of columns with a heading.
    width: usize,
    next: usize,
    line: u64,
    /// The open ranges by their first columns.
    open: BTreeMap<usize, OpenRange>,
}

impl MergedRows {
    pub(crate) fn new(rows: Rows, ranges: &Arc<MergedRanges>, width: usize) -> MergedRows {
        MergedRows {
            rows,
            ranges: ranges.clone(),
            width,
            next: 0,
            line: 0,
            open: BTreeMap::new(),
        }
    }

    /// Reads the next row; returns true if there was one.
    pub(crate) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        let is_there = self.rows.next(row)?;
        if is_there && !self.ranges.ranges.is_empty() {
            self.open_ranges(row)?;
            if !row.is_blank() {
                for open in self.open.values() {
                    open.put(row, self.width)?;
                }
            }
        }
        Ok(is_there)
    }

    /// Returns true if a cell of the row that was read last is the first of merged cells: it has their text.
    pub(crate) fn is_first(&self, column: usize) -> bool {
        let range = self.open.get(&column).map(|open| &open.range);
        range.is_some_and(|range| range.first_line == self.line)
    }

    /// Closes the ranges that end before a row, and opens those that it is a part of.
    fn open_ranges(&mut self, row: &RawRow) -> Result<(), SheetError> {
        let ranges = &self.ranges.ranges;
        if ranges.len() > RANGES_MAX {
            let what = format!("it has more than {RANGES_MAX} merged ranges");
            return Err(oversized(&row.file, &what));
        }
        if row.line < self.line {
            let what = format!(
                "row {} stands below later ones, beside merged cells",
                row.line
            );
            return Err(damaged(&row.file, &what));
        }
        self.line = row.line;
        self.open.retain(|_, open| open.range.last_line >= row.line);
        while let Some(range) = ranges.get(self.next).filter(|it| it.first_line <= row.line) {
            self.next += 1;
            if range.last_line < row.line {
                continue;
            }
            let before = self.open.range(..range.columns.end).next_back();
            if before.is_some_and(|(_, open)| open.range.columns.end > range.columns.start) {
                let what = format!("the merged range {} lies over another one", range.name());
                return Err(damaged(&row.file, &what));
            }
            let column = range.columns.start;
            // A first row that the file does not have is blank.
            let is_first = range.first_line == row.line;
            let (text, stored) = match row.cells().get(column).filter(|_| is_first) {
                Some(text) => (text.to_owned(), row.stored_as(column)),
                None => (String::new(), Stored::Text),
            };
            let range = range.clone();
            self.open.insert(
                column,
                OpenRange {
                    range,
                    text,
                    stored,
                },
            );
        }
        Ok(())
    }
}

impl OpenRange {
    /// Puts the text into the first column of a row, and says of the cells how they are merged.
    fn put(&self, row: &mut RawRow, width: usize) -> Result<(), SheetError> {
        let columns = self.range.columns.start..self.range.columns.end.min(width);
        let is_blank = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
        // A title between the rows, which is found by being alone. A number may be an extension's.
        let cells = row.cells();
        let filled = (0..cells.len()).filter(|column| !is_blank(cells.get(*column)));
        let is_number = !self.text.contains(char::is_alphabetic)
            && self.text.contains(|c: char| c.is_ascii_digit());
        let is_title = self.range.is_across() && filled.count() <= 1 && !is_number;
        for column in columns.clone() {
            let own = row.cells().get(column);
            let (has_own, is_same) = (!is_blank(own), own == Some(&self.text));
            let is_first = column == columns.start;
            if has_own {
                if !is_same {
                    row.set_stored(column, Stored::Covered);
                    continue;
                }
            } else if is_first && !self.text.is_empty() {
                row.put_shown(column, |out| {
                    out.push_str(&self.text);
                    self.stored
                })?;
            }
            let is_told = match row.stored_as(column) {
                // These weigh more.
                Stored::Error | Stored::Uncalculated | Stored::Total | Stored::Pieces => true,
                Stored::Rounded | Stored::Covered => true,
                _ => is_title || self.text.trim().is_empty(),
            };
            if !is_told && !self.range.is_across() {
                row.set_stored(column, Stored::Merged);
            } else if !is_told {
                if column >= row.ends.len() {
                    row.put(column, |_| Stored::Text)?;
                }
                row.set_stored(column, Stored::MergedAcross);
            }
        }
        Ok(())
    }
}
