//! The new texts of cells in a repaired copy.

use crate::model::Secret;
use crate::sheet::cells::Row;
use crate::sheet::encoding::Encoding;
use crate::sheet::error::SheetError;
use std::fmt;
/// Cells of one row with their new texts.
pub(crate) struct Repairs<'w> {
    cells: Vec<(usize, Secret)>,
    may: &'w dyn Fn(usize, &str) -> Result<(), String>,
}

impl<'w> Repairs<'w> {
    /// Starts without any; `may` returns an error where the cell of a column cannot have a text.
    pub(crate) fn new(may: &'w dyn Fn(usize, &str) -> Result<(), String>) -> Self {
        let cells = Vec::new();
        Repairs { cells, may }
    }

    /// Gives the cell of a column a new text.
    ///
    /// # Errors
    /// The reason in words; the cell is left as it is then.
    pub(crate) fn put(&mut self, column: usize, text: Secret) -> Result<(), String> {
        (self.may)(column, text.reveal())?;
        self.cells.push((column, text));
        Ok(())
    }

    /// The cells, by column.
    pub(crate) fn into_cells(mut self) -> Vec<(usize, Secret)> {
        self.cells.sort_by_key(|(column, _)| *column);
        self.cells.dedup_by_key(|(column, _)| *column);
        self.cells
    }
}

impl fmt::Debug for Repairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Repairs").field(&self.cells).finish()
    }
}

/// The rows of a batch that are repaired, with the new texts by column.
pub(crate) type RowRepairs = Vec<(u64, Vec<(usize, Secret)>)>;

/// Calls `mend` for each row from `rows`, of a text in this encoding.
pub(crate) fn asked(
    mend: &mut impl FnMut(&Row<'_>, &mut Repairs<'_>),
    encoding: Encoding,
    rows: impl FnOnce(&mut dyn FnMut(Row<'_>)) -> Result<u64, SheetError>,
) -> Result<RowRepairs, SheetError> {
    let may = |_, text: &str| match encoding.has(text) {
        true => Ok(()),
        false => Err(format!("{} lacks a character of it", encoding.name())),
    };
    let mut all = Vec::new();
    rows(&mut |row| {
        let mut mends = Repairs::new(&may);
        mend(&row, &mut mends);
        let cells = mends.into_cells();
        if !cells.is_empty() {
            all.push((row.index, cells));
        }
    })?;
    Ok(all)
}
