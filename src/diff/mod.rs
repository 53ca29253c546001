//! The differences between two sides, each of them extensions from a sheet, an export or a PBX. No I/O, and no guess:
//! only columns of both sides are compared, and an extension is called renumbered only where it cannot be another one.

mod notes;
mod words;

pub use words::columns;

use crate::manifest::{self, Manifest};
use crate::model::{Field, Kind, by_number, list_items, same_word, vocabulary};
use crate::sheet::{CLEAR, is_generate};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Returns true if a field is compared at all: the number is the key, and live fields change by themselves.
pub(crate) fn is_compared(field: Field) -> bool {
    !field.is_key() && field != Field::NEW_NUMBER && !field.is_live()
}

/// A column of a side's extensions, beside their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedColumn {
    /// A field's value.
    Value(Field),
    /// The fingerprint of a secret field's value: the same for the same value, see [`crate::seal::Key::fingerprint`].
    Fingerprint(Field),
}

impl ComparedColumn {
    fn field(self) -> Field {
        match self {
            ComparedColumn::Value(field) | ComparedColumn::Fingerprint(field) => field,
        }
    }
}

/// The extensions of one side, as rows of text. They may have secrets, so there is no way to print them.
pub struct Side {
    manifest: Option<&'static Manifest>,
    /// True if it was read from a PBX, and is no sheet.
    is_pbx: bool,
    /// The public name of the key that its fingerprints were made with; empty where that is not known.
    key: String,
    columns: Vec<ComparedColumn>,
    /// The indices of the columns with the values of secrets.
    secrets: Vec<usize>,
    rows: HashMap<Box<str>, usize>,
    /// The fields that the PBX did not tell, each with its row.
    untold: HashSet<(usize, Field)>,
    /// All cells one behind the other: of each row its number, then its columns.
    text: String,
    ends: Vec<usize>,
}

impl Side {
    /// Creates a side without extensions. `manifest` is the vendor whose words its cells are, where that is known.
    pub fn new(columns: Vec<ComparedColumn>, manifest: Option<&'static Manifest>) -> Side {
        let secrets = columns.iter().enumerate();
        let secrets = secrets.filter_map(|(index, column)| match column {
            ComparedColumn::Value(field) if field.is_secret() => Some(index),
            _ => None,
        });
        Side {
            manifest,
            is_pbx: false,
            key: String::new(),
            secrets: secrets.collect(),
            columns,
            rows: HashMap::new(),
            untold: HashSet::new(),
            text: String::new(),
            ends: vec![],
        }
    }

    /// Sets the public name of the key that the fingerprints were made with.
    pub(crate) fn made_with(mut self, key: impl Into<String>) -> Side {
        self.key = key.into();
        self
    }

    /// Says that it was read from a PBX.
    pub(crate) fn of_pbx(mut self) -> Side {
        self.is_pbx = true;
        self
    }

    /// Adds an extension; its cells are in the order of the columns, missing ones are blank.
    ///
    /// # Errors
    /// If there is one of that number already: which one it is, counting from 0.
    pub fn add<'c>(
        &mut self,
        number: &str,
        cells: impl IntoIterator<Item = &'c str>,
    ) -> Result<(), usize> {
        let row = self.rows.len();
        if let Some(first) = self.rows.get(number) {
            return Err(*first);
        }
        self.rows.insert(number.into(), row);
        self.text.push_str(number);
        self.ends.push(self.text.len());
        let mut cells = cells.into_iter();
        for _ in &self.columns {
            self.text.push_str(cells.next().unwrap_or_default());
            self.ends.push(self.text.len());
        }
        Ok(())
    }

    /// Says of the extension that was added last that the PBX did not tell these fields of it.
    pub(crate) fn leaves_untold(&mut self, fields: impl Iterator<Item = Field>) {
        let last = self.rows.len().saturating_sub(1);
        self.untold.extend(fields.map(|field| (last, field)));
    }

    /// The number of extensions.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns true if there are no extensions.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns true if there is an extension of this number.
    pub fn contains(&self, number: &str) -> bool {
        self.rows.contains_key(number)
    }

    fn extension(&self, row: usize) -> SideExtension<'_> {
        SideExtension { side: self, row }
    }

    fn column_of(&self, column: ComparedColumn) -> Option<usize> {
        self.columns.iter().position(|known| *known == column)
    }

    /// The cell of a row; the one before its columns is its number.
    fn cell(&self, row: usize, cell: usize) -> &str {
        let at = row * (self.columns.len() + 1) + cell;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(at).copied().unwrap_or_default();
        let start = start.copied().unwrap_or_default();
        self.text.get(start..end).unwrap_or_default()
    }

    fn canonical<'t>(&self, field: Field, text: &'t str) -> Cow<'t, str> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed == CLEAR {
            return Cow::Borrowed("");
        }
        if field.is_secret() {
            return Cow::Borrowed(text);
        }
        let canonical = match self.manifest.and_then(|manifest| manifest.row(field)) {
            Some(row) => row.normalise(text),
            None => manifest::canonical(field.def().kind, trimmed),
        };
        canonical.unwrap_or(Cow::Borrowed(trimmed))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct SideExtension<'s> {
    side: &'s Side,
    row: usize,
}

