//! Additions to an archive, and removals by retention.

use super::chain::{LockedChain, WrittenEntries};
use super::entry::{EntryKind, Facts, Head, LAYOUT, LastEntry, Snapshot};
use super::error::{ArchiveError, failed};
use super::folder::{Archive, folder_name, hidden, is_file_of};
use super::keep::{Retention, SnapshotAge};
use crate::digest::{hex, sha256_of_all};
use crate::disk::sync_folder;
use crate::seal::random;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest reason that is entered, in characters.
const WHY_CHARS_MAX: usize = 500;

/// The number of heads in an entry: a line of them is short enough with the longest names.
const HEADS_A_LINE: usize = 300;

/// The beginning of the name of an export that is not entered yet.
const PENDING: &str = ".export-";

/// The age from which on no process is at work on such an export: `--give-up` allows a week.
const PENDING_MAX: Duration = Duration::from_secs(8 * 24 * 3600);

/// A snapshot that is not entered yet. A file written to its path is no part of the archive.
#[derive(Debug)]
pub struct PendingSnapshot {
    target: String,
    ending: String,
    path: PathBuf,
}

impl PendingSnapshot {
    /// The path that the export must be written to.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The SHA-256 of what was written to it, and its length in bytes.
    fn hashed(&self) -> Result<(String, u64), ArchiveError> {
        let read = File::open(&self.path).and_then(sha256_of_all);
        read.map_err(failed(&self.path, "read"))
    }
}

impl Drop for PendingSnapshot {
    fn drop(&mut self) {
        // Gone already where it was entered.
        let _ = fs::remove_file(&self.path);
    }
}

/// The result of entering a target's export once a night.
#[derive(Debug)]
pub(crate) enum EnteredOnce {
    /// It was entered.
    Now(Box<Snapshot>, WrittenEntries),
    /// The night has a complete snapshot of the target already, with this number of extensions.
    Before { extensions: u64 },
}

impl Archive {
    /// Makes a place for the export of a target in the format of `ending` (`csv`).
    ///
    /// # Errors
    /// The target's name cannot be a folder's, or the folder cannot be made.
    pub fn begin(&self, target: &str, ending: &str) -> Result<PendingSnapshot, ArchiveError> {
        let folder = self.folder.join(folder_name(target)?);
        fs::create_dir_all(&folder).map_err(failed(&folder, "made"))?;
        remove_abandoned(&folder);
        // Others may be at work on the same target, on this machine or another.
        let word: [u8; 8] =
            random().map_err(|error| failed(&folder, "made")(io::Error::other(error)))?;
        Ok(PendingSnapshot {
            path: folder.join(format!("{PENDING}{}.{ending}", hex(&word))),
            target: target.to_owned(),
            ending: ending.to_owned(),
        })
    }

    /// Enters an export that was written to its path, and gives it its name.
    ///
    /// # Errors
    /// A file cannot be read, written or renamed, another process does not let go of the manifest, or the manifest's last
    /// line is no entry. The archive is as it was then.
    pub fn enter(
        &self,
        pending: &PendingSnapshot,
        facts: Facts,
    ) -> Result<(Snapshot, WrittenEntries), ArchiveError> {
        self.enter_at(pending, facts, Timestamp::now)
    }

    /// The same at the time of this clock, which is asked once no other process can enter anything before.
    pub(super) fn enter_at(
        &self,
        pending: &PendingSnapshot,
        facts: Facts,
        clock: impl FnOnce() -> Timestamp,
    ) -> Result<(Snapshot, WrittenEntries), ArchiveError> {
        let hashed = pending.hashed()?;
        self.enter_locked(self.lock(&pending.target)?, pending, hashed, facts, clock)
    }

