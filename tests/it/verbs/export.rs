//! Exports that are the same as long as the PBX is, of one PBX and of many, into files and into an archive.

use crate::support::altered::altered;
use crate::support::canary::assert_no_secret;
use crate::support::fixture::{Rig, account};
use crate::support::pbx::TestPbx;
use crate::support::program::{PROGRAM, Program, Ran, ran};
use crate::support::random::Random;
use crate::support::sheets::read_rows;
use crate::support::skip::skip;
use rowcall::archive::Archive;
use rowcall::digest::sha256_hex;
use rowcall::export::{Form, Secrecy, fingerprint_heading, sorted_numbers, write};
use rowcall::link::Link;
use rowcall::manifest::Access;
use rowcall::model::{Action, Fault, Field, Record};
use rowcall::seal::Key;
use rowcall::sheet::{Format, Writer};
use rowcall::sim::InProcess;
use rowcall::submit::converse::{Connection, LookupOptions};
use rowcall::vendors::{VENDORS, vendor};
use rowcall::wire::{Pbx, RawRequest, Reply, Request};
use rowcall::xml::{self, Element};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::ops::Deref;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// A PBX that answers in another order each time, and each time with other words about the moment.
struct Restless {
    pbx: InProcess,
    /// The names that the vendor's manifest calls live, by their last part on the wire.
    live: BTreeSet<String>,
    random: Mutex<Random>,
}

impl Link for Restless {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        let mut reply = self.pbx.exchange(request)?;
        let mut random = self.random.lock().unwrap();
        if let Ok(mut value) = serde_json::from_slice::<Value>(&reply.body) {
            self.stir(&mut value, &mut random, false);
            reply.body = value.to_string().into_bytes();
        } else if let Ok(mut element) = xml::parse(&reply.body) {
            self.stir_xml(&mut element, &mut random);
            reply.body = element.to_xml().unwrap().into_bytes();
        }
        Ok(reply)
    }
}

impl Restless {
    fn stir(&self, value: &mut Value, random: &mut Random, is_record: bool) {
        match value {
            Value::Array(items) => {
                items
                    .iter_mut()
                    .for_each(|item| self.stir(item, random, true));
                random.shuffle(items);
            }
            Value::Object(object) => {
                let mut pairs: Vec<(String, Value)> = std::mem::take(object).into_iter().collect();
                for (name, value) in &mut pairs {
                    self.stir(value, random, false);
                    if is_record && self.live.contains(name) {
                        *value = format!("moment {}", random.below(1000)).into();
                    }
                }
                if is_record {
                    pairs.push(("uptime_s".into(), random.below(100_000).into()));
                }
                random.shuffle(&mut pairs);
                *object = pairs.into_iter().collect::<Map<String, Value>>();
            }
            _ => {}
        }
    }

    fn stir_xml(&self, element: &mut Element, random: &mut Random) {
        if self.live.contains(&element.name) {
            element.text = format!("10.0.0.{}", random.below(250));
        }
        for child in &mut element.children {
            self.stir_xml(child, random);
        }
        random.shuffle(&mut element.children);
    }
}

/// The bytes written to a stream.
#[derive(Clone, Default)]
struct Heap(Arc<Mutex<Vec<u8>>>);

