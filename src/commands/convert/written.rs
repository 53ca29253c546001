//! The file of a conversion, its report, and the steps that follow.

use crate::cli::ConvertArgs;
use crate::dialects::{ImportTable, PREFIX};
use crate::disk::{Readers, write_whole};
use crate::generate::Generator;
use crate::input::Rows;
use crate::manifest::{FileFacts, Manifest};
use crate::model::{Action, Record, RowResult, TO_GENERATE};
use crate::report::{FindingSummary, ReportFile, ReportHead, ResultCounts, for_people};
use crate::rim::terminal::print;
use crate::rim::{Failure, who};
use crate::sheet::import_file;
use jiff::Timestamp;

/// The extensions of the valid rows, with a secret in the place of each `<generate>`, and how many were made up.
///
/// # Errors
/// Exit 2 where no fitting secret can be had.
pub(super) fn extensions(rows: &Rows, facts: &Manifest) -> Result<(Vec<Record>, u64), Failure> {
    let valid = rows.rows.iter().enumerate();
    let valid = valid.filter(|(_, row)| row.is_valid());
    let mut extensions: Vec<Record> = valid.map(|(index, _)| rows.wanted_anew(index)).collect();
    let asks = |extension: &Record| extension.iter().any(|(_, text)| text == TO_GENERATE);
    if !extensions.iter().any(asks) {
        return Ok((extensions, 0));
    }
    let mut generator = Generator::new(facts);
    extensions
        .iter()
        .for_each(|extension| generator.know(extension));
    let mut generated = 0;
    for extension in &mut extensions {
        generated += generator.fill(extension).map_err(Failure::usage)?.len() as u64;
    }
    Ok((extensions, generated))
}

/// Writes the file, for its owner only.
///
/// # Errors
/// Exit 2 where it cannot be written.
pub(super) fn write_table(
    args: &ConvertArgs,
    form: &FileFacts,
    table: ImportTable,
) -> Result<(), Failure> {
    let bytes = import_file(
        form.delimiter,
        form.quote_all,
        form.byte_order_mark,
        &table.headings,
        &table.rows,
    );
    let written = bytes.and_then(|bytes| write_whole(&args.output, &bytes, Readers::Owner));
    written.map_err(|error| {
        Failure::usage(format!(
            "{} cannot be written: {error}",
            args.output.display()
        ))
    })
}

/// Writes the reports and prints the reasons of invalid rows.
///
/// # Errors
/// Exit 2 where a report cannot be written.
pub(super) fn report(
    args: &ConvertArgs,
    rows: &Rows,
    facts: &Manifest,
    started: Timestamp,
) -> Result<ResultCounts, Failure> {
    let name = &facts.vendor.name;
    let mut files: Vec<&str> = rows.sheets.iter().map(|(sheet, _)| &*sheet.file).collect();
    files.dedup();
    let files = files.join(", ");
    let head = ReportHead::new(
        format!("{files} for {name}"),
        [
            ("for", name.clone()),
            ("command", "convert".to_owned()),
            ("read", files),
            ("written", args.output.display().to_string()),
            ("by", who()),
            ("started", for_people(started)),
        ],
        rows.sheets.len() == 1,
    );
    let mut reports = ReportFile::all_row_by_row(&args.report.report, &head)?;
    let mut counts = ResultCounts::default();
    let mut found = FindingSummary::default();
    for (index, row) in rows.rows.iter().enumerate() {
        let result = match row.is_valid() {
            true => RowResult::Valid,
            false => RowResult::Invalid,
        };
        for finding in row.findings.iter().filter(|finding| finding.is_error()) {
            let heading = rows.heading(index, finding.field, finding.column);
            found.add(&row.place, row.wanted.number(), &heading, finding);
        }
        let outcome = rows.outcome(index, Action::None, result);
        counts.add(&outcome);
        for report in &mut reports {
            report.put(&outcome, &|finding| {
                rows.heading(index, finding.field, finding.column)
            })?;
        }
    }
    for report in reports {
        report.finish(&[])?;
    }
    found.lines().iter().for_each(print);
    Ok(counts)
}

/// Prints what a person does with the file, and what the product does by itself.
pub(super) fn print_steps(args: &ConvertArgs, form: &FileFacts) {
    for (index, step) in form.steps.iter().enumerate() {
        print(format!("  {}. {step}", index + 1));
    }
    let file = args.output.display();
    print(format!(
        "  {}. rowcall verify {file} EXPORT --for {PREFIX}{}",
        form.steps.len() + 1,
        args.to.vendor.id
    ));
    print(format!(
        "an extension that is there already: {}",
        form.existing
    ));
    for word in &form.silently {
        print(format!("without a word: {word}"));
    }
    for word in &form.inferred {
        print(format!("not certain: {word}"));
    }
}
