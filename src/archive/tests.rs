use super::chain::{Chain, LINE_BYTES_MAX};
use super::entry::{Entry, EntryKind, LAYOUT, LastEntry};
use super::folder::hidden;
use super::*;
use crate::digest::sha256_hex;
use crate::random::Random;
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

fn facts() -> Facts {
    Facts {
        started: Timestamp::UNIX_EPOCH,
        extensions: 2,
        gone: 0,
        whole: true,
        secrets: "omit".into(),
        key: String::new(),
        vendor: "openvox".into(),
        pbx: "openvox+http://127.0.0.1:9011/".into(),
        rules: "2026-11-21".into(),
        tool: "rowcall".into(),
        night: None,
    }
}

fn day(day: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap()
}

fn made(folder: &Path) -> Archive {
    Archive::open_or_make(folder).unwrap().0
}

/// Enters a target's head, as a run does at its end, and returns the archive's with all notices.
fn vouched(archive: &Archive, target: &str, written: WrittenEntries) -> WrittenEntries {
    let heads = BTreeMap::from([(target.to_owned(), written.head)]);
    let own = archive.enter_heads(&heads).unwrap();
    WrittenEntries {
        head: own.head,
        notices: [written.notices, own.notices].concat(),
    }
}

fn missed(archive: &Archive, target: &str) -> WrittenEntries {
    let written = archive.record_missed(target, "the PBX was not reached");
    vouched(archive, target, written.unwrap())
}

fn pruned(archive: &Archive, target: &str, rule: &str) -> (usize, WrittenEntries) {
    let (gone, written) = archive.prune(target, &rule.parse().unwrap()).unwrap();
    (gone, vouched(archive, target, written))
}

fn snapshot(archive: &Archive, target: &str, time: Timestamp, text: &str) -> WrittenEntries {
    night_with(archive, target, time, text, facts())
}

fn night_with(
    archive: &Archive,
    target: &str,
    time: Timestamp,
    text: &str,
    facts: Facts,
) -> WrittenEntries {
    let pending = archive.begin(target, "csv").unwrap();
    fs::write(pending.path(), text).unwrap();
    let written = archive.enter_at(&pending, facts, || time).unwrap().1;
    vouched(archive, target, written)
}

/// Creates snapshots of two targets, one that was missed, and some that retention removed.
fn filled(folder: &Path) -> (Archive, Head) {
    let archive = made(folder);
    for at in 0..4 {
        snapshot(
            &archive,
            "hq",
            day(at),
            &format!("number,email\n2001,a{at}@example.com\n"),
        );
        // The same in every snapshot: a mere swap between snapshots is no change.
        snapshot(&archive, "branch", day(at), "number,email\n3001,\n");
        if at == 2 {
            missed(&archive, "branch");
        }
    }
    let (gone, kept) = pruned(&archive, "hq", "3d");
    assert_eq!(gone, 1);
    snapshot(&archive, "hq", day(9), "number,email\n2001,z@example.com\n");
    let (gone, kept_now) = pruned(&archive, "hq", "3d");
    assert_eq!(gone, 1);
    assert_ne!(kept.head, kept_now.head);
    (archive, kept_now.head)
}

fn verdict(archive: &Archive, head: &Head) -> super::verify::ArchiveVerdict {
    archive.verify(std::slice::from_ref(head)).unwrap()
}

#[track_caller]
fn is_sound(archive: &Archive, head: &Head) {
    let verdict = verdict(archive, head);
    assert!(
        verdict.wrong.is_empty() && verdict.unproven.is_empty() && verdict.left.is_empty(),
        "{verdict:?}"
    );
    assert_eq!(&verdict.head, head);
}

#[test]
fn the_clock_is_asked_when_nobody_else_can_enter_anything_before() {
    let folder = tempfile::tempdir().unwrap();
    let archive = made(folder.path());
    let pending = archive.begin("hq", "csv").unwrap();
    fs::write(pending.path(), "number\n1001\n").unwrap();
    let is_asked = AtomicBool::new(false);
    let locked = archive.lock("hq").unwrap();
    thread::scope(|scope| {
        let entered = scope.spawn(|| {
            let clock = || {
                is_asked.store(true, Ordering::SeqCst);
                Timestamp::now()
            };
            archive.enter_at(&pending, facts(), clock).unwrap()
        });
        // It waits for the lock by now, or will.
        thread::sleep(Duration::from_millis(50));
        assert!(!is_asked.load(Ordering::SeqCst));
        drop(locked);
        let (_, written) = entered.join().unwrap();
        assert!(written.notices.is_empty(), "{:?}", written.notices);
    });
    assert!(is_asked.load(Ordering::SeqCst));
}

