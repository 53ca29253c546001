//! The obstacles to reading a sheet: mistakes in options, and questions that only the sheet's owner can answer.

use super::map::{ColumnReading, Mapped, behind_sheet};
use crate::model::redact::{NOT_SHOWN, heading_shown, quoted};
use crate::model::{Field, shell_word};
use crate::sheet::is_no_heading;
use std::fmt;

/// Something about a sheet that is not certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The open question, with its reason.
    pub what: String,
    /// The columns that it is about, counting from 0.
    pub columns: Vec<usize>,
    /// Options that answer it, ready to copy.
    pub answers: Vec<String>,
    /// True if values of these columns may be shown: no secret may be among them.
    pub shown: bool,
    /// The words around the rows that it is about, as they are shown; empty where it is about none.
    pub words: String,
}

impl Question {
    /// Asks about a sheet as a whole, and no column of it.
    pub(super) fn about_sheet(what: String, answers: Vec<String>) -> Question {
        Question {
            what,
            columns: vec![],
            answers,
            shown: false,
            words: String::new(),
        }
    }

    /// The same question, about these words around the rows.
    pub(super) fn with_words(self, text: &str) -> Question {
        Question {
            words: quoted(text.trim()),
            ..self
        }
    }
}

/// An answer to several questions about the words around the rows of one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SharedAnswer<'q> {
    /// The option.
    pub(crate) answer: &'q str,
    /// The words that it answers for, joined.
    pub(crate) words: String,
}

impl SharedAnswer<'_> {
    /// The answers that more than one of these questions has.
    pub(crate) fn among(questions: &[Question]) -> Vec<SharedAnswer<'_>> {
        let about_words = questions
            .iter()
            .filter(|question| !question.words.is_empty());
        let mut shared: Vec<SharedAnswer<'_>> = vec![];
        for answer in about_words.clone().flat_map(|question| &question.answers) {
            let having = about_words.clone();
            let having = having.filter(|question| question.answers.contains(answer));
            let mut words: Vec<&str> = having.clone().map(|question| &*question.words).collect();
            words.dedup();
            if having.count() > 1 && shared.iter().all(|known| known.answer != answer.as_str()) {
                let words = words.join(" and ");
                shared.push(SharedAnswer { answer, words });
            }
        }
        shared
    }
}

/// Tells of which questions the answer is one.
impl fmt::Display for SharedAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SharedAnswer { answer, words } = self;
        write!(f, "{answer} answers all that is asked about {words}")
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.answers.is_empty() {
            write!(f, "; say {}", self.answers.join(" or "))?;
        }
        Ok(())
    }
}

/// The errors that keep the columns of a sheet from being used. The message ends with the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// All the questions that have to be answered, at once.
    #[error("{}", join(questions))]
    Unanswered {
        /// The questions.
        questions: Vec<Question>,
        /// Every column as far as it was understood.
        columns: Vec<ColumnReading>,
    },
    /// The sheet is a report of rowcall.
    #[error(
        "this is a report of rowcall, and no sheet of extensions. Name the sheet that it is about; --rejects FILE writes rows that are not done so that they can be corrected and read again"
    )]
    Report,
    /// Two columns have the heading that is mapped to a field.
    #[error("{first} and {second} are the same heading. Say which one, with {}", answers.join(" or "))]
    SameHeading {
        /// One heading with its cell.
        first: String,
        /// The other one.
        second: String,
        /// Options that map one of them, ready to copy.
        answers: Vec<String>,
    },
    /// Two headings are mapped to one field.
    #[error("{first} and {second} are both mapped to {field}. Map one of them only", field = field.name())]
    Twice {
        /// The field.
        field: Field,
        /// One heading with its cell.
        first: String,
        /// The other one.
        second: String,
    },
    /// A heading that was to be mapped is not in the sheet.
    #[error(
        "--map names the heading “{}”, which the sheet does not have; it has: {headings}",
        heading_shown(heading)
    )]
    NotThere {
        /// The heading asked for.
        heading: String,
        /// The headings that were found.
        headings: String,
    },
    /// A heading is mapped to two fields.
    #[error(
        "“{}” is mapped to {first} and to {second}. Map it to one of them",
        heading_shown(heading)
    )]
    MappedTwice {
        /// The heading.
        heading: String,
        /// One field.
        first: Mapped,
        /// The other one.
        second: Mapped,
    },
}

fn join(questions: &[Question]) -> String {
    let lines = questions.iter().map(Question::to_string);
    let shared = SharedAnswer::among(questions);
    let lines: Vec<String> = lines
        .chain(shared.iter().map(SharedAnswer::to_string))
        .collect();
    lines.join("\n")
}

/// Writes `--map 'HEADING=FIELD'`, as a shell takes it; behind an equals sign where the heading would be taken for a flag.
pub(super) fn map_flag(heading: &str, mapped: impl fmt::Display) -> String {
    let entry = format!("{}={mapped}", heading.trim());
    let between = if entry.starts_with('-') { '=' } else { ' ' };
    format!("--map{between}{}", shell_word(&entry))
}

/// The flag that leaves a column out, by its name in flags: of a sheet among several, which is named, of it alone.
pub(crate) fn leave_out_flag(name: &str, sheet: Option<&str>) -> String {
    match sheet {
        Some(sheet) => map_flag(&behind_sheet(sheet, name), Mapped::LeftOut),
        None => map_flag(name, Mapped::LeftOut),
    }
}

/// Returns true if headings look like data: a row that was taken for them may contain a password.
pub(crate) fn are_like_data<'h>(headings: impl IntoIterator<Item = &'h str>) -> bool {
    headings.into_iter().any(is_no_heading)
}

/// Lists all headings, unless they look like data.
pub(super) fn listed(headings: &[String]) -> String {
    if are_like_data(headings.iter().map(String::as_str)) {
        return format!("{NOT_SHOWN}, for they look like data");
    }
    let shown: Vec<_> = headings
        .iter()
        .map(|heading| heading_shown(heading.trim()))
        .filter(|heading| !heading.is_empty())
        .collect();
    shown.join(", ")
}
