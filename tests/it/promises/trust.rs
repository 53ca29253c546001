//! A run belongs to one PBX and to one moment, against simulated PBXes behind their sockets.

use crate::support::altered::altered;
use crate::support::fixture::certain_listers;
use crate::support::pbx::{Desk, TestPbx, at_all_vendors};
use crate::support::sheets::lines;
use rowcall::vendors::vendor;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn a_run_is_resumed_and_undone_on_its_own_pbx_only() {
    let (here, there) = (Desk::new("ozeki"), Desk::new("ozeki"));
    let sheet = here.sample(12);
    let config = here.config(&here);
    let hq = ["--config", config.to_str().unwrap()];
    let import = [
        &hq[..],
        &["import", sheet.to_str().unwrap(), "--to", "hq", "--json"],
    ]
    .concat();
    let imported = here.run_in("state", &import);
    assert_eq!((imported.exit, imported.count("created")), (0, 12));
    there.import("elsewhere", &sheet, &[]);
    let others = there.export();

    here.config(&there);
    let run = imported.name();
    for verb in [&["undo", "--yes", "--max-deletes", "all"][..], &["resume"]] {
        let words = [&hq[..], verb, &[&run]].concat();
        let refused = here.run_in("state", &words);
        assert_eq!(refused.exit, 3, "{verb:?}: {}", refused.err);
        for pbx in [&here, &there] {
            let place = pbx.target().replace("api@", "");
            assert!(refused.err.contains(&place), "{}", refused.err);
        }
    }
    assert_eq!(there.export(), others);

    // Under its own address it is undone, and is named first.
    here.config(&here);
    let undone = here.run_in(
        "state",
        &[&hq[..], &["undo", "--yes", "--max-deletes", "all"]].concat(),
    );
    assert_eq!(undone.exit, 0, "{}", undone.err);
    let first = undone.err.lines().next().unwrap();
    for word in [
        &run,
        "import (create)",
        "12 created",
        &here.target().replace("api@", ""),
    ] {
        assert!(first.contains(word), "{first}");
    }
}

#[test]
fn one_pbx_under_three_names_is_locked_once() {
    let desk = Desk::new("ozeki");
    let sheet = desk.sample(12);
    let target = desk.target();
    let slow = [
        "import",
        sheet.to_str().unwrap(),
        "--to",
        &target,
        "--rate",
        "2/s",
    ];
    let mut first = desk.begin("state", &slow);
    while desk.runs("state").is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    for host in ["localhost", "[::ffff:127.0.0.1]", "[::1]"] {
        let alias = desk.alias(host);
        let words = ["import", sheet.to_str().unwrap(), "--to", &alias, "--json"];
        let second = desk.run_in("state", &words);
        assert_eq!(
            (second.exit, second.count("not_sent")),
            (3, 12),
            "{host}: {}",
            second.err
        );
        assert!(
            second.err.contains("another run is at work"),
            "{}",
            second.err
        );
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let (alias, here) = (desk.alias("localhost"), desk.alias("127.0.0.1"));
    let onto_itself = desk.run_in("state", &["migrate", "--from", &alias, "--to", &here]);
    assert_eq!(onto_itself.exit, 2, "{}", onto_itself.err);
    assert!(
        onto_itself.err.contains("the same PBX"),
        "{}",
        onto_itself.err
    );
}

/// Begins a command and kills it once `done` rows of it are done.
fn cut_off(desk: &Desk, arguments: &[&str], done: usize) -> String {
    let before = desk.runs("state");
    let mut command = desk.begin(
        "state",
        &[
            arguments,
            &["--rate", "4/s", "--parallel", "1", "--verify", "none"],
        ]
        .concat(),
    );
    let run = loop {
        let runs = desk.runs("state");
        if let Some(run) = runs.into_iter().find(|run| !before.contains(run)) {
            break run;
        }
        assert!(command.try_wait().unwrap().is_none(), "it ended by itself");
        thread::sleep(Duration::from_millis(5));
    };
    let file = desk.path("so-far.jsonl");
    loop {
        desk.run_in("state", &["report", &run, "-o", file.to_str().unwrap()]);
        let is_done =
            |line: &serde_json::Value| line["result"] != "not_sent" && line["result"] != "unknown";
        let count = lines(&file).iter().filter(|line| is_done(line)).count();
        fs::remove_file(&file).unwrap();
        if count >= done {
            break;
        }
        assert!(command.try_wait().unwrap().is_none(), "it ended by itself");
        thread::sleep(Duration::from_millis(100));
    }
    command.kill().unwrap();
    command.wait().unwrap();
    run
}

#[test]
fn what_moved_since_a_run_was_planned_is_left_alone_by_its_resume() {
    at_all_vendors(|vendor| {
        let vendor = vendor.id;
        let desk = Desk::new(vendor);
        let sheet = desk.sample(12);
        desk.import("state", &sheet, &[]);
        let (target, field) = (desk.target(), desk.field());
        let text = fs::read_to_string(&sheet).unwrap();
        let numbers: Vec<&str> = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap())
            .collect();

        // An update of all, of which the last is changed by hand while it waits.
        let rows: Vec<String> = numbers
            .iter()
            .map(|number| format!("{number},Wanted"))
            .collect();
        let wanted = desk.file(
            "wanted.csv",
            &format!("number,{field}\n{}\n", rows.join("\n")),
        );
        let update = [
            "import",
            wanted.to_str().unwrap(),
            "--to",
            &target,
            "--mode",
            "update",
            "--yes",
            "--max-updates",
            "all",
        ];
        let update_run = cut_off(&desk, &update, 1);
        let hand = desk.file(
            "hand.csv",
            &format!("number,{field}\n{},Hand\n", numbers[11]),
        );
        assert_eq!(
            desk.import("elsewhere", &hand, &["--mode", "update"])
                .count("updated"),
            1
        );
        let resumed = desk.run_in("state", &["resume", "--json"]);
        let counts = (
            resumed.exit,
            resumed.count("updated"),
            resumed.count("drifted"),
        );
        assert_eq!(counts, (1, 11, 1), "{vendor}: {}", resumed.err);
        assert!(desk.export().contains("Hand"));
        assert!(resumed.err.contains(&update_run), "{}", resumed.err);

        // A deletion of all, of which the last number got a new holder while it waits.
        let leavers = desk.file("leavers.csv", &format!("number\n{}\n", numbers.join("\n")));
        let delete = [
            "delete",
            leavers.to_str().unwrap(),
            "--from",
            &target,
            "--yes",
            "--max-deletes",
            "all",
        ];
        let run = cut_off(&desk, &delete, 1);
        let hand = desk.file(
            "hand.csv",
            &format!("number,{field}\n{},Newcomer\n", numbers[11]),
        );
        assert_eq!(
            desk.import("elsewhere", &hand, &["--mode", "update"])
                .count("updated"),
            1
        );
        let before = desk.export();
        let unasked = desk.run_in("state", &["resume", &run, "--json"]);
        assert_eq!(
            (unasked.exit, desk.export()),
            (2, before),
            "{vendor}: {}",
            unasked.err
        );
        let resumed = desk.run_in("state", &["resume", &run, "--yes", "--json"]);
        let counts = (
            resumed.exit,
            resumed.count("deleted"),
            resumed.count("drifted"),
        );
        assert_eq!(counts, (1, 11, 1), "{vendor}: {}", resumed.err);
        let left = desk.export();
        assert!(
            left.contains("Newcomer") && left.lines().count() == 2,
            "{left}"
        );
    });
}

