//! Cells separated by a delimiter, read.
//!
//! Reading has two stages, so that two passes over a million rows take two threads little longer than one bare reader
//! takes one: [`Batches`] cuts the bytes where a record ends, and [`Batch::rows`] parses them, on any thread. Both
//! follow the quote rules of the `csv` crate: a quote opens only where a cell begins, and two quotes within stand for
//! one.

use crate::model::{BYTE_ORDER_MARK, row_number};
use crate::sheet::cells::{Cells, EXAMPLE, Row, example_note};
use crate::sheet::csv::formula::unmarked;
use crate::sheet::csv::layout::CsvLayout;
use crate::sheet::csv::marks::{Marks, simple_record};
use crate::sheet::csv::record::{CsvRecord, RepairedRecord, parse};
use crate::sheet::csv::swallowed::{has_number, row_in_cell};
use crate::sheet::csv::trouble::{row_in_quotes, trouble};
use crate::sheet::detect::delimiter;
use crate::sheet::detect::delimiter::{
    DELIMITERS, delimiter_of_ending, is_divided, promised_delimiter, usable,
};
use crate::sheet::detect::groups::{self, RowAbove};
use crate::sheet::detect::header::{HeaderRecord, Preview, RECORDS_MAX, only};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::opened::{BesideRows, Opened};
use crate::sheet::options::{Header, ReadOptions};
use crate::sheet::picks::{Extent, Pick};
use crate::sheet::source::{Pass, Source};
use memchr::{memchr, memchr_iter};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// The number of bytes in which a line `sep=` is looked for.
const HEAD_BYTES: u64 = 64;
/// Everything that is needed to read the rows.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) source: Source,
    /// The offset of the first row in the file.
    pub(crate) offset: u64,
    pub(super) line: u64,
    /// The line breaks within cells before that row.
    pub(super) cell_breaks: u64,
    pub(super) layout: Arc<CsvLayout>,
}

/// Finds and reads the header row, and finds the delimiter of the cells.
pub(crate) fn open(source: Source, options: &ReadOptions) -> Result<Opened<Content>, SheetError> {
    let marked = source.head(3)? == BYTE_ORDER_MARK;
    let start = if marked { BYTE_ORDER_MARK.len() } else { 0 };
    let file = source.name.clone();
    let content = |delimiter| Content {
        source: source.clone(),
        offset: start as u64,
        line: 1,
        cell_breaks: 0,
        layout: Arc::new(CsvLayout::new(&source, delimiter, options)),
    };
    let preview = |delimiter| preview_of(&content(delimiter), &options.header);
    let given = options
        .delimiter
        .map(|delimiter| usable(delimiter, &file))
        .transpose()?;
    let promised = promised_delimiter(&source.head(HEAD_BYTES)?, start);
    let found = match given.or(promised) {
        Some(delimiter) => only(preview(delimiter)?, &options.header)?,
        None => {
            let ending = delimiter_of_ending(&file);
            let previews = DELIMITERS.iter().map(|(delimiter, _)| preview(*delimiter));
            let previews: Result<Vec<Preview>, SheetError> = previews.collect();
            delimiter::found(previews?, ending, &options.header)?
        }
    };
    let Some(found) = found else {
        return Err(SheetErrorKind::Empty.in_file(&file));
    };
    let content = content(found.delimiter);
    let mut notes = Vec::new();
    let how = match found.delimiter {
        b',' => Some("separated by commas"),
        b';' => Some("separated by semicolons"),
        b'\t' => Some("separated by tabs"),
        b'|' => Some("separated by pipes"),
        _ => None,
    };
    if let Some(how) = how.filter(|_| given.is_none() && found.record.width > 1) {
        notes.push(match promised {
            Some(_) => format!("{how} (by the line sep=)"),
            None => how.to_owned(),
        });
    }
    if marked {
        notes.push("byte-order mark".to_owned());
    }
    let mut record = found.record;
    let is_sep = |cell: &str| cell.len() <= 5 && cell.to_ascii_lowercase().starts_with("sep=");
    let is_title = |cell: &&String| promised.is_none() || !is_sep(cell);
    let above = found.above.iter().rev().flatten();
    let mut beside = BesideRows {
        titles: above.filter(is_title).cloned().collect(),
        is_line_named: matches!(options.header, Header::Line(..)),
        ..BesideRows::default()
    };
    if !found.above.is_empty() {
        let header = format!("header on line {}", record.line);
        notes.push(beside.below_titles(header));
        if let (Some(headings), Some(known)) = (&mut record.cells, options.header.headings()) {
            let above = found.above.into_iter().take(groups::ROWS_MAX);
            let above = above.map(|cells| RowAbove {
                cells,
                ..RowAbove::default()
            });
            beside.above = groups::qualify(headings, &above.collect::<Vec<_>>(), known);
        }
    }
    let opened = sheet(content, &record, notes)?;
    Ok(Opened { beside, ..opened })
}

