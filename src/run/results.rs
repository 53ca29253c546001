//! Where the results of a run go: report files, rejects, the terminal, the JSON summary.

use super::rows::{Rows, nothing};
use super::{Failure, say};
use crate::cli::ReportArgs;
use crate::model::{Action, Outcome, RowResult};
use crate::report::{
    Counts, REJECT_HEADINGS, Report, columns, finding_line, reject_cells, reject_columns,
};
use crate::sheet::{Readers, SheetError, Writer};
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// How many rows that are not done are shown on the terminal; all stand in the report.
const SHOWN_MAX: u64 = 10;

/// The results of one run, row by row.
pub(super) struct Results<'r> {
    command: &'static str,
    target: String,
    started: Timestamp,
    json: bool,
    report_file: Option<PathBuf>,
    rows: &'r Rows,
    report: Report,
    rejects: Option<Rejects>,
    not_done: u64,
}

struct Rejects {
    file: PathBuf,
    writer: Writer,
    headings: Vec<String>,
    count: u64,
}

impl<'r> Results<'r> {
    /// Opens the files, before anything is sent: a report that cannot be written is no reason to stop half-way.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be written, or would overwrite an input.
    pub(super) fn open(
        command: &'static str,
        target: &str,
        rows: &'r Rows,
        args: &ReportArgs,
        rejects: Option<&Path>,
    ) -> Result<Results<'r>, Failure> {
        for output in args.report.iter().map(PathBuf::as_path).chain(rejects) {
            refuse_input(output, rows)?;
        }
        let columns = columns();
        let create = |path: &PathBuf| Writer::create(path, Readers::Anybody, &columns);
        let writers: Result<Vec<Writer>, SheetError> = args.report.iter().map(create).collect();
        let rejects = rejects.map(|path| Rejects::open(path, rows)).transpose();
        Ok(Results {
            command,
            target: target.to_owned(),
            started: Timestamp::now(),
            json: args.json,
            report_file: args.report.first().cloned(),
            rows,
            report: Report::new(rows.rows.len(), writers.map_err(Failure::usage)?),
            rejects: rejects.map_err(Failure::usage)?,
            not_done: 0,
        })
    }

    /// Lines of their own after the rows: extensions that no row names.
    pub(super) fn expect_more(&mut self, count: usize) {
        self.report.expect_more(count);
    }

    /// Takes the outcome of a row, counting from 0.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be written on.
    pub(super) fn put(&mut self, row: usize, outcome: Outcome) -> Result<(), Failure> {
        for outcome in self.report.put(row, outcome).map_err(Failure::usage)? {
            if outcome.result.is_done() {
                continue;
            }
            self.not_done += 1;
            if self.not_done <= SHOWN_MAX {
                show(&outcome);
            }
            let index = outcome.row.and_then(|row| usize::try_from(row - 1).ok());
            if let (Some(rejects), Some(index)) = (&mut self.rejects, index) {
                rejects
                    .put(self.rows, index, &outcome)
                    .map_err(Failure::usage)?;
            }
        }
        Ok(())
    }

    /// Gives every row that has no outcome yet the one of a run that stopped before it; invalid rows stay invalid.
    ///
    /// # Errors
    /// As [`Results::put`].
    pub(super) fn rest_not_sent(
        &mut self,
        code: &str,
        why: &str,
        hint: &str,
    ) -> Result<(), Failure> {
        for row in self.report.missing() {
            let invalid = self.rows.rows.get(row).is_some_and(|row| !row.is_valid());
            let outcome = if invalid {
                self.rows.outcome(row, Action::None, RowResult::Invalid)
            } else {
                let base = if row < self.rows.rows.len() {
                    self.rows.outcome(row, Action::None, RowResult::NotSent)
                } else {
                    nothing(Action::Delete, RowResult::NotSent)
                };
                Outcome {
                    code: code.into(),
                    message: why.into(),
                    hint: hint.into(),
                    ..base
                }
            };
            self.put(row, outcome)?;
        }
        Ok(())
    }

    /// Ends the files, says the summary, and gives the exit code: `stopped` where the run was, else by the counts.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be written to its end.
    pub(super) fn finish(self, stopped: Option<u8>) -> Result<u8, Failure> {
        let counts = self.report.finish().map_err(Failure::usage)?;
        let exit = stopped.unwrap_or(if counts.all_done() { 0 } else { 1 });
        let finished = Timestamp::now();
        let seconds = (finished - self.started)
            .total(jiff::Unit::Second)
            .unwrap_or_default();
        if self.not_done > SHOWN_MAX {
            let more = self.not_done - SHOWN_MAX;
            match &self.report_file {
                Some(file) => say(format!(
                    "… and {more} more rows that are not done: see {}",
                    file.display()
                )),
                None => say(format!(
                    "… and {more} more rows that are not done: --report FILE keeps a line for each"
                )),
            }
        }
        say(format!(
            "{}: {} rows in {seconds:.1} s: {}",
            self.target,
            counts.total(),
            counts.words()
        ));
        if let Some(file) = &self.report_file {
            say(format!("report: {}", file.display()));
        }
        if let Some(rejects) = self.rejects {
            let (file, count) = (rejects.file, rejects.count);
            rejects.writer.finish().map_err(Failure::usage)?;
            say(format!(
                "rejects: {} ({count} rows, only for its owner: it may hold passwords)",
                file.display()
            ));
        }
        if self.json {
            let summary = json!({
                "command": self.command,
                "target": self.target,
                "counts": object(&counts),
                "rows": counts.total(),
                "started": format!("{:.3}", self.started),
                "finished": format!("{finished:.3}"),
                "exit_code": exit,
            });
            writeln!(stdout(), "{summary}").map_err(|error| {
                Failure::usage(format!("standard output cannot be written: {error}"))
            })?;
        }
        Ok(exit)
    }
}

