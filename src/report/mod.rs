//! Outcomes as a sheet, counted; the rows that are not done, as a sheet to be corrected and fed back; and a vendor's facts
//! as tables, and as a sheet to fill in.

mod columns;
pub mod facts;
mod file;
mod findings;
mod labels;
pub(crate) mod marked;
mod on_screen;
pub(crate) mod template;

pub(crate) use columns::{REJECT_CODE, is_added_to_rejects, reject_cells, reject_columns};
pub(crate) use file::{ReportFile, ReportHead, language_of, origins, reader_of};
pub(crate) use findings::{FindingSummary, describe, finding_line};
#[cfg(feature = "page")]
pub(crate) use labels::column_label;
pub(crate) use labels::{column_in_message, with_labels};

use crate::check::Counts;
use crate::lang::translated;
use crate::model::{Finding, Outcome, RingResult, RowResult};
use crate::sheet::SheetError;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;

/// A result in words for people.
pub(crate) fn result_words(result: RowResult) -> String {
    translated(result.word()).replace('_', " ")
}

/// Builds the JSON summary of a command that checked sheets by a vendor's rules; `more` are counts of its own.
pub(crate) fn summary_of_check(
    command: &str,
    vendor: &str,
    more: &[(&'static str, u64)],
    counts: &Counts,
    started: Timestamp,
    exit_code: u8,
) -> Value {
    let more = more.iter().map(|(name, count)| (*name, json!(count)));
    let valid = json!({ "valid": counts.valid, "invalid": counts.invalid });
    let facts = [
        ("counts", valid),
        ("rows", json!(counts.rows)),
        ("errors", json!(counts.errors)),
        ("warnings", json!(counts.warnings)),
    ];
    summary_of_sheets(command, vendor, more.chain(facts), started, exit_code)
}

/// Builds the JSON summary of a command that reads sheets and asks no PBX; `facts` are its own, in their order.
pub(crate) fn summary_of_sheets(
    command: &str,
    target: &str,
    facts: impl IntoIterator<Item = (&'static str, Value)>,
    started: Timestamp,
    exit_code: u8,
) -> Value {
    let mut summary = json!({ "command": command, "target": target });
    for (name, fact) in facts {
        summary[name] = fact;
    }
    summary["started"] = json!(format!("{started:.3}"));
    summary["finished"] = json!(format!("{:.3}", Timestamp::now()));
    summary["exit_code"] = json!(exit_code);
    summary
}

/// A moment as people read it, in UTC.
pub(crate) fn for_people(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The number of rows by result, and of those that were asked about by their dial tone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResultCounts {
    results: BTreeMap<RowResult, u64>,
    rings: BTreeMap<RingResult, u64>,
}

impl ResultCounts {
    /// Counts one row.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        *self.results.entry(outcome.result).or_default() += 1;
        if let Some(ring) = outcome.ring {
            *self.rings.entry(ring).or_default() += 1;
        }
    }

    /// The number of rows counted.
    pub(crate) fn total(&self) -> u64 {
        self.results.values().sum()
    }

    /// The number of rows with a result.
    pub(crate) fn count(&self, result: RowResult) -> u64 {
        self.results.get(&result).copied().unwrap_or_default()
    }

    /// Returns true if every row is done or unchanged, and all rings that were asked about.
    pub(crate) fn all_well(&self) -> bool {
        let all_ring = self.rings.keys().all(|ring| *ring == RingResult::Rings);
        all_ring && self.results.keys().all(|result| result.is_done())
    }

    /// The dial tones that occurred, each with its number.
    pub(crate) fn rings(&self) -> impl Iterator<Item = (RingResult, u64)> {
        self.rings.iter().map(|(ring, count)| (*ring, *count))
    }

    /// The results that occurred, done ones first, each with its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RowResult, u64)> {
        self.results.iter().map(|(result, count)| (*result, *count))
    }

    /// The number of extensions that let anybody in.
    pub(crate) fn open(&self) -> u64 {
        let asked = self
            .rings
            .get(&RingResult::Open)
            .copied()
            .unwrap_or_default();
        asked + self.count(RowResult::Ring(RingResult::Open))
    }

    /// The counts as a sentence: `198 created, 2 invalid`, or `200 created, 200 ring`.
    pub(crate) fn words(&self) -> String {
        let results = self.iter().map(|(result, count)| match result {
            RowResult::Ring(ring) => ring_words(ring, count),
            result => format!("{count} {}", result.word()),
        });
        let rings = self.rings().map(|(ring, count)| match ring {
            RingResult::Unknown => format!("{count} with unknown dial tone"),
            ring => ring_words(ring, count),
        });
        let parts: Vec<String> = results.chain(rings).collect();
        if parts.is_empty() {
            "no rows".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

/// A number of extensions with their dial tone: `1 rings`, `3 ring`, `2 wrong_secret`.
fn ring_words(ring: RingResult, count: u64) -> String {
    match (ring, count) {
        (RingResult::Rings, 2..) => format!("{count} ring"),
        _ => format!("{count} {}", ring.word()),
    }
}

/// Takes the outcome of every row, in whatever order they come, and writes them in row order, each as soon as all rows
/// before it have theirs.
pub(crate) struct Report {
    /// By the files' positions; `None` for one that is not written on.
    files: Vec<Option<ReportFile>>,
    /// The first reason that a file is not written on, until it is taken.
    broken: Option<SheetError>,
    rows: usize,
    next: usize,
    waiting: BTreeMap<usize, Outcome>,
    counts: ResultCounts,
}

impl Report {
    /// A report over `rows` rows, written to these files.
    pub(crate) fn new(rows: usize, files: Vec<ReportFile>) -> Report {
        Report {
            files: files.into_iter().map(Some).collect(),
            broken: None,
            rows,
            next: 0,
            waiting: BTreeMap::new(),
            counts: ResultCounts::default(),
        }
    }

    /// Leaves out the file at this position: the old file in its place stays.
    pub(crate) fn leave_out(&mut self, position: usize) {
        if let Some(file) = self.files.get_mut(position) {
            *file = None;
        }
    }

    /// Takes the outcome of a row, counted from 0, and returns those that may now be shown, in row order. `heading`
    /// returns the heading of a finding's column. A file that cannot be written is left out, and the others continue:
    /// see [`Report::take_broken`].
    pub(crate) fn put(
        &mut self,
        row: usize,
        outcome: Outcome,
        heading: impl Fn(&Outcome, &Finding) -> String,
    ) -> Vec<Outcome> {
        self.waiting.insert(row, outcome);
        let mut ready = vec![];
        while let Some(outcome) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.counts.add(&outcome);
            for slot in &mut self.files {
                let Some(file) = slot else { continue };
                if let Err(error) = file.put(&outcome, &|finding| heading(&outcome, finding)) {
                    self.broken.get_or_insert(error);
                    *slot = None;
                }
            }
            ready.push(outcome);
        }
        ready
    }

    /// The reason that a sheet is not written on, once.
    pub(crate) fn take_broken(&mut self) -> Option<SheetError> {
        self.broken.take()
    }

    /// The rows without an outcome.
    pub(crate) fn missing(&self) -> Vec<usize> {
        (self.next..self.rows)
            .filter(|row| !self.waiting.contains_key(row))
            .collect()
    }

    /// Ends the report, with the facts that are known by its end: its files take their places. Returns the counts, and
    /// the first reason that a file could not be written to its end; later ones are the same. A report that leaves a
    /// row out, which is a bug, must not look whole: none of its files takes its place.
    pub(crate) fn finish(
        self,
        facts: &[(&'static str, String)],
    ) -> (ResultCounts, Option<SheetError>) {
        let (total, rows, mut broken) = (self.counts.total(), self.rows as u64, self.broken);
        if total != rows || !self.waiting.is_empty() {
            let error = io::Error::other(format!("{total} of {rows} rows have their outcome"));
            broken.get_or_insert_with(|| SheetError::unwritable(&"the report".into(), &error));
            return (self.counts, broken);
        }
        for file in self.files.into_iter().flatten() {
            if let Err(error) = file.finish(facts) {
                broken.get_or_insert(error);
            }
        }
        (self.counts, broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Action;

    #[test]
    fn a_report_that_leaves_a_row_out_does_not_look_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let outcome = || Outcome::new(Action::None, RowResult::Valid);
        for (rows, whole) in [
            (vec![0, 1], true),
            (vec![1, 0], true),
            (vec![0], false),
            (vec![1], false),
            (vec![0, 0], false),
            (vec![0, 1, 1], false),
            (vec![0, 1, 2], false),
        ] {
            let file = ReportFile::replace(&path, &ReportHead::default()).unwrap();
            let mut report = Report::new(2, vec![file]);
            for row in &rows {
                report.put(*row, outcome(), |_, _| String::new());
            }
            let (_, broken) = report.finish(&[]);
            assert_eq!(broken.is_none(), whole, "{rows:?} {broken:?}");
            assert_eq!(path.exists(), whole, "{rows:?}");
            let _ = std::fs::remove_file(&path);
        }
    }
}
