mod links;
mod merged;
mod repair;
mod workbooks;
mod writer;

use super::{Row, RowTrouble, Sheet, SheetError};

/// A row as it was read: line, cells, rule of its trouble.
pub(in crate::sheet) type SeenRow = (u64, Vec<String>, Option<String>);

pub(in crate::sheet) fn seen(row: &Row<'_>) -> SeenRow {
    let cells = (0..row.cells.len()).map(|column| row.cells.get(column).unwrap().to_owned());
    let trouble = row.trouble.as_ref().map(RowTrouble::finding);
    (
        row.line,
        cells.collect(),
        trouble.map(|finding| finding.rule.to_string()),
    )
}

pub(in crate::sheet) fn rows_of(sheet: &Sheet) -> Result<Vec<SeenRow>, SheetError> {
    let mut rows = Vec::new();
    for batch in sheet.batches() {
        batch?.rows(|row| rows.push(seen(&row)))?;
    }
    Ok(rows)
}

/// A row without trouble, as it should be read.
pub(in crate::sheet) fn row(line: u64, cells: &[&str]) -> SeenRow {
    (
        line,
        cells.iter().map(|cell| (*cell).to_owned()).collect(),
        None,
    )
}
