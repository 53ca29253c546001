//! Bad nights of a real Asterisk: lost replies, rowcall killed, the PBX killed. However it ends, every row is as wanted,
//! and at no moment an endpoint stands that lets anybody in. `REAL_SEED` repeats a night.

use crate::support::asterisk::desk::{RealDesk, extensions, secret};
use crate::support::asterisk::watched::WatchedDesk;
use crate::support::asterisk::{NEWEST, RunningAsterisk, V16};
use crate::support::program::{signal, wait_until};
use crate::support::random::Random;
use crate::support::telephone::Telephone;
use crate::support::unpacked::Packages;
use rowcall::model::{Field, Record};
use std::fs;
use std::process::Child;

/// The most sign-ins of a line that are lost.
const SIGN_INS: usize = 10;

/// Of a hundred requests seven are lost, in one way or another; an extension takes nine of them and more.
const LOSSES: &str =
    "cut_before=15,cut_after=25,unavailable_after=10,truncate=10,garbage=10,retry_after_s=0";

fn lost_replies(packages: Packages, rows: usize) {
    let Some(asterisk) = RunningAsterisk::start(packages) else {
        return;
    };
    let desk = WatchedDesk::at(asterisk);
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(rows, &mut random);
    desk.sheet("in.csv", &wanted);
    let faults = format!("seed={},{LOSSES}", random.below(1_000_000));
    println!("{faults}");
    desk.pbx.faults(&faults);
    desk.through("import in.csv --to TARGET --report r.csv", SIGN_INS);
    let results = desk.results("r.csv");
    assert!(results.iter().all(|result| result == "created"));
    desk.asterisk.assert_extensions(&wanted);
    let first = desk.asterisk.shown();

    let mut changed = wanted.clone();
    for extension in &mut changed {
        let number = extension.number().to_owned();
        extension.set(Field::SIP_PASSWORD, secret(&number, &mut random));
    }
    desk.sheet("changed.csv", &changed);
    let all = "--yes --max-updates all --max-secret-changes all";
    desk.through(
        &format!("import changed.csv --to TARGET --mode update {all}"),
        SIGN_INS,
    );
    desk.asterisk.assert_extensions(&changed);
    desk.through("undo --yes", SIGN_INS);
    desk.asterisk.is_as(&first);
    desk.through(
        "delete in.csv --from TARGET --yes --max-deletes all",
        SIGN_INS,
    );
    desk.asterisk.assert_extensions(&[]);
    desk.through("undo --yes", SIGN_INS);
    desk.asterisk.is_as(&first);
    desk.never_open();
    desk.pbx.faults("");
    desk.asterisk.lets_in(&wanted);
}

#[test]
fn replies_that_a_real_asterisk_lost_are_settled() {
    lost_replies(NEWEST, 24);
}

#[test]
fn replies_that_the_old_release_lost_are_settled() {
    lost_replies(V16, 10);
}

#[test]
fn killed_and_resumed_at_any_moment_a_real_asterisk_ends_as_wanted() {
    let Some(asterisk) = RunningAsterisk::start(NEWEST) else {
        return;
    };
    let desk = WatchedDesk::at(asterisk);
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(60, &mut random);
    desk.sheet("in.csv", &wanted);
    let mut kills = desk.killed("import in.csv --to TARGET", 60, &mut random);
    desk.asterisk.assert_extensions(&wanted);
    let first = desk.asterisk.shown();
    let delete = "delete in.csv --from TARGET --yes --max-deletes all";
    kills += desk.killed(delete, 60, &mut random);
    desk.asterisk.assert_extensions(&[]);
    kills += desk.killed("undo --yes", 60, &mut random);
    desk.asterisk.is_as(&first);
    println!("{kills} kills");
    assert!(kills > 2, "{kills} kills");
    desk.never_open();
}

/// The endpoints that let a telephone in with a secret that nobody gave it. One whose auth is missing lets nobody in.
fn open(asterisk: &RunningAsterisk) -> Vec<String> {
    let objects = asterisk.objects().into_keys();
    let mut numbers: Vec<String> = objects
        .filter_map(|name| Some(name.strip_prefix("endpoint/")?.to_owned()))
        .collect();
    let telephone = Telephone::new(asterisk.sip());
    numbers.retain(|number| telephone.register(number, "nobody's", 60) == Some(200));
    numbers
}

/// Kills the PBX some times while a line runs on these extensions, and starts it again; and kills it once more as soon as the
/// line has ended: what the report says is done must be on its disk by then.
fn killed_in(desk: &mut RealDesk, line: &str, extensions: &[Record], random: &mut Random) {
    let mut running = desk.start(&format!("{line} --report r.csv"));
    let ended = |running: &mut Child| running.try_wait().unwrap().is_some();
    let is_there = |desk: &RealDesk, at: usize| {
        let extension = extensions.get(at)?;
        Some(
            desk.asterisk
                .ari()
                .get("endpoint", extension.number())
                .is_some(),
        )
    };
    let removes = is_there(desk, extensions.len() - 1) == Some(true);
    let mut at = 0;
    for death in 1..=3 {
        at += extensions.len() / 12 + random.below(extensions.len() / 5);
        wait_until(|| is_there(desk, at) == Some(!removes) || ended(&mut running));
        if ended(&mut running) {
            break;
        }
        desk.asterisk.kill_now();
        desk.asterisk.revive();
        let left = desk.asterisk.objects().len();
        println!("death {death} of {line}: {left} objects were left");
        assert_eq!(open(&desk.asterisk), [""; 0], "death {death}");
    }
    let ended = running.wait().unwrap();
    assert!(ended.success(), "{line}: {}", desk.read("words"));
    desk.asterisk.kill_now();
    desk.asterisk.revive();
    assert_eq!(open(&desk.asterisk), [""; 0]);
}