impl<'s> SideExtension<'s> {
    pub(crate) fn number(self) -> &'s str {
        self.side.cell(self.row, 0)
    }

    /// A field's canonical text, including secrets; empty where the side does not have it.
    fn value(self, field: Field) -> Cow<'s, str> {
        let Some(column) = self.side.column_of(ComparedColumn::Value(field)) else {
            return Cow::Borrowed("");
        };
        let text = self.side.cell(self.row, column + 1);
        self.side.canonical(field, text)
    }

    fn is_untold(self, field: Field) -> bool {
        self.side.untold.contains(&(self.row, field))
    }

    fn column(self, column: Option<usize>) -> &'s str {
        column.map_or("", |column| self.side.cell(self.row, column + 1))
    }

    /// The secrets of which the side has the values.
    fn secrets(self) -> impl Iterator<Item = &'s str> {
        let secrets = self.side.secrets.iter();
        secrets.map(move |index| self.column(Some(*index)))
    }
}

/// Makes the fingerprint of a secret from number, field and value.
pub(crate) type Fingerprint<'k> = &'k dyn Fn(&str, Field, &str) -> String;

/// One field that both sides have, with its columns; a side without a column has nothing in it.
struct ComparedField {
    field: Field,
    before: Option<usize>,
    after: Option<usize>,
    how: ComparedBy,
    /// True once a blank cell of a sheet was seen where the PBX has what a new extension has.
    is_left_blank: Cell<bool>,
    /// True once a PBX did not tell it where the other side has it.
    is_untold: Cell<bool>,
}

/// The way in which a field is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ComparedBy {
    /// Value with value.
    Values,
    /// Fingerprint with fingerprint.
    Fingerprints,
    /// The fingerprint of the value before with the one after.
    MadeBefore,
    /// The fingerprint before with the one of the value after.
    MadeAfter,
}

/// The comparison of two sides.
pub struct Comparison<'s> {
    /// The differences, in the order of the numbers.
    pub differences: Vec<Difference<'s>>,
    /// The fields that only the first and only the second side has: they are not compared.
    pub only: [Vec<Field>; 2],
    /// Secrets of which one side has the values and the other the fingerprints: they are not compared, because there is
    /// no key, or it made none of these fingerprints.
    pub unlike: Vec<Field>,
    /// Secrets of which both sides have fingerprints, made with two keys: they are not compared.
    pub(crate) other_key: Vec<Field>,
    /// Secrets of which both sides have fingerprints, and no extension the same one: as if they were made with two keys.
    pub(crate) all_differ: Vec<Field>,
    parts: Vec<ComparedField>,
}

/// One extension that is not the same on both sides.
pub struct Difference<'s> {
    before: Option<SideExtension<'s>>,
    after: Option<SideExtension<'s>>,
    /// The fields whose values differ, in the order of the dictionary; its number is not among them.
    fields: Vec<Field>,
}

vocabulary! {
    /// The change of an extension from the first side to the second.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum ExtensionChange {
        /// It is on both sides under one number, and differs.
        Changed = "changed",
        /// It is only on the second side.
        Added = "added",
        /// It is only on the first side.
        Removed = "removed",
        /// It is on both, and certainly the same one, under two numbers.
        Renumbered = "renumbered",
    }
}

impl<'s> Difference<'s> {
    /// Returns the kind of change.
    pub(crate) fn kind(&self) -> ExtensionChange {
        match (self.before, self.after) {
            (Some(before), Some(after)) if before.number() == after.number() => {
                ExtensionChange::Changed
            }
            (Some(_), Some(_)) => ExtensionChange::Renumbered,
            (Some(_), None) => ExtensionChange::Removed,
            _ => ExtensionChange::Added,
        }
    }

