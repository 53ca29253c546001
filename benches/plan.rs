#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a bench prints what it measured"
)]

//! The cost of a plan: so many rows against a PBX with as many extensions, already fetched, beside a bare loop that
//! compares the same rows as maps.
//!
//! `cargo bench -- plan` takes 50,000; `ROWS=10000` takes fewer. Times are the process's own time on the processor,
//! where the platform has it, and the ratio is the figure to compare from one machine to the next.

use crate::{Size, median, on_thread};
use rowcall::manifest::Manifest;
use rowcall::model::{Action, Change, Field, Mode, Outcome, Record, RowResult};
use rowcall::plan::decide::{ComparedRow, Decision};
use rowcall::plan::file::SavedPlan;
use rowcall::plan::guard::{Allowance, Budget, guard};
use rowcall::seal::Key;
use std::collections::BTreeMap;
use std::io;

const VENDOR: &str = include_str!("../src/vendors/openvox/vendor.toml");
/// One row in so many differs, and one in so many is new.
const EACH: usize = 10;
const TIMES: usize = 5;

pub(crate) fn bench(size: &Size) -> io::Result<()> {
    let count = size.rows(50_000, 500)?;
    let manifest = Manifest::parse(VENDOR).map_err(io::Error::other)?;
    let folder = tempfile::tempdir()?;
    let key = Key::load_or_make(Some(&folder.path().join("key"))).map_err(io::Error::other)?;
    let wanted: Vec<Record> = (0..count).map(|row| extension(&manifest, row, 0)).collect();
    let held: BTreeMap<String, Record> = (0..count)
        .filter(|row| row % EACH != 1)
        .map(|row| extension(&manifest, row, usize::from(row % EACH == 0)))
        .map(|extension| (extension.number().to_owned(), extension))
        .collect();
    let maps: Vec<BTreeMap<String, String>> = wanted.iter().map(map).collect();
    let held_maps: BTreeMap<String, BTreeMap<String, String>> = held
        .iter()
        .map(|(number, extension)| (number.clone(), map(extension)))
        .collect();
    println!(
        "{count} rows of {} fields against {} extensions",
        wanted.first().map_or(0, |first| first.iter().count()),
        held.len()
    );

    let (mut plans, mut ratios, mut saves) = (vec![], vec![], vec![]);
    for _ in 0..TIMES {
        let (bare, differing) = on_thread(|| bare(&maps, &held_maps));
        let (planned, changes) = on_thread(|| plan(&manifest, &wanted, &held));
        let (saved, bytes) = on_thread(|| save(&wanted, &held, &changes, &key));
        assert_eq!(
            (differing, changes.len()),
            (count / EACH * 2, count / EACH * 2)
        );
        println!(
            "  bare {:.3} s, plan and guard {:.3} s, fingerprints and file {:.3} s ({} KiB)",
            bare.as_secs_f64(),
            planned.as_secs_f64(),
            saved.as_secs_f64(),
            bytes? / 1024
        );
        plans.push(planned.as_secs_f64() + saved.as_secs_f64());
        saves.push(saved.as_secs_f64());
        ratios.push(planned.as_secs_f64() / bare.as_secs_f64().max(1e-9));
    }
    println!("plan / bare loop over maps: {:.2}", median(ratios));
    println!(
        "CPU of plan, guard, fingerprints and file: {:.3} s (goal: under 2 s for 50,000), {:.3} s of it for the file",
        median(plans),
        median(saves)
    );
    Ok(())
}

/// An extension with a text in every field that is read and written.
fn extension(manifest: &Manifest, row: usize, edition: usize) -> Record {
    let mut extension = Record::numbered(format!("{:06}", 100_000 + row));
    for field in manifest.field.iter().map(|field| field.name) {
        if field != Field::NUMBER {
            extension.set(field, format!("{} {row} {}", field.name(), row % 97));
        }
    }
    extension.set(Field::EMAIL, format!("person.{row}.{edition}@example.com"));
    for field in manifest.field.iter().filter(|field| {
        use rowcall::manifest::Access::{ReadOnly, WriteOnly};
        matches!(field.access, ReadOnly | WriteOnly)
    }) {
        extension.remove(field.name);
    }
    extension
}

fn map(extension: &Record) -> BTreeMap<String, String> {
    let fields = extension.iter();
    fields
        .map(|(field, text)| (field.name().to_owned(), text.reveal().to_owned()))
        .collect()
}

/// Counts the rows that differ from the extensions on the PBX.
fn bare(
    wanted: &[BTreeMap<String, String>],
    held: &BTreeMap<String, BTreeMap<String, String>>,
) -> usize {
    let differs = |row: &&BTreeMap<String, String>| held.get(&row["number"]) != Some(row);
    wanted.iter().filter(differs).count()
}

fn plan(manifest: &Manifest, wanted: &[Record], held: &BTreeMap<String, Record>) -> Vec<Change> {
    let rows = wanted.iter().enumerate();
    let changes: Vec<Change> = rows
        .filter_map(|(row, wanted)| {
            let known = held.get(wanted.number());
            let compared = ComparedRow {
                manifest,
                wanted,
                current: known,
                is_written: &|_| false,
            };
            match compared.decide(Mode::Upsert, row) {
                Decision::Change(change) => Some(change),
                _ => None,
            }
        })
        .collect();
    let budget = Budget {
        updates: Allowance::All,
        ..Budget::default()
    };
    guard(&changes, held.len(), &budget).expect("the budget allows it");
    changes
}

fn save(
    wanted: &[Record],
    held: &BTreeMap<String, Record>,
    changes: &[Change],
    key: &Key,
) -> io::Result<usize> {
    let changed: BTreeMap<usize, &Change> =
        changes.iter().map(|change| (change.row, change)).collect();
    let mut plan = SavedPlan::empty(key);
    plan.on_pbx = held.len();
    plan.mode = Mode::Upsert;
    plan.vendor = "openvox".into();
    for (row, wanted) in wanted.iter().enumerate() {
        let change = changed.get(&row);
        let fields = change.map(|change| change.wanted.iter().map(|(field, _)| field).collect());
        let outcome = outcome(
            wanted.number(),
            change.map_or(Action::None, |change| change.action),
        );
        plan.push(
            &outcome,
            Some(wanted),
            fields.unwrap_or_default(),
            held.get(wanted.number()),
            key,
        );
    }
    Ok(plan.bytes()?.len())
}

fn outcome(number: &str, action: Action) -> Outcome {
    Outcome {
        number: number.to_owned(),
        finished_at: jiff::Timestamp::UNIX_EPOCH,
        ..Outcome::new(action, RowResult::Valid)
    }
}
