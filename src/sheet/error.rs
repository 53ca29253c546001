//! Errors of sheets that cannot be read or written.

use crate::model::Place;
use crate::sheet::format::written_endings;
use std::fmt;
use std::io;
use std::sync::Arc;

/// An error that keeps a sheet from being read or written. The message names the file and, where there is one, the
/// line, and ends with the next step. It never contains the text of a cell, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetError {
    /// The file as it was named; `-` for standard input.
    pub file: Arc<str>,
    /// The line, counting from 1; `None` where the file as a whole is meant.
    pub line: Option<u64>,
    /// The kind of error.
    pub kind: SheetErrorKind,
}

/// The kinds of error in a sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetErrorKind {
    /// There is no such file.
    #[error("there is no such file. Check the path")]
    NotFound,
    /// It is a directory.
    #[error("is a directory. Name the file in it")]
    Directory,
    /// The system refuses to read it; its own reason.
    #[error("cannot be read: {0}. Check the file and the permission to read it")]
    Unreadable(String),
    /// It changed between two readings.
    #[error("changed while it was read. Let nothing write to it, and run again")]
    Changed,
    /// There is nothing in it.
    #[error("is empty. A table needs headings and at least one row")]
    Empty,
    /// It has headings and no row.
    #[error("has headings but no row. Add at least one row")]
    HeaderOnly,
    /// Its encoding is unclear, or is not read; the text has the reason and the next step.
    #[error("{0}")]
    Encoding(String),
    /// A heading is no text.
    #[error(
        "the header row holds bytes that are no UTF-8 text. Save the file as UTF-8 (in Excel: “CSV UTF-8”)"
    )]
    HeaderNotText,
    /// Two delimiters, by their names, divide the rows alike.
    #[error(
        "cannot tell what separates the cells: {0} and {1} divide the rows alike. Say it with --delimiter {0} or --delimiter {1}"
    )]
    DelimiterUnclear(&'static str, &'static str),
    /// The headings cannot be found: the reason, and a line that may have them.
    #[error("{0}. Say where the headings stand with --header-row, for example --header-row {1}")]
    HeaderUnclear(String, u64),
    /// The headings of a second table: their line, the line of the first table's, and the name of the sheet in a workbook.
    #[error(
        "this line reads like the headings of a second table, whose rows would be read by the headings of line {first}. Put each table in a file or a sheet of its own, or take the line out if it is a remark; --header-row {line} reads the lower table alone"
    )]
    SecondTable {
        /// The line of the lower headings.
        line: u64,
        /// The line of the upper ones.
        first: u64,
        /// The name of the sheet, in a workbook.
        sheet: Option<Arc<str>>,
    },
    /// The first row of a legend below the rows, and the name of the sheet in a workbook.
    #[error(
        "this row reads like the first of a legend: a text beside a number of another length than those above. Put it in a file or a sheet of its own, or take it out; if it is an extension, put it above the others"
    )]
    Legend(Option<Arc<str>>),
    /// No row begins on the line that was given for the headings.
    #[error(
        "no row begins on the line that --header-row names. Look up the line in the file, counting from 1"
    )]
    NoRowThere,
    /// The delimiter that was asked for cannot separate cells.
    #[error("“{0}” cannot separate cells. Take a comma, semicolon, tab or pipe")]
    Delimiter(char),
    /// A quote is opened on the line and never closed.
    #[error(
        "a quote opens on this line and is never closed. Close it, or double it where it is meant as a character"
    )]
    UnclosedQuote,
    /// A quote is opened on the line, and this line, which looks like a row, is within it.
    #[error(
        "a quote opens on this line, and line {0}, which looks like a row, is within it: no row down to the closing quote would be read. Take the quote out, or write it twice within quotes where it is meant as a character"
    )]
    RowInQuotes(u64),
    /// A cell is longer than this number of bytes.
    #[error(
        "a cell that begins on this line is longer than {0} bytes. If a quote was opened and not closed, close it; else shorten the cell"
    )]
    CellTooLong(usize),
    /// A row is longer than this number of bytes.
    #[error(
        "the row that begins on this line is longer than {0} bytes. Check that the file is a table with line breaks between its rows"
    )]
    RowTooLong(usize),
    /// It is no JSON, or no rows in JSON: the column, in characters counted from 1, and the text that was expected.
    #[error("{1}")]
    Json(u64, String),
    /// A member beside the rows, which is named, says that there are more than these rows.
    #[error(
        "holds {1}, and {0} beside them says that there are more: it is one page of several. Fetch all pages and put their rows in one list; if these are all, write the list alone into a file"
    )]
    OnePage(String, String),
    /// It cannot be written; the system's own reason.
    #[error("cannot be written: {0}. Check the folder, the permission to write and the free space")]
    Unwritable(String),
    /// Its ending belongs to no format that is written.
    #[error(
        "its ending names no format that is written. End it with {}",
        written_endings()
    )]
    Ending,
    /// The workbook is protected with a password.
    #[error(
        "is protected with a password. Open it, remove the password (in Excel: File, Info, Protect Workbook, Encrypt with Password, leave it blank), and save it"
    )]
    Encrypted,
    /// The workbook is damaged, and how.
    #[error(
        "the workbook is damaged: {0}. Open it in Excel or LibreOffice, which may repair it, and save it as .xlsx"
    )]
    DamagedWorkbook(String),
    /// The workbook is larger than a table of extensions can be, or declares that it is.
    #[error(
        "the workbook is larger than is safe to read: {0}. Copy the table alone into a new workbook, or save it as “CSV UTF-8”"
    )]
    OversizedWorkbook(String),
    /// It is something other than a workbook that is read.
    #[error("is {0}, which is not read. Open it in Excel or LibreOffice and save it as .xlsx")]
    OtherWorkbook(&'static str),
    /// It is text that calls itself a workbook, and may end with this instead.
    #[error("is text, in spite of its ending, and no workbook. Rename it to {0}")]
    TextNotWorkbook(&'static str),
    /// It is packed, and cannot be unpacked, or not safely: why.
    #[error("{0}. Unpack it by other means, and name the sheet itself")]
    Packed(String),
    /// It is an archive with several sheets, which are named.
    #[error("holds several sheets: {0}. Unpack it, and name those to read")]
    SeveralPacked(String),
    /// The workbook has no sheet of the name that was asked for: that name, and those that there are.
    #[error("has no sheet “{0}”; it has: {1}. Name one of these with --sheet")]
    NoSuchSheet(String, String),
    /// Several of its sheets can be meant: their names with their rows, the option that names all of them, their names, and
    /// words for those that may be meant too and have no heading for the number.
    #[error(
        "several of its sheets can be meant: {0}{3}. Name those to read with {1}, or all of them with --sheet '*'"
    )]
    SeveralSheets(String, String, Vec<String>, String),
    /// Sheets have numbers and no heading for them, beside one that has: their names, and the flags that read the others.
    #[error(
        "{0} may hold extensions too, but no heading there names the number. Give it the headings of the other sheets, or leave it out with {1}"
    )]
    NumbersWithoutHeading(String, String),
    /// None of its sheets, which are named in words and one by one, has a column for the number.
    #[error(
        "none of its sheets has a column for the number; it has: {0}. Name the sheet with --sheet, or the column with --map"
    )]
    WhichSheet(String, Vec<String>),
    /// It is of a format that is written for people, and not read.
    #[error(
        "is a page for people, which cannot be read. Write the table as .csv, .json or .xlsx too, and name that"
    )]
    Page,
    /// No repaired copy can be made of it: its kind, and the next step.
    #[error("is {0}, of which no repaired copy can be made. {1}")]
    NotRepairable(String, &'static str),
    /// The text of a cell (its name) is longer than this number of characters.
    #[error(
        "cell {0} would be longer than the {1} characters that a workbook can hold. Shorten it, or write .csv or .jsonl"
    )]
    CellTooLongForBook(String, usize),
    /// There are more rows than this, or more text than a workbook can have.
    #[error(
        "is full: a workbook holds {0} rows and 4 GiB of text. Write .csv or .jsonl, or split the table"
    )]
    BookFull(u32),
    /// There are more columns than this number.
    #[error("has more than {0} columns. Leave out those that are not needed")]
    TooManyColumns(usize),
}

