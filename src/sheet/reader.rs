//! Tables in: any input is opened here, and its rows are read in batches.

use crate::lang::keep;
use crate::model::{Finding, Place, Severity, cell_name};
use crate::sheet::book::read as book;
use crate::sheet::cells::{RAGGED, Row, RowTrouble};
use crate::sheet::csv::read as csv;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::format::Format;
use crate::sheet::json::read as json;
use crate::sheet::opened::{BesideRows, Opened};
use crate::sheet::options::{EVERY_SHEET, Header, Input, ReadOptions};
use crate::sheet::picks::{Extent, Picks};
use crate::sheet::source::Source;
use crate::sheet::transcode::as_utf8;
use crate::sheet::workbook::package::{gunzipped, only_sheet};
use crate::sheet::xlsx::read::OTHER_ARCHIVE;
use std::fmt;
use std::iter;
use std::sync::Arc;
/// One table: its headings, and its rows as often as they are asked for.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The file as it was named; `-` for standard input.
    pub file: Arc<str>,
    /// The sheet's name within a workbook.
    pub sheet: Option<Arc<str>>,
    /// The headings as the file has them.
    pub headings: Vec<String>,
    /// The line of the header row; `None` in JSON, which has none.
    pub(crate) header_line: Option<u64>,
    /// The number of that row as a spreadsheet counts it, for naming its cells.
    pub(crate) header_row: Option<u64>,
    /// The findings about the file, in words: `semicolon`, `byte-order mark`.
    pub notes: Vec<String>,
    pub(crate) beside: BesideRows,
    /// True if it was unpacked first.
    pub(crate) is_packed: bool,
    /// The columns at the end that are not read.
    pub(crate) left_out: LeftOutEnd,
    pub(crate) content: Content,
}

/// The columns at the end of a sheet that are not read, as if they were not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LeftOutEnd {
    /// The number of columns before them.
    read: usize,
    /// The number of those that are left out.
    columns: usize,
    short: Option<ShortRows>,
}

impl LeftOutEnd {
    /// The row without the cells of these columns. A row with cells behind them keeps all.
    fn without<'r>(self, row: Row<'r>) -> Row<'r> {
        if self.columns == 0 || row.cells.len() > self.read + self.columns {
            return row;
        }
        let is_blank = |column| {
            row.cells
                .get(column)
                .is_none_or(|cell| cell.trim().is_empty())
        };
        let is_short = self
            .short
            .is_some_and(|short| row.cells.get(short.code) == Some(RAGGED) && is_blank(short.last));
        let trouble = match row.trouble {
            None if is_short => Some(RowTrouble::Broken(still_short())),
            trouble => trouble,
        };
        Row {
            cells: row.cells.first(self.read),
            trouble,
            ..row
        }
    }
}

/// The columns by which a row is known that had too few cells when it was read first, and was written again with blank ones
/// in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ShortRows {
    /// The column of the code of a row's mistake.
    code: usize,
    /// The last column with a heading of those that are read.
    last: usize,
}

fn still_short() -> Finding {
    let message = "the row had too few cells where it comes from, and its last cell is still blank";
    let hint = "put every value below its heading, then clear the cell below rowcall_code";
    Finding::new(RAGGED, Severity::Error, message).hint(hint)
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Csv(csv::Content),
    Json(json::Content),
    Workbook(book::Content),
}

/// Opens an input and reads its headings. An input that is no file (standard input, a pipe) is first copied to disk,
/// because it is read more than once; so is one that is not in UTF-8, or is packed by gzip or alone in a ZIP archive.
///
/// # Errors
/// See [`SheetError`]; nothing is given of an input that has no row.
pub fn open(input: &Input, options: &ReadOptions) -> Result<Vec<Sheet>, SheetError> {
    let source = Source::open(input)?;
    let (mut sheets, packed) = if source.head(2)? == GZIP {
        let unpacked = gunzipped(&source)?;
        (open_source(unpacked, options)?, "gzip".to_owned())
    } else {
        match open_source(source.clone(), options) {
            Err(error) if error.kind == SheetErrorKind::OtherWorkbook(OTHER_ARCHIVE) => {
                let (unpacked, name) = only_sheet(&source)?.ok_or(error)?;
                (
                    open_source(unpacked, options)?,
                    format!("{name} in a ZIP archive"),
                )
            }
            opened => return opened,
        }
    };
    for sheet in &mut sheets {
        sheet.is_packed = true;
        sheet.notes.insert(0, packed.clone());
    }
    Ok(sheets)
}

/// The first bytes of a file packed with gzip.
const GZIP: [u8; 2] = [0x1F, 0x8B];

