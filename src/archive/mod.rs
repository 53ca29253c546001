//! Snapshots of exports in one folder, chained so that any that was changed, removed, moved, put in or cut off is
//! found.
//!
//! ```text
//! DIR/manifest.jsonl                     one entry on each line, each with the SHA-256 of the line before
//! DIR/hq/2026-11-22T020307Z-17.csv       the snapshot of one target, by entry 17
//! ```
//!
//! A line's hash is that of its bytes with the line feed, as `sed -n 17p manifest.jsonl | sha256sum` prints it; the
//! first entry is chained to the hash of nothing. The last line's hash is the [`Head`]: kept elsewhere, it proves that
//! nothing before it was touched. Lines are only ever appended. A file that retention removed has an entry with the
//! removal and its rule; its snapshot's own entry stays.
//!
//! A snapshot is first written under a name that begins with a dot, then entered, then given its name, the last two
//! under a lock: killed anywhere, a process leaves an archive that is right, or that the next one puts right.

mod append;
mod keep;
mod verify;

pub use append::{Facts, PendingSnapshot, WrittenSnapshot};
pub use keep::Keep;
pub use verify::ArchiveVerdict;

use crate::digest::sha256_hex;
use crate::model::redact;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use thiserror::Error;

/// The manifest's name in its folder.
pub const MANIFEST: &str = "manifest.jsonl";

/// The longest line of a manifest, in bytes.
pub const LINE_BYTES_MAX: u64 = 64 << 10;

/// The longest target name that becomes a folder's, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// A folder of snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    folder: PathBuf,
}

/// One export of one target in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
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

/// The snapshots of one target that are of another PBX than the one before them, each with that one.
pub fn moves(nights: &[Night]) -> impl Iterator<Item = (&Night, &Night)> {
    let pairs = nights.windows(2).filter_map(|pair| match pair {
        [before, after] => Some((before, after)),
        _ => None,
    });
    pairs.filter(|(before, after)| before.facts.pbx != after.facts.pbx)
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
        /// The file or folder.
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
    /// A target's name that cannot be a folder's.
    #[error("{:?} cannot be the name of a folder or a file: it is no name of a target in rowcall.toml", redact::target(.0))]
    Name(String),
}

impl ArchiveError {
    /// Returns the next step.
    pub fn hint(&self) -> &'static str {
        match self {
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
        }
    }
}

/// One line of the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// Counts from 1.
    n: u64,
    /// The hash of the line before; of nothing, for the first.
    before: String,
    time: Timestamp,
    #[serde(flatten)]
    what: What,
}

/// The content of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum What {
    /// An export.
    Night {
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

/// A line of the manifest, unchanged.
struct Line {
    /// From 1.
    number: u64,
    hash: String,
    /// True if it has its line feed.
    is_ended: bool,
    entry: Option<Entry>,
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
    pub fn nights(&self) -> Result<BTreeMap<String, Vec<Night>>, ArchiveError> {
        let _shared = self.share()?;
        self.read_nights()
    }

    fn read_nights(&self) -> Result<BTreeMap<String, Vec<Night>>, ArchiveError> {
        let mut nights: BTreeMap<String, Vec<Night>> = BTreeMap::new();
        let mut removed = BTreeSet::new();
        self.read(|line| {
            let entry = line.entry.ok_or_else(|| self.no_entry(Some(line.number)))?;
            match entry.what {
                What::Night {
                    target,
                    file,
                    sha256,
                    facts,
                    ..
                } if is_file_name(&file) => nights.entry(target).or_default().push(Night {
                    entry: entry.n,
                    time: entry.time,
                    path: self.folder.join(file),
                    sha256,
                    facts: *facts,
                }),
                What::Night { .. } => return Err(self.no_entry(Some(line.number))),
                What::Removed { file, .. } => {
                    removed.insert(self.folder.join(file));
                }
                What::Missed { .. } => {}
            }
            Ok(())
        })?;
        for nights in nights.values_mut() {
            nights.retain(|night| !removed.contains(&night.path));
        }
        nights.retain(|_, nights| !nights.is_empty());
        Ok(nights)
    }

    fn manifest(&self) -> PathBuf {
        self.folder.join(MANIFEST)
    }

    fn no_entry(&self, line: Option<u64>) -> ArchiveError {
        ArchiveError::NoEntry {
            path: self.manifest(),
            line,
        }
    }

    /// Keeps others from writing the manifest until the file is dropped.
    fn share(&self) -> Result<File, ArchiveError> {
        let path = self.manifest();
        let file = File::open(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ArchiveError::NoArchive(self.folder.clone()),
            _ => failed(&path, "read")(error),
        })?;
        match append::lock(&path, || file.try_lock_shared()) {
            // On systems without locks there is no writer either.
            Err(ArchiveError::Io { .. }) | Ok(()) => Ok(file),
            Err(busy) => Err(busy),
        }
    }

    /// Hands each line of the manifest to the caller.
    fn read(
        &self,
        mut line: impl FnMut(Line) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let path = self.manifest();
        let file = match File::open(&path) {
            // An archive in which nothing was entered yet.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file.map_err(failed(&path, "read"))?,
        };
        let mut reader = BufReader::new(file);
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let read = reader
                .by_ref()
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut bytes)
                .map_err(failed(&path, "read"))?;
            if read == 0 {
                break;
            }
            line(Line {
                number,
                hash: sha256_hex(&bytes),
                is_ended: bytes.ends_with(b"\n"),
                entry: serde_json::from_slice(&bytes).ok(),
            })?;
        }
        Ok(())
    }
}

fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |error| ArchiveError::Io { path, doing, error }
}

/// Checks that a target's name may be a folder's: it leads nowhere else, is not hidden, and is the same on every
/// system.
///
/// # Errors
/// It may not.
pub fn folder_name(target: &str) -> Result<&str, ArchiveError> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends_plainly = !target.starts_with('.') && !target.ends_with('.');
    match !target.is_empty()
        && target.len() <= NAME_BYTES_MAX
        && ends_plainly
        && target.chars().all(is_plain)
        && !is_device(target)
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
fn is_file_name(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    matches!(parts.as_slice(), [target, name] if folder_name(target).is_ok() && folder_name(name).is_ok())
}

/// Returns the path of a snapshot's file until its entry is written.
fn hidden(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}"))
}

#[cfg(test)]
mod tests;
