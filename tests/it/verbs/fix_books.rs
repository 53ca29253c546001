//! `rowcall fix` over sheets of every kind, with damage whose original is known: the copy should be the original.

use crate::support::program::without_home;
use crate::support::python::python_command;
use crate::support::random::Random;
use crate::support::skip::skip;
use rowcall::sheet::{Encoding, Input, ReadOptions, open};
use rust_xlsxwriter::{Chart, ChartType, Format, Formula, Note, Workbook};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use zip::ZipArchive;

const SEED: u64 = 20_261_122;
const ROWS: usize = 120;
const HEADINGS: [&str; 6] = [
    "number",
    "name",
    "registerpassword",
    "vmsecret",
    "mobile",
    "hobby",
];

/// A sheet before and after: the damaged cells, and the originals.
struct Damaged {
    before: Vec<Vec<String>>,
    after: Vec<Vec<String>>,
}

impl Damaged {
    /// The names of the cells that differ.
    fn cells(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (row, (before, after)) in self.before.iter().zip(&self.after).enumerate() {
            for (column, letter) in ('A'..).take(before.len()).enumerate() {
                if before[column] != after[column] {
                    names.insert(format!("{letter}{}", row + 2));
                }
            }
        }
        names
    }
}

/// Random rows; some of their numbers are as spreadsheets and copying leave them. `plain` has nothing that only Unicode
/// can write.
fn damaged(plain: bool) -> Damaged {
    let mut random = Random::new(SEED);
    let mut pick = |count| random.below(count);
    let full_width = |text: &str| -> String {
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
        text.chars().map(wide).collect()
    };
    let mut all = Damaged {
        before: vec![],
        after: vec![],
    };
    for row in 0..ROWS {
        let number = (2000 + row).to_string();
        let pin = format!("{:04}", 5000 + pick(5000));
        let mobile = format!("1{:010}", 1_000_000_001 + 10 * pick(100_000_000));
        let name = ["Jürgen Groß", "Ann <A> & \"B\"; C", "Zoë O’Brien", "Bo"][pick(4)];
        let after = [&number, name, "Ab3defgh1", &pin, &mobile, "2002.0"].map(str::to_owned);
        let mut before = after.clone();
        before[0] = match pick(8) {
            0 => format!("{number}.0"),
            1 => format!("’{number}"),
            2 => format!("{}.{}", &number[..1], &number[1..]),
            3 if !plain => full_width(&number),
            4 if !plain => format!("\u{200b}{number}\u{2060}"),
            _ => number.clone(),
        };
        before[3] = match pick(5) {
            0 => format!("'{pin}"),
            1 => format!(" {pin}\u{a0}"),
            2 if !plain => full_width(&pin),
            _ => pin.clone(),
        };
        before[4] = match pick(4) {
            0 => format!("{},{}E+10", &mobile[..1], &mobile[1..]),
            1 => format!("`{mobile}.0"),
            _ => mobile.clone(),
        };
        all.before.push(before.to_vec());
        all.after.push(after.to_vec());
    }
    all
}

fn csv(rows: &[Vec<String>]) -> String {
    let mut text = HEADINGS.join(";") + "\r\n";
    for row in rows {
        let quoted = |cell: &String| match cell.contains([';', '"']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        };
        text += &(row.iter().map(quoted).collect::<Vec<_>>().join(";") + "\r\n");
    }
    text
}

fn json(rows: &[Vec<String>], between: &str) -> String {
    let object = |row: &Vec<String>| {
        let members = HEADINGS.iter().zip(row);
        let members =
            members.map(|(name, cell)| format!("\"{name}\" : {}", serde_json::json!(cell)));
        format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
    };
    rows.iter().map(object).collect::<Vec<_>>().join(between)
}

/// Writes a workbook with the parts that workbooks have beside their cells.
fn xlsx(path: &Path, rows: &[Vec<String>]) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Staff").unwrap();
    for (column, heading) in (0..).zip(HEADINGS) {
        sheet.write(0, column, heading).unwrap();
    }
    let bold = Format::new().set_bold().set_num_format("@");
    for (line, row) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            sheet
                .write_string_with_format(line, column, cell, &bold)
                .unwrap();
        }
    }
    sheet.insert_note(1, 0, &Note::new("a note")).unwrap();
    sheet.set_row_hidden(3).unwrap();
    sheet.autofilter(0, 0, ROWS as u32, 5).unwrap();
    let mut chart = Chart::new(ChartType::Column);
    chart.add_series().set_values("Sums!$A$1:$A$2");
    sheet.insert_chart(2, 8, &chart).unwrap();
    let sums = workbook.add_worksheet();
    sums.set_name("Sums").unwrap();
    sums.write_formula(0, 0, Formula::new("=COUNTA(Staff!A:A)").set_result("121"))
        .unwrap();
    workbook.save(path).unwrap();
}

