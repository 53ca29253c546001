//! The summary of an export: a line for the process, and one for each target.

use super::Shard;
use crate::model::vocabulary;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The name and version of the format.
const FORMAT: &str = "rowcall.export/1";

/// The exit codes of an export, the worst one first: interrupted, stopped, target, unusable, not done, done.
pub(super) const EXIT_CODES: [u8; 6] = [130, 4, 3, 2, 1, 0];

/// The largest summary that is read, in bytes.
pub const SUMMARY_BYTES_MAX: u64 = 256 << 20;

vocabulary! {
    /// The end of a target's export.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum TargetResult {
        /// Everything on the PBX is in the export.
        Exported = "exported",
        /// It is not certain that everything is in the export.
        Incomplete = "incomplete",
        /// The night has a whole snapshot of it already.
        Skipped = "skipped",
        /// There is no export.
        Failed = "failed",
        /// There is no export, because its time was over.
        TooSlow = "too_slow",
    }
}

/// The end of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetSummary {
    /// Its name.
    pub target: String,
    /// The end of its export.
    pub result: TargetResult,
    /// Its own exit code.
    pub exit_code: u8,
    /// The number of extensions in the export, or in the snapshot that the night has already.
    pub extensions: Option<u64>,
    /// The number of extensions that are not as in the export before; `None` where there is none to compare with.
    pub changes: Option<u64>,
    /// The time that it took, in seconds.
    pub seconds: f64,
    /// The archive's head when its snapshot had been entered.
    pub head: Option<String>,
    /// The reason where there is no export; else empty.
    pub message: String,
}

impl TargetSummary {
    /// Creates the line of a target of which nothing is known but that there is no export.
    pub fn failed(target: &str) -> TargetSummary {
        TargetSummary {
            target: target.to_owned(),
            result: TargetResult::Failed,
            exit_code: 0,
            extensions: None,
            changes: None,
            seconds: 0.0,
            head: None,
            message: String::new(),
        }
    }
}

/// The account of one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryHead {
    /// Name and version of the format.
    format: String,
    /// The part of all targets that it took; `None` for all.
    pub shard: Option<Shard>,
    /// The night's name.
    pub night: Option<String>,
    /// The time when it began.
    pub started: Timestamp,
    /// The time when it had ended.
    pub finished: Timestamp,
    /// The number of its targets.
    pub targets: u64,
    /// Its exit code.
    pub exit_code: u8,
}

/// A whole summary.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportSummary {
    /// The account of the process.
    pub head: SummaryHead,
    /// Its targets, in the order of their names.
    pub targets: Vec<TargetSummary>,
}

impl ExportSummary {
    /// Creates the summary of a process that ends now.
    pub fn new(
        shard: Option<Shard>,
        night: Option<String>,
        started: Timestamp,
        exit_code: u8,
        mut targets: Vec<TargetSummary>,
    ) -> ExportSummary {
        targets.sort_by(|one, other| one.target.cmp(&other.target));
        let head = SummaryHead {
            format: FORMAT.to_owned(),
            shard,
            night,
            started,
            finished: Timestamp::now(),
            targets: targets.len() as u64,
            exit_code,
        };
        ExportSummary { head, targets }
    }

    /// Writes it as lines of JSON.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, &self.head)?;
        writeln!(out)?;
        for target in &self.targets {
            serde_json::to_writer(&mut *out, target)?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// Reads a summary that was written completely.
    ///
    /// # Errors
    /// Why the text is none, in words that follow a file's name.
    pub fn parse(text: &str) -> Result<ExportSummary, String> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        let head: SummaryHead = serde_json::from_str(head)
            .ok()
            .filter(|head: &SummaryHead| {
                let is_shard = head.shard.is_none_or(|shard| shard.index < shard.of);
                head.format == FORMAT && is_shard
            })
            .ok_or("is no summary that `rowcall export --summary` wrote")?;
        let targets: Result<Vec<TargetSummary>, _> = lines.map(serde_json::from_str).collect();
        let targets = targets.ok();
        let is_known = |line: &TargetSummary| EXIT_CODES.contains(&line.exit_code);
        let whole = targets.filter(|targets: &Vec<TargetSummary>| {
            targets.len() as u64 == head.targets
                && targets.iter().all(is_known)
                && EXIT_CODES.contains(&head.exit_code)
        });
        let targets = whole.ok_or("was cut off, or changed by somebody")?;
        Ok(ExportSummary { head, targets })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::fleet) fn target(
        name: &str,
        result: TargetResult,
        exit_code: u8,
    ) -> TargetSummary {
        TargetSummary {
            target: name.to_owned(),
            result,
            exit_code,
            extensions: (exit_code == 0).then_some(100),
            changes: None,
            seconds: 1.5,
            head: None,
            message: match exit_code {
                0 => String::new(),
                _ => format!("{name} cannot be reached"),
            },
        }
    }

    #[test]
    fn a_summary_is_read_as_it_was_written_or_refused() {
        let targets = vec![
            target("b", TargetResult::Failed, 3),
            target("a", TargetResult::Exported, 0),
        ];
        let shard = Some(Shard { index: 3, of: 50 });
        let night = Some("2026-11-29".to_owned());
        let summary = ExportSummary::new(shard, night, Timestamp::now(), 3, targets);
        let mut text = vec![];
        summary.write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(ExportSummary::parse(&text).as_ref(), Ok(&summary));
        assert_eq!(summary.targets[0].target, "a");
        for end in (0..text.len() - 1).filter(|end| text.is_char_boundary(*end)) {
            assert!(
                ExportSummary::parse(&text[..end]).is_err(),
                "{}",
                &text[..end]
            );
        }
        let twice = format!("{text}{text}");
        assert!(ExportSummary::parse(&twice).is_err());
        assert!(ExportSummary::parse("number,first_name\n1,Ann\n").is_err());
    }
}
