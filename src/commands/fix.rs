//! `rowcall fix`: a corrected copy of a sheet, in its own format.
//!
//! Only cells with a finding that carries a repair change. The copy is checked before it takes its place; the original
//! is never written to.

use crate::check::{Counts, Options, Table, check};
use crate::cli::FixArgs;
use crate::columns::{Binding, Deeds};
use crate::input::open_sheets;
use crate::manifest::{Manifest, Purpose};
use crate::model::Finding;
use crate::model::redact::{NOT_SHOWN, quoted};
use crate::rim::outputs::Files;
use crate::rim::target::vendor_of_rows;
use crate::rim::terminal::{output, print};
use crate::rim::{Exit, Failure};
use crate::rules::{Checker, Country};
use crate::sheet::{Format, Readers, RepairedCopy, Row, Sheet, SheetError, Writer};
use crate::vendors::vendor;
use jiff::Timestamp;
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The columns of the report: one line a changed cell.
const HEADINGS: [&str; 9] = [
    "row", "place", "cell", "number", "field", "column", "code", "before", "after",
];

/// Writes the copy and says every cell that is other in it.
///
/// # Errors
/// Exit 2 where the sheet cannot be read, or the copy or a report cannot be written.
pub(super) fn run(args: &FixArgs) -> Result<Exit, Failure> {
    let vendor = vendor(&args.vendor).ok_or_else(|| Failure::usage("there is no such vendor"))?;
    let manifest = (vendor_of_rows(vendor, args.input.groups)?.manifest)();
    refuse_clashes(args)?;
    let started = Timestamp::now();
    let mut opened = open_sheets(&args.input.options(), manifest, Deeds::default())?;
    let (Some((sheet, binding)), true) = (opened.pop(), opened.is_empty()) else {
        return Err(Failure::usage("fix writes a copy of one sheet").hint(
            "name one (of a workbook with --sheet), and run it again with the copy for the others",
        ));
    };
    let mut told = Told::open(args, &sheet)?;
    let mended = mended(
        &sheet,
        &binding,
        manifest,
        args.country,
        &args.output,
        &mut told,
    )?;
    let copy = mended.sheet(&sheet).map_err(Failure::usage)?;
    let counts = check_copy(copy, binding, manifest, args.country).map_err(Failure::usage)?;
    let encoding = mended.encoding_to_say(&sheet).map_err(Failure::usage)?;
    mended.keep().map_err(Failure::usage)?;
    let exit = Exit::done_if(counts.invalid == 0);
    let cells = told.finish(args, &counts, started, exit)?;
    print(format!(
        "{}: {} of {}",
        args.output.display(),
        counted(cells, "cell changed", "cells changed"),
        counted(counts.rows, "row", "rows")
    ));
    if let Some(encoding) = encoding {
        print(format!(
            "{}: too little in it still tells what it is written in",
            args.output.display()
        ));
        let encoding = encoding.name().to_lowercase().replace(' ', "-");
        print(format!("  hint: name it with --encoding {encoding}"));
    }
    if counts.errors + counts.warnings > 0 {
        print(format!(
            "left: {} in {}, {}",
            counted(counts.errors, "error", "errors"),
            counted(counts.invalid, "row", "rows"),
            counted(counts.warnings, "warning", "warnings")
        ));
        print(format!(
            "  hint: rowcall check {} --for {} says them",
            args.output.display(),
            args.vendor
        ));
    }
    Ok(exit)
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Refuses outputs that clash, and a copy in another format than its sheet.
fn refuse_clashes(args: &FixArgs) -> Result<(), Failure> {
    let mut files = Files::default();
    args.input.sheets.iter().for_each(|sheet| files.read(sheet));
    files.written("--output", &args.output);
    let reports = args.report.iter();
    reports.for_each(|report| files.written("--report", report));
    files.prepare()?;
    for sheet in &args.input.sheets {
        let (read, written) = (kind(sheet), kind(&args.output));
        let unknown = |kind: &Kind| matches!(kind, Kind::Unknown);
        let text = |kind: &Kind| matches!(kind, Kind::Text(_));
        let may_be = (unknown(&read) && text(&written)) || (text(&read) && unknown(&written));
        if read != written && !may_be && sheet.as_os_str() != "-" {
            return Err(Failure::usage(format!(
                "{} is to be written in another format than {}",
                args.output.display(),
                sheet.display()
            ))
            .hint("give it the same ending: fix changes cells, not formats"));
        }
    }
    Ok(())
}

/// What a file's ending says of its format.
#[derive(PartialEq)]
enum Kind {
    /// A text of this format.
    Text(Format),
    /// A workbook with this ending: with another, Excel does not open it.
    Book(String),
    Unknown,
}

fn kind(path: &Path) -> Kind {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match Format::from_ending(&path.to_string_lossy()) {
        Some(format) if format.is_workbook() => Kind::Book(ending.to_string_lossy().into_owned()),
        Some(format) => Kind::Text(format),
        None => Kind::Unknown,
    }
}

fn mended(
    sheet: &Sheet,
    binding: &Binding,
    manifest: &Manifest,
    country: Option<Country>,
    output: &Path,
    told: &mut Told<'_>,
) -> Result<RepairedCopy, Failure> {
    let checker = Checker::new(manifest, binding).in_country(country);
    let (mut findings, mut duplicates) = (vec![], vec![]);
    let mut failed = None;
    let mended = RepairedCopy::write(sheet, output, |row, mends| {
        told.rows += 1;
        // What several rows together say has no repair.
        checker.row(row, Purpose::Create, None, &mut findings, &mut duplicates);
        duplicates.clear();
        findings.sort_by_key(|finding| finding.column);
        let mut last = None;
        for mut finding in findings.drain(..) {
            let (Some(repair), Some(column)) = (finding.repair.take(), finding.column) else {
                continue;
            };
            if last.replace(column) == Some(column) {
                continue;
            }
            if let Err(why) = mends.put(column, repair.clone()) {
                told.left(row, column, &finding, &why);
            } else if failed.is_none() {
                let number = checker.number(row.cells);
                failed = told
                    .change(row, number, column, &finding, repair.reveal())
                    .err();
            }
        }
    });
    match failed {
        Some(failure) => Err(failure),
        None => mended.map_err(Failure::usage),
    }
}

fn check_copy(
    copy: Sheet,
    binding: Binding,
    manifest: &Manifest,
    country: Option<Country>,
) -> Result<Counts, SheetError> {
    let table = Table {
        sheet: copy,
        binding,
    };
    let options = Options {
        purpose: Purpose::Create,
        on_pbx: None,
        country,
    };
    check(&[table], manifest, options, |_| None::<()>, |_| Ok(()))
}

/// The changes, as they are told while they are made.
struct Told<'s> {
    sheet: &'s Sheet,
    json: bool,
    out: BufWriter<Box<dyn Write + Send>>,
    writers: Vec<Writer>,
    rows: u64,
    cells: u64,
    left: u64,
}

