//! The doubts that the words around the rows raise: the name of their table, a text above switches or times that turns
//! them around, and the members beside the rows of JSON.

use super::actions::AllowedActions;
use super::around_words::around_words;
use super::dictionary::{Common, dictionary};
use super::heading_row::HeadingRow;
use super::map::{ColumnReading, Mapped};
use super::meant::{name_to_ask_about, taking_sheet};
use super::options::BindOptions;
use super::questions::Question;
use crate::manifest::{Manifest, switch};
use crate::model::redact::{heading_shown, quoted};
use crate::model::{Field, Finding, Kind, Severity};
use crate::sheet::{BesideMember, Sheet};
use std::path::Path;

/// The most members beside the rows that one note names.
const UNREAD_MAX: usize = 5;
/// The place of a sheet's name, in words.
const SHEETS_NAME: &str = "as the sheet's name";

/// A text that may be the name of the table: a title above the headings, or the sheet's name.
#[derive(Debug, Clone)]
pub(super) struct TableName<'s> {
    pub(super) text: &'s str,
    /// The place of the text, in words.
    pub(super) place: &'static str,
    /// The option that takes the rows all the same; there is none for the parts of JSON.
    pub(super) answer: Option<String>,
}

impl TableName<'_> {
    /// The text as it is shown.
    fn shown(&self) -> String {
        quoted(self.text.trim())
    }

    /// Asks about the table of this name; `why` tells what the name may say.
    fn ask(&self, why: &'static str) -> Question {
        let advice = match self.answer {
            Some(_) => "keep only the rows that are meant, or take all",
            None => "write the rows that are meant into a file of their own",
        };
        self.ask_with(why, advice)
    }

    /// Asks with this advice.
    fn ask_with(&self, why: &'static str, advice: &'static str) -> Question {
        let (text, place) = (self.shown(), self.place);
        let answers = self.answer.iter().cloned().collect();
        let what = format!("the words {text} {place} {why}: {advice}");
        Question::about_sheet(what, answers).with_words(self.text)
    }
}

/// The texts that may be the name of a sheet's table.
pub(super) fn table_names<'s>(
    sheet: &'s Sheet,
    options: &BindOptions,
) -> impl Iterator<Item = TableName<'s>> {
    open_titles(sheet, options).chain(name_of_found(sheet))
}

/// The name of a sheet that nobody has named.
fn name_of_found(sheet: &Sheet) -> Option<TableName<'_>> {
    name_to_ask_about(sheet).map(|name| TableName {
        text: name,
        place: SHEETS_NAME,
        answer: Some(taking_sheet(sheet, name)),
    })
}

/// The texts that may say that a table's accounts are off. That of a sheet is one also where the sheet was named: it says
/// which is read, and nothing of its accounts.
fn names_of_state<'s>(
    sheet: &'s Sheet,
    options: &BindOptions,
) -> impl Iterator<Item = TableName<'s>> {
    let is_open = !sheet.beside.is_line_named;
    let name = sheet.sheet.as_deref().filter(|_| is_open);
    let name = name.zip(sheet.header_line).map(|(text, line)| TableName {
        text,
        place: SHEETS_NAME,
        answer: Some(options.header_row_flag(line)),
    });
    open_titles(sheet, options).chain(name)
}

/// The texts above the headings, or around the rows of JSON, that may be the name of a sheet's table.
fn open_titles<'s>(sheet: &'s Sheet, options: &BindOptions) -> impl Iterator<Item = TableName<'s>> {
    named(sheet, sheet.beside.open_titles(), options)
}

/// These texts above the headings, or around the rows of JSON.
fn named<'s>(
    sheet: &'s Sheet,
    titles: &'s [String],
    options: &BindOptions,
) -> impl Iterator<Item = TableName<'s>> {
    let place = match sheet.header_line {
        Some(_) => "above the headings",
        None => "around the rows",
    };
    let answer = sheet.header_line.map(|line| options.header_row_flag(line));
    let titles = titles.iter();
    titles.map(move |title| TableName {
        text: title,
        place,
        answer: answer.clone(),
    })
}

