//! One run at a time for each target: a file lock, which the system releases when its process ends.

use super::LedgerError;
use super::holder::{LockHolder, TargetLocked};
use super::state::{StateDir, failed};
use crate::digest::sha256_hex;
use crate::disk::{Readers, private_options, write_whole};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The time after which somebody who only looks at a lock has let go of it.
const LOOK_TIME: Duration = Duration::from_millis(20);

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

    /// Returns true if this run has the lock of its target, in this process or any other on this machine.
    ///
    /// # Errors
    /// The lock cannot be looked at.
    pub(crate) fn is_of_run(
        state: &StateDir,
        target: &str,
        run: &str,
    ) -> Result<bool, LedgerError> {
        let (path, holder) = LockedFile::paths(&state.locks_path(), target);
        let Ok(file) = File::open(&path) else {
            return Ok(false);
        };
        let by = LockHolder::read(&holder).and_then(|holder| holder.run);
        if by.as_deref() != Some(run) {
            return Ok(false);
        }
        // Who looks has the lock for a moment, for which those who want it wait.
        match file.try_lock_shared() {
            Ok(()) => {
                let _ = file.unlock();
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(failed(&path, "locked", error)),
        }
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
    /// The lock's file, and the one beside it.
    fn paths(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let name = sha256_hex(name.as_bytes());
        let name = name.get(..16).unwrap_or(&name);
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        (path("lock"), path("holder"))
    }

    /// Locks the file of one name that the target has.
    fn lock_file(folder: &Path, name: &str, target: &str) -> Result<LockedFile, LedgerError> {
        let (path, holder) = LockedFile::paths(folder, name);
        let mut options = private_options();
        options.create(true).truncate(false).write(true);
        let file = options
            .open(&path)
            .map_err(|error| failed(&path, "locked", error))?;
        let mut locked = file.try_lock();
        if let Err(TryLockError::WouldBlock) = locked {
            thread::sleep(LOOK_TIME);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => Ok(LockedFile { file, holder }),
            Err(TryLockError::WouldBlock) => Err(LedgerError::Locked(TargetLocked {
                target: target.to_owned(),
                by: LockHolder::read(&holder),
            })),
            Err(TryLockError::Error(error)) => Err(failed(&path, "locked", error)),
        }
    }
}
