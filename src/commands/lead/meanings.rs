//! The meaning of the headings, asked for where it is not certain.

use super::answers::LeadAnswers;
use super::questions::{ended, file_beside, typed};
use crate::columns::{AllowedActions, ColumnReading, Mapped, Saved, write_map};
use crate::disk::write_whole;
use crate::input::meanings::{print_tables, understood};
use crate::input::{InputOptions, bound};
use crate::manifest::Manifest;
use crate::model::{Field, heading_key};
use crate::rim::Failure;
use crate::rim::terminal::{ask_until, print};
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
    let columns = sheets.iter().flat_map(|sheet| &sheet.columns);
    let columns: Vec<&ColumnReading> = columns.collect();
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
    let mut text = String::new();
    for (sheet, binding) in bound(&input, manifest, AllowedActions::default())? {
        let binding = binding.map_err(Failure::usage)?;
        text.push_str(&write_map(&sheet.file, &binding.columns));
    }
    write_whole(Path::new(&path), text.as_bytes(), Readers::Anybody)
        .map_err(|error| Failure::not_written(Path::new(&path), &error))?;
    print(format!(
        "{path}: keeps these meanings; the next steps use it with --map-file"
    ));
    options.map_file = Some(path);
    Ok(Some(options))
}

/// Asks for the meaning of every column that is not certain, and once for all that are not understood; returns what was
/// answered.
fn answers(columns: &[&ColumnReading]) -> Result<Vec<(String, Mapped)>, Failure> {
    let mut answers: Vec<(String, Mapped)> = vec![];
    let is_new = |answers: &[(String, Mapped)], heading: &str| {
        let key = heading_key(heading);
        answers.iter().all(|(known, _)| heading_key(known) != key)
    };
    for column in columns {
        let heading = &column.name;
        let Saved::Asked(choices) = &column.saved else {
            continue;
        };
        if !is_new(&answers, heading) {
            continue;
        }
        let fields = choices.iter().filter_map(|choice| choice.field());
        let names: Vec<&str> = fields.map(Field::name).collect();
        let question = format!(
            "“{heading}” means ({}, or another field; - leaves it out)",
            names.join(", ")
        );
        let mapped = ask_until(&question, "", Mapped::parse).ok_or_else(ended)?;
        answers.push((heading.to_owned(), mapped));
    }
    let mut strange: Vec<(String, Mapped)> = vec![];
    for column in columns {
        let heading = &column.name;
        if column.saved == Saved::NotUnderstood && is_new(&strange, heading) {
            strange.push((heading.to_owned(), Mapped::LeftOut));
        }
    }
    if strange.is_empty() {
        return Ok(answers);
    }
    let headings: Vec<String> = strange
        .iter()
        .map(|(heading, _)| format!("“{heading}”"))
        .collect();
    print(format!(
        "{}: not understood, and left out unless you give a meaning",
        headings.join(", ")
    ));
    let mut give_meaning = |answer: &str| -> Result<bool, String> {
        if answer.is_empty() {
            return Ok(true);
        }
        let (heading, name) = answer.rsplit_once('=').ok_or("write HEADING=FIELD")?;
        let (key, mapped) = (heading_key(heading), Mapped::parse(name)?);
        let mut known = strange.iter_mut();
        match known.find(|(known, _)| heading_key(known) == key) {
            Some((_, meaning)) => *meaning = mapped,
            None => return Err(format!("{heading:?} is none of these headings")),
        }
        Ok(false)
    };
    loop {
        let is_last = ask_until(
            "Enter leaves them out; or give one a meaning, as HEADING=FIELD, for example Mobil=mobile",
            "",
            &mut give_meaning,
        );
        if is_last.ok_or_else(ended)? {
            break;
        }
    }
    answers.extend(strange);
    Ok(answers)
}
