//! The line of the headings and the delimiter of the cells, by the evidence of the first rows. Where the evidence is
//! not enough, the file is refused: a row taken for headings is a row lost.

use crate::sheet::detect::data::is_no_heading;
use crate::sheet::detect::groups;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::{Header, HeadingMeaning, Headings};
use std::sync::Arc;

/// A record that may be the header row.
pub(crate) struct HeaderRecord {
    /// The line on which it begins.
    pub(crate) line: u64,
    /// The line breaks within cells before it.
    pub(crate) cell_breaks: u64,
    /// Its cells; `None` where they are no text.
    pub(crate) cells: Option<Vec<String>>,
    /// The number of its cells.
    pub(crate) width: usize,
    /// True if there is a delimiter outside of all text that a quote could enclose, whatever the delimiter.
    pub(crate) is_divided: bool,
    /// Bytes up to the next record, and the line and the line breaks within cells there.
    pub(crate) end: u64,
    pub(crate) end_line: u64,
    pub(crate) end_cell_breaks: u64,
}

/// The first records as one delimiter divides them.
pub(crate) struct Preview {
    pub(crate) file: Arc<str>,
    pub(crate) delimiter: u8,
    /// The delimiter's name.
    pub(crate) word: &'static str,
    /// Those that are not blank, at most [`header::RECORDS_MAX`]; fewer where the file cannot be read further.
    pub(crate) records: Vec<HeaderRecord>,
    /// The cells of the last records above the line that was asked for, the nearest first.
    pub(crate) above: Vec<Vec<String>>,
    /// The error that ends the reading.
    pub(crate) failed: Option<SheetError>,
}

/// The number of records examined.
pub(crate) const RECORDS_MAX: usize = 40;
/// The largest number of records above the headings.
const ABOVE_MAX: usize = 20;

/// The header row that was found.
pub(crate) struct FoundHeader {
    pub(crate) delimiter: u8,
    pub(crate) record: HeaderRecord,
    /// The cells of the records above it, the nearest first.
    pub(crate) above: Vec<Vec<String>>,
}

/// The header row where the delimiter is known; `None` where there is no row.
pub(crate) fn only(preview: Preview, header: &Header) -> Result<Option<FoundHeader>, SheetError> {
    match pick(&preview, header)? {
        Some(at) => Ok(taken(preview, at, header)),
        None => preview.failed.map_or(Ok(None), Err),
    }
}

pub(crate) fn taken(mut preview: Preview, at: usize, header: &Header) -> Option<FoundHeader> {
    if at >= preview.records.len() {
        return None;
    }
    let at = match header {
        Header::Found(headings) => last_part(&preview.records, at, headings),
        Header::First | Header::Line(..) => at,
    };
    let records = preview.records.iter().take(at).rev();
    let above = records.map(|record| record.cells.clone().unwrap_or_default());
    Some(FoundHeader {
        delimiter: preview.delimiter,
        above: above.chain(preview.above).collect(),
        record: preview.records.swap_remove(at),
    })
}

/// The last record of headings that stand in several, by their first one.
fn last_part(records: &[HeaderRecord], first: usize, known: &Headings) -> usize {
    let cells = |at: usize| records.get(at)?.cells.as_deref();
    let mut headings = cells(first).unwrap_or_default().to_vec();
    let mut last = first;
    while last - first < groups::ROWS_MAX
        && let Some(below) = cells(last + 1)
        && records[last].end_line == records[last + 1].line
        && groups::is_continued(&headings, below, known)
    {
        headings = groups::joined(&headings, below);
        last += 1;
    }
    last
}

/// Chooses the record with the headings.
pub(crate) fn pick(preview: &Preview, header: &Header) -> Result<Option<usize>, SheetError> {
    let records = &preview.records;
    let above = usize::from(records.first().is_some_and(is_sep));
    let first = (above < records.len()).then_some(above);
    match header {
        Header::First => Ok(first),
        Header::Line(line, _) => match records.first() {
            Some(record) if record.line == *line => Ok(Some(0)),
            _ => Err(preview
                .failed
                .clone()
                .unwrap_or(SheetErrorKind::NoRowThere.on_line(&preview.file, *line))),
        },
        Header::Found(headings) => {
            let readings: Vec<HeaderReading> = records
                .iter()
                .map(|record| HeaderReading::recognise(record, headings))
                .collect();
            match first {
                Some(first) => judged(preview, &readings, first, headings).map(Some),
                None => Ok(None),
            }
        }
    }
}

