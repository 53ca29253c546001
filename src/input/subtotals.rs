//! Rows of a deletion that may sum the others up: an extension must not go because a count of others is its number.

use super::rows::{InputRow, InputRows};
use crate::manifest::{Manifest, all_digits};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Severity};
use crate::rules::{GroupTotals, TAKE_ROW_OUT, TotalLabel, total_label};
use std::collections::{BTreeMap, HashSet};

/// The most cells with text of a row whose label may be a total's.
const LABELLED_CELLS_MAX: usize = 3;

impl InputRows {
    /// Refuses the rows with a word for a total and little else beside their number, and those whose number is the count or
    /// the sum of the rows above them: of several groups, or at the end. Where the word may be a name, the number decides.
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

/// The numbers of a sheet of rows to be deleted, and its texts.
#[derive(Default)]
struct SheetFacts {
    rows: u128,
    sum: u128,
    /// Of each number of digits, how many numbers have it.
    lengths: BTreeMap<usize, u128>,
    texts: HashSet<String>,
}

impl SheetFacts {
    fn collected(rows: &[&mut InputRow]) -> SheetFacts {
        let mut facts = SheetFacts::default();
        for row in rows {
            if let Some((value, digits)) = number_of(row) {
                facts.rows += 1;
                facts.sum += u128::from(value);
                *facts.lengths.entry(digits).or_default() += 1;
            }
            facts.texts.extend(texts_of(row));
        }
        facts
    }

    /// Returns true if a number may be a total: it is the count or the sum of the others, or most others have another
    /// number of digits.
    fn may_be_total(&self, value: u64, digits: usize, groups: &GroupTotals) -> bool {
        let alike = self.lengths.get(&digits).copied().unwrap_or_default();
        let large = u128::from(value);
        alike * 2 <= self.rows
            || large + 1 == self.rows
            || large * 2 == self.sum
            || groups.is_total(value, digits)
    }

    /// Returns true if another row has this text, as a group of which this one is the total.
    fn names_group(&self, text: &str) -> bool {
        !text.is_empty() && self.texts.contains(text)
    }
}

fn number_of(row: &InputRow) -> Option<(u64, usize)> {
    let number = row.wanted.number();
    let value = number.parse().ok().filter(|_| all_digits(number))?;
    Some((value, number.len()))
}

/// The texts of a row's cells, in small letters.
fn texts_of(row: &InputRow) -> Vec<String> {
    let cells = row.cells();
    let texts = (0..cells.len()).filter_map(|column| cells.get(column));
    texts.map(|text| text.trim().to_lowercase()).collect()
}

fn refuse_totals(rows: &mut [&mut InputRow]) {
    let labels: Vec<Option<TotalLabel>> = rows.iter().map(|row| label_of(row)).collect();
    let may_be_name = |label: &Option<TotalLabel>| matches!(label, Some(TotalLabel::MayBeName(_)));
    // They hold all texts of the sheet.
    let facts = match labels.iter().any(may_be_name) {
        true => SheetFacts::collected(rows),
        false => SheetFacts::default(),
    };
    let mut groups = GroupTotals::default();
    let mut found = vec![];
    let has_number = |row: &&mut InputRow| !row.wanted.number().is_empty();
    let last = rows.iter().rposition(has_number);
    for (at, (row, label)) in rows.iter_mut().zip(labels).enumerate() {
        if !row.is_valid() {
            if label.is_some() {
                groups.end();
            }
            continue;
        }
        let Some((value, digits)) = number_of(row) else {
            continue;
        };
        let is_total = match label {
            None => false,
            Some(TotalLabel::Sure) => true,
            Some(TotalLabel::MayBeName(rest)) => {
                facts.may_be_total(value, digits, &groups) || facts.names_group(&rest)
            }
        };
        if is_total {
            groups.end();
            let message = "the row has a word for a total and little else beside its number: it may sum the others up, and \
                           be no extension to delete";
            let hint = "take the row out; an extension that is called so goes in a sheet of its own, with its number alone";
            let finding = Finding::new("row.total", Severity::Error, message);
            row.findings.push(finding.hint(hint));
        } else if groups.add(value, digits) && row.filled() < LABELLED_CELLS_MAX {
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
        let finding = Finding::new("row.total", Severity::Error, message);
        row.findings.push(finding.hint(TAKE_ROW_OUT));
    }
}

/// The label of a total that a row has beside its number and little else.
fn label_of(row: &InputRow) -> Option<TotalLabel> {
    let (cells, filled) = (row.cells(), row.filled());
    let is_full = filled == cells.len();
    let is_whole = match filled {
        0..=2 => false,
        LABELLED_CELLS_MAX if !is_full => true,
        _ => return None,
    };
    let texts = (0..cells.len()).filter_map(|column| cells.get(column));
    let mut labels: Vec<TotalLabel> = texts
        .filter_map(|text| total_label(text, is_whole))
        .collect();
    match labels.contains(&TotalLabel::Sure) {
        true => Some(TotalLabel::Sure),
        false => labels.pop(),
    }
}
