//! From the meanings of all columns to the reading of a row: each field with the column of its text.

use super::actions::Removal;
use super::dictionary::dictionary;
use super::lacking::{Lacking, deciding_switches};
use super::map::{ColumnReading, Mapped, Saved};
use super::meaning::{Meaning, Meanings};
use super::options::BindOptions;
use super::owner::OwnerWords;
use super::products::Product;
use super::reading::CellReading;
use super::record::ReadField;
use super::values::{ComparedState, Derivation, Derived};
use crate::manifest::Manifest;
use crate::mapping::{made_fields, pin_makes_mailbox};
use crate::model::{Field, Forward, ForwardDestination};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the fields that are read, and the reading beyond single cells.
pub(super) fn assemble(all: &Meanings<'_>) -> (Vec<ReadField>, CellReading) {
    let mut fields = Fields {
        read: vec![],
        width: all.headings.len(),
        derived: vec![],
    };
    let mut reading = CellReading {
        allowed: all.options.allowed,
        looked_at: all.looked_at(),
        unsaid: all.unsaid(),
        ..CellReading::default()
    };
    for (column, meaning) in all.meanings.iter().enumerate() {
        if all.distinguishes_kinds(column) {
            reading.kinds.push(column);
        }
        match meaning {
            Meaning::Action => reading.actions.push(column),
            Meaning::Removal { keeps } => reading.removals.push(Removal {
                column,
                keeps: *keeps,
            }),
            Meaning::Read { fields: means, .. } => {
                for (field, how) in means {
                    if matches!(
                        how,
                        Some(
                            Derivation::BeforeComma
                                | Derivation::AfterComma
                                | Derivation::AroundComma
                        )
                    ) {
                        reading.in_two = Some(column);
                    }
                    fields.read(*field, column, how.clone());
                }
            }
            _ => {}
        }
    }
    if let OwnerWords::Product(product) = all.owner.words {
        reading.parted_list = parted_list(all.headings, product);
        if product.forward_by_number() {
            fields.forward_to_numbers(all.target);
        }
    }
    if pin_makes_mailbox(all.target) {
        fields.mailbox_by_pin(all.options);
    }
    let filled = all.options.fill.iter().map(|(field, _)| *field);
    let given: BTreeSet<Field> = fields.all().chain(filled).collect();
    let made = made_fields(&given, all.target);
    // Fields made of others are filled only where nothing comes of those.
    let (late, early): (Vec<_>, Vec<_>) =
        (all.options.fill.iter()).partition(|(field, _)| made.contains_key(field));
    for (field, value) in early {
        fields.fill(*field, value);
    }
    if given.iter().any(|field| !all.target.takes(*field)) {
        reading.lacking = Some(fields.make(all, &made));
    }
    for (field, value) in late {
        fields.fill(*field, value);
    }
    reading.compared = compared(all, &fields);
    (reading.width, reading.derived) = (fields.width, fields.derived);
    (fields.read, reading)
}

/// The fields that are read, while their columns are worked out.
struct Fields {
    read: Vec<ReadField>,
    /// The number of the sheet's own columns.
    width: usize,
    derived: Vec<Derived>,
}

impl Fields {
    fn all(&self) -> impl Iterator<Item = Field> + '_ {
        self.read.iter().map(|read| read.field)
    }

    fn find(&self, field: Field) -> Option<ReadField> {
        self.read.iter().copied().find(|read| read.field == field)
    }

    /// Reads a field from a column of the sheet, as it is or derived.
    fn read(&mut self, field: Field, column: usize, how: Option<Derivation>) {
        match how {
            Some(how) => self.derive(field, Some(column), how, None, true),
            None => self.read.push(ReadField {
                field,
                column,
                from: Some(column),
                is_own: true,
            }),
        }
    }

    /// Reads a field from a derived column of its own. `is_own` counts where the field was not read before.
    fn derive(
        &mut self,
        field: Field,
        from: Option<usize>,
        how: Derivation,
        fill: Option<String>,
        is_own: bool,
    ) {
        let column = self.width + self.derived.len();
        self.derived.push(Derived { from, how, fill });
        match self.read.iter_mut().find(|read| read.field == field) {
            Some(read) => read.column = column,
            None => self.read.push(ReadField {
                field,
                column,
                from,
                is_own,
            }),
        }
    }

    /// Fills in a value for a field wherever the sheet has none.
    fn fill(&mut self, field: Field, value: &str) {
        let known = self.find(field);
        let derived = known.and_then(|read| read.column.checked_sub(self.width));
        match derived.and_then(|at| self.derived.get_mut(at)) {
            Some(derived) => derived.fill = Some(value.to_owned()),
            None => {
                let from = known.and_then(|read| read.from);
                self.derive(field, from, Derivation::AsIs, Some(value.to_owned()), true);
            }
        }
    }

    /// Says of each forward whose number has a column that it goes to a number; and that it is on, where no column says it.
    fn forward_to_numbers(&mut self, target: &Manifest) {
        for forward in Forward::all() {
            let number = self.find(forward.number);
            let Some(number) = number.filter(|_| self.find(forward.to).is_none()) else {
                continue;
            };
            let to = target.row(forward.to).filter(|row| target.takes(row.name));
            let word = ForwardDestination::Number.word();
            if to.is_none_or(|row| row.choice(word).is_none()) {
                continue;
            }
            let is_free = |switch: &Field| target.takes(*switch) && self.find(*switch).is_none();
            let switch = forward.switch.filter(is_free);
            let switch = switch.map(|switch| (switch, "on"));
            for (field, word) in switch.into_iter().chain([(forward.to, word)]) {
                self.derive(
                    field,
                    number.from,
                    Derivation::WhereFilled(word),
                    None,
                    true,
                );
            }
        }
    }

    /// Switches the mailbox on where there is a PIN for it, and nothing says whether it is on.
    fn mailbox_by_pin(&mut self, options: &BindOptions) {
        let pin = self.find(Field::VOICEMAIL_PIN);
        let is_for_all = options.fills(Field::VOICEMAIL_PIN);
        let is_said = self.find(Field::VOICEMAIL).is_some() || options.fills(Field::VOICEMAIL);
        if is_said || pin.is_none() && !is_for_all {
            return;
        }
        self.derive(
            Field::VOICEMAIL,
            pin.and_then(|pin| pin.from),
            Derivation::WhereFilled("on"),
            is_for_all.then(|| "on".to_owned()),
            false,
        );
    }

    /// Adds a derived column for each field that is `made` of others, of which one is named.
    fn make(&mut self, all: &Meanings<'_>, made: &BTreeMap<Field, Field>) -> Lacking {
        let flag = |read: &ReadField| {
            let column = read.from.filter(|column| *column < all.headings.len())?;
            Some((read.field, all.map_flag(column, Mapped::LeftOut)))
        };
        let from = |field| self.find(field).and_then(|read| read.from);
        let made_fields: Vec<Field> = made.keys().copied().collect();
        let lacking = Lacking {
            switches: deciding_switches(&self.read, &made_fields, all.target),
            fields: self.all().collect(),
            flags: self.read.iter().filter_map(flag).collect(),
            status: from(Field::STATUS).filter(|status| from(Field::ENABLED) == Some(*status)),
            read: self.read.clone(),
            first: self.width + self.derived.len(),
            made: made_fields,
        };
        for (field, source) in made {
            // A finding about a made value names a column that it is made of.
            let known = self.find(*field).or_else(|| {
                let mut own = lacking.read.iter();
                own.find(|read| read.field == *source).copied()
            });
            let from = known.and_then(|read| read.from);
            self.derive(*field, from, Derivation::Made, None, false);
        }
        lacking
    }
}

