//! `rowcall archive`: verifies snapshots, lists them, and checks that the newest is fresh.

use super::diff::print_moves;
use crate::archive::{Archive, Head, Snapshot};
use crate::cli::{ArchiveArgs, ArchiveCommand, ArchiveListArgs};
use crate::report::counted;
use crate::rim::terminal::{print, print_data};
use crate::rim::{Exit, Failure};
use crate::sheet::markdown;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Prints the mistakes of an archive, or its content.
///
/// # Errors
/// Exit 2 where there is no archive, or it cannot be read.
pub(super) fn run(args: &ArchiveArgs) -> Result<Exit, Failure> {
    match &args.command {
        ArchiveCommand::Verify { folder, head, json } => verify(folder, head, *json),
        ArchiveCommand::List(args) if args.nagios => status(args),
        ArchiveCommand::List(args) => list(args),
    }
}

/// Prints the mistakes, on standard output; where there are none, the head.
fn verify(folder: &Path, heads: &[Head], json: bool) -> Result<Exit, Failure> {
    let archive = Archive::open(folder)?;
    let verdict = archive.verify(heads)?;
    // Mistakes in the manifest are part of the verdict.
    for (target, snapshots) in archive.snapshots().unwrap_or_default() {
        print_moves(&target, &snapshots);
    }
    for line in &verdict.left {
        print(line);
    }
    let counts = format!(
        "{}: {} entries, {} as they were entered, {} removed by retention",
        folder.display(),
        verdict.head.entry.unwrap_or_default(),
        counted(verdict.sound as u64, "snapshot"),
        verdict.removed
    );
    // With a head, an entry that it does not prove is a finding; without one, it is only mentioned.
    let (wrong, unproven) = match heads.is_empty() {
        true => (verdict.wrong, verdict.unproven),
        false => ([verdict.wrong, verdict.unproven].concat(), vec![]),
    };
    let exit = Exit::done_if(wrong.is_empty());
    print_data(|out| {
        if json {
            let all = json!({
                "command": "archive verify",
                "archive": folder.display().to_string(),
                "head": verdict.head.to_string(),
                "entries": verdict.head.entry.unwrap_or_default(),
                "sound": verdict.sound,
                "removed": verdict.removed,
                "findings": wrong,
                "unproven": unproven,
                "left": verdict.left,
                "exit_code": exit.code(),
            });
            return writeln!(out, "{all}");
        }
        wrong.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        match wrong.is_empty() {
            true => writeln!(out, "{}", verdict.head),
            false => Ok(()),
        }
    })?;
    for line in &unproven {
        print(line);
    }
    print(counts);
    match wrong.len() {
        0 => {}
        1 => print("1 finding"),
        count => print(format!("{count} findings")),
    }
    Ok(exit)
}

/// The snapshots of one target, or of all; a failure within where the archive has none of the target.
///
/// # Errors
/// Exit 2: the archive cannot be read.
fn snapshots(
    args: &ArchiveListArgs,
) -> Result<Result<BTreeMap<String, Vec<Snapshot>>, Failure>, Failure> {
    let mut all = Archive::open(&args.folder)?.snapshots()?;
    let Some(target) = &args.target else {
        return Ok(Ok(all));
    };
    let known: Vec<&str> = all.keys().map(String::as_str).collect();
    let hint = format!("it holds snapshots of: {}", known.join(", "));
    Ok(match all.remove_entry(target) {
        Some(own) => Ok(BTreeMap::from([own])),
        None => {
            let folder = args.folder.display();
            Err(Failure::usage(format!("{folder} holds no snapshot of {target}")).hint(hint))
        }
    })
}

