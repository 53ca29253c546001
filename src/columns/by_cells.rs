//! The meaning of columns whose cells show that their headings are meant otherwise: names that begin with the surname, a
//! second surname, addresses below the word for a switch.

use super::dictionary::{dictionary, is_own};
use super::map::Mapped;
use super::meaning::{Meaning, Meanings, ReadBy};
use super::owner::OwnerWords;
use super::products::ProductWord;
use super::sample::Sample;
use super::surname_first::ColumnOrder;
use super::values::Derivation;
use crate::model::Field;

/// The fields of telephone numbers, of which a single digit is none.
const PHONES: [Field; 4] = [
    Field::MOBILE,
    Field::WORK_PHONE,
    Field::HOME_PHONE,
    Field::CALLER_ID,
];

impl Meanings<'_> {
    /// Asks about whole names that are parted into given name and surname, where addresses or accounts show that the surname
    /// comes first, or nothing shows which does. A sheet with rowcall's own headings alone, as an export has, has the given
    /// name first; a deletion sends no names.
    pub(super) fn ask_about_surnames_first(&mut self) {
        if !self.options.allowed.create && !self.options.allowed.update {
            return;
        }
        self.ask_about_order_of_all();
        let takes = |field: Field| self.target.takes(field);
        if takes(Field::DISPLAY_NAME) || !takes(Field::LAST_NAME) {
            return;
        }
        let Some(name) = self.column_of(Field::DISPLAY_NAME) else {
            return;
        };
        let is_whole = matches!(
            &self.meanings[name],
            Meaning::Read { fields, by, .. }
                if *by != ReadBy::Map && fields.as_slice() == [(Field::DISPLAY_NAME, None)]
        );
        let accounts = self.accounts();
        let order = self
            .sample()
            .filter(|_| is_whole)
            .map(|sample| sample.order_of_names(name, &accounts));
        let is_told = self.has(Field::FIRST_NAME) || self.has(Field::LAST_NAME);
        let what = match order {
            Some(ColumnOrder::SurnameFirst) => format!(
                "{} seems to have the surname before the given name, by its letters or by what stands beside it",
                self.at(name)
            ),
            Some(ColumnOrder::NotShown)
                if dictionary().has_given_name_first(self.heading(name)) =>
            {
                return;
            }
            Some(ColumnOrder::Unknown | ColumnOrder::NotShown)
                if !is_told && !self.are_rowcalls_own() =>
            {
                format!(
                    "{} is parted into given name and surname, and may have the one or the other first: no comma and no column \
                 beside it shows that of all names",
                    self.at(name)
                )
            }
            _ => return,
        };
        let answers = [Mapped::SurnameFirst, Mapped::Field(Field::DISPLAY_NAME)];
        self.ask(what, vec![name], &answers.map(|answer| (name, answer)));
    }

    /// The columns by which the order of names is seen.
    fn accounts(&self) -> Vec<usize> {
        let accounts = [Field::EMAIL, Field::USER_ID, Field::SIP_USERNAME].into_iter();
        accounts.filter_map(|field| self.column_of(field)).collect()
    }

    /// Asks about the order of names where a mapping gives one for all sheets, and this sheet shows the other one.
    fn ask_about_order_of_all(&mut self) {
        let Some(sheet) = self.options.among_others.as_ref() else {
            return;
        };
        let in_order = |column: &usize| match &self.meanings[*column] {
            Meaning::Read { fields, by, .. } if *by == ReadBy::Map => match fields.as_slice() {
                [(_, Some(Derivation::SurnameFirst(_))), ..] => Some((*column, true)),
                [(Field::DISPLAY_NAME, None)] => Some((*column, false)),
                _ => None,
            },
            _ => None,
        };
        let Some((name, surname_first)) = self.columns().find_map(|column| in_order(&column))
        else {
            return;
        };
        let is_of_sheet = |heading: &String| self.row_named(heading).contains(&name);
        let accounts = self.accounts();
        let shown = self
            .sample()
            .and_then(|sample| sample.has_surnames_first(name, &accounts));
        if sheet.mapped.iter().any(is_of_sheet) || shown.is_none_or(|shown| shown == surname_first)
        {
            return;
        }
        let at = self.at(name);
        let what = match surname_first {
            true => format!(
                "{at} is mapped to names that begin with the surname, for all sheets, and this one seems to have the given \
                 name first, by its letters or by what stands beside it"
            ),
            false => format!(
                "{at} is mapped to names that begin with the given name, for all sheets, and this one seems to have the surname \
                 first, by its letters or by what stands beside it"
            ),
        };
        let answers = [Mapped::SurnameFirst, Mapped::Field(Field::DISPLAY_NAME)];
        self.ask(what, vec![name], &answers.map(|answer| (name, answer)));
    }

    /// Returns true if all headings are as rowcall writes them into an export.
    fn are_rowcalls_own(&self) -> bool {
        let is_named = |heading: &str| Field::named(heading.trim()).is_some() || is_own(heading);
        self.columns().all(|column| is_named(self.heading(column)))
    }

    /// Reads a second surname with the first one, as one; or the words that begin a surname, which have a column of their own.
    pub(super) fn join_surnames(&mut self) {
        let Some(first) = self.column_of(Field::LAST_NAME) else {
            return;
        };
        let mut unread = self.columns_where(Meaning::is_unread).into_iter();
        let second = unread.find(|column| {
            let heading = self.heading(*column);
            dictionary().is_second_surname(heading) || dictionary().is_before_surname(heading)
        });
        let is_plain = matches!(
            &self.meanings[first],
            Meaning::Read { fields, .. } if fields.as_slice() == [(Field::LAST_NAME, None)]
        );
        let Some(second) = second.filter(|_| is_plain) else {
            return;
        };
        let (how, reason) = match dictionary().is_before_surname(self.heading(second)) {
            true => (
                Derivation::Behind(second),
                "the surname, with the words that begin it",
            ),
            false => (
                Derivation::Beside(second),
                "both surnames, with a space between them",
            ),
        };
        let fields = vec![(Field::LAST_NAME, Some(how))];
        self.meanings[first] = Meaning::read(fields, reason, ReadBy::Heading);
        self.meanings[second] = Meaning::read(vec![], reason, ReadBy::Heading);
    }

    /// Asks about a product's column that is blank in rows where another one is filled, which the product fills together.
    pub(super) fn ask_about_filled_alone(&mut self) {
        let OwnerWords::Product(product) = self.owner.words else {
            return;
        };
        for column in self.columns() {
            let cell = match product.word(self.heading(column)) {
                Some(ProductWord::Read(cell)) if !self.meanings[column].is_read_by_map() => cell,
                _ => continue,
            };
            let field = self.meanings[column].fields().next();
            let Some((field, with)) = field.zip(cell.filled_with()) else {
                continue;
            };
            let mut columns = self.columns();
            let Some(with) = columns.find(|other| self.heading(*other).trim() == with) else {
                continue;
            };
            let is_alone = |sample: &Sample| sample.is_filled_without(with, column);
            if !self.sample().is_some_and(is_alone) {
                continue;
            }
            let what = format!(
                "{} is blank in rows in which {} is filled, and {} fills both or none: a blank cell means no {} there",
                self.at(column),
                self.at(with),
                product.name,
                field.name()
            );
            let answers = [Mapped::LeftOut, Mapped::Field(field)];
            self.ask(what, vec![column], &answers.map(|answer| (column, answer)));
        }
    }

    /// Asks about a caller ID that is everywhere the row's own number behind a name, as Asterisk has it for calls within the
    /// house: it would be shown to everybody outside.
    pub(super) fn ask_about_own_callers(&mut self) {
        let key = self.column_of(self.target.key());
        let Some((column, key)) = self.column_of(Field::CALLER_ID).zip(key) else {
            return;
        };
        let is_as_it_is = matches!(
            &self.meanings[column],
            Meaning::Read { fields, .. } if fields.as_slice() == [(Field::CALLER_ID, None)]
        );
        let is_own = |sample: &Sample| sample.names_own_number(column, key);
        if self.meanings[column].is_read_by_map()
            || !is_as_it_is
            || !self.sample().is_some_and(is_own)
        {
            return;
        }
        let what = format!(
            "{} has each row's own number behind a name, as it is shown within the house, and may not be the caller ID of calls \
             to the outside",
            self.at(column)
        );
        let answers = [Mapped::LeftOut, Mapped::Field(Field::CALLER_ID)];
        self.ask(what, vec![column], &answers.map(|answer| (column, answer)));
    }

    /// Asks about telephone numbers, PINs and passwords whose cells are 1 and 0 alone, as those of a switch, about telephone numbers
    /// that say yes or no or are marks, and about greetings
    /// that say yes or no, or how a person is addressed.
    pub(super) fn ask_about_switches_for_values(&mut self) {
        for column in self.columns() {
            let field = match &self.meanings[column] {
                Meaning::Read { fields, by, .. } if *by != ReadBy::Map => match fields.as_slice() {
                    [(field, None)] => *field,
                    _ => continue,
                },
                _ => continue,
            };
            let is_phone = PHONES.contains(&field);
            let is_greeting = field == Field::VOICEMAIL_GREETING;
            let is_switch = |sample: &Sample| {
                (is_phone || field.is_secret()) && sample.has_only_bits(column)
                    || is_phone && sample.has_only_switches(column)
                    || is_greeting && sample.has_only_addressing(column)
            };
            if !self.sample().is_some_and(is_switch) {
                continue;
            }
            let what = format!(
                "{} would be the {}, and its cells are yes and no, or how a person is addressed",
                self.at(column),
                field.name()
            );
            let answers = [Mapped::LeftOut, Mapped::Field(field)];
            self.ask(what, vec![column], &answers.map(|answer| (column, answer)));
        }
    }

    /// Reads a switch whose cells are e-mail addresses, such as `Mailbox`, as the address, or asks.
    pub(super) fn decide_addresses_of_mailboxes(&mut self) {
        let is_switch = |fields: &[(Field, Option<Derivation>)]| matches!(fields, [(field, None)] if *field == Field::VOICEMAIL);
        let may_be = |meaning: &Meaning| match meaning {
            Meaning::Read { fields, by, .. } => *by != ReadBy::Map && is_switch(fields),
            _ => false,
        };
        for column in self.columns_where(may_be) {
            if !(self.sample()).is_some_and(|sample| sample.has_only_addresses(column)) {
                continue;
            }
            if !self.has(Field::EMAIL) {
                self.meanings[column] = Meaning::read(
                    vec![(Field::EMAIL, None)],
                    "its cells are e-mail addresses",
                    ReadBy::Neighbours,
                );
                continue;
            }
            let what = format!(
                "{} has e-mail addresses in its cells, and another column is read for them",
                self.at(column)
            );
            self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
        }
    }
}
