//! The cost of a snapshot once it is fetched: extensions of every field in canonical form with fingerprints into a
//! file, on the disk, hashed and entered in an archive; and the memory used.
//!
//! `cargo bench -- export` takes 50,000 extensions; `ROWS=10000` takes fewer. Times are the process's own time on the
//! processor, where the platform has it.

use crate::{MEASURE, Size, median, on_thread, own_process, peak_kib};
use rowcall::archive::{Archive, Facts};
use rowcall::export::{Form, Secrecy, put, sorted_numbers};
use rowcall::manifest::{Access, Manifest};
use rowcall::model::{Field, Record};
use rowcall::seal::Key;
use rowcall::sheet::{Readers, Writer};
use rowcall::vendors::vendor;
use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

const FORMATS: [&str; 4] = ["csv", "json", "jsonl", "xlsx"];
const TIMES: usize = 3;
/// The number of extensions made at once: fetching is no part of the figure.
const TOGETHER: usize = 1000;

pub(crate) fn bench(size: &Size) -> io::Result<()> {
    let rows = size.rows(50_000, 500)?;
    let folder = tempfile::tempdir()?;
    if let Ok(format) = env::var(MEASURE) {
        let (taken, bytes) = night(folder.path(), &format, rows)?;
        println!("{} {bytes} {}", taken.as_secs_f64(), peak_kib());
        return Ok(());
    }
    for format in FORMATS {
        let mut seconds = vec![];
        let mut said = (0, 0);
        for _ in 0..TIMES {
            let (second, bytes, kib) = measured(format, rows)?;
            seconds.push(second);
            said = (bytes, kib);
        }
        let median = median(seconds);
        let (_, _, few) = measured(format, rows / 5)?;
        println!(
            "{rows} extensions as {format}: {median:.3} s of CPU (goal for 50,000: under 2 s), {} KiB; peak memory {} KiB, \
             {few} KiB at a fifth of them",
            said.0 / 1024,
            said.1
        );
    }
    Ok(())
}

/// Measures a snapshot in a process of its own: seconds of CPU, bytes, and the peak of its memory in KiB.
fn measured(format: &str, rows: usize) -> io::Result<(f64, u64, u64)> {
    let mut command = own_process("export", format)?;
    let said = command.env("ROWS", rows.to_string()).output()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let numbers: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers.as_slice() {
        [seconds, bytes, kib] => Ok((*seconds, *bytes as u64, *kib as u64)),
        _ => Err(io::Error::other(said)),
    }
}

/// Makes a snapshot of so many extensions, and returns the time that it took without making them up.
fn night(folder: &Path, format: &str, rows: usize) -> io::Result<(Duration, u64)> {
    let vendor = vendor("openvox").ok_or(io::ErrorKind::NotFound)?;
    let manifest = (vendor.manifest)();
    let key = Key::load_or_make(Some(&folder.join("key"))).map_err(io::Error::other)?;
    let opened = Archive::open_or_make(&folder.join("nights"));
    let (archive, _) = opened.map_err(io::Error::other)?;
    let form = Form::new(manifest, Secrecy::Fingerprinted(&key), false);
    let numbers = (0..rows).map(|row| format!("{}", 100_000 + row * 7919 % rows));
    let numbers: Vec<String> = numbers.collect();

    let mut clock = Clock::default();
    let numbers = clock.timed(|| sorted_numbers(numbers));
    let pending = archive.begin("hq", format).map_err(io::Error::other)?;
    let mut writer = Writer::replace(pending.path(), Readers::Anybody, &form.columns())
        .map_err(io::Error::other)?;
    for numbers in numbers.chunks(TOGETHER) {
        let mut found: Vec<Record> = numbers
            .iter()
            .map(|number| extension(manifest, number))
            .collect();
        found.reverse();
        clock
            .timed(|| put(found, &form, &mut writer))
            .map_err(io::Error::other)?;
    }
    clock.timed(|| writer.finish()).map_err(io::Error::other)?;
    let bytes = fs::metadata(pending.path())?.len();
    let facts = Facts {
        started: jiff::Timestamp::now(),
        extensions: rows as u64,
        gone: 0,
        whole: true,
        secrets: "fingerprint".into(),
        key: key.id(),
        vendor: vendor.id.into(),
        pbx: "openvox+http://127.0.0.1:9011/".into(),
        rules: manifest.version(),
        tool: "bench".into(),
        night: None,
    };
    clock
        .timed(|| archive.enter(&pending, facts))
        .map_err(io::Error::other)?;
    Ok((clock.taken, bytes))
}

/// An extension with a text in every field that is given back.
fn extension(manifest: &Manifest, number: &str) -> Record {
    let mut extension = Record::numbered(number);
    let given_back = manifest
        .field
        .iter()
        .filter(|row| row.access != Access::WriteOnly && row.name != Field::NUMBER);
    for row in given_back {
        extension.set(row.name, format!("{} {number}", row.name.name()));
    }
    extension
}

#[derive(Default)]
struct Clock {
    taken: Duration,
}

impl Clock {
    fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (taken, value) = on_thread(work);
        self.taken += taken;
        value
    }
}
