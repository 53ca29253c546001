//! A run as it is watched while it is at work: its name, and the rows as they end.

use crate::model::{Outcome, RowResult};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The number of rows that are kept, the newest ones.
const ROWS_KEPT: usize = 20;

/// A run that is at work, for whoever watches it.
#[derive(Default)]
pub(crate) struct WatchedRun {
    /// The run's name, once it has a ledger.
    pub(crate) name: OnceLock<String>,
    rows: Mutex<WatchedRows>,
}

/// The rows that have ended.
#[derive(Default)]
struct WatchedRows {
    last: VecDeque<Outcome>,
    counts: BTreeMap<RowResult, u64>,
}

impl WatchedRun {
    fn locked(&self) -> MutexGuard<'_, WatchedRows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a row that has ended.
    pub(super) fn end_row(&self, outcome: &Outcome) {
        let mut rows = self.locked();
        *rows.counts.entry(outcome.result).or_default() += 1;
        rows.last.push_front(outcome.clone());
        rows.last.truncate(ROWS_KEPT);
    }

    /// The rows that ended last, the newest first.
    #[cfg(feature = "page")]
    pub(crate) fn last_rows(&self) -> Vec<Outcome> {
        self.locked().last.iter().cloned().collect()
    }

    /// The number of rows of each result.
    #[cfg(feature = "page")]
    pub(crate) fn counts(&self) -> BTreeMap<RowResult, u64> {
        self.locked().counts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Action;

    #[test]
    fn the_newest_rows_are_kept() {
        let watched = WatchedRun::default();
        for number in 0..50 {
            watched.end_row(&Outcome {
                number: number.to_string(),
                ..Outcome::new(Action::Create, RowResult::Created)
            });
        }
        let rows = watched.locked();
        let kept: Vec<&str> = rows.last.iter().map(|row| row.number.as_str()).collect();
        assert_eq!(kept.len(), ROWS_KEPT);
        assert_eq!((kept[0], kept[19]), ("49", "30"));
        assert_eq!(rows.counts[&RowResult::Created], 50);
    }
}
