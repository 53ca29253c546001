//! The meanings of a sheet's columns while they are worked out, and the questions that are asked about them.

use super::dictionary::{Common, dictionary};
use super::heading_row::HeadingRow;
use super::map::Mapped;
use super::options::BindOptions;
use super::owner::{Owner, OwnerWords};
use super::questions::Question;
use super::sample::Sample;
use super::values::{Derivation, Unsaid};
use crate::manifest::Manifest;
use crate::mapping::made_fields;
use crate::model::{Field, heading_key};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

/// The meaning of one column, as far as it is known.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// It has no heading, or rowcall wrote it.
    Ignored,
    /// It is read into these fields, each unchanged or derived.
    Read {
        fields: Vec<(Field, Option<Derivation>)>,
        reason: String,
        by: ReadBy,
    },
    /// It is known that it is not read.
    LeftOut {
        reason: String,
        because: LeftOutReason,
    },
    /// It depends on the columns beside it.
    Open(Common),
    /// It is compared with the column that tells if the account is on.
    ComparedState(Derivation),
    /// It asks for a change to the row's extension.
    Action,
    /// It marks rows to be deleted or, where it `keeps`, rows to stay.
    Removal { keeps: bool },
    /// The user is asked.
    Asked(Vec<Mapped>),
    /// It means nothing that is known.
    Unknown,
}

/// The reason that a column is read into its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadBy {
    /// The user mapped it.
    Map,
    /// Its heading.
    Heading,
    /// The columns beside it alone.
    Neighbours,
}

/// The reason that a column is left out, where that decides how it is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOutReason {
    /// The user mapped it: that is no news.
    Map,
    /// There is no field for a product's column: noted with the others of its kind.
    NoField,
    /// The vendor has no field for it, and another column means the same: noted as a loss.
    Lacking,
    /// Anything else: noted for itself.
    Other,
}

impl Meaning {
    /// Reads a column into some fields.
    pub(super) fn read(
        fields: Vec<(Field, Option<Derivation>)>,
        reason: &str,
        by: ReadBy,
    ) -> Meaning {
        Meaning::Read {
            fields,
            reason: reason.to_owned(),
            by,
        }
    }

    /// Reads a column into one field, unchanged, by its heading.
    pub(super) fn field(field: Field, reason: &str) -> Meaning {
        Meaning::read(vec![(field, None)], reason, ReadBy::Heading)
    }

    /// The fields that the column is read into.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        let fields = match self {
            Meaning::Read { fields, .. } => fields.as_slice(),
            _ => &[],
        };
        fields.iter().map(|(field, _)| *field)
    }

    /// Returns true if the column is read into a field, alone or with others.
    pub(super) fn reads(&self, field: Field) -> bool {
        self.fields().any(|known| known == field)
    }

    /// Returns true if the column is read into some fields because the user mapped it.
    pub(super) fn is_read_by_map(&self) -> bool {
        matches!(
            self,
            Meaning::Read {
                by: ReadBy::Map,
                ..
            }
        )
    }

    /// Returns true if the column is left out for want of a field.
    pub(super) fn is_lost(&self) -> bool {
        let because = LeftOutReason::Lacking;
        matches!(self, Meaning::LeftOut { because: known, .. } if *known == because)
    }

    /// Returns true if no meaning of the column is known.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self, Meaning::Unknown | Meaning::Open(_))
    }
}

/// All columns of a sheet while they are understood.
pub(super) struct Meanings<'m> {
    pub(super) headings: &'m [String],
    row: HeadingRow<'m>,
    pub(super) target: &'m Manifest,
    pub(super) vendors: &'m [&'m Manifest],
    pub(super) options: &'m BindOptions,
    pub(super) owner: Owner<'m>,
    /// The vendor whose own names are used.
    own: Option<&'m Manifest>,
    /// One meaning for each heading.
    pub(super) meanings: Vec<Meaning>,
    pub(super) questions: Vec<Question>,
    read_sample: &'m dyn Fn() -> Option<Sample>,
    sample: OnceCell<Option<Sample>>,
}

