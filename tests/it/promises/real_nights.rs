//! Bad nights of a real Asterisk: lost replies, rowcall killed, the PBX killed. However it ends, every row is as wanted,
//! and at no moment an endpoint stands that lets anybody in. `REAL_SEED` repeats a night.

use crate::support::asterisk::desk::{RealDesk, extensions, open, secret};
use crate::support::asterisk::watched::WatchedDesk;
use crate::support::asterisk::{Asterisk, NEWEST, V16};
use crate::support::program::wait_until;
use crate::support::random::Random;
use crate::support::unpacked::Packages;
use rowcall::model::Field;
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
    let Some(asterisk) = Asterisk::start(packages) else {
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
    let Some(asterisk) = Asterisk::start(NEWEST) else {
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

/// A PBX that dies loses the last second of what it said was done. What is left is closed, and the same sheet again makes
/// it whole.
#[test]
fn a_real_asterisk_that_dies_in_an_import_is_made_whole_by_the_same_sheet() {
    let Some(mut desk) = RealDesk::new(NEWEST) else {
        return;
    };
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(120, &mut random);
    desk.sheet("in.csv", &wanted);
    for death in 1..=3 {
        let mut import =
            desk.start("import in.csv --to TARGET --mode upsert --rate 400 --reply-within 2");
        let goal = desk.asterisk.objects().len() + 20 + random.below(60);
        wait_until(|| {
            desk.asterisk.objects().len() >= goal || import.try_wait().unwrap().is_some()
        });
        desk.asterisk.kill_now();
        desk.asterisk.revive();
        let left = desk.asterisk.objects();
        assert_eq!(open(&left), [""; 0], "death {death}");
        import.wait().unwrap();
        let held = desk.asterisk.objects();
        println!(
            "death {death}: {} objects were left, {} at the end",
            left.len(),
            held.len()
        );
        assert_eq!(open(&held), [""; 0], "death {death}");
    }
    desk.ends("import in.csv --to TARGET --mode upsert", 0);
    desk.asterisk.holds(&wanted);
    desk.asterisk.lets_in(&wanted);
}
