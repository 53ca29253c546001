//! The meaning of headings that depends on the columns beside them. If even those do not decide it, the user is asked.

use super::dictionary::{Common, dictionary};
use super::map::Mapped;
use super::meaning::{LeftOutReason, Meaning, Meanings, ReadBy};
use super::passwords;
use super::sample::{NameColumns, Sample};
use super::values::{Derivation, StateLetters};
use crate::model::{Field, heading_key};
use std::collections::HashMap;

/// Decides every heading that is open, or asks.
pub(super) fn decide(all: &mut Meanings<'_>) {
    all.leave_out_repeated();
    all.each(Common::NameInTwo, Meanings::decide_name_in_two);
    all.each(Common::SurnameOrNickname, |all, column| {
        all.ask_about(column, "the surname or a nickname", &[Field::LAST_NAME]);
    });
    all.each(Common::GivenOrWhole, Meanings::decide_given_or_whole);
    all.each(Common::Name, Meanings::decide_name);
    all.each(Common::WeakName, Meanings::decide_weak_name);
    all.decide_surnames_below_words();
    all.decide_users();
    passwords::decide(all);
    all.each(Common::OnlyNumber, Meanings::decide_only_number);
    all.each(Common::Disabled, |all, column| {
        let is_read = all.has(Field::ENABLED);
        let how = Derivation::Opposite(Field::ENABLED);
        all.read_or_compare(column, is_read, how, "the opposite of enabled");
    });
    all.each(Common::AccountBits, |all, column| {
        let is_read = all.has(Field::ENABLED);
        all.read_or_compare(
            column,
            is_read,
            Derivation::AccountBits,
            "the account's state, in its second bit",
        );
    });
    all.decide_states();
    all.join_surnames();
    all.decide_addresses_of_mailboxes();
    all.ask_about_surnames_first();
    all.ask_about_switches_for_values();
    for column in all.columns_where(Meaning::is_unread) {
        let may_act = all.common(column) == Some(Common::MayAct);
        if may_act && (all.sample()).is_some_and(|sample| sample.asks_for_actions(column)) {
            all.meanings[column] = Meaning::Action;
        }
    }
}

