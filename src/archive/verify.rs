//! The verification of an archive against its entries, with the reason where it fails.

use super::keep::{Retention, SnapshotAge};
use super::manifest::{
    Archive, ArchiveError, Entry, EntryKind, Head, MANIFEST, ManifestLine, failed, hidden,
    is_file_name,
};
use crate::digest::{sha256_hex, sha256_of_all};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveVerdict {
    /// The present head.
    pub head: Head,
    /// The number of snapshots that have their file, as it was entered.
    pub sound: usize,
    /// The number of files that retention removed, each by an entry and as its rule demands.
    pub removed: usize,
    /// The mistakes, each with its entry or file.
    pub wrong: Vec<String>,
    /// Entries that can be neither proven nor called wrong with the heads that were given.
    pub(crate) unproven: Vec<String>,
    /// Remains of a killed export, which the next one puts right.
    pub left: Vec<String>,
}

/// A line that is an entry.
struct ChainLink {
    line: u64,
    n: u64,
    before: String,
    hash: String,
    /// Its subject, for messages.
    about: String,
}

/// A snapshot whose file has to be there.
struct ExpectedFile {
    n: u64,
    file: String,
    bytes: u64,
    sha256: String,
    aged: SnapshotAge,
}

impl Archive {
    /// Checks the archive against its chain, its files against their entries, and the chain against heads that were
    /// kept elsewhere.
    ///
    /// Finds everything that was changed, removed, moved, put in or cut off before the newest of these heads. Without a head
    /// it is not found when the end was cut off at a line's end, or everything was written anew from some entry on.
    ///
    /// # Errors
    /// There is no manifest, or it or a folder cannot be read.
    pub fn verify(&self, heads: &[Head]) -> Result<ArchiveVerdict, ArchiveError> {
        let _shared = self.share()?;
        // Mistakes in the chain come first: the rest may follow from them.
        let (mut findings, mut of_files) = (Findings::default(), Findings::default());
        let mut links = Vec::new();
        let mut files = FoundFiles::default();
        let mut unread = 0;
        self.read(|line| {
            unread = match self.link(line, &mut findings) {
                None => unread + 1,
                Some((entry, link)) => {
                    files.add(entry, &mut of_files);
                    links.push((link, unread));
                    0
                }
            };
            Ok(())
        })?;
        chained(&links, &mut findings);
        let links: Vec<ChainLink> = links.into_iter().map(|(link, _)| link).collect();
        anchored(&links, heads, &mut findings);
        findings.wrong.append(&mut of_files.wrong);
        let removed = files.gone.len();
        let sound = self.check_files(&files, links.last(), &mut findings)?;
        let last = links.iter().max_by_key(|link| link.n);
        Ok(ArchiveVerdict {
            head: Head {
                entry: Some(last.map_or(0, |last| last.n)),
                hash: last.map_or_else(|| sha256_hex(b""), |last| last.hash.clone()),
            },
            sound,
            removed,
            wrong: findings.wrong,
            unproven: findings.unproven,
            left: findings.left,
        })
    }

    fn link(&self, line: ManifestLine, findings: &mut Findings) -> Option<(Entry, ChainLink)> {
        let number = line.number;
        if !line.is_ended() {
            findings.wrong(format!("{MANIFEST}:{number}: the line is cut off"));
        }
        let Some(entry) = line.entry() else {
            findings.wrong(format!("{MANIFEST}:{number}: is no entry: it was changed"));
            return None;
        };
        let about = match &entry.what {
            EntryKind::Snapshot { file, .. } => file.clone(),
            EntryKind::Missed { target, .. } => format!("{target} was not exported"),
            EntryKind::Removed { file, .. } => format!("{file} was removed"),
        };
        let link = ChainLink {
            line: number,
            n: entry.n,
            before: entry.before.clone(),
            hash: line.hash(),
            about,
        };
        Some((entry, link))
    }

    /// Checks the files against their entries, and returns the number of sound ones.
    fn check_files(
        &self,
        files: &FoundFiles,
        last: Option<&ChainLink>,
        findings: &mut Findings,
    ) -> Result<usize, ArchiveError> {
        let mut sound = 0;
        for due in files.due.values().flatten() {
            let place = self.folder.join(&due.file);
            let waiting = hidden(&place);
            let is_last = last.is_some_and(|last| last.n == due.n);
            let (n, file) = (due.n, &due.file);
            match trouble(&place, due) {
                None => sound += 1,
                Some(_) if is_last && !place.exists() && trouble(&waiting, due).is_none() => {
                    sound += 1;
                    findings.left.push(format!(
                        "{file}: the export was cut off before the file had its name; the next one gives it"
                    ));
                }
                Some(trouble) => findings.wrong(format!("{file}: {trouble} (entry {n})")),
            }
        }
        for (file, due) in &files.gone {
            let place = self.folder.join(file);
            if place.symlink_metadata().is_err() {
                continue;
            }
            match trouble(&place, due) {
                None => findings.left.push(format!(
                    "{file}: was to be removed and is still there; the next export with --keep removes it"
                )),
                Some(_) => findings.wrong(format!(
                    "{file}: was removed, and another file stands in its place"
                )),
            }
        }
        self.find_strangers(files, findings)?;
        Ok(sound)
    }