#[test]
fn an_untouched_archive_is_sound_and_gives_its_snapshots() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, head) = filled(folder.path());
    is_sound(&archive, &head);
    let verdict = verdict(&archive, &head);
    assert_eq!((verdict.sound, verdict.removed), (7, 2));
    let snapshots = Archive::open(folder.path()).unwrap().snapshots().unwrap();
    let of = |target: &str| -> Vec<Timestamp> {
        snapshots[target]
            .iter()
            .map(|snapshot| snapshot.time)
            .collect()
    };
    assert_eq!(of("hq"), [2, 3, 9].map(day));
    assert_eq!(of("branch"), [0, 1, 2, 3].map(day));
    let newest = snapshots["hq"].last().unwrap();
    assert_eq!(
        newest.path.file_name().unwrap().to_str().unwrap(),
        format!("2026-09-30T141320Z-{}.csv", newest.entry)
    );
    assert_eq!(
        fs::read_to_string(&newest.path).unwrap(),
        "number,email\n2001,z@example.com\n"
    );
    assert_eq!(newest.sha256, sha256_hex(&fs::read(&newest.path).unwrap()));
    assert!(matches!(
        Archive::open(&folder.path().join("elsewhere")),
        Err(ArchiveError::NoArchive(_))
    ));
}

#[test]
fn heads_are_read_as_they_are_printed_and_as_sha256sum_prints_them() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, head) = filled(folder.path());
    assert_eq!(head.to_string().parse(), Ok(head.clone()));
    let bare: Head = head.hash.to_uppercase().parse().unwrap();
    assert_eq!(
        bare,
        Head {
            entry: None,
            hash: head.hash.clone()
        }
    );
    assert!(verdict(&archive, &bare).unproven.is_empty());
    for wrong in [
        "",
        "17",
        "17:",
        "x:00",
        &head.hash[1..],
        &format!("-1:{}", head.hash),
    ] {
        assert!(wrong.parse::<Head>().is_err(), "{wrong}");
    }
    // By hand: the hash of the last line with its line feed.
    let manifest = fs::read_to_string(folder.path().join(MANIFEST)).unwrap();
    let last = manifest.lines().last().unwrap();
    assert_eq!(sha256_hex(format!("{last}\n").as_bytes()), head.hash);
}

/// All files of an archive, by their path below it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// Changes a file of an archive; returns its name and the change.
fn mutate(
    folder: &Path,
    whole: &BTreeMap<PathBuf, Vec<u8>>,
    random: &mut Random,
) -> (PathBuf, String) {
    let own = folder.join(MANIFEST);
    let manifests = [
        own.clone(),
        folder.join("hq").join(MANIFEST),
        folder.join("branch").join(MANIFEST),
    ];
    let manifest = manifests[random.below(manifests.len())].clone();
    let paths: Vec<&PathBuf> = whole.keys().collect();
    // Every second time it is a manifest that is hit.
    let path = match random.below(2) {
        0 => &manifest,
        _ => paths[random.below(paths.len())],
    };
    let bytes = &whole[path];
    let shown = path.strip_prefix(folder).unwrap().display();
    let lines: Vec<&[u8]> = whole[&manifest]
        .split_inclusive(|byte| *byte == b'\n')
        .collect();
    let put = |lines: &[&[u8]]| fs::write(&manifest, lines.concat()).unwrap();
    match random.below(8) {
        0 => {
            let (at, bit) = (random.below(bytes.len()), random.below(8));
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            fs::write(path, bytes).unwrap();
            (
                path.clone(),
                format!("bit {bit} of byte {at} of {shown} flipped"),
            )
        }
        1 => {
            let length = random.below(bytes.len());
            fs::write(path, &bytes[..length]).unwrap();
            (path.clone(), format!("{shown} cut to {length} bytes"))
        }
        2 => {
            // Without its own manifest it is no archive.
            let others = paths.iter().filter(|path| ***path != own);
            let others = others.collect::<Vec<_>>();
            let gone = others[random.below(others.len())];
            fs::remove_file(gone).unwrap();
            ((*gone).clone(), format!("{} removed", gone.display()))
        }
        3 => {
            let mut lines = lines;
            let gone = random.below(lines.len());
            lines.remove(gone);
            put(&lines);
            (manifest, format!("line {gone} removed"))
        }
        4 => {
            let mut lines = lines;
            let (a, b) = (random.below(lines.len()), random.below(lines.len() - 1));
            let b = if b >= a { b + 1 } else { b };
            lines.swap(a, b);
            put(&lines);
            (manifest, format!("lines {a} and {b} swapped"))
        }
        5 => {
            let mut lines = lines;
            let (from, to) = (random.below(lines.len()), random.below(lines.len() + 1));
            lines.insert(to, lines[from]);
            put(&lines);
            (manifest, format!("line {from} put in again before {to}"))
        }
        6 => {
            let name = format!("hq/2026-10-0{}T000000Z-99.csv", 1 + random.below(9));
            fs::write(folder.join(&name), bytes).unwrap();
            (folder.join(&name), format!("{name} put in"))
        }
        _ => {
            // A forger who knows the format: an entry changed, removed or put in, and all after it chained anew.
            let at = random.below(lines.len());
            let entries = lines
                .iter()
                .map(|line| serde_json::from_slice(line).unwrap());
            let mut entries: Vec<Entry> = entries.collect();
            let (how, what) = (
                random.below(3),
                format!("the PBX was asleep {}", random.next()),
            );
            let missed = EntryKind::Missed {
                target: "hq".into(),
                why: what,
            };
            match how {
                0 => entries[at].what = missed,
                1 => drop(entries.remove(at)),
                _ => {
                    let entry = Entry {
                        what: missed,
                        ..entries[at].clone()
                    };
                    entries.insert(at + random.below(2), entry);
                }
            }
            let (mut text, mut before) = (String::new(), sha256_hex(b""));
            for (entry, n) in entries.iter_mut().zip(1..) {
                (entry.n, entry.before) = (n, before);
                let line = serde_json::to_string(entry).unwrap() + "\n";
                before = sha256_hex(line.as_bytes());
                text.push_str(&line);
            }
            fs::write(&manifest, text).unwrap();
            (manifest, format!("written anew from entry {at} on ({how})"))
        }
    }
}

