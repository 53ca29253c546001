//! The secrets of all rows together: one may stand in the cell of another row too, by mistake.

use super::redact::{WholeSecrets, in_any_writing, is_short_number, without_secret};
use super::{Field, Kind, Record, Secret, TO_GENERATE};

/// The secrets of all rows of a sheet. The time of a look does not grow with their number.
#[derive(Debug, Default)]
pub(crate) struct SheetSecrets {
    all: WholeSecrets,
}

impl SheetSecrets {
    /// Takes in a secret of the row of this number, which many have for a PIN: that gives nothing away.
    pub(crate) fn add(&mut self, number: &str, secret: &str) {
        if secret.is_empty() || secret == number {
            return;
        }
        self.all.add(secret);
        // Most are read as they are written.
        if secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return;
        }
        let is_own = |read: &Secret| in_any_writing(number).as_ref() == Some(read);
        if let Some(read) = in_any_writing(secret).filter(|read| !is_own(read)) {
            self.all.add(read.reveal());
        }
    }

    /// Takes in the secrets of a record.
    pub(crate) fn add_record(&mut self, record: &Record) {
        let texts = record.iter().filter(|(_, text)| *text != TO_GENERATE);
        let secrets = texts.filter(|(_, text)| text.open().is_none());
        secrets.for_each(|(_, text)| self.add(record.number(), text.reveal()));
    }

    /// Takes in those of other sheets.
    pub(crate) fn add_all(&mut self, others: &SheetSecrets) {
        self.all.add_all(&others.all);
    }

    /// Returns true if a text is one of them, however it is written, or contains a long one whole.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        let read = || in_any_writing(text);
        self.all.are_in(text.trim()) || read().is_some_and(|read| self.all.are_in(read.reveal()))
    }

    /// Like [`SheetSecrets::are_in`], for the text of a row's field: keys, numbers and settings give no secret of another row
    /// away, nor do a few letters.
    pub(crate) fn are_in_field(&self, field: Field, text: &str) -> bool {
        let is_text = match field.def().kind {
            Kind::Text | Kind::Email => true,
            Kind::Identifier => text.contains(char::is_alphabetic),
            Kind::Switch | Kind::Choice | Kind::Count | Kind::Time | Kind::List => false,
        };
        is_text && !field.is_key() && self.are_in_open(text)
    }

    /// Like [`SheetSecrets::are_in`], for a text of no field: short numbers and a few letters are everywhere.
    pub(crate) fn are_in_open(&self, text: &str) -> bool {
        let is_short = text.chars().nth(3).is_none() || is_short_number(text.trim());
        !is_short && self.are_in(text)
    }
}

impl Record {
    /// Types the texts that give one of these secrets away as secrets.
    pub(crate) fn hide(&mut self, secrets: &SheetSecrets) {
        let texts = self.iter();
        let open = texts.filter_map(|(field, text)| Some((field, text.open()?)));
        let found = open.filter(|(field, text)| secrets.are_in_field(*field, text));
        let found: Vec<Field> = found.map(|(field, _)| field).collect();
        self.add_hidden(found);
    }

    /// A message without the texts that were found to be secrets of other rows; `None` where it shows none.
    pub(crate) fn left_out_of(&self, message: &str) -> Option<String> {
        let texts = self.hidden_texts();
        texts.fold(None, |told: Option<String>, text| {
            without_secret(told.as_deref().unwrap_or(message), text).or(told)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_the_text_of_another_row_and_numbers_stay_readable() {
        let mut secrets = SheetSecrets::default();
        for (number, secret) in [("2001", "Xk39-vTq2Lm"), ("2002", "2002"), ("2003", "4711")] {
            secrets.add(number, secret);
        }
        let mut record = Record::numbered("4711");
        for (field, text) in [
            (Field::DESCRIPTION, "Sales, xk39-vtq2lm"),
            (Field::DISPLAY_NAME, "Xk39vTq2Lm"),
            (Field::FIRST_NAME, "2002"),
            (Field::LAST_NAME, "4711"),
        ] {
            record.set(field, text);
        }
        record.hide(&secrets);
        let open: Vec<Field> = record
            .iter()
            .filter_map(|(field, text)| text.open().map(|_| field))
            .collect();
        assert_eq!(open, [Field::NUMBER, Field::FIRST_NAME, Field::LAST_NAME]);
        let told = record.left_out_of("the name \"Xk39vTq2Lm\" is too long");
        assert_eq!(
            told.as_deref(),
            Some("the name \"(not shown)\" is too long")
        );
        assert_eq!(record.left_out_of("2002 is twice there"), None);
    }
}
