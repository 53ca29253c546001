//! The sheets of a command: opened, understood, and their rows in memory.

pub(crate) mod headings;
mod losses;
pub(crate) mod meanings;
mod pattern;
pub(crate) mod rows;
pub(crate) mod side;
mod subtotals;
mod verification;
mod warnings;

pub(crate) use headings::FieldHeadings;
pub(crate) use losses::Losses;
pub(crate) use pattern::read_pattern;
pub(crate) use rows::{InputRow, InputRows, OnPbx};
pub(crate) use verification::FileVerification;

use crate::columns::{
    self, AllowedActions, BindOptions, Binding, ColumnError, ColumnReading, Mapped, NamedOwner,
};
use crate::dialects::owner_named;
use crate::lang::{in_language, language};
use crate::manifest::Manifest;
use crate::model::redact::{NOT_SHOWN, WholeSecrets, quoted};
use crate::model::{Field, Severity};
use crate::report::{REJECT_CODE, is_added_to_rejects};
use crate::rim::Failure;
use crate::rim::config::read_small;
use crate::rim::terminal::{print, print_cut};
use crate::sheet::{self, Encoding, Header, Input, ReadOptions, RowTrouble, Sheet, SheetError};
use crate::vendors::VENDORS;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The sheets to read, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputOptions {
    /// Files, patterns, or `-` for standard input.
    pub(crate) sheets: Vec<PathBuf>,
    pub(crate) reading: ReadingOptions,
}

impl InputOptions {
    /// The options for one file, whose headings mean what a mapping file says, where there is one.
    pub(crate) fn file(path: &Path, map_file: Option<PathBuf>) -> InputOptions {
        InputOptions {
            sheets: vec![path.to_owned()],
            reading: ReadingOptions {
                map_file,
                ..ReadingOptions::default()
            },
        }
    }

    /// The options for a product's own file, whose headings mean what they mean to that product; with the product's name.
    ///
    /// # Errors
    /// Exit 2 where no product is called so.
    pub(crate) fn of_product(
        path: &Path,
        id: &str,
        reading: ReadingOptions,
    ) -> Result<(InputOptions, &'static str), Failure> {
        let (owner, product) = owner_named(id).map_err(Failure::usage)?;
        let options = InputOptions {
            sheets: vec![path.to_owned()],
            reading: ReadingOptions {
                headings: Some(owner),
                ..reading
            },
        };
        Ok((options, product))
    }
}

/// Options for reading sheets, as far as they were typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadingOptions {
    /// The name by which the file is called in messages; its own path where there is none.
    pub(crate) called: Option<Arc<str>>,
    /// Meanings of headings; they go before `map_file`.
    pub(crate) map: Vec<(String, Mapped)>,
    pub(crate) map_file: Option<PathBuf>,
    /// Values of fields that the sheet does not give.
    pub(crate) fill: Vec<(Field, String)>,
    /// The owner of the headings, where it was named.
    pub(crate) headings: Option<NamedOwner>,
    pub(crate) encoding: Option<Encoding>,
    pub(crate) delimiter: Option<char>,
    /// The line of the headings.
    pub(crate) header_row: Option<u64>,
    /// The sheets of a workbook.
    pub(crate) sheet_names: Vec<String>,
    pub visible_only: bool,
    /// True if rows to be deleted count also where they are hidden or struck through.
    pub(crate) every_row: bool,
    pub(crate) fix_quotes: bool,
    pub(crate) pad_short_rows: bool,
}

/// A sheet with the meaning of its headings, or the reason why they cannot be used.
pub(crate) type Bound = (Sheet, Result<Binding, ColumnError>);

/// Opens the sheets that were named and understands their headings; prints notes about them on standard error.
///
/// # Errors
/// Exit 2: an input that cannot be read or understood, with its place; all questions of all sheets at once.
pub(crate) fn open_sheets(
    args: &InputOptions,
    manifest: &Manifest,
    allowed: AllowedActions,
) -> Result<Vec<(Sheet, Binding)>, Failure> {
    let (mut opened, mut refused) = (vec![], vec![]);
    for (sheet, binding) in bound(args, manifest, allowed)? {
        match binding {
            Ok(binding) => {
                print_notes(&sheet, &binding);
                opened.push((sheet, binding));
            }
            Err(error) => refused.push(questions(&sheet, &error)?),
        }
    }
    if refused.is_empty() {
        return Ok(opened);
    }
    Err(Failure::usage(refused.join("\n")))
}

