//! The headings of a table that is written.

/// The beginning of the headings of columns that rowcall adds to a sheet: they are ignored when the sheet is read again.
pub const OWN_PREFIX: &str = "rowcall_";

/// A column that is written: its heading, and its treatment in formats for people. Formats for machines have the
/// heading alone.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// The heading.
    pub heading: String,
    /// The likely number of characters in its cells; 0 where only the heading is known.
    pub width: usize,
    /// True if it contains sentences: shown wide and in several lines.
    pub(crate) prose: bool,
    /// The tone of a cell, which decides its colour. The cell's words must say the same. Rows with a cell of
    /// `Tone::Bad` come first in formats for people.
    pub tone: Option<fn(&str) -> Tone>,
    /// True if formats for people count its words: for a column that has only a few different ones.
    pub counted: bool,
    /// True if its heading is rowcall's own, which formats for people have in the reader's language.
    pub(crate) own: bool,
    /// True if its cells are words of rowcall's own, which formats for people have in the reader's language.
    pub(crate) spoken: bool,
    /// A text that means as little as an empty cell. Formats for people hide a column that has no other.
    pub nothing: &'static str,
    /// True if formats for machines leave it out.
    pub(crate) for_people: bool,
    /// True if a workbook hides it.
    pub hidden: bool,
    /// True if a workbook folds it away with the columns beside it, until somebody opens them.
    pub folded: bool,
    /// True if its cells have to be filled in.
    pub required: bool,
    /// The note for people who fill it in.
    pub comment: String,
    /// The words offered to people who fill it in.
    pub choices: Vec<String>,
}

impl Column {
    /// The same column under a heading of rowcall's own.
    pub(crate) fn own(self) -> Column {
        Column { own: true, ..self }
    }

    /// Returns true if a workbook shows it at once.
    pub(crate) fn is_seen(&self) -> bool {
        !self.hidden && !self.folded
    }
}

/// The tone of a cell: good news, bad news or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Good news.
    Good,
    /// Worth a look.
    Notice,
    /// Not as wanted.
    Bad,
    /// Neither good nor bad.
    Plain,
}

/// The head of a column that is written: a bare heading, or a [`Column`].
pub trait Heading {
    fn column(&self) -> Column;
}

impl Heading for &str {
    fn column(&self) -> Column {
        (*self).to_owned().column()
    }
}

impl Heading for String {
    fn column(&self) -> Column {
        Column {
            heading: self.clone(),
            ..Column::default()
        }
    }
}

impl Heading for Column {
    fn column(&self) -> Column {
        self.clone()
    }
}

/// One of several lines in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarkedLine {
    pub text: String,
    /// The tone of the line.
    pub tone: Tone,
    /// The number of the group that it belongs to, counted from 0: lines of one group give the same finding in other
    /// rows.
    pub group: Option<usize>,
}

/// A further table for people: a sheet of its own in a workbook, a section of a page, left out elsewhere.
#[derive(Debug, Clone, Default)]
pub struct ExtraSheet {
    /// The name of the sheet with the rows.
    pub table: String,
    /// The sheet's name: at most 31 characters.
    pub name: String,
    /// Its title. A sheet with a title is recognised by it as one without rows of data; see [`TITLE_PREFIX`].
    pub title: String,
    pub headings: Vec<String>,
    pub rows: Vec<ExtraRow>,
}

/// A cell that another one leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellLink {
    /// The sheet; `None` for the table's own.
    pub table: Option<String>,
    pub cell: String,
}

/// A row of an [`ExtraSheet`].
#[derive(Debug, Clone, Default)]
pub struct ExtraRow {
    /// Its cells, in the order of the headings.
    pub cells: Vec<String>,
    /// The column, counted from 0, of the cell that has a tone.
    pub mark: Option<(usize, Tone)>,
    /// The cell that the first cell leads to, for example `C7`, of the table's own sheet or of the one that is named;
    /// `None` where it leads nowhere.
    pub link: Option<CellLink>,
}

impl ExtraRow {
    pub(crate) fn plain(cells: Vec<String>) -> ExtraRow {
        ExtraRow {
            cells,
            ..ExtraRow::default()
        }
    }

    /// The tone of the cell in a column, counted from 0.
    pub(crate) fn tone(&self, column: usize) -> Tone {
        match self.mark {
            Some((marked, tone)) if marked == column => tone,
            _ => Tone::Plain,
        }
    }
}

/// The beginning of the first cell of a sheet that describes other sheets and has no rows of data itself: such a sheet
/// is read only when it is named.
pub(crate) const TITLE_PREFIX: &str = "rowcall: ";
