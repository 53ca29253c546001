//! The doubts about rows of which no extension may be meant to be made: their people have left, they are no extensions, or
//! the state of their accounts is in words that do not tell whether they are on.

use super::around_words::around_words;
use super::dictionary::{Common, dictionary};
use super::map::Mapped;
use super::meaning::{LeftOutReason, Meaning, Meanings, ReadBy};
use super::options::BindOptions;
use super::questions::Question;
use super::sample::{OtherWords, Sample, is_told_off, leaves_row_out, names_leaver, says_off};
use super::values::Derivation;
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Severity, shell_word};
use crate::sheet::{Cells, Sheet, is_placeholder};

/// The words that PBXes report as the status of a telephone, in lower case and without separators.
const REPORTED: [&str; 20] = [
    "unavailable",
    "registered",
    "unregistered",
    "notregistered",
    "ringing",
    "busy",
    "hold",
    "onhold",
    "malfunction",
    "idle",
    "fxsnoport",
    "online",
    "offline",
    "oncall",
    "available",
    "inuse",
    "notinuse",
    "away",
    "unknown",
    "dnd",
];

/// Asks about the columns whose cells say that their rows are not meant, and leaves out states in other words.
pub(super) fn ask(all: &mut Meanings<'_>) {
    if !all.options.allowed.delete {
        all.settle_states();
        all.ask_about_rows_not_meant();
    }
}

/// The question about a sheet whose title or name says that its rows are not meant, where none is to be deleted.
pub(super) fn about_sheet(sheet: &Sheet, options: &BindOptions) -> Option<Question> {
    if options.allowed.delete {
        return None;
    }
    let is_not_meant =
        |text: &str| dictionary().is_sheet_not_meant(text) || around_words().is_of_leavers(text);
    let says = |text: &&String| is_not_meant(text);
    let (text, answer) = match sheet.beside.open_titles().iter().find(says) {
        Some(title) => {
            // There are no options for the parts of JSON.
            let line = sheet.header_line;
            (title, line.map(|line| options.header_row_flag(line)))
        }
        None => {
            let name = name_to_ask_about(sheet)?;
            return is_not_meant(name).then(|| not_meant(name, Some(taking_sheet(sheet, name))));
        }
    };
    Some(not_meant(text, answer))
}

/// The name of a sheet that nobody has named.
pub(super) fn name_to_ask_about(sheet: &Sheet) -> Option<&str> {
    let beside = &sheet.beside;
    let is_open = !beside.is_named && (beside.is_found || beside.is_one_of_all);
    sheet.sheet.as_deref().filter(|_| is_open)
}

/// The option that takes a sheet which is asked about, with the others where all are read.
pub(super) fn taking_sheet(sheet: &Sheet, name: &str) -> String {
    let name = shell_word(name);
    match sheet.beside.is_one_of_all {
        true => format!("--sheet '*' --sheet {name}"),
        false => format!("--sheet {name}"),
    }
}

fn not_meant(text: &str, answer: Option<String>) -> Question {
    let what = format!(
        "{} beside the rows may say that no extensions are to be made of them: keep only the rows that are meant, in a \
         file of their own, or take all",
        quoted(text.trim())
    );
    Question::about_sheet(what, answer.into_iter().collect()).with_words(text)
}

/// A sign that no extension is to be made of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// The account is off.
    Off,
    /// The person has left.
    Left,
    /// Words such as `do not create`.
    NotMeant,
    /// The same, or that the account is off.
    Note,
    /// The row is not chosen, where a `yes` takes it, or the contrary.
    Choice { takes: bool },
}

/// A column in which such a sign may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LookedAt {
    column: usize,
    sign: Sign,
}

impl LookedAt {
    /// The error of a row whose cell says that no extension is to be made of it; `None` where it does not.
    pub(super) fn finding(&self, cells: &Cells<'_>) -> Option<Finding> {
        let text = cells.get(self.column).unwrap_or_default().trim();
        let may_be_blank = self.sign == Sign::Choice { takes: true };
        if !may_be_blank && (text.is_empty() || is_placeholder(text)) {
            return None;
        }
        let (says, what) = match self.sign {
            Sign::Off => (says_off(text), "that the account is off or its person away"),
            Sign::Left => (names_leaver(text), "that the person has left"),
            Sign::NotMeant => (
                dictionary().is_not_meant(text),
                "that the person has left, or that no extension is to be made",
            ),
            Sign::Note => (
                is_told_off(text),
                "that the person has left, the account is off, or that no extension is to be made",
            ),
            Sign::Choice { takes } => (
                leaves_row_out(text, takes),
                "that it is not to be brought over",
            ),
        };
        if !says {
            return None;
        }
        let message = format!("the row says {what}, and one would be made of it");
        let finding = Finding::new("row.not_meant", Severity::Error, message);
        let hint = "take the row out, or leave the column out with --map 'HEADING=-' if all rows are meant";
        Some(finding.about(None, Some(self.column)).hint(hint))
    }
}

