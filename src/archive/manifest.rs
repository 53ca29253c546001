//! The manifest of an archive: its lines, what they enter, and reading them.

use crate::digest::sha256_hex;
use crate::model::redact;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The manifest's name in its folder.
pub const MANIFEST: &str = "manifest.jsonl";

/// The longest line of a manifest, in bytes.
pub(crate) const LINE_BYTES_MAX: u64 = 64 << 10;

/// The longest wait for another process. It locks the manifest for moments only.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(30);

/// The pause between attempts to take the lock.
const LOCK_TRY_EVERY: Duration = Duration::from_millis(10);

/// The longest target name that becomes a folder's, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// A folder of snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    pub(super) folder: PathBuf,
}

/// One export of one target in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The number of its entry.
    pub entry: u64,
    /// The time of its entry.
    pub time: Timestamp,
    /// The export.
    pub path: PathBuf,
    /// The SHA-256 of the export as it was entered.
    pub sha256: String,
    /// The facts about it.
    pub facts: Facts,
}

/// The facts about a snapshot that are kept beside its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The start of the export.
    pub started: Timestamp,
    /// The number of extensions in it.
    pub extensions: u64,
    /// The number of extensions that were listed, and not shown when they were read.
    pub gone: u64,
    /// True if the PBX's listing was certainly complete.
    pub whole: bool,
    /// The treatment of passwords and PINs: `omit` or `fingerprint`.
    pub secrets: String,
    /// The public name of the key that fingerprints were made with; empty where there are none.
    pub key: String,
    /// The vendor of the PBX.
    pub vendor: String,
    /// The PBX by its vendor and address.
    pub pbx: String,
    /// The version of the vendor's rules.
    pub rules: String,
    /// The program and its version.
    pub tool: String,
    /// The name of the night that it was made for, where that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<String>,
}

impl Facts {
    /// Returns true if the export certainly has everything that was on the PBX.
    pub fn is_certain(&self) -> bool {
        self.whole && self.gone == 0
    }

    /// Describes the reasons why an export of the target `name` differs from the one `before` that have nothing to do
    /// with the PBX.
    pub(crate) fn changes_since(&self, before: &Facts, name: &str) -> Vec<String> {
        let mut lines = vec![];
        if before.pbx != self.pbx {
            lines.push(format!(
                "{name}: this snapshot is of {}, and the one before is of {}: the target became another PBX",
                self.pbx, before.pbx
            ));
        }
        if !before.key.is_empty() && !self.key.is_empty() && before.key != self.key {
            lines.push(format!(
                "{name}: the snapshot before was exported with another key, so every fingerprint is another one"
            ));
        }
        lines
    }
}

/// Describes from when on the snapshots of a target are of another PBX than those before, a line for each time.
pub fn moves(target: &str, snapshots: &[Snapshot]) -> Vec<String> {
    let pairs = snapshots.windows(2).filter_map(|pair| match pair {
        [before, after] if before.facts.pbx != after.facts.pbx => Some((before, after)),
        _ => None,
    });
    pairs
        .map(|(before, after)| {
            format!(
                "{target}: from {} on the snapshots are of {}, and before of {}: the target became another PBX",
                after.time, after.facts.pbx, before.facts.pbx
            )
        })
        .collect()
}

/// The proof of an archive up to one entry: to be kept in another place than the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the entry, where it is known.
    pub entry: Option<u64>,
    /// The SHA-256 of the entry's line.
    pub hash: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "{entry}:{}", self.hash),
            None => f.write_str(&self.hash),
        }
    }
}

impl FromStr for Head {
    type Err = String;

