//! Runs that were stopped by hand: their words once they are gone on with, and what a question that is broken off leaves.
#![cfg(unix)]

use crate::support::pbx::Desk;
use crate::support::program::{Ran, ran, signal, wait_until};
use crate::support::typist::Typist;
use rowcall::model::{Action, Record};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A desk with the import of so many rows before it.
fn desk(rows: u32) -> Desk {
    let desk = Desk::new("openvox");
    desk.sheet("in.csv", &desk.small(2001..2001 + rows));
    desk
}

/// Runs a line slowly, and stops it once the PBX is so far.
#[track_caller]
fn stopped(desk: &Desk, line: &str, is_so_far: impl Fn(usize) -> bool) -> Ran {
    let mut command: Command = desk.command(&format!("{line} --state state --key key"));
    command.stdout(Stdio::null());
    desk.pbx.faults("latency_ms=20");
    let child = command.spawn().unwrap();
    wait_until(|| is_so_far(desk.pbx.numbers().len()));
    signal(&child, "INT");
    let ran = ran(line, child.wait_with_output().unwrap()).exits(130);
    desk.pbx.faults("");
    ran
}

/// Runs a line to its end.
#[track_caller]
fn whole(desk: &Desk, line: &str) -> Ran {
    desk.run(&format!("{line} --state state --key key"))
}

#[test]
fn a_row_that_is_done_after_all_no_longer_says_that_the_run_stopped_before_it() {
    let desk = desk(120);
    stopped(
        &desk,
        "import in.csv --to TARGET --yes --rate 100 --parallel 4",
        |made| made >= 10,
    );
    let resumed = whole(&desk, "resume --yes --report r.csv").exits(0);
    whole(&desk, "report -o again.csv").exits(0);
    for report in ["r.csv", "again.csv"] {
        for row in desk.report(report) {
            // What its sheet says of it stays.
            let code = ["", "sip_password.shared"].contains(&&*row["code"]);
            assert!(row["result"] == "created" && code, "{row:?}");
            assert!(!row["message"].contains("interrupted"), "{row:?}");
            assert!(!row["hint"].contains("run it again"), "{row:?}");
        }
    }
    // Nor does an undo that is gone on with.
    stopped(&desk, "undo --yes --max-deletes all", |left| left < 110);
    whole(&desk, "resume --yes --report u.csv").exits(0);
    assert!(desk.pbx.numbers().is_empty());
    for row in desk.report("u.csv") {
        let words = (
            &*row["result"],
            &*row["code"],
            &*row["message"],
            &*row["hint"],
        );
        assert_eq!(words, ("deleted", "", "", ""), "{}", resumed.err);
    }
}

#[test]
fn rows_are_credited_to_the_undo_that_changed_them() {
    let desk = desk(120);
    // An undo keeps to the pace of its run.
    whole(
        &desk,
        "import in.csv --to TARGET --yes --rate 100 --parallel 4",
    )
    .exits(0);
    let undo = "undo --yes --max-deletes all";
    stopped(&desk, undo, |left| left < 110);
    let left = desk.pbx.numbers().len();
    let runs = |state: &str| {
        let listed = whole(&desk, "runs --json").exits(0);
        let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
        let runs = listed["runs"].as_array().unwrap();
        let first = runs.iter().find(|run| run["state"] == state).unwrap();
        first["run"].as_str().unwrap().to_owned()
    };
    let first = runs("to_be_resumed");
    let imported = runs("finished");
    whole(&desk, &format!("{undo} {imported}")).exits(0);
    let second = runs("finished");
    assert!(desk.pbx.numbers().is_empty());
    // The first does not go on, and says so with what it has done before.
    let resumed = whole(&desk, &format!("resume {first} --yes --report r.html")).exits(2);
    resumed.says(&[
        &format!("{} deleted, {left} left", 120 - left),
        &format!("run {second} has taken back meanwhile what run {first} had left ({left} rows)"),
    ]);
    let again = whole(&desk, &format!("{undo} {imported} --dry-run"));
    again.says(&[
        &format!("{} rows of it were taken back by run {first}", 120 - left),
        &format!("{left} rows of it were taken back by run {second}"),
    ]);
    // Nothing of it is left to be looked at.
    let log = whole(&desk, &format!("{undo} {imported} --dry-run --log log.txt")).exits(0);
    assert!(!desk.read("log.txt").contains("2050"), "{}", log.err);
}

