//! The files that the page of `rowcall serve` gives: of which run and of which choices they are; each row of the sheet in
//! the reports; fields that are filled in; archives that are long.

use crate::support::open_page::{OpenPage, files, opened, opened_with_pbx, run_in};
use crate::support::program::wait_until;
use std::fs;

const SIM: [(&str, &str); 1] = [("target", "sim:openvox")];

/// A sheet with so many rows from this number on.
fn sheet(first: u32, rows: u32) -> String {
    let row = |number| format!("{number},N{number},Canary7731aB{number}\n");
    let rows: String = (first..first + rows).map(row).collect();
    format!("number,display_name,sip_password\n{rows}")
}

/// The status and bytes at an address, wherever it leads.
fn bytes_at(page: &OpenPage, path: &str) -> (u16, String) {
    let reply = page.reply(path);
    (reply.status, reply.body)
}

#[test]
fn a_file_of_an_earlier_result_is_refused_and_not_replaced_by_anothers() {
    let (_program, mut page) = opened();
    let one = format!("{}x,y,z\n", sheet(3000, 1));
    let rows = page.rows("one.csv", one.as_bytes(), &SIM);
    let plan = page.plan(&rows);
    let first = page.go(&plan);
    let earlier = files(&page, &first);
    assert_eq!(earlier.len(), 3, "{first}");
    for file in &earlier {
        let (status, text) = bytes_at(&page, file);
        assert_eq!(status, 200, "{file}: {text}");
    }
    let two = format!("{}x,y,z\n", sheet(7000, 1));
    let rows = page.rows("two.csv", two.as_bytes(), &SIM);
    let gone = "that file was of an earlier result";
    let told = page.get(&earlier[0]);
    assert!(told.contains(gone), "{told}");
    let plan = page.plan(&rows);
    let second = page.go(&plan);
    for file in &earlier {
        let told = page.get(file);
        assert!(told.contains(gone), "{file}: {told}");
    }
    for file in files(&page, &second) {
        let (status, text) = bytes_at(&page, &file);
        assert!(status == 200 && !text.contains("N3000"), "{file}: {text}");
    }
    page.close();
}

#[test]
fn the_corrected_sheet_of_a_result_is_the_one_that_the_run_read() {
    let (_program, mut page) = opened();
    page.rows("staff.csv", sheet(2000, 2).as_bytes(), &SIM);
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.edit(&rows, "0", "1", "Anna");
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    let corrected = files(&page, &result);
    let corrected = corrected.iter().find(|it| it.ends_with("/corrected"));
    let rows = page.get("rows?show=all&edit=0");
    let stale = rows.split("corrected?generation=").nth(1).unwrap();
    let stale = stale.split('"').next().unwrap().to_owned();
    page.edit(&rows, "0", "1", "Later");
    let (status, text) = bytes_at(&page, corrected.unwrap());
    assert!(status == 200 && text.contains("2000,Anna,"), "{text}");
    assert!(!text.contains("Later"), "{text}");
    let told = page.get(&format!("corrected?generation={stale}"));
    assert!(told.contains("this is not the file that it was"), "{told}");
    let told = page.get(&format!("map.toml?generation={stale}"));
    assert!(told.contains("this is not the file that it was"), "{told}");
    page.close();
}

#[test]
fn a_run_that_was_undone_is_not_offered_to_be_undone_again() {
    let (pbx, program, mut page) = opened_with_pbx();
    let rows = page.rows("staff.csv", sheet(2000, 3).as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    let run = page.hidden(&result, "undo", "run");
    let stale = page.get(&format!("run?run={run}"));
    assert!(stale.contains("Undo the run"), "{stale}");
    let fields = [("run", run.as_str()), ("seen", "run"), ("meant", "on")];
    page.post(&stale, "undo", &fields);
    page.wait();
    assert!(pbx.numbers().is_empty());
    let undone = page.get(&format!("run?run={run}"));
    assert!(undone.contains("This run was undone since"), "{undone}");
    assert!(!undone.contains("Undo the run"), "{undone}");
    let told = page.post(&stale, "undo", &fields);
    let words = "nothing of this run can be taken back now";
    assert!(told.contains(words), "{told}");
    // The undo taken back, the run stands again.
    let undo = program.ends("runs --json", 0).summary();
    let undo = undo["runs"][0]["run"].as_str().unwrap().to_owned();
    program.run(&format!("undo {undo} --yes"));
    let again = page.get(&format!("run?run={run}"));
    assert!(again.contains("Undo the run"), "{again}");
    page.close();
}

#[test]
fn a_run_that_is_at_work_elsewhere_is_neither_to_go_on_nor_to_be_undone() {
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "10/s"));
    program.write("staff.csv", sheet(2000, 200));
    let mut terminal = program.start("import staff.csv --to hq --yes");
    wait_until(|| pbx.numbers().len() > 2);
    let start = page.get("");
    assert!(start.contains("is at work."), "{start}");
    assert!(!start.contains("and let it go on"), "{start}");
    let run = run_in(&start);
    let shown = page.get(&format!("run?run={run}"));
    assert!(shown.contains("This run is at work"), "{shown}");
    for words in ["Let the run go on", "Undo the run", "cut off"] {
        assert!(!shown.contains(words), "{words}: {shown}");
    }
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let shown = page.get(&format!("run?run={run}"));
    for words in ["Let the run go on", "Undo the run", "cut off"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let start = page.get("");
    assert!(start.contains("and let it go on"), "{start}");
    page.close();
}

