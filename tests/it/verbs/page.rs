//! The page of `rowcall serve`, over plain HTTP: the whole road, and who is kept out of it.

use crate::support::open_page::{
    OpenPage, exchange, files_in, long_sheet, opened, opened_with_pbx, run_in, sheet_form, value_of,
};
use crate::support::pbx::TestPbx;
use crate::support::program::{Program, signal, wait_until};
use crate::support::sheets::write_table;
use crate::support::sources::root;
#[cfg(target_os = "linux")]
use crate::support::typist::Typist;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::thread;
use std::time::{Duration, Instant};

/// A password that must never show.
const PASSWORD: &str = "Canary7731aB";

#[test]
fn a_clean_sheet_goes_the_whole_road_and_the_terminal_sees_the_run() {
    let (pbx, program, mut page) = opened_with_pbx();
    let sheet = format!(
        "number,display_name,sip_password\n0041,Ann Miller,{PASSWORD}1\n0042,Bo <Lund>,{PASSWORD}2\n"
    );
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    assert!(rows.contains("2 of 2 rows can go, 0 cannot"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains("2 to create"), "{plan}");
    assert!(plan.contains("SIP password: set"), "{plan}");
    assert!(plan.contains("Bo &lt;Lund&gt;"), "{plan}");
    assert!(pbx.numbers().is_empty(), "a plan changes nothing");
    let result = page.go(&plan);
    assert!(result.contains("Every row is done."), "{result}");
    assert_eq!(pbx.numbers(), ["0041", "0042"]);
    let again = page.get("");
    assert!(again.contains("2 created"), "{again}");
    let report = again.split("report?run=").nth(1).unwrap();
    let run = report.split('"').next().unwrap().to_owned();
    let report = page.get(&format!("report?run={run}"));
    assert!(report.contains("0042"), "{report}");
    let seen = page.close();
    assert!(!seen.contains("Canary7731"), "a secret shows");
    assert_eq!(files_in(&program.path("state/page")), 0);
    program.ends(&format!("report {run} -o again.csv"), 0);
    assert_eq!(program.results("again.csv"), ["created", "created"]);
    program.ends(&format!("undo {run} --yes"), 0);
    assert!(pbx.numbers().is_empty());
}

#[test]
fn a_run_is_taken_back_on_the_page_where_that_is_said() {
    let (pbx, program, mut page) = opened_with_pbx();
    let sheet = format!("number,display_name,sip_password\n0041,Ann,{PASSWORD}\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    let run = page.hidden(&result, "undo", "run");
    assert!(result.contains(&format!("run {run} did on hq")), "{result}");
    page.post(&result, "undo", &[("run", &run)]);
    assert_eq!(pbx.numbers(), ["0041"], "it was not said");
    page.post(&result, "undo", &[("run", &run), ("meant", "on")]);
    let undone = page.wait();
    assert!(undone.contains("Every row is done."), "{undone}");
    assert!(pbx.numbers().is_empty());
    page.close();
    let runs = program.ends("runs", 0);
    assert!(runs.out.contains("undo"), "{}", runs.out);
}

#[test]
fn a_dirty_workbook_is_corrected_on_the_page() {
    let (_program, mut page) = opened();
    let sheet = fs::read(root().join("samples/dirty/office.xlsx")).unwrap();
    let target = [("target", "sim:openvox"), ("country", "DE")];
    let before = page.rows("office.xlsx", &sheet, &target);
    let cannot = |page: &str| -> u64 {
        let count = page.split(" rows can go, ").nth(1).unwrap();
        count.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(cannot(&before) > 0, "{before}");
    for flag in ["--fill", "--map", "rowcall fix"] {
        assert!(!before.contains(flag), "{flag} is no field of the page");
    }
    assert!(before.contains("for example"), "{before}");
    let made = [("do", "generate"), ("field", "sip_password")];
    let rows = page.post(&before, "rows", &made);
    assert!(cannot(&rows) < cannot(&before), "{rows}");
    // Every certain repair of every kind.
    let mut rows = rows;
    while let Some(rest) = rows.split("name=\"accept\" value=\"").nth(1) {
        let kind = rest.split('"').next().unwrap().to_owned();
        rows = page.post(&rows, "rows", &[("do", "accept"), ("accept", &kind)]);
    }
    assert!(rows.contains("corrected cells"), "{rows}");
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    assert!(result.contains("rows are not done"), "{result}");
    assert!(result.contains("rejects.xlsx"), "{result}");
    let corrected = page.reply("corrected");
    assert_eq!(corrected.status, 200);
    assert!(corrected.head.contains("office.xlsx"), "{}", corrected.head);
    page.close();
}

#[test]
fn a_cell_is_changed_in_place_and_its_finding_goes() {
    let (_program, mut page) = opened();
    let sheet = format!("Durchwahl;Name;Kennwort\n0042;Ann;{PASSWORD}\n0043;Bo;pass word\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "sim:openvox")]);
    assert!(rows.contains("1 of 2 rows can go, 1 cannot"), "{rows}");
    assert!(!rows.contains("pass word"), "{rows}");
    let unchanged = page.edit(&rows, "1", "2", "");
    assert!(unchanged.contains("1 of 2 rows can go"), "{unchanged}");
    let rows = page.edit(&rows, "1", "2", &format!("{PASSWORD}2"));
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    let corrected = page.reply("corrected");
    assert!(corrected.body.contains("0043;Bo;Canary"), "the own sheet");
    let seen = page.close();
    assert!(!seen.contains("Canary7731"), "a secret shows");
}

#[test]
fn what_is_probable_is_taken_for_a_whole_column() {
    let (_program, mut page) = opened();
    let sheet = fs::read(root().join("samples/dirty/office.xlsx")).unwrap();
    let target = [("target", "sim:openvox"), ("country", "DE")];
    let rows = page.rows("office.xlsx", &sheet, &target);
    let (before, after) = rows.split_once("value=\"propose\"").unwrap();
    assert!(
        after.starts_with(">Take what is probable for 19 cells"),
        "{after}"
    );
    assert!(after.contains(">141</bdi> → <bdi>0141</bdi>"), "{after}");
    let kind = before.rsplit("name=\"propose\" value=\"").next().unwrap();
    let kind = kind.split('"').next().unwrap().to_owned();
    let rows = page.post(&rows, "rows", &[("do", "propose"), ("propose", &kind)]);
    assert!(rows.contains("19 corrected cells"), "{rows}");
    assert!(!rows.contains("value=\"propose\""), "{rows}");
    page.close();
}

/// A workbook with these sheets, each with its rows.
pub(super) fn workbook(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for (name, rows) in sheets {
        let table = workbook.add_worksheet();
        table.set_name(*name).unwrap();
        write_rows(table, rows);
    }
    workbook.save_to_buffer().unwrap()
}

fn write_rows(table: &mut rust_xlsxwriter::Worksheet, rows: &[&[&str]]) {
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            table
                .write_string(row as u32, column as u16, *cell)
                .unwrap();
        }
    }
}

#[test]
fn sheets_of_a_workbook_are_ticked_where_several_can_be_meant() {
    let (_program, mut page) = opened();
    let bytes = workbook(&[
        ("Nord", &[&["number", "sip_password"], &["1001", PASSWORD]]),
        (
            "Süd & Co",
            &[&["number", "sip_password"], &["3001", PASSWORD]],
        ),
    ]);
    let target = page.drop_sheet("two.xlsx", &bytes);
    let headings = page.post(&target, "target", &SIM);
    assert!(
        headings.contains("Tick the sheets to be read"),
        "{headings}"
    );
    assert!(!headings.contains("--sheet"), "{headings}");
    assert!(
        headings.contains("name=\"names\" value=\"Süd &amp; Co\""),
        "{headings}"
    );
    let one = page.post(&headings, "headings", &[("names", "Nord"), ("do", "go")]);
    assert!(one.contains("1 of 1 rows can go"), "{one}");
    let headings = page.get("headings");
    assert!(headings.contains("value=\"Nord\" checked"), "{headings}");
    let both = [("names", "Nord"), ("names", "Süd & Co"), ("do", "go")];
    let both = page.post(&headings, "headings", &both);
    assert!(both.contains("2 of 2 rows can go"), "{both}");
    page.close();
}

#[test]
fn a_ticked_sheet_whose_name_ends_with_a_space_stays_ticked() {
    let (_program, mut page) = opened();
    let rows = |number| [vec!["number", "sip_password"], vec![number, PASSWORD]];
    let (north, south) = (rows("1001"), rows("3001"));
    let (north, south) = (
        north.each_ref().map(Vec::as_slice),
        south.each_ref().map(Vec::as_slice),
    );
    let bytes = workbook(&[("Nord ", &north), ("Sued", &south)]);
    let target = page.drop_sheet("two.xlsx", &bytes);
    let headings = page.post(&target, "target", &SIM);
    let both = [("names", "Nord "), ("names", "Sued"), ("do", "look")];
    let looked = page.post(&headings, "headings", &both);
    let ticked: Vec<&str> = ["Nord ", "Sued"]
        .into_iter()
        .filter(|name| looked.contains(&format!("name=\"names\" value=\"{name}\" checked")))
        .collect();
    assert_eq!(ticked, ["Nord ", "Sued"], "{looked}");
    // What is shown as ticked is what a browser sends.
    let ticked = ticked.into_iter().map(|name| ("names", name));
    let go: Vec<(&str, &str)> = ticked.chain([("do", "go")]).collect();
    let rows = page.post(&looked, "headings", &go);
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    page.close();
}

#[test]
fn a_typed_name_of_a_sheet_is_read_without_the_spaces_around_it() {
    let (_program, mut page) = opened();
    let bytes = workbook(&[("Nord", &[&["number", "sip_password"], &["1001", PASSWORD]])]);
    let target = page.drop_sheet("one.xlsx", &bytes);
    let headings = page.post(&target, "target", &SIM);
    let looked = page.post(
        &headings,
        "headings",
        &[("names", " Nord "), ("do", "look")],
    );
    assert!(looked.contains("name=\"names\" value=\"Nord\""), "{looked}");
    page.close();
}

/// The memory that a program takes by now, in KiB.
#[cfg(target_os = "linux")]
fn memory(page: &OpenPage) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", page.child.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_of_many_rows_are_shown_while_the_others_are_checked() {
    let (_program, mut page) = opened();
    let row =
        |number: u32| format!("{number},Ann {number},a{number}@example.com,{PASSWORD}{number}\n");
    let rows: String = (100_000..200_000).map(row).collect();
    let sheet = format!("number,display_name,email,sip_password\n{rows}");
    let target = page.drop_sheet("many.csv", sheet.as_bytes());
    let headings = page.post(&target, "target", &SIM);
    let first = page.post(&headings, "headings", &[("do", "go")]);
    assert!(first.contains("These are the first rows"), "{first}");
    assert!(
        first.contains(">100049</bdi>") && !first.contains("name=\"text\""),
        "{first}"
    );
    let whole = loop {
        let rows = page.get("rows?show=all");
        if !rows.contains("These are the first rows") {
            break rows;
        }
    };
    assert!(whole.contains("100000 of 100000 rows can go"), "{whole}");
    // However many of its pages are looked at, they take no more room.
    let before = memory(&page);
    for at in (0..2000).step_by(100) {
        let rows = page.get(&format!("rows?show=all&page={at}"));
        assert_eq!(rows.matches("scope=\"row\"").count(), 50, "{at}");
        page.seen.clear();
    }
    let after = memory(&page);
    assert!(
        after < before + before / 5,
        "{before} KiB, then {after} KiB"
    );
    page.close();
}

#[test]
fn what_is_not_certain_is_asked_and_the_answer_is_kept() {
    let (_program, mut page) = opened();
    let sheet = "Durchwahl;Telefon;Name\n0042;0043;Ann\n0044;0045;Bo\n";
    let asked = page.rows("list.csv", sheet.as_bytes(), &[("target", "sim:ozeki")]);
    assert!(asked.contains("Something is not certain"), "{asked}");
    let answers = [
        ("map:Durchwahl", "number"),
        ("map:Telefon", "-"),
        ("do", "go"),
    ];
    let rows = page.post(&asked, "headings", &answers);
    assert!(rows.contains("rows can go"), "{rows}");
    let map = page.get("map.toml");
    assert!(map.contains("\"Durchwahl\" = \"number\""), "{map}");
    page.close();
}

#[test]
fn nobody_else_sees_the_page_or_changes_anything() {
    let (program, mut page) = opened();
    let start = page.get("");
    let base = page.base.clone();
    let token = page.token(&start, "sheet");
    let status = |path: &str, headers: &[(&str, &str)]| page.send("GET", path, headers, b"").status;
    let path = page.address.splitn(4, '/').nth(3).unwrap().to_owned();
    assert_eq!(
        status(&format!("/{path}"), &[]),
        403,
        "the address works once"
    );
    assert_eq!(status(&base, &[]), 200);
    assert_eq!(status(&base, &[("Host", "evil.example")]), 421);
    assert_eq!(status(&base, &[("Host", "localhost:80")]), 421);
    assert_eq!(status(&base, &[("Origin", "http://evil.example")]), 403);
    assert_eq!(status(&base, &[("Origin", "null")]), 403);
    assert_eq!(status(&base, &[("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(status(&base, &[("Cookie", "")]), 403);
    assert_eq!(status(&base, &[("Cookie", "rowcall=0000")]), 403);
    assert_eq!(status("/", &[]), 404);
    for path in ["sheet", "target", "headings", "rows", "plan", "go", "stop"] {
        let path = format!("{base}{path}");
        for body in ["", "token=", "token=0000", "target=sim:openvox"] {
            let reply = page.send("POST", &path, &[], body.as_bytes());
            assert_eq!(reply.status, 403, "{path} {body}");
        }
        let right = format!("token={token}");
        let foreign = [("Origin", "http://evil.example")];
        let reply = page.send("POST", &path, &foreign, right.as_bytes());
        assert_eq!(reply.status, 403, "{path}");
        let reply = page.send("POST", &path, &[("Origin", "")], right.as_bytes());
        assert_eq!(reply.status, 403, "{path}");
    }
    // A form's token is no other form's.
    let other = page.send(
        "POST",
        &format!("{base}go"),
        &[],
        format!("token={token}").as_bytes(),
    );
    assert_eq!(other.status, 403);
    // Without its token a sheet is not even kept.
    let kind = [("Content-Type", "multipart/form-data; boundary=XxX")];
    let form = sheet_form("0000", "a.csv", b"number\n1\n");
    let reply = page.send("POST", &format!("{base}sheet"), &kind, &form);
    assert_eq!(reply.status, 403);
    assert_eq!(files_in(&program.path("state/page")), 0);
    page.close();
}

#[test]
fn every_reply_is_dressed_and_no_page_has_a_script_of_its_own() {
    let (_program, mut page) = opened();
    let start = page.get("");
    let reply = page.send("GET", &page.base, &[], b"");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(reply.header(name), Some(value));
    }
    for part in start.split("<script").skip(1) {
        assert!(
            part.starts_with(&format!(" src=\"{}page.js\"", page.base)),
            "{part}"
        );
        assert!(part.contains("></script>"), "{part}");
    }
    assert!(
        !start.contains("style=") && !start.contains("<style"),
        "{start}"
    );
    page.close();
}

#[test]
fn hostile_names_are_texts() {
    let (_program, mut page) = opened();
    let sheet = format!(
        "number,display_name,\"<img src=x onerror=alert(1)>\",sip_password\n\
         0041,\"<script>alert(1)</script>\",x,{PASSWORD}\n\
         0042,\"\u{202e}=cmd|'/c calc'!A1\",\"\"\"><b>\",{PASSWORD}\n"
    );
    let name = "..\\..\\evil<b>.csv";
    let rows = page.rows(name, sheet.as_bytes(), &[("target", "sim:openvox")]);
    assert!(rows.contains("rows can go"), "{rows}");
    let all = page.get("rows?show=all&edit=1");
    page.plan(&all);
    let staff: [&[&str]; 2] = [&["number", "sip_password"], &["0043", PASSWORD]];
    let book = workbook(&[("\u{202e}<b>", &staff)]);
    page.rows("staff.xlsx", &book, &SIM);
    let all = page.get("rows?show=all&edit=0");
    let all = page.edit(&all, "0", "0", "0044");
    assert!(all.contains("Take one correction back"), "{all}");
    let seen = page.close();
    for word in ["<img", "<script>alert", "<b>"] {
        assert!(!seen.contains(word), "{word} is no text");
    }
    // The letters are turned round in the field in which the cell is changed, and nowhere else.
    for (at, _) in seen.match_indices('\u{202e}') {
        assert!(seen[..at].ends_with("value=\""), "{}", &seen[at..at + 200]);
    }
    assert!(seen.contains("&lt;script&gt;alert(1)"), "{seen}");
}

#[test]
fn a_plan_that_the_pbx_has_left_behind_is_not_carried_out() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let sheet = format!("number,display_name,sip_password\n0041,Ann,{PASSWORD}\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    pbx.seed(&[pbx.small("0041")]);
    let result = page.go(&plan);
    assert!(
        result.contains("the PBX has changed since the plan was shown"),
        "{result}"
    );
    assert_eq!(pbx.numbers(), ["0041"]);
    page.close();
}

#[test]
fn a_run_is_watched_and_stopped_on_the_page_and_resumed_on_the_terminal() {
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "20/s"));
    let start = page.get("");
    let start = page.token(&start, "sheet");
    let rows = page.rows("staff.csv", long_sheet().as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let id = plan.split("name=\"plan\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap().to_owned();
    let watch = page.post(&plan, "go", &[("plan", &id)]);
    assert!(watch.contains("id=\"watch\""), "{watch}");
    // Nothing else is begun meanwhile, and a second tab sees the same.
    wait_until(|| !pbx.numbers().is_empty());
    let token = page.token(&plan, "go");
    let again = format!("token={token}&plan={id}");
    let path = format!("{}go", page.base);
    let reply = page.send("POST", &path, &[], again.as_bytes());
    assert_eq!(
        reply.header("location"),
        Some(&*format!("{}watch", page.base))
    );
    let told = page.get("watch");
    assert!(
        told.contains("what was sent meanwhile was not taken"),
        "{told}"
    );
    assert!(told.contains("<h1>At work</h1>"), "{told}");
    let kept = files_in(&program.path("state/page"));
    let form = sheet_form(&start, "other.csv", b"number\n1\n");
    let kind = [("Content-Type", "multipart/form-data; boundary=XxX")];
    page.send("POST", &format!("{}sheet", page.base), &kind, &form);
    assert_eq!(files_in(&program.path("state/page")), kept);
    page.halt(&watch, "stop");
    let events = page.reply("events");
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    assert!(events.body.contains("\"ended\":true"), "{}", events.body);
    let result = page.wait();
    assert!(result.contains("The run was stopped."), "{result}");
    let done = pbx.numbers().len();
    assert!(done < 120, "{done}");
    page.close();
    program.ends("resume --yes", 0);
    assert_eq!(pbx.numbers().len(), 120);
}

#[test]
fn a_run_on_a_pbx_gives_all_its_files_and_its_passwords_once() {
    let (_pbx, program, mut page) = opened_with_pbx();
    let sheet =
        format!("Durchwahl;Name;Kennwort\n0041;Ann;\n0042;Bo;{PASSWORD}\n0043;Cy;pass word\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let made = [("do", "generate"), ("field", "sip_password")];
    let rows = page.post(&rows, "rows", &made);
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    assert!(result.contains("Some rows are not done"), "{result}");
    let run = page.hidden(&result, "undo", "run");
    for (ending, begins) in [("html", "<!DOCTYPE"), ("xlsx", "PK"), ("csv", "")] {
        let report = page.reply(&format!("report?run={run}&as={ending}"));
        let name = format!("{run}.{ending}");
        assert!(report.head.contains(&name), "{}", report.head);
        assert!(report.body.starts_with(begins), "{ending}");
    }
    let rejects = page.reply(&format!("rejects?run={run}"));
    assert!(
        rejects.head.contains(&format!("{run}-rejects.xlsx")),
        "{}",
        rejects.head
    );
    let secrets = program.path(&format!("state/runs/{run}/secrets.csv"));
    let secret = fs::read_to_string(secrets).unwrap();
    let secret = secret
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next_back()
        .unwrap()
        .to_owned();
    let path = format!("{}passwords", page.base);
    assert_eq!(page.send("GET", &path, &[], b"").status, 404);
    let without = page.send("POST", &path, &[], format!("run={run}").as_bytes());
    assert_eq!(without.status, 403);
    let token = page.token(&result, "passwords");
    let form = format!("token={token}&run={run}");
    let taken = page.send("POST", &path, &[], form.as_bytes());
    assert!(taken.body.contains(&secret), "{}", taken.body);
    assert_eq!(taken.header("cache-control"), Some("no-store"));
    let again = page.send("POST", &path, &[], form.as_bytes());
    let told = page.follow(again);
    assert!(told.contains("the passwords were taken already"), "{told}");
    assert!(told.contains("They were taken on"), "{told}");
    assert!(page.seen.contains("report of the run"));
    let seen = page.close();
    assert!(
        !seen.contains(&secret) && !seen.contains("pass word"),
        "a secret shows"
    );
    // Another page knows that too.
    let mut page = OpenPage::open(&program, "");
    let told = page.get(&format!("run?run={run}"));
    assert!(told.contains("They were taken on"), "{told}");
    page.close();
}

#[test]
fn an_archive_is_listed_compared_and_verified_on_the_page() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    pbx.seed(&[pbx.small("0041")]);
    program.ends("export hq --archive nights", 0);
    pbx.seed(&[pbx.small("0042")]);
    program.ends("export hq --archive nights", 0);
    let nobodys = "[targets.branch]\nvendor = \"openvox\"\nurl = \"http://127.0.0.1:1\"\n";
    program.write("rowcall.toml", pbx.config("hq") + nobodys);
    program.ends("export branch --archive nights", 2);
    let mut page = OpenPage::open(&program, "");
    let folder = program.path("nights").display().to_string();
    let listed = page.get(&format!("archive?folder={folder}"));
    assert_eq!(listed.matches("name=\"before\"").count(), 2, "{listed}");
    // Nothing was ever exported of the other one, and that shows.
    let missed = "branch: the last export";
    assert!(listed.contains(missed), "{listed}");
    let changed = page.get(&format!(
        "archive?folder={folder}&target=hq&before=1&after=2"
    ));
    assert!(changed.contains("1 added"), "{changed}");
    assert!(changed.contains("0042"), "{changed}");
    let sound = page.get(&format!("archive?folder={folder}&verify=on"));
    assert!(sound.contains("2 snapshots as entered"), "{sound}");
    let snapshot = fs::read_dir(program.path("nights/hq"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    fs::write(snapshot.path(), "number\n0099\n").unwrap();
    let broken = page.get(&format!("archive?folder={folder}&verify=on"));
    assert!(broken.contains("role=\"alert\""), "{broken}");
    let none = page.get("archive?folder=nowhere");
    assert!(none.contains("role=\"alert\""), "{none}");
    page.close();
}

#[test]
fn a_check_up_tries_the_machine_and_each_pbx() {
    let (_pbx, _program, mut page) = opened_with_pbx();
    let start = page.get("doctor");
    page.post(&start, "doctor", &[]);
    let told = page.wait();
    assert!(told.contains("<h1>Check-up</h1>"), "{told}");
    assert!(told.contains("hq: extensions: 0 on the PBX"), "{told}");
    page.close();
}

#[test]
fn a_run_is_paused_and_goes_on_on_the_page() {
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "20/s"));
    let watch = page.long_run();
    wait_until(|| pbx.numbers().len() > 3);
    let told = page.get("watch");
    assert!(told.contains("Rows that ended last"), "{told}");
    wait_until(|| page.get("watch").contains("2000 created"));
    page.halt(&watch, "pause");
    let result = page.wait();
    assert!(result.contains("The run is paused."), "{result}");
    let done = pbx.numbers().len();
    assert!(done < 120, "{done}");
    let run = page.hidden(&result, "resume", "run");
    page.post(&result, "resume", &[("run", &run)]);
    let whole = page.wait();
    assert!(whole.contains("Every row is done."), "{whole}");
    assert!(!whole.contains("Let the run go on"), "{whole}");
    assert_eq!(pbx.numbers().len(), 120);
    // Its terminal sees one run.
    let runs = program.ends("runs", 0);
    assert_eq!(runs.out.matches("120 created").count(), 1, "{}", runs.out);
    page.close();
}

#[test]
fn a_run_whose_page_was_killed_goes_on_on_another_page() {
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "20/s"));
    page.long_run();
    wait_until(|| pbx.numbers().len() > 3);
    page.child.kill().unwrap();
    page.child.wait().unwrap();
    let mut page = OpenPage::open(&program, "");
    let start = page.get("");
    assert!(start.contains("is not finished"), "{start}");
    let run = run_in(&start);
    let seen = page.get(&format!("run?run={run}"));
    page.post(&seen, "resume", &[("run", &run)]);
    let whole = page.wait();
    assert!(whole.contains("Every row is done."), "{whole}");
    assert_eq!(pbx.numbers().len(), 120);
    // The run's own page takes it back, whatever the page did last.
    let seen = page.get(&format!("run?run={run}"));
    let undo = [("run", run.as_str()), ("seen", "run"), ("meant", "on")];
    page.post(&seen, "undo", &undo);
    page.wait();
    assert!(pbx.numbers().is_empty());
    page.close();
}

#[test]
fn a_run_that_deletes_goes_on_on_the_terminal_alone() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    let config = pbx.config("hq").replace("100000/s", "20/s");
    program.write("rowcall.toml", config);
    let old: Vec<String> = (5000..5080).map(|number| number.to_string()).collect();
    let extensions: Vec<_> = old.iter().map(|number| pbx.small(number)).collect();
    pbx.seed(&extensions);
    let count = || pbx.numbers().iter().filter(|it| old.contains(it)).count();
    let mut page = OpenPage::open(&program, "");
    let watch = page.long_run();
    wait_until(|| pbx.numbers().len() > old.len() + 3);
    page.halt(&watch, "pause");
    let paused = page.wait();
    let token = page.token(&paused, "resume");
    program.file("gone.csv", &format!("number\n{}\n", old.join("\n")));
    let mut delete = program.start("delete gone.csv --from hq --yes --max-deletes all");
    wait_until(|| count() < old.len() - 3);
    delete.kill().unwrap();
    delete.wait().unwrap();
    let start = page.get("");
    let run = run_in(&start);
    let seen = page.get(&format!("run?run={run}"));
    assert!(!seen.contains("Let the run go on"), "{seen}");
    assert!(seen.contains(&format!("rowcall resume {run}")), "{seen}");
    let left = count();
    assert!(left > 0);
    // A form of another run does not help.
    let form = format!("token={token}&run={run}");
    let path = format!("{}resume", page.base);
    let reply = page.send("POST", &path, &[], form.as_bytes());
    let told = page.follow(reply);
    assert!(told.contains("the terminal alone deletes"), "{told}");
    assert_eq!(count(), left);
    page.close();
    program.ends(&format!("resume {run} --yes"), 0);
    assert_eq!(count(), 0);
}

#[test]
fn a_run_that_was_taken_back_does_not_go_on() {
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "20/s"));
    let watch = page.long_run();
    let start = page.get("");
    assert!(start.contains("Look at what is at work"), "{start}");
    assert!(!start.contains("is not finished"), "{start}");
    wait_until(|| pbx.numbers().len() > 3);
    page.halt(&watch, "pause");
    let paused = page.wait();
    let run = page.hidden(&paused, "undo", "run");
    let token = page.token(&paused, "resume");
    page.post(&paused, "undo", &[("run", &run), ("meant", "on")]);
    let undone = page.wait();
    assert!(pbx.numbers().is_empty());
    assert!(!undone.contains("rowcall undo"), "{undone}");
    let form = format!("token={token}&run={run}");
    let path = format!("{}resume", page.base);
    let reply = page.send("POST", &path, &[], form.as_bytes());
    let told = page.follow(reply);
    assert_eq!(told.matches("was taken back since").count(), 2, "{told}");
    assert!(!told.contains("Let the run go on"), "{told}");
    assert!(pbx.numbers().is_empty());
    page.close();
}

