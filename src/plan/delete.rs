//! The plan of a deletion: the extensions that rows name, as far as they are there.

use super::Plan;
use super::remote::RemoteState;
use crate::columns::Stays;
use crate::input::{InputRow, InputRows};
use crate::model::counted;
use crate::model::{Action, Change, Outcome, PlannedRow, RowResult};
use crate::rim::{Failure, TargetSession};

/// Plans to remove every extension that a valid row names.
///
/// # Errors
/// Exit 3 where the PBX cannot be read.
pub(crate) fn plan_deletions(
    rows: &InputRows,
    session: &TargetSession<'_>,
) -> Result<Plan, Failure> {
    let named = (rows.rows.iter()).filter(|row| row.is_valid() && row.stays.is_none());
    let named = named.map(|row| row.wanted.number());
    let mut remote = RemoteState::fetch(session, named)?;
    let mut planned = vec![];
    for (row, input) in rows.rows.iter().enumerate() {
        let number = input.wanted.number();
        planned.push(if !input.is_valid() {
            PlannedRow::without_change(rows.outcome(row, Action::None, RowResult::Invalid))
        } else if let Some(stays) = input.stays {
            let mut outcome = rows.outcome(row, Action::None, RowResult::Unchanged);
            outcome.message = stays.message().to_owned();
            PlannedRow::without_change(outcome)
        } else if let Some(before) = remote.extensions.remove(number) {
            let change = Change {
                row,
                action: Action::Delete,
                number: number.to_owned(),
                wanted: input.wanted.key_only(),
                before: Some(before.hiding(&input.wanted)),
            };
            let line = delete_line(rows, row);
            let kept = remote.in_use(number, line.clone());
            kept.unwrap_or_else(|| PlannedRow::to_send(line, change))
        } else if let Some(unread) = remote.unread_row(number, &delete_line(rows, row)) {
            unread
        } else {
            let mut outcome = rows.outcome(row, Action::Delete, RowResult::Unchanged);
            outcome.message = format!("the PBX has no such {}", session.target().noun());
            PlannedRow::without_change(outcome)
        });
    }
    let mut plan = Plan::new(rows, planned).against(remote);
    plan.notes.extend(note_not_asked(rows));
    Ok(plan)
}

/// The line of a row while nothing is sent.
fn delete_line(rows: &InputRows, row: usize) -> Outcome {
    rows.outcome(row, Action::Delete, RowResult::NotSent)
}

/// Counts the rows that stay because their cell for the action is blank.
fn note_not_asked(rows: &InputRows) -> Option<String> {
    let is_not_asked = |row: &&InputRow| row.is_valid() && row.stays == Some(Stays::NotAsked);
    let count = rows.rows.iter().filter(is_not_asked).count() as u64;
    (count > 0).then(|| {
        format!(
            "{} without a word in the column for the action: not deleted",
            counted(count, "row")
        )
    })
}
