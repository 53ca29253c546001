//! `rowcall check`: every finding of every row, without any PBX.

use super::{Failure, of_rows, rows, say};
use crate::check::{Counts, Options, Table, Verdict, check};
use crate::cli::CheckArgs;
use crate::manifest::Purpose;
use crate::model::redact::{NOT_SHOWN, quoted};
use crate::model::{Action, Field, Finding, Place, RowResult};
use crate::report::{cells, columns, finding_line};
use crate::rules::CELL_NUMERIC;
use crate::sheet::{Readers, SheetError, Writer, markdown};
use crate::vendors::vendor;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write, stdout};
use std::sync::Arc;

/// Checks the sheets; findings go to standard output, one a line.
///
/// # Errors
/// Exit 2 where a sheet cannot be read or a report cannot be written.
pub(super) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let vendor = vendor(&args.vendor).ok_or_else(|| Failure::usage("there is no such vendor"))?;
    let manifest = (of_rows(vendor, args.input.groups)?.manifest)();
    let started = Timestamp::now();
    let opened = rows::open(&args.input, manifest)?;
    let tables: Vec<Table> = opened
        .into_iter()
        .map(|(sheet, binding)| Table { sheet, binding })
        .collect();
    if args.explain_columns {
        return explain(&tables);
    }
    let columns = columns();
    let create = |path| Writer::create(path, Readers::Anybody, &columns);
    let writers: Result<Vec<Writer>, SheetError> = args
        .report
        .report
        .iter()
        .map(|path| create(path.as_path()))
        .collect();
    let mut writers = writers.map_err(Failure::usage)?;
    let (reported, mut out) = (!writers.is_empty(), BufWriter::new(stdout()));
    let mut alike = Alike::default();
    let options = Options {
        purpose: Purpose::Create,
        on_pbx: None,
    };
    let sink = |verdict: Verdict<'_, ()>| -> Result<(), Stop> {
        if !args.report.json {
            for finding in &verdict.findings {
                if alike.is_repeated(&verdict.place, finding) {
                    continue;
                }
                let line = finding_line(finding, Some(&verdict.place));
                writeln!(out, "{}: {} {line}", verdict.place, verdict.number)?;
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
        Err(Stop::Out(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(1),
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
    let exit = u8::from(counts.invalid > 0);
    if args.report.json {
        writeln!(out, "{}", summary(&args.vendor, &counts, started, exit))
            .map_err(Failure::usage)?;
    }
    out.flush().map_err(Failure::usage)?;
    alike.say();
    say(format!(
        "{} rows: {} valid, {} invalid ({} errors, {} warnings)",
        counts.rows, counts.valid, counts.invalid, counts.errors, counts.warnings
    ));
    Ok(exit)
}

/// Cells of which the same is to be said as of one that was printed: in a workbook a whole column may be stored as
/// numbers, and only what differs in it is worth a line. A report has them all.
#[derive(Default)]
struct Alike(BTreeMap<AlikeIn, (Place, u64)>);

/// File, sheet, column, and what is said.
type AlikeIn = (Arc<str>, Option<Arc<str>>, usize, String);

impl Alike {
    /// Whether the same was printed of another cell of the column.
    fn is_repeated(&mut self, place: &Place, finding: &Finding) -> bool {
        let (CELL_NUMERIC, Some(column)) = (&*finding.rule, finding.column) else {
            return false;
        };
        // The same but for the value.
        let (_, what) = finding.message.rsplit_once(" is ").unwrap_or_default();
        let key = (
            place.file.clone(),
            place.sheet.clone(),
            column,
            what.to_owned(),
        );
        let known = self.0.entry(key);
        let (_, more) = known
            .and_modify(|(_, more)| *more += 1)
            .or_insert((place.clone(), 0));
        *more > 0
    }

    fn say(&self) {
        for ((file, _, column, what), (first, more)) in &self.0 {
            let more = match more {
                0 => continue,
                1 => "1 more cell".to_owned(),
                more => format!("{more} more cells"),
            };
            say(format!(
                "{file}: {more} like {}: {what} ({CELL_NUMERIC}); --report FILE names each",
                first.cell(*column)
            ));
        }
    }
}

/// Prints how each heading was understood, with the first value below it. A secret is not shown, nor is a value of a
/// column that is not understood: it may be one.
fn explain(tables: &[Table]) -> Result<u8, Failure> {
    let headings = ["column", "heading", "field", "understood as", "first value"];
    for table in tables {
        let (sheet, binding) = (&table.sheet, &table.binding);
        let mut first: Vec<Option<String>> = vec![None; binding.columns.len()];
        for batch in sheet.batches() {
            let read = batch.and_then(|batch| {
                batch.rows(|row| {
                    let sound = row.trouble.is_none();
                    for (column, value) in first.iter_mut().enumerate().filter(|_| sound) {
                        let text = row.cells.get(column).unwrap_or_default();
                        if value.is_none() && !text.trim().is_empty() {
                            *value = Some(quoted(text));
                        }
                    }
                })
            });
            read.map_err(Failure::usage)?;
            if first.iter().all(Option::is_some) {
                break;
            }
        }
        let rows: Vec<Vec<String>> = binding
            .columns
            .iter()
            .zip(first)
            .enumerate()
            .map(|(at, (column, value))| {
                let cell = sheet.place(0).cell(at);
                let value = match column.field {
                    Some(field) if !field.is_secret() => value.unwrap_or_default(),
                    _ if value.is_none() => String::new(),
                    _ => NOT_SHOWN.to_owned(),
                };
                vec![
                    cell.trim_end_matches('0').to_owned(),
                    column.heading.clone(),
                    column.field.map_or("", Field::name).to_owned(),
                    column.how.clone(),
                    value,
                ]
            })
            .collect();
        let table = markdown::table(&headings, &rows);
        super::print(|out| write!(out, "{}:\n{table}", sheet.file))?;
    }
    Ok(0)
}

fn summary(vendor: &str, counts: &Counts, started: Timestamp, exit: u8) -> serde_json::Value {
    json!({
        "command": "check",
        "target": vendor,
        "counts": { "valid": counts.valid, "invalid": counts.invalid },
        "rows": counts.rows,
        "errors": counts.errors,
        "warnings": counts.warnings,
        "started": format!("{started:.3}"),
        "finished": format!("{:.3}", Timestamp::now()),
        "exit_code": exit,
    })
}

fn outcome(verdict: Verdict<'_, ()>) -> crate::model::Outcome {
    let result = if verdict.is_valid() {
        RowResult::Valid
    } else {
        RowResult::Invalid
    };
    let mut outcome = rows::nothing(Action::None, result);
    if let Some(first) = verdict.findings.first() {
        let column = first
            .column
            .or_else(|| verdict.table.binding.column_of(first.field?));
        let heading = column.and_then(|column| verdict.table.sheet.headings.get(column));
        outcome.code = first.rule.to_string();
        outcome.field = first.field;
        outcome.column = heading.cloned().unwrap_or_default();
        outcome.message.clone_from(&first.message);
        outcome.hint.clone_from(&first.hint);
    }
    outcome.row = Some(verdict.row);
    outcome.place = Some(verdict.place);
    outcome.number = verdict.number;
    outcome.findings = verdict.findings;
    outcome
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
