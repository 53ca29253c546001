//! Runs on the page of `rowcall serve` whose ledgers the terminal goes on with, and folders with what is no file.

use crate::support::altered::{altered, contains};
use crate::support::open_page::{OpenPage, exchange, long_sheet, opened, opened_with_pbx};
use crate::support::pbx::TestPbx;
use crate::support::program::{Program, signal, wait_until};
use rowcall::vendors::vendor;
use rowcall::wire::Reply;
use std::thread;
use std::time::Duration;

/// A page whose run was paused.
struct PausedRun {
    page: OpenPage,
    run: String,
    program: Program,
    pbx: TestPbx,
}

impl PausedRun {
    fn new() -> PausedRun {
        let (pbx, program, mut page) = opened_with_pbx();
        let config = pbx.config("hq");
        program.write("rowcall.toml", config.replace("100000/s", "20/s"));
        let watch = page.long_run();
        wait_until(|| pbx.numbers().len() > 3);
        page.halt(&watch, "pause");
        let paused = page.wait();
        assert!(paused.contains("The run is paused."), "{paused}");
        assert!(paused.contains(" left</strong>"), "{paused}");
        program.write("rowcall.toml", config);
        PausedRun {
            run: page.hidden(&paused, "resume", "run"),
            page,
            program,
            pbx,
        }
    }

    /// The run's ledger, as another program has it.
    fn ledger(&self) -> rusqlite::Connection {
        let runs = self.program.path("state/runs");
        let ledger = runs.join(&self.run).join("ledger.sqlite");
        rusqlite::Connection::open(ledger).unwrap()
    }
}

#[test]
fn the_result_is_what_the_terminal_has_made_of_the_run() {
    let mut desk = PausedRun::new();
    let run = &desk.run;
    desk.program.ends(&format!("resume {run} --yes"), 0);
    let whole = desk.page.get("result");
    for words in ["Every row is done.", "120 created"] {
        assert!(whole.contains(words), "{whole}");
    }
    for words in ["The run is paused.", "Let the run go on", " left</strong>"] {
        assert!(!whole.contains(words), "{words}: {whole}");
    }
    desk.program.ends(&format!("undo {run} --yes"), 0);
    let undone = desk.page.get("result");
    assert!(undone.contains("This run was undone since"), "{undone}");
    assert!(!undone.contains("Every row is done."), "{undone}");
    desk.page.close();
}

