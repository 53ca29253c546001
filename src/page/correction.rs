//! Corrections of cells: copies of the sheet that was dropped, with other texts in some of its cells.

use crate::columns::AllowedActions;
use crate::disk::make_private_folder;
use crate::input::{InputOptions, bound};
use crate::manifest::Manifest;
use crate::model::Secret;
use crate::rim::Failure;
use crate::sheet::{RepairedCopy, Sheet};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A cell: the index of the sheet in its workbook, the position of its row among the rows of that sheet, its column. No line
/// is in it, because a correction moves the lines below it where it takes a line break away.
pub(super) type CellKey = (usize, usize, usize);

/// New texts of cells.
pub(super) type Corrections = BTreeMap<CellKey, Secret>;

/// The cells of a sheet that could not have their text, each with the reason.
pub(super) type NotCorrected = BTreeMap<CellKey, String>;

/// A sheet of the original while its copy is written: the number of its rows, and what was in the cells that are corrected.
struct SheetBefore {
    index: usize,
    rows: usize,
    cells: BTreeMap<CellKey, (String, Secret)>,
}

/// The places of copies, one for each sheet of a workbook that is corrected.
pub(super) struct CopyPlaces<'p> {
    pub(super) folder: &'p Path,
    pub(super) name: &'p str,
    pub(super) count: &'p mut u32,
}

impl CopyPlaces<'_> {
    fn next(&mut self) -> Result<PathBuf, Failure> {
        *self.count += 1;
        let place = self.folder.join(format!("copy{}", self.count));
        make_private_folder(&place).map_err(|error| Failure::not_written(&place, &error))?;
        Ok(place.join(self.name))
    }
}

/// Writes copies of the sheets that are corrected, one upon the other. `input` becomes the last of them. Returns the cells
/// that are as they were.
///
/// # Errors
/// Exit 2 where a sheet is of a kind that is not written again, a copy cannot be written, or it has other rows.
pub(super) fn write_corrected(
    input: &mut InputOptions,
    all: &Corrections,
    (manifest, allowed): (&Manifest, AllowedActions),
    mut places: CopyPlaces<'_>,
) -> Result<NotCorrected, Failure> {
    let sheets: BTreeSet<usize> = all.keys().map(|(sheet, ..)| *sheet).collect();
    let (mut before, mut refused) = (vec![], NotCorrected::new());
    for index in sheets {
        let opened = bound(input, manifest, allowed)?;
        let Some((sheet, _)) = opened.get(index) else {
            continue;
        };
        let place = places.next()?;
        let mut own = SheetBefore {
            index,
            rows: 0,
            cells: BTreeMap::new(),
        };
        let copy = RepairedCopy::write(sheet, &place, |row, mends| {
            let at = own.rows;
            own.rows += 1;
            for (key, text) in all.range((index, at, 0)..=(index, at, usize::MAX)) {
                let cell = sheet.place(row.line).cell(key.2);
                match mends.put(key.2, text.clone()) {
                    Ok(()) => {
                        let text = row.cells.get(key.2).unwrap_or_default();
                        own.cells.insert(*key, (cell, Secret::new(text)));
                    }
                    Err(why) => {
                        refused.insert(*key, format!("{cell}: {why}"));
                    }
                }
            }
        })?;
        if let Some(encoding) = copy.encoding_to_say(sheet)? {
            input.reading.encoding = Some(encoding);
        }
        copy.keep()?;
        input.sheets = vec![place];
        before.push(own);
    }
    let copies = bound(input, manifest, allowed)?;
    for own in &before {
        let Some((copy, _)) = copies.get(own.index) else {
            return Err(other_rows());
        };
        own.compare(copy, all, &mut refused)?;
    }
    let is_met = |key: &&CellKey| before.iter().any(|own| own.cells.contains_key(key));
    for key in all.keys().filter(|key| !is_met(key)) {
        let why = || "a corrected cell is not in the sheet any more: look at its rows again";
        refused.entry(*key).or_insert_with(|| why().to_owned());
    }
    Ok(refused)
}

fn other_rows() -> Failure {
    Failure::usage("with this correction the sheet would have other rows; nothing was changed")
        .hint("take rows out in the sheet itself, and drop it again")
}

impl SheetBefore {
    /// Compares the copy with the sheet before: it has as many rows, and each corrected cell has another text now.
    fn compare(
        &self,
        copy: &Sheet,
        all: &Corrections,
        refused: &mut NotCorrected,
    ) -> Result<(), Failure> {
        let mut rows = 0;
        for batch in copy.batches() {
            batch?.rows(|row| {
                let own = (self.index, rows, 0)..=(self.index, rows, usize::MAX);
                rows += 1;
                for (key, (cell, before)) in self.cells.range(own) {
                    let text = row.cells.get(key.2).unwrap_or_default();
                    let is_meant = all.get(key).is_some_and(|meant| *meant == *text);
                    if !is_meant && *before == *text {
                        let why = "the row has no such cell; add it in the sheet itself";
                        refused.insert(*key, format!("{cell}: {why}"));
                    }
                }
            })?;
        }
        match rows == self.rows {
            true => Ok(()),
            false => Err(other_rows()),
        }
    }
}
