//! A run belongs to one PBX and to one moment, against simulated PBXes behind their sockets.

use crate::support::house::{House, lines};
use rusqlite::Connection;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

#[test]
fn a_run_is_resumed_and_undone_on_its_own_pbx_only() {
    let (here, there) = (House::new("ozeki"), House::new("ozeki"));
    let sheet = here.sheet(12);
    let config = here.config(&here);
    let hq = ["--config", config.to_str().unwrap()];
    let import = [
        &hq[..],
        &["import", sheet.to_str().unwrap(), "--to", "hq", "--json"],
    ]
    .concat();
    let imported = here.say("state", &import);
    assert_eq!((imported.exit, imported.count("created")), (0, 12));
    there.import("elsewhere", &sheet, &[]);
    let others = there.export();

    here.config(&there);
    let run = imported.run();
    for verb in [&["undo", "--yes", "--max-deletes", "all"][..], &["resume"]] {
        let words = [&hq[..], verb, &[&run]].concat();
        let refused = here.say("state", &words);
        assert_eq!(refused.exit, 3, "{verb:?}: {}", refused.words);
        for pbx in [&here, &there] {
            let place = pbx.target().replace("api@", "");
            assert!(refused.words.contains(&place), "{}", refused.words);
        }
    }
    assert_eq!(there.export(), others);

    // Under its own address it is undone, and says first what it is.
    here.config(&here);
    let undone = here.say(
        "state",
        &[&hq[..], &["undo", "--yes", "--max-deletes", "all"]].concat(),
    );
    assert_eq!(undone.exit, 0, "{}", undone.words);
    let first = undone.words.lines().next().unwrap();
    for word in [
        &run,
        "import --mode create",
        "12 created",
        &here.target().replace("api@", ""),
    ] {
        assert!(first.contains(word), "{first}");
    }
}

