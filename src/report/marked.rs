//! `--mark` and `--propose`: a copy of a sheet that shows the findings at the cells themselves.

use super::columns::REJECT_CODE;
use super::findings::{message, words};
use super::labels::{column_label, with_labels};
use crate::check::BoundSheet;
use crate::lang::{all_translated, language, translated};
use crate::model::{Finding, Place, Secret, cell_name, counted};
use crate::sheet::{
    CellLink, CellMarks, ExtraRow, ExtraSheet, Sheet, SheetError, TITLE_PREFIX, Tone, ending,
    is_copied_whole, name_of_extra, write_marked_copy,
};
use std::path::Path;

/// The largest number of findings that are marked.
const FINDINGS_MAX: usize = 100_000;

/// The marks for the copy of a sheet, or of several sheets of a workbook that is copied whole.
pub(crate) struct MarkedCopy<'t> {
    tables: &'t [BoundSheet],
    /// The marks of each table.
    marks: Vec<CellMarks>,
    whole: bool,
    extra: ExtraSheet,
    /// The findings that are of a row, and of none of its cells.
    of_rows: u64,
    left_out: u64,
}

impl<'t> MarkedCopy<'t> {
    /// A copy of these sheets without a mark; `None` where they are of several files, or of one that is not copied whole.
    pub(crate) fn new(tables: &'t [BoundSheet]) -> Option<MarkedCopy<'t>> {
        let first = &tables.first()?.sheet;
        let whole = tables.iter().all(|table| is_copied_whole(&table.sheet));
        let is_one_file = tables.iter().all(|table| table.sheet.file == first.file);
        if tables.len() > 1 && !(whole && is_one_file) {
            return None;
        }
        let headings = [
            "cell",
            "weight",
            "number",
            "column",
            "what",
            "what to do",
            "rule",
        ];
        let title = format!("findings in {}", first.file);
        Some(MarkedCopy {
            tables,
            marks: tables.iter().map(|_| CellMarks::default()).collect(),
            whole,
            extra: ExtraSheet {
                name: name_of_extra(first, &translated("Findings")),
                title: format!("{TITLE_PREFIX}{}", translated(&title)),
                headings: all_translated(&headings),
                ..ExtraSheet::default()
            },
            of_rows: 0,
            left_out: 0,
        })
    }

    /// Marks a finding of a row, counted from 1, at its place. `table` is one of the copy's.
    pub(crate) fn add(
        &mut self,
        table: &BoundSheet,
        row: u64,
        place: &Place,
        number: &str,
        finding: &Finding,
    ) {
        let tone = finding.severity.tone();
        if tone == Tone::Plain {
            return;
        }
        if self.extra.rows.len() >= FINDINGS_MAX {
            self.left_out += 1;
            return;
        }
        let binding = &table.binding;
        let column = finding.column.or_else(|| binding.column_of(finding.field?));
        let columns = table.sheet.headings.len();
        let column = column.filter(|column| *column < columns);
        let (cell, link) = self.cell(table, row, place, column);
        self.of_rows += u64::from(column.is_none());
        let weight = translated(finding.severity.word());
        if let Some(column) = column {
            // Its column names it.
            let note = format!("{weight}: {}", with_labels(&words(finding, language())));
            if let Some(marks) = self.marks_of(table) {
                marks.add(place.line, column, tone, &note);
            }
        }
        let cells = vec![
            cell,
            weight.into_owned(),
            number.to_owned(),
            column_of(table, finding, column),
            with_labels(&message(finding, language())),
            with_labels(&translated(&finding.hint)),
            finding.rule.to_string(),
        ];
        self.extra.rows.push(ExtraRow {
            cells,
            mark: Some((1, tone)),
            link: Some(link),
        });
    }

    /// Gives the cell of a finding another text, and marks it: as certain, or as likely and for a person to accept.
    pub(crate) fn propose(
        &mut self,
        table: &BoundSheet,
        (row, place): (u64, &Place),
        number: &str,
        finding: &Finding,
        (column, after): (usize, Secret),
        (is_certain, change): (bool, String),
    ) {
        let (tone, word) = match is_certain {
            true => (Tone::Good, "certain"),
            false => (Tone::Notice, "likely"),
        };
        let (cell, link) = self.cell(table, row, place, Some(column));
        let (word, change) = (translated(word), translated(&change).into_owned());
        let message = with_labels(&message(finding, language()));
        let note = format!("{word}: {change}\n{message}");
        if let Some(marks) = self.marks_of(table) {
            marks.add(place.line, column, tone, &note);
            marks.replace(place.line, column, after);
        }
        let cells = vec![
            cell,
            word.clone().into_owned(),
            number.to_owned(),
            column_of(table, finding, Some(column)),
            change,
            message,
            finding.rule.to_string(),
        ];
        self.extra.rows.push(ExtraRow {
            cells,
            mark: None,
            link: Some(link),
        });
    }

    fn marks_of(&mut self, table: &BoundSheet) -> Option<&mut CellMarks> {
        let mut tables = self.tables.iter();
        let at = tables.position(|known| std::ptr::eq(known, table))?;
        self.marks.get_mut(at)
    }

    /// The name of a cell in the copy, or of its row where no column is meant, and the way there. In a workbook with the
    /// same rows the headings are in the first line.
    fn cell(
        &self,
        table: &BoundSheet,
        row: u64,
        place: &Place,
        column: Option<usize>,
    ) -> (String, CellLink) {
        let line = if self.whole { place.line } else { row + 1 };
        let cell = cell_name(line, column.unwrap_or_default());
        let name = column.map_or_else(|| line.to_string(), |_| cell.clone());
        let sheet = table.sheet.sheet.as_deref();
        let sheet = sheet.filter(|_| self.tables.len() > 1);
        let shown = match sheet {
            Some(sheet) => format!("{sheet}!{name}"),
            None => name,
        };
        let table = sheet.map(str::to_owned);
        (shown, CellLink { table, cell })
    }

    /// Writes the copy; returns the remarks on it, a line each.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(self, path: &Path) -> Result<Vec<String>, SheetError> {
        let shown = path.display();
        let marked: u64 = self.marks.iter().map(CellMarks::count).sum();
        let findings = self.extra.name.clone();
        let sheets = self.tables.iter().map(|table| &table.sheet);
        let sheets: Vec<(&Sheet, CellMarks)> = sheets.zip(self.marks).collect();
        let has_notes = write_marked_copy(&sheets, path, self.extra, REJECT_CODE)?;
        let mut lines = vec![match marked {
            0 => format!("{shown}: no cell is marked"),
            marked => {
                let marked = counted(marked, "cell");
                format!("{shown}: {marked} marked; its sheet “{findings}” leads to the cells")
            }
        }];
        if self.of_rows > 0 {
            let of_rows = counted(self.of_rows, "finding");
            lines.push(format!(
                "{shown}: {of_rows} of no cell, in the sheet “{findings}” alone"
            ));
        }
        if !has_notes {
            lines.push(format!(
                "{shown}: the sheet's own notes are kept in an unusual way, so the findings stand in the sheet “{findings}” alone"
            ));
        }
        if self.left_out > 0 {
            lines.push(format!("{shown}: {} more are not marked", self.left_out));
        }
        Ok(lines)
    }
}

/// The column of a finding: the sheet's own heading, with the field's label where that says something else.
fn column_of(table: &BoundSheet, finding: &Finding, column: Option<usize>) -> String {
    let heading = column.and_then(|at| table.sheet.headings.get(at));
    column_label(finding.field, heading.map_or("", String::as_str))
}

/// The ending of a marked copy: a workbook keeps its own, and a copy of anything else is an `xlsx`.
pub(crate) fn ending_of_copy(sheet: &Sheet) -> String {
    let own = ending(Path::new(&*sheet.file));
    match own.is_empty() || !is_copied_whole(sheet) {
        true => "xlsx".to_owned(),
        false => own,
    }
}