    /// Its number: on the first side, where it is there.
    pub(crate) fn number(&self) -> &'s str {
        let extension = self.before.or(self.after);
        extension.map(SideExtension::number).unwrap_or_default()
    }
}

/// Compares two sides. A field that only one of them has is not compared; an absent value and an empty one are the
/// same. With `fingerprint`, values can be compared with fingerprints.
pub fn compare<'s>(
    before: &'s Side,
    after: &'s Side,
    fingerprint: Option<Fingerprint<'_>>,
) -> Comparison<'s> {
    let mut comparison = Comparison {
        differences: vec![],
        only: [vec![], vec![]],
        unlike: vec![],
        other_key: vec![],
        all_differ: vec![],
        parts: vec![],
    };
    comparison.pair_columns(before, after);
    comparison.doubt_keys(before, after, fingerprint);
    let (mut removed, mut added, mut differences) = (vec![], vec![], vec![]);
    for row in 0..after.len() {
        let now = after.extension(row);
        let Some(then) = before.rows.get(now.number()) else {
            added.push(now);
            continue;
        };
        let then = before.extension(*then);
        let fields = comparison.differing(then, now, fingerprint);
        if !fields.is_empty() {
            differences.push(Difference {
                before: Some(then),
                after: Some(now),
                fields,
            });
        }
    }
    for row in 0..before.len() {
        let then = before.extension(row);
        if !after.contains(then.number()) {
            removed.push(then);
        }
    }
    for (then, now) in comparison.renumbered(before, after, &mut removed, &mut added) {
        let fields = comparison.differing(then, now, fingerprint);
        differences.push(Difference {
            before: Some(then),
            after: Some(now),
            fields,
        });
    }
    differences.extend(removed.into_iter().map(|then| Difference {
        before: Some(then),
        after: None,
        fields: vec![],
    }));
    differences.extend(added.into_iter().map(|now| Difference {
        before: None,
        after: Some(now),
        fields: vec![],
    }));
    differences
        .sort_by(|a, b| by_number(a.number(), b.number()).then_with(|| a.kind().cmp(&b.kind())));
    comparison.differences = differences;
    comparison
}

