//! A target's newest snapshots, and that of a night, whichever process entered them.

use super::entry::{Facts, Snapshot};
use super::error::ArchiveError;
use super::folder::{Archive, TargetEntries};

/// A target's newest snapshots.
#[derive(Debug, Default)]
pub(crate) struct TargetHistory {
    /// The facts of the newest snapshot.
    pub(crate) last: Option<Facts>,
    /// The newest snapshot that is certainly complete.
    pub(crate) complete: Option<Snapshot>,
    /// The number of extensions in the complete snapshot of the night that was asked for; `None` where there is none.
    pub(crate) of_night: Option<u64>,
    /// The notices for the keeper of the archive.
    pub(crate) notices: Vec<String>,
}

impl Archive {
    /// Finds a target's newest snapshots, and that of a night where it has a name. A target about which nothing was entered
    /// has none. The remains of a process that was killed are put right: a line that was cut off would hide the others.
    ///
    /// # Errors
    /// The target's manifest cannot be read or written, or a line of it is no entry.
    pub(crate) fn history(
        &self,
        target: &str,
        night: Option<&str>,
    ) -> Result<TargetHistory, ArchiveError> {
        let notices = match self.chain(target).is_there() {
            true => self.lock(target)?.into_written().notices,
            false => vec![],
        };
        let mut entries = self.entries_of(target)?;
        let of_night = night.and_then(|night| entries.of_night(night));
        let last = entries.snapshots.last().map(|last| last.facts.clone());
        // Retention keeps it.
        let complete = entries
            .snapshots
            .iter()
            .rposition(|one| one.facts.is_certain());
        Ok(TargetHistory {
            last,
            complete: complete.map(|at| entries.snapshots.swap_remove(at)),
            of_night,
            notices,
        })
    }
}

impl TargetEntries {
    /// The number of extensions in the complete snapshot of a night. One whose file is gone is none: it must be made again.
    pub(super) fn of_night(&self, night: &str) -> Option<u64> {
        let of_night = self.snapshots.iter().rev().find(|snapshot| {
            let facts = &snapshot.facts;
            facts.is_certain() && facts.night.as_deref() == Some(night) && snapshot.is_there()
        });
        of_night.map(|snapshot| snapshot.facts.extensions)
    }
}
