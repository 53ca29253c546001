//! `--mark` and `--propose`: a copy of a sheet that shows the findings at the cells themselves.

use crate::check::BoundSheet;
use crate::model::{Finding, Place, Secret, cell_name};
use crate::rim::Failure;
use crate::sheet::{
    CellMarks, ExtraRow, ExtraSheet, Sheet, TITLE_PREFIX, Tone, is_copied_whole, write_marked_copy,
};
use std::path::Path;

/// The largest number of findings that are marked.
const FINDINGS_MAX: usize = 100_000;

/// The marks for the copy of one sheet.
pub(super) struct MarkedSheet<'t> {
    table: &'t BoundSheet,
    whole: bool,
    marks: CellMarks,
    extra: ExtraSheet,
    left_out: u64,
}

impl<'t> MarkedSheet<'t> {
    pub(super) fn new(table: &'t BoundSheet) -> MarkedSheet<'t> {
        let headings = [
            "cell",
            "weight",
            "number",
            "column",
            "what",
            "what to do",
            "rule",
        ];
        MarkedSheet {
            table,
            whole: is_copied_whole(&table.sheet),
            marks: CellMarks::default(),
            extra: ExtraSheet {
                name: "Findings".to_owned(),
                title: format!("{TITLE_PREFIX}findings in {}", table.sheet.file),
                headings: headings.map(str::to_owned).to_vec(),
                ..ExtraSheet::default()
            },
            left_out: 0,
        }
    }

    /// Marks a finding of a row, counted from 1, at its place.
    pub(super) fn add(&mut self, row: u64, place: &Place, number: &str, finding: &Finding) {
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
        let headings = &self.table.sheet.headings;
        let column = column.filter(|column| *column < headings.len());
        let cell = self.cell(row, place, column.unwrap_or_default());
        let words = format!("{}: {}", finding.severity.word(), finding.words());
        if let Some(column) = column {
            self.marks.add(place.line, column, tone, &words);
        }
        let link = Some(cell.clone());
        let cells = vec![
            cell,
            finding.severity.word().to_owned(),
            number.to_owned(),
            column
                .and_then(|at| headings.get(at))
                .map_or("", |heading| heading.trim())
                .to_owned(),
            finding.message.clone(),
            finding.hint.clone(),
            finding.rule.to_string(),
        ];
        self.extra.rows.push(ExtraRow {
            cells,
            mark: Some((1, tone)),
            link,
        });
    }

    /// Gives the cell of a finding another text, and marks it: as certain, or as likely and for a person to accept.
    pub(super) fn propose(
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
        let note = format!("{word}: {change}\n{}", finding.message);
        self.marks.add(place.line, column, tone, &note);
        self.marks.replace(place.line, column, after);
        let headings = &self.table.sheet.headings;
        let link = Some(cell.clone());
        let cells = vec![
            cell,
            word.to_owned(),
            number.to_owned(),
            headings
                .get(column)
                .map_or("", |heading| heading.trim())
                .to_owned(),
            change,
            finding.message.clone(),
            finding.rule.to_string(),
        ];
        self.extra.rows.push(ExtraRow {
            cells,
            mark: None,
            link,
        });
    }

    /// The name of a cell in the copy. In a workbook with the same rows the headings are in the first line.
    fn cell(&self, row: u64, place: &Place, column: usize) -> String {
        let line = if self.whole { place.line } else { row + 1 };
        cell_name(line, column)
    }

    /// Writes the copy; returns the remarks on it, a line each.
    ///
    /// # Errors
    /// Exit 2 where it cannot be written.
    pub(super) fn write(self, path: &Path) -> Result<Vec<String>, Failure> {
        let shown = path.display();
        let count = self.extra.rows.len();
        let written = write_marked_copy(&self.table.sheet, path, &self.marks, self.extra);
        let has_notes = written.map_err(Failure::usage)?;
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

/// Refuses a marked copy under a name with another ending than its workbook's.
///
/// # Errors
/// Exit 2, naming the ending.
pub(super) fn refuse_ending(sheet: &Sheet, flag: &str, path: &Path) -> Result<(), Failure> {
    let ending = |path: &Path| {
        let ending = path.extension().unwrap_or_default();
        ending.to_string_lossy().to_lowercase()
    };
    let wanted = match is_copied_whole(sheet) {
        true => ending(Path::new(&*sheet.file)),
        false => "xlsx".to_owned(),
    };
    let wanted = if wanted.is_empty() {
        "xlsx".to_owned()
    } else {
        wanted
    };
    if ending(path) == wanted {
        return Ok(());
    }
    let message = format!("{flag} {} is to be a workbook", path.display());
    Err(Failure::usage(message).hint(format!("give it the ending .{wanted}")))
}
