//! The sheets of a command: opened, understood, and their rows in memory.

mod as_typed;
mod header_lines;
pub(crate) mod headings;
mod losses;
pub(crate) mod meanings;
mod named;
mod pattern;
pub(crate) mod rows;
pub(crate) mod side;
mod subtotals;
mod verification;
mod warnings;

pub(crate) use as_typed::owner_typed;
use header_lines::HeaderLines;
pub use header_lines::HeaderRow;
pub(crate) use headings::FieldHeadings;
pub(crate) use losses::Losses;
use named::{NamedFiles, sheet_name};
pub(crate) use pattern::read_pattern;
pub(crate) use rows::{InputRow, InputRows, OnPbx};
pub(crate) use verification::FileVerification;

use crate::columns::{
    self, AllowedActions, BindOptions, Binding, ColumnError, ColumnReading, Mapped, NamedOwner,
    SharedAnswer,
};
use crate::dialects::owner_named;
use crate::lang::{in_language, language};
use crate::manifest::Manifest;
use crate::model::redact::{NOT_SHOWN, heading_shown, quoted};
use crate::model::{Field, Severity, SheetSecrets};
use crate::report::{REJECT_CODE, is_added_to_rejects};
use crate::rim::Failure;
use crate::rim::config::read_small;
use crate::rim::terminal::{print, print_cut};
use crate::sheet::{
    self, Encoding, Header, Input, ReadOptions, RowTrouble, Sheet, SheetError, is_generate,
};
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
    /// The lines of the headings: of all sheets, and of single ones, which go before it.
    pub(crate) header_rows: Vec<HeaderRow>,
    /// The sheets of a workbook.
    pub(crate) sheet_names: Vec<String>,
    pub visible_only: bool,
    /// True if rows to be deleted count also where they are hidden or struck through.
    pub(crate) every_row: bool,
    pub(crate) fix_quotes: bool,
    pub(crate) pad_short_rows: bool,
}

