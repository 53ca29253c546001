//! `--mark` and `--propose`: a copy of a sheet that shows the findings at the cells themselves.

use super::columns::REJECT_CODE;
use super::findings::words;
use crate::check::BoundSheet;
use crate::lang::{all_translated, language, translated};
use crate::model::{Finding, Place, Secret, cell_name};
use crate::sheet::{
    CellMarks, ExtraRow, ExtraSheet, Sheet, SheetError, TITLE_PREFIX, Tone, ending,
    is_copied_whole, write_marked_copy,
};
use std::path::Path;

/// The largest number of findings that are marked.
const FINDINGS_MAX: usize = 100_000;

/// The marks for the copy of one sheet.
pub(crate) struct MarkedSheet<'t> {
    table: &'t BoundSheet,
    whole: bool,
    marks: CellMarks,
    extra: ExtraSheet,
    left_out: u64,
}

impl<'t> MarkedSheet<'t> {
    pub(crate) fn new(table: &'t BoundSheet) -> MarkedSheet<'t> {
        let headings = [
            "cell",
            "weight",
            "number",
            "column",
            "what",
            "what to do",
            "rule",
        ];
        let title = format!("findings in {}", table.sheet.file);
        MarkedSheet {
            table,
            whole: is_copied_whole(&table.sheet),
            marks: CellMarks::default(),
            extra: ExtraSheet {
                name: translated("Findings").into_owned(),
                title: format!("{TITLE_PREFIX}{}", translated(&title)),
                headings: all_translated(&headings),
                ..ExtraSheet::default()
            },
            left_out: 0,
        }
    }

    /// Marks a finding of a row, counted from 1, at its place.
    pub(crate) fn add(&mut self, row: u64, place: &Place, number: &str, finding: &Finding) {
        let tone = finding.severity.tone();
        if tone == Tone::Plain {
            return;
        }
        if self.extra.rows.len() >= FINDINGS_MAX {
            self.left_out += 1;
            return;
        }
        let binding = &self.table.binding;
        let column = finding.column.or_else(|| binding.column_of(finding.field?));
        let columns = self.table.sheet.headings.len();
        let column = column.filter(|column| *column < columns);
        let cell = self.cell(row, place, column.unwrap_or_default());
        let weight = translated(finding.severity.word());
        if let Some(column) = column {
            // Its column names it.
            let note = format!("{weight}: {}", words(finding, language()));
            self.marks.add(place.line, column, tone, &note);
        }
        let link = Some(cell.clone());
        let cells = vec![
            cell,
            weight.into_owned(),
            number.to_owned(),
            self.heading(column),
            translated(&finding.message).into_owned(),
            translated(&finding.hint).into_owned(),
            finding.rule.to_string(),
        ];
        self.extra.rows.push(ExtraRow {
            cells,
            mark: Some((1, tone)),
            link,
        });
    }

    /// Gives the cell of a finding another text, and marks it: as certain, or as likely and for a person to accept.
    pub(crate) fn propose(
        &mut self,
        row: u64,
        place: &Place,
        number: &str,
        finding: &Finding,
        (column, after): (usize, Secret),
        (is_certain, change): (bool, String),
    ) {
        let (tone, word) = match is_certain {
            true => (Tone::Good, "certain"),
            false => (Tone::Notice, "likely"),
        };
        let cell = self.cell(row, place, column);
        let (word, change) = (translated(word), translated(&change).into_owned());
        let message = translated(&finding.message);
        let note = format!("{word}: {change}\n{message}");
        self.marks.add(place.line, column, tone, &note);
        self.marks.replace(place.line, column, after);
        let link = Some(cell.clone());
        let cells = vec![
            cell,
            word.clone().into_owned(),
            number.to_owned(),
            self.heading(Some(column)),
            change,
            message.into_owned(),
            finding.rule.to_string(),
        ];
        self.extra.rows.push(ExtraRow {
            cells,
            mark: None,
            link,
        });
    }

    fn heading(&self, column: Option<usize>) -> String {
        let heading = column.and_then(|at| self.table.sheet.headings.get(at));
        heading.map_or("", |heading| heading.trim()).to_owned()
    }

    /// The name of a cell in the copy. In a workbook with the same rows the headings are in the first line.
    fn cell(&self, row: u64, place: &Place, column: usize) -> String {
        let line = if self.whole { place.line } else { row + 1 };
        cell_name(line, column)
    }

    /// Writes the copy; returns the remarks on it, a line each.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(self, path: &Path) -> Result<Vec<String>, SheetError> {
        let shown = path.display();
        let count = self.extra.rows.len();
        let written = write_marked_copy(
            &self.table.sheet,
            path,
            &self.marks,
            self.extra,
            REJECT_CODE,
        );
        let has_notes = written?;
        let mut lines = vec![format!(
            "{shown}: {count} marked; its sheet “Findings” leads to the cells"
        )];
        if !has_notes {
            lines.push(format!(
                "{shown}: the sheet's own notes are kept in an unusual way, so the findings stand in the sheet “Findings” alone"
            ));
        }
        if self.left_out > 0 {
            lines.push(format!("{shown}: {} more are not marked", self.left_out));
        }
        Ok(lines)
    }
}

/// The ending of a marked copy: a workbook keeps its own, and a copy of anything else is an `xlsx`.
pub(crate) fn ending_of_copy(sheet: &Sheet) -> String {
    let own = ending(Path::new(&*sheet.file));
    match own.is_empty() || !is_copied_whole(sheet) {
        true => "xlsx".to_owned(),
        false => own,
    }
}