/// `ARCHIVE_SEED` repeats one of its runs.
#[test]
fn ten_thousand_mutations_are_all_found_with_the_head() {
    let mut random = Random::from_environment("ARCHIVE_SEED");
    let folder = tempfile::tempdir().unwrap();
    let (archive, head) = filled(folder.path());
    let whole = files(folder.path());
    for round in 0..10_000 {
        let (touched, what) = mutate(folder.path(), &whole, &mut random);
        let verdict = verdict(&archive, &head);
        let found = [verdict.wrong, verdict.unproven].concat();
        assert!(
            !found.is_empty(),
            "round {round}: {what}: nothing was found"
        );
        // Every mistake names a file or an entry.
        assert!(
            found.iter().all(|wrong| wrong.contains(".csv")
                || wrong.contains(MANIFEST)
                || wrong.contains("entry")
                || wrong.contains("entries")),
            "{what}: {found:?}"
        );
        match whole.get(&touched) {
            Some(bytes) => fs::write(&touched, bytes).unwrap(),
            None => fs::remove_file(&touched).unwrap(),
        }
    }
    assert_eq!(files(folder.path()), whole);
    is_sound(&archive, &head);
}

/// Edits the lines of a manifest: the archive's own, or a target's.
fn edited(folder: &Path, edit: impl FnOnce(&mut Vec<String>)) {
    let manifest = folder.join(MANIFEST);
    let text = fs::read_to_string(&manifest).unwrap();
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    edit(&mut lines);
    fs::write(manifest, lines.concat()).unwrap();
}

#[test]
fn what_was_done_is_named() {
    type LineEdit = fn(&mut Vec<String>);
    let cases: [(&str, LineEdit, &[&str]); 10] = [
        (
            "hq",
            |lines| lines[2] = lines[2].replace("\"extensions\":2", "\"extensions\":3"),
            &[
                "hq/manifest.jsonl:3: entry 3 (hq/",
                "was changed: entry 4 is chained to another one",
            ],
        ),
        (
            "hq",
            |lines| drop(lines.remove(2)),
            &["hq/manifest.jsonl:3: missing before it: entry 3"],
        ),
        (
            "hq",
            |lines| lines.swap(2, 4),
            &[
                "entry 3 (hq/",
                "stands after entry 5: it was moved or put in",
            ],
        ),
        (
            "hq",
            |lines| lines.insert(4, lines[1].clone()),
            &[
                "hq/manifest.jsonl:5: entry 2 (hq/",
                "stands after entry 4: it was moved or put in",
            ],
        ),
        (
            "hq",
            |lines| drop(lines.drain(5..)),
            &[
                "hq/manifest.jsonl: entry 7, whose head entry 13 of manifest.jsonl has, is not there",
            ],
        ),
        (
            "hq",
            |lines| lines[1] = "nothing of ours\n".into(),
            &["hq/manifest.jsonl:2: is no entry: it was changed"],
        ),
        (
            "hq",
            |lines| {
                let last = lines.last_mut().unwrap();
                *last = last.replace("3d", "2d");
            },
            &[
                "hq/manifest.jsonl: entry 7 is not the one whose head entry 13 of manifest.jsonl has",
            ],
        ),
        (
            "",
            |lines| lines[3] = lines[3].replace("\"hq\"", "\"hk\""),
            &[
                "manifest.jsonl:4: entry 4 (the targets' heads)",
                "was changed: entry 5 is chained to another one",
            ],
        ),
        (
            "",
            |lines| drop(lines.drain(11..)),
            &["is not there; cut off at the end: entries 12 to 13"],
        ),
        (
            "",
            |lines| {
                let last = lines.last_mut().unwrap();
                *last = last.replace("\"7:", "\"6:");
            },
            &["entry 13 does not have the head"],
        ),
    ];
    for (at, (target, edit, expected)) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let (archive, head) = filled(folder.path());
        edited(&folder.path().join(target), edit);
        let wrong = verdict(&archive, &head).wrong;
        let said = |part: &&str| wrong.iter().any(|wrong| wrong.contains(*part));
        assert!(expected.iter().all(said), "case {at}: {wrong:#?}");
        // Mistakes that follow from it come after it.
        assert!(wrong.len() <= 5, "case {at}: {wrong:#?}");
    }
}

