//! The meaning of headings that depends on the columns beside them. If even those do not decide it, the user is asked.

use super::bind::{Binder, LeftOutBecause, Meaning, ReadBy, state_below};
use super::dictionary::{Common, dictionary, plain};
use super::products::{Product, Word, products};
use super::sample::{Names, Sample};
use super::values::How;
use super::whose::{Words, own_names, whose_flags};
use super::{Mapped, Question};
use crate::mapping::made_fields;
use crate::model::{Field, heading_key};
use std::collections::BTreeSet;

/// Headings beside which a state is a part of a country.
const PLACES: [&str; 7] = [
    "city",
    "zip",
    "zipcode",
    "postalcode",
    "street",
    "address",
    "country",
];

impl Binder<'_> {
    /// Decides every heading that is open, or asks.
    pub(super) fn resolve_neighbours(&mut self) {
        self.each(Common::NameInTwo, Self::resolve_name_in_two);
        self.each(Common::SurnameOrNickname, Self::resolve_surname_or_nickname);
        self.each(Common::GivenOrWhole, Self::resolve_given_or_whole);
        self.each(Common::Name, Self::resolve_name);
        self.each(Common::User, Self::resolve_user);
        self.resolve_passwords();
        self.each(Common::OnlyNumber, Self::resolve_only_number);
        self.each(Common::Disabled, Self::resolve_disabled);
        self.resolve_states();
    }

    /// Reads from a column for the opposite if an account is on; where another column has it, the two are compared.
    fn resolve_disabled(&mut self, column: usize) {
        match self.has(Field::ENABLED) {
            true => self.compare_enabled(column, How::Opposite),
            false => self.read_enabled(column, How::Opposite, "the opposite of enabled"),
        }
    }

    /// Reads from a column with words such as `active` if an account is on; where another column has it, the two are
    /// compared. The `status` of an export is the state of the phone, in other words.
    fn resolve_states(&mut self) {
        let is_read = self.has(Field::ENABLED);
        let is_place = |heading: &String| PLACES.contains(&&*plain(heading));
        let of_places = self.headings.iter().any(is_place);
        for column in self.open(Common::State) {
            let heading = self.headings.get(column).map_or("", String::as_str);
            // California.
            if !(of_places && plain(heading) == "state") {
                let how = How::State { other_words: false };
                match is_read {
                    true => self.compare_enabled(column, how),
                    false => self.read_enabled(column, how, "the state of the account"),
                }
            }
        }
        if is_read {
            return;
        }
        for (heading, meaning) in self.headings.iter().zip(&mut self.meanings) {
            if let Meaning::Read {
                fields,
                by: ReadBy::Heading,
                ..
            } = meaning
                && let [(Field::STATUS, None)] = fields.as_slice()
            {
                fields.push((Field::ENABLED, Some(state_below(heading))));
            }
        }
    }

    fn read_enabled(&mut self, column: usize, how: How, why: &str) {
        if let Some(meaning) = self.meanings.get_mut(column) {
            *meaning = Meaning::Read {
                fields: vec![(Field::ENABLED, Some(how))],
                how: why.to_owned(),
                by: ReadBy::Heading,
            };
        }
    }

    fn compare_enabled(&mut self, column: usize, how: How) {
        if let Some(meaning) = self.meanings.get_mut(column) {
            *meaning = Meaning::Compared(how);
        }
    }

    fn open(&self, kind: Common) -> Vec<usize> {
        let columns = self.meanings.iter().enumerate();
        let is_open = |meaning: &Meaning| matches!(meaning, Meaning::Open(open) if *open == kind);
        columns
            .filter(|(_, meaning)| is_open(meaning))
            .map(|(column, _)| column)
            .collect()
    }

    fn each(&mut self, kind: Common, resolve: impl Fn(&mut Self, usize)) {
        for column in self.open(kind) {
            resolve(self, column);
        }
    }

    fn decide(&mut self, column: usize, field: Field) {
        if let Some(meaning) = self.meanings.get_mut(column) {
            *meaning = Meaning::Read {
                fields: vec![(field, None)],
                how: "by the columns beside it".to_owned(),
                by: ReadBy::Neighbours,
            };
        }
    }

    fn knows(&self, field: Field) -> bool {
        self.target.row(field).is_some()
    }

    /// Returns true if the vendor has a field, or one that is made of it.
    fn can_use(&self, field: Field) -> bool {
        self.knows(field) || !made_fields(&BTreeSet::from([field]), self.target).is_empty()
    }

    fn resolve_name_in_two(&mut self, column: usize) {
        let fields = if self.knows(Field::DISPLAY_NAME) {
            vec![(Field::DISPLAY_NAME, Some(How::AroundComma))]
        } else {
            vec![
                (Field::FIRST_NAME, Some(How::AfterComma)),
                (Field::LAST_NAME, Some(How::BeforeComma)),
            ]
        };
        if let Some(meaning) = self.meanings.get_mut(column) {
            *meaning = Meaning::Read {
                fields,
                how: "surname and given name, divided at the comma".to_owned(),
                by: ReadBy::Heading,
            };
        }
    }

    fn resolve_surname_or_nickname(&mut self, column: usize) {
        self.ask_about(column, "the surname or a nickname", &[Field::LAST_NAME]);
    }

    fn resolve_given_or_whole(&mut self, column: usize) {
        let surname = self.column_of(Field::LAST_NAME);
        match (self.has(Field::FIRST_NAME), surname) {
            (false, Some(surname)) => self.resolve_other_part(column, surname, Field::FIRST_NAME),
            _ => self.resolve_name(column),
        }
    }

    /// Decides on a whole name, unless there is a given name without a surname beside it.
    fn resolve_name(&mut self, column: usize) {
        let (first, last) = (
            self.column_of(Field::FIRST_NAME),
            self.column_of(Field::LAST_NAME),
        );
        match (first, last) {
            (Some(first), None) => self.resolve_other_part(column, first, Field::LAST_NAME),
            (None, Some(last)) if self.compare_names(column, last) != Some(Names::Whole) => {
                self.ask_about(
                    column,
                    "the given name or the whole one",
                    &[Field::FIRST_NAME, Field::DISPLAY_NAME],
                );
            }
            _ if self.has(Field::DISPLAY_NAME) => self.ask_about(
                column,
                "the name or an account, for there is another column for the name",
                &[Field::DISPLAY_NAME, Field::USER_ID],
            ),
            _ => self.decide(column, Field::DISPLAY_NAME),
        }
    }

    /// Decides between the part of a name that another column lacks and the whole name, by the cells of both.
    fn resolve_other_part(&mut self, column: usize, beside: usize, part: Field) {
        match self.compare_names(column, beside) {
            Some(Names::Whole) if !self.has(Field::DISPLAY_NAME) => {
                self.decide(column, Field::DISPLAY_NAME);
            }
            None | Some(Names::Parts) => self.decide(column, part),
            Some(_) => {
                let which = match part {
                    Field::FIRST_NAME => "the given name or the whole one",
                    _ => "the surname or the whole name",
                };
                self.ask_about(column, which, &[part, Field::DISPLAY_NAME]);
            }
        }
    }

    fn compare_names(&self, whole: usize, part: usize) -> Option<Names> {
        Some(self.sample()?.compare_names(whole, part))
    }

    fn column_of(&self, field: Field) -> Option<usize> {
        let is_read = |meaning: &Meaning| matches!(meaning, Meaning::Read { fields, .. } if fields.iter().any(|(known, _)| *known == field));
        self.meanings.iter().position(is_read)
    }

    /// Decides on the account, where the name is in another column; else on the target vendor's meaning of the word.
    fn resolve_user(&mut self, column: usize) {
        let named = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME];
        let has_name = named.into_iter().any(|field| self.has(field));
        let heading = self
            .headings
            .get(column)
            .map(|heading| heading_key(heading));
        let own = heading.and_then(|heading| own_names(self.target).get(&heading).copied());
        let why = "a person, an account or the SIP account";
        let is_credential = !self.open(Common::Password).is_empty();
        match own {
            Some(field) if !has_name && !self.has(field) && !is_credential => {
                self.decide(column, field)
            }
            _ if has_name => self.ask_about(column, why, &[Field::USER_ID, Field::SIP_USERNAME]),
            _ => {
                let mut fields = vec![Field::DISPLAY_NAME, Field::USER_ID, Field::SIP_USERNAME];
                fields.retain(|field| self.knows(*field));
                self.ask_about(column, why, &fields);
            }
        }
    }

    /// Decides on the SIP password, unless a column beside it is an account on the user's page or another password.
    fn resolve_passwords(&mut self) {
        let columns = self.open(Common::Password);
        let mut all = 0..self.meanings.len();
        let foreign = all
            .clone()
            .find(|column| self.is_of_something_else(*column));
        let account = all.find(|column| self.is_account(*column));
        let has_credential = self.has(Field::SIP_USERNAME) || self.has(Field::SIP_AUTH_NAME);
        let sip = self.column_of(Field::SIP_PASSWORD);
        let mailbox = (0..self.meanings.len()).find(|column| self.is_mailbox_password(*column));
        for column in &columns {
            let beside = match (columns.as_slice(), sip, account) {
                ([_, _, ..], ..) => columns.iter().find(|other| *other != column).copied(),
                (_, Some(sip), _) => Some(sip),
                _ if foreign.is_some() => foreign,
                (_, None, Some(account)) if !has_credential => Some(account),
                _ if self.has(Field::WEB_PASSWORD) => None,
                _ => mailbox
                    .or_else(|| self.mailbox_before(*column))
                    .or_else(|| self.number_of_other_meaning(*column)),
            };
            match beside {
                None => self.decide(*column, Field::SIP_PASSWORD),
                Some(beside) => {
                    let beside = self.at(beside);
                    let why = format!(
                        "the SIP password, the password of the user's page or that of something else, for {beside} stands beside it"
                    );
                    let fields = match sip {
                        Some(_) => &[Field::WEB_PASSWORD][..],
                        None => &[Field::SIP_PASSWORD, Field::WEB_PASSWORD],
                    };
                    self.ask_about(*column, &why, fields);
                }
            }
        }
    }

    /// Returns true if a column is an account at a computer or a mailbox, or the password of something else than the
    /// telephone.
    fn is_of_something_else(&self, column: usize) -> bool {
        let heading = self.headings.get(column).map_or("", String::as_str);
        match self.meanings.get(column) {
            Some(Meaning::Unknown) => dictionary().is_about_account(heading),
            // It stays what it is where the user leaves it out.
            Some(Meaning::LeftOut {
                because: LeftOutBecause::Map,
                ..
            }) if dictionary().common(heading) != Some(Common::User) => {
                dictionary().is_about_account(heading)
            }
            Some(Meaning::Ignored) | None => false,
            Some(_) => dictionary().common(heading) == Some(Common::Account),
        }
    }

    /// Returns true if a column contains the voicemail PIN under the name of a password.
    fn is_mailbox_password(&self, column: usize) -> bool {
        let heading = self
            .headings
            .get(column)
            .map_or(String::new(), |heading| plain(heading));
        let is_pin = matches!(self.meanings.get(column), Some(Meaning::Read { fields, .. }) if fields.iter().any(|(field, _)| *field == Field::VOICEMAIL_PIN));
        is_pin && (heading.contains("secret") || dictionary().has_password_word(&heading))
    }

    /// Finds the column of a mailbox directly before a password, which may be the mailbox's.
    fn mailbox_before(&self, column: usize) -> Option<usize> {
        let before = column.checked_sub(1)?;
        let is_mailbox = matches!(self.meanings.get(before), Some(Meaning::Read { fields, .. })
            if fields.iter().any(|(field, _)| *field == Field::VOICEMAIL));
        is_mailbox.then_some(before)
    }

    /// Finds the number's column where it is spelled as by a product that means another password by this heading.
    fn number_of_other_meaning(&self, column: usize) -> Option<usize> {
        if self.options.headings.is_some() {
            return None;
        }
        let heading = |column: usize| self.headings.get(column).map_or("", |known| known.trim());
        let is_other = |product: &&'static Product| {
            let word = product.word(heading(column));
            matches!(word, Some(Word::Read(cell)) if !cell.fields().contains(&Field::SIP_PASSWORD))
        };
        let is_number = |at: &usize| {
            // A machine's spelling, which nobody writes by hand.
            heading(*at).contains('_')
                && products().iter().filter(is_other).any(|product| {
                    let mut read = product.fields();
                    read.any(|(known, fields)| known == heading(*at) && fields == [Field::NUMBER])
                })
        };
        (0..self.headings.len()).find(is_number)
    }

    /// Decides on the number, where no other column is like one.
    fn resolve_only_number(&mut self, column: usize) {
        let is_like = |meaning: &Meaning| match meaning {
            Meaning::Open(Common::NumberLike | Common::OnlyNumber) => true,
            Meaning::Read { fields, .. } => fields.iter().any(|(field, _)| *field == Field::NUMBER),
            _ => false,
        };
        let mut others = self.meanings.iter().enumerate();
        let other = others
            .find(|(at, meaning)| *at != column && is_like(meaning))
            .map(|(at, _)| at);
        let said = other.is_some_and(|other| {
            matches!(
                self.meanings.get(other),
                Some(Meaning::Read {
                    by: ReadBy::Map,
                    ..
                })
            )
        });
        match other {
            None => self.decide(column, Field::NUMBER),
            // A mapping names the number's column.
            Some(_) if said => {
                if let Some(meaning) = self.meanings.get_mut(column) {
                    *meaning = Meaning::Unknown;
                }
            }
            Some(other) => {
                let what = format!(
                    "{} and {} may each be the number",
                    self.at(column),
                    self.at(other)
                );
                let number = Mapped::Field(Field::NUMBER);
                self.ask(
                    what,
                    vec![column, other],
                    &[(column, number), (other, number)],
                );
            }
        }
    }

    /// Asks for the number's column where the one that is read may only count rows, by its heading or by its cells, and
    /// another one is like a number.
    pub(super) fn ask_about_rivals(&mut self) {
        let is_number = |meaning: &Meaning| {
            matches!(meaning, Meaning::Read { fields, by: ReadBy::Heading | ReadBy::Neighbours, .. }
                if fields.iter().any(|(field, _)| *field == Field::NUMBER))
        };
        let key = self.meanings.iter().position(is_number);
        let Some(key) = key.filter(|_| self.target.key() == Field::NUMBER) else {
            return;
        };
        let heading = self.headings.get(key).map_or("", String::as_str);
        let is_weak =
            dictionary().may_count_rows(heading) && !matches!(self.owner.words, Words::Product(_));
        let mut rivals: Vec<usize> = (0..self.meanings.len())
            .filter(|column| *column != key && self.is_rival(*column))
            .collect();
        if rivals.is_empty() {
            return;
        }
        let sample = self.sample();
        if !sample.is_some_and(|sample| sample.counts_rows(key)) {
            rivals.retain(|column| is_weak && !self.is_work_phone(*column));
        }
        if rivals.is_empty() {
            return;
        }
        let named: Vec<String> = rivals.iter().map(|column| self.at(*column)).collect();
        let what = format!(
            "{} may be the number or only count the rows, for {} may be the number too",
            self.at(key),
            named.join(" or ")
        );
        let columns: Vec<usize> = std::iter::once(key).chain(rivals).collect();
        let number = |column: &usize| (*column, Mapped::Field(Field::NUMBER));
        let answers: Vec<_> = columns.iter().map(number).collect();
        self.ask(what, columns, &answers);
    }

    /// Returns true if a column may be the number's, as far as its heading and its cells show.
    fn is_rival(&self, column: usize) -> bool {
        let heading = self.headings.get(column).map_or("", String::as_str);
        match self.meanings.get(column) {
            Some(Meaning::Open(Common::NumberLike)) => {
                let sample = self.sample();
                sample.is_none_or(|sample| sample.has_digits(column))
            }
            Some(Meaning::Unknown) if !dictionary().is_everyday(heading) => {
                let is_like =
                    |sample: &Sample| sample.may_be_numbers(column) && !sample.counts_rows(column);
                self.sample().is_some_and(is_like)
            }
            _ => self.is_work_phone(column),
        }
    }

    /// Returns true if a column is read as the telephone at work, which may be the extension; not by rowcall's own name
    /// for it.
    fn is_work_phone(&self, column: usize) -> bool {
        let heading = self.headings.get(column).map_or("", String::as_str);
        matches!(self.meanings.get(column), Some(Meaning::Read { fields, by: ReadBy::Heading | ReadBy::Neighbours, .. })
            if fields.as_slice() == [(Field::WORK_PHONE, None)] && dictionary().canonical(heading).is_none())
    }

    /// Asks about the columns that were added to a product's sheet and whose headings everybody knows.
    pub(super) fn ask_beside_product(&mut self) {
        let Words::Product(product) = self.owner.words else {
            return;
        };
        let why = format!(
            "a column that was added, for {} has no such heading",
            product.name
        );
        for column in 0..self.meanings.len() {
            if !matches!(self.meanings.get(column), Some(Meaning::Unknown)) {
                continue;
            }
            let heading = self.headings.get(column).map_or("", String::as_str);
            let fields = match dictionary().common(heading) {
                Some(Common::Field(field)) if !field.is_key() => vec![field],
                Some(Common::Password) => vec![Field::SIP_PASSWORD, Field::WEB_PASSWORD],
                Some(Common::Name | Common::GivenOrWhole | Common::NameInTwo) => {
                    vec![Field::DISPLAY_NAME]
                }
                Some(Common::User) => vec![Field::USER_ID, Field::SIP_USERNAME],
                _ => continue,
            };
            if fields.iter().any(|field| !self.has(*field)) {
                self.ask_about(column, &why, &fields);
            }
        }
    }

    /// Asks about the columns by which a sheet of rows to be deleted tells some people from others: an account that is on
    /// from one that is off, or a leaver from the rest. A column that says what to do with each row leaves no question.
    pub(super) fn ask_who_is_deleted(&mut self) {
        let decides =
            |meaning: &Meaning| matches!(meaning, Meaning::Action | Meaning::Removal { .. });
        if !self.options.deeds.delete || self.meanings.iter().any(decides) {
            return;
        }
        for column in (0..self.meanings.len())
            .filter(|column| self.divides_people(*column))
            .collect::<Vec<_>>()
        {
            let what = format!(
                "{} is not the same in every row, but every row would be deleted: take out the rows that stay, or delete all",
                self.at(column)
            );
            self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
        }
    }

    /// Returns true if a column is about leaving or about the state of an account, and its cells differ.
    fn divides_people(&self, column: usize) -> bool {
        let heading = self.headings.get(column).map_or("", String::as_str);
        let is_state = |field: Field| [Field::ENABLED, Field::STATUS].contains(&field);
        let is_read = match self.meanings.get(column) {
            Some(
                Meaning::Read {
                    by: ReadBy::Map, ..
                }
                | Meaning::LeftOut {
                    because: LeftOutBecause::Map,
                    ..
                },
            ) => return false,
            // A state of the country.
            Some(Meaning::Ignored | Meaning::Asked(_) | Meaning::Open(Common::State)) | None => {
                return false;
            }
            Some(Meaning::Read { fields, .. }) => fields.iter().any(|(field, _)| is_state(*field)),
            Some(_) => false,
        };
        let is_known = match dictionary().common(heading) {
            Some(Common::State | Common::Disabled | Common::Leaver) => true,
            Some(Common::Field(field)) => is_state(field),
            _ => false,
        };
        let is_export = state_below(heading) == How::State { other_words: true };
        (is_read || is_known)
            && self.sample().is_some_and(|sample| {
                sample.is_varied(column) && (!is_export || sample.has_switch(column))
            })
    }

    /// Asks for the sheet's owner, where the user has not named one, some headings are words of one product alone, and
    /// that product has another meaning for a heading that is read.
    pub(super) fn ask_whose(&mut self) {
        if self.owner.is_known() || self.options.headings.is_some() {
            return;
        }
        let telling: Vec<String> = self
            .headings
            .iter()
            .filter(|heading| !dictionary().is_anybodys(heading) && !self.is_targets(heading))
            .map(|heading| heading_key(heading))
            .collect();
        let doubts = products().iter().filter(|product| !product.is_vendor());
        let doubts = doubts.filter_map(|product| {
            let weight = weight(product, &telling);
            let columns: Vec<usize> = (0..self.meanings.len())
                .filter(|column| self.is_otherwise(product, *column))
                .collect();
            (weight >= 2 && !columns.is_empty()).then_some((weight, columns, product))
        });
        let Some((_, columns, product)) = doubts.max_by_key(|(weight, ..)| *weight) else {
            return;
        };
        let named: Vec<String> = columns.iter().map(|column| self.at(*column)).collect();
        let what = format!(
            "some headings are {}'s alone, and {} may be meant as it means them",
            product.name,
            named.join(", ")
        );
        self.questions.push(Question {
            what,
            columns: vec![],
            answers: whose_flags(product, self.target),
            shown: false,
        });
    }

    /// Returns true if a column is read into a field, by a common word or the target's, that the product may not mean
    /// by it.
    fn is_otherwise(&self, product: &'static Product, column: usize) -> bool {
        let (Some(heading), Some(meaning)) = (self.headings.get(column), self.meanings.get(column))
        else {
            return false;
        };
        let Meaning::Read {
            fields,
            by: by @ (ReadBy::Heading | ReadBy::Neighbours),
            ..
        } = meaning
        else {
            return false;
        };
        match product.word(heading) {
            // A meaning that comes only from the columns beside it is not sure beside a product's.
            None => *by == ReadBy::Neighbours,
            Some(Word::LeftOut) => true,
            Some(Word::Read(cell)) => {
                let theirs = cell.fields();
                !fields.iter().all(|(field, _)| theirs.contains(field))
            }
        }
    }

    /// Returns true if a column contains a person's account, or may.
    fn is_account(&self, column: usize) -> bool {
        let heading = self.headings.get(column).map_or("", String::as_str);
        let word = dictionary().common(heading);
        match self.meanings.get(column) {
            Some(Meaning::Read { fields, .. }) => {
                let is_user_id = fields.iter().any(|(field, _)| *field == Field::USER_ID);
                is_user_id || !self.owner.is_known() && word == Some(Common::User)
            }
            Some(Meaning::Asked(_) | Meaning::LeftOut { .. }) => {
                matches!(
                    word,
                    Some(Common::User | Common::Name | Common::GivenOrWhole)
                )
            }
            _ => false,
        }
    }

    /// Asks which of some fields a column means, or whether it is to be left out. Where the vendor has none of these
    /// fields, there is nothing to ask: it is left out.
    fn ask_about(&mut self, column: usize, why: &str, fields: &[Field]) {
        let known = fields
            .iter()
            .filter(|field| self.can_use(**field) && !self.has(**field));
        let mut answers: Vec<(usize, Mapped)> =
            known.map(|field| (column, Mapped::Field(*field))).collect();
        if answers.is_empty() {
            let how = format!(
                "left out: it may be {why}, and {} has no field for it",
                self.target.vendor.name
            );
            if let Some(meaning) = self.meanings.get_mut(column) {
                *meaning = Meaning::LeftOut {
                    how,
                    because: LeftOutBecause::Other,
                };
            }
            return;
        }
        let what = format!("{} may be {why}", self.at(column));
        answers.push((column, Mapped::LeftOut));
        self.ask(what, vec![column], &answers);
    }
}

/// Weighs the evidence for a product: the significant headings that are its words, with double weight for those that it
/// reads.
fn weight(product: &'static Product, telling: &[String]) -> usize {
    let weights = telling.iter().map(|key| match product.word_of(key) {
        Some(Word::Read(_)) => 2,
        Some(Word::LeftOut) => 1,
        None => 0,
    });
    weights.sum()
}
