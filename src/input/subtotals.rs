//! Rows of a deletion that may sum the others up: an extension must not go because a count of others is its number.

use super::rows::{InputRow, InputRows};
use crate::manifest::{Manifest, all_digits};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Severity};
use crate::rules::{GroupTotals, is_label, may_sum_up};

/// The most cells with text of a row whose label may be a total's.
const LABELLED_CELLS_MAX: usize = 3;

impl InputRows {
    /// Refuses the rows with a word for a total and little else beside their number, and those whose number is the count or
    /// the sum of the rows above them: of several groups, or at the end.
    pub(crate) fn refuse_totals(&mut self, manifest: &Manifest) {
        if manifest.key() != Field::NUMBER {
            return;
        }
        for sheet in 0..self.sheets.len() {
            let of_sheet = self.rows.iter_mut();
            let of_sheet = of_sheet.filter(|row| row.sheet == sheet);
            refuse_totals(&mut of_sheet.collect::<Vec<_>>());
        }
    }
}

fn refuse_totals(rows: &mut [&mut InputRow]) {
    let mut groups = GroupTotals::default();
    let mut found = vec![];
    let has_number = |row: &&mut InputRow| !row.wanted.number().is_empty();
    let last = rows.iter().rposition(has_number);
    for (at, row) in rows.iter_mut().enumerate() {
        if !row.is_valid() {
            if has_label(row) {
                groups.end();
            }
            continue;
        }
        let number = row.wanted.number();
        let Some(value) = number.parse().ok().filter(|_| all_digits(number)) else {
            continue;
        };
        if has_label(row) {
            groups.end();
            let message = "the row has a word for a total and little else beside its number: it may sum the others up, and \
                           be no extension to delete";
            let hint = "take the row out; an extension that is called so goes in a sheet of its own, with its number alone";
            let finding = Finding::new("row.total", Severity::Error, message);
            row.findings.push(finding.hint(hint));
        } else if groups.add(value, number.len()) && row.filled() < LABELLED_CELLS_MAX {
            found.push(at);
        }
    }
    if found.len() < 2 && found.last().copied() != last {
        return;
    }
    for at in found {
        let Some(row) = rows.get_mut(at) else {
            continue;
        };
        let message = format!(
            "{} is the count or the sum of the rows above it, and may be no extension to delete",
            quoted(row.wanted.number())
        );
        let hint = "take the row out; an extension that has this number goes in a sheet of its own";
        let finding = Finding::new("row.total", Severity::Error, message);
        row.findings.push(finding.hint(hint));
    }
}

/// Returns true for a row that has a label of a total beside its number, and little else.
fn has_label(row: &InputRow) -> bool {
    let (cells, filled) = (row.cells(), row.filled());
    let is_full = filled == cells.len();
    let mut texts = (0..cells.len()).filter_map(|column| cells.get(column));
    texts.any(|text| match filled {
        0..=2 => may_sum_up(text),
        LABELLED_CELLS_MAX => !is_full && is_label(text),
        _ => false,
    })
}
