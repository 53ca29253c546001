//! The folder of an archive: its targets, and the snapshots of each.

use super::chain::Chain;
use super::entry::{Entry, EntryKind, LAYOUT, LastEntry, MANIFEST, Snapshot};
use super::error::{ArchiveError, failed};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The longest target name that becomes a folder's, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// A folder of snapshots.
#[derive(Debug, Clone)]
pub struct Archive {
    pub(super) folder: PathBuf,
    earlier: OnceLock<EarlierEntries>,
}

/// The entries in the archive's own manifest from before each target had one.
#[derive(Debug, Clone)]
pub(super) struct EarlierEntries {
    targets: BTreeMap<String, TargetEntries>,
    /// The last of them, which each target's first entry follows.
    pub(super) last: LastEntry,
}

/// The entries about one target.
#[derive(Debug, Clone, Default)]
pub(super) struct TargetEntries {
    /// All snapshots in the order of entry, also those whose files were removed.
    pub(super) snapshots: Vec<Snapshot>,
    /// The files that entries remove, whether or not they were snapshots.
    pub(super) removed: BTreeSet<PathBuf>,
    /// The last export that did not come about, where no snapshot was entered after it.
    pub(super) missed: Option<MissedExport>,
}

/// An export that was tried and did not come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissedExport {
    /// The time of its entry.
    pub(crate) time: Timestamp,
    /// The reason, as it was printed then.
    pub(crate) why: String,
}

impl MissedExport {
    /// Tells that it did not come about, and why.
    pub(crate) fn told(&self, target: &str) -> String {
        format!(
            "{target}: the last export, of {}, did not come about: {}",
            self.time, self.why
        )
    }
}

/// The snapshots of a target whose files should be there, and its last export where that did not come about: not both
/// are lacking.
#[derive(Debug, Clone)]
pub(crate) struct TargetRecord {
    /// In the order of entry.
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) missed: Option<MissedExport>,
}

impl TargetEntries {
    /// The snapshots whose files should be there.
    pub(super) fn present(self) -> Vec<Snapshot> {
        let TargetEntries {
            mut snapshots,
            removed,
            ..
        } = self;
        snapshots.retain(|snapshot| !removed.contains(&snapshot.path));
        snapshots
    }

    /// The record of the target; `None` where there is nothing to tell.
    fn record(mut self) -> Option<TargetRecord> {
        let missed = self.missed.take();
        let snapshots = self.present();
        let is_empty = snapshots.is_empty() && missed.is_none();
        (!is_empty).then_some(TargetRecord { snapshots, missed })
    }
}

impl Archive {
    fn new(folder: &Path) -> Archive {
        Archive {
            folder: folder.to_owned(),
            earlier: OnceLock::new(),
        }
    }

    /// The archive in a folder.
    ///
    /// # Errors
    /// There is none.
    pub fn open(folder: &Path) -> Result<Archive, ArchiveError> {
        let archive = Archive::new(folder);
        match archive.manifest().is_there() {
            true => Ok(archive),
            false => Err(ArchiveError::NoArchive(folder.to_owned())),
        }
    }

    /// The archive in a folder, made if need be, to add to; with the notices for its keeper. One whose entries are all in
    /// one manifest goes on with a manifest for each target.
    ///
    /// # Errors
    /// The folder cannot be made, or its manifest cannot be read or written.
    pub fn open_or_make(folder: &Path) -> Result<(Archive, Vec<String>), ArchiveError> {
        fs::create_dir_all(folder).map_err(failed(folder, "made"))?;
        let archive = Archive::new(folder);
        let notices = archive.prepare()?;
        // Read once, before many ask for it.
        archive.earlier()?;
        Ok((archive, notices))
    }

    /// The size of all its manifests in bytes, as far as they can be seen.
    ///
    /// # Errors
    /// The folder cannot be read.
    #[cfg(feature = "page")]
    pub(crate) fn manifests_bytes(&self) -> Result<u64, ArchiveError> {
        let of_targets = self.folders()?.into_iter().map(|name| self.chain(&name));
        let all = of_targets.chain([self.manifest()]);
        Ok(all.map(|chain| chain.bytes()).sum())
    }

    /// Lists the snapshots of each target whose files should be there, in the order of entry. [`Archive::verify`]
    /// checks that the files are still as entered.
    ///
    /// # Errors
    /// A manifest cannot be read, or a line of it is no entry.
    pub fn snapshots(&self) -> Result<BTreeMap<String, Vec<Snapshot>>, ArchiveError> {
        let records = self.records()?.into_iter();
        let listed = records.map(|(target, record)| (target, record.snapshots));
        Ok(listed.filter(|(_, listed)| !listed.is_empty()).collect())
    }

    /// The records of the targets that are named, or of all targets where none is.
    ///
    /// # Errors
    /// As [`Archive::snapshots`]; or nothing was exported of a target that is named, nor tried.
    pub(crate) fn records_of(
        &self,
        targets: &[String],
    ) -> Result<BTreeMap<String, TargetRecord>, ArchiveError> {
        if targets.is_empty() {
            return self.records();
        }
        let mut named = BTreeMap::new();
        for target in targets {
            let record = match folder_name(target) {
                Ok(_) => self.entries_of(target)?.record(),
                Err(_) => None,
            };
            let no_snapshot = |known| ArchiveError::NoSnapshot {
                folder: self.folder.clone(),
                target: target.clone(),
                known,
            };
            match record {
                Some(record) => named.insert(target.clone(), record),
                None => return Err(no_snapshot(self.snapshots()?.into_keys().collect())),
            };
        }
        Ok(named)
    }

