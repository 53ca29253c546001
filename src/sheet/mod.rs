//! Tables in and out. Knows no vendor and no field: headings and cells are text.
//!
//! A sheet is read in batches, so that a batch can be parsed on any thread while the next one is read; rows come in
//! their order, and memory does not grow with their number.

mod book;
mod csv;
mod detect;
mod html;
mod json;
pub mod markdown;
mod ods;
mod repair;
mod source;
mod workbook;
mod writer;
mod xls;
mod xlsx;

#[cfg(test)]
mod tests;

use crate::model::{Finding, Place};
pub use detect::encoding::Encoding;
pub use detect::header::looks_like_data;
pub use repair::{Mended, Mends};
pub use writer::{Aside, Column, Heading, Readers, Tone, Writer};

use source::Source;
use std::fmt;
use std::io;
use std::iter;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a sheet comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// What a name on the command line means: `-` is standard input.
    pub fn named(name: &str) -> Input {
        if name == "-" {
            Input::Stdin
        } else {
            Input::File(name.into())
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Stdin => f.write_str("-"),
            Input::File(path) => path.display().fmt(f),
        }
    }
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells separated by a comma, semicolon, tab or pipe.
    Csv,
    /// An array of objects.
    Json,
    /// One object a line.
    JsonLines,
    /// A workbook.
    Xlsx,
    /// A page for people. It is written only.
    Html,
    /// A table in a text for people. It is written only.
    Markdown,
}

impl Format {
    /// The format that a file's ending stands for; `None` where it stands for none.
    pub fn of_ending(name: &str) -> Option<Format> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "tab" | "psv" => Some(Format::Csv),
            "json" => Some(Format::Json),
            "jsonl" | "ndjson" => Some(Format::JsonLines),
            "xlsx" => Some(Format::Xlsx),
            "html" | "htm" => Some(Format::Html),
            "md" | "markdown" => Some(Format::Markdown),
            _ => None,
        }
    }
}

/// Whether a name ends as the names of sheets do.
pub fn ends_like_a_sheet(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let is_workbook = ending.is_some_and(|ending| {
        let mut endings = book::ENDINGS.iter();
        endings.any(|known| known.eq_ignore_ascii_case(ending))
    });
    is_workbook || Format::of_ending(name).is_some()
}

/// How a sheet is read; what is absent is found out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The file's format.
    pub format: Option<Format>,
    /// What the file is written in.
    pub encoding: Option<Encoding>,
    /// What separates the cells: one ASCII character, no quote and no line break.
    pub delimiter: Option<char>,
    /// Where the headings stand.
    pub header: Header,
    /// Whether a row with fewer cells than there are headings is accepted, as if blank cells followed.
    pub pad_short_rows: bool,
    /// Whether curly quotes and primes that stand where JSON wants straight quotes are replaced.
    pub fix_quotes: bool,
    /// The sheet of a workbook that is read, by its name. Without one, those that [`Header::Found`] finds a number in.
    pub sheet: Option<String>,
    /// What is too much.
    pub limits: Limits,
}

/// Where the headings of a sheet stand. JSON has none above its rows, and takes no notice.
#[derive(Debug, Clone, Default)]
pub enum Header {
    /// In the first line that is not blank.
    #[default]
    First,
    /// In the row that begins on this line, counting from 1.
    Line(u64),
    /// In the first row that reads like headings.
    Found(Headings),
}

/// Knows headings when it sees them.
#[derive(Clone)]
pub struct Headings(Arc<dyn Fn(&str) -> Known + Send + Sync>);

/// What a text is worth as a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// It means nothing.
    Nothing,
    /// It means a field.
    Field,
    /// It means the number, without which there is no table of extensions.
    Number,
}

impl Headings {
    /// Knows what `known` knows.
    pub fn new(known: impl Fn(&str) -> Known + Send + Sync + 'static) -> Headings {
        Headings(Arc::new(known))
    }

    fn known(&self, text: &str) -> Known {
        (self.0)(text)
    }