/// The sheet below a header row.
fn sheet(
    mut content: Content,
    record: &HeaderRecord,
    mut notes: Vec<String>,
) -> Result<Opened<Content>, SheetError> {
    let file = content.source.name.clone();
    let limits = content.layout.limits;
    if record.width > limits.row_cells_max {
        return Err(SheetErrorKind::TooManyColumns(limits.row_cells_max).in_file(&file));
    }
    let Some(mut headings) = record.cells.clone() else {
        return Err(SheetErrorKind::HeaderNotText.on_line(&file, record.line));
    };
    let texts: Vec<&[u8]> = headings.iter().map(String::as_bytes).collect();
    if let Some((opens, row)) =
        row_in_cell(&texts, content.layout.delimiter, record.width, has_number)
    {
        let kind = SheetErrorKind::RowInQuotes(record.line + row);
        return Err(kind.on_line(&file, record.line + opens));
    }
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
    content.cell_breaks = record.end_cell_breaks;
    let header_row = row_number(record.line, record.cell_breaks);
    if let Some(layout) = Arc::get_mut(&mut content.layout) {
        layout.columns = columns;
        layout.width = record.width;
        layout.unnamed = unnamed;
        layout.header_row = header_row;
    }
    if let Some(line) = content.skip_example() {
        notes.push(example_note(line));
    }
    Ok(Opened {
        sheet: None,
        headings,
        header_line: Some(record.line),
        header_row: Some(header_row),
        notes,
        beside: BesideRows::default(),
        content,
    })
}

/// The first records as one delimiter divides them.
fn preview_of(content: &Content, header: &Header) -> Result<Preview, SheetError> {
    let first_line = match header {
        Header::Line(line, _) => *line,
        _ => 1,
    };
    let delimiter = content.layout.delimiter;
    let known = DELIMITERS.iter().find(|(byte, _)| *byte == delimiter);
    let mut preview = Preview {
        file: content.layout.file.clone(),
        delimiter,
        word: known.map_or("", |(_, word)| word),
        records: Vec::new(),
        above: Vec::new(),
        failed: None,
    };
    // The first batches may have nothing but line breaks.
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
                    preview.above.truncate(groups::ROWS_MAX - 1);
                    preview
                        .above
                        .insert(0, cells_of(record).unwrap_or_default());
                    return ControlFlow::Continue(());
                }
                let end = record.end;
                preview.records.push(HeaderRecord {
                    line: record.line,
                    cell_breaks: record.cell_breaks,
                    cells: cells_of(record),
                    width: record.width,
                    is_divided: is_divided(raw, delimiter),
                    end: skipped + end as u64,
                    end_line: record.line + batch.line_breaks(record.start..end),
                    end_cell_breaks: record.cell_breaks + batch.cell_breaks(record.start..end),
                });
                if preview.records.len() < RECORDS_MAX {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
            Ok(batch.data.len() as u64)
        });
        match read {
            Ok(bytes) => skipped += bytes,
            Err(error)
                if matches!(
                    error.kind,
                    SheetErrorKind::Unreadable(..) | SheetErrorKind::Changed
                ) =>
            {
                return Err(error);
            }
            Err(error) => {
                preview.failed = Some(error);
                break;
            }
        }
        if preview.records.len() >= RECORDS_MAX {
            break;
        }
    }
    Ok(preview)
}

fn cells_of(record: &CsvRecord<'_>) -> Option<Vec<String>> {
    let text = std::str::from_utf8(record.text).ok()?;
    let cells = Cells::new(text, record.ends);
    let cells = (0..cells.len()).map(|column| Some(unmarked(cells.get(column)?).to_owned()));
    cells.collect()
}

impl Content {
    /// Takes cells of these columns, which have no heading, for no mistake.
    pub(crate) fn allow_nameless(&mut self, columns: &[usize]) {
        if !columns.is_empty() {
            let unnamed = &mut Arc::make_mut(&mut self.layout).unnamed;
            unnamed.retain(|column| !columns.contains(column));
        }
    }

