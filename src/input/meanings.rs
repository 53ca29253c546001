//! The meaning of the columns of sheets, also where it is not certain yet: as tables, and as JSON.

use super::{InputOptions, bound, first_values, print_notes};
use crate::columns::{AllowedActions, ColumnError, ColumnReading, Question, refuse_second_table};
use crate::lang::translated;
use crate::manifest::Manifest;
use crate::model::redact::NOT_SHOWN;
use crate::model::{Field, column_letters};
use crate::rim::terminal::{data_screen, print_data, print_table};
use crate::rim::{Exit, Failure};
use serde_json::{Value, json};

/// The number of values of each column that are kept.
const VALUES_KEPT: usize = 3;

/// The longest value in the table.
const VALUE_CHARS_MAX: usize = 24;
/// The longest on a narrow terminal.
const VALUE_CHARS_NARROW: usize = 13;
/// The columns of a terminal that is not narrow.
const WIDE_FROM: usize = 90;

/// A sheet's columns, each with its first value.
pub(crate) struct UnderstoodSheet {
    pub(crate) file: String,
    sheet: Option<String>,
    pub(crate) columns: Vec<ColumnReading>,
    /// The open questions about its columns.
    #[cfg_attr(
        not(feature = "page"),
        allow(dead_code, reason = "the page alone shows them by column")
    )]
    pub(crate) questions: Vec<Question>,
    values: Vec<Vec<String>>,
}

/// Understands the columns of every sheet; returns them, and the open questions.
pub(crate) fn understood(
    input: &InputOptions,
    manifest: &Manifest,
) -> Result<(Vec<UnderstoodSheet>, Vec<String>), Failure> {
    let (mut sheets, mut asked) = (vec![], vec![]);
    for (sheet, binding) in bound(input, manifest, AllowedActions::default())? {
        let mut open = vec![];
        let columns = match binding {
            Ok(binding) => {
                print_notes(&sheet, &binding);
                let second = refuse_second_table(&sheet, &binding, manifest);
                asked.extend(second.err().map(|error| error.to_string()));
                binding.columns
            }
            Err(ColumnError::Unanswered { questions, columns }) => {
                let told = questions
                    .iter()
                    .map(|question| format!("{}: {question}", sheet.file));
                asked.extend(told);
                open = questions;
                columns
            }
            Err(error) => return Err(Failure::usage(format!("{}: {error}", sheet.file))),
        };
        sheets.push(UnderstoodSheet {
            file: sheet.file.to_string(),
            sheet: sheet.sheet.as_deref().map(str::to_owned),
            values: first_values(&sheet, &columns, VALUES_KEPT)?,
            columns,
            questions: open,
        });
    }
    Ok((sheets, asked))
}

/// Prints the columns of every sheet, with the first value of each.
pub(crate) fn print_tables(sheets: &[UnderstoodSheet], manifest: &Manifest) -> Result<(), Failure> {
    for sheet in sheets {
        print_data(|out| writeln!(out, "{}:", sheet.file))?;
        sheet.print_table(manifest)?;
    }
    Ok(())
}

/// Cuts a value that would make the table wider than a terminal.
fn shortened(value: &str) -> String {
    let is_narrow = data_screen(0).is_some_and(|screen| screen.columns < WIDE_FROM);
    let most = match is_narrow {
        true => VALUE_CHARS_NARROW,
        false => VALUE_CHARS_MAX,
    };
    match value.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

/// The reason for a column's meaning, and the settings that it needs.
pub(crate) fn reason(column: &ColumnReading, manifest: &Manifest) -> [String; 2] {
    let needs = column.field.and_then(|field| manifest.brought_by(field));
    let needs = needs.map(|settings| format!("; only with {settings} for the target"));
    [column.reason.clone(), needs.unwrap_or_default()]
}

impl UnderstoodSheet {
    /// The columns with the first value of each.
    fn rows(&self) -> impl Iterator<Item = (String, &ColumnReading, String)> {
        let rows = self.rows_with_values(1);
        rows.map(|(letters, column, values)| (letters, column, values.concat()))
    }

    /// The columns with the first values of each, `most` at the most. A secret is not shown, nor is a value of a column
    /// that is not understood: it may be one.
    pub(crate) fn rows_with_values(
        &self,
        most: usize,
    ) -> impl Iterator<Item = (String, &ColumnReading, Vec<String>)> {
        let columns = self.columns.iter().zip(&self.values).enumerate();
        columns.map(move |(at, (column, values))| {
            let values: Vec<String> = values.iter().take(most).cloned().collect();
            let values = match column.may_show_all(&values) {
                true => values,
                false => vec![NOT_SHOWN.to_owned()],
            };
            (column_letters(at), column, values)
        })
    }

    fn print_table(&self, manifest: &Manifest) -> Result<Exit, Failure> {
        let headings = ["column", "heading", "field", "understood as", "first value"];
        let rows = self.rows().map(|(letters, column, value)| {
            let value = match value == NOT_SHOWN {
                true => translated(NOT_SHOWN).into_owned(),
                false => shortened(&value),
            };
            vec![
                letters,
                column.heading.clone(),
                column.field.map_or("", Field::name).to_owned(),
                reason(column, manifest)
                    .map(|part| translated(&part).into_owned())
                    .concat(),
                value,
            ]
        });
        print_table(&headings.map(translated), &rows.collect::<Vec<_>>())
    }

    /// The columns as JSON.
    pub(crate) fn as_json(&self, manifest: &Manifest) -> Value {
        let columns = self.rows().map(|(letters, column, value)| {
            json!({
                "column": letters,
                "heading": column.heading,
                "field": column.field.map(Field::name),
                "understood_as": reason(column, manifest).concat(),
                "first_value": value,
            })
        });
        let columns: Vec<Value> = columns.collect();
        json!({ "file": self.file, "sheet": self.sheet, "columns": columns })
    }
}