fn open_source(source: Source, options: &ReadOptions) -> Result<Vec<Sheet>, SheetError> {
    let file = source.name.clone();
    if book::is_meant(&source, options)? {
        let opened = book::open(&source, options)?;
        let sheet = |opened| Sheet::new(&file, opened, Content::Workbook);
        let mut sheets: Vec<Sheet> = opened.into_iter().map(sheet).collect();
        if let Some(first) = sheets.first_mut() {
            first.notes.extend(without_effect(options, true));
        }
        return Ok(sheets);
    }
    // `--sheet '*'` may be given for other files beside workbooks; the name of a sheet may not.
    if let Some(sheet) = options.sheets.iter().find(|name| *name != EVERY_SHEET) {
        let names = "none, for it is no workbook".to_owned();
        return Err(SheetErrorKind::NoSuchSheet(sheet.clone(), names).in_file(&file));
    }
    if source.bytes() == 0 {
        return Err(SheetErrorKind::Empty.in_file(&file));
    }
    let (source, written) = as_utf8(source, options.encoding, &options.header)?;
    let format = match options.format.or_else(|| Format::from_ending(&file)) {
        Some(format) => format,
        None => format_of_content(&source)?,
    };
    let mut sheet = match format {
        Format::Csv => {
            let sheet = Sheet::new(&file, csv::open(source, options)?, Content::Csv);
            sheet.has_row()?;
            sheet
        }
        // The reader finds out which of the two it is.
        Format::Json | Format::JsonLines => {
            let mut sheet = Sheet::new(&file, json::open(source, options)?, Content::Json);
            sheet.notes.extend(without_effect(options, false));
            sheet
        }
        // Workbooks were recognised by their content above: this one is only named like one.
        Format::Xlsx | Format::Xls | Format::Ods => {
            return Err(book::text_not_workbook(&file, &source.head(512)?));
        }
        Format::Html | Format::Markdown => return Err(SheetErrorKind::Page.in_file(&file)),
    };
    sheet.notes.splice(0..0, written);
    Ok(vec![sheet])
}

/// Lists the options that were set and have no effect on such a file, in words, so that the user hears of it.
fn without_effect(options: &ReadOptions, in_workbook: bool) -> Option<String> {
    let kind = if in_workbook { "a workbook" } else { "JSON" };
    let line = matches!(options.header, Header::Line(..));
    let set = [
        ("--encoding", in_workbook && options.encoding.is_some()),
        ("--delimiter", options.delimiter.is_some()),
        ("--header-row", !in_workbook && line),
        ("--pad-short-rows", options.pad_short_rows),
        ("--fix-quotes", in_workbook && options.fix_quotes),
        ("--visible-only", !in_workbook && options.visible_only),
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
    fn new<C>(file: &Arc<str>, opened: Opened<C>, content: impl FnOnce(C) -> Content) -> Sheet {
        keep(&opened.headings);
        keep(&opened.sheet);
        Sheet {
            file: file.clone(),
            sheet: opened.sheet,
            headings: opened.headings,
            header_line: opened.header_line,
            header_row: opened.header_row,
            notes: opened.notes,
            beside: opened.beside,
            is_packed: false,
            left_out: LeftOutEnd::default(),
            content: content(opened.content),
        }
    }

    /// A fresh pass over the rows, from the first one.
    pub fn batches(&self) -> Batches {
        let batches = match &self.content {
            Content::Csv(content) => AnyBatches::Csv(content.batches()),
            Content::Json(content) => AnyBatches::Json(content.batches()),
            Content::Workbook(content) => AnyBatches::Workbook(Box::new(content.batches())),
        };
        Batches {
            batches,
            given: 0,
            left_out: self.left_out,
        }
    }

    /// Leaves out the columns at the end whose headings `is_left_out`. Unless `short_rows` are accepted, a row that the column
    /// `code` among them calls ragged stays so until its last cell is filled.
    pub(crate) fn leave_out_end(
        &mut self,
        is_left_out: impl Fn(&str) -> bool,
        code: &str,
        short_rows: bool,
    ) {
        let last = self
            .headings
            .iter()
            .rposition(|heading| !is_left_out(heading));
        let read = last.map_or(0, |last| last + 1);
        let (own, end) = self.headings.split_at(read);
        let code = end.iter().position(|heading| heading == code);
        let last = own.iter().rposition(|heading| !heading.trim().is_empty());
        let short = code.zip(last).filter(|_| !short_rows);
        self.left_out = LeftOutEnd {
            read,
            columns: end.len(),
            short: short.map(|(code, last)| ShortRows {
                code: read + code,
                last,
            }),
        };
        self.headings.truncate(read);
    }

    /// A pass over picked rows only, from batch to batch: quick where the file can be entered anywhere. The picks come
    /// in the order of their batches.
    pub fn reread(
        &self,
        picks: Vec<Picks>,
    ) -> Box<dyn Iterator<Item = Result<PickedRows<'_>, SheetError>> + '_> {
        let mut picks = picks.into_iter().peekable();
        let Content::Csv(content) = &self.content else {
            return Box::new(self.batches().filter_map(move |batch| match batch {
                Ok(batch) => {
                    let picks = picks.next_if(|picks| picks.batch == batch.nth)?;
                    let from = PickedFrom::Batch(batch);
                    Some(Ok(PickedRows { picks, from }))
                }
                Err(error) => Some(Err(error)),
            }));
        };
        let again = picks.map(move |picks| {
            let from = PickedFrom::Csv(content, self.left_out);
            Ok(PickedRows { picks, from })
        });
        // The end of a whole pass checks this by itself.
        let changed = iter::once_with(|| content.unchanged());
        Box::new(again.chain(changed.filter_map(|unchanged| unchanged.err().map(Err))))
    }

    /// Takes cells of these columns, which have no heading, for no mistake.
    pub(crate) fn allow_nameless(&mut self, columns: &[usize]) {
        match &mut self.content {
            Content::Csv(content) => content.allow_nameless(columns),
            Content::Workbook(content) => content.allow_nameless(columns),
            Content::Json(content) => content.allow_nameless(columns),
        }
    }

    /// The column behind the last heading that a cell of the header row names, as in `(C1)`; `None` where the text names no
    /// cell, or one that has a heading before it.
    pub(crate) fn column_behind(&self, text: &str) -> Option<usize> {
        let cell = text.trim().strip_prefix('(')?.strip_suffix(')')?;
        let row = self.header_row?;
        let width = match &self.content {
            Content::Csv(content) => content.width(),
            Content::Workbook(content) => content.layout.limits.row_cells_max,
            Content::Json(_) => 0,
        };
        let mut behind = self.headings.len()..width;
        behind.find(|column| cell_name(row, *column).eq_ignore_ascii_case(cell))
    }

    /// Reads the columns up to this one, whose headings are blank behind the last one.
    pub(crate) fn widen(&mut self, column: usize) {
        let width = column + 1;
        self.headings.resize(width, String::new());
        match &mut self.content {
            Content::Csv(content) => content.widen(width),
            Content::Workbook(content) => content.widen(width),
            Content::Json(_) => {}
        }
    }

    /// The place of the row that starts on a line, with so many line breaks within cells before it.
    pub fn place(&self, line: u64, cell_breaks: u64) -> Place {
        Place {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            line,
            cell_breaks,
        }
    }

    /// Refuses a sheet without rows. A mistake in the rows is no matter here: it shows when they are read.
    fn has_row(&self) -> Result<(), SheetError> {
        for batch in self.batches() {
            if !matches!(batch.and_then(|batch| batch.rows(|_| ())), Ok(0)) {
                return Ok(());
            }
        }
        Err(SheetErrorKind::HeaderOnly.in_file(&self.file))
    }
}

/// One pass over the rows of a sheet, in batches. After an error it ends.
pub struct Batches {
    batches: AnyBatches,
    given: u64,
    left_out: LeftOutEnd,
}

pub(crate) enum AnyBatches {
    Csv(csv::Batches),
    Json(json::Batches),
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
        let left_out = self.left_out;
        Some(batch.map(|rows| Batch {
            rows,
            nth,
            left_out,
        }))
    }
}

