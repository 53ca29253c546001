//! Cells replaced where they lie.

use crate::sheet::cells::Row;
use crate::sheet::csv::read::{Batch, Content};
use crate::sheet::error::SheetError;
use crate::sheet::repairs::{Repairs, asked};
use crate::sheet::source::Source;
use crate::sheet::transcode::EncodedCopy;
use memchr::memchr;
use std::borrow::Cow;
use std::ops::Range;

impl Content {
    /// The bytes of the sheet, and where its rows begin in them.
    pub(crate) fn start(&self) -> (&Source, u64) {
        (&self.source, self.offset)
    }

    /// The same table in other bytes.
    pub(crate) fn over(&self, source: Source) -> Content {
        Content {
            source,
            ..self.clone()
        }
    }
}

impl Batch {
    /// The number of the file's bytes in the batch.
    pub(crate) fn length(&self) -> u64 {
        self.data.len() as u64
    }

    /// Appends the bytes of the rows, with the replacements that `mend` makes.
    pub(crate) fn mended(
        &self,
        mend: &mut impl FnMut(&Row<'_>, &mut Repairs<'_>),
        out: &mut EncodedCopy,
    ) -> Result<(), SheetError> {
        let mends = asked(mend, self.layout.encoding, |each| self.rows(each))?;
        let mut starts = Vec::new();
        self.rows(|row| starts.push(row.bytes.start))?;
        let mut copied = 0;
        for (row, cells) in mends {
            let start = usize::try_from(row).ok().and_then(|row| starts.get(row));
            let Some(record) = start.map(|start| self.record(*start)) else {
                continue;
            };
            for (column, text) in cells {
                let Some(cell) = record.get(column) else {
                    continue;
                };
                out.same(self.data.get(copied..cell.start).unwrap_or_default())?;
                let before = self.data.get(cell.clone()).unwrap_or_default();
                out.other(before, &self.cell_of(before, text.reveal()))?;
                copied = cell.end;
            }
        }
        out.same(self.data.get(copied..).unwrap_or_default())
    }

    /// Returns a text in the form that replaces a cell: quoted where the cell was, or where it has to be.
    fn cell_of<'t>(&self, before: &[u8], text: &'t str) -> Cow<'t, str> {
        let delimiter = self.layout.delimiter;
        let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n');
        if before.first() != Some(&b'"') && !text.bytes().any(special) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    }

    /// Returns the bounds of the cells of the record that begins at a place.
    fn record(&self, mut at: usize) -> Vec<Range<usize>> {
        let mut cells = Vec::new();
        loop {
            let end = self.cell_end(at);
            cells.push(at..end);
            if self.data.get(end) != Some(&self.layout.delimiter) {
                return cells;
            }
            at = end + 1;
        }
    }

    fn cell_end(&self, start: usize) -> usize {
        let mut at = start;
        if self.data.get(at) == Some(&b'"') {
            at += 1;
            loop {
                let rest = self.data.get(at..).unwrap_or_default();
                let Some(quote) = memchr(b'"', rest) else {
                    return self.data.len();
                };
                at += quote + 1;
                if self.data.get(at) != Some(&b'"') {
                    break;
                }
                at += 1;
            }
        }
        let rest = self.data.get(at..).unwrap_or_default();
        let ends = |byte: &u8| *byte == self.layout.delimiter || matches!(byte, b'\r' | b'\n');
        at + rest.iter().position(ends).unwrap_or(rest.len())
    }
}
