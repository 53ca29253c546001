//! The rows that are not done, as a sheet to be corrected and fed back.

use crate::input::{FieldHeadings, InputRows};
use crate::model::{Language, Outcome, counted};
use crate::report::{is_added_to_rejects, language_of, reject_cells, reject_columns};
use crate::rim::Failure;
use crate::sheet::{Format, Readers, SheetError, Tone, Writer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rows that are not done, as they were in their sheets.
pub(crate) struct Rejects<'r> {
    file: PathBuf,
    writer: Writer,
    originals: Originals<'r>,
    count: u64,
    language: Language,
}

/// The cells of a run's rows under the headings of all their sheets.
pub(crate) enum Originals<'r> {
    /// As they were read.
    Read(&'r InputRows, Vec<String>),
    /// As the ledger kept them, by the rows' positions.
    Kept(&'r BTreeMap<usize, Vec<String>>, &'r [String]),
}

impl<'r> Originals<'r> {
    /// The cells of rows that were read.
    pub(crate) fn new(rows: &'r InputRows) -> Originals<'r> {
        let mut headings: Vec<String> = vec![];
        for heading in rows.sheets.iter().flat_map(|(sheet, _)| &sheet.headings) {
            let added = is_added_to_rejects(heading);
            if !added && !headings.contains(heading) {
                headings.push(heading.clone());
            }
        }
        Originals::Read(rows, headings)
    }

    pub(crate) fn headings(&self) -> &[String] {
        match self {
            Originals::Read(_, headings) => headings,
            Originals::Kept(_, headings) => headings,
        }
    }

    /// The cells of a row; `None` where there is no such row.
    fn cells(&self, position: usize) -> Option<Vec<String>> {
        let (rows, headings) = match self {
            Originals::Read(rows, headings) => (rows, headings),
            Originals::Kept(cells, _) => return cells.get(&position).cloned(),
        };
        rows.rows.get(position)?;
        let cell = |heading: &String| rows.cell(position, heading).unwrap_or_default().to_owned();
        Some(headings.iter().map(cell).collect())
    }

    /// All rows with their positions.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, Vec<String>)> {
        (0..).map_while(|position| Some((position, self.cells(position)?)))
    }
}

impl<'r> Rejects<'r> {
    /// Opens the file, for its owner only.
    ///
    /// # Errors
    /// Exit 2 where it cannot be written.
    pub(crate) fn open(path: &Path, originals: Originals<'r>) -> Result<Rejects<'r>, Failure> {
        let columns = reject_columns(originals.headings());
        let format = Format::to_write(&path.to_string_lossy());
        let writer = Writer::row_by_row(path, Readers::Owner, &columns)?;
        Ok(Rejects {
            file: path.to_owned(),
            writer,
            originals,
            count: 0,
            language: format.map_or(Language::English, language_of),
        })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Takes the outcome of a row that is not done, and marks the cells that something is wrong with.
    pub(crate) fn put(
        &mut self,
        outcome: &Outcome,
        fields: &FieldHeadings,
    ) -> Result<(), SheetError> {
        let position = outcome
            .row
            .and_then(|row| usize::try_from(row).ok()?.checked_sub(1));
        // An extension that no row names has no cells to give back.
        let Some(cells) = position.and_then(|position| self.originals.cells(position)) else {
            return Ok(());
        };
        let line: Vec<String> = cells
            .into_iter()
            .chain(reject_cells(outcome, self.language))
            .collect();
        self.count += 1;
        let marks = marks(self.originals.headings(), fields, outcome);
        let cells = line.iter().map(String::as_str);
        self.writer.marked_row(cells, &marks, &[])
    }

    /// Puts the file in its place, and returns the remark on it.
    pub(crate) fn finish(self) -> Result<String, SheetError> {
        self.writer.finish()?;
        Ok(format!(
            "rejects: {} ({}, only for its owner: it may hold passwords)",
            self.file.display(),
            counted(self.count, "row")
        ))
    }
}

/// The columns among these headings that something is wrong with in a row, each with the heaviest tone.
fn marks(headings: &[String], fields: &FieldHeadings, outcome: &Outcome) -> Vec<(usize, Tone)> {
    let mut marks: Vec<(usize, Tone)> = vec![];
    for finding in &outcome.findings {
        let tone = finding.severity.tone();
        if tone == Tone::Plain {
            continue;
        }
        let heading = fields.heading(outcome.place.as_ref(), finding.field);
        let Some(at) = headings.iter().position(|known| *known == heading) else {
            continue;
        };
        match marks.iter_mut().find(|(marked, _)| *marked == at) {
            Some((_, marked)) => *marked = tone.max(*marked),
            None => marks.push((at, tone)),
        }
    }
    marks
}
