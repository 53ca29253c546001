//! One run a target: a lock of the kernel's, which dies with its process.

use super::LedgerError;
use super::state::StateDir;
use crate::seal::sha256_hex;
use jiff::Timestamp;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The right to work on one target, until it is dropped or its process ends, in whatever way.
#[derive(Debug)]
pub struct TargetLock {
    target: String,
    holder_file: PathBuf,
    since: Timestamp,
    file: File,
}

/// Who works on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// The process.
    pub pid: u32,
    /// The run, once it has begun.
    pub run: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

impl LockHolder {
    /// Reads `PID SINCE RUN`.
    fn parse(line: &str) -> Option<LockHolder> {
        let mut words = line.trim_end_matches('\n').split(' ');
        Some(LockHolder {
            pid: words.next()?.parse().ok()?,
            since: words.next()?.parse().ok()?,
            run: words
                .next()
                .filter(|run| !run.is_empty())
                .map(str::to_owned),
        })
    }
}

/// Another run is at work on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetLocked {
    /// The target's label.
    pub target: String,
    /// Who it is, as far as that could be read.
    pub by: Option<LockHolder>,
}

impl fmt::Display for TargetLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "another run is at work on {}", self.target)?;
        let Some(by) = &self.by else { return Ok(()) };
        if let Some(run) = &by.run {
            write!(f, ": {run}")?;
        }
        write!(f, " (process {}, since {:.0})", by.pid, by.since)
    }
}

impl TargetLock {
    /// Takes the lock of a target, without waiting.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] where another run has it, in this process or any other on this machine with the same state
    /// folder; or the folder cannot be used.
    pub fn take(state: &StateDir, target: &str) -> Result<TargetLock, LedgerError> {
        let folder = state.locks()?;
        let name = sha256_hex(target.as_bytes());
        let name = name.get(..16).unwrap_or(&name);
        let path = folder.join(format!("{name}.lock"));
        let failed = |error| LedgerError::Folder {
            path: path.clone(),
            doing: "locked",
            error,
        };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        // Beside the lock, because what is locked cannot be read on every platform.
        let holder_file = folder.join(format!("{name}.holder"));
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let by = fs::read_to_string(&holder_file).ok();
                return Err(LedgerError::Locked(TargetLocked {
                    target: target.to_owned(),
                    by: by.and_then(|line| LockHolder::parse(&line)),
                }));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let lock = TargetLock {
            target: target.to_owned(),
            holder_file,
            since: Timestamp::now(),
            file,
        };
        lock.say(None)?;
        Ok(lock)
    }

    /// The label of the target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Says which run has the lock, to whoever is refused it.
    pub(super) fn say(&self, run: Option<&str>) -> Result<(), LedgerError> {
        let run = run.unwrap_or_default();
        let line = format!("{} {} {run}\n", std::process::id(), self.since);
        replace(&self.holder_file, &line).map_err(|error| LedgerError::Folder {
            path: self.holder_file.clone(),
            doing: "written",
            error,
        })
    }
}

impl Drop for TargetLock {
    fn drop(&mut self) {
        // Closing alone would leave it locked while a process that is just being started still has the file.
        let _ = self.file.unlock();
    }
}

/// Replaces the file in one step, so that a reader never finds half of it.
fn replace(path: &Path, line: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(line.as_bytes())?;
    file.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}
