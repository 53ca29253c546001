//! A run's changes and their results, on disk before they are sent to the PBX: one SQLite file for each run, from which
//! a killed run is resumed, a report is made again, and a run is undone.
//!
//! ```text
//! STATE/runs/20261121-213015-a1b2/ledger.sqlite    one folder for each run, complete or not there
//! STATE/locks/…                                    one lock a target
//! STATE/memory/….sqlite                            values written that cannot be read back, one file for each PBX
//! STATE/count                                      how many runs have begun
//! ```
//!
//! The steps of a run: [`TargetLock::acquire`] before the PBX is read, [`Ledger::create`] with every row once the plan is
//! made, [`Ledger::intend`] before a row is sent to the PBX, [`Ledger::result`] when its result is final, and
//! [`Ledger::end`]. After a crash [`Ledger::resume`] returns every row with its [`Standing`]. `StoredRun` reads a run
//! that may be at work.
//!
//! After a failed write nothing more is written: every later call fails, and the caller stops sending. The data on the
//! disk from before stays.

mod change;
mod connection;
mod error;
mod holder;
mod list;
mod lock;
mod memory;
mod rows;
mod sent;
mod state;
mod store;

pub use error::LedgerError;
pub use list::{clean, newest, runs};
pub use lock::TargetLock;
pub(crate) use memory::Memory;
pub(crate) use memory::SecretMarks;
pub(crate) use sent::SentRow;
pub(crate) use state::SECRETS_STEM;
pub use state::StateDir;
pub use store::Ledger;
pub(crate) use store::StoredRun;

use crate::model::{RowResult, RunCommand, RunMode, vocabulary};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The command and options of a run, as it was started. Contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHead {
    /// The command.
    pub command: RunCommand,
    /// The target's vendor.
    pub vendor: String,
    /// The mode.
    pub mode: RunMode,
    /// All other options, as JSON.
    pub options: String,
    /// The version of the rules that the rows were checked by.
    pub rules: String,
    /// The SHA-256 of the input.
    pub input_hash: String,
}

/// A run that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// Its name, for example `20261121-213015-a1b2`: its start, in UTC, and four digits that distinguish runs of the
    /// same second.
    pub id: String,
    /// The number of runs begun with this state folder, including this one: newer runs have higher counts, whatever the
    /// clock.
    pub count: u64,
    /// The label of its target.
    pub target: String,
    /// The time when it began.
    pub started: Timestamp,
    /// The version of rowcall that began it.
    pub tool: String,
    /// The name of the key that its secrets are sealed with.
    pub key: String,
    /// Its command and options.
    pub head: RunHead,
}

/// The progress of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has its result.
    Final,
    /// No request about the row was sent to the PBX.
    Waiting,
    /// The number of times that it was about to be sent to the PBX, with unknown results: look before sending it again.
    Intended(u32),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// The time.
    pub at: Timestamp,
    /// The reason, in words.
    pub why: String,
}

/// The times at which a run was at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunTimes {
    /// Its beginning.
    pub(crate) started: Timestamp,
    /// The last time that it was resumed.
    pub(crate) resumed: Option<Timestamp>,
    /// The time that it was at work, without its breaks; `None` where it is at work or was cut off, for nobody knows when.
    pub(crate) at_work: Option<SignedDuration>,
}

vocabulary! {
    /// The states of the step that brings a run's changes into effect, on a PBX that wants one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ApplyState {
        /// Changes are stored, or about to be, and the step is to be taken.
        Due = "due",
        /// The step was taken after the last change.
        Done = "done",
        /// Changes are stored, and the run was told to leave the step to others.
        Left = "left",
        /// Unneeded, because nothing was changed.
        NotDue = "not_due",
    }
}

impl ApplyState {
    /// Returns true if changes are stored and not in effect.
    pub fn is_outstanding(self) -> bool {
        matches!(self, ApplyState::Due | ApplyState::Left)
    }
}

/// A run in the list of runs.
#[derive(Debug)]
pub struct ListedRun {
    /// Its name.
    pub id: String,
    /// Its summary, or the reason why it cannot be read.
    pub summary: Result<Summary, LedgerError>,
}

/// A run in a few numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The run.
    pub run: RunFacts,
    /// Its end; `None` while it is at work, and after a crash.
    pub ended: Option<RunEnd>,
    /// True where another PBX answered in the place of the run's own, or that had lost what was stored: what the run has
    /// done may be gone.
    pub is_doubted: bool,
    /// The state of the step that brings its changes into effect; `None` where each is at once.
    pub apply: Option<ApplyState>,
    /// Counts of the rows by result; in a run that is doubted, changes that were made are `unknown`.
    pub results: BTreeMap<RowResult, u64>,
    /// Rows that are [`Standing::Waiting`].
    pub waiting: u64,
    /// Rows that are [`Standing::Intended`].
    pub intended: u64,
}

impl Summary {
    /// Returns true where nothing is left to be done: the run ended, every row has its result, which nobody doubts, and
    /// nothing waits to be brought into effect.
    pub fn is_finished(&self) -> bool {
        self.ended.is_some()
            && self.waiting == 0
            && self.intended == 0
            && !self.is_doubted
            && self.apply != Some(ApplyState::Due)
    }
}

#[cfg(test)]
mod tests;
