//! The mistakes in a row as a whole.

use super::layout::CsvLayout;
use super::record::CsvRecord;
use super::swallowed::{are_alike, row_in_cell};
use crate::model::{Finding, Severity, counted};
use crate::sheet::cells::{Cells, RAGGED, RowTrouble};
use crate::sheet::error::{SheetError, SheetErrorKind};
use memchr::memchr2;

/// Builds the error for a row that stands within the quotes of a cell.
pub(super) fn row_in_quotes(record: &CsvRecord<'_>, layout: &CsvLayout) -> Option<SheetError> {
    // A simple record has no line break.
    if !record.apart.is_empty() || memchr2(b'\n', b'\r', record.text).is_none() {
        return None;
    }
    let cells: Vec<&[u8]> = record.cells().collect();
    let (opens, row) = row_in_cell(&cells, layout.delimiter, layout.width, are_alike)?;
    let kind = SheetErrorKind::RowInQuotes(record.line + row);
    Some(kind.on_line(&layout.file, record.line + opens))
}

/// Finds the first mistake in a row as a whole. No value is shown, since it may be in the wrong column and be a secret.
#[cold]
pub(super) fn trouble(
    layout: &CsvLayout,
    record: &CsvRecord<'_>,
    cells: &Cells<'_>,
    not_utf8: Option<usize>,
    broken_quote: Option<usize>,
) -> Option<RowTrouble> {
    let broken = broken_cell(layout, record, cells, not_utf8, broken_quote);
    if let Some(finding) = broken.or_else(|| ragged(layout, record.width)) {
        return Some(RowTrouble::Broken(finding));
    }
    let is_filled = |column: &&usize| {
        cells
            .get(**column)
            .is_some_and(|text| !text.trim().is_empty())
    };
    let columns = layout.unnamed.iter().filter(is_filled).copied().collect();
    RowTrouble::without_heading(&layout.place(record), layout.header_row, columns)
}

/// Finds the first cell whose text is not what was meant.
fn broken_cell(
    layout: &CsvLayout,
    record: &CsvRecord<'_>,
    cells: &Cells<'_>,
    not_utf8: Option<usize>,
    broken_quote: Option<usize>,
) -> Option<Finding> {
    let has_nul = |column: &usize| cells.get(*column).is_some_and(|text| text.contains('\0'));
    let cell = |column: usize| layout.place(record).cell(column);
    let (rule, column, message, hint) = if let Some(column) = not_utf8 {
        let (cell, encoding) = (cell(column), layout.encoding.name());
        let message = format!("cell {cell} holds bytes that are no {encoding} text");
        let hint = "write the cell anew, save the file as UTF-8 (in Excel: “CSV UTF-8”), or say with --encoding what it is written in";
        ("sheet.not_utf8", column, message, hint)
    } else if let Some(column) = (0..cells.len()).find(has_nul) {
        let message = format!("cell {} holds a NUL character", cell(column));
        let hint = "write the cell anew; the file may be damaged";
        ("sheet.nul", column, message, hint)
    } else {
        let column = broken_quote?;
        let cell = cell(column);
        let message =
            format!("the quotes of cell {cell} are broken: one closes it, and text follows");
        let hint = "write each quote that is meant as a character twice, with no backslash before it, or take the quotes out";
        ("sheet.quotes", column, message, hint)
    };
    let finding = Finding::new(rule, Severity::Error, message);
    Some(finding.about(None, Some(column)).hint(hint))
}

/// Finds that a row has too many cells, or too few.
fn ragged(layout: &CsvLayout, width: usize) -> Option<Finding> {
    let columns = layout.columns;
    if width <= layout.width && (width >= columns || layout.pad_short_rows) {
        return None;
    }
    let hint = if width < columns {
        "look for a missing delimiter, or accept short rows with --pad-short-rows"
    } else {
        "look for a delimiter too many, or put quotes around the cell that holds one"
    };
    let message = format!(
        "the row has {}, and the sheet {}",
        counted(width as u64, "cell"),
        counted(columns as u64, "heading")
    );
    Some(Finding::new(RAGGED, Severity::Error, message).hint(hint))
}