/// Opens the sheets that were named and understands their headings, as far as that goes.
///
/// # Errors
/// Exit 2: an input that cannot be read, with its place.
pub(crate) fn bound(
    args: &InputOptions,
    manifest: &Manifest,
    allowed: AllowedActions,
) -> Result<Vec<Bound>, Failure> {
    let vendors: Vec<&Manifest> = VENDORS.iter().map(|vendor| (vendor.manifest)()).collect();
    let mut bind = bind_options(&args.reading)?;
    bind.allowed = allowed;
    let options = read_options(&args.reading, manifest, &vendors, &bind);
    let (mut bound, mut refused): (Vec<Bound>, Vec<SheetError>) = (vec![], vec![]);
    let (mut known, mut strange) = (BTreeSet::new(), vec![]);
    for input in inputs(&args.sheets)? {
        let sheets = match sheet::open(&input, &options) {
            Ok(sheets) => sheets,
            Err(error) => {
                refused.push(error);
                continue;
            }
        };
        for mut sheet in sheets {
            // A rejects file is read as the sheet that its rows are from.
            let short_rows = args.reading.pad_short_rows;
            if let Some(called) = &args.reading.called {
                sheet.file = called.clone();
            }
            sheet.leave_out_end(is_added_to_rejects, REJECT_CODE, short_rows);
            let mut own = bind.clone();
            known.extend(reach_behind(&mut sheet, &mut own));
            let binding = loop {
                match Binding::bind_sheet(&sheet, manifest, &vendors, &own) {
                    // It may be a heading of another sheet.
                    Err(ColumnError::NotThere { heading, headings }) => {
                        own.map.retain(|(known, _)| *known != heading);
                        strange.push((bound.len(), heading, headings));
                    }
                    binding => break binding,
                }
            };
            known.extend(own.map.into_iter().map(|(heading, _)| heading));
            if let Ok(binding) = &binding {
                sheet.allow_nameless(&binding.nameless);
            }
            bound.push((sheet, binding));
        }
    }
    let strange = strange
        .into_iter()
        .filter(|(_, heading, _)| !known.contains(heading));
    for (at, heading, headings) in strange {
        bound[at].1 = Err(ColumnError::NotThere { heading, headings });
    }
    if refused.is_empty() {
        return Ok(bound);
    }
    let texts: Vec<String> = refused.iter().map(SheetError::to_string).collect();
    let sheets = refused.iter().flat_map(|error| error.kind.sheets());
    Err(Failure {
        sheets: sheets.cloned().collect(),
        ..Failure::usage(texts.join("\n"))
    })
}

/// Takes the columns behind the last heading that the mapping names by their cells, such as `(C1)`: one that is left out
/// needs no more, and a field's is read. Returns the names of those that are left out.
fn reach_behind(sheet: &mut Sheet, bind: &mut BindOptions) -> Vec<String> {
    let mut left_out = vec![];
    bind.map.retain(|(heading, mapped)| {
        let Some(column) = sheet.column_behind(heading) else {
            return true;
        };
        let is_read = mapped.field().is_some();
        match is_read {
            true => sheet.widen(column),
            false => {
                sheet.allow_nameless(&[column]);
                left_out.push(heading.clone());
            }
        }
        is_read
    });
    left_out
}

/// Explains why a sheet's headings cannot be used, with the first values of the columns in question.
fn questions(sheet: &Sheet, error: &ColumnError) -> Result<String, Failure> {
    let ColumnError::Unanswered { questions, columns } = error else {
        return Ok(format!("{}: {error}", sheet.file));
    };
    let values = first_values(sheet, columns, 3)?;
    let mut text = String::new();
    for (at, question) in questions.iter().enumerate() {
        let between = if at == 0 { "" } else { "\n" };
        let _ = write!(text, "{between}{}: {}", sheet.file, question.what);
        for column in question.columns.iter().filter(|_| question.shown) {
            let (Some(column), Some(values)) = (columns.get(*column), values.get(*column)) else {
                continue;
            };
            if !values.is_empty() && column.may_show_all(values) {
                let (heading, values) = (&column.name, values.join(", "));
                let _ = write!(text, "\n    “{heading}” begins with {values}");
            }
        }
        if !question.answers.is_empty() {
            for (at, answer) in question.answers.iter().enumerate() {
                let _ = match at {
                    0 => write!(text, "\n    answer with {answer}"),
                    _ => write!(text, "\n             or {answer}"),
                };
            }
        }
    }
    Ok(text)
}

