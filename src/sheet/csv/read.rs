//! Cells separated by a delimiter. The only module that knows `csv` and `csv_core`.
//!
//! Reading has two stages, so that two passes over a million rows take two threads little longer than one bare reader
//! takes one: [`Batches`] cuts the bytes where a record ends, and [`Batch::rows`] parses them, on any thread. Both hold
//! to the quote rules of the `csv` crate: a quote opens only where a cell begins, and two quotes within stand for one.
//!
//! **Formulas.** A spreadsheet that opens the file takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and
//! `+49…` is a telephone number ([`FORMULA_BEGINS`] has them all). So an apostrophe is written before every cell that
//! begins with such a character, or with apostrophes and then such a character; and where a cell that is read begins with
//! apostrophes and then such a character, its first apostrophe is taken away. So every text reads back as it was, and no
//! written cell begins a formula. Of a file from elsewhere, `'+49…` is read as `+49…`: spreadsheets, too, mark a text so.
//! What begins with an apostrophe and is no formula (`'s-Hertogenbosch`) is never touched. A file is safe where it is
//! opened with the delimiter that it was written with: with another, cells begin where none did.

use crate::model::{Finding, Place, Severity};
use crate::sheet::csv::marks::{Marks, simple_record};
use crate::sheet::detect::encoding::Encoding;
use crate::sheet::detect::header;
use crate::sheet::source::{Pass, Source};
use crate::sheet::{Cells, Header, Limits, Pick, ReadOptions, Row, Sheet, SheetError};
use csv_core::{QuoteStyle, ReadRecordResult, Reader, ReaderBuilder, WriterBuilder};
use memchr::{memchr, memchr_iter};
use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What begins a formula when a spreadsheet opens the file. The wide ones do so in East Asia; what comes after a line
/// break, tab or return is looked at by some.
const FORMULA_BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet would take the text for a formula, did no apostrophes stand before it.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_BEGINS)
}

/// The text as it is written: with an apostrophe before what could be a formula.
fn marked(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text as it was before it was [`marked`].
fn unmarked(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// How much is looked at to find a line `sep=`.
const HEAD_BYTES: u64 = 64;
/// The delimiters that are found out.
const DELIMITERS: [(u8, &str); 4] = [
    (b',', "comma"),
    (b';', "semicolon"),
    (b'\t', "tab"),
    (b'|', "pipe"),
];

/// What is needed to read the rows.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) source: Source,
    /// Where the rows begin.
    pub(crate) offset: u64,
    pub(super) line: u64,
    pub(super) layout: Arc<Layout>,
}

/// How the rows are to be taken apart.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) file: Arc<str>,
    pub(crate) delimiter: u8,
    pub(crate) encoding: Encoding,
    /// The columns that are read: those behind the last heading are none.
    pub(crate) columns: usize,
    /// How many cells the header row has.
    pub(super) width: usize,
    /// Columns without a heading, up to the header row's width.
    pub(super) unnamed: Vec<usize>,
    pub(super) pad_short_rows: bool,
    pub(super) limits: Limits,
}

impl Layout {
    fn new(source: &Source, delimiter: u8, options: &ReadOptions) -> Layout {
        Layout {
            file: source.name.clone(),
            delimiter,
            encoding: source.encoding,
            columns: 0,
            width: 0,
            unnamed: Vec::new(),
            pad_short_rows: options.pad_short_rows,
            limits: options.limits,
        }
    }

    fn reader(&self) -> Reader {
        // Built anew each time: the copy of a built one knows no delimiter.
        let mut reader = ReaderBuilder::new().delimiter(self.delimiter).build();
        // Takes away its wish to skip a byte-order mark, which within a file is a part of its cell.
        reader.read_record(b"\n", &mut [0], &mut [0]);
        reader
    }
}

/// Finds and reads the header row, and what separates the cells.
pub(crate) fn open(source: Source, options: &ReadOptions) -> Result<Sheet, SheetError> {
    let marked = source.head(3)? == BYTE_ORDER_MARK;
    let start = if marked { BYTE_ORDER_MARK.len() } else { 0 };
    let file = source.name.clone();
    let content = |delimiter| Content {
        source: source.clone(),
        offset: start as u64,
        line: 1,
        layout: Arc::new(Layout::new(&source, delimiter, options)),
    };
    let preview = |delimiter| Preview::of(&content(delimiter), &options.header);
    let told = options.delimiter.map(usable).transpose()?;
    let promised = promised_delimiter(&source.head(HEAD_BYTES)?, start);
    let found = match told.or(promised) {
        Some(delimiter) => header::only(preview(delimiter)?, &options.header)?,
        None => {
            let ending = delimiter_of_ending(&file);
            let previews = DELIMITERS.iter().map(|(delimiter, _)| preview(*delimiter));
            let previews: Result<Vec<Preview>, SheetError> = previews.collect();
            header::found(previews?, ending, &options.header)?
        }
    };
    let Some(found) = found else {
        return Err(SheetError::Empty { file });
    };
    let content = content(found.delimiter);
    let mut notes = Vec::new();
    let word = DELIMITERS.iter().find(|(byte, _)| *byte == found.delimiter);
    if let Some((_, word)) = word.filter(|_| told.is_none() && found.record.width > 1) {
        let by = if promised.is_some() {
            " (by the line sep=)"
        } else {
            ""
        };
        notes.push(format!("{word}{by}"));
    }
    if marked {
        notes.push("byte-order mark".to_owned());
    }
    if found.below_others {
        notes.push(format!("header on line {}", found.record.line));
    }
    sheet(content, &found.record, notes)
}

