//! A workbook written again with some of its cells changed. Of its parts only the sheet's changes, and of that only the
//! cells that are named: each becomes a text, in the style that it had.

use crate::model::Secret;
use crate::sheet::book::read::{Book, Content};
use crate::sheet::cells::{Cells, Row, Stored};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::ods::repair as ods;
use crate::sheet::repairs::Repairs;
use crate::sheet::workbook::package::Splice;
use crate::sheet::workbook::row::RawRow;
use crate::sheet::xlsx::repair as xlsx;
use crate::sheet::xlsx::write::CELL_UNITS_MAX;
use crate::xml::{self};
use std::fs::File;
use std::sync::Arc;

/// Writes the workbook to `out`, under the name `file`, with the changes to cells that `mend` makes.
///
/// # Errors
/// If the workbook is binary, cannot be read to its end, or `out` cannot be written to.
pub(crate) fn mended(
    content: &Content,
    mend: &mut impl FnMut(&Row<'_>, &mut Repairs<'_>),
    out: &mut File,
    file: &Arc<str>,
) -> Result<(), SheetError> {
    let (package, part) = match &content.book {
        Book::Xlsx(book) => book.part(content.table),
        Book::Ods(book) => book.part(),
        Book::Xls(_) => {
            return Err(SheetErrorKind::NotRepairable(
                "a binary workbook (.xls)".to_owned(),
                "Open it in Excel or LibreOffice, save it as .xlsx, and fix that",
            )
            .in_file(&content.layout.file));
        }
    };
    let mut changed = false;
    package.rewritten(part, out, file, |splice| {
        changed = rows(content, mend, splice)?;
        Ok(())
    })?;
    // Packed anew, even the same part has other bytes.
    match changed {
        true => Ok(()),
        false => package.copied(out, file),
    }
}

/// Returns true if any cell was changed.
fn rows(
    content: &Content,
    mend: &mut impl FnMut(&Row<'_>, &mut Repairs<'_>),
    splice: &mut Splice<'_>,
) -> Result<bool, SheetError> {
    let layout = &content.layout;
    let mut rows = content.rows()?;
    let mut row = RawRow::new(&layout.file, layout.limits);
    let (mut index, mut written, mut changed) = (0, Vec::new(), false);
    while rows.next(&mut row)? {
        if !content.has(&row) {
            continue;
        }
        let is_first = |column| rows.is_first(column);
        let cells = mends(content, index, &row, &is_first, mend);
        index += 1;
        changed |= !cells.is_empty();
        if !row.repeats {
            match &content.book {
                Book::Xlsx(_) => xlsx::write_row(&row, &cells, splice)?,
                _ => ods::write_row(&row, &cells, splice)?,
            }
            written = cells;
        } else if written != cells {
            return Err(SheetErrorKind::NotRepairable(
                format!(
                    "a workbook whose row {} stands in it once for several rows",
                    row.line
                ),
                "Save it as .xlsx, and fix that",
            )
            .in_file(&layout.file));
        }
    }
    Ok(changed)
}

/// The reason why a cell that is not there cannot have a text.
const NO_CELL: &str = "the workbook has no such cell";

/// Checks that a cell can have a text; the error is the reason, in words. Of merged cells, only the first can.
pub(crate) fn may_hold(
    row: &RawRow,
    is_xlsx: bool,
    column: usize,
    is_first: bool,
    text: &str,
) -> Result<(), String> {
    let spot = row.spots.iter().find(|spot| spot.columns.contains(&column));
    let why = match spot {
        _ if row.is_calculated(column) => "a formula gives its value; correct what it refers to",
        _ if row.stored_as(column) == Stored::Merged && !is_first => {
            "it is a part of merged cells; correct the first of them"
        }
        // A row of an .xlsx file gets a cell that it lacks.
        None if !is_xlsx => NO_CELL,
        Some(spot) if spot.mixed => "something is drawn or noted within its text",
        Some(spot) if !is_xlsx && spot.end - spot.tag.start > ods::CELL_BYTES_MAX => {
            "it is too long, with its comments and drawings"
        }
        _ if is_xlsx && text.encode_utf16().count() > CELL_UNITS_MAX => {
            "it would be longer than a workbook's cell can be"
        }
        _ if !is_xlsx && !text.chars().all(xml::is_legal) => "XML cannot hold a character of it",
        _ => return Ok(()),
    };
    Err(why.to_owned())
}

/// Returns the new texts of a row's cells, by column.
fn mends(
    content: &Content,
    index: u64,
    row: &RawRow,
    is_first: &dyn Fn(usize) -> bool,
    mend: &mut impl FnMut(&Row<'_>, &mut Repairs<'_>),
) -> Vec<(usize, Secret)> {
    let cells = Cells::stored_as(&row.text, &row.ends, &row.stored);
    let is_xlsx = matches!(content.book, Book::Xlsx(_));
    let may =
        |column: usize, text: &str| match column < content.layout.columns || row.has_cell(column) {
            true => may_hold(row, is_xlsx, column, is_first(column), text),
            false => Err(NO_CELL.to_owned()),
        };
    let mut mends = Repairs::new(&may);
    let row = Row {
        index,
        line: row.line,
        cell_breaks: 0,
        cells,
        trouble: content.layout.trouble(row.line, &cells),
        bytes: 0..0,
    };
    mend(&row, &mut mends);
    mends.into_cells()
}
