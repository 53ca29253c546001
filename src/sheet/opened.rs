//! A table as the reader of its format opens it.

use crate::model::redact::{heading_shown, quoted};
use std::sync::Arc;

/// The most titles that a note names.
const TITLES_MAX: usize = 3;

/// A table whose headings are read, and everything needed to read its rows.
#[derive(Debug)]
pub(crate) struct Opened<C> {
    /// The sheet's name within a workbook.
    pub(crate) sheet: Option<Arc<str>>,
    pub(crate) headings: Vec<String>,
    pub(crate) header_line: Option<u64>,
    /// The number of that row as a spreadsheet counts it.
    pub(crate) header_row: Option<u64>,
    /// The findings about the file, in words.
    pub(crate) notes: Vec<String>,
    pub(crate) beside: BesideRows,
    pub(crate) content: C,
}

/// A value of JSON beside the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BesideMember {
    /// The names that lead to it, joined with dots.
    pub(crate) name: String,
    /// The value as a text; blank for a list of lists or objects.
    pub(crate) text: String,
    /// True for a list, or an entry of one.
    pub(crate) is_list: bool,
    /// True if interfaces describe their answers by such a name.
    pub(crate) is_of_answer: bool,
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
    /// The texts above the headings.
    pub(crate) titles: Vec<String>,
    /// True if the line of the headings was named: the name of the table is answered for.
    pub(crate) is_line_named: bool,
    /// The values beside the rows in the objects around them, but for those that pages say of themselves.
    pub(crate) members: Vec<BesideMember>,
    /// The word above each heading that stands for several columns; blank, or missing at the end, where there is none.
    pub(crate) above: Vec<String>,
    /// The number of rows that are hidden, and read all the same.
    pub(crate) hidden_rows: u64,
    /// The number of rows that are hidden, and not read.
    pub(crate) hidden_left_out: u64,
    /// The hidden sheets that are not read, for none was named.
    pub(crate) hidden_sheets: Vec<Arc<str>>,
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

impl BesideRows {
    /// The note that tells the line of the headings, followed by the texts above them, unless the line was named: then they may
    /// be rows.
    pub(crate) fn below_titles(&self, note: String) -> String {
        let titles = self.open_titles().iter().map(|title| title.trim());
        let titles = titles.filter(|title| !title.is_empty()).take(TITLES_MAX);
        let shown: Vec<String> = titles.map(|title| quoted(&heading_shown(title))).collect();
        match shown.is_empty() {
            true => note,
            false => format!("{note}, below {}", shown.join(", ")),
        }
    }

    /// The texts that may be the name of the table, unless the user has answered for it.
    pub(crate) fn open_titles(&self) -> &[String] {
        match self.is_line_named {
            true => &[],
            false => &self.titles,
        }
    }
}