#[test]
fn a_file_that_is_not_what_was_entered_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, head) = filled(folder.path());
    let snapshots = archive.snapshots().unwrap();
    let [first, second, third, ..] = snapshots["branch"].as_slice() else {
        panic!("{snapshots:?}");
    };
    fs::remove_file(&first.path).unwrap();
    fs::write(&second.path, "number,email\n3002,\n").unwrap();
    fs::write(folder.path().join("branch/extra.csv"), "").unwrap();
    fs::write(folder.path().join("branch/.hidden.csv"), "").unwrap();
    #[cfg(unix)]
    {
        let copy = folder.path().join("copy.csv");
        fs::rename(&third.path, &copy).unwrap();
        std::os::unix::fs::symlink(&copy, &third.path).unwrap();
    }
    let wrong = verdict(&archive, &head).wrong;
    let name = |snapshot: &Snapshot| archive.name_of(&snapshot.path);
    for expected in [
        format!("{}: is not there (entry 1)", name(first)),
        format!("{}: was changed (entry 2)", name(second)),
        #[cfg(unix)]
        format!("{}: is no file of its own (entry 3)", name(third)),
        "branch/extra.csv: no entry names it: it was put in".to_owned(),
    ] {
        assert!(wrong.contains(&expected), "{expected}: {wrong:#?}");
    }
    assert_eq!(wrong.len(), if cfg!(unix) { 4 } else { 3 }, "{wrong:#?}");
}

#[test]
fn without_a_head_it_is_said_what_is_not_proven() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, head) = filled(folder.path());
    // A forger who cuts off the removal, and that anything vouches for it.
    edited(folder.path(), |lines| drop(lines.drain(12..)));
    edited(&folder.path().join("hq"), |lines| drop(lines.drain(6..)));
    let without = archive.verify(&[]).unwrap();
    assert!(without.unproven.iter().any(|what| what.contains("--head")));
    // The file that the entry removed is gone; its removal is not written down any more.
    assert_eq!(without.wrong.len(), 1, "{without:?}");
    assert!(!verdict(&archive, &head).wrong.is_empty());

    // An older head proves the entries up to it, and the verdict shows that.
    let folder = tempfile::tempdir().unwrap();
    let archive = made(folder.path());
    let empty = archive.verify(&[]).unwrap();
    assert!(empty.wrong.is_empty() && empty.entries == 0, "{empty:?}");
    let first = snapshot(&archive, "hq", day(0), "a").head;
    let second = snapshot(&archive, "hq", day(1), "b").head;
    let old = verdict(&archive, &first);
    assert!(old.wrong.is_empty(), "{old:?}");
    assert!(old.unproven[0].contains("made after the head that was given: entry 3;"));
    let both = archive.verify(&[first.clone(), second]).unwrap();
    assert!(both.unproven.is_empty(), "{both:?}");
    // A later entry put in by a forger is named too.
    let forged = Head {
        entry: Some(3),
        ..first
    };
    assert!(!verdict(&archive, &forged).wrong.is_empty());
}

#[test]
fn a_removal_that_its_rule_does_not_allow_is_found_even_where_it_is_chained() {
    let folder = tempfile::tempdir().unwrap();
    let (archive, _) = filled(folder.path());
    let snapshot = archive.snapshots().unwrap()["branch"][3].clone();
    fs::remove_file(&snapshot.path).unwrap();
    let forge = |rule: &str| {
        let mut locked = archive.lock("branch").unwrap();
        let what = EntryKind::Removed {
            file: archive.name_of(&snapshot.path),
            rule: rule.into(),
        };
        locked.append(day(10), vec![what]).unwrap();
        vouched(&archive, "branch", locked.into_written()).head
    };
    let head = forge("2d");
    let wrong = verdict(&archive, &head).wrong;
    assert!(wrong[0].contains("which its rule 2d keeps"), "{wrong:?}");
    let head = forge("because");
    let wrong = verdict(&archive, &head).wrong;
    assert!(
        wrong.iter().any(|wrong| wrong.contains("no snapshot here")),
        "{wrong:?}"
    );
}

#[test]
fn paths_in_a_manifest_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("archive");
    let (archive, _) = filled(&inside);
    let victim = folder.path().join("victim.csv");
    fs::write(&victim, "mine").unwrap();
    for file in [
        "../victim.csv",
        "hq/../../victim.csv",
        "/etc/passwd",
        "victim.csv",
        "hq/..",
    ] {
        let mut locked = archive.lock("hq").unwrap();
        let whats = vec![
            EntryKind::Snapshot {
                target: "hq".into(),
                file: file.into(),
                bytes: 4,
                sha256: sha256_hex(b"mine"),
                facts: Box::new(facts()),
            },
            EntryKind::Removed {
                file: file.into(),
                rule: "1d".into(),
            },
        ];
        locked.append(day(11), whats).unwrap();
        let head = vouched(&archive, "hq", locked.into_written()).head;
        let wrong = verdict(&archive, &head).wrong;
        assert!(
            wrong.iter().any(|wrong| wrong.contains("names no file")),
            "{wrong:?}"
        );
        assert!(archive.snapshots().is_err());
        assert!(archive.prune("hq", &"1d".parse().unwrap()).is_err());
        assert!(victim.exists());
    }
}

