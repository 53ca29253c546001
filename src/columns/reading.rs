//! The reading of a row beyond its single cells: values that are derived from cells, and mistakes that no rule about a
//! field would find.

use super::actions::{AllowedActions, ReasonToStay, Removal, no_extension};
use super::lacking::Lacking;
use super::meant::LookedAt;
use super::values::{ComparedState, Derivation, Derived, Unsaid, not_in_two};
use crate::manifest::Manifest;
use crate::mapping::MappedField;
use crate::model::redact::quoted;
use crate::model::{Finding, Severity};
use crate::sheet::{CLEAR, Cells, Stored};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The parts of the reading of a row that go beyond its single cells.
#[derive(Debug, Default)]
pub struct CellReading {
    /// The number of the sheet's own columns; those behind them are derived.
    pub(super) width: usize,
    /// Values made from single cells, then those that are made of other fields.
    pub(super) derived: Vec<Derived>,
    /// A column whose cells are divided at their one comma.
    pub(super) in_two: Option<usize>,
    /// The actions that cells may ask for.
    pub(super) allowed: AllowedActions,
    /// The columns with actions.
    pub(super) actions: Vec<usize>,
    /// The columns that mark rows to be deleted or to stay.
    pub(super) removals: Vec<Removal>,
    /// The columns that say what a row is, such as an extension or a queue, where extensions are created.
    pub(super) kinds: Vec<usize>,
    /// The columns that may say that no extension is to be made of a row.
    pub(super) looked_at: Vec<LookedAt>,
    /// The columns that tell if the account is on, beside the one that is read for it.
    pub(super) compared: Vec<ComparedState>,
    /// The last column with a heading, where the product writes a list into it whose commas part it into further cells.
    pub(super) parted_list: Option<usize>,
    /// The columns of whose cells a part is not read.
    pub(super) unsaid: Vec<(usize, Unsaid)>,
    /// The treatment of fields that the vendor lacks; `None` where it has all.
    pub(super) lacking: Option<Lacking>,
}

fn text<'c>(cells: &Cells<'c>, column: usize) -> &'c str {
    cells.get(column).unwrap_or_default()
}

impl CellReading {
    /// Returns true if rows are no more than their single cells.
    pub(super) fn is_plain(&self) -> bool {
        self.derived.is_empty()
            && self.actions.is_empty()
            && self.removals.is_empty()
            && self.kinds.is_empty()
            && self.looked_at.is_empty()
            && self.compared.is_empty()
            && self.parted_list.is_none()
            && self.unsaid.is_empty()
            && self.lacking.is_none()
            && self.in_two.is_none()
    }

    /// Returns the reason that a column keeps the row out of a deletion; `None` where none does.
    pub(super) fn stays(&self, cells: &Cells<'_>) -> Option<ReasonToStay> {
        let mut removals = self.removals.iter();
        let mut actions = self.actions.iter();
        let allowed = self.allowed;
        if removals.any(|removal| removal.stays(text(cells, removal.column), allowed)) {
            Some(ReasonToStay::Marked)
        } else if actions.any(|column| allowed.stays(text(cells, *column))) {
            Some(ReasonToStay::NotAsked)
        } else {
            None
        }
    }