#[test]
fn a_bare_resume_takes_only_the_newest_run_while_it_is_fresh() {
    let (desk, other) = (Desk::new("ozeki"), Desk::new("ozeki"));
    let sheet = desk.sample(12);
    let target = desk.target();
    let import = ["import", sheet.to_str().unwrap(), "--to", &target];
    let run = cut_off(&desk, &import, 1);

    let elsewhere = desk.run_in("state", &["resume", "--to", &other.target()]);
    assert_eq!(elsewhere.exit, 2, "{}", elsewhere.err);
    for pbx in [&desk, &other] {
        let place = pbx.target().replace("api@", "");
        assert!(elsewhere.err.contains(&place), "{}", elsewhere.err);
    }
    // By the ledger the run began two days ago.
    let ledger = desk
        .path("state")
        .join("runs")
        .join(&run)
        .join("ledger.sqlite");
    let begun = |text: &str| {
        let connection = Connection::open(&ledger).unwrap();
        connection
            .execute("UPDATE head SET started = ?1", [text])
            .unwrap();
    };
    begun("2020-01-01T00:00:00Z");
    let old = desk.run_in("state", &["resume"]);
    assert_eq!(old.exit, 2, "{}", old.err);
    assert!(
        old.err.contains("older than a day") && old.err.contains(&run),
        "{}",
        old.err
    );

    // By its count it is older than the next one, and by no clock.
    begun("2090-01-01T00:00:00Z");
    let unborn = desk.run_in("state", &["resume"]);
    assert_eq!(unborn.exit, 2, "{}", unborn.err);
    assert!(unborn.err.contains("began in the future"), "{}", unborn.err);
    let one = desk.file(
        "one.csv",
        "number,user_id,sip_password\n7001,newcomer,Sample7001pw\n",
    );
    let newer = desk.import("state", &one, &[]);
    assert_eq!(newer.count("created"), 1, "{}", newer.err);
    let finished = desk.run_in("state", &["resume"]);
    assert_eq!(finished.exit, 2, "{}", finished.err);
    assert!(finished.err.contains(&newer.name()), "{}", finished.err);
    let undone = desk.undo(&[]);
    assert!(undone.err.contains(&newer.name()), "{}", undone.err);
    assert_eq!((undone.exit, undone.count("deleted")), (0, 1));
    let resumed = desk.run_in("state", &["resume", &run, "--to", &target, "--json"]);
    resumed.ended_with(0, "created", 12);
}

/// Counts how many of the sheet's 12 rows are written, and how many are unchanged.
fn written(desk: &Desk, more: &[&str]) -> (i32, u64, u64) {
    let all = [
        "--max-updates",
        "all",
        "--max-secret-changes",
        "all",
        "--max-deletes",
        "all",
    ];
    let done = desk.import("state", &desk.path("staff.csv"), &[&all[..], more].concat());
    assert!(done.exit < 2, "{}", done.err);
    (done.exit, done.count("updated"), done.count("unchanged"))
}