impl Comparison<'_> {
    /// The fields that are compared, in the order of the dictionary.
    pub fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        self.parts.iter().map(|part| part.field)
    }

    /// Lists the secrets of renumbered extensions of which a change cannot be known: there are only fingerprints, and
    /// those belong to a number.
    pub(crate) fn unknown_secrets(&self) -> Vec<Field> {
        let mut differences = self.differences.iter();
        let any = differences.any(|difference| difference.kind() == ExtensionChange::Renumbered);
        let parts = self.parts.iter();
        let fingerprints = parts.filter(|part| any && part.how == ComparedBy::Fingerprints);
        fingerprints.map(|part| part.field).collect()
    }

    /// The fields in which the PBX has what a new extension has, where a cell of the sheet is blank.
    pub(crate) fn left_blank(&self) -> Vec<Field> {
        let parts = self.parts.iter().filter(|part| part.is_left_blank.get());
        parts.map(|part| part.field).collect()
    }

    /// The fields that a PBX did not tell of some extension, and the other side has there.
    pub(crate) fn untold(&self) -> Vec<Field> {
        let parts = self.parts.iter().filter(|part| part.is_untold.get());
        parts.map(|part| part.field).collect()
    }

    fn pair_columns(&mut self, before: &Side, after: &Side) {
        let value_of = |side: &Side, field: Field| {
            [
                ComparedColumn::Value(field),
                ComparedColumn::Fingerprint(field),
            ]
            .map(|column| side.column_of(column))
        };
        let columns = before.columns.iter().chain(&after.columns);
        let fields: HashSet<Field> = columns.map(|column| column.field()).collect();
        let mut fields: Vec<Field> = fields.into_iter().collect();
        fields.sort();
        let has_key = |side: &Side| !side.key.is_empty();
        let keys_differ = before.key != after.key && has_key(before) && has_key(after);
        for field in fields {
            let pair = match (value_of(before, field), value_of(after, field)) {
                // A side that does not say what is wrong has nothing wrong.
                ([before, _], [after, _]) if field.is_flaw() => {
                    Some((before, after, ComparedBy::Values))
                }
                ([before @ Some(_), _], [after @ Some(_), _]) => {
                    Some((before, after, ComparedBy::Values))
                }
                ([_, before @ Some(_)], [_, after @ Some(_)]) => {
                    Some((before, after, ComparedBy::Fingerprints))
                }
                ([before @ Some(_), _], [_, after @ Some(_)]) => {
                    Some((before, after, ComparedBy::MadeBefore))
                }
                ([_, before @ Some(_)], [after @ Some(_), _]) => {
                    Some((before, after, ComparedBy::MadeAfter))
                }
                (_, [None, None]) => {
                    self.only[0].push(field);
                    None
                }
                _ => {
                    self.only[1].push(field);
                    None
                }
            };
            let Some((before, after, how)) = pair else {
                continue;
            };
            if how == ComparedBy::Fingerprints && keys_differ {
                self.other_key.push(field);
                continue;
            }
            self.parts.push(ComparedField {
                field,
                before,
                after,
                how,
                is_left_blank: Cell::new(false),
                is_untold: Cell::new(false),
            });
        }
    }

    /// Takes one fingerprint that is the same on both sides as proof of the key; without a proof nothing is claimed of
    /// values, and the doubt about fingerprints is reported.
    fn doubt_keys(&mut self, before: &Side, after: &Side, fingerprint: Option<Fingerprint<'_>>) {
        let mut parts = std::mem::take(&mut self.parts);
        parts.retain(|part| {
            if part.how == ComparedBy::Values {
                return true;
            }
            let mut any = false;
            let proven = (0..after.len()).map(|row| after.extension(row)).any(|now| {
                let Some(then) = before.rows.get(now.number()) else {
                    return false;
                };
                let then = before.extension(*then);
                let are_there = part.are_there(then, now) == (true, true);
                any |= are_there;
                are_there && !part.differs(then, now, fingerprint)
            });
            match part.how {
                ComparedBy::Fingerprints if any && !proven => self.all_differ.push(part.field),
                ComparedBy::MadeBefore | ComparedBy::MadeAfter if !proven => {
                    self.unlike.push(part.field);
                    return false;
                }
                _ => {}
            }
            true
        });
        self.parts = parts;
    }

    fn differing(
        &self,
        before: SideExtension<'_>,
        after: SideExtension<'_>,
        fingerprint: Option<Fingerprint<'_>>,
    ) -> Vec<Field> {
        let parts = self.parts.iter();
        let differing = parts.filter(|part| part.differs(before, after, fingerprint));
        differing.map(|part| part.field).collect()
    }

    /// Takes out of `removed` and `added` those that are certainly one extension under two numbers: all fields that
    /// identify its owner agree, they identify it in at least two ways (a name and an e-mail address, for example), and
    /// no other extension on either side fulfils all that as well.
    fn renumbered<'s>(
        &self,
        before: &'s Side,
        after: &'s Side,
        removed: &mut Vec<SideExtension<'s>>,
        added: &mut Vec<SideExtension<'s>>,
    ) -> Vec<(SideExtension<'s>, SideExtension<'s>)> {
        let identities = |extension: &[SideExtension<'s>]| -> HashMap<String, SideExtension<'s>> {
            let known = extension
                .iter()
                .filter_map(|extension| Some((self.identity(*extension)?, *extension)));
            known.collect()
        };
        let (then, now) = (identities(removed), identities(added));
        if !then.keys().any(|identity| now.contains_key(identity)) {
            return vec![];
        }
        let count = |side: &'s Side| {
            let mut count: HashMap<String, usize> = HashMap::new();
            for identity in (0..side.len()).filter_map(|row| self.identity(side.extension(row))) {
                *count.entry(identity).or_default() += 1;
            }
            count
        };
        let (counts_before, counts_after) = (count(before), count(after));
        let pairs: Vec<(SideExtension<'s>, SideExtension<'s>)> = then
            .iter()
            .filter(|(identity, _)| {
                counts_before.get(*identity) == Some(&1) && counts_after.get(*identity) == Some(&1)
            })
            .filter_map(|(identity, then)| Some((*then, *now.get(identity)?)))
            .collect();
        let gone: HashSet<usize> = pairs.iter().map(|(then, _)| then.row).collect();
        let come: HashSet<usize> = pairs.iter().map(|(_, now)| now.row).collect();
        removed.retain(|extension| !gone.contains(&extension.row));
        added.retain(|extension| !come.contains(&extension.row));
        pairs
    }

    /// Joins all compared fields that identify the extension's owner into one text; `None` where there are fewer than
    /// two. A field with the extension's own number does not count.
    fn identity(&self, extension: SideExtension<'_>) -> Option<String> {
        let mut identity = String::new();
        let mut traits = HashSet::new();
        for field in self.fields() {
            let Some(shown) = field.def().owner else {
                continue;
            };
            let text = extension.value(field);
            if text == extension.number() {
                identity.push('#');
            } else if !text.is_empty() {
                identity.push_str(&text);
                traits.insert(shown);
            }
            identity.push('\0');
        }
        (traits.len() >= 2).then_some(identity)
    }
}