    /// Parses `17:HASH`, as it is printed, or the hash alone, as `sha256sum` prints it.
    fn from_str(text: &str) -> Result<Head, String> {
        let wrong = || {
            format!(
                "{text:?} is no head: it is 64 hexadecimal digits, and before them the entry's number and a colon where it is known"
            )
        };
        let (entry, hash) = match text.trim().split_once(':') {
            None => (None, text.trim()),
            Some((entry, hash)) => (Some(entry.parse().map_err(|_| wrong())?), hash),
        };
        let hash = hash.to_ascii_lowercase();
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        Ok(Head { entry, hash })
    }
}

/// The errors that keep an archive from being used.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The folder has no manifest.
    #[error("{} is no archive: there is no {MANIFEST} in it", .0.display())]
    NoArchive(PathBuf),
    /// A file or a folder cannot be used.
    #[error("{} cannot be {doing}: {error}", .path.display())]
    Io {
        path: PathBuf,
        /// `read`, `written`, …
        doing: &'static str,
        /// The system's own error.
        error: io::Error,
    },
    /// Another process has locked the manifest.
    #[error("{} is being written by another process, which does not come to an end", .0.display())]
    Busy(PathBuf),
    /// A line of the manifest that rowcall did not write so.
    #[error("{}: {} is no entry", .path.display(), line.map_or("the last line".to_owned(), |line| format!("line {line}")))]
    NoEntry {
        /// The manifest.
        path: PathBuf,
        /// Its line, from 1; `None` for the last one.
        line: Option<u64>,
    },
    /// A target without a snapshot.
    #[error("{} holds no snapshot of {target}", .folder.display())]
    NoSnapshot {
        /// The archive's folder.
        folder: PathBuf,
        target: String,
        /// The targets that have one.
        known: Vec<String>,
    },
    /// A target's name that cannot be a folder's.
    #[error("{:?} cannot be the name of a folder or a file: it is no name of a target in rowcall.toml", redact::target(.0))]
    Name(String),
}

impl ArchiveError {
    /// Returns the next step.
    pub fn hint(&self) -> String {
        let hint = match self {
            ArchiveError::NoSnapshot { known, .. } if known.is_empty() => {
                "it holds no snapshot yet; rowcall export TARGET --archive DIR adds one"
            }
            ArchiveError::NoSnapshot { known, .. } => {
                return format!("it holds snapshots of: {}", known.join(", "));
            }
            ArchiveError::NoArchive(_) => {
                "name the folder that was given to `rowcall export --archive`"
            }
            ArchiveError::Io { .. } => "see to the folder, its permissions and the disk's space",
            ArchiveError::Busy(_) => "see what the other process waits for, and run this one again",
            ArchiveError::NoEntry { .. } => {
                "`rowcall archive verify` tells what else is wrong; put the manifest back from a copy, or begin another archive"
            }
            ArchiveError::Name(_) => {
                "give the target a name in rowcall.toml: letters, digits, - and _"
            }
        };
        hint.to_owned()
    }
}

/// One line of the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Counts from 1.
    pub(super) n: u64,
    /// The hash of the line before; of nothing, for the first.
    pub(super) before: String,
    pub(super) time: Timestamp,
    #[serde(flatten)]
    pub(super) what: EntryKind,
}

/// The content of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(super) enum EntryKind {
    /// An export.
    #[serde(rename = "night")]
    Snapshot {
        target: String,
        /// Below the archive's folder, with `/`.
        file: String,
        bytes: u64,
        sha256: String,
        #[serde(flatten)]
        facts: Box<Facts>,
    },
    /// An export that was tried and did not come about.
    Missed { target: String, why: String },
    /// A file that retention removed.
    Removed { file: String, rule: String },
}

/// A place between two lines of the manifest.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ManifestPlace {
    lines: u64,
    bytes: u64,
}

/// A line of the manifest, unchanged.
pub(super) struct ManifestLine<'l> {
    /// From 1.
    pub(super) number: u64,
    bytes: &'l [u8],
}

impl ManifestLine<'_> {
    pub(super) fn hash(&self) -> String {
        sha256_hex(self.bytes)
    }

    /// Returns true if it has its line feed.
    pub(super) fn is_ended(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }

    pub(super) fn entry(&self) -> Option<Entry> {
        serde_json::from_slice(self.bytes).ok()
    }
}

