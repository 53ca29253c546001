//! A workbook whose rows are sorted when all of them are there: those that come first, then the others, in columns as
//! wide as their texts; empty columns are hidden, and a sheet sums it all up.

use super::write::{Book, ROWS_MAX};
use crate::disk::ScratchFile;
use crate::sheet::column::{Column, ExtraSheet, TITLE_PREFIX};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::tally::Tally;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// The greatest width that a column takes for its texts, in characters.
const WIDTH_MAX: usize = 60;
/// The number of bytes of the workbook that are gathered before they are written.
const GATHERED_BYTES_MAX: usize = 64 << 10;

/// One workbook, whose rows wait for the last one.
pub(crate) struct SortedBook {
    file: Arc<str>,
    columns: Vec<Column>,
    tally: Tally,
    first: ScratchFile,
    others: ScratchFile,
    title: String,
    facts: Vec<(String, String)>,
    extras: Vec<ExtraSheet>,
}

impl SortedBook {
    pub(crate) fn new(file: &Arc<str>, columns: Vec<Column>) -> SortedBook {
        SortedBook {
            file: file.clone(),
            tally: Tally::new(&columns),
            columns,
            first: ScratchFile::new(),
            others: ScratchFile::new(),
            title: String::new(),
            facts: vec![],
            extras: vec![],
        }
    }

    pub(crate) fn set_title(&mut self, title: &str) {
        title.clone_into(&mut self.title);
    }

    pub(crate) fn add_fact(&mut self, name: &str, value: &str) {
        self.facts.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn add_extra(&mut self, extra: ExtraSheet) {
        self.extras.push(extra);
    }

    /// Takes one row.
    pub(crate) fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
    ) -> Result<(), SheetError> {
        if self.tally.rows + 1 >= u64::from(ROWS_MAX) {
            return Err(SheetErrorKind::BookFull(ROWS_MAX - 1).in_file(&self.file));
        }
        let mut cells: Vec<&str> = cells.into_iter().collect();
        cells.resize(self.columns.len(), "");
        let to = match self.tally.add(&cells) {
            true => &mut self.first,
            false => &mut self.others,
        };
        let kept = keep(&cells, to);
        kept.map_err(|error| SheetError::unwritable(&self.file, &error))
    }

    /// Writes the workbook.
    pub(crate) fn end(mut self, out: &mut dyn Write) -> Result<(), SheetError> {
        let file = self.file.clone();
        let unwritable = |error: io::Error| SheetError::unwritable(&file, &error);
        let summary = self.summary();
        let held = self.tally.holds().iter().zip(self.tally.widest());
        for (column, (holds, widest)) in self.columns.iter_mut().zip(held) {
            column.hidden |= !holds && self.tally.rows > 0;
            column.width = (*widest).clamp(1, if column.prose { usize::MAX } else { WIDTH_MAX });
        }
        let mut extras = Vec::from_iter(summary);
        extras.append(&mut self.extras);
        extras.retain(|extra| !extra.rows.is_empty());
        let count = self.columns.len();
        let mut book = Book::new(&self.file, self.columns, extras)?;
        let mut lines = Vec::new();
        for kept in [self.first, self.others] {
            let mut kept = kept.into_reader().map_err(unwritable)?;
            while let Some(cells) = next(&mut kept, count).map_err(unwritable)? {
                book.row(cells.iter().map(String::as_str), &[], &mut lines)?;
                if lines.len() >= GATHERED_BYTES_MAX {
                    out.write_all(&lines).map_err(unwritable)?;
                    lines.clear();
                }
            }
        }
        book.end(&mut lines)?;
        out.write_all(&lines).map_err(unwritable)
    }

    /// The sheet that sums it up; none where nothing is known but the rows.
    fn summary(&self) -> Option<ExtraSheet> {
        if self.facts.is_empty() {
            return None;
        }
        let facts = self.facts.iter();
        let mut rows: Vec<Vec<String>> = facts
            .map(|(name, value)| vec![name.clone(), value.clone()])
            .collect();
        rows.push(vec!["rows".to_owned(), self.tally.rows.to_string()]);
        for (_, word, count) in self.tally.words() {
            rows.push(vec![word, count.to_string()]);
        }
        Some(ExtraSheet {
            table: String::new(),
            name: "Summary".to_owned(),
            title: format!("{TITLE_PREFIX}{}", self.title),
            headings: vec!["what".to_owned(), "value".to_owned()],
            rows,
            links: vec![],
        })
    }
}

/// Keeps the cells of a row: each its length, then its text.
fn keep(cells: &[&str], to: &mut ScratchFile) -> io::Result<()> {
    for cell in cells {
        to.write_all(&(cell.len() as u64).to_le_bytes())?;
        to.write_all(cell.as_bytes())?;
    }
    Ok(())
}

/// The cells of the next row that was kept.
fn next(from: &mut impl Read, count: usize) -> io::Result<Option<Vec<String>>> {
    let mut cells = Vec::with_capacity(count);
    for _ in 0..count {
        let mut length = [0; 8];
        match from.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && cells.is_empty() => {
                return Ok(None);
            }
            read => read?,
        }
        let mut text = String::new();
        from.take(u64::from_le_bytes(length))
            .read_to_string(&mut text)?;
        cells.push(text);
    }
    Ok(Some(cells))
}
