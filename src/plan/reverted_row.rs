//! The lines of an undo for one row each: put back, as it was before the run, or left alone.

use super::taken_back::{MadeAnew, MadeSince};
use crate::manifest::Manifest;
use crate::model::{
    Action, Change, Field, Forward, Outcome, PlannedRow, Record, RowResult, field_names,
};

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

/// The line of a row's undo, without its change where another run has made the extension anew since. One that the run made
/// and that only has another number by now is not as before.
pub(super) fn unless_made_anew(
    row: &PlannedRow,
    planned: PlannedRow,
    made_since: &MadeSince,
) -> PlannedRow {
    let Some(change) = &row.change else {
        return planned;
    };
    let is_there = |inverse: &&Change| inverse.before.is_some();
    let inverse = planned.change.as_ref().filter(is_there);
    let made = inverse.and_then(|inverse| made_since.anew.get(&inverse.number));
    let is_gone = change.action == Action::Create && planned.change.is_none();
    let seems_undone = is_gone && planned.outcome.result == RowResult::Unchanged;
    let renamed = made_since.anew.get(change.present_number());
    let renamed = renamed.filter(|it| seems_undone && matches!(it, MadeAnew::GivenNumber { .. }));
    let Some(made) = made.or(renamed) else {
        return planned;
    };
    let (message, hint) = (made.words(), made.hint());
    not_reverted(change, RowResult::Drifted, "drifted", None, message, hint)
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

/// Takes out of what an undo would write the parts of forwards that were read and cannot be written: a switch that is
/// neither on nor off, no destination that could be told, and for one that is made anew a destination of which the word
/// alone was read. Returns these fields.
pub(super) fn take_out_unwritable(
    manifest: &Manifest,
    action: Action,
    wanted: &mut Record,
) -> Vec<Field> {
    let mut taken = vec![];
    for forward in Forward::all() {
        let has = |field: Field| manifest.row(field).is_some();
        let Some(row) = manifest
            .row(forward.to)
            .filter(|_| forward.is_word_alone(has))
        else {
            continue;
        };
        let switch = forward.switch.filter(|field| has(*field));
        let state = switch.and_then(|switch| wanted.text(switch));
        let is_no_state = state.is_some_and(|state| state != "on" && state != "off");
        let is_on = state == Some("on");
        let word = wanted.text(forward.to);
        let is_known = |word: &str| row.choices.iter().any(|choice| choice.value == word);
        let is_new = action == Action::Create;
        let leads_nowhere = match is_new {
            true => !word.is_some_and(is_known),
            false => word == Some(""),
        };
        if is_no_state || (is_new && is_on && leads_nowhere) {
            taken.extend(switch);
        }
        if leads_nowhere && word.is_some() {
            taken.push(forward.to);
        }
    }
    taken.iter().for_each(|field| wanted.remove(*field));
    taken
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

/// The same, where some of them are lost because they could not be read, and the others because they are `unwritable` as
/// they were read.
pub(super) fn revert_row_in_part(
    change: &Change,
    action: Action,
    wanted: Record,
    now: Option<&Record>,
    not_read: &[Field],
    unwritable: &[Field],
) -> PlannedRow {
    let lost = [not_read, unwritable].concat();
    let mut row = revert_row(change, action, wanted, now, &lost);
    let names = field_names(unwritable);
    if !unwritable.is_empty() {
        row.outcome.message = match not_read {
            [] => format!(
                "cannot be put back, because it was read in a form that cannot be written: {names}"
            ),
            not_read => format!(
                "cannot be put back, because the vendor does not give it back ({}), or because it was read in a form that cannot be written ({names})",
                field_names(not_read)
            ),
        };
        row.outcome.hint = "set it by hand on the PBX".into();
    }
    row
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

/// The line of an extension that is gone, and that cannot be made again without these fields.
pub(super) fn not_made_again(change: &Change, lost: &[Field]) -> PlannedRow {
    let message = format!(
        "cannot be made again, because the vendor does not give back what it takes: {}",
        field_names(lost)
    );
    let hint = "make it again from a sheet";
    let (differs, field) = (RowResult::Differs, lost.first().copied());
    not_reverted(change, differs, LOST, field, message, hint)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::vendor;

    #[test]
    fn a_switch_that_is_neither_on_nor_off_is_not_put_back_and_all_else_is() {
        let manifest = (vendor("yeastar_p").unwrap().manifest)();
        let (switch, to) = (Field::FORWARD_BUSY, Field::FORWARD_BUSY_TO);
        for (action, state, word, taken) in [
            (Action::Update, "on", "ivr", vec![]),
            (Action::Update, "off", "", vec![to]),
            (Action::Update, "external", "ivr", vec![switch]),
            (Action::Update, "differs", "", vec![switch, to]),
            (Action::Create, "on", "voicemail", vec![]),
            (Action::Create, "internal", "voicemail", vec![switch]),
            (Action::Create, "differs", "ivr", vec![switch, to]),
            (Action::Create, "on", "ivr", vec![switch, to]),
            (Action::Create, "off", "ivr", vec![to]),
        ] {
            let mut wanted = Record::numbered("1000");
            wanted.set(Field::FIRST_NAME, "Ann");
            wanted.set(switch, state);
            wanted.set(to, word);
            let before = wanted.clone();
            assert_eq!(take_out_unwritable(manifest, action, &mut wanted), taken);
            for (field, text) in before.iter() {
                let left = wanted.get(field);
                assert_eq!(left, Some(text).filter(|_| !taken.contains(&field)));
            }
        }
    }
}
