//! One run at a time for each target: a file lock, which the system releases when its process ends.

use super::LedgerError;
use super::holder::{LockHolder, TargetLocked};
use super::state::{StateDir, failed};
use crate::digest::sha256_hex;
use crate::disk::{Readers, private_options, write_whole};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// The lock of one target, until it is dropped or its process ends, in whatever way.
#[derive(Debug)]
pub struct TargetLock {
    target: String,
    since: Timestamp,
    files: Vec<LockedFile>,
}

/// One locked file, unlocked when it is dropped.
#[derive(Debug)]
struct LockedFile {
    file: File,
    /// The file beside the lock, because a locked file cannot be read on every platform.
    holder: PathBuf,
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // Closing alone would leave it locked while a process that is just being started still has the file.
        let _ = self.file.unlock();
    }
}

impl TargetLock {
    /// Takes the lock of a target, without waiting. `addresses` are the places on the network where it answers: who has
    /// one of them has the target, by whatever name.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] where another run has it, in this process or any other on this machine with the same state
    /// folder; or the folder cannot be used.
    pub fn acquire(
        state: &StateDir,
        target: &str,
        addresses: &[String],
    ) -> Result<TargetLock, LedgerError> {
        let folder = state.locks()?;
        let names = addresses.iter().map(String::as_str).chain([target]);
        let mut lock = TargetLock {
            target: target.to_owned(),
            since: Timestamp::now(),
            files: vec![],
        };
        for name in names.collect::<BTreeSet<&str>>() {
            let file = LockedFile::lock_file(&folder, name, target)?;
            lock.files.push(file);
        }
        lock.report_run(None)?;
        Ok(lock)
    }

    /// The label of the target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Writes down which run has the lock, for those who are refused it.
    pub(super) fn report_run(&self, run: Option<&str>) -> Result<(), LedgerError> {
        let run = run.unwrap_or_default();
        let line = format!("{} {} {run}\n", std::process::id(), self.since);
        for locked in &self.files {
            write_whole(&locked.holder, line.as_bytes(), Readers::Owner)
                .map_err(|error| failed(&locked.holder, "written", error))?;
        }
        Ok(())
    }
}

impl LockedFile {
    /// Locks the file of one name that the target has.
    fn lock_file(folder: &Path, name: &str, target: &str) -> Result<LockedFile, LedgerError> {
        let name = sha256_hex(name.as_bytes());
        let name = name.get(..16).unwrap_or(&name);
        let path = folder.join(format!("{name}.lock"));
        let mut options = private_options();
        options.create(true).truncate(false).write(true);
        let file = options
            .open(&path)
            .map_err(|error| failed(&path, "locked", error))?;
        let holder = folder.join(format!("{name}.holder"));
        match file.try_lock() {
            Ok(()) => Ok(LockedFile { file, holder }),
            Err(TryLockError::WouldBlock) => {
                let by = fs::read_to_string(&holder).ok();
                Err(LedgerError::Locked(TargetLocked {
                    target: target.to_owned(),
                    by: by.and_then(|line| LockHolder::parse(&line)),
                }))
            }
            Err(TryLockError::Error(error)) => Err(failed(&path, "locked", error)),
        }
    }
}
