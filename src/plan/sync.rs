//! Mode sync: the extensions that no row names.

use super::remote::{LOOK_AND_RUN_AGAIN, RemoteState, not_shown};
use crate::input::InputRows;
use crate::model::{
    Action, Change, Field, Finding, Outcome, PlannedRow, Record, RowResult, RuleId,
};
use crate::rim::{Failure, TargetSession};
use crate::wire::MAY_BE_INCOMPLETE;
use std::collections::{BTreeMap, BTreeSet};

/// The extensions that no row names, as deletions, for mode sync. A row that is invalid still names its extension.
pub(crate) fn unnamed(
    rows: &InputRows,
    remote: &RemoteState,
    session: &TargetSession<'_>,
) -> Result<Vec<PlannedRow>, Failure> {
    if !remote.complete {
        return Err(Failure::guard(format!(
            "{}: {MAY_BE_INCOMPLETE}, so nothing is deleted by it",
            session.target().label
        ))
        .hint("use --mode upsert, and delete by a sheet: rowcall delete SHEET --from TARGET"));
    }
    let named: BTreeSet<&str> = rows.rows.iter().map(|row| row.wanted.number()).collect();
    let unnamed: Vec<String> = remote
        .numbers
        .iter()
        .filter(|number| !named.contains(number.as_str()))
        .cloned()
        .collect();
    let nobody = (0..rows.rows.len()).find(|index| names_nobody(rows, remote, *index));
    if let Some(index) = nobody.filter(|_| !unnamed.is_empty()) {
        let place = rows.rows[index].place.clone();
        let kept = unnamed.into_iter().map(|number| {
            PlannedRow::without_change(Outcome {
                number,
                code: "sync.kept".into(),
                message: format!(
                    "not deleted, because it may be the one that {place} means: that row's number cannot be used"
                ),
                hint: "correct the row, then run it again".into(),
                ..Outcome::new(Action::Delete, RowResult::Held)
            })
        });
        return Ok(kept.collect());
    }
    let (spelled, unnamed) = other_spellings(&named, remote, unnamed);
    let mut lookups = session.look_up_each(&unnamed)?;
    // Nobody has said that these are gone: the PBX has listed them just now.
    let is_silent = |number: &&String| {
        !lookups.found.contains_key(*number) && !lookups.unread.contains_key(*number)
    };
    let noun = session.target().noun();
    let silent = unnamed.iter().filter(is_silent);
    let silent: Vec<_> = silent
        .map(|number| (number.clone(), not_shown(noun)))
        .collect();
    lookups.unread.extend(silent);
    let unread = lookups.unread.into_iter().map(|(number, fault)| {
        PlannedRow::without_change(Outcome {
            number,
            code: fault.code.to_string(),
            message: format!("not deleted, because it could not be read: {}", fault),
            hint: LOOK_AND_RUN_AGAIN.into(),
            ..Outcome::new(Action::Delete, RowResult::Unknown)
        })
    });
    let deletions = lookups
        .found
        .into_iter()
        .enumerate()
        .map(|(index, (number, before))| {
            let line = Outcome {
                number: number.clone(),
                ..Outcome::new(Action::Delete, RowResult::NotSent)
            };
            if let Some(kept) = remote.in_use(&number, line.clone()) {
                return kept;
            }
            let change = Change {
                row: rows.rows.len() + index,
                action: Action::Delete,
                wanted: before.key_only(),
                number,
                before: Some(before.hiding(&Record::default())),
            };
            PlannedRow::to_send(line, change)
        });
    Ok(deletions.chain(unread).chain(spelled).collect())
}

/// Divides the extensions that no row names: those that may be the ones of rows under another spelling, and the others.
fn other_spellings(
    named: &BTreeSet<&str>,
    remote: &RemoteState,
    unnamed: Vec<String>,
) -> (Vec<PlannedRow>, Vec<String>) {
    let missing = named.iter().filter(|number| {
        let known = remote.numbers.contains(**number);
        !known && !number.is_empty()
    });
    let missing: BTreeMap<String, &str> =
        missing.map(|number| (spelling(number), *number)).collect();
    let (mut kept, mut others) = (vec![], vec![]);
    for number in unnamed {
        match missing.get(&spelling(&number)) {
            None => others.push(number),
            Some(row) => kept.push(PlannedRow::without_change(Outcome {
                code: "sync.kept".into(),
                message: format!(
                    "not deleted, because it may be the one that the sheet calls {row:?}"
                ),
                hint: "write the number as the PBX does, or delete it: rowcall delete SHEET --from TARGET"
                    .into(),
                number,
                ..Outcome::new(Action::Delete, RowResult::Held)
            })),
        }
    }
    (kept, others)
}

/// A number without the parts that a PBX may drop or change: blanks, leading zeros, and case.
fn spelling(number: &str) -> String {
    let letters = number.chars().filter(|c| !c.is_whitespace());
    let text: String = letters.flat_map(char::to_lowercase).collect();
    match text.trim_start_matches('0') {
        "" => "0".to_owned(),
        significant => significant.to_owned(),
    }
}

/// Returns true if a row is so wrong that it may mean any extension.
fn names_nobody(rows: &InputRows, remote: &RemoteState, index: usize) -> bool {
    let row = &rows.rows[index];
    // A word that the PBX reserves names no extension that could be deleted.
    let wrong_key = |finding: &Finding| {
        let about_key = finding.field.is_none_or(Field::is_key);
        finding.is_error() && about_key && finding.rule.kind() != RuleId::RESERVED
    };
    row.findings.iter().any(wrong_key) && !remote.numbers.contains(row.wanted.number())
}