/// The words around the rows of a sheet whose columns are understood, as far as they are.
pub(super) struct AroundRows<'s> {
    pub(super) sheet: &'s Sheet,
    pub(super) target: &'s Manifest,
    pub(super) options: &'s BindOptions,
    pub(super) columns: &'s [ColumnReading],
    pub(super) row: &'s HeadingRow<'s>,
}

impl AroundRows<'_> {
    /// The questions that the words around the rows raise.
    pub(super) fn questions(&self) -> Vec<Question> {
        let mut questions = self.about_names();
        if !self.options.allowed.delete {
            questions.extend(self.about_words_above());
        }
        questions.extend(self.about_members());
        questions
    }

    /// Asks about a table that has the name of something else than extensions, or of extensions to be made where they are
    /// to be deleted, and about a password below such a name.
    fn about_names(&self) -> Vec<Question> {
        let words = around_words();
        let names = table_names(self.sheet, self.options);
        let names: Vec<TableName<'_>> = names
            .filter(|name| !self.is_word_above(name.text))
            .collect();
        let mut questions = vec![];
        let find = |is_so: &dyn Fn(&str) -> bool| names.iter().find(|name| is_so(name.text));
        if self.target.key() == Field::NUMBER
            && let Some(name) = find(&|text| words.is_other_table(text))
        {
            questions.push(
                name.ask("may say that the rows are no extensions, but other things with a number"),
            );
        }
        if self.options.allowed.delete {
            let name = find(&|text| words.is_to_make(text));
            let what =
                "may say that these extensions are to be made, but every row would be deleted";
            questions.extend(name.map(|name| name.ask(what)));
            return questions;
        }
        let mut of_state = names_of_state(self.sheet, self.options);
        let is_off =
            |name: &TableName<'_>| !self.is_word_above(name.text) && words.is_off(name.text);
        if let Some(name) = of_state.find(is_off).filter(|_| self.may_be_off()) {
            questions.push(self.about_accounts_that_are_off(&name));
        }
        if let Some(name) = self.name_of_passwords() {
            questions.extend(self.about_passwords_below(&name));
        }
        questions
    }

    /// The name of what passwords are for: a text above the headings, or the name of the sheet or of the file. That a line or a
    /// sheet was named says nothing of those. A file may be called after the passwords of telephones too, as `logins.csv`: its
    /// name counts only where it is that of something with accounts of its own.
    fn name_of_passwords(&self) -> Option<TableName<'_>> {
        let (sheet, options) = (self.sheet, self.options);
        let words = around_words();
        let name = |text, place| TableName {
            text,
            place,
            answer: None,
        };
        let of_sheet = sheet.sheet.as_deref();
        let of_sheet = of_sheet.map(|text| name(text, SHEETS_NAME));
        let file = Path::new(&*sheet.file).file_stem();
        let of_file = file.and_then(|stem| stem.to_str());
        let of_file = of_file.map(|stem| name(stem, "as the file's name"));
        let mut titles = named(sheet, &sheet.beside.titles, options).chain(of_sheet);
        let title = titles
            .find(|name| !self.is_word_above(name.text) && words.is_other_password(name.text));
        title.or(of_file.filter(|name| words.is_other_account(name.text)))
    }

    /// Returns true if nothing tells of each row whether its account is on.
    fn may_be_off(&self) -> bool {
        let is_enabled = |column: &ColumnReading| column.field == Some(Field::ENABLED);
        self.target.key() == Field::NUMBER
            && !self.columns.iter().any(is_enabled)
            && !self.options.fills(Field::ENABLED)
    }

    /// Asks about a table of accounts that are off: each would be on.
    fn about_accounts_that_are_off(&self, name: &TableName<'_>) -> Question {
        let why = "may say that these extensions are off, and they would be on";
        match (
            self.target.takes(Field::ENABLED),
            self.options.is_only_sheet(),
        ) {
            (false, _) => name.ask(why),
            (true, true) => {
                let mut question = name.ask(why);
                let off = format!("--fill {}=off", Field::ENABLED.name());
                question.answers.insert(0, off);
                question
            }
            // It would turn the extensions of the other sheets off too.
            (true, false) => {
                let advice = match name.answer {
                    Some(_) => {
                        "read this sheet alone, with --fill enabled=off, keep only the rows that are meant, or take all"
                    }
                    None => {
                        "read this sheet alone, with --fill enabled=off, or write the rows that are meant into a file of their own"
                    }
                };
                name.ask_with(why, advice)
            }
        }
    }

    /// Asks about the columns that say no more than `Password` below the name of something that has passwords of its own.
    fn about_passwords_below(&self, name: &TableName<'_>) -> Option<Question> {
        let is_plain = |column: usize| {
            let heading = &self.columns[column].heading;
            self.field_by_heading(column) == Some(Field::SIP_PASSWORD)
                && dictionary().common(heading) == Some(Common::Password)
        };
        let columns: Vec<usize> = (0..self.columns.len()).filter(|at| is_plain(*at)).collect();
        let (named, text, place) = (self.named(&columns)?, name.shown(), name.place);
        let what = format!("{named} may be the SIP password, or that of what {text} {place} names");
        let answers = [Mapped::Field(Field::SIP_PASSWORD), Mapped::LeftOut];
        Some(self.ask(what, columns, |_| answers))
    }

    /// Asks about switches and times below a word that may turn them around, or change their unit.
    fn about_words_above(&self) -> Vec<Question> {
        let words = around_words();
        let seconds = [
            Field::RING_TIMEOUT,
            Field::MAX_CALL_SECONDS,
            Field::FORWARD_NO_ANSWER_AFTER,
        ];
        let is_switch = |field: Field| field.def().kind == Kind::Switch;
        let is_time = |field: Field| field.def().kind == Kind::Time;
        let switches = self.below(&is_switch, &turns_around);
        let times = self.below(&is_time, &|text| {
            words.is_closed(text) || words.is_turned(text)
        });
        let lengths = self.below(&|field| seconds.contains(&field), &|text| {
            words.is_other_unit(text)
        });
        let mut questions = vec![];
        for (found, why) in [
            (switches, "may turn yes and no around"),
            (times, "may mean the hours in which the office is closed"),
            (lengths, "may give the numbers another unit than seconds"),
        ] {
            for (text, columns) in found {
                let Some(named) = self.named(&columns) else {
                    continue;
                };
                let text = quoted(text.trim());
                let what = format!("{text} above {named} {why}");
                questions.push(self.ask(what, columns, |field| {
                    let opposite = match field.def().kind {
                        Kind::Switch => Mapped::Opposite(field),
                        _ => Mapped::LeftOut,
                    };
                    [Mapped::Field(field), opposite]
                }));
            }
        }
        questions
    }

    /// The columns of some fields below each word of a kind: one above several columns, or a title above all of them.
    fn below<'a>(
        &'a self,
        is_field: &dyn Fn(Field) -> bool,
        is_word: &dyn Fn(&str) -> bool,
    ) -> Vec<(&'a str, Vec<usize>)> {
        let beside = &self.sheet.beside;
        let word_above = |column: usize| beside.above.get(column).map_or("", |word| word.trim());
        let mut titles = beside.titles.iter().map(|title| title.trim());
        let title = titles.find(|text| !self.is_word_above(text) && is_word(text));
        let mut found: Vec<(&str, Vec<usize>)> = vec![];
        let of_kind = |column: &usize| (self.field_by_heading(*column)).is_some_and(is_field);
        for column in (0..self.columns.len()).filter(of_kind) {
            let text = Some(word_above(column)).filter(|text| is_word(text));
            let Some(text) = text.or(title) else {
                continue;
            };
            match found.iter_mut().find(|(known, _)| *known == text) {
                Some((_, columns)) => columns.push(column),
                None => found.push((text, vec![column])),
            }
        }
        found
    }

    /// Returns true if a title is a word that stands above several columns.
    fn is_word_above(&self, title: &str) -> bool {
        let mut above = self.sheet.beside.above.iter();
        above.any(|word| word.trim() == title.trim())
    }

    /// The field that a column is read for, unless the user says so.
    fn field_by_heading(&self, column: usize) -> Option<Field> {
        let mut mapped = self.options.map.iter();
        let is_mapped = mapped.any(|(heading, _)| self.row.named(heading).contains(&column));
        self.columns.get(column)?.field.filter(|_| !is_mapped)
    }

    /// The names of columns, joined; `None` of none.
    fn named(&self, columns: &[usize]) -> Option<String> {
        let named: Vec<String> = columns.iter().map(|column| self.row.at(*column)).collect();
        (!named.is_empty()).then(|| named.join(" and "))
    }

    fn ask(
        &self,
        what: String,
        columns: Vec<usize>,
        answers: impl Fn(Field) -> [Mapped; 2],
    ) -> Question {
        let flags = [0, 1].map(|choice| {
            let flags = columns.iter().filter_map(|column| {
                let field = self.columns[*column].field?;
                Some(
                    self.options
                        .map_flag(&self.row.name_in_flag(*column), answers(field)[choice]),
                )
            });
            flags.collect::<Vec<_>>().join(" ")
        });
        let has_secret = columns
            .iter()
            .any(|column| self.columns[*column].holds_secrets());
        Question {
            what,
            columns,
            answers: flags.into(),
            shown: !has_secret,
            words: String::new(),
        }
    }

    /// Asks about the members beside the rows of JSON that would mean something in a row.
    fn about_members(&self) -> Vec<Question> {
        let mut asked: Vec<Question> = vec![];
        for member in &self.sheet.beside.members {
            let question = self.about_member(member);
            asked.extend(question.filter(|question| !asked.contains(question)));
        }
        asked
    }

    fn about_member(&self, member: &BesideMember) -> Option<Question> {
        let why = self.meaning_of(member)?;
        let name = member_shown(&member.name);
        let what = format!(
            "“{name}” beside the rows {why}, and is in no row: write it into the rows, or the rows alone into a file, as a list \
             of objects"
        );
        Some(Question::about_sheet(what, vec![]))
    }

    /// The meaning that a member may have for all rows, in words.
    fn meaning_of(&self, member: &BesideMember) -> Option<&'static str> {
        let (groups, own) = member.name.rsplit_once('.').unwrap_or(("", &member.name));
        let (allowed, text) = (self.options.allowed, member.text.trim());
        let word = dictionary().common(own).filter(|_| !member.is_of_answer);
        let is_no = switch(text) == Some("off");
        let by_name = match word {
            Some(Common::Action) => says_otherwise(allowed, text, true)
                .then_some("may say what is to be done with them"),
            Some(Common::MayAct) => says_otherwise(allowed, text, false)
                .then_some("may say what is to be done with them"),
            Some(Common::Remove | Common::Keep | Common::Leaver | Common::Disabled) => {
                (!is_no && !text.is_empty()).then_some("may say which of them are meant")
            }
            Some(Common::State | Common::AccountBits | Common::Field(Field::STATUS)) => {
                (!text.is_empty()).then_some("may say whether they are on")
            }
            Some(Common::Password) => Some("may be the password of all of them"),
            Some(Common::Field(field)) => self
                .may_be_of_all(field, text)
                .then_some("may be the same for all of them"),
            _ => None,
        };
        let tells_which = around_words().tells_which(own) && !is_no && !text.is_empty()
            || member.is_list && tells_which_by_list(own)
            || groups.split('.').any(tells_which_by_list);
        let is_kind = || dictionary().is_kind(own) && around_words().is_other_table(text);
        let says = match allowed.delete {
            true => dictionary().says_to_keep(text) || dictionary().may_say_who_stays(text),
            false => dictionary().is_not_meant(text),
        };
        match by_name {
            None if is_kind() => Some("may say that they are no extensions"),
            None if says || tells_which => Some("may say which of them are meant"),
            why => why,
        }
    }

    /// Returns true if a value beside the rows may be that of each of them, and is not given by `--fill`.
    fn may_be_of_all(&self, field: Field, text: &str) -> bool {
        let is_filled = self.options.fills(field);
        let kind = field.def().kind;
        let is_one_for_all = field.is_secret()
            || matches!(kind, Kind::Switch | Kind::Choice | Kind::Time)
            || field == Field::CALLER_ID;
        is_one_for_all && !is_filled && !text.is_empty() && !self.options.allowed.delete
            || field == Field::ENABLED && self.options.allowed.delete
    }

    /// One note about the members beside the rows that are not asked about, and not read; none where there are none.
    pub(super) fn unread_members(&self) -> Option<Finding> {
        let members = self.sheet.beside.members.iter();
        let members = members.filter(|member| !member.is_of_answer);
        let mut names: Vec<String> = vec![];
        for member in members {
            let name = format!("“{}”", member_shown(&member.name));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return None;
        }
        let more = names.len().saturating_sub(UNREAD_MAX);
        names.truncate(UNREAD_MAX);
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        let message = format!(
            "beside the rows stands what is not read: {}",
            names.join(", ")
        );
        let hint = "if it is about every row, write it into each of them";
        Some(Finding::new("columns.beside", Severity::Warning, message).hint(hint))
    }
}

