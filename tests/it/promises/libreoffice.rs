//! Workbooks as LibreOffice writes them.

use crate::support::random::Random;
use crate::support::skip::skip;
use crate::support::values::cell as odd_cell;
use rowcall::sheet::{Input, ReadOptions, Readers, Stored, Writer, open};
use rust_xlsxwriter::{Format, Formula, Workbook};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rows read from a workbook with one sheet.
struct SeenCells {
    cells: Vec<Vec<String>>,
    stored: Vec<Vec<Stored>>,
    notes: String,
}

fn shown_cells(file: &Path) -> SeenCells {
    let sheets = open(&Input::File(file.into()), &ReadOptions::default()).unwrap();
    let (mut cells, mut stored) = (vec![], vec![]);
    for batch in sheets[0].batches() {
        let take = |row: rowcall::sheet::Row<'_>| {
            let columns = 0..row.cells.len();
            let texts = columns
                .clone()
                .map(|column| row.cells.get(column).unwrap().to_owned());
            cells.push(texts.collect());
            stored.push(columns.map(|column| row.cells.stored(column)).collect());
        };
        batch.unwrap().rows(take).unwrap();
    }
    SeenCells {
        cells,
        stored,
        notes: sheets[0].notes.join("; "),
    }
}

/// Lets LibreOffice convert a sheet, without a screen and with a profile of its own. `None` where there is none on this
/// machine.
fn convert(file: &Path, to: &str, options: &[&str], folder: &Path) -> Option<PathBuf> {
    let out = folder.join(to);
    let done = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}",
            folder.join("profile").display()
        ))
        .args(["--headless", "--convert-to", to])
        .args(options)
        .arg("--outdir")
        .arg(&out)
        .arg(file)
        .output();
    let Ok(done) = done else {
        skip("soffice", "apt install libreoffice-calc-nogui");
        return None;
    };
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    Some(out.join(file.file_name()?).with_extension(to))
}

const SEED: u64 = 20_260_504;
const ROWS: usize = 1500;

/// Sheets that are exported, opened in LibreOffice and saved there have the same values.
#[test]
fn exports_that_libreoffice_saved_have_the_same_values() {
    let folder = tempfile::tempdir().unwrap();
    let headings = ["number", "a", "b", "c", "d"];
    let mut random = Random::new(SEED);
    let rows: Vec<[String; 5]> = (0..ROWS)
        .map(|row| {
            let mut cells = [(); 5].map(|()| odd_cell(&mut random));
            cells[0] = format!("r{row}");
            cells
        })
        .collect();
    let written = |name: &str, as_written: &dyn Fn(&str) -> String| {
        let path = folder.path().join(name);
        let mut writer = Writer::replace(&path, Readers::Anybody, &headings).unwrap();
        for row in &rows {
            let row = row.each_ref().map(|cell| as_written(cell));
            writer.row(row.iter().map(String::as_str)).unwrap();
        }
        writer.finish().unwrap();
        path
    };
    let same = |converted: &Path, what: &str, wanted: &dyn Fn(&str) -> String| {
        let read = shown_cells(converted).cells;
        assert_eq!(read.len(), rows.len(), "{what}");
        for (read, row) in read.iter().zip(&rows) {
            for (column, cell) in row.iter().enumerate() {
                let read = read.get(column).map_or("", String::as_str);
                assert_eq!(
                    read,
                    wanted(cell),
                    "{what}, row {}, column {column}",
                    row[0]
                );
            }
        }
    };
    let book = written("book.xlsx", &str::to_owned);
    for to in ["xlsx", "ods", "xls"] {
        let Some(converted) = convert(&book, to, &[], folder.path()) else {
            return;
        };
        // LibreOffice itself leaves a tab out where it writes a cell of several lines to ODS.
        let loses_tabs = |cell: &str| to == "ods" && cell.contains('\n');
        same(&converted, to, &|cell| {
            let kept = |c: &char| *c != '\t' || !loses_tabs(cell);
            cell.chars().filter(kept).collect()
        });
    }
    // A spreadsheet keeps the text of CSV where the columns are marked as text. A text like a formula has rowcall's
    // apostrophe there, which only rowcall takes away; so no cell begins like one.
    let tame = |cell: &str| {
        let is_wild = cell.starts_with(|c: char| !c.is_alphanumeric());
        if is_wild {
            format!("x{cell}")
        } else {
            cell.to_owned()
        }
    };
    let text = written("text.csv", &tame);
    let options = "--infilter=Text - txt - csv (StarCalc):44,34,76,1,1/2/2/2/3/2/4/2/5/2";
    let converted = convert(&text, "xlsx", &[options], folder.path()).unwrap();
    same(&converted, "CSV", &tame);
}

