//! Rows that are to be read again.

use crate::sheet::cells::Row;

/// Rows of one batch that are to be read again: 20 bytes each.
#[derive(Debug)]
pub struct Picks {
    pub(crate) batch: u64,
    pub(crate) extent: Extent,
    pub(crate) rows: Vec<Pick>,
}

/// One row, counted from the beginning of its batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pick {
    pub(crate) index: u32,
    pub(crate) lines: u32,
    pub(crate) cell_breaks: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Picks {
    /// Picks a row; they must come in their order. Returns false if it could not: in a batch of 4 GiB and more.
    pub fn add(&mut self, row: &Row<'_>) -> bool {
        let pick = || {
            Some(Pick {
                index: u32::try_from(row.index).ok()?,
                lines: u32::try_from(row.line.checked_sub(self.extent.line)?).ok()?,
                cell_breaks: row
                    .cell_breaks
                    .checked_sub(self.extent.cell_breaks)?
                    .try_into()
                    .ok()?,
                start: u32::try_from(row.bytes.start).ok()?,
                end: u32::try_from(row.bytes.end).ok()?,
            })
        };
        let pick = pick();
        self.rows.extend(pick);
        pick.is_some()
    }

    /// The number of rows picked.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns true if no rows are picked.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The beginning of a batch in its file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) line: u64,
    /// The line breaks within cells before it.
    pub(crate) cell_breaks: u64,
}