#[test]
fn the_same_sheet_again_changes_nothing_whatever_the_mode_and_vendor() {
    for vendor in certain_listers().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        assert_eq!(
            desk.import("state", &desk.sample(12), &[]).count("created"),
            12
        );
        let runs = desk.runs("state").len();
        for mode in ["create", "update", "upsert", "sync"] {
            assert_eq!(
                written(&desk, &["--mode", mode]),
                (0, 0, 12),
                "{vendor} {mode}"
            );
        }
        assert_eq!(desk.runs("state").len(), runs, "nothing was sent");
        // The same with a saved plan.
        let (target, sheet, plan) = (desk.target(), desk.path("staff.csv"), desk.path("p.json"));
        let plan = plan.to_str().unwrap();
        let words = [
            "plan",
            sheet.to_str().unwrap(),
            "--to",
            &target,
            "--mode",
            "upsert",
            "-o",
            plan,
        ];
        assert_eq!(desk.run_in("state", &words).exit, 0);
        let replayed = desk.run_in("state", &["import", "--plan", plan, "--json"]);
        replayed.ended_with(0, "unchanged", 12);
    }
}

#[test]
fn of_secrets_that_are_not_given_back_only_the_one_that_changed_is_written() {
    let desk = Desk::new("openvox");
    let sheet = desk.sample(12);
    let first = desk.import("state", &sheet, &["--mode", "upsert"]);
    assert_eq!(first.count("created"), 12, "{}", first.err);
    let upsert = ["--mode", "upsert"];
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
    let text = fs::read_to_string(&sheet).unwrap();
    desk.file("staff.csv", &text.replace("Portal2001pw", "Other2001pw"));
    assert_eq!(written(&desk, &upsert), (0, 1, 11));
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
    assert_eq!(
        written(&desk, &["--mode", "upsert", "--rewrite-secrets"]),
        (0, 12, 0)
    );
    assert_eq!(written(&desk, &upsert), (0, 0, 12));

    // An extension that somebody else changed since is not trusted, even where the change is put back.
    let email = desk.file("hand.csv", "number,email\n2002,hand@example.com\n");
    assert_eq!(
        desk.import("elsewhere", &email, &["--mode", "update"])
            .count("updated"),
        1
    );
    assert_eq!(written(&desk, &upsert), (0, 1, 11));
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
    // The secret of such an extension is written again, though the sheet names nothing of what was changed.
    let secret = desk.file("secret.csv", "number,web_password\n2006,Portal2006pw\n");
    let update = ["--mode", "update"];
    let again = || {
        let ran = desk.import("state", &secret, &update);
        (ran.count("updated"), ran.count("unchanged"))
    };
    assert_eq!(again(), (0, 1));
    desk.file("hand.csv", "number,email\n2006,hand@example.com\n");
    desk.import("elsewhere", &email, &update);
    assert_eq!(again(), (1, 0));
    assert_eq!(again(), (0, 1));
    assert_eq!(written(&desk, &upsert), (0, 1, 11));
    // Nor is one trusted that was gone in between.
    let target = desk.target();
    let gone = desk.file("gone.csv", "number\n2003\n");
    let delete = [
        "delete",
        gone.to_str().unwrap(),
        "--from",
        &target,
        "--yes",
        "--json",
    ];
    assert_eq!(desk.run_in("elsewhere", &delete).count("deleted"), 1);
    let other = desk.file("other.csv", "number,email\n2004,x@example.com\n");
    desk.import("state", &other, &["--mode", "update"]);
    assert_eq!(
        desk.import("elsewhere", &desk.path("staff.csv"), &[])
            .count("created"),
        1
    );
    // An extension changed except for its secrets keeps them.
    let counts = written(&desk, &upsert);
    assert_eq!(
        counts,
        (0, 2, 10),
        "2003 was made anew, 2004 gets its address back"
    );

    // An undo keeps it true: a value that the PBX does not give back is written again.
    desk.file("staff.csv", &text.replace("Portal2005pw", "Third2005pw"));
    let changed = desk.import("state", &desk.path("staff.csv"), &["--mode", "upsert"]);
    assert_eq!(changed.count("updated"), 2, "{}", changed.err);
    desk.undo(&[&changed.name()]);
    assert_eq!(
        written(&desk, &upsert),
        (0, 0, 12),
        "it holds what was written last"
    );
    // Of the first run only what no later one has written over is undone.
    let undone = desk.undo(&[&first.name()]);
    let counts = (undone.count("deleted"), undone.count("drifted"));
    assert_eq!(counts, (11, 1), "{}", undone.err);
    let again = desk.import("state", &sheet, &["--mode", "upsert"]);
    let counts = (again.count("created"), again.count("unchanged"));
    assert_eq!(counts, (11, 1), "{}", again.err);
    assert_eq!(written(&desk, &upsert), (0, 0, 12));

    // Lost, it costs a write; it contains no secret, and goes with the last run.
    let memory = desk.path("state").join("memory");
    #[cfg(unix)]
    for entry in fs::read_dir(&memory).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "what is remembered is its owner's");
    }
    let files: Vec<Vec<u8>> = fs::read_dir(&memory)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert!(!files.is_empty());
    for file in files {
        let text = String::from_utf8_lossy(&file).into_owned();
        assert!(!text.contains("Portal2") && !text.contains("Sample2"));
    }
    fs::remove_dir_all(&memory).unwrap();
    assert_eq!(written(&desk, &upsert), (0, 12, 0));
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
    desk.run_in("state", &["runs", "clean", "--keep", "1"]);
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
    desk.run_in("state", &["runs", "clean", "--keep", "0"]);
    assert_eq!(fs::read_dir(&memory).unwrap().count(), 0);
}

