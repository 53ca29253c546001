//! A row of a sheet written again, with cells that become texts in the style that they had.

use crate::model::Secret;
use crate::sheet::error::SheetError;
use crate::sheet::workbook::package::Splice;
use crate::sheet::workbook::row::RawRow;
use crate::sheet::xlsx::write::text_cell;
use crate::xml::retagged;

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
        let (name, tag) = tag.ok_or_else(|| splice.malformed())?;
        splice.write(&text_cell(&name, tag, text.reveal()))?;
        splice.leave_out(spot.end)?;
    }
    Ok(())
}
