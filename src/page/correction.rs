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
type NotCorrected = BTreeMap<CellKey, String>;

/// A copy that was written: the cells that are as they were, and the names of all cells that were to be corrected.
#[derive(Default)]
pub(super) struct WrittenCopy {
    pub(super) refused: NotCorrected,
    pub(super) names: BTreeMap<CellKey, String>,
}

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
    /// The folders that were made, each for one copy.
    pub(super) made: Vec<PathBuf>,
}

impl CopyPlaces<'_> {
    fn next(&mut self) -> Result<PathBuf, Failure> {
        *self.count += 1;
        let place = self.folder.join(format!("copy{}", self.count));
        make_private_folder(&place).map_err(|error| Failure::not_written(&place, &error))?;
        self.made.push(place.clone());
        Ok(place.join(self.name))
    }
}

/// Writes copies of the sheets that are corrected, one upon the other. `input` becomes the last of them.
///
/// # Errors
/// Exit 2 where a sheet is of a kind that is not written again, a copy cannot be written, or it has other rows, with
/// `if_other_rows` for a hint.
pub(super) fn write_corrected(
    input: &mut InputOptions,
    all: &Corrections,
    (manifest, allowed): (&Manifest, AllowedActions),
    places: &mut CopyPlaces<'_>,
    if_other_rows: &'static str,
) -> Result<WrittenCopy, Failure> {
    let sheets: BTreeSet<usize> = all.keys().map(|(sheet, ..)| *sheet).collect();
    let (mut before, mut written) = (vec![], WrittenCopy::default());
    let refused = &mut written.refused;
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
                let place = sheet.place(row.line, row.cell_breaks);
                let cell = place.cell(key.2);
                written.names.insert(*key, place.cell_in_book(key.2));
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
            return Err(other_rows(if_other_rows));
        };
        if own.rows != own.compare(copy, all, refused)? {
            return Err(other_rows(if_other_rows));
        }
    }
    let is_met = |key: &&CellKey| before.iter().any(|own| own.cells.contains_key(key));
    for key in all.keys().filter(|key| !is_met(key)) {
        let why = || "a corrected cell is not in the sheet any more: look at its rows again";
        refused.entry(*key).or_insert_with(|| why().to_owned());
    }
    Ok(written)
}

fn other_rows(hint: &'static str) -> Failure {
    Failure::usage("with these corrections the sheet would have other rows; nothing was changed")
        .hint(hint)
}

impl SheetBefore {
    /// Compares the copy with the sheet before: each corrected cell has another text now. Returns the number of its rows.
    fn compare(
        &self,
        copy: &Sheet,
        all: &Corrections,
        refused: &mut NotCorrected,
    ) -> Result<usize, Failure> {
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
        Ok(rows)
    }
}
