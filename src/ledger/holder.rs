//! The process that has a target's lock, as others are told of it.

use jiff::Timestamp;
use std::path::Path;
use std::{fmt, fs};

/// The process that works on a target.
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
    /// Reads `PID SINCE RUN` from the file beside a lock.
    pub(super) fn read(path: &Path) -> Option<LockHolder> {
        let line = fs::read_to_string(path).ok()?;
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
    /// The holder, as far as it could be read.
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
