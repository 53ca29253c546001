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
mod list;
mod lock;
mod memory;
mod state;
mod store;

pub use list::{clean, newest, runs};
pub use lock::TargetLock;
pub(crate) use lock::TargetLocked;
pub(crate) use memory::Memory;
pub(crate) use memory::SecretMarks;
pub(crate) use state::SECRETS_STEM;
pub use state::StateDir;
pub use store::Ledger;
pub(crate) use store::StoredRun;

use crate::model::{RowResult, RunCommand, RunMode, vocabulary};
use crate::seal::SealError;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

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

/// The reason why the ledger cannot be used. Except for [`LedgerError::Locked`] and errors before a run, nothing more
/// may be sent.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The platform's state folder is not known.
    #[error("the folder for runs cannot be found, because there is no home folder")]
    NoHome,
    /// A folder or a file beside the ledger cannot be used.
    #[error("{} cannot be {doing}: {error}", .path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// The attempt, for example `made`.
        doing: &'static str,
        /// The system's error.
        error: io::Error,
    },
    /// The ledger cannot be written.
    #[error("the ledger {} cannot be written: {why}", .path.display())]
    Write {
        /// The ledger.
        path: PathBuf,
        /// The database's error.
        why: String,
    },
    /// The ledger could not be written before, and is not written any more.
    #[error("the ledger {} could not be written, so nothing more is", .0.display())]
    Stopped(PathBuf),
    /// The ledger cannot be read.
    #[error("the ledger {} cannot be read: {why}", .path.display())]
    Read {
        /// The ledger.
        path: PathBuf,
        /// The database's error, or the content that should not be there.
        why: String,
    },
    /// The ledger is of another version of rowcall.
    #[error("the ledger {} is of version {found}, and this rowcall knows version {known}", .path.display())]
    Version {
        /// The ledger.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that is known.
        known: i64,
    },
    /// There is no such run.
    #[error("there is no run {run} in {}", .folder.display())]
    NoSuchRun {
        /// The name that was asked for.
        run: String,
        /// The folder that was searched.
        folder: PathBuf,
    },
    /// A row was to be written where it cannot be.
    #[error("row {position} of the run {why}")]
    Position {
        /// The row's position, counting from 0.
        position: usize,
        /// The mistake in it.
        why: &'static str,
    },
    /// Secrets could not be sealed or opened.
    #[error("the secrets of run {run} cannot be used: {error}")]
    Seal {
        /// The run.
        run: String,
        /// The reason, which names the key.
        error: SealError,
    },
    /// Another run is at work on the target.
    #[error("{0}")]
    Locked(TargetLocked),
}

/// SQLite's error, where the ledger itself is not at fault.
const DISK_TROUBLES: [&str; 3] = [
    "disk I/O error",
    "unable to open database file",
    "database or disk is full",
];

impl LedgerError {
    /// The next step for the reader; empty where the message already says it.
    pub fn hint(&self) -> &'static str {
        match self {
            LedgerError::NoHome => "set HOME, or name a folder with --state",
            LedgerError::Folder { error, .. } if error.kind() == io::ErrorKind::StorageFull => {
                "make room on the disk, or name another folder with --state"
            }
            LedgerError::Folder { .. } => {
                "make the folder writable, or name another one with --state"
            }
            LedgerError::Write { .. } => {
                "make room on the disk, or make the folder writable; then run it again"
            }
            LedgerError::Stopped(_) => {
                "make room on the disk, or make the folder writable, then resume the run"
            }
            // Reading too needs a file beside the ledger: without one, SQLite's message sounds like damage.
            LedgerError::Read { why, .. }
                if DISK_TROUBLES.iter().any(|known| why.starts_with(known)) =>
            {
                "make room on the disk, and make the folder readable and writable; then run it again"
            }
            LedgerError::Read { .. } => "put the run's folder back from a copy",
            LedgerError::Version { .. } => "use the version of rowcall that began the run",
            LedgerError::NoSuchRun { .. } => "rowcall runs lists what there is",
            LedgerError::Position { .. } => "",
            LedgerError::Seal { .. } => "name the key that the run was made with by --key",
            LedgerError::Locked(_) => "wait until it is done, or stop it",
        }
    }
}

#[cfg(test)]
mod tests;
