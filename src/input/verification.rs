//! An import file held against what the product exported afterwards: every cell that was written, and what could not be
//! compared.

use super::{InputRow, InputRows};
use crate::columns::{Binding, same_value};
use crate::compare::{differences, differing, moved};
use crate::manifest::{BlankCell, Manifest};
use crate::model::{Action, Field, Kind, Outcome, Record, RowResult, same_word};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of an import file, held against those of an export.
pub(crate) struct FileVerification<'c> {
    facts: &'c Manifest,
    wanted: &'c InputRows,
    exported: &'c InputRows,
    /// The fields that the export does not tell.
    unseen: &'c BTreeSet<Field>,
    /// The columns of each sheet of the import file.
    columns: Vec<Vec<FileColumn<'c>>>,
}

/// A column of the import file.
struct FileColumn<'c> {
    heading: &'c str,
    /// The fields that are read from it, as far as they are written into it.
    fields: Vec<Field>,
    /// The column with the same heading in each sheet of the export.
    there: Vec<Option<usize>>,
    /// True if an extension has a text here, and the export none that could be compared.
    is_absent: bool,
    /// True if an extension has nothing here, and a text in the export.
    is_filled_there: bool,
}

impl<'c> FileVerification<'c> {
    /// Begins with no row compared.
    pub(crate) fn new(
        facts: &'c Manifest,
        wanted: &'c InputRows,
        exported: &'c InputRows,
        unseen: &'c BTreeSet<Field>,
    ) -> FileVerification<'c> {
        let column = |binding: &Binding, (column, heading): (usize, &'c String)| {
            let has = |field: &Field| {
                let row = facts.row(*field);
                row.is_some_and(|row| row.is_column(heading))
            };
            let fields = binding.fields().filter(|(_, known)| *known == column);
            let sheets = exported.sheets.iter();
            let there = sheets.map(|(sheet, _)| {
                let mut headings = sheet.headings.iter();
                headings.position(|known| same_word(known, heading))
            });
            FileColumn {
                heading,
                fields: fields.map(|(field, _)| field).filter(has).collect(),
                there: there.collect(),
                is_absent: false,
                is_filled_there: false,
            }
        };
        let columns = wanted.sheets.iter().map(|(sheet, binding)| {
            let headings = sheet.headings.iter().enumerate();
            headings.map(|each| column(binding, each)).collect()
        });
        FileVerification {
            facts,
            wanted,
            exported,
            unseen,
            columns: columns.collect(),
        }
    }

    /// The result of one row of the import file; `exported_by_number` are the rows of the export by their numbers.
    pub(crate) fn outcome(
        &mut self,
        index: usize,
        exported_by_number: &BTreeMap<&str, Vec<&InputRow>>,
    ) -> Outcome {
        let wanted = self.wanted;
        let row = &wanted.rows[index];
        if !row.is_valid() {
            return wanted.outcome(index, Action::Create, RowResult::Invalid);
        }
        let found = exported_by_number
            .get(row.wanted.number())
            .map_or(&[][..], Vec::as_slice);
        let (result, message) = match found {
            [] => (RowResult::Missing, "the export does not have it".to_owned()),
            [one] if !one.is_valid() => {
                (RowResult::Differs, format!("{} cannot be read", one.place))
            }
            [one] => {
                let words = self.difference(row, one);
                match words.is_empty() {
                    true => (RowResult::Created, words),
                    false => (RowResult::Differs, words),
                }
            }
            several => (
                RowResult::Differs,
                format!("the export has it {} times", several.len()),
            ),
        };
        Outcome {
            message,
            ..wanted.outcome(index, Action::Create, result)
        }
    }

    /// The words about what an extension has otherwise in the export; empty where that is nothing.
    fn difference(&mut self, row: &InputRow, other: &InputRow) -> String {
        let (meant, exported) = (&*self.meant(row, &other.wanted), &other.wanted);
        let fields = differing(self.facts, meant, exported).into_iter();
        let fields: Vec<Field> = fields
            .filter(|field| !self.unseen.contains(field))
            .collect();
        let mut words = match fields.is_empty() {
            true => vec![],
            false => vec![differences(&fields, meant, exported)],
        };
        let is_reported = |column: &FileColumn<'_>| {
            let mut known = column.fields.iter();
            known.any(|field| field.is_key() || fields.contains(field))
        };
        let (cells, other_cells) = (row.cells(), other.cells());
        let mut columns = std::mem::take(&mut self.columns[row.sheet]);
        for (at, column) in columns.iter_mut().enumerate() {
            let text = cells.get(at).unwrap_or_default().trim();
            let there = column.there[other.sheet];
            let exported = there.map(|there| other_cells.get(there).unwrap_or_default().trim());
            match exported {
                Some(exported) if text.is_empty() => {
                    column.is_filled_there |= !exported.is_empty() && !is_reported(column);
                }
                _ if text.is_empty() || is_reported(column) || exported == Some(text) => {}
                Some("")
                    if column
                        .fields
                        .iter()
                        .any(|field| self.unseen.contains(field)) =>
                {
                    column.is_absent = true;
                }
                Some(exported) => {
                    let is_same = match column.fields.is_empty() {
                        true => same_value(text, exported),
                        false => self.reads_alike(column, (row, at), (other, there)),
                    };
                    if !is_same {
                        words.push(format!("another {}", column.heading));
                    }
                }
                None => column.is_absent |= !self.is_compared(column),
            }
        }
        self.columns[row.sheet] = columns;
        words.join(", ")
    }

    /// The extension that a row means. Where the product stores nothing in the place of a blank cell, it is empty there; off
    /// and the product's default are as good as empty.
    fn meant<'r>(&self, row: &'r InputRow, exported: &Record) -> Cow<'r, Record> {
        let mut meant = Cow::Borrowed(&row.wanted);
        let file = self.facts.file.as_ref();
        if !file.is_some_and(|file| file.blank == BlankCell::Nothing) {
            return meant;
        }
        let cells = row.cells();
        let columns = self.columns[row.sheet].iter().enumerate();
        let blank = columns.filter(|(at, _)| cells.get(*at).unwrap_or_default().trim().is_empty());
        for field in blank.flat_map(|(_, column)| &column.fields) {
            let text = exported.text(*field);
            let facts = self.facts.row(*field);
            let is_default = facts.is_some_and(|facts| text == facts.default.as_deref());
            let is_off = field.def().kind == Kind::Switch && text == Some("off");
            if row.wanted.get(*field).is_none() && !is_default && !is_off {
                meant.to_mut().set(*field, "");
            }
        }
        meant
    }

    /// Returns true if two cells, each read by itself, mean the same.
    fn reads_alike(
        &self,
        column: &FileColumn<'_>,
        (row, at): (&InputRow, usize),
        (other, there): (&InputRow, Option<usize>),
    ) -> bool {
        let meant = self.wanted.read_alone(row, at, self.facts);
        let exported = there.map(|there| self.exported.read_alone(other, there, self.facts));
        let fields = moved(self.facts, &meant, &exported.unwrap_or_default());
        let unsaid = |rows: &InputRows, row: &InputRow, column| {
            let binding = rows.sheets.get(row.sheet).map(|(_, binding)| binding);
            binding.map(|binding| binding.unsaid(column, &row.cells()))
        };
        let left_over = there.and_then(|there| unsaid(self.exported, other, there));
        if unsaid(self.wanted, row, at).unwrap_or_default() != left_over.unwrap_or_default() {
            return false;
        }
        !fields.iter().any(|field| column.fields.contains(field))
    }

    /// Returns true if the export has all fields of a column under other headings.
    fn is_compared(&self, column: &FileColumn<'_>) -> bool {
        let mut fields = column.fields.iter();
        !column.fields.is_empty() && fields.all(|field| self.exported.have_column(*field))
    }

    /// The headings with texts that could not be compared, for the export does not have them.
    pub(crate) fn absent(&self) -> Vec<&str> {
        self.headings(|column| column.is_absent)
    }

    /// The headings that the export has a text under, and the import file none.
    pub(crate) fn filled_there(&self) -> Vec<&str> {
        self.headings(|column| column.is_filled_there)
    }

    fn headings(&self, is_so: impl Fn(&FileColumn<'_>) -> bool) -> Vec<&str> {
        let columns = self.columns.iter().flatten();
        let columns = columns.filter(|column| is_so(column));
        columns.map(|column| column.heading).collect()
    }
}
