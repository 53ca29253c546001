//! The rows of both files, and the result of each.

use crate::columns::{AllowedActions, NamedOwner, product};
use crate::compare::{differences, differing};
use crate::input::{InputOptions, Rows, bound};
use crate::manifest::Manifest;
use crate::model::{Action, Field, Outcome, Record, RowResult};
use crate::rim::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Reads a file by the product's own headings and words.
///
/// # Errors
/// Exit 2 where it cannot be read.
pub(super) fn read(path: &Path, facts: &'static Manifest) -> Result<Rows, Failure> {
    let called = facts.file.as_ref().and_then(|file| file.product.as_ref());
    let owner = match product(called.unwrap_or(&facts.vendor.id)) {
        Some(product) => NamedOwner::Product(product),
        None => NamedOwner::Vendor(facts),
    };
    let mut options = InputOptions::file(path, None);
    options.reading.headings = Some(owner);
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
    Rows::read(sheets, facts)
}

/// The result of one row of the import file.
pub(super) fn outcome(
    wanted: &Rows,
    index: usize,
    held: &BTreeMap<&str, Vec<&Record>>,
    unseen: &BTreeSet<Field>,
    facts: &Manifest,
) -> Outcome {
    let record = &wanted.rows[index].wanted;
    let found = held.get(record.number()).map_or(&[][..], Vec::as_slice);
    let (result, message) = match found {
        [] => (RowResult::Missing, "the export does not have it".to_owned()),
        [one] => {
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
