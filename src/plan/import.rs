//! The plan of an import: every row decided, and in mode sync the extensions that no row names.

use super::decide::ComparedRow;
use super::dependents::block_dependents;
use super::remote::RemoteState;
use super::sync::unnamed;
use super::{Plan, Refusal};
use crate::input::{InputRow, InputRows};
use crate::model::{Action, Field, Mode, Outcome, PlannedRow, RowResult};
use crate::rim::{Failure, TargetSession};

/// Fetches the records on the PBX, checks the rows again with them, and decides each of them, in mode sync also every
/// extension that no row names. With `rewrite_secrets` values that cannot be read back are written again, though they
/// are remembered as written.
///
/// # Errors
/// The PBX cannot be read, the extensions to delete cannot be known, or `all_or_nothing` and some row is invalid.
pub(crate) fn plan_import(
    rows: &mut InputRows,
    mode: Mode,
    all_or_nothing: bool,
    rewrite_secrets: bool,
    session: &TargetSession<'_>,
) -> Result<Plan, Refusal> {
    let mut remote = RemoteState::fetch(session, rows.numbers())?;
    let unclear = rows.keep_halves(session.manifest(), &remote.extensions);
    remote.hide_secrets(rows.rows.iter().map(|row| &row.wanted), &rows.secrets);
    remote.check(rows, mode, session)?;
    rows.refuse_halves(&unclear, session.manifest());
    if all_or_nothing && !rows.all_valid() {
        return Err(Refusal::all_or_nothing("correct the invalid rows"));
    }
    let planned = planned(rows, &remote, mode, rewrite_secrets, session)?;
    Ok(Plan::new(rows, planned).with_remote(remote))
}

fn planned(
    rows: &InputRows,
    remote: &RemoteState,
    mode: Mode,
    rewrite_secrets: bool,
    session: &TargetSession<'_>,
) -> Result<Vec<PlannedRow>, Failure> {
    let manifest = session.manifest();
    let mut planned = vec![];
    for (index, row) in rows.rows.iter().enumerate() {
        if !row.is_valid() {
            let outcome = rows.outcome(index, Action::None, RowResult::Invalid);
            planned.push(PlannedRow::without_change(outcome));
            continue;
        }
        let known = remote.extensions.get(row.wanted.number());
        let line = rows.outcome(index, Action::None, RowResult::NotSent);
        if let Some(unread) = remote.unread_row(row.wanted.number(), &line) {
            planned.push(unread);
            continue;
        }
        let column = |field| rows.heading(index, field, None);
        if let Some(holder) = holder_of_new_number(rows, remote, index) {
            planned.push(PlannedRow::without_change(Outcome {
                result: RowResult::Conflict,
                code: "new_number.taken".into(),
                field: Some(Field::NEW_NUMBER),
                column: column(Some(Field::NEW_NUMBER)),
                message: format!("its new number is taken by {holder}"),
                hint: "give it a number that is free, or rename the other one first".into(),
                ..line
            }));
            continue;
        }
        let is_written = |field| {
            let text = row.wanted.get(field).unwrap_or_default();
            !rewrite_secrets
                && known.is_some_and(|current| session.was_written(current, field, text))
        };
        let anew = known.is_none().then(|| rows.wanted_anew(index));
        let wanted = anew.as_ref().unwrap_or(&row.wanted);
        let row = ComparedRow {
            manifest,
            wanted,
            current: known,
            is_written: &is_written,
        };
        planned.push(row.planned(row.decide(mode, index), line, &column));
    }
    block_dependents(remote, &mut planned, &rows.headings());
    if mode == Mode::Sync {
        planned.extend(unnamed(rows, remote, session)?);
    }
    Ok(planned)
}

/// Finds the extension or row that already has the new number which a row asks for; `None` where it is free.
fn holder_of_new_number(rows: &InputRows, remote: &RemoteState, index: usize) -> Option<String> {
    let wanted = &rows.rows.get(index)?.wanted;
    let new_number = wanted.text(Field::NEW_NUMBER)?;
    let is_rename = !new_number.is_empty() && new_number != wanted.number();
    if !is_rename || !remote.extensions.contains_key(wanted.number()) {
        return None;
    }
    if remote.numbers.contains(new_number) {
        return Some(format!("extension {new_number} on the PBX"));
    }
    let is_other = |(other, row): &(usize, &InputRow)| {
        let wanted = &row.wanted;
        let numbers = [Some(wanted.number()), wanted.text(Field::NEW_NUMBER)];
        *other != index && !row.is_taken_out && numbers.contains(&Some(new_number))
    };
    let (_, row) = rows.rows.iter().enumerate().find(is_other)?;
    Some(format!("row {} too", row.place))
}
