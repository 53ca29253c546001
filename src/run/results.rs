//! Where the results of a run go: report files, rejects, the terminal, the JSON summary.

use super::rows::Rows;
use super::{Failure, say};
use crate::cli::ReportArgs;
use crate::model::{Outcome, RowResult};
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
    /// The run's name, once it has a ledger.
    pub(super) run: Option<String>,
    /// Whether rows that are not done are shown elsewhere.
    pub(super) quiet: bool,
    started: Timestamp,
    json: bool,
    report_file: Option<PathBuf>,
    /// Every line as it stands while nothing was said to the PBX.
    lines: Vec<Outcome>,
    report: Report,
    rejects: Option<Rejects<'r>>,
    /// Who is told of every outcome beside these.
    pub(super) seen: Option<Seen<'r>>,
    not_done: u64,
}

/// Is told the position and the outcome of a line.
pub(super) type Seen<'r> = Box<dyn FnMut(usize, &Outcome) + 'r>;

/// The rows that are not done, as they stood in their sheets.
pub(super) struct Rejects<'r> {
    file: PathBuf,
    writer: Writer,
    rows: &'r Rows,
    headings: Vec<String>,
    count: u64,
}

impl<'r> Results<'r> {
    /// Opens the reports, before anything is sent: one that cannot be written is no reason to stop half-way. `lines` are
    /// all lines as they stand now.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be written.
    pub(super) fn open(
        command: &'static str,
        target: &str,
        lines: Vec<Outcome>,
        args: &ReportArgs,
        rejects: Option<Rejects<'r>>,
    ) -> Result<Results<'r>, Failure> {
        let columns = columns();
        let create = |path: &PathBuf| Writer::create(path, Readers::Anybody, &columns);
        let writers: Result<Vec<Writer>, SheetError> = args.report.iter().map(create).collect();
        Ok(Results {
            command,
            target: target.to_owned(),
            run: None,
            quiet: false,
            started: Timestamp::now(),
            json: args.json,
            report_file: args.report.first().cloned(),
            report: Report::new(lines.len(), writers.map_err(Failure::usage)?),
            lines,
            rejects,
            seen: None,
            not_done: 0,
        })
    }

    /// A line as it stands while nothing was said to the PBX.
    pub(super) fn line(&self, position: usize) -> Option<&Outcome> {
        self.lines.get(position)
    }

    /// Takes the outcome of a line, counting from 0.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be written on.
    pub(super) fn put(&mut self, position: usize, outcome: Outcome) -> Result<(), Failure> {
        if let Some(seen) = &mut self.seen {
            seen(position, &outcome);
        }
        for outcome in self.report.put(position, outcome).map_err(Failure::usage)? {
            if outcome.result.is_done() {
                continue;
            }
            self.not_done += 1;
            if self.not_done <= SHOWN_MAX && !self.quiet {
                show(&outcome);
            }
            if let Some(rejects) = &mut self.rejects {
                rejects.put(&outcome).map_err(Failure::usage)?;
            }
        }
        Ok(())
    }

    /// Puts the lines that have their result already.
    ///
    /// # Errors
    /// As [`Results::put`].
    pub(super) fn put_final(&mut self) -> Result<(), Failure> {
        for position in 0..self.lines.len() {
            let is_final = |line: &&Outcome| line.result != RowResult::NotSent;
            if let Some(line) = self.line(position).filter(is_final).cloned() {
                self.put(position, line)?;
            }
        }
        Ok(())
    }

    /// Gives every line that has no outcome yet the one of a run that stopped before it.
    ///
    /// # Errors
    /// As [`Results::put`].
    pub(super) fn rest_not_sent(
        &mut self,
        code: &str,
        why: &str,
        hint: &str,
    ) -> Result<(), Failure> {
        for position in self.report.missing() {
            let Some(line) = self.line(position).cloned() else {
                continue;
            };
            let outcome = if line.result == RowResult::NotSent {
                Outcome {
                    code: code.into(),
                    message: why.into(),
                    hint: hint.into(),
                    ..line
                }
            } else {
                line
            };
            self.put(position, outcome)?;
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
        if self.not_done > SHOWN_MAX && !self.quiet {
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
                "run": self.run,
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
///
/// # Errors
/// Exit 2, naming the file.
pub(super) fn refuse_input(output: &Path, rows: &Rows) -> Result<(), Failure> {
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

impl<'r> Rejects<'r> {
    /// Opens the file, for its owner only.
    ///
    /// # Errors
    /// Exit 2 where it cannot be written.
    pub(super) fn open(path: &Path, rows: &'r Rows) -> Result<Rejects<'r>, Failure> {
        let mut headings: Vec<String> = vec![];
        for heading in rows.sheets.iter().flat_map(|(sheet, _)| &sheet.headings) {
            let added = REJECT_HEADINGS.contains(&heading.as_str());
            if !added && !headings.contains(heading) {
                headings.push(heading.clone());
            }
        }
        let writer = Writer::create(path, Readers::Owner, &reject_columns(&headings))
            .map_err(Failure::usage)?;
        Ok(Rejects {
            file: path.to_owned(),
            writer,
            rows,
            headings,
            count: 0,
        })
    }

    fn put(&mut self, outcome: &Outcome) -> Result<(), SheetError> {
        let position = outcome
            .row
            .and_then(|row| usize::try_from(row).ok()?.checked_sub(1));
        // An extension that no row names has no cells to give back.
        let Some(row) = position.and_then(|position| self.rows.rows.get(position)) else {
            return Ok(());
        };
        let Some((sheet, _)) = self.rows.sheets.get(row.sheet) else {
            return Ok(());
        };
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
