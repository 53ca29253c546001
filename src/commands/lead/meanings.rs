//! The meaning of the headings, asked for where it is not certain.

use super::answers::LeadAnswers;
use super::headings::answers;
use super::questions::{file_beside, typed};
use crate::columns::{AllowedActions, ColumnReading};
use crate::disk::write_whole;
use crate::input::meanings::{UnderstoodSheet, map_of, print_tables, understood};
use crate::input::{InputOptions, bound};
use crate::manifest::Manifest;
use crate::rim::Failure;
use crate::rim::terminal::print;
use crate::sheet::Readers;
use std::path::Path;

/// Shows what each heading means, asks about those that are not certain, and keeps the answers in a mapping file beside
/// the sheet; returns that file, and `None` where questions remain that no mapping answers.
///
/// # Errors
/// Exit 2 where the sheet cannot be read, the answers ended, or the file cannot be written.
pub(super) fn meanings(file: &str, manifest: &Manifest) -> Result<Option<LeadAnswers>, Failure> {
    let path = file_beside(file, "map.toml");
    let kept = Path::new(&path).is_file();
    let mut options = LeadAnswers {
        map_file: kept.then(|| path.clone()),
        ..LeadAnswers::default()
    };
    let words = options.after(&["columns", file, "--for", &manifest.vendor.id]);
    print(format!("$ rowcall {}", typed(&words)));
    let mut input = InputOptions::file(Path::new(file), options.map_path());
    let (sheets, mut open) = understood(&input, manifest)?;
    print_tables(&sheets, manifest)?;
    let columns = named_columns(&sheets);
    input.reading.map = loop {
        open.iter().for_each(print);
        let answers = answers(&columns)?;
        if answers.is_empty() && !open.is_empty() {
            print("answer that with the flag it names: rowcall check SHEET --for VENDOR FLAG");
            return Ok(None);
        }
        if answers.is_empty() {
            return Ok(Some(options));
        }
        input.reading.map.clone_from(&answers);
        open = bound(&input, manifest, AllowedActions::default())?
            .iter()
            .filter_map(|(sheet, binding)| {
                let error = binding.as_ref().err()?;
                Some(format!("{}: {error}", sheet.file))
            })
            .collect();
        if open.is_empty() {
            break answers;
        }
    };
    let (sheets, open) = understood(&input, manifest)?;
    if !open.is_empty() {
        return Err(Failure::usage(open.join("\n")));
    }
    let text = map_of(&sheets);
    write_whole(Path::new(&path), text.as_bytes(), Readers::Anybody)
        .map_err(|error| Failure::not_written(Path::new(&path), &error))?;
    print(format!(
        "{path}: keeps these meanings; the next steps use it with --map-file"
    ));
    options.map_file = Some(path);
    Ok(Some(options))
}

/// The columns of all sheets, each with the heading by which a mapping means it.
fn named_columns(sheets: &[UnderstoodSheet]) -> Vec<(String, &ColumnReading)> {
    let columns = sheets.iter().flat_map(|sheet| {
        let name = (sheets.len() > 1).then(|| sheet.name());
        let columns = sheet.columns.iter();
        columns.map(move |column| (column.name_in(name.as_deref()), column))
    });
    columns.collect()
}
