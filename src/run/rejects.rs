//! The rows that are not done, as a sheet to be corrected and fed back.

use crate::input::{FieldHeadings, InputRows};
use crate::model::{Language, Outcome, counted};
use crate::report::{is_added_to_rejects, language_of, reject_cells, reject_columns};
use crate::rim::Failure;
use crate::sheet::{Format, Readers, SheetError, Tone, Writer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rows by whose texts the widths of columns are chosen.
const ROWS_MEASURED: usize = 1000;

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
    Read(ReadOriginals<'r>),
    /// As the ledger kept them, by the rows' positions.
    Kept(&'r BTreeMap<usize, Vec<String>>, &'r [String]),
}

/// The cells of rows that were read, each of them: also those under no heading and behind the last one, which may be what is
/// wrong with a row.
pub(crate) struct ReadOriginals<'r> {
    rows: &'r InputRows,
    headings: Vec<String>,
    /// Of each sheet, the column of each heading; `None` where it has none.
    columns: Vec<Vec<Option<usize>>>,
}

impl<'r> ReadOriginals<'r> {
    fn new(rows: &'r InputRows) -> ReadOriginals<'r> {
        let mut widths: Vec<usize> = rows
            .sheets
            .iter()
            .map(|(sheet, _)| sheet.headings.len())
            .collect();
        for row in &rows.rows {
            let cells = row.cells();
            let is_filled = |column: &usize| cells.get(*column).is_some_and(|it| !it.is_empty());
            let width = (0..cells.len())
                .rev()
                .find(is_filled)
                .map_or(0, |last| last + 1);
            if let Some(known) = widths.get_mut(row.sheet) {
                *known = width.max(*known);
            }
        }
        // A heading that a sheet has twice is two columns, and so are two that are blank.
        let mut known: Vec<(&str, usize)> = vec![];
        let mut of_sheets: Vec<BTreeMap<usize, usize>> = vec![];
        for ((sheet, _), width) in rows.sheets.iter().zip(widths) {
            let mut times: BTreeMap<&str, usize> = BTreeMap::new();
            let mut of_sheet = BTreeMap::new();
            for column in 0..width {
                let heading = sheet.headings.get(column).map_or("", String::as_str);
                if is_added_to_rejects(heading) {
                    continue;
                }
                let time = times.entry(heading).or_default();
                *time += 1;
                let key = (heading, *time);
                let at = known.iter().position(|it| *it == key).unwrap_or_else(|| {
                    known.push(key);
                    known.len() - 1
                });
                of_sheet.insert(at, column);
            }
            of_sheets.push(of_sheet);
        }
        let all = 0..known.len();
        let columns = of_sheets.iter().map(|of_sheet| {
            let column = |at: usize| of_sheet.get(&at).copied();
            all.clone().map(column).collect()
        });
        ReadOriginals {
            rows,
            columns: columns.collect(),
            headings: known
                .iter()
                .map(|(heading, _)| (*heading).to_owned())
                .collect(),
        }
    }

    fn cells(&self, position: usize) -> Option<Vec<String>> {
        let row = self.rows.rows.get(position)?;
        let cells = row.cells();
        let columns = self.columns.get(row.sheet)?.iter();
        let cell = |column: &Option<usize>| cells.get((*column)?);
        let texts = columns.map(|column| cell(column).unwrap_or_default().to_owned());
        Some(texts.collect())
    }
}

impl<'r> Originals<'r> {
    /// The cells of rows that were read.
    pub(crate) fn new(rows: &'r InputRows) -> Originals<'r> {
        Originals::Read(ReadOriginals::new(rows))
    }

    pub(crate) fn headings(&self) -> &[String] {
        match self {
            Originals::Read(read) => &read.headings,
            Originals::Kept(_, headings) => headings,
        }
    }

    /// The cells of a row; `None` where there is no such row.
    fn cells(&self, position: usize) -> Option<Vec<String>> {
        match self {
            Originals::Read(read) => read.cells(position),
            Originals::Kept(cells, _) => cells.get(&position).cloned(),
        }
    }

    /// The characters of the longest line of each column, among the first rows.
    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.headings().len()];
        for (_, cells) in self.all().take(ROWS_MEASURED) {
            for (width, cell) in widths.iter_mut().zip(&cells) {
                let lines = cell.lines().map(|line| line.chars().count());
                *width = lines.max().unwrap_or_default().max(*width);
            }
        }
        widths
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
        let headings = originals.headings().iter();
        let columns = reject_columns(headings.zip(originals.widths()));
        let format = Format::to_write(&path.to_string_lossy());
        let writer = Writer::row_by_row(path, Readers::Owner, &columns)?;
        Ok(Rejects {
            file: path.to_owned(),
            writer,
            originals,
            count: 0,
            language: language_of(format),
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
            .chain(reject_cells(outcome, self.language, &|finding| {
                fields.heading(outcome.place.as_ref(), finding.field)
            }))
            .collect();
        self.count += 1;
        let marks = marks(self.originals.headings(), fields, outcome);
        let cells = line.iter().map(String::as_str);
        self.writer.marked_row(cells, &marks, &[])
    }

    /// Puts the file in its place, and returns the remark on it.
    pub(crate) fn finish(self) -> Result<String, SheetError> {
        self.writer.finish()?;
        if self.count == 0 {
            return Ok(format!(
                "rejects: {} has its headings alone: there is no row to correct",
                self.file.display()
            ));
        }
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