fn is_sep(record: &HeaderRecord) -> bool {
    let Some([first, rest @ ..]) = record.cells.as_deref() else {
        return false;
    };
    let begins = first
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("sep="));
    record.line == 1 && begins && first.len() <= 5 && rest.iter().all(String::is_empty)
}

/// The evidence of a record, as headings or as data.
#[derive(Debug, Default)]
pub(crate) struct HeaderReading {
    /// Cells that are not blank.
    filled: usize,
    /// Cells that mean a field.
    pub(crate) known: usize,
    /// True if one of them means the number.
    pub(crate) number: bool,
    /// Cells with text that no heading has.
    data: usize,
    /// True if a cell that is not blank follows a blank one behind the first.
    is_apart: bool,
}

impl HeaderReading {
    pub(crate) fn recognise(record: &HeaderRecord, headings: &Headings) -> HeaderReading {
        let mut reading = HeaderReading::default();
        let mut was_blank = false;
        for cell in record.cells.iter().flatten() {
            let text = cell.trim();
            if text.is_empty() {
                was_blank = true;
                continue;
            }
            reading.is_apart |= was_blank && reading.filled > 0;
            was_blank = false;
            reading.filled += 1;
            match headings.known(text) {
                HeadingMeaning::Nothing if is_no_heading(text) => reading.data += 1,
                HeadingMeaning::Nothing => {}
                known => {
                    reading.known += 1;
                    reading.number |= known == HeadingMeaning::Number;
                }
            }
        }
        reading
    }

    fn is_like_headings(&self) -> bool {
        self.data == 0 && (self.number || self.known > 1)
    }
}

/// The first row that reads like headings, where nothing speaks against it.
fn judged(
    preview: &Preview,
    readings: &[HeaderReading],
    first: usize,
    known: &Headings,
) -> Result<usize, SheetError> {
    let line = |at: usize| preview.records.get(at).map_or(0, |record| record.line);
    let unclear = |reason: String, at: usize| {
        SheetErrorKind::HeaderUnclear(reason, line(at)).in_file(&preview.file)
    };
    let candidates = readings.iter().enumerate().skip(first).take(ABOVE_MAX + 1);
    let like: Vec<usize> = candidates
        .filter(|(_, reading)| reading.is_like_headings())
        .map(|(at, _)| at)
        .collect();
    let is_above_headings = |at: &usize| match (readings.get(*at), readings.get(at + 1)) {
        (Some(row), Some(below)) => {
            !row.number
                && below.number
                && like.contains(&(at + 1))
                && row.filled * 2 <= below.filled
        }
        _ => false,
    };
    let begins = like.iter().find(|at| !is_above_headings(at));
    let Some((at, header)) = begins.and_then(|at| Some((*at, readings.get(*at)?))) else {
        return match readings.get(first) {
            Some(reading) if reading.data > 0 => Err(unclear(
                format!(
                    "no row reads like headings, and line {} looks like data. Put a row of headings above it",
                    line(first)
                ),
                first,
            )),
            _ => Ok(first),
        };
    };
    let above = readings.iter().enumerate().take(at).skip(first);
    let mut rows = above.filter(|(_, row)| {
        let alone = row.filled <= 1 && (header.filled > 1 || row.data == 0);
        // A title with a date, or a name with its value.
        let is_title = row.filled == 2 && header.filled > 2 && (row.is_apart || row.data == 0);
        !alone && !is_title && row.filled * 2 > header.filled
    });
    if let Some((row, _)) = rows.next() {
        let reason = format!(
            "line {} reads like headings, but line {} above it looks like a row of the table",
            line(at),
            line(row)
        );
        return Err(unclear(reason, at));
    }
    let better = |other: &&usize| {
        readings
            .get(**other)
            .is_some_and(|row| row.known > header.known)
    };
    let last_part = last_part(&preview.records, at, known);
    let mut others = like.iter().filter(|other| **other > last_part);
    if let Some(other) = others.find(better) {
        let reason = format!(
            "lines {} and {} both read like headings",
            line(at),
            line(*other)
        );
        return Err(unclear(reason, *other));
    }
    Ok(at)
}
