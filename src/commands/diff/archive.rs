//! The sides of a diff that are snapshots of an archive.

use super::output::{Output, conclude, not_compared};
use super::sheets::export;
use crate::archive::{Archive, Snapshot, moves};
use crate::cli::{DiffArgs, Since};
use crate::diff::{Side, compare};
use crate::digest::sha256_of_all;
use crate::report::counted;
use crate::rim::terminal::{print, report};
use crate::rim::{Exit, Failure};
use crate::vendors::vendor;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Prints the differences since then, target by target. A target that cannot be compared does not keep the others from
/// being reported.
///
/// # Errors
/// Exit 2 where the archive or the output cannot be used.
pub(super) fn run(args: &DiffArgs, folder: &Path, since: Since) -> Result<Exit, Failure> {
    let snapshots = Archive::open(folder)?.snapshots()?;
    let snapshots = named(snapshots, folder, &args.sides)?;
    let mut output = Output::open(args, snapshots.len() > 1)?;
    let mut exit = Exit::Done;
    for (target, snapshots) in &snapshots {
        let compared = compare_target(target, snapshots, since, &mut output);
        let compared = compared.unwrap_or_else(|failure| {
            output.fail(&failure.message);
            report(&failure)
        });
        exit = exit.max(compared);
    }
    output.finish(exit)?;
    Ok(exit)
}

/// Selects the snapshots of the targets that are named, or of all.
fn named(
    mut snapshots: BTreeMap<String, Vec<Snapshot>>,
    folder: &Path,
    targets: &[String],
) -> Result<BTreeMap<String, Vec<Snapshot>>, Failure> {
    let folder = folder.display();
    if snapshots.is_empty() {
        return Err(Failure::usage(format!("{folder} holds no snapshot yet")));
    }
    if let Some(stranger) = targets
        .iter()
        .find(|target| !snapshots.contains_key(*target))
    {
        let known: Vec<&str> = snapshots.keys().map(String::as_str).collect();
        return Err(
            Failure::usage(format!("{folder} holds no snapshot of {stranger}"))
                .hint(format!("it holds snapshots of: {}", known.join(", "))),
        );
    }
    if !targets.is_empty() {
        snapshots.retain(|target, _| targets.contains(target));
    }
    Ok(snapshots)
}

