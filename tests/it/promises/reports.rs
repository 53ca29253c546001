//! Reports and rejects take their place whole, belong to one run, and are left alone by every other one.

use crate::support::pbx::Desk;
use crate::support::program::{ran, signal, wait_until};
use std::fs;
use std::path::{Path, PathBuf};

/// The files in a folder that are not whole yet.
fn hidden(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let is_hidden = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(".rowcall-")
    };
    files.filter(is_hidden).collect()
}

/// Rows of which some are invalid.
fn sheet(desk: &Desk, numbers: std::ops::Range<u32>, invalid: &[u32]) {
    let rows = numbers.map(|number| {
        let secret = if invalid.contains(&number) {
            ""
        } else {
            "Canary7731aB"
        };
        format!("{number},Ann {number},{secret},room {number}\n")
    });
    let rows: String = rows.collect();
    desk.write(
        "in.csv",
        format!("number,display_name,sip_password,Notes\n{rows}"),
    );
}

const IMPORT: &str = "import in.csv --to TARGET --map Notes=- --report r.csv --rejects bad.csv --rate 100 --parallel 4";

#[test]
fn killed_it_leaves_the_old_report_and_what_it_had_is_named_and_removed_by_the_next() {
    for file in ["r.csv", "r.jsonl"] {
        let desk = Desk::new("openvox");
        desk.sheet("in.csv", &desk.small(2001..2201));
        desk.write(file, "somebody's");
        desk.pbx.faults("latency_ms=10");
        let line = format!("import in.csv --to TARGET --report {file} --rate 200 --parallel 4");
        let mut child = desk.command(&line).spawn().unwrap();
        let written = || {
            let text = hidden(desk.folder()).first().map(fs::read_to_string);
            text.and_then(Result::ok).unwrap_or_default()
        };
        wait_until(|| written().lines().count() > 30);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(desk.read(file), "somebody's");
        // It is whole lines up to the last one.
        let text = written();
        assert!(text.ends_with('\n'), "{text}");
        let left = hidden(desk.folder()).pop().unwrap();
        let readable = desk.path(&format!("left-{file}"));
        fs::copy(&left, &readable).unwrap();
        let rows = desk.report(&format!("left-{file}"));
        assert!((20..120).contains(&rows.len()), "{}", rows.len());
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row["row"], (index + 1).to_string());
            assert_eq!(row["result"], "created");
            assert_eq!(desk.pbx.sim.created(&row["number"]), 1);
        }
        desk.pbx.faults("");
        let name = left.file_name().unwrap().to_str().unwrap();
        desk.run("resume").exits(0).says(&["removed", name, file]);
        assert_eq!(hidden(desk.folder()), Vec::<PathBuf>::new());
        assert_eq!(desk.results(file), vec!["created"; 200]);
        let made = desk.pbx.sim.numbers();
        assert!(made.iter().all(|number| desk.pbx.sim.created(number) == 1));
    }
}

