//! The questions about all columns together: a doubt about the number, the owner, the rows of a deletion, a field with
//! two columns, a key without one.

use super::deletion;
use super::dictionary::{Common, dictionary};
use super::map::Mapped;
use super::meaning::{LeftOutReason, Meaning, Meanings, ReadBy};
use super::meant;
use super::owner::{OwnerWords, owner_flags};
use super::products::{Product, ProductWord, products};
use super::questions::{ColumnError, Question, listed, map_flag};
use super::sample::Sample;
use super::values::Derivation;
use crate::model::redact::quoted;
use crate::model::{Field, Kind, Language};
use crate::sheet::is_no_heading;
use std::collections::BTreeMap;

/// The most columns that are offered for the key.
const OFFERED_COLUMNS_MAX: usize = 4;
/// The marks between the fields that a heading lists.
const JOINING: [char; 5] = [';', ',', '+', '&', '/'];
/// The most products that are offered as the sheet's owner.
const OFFERED_PRODUCTS_MAX: usize = 3;

/// Asks about every column whose meaning neither its heading nor the columns beside it show.
///
/// # Errors
/// A field has two columns that the user mapped.
pub(super) fn ask(all: &mut Meanings<'_>) -> Result<(), ColumnError> {
    all.leave_out_counts();
    all.ask_about_nameless();
    all.ask_about_lists_side_by_side();
    all.ask_beside_product();
    all.ask_about_exchanged();
    all.ask_about_numbers_as_names();
    all.ask_about_numbers_as_switches();
    all.ask_about_rivals();
    all.ask_about_own_callers();
    all.ask_about_filled_alone();
    all.ask_about_members();
    all.ask_about_switches();
    all.ask_about_leavers();
    all.ask_about_tasks();
    meant::ask(all);
    all.ask_about_joined();
    all.ask_about_reach();
    all.ask_about_strangers();
    all.ask_about_other_names();
    all.ask_about_somebody_elses();
    all.ask_whose();
    deletion::ask(all);
    all.ask_about_repeated()?;
    all.ask_for_key();
    Ok(())
}

/// The most columns without a heading that are asked about.
const NAMELESS_ASKED_MAX: usize = 5;

