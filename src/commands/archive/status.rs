//! `rowcall archive list --nagios`: one line on the age of the newest snapshots.

use super::list::records;
use crate::archive::{ArchiveError, TargetRecord};
use crate::cli::ArchiveListArgs;
use crate::model::counted;
use crate::rim::terminal::print_data;
use crate::rim::{Exit, Failure};
use jiff::{SignedDuration, Timestamp};

/// The state of an archive, as a monitoring system takes it, the worst one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Health::Ok => "OK",
            Health::Warning => "WARNING",
            Health::Critical => "CRITICAL",
            Health::Unknown => "UNKNOWN",
        }
    }

    /// The exit code that has this meaning for a monitoring system: 0 to 3.
    fn exit(self) -> Exit {
        match self {
            Health::Ok => Exit::Done,
            Health::Warning => Exit::NotDone,
            Health::Critical => Exit::Unusable,
            Health::Unknown => Exit::Target,
        }
    }
}

/// Prints one line on the newest snapshot, as a monitoring system reads it: exit 0 is OK, 1 a warning, 2 critical, 3 that
/// nothing is known.
///
/// # Errors
/// Exit 2 where standard output cannot be written.
pub(super) fn run(args: &ArchiveListArgs) -> Result<Exit, Failure> {
    let (health, line) = match records(args) {
        Ok(all) if all.is_empty() => (
            Health::Critical,
            format!("{} holds no snapshot yet", args.folder.display()),
        ),
        Ok(all) => {
            let now = Timestamp::now();
            let each = all.iter();
            let each = each.map(|(target, record)| judge(target, record, now, args.max_age));
            let mut each: Vec<(Health, String)> = each.collect();
            each.sort_by_key(|(health, _)| std::cmp::Reverse(*health));
            let worst = each.first().map_or(Health::Unknown, |(health, _)| *health);
            let lines: Vec<String> = each.into_iter().map(|(_, line)| line).collect();
            (worst, lines.join("; "))
        }
        Err(none @ ArchiveError::NoSnapshot { .. }) => (Health::Critical, none.to_string()),
        Err(error) => (Health::Unknown, error.to_string()),
    };
    print_data(|out| writeln!(out, "ROWCALL {} - {line}", health.word()))?;
    Ok(health.exit())
}

/// Judges the age of a target's newest snapshot, seen from `now`, that no export failed since, and that no file is gone.
fn judge(
    target: &str,
    record: &TargetRecord,
    now: Timestamp,
    max_age: SignedDuration,
) -> (Health, String) {
    let Some(newest) = record.snapshots.last() else {
        let line = format!("{target}: no snapshot, and the last export did not come about");
        return (Health::Critical, line);
    };
    let age = now.duration_since(newest.time);
    let hours = age.as_secs() / 3600;
    let line = format!(
        "{target}: {}, {hours} h old",
        counted(newest.facts.extensions, "extension")
    );
    let gone = record.snapshots.iter().filter(|one| !one.is_there());
    let gone: Vec<_> = gone.collect();
    if let Some(last) = gone.last() {
        // It proves nothing any more.
        let line = match last.entry == newest.entry {
            true => format!("{line}, and its file is not there"),
            false => format!("{line}, and older files are not there: {}", gone.len()),
        };
        return (Health::Critical, line);
    }
    match (age > max_age, newest.facts.is_certain()) {
        (true, _) => (
            Health::Critical,
            format!("{line}, older than {} h", max_age.as_secs() / 3600),
        ),
        (false, _) if record.missed.is_some() => (
            Health::Warning,
            format!("{line}, and the last export did not come about"),
        ),
        (false, false) => (Health::Warning, format!("{line}, may be incomplete")),
        (false, true) => (Health::Ok, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{Facts, MissedExport, Snapshot};

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
            night: None,
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1.csv");
        std::fs::write(&file, "").unwrap();
        let newest = Snapshot {
            entry: 1,
            time,
            path: file.clone(),
            sha256: String::new(),
            facts,
        };
        let mut record = TargetRecord {
            snapshots: vec![newest],
            missed: None,
        };
        let day = SignedDuration::from_hours(26);
        let after = |hours| time + SignedDuration::from_hours(hours);
        assert_eq!(
            judge("hq", &record, after(25), day),
            (Health::Ok, "hq: 200 extensions, 25 h old".into())
        );
        let (exit, line) = judge("hq", &record, after(27), day);
        assert_eq!(exit, Health::Critical);
        assert!(line.ends_with("27 h old, older than 26 h"), "{line}");
        record.missed = Some(MissedExport {
            time,
            why: "hq: it was not reached".into(),
        });
        let (exit, line) = judge("hq", &record, after(1), day);
        assert_eq!(exit, Health::Warning);
        assert!(
            line.ends_with("the last export did not come about"),
            "{line}"
        );
        let missed = record.missed.take();
        record.snapshots[0].facts.whole = false;
        let (exit, line) = judge("hq", &record, after(1), day);
        assert_eq!(exit, Health::Warning);
        assert!(line.ends_with("may be incomplete"), "{line}");
        // Whatever its age, a snapshot whose file is gone proves nothing; nor is an archive whole that lost an older one.
        record.snapshots[0].facts.whole = true;
        std::fs::remove_file(&file).unwrap();
        let (exit, line) = judge("hq", &record, after(1), day);
        assert_eq!(exit, Health::Critical);
        assert!(line.ends_with("and its file is not there"), "{line}");
        let mut newer = record.snapshots[0].clone();
        (newer.entry, newer.path) = (2, folder.path().join("2.csv"));
        std::fs::write(&newer.path, "").unwrap();
        record.snapshots.push(newer);
        let (exit, line) = judge("hq", &record, after(1), day);
        assert_eq!(exit, Health::Critical);
        assert!(line.ends_with("older files are not there: 1"), "{line}");
        // Nothing ever came about.
        record = TargetRecord {
            snapshots: vec![],
            missed,
        };
        let (exit, line) = judge("hq", &record, after(1), day);
        assert_eq!(exit, Health::Critical);
        assert!(line.starts_with("hq: no snapshot"), "{line}");
    }
}