    /// Whether one of the texts means the number.
    fn have_number(&self, texts: &[String]) -> bool {
        let mut texts = texts.iter();
        texts.any(|text| self.known(text.trim()) == Known::Number)
    }
}

impl fmt::Debug for Headings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headings")
    }
}

/// What is too much in a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one cell.
    pub cell_bytes_max: usize,
    /// Bytes of one row as it stands in the file.
    pub row_bytes_max: usize,
    /// Cells of one row.
    pub row_cells_max: usize,
    /// Objects within objects in JSON.
    pub depth_max: usize,
    /// Bytes that are read at once; a batch is about as large, and larger only where one row is.
    pub chunk_bytes: usize,
}

/// Bytes of one cell: 1 MiB.
pub const CELL_BYTES_MAX: usize = 1 << 20;
/// Bytes of one row as it stands in the file: 16 MiB.
pub const ROW_BYTES_MAX: usize = 16 << 20;
/// Cells of one row: as many as a spreadsheet has columns.
pub const ROW_CELLS_MAX: usize = 16_384;
/// Objects within objects in JSON.
pub const DEPTH_MAX: usize = 32;
/// Bytes that are read at once.
pub const CHUNK_BYTES: usize = 256 << 10;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            cell_bytes_max: CELL_BYTES_MAX,
            row_bytes_max: ROW_BYTES_MAX,
            row_cells_max: ROW_CELLS_MAX,
            depth_max: DEPTH_MAX,
            chunk_bytes: CHUNK_BYTES,
        }
    }
}

