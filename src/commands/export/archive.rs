//! The archive that exports go into.

use crate::archive::{Archive, ArchiveError, Facts, Head, Snapshot, WrittenSnapshot};
use crate::cli::ExportArgs;
use crate::model::counted;
use crate::rim::Failure;
use crate::rim::terminal::{print, print_data};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The archive that snapshots are added to.
pub(super) struct Snapshots {
    pub(super) archive: Archive,
    /// The facts of each target's newest snapshot.
    pub(super) last: BTreeMap<String, Facts>,
    /// Each target's newest snapshot that is certainly complete.
    pub(super) newest: BTreeMap<String, Snapshot>,
    /// The head by now, and the targets that have a new snapshot.
    done: Mutex<(Option<Head>, BTreeSet<String>)>,
}

impl Snapshots {
    /// Opens the archive, or makes it.
    ///
    /// # Errors
    /// Exit 2 where it cannot be used.
    pub(super) fn new(folder: &Path) -> Result<Snapshots, Failure> {
        let archive = Archive::open_or_make(folder)?;
        let snapshots = match archive.snapshots() {
            Ok(snapshots) => snapshots,
            Err(ArchiveError::NoArchive(_)) => BTreeMap::new(),
            Err(error) => {
                print(format!("{error}; {}", error.hint()));
                BTreeMap::new()
            }
        };
        let newest = snapshots.iter().filter_map(|(target, snapshots)| {
            let snapshot = snapshots
                .iter()
                .rfind(|snapshot| snapshot.facts.is_certain())?;
            Some((target.clone(), snapshot.clone()))
        });
        let newest = newest.collect();
        let last = snapshots
            .into_iter()
            .filter_map(|(target, mut snapshots)| Some((target, snapshots.pop()?.facts)));
        Ok(Snapshots {
            last: last.collect(),
            newest,
            archive,
            done: Mutex::default(),
        })
    }

    /// Records an entry.
    pub(super) fn entered(&self, kept: WrittenSnapshot, target: Option<&str>) {
        for notice in kept.notices {
            print(notice);
        }
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        // Others may have entered theirs meanwhile.
        if done
            .0
            .as_ref()
            .is_none_or(|head| head.entry < kept.head.entry)
        {
            done.0 = Some(kept.head);
        }
        done.1.extend(target.map(str::to_owned));
    }

    /// Lets retention do its work, and prints the head.
    pub(super) fn close(&self, args: &ExportArgs) -> Result<(), Failure> {
        let targets = {
            let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            done.1.clone()
        };
        if let (Some(keep), false) = (&args.keep, targets.is_empty()) {
            let (removed, kept) = self.archive.prune(&targets, keep)?;
            if removed > 0 {
                print(format!(
                    "{} removed, by the rule {keep}",
                    counted(removed as u64, "snapshot")
                ));
            }
            self.entered(kept, None);
        }
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        match &done.0 {
            Some(head) => print_data(|out| writeln!(out, "{head}")).map(drop),
            None => Ok(()),
        }
    }
}