fn object(counts: &Counts) -> serde_json::Value {
    counts
        .iter()
        .map(|(result, count)| (result.word().to_owned(), json!(count)))
        .collect()
}

/// A row that is not done, on the terminal.
fn show(outcome: &Outcome) {
    let place = outcome
        .place
        .as_ref()
        .map_or_else(String::new, |place| format!("{place}: "));
    say(format!(
        "{place}{} {}: {}",
        outcome.number,
        outcome.result.word(),
        outcome.message
    ));
    let errors = outcome
        .findings
        .iter()
        .filter(|finding| finding.is_error())
        .skip(1);
    for finding in errors.filter(|_| outcome.result == RowResult::Invalid) {
        say(format!(
            "  also {}",
            finding_line(finding, outcome.place.as_ref())
        ));
    }
    if !outcome.hint.is_empty() {
        say(format!("  hint: {}", outcome.hint));
    }
}

/// An output must not be an input: it would be gone before it is mended.
fn refuse_input(output: &Path, rows: &Rows) -> Result<(), Failure> {
    let Ok(output) = fs::canonicalize(output) else {
        return Ok(());
    };
    for (sheet, _) in &rows.sheets {
        if fs::canonicalize(&*sheet.file).is_ok_and(|input| input == output) {
            return Err(Failure::usage(format!(
                "{} is read, and would be overwritten",
                sheet.file
            ))
            .hint("name another file for the report or the rejects"));
        }
    }
    Ok(())
}

impl Rejects {
    fn open(path: &Path, rows: &Rows) -> Result<Rejects, SheetError> {
        let mut headings: Vec<String> = vec![];
        for heading in rows.sheets.iter().flat_map(|(sheet, _)| &sheet.headings) {
            let added = REJECT_HEADINGS.contains(&heading.as_str());
            if !added && !headings.contains(heading) {
                headings.push(heading.clone());
            }
        }
        let writer = Writer::create(path, Readers::Owner, &reject_columns(&headings))?;
        Ok(Rejects {
            file: path.to_owned(),
            writer,
            headings,
            count: 0,
        })
    }

    fn put(&mut self, rows: &Rows, index: usize, outcome: &Outcome) -> Result<(), SheetError> {
        let row = &rows.rows[index];
        let sheet = &rows.sheets[row.sheet].0;
        let cells = row.cells();
        let original = self.headings.iter().map(|heading| {
            let column = sheet.headings.iter().position(|known| known == heading);
            column
                .and_then(|column| cells.get(column))
                .unwrap_or_default()
                .to_owned()
        });
        let line: Vec<String> = original.chain(reject_cells(outcome)).collect();
        self.count += 1;
        self.writer.row(line.iter().map(String::as_str))
    }
}
