//! The rows of both files.

use crate::columns::{AllowedActions, ColumnError, ColumnReading, Mapped, Saved};
use crate::input::{InputOptions, InputRow, InputRows, ReadingOptions, bound};
use crate::manifest::Manifest;
use crate::rim::Failure;
use std::path::Path;

/// Reads a file by the product's own headings and words.
///
/// # Errors
/// Exit 2 where it cannot be read.
pub(super) fn read(path: &Path, facts: &'static Manifest) -> Result<InputRows, Failure> {
    read_by(path, facts, vec![])
}

/// Reads a file by the product's own headings, and by the meanings of others. Where columns differ from place to place, those
/// that would be asked about are left out: their cells are compared as they are.
fn read_by(
    path: &Path,
    facts: &'static Manifest,
    map: Vec<(String, Mapped)>,
) -> Result<InputRows, Failure> {
    let may_leave_out = map.is_empty() && facts.file.as_ref().is_some_and(|file| file.by_template);
    let reading = ReadingOptions {
        map,
        ..ReadingOptions::default()
    };
    let (options, _) = InputOptions::of_product(path, &facts.vendor.id, reading)?;
    let mut sheets = vec![];
    for (sheet, binding) in bound(&options, facts, AllowedActions::default())? {
        if let Err(ColumnError::Unanswered { columns, .. }) = &binding
            && may_leave_out
        {
            let is_asked = |column: &&ColumnReading| matches!(column.saved, Saved::Asked(_));
            let asked = columns.iter().filter(is_asked);
            let left_out = asked.map(|column| (column.heading.clone(), Mapped::LeftOut));
            return read_by(path, facts, left_out.collect());
        }
        let Ok(binding) = binding else {
            return Err(Failure::usage(format!(
                "{} has not the columns of {}",
                path.display(),
                facts.vendor.name
            ))
            .hint("give the file that `rowcall convert` wrote, then the one that the product exported"));
        };
        sheets.push((sheet, binding));
    }
    let mut rows = InputRows::read(sheets, facts)?;
    rows.add_troubles();
    Ok(rows)
}

/// The line about a row of the export that is none, such as one with too few cells; `None` where it is one.
pub(super) fn trouble(row: &InputRow) -> Option<String> {
    let finding = row.findings.iter().find(|finding| finding.is_error())?;
    Some(format!("{}: error: {}", row.place, finding.words()))
}
