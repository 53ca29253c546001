//! The reasons why the ledger cannot be used.

use super::holder::TargetLocked;
use crate::seal::SealError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

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