#[test]
fn one_pbx_under_three_names_is_locked_once() {
    let house = House::new("ozeki");
    let sheet = house.sheet(12);
    let target = house.target();
    let slow = [
        "import",
        sheet.to_str().unwrap(),
        "--to",
        &target,
        "--rate",
        "2/s",
    ];
    let mut first = house
        .command("state")
        .args(slow)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while house.runs("state").is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    for host in ["localhost", "[::ffff:127.0.0.1]", "[::1]"] {
        let alias = house.alias(host);
        let words = ["import", sheet.to_str().unwrap(), "--to", &alias, "--json"];
        let second = house.say("state", &words);
        assert_eq!(
            (second.exit, second.count("not_sent")),
            (3, 12),
            "{host}: {}",
            second.words
        );
        assert!(
            second.words.contains("another run is at work"),
            "{}",
            second.words
        );
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let (alias, here) = (house.alias("localhost"), house.alias("127.0.0.1"));
    let onto_itself = house.say("state", &["migrate", "--from", &alias, "--to", &here]);
    assert_eq!(onto_itself.exit, 2, "{}", onto_itself.words);
    assert!(
        onto_itself.words.contains("the same PBX"),
        "{}",
        onto_itself.words
    );
}

/// Begins a command and kills it once so many rows of it are done.
fn cut_off(house: &House, arguments: &[&str], done: usize) -> String {
    let before = house.runs("state");
    let mut command = house
        .command("state")
        .args(arguments)
        .args(["--rate", "4/s", "--parallel", "1", "--verify", "none"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let run = loop {
        let runs = house.runs("state");
        if let Some(run) = runs.into_iter().find(|run| !before.contains(run)) {
            break run;
        }
        assert!(command.try_wait().unwrap().is_none(), "it ended by itself");
        thread::sleep(Duration::from_millis(5));
    };
    let file = house.path("so-far.jsonl");
    loop {
        house.say("state", &["report", &run, "-o", file.to_str().unwrap()]);
        let is_done =
            |line: &serde_json::Value| line["result"] != "not_sent" && line["result"] != "unknown";
        let count = lines(&file).iter().filter(|line| is_done(line)).count();
        fs::remove_file(&file).unwrap();
        if count >= done {
            break;
        }
        assert!(command.try_wait().unwrap().is_none(), "it ended by itself");
    }
    command.kill().unwrap();
    command.wait().unwrap();
    run
}

#[test]
fn what_moved_since_a_run_was_planned_is_left_alone_by_its_resume() {
    for vendor in ["openvox", "portsip", "ozeki"] {
        let house = House::new(vendor);
        let sheet = house.sheet(12);
        house.import("state", &sheet, &[]);
        let (staff, target, field) = (sheet.to_str().unwrap(), house.target(), house.field());
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
        let wanted = house.write(
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
        let update_run = cut_off(&house, &update, 1);
        let hand = house.write(
            "hand.csv",
            &format!("number,{field}\n{},Hand\n", numbers[11]),
        );
        assert_eq!(
            house
                .import("elsewhere", &hand, &["--mode", "update"])
                .count("updated"),
            1
        );
        let resumed = house.say("state", &["resume", "--json"]);
        let counts = (
            resumed.exit,
            resumed.count("updated"),
            resumed.count("drifted"),
        );
        assert_eq!(counts, (1, 11, 1), "{vendor}: {}", resumed.words);
        assert!(house.export().contains("Hand"));
        assert!(resumed.words.contains(&update_run), "{}", resumed.words);

        // A deletion of all, of which the last number got a new holder while it waits.
        let delete = [
            "delete",
            staff,
            "--from",
            &target,
            "--yes",
            "--max-deletes",
            "all",
        ];
        let run = cut_off(&house, &delete, 1);
        let hand = house.write(
            "hand.csv",
            &format!("number,{field}\n{},Newcomer\n", numbers[11]),
        );
        assert_eq!(
            house
                .import("elsewhere", &hand, &["--mode", "update"])
                .count("updated"),
            1
        );
        let before = house.export();
        let unasked = house.say("state", &["resume", &run, "--json"]);
        assert_eq!(
            (unasked.exit, house.export()),
            (2, before),
            "{vendor}: {}",
            unasked.words
        );
        let resumed = house.say("state", &["resume", &run, "--yes", "--json"]);
        let counts = (
            resumed.exit,
            resumed.count("deleted"),
            resumed.count("drifted"),
        );
        assert_eq!(counts, (1, 11, 1), "{vendor}: {}", resumed.words);
        let left = house.export();
        assert!(
            left.contains("Newcomer") && left.lines().count() == 2,
            "{left}"
        );
    }
}

#[test]
fn a_bare_resume_takes_only_the_newest_run_while_it_is_fresh() {
    let (house, other) = (House::new("ozeki"), House::new("ozeki"));
    let sheet = house.sheet(12);
    let target = house.target();
    let import = ["import", sheet.to_str().unwrap(), "--to", &target];
    let run = cut_off(&house, &import, 1);

    let elsewhere = house.say("state", &["resume", "--to", &other.target()]);
    assert_eq!(elsewhere.exit, 2, "{}", elsewhere.words);
    for pbx in [&house, &other] {
        let place = pbx.target().replace("api@", "");
        assert!(elsewhere.words.contains(&place), "{}", elsewhere.words);
    }
    // The ledger says that the run began two days ago.
    let ledger = house
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
    let old = house.say("state", &["resume"]);
    assert_eq!(old.exit, 2, "{}", old.words);
    assert!(
        old.words.contains("older than a day") && old.words.contains(&run),
        "{}",
        old.words
    );

    // By its count it is older than the next one, and by no clock.
    begun("2090-01-01T00:00:00Z");
    let one = house.write(
        "one.csv",
        "number,user_id,sip_password\n7001,newcomer,Sample7001pw\n",
    );
    let newer = house.import("state", &one, &[]);
    assert_eq!(newer.count("created"), 1, "{}", newer.words);
    let finished = house.say("state", &["resume"]);
    assert_eq!(finished.exit, 2, "{}", finished.words);
    assert!(finished.words.contains(&newer.run()), "{}", finished.words);
    let undone = house.undo(&[]);
    assert!(undone.words.contains(&newer.run()), "{}", undone.words);
    assert_eq!((undone.exit, undone.count("deleted")), (0, 1));
    let resumed = house.say("state", &["resume", &run, "--to", &target, "--json"]);
    assert_eq!(
        (resumed.exit, resumed.count("created")),
        (0, 12),
        "{}",
        resumed.words
    );
}

/// How many of 12 rows of the sheet are written, and how many are unchanged.
fn written(house: &House, more: &[&str]) -> (i32, u64, u64) {
    let all = [
        "--max-updates",
        "all",
        "--max-secret-changes",
        "all",
        "--max-deletes",
        "all",
    ];
    let done = house.import(
        "state",
        &house.path("staff.csv"),
        &[&all[..], more].concat(),
    );
    assert!(done.exit < 2, "{}", done.words);
    (done.exit, done.count("updated"), done.count("unchanged"))
}

#[test]
fn the_same_sheet_again_changes_nothing_whatever_the_mode_and_vendor() {
    for vendor in ["openvox", "portsip", "ozeki"] {
        let house = House::new(vendor);
        assert_eq!(
            house
                .import("state", &house.sheet(12), &[])
                .count("created"),
            12
        );
        let runs = house.runs("state").len();
        for mode in ["create", "update", "upsert", "sync"] {
            assert_eq!(
                written(&house, &["--mode", mode]),
                (0, 0, 12),
                "{vendor} {mode}"
            );
        }
        assert_eq!(house.runs("state").len(), runs, "nothing was sent");
        // A saved plan says the same.
        let (target, sheet, plan) = (
            house.target(),
            house.path("staff.csv"),
            house.path("p.json"),
        );
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
        assert_eq!(house.say("state", &words).exit, 0);
        let replayed = house.say("state", &["import", "--plan", plan, "--json"]);
        assert_eq!(
            (replayed.exit, replayed.count("unchanged")),
            (0, 12),
            "{}",
            replayed.words
        );
    }
}

#[test]
fn of_secrets_that_are_not_given_back_only_the_one_that_changed_is_written() {
    let house = House::new("openvox");
    let sheet = house.sheet(12);
    let first = house.import("state", &sheet, &["--mode", "upsert"]);
    assert_eq!(first.count("created"), 12, "{}", first.words);
    let upsert = ["--mode", "upsert"];
    assert_eq!(written(&house, &upsert), (0, 0, 12));
    let text = fs::read_to_string(&sheet).unwrap();
    house.write("staff.csv", &text.replace("Portal2001pw", "Other2001pw"));
    assert_eq!(written(&house, &upsert), (0, 1, 11));
    assert_eq!(written(&house, &upsert), (0, 0, 12));
    assert_eq!(
        written(&house, &["--mode", "upsert", "--rewrite-secrets"]),
        (0, 12, 0)
    );
    assert_eq!(written(&house, &upsert), (0, 0, 12));

    // What somebody else changed since is not trusted, even where it is put back.
    let email = house.write("hand.csv", "number,email\n2002,hand@example.com\n");
    assert_eq!(
        house
            .import("elsewhere", &email, &["--mode", "update"])
            .count("updated"),
        1
    );
    assert_eq!(written(&house, &upsert), (0, 1, 11));
    assert_eq!(written(&house, &upsert), (0, 0, 12));
    // Nor one that was gone in between.
    let target = house.target();
    let gone = house.write("gone.csv", "number\n2003\n");
    let delete = [
        "delete",
        gone.to_str().unwrap(),
        "--from",
        &target,
        "--yes",
        "--json",
    ];
    assert_eq!(house.say("elsewhere", &delete).count("deleted"), 1);
    let other = house.write("other.csv", "number,email\n2004,x@example.com\n");
    house.import("state", &other, &["--mode", "update"]);
    assert_eq!(
        house
            .import("elsewhere", &house.path("staff.csv"), &[])
            .count("created"),
        1
    );
    // And what was changed but for its secrets keeps them.
    let counts = written(&house, &upsert);
    assert_eq!(
        counts,
        (0, 2, 10),
        "2003 was made anew, 2004 gets its address back"
    );

    // An undo keeps it true: what it does not give back is written again.
    house.write("staff.csv", &text.replace("Portal2005pw", "Third2005pw"));
    let changed = house.import("state", &house.path("staff.csv"), &["--mode", "upsert"]);
    assert_eq!(changed.count("updated"), 2, "{}", changed.words);
    house.undo(&[&changed.run()]);
    assert_eq!(
        written(&house, &upsert),
        (0, 0, 12),
        "it holds what was written last"
    );
    house.undo(&[&first.run()]);
    assert_eq!(
        house
            .import("state", &sheet, &["--mode", "upsert"])
            .count("created"),
        12
    );
    assert_eq!(written(&house, &upsert), (0, 0, 12));

    // Lost, it costs a write; it holds no secret, and goes with the last run.
    let memory = house.path("state").join("memory");
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
    assert_eq!(written(&house, &upsert), (0, 12, 0));
    assert_eq!(written(&house, &upsert), (0, 0, 12));
    house.say("state", &["runs", "clean", "--keep", "1"]);
    assert_eq!(written(&house, &upsert), (0, 0, 12));
    house.say("state", &["runs", "clean", "--keep", "0"]);
    assert_eq!(fs::read_dir(&memory).unwrap().count(), 0);
}

#[test]
fn a_killed_run_leaves_no_wrong_memory() {
    let house = House::new("openvox");
    let sheet = house.sheet(12);
    house.import("state", &sheet, &[]);
    let text = fs::read_to_string(&sheet).unwrap();
    let changed = house.write("changed.csv", &text.replace("Portal20", "Other20"));
    let target = house.target();
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
    cut_off(&house, &words, 3);
    // With the first sheet again, every row that may have been written is written.
    let upsert = ["--mode", "upsert"];
    let (exit, updated, _) = written(&house, &upsert);
    assert!(exit == 0 && updated >= 3, "{updated}");
    assert_eq!(written(&house, &upsert), (0, 0, 12));
}
