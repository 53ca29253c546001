//! A run of before, as it is resumed or undone: which one, from when, what it did, and on which PBX.

use super::saved_options::SavedOptions;
use crate::ledger::{StoredRun, Summary, runs};
use crate::rim::terminal::print;
use crate::rim::{Context, Failure};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A run of before.
pub(crate) struct PastRun {
    pub(crate) name: String,
    pub(crate) options: SavedOptions,
    pub(crate) summary: Summary,
}

impl PastRun {
    /// Reads what the run was asked for, and how far it is.
    ///
    /// # Errors
    /// Exit 2 where there is no such run or its ledger cannot be used.
    pub(crate) fn open(context: &Context, name: &str) -> Result<PastRun, Failure> {
        let summary = StoredRun::open(&context.state()?, name)?.summary()?;
        Ok(PastRun {
            name: name.to_owned(),
            options: SavedOptions::parse(name, &summary.run.head.options)?,
            summary,
        })
    }

    /// The reports that the run wrote, but for those that a newer run wrote over.
    ///
    /// # Errors
    /// Exit 2 where the other runs cannot be read.
    pub(crate) fn own_reports(&self, context: &Context) -> Result<Vec<PathBuf>, Failure> {
        let mut newer = BTreeSet::new();
        if self.options.reports.is_empty() {
            return Ok(vec![]);
        }
        for listed in runs(&context.state()?)? {
            let Ok(other) = listed.summary else { continue };
            if other.run.count <= self.summary.run.count {
                continue;
            }
            let options = SavedOptions::parse(&listed.id, &other.run.head.options);
            newer.extend(options.into_iter().flat_map(|options| options.reports));
        }
        let reports = self.options.reports.iter();
        let (others, own): (Vec<PathBuf>, Vec<PathBuf>) =
            reports.cloned().partition(|path| newer.contains(path));
        for path in others {
            print(format!(
                "report: {} is a newer run's by now, and is left as it is; rowcall report {} -o FILE writes this one's",
                path.display(),
                self.name
            ));
        }
        Ok(own)
    }

    /// Its name and when it began, by this machine's clock: `run 20261128-201400-a1b2 of 28 Nov 20:14`.
    pub(crate) fn name_and_time(&self) -> String {
        let started = self.summary.run.started.to_zoned(TimeZone::system());
        let began = started.strftime("%-d %b %H:%M");
        format!("run {} of {began}", self.name)
    }

    /// Which run it is, in words.
    pub(crate) fn words(&self) -> String {
        let (run, summary) = (&self.summary.run, &self.summary);
        let head = &run.head;
        let command = match head.mode.as_str() {
            "" => head.command.clone(),
            mode => format!("{} --mode {mode}", head.command),
        };
        let done = summary.results.iter();
        let mut parts: BTreeMap<&str, u64> =
            done.map(|(one, count)| (one.word(), *count)).collect();
        let left = summary.waiting + summary.intended;
        if left > 0 {
            parts.insert("left", left);
        }
        let parts: Vec<String> = parts
            .iter()
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        format!(
            "run {} of {}: {command} on {}: {}",
            self.name,
            run.started.strftime("%Y-%m-%d %H:%M UTC"),
            run.target,
            parts.join(", ")
        )
    }
}