#[test]
fn names_that_are_no_folder_names_are_refused() {
    for name in ["hq", "branch-2", "Zürich_3", "10.0.0.7", "com10", "v1.2"] {
        assert!(folder_name(name).is_ok(), "{name}");
    }
    let long = "x".repeat(101);
    for name in [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        ".hidden",
        "end.",
        "a b",
        "a:b",
        "nul",
        "COM1.x",
        "a\0",
        "a\n",
        "openvox+http://127.0.0.1",
        "*",
        &long,
    ] {
        assert!(folder_name(name).is_err(), "{name:?}");
        let folder = tempfile::tempdir().unwrap();
        let archive = made(folder.path());
        assert!(archive.begin(name, "csv").is_err());
        assert!(archive.record_missed(name, "why").is_err());
        assert_eq!(
            fs::read_dir(folder.path())
                .unwrap()
                .filter(|entry| { entry.as_ref().unwrap().file_name() != MANIFEST })
                .count(),
            0,
            "{name:?}"
        );
    }
}

/// A process that is killed leaves the steps done so far: each such state is put right by the next one.
#[test]
fn whatever_a_killed_export_leaves_is_right_or_put_right() {
    // Before the entry: files under hidden names, which belong to no snapshot.
    let folder = tempfile::tempdir().unwrap();
    let (archive, head) = filled(folder.path());
    fs::write(folder.path().join("hq/.export-1.csv"), "half").unwrap();
    fs::write(folder.path().join("hq/.2026-10-01T000000Z-13.csv"), "whole").unwrap();
    is_sound(&archive, &head);
    let head = snapshot(&archive, "hq", day(12), "next").head;
    is_sound(&archive, &head);

    // Within the entry: a line that is cut off is removed, with a notice.
    let manifest = folder.path().join("hq").join(MANIFEST);
    let own = folder.path().join(MANIFEST);
    let (whole, whole_own) = (fs::read(&manifest).unwrap(), fs::read(&own).unwrap());
    let last = whole[..whole.len() - 1]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap()
        + 1;
    let line = &whole[last..];
    for length in [1, line.len() / 2, line.len() - 1] {
        fs::write(&manifest, [&whole[..], &line[..length]].concat()).unwrap();
        assert!(!verdict(&archive, &head).wrong.is_empty());
        let kept = missed(&archive, "hq");
        assert!(kept.notices[0].contains("cut off"), "{kept:?}");
        is_sound(&archive, &kept.head);
        fs::write(&manifest, &whole).unwrap();
        fs::write(&own, &whole_own).unwrap();
    }
    // The very first line, too, of either manifest.
    let fresh = tempfile::tempdir().unwrap();
    fs::write(fresh.path().join(MANIFEST), &line[..20]).unwrap();
    let (first, notices) = Archive::open_or_make(fresh.path()).unwrap();
    assert!(notices[0].contains("cut off"), "{notices:?}");
    fs::create_dir(fresh.path().join("hq")).unwrap();
    fs::write(fresh.path().join("hq").join(MANIFEST), &line[..20]).unwrap();
    let kept = snapshot(&first, "hq", day(0), "a");
    assert_eq!((kept.head.entry, kept.notices.len()), (Some(2), 1));
    is_sound(&first, &kept.head);

    // Between the entry and the run's end: nothing vouches for it yet, and the next run does.
    let pending = archive.begin("hq", "csv").unwrap();
    fs::write(pending.path(), "c").unwrap();
    archive.enter_at(&pending, facts(), || day(13)).unwrap();
    let found = verdict(&archive, &head);
    assert!(found.wrong.is_empty(), "{found:?}");
    assert!(
        found.unproven[0].contains("does not have the head of entry 9 yet"),
        "{found:?}"
    );
    let head = snapshot(&archive, "hq", day(14), "d").head;
    is_sound(&archive, &head);

    // Behind the entry: the file has not got its name yet.
    let newest = archive.snapshots().unwrap()["hq"]
        .last()
        .unwrap()
        .path
        .clone();
    fs::rename(&newest, hidden(&newest)).unwrap();
    let left = verdict(&archive, &head);
    assert!(left.wrong.is_empty(), "{left:?}");
    assert!(left.left[0].contains("cut off before the file had its name"));
    let head = missed(&archive, "hq").head;
    assert!(newest.is_file());
    is_sound(&archive, &head);

    // Behind a removal's entry: the file is still there.
    let oldest = archive.snapshots().unwrap()["branch"][0].path.clone();
    let bytes = fs::read(&oldest).unwrap();
    let (gone, kept) = pruned(&archive, "branch", "3d");
    assert_eq!((gone, oldest.exists()), (1, false));
    fs::write(&oldest, bytes).unwrap();
    let left = verdict(&archive, &kept.head);
    assert!(left.wrong.is_empty() && left.left.len() == 1, "{left:?}");
    let (gone, kept) = pruned(&archive, "branch", "3d");
    assert_eq!((gone, oldest.exists()), (0, false));
    is_sound(&archive, &kept.head);
    fs::write(&oldest, "another").unwrap();
    assert!(verdict(&archive, &kept.head).wrong[0].contains("another file stands in its place"));
}