#[test]
fn an_undo_looks_at_nothing_that_was_never_sent() {
    let desk = desk(60);
    let import = "import in.csv --to TARGET --yes --rate 100 --parallel 4";
    stopped(&desk, import, |made| made >= 5);
    let undo = "undo --yes --max-deletes all --log u.txt --log-level wire";
    whole(&desk, undo).exits(0);
    assert!(desk.pbx.numbers().is_empty());
    let log = desk.read("u.txt");
    assert!(log.contains("2001\"") && !log.contains("2060\""), "{log}");
}

#[test]
fn what_a_newer_run_has_made_anew_is_taken_back_by_no_undo_of_an_older_one() {
    let desk = desk(120);
    whole(&desk, "import in.csv --to TARGET --yes --rate 100").exits(0);
    let run = desk.runs("state")[0].clone();
    let undo = "undo --yes --max-deletes all";
    stopped(&desk, undo, |left| left < 110);
    let left = desk.pbx.numbers();
    let pbx = desk.pbx.connect();
    for number in &left {
        let gone = pbx.apply(Action::Delete, &Record::numbered(number), None);
        assert!(gone.result.is_ok(), "{:?}", gone.result.err());
    }
    // Just as they were.
    whole(&desk, "import in.csv --to TARGET --yes --rate 5000").exits(0);
    let newer = whole(&desk, "runs --json").exits(0);
    let newer: serde_json::Value = serde_json::from_str(&newer.out).unwrap();
    let (newer, undo_of_run) = (&newer["runs"][0]["run"], &newer["runs"][1]["run"]);
    let (newer, undo_of_run) = (newer.as_str().unwrap(), undo_of_run.as_str().unwrap());
    let why = format!("run {newer} has made it anew since; rowcall did not change it");
    let resume = format!("resume {undo_of_run} --yes --report r.csv");
    whole(&desk, &resume).exits(1);
    assert_eq!(desk.pbx.numbers().len(), 120);
    whole(&desk, &format!("{undo} {run} --report u.csv")).exits(1);
    assert_eq!(desk.pbx.numbers().len(), 120);
    for report in ["r.csv", "u.csv"] {
        let mut rows = desk.report(report);
        rows.retain(|row| !["deleted", "unchanged"].contains(&&*row["result"]));
        assert_eq!(rows.len(), left.len());
        for row in rows {
            assert_eq!(row["message"], why, "{row:?}");
            // It is to be deleted.
            assert!(!row["hint"].contains("import it again"), "{row:?}");
        }
    }
}

#[test]
fn what_a_resumed_run_has_made_last_is_its_own() {
    let desk = desk(120);
    let last = "2120";
    let line = "import in.csv --to TARGET --yes --rate 100 --parallel 1 --batch 1";
    stopped(&desk, line, |made| made >= 10);
    let first = desk.runs("state")[0].clone();
    assert!(!desk.pbx.numbers().contains(&last.to_owned()));
    desk.sheet("last.csv", &desk.small([2120]));
    whole(&desk, "import last.csv --to TARGET --yes").exits(0);
    let mut runs = desk.runs("state");
    runs.retain(|run| *run != first);
    let newer = runs[0].clone();
    whole(
        &desk,
        "delete last.csv --from TARGET --yes --max-deletes all",
    )
    .exits(0);
    whole(&desk, &format!("resume {first} --yes")).exits(0);
    assert_eq!(desk.pbx.numbers().len(), 120);
    let undo = "undo --yes --max-deletes all";
    whole(&desk, &format!("{undo} {newer} --report u.csv")).exits(1);
    assert_eq!(desk.pbx.numbers().len(), 120);
    let why = format!("run {first} has made it anew since; rowcall did not change it");
    assert_eq!(desk.report("u.csv")[0]["message"], why);
    // Rows whose reply was awaited when it was stopped may be left; the last is none of them.
    whole(&desk, &format!("{undo} {first}"));
    assert!(!desk.pbx.numbers().contains(&last.to_owned()));
}

