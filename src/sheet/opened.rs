//! A table as the reader of its format opens it.

use std::sync::Arc;

/// A table whose headings are read, and everything needed to read its rows.
#[derive(Debug)]
pub(crate) struct Opened<C> {
    /// The sheet's name within a workbook.
    pub(crate) sheet: Option<Arc<str>>,
    pub(crate) headings: Vec<String>,
    pub(crate) header_line: Option<u64>,
    /// The findings about the file, in words.
    pub(crate) notes: Vec<String>,
    pub(crate) beside: BesideRows,
    pub(crate) content: C,
}

/// The parts of a file beside the cells of its rows that may say which rows are meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct BesideRows {
    /// True if neither the sheet nor the line of its headings was named.
    pub(crate) is_found: bool,
    /// True if the sheet was asked for by its name.
    pub(crate) is_named: bool,
    /// True if it is read because all sheets that can be meant are.
    pub(crate) is_one_of_all: bool,
    /// The texts above the headings, unless the line of the headings was named.
    pub(crate) titles: Vec<String>,
    /// The word above each heading that stands for several columns; blank, or missing at the end, where there is none.
    pub(crate) above: Vec<String>,
    /// The number of rows that are hidden, and read all the same.
    pub(crate) hidden_rows: u64,
    /// The number of rows with a cell that is struck through.
    pub(crate) struck_rows: u64,
    /// The number of rows with a fill colour that others lack.
    pub(crate) coloured_rows: u64,
    /// The number of rows with a font colour that others lack.
    pub(crate) font_coloured_rows: u64,
    /// The number of rows with a note on a cell.
    pub(crate) noted_rows: u64,
    /// The number of conditional formats that may mark rows.
    pub(crate) conditional_formats: u64,
}
