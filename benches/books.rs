//! The speed of reading a workbook, beside openpyxl's read-only mode on the same file in the same run.
//!
//! `cargo bench -- books` takes 100,000 rows of 29 cells; `ROWS=10000` takes fewer. openpyxl comes from PyPI
//! (`pip install openpyxl`); without it only our own figures are printed.

use crate::{MEASURE, Size, median, own_process, peak_kib};
use rowcall::sheet::{Input, ReadOptions, SheetError, open};
use rust_xlsxwriter::{Workbook, XlsxError};
use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const COLUMNS: u16 = 29;
const PAIRS: usize = 3;

const OPENPYXL: &str = "
import openpyxl, resource, sys, time
began = time.perf_counter()
book = openpyxl.load_workbook(sys.argv[1], read_only=True)
cells = 0
for sheet in book:
    for row in sheet.iter_rows(values_only=True, min_row=2):
        cells += sum(1 for cell in row if cell is not None)
print(time.perf_counter() - began, cells, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
";

pub(crate) fn bench(size: &Size) -> io::Result<()> {
    if let Ok(path) = env::var(MEASURE) {
        return measure(Path::new(&path));
    }
    let rows = size.rows(100_000, 500)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("staff.xlsx");
    write(&path, rows as u32).map_err(io::Error::other)?;
    println!(
        "{rows} rows of {COLUMNS} cells, {} KiB",
        fs::metadata(&path)?.len() / 1024
    );
    let mut ratios = Vec::new();
    for _ in 0..PAIRS {
        let mut ours = own_process("books", &path)?;
        let ours = figures(&mut ours)?.ok_or(io::ErrorKind::InvalidData)?;
        println!("  rowcall {:.3} s, {} KiB", ours.seconds, ours.kib);
        let mut theirs = Command::new("python3");
        let Some(theirs) = figures(theirs.args(["-c", OPENPYXL]).arg(&path))? else {
            println!("skipped: there is no openpyxl on this machine");
            return Ok(());
        };
        println!("  openpyxl {:.3} s, {} KiB", theirs.seconds, theirs.kib);
        assert_eq!(ours.cells, theirs.cells, "cells");
        ratios.push(theirs.seconds / ours.seconds);
    }
    let median = median(ratios);
    println!("openpyxl / rowcall: {median:.1} (goal: at least 10, under 65536 KiB)");
    Ok(())
}

/// The figures of one reading.
struct Figures {
    seconds: f64,
    cells: u64,
    kib: u64,
}

/// `None` where the program is not there or fails.
fn figures(command: &mut Command) -> io::Result<Option<Figures>> {
    let done = match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        done => done?,
    };
    let said = String::from_utf8_lossy(&done.stdout);
    let mut words = said.split_whitespace();
    let mut number = || words.next().and_then(|word| word.parse::<f64>().ok());
    let (Some(seconds), Some(cells), Some(kib)) = (number(), number(), number()) else {
        return Ok(None);
    };
    Ok(Some(Figures {
        seconds,
        cells: cells as u64,
        kib: kib as u64,
    }))
}

fn measure(path: &Path) -> io::Result<()> {
    let began = Instant::now();
    let cells = read(path).map_err(io::Error::other)?;
    let seconds = began.elapsed().as_secs_f64();
    println!("{seconds} {cells} {}", peak_kib());
    Ok(())
}

/// Opens and reads all; returns the number of filled cells.
fn read(path: &Path) -> Result<u64, SheetError> {
    let mut cells = 0;
    for sheet in open(&Input::File(path.into()), &ReadOptions::default())? {
        for batch in sheet.batches() {
            batch?.rows(|row| {
                let texts = (0..row.cells.len()).filter_map(|column| row.cells.get(column));
                cells += texts.filter(|text| !text.is_empty()).count() as u64;
            })?;
        }
    }
    Ok(cells)
}

/// Writes a workbook as Excel does, its texts in one table: seven columns differ in every row.
fn write(path: &Path, rows: u32) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for column in 0..COLUMNS {
        sheet.write_string(0, column, format!("column {column}"))?;
    }
    for row in 0..rows {
        let noise = u64::from(row).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for column in 0..COLUMNS {
            let line = row + 1;
            match column {
                0 => sheet.write_string(line, column, format!("{:06}", 100_000 + row))?,
                1 => sheet.write_string(line, column, format!("Zoë Łukasz {row}"))?,
                2 => sheet.write_string(line, column, format!("z{row}@example.com"))?,
                3 => sheet.write_string(line, column, format!("Pw-{noise:016x}"))?,
                4 => {
                    sheet.write_string(line, column, format!("+4989{:08}", noise % 100_000_000))?
                }
                5 => sheet.write_string(line, column, format!("{:06}", noise % 1_000_000))?,
                6 => sheet.write_string(line, column, format!("u{:010x}", noise >> 24))?,
                7..12 => sheet.write_number(line, column, (noise % 1000) as f64)?,
                _ => sheet.write_string(
                    line,
                    column,
                    if noise >> column & 1 == 0 {
                        "on"
                    } else {
                        "off"
                    },
                )?,
            };
        }
    }
    workbook.save(path)
}