impl Meanings<'_> {
    /// Leaves out the columns that have the heading of one before them, and its cells in every row.
    fn leave_out_repeated(&mut self) {
        let mut firsts: HashMap<String, usize> = HashMap::new();
        for column in self.columns() {
            let key = heading_key(self.heading(column));
            let first = *firsts.entry(key).or_insert(column);
            let is_left = |meaning: &Meaning| match meaning {
                Meaning::Read { by, .. } => *by == ReadBy::Map,
                meaning => !matches!(meaning, Meaning::Open(_)),
            };
            let are_one = |sample: &Sample| sample.are_one(first, column);
            if first == column
                || is_left(&self.meanings[column])
                || is_left(&self.meanings[first])
                || !self.sample().is_some_and(are_one)
            {
                continue;
            }
            let reason = format!("left out, for it has the same cells as {}", self.at(first));
            let because = LeftOutReason::Other;
            self.meanings[column] = Meaning::LeftOut { reason, because };
        }
    }

    fn each(&mut self, kind: Common, decide: impl Fn(&mut Self, usize)) {
        for column in self.open(kind) {
            decide(self, column);
        }
    }

    /// Reads from a column if an account is on; where another column `is_read` for it, the two are compared.
    fn read_or_compare(&mut self, column: usize, is_read: bool, how: Derivation, reason: &str) {
        self.meanings[column] = match is_read {
            true => Meaning::ComparedState(how),
            false => Meaning::read(vec![(Field::ENABLED, Some(how))], reason, ReadBy::Heading),
        };
    }

    /// Reads columns with words such as `active`. The `status` of an export is the state of the phone, in other words.
    fn decide_states(&mut self) {
        let is_read = self.has(Field::ENABLED);
        let mut headings = self.headings.iter();
        let of_places = headings.any(|heading| dictionary().is_place(heading));
        for column in self.open(Common::State) {
            // There it is a part of the country, such as California.
            if of_places && dictionary().may_be_of_country(self.heading(column)) {
                continue;
            }
            let letters = self.letters_for_state(column);
            let how = Derivation::State {
                other_words: false,
                letters,
            };
            self.read_or_compare(column, is_read, how, "the state of the account");
        }
        if is_read {
            return;
        }
        for column in self.columns() {
            let letters = self.letters_for_state(column);
            let how = Derivation::state_below(self.heading(column), letters);
            if let Meaning::Read {
                fields,
                by: ReadBy::Heading,
                ..
            } = &mut self.meanings[column]
                && let [(Field::STATUS, None)] = fields.as_slice()
            {
                fields.push((Field::ENABLED, Some(how)));
            }
        }
    }

    /// The single letters that are switches below a heading for states.
    pub(super) fn letters_for_state(&self, column: usize) -> StateLetters {
        let sample = self.sample();
        sample.map_or(StateLetters::Any, |sample| sample.letters_for_state(column))
    }

    fn decide_name_in_two(&mut self, column: usize) {
        let has_whole = self.target.row(Field::DISPLAY_NAME).is_some();
        let has_no_comma = (self.sample()).is_some_and(|sample| sample.has_no_comma(column));
        if has_no_comma && !self.has(Field::DISPLAY_NAME) {
            let what = format!(
                "{} may be the surname and then the given name, and no cell has a comma between the two",
                self.at(column)
            );
            let mut answers = vec![(column, Mapped::SurnameFirst)];
            if has_whole {
                answers.push((column, Mapped::Field(Field::DISPLAY_NAME)));
            }
            return self.ask(what, vec![column], &answers);
        }
        let fields = if has_whole {
            vec![(Field::DISPLAY_NAME, Some(Derivation::AroundComma))]
        } else {
            vec![
                (Field::FIRST_NAME, Some(Derivation::AfterComma)),
                (Field::LAST_NAME, Some(Derivation::BeforeComma)),
            ]
        };
        let reason = "surname and given name, divided at the comma";
        self.meanings[column] = Meaning::read(fields, reason, ReadBy::Heading);
    }

    fn decide_given_or_whole(&mut self, column: usize) {
        let surname = self.column_of(Field::LAST_NAME);
        match (self.has(Field::FIRST_NAME), surname) {
            (false, Some(surname)) => self.decide_other_part(column, surname, Field::FIRST_NAME),
            _ => self.decide_name(column),
        }
    }

    /// Decides on a whole name, unless there is a given name without a surname beside it.
    fn decide_name(&mut self, column: usize) {
        let (first, last) = (
            self.column_of(Field::FIRST_NAME),
            self.column_of(Field::LAST_NAME),
        );
        match (first, last) {
            (Some(first), None) => self.decide_other_part(column, first, Field::LAST_NAME),
            (None, Some(last)) if self.compare_names(column, last) != Some(NameColumns::Whole) => {
                self.ask_about(
                    column,
                    "the given name or the whole one",
                    &[Field::FIRST_NAME, Field::DISPLAY_NAME],
                );
            }
            _ => match self.column_of(Field::DISPLAY_NAME) {
                Some(other)
                    if self.meanings[other].is_read_by_map()
                        || Field::named(self.heading(other).trim()).is_some() =>
                {
                    self.ask_about(
                        column,
                        "the name or an account, for there is another column for the name",
                        &[Field::USER_ID],
                    );
                }
                Some(other) => {
                    let what = format!(
                        "{} and {} may each be the name",
                        self.at(other),
                        self.at(column)
                    );
                    let name = Mapped::Field(Field::DISPLAY_NAME);
                    self.ask(what, vec![other, column], &[(other, name), (column, name)]);
                }
                None => self.decide(column, Field::DISPLAY_NAME),
            },
        }
    }

    /// Decides on the whole name where no other column is one and the cells are names.
    fn decide_weak_name(&mut self, column: usize) {
        let named = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME];
        let is_asked = |meaning: &Meaning| matches!(meaning, Meaning::Asked(choices) if choices.contains(&Mapped::Field(Field::DISPLAY_NAME)));
        if named.into_iter().any(|field| self.has(field)) || self.meanings.iter().any(is_asked) {
            self.meanings[column] = Meaning::Unknown;
        } else if self
            .sample()
            .is_some_and(|sample| sample.has_no_names(column))
        {
            let why = "the name, but its cells are numbers or yes and no";
            self.ask_about(column, why, &[Field::DISPLAY_NAME]);
        } else {
            self.decide(column, Field::DISPLAY_NAME);
        }
    }

    /// Decides between the part of a name that another column lacks and the whole name, by the cells of both.
    fn decide_other_part(&mut self, column: usize, beside: usize, part: Field) {
        match self.compare_names(column, beside) {
            Some(NameColumns::Whole) if !self.has(Field::DISPLAY_NAME) => {
                self.decide(column, Field::DISPLAY_NAME);
            }
            None | Some(NameColumns::Parts) => self.decide(column, part),
            Some(_) => {
                let which = match part {
                    Field::FIRST_NAME => "the given name or the whole one",
                    _ => "the surname or the whole name",
                };
                self.ask_about(column, which, &[part, Field::DISPLAY_NAME]);
            }
        }
    }

    /// Decides on the surname where a word stands above `Name` beside a given name, as in `Benutzer: Name`: the two words
    /// together are those for an account, or for the whole name.
    fn decide_surnames_below_words(&mut self) {
        let Some(first) = self
            .column_of(Field::FIRST_NAME)
            .filter(|_| !self.has(Field::LAST_NAME))
        else {
            return;
        };
        for column in self.columns() {
            let own = self.heading(column).split_once(": ").map(|(_, own)| own);
            let is_name = own.and_then(|own| dictionary().common(own)) == Some(Common::Name);
            let is_open = match &self.meanings[column] {
                Meaning::Open(Common::User | Common::Account) => true,
                Meaning::Read { by, .. } => {
                    *by != ReadBy::Map && self.meanings[column].reads(Field::DISPLAY_NAME)
                }
                _ => false,
            };
            if is_name && is_open {
                self.decide_other_part(column, first, Field::LAST_NAME);
                return;
            }
        }
    }

    fn compare_names(&self, whole: usize, part: usize) -> Option<NameColumns> {
        Some(self.sample()?.compare_names(whole, part))
    }

    /// Decides on the target vendor's meaning of a word for a user, unless the name or a password has a column: then it
    /// may be an account.
    fn decide_users(&mut self) {
        let columns = self.open(Common::User);
        if columns.is_empty() {
            return;
        }
        let has_password = !self.open(Common::Password).is_empty();
        let why = "a person, an account or the SIP account";
        for column in columns {
            let named = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME];
            if named.into_iter().any(|field| self.has(field)) {
                self.ask_about(column, why, &[Field::USER_ID, Field::SIP_USERNAME]);
                continue;
            }
            let may_be_account = |field: Field| {
                has_password || field == Field::DISPLAY_NAME && self.has_only_words(column)
            };
            match self.target.own_name(&heading_key(self.heading(column))) {
                Some(field) if !self.has(field) && !may_be_account(field) => {
                    self.decide(column, field);
                }
                _ => {
                    let mut fields = vec![Field::DISPLAY_NAME, Field::USER_ID, Field::SIP_USERNAME];
                    fields.retain(|field| self.can_use(*field));
                    self.ask_about(column, why, &fields);
                }
            }
        }
    }

    /// Returns true if the cells of a column are words without spaces: accounts, and no names of persons.
    fn has_only_words(&self, column: usize) -> bool {
        (self.sample()).is_some_and(|sample| sample.has_only_words(column))
    }

    /// Decides on the number, where no other column is like one.
    fn decide_only_number(&mut self, column: usize) {
        let is_like = |meaning: &Meaning| match meaning {
            Meaning::Open(open) => matches!(open, Common::NumberLike | Common::OnlyNumber),
            meaning => meaning.reads(Field::NUMBER),
        };
        let mut others = self.columns().filter(|other| *other != column);
        match others.find(|other| is_like(&self.meanings[*other])) {
            None => self.decide(column, Field::NUMBER),
            // A mapping names the number's column.
            Some(other) if self.meanings[other].is_read_by_map() => {
                self.meanings[column] = Meaning::Unknown
            }
            Some(other) => {
                let (this, that) = (self.at(column), self.at(other));
                let what = format!("{this} and {that} may each be the number");
                let number = Mapped::Field(Field::NUMBER);
                let answers = [(column, number), (other, number)];
                self.ask(what, vec![column, other], &answers);
            }
        }
    }
}