/// The doubt about the rows below a title among them, in words; `None` where it raises none. What tells of each row whether
/// its account `is_told` to be on counts more than a title does.
pub(crate) fn doubt_below(title: &str, is_told: bool) -> Option<&'static str> {
    let words = around_words();
    if dictionary().is_not_meant(title) || words.is_of_leavers(title) {
        Some("that no extensions are to be made of the rows below it")
    } else if words.is_other_table(title) {
        Some("that the rows below it are no extensions")
    } else if !is_told && words.is_off(title) {
        Some("that the extensions below it are off, and they would be on")
    } else {
        None
    }
}

/// Returns true if a text for an action asks for another one than the command takes; of unknown words where they count.
fn says_otherwise(allowed: AllowedActions, text: &str, with_unknown: bool) -> bool {
    let is_known = dictionary().action(text).is_some();
    (is_known || with_unknown) && allowed.finding(0, text).is_some()
}

/// The name of a member as messages show it: of one that looks like a secret, nothing.
fn member_shown(name: &str) -> String {
    let shown = quoted(&heading_shown(name));
    let bare = shown
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    bare.unwrap_or(&shown).to_owned()
}

/// Returns true for the name of a list, or of an object, that tells by what is in it which rows are meant: `keep`, `leavers`.
fn tells_which_by_list(name: &str) -> bool {
    let word = dictionary().common(name);
    let is_state = matches!(
        word,
        Some(
            Common::Remove
                | Common::Keep
                | Common::Leaver
                | Common::Disabled
                | Common::Field(Field::ENABLED)
        )
    );
    is_state || around_words().tells_which(name) || dictionary().is_sheet_not_meant(name)
}

/// Returns true for a text above switches that may turn them around: a word, or a legend.
fn turns_around(text: &str) -> bool {
    match text.contains('=') {
        true => is_turning_legend(text),
        false => around_words().is_turned(text),
    }
}

/// Returns true for a legend that gives a mark the opposite of its usual meaning, such as `0 = on, 1 = off` or `x = blocked`.
fn is_turning_legend(text: &str) -> bool {
    let parts = text.split([',', ';', '/', '\n', '(', ')']);
    let mut meanings = parts.filter_map(|part| part.split_once(['=', ':']));
    meanings.any(|(mark, meaning)| {
        let mark = mark.rsplit(' ').find(|word| !word.is_empty());
        let meaning = meaning.trim();
        let means = match around_words().is_turned_in_legend(meaning) {
            true => Some("off"),
            false => switch(meaning),
        };
        let usual = mark.and_then(switch);
        usual.is_some() && means.is_some() && usual != means
    })
}
