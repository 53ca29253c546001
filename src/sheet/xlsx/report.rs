//! A workbook whose rows are sorted when all of them are there: those that come first, then the others, in columns as
//! wide as their texts; empty columns are hidden, what is found in most rows stands in a sheet of its own alone, and a
//! sheet sums it all up.

use super::write::{BookWriter, ROWS_MAX};
use crate::disk::ScratchFile;
use crate::lang::{all_translated, translated};
use crate::sheet::column::{Column, ExtraRow, ExtraSheet, MarkedLine, TITLE_PREFIX};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::surroundings::Surroundings;
use std::collections::BTreeSet;
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
    pub(crate) around: Surroundings,
    first: ScratchFile,
    others: ScratchFile,
}

impl SortedBook {
    pub(crate) fn new(file: &Arc<str>, columns: Vec<Column>) -> SortedBook {
        SortedBook {
            file: file.clone(),
            around: Surroundings::new("", &columns),
            columns,
            first: ScratchFile::new(),
            others: ScratchFile::new(),
        }
    }

    /// Takes one row. Lines, where there are any, are its last cell.
    pub(crate) fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
        lines: &[MarkedLine],
    ) -> Result<(), SheetError> {
        if self.around.tally.rows + 1 >= u64::from(ROWS_MAX) {
            return Err(SheetErrorKind::BookFull(ROWS_MAX - 1).in_file(&self.file));
        }
        let mut cells: Vec<&str> = cells.into_iter().collect();
        cells.resize(self.columns.len(), "");
        let to = match self.around.tally.add(&cells) {
            true => &mut self.first,
            false => &mut self.others,
        };
        if !lines.is_empty() {
            cells.pop();
        }
        lines.iter().for_each(|line| self.around.folding.add(line));
        let kept = keep(&cells, lines, to);
        kept.map_err(|error| SheetError::unwritable(&self.file, &error))
    }

    /// Writes the workbook.
    pub(crate) fn end(mut self, out: &mut dyn Write) -> Result<(), SheetError> {
        let file = self.file.clone();
        let unwritable = |error: io::Error| SheetError::unwritable(&file, &error);
        let summary = self.summary();
        let filled_columns = self
            .around
            .tally
            .filled()
            .iter()
            .zip(self.around.tally.widest());
        for (column, (filled, widest)) in self.columns.iter_mut().zip(filled_columns) {
            column.hidden |= !filled && self.around.tally.rows > 0;
            column.width = (*widest).clamp(1, if column.prose { usize::MAX } else { WIDTH_MAX });
        }
        let extras = summary.iter().chain(self.around.filled_extras());
        let extras = extras.cloned().collect();
        let count = self.columns.len();
        let folded = self.around.folded();
        let mut book = BookWriter::new(&self.file, self.columns, extras)?;
        let mut lines = Vec::new();
        for kept in [self.first, self.others] {
            let mut kept = kept.into_reader().map_err(unwritable)?;
            while let Some(cells) = next(&mut kept, count, &folded).map_err(unwritable)? {
                let marks = self.around.tally.tones(&cells);
                let cells = self.around.tally.for_people(&cells);
                book.row(cells.iter().map(|cell| &**cell), &marks, &mut lines)?;
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
        if self.around.facts.is_empty() {
            return None;
        }
        let facts = self.around.facts.iter();
        let mut rows: Vec<Vec<String>> = facts
            .map(|(name, value)| vec![name.clone(), value.clone()])
            .collect();
        let counted_rows = self.around.tally.rows.to_string();
        rows.push(vec![translated("rows").into_owned(), counted_rows]);
        for (_, word, count) in self.around.tally.words() {
            rows.push(vec![translated(&word).into_owned(), count.to_string()]);
        }
        Some(ExtraSheet {
            table: translated("Rows").into_owned(),
            name: translated("Summary").into_owned(),
            title: format!("{TITLE_PREFIX}{}", self.around.title),
            headings: all_translated(&["what", "value"]),
            rows: rows.into_iter().map(ExtraRow::plain).collect(),
        })
    }
}

/// Keeps a row: the number of its lines, its cells but for that of the lines, and each line's group and text.
fn keep(cells: &[&str], lines: &[MarkedLine], to: &mut ScratchFile) -> io::Result<()> {
    to.write_all(&(lines.len() as u64).to_le_bytes())?;
    for cell in cells {
        keep_text(cell, to)?;
    }
    for line in lines {
        let group = line.group.map_or(u64::MAX, |group| group as u64);
        to.write_all(&group.to_le_bytes())?;
        keep_text(&line.text, to)?;
    }
    Ok(())
}

/// Keeps a text behind its length.
fn keep_text(text: &str, to: &mut ScratchFile) -> io::Result<()> {
    to.write_all(&(text.len() as u64).to_le_bytes())?;
    to.write_all(text.as_bytes())
}

/// The cells of the next row that was kept, without the lines of these groups.
fn next(
    from: &mut impl Read,
    count: usize,
    folded: &BTreeSet<usize>,
) -> io::Result<Option<Vec<String>>> {
    let lines = match number(from) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        lines => lines?,
    };
    let plain = count - usize::from(lines > 0);
    let mut cells = (0..plain)
        .map(|_| text(from))
        .collect::<io::Result<Vec<String>>>()?;
    let mut shown: Vec<String> = vec![];
    for _ in 0..lines {
        let (group, line) = (number(from)?, text(from)?);
        if !usize::try_from(group).is_ok_and(|group| folded.contains(&group)) {
            shown.push(line);
        }
    }
    if lines > 0 {
        cells.push(shown.join("\n"));
    }
    Ok(Some(cells))
}

fn number(from: &mut impl Read) -> io::Result<u64> {
    let mut number = [0; 8];
    from.read_exact(&mut number)?;
    Ok(u64::from_le_bytes(number))
}

fn text(from: &mut impl Read) -> io::Result<String> {
    let length = number(from)?;
    let mut text = String::new();
    from.take(length).read_to_string(&mut text)?;
    Ok(text)
}
