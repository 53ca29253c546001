//! `rowcall archive list`: the snapshots of an archive.

use crate::archive::{Archive, ArchiveError, TargetRecord};
use crate::cli::ArchiveListArgs;
use crate::lang::translated;
use crate::rim::terminal::{print, print_data, print_table};
use crate::rim::{Exit, Failure};
use serde_json::json;
use std::collections::BTreeMap;

/// The records of the target that is named, or of all.
pub(super) fn records(
    args: &ArchiveListArgs,
) -> Result<BTreeMap<String, TargetRecord>, ArchiveError> {
    Archive::open(&args.folder)?.records_of(args.target.as_slice())
}

/// Prints the snapshots, in the order in which they were entered, and the last exports that did not come about.
///
/// # Errors
/// Exit 2 where there is no archive, it cannot be read, or nothing was exported of the target, nor tried.
pub(super) fn run(args: &ArchiveListArgs) -> Result<Exit, Failure> {
    let all = records(args)?;
    for (target, record) in &all {
        let missed = record.missed.iter();
        missed.for_each(|export| print(export.told(target)));
    }
    let each = || {
        let targets = all.iter();
        targets.flat_map(|(target, record)| record.snapshots.iter().map(move |one| (target, one)))
    };
    if args.json {
        let snapshots: Vec<serde_json::Value> = each()
            .map(|(target, one)| {
                json!({
                    "target": target,
                    "entry": one.entry,
                    "time": one.time.to_string(),
                    "file": one.path.display().to_string(),
                    "is_there": one.is_there(),
                    "sha256": one.sha256,
                    "extensions": one.facts.extensions,
                    "certain": one.facts.is_certain(),
                    "secrets": one.facts.secrets,
                    "vendor": one.facts.vendor,
                    "pbx": one.facts.pbx,
                })
            })
            .collect();
        let archive = args.folder.display().to_string();
        let missed: Vec<serde_json::Value> = all
            .iter()
            .filter_map(|(target, record)| Some((target, record.missed.as_ref()?)))
            .map(|(target, missed)| {
                json!({ "target": target, "time": missed.time.to_string(), "why": missed.why })
            })
            .collect();
        let all = json!({
            "command": "archive list",
            "archive": archive,
            "snapshots": snapshots,
            "missed": missed,
        });
        return print_data(|out| writeln!(out, "{all}"));
    }
    let rows: Vec<Vec<String>> = each()
        .map(|(target, one)| {
            let trouble = match (one.is_there(), one.facts.is_certain()) {
                (false, _) => "the file is not there",
                (true, false) => "may be incomplete",
                (true, true) => "",
            };
            vec![
                target.clone(),
                one.entry.to_string(),
                format!("{:.0}", one.time),
                one.facts.extensions.to_string(),
                one.path.display().to_string(),
                translated(trouble).into_owned(),
            ]
        })
        .collect();
    let headings = ["target", "entry", "entered", "extensions", "file", ""].map(translated);
    print_table(&headings, &rows)
}