impl ReadingOptions {
    /// The line of the headings in all sheets.
    #[cfg(feature = "page")]
    pub(crate) fn header_row(&self) -> Option<u64> {
        let mut of_all = self.header_rows.iter().filter(|row| row.sheet.is_none());
        of_all.next().map(|row| row.line)
    }
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
    let bound = bound(args, manifest, allowed)?;
    let is_alone = bound.len() == 1;
    for (sheet, binding) in bound {
        let name = name_among(&sheet, is_alone);
        match binding {
            Ok(binding) => {
                print_notes(&sheet, &name, &binding);
                opened.push((sheet, binding));
            }
            Err(error) => refused.push(questions(&sheet, &name, &error)?),
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
    let inputs = inputs(&args.sheets)?;
    let files = NamedFiles::new(&inputs);
    let mut bind = bind_options(&args.reading, &files)?;
    bind.allowed = allowed;
    let lines = HeaderLines::new(&args.reading.header_rows, &files)?;
    let options = read_options(&args.reading, manifest, &vendors, &bind);
    let (mut bound, mut refused): (Vec<Bound>, Vec<SheetError>) = (vec![], vec![]);
    let (mut known, mut strange) = (BTreeSet::new(), vec![]);
    let mut opened = vec![];
    for input in inputs {
        match sheet::open(&input, &lines.of_file(&input.to_string(), &options)) {
            Ok(sheets) => opened.extend(sheets),
            Err(error) => refused.push(error),
        }
    }
    if refused.is_empty() {
        lines.refuse_strange(&opened)?;
    }
    let is_alone = opened.len() == 1;
    for mut sheet in opened {
        // A rejects file is read as the sheet that its rows are from.
        let short_rows = args.reading.pad_short_rows;
        if let Some(called) = &args.reading.called {
            sheet.file = called.clone();
        }
        sheet.leave_out_end(is_added_to_rejects, REJECT_CODE, short_rows);
        let mut own = options_for(&bind, &sheet, is_alone, &mut known);
        known.extend(reach_behind(&mut sheet, &mut own));
        let binding = loop {
            match Binding::bind_sheet(&sheet, manifest, &vendors, &own) {
                // It may be a heading of another sheet.
                Err(ColumnError::NotThere { heading, headings }) if !own.is_of_sheet(&heading) => {
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

/// The options for one sheet; the headings that are mapped for it alone, and those that it has them instead of, are `known`.
fn options_for(
    bind: &BindOptions,
    sheet: &Sheet,
    is_alone: bool,
    known: &mut BTreeSet<String>,
) -> BindOptions {
    let own = bind.for_sheet(&sheet_name(&sheet.file, sheet.sheet.as_deref()), is_alone);
    let settled = bind.map.iter().filter(|entry| !own.map.contains(entry));
    known.extend(settled.map(|(heading, _)| heading.clone()));
    own
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

/// The name of a sheet in questions: the file's, where no other sheet is read.
fn name_among(sheet: &Sheet, is_alone: bool) -> String {
    let own = sheet.sheet.as_deref().filter(|_| !is_alone);
    sheet_name(&sheet.file, own)
}

/// Explains why a sheet's headings cannot be used, with the first values of the columns in question.
fn questions(sheet: &Sheet, name: &str, error: &ColumnError) -> Result<String, Failure> {
    let ColumnError::Unanswered { questions, columns } = error else {
        return Ok(format!("{name}: {error}"));
    };
    let values = first_values(sheet, columns, 3)?;
    let mut text = String::new();
    for (at, question) in questions.iter().enumerate() {
        let between = if at == 0 { "" } else { "\n" };
        let _ = write!(text, "{between}{name}: {}", question.what);
        for column in question.columns.iter().filter(|_| question.shown) {
            let (Some(column), Some(values)) = (columns.get(*column), values.get(*column)) else {
                continue;
            };
            if !values.is_empty() && column.may_show_all(values) {
                let (heading, values) = (heading_shown(&column.name), values.join(", "));
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
    for shared in SharedAnswer::among(questions) {
        let _ = write!(text, "\n{name}: {shared}");
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
    let has_secrets = columns.iter().any(ColumnReading::holds_secrets);
    let mut secrets = SheetSecrets::default();
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
            let (number, held) = columns::secrets_in(columns, &row.cells);
            held.for_each(|secret| secrets.add(number, secret));
        })?;
        if !has_secrets && first.iter().all(|values| values.len() == most) {
            break;
        }
    }
    let shown = |text: &String| match secrets.are_in(text) {
        true => NOT_SHOWN.to_owned(),
        false => quoted(text),
    };
    let shown = first
        .iter()
        .map(|values| values.iter().map(shown).collect());
    Ok(shown.collect())
}

/// A value for a field in every row that has none. A secret is made up or stands in the sheet, for command lines are seen
/// by others.
///
/// # Errors
/// The field cannot have the same value in each row, or not this one.
pub(crate) fn filling(field: Field, value: &str) -> Result<(Field, String), String> {
    match value {
        "" => Err("write FIELD=VALUE".to_owned()),
        _ if field.is_key() => Err(format!("{} must be different in each row", field.name())),
        _ if field.is_live() => Err(format!("{} is no setting", field.name())),
        _ if field.is_secret() && !is_generate(value) => Err(format!(
            "{0} is a secret, and command lines are seen by others: write {0}='<generate>', or a column",
            field.name()
        )),
        _ => Ok((field, value.to_owned())),
    }
}

/// The typed options about headings.
///
/// # Errors
/// Exit 2: a mapping file cannot be read or understood.
pub(crate) fn bind_options(
    args: &ReadingOptions,
    files: &NamedFiles,
) -> Result<BindOptions, Failure> {
    Ok(BindOptions {
        map: mapping(args, files)?,
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
        header: Header::Found(headings),
        pad_short_rows: args.pad_short_rows,
        sheets: args.sheet_names.clone(),
        visible_only: args.visible_only,
        fix_quotes: args.fix_quotes,
        ..ReadOptions::default()
    }
}

/// The words in the place of notes and questions about headings that are not shown.
const NOT_TOLD: &str = "the headings look like data, so what is to be said of them is not shown: if they are rows, say where the headings stand with --header-row; else rename those that are numbers, addresses, yes or no";

/// Returns true if the headings of some columns may be shown; where they look like data, one may be a password.
fn are_shown(columns: &[ColumnReading]) -> bool {
    !columns::are_like_data(columns.iter().map(|column| column.heading.as_str()))
}

/// Prints the notes about a sheet, and those about its headings as far as they may be shown.
fn print_notes(sheet: &Sheet, name: &str, binding: &Binding) {
    if !sheet.notes.is_empty() {
        print(format!("{}: {}", sheet.file, sheet.notes.join(", ")));
    }
    if !are_shown(&binding.columns) {
        if !binding.notes.is_empty() {
            print(format!("{name}: {NOT_TOLD}"));
        }
        return;
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

/// Reads the meanings of `--map-file` and `--map`, whose sheets are named as in messages.
fn mapping(args: &ReadingOptions, files: &NamedFiles) -> Result<Vec<(String, Mapped)>, Failure> {
    let named = |map: &[(String, Mapped)], folder: Option<&Path>| {
        let entries = map.iter();
        let entries = entries.map(|(heading, mapped)| (files.heading(heading, folder), *mapped));
        entries.collect::<Vec<_>>()
    };
    let typed = named(&args.map, None);
    let Some(path) = &args.map_file else {
        return Ok(typed);
    };
    let shown = path.display();
    let text = read_small(path)
        .map_err(|why| Failure::usage(format!("{shown}: cannot be read: {why}")))?;
    let saved = columns::read_map(&text).map_err(|error| {
        Failure::usage(format!("{shown}: {error}"))
            .hint("a mapping file has one heading a line: \"Durchwahl\" = \"number\"")
    })?;
    Ok(columns::overridden(named(&saved, path.parent()), &typed))
}

/// Takes the names of these sheets, of which one is read, from what is meant for it alone.
pub(crate) fn without_sheet_names(
    map: &mut Vec<(String, Mapped)>,
    header_rows: &mut Vec<HeaderRow>,
    sheets: &[PathBuf],
) {
    if let Ok(inputs) = inputs(sheets) {
        let files = NamedFiles::new(&inputs);
        let (mut of_all, mut of_one) = (vec![], vec![]);
        for (heading, mapped) in std::mem::take(map) {
            match files.heading_alone(&heading) {
                Some(alone) => of_one.push((alone.to_owned(), mapped)),
                None => of_all.push((heading, mapped)),
            }
        }
        *map = columns::overridden(of_all, &of_one);
    }
    // What is meant for one goes before what is meant for all.
    if header_rows.iter().any(|row| row.sheet.is_some()) {
        header_rows.retain(|row| row.sheet.is_some());
    }
    header_rows.iter_mut().for_each(|row| row.sheet = None);
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