#[test]
fn another_key_leaves_what_is_remembered_alone_and_only_what_it_wrote_is_written_again() {
    let desk = Desk::new("openvox");
    let upsert = ["--mode", "upsert"];
    desk.import("state", &desk.sample(12), &upsert);
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
    let (key, own) = (desk.path("key"), desk.path("own-key"));
    let other = desk.path("other-key");
    let with_another_key = |sheet: &str| {
        fs::rename(&key, &own).unwrap();
        let _ = fs::rename(&other, &key);
        let ran = desk.import(
            "state",
            &desk.file("other.csv", sheet),
            &["--mode", "update"],
        );
        fs::rename(&key, &other).unwrap();
        fs::rename(&own, &key).unwrap();
        ran
    };
    let looked = with_another_key("number,web_password\n2001,Portal2001pw\n");
    assert_eq!(looked.count("updated"), 1, "it knows nothing of it");
    assert_eq!(written(&desk, &upsert), (0, 1, 11));
    let changed = with_another_key("number,web_password\n2002,Other2002pw\n");
    assert_eq!(changed.count("updated"), 1, "{}", changed.err);
    assert_eq!(written(&desk, &upsert), (0, 1, 11));
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
}

#[test]
fn a_killed_run_leaves_no_wrong_memory() {
    let desk = Desk::new("openvox");
    let sheet = desk.sample(12);
    desk.import("state", &sheet, &[]);
    let text = fs::read_to_string(&sheet).unwrap();
    let changed = desk.file("changed.csv", &text.replace("Portal20", "Other20"));
    let target = desk.target();
    let words = [
        "import",
        changed.to_str().unwrap(),
        "--to",
        &target,
        "--mode",
        "upsert",
        "--max-updates",
        "all",
        "--max-secret-changes",
        "all",
    ];
    cut_off(&desk, &words, 3);
    // With the first sheet again, every row that may have been written is written.
    let upsert = ["--mode", "upsert"];
    let (exit, updated, _) = written(&desk, &upsert);
    assert!(exit == 0 && updated >= 3, "{updated}");
    assert_eq!(written(&desk, &upsert), (0, 0, 12));
}

#[cfg(unix)]
#[test]
fn a_memory_that_others_may_read_is_taken_from_them_by_the_next_run() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("openvox");
    let sheet = desk.sample(12);
    desk.import("state", &sheet, &[]);
    let memory = || fs::read_dir(desk.path("state/memory")).unwrap().flatten();
    for file in memory() {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(written(&desk, &["--mode", "upsert"]), (0, 0, 12));
    let bits = memory().map(|file| file.metadata().unwrap().permissions().mode() & 0o777);
    assert_eq!(bits.collect::<Vec<_>>(), [0o600]);
}

#[test]
fn no_output_is_an_input_or_another_output_by_whatever_name() {
    let desk = Desk::new("ozeki");
    let sheet = desk.sample(12);
    let bytes = fs::read(&sheet).unwrap();
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    fs::hard_link(&sheet, desk.path("linked.csv")).unwrap();
    let (sheet, linked, target) = (path("staff.csv"), path("linked.csv"), desk.target());
    let around = path("./other.csv");
    let clashes = [
        vec!["check", &sheet, "--for", "ozeki", "--report", &sheet],
        vec!["check", &sheet, "--for", "ozeki", "--report", &linked],
        vec!["import", &sheet, "--to", &target, "--report", &linked],
        vec![
            "delete",
            &sheet,
            "--from",
            &target,
            "--yes",
            "--rejects",
            &linked,
        ],
        vec!["plan", &sheet, "--to", &target, "-o", &linked],
        vec!["diff", &sheet, &around, "-o", &linked],
        vec!["template", "--for", "ozeki", "-o", &sheet],
    ];
    desk.file("other.csv", "number\n0001\n");
    for words in clashes {
        let refused = desk.run_in("state", &words);
        assert_eq!(refused.exit, 2, "{words:?}: {}", refused.err);
        assert_eq!(fs::read(&sheet).unwrap(), bytes, "{words:?}");
    }
    let refuses = |report: &str, rejects: &str| {
        let import = ["import", &sheet, "--to", &target];
        let outputs = ["--report", report, "--rejects", rejects];
        let refused = desk.run_in("state", &[import, outputs].concat());
        assert_eq!(refused.exit, 2, "{}", refused.err);
    };
    let other = path("other.csv");
    refuses(&other, &around);
    assert_eq!(fs::read_to_string(&other).unwrap(), "number\n0001\n");
    // Two names of one file that is not there yet.
    fs::create_dir(desk.path("reports")).unwrap();
    let (new, through) = (path("new.csv"), path("reports/../new.csv"));
    refuses(&new, &through);
    assert!(!desk.path("new.csv").exists());
}

