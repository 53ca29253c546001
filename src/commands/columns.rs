//! `rowcall columns`: the meaning of the headings of sheets, also where it is not certain yet.

use crate::cli::ColumnsArgs;
use crate::columns::{AllowedActions, ColumnError, ColumnReading, refuse_second_table, write_map};
use crate::disk::write_new;
use crate::input::{InputOptions, bound, first_values, print_notes};
use crate::lang::translated;
use crate::manifest::Manifest;
use crate::model::redact::NOT_SHOWN;
use crate::model::{Field, column_letters, shell_word};
use crate::rim::outputs::Files;
use crate::rim::target::facts_named;
use crate::rim::terminal::{print, print_data};
use crate::rim::{Context, Exit, Failure};
use crate::sheet::{Readers, Sheet, markdown};

/// The longest value in the table.
const VALUE_CHARS_MAX: usize = 24;

/// Prints the meaning of each heading, and writes it to the mapping file where one is wanted.
///
/// # Errors
/// Exit 2 where a sheet cannot be read, something has to be asked, or the file cannot be written.
pub(super) fn run(args: &ColumnsArgs, context: &Context) -> Result<Exit, Failure> {
    let manifest = facts_named(&args.vendor, args.input.groups)?;
    let mut files = Files::new(context);
    let (sheets, map) = (args.input.sheets.iter(), args.input.reading.map_file.iter());
    sheets.chain(map).for_each(|file| files.read(file));
    files.written("--output", &args.output);
    files.prepare()?;
    let (columns, asked) = understood(&args.input.options(), manifest)?;
    if let Some(path) = &args.output {
        let text: String = columns
            .iter()
            .map(|(sheet, columns)| write_map(sheet, columns))
            .collect();
        write_new(path, text.as_bytes(), Readers::Anybody).map_err(|error| {
            Failure::not_written(path, &error).hint("name a file that is not there yet")
        })?;
        print(format!(
            "{}: written; use it with --map-file {}",
            path.display(),
            shell_word(&path.to_string_lossy())
        ));
    }
    Ok(exit(&asked))
}

/// Prints the meaning of each heading.
///
/// # Errors
/// As [`run`].
pub(super) fn explain(input: &InputOptions, manifest: &Manifest) -> Result<Exit, Failure> {
    let (_, asked) = understood(input, manifest)?;
    Ok(exit(&asked))
}

/// Prints the open questions, and returns the exit code.
fn exit(asked: &[String]) -> Exit {
    for question in asked {
        print(question);
    }
    if asked.is_empty() {
        Exit::Done
    } else {
        Exit::Unusable
    }
}

/// Each sheet's columns.
pub(super) type ColumnsOfSheets = Vec<(String, Vec<ColumnReading>)>;

/// Prints the columns of every sheet, with the first value below each; returns them, and the open questions. A secret
/// is not shown, nor is a value of a column that is not understood: it may be one.
pub(super) fn understood(
    input: &InputOptions,
    manifest: &Manifest,
) -> Result<(ColumnsOfSheets, Vec<String>), Failure> {
    let (mut sheets, mut asked) = (vec![], vec![]);
    for (sheet, binding) in bound(input, manifest, AllowedActions::default())? {
        let columns = match binding {
            Ok(binding) => {
                print_notes(&sheet, &binding);
                let second = refuse_second_table(&sheet, &binding, manifest);
                asked.extend(second.err().map(|error| error.to_string()));
                binding.columns
            }
            Err(ColumnError::Unanswered { questions, columns }) => {
                let questions = questions
                    .iter()
                    .map(|question| format!("{}: {question}", sheet.file));
                asked.extend(questions);
                columns
            }
            Err(error) => return Err(Failure::usage(format!("{}: {error}", sheet.file))),
        };
        let table = table(&sheet, &columns, manifest)?;
        print_data(|out| write!(out, "{}:\n{table}", sheet.file))?;
        sheets.push((sheet.file.to_string(), columns));
    }
    Ok((sheets, asked))
}

/// Cuts a value that would make the table wider than a terminal.
fn shortened(value: String) -> String {
    match value.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value,
    }
}

fn table(sheet: &Sheet, columns: &[ColumnReading], manifest: &Manifest) -> Result<String, Failure> {
    let headings = ["column", "heading", "field", "understood as", "first value"].map(translated);
    let values = first_values(sheet, 1)?;
    let rows = columns
        .iter()
        .zip(values)
        .enumerate()
        .map(|(at, (column, values))| {
            let value = match column.field {
                _ if values.is_empty() => String::new(),
                Some(field) if !field.hides(&values.concat()) => shortened(values.concat()),
                _ => translated(NOT_SHOWN).into_owned(),
            };
            let needs = column.field.and_then(|field| manifest.brought_by(field));
            let needs = needs.map(|settings| format!("; only with {settings} for the target"));
            vec![
                column_letters(at),
                column.heading.clone(),
                column.field.map_or("", Field::name).to_owned(),
                translated(&column.reason).into_owned() + &translated(&needs.unwrap_or_default()),
                value,
            ]
        });
    Ok(markdown::table(&headings, &rows.collect::<Vec<_>>()))
}