impl Meanings<'_> {
    /// Asks about the columns that were added to a product's sheet and whose headings everybody knows.
    fn ask_beside_product(&mut self) {
        let OwnerWords::Product(product) = self.owner.words else {
            return;
        };
        let why = format!(
            "a column that was added, for {} has no such heading",
            product.name
        );
        for column in self.columns_where(|meaning| matches!(meaning, Meaning::Unknown)) {
            let fields = match self.common(column) {
                // A status is only read; its words may tell who is on.
                Some(Common::Field(Field::STATUS)) => vec![Field::ENABLED],
                Some(Common::Field(field)) if !field.is_key() => vec![field],
                Some(Common::Password) => vec![Field::SIP_PASSWORD, Field::WEB_PASSWORD],
                Some(
                    Common::Name | Common::GivenOrWhole | Common::NameInTwo | Common::WeakName,
                ) => {
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

    /// Asks for the number's column where the one that is read may only count rows, by its heading or by its cells, and
    /// another one is like a number.
    fn ask_about_rivals(&mut self) {
        // A product that was named has one column for it.
        let is_product = matches!(self.owner.words, OwnerWords::Product(_));
        if is_product && self.options.headings.is_some() {
            return;
        }
        // Of several columns for it, each is asked about as well.
        let &[key] = &self.columns_where(|meaning| meaning.reads(Field::NUMBER))[..] else {
            return;
        };
        if self.target.key() != Field::NUMBER || self.meanings[key].is_read_by_map() {
            return;
        }
        let is_weak = dictionary().may_count_rows(self.heading(key));
        let mut rivals: Vec<usize> = self
            .columns()
            .filter(|column| *column != key && self.is_rival(*column))
            .collect();
        if rivals.is_empty() {
            return;
        }
        let counts_rows = (self.sample()).is_some_and(|sample| sample.counts_rows(key));
        if !counts_rows {
            rivals.retain(|column| {
                is_weak && !self.is_work_phone(*column) || self.is_other_number(*column, key)
            });
        }
        if rivals.is_empty() {
            return;
        }
        let named: Vec<String> = rivals.iter().map(|column| self.at(*column)).collect();
        let others = named.join(" or ");
        let what = match is_weak || counts_rows {
            true => format!(
                "{} may be the number or only count the rows, for {others} may be the number too",
                self.at(key)
            ),
            false => format!(
                "{} may be the number, or {others}: the two differ, and both are as short as extensions",
                self.at(key)
            ),
        };
        let columns: Vec<usize> = std::iter::once(key).chain(rivals).collect();
        self.ask_which(what, columns, Field::NUMBER);
    }

    /// Asks about a column of numbers without any digit beside a column of names that are all digits: the two headings
    /// may be exchanged.
    fn ask_about_exchanged(&mut self) {
        let Some(key) = self.column_of(Field::NUMBER) else {
            return;
        };
        let name_fields = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME];
        let mut names = name_fields.into_iter().filter_map(|field| {
            let column = self.column_of(field)?;
            let has_digits = self.sample()?.has_only_digits(column);
            (has_digits && !self.meanings[column].is_read_by_map()).then_some((field, column))
        });
        let Some((field, name)) = names.next() else {
            return;
        };
        let has_words = |sample: &Sample| sample.has_cells(key) && !sample.has_digits(key);
        if self.meanings[key].is_read_by_map() || !self.sample().is_some_and(has_words) {
            return;
        }
        let (number, name_at) = (self.at(key), self.at(name));
        let what = format!(
            "{number} has no digits and {name_at} has nothing else: the two headings may be exchanged"
        );
        let as_number = self.map_flag(name, Mapped::Field(Field::NUMBER));
        let exchanged = format!("{as_number} {}", self.map_flag(key, Mapped::Field(field)));
        let answers = [
            (name, Mapped::Field(Field::NUMBER)),
            (key, Mapped::Field(Field::NUMBER)),
        ];
        self.ask(what, vec![key, name], &answers);
        if let Some(first) = (self.questions.last_mut()).and_then(|asked| asked.answers.first_mut())
        {
            *first = exchanged;
        }
    }

    /// Asks about a column of names whose cells are all numbers, other than the extensions' own.
    fn ask_about_numbers_as_names(&mut self) {
        let key = self.column_of(self.target.key());
        for field in [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME] {
            let Some(column) = self.column_of(field) else {
                continue;
            };
            let is_number = |sample: &Sample| {
                let is_key = key.is_some_and(|key| sample.are_equal(column, key));
                sample.has_only_digits(column) && sample.rows() > 1 && !is_key
            };
            let is_own = dictionary().canonical(self.heading(column)).is_some();
            let is_settled = is_own || self.meanings[column].is_read_by_map();
            if is_settled || !self.sample().is_some_and(is_number) {
                continue;
            }
            let what = format!("{} has nothing but numbers, and no names", self.at(column));
            let answers = [Mapped::LeftOut, Mapped::Field(field)];
            self.ask(what, vec![column], &answers.map(|answer| (column, answer)));
        }
    }

    /// Asks about a column that is read as a switch and whose cells are all numbers other than 0 and 1, such as `Mailbox`
    /// above the mailboxes' numbers: every row would be wrong. Where they are the extensions' own, it is left out.
    fn ask_about_numbers_as_switches(&mut self) {
        // A product has its own words for switches.
        if self.owner.is_known() {
            return;
        }
        let key = self.column_of(self.target.key());
        for column in self.columns() {
            let is_switch = match &self.meanings[column] {
                Meaning::Read { fields, by, .. } => {
                    let is_switch = |(field, how): &(Field, Option<Derivation>)| {
                        field.def().kind == Kind::Switch && *how != Some(Derivation::AccountBits)
                    };
                    *by != ReadBy::Map && fields.len() == 1 && fields.iter().all(is_switch)
                }
                _ => false,
            };
            let is_number =
                |sample: &Sample| sample.has_only_digits(column) && !sample.has_bits(column);
            let heading = self.heading(column).trim();
            // As an export of rowcall has it.
            let is_own = dictionary()
                .canonical(heading)
                .is_some_and(|field| field.name() == heading);
            if is_own || !is_switch || !self.sample().is_some_and(is_number) {
                continue;
            }
            let is_key = |sample: &Sample| key.is_some_and(|key| sample.are_equal(column, key));
            if self.sample().is_some_and(is_key) {
                self.meanings[column] = Meaning::LeftOut {
                    reason: "left out, for it has the extension's number and no yes or no"
                        .to_owned(),
                    because: LeftOutReason::Other,
                };
                continue;
            }
            let what = format!("{} has numbers in the place of yes and no", self.at(column));
            let number = self.target.key();
            let may_be_number = |sample: &Sample| {
                key.is_none() && number == Field::NUMBER && sample.are_short_numbers(column)
            };
            let mut answers = vec![(column, Mapped::LeftOut)];
            if self.sample().is_some_and(may_be_number) {
                answers.insert(0, (column, Mapped::Field(number)));
            }
            self.ask(what, vec![column], &answers);
        }
    }

    /// Returns true if a column may be the number's, as far as its heading and its cells show.
    fn is_rival(&self, column: usize) -> bool {
        match &self.meanings[column] {
            // In a product's sheet a word for a telephone is a column that was added.
            Meaning::Open(Common::NumberLike) | Meaning::Unknown
                if self.common(column) == Some(Common::NumberLike) =>
            {
                let sample = self.sample();
                sample.is_none_or(|sample| sample.has_digits(column))
            }
            Meaning::Unknown
                if !dictionary().is_everyday(self.heading(column))
                    && dictionary().may_show(self.heading(column)) =>
            {
                let is_like =
                    |sample: &Sample| sample.may_be_numbers(column) && !sample.counts_rows(column);
                self.sample().is_some_and(is_like)
            }
            _ => self.is_work_phone(column),
        }
    }

    /// Returns true if a telephone's column has other numbers than the key's, as short as an extension: the one people
    /// dial within the house, or the one that is dialled from outside.
    fn is_other_number(&self, column: usize, key: usize) -> bool {
        let may_be = match self.meanings[column] {
            Meaning::Open(Common::NumberLike) => true,
            // The extensions that stay, perhaps, or those before or after a move.
            Meaning::Unknown => {
                let is_moved = || dictionary().is_moved_number(self.heading(column));
                self.options.allowed.delete || is_moved()
            }
            _ => false,
        };
        may_be
            && self
                .sample()
                .is_some_and(|sample| sample.is_other_number(column, key))
    }

    /// Asks about a heading that says no more than `Active` or `Locked` directly behind a column about something of its
    /// own that may be on or off, such as a forward, a door or a VPN: it may be that one's.
    fn ask_about_switches(&mut self) {
        if self.owner.is_known() || self.options.headings.is_some() {
            return;
        }
        for column in self.columns().skip(1) {
            let is_switch = matches!(
                self.common(column),
                Some(Common::Disabled | Common::Field(Field::ENABLED))
            );
            let is_read = match &self.meanings[column] {
                Meaning::ComparedState(_) => true,
                meaning => meaning.reads(Field::ENABLED) && !meaning.is_read_by_map(),
            };
            let before = column - 1;
            if !is_switch
                || !is_read
                || !dictionary().is_bare(self.heading(column))
                || !self.is_feature(before)
                || self.are_of_template(before, column)
            {
                continue;
            }
            let what = format!(
                "{} may be about the extension, or about {} before it",
                self.at(column),
                self.at(before)
            );
            let answers = [Mapped::Field(Field::ENABLED), Mapped::LeftOut];
            self.ask(what, vec![column], &answers.map(|answer| (column, answer)));
        }
    }

    /// Returns true if two columns have the headings of rowcall's own templates, in one language.
    fn are_of_template(&self, one: usize, other: usize) -> bool {
        let is_own = |column: usize, language| {
            let fields = self.meanings[column].fields();
            let mut headings = fields.map(|field| field.heading(language));
            headings.any(|heading| heading == self.heading(column).trim())
        };
        let mut languages = Language::ALL.into_iter();
        languages.any(|language| is_own(one, language) && is_own(other, language))
    }

    /// Returns true if a column is about a feature that may be on or off by itself.
    fn is_feature(&self, column: usize) -> bool {
        let is_own = |field: Field| {
            let name = field.name();
            let mut begins = ["forward", "voicemail", "mobility", "record_"].iter();
            begins.any(|begin| name.starts_with(begin))
                || [
                    Field::DO_NOT_DISTURB,
                    Field::EXTERNAL_CALLS,
                    Field::CONSOLE_ACCESS,
                ]
                .contains(&field)
        };
        match &self.meanings[column] {
            Meaning::Ignored => false,
            Meaning::Read { .. } => self.meanings[column].fields().any(is_own),
            _ => dictionary().is_feature(self.heading(column)),
        }
    }

    /// Asks about a column that says who has left, where rows are created or changed: a leaver's extension would be too.
    fn ask_about_leavers(&mut self) {
        if self.options.allowed.delete && !self.options.allowed.create {
            return;
        }
        for column in self.open(Common::Leaver) {
            if !(self.sample()).is_some_and(|sample| sample.names_leavers(column)) {
                continue;
            }
            let what = format!(
                "{} may say who has left, and their extensions would be kept and changed as all others: take the rows of \
                 leavers out, or leave the column out",
                self.at(column)
            );
            self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
        }
    }

    /// Asks about a column of tasks of which one is to delete the row's extension: it would be made or changed as all others.
    fn ask_about_tasks(&mut self) {
        if self.options.allowed.delete {
            return;
        }
        for column in self.columns_where(Meaning::is_unread) {
            let asks = |sample: &Sample| sample.asks_for_deletion(column);
            if self.common(column) != Some(Common::MayAct) || !self.sample().is_some_and(asks) {
                continue;
            }
            let what = format!(
                "{} asks for a deletion, which this command does not do: take those rows out, or leave the column out",
                self.at(column)
            );
            self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
        }
    }

    /// Asks about a heading that lists several fields, such as `Email; Password`: its cells hold several values, and none
    /// of them would be read.
    fn ask_about_joined(&mut self) {
        if self.owner.is_known() {
            return;
        }
        for column in self.columns_where(|meaning| matches!(meaning, Meaning::Unknown)) {
            let parts: Vec<&str> = self.heading(column).split(JOINING).map(str::trim).collect();
            let is_field = |part: &&str| {
                let word = dictionary().common(part);
                matches!(word, Some(Common::Field(_) | Common::Password))
            };
            if parts.len() < 2 || !parts.iter().all(is_field) {
                continue;
            }
            let what = format!(
                "{} may hold several values in each cell: give each a column of its own, or leave the column out",
                self.at(column)
            );
            self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
        }
    }

    /// Asks about a heading behind others of the same group, as in `Voicemail: Active` and `Voicemail: Enabled`: the word
    /// above them may end before it, and alone it would be the account's switch or a secret.
    fn ask_about_reach(&mut self) {
        if self.owner.is_known() {
            return;
        }
        for column in self.columns().skip(1) {
            let (heading, before) = (self.heading(column), self.heading(column - 1));
            let Some((group, own)) = heading.split_once(": ") else {
                continue;
            };
            let is_behind = before
                .split_once(": ")
                .is_some_and(|(word, _)| word == group);
            let Some(Common::Field(alone)) = dictionary().common(own).filter(|_| is_behind) else {
                continue;
            };
            let read = self.meanings[column].fields().next();
            let is_open = match &self.meanings[column] {
                Meaning::Read { by, .. } => *by != ReadBy::Map && read != Some(alone),
                Meaning::Unknown => true,
                _ => false,
            };
            if !is_open || !(alone == Field::ENABLED || alone.is_secret()) {
                continue;
            }
            let what = format!(
                "{} stands behind others below {}, and it may be about that or not",
                self.at(column),
                quoted(group)
            );
            let fields = [Some(alone), read].into_iter().flatten();
            let answers: Vec<_> = fields.map(|field| (column, Mapped::Field(field))).collect();
            self.ask(what, vec![column], &answers);
        }
    }

    /// Leaves out the columns without a heading that number the rows. Before a deletion a blank cell there may be a mark.
    fn leave_out_counts(&mut self) {
        let every = self.options.allowed.delete;
        for column in self.columns_where(|meaning| matches!(meaning, Meaning::Ignored)) {
            let numbers = || {
                self.sample()
                    .is_some_and(|sample| sample.numbers_rows(column, every))
            };
            if self.heading(column).trim().is_empty() && self.has(self.target.key()) && numbers() {
                self.meanings[column] = Meaning::LeftOut {
                    reason: "left out, for it numbers the rows".to_owned(),
                    because: LeftOutReason::Other,
                };
            }
        }
    }

    /// Asks about the columns without a heading in which most rows have a text: row by row, they would all be wrong. Before
    /// a deletion each such cell stops it. Of many such columns none is asked about: the sheet is not what it should be.
    fn ask_about_nameless(&mut self) {
        let Some(sample) = self.sample().filter(|_| !self.options.allowed.delete) else {
            return;
        };
        // There a list goes on, whose commas part it.
        let last = self
            .headings
            .iter()
            .rfind(|heading| !heading.trim().is_empty());
        if let (OwnerWords::Product(product), Some(last)) = (&self.owner.words, last)
            && product.parts_list(last)
        {
            return;
        }
        let rows = sample.rows();
        let nameless: Vec<(usize, usize)> = sample.nameless().collect();
        if nameless.len() > NAMELESS_ASKED_MAX {
            return;
        }
        for (column, filled) in nameless {
            let is_settled = self
                .meanings
                .get(column)
                .is_some_and(|meaning| !matches!(meaning, Meaning::Ignored));
            // Then it may be the key's, and is asked about as such.
            let may_be_key = !self.has(self.target.key()) && self.may_be_nameless_number(column);
            if is_settled || may_be_key {
                continue;
            }
            let left_out = self.map_flag(column, Mapped::LeftOut);
            let named = self.map_flag(column, "FIELD");
            let below = self.row_of_headings_below(column);
            let below = below.map(|line| self.options.header_row_flag(line));
            self.questions.push(Question {
                what: format!(
                    "{} is filled in {filled} of the first {rows} rows: give it a heading, or leave it out",
                    self.at(column)
                ),
                columns: vec![column],
                answers: below.into_iter().chain([left_out, named]).collect(),
                // A column without a heading may hold anything, passwords too.
                shown: false,
                words: String::new(),
            });
        }
    }

    /// The line of the first row where it may have the rest of the headings: no number, and a word for a column without one.
    fn row_of_headings_below(&self, nameless: usize) -> Option<u64> {
        let key = self.column_of(self.target.key())?;
        let sample = self.sample()?;
        let is_word = |text: &str| !text.is_empty() && !text.contains(char::is_numeric);
        let has_no_number = !sample.first(key).contains(char::is_numeric);
        let line = sample.first_line()?;
        (has_no_number && is_word(sample.first(nameless))).then_some(line)
    }

    /// Asks about a sheet of extensions with a column for members: its rows may be groups.
    fn ask_about_members(&mut self) {
        let is_open =
            |meaning: &Meaning| meaning.reads(Field::GROUP_MEMBERS) && !meaning.is_read_by_map();
        let Some(column) = self
            .meanings
            .iter()
            .position(is_open)
            .filter(|_| self.has(Field::NUMBER))
        else {
            return;
        };
        if self.target.key() != Field::NUMBER {
            return;
        }
        let advice = match self.target.group {
            Some(_) => "for groups, say --groups",
            None => "groups are to be taken out",
        };
        let what = format!(
            "{} names members: its rows may be groups, and no extensions; {advice}",
            self.at(column)
        );
        self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
    }

    /// Returns true if a column is read as the telephone at work, which may be the extension; not by rowcall's own name
    /// for it.
    fn is_work_phone(&self, column: usize) -> bool {
        let meaning = &self.meanings[column];
        matches!(meaning, Meaning::Read { fields, .. } if fields.as_slice() == [(Field::WORK_PHONE, None)])
            && !meaning.is_read_by_map()
            && dictionary().canonical(self.heading(column)).is_none()
    }

    /// Asks which of several columns is a field's.
    fn ask_which(&mut self, what: String, columns: Vec<usize>, field: Field) {
        let answer = |column: &usize| (*column, Mapped::Field(field));
        let answers: Vec<_> = columns.iter().map(answer).collect();
        self.ask(what, columns, &answers);
    }

    /// Asks for the sheet's owner, where the user has not named one, some headings are words of one product alone, and
    /// that product has another meaning for a heading that is read.
    fn ask_whose(&mut self) {
        if self.owner.is_known() || self.options.headings.is_some() {
            return;
        }
        let doubts = products().iter().filter(|product| !product.is_vendor());
        let doubts = doubts.filter_map(|product| {
            let is_its_own =
                |heading: &&String| self.own_name(heading).is_none() && product.spells(heading);
            let weight = product.weight(self.headings.iter().filter(is_its_own));
            let columns = self.columns();
            let columns: Vec<usize> = columns
                .filter(|column| self.may_be_meant_otherwise(product, *column))
                .collect();
            (weight >= 2 && !columns.is_empty()).then_some((weight, columns, product))
        });
        let Some((_, columns, product)) = doubts.max_by_key(|(weight, ..)| *weight) else {
            return;
        };
        let meant = columns.iter().map(|column| {
            let theirs = match product.word(self.heading(*column)) {
                Some(ProductWord::Read(cell)) => listed_fields(cell.fields().into_iter()),
                _ => "nothing that is read".to_owned(),
            };
            let ours = listed_fields(self.meanings[*column].fields());
            format!(
                "{} means {theirs} there and {ours} elsewhere",
                self.at(*column)
            )
        });
        let meant: Vec<String> = meant.collect();
        let mut answers = owner_flags(product, self.target);
        // Without a column for its key the sheet cannot be the product's own.
        if !self.columns().any(|column| self.is_key_of(product, column)) {
            answers.remove(0);
        }
        let may_show = |column: &usize| {
            dictionary().may_show(self.heading(*column))
                && !self.meanings[*column].fields().any(Field::is_secret)
        };
        self.questions.push(Question {
            what: format!(
                "some headings are {}'s alone, and by them {}",
                product.name,
                meant.join(", ")
            ),
            shown: columns.iter().all(may_show),
            columns,
            answers,
            words: String::new(),
        });
    }

    /// Returns true if a column's heading means the key to a product.
    fn is_key_of(&self, product: &'static Product, column: usize) -> bool {
        let key = self.target.key();
        let word = product.word(self.heading(column));
        matches!(word, Some(ProductWord::Read(cell)) if cell.fields().contains(&key))
    }

    /// Returns true if a column is read into a field, by a common word or the target's, that the product may not mean
    /// by it.
    fn may_be_meant_otherwise(&self, product: &'static Product, column: usize) -> bool {
        let meaning = &self.meanings[column];
        let by = match meaning {
            Meaning::Read { by, .. } if *by != ReadBy::Map => *by,
            _ => return false,
        };
        match product.word(self.heading(column)) {
            // A meaning that comes only from the columns beside it is not sure beside a product's.
            None => by == ReadBy::Neighbours,
            Some(ProductWord::LeftOut) => true,
            Some(ProductWord::Read(cell)) => {
                let theirs = cell.fields();
                !meaning.fields().all(|field| theirs.contains(&field))
            }
        }
    }

    /// Ensures that no field has two columns: a mapped column wins, else the user is asked.
    fn ask_about_repeated(&mut self) -> Result<(), ColumnError> {
        let mut columns: BTreeMap<Field, Vec<usize>> = BTreeMap::new();
        for (column, meaning) in self.meanings.iter().enumerate() {
            for field in meaning.fields() {
                columns.entry(field).or_default().push(column);
            }
        }
        for (field, columns) in columns {
            if columns.len() == 1 {
                continue;
            }
            let is_mapped = |column: &usize| self.meanings[*column].is_read_by_map();
            let mapped: Vec<usize> = columns.iter().copied().filter(is_mapped).collect();
            match mapped[..] {
                [first, second, ..] => {
                    return Err(ColumnError::Twice {
                        field,
                        first: self.at(first),
                        second: self.at(second),
                    });
                }
                [chosen] => {
                    let chosen_at = self.at(chosen);
                    for column in columns.into_iter().filter(|column| *column != chosen) {
                        self.meanings[column] = Meaning::LeftOut {
                            reason: format!("left out: {} is read from {chosen_at}", field.name()),
                            because: LeftOutReason::Other,
                        };
                    }
                }
                [] if !self.can_use(field) => {
                    for column in columns {
                        let reason =
                            format!("left out: {} has no field for it", self.target.vendor.name);
                        let because = LeftOutReason::Lacking;
                        self.meanings[column] = Meaning::LeftOut { reason, because };
                    }
                }
                [] => {
                    let named: Vec<String> =
                        columns.iter().map(|column| self.at(*column)).collect();
                    let what = format!("{} may each be the {}", named.join(" and "), field.name());
                    self.ask_which(what, columns, field);
                }
            }
        }
        Ok(())
    }

    /// Asks for the key's column, where there is none and no other open question may be about it.
    fn ask_for_key(&mut self) {
        let key = self.target.key();
        let may_be = |meaning: &Meaning| matches!(meaning, Meaning::Asked(choices) if choices.contains(&Mapped::Field(key)));
        if self.has(key) || self.meanings.iter().any(may_be) {
            return;
        }
        let is_data = self.headings.iter().any(|heading| is_no_heading(heading));
        let columns = match is_data {
            true => vec![],
            false => self.columns_for_key(key),
        };
        let flag = |column: &usize| self.map_flag(*column, Mapped::Field(key));
        let nameless = self.columns_where(|meaning| matches!(meaning, Meaning::Ignored));
        let nameless = nameless.into_iter();
        let nameless = nameless.filter(|column| self.may_be_nameless_number(*column));
        let mut answers: Vec<String> = columns.iter().map(flag).collect();
        answers.extend(nameless.map(|column| flag(&column)));
        let is_key = |word| matches!(word, ProductWord::Read(cell) if cell.fields().contains(&key));
        let may_be = |column: usize| {
            let sample = (key == Field::NUMBER).then(|| self.sample()).flatten();
            sample.is_none_or(|sample| sample.may_be_numbers(column))
        };
        let owners = products().iter().filter(|product| {
            let word = |column| product.word(self.heading(column));
            (self.columns()).any(|column| word(column).is_some_and(is_key) && may_be(column))
        });
        let owners = owners.take(OFFERED_PRODUCTS_MAX);
        answers.extend(owners.map(|product| format!("--headings {}", product.id)));
        if answers.is_empty() {
            answers.push(map_flag("HEADING", Mapped::Field(key)));
        }
        let advice = if self.has(Field::GROUP_NAME)
            || key == Field::NUMBER && self.has(Field::GROUP_MEMBERS)
        {
            ". If its rows are groups, say --groups"
        } else if self.has(Field::NUMBER) {
            ". If its rows are extensions, leave out --groups"
        } else {
            ""
        };
        self.questions.push(Question {
            what: format!(
                "no column holds the {}; the headings are: {}{advice}",
                key.name(),
                listed(self.headings)
            ),
            columns,
            answers,
            shown: true,
            words: String::new(),
        });
    }

    /// Returns true if a column without a heading may be the number's by its cells.
    fn may_be_nameless_number(&self, column: usize) -> bool {
        let is_blank = self
            .headings
            .get(column)
            .is_some_and(|heading| heading.trim().is_empty());
        self.target.key() == Field::NUMBER
            && is_blank
            && (self.sample()).is_some_and(|sample| sample.may_be_numbers(column))
    }

    /// The first columns that may be the key's and may be shown.
    fn columns_for_key(&self, key: Field) -> Vec<usize> {
        let unread = self.columns_where(Meaning::is_unread).into_iter();
        let may_be = |column: &usize| {
            // A column whose cells are no numbers is not the key, and may hold secrets under any name.
            let sample = (key == Field::NUMBER).then(|| self.sample()).flatten();
            dictionary().may_show(self.heading(*column))
                && sample.is_none_or(|sample| sample.may_be_numbers(*column))
        };
        // The number that they are to have may be the one that they have by now.
        let phones = self.columns_where(|meaning| {
            let mut fields = meaning.fields();
            fields.any(|field| [Field::WORK_PHONE, Field::NEW_NUMBER].contains(&field))
                && !meaning.is_read_by_map()
        });
        let is_short = |column: &usize| {
            (self.sample()).is_some_and(|sample| sample.are_short_numbers(*column))
        };
        let phones = phones.into_iter().filter(is_short);
        let columns: Vec<usize> = phones.chain(unread.filter(may_be)).collect();
        // A column that counts the rows, is about somebody else or occurs in sheets of all kinds is no good answer beside others.
        let is_likely = |column: &usize| {
            let counts = self
                .sample()
                .is_some_and(|sample| sample.counts_rows(*column));
            let heading = self.heading(*column);
            !counts
                && !dictionary().is_everyday(heading)
                && (self.options.allowed.delete || !dictionary().names_somebody_else(heading))
        };
        let likely: Vec<usize> = columns.iter().copied().filter(is_likely).collect();
        let columns = if likely.is_empty() { columns } else { likely };
        columns.into_iter().take(OFFERED_COLUMNS_MAX).collect()
    }
}

/// The names of fields, joined.
fn listed_fields(fields: impl Iterator<Item = Field>) -> String {
    let names: Vec<&str> = fields.map(Field::name).collect();
    names.join(" and ")
}
