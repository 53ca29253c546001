//! The parts that the readers of all workbooks share: a row as they fill it, the texts that cells share, the notes
//! about a sheet.

use crate::sheet::cells::{Cells, Stored};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Limits;
use crate::sheet::workbook::fills::RowFills;
use crate::sheet::workbook::links::LinkCells;
use crate::sheet::workbook::merged::{MergedRange, MergedRanges};
use std::ops::Range;
use std::sync::Arc;

/// Bytes of the texts of one row: 4 MiB. A cell of Excel has at most 32,767 characters.
pub(crate) const ROW_BYTES_MAX: usize = 4 << 20;
/// Blank and repeated cells that a sheet may have without writing each of them.
pub(crate) const CONJURED_CELLS_MAX: u64 = 40_000_000;
/// Formulas that fill several cells, of those that reach down to one row.
pub(crate) const AREAS_MAX: usize = 1000;
/// Bytes of a text that the file has once and many cells show; each byte more counts as a cell made of few words.
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

/// The texts that cells share: one text and the end of each, because there may be millions.
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
    /// True if it has [`NOTES_MARK`].
    pub(crate) is_notes: bool,
}

/// The name that rowcall defines in each sheet that it writes beside its table: such a sheet has no rows. Programs keep
/// defined names, whatever they save a workbook as.
pub(crate) const NOTES_MARK: &str = "rowcall_notes";

/// The most cells above the headings that are kept for reaching over several columns.
const WIDE_MAX: usize = 1_000;

/// The properties of a sheet that are worth a note.
#[derive(Debug, Default, Clone)]
pub(crate) struct Survey {
    /// Hidden rows, in a sheet without a filter.
    pub(crate) hidden_rows: u64,
    /// True if an active filter hides rows.
    pub(crate) is_filtered: bool,
    pub(crate) grouped_rows: u64,
    pub(crate) struck_rows: u64,
    pub(crate) fills: RowFills,
    /// The rows with a fill colour that others lack, as far as they are counted.
    pub(crate) coloured_rows: u64,
    /// The colours of the fonts of filled cells.
    pub(crate) fonts: RowFills,
    /// The cells in the font of links, which is none of those colours.
    pub(crate) links: LinkCells,
    /// The rows with a font colour that others lack, as far as they are counted.
    pub(crate) font_coloured_rows: u64,
    /// The rows with a note on a cell.
    pub(crate) noted_rows: u64,
    /// The conditional formats by which cells look different for what is in them.
    pub(crate) conditional_formats: u64,
    /// The first of each group of hidden columns.
    pub(crate) hidden_columns: Vec<usize>,
    /// The merged cells below the headings.
    pub(crate) merged: MergedRanges,
    /// The cells down to the headings that reach over several columns: line and columns.
    pub(crate) wide: Vec<(u64, Range<usize>)>,
    pub(crate) formulas: u64,
    pub(crate) has_macros: bool,
}

/// The appearance of a row.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct RowMarks {
    pub(crate) hidden: bool,
    pub(crate) grouped: bool,
    /// True if a filled cell is struck through.
    pub(crate) struck: bool,
    /// True if a cell has a note.
    pub(crate) noted: bool,
    pub(crate) filled: bool,
}

impl Survey {
    /// Keeps a merged range; of one that is not below the headings, its columns.
    pub(crate) fn add_merged(&mut self, range: MergedRange, header_line: u64) {
        let MergedRange {
            first_line,
            columns,
            ..
        } = &range;
        if *first_line > header_line {
            self.merged.add(range);
        } else if columns.len() > 1 && self.wide.len() < WIDE_MAX {
            self.wide.push((*first_line, columns.clone()));
        }
    }

    /// Counts rows that look alike.
    pub(crate) fn add_rows(&mut self, row: RowMarks, rows: u64) {
        if row.filled {
            self.hidden_rows += rows * u64::from(row.hidden);
            self.grouped_rows += rows * u64::from(row.grouped);
            self.struck_rows += rows * u64::from(row.struck);
            self.noted_rows += rows * u64::from(row.noted);
        }
    }

