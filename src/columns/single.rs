//! The meaning of each heading by itself, by the words of the sheet's owner and by common ones.

use super::dictionary::{Common, dictionary, is_own};
use super::heading_row::HeadingRow;
use super::map::Mapped;
use super::meaning::{LeftOutReason, Meaning, Meanings, ReadBy};
use super::options::BindOptions;
use super::owner::{OwnerWords, whole_own_name};
use super::products::ProductWord;
use super::questions::{ColumnError, listed};
use super::surname_first::NamePart;
use super::values::Derivation;
use crate::model::{Field, heading_key};
use std::collections::HashMap;

/// Gives each column the meaning of its heading.
pub(super) fn understand(all: &mut Meanings<'_>, mapped: &HashMap<usize, Mapped>) {
    for column in all.columns() {
        all.meanings[column] = all.meaning_alone(column, mapped.get(&column).copied());
    }
    all.read_key_by_another_word();
}

/// The columns that `options` map.
pub(super) fn mapped(
    row: &HeadingRow<'_>,
    options: &BindOptions,
) -> Result<HashMap<usize, Mapped>, ColumnError> {
    let mut found = HashMap::new();
    for (heading, mapped) in &options.map {
        let columns = row.named(heading);
        if columns.is_empty() {
            return Err(ColumnError::NotThere {
                heading: heading.clone(),
                headings: listed(row.headings),
            });
        }
        if let ([first, second, ..], Some(_)) = (columns.as_slice(), mapped.field()) {
            let flags = columns
                .iter()
                .map(|column| options.map_flag(&row.name_in_flag(*column), *mapped));
            return Err(ColumnError::SameHeading {
                first: row.at(*first),
                second: row.at(*second),
                answers: flags.collect(),
            });
        }
        for column in columns {
            let first = found.insert(column, *mapped);
            if let Some(first) = first.filter(|first| first != mapped) {
                return Err(ColumnError::MappedTwice {
                    heading: heading.clone(),
                    first,
                    second: *mapped,
                });
            }
        }
    }
    Ok(found)
}