#[test]
fn a_refused_command_leaves_the_report_of_the_run_at_work_alone() {
    let desk = Desk::new("ozeki");
    let sheet = desk.sample(12);
    let (target, report) = (desk.target(), desk.path("r.jsonl"));
    let report = report.to_str().unwrap();
    let words = [
        "import",
        sheet.to_str().unwrap(),
        "--to",
        &target,
        "--report",
        report,
    ];
    let first = desk
        .command_in("state")
        .args(words)
        .args(["--rate", "4/s"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut first = first.unwrap();
    while desk.runs("state").is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    let second = desk.run_in("state", &[&words[..], &["--json"]].concat());
    second.ended_with(3, "not_sent", 12);
    assert!(second.err.contains("not overwritten"), "{}", second.err);
    let own = desk.path("own.jsonl");
    let mut other = words;
    other[5] = own.to_str().unwrap();
    assert_eq!(desk.run_in("state", &other).exit, 3);
    assert_eq!(lines(&own).len(), 12);
    assert!(first.wait().unwrap().success());
    let written = lines(&desk.path("r.jsonl"));
    assert_eq!(written.len(), 12);
    assert!(written.iter().all(|line| line["result"] == "created"));
}

#[test]
fn a_resumed_run_writes_over_no_newer_runs_report() {
    let desk = Desk::new("ozeki");
    let sheet = desk.sample(12);
    let (target, report) = (desk.target(), desk.path("r.jsonl"));
    let report = report.to_str().unwrap();
    let words = [
        "import",
        sheet.to_str().unwrap(),
        "--to",
        &target,
        "--report",
        report,
    ];
    let run = cut_off(&desk, &words, 1);
    let one = desk.file(
        "one.csv",
        "number,user_id,sip_password\n7001,newcomer,Sample7001pw\n",
    );
    let newer = desk.import("state", &one, &["--report", report]);
    assert_eq!(newer.count("created"), 1, "{}", newer.err);
    let newest = fs::read_to_string(report).unwrap();
    let resumed = desk.run_in("state", &["resume", &run, "--json"]);
    resumed.ended_with(0, "created", 12);
    assert!(resumed.err.contains("a newer run's"), "{}", resumed.err);
    assert_eq!(fs::read_to_string(report).unwrap(), newest);
}

#[test]
fn no_kill_mixes_a_plan_with_what_is_sealed_of_another() {
    let desk = Desk::new("ozeki");
    let target = desk.target();
    let (plan, sealed, next) = (
        desk.path("p.json"),
        desk.path("p.json.sealed"),
        desk.path("p.json.sealed.new"),
    );
    let make = |rows: usize| {
        let sheet = desk.sample(rows);
        let words = [
            "plan",
            sheet.to_str().unwrap(),
            "--to",
            &target,
            "-o",
            plan.to_str().unwrap(),
        ];
        let made = desk.run_in("state", &words);
        assert_eq!(made.exit, 0, "{}", made.err);
        (fs::read(&plan).unwrap(), fs::read(&sealed).unwrap())
    };
    let valid = |rows: u64| {
        let words = [
            "import",
            "--plan",
            plan.to_str().unwrap(),
            "--max-creates",
            "0",
            "--json",
        ];
        let refused = desk.run_in("state", &words);
        assert_eq!(
            (refused.exit, refused.count("not_sent")),
            (4, rows),
            "{}",
            refused.err
        );
    };
    let (old, new) = (make(3), make(5));
    // Cut off before the plan took its place, and right after.
    for (kept, rows) in [(&old.0, 3), (&new.0, 5)] {
        fs::write(&plan, kept).unwrap();
        fs::write(&sealed, &old.1).unwrap();
        fs::write(&next, &new.1).unwrap();
        valid(rows);
    }
    make(7);
    valid(7);
    assert!(!next.exists());
    // The plan from before stays whole if the secrets cannot be written.
    fs::create_dir_all(next.join("taken")).unwrap();
    let sheet = desk.sample(9);
    let words = ["plan", sheet.to_str().unwrap(), "--to", &target, "-o"];
    let failed = desk.run_in("state", &[&words[..], &[plan.to_str().unwrap()]].concat());
    assert_eq!(failed.exit, 2, "{}", failed.err);
    valid(7);
}

#[test]
fn sync_deletes_nothing_that_may_be_a_row_under_another_spelling() {
    let desk = Desk::new("ozeki");
    desk.import("state", &desk.sample(3), &[]);
    let text = fs::read_to_string(desk.path("staff.csv")).unwrap();
    let sheet = desk.file("short.csv", &text.replace("\n0001,", "\n1,"));
    let more = ["--mode", "sync", "--max-deletes", "all"];
    let synced = desk.import("state", &sheet, &more);
    assert_eq!(
        (synced.count("deleted"), synced.count("held")),
        (0, 1),
        "{}",
        synced.err
    );
    assert!(desk.export().contains("0001,"));
    assert!(synced.err.contains("\"1\""), "{}", synced.err);
}

#[test]
fn a_password_command_that_never_ends_its_output_is_stopped() {
    let desk = Desk::new("ozeki");
    let config = desk.config(&desk);
    let text = fs::read_to_string(&config).unwrap();
    let endless = format!("{text}password_command = \"yes\"\n");
    desk.file("rowcall.toml", &endless);
    let words = ["--config", config.to_str().unwrap(), "export", "hq"];
    let refused = desk.run_in("state", &words);
    assert_eq!(refused.exit, 2, "{}", refused.err);
    assert!(refused.err.contains("printed more than"), "{}", refused.err);
}

#[test]
fn no_report_replaces_the_sheet_that_an_earlier_run_or_plan_came_from() {
    let desk = Desk::new("openvox");
    let sheet = "number,display_name,sip_password\n2001,Ann,Xk39vTq2Lm\n";
    desk.write("a.csv", sheet);
    desk.go("plan a.csv --to TARGET -o p.json").exits(0);
    desk.go("import a.csv --to TARGET").exits(0);
    for line in [
        "report -o a.csv",
        "undo --yes --max-deletes all --report a.csv",
        "import --plan p.json --report a.csv",
    ] {
        desk.ends(line, 2)
            .says(&["a.csv", "is read, and would be overwritten"]);
        assert_eq!(desk.read("a.csv"), sheet, "{line}");
    }
    // Also where the run was a plan's, which has no sheet of its own.
    desk.ends("undo --yes --max-deletes all", 0);
    desk.go("plan a.csv --to TARGET -o q.json").exits(0);
    desk.go("import --plan q.json").exits(0);
    desk.ends("undo --yes --max-deletes all --report a.csv", 2)
        .says(&["is read, and would be overwritten"]);
    assert_eq!(desk.read("a.csv"), sheet);
}

/// A row of a PortSIP sheet with its group.
fn grouped(rows: &[(&str, &str)]) -> String {
    let line =
        |(number, group): &(&str, &str)| format!("{number},Ann,Xk39vTq2Lm,Portal2000pw,{group}\n");
    let lines: String = rows.iter().map(line).collect();
    format!("number,first_name,sip_password,web_password,groups\n{lines}")
}

#[test]
fn a_sync_of_which_a_creation_is_refused_deletes_nothing() {
    let desk = Desk::new("portsip");
    desk.write(
        "a.csv",
        grouped(&[("1001", ""), ("1002", ""), ("1003", "")]),
    );
    desk.go("import a.csv --to TARGET").exits(0);
    // One forwards to another, so that rows leave in an order of their own.
    desk.write(
        "b.csv",
        grouped(&[("1001", ""), ("1004", ""), ("1005", "Nowhere")]),
    );
    let sync = "import b.csv --to TARGET --mode sync --yes --max-deletes all --report r.csv";
    desk.go(sync).exits(1);
    desk.has_lines(
        "r.csv",
        &[
            ("1001", "none", "unchanged"),
            ("1004", "create", "created"),
            ("1005", "create", "rejected"),
            ("1002", "delete", "held"),
            ("1003", "delete", "held"),
        ],
    );
    let held = &desk.report("r.csv")[3];
    assert!(
        held["message"].contains("row 3") && held["message"].contains("1005 is rejected"),
        "{held:?}"
    );
    assert!(held["hint"].contains("rowcall delete"), "{held:?}");
    assert_eq!(desk.pbx.numbers(), ["1001", "1002", "1003", "1004"]);

    // A plan of it does no more.
    let plan = desk
        .go("plan b.csv --to TARGET --mode sync -o plan.json")
        .exits(1);
    assert!(!plan.out.contains("- delete"), "{}", plan.out);
    desk.go("import --plan plan.json --yes --max-deletes all --report p.csv")
        .exits(1);
    assert_eq!(desk.results("p.csv")[2..], ["rejected", "held", "held"]);
    assert_eq!(desk.pbx.numbers().len(), 4);

    // With the row corrected it deletes.
    desk.write(
        "b.csv",
        grouped(&[("1001", ""), ("1004", ""), ("1005", "")]),
    );
    desk.go(sync).exits(0);
    assert_eq!(desk.pbx.numbers(), ["1001", "1004", "1005"]);
}

#[test]
fn a_sync_that_was_cut_off_after_a_creation_was_refused_deletes_nothing_when_it_is_resumed() {
    let desk = Desk::new("portsip");
    let old: Vec<(String, &str)> = (1001..1041)
        .map(|number| (number.to_string(), ""))
        .collect();
    let old: Vec<(&str, &str)> = old
        .iter()
        .map(|(number, group)| (&**number, *group))
        .collect();
    desk.write("a.csv", grouped(&old));
    desk.go("import a.csv --to TARGET").exits(0);
    let new: Vec<String> = (2002..2030).map(|number| number.to_string()).collect();
    let mut rows = vec![("2001", "Nowhere")];
    rows.extend(new.iter().map(|number| (&**number, "")));
    desk.write("b.csv", grouped(&rows));
    let sync = "import b.csv --to TARGET --mode sync --yes --max-deletes all --verify none";
    let mut child = desk
        .command(&format!("{sync} --rate 40 --parallel 1"))
        .spawn()
        .unwrap();
    crate::support::program::wait_until(|| desk.pbx.numbers().contains(&"2004".to_owned()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !desk.pbx.numbers().contains(&"2029".to_owned()),
        "it was too quick"
    );
    desk.run("resume --yes --report r.csv").exits(1);
    let results = desk.results("r.csv");
    assert_eq!((&*results[0], &*results[28]), ("rejected", "created"));
    assert_eq!(results[29..], vec!["held"; 40]);
    assert_eq!(desk.pbx.numbers().len(), 68);
}

#[test]
fn what_was_lost_on_the_way_is_read_back_and_remembered_all_the_same() {
    at_all_vendors(|vendor| {
        let vendor = vendor.id;
        let desk = Desk::new(vendor);
        desk.sample(12);
        let all = ["--reply-within", "1", "--max-failures", "all"];
        let upsert = [&["--mode", "upsert"][..], &all].concat();
        // Every request is carried out, and every second reply is lost.
        desk.pbx.faults("cut_after=500,seed=3");
        let made = desk.import("state", &desk.path("staff.csv"), &upsert);
        desk.pbx.faults("");
        assert_eq!(made.count("created"), 12, "{vendor}: {}", made.err);
        assert_eq!(
            written(&desk, &["--mode", "upsert"]),
            (0, 0, 12),
            "{vendor}"
        );
        desk.edit("lost");
        desk.pbx.faults("cut_after=500,seed=4");
        let allowed = ["--max-secret-changes", "all"];
        let edited = desk.import(
            "state",
            &desk.path("edit.csv"),
            &[&upsert[..], &allowed].concat(),
        );
        desk.pbx.faults("");
        assert_eq!(edited.count("updated"), 2, "{vendor}: {}", edited.err);

        // An undo compares every field with the value that was read back.
        let text = desk.read("edit.csv");
        let number = text.lines().nth(1).unwrap().split(',').next().unwrap();
        let by_hand = desk.pbx.named_by().name();
        desk.write("hand.csv", format!("number,{by_hand}\n{number},byhand\n"));
        let hand = desk.path("hand.csv");
        assert_eq!(
            desk.import("elsewhere", &hand, &["--mode", "update"])
                .count("updated"),
            1
        );
        let undone = desk.undo(&[&edited.name()]);
        assert_eq!(undone.exit, 1, "{vendor}: {}", undone.err);
        assert_eq!(
            (
                undone.count("updated") + undone.count("differs"),
                undone.count("drifted")
            ),
            (1, 1),
            "{vendor}: {}",
            undone.out
        );
    });
}

/// The sheet's passwords for the web, with another word.
fn with_passwords(desk: &Desk, word: &str) -> PathBuf {
    let text = fs::read_to_string(desk.path("staff.csv")).unwrap();
    let name = format!("{word}.csv");
    desk.file(&name, &text.replace("Portal20", &format!("{word}20")))
}

#[test]
fn a_password_that_another_run_wrote_since_is_kept() {
    let desk = Desk::new("openvox");
    let first = desk.import("state", &desk.sample(12), &[]);
    let upsert = ["--mode", "upsert", "--max-updates", "all"];
    let upsert = [&upsert[..], &["--max-secret-changes", "all"]].concat();
    let (older, newer) = (
        with_passwords(&desk, "Older"),
        with_passwords(&desk, "Newer"),
    );
    let (target, plan) = (desk.target(), desk.path("p.json"));
    let to = [older.to_str().unwrap(), "--to", &target];
    let planned = [
        &["plan"][..],
        &to,
        &["--mode", "upsert", "-o", plan.to_str().unwrap()],
    ];
    assert_eq!(desk.run_in("state", &planned.concat()).exit, 0);
    let cut = cut_off(&desk, &[&["import"][..], &to, &upsert].concat(), 2);

    let since = desk.import("state", &newer, &upsert);
    assert_eq!(since.count("updated"), 12, "{}", since.err);
    let is_kept = || {
        let again = desk.import("state", &newer, &upsert);
        assert_eq!(again.count("unchanged"), 12, "{}", again.err);
    };
    let resumed = desk.run_in("state", &["resume", &cut, "--json"]);
    let (done, kept) = (
        resumed.count("updated"),
        resumed.count("drifted") + resumed.count("unknown"),
    );
    assert_eq!((resumed.exit, done + kept), (1, 12), "{}", resumed.err);
    assert!((2..9).contains(&done), "{done}");
    is_kept();
    let replay = ["import", "--plan", plan.to_str().unwrap(), "--json"];
    let replayed = desk.run_in("state", &[&replay[..], &["--on-drift", "skip"]].concat());
    assert_eq!(replayed.count("drifted"), 12, "{}", replayed.err);
    is_kept();
    let undone = desk.undo(&[&first.name()]);
    undone.ended_with(1, "drifted", 12);
    assert!(undone.err.contains("web_password"), "{}", undone.err);
    is_kept();
}

#[test]
fn a_run_that_was_stopped_is_resumed_where_no_other_wrote_a_password_since() {
    let desk = Desk::new("openvox");
    desk.import("state", &desk.sample(12), &[]);
    let older = with_passwords(&desk, "Older");
    let target = desk.target();
    let to = [older.to_str().unwrap(), "--to", &target, "--mode", "upsert"];
    let all = ["--max-updates", "all", "--max-secret-changes", "all"];
    cut_off(&desk, &[&["import"][..], &to, &all].concat(), 2);
    let resumed = desk.run_in("state", &["resume", "--json"]);
    let counts = (resumed.exit, resumed.count("updated"));
    assert_eq!(counts, (0, 12), "{}", resumed.err);
}

#[test]
fn an_extension_that_was_seen_to_be_gone_is_not_remembered() {
    let desk = Desk::new("openvox");
    let (target, upsert) = (desk.target(), ["--mode", "upsert"]);
    let row = |word: &str| {
        let text = format!(
            "number,display_name,sip_password,web_password\n2001,Ann,tR7xkQ2mZp9w,{word}11bb22cc\n"
        );
        desk.file("one.csv", &text)
    };
    let gone = desk.file("gone.csv", "number\n2001\n");
    let gone = gone.to_str().unwrap();
    let delete = [
        "delete",
        gone,
        "--from",
        &target,
        "--yes",
        "--max-deletes",
        "all",
    ];
    let sheet = desk.path("one.csv");
    let diff = ["diff", sheet.to_str().unwrap(), &target];
    for look in [&["export", &target][..], &diff] {
        desk.import("state", &row("Old"), &upsert);
        assert_eq!(desk.run_in("elsewhere", &delete).exit, 0);
        desk.run_in("state", look);
        desk.import("elsewhere", &row("New"), &[]);
        let again = desk.import("state", &row("Old"), &upsert);
        assert_eq!(again.count("updated"), 1, "{look:?}: {}", again.err);
    }
}

#[test]
fn what_was_looked_at_again_is_what_a_resumed_run_knows_from_before() {
    let is_german = Arc::new(AtomicBool::new(false));
    let switch = is_german.clone();
    let rig = altered(vendor("openvox").unwrap(), move |pbx, heard| {
        let mut reply = pbx.answer(heard);
        if switch.load(Ordering::SeqCst) {
            let text = String::from_utf8_lossy(&reply.body);
            reply.body = text.replace("System Default", "German").into_bytes();
        }
        reply
    });
    let desk = Desk::at(TestPbx::serving(rig));
    desk.import("state", &desk.sample(12), &[]);
    let numbers = desk.pbx.numbers();
    let rows = numbers
        .iter()
        .map(|number| format!("{number},491555{number}\n"));
    let sheet = format!("number,mobile\n{}", rows.collect::<String>());
    let sheet = desk.file("mobile.csv", &sheet);
    let target = desk.target();
    let to = [sheet.to_str().unwrap(), "--to", &target, "--mode", "update"];
    let run = cut_off(
        &desk,
        &[&["import"][..], &to, &["--max-updates", "all"]].concat(),
        2,
    );
    // A field that no row can write: the rows are not drifted.
    is_german.store(true, Ordering::SeqCst);
    let resumed = desk.run_in("state", &["resume", "--json"]);
    resumed.ended_with(0, "updated", 12);
    let ledger = desk.path(&format!("state/runs/{run}/ledger.sqlite"));
    let ledger = Connection::open(ledger).unwrap();
    let known = "SELECT COUNT(*) FROM changes WHERE instr(before, ?1) > 0";
    let count = |word: &str| {
        ledger
            .query_row(known, [word], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let (renewed, old) = (count("German"), count("System Default"));
    assert!(
        renewed >= 6 && old >= 2 && renewed + old == 12,
        "{renewed} {old}"
    );
}

#[test]
fn what_is_remembered_of_one_pbx_tells_nothing_of_another() {
    let desks = [Desk::new("openvox"), Desk::new("openvox")];
    let [one, other] = &desks;
    let sheet = one.sample(12);
    one.import("state", &sheet, &[]);
    let to = [
        "import",
        sheet.to_str().unwrap(),
        "--to",
        &other.target(),
        "--yes",
    ];
    assert_eq!(one.run_in("state", &to).exit, 0);
    let files = fs::read_dir(one.path("state/memory")).unwrap().flatten();
    let files = files.map(|file| file.path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "sqlite"));
    let marks = |path: PathBuf| -> BTreeSet<String> {
        let memory = Connection::open(path).unwrap();
        let mut rows = memory.prepare("SELECT fields FROM written").unwrap();
        let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let fields = rows.flat_map(|row| {
            let marks: BTreeMap<String, String> = serde_json::from_str(&row.unwrap()).unwrap();
            marks.into_values()
        });
        fields.collect()
    };
    let marks: Vec<BTreeSet<String>> = files.map(marks).collect();
    assert_eq!(marks.len(), 2);
    assert!(marks.iter().all(|marks| marks.len() >= 12), "{marks:?}");
    assert!(
        marks[0].is_disjoint(&marks[1]),
        "the same secret has one mark on both"
    );
}
