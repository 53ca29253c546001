//! The order in which changes leave: as they come, but a row that forwards to an extension which another row of the
//! same run creates leaves after that one. No vendor documents if it takes a forward to an extension that it does not
//! have, so this applies to all of them.
//!
//! Rows that point at each other are made without these forwards first, and get them in a second step. Where any row waits
//! for another, deletions leave last.

use crate::model::{Action, Change, Field, Forward, NewText, Record, RowResult};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// The other extensions that an extension refers to, with the fields that do.
pub(crate) fn references(wanted: &Record) -> impl Iterator<Item = (Field, &str)> {
    let others = Forward::all().filter_map(|forward| forward.extension);
    others
        .filter_map(|field| Some((field, wanted.text(field)?)))
        .filter(|(_, number)| !number.is_empty() && *number != wanted.number())
}

/// The number of the extension that a change creates; `None` where it creates none.
pub(crate) fn provides(change: &Change) -> Option<&str> {
    match change.action {
        Action::Create => Some(&change.number),
        Action::Update => change.wanted.text(Field::NEW_NUMBER),
        Action::Delete | Action::None => None,
    }
}

/// The changes in the order in which they are to be sent. Changes of rows that point at each other become two: the
/// second, with the same `row`, writes the forwards.
pub(crate) fn dependency_order(changes: Vec<Change>) -> Vec<Change> {
    let brought: HashMap<&str, usize> = changes
        .iter()
        .enumerate()
        .filter_map(|(position, change)| Some((provides(change)?, position)))
        .collect();
    let parents_of = |(position, change): (usize, &Change)| -> BTreeSet<usize> {
        let parents = references(&change.wanted).filter_map(|(_, number)| brought.get(number));
        parents
            .copied()
            .filter(|parent| *parent != position)
            .collect()
    };
    let mut parents: Vec<BTreeSet<usize>> = changes.iter().enumerate().map(parents_of).collect();
    if parents.iter().all(BTreeSet::is_empty) {
        return changes;
    }
    let mut children: Vec<Vec<usize>> = vec![vec![]; changes.len()];
    for (position, parents) in parents.iter().enumerate() {
        for parent in parents {
            children[*parent].push(position);
        }
    }
    let mut order = vec![];
    let mut split = BTreeSet::new();
    let mut given = vec![false; changes.len()];
    let mut first_left = 0;
    let mut round: Vec<usize> = (0..changes.len())
        .filter(|position| parents[*position].is_empty())
        .collect();
    loop {
        if round.is_empty() {
            while given.get(first_left) == Some(&true) {
                first_left += 1;
            }
            if first_left == changes.len() {
                break;
            }
            let knot = in_a_ring(first_left, &parents);
            split.insert(knot);
            parents[knot].clear();
            round.push(knot);
        }
        round.sort_unstable();
        let mut next = vec![];
        for position in std::mem::take(&mut round) {
            given[position] = true;
            order.push(position);
            for child in &children[position] {
                if parents[*child].remove(&position) && parents[*child].is_empty() {
                    next.push(*child);
                }
            }
        }
        round = next;
    }
    let (mut seconds, mut deletions) = (vec![], vec![]);
    let mut ordered = Vec::with_capacity(changes.len() + split.len());
    let mut changes: Vec<Option<Change>> = changes.into_iter().map(Some).collect();
    for position in order {
        let Some(change) = changes[position].take() else {
            continue;
        };
        if split.contains(&position) {
            let (first, second) = in_two(change);
            seconds.push(second);
            ordered.push(first);
        } else if change.action == Action::Delete {
            deletions.push(change);
        } else {
            ordered.push(change);
        }
    }
    ordered.extend(seconds.into_iter().chain(deletions));
    ordered
}

/// Finds, from a change that waits for others, the first in order of those that wait for each other.
fn in_a_ring(start: usize, parents: &[BTreeSet<usize>]) -> usize {
    let mut way = vec![];
    let mut seen = BTreeSet::new();
    let mut at = start;
    while seen.insert(at) {
        way.push(at);
        let Some(parent) = parents[at].first() else {
            return at;
        };
        at = *parent;
    }
    let ring = way.iter().skip_while(|position| **position != at);
    ring.copied().min().unwrap_or(at)
}