/// A change of the snapshots whose files should be there.
pub(super) enum SnapshotChange {
    /// A snapshot of this target was entered.
    Entered(String, Box<Snapshot>),
    /// Retention removed this file.
    Removed(PathBuf),
}

impl Archive {
    /// The archive in a folder.
    ///
    /// # Errors
    /// There is none.
    pub fn open(folder: &Path) -> Result<Archive, ArchiveError> {
        let archive = Archive {
            folder: folder.to_owned(),
        };
        match archive.manifest().is_file() {
            true => Ok(archive),
            false => Err(ArchiveError::NoArchive(folder.to_owned())),
        }
    }

    /// The archive in a folder, made if need be.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open_or_make(folder: &Path) -> Result<Archive, ArchiveError> {
        fs::create_dir_all(folder).map_err(failed(folder, "made"))?;
        Ok(Archive {
            folder: folder.to_owned(),
        })
    }

    /// Lists the snapshots of each target whose files should be there, in the order of entry. [`Archive::verify`]
    /// checks that the files are still as entered.
    ///
    /// # Errors
    /// The manifest cannot be read, or a line of it is no entry.
    pub fn snapshots(&self) -> Result<BTreeMap<String, Vec<Snapshot>>, ArchiveError> {
        let _shared = self.share()?;
        self.read_snapshots()
    }

    /// Lists the snapshots of the targets that are named, or of all targets where none is.
    ///
    /// # Errors
    /// As [`Archive::snapshots`]; or a target that is named has none.
    pub(crate) fn snapshots_of(
        &self,
        targets: &[String],
    ) -> Result<BTreeMap<String, Vec<Snapshot>>, ArchiveError> {
        let mut all = self.snapshots()?;
        if let Some(stranger) = targets.iter().find(|target| !all.contains_key(*target)) {
            return Err(ArchiveError::NoSnapshot {
                folder: self.folder.clone(),
                target: stranger.clone(),
                known: all.into_keys().collect(),
            });
        }
        all.retain(|target, _| targets.is_empty() || targets.contains(target));
        Ok(all)
    }

    pub(super) fn read_snapshots(&self) -> Result<BTreeMap<String, Vec<Snapshot>>, ArchiveError> {
        let mut snapshots: BTreeMap<String, Vec<Snapshot>> = BTreeMap::new();
        let mut removed = BTreeSet::new();
        self.read_changes(ManifestPlace::default(), |change| match change {
            SnapshotChange::Entered(target, snapshot) => {
                snapshots.entry(target).or_default().push(*snapshot);
            }
            SnapshotChange::Removed(path) => {
                removed.insert(path);
            }
        })?;
        for snapshots in snapshots.values_mut() {
            snapshots.retain(|snapshot| !removed.contains(&snapshot.path));
        }
        snapshots.retain(|_, snapshots| !snapshots.is_empty());
        Ok(snapshots)
    }

    /// Hands the snapshots that were entered and removed from a place on to the caller, and returns the manifest's end.
    pub(super) fn read_changes(
        &self,
        from: ManifestPlace,
        mut change: impl FnMut(SnapshotChange),
    ) -> Result<ManifestPlace, ArchiveError> {
        self.read_from(from, |line| {
            let no_entry = || self.no_entry(Some(line.number));
            let entry = line.entry().ok_or_else(no_entry)?;
            match entry.what {
                EntryKind::Snapshot {
                    target,
                    file,
                    sha256,
                    facts,
                    ..
                } if is_file_name(&file) => {
                    let snapshot = Snapshot {
                        entry: entry.n,
                        time: entry.time,
                        path: self.folder.join(file),
                        sha256,
                        facts: *facts,
                    };
                    change(SnapshotChange::Entered(target, Box::new(snapshot)));
                }
                EntryKind::Snapshot { .. } => return Err(no_entry()),
                EntryKind::Removed { file, .. } => {
                    change(SnapshotChange::Removed(self.folder.join(file)));
                }
                EntryKind::Missed { .. } => {}
            }
            Ok(())
        })
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.folder.join(MANIFEST)
    }

    pub(super) fn no_entry(&self, line: Option<u64>) -> ArchiveError {
        ArchiveError::NoEntry {
            path: self.manifest(),
            line,
        }
    }

    /// Keeps others from writing the manifest until the file is dropped.
    pub(super) fn share(&self) -> Result<File, ArchiveError> {
        let path = self.manifest();
        let file = File::open(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ArchiveError::NoArchive(self.folder.clone()),
            _ => failed(&path, "read")(error),
        })?;
        match lock(&path, || file.try_lock_shared()) {
            // On systems without locks there is no writer either.
            Err(ArchiveError::Io { .. }) | Ok(()) => Ok(file),
            Err(busy) => Err(busy),
        }
    }

    /// Hands each line of the manifest to the caller.
    pub(super) fn read(
        &self,
        line: impl FnMut(ManifestLine) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        self.read_from(ManifestPlace::default(), line).map(drop)
    }

    /// Hands each line from a place on to the caller, and returns the place where the manifest ends.
    pub(super) fn read_from(
        &self,
        mut place: ManifestPlace,
        mut line: impl FnMut(ManifestLine) -> Result<(), ArchiveError>,
    ) -> Result<ManifestPlace, ArchiveError> {
        let path = self.manifest();
        let mut file = match File::open(&path) {
            // An archive in which nothing was entered yet.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(place),
            file => file.map_err(failed(&path, "read"))?,
        };
        file.seek(SeekFrom::Start(place.bytes))
            .map_err(failed(&path, "read"))?;
        let mut reader = BufReader::new(file);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = reader
                .by_ref()
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut bytes)
                .map_err(failed(&path, "read"))?;
            if read == 0 {
                return Ok(place);
            }
            place.lines += 1;
            place.bytes += read as u64;
            line(ManifestLine {
                number: place.lines,
                bytes: &bytes,
            })?;
        }
    }
}

