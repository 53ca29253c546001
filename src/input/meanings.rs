//! The meaning of the columns of sheets, also where it is not certain yet: as tables, and as JSON.

use super::named::sheet_name;
#[cfg(feature = "page")]
use super::{HeaderRow, ReadingOptions};
use super::{InputOptions, NOT_TOLD, are_shown, bound, first_values, name_among, print_notes};
use crate::columns::{
    AllowedActions, ColumnError, ColumnReading, Question, SharedAnswer, refuse_second_table,
    write_map,
};
use crate::lang::translated;
use crate::manifest::Manifest;
use crate::model::redact::{NOT_SHOWN, heading_shown};
use crate::model::{Field, column_letters};
use crate::rim::terminal::{data_screen, print_data, print_table};
use crate::rim::{Exit, Failure};
use serde_json::{Value, json};
use std::borrow::Cow;

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
    /// The line of its headings; none in JSON.
    #[cfg(feature = "page")]
    header_line: Option<u64>,
    pub(crate) columns: Vec<ColumnReading>,
    /// The open questions about its columns.
    #[cfg_attr(
        not(feature = "page"),
        allow(dead_code, reason = "the page alone shows them by column")
    )]
    pub(crate) questions: Vec<Question>,
    values: Vec<Vec<String>>,
}

/// The flag of an answer that names the line of the headings.
#[cfg(feature = "page")]
const HEADER_ROW: &str = "--header-row";

/// Understands the columns of every sheet; returns them, and the open questions.
pub(crate) fn understood(
    input: &InputOptions,
    manifest: &Manifest,
) -> Result<(Vec<UnderstoodSheet>, Vec<String>), Failure> {
    let (mut sheets, mut asked) = (vec![], vec![]);
    let bound = bound(input, manifest, AllowedActions::default())?;
    let is_alone = bound.len() == 1;
    for (sheet, binding) in bound {
        let name = name_among(&sheet, is_alone);
        let mut open = vec![];
        let columns = match binding {
            Ok(binding) => {
                print_notes(&sheet, &name, &binding);
                let second = refuse_second_table(&sheet, &binding, manifest);
                asked.extend(second.err().map(|error| error.to_string()));
                binding.columns
            }
            Err(ColumnError::Unanswered { questions, columns }) => {
                asked.extend(told(&questions, &name, are_shown(&columns)));
                open = questions;
                columns
            }
            Err(error) => return Err(Failure::usage(format!("{name}: {error}"))),
        };
        sheets.push(UnderstoodSheet {
            file: sheet.file.to_string(),
            sheet: sheet.sheet.as_deref().map(str::to_owned),
            #[cfg(feature = "page")]
            header_line: sheet.header_line,
            values: first_values(&sheet, &columns, VALUES_KEPT)?,
            columns,
            questions: open,
        });
    }
    Ok((sheets, asked))
}

/// The questions about a sheet in words, as far as its headings may be shown.
fn told(questions: &[Question], name: &str, may_show: bool) -> Vec<String> {
    let names_none = |question: &&Question| may_show || question.columns.is_empty();
    let told = questions.iter().filter(names_none);
    let mut told: Vec<String> = told.map(|question| format!("{name}: {question}")).collect();
    if told.len() < questions.len() {
        told.push(format!("{name}: {NOT_TOLD}"));
    }
    let shared = SharedAnswer::among(questions);
    told.extend(shared.iter().map(|shared| format!("{name}: {shared}")));
    told
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

/// The heading of a column and the reason for its meaning, which names headings, as far as they may be shown.
fn heading_and_reason<'c>(
    column: &'c ColumnReading,
    manifest: &Manifest,
    may_show: bool,
) -> (Cow<'c, str>, Vec<String>) {
    match may_show {
        true => (
            heading_shown(&column.heading),
            reason(column, manifest).to_vec(),
        ),
        false if column.heading.is_empty() => ("".into(), vec![]),
        false => (NOT_SHOWN.into(), vec![]),
    }
}

/// The mapping file of some sheets.
pub(crate) fn map_of(sheets: &[UnderstoodSheet]) -> String {
    let names: Vec<String> = sheets.iter().map(UnderstoodSheet::name).collect();
    let sheets = names.iter().zip(sheets);
    let sheets: Vec<(&str, &[ColumnReading])> = sheets
        .map(|(name, sheet)| (name.as_str(), sheet.columns.as_slice()))
        .collect();
    write_map(&sheets)
}

impl UnderstoodSheet {
    /// Reads so that all rows of this sheet are taken, whatever its name or the words above it say. It stays so for this
    /// sheet alone, whatever others are read with it.
    #[cfg(feature = "page")]
    pub(crate) fn take_all(&self, answer: &str, reading: &mut ReadingOptions) {
        if answer.starts_with(HEADER_ROW)
            && let Some(line) = self.header_line
        {
            let row = HeaderRow {
                sheet: Some(sheet_name("", self.sheet.as_deref())),
                line,
            };
            reading.header_rows.retain(|known| known.sheet != row.sheet);
            reading.header_rows.push(row);
        } else if let Some(name) = &self.sheet
            && !reading.sheet_names.contains(name)
        {
            reading.sheet_names.push(name.clone());
        }
    }

    /// Returns true if its headings may be shown.
    pub(crate) fn may_show_headings(&self) -> bool {
        are_shown(&self.columns)
    }

    /// Its name in messages and mappings, where it is one of several.
    pub(crate) fn name(&self) -> String {
        sheet_name(&self.file, self.sheet.as_deref())
    }

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
        let may_show = self.may_show_headings();
        let rows = self.rows().map(|(letters, column, value)| {
            let (heading, reason) = heading_and_reason(column, manifest, may_show);
            let value = match value == NOT_SHOWN {
                true => translated(NOT_SHOWN).into_owned(),
                false => shortened(&value),
            };
            vec![
                letters,
                translated(&heading).into_owned(),
                column.field.map_or("", Field::name).to_owned(),
                reason
                    .iter()
                    .map(|part| translated(part))
                    .collect::<String>(),
                value,
            ]
        });
        print_table(&headings.map(translated), &rows.collect::<Vec<_>>())
    }

    /// The columns as JSON.
    pub(crate) fn as_json(&self, manifest: &Manifest) -> Value {
        let may_show = self.may_show_headings();
        let columns = self.rows().map(|(letters, column, value)| {
            let (heading, reason) = heading_and_reason(column, manifest, may_show);
            json!({
                "column": letters,
                "heading": heading,
                "field": column.field.map(Field::name),
                "understood_as": reason.concat(),
                "first_value": value,
            })
        });
        let columns: Vec<Value> = columns.collect();
        json!({ "file": self.file, "sheet": self.sheet, "columns": columns })
    }
}