/// Why a sheet cannot be read or written. The message names the file and, where there is one, the line, and ends with
/// what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// There is no such file.
    #[error("{file}: there is no such file. Check the path")]
    NotFound {
        /// The file.
        file: Arc<str>,
    },
    /// It is a directory.
    #[error("{file}: is a directory. Name the file in it")]
    Directory {
        /// The directory.
        file: Arc<str>,
    },
    /// The system refuses to read it.
    #[error("{file}: cannot be read: {reason}. Check the file and the permission to read it")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// What the system says.
        reason: String,
    },
    /// It changed between two readings.
    #[error("{file}: changed while it was read. Let nothing write to it, and run again")]
    Changed {
        /// The file.
        file: Arc<str>,
    },
    /// There is nothing in it.
    #[error("{file}: is empty. A table needs headings and at least one row")]
    Empty {
        /// The file.
        file: Arc<str>,
    },
    /// It has headings and no row.
    #[error("{file}: has headings but no row. Add at least one row")]
    HeaderOnly {
        /// The file.
        file: Arc<str>,
    },
    /// What it is written in cannot be told, or is not read.
    #[error("{file}: {reason}")]
    Encoding {
        /// The file.
        file: Arc<str>,
        /// Why, and what to do.
        reason: String,
    },
    /// A heading is no text.
    #[error(
        "{file}:{line}: the header row holds bytes that are no UTF-8 text. Save the file as UTF-8 (in Excel: “CSV UTF-8”)"
    )]
    HeaderNotText {
        /// The file.
        file: Arc<str>,
        /// The header's line.
        line: u64,
    },
    /// What separates the cells cannot be told.
    #[error(
        "{file}:{line}: cannot tell what separates the cells: {first} and {second} divide the rows alike. Say it with --delimiter {first} or --delimiter {second}"
    )]
    DelimiterUnclear {
        /// The file.
        file: Arc<str>,
        /// The line of the header row.
        line: u64,
        /// One delimiter's name.
        first: &'static str,
        /// Another one's.
        second: &'static str,
    },
    /// Where the headings stand cannot be told.
    #[error(
        "{file}: {reason}. Say where the headings stand with --header-row, for example --header-row {line}"
    )]
    HeaderUnclear {
        /// The file.
        file: Arc<str>,
        /// Why; never with a cell's text, for it may be a secret.
        reason: String,
        /// A line where they may stand.
        line: u64,
    },
    /// No row begins on the line that was said to be the headings'.
    #[error(
        "{file}:{line}: no row begins on the line that --header-row names. Look up the line in the file, counting from 1"
    )]
    NoRowThere {
        /// The file.
        file: Arc<str>,
        /// The line.
        line: u64,
    },
    /// The delimiter cannot separate cells.
    #[error("“{delimiter}” cannot separate cells. Take a comma, semicolon, tab or pipe")]
    Delimiter {
        /// What was asked for.
        delimiter: char,
    },
    /// A quote is opened and never closed.
    #[error(
        "{file}:{line}: a quote opens on this line and is never closed. Close it, or double it where it is meant as a character"
    )]
    UnclosedQuote {
        /// The file.
        file: Arc<str>,
        /// The line on which it opens.
        line: u64,
    },
    /// A cell is too long.
    #[error(
        "{file}:{line}: a cell that begins on this line is longer than {bytes_max} bytes. If a quote was opened and not closed, close it; else shorten the cell"
    )]
    CellTooLong {
        /// The file.
        file: Arc<str>,
        /// The line on which it begins.
        line: u64,
        /// The limit.
        bytes_max: usize,
    },
    /// A row is too long.
    #[error(
        "{file}:{line}: the row that begins on this line is longer than {bytes_max} bytes. Check that the file is a table with line breaks between its rows"
    )]
    RowTooLong {
        /// The file.
        file: Arc<str>,
        /// The line on which it begins.
        line: u64,
        /// The limit.
        bytes_max: usize,
    },
    /// It is no JSON, or no rows in JSON.
    #[error("{file}:{line}:{column}: {problem}")]
    Json {
        /// The file.
        file: Arc<str>,
        /// The line of the mistake.
        line: u64,
        /// Its column in characters, counting from 1.
        column: u64,
        /// What was expected, and what to do.
        problem: String,
    },
    /// It cannot be written.
    #[error(
        "{file}: cannot be written: {reason}. Check the folder, the permission to write and the free space"
    )]
    Unwritable {
        /// The file.
        file: Arc<str>,
        /// What the system says.
        reason: String,
    },
    /// A file's ending stands for no format.
    #[error(
        "{file}: its ending names no format. End it with .csv, .tsv, .json, .jsonl, .xlsx, .html or .md"
    )]
    Ending {
        /// The file.
        file: Arc<str>,
    },
    /// A workbook is protected with a password.
    #[error(
        "{file}: is protected with a password. Open it, remove the password (in Excel: File, Info, Protect Workbook, Encrypt with Password, leave it blank), and save it"
    )]
    Encrypted {
        /// The file.
        file: Arc<str>,
    },
    /// A workbook is damaged.
    #[error(
        "{file}: the workbook is damaged: {what}. Open it in Excel or LibreOffice, which may mend it, and save it as .xlsx"
    )]
    DamagedWorkbook {
        /// The file.
        file: Arc<str>,
        /// What is wrong with it.
        what: String,
    },
    /// A workbook is larger than a table of extensions can be, or says that it is.
    #[error(
        "{file}: the workbook is larger than is safe to read: {what}. Copy the table alone into a new workbook, or save it as “CSV UTF-8”"
    )]
    OversizedWorkbook {
        /// The file.
        file: Arc<str>,
        /// What is too much.
        what: String,
    },
    /// It is no workbook of a kind that is read.
    #[error(
        "{file}: is {what}, which is not read. Open it in Excel or LibreOffice and save it as .xlsx"
    )]
    OtherWorkbook {
        /// The file.
        file: Arc<str>,
        /// What it is.
        what: &'static str,
    },
    /// It is text that calls itself a workbook.
    #[error("{file}: is text, in spite of its ending, and no workbook. Rename it to {ending}")]
    TextNotWorkbook {
        /// The file.
        file: Arc<str>,
        /// What it may end with.
        ending: &'static str,
    },
    /// A workbook has no sheet of that name.
    #[error("{file}: has no sheet “{sheet}”; it has: {names}. Name one of these with --sheet")]
    NoSuchSheet {
        /// The file.
        file: Arc<str>,
        /// The name asked for.
        sheet: String,
        /// The names that there are.
        names: String,
    },
    /// Of several sheets none has a key.
    #[error(
        "{file}: none of its sheets has a column for the number; it has: {names}. Name the sheet with --sheet, or the column with --map"
    )]
    WhichSheet {
        /// The file.
        file: Arc<str>,
        /// The names that there are.
        names: String,
    },
    /// A page is to be read.
    #[error(
        "{file}: is a page for people, which cannot be read. Write the table as .csv, .json or .xlsx too, and name that"
    )]
    Page {
        /// The file.
        file: Arc<str>,
    },
    /// It is of a kind of which no mended copy can be made.
    #[error("{file}: is {what}, of which no mended copy can be made. {instead}")]
    NotMended {
        /// The file.
        file: Arc<str>,
        /// What it is.
        what: String,
        /// What to do.
        instead: &'static str,
    },
    /// A cell is longer than a workbook can hold.
    #[error(
        "{file}: cell {cell} would be longer than the {units_max} characters that a workbook can hold. Shorten it, or write .csv or .jsonl"
    )]
    CellTooLongForBook {
        /// The file.
        file: Arc<str>,
        /// The cell as a spreadsheet names it.
        cell: String,
        /// The limit.
        units_max: usize,
    },
    /// There are more rows, or more text, than a workbook can hold.
    #[error(
        "{file}: is full: a workbook holds {rows_max} rows and 4 GiB of text. Write .csv or .jsonl, or split the table"
    )]
    BookFull {
        /// The file.
        file: Arc<str>,
        /// The limit, without the headings.
        rows_max: u32,
    },
    /// There are too many columns.
    #[error("{file}: has more than {cells_max} columns. Leave out those that are not needed")]
    TooManyColumns {
        /// The file.
        file: Arc<str>,
        /// The limit.
        cells_max: usize,
    },
}

