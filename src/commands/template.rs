//! `rowcall template`: a sheet to fill in.

use super::vendors::{on_create, values};
use crate::cli::TemplateArgs;
use crate::manifest::{Access, FieldRow, Manifest, RuleRow};
use crate::model::{Field, Kind, Language, Severity};
use crate::rim::outputs::Files;
use crate::rim::target::{vendor_named, vendor_of_rows};
use crate::rim::terminal::print;
use crate::rim::terminal::strict_output;
use crate::rim::{Context, Exit, Failure};
use crate::sheet::{Column, EXAMPLE, ExtraRow, ExtraSheet, Format, Writer};
use std::env;

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

/// Writes the headings of a vendor: usual and required fields first, then the rest in the order of the vendor's pages. A
/// workbook has plain headings and folds the rest away; it also explains each column, offers the words of those that
/// take words, and has a sheet of help.
///
/// # Errors
/// Exit 2 where the file cannot be written.
pub(super) fn run(args: &TemplateArgs, context: &Context) -> Result<Exit, Failure> {
    let vendor = vendor_named(&args.vendor)?;
    let manifest = (vendor_of_rows(vendor, args.groups)?.manifest)();
    let (first, rest) = rows(manifest);
    let format = args.output.as_ref();
    let format = format.and_then(|path| Format::to_write(&path.to_string_lossy()));
    let is_workbook = format.is_some_and(Format::is_workbook);
    let language = args.lang.or_else(|| is_workbook.then(users_language));
    let columns: Vec<Column> = first
        .iter()
        .map(|row| column(manifest, row, language))
        .chain(rest.iter().map(|row| Column {
            folded: true,
            ..column(manifest, row, language)
        }))
        .collect();
    let rows = [first, rest].concat();
    let writer = match &args.output {
        // A template that was filled in is never lost.
        Some(path) if path.exists() => {
            return Err(
                Failure::usage(format!("{} is there already", path.display()))
                    .hint("name another file, or remove that one"),
            );
        }
        Some(path) => {
            let mut files = Files::new(context);
            files.written("--output", path);
            files.prepare()?;
            // A user may have filled it in.
            if path.symlink_metadata().is_ok_and(|about| about.is_file()) {
                let message = format!("{} is there already, and is left alone", path.display());
                return Err(Failure::usage(message).hint("name another file, or move that one"));
            }
            let table = if args.groups { "Groups" } else { "Extensions" };
            let writer =
                Writer::create_new(path, &columns, Some(help(manifest, &rows, &columns, table)));
            writer.and_then(|mut writer| {
                if is_workbook {
                    writer.row(rows.iter().map(|row| shown(row)))?;
                }
                Ok(writer)
            })
        }
        None => Writer::stream(strict_output(), "standard output", Format::Csv, &columns),
    };
    writer.and_then(Writer::finish).map_err(Failure::usage)?;
    for row in manifest.conditional() {
        let (name, needs) = (row.name.name(), row.needed_settings());
        print(format!(
            "{name} is not in it: only with {needs} for the target"
        ));
    }
    Ok(Exit::Done)
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

/// The user's language, as the environment gives it.
fn users_language() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| {
        let value = env::var(name).ok()?;
        (!value.is_empty()).then_some(value)
    });
    Language::from_locale(&locale.unwrap_or_default())
}

/// Builds the column of a field; its heading is the field's own name where no language is given.
fn column(manifest: &Manifest, row: &FieldRow, language: Option<Language>) -> Column {
    let example = example(row);
    let mut comment = vec![row.name.def().help.to_owned()];
    comment.push(match on_create(row).as_str() {
        "" => "Optional: what is left blank is left as it is.".to_owned(),
        "required" => "Required for a new extension.".to_owned(),
        otherwise => format!("Optional: {otherwise}."),
    });
    comment.push(format!("Values: {}.", values(row)));
    comment.extend(row.rules.iter().map(rule));
    if !row.note.is_empty() {
        comment.push(row.note.clone());
    }
    if !example.is_empty() {
        comment.push(format!("Example: {example}"));
    }
    comment.push(format!("Source: {}", manifest.source_words(&row.source)));
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

/// Returns the text of a field in the example row of a workbook. The row is no extension, as its key shows.
fn shown(row: &FieldRow) -> &str {
    match row.name.is_key() {
        true => EXAMPLE,
        false => example(row),
    }
}

fn rule(rule: &RuleRow) -> String {
    let weight = match rule.severity {
        Severity::Error => String::new(),
        lesser => format!(" ({} only)", lesser.word()),
    };
    format!("A value {}{weight}.", rule.rule.words())
}

/// The field table for people, with the page that each row is taken from.
fn help(manifest: &Manifest, rows: &[&FieldRow], columns: &[Column], table: &str) -> ExtraSheet {
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
            row.name.def().help.to_owned(),
            on_create(row),
            values(row),
            rules.join("\n"),
            example(row).to_owned(),
            row.wire.clone(),
            row.note.clone(),
            manifest.source_words(&row.source),
        ]
    };
    ExtraSheet {
        table: table.to_owned(),
        name: "Help".to_owned(),
        headings: headings.map(str::to_owned).to_vec(),
        rows: rows
            .iter()
            .zip(columns)
            .map(cells)
            .map(ExtraRow::plain)
            .collect(),
        ..ExtraSheet::default()
    }
}