    /// The same, unless the night that it was made for has a complete snapshot of the target by now: another process may
    /// have entered one while this one asked the PBX.
    ///
    /// # Errors
    /// As [`Archive::enter`]; or the target's manifest cannot be read.
    pub(crate) fn enter_once(
        &self,
        pending: &PendingSnapshot,
        facts: Facts,
    ) -> Result<EnteredOnce, ArchiveError> {
        let hashed = pending.hashed()?;
        let locked = self.lock(&pending.target)?;
        if let Some(night) = &facts.night
            && let Some(extensions) = self.read_entries_of(&pending.target)?.of_night(night)
        {
            return Ok(EnteredOnce::Before { extensions });
        }
        let (snapshot, written) =
            self.enter_locked(locked, pending, hashed, facts, Timestamp::now)?;
        Ok(EnteredOnce::Now(Box::new(snapshot), written))
    }

    fn enter_locked(
        &self,
        mut locked: LockedChain,
        pending: &PendingSnapshot,
        (sha256, bytes): (String, u64),
        facts: Facts,
        clock: impl FnOnce() -> Timestamp,
    ) -> Result<(Snapshot, WrittenEntries), ArchiveError> {
        let PendingSnapshot {
            target,
            ending,
            path,
        } = pending;
        let time = locked.time(clock());
        let n = locked.last.n + 1;
        let name = format!("{}-{n}.{ending}", time.strftime("%Y-%m-%dT%H%M%SZ"));
        let place = self.folder.join(target).join(&name);
        let waiting = hidden(&place);
        fs::rename(path, &waiting).map_err(failed(&waiting, "made"))?;
        let entered = synced(&waiting).and_then(|()| {
            let what = EntryKind::Snapshot {
                target: target.clone(),
                file: format!("{target}/{name}"),
                bytes,
                sha256: sha256.clone(),
                facts: Box::new(facts.clone()),
            };
            locked.append(time, vec![what])
        });
        if let Err(error) = entered {
            // The file stays if its entry may have been written all the same: the next snapshot finds it.
            if !locked.is_doubtful {
                let _ = fs::remove_file(&waiting);
            }
            return Err(error);
        }
        // From here on the snapshot is the archive's: the next process gives it its name if this fails.
        fs::rename(&waiting, &place).map_err(failed(&place, "made"))?;
        synced(&place)?;
        let snapshot = Snapshot {
            entry: n,
            time,
            path: place,
            sha256,
            facts,
        };
        Ok((snapshot, locked.into_written()))
    }

    /// Enters that a target's export was tried and did not come about.
    ///
    /// # Errors
    /// As [`Archive::enter`].
    pub(crate) fn record_missed(
        &self,
        target: &str,
        why: &str,
    ) -> Result<WrittenEntries, ArchiveError> {
        let folder = self.folder.join(folder_name(target)?);
        fs::create_dir_all(&folder).map_err(failed(&folder, "made"))?;
        let mut locked = self.lock(target)?;
        let what = EntryKind::Missed {
            target: target.to_owned(),
            why: why.chars().take(WHY_CHARS_MAX).collect(),
        };
        let time = locked.time(Timestamp::now());
        locked.append(time, vec![what])?;
        Ok(locked.into_written())
    }

