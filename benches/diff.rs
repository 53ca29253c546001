//! The cost of a diff of two exports: reading both, comparing every field, writing the differences; beside a bare loop
//! that reads the same files with the csv crate into maps of rows.
//!
//! `cargo bench -- diff` takes 50,000 extensions with a text in every field that PortSIP gives back; `ROWS=10000` takes
//! fewer. Times are the process's own time on the processor, where the platform has it.

use crate::{Size, median, on_process};
use rowcall::cli::{ParsedLine, parse};
use rowcall::commands::run;
use rowcall::manifest::{Access, Manifest};
use rowcall::model::{Field, Kind};
use rowcall::sheet::{Readers, Writer};
use rowcall::vendors::vendor;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

const TIMES: usize = 5;
const GOAL_SECONDS: f64 = 1.0;
/// One extension in so many differs in one field, and one is gone.
const EACH: usize = 100;

pub(crate) fn bench(size: &Size) -> io::Result<()> {
    let count = size.rows(50_000, 500)?;
    let portsip = vendor("portsip").ok_or_else(|| io::Error::other("there is no portsip"))?;
    let fields = fields((portsip.manifest)());
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    for (name, changed) in [("quiet", EACH), ("loud", 1)] {
        export(&path("before.csv"), &fields, count, None)?;
        export(&path("after.csv"), &fields, count, Some(changed))?;
        let bytes = fs::metadata(path("after.csv"))?.len();
        println!(
            "{count} extensions of {} fields ({} KiB a side), one in {changed} differs ({name})",
            fields.len(),
            bytes / 1024
        );
        let (mut ours, mut bares) = (vec![], vec![]);
        for _ in 0..TIMES {
            let bare = timed(|| bare(&path("before.csv"), &path("after.csv")))?;
            let taken = timed(|| diff(&path("before.csv"), &path("after.csv"), &path("out.csv")))?;
            println!("  bare {bare:.3} s, diff {taken:.3} s");
            bares.push(bare);
            ours.push(taken);
        }
        let lines = fs::read_to_string(path("out.csv"))?.lines().count() - 1;
        let removed = count.div_ceil(EACH);
        let expected = match changed {
            EACH => removed + count.div_ceil(EACH),
            _ => count,
        };
        assert_eq!(lines, expected);
        let (ours, bare) = (median(ours), median(bares));
        println!(
            "  CPU of the diff: {ours:.3} s (goal: under {GOAL_SECONDS} s for 50,000), {:.2} of bare",
            ours / bare.max(1e-9)
        );
    }
    Ok(())
}

fn fields(manifest: &Manifest) -> Vec<Field> {
    let given_back = |field: &Field| {
        let row = manifest.row(*field);
        !field.is_live() && row.is_some_and(|row| row.access != Access::WriteOnly)
    };
    Field::all().filter(given_back).collect()
}

/// Writes an export: with `changed`, as it is at the next export.
fn export(path: &Path, fields: &[Field], count: usize, changed: Option<usize>) -> io::Result<()> {
    let headings: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let mut writer =
        Writer::replace(path, Readers::Anybody, &headings).map_err(io::Error::other)?;
    for row in 0..count {
        if changed.is_some() && row % EACH == 1 {
            continue;
        }
        let cells: Vec<String> = fields
            .iter()
            .map(|field| match (*field, field.def().kind) {
                (Field::NUMBER, _) => format!("{:06}", 100_000 + row),
                (Field::EMAIL, _) => {
                    let night = changed.filter(|each| row % each == 0).map_or(0, |_| 1);
                    format!("person.{row}.{night}@example.com")
                }
                (_, Kind::Switch) => "on".to_owned(),
                (_, Kind::Text | Kind::Identifier) => format!("{} {row}", field.name()),
                _ => field.def().example.to_owned(),
            })
            .collect();
        let cells = cells.iter().map(String::as_str);
        writer.row(cells).map_err(io::Error::other)?;
    }
    writer.finish().map_err(io::Error::other)
}

/// The command, as it is typed.
fn diff(before: &Path, after: &Path, out: &Path) -> io::Result<()> {
    let words = [
        "rowcall".as_ref(),
        "diff".as_ref(),
        before.as_os_str(),
        after.as_os_str(),
    ];
    let words = words.into_iter().chain(["-o".as_ref(), out.as_os_str()]);
    match parse(words.map(OsString::from)) {
        ParsedLine::Command(cli) if run(&cli) == 1 => Ok(()),
        _ => Err(io::Error::other("the diff did not work")),
    }
}

/// Finds the rows that are not the same, by number.
fn bare(before: &Path, after: &Path) -> io::Result<()> {
    let rows = |path: &Path| -> io::Result<HashMap<String, csv::StringRecord>> {
        let mut reader = csv::Reader::from_path(path)?;
        let rows = reader.records().map(|row| {
            let row = row?;
            Ok((row.get(0).unwrap_or_default().to_owned(), row))
        });
        rows.collect()
    };
    let (before, after) = (rows(before)?, rows(after)?);
    let differing = after
        .iter()
        .filter(|(number, row)| before.get(*number) != Some(row));
    match differing.count() {
        0 => Err(io::Error::other("nothing differs")),
        _ => Ok(()),
    }
}

fn timed(work: impl FnOnce() -> io::Result<()>) -> io::Result<f64> {
    let (taken, done) = on_process(work);
    done?;
    Ok(taken.as_secs_f64())
}