/// A change without its forwards to other extensions, and the one that writes these.
fn in_two(mut change: Change) -> (Change, Change) {
    let parts: Vec<Field> = references(&change.wanted)
        .filter_map(|(field, _)| Forward::of_field(field))
        .flat_map(|forward| forward.fields())
        .collect();
    let number = provides(&change).unwrap_or(&change.number).to_owned();
    let mut wanted = Record::numbered(number.as_str());
    let forwards: Vec<(Field, NewText)> = change
        .wanted
        .iter()
        .filter(|(field, _)| parts.contains(field))
        .map(|(field, text)| (field, text.into()))
        .collect();
    for (field, text) in forwards {
        change.wanted.remove(field);
        wanted.set(field, text);
    }
    let second = Change {
        row: change.row,
        action: Action::Update,
        number,
        wanted,
        before: change.before.clone(),
    };
    (change, second)
}

/// Returns true if a change deletes an extension that no row names.
pub(super) fn is_unnamed(change: &Change, unnamed_from: usize) -> bool {
    change.action == Action::Delete && change.row >= unnamed_from
}

/// Returns true if a creation with this result may have left its extension on the PBX under another number, so that
/// nothing may be deleted merely because no row names it.
pub(crate) fn keeps_unnamed(action: Action, result: RowResult) -> bool {
    let is_open = matches!(
        result,
        RowResult::Rejected | RowResult::Failed | RowResult::Unknown
    );
    action == Action::Create && is_open
}

/// The reason that nothing is deleted because no row names it, after a creation that [`keeps_unnamed`]; and what to do.
pub(crate) fn kept_words(number: &str, row: usize, result: RowResult) -> (String, String) {
    let result = result.word();
    (
        format!(
            "not deleted, because it may be the one that row {} means: the creation of {number} is {result}",
            row + 1
        ),
        format!(
            "look at the row of {number}, then run it again; or delete by a sheet: rowcall delete SHEET --from TARGET"
        ),
    )
}

/// The changes that each change waits for, as far as they come before it.
pub(super) struct Dependencies {
    parents: Vec<Vec<(Option<Field>, usize)>>,
    /// Rounds: within one, no change waits for another.
    pub(super) rounds: Vec<Range<usize>>,
    /// The positions of the first and the second step of rows in two steps.
    pub(super) seconds: HashMap<usize, usize>,
}

impl Dependencies {
    /// Works out the waits. `ends` are positions at which a round ends anyway; deletions of rows from `unnamed_from` on
    /// wait for every creation before them.
    pub(super) fn new(changes: &[Change], ends: &[usize], unnamed_from: usize) -> Dependencies {
        let mut creation: Option<usize> = None;
        let mut brought: HashMap<&str, usize> = HashMap::new();
        let mut firsts: HashMap<usize, usize> = HashMap::new();
        let mut dependencies = Dependencies {
            parents: Vec::with_capacity(changes.len()),
            rounds: vec![],
            seconds: HashMap::new(),
        };
        let mut start = 0;
        for (position, change) in changes.iter().enumerate() {
            let mut parents: Vec<(Option<Field>, usize)> = references(&change.wanted)
                .filter_map(|(field, number)| Some((Some(field), *brought.get(number)?)))
                .collect();
            if let Some(first) = firsts.insert(change.row, position) {
                parents.push((None, first));
                dependencies.seconds.insert(first, position);
            }
            let waits = parents.iter().any(|(_, parent)| *parent >= start)
                || is_unnamed(change, unnamed_from) && creation.is_some_and(|last| last >= start);
            if change.action == Action::Create {
                creation = Some(position);
            }
            if position > start && (waits || ends.binary_search(&position).is_ok()) {
                dependencies.rounds.push(start..position);
                start = position;
            }
            dependencies.parents.push(parents);
            if let Some(number) = provides(change) {
                brought.insert(number, position);
            }
        }
        dependencies.rounds.push(start..changes.len());
        dependencies
    }

