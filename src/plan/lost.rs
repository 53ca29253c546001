//! Rows that a run has done and that its PBX has lost since; where it has none of them, it is another PBX.

use crate::compare::{differing, is_unset, moved};
use crate::ledger::Standing;
use crate::manifest::Manifest;
use crate::model::{Action, Change, Field, Identity, PlannedRow, Record, RowResult, Text, counted};
use crate::rim::{Failure, Target, TargetSession};
use crate::submit::settle::renamed;
use std::collections::{BTreeMap, BTreeSet};

/// The changes of rows that a run has done, as the ledger has it; not those that `is_taken_back` is true for.
pub(crate) fn done<'r>(
    rows: impl Iterator<Item = (&'r PlannedRow, Standing)>,
    is_taken_back: impl Fn(usize) -> bool,
) -> Vec<&'r Change> {
    let changes = rows.filter_map(|(row, standing)| {
        let result = row.outcome.result;
        let is_done = result.is_done() && result != RowResult::Unchanged;
        let change = row.change.as_ref()?;
        (standing == Standing::Final && is_done && !is_taken_back(change.row)).then_some(change)
    });
    changes.collect()
}

/// The divisor that gives the number of a run's first rows by which another PBX is told: a quarter of those done.
const FIRST_PARTS: usize = 4;

/// The rows by which a run that was cut off is asked whether its PBX is another one by now.
const FEW: usize = 4;

/// Returns true where the PBX may be another one than that of a run which was cut off: it is of a vendor that loses what it
/// accepted, and has nothing of the first few rows that are `done`.
///
/// # Errors
/// Exit 3 where it cannot be read.
pub(crate) fn first_are_gone(
    done: &[&Change],
    session: &TargetSession<'_>,
) -> Result<bool, Failure> {
    if session.manifest().vendor.loses_ms == 0 {
        return Ok(false);
    }
    let first = first_quarter(done.iter().map(|change| change.row).collect());
    let few: BTreeSet<usize> = first.into_iter().take(FEW).collect();
    let few = done.iter().filter(|change| few.contains(&change.row));
    let few: Vec<&Change> = few.copied().collect();
    let current = session.look_up(&present_numbers(&few))?;
    let is_gone = |change: &&Change| has_nothing(session.manifest(), change, &current);
    Ok(!few.is_empty() && few.iter().all(is_gone))
}

/// The numbers under which the extensions of changes are to be found.
pub(crate) fn present_numbers(changes: &[&Change]) -> Vec<String> {
    let numbers = changes.iter().map(|change| change.present_number());
    numbers.map(str::to_owned).collect()
}

/// Returns the positions of the changes that were lost: those of which the PBX has nothing, or only a part, or what was
/// there before. Those that somebody changed since are not among them.
///
/// # Errors
/// Exit 3 where nothing is there of the first quarter of them: it is not the PBX of the run, or it was emptied. A PBX that
/// lost its last moment has those, one that lost a file beside its database has their extensions, and one that came in
/// mid-run has only later ones.
pub(crate) fn lost(
    run: &str,
    done: &[&Change],
    current: &BTreeMap<String, Record>,
    target: &Target,
) -> Result<Vec<usize>, Failure> {
    let is_lost = |change: &&&Change| is_lost(target.manifest(), change, current);
    let lost: Vec<usize> = done
        .iter()
        .filter(is_lost)
        .map(|change| change.row)
        .collect();
    let is_gone = |change: &&&Change| has_nothing(target.manifest(), change, current);
    let gone = done.iter().filter(is_gone).map(|change| change.row);
    let gone: BTreeSet<usize> = gone.collect();
    let first = first_quarter(done.iter().map(|change| change.row).collect());
    if first.is_empty() || !first.iter().all(|row| gone.contains(row)) {
        return Ok(lost);
    }
    let rows = counted(first.len() as u64, "row");
    let what = format!("it has nothing of the first {rows} that run {run} has done");
    Err(another(target, &what))
}

/// Refuses a PBX that has none of the last extensions which deletions of a run that are `next` were to remove: of deletions that
/// are done nothing is to be seen.
///
/// # Errors
/// Exit 3 where that is so, and the vendor loses what it accepted.
pub(crate) fn refuse_without_next(
    run: &str,
    next: &[&Change],
    current: &BTreeMap<String, Record>,
    target: &Target,
) -> Result<(), Failure> {
    let is_there = |change: &&Change| current.contains_key(&change.number);
    let loses = target.manifest().vendor.loses_ms > 0;
    if !loses || next.is_empty() || next.iter().any(is_there) {
        return Ok(());
    }
    let rows = counted(next.len() as u64, "row");
    let what = format!("it has nothing of the last {rows} that run {run} was still to delete");
    Err(another(target, &what))
}

/// The last few deletions of a run that wait, as the ledger has it, or of one that is doubted those that may have been sent:
/// it may have looked for their extensions on another PBX.
pub(crate) fn next_deletions<'r>(
    rows: impl Iterator<Item = (&'r PlannedRow, Standing)>,
    is_doubted: bool,
) -> Vec<&'r Change> {
    let is_next = |standing: &Standing| match standing {
        Standing::Waiting => true,
        Standing::Intended(_) => is_doubted,
        Standing::Final => false,
    };
    let next = rows.filter(|(_, standing)| is_next(standing));
    let changes = next.filter_map(|(row, _)| row.change.as_ref());
    let is_deletion = |change: &&Change| change.action == Action::Delete && change.before.is_some();
    let mut next: Vec<&Change> = changes.filter(is_deletion).collect();
    next.sort_unstable_by_key(|change| change.row);
    next.split_off(next.len().saturating_sub(FEW))
}

