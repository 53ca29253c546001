//! The outputs of a check: standard output, reports, and the marked copy.

use super::head::{marked_copy, report_head};
use crate::check::{BoundSheet, Counts, Verdict};
use crate::cli::{CheckArgs, OnLoss};
use crate::input::Losses;
use crate::lang::{language, translated};
use crate::model::counted;
use crate::report::marked::MarkedCopy;
use crate::report::{FindingSummary, ReportFile, finding_line, summary_of_check};
use crate::rim::terminal::{data_screen, fitting, output, print, printed, write_line};
use crate::rim::{Exit, Failure};
use jiff::Timestamp;
use std::io::{BufWriter, Write};

/// The lines of a screen that are left for the counts behind the findings.
const SAID_LATER: usize = 1;
/// Those for the marked copy.
const MARKED_LINES: usize = 2;
/// Those for the refusal of losses.
const REFUSAL_LINES: usize = 4;

/// The outputs of a check: standard output, reports, and the marked copy.
pub(super) struct CheckOutputs<'t> {
    args: &'t CheckArgs,
    out: BufWriter<Box<dyn Write + Send>>,
    /// The findings that are summed up on standard output.
    found: FindingSummary,
    pub(super) reports: Vec<ReportFile>,
    /// The losses, where they stop the check.
    losses: Option<Losses<'t>>,
    marked: Option<MarkedCopy<'t>>,
}

impl<'t> CheckOutputs<'t> {
    /// Opens the reports, before anything is checked.
    ///
    /// # Errors
    /// Exit 2 where one cannot be written, or the marked copy is not to be had.
    pub(super) fn open(
        args: &'t CheckArgs,
        tables: &'t [BoundSheet],
        product: &str,
        started: Timestamp,
    ) -> Result<CheckOutputs<'t>, Failure> {
        let marked = marked_copy(args, tables)?;
        let head = report_head(tables, product, started);
        Ok(CheckOutputs {
            args,
            out: BufWriter::new(output()),
            found: FindingSummary::printed_by(Some(
                args.input.check_all_command(&args.vendor, args.country),
            )),
            reports: ReportFile::all_row_by_row(&args.report.report, &head)?,
            losses: (args.losses.on_loss == OnLoss::Stop)
                .then(|| Losses::new(tables.iter().map(|table| (&table.sheet, &table.binding)))),
            marked,
        })
    }

    /// Takes the findings of a row.
    ///
    /// # Errors
    /// Exit 2 where an output cannot be written.
    pub(super) fn put(&mut self, verdict: Verdict<'_, String>) -> Result<(), Failure> {
        let table = verdict.table;
        if let Some(losses) = &mut self.losses {
            losses.add_verdict(&verdict);
        }
        for finding in &verdict.findings {
            let (place, number, sources) = (&verdict.place, &verdict.number, self.args.sources);
            let heading = table.heading(finding);
            if let Some(marked) = &mut self.marked {
                marked.add(table, verdict.row, place, number, finding);
            }
            if self.args.report.json {
                continue;
            }
            if self.args.all {
                let line = finding_line(finding, heading, Some(place), sources, language());
                write_line(&mut self.out, format_args!("{place}: {number} {line}"))?;
            } else {
                self.found.add(place, number, heading, finding);
            }
        }
        if !self.reports.is_empty() {
            let outcome = verdict.outcome();
            for report in &mut self.reports {
                report.put(&outcome, &|finding| table.heading(finding).to_owned())?;
            }
        }
        Ok(())
    }

    /// Ends all outputs, and returns the exit code.
    ///
    /// # Errors
    /// Exit 2 where one cannot be written.
    pub(super) fn finish(mut self, counts: &Counts, started: Timestamp) -> Result<Exit, Failure> {
        let [errors, warnings] = [(counts.errors, "error"), (counts.warnings, "warning")]
            .map(|(count, noun)| counted(count, noun));
        let weights = format!("{errors}, {warnings}");
        let lossy = self.losses.as_mut().map_or(Ok(()), Losses::refuse_sheets);
        for report in self.reports {
            report.finish(&[("found", translated(&weights).into_owned())])?;
        }
        let done = Exit::done_if(counts.invalid == 0);
        let exit = lossy.as_ref().map_or_else(|lossy| lossy.exit, |()| done);
        if self.args.report.json {
            let vendor = &self.args.vendor;
            let summary = summary_of_check("check", vendor, &[], counts, started, exit.code());
            printed(writeln!(self.out, "{summary}"))?;
        }
        let later = SAID_LATER + usize::from(self.args.mark.is_some()) * MARKED_LINES;
        let lines = match data_screen(later + usize::from(lossy.is_err()) * REFUSAL_LINES) {
            Some(screen) => fitting(&self.found, screen),
            None => self.found.lines(language()),
        };
        for line in lines {
            write_line(&mut self.out, line)?;
        }
        printed(self.out.flush())?;
        if let (Some(marked), Some(path)) = (self.marked, &self.args.mark) {
            marked.write(path)?.iter().for_each(print);
        }
        print(format!(
            "{}: {} valid, {} invalid ({weights})",
            counted(counts.rows, "row"),
            counts.valid,
            counts.invalid
        ));
        lossy.map(|()| exit)
    }
}