impl fmt::Display for SheetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sheet = match &self.kind {
            SheetErrorKind::SecondTable { sheet, .. } | SheetErrorKind::Legend(sheet) => {
                sheet.clone()
            }
            _ => None,
        };
        let (file, line) = (self.file.clone(), self.line.unwrap_or(0));
        let place = Place {
            file,
            sheet,
            line,
            cell_breaks: 0,
        };
        place.fmt(f)?;
        if let SheetErrorKind::Json(column, _) = &self.kind {
            write!(f, ":{column}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for SheetError {}

impl SheetErrorKind {
    /// The sheets of which some are to be named; none where that is not the matter.
    pub(crate) fn sheets(&self) -> &[String] {
        match self {
            SheetErrorKind::SeveralSheets(_, _, sheets, _)
            | SheetErrorKind::WhichSheet(_, sheets) => sheets,
            _ => &[],
        }
    }

    pub(crate) fn in_file(self, file: &Arc<str>) -> SheetError {
        SheetError {
            file: file.clone(),
            line: None,
            kind: self,
        }
    }

    pub(crate) fn on_line(self, file: &Arc<str>, line: u64) -> SheetError {
        SheetError {
            line: Some(line),
            ..self.in_file(file)
        }
    }
}

impl SheetError {
    pub(crate) fn unwritable(file: &Arc<str>, error: &io::Error) -> SheetError {
        SheetErrorKind::Unwritable(error.to_string()).in_file(file)
    }

    pub(crate) fn unreadable(file: &Arc<str>, error: &io::Error) -> SheetError {
        SheetErrorKind::Unreadable(error.to_string()).in_file(file)
    }
}
