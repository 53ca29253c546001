//! The doubts about a sheet of rows to be deleted: a column that may tell who stays is asked about, for the answer costs
//! little and a deletion much.

use super::around::{TableName, table_names};
use super::dictionary::{Common, DeletionWord, dictionary};
use super::map::Mapped;
use super::meaning::{LeftOutReason, Meaning, Meanings};
use super::meant::taking_sheet;
use super::options::BindOptions;
use super::questions::Question;
use super::sample::Sample;
use super::values::is_status_of_export;
use crate::model::redact::quoted;
use crate::model::{Field, Kind};
use crate::sheet::Sheet;

/// Asks about the columns by which the rows tell some people from others: an account that is on from one that is off, a
/// leaver from the rest, cells that are blank in other rows, or words such as `keep` under any heading. Where a column says
/// what to do with each row, only those are asked about that contradict it.
pub(super) fn ask(all: &mut Meanings<'_>) {
    if !all.options.allowed.delete {
        return;
    }
    let decides = |meaning: &Meaning| matches!(meaning, Meaning::Action | Meaning::Removal { .. });
    let is_decided = all.meanings.iter().any(decides);
    for column in all.columns() {
        let why = match is_decided {
            true => all.contradiction(column),
            false => all.reason_to_ask(column),
        };
        let Some(why) = why else {
            continue;
        };
        let what = match is_decided {
            true => format!(
                "{} {why}, but the row would be deleted: take out the rows that stay, or leave the column out",
                all.at(column)
            ),
            false => format!(
                "{} {why}, but every row would be deleted: take out the rows that stay, name the column Delete or Keep if \
                 it marks rows with yes or no, or delete all",
                all.at(column)
            ),
        };
        all.ask(what, vec![column], &[(column, Mapped::LeftOut)]);
    }
}

/// The questions about a sheet of rows to be deleted that its columns do not raise: a text above the headings that says who
/// stays, and rows that are hidden or struck through.
pub(super) fn about_sheet(sheet: &Sheet, options: &BindOptions) -> Vec<Question> {
    if options.allowed.remove_unnamed {
        return about_left_out(sheet);
    }
    if !options.allowed.delete {
        return vec![];
    }
    let all = "but every row would be deleted";
    let mut questions = vec![];
    let says = |name: &TableName<'_>| may_say_who_stays(name.text);
    if let Some(name) = table_names(sheet, options).find(says) {
        let (text, place) = (quoted(name.text.trim()), name.place);
        let advice = match name.answer {
            Some(_) => "",
            None => ": write the rows that go into a file of their own",
        };
        let what = format!("{text} {place} may say that these extensions stay, {all}{advice}");
        let answers = name.answer.into_iter().collect();
        questions.push(Question::about_sheet(what, answers).with_words(name.text));
    }
    let (hidden, struck) = (sheet.beside.hidden_rows, sheet.beside.struck_rows);
    if options.every_row {
        return questions;
    }
    let every_row = || "--every-row".to_owned();
    if hidden > 0 {
        let hidden = are_or_is(hidden);
        let what = format!("{hidden} hidden, by a filter or otherwise, {all}");
        let answers = vec!["--visible-only".to_owned(), every_row()];
        questions.push(Question::about_sheet(what, answers));
    }
    let struck =
        (struck > 0).then(|| format!("{} struck through, in a cell at least", are_or_is(struck)));
    let marks = struck.into_iter().chain(marks_beside(sheet));
    questions.extend(marks.map(|mark| {
        let what = format!("{mark}, {all}: take out those that stay");
        Question::about_sheet(what, vec![every_row()])
    }));
    questions
}