impl SheetError {
    fn unwritable(file: &Arc<str>, error: &io::Error) -> SheetError {
        SheetError::Unwritable {
            file: file.clone(),
            reason: error.to_string(),
        }
    }

    fn unreadable(file: &Arc<str>, error: &io::Error) -> SheetError {
        SheetError::Unreadable {
            file: file.clone(),
            reason: error.to_string(),
        }
    }
}

/// One table: its headings, and its rows as often as they are asked for.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The file as it was named; `-` for standard input.
    pub file: Arc<str>,
    /// The sheet's name within a workbook.
    pub sheet: Option<Arc<str>>,
    /// The headings as they stand in the file.
    pub headings: Vec<String>,
    /// The line of the header row; `None` in JSON, which has none.
    pub header_line: Option<u64>,
    /// What was found out about the file, in words: `semicolon`, `byte-order mark`.
    pub notes: Vec<String>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Csv(csv::read::Content),
    Json(json::read::Content),
    Workbook(book::Content),
}

/// Opens an input and reads its headings. What is no file (standard input, a pipe) is first copied to disk, because it
/// is read more than once; so is what is not written in UTF-8.
///
/// # Errors
/// See [`SheetError`]; nothing is given of an input that has no row.
pub fn open(input: &Input, options: &ReadOptions) -> Result<Vec<Sheet>, SheetError> {
    let source = Source::open(input)?;
    if book::is_meant(&source, options)? {
        let mut sheets = book::open(&source, options)?;
        if let Some(first) = sheets.first_mut() {
            first.notes.extend(without_effect(options, true));
        }
        return Ok(sheets);
    }
    if let Some(sheet) = &options.sheet {
        return Err(SheetError::NoSuchSheet {
            file: source.name,
            sheet: sheet.clone(),
            names: "none, for it is no workbook".to_owned(),
        });
    }
    if source.bytes() == 0 {
        return Err(SheetError::Empty { file: source.name });
    }
    let (source, written) = detect::encoding::as_utf8(source, options.encoding)?;
    let format = match options.format.or_else(|| Format::of_ending(&source.name)) {
        Some(format) => format,
        None => format_of_content(&source)?,
    };
    let mut sheet = match format {
        Format::Csv => {
            let sheet = csv::read::open(source, options)?;
            sheet.has_row()?;
            sheet
        }
        // Which of the two it is shows as it is read.
        Format::Json | Format::JsonLines => {
            let mut sheet = json::read::open(source, options)?;
            sheet.notes.extend(without_effect(options, false));
            sheet
        }
        // Whatever is a workbook by its content was taken for one above.
        Format::Xlsx => return Err(book::text_not_workbook(&source.name, &source.head(512)?)),
        Format::Html | Format::Markdown => return Err(SheetError::Page { file: source.name }),
    };
    sheet.notes.splice(0..0, written);
    Ok(vec![sheet])
}

