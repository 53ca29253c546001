//! Small sheets on which a careful reader could be wrong, and dirty ones as people have them, through the program
//! itself.

use crate::support::program::without_home;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Cases {
    case: Vec<SheetCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SheetCase {
    file: String,
    vendor: String,
    /// The reason why it is right.
    why: String,
    /// The place that prints its headings; people, numbers and passwords in it are invented.
    #[serde(default)]
    source: String,
    /// The counts of the rows; where there are none, it is asked and no row is read.
    rows: Option<String>,
    /// The numbers of invalid rows, each with the rule of its first error.
    #[serde(default)]
    invalid: Vec<(String, String)>,
    /// Further words of the output.
    #[serde(default)]
    says: Vec<String>,
}

const CASES: &str = "samples/odd/cases";
const DIRTY: &str = "samples/dirty";

/// A row of a report: its place, its number, its result; where it is invalid, the rule, the column, and the message.
type Reported = [String; 6];

/// Checks a sheet; returns the exit code, the output, and the report without the times.
fn checked(sheet: &Path, vendor: &str, more: &[&str]) -> (i32, String, Vec<Reported>) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.csv");
    let output = without_home()
        .args(["check", "--for", vendor])
        .arg(sheet)
        .arg("--report")
        .arg(&report)
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let mut rows = vec![];
    if report.exists() {
        let mut reader = csv::Reader::from_path(&report).unwrap();
        let headings = reader.headers().unwrap().clone();
        let at = ["place", "number", "result", "code", "column", "message"]
            .map(|name| headings.iter().position(|heading| heading == name).unwrap());
        let name = sheet.file_name().unwrap().to_str().unwrap();
        for row in reader.records() {
            let row = row.unwrap();
            let mut cells = at.map(|at| row[at].replace(sheet.to_str().unwrap(), name));
            if cells[2] != "invalid" {
                cells[3..].fill(String::new());
            }
            rows.push(cells);
        }
    }
    (output.status.code().unwrap(), said, rows)
}

#[test]
fn every_answer_to_whose_a_sheet_is_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("sheet.csv");
    fs::write(
        &sheet,
        "extension,name,tech,secret,voicemail\n2001,Ann Muster,pjsip,tR7xkQ2mZp9w,no\n",
    )
    .unwrap();
    let (code, said, _) = checked(&sheet, "openvox", &[]);
    assert_eq!(code, 2, "{said}");
    // FreePBX has the mailbox's context in that column.
    for (id, is_read) in [("freepbx", false), ("rowcall", true), ("openvox", true)] {
        assert!(said.contains(&format!("--headings {id}")), "{said}");
        let (code, said, _) = checked(&sheet, "openvox", &["--headings", id]);
        assert_eq!(code, 0, "{id}: {said}");
        assert_ne!(is_read, said.contains("voicemail"), "{id}: {said}");
    }
}

#[test]
fn each_case_is_read_asked_about_or_invalid_as_its_table_says() {
    let table = fs::read_to_string(format!("{CASES}.toml")).unwrap();
    let table: Cases = toml::from_str(&table).unwrap();
    let mut named = BTreeSet::new();
    for case in &table.case {
        let file = &case.file;
        named.insert(file.clone());
        let why = format!("{} {}", case.why, case.source);
        let (code, said, rows) = checked(&Path::new(CASES).join(file), &case.vendor, &[]);
        let expected = match &case.rows {
            None => 2,
            Some(_) if case.invalid.is_empty() => 0,
            Some(_) => 1,
        };
        assert_eq!(code, expected, "{file}: {why}: {said}");
        let counts = case.rows.as_deref().unwrap_or("rowcall: ");
        for words in case.says.iter().map(String::as_str).chain([counts]) {
            assert!(
                said.contains(words),
                "{file}: {why}: no “{words}” in {said}"
            );
        }
        let invalid = rows.iter().filter(|row| row[2] == "invalid");
        let invalid: Vec<(&str, &str)> = invalid.map(|row| (&*row[1], &*row[3])).collect();
        let known = case.invalid.iter();
        let known: Vec<(&str, &str)> = known.map(|(number, rule)| (&**number, &**rule)).collect();
        assert_eq!(invalid, known, "{file}: {why}");
    }
    let found = fs::read_dir(CASES).unwrap();
    let found: BTreeSet<String> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, named);
}

/// The report of a check, byte for byte but for times and the folder of the sheet.
fn report_of(sheet: &Path, more: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.csv");
    let output = without_home()
        .args(["check", "--for", "openvox"])
        .arg(sheet)
        .arg("--report")
        .arg(&report)
        .args(more)
        .output()
        .unwrap();
    assert!(report.exists(), "{output:?}");
    let mut reader = csv::Reader::from_path(&report).unwrap();
    let headings = reader.headers().unwrap().clone();
    let is_time = |heading: &str| ["elapsed_ms", "finished_at"].contains(&heading);
    let name = sheet.file_name().unwrap().to_str().unwrap();
    let mut writer = csv::Writer::from_writer(vec![]);
    writer.write_record(&headings).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        let cells = headings
            .iter()
            .zip(&row)
            .map(|(heading, cell)| match heading {
                heading if is_time(heading) => String::new(),
                _ => cell.replace(sheet.to_str().unwrap(), name),
            });
        writer.write_record(cells).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Writes the reports anew where `ROWCALL_WRITE_REPORTS` is set.
#[test]
fn dirty_sheets_have_the_reports_that_lie_beside_them_before_and_after_they_are_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let country = ["--country", "DE"];
    for name in [
        "office.xlsx",
        "spreadsheet.csv",
        "database.csv",
        "joined.csv",
        "answer.json",
    ] {
        let sheet = Path::new(DIRTY).join(name);
        let fixed = folder.path().join(name);
        let before = report_of(&sheet, &country);
        let output = without_home()
            .args(["fix", "--for", "openvox"])
            .arg(&sheet)
            .arg("-o")
            .arg(&fixed)
            .args(country)
            .output()
            .unwrap();
        assert!(
            output.status.code().is_some_and(|code| code < 2),
            "{output:?}"
        );
        let after = report_of(&fixed, &country);
        let stem = sheet.with_extension("");
        for (report, when) in [(before, "before"), (after, "after")] {
            let path = format!("{}.{when}.csv", stem.display());
            if std::env::var_os("ROWCALL_WRITE_REPORTS").is_some() {
                fs::write(&path, &report).unwrap();
            }
            let agreed = String::from_utf8(fs::read(&path).unwrap()).unwrap();
            let report = String::from_utf8(report).unwrap();
            let other = agreed.lines().zip(report.lines()).find(|(a, b)| a != b);
            assert!(agreed == report, "{path}: differs, first in {other:#?}");
        }
    }
}
