//! The speed of checking rows: `check` beside a bare `csv::ByteRecord` loop over the same bytes in the same run.
//!
//! `cargo bench -- pipeline` takes a million rows; `ROWS=100000` takes fewer. Prints ratios, because absolute times
//! differ from one machine and minute to the next.

use crate::random::Random;
use crate::{MEASURE, Size, median, own_process, peak_kib};
use rowcall::check::{BoundSheet, CheckOptions, Counts, check};
use rowcall::columns::{BindOptions, Binding};
use rowcall::manifest::{Manifest, Purpose};
use rowcall::sheet::{Input, ReadOptions, SheetError, open};
use std::env;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const VENDOR: &str = include_str!("../src/vendors/openvox/vendor.toml");
const SEED: u64 = 20_260_421;
const PAIRS: usize = 5;

const HEADINGS: [&str; 29] = [
    "number",
    "username",
    "callerid",
    "registerpassword",
    "maxregistrations",
    "loginpassword",
    "email",
    "mobile",
    "hasvoicemail",
    "vmsecret",
    "enablevmtoemail",
    "noanswerforward",
    "ntransferto",
    "ntransferext",
    "ntransferprefix",
    "ntransfernum",
    "busyforward",
    "btransferto",
    "btransferext",
    "btransferprefix",
    "btransfernum",
    "enablemobile",
    "ringsimultaneous",
    "mobileprefix",
    "allowbeingmonitored",
    "monitormode",
    "ringtimeout",
    "maxduration",
    "dnd",
];

pub(crate) fn bench(size: &Size) -> io::Result<()> {
    if let Ok(path) = env::var(MEASURE) {
        return measure(Path::new(&path));
    }
    let rows = size.rows(1_000_000, 2_000)? as u64;
    let folder = tempfile::tempdir()?;
    let write = |name: &str, rows| -> io::Result<_> {
        let path = folder.path().join(name);
        let invalid = generate(&path, rows)?;
        Ok((path, invalid))
    };
    let (large, invalid) = write("large.csv", rows)?;
    let bytes = fs::metadata(&large)?.len();
    println!(
        "{rows} rows of {} columns, {} B each, seed {SEED}, {} threads",
        HEADINGS.len(),
        bytes / rows,
        rayon::current_num_threads()
    );

    let mut ratios = Vec::new();
    let mut times = Vec::new();
    for _ in 0..PAIRS {
        let (bare, cells) = timed(|| bare_loop(&large))?;
        let (checked, counts) = timed(|| check_file(&large))?;
        assert_eq!(cells, rows * HEADINGS.len() as u64);
        assert_eq!((counts.rows, counts.invalid), (rows, invalid));
        println!(
            "  bare {:.3} s, check {:.3} s",
            bare.as_secs_f64(),
            checked.as_secs_f64()
        );
        ratios.push(checked.as_secs_f64() / bare.as_secs_f64());
        times.push(checked.as_secs_f64());
    }
    let wall = median(times);
    println!(
        "check / bare csv loop: {:.2} (goal: at most 1.0)",
        median(ratios)
    );
    println!("rows/s: {:.0}, invalid {invalid}", rows as f64 / wall);

    let (small, _) = write("small.csv", rows / 10)?;
    if let (Some(less), Some(more)) = (peak(&small)?, peak(&large)?) {
        println!(
            "peak memory: {less} KiB for {} rows, {more} KiB for {rows}: {:.2}",
            rows / 10,
            more as f64 / less as f64
        );
    }
    let (few, _) = write("few.csv", 500.min(rows))?;
    let mut times = Vec::new();
    for _ in 0..PAIRS {
        times.push(timed(|| check_file(&few))?.0.as_secs_f64());
    }
    println!("500 rows: {:.2} ms", median(times) * 1000.0);
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<(Duration, T)> {
    let start = Instant::now();
    let value = work()?;
    Ok((start.elapsed(), value))
}

/// Runs the least work that any reader of CSV has to do.
fn bare_loop(path: &Path) -> io::Result<u64> {
    let mut reader = csv::ReaderBuilder::new()
        .buffer_capacity(1 << 20)
        .from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record)? {
        cells += record.len() as u64;
    }
    Ok(cells)
}

