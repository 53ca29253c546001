//! The secrets that rows lack.

use super::answers::LeadAnswers;
use crate::columns::{AllowedActions, Binding};
use crate::input::{InputOptions, bound};
use crate::lang::{language, translated};
use crate::manifest::Manifest;
use crate::model::Field;
use crate::rim::Failure;
use crate::rim::terminal::confirm;
use crate::sheet::Sheet;
use std::path::Path;

/// Offers to have the passwords generated that rows lack and no extension is created without; returns those that are
/// wanted.
///
/// # Errors
/// Exit 2 where the sheet cannot be read.
pub(super) fn generated_secrets(
    file: &str,
    answers: &LeadAnswers,
    manifest: &Manifest,
) -> Result<Vec<Field>, Failure> {
    let input = InputOptions::file(Path::new(file), answers.map_path());
    let sheets = bound(&input, manifest, AllowedActions::default())?;
    let mut wanted = vec![];
    for field in manifest.needed_secrets() {
        let mut lacks = false;
        for (sheet, binding) in &sheets {
            if let Ok(binding) = binding {
                lacks |= some_row_lacks(sheet, binding, field, manifest)?;
            }
        }
        let question = format!(
            "some rows have no {} ({}), and an extension cannot be made without it: have one made up for each?",
            field.label(Some(language())),
            field.name()
        );
        if lacks && confirm(&translated(&question))? {
            wanted.push(field);
        }
    }
    Ok(wanted)
}

fn some_row_lacks(
    sheet: &Sheet,
    binding: &Binding,
    field: Field,
    manifest: &Manifest,
) -> Result<bool, Failure> {
    let mut lacks = false;
    for batch in sheet.batches() {
        batch?.rows(|row| {
            let extension = || binding.extension(&row.cells, manifest);
            lacks = lacks || (row.trouble.is_none() && extension().get(field).is_none());
        })?;
        if lacks {
            break;
        }
    }
    Ok(lacks)
}