/// The last column with a heading, where the product writes a list into it whose commas part it into further cells.
fn parted_list(headings: &[String], product: &Product) -> Option<usize> {
    let last = headings
        .iter()
        .rposition(|heading| !heading.trim().is_empty())?;
    product.parts_list(&headings[last]).then_some(last)
}

/// The columns that are compared with the one that tells if the account is on.
fn compared(all: &Meanings<'_>, fields: &Fields) -> Vec<ComparedState> {
    let Some(enabled) = fields.find(Field::ENABLED) else {
        return vec![];
    };
    let meanings = all.meanings.iter().enumerate();
    let compared = meanings.filter_map(|(column, meaning)| {
        let how = match meaning {
            Meaning::ComparedState(how) => how.clone(),
            Meaning::Read { fields, .. } if fields.as_slice() == [(Field::STATUS, None)] => {
                let letters = all.letters_for_state(column);
                Derivation::state_below(all.heading(column), letters)
            }
            _ => return None,
        };
        Some(ComparedState {
            column,
            enabled: enabled.column,
            how,
        })
    });
    compared.collect()
}

/// Returns a column as it was understood.
pub(super) fn column(all: &Meanings<'_>, column: usize) -> ColumnReading {
    let meaning = &all.meanings[column];
    let (reason, saved) = match meaning {
        Meaning::Ignored => ("ignored".to_owned(), Saved::Nothing),
        Meaning::Read { fields, reason, .. } => match fields.as_slice() {
            [(field, None)] => (reason.clone(), Saved::As(Mapped::Field(*field))),
            [(field, Some(Derivation::Opposite(_) | Derivation::OppositeState { .. }))] => {
                (reason.clone(), Saved::As(Mapped::Opposite(*field)))
            }
            [(field, Some(Derivation::State { .. }))] if meaning.is_read_by_map() => {
                (reason.clone(), Saved::As(Mapped::Field(*field)))
            }
            [] => (reason.clone(), Saved::Nothing),
            [(_, Some(Derivation::SurnameFirst(_))), ..] => {
                (reason.clone(), Saved::As(Mapped::SurnameFirst))
            }
            [(field, Some(Derivation::Beside(_) | Derivation::Behind(_)))] => {
                (reason.clone(), Saved::As(Mapped::Field(*field)))
            }
            [(_, Some(_))] => (format!("{reason}, translated"), Saved::Translated),
            fields => {
                let names: Vec<&str> = fields.iter().map(|(field, _)| field.name()).collect();
                (format!("{reason}: {}", names.join(", ")), Saved::Translated)
            }
        },
        Meaning::LeftOut { reason, .. } => (reason.clone(), Saved::As(Mapped::LeftOut)),
        Meaning::Action | Meaning::Removal { .. } => {
            ("what to do with the row".to_owned(), Saved::Nothing)
        }
        Meaning::ComparedState(_) => (
            "compared with the column for enabled".to_owned(),
            Saved::Nothing,
        ),
        Meaning::Asked(choices) => ("not certain".to_owned(), Saved::Asked(choices.clone())),
        Meaning::Open(_) | Meaning::Unknown => ("not understood".to_owned(), Saved::NotUnderstood),
    };
    ColumnReading {
        heading: all.heading(column).to_owned(),
        name: all.name_for_map(column),
        in_flag: all.name_in_flag(column),
        field: meaning.fields().next(),
        reason,
        is_open: all.is_open(column),
        may_be_secret: !dictionary().may_show(all.heading(column)),
        saved,
    }
}