#[test]
fn a_manifest_whose_end_is_no_entry_is_not_written_on() {
    let endless = serde_json::to_string(&Entry {
        n: u64::MAX,
        before: String::new(),
        time: day(0),
        what: EntryKind::Missed {
            target: "hq".into(),
            why: String::new(),
        },
    });
    let endless = endless.unwrap() + "\n";
    for end in ["nothing of ours\n", "\n", "{}\n", &endless] {
        let folder = tempfile::tempdir().unwrap();
        let (archive, _) = filled(folder.path());
        for manifest in [folder.path().to_owned(), folder.path().join("hq")] {
            let manifest = manifest.join(MANIFEST);
            let mut file = OpenOptions::new().append(true).open(&manifest).unwrap();
            file.write_all(end.as_bytes()).unwrap();
        }
        assert!(!archive.verify(&[]).unwrap().wrong.is_empty());
        let before = files(folder.path());
        let pending = archive.begin("hq", "csv").unwrap();
        fs::write(pending.path(), "x").unwrap();
        let error = archive.enter(&pending, facts()).unwrap_err();
        assert!(matches!(error, ArchiveError::NoEntry { .. }), "{error}");
        drop(pending);
        let error = Archive::open_or_make(folder.path()).unwrap_err();
        assert!(matches!(error, ArchiveError::NoEntry { .. }), "{error}");
        assert_eq!(files(folder.path()), before);
    }
}

#[test]
fn a_clock_that_was_set_back_is_said_and_breaks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let archive = made(folder.path());
    snapshot(&archive, "hq", day(100), "a");
    let kept = snapshot(&archive, "hq", day(1), "b");
    assert!(kept.notices[0].contains("one of them is wrong"), "{kept:?}");
    is_sound(&archive, &kept.head);
    // The one that was just made is not thrown away for it.
    let (gone, kept) = pruned(&archive, "hq", "1d");
    assert_eq!(gone, 0);
    is_sound(&archive, &kept.head);
    // The same second twice.
    snapshot(&archive, "hq", day(1), "c");
    let kept = snapshot(&archive, "hq", day(1), "d");
    is_sound(&archive, &kept.head);
}

#[test]
fn many_at_once_write_chains_that_hold() {
    let folder = tempfile::tempdir().unwrap();
    let archive = made(folder.path());
    thread::scope(|scope| {
        for writer in 0..8 {
            let archive = &archive;
            scope.spawn(move || {
                for at in 0..5 {
                    // Two write the same target's.
                    snapshot(
                        archive,
                        &format!("pbx{}", writer / 2),
                        day(at),
                        &format!("{writer} {at}"),
                    );
                }
            });
        }
    });
    let verdict = archive.verify(&[]).unwrap();
    assert!(verdict.wrong.is_empty(), "{verdict:?}");
    let heads = verdict.head.entry;
    assert_eq!((verdict.sound, verdict.entries, heads), (40, 40, Some(41)));
}

#[test]
fn rules_are_read_as_they_are_typed() {
    for text in ["30d,12m", "1d", "12m", "10y", "30d,12m,10y"] {
        assert_eq!(text.parse::<Retention>().unwrap().to_string(), text);
    }
    assert_eq!(
        " 12m, 30d".parse::<Retention>().unwrap().to_string(),
        "30d,12m"
    );
    for wrong in [
        "", ",", "0d", "30", "d", "30w", "1d,2d", "-1d", "99999d", "30d,", "3é",
    ] {
        assert!(wrong.parse::<Retention>().is_err(), "{wrong}");
    }
}