#[test]
fn an_old_tab_stops_no_other_work() {
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "20/s"));
    let old = page.long_run();
    wait_until(|| pbx.numbers().len() > 3);
    page.halt(&old, "pause");
    let paused = page.wait();
    let run = page.hidden(&paused, "resume", "run");
    page.post(&paused, "resume", &[("run", &run)]);
    page.halt(&old, "stop");
    page.halt(&old, "pause");
    let whole = page.wait();
    assert!(whole.contains("Every row is done."), "{whole}");
    page.close();
}

#[test]
fn an_old_tab_sends_no_other_sheet() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let sheet = |password| format!("number,sip_password\n0041,{password}\n");
    let target = [("target", "hq")];
    let rows = page.rows("staff.csv", sheet("tR7xkQ2mZp01").as_bytes(), &target);
    let old = page.plan(&rows);
    let rows = page.rows("staff.csv", sheet("tR7xkQ2mZp02").as_bytes(), &target);
    let plan = page.plan(&rows);
    let (id, new) = [&old, &plan]
        .map(|plan| page.hidden(plan, "go", "plan"))
        .into();
    assert_eq!(id, new, "the same lines are shown");
    let told = page.post(&old, "go", &[("plan", &id)]);
    assert!(told.contains("the page has changed since"), "{told}");
    assert!(pbx.numbers().is_empty());
    page.close();
}

