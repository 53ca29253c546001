//! The doubts about rows of which no extension may be meant to be made: their people have left, they are no extensions, or
//! the state of their accounts is in words that do not tell whether they are on.

use super::dictionary::dictionary;
use super::map::Mapped;
use super::meaning::{LeftOutBecause, Meaning, Meanings, ReadBy};
use super::options::BindOptions;
use super::questions::Question;
use super::values::How;
use crate::model::redact::quoted;
use crate::model::{Field, shell_word};
use crate::sheet::Sheet;

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
    let says = |text: &&String| dictionary().is_not_meant(text);
    let (text, answer) = match sheet.beside.titles.iter().find(says) {
        Some(title) => {
            // There are no options for the parts of JSON.
            let line = sheet.header_line;
            (title, line.map(|line| format!("--header-row {line}")))
        }
        None => {
            let name = name_to_ask_about(sheet)?;
            let is_asked = dictionary().is_sheet_not_meant(name);
            return is_asked.then(|| not_meant(name, Some(taking_sheet(sheet, name))));
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
    Question {
        what: format!(
            "{} beside the rows may say that no extensions are to be made of them: keep only the rows that are meant, in a \
             file of their own, or take all",
            quoted(text.trim())
        ),
        columns: vec![],
        answers: answer.into_iter().collect(),
        shown: false,
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
    /// as `ausgeschieden` or `do not create`.
    fn ask_about_rows_not_meant(&mut self) {
        if self.owner.is_known() {
            return;
        }
        for column in self.columns() {
            let meaning = &self.meanings[column];
            let is_note = meaning.reads(Field::DESCRIPTION) && !meaning.is_read_by_map();
            let heading = self.heading(column);
            let is_place = dictionary().is_everyday(heading) || dictionary().is_place(heading);
            let may_say = is_note || meaning.is_unread() && !is_place;
            if !may_say || !(self.sample()).is_some_and(|sample| sample.has_rows_not_meant(column))
            {
                continue;
            }
            let what = format!(
                "{} says of some rows that their people have left, or that no extension is to be made: take those rows out, \
                 or take all",
                self.at(column)
            );
            let mut answers = vec![(column, Mapped::LeftOut)];
            if is_note && self.can_use(Field::DESCRIPTION) {
                answers.insert(0, (column, Mapped::Field(Field::DESCRIPTION)));
            }
            self.ask(what, vec![column], &answers);
        }
    }

    /// Takes a column about the state of an account that has words of another kind, such as `new` or `ok`, for none; where
    /// other rows say that their extension is off, it is asked about.
    fn settle_states(&mut self) {
        for column in self.columns() {
            let is_state = match &self.meanings[column] {
                Meaning::Read { fields, by, .. } => {
                    let how = Some(How::State { other_words: false });
                    *by == ReadBy::Heading && fields.contains(&(Field::ENABLED, how))
                }
                _ => false,
            };
            let Some(says_off) = (self.sample())
                .filter(|_| is_state)
                .and_then(|sample| sample.has_off_among_other_words(column))
            else {
                continue;
            };
            if !says_off {
                let reason =
                    "left out, for its words do not tell whether an extension is on or off";
                self.meanings[column] = Meaning::LeftOut {
                    reason: reason.to_owned(),
                    because: LeftOutBecause::Other,
                };
                continue;
            }
            let what = format!(
                "{} says of some rows that their extension is off, and has other words in others: take the rows that are off \
                 out, or write on or off into each",
                self.at(column)
            );
            self.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
        }
    }
}