fn read(path: &Path, encoding: Option<&str>) -> Vec<Vec<String>> {
    let options = ReadOptions {
        encoding: encoding.map(|name| Encoding::named(name).unwrap()),
        sheets: has_sheets(path)
            .then(|| "Staff".to_owned())
            .into_iter()
            .collect(),
        ..ReadOptions::default()
    };
    let sheet = open(&Input::File(path.into()), &options).unwrap().remove(0);
    let mut rows = vec![];
    for batch in sheet.batches() {
        let each = |row: rowcall::sheet::Row<'_>| {
            assert!(row.trouble.is_none(), "{:?}", row.trouble);
            let cells = (0..row.cells.len()).map(|at| row.cells.get(at).unwrap().to_owned());
            rows.push(cells.collect());
        };
        batch.unwrap().rows(each).unwrap();
    }
    rows
}

fn has_sheets(path: &Path) -> bool {
    let ending = path.extension().unwrap();
    ending == "xlsx" || ending == "ods"
}

/// The parts of a workbook, without the one whose cells change.
fn parts(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut parts = vec![];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = vec![];
        part.read_to_end(&mut bytes).unwrap();
        if name != "xl/worksheets/sheet1.xml" && name != "content.xml" {
            parts.push((name, bytes));
        }
    }
    parts
}

/// Fixes a file and checks the copy against every promise.
fn fixed(folder: &Path, name: &str, sheet: &Damaged) {
    let original = fs::read(folder.join(name)).unwrap();
    let run = |from: &str, to: &str, report: &str| {
        let mut command = without_home();
        command
            .current_dir(folder)
            .args(["fix", from, "-o", to, "--for", "openvox"]);
        command.args(["--report", report]);
        if has_sheets(Path::new(name)) {
            command.args(["--sheet", "Staff"]);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{name}: {said}"
        );
        assert!(!said.contains("not changed"), "{name}: {said}");
    };
    let (once, twice) = (format!("fixed-{name}"), format!("again-{name}"));
    run(name, &once, "changes.csv");
    assert_eq!(read(&folder.join(name), None), sheet.before, "{name}");
    assert_eq!(read(&folder.join(&once), None), sheet.after, "{name}");
    let changes = fs::read_to_string(folder.join("changes.csv")).unwrap();
    let cells: BTreeSet<String> = changes
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(2).unwrap().to_owned())
        .collect();
    // JSON has no rows of cells: a place is a line there, with as many objects as it may have.
    if !name.contains("json") {
        assert_eq!(cells, sheet.cells(), "{name}");
    }
    assert_eq!(changes.lines().count(), sheet.cells().len() + 1, "{name}");
    let pins = sheet.before.iter().chain(&sheet.after).map(|row| &row[3]);
    for pin in pins {
        let shown = changes
            .lines()
            .any(|line| line.split(',').any(|cell| cell == pin));
        assert!(!shown, "{name}: a secret is shown");
    }
    run(&once, &twice, "none.csv");
    let none = fs::read_to_string(folder.join("none.csv")).unwrap();
    assert_eq!(none.lines().count(), 1, "{name}: {none}");
    let (once, twice) = (folder.join(once), folder.join(twice));
    assert!(
        fs::read(&once).unwrap() == fs::read(twice).unwrap(),
        "{name}"
    );
    assert!(fs::read(folder.join(name)).unwrap() == original, "{name}");
    if has_sheets(&once) {
        assert!(parts(&once) == parts(&folder.join(name)), "{name}");
    }
}

/// Writes rows as a text.
type Write = fn(&[Vec<String>]) -> String;

#[test]
fn a_text_of_any_kind_becomes_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = damaged(false);
    assert!(sheet.cells().len() > ROWS, "{}", sheet.cells().len());
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let write: [Write; 4] = [
        csv,
        |rows| format!("\u{feff}{}", csv(rows)),
        |rows| format!("[\n{}\n]\n", json(rows, " ,\n")),
        |rows| json(rows, "\n") + "\n",
    ];
    for (name, write) in ["a.csv", "marked.csv", "a.json", "a.jsonl"]
        .iter()
        .zip(write)
    {
        let path = folder.path();
        fs::write(path.join(name), write(&sheet.before)).unwrap();
        fixed(path, name, &sheet);
        let copy = fs::read_to_string(path.join(format!("fixed-{name}"))).unwrap();
        assert!(copy == write(&sheet.after), "{name}");
        let name = format!("wide-{name}");
        fs::write(path.join(&name), utf16(&write(&sheet.before))).unwrap();
        fixed(path, &name, &sheet);
        let copy = fs::read(path.join(format!("fixed-{name}"))).unwrap();
        assert!(copy == utf16(&write(&sheet.after)), "{name}");
    }
    // The characters beyond ASCII that occur here, by Windows-1252's own table.
    let windows = |text: &str| -> Vec<u8> {
        let byte = |c: char| match c {
            '’' => 0x92,
            c => u8::try_from(u32::from(c)).unwrap(),
        };
        text.chars().map(byte).collect()
    };
    let sheet = damaged(true);
    fs::write(folder.path().join("old.csv"), windows(&csv(&sheet.before))).unwrap();
    fixed(folder.path(), "old.csv", &sheet);
    let copy = fs::read(folder.path().join("fixed-old.csv")).unwrap();
    assert!(copy == windows(&csv(&sheet.after)));
}

