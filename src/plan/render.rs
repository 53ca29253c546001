//! A plan as text.

use crate::compare::uncomparable;
use crate::manifest::Manifest;
use crate::model::redact::changed;
use crate::model::{Action, Change, Field, Kind, PlannedRow, RowResult, Text};
use crate::sheet::GENERATE;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Renders planned rows field by field, with counts at the end.
pub(crate) fn text(planned: &[PlannedRow], manifest: &Manifest) -> String {
    let mut text = String::new();
    for row in planned {
        let outcome = &row.outcome;
        let word = match &row.change {
            Some(change) => change.action.word(),
            None => outcome.result.word(),
        };
        let _ = write!(text, "{word} {}", outcome.number);
        if let Some(place) = &outcome.place {
            let _ = write!(text, " ({place})");
        }
        match &row.change {
            None if !outcome.message.is_empty() => {
                let _ = writeln!(text, ": {}", outcome.message);
            }
            None => text.push('\n'),
            Some(change) => {
                text.push('\n');
                let unseen: BTreeSet<Field> =
                    uncomparable(manifest, &change.wanted).into_iter().collect();
                for field in change.fields() {
                    let is_whole = manifest.row(field).is_some_and(|row| row.replaced_whole);
                    let words = change_of(field, change, unseen.contains(&field), is_whole);
                    let _ = writeln!(text, "    {}: {words}", field.name());
                }
            }
        }
    }
    let of_action = |action| {
        let changes = planned.iter().filter_map(|row| row.change.as_ref());
        changes.filter(|change| change.action == action).count()
    };
    let of_result = |result| {
        let settled = planned.iter().filter(|row| row.change.is_none());
        settled.filter(|row| row.outcome.result == result).count()
    };
    let _ = write!(
        text,
        "{} to create, {} to update, {} unchanged, {} conflict, {} missing, {} invalid, {} to delete",
        of_action(Action::Create),
        of_action(Action::Update),
        of_result(RowResult::Unchanged),
        of_result(RowResult::Conflict),
        of_result(RowResult::Missing),
        of_result(RowResult::Invalid),
        of_action(Action::Delete)
    );
    match of_result(RowResult::Held) {
        0 => text.push('\n'),
        held => {
            let _ = writeln!(text, ", {held} held");
        }
    }
    text
}

/// A change of one field in words; of a secret only that it changes.
fn change_of(field: Field, change: &Change, unseen: bool, is_whole: bool) -> String {
    let held = change.before.as_ref().and_then(|held| held.get(field));
    let wanted = change.wanted.get(field).unwrap_or_default();
    let Some(wanted) = wanted.open() else {
        return match change.action {
            Action::Create if wanted == GENERATE => "generated".into(),
            action => changed(
                action != Action::Create || wanted.is_empty(),
                !wanted.is_empty(),
            )
            .into(),
        };
    };
    let held = held.and_then(Text::open).unwrap_or_default();
    match change.action {
        Action::Create => format!("{wanted:?}"),
        _ if unseen => format!("(not given back) → {wanted:?}"),
        // Present members stay.
        _ if field.def().kind == Kind::List
            && !is_whole
            && !wanted.is_empty()
            && !held.is_empty() =>
        {
            format!("{held:?} → with {wanted:?}")
        }
        _ => format!("{held:?} → {wanted:?}"),
    }
}
