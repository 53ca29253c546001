//! `rowcall check`: every finding of every row, without any PBX.

use super::columns::explain;
use super::mark::{MarkedSheet, refuse_ending};
use crate::check::{BoundSheet, CheckOptions, Checked, Counts, Verdict, check};
use crate::cli::CheckArgs;
use crate::columns::AllowedActions;
use crate::input::open_sheets;
use crate::manifest::Purpose;
use crate::model::{Action, Finding, Outcome, RowResult};
use crate::report::{FindingSummary, ReportFile, ReportHead, counted, finding_line, for_people};
use crate::rim::outputs::Files;
use crate::rim::target::{vendor_named, vendor_of_rows};
use crate::rim::terminal::{output, print, printed};
use crate::rim::{Context, Exit, Failure, who};
use crate::sheet::SheetError;
use jiff::Timestamp;
use serde_json::json;
use std::io::{BufWriter, Write};

/// Checks the sheets; findings go to standard output, summed by column and cause.
///
/// # Errors
/// Exit 2 where a sheet cannot be read or a report cannot be written.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let vendor = vendor_named(&args.vendor)?;
    let manifest = (vendor_of_rows(vendor, args.input.groups)?.manifest)();
    let started = Timestamp::now();
    let input = args.input.options();
    if args.explain_columns {
        return explain(&input, manifest);
    }
    let opened = open_sheets(&input, manifest, AllowedActions::default())?;
    let tables: Vec<BoundSheet> = opened
        .into_iter()
        .map(|(sheet, binding)| BoundSheet { sheet, binding })
        .collect();
    prepare_files(args, &tables, context)?;
    let mut outputs = CheckOutputs::open(args, &tables, &manifest.vendor.name, started)?;
    let options = CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country: args.country,
    };
    let reported = !outputs.reports.is_empty();
    let keep = |checked: &Checked<'_>| {
        let binding = &checked.table.binding;
        reported.then(|| binding.person(&checked.row.cells))
    };
    let counts = check(&tables, manifest, options, keep, |verdict| {
        outputs.put(verdict)
    })?;
    outputs.finish(&counts, started)
}

/// Refuses outputs that are inputs or other outputs.
///
/// # Errors
/// Exit 2, naming the file.
fn prepare_files(
    args: &CheckArgs,
    tables: &[BoundSheet],
    context: &Context,
) -> Result<(), Failure> {
    let mut files = Files::new(context);
    let map_file = args.input.options().reading.map_file;
    map_file.iter().for_each(|file| files.read(file));
    for table in tables {
        files.read(table.sheet.file.as_ref().as_ref());
    }
    for path in &args.report.report {
        files.written("--report", path);
    }
    if let Some(path) = &args.mark {
        files.written("--mark", path);
    }
    files.prepare()
}

/// The outputs of a check: standard output, reports, and the marked copy.
struct CheckOutputs<'t> {
    args: &'t CheckArgs,
    out: BufWriter<Box<dyn Write + Send>>,
    /// The findings that are summed up on standard output.
    found: FindingSummary,
    reports: Vec<ReportFile>,
    marked: Option<MarkedSheet<'t>>,
}