/// The options that were set and change nothing in how such a file is read, in words: whoever set them meant something.
fn without_effect(options: &ReadOptions, in_workbook: bool) -> Option<String> {
    let kind = if in_workbook { "a workbook" } else { "JSON" };
    let line = matches!(options.header, Header::Line(_));
    let set = [
        ("--encoding", in_workbook && options.encoding.is_some()),
        ("--delimiter", options.delimiter.is_some()),
        ("--header-row", !in_workbook && line),
        ("--pad-short-rows", options.pad_short_rows),
        ("--fix-quotes", in_workbook && options.fix_quotes),
    ];
    let names: Vec<&str> = set
        .iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(name, _)| *name)
        .collect();
    match names.split_last() {
        None => None,
        Some((last, [])) => Some(format!("{last} changes nothing for {kind}")),
        Some((last, rest)) => Some(format!(
            "{} and {last} change nothing for {kind}",
            rest.join(", ")
        )),
    }
}

fn format_of_content(source: &Source) -> Result<Format, SheetError> {
    let head = source.head(4096)?;
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(match first {
        Some(b'[' | b'{') => Format::Json,
        _ => Format::Csv,
    })
}

impl Sheet {
    /// A fresh pass over the rows, from the first one.
    pub fn batches(&self) -> Batches {
        let batches = match &self.content {
            Content::Csv(content) => AnyBatches::Csv(content.batches()),
            Content::Json(content) => AnyBatches::Json(content.batches()),
            Content::Workbook(content) => AnyBatches::Workbook(Box::new(content.batches())),
        };
        Batches { batches, given: 0 }
    }

    /// A pass over picked rows only, from batch to batch: quick where the file can be entered anywhere. The picks come
    /// in the order of their batches.
    pub fn again(
        &self,
        picks: Vec<Picks>,
    ) -> Box<dyn Iterator<Item = Result<Again<'_>, SheetError>> + '_> {
        let mut picks = picks.into_iter().peekable();
        let Content::Csv(content) = &self.content else {
            return Box::new(self.batches().filter_map(move |batch| match batch {
                Ok(batch) => {
                    let picks = picks.next_if(|picks| picks.batch == batch.nth)?;
                    let from = PickedFrom::Batch(batch);
                    Some(Ok(Again { picks, from }))
                }
                Err(error) => Some(Err(error)),
            }));
        };
        let again = picks.map(move |picks| {
            let from = PickedFrom::Csv(content);
            Ok(Again { picks, from })
        });
        // The end of a whole pass tells it by itself.
        let changed = iter::once_with(|| content.unchanged());
        Box::new(again.chain(changed.filter_map(|unchanged| unchanged.err().map(Err))))
    }

    /// The place of the row that starts on a line.
    pub fn place(&self, line: u64) -> Place {
        Place {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            line,
        }
    }

    /// Refuses a sheet without rows. A mistake in the rows is no matter here: it shows when they are read.
    fn has_row(&self) -> Result<(), SheetError> {
        for batch in self.batches() {
            if !matches!(batch.and_then(|batch| batch.rows(|_| ())), Ok(0)) {
                return Ok(());
            }
        }
        Err(SheetError::HeaderOnly {
            file: self.file.clone(),
        })
    }
}

/// One pass over the rows of a sheet, in batches. After an error it ends.
pub struct Batches {
    batches: AnyBatches,
    given: u64,
}

enum AnyBatches {
    Csv(csv::read::Batches),
    Json(json::read::Batches),
    Workbook(Box<book::Batches>),
}

