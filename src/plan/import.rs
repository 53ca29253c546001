//! The plan of an import: every row decided, and in mode sync what no row names.

use super::decide::{Mode, decide, planned_row};
use super::dependents::block_dependents;
use super::remote::RemoteState;
use super::sync::unnamed;
use super::{Plan, Refusal};
use crate::input::Rows;
use crate::model::{Action, PlannedRow, RowResult};
use crate::rim::{Failure, TargetSession};

/// Fetches what the PBX holds, checks the rows again by that, and decides each of them, in mode sync also every
/// extension that no row names. With `rewrite_secrets` what cannot be read back is written again, though it is
/// remembered that it was.
///
/// # Errors
/// The PBX does not tell what it holds, what is to be deleted cannot be known, or `all_or_nothing` and some row is
/// invalid.
pub(crate) fn plan_import(
    rows: &mut Rows,
    mode: Mode,
    all_or_nothing: bool,
    rewrite_secrets: bool,
    session: &TargetSession<'_>,
) -> Result<Plan, Refusal> {
    let remote = RemoteState::fetch(session, rows.numbers())?;
    remote.check(rows, mode, session)?;
    if all_or_nothing && !rows.all_valid() {
        return Err(Refusal::all_or_nothing("mend the invalid rows"));
    }
    let planned = planned(rows, &remote, mode, rewrite_secrets, session)?;
    Ok(Plan::new(rows, planned).against(remote))
}

fn planned(
    rows: &Rows,
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
            planned.push(PlannedRow::settled(outcome));
            continue;
        }
        let known = remote.extensions.get(row.wanted.number());
        let line = rows.outcome(index, Action::None, RowResult::NotSent);
        if let Some(unread) = remote.unread_row(row.wanted.number(), &line) {
            planned.push(unread);
            continue;
        }
        let column = |field| rows.heading(index, field, None);
        let is_written = |field| {
            let text = row.wanted.get(field).unwrap_or_default();
            !rewrite_secrets && known.is_some_and(|held| session.vouches(held, field, text))
        };
        let decision = decide(manifest, mode, index, &row.wanted, known, &is_written);
        planned.push(planned_row(
            line,
            &column,
            &row.wanted,
            decision,
            known,
            manifest,
            &is_written,
        ));
    }
    block_dependents(remote, &mut planned, &rows.headings());
    if mode == Mode::Sync {
        planned.extend(unnamed(rows, remote, session)?);
    }
    Ok(planned)
}