impl<'s> Told<'s> {
    fn open(args: &FixArgs, sheet: &'s Sheet) -> Result<Told<'s>, Failure> {
        let create = |path: &std::path::PathBuf| Writer::create(path, Readers::Anybody, &HEADINGS);
        let writers: Result<Vec<Writer>, SheetError> = args.report.iter().map(create).collect();
        Ok(Told {
            sheet,
            json: args.json,
            out: BufWriter::new(output()),
            writers: writers.map_err(Failure::usage)?,
            rows: 0,
            cells: 0,
            left: 0,
        })
    }

    fn change(
        &mut self,
        row: &Row<'_>,
        number: &str,
        column: usize,
        finding: &Finding,
        repair: &str,
    ) -> Result<(), Failure> {
        let place = self.sheet.place(row.line);
        let field = finding.field.map_or("", |field| field.name());
        let secret = finding.field.is_none_or(|field| field.is_secret());
        let value = row.cells.get(column).unwrap_or_default();
        let (before, after) = match secret {
            true => (NOT_SHOWN, NOT_SHOWN),
            false => (value, repair),
        };
        let (cell, code) = (place.cell(column), &*finding.rule);
        let heading = self.sheet.headings.get(column).map_or("", String::as_str);
        self.cells += 1;
        let said = if self.json {
            // One object, begun here and ended with the summary, for there may be many.
            let opening = if self.cells == 1 {
                "{\"changes\":["
            } else {
                ","
            };
            let change = json!({
                "row": self.rows, "place": place.to_string(), "cell": cell, "number": number,
                "field": field, "column": heading, "code": code, "before": before, "after": after,
            });
            write!(self.out, "{opening}{change}")
        } else if secret {
            writeln!(self.out, "{cell} {field}: {NOT_SHOWN} ({code})")
        } else {
            let (before, after) = (quoted(before), quoted(after));
            writeln!(self.out, "{cell} {field}: {before} → {after} ({code})")
        };
        heard(said)?;
        let (row, place) = (self.rows.to_string(), place.to_string());
        let line = [
            &row, &place, &cell, number, field, heading, code, before, after,
        ];
        for writer in &mut self.writers {
            writer.row(line).map_err(Failure::usage)?;
        }
        Ok(())
    }

    /// What was not changed, though it has a repair.
    fn left(&mut self, row: &Row<'_>, column: usize, finding: &Finding, why: &str) {
        let place = self.sheet.place(row.line);
        let field = finding.field.map_or("", |field| field.name());
        let (cell, code) = (place.cell(column), &finding.rule);
        self.left += 1;
        print(format!(
            "{place}: not changed: {cell} {field} ({code}): {why}"
        ));
    }

    /// Ends what is told; gives how many cells were changed.
    fn finish(
        mut self,
        args: &FixArgs,
        counts: &Counts,
        started: Timestamp,
        exit: Exit,
    ) -> Result<u64, Failure> {
        for writer in self.writers {
            writer.finish().map_err(Failure::usage)?;
        }
        if self.json {
            let summary = json!({
                "command": "fix",
                "target": args.vendor,
                "changed": self.cells,
                "not_changed": self.left,
                "counts": { "valid": counts.valid, "invalid": counts.invalid },
                "rows": counts.rows,
                "errors": counts.errors,
                "warnings": counts.warnings,
                "started": format!("{started:.3}"),
                "finished": format!("{:.3}", Timestamp::now()),
                "exit_code": exit.code(),
            });
            let opening = if self.cells == 0 {
                "{\"changes\":["
            } else {
                ""
            };
            let summary = summary.to_string();
            let rest = summary.trim_start_matches('{');
            heard(writeln!(self.out, "{opening}],{rest}"))?;
        }
        heard(self.out.flush())?;
        Ok(self.cells)
    }
}

/// That nobody listens any more (`| head`) is no reason not to write the copy.
fn heard(said: io::Result<()>) -> Result<(), Failure> {
    match said {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(()),
    }
}