#[test]
fn every_night_of_the_last_days_stays_and_one_of_each_month() {
    let folder = tempfile::tempdir().unwrap();
    let archive = made(folder.path());
    // From 21 September 2026 on; the one of 31 October may be incomplete.
    for at in 0..100 {
        let facts = Facts {
            whole: at != 40,
            ..facts()
        };
        night_with(&archive, "hq", day(at), "a", facts);
    }
    let last = snapshot(
        &archive,
        "hq",
        Timestamp::from_second(day(99).as_second() + 60).unwrap(),
        "b",
    );
    is_sound(&archive, &last.head);
    let (gone, kept) = pruned(&archive, "hq", "3d,3m");
    is_sound(&archive, &kept.head);
    let stays = archive.snapshots().unwrap()["hq"]
        .iter()
        .map(|snapshot| snapshot.time.strftime("%m-%d").to_string())
        .collect::<Vec<_>>();
    assert_eq!(
        stays,
        ["10-30", "11-30", "12-27", "12-28", "12-29", "12-29"]
    );
    assert_eq!(gone, 101 - stays.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The rule by another way: for each snapshot the newer ones are counted.
    #[test]
    fn a_rule_keeps_what_it_says(
        snapshots in prop::collection::vec((0i64..900, any::<bool>()), 0..60),
        (days, months, years) in (0usize..5, 0usize..5, 0usize..3),
    ) {
        use super::keep::SnapshotAge;
        use jiff::tz::TimeZone;
        let units = [(days, 'd'), (months, 'm'), (years, 'y')];
        let rule: Vec<String> = units.iter().filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count}{unit}")).collect();
        prop_assume!(!rule.is_empty());
        let keep: Retention = rule.join(",").parse().unwrap();
        let aged: Vec<SnapshotAge> = snapshots.iter()
            .map(|(at, whole)| SnapshotAge { time: Timestamp::from_second(1_790_000_000 + at * 40_000).unwrap(), whole: *whole })
            .collect();
        let stays = keep.stays(&aged);
        let date = |at: usize| aged[at].time.to_zoned(TimeZone::UTC).date();
        let newer = |a: usize, b: usize| (aged[a].time, a) > (aged[b].time, b);
        let expected = |at: usize| {
            let all = 0..aged.len();
            let later = |key: &dyn Fn(usize) -> (i16, i8, i8)| all.clone().map(key)
                .filter(|other| *other > key(at)).collect::<BTreeSet<_>>().len();
            let best = |key: &dyn Fn(usize) -> (i16, i8, i8)| !all.clone().any(|other| other != at
                && key(other) == key(at)
                && (aged[other].whole && !aged[at].whole || aged[other].whole == aged[at].whole && newer(other, at)));
            let day = |at: usize| (date(at).year(), date(at).month(), date(at).day());
            let month = |at: usize| (date(at).year(), date(at).month(), 0);
            let year = |at: usize| (date(at).year(), 0, 0);
            later(&day) < days
                || later(&month) < months && best(&month)
                || later(&year) < years && best(&year)
                || at + 1 == aged.len()
                || aged[at].whole && best(&|_| (0, 0, 0))
        };
        let expected: Vec<bool> = (0..aged.len()).map(expected).collect();
        prop_assert_eq!(&stays, &expected);

        // Whichever of the others are gone, the answer for those that stay is the same, and none more goes.
        let mut left: Vec<(usize, SnapshotAge)> = aged.iter().copied().enumerate().collect();
        let mut go: Vec<usize> = (0..aged.len()).filter(|at| !stays[*at]).collect();
        go.reverse();
        while let Some(at) = go.pop() {
            left.retain(|(known, _)| *known != at);
            let now: Vec<SnapshotAge> = left.iter().map(|(_, aged)| *aged).collect();
            let stay: BTreeSet<usize> = keep.stays(&now).iter().zip(&left)
                .filter(|(stays, _)| **stays).map(|(_, (at, _))| *at).collect();
            let all: BTreeSet<usize> = (0..aged.len()).filter(|at| stays[*at]).collect();
            prop_assert_eq!(stay, all);
        }
    }
}

#[test]
fn exports_that_were_abandoned_a_week_ago_are_removed_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let archive = made(folder.path());
    snapshot(&archive, "hq", day(0), "a");
    let old = SystemTime::now() - Duration::from_secs(9 * 24 * 3600);
    let place = |name: &str| folder.path().join("hq").join(name);
    for name in [".export-old.csv", ".export-new.csv", ".other", "mine"] {
        fs::write(place(name), "x").unwrap();
        let file = OpenOptions::new().write(true).open(place(name)).unwrap();
        if name != ".export-new.csv" {
            file.set_modified(old).unwrap();
        }
    }
    drop(archive.begin("hq", "csv").unwrap());
    assert!(!place(".export-old.csv").exists());
    for name in [".export-new.csv", ".other", "mine"] {
        assert!(place(name).exists(), "{name}");
    }
}

/// An archive as the versions before 0.2.0 wrote it: all entries in its own manifest. Returns its head.
fn earlier(folder: &Path) -> Head {
    let mut locked = Chain::in_folder(folder).lock(&LastEntry::none()).unwrap();
    for (at, target) in ["hq", "branch", "hq", "hq"].into_iter().enumerate() {
        let name = format!("2026-09-2{}T000000Z-{}.csv", at + 1, at + 1);
        let text = format!("number\n{at}\n");
        fs::create_dir_all(folder.join(target)).unwrap();
        fs::write(folder.join(target).join(&name), &text).unwrap();
        let what = EntryKind::Snapshot {
            target: target.into(),
            file: format!("{target}/{name}"),
            bytes: text.len() as u64,
            sha256: sha256_hex(text.as_bytes()),
            facts: Box::new(facts()),
        };
        locked.append(day(at as i64), vec![what]).unwrap();
    }
    locked.into_written().head
}

