//! The columns of a sheet that are read, by their rows among a vendor's fields.

use super::compiled::CompiledField;
use crate::columns::Binding;
use crate::manifest::Manifest;
use crate::model::{Field, heading_key};
use crate::sheet::Cells;

/// A column that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct BoundColumn {
    pub(super) index: usize,
    pub(super) bound: BoundField,
    /// True if a blank cell is always right.
    pub(super) may_be_blank: bool,
}

/// The meaning of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum BoundField {
    /// The field row of this index.
    Known(u8),
    /// A field that the vendor does not know.
    Foreign(Field),
}

/// Returns the columns that are read, in their order; `column_of` gives the one of a field.
pub(super) fn bound_columns(
    manifest: &Manifest,
    fields: &[CompiledField<'_>],
    column_of: impl Fn(Field) -> Option<usize>,
) -> Vec<BoundColumn> {
    let of_slots = (0u8..).zip(fields);
    let known = of_slots.filter_map(|(index, compiled)| {
        Some(BoundColumn {
            index: compiled.column?,
            bound: BoundField::Known(index),
            may_be_blank: !compiled.demanded,
        })
    });
    let foreign = Field::all()
        .filter(|field| manifest.row(*field).is_none())
        .filter_map(|field| {
            Some(BoundColumn {
                index: column_of(field)?,
                bound: BoundField::Foreign(field),
                may_be_blank: true,
            })
        });
    let mut columns: Vec<BoundColumn> = known.chain(foreign).collect();
    columns.sort_by_key(|column| column.index);
    columns
}

/// The headings of the columns that are read, as [`heading_key`] compares them.
#[derive(Debug, Default)]
pub(super) struct BoundHeadings(Vec<(usize, String)>);

impl BoundHeadings {
    pub(super) fn new(binding: &Binding) -> BoundHeadings {
        let columns = binding.columns.iter().enumerate();
        let read = columns.filter(|(_, column)| column.field.is_some());
        let headings = read.map(|(at, column)| (at, heading_key(&column.heading)));
        BoundHeadings(headings.collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if the cells of a row are the headings once more.
    pub(super) fn are_repeated_in(&self, cells: Cells<'_>) -> bool {
        let mut same = 0;
        for (column, heading) in &self.0 {
            let text = cells.get(*column).unwrap_or_default();
            match text.trim().is_empty() {
                true => {}
                false if heading_key(text) == *heading => same += 1,
                false => return false,
            }
        }
        same > 1 || (same == 1 && self.0.len() == 1)
    }
}
