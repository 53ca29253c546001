//! Each target's newest snapshots, and those of a night, whichever process entered them.

use super::manifest::{Archive, ArchiveError, Facts, ManifestPlace, Snapshot, SnapshotChange};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The newest snapshots, of which few are kept however many there are.
#[derive(Debug, Default)]
pub(crate) struct NewestSnapshots {
    /// The facts of each target's newest snapshot when the archive was opened.
    pub(crate) last: BTreeMap<String, Facts>,
    /// Each target's newest snapshot that is certainly complete, when the archive was opened.
    pub(crate) complete: BTreeMap<String, Snapshot>,
    /// The snapshots of the night that is asked for.
    night: Option<Mutex<NightSnapshots>>,
}

/// The complete snapshots of a night, as far as the manifest has been read.
#[derive(Debug)]
struct NightSnapshots {
    /// The night's name.
    name: String,
    /// The end of the entries that have been read.
    end: ManifestPlace,
    /// The number of extensions in each target's snapshot.
    extensions: BTreeMap<String, u64>,
}

impl NightSnapshots {
    /// Counts a snapshot if it is one of this night. One whose file is gone is none: it must be made again.
    fn add(&mut self, target: &str, snapshot: &Snapshot) {
        let facts = &snapshot.facts;
        let is_of_night = facts.is_certain() && facts.night.as_deref() == Some(&self.name);
        if is_of_night && snapshot.path.is_file() {
            self.extensions.insert(target.to_owned(), facts.extensions);
        }
    }
}

impl NewestSnapshots {
    /// Finds them in an archive, and those of a night where it has a name. An archive in which nothing was entered has
    /// none.
    ///
    /// # Errors
    /// As [`Archive::snapshots`].
    pub(crate) fn read(
        archive: &Archive,
        night: Option<&str>,
    ) -> Result<NewestSnapshots, ArchiveError> {
        let mut newest = NewestSnapshots::new(night);
        let _shared = match archive.share() {
            Err(ArchiveError::NoArchive(_)) => return Ok(newest),
            shared => shared?,
        };
        newest.read_all(archive)?;
        Ok(newest)
    }

    fn new(night: Option<&str>) -> NewestSnapshots {
        let night = night.map(|name| NightSnapshots {
            name: name.to_owned(),
            end: ManifestPlace::default(),
            extensions: BTreeMap::new(),
        });
        NewestSnapshots {
            last: BTreeMap::new(),
            complete: BTreeMap::new(),
            night: night.map(Mutex::new),
        }
    }

    /// Reads all entries.
    fn read_all(&mut self, archive: &Archive) -> Result<(), ArchiveError> {
        let mut night = self.night.as_mut().map(|night| {
            let night = night.get_mut();
            night.unwrap_or_else(PoisonError::into_inner)
        });
        let (last, complete) = (&mut self.last, &mut self.complete);
        let end = archive.read_changes(ManifestPlace::default(), |change| match change {
            SnapshotChange::Entered(target, snapshot) => {
                if let Some(night) = &mut night {
                    night.add(&target, &snapshot);
                }
                last.insert(target.clone(), snapshot.facts.clone());
                if snapshot.facts.is_certain() {
                    complete.insert(target, *snapshot);
                }
            }
            // Retention keeps those that are the newest.
            SnapshotChange::Removed(_) => {}
        })?;
        if let Some(night) = night {
            night.end = end;
        }
        Ok(())
    }

    /// Returns the number of extensions in the target's complete snapshot of the night; `None` where there is none, or the
    /// export is for no night.
    pub(crate) fn of_night(&self, target: &str) -> Option<u64> {
        let night = self.night.as_ref()?.lock();
        let night = night.unwrap_or_else(PoisonError::into_inner);
        night.extensions.get(target).copied()
    }

    /// The same after reading the entries that were made since. The caller keeps others from making some.
    pub(super) fn of_night_by_now(
        &self,
        archive: &Archive,
        target: &str,
    ) -> Result<Option<u64>, ArchiveError> {
        let Some(night) = &self.night else {
            return Ok(None);
        };
        let mut night = night.lock().unwrap_or_else(PoisonError::into_inner);
        night.end = archive.read_changes(night.end, |change| {
            if let SnapshotChange::Entered(target, snapshot) = change {
                night.add(&target, &snapshot);
            }
        })?;
        Ok(night.extensions.get(target).copied())
    }
}
