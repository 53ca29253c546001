//! `rowcall fix`: a corrected copy of a sheet, in its own format.
//!
//! Only cells with a finding that carries a repair change. The copy is checked before it takes its place; the original
//! is never written to.

mod changes;
mod propose;

use crate::check::{BoundSheet, CheckOptions, Counts, check};
use crate::cli::FixArgs;
use crate::columns::{AllowedActions, Binding};
use crate::input::open_sheets;
use crate::manifest::{Manifest, Purpose};
use crate::model::shell_word;
use crate::report::counted;
use crate::rim::outputs::Files;
use crate::rim::target::{vendor_named, vendor_of_rows};
use crate::rim::terminal::print;
use crate::rim::{Context, Exit, Failure};
use crate::rules::{Checker, Country};
use crate::sheet::{Format, RepairedCopy, Sheet, SheetError};
use changes::Changes;
use jiff::Timestamp;
use std::path::Path;

/// Writes the copy and reports every cell that differs in it.
///
/// # Errors
/// Exit 2 where the sheet cannot be read, or the copy or a report cannot be written.
pub(super) fn run(args: &FixArgs, context: &Context) -> Result<Exit, Failure> {
    let vendor = vendor_named(&args.vendor)?;
    let manifest = (vendor_of_rows(vendor, args.input.groups)?.manifest)();
    refuse_clashes(args, context)?;
    let started = Timestamp::now();
    let mut opened = open_sheets(&args.input.options(), manifest, AllowedActions::default())?;
    let (Some((sheet, binding)), true) = (opened.pop(), opened.is_empty()) else {
        return Err(Failure::usage("fix writes a copy of one sheet").hint(
            "name one (of a workbook with --sheet), and run it again with the copy for the others",
        ));
    };
    if args.propose {
        return propose::run(args, BoundSheet { sheet, binding }, manifest, started);
    }
    let mut changes = Changes::open(args, &sheet)?;
    let mended = mended(
        &sheet,
        &binding,
        manifest,
        args.country,
        &args.output,
        &mut changes,
    )?;
    let copy = mended.sheet(&sheet).map_err(Failure::usage)?;
    let counts = check_copy(copy, binding, manifest, args.country).map_err(Failure::usage)?;
    let encoding = mended.encoding_to_say(&sheet).map_err(Failure::usage)?;
    mended.keep().map_err(Failure::usage)?;
    let exit = Exit::done_if(counts.invalid == 0);
    let cells = changes.finish(args, &counts, started, exit)?;
    print(format!(
        "{}: {} changed of {}",
        args.output.display(),
        counted(cells, "cell"),
        counted(counts.rows, "row")
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
            counted(counts.errors, "error"),
            counted(counts.invalid, "row"),
            counted(counts.warnings, "warning")
        ));
        print(format!(
            "  hint: rowcall check {} --for {} says them",
            shell_word(&args.output.to_string_lossy()),
            args.vendor
        ));
    }
    Ok(exit)
}

/// Refuses outputs that clash, and a copy in another format than its sheet.
fn refuse_clashes(args: &FixArgs, context: &Context) -> Result<(), Failure> {
    let mut files = Files::new(context);
    let (sheets, map) = (args.input.sheets.iter(), args.input.reading.map_file.iter());
    sheets.chain(map).for_each(|file| files.read(file));
    files.written("--output", &args.output);
    let reports = args.report.iter();
    reports.for_each(|report| files.written("--report", report));
    files.prepare()?;
    for sheet in &args.input.sheets {
        if args.propose {
            continue;
        }
        let (read, written) = (kind(sheet), kind(&args.output));
        let unknown = |kind: &FileKind| matches!(kind, FileKind::Unknown);
        let text = |kind: &FileKind| matches!(kind, FileKind::Text(_));
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

/// The format of a file by its ending.
#[derive(PartialEq)]
enum FileKind {
    /// A text of this format.
    Text(Format),
    /// A workbook with this ending: with another, Excel does not open it.
    Book(String),
    Unknown,
}

fn kind(path: &Path) -> FileKind {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match Format::from_ending(&path.to_string_lossy()) {
        Some(format) if format.is_workbook() => {
            FileKind::Book(ending.to_string_lossy().into_owned())
        }
        Some(format) => FileKind::Text(format),
        None => FileKind::Unknown,
    }
}

fn mended(
    sheet: &Sheet,
    binding: &Binding,
    manifest: &Manifest,
    country: Option<Country>,
    output: &Path,
    changes: &mut Changes<'_>,
) -> Result<RepairedCopy, Failure> {
    let checker = Checker::new(manifest, binding).in_country(country);
    let (mut findings, mut duplicates) = (vec![], vec![]);
    let mut failed = None;
    let mended = RepairedCopy::write(sheet, output, |row, mends| {
        changes.rows += 1;
        // Findings about several rows together have no repair.
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
                changes.left(row, column, &finding, &why);
            } else if failed.is_none() {
                let number = checker.number(row.cells);
                let place = sheet.place(row.line);
                let value = row.cells.get(column).unwrap_or_default();
                let changed = (column, value);
                failed = changes
                    .change(&place, number, changed, &finding, repair.reveal())
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
    let table = BoundSheet {
        sheet: copy,
        binding,
    };
    let options = CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country,
    };
    check(&[table], manifest, options, |_| None::<()>, |_| Ok(()))
}
