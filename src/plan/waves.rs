//! The order in which a run sends, with a look at the failures after each wave.

use crate::model::Change;
use crate::submit::order::{dependency_order, provides, references};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The parts in which a run sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waves {
    /// So many changes each; the rest goes in a last wave.
    Sizes(Vec<usize>),
    /// One wave for each text under this heading, in the order in which the texts come.
    Column(String),
}

impl FromStr for Waves {
    type Err = String;

    /// Parses `1,10,100` or `column:site`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(heading) = text.strip_prefix("column:") {
            return match heading.trim() {
                "" => Err("column: needs a heading, as in column:site".into()),
                heading => Ok(Waves::Column(heading.to_owned())),
            };
        }
        let size = |part: &str| part.trim().parse().ok().filter(|size| *size > 0);
        let sizes: Option<Vec<usize>> = text.split(',').map(size).collect();
        sizes.map(Waves::Sizes).ok_or_else(|| {
            format!("{text:?} does not say how to part the rows: write 1,10,100 or column:site")
        })
    }
}

impl Waves {
    /// Divides a run's changes into waves: each the `row`s of its changes. `cell` returns the text under the waves'
    /// heading. Changes without one (of an extension that no row names) go last.
    pub fn split(
        &self,
        changes: &[Change],
        cell: impl Fn(usize) -> Option<String>,
    ) -> Vec<Vec<usize>> {
        let rows = changes.iter().map(|change| change.row);
        match self {
            Waves::Sizes(sizes) => {
                let (mut rows, mut waves) = (rows, vec![]);
                for size in sizes {
                    waves.push(rows.by_ref().take(*size).collect());
                }
                waves.push(rows.collect());
                waves.retain(|wave: &Vec<usize>| !wave.is_empty());
                waves
            }
            Waves::Column(_) => {
                let mut waves: Vec<(String, Vec<usize>)> = vec![];
                let mut last = vec![];
                for row in rows {
                    let Some(text) = cell(row) else {
                        last.push(row);
                        continue;
                    };
                    match waves.iter_mut().find(|(known, _)| *known == text) {
                        Some((_, wave)) => wave.push(row),
                        None => waves.push((text, vec![row])),
                    }
                }
                let mut waves: Vec<Vec<usize>> = waves.into_iter().map(|(_, wave)| wave).collect();
                waves.extend(Some(last).filter(|last| !last.is_empty()));
                waves
            }
        }
    }
}

/// One wave: its number among all waves that were asked for, and the number of its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wave {
    number: usize,
    pub(crate) of: usize,
    pub(crate) count: usize,
}

impl fmt::Display for Wave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wave {} of {}", self.number, self.of)
    }
}

/// The changes in the order in which they leave, each row once: waves by size are cut along it, so that a small first
/// wave is not empty because its rows wait for others.
pub(crate) fn sending_order(changes: &[Change]) -> Vec<Change> {
    let mut known = BTreeSet::new();
    let mut ordered = dependency_order(changes.to_vec());
    ordered.retain(|change| known.insert(change.row));
    ordered
}

/// Brings the changes into the order of their waves, and returns the size of each wave. Empty waves are left out.
pub(crate) fn in_waves(waves: &[Vec<usize>], changes: &mut Vec<Change>) -> Vec<Wave> {
    if waves.is_empty() {
        return vec![];
    }
    let positions = waves.iter().enumerate();
    let wave_of: BTreeMap<usize, usize> = positions
        .flat_map(|(wave, rows)| rows.iter().map(move |row| (*row, wave)))
        .collect();
    // A change goes in no earlier wave than the changes that it waits for.
    let mut brought: BTreeMap<String, usize> = BTreeMap::new();
    let mut placed: Vec<(usize, Change)> = vec![];
    for change in std::mem::take(changes) {
        let own = wave_of.get(&change.row).copied();
        let others =
            references(&change.wanted).filter_map(|(_, number)| brought.get(number).copied());
        let wave = others.fold(own.unwrap_or(waves.len() - 1), usize::max);
        if let Some(number) = provides(&change) {
            brought.insert(number.to_owned(), wave);
        }
        placed.push((wave, change));
    }
    placed.sort_by_key(|(wave, _)| *wave);
    let of = waves.len();
    let waves: Vec<Wave> = placed
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|wave| {
            Some(Wave {
                number: wave.first()?.0 + 1,
                of,
                count: wave.len(),
            })
        })
        .collect();
    *changes = placed.into_iter().map(|(_, change)| change).collect();
    waves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, Field, Record};

    #[test]
    fn waves_take_every_change_once_and_in_order() {
        let create = |row| Change {
            row,
            action: Action::Create,
            number: "0042".into(),
            wanted: Record::numbered("0042"),
            before: None,
        };
        let all: Vec<Change> = (0..14).map(create).collect();
        let sizes = |text: &str| -> Vec<usize> {
            let waves: Waves = text.parse().unwrap();
            let waves = waves.split(&all, |_| None);
            assert_eq!(waves.concat(), (0..14).collect::<Vec<_>>());
            waves.iter().map(Vec::len).collect()
        };
        assert_eq!(sizes("1,10,100"), [1, 10, 3]);
        assert_eq!(sizes("1, 3"), [1, 3, 10]);
        assert_eq!(sizes("14,5"), [14]);
        for wrong in ["", "0", "1,,2", "-1", "one", "column:", "column: "] {
            assert!(wrong.parse::<Waves>().is_err(), "{wrong}");
        }
        let site = |row: usize| (row < 12).then(|| ["b", "a", ""][row % 3].to_owned());
        let waves = "column:site".parse::<Waves>().unwrap().split(&all, site);
        assert_eq!(
            waves,
            [
                vec![0, 3, 6, 9],
                vec![1, 4, 7, 10],
                vec![2, 5, 8, 11],
                vec![12, 13]
            ]
        );
    }

    #[test]
    fn what_points_at_a_row_goes_in_no_earlier_wave() {
        let create = |row: usize, to: Option<&str>| {
            let number = (2000 + row).to_string();
            let mut wanted = Record::numbered(number.clone());
            if let Some(to) = to {
                wanted.set(Field::FORWARD_BUSY_EXTENSION, to);
            }
            Change {
                row,
                action: Action::Create,
                number,
                wanted,
                before: None,
            }
        };
        let rows = [Some("2002"), None, None, Some("2000")];
        let changes = rows.iter().enumerate().map(|(row, to)| create(row, *to));
        let mut changes = dependency_order(changes.collect());
        let waves = in_waves(&[vec![0, 1, 3], vec![2]], &mut changes);
        let counts: Vec<usize> = waves.iter().map(|wave| wave.count).collect();
        assert_eq!(counts, [1, 3]);
        let rows: Vec<usize> = changes.iter().map(|change| change.row).collect();
        assert_eq!(rows, [1, 2, 0, 3]);
    }
}
