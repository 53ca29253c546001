//! A row of a sheet written again, with cells that become texts in the style that they had.

use crate::model::{Secret, cell_name};
use crate::sheet::error::SheetError;
use crate::sheet::workbook::package::Splice;
use crate::sheet::workbook::row::{RawRow, Spot};
use crate::sheet::xlsx::write::text_cell;
use crate::xml::retagged;

/// Writes one row again with the new texts of its cells, by column. Cells that are not there are put in.
pub(crate) fn write_row(
    row: &RawRow,
    cells: &[(usize, Secret)],
    splice: &mut Splice<'_>,
) -> Result<(), SheetError> {
    // In the file's order, which may differ from that of their columns.
    let mut spots: Vec<&Spot> = row.spots.iter().chain(&row.blank_spots).collect();
    spots.sort_unstable_by_key(|spot| spot.tag.start);
    let is_there = |column: usize| spots.iter().any(|spot| spot.columns.start == column);
    let missing = cells.iter().filter(|(column, _)| !is_there(*column));
    let mut missing = missing.peekable();
    let mut prefix = None;
    for spot in &spots {
        let mut cells = cells.iter();
        let own = cells.find(|(column, _)| spot.columns.start == *column);
        if own.is_none() && missing.peek().is_none() {
            continue;
        }
        splice.copy(spot.tag.start)?;
        let tag = splice.take(spot.tag.end)?;
        let new = retagged(&tag, |name| name == "t", &[("t", "inlineStr")]);
        let (name, new) = new.ok_or_else(|| splice.malformed())?;
        while let Some((column, text)) = missing.next_if(|one| one.0 < spot.columns.start) {
            splice.write(&new_cell(&name, row.line, *column, text))?;
        }
        match own {
            Some((_, text)) => {
                splice.write(&text_cell(&name, new, text.reveal()))?;
                splice.leave_out(spot.end)?;
            }
            None => splice.write(&tag)?,
        }
        prefix = Some((name, spot.end));
    }
    if let Some((name, end)) = prefix {
        for (column, text) in missing {
            splice.copy(end)?;
            splice.write(&new_cell(&name, row.line, *column, text))?;
        }
    }
    Ok(())
}

/// A cell with this text, as an element of this name.
fn new_cell(name: &str, line: u64, column: usize, text: &Secret) -> String {
    let tag = format!("<{name} r=\"{}\" t=\"inlineStr\">", cell_name(line, column));
    text_cell(name, tag, text.reveal())
}
