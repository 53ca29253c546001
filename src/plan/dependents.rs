//! Rows that refer to an extension which will not exist are held back.

use super::remote::RemoteState;
use crate::input::FieldHeadings;
use crate::model::{Action, Change, Outcome, PlannedRow, RowResult};
use crate::submit::order::{keeps_unnamed, kept_words, provides, references};
use std::collections::{BTreeMap, BTreeSet};

/// Holds back the rows that refer to an extension which the PBX does not have, where the row that names it is not sent
/// and no other row provides it.
pub(crate) fn block_dependents(
    remote: &RemoteState,
    planned: &mut [PlannedRow],
    headings: &FieldHeadings,
) {
    let brought: BTreeSet<&str> = planned
        .iter()
        .filter_map(|row| provides(row.change.as_ref()?))
        .collect();
    let lost: BTreeMap<String, RowResult> = planned
        .iter()
        .filter(|row| row.change.is_none() && !row.outcome.result.is_done())
        .map(|row| (row.outcome.reveal_number().to_owned(), row.outcome.result))
        .filter(|(number, _)| {
            !remote.numbers.contains(number) && !brought.contains(number.as_str())
        })
        .collect();
    let mut all: Vec<&mut PlannedRow> = planned.iter_mut().collect();
    block_rows(&mut all, lost, headings);
}

/// The changes of a run, or of a plan, that are not done, as far as others are held back for them.
#[derive(Default)]
pub(crate) struct FailedChanges {
    /// The extensions that will not exist, with the results of their rows.
    lost: BTreeMap<String, RowResult>,
    /// The first creation that may mean an extension which no row names: its number, its row, its result.
    open: Option<(String, usize, RowResult)>,
}

impl FailedChanges {
    /// Notes a change that ended with this result, and is not done.
    pub(crate) fn note(&mut self, change: &Change, result: RowResult) {
        if let Some(number) = provides(change) {
            self.lost.insert(number.to_owned(), result);
        }
        if keeps_unnamed(change.action, result) {
            self.open
                .get_or_insert_with(|| (change.number.clone(), change.row, result));
        }
    }

    /// Holds back the rows that depend on them; in a sync also the deletions of extensions that no row names. Returns the
    /// positions held back.
    pub(crate) fn hold_back(
        self,
        mut rows: Vec<&mut PlannedRow>,
        is_sync: bool,
        headings: &FieldHeadings,
    ) -> Vec<usize> {
        let mut held = block_rows(&mut rows, self.lost, headings);
        if let Some((number, row, result)) = self.open.filter(|_| is_sync) {
            held.extend(hold_unnamed(rows, (&number, row, result)));
        }
        held
    }
}

/// Holds back the rows that refer to an extension which the run should have created and which will not exist, and those
/// that refer to these. `lost` are such extensions, with the results of their rows. Returns the positions held back.
fn block_rows(
    rows: &mut [&mut PlannedRow],
    mut lost: BTreeMap<String, RowResult>,
    headings: &FieldHeadings,
) -> Vec<usize> {
    let mut held = vec![];
    let mut before = None;
    while !lost.is_empty() && before != Some(held.len()) {
        before = Some(held.len());
        for row in &mut *rows {
            let Some(change) = &row.change else { continue };
            let orphaned = references(&change.wanted)
                .find_map(|(field, number)| Some((field, number.to_owned(), *lost.get(number)?)));
            let Some((field, number, result)) = orphaned else {
                continue;
            };
            if let Some(brought) = provides(change) {
                lost.insert(brought.to_owned(), RowResult::Held);
            }
            held.push(change.row);
            let number = Outcome::shown_number(&number, result);
            row.outcome.result = RowResult::Held;
            row.outcome.code = RowResult::Held.word().into();
            row.outcome.field = Some(field);
            row.outcome.column = headings.heading(row.outcome.place.as_ref(), Some(field));
            row.outcome.message = format!(
                "it refers to extension {number}, whose row is {}",
                result.word()
            );
            row.outcome.hint = format!("look at the row of {number}, then run both again");
            row.change = None;
        }
    }
    held
}

/// Holds back the deletions of extensions that no row names, because the creation of this number, in this row and with this
/// result, may mean one of them. Returns the positions held back.
fn hold_unnamed<'r>(
    rows: impl IntoIterator<Item = &'r mut PlannedRow>,
    (number, row, result): (&str, usize, RowResult),
) -> Vec<usize> {
    let (message, hint) = kept_words(number, row, result);
    let unnamed = rows.into_iter().filter(|row| row.outcome.row.is_none());
    let held = unnamed.filter_map(|row| {
        let change = row
            .change
            .take_if(|change| change.action == Action::Delete)?;
        row.outcome.result = RowResult::Held;
        row.outcome.code = RowResult::Held.word().into();
        (row.outcome.message, row.outcome.hint) = (message.clone(), hint.clone());
        Some(change.row)
    });
    held.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Field, Record};

    #[test]
    fn who_points_at_an_invalid_row_is_held_also_where_its_number_is_not_shown() {
        for (number, shown) in [("a8k3m2x9", "(not shown)"), ("2000", "2000")] {
            let invalid = Outcome::new(Action::None, RowResult::Invalid).numbered(number);
            assert_eq!(invalid.number, shown);
            assert!(shown == number || !format!("{invalid:?}").contains(number));
            let mut wanted = Record::default();
            wanted.set(Field::NUMBER, "2001");
            let forward = Field::named("forward_busy_extension").unwrap();
            wanted.set(forward, number);
            let change = Change {
                row: 1,
                action: Action::Create,
                wanted,
                number: "2001".to_owned(),
                before: None,
            };
            let line = Outcome::new(Action::Create, RowResult::NotSent).numbered("2001");
            let mut planned = [
                PlannedRow::without_change(invalid),
                PlannedRow::to_send(line, change),
            ];
            let remote = RemoteState::default();
            block_dependents(&remote, &mut planned, &FieldHeadings::default());
            let held = &planned[1].outcome;
            assert_eq!(
                (held.result, planned[1].change.is_none()),
                (RowResult::Held, true)
            );
            let said = format!("it refers to extension {shown}, whose row is invalid");
            assert_eq!(held.message, said);
        }
    }
}
