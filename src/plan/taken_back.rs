//! Rows of a run that are no longer its own: undos took them back, or another run has made their extension anew.

use crate::model::{Outcome, PlannedRow, RowResult};
use std::collections::BTreeMap;

/// Extensions of a run that other runs have made anew, renamed or deleted since it wrote to them.
#[derive(Debug, Default)]
pub(crate) struct MadeSince {
    /// By the numbers under which something else is to be found now, or may be.
    pub(crate) anew: BTreeMap<String, MadeAnew>,
}

/// The way in which a run, whose name it has, took an extension away from its number, or gave the number to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MadeAnew {
    Created(String),
    Renamed(String),
    /// It made one, and nobody knows if it was before or after.
    Unordered(String),
    Deleted(String),
    GivenNumber {
        run: String,
        number: String,
    },
}

impl MadeAnew {
    /// The words for the extension.
    pub(crate) fn words(&self) -> String {
        match self {
            MadeAnew::Created(run) => {
                format!("run {run} has made it anew since; rowcall did not change it")
            }
            MadeAnew::Renamed(run) => format!(
                "run {run} has given its number to another one since; rowcall did not change it"
            ),
            MadeAnew::Unordered(run) => format!(
                "run {run} may have made it anew since: the clock was set back, so nobody knows which run was the last; rowcall did not change it"
            ),
            MadeAnew::Deleted(run) => format!(
                "run {run} has deleted it since, and another one has its number now; rowcall did not change that one"
            ),
            MadeAnew::GivenNumber { run, number } => format!(
                "run {run} has given it the number {number} since; rowcall did not change it"
            ),
        }
    }

    /// The next step.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            MadeAnew::Deleted(_) => "delete that one from a sheet, if it is to go",
            _ => "undo the newer run first, if it is to go",
        }
    }
}

/// A row that an undo has taken back.
pub(crate) struct TakenBackRow {
    /// The undo's name.
    pub(crate) undo: String,
    pub(crate) line: Outcome,
}

/// Returns true if a line of an undo says that its row is as it was before the run, as far as it can be.
pub(crate) fn is_taken_back(line: &Outcome) -> bool {
    line.result.is_done() || line.restored_in_part
}

/// A line for an extension that an earlier undo took back.
pub(super) fn already_taken_back(row: &TakenBackRow) -> PlannedRow {
    let line = Outcome::new(row.line.action, RowResult::Unchanged);
    let outcome = Outcome {
        number: row.line.number.clone(),
        message: format!("run {} has taken it back", row.undo),
        ..line
    };
    PlannedRow::without_change(match row.line.result {
        RowResult::Differs => Outcome {
            result: RowResult::Differs,
            code: row.line.code.clone(),
            field: row.line.field,
            message: row.line.message.clone(),
            hint: row.line.hint.clone(),
            restored_in_part: row.line.restored_in_part,
            ..outcome
        },
        _ => outcome,
    })
}
