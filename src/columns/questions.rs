//! The obstacles to reading a sheet: mistakes in options, and questions that only the sheet's owner can answer.

use super::map::{ColumnReading, Mapped};
use crate::model::redact::NOT_SHOWN;
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
        "--map names the heading “{heading}”, which the sheet does not have; it has: {headings}"
    )]
    NotThere {
        /// The heading asked for.
        heading: String,
        /// The headings that were found.
        headings: String,
    },
    /// A heading is mapped to two fields.
    #[error("“{heading}” is mapped to {first} and to {second}. Map it to one of them")]
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
    let lines: Vec<String> = questions.iter().map(Question::to_string).collect();
    lines.join("\n")
}

/// Writes `--map 'HEADING=FIELD'`, as a shell takes it.
pub(super) fn map_flag(heading: &str, mapped: impl fmt::Display) -> String {
    let entry = format!("{}={mapped}", heading.trim());
    format!("--map {}", shell_word(&entry))
}

/// The flag that leaves a column out.
pub(crate) fn leave_out_flag(heading: &str) -> String {
    map_flag(heading, Mapped::LeftOut)
}

/// Lists all headings, unless they look like data: a row that was taken for headings may contain a password.
pub(super) fn listed(headings: &[String]) -> String {
    if headings.iter().any(|heading| is_no_heading(heading)) {
        return format!("{NOT_SHOWN}, for they look like data");
    }
    let shown: Vec<&str> = headings
        .iter()
        .map(|heading| heading.trim())
        .filter(|heading| !heading.is_empty())
        .collect();
    shown.join(", ")
}