/// The questions about rows that are not read, where extensions that no row names are removed: theirs may be among them.
fn about_left_out(sheet: &Sheet) -> Vec<Question> {
    let upsert = || "--mode upsert".to_owned();
    let (hidden, sheets) = (sheet.beside.hidden_left_out, &sheet.beside.hidden_sheets);
    let rows = (hidden > 0).then(|| {
        let hidden = are_or_is(hidden);
        let what = format!(
            "{hidden} hidden and left out, but mode sync deletes every extension that no row names: \
             leave out --visible-only, or delete nothing"
        );
        Question::about_sheet(what, vec![upsert()])
    });
    let sheets = (!sheets.is_empty()).then(|| {
        let names: Vec<String> = sheets.iter().map(|name| format!("“{name}”")).collect();
        let hidden = match names.as_slice() {
            [name] => format!("the sheet {name} is"),
            names => format!("the sheets {} are", names.join(", ")),
        };
        let what = format!(
            "{hidden} hidden and not read, but mode sync deletes every extension that no row names: name the sheets that \
             are meant, or delete nothing"
        );
        let named = sheet.sheet.as_deref().map(|name| taking_sheet(sheet, name));
        Question::about_sheet(what, named.into_iter().chain([upsert()]).collect())
    });
    rows.into_iter().chain(sheets).collect()
}

/// The marks that people set on rows beside their text, in words.
fn marks_beside(sheet: &Sheet) -> impl Iterator<Item = String> + use<> {
    let beside = &sheet.beside;
    let mark_words =
        |rows: u64, words: &dyn Fn(String) -> String| (rows > 0).then(|| words(are_or_is(rows)));
    let marks = [
        mark_words(beside.coloured_rows, &|rows| {
            format!("{rows} marked by a fill colour")
        }),
        mark_words(beside.font_coloured_rows, &|rows| {
            format!("{rows} marked by a font colour")
        }),
        mark_words(beside.noted_rows, &|rows| {
            format!("{rows} marked by a note on a cell")
        }),
        match beside.conditional_formats {
            0 => None,
            1 => Some("1 conditional format may mark rows".to_owned()),
            formats => Some(format!("{formats} conditional formats may mark rows")),
        },
    ];
    marks.into_iter().flatten()
}

/// Returns true if a text beside the rows, such as a title, may say that extensions stay.
pub(crate) fn may_say_who_stays(text: &str) -> bool {
    dictionary().may_say_who_stays(text)
}

fn are_or_is(rows: u64) -> String {
    match rows {
        1 => "1 row is".to_owned(),
        _ => format!("{rows} rows are"),
    }
}

