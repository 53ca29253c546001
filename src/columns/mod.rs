//! Headings and fields, cells and values: what a sheet's columns mean.
//!
//! Headings are understood once for a sheet; a row is then read by column number. First it is found whose sheet this is:
//! a product's or a vendor's by headings that only it has (`products.toml`), else nobody's. Then only its owner's words
//! count, rowcall's own names, and common words (`words.toml`). A word that may mean several things is decided by the
//! columns beside it, or asked; another vendor's word never makes a key or a secret. Nothing is guessed.

mod bind;
mod deeds;
mod dictionary;
mod map;
mod neighbours;
mod products;
mod questions;
mod values;
mod whose;

pub use deeds::Deeds;
pub use map::{Mapped, field_named, over, read_map, write_map};
pub use products::{Product, products};
pub use questions::{ColumnError, Question};
pub use values::Scratch;

use crate::manifest::Manifest;
use crate::model::{Field, Finding, Record, heading_key};
use crate::sheet::{CLEAR, Cells, GENERATE, Headings, Known, is_generate};
use dictionary::{Common, dictionary};
use products::Word;
use std::collections::HashMap;
use std::sync::Arc;
use values::Derived;

/// What columns that rowcall itself adds to a sheet begin with: they are ignored when the sheet is read again.
pub const OWN_PREFIX: &str = "rowcall_";

/// One column of a sheet, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading as it stands in the sheet.
    pub heading: String,
    /// The field that it means; of several the first; `None` where the column is not read.
    pub field: Option<Field>,
    /// How it was understood, in words; for example `OpenVox UC's name`.
    pub how: String,
    /// What a saved mapping says of it.
    pub(crate) saved: map::Saved,
}

/// What helps to understand headings.
#[derive(Debug, Clone, Default)]
pub struct BindOptions {
    /// Headings that mean a field, or nothing, because somebody said so.
    pub map: Vec<(String, Mapped)>,
    /// The vendor or product whose names the headings are, by its id; found out where absent.
    pub headings: Option<String>,
    /// The line of the header row, for naming its cells; `None` where the sheet has none (JSON).
    pub header_line: Option<u64>,
    /// What a field is where the sheet does not say it.
    pub fill: Vec<(Field, String)>,
    /// What a column that says what to do with its row may say.
    pub deeds: Deeds,
}

/// What the columns of a sheet mean.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Every column, in the order of the sheet.
    pub columns: Vec<Column>,
    /// What is worth saying about them: columns that are not understood, headings that are another vendor's.
    pub notes: Vec<Finding>,
    /// The columns that are read, in the order of the sheet; those behind its last one are derived.
    read: Vec<(Field, usize)>,
    reading: Arc<CellReading>,
}

/// How rows are read beyond their cells.
#[derive(Debug, Default)]
pub struct CellReading {
    width: usize,
    derived: Vec<Derived>,
    /// Cells of which only those with one comma can be read.
    in_two: Option<usize>,
    /// The cells that say what is to be done with the row, and what may be.
    action: Option<(usize, Deeds)>,
}

impl Binding {
    /// Understands headings for a sheet that goes to the vendor `target`.
    ///
    /// # Errors
    /// What cannot be used, and all that has to be asked: see [`ColumnError`].
    pub fn bind(
        headings: &[String],
        target: &Manifest,
        vendors: &[&Manifest],
        options: &BindOptions,
    ) -> Result<Binding, ColumnError> {
        bind::bind(headings, target, vendors, options)
    }

    /// The column that holds a field, counting from 0; behind the sheet's last one where its values are derived.
    pub fn column_of(&self, field: Field) -> Option<usize> {
        let read = self.read.iter().find(|(known, _)| *known == field);
        read.map(|(_, column)| *column)
    }

    /// The fields that have a column of the sheet, with it, in the order of the sheet.
    pub fn fields(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        self.read
            .iter()
            .filter_map(|(field, column)| Some((*field, self.reading.origin(*column)?)))
    }

