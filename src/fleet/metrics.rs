//! Figures of an export for Prometheus, as its collector for text files reads them.

use super::{ExportSummary, TargetResult};
use jiff::Timestamp;
use std::fmt::Write;

/// The age of the archive's snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oldest {
    /// The time of the snapshot that is the oldest among the newest whole ones of all targets.
    pub time: Option<Timestamp>,
    /// The number of targets without a whole snapshot.
    pub without: u64,
}

/// Returns the figures; those about an archive where there is one.
pub fn metrics(summary: &ExportSummary, oldest: Option<Oldest>) -> String {
    let mut text = String::new();
    let mut figure = |name: &str, help: &str, values: &[(String, String)]| {
        // Writing to a text does not fail.
        let _ = writeln!(text, "# HELP rowcall_export_{name} {help}");
        let _ = writeln!(text, "# TYPE rowcall_export_{name} gauge");
        for (labels, value) in values {
            let _ = writeln!(text, "rowcall_export_{name}{labels} {value}");
        }
    };
    let plain = |value: String| vec![(String::new(), value)];
    let targets = &summary.targets;
    let by_result = TargetResult::ALL.map(|result| {
        let count = targets.iter().filter(|line| line.result == result).count();
        (
            format!("{{result=\"{}\"}}", result.word()),
            count.to_string(),
        )
    });
    figure("targets", "Targets by the end of their export.", &by_result);
    let sum = |value: fn(&super::TargetSummary) -> Option<u64>| {
        targets.iter().filter_map(value).sum::<u64>().to_string()
    };
    figure(
        "extensions",
        "Extensions in the exports.",
        &plain(sum(|line| line.extensions)),
    );
    figure(
        "changes",
        "Extensions that are not as in the export before.",
        &plain(sum(|line| line.changes)),
    );
    let head = &summary.head;
    let seconds = head.finished.duration_since(head.started).as_secs_f64();
    figure(
        "seconds",
        "Time that it took.",
        &plain(format!("{seconds:.3}")),
    );
    let slowest = targets.iter().map(|line| line.seconds).fold(0.0, f64::max);
    figure(
        "slowest_target_seconds",
        "Time that the slowest target took.",
        &plain(format!("{slowest:.3}")),
    );
    figure(
        "exit_code",
        "Exit code.",
        &plain(head.exit_code.to_string()),
    );
    figure(
        "finished_timestamp_seconds",
        "Time of its end.",
        &plain(head.finished.as_second().to_string()),
    );
    if let Some(oldest) = oldest {
        let time = oldest.time.map(|time| time.as_second().to_string());
        figure(
            "oldest_snapshot_timestamp_seconds",
            "Time of the oldest among the newest whole snapshots of all targets.",
            &time.map(plain).unwrap_or_default(),
        );
        figure(
            "targets_without_snapshot",
            "Targets without a whole snapshot.",
            &plain(oldest.without.to_string()),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::target;
    use super::*;

    #[test]
    fn every_figure_has_its_help_its_kind_and_a_number() {
        let targets = vec![
            target("a", TargetResult::Exported, 0),
            target("b", TargetResult::TooSlow, 3),
        ];
        let summary = ExportSummary::new(None, None, Timestamp::UNIX_EPOCH, 3, targets);
        let oldest = Oldest {
            time: Timestamp::from_second(1_700_000_000).ok(),
            without: 1,
        };
        let text = metrics(&summary, Some(oldest));
        for line in [
            "rowcall_export_targets{result=\"exported\"} 1",
            "rowcall_export_targets{result=\"too_slow\"} 1",
            "rowcall_export_targets{result=\"failed\"} 0",
            "rowcall_export_extensions 100",
            "rowcall_export_exit_code 3",
            "rowcall_export_slowest_target_seconds 1.500",
            "rowcall_export_oldest_snapshot_timestamp_seconds 1700000000",
            "rowcall_export_targets_without_snapshot 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let values = text.lines().filter(|line| !line.starts_with('#'));
        for line in values {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let name = name.split('{').next().unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(text.contains(&format!("# TYPE {name} gauge\n")), "{line}");
        }
        assert!(!metrics(&summary, None).contains("snapshot"));
    }
}