    /// Finds files in the targets' folders that no entry names.
    fn find_strangers(
        &self,
        files: &FoundFiles,
        findings: &mut Findings,
    ) -> Result<(), ArchiveError> {
        let named: BTreeSet<&str> = files
            .due
            .values()
            .flatten()
            .map(|due| due.file.as_str())
            .chain(files.gone.keys().map(String::as_str))
            .collect();
        for folder in names(&self.folder)? {
            if !self.folder.join(&folder).is_dir() {
                continue;
            }
            for name in names(&self.folder.join(&folder))? {
                let file = format!("{folder}/{name}");
                if !named.contains(file.as_str()) {
                    findings.wrong(format!("{file}: no entry names it: it was put in"));
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Findings {
    wrong: Vec<String>,
    unproven: Vec<String>,
    left: Vec<String>,
}

impl Findings {
    fn wrong(&mut self, what: String) {
        self.wrong.push(what);
    }
}

/// The snapshots by target, and those that were removed.
#[derive(Default)]
struct FoundFiles {
    due: BTreeMap<String, Vec<ExpectedFile>>,
    gone: BTreeMap<String, ExpectedFile>,
    first_entries: BTreeMap<String, u64>,
    /// The files that a rule removes from a target, until the target has another snapshot.
    let_go: BTreeMap<String, (String, BTreeSet<String>)>,
}

impl FoundFiles {
    fn add(&mut self, entry: Entry, findings: &mut Findings) {
        let n = entry.n;
        match entry.what {
            EntryKind::Missed { .. } => {}
            EntryKind::Snapshot {
                target,
                file,
                bytes,
                sha256,
                facts,
            } => {
                if !is_file_name(&file) || file.split('/').next() != Some(target.as_str()) {
                    findings.wrong(format!(
                        "{MANIFEST}: entry {n} names no file of an archive: {file:?}"
                    ));
                    return;
                }
                if let Some(first) = self.first_entries.insert(file.clone(), n) {
                    findings.wrong(format!(
                        "{MANIFEST}: entries {first} and {n} name the same file: {file}"
                    ));
                    return;
                }
                let aged = SnapshotAge {
                    time: entry.time,
                    whole: facts.is_certain(),
                };
                self.let_go.remove(&target);
                self.due.entry(target).or_default().push(ExpectedFile {
                    n,
                    file,
                    bytes,
                    sha256,
                    aged,
                });
            }
            EntryKind::Removed { file, rule } => self.remove(n, &file, &rule, findings),
        }
    }

    /// Checks a removal against its rule: it is one only where the rule would not keep the snapshot.
    fn remove(&mut self, n: u64, file: &str, rule: &str, findings: &mut Findings) {
        let target = file.split('/').next().unwrap_or_default();
        let snapshots = self.due.get_mut(target);
        let at = |snapshots: &Vec<ExpectedFile>| snapshots.iter().position(|due| due.file == file);
        let found = snapshots.and_then(|snapshots| at(snapshots).map(|at| (snapshots, at)));
        let Some((snapshots, at)) = found else {
            findings.wrong(format!(
                "{MANIFEST}: entry {n} removes {file:?}, which is no snapshot here"
            ));
            return;
        };
        let known = self.let_go.get(target).filter(|(by, _)| by == rule);
        if known.is_none() {
            let Ok(keep) = rule.parse::<Retention>() else {
                findings.wrong(format!(
                    "{MANIFEST}: entry {n} removes {file} by {rule:?}, which is no rule"
                ));
                return;
            };
            let aged: Vec<SnapshotAge> = snapshots.iter().map(|due| due.aged).collect();
            let stays = snapshots.iter().zip(keep.stays(&aged));
            let goes = stays.filter(|(_, stays)| !stays);
            let goes = goes.map(|(due, _)| due.file.clone()).collect();
            self.let_go
                .insert(target.to_owned(), (rule.to_owned(), goes));
        }
        let let_go = self.let_go.get(target);
        if !let_go.is_some_and(|(_, goes)| goes.contains(file)) {
            findings.wrong(format!(
                "{MANIFEST}: entry {n} removes {file}, which its rule {rule} keeps"
            ));
        }
        self.gone.insert(file.to_owned(), snapshots.remove(at));
    }
}

/// Finds the mistake in a snapshot's file.
fn trouble(path: &Path, due: &ExpectedFile) -> Option<String> {
    match path.symlink_metadata() {
        Err(_) => return Some("is not there".into()),
        Ok(about) if !about.is_file() => return Some("is no file of its own".into()),
        Ok(about) if about.len() != due.bytes => {
            return Some(format!(
                "was changed: it has {} bytes, and had {}",
                about.len(),
                due.bytes
            ));
        }
        Ok(_) => {}
    }
    match File::open(path).and_then(sha256_of_all) {
        Err(error) => Some(format!("cannot be read: {error}")),
        Ok((sha256, _)) if sha256 != due.sha256 => Some("was changed".into()),
        Ok(_) => None,
    }
}

/// Checks each entry against the one before it. Each comes with the number of unreadable lines before it.
fn chained(links: &[(ChainLink, u64)], findings: &mut Findings) {
    let nothing = ChainLink {
        line: 0,
        n: 0,
        before: String::new(),
        hash: sha256_hex(b""),
        about: String::new(),
    };
    let all: BTreeSet<u64> = links.iter().map(|(link, _)| link.n).collect();
    let mut last = &nothing;
    // The entry before the last, where the two do not fit together.
    let mut unfit: Option<&ChainLink> = None;
    for (link, unread) in links {
        let line = link.line;
        let expected = last.n.saturating_add(1).saturating_add(*unread);
        if link.n <= last.n {
            findings.wrong(format!(
                "{MANIFEST}:{line}: entry {} ({}) stands after entry {}: it was moved or put in",
                link.n, link.about, last.n
            ));
            continue;
        }
        let fits = link.n == last.n + 1 && link.before == last.hash;
        if let Some(before) = unfit.take() {
            // The next entry is chained to the one that does not fit, or it is not.
            findings.wrong(match fits && before.n > 0 {
                true => format!(
                    "{MANIFEST}:{}: entry {} ({}) was changed: entry {} is chained to another one",
                    before.line, before.n, before.about, last.n
                ),
                false => neither(before, last),
            });
        }
        if link.n > expected {
            // Those that are elsewhere in the file are named there.
            let mut next = expected;
            for there in all.range(expected..=link.n) {
                if *there > next {
                    findings.wrong(format!(
                        "{MANIFEST}:{line}: missing before it: {}",
                        entries(next, there - 1)
                    ));
                }
                next = there.saturating_add(1);
            }
        } else if link.n == last.n + 1 && !fits {
            unfit = Some(last);
        }
        last = link;
    }
    if let Some(before) = unfit {
        findings.wrong(neither(before, last));
    }
}

fn neither(before: &ChainLink, after: &ChainLink) -> String {
    match before.n {
        0 => format!(
            "{MANIFEST}:{}: entry {} ({}) was changed: it is chained to an entry before it, and is the first",
            after.line, after.n, after.about
        ),
        _ => format!(
            "{MANIFEST}:{}: entry {} ({}) and entry {} ({}) do not fit together: one of them was changed",
            after.line, before.n, before.about, after.n, after.about
        ),
    }
}

/// Checks the chain against heads that were kept elsewhere.
fn anchored(links: &[ChainLink], heads: &[Head], findings: &mut Findings) {
    let last = links.iter().map(|link| link.n).max().unwrap_or(0);
    let nothing = sha256_hex(b"");
    let (mut proven, wrong_before) = (0, findings.wrong.len());
    for head in heads {
        let found = links.iter().find(|link| link.hash == head.hash);
        match (found.map(|link| link.n), head.entry) {
            (Some(n), wanted) if wanted.is_none_or(|wanted| wanted == n) => proven = proven.max(n),
            (Some(n), _) => findings.wrong(format!(
                "the head {head} is the hash of entry {n}: one of them was moved"
            )),
            // The archive was empty when that was written down.
            (None, None | Some(0)) if head.hash == nothing => {}
            (None, Some(wanted)) if wanted > last => findings.wrong(format!(
                "the head {head} is not there; cut off at the end: {}",
                entries(last + 1, wanted)
            )),
            (None, Some(wanted)) => findings.wrong(format!(
                "entry {wanted} does not have the head {head}: it was changed, or entries before it were rewritten"
            )),
            (None, None) => findings.wrong(format!(
                "no entry has the head {head}: it was changed or cut off, or entries before it were rewritten"
            )),
        }
    }
    if heads.is_empty() {
        findings.unproven.push(
            "without --head it is not proven that no entry was cut off at the end and that the archive was not rewritten".into(),
        );
    } else if findings.wrong.len() == wrong_before && proven < last {
        findings.unproven.push(format!(
            "made after the head that was given: {}; only a later head vouches for that",
            entries(proven + 1, last)
        ));
    }
}

fn entries(first: u64, last: u64) -> String {
    if first == last {
        format!("entry {first}")
    } else {
        format!("entries {first} to {last}")
    }
}

/// Lists a folder in order, without hidden entries.
fn names(folder: &Path) -> Result<Vec<String>, ArchiveError> {
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
