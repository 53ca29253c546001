//! The lines of an undo for one row each: put back, as it was before the run, or left alone.

use crate::model::{Action, Change, Field, Outcome, PlannedRow, Record, RowResult, field_names};

/// The code of a row that is put back except for fields that the vendor does not give back.
const PARTIAL: &str = "undo.partial";

/// The code of a row of which nothing is left that can be put back.
pub(super) const LOST: &str = "undo.lost";

/// The action that undoes another.
pub(super) fn opposite(action: Action) -> Action {
    match action {
        Action::Create => Action::Delete,
        Action::Delete => Action::Create,
        Action::Update | Action::None => action,
    }
}

/// A line for an extension that is as it was before the run.
pub(super) fn already_as_before(change: &Change, action: Action) -> PlannedRow {
    let outcome = Outcome {
        number: change.number.clone(),
        message: "it is as it was before the run".into(),
        ..Outcome::new(action, RowResult::Unchanged)
    };
    PlannedRow::without_change(outcome)
}

/// A line for an extension that is left alone.
pub(super) fn not_reverted(
    change: &Change,
    result: RowResult,
    code: &str,
    field: Option<Field>,
    message: String,
    hint: &str,
) -> PlannedRow {
    let outcome = Outcome {
        number: change.present_number().to_owned(),
        code: code.into(),
        field,
        message,
        hint: hint.into(),
        ..Outcome::new(opposite(change.action), result)
    };
    PlannedRow::without_change(outcome)
}

/// The same outcome, with the `lost` fields as its reason.
pub(super) fn without_lost(code: &str, lost: &[Field], outcome: Outcome) -> Outcome {
    Outcome {
        code: code.into(),
        field: lost.first().copied(),
        message: format!(
            "cannot be put back, because the vendor does not give it back: {}",
            field_names(lost)
        ),
        hint: "set it by hand, or import it from a sheet".into(),
        ..outcome
    }
}

/// A line for an extension that is put back except for the `lost` fields.
pub(super) fn revert_row(
    change: &Change,
    action: Action,
    wanted: Record,
    now: Option<&Record>,
    lost: &[Field],
) -> PlannedRow {
    let number = wanted.number().to_owned();
    let mut line = Outcome {
        number: number.clone(),
        ..Outcome::new(action, RowResult::NotSent)
    };
    if !lost.is_empty() {
        line = without_lost(PARTIAL, lost, line);
    }
    let inverse = Change {
        row: change.row,
        action,
        number,
        wanted: change.hiding(wanted),
        before: now.cloned(),
    };
    PlannedRow {
        not_restorable: lost.to_vec(),
        ..PlannedRow::to_send(line, inverse)
    }
}

/// The line of an extension that was open before the run, and that an undo leaves closed.
pub(super) fn kept_closed(row: PlannedRow) -> PlannedRow {
    let outcome = Outcome {
        message: "stays closed: before the run anyone could sign in without a password, and the one that the run set stays".into(),
        hint: "take the password away on the PBX if it is to be open".into(),
        ..row.outcome
    };
    PlannedRow { outcome, ..row }
}

/// The line of an extension that was open and is gone: an undo does not make it again.
pub(super) fn not_opened(change: &Change) -> PlannedRow {
    let message = "not made again, because it had no SIP password: anyone could sign in";
    let hint = "make it again from a sheet, with a SIP password";
    let field = Some(Field::SIP_PASSWORD);
    not_reverted(
        change,
        RowResult::Differs,
        LOST,
        field,
        message.into(),
        hint,
    )
}
