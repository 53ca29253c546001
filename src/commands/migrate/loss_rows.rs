//! The rows of a loss report: one for each field of each extension, or of a page one for each kind of loss.

use crate::mapping::Mapping;
use crate::migrate::{self, LossKinds};
use crate::model::Language;
use crate::plan::transfer::Transfer;
use crate::sheet::{SheetError, Writer};

/// Writes a row for each kind of loss. A page is read by people, who have the rest counted.
pub(super) fn write_kinds(writer: &mut Writer, transfer: &Transfer) -> Result<(), SheetError> {
    let is_kept =
        |mapping: Mapping| matches!(mapping, Mapping::Carried | Mapping::Dropped { lost: false });
    let mut kinds = LossKinds::default();
    for one in &transfer.moves {
        let new = one.mapped.wanted.number();
        let entries = one.mapped.entries.iter();
        for entry in entries.filter(|entry| !is_kept(entry.mapping)) {
            kinds.add(&one.number, new, entry);
        }
        for heading in &one.lost_columns {
            kinds.add_cell(&one.number, new, heading);
        }
    }
    for row in kinds.rows() {
        writer.row(row.iter().map(String::as_str))?;
    }
    Ok(())
}

/// Writes a row for each field of each extension.
pub(super) fn write_each(
    writer: &mut Writer,
    transfer: &Transfer,
    reader: Option<Language>,
) -> Result<(), SheetError> {
    for one in &transfer.moves {
        let new = one.mapped.wanted.number();
        for entry in &one.mapped.entries {
            let cells = migrate::cells(&one.number, new, entry, reader);
            writer.row(cells.iter().map(String::as_str))?;
        }
        for heading in &one.lost_columns {
            let cells = migrate::lost_cell(&one.number, new, heading);
            writer.row(cells.iter().map(String::as_str))?;
        }
    }
    Ok(())
}