#[test]
fn a_run_that_never_began_names_no_report() {
    let (pbx, _program, mut page) = opened_with_pbx();
    // More rows that cannot go than are shown one by one.
    let invalid = (2100..2120).map(|number| format!("{number},N{number},\n"));
    let sheet = [sheet(2000, 3), invalid.collect()].concat();
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    pbx.seed(&[pbx.small("2000")]);
    let told = page.go(&plan);
    assert!(
        told.contains("the PBX has changed since the plan"),
        "{told}"
    );
    assert!(!told.contains("the report"), "{told}");
    page.close();
}

#[test]
fn each_row_of_the_sheet_has_one_line_in_each_report_also_those_that_were_taken_out() {
    let (pbx, program, mut page) = opened_with_pbx();
    page.rows("staff.csv", sheet(2000, 26).as_bytes(), &[("target", "hq")]);
    // All but the first, the third and the last.
    for _ in 0..23 {
        let rows = page.get("rows?show=all&edit=1");
        let at = if rows.contains("N2001<") { "1" } else { "2" };
        let rows = page.get(&format!("rows?show=all&edit={at}"));
        page.take_out(&rows, at);
    }
    let rows = page.get("rows?show=all");
    assert!(rows.contains("3 of 3 rows can go"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains("3 to create"), "{plan}");
    assert!(plan.contains("23 taken out"), "{plan}");
    let result = page.go(&plan);
    assert!(result.contains("Every row is done."), "{result}");
    assert!(result.contains("23 taken"), "{result}");
    let sent = ["2000", "2002", "2025"];
    assert_eq!(pbx.numbers(), sent);
    let run = page.hidden(&result, "undo", "run");
    for ending in ["csv", "json", "html", "xlsx"] {
        program.ends(&format!("report {run} -o written.{ending}"), 0);
    }
    let lines = program.report("written.csv");
    let expected = (0..26).map(|at| {
        let number = (2000 + at).to_string();
        let result = match sent.contains(&number.as_str()) {
            true => "created",
            false => "taken_out",
        };
        ((at + 1).to_string(), number, result.to_owned())
    });
    let found = lines.iter().map(|line| {
        let cell = |name: &str| line[name].clone();
        (cell("row"), cell("number"), cell("result"))
    });
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let json: serde_json::Value = serde_json::from_str(&program.read("written.json")).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 26);
    let html = program.read("written.html");
    assert_eq!(html.matches("<tr").count(), 27, "{html}");
    let listed = program.ends("runs --json", 0).summary();
    assert_eq!(listed["runs"][0]["counts"]["taken_out"], 23);
    // What was taken out is not sent by an undo either.
    program.ends(&format!("undo {run} --yes"), 0);
    assert!(pbx.numbers().is_empty());
    page.close();
}

