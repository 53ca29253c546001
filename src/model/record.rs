//! One telephone account, or one group of them, as far as it is known.

use super::text::NewText;
use super::{Field, RecordKind, Secret, Text, VendorAttributes, redact};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The order of numbers in which people count: 7, 0042, 100.
pub(crate) fn by_number(a: &str, b: &str) -> Ordering {
    let (digits, others) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    let longer = digits.len().cmp(&others.len());
    longer
        .then_with(|| digits.cmp(others))
        .then_with(|| a.cmp(b))
}

/// The fields of one extension that were given or read, in canonical text.
///
/// Absent is not blank: a field that is not here is left as it is; a field that is here and empty is to be emptied
/// (or was read as empty).
///
/// A group of extensions is a record of the same kind, whose key is its name.
#[derive(Clone, Default, Eq)]
pub struct Record {
    fields: BTreeMap<Field, Secret>,
    /// The fields whose texts turned out to be secrets.
    hidden: BTreeSet<Field>,
    /// Neither shown nor compared with those of another record.
    attributes: Option<VendorAttributes>,
}

/// A person's name by the texts of fields: the one that is shown, else given name and surname; empty where there is none.
pub(crate) fn person<'t>(text: impl Fn(Field) -> &'t str) -> String {
    match text(Field::DISPLAY_NAME) {
        "" => {
            let (first, last) = (text(Field::FIRST_NAME), text(Field::LAST_NAME));
            format!("{first} {last}").trim().to_owned()
        }
        name => name.to_owned(),
    }
}

impl Record {
    /// An extension of which nothing is known but its number.
    pub fn numbered(number: impl Into<String>) -> Self {
        let mut extension = Record::default();
        extension.set(Field::NUMBER, number.into());
        extension
    }

    /// The number, or the name of a group; empty where it is not known.
    pub fn number(&self) -> &str {
        self.text(self.key()).unwrap_or_default()
    }

    fn key(&self) -> Field {
        if self.fields.contains_key(&Field::GROUP_NAME) {
            Field::GROUP_NAME
        } else {
            Field::NUMBER
        }
    }

    /// The same extension or group, of which nothing is known but its key.
    pub fn key_only(&self) -> Record {
        let mut extension = Record::default();
        extension.set(self.key(), self.number());
        extension
    }

    /// The kind of the record.
    pub fn kind(&self) -> RecordKind {
        self.key().record_kind()
    }

    /// The word for the record in messages.
    pub fn noun(&self) -> &'static str {
        self.kind().word()
    }

    /// The canonical text of a field; `None` where the field is absent.
    pub fn get(&self, field: Field) -> Option<Text<'_>> {
        let text = self.fields.get(&field)?;
        Some(self.text_of(field, text))
    }

    fn text_of<'t>(&self, field: Field, text: &'t Secret) -> Text<'t> {
        if field.hides(text.reveal()) || self.hidden.contains(&field) {
            Text::Secret(text)
        } else {
            Text::Open(text.reveal())
        }
    }

    /// The canonical text of a field that is no secret; `None` where the field is absent, and for a secret.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.get(field)?.open()
    }

    /// The person's name: the one that is shown, else given name and surname; empty where there is none.
    pub fn person(&self) -> String {
        person(|field| self.text(field).unwrap_or_default())
    }

    /// Like [`Record::text`], for a secret too: to check and compare it.
    pub fn reveal(&self, field: Field) -> Option<&str> {
        self.fields.get(&field).map(Secret::reveal)
    }

    /// Returns true if a switch is on.
    pub(crate) fn is_on(&self, field: Field) -> bool {
        self.text(field) == Some("on")
    }

    /// Sets a field's text; the empty text means *empty it*. A text that was found to be a secret in another record stays
    /// one.
    pub fn set(&mut self, field: Field, text: impl Into<NewText>) {
        let text = text.into();
        match text.is_secret {
            true => self.hidden.insert(field),
            false => self.hidden.remove(&field),
        };
        self.fields.insert(field, text.text);
    }

    /// Types the texts of more fields as secrets.
    pub(super) fn add_hidden(&mut self, fields: impl IntoIterator<Item = Field>) {
        self.hidden.extend(fields);
    }

    /// The texts that turned out to be secrets.
    pub(super) fn hidden_texts(&self) -> impl Iterator<Item = &str> {
        let hidden = self.hidden.iter();
        hidden.filter_map(|field| self.reveal(*field))
    }

    /// Like [`Record::set`], with a text that may never be shown, whatever the field.
    pub(crate) fn set_hidden(&mut self, field: Field, text: impl Into<Secret>) {
        self.set(field, text.into());
        self.hidden.insert(field);
    }

    /// The same record, in which every text that gives a secret of the other one or of its own away is a secret too.
    pub(crate) fn hiding(mut self, other: &Record) -> Record {
        let secrets = other
            .iter()
            .chain(self.iter())
            .filter_map(|(_, text)| match text {
                Text::Secret(secret) => Some(secret.reveal()),
                Text::Open(_) => None,
            });
        let secrets: BTreeSet<&str> = secrets.collect();
        let gives_away = |(field, text): &(Field, Text<'_>)| {
            let text = text.open().unwrap_or_default();
            let mut secrets = secrets.iter();
            secrets.any(|secret| redact::shows_secret(self.number(), *field, text, secret))
        };
        let hidden: Vec<Field> = self.iter().filter(gives_away).map(|it| it.0).collect();
        self.hidden.extend(hidden);
        self
    }

    /// The vendor's own attributes beside the fields; `None` where they are not known.
    pub fn attributes(&self) -> Option<&VendorAttributes> {
        self.attributes.as_ref()
    }

    /// Sets the vendor's own attributes beside the fields.
    pub(crate) fn set_attributes(&mut self, attributes: VendorAttributes) {
        self.attributes = Some(attributes);
    }

    /// Makes a field absent.
    pub fn remove(&mut self, field: Field) {
        self.fields.remove(&field);
    }

    /// All fields that are present, in the order of the dictionary.
    pub fn iter(&self) -> impl Iterator<Item = (Field, Text<'_>)> {
        let texts = self.fields.iter();
        texts.map(|(field, text)| (*field, self.text_of(*field, text)))
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.iter().map(|(field, text)| (field.name(), text));
        f.debug_map().entries(fields).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_key_is_its_name() {
        let mut group = Record::default();
        group.set(Field::DESCRIPTION, "all of them");
        assert_eq!((group.number(), group.noun()), ("", "extension"));
        group.set(Field::GROUP_NAME, "Sales");
        assert_eq!((group.number(), group.noun()), ("Sales", "group"));
        let key_only = group.key_only();
        let key: Vec<_> = key_only.iter().collect();
        assert_eq!(key, [(Field::GROUP_NAME, Text::Open("Sales"))]);
    }

    #[test]
    fn numbers_stand_in_the_order_in_which_people_count() {
        let mut numbers = ["100", "0042", "7", "99", "42", "007"];
        numbers.sort_by(|a, b| by_number(a, b));
        assert_eq!(numbers, ["007", "7", "0042", "42", "99", "100"]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut extension = Record::numbered("0042");
        extension.set(Field::SIP_PASSWORD, "canary-7731");
        let shown = format!("{extension:?}");
        assert!(
            shown.contains("0042") && !shown.contains("canary"),
            "{shown}"
        );
    }
}
