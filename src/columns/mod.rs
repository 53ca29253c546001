//! Headings and fields, cells and values: the meaning of a sheet's columns.
//!
//! Headings are understood once for a sheet; a row is then read by column number. The first step finds the sheet's
//! owner: a product or a vendor whose headings no other has (`products.toml`), or none. From then on only the owner's
//! words are used, rowcall's own names, and common words (`words.toml`). A word that may mean several things is decided
//! by the columns beside it, or asked; another vendor's word never makes a key or a secret. The meaning is never
//! guessed.

mod bind;
mod deeds;
mod dictionary;
mod lacking;
mod map;
mod neighbours;
mod products;
mod questions;
mod sample;
mod values;
mod whose;

pub use deeds::Deeds;
pub(crate) use deeds::Stays;
pub(crate) use map::Saved;
pub use map::{Mapped, field_named, over, read_map, write_map};
pub use products::{Product, products};
pub(crate) use questions::leave_out_flag;
pub use questions::{ColumnError, Question};
pub use values::Scratch;
pub(crate) use whose::OWN as OWN_HEADINGS;

use crate::manifest::{Access, Manifest, canonical, switch};
use crate::mapping::MappedField;
use crate::model::{Field, Finding, Record, TO_GENERATE, heading_key};
use crate::sheet::{CLEAR, Cells, Headings, Known, Sheet, is_generate, is_placeholder, unescaped};
use deeds::Removal;
use dictionary::{Common, dictionary};
use lacking::Lacking;
use products::Word;
use sample::Sample;
use std::collections::HashMap;
use std::sync::Arc;
use values::{Compared, Derived};

/// The beginning of the names of columns that rowcall adds to a sheet: they are ignored when the sheet is read again.
pub const OWN_PREFIX: &str = "rowcall_";

/// One column of a sheet, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading as the sheet writes it.
    pub heading: String,
    /// The field that it means; of several the first; `None` where the column is not read.
    pub field: Option<Field>,
    /// The reason for its meaning, in words; for example `OpenVox UC's name`.
    pub how: String,
    /// The column's entry in a saved mapping.
    pub(crate) saved: Saved,
}

/// Options for understanding headings.
#[derive(Debug, Clone, Default)]
pub struct BindOptions {
    /// Headings that the user has mapped to a field, or to none.
    pub map: Vec<(String, Mapped)>,
    /// The vendor or product whose names the headings are, by its id; worked out where absent.
    pub headings: Option<String>,
    /// The line of the header row, for naming its cells; `None` where the sheet has none (JSON).
    pub header_line: Option<u64>,
    /// Values of fields that the sheet does not give.
    pub fill: Vec<(Field, String)>,
    /// The changes that a column with actions may ask for.
    pub deeds: Deeds,
}

/// The meaning of a sheet's columns.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Every column, in the order of the sheet.
    pub columns: Vec<Column>,
    /// True if the headings are another vendor's than the target's, or a product's.
    pub is_foreign: bool,
    /// Notes about the columns: some are not understood, or their headings are another vendor's.
    pub notes: Vec<Finding>,
    /// The columns that are read, in the order of the sheet; those behind its last one are derived.
    read: Vec<(Field, usize)>,
    /// The columns with a heading that are not understood.
    unread: Vec<usize>,
    reading: Arc<CellReading>,
}

/// The parts of the reading of a row that go beyond its single cells.
#[derive(Debug, Default)]
pub struct CellReading {
    width: usize,
    derived: Vec<Derived>,
    /// Cells of which only those with one comma can be read.
    in_two: Option<usize>,
    /// The columns with actions, and the changes that they may ask for.
    actions: Vec<(usize, Deeds)>,
    /// The columns that mark rows to be deleted or to stay.
    removals: Vec<Removal>,
    /// The columns that tell if the account is on, beside the one that is read for it.
    compared: Vec<Compared>,
    /// The last column with a heading, where the product writes a list into it whose commas part it into further cells.
    parted_list: Option<usize>,
    /// The treatment of fields that the vendor lacks; `None` where it has all.
    lacking: Option<Lacking>,
}

impl Binding {
    /// Understands the columns of a sheet that goes to the vendor `target`: by its headings, and where those are not
    /// enough, by its first cells.
    ///
    /// # Errors
    /// Columns that cannot be used, and all open questions: see [`ColumnError`].
    pub fn bind_sheet(
        sheet: &Sheet,
        target: &Manifest,
        vendors: &[&Manifest],
        options: &BindOptions,
    ) -> Result<Binding, ColumnError> {
        let sample = || Some(Sample::read(sheet, options.deeds.delete));
        bind::bind(&sheet.headings, &sample, target, vendors, options)
    }

    /// Understands headings of which no cells are known.
    ///
    /// # Errors
    /// See [`Binding::bind_sheet`].
    pub fn bind(
        headings: &[String],
        target: &Manifest,
        vendors: &[&Manifest],
        options: &BindOptions,
    ) -> Result<Binding, ColumnError> {
        bind::bind(headings, &|| None, target, vendors, options)
    }

