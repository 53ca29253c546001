//! The changed cells of a repaired copy: on the terminal, as JSON, and as a report.

use super::alike_cells::AlikeCells;
use super::changed_cell::{ChangedCell, HEADINGS};
use crate::check::Counts;
use crate::cli::FixArgs;
use crate::lang::{language, translated};
use crate::model::{Finding, Place};
use crate::report::{column_in_message, summary_of_check};
use crate::rim::terminal::{output, print, printed, write_line};
use crate::rim::{Exit, Failure};
use crate::sheet::{Readers, Row, Sheet, SheetError, Writer};
use jiff::Timestamp;
use std::io::{BufWriter, Write};

/// The beginning of the JSON object, before the first change.
const OPENING: &str = "{\"changes\":[";

/// The changes, reported while they are made.
pub(super) struct Changes<'s> {
    args: &'s FixArgs,
    sheet: &'s Sheet,
    alike: AlikeCells,
    out: BufWriter<Box<dyn Write + Send>>,
    writers: Vec<Writer>,
    pub(super) rows: u64,
    cells: u64,
    left: u64,
}

impl<'s> Changes<'s> {
    /// Opens the reports.
    pub(super) fn open(args: &'s FixArgs, sheet: &'s Sheet) -> Result<Changes<'s>, Failure> {
        let writers = args.report.iter();
        let writers = writers.map(|path| Writer::row_by_row(path, Readers::Anybody, &HEADINGS));
        let writers: Result<Vec<Writer>, SheetError> = writers.collect();
        Ok(Changes {
            args,
            sheet,
            alike: AlikeCells::default(),
            out: BufWriter::new(output()),
            writers: writers?,
            rows: 0,
            cells: 0,
            left: 0,
        })
    }

    /// Reports a changed cell.
    pub(super) fn change(
        &mut self,
        place: &Place,
        number: &str,
        (column, value): (usize, &str),
        finding: &Finding,
        repair: &str,
    ) -> Result<(), Failure> {
        let heading = self.sheet.headings.get(column).map_or("", String::as_str);
        let changed = ChangedCell::new(place, number, (column, heading), finding, [value, repair]);
        self.cells += 1;
        let line = changed.line();
        let is_shown = self
            .alike
            .add(changed.cause(), &line, self.args.all || self.args.json);
        if self.args.json {
            // One object, begun here and ended with the summary, because there may be many.
            let opening = if self.cells == 1 { OPENING } else { "," };
            let change = changed.as_json(self.rows);
            printed(write!(self.out, "{opening}{change}"))?;
        } else if is_shown {
            write_line(&mut self.out, line)?;
        }
        let row = self.rows.to_string();
        for writer in &mut self.writers {
            writer.row(changed.cells(&row))?;
        }
        Ok(())
    }

    /// Reports a cell that was not changed, though it has a repair.
    pub(super) fn skip(&mut self, row: &Row<'_>, column: usize, finding: &Finding, why: &str) {
        let place = self.sheet.place(row.line, row.cell_breaks);
        let (cell, code) = (place.cell(column), &finding.rule);
        let heading = self.sheet.headings.get(column).map_or("", String::as_str);
        let column = column_in_message(finding.field, heading, language());
        self.left += 1;
        let line = format!("{place}: not changed: {cell} {column} ({code}): {why}");
        print(line);
    }

    /// Ends the reports; returns how many cells were changed, and the exit by the findings that are left.
    pub(super) fn finish(
        mut self,
        counts: &Counts,
        started: Timestamp,
    ) -> Result<(u64, Exit), Failure> {
        let exit = Exit::done_if(counts.invalid == 0);
        let left_out = self.alike.left_out();
        for writer in self.writers {
            writer.finish()?;
        }
        if !self.args.json {
            for line in left_out {
                write_line(&mut self.out, translated(&line))?;
            }
        }
        if self.args.json {
            let more = [("changed", self.cells), ("not_changed", self.left)];
            let vendor = &self.args.vendor;
            let summary = summary_of_check("fix", vendor, &more, counts, started, exit.code());
            let opening = if self.cells == 0 { OPENING } else { "" };
            let summary = summary.to_string();
            let rest = summary.trim_start_matches('{');
            printed(writeln!(self.out, "{opening}],{rest}"))?;
        }
        printed(self.out.flush())?;
        Ok((self.cells, exit))
    }
}
