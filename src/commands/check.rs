//! `rowcall check`: every finding of every row, without any PBX.

use super::columns::explain;
use crate::check::{BoundSheet, Counts, Options, Verdict, check};
use crate::cli::CheckArgs;
use crate::columns::Deeds;
use crate::input::open_sheets;
use crate::manifest::Purpose;
use crate::model::{Action, Finding, Outcome, RowResult};
use crate::report::{FindingSummary, cells, columns, counted, finding_line};
use crate::rim::outputs::Files;
use crate::rim::target::vendor_of_rows;
use crate::rim::terminal::{output, print};
use crate::rim::{Context, Exit, Failure};
use crate::sheet::{Readers, SheetError, Writer};
use crate::vendors::vendor;
use jiff::Timestamp;
use serde_json::json;
use std::io::{self, BufWriter, Write};

/// Checks the sheets; findings go to standard output, summed by column and cause.
///
/// # Errors
/// Exit 2 where a sheet cannot be read or a report cannot be written.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let vendor = vendor(&args.vendor).ok_or_else(|| Failure::usage("there is no such vendor"))?;
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
    files.prepare()?;
    let columns = columns();
    let create = |path| Writer::row_by_row(path, Readers::Anybody, &columns);
    let writers: Result<Vec<Writer>, SheetError> = args
        .report
        .report
        .iter()
        .map(|path| create(path.as_path()))
        .collect();
    let mut writers = writers.map_err(Failure::usage)?;
    let (reported, mut out) = (!writers.is_empty(), BufWriter::new(output()));
    let mut found = FindingSummary::default();
    let options = Options {
        purpose: Purpose::Create,
        on_pbx: None,
        country: args.country,
    };
    let mut is_read = true;
    let sink = |verdict: Verdict<'_, ()>| -> Result<(), Stop> {
        if !args.report.json && is_read {
            for finding in &verdict.findings {
                if args.all {
                    let line = finding_line(finding, Some(&verdict.place), args.sources);
                    match writeln!(out, "{}: {} {line}", verdict.place, verdict.number) {
                        // The report is for somebody else.
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
            let cells = cells(&outcome(verdict));
            for writer in &mut writers {
                writer.row(cells.iter().map(String::as_str))?;
            }
        }
        Ok(())
    };
    let checked = check(&tables, manifest, options, |_| reported.then_some(()), sink);
    let counts = match checked {
        Ok(counts) => counts,
        // Whoever reads the findings has seen enough.
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
    for writer in writers {
        writer.finish().map_err(Failure::usage)?;
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
    print(format!(
        "{}: {} valid, {} invalid ({}, {})",
        counted(counts.rows, "row"),
        counts.valid,
        counts.invalid,
        counted(counts.errors, "error"),
        counted(counts.warnings, "warning")
    ));
    Ok(exit)
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

fn outcome(verdict: Verdict<'_, ()>) -> Outcome {
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

/// Why a check ends early.
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