#[test]
fn runs_that_cannot_be_read_are_not_called_none() {
    let (_pbx, program, mut page) = opened_with_pbx();
    let sheet = format!("number,sip_password\n0041,{PASSWORD}\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    let run = page.hidden(&result, "undo", "run");
    let told = page.get(&format!("rejects?run={run}"));
    assert!(told.contains("this run has no rows"), "{told}");
    // The folder into which the page writes is gone.
    fs::remove_dir_all(program.path("state/page")).unwrap();
    let told = page.get(&format!("report?run={run}&as=csv"));
    assert!(told.contains("there is no folder"), "{told}");
    let runs = program.path("state/runs");
    fs::rename(&runs, program.path("state/kept")).unwrap();
    fs::write(&runs, "").unwrap();
    for path in ["", "runs"] {
        let told = page.get(path);
        assert!(told.contains("role=\"alert\""), "{told}");
        assert!(!told.contains("There is no run yet."), "{told}");
    }
    let told = page.get(&format!("report?run={run}"));
    assert!(told.contains("role=\"status\""), "{told}");
    page.close();
}

#[test]
fn what_separates_the_cells_is_one_of_four() {
    let (_program, mut page) = opened();
    let sheet = format!("number;a\tdisplay_name\tsip_password\n0041\tAnn; Bo\t{PASSWORD}\n");
    let page_of = page.drop_sheet("staff.txt", sheet.as_bytes());
    let headings = page.post(&page_of, "target", &SIM);
    for word in ["comma", "semicolon", "tab", "pipe"] {
        assert!(
            headings.contains(&format!("<option value=\"{word}\"")),
            "{headings}"
        );
    }
    let look = [("do", "look"), ("delimiter", "tab")];
    let headings = page.post(&headings, "headings", &look);
    let chosen = "<option value=\"tab\" selected>";
    assert!(headings.contains(chosen), "{headings}");
    assert!(headings.contains("Ann; Bo"), "{headings}");
    page.close();
}

#[cfg(unix)]
#[test]
fn others_are_answered_while_an_archive_is_verified() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    pbx.seed(&[pbx.small("0041")]);
    program.ends("export hq --archive nights", 0);
    let page = OpenPage::open(&program, "");
    let folder = program.path("nights").display().to_string();
    // Another export is at work on it.
    let manifest = fs::File::open(program.path("nights/manifest.jsonl")).unwrap();
    manifest.lock().unwrap();
    let path = format!("archive?folder={folder}&verify=on");
    thread::scope(|scope| {
        let verified = scope.spawn(|| page.reply(&path).body);
        thread::sleep(Duration::from_millis(500));
        let since = Instant::now();
        assert_eq!(page.reply("doctor").status, 200);
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "it waits for the archive"
        );
        manifest.unlock().unwrap();
        let verified = verified.join().unwrap();
        assert!(verified.contains("1 snapshot as"), "{verified}");
    });
    page.close();
}