/// Runs the whole of `check`, except for writing the results.
fn check_file(path: &Path) -> io::Result<Counts> {
    let manifest = Manifest::parse(VENDOR).map_err(io::Error::other)?;
    let options = ReadOptions::default();
    let sheets = open(&Input::File(path.to_owned()), &options).map_err(io::Error::other)?;
    let mut tables = Vec::new();
    for sheet in sheets {
        let options = BindOptions::default();
        let binding = Binding::bind(&sheet.headings, &manifest, &[&manifest], &options)
            .map_err(io::Error::other)?;
        tables.push(BoundSheet { sheet, binding });
    }
    let options = CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country: None,
    };
    let mut letters = 0;
    let counts = check(
        &tables,
        &manifest,
        options,
        |_| None::<()>,
        |verdict| {
            letters += verdict
                .findings
                .iter()
                .map(|f| f.message.len())
                .sum::<usize>();
            Ok::<(), SheetError>(())
        },
    );
    std::hint::black_box(letters);
    counts.map_err(io::Error::other)
}

/// Peak memory of a process that checks a file; `None` where the system does not report it.
fn peak(path: &Path) -> io::Result<Option<u64>> {
    let child = own_process("pipeline", path)?.output()?;
    let said = String::from_utf8_lossy(&child.stdout);
    Ok(said.trim().parse().ok().filter(|kib| *kib > 0))
}

fn measure(path: &Path) -> io::Result<()> {
    check_file(path)?;
    println!("{}", peak_kib());
    Ok(())
}

/// Writes rows as offices have them; returns the number of invalid ones.
fn generate(path: &Path, rows: u64) -> io::Result<u64> {
    const FIRST: [&str; 12] = [
        "Ann",
        "Jürgen",
        "Zoë",
        "Søren",
        "Mary",
        "François",
        "Li",
        "Ольга",
        "Bob",
        "Łukasz",
        "Eva",
        "José",
    ];
    const LAST: [&str; 10] = [
        "Miller",
        "Müller",
        "Núñez",
        "Weber",
        "Иванова",
        "O Brien",
        "Kowalski",
        "Sørensen",
        "Chen",
        "Dubois",
    ];
    let mut random = Random::new(SEED);
    let mut out = BufWriter::new(fs::File::create(path)?);
    writeln!(out, "{}", HEADINGS.join(","))?;
    let mut invalid = 0;
    for n in 0..rows {
        let number = 2_000_000 + n;
        let first = random.one(&FIRST);
        let last = random.one(&LAST);
        let wrong = random.below(1000) < 66;
        invalid += u64::from(wrong);
        let wrong = if wrong { random.below(4) } else { 9 };
        let password = match wrong {
            0 => "Abc;12345x".to_owned(),
            1 => String::new(),
            _ => format!("Kw{:08x}Zq", random.next() as u32),
        };
        let name = if random.below(10) < 3 {
            format!("\"{last}, {first}\"")
        } else {
            format!("{first} {last}")
        };
        let email = match wrong {
            2 => "nobody".to_owned(),
            _ => format!("\"user{number}@example.com\""),
        };
        let ring = match wrong {
            3 => "17",
            _ => random.one(&["15", "30", "60"]),
        };
        let mobile = format!("0171{:07}", random.below(10_000_000));
        let (forward, to, target) = match random.below(4) {
            0 => ("on", "Voicemail", String::new()),
            1 => (
                "on",
                "Extension",
                (2_000_000 + random.below(rows as usize)).to_string(),
            ),
            _ => ("off", "", String::new()),
        };
        let quoted = if random.below(2) == 0 { "\"on\"" } else { "on" };
        writeln!(
            out,
            "{number},{name},{number},{password},\"3\",Lw{:06}Qx,{email},{mobile},{quoted},{:06},on,{forward},{to},{target},,,off,,,,,off,off,,off,Disabled,{ring},Follow System,off",
            random.below(1_000_000),
            random.below(1_000_000),
        )?;
    }
    out.flush()?;
    Ok(invalid)
}
