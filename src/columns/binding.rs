//! The result of understanding a sheet's headings, and the reading of its rows by it.

use super::actions::ReasonToStay;
use super::map::{ColumnReading, Mapped, Saved};
use super::reading::{CellReading, Scratch};
use super::record::{ReadField, record};
use super::sample::is_remark_to_stay;
use super::values::same_value;
use crate::manifest::Manifest;
use crate::model::redact::{NOT_SHOWN, SoughtSecret, plain};
use crate::model::{Field, Finding, Kind, Record, person};
use crate::sheet::{Cells, stands_for_value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The meaning of a sheet's columns.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Every column, in the order of the sheet.
    pub columns: Vec<ColumnReading>,
    /// True if the headings are another vendor's than the target's, or a product's.
    pub is_foreign: bool,
    /// Notes about the columns: some are not understood, or their headings are another vendor's.
    pub notes: Vec<Finding>,
    /// The fields that are read: those of the sheet in its order, then those that are only filled in or made of others.
    pub(super) read: Vec<ReadField>,
    /// The columns with a heading that are not understood, or that the vendor has no field for.
    pub(super) unread: Vec<usize>,
    /// The columns of a product without a field whose cells belong to a person, each with the texts that mean nothing.
    pub(super) personal: Vec<(usize, &'static [String])>,
    /// The digits that the numbers in a workbook usually have, at the most, for each field.
    pub(crate) usual_digits: BTreeMap<Field, usize>,
    /// The columns without a heading whose meaning is known all the same.
    pub(crate) nameless: Vec<usize>,
    pub(super) reading: Arc<CellReading>,
}

/// The number of a row, and its secrets, as they stand in its cells.
pub(crate) fn secrets_in<'c>(
    columns: &[ColumnReading],
    cells: &Cells<'c>,
) -> (&'c str, impl Iterator<Item = &'c str>) {
    let cell = |column: usize| cells.get(column).unwrap_or_default().trim();
    let is_key = |column: &ColumnReading| column.field.is_some_and(Field::is_key);
    let number = columns.iter().position(is_key).map_or("", cell);
    let columns = columns.iter().enumerate();
    let secrets = columns.filter(|(_, column)| column.holds_secrets());
    let secrets = secrets.map(move |(at, _)| cell(at));
    (number, secrets.filter(|secret| !stands_for_value(secret)))
}

impl Binding {
    fn find(&self, field: Field) -> Option<&ReadField> {
        self.read.iter().find(|read| read.field == field)
    }

    /// The column of a field, counted from 0; behind the sheet's last one where its values are derived.
    pub fn column_of(&self, field: Field) -> Option<usize> {
        self.find(field).map(|read| read.column)
    }

    /// The column of the sheet that a field comes from, also where it is made of others: the first of these.
    pub fn origin_of(&self, field: Field) -> Option<usize> {
        self.find(field)?.from
    }

    /// All fields that are read, also those that are made of others, each with the column that it comes from.
    pub fn origins(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        let read = self.read.iter();
        read.filter_map(|read| Some((read.field, read.from?)))
    }