    /// How rows are read beyond their cells; `None` where cells are all there is.
    pub fn reading(&self) -> Option<Arc<CellReading>> {
        let is_plain = self.reading.derived.is_empty()
            && self.reading.action.is_none()
            && self.reading.in_two.is_none();
        (!is_plain).then(|| Arc::clone(&self.reading))
    }

    /// The extension that a row describes, in canonical text. A blank cell is absent, and so is one that holds a placeholder
    /// such as `N/A`; `<clear>` is there and empty, `<generate>` stands as it is. A text that `manifest`'s vendor does not
    /// take, or a field that it does not know, stays as it was written: the checks complain.
    pub fn extension(&self, cells: &Cells<'_>, manifest: &Manifest) -> Record {
        let mut scratch = Scratch::default();
        let cells = self.reading.cells(*cells, &mut scratch);
        let mut extension = Record::default();
        for (field, column) in &self.read {
            let (field, text) = (*field, cells.get(*column).unwrap_or_default());
            let trimmed = text.trim();
            if trimmed.is_empty() {
                continue;
            }
            if trimmed == CLEAR {
                extension.set(field, "");
                continue;
            }
            if is_generate(trimmed) {
                extension.set(field, GENERATE);
                continue;
            }
            let row = manifest.row(field);
            if row.is_some_and(|row| row.is_left_out(trimmed)) {
                continue;
            }
            let canonical = row.and_then(|row| row.normalise(text));
            extension.set(field, canonical.as_deref().unwrap_or(text));
        }
        extension
    }
}

impl CellReading {
    /// The cells of a row with the values that are derived from them behind; as they are where there are none.
    pub fn cells<'c>(&self, cells: Cells<'c>, scratch: &'c mut Scratch) -> Cells<'c> {
        if self.derived.is_empty() {
            return cells;
        }
        scratch.append(&cells, self.width, &self.derived)
    }

    /// The column of the sheet that a column's values come from; `None` where they come from none.
    pub fn origin(&self, column: usize) -> Option<usize> {
        match column.checked_sub(self.width) {
            None => Some(column),
            Some(at) => self.derived.get(at).and_then(|derived| derived.from),
        }
    }

    /// Whether a column's values are derived, so that no repair of theirs can be written into the sheet.
    pub fn is_derived(&self, column: usize) -> bool {
        column >= self.width
    }

    /// Appends what is wrong with a row that no rule about a field would find.
    pub fn findings(&self, cells: Cells<'_>, findings: &mut Vec<Finding>) {
        if let Some((column, deeds)) = &self.action {
            findings.extend(deeds.against(*column, cells.get(*column).unwrap_or_default()));
        }
        if let Some(column) = self.in_two {
            findings.extend(values::not_in_two(
                column,
                cells.get(column).unwrap_or_default(),
            ));
        }
    }
}

/// What finds the header row of a sheet that goes to the vendor `target`: every word that [`Binding::bind`] may
/// understand.
pub fn headings(target: &Manifest, vendors: &[&Manifest], options: &BindOptions) -> Headings {
    let key = target.key();
    let worth = move |field: Field| {
        if field == key {
            Known::Number
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
    Headings::new(move |text| {
        if is_own(text) {
            return Known::Field;
        }
        let key_word = heading_key(text);
        let own = known.get(&key_word).copied().unwrap_or(Known::Nothing);
        let common = match dictionary().common(text) {
            Some(Common::Field(field)) => worth(field),
            Some(Common::OnlyNumber) => Known::Number.min(worth(Field::NUMBER)),
            Some(_) => Known::Field,
            None if bind::names_group(key, &key_word) => Known::Number,
            None => Known::Nothing,
        };
        let of_product = products().iter().filter_map(|product| product.word(text));
        let of_product = of_product.map(|word| match word {
            Word::Read(cell) if cell.fields().contains(&key) => Known::Number,
            _ => Known::Field,
        });
        of_product.fold(own.max(common), Known::max)
    })
}

/// Whether rowcall itself wrote the column.
fn is_own(heading: &str) -> bool {
    heading.trim().to_lowercase().starts_with(OWN_PREFIX)
}

#[cfg(test)]
mod tests;
