//! A sheet to fill in, by a vendor's facts.

use super::facts::{on_create, values};
use crate::lang::{all_translated, translated};
use crate::manifest::{Access, FieldRow, Manifest, RuleRow};
use crate::model::{Field, Kind, Language, Severity};
use crate::sheet::{Column, EXAMPLE, ExtraRow, ExtraSheet};

/// The fields that are filled in most often, in the order in which people write them.
const USUAL: [Field; 10] = [
    Field::NUMBER,
    Field::DISPLAY_NAME,
    Field::FIRST_NAME,
    Field::LAST_NAME,
    Field::EMAIL,
    Field::MOBILE,
    Field::SIP_PASSWORD,
    Field::WEB_PASSWORD,
    Field::VOICEMAIL,
    Field::VOICEMAIL_PIN,
];
/// The number of usual fields that come first.
const USUAL_MAX: usize = 8;

/// The columns of a sheet to fill in: usual and required fields first, then the rest in the order of the vendor's pages,
/// folded away.
pub(crate) struct Template<'m> {
    manifest: &'m Manifest,
    rows: Vec<&'m FieldRow>,
    pub(crate) columns: Vec<Column>,
}

impl<'m> Template<'m> {
    /// Builds the columns; each heading is the field's own name where no language is given.
    pub(crate) fn new(manifest: &'m Manifest, language: Option<Language>) -> Template<'m> {
        let (first, rest) = rows(manifest);
        let folded = rest.iter().map(|row| Column {
            folded: true,
            ..column(manifest, row, language)
        });
        let columns = first.iter().map(|row| column(manifest, row, language));
        Template {
            manifest,
            columns: columns.chain(folded).collect(),
            rows: [first, rest].concat(),
        }
    }

    /// The cells of an example row. The row is no extension, as its key shows.
    pub(crate) fn example(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| match row.name.is_key() {
            true => EXAMPLE,
            false => example(row),
        })
    }

    /// The field table for people, with the page that each row is taken from; `table` is the name of the sheet itself.
    pub(crate) fn help(&self, table: &str) -> ExtraSheet {
        let headings = [
            "heading",
            "field",
            "meaning",
            "on create",
            "values",
            "rules",
            "example",
            "name in the API",
            "note",
            "source",
        ];
        let cells = |(row, column): (&&FieldRow, &Column)| {
            let rules: Vec<String> = row.rules.iter().map(rule).collect();
            vec![
                column.heading.clone(),
                row.name.name().to_owned(),
                translated(row.name.def().help).into_owned(),
                translated(&on_create(row)).into_owned(),
                translated(&values(row)).into_owned(),
                rules.join("\n"),
                example(row).to_owned(),
                row.wire.clone(),
                translated(&row.note).into_owned(),
                self.manifest.source_words(&row.source),
            ]
        };
        let rows = self.rows.iter().zip(&self.columns);
        ExtraSheet {
            table: table.to_owned(),
            name: translated("Help").into_owned(),
            headings: all_translated(&headings),
            rows: rows.map(cells).map(ExtraRow::plain).collect(),
            ..ExtraSheet::default()
        }
    }
}

/// The fields that may be written: those that come first, and the rest.
fn rows(manifest: &Manifest) -> (Vec<&FieldRow>, Vec<&FieldRow>) {
    let is_written = |row: &&FieldRow| row.access != Access::ReadOnly;
    let usual = USUAL.iter().filter_map(|field| manifest.row(*field));
    let mut first: Vec<&FieldRow> = usual.filter(is_written).take(USUAL_MAX).collect();
    let is_first =
        |first: &[&FieldRow], row: &FieldRow| first.iter().any(|known| known.name == row.name);
    let written = || manifest.field.iter().filter(is_written);
    let required = written().filter(|row| row.required && !is_first(&first, row));
    let required: Vec<&FieldRow> = required.collect();
    first.extend(required);
    let rest = written().filter(|row| !is_first(&first, row)).collect();
    (first, rest)
}

fn column(manifest: &Manifest, row: &FieldRow, language: Option<Language>) -> Column {
    let example = example(row);
    let mut comment = vec![translated(row.name.def().help).into_owned()];
    let when = match (row.required, on_create(row).as_str()) {
        (true, _) => "Required for a new extension.".to_owned(),
        (_, "") => "Optional: what is left blank is left as it is.".to_owned(),
        (_, otherwise) => format!("Optional: {otherwise}."),
    };
    comment.push(translated(&when).into_owned());
    comment.push(translated(&format!("Values: {}.", values(row))).into_owned());
    comment.extend(row.rules.iter().map(rule));
    if !row.note.is_empty() {
        comment.push(translated(&row.note).into_owned());
    }
    if !example.is_empty() {
        comment.push(translated(&format!("Example: {example}")).into_owned());
    }
    let source = format!("Source: {}", manifest.source_words(&row.source));
    comment.push(translated(&source).into_owned());
    Column {
        heading: match language {
            Some(language) => row.name.heading(language).to_owned(),
            None => row.name.name().to_owned(),
        },
        width: example.chars().count(),
        required: row.required,
        comment: comment.join("\n"),
        choices: choices(row),
        ..Column::default()
    }
}

/// The words that a column is filled with; none where others than they are as good.
fn choices(row: &FieldRow) -> Vec<String> {
    match row.name.def().kind {
        Kind::Switch => vec!["on".to_owned(), "off".to_owned()],
        _ => row
            .choices
            .iter()
            .map(|choice| choice.value.clone())
            .collect(),
    }
}

/// A value that the vendor takes.
fn example(row: &FieldRow) -> &str {
    let example = row.name.def().example;
    match row.choices.first() {
        Some(first) if row.choice(example).is_none() => &first.value,
        _ => example,
    }
}

fn rule(rule: &RuleRow) -> String {
    let weight = match rule.severity {
        Severity::Error => String::new(),
        lesser => translated(&format!(" ({} only)", lesser.word())).into_owned(),
    };
    let words = translated(&format!("A value {}", rule.rule.words())).into_owned();
    format!("{words}{weight}.")
}