fn soffice(folder: &Path, to: &str, out: &Path, files: &[String]) -> bool {
    let ran = Command::new("soffice")
        .current_dir(folder)
        .arg(format!(
            "-env:UserInstallation=file://{}",
            folder.join("profile").display()
        ))
        .args(["--headless", "--convert-to", to, "--outdir"])
        .arg(out)
        .args(files)
        .output();
    let there = ran.is_ok_and(|output| output.status.success());
    if !there {
        skip("soffice", "apt install libreoffice-calc-nogui");
    }
    there
}

fn python(folder: &Path, script: &str, arguments: &[&str]) {
    let ran = python_command()
        .current_dir(folder)
        .args(["-c", script])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

const OPENPYXL_WRITES: &str = "
import json, openpyxl, sys
from openpyxl.comments import Comment
book = openpyxl.Workbook()
book.active.title = 'Staff'
for row in json.load(open(sys.argv[1])):
    book.active.append(row)
book.active['A2'].comment = Comment('a note', 'somebody')
book.create_sheet('Sums')['A1'] = '=COUNTA(Staff!A:A)'
book.save(sys.argv[2])
";

const OPENPYXL_READS: &str = "
import json, openpyxl, sys
expected = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    for read_only in (True, False):
        sheet = openpyxl.load_workbook(name, read_only=read_only)['Staff']
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert [row[:6] for row in rows] == expected, name
    book = openpyxl.load_workbook(name)
    assert book['Staff']['A2'].comment.text.strip().endswith('a note'), name
    assert book['Sums']['A1'].value.upper().startswith('=COUNTA('), name
";

/// Workbooks of three programs, in two formats; and the copies as another program reads them.
#[test]
fn a_workbook_of_any_maker_becomes_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let sheet = damaged(false);
    xlsx(&path.join("own.xlsx"), &sheet.before);
    let mut names = vec!["own.xlsx".to_owned()];
    let openpyxl = python_command().args(["-c", "import openpyxl"]).output();
    let openpyxl = openpyxl.is_ok_and(|output| output.status.success());
    let head = vec![HEADINGS.map(str::to_owned).to_vec()];
    let table = |rows: &Vec<Vec<String>>| serde_json::json!([head.clone(), rows.clone()].concat());
    fs::write(path.join("before.json"), table(&sheet.before).to_string()).unwrap();
    fs::write(path.join("after.json"), table(&sheet.after).to_string()).unwrap();
    if openpyxl {
        python(path, OPENPYXL_WRITES, &["before.json", "openpyxl.xlsx"]);
        names.push("openpyxl.xlsx".to_owned());
    } else {
        skip("openpyxl", "apt install python3-openpyxl");
    }
    let own = ["own.xlsx".to_owned()];
    let office = soffice(path, "ods", path, &own)
        && soffice(
            path,
            "xlsx:Calc MS Excel 2007 XML",
            &path.join("office"),
            &own,
        );
    if office {
        fs::rename(path.join("office/own.xlsx"), path.join("office.xlsx")).unwrap();
        names.extend(["own.ods".to_owned(), "office.xlsx".to_owned()]);
    }
    for name in &names {
        fixed(path, name, &sheet);
    }
    let copies: Vec<String> = names.iter().map(|name| format!("fixed-{name}")).collect();
    if openpyxl {
        let books = copies.iter().map(String::as_str);
        let books = books.filter(|name| name.ends_with(".xlsx"));
        let arguments: Vec<&str> = std::iter::once("after.json").chain(books).collect();
        python(path, OPENPYXL_READS, &arguments);
    }
    if office {
        for copy in &copies {
            // Two copies differ in their ending alone.
            let out = path.join(format!("shown-{copy}"));
            let filter =
                "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false,false,false,1";
            assert!(soffice(path, filter, &out, std::slice::from_ref(copy)));
            let shown = fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
            assert_eq!(read(&shown, Some("utf-8")), sheet.after, "{copy}");
        }
    }
}