/// The first values of each column, `most` at the most, as they may be printed: one that some row has as a secret stands in
/// the wrong cell, and is not shown.
pub(crate) fn first_values(
    sheet: &Sheet,
    columns: &[ColumnReading],
    most: usize,
) -> Result<Vec<Vec<String>>, Failure> {
    let mut first: Vec<Vec<String>> = vec![vec![]; sheet.headings.len()];
    let key = columns
        .iter()
        .position(|column| column.field.is_some_and(Field::is_key));
    let of_secrets = columns.iter().enumerate();
    let of_secrets = of_secrets.filter(|(_, column)| column.holds_secrets());
    let of_secrets: Vec<usize> = of_secrets.map(|(at, _)| at).collect();
    let mut secrets = WholeSecrets::default();
    for batch in sheet.batches() {
        batch?.rows(|row| {
            if matches!(row.trouble, Some(RowTrouble::Broken(_))) {
                return;
            }
            let text = |column: usize| row.cells.get(column).unwrap_or_default().trim();
            for (column, values) in first.iter_mut().enumerate() {
                if values.len() < most && !text(column).is_empty() {
                    values.push(row.cells.get(column).unwrap_or_default().to_owned());
                }
            }
            let held = of_secrets.iter().map(|column| text(*column));
            // Many have their own number for a PIN.
            let held = held.filter(|held| !held.is_empty() && key.map(text) != Some(held));
            held.for_each(|held| secrets.add(held));
        })?;
        if of_secrets.is_empty() && first.iter().all(|values| values.len() == most) {
            break;
        }
    }
    let shown = |text: &String| match secrets.are_in(text.trim()) {
        true => NOT_SHOWN.to_owned(),
        false => quoted(text),
    };
    let shown = first
        .iter()
        .map(|values| values.iter().map(shown).collect());
    Ok(shown.collect())
}

/// The typed options about headings.
///
/// # Errors
/// Exit 2: a mapping file cannot be read or understood.
pub(crate) fn bind_options(args: &ReadingOptions) -> Result<BindOptions, Failure> {
    Ok(BindOptions {
        map: mapping(args)?,
        headings: args.headings,
        fill: args.fill.clone(),
        every_row: args.every_row,
        ..BindOptions::default()
    })
}

/// Builds the reading options from the command line; headings are found by the names of the vendor `manifest`, and of
/// the other vendors.
pub(crate) fn read_options(
    args: &ReadingOptions,
    manifest: &Manifest,
    vendors: &[&Manifest],
    bind: &BindOptions,
) -> ReadOptions {
    let headings = columns::headings(manifest, vendors, bind);
    ReadOptions {
        encoding: args.encoding,
        delimiter: args.delimiter,
        header: match args.header_row {
            Some(line) => Header::Line(line, headings),
            None => Header::Found(headings),
        },
        pad_short_rows: args.pad_short_rows,
        sheets: args.sheet_names.clone(),
        visible_only: args.visible_only,
        fix_quotes: args.fix_quotes,
        ..ReadOptions::default()
    }
}

/// Prints the notes about a sheet and its headings.
pub(crate) fn print_notes(sheet: &Sheet, binding: &Binding) {
    if !sheet.notes.is_empty() {
        print(format!("{}: {}", sheet.file, sheet.notes.join(", ")));
    }
    for note in &binding.notes {
        let weight = match note.severity {
            Severity::Info => "note",
            severity => severity.word(),
        };
        let line = |language| {
            let [weight, message] = [weight, &note.message].map(|text| in_language(text, language));
            format!("{}: {weight}: {message}", sheet.file)
        };
        let is_list = note.severity == Severity::Info;
        print_cut(
            |language| vec![line(language)],
            0,
            |screen| match is_list {
                true => vec![screen.shortened(line(language()))],
                false => vec![line(language())],
            },
        );
        if !note.hint.is_empty() {
            print(format!("  hint: {}", note.hint));
        }
    }
}

/// Reads the meanings of `--map-file` and `--map`.
fn mapping(args: &ReadingOptions) -> Result<Vec<(String, Mapped)>, Failure> {
    let Some(path) = &args.map_file else {
        return Ok(args.map.clone());
    };
    let shown = path.display();
    let text = read_small(path)
        .map_err(|why| Failure::usage(format!("{shown}: cannot be read: {why}")))?;
    let saved = columns::read_map(&text).map_err(|error| {
        Failure::usage(format!("{shown}: {error}"))
            .hint("a mapping file has one heading a line: \"Durchwahl\" = \"number\"")
    })?;
    Ok(columns::overridden(saved, &args.map))
}

/// Lists the inputs that are named, those of a pattern in the order of their names.
fn inputs(names: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    let mut inputs = vec![];
    for path in names {
        let name = path.to_string_lossy();
        let input = Input::named(&name);
        if input == Input::Stdin && inputs.contains(&input) {
            return Err(Failure::usage("standard input (-) can be read once only"));
        }
        // A file of that very name is no pattern.
        if !name.contains(['*', '?', '[']) || path.exists() {
            inputs.push(input);
            continue;
        }
        let pattern = glob::glob(&name)
            .map_err(|error| Failure::usage(format!("{name}: is no pattern: {}", error.msg)))?;
        let before = inputs.len();
        for found in pattern {
            let found = found.map_err(Failure::usage)?;
            if found.is_file() {
                inputs.push(Input::File(found));
            }
        }
        if inputs.len() == before {
            let message = format!("{name}: no file has such a name");
            return Err(Failure::usage(message).hint("check the pattern and the folder"));
        }
    }
    Ok(inputs)
}