/// The sheet of the page as it is by now.
fn corrected(page: &OpenPage) -> String {
    page.reply("corrected").body
}

const SIM: [(&str, &str); 1] = [("target", "sim:openvox")];

#[test]
fn a_correction_that_moves_the_lines_below_moves_no_other_correction() {
    let (_program, mut page) = opened();
    let row = |row: String| format!("{row},{PASSWORD}\n");
    let sheet = ["1001,\"Anna\nBerg\"", "1002,Bert", "1003,Cora", "1004,Dora"];
    let sheet: String = sheet.map(|it| row(it.to_owned())).concat();
    let sheet = format!("number,display_name,sip_password\n{sheet}");
    let rows = page.rows("lines.csv", sheet.as_bytes(), &SIM);
    let kind = value_of(&rows, "accept");
    let rows = page.post(&rows, "rows", &[("do", "accept"), ("accept", &kind)]);
    assert!(rows.contains("1 corrected cell"), "{rows}");
    assert!(
        corrected(&page).contains("1001,\"Anna Berg\","),
        "{}",
        corrected(&page)
    );
    let rows = page.get("rows?show=all&edit=2");
    let rows = page.edit(&rows, "2", "1", "Changed");
    assert!(rows.contains("2 corrected cells"), "{rows}");
    let copy = corrected(&page);
    for text in ["1002,Bert,", "1003,Changed,", "1004,Dora,"] {
        assert!(copy.contains(text), "{copy}");
    }
    page.close();
}

