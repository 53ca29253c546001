//! `rowcall template`: a sheet to fill in.

use super::vendors::{on_create, values};
use crate::cli::TemplateArgs;
use crate::manifest::{Access, FieldRow, Manifest, RuleRow};
use crate::model::{Kind, Severity};
use crate::rim::outputs::Files;
use crate::rim::target::vendor_of_rows;
use crate::rim::terminal::output;
use crate::rim::{Context, Exit, Failure};
use crate::sheet::{Column, EXAMPLE, ExtraSheet, Format, Writer};
use crate::vendors::vendor;

/// Writes the headings of a vendor: required fields first, then the rest in the order of the vendor's pages. A workbook
/// also explains each column, offers the words of those that take words, and has a sheet of help.
///
/// # Errors
/// Exit 2 where the file cannot be written.
pub(super) fn run(args: &TemplateArgs, context: &Context) -> Result<Exit, Failure> {
    let vendor = vendor(&args.vendor).ok_or_else(|| Failure::usage("there is no such vendor"))?;
    let manifest = (vendor_of_rows(vendor, args.groups)?.manifest)();
    let rows = rows(manifest);
    let columns: Vec<Column> = rows.iter().map(|row| column(manifest, row)).collect();
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
            let writer = Writer::create_new(path, &columns, Some(help(manifest, &rows, table)));
            let is_workbook =
                Format::to_write(&path.to_string_lossy()).is_some_and(Format::is_workbook);
            writer.and_then(|mut writer| {
                if is_workbook {
                    writer.row(rows.iter().map(|row| shown(row)))?;
                }
                Ok(writer)
            })
        }
        None => Writer::stream(output(), "standard output", Format::Csv, &columns),
    };
    writer.and_then(Writer::finish).map_err(Failure::usage)?;
    Ok(Exit::Done)
}

fn rows(manifest: &Manifest) -> Vec<&FieldRow> {
    let writable = |required: bool| {
        let rows = manifest.field.iter();
        rows.filter(move |row| row.access != Access::ReadOnly && row.required == required)
    };
    writable(true).chain(writable(false)).collect()
}

fn column(manifest: &Manifest, row: &FieldRow) -> Column {
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
        heading: row.name.name().to_owned(),
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
fn help(manifest: &Manifest, rows: &[&FieldRow], table: &str) -> ExtraSheet {
    let headings = [
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
    let cells = |row: &&FieldRow| {
        let rules: Vec<String> = row.rules.iter().map(rule).collect();
        vec![
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
        rows: rows.iter().map(cells).collect(),
        ..ExtraSheet::default()
    }
}
