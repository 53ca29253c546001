//! `rowcall check`: every finding of every row, without any PBX.

use super::columns::explain;
use super::mark::{MarkedSheet, refuse_ending};
use crate::check::{BoundSheet, Checked, Counts, Options, Verdict, check};
use crate::cli::CheckArgs;
use crate::columns::Deeds;
use crate::input::open_sheets;
use crate::manifest::Purpose;
use crate::model::{Action, Finding, Outcome, RowResult};
use crate::report::{FindingSummary, ReportFile, ReportHead, counted, finding_line, for_people};
use crate::rim::outputs::Files;
use crate::rim::target::{vendor_named, vendor_of_rows};
use crate::rim::terminal::{output, print};
use crate::rim::{Context, Exit, Failure, who};
use crate::sheet::SheetError;
use jiff::Timestamp;
use serde_json::json;
use std::io::{self, BufWriter, Write};

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
    let opened = open_sheets(&input, manifest, Deeds::default())?;
    let tables: Vec<BoundSheet> = opened
        .into_iter()
        .map(|(sheet, binding)| BoundSheet { sheet, binding })
        .collect();
    let mut files = Files::new(context);
    input
        .reading
        .map_file
        .iter()
        .for_each(|file| files.read(file));
    for table in &tables {
        files.read(table.sheet.file.as_ref().as_ref());
    }
    for path in &args.report.report {
        files.written("--report", path);
    }
    if let Some(path) = &args.mark {
        files.written("--mark", path);
    }
    files.prepare()?;
    let mut marked = marked(args, &tables)?;
    let head = report_head(&tables, &manifest.vendor.name, started);
    let reports = args.report.report.iter();
    let reports: Result<Vec<ReportFile>, SheetError> = reports
        .map(|path| ReportFile::row_by_row(path, &head))
        .collect();
    let mut reports = reports.map_err(Failure::usage)?;
    let (reported, mut out) = (!reports.is_empty(), BufWriter::new(output()));
    let mut found = FindingSummary::default();
    let options = Options {
        purpose: Purpose::Create,
        on_pbx: None,
        country: args.country,
    };
    let mut is_read = true;
    let keep = |checked: &Checked<'_>| {
        let binding = &checked.table.binding;
        reported.then(|| binding.person(&checked.row.cells))
    };
    let sink = |verdict: Verdict<'_, String>| -> Result<(), Stop> {
        if let Some(marked) = &mut marked {
            for finding in &verdict.findings {
                marked.add(verdict.row, &verdict.place, &verdict.number, finding);
            }
        }
        if !args.report.json && is_read {
            for finding in &verdict.findings {
                if args.all {
                    let line = finding_line(finding, Some(&verdict.place), args.sources);
                    match writeln!(out, "{}: {} {line}", verdict.place, verdict.number) {
                        // The report is written for another reader.
                        Err(error) if error.kind() == io::ErrorKind::BrokenPipe && reported => {
                            is_read = false;
                            break;
                        }
                        printed => printed?,
                    }
                } else {
                    let heading = heading(verdict.table, finding);
                    found.add(&verdict.place, &verdict.number, heading, finding);
                }
            }
        }
        if reported {
            let table = verdict.table;
            let outcome = outcome(verdict);
            for report in &mut reports {
                report.put(&outcome, &|finding| heading(table, finding).to_owned())?;
            }
        }
        Ok(())
    };
    let checked = check(&tables, manifest, options, keep, sink);
    let counts = match checked {
        Ok(counts) => counts,
        // The reader of the findings has seen enough.
        Err(Stop::Out(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(Exit::NotDone);
        }
        Err(Stop::Out(error)) => {
            return Err(Failure::usage(format!(
                "standard output cannot be written: {error}"
            )));
        }
        Err(Stop::Sheet(error)) => return Err(Failure::usage(error)),
    };
    let weights = format!(
        "{}, {}",
        counted(counts.errors, "error"),
        counted(counts.warnings, "warning")
    );
    for report in reports {
        let finished = report.finish(&[("found", weights.clone())]);
        finished.map_err(Failure::usage)?;
    }
    let exit = Exit::done_if(counts.invalid == 0);
    if !is_read {
        return Ok(Exit::NotDone);
    }
    if args.report.json {
        writeln!(out, "{}", summary(&args.vendor, &counts, started, exit))
            .map_err(Failure::usage)?;
    }
    for line in found.lines() {
        writeln!(out, "{line}").map_err(Failure::usage)?;
    }
    out.flush().map_err(Failure::usage)?;
    if let (Some(marked), Some(path)) = (marked, &args.mark) {
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
        return Err(Failure::usage("--mark writes a copy of one sheet")
            .hint("name one; of a workbook with --sheet"));
    };
    refuse_ending(&table.sheet, "--mark", path)?;
    Ok(Some(MarkedSheet::new(table)))
}

/// Builds the head of the reports.
fn report_head(tables: &[BoundSheet], product: &str, started: Timestamp) -> ReportHead {
    let mut files: Vec<&str> = tables.iter().map(|table| &*table.sheet.file).collect();
    files.dedup();
    let mut facts = vec![
        ("for", product.to_owned()),
        ("command", "check".to_owned()),
        ("read", files.join(", ")),
        ("by", who()),
        ("started", for_people(started)),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    ReportHead {
        title: format!("check of {} for {product}", files.join(", ")),
        facts,
        has_one_table: tables.len() == 1,
    }
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

/// The reason for ending a check early.
enum Stop {
    Sheet(SheetError),
    Out(io::Error),
}

impl From<SheetError> for Stop {
    fn from(error: SheetError) -> Self {
        Stop::Sheet(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Out(error)
    }
}