impl Iterator for Batches {
    type Item = Result<Batch, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let nth = self.given;
        self.given += 1;
        let batch = match &mut self.batches {
            AnyBatches::Csv(batches) => batches.next()?.map(AnyBatch::Csv),
            AnyBatches::Json(batches) => batches.next()?.map(AnyBatch::Json),
            AnyBatches::Workbook(batches) => batches.next()?.map(AnyBatch::Workbook),
        };
        Some(batch.map(|rows| Batch { rows, nth }))
    }
}

/// Some rows that follow one another, not yet parsed.
pub struct Batch {
    rows: AnyBatch,
    /// Which batch of its sheet it is, counting from 0.
    nth: u64,
}

enum AnyBatch {
    Csv(csv::read::Batch),
    Json(json::read::Batch),
    Workbook(book::Batch),
}

impl fmt::Debug for Batches {
    /// Without the bytes, in which secrets stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batches")
    }
}

impl fmt::Debug for Batch {
    /// Without the bytes, in which secrets stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batch")
    }
}

impl Batch {
    /// Parses the rows on the thread that calls, gives each of them, and tells how many there were.
    ///
    /// # Errors
    /// Where a row breaks a limit; the rows before it were given.
    pub fn rows(&self, each: impl FnMut(Row<'_>)) -> Result<u64, SheetError> {
        match &self.rows {
            AnyBatch::Csv(batch) => batch.rows(each),
            AnyBatch::Json(batch) => batch.rows(each),
            AnyBatch::Workbook(batch) => batch.rows(each),
        }
    }

    /// None of its rows, to begin with.
    pub fn picks(&self) -> Picks {
        let extent = match &self.rows {
            AnyBatch::Csv(batch) => batch.extent(),
            _ => csv::read::Extent::default(),
        };
        Picks {
            batch: self.nth,
            extent,
            rows: Vec::new(),
        }
    }
}

/// Rows of one batch that are to be read again: 16 bytes each.
#[derive(Debug)]
pub struct Picks {
    batch: u64,
    extent: csv::read::Extent,
    rows: Vec<Pick>,
}

/// One row, told from where its batch begins.
#[derive(Debug, Clone, Copy)]
struct Pick {
    index: u32,
    lines: u32,
    start: u32,
    end: u32,
}

impl Picks {
    /// Picks a row; they must come in their order. Gives whether it could: not in a batch of 4 GiB and more.
    pub fn add(&mut self, row: &Row<'_>) -> bool {
        let pick = || {
            Some(Pick {
                index: u32::try_from(row.index).ok()?,
                lines: u32::try_from(row.line.checked_sub(self.extent.line)?).ok()?,
                start: u32::try_from(row.bytes.start).ok()?,
                end: u32::try_from(row.bytes.end).ok()?,
            })
        };
        let pick = pick();
        self.rows.extend(pick);
        pick.is_some()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Rows that were picked from one batch.
pub struct Again<'s> {
    picks: Picks,
    from: PickedFrom<'s>,
}

enum PickedFrom<'s> {
    Csv(&'s csv::read::Content),
    Batch(Batch),
}

impl fmt::Debug for Again<'_> {
    /// Without the bytes, in which secrets stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Again")
    }
}

impl Again<'_> {
    /// As [`Batch::rows`], for the picked rows only; they are as they were.
    ///
    /// # Errors
    /// As [`Batch::rows`], and where the file cannot be read any more.
    pub fn rows(&self, mut each: impl FnMut(Row<'_>)) -> Result<(), SheetError> {
        let mut picks = self.picks.rows.iter();
        match &self.from {
            PickedFrom::Csv(content) => {
                let batch = content.again(self.picks.extent, &self.picks.rows)?;
                batch.rows(|row| {
                    if let Some(pick) = picks.next() {
                        let index = pick.index.into();
                        each(Row { index, ..row });
                    }
                })?;
            }
            PickedFrom::Batch(batch) => {
                let mut picks = picks.peekable();
                batch.rows(|row| {
                    if picks
                        .next_if(|pick| u64::from(pick.index) == row.index)
                        .is_some()
                    {
                        each(row);
                    }
                })?;
            }
        }
        Ok(())
    }
}