fn another(target: &Target, what: &str) -> Failure {
    let label = &target.label;
    Failure::target(format!("{label}: it is not the PBX that it was: {what}"))
        .hint("see what answers at the address; run this again once it is the PBX of the run. To fill the one that answers, import the sheet again with --mode upsert")
}

/// The first quarter of these rows.
fn first_quarter(mut rows: Vec<usize>) -> Vec<usize> {
    rows.sort_unstable();
    rows.truncate(rows.len().div_ceil(FIRST_PARTS));
    rows
}

/// Returns true where the PBX has nothing of what a change did.
fn has_nothing(manifest: &Manifest, change: &Change, current: &BTreeMap<String, Record>) -> bool {
    let now = current.get(change.present_number());
    match (change.action, &change.before, now) {
        (Action::Create | Action::Update, _, None) => true,
        (Action::Update | Action::Delete, Some(before), Some(now))
            if moved(manifest, before, now).is_empty() =>
        {
            true
        }
        (Action::Create | Action::Update, _, Some(now)) => is_strangers(manifest, change, now),
        _ => false,
    }
}

/// Returns true for an extension that has both another secret and another person than a row wrote.
fn is_strangers(manifest: &Manifest, change: &Change, now: &Record) -> bool {
    let unlike = differing(manifest, &change.wanted, now);
    let written = || change.wanted.iter().filter(|(_, text)| !text.is_empty());
    let secrets = written().filter(|(_, text)| matches!(text, Text::Secret(_)));
    let is_person = |field: &Field| field.def().identifies == Some(Identity::Person);
    let persons = written().filter(|(field, _)| is_person(field));
    let all_unlike =
        |fields: &[Field]| !fields.is_empty() && fields.iter().all(|field| unlike.contains(field));
    let secrets: Vec<Field> = secrets.map(|(field, _)| field).collect();
    let persons: Vec<Field> = persons.map(|(field, _)| field).collect();
    all_unlike(&secrets) && all_unlike(&persons)
}

fn is_lost(manifest: &Manifest, change: &Change, current: &BTreeMap<String, Record>) -> bool {
    let now = current.get(change.present_number());
    match (change.action, &change.before, now) {
        (Action::Create, _, Some(now)) => {
            let fields = differing(manifest, &change.wanted, now);
            !fields.is_empty() && fields.iter().all(|field| is_unset(now, *field))
        }
        (Action::Update, Some(before), Some(now)) => {
            let fields = differing(manifest, &renamed(change), now);
            let moved = moved(manifest, before, now);
            let is_old = |field: &Field| is_unset(now, *field) || !moved.contains(field);
            !fields.is_empty() && fields.iter().all(is_old)
        }
        (Action::Create | Action::Update, _, None) => true,
        (Action::Delete, Some(before), Some(now)) => moved(manifest, before, now).is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::for_tests::manifest;

    fn record(name: &str, email: &str) -> Record {
        let mut record = Record::numbered("2002");
        record.set(Field::DISPLAY_NAME, name);
        record.set(Field::EMAIL, email);
        record
    }

    #[test]
    fn another_pbx_is_told_by_the_rows_that_were_done_first() {
        assert_eq!(first_quarter(vec![]), [0usize; 0]);
        assert_eq!(first_quarter(vec![7]), [7]);
        assert_eq!(first_quarter(vec![9, 2, 8, 1, 5]), [1, 2]);
    }

    #[test]
    fn what_is_gone_or_as_before_is_lost_and_what_others_changed_is_not() {
        let (old, new) = (
            record("Old", "o@example.com"),
            record("New", "n@example.com"),
        );
        let change_of = |action| Change {
            row: 0,
            action,
            number: "2002".into(),
            wanted: match action {
                Action::Delete => new.key_only(),
                _ => new.clone(),
            },
            before: (action != Action::Create).then(|| old.clone()),
        };
        let of = |now: Option<Record>| {
            now.map(|now| ("2002".to_owned(), now))
                .into_iter()
                .collect()
        };
        let is_lost = |action, now| is_lost(&manifest(), &change_of(action), &of(now));
        let has_nothing = |action, now| has_nothing(&manifest(), &change_of(action), &of(now));
        let part = || Some(record("New", ""));
        let others = || Some(record("New", "other@example.com"));
        for (action, now, expected) in [
            (Action::Create, None, true),
            (Action::Create, part(), true),
            (Action::Create, others(), false),
            (Action::Create, Some(new.clone()), false),
            (Action::Update, None, true),
            (Action::Update, Some(old.clone()), true),
            (Action::Update, others(), false),
            (Action::Update, Some(new.clone()), false),
            (Action::Delete, None, false),
            (Action::Delete, Some(old.clone()), true),
            (Action::Delete, others(), false),
        ] {
            assert_eq!(is_lost(action, now.clone()), expected, "{action:?} {now:?}");
            // An extension that lacks a part is the run's own.
            let is_there = action == Action::Create && now.is_some();
            let nothing = has_nothing(action, now.clone());
            assert_eq!(nothing, expected && !is_there, "{action:?} {now:?}");
        }
    }
}
