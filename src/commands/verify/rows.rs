//! The rows of both files.

use crate::columns::AllowedActions;
use crate::input::{InputOptions, InputRow, InputRows, ReadingOptions, bound};
use crate::manifest::Manifest;
use crate::rim::Failure;
use std::path::Path;

/// Reads a file by the product's own headings and words.
///
/// # Errors
/// Exit 2 where it cannot be read.
pub(super) fn read(path: &Path, facts: &'static Manifest) -> Result<InputRows, Failure> {
    let reading = ReadingOptions::default();
    let (options, _) = InputOptions::of_product(path, &facts.vendor.id, reading)?;
    let mut sheets = vec![];
    for (sheet, binding) in bound(&options, facts, AllowedActions::default())? {
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