/// Some rows that follow one another, not yet parsed.
pub struct Batch {
    pub(crate) rows: AnyBatch,
    /// The position of the batch in its sheet, counted from 0.
    nth: u64,
    left_out: LeftOutEnd,
}

pub(crate) enum AnyBatch {
    Csv(csv::Batch),
    Json(json::Batch),
    Workbook(book::Batch),
}

impl fmt::Debug for Batches {
    /// Leaves out the bytes, since they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batches")
    }
}

impl fmt::Debug for Batch {
    /// Leaves out the bytes, since they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batch")
    }
}

impl Batch {
    /// Parses the rows on the thread that calls, hands each to `each`, and returns their number.
    ///
    /// # Errors
    /// If a row breaks a limit; the rows before it were given.
    pub fn rows(&self, mut each: impl FnMut(Row<'_>)) -> Result<u64, SheetError> {
        let each = |row: Row<'_>| each(self.left_out.without(row));
        match &self.rows {
            AnyBatch::Csv(batch) => batch.rows(each),
            AnyBatch::Json(batch) => batch.rows(each),
            AnyBatch::Workbook(batch) => batch.rows(each),
        }
    }

    /// Starts with none of its rows picked.
    pub(crate) fn picks(&self) -> Picks {
        let extent = match &self.rows {
            AnyBatch::Csv(batch) => batch.extent(),
            _ => Extent::default(),
        };
        Picks {
            batch: self.nth,
            extent,
            rows: Vec::new(),
        }
    }
}

/// Rows that were picked from one batch.
pub struct PickedRows<'s> {
    picks: Picks,
    from: PickedFrom<'s>,
}

enum PickedFrom<'s> {
    Csv(&'s csv::Content, LeftOutEnd),
    Batch(Batch),
}

impl fmt::Debug for PickedRows<'_> {
    /// Leaves out the bytes, since they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Again")
    }
}

impl PickedRows<'_> {
    /// Like [`Batch::rows`], for the picked rows only; they are as they were.
    ///
    /// # Errors
    /// As [`Batch::rows`], and where the file cannot be read any more.
    pub fn rows(&self, mut each: impl FnMut(Row<'_>)) -> Result<(), SheetError> {
        let mut picks = self.picks.rows.iter();
        match &self.from {
            PickedFrom::Csv(content, left_out) => {
                let batch = content.reread(self.picks.extent, &self.picks.rows)?;
                batch.rows(|row| {
                    if let Some(pick) = picks.next() {
                        let index = pick.index.into();
                        each(left_out.without(Row { index, ..row }));
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