    /// The column of a field, counted from 0; behind the sheet's last one where its values are derived.
    pub fn column_of(&self, field: Field) -> Option<usize> {
        let read = self.read.iter().find(|(known, _)| *known == field);
        read.map(|(_, column)| *column)
    }

    /// The columns with a heading that are not understood.
    pub fn unread(&self) -> impl Iterator<Item = usize> + '_ {
        self.unread.iter().copied()
    }

    /// The person's name in a row, as it is written: the one that is shown, else given name and surname.
    pub fn person(&self, cells: &Cells<'_>) -> String {
        let text = |field| {
            let column = self.fields().find(|(known, _)| *known == field);
            column
                .and_then(|(_, column)| cells.get(column))
                .unwrap_or_default()
                .trim()
        };
        match text(Field::DISPLAY_NAME) {
            "" => {
                let (first, last) = (text(Field::FIRST_NAME), text(Field::LAST_NAME));
                format!("{first} {last}").trim().to_owned()
            }
            name => name.to_owned(),
        }
    }

    /// The fields that have a column of the sheet, with it, in the order of the sheet.
    pub fn fields(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        let own = |field: &Field| match &self.reading.lacking {
            Some(lacking) => lacking.read.iter().any(|(known, _)| known == field),
            None => true,
        };
        let origins = self.read.iter().map(|(field, _)| *field).filter(own);
        origins.filter_map(|field| Some((field, self.origin_of(field)?)))
    }

    /// The column of the sheet that a field comes from, also where it is made of others: the first of these.
    pub fn origin_of(&self, field: Field) -> Option<usize> {
        self.reading.origin(self.column_of(field)?)
    }

    /// All fields that are read, also those that are made of others, each with the column that it comes from.
    pub fn origins(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        let fields = self.read.iter().map(|(field, _)| *field);
        fields.filter_map(|field| Some((field, self.origin_of(field)?)))
    }

    /// Returns the reading beyond single cells; `None` where there is none.
    pub fn reading(&self) -> Option<Arc<CellReading>> {
        let is_plain = self.reading.derived.is_empty()
            && self.reading.actions.is_empty()
            && self.reading.removals.is_empty()
            && self.reading.compared.is_empty()
            && self.reading.parted_list.is_none()
            && self.reading.lacking.is_none()
            && self.reading.in_two.is_none();
        (!is_plain).then(|| Arc::clone(&self.reading))
    }

    /// Returns the reason that a column keeps the row out of a deletion; `None` where none does.
    pub(crate) fn stays(&self, cells: &Cells<'_>) -> Option<Stays> {
        let text = |column: usize| cells.get(column).unwrap_or_default();
        let mut removals = self.reading.removals.iter();
        let mut actions = self.reading.actions.iter();
        if removals.any(|removal| removal.stays(text(removal.column))) {
            Some(Stays::Marked)
        } else if actions.any(|(column, deeds)| deeds.stays(text(*column))) {
            Some(Stays::NotAsked)
        } else {
            None
        }
    }

    /// Reads the extension of a row, in canonical text, as far as the vendor takes it: fields that the vendor lacks are
    /// joined, split, translated or left out. A blank cell is absent, and so is a placeholder such as `N/A`; `<clear>`
    /// is present and empty, `<generate>` stays as it is, and `\<clear>` is the text `<clear>`. A text that
    /// `manifest`'s vendor does not take stays as it was written: the checks complain.
    pub fn extension(&self, cells: &Cells<'_>, manifest: &Manifest) -> Record {
        let mut scratch = Scratch::default();
        let (cells, _) = self.reading.cells(*cells, manifest, &mut scratch);
        let mut extension = record(&self.read, &cells, manifest);
        if self.reading.lacking.is_some() {
            let lacks = |(field, _): &&(Field, usize)| !is_taken(manifest, *field);
            for (field, _) in self.read.iter().filter(lacks) {
                extension.remove(*field);
            }
        }
        extension
    }

    /// Reads all fields of a row, in canonical text, including those that the vendor lacks.
    pub fn given(&self, cells: &Cells<'_>, manifest: &Manifest) -> Record {
        let Some(lacking) = &self.reading.lacking else {
            return self.extension(cells, manifest);
        };
        let mut scratch = Scratch::default();
        let (cells, _) = self.reading.cells(*cells, manifest, &mut scratch);
        record(&lacking.read, &cells, manifest)
    }

    /// Returns true if rows are given a field that is made of others.
    pub fn makes(&self, field: Field) -> bool {
        let lacking = self.reading.lacking.as_ref();
        lacking.is_some_and(|lacking| lacking.made.contains(&field))
    }
}

fn is_taken(manifest: &Manifest, field: Field) -> bool {
    let row = manifest.row(field);
    row.is_some_and(|row| row.access != Access::ReadOnly)
}