    /// The text of a field of the sheet in a row, as its column is meant: the opposite of a switch is turned round, and a
    /// product's word translated.
    pub(crate) fn text_of<'c>(&self, field: Field, cells: &Cells<'c>) -> Cow<'c, str> {
        let column = self.column_of(field);
        column.map_or(Cow::Borrowed(""), |column| {
            self.reading.text_of(column, cells)
        })
    }

    /// The fields that have a column of the sheet, with it, in the order of the sheet.
    pub fn fields(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        let own = self.read.iter().filter(|read| read.is_own);
        own.filter_map(|read| Some((read.field, read.from?)))
    }

    /// The column of a row whose cell says that the row may stay, though the row is to be deleted; the columns that the user
    /// left out do not count.
    pub(crate) fn remark_to_stay(&self, cells: &Cells<'_>) -> Option<usize> {
        let says = |reading: &ColumnReading| match reading.field.map(Field::def) {
            None => reading.saved != Saved::As(Mapped::LeftOut) && reading.saved != Saved::Nothing,
            Some(def) => !def.secret && !matches!(def.kind, Kind::Switch | Kind::Choice),
        };
        let mut columns = self.columns.iter().enumerate();
        let found = columns.find(|(column, reading)| {
            says(reading) && is_remark_to_stay(cells.get(*column).unwrap_or_default().trim())
        });
        found.map(|(column, _)| column)
    }

    /// The columns with a heading that are not understood, or that share a field with another and the vendor lacks it.
    pub fn unread(&self) -> impl Iterator<Item = usize> + '_ {
        self.unread.iter().copied()
    }

    /// The columns of a row whose texts no field stands for, and that are lost with it.
    pub(crate) fn lost<'r>(&'r self, cells: &'r Cells<'r>) -> impl Iterator<Item = usize> + 'r {
        let text = |column: usize| cells.get(column).unwrap_or_default().trim();
        let unread = self
            .unread()
            .filter(move |column| !text(*column).is_empty());
        let number = self.column_of(Field::NUMBER).map(text).unwrap_or_default();
        let personal = self.personal.iter().filter(move |(column, idle)| {
            let text = text(*column);
            let mut idle = idle.iter();
            let is_idle = |idle: &String| same_value(&idle.replace("{number}", number), text);
            !text.is_empty() && !idle.any(is_idle)
        });
        let unsaid = self.reading.unsaid.iter().map(|(column, _)| *column);
        let unsaid = unsaid.filter(move |column| !self.unsaid(*column, cells).is_empty());
        let personal = personal.map(|(column, _)| *column);
        unread.chain(personal).chain(unsaid)
    }

    /// Returns the part of a cell that is not read, though its column is; empty where that is nothing.
    pub(crate) fn unsaid(&self, column: usize, cells: &Cells<'_>) -> String {
        self.reading.unsaid(column, cells)
    }

    /// The person's name in a row, as it is written: the one that is shown, else given name and surname. A name that looks
    /// like a password in the wrong cell, or is one of the row's own, is not shown.
    pub fn person(&self, cells: &Cells<'_>) -> String {
        let name = person(|field| {
            let own = self.find(field).filter(|read| read.is_own);
            let text = own.and_then(|read| cells.get(read.from?));
            let text = text.unwrap_or_default().trim();
            match self.gives_away(cells, Some(field), text) {
                true => NOT_SHOWN,
                false => text,
            }
        });
        match self.gives_away(cells, Some(Field::DISPLAY_NAME), &name) {
            true => NOT_SHOWN.to_owned(),
            false => plain(Field::DISPLAY_NAME, &name),
        }
    }

    /// The number of a row as it is shown while nothing is sent for it: it may be a password in the wrong cell.
    pub(crate) fn shown_number(&self, cells: &Cells<'_>, number: &str) -> String {
        match self.gives_away(cells, Some(Field::NUMBER), number) {
            true => NOT_SHOWN.to_owned(),
            false => plain(Field::NUMBER, number),
        }
    }

    /// A text in a row's column, where it may be shown: no secret, and nothing that looks like one or is one of the row's
    /// own, in whatever column.
    #[cfg(feature = "page")]
    pub(crate) fn shown<'t>(
        &self,
        cells: &Cells<'_>,
        column: usize,
        text: &'t str,
    ) -> Option<&'t str> {
        let may_show = |reading: &ColumnReading| {
            reading.may_show(text)
                && !crate::model::is_like_secret(text)
                && !self.gives_away(cells, reading.field, text)
        };
        let may = text.is_empty() || self.columns.get(column).is_some_and(may_show);
        may.then_some(text)
    }

    /// Returns true if a text of a row, of this field where it is known, gives one of the row's own secrets away.
    fn gives_away(&self, cells: &Cells<'_>, field: Option<Field>, text: &str) -> bool {
        let text = text.trim();
        let (number, mut secrets) = secrets_in(&self.columns, cells);
        secrets.any(|secret| SoughtSecret::new(secret).is_in(number, field, text))
    }

    /// Returns the reading beyond single cells; `None` where there is none.
    pub fn reading(&self) -> Option<Arc<CellReading>> {
        (!self.reading.is_plain()).then(|| Arc::clone(&self.reading))
    }

    /// Returns the reason that a column keeps the row out of a deletion; `None` where none does.
    pub(crate) fn stays(&self, cells: &Cells<'_>) -> Option<ReasonToStay> {
        self.reading.stays(cells)
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
            for read in &self.read {
                if !manifest.takes(read.field) {
                    extension.remove(read.field);
                }
            }
        }
        extension
    }

    /// Reads all fields that a row itself has, in canonical text, including those that the vendor lacks.
    pub fn all_fields(&self, cells: &Cells<'_>, manifest: &Manifest) -> Record {
        let mut all = match &self.reading.lacking {
            None => self.extension(cells, manifest),
            Some(lacking) => {
                let mut scratch = Scratch::default();
                let (cells, _) = self.reading.cells(*cells, manifest, &mut scratch);
                record(&lacking.read, &cells, manifest)
            }
        };
        for made in self.read.iter().filter(|read| !read.is_own) {
            all.remove(made.field);
        }
        all
    }

    /// Returns true if rows are given a field that is made of others.
    pub fn makes(&self, field: Field) -> bool {
        let lacking = self.reading.lacking.as_ref();
        lacking.is_some_and(|lacking| lacking.made.contains(&field))
    }
}