impl ComparedField {
    fn differs(
        &self,
        before: SideExtension<'_>,
        after: SideExtension<'_>,
        fingerprint: Option<Fingerprint<'_>>,
    ) -> bool {
        let (then, now) = (before.column(self.before), after.column(self.after));
        if before.is_untold(self.field) || after.is_untold(self.field) {
            self.is_untold.set(self.is_untold.get() || then != now);
            return false;
        }
        // A fingerprint belongs to the number under which it was made.
        let is_made = |value: &str, side: &Side, made: SideExtension<'_>, word: &str| {
            let value = side.canonical(self.field, value);
            match fingerprint {
                Some(fingerprint) if !value.is_empty() => {
                    fingerprint(made.number(), self.field, &value) == word.trim()
                }
                _ => value.is_empty() && word.trim().is_empty(),
            }
        };
        match self.how {
            ComparedBy::Values if then == now => false,
            ComparedBy::Values => {
                let then = before.side.canonical(self.field, then);
                let now = after.side.canonical(self.field, now);
                // A field that moved with the number is covered by the number.
                let follows = before.number() != after.number()
                    && then == before.number()
                    && now == after.number();
                // A secret that is still to be made up has no value yet.
                let is_open = is_generate(&then) || is_generate(&now);
                let blank = [(before, &then, after, &now), (after, &now, before, &then)]
                    .into_iter()
                    .any(|(sheet, blank, pbx, text)| {
                        let is_blank = blank.is_empty() && !sheet.side.is_pbx;
                        is_blank && self.is_as_new(pbx, text)
                    });
                if blank {
                    self.is_left_blank.set(true);
                    return false;
                }
                !follows && !is_open && !same(self.field, &then, &now)
            }
            // Under two numbers only the presence of one can be compared.
            ComparedBy::Fingerprints if before.number() != after.number() => {
                let (then, now) = self.are_there(before, after);
                then != now
            }
            ComparedBy::Fingerprints => then.trim() != now.trim(),
            ComparedBy::MadeBefore => !is_made(then, before.side, after, now),
            ComparedBy::MadeAfter => !is_made(now, after.side, before, then),
        }
    }

    /// Returns true for a text that an extension on a PBX has where nobody has set anything: what a new one is given, or a
    /// switch that is off.
    fn is_as_new(&self, extension: SideExtension<'_>, text: &str) -> bool {
        let manifest = extension.side.manifest.filter(|_| extension.side.is_pbx);
        let Some(row) = manifest.and_then(|manifest| manifest.row(self.field)) else {
            return false;
        };
        let is_off = self.field.def().kind == Kind::Switch && text == "off";
        is_off
            || row
                .when_new(extension.number())
                .is_some_and(|new| new == text)
    }

    /// Returns, for each side, true if it has a value.
    fn are_there(&self, before: SideExtension<'_>, after: SideExtension<'_>) -> (bool, bool) {
        let there = |extension: SideExtension<'_>, column: Option<usize>| {
            let text = extension.column(column);
            !extension.side.canonical(self.field, text).is_empty()
        };
        (there(before, self.before), there(after, self.after))
    }
}

/// Returns true if two canonical texts of a field mean the same.
fn same(field: Field, then: &str, now: &str) -> bool {
    match field.def().kind {
        _ if then == now => true,
        _ if then.is_empty() || now.is_empty() => false,
        // Two vendors, or no known vendor, may write one word in two ways.
        Kind::Choice => same_word(then, now),
        Kind::List => items(then) == items(now),
        _ => false,
    }
}

/// The items of a list; their order does not matter.
fn items(list: &str) -> BTreeSet<&str> {
    list_items(list).collect()
}

#[cfg(test)]
mod tests;
