//! A file that a product exported, as the pattern of one that is written for it: its headings, their order, and the texts
//! that are the same in every row.

use super::{InputOptions, ReadingOptions, bound};
use crate::columns::{AllowedActions, ColumnError, ColumnReading, Saved};
use crate::dialects::{FilePattern, PatternColumn};
use crate::manifest::Manifest;
use crate::model::{Field, heading_key};
use crate::rim::Failure;
use crate::sheet::{RowTrouble, Sheet};
use std::path::Path;

/// Parts of headings whose texts may be secrets, though no field stands for them.
const SECRET_PARTS: [&str; 6] = ["pass", "pwd", "pin", "secret", "token", "key"];

/// Reads a pattern by the product's own headings.
///
/// # Errors
/// Exit 2: it cannot be read, or is not the product's.
pub(crate) fn read_pattern(path: &Path, facts: &Manifest) -> Result<FilePattern, Failure> {
    let reading = ReadingOptions::default();
    let (options, _) = InputOptions::of_product(path, &facts.vendor.id, reading)?;
    let mut tables = bound(&options, facts, AllowedActions::default())?.into_iter();
    let (Some((sheet, binding)), None) = (tables.next(), tables.next()) else {
        return Err(Failure::usage(format!("{}: not one table", path.display())));
    };
    let columns = match binding {
        Ok(binding) => binding.columns,
        // Its columns are not read into fields, so that nothing is to be asked.
        Err(ColumnError::Unanswered { columns, .. }) => columns,
        Err(error) => return Err(Failure::usage(format!("{}: {error}", path.display()))),
    };
    let constants = constants(&sheet)?;
    let columns = columns.into_iter().zip(constants);
    let columns = columns.map(|(column, constant)| PatternColumn {
        constant: constant.filter(|_| !is_one_persons(&column)),
        heading: column.heading,
    });
    Ok(FilePattern {
        columns: columns.collect(),
    })
}

/// The text of each column that has the same one in all rows, which are several; blank ones too.
fn constants(sheet: &Sheet) -> Result<Vec<Option<String>>, Failure> {
    let mut rows = 0;
    let mut constants: Vec<Option<String>> = vec![None; sheet.headings.len()];
    for batch in sheet.batches() {
        batch?.rows(|row| {
            if matches!(row.trouble, Some(RowTrouble::Broken(_))) {
                return;
            }
            for (column, constant) in constants.iter_mut().enumerate() {
                let text = row.cells.get(column).unwrap_or_default();
                match rows {
                    0 => *constant = Some(text.to_owned()),
                    _ => *constant = constant.take().filter(|known| known == text),
                }
            }
            rows += 1;
        })?;
    }
    Ok(match rows {
        // One row does not show what is the same in all.
        0 | 1 => vec![None; sheet.headings.len()],
        _ => constants,
    })
}

/// Returns true if the texts of a column are secrets, or belong to one person or account, whatever they are.
fn is_one_persons(column: &ColumnReading) -> bool {
    let key = heading_key(&column.heading);
    let asked = match &column.saved {
        Saved::Asked(choices) => choices.iter().filter_map(|choice| choice.field()).collect(),
        _ => vec![],
    };
    let is_personal = |field: Field| {
        field.is_key() || field.is_secret() || field.is_live() || field.def().identifies.is_some()
    };
    SECRET_PARTS.iter().any(|part| key.contains(part))
        || column.field.into_iter().chain(asked).any(is_personal)
}
