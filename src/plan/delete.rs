//! The plan of a deletion: the extensions that rows name, as far as they are there.

use super::Plan;
use super::remote::RemoteState;
use crate::columns::ReasonToStay;
use crate::input::{InputRow, InputRows};
use crate::model::redact::quoted;
use crate::model::{Action, Change, Field, Outcome, PlannedRow, Record, RowResult, counted};
use crate::rim::{Failure, TargetSession};
use std::collections::BTreeSet;

/// Plans to remove every extension that a valid row names.
///
/// # Errors
/// Exit 3 where the PBX cannot be read.
pub(crate) fn plan_deletions(
    rows: &InputRows,
    session: &TargetSession<'_>,
) -> Result<Plan, Failure> {
    let mut remote = RemoteState::fetch(session, named(rows))?;
    let left = left_in_parts(rows, session, &remote)?;
    let to_delete = |remote: &RemoteState, row: usize, input: &InputRow, before: Option<Record>| {
        let number = input.wanted.number();
        let change = Change {
            row,
            action: Action::Delete,
            number: number.to_owned(),
            wanted: input.wanted.key_only(),
            before,
        };
        let line = delete_line(rows, row);
        let kept = remote.in_use(number, line.clone());
        kept.unwrap_or_else(|| PlannedRow::to_send(line, change))
    };
    let mut planned = vec![];
    let mut others = vec![];
    for (row, input) in rows.rows.iter().enumerate() {
        let number = input.wanted.number();
        planned.push(if !input.is_valid() {
            PlannedRow::without_change(rows.outcome(row, Action::None, RowResult::Invalid))
        } else if let Some(stays) = input.stays {
            let mut outcome = rows.outcome(row, Action::None, RowResult::Unchanged);
            outcome.message = stays.message().to_owned();
            PlannedRow::without_change(outcome)
        } else if let Some(before) = remote.extensions.remove(number) {
            let mut before = before.hiding(&input.wanted);
            before.hide(&rows.secrets);
            others.extend(named_otherwise(input, &before));
            to_delete(&remote, row, input, Some(before))
        } else if let Some(unread) = remote.unread_row(number, &delete_line(rows, row)) {
            unread
        } else if left.contains(number) {
            to_delete(&remote, row, input, None)
        } else {
            let mut outcome = rows.outcome(row, Action::Delete, RowResult::Unchanged);
            outcome.message = format!("the PBX has no such {}", session.target().noun());
            PlannedRow::without_change(outcome)
        });
    }
    let mut plan = Plan::new(rows, planned).with_remote(remote);
    plan.notes.extend(note_left(left.len() as u64));
    plan.notes.extend(note_not_asked(rows));
    plan.notes.extend(note_others(others));
    Ok(plan)
}

/// The numbers of the rows that are to be deleted.
fn named(rows: &InputRows) -> impl Iterator<Item = &str> {
    let valid = (rows.rows.iter()).filter(|row| row.is_valid() && row.stays.is_none());
    valid.map(|row| row.wanted.number())
}

/// The numbers that have no extension any more, and parts of one, as a deletion that was refused leaves them. Parts that may
/// belong to something else show no field.
fn left_in_parts(
    rows: &InputRows,
    session: &TargetSession<'_>,
    remote: &RemoteState,
) -> Result<BTreeSet<String>, Failure> {
    let gone = named(rows).filter(|number| {
        !remote.extensions.contains_key(*number) && remote.unread(number).is_none()
    });
    let gone: BTreeSet<String> = gone.map(str::to_owned).collect();
    let parts = session.fetch_parts(&gone.into_iter().collect::<Vec<_>>())?;
    let parts = parts
        .into_iter()
        .filter(|(_, part)| part.iter().any(|(field, _)| !field.is_key()));
    Ok(parts.map(|(number, _)| number).collect())
}

/// Tells of the extensions of which parts alone are left.
fn note_left(count: u64) -> Option<String> {
    (count > 0).then(|| {
        format!(
            "of {} only parts are left on the PBX: they are removed",
            counted(count, "extension")
        )
    })
}

/// The most extensions of another person that are named.
const OTHERS_MAX: usize = 5;

/// Warns of extensions that the sheet has with another person's name, or e-mail address, than the PBX.
fn note_others(mut others: Vec<String>) -> Option<String> {
    let count = others.len();
    let more = count.saturating_sub(OTHERS_MAX);
    others.truncate(OTHERS_MAX);
    if more > 0 {
        others.push(format!("and {more} more"));
    }
    (count > 0).then(|| {
        format!(
            "warning: {} of another person than in the sheet: {}",
            counted(count as u64, "extension"),
            others.join("; ")
        )
    })
}

/// Both names of an extension, or both e-mail addresses, where the sheet's is another person's than the PBX's. A name of
/// digits alone is a number.
fn named_otherwise(input: &InputRow, there: &Record) -> Option<String> {
    let number = input.wanted.number();
    let name = |record: &Record| {
        let fields = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME];
        let parts: Vec<&str> = fields
            .iter()
            .filter_map(|field| record.text(*field))
            .collect();
        parts.join(" ")
    };
    let words = |name: &str| -> BTreeSet<String> {
        let words = name.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|word| word.contains(char::is_alphabetic));
        words.map(str::to_lowercase).collect()
    };
    let email = |record: &Record| record.text(Field::EMAIL).unwrap_or_default().to_owned();
    let are_other = |one: &str, two: &str| {
        let (one, two) = (words(one), words(two));
        (!one.is_empty() && !two.is_empty()).then(|| one.is_disjoint(&two))
    };
    let local = |email: &str| email.split('@').next().unwrap_or_default().to_owned();
    let names = (name(&input.wanted), name(there));
    let emails = (email(&input.wanted), email(there));
    let (sheets, pbxs) = match are_other(&names.0, &names.1) {
        Some(true) => names,
        Some(false) => return None,
        None if are_other(&local(&emails.0), &local(&emails.1)) == Some(true) => emails,
        None => return None,
    };
    Some(format!(
        "{number} is {} in the sheet and {} on the PBX",
        quoted(&sheets),
        quoted(&pbxs)
    ))
}

/// The line of a row while nothing is sent.
fn delete_line(rows: &InputRows, row: usize) -> Outcome {
    rows.outcome(row, Action::Delete, RowResult::NotSent)
}

/// Counts the rows that stay because their cell for the action is blank.
fn note_not_asked(rows: &InputRows) -> Option<String> {
    let is_not_asked =
        |row: &&InputRow| row.is_valid() && row.stays == Some(ReasonToStay::NotAsked);
    let count = rows.rows.iter().filter(is_not_asked).count() as u64;
    (count > 0).then(|| {
        format!(
            "{} without a word in the column for the action: not deleted",
            counted(count, "row")
        )
    })
}