    fn records(&self) -> Result<BTreeMap<String, TargetRecord>, ArchiveError> {
        let mut all = BTreeMap::new();
        for target in self.targets()? {
            if let Some(record) = self.entries_of(&target)?.record() {
                all.insert(target, record);
            }
        }
        Ok(all)
    }

    /// The entries about a target, whose manifest nobody writes meanwhile.
    pub(super) fn entries_of(&self, target: &str) -> Result<TargetEntries, ArchiveError> {
        let _shared = self.chain(target).share()?;
        self.read_entries_of(target)
    }

    /// The entries about a target, whose manifest the caller keeps others from writing.
    pub(super) fn read_entries_of(&self, target: &str) -> Result<TargetEntries, ArchiveError> {
        let chain = self.chain(target);
        let earlier = self.earlier()?.targets.get(target);
        let mut entries = earlier.cloned().unwrap_or_default();
        chain.read(|line| {
            let no_entry = || chain.no_entry(Some(line.number));
            let entry = line.entry().ok_or_else(no_entry)?;
            let about = self.add(entry, |of| (of == target).then_some(&mut entries));
            about.ok_or_else(no_entry).map(|()| true)
        })?;
        Ok(entries)
    }

    /// Adds an entry to those of its target; `None` where it is none about a target of theirs.
    fn add<'e>(
        &self,
        entry: Entry,
        entries: impl FnOnce(&str) -> Option<&'e mut TargetEntries>,
    ) -> Option<()> {
        match entry.what {
            EntryKind::Snapshot {
                target,
                file,
                sha256,
                facts,
                ..
            } if is_file_of(&file, &target) => {
                let entries = entries(&target)?;
                entries.missed = None;
                entries.snapshots.push(Snapshot {
                    entry: entry.n,
                    time: entry.time,
                    path: self.folder.join(file),
                    sha256,
                    facts: *facts,
                });
            }
            EntryKind::Removed { file, .. } => {
                if let Some(entries) = file.split('/').next().and_then(entries) {
                    entries.removed.insert(self.folder.join(&file));
                }
            }
            EntryKind::Missed { target, why } => {
                entries(&target)?.missed = Some(MissedExport {
                    time: entry.time,
                    why,
                });
            }
            EntryKind::Snapshot { .. } | EntryKind::Layout { .. } | EntryKind::Heads { .. } => {
                return None;
            }
        }
        Some(())
    }

    /// The entries from before each target had a manifest: none in an archive that began so.
    pub(super) fn earlier(&self) -> Result<&EarlierEntries, ArchiveError> {
        if let Some(earlier) = self.earlier.get() {
            return Ok(earlier);
        }
        let manifest = self.manifest();
        let Some(_shared) = manifest.share()? else {
            return Err(ArchiveError::NoArchive(self.folder.clone()));
        };
        let mut earlier = EarlierEntries {
            targets: BTreeMap::new(),
            last: LastEntry::none(),
        };
        manifest.read(|line| {
            let no_entry = || manifest.no_entry(Some(line.number));
            let entry = line.entry().ok_or_else(no_entry)?;
            if let EntryKind::Layout { layout } = entry.what {
                return match layout {
                    LAYOUT => Ok(false),
                    _ => Err(ArchiveError::Layout {
                        folder: self.folder.clone(),
                        layout,
                    }),
                };
            }
            earlier.last = LastEntry {
                n: entry.n,
                hash: line.hash(),
                time: Some(entry.time),
            };
            let targets = &mut earlier.targets;
            let added = self.add(entry, |of| Some(targets.entry(of.to_owned()).or_default()));
            added.ok_or_else(no_entry).map(|()| true)
        })?;
        Ok(self.earlier.get_or_init(|| earlier))
    }

    /// The targets that something may be entered about.
    fn targets(&self) -> Result<BTreeSet<String>, ArchiveError> {
        let mut folders = self.folders()?;
        folders.retain(|name| self.chain(name).is_there());
        let mut targets: BTreeSet<String> = folders.into_iter().collect();
        targets.extend(self.earlier()?.targets.keys().cloned());
        // No entry leads elsewhere.
        targets.retain(|name| folder_name(name).is_ok());
        Ok(targets)
    }

    /// The folders in the archive's, without hidden ones.
    pub(super) fn folders(&self) -> Result<Vec<String>, ArchiveError> {
        let mut folders = names(&self.folder)?;
        folders.retain(|name| self.folder.join(name).is_dir());
        Ok(folders)
    }

    /// The archive's own manifest.
    pub(super) fn manifest(&self) -> Chain {
        Chain::in_folder(&self.folder)
    }

    /// The manifest of a target.
    pub(super) fn chain(&self, target: &str) -> Chain {
        Chain::in_folder(&self.folder.join(target))
    }
}

/// Lists a folder in order, without hidden entries.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, ArchiveError> {
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<String>, _>>()
    });
    let mut names = listed.map_err(failed(folder, "read"))?;
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
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

/// Returns true if an entry names a file that can be a snapshot of the target: a name in its folder.
pub(super) fn is_file_of(file: &str, target: &str) -> bool {
    let below = file.split_once('/');
    below.is_some_and(|(folder, name)| {
        folder == target && folder_name(target).is_ok() && folder_name(name).is_ok()
    })
}

/// Returns the path of a snapshot's file until its entry is written.
pub(super) fn hidden(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}"))
}
