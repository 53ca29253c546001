//! Line breaks within the quotes of a cell: they make a line of the file more, and no row of a spreadsheet.

use crate::support::open_page::OpenPage;
use crate::support::pbx::Desk;
use crate::support::program::Program;
use std::fmt::Write as _;
use std::io::Read;

/// A row before a line break in a cell, the row with it, and rows behind it; a blank line is a row of a spreadsheet.
const SHEET: &str = "number,display_name,sip_password,email\n\
    2001,Ann,,a@b.c\n\
    2002,\"Bo\nLund\",,b@b.c\n\
    2003,\"Cy\r\n\r\nLee\",tR7xkQ2mZp9w,c@b.c\n\
    \n\
    2004,Di,,d@b.c\n\
    2001,Ed,tR7xkQ2mZp9w,e@b.c\n";

/// The place of each row that has no password, and the cell that is blank.
const BLANK: [(usize, &str, &str); 3] = [
    (0, "s.csv:2", " C2: "),
    (1, "s.csv:3", " C3: "),
    (3, "s.csv:9", " C6: "),
];

fn names_the_cells(desk: &Desk, report: &str, after: &str) {
    let rows = desk.report(report);
    for (row, place, cell) in BLANK {
        assert_eq!(rows[row]["place"], place, "{after}");
        let findings = &rows[row]["findings"];
        let of_password = findings.lines().find(|line| line.contains("sip_password"));
        assert!(of_password.unwrap().contains(cell), "{after}: {findings}");
    }
}

#[test]
fn a_cell_below_a_line_break_is_named_as_a_spreadsheet_names_it() {
    let desk = Desk::new("openvox");
    desk.write("s.csv", SHEET);
    let line = "check s.csv --for openvox --report r.csv";
    let said = desk.ends(line, 1).out;
    names_the_cells(&desk, "r.csv", "check");
    assert!(said.contains("(C2 C3 C6)"), "{said}");
    let repeated = &desk.report("r.csv")[4];
    assert_eq!(repeated["place"], "s.csv:10");
    let findings = &repeated["findings"];
    assert!(findings.contains(" A7: "), "{findings}");
    assert!(findings.contains("s.csv:2 (cell A2)"), "{findings}");
}

#[test]
fn a_plan_and_the_report_of_a_run_name_the_same_cells() {
    let desk = Desk::new("openvox");
    desk.write("s.csv", SHEET);
    let plan = "plan s.csv --to TARGET --report r.csv -o plan.json";
    let said = desk.go(plan).exits(1).out;
    assert!(said.contains("sip_password, C6: "), "{said}");
    names_the_cells(&desk, "r.csv", "plan");
    let ran = desk.go("import --plan plan.json --report r.csv --json");
    names_the_cells(&desk, "r.csv", "the run");
    desk.ends(&format!("report {} -o again.csv", ran.name()), 1);
    names_the_cells(&desk, "again.csv", "report");
}

#[test]
fn the_page_and_a_marked_copy_name_the_same_cells() {
    let program = Program::new().with_own_state();
    let sheet = SHEET.replace("\n\n2004", "\n2004");
    program.write("s.csv", &sheet);
    let line = "check s.csv --for openvox --mark m.xlsx";
    let said = program.ends(line, 1).out;
    assert!(said.contains("(C2 C3 C5)"), "{said}");
    let book = std::fs::File::open(program.path("m.xlsx")).unwrap();
    let mut book = zip::ZipArchive::new(book).unwrap();
    let mut marks = String::new();
    let mut findings = book.by_name("xl/worksheets/sheet2.xml").unwrap();
    findings.read_to_string(&mut marks).unwrap();
    for cell in ["C2", "C3", "C5", "A6"] {
        let link = format!("location=\"Sheet1!{cell}\"");
        assert!(marks.contains(&link), "{cell}: {marks}");
    }
    let mut page = OpenPage::open(&program, "");
    let rows = page.rows("s.csv", sheet.as_bytes(), &[("target", "sim:openvox")]);
    let plan = page.plan(&rows);
    for cell in ["C2: ", "C3: ", "C5: ", "A6: "] {
        assert!(plan.contains(cell), "{cell}: {plan}");
    }
    page.close();
}

#[test]
fn a_long_sheet_names_its_cells_by_any_number_of_threads() {
    let desk = Desk::new("openvox");
    let mut sheet = "number,display_name,sip_password,remark\n".to_owned();
    let remark = "x".repeat(100);
    let mut expected = Vec::new();
    let mut line = 2;
    for row in 0..40_000 {
        let (name, breaks) = match row % 97 {
            0 => ("\"Ann\nMiller\"", 1),
            1 => ("\"Bo\r\n\r\nLund\"", 2),
            _ => ("Cy", 0),
        };
        let password = match row % 1000 {
            999 => "",
            _ => "tR7xkQ2mZp9w",
        };
        if password.is_empty() {
            expected.push((format!("s.csv:{line}"), format!(" C{}: ", row + 2)));
        }
        writeln!(sheet, "{},{name},{password},{remark}", 100_000 + row).unwrap();
        line += 1 + breaks;
    }
    desk.write("s.csv", sheet);
    let mut reports = Vec::new();
    for threads in ["1", "4"] {
        let line = "check s.csv --for openvox --map remark=- --report r.csv";
        let mut command = desk.command(line);
        command.env("RAYON_NUM_THREADS", threads);
        let ended = command.output().unwrap();
        assert_eq!(ended.status.code(), Some(1));
        let rows = desk.report("r.csv").into_iter();
        let seen = rows.map(|row| (row["place"].clone(), row["findings"].clone()));
        reports.push(seen.collect::<Vec<_>>());
    }
    assert!(reports[0] == reports[1], "for any number of threads");
    let of_password = |findings: &str| {
        let mut lines = findings.lines();
        lines
            .find(|line| line.contains("sip_password.required"))
            .map(str::to_owned)
    };
    let found = reports[0].iter();
    let found = found.filter_map(|(place, findings)| Some((place, of_password(findings)?)));
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), expected.len());
    for ((place, line), (expected_place, cell)) in found.iter().zip(&expected) {
        assert_eq!(*place, expected_place);
        assert!(line.contains(cell), "{place}: {line}");
    }
}
