//! A file that a product exported, as the pattern of one that is written for it: its headings, their order, and the texts
//! that are the same in every row.

use super::{InputOptions, ReadingOptions, bound};
use crate::columns::{AllowedActions, ColumnError, ColumnReading, NamedOwner, Saved};
use crate::dialects::{FilePattern, PatternColumn};
use crate::manifest::Manifest;
use crate::model::{Field, Forward, heading_key};
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
    let other_words = other_words(&sheet, facts)?;
    let product = match options.reading.headings {
        Some(NamedOwner::Product(product)) => Some(product),
        _ => None,
    };
    let columns = columns.into_iter().zip(constants).zip(other_words);
    let columns = columns.map(|((column, constant), has_other_words)| {
        let is_persons = |text: &String| {
            is_one_persons(&column)
                || is_address_or_number(text)
                || product.is_some_and(|product| product.is_persons(&column.heading, text))
        };
        PatternColumn {
            constant: constant.filter(|text| !is_persons(text)),
            heading: column.heading.clone(),
            has_other_words,
        }
    });
    Ok(FilePattern {
        columns: columns.collect(),
    })
}

/// Marks the columns that say a switch in other words than the facts have, of a product whose columns are known from such
/// patterns alone.
fn other_words(sheet: &Sheet, facts: &Manifest) -> Result<Vec<bool>, Failure> {
    let is_needed = facts.file.as_ref().is_some_and(|file| file.by_template);
    let words = |heading: &String| {
        let mut rows = facts.field.iter().filter(|_| is_needed);
        rows.find(|row| row.is_column(heading))?.switch.as_ref()
    };
    let known: Vec<Option<&[String; 2]>> = sheet.headings.iter().map(words).collect();
    let mut other = vec![false; known.len()];
    for batch in sheet.batches() {
        batch?.rows(|row| {
            for (column, (words, other)) in known.iter().zip(&mut other).enumerate() {
                let text = row.cells.get(column).unwrap_or_default().trim();
                let is_other = |words: &[String; 2]| words.iter().all(|word| word != text);
                *other |= !text.is_empty() && words.is_some_and(is_other);
            }
        })?;
    }
    Ok(other)
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

/// The digits that a text of nothing else has at least where it is taken for a telephone number.
const DIGITS_OF_NUMBER: usize = 6;

/// Returns true for an e-mail address, and for what may be a telephone number.
fn is_address_or_number(text: &str) -> bool {
    let of_number = |c: char| c.is_ascii_digit() || " +-/()".contains(c);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.contains('@') || digits >= DIGITS_OF_NUMBER && text.chars().all(of_number)
}

/// Fields that say where one person's calls go, beside the forwards.
const ONE_PERSONS: [Field; 7] = [
    Field::ENABLED,
    Field::DO_NOT_DISTURB,
    Field::MOBILITY,
    Field::MOBILITY_RING_TOGETHER,
    Field::MOBILITY_PREFIX,
    Field::DESCRIPTION,
    Field::VOICEMAIL_GREETING,
];

/// Returns true if the texts of a column are secrets, or belong to one person or account, whatever they are.
fn is_one_persons(column: &ColumnReading) -> bool {
    let key = heading_key(&column.heading);
    let asked = match &column.saved {
        Saved::Asked(choices) => choices.iter().filter_map(|choice| choice.field()).collect(),
        _ => vec![],
    };
    let is_personal = |field: Field| {
        field.is_key()
            || field.is_secret()
            || field.is_live()
            || field.def().identifies.is_some()
            || Forward::of_field(field).is_some()
            || ONE_PERSONS.contains(&field)
    };
    SECRET_PARTS.iter().any(|part| key.contains(part))
        || column.field.into_iter().chain(asked).any(is_personal)
}
