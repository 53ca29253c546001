//! The doubts about names, addresses and telephone numbers that may be somebody else's than the extension's person's.

use super::dictionary::{Common, dictionary};
use super::map::Mapped;
use super::meaning::{Meaning, Meanings};
use super::sample::Sample;
use crate::model::Field;
use crate::model::redact::quoted;

impl Meanings<'_> {
    /// Asks about a whole name beside a given name and a surname that it has neither of in any row: it may be a company's.
    pub(super) fn ask_about_other_names(&mut self) {
        let columns = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME]
            .map(|field| self.column_of(field));
        let [Some(whole), Some(first), Some(last)] = columns else {
            return;
        };
        let is_other = |sample: &Sample| sample.share_no_word(whole, [first, last]);
        let is_one = whole == first || whole == last;
        // `Display name` says whose it is, and `Godmother: Name` does not.
        let heading = self.heading(whole);
        let own = heading.rsplit(": ").next().unwrap_or(heading);
        let is_plain = dictionary().common(own) == Some(Common::Name);
        if is_one
            || !is_plain
            || self.meanings[whole].is_read_by_map()
            || !self.sample().is_some_and(is_other)
        {
            return;
        }
        let what = format!(
            "{} has a word of {} or of {} in no row, and may be another name",
            self.at(whole),
            self.at(first),
            self.at(last)
        );
        let answers = [Mapped::LeftOut, Mapped::Field(Field::DISPLAY_NAME)];
        self.ask(what, vec![whole], &answers.map(|answer| (whole, answer)));
    }

    /// Asks about names, addresses and telephone numbers below a word that tells nothing, as in `Parents: Mobile`: they
    /// may be somebody else's. Above one of them alone the word is more often a part of a title, also a word for somebody else
    /// above the first or the last column.
    pub(super) fn ask_about_strangers(&mut self) {
        for column in self.columns_where(|meaning| matches!(meaning, Meaning::Unknown)) {
            let Some((group, own)) = self.heading(column).split_once(": ") else {
                continue;
            };
            let is_told =
                dictionary().is_about_something_else(group) || dictionary().is_feature(group);
            let same = self
                .headings
                .iter()
                .filter_map(|other| other.split_once(": "));
            let is_alone = same.filter(|(word, _)| *word == group).count() == 1;
            let is_outer = column == 0 || column + 1 == self.headings.len();
            let may_be_title = is_alone && is_outer && dictionary().names_somebody_else(group);
            let Some(field) = dictionary()
                .contact(own)
                .filter(|_| !is_told || may_be_title)
            else {
                continue;
            };
            let begins_same = |other: &&String| {
                let parts = other.split_once(": ");
                parts.is_some_and(|(word, own)| {
                    word == group && dictionary().contact(own) == Some(Field::FIRST_NAME)
                })
            };
            let is_surname = field == Field::DISPLAY_NAME
                && self.headings.iter().any(|other| begins_same(&other));
            let field = if is_surname { Field::LAST_NAME } else { field };
            let is_reached = [Field::EMAIL, Field::MOBILE, Field::WORK_PHONE].contains(&field);
            if is_reached && dictionary().is_private(group) && !self.has(field) {
                self.ask_about(column, "a private one, not the one at work", &[field]);
                continue;
            }
            let may_decide = is_alone || dictionary().is_of_person(group);
            if !is_told && may_decide && !self.has(field) {
                self.decide(column, field);
                continue;
            }
            if !is_told || !self.has(field) {
                let why = format!("the person's, or about {} alone", quoted(group));
                self.ask_about(column, &why, &[field]);
            }
        }
    }

    /// Asks about telephone numbers and addresses behind a column that names somebody else, as `Mobile` behind `Emergency
    /// contact`, where the cells do not tell whose they are. One column that is not read may be between the two, such as
    /// `Relation`.
    pub(super) fn ask_about_somebody_elses(&mut self) {
        if self.owner.is_known() {
            return;
        }
        let names: Vec<usize> = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME]
            .into_iter()
            .filter_map(|field| self.column_of(field))
            .collect();
        let mut somebody: Option<usize> = None;
        for column in self.columns() {
            let field = self.meanings[column].fields().next();
            let field = field.filter(|field| {
                [
                    Field::EMAIL,
                    Field::MOBILE,
                    Field::WORK_PHONE,
                    Field::HOME_PHONE,
                ]
                .contains(field)
            });
            let (Some(field), Some(other)) = (field, somebody) else {
                if field.is_none() {
                    let is_between = self.meanings[column].fields().next().is_none();
                    let is_somebody = self.names_somebody_else(column)
                        || self.names_a_contact(column)
                        || self.is_named_by_addresses(column, &names);
                    somebody = match is_somebody {
                        true => Some(column),
                        // A telephone that is not read is that one's too.
                        false if self.common(column) == Some(Common::NumberLike) => somebody,
                        false => somebody.filter(|other| other + 1 == column && is_between),
                    };
                }
                continue;
            };
            let is_of_row = |sample: &Sample| sample.is_of_row(column, other, &names);
            if self.meanings[column].is_read_by_map()
                || !self.can_use(field)
                || self.sample().is_some_and(is_of_row)
            {
                continue;
            }
            let what = format!(
                "{} may be the person's, or that of {} before it",
                self.at(column),
                self.at(other)
            );
            let answers = [Mapped::Field(field), Mapped::LeftOut];
            self.ask(what, vec![column], &answers.map(|answer| (column, answer)));
        }
    }

    /// Returns true if a column that is not read names somebody other than the extension's person.
    fn names_somebody_else(&self, column: usize) -> bool {
        let has_no_names = |sample: &Sample| sample.has_no_names(column);
        self.meanings[column].fields().next().is_none()
            && dictionary().names_somebody_else(self.heading(column))
            && !self.sample().is_some_and(has_no_names)
    }

    /// Returns true if a column that is not read has the full names of contacts, beside the names of the extensions' persons.
    fn names_a_contact(&self, column: usize) -> bool {
        let are_names = |sample: &Sample| sample.are_full_names(column);
        matches!(self.meanings[column], Meaning::Unknown)
            && dictionary().is_contact(self.heading(column))
            && self.sample().is_some_and(are_names)
    }

    /// Returns true if the e-mail addresses of the rows have the names of a column that is not read, and not those of the
    /// extensions' persons.
    fn is_named_by_addresses(&self, column: usize, names: &[usize]) -> bool {
        let is_unread = matches!(self.meanings[column], Meaning::Unknown)
            && !dictionary().is_everyday(self.heading(column));
        let email = self
            .column_of(Field::EMAIL)
            .filter(|email| *email > column && is_unread);
        let are_names = |sample: &Sample, email| sample.is_of_other(email, column, names);
        email.is_some_and(|email| self.sample().is_some_and(|sample| are_names(sample, email)))
    }
}