/// Takes a lock of the manifest, and waits for it a while.
pub(super) fn lock(
    path: &Path,
    mut try_lock: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), ArchiveError> {
    let began = Instant::now();
    loop {
        match try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_WAIT_MAX => {
                thread::sleep(LOCK_TRY_EVERY);
            }
            Err(TryLockError::WouldBlock) => return Err(ArchiveError::Busy(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(path, "locked")(error)),
        }
    }
}

pub(super) fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |error| ArchiveError::Io { path, doing, error }
}

/// Checks that a target's name may be a folder's: it leads nowhere else, is not hidden, and is the same on every
/// system.
///
/// # Errors
/// It may not.
pub(crate) fn folder_name(target: &str) -> Result<&str, ArchiveError> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends_plainly = !target.starts_with('.') && !target.ends_with('.');
    match !target.is_empty()
        && target.len() <= NAME_BYTES_MAX
        && ends_plainly
        && target.chars().all(is_plain)
        && !is_device(target)
        && !target.eq_ignore_ascii_case(MANIFEST)
    {
        true => Ok(target),
        false => Err(ArchiveError::Name(target.to_owned())),
    }
}

/// Returns true if Windows takes the name for a device, whatever follows a dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.to_ascii_lowercase();
    let numbered = |word: &str| {
        stem.strip_prefix(word)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// Returns true if an entry names a file that can be a snapshot's: one folder, one name.
pub(super) fn is_file_name(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    matches!(parts.as_slice(), [target, name] if folder_name(target).is_ok() && folder_name(name).is_ok())
}

/// Returns the path of a snapshot's file until its entry is written.
pub(super) fn hidden(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}"))
}