impl Write for Heap {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn exported(connection: &Connection, form: &Form<'_>, format: Format) -> Vec<u8> {
    let heap = Heap::default();
    let out = Box::new(heap.clone());
    let mut writer = Writer::stream(out, "heap", format, &form.columns()).unwrap();
    let numbers = sorted_numbers(connection.list().unwrap().numbers);
    let looking = LookupOptions {
        parallel: 2,
        batch: 4,
        live: false,
    };
    let missing = write(
        connection,
        &numbers,
        &looking,
        form,
        &mut writer,
        &mut |_| {},
    )
    .unwrap();
    assert!(
        missing.gone.is_empty() && missing.values.is_empty(),
        "{missing:?}"
    );
    writer.finish().unwrap();
    let bytes = heap.0.lock().unwrap();
    bytes.clone()
}

/// `EXPORT_SEED` repeats it.
#[test]
fn a_thousand_exports_of_an_unchanged_pbx_have_one_hash() {
    let mut random = Random::from_environment("EXPORT_SEED");
    let folder = tempfile::tempdir().unwrap();
    let key = Key::load_or_make(Some(&folder.path().join("key"))).unwrap();
    thread::scope(|scope| {
        for vendor in VENDORS {
            let (key, random) = (&key, random.split());
            scope.spawn(move || {
                let rig = Rig::new(vendor, &BTreeMap::new());
                let calm = rig.connect();
                for (row, number) in ["2001", "0042", "42", "999", "10000", "2000"]
                    .iter()
                    .enumerate()
                {
                    let mut wanted = rig.full(number, row % 2);
                    if rig.manifest.row(Field::GROUPS).is_some() {
                        wanted.set(Field::GROUPS, "Support;Sales");
                    }
                    calm.apply(Action::Create, &wanted, None).result.unwrap();
                }
                let live = rig.manifest.field.iter().filter(|row| row.name.is_live());
                let last = |wire: &str| wire.rsplit('.').next().unwrap_or(wire).to_owned();
                let restless = rig.connect_over(Restless {
                    pbx: rig.in_process(),
                    live: live.map(|row| last(&row.wire)).collect(),
                    random: Mutex::new(random),
                });
                let form = Form::new(rig.manifest, Secrecy::Fingerprinted(key), false);
                let plain = exported(&calm, &form, Format::Csv);
                assert!(String::from_utf8(plain.clone()).unwrap().lines().count() == 7);
                for round in 0..1000 {
                    let now = exported(&restless, &form, Format::Csv);
                    let told = || String::from_utf8_lossy(&now).into_owned();
                    assert_eq!(
                        sha256_hex(&now),
                        sha256_hex(&plain),
                        "{} {round}: {}",
                        vendor.id,
                        told()
                    );
                }
                for format in [Format::Json, Format::JsonLines, Format::Xlsx] {
                    let hashes: BTreeSet<String> = (0..10)
                        .map(|_| sha256_hex(&exported(&restless, &form, format)))
                        .collect();
                    assert_eq!(hashes.len(), 1, "{} {format:?}", vendor.id);
                }
                // It is the answers that are stirred, and one field that differs shows.
                let live = Form::new(rig.manifest, Secrecy::Fingerprinted(key), true);
                let has_live = rig.manifest.field.iter().any(|row| row.name.is_live());
                assert_eq!(live.columns().len() > form.columns().len(), has_live);
                let mut other = Record::numbered("2001");
                let row = rig.writable().find(|row| {
                    row.name.is_secret() && !row.create_only && row.access != Access::WriteOnly
                });
                other.set(row.unwrap().name, "77310049");
                calm.apply(Action::Update, &other, None).result.unwrap();
                assert_ne!(
                    exported(&restless, &form, Format::Csv),
                    plain,
                    "{}",
                    vendor.id
                );
            });
        }
    });
}

/// Simulated PBXes behind sockets under names of rowcall.toml, and a folder to work in.
struct Town {
    program: Program,
    pbxes: BTreeMap<&'static str, TestPbx>,
}

impl Deref for Town {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl Town {
    /// A PBX of each vendor, under these names.
    fn new(named: &[(&'static str, &str)]) -> Town {
        let mut town = Town {
            program: Program::new(),
            pbxes: BTreeMap::new(),
        };
        for (name, id) in named {
            town.put(name, TestPbx::new(id));
        }
        town
    }

    fn put(&mut self, name: &'static str, pbx: TestPbx) {
        self.pbxes.insert(name, pbx);
        let config = self.pbxes.iter().map(|(name, pbx)| pbx.config(name));
        self.write("rowcall.toml", config.collect::<String>());
    }

    fn pbx(&self, name: &str) -> &TestPbx {
        &self.pbxes[name]
    }

    fn stop(&mut self, name: &str) {
        self.pbxes.get_mut(name).unwrap().stop();
    }

    /// Some small extensions on each.
    fn settle(&self, count: usize) {
        for pbx in self.pbxes.values() {
            let some = (0..count).map(|at| pbx.small(&(2001 + at).to_string()));
            pbx.seed(&some.collect::<Vec<_>>());
        }
    }

    fn archive(&self) -> Archive {
        Archive::open(&self.path("snapshots")).unwrap()
    }

    /// Adds a snapshot of all, and returns the run with the head that it prints.
    #[track_caller]
    fn night(&self, more: &str, exit: i32) -> Ran {
        head(self.ends(&format!("export --all --archive snapshots {more}"), exit))
    }

    #[track_caller]
    fn is_sound(&self, head: &str) {
        let verified = self.ends(&format!("archive verify snapshots --head {head}"), 0);
        assert_eq!(verified.out.trim_end(), head);
    }
}

/// Cuts the line end from the output: the archive's head.
fn head(ran: Ran) -> Ran {
    let out = ran.out.trim_end().to_owned();
    Ran { out, ..ran }
}

#[test]
fn what_was_exported_in_any_format_and_however_secret_plans_nothing() {
    thread::scope(|scope| {
        for vendor in VENDORS {
            scope.spawn(move || {
                let town = Town::new(&[("pbx", vendor.id)]);
                let rig = town.pbx("pbx");
                let mut held: Vec<Record> = (0..6)
                    .map(|at| rig.full(&format!("00{}", 42 + at), at % 2))
                    .collect();
                held.push(rig.small("7"));
                town.pbx("pbx").seed(&held);
                for ending in ["csv", "json", "jsonl", "xlsx"] {
                    for secrets in ["omit", "fingerprint", "plain"] {
                        let file = format!("{secrets}.{ending}");
                        let line = format!("export pbx -o {file} --secrets {secrets}");
                        town.ends(&line, rig.exit_of_export());
                        let mode = match secrets {
                            "plain" if rig.manifest.ability.list_is_complete => "sync",
                            "plain" => "upsert",
                            // Without its secrets an extension cannot be made.
                            _ => "update",
                        };
                        let planned = town.ends(&format!("plan {file} --to pbx --mode {mode}"), 0);
                        assert!(
                            planned.err.contains("pbx: 7 rows in")
                                && planned.err.trim_end().ends_with(" s: 7 unchanged"),
                            "{} {file}: {}",
                            vendor.id,
                            planned.err
                        );
                        let shows = ending != "xlsx" && secrets != "plain";
                        if shows {
                            assert_no_secret(&file, &town.read(&file));
                        }
                    }
                }
                // It is no password for any reader: neither a new extension's nor a changed one's.
                let rows = read_rows(&town.path("fingerprint.csv"));
                let secret = rig.manifest.field.iter().find(|row| {
                    row.name.is_secret() && row.access == rowcall::manifest::Access::ReadWrite
                });
                let Some(secret) = secret else { return };
                let heading = fingerprint_heading(secret.name);
                assert_eq!(rows[0][&heading].len(), 16);
                let words: BTreeSet<&String> = rows.iter().map(|row| &row[&heading]).collect();
                assert!(words.len() >= 6, "equal secrets show: {words:?}");
            });
        }
    });
}

#[test]
fn each_of_many_targets_has_its_own_end() {
    let mut town = Town::new(&[("hq", "openvox"), ("branch", "portsip"), ("ship", "ozeki")]);
    town.settle(3);
    fs::create_dir(town.path("out")).unwrap();
    let all = "export --all -o out/{target}.csv";
    let ran = town.ends(all, 0);
    assert_eq!(ran.out, "");
    for name in ["hq", "branch", "ship"] {
        assert_eq!(town.read(&format!("out/{name}.csv")).lines().count(), 4);
        assert!(
            ran.err.contains(&format!("{name}: 3 extensions")),
            "{}",
            ran.err
        );
    }
    // One that is not reached fails alone, and its file stays.
    let before = town.read("out/branch.csv");
    town.stop("branch");
    town.pbx("hq").seed(&[town.pbx("hq").small("3001")]);
    let ran = town.ends(all, 3);
    assert!(ran.err.contains("rowcall: branch: "), "{}", ran.err);
    assert!(ran.err.contains("hq: 4 extensions") && ran.err.contains("ship: 3 extensions"));
    assert_eq!(town.read("out/branch.csv"), before);
    assert_eq!(town.read("out/hq.csv").lines().count(), 5);
    let left: Vec<String> = fs::read_dir(town.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
    // A name without a target fails alone too; a target that is not reached weighs more.
    fs::remove_file(town.path("out/ship.csv")).unwrap();
    let ran = town.ends("export ship nobody -o out/{target}.csv", 2);
    assert!(ran.err.contains("rowcall: nobody: ") && ran.err.contains("has no target"));
    assert_eq!(town.read("out/ship.csv").lines().count(), 4);
    town.ends("export ship nobody branch -o out/{target}.csv", 3);
    // One alone is as ever.
    assert_eq!(town.ends("export ship", 0).out.lines().count(), 4);
    town.ends("export ship -o out/only-{target}.jsonl", 0);
    assert_eq!(town.read("out/only-ship.jsonl").lines().count(), 3);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_fetched() {
    let town = Town::new(&[("hq", "openvox"), ("ship", "ozeki")]);
    for (line, word) in [
        ("export hq ship", "2 targets need a file each"),
        ("export --all", "2 targets need a file each"),
        ("export hq ship -o out.csv", "-o 'exports/{target}.csv'"),
        ("export hq hq -o {target}.csv", "named twice"),
        ("export hq HQ -o {target}.csv", "named twice"),
        ("export hq --all -o {target}.csv", "cannot be used with"),
        ("export", "required"),
        ("export hq --keep 30d", "required"),
        ("export hq --keep 30d -o hq.csv", "cannot be used with"),
        ("export hq --format json -o hq.csv", "cannot be used with"),
        (
            "export hq --archive snapshots -o hq.csv",
            "cannot be used with",
        ),
        (
            "export hq --archive snapshots --live",
            "cannot be used with",
        ),
        ("export hq --archive snapshots --keep 30w", "is no rule"),
        (
            "export hq --archive snapshots --format html",
            "invalid value",
        ),
        (
            "export hq --archive snapshots --secrets plain",
            "holds no passwords",
        ),
        (
            "export sim:ozeki --archive snapshots",
            "cannot be the name of a folder",
        ),
        (
            "export sim:ozeki hq -o {target}.csv",
            "cannot be the name of a folder",
        ),
        ("archive verify nowhere", "is no archive"),
        ("archive verify nowhere --head 17", "is no head"),
        ("archive", "Usage"),
        (
            "--config none.toml export --all -o {target}.csv",
            "none.toml",
        ),
    ] {
        let ran = town.ends(line, 2);
        assert!(ran.err.contains(word), "{line}: {}", ran.err);
    }
    fs::write(town.path("rowcall.toml"), "").unwrap();
    let ran = town.ends("export --all -o {target}.csv", 2);
    assert!(ran.err.contains("has no target"), "{}", ran.err);
    assert_eq!(town.pbx("ship").sim.requests(), 0);
}

#[test]
fn nights_are_entered_and_what_was_touched_is_found() {
    let mut town = Town::new(&[("hq", "openvox"), ("ship", "ozeki")]);
    town.settle(3);
    let first = town.night("--secrets fingerprint", 0);
    let second = town.night("--secrets fingerprint", 0);
    town.is_sound(&second.out);
    let nights = town.archive().snapshots().unwrap();
    let hashes: BTreeSet<&String> = nights["ship"].iter().map(|night| &night.sha256).collect();
    assert_eq!(
        (nights["ship"].len(), hashes.len()),
        (2, 1),
        "the same state is the same file"
    );

    // One changed password is one changed cell.
    let mut changed = Record::numbered("2002");
    changed.set(Field::SIP_PASSWORD, "Canary7731new");
    let ship = town.pbx("ship").connect();
    ship.apply(Action::Update, &changed, None).result.unwrap();
    let third = town.night("--secrets fingerprint", 0);
    let nights = town.archive().snapshots().unwrap();
    let rows = |at: usize| read_rows(&nights["ship"][at].path);
    let differing: Vec<(usize, String)> = (0..3)
        .flat_map(|row| {
            let (old, new) = (rows(1)[row].clone(), rows(2)[row].clone());
            let headings = old.keys().filter(|name| old[*name] != new[*name]);
            headings.map(|name| (row, name.clone())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(differing, [(1, fingerprint_heading(Field::SIP_PASSWORD))]);
    for manifest in ["snapshots/manifest.jsonl", "snapshots/ship/manifest.jsonl"] {
        assert_no_secret(manifest, &town.read(manifest));
    }
    assert_no_secret(
        "night",
        &fs::read_to_string(&nights["ship"][2].path).unwrap(),
    );

    // With another key every word is another one, with a notice.
    let other = town.ends(
        "--key other export ship --archive snapshots --secrets fingerprint",
        0,
    );
    assert!(other.err.contains("another key"), "{}", other.err);

    // A snapshot that failed is entered as missed, and the others are there.
    town.stop("ship");
    let missed = town.night("", 3);
    assert!(missed.err.contains("rowcall: ship: "), "{}", missed.err);
    let entries = town.read("snapshots/ship/manifest.jsonl");
    assert_eq!(
        entries
            .matches("\"entry\":\"missed\",\"target\":\"ship\",\"why\":\"ship: ")
            .count(),
        1
    );
    town.is_sound(&missed.out);
    let counts = |name: &str| town.archive().snapshots().unwrap()[name].len();
    assert_eq!((counts("hq"), counts("ship")), (4, 4));
    // It is told wherever the newest snapshot is looked at.
    let told = "ship: the last export, of ";
    let listed = town.ends("archive list snapshots", 0).err;
    assert!(
        listed.contains(told) && !listed.contains("hq: "),
        "{listed}"
    );
    let health = town.ends("archive list snapshots ship --nagios", 1).out;
    assert!(
        health.starts_with("ROWCALL WARNING - ship: 3 ext"),
        "{health}"
    );
    town.ends("archive list snapshots hq --nagios", 0);
    let changes = town.ends("diff --archive snapshots --since last ship --json", 1);
    assert!(changes.err.contains(told), "{}", changes.err);
    assert!(changes.out.contains(told), "{}", changes.out);

    // An older head proves the entries up to it, and is not enough for later ones.
    let verify =
        |head: &str, exit| town.ends(&format!("archive verify snapshots --head {head}"), exit);
    let old = verify(&third.out, 1);
    assert!(
        old.out.contains("made after the head that was given"),
        "{}",
        old.out
    );
    town.ends(
        &format!(
            "archive verify snapshots --head {} --head {}",
            first.out, missed.out
        ),
        0,
    );
    let without = town.ends("archive verify snapshots", 0);
    assert!(without.err.contains("without --head"), "{}", without.err);

    // Every file that was touched is named.
    let night = town.archive().snapshots().unwrap()["hq"][1].path.clone();
    let bytes = fs::read(&night).unwrap();
    fs::write(&night, [&bytes[..], b"9999\n"].concat()).unwrap();
    let wrong = verify(&missed.out, 1);
    let name = night.file_name().unwrap().to_str().unwrap();
    assert!(
        wrong.out.starts_with(&format!("hq/{name}: was changed")),
        "{}",
        wrong.out
    );
    fs::write(&night, bytes).unwrap();
    let manifest = town.read("snapshots/manifest.jsonl");
    fs::write(
        town.path("snapshots/manifest.jsonl"),
        manifest.lines().next().unwrap(),
    )
    .unwrap();
    let cut = verify(&missed.out, 1);
    assert!(
        cut.out.contains("cut off at the end: entries 2 to 6"),
        "{}",
        cut.out
    );
}

#[test]
fn retention_keeps_what_it_says_and_the_chain_holds() {
    let town = Town::new(&[("ship", "ozeki")]);
    town.settle(2);
    town.night("--format xlsx", 0);
    let last = town.night("--keep 1d", 0);
    // All of a day's snapshots stay.
    assert_eq!(town.archive().snapshots().unwrap()["ship"].len(), 2);
    assert!(!last.err.contains("removed"), "{}", last.err);
    let last = town.night("--keep 1m --format jsonl", 0);
    assert!(
        last.err.contains("2 snapshots removed, by the rule 1m"),
        "{}",
        last.err
    );
    let left = town.archive().snapshots().unwrap();
    assert_eq!(left["ship"].len(), 1);
    assert!(left["ship"][0].path.extension().unwrap() == "jsonl");
    town.is_sound(&last.out);
    let verified = town.ends("archive verify snapshots", 0);
    assert!(
        verified
            .err
            .contains("5 entries, 1 snapshot as entered, 2 removed"),
        "{}",
        verified.err
    );
    // A file that is gone without an entry is no removal.
    let last = town.night("", 0);
    fs::remove_file(&left["ship"][0].path).unwrap();
    let wrong = town.ends(&format!("archive verify snapshots --head {}", last.out), 1);
    assert!(
        wrong.out.contains("is not there (entry 3)"),
        "{}",
        wrong.out
    );
}

#[derive(Clone, Copy)]
enum ExportWay {
    /// It does not know its own list, as OpenVox's ancestor: all settings are asked for instead.
    KnowsNoList,
    /// Its first list has one that is gone afterwards.
    ListsAGhost,
}

/// Answers as a PBX that leaves something to be desired; `lists` counts the lists that were asked for.
fn oddly(how: ExportWay, lists: &mut usize, pbx: &mut dyn Pbx, heard: &RawRequest) -> Reply {
    let reply = pbx.answer(heard);
    if !heard.path().ends_with("extensionlist/query") {
        return reply;
    }
    *lists += 1;
    let answer = match how {
        ExportWay::KnowsNoList => "{\"status\":\"Failed\",\"errno\":\"10003\"}".to_owned(),
        ExportWay::ListsAGhost if *lists > 1 => return reply,
        ExportWay::ListsAGhost => {
            let mut answer: Value = serde_json::from_slice(&reply.body).unwrap();
            let list = answer["extlist"].as_array_mut().unwrap();
            let mut ghost = list[0].clone();
            for name in ["number", "extnumber"] {
                if ghost.get(name).is_some() {
                    ghost[name] = "9999".into();
                }
            }
            list.push(ghost);
            answer.to_string()
        }
    };
    Reply::new(200, reply.content_type, answer)
}

#[test]
fn an_export_that_may_not_be_whole_is_no_night_like_the_others() {
    for (how, word, whole, gone) in [
        (ExportWay::KnowsNoList, "may be incomplete", false, 0),
        (
            ExportWay::ListsAGhost,
            "the PBX lists them, and did not show them when they were read: 9999",
            true,
            1,
        ),
    ] {
        let mut lists = 0;
        let rig = altered(vendor("openvox").unwrap(), move |pbx, heard| {
            oddly(how, &mut lists, pbx, heard)
        });
        let mut town = Town::new(&[]);
        town.put("hq", TestPbx::serving(rig));
        town.settle(2);
        let night = town.night("", 1);
        assert!(night.err.contains(word), "{}", night.err);
        let nights = town.archive().snapshots().unwrap();
        let facts = &nights["hq"][0].facts;
        assert_eq!(
            (facts.whole, facts.gone, facts.extensions),
            (whole, gone, 2)
        );
        town.is_sound(&night.out);
    }
}

/// Ends it at every moment at which it is about to change something on the disk.
#[test]
#[cfg(target_os = "linux")]
fn a_killed_export_leaves_an_archive_that_the_next_one_goes_on_with() {
    if Command::new("strace").arg("-V").output().is_err() {
        return skip("strace", "apt install strace");
    }
    let town = Town::new(&[("ship", "ozeki")]);
    town.settle(2);
    town.night("", 0);
    let mut kills = 0;
    for call in 1..60 {
        let export = town.command("export --all --archive snapshots --keep 1m");
        let mut killed = Command::new("strace");
        killed
            .args(["-f", "-qq", "-o", "/dev/null", "-e"])
            .arg(format!(
                "inject=rename,renameat2,fsync,unlink,ftruncate,flock:signal=SIGKILL:when={call}"
            ))
            .arg(export.get_program())
            .args(export.get_args())
            .current_dir(town.folder())
            .env("ROWCALL_PASSWORD", account().password.reveal())
            .env("XDG_CONFIG_HOME", town.path("config"))
            .stdin(Stdio::null());
        let output = killed.output().unwrap();
        if output.status.success() {
            break;
        }
        kills += 1;
        let after = town.ends("archive verify snapshots", 0);
        let next = town.night("", 0);
        town.is_sound(&next.out);
        assert!(after.out.split_once(':').unwrap().0.parse::<u64>().unwrap() > 0);
    }
    assert!(kills >= 8, "{kills} kills");
    // Files of exports that were killed before they had entered anything are hidden, and belong to no snapshot.
    let last = town.night("--keep 1m", 0);
    town.is_sound(&last.out);
    assert_eq!(town.archive().snapshots().unwrap()["ship"].len(), 1);
}

#[test]
#[cfg(unix)]
fn a_manifest_that_may_not_grow_ends_at_a_whole_entry() {
    let town = Town::new(&[("ship", "ozeki")]);
    town.settle(2);
    let mut head = town.night("", 0).out;
    let mut refused = 0;
    for _ in 0..4 {
        let export = town.command("export --all --archive snapshots");
        let mut limited = Command::new("bash");
        limited
            .arg("-c")
            .arg("ulimit -f 1; exec \"$0\" \"$@\"")
            .arg(export.get_program())
            .args(export.get_args())
            .current_dir(town.folder())
            .env("ROWCALL_PASSWORD", account().password.reveal())
            .stdin(Stdio::null());
        let output = limited.output().unwrap();
        if output.status.success() {
            head = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        } else {
            refused += 1;
            let ran = ran("limited", output).exits(2);
            assert!(
                ran.err.contains("manifest.jsonl cannot be written"),
                "{}",
                ran.err
            );
        }
        town.is_sound(&head);
    }
    assert!(refused >= 2, "{refused}");
    let next = town.night("", 0);
    town.is_sound(&next.out);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let town = Town::new(&[("ship", "ozeki")]);
    fs::write(town.path("snapshots"), "a file").unwrap();
    let ran = town.night("", 2);
    assert!(ran.err.contains("snapshots cannot be made"), "{}", ran.err);
    assert_eq!(
        fs::read_to_string(town.path("snapshots")).unwrap(),
        "a file"
    );
    assert_eq!(town.pbx("ship").sim.requests(), 0);
}

#[test]
fn two_exports_at_once_write_one_chain() {
    let town = Town::new(&[("hq", "openvox"), ("ship", "ozeki")]);
    town.settle(2);
    let run = |name: &str| {
        town.command(&format!("export {name} --archive snapshots"))
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..3).flat_map(|_| [run("hq"), run("ship")]).collect();
    let heads: Vec<String> = children
        .into_iter()
        .map(|child| head(ran("at once", child.wait_with_output().unwrap()).exits(0)).out)
        .collect();
    let last = heads
        .iter()
        .max_by_key(|head| head.split(':').next().unwrap().parse::<u64>().unwrap());
    town.is_sound(last.unwrap());
    assert_eq!(heads.iter().collect::<BTreeSet<_>>().len(), 6);
}

fn sample(name: &str) -> String {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    fs::read_to_string(samples.join(name)).unwrap()
}

/// The command of a sample, with the folders of this town in place of the system's.
fn sampled(town: &Town, command: &str) -> Ran {
    let here = town.folder().to_str().unwrap();
    let line = command
        .replace("/usr/local/bin/rowcall ", "")
        .replace("/etc/rowcall/", &format!("{here}/"))
        .replace("/var/lib/rowcall/", &format!("{here}/"));
    assert!(!line.contains("/etc/") && !line.contains("/var/"), "{line}");
    head(town.ends(&line, 0))
}

#[test]
fn the_samples_for_systemd_and_cron_do_what_they_say() {
    let town = Town::new(&[("hq", "openvox"), ("ship", "ozeki")]);
    town.settle(2);
    let service = sample("systemd/rowcall-export.service");
    let begins = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let first = sampled(&town, begins.unwrap());
    let cron = sample("cron/rowcall");
    let mut jobs = vec![];
    for line in cron.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (name, _) = line.split_once('=').unwrap_or_default();
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase()) {
            continue;
        }
        // Minute, hour, day, month, weekday, user, command; a % would be a line end.
        for (word, max) in words.iter().zip([59, 23, 31, 12, 7]) {
            assert!(*word == "*" || word.parse::<u8>().unwrap() <= max, "{line}");
        }
        assert!(words[5] == "rowcall" && !line.contains('%'), "{line}");
        jobs.push(words[6..].join(" "));
    }
    assert!(cron.ends_with('\n') && jobs.len() == 1, "{cron}");
    let second = sampled(&town, &jobs[0]);
    assert_ne!(first.out, second.out);
    town.is_sound(&second.out);

    if Command::new("systemd-analyze")
        .arg("--version")
        .output()
        .is_err()
    {
        return skip("systemd-analyze", "apt install systemd");
    }
    let verify = |service: &str| {
        let unit = |name: &str| town.path(&format!("rowcall-export.{name}"));
        let service = service.replace("/usr/local/bin/rowcall", PROGRAM);
        fs::write(unit("service"), service).unwrap();
        fs::write(unit("timer"), sample("systemd/rowcall-export.timer")).unwrap();
        let verified = Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .args([unit("service"), unit("timer")])
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&verified.stderr).into_owned();
        (verified.status.success() && words.is_empty(), words)
    };
    let (fine, words) = verify(&service);
    assert!(fine, "{words}");
    let (fine, _) = verify(&service.replace("Type=oneshot", "Type=oneshott"));
    assert!(!fine, "nothing is found wrong there whatever it is");
}

/// The manual's check by hand finds the mistakes that the program finds.
#[test]
#[cfg(unix)]
fn the_check_by_hand_finds_it_too() {
    let manual = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/manual/nightly.md"
    ))
    .unwrap();
    let step = |part: &str| {
        let line = manual
            .lines()
            .find(|line| line.starts_with("$ ") && line.contains(part));
        line.unwrap()[2..].to_owned()
    };
    let (last, vouched) = (step("| sha256sum"), step("grep --only-matching"));
    let (chain, files) = (step("while IFS= read"), step("sha256sum --check"));
    let town = Town::new(&[("hq", "ozeki")]);
    town.settle(2);
    town.night("", 0);
    town.night("", 0);
    let head = town.night("", 0).out;
    let hand = |step: &str| {
        let mut bash = Command::new("bash");
        bash.arg("-c").arg(step).current_dir(town.folder());
        String::from_utf8(bash.output().unwrap().stdout).unwrap()
    };
    let (_, hash) = head.split_once(':').unwrap();
    assert_eq!(hand(&last).trim_end(), format!("{hash}  -"));
    let fine = hand(&chain);
    let hash = fine.strip_suffix("  -\n").unwrap();
    assert_eq!(hand(&vouched), format!("\"hq\":\"3:{hash}\"\n"));
    assert_eq!(hand(&files).matches(": OK").count(), 3);

    let manifest = town.path("snapshots/hq/manifest.jsonl");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen("\"gone\":0", "\"gone\":1", 1)).unwrap();
    let told = hand(&chain);
    assert!(told.contains("does not follow: {\"n\":2,"), "{told}");
    fs::write(&manifest, &text).unwrap();
    let night = town.archive().snapshots().unwrap()["hq"][1].path.clone();
    fs::write(night, "another").unwrap();
    let told = hand(&files);
    assert!(told.contains("-2.csv: FAILED"), "{told}");
}

#[test]
fn an_archive_whose_target_became_another_pbx_says_so() {
    let mut town = Town::new(&[("hq", "ozeki"), ("ship", "openvox")]);
    town.settle(2);
    let first = town.night("", 0);
    assert!(!first.err.contains("another PBX"), "{}", first.err);
    let before = town.pbx("hq").target().replace("api@", "");
    town.put("hq", TestPbx::new("ozeki"));
    let after = town.pbx("hq").target().replace("api@", "");
    let moved = town.night("", 0);
    let told = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| line.contains("became another PBX"));
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), 1, "{text}");
        for word in ["hq: ", &before, &after] {
            assert!(lines[0].contains(word), "{text}");
        }
    };
    told(&moved.err);
    // It is reported once, when it happens, and to users who compare across it or look the archive through.
    let third = town.night("", 0);
    assert!(!third.err.contains("another PBX"), "{}", third.err);
    told(&town.run("diff --archive snapshots --since 2001-01-01").err);
    told(&town.run("archive verify snapshots").err);
}
