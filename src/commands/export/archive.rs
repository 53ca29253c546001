//! The archive that exports go into.

use crate::archive::{Archive, ArchiveError, Head, Retention, TargetHistory, WrittenEntries};
use crate::cli::ExportArgs;
use crate::fleet::{Oldest, TargetResult, TargetSummary};
use crate::model::counted;
use crate::rim::Failure;
use crate::rim::terminal::{print, print_data};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The archive that snapshots are added to.
pub(super) struct Snapshots {
    pub(super) archive: Archive,
    /// The targets that something was entered about.
    entered: Mutex<BTreeMap<String, EnteredTarget>>,
}

/// A target that something was entered about.
struct EnteredTarget {
    /// Its head by now.
    head: Head,
    has_snapshot: bool,
}

impl Snapshots {
    /// Opens the archive, or makes it.
    ///
    /// # Errors
    /// Exit 2 where it cannot be used.
    pub(super) fn new(folder: &Path) -> Result<Snapshots, Failure> {
        let (archive, notices) = Archive::open_or_make(folder)?;
        notices.iter().for_each(print);
        Ok(Snapshots {
            archive,
            entered: Mutex::default(),
        })
    }

    /// The newest snapshots of a target, as far as that is known.
    ///
    /// # Errors
    /// It is not known what the night has already.
    pub(super) fn history(
        &self,
        target: &str,
        night: Option<&str>,
    ) -> Result<TargetHistory, ArchiveError> {
        match self.archive.history(target, night) {
            Err(error) if night.is_none() => {
                print(format!("{error}; {}", error.hint()));
                Ok(TargetHistory::default())
            }
            history => {
                let history = history?;
                history.notices.iter().for_each(print);
                Ok(history)
            }
        }
    }

    /// The age of the newest whole snapshots of these targets.
    pub(super) fn oldest(&self, targets: &[TargetSummary]) -> Oldest {
        let now = Timestamp::now();
        let times = targets.iter().map(|line| match line.result {
            TargetResult::Exported => Some(now),
            _ => {
                let history = self.archive.history(&line.target, None);
                history.ok()?.complete.map(|snapshot| snapshot.time)
            }
        });
        let times: Vec<Option<Timestamp>> = times.collect();
        Oldest {
            time: times.iter().flatten().min().copied(),
            without: times.iter().filter(|time| time.is_none()).count() as u64,
        }
    }

    /// Records that something was entered about a target.
    pub(super) fn entered(&self, target: &str, written: WrittenEntries, has_snapshot: bool) {
        for notice in written.notices {
            print(notice);
        }
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let head = written.head;
        let target = entered.entry(target.to_owned());
        let target = target.or_insert_with(|| EnteredTarget {
            head: head.clone(),
            has_snapshot,
        });
        target.head = head;
        target.has_snapshot |= has_snapshot;
    }

    /// Lets retention do its work, enters the heads of the targets, and prints the archive's.
    ///
    /// # Errors
    /// Exit 2 where the archive cannot be written.
    pub(super) fn close(&self, args: &ExportArgs) -> Result<(), Failure> {
        // What was entered is vouched for, whatever becomes of old files.
        let pruned = args.keep.map_or(Ok(()), |keep| self.prune(&keep));
        let entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        if entered.is_empty() {
            return Ok(pruned?);
        }
        let heads = entered
            .iter()
            .map(|(target, now)| (target.clone(), now.head.clone()));
        let written = self.archive.enter_heads(&heads.collect())?;
        written.notices.iter().for_each(print);
        print_data(|out| writeln!(out, "{}", written.head))?;
        Ok(pruned?)
    }

    /// Removes the files that the rule does not keep, of the targets that have a new snapshot. One whose files cannot be
    /// removed leaves the others' to be removed; the first such error is returned, and each further one printed.
    fn prune(&self, keep: &Retention) -> Result<(), ArchiveError> {
        let (mut count, mut pruned) = (0, Ok(()));
        for target in self.with_snapshot() {
            match self.archive.prune(&target, keep) {
                Ok((removed, written)) => {
                    count += removed;
                    self.entered(&target, written, true);
                }
                Err(error) if pruned.is_ok() => pruned = Err(error),
                Err(error) => print(format!("{error}; {}", error.hint())),
            }
        }
        if count > 0 {
            print(format!(
                "{} removed, by the rule {keep}",
                counted(count as u64, "snapshot")
            ));
        }
        pruned
    }

    /// The targets that have a new snapshot.
    fn with_snapshot(&self) -> Vec<String> {
        let entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let targets = entered.iter().filter(|(_, now)| now.has_snapshot);
        targets.map(|(target, _)| target.clone()).collect()
    }
}