#[test]
fn of_a_run_that_was_undone_nothing_is_left_to_undo_though_the_pbx_had_refused_a_row() {
    let refusal = r#"{"status":"Failed","errno":"20003"}"#;
    let rig = altered(vendor("openvox").unwrap(), move |pbx, heard| {
        match contains(heard, "2002") && heard.path().ends_with("extension/add") {
            true => Reply::new(200, "application/json", refusal.as_bytes().to_vec()),
            false => pbx.answer(heard),
        }
    });
    let pbx = TestPbx::serving(rig);
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let mut page = OpenPage::open(&program, "");
    let sheet = "number,sip_password\n2001,Canary7731aB\n2002,Canary7731aC\n";
    let rows = page.rows("a.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    assert!(result.contains("1 rejected"), "{result}");
    let run = page.hidden(&result, "undo", "run");
    program.ends(&format!("undo {run} --yes"), 0);
    assert!(pbx.numbers().is_empty());
    for seen in [page.get("result"), page.get(&format!("run?run={run}"))] {
        assert!(seen.contains("This run was undone since"), "{seen}");
        assert!(!seen.contains("Undo the run"), "{seen}");
    }
    page.close();
}

#[test]
fn a_run_that_was_undone_is_not_resumed_on_the_terminal_either() {
    let mut desk = PausedRun::new();
    let run = &desk.run;
    desk.program.ends(&format!("undo {run} --yes"), 0);
    assert!(desk.pbx.numbers().is_empty());
    for more in ["", " --json"] {
        let refused = desk.program.ends(&format!("resume {run} --yes{more}"), 2);
        refused.says(&["was taken back since by run", "begin a new run"]);
    }
    let told = desk.page.get("result");
    assert!(told.contains("was taken back since by run"), "{told}");
    assert!(!told.contains("Let the run go on"), "{told}");
    assert!(desk.pbx.numbers().is_empty());
    // The undo taken back, it is as it was.
    let undo = told.split("taken back since by run ").nth(1).unwrap();
    let undo = undo.split(' ').next().unwrap();
    desk.program.run(&format!("undo {undo} --yes"));
    desk.program.ends(&format!("resume {run} --yes"), 0);
    assert_eq!(desk.pbx.numbers().len(), 120);
    desk.page.close();
}

#[test]
fn lists_of_runs_say_how_many_rows_are_left_and_offer_nothing_of_a_run_that_was_undone() {
    let mut desk = PausedRun::new();
    let listed = |desk: &PausedRun| {
        let told = desk.program.ends("runs", 0).out;
        let line = told.lines().find(|line| line.contains(&desk.run));
        line.unwrap().to_owned()
    };
    let stopped = listed(&desk);
    assert!(
        stopped.contains("to be resumed") && stopped.contains(" left"),
        "{stopped}"
    );
    let start = desk.page.get("");
    for words in [" left</td>", "Look at it, and let it go on"] {
        assert!(start.contains(words), "{words}: {start}");
    }
    let run = &desk.run;
    desk.program.ends(&format!("undo {run} --yes"), 0);
    let undone = listed(&desk);
    assert!(
        undone.contains("undone") && !undone.contains("resumed"),
        "{undone}"
    );
    let shown = desk.program.ends(&format!("runs show {run} --json"), 0);
    assert_eq!(shown.summary()["state"], "undone");
    let start = desk.page.get("");
    assert!(start.contains("<td>undone</td>"), "{start}");
    assert!(!start.contains("let it go on"), "{start}");
    desk.page.close();
}

#[test]
fn others_are_answered_while_the_ledger_of_a_run_is_read() {
    let desk = PausedRun::new();
    let (page, run) = (&desk.page, &desk.run);
    let other = desk.ledger();
    let keep = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE";
    other.execute_batch(keep).unwrap();
    let paths = [
        format!("run?run={run}"),
        format!("report?run={run}"),
        "result".to_owned(),
        "runs".to_owned(),
    ];
    thread::scope(|scope| {
        let seen = paths
            .each_ref()
            .map(|path| scope.spawn(|| page.reply(path)));
        thread::sleep(Duration::from_millis(500));
        assert_eq!(page.reply("doctor").status, 200);
        let waiting = seen.iter().filter(|seen| !seen.is_finished()).count();
        assert_eq!(waiting, paths.len(), "they wait for the ledger");
        drop(other);
        for seen in seen {
            let reply = seen.join().unwrap();
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    });
    desk.page.close();
}

#[test]
fn a_row_is_taken_out_put_back_and_told() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let row = |number: u32, name: &str| format!("{number},{name},Canary7731a{name}\n");
    let sheet = [row(2001, "Ann"), row(2002, "Bo"), row(2001, "Cy")].concat();
    let sheet = format!("number,display_name,sip_password\n{sheet}");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    assert!(rows.contains("2 of 3 rows can go, 1 cannot"), "{rows}");
    let rows = page.take_out(&rows, "2");
    assert!(rows.contains("2 of 2 rows can go, 0 cannot"), "{rows}");
    let rows = page.take_out(&rows, "0");
    assert!(rows.contains("1 of 1 rows can go"), "{rows}");
    assert!(rows.contains("2 rows taken out by hand"), "{rows}");
    // The cells of the rows that are left are still their own.
    let rows = page.edit(&rows, "0", "1", "Bob");
    let put = [("do", "put"), ("sheet", "0"), ("position", "0")];
    let rows = page.post(&rows, "rows", &put);
    assert!(rows.contains("2 of 2 rows can go, 0 cannot"), "{rows}");
    let plan = page.plan(&rows);
    let told = "taken out by hand: 1 row: staff.csv:4";
    assert!(plan.contains(told), "{plan}");
    let result = page.go(&plan);
    assert!(result.contains("Every row is done."), "{result}");
    assert!(result.contains(told), "{result}");
    assert_eq!(pbx.numbers(), ["2001", "2002"]);
    let run = page.hidden(&result, "undo", "run");
    let report = page.get(&format!("report?run={run}"));
    let report = report.replace("<wbr>", "");
    let fact = "<dt>taken out by hand</dt><dd>1 row: staff.csv:4</dd>";
    for words in [fact, "Bob", "Ann"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    // Each row of the sheet has its line, also the one that was taken out.
    let out = report.split("taken_out").count();
    assert!(out > 1 && report.contains("Cy"), "{report}");
    page.close();
}

#[test]
fn rows_that_were_taken_out_stay_out_when_the_corrections_are_taken_back() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let row = |number: u32, name: &str| format!("{number},{name},Canary7731a{name}\n");
    let sheet = [row(2001, "Ann"), row(2002, "Bo"), row(2003, "Cy")].concat();
    let sheet = format!("number,display_name,sip_password\n{sheet}");
    page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let rows = page.get("rows?show=all&edit=1");
    let rows = page.take_out(&rows, "1");
    let rows = page.edit(&rows, "1", "1", "Cyd");
    assert!(rows.contains("1 corrected cell"), "{rows}");
    let rows = page.post(&rows, "rows", &[("do", "back")]);
    assert!(!rows.contains("corrected cell"), "{rows}");
    assert!(rows.contains("1 row taken out by hand"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains("2 to create"), "{plan}");
    page.go(&plan);
    assert_eq!(pbx.numbers(), ["2001", "2003"]);
    page.close();
}

#[test]
fn it_is_told_that_rows_are_back_where_the_file_is_read_otherwise() {
    let (_program, mut page) = opened();
    let sheet = "number,display_name,sip_password\n2001,Ann,Canary7731aB\n2002,Bo,Canary7731aC\n";
    let target = [("target", "sim:openvox")];
    let back = "the rows that were taken out by hand are back";
    let corrected = "the corrections were taken back";
    page.rows("staff.csv", sheet.as_bytes(), &target);
    let rows = page.get("rows?show=all&edit=0");
    page.take_out(&rows, "0");
    let headings = page.get("headings");
    let short = [("do", "go"), ("short", "on")];
    let told = page.post(&headings, "headings", &short);
    assert!(told.contains(back) && !told.contains(corrected), "{told}");
    let rows = page.post(&told, "headings", &short);
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    let rows = page.get("rows?show=all&edit=0");
    page.edit(&rows, "0", "1", "Anna");
    let headings = page.get("headings");
    let told = page.post(&headings, "headings", &[("do", "go")]);
    assert!(!told.contains(back) && told.contains(corrected), "{told}");
    page.close();
}

#[test]
fn a_title_that_forbids_the_rows_below_it_is_taken_out() {
    let (_program, mut page) = opened();
    let sheet = "number,display_name,sip_password\n2001,Ann,Canary7731aB\nnicht anlegen,,\n2002,Bo,Canary7731aC\n";
    let target = [("target", "sim:openvox")];
    let rows = page.rows("staff.csv", sheet.as_bytes(), &target);
    assert!(rows.contains("2 of 3 rows can go, 1 cannot"), "{rows}");
    let told = page.plan(&rows);
    assert!(told.contains("no extensions are to be made"), "{told}");
    let rows = page.take_out(&told, "1");
    let plan = page.plan(&rows);
    assert!(plan.contains("2 to create"), "{plan}");
    page.close();
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_of_an_archive_is_refused() {
    use std::fs;
    use std::process::Command;
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    pbx.seed(&[pbx.small("0041")]);
    program.ends("export hq --archive nights", 0);
    pbx.seed(&[pbx.small("0042")]);
    program.ends("export hq --archive nights", 0);
    let mut page = OpenPage::open(&program, "");
    let folder = program.path("nights");
    let listed = format!("archive?folder={}", folder.display());
    let seen = page.get(&listed);
    let mut entries = seen.split("name=\"after\" value=\"").skip(1);
    let mut entry = || entries.next().unwrap().split('"').next().unwrap();
    let (after, before) = (entry(), entry());
    let compared = format!("{listed}&target=hq&before={before}&after={after}");
    let seen = page.get(&compared);
    assert!(seen.contains("0042"), "{seen}");
    let pipe = |path: &std::path::Path| {
        fs::remove_file(path).unwrap();
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let snapshots = fs::read_dir(folder.join("hq")).unwrap();
    let mut snapshots = snapshots.map(|entry| entry.unwrap().path());
    let is_snapshot = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "csv");
    pipe(&snapshots.find(is_snapshot).unwrap());
    let told = page.get(&compared);
    assert!(told.contains("it is a pipe or a device"), "{told}");
    pipe(&folder.join("hq/manifest.jsonl"));
    for path in [listed.clone(), format!("{listed}&verify=on")] {
        let told = page.get(&path);
        assert!(told.contains("it is a pipe or a device"), "{told}");
    }
    page.close();
    program
        .ends("archive verify nights", 2)
        .says(&["it is a pipe or a device"]);
    program
        .run("export hq --archive nights")
        .exits(2)
        .says(&["it is a pipe or a device"]);
}

#[test]
fn a_row_that_was_taken_out_is_told_beside_the_corrected_sheet() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let numbers: Vec<String> = (2000..2020).map(|number| number.to_string()).collect();
    let there: Vec<_> = numbers.iter().map(|number| pbx.small(number)).collect();
    pbx.seed(&there);
    let mut page = OpenPage::open(&program, "");
    let lines = numbers.iter().map(|number| format!("{number},Ann\n"));
    let sheet = format!("number,display_name\n{}", lines.collect::<String>());
    let target = [("target", "hq"), ("mode", "update")];
    let rows = page.rows("staff.csv", sheet.as_bytes(), &target);
    assert!(rows.contains("20 of 20 rows can go"), "{rows}");
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.edit(&rows, "0", "1", "Bo");
    let way = "import the corrected sheet on the terminal";
    let told = "taken out by hand and still in it: 1 row";
    assert!(!rows.contains(told), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains(way), "{plan}");
    let rows = page.get("rows?show=all&edit=1");
    let rows = page.take_out(&rows, "1");
    assert!(rows.contains(told), "{rows}");
    let plan = page.plan(&rows);
    let told = "taken out by hand and still in the corrected sheet: 1 row; ";
    assert!(plan.contains(told), "{plan}");
    assert!(!plan.contains(way), "{plan}");
    page.close();
}

#[test]
fn a_result_that_another_one_has_followed_leads_to_that_one() {
    let mut desk = PausedRun::new();
    let start = desk.page.get("");
    let result = {
        let (host, page) = (desk.page.host.clone(), &desk.page);
        let (base, cookie) = (page.base.clone(), page.cookie.clone());
        let get = format!(
            "GET {base}result HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        );
        move || exchange(&host, get.as_bytes())
    };
    let ledger = desk.ledger();
    let keep = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE";
    ledger.execute_batch(keep).unwrap();
    let seen = thread::spawn(result);
    thread::sleep(Duration::from_millis(500));
    let page = &mut desk.page;
    let sheet = b"number,sip_password\n0041,Canary7731aB\n";
    let target = page.send_sheet(&start, "other.csv", sheet);
    let headings = page.post(&target, "target", &[("target", "sim:openvox")]);
    let rows = page.post(&headings, "headings", &[("do", "go")]);
    let plan = page.plan(&rows);
    page.go(&plan);
    drop(ledger);
    let seen = seen.join().unwrap();
    assert_eq!(seen.status, 303, "{}", seen.body);
    let whole = page.follow(seen);
    assert!(whole.contains("Every row is done."), "{whole}");
    desk.page.close();
}

#[test]
fn a_newer_stop_and_a_ledger_that_cannot_be_read_are_told_on_the_result() {
    let mut desk = PausedRun::new();
    let told = desk.page.get("result");
    assert!(told.contains("The run is paused."), "{told}");
    let newer = "INSERT INTO events (at, what, why) VALUES ('2026-11-28T20:14:00Z', 'ended', 'the disk was full')";
    desk.ledger().execute_batch(newer).unwrap();
    let told = desk.page.get("result");
    for words in ["The run is not finished.", "the disk was full"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("The run is paused."), "{told}");
    let path = desk.ledger().path().unwrap().to_owned();
    std::fs::write(path, "no ledger").unwrap();
    let told = desk.page.get("result");
    for words in ["role=\"alert\"", "The run is paused.", " created"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    desk.page.close();
}

#[test]
fn a_run_whose_rejects_cannot_be_read_is_not_left_as_if_it_was_at_work() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    let config = pbx.config("hq").replace("100000/s", "20/s");
    program.write("rowcall.toml", config);
    program.write("staff.csv", long_sheet() + ",x\n");
    let import = "import staff.csv --to hq --yes --rejects rejects.csv";
    let mut child = program.command(import).spawn().unwrap();
    wait_until(|| pbx.numbers().len() > 3);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let runs = std::fs::read_dir(program.path("state/runs")).unwrap();
    let folder = runs.map(|run| run.unwrap().path()).find(|it| it.is_dir());
    let folder = folder.unwrap();
    let run = folder.file_name().unwrap().to_str().unwrap();
    let ledger = rusqlite::Connection::open(folder.join("ledger.sqlite")).unwrap();
    let broken = "UPDATE originals SET sealed = x'00'";
    assert!(ledger.execute(broken, []).unwrap() > 0);
    drop(ledger);
    program.run(&format!("resume {run} --yes"));
    let told = program.ends(&format!("runs show {run}"), 0);
    assert!(told.out.contains("to be resumed"), "{}", told.out);
}

/// A run of 120 rows whose undo was paused on the page: where that is, the run, the undo.
fn paused_undo() -> ((TestPbx, Program, OpenPage), String, String) {
    let (pbx, program, mut page) = opened_with_pbx();
    page.long_run();
    let result = page.wait();
    assert!(result.contains("120 created"), "{result}");
    let run = page.hidden(&result, "undo", "run");
    let config = pbx.config("hq");
    program.write("rowcall.toml", config.replace("100000/s", "20/s"));
    let watch = page.post(&result, "undo", &[("run", &run), ("meant", "on")]);
    wait_until(|| pbx.numbers().len() < 117);
    page.halt(&watch, "pause");
    let paused = page.wait();
    assert!(paused.contains("The run is paused."), "{paused}");
    program.write("rowcall.toml", config);
    let undo = page.hidden(&paused, "resume", "run");
    ((pbx, program, page), run, undo)
}

#[test]
fn an_undo_that_deletes_goes_on_only_when_that_is_meant() {
    let ((pbx, _program, mut page), _, undo) = paused_undo();
    let left = pbx.numbers().len();
    let seen = page.get(&format!("run?run={undo}"));
    let question = format!("Let run {undo} go on, which deletes extensions on");
    assert!(seen.contains(&question), "{seen}");
    let unasked = page.post(&seen, "resume", &[("run", &undo)]);
    assert!(unasked.contains(&question), "{unasked}");
    assert_eq!(pbx.numbers().len(), left);
    page.post(&seen, "resume", &[("run", &undo), ("meant", "on")]);
    let whole = page.wait();
    assert!(whole.contains("Every row is done."), "{whole}");
    assert!(pbx.numbers().is_empty());
    page.close();
}

#[test]
fn an_undo_does_not_go_on_with_what_another_undo_has_taken_back() {
    let ((pbx, program, mut page), run, undo) = paused_undo();
    let before = page.get(&format!("run?run={undo}"));
    program.ends(&format!("undo {run} --yes --max-deletes all"), 0);
    assert!(pbx.numbers().is_empty());
    // A newer run makes the same extensions.
    program.write("anew.csv", long_sheet());
    program.ends("import anew.csv --to hq --yes", 0);
    assert_eq!(pbx.numbers().len(), 120);
    let told = page.post(&before, "resume", &[("run", &undo), ("meant", "on")]);
    let why = format!("has taken back meanwhile what run {undo} had left");
    for seen in [told, page.get(&format!("run?run={undo}"))] {
        assert!(seen.contains(&why), "{seen}");
        assert!(!seen.contains("Let the run go on"), "{seen}");
        assert!(seen.contains("overtaken by another undo"), "{seen}");
    }
    let refused = program.ends(&format!("resume {undo} --yes"), 2);
    refused.says(&[&why, &format!("rowcall undo {run} takes back what is left")]);
    let listed = program.ends("runs", 0).out;
    let line = listed.lines().find(|line| line.contains(&undo)).unwrap();
    assert!(line.contains("overtaken"), "{line}");
    let shown = program.ends(&format!("runs show {undo} --json"), 0);
    assert_eq!(shown.summary()["state"], "overtaken");
    assert_eq!(pbx.numbers().len(), 120);
    page.close();
}

#[test]
fn a_rehearsal_in_which_every_row_is_done_has_no_rejects() {
    let (_program, mut page) = opened();
    let words = "the rows that are not done";
    let mut result = |rows: &str| {
        let sheet = format!("number,sip_password\n{rows}");
        let rows = page.rows("a.csv", sheet.as_bytes(), &[("target", "sim:openvox")]);
        let plan = page.plan(&rows);
        page.go(&plan)
    };
    let whole = result("2001,Canary7731aB\n");
    assert!(whole.contains("Every row is done."), "{whole}");
    assert!(!whole.contains(words), "{whole}");
    let some = result("2001,Canary7731aB\n2002,x y\n");
    assert!(some.contains(words), "{some}");
    page.close();
}

#[test]
fn where_all_rows_were_taken_out_none_is_said_to_be_marked() {
    let (_program, mut page) = opened();
    let sheet = "number,sip_password\n2001,Canary7731aB\n";
    page.rows("a.csv", sheet.as_bytes(), &[("target", "sim:openvox")]);
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.take_out(&rows, "0");
    assert!(rows.contains("all were taken out by hand"), "{rows}");
    assert!(!rows.contains("marked in red"), "{rows}");
    page.close();
}
