//! One record of a batch, as the parser or the marks found it.

use super::formula::unmarked;
use csv_core::{ReadRecordResult, Reader};
use memchr::memchr;
use std::borrow::Cow;

/// Parses the next record into these buffers; returns how many bytes were read and written, and the number of its cells.
/// Cells past the room in `ends` are counted and not kept.
pub(super) fn parse(
    reader: &mut Reader,
    data: &[u8],
    text: &mut [u8],
    ends: &mut [usize],
) -> (usize, usize, usize) {
    let (mut at, mut filled, mut width, mut kept) = (0, 0, 0, 0);
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
            ReadRecordResult::Record | ReadRecordResult::End => return (at, filled, width),
            ReadRecordResult::OutputEndsFull => kept = ends.len() - 1,
            ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull => {}
        }
    }
}

/// One record of a batch.
pub(super) struct CsvRecord<'r> {
    /// The line on which it starts.
    pub(super) line: u64,
    /// The line breaks within cells before it.
    pub(super) cell_breaks: u64,
    /// Its start in the batch.
    pub(super) start: usize,
    /// Its end in the batch, including its line break.
    pub(super) end: usize,
    /// Its cells one behind the other, and where each ends; not more than the limit allows.
    pub(super) text: &'r [u8],
    pub(super) ends: &'r [usize],
    /// The bounds of its cells, where it is simple: then the text is the batch's own, and `ends` is empty.
    pub(super) apart: &'r [(u32, u32)],
    /// The number of its cells, also beyond the limit.
    pub(super) width: usize,
}

impl CsvRecord<'_> {
    /// Returns true for a line with nothing but spaces.
    pub(super) fn is_blank(&self) -> bool {
        self.width == 1 && self.text.iter().all(u8::is_ascii_whitespace)
    }

    /// Its cells, one after the other.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(self.ends);
        let joined = starts.zip(self.ends).map(|(start, end)| (*start, *end));
        let apart = self.apart.iter();
        let apart = apart.map(|(start, end)| (*start as usize, *end as usize));
        let cells = joined.chain(apart);
        cells.map(|(start, end)| self.text.get(start..end).unwrap_or_default())
    }

    /// Returns true if a cell begins with an apostrophe, so that it may have been marked.
    pub(super) fn is_marked(&self) -> bool {
        memchr(b'\'', self.text).is_some() && self.cells().any(|cell| cell.starts_with(b"'"))
    }

    /// Returns true if it has nothing but delimiters and blanks.
    pub(super) fn is_empty(&self) -> bool {
        if self.apart.is_empty() {
            return self.text.iter().all(u8::is_ascii_whitespace);
        }
        // Most often the first byte of the first cell decides.
        self.apart.iter().all(|(start, end)| {
            let cell = self.text.get(*start as usize..*end as usize);
            cell.unwrap_or_default().iter().all(u8::is_ascii_whitespace)
        })
    }
}

/// The cells of a record that cannot be taken unchanged: without the marks of formulas, and with a replacement
/// character for bytes that are no UTF-8.
pub(super) struct RepairedRecord {
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
    /// The first cell that is no UTF-8.
    pub(super) broken: Option<usize>,
}

impl RepairedRecord {
    pub(super) fn from_record(record: &CsvRecord<'_>) -> RepairedRecord {
        let mut mended = RepairedRecord {
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