#[test]
fn a_report_tells_when_its_run_began_and_ended_and_how_long_it_was_at_work() {
    let desk = desk(60);
    stopped(
        &desk,
        "import in.csv --to TARGET --yes --rate 100 --parallel 4",
        |made| made >= 10,
    );
    whole(&desk, "resume --yes --report r.html").exits(0);
    whole(&desk, "report -o again.html").exits(0);
    let told = |report: &str| {
        let text = desk.read(report);
        let fact = |label: &str| {
            let fact = text.split(&format!("<dt>{label}</dt><dd>")).nth(1);
            let fact = fact.unwrap_or_else(|| panic!("{report}: {label}"));
            fact.split('<').next().unwrap().to_owned()
        };
        let took = fact("took");
        let seconds: f64 = took.trim_end_matches(" s").parse().unwrap();
        fact("resumed");
        fact("finished");
        (fact("started"), seconds)
    };
    let (resumed, again) = (told("r.html"), told("again.html"));
    assert_eq!(resumed.0, again.0);
    assert!((resumed.1 - again.1).abs() < 2.0, "{resumed:?} {again:?}");
}

#[test]
fn a_password_prompt_that_is_broken_off_leaves_the_terminal_as_it_was() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    for line in ["export hq", "doctor hq", "init"] {
        let mut command = desk.command(line);
        command.env_remove("ROWCALL_PASSWORD");
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
        let mut typist = Typist::start(&mut command);
        if line == "init" {
            typist
                .answers("by its word or its number:", "openvox")
                .answers("address, for example", "127.0.0.1:1")
                .answers("account:", "api")
                .reads("password (not shown):");
        } else {
            typist.reads("password of api at hq:");
        }
        assert!(!typist.sees_typing(), "{line}");
        typist.breaks_off();
        wait_until(|| typist.sees_typing());
        let (exit, screen) = typist.ends();
        assert_eq!(exit, 130, "{line}: {screen}");
        assert!(screen.contains("interrupted: nothing was sent"), "{screen}");
    }
}

