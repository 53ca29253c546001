//! The questions about headings whose meaning is not certain.

use super::questions::ended;
use crate::columns::{ColumnReading, Mapped, Saved};
use crate::model::redact::{heading_shown, quoted};
use crate::model::{Field, heading_key};
use crate::rim::Failure;
use crate::rim::terminal::{ask_until, print};

/// Asks for the meaning of every column that is not certain, and once for all that are not understood; returns what was
/// answered.
pub(super) fn answers(
    columns: &[(String, &ColumnReading)],
) -> Result<Vec<(String, Mapped)>, Failure> {
    let mut answers: Vec<(String, Mapped)> = vec![];
    let is_new = |answers: &[(String, Mapped)], heading: &str| {
        let key = heading_key(heading);
        answers.iter().all(|(known, _)| heading_key(known) != key)
    };
    for (heading, column) in columns {
        let Saved::Asked(choices) = &column.saved else {
            continue;
        };
        if !is_new(&answers, heading) {
            continue;
        }
        let fields = choices.iter().filter_map(|choice| choice.field());
        let names: Vec<&str> = fields.map(Field::name).collect();
        let question = format!(
            "“{}” means ({}, or another field; - leaves it out)",
            heading_shown(heading),
            names.join(", ")
        );
        let mapped = ask_until(&question, "", Mapped::parse).ok_or_else(ended)?;
        answers.push((heading.to_owned(), mapped));
    }
    let mut strange: Vec<(String, Mapped)> = vec![];
    for (heading, column) in columns {
        if column.saved == Saved::NotUnderstood && is_new(&strange, heading) {
            strange.push((heading.to_owned(), Mapped::LeftOut));
        }
    }
    if strange.is_empty() {
        return Ok(answers);
    }
    let headings: Vec<String> = strange
        .iter()
        .map(|(heading, _)| format!("“{}”", heading_shown(heading)))
        .collect();
    print(format!(
        "{}: not understood, and left out unless you give a meaning",
        headings.join(", ")
    ));
    let mut give_meaning = |answer: &str| -> Result<bool, String> {
        if answer.is_empty() {
            return Ok(true);
        }
        let (heading, name) = answer.rsplit_once('=').ok_or("write HEADING=FIELD")?;
        let (key, mapped) = (heading_key(heading), Mapped::parse(name)?);
        let mut known = strange.iter_mut();
        match known.find(|(known, _)| heading_key(known) == key) {
            Some((_, meaning)) => *meaning = mapped,
            None => {
                let heading = quoted(heading);
                return Err(format!("{heading} is none of these headings"));
            }
        }
        Ok(false)
    };
    loop {
        let is_last = ask_until(
            "Enter leaves them out; or give one a meaning, as HEADING=FIELD, for example Mobil=mobile",
            "",
            &mut give_meaning,
        );
        if is_last.ok_or_else(ended)? {
            break;
        }
    }
    answers.extend(strange);
    Ok(answers)
}