/// The sheet below a header row.
fn sheet(
    mut content: Content,
    record: &HeaderRecord,
    notes: Vec<String>,
) -> Result<Sheet, SheetError> {
    let file = content.source.name.clone();
    let limits = content.layout.limits;
    if record.width > limits.row_cells_max {
        return Err(SheetError::TooManyColumns {
            file,
            cells_max: limits.row_cells_max,
        });
    }
    let Some(mut headings) = record.cells.clone() else {
        return Err(SheetError::HeaderNotText {
            file,
            line: record.line,
        });
    };
    let is_blank = |heading: &String| heading.trim().is_empty();
    let columns = headings.iter().rposition(|heading| !is_blank(heading));
    let columns = columns.map_or(0, |last| last + 1);
    let unnamed = headings.iter().enumerate();
    let unnamed: Vec<usize> = unnamed
        .filter(|(_, heading)| is_blank(heading))
        .map(|(column, _)| column)
        .collect();
    headings.truncate(columns);
    content.offset += record.end;
    content.line = record.end_line;
    if let Some(layout) = Arc::get_mut(&mut content.layout) {
        layout.columns = columns;
        layout.width = record.width;
        layout.unnamed = unnamed;
    }

    Ok(Sheet {
        file,
        sheet: None,
        headings,
        header_line: Some(record.line),
        notes,
        content: crate::sheet::Content::Csv(content),
    })
}

/// What a first line `sep=;` says, which Excel writes and obeys.
fn promised_delimiter(head: &[u8], start: usize) -> Option<u8> {
    let line = head
        .get(start..)?
        .split(|byte| matches!(byte, b'\n' | b'\r'));
    let line = line.into_iter().next()?.trim_ascii();
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    match line
        .get(..4)?
        .eq_ignore_ascii_case(b"sep=")
        .then(|| line.get(4..))??
    {
        [] if head.get(start..)?.starts_with(b"sep=\t") => Some(b'\t'),
        [delimiter] => usable(char::from(*delimiter)).ok(),
        _ => None,
    }
}

/// A record that may be the header row.
pub(crate) struct HeaderRecord {
    /// The line on which it begins.
    pub(crate) line: u64,
    /// Its cells; `None` where they are no text.
    pub(crate) cells: Option<Vec<String>>,
    /// How many cells it has.
    pub(crate) width: usize,
    /// Whether the delimiter stands outside of what any delimiter would let a quote enclose.
    pub(crate) is_divided: bool,
    /// Bytes up to the next record, and the line there.
    end: u64,
    end_line: u64,
}

/// The first records as one delimiter divides them.
pub(crate) struct Preview {
    pub(crate) file: Arc<str>,
    pub(crate) delimiter: u8,
    /// The delimiter's name.
    pub(crate) word: &'static str,
    /// Those that are not blank, at most [`header::RECORDS_MAX`]; fewer where the file cannot be read further.
    pub(crate) records: Vec<HeaderRecord>,
    /// Whether records above the line that was asked for are left out.
    pub(crate) skipped: bool,
    /// Why it cannot be read further.
    pub(crate) failed: Option<SheetError>,
}

impl Preview {
    fn of(content: &Content, header: &Header) -> Result<Preview, SheetError> {
        let first_line = match header {
            Header::Line(line) => *line,
            _ => 1,
        };
        let delimiter = content.layout.delimiter;
        let known = DELIMITERS.iter().find(|(byte, _)| *byte == delimiter);
        let mut preview = Preview {
            file: content.layout.file.clone(),
            delimiter,
            word: known.map_or("", |(_, word)| word),
            records: Vec::new(),
            skipped: false,
            failed: None,
        };
        // The first batches may hold nothing but line breaks.
        let mut skipped = 0;
        for batch in content.batches() {
            let read = batch.and_then(|batch| {
                let mut passed_bytes = 0;
                batch.records(None, |record| {
                    let raw = batch.data.get(passed_bytes..record.end).unwrap_or_default();
                    passed_bytes = record.end;
                    if record.is_blank() || record.is_empty() {
                        return ControlFlow::Continue(());
                    }
                    if record.line < first_line {
                        preview.skipped = true;
                        return ControlFlow::Continue(());
                    }
                    let end = batch.behind_break(record.end);
                    let passed = batch.data.get(..end).unwrap_or_default();
                    preview.records.push(HeaderRecord {
                        line: record.line,
                        cells: cells_of(record),
                        width: record.width,
                        is_divided: is_divided(raw, delimiter),
                        end: skipped + end as u64,
                        end_line: batch.line + line_breaks(passed, batch.returns),
                    });
                    if preview.records.len() < header::RECORDS_MAX {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                })?;
                Ok(batch.data.len() as u64)
            });
            match read {
                Ok(bytes) => skipped += bytes,
                Err(error @ (SheetError::Unreadable { .. } | SheetError::Changed { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    preview.failed = Some(error);
                    break;
                }
            }
            if preview.records.len() >= header::RECORDS_MAX {
                break;
            }
        }
        Ok(preview)
    }
}

/// A quote opens behind any delimiter here: so `"a","b;"` is not divided by the semicolon.
fn is_divided(record: &[u8], delimiter: u8) -> bool {
    let (mut quoted, mut begins) = (false, true);
    for byte in record {
        if *byte == b'"' && (quoted || begins) {
            quoted = !quoted;
        }
        let divides = *byte == delimiter || DELIMITERS.iter().any(|(known, _)| known == byte);
        if *byte == delimiter && !quoted {
            return true;
        }
        // A quote that closes may open again at once: it was a doubled one.
        begins = !quoted && (divides || matches!(byte, b'"' | b'\n' | b'\r'));
    }
    false
}

fn cells_of(record: &CsvRecord<'_>) -> Option<Vec<String>> {
    let text = std::str::from_utf8(record.text).ok()?;
    let cells = Cells::new(text, record.ends);
    let cells = (0..cells.len()).map(|column| Some(unmarked(cells.get(column)?).to_owned()));
    cells.collect()
}

fn usable(delimiter: char) -> Result<u8, SheetError> {
    match u8::try_from(delimiter) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) => Ok(byte),
        _ => Err(SheetError::Delimiter { delimiter }),
    }
}

/// The delimiter that a file's ending promises.
pub(crate) fn delimiter_of_ending(name: &str) -> u8 {
    let ending = name.rsplit('.').next().unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "tsv" | "tab" => b'\t',
        "psv" => b'|',
        _ => b',',
    }
}

/// Writes rows.
pub(crate) struct Encoder {
    delimiter: u8,
    cells: csv_core::Writer,
}

impl Encoder {
    pub(crate) fn new(delimiter: u8) -> Encoder {
        Encoder {
            delimiter,
            cells: writer(delimiter, QuoteStyle::Necessary),
        }
    }

