//! The summaries of all shards of a night, joined.

use super::summary::EXIT_CODES;
use super::{ExportSummary, TargetResult, TargetSummary};
use std::collections::BTreeMap;
use thiserror::Error;

/// The exit code where a shard said nothing: to be tried again.
const SILENT: u8 = 3;

/// The reasons why summaries cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JoinError {
    /// They are of different numbers of shards.
    #[error("{0} and {1} are of different numbers of shards ({2} and {3})")]
    Shards(String, String, u32, u32),
    /// They are of different nights.
    #[error("{0} and {1} are of different nights ({2} and {3})")]
    Nights(String, String, String, String),
    /// A target is in two of them.
    #[error("{target} is in {first} and in {second}")]
    Twice {
        /// The target.
        target: String,
        /// The first of the two files.
        first: String,
        /// The second.
        second: String,
    },
}

/// One report about all shards.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinedSummaries {
    /// The night's name.
    pub night: Option<String>,
    /// The number of shards.
    pub shards: u32,
    /// The shards without a summary, from 0.
    pub silent: Vec<u32>,
    /// All targets, in the order of their names.
    pub targets: Vec<TargetSummary>,
    /// The worst exit code of all.
    pub exit_code: u8,
}

impl JoinedSummaries {
    /// The number of targets with each result.
    pub fn counts(&self) -> Vec<(TargetResult, u64)> {
        let count = |result| {
            self.targets
                .iter()
                .filter(|line| line.result == result)
                .count()
        };
        let counts = TargetResult::ALL.map(|result| (result, count(result) as u64));
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// Joins the summaries of files. Of a shard with several, because its job was tried again, the one that ended last
/// counts. `shards` is the number of shards where it is known: else the summaries say it.
///
/// # Errors
/// They do not belong together.
pub fn joined(
    files: Vec<(String, ExportSummary)>,
    shards: Option<u32>,
) -> Result<JoinedSummaries, JoinError> {
    let number = |summary: &ExportSummary| summary.head.shard.map_or(1, |shard| shard.of);
    let mut by_shard: BTreeMap<u32, (String, ExportSummary)> = BTreeMap::new();
    let (mut night, mut of) = (None, shards.map(|of| ("--shards".to_owned(), of)));
    for (file, summary) in files {
        let (_, of) = of
            .get_or_insert_with(|| (file.clone(), number(&summary)))
            .clone();
        if of != number(&summary) {
            let first = by_shard
                .values()
                .next()
                .map_or("--shards", |(file, _)| file);
            return Err(JoinError::Shards(
                first.to_owned(),
                file,
                of,
                number(&summary),
            ));
        }
        let named = |night: &Option<String>| night.clone().unwrap_or_else(|| "none".to_owned());
        let (first, before) =
            night.get_or_insert_with(|| (file.clone(), summary.head.night.clone()));
        if *before != summary.head.night {
            let nights = (named(before), named(&summary.head.night));
            return Err(JoinError::Nights(first.clone(), file, nights.0, nights.1));
        }
        let index = summary.head.shard.map_or(0, |shard| shard.index);
        let older = by_shard.get(&index);
        if older.is_none_or(|(_, older)| older.head.finished <= summary.head.finished) {
            by_shard.insert(index, (file, summary));
        }
    }
    let shards = of.map_or(1, |(_, of)| of);
    let silent: Vec<u32> = (0..shards)
        .filter(|index| !by_shard.contains_key(index))
        .collect();
    let mut codes: Vec<u8> = by_shard
        .values()
        .map(|(_, summary)| summary.head.exit_code)
        .collect();
    let lines = by_shard.values().flat_map(|(_, summary)| &summary.targets);
    codes.extend(lines.map(|line| line.exit_code));
    codes.extend((!silent.is_empty()).then_some(SILENT));
    let worst = EXIT_CODES.into_iter().find(|code| codes.contains(code));
    let mut targets: BTreeMap<String, (String, TargetSummary)> = BTreeMap::new();
    for (file, summary) in by_shard.into_values() {
        for line in summary.targets {
            let name = line.target.clone();
            if let Some((first, _)) = targets.insert(name.clone(), (file.clone(), line)) {
                let (target, second) = (name, file);
                return Err(JoinError::Twice {
                    target,
                    first,
                    second,
                });
            }
        }
    }
    Ok(JoinedSummaries {
        night: night.and_then(|(_, night)| night),
        shards,
        silent,
        targets: targets.into_values().map(|(_, line)| line).collect(),
        exit_code: worst.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Shard;
    use super::super::summary::tests::target;
    use super::*;
    use jiff::Timestamp;

    fn summary(index: u32, of: u32, night: &str, exit: u8) -> ExportSummary {
        let result = match exit {
            0 => TargetResult::Exported,
            _ => TargetResult::Failed,
        };
        let targets = vec![target(&format!("t{index}"), result, exit)];
        let (shard, night) = (Some(Shard { index, of }), Some(night.to_owned()));
        ExportSummary::new(shard, night, Timestamp::now(), exit, targets)
    }

    fn named(summaries: Vec<ExportSummary>) -> Vec<(String, ExportSummary)> {
        let each = summaries.into_iter().enumerate();
        each.map(|(n, summary)| (format!("f{n}"), summary))
            .collect()
    }

    #[test]
    fn shards_give_one_exit_code_and_a_silent_one_is_named() {
        let all = joined(
            named(vec![summary(0, 2, "x", 0), summary(1, 2, "x", 0)]),
            None,
        )
        .unwrap();
        assert_eq!((all.exit_code, all.shards, all.targets.len()), (0, 2, 2));
        let dead = joined(
            named(vec![summary(0, 3, "x", 1), summary(2, 3, "x", 3)]),
            None,
        )
        .unwrap();
        assert_eq!((dead.exit_code, dead.silent.clone()), (3, vec![1]));
        assert_eq!(dead.counts(), [(TargetResult::Failed, 2)]);
        let silent = joined(named(vec![summary(0, 2, "x", 0)]), Some(2)).unwrap();
        assert_eq!((silent.exit_code, silent.silent), (3, vec![1]));
        let stopped = named(vec![summary(0, 2, "x", 130), summary(1, 2, "x", 4)]);
        assert_eq!(joined(stopped, None).unwrap().exit_code, 130);
        assert_eq!(joined(vec![], Some(2)).unwrap().silent, [0, 1]);
    }

    #[test]
    fn a_shard_that_was_tried_again_counts_by_its_last_summary() {
        let (failed, mut done) = (summary(0, 1, "x", 3), summary(0, 1, "x", 0));
        done.head.finished = failed.head.finished + jiff::SignedDuration::from_secs(60);
        for files in [vec![failed.clone(), done.clone()], vec![done, failed]] {
            let all = joined(named(files), None).unwrap();
            assert_eq!((all.exit_code, all.targets.len()), (0, 1));
        }
    }

    #[test]
    fn summaries_that_do_not_belong_together_are_refused() {
        let refused = |summaries, shards| joined(named(summaries), shards).unwrap_err().to_string();
        let other = refused(vec![summary(0, 2, "x", 0), summary(1, 3, "x", 0)], None);
        assert!(
            other.contains("different numbers of shards (2 and 3)"),
            "{other}"
        );
        let other = refused(vec![summary(0, 2, "x", 0)], Some(50));
        assert!(other.contains("(50 and 2)"), "{other}");
        let other = refused(vec![summary(0, 2, "x", 0), summary(1, 2, "y", 0)], None);
        assert!(other.contains("different nights (x and y)"), "{other}");
        let mut same = summary(1, 2, "x", 0);
        same.targets[0].target = "t0".to_owned();
        let twice = refused(vec![summary(0, 2, "x", 0), same], None);
        assert_eq!(twice, "t0 is in f0 and in f1");
    }
}