    /// The changes that a change waits for, each with the field that refers to it; no field where it is the row's own first step.
    pub(super) fn parents(&self, position: usize) -> &[(Option<Field>, usize)] {
        self.parents.get(position).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verify;
    use super::super::fake_vendor::{FakeVendor, Trouble, asked_number};
    use super::super::settle::SettleLimits;
    use super::super::{FailuresMax, NoIntentLog, Options, Settlement, submit};
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    /// Creations of extensions 0, 1, …, each with the extension that it forwards to.
    fn creations(forwards: &[Option<usize>]) -> Vec<Change> {
        let create = |(row, forward): (usize, &Option<usize>)| {
            let mut wanted = Record::numbered(row.to_string());
            wanted.set(Field::DISPLAY_NAME, format!("Row {row}"));
            if let Some(to) = forward {
                wanted.set(Field::FORWARD_BUSY, "on");
                wanted.set(Field::FORWARD_BUSY_EXTENSION, to.to_string());
            }
            Change {
                row,
                action: Action::Create,
                number: row.to_string(),
                wanted,
                before: None,
            }
        };
        forwards.iter().enumerate().map(create).collect()
    }

    fn rows(changes: &[Change]) -> Vec<usize> {
        changes.iter().map(|change| change.row).collect()
    }

    #[test]
    fn rows_leave_as_they_come_and_children_after_their_parents() {
        // 9 is no row, and an extension may forward to itself.
        let plain = creations(&[None, Some(9), Some(2), None]);
        assert_eq!(dependency_order(plain.clone()), plain);
        let chain = creations(&[Some(2), None, Some(3), None, Some(1)]);
        assert_eq!(rows(&dependency_order(chain)), [1, 3, 2, 4, 0]);
    }

    #[test]
    fn a_ring_is_opened_at_its_first_row_and_only_there() {
        let ordered = dependency_order(creations(&[Some(1), Some(2), Some(3), Some(1)]));
        assert_eq!(rows(&ordered), [1, 0, 3, 2, 1]);
        let (first, second) = (&ordered[0], &ordered[4]);
        assert_eq!(first.action, Action::Create);
        assert_eq!(first.wanted.text(Field::FORWARD_BUSY), None);
        assert_eq!(first.wanted.text(Field::DISPLAY_NAME), Some("Row 1"));
        assert_eq!(second.action, Action::Update);
        assert_eq!(second.wanted.text(Field::FORWARD_BUSY), Some("on"));
        assert_eq!(second.wanted.text(Field::FORWARD_BUSY_EXTENSION), Some("2"));
        assert_eq!(second.wanted.text(Field::DISPLAY_NAME), None);
    }

    proptest! {
        #[test]
        fn whatever_points_where_nothing_is_lost_and_parents_come_first(
            forwards in proptest::collection::vec(proptest::option::of(0_usize..14), 1..14)
        ) {
            let changes = creations(&forwards);
            let ordered = dependency_order(changes.clone());
            let mut there = BTreeSet::new();
            let mut written = vec![Record::default(); changes.len()];
            for change in &ordered {
                for (_, number) in references(&change.wanted) {
                    let row: usize = number.parse().unwrap();
                    prop_assert!(row >= changes.len() || there.contains(&row));
                }
                there.insert(change.row);
                for (field, text) in change.wanted.iter() {
                    written[change.row].set(field, text);
                }
            }
            for change in &changes {
                prop_assert_eq!(&written[change.row], &change.wanted);
            }
        }
    }

    fn sent(fake: &FakeVendor, forwards: &[Option<usize>]) -> Vec<Settlement> {
        let options = Options {
            failures_max: FailuresMax::Share(1.0),
            settling: SettleLimits {
                attempts_max: 2,
                recheck_after: Duration::from_millis(1),
                reply: Duration::from_millis(1),
            },
            verify: Verify::All,
            ..Options::new(4, Duration::ZERO)
        };
        let mut done = vec![];
        let changes = dependency_order(creations(forwards));
        submit(
            &fake.open(),
            &changes,
            &options,
            &NoIntentLog,
            None,
            &mut |one| {
                done.push(one);
            },
        );
        done.sort_by_key(|one| one.row);
        let rows: Vec<usize> = done.iter().map(|one| one.row).collect();
        assert_eq!(rows, (0..forwards.len()).collect::<Vec<_>>());
        done
    }

    fn results(done: &[Settlement]) -> Vec<&'static str> {
        done.iter().map(|one| one.result.word()).collect()
    }