    /// The header row. Where a heading holds what could be taken for another delimiter, all are quoted.
    pub(crate) fn header<'c>(
        &mut self,
        texts: impl Iterator<Item = &'c str> + Clone,
        lines: &mut Vec<u8>,
    ) {
        let misleads = |text: &str| text.contains([',', ';', '\t', '|', '\u{feff}']);
        if texts.clone().any(misleads) {
            let mut quoting = writer(self.delimiter, QuoteStyle::Always);
            append(&mut quoting, texts, lines);
        } else {
            self.row(texts, lines);
        }
    }

    pub(crate) fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
        lines: &mut Vec<u8>,
    ) {
        append(&mut self.cells, cells, lines);
    }
}

fn writer(delimiter: u8, style: QuoteStyle) -> csv_core::Writer {
    WriterBuilder::new()
        .delimiter(delimiter)
        .quote_style(style)
        .build()
}

fn append<'c>(
    writer: &mut csv_core::Writer,
    cells: impl IntoIterator<Item = &'c str>,
    lines: &mut Vec<u8>,
) {
    /// The most that a delimiter or line break writes: the quotes before it, and itself.
    const AROUND_BYTES_MAX: usize = 4;
    let mut grow = |bytes_max: usize, write: &mut dyn FnMut(&mut [u8]) -> usize| {
        let start = lines.len();
        lines.resize(start + bytes_max, 0);
        let written = lines.get_mut(start..).map_or(0, write);
        lines.truncate(start + written);
    };
    for (column, cell) in cells.into_iter().enumerate() {
        if column > 0 {
            grow(AROUND_BYTES_MAX, &mut |room| writer.delimiter(room).1);
        }
        let cell = marked(cell);
        // Every byte may be a quote, which is doubled.
        grow(2 * cell.len() + 2, &mut |room| {
            writer.field(cell.as_bytes(), room).2
        });
    }
    grow(AROUND_BYTES_MAX, &mut |room| writer.terminator(room).1);
}

impl Content {
    pub(crate) fn batches(&self) -> Batches {
        Batches {
            pass: self.source.pass(self.offset),
            layout: self.layout.clone(),
            buffer: Vec::new(),
            offset: self.offset,
            line: self.line,
            scanned: 0,
            cut: 0,
            quote: None,
            ended: false,
            failed: None,
        }
    }

    /// Reads rows of a batch again: they make a batch of their own, as if one followed the other.
    pub(crate) fn again(&self, extent: Extent, picks: &[Pick]) -> Result<Batch, SheetError> {
        let first = picks.first().map_or(0, |pick| pick.start as usize);
        let end = picks.last().map_or(0, |pick| pick.end as usize);
        let mut passage = Vec::with_capacity(end - first);
        let mut pass = self.source.pass(extent.offset + first as u64);
        pass.fill(&mut passage, (end - first) as u64)?;
        let of_rows = picks.iter().map(|pick| {
            let (start, end) = (pick.start as usize - first, pick.end as usize - first);
            passage.get(start..end).unwrap_or_default()
        });
        let data = of_rows.collect::<Vec<_>>().concat();
        let lines = picks.iter().map(|pick| extent.line + u64::from(pick.lines));
        Ok(Batch {
            returns: memchr(b'\r', &data).is_some(),
            data,
            offset: extent.offset,
            line: extent.line,
            lines: lines.collect(),
            layout: self.layout.clone(),
        })
    }

    /// Refuses a file that is not what it was when it was opened.
    pub(crate) fn unchanged(&self) -> Result<(), SheetError> {
        self.source.unchanged()
    }
}

/// Where a batch begins in its file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extent {
    offset: u64,
    pub(crate) line: u64,
}

/// Cuts the bytes into batches of whole records.
pub(crate) struct Batches {
    pass: Pass,
    layout: Arc<Layout>,
    /// Begins where a record begins.
    buffer: Vec<u8>,
    /// Where the buffer's first byte stands in the file.
    offset: u64,
    /// The line of the buffer's first byte.
    line: u64,
    /// Up to here the buffer is understood.
    scanned: usize,
    /// Behind the last record that is whole.
    cut: usize,
    /// Where a quote is open.
    quote: Option<usize>,
    ended: bool,
    /// What to say once the rows before it were given.
    failed: Option<SheetError>,
}

impl Iterator for Batches {
    type Item = Result<Batch, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.cut > 0 {
                return Some(Ok(self.take_batch()));
            }
            if let Some(error) = self.failed.take() {
                self.ended = true;
                self.buffer.clear();
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.read_on() {
                self.failed = Some(error);
            }
        }
    }
}

impl Batches {
    /// Reads a chunk and looks for the end of its last whole record.
    fn read_on(&mut self) -> Result<(), SheetError> {
        let limits = self.layout.limits;
        let chunk = limits.chunk_bytes.max(1) as u64;
        self.ended = self.pass.fill(&mut self.buffer, chunk)?;
        self.scan()?;
        if self.ended {
            if let Some(quote) = self.quote {
                return Err(SheetError::UnclosedQuote {
                    file: self.layout.file.clone(),
                    line: self.line_at(quote),
                });
            }
            self.cut = self.buffer.len();
        } else if self.buffer.len() - self.cut > limits.row_bytes_max {
            return Err(SheetError::RowTooLong {
                file: self.layout.file.clone(),
                line: self.line_at(self.cut),
                bytes_max: limits.row_bytes_max,
            });
        }
        Ok(())
    }

    fn scan(&mut self) -> Result<(), SheetError> {
        let mut end = self.buffer.len();
        // A line feed may follow, which belongs to it.
        if !self.ended && self.buffer.last() == Some(&b'\r') {
            end -= 1;
        }
        // From an opening quote to where the cell's text ends.
        let longest = self.layout.limits.cell_bytes_max.saturating_add(1);
        let start = self.scanned;
        let marks = Marks::of(self.buffer.get(start..end).unwrap_or_default(), b'\r');
        for at in marks.from(0).map(|mark| start + mark) {
            // The second of two quotes was seen with the first.
            if at < self.scanned {
                continue;
            }
            self.scanned = at + 1;
            let is_quote = self.buffer.get(at) == Some(&b'"');
            match (self.quote, is_quote) {
                (None, false) => self.cut = at + 1,
                (None, true) if self.begins_cell(at) => self.quote = Some(at),
                (None, true) | (Some(_), false) => (),
                (Some(quote), true) => {
                    if at - quote > longest {
                        return Err(self.cell_too_long(quote));
                    }
                    match self.buffer.get(at + 1) {
                        Some(b'"') => self.scanned = at + 2,
                        // Whether it closes shows with the next byte.
                        None if !self.ended => {
                            self.scanned = at;
                            return Ok(());
                        }
                        _ => self.quote = None,
                    }
                }
            }
        }
        self.scanned = end;
        match self.quote {
            Some(quote) if end - quote > longest => Err(self.cell_too_long(quote)),
            _ => Ok(()),
        }
    }