/// A PBX that dies loses the last second of what it said was done, be it a part of an extension. The run that sent it makes
/// it again: each row that is reported as done is so, whenever the PBX dies again.
fn dies_in_runs(packages: Packages, rows: usize) {
    let Some(mut desk) = RealDesk::new(packages) else {
        return;
    };
    let config = desk.asterisk.config("hq").replace("100000/s", "400/s");
    desk.write("rowcall.toml", config + "reply_within = \"2\"\n");
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(rows, &mut random);
    desk.sheet("in.csv", &wanted);
    killed_in(&mut desk, "import in.csv --to TARGET", &wanted, &mut random);
    assert_eq!(desk.results("r.csv"), vec!["created"; rows]);
    desk.asterisk.assert_extensions(&wanted);
    desk.asterisk.lets_in(&wanted);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all";
    killed_in(&mut desk, delete, &wanted, &mut random);
    assert_eq!(desk.results("r.csv"), vec!["deleted"; rows]);
    desk.asterisk.assert_extensions(&[]);
    killed_in(&mut desk, "undo --yes", &wanted, &mut random);
    desk.asterisk.assert_extensions(&wanted);
}

#[test]
fn what_a_real_asterisk_that_dies_in_a_run_has_lost_is_made_again() {
    dies_in_runs(NEWEST, 60);
}

#[test]
fn what_the_old_release_that_dies_in_a_run_has_lost_is_made_again() {
    dies_in_runs(V16, 40);
}

/// A PBX that comes back without what was stored, as another one at the same address would, ends the run, and neither resume
/// nor undo goes on there. Once it is the PBX of the run again, a resume looks at all its rows.
#[test]
fn a_real_asterisk_that_comes_back_empty_is_not_taken_for_the_one_before() {
    let Some(mut desk) = RealDesk::new(NEWEST) else {
        return;
    };
    let config = desk.asterisk.config("hq").replace("100000/s", "400/s");
    desk.write("rowcall.toml", config + "reply_within = \"2\"\n");
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(100, &mut random);
    desk.sheet("in.csv", &wanted);
    let mut running = desk.start("import in.csv --to TARGET --report r.csv");
    let number = wanted[66].number();
    wait_until(|| desk.asterisk.ari().get("endpoint", number).is_some());
    desk.asterisk.kill_now();
    let stored = desk.asterisk.forget();
    desk.asterisk.revive();
    assert_eq!(running.wait().unwrap().code(), Some(3));
    let words = desk.read("words");
    assert!(words.contains("it is not the PBX that it was"), "{words}");
    assert!(words.contains("the PBX started anew"), "{words}");
    let results = desk.results("r.csv");
    assert!(
        results.iter().any(|result| result == "unknown"),
        "{results:?}"
    );
    assert!(!results.contains(&"created".to_owned()), "{results:?}");
    let others = desk.asterisk.objects();
    for line in ["resume", "undo --yes", "resume"] {
        let refused = desk.ends(line, 3);
        assert!(
            refused.err.contains("it has nothing of the"),
            "{}",
            refused.err
        );
        assert!(refused.err.contains("--mode upsert"), "{}", refused.err);
        assert_eq!(desk.asterisk.objects(), others, "{line}");
    }
    desk.asterisk.kill_now();
    desk.asterisk.forget();
    for (path, bytes) in stored {
        fs::write(path, bytes).unwrap();
    }
    desk.asterisk.revive();
    // One of those that were done is gone there too.
    for kind in ["endpoint", "aor", "auth"] {
        let number = wanted[0].number();
        desk.asterisk.ari().delete(kind, number);
    }
    desk.ends("resume --report r.csv", 0);
    assert_eq!(desk.results("r.csv"), ["created"; 100]);
    desk.asterisk.assert_extensions(&wanted);
    desk.ends("undo --yes", 0);
    desk.asterisk.assert_extensions(&[]);
}

/// A PBX that is away until the run has ended leaves rows that nobody could look at. They stay open: a resume looks at
/// them, and an undo takes back what it finds as wanted.
#[test]
fn rows_that_could_not_be_looked_at_are_resumed_or_undone_once_a_real_asterisk_is_back() {
    let Some(mut desk) = RealDesk::new(NEWEST) else {
        return;
    };
    let config = desk.asterisk.config("hq").replace("100000/s", "400/s");
    desk.write("rowcall.toml", config + "reply_within = \"1\"\n");
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(40, &mut random);
    desk.sheet("in.csv", &wanted);
    for line in ["resume --report r.csv", "undo --yes --report r.csv"] {
        let mut running = desk.start("import in.csv --to TARGET --report r.csv");
        let number = wanted[20].number();
        wait_until(|| desk.asterisk.ari().get("endpoint", number).is_some());
        desk.asterisk.kill_now();
        // It would try for minutes.
        signal(&running, "INT");
        assert_eq!(running.wait().unwrap().code(), Some(130));
        let words = desk.read("words");
        assert!(words.contains("to continue: rowcall resume"), "{words}");
        let results = desk.results("r.csv");
        assert!(results.contains(&"unknown".to_owned()), "{results:?}");
        desk.asterisk.revive();
        desk.ends(line, 0);
        if line.starts_with("resume") {
            assert_eq!(desk.results("r.csv"), ["created"; 40]);
            desk.asterisk.assert_extensions(&wanted);
            desk.ends("undo --yes", 0);
        }
        let left = desk.asterisk.objects().into_keys();
        let left: Vec<String> = left.filter(|name| name.starts_with("endpoint/")).collect();
        assert_eq!(left, [""; 0], "{line}");
    }
}