#[test]
fn libreoffice_writes_three_formats_that_read_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("staff.xlsx");
    let mut workbook = Workbook::new();
    {
        let sheet = workbook.add_worksheet();
        for (column, heading) in (0..).zip(["number", "name", "pin"]) {
            sheet.write(0, column, heading).unwrap();
            sheet.write_string(1, column, "0042").unwrap();
        }
        let format = |code: &str| Format::new().set_num_format(code);
        sheet
            .write_number_with_format(2, 0, 7, &format("0000"))
            .unwrap();
        sheet.write_number(2, 1, 18_088_861_612_f64).unwrap();
        sheet
            .write_number_with_format(2, 2, 0.125, &format("0.0%"))
            .unwrap();
        sheet
            .write_number_with_format(4, 0, 45352.75, &format("yyyy-mm-dd hh:mm"))
            .unwrap();
        sheet.write_string(4, 1, "Zoë  <&>\n😀 ").unwrap();
        sheet.write_boolean(4, 2, true).unwrap();
        sheet
            .write_formula(5, 0, Formula::new("=6*7").set_result("42"))
            .unwrap();
        sheet
            .write_formula(5, 1, Formula::new("=NA()").set_result("#N/A"))
            .unwrap();
        sheet.write_string(5, 2, "ab").unwrap();
        sheet.write_string(6, 0, "x".repeat(9000)).unwrap();
        sheet.write_string(6, 1, "ü€".repeat(4000)).unwrap();
        sheet.write_number(6, 2, 2.5).unwrap();
        for row in 7..3000 {
            sheet.write_string(row, 0, format!("{:04}", row)).unwrap();
            sheet.write_string(row, 1, format!("Name № {row}")).unwrap();
            sheet.write_number(row, 2, row).unwrap();
        }
        sheet.set_row_hidden(8).unwrap();
        sheet
            .merge_range(3000, 0, 3000, 1, "9999", &Format::new())
            .unwrap();
    }
    workbook.save(&file).unwrap();
    let expected = shown_cells(&file).cells;
    assert_eq!(expected[3], ["42", "#N/A", "ab"]);
    assert_eq!(expected[1], ["0007", "18088861612", "12.5%"]);
    assert_eq!(expected[2], ["2024-03-01 18:00", "Zoë  <&>\n😀 ", "TRUE"]);
    for to in ["ods", "xls", "xlsx"] {
        let Some(converted) = convert(&file, to, &[], folder.path()) else {
            return;
        };
        let seen = shown_cells(&converted);
        for (ours, theirs) in expected.iter().zip(&seen.cells) {
            assert_eq!(ours, theirs, "{to}");
        }
        assert_eq!(seen.cells.len(), expected.len(), "{to}");
        use Stored::*;
        assert_eq!(seen.stored[1], [Shown, Number, Shown], "{to}");
        assert_eq!(seen.stored[2], [Date, Text, Boolean], "{to}");
        assert_eq!(seen.stored[3], [Number, Error, Text], "{to}");
        for said in ["1 hidden row,", "1 merged range,", " formulas,"] {
            assert!(seen.notes.contains(said), "{to}: {}", seen.notes);
        }
    }
}