#[test]
fn while_a_run_is_at_work_its_report_is_not_there_yet_and_a_second_run_does_not_touch_it() {
    for (name, exit) in [("INT", 130), ("TERM", 130)] {
        let desk = Desk::new("openvox");
        sheet(&desk, 2001..2201, &[2003]);
        desk.write("r.csv", "of yesterday")
            .write("bad.csv", "of yesterday");
        desk.pbx.faults("latency_ms=20");
        let child = desk.command(IMPORT).spawn().unwrap();
        wait_until(|| desk.pbx.sim.numbers().len() >= 10);
        assert_eq!(hidden(desk.folder()).len(), 2);
        let second = desk.run(IMPORT).exits(3);
        second.says(&[
            "another run is at work",
            "report: r.csv is not overwritten",
            "rejects: bad.csv is not overwritten",
        ]);
        assert_eq!(
            (desk.read("r.csv"), desk.read("bad.csv")),
            ("of yesterday".into(), "of yesterday".into())
        );
        assert_eq!(hidden(desk.folder()).len(), 2);
        // A name of its own has every row that it read.
        desk.run(&format!("{IMPORT} --report second.csv")).exits(3);
        assert_eq!(desk.results("second.csv").len(), 200);
        signal(&child, name);
        ran(name, child.wait_with_output().unwrap())
            .exits(exit)
            .says(&["report: r.csv"]);
        let results = desk.results("r.csv");
        assert_eq!(
            (results.len(), results[2].as_str(), results[199].as_str()),
            (200, "invalid", "not_sent")
        );
        let done = results.iter().filter(|result| *result == "created").count();
        assert_eq!(desk.read("bad.csv").lines().count(), 1 + 200 - done);
        assert_eq!(hidden(desk.folder()), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_command_that_is_refused_leaves_the_reports_of_runs_alone_and_says_so() {
    let desk = Desk::new("openvox");
    sheet(&desk, 2001..2021, &[2003]);
    desk.run(IMPORT).exits(1);
    let (report, rejects) = (desk.read("r.csv"), desk.read("bad.csv"));
    desk.write(
        "more.csv",
        "number,display_name,sip_password\n2001,Bob,Canary7731aB\n2002,Bob,Canary7731aB\n",
    );
    desk.write("no-key", "junk").write(
        "new.csv",
        "number,display_name,sip_password\n2050,Bob,Canary7731aB\n",
    );
    let refused = [
        // The guard.
        (
            "import more.csv --to TARGET --mode upsert --max-updates 1",
            4,
            2,
        ),
        ("delete more.csv --from TARGET --yes --max-deletes 1", 4, 2),
        // Sealing is impossible.
        ("import new.csv --to TARGET --key no-key", 2, 1),
    ];
    for (line, exit, rows) in refused {
        let ran = desk
            .run(&format!("{line} --report r.csv --rejects bad.csv --json"))
            .exits(exit);
        assert_eq!(ran.summary()["rows"], rows, "{line}: {}", ran.err);
        let ran = ran.says(&[
            "report: r.csv is not overwritten",
            "rejects: bad.csv is not overwritten",
        ]);
        assert!(!ran.err.contains("resume"), "{}", ran.err);
        assert_eq!(desk.read("r.csv"), report, "{line}");
        assert_eq!(desk.read("bad.csv"), rejects, "{line}");
        assert_eq!(hidden(desk.folder()), Vec::<PathBuf>::new(), "{line}");
        desk.run(&format!("{line} --report own.csv")).exits(exit);
        assert_eq!(desk.results("own.csv").len(), rows, "{line}");
        fs::remove_file(desk.path("own.csv")).unwrap();
    }
    let mut wrong = desk.command(IMPORT);
    let wrong = wrong
        .env("ROWCALL_PASSWORD", "Canary9999zz")
        .output()
        .unwrap();
    ran("a wrong password", wrong)
        .exits(3)
        .says(&["report: r.csv is not overwritten"]);
    assert_eq!(
        (desk.read("r.csv"), desk.read("bad.csv")),
        (report, rejects)
    );

    // A path that belongs to no run takes the results of a command that only rows stopped.
    desk.run("import in.csv --to TARGET --map Notes=- --all-or-nothing --report all.csv")
        .exits(1);
    assert_eq!(desk.results("all.csv").len(), 20);
}

#[test]
fn a_plan_that_moved_leaves_the_reports_of_runs_alone() {
    let desk = Desk::new("openvox");
    desk.write(
        "in.csv",
        "number,display_name,sip_password\n2001,Ann,Canary7731aB\n",
    );
    desk.go("import in.csv --to TARGET --report r.csv").exits(0);
    let report = desk.read("r.csv");
    desk.write("two.csv", "number,display_name\n2001,Bob\n");
    desk.go("plan two.csv --to TARGET --mode update -o plan.json")
        .exits(0);
    desk.write("three.csv", "number,display_name\n2001,Carl\n");
    desk.go("import three.csv --to TARGET --mode update")
        .exits(0);
    let moved = desk.go("import --plan plan.json --report r.csv --json");
    assert_ne!(moved.exit, 0);
    assert_eq!(moved.count("drifted"), 1);
    moved.says(&["report: r.csv is not overwritten"]);
    assert_eq!(desk.read("r.csv"), report);
    desk.go("import --plan plan.json --report own.csv");
    assert_eq!(desk.results("own.csv"), ["drifted"]);
}

#[test]
fn a_resumed_run_goes_on_with_its_own_report_and_rejects() {
    let desk = Desk::new("openvox");
    sheet(&desk, 2001..2101, &[2002, 2090]);
    desk.pbx.faults("latency_ms=20");
    let mut child = desk.command(IMPORT).spawn().unwrap();
    wait_until(|| desk.pbx.sim.numbers().len() >= 10);
    child.kill().unwrap();
    child.wait().unwrap();
    desk.pbx.faults("");
    // The run has its own rows, without the sheet.
    fs::remove_file(desk.path("in.csv")).unwrap();
    desk.run("resume")
        .exits(1)
        .says(&["report: ", "rejects: ", "bad.csv (2 rows"]);
    assert_eq!(desk.results("r.csv").len(), 100);
    let rejects = desk.read("bad.csv");
    let lines: Vec<&str> = rejects.lines().collect();
    assert_eq!(lines.len(), 3, "{rejects}");
    assert!(
        lines[0].starts_with("number,display_name,sip_password,Notes,rowcall_place"),
        "{rejects}"
    );
    assert!(
        lines[1].starts_with("2002,Ann 2002,,room 2002,"),
        "{rejects}"
    );
    assert!(
        lines[2].starts_with("2090,Ann 2090,,room 2090,"),
        "{rejects}"
    );
    // Once corrected, it is fed straight back.
    desk.write("bad.csv", rejects.replace(",,room", ",Canary7731aB,room"));
    desk.run("import bad.csv --to TARGET --map Notes=-")
        .exits(0);
    assert_eq!(desk.pbx.numbers().len(), 100);
}

#[test]
fn a_resumed_run_never_writes_over_what_is_a_newer_runs_by_now() {
    let desk = Desk::new("openvox");
    sheet(&desk, 2001..2101, &[2002]);
    desk.pbx.faults("latency_ms=20");
    let mut child = desk.command(IMPORT).spawn().unwrap();
    wait_until(|| desk.pbx.sim.numbers().len() >= 10);
    child.kill().unwrap();
    child.wait().unwrap();
    desk.pbx.faults("");
    let first = desk.run("runs").out;
    let first = first
        .lines()
        .last()
        .unwrap()
        .split('|')
        .nth(1)
        .unwrap()
        .trim()
        .to_owned();
    sheet(&desk, 3001..3003, &[3002]);
    desk.run(&IMPORT.replace("r.csv", "./r.csv")).exits(1);
    let (report, rejects) = (desk.read("r.csv"), desk.read("bad.csv"));
    let resumed = desk.run(&format!("resume {first}")).exits(1);
    resumed.says(&[
        "r.csv is a newer run's by now",
        "bad.csv is a newer run's by now",
    ]);
    assert_eq!(
        (desk.read("r.csv"), desk.read("bad.csv")),
        (report, rejects)
    );
    assert_eq!(desk.pbx.numbers().len(), 100);
}

#[test]
fn where_a_ledger_a_key_or_an_output_cannot_be_used_every_row_has_its_line_and_no_hint_speaks_of_a_run()
 {
    let desk = Desk::new("openvox");
    sheet(&desk, 2001..2011, &[]);
    let first = desk
        .run("import in.csv --to TARGET --map Notes=- --state fine --key fine.key --json")
        .exits(0);
    let resume = format!("resume {}", first.name());
    sheet(&desk, 2001..2021, &[2003]);
    desk.write("gone.csv", "number\n2001\n2002\n");
    desk.run("plan in.csv --to TARGET --map Notes=- --mode upsert -o plan.json --state fine --key fine.key").exits(0);
    let other = Desk::new("ozeki");
    let config = format!("{}{}", desk.pbx.config("hq"), other.pbx.config("new"));
    desk.write("rowcall.toml", config);
    desk.write("junk", "no key").write("file", "no folder");
    fs::create_dir(desk.path("in-the-way.csv")).unwrap();
    let import = "import in.csv --to TARGET --map Notes=-";
    let lines = [
        (import, Some(20)),
        (
            "import in.csv --to TARGET --map Notes=- --mode upsert --max-updates all",
            Some(20),
        ),
        (
            "delete gone.csv --from TARGET --yes --max-deletes all",
            Some(2),
        ),
        ("import --plan plan.json", Some(20)),
        ("migrate --from hq --to new", Some(10)),
        (&*resume, Some(10)),
        ("undo --yes", Some(10)),
    ];
    let before = desk.pbx.numbers();
    let troubles = [
        "--state fine --key junk",
        "--state file --key fine.key",
        "--state fine --key fine.key --report own.csv --report in-the-way.csv",
        "--state fine --key fine.key --report no-such-folder/r.csv",
        "--state fine --key fine.key --report fine.key",
    ];
    for (line, rows) in lines {
        for trouble in troubles {
            if trouble.contains("fine.key")
                && (line == resume || line == "undo --yes")
                && trouble.contains("file")
            {
                // There is no run to be found.
                continue;
            }
            let words = format!("{line} {trouble} --json");
            let ran = desk.run(&words);
            // A run is of no use without its key.
            let of_a_run = line == resume || line == "undo --yes";
            let exit = if of_a_run && trouble.contains("junk") {
                3
            } else {
                2
            };
            assert_eq!(ran.exit, exit, "{words}: {}", ran.err);
            let summary = ran.summary();
            assert_eq!(
                summary["exit_code"], exit,
                "{words}: {}\n{}",
                ran.out, ran.err
            );
            assert!(
                line != resume || summary["run"].is_string(),
                "{words}: {}",
                ran.out
            );
            if line != resume {
                assert!(!ran.err.contains("resume"), "{words}: {}", ran.err);
                assert!(summary["run"].is_null(), "{words}: {}", ran.out);
            }
            if let Some(rows) =
                rows.filter(|_| !(line.starts_with("migrate") && trouble.contains("--report")))
            {
                assert_eq!(summary["rows"], rows, "{words}: {}", ran.err);
                if !trouble.contains("--report") {
                    desk.run(&format!("{line} {trouble} --report own.csv"))
                        .exits(exit);
                }
                if trouble.contains("own.csv") || !trouble.contains("--report") {
                    assert!(desk.path("own.csv").exists(), "{words}: {}", ran.err);
                    assert_eq!(desk.results("own.csv").len(), rows, "{words}");
                    fs::remove_file(desk.path("own.csv")).unwrap();
                }
            }
            assert_eq!(hidden(desk.folder()), Vec::<PathBuf>::new(), "{words}");
            assert_eq!(desk.pbx.numbers(), before, "{words}");
            assert!(other.pbx.numbers().is_empty(), "{words}");
        }
    }
}
