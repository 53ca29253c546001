//! The speed of writing workbooks: ours beside Python's XlsxWriter in its constant-memory mode, the same cells in the
//! same run, each in a process of its own.
//!
//! `cargo bench -- xlsx` takes 100,000 rows of 29 cells; `ROWS=10000` takes fewer. Needs `pip install XlsxWriter`, and
//! prints so where it is missing.

use crate::{MEASURE, Size, median, own_process, peak_kib};
use rowcall::sheet::{Readers, Writer};
use std::env;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const COLUMNS: usize = 29;
/// The number of different rows; then they begin anew, so that making them costs nothing.
const DISTINCT: usize = 1000;
const PAIRS: usize = 3;
const GOAL: f64 = 5.0;
const MEMORY_GOAL_MIB: f64 = 32.0;

const PYTHON: &str = r"
import resource, sys, time, xlsxwriter
path, rows, columns, distinct = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
cells = [['%04d' % row if column == 0 else 'cell %d & %d' % (row * 7919 % 100003, column) for column in range(columns)]
         for row in range(distinct)]
start = time.perf_counter()
book = xlsxwriter.Workbook(path, {'constant_memory': True})
sheet = book.add_worksheet()
for column in range(columns):
    sheet.write_string(0, column, 'heading %d' % column)
for row in range(rows):
    for column, cell in enumerate(cells[row % distinct]):
        sheet.write_string(row + 1, column, cell)
book.close()
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
";

pub(crate) fn bench(size: &Size) -> io::Result<()> {
    let rows = size.rows(100_000, 2_000)?;
    if let Ok(path) = env::var(MEASURE) {
        return measure(Path::new(&path), rows);
    }
    let folder = tempfile::tempdir()?;
    let (ours, theirs) = (
        folder.path().join("ours.xlsx"),
        folder.path().join("x.xlsx"),
    );
    println!("{rows} rows of {COLUMNS} cells");
    let python = Command::new("python3")
        .args(["-c", "import xlsxwriter"])
        .output();
    let has_rival = python.is_ok_and(|python| python.status.success());
    if !has_rival {
        println!(
            "skipped: there is no Python with XlsxWriter to compare with (pip install XlsxWriter)"
        );
    }
    let (mut ratios, mut memory_max) = (Vec::new(), 0.0_f64);
    for _ in 0..PAIRS {
        let mut command = own_process("xlsx", &ours)?;
        command.env("ROWS", rows.to_string());
        let (seconds, memory) = measured(&mut command)?;
        memory_max = memory_max.max(memory);
        println!("rowcall     {seconds:7.3} s {memory:6.1} MiB");
        if has_rival {
            let sizes = [rows, COLUMNS, DISTINCT].map(|size| size.to_string());
            let mut command = Command::new("python3");
            command.args(["-c", PYTHON]).arg(&theirs).args(sizes);
            let (their_seconds, memory) = measured(&mut command)?;
            println!("XlsxWriter  {their_seconds:7.3} s {memory:6.1} MiB");
            ratios.push(their_seconds / seconds);
        }
    }
    if !ratios.is_empty() {
        let median = median(ratios);
        println!("{median:.1} times as fast as XlsxWriter (goal {GOAL}), median of {PAIRS} pairs");
    }
    println!("memory at most {memory_max:.1} MiB (goal below {MEMORY_GOAL_MIB})");
    Ok(())
}

fn measured(command: &mut Command) -> io::Result<(f64, f64)> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(seconds)), Some(Ok(memory))) => Ok((seconds, memory)),
        _ => Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )),
    }
}

fn measure(path: &Path, rows: usize) -> io::Result<()> {
    let cell = |row: usize, column: usize| match column {
        0 => format!("{row:04}"),
        _ => format!("cell {} & {column}", row * 7919 % 100_003),
    };
    let row = |row| (0..COLUMNS).map(|column| cell(row, column)).collect();
    let cells: Vec<Vec<String>> = (0..DISTINCT).map(row).collect();
    let headings: Vec<String> = (0..COLUMNS).map(|at| format!("heading {at}")).collect();
    let start = Instant::now();
    let mut writer =
        Writer::replace(path, Readers::Anybody, &headings).map_err(io::Error::other)?;
    for row in cells.iter().cycle().take(rows) {
        let row = row.iter().map(String::as_str);
        writer.row(row).map_err(io::Error::other)?;
    }
    writer.finish().map_err(io::Error::other)?;
    println!(
        "{} {}",
        start.elapsed().as_secs_f64(),
        peak_kib() as f64 / 1024.0
    );
    Ok(())
}
