//! `rowcall archive list`: the snapshots of an archive.

use crate::archive::{Archive, ArchiveError, MissedExport, Snapshot};
use crate::cli::ArchiveListArgs;
use crate::lang::translated;
use crate::rim::terminal::{print, print_data, print_table};
use crate::rim::{Exit, Failure};
use serde_json::json;
use std::collections::BTreeMap;

/// The snapshots of the target that is named, or of all, and the last exports that did not come about.
pub(super) fn snapshots(args: &ArchiveListArgs) -> Result<ListedSnapshots, ArchiveError> {
    let archive = Archive::open(&args.folder)?;
    let all = archive.snapshots_of(args.target.as_slice())?;
    let mut missed = BTreeMap::new();
    for target in all.keys() {
        if let Some(export) = archive.missed(target)? {
            missed.insert(target.clone(), export);
        }
    }
    Ok(ListedSnapshots { all, missed })
}

/// The snapshots of an archive, by target.
pub(super) struct ListedSnapshots {
    pub(super) all: BTreeMap<String, Vec<Snapshot>>,
    /// The last export of a target, where it did not come about.
    pub(super) missed: BTreeMap<String, MissedExport>,
}

/// Prints the snapshots, in the order in which they were entered.
///
/// # Errors
/// Exit 2 where there is no archive, it cannot be read, or has no snapshot of the target.
pub(super) fn run(args: &ArchiveListArgs) -> Result<Exit, Failure> {
    let ListedSnapshots { all, missed } = snapshots(args)?;
    for (target, export) in &missed {
        print(export.told(target));
    }
    let each = || {
        let targets = all.iter();
        targets.flat_map(|(target, snapshots)| snapshots.iter().map(move |one| (target, one)))
    };
    if args.json {
        let snapshots: Vec<serde_json::Value> = each()
            .map(|(target, one)| {
                json!({
                    "target": target,
                    "entry": one.entry,
                    "time": one.time.to_string(),
                    "file": one.path.display().to_string(),
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
        let all = json!({ "command": "archive list", "archive": archive, "snapshots": snapshots });
        return print_data(|out| writeln!(out, "{all}"));
    }
    let rows: Vec<Vec<String>> = each()
        .map(|(target, one)| {
            let certain = match one.facts.is_certain() {
                true => "",
                false => "may be incomplete",
            };
            vec![
                target.clone(),
                one.entry.to_string(),
                format!("{:.0}", one.time),
                one.facts.extensions.to_string(),
                one.path.display().to_string(),
                translated(certain).into_owned(),
            ]
        })
        .collect();
    let headings = ["target", "entry", "entered", "extensions", "file", ""].map(translated);
    print_table(&headings, &rows)
}
