//! The verification of an archive against its entries, with the reason where it fails.

use super::chain::{Chain, ChainLine};
use super::entry::{Entry, EntryKind, Head, LAYOUT, LastEntry, MANIFEST};
use super::error::ArchiveError;
use super::folder::{Archive, folder_name, hidden, is_file_of, names};
use super::keep::{Retention, SnapshotAge};
use crate::digest::sha256_of_all;
use crate::disk::open_plain;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveVerdict {
    /// The present head.
    pub head: Head,
    /// The number of entries about targets.
    pub entries: u64,
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

/// The contents of the archive's own manifest.
#[derive(Default)]
struct OwnEntries {
    /// The files of each target, as far as they were entered here.
    files: BTreeMap<String, TargetFiles>,
    /// The heads of each target's manifest, with the entry here that has them.
    heads: BTreeMap<String, Vec<(u64, Head)>>,
    /// The end of the entries from before each target had a manifest.
    earlier: Option<LastEntry>,
    /// A layout that this version does not know.
    unknown_layout: Option<u32>,
    /// The number of entries about targets.
    entries: u64,
}

impl Archive {
    /// Checks the archive against its chains, its files against their entries, and the chains against heads that were
    /// kept elsewhere.
    ///
    /// Finds everything that was changed, removed, moved, put in or cut off before the newest of these heads. Without a head
    /// it is not found when the end was cut off at a line's end, or everything was written anew from some entry on.
    ///
    /// # Errors
    /// There is no manifest, one or a folder cannot be read, or a later version wrote the archive.
    pub fn verify(&self, heads: &[Head]) -> Result<ArchiveVerdict, ArchiveError> {
        // Mistakes in the archive's own manifest come first: the rest may follow from them.
        let mut findings = Findings::default();
        let (mut own, own_links) = self.verify_own(heads, &mut findings)?;
        let end = own_links.iter().max_by_key(|link| link.n);
        let end = end.map_or_else(LastEntry::none, ChainLink::end);
        let earlier = own.earlier.take().unwrap_or_else(|| end.clone());
        findings.entries = own.entries;
        let mut targets: BTreeSet<String> = self.folders()?.into_iter().collect();
        let entered = own.files.keys().chain(own.heads.keys());
        // Those that lead elsewhere are mistakes already.
        targets.extend(entered.filter(|name| folder_name(name).is_ok()).cloned());
        for target in targets {
            let files = own.files.remove(&target).unwrap_or_default();
            let heads = own.heads.remove(&target).unwrap_or_default();
            self.verify_target(&target, &earlier, &heads, files, &mut findings)?;
        }
        Ok(ArchiveVerdict {
            head: end.head(),
            entries: findings.entries,
            sound: findings.sound,
            removed: findings.removed,
            wrong: findings.wrong,
            unproven: findings.unproven,
            left: findings.left,
        })
    }

    /// Checks the archive's own manifest.
    fn verify_own(
        &self,
        heads: &[Head],
        findings: &mut Findings,
    ) -> Result<(OwnEntries, Vec<ChainLink>), ArchiveError> {
        let manifest = self.manifest();
        let Some(_shared) = manifest.share()? else {
            return Err(ArchiveError::NoArchive(self.folder.clone()));
        };
        let (mut own, mut of_files) = (OwnEntries::default(), Findings::default());
        let links = read_links(&manifest, MANIFEST, findings, |entry| {
            own.add(entry, &mut of_files);
        })?;
        if let Some(layout) = own.unknown_layout {
            return Err(ArchiveError::Layout {
                folder: self.folder.clone(),
                layout,
            });
        }
        let links = chained(MANIFEST, &LastEntry::none(), links, findings);
        anchored(&links, heads, findings);
        findings.wrong.append(&mut of_files.wrong);
        Ok((own, links))
    }

    /// Checks a target's manifest against the heads of it that the archive's own has, and its files against both.
    fn verify_target(
        &self,
        target: &str,
        earlier: &LastEntry,
        heads: &[(u64, Head)],
        mut files: TargetFiles,
        findings: &mut Findings,
    ) -> Result<(), ArchiveError> {
        let manifest = self.chain(target);
        let named = format!("{target}/{MANIFEST}");
        let _shared = manifest.share()?;
        let mut of_files = Findings::default();
        let mut entries = 0;
        let links = read_links(&manifest, &named, findings, |entry| {
            entries += 1;
            files.add_of(target, &named, entry, &mut of_files);
        })?;
        let links = chained(&named, earlier, links, findings);
        vouched(&named, &links, heads, findings);
        findings.wrong.append(&mut of_files.wrong);
        findings.entries += entries;
        findings.removed += files.gone.len();
        let last = links.last().map_or(earlier.n, |link| link.n);
        self.check_files(&files, last, findings);
        self.find_strangers(target, &files, findings)
    }

    /// Checks the files of a target against their entries, of which `last` is the last.
    fn check_files(&self, files: &TargetFiles, last: u64, findings: &mut Findings) {
        for due in &files.due {
            let place = self.folder.join(&due.file);
            let waiting = hidden(&place);
            let (n, file) = (due.n, &due.file);
            match trouble(&place, due) {
                None => findings.sound += 1,
                Some(_) if due.n == last && !place.exists() && trouble(&waiting, due).is_none() => {
                    findings.sound += 1;
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
    }

    /// Finds files in a target's folder that no entry names.
    fn find_strangers(
        &self,
        target: &str,
        files: &TargetFiles,
        findings: &mut Findings,
    ) -> Result<(), ArchiveError> {
        let folder = self.folder.join(target);
        if !folder.is_dir() {
            return Ok(());
        }
        let due = files.due.iter().map(|due| due.file.as_str());
        let named: BTreeSet<&str> = due.chain(files.gone.keys().map(String::as_str)).collect();
        let is_target = folder_name(target).is_ok();
        for name in names(&folder)? {
            let file = format!("{target}/{name}");
            let is_manifest = is_target && name == MANIFEST;
            if !is_manifest && !named.contains(file.as_str()) {
                findings.wrong(format!("{file}: no entry names it: it was put in"));
            }
        }
        Ok(())
    }
}

/// Reads the lines of a manifest that are entries, each with the number of unreadable lines before it.
fn read_links(
    manifest: &Chain,
    named: &str,
    findings: &mut Findings,
    mut each: impl FnMut(Entry),
) -> Result<Vec<(ChainLink, u64)>, ArchiveError> {
    let mut links = Vec::new();
    let mut unread = 0;
    manifest.read(|line| {
        unread = match ChainLink::read(line, named, findings) {
            None => unread + 1,
            Some((entry, link)) => {
                each(entry);
                links.push((link, unread));
                0
            }
        };
        Ok(true)
    })?;
    Ok(links)
}

impl ChainLink {
    fn read(line: ChainLine, named: &str, findings: &mut Findings) -> Option<(Entry, ChainLink)> {
        let number = line.number;
        if !line.is_ended() {
            findings.wrong(format!("{named}:{number}: the line is cut off"));
        }
        let Some(entry) = line.entry() else {
            findings.wrong(format!("{named}:{number}: is no entry: it was changed"));
            return None;
        };
        let about = match &entry.what {
            EntryKind::Snapshot { file, .. } => file.clone(),
            EntryKind::Missed { target, .. } => format!("{target} was not exported"),
            EntryKind::Removed { file, .. } => format!("{file} was removed"),
            EntryKind::Layout { .. } => "the archive's layout".to_owned(),
            EntryKind::Heads { .. } => "the targets' heads".to_owned(),
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

    fn end(&self) -> LastEntry {
        LastEntry {
            n: self.n,
            hash: self.hash.clone(),
            time: None,
        }
    }
}

impl OwnEntries {
    /// Adds an entry of the archive's own manifest.
    fn add(&mut self, entry: Entry, findings: &mut Findings) {
        let target = match &entry.what {
            EntryKind::Layout { layout } => {
                if *layout != LAYOUT {
                    self.unknown_layout = Some(*layout);
                }
                let end = LastEntry {
                    n: entry.n.saturating_sub(1),
                    hash: entry.before,
                    time: None,
                };
                if self.earlier.replace(end).is_some() {
                    findings.wrong(format!(
                        "{MANIFEST}: entry {} says the layout a second time",
                        entry.n
                    ));
                }
                return;
            }
            EntryKind::Heads { heads } => {
                for (target, head) in heads {
                    match folder_name(target)
                        .map_err(|why| why.to_string())
                        .and_then(|_| head.parse())
                    {
                        Ok(head) => {
                            let heads = self.heads.entry(target.clone()).or_default();
                            heads.push((entry.n, head));
                        }
                        Err(why) => findings.wrong(format!("{MANIFEST}: entry {}: {why}", entry.n)),
                    }
                }
                return;
            }
            EntryKind::Snapshot { target, .. } | EntryKind::Missed { target, .. } => target.clone(),
            EntryKind::Removed { file, .. } => {
                file.split('/').next().unwrap_or_default().to_owned()
            }
        };
        self.entries += 1;
        if self.earlier.is_some() {
            findings.wrong(format!(
                "{MANIFEST}: entry {} is about {target}, which has a manifest of its own: it was put in",
                entry.n
            ));
        }
        let files = self.files.entry(target.clone()).or_default();
        files.add_of(&target, MANIFEST, entry, findings);
    }
}

/// Checks a target's manifest against the heads that the archive's own manifest has of it.
fn vouched(named: &str, links: &[ChainLink], heads: &[(u64, Head)], findings: &mut Findings) {
    let hashes: BTreeMap<u64, &str> = links
        .iter()
        .map(|link| (link.n, link.hash.as_str()))
        .collect();
    let last = links.last().map_or(0, |link| link.n);
    let mut proven = 0;
    for (by, head) in heads {
        let n = head.entry.unwrap_or_default();
        match hashes.get(&n) {
            Some(hash) if *hash == head.hash => proven = proven.max(n),
            Some(_) => findings.wrong(format!(
                "{named}: entry {n} is not the one whose head entry {by} of {MANIFEST} has: it was changed, or entries before it were rewritten"
            )),
            None => findings.wrong(format!(
                "{named}: entry {n}, whose head entry {by} of {MANIFEST} has, is not there"
            )),
        }
    }
    if let Some(first) = links.iter().map(|link| link.n).find(|n| *n > proven) {
        findings.unproven.push(format!(
            "{named}: {MANIFEST} does not have the head of {} yet: an export was cut off, or is going on",
            entries(first, last)
        ));
    }
}

#[derive(Default)]
struct Findings {
    /// The entries about targets.
    entries: u64,
    /// The snapshots that have their file.
    sound: usize,
    /// The files that retention removed.
    removed: usize,
    wrong: Vec<String>,
    unproven: Vec<String>,
    left: Vec<String>,
}

impl Findings {
    fn wrong(&mut self, what: String) {
        self.wrong.push(what);
    }
}

/// The snapshots of a target, and those that were removed.
#[derive(Default)]
struct TargetFiles {
    due: Vec<ExpectedFile>,
    gone: BTreeMap<String, ExpectedFile>,
    first_entries: BTreeMap<String, u64>,
    /// The files that a rule removes, until there is another snapshot.
    let_go: Option<(String, BTreeSet<String>)>,
}

impl TargetFiles {
    /// Adds an entry that the manifest has about the target.
    fn add_of(&mut self, target: &str, manifest: &str, entry: Entry, findings: &mut Findings) {
        let n = entry.n;
        match entry.what {
            EntryKind::Missed { target: of, .. } if of == target => {}
            EntryKind::Snapshot {
                target: of,
                file,
                bytes,
                sha256,
                facts,
            } if of == target => {
                if !is_file_of(&file, target) {
                    findings.wrong(format!(
                        "{manifest}: entry {n} names no file of an archive: {file:?}"
                    ));
                    return;
                }
                if let Some(first) = self.first_entries.insert(file.clone(), n) {
                    findings.wrong(format!(
                        "{manifest}: entries {first} and {n} name the same file: {file}"
                    ));
                    return;
                }
                let aged = SnapshotAge {
                    time: entry.time,
                    whole: facts.is_certain(),
                };
                self.let_go = None;
                self.due.push(ExpectedFile {
                    n,
                    file,
                    bytes,
                    sha256,
                    aged,
                });
            }
            EntryKind::Removed { file, rule } => self.remove(manifest, n, &file, &rule, findings),
            _ => findings.wrong(format!(
                "{manifest}: entry {n} is not about {target}: it was put in"
            )),
        }
    }

    /// Checks a removal against its rule: it is one only where the rule would not keep the snapshot.
    fn remove(&mut self, manifest: &str, n: u64, file: &str, rule: &str, findings: &mut Findings) {
        let Some(at) = self.due.iter().position(|due| due.file == file) else {
            findings.wrong(format!(
                "{manifest}: entry {n} removes {file:?}, which is no snapshot here"
            ));
            return;
        };
        let known = self.let_go.as_ref().filter(|(by, _)| by == rule);
        if known.is_none() {
            let Ok(keep) = rule.parse::<Retention>() else {
                findings.wrong(format!(
                    "{manifest}: entry {n} removes {file} by {rule:?}, which is no rule"
                ));
                return;
            };
            let aged: Vec<SnapshotAge> = self.due.iter().map(|due| due.aged).collect();
            let stays = self.due.iter().zip(keep.stays(&aged));
            let goes = stays.filter(|(_, stays)| !stays);
            let goes = goes.map(|(due, _)| due.file.clone()).collect();
            self.let_go = Some((rule.to_owned(), goes));
        }
        let let_go = self.let_go.as_ref();
        if !let_go.is_some_and(|(_, goes)| goes.contains(file)) {
            findings.wrong(format!(
                "{manifest}: entry {n} removes {file}, which its rule {rule} keeps"
            ));
        }
        self.gone.insert(file.to_owned(), self.due.remove(at));
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
    match open_plain(path).and_then(sha256_of_all) {
        Err(error) => Some(format!("cannot be read: {error}")),
        Ok((sha256, _)) if sha256 != due.sha256 => Some("was changed".into()),
        Ok(_) => None,
    }
}

/// Checks each entry of a manifest against the one before it, and the first against what it follows. Each comes with the
/// number of unreadable lines before it.
fn chained(
    named: &str,
    base: &LastEntry,
    links: Vec<(ChainLink, u64)>,
    findings: &mut Findings,
) -> Vec<ChainLink> {
    let nothing = ChainLink {
        line: 0,
        n: base.n,
        before: String::new(),
        hash: base.hash.clone(),
        about: String::new(),
    };
    let all: BTreeSet<u64> = links.iter().map(|(link, _)| link.n).collect();
    let mut last = &nothing;
    // The entry before the last, where the two do not fit together.
    let mut unfit: Option<&ChainLink> = None;
    for (link, unread) in &links {
        let line = link.line;
        let expected = last.n.saturating_add(1).saturating_add(*unread);
        if link.n <= last.n {
            findings.wrong(format!(
                "{named}:{line}: entry {} ({}) stands after entry {}: it was moved or put in",
                link.n, link.about, last.n
            ));
            continue;
        }
        let fits = link.n == last.n + 1 && link.before == last.hash;
        if let Some(before) = unfit.take() {
            // The next entry is chained to the one that does not fit, or it is not.
            findings.wrong(match fits && before.line > 0 {
                true => format!(
                    "{named}:{}: entry {} ({}) was changed: entry {} is chained to another one",
                    before.line, before.n, before.about, last.n
                ),
                false => neither(named, before, last),
            });
        }
        if link.n > expected {
            // Those that are elsewhere in the file are named there.
            let mut next = expected;
            for there in all.range(expected..=link.n) {
                if *there > next {
                    findings.wrong(format!(
                        "{named}:{line}: missing before it: {}",
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
        findings.wrong(neither(named, before, last));
    }
    links.into_iter().map(|(link, _)| link).collect()
}

fn neither(named: &str, before: &ChainLink, after: &ChainLink) -> String {
    match before.line {
        0 => format!(
            "{named}:{}: entry {} ({}) was changed: it is chained to an entry before it, and is the first",
            after.line, after.n, after.about
        ),
        _ => format!(
            "{named}:{}: entry {} ({}) and entry {} ({}) do not fit together: one of them was changed",
            after.line, before.n, before.about, after.n, after.about
        ),
    }
}

/// Checks the chain against heads that were kept elsewhere.
fn anchored(links: &[ChainLink], heads: &[Head], findings: &mut Findings) {
    let last = links.iter().map(|link| link.n).max().unwrap_or(0);
    let nothing = LastEntry::none().hash;
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
