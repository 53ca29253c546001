//! The rows that are not done, as a sheet to be mended and fed back.

use crate::input::Rows;
use crate::model::Outcome;
use crate::report::{REJECT_HEADINGS, counted, reject_cells, reject_columns};
use crate::rim::Failure;
use crate::sheet::{Readers, SheetError, Writer};
use std::path::{Path, PathBuf};

/// The rows that are not done, as they stood in their sheets.
pub(crate) struct Rejects<'r> {
    file: PathBuf,
    writer: Writer,
    rows: &'r Rows,
    headings: Vec<String>,
    count: u64,
}

impl<'r> Rejects<'r> {
    /// Opens the file, for its owner only.
    ///
    /// # Errors
    /// Exit 2 where it cannot be written.
    pub(crate) fn open(path: &Path, rows: &'r Rows) -> Result<Rejects<'r>, Failure> {
        let mut headings: Vec<String> = vec![];
        for heading in rows.sheets.iter().flat_map(|(sheet, _)| &sheet.headings) {
            let added = REJECT_HEADINGS.contains(&heading.as_str());
            if !added && !headings.contains(heading) {
                headings.push(heading.clone());
            }
        }
        let writer = Writer::create(path, Readers::Owner, &reject_columns(&headings))
            .map_err(Failure::usage)?;
        Ok(Rejects {
            file: path.to_owned(),
            writer,
            rows,
            headings,
            count: 0,
        })
    }

    /// Takes the outcome of a row that is not done.
    pub(crate) fn put(&mut self, outcome: &Outcome) -> Result<(), SheetError> {
        let position = outcome
            .row
            .and_then(|row| usize::try_from(row).ok()?.checked_sub(1));
        // An extension that no row names has no cells to give back.
        let Some(row) = position.and_then(|position| self.rows.rows.get(position)) else {
            return Ok(());
        };
        let Some((sheet, _)) = self.rows.sheets.get(row.sheet) else {
            return Ok(());
        };
        let cells = row.cells();
        let original = self.headings.iter().map(|heading| {
            let column = sheet.headings.iter().position(|known| known == heading);
            column
                .and_then(|column| cells.get(column))
                .unwrap_or_default()
                .to_owned()
        });
        let line: Vec<String> = original.chain(reject_cells(outcome)).collect();
        self.count += 1;
        self.writer.row(line.iter().map(String::as_str))
    }

    /// Ends the file, and returns what there is to be said of it.
    pub(crate) fn finish(self) -> Result<String, SheetError> {
        self.writer.finish()?;
        Ok(format!(
            "rejects: {} ({}, only for its owner: it may hold passwords)",
            self.file.display(),
            counted(self.count, "row")
        ))
    }
}
