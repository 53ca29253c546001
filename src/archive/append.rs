//! Additions to an archive, and removals by retention.

use super::keep::{Retention, SnapshotAge};
use super::manifest::{
    Archive, ArchiveError, Entry, EntryKind, Facts, Head, LINE_BYTES_MAX, Snapshot, failed,
    folder_name, hidden, is_file_name, lock,
};
use super::newest::NewestSnapshots;
use crate::digest::{hex, sha256_hex, sha256_of_all};
use crate::disk::sync_folder;
use crate::seal::random;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest reason that is entered, in characters.
const WHY_CHARS_MAX: usize = 500;

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

/// The result of adding to the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenSnapshot {
    /// The archive's head by now.
    pub head: Head,
    /// The notices for the keeper of the archive.
    pub(crate) notices: Vec<String>,
}

/// The result of entering a target's export once a night.
#[derive(Debug)]
pub(crate) enum EnteredOnce {
    /// It was entered.
    Now(Box<Snapshot>, WrittenSnapshot),
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
    ) -> Result<(Snapshot, WrittenSnapshot), ArchiveError> {
        self.enter_at(pending, facts, Timestamp::now)
    }

    /// The same at the time of this clock, which is asked once no other process can enter anything before.
    pub(super) fn enter_at(
        &self,
        pending: &PendingSnapshot,
        facts: Facts,
        clock: impl FnOnce() -> Timestamp,
    ) -> Result<(Snapshot, WrittenSnapshot), ArchiveError> {
        let hashed = pending.hashed()?;
        self.enter_locked(self.lock()?, pending, hashed, facts, clock)
    }

    /// The same, unless the night has a complete snapshot of the target by now: another process may have entered one while
    /// this one asked the PBX.
    ///
    /// # Errors
    /// As [`Archive::enter`]; or the manifest cannot be read.
    pub(crate) fn enter_once(
        &self,
        pending: &PendingSnapshot,
        facts: Facts,
        newest: &NewestSnapshots,
    ) -> Result<EnteredOnce, ArchiveError> {
        let hashed = pending.hashed()?;
        let locked = self.lock()?;
        if let Some(extensions) = newest.of_night_by_now(self, &pending.target)? {
            return Ok(EnteredOnce::Before { extensions });
        }
        let (snapshot, written) =
            self.enter_locked(locked, pending, hashed, facts, Timestamp::now)?;
        Ok(EnteredOnce::Now(Box::new(snapshot), written))
    }

    fn enter_locked(
        &self,
        mut locked: LockedManifest,
        pending: &PendingSnapshot,
        (sha256, bytes): (String, u64),
        facts: Facts,
        clock: impl FnOnce() -> Timestamp,
    ) -> Result<(Snapshot, WrittenSnapshot), ArchiveError> {
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
    ) -> Result<WrittenSnapshot, ArchiveError> {
        let mut locked = self.lock()?;
        let what = EntryKind::Missed {
            target: folder_name(target)?.to_owned(),
            why: why.chars().take(WHY_CHARS_MAX).collect(),
        };
        let time = locked.time(Timestamp::now());
        locked.append(time, vec![what])?;
        Ok(locked.into_written())
    }

    /// Removes the files of snapshots that a rule does not keep, and enters each before; their entries stay. Returns
    /// their number.
    ///
    /// # Errors
    /// As [`Archive::enter`]; or a file cannot be removed, which the next call does.
    pub(crate) fn prune(
        &self,
        targets: &BTreeSet<String>,
        keep: &Retention,
    ) -> Result<(usize, WrittenSnapshot), ArchiveError> {
        let mut locked = self.lock()?;
        let snapshots = self.read_snapshots()?;
        let mut gone = Vec::new();
        for (_, snapshots) in snapshots
            .iter()
            .filter(|(target, _)| targets.contains(*target))
        {
            let aged: Vec<SnapshotAge> = snapshots.iter().map(Snapshot::aged).collect();
            let old = snapshots.iter().zip(keep.stays(&aged));
            gone.extend(
                old.filter(|(_, stays)| !stays)
                    .map(|(snapshot, _)| snapshot),
            );
        }
        let rule = keep.to_string();
        let entries = gone.iter().map(|snapshot| EntryKind::Removed {
            file: self.name_of(&snapshot.path),
            rule: rule.clone(),
        });
        let time = locked.time(Timestamp::now());
        locked.append(time, entries.collect())?;
        // Those too that a process which was killed here had entered and not removed.
        for path in self.removed()? {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(failed(&path, "removed")(error));
                }
                _ => {}
            }
        }
        Ok((gone.len(), locked.into_written()))
    }

    /// The files that have been removed, or are to be.
    pub(super) fn removed(&self) -> Result<Vec<PathBuf>, ArchiveError> {
        let mut snapshots = BTreeSet::new();
        let mut removed = Vec::new();
        self.read(|line| {
            match line.entry().map(|entry| entry.what) {
                Some(EntryKind::Snapshot { file, .. }) if is_file_name(&file) => {
                    snapshots.insert(file);
                }
                // Only files that were snapshots here once.
                Some(EntryKind::Removed { file, .. }) if snapshots.contains(&file) => {
                    removed.push(self.folder.join(file));
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(removed)
    }

    /// A snapshot's path as entries name it.
    pub(super) fn name_of(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.folder).unwrap_or(path);
        let parts = below.iter().map(|part| part.to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }

    /// Puts right what a process that was killed has left, where there is a manifest; returns the notices about it.
    ///
    /// # Errors
    /// As [`Archive::enter`].
    pub(crate) fn repair(&self) -> Result<Vec<String>, ArchiveError> {
        match self.manifest().exists() {
            true => Ok(self.lock()?.into_written().notices),
            false => Ok(vec![]),
        }
    }

    /// Locks the manifest, and puts right any remains of a process that was killed.
    pub(super) fn lock(&self) -> Result<LockedManifest, ArchiveError> {
        let path = self.manifest();
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = options.open(&path).map_err(failed(&path, "opened"))?;
        lock(&path, || file.try_lock())?;
        let (line, whole, length) = last_line(&mut file).map_err(failed(&path, "read"))?;
        let mut locked = LockedManifest {
            file,
            path,
            length: whole,
            last: LastEntry {
                n: 0,
                hash: sha256_hex(&line),
                time: None,
            },
            is_doubtful: false,
            notices: Vec::new(),
        };
        if length > whole {
            locked.cut()?;
            locked.notices.push(format!(
                "{}: its last line was cut off and is removed: an export was cut off there, or someone changed the file",
                locked.path.display()
            ));
        }
        if line.is_empty() {
            if whole > 0 {
                return Err(self.no_entry(None));
            }
            synced(&locked.path)?;
            return Ok(locked);
        }
        let entry = serde_json::from_slice(&line).ok();
        // One that counts to the end leaves no number for the next.
        let entry = entry.filter(|entry: &Entry| entry.n < u64::MAX);
        let entry = entry.ok_or_else(|| self.no_entry(None))?;
        locked.last.n = entry.n;
        locked.last.time = Some(entry.time);
        if let EntryKind::Snapshot { file, .. } = entry.what
            && is_file_name(&file)
        {
            let place = self.folder.join(file);
            let waiting = hidden(&place);
            if !place.exists() && waiting.is_file() {
                fs::rename(&waiting, &place).map_err(failed(&place, "made"))?;
            }
        }
        Ok(locked)
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

/// The manifest, locked until this is dropped.
pub(super) struct LockedManifest {
    file: File,
    path: PathBuf,
    /// Its length in bytes.
    length: u64,
    last: LastEntry,
    /// True if something may have been written that was not meant to stay.
    is_doubtful: bool,
    notices: Vec<String>,
}

/// The last entry.
struct LastEntry {
    n: u64,
    hash: String,
    time: Option<Timestamp>,
}

impl LockedManifest {
    /// The time in whole seconds, as the clock has it, right or wrong.
    fn time(&mut self, now: Timestamp) -> Timestamp {
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        if let Some(last) = self.last.time.filter(|last| *last > now) {
            self.notices.push(format!(
                "the clock says {now}, and the archive's last entry was made at {last}: one of them is wrong"
            ));
        }
        now
    }

    /// Appends entries; all of them are on the disk when this returns, or none.
    pub(super) fn append(
        &mut self,
        time: Timestamp,
        whats: Vec<EntryKind>,
    ) -> Result<(), ArchiveError> {
        let mut lines = Vec::new();
        let (mut n, mut hash) = (self.last.n, self.last.hash.clone());
        for what in whats {
            n += 1;
            let entry = Entry {
                n,
                before: hash,
                time,
                what,
            };
            let from = lines.len();
            let written = serde_json::to_writer(&mut lines, &entry);
            written.map_err(|error| failed(&self.path, "written")(error.into()))?;
            lines.push(b'\n');
            hash = sha256_hex(lines.get(from..).unwrap_or_default());
        }
        if lines.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&lines);
        if let Err(error) = written.and_then(|()| self.file.sync_all()) {
            // A full disk: the bytes written so far are removed again.
            self.is_doubtful = self.cut().is_err();
            return Err(failed(&self.path, "written")(error));
        }
        self.length += lines.len() as u64;
        self.last = LastEntry {
            n,
            hash,
            time: Some(time),
        };
        Ok(())
    }

    fn cut(&self) -> Result<(), ArchiveError> {
        let cut = self.file.set_len(self.length);
        let cut = cut.and_then(|()| self.file.sync_all());
        cut.map_err(failed(&self.path, "cut"))
    }

    pub(super) fn into_written(mut self) -> WrittenSnapshot {
        WrittenSnapshot {
            head: Head {
                entry: Some(self.last.n),
                hash: std::mem::take(&mut self.last.hash),
            },
            notices: std::mem::take(&mut self.notices),
        }
    }
}

impl Drop for LockedManifest {
    fn drop(&mut self) {
        // Closing alone would leave it locked while a process that is just being started still has the file.
        let _ = self.file.unlock();
    }
}

/// The last whole line with its line feed, where it ends, and where the file ends. The line is empty where there is none,
/// or it is longer than any can be.
fn last_line(file: &mut File) -> io::Result<(Vec<u8>, u64, u64)> {
    let length = file.metadata()?.len();
    // A whole one, and one that was cut off after it.
    let from = length.saturating_sub(2 * LINE_BYTES_MAX);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(2 * LINE_BYTES_MAX).read_to_end(&mut tail)?;
    let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else {
        // No line at all, or more than there can be.
        let whole = if from == 0 { 0 } else { length };
        return Ok((Vec::new(), whole, length));
    };
    let ended = tail.get(..end).unwrap_or_default();
    let begin = ended.iter().rposition(|byte| *byte == b'\n');
    let begin = match begin {
        Some(feed) => feed + 1,
        None if from == 0 => 0,
        None => return Ok((Vec::new(), length, length)),
    };
    let line = tail.get(begin..=end).unwrap_or_default().to_vec();
    Ok((line, from + end as u64 + 1, length))
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