impl Meanings<'_> {
    /// The reason to ask about a column where no column says what to do with each row.
    fn reason_to_ask(&self, column: usize) -> Option<&'static str> {
        if self.is_about_people(column) || self.is_about_kinds(column) {
            let differs = self.divides_people(column);
            return differs.then_some("is not the same in every row");
        }
        let is_name = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME]
            .into_iter()
            .any(|field| self.meanings[column].reads(field));
        let has_signs =
            |sample: &Sample| sample.has_signs_in_some(column) || sample.has_date(column);
        if self.has_remark_to_stay(column) || is_name && self.sample().is_some_and(has_signs) {
            return Some("has a remark that its row may stay");
        }
        if self.may_decide(column) {
            return Some("may say who stays");
        }
        if self.is_partly_filled(column) {
            return Some("is blank in some rows and not in others");
        }
        None
    }

    /// The reason to ask about a column beside one that says what to do with each row: of rows that are marked to be
    /// deleted, it says that some are not.
    fn contradiction(&self, column: usize) -> Option<&'static str> {
        let is_unread =
            matches!(self.meanings[column], Meaning::Unknown) || self.is_products_left_out(column);
        let is_about = self.is_about_people(column) || is_unread;
        if !is_about || self.is_settled(column) {
            return None;
        }
        let marks = self
            .meanings
            .iter()
            .enumerate()
            .filter_map(|(at, meaning)| match meaning {
                Meaning::Removal { keeps } => Some((at, if *keeps { "off" } else { "on" })),
                Meaning::Action => Some((at, "delete")),
                _ => None,
            });
        let marks: Vec<(usize, &'static str)> = marks.collect();
        let contradicts = |sample: &Sample| {
            sample
                .marked
                .contradicts(column, &marks, self.is_about_people(column))
        };
        (self.sample().is_some_and(contradicts))
            .then_some("speaks against the deletion of some rows")
    }

    /// Returns true if a column that means nothing known, or a note, is filled in some rows and blank in others.
    fn is_partly_filled(&self, column: usize) -> bool {
        let heading = self.heading(column);
        let meaning = &self.meanings[column];
        let is_own = dictionary().canonical(heading).is_some();
        let is_elsewhere = dictionary().is_everyday(heading) || dictionary().is_place(heading);
        let may_decide = matches!(meaning, Meaning::Unknown) || meaning.reads(Field::DESCRIPTION);
        may_decide
            && !is_own
            && !is_elsewhere
            && !meaning.is_read_by_map()
            && self
                .sample()
                .is_some_and(|sample| sample.is_partly_filled(column))
    }

    /// Returns true if a column says what its row is, or was changed.
    fn is_about_kinds(&self, column: usize) -> bool {
        let heading = self.heading(column);
        let is_type = self.meanings[column].reads(Field::EXTENSION_TYPE)
            && heading.trim() != Field::EXTENSION_TYPE.name();
        let is_unread = self.meanings[column].is_unread();
        let is_kind = dictionary().is_kind(heading) || self.common(column) == Some(Common::MayAct);
        is_type || is_unread && is_kind
    }

    /// Returns true if a column is about leaving or about the state of an account.
    fn is_about_people(&self, column: usize) -> bool {
        let meaning = &self.meanings[column];
        let is_state = |field: Field| [Field::ENABLED, Field::STATUS].contains(&field);
        match self.common(column) {
            // An open state is one of the country.
            _ if matches!(meaning, Meaning::Open(Common::State)) => false,
            Some(common) if common.tells_state() => true,
            Some(Common::Field(field)) if is_state(field) => true,
            _ if self.is_products_left_out(column) => self.has_word_for_state(column),
            _ => meaning.fields().any(is_state),
        }
    }

    /// Returns true if the cells of a column about leaving, or about the state of an account, differ. Those who have left on
    /// different days have all left.
    fn divides_people(&self, column: usize) -> bool {
        let has_left = |sample: &Sample| sample.has_passed_everywhere(column);
        if self.common(column) == Some(Common::Leaver) && self.sample().is_some_and(has_left) {
            return false;
        }
        let is_export = is_status_of_export(self.heading(column));
        // The same words below a product's own heading may be those of a telephone.
        let needs_switch = is_export || self.is_products_left_out(column);
        let differs = |sample: &Sample| {
            sample.is_varied(column) && (!needs_switch || sample.has_switch(column))
        };
        !self.is_settled(column) && self.sample().is_some_and(differs)
    }

    /// Returns true if a column that is not read, or a note, has cells that may say who stays and who goes.
    fn may_decide(&self, column: usize) -> bool {
        let meaning = &self.meanings[column];
        // Of a product's own column, words alone tell it: it may well be a switch for something else.
        let is_products = self.is_products_left_out(column);
        let is_note = meaning.reads(Field::DESCRIPTION) || is_products;
        let is_unread = meaning.is_unread() || matches!(meaning, Meaning::LeftOut { .. });
        let is_named_so = || {
            matches!(meaning, Meaning::Unknown)
                && dictionary().decision(self.heading(column)) == Some(DeletionWord::MayStay)
        };
        !self.is_settled(column)
            && (is_note || is_unread)
            && (self.sample()).is_some_and(|sample| {
                (sample.decides(column, is_note) && (!is_products || sample.is_varied(column)))
                    || is_named_so() && sample.has_cells(column)
            })
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

    /// Returns true if there is nothing to ask about a column: the user left it out, or is asked already. A mapping says
    /// what the cells mean, and not that every row is to be deleted.
    fn is_settled(&self, column: usize) -> bool {
        matches!(
            self.meanings[column],
            Meaning::LeftOut {
                because: LeftOutReason::Map,
                ..
            } | Meaning::Ignored
                | Meaning::Asked(_)
        )
    }
}
