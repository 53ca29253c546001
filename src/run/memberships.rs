//! The memberships that must be there at a run's end, although the run does not write them, or wrote them before it was
//! resumed: another one that writes the same groups may undo them.

use crate::model::{Action, Change, Field, PlannedRow, Record, list_items};
use crate::submit::settlement::Settlement;
use crate::submit::{Memberships, only_memberships};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the memberships that rows name and no change writes, by position, as far as the run writes the same groups.
pub(super) fn at_stake(rows: &[PlannedRow]) -> BTreeMap<usize, Record> {
    let changes = rows.iter().filter_map(|row| row.change.as_ref());
    let updates = changes.filter(|change| change.action != Action::Delete);
    let written: BTreeSet<&str> = updates
        .filter(|change| change.wanted.get(Field::GROUPS).is_some())
        .flat_map(|change| [Some(&change.wanted), change.before.as_ref()])
        .flatten()
        .flat_map(groups)
        .collect();
    let rows = rows.iter().enumerate();
    rows.filter_map(|(position, row)| {
        let named = row.memberships.as_ref()?;
        // A change of another field of a group writes the whole group.
        let is_written = row.change.is_some() || groups(named).any(|group| written.contains(group));
        is_written.then(|| (position, named.clone()))
    })
    .collect()
}

fn groups(record: &Record) -> impl Iterator<Item = &str> {
    list_items(record.text(Field::GROUPS).unwrap_or_default())
}

/// The memberships that are looked at once more at the end of a run: those that are `kept`, and those of the rows that
/// are done. `is_over` returns true for the positions of rows that are not sent any more.
pub(super) fn at_end(
    rows: &[PlannedRow],
    kept: BTreeMap<usize, Record>,
    is_over: impl Fn(usize) -> bool,
) -> Memberships {
    let done = done(rows, &kept, is_over);
    Memberships { kept, done }
}

fn done(
    rows: &[PlannedRow],
    kept: &BTreeMap<usize, Record>,
    is_over: impl Fn(usize) -> bool,
) -> Vec<(Change, Settlement)> {
    let rows = rows.iter().enumerate();
    let rows = rows.filter(|(position, row)| is_over(*position) && row.outcome.result.is_done());
    rows.filter_map(|(position, row)| {
        let named = kept.get(&position);
        let unchanged = || {
            let wanted = named?.key_only();
            Some(Change {
                row: position,
                action: Action::None,
                number: wanted.number().to_owned(),
                wanted,
                before: None,
            })
        };
        let change = row.change.clone().or_else(unchanged)?;
        let change = only_memberships(&change, named)?;
        let settlement = Settlement {
            attempts: row.outcome.attempts,
            http_status: row.outcome.http_status,
            elapsed_ms: row.outcome.elapsed_ms,
            ..Settlement::new(&change, row.outcome.result)
        };
        Some((change, settlement))
    })
    .collect()
}