#[test]
fn a_correction_that_cannot_be_written_is_told_and_not_counted() {
    let (program, mut page) = opened();
    let sheet = format!("number,sip_password,display_name\n1001,{PASSWORD}\n1002,{PASSWORD},Bo\n");
    page.rows("short.csv", sheet.as_bytes(), &SIM);
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.edit(&rows, "0", "2", "Ann");
    assert!(rows.contains("the row has no such cell"), "{rows}");
    assert!(!rows.contains("corrected cell"), "{rows}");
    // Nor is a copy left.
    let kept = || files_in(&program.path("state/page"));
    assert_eq!(kept(), 1);
    // A row that is emptied is no row any more.
    let path = program.path("two.xlsx");
    let cells = |text: &str| vec![text.to_owned(), PASSWORD.to_owned()];
    write_table(
        &path,
        &["number", "sip_password"],
        &[cells("1001"), cells("1002")],
    );
    page.rows("two.xlsx", &fs::read(path).unwrap(), &SIM);
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.edit(&rows, "0", "0", "");
    let hidden = page.edit(&rows, "0", "1", " ");
    assert!(
        hidden.contains("the sheet would have other rows"),
        "{hidden}"
    );
    assert!(hidden.contains("1 corrected cell"), "{hidden}");
    assert_eq!(kept(), 2);
    page.close();
}

