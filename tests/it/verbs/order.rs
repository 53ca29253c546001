//! Rows that refer to other rows, from outside: order, rows that are held back, two steps, and kills in between.

use crate::support::pbx::Desk;
use crate::support::program::wait_until;
use crate::support::sheets::lines;
use std::fs;
use std::process::Stdio;

const HEADER: &str =
    "number,display_name,sip_password,forward_busy,forward_busy_to,forward_busy_extension";

/// A row; forwards where `to` is a number.
fn row(number: u32, password: &str, to: Option<u32>) -> String {
    let forward = match to {
        Some(to) => format!("on,Extension,{to}"),
        None => "off,,".to_owned(),
    };
    format!("{number},Row {number},{password},{forward}")
}

#[test]
fn the_children_of_a_row_that_is_never_sent_are_held() {
    let desk = Desk::new("openvox");
    let rows = [
        row(2000, "Sample2000pw", Some(2001)),
        row(2001, "Sample2001pw", Some(2002)),
        row(2002, "", None),
        row(2003, "Sample2003pw", None),
    ];
    let sheet = desk.file("staff.csv", &format!("{HEADER}\n{}\n", rows.join("\n")));
    let report = desk.path("report.jsonl");
    let said = desk.import("state", &sheet, &["--report", report.to_str().unwrap()]);
    assert_eq!(said.exit, 1, "{}", said.err);
    let lines = lines(&report);
    let results: Vec<&str> = lines
        .iter()
        .map(|line| line["result"].as_str().unwrap())
        .collect();
    assert_eq!(
        results,
        ["held", "held", "invalid", "created"],
        "{}",
        said.err
    );
    assert_eq!(lines[1]["field"], "forward_busy_extension");
    assert_eq!(lines[1]["column"], "forward_busy_extension");
    let message = lines[1]["message"].as_str().unwrap();
    assert!(
        message.contains("2002") && message.contains("invalid"),
        "{message}"
    );
    // Corrected, all of it goes.
    let mended = rows
        .join("\n")
        .replace("Row 2002,,", "Row 2002,Sample2002pw,");
    let sheet = desk.file("staff.csv", &format!("{HEADER}\n{mended}\n"));
    let said = desk.import("state", &sheet, &[]);
    said.ended_with(0, "created", 3);
}

#[test]
fn rings_are_whole_after_kills_at_any_moment() {
    let desk = Desk::new("openvox");
    // Ten rings of three, and one that hangs on each.
    let rows: Vec<String> = (0..40)
        .map(|index| {
            let (ring, place) = (2000 + index / 4 * 4, index % 4);
            let to = ring + [1, 2, 0, 0][place as usize];
            let number = ring + place;
            row(number, &format!("Sample{number}pw"), Some(to))
        })
        .collect();
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    let sheet = desk.file("staff.csv", &text);
    let target = desk.target();
    let sheet = sheet.to_str().unwrap().to_owned();
    let mut arguments = vec![
        "import",
        &sheet,
        "--to",
        &target,
        "--rate",
        "150/s",
        "--reply-within",
        "2",
    ];
    let mut kills = 0;
    // Every time after some more requests, so that some fall into the second step.
    for more in (2..40).step_by(4) {
        let goal = desk.pbx.sim.requests() + more;
        let mut run = desk
            .command_in("state")
            .args(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ended = None;
        wait_until(|| {
            ended = run.try_wait().unwrap();
            ended.is_some() || desk.pbx.sim.requests() >= goal
        });
        run.kill().unwrap();
        run.wait().unwrap();
        if !desk.runs("state").is_empty() {
            arguments = vec!["resume"];
        }
        if ended.is_some() {
            break;
        }
        kills += 1;
    }
    assert!(kills > 2, "{kills}");
    let report = desk.path("report.jsonl");
    desk.run_in("state", &["resume"]);
    let said = desk.run_in("state", &["report", "-o", report.to_str().unwrap()]);
    assert_eq!(said.exit, 0, "{}", fs::read_to_string(&report).unwrap());
    assert_eq!(lines(&report).len(), 40);
    // The same import again finds everything as it wants it.
    let again = desk.import("elsewhere", &desk.path("staff.csv"), &[]);
    again.ended_with(0, "unchanged", 40);
}

/// Imports rows, and returns the result of each.
fn imported(desk: &Desk, text: &str, more: &[&str]) -> Vec<String> {
    let sheet = desk.file("staff.csv", text);
    let report = desk.path("report.jsonl");
    let mut arguments = vec!["--report", report.to_str().unwrap()];
    arguments.extend(more);
    desk.import("state", &sheet, &arguments);
    let of = |line: serde_json::Value| line["result"].as_str().unwrap().to_owned();
    lines(&report).into_iter().map(of).collect()
}

#[test]
fn a_row_that_repeats_its_parent_holds_nobody() {
    let desk = Desk::new("openvox");
    let rows = [
        row(2000, "Sample2000pw", Some(2001)),
        row(2001, "Sample2001pw", None),
        row(2001, "Other2001pw", None),
    ];
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    let results = imported(&desk, &text, &[]);
    assert_eq!(results, ["created", "created", "invalid"]);
}

#[test]
fn a_row_that_points_at_a_missing_extension_is_held() {
    let desk = Desk::new("openvox");
    let there = row(2000, "Sample2000pw", None);
    let results = imported(&desk, &format!("{HEADER}\n{there}\n"), &[]);
    assert_eq!(results, ["created"]);
    let headings = "number,forward_busy,forward_busy_to,forward_busy_extension";
    let text = format!("{headings}\n2000,on,Extension,2001\n2001,off,,\n");
    let results = imported(&desk, &text, &["--mode", "update"]);
    assert_eq!(results, ["held", "missing"]);
}

#[test]
fn a_first_wave_of_one_has_one_row_where_the_first_row_waits() {
    let desk = Desk::new("openvox");
    let rows = [
        row(2000, "Sample2000pw", Some(2002)),
        row(2001, "Sample2001pw", None),
        row(2002, "Sample2002pw", None),
    ];
    let sheet = desk.file("staff.csv", &format!("{HEADER}\n{}\n", rows.join("\n")));
    let said = desk.import("state", &sheet, &["--waves", "1,1"]);
    said.ended_with(0, "created", 3);
    for wave in 1..=3 {
        let words = format!("wave {wave} of 3: 1 row, 0 failed");
        assert!(said.err.contains(&words), "{}", said.err);
    }
    let said = desk.undo(&["--waves", "column:site"]);
    assert_eq!(said.exit, 2, "{}", said.err);
    assert!(said.err.contains("needs the sheet"), "{}", said.err);
    let said = desk.undo(&["--waves", "1"]);
    said.ended_with(0, "deleted", 3);
    let words = "wave 2 of 2: 2 rows, 0 failed";
    assert!(said.err.contains(words), "{}", said.err);
}