    #[test]
    fn a_failed_parent_holds_its_children_and_nobody_else() {
        let fake = FakeVendor::with_extensions(0).troubled(|request, _| match request.operation {
            "create" if asked_number(request) == "3" => Trouble::Answer("no"),
            _ => Trouble::Nothing,
        });
        let done = sent(&fake, &[Some(2), Some(4), Some(3), None, None]);
        assert_eq!(
            results(&done),
            ["held", "created", "held", "rejected", "created"]
        );
        assert_eq!(fake.pbx.numbers(), ["1", "4"]);
        assert_eq!(
            done[2].message,
            "it points at extension 3 (row 4), which is rejected"
        );
        assert_eq!(done[2].differing, [Field::FORWARD_BUSY_EXTENSION]);
        assert_eq!(done[0].attempts, 0);
    }

    #[test]
    fn a_child_waits_until_its_parent_is_there() {
        let fake = FakeVendor::with_extensions(0);
        *fake.pbx.delay.lock().unwrap() = Duration::from_millis(3);
        let done = sent(&fake, &[Some(4), Some(4), Some(4), None, None, None]);
        assert!(done.iter().all(|one| one.result.is_done()));
        let order = fake.pbx.order("create");
        let at = |number: &str| order.iter().position(|known| known == number).unwrap();
        assert!(at("4") < at("0").min(at("1")).min(at("2")), "{order:?}");
    }

    #[test]
    fn rows_that_point_at_each_other_take_two_steps_and_have_one_result() {
        let fake = FakeVendor::with_extensions(0);
        let done = sent(&fake, &[Some(1), Some(0), None]);
        assert_eq!(results(&done), ["created"; 3]);
        assert_eq!(done[0].action, Action::Create);
        assert_eq!(done[0].attempts, 2);
        for (number, to) in [("0", "1"), ("1", "0")] {
            let stored = fake.pbx.stored(number, Field::FORWARD_BUSY_EXTENSION);
            assert_eq!(stored.as_deref(), Some(to));
        }
        let times = |operation| fake.pbx.times(operation);
        assert_eq!((times("create"), times("update")), (3, 1));

        // The first step fails: the other is held back, and the second step is not sent.
        let refusing = |operation: &'static str, number: &'static str| {
            FakeVendor::with_extensions(0).troubled(move |request, _| {
                match request.operation == operation && asked_number(request) == number {
                    true => Trouble::Answer("no"),
                    false => Trouble::Nothing,
                }
            })
        };
        let fake = refusing("create", "0");
        assert_eq!(
            results(&sent(&fake, &[Some(1), Some(0)])),
            ["rejected", "held"]
        );
        assert_eq!(fake.pbx.times("update"), 0);
        // The other fails: the first is there, without its forward.
        let fake = refusing("create", "1");
        let done = sent(&fake, &[Some(1), Some(0)]);
        assert_eq!(results(&done), ["held", "rejected"]);
        assert!(done[0].message.starts_with("created without"));
        assert_eq!(
            (fake.pbx.numbers(), fake.pbx.times("update")),
            (vec!["0".into()], 0)
        );
        // The second step fails.
        let done = sent(&refusing("update", "0"), &[Some(1), Some(0)]);
        assert_eq!(results(&done), ["differs", "created"]);
        assert_eq!(done[0].result, RowResult::Differs);
    }

    #[test]
    fn what_an_end_leaves_of_two_steps_is_not_sent() {
        let fake = FakeVendor::with_extensions(0);
        let mut done = vec![];
        let changes = dependency_order(creations(&[Some(1), Some(0)]));
        submit(
            &fake.open(),
            &changes,
            &Options::new(1, Duration::ZERO),
            &NoIntentLog,
            None,
            &mut |one| {
                fake.stop.stop();
                done.push(one);
            },
        );
        assert_eq!(results(&done), ["created", "not_sent"]);
        assert!(done[1].message.starts_with("created without"));
    }
}
