//! The sides of a diff that are snapshots of an archive.

use super::output::{Output, conclude};
use crate::archive::{Archive, Snapshot, TargetRecord, missing_snapshots, moves};
use crate::cli::{DiffArgs, Since};
use crate::diff::{Side, compare};
use crate::input::side::read_snapshot;
use crate::model::counted;
use crate::rim::terminal::{print, report};
use crate::rim::{Exit, Failure};
use jiff::Timestamp;
use std::path::Path;

/// Prints the differences since then, target by target. A target that cannot be compared does not keep the others from
/// being reported.
///
/// # Errors
/// Exit 2 where the archive or the output cannot be used.
pub(super) fn run(args: &DiffArgs, folder: &Path, since: Since) -> Result<Exit, Failure> {
    let archive = Archive::open(folder)?;
    let records = archive.records_of(&args.sides)?;
    if records.is_empty() {
        let folder = folder.display();
        return Err(Failure::usage(format!("{folder} holds no snapshot yet"))
            .hint(format!("rowcall export TARGET --archive {folder} adds one")));
    }
    let mut output = Output::open(args, records.len() > 1)?;
    let mut exit = Exit::Done;
    for (target, record) in &records {
        let compared = compare_target(target, record, since, &mut output);
        let compared = compared.unwrap_or_else(|failure| {
            output.fail(&failure.message);
            report(&failure)
        });
        exit = exit.max(compared);
    }
    output.finish(exit)?;
    Ok(exit)
}

/// Reports the differences of one target, whose last export may have been missed, and returns the exit code.
fn compare_target(
    target: &str,
    record: &TargetRecord,
    since: Since,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let TargetRecord { snapshots, missed } = record;
    // Extensions that an incomplete export lacks would look deleted.
    let certain: Vec<&Snapshot> = snapshots
        .iter()
        .filter(|snapshot| snapshot.facts.is_certain())
        .collect();
    if certain.len() < snapshots.len() {
        let count = snapshots.len() - certain.len();
        print(format!(
            "{target}: {} skipped, may be incomplete",
            counted(count as u64, "snapshot")
        ));
    }
    let before = match since {
        Since::Last => certain.len().checked_sub(2).and_then(|at| certain.get(at)),
        Since::Moment(since) => certain.iter().rfind(|snapshot| snapshot.time <= since),
    };
    let before = before.or(certain.first());
    let (Some(before), Some(after)) = (before, certain.last()) else {
        let failure = Failure::usage(format!("{target}: no snapshot can be compared"));
        return Err(match missed {
            Some(export) => failure.hint(export.told(target)),
            None => failure,
        });
    };
    if before.entry == after.entry {
        return Err(Failure::usage(format!(
            "{target}: there is no snapshot after {}",
            after.time
        ))
        .hint("name an earlier day, or wait for the next snapshot"));
    }
    let compared = snapshots
        .iter()
        .filter(|snapshot| (before.entry..=after.entry).contains(&snapshot.entry));
    let compared: Vec<Snapshot> = compared.cloned().collect();
    moves(target, &compared).iter().for_each(print);
    let sides = [
        read_snapshot(target, before)?,
        read_snapshot(target, after)?,
    ];
    let comparison = compare(&sides[0], &sides[1], None);
    let labels = [before, after].map(|snapshot| format!("{target} {}", snapshot.time));
    let mut left_out = match sides.iter().any(Side::is_empty) {
        true => vec![],
        false => comparison.not_compared(&labels, [None; 2]),
    };
    let times: Vec<Timestamp> = snapshots.iter().map(|snapshot| snapshot.time).collect();
    let missing = missing_snapshots(&times, before.time, Timestamp::now());
    let missing = missing.iter().map(|words| format!("{target}: {words}"));
    let mut not_seen: Vec<String> = missing.collect();
    if let Since::Moment(since) = since
        && before.time > since
    {
        not_seen.push(format!(
            "{target}: no snapshot shows how things stood at {since}: the oldest that can be compared is of {}",
            before.time
        ));
    }
    not_seen.extend(missed.as_ref().map(|export| export.told(target)));
    if let Some(newest) = snapshots.last().filter(|newest| newest.entry > after.entry) {
        not_seen.push(format!(
            "{target}: the newest snapshot, of {}, may be incomplete and is not compared",
            newest.time
        ));
    }
    let exit = Exit::done_if(not_seen.is_empty());
    left_out.extend(not_seen);
    left_out.iter().for_each(print);
    output.write(target, &labels, &comparison, left_out)?;
    Ok(exit.max(conclude(&labels, &comparison)))
}