    /// Removes the files of a target's snapshots that a rule does not keep, and enters each before; their entries stay.
    /// Returns their number.
    ///
    /// # Errors
    /// As [`Archive::enter`]; or a file cannot be removed, which the next call does.
    pub(crate) fn prune(
        &self,
        target: &str,
        keep: &Retention,
    ) -> Result<(usize, WrittenEntries), ArchiveError> {
        let mut locked = self.lock(target)?;
        let entries = self.read_entries_of(target)?;
        // Those too that a process which was killed here had entered and not removed.
        let snapshots = entries.snapshots.iter();
        let removed = snapshots.filter(|one| entries.removed.contains(&one.path));
        let mut paths: Vec<PathBuf> = removed.map(|one| one.path.clone()).collect();
        let snapshots = entries.present();
        let aged: Vec<SnapshotAge> = snapshots.iter().map(Snapshot::aged).collect();
        let stays = snapshots.into_iter().zip(keep.stays(&aged));
        let goes = stays.filter(|(_, stays)| !stays);
        let gone: Vec<PathBuf> = goes.map(|(snapshot, _)| snapshot.path).collect();
        let rule = keep.to_string();
        let entries = gone.iter().map(|path| EntryKind::Removed {
            file: self.name_of(path),
            rule: rule.clone(),
        });
        let time = locked.time(Timestamp::now());
        locked.append(time, entries.collect())?;
        let count = gone.len();
        paths.extend(gone);
        for path in paths {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(failed(&path, "removed")(error));
                }
                _ => {}
            }
        }
        Ok((count, locked.into_written()))
    }

    /// Enters the heads of the targets that something was entered about, and returns the archive's head: it proves
    /// theirs.
    ///
    /// # Errors
    /// The archive's manifest cannot be written.
    pub fn enter_heads(
        &self,
        heads: &BTreeMap<String, Head>,
    ) -> Result<WrittenEntries, ArchiveError> {
        let mut locked = self.manifest().lock(&LastEntry::none())?;
        let heads: Vec<(&String, &Head)> = heads.iter().collect();
        let lines = heads.chunks(HEADS_A_LINE).map(|some| EntryKind::Heads {
            heads: some
                .iter()
                .map(|(target, head)| ((*target).clone(), head.to_string()))
                .collect(),
        });
        let time = locked.time(Timestamp::now());
        locked.append(time, lines.collect())?;
        Ok(locked.into_written())
    }

    /// A snapshot's path as entries name it.
    pub(super) fn name_of(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        let parts = below.iter().map(|part| part.to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }

    /// Puts right what a process that was killed has left in the archive's own manifest, and lets each target have one from
    /// here on; returns the notices about it.
    pub(super) fn prepare(&self) -> Result<Vec<String>, ArchiveError> {
        let mut locked = self.manifest().lock(&LastEntry::none())?;
        match &locked.last_kind {
            Some(EntryKind::Layout { .. } | EntryKind::Heads { .. }) => {}
            last => {
                self.name_last(last.as_ref())?;
                let time = locked.time(Timestamp::now());
                locked.append(time, vec![EntryKind::Layout { layout: LAYOUT }])?;
            }
        }
        Ok(locked.into_written().notices)
    }

    /// Locks a target's manifest, and puts right any remains of a process that was killed.
    pub(super) fn lock(&self, target: &str) -> Result<LockedChain, ArchiveError> {
        let locked = self.chain(target).lock(&self.earlier()?.last)?;
        self.name_last(locked.last_kind.as_ref())?;
        Ok(locked)
    }

    /// Gives the last snapshot its name, where a process was killed before it did.
    fn name_last(&self, last: Option<&EntryKind>) -> Result<(), ArchiveError> {
        let Some(EntryKind::Snapshot { file, target, .. }) = last else {
            return Ok(());
        };
        let place = self.folder.join(file);
        let waiting = hidden(&place);
        if is_file_of(file, target) && !place.exists() && waiting.is_file() {
            fs::rename(&waiting, &place).map_err(failed(&place, "made"))?;
        }
        Ok(())
    }
}

impl Snapshot {
    /// Returns the properties that a retention rule looks at.
    pub(super) fn aged(&self) -> SnapshotAge {
        SnapshotAge {
            time: self.time,
            whole: self.facts.is_certain(),
        }
    }
}

/// Removes exports that killed processes have left in a target's folder, best effort: they are no part of the archive.
fn remove_abandoned(folder: &Path) {
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_pending = file.file_name().to_string_lossy().starts_with(PENDING);
        let age = || file.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_pending && age().is_some_and(|age| age > PENDING_MAX) {
            let _ = fs::remove_file(file.path());
        }
    }
}

/// Makes a name in a folder survive a power cut.
fn synced(path: &Path) -> Result<(), ArchiveError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    sync_folder(folder).map_err(failed(folder, "written"))
}
