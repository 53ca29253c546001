//! The rows of both files, and the result of each.

use crate::columns::AllowedActions;
use crate::compare::{differences, differing};
use crate::input::{InputOptions, InputRow, InputRows, ReadingOptions, bound};
use crate::manifest::Manifest;
use crate::model::{Action, Field, Outcome, RowResult};
use crate::rim::Failure;
use std::collections::{BTreeMap, BTreeSet};
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
    rows.tell_troubles();
    Ok(rows)
}

/// The line about a row of the export that is none, such as one with too few cells; `None` where it is one.
pub(super) fn trouble(row: &InputRow) -> Option<String> {
    let finding = row.findings.iter().find(|finding| finding.is_error())?;
    Some(format!("{}: error: {}", row.place, finding.words()))
}

/// The result of one row of the import file.
pub(super) fn outcome(
    wanted: &InputRows,
    index: usize,
    held: &BTreeMap<&str, Vec<&InputRow>>,
    unseen: &BTreeSet<Field>,
    facts: &Manifest,
) -> Outcome {
    let row = &wanted.rows[index];
    if !row.is_valid() {
        return wanted.outcome(index, Action::Create, RowResult::Invalid);
    }
    let record = &row.wanted;
    let found = held.get(record.number()).map_or(&[][..], Vec::as_slice);
    let (result, message) = match found {
        [] => (RowResult::Missing, "the export does not have it".to_owned()),
        [one] if !one.is_valid() => (RowResult::Differs, format!("{} cannot be read", one.place)),
        [one] => {
            let one = &one.wanted;
            let fields = differing(facts, record, one).into_iter();
            let fields: Vec<Field> = fields.filter(|field| !unseen.contains(field)).collect();
            match fields.is_empty() {
                true => (RowResult::Created, String::new()),
                false => (RowResult::Differs, differences(&fields, record, one)),
            }
        }
        several => (
            RowResult::Differs,
            format!("the export has it {} times", several.len()),
        ),
    };
    Outcome {
        message,
        ..wanted.outcome(index, Action::Create, result)
    }
}
