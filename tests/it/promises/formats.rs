//! Files of earlier versions are read by this one: runs are shown, resumed and undone, archives verified, plans refused
//! in words or carried out.
//!
//! Each folder of `tests/it/formats` was written by the version that it is named after, at an OpenVox simulated by
//! `rowcall sim --vendor openvox --listen 127.90.80.70:18087`: `import staff.csv`, `export hq --archive nights`, `plan
//! changes.csv --mode upsert -o plan.json`, `import more.csv --rate 1/s` killed in the middle, and `export` once more.
#![cfg(target_os = "linux")]

use crate::support::program::{Program, wait_until};
use crate::support::sources::root;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

/// An address of its own on this machine, since a run belongs to the address that it was made for.
const ADDRESS: &str = "127.90.80.70:18087";

/// Copies a folder; all of it is its owner's alone, which a repository does not keep.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
            fs::set_permissions(&to, Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Starts the simulated PBX; waits for a test beside this one that has the address.
fn simulated(program: &Program) -> EndsWithTest {
    let mut child: Option<EndsWithTest> = None;
    wait_until(|| {
        let begun = child.get_or_insert_with(|| {
            let line = format!("sim --vendor openvox --listen {ADDRESS}");
            let words = fs::File::create(program.path("listening")).unwrap();
            let mut command = program.command(&line);
            command.stdout(words).stderr(Stdio::null());
            EndsWithTest(command.spawn().unwrap())
        });
        if begun.0.try_wait().unwrap().is_some() {
            child = None;
        }
        program.read("listening").contains(ADDRESS)
    });
    child.unwrap()
}

/// A child that ends with the test.
struct EndsWithTest(Child);

impl Drop for EndsWithTest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_earlier_versions_wrote_is_read() {
    let mut versions = 0;
    for entry in fs::read_dir(root().join("tests/it/formats")).unwrap() {
        let folder = entry.unwrap().path();
        let version = folder.file_name().unwrap().to_str().unwrap();
        let program = Program::new().with_own_state();
        copy(&folder, program.folder());
        program.file("password", "rehearsal\n");
        fs::set_permissions(program.path("password"), Permissions::from_mode(0o600)).unwrap();
        read_back(version, &program);
        versions += 1;
    }
    assert!(versions >= 1);
}

fn read_back(version: &str, program: &Program) {
    // The runs: one is finished, one was cut off.
    let runs = program.ends("runs --json", 0).summary();
    let runs = runs["runs"].as_array().unwrap();
    let name = |index: usize| runs[index]["run"].as_str().unwrap().to_owned();
    let state = |index: usize| runs[index]["state"].as_str().unwrap().to_owned();
    assert_eq!([state(0), state(1)], ["cut_off", "finished"]);
    assert_eq!(runs[1]["counts"]["created"], 4);
    let (cut_off, finished) = (name(0), name(1));
    let told = program.ends(&format!("report {finished}"), 0).out;
    assert_eq!(told.matches(",create,created,").count(), 4, "{told}");

    // The archive: whole, and what changed in it is told.
    let head = fs::read_to_string(program.path("nights/manifest.jsonl")).unwrap();
    assert_eq!(head.lines().count(), 2);
    let whole = program.ends("archive verify nights", 0).out;
    let changes = program.ends("diff --archive nights --since 2026-01-01 --json", 1);
    assert_eq!(changes.summary()["comparisons"][0]["counts"]["added"], 2);

    // The PBX has what the runs made, and no newer run of theirs made it; a plan waits for it.
    let _pbx = simulated(program);
    let elsewhere = Program::new().with_own_state();
    copy(program.folder(), elsewhere.folder());
    fs::remove_dir_all(elsewhere.path("state")).unwrap();
    elsewhere.ends("import staff.csv --to hq --yes --rate 1000/s", 0);
    // It goes on, and both heads prove it.
    let newer = program.ends("export hq --archive nights", 0).out;
    let heads = [&whole, &newer]
        .map(|head| format!(" --head {}", head.trim_end()))
        .concat();
    program.ends(&format!("archive verify nights{heads}"), 0);
    let plan = program.run("import --plan plan.json --yes --rate 1000/s --json");
    let drifted = match version == env!("CARGO_PKG_VERSION") {
        true => {
            let counts = ["created", "updated"].map(|result| plan.count(result));
            assert_eq!((plan.exit, counts), (0, [1, 1]));
            1
        }
        false => {
            plan.exits(2).says(&["rowcall ", version, "rowcall plan"]);
            0
        }
    };

    // The run that was cut off ends, and both are taken back. The folder that they name is not here.
    let here = "--yes --json --config rowcall.toml";
    let resumed = program.ends(&format!("resume {cut_off} {here}"), 0);
    assert_eq!(resumed.count("created"), 4);
    let undone = program.ends(&format!("undo {cut_off} {here}"), 0);
    assert_eq!(undone.count("deleted"), 4);
    // The plan, if it was carried out, has changed one extension since.
    let undone = program.run(&format!("undo {finished} {here}"));
    let counts = ["deleted", "drifted"].map(|result| undone.count(result));
    let exit = i32::from(drifted > 0);
    assert_eq!((undone.exit, counts), (exit, [4 - drifted, drifted]));
}