#[test]
fn an_archive_with_one_manifest_is_read_and_goes_on_with_one_a_target() {
    let folder = tempfile::tempdir().unwrap();
    let old = earlier(folder.path());
    assert_eq!(old.entry, Some(4));
    // As it is, nothing is written into it.
    let before = files(folder.path());
    let archive = Archive::open(folder.path()).unwrap();
    is_sound(&archive, &old);
    assert_eq!(archive.snapshots().unwrap()["hq"].len(), 3);
    assert_eq!(files(folder.path()), before);

    let archive = made(folder.path());
    let history = archive.history("hq", None).unwrap();
    assert_eq!(history.complete.unwrap().entry, 4);
    let head = snapshot(&archive, "hq", day(8), "number\n8\n").head;
    snapshot(&archive, "ship", day(8), "number\n8\n");
    // Its entries go on counting, and retention knows the old ones.
    let entries: Vec<u64> = archive.snapshots().unwrap()["hq"]
        .iter()
        .map(|one| one.entry)
        .collect();
    assert_eq!(entries, [1, 3, 4, 5]);
    assert_eq!(verdict(&archive, &head).wrong, Vec::<String>::new());
    let (gone, kept) = pruned(&archive, "hq", "2d");
    assert_eq!(gone, 2);
    let kept_old = archive.verify(&[old.clone(), kept.head.clone()]).unwrap();
    assert!(
        kept_old.wrong.is_empty() && kept_old.unproven.is_empty(),
        "{kept_old:?}"
    );
    assert_eq!(
        (kept_old.sound, kept_old.removed, kept_old.entries),
        (4, 2, 8)
    );
    // Opened again, it stays as it is.
    let before = files(folder.path());
    assert_eq!(made(folder.path()).snapshots().unwrap()["hq"].len(), 2);
    assert_eq!(files(folder.path()), before);

    // What was entered then is still proven, and so is that it was the beginning of what came after.
    let own = fs::read(folder.path().join(MANIFEST)).unwrap();
    edited(folder.path(), |lines| {
        lines[2] = lines[2].replace("\"extensions\":2", "\"extensions\":3")
    });
    assert!(verdict(&archive, &kept.head).wrong[0].contains("manifest.jsonl:3: entry 3 (hq/"));
    fs::write(folder.path().join(MANIFEST), own).unwrap();
    let entry = |n: u64, before: &str| Entry {
        n,
        before: before.into(),
        time: day(8),
        what: EntryKind::Missed {
            target: "ship".into(),
            why: "asleep".into(),
        },
    };
    let line = serde_json::to_string(&entry(1, &sha256_hex(b""))).unwrap() + "\n";
    fs::write(folder.path().join("ship").join(MANIFEST), line).unwrap();
    let wrong = verdict(&archive, &kept.head).wrong;
    assert!(
        wrong[0].contains(
            "ship/manifest.jsonl:1: entry 1 (ship was not exported) stands after entry 4"
        ),
        "{wrong:?}"
    );
}

#[test]
fn heads_of_any_number_of_targets_fit_into_lines() {
    let folder = tempfile::tempdir().unwrap();
    let archive = made(folder.path());
    let head = Head {
        entry: Some(u64::MAX),
        hash: sha256_hex(b""),
    };
    // The longest names.
    let names = (0..700).map(|at| format!("{at:04}{}", "é".repeat(48)));
    let heads: BTreeMap<String, Head> = names.map(|name| (name, head.clone())).collect();
    assert!(heads.keys().all(|name| folder_name(name).is_ok()));
    let written = archive.enter_heads(&heads).unwrap();
    assert_eq!(written.head.entry, Some(4));
    let manifest = fs::read_to_string(folder.path().join(MANIFEST)).unwrap();
    assert!(
        manifest
            .lines()
            .all(|line| (line.len() as u64) < LINE_BYTES_MAX)
    );
    let found = verdict(&archive, &written.head).wrong;
    assert_eq!(found.len(), 700);
    assert!(found[0].contains("is not there"), "{}", found[0]);
}

#[test]
fn a_later_layout_is_not_forgotten_where_a_known_one_follows() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::in_folder(folder.path());
    let mut locked = chain.lock(&LastEntry::none()).unwrap();
    let layouts = [LAYOUT + 1, LAYOUT].map(|layout| EntryKind::Layout { layout });
    locked.append(day(0), Vec::from(layouts)).unwrap();
    drop(locked);
    let refused = Archive::open(folder.path()).unwrap().verify(&[]);
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("later version of rowcall"), "{told}");
}

#[test]
fn an_archive_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut locked = Chain::in_folder(folder.path())
        .lock(&LastEntry::none())
        .unwrap();
    let what = EntryKind::Layout { layout: LAYOUT + 1 };
    locked.append(day(0), vec![what]).unwrap();
    drop(locked);
    for error in [
        Archive::open(folder.path())
            .unwrap()
            .snapshots()
            .unwrap_err(),
        Archive::open_or_make(folder.path()).unwrap_err(),
        Archive::open(folder.path())
            .unwrap()
            .verify(&[])
            .unwrap_err(),
    ] {
        assert!(
            error
                .to_string()
                .contains("later version of rowcall (layout 3)"),
            "{error}"
        );
    }
}
