//! The archive that exports go into.

use crate::archive::{Archive, Head, NewestSnapshots, WrittenSnapshot};
use crate::cli::ExportArgs;
use crate::fleet::{Oldest, TargetResult, TargetSummary};
use crate::model::counted;
use crate::rim::Failure;
use crate::rim::terminal::{print, print_data};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The archive that snapshots are added to.
pub(super) struct Snapshots {
    pub(super) archive: Archive,
    pub(super) newest: NewestSnapshots,
    /// The head by now, and the targets that have a new snapshot.
    done: Mutex<(Option<Head>, BTreeSet<String>)>,
}

impl Snapshots {
    /// Opens the archive, or makes it.
    ///
    /// # Errors
    /// Exit 2 where it cannot be used.
    pub(super) fn new(folder: &Path, night: Option<&str>) -> Result<Snapshots, Failure> {
        let archive = Archive::open_or_make(folder)?;
        // A line that was cut off would hide all snapshots.
        let notices = archive.repair().unwrap_or_default();
        notices.iter().for_each(print);
        let newest = match NewestSnapshots::read(&archive, night) {
            // It is not known what the night has already.
            Err(error) if night.is_some() => return Err(error.into()),
            Err(error) => {
                print(format!("{error}; {}", error.hint()));
                NewestSnapshots::default()
            }
            Ok(newest) => newest,
        };
        Ok(Snapshots {
            archive,
            newest,
            done: Mutex::default(),
        })
    }

    /// The age of the newest whole snapshots of these targets.
    pub(super) fn oldest(&self, targets: &[TargetSummary]) -> Oldest {
        let now = Timestamp::now();
        let times = targets.iter().map(|line| match line.result {
            TargetResult::Exported => Some(now),
            _ => self
                .newest
                .complete
                .get(&line.target)
                .map(|snapshot| snapshot.time),
        });
        let times: Vec<Option<Timestamp>> = times.collect();
        Oldest {
            time: times.iter().flatten().min().copied(),
            without: times.iter().filter(|time| time.is_none()).count() as u64,
        }
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