/// The cell text that means *empty it*; what a JSON `null` is read as.
pub const CLEAR: &str = "<clear>";

/// The cell text that means *make one up*: for passwords and PINs of new extensions.
pub const GENERATE: &str = "<generate>";

/// Whether a cell's text is [`GENERATE`]. However a spreadsheet spelled it: nobody's password is to become that word.
pub fn is_generate(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(GENERATE)
}

/// How a cell is stored in its file, as far as the text does not tell: what may have been lost before it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stored {
    /// As text; every cell of a text file is.
    #[default]
    Text,
    /// As a number that shows as it is: zeros before it, a `+`, spaces would have been lost.
    Number,
    /// As a number whose format shows more than the number (`0007`, `1,234`, `7%`): the text is what is shown.
    Shown,
    /// As a number of more than 15 digits: a spreadsheet keeps no more, the last ones are lost.
    Rounded,
    /// As a date or a time.
    Date,
    /// As a switch: `TRUE` or `FALSE`.
    Boolean,
    /// As an error: `#N/A`, `#REF!`, …
    Error,
    /// As a formula that no spreadsheet has calculated yet: the text is blank.
    Uncalculated,
}

/// The cells of one row, borrowed from the batch.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    bounds: Bounds<'a>,
    /// Empty where every cell is stored as text.
    stored: &'a [Stored],
}

/// Where cells stand in their text.
#[derive(Debug, Clone, Copy)]
enum Bounds<'a> {
    /// One behind the other, each ending here.
    Ends(&'a [usize]),
    /// Each from here to there, with something between them.
    Apart(&'a [(u32, u32)]),
}

impl<'a> Cells<'a> {
    /// Cells that lie one behind the other in `text`, each ending where `ends` says.
    pub fn new(text: &'a str, ends: &'a [usize]) -> Self {
        Cells::stored_as(text, ends, &[])
    }

    /// As [`Cells::new`]; `stored` says how each is stored, and is empty where all are stored as text.
    pub fn stored_as(text: &'a str, ends: &'a [usize], stored: &'a [Stored]) -> Self {
        let bounds = Bounds::Ends(ends);
        Cells {
            text,
            bounds,
            stored,
        }
    }

    /// How the cell of a column is stored.
    pub fn stored(&self, column: usize) -> Stored {
        self.stored.get(column).copied().unwrap_or_default()
    }

    /// How each cell is stored; empty where all are stored as text.
    pub fn all_stored(&self) -> &'a [Stored] {
        self.stored
    }

    fn apart(text: &'a str, cells: &'a [(u32, u32)]) -> Self {
        let bounds = Bounds::Apart(cells);
        Cells {
            text,
            bounds,
            stored: &[],
        }
    }

    /// The text of all cells, with what divides them in the file where that is still there.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self.bounds {
            Bounds::Ends(ends) => ends.len(),
            Bounds::Apart(cells) => cells.len(),
        }
    }

    /// The first ones, at most so many.
    pub(crate) fn first(self, columns: usize) -> Self {
        let bounds = match self.bounds {
            Bounds::Ends(ends) => Bounds::Ends(ends.get(..columns).unwrap_or(ends)),
            Bounds::Apart(cells) => Bounds::Apart(cells.get(..columns).unwrap_or(cells)),
        };
        Cells { bounds, ..self }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of a column, counting from 0; `None` past the end of the row.
    #[inline]
    pub fn get(&self, column: usize) -> Option<&'a str> {
        let (start, end) = match self.bounds {
            Bounds::Apart(cells) => {
                let (start, end) = *cells.get(column)?;
                (start as usize, end as usize)
            }
            Bounds::Ends(ends) => {
                let before = column.checked_sub(1).and_then(|before| ends.get(before));
                (before.copied().unwrap_or_default(), *ends.get(column)?)
            }
        };
        // Many cells are blank.
        if start == end {
            return Some("");
        }
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
    /// Where its bytes stand in the batch; empty where the file is not read by bytes.
    pub bytes: Range<usize>,
}
