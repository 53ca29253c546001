//! The targets that have a whole snapshot of a night, whichever process entered it.

use super::manifest::{Archive, ArchiveError, EntryKind, Facts, ManifestPlace, Snapshot};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The whole snapshots of a night, as far as the manifest has been read.
#[derive(Debug)]
pub(crate) struct NightSnapshots {
    /// The night's name.
    name: String,
    read: Mutex<ReadEntries>,
}

/// The entries that have been read.
#[derive(Debug)]
struct ReadEntries {
    /// The end of the last one.
    end: ManifestPlace,
    /// The number of extensions in each target's snapshot of the night.
    extensions: BTreeMap<String, u64>,
}

impl NightSnapshots {
    /// Finds them among all snapshots, which were read up to this place.
    pub(super) fn new(
        name: &str,
        snapshots: &BTreeMap<String, Vec<Snapshot>>,
        end: ManifestPlace,
    ) -> NightSnapshots {
        let of_night = snapshots.iter().filter_map(|(target, snapshots)| {
            let is_of_night = |at: &&Snapshot| is_of(name, &at.facts, &at.path);
            let snapshot = snapshots.iter().rfind(is_of_night)?;
            Some((target.clone(), snapshot.facts.extensions))
        });
        NightSnapshots {
            name: name.to_owned(),
            read: Mutex::new(ReadEntries {
                end,
                extensions: of_night.collect(),
            }),
        }
    }

    /// Returns the number of extensions in the target's whole snapshot of this night; `None` where it has none.
    pub(crate) fn extensions(&self, target: &str) -> Option<u64> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.extensions.get(target).copied()
    }

    /// Reads the entries that were made since. The caller keeps others from making some.
    pub(super) fn catch_up(&self, archive: &Archive) -> Result<(), ArchiveError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let ReadEntries { end, extensions } = &mut *read;
        *end = archive.read_from(*end, |line| {
            let entry = line
                .entry
                .ok_or_else(|| archive.no_entry(Some(line.number)))?;
            if let EntryKind::Snapshot {
                target,
                file,
                facts,
                ..
            } = entry.what
                && is_of(&self.name, &facts, &archive.folder.join(file))
            {
                extensions.insert(target, facts.extensions);
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Returns true if a snapshot is a whole one of this night. One whose file is gone is none: it must be made again.
fn is_of(night: &str, facts: &Facts, path: &Path) -> bool {
    facts.is_certain() && facts.night.as_deref() == Some(night) && path.is_file()
}