impl<'m> Meanings<'m> {
    /// Begins with columns of which nothing is known.
    pub(super) fn new(
        row: HeadingRow<'m>,
        target: &'m Manifest,
        vendors: &'m [&'m Manifest],
        options: &'m BindOptions,
        owner: Owner<'m>,
        read_sample: &'m dyn Fn() -> Option<Sample>,
    ) -> Meanings<'m> {
        let own = match owner.words {
            OwnerWords::Target(vendor) | OwnerWords::Vendor(vendor) => Some(vendor),
            OwnerWords::Product(_) => None,
        };
        Meanings {
            headings: row.headings,
            target,
            vendors,
            options,
            owner,
            own,
            meanings: vec![Meaning::Unknown; row.headings.len()],
            row,
            questions: vec![],
            read_sample,
            sample: OnceCell::new(),
        }
    }

    /// The columns of the sheet, counted from 0.
    pub(super) fn columns(&self) -> Range<usize> {
        0..self.headings.len()
    }

    /// The columns whose meaning is of a kind.
    pub(super) fn columns_where(&self, is_so: impl Fn(&Meaning) -> bool) -> Vec<usize> {
        self.columns()
            .filter(|column| is_so(&self.meanings[*column]))
            .collect()
    }

    /// The columns of a product without a field whose cells belong to a person, each with the texts that mean nothing.
    pub(super) fn personal(&self) -> Vec<(usize, &'static [String])> {
        let OwnerWords::Product(product) = self.owner.words else {
            return vec![];
        };
        let without_field = |meaning: &Meaning| {
            let because = LeftOutReason::NoField;
            matches!(meaning, Meaning::LeftOut { because: known, .. } if *known == because)
        };
        let columns = self.columns_where(without_field).into_iter();
        let idle = |column| Some((column, product.idle_texts(self.heading(column))?));
        columns.filter_map(idle).collect()
    }

    /// The columns of whose cells a part is not read: words and settings that no field of a product's file says.
    pub(super) fn unsaid(&self) -> Vec<(usize, Unsaid)> {
        let is_products = matches!(self.owner.words, OwnerWords::Product(_));
        let columns = self.meanings.iter().enumerate();
        let unsaid = columns.filter_map(|(column, meaning)| match meaning {
            Meaning::Read { fields, .. } => match fields.as_slice() {
                // Elsewhere it shows the state of the moment; here the telephone is set by it.
                [(field, _)] if is_products && field.is_live() => Some((column, Unsaid::All)),
                fields => Some((column, Unsaid::by(fields)?)),
            },
            _ => None,
        });
        unsaid.collect()
    }

    /// The columns with a common word of one kind whose meaning is still open.
    pub(super) fn open(&self, kind: Common) -> Vec<usize> {
        self.columns_where(|meaning| matches!(meaning, Meaning::Open(open) if *open == kind))
    }

    pub(super) fn heading(&self, column: usize) -> &'m str {
        &self.headings[column]
    }

    /// The heading as a common word.
    pub(super) fn common(&self, column: usize) -> Option<Common> {
        dictionary().common(self.heading(column))
    }

    /// The heading with the name of its cell.
    pub(super) fn at(&self, column: usize) -> String {
        self.row.at(column)
    }

    /// Returns true if a column has no heading and is understood all the same.
    pub(super) fn is_nameless(&self, column: usize) -> bool {
        let is_ignored = matches!(self.meanings[column], Meaning::Ignored);
        self.heading(column).trim().is_empty() && !is_ignored
    }

    /// The heading by which a mapping means one column.
    pub(super) fn name_for_map(&self, column: usize) -> String {
        self.row.name_for_map(column)
    }

    /// The heading by which a message says how a mapping means one column.
    pub(super) fn name_in_flag(&self, column: usize) -> String {
        self.row.name_in_flag(column)
    }

    /// The columns that a mapping of this heading means.
    pub(super) fn row_named(&self, heading: &str) -> Vec<usize> {
        self.row.named(heading)
    }

    /// The flag that maps a column: of a sheet among several, of it alone.
    pub(super) fn map_flag(&self, column: usize, mapped: impl Display) -> String {
        self.options.map_flag(&self.name_in_flag(column), mapped)
    }

    /// The first column that is read into a field.
    pub(super) fn column_of(&self, field: Field) -> Option<usize> {
        self.meanings
            .iter()
            .position(|meaning| meaning.reads(field))
    }

    /// The field that a heading means as an own name of the vendor whose names are used.
    pub(super) fn own_name(&self, heading: &str) -> Option<Field> {
        self.own?.own_name(&heading_key(heading))
    }

    /// Returns true if some column is read into a field.
    pub(super) fn has(&self, field: Field) -> bool {
        self.column_of(field).is_some()
    }

    /// The first cells of the sheet, where they are known.
    pub(super) fn sample(&self) -> Option<&Sample> {
        self.sample.get_or_init(self.read_sample).as_ref()
    }

    /// Decides on a field by the columns beside a column.
    pub(super) fn decide(&mut self, column: usize, field: Field) {
        self.meanings[column] = Meaning::read(
            vec![(field, None)],
            "by the columns beside it",
            ReadBy::Neighbours,
        );
    }

    /// Asks for the meaning of columns; each answer maps one heading.
    pub(super) fn ask(&mut self, what: String, columns: Vec<usize>, answers: &[(usize, Mapped)]) {
        for column in &columns {
            let of_column = answers.iter().filter(|(about, _)| about == column);
            let mut choices: Vec<Mapped> = of_column.map(|(_, mapped)| *mapped).collect();
            if !choices.contains(&Mapped::LeftOut) {
                choices.push(Mapped::LeftOut);
            }
            self.meanings[*column] = Meaning::Asked(choices);
        }
        let is_secret = |mapped: Mapped| mapped.field().is_some_and(Field::is_secret);
        let secret = answers.iter().any(|(_, mapped)| is_secret(*mapped));
        let flag = |(column, mapped): &(usize, Mapped)| self.map_flag(*column, *mapped);
        self.questions.push(Question {
            what,
            answers: answers.iter().map(flag).collect(),
            shown: !secret
                && columns
                    .iter()
                    .all(|column| dictionary().may_show(self.heading(*column))),
            columns,
            words: String::new(),
        });
    }

    /// Returns true if a column is asked about, and its heading is a known word that is about no secret, nor may be.
    pub(super) fn is_open(&self, column: usize) -> bool {
        let heading = self.heading(column);
        let is_secret = |choice: &Mapped| choice.field().is_some_and(Field::is_secret);
        let is_asked = matches!(&self.meanings[column], Meaning::Asked(choices) if !choices.iter().any(is_secret));
        let is_known = || {
            dictionary().canonical(heading).is_some()
                || dictionary().is_anybodys(heading)
                || self.common(column).is_some()
                || self.own_name(heading).is_some()
        };
        is_asked && dictionary().may_show(heading) && is_known()
    }

    /// Asks which of some fields a column means, or whether it is to be left out. Where the vendor has none of these
    /// fields, there is nothing to ask: it is left out.
    pub(super) fn ask_about(&mut self, column: usize, why: &str, fields: &[Field]) {
        let known = fields
            .iter()
            .filter(|field| self.can_use(**field) && !self.has(**field));
        let mut answers: Vec<(usize, Mapped)> =
            known.map(|field| (column, Mapped::Field(*field))).collect();
        if answers.is_empty() {
            let is_read = fields.iter().any(|field| self.can_use(*field));
            let but = match is_read {
                true => "another column is read for it".to_owned(),
                false => format!("{} has no field for it", self.target.vendor.name),
            };
            let reason = format!("left out: it may be {why}, and {but}");
            self.meanings[column] = Meaning::LeftOut {
                reason,
                because: LeftOutReason::Other,
            };
            return;
        }
        let what = format!("{} may be {why}", self.at(column));
        answers.push((column, Mapped::LeftOut));
        self.ask(what, vec![column], &answers);
    }

    /// Returns true if the vendor has a field, or one that is made of it.
    pub(super) fn can_use(&self, field: Field) -> bool {
        self.target.row(field).is_some()
            || !made_fields(&BTreeSet::from([field]), self.target).is_empty()
    }
}
