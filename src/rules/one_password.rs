//! A password that all rows of a sheet have.

use crate::model::{Field, Secret, TO_GENERATE};
use crate::sheet::{CLEAR, is_generate};

/// The fewest rows with one password that are no accident.
const ROWS_MIN: u64 = 3;

/// The columns of passwords, as far as all their cells are the same.
#[derive(Debug, Default)]
pub(super) struct SharedPasswords(Vec<SharedPassword>);

/// The password of all rows so far.
#[derive(Debug)]
struct SharedPassword {
    field: Field,
    /// `None` where rows differ.
    text: Option<Secret>,
    rows: u64,
}

/// A field of which all rows have one password.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OnePassword {
    pub(super) field: Field,
    pub(super) rows: u64,
}

impl SharedPasswords {
    /// Takes in a row's password; a blank one, and one to be made up, is none.
    pub(super) fn add_text(&mut self, field: Field, text: &str) {
        let known = self.0.iter_mut().find(|known| known.field == field);
        if known.as_ref().is_some_and(|known| known.text.is_none()) {
            return;
        }
        if text.is_empty() || text == TO_GENERATE || text == CLEAR || is_generate(text) {
            return;
        }
        match known {
            Some(known) => {
                known.rows += 1;
                known.text = known.text.take().filter(|first| *first == *text);
            }
            None => self.0.push(SharedPassword {
                field,
                text: Some(Secret::new(text)),
                rows: 1,
            }),
        }
    }

    /// Takes in the rows of another batch.
    pub(super) fn add(&mut self, other: SharedPasswords) {
        for more in other.0 {
            match self.0.iter_mut().find(|known| known.field == more.field) {
                Some(known) => {
                    known.rows += more.rows;
                    known.text = known
                        .text
                        .take()
                        .filter(|first| Some(first) == more.text.as_ref());
                }
                None => self.0.push(more),
            }
        }
    }

    /// Returns the fields of which all rows have one password.
    pub(super) fn finish(self) -> Vec<OnePassword> {
        let shared = self.0.into_iter();
        let shared = shared.filter(|shared| shared.text.is_some() && shared.rows >= ROWS_MIN);
        let one = |SharedPassword { field, rows, .. }| OnePassword { field, rows };
        shared.map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of rows that have one password, wherever they are divided.
    fn shared(texts: &[&str]) -> Option<u64> {
        let found = (0..=texts.len()).map(|at| {
            let (first, rest) = texts.split_at(at);
            let (mut all, mut part) = (SharedPasswords::default(), SharedPasswords::default());
            first
                .iter()
                .for_each(|text| all.add_text(Field::SIP_PASSWORD, text));
            rest.iter()
                .for_each(|text| part.add_text(Field::SIP_PASSWORD, text));
            all.add(part);
            all.finish().first().map(|one| one.rows)
        });
        let found: Vec<Option<u64>> = found.collect();
        assert!(found.iter().all(|rows| *rows == found[0]), "{found:?}");
        found[0]
    }

    #[test]
    fn one_password_of_all_rows_is_found_and_two_are_not() {
        assert_eq!(shared(&["a", "a", "a"]), Some(3));
        assert_eq!(
            shared(&["", "a", "<generate>", "a", "a", "<clear>"]),
            Some(3)
        );
        assert_eq!(shared(&["a", "a", "b"]), None);
        assert_eq!(shared(&["b", "a", "a", "a"]), None);
        assert_eq!(shared(&["a", "a"]), None);
        assert_eq!(shared(&["", "", ""]), None);
    }
}