#[test]
fn enter_in_a_cell_takes_what_was_typed() {
    let (_program, mut page) = opened();
    let sheet = format!("number,display_name,sip_password\n1001,\"Anna\nBerg\",{PASSWORD}\n");
    page.rows("lines.csv", sheet.as_bytes(), &SIM);
    let rows = page.get("rows?edit=0");
    let forms = rows.split("class=\"cell\"").skip(1);
    let forms = forms.map(|form| form.split("</form>").next().unwrap());
    let with_repair: Vec<&str> = forms
        .filter(|form| form.contains("value=\"repair\""))
        .collect();
    assert!(!with_repair.is_empty(), "{rows}");
    for form in with_repair {
        assert!(
            form.find("value=\"edit\"") < form.find("value=\"repair\""),
            "{form}"
        );
    }
    page.close();
}

#[test]
fn a_cell_of_several_lines_keeps_them() {
    let (_program, mut page) = opened();
    let sheet = format!("number,display_name,sip_password\n1001,\"Anna\nBerg\",{PASSWORD}\n");
    page.rows("lines.csv", sheet.as_bytes(), &SIM);
    let rows = page.get("rows?edit=0");
    assert!(rows.contains(">\nAnna\nBerg</textarea>"), "{rows}");
    let same = page.edit(&rows, "0", "1", "Anna\r\nBerg");
    assert!(!same.contains("corrected cell"), "{same}");
    page.edit(&same, "0", "1", "Anna\r\nBurg");
    assert!(
        corrected(&page).contains("\"Anna\nBurg\""),
        "{}",
        corrected(&page)
    );
    // Read otherwise, the sheet may have other rows.
    let headings = page.get("headings");
    let otherwise = [("do", "go"), ("visible", "on")];
    let told = page.post(&headings, "headings", &otherwise);
    assert!(told.contains("the corrections were taken back"), "{told}");
    assert_eq!(corrected(&page), sheet);
    page.close();
}