    /// Returns the cells of a row, followed by the values that are derived from them, and unchanged where there are
    /// none; and the treatment of the fields that the vendor lacks.
    pub fn cells<'c>(
        &self,
        cells: Cells<'c>,
        manifest: &Manifest,
        scratch: &'c mut Scratch,
    ) -> (Cells<'c>, &'c [MappedField]) {
        if self.derived.is_empty() && self.lacking.is_none() {
            return (cells, &[]);
        }
        scratch.append(&cells, self, manifest)
    }

    /// Returns true if the cells without a heading are pieces of a product's list, such as `saycid=no`.
    pub fn is_list_piece(&self, cells: &Cells<'_>) -> bool {
        let Some(list) = self.parted_list else {
            return false;
        };
        let mut pieces = (list + 1..cells.len()).filter_map(|column| cells.get(column));
        pieces.all(|piece| piece.trim().is_empty() || piece.contains('='))
    }

    /// Returns true if rows report the fields that the vendor lacks.
    pub fn has_lacking(&self) -> bool {
        self.lacking.is_some()
    }

    /// The column of the sheet that a column's values come from; `None` where they come from none.
    pub fn origin(&self, column: usize) -> Option<usize> {
        match column.checked_sub(self.width) {
            None => Some(column),
            Some(at) => self.derived.get(at).and_then(|derived| derived.from),
        }
    }

    /// Returns true if a column's values are derived, so that no repair of them can be written into the sheet.
    pub fn is_derived(&self, column: usize) -> bool {
        column >= self.width
    }

    /// Appends mistakes in a row that no rule about a field would find, and the treatment of the fields that the vendor
    /// lacks.
    pub fn findings(
        &self,
        cells: Cells<'_>,
        entries: &[MappedField],
        manifest: &Manifest,
        findings: &mut Vec<Finding>,
    ) {
        if let Some(lacking) = &self.lacking {
            lacking.placeholders(&cells, manifest, findings);
            lacking.no_switches(&cells, findings);
            lacking.findings(&cells, entries, manifest, findings);
        }
        for column in &self.actions {
            findings.extend(self.allowed.finding(*column, text(&cells, *column)));
        }
        for compared in &self.compared {
            let enabled = self.text_of(compared.enabled, &cells);
            findings.extend(compared.finding(text(&cells, compared.column), &enabled));
        }
        for derived in &self.derived {
            let from = derived.from.map_or("", |from| text(&cells, from));
            findings.extend(derived.letter_for_state(from));
        }
        for removal in &self.removals {
            findings.extend(removal.finding(text(&cells, removal.column), self.allowed));
        }
        for column in &self.kinds {
            findings.extend(no_extension(*column, text(&cells, *column)));
        }
        let looked_at = self.looked_at.iter();
        findings.extend(looked_at.filter_map(|column| column.finding(&cells)));
        for (column, unsaid) in &self.unsaid {
            let unsaid = unsaid.told(&self.text(&cells, Some(*column)));
            if !unsaid.is_empty() {
                let message = format!("no field says {}: it is left out", quoted(&unsaid));
                let finding = Finding::new("row.not_read", Severity::Warning, message);
                let hint = "set it by hand on the PBX's own pages if they have it";
                findings.push(finding.about(None, Some(*column)).hint(hint));
            }
        }
        if let Some(column) = self.in_two {
            findings.extend(not_in_two(column, text(&cells, column)));
        }
    }

    /// Returns the part of a cell that is not read, though its column is; empty where that is nothing.
    pub(super) fn unsaid(&self, column: usize, cells: &Cells<'_>) -> String {
        let mut columns = self.unsaid.iter();
        let unsaid = columns.find(|(known, _)| *known == column);
        unsaid.map_or_else(String::new, |(column, unsaid)| {
            unsaid.left_over(&self.text(cells, Some(*column)))
        })
    }

    /// The text of a column, derived where it is a derived one.
    pub(super) fn text_of<'c>(&self, column: usize, cells: &Cells<'c>) -> Cow<'c, str> {
        let derived = column.checked_sub(self.width);
        match derived.and_then(|at| self.derived.get(at)) {
            None => text(cells, column).into(),
            Some(derived) => {
                let source = self.source(cells, derived);
                match derived.value(&source) {
                    Cow::Borrowed(value) if value == source => source,
                    value => value.into_owned().into(),
                }
            }
        }
    }

    /// The text that a value is derived from.
    fn source<'c>(&self, cells: &Cells<'c>, derived: &Derived) -> Cow<'c, str> {
        let own = self.text(cells, derived.from);
        match derived.how {
            Derivation::Beside(other) | Derivation::Behind(other)
                if ![own.trim(), text(cells, other).trim()].contains(&CLEAR) =>
            {
                let (own, other) = (own.trim(), text(cells, other).trim());
                let (first, last) = match derived.how {
                    Derivation::Behind(_) => (other, own),
                    _ => (own, other),
                };
                format!("{first} {last}").trim().to_owned().into()
            }
            _ => own,
        }
    }

    /// The text of a column; of a list that its commas parted, all of it.
    fn text<'c>(&self, cells: &Cells<'c>, column: Option<usize>) -> Cow<'c, str> {
        match column {
            Some(column) if self.parted_list == Some(column) => {
                let pieces = (column..cells.len()).map(|piece| text(cells, piece));
                let pieces: Vec<&str> = pieces.filter(|piece| !piece.trim().is_empty()).collect();
                pieces.join(",").into()
            }
            Some(column) => text(cells, column).into(),
            None => "".into(),
        }
    }
}

/// Room for the cells of one row with the values that are derived from them.
#[derive(Debug, Default)]
pub struct Scratch {
    text: String,
    ends: Vec<usize>,
    stored: Vec<Stored>,
    entries: Vec<MappedField>,
}

impl Scratch {
    /// Puts the values behind the cells of a row.
    pub(super) fn append<'s>(
        &'s mut self,
        cells: &Cells<'_>,
        reading: &CellReading,
        manifest: &Manifest,
    ) -> (Cells<'s>, &'s [MappedField]) {
        let width = reading.width;
        self.text.clear();
        self.ends.clear();
        self.stored.clear();
        self.entries.clear();
        for column in 0..width {
            self.text.push_str(cells.get(column).unwrap_or_default());
            self.ends.push(self.text.len());
        }
        let is_stored = !cells.all_stored().is_empty();
        if is_stored {
            self.stored
                .extend((0..width).map(|column| cells.stored(column)));
        }
        let own = |derived: &&Derived| derived.how != Derivation::Made;
        for derived in reading.derived.iter().filter(own) {
            let text = &*reading.source(cells, derived);
            let value = derived.value(text);
            self.push(&value);
            if is_stored {
                // A translated value is no longer the one that a spreadsheet stored.
                let column = derived.from.filter(|_| value == text);
                self.push_stored(cells, column, derived.is_of_list(cells));
            }
        }
        if let Some(lacking) = &reading.lacking {
            let all = Cells::stored_as(&self.text, &self.ends, &self.stored);
            let mapped = lacking.map(&all, manifest);
            let of_lists = match is_stored {
                true => lacking.made_of_lists(&all, manifest),
                false => BTreeSet::new(),
            };
            for (at, field) in lacking.made.iter().enumerate() {
                let derived = reading.derived.get(lacking.first - width + at);
                let text = &*lacking.text(&mapped, *field, manifest);
                let value = derived.map_or(Cow::Borrowed(text), |derived| derived.value(text));
                self.push(&value);
                if is_stored {
                    let from = derived.and_then(|derived| derived.from);
                    let column = from.filter(|column| cells.get(*column) == Some(&*value));
                    self.push_stored(cells, column, of_lists.contains(field));
                }
            }
            self.entries = mapped.entries;
        }
        let cells = Cells::stored_as(&self.text, &self.ends, &self.stored);
        (cells, &self.entries)
    }

    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    /// Puts how a value is stored: as the cell of a column where it is its text, and of a list as such.
    fn push_stored(&mut self, cells: &Cells<'_>, column: Option<usize>, is_list: bool) {
        self.stored.push(match (is_list, column) {
            (true, _) => Stored::List,
            (false, Some(column)) => cells.stored(column),
            (false, None) => Stored::default(),
        });
    }
}
