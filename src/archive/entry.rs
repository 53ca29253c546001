//! The entries of an archive's manifests, and the facts that they keep.

use crate::digest::sha256_hex;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The name of a manifest in its folder.
pub const MANIFEST: &str = "manifest.jsonl";

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

impl Snapshot {
    /// Returns true if its file is there. [`super::Archive::verify`] tells whether that is as it was entered.
    pub(crate) fn is_there(&self) -> bool {
        self.path.is_file()
    }
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

/// One line of a manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Counts from 1; in a target's manifest from the last of the entries that were made before it had one.
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
    /// From here on each target has a manifest of its own, and the archive's has their heads.
    Layout { layout: u32 },
    /// The heads of targets' manifests after a run, by the target's name.
    Heads { heads: BTreeMap<String, String> },
}

/// The layout of the archives that are written: a manifest for each target.
pub(super) const LAYOUT: u32 = 2;

/// The end of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LastEntry {
    pub(super) n: u64,
    pub(super) hash: String,
    pub(super) time: Option<Timestamp>,
}

impl LastEntry {
    /// The end of a manifest without entries.
    pub(super) fn none() -> LastEntry {
        LastEntry {
            n: 0,
            hash: sha256_hex(b""),
            time: None,
        }
    }

    pub(super) fn head(&self) -> Head {
        Head {
            entry: Some(self.n),
            hash: self.hash.clone(),
        }
    }
}
