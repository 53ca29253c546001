//! A row of a sheet written again, with cells that become texts in the style that they had.

use crate::model::Secret;
use crate::sheet::error::SheetError;
use crate::sheet::workbook::package::Splice;
use crate::sheet::workbook::row::RawRow;
use crate::sheet::xlsx::write::escape;
use crate::xml::retagged;
use std::fmt::Write;

pub(crate) fn write_row(
    row: &RawRow,
    cells: &[(usize, Secret)],
    splice: &mut Splice<'_>,
) -> Result<(), SheetError> {
    // In the file's order, which may differ from that of their columns.
    for spot in &row.spots {
        let mut cells = cells.iter();
        let Some((_, text)) = cells.find(|(column, _)| spot.columns.start == *column) else {
            continue;
        };
        splice.copy(spot.tag.start)?;
        let tag = splice.take(spot.tag.end)?;
        let tag = retagged(&tag, |name| name == "t", &[("t", "inlineStr")]);
        let (name, mut cell) = tag.ok_or_else(|| splice.malformed())?;
        let prefix = name.strip_suffix('c').unwrap_or_default();
        // Writing to a string does not fail.
        let _ = write!(cell, "<{prefix}is><{prefix}t xml:space=\"preserve\">");
        escape(text.reveal(), &mut cell);
        let _ = write!(cell, "</{prefix}t></{prefix}is></{name}>");
        splice.write(&cell)?;
        splice.leave_out(spot.end)?;
    }
    Ok(())
}