/// Reads the fields of a record from its cells.
fn record(read: &[(Field, usize)], cells: &Cells<'_>, manifest: &Manifest) -> Record {
    let mut record = Record::default();
    for (field, column) in read {
        let (field, text) = (*field, cells.get(*column).unwrap_or_default());
        let trimmed = text.trim();
        if trimmed.is_empty() {
            continue;
        }
        if trimmed == CLEAR {
            record.set(field, "");
            continue;
        }
        if is_generate(trimmed) {
            record.set(field, TO_GENERATE);
            continue;
        }
        let text = &*unescaped(text);
        let canonical = match manifest.row(field) {
            Some(row) if row.is_left_out(trimmed) => continue,
            Some(row) => row.normalise(text),
            None if is_placeholder(trimmed) => continue,
            None => canonical(field.def().kind, text),
        };
        record.set(field, canonical.as_deref().unwrap_or(text));
    }
    record
}

impl CellReading {
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

    /// Returns whether the cells without a heading are pieces of a product's list, such as `saycid=no`.
    pub fn is_list_piece(&self, cells: &Cells<'_>) -> bool {
        let Some(list) = self.parted_list else {
            return false;
        };
        let mut pieces = (list + 1..cells.len()).filter_map(|column| cells.get(column));
        pieces.all(|piece| piece.trim().is_empty() || piece.contains('='))
    }

    /// Returns true if the status in a row tells whether the account is on, and is read for that.
    fn uses_status(&self, read: &[(Field, usize)], cells: &Cells<'_>) -> bool {
        let origin = |field: Field| {
            let column = read.iter().find(|(known, _)| *known == field);
            column.and_then(|(_, column)| self.origin(*column))
        };
        let column = origin(Field::STATUS).filter(|column| Some(*column) == origin(Field::ENABLED));
        let text = column.and_then(|column| cells.get(column));
        text.is_some_and(|text| switch(text.trim()).is_some())
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
            lacking.placeholders(&cells, manifest, self, findings);
            lacking.findings(&cells, entries, manifest, self, findings);
        }
        for (column, deeds) in &self.actions {
            findings.extend(deeds.against(*column, cells.get(*column).unwrap_or_default()));
        }
        for compared in &self.compared {
            let text = |column: usize| cells.get(column).unwrap_or_default();
            let derived = compared.enabled.checked_sub(self.width);
            let enabled = match derived.and_then(|at| self.derived.get(at)) {
                Some(derived) => derived.value(derived.from.map_or("", text)),
                None => text(compared.enabled).into(),
            };
            findings.extend(compared.against(text(compared.column), &enabled));
        }
        for removal in &self.removals {
            findings.extend(removal.against(cells.get(removal.column).unwrap_or_default()));
        }
        if let Some(column) = self.in_two {
            findings.extend(values::not_in_two(
                column,
                cells.get(column).unwrap_or_default(),
            ));
        }
    }
}

/// Returns the words that mark the header row of a sheet for the vendor `target`: every word that [`Binding::bind`] may
/// understand.
pub fn headings(target: &Manifest, vendors: &[&Manifest], options: &BindOptions) -> Headings {
    let key = target.key();
    let worth = move |field: Field| {
        if field == key {
            Known::Number
        } else if field.is_secret() {
            Known::Secret
        } else {
            Known::Field
        }
    };
    let mut known: HashMap<String, Known> = HashMap::new();
    let mut learn = |word: String, worth: Known| {
        let held = known.entry(word).or_insert(worth);
        *held = worth.max(*held);
    };
    for vendor in std::iter::once(&target).chain(vendors) {
        for (word, field) in whose::own_names(vendor) {
            learn(word, worth(field));
        }
    }
    for (heading, mapped) in &options.map {
        learn(
            heading_key(heading),
            mapped.field().map_or(Known::Field, worth),
        );
    }
    for (word, meaning) in products().iter().flat_map(Product::words) {
        let meant = match meaning {
            Word::Read(cell) => cell.fields().into_iter().map(worth).max(),
            Word::LeftOut => None,
        };
        learn(word.to_owned(), meant.unwrap_or(Known::Field));
    }
    Headings::new(move |text| {
        if is_own(text) {
            return Known::Field;
        }
        let key_word = heading_key(text);
        let own = known.get(&key_word).copied().unwrap_or(Known::Nothing);
        let common = match dictionary().common(text) {
            Some(Common::Field(field)) => worth(field),
            Some(Common::OnlyNumber) => Known::Number.min(worth(Field::NUMBER)),
            Some(Common::Password) => Known::Secret,
            Some(_) => Known::Field,
            None if bind::names_group(key, &key_word) => Known::Number,
            None => Known::Nothing,
        };
        let known = own.max(common);
        if known == Known::Nothing && products().iter().any(|product| product.begins(&key_word)) {
            return Known::Field;
        }
        known
    })
}

/// Returns true if rowcall itself wrote the column.
fn is_own(heading: &str) -> bool {
    let begin = heading.trim().get(..OWN_PREFIX.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(OWN_PREFIX))
}

#[cfg(test)]
mod tests;
