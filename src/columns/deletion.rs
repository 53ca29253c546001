//! The doubts about a sheet of rows to be deleted: a column that may tell who stays is asked about, for the answer costs
//! little and a deletion much.

use super::dictionary::Common;
use super::map::Mapped;
use super::meaning::{LeftOutBecause, Meaning, Meanings};
use super::sample::Sample;
use super::values::How;
use crate::model::Field;

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
