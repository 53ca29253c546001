//! The rows of a run that were sent, each with its time. Reading them needs no key.

use super::rows::parsed;
use super::store::StoredRun;
use super::{LedgerError, Standing};
use crate::model::{Action, Field, Outcome};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A row of a run that does not wait any more.
pub(crate) struct SentRow {
    /// Its position in the run.
    pub(crate) position: usize,
    pub(crate) action: Action,
    /// The number that its extension had.
    pub(crate) number: String,
    /// The number that it gives to it.
    pub(crate) new_number: Option<String>,
    /// The last time that it was about to be sent; where it never was, that of its result.
    pub(crate) at: Timestamp,
    pub(crate) line: Outcome,
    pub(crate) standing: Standing,
}

impl StoredRun {
    /// The rows with a change that do not wait any more, in order.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) fn sent(&self) -> Result<Vec<SentRow>, LedgerError> {
        let times = self.times_sent().map_err(|error| self.reading(error))?;
        let lines = self.outcomes()?;
        let changes = self.changes().map_err(|error| self.reading(error))?;
        let sent = changes.into_iter().filter_map(|(mut change, _)| {
            let (line, standing) = lines.get(change.position)?;
            let at = times.get(&change.position).copied();
            (*standing != Standing::Waiting).then(|| SentRow {
                position: change.position,
                action: change.action,
                number: change.number,
                new_number: change.wanted.remove(&Field::NEW_NUMBER).flatten(),
                at: at.unwrap_or(line.finished_at),
                line: line.clone(),
                standing: *standing,
            })
        });
        Ok(sent.collect())
    }

    fn times_sent(&self) -> rusqlite::Result<BTreeMap<usize, Timestamp>> {
        let mut statement = self
            .connection
            .prepare("SELECT position, at FROM intents ORDER BY position, attempt")?;
        let times = statement.query_map([], |row| {
            let at = parsed(row, "at", |text: String| text.parse().ok())?;
            Ok((row.get("position")?, at))
        })?;
        times.collect()
    }
}