#[test]
fn a_kind_is_accepted_once_however_often_that_is_sent() {
    let (_program, mut page) = opened();
    let sheet = format!(
        "number,display_name,email,sip_password\n1001,\"Anna\nBerg\",anna@ex.de ,{PASSWORD}\n\
         1002,Bert,<bert@ex.de>,{PASSWORD}\n1003,Cora,mailto:cora@ex.de,{PASSWORD}\n"
    );
    let rows = page.rows("kinds.csv", sheet.as_bytes(), &SIM);
    let kinds = rows.matches("name=\"accept\"").count();
    assert!(kinds > 1, "{rows}");
    let accept = value_of(&rows, "accept");
    let accept = [("do", "accept"), ("accept", accept.as_str())];
    page.post(&rows, "rows", &accept);
    let once = corrected(&page);
    // A double click.
    let twice = page.post(&rows, "rows", &accept);
    assert!(
        twice.contains("the page has changed since this was shown"),
        "{twice}"
    );
    assert_eq!(corrected(&page), once);
    // What names a kind names no other one later.
    page.post(&twice, "rows", &accept);
    assert_eq!(corrected(&page), once);
    page.close();
}

#[test]
fn a_tab_that_is_left_behind_changes_nothing() {
    let (_program, mut page) = opened();
    let one =
        format!("number,display_name,sip_password\n1001,Ann,{PASSWORD}\n1002,Bo,{PASSWORD}\n");
    page.rows("one.csv", one.as_bytes(), &SIM);
    let headings = page.get("headings");
    let target = page.get("target");
    let rows = page.get("rows?show=all&edit=1");
    let plan = page.plan(&rows);
    let id = page.hidden(&plan, "go", "plan");
    let two = format!("number,sip_password,display_name\n2001,{PASSWORD},Xa\n2002,{PASSWORD},Yv\n");
    page.rows("two.csv", two.as_bytes(), &SIM);
    let stale = [
        page.edit(&rows, "1", "1", "Bob"),
        page.post(
            &headings,
            "headings",
            &[("do", "go"), ("map:display_name", "-")],
        ),
        page.post(&target, "target", &[("target", "sim:portsip")]),
        page.post(&rows, "plan", &[]),
        page.post(&plan, "go", &[("plan", &id)]),
    ];
    for page in stale {
        assert!(
            page.contains("the page has changed since this was shown"),
            "{page}"
        );
        assert!(page.contains("2 of 2 rows can go"), "{page}");
    }
    assert_eq!(corrected(&page), two);
    page.close();
}

#[test]
fn a_tab_takes_back_the_run_that_it_shows_or_none() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let mut run = |number: &str| {
        let sheet = format!("number,display_name,sip_password\n{number},Ann,{PASSWORD}\n");
        let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
        let plan = page.plan(&rows);
        page.go(&plan)
    };
    let first = run("0041");
    run("0042");
    let name = page.hidden(&first, "undo", "run");
    let told = page.post(&first, "undo", &[("run", &name), ("meant", "on")]);
    assert!(told.contains("the page shows another run by now"), "{told}");
    assert_eq!(pbx.numbers(), ["0041", "0042"]);
    // The result of one PBX is none of another's.
    let target = page.get("target");
    page.post(&target, "target", &SIM);
    let result = page.get("result");
    assert!(!result.contains("Undo the run"), "{result}");
    page.close();
}

#[test]
fn the_meaning_of_a_heading_of_two_lines_is_kept() {
    let (_program, mut page) = opened();
    let sheet = format!("number,\"Wer\nda\",sip_password\n1001,Ann,{PASSWORD}\n");
    let target = page.drop_sheet("staff.csv", sheet.as_bytes());
    let headings = page.post(&target, "target", &SIM);
    let choice = [("map:Wer\r\nda", "display_name"), ("do", "look")];
    let headings = page.post(&headings, "headings", &choice);
    let select = headings.split("name=\"map:Wer").nth(1).unwrap();
    let select = select.split("</select>").next().unwrap();
    assert!(
        select.contains("value=\"display_name\" selected"),
        "{select}"
    );
    page.close();
}