/// Reports the differences of one target, and returns the exit code.
fn compare_target(
    target: &str,
    snapshots: &[Snapshot],
    since: Since,
    output: &mut Output,
) -> Result<Exit, Failure> {
    // An export that may lack extensions would make them seem to be gone.
    let certain: Vec<&Snapshot> = snapshots
        .iter()
        .filter(|snapshot| snapshot.facts.is_certain())
        .collect();
    if certain.len() < snapshots.len() {
        let count = snapshots.len() - certain.len();
        print(format!(
            "{target}: {} passed over, not certain to hold everything",
            counted(count as u64, "snapshot")
        ));
    }
    let before = match since {
        Since::Last => certain.len().checked_sub(2).and_then(|at| certain.get(at)),
        Since::Moment(since) => certain.iter().rfind(|snapshot| snapshot.time <= since),
    };
    let before = before.or(certain.first());
    let (Some(before), Some(after)) = (before, certain.last()) else {
        return Err(Failure::usage(format!(
            "{target}: no snapshot can be compared"
        )));
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
    print_moves(target, &compared.cloned().collect::<Vec<Snapshot>>());
    let sides = [side(target, before)?, side(target, after)?];
    let comparison = compare(&sides[0], &sides[1], None);
    let labels = [before, after].map(|snapshot| format!("{target} {}", snapshot.time));
    let mut untold = match sides.iter().any(Side::is_empty) {
        true => vec![],
        false => not_compared(&comparison, &labels, [None; 2]),
    };
    let times: Vec<Timestamp> = snapshots.iter().map(|snapshot| snapshot.time).collect();
    let missed = missed_nights(&times, before.time, Timestamp::now());
    untold.extend(missed.iter().map(|words| format!("{target}: {words}")));
    untold.iter().for_each(print);
    output.write(target, &labels, &comparison, untold)?;
    let exit = conclude(&labels, &comparison);
    Ok(exit.max(Exit::done_if(missed.is_empty())))
}

/// The longest time without a snapshot in which no night is missed, where they come daily or more often.
const NIGHT: SignedDuration = SignedDuration::from_hours(26);

/// Finds the times since then in which snapshots that come as these do should have been made, and were not.
fn missed_nights(times: &[Timestamp], since: Timestamp, now: Timestamp) -> Vec<String> {
    let between = times.windows(2).filter_map(|two| match two {
        [one, next] => Some(next.duration_since(*one)),
        _ => None,
    });
    let mut between: Vec<SignedDuration> = between.collect();
    between.sort_unstable();
    // One snapshot that came late, or early, does not change how often they come.
    let usual = between.get(between.len() / 2).copied().unwrap_or_default();
    let longest = (usual + usual / 2).max(NIGHT);
    let overdue = (usual + usual / 12).max(NIGHT);
    let ends = times.iter().skip(1).map(Some).chain([None]);
    let gaps = times.iter().zip(ends).filter(|(from, to)| {
        let (to, limit) = match to {
            Some(to) => (**to, longest),
            None => (now, overdue),
        };
        to > since && to.duration_since(**from) > limit
    });
    gaps.map(|(from, to)| match to {
        Some(to) => format!("a night was missed: there is no snapshot between {from} and {to}"),
        None => format!("a night was missed, or is late: there is no snapshot after {from}"),
    })
    .collect()
}

/// Prints from when on the snapshots of a target are of another PBX.
pub(in super::super) fn print_moves(target: &str, snapshots: &[Snapshot]) {
    for (before, after) in moves(snapshots) {
        print(format!(
            "{target}: from {} on the snapshots are of {}, and before of {}: the target became another PBX",
            after.time, after.facts.pbx, before.facts.pbx
        ));
    }
}

/// Reads a snapshot, if its file still is as it was entered.
///
/// # Errors
/// Exit 2 where it is not.
pub(in super::super) fn side(target: &str, snapshot: &Snapshot) -> Result<Side, Failure> {
    let shown = snapshot.path.display();
    let read = File::open(&snapshot.path).and_then(sha256_of_all);
    let (sha256, _) = read.map_err(|error| {
        Failure::usage(format!("{target}: {shown} cannot be read: {error}"))
            .hint("`rowcall archive verify` tells what else is gone")
    })?;
    if sha256 != snapshot.sha256 {
        return Err(Failure::usage(format!(
            "{target}: {shown} is not what was entered in the archive"
        ))
        .hint("`rowcall archive verify` tells what else was changed"));
    }
    let manifest = vendor(&snapshot.facts.vendor).map(|vendor| (vendor.manifest)());
    if snapshot.facts.extensions == 0 {
        return Ok(Side::new(vec![], manifest));
    }
    Ok(export(&snapshot.path, manifest)?.made_with(&snapshot.facts.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_without_a_snapshot_is_missed_however_often_they_come() {
        let hour = |hour: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
        let missed = |hours: &[i64], since: i64, now: i64| {
            let times: Vec<Timestamp> = hours.iter().map(|at| hour(*at)).collect();
            missed_nights(&times, hour(since), hour(now))
        };
        let none = Vec::<String>::new();
        // Nightly, one of them late by five hours.
        assert_eq!(missed(&[0, 24, 53, 72], 0, 90), none);
        let gap = missed(&[0, 24, 72, 96], 0, 100);
        assert_eq!(
            gap,
            [
                "a night was missed: there is no snapshot between 1970-01-02T00:00:00Z and 1970-01-04T00:00:00Z"
            ]
        );
        // A night that was missed before then is not asked about.
        assert_eq!(missed(&[0, 24, 72, 96], 72, 100), none);
        assert_eq!(
            missed(&[0, 24, 48], 24, 76),
            ["a night was missed, or is late: there is no snapshot after 1970-01-03T00:00:00Z"]
        );
        // Weekly, and by the hour.
        assert_eq!(missed(&[0, 168, 336], 0, 500), none);
        assert_eq!(missed(&[0, 168, 336, 504, 840], 0, 850).len(), 1);
        assert_eq!(missed(&[0, 1, 2, 3], 0, 28), none);
    }
}