impl Meanings<'_> {
    /// Returns true if a column may say that a row is no extension, where extensions are created: by its heading, or because
    /// its cells say nothing but what rows are. An export of rowcall has the types of extensions alone.
    pub(super) fn distinguishes_kinds(&self, column: usize) -> bool {
        let heading = self.heading(column);
        let meaning = &self.meanings[column];
        let is_unread = matches!(meaning, Meaning::Unknown);
        let is_type = meaning.reads(Field::EXTENSION_TYPE)
            && heading.trim() != Field::EXTENSION_TYPE.name()
            && !meaning.is_read_by_map();
        let tells = || {
            self.sample()
                .is_some_and(|sample| sample.distinguishes_kinds(column))
        };
        self.options.allowed.create
            && self.target.key() == Field::NUMBER
            && (is_type || is_unread && (dictionary().is_kind(heading) || tells()))
    }

    /// Asks about the notes, and the columns that are not read, of which a cell says that its row is not meant, in words such
    /// as `ausgeschieden` or `do not create`, also where a product leaves them out.
    fn ask_about_rows_not_meant(&mut self) {
        for column in self.columns() {
            if self.is_unread_state(column) {
                self.ask_about_unread_state(column);
                continue;
            }
            if let Some(takes) = self.chooses_rows(column) {
                self.ask_about_choice(column, takes);
                continue;
            }
            let is_note = self.is_note(column);
            let says = |sample: &Sample| sample.has_rows_not_meant(column, self.has_notes(column));
            if !self.may_say_not_meant(column) || !self.sample().is_some_and(says) {
                continue;
            }
            let what = format!(
                "{} says of some rows that their people have left, their accounts are off, or no extension is to be made: take \
                 those rows out, or take all",
                self.at(column)
            );
            let mut answers = vec![(column, Mapped::LeftOut)];
            if is_note && self.can_use(Field::DESCRIPTION) {
                answers.insert(0, (column, Mapped::Field(Field::DESCRIPTION)));
            }
            self.ask(what, vec![column], &answers);
        }
    }

    /// Returns true if a column that is not read says by a `yes` which rows are brought over, false where a `yes` leaves
    /// them out; `None` where it chooses none.
    fn chooses_rows(&self, column: usize) -> Option<bool> {
        let is_unread = matches!(self.meanings[column], Meaning::Unknown);
        dictionary()
            .takes_rows(self.heading(column))
            .filter(|_| is_unread)
    }

    /// Asks about a column that chooses rows, where it leaves some out.
    fn ask_about_choice(&mut self, column: usize, takes: bool) {
        let leaves_out = |sample: &Sample| sample.leaves_rows_out(column, takes);
        if !self.sample().is_some_and(leaves_out) {
            return;
        }
        let what = format!(
            "{} says of some rows that they are not to be brought over: take those rows out, or take all",
            self.at(column)
        );
        self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
    }

    /// Returns true if a column is read as a note.
    fn is_note(&self, column: usize) -> bool {
        let meaning = &self.meanings[column];
        meaning.reads(Field::DESCRIPTION) && !meaning.is_read_by_map()
    }

    /// Returns true if a column has notes, whether it is read or not.
    fn has_notes(&self, column: usize) -> bool {
        self.is_note(column) || dictionary().is_for_notes(self.heading(column))
    }

    /// Returns true if a column is a note, or is not read and no part of an address.
    fn may_say_not_meant(&self, column: usize) -> bool {
        let heading = self.heading(column);
        let is_place = dictionary().is_everyday(heading) || dictionary().is_place(heading);
        let is_unread = self.meanings[column].is_unread() || self.is_products_left_out(column);
        self.is_note(column) || is_unread && !is_place
    }

    /// The columns of which a cell may say that no extension is to be made of its row. Those that say so in the first rows
    /// were asked about; the others are looked at in every row.
    pub(super) fn looked_at(&self) -> Vec<LookedAt> {
        if self.options.allowed.delete {
            return vec![];
        }
        let columns = self.columns().filter_map(|column| {
            let choice = self.chooses_rows(column);
            let chooses = |sample: &Sample| sample.has_cells(column);
            let choice = choice.filter(|_| self.sample().is_some_and(chooses));
            let sign = match self.meanings[column] {
                _ if let Some(takes) = choice => Sign::Choice { takes },
                Meaning::Open(Common::Leaver) => Sign::Left,
                _ if self.is_unread_state(column) => Sign::Off,
                _ if self.may_say_not_meant(column) => match self.has_notes(column) {
                    true => Sign::Note,
                    false => Sign::NotMeant,
                },
                _ => return None,
            };
            Some(LookedAt { column, sign })
        });
        columns.collect()
    }

    /// Returns true if a column is left out because a product's facts know no field for it.
    pub(super) fn is_products_left_out(&self, column: usize) -> bool {
        let because = LeftOutReason::NoField;
        matches!(self.meanings[column], Meaning::LeftOut { because: known, .. } if known == because)
    }

    /// Returns true if the heading of a column is about the state of an account or about leaving; of one that ends with a
    /// word for a state, such as `Account_Status`, where it is no feature's.
    pub(super) fn has_word_for_state(&self, column: usize) -> bool {
        match self.common(column) {
            Some(common) if common.tells_state() => true,
            Some(Common::Field(field)) => [Field::ENABLED, Field::STATUS].contains(&field),
            Some(_) => false,
            None => self.ends_with_word_for_state(column),
        }
    }

    /// Returns true if the heading of a column is a word for states such as `Status`, or ends with one and is no feature's.
    pub(super) fn ends_with_word_for_state(&self, column: usize) -> bool {
        let heading = self.heading(column).trim();
        let last = heading.rsplit([' ', '_', '.']).next().unwrap_or(heading);
        let is_state = |word: Common| [Common::State, Common::Field(Field::STATUS)].contains(&word);
        let word = match self.common(column) {
            None if dictionary().is_feature(heading) => None,
            None => dictionary().common(last),
            word => word,
        };
        word.is_some_and(is_state)
    }

    /// Returns true if a column is about the state of accounts and is not read: its heading is not known, or it is left out for
    /// the want of a field.
    fn is_unread_state(&self, column: usize) -> bool {
        let is_unread = match &self.meanings[column] {
            Meaning::Unknown => true,
            Meaning::LeftOut { because, .. } => *because != LeftOutReason::Map,
            _ => false,
        };
        let has_word = || match self.meanings[column] {
            Meaning::Unknown => dictionary().has_state_within(self.heading(column)),
            _ => false,
        };
        is_unread && (self.has_word_for_state(column) || has_word())
    }

    /// Asks about a column of states that is not read where a cell says that its person has left or its account is off.
    fn ask_about_unread_state(&mut self, column: usize) {
        let is_beside_on = |sample: &Sample| {
            sample.other_words_for_state(column) == Some(OtherWords::BesideOn)
                && !sample.are_reported(column, &REPORTED)
        };
        // A word such as `Order status` may be about anything.
        let is_unknown = matches!(self.meanings[column], Meaning::Unknown);
        let is_of_accounts = self.owner.is_known() || !is_unknown;
        let what = match self.sample() {
            Some(sample) if sample.says_off(column) => format!(
                "{} says of some rows that their people have left or are away, or their accounts are off, and is not read: take \
                 those rows out, or take all",
                self.at(column)
            ),
            Some(sample) if is_of_accounts && is_beside_on(sample) => format!(
                "{} has words or letters beside others that do not tell whether an account is off, and is not read: take the \
                 rows out that are not meant, or take all",
                self.at(column)
            ),
            _ => return,
        };
        let answers = self.answers_about_state(column);
        self.ask(what, vec![column], &answers);
    }

    /// The answers to a question about states: the vendor's switch, where it has one that no other column is read for, and
    /// nothing. A status is only read, and is no answer.
    fn answers_about_state(&self, column: usize) -> Vec<(usize, Mapped)> {
        let is_free = self.column_of(Field::ENABLED).is_none_or(|at| at == column);
        let mut answers = vec![(column, Mapped::LeftOut)];
        // A letter would be read as a switch.
        let has_letters = self
            .sample()
            .is_some_and(|sample| sample.has_letters(column));
        if is_free && self.can_use(Field::ENABLED) && !has_letters {
            answers.insert(0, (column, Mapped::Field(Field::ENABLED)));
        }
        answers
    }

    /// Returns true if a column is read as the state of accounts, or compared with it, by its heading. Words that a PBX
    /// reports by itself, such as `Registered`, make it the status of telephones.
    fn tells_states(&self, column: usize) -> bool {
        let is_status_of_phones =
            || (self.sample()).is_some_and(|sample| sample.are_reported(column, &REPORTED));
        match &self.meanings[column] {
            Meaning::ComparedState(Derivation::State { .. }) => true,
            Meaning::Read { fields, by, .. } if *by == ReadBy::Heading => {
                let is_state = |(field, how): &(Field, Option<Derivation>)| match (field, how) {
                    (&Field::ENABLED, Some(Derivation::State { other_words, .. })) => {
                        !other_words || !is_status_of_phones()
                    }
                    _ => false,
                };
                // Beside another column for the switch.
                let is_status = || fields.as_slice() == [(Field::STATUS, None)];
                fields.iter().any(is_state) || is_status() && !is_status_of_phones()
            }
            _ => false,
        }
    }

    /// Returns true if a column is read as the state of accounts, has nothing but marks such as `x` and blanks, and its heading
    /// does not tell what a mark means.
    fn may_mark_those_off(&self, column: usize) -> bool {
        let is_read = match &self.meanings[column] {
            Meaning::ComparedState(_) => true,
            meaning => meaning.reads(Field::ENABLED),
        };
        is_read
            && self.tells_states(column)
            && self.ends_with_word_for_state(column)
            && !dictionary().is_in_service(self.heading(column))
            && (self.sample()).is_some_and(|sample| sample.blanks_beside_marks(column).is_some())
    }

    /// Asks what a mark in a column of states means.
    fn ask_about_marks(&mut self, column: usize) {
        let what = format!(
            "{} holds marks and blanks alone, and a mark may stand for an extension that is on, or for one that is off",
            self.at(column)
        );
        let field = Field::ENABLED;
        let is_free = self.column_of(field).is_none_or(|at| at == column);
        let mut answers = vec![Mapped::LeftOut];
        if is_free && self.can_use(field) {
            answers.splice(0..0, [Mapped::Field(field), Mapped::Opposite(field)]);
        }
        let answers: Vec<_> = answers.into_iter().map(|mapped| (column, mapped)).collect();
        self.ask(what, vec![column], &answers);
    }

    /// Takes a column about the state of an account that has words of another kind, such as `new` or `ok`, for none; where
    /// other rows say that their extension is off, it is asked about.
    fn settle_states(&mut self) {
        for column in self.columns() {
            if self.may_mark_those_off(column) {
                self.ask_about_marks(column);
                continue;
            }
            let Some(others) = (self.sample())
                .filter(|_| self.tells_states(column))
                .and_then(|sample| sample.other_words_for_state(column))
            else {
                continue;
            };
            // One that is compared finds the words for off by itself, and only those.
            let is_read = self.meanings[column].reads(Field::ENABLED);
            let says_more = |sample: &Sample| sample.says_off_in_other_words(column);
            if !is_read && !self.sample().is_some_and(says_more) {
                continue;
            }
            let what = match others {
                OtherWords::Alone => {
                    let reason =
                        "left out, for its words do not tell whether an extension is on or off";
                    self.meanings[column] = Meaning::LeftOut {
                        reason: reason.to_owned(),
                        because: LeftOutReason::Other,
                    };
                    continue;
                }
                OtherWords::BesideOff => format!(
                    "{} says of some rows that their extension is off or its person away, and has other words in others: take the \
                     rows out that are not meant, or write on or off into each",
                    self.at(column)
                ),
                OtherWords::BesideOn => format!(
                    "{} has words or letters beside others that do not tell whether an extension is on or off: take the rows out \
                     that are not meant, or write on or off into each",
                    self.at(column)
                ),
            };
            let answers = self.answers_about_state(column);
            self.ask(what, vec![column], &answers);
        }
    }
}