    /// Passes over the row right below the headings where it is a template's example; returns its line. What cannot be
    /// read is told when the rows are.
    fn skip_example(&mut self) -> Option<u64> {
        let batch = self.batches().next()?.ok()?;
        let mut found = None;
        let read = batch.records(None, |record| {
            if record.is_blank() || record.is_empty() {
                return ControlFlow::Continue(());
            }
            let cells = cells_of(record).unwrap_or_default();
            let is_example = cells.iter().any(|cell| cell == EXAMPLE);
            let end = record.end;
            let cell_breaks = record.cell_breaks + batch.cell_breaks(record.start..end);
            found = is_example.then_some((record.line, end, cell_breaks));
            ControlFlow::Break(())
        });
        let (line, end, cell_breaks) = read.ok().and(found)?;
        self.offset += end as u64;
        self.line = batch.line + batch.line_breaks(0..end);
        self.cell_breaks = cell_breaks;
        Some(line)
    }

    /// The number of cells of the header row.
    pub(crate) fn width(&self) -> usize {
        self.layout.width
    }

    /// Reads so many columns, also behind the last heading.
    pub(crate) fn widen(&mut self, columns: usize) {
        Arc::make_mut(&mut self.layout).columns = columns;
    }

    pub(crate) fn batches(&self) -> Batches {
        Batches {
            pass: self.source.pass(self.offset),
            layout: self.layout.clone(),
            buffer: Vec::new(),
            offset: self.offset,
            line: self.line,
            cell_breaks: self.cell_breaks,
            scanned: 0,
            scanned_breaks: 0,
            cut: 0,
            cut_breaks: 0,
            quote: None,
            ended: false,
            failed: None,
        }
    }

    /// Reads rows of a batch again: they make a batch of their own, as if one followed the other.
    pub(crate) fn reread(&self, extent: Extent, picks: &[Pick]) -> Result<Batch, SheetError> {
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
        let lines = picks.iter().map(|pick| {
            let cell_breaks = extent.cell_breaks + u64::from(pick.cell_breaks);
            (extent.line + u64::from(pick.lines), cell_breaks)
        });
        Ok(Batch {
            returns: memchr(b'\r', &data).is_some(),
            data,
            offset: extent.offset,
            line: extent.line,
            cell_breaks: extent.cell_breaks,
            lines: lines.collect(),
            layout: self.layout.clone(),
        })
    }

    /// Refuses a file that has changed since it was opened.
    pub(crate) fn unchanged(&self) -> Result<(), SheetError> {
        self.source.unchanged()
    }
}