#[test]
fn a_question_that_is_broken_off_ends_at_once_and_leaves_no_run() {
    let desk = desk(8);
    let mut command = desk.command("import in.csv --to TARGET --report r.csv --state state");
    let mut typist = Typist::start(&mut command);
    typist.reads("[y/N]");
    let begun = Instant::now();
    let (exit, screen) = typist.breaks_off().ends();
    assert!(begun.elapsed() < Duration::from_secs(60), "{screen}");
    assert_eq!(exit, 130, "{screen}");
    assert!(screen.contains("interrupted: nothing was sent"), "{screen}");
    assert!(!screen.contains("settled"), "{screen}");
    assert_eq!(desk.results("r.csv"), ["not_sent"; 8]);
    assert_eq!(desk.runs("state"), [""; 0]);
    assert!(desk.pbx.numbers().is_empty());
    let names = fs::read_dir(desk.folder()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let half: Vec<String> = names
        .filter(|name| name.contains("r.csv") && name != "r.csv")
        .collect();
    assert_eq!(half, [""; 0]);
}

#[test]
fn an_export_that_is_interrupted_says_what_is_true_of_it() {
    let desk = desk(120);
    whole(&desk, "import in.csv --to TARGET --yes --rate 5000").exits(0);
    desk.pbx.faults("latency_ms=400");
    let mut command = desk.command("export TARGET -o out.csv --parallel 1 --batch 1");
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    signal(&child, "INT");
    let ran = ran("export", child.wait_with_output().unwrap()).exits(130);
    let ran = ran.says(&["interrupted: nothing more is read, and nothing was changed on a PBX"]);
    for untrue in ["sent", "hint", "port"] {
        let words = ran.err.replace("passwords are sent", "");
        assert!(!words.contains(untrue), "{untrue}: {words}");
    }
}

#[test]
fn an_undo_that_is_only_shown_says_when_it_is_interrupted_that_nothing_was_changed() {
    let desk = desk(40);
    let import = "import in.csv --to TARGET --yes --rate 1000 --parallel 1 --batch 1";
    whole(&desk, import).exits(0);
    desk.pbx.faults("latency_ms=400");
    let mut command = desk.command("undo --dry-run --state state --key key");
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    signal(&child, "INT");
    let ran = ran("undo --dry-run", child.wait_with_output().unwrap()).exits(130);
    let ran = ran.says(&["interrupted: nothing more is read, and nothing was changed on a PBX"]);
    assert!(!ran.err.contains("was sent"), "{}", ran.err);
}

#[test]
fn an_undo_that_was_stopped_says_so_of_rows_that_were_not_sent() {
    let desk = Desk::new("openvox");
    let sheet = desk.sample(40);
    let sheet = sheet.display();
    whole(
        &desk,
        &format!("import {sheet} --to TARGET --yes --rate 1000"),
    );
    let delete = format!("delete {sheet} --from TARGET --yes --max-deletes all --rate 1000");
    whole(&desk, &delete).exits(0);
    stopped(&desk, "undo --yes --report u.csv", |made| made >= 3);
    let mut rows = desk.report("u.csv");
    rows.retain(|row| row["result"] == "not_sent");
    assert!(!rows.is_empty());
    for row in rows {
        let is_why = row["message"].contains("interrupted before it");
        assert!(is_why && row["code"] == "not_sent", "{row:?}");
    }
    // Once they are put back, their words are those of all others.
    whole(&desk, "resume --yes --report v.csv").exits(1);
    for row in desk.report("v.csv") {
        let is_why = row["message"].contains("cannot be put back");
        assert!(is_why && row["code"] == "undo.partial", "{row:?}");
        assert_eq!(row["result"], "differs");
    }
}

/// The reason for which a row can be put back in part alone is its own, and is its own still after a stop.
#[test]
fn an_undo_that_is_gone_on_with_tells_each_row_its_own_reason() {
    let desk = Desk::new("yeastar_p");
    let row = |number: u32| format!("{number},Ann,Xk39vTq2Lm{number},on,ivr\n");
    let rows: String = (2001..2041).map(row).collect();
    let headings = "number,first_name,sip_password,forward_busy,forward_busy_to";
    desk.write("in.csv", format!("{headings}\n{rows}"));
    whole(&desk, "import in.csv --to TARGET --yes --rate 1000").exits(0);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all --rate 1000";
    whole(&desk, delete).exits(0);
    stopped(&desk, "undo --yes --report u.csv", |made| made >= 3);
    let waiting = desk.results("u.csv");
    assert!(waiting.iter().any(|result| result == "not_sent"));
    whole(&desk, "resume --yes --report v.csv").exits(1);
    whole(&desk, "report -o again.csv");
    for row in [desk.report("v.csv"), desk.report("again.csv")].concat() {
        let told = (&*row["result"], &*row["code"], &*row["message"]);
        let why = "cannot be put back, because the vendor does not give it back (web_password), or because it was read in a form that cannot be written (forward_busy, forward_busy_to)";
        assert_eq!(told, ("differs", "undo.partial", why));
    }
}

#[test]
fn a_row_of_which_nothing_reached_the_pbx_waits_to_be_sent() {
    let mut desk = desk(120);
    let line = "import in.csv --to TARGET --yes --rate 100 --report r.csv --state state --key key";
    let mut child = desk.command(line).stdout(Stdio::null()).spawn().unwrap();
    wait_until(|| desk.pbx.numbers().len() >= 10);
    desk.pbx.stop();
    assert!(!child.wait().unwrap().success());
    let rows = desk.report("r.csv").into_iter();
    let mut refused: Vec<usize> = rows
        .enumerate()
        .filter(|(_, row)| row["code"] == "link.refused" && row["result"] == "failed")
        .map(|(at, _)| at)
        .collect();
    assert!(!refused.is_empty());
    whole(&desk, "report -o again.csv");
    let again = desk.report("again.csv");
    refused.retain(|at| again[*at]["result"] != "not_sent");
    assert_eq!(refused, [0; 0], "{again:?}");
}

#[test]
fn a_resume_that_does_not_begin_leaves_the_run_the_reason_of_its_end() {
    let mut desk = desk(120);
    let line = "import in.csv --to TARGET --yes --rate 100 --parallel 4";
    stopped(&desk, line, |made| made >= 10);
    for is_broken_off in [true, false] {
        let mut command = desk.command("resume --state state --key key");
        let mut typist = Typist::start(&mut command);
        match is_broken_off {
            true => typist.reads("[y/N]").breaks_off().ends(),
            false => typist.answers("[y/N]", "n").ends(),
        };
        let listed = whole(&desk, "runs --json").out;
        assert!(!listed.contains("nothing was sent"), "{listed}");
        assert!(listed.contains("\"interrupted\""), "{listed}");
    }
    desk.pbx.stop();
    whole(&desk, "resume --yes").exits(3);
    let listed = whole(&desk, "runs --json").out;
    assert!(listed.contains("\"interrupted\""), "{listed}");
}