#[test]
fn a_field_is_filled_in_for_all_rows_that_lack_it_and_taken_back() {
    let (pbx, program, mut page) = opened_with_pbx();
    let sheet = "number,display_name,sip_password,email\n\
                 2000,Ann,,\n2001,Bo,Canary7731aB,bo@example.com\n";
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    assert!(
        rows.contains("fill-text") && rows.contains("fill-secret"),
        "{rows}"
    );
    let fill = |page: &mut OpenPage, rows: &str, act: &str, field: &str, text: &str| {
        let fields = [("do", act), ("field", field), ("text", text)];
        page.post(rows, "rows", &fields)
    };
    let rows = fill(&mut page, &rows, "fill", "email", "nobody");
    assert!(rows.contains(">nobody<"), "{rows}");
    let rows = fill(&mut page, &rows, "fill", "email", "all@example.com");
    assert!(rows.contains("all@example.com"), "{rows}");
    assert!(!rows.contains(">nobody<"), "{rows}");
    // What is typed for a secret is never taken: it is made up.
    let rows = fill(&mut page, &rows, "fill", "sip_password", "Canary7731typed");
    assert!(rows.contains("made up for each"), "{rows}");
    assert!(!rows.contains("Canary7731typed"), "{rows}");
    let rows = fill(&mut page, &rows, "fill", "number", "2002");
    assert!(rows.contains("must be different in each row"), "{rows}");
    let rows = fill(&mut page, &rows, "fill", "voicemail", "on");
    let rows = fill(&mut page, &rows, "unfill", "voicemail", "");
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains("all@example.com"), "{plan}");
    assert!(!plan.contains("voicemail: "), "{plan}");
    let result = page.go(&plan);
    assert!(result.contains("Every row is done."), "{result}");
    assert_eq!(pbx.numbers(), ["2000", "2001"]);
    program.ends("export hq -o there.csv", 0);
    let there = program.report("there.csv");
    let mails = there.iter().map(|row| row["email"].as_str());
    let expected = ["all@example.com", "bo@example.com"];
    assert_eq!(mails.collect::<Vec<_>>(), expected);
    page.close();
}

#[test]
fn a_text_that_cannot_be_filled_in_leaves_the_plan_as_it_was() {
    let (_program, mut page) = opened();
    let rows = page.rows("staff.csv", sheet(2000, 2).as_bytes(), &SIM);
    page.plan(&rows);
    let fields = [("do", "fill"), ("field", "number"), ("text", "2002")];
    let told = page.post(&rows, "rows", &fields);
    assert!(told.contains("must be different in each row"), "{told}");
    let plan = page.get("plan");
    assert!(plan.contains("2 to create"), "{plan}");
    page.close();
}

#[test]
fn a_long_archive_is_shown_in_part_and_a_huge_one_is_refused() {
    let (pbx, program, mut page) = opened_with_pbx();
    pbx.seed(&[pbx.small("0041")]);
    program.ends("export hq --archive nights", 0);
    let manifest = program.path("nights/hq/manifest.jsonl");
    let line = fs::read_to_string(&manifest).unwrap();
    let last = line.lines().last().unwrap();
    fs::write(&manifest, format!("{last}\n").repeat(450)).unwrap();
    let listed = format!("archive?folder={}", program.path("nights").display());
    let shown = page.get(&listed);
    let rows = |shown: &str| shown.matches("name=\"after\"").count();
    assert_eq!(rows(&shown), 400, "{shown}");
    let words = "The newest 400 of 450 snapshots are shown";
    assert!(shown.contains(words), "{shown}");
    // Of several targets each has a month, and a way to the rest.
    fs::create_dir(program.path("nights/other")).unwrap();
    let other = format!("{last}\n").replace("hq", "other");
    fs::write(program.path("nights/other/manifest.jsonl"), other).unwrap();
    let shown = page.get(&listed);
    assert_eq!(rows(&shown), 32, "{shown}");
    assert!(shown.contains("Show the older ones too"), "{shown}");
    let shown = page.get(&format!("{listed}&target=hq"));
    assert_eq!(rows(&shown), 401, "{shown}");
    let file = fs::OpenOptions::new().append(true).open(&manifest).unwrap();
    file.set_len(65 << 20).unwrap();
    let told = page.get(&listed);
    assert!(told.contains("the page reads 64 at most"), "{told}");
    page.close();
}

#[cfg(unix)]
#[test]
fn a_run_whose_reports_cannot_be_opened_is_not_left_as_if_it_was_at_work() {
    use std::process::Command;
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "20/s"));
    let watch = page.long_run();
    wait_until(|| pbx.numbers().len() > 3);
    page.halt(&watch, "pause");
    let paused = page.wait();
    let run = page.hidden(&paused, "resume", "run");
    // Each alone could be written, and all together are more files than may be open.
    let reports: String = (0..200).map(|at| format!(" --report r{at}.csv")).collect();
    let resume = program.command(&format!("resume {run} --yes --json{reports}"));
    let mut few = Command::new("sh");
    few.arg("-c").arg("ulimit -n 100; exec \"$@\"").arg("sh");
    few.arg(resume.get_program()).args(resume.get_args());
    for (name, value) in resume.get_envs() {
        match value {
            Some(value) => few.env(name, value),
            None => few.env_remove(name),
        };
    }
    few.current_dir(resume.get_current_dir().unwrap());
    let refused = few.output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("Too many open files"), "{said}");
    let summary: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(summary["rows"], 120, "{summary}");
    let told = program.ends(&format!("runs show {run}"), 0);
    assert!(told.out.contains("to be resumed"), "{}", told.out);
    page.close();
}
