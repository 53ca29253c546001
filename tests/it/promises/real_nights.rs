//! Bad nights of a real Asterisk: lost replies, rowcall killed, the PBX killed. However it ends, every row is as wanted,
//! and at no moment an endpoint stands that lets anybody in. `REAL_SEED` repeats a night.

use crate::support::asterisk::desk::{RealDesk, extensions, secret};
use crate::support::asterisk::watched::WatchedDesk;
use crate::support::asterisk::{NEWEST, RunningAsterisk, V16};
use crate::support::program::wait_until;
use crate::support::random::Random;
use crate::support::telephone::Telephone;
use crate::support::unpacked::Packages;
use rowcall::model::Field;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

/// Of a hundred requests seven are lost, in one way or another; an extension takes nine of them and more.
const LOSSES: &str =
    "cut_before=15,cut_after=25,unavailable_after=10,truncate=10,garbage=10,retry_after_s=0";

/// Sends a line until the sign-in, which is never repeated by itself, was not lost.
#[track_caller]
fn through(desk: &WatchedDesk, line: &str) {
    let mut ran = desk.run(line);
    for _ in 0..10 {
        if ran.exit != 3 {
            break;
        }
        ran = desk.run(line);
    }
    ran.exits(0);
}

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
    through(&desk, "import in.csv --to TARGET --report r.csv");
    let results = desk.results("r.csv");
    assert!(results.iter().all(|result| result == "created"));
    desk.asterisk.holds(&wanted);
    let first = desk.asterisk.shown();

    let mut changed = wanted.clone();
    for extension in &mut changed {
        let number = extension.number().to_owned();
        extension.set(Field::SIP_PASSWORD, secret(&number, &mut random));
    }
    desk.sheet("changed.csv", &changed);
    let all = "--yes --max-updates all --max-secret-changes all";
    through(
        &desk,
        &format!("import changed.csv --to TARGET --mode update {all}"),
    );
    desk.asterisk.holds(&changed);
    through(&desk, "undo --yes");
    desk.asterisk.is_as(&first);
    through(&desk, "delete in.csv --from TARGET --yes --max-deletes all");
    desk.asterisk.holds(&[]);
    through(&desk, "undo --yes");
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

/// Runs a line, killed at moments at random and resumed, until it ends by itself. Returns the number of kills.
fn killed(desk: &WatchedDesk, line: &str, random: &mut Random) -> usize {
    let known = desk.runs("state").len();
    let mut child = desk.start(line);
    for kills in 0.. {
        // Before a run is made every row is looked up, which takes three requests each.
        let goal = desk.pbx.sim.requests() + random.below(500) as u64;
        let mut ended = None;
        wait_until(|| {
            ended = child.try_wait().unwrap();
            ended.is_some() || desk.pbx.sim.requests() >= goal
        });
        thread::sleep(Duration::from_micros(random.below(5000) as u64));
        if let Some(ended) = ended.or(child.try_wait().unwrap()) {
            assert_eq!(ended.code(), Some(0), "{line}: {}", desk.read("words"));
            return kills;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let line = match desk.runs("state").len() > known {
            true => "resume --yes",
            false => line,
        };
        child = desk.start(line);
    }
    unreachable!()
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
    let mut kills = killed(&desk, "import in.csv --to TARGET", &mut random);
    desk.asterisk.holds(&wanted);
    let first = desk.asterisk.shown();
    let delete = "delete in.csv --from TARGET --yes --max-deletes all";
    kills += killed(&desk, delete, &mut random);
    desk.asterisk.holds(&[]);
    kills += killed(&desk, "undo --yes", &mut random);
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

/// A PBX that dies loses the last second of what it said was done, be it a part of an extension. Nobody gets in by that,
/// the same sheet again makes what is lost, and names what is broken; that is deleted and made anew.
#[test]
fn a_real_asterisk_that_dies_in_an_import_is_made_whole_by_the_same_sheet() {
    let Some(mut desk) = RealDesk::new(NEWEST) else {
        return;
    };
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(120, &mut random);
    desk.sheet("in.csv", &wanted);
    let import = "import in.csv --to TARGET --mode upsert --rate 400 --reply-within 2";
    for death in 1..=3 {
        let mut import = desk.start(import);
        let goal = desk.asterisk.objects().len() + 20 + random.below(60);
        wait_until(|| {
            desk.asterisk.objects().len() >= goal || import.try_wait().unwrap().is_some()
        });
        desk.asterisk.kill_now();
        desk.asterisk.revive();
        let left = desk.asterisk.objects().len();
        assert_eq!(open(&desk.asterisk), [""; 0], "death {death}");
        import.wait().unwrap();
        let held = desk.asterisk.objects().len();
        println!("death {death}: {left} objects were left, {held} at the end");
        assert_eq!(open(&desk.asterisk), [""; 0], "death {death}");
    }
    desk.run("import in.csv --to TARGET --mode upsert --report r.csv");
    let rows = desk.report("r.csv").into_iter();
    let is_done = |result: &str| ["created", "updated", "unchanged"].contains(&result);
    let broken: Vec<_> = rows.filter(|row| !is_done(&row["result"])).collect();
    if !broken.is_empty() {
        let named =
            |row: &BTreeMap<String, String>| row["message"].contains("has an endpoint, but no");
        assert!(broken.iter().all(named), "{broken:#?}");
        let numbers: Vec<&str> = broken.iter().map(|row| &*row["number"]).collect();
        println!("broken: {numbers:?}");
        desk.write("broken.csv", format!("number\n{}\n", numbers.join("\n")));
        desk.ends("delete broken.csv --from TARGET --yes --max-deletes all", 0);
        desk.ends("import in.csv --to TARGET --mode upsert", 0);
    }
    desk.asterisk.holds(&wanted);
    desk.asterisk.lets_in(&wanted);
}
