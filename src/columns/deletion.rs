//! The doubts about a sheet of rows to be deleted: a column that may tell who stays is asked about, for the answer costs
//! little and a deletion much.

use super::dictionary::{Common, DeletionWord, dictionary};
use super::map::Mapped;
use super::meaning::{LeftOutBecause, Meaning, Meanings};
use super::options::BindOptions;
use super::questions::Question;
use super::sample::Sample;
use super::values::How;
use crate::model::redact::quoted;
use crate::model::{Field, Kind, counted, shell_word};
use crate::sheet::Sheet;

/// Asks about the columns by which the rows tell some people from others: an account that is on from one that is off, a
/// leaver from the rest, or words such as `keep` under any heading. A column that says what to do with each row leaves
/// no question.
pub(super) fn ask(all: &mut Meanings<'_>) {
    let decides = |meaning: &Meaning| matches!(meaning, Meaning::Action | Meaning::Removal { .. });
    if !all.options.allowed.delete || all.meanings.iter().any(decides) {
        return;
    }
    for column in all.columns() {
        let why = if all.is_about_people(column) {
            (all.divides_people(column)).then_some("is not the same in every row")
        } else if all.has_remark_to_stay(column) {
            Some("has a remark that its row may stay")
        } else {
            all.may_decide(column).then_some("may say who stays")
        };
        let Some(why) = why else {
            continue;
        };
        let what = format!(
            "{} {why}, but every row would be deleted: take out the rows that stay, name the column Delete or Keep if \
             it marks rows with yes or no, or delete all",
            all.at(column)
        );
        all.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
    }
}

/// The place of a sheet's name, in words.
const AS_NAME: &str = "as the sheet's name";

/// The questions about a sheet of rows to be deleted that its columns do not raise: a text above the headings that says who
/// stays, and rows that are hidden or struck through.
pub(super) fn about_sheet(sheet: &Sheet, options: &BindOptions) -> Vec<Question> {
    if !options.allowed.delete {
        return vec![];
    }
    let question = |what: String, answers: &[&str]| Question {
        what,
        columns: vec![],
        answers: answers.iter().map(|answer| (*answer).to_owned()).collect(),
        shown: false,
    };
    let all = "but every row would be deleted";
    let mut questions = vec![];
    let named = sheet.sheet.as_deref().filter(|_| sheet.beside.is_found);
    let titles = sheet.beside.titles.iter();
    let above = match sheet.header_line {
        Some(_) => "above the headings",
        None => "around the rows",
    };
    let titles = titles.map(|title| (title.as_str(), above));
    let mut texts = titles.chain(named.map(|name| (name, AS_NAME)));
    if let Some((text, place)) = texts.find(|(text, _)| may_say_who_stays(text)) {
        let is_name = place == AS_NAME;
        let text = quoted(text.trim());
        let answer = match (sheet.header_line, &sheet.sheet) {
            (Some(_), Some(name)) if is_name => Some(format!("--sheet {}", shell_word(name))),
            (Some(line), _) => Some(format!("--header-row {line}")),
            // There are no options for the parts of JSON.
            (None, _) => None,
        };
        let advice = match answer {
            Some(_) => "",
            None => ": write the rows that go into a file of their own",
        };
        questions.push(question(
            format!("{text} {place} may say that these extensions stay, {all}{advice}"),
            &answer.iter().map(String::as_str).collect::<Vec<_>>(),
        ));
    }
    let (hidden, struck) = (sheet.beside.hidden_rows, sheet.beside.struck_rows);
    if hidden > 0 && !options.every_row {
        questions.push(question(
            format!(
                "{} hidden, by a filter or otherwise, {all}",
                are_or_is(hidden)
            ),
            &["--visible-only", "--every-row"],
        ));
    }
    if struck > 0 && !options.every_row {
        questions.push(question(
            format!(
                "{} struck through, in a cell at least, {all}: take out those that stay",
                are_or_is(struck)
            ),
            &["--every-row"],
        ));
    }
    questions
}

/// Returns true if a text beside the rows, such as a title, may say that extensions stay.
pub(crate) fn may_say_who_stays(text: &str) -> bool {
    dictionary().decision(text) == Some(DeletionWord::MayStay) || dictionary().is_of_staff(text)
}

fn are_or_is(rows: u64) -> String {
    let verb = if rows == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(rows, "row"))
}

impl Meanings<'_> {
    /// Returns true if a column is about leaving or about the state of an account.
    fn is_about_people(&self, column: usize) -> bool {
        let meaning = &self.meanings[column];
        let is_state = |field: Field| [Field::ENABLED, Field::STATUS].contains(&field);
        match self.common(column) {
            // An open state is one of the country.
            _ if matches!(meaning, Meaning::Open(Common::State)) => false,
            Some(Common::State | Common::Disabled | Common::Leaver) => true,
            Some(Common::Field(field)) if is_state(field) => true,
            _ => meaning.fields().any(is_state),
        }
    }

    /// Returns true if the cells of a column about leaving, or about the state of an account, differ.
    fn divides_people(&self, column: usize) -> bool {
        let is_export = How::state_below(self.heading(column)) == How::State { other_words: true };
        let differs =
            |sample: &Sample| sample.is_varied(column) && (!is_export || sample.has_switch(column));
        !self.is_settled(column) && self.sample().is_some_and(differs)
    }

    /// Returns true if a column that is not read, or a note, has cells that may say who stays and who goes.
    fn may_decide(&self, column: usize) -> bool {
        let meaning = &self.meanings[column];
        let is_note = meaning.reads(Field::DESCRIPTION);
        let is_unread = meaning.is_unread() || matches!(meaning, Meaning::LeftOut { .. });
        !self.is_settled(column)
            && (is_note || is_unread)
            && (self.sample()).is_some_and(|sample| sample.decides(column, is_note))
    }

    /// Returns true if a column that is read as something of the person, such as the name, has a cell that says that its row
    /// may stay.
    fn has_remark_to_stay(&self, column: usize) -> bool {
        let Meaning::Read { fields, .. } = &self.meanings[column] else {
            return false;
        };
        let is_of_person = |field: Field| {
            let kind = field.def().kind;
            !field.is_key() && !field.is_secret() && !matches!(kind, Kind::Switch | Kind::Choice)
        };
        fields.iter().all(|(field, _)| is_of_person(*field))
            && (self.sample()).is_some_and(|sample| sample.has_remark_to_stay(column))
    }

    /// Returns true if there is nothing to ask about a column: the user left it out, or is asked already, or it is a
    /// product's own that is known to be about something else. A mapping says what the cells mean, and not that every row
    /// is to be deleted.
    fn is_settled(&self, column: usize) -> bool {
        matches!(
            self.meanings[column],
            Meaning::LeftOut {
                because: LeftOutBecause::Map | LeftOutBecause::NoField,
                ..
            } | Meaning::Ignored
                | Meaning::Asked(_)
        )
    }
}