    fn cell_too_long(&self, quote: usize) -> SheetError {
        SheetError::CellTooLong {
            file: self.layout.file.clone(),
            line: self.line_at(quote),
            bytes_max: self.layout.limits.cell_bytes_max,
        }
    }

    fn begins_cell(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.buffer.get(before)) else {
            return true;
        };
        *before == self.layout.delimiter || matches!(before, b'\n' | b'\r')
    }

    fn take_batch(&mut self) -> Batch {
        // Room for the next chunk, so that it is not moved while it grows.
        let rest = self.buffer.get(self.cut..).unwrap_or_default();
        let mut next = Vec::with_capacity(rest.len() + self.layout.limits.chunk_bytes);
        next.extend_from_slice(rest);
        let mut data = std::mem::replace(&mut self.buffer, next);
        data.truncate(self.cut);
        self.scanned = self.scanned.saturating_sub(self.cut);
        self.quote = self.quote.map(|quote| quote - self.cut);
        self.cut = 0;
        let (offset, line) = (self.offset, self.line);
        self.offset += data.len() as u64;
        let returns = memchr(b'\r', &data).is_some();
        self.line += line_breaks(&data, returns);
        Batch {
            data,
            offset,
            line,
            lines: Vec::new(),
            returns,
            layout: self.layout.clone(),
        }
    }

    fn line_at(&self, at: usize) -> u64 {
        self.line + line_breaks(self.buffer.get(..at).unwrap_or_default(), true)
    }
}

/// How many line breaks there are; CR LF is one. `returns` tells whether there may be a CR.
fn line_breaks(bytes: &[u8], returns: bool) -> u64 {
    let feeds = memchr_iter(b'\n', bytes).count();
    if !returns {
        return feeds as u64;
    }
    let alone = memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) != Some(&b'\n'));
    (feeds + alone.count()) as u64
}

/// Whole records, not yet parsed.
pub(crate) struct Batch {
    pub(crate) data: Vec<u8>,
    /// Where it stands in the file.
    offset: u64,
    line: u64,
    /// The line of each row where they do not follow one another in the file; empty where they do.
    lines: Vec<u64>,
    /// Whether there is a CR.
    returns: bool,
    pub(super) layout: Arc<Layout>,
}

impl Batch {
    pub(crate) fn extent(&self) -> Extent {
        Extent {
            offset: self.offset,
            line: self.line,
        }
    }