/// Cuts the bytes into batches of whole records.
pub(crate) struct Batches {
    pass: Pass,
    layout: Arc<CsvLayout>,
    /// Begins where a record begins.
    buffer: Vec<u8>,
    /// The offset of the buffer's first byte in the file.
    offset: u64,
    /// The line of the buffer's first byte.
    line: u64,
    /// The line breaks within cells before the buffer.
    cell_breaks: u64,
    /// Up to here the buffer is understood.
    scanned: usize,
    /// The line breaks within cells up to there.
    scanned_breaks: u64,
    /// Behind the last record that is whole.
    cut: usize,
    /// The line breaks within cells up to there.
    cut_breaks: u64,
    /// The position of a quote that is open.
    quote: Option<usize>,
    ended: bool,
    /// The error to report once the rows before it were returned.
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
                return Err(
                    SheetErrorKind::UnclosedQuote.on_line(&self.layout.file, self.line_at(quote))
                );
            }
            self.cut = self.buffer.len();
            self.cut_breaks = self.scanned_breaks;
        } else if self.buffer.len() - self.cut > limits.row_bytes_max {
            return Err(SheetErrorKind::RowTooLong(limits.row_bytes_max)
                .on_line(&self.layout.file, self.line_at(self.cut)));
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
        let marks = Marks::find(self.buffer.get(start..end).unwrap_or_default(), b'\r');
        for at in marks.from(0).map(|mark| start + mark) {
            // The second of two quotes was seen with the first.
            if at < self.scanned {
                continue;
            }
            self.scanned = at + 1;
            let is_quote = self.buffer.get(at) == Some(&b'"');
            match (self.quote, is_quote) {
                (None, false) => {
                    self.cut = at + 1;
                    self.cut_breaks = self.scanned_breaks;
                }
                (None, true) if self.begins_cell(at) => self.quote = Some(at),
                (None, true) => (),
                // CR LF is one.
                (Some(_), false) => {
                    let is_begun = self.buffer.get(at..at + 2) == Some(b"\r\n");
                    self.scanned_breaks += u64::from(!is_begun);
                }
                (Some(quote), true) => {
                    if at - quote > longest {
                        return Err(self.cell_too_long(quote));
                    }
                    match self.buffer.get(at + 1) {
                        Some(b'"') => self.scanned = at + 2,
                        // Only the next byte shows whether it closes.
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
        SheetErrorKind::CellTooLong(self.layout.limits.cell_bytes_max)
            .on_line(&self.layout.file, self.line_at(quote))
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
        let (offset, line, cell_breaks) = (self.offset, self.line, self.cell_breaks);
        self.cell_breaks += self.cut_breaks;
        self.scanned_breaks -= self.cut_breaks;
        self.cut_breaks = 0;
        self.offset += data.len() as u64;
        let returns = memchr(b'\r', &data).is_some();
        self.line += line_breaks(&data, returns);
        Batch {
            data,
            offset,
            line,
            cell_breaks,
            lines: Vec::new(),
            returns,
            layout: self.layout.clone(),
        }
    }

    fn line_at(&self, at: usize) -> u64 {
        self.line + line_breaks(self.buffer.get(..at).unwrap_or_default(), true)
    }
}

/// Counts the line breaks; CR LF is one. `returns` is true if there may be a CR.
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
    /// The offset of the batch in the file.
    offset: u64,
    line: u64,
    /// The line breaks within cells before the batch.
    cell_breaks: u64,
    /// The line of each row, and the line breaks within cells before it, where the rows do not follow one another in the
    /// file; empty where they do.
    lines: Vec<(u64, u64)>,
    /// True if there is a CR.
    returns: bool,
    pub(super) layout: Arc<CsvLayout>,
}

impl Batch {
    pub(crate) fn extent(&self) -> Extent {
        Extent {
            offset: self.offset,
            line: self.line,
            cell_breaks: self.cell_breaks,
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
            .map(|_| Marks::find(&self.data, layout.delimiter));
        let mut swallowed = None;
        self.records(marks.as_ref(), |record| {
            if layout.columns > 1 && record.is_empty() {
                return ControlFlow::Continue(());
            }
            swallowed = row_in_quotes(record, layout);
            if swallowed.is_some() {
                return ControlFlow::Break(());
            }
            let broken_quote = self.broken_quote(record);
            let mended;
            let in_place = whole
                .filter(|_| !record.apart.is_empty())
                .and_then(|whole| whole.get(record.start..record.start + record.text.len()));
            let read = match in_place {
                Some(text) => Ok(text),
                None => std::str::from_utf8(record.text),
            };
            // The bytes of two cells may make one character, where the delimiter between them is left out.
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
                    mended = RepairedRecord::from_record(record);
                    (Cells::new(&mended.text, &mended.ends), mended.broken)
                }
            };
            let sound = record.width == layout.columns
                && !nul
                && layout.unnamed.is_empty()
                && not_utf8.is_none()
                && broken_quote.is_none();
            let (cells, trouble) = if sound {
                (cells, None)
            } else {
                let trouble = trouble(layout, record, &cells, not_utf8, broken_quote);
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
                cell_breaks: record.cell_breaks,
                cells,
                trouble,
                bytes: record.start..record.end,
            });
            index += 1;
            ControlFlow::Continue(())
        })?;
        swallowed.map_or(Ok(index), Err)
    }

    /// Reads a record that is simple and within the limits; `None` for any other. `apart` takes the bounds of its cells.
    #[inline]
    fn simple<'r>(
        &'r self,
        (line, cell_breaks): (u64, u64),
        start: usize,
        marks: &Marks,
        apart: &'r mut Vec<(u32, u32)>,
    ) -> Option<CsvRecord<'r>> {
        let (data, limits) = (self.data.as_slice(), &self.layout.limits);
        let marks = marks.from(start);
        let (text_end, end) = simple_record(data, self.layout.delimiter, start, marks, apart)?;
        let is_within = apart.len() > 1
            && apart.len() <= limits.row_cells_max
            && end - start <= limits.cell_bytes_max.min(limits.row_bytes_max);
        is_within.then(|| CsvRecord {
            line,
            cell_breaks,
            start,
            end,
            text: data.get(start..text_end).unwrap_or_default(),
            ends: &[],
            apart,
            width: apart.len(),
        })
    }

    /// Hands on each record, blank lines left out.
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
        let (mut line, mut cell_breaks) = (self.line, self.cell_breaks);
        let mut lines = self.lines.iter();
        let mut at = 0;
        loop {
            let start = at + self.breaks_at(at);
            if start > at {
                line += self.line_breaks(at..start);
            }
            if start >= data.len() {
                return Ok(());
            }
            at = start;
            if let Some(of_row) = lines.next() {
                (line, cell_breaks) = *of_row;
            }
            if let Some(marks) = marks
                && let Some(record) = self.simple((line, cell_breaks), start, marks, &mut apart)
            {
                if each(&record).is_break() {
                    return Ok(());
                }
                line += (record.end - start - record.text.len()) as u64;
                at = record.end;
                continue;
            }
            if text.is_empty() {
                // One byte more than there can be, because a full buffer would stop the parser.
                text = vec![0; data.len() + 1];
                ends = vec![0; limits.row_cells_max.min(data.len()) + 1];
            }
            let reader = reader.get_or_insert_with(|| self.layout.reader());
            let feeds = reader.line();
            let rest = data.get(at..).unwrap_or_default();
            let (read, filled, width) = parse(reader, rest, &mut text, &mut ends);
            let record_end = self.behind_break(at + read);
            let ends = ends
                .get(..width.min(limits.row_cells_max))
                .unwrap_or_default();
            self.within_limits(line, record_end - start, ends)?;
            let record = CsvRecord {
                line,
                cell_breaks,
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
            let breaks = if self.returns {
                self.line_breaks(start..record_end)
            } else {
                reader.line() - feeds
            };
            line += breaks;
            cell_breaks += breaks - self.own_break(record_end);
            at = record_end;
        }
    }

    /// Finds the first cell that begins with a quote and has text behind the closing one; blanks there do not count.
    fn broken_quote(&self, record: &CsvRecord<'_>) -> Option<usize> {
        // A simple record has none.
        if !record.apart.is_empty() {
            return None;
        }
        let raw = self.data.get(record.start..record.end).unwrap_or_default();
        memchr(b'"', raw)?;
        let ends = |byte: &u8| *byte == self.layout.delimiter || matches!(byte, b'\r' | b'\n');
        let mut rest = raw;
        for column in 0.. {
            if let Some(quoted) = rest.strip_prefix(b"\"") {
                let mut behind = quoted;
                // Up to the quote that is not doubled.
                loop {
                    behind = behind.get(memchr(b'"', behind)? + 1..)?;
                    match behind.strip_prefix(b"\"") {
                        Some(doubled) => behind = doubled,
                        None => break,
                    }
                }
                let mut trailing = behind.iter().take_while(|byte| !ends(byte));
                if trailing.any(|byte| !matches!(byte, b' ' | b'\t')) {
                    return Some(column);
                }
                rest = behind;
            }
            let end = rest.iter().position(&ends)?;
            // A line break within quotes was passed, so this one ends the record.
            if rest.get(end) != Some(&self.layout.delimiter) {
                return None;
            }
            rest = rest.get(end + 1..)?;
        }
        None
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
            return Err(SheetErrorKind::CellTooLong(limits.cell_bytes_max).on_line(&file, line));
        }
        if bytes > limits.row_bytes_max {
            return Err(SheetErrorKind::RowTooLong(limits.row_bytes_max).on_line(&file, line));
        }
        Ok(())
    }

    /// Counts the bytes of line breaks at a place.
    pub(super) fn breaks_at(&self, at: usize) -> usize {
        let rest = self.data.get(at..).unwrap_or_default();
        let breaks = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
        breaks.count()
    }

    /// Counts the line breaks in a range of bytes.
    fn line_breaks(&self, range: Range<usize>) -> u64 {
        line_breaks(self.data.get(range).unwrap_or_default(), self.returns)
    }

    /// Counts the line breaks within the cells of a record, which has these bytes.
    fn cell_breaks(&self, record: Range<usize>) -> u64 {
        self.line_breaks(record.clone()) - self.own_break(record.end)
    }

    /// Counts the line break that ends a record: one, or none at the end of the file.
    fn own_break(&self, record_end: usize) -> u64 {
        let before = record_end
            .checked_sub(1)
            .and_then(|last| self.data.get(last));
        u64::from(matches!(before, Some(b'\n' | b'\r')))
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