impl Meanings<'_> {
    /// Works out the meaning of a heading by itself.
    fn meaning_alone(&self, column: usize, mapped: Option<Mapped>) -> Meaning {
        let heading = self.heading(column);
        let of_product = match self.owner.words {
            OwnerWords::Product(product) => product.word(heading),
            _ => None,
        };
        match (mapped, of_product) {
            (Some(Mapped::Field(field)), _) => self.by_map(column, field, of_product),
            (Some(Mapped::Opposite(field)), _) => {
                let reason = format!("mapped by --map: the opposite of {}", field.name());
                let is_state = field == Field::ENABLED && self.ends_with_word_for_state(column);
                let how = match is_state {
                    true => Derivation::OppositeState {
                        letters: self.letters_for_state(column),
                    },
                    false => Derivation::Opposite(field),
                };
                Meaning::read(vec![(field, Some(how))], &reason, ReadBy::Map)
            }
            (Some(Mapped::SurnameFirst), _) => {
                let part = |field, part| (field, Some(Derivation::SurnameFirst(part)));
                let fields = match self.target.takes(Field::DISPLAY_NAME) {
                    true => vec![part(Field::DISPLAY_NAME, NamePart::Whole)],
                    false => vec![
                        part(Field::FIRST_NAME, NamePart::Given),
                        part(Field::LAST_NAME, NamePart::Surname),
                    ],
                };
                Meaning::read(
                    fields,
                    "mapped by --map: the surname, then the given name",
                    ReadBy::Map,
                )
            }
            (Some(Mapped::LeftOut), _) => Meaning::LeftOut {
                reason: "left out by --map".to_owned(),
                because: LeftOutReason::Map,
            },
            (None, _) if heading_key(heading).is_empty() || is_own(heading) => Meaning::Ignored,
            (None, Some(ProductWord::Read(cell))) => {
                let reason = format!("{}'s name", self.owner.name());
                Meaning::read(cell.derivations(self.target), &reason, ReadBy::Heading)
            }
            (None, Some(ProductWord::LeftOut)) => Meaning::LeftOut {
                reason: format!("left out: no field for {}'s column", self.owner.name()),
                because: LeftOutReason::NoField,
            },
            (None, None) => match self.owner.words {
                OwnerWords::Product(_) => self.beside_product(column),
                OwnerWords::Vendor(_) => self.in_vendors_sheet(column),
                OwnerWords::Target(_) => self.in_anybodys_sheet(column),
            },
        }
    }

    /// A column that the user mapped to a field.
    fn by_map(&self, column: usize, field: Field, of_product: Option<ProductWord>) -> Meaning {
        let (fields, reason) = match of_product {
            // The product's translation of the cells stays true where the field is the product's.
            Some(ProductWord::Read(cell)) if cell.fields() == [field] => {
                (cell.derivations(self.target), "mapped by --map")
            }
            _ if field == Field::ENABLED && self.common(column) == Some(Common::Disabled) => (
                vec![(field, Some(Derivation::Opposite(field)))],
                "mapped by --map: the opposite of enabled",
            ),
            _ if field == Field::ENABLED && self.common(column) == Some(Common::AccountBits) => (
                vec![(field, Some(Derivation::AccountBits))],
                "mapped by --map: the account's state, in its second bit",
            ),
            _ if field == Field::ENABLED && self.ends_with_word_for_state(column) => {
                let letters = self.letters_for_state(column);
                let how = Derivation::State {
                    other_words: false,
                    letters,
                };
                (vec![(field, Some(how))], "mapped by --map")
            }
            _ => (vec![(field, None)], "mapped by --map"),
        };
        Meaning::read(fields, reason, ReadBy::Map)
    }

    /// A column that a product's sheet has beyond the product's own: only rowcall's exact names are surely meant.
    fn beside_product(&self, column: usize) -> Meaning {
        let field = Field::named(self.heading(column).trim());
        match (field, self.common(column)) {
            (Some(field), _) if !field.is_key() => Meaning::field(field, "rowcall's name"),
            (_, Some(Common::Action)) => Meaning::Action,
            (_, Some(Common::Remove)) => Meaning::Removal { keeps: false },
            (_, Some(Common::Keep)) => Meaning::Removal { keeps: true },
            (_, Some(open @ (Common::State | Common::Disabled | Common::AccountBits))) => {
                Meaning::Open(open)
            }
            _ => Meaning::Unknown,
        }
    }

    fn in_vendors_sheet(&self, column: usize) -> Meaning {
        let heading = self.heading(column);
        if let Some(field) = self.own_name(heading) {
            return Meaning::field(field, &format!("{}'s name", self.owner.name()));
        }
        match dictionary().canonical(heading) {
            Some(field) => Meaning::field(field, "rowcall's name"),
            None => self.by_common_word(column),
        }
    }

    fn in_anybodys_sheet(&self, column: usize) -> Meaning {
        let heading = self.heading(column);
        if let Some(field) = dictionary().canonical(heading) {
            return Meaning::field(field, "rowcall's name");
        }
        // The columns beside these decide first.
        let is_open = matches!(
            self.common(column),
            Some(
                Common::Password
                    | Common::User
                    | Common::Account
                    | Common::Name
                    | Common::GivenOrWhole
            )
        );
        match self.own_name(heading) {
            Some(field) if !is_open => {
                Meaning::field(field, &format!("{}'s name", self.target.vendor.name))
            }
            _ => self.by_common_word(column),
        }
    }

    fn by_common_word(&self, column: usize) -> Meaning {
        let heading = self.heading(column);
        match self.common(column) {
            Some(Common::Field(field)) => Meaning::field(field, "a common word"),
            Some(Common::Action) => Meaning::Action,
            Some(_) if dictionary().is_foreign(heading, self.headings) => Meaning::Unknown,
            Some(Common::Remove) => Meaning::Removal { keeps: false },
            Some(Common::Keep) => Meaning::Removal { keeps: true },
            Some(open) => Meaning::Open(open),
            None => self.by_all_vendors(heading),
        }
    }

    /// Works out the meaning that every other vendor with this word agrees on; never a key or a secret.
    fn by_all_vendors(&self, heading: &str) -> Meaning {
        if self.owner.is_known() {
            return Meaning::Unknown;
        }
        let key = heading_key(heading);
        let vendors = self.vendors.iter();
        let mut meant = vendors.filter_map(|vendor| whole_own_name(vendor, &key));
        match meant.next() {
            Some(field)
                if meant.all(|other| other == field) && !field.is_key() && !field.is_secret() =>
            {
                Meaning::field(field, "another vendor's name")
            }
            _ => Meaning::Unknown,
        }
    }

    /// Reads the key from a column under another word. A vendor may call the number in its answers what its requests
    /// call the new number: in a sheet without another column for the number, such a heading means the number. In a
    /// sheet of groups without another column for the name, `group` means the name, which elsewhere means the groups of
    /// an extension.
    fn read_key_by_another_word(&mut self) {
        let key = self.target.key();
        if self.has(key) {
            return;
        }
        let vendor = match self.owner.words {
            OwnerWords::Target(vendor) | OwnerWords::Vendor(vendor) => vendor,
            OwnerWords::Product(_) => return,
        };
        let answered = vendor
            .row(vendor.key())
            .map_or(&[][..], |row| &row.also_read);
        let is_of_extensions = self.has(Field::NUMBER);
        for (heading, meaning) in self.headings.iter().zip(&mut self.meanings) {
            let Meaning::Read {
                fields,
                by: ReadBy::Heading,
                ..
            } = meaning
            else {
                continue;
            };
            let word = heading_key(heading);
            let means_key = match fields.as_slice() {
                [(Field::NEW_NUMBER, None)] => {
                    answered.iter().any(|name| heading_key(name) == word)
                }
                _ => dictionary().names_group(key, heading) && !is_of_extensions,
            };
            if means_key {
                *fields = vec![(key, None)];
            }
        }
    }
}