/// Prints the snapshots, in the order in which they were entered.
fn list(args: &ArchiveListArgs) -> Result<Exit, Failure> {
    let all = snapshots(args)??;
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
                false => "may not hold everything",
            };
            vec![
                target.clone(),
                one.entry.to_string(),
                format!("{:.0}", one.time),
                one.facts.extensions.to_string(),
                one.path.display().to_string(),
                certain.to_owned(),
            ]
        })
        .collect();
    let headings = ["target", "entry", "entered", "extensions", "file", ""].map(str::to_owned);
    let table = markdown::table(&headings, &rows);
    print_data(|out| out.write_all(table.as_bytes()))
}

/// Prints one line on the newest snapshot, as a monitoring system reads it: exit 0 is OK, 1 a warning, 2 critical, 3 that
/// nothing is known.
fn status(args: &ArchiveListArgs) -> Result<Exit, Failure> {
    let (exit, line) = match snapshots(args) {
        Ok(Ok(all)) if all.is_empty() => (
            Exit::Unusable,
            format!("{} holds no snapshot yet", args.folder.display()),
        ),
        Ok(Ok(all)) => {
            let targets = all.iter();
            let each = targets.filter_map(|(target, snapshots)| {
                Some(judge(
                    target,
                    snapshots.last()?,
                    Timestamp::now(),
                    args.max_age,
                ))
            });
            let mut each: Vec<(Exit, String)> = each.collect();
            each.sort_by_key(|(exit, _)| std::cmp::Reverse(*exit));
            let worst = each.first().map_or(Exit::Target, |(exit, _)| *exit);
            let lines: Vec<String> = each.into_iter().map(|(_, line)| line).collect();
            (worst, lines.join("; "))
        }
        Ok(Err(none)) => (Exit::Unusable, none.message),
        Err(failure) => (Exit::Target, failure.message),
    };
    let word = match exit {
        Exit::Done => "OK",
        Exit::NotDone => "WARNING",
        Exit::Unusable => "CRITICAL",
        Exit::Target | Exit::Stopped | Exit::Interrupted => "UNKNOWN",
    };
    print_data(|out| writeln!(out, "ROWCALL {word} - {line}"))?;
    Ok(exit)
}

/// Judges the age of a target's newest snapshot, seen from `now`.
fn judge(
    target: &str,
    newest: &Snapshot,
    now: Timestamp,
    max_age: SignedDuration,
) -> (Exit, String) {
    let age = now.duration_since(newest.time);
    let hours = age.as_secs() / 3600;
    let line = format!(
        "{target}: {} extensions, {hours} h old",
        newest.facts.extensions
    );
    match (age > max_age, newest.facts.is_certain()) {
        (true, _) => (
            Exit::Unusable,
            format!("{line}, older than {} h", max_age.as_secs() / 3600),
        ),
        (false, false) => (Exit::NotDone, format!("{line}, may not hold everything")),
        (false, true) => (Exit::Done, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Facts;

    #[test]
    fn a_snapshot_is_right_until_it_is_old_or_may_not_hold_everything() {
        let time: Timestamp = "2026-11-28T02:00:00Z".parse().unwrap();
        let facts = Facts {
            started: time,
            extensions: 200,
            gone: 0,
            whole: true,
            secrets: "omit".into(),
            key: String::new(),
            vendor: "openvox".into(),
            pbx: "openvox+http://10.0.0.5/".into(),
            rules: String::new(),
            tool: String::new(),
        };
        let mut newest = Snapshot {
            entry: 1,
            time,
            path: "hq/1.csv".into(),
            sha256: String::new(),
            facts,
        };
        let day = SignedDuration::from_hours(26);
        let after = |hours| time + SignedDuration::from_hours(hours);
        assert_eq!(
            judge("hq", &newest, after(25), day),
            (Exit::Done, "hq: 200 extensions, 25 h old".into())
        );
        let (exit, line) = judge("hq", &newest, after(27), day);
        assert_eq!(exit, Exit::Unusable);
        assert!(line.ends_with("27 h old, older than 26 h"), "{line}");
        newest.facts.whole = false;
        assert_eq!(judge("hq", &newest, after(1), day).0, Exit::NotDone);
    }
}
