//! Workbooks as other programs read them. A test whose tools are missing is passed over, with a note.

use crate::support::program::without_home;
use crate::support::python::python_command;
use crate::support::random::Random;
use crate::support::skip::skip;
use rowcall::manifest::Access;
use rowcall::model::Kind;
use rowcall::sheet::{Input, ReadOptions, Readers, Writer, open};
use std::fs;
use std::path::Path;
use std::process::Command;

const SEED: u64 = 20_260_422;

fn has_openpyxl() -> bool {
    has(&mut python_command(), "openpyxl", "-cimport openpyxl")
}

fn has(command: &mut Command, program: &str, argument: &str) -> bool {
    let ran = command.arg(argument).output();
    let there = ran.is_ok_and(|output| output.status.success());
    if !there {
        skip(
            program,
            "apt install libreoffice-calc-nogui python3-openpyxl",
        );
    }
    there
}

/// Texts that spreadsheets like to change, and random ones from their parts.
fn cells() -> Vec<Vec<String>> {
    const PARTS: [&str; 24] = [
        "0042",
        "+49 30",
        "=1+1",
        "-5",
        "@x",
        "1e5",
        "Mar-01",
        "TRUE",
        "#N/A",
        "12345678901234567890",
        " a ",
        "x\ny",
        "ä€😀",
        "_x0041_",
        "_x0041",
        "&lt;",
        "\"q\"",
        "<b>",
        ",",
        ";",
        "100%",
        "'s",
        "1/2",
        "09:00",
    ];
    let mut random = Random::new(SEED);
    let mut pick = |count| random.below(count);
    let mut rows: Vec<Vec<String>> = PARTS.map(|part| vec![part.to_owned(); 3]).to_vec();
    for row in 0..500 {
        let mut cell = || {
            let parts = pick(4);
            (0..parts).map(|_| PARTS[pick(PARTS.len())]).collect()
        };
        rows.push(vec![format!("n{row}"), cell(), cell()]);
    }
    // Without a mark of our own, it would be taken for one when the other program's CSV is read.
    let marked = |cell: &String| cell.starts_with('\'');
    rows.retain(|row| !row.iter().any(marked));
    rows
}

fn written(path: &Path, rows: &[Vec<String>]) {
    let mut writer = Writer::replace(path, Readers::Anybody, &["number", "b", "c"]).unwrap();
    for row in rows {
        writer.row(row.iter().map(String::as_str)).unwrap();
    }
    writer.finish().unwrap();
}

fn read(path: &Path) -> Vec<Vec<String>> {
    let sheet = open(&Input::File(path.into()), &ReadOptions::default())
        .unwrap()
        .remove(0);
    let mut rows = vec![];
    for batch in sheet.batches() {
        let given = batch.unwrap().rows(|row| {
            assert!(row.trouble.is_none(), "{:?}", row.trouble);
            rows.push(
                (0..row.cells.len())
                    .map(|at| row.cells.get(at).unwrap().to_owned())
                    .collect(),
            );
        });
        given.unwrap();
    }
    rows
}

fn same(read: &[Vec<String>], rows: &[Vec<String>]) {
    for (read, row) in read.iter().zip(rows) {
        assert_eq!(read, row);
    }
    assert_eq!(read.len(), rows.len());
}

#[test]
fn libreoffice_reads_the_same_values() {
    if !has(&mut Command::new("soffice"), "soffice", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (book, profile) = (folder.path().join("t.xlsx"), folder.path().join("profile"));
    let rows = cells();
    written(&book, &rows);
    let converted = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}",
            profile.display()
        ))
        .args([
            "--headless",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76",
        ])
        .arg("--outdir")
        .arg(folder.path())
        .arg(&book)
        .output()
        .unwrap();
    assert!(converted.status.success(), "{converted:?}");
    same(&read(&folder.path().join("t.csv")), &rows);
}

#[test]
fn openpyxl_reads_the_same_values() {
    if !has_openpyxl() {
        return;
    }
    const PYTHON: &str = "
import openpyxl, json, sys
from openpyxl.utils.escape import unescape
for read_only in (True, False):
    sheet = openpyxl.load_workbook(sys.argv[1], read_only=read_only).active
    rows = [[unescape(cell or '') for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)]
    json.dump([dict(zip('abc', row)) for row in rows], open(sys.argv[2] + str(read_only) + '.json', 'w'))
";
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("t.xlsx");
    let rows = cells();
    written(&book, &rows);
    let ran = python_command()
        .args(["-c", PYTHON])
        .args([&book, &folder.path().join("t")])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    for name in ["tTrue.json", "tFalse.json"] {
        same(&read(&folder.path().join(name)), &rows);
    }
}

/// Checks that the template of each vendor, filled with the examples of its own help, passes the vendor's check.
#[test]
fn a_template_filled_with_its_examples_is_valid() {
    if !has_openpyxl() {
        return;
    }
    const PYTHON: &str = "
import openpyxl, csv, sys
book = openpyxl.load_workbook(sys.argv[1])
sheet, help = book['Extensions'], book['Help']
titles = [cell.value for cell in help[1]]
rows = [dict(zip(titles, row)) for row in help.iter_rows(min_row=2, values_only=True)]
examples = {row['heading']: row['example'] for row in rows}
assert all(row['source'] for row in rows)
headings = [cell.value for cell in sheet[1]]
for cell in sheet[1]:
    assert examples[cell.value] in cell.comment.text, cell.value
columns = [column for column in sheet.column_dimensions.values() if column.min <= len(headings)]
assert all(column.number_format == '@' for column in columns), columns
assert sum(column.max - column.min + 1 for column in columns) == len(headings)
offered = {str(rule.sqref).split('2')[0] for rule in sheet.data_validations.dataValidation}
switches = {cell.column_letter for cell in sheet[1] if 'Values: on, off.' in cell.comment.text}
assert switches <= offered, switches - offered
print(len(switches))
csv.writer(open(sys.argv[2], 'w')).writerows([headings, [examples[heading] for heading in headings]])
";
    let folder = tempfile::tempdir().unwrap();
    for vendor in rowcall::vendors::VENDORS {
        let (book, sheet) = (folder.path().join("t.xlsx"), folder.path().join("t.csv"));
        let rowcall = |arguments: &[&str]| without_home().args(arguments).output().unwrap();
        let made = rowcall(&["template", "--for", vendor.id, "-o", book.to_str().unwrap()]);
        assert!(made.status.success(), "{made:?}");
        let filled = python_command()
            .args(["-c", PYTHON])
            .args([&book, &sheet])
            .output()
            .unwrap();
        assert!(filled.status.success(), "{}: {filled:?}", vendor.id);
        let counted = String::from_utf8_lossy(&filled.stdout);
        let has_switches = (vendor.manifest)()
            .field
            .iter()
            .any(|row| row.name.def().kind == Kind::Switch && row.access != Access::ReadOnly);
        assert_eq!(counted.trim() != "0", has_switches, "{}", vendor.id);
        let checked = rowcall(&["check", sheet.to_str().unwrap(), "--for", vendor.id]);
        assert!(checked.status.success(), "{}: {checked:?}", vendor.id);
        fs::remove_file(&sheet).unwrap();
        fs::remove_file(&book).unwrap();
    }
}