    pub(crate) fn rows(&self, mut each: impl FnMut(Row<'_>)) -> Result<u64, SheetError> {
        let layout = &*self.layout;
        let nul = memchr(0, &self.data).is_some();
        let apostrophe = memchr(b'\'', &self.data).is_some();
        let mut index = 0;
        let whole = simdutf8::basic::from_utf8(&self.data).ok();
        let marks = whole
            .filter(|_| !self.returns && u32::try_from(self.data.len()).is_ok())
            .map(|_| Marks::of(&self.data, layout.delimiter));
        self.records(marks.as_ref(), |record| {
            if layout.columns > 1 && record.is_blank() {
                return ControlFlow::Continue(());
            }
            let mended;
            let in_place = whole
                .filter(|_| !record.apart.is_empty())
                .and_then(|whole| whole.get(record.start..record.start + record.text.len()));
            let read = match in_place {
                Some(text) => Ok(text),
                None => std::str::from_utf8(record.text),
            };
            // The bytes of two cells may make one character, where what divided them is left out.
            let is_whole = |end: &usize| read.is_ok_and(|text| text.is_char_boundary(*end));
            let (cells, not_utf8) = match read {
                Ok(text)
                    if !(apostrophe && record.is_marked()) && record.ends.iter().all(is_whole) =>
                {
                    if record.apart.is_empty() {
                        (Cells::new(text, record.ends), None)
                    } else {
                        (Cells::apart(text, record.apart), None)
                    }
                }
                _ => {
                    mended = Mended::of(record);
                    (Cells::new(&mended.text, &mended.ends), mended.broken)
                }
            };
            let sound = record.width == layout.columns
                && !nul
                && layout.unnamed.is_empty()
                && not_utf8.is_none();
            let (cells, trouble) = if sound {
                (cells, None)
            } else {
                let trouble = trouble(layout, record, &cells, not_utf8);
                let cells = if trouble.is_none() {
                    cells.first(layout.columns)
                } else {
                    cells
                };
                (cells, trouble)
            };
            each(Row {
                index,
                line: record.line,
                cells,
                trouble,
                bytes: record.start..record.end,
            });
            index += 1;
            ControlFlow::Continue(())
        })?;
        Ok(index)
    }

    /// Gives each record, blank lines left out.
    fn records(
        &self,
        marks: Option<&Marks>,
        mut each: impl FnMut(&CsvRecord<'_>) -> ControlFlow<()>,
    ) -> Result<(), SheetError> {
        let data = self.data.as_slice();
        let limits = &self.layout.limits;
        // For records that are not simple; made when the first of them comes.
        let mut reader = None;
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        let mut apart = Vec::new();
        let simple_bytes_max = limits.cell_bytes_max.min(limits.row_bytes_max);
        let mut line = self.line;
        let mut lines = self.lines.iter();
        let mut at = 0;
        loop {
            let start = at + self.breaks_at(at);
            if start > at {
                line += line_breaks(data.get(at..start).unwrap_or_default(), self.returns);
            }
            if start >= data.len() {
                return Ok(());
            }
            at = start;
            if let Some(of_row) = lines.next() {
                line = *of_row;
            }
            if let Some(marks) = marks {
                let marks = marks.from(at);
                let simple = simple_record(data, self.layout.delimiter, at, marks, &mut apart);
                if let Some((text_end, end)) = simple
                    && apart.len() > 1
                    && apart.len() <= limits.row_cells_max
                    && end - start <= simple_bytes_max
                {
                    let record = CsvRecord {
                        line,
                        start,
                        end,
                        text: data.get(start..text_end).unwrap_or_default(),
                        ends: &[],
                        apart: &apart,
                        width: apart.len(),
                    };
                    if each(&record).is_break() {
                        return Ok(());
                    }
                    line += (end - text_end) as u64;
                    at = end;
                    continue;
                }
            }
            if text.is_empty() {
                // One byte more than there can be, for a full buffer would stop the parser.
                text = vec![0; data.len() + 1];
                ends = vec![0; limits.row_cells_max.min(data.len()) + 1];
            }
            let reader = reader.get_or_insert_with(|| self.layout.reader());
            let feeds = reader.line();
            let (mut filled, mut width, mut kept) = (0, 0, 0);
            loop {
                let room = text.get_mut(filled..).unwrap_or_default();
                let free = ends.get_mut(kept..).unwrap_or_default();
                let rest = data.get(at..).unwrap_or_default();
                let (result, read, written, ended) = reader.read_record(rest, room, free);
                at += read;
                filled += written;
                width += ended;
                kept += ended;
                match result {
                    ReadRecordResult::Record | ReadRecordResult::End => break,
                    // Counts on; what is past the limit is not kept.
                    ReadRecordResult::OutputEndsFull => kept = ends.len() - 1,
                    ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull => {}
                }
            }
            let record_end = self.behind_break(at);
            let ends = ends
                .get(..width.min(limits.row_cells_max))
                .unwrap_or_default();
            self.within_limits(line, record_end - start, ends)?;
            let record = CsvRecord {
                line,
                start,
                end: record_end,
                text: text.get(..filled).unwrap_or_default(),
                ends,
                apart: &[],
                width,
            };
            if each(&record).is_break() {
                return Ok(());
            }
            // The parser counts line feeds as it goes.
            line += if self.returns {
                line_breaks(data.get(start..record_end).unwrap_or_default(), true)
            } else {
                reader.line() - feeds
            };
            at = record_end;
        }
    }

    fn within_limits(&self, line: u64, bytes: usize, ends: &[usize]) -> Result<(), SheetError> {
        let limits = &self.layout.limits;
        if bytes <= limits.cell_bytes_max.min(limits.row_bytes_max) {
            return Ok(());
        }
        let file = self.layout.file.clone();
        let starts = std::iter::once(&0).chain(ends);
        if starts
            .zip(ends)
            .any(|(start, end)| end - start > limits.cell_bytes_max)
        {
            return Err(SheetError::CellTooLong {
                file,
                line,
                bytes_max: limits.cell_bytes_max,
            });
        }
        if bytes > limits.row_bytes_max {
            return Err(SheetError::RowTooLong {
                file,
                line,
                bytes_max: limits.row_bytes_max,
            });
        }
        Ok(())
    }

    /// How many line breaks stand at a place, in bytes.
    pub(super) fn breaks_at(&self, at: usize) -> usize {
        let rest = self.data.get(at..).unwrap_or_default();
        let breaks = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
        breaks.count()
    }

    /// Steps over the line feed of a CR LF that was read up to its CR.
    fn behind_break(&self, at: usize) -> usize {
        let before = at.checked_sub(1).and_then(|before| self.data.get(before));
        if before == Some(&b'\r') && self.data.get(at) == Some(&b'\n') {
            at + 1
        } else {
            at
        }
    }
}

/// One record of a batch.
struct CsvRecord<'r> {
    /// The line on which it starts.
    line: u64,
    /// Where it starts in the batch.
    start: usize,
    /// Where it ends in the batch, its line break included.
    end: usize,
    /// Its cells one behind the other, and where each ends; not more than the limit allows.
    text: &'r [u8],
    ends: &'r [usize],
    /// Where its cells stand, where it is simple: then the text is as it stands in the batch, and `ends` is empty.
    apart: &'r [(u32, u32)],
    /// How many cells it has, also past the limit.
    width: usize,
}

impl CsvRecord<'_> {
    /// Whether it is a line with nothing but spaces.
    fn is_blank(&self) -> bool {
        self.width == 1 && self.text.iter().all(u8::is_ascii_whitespace)
    }

    /// Its cells, one after the other.
    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(self.ends);
        let joined = starts.zip(self.ends).map(|(start, end)| (*start, *end));
        let apart = self.apart.iter();
        let apart = apart.map(|(start, end)| (*start as usize, *end as usize));
        let cells = joined.chain(apart);
        cells.map(|(start, end)| self.text.get(start..end).unwrap_or_default())
    }

    /// Whether a cell begins with an apostrophe, so that it may have been marked.
    fn is_marked(&self) -> bool {
        memchr(b'\'', self.text).is_some() && self.cells().any(|cell| cell.starts_with(b"'"))
    }

    /// Whether it has nothing but delimiters.
    fn is_empty(&self) -> bool {
        self.text.iter().all(u8::is_ascii_whitespace)
    }
}

/// The cells of a record that cannot be taken as they stand: without the marks of formulas, and with a replacement
/// character for what is no UTF-8.
struct Mended {
    text: String,
    ends: Vec<usize>,
    /// The first cell that is no UTF-8.
    broken: Option<usize>,
}

impl Mended {
    fn of(record: &CsvRecord<'_>) -> Mended {
        let mut mended = Mended {
            text: String::new(),
            ends: Vec::new(),
            broken: None,
        };
        for (column, bytes) in record.cells().enumerate() {
            let text = String::from_utf8_lossy(bytes);
            if mended.broken.is_none() && matches!(text, Cow::Owned(_)) {
                mended.broken = Some(column);
            }
            mended.text.push_str(unmarked(&text));
            mended.ends.push(mended.text.len());
        }
        mended
    }
}