    pub(crate) fn notes(&self, visible_only: bool) -> Vec<String> {
        let mut notes = Vec::new();
        let mut say = |count: u64, one: &str, many: &str, what: &str| match count {
            0 => {}
            1 => notes.push(format!("1 {one}, {what}")),
            _ => notes.push(format!("{count} {many}, {what}")),
        };
        let (hidden_row, hidden_rows) = match self.is_filtered {
            true => ("row hidden by a filter", "rows hidden by a filter"),
            false => ("hidden row", "hidden rows"),
        };
        let read = "read like the others";
        let hidden = match visible_only {
            true => "left out",
            false => "read like the others (--visible-only leaves them out)",
        };
        say(self.hidden_rows, hidden_row, hidden_rows, hidden);
        say(self.grouped_rows, "grouped row", "grouped rows", read);
        say(
            self.struck_rows,
            "row with a cell that is struck through",
            "rows with cells that are struck through",
            read,
        );
        say(
            self.coloured_rows,
            "row with a fill colour of its own",
            "rows with a fill colour of their own",
            "which is not read",
        );
        say(
            self.font_coloured_rows,
            "row with a font colour of its own",
            "rows with a font colour of their own",
            "which is not read",
        );
        say(
            self.noted_rows,
            "row with a note on a cell",
            "rows with notes on cells",
            "which are not read",
        );
        say(
            self.hidden_columns.len() as u64,
            "group of hidden columns",
            "groups of hidden columns",
            read,
        );
        let [(down, down_names), (across, across_names)] = self.merged.counted();
        say(
            down,
            "merged range",
            "merged ranges",
            &format!("whose text is read in each row: {down_names}"),
        );
        say(
            across,
            "merged range",
            "merged ranges",
            &format!("whose text is read in the first column alone: {across_names}"),
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

/// Returns the name of an element from the inside of its tag, without its prefix; that of a closing tag unchanged, with
/// its `/`.
pub(crate) fn tag_name(tag: &[u8]) -> &[u8] {
    let end = memchr::memchr3(b' ', b'\n', b'\t', tag).unwrap_or(tag.len());
    let name = tag.get(..end).unwrap_or_default();
    let name = name.strip_suffix(b"/").unwrap_or(name);
    match name.iter().rposition(|byte| *byte == b':') {
        Some(at) if !name.starts_with(b"/") => name.get(at + 1..).unwrap_or_default(),
        _ => name,
    }
}

/// Finds the value of an attribute, unchanged, in the inside of a tag.
pub(crate) fn tag_value<'t>(tag: &'t [u8], name: &str) -> Option<&'t [u8]> {
    let mut finds = memchr::memmem::find_iter(tag, name.as_bytes());
    let start = finds.find_map(|at| {
        let before = tag.get(at.checked_sub(1)?)?;
        let behind = at + name.len();
        (before.is_ascii_whitespace() && tag.get(behind) == Some(&b'=')).then_some(behind + 1)
    })?;
    let quote = *tag.get(start)?;
    let value = tag.get(start + 1..)?;
    value.get(..memchr::memchr(quote, value)?)
}

/// Reads an attribute as a number.
pub(crate) fn tag_number(tag: &[u8], name: &str) -> Option<u64> {
    std::str::from_utf8(tag_value(tag, name)?)
        .ok()?
        .parse()
        .ok()
}

/// Bytes of a formula that is looked at; the one of a total is short.
pub(crate) const FORMULA_BYTES_MAX: usize = 1 << 10;

/// Returns true for a formula that is one call of a function that sums up or counts a range, and nothing more: a next
/// free number (`MAX(A2:A9)+1`) is more.
pub(crate) fn is_total_formula(formula: &str) -> bool {
    const FUNCTIONS: [&str; 22] = [
        "SUM",
        "SUBTOTAL",
        "AGGREGATE",
        "COUNT",
        "COUNTA",
        "COUNTIF",
        "SUMIF",
        "AVERAGE",
        "MEDIAN",
        "MIN",
        "MAX",
        "PRODUCT",
        "COUNTIFS",
        "COUNTBLANK",
        "COUNTUNIQUE",
        "SUMIFS",
        "SUMPRODUCT",
        "AVERAGEIF",
        "AVERAGEIFS",
        "ROWS",
        "COLUMNS",
        "LEN",
    ];
    let formula = formula
        .rsplit_once(":=")
        .map_or(formula, |(_, formula)| formula);
    let formula = formula.trim().trim_start_matches('=').trim();
    let Some((name, arguments)) = formula.split_once('(') else {
        return false;
    };
    // `_xlfn.AGGREGATE`, `COM.MICROSOFT.AGGREGATE`.
    let name = name.rsplit('.').next().unwrap_or(name);
    // Columns of a table have brackets, which in ODS every cell has.
    let has_range =
        arguments.contains(':') || (arguments.contains('[') && !arguments.contains("[."));
    let is_whole = arguments.strip_suffix(')').is_some_and(|arguments| {
        let mut depth = 1;
        arguments.chars().all(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth > 0
        })
    });
    has_range
        && is_whole
        && FUNCTIONS
            .iter()
            .any(|function| function.eq_ignore_ascii_case(name.trim()))
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
    /// The places of the cells.
    pub(crate) spots: Vec<Spot>,
    pub(crate) hidden: bool,
    /// The places of empty cells, as far as they are told apart; not more than a row has cells.
    pub(crate) blank_spots: Vec<Spot>,
    /// True if it repeats the row before, which the part contains only once.
    pub(crate) repeats: bool,
    /// Cells that formulas of other cells fill: the last row, and the columns.
    pub(crate) filled: Vec<(u64, Range<usize>)>,
}