#[test]
fn a_heading_of_two_tables_means_what_was_chosen_in_one() {
    let (_program, mut page) = opened();
    let headings = &["number", "Wer", "sip_password"];
    let bytes = workbook(&[
        ("Sheet1", &[headings, &["1001", "Ann", PASSWORD]]),
        ("Sheet2", &[headings, &["3001", "Ann", PASSWORD]]),
    ]);
    let target = page.drop_sheet("two.xlsx", &bytes);
    let headings = page.post(&target, "target", &SIM);
    let all = ("names", "*");
    let headings = page.post(&headings, "headings", &[all, ("do", "look")]);
    assert_eq!(
        headings.matches("name=\"map:Wer\"").count(),
        2,
        "{headings}"
    );
    let choices = [
        ("map:Wer", "display_name"),
        ("map:Wer", ""),
        all,
        ("do", "look"),
    ];
    let headings = page.post(&headings, "headings", &choices);
    assert!(!headings.contains("means the same in every"), "{headings}");
    for select in headings.split("name=\"map:Wer\"").skip(1) {
        let select = select.split("</select>").next().unwrap();
        assert!(
            select.contains("value=\"display_name\" selected"),
            "{select}"
        );
    }
    let choices = [("map:Wer", "email"), ("map:Wer", "-"), all, ("do", "look")];
    let told = page.post(&headings, "headings", &choices);
    assert!(told.contains("Wer means the same in every table"), "{told}");
    page.close();
}

#[test]
fn the_first_of_merged_cells_is_corrected() {
    let (_program, mut page) = opened();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let table = workbook.add_worksheet();
    write_rows(
        table,
        &[
            &["number", "sip_password", "email"],
            &["1001", PASSWORD, ""],
            &["1002", PASSWORD, ""],
        ],
    );
    let plain = rust_xlsxwriter::Format::new();
    table
        .merge_range(1, 2, 2, 2, "ann@example.com", &plain)
        .unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    page.rows("merged.xlsx", &bytes, &SIM);
    let rows = page.get("rows?show=all&edit=1");
    let told = page.edit(&rows, "1", "2", "bo@example.com");
    assert!(told.contains("correct the first of them"), "{told}");
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.edit(&rows, "0", "2", "bo@example.com");
    assert!(rows.contains("1 corrected cell"), "{rows}");
    let rows = page.get("rows?show=all");
    let shown = "class=\"value\">bo@example.com</bdi>";
    assert_eq!(rows.matches(shown).count(), 2, "{rows}");
    page.close();
}

#[test]
fn a_look_changes_nothing() {
    let program = Program::new().with_own_state();
    let victim = program.file("victim.html", "mine");
    let mut page = OpenPage::open(&program, "");
    let path = victim.with_extension("");
    let told = page.get(&format!("report?run={}", path.display()));
    assert!(told.contains("there is no run"), "{told}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    let sheet = format!("number,display_name,sip_password\n1001,Ann,{PASSWORD}\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &SIM);
    let far = page.get("rows?show=all&page=18446744073709551615");
    assert!(far.contains(">1001</bdi>"), "{far}");
    page.plan(&rows);
    let far = page.get("plan?page=18446744073709551615");
    assert!(far.contains("1 to create"), "{far}");
    page.close();
}

#[test]
fn a_look_at_the_head_alone_leaves_the_address_as_it_is() {
    let program = Program::new().with_own_state();
    let mut child = program.command("serve --no-open").spawn().unwrap();
    let mut address = String::new();
    let out = child.stdout.as_mut().unwrap();
    BufReader::new(out).read_line(&mut address).unwrap();
    let (host, path) = address
        .trim()
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let ask = |method: &str| {
        let request =
            format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        exchange(host, request.as_bytes()).status
    };
    assert_eq!(ask("HEAD"), 405);
    assert_eq!(ask("GET"), 200);
    assert_eq!(ask("GET"), 403);
    signal(&child, "INT");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_sheet_that_is_refused_or_replaced_is_kept_no_longer() {
    let (program, mut page) = opened();
    let folder = program.path("state/page");
    let start = page.get("");
    let token = page.token(&start, "sheet");
    let form = sheet_form(&token, "a.csv", PASSWORD.as_bytes());
    let kind = [("Content-Type", "multipart/form-data; boundary=XxX")];
    let path = format!("{}sheet", page.base);
    let cut_off = &form[..form.len() - 8];
    assert_eq!(page.send("POST", &path, &kind, cut_off).status, 400);
    assert_eq!(files_in(&folder), 0);
    let sheet = format!("number,display_name,sip_password\n1001,Ann,{PASSWORD}\n");
    for _ in 0..2 {
        page.rows("a.csv", sheet.as_bytes(), &SIM);
        assert_eq!(files_in(&folder), 1);
        let rows = page.get("rows?show=all&edit=0");
        let rows = page.edit(&rows, "0", "1", "Bo");
        assert_eq!(files_in(&folder), 2);
        page.post(&rows, "rows", &[("do", "back")]);
        assert_eq!(files_in(&folder), 1);
    }
    page.close();
}

#[test]
fn a_sheet_that_is_not_written_again_is_named_as_the_browser_did() {
    let (program, mut page) = opened();
    let sheet = format!("number,display_name,sip_password\n1001,Ann,{PASSWORD}\n");
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    packed.write_all(sheet.as_bytes()).unwrap();
    page.rows("staff.csv.gz", &packed.finish().unwrap(), &SIM);
    let rows = page.get("rows?show=all&edit=0");
    let told = page.edit(&rows, "0", "1", "Bo");
    assert!(told.contains("staff.csv.gz"), "{told}");
    let state = program.path("state").display().to_string();
    assert!(!told.contains(&state), "{told}");
    page.close();
}

#[cfg(target_os = "linux")]
#[test]
fn enter_in_the_terminal_gives_another_address() {
    let program = Program::new().with_own_state();
    let mut terminal = Typist::start(&mut program.command("serve --no-open"));
    terminal.answers("press Enter here for another address", "");
    let addresses = |screen: &str| -> Vec<String> {
        let lines = screen.lines().filter(|line| line.starts_with("http://"));
        lines.map(|line| line.trim().to_owned()).collect()
    };
    wait_until(|| addresses(&terminal.screen()).len() == 2);
    let both = addresses(&terminal.screen());
    let status = |address: &str| {
        let (host, path) = address
            .strip_prefix("http://")
            .unwrap()
            .split_once('/')
            .unwrap();
        let get = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        exchange(host, get.as_bytes()).status
    };
    assert_eq!(
        both.iter().map(|it| status(it)).collect::<Vec<_>>(),
        [403, 200]
    );
    terminal.interrupts();
}