/// What is wrong with a row as a row: the first of what there is. No value is shown, for it may stand in the wrong
/// column and be a secret.
#[cold]
fn trouble(
    layout: &Layout,
    record: &CsvRecord<'_>,
    cells: &Cells<'_>,
    not_utf8: Option<usize>,
) -> Option<Finding> {
    let cell = |column: usize| {
        let place = Place {
            file: layout.file.clone(),
            sheet: None,
            line: record.line,
        };
        place.cell(column)
    };
    let finding = |rule: &'static str, column: Option<usize>, message: String, hint: &str| {
        Some(Finding {
            rule: rule.into(),
            severity: Severity::Error,
            field: None,
            column,
            message,
            hint: hint.to_owned(),
            source: "".into(),
            repair: None,
        })
    };
    if let Some(column) = not_utf8 {
        return finding(
            "sheet.not_utf8",
            Some(column),
            format!(
                "cell {} holds bytes that are no {} text",
                cell(column),
                layout.encoding.name()
            ),
            "write the cell anew, save the file as UTF-8 (in Excel: “CSV UTF-8”), or say with --encoding what it is written in",
        );
    }
    let has_nul = |column: &usize| cells.get(*column).is_some_and(|text| text.contains('\0'));
    if let Some(column) = (0..cells.len()).find(has_nul) {
        return finding(
            "sheet.nul",
            Some(column),
            format!("cell {} holds a NUL character", cell(column)),
            "write the cell anew; the file may be damaged",
        );
    }
    let (width, columns) = (record.width, layout.columns);
    if width > layout.width || (width < columns && !layout.pad_short_rows) {
        let hint = if width < columns {
            "look for a missing delimiter, or accept short rows with --pad-short-rows"
        } else {
            "look for a delimiter too many, or put quotes around the cell that holds one"
        };
        return finding(
            "sheet.ragged",
            None,
            format!("the row has {width} cells, but there are {columns} headings"),
            hint,
        );
    }
    let is_filled = |column: &&usize| {
        cells
            .get(**column)
            .is_some_and(|text| !text.trim().is_empty())
    };
    let column = *layout.unnamed.iter().find(is_filled)?;
    finding(
        "sheet.no_heading",
        Some(column),
        format!(
            "cell {} is filled, but its column has no heading",
            cell(column)
        ),
        "look for a delimiter too many, give the column a heading, or empty the cell",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Format, Input, open};
    use proptest::prelude::*;
    use rayon::prelude::*;
    use std::io::Write as _;

    /// A row as it was read: line, cells, rule of its trouble.
    type Seen = (u64, Vec<String>, Option<String>);

    fn sheet_of(bytes: &[u8], options: &ReadOptions) -> Result<Sheet, SheetError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let options = ReadOptions {
            format: Some(Format::Csv),
            // So that a byte that is no UTF-8 is a finding, and nothing to be guessed at.
            encoding: Some(Encoding::UTF_8),
            ..options.clone()
        };
        Ok(open(&Input::File(file.path().into()), &options)?.remove(0))
    }

    fn seen(row: &Row<'_>) -> Seen {
        let cells = (0..row.cells.len()).map(|column| row.cells.get(column).unwrap().to_owned());
        let trouble = row.trouble.as_ref();
        (
            row.line,
            cells.collect(),
            trouble.map(|finding| finding.rule.to_string()),
        )
    }

    fn rows_of(sheet: &Sheet) -> (Vec<Seen>, Option<SheetError>) {
        let mut rows = Vec::new();
        for batch in sheet.batches() {
            let mut index = 0;
            let given = batch.and_then(|batch| {
                batch.rows(|row| {
                    assert_eq!(row.index, index);
                    index += 1;
                    rows.push(seen(&row));
                })
            });
            match given {
                Ok(count) => assert_eq!(count, index),
                Err(error) => return (rows, Some(error)),
            }
        }
        (rows, None)
    }

    fn read(bytes: &[u8]) -> (Vec<Seen>, Option<SheetError>) {
        rows_of(&sheet_of(bytes, &ReadOptions::default()).unwrap())
    }

    fn row(line: u64, cells: &[&str]) -> Seen {
        (
            line,
            cells.iter().map(|cell| (*cell).to_owned()).collect(),
            None,
        )
    }

    #[test]
    fn cells_survive_as_they_are() {
        let (rows, error) = read(b"number,name\n0042,+49 30\n\n 7 ,\"a,\"\"b\"\"\r\nc\"\r\n8,\"\"");
        assert_eq!(error, None);
        assert_eq!(
            rows,
            [
                row(2, &["0042", "+49 30"]),
                row(4, &[" 7 ", "a,\"b\"\r\nc"]),
                row(6, &["8", ""]),
            ]
        );
    }

    #[test]
    fn the_bytes_of_two_cells_make_no_character() {
        let comma = ReadOptions {
            delimiter: Some(','),
            encoding: Encoding::named("utf-8"),
            ..ReadOptions::default()
        };
        let sheet = sheet_of(b"number,name\n\xc3,\x9fe\n", &comma).unwrap();
        let (rows, error) = rows_of(&sheet);
        assert_eq!(error, None);
        let broken = ["\u{fffd}", "\u{fffd}e"].map(str::to_owned);
        assert_eq!(rows, [(2, broken.into(), Some("sheet.not_utf8".into()))]);
        assert!(sheet_of(b"\xc3,\x9f\n1,2\n", &comma).is_err());
    }

    #[test]
    fn every_line_break_ends_a_row_and_counts_once() {
        for (text, lines) in [
            ("a,b\r1,2\r\r3,4\r", [2, 4]),
            ("a,b\r\n1,2\r\n\r\n3,4", [2, 4]),
            ("\n\na,b\n1,2\r3,4\n", [4, 5]),
            ("a,b\n1,\"x\ry\"\n3,4\n", [2, 4]),
        ] {
            for chunk_bytes in 1..text.len() + 1 {
                let sheet = sheet_of(text.as_bytes(), &chunks(chunk_bytes)).unwrap();
                let (rows, error) = rows_of(&sheet);
                assert_eq!(error, None);
                let found: Vec<u64> = rows.iter().map(|row| row.0).collect();
                assert_eq!(found, lines, "{text:?} in chunks of {chunk_bytes}");
            }
        }
    }

    fn chunks(chunk_bytes: usize) -> ReadOptions {
        ReadOptions {
            limits: Limits {
                chunk_bytes,
                ..Limits::default()
            },
            ..ReadOptions::default()
        }
    }

    #[test]
    fn a_quote_opens_only_where_a_cell_begins() {
        let (rows, error) = read(b"a,b\n5\" pipe,x \"y\n\"q\"z\",w\n");
        assert_eq!(error, None);
        assert_eq!(
            rows,
            [row(2, &["5\" pipe", "x \"y"]), row(3, &["qz\"", "w"])]
        );
    }

    #[test]
    fn the_delimiter_is_found_and_said() {
        for (text, headings, notes) in [
            ("a;b\n1;x, y\n", 2, vec!["semicolon"]),
            (
                "\u{feff}\"a\"\tb\n1\t2,5;6\n",
                2,
                vec!["tab", "byte-order mark"],
            ),
            ("a|b|c\n1|2|3\n", 3, vec!["pipe"]),
            ("name, first,number;x\n1,2,3;4\n5,6,7\n", 3, vec!["comma"]),
            ("a,x;b;c\n1;2;3\n\"4;\n,,\";5;6\n", 3, vec!["semicolon"]),
            ("last, first, title;n\nx;1\ny, z;2\n", 2, vec!["semicolon"]),
            ("number\n2001\n", 1, vec![]),
        ] {
            let sheet = sheet_of(text.as_bytes(), &ReadOptions::default()).unwrap();
            assert_eq!(sheet.headings.len(), headings, "{text:?}");
            assert_eq!(sheet.notes, notes, "{text:?}");
        }
        let options = ReadOptions {
            delimiter: Some('|'),
            ..ReadOptions::default()
        };
        let sheet = sheet_of(b"a,b|c\n1|2\n", &options).unwrap();
        assert_eq!(sheet.headings, ["a,b", "c"]);
        for delimiter in ['"', '\n', 'ä', '\0'] {
            let options = ReadOptions {
                delimiter: Some(delimiter),
                ..ReadOptions::default()
            };
            let refused = sheet_of(b"a\n1\n", &options).unwrap_err();
            assert_eq!(refused, SheetError::Delimiter { delimiter });
        }
    }

    #[test]
    fn a_byte_order_mark_before_a_quote_is_no_part_of_the_heading() {
        let sheet = sheet_of(
            "\u{feff}\"nu,mber\",b\n1,\"\u{feff}x\"\n".as_bytes(),
            &chunks(3),
        )
        .unwrap();
        assert_eq!(sheet.headings, ["nu,mber", "b"]);
        assert_eq!(rows_of(&sheet).0, [row(2, &["1", "\u{feff}x"])]);
        let inside = sheet_of("a,b\n\u{feff}1,2\n".as_bytes(), &chunks(4)).unwrap();
        assert_eq!(rows_of(&inside).0, [row(2, &["\u{feff}1", "2"])]);
    }

    #[test]
    fn what_is_no_sheet_is_refused_by_name() {
        let refused = |bytes: &[u8]| sheet_of(bytes, &ReadOptions::default()).unwrap_err();
        assert!(matches!(refused(b""), SheetError::Empty { .. }));
        assert!(matches!(refused(b"\n \r\n"), SheetError::Empty { .. }));
        assert!(matches!(refused(b"\xef\xbb\xbf"), SheetError::Empty { .. }));
        assert!(matches!(
            refused(b"a,b\r\n\r\n"),
            SheetError::HeaderOnly { .. }
        ));
        assert!(matches!(refused(b"a,b"), SheetError::HeaderOnly { .. }));
        assert!(matches!(
            refused(b"PK\x03\x04\x14"),
            SheetError::DamagedWorkbook { .. }
        ));
        assert!(matches!(
            refused(b"\n\xfc,b\n1,2\n"),
            SheetError::HeaderNotText { line: 2, .. }
        ));
        assert!(matches!(
            refused(b"a,\"b\n1,2\n"),
            SheetError::UnclosedQuote { line: 1, .. }
        ));
        let missing = open(&Input::named("no/such.csv"), &ReadOptions::default()).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("no/such.csv: there is no such file")
        );
        let directory = open(&Input::named("src"), &ReadOptions::default()).unwrap_err();
        assert!(matches!(directory, SheetError::Directory { .. }));
    }

    #[test]
    fn a_row_in_trouble_says_which_cell_and_never_its_value() {
        let text = b"a,b,\n1,2,\ncanary\n1,canary,,\n1,\xfccanary,\n\0canary,2,\n1,2,canary\n";
        let sheet = sheet_of(text, &ReadOptions::default()).unwrap();
        let mut found = Vec::new();
        for batch in sheet.batches() {
            batch
                .unwrap()
                .rows(|row| found.extend(row.trouble))
                .unwrap();
        }
        let told: Vec<_> = found
            .iter()
            .map(|finding| {
                (
                    finding.rule.as_ref(),
                    finding.column,
                    finding.message.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (
                    "sheet.ragged",
                    None,
                    "the row has 1 cells, but there are 2 headings"
                ),
                (
                    "sheet.ragged",
                    None,
                    "the row has 4 cells, but there are 2 headings"
                ),
                (
                    "sheet.not_utf8",
                    Some(1),
                    "cell B5 holds bytes that are no UTF-8 text"
                ),
                ("sheet.nul", Some(0), "cell A6 holds a NUL character"),
                (
                    "sheet.no_heading",
                    Some(2),
                    "cell C7 is filled, but its column has no heading"
                ),
            ]
        );
        assert!(found.iter().all(|finding| !finding.hint.contains("canary")));
    }

    #[test]
    fn short_rows_are_accepted_on_request_and_long_ones_never() {
        let options = ReadOptions {
            pad_short_rows: true,
            ..ReadOptions::default()
        };
        let sheet = sheet_of(b"a,b,c\n1,2\n1,2,3,4\n", &options).unwrap();
        let troubles: Vec<_> = rows_of(&sheet).0.into_iter().map(|row| row.2).collect();
        assert_eq!(troubles, [None, Some("sheet.ragged".to_owned())]);
    }

    #[test]
    fn an_open_quote_stops_at_the_cell_limit_with_its_line_and_keeps_the_rows_before() {
        let mut text = b"a,b\n1,2\n3,\"open\n".to_vec();
        text.extend(b"4,5\n".repeat(50_000));
        for chunk_bytes in [1, 7, 64, 1 << 20] {
            let limits = Limits {
                chunk_bytes,
                cell_bytes_max: 100,
                row_bytes_max: 400,
                ..Limits::default()
            };
            let options = ReadOptions {
                limits,
                ..ReadOptions::default()
            };
            let (rows, error) = rows_of(&sheet_of(&text, &options).unwrap());
            assert_eq!(rows, [row(2, &["1", "2"])]);
            assert!(
                matches!(error, Some(SheetError::CellTooLong { line: 3, .. })),
                "{error:?}"
            );
        }
        let (rows, error) = read(b"a,b\n1,2\n3,\"open\n4,5\n");
        assert_eq!(rows.len(), 1);
        assert!(matches!(
            error,
            Some(SheetError::UnclosedQuote { line: 3, .. })
        ));
    }

    #[test]
    fn limits_hold_alike_for_any_chunk() {
        let limits = |chunk_bytes| Limits {
            chunk_bytes,
            cell_bytes_max: 10,
            row_bytes_max: 30,
            row_cells_max: 4,
            ..Limits::default()
        };
        for chunk_bytes in [1, 2, 3, 5, 8, 1000] {
            let error = |text: &str| {
                let options = ReadOptions {
                    limits: limits(chunk_bytes),
                    ..ReadOptions::default()
                };
                let sheet = sheet_of(text.as_bytes(), &options)?;
                rows_of(&sheet).1.map_or(Ok(()), Err)
            };
            assert_eq!(error("a,b\n1234567890,\"1234567890\"\n"), Ok(()));
            assert!(matches!(
                error("a,b\n\n12345678901,2\n"),
                Err(SheetError::CellTooLong { line: 3, .. })
            ));
            assert!(matches!(
                error("a,b\n1,2\n1,\"12345678901\"\n"),
                Err(SheetError::CellTooLong { line: 3, .. })
            ));
            assert!(matches!(
                error("a,b\n1,2\n123456789,123456789,123456789,123\n1,2\n"),
                Err(SheetError::RowTooLong { line: 3, .. })
            ));
            assert!(matches!(
                error("a,b,c,d,e\n1,2,3,4,5\n"),
                Err(SheetError::TooManyColumns { cells_max: 4, .. })
            ));
            // More cells than are kept: the row is in trouble, and its width is told.
            let options = ReadOptions {
                limits: limits(chunk_bytes),
                ..ReadOptions::default()
            };
            let sheet = sheet_of(b"a,b\n1,2,3,4,5,6,7\n1,2\n", &options).unwrap();
            let mut told = Vec::new();
            for batch in sheet.batches() {
                batch
                    .unwrap()
                    .rows(|row| told.push(row.trouble.map(|t| t.message)))
                    .unwrap();
            }
            assert_eq!(
                told,
                [
                    Some("the row has 7 cells, but there are 2 headings".to_owned()),
                    None
                ]
            );
        }
    }

    #[test]
    fn a_file_that_changes_between_passes_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"a,b\n1,2\n").unwrap();
        let sheet = open(&Input::File(file.path().into()), &ReadOptions::default())
            .unwrap()
            .remove(0);
        assert_eq!(rows_of(&sheet).1, None);
        assert_eq!(rows_of(&sheet).0.len(), 1);
        file.write_all(b"3,4\n").unwrap();
        assert!(matches!(
            rows_of(&sheet).1,
            Some(SheetError::Changed { .. })
        ));
    }

    /// What a plain reader of the csv crate sees, and whether a quote is open at the end.
    fn plain(text: &[u8]) -> (Vec<Seen>, bool) {
        let records = |text: &[u8]| -> Vec<csv::ByteRecord> {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text);
            reader.byte_records().map(Result::unwrap).collect()
        };
        let mut found = records(text);
        let mut longer = text.to_vec();
        longer.extend(b"\nx\n");
        let open = records(&longer).len() == found.len();
        if open {
            // What the open quote swallowed is no row.
            found.pop();
        }
        let mut seen: Vec<Seen> = Vec::new();
        for record in &found {
            if record.len() == 1 && record[0].iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let mut start = record.position().unwrap().byte() as usize;
            while matches!(text[start], b'\n' | b'\r') {
                start += 1;
            }
            let mut line = 1;
            for (at, byte) in text[..start].iter().enumerate() {
                line += u64::from(*byte == b'\n' || (*byte == b'\r' && text[at + 1] != b'\n'));
            }
            let trouble = if record.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
                Some("sheet.not_utf8")
            } else if record.iter().any(|cell| cell.contains(&0)) {
                Some("sheet.nul")
            } else if record.len() != 2 {
                Some("sheet.ragged")
            } else {
                None
            };
            let cells = record
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).into_owned());
            seen.push((line, cells.collect(), trouble.map(str::to_owned)));
        }
        (seen, open)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_chunk_size_and_thread_reads_what_a_plain_reader_reads(
            body in prop::collection::vec(prop::sample::select(vec![
                "a", "\"", "\"", ",", ",", "\n", "\n", "\r", "\r\n", " ", "ü", "\0", "\"\"", "\",\"", "bc",
            ]), 0..60),
            broken in prop::option::of(0usize..60),
            chunk_bytes in prop_oneof![1usize..16, 16usize..200, Just(1 << 20)],
        ) {
            let mut text = b"a,b\n".to_vec();
            for (at, piece) in body.iter().enumerate() {
                if broken == Some(at) {
                    text.push(0xff);
                }
                text.extend(piece.as_bytes());
            }
            let (mut expected, unclosed) = plain(&text);
            expected.remove(0);
            let options = ReadOptions { delimiter: Some(','), ..chunks(chunk_bytes) };
            let sheet = match sheet_of(&text, &options) {
                Ok(sheet) => sheet,
                Err(SheetError::HeaderOnly { .. }) => {
                    prop_assert!(expected.is_empty() && !unclosed);
                    return Ok(());
                }
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            };
            let (rows, error) = rows_of(&sheet);
            prop_assert_eq!(&rows, &expected);
            prop_assert_eq!(error.is_some(), unclosed);

            let batches: Vec<_> = sheet.batches().map_while(Result::ok).collect();
            let by_threads: Vec<Vec<Seen>> = batches
                .par_iter()
                .map(|batch| {
                    let mut rows = Vec::new();
                    batch.rows(|row| rows.push(seen(&row))).unwrap();
                    rows
                })
                .collect();
            prop_assert_eq!(by_threads.concat(), expected);
        }
    }
}