/// The place of a cell in its part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spot {
    /// The columns of the cell; several where it is repeated.
    pub(crate) columns: Range<usize>,
    /// The tag that begins it.
    pub(crate) tag: Range<u64>,
    /// The text that it shows, without comments and drawings; empty where it shows nothing of its own.
    pub(crate) shown: Range<u64>,
    /// True if there is something else within the text that it shows.
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
            hidden: false,
            blank_spots: Vec::new(),
            repeats: false,
            filled: Vec::new(),
        }
    }

    /// Returns true if the part has a cell in this column that is not empty.
    pub(crate) fn has_cell(&self, column: usize) -> bool {
        self.spots.iter().any(|spot| spot.columns.contains(&column))
    }

    /// Notes that a formula of this row fills cells down to a row.
    pub(crate) fn fill(&mut self, last_line: u64, columns: Range<usize>) {
        let line = self.line;
        self.filled.retain(|(last, _)| *last >= line);
        if self.filled.len() >= AREAS_MAX {
            // Too many to keep apart: all that follow count as filled.
            self.filled = vec![(u64::MAX, 0..usize::MAX)];
        } else {
            self.filled.push((last_line, columns));
        }
    }

    /// Returns true if the cell of a column contains the result of a formula.
    pub(crate) fn is_calculated(&self, column: usize) -> bool {
        let fills =
            |(last, columns): &(u64, Range<usize>)| *last >= self.line && columns.contains(&column);
        let own = self
            .spots
            .iter()
            .find(|spot| spot.columns.contains(&column));
        own.is_some_and(|spot| spot.has_formula) || self.filled.iter().any(fills)
    }

    /// Counts cells out of proportion to the bytes read for them.
    pub(crate) fn count_unbacked(&mut self, cells: u64) -> Result<(), SheetError> {
        self.conjured = self.conjured.saturating_add(cells);
        if self.conjured > CONJURED_CELLS_MAX {
            let what = format!("it has more than {CONJURED_CELLS_MAX} blank or repeated cells");
            return Err(oversized(&self.file, &what));
        }
        Ok(())
    }

    /// Puts a text that cells share; `is_pieced` is true where a piece of it is marked, and another is not.
    pub(crate) fn put_shared(
        &mut self,
        column: usize,
        text: &str,
        is_pieced: bool,
    ) -> Result<(), SheetError> {
        self.put_shown(column, |out| {
            out.push_str(text);
            match is_pieced {
                true => Stored::Pieces,
                false => Stored::Text,
            }
        })
    }

    /// Like [`RawRow::put`], for a text of which the cell has only a word: one that many cells share, a
    /// number's format.
    pub(crate) fn put_shown(
        &mut self,
        column: usize,
        write: impl FnOnce(&mut String) -> Stored,
    ) -> Result<(), SheetError> {
        let before = self.text.len();
        self.put(column, write)?;
        let bytes = self.text.len().saturating_sub(before);
        self.count_unbacked(bytes.saturating_sub(SHOWN_BYTES_FREE) as u64)
    }

    pub(crate) fn begin(&mut self, line: u64) {
        self.line = line;
        self.spots.clear();
        self.blank_spots.clear();
        self.repeats = false;
        self.hidden = false;
        self.text.clear();
        self.ends.clear();
        self.stored.clear();
    }

    /// Puts a cell; the cells between it and those before are blank.
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
            self.count_unbacked((column - self.ends.len()) as u64)?;
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

    /// Puts a cell before others of its row; returns its length.
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
        // Moving the text behind it is work, like cells that stand for several.
        self.count_unbacked((self.ends.len() - column + behind.len() / 16) as u64)?;
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

    /// Says of a filled cell that it is stored in another way than its text shows.
    pub(crate) fn mark(&mut self, column: usize, stored: Stored) {
        let filled = self
            .cells()
            .get(column)
            .is_some_and(|text| !text.trim().is_empty());
        if let Some(cell) = self.stored.get_mut(column).filter(|_| filled) {
            *cell = stored;
        }
    }

    /// The way in which the cell of a column is stored.
    pub(crate) fn stored_as(&self, column: usize) -> Stored {
        self.stored.get(column).copied().unwrap_or_default()
    }

    /// Says how a cell is stored, blank or not.
    pub(crate) fn set_stored(&mut self, column: usize, stored: Stored) {
        if let Some(cell) = self.stored.get_mut(column) {
            *cell = stored;
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && self.stored.iter().all(|stored| *stored == Stored::Text)
    }

    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells::new(&self.text, &self.ends)
    }
}