impl<'t> CheckOutputs<'t> {
    /// Opens the reports, before anything is checked.
    ///
    /// # Errors
    /// Exit 2 where one cannot be written, or the marked copy is not to be had.
    fn open(
        args: &'t CheckArgs,
        tables: &'t [BoundSheet],
        product: &str,
        started: Timestamp,
    ) -> Result<CheckOutputs<'t>, Failure> {
        let marked = marked(args, tables)?;
        let head = report_head(tables, product, started);
        let reports = args.report.report.iter();
        let reports: Result<Vec<ReportFile>, SheetError> = reports
            .map(|path| ReportFile::row_by_row(path, &head))
            .collect();
        Ok(CheckOutputs {
            args,
            out: BufWriter::new(output()),
            found: FindingSummary::default(),
            reports: reports?,
            marked,
        })
    }

    /// Takes the findings of a row.
    ///
    /// # Errors
    /// Exit 2 where an output cannot be written.
    fn put(&mut self, verdict: Verdict<'_, String>) -> Result<(), Failure> {
        let table = verdict.table;
        for finding in &verdict.findings {
            let (place, number) = (&verdict.place, &verdict.number);
            if let Some(marked) = &mut self.marked {
                marked.add(verdict.row, place, number, finding);
            }
            if self.args.report.json {
                continue;
            }
            if self.args.all {
                let line = finding_line(finding, Some(place), self.args.sources);
                printed(writeln!(self.out, "{place}: {number} {line}"))?;
            } else {
                self.found
                    .add(place, number, heading(table, finding), finding);
            }
        }
        if !self.reports.is_empty() {
            let outcome = outcome(verdict);
            for report in &mut self.reports {
                report.put(&outcome, &|finding| heading(table, finding).to_owned())?;
            }
        }
        Ok(())
    }

    /// Ends all outputs, and returns the exit code.
    ///
    /// # Errors
    /// Exit 2 where one cannot be written.
    fn finish(mut self, counts: &Counts, started: Timestamp) -> Result<Exit, Failure> {
        let weights = format!(
            "{}, {}",
            counted(counts.errors, "error"),
            counted(counts.warnings, "warning")
        );
        for report in self.reports {
            report.finish(&[("found", weights.clone())])?;
        }
        let exit = Exit::done_if(counts.invalid == 0);
        if self.args.report.json {
            let summary = summary(&self.args.vendor, counts, started, exit);
            printed(writeln!(self.out, "{summary}"))?;
        }
        for line in self.found.lines() {
            printed(writeln!(self.out, "{line}"))?;
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
        Ok(exit)
    }
}

/// The copy in which findings are marked, where one is wanted.
///
/// # Errors
/// Exit 2 where there are several sheets, or the copy is to be no workbook.
fn marked<'t>(
    args: &CheckArgs,
    tables: &'t [BoundSheet],
) -> Result<Option<MarkedSheet<'t>>, Failure> {
    let Some(path) = &args.mark else {
        return Ok(None);
    };
    let [table] = tables else {
        return Err(Failure::usage("--mark writes a copy of one sheet").hint(
            "name one (of a workbook with --sheet), and run it again with the copy for the others",
        ));
    };
    refuse_ending(&table.sheet, "--mark", path)?;
    Ok(Some(MarkedSheet::new(table)))
}

/// Builds the head of the reports.
fn report_head(tables: &[BoundSheet], product: &str, started: Timestamp) -> ReportHead {
    let mut files: Vec<&str> = tables.iter().map(|table| &*table.sheet.file).collect();
    files.dedup();
    let files = files.join(", ");
    let facts = [
        ("for", product.to_owned()),
        ("command", "check".to_owned()),
        ("read", files.clone()),
        ("by", who()),
        ("started", for_people(started)),
    ];
    let title = format!("check of {files} for {product}");
    ReportHead::new(title, facts, tables.len() == 1)
}

fn summary(vendor: &str, counts: &Counts, started: Timestamp, exit: Exit) -> serde_json::Value {
    json!({
        "command": "check",
        "target": vendor,
        "counts": { "valid": counts.valid, "invalid": counts.invalid },
        "rows": counts.rows,
        "errors": counts.errors,
        "warnings": counts.warnings,
        "started": format!("{started:.3}"),
        "finished": format!("{:.3}", Timestamp::now()),
        "exit_code": exit.code(),
    })
}

fn outcome(verdict: Verdict<'_, String>) -> Outcome {
    let result = match verdict.is_valid() {
        true => RowResult::Valid,
        false => RowResult::Invalid,
    };
    let table = verdict.table;
    let heading = |finding: &Finding| heading(table, finding).to_owned();
    let outcome = Outcome {
        row: Some(verdict.row),
        place: Some(verdict.place),
        number: verdict.number,
        name: verdict.kept.unwrap_or_default(),
        ..Outcome::new(Action::None, result)
    };
    outcome.with_findings(verdict.findings, heading)
}

/// The heading of the column that a finding is about; empty where the sheet has none.
fn heading<'t>(table: &'t BoundSheet, finding: &Finding) -> &'t str {
    let binding = &table.binding;
    let column = finding.column.or_else(|| binding.origin_of(finding.field?));
    let heading = column.and_then(|column| table.sheet.headings.get(column));
    heading.map_or("", String::as_str)
}
