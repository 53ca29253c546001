//! Sheets as sides of a comparison.

use super::header_lines::HeaderLines;
use super::named::NamedFiles;
use super::rows::ROWS_MAX;
use super::{
    ReadingOptions, bind_options, name_among, options_for, print_notes, reach_behind, read_options,
};
use crate::archive::Snapshot;
use crate::columns::{AllowedActions, BindOptions, Binding, ColumnError, TableRows};
use crate::diff::{ComparedColumn, Side, is_compared};
use crate::digest::sha256_of_all;
use crate::disk::open_plain;
use crate::export::fingerprint_heading;
use crate::manifest::Manifest;
use crate::model::Field;
use crate::model::counted;
use crate::model::redact::heading_shown;
use crate::rim::Failure;
use crate::rim::terminal::print;
use crate::sheet::{self, CLEAR, Format, Input, Row, Sheet};
use crate::vendors::{VENDORS, vendor};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::slice;

/// The number of rows named that cannot be compared.
const SHOWN_MAX: usize = 20;

/// The hint where the vendors do not agree on a heading.
const ASK: &str =
    "say which vendor the sheet is for with --for, or whose headings it has with --headings";

/// The sheets among the sides, and how they are to be read.
pub(crate) struct SideReader<'a> {
    args: &'a ReadingOptions,
    lines: HeaderLines,
    /// The vendor that they are for, where that is known.
    manifest: Option<&'static Manifest>,
    vendors: Vec<&'static Manifest>,
    /// True if notes about them are printed.
    notes: bool,
    bind: BindOptions,
    /// The headings of `--map` that some sheet has.
    mapped: BTreeSet<String>,
    /// The sheets that were opened.
    opened: Vec<Sheet>,
}

impl<'a> SideReader<'a> {
    /// Starts without any sheet read.
    ///
    /// # Errors
    /// Exit 2 where a mapping file cannot be used.
    pub(crate) fn new(
        args: &'a ReadingOptions,
        manifest: Option<&'static Manifest>,
        notes: bool,
        inputs: &[&Input],
    ) -> Result<Self, Failure> {
        let files = NamedFiles::new(inputs.iter().copied());
        Ok(SideReader {
            lines: HeaderLines::new(&args.header_rows, &files)?,
            args,
            manifest,
            notes,
            vendors: VENDORS.iter().map(|vendor| (vendor.manifest)()).collect(),
            bind: BindOptions {
                allowed: AllowedActions::NONE,
                ..bind_options(args, &files)?
            },
            mapped: BTreeSet::new(),
            opened: vec![],
        })
    }

    /// Reads a sheet whole.
    ///
    /// # Errors
    /// Exit 2: a file that cannot be read or compared, with the place.
    pub(crate) fn read(&mut self, input: &Input) -> Result<Side, Failure> {
        let words = self.manifest.or(self.vendors.first().copied());
        let words = words.ok_or_else(|| Failure::usage("there are no vendors"))?;
        let options = read_options(self.args, words, &self.vendors, &self.bind);
        let mut options = self.lines.of_file(&input.to_string(), &options);
        if Format::from_ending(&input.to_string()).is_some_and(|format| !format.is_workbook()) {
            // The sheets that were named are the other side's, which is a workbook.
            options.sheets.clear();
        }
        let mut reading: Option<SheetReading> = None;
        for mut sheet in sheet::open(input, &options)? {
            let mut options = options_for(&self.bind, &sheet, false, &mut self.mapped);
            self.mapped.extend(reach_behind(&mut sheet, &mut options));
            let binding = self.bind(&sheet, options)?;
            sheet.allow_nameless(&binding.nameless);
            if self.notes {
                print_notes(&sheet, &name_among(&sheet, false), &binding);
            }
            let columns = columns(&sheet, &binding);
            let reading = reading.get_or_insert_with(|| {
                let columns = columns.iter().map(|(column, _)| *column).collect();
                SheetReading::new(columns, self.manifest)
            });
            self.opened.push(sheet.clone());
            reading.read(sheet, &binding, &columns, words)?;
        }
        let none = || SheetReading::new(vec![], self.manifest);
        reading.unwrap_or_else(none).finish()
    }

    /// Binds the headings. Where no vendor is known, all vendors have to understand them alike.
    fn bind(&mut self, sheet: &Sheet, mut options: BindOptions) -> Result<Binding, Failure> {
        let targets = match &self.manifest {
            Some(manifest) => slice::from_ref(manifest),
            None => &self.vendors,
        };
        let mut bound: Vec<(&Manifest, Binding)> = vec![];
        let mut refused = None;
        for target in targets {
            let binding = loop {
                match Binding::bind_sheet(sheet, target, &self.vendors, &options) {
                    // It may be a heading of the other side.
                    Err(ColumnError::NotThere { heading, .. })
                        if !options.is_of_sheet(&heading) =>
                    {
                        options.map.retain(|(known, _)| *known != heading);
                    }
                    binding => break binding,
                }
            };
            match binding {
                Ok(binding) => bound.push((target, binding)),
                Err(error) => refused = Some(error),
            }
        }
        let map = options.map.into_iter();
        self.mapped.extend(map.map(|(heading, _)| heading));
        if let Some(error) = refused {
            let failure = Failure::usage(format!("{}: {error}", sheet.file));
            return Err(if bound.is_empty() {
                failure
            } else {
                failure.hint(ASK)
            });
        }
        if let Some(doubt) = ambiguous_heading(sheet, &bound) {
            return Err(Failure::usage(doubt).hint(ASK));
        }
        // Headings of another vendor are no news where no vendor was named.
        let quiet = bound.iter().position(|(_, binding)| !binding.is_foreign);
        let quiet = quiet.unwrap_or_default();
        let binding = bound.into_iter().nth(quiet).map(|(_, binding)| binding);
        binding.ok_or_else(|| Failure::usage("there are no vendors"))
    }

    /// Refuses a `--header-row` for a sheet that was not read, and a `--map` with a heading that no sheet has.
    ///
    /// # Errors
    /// Exit 2: which one.
    pub(crate) fn all_is_found(&self) -> Result<(), Failure> {
        self.lines.refuse_strange(&self.opened)?;
        let mut map = self.bind.map.iter();
        match map.find(|(heading, _)| !self.mapped.contains(heading)) {
            None => Ok(()),
            Some((heading, _)) => Err(Failure::usage(format!(
                "--map names the heading “{}”, which neither side has",
                heading_shown(heading)
            ))),
        }
    }
}

/// Reads an export of rowcall's own, of a PBX of this vendor.
///
/// # Errors
/// Exit 2: a file that cannot be read or compared, with the place.
pub(crate) fn read_export(
    path: &Path,
    manifest: Option<&'static Manifest>,
) -> Result<Side, Failure> {
    let reading = ReadingOptions::default();
    SideReader::new(&reading, manifest, false, &[])?.read(&Input::File(path.to_owned()))
}

/// Reads a snapshot, if its file still is as it was entered.
///
/// # Errors
/// Exit 2 where it is not.
pub(crate) fn read_snapshot(target: &str, snapshot: &Snapshot) -> Result<Side, Failure> {
    let shown = snapshot.path.display();
    let read = open_plain(&snapshot.path).and_then(sha256_of_all);
    let (sha256, _) = read.map_err(|error| {
        Failure::usage(format!("{target}: {shown} cannot be read: {error}"))
            .hint("`rowcall archive verify` tells what else is gone")
    })?;
    if sha256 != snapshot.sha256 {
        return Err(Failure::usage(format!(
            "{target}: {shown} is not what was entered in the archive"
        ))
        .hint("`rowcall archive verify` tells what else was changed"));
    }
    let manifest = vendor(&snapshot.facts.vendor).map(|vendor| (vendor.manifest)());
    if snapshot.facts.extensions == 0 {
        return Ok(Side::new(vec![], manifest));
    }
    Ok(read_export(&snapshot.path, manifest)?.made_with(&snapshot.facts.key))
}

/// The first heading that is not the same to all vendors, in words.
fn ambiguous_heading(sheet: &Sheet, bound: &[(&Manifest, Binding)]) -> Option<String> {
    let word = |binding: &Binding, at: usize| {
        let field = binding.columns.get(at)?.field;
        Some(field.map_or("nothing", Field::name))
    };
    let (first, others) = bound.split_first()?;
    sheet.headings.iter().enumerate().find_map(|(at, heading)| {
        let meaning = word(&first.1, at);
        let (other, otherwise) = others
            .iter()
            .map(|(vendor, binding)| (vendor, word(binding, at)))
            .find(|(_, otherwise)| *otherwise != meaning)?;
        Some(format!(
            "{}: the heading “{}” means {} at {} and {} at {}",
            sheet.file,
            heading.trim(),
            meaning?,
            first.0.vendor.name,
            otherwise?,
            other.vendor.name
        ))
    })
}

/// The columns of a sheet that are compared, with their positions.
fn columns(sheet: &Sheet, binding: &Binding) -> Vec<(ComparedColumn, usize)> {
    let (mut columns, mut live) = (vec![], vec![]);
    for (at, column) in binding.columns.iter().enumerate() {
        match (column.field, fingerprint_of(&column.heading)) {
            (Some(field), _) if field.is_live() => live.push(field.name()),
            (Some(_), _) => {
                let fields = binding.fields().filter(|(_, from)| *from == at);
                let fields = fields
                    .map(|(field, _)| field)
                    .filter(|field| is_compared(*field));
                columns.extend(fields.map(|field| (ComparedColumn::Value(field), at)));
            }
            (None, Some(field)) => columns.push((ComparedColumn::Fingerprint(field), at)),
            (None, None) => {}
        }
    }
    if !live.is_empty() {
        print(format!(
            "{}: not compared, because it changes by itself: {}",
            sheet.file,
            live.join(", ")
        ));
    }
    columns
}

/// The secret field whose fingerprints are under a heading.
fn fingerprint_of(heading: &str) -> Option<Field> {
    let mut secrets = Field::all().filter(|field| field.is_secret());
    secrets.find(|field| fingerprint_heading(*field).eq_ignore_ascii_case(heading.trim()))
}

/// A side while it is read.
struct SheetReading {
    side: Side,
    columns: Vec<ComparedColumn>,
    sheets: Vec<Sheet>,
    /// The sheet and line of each extension.
    lines: Vec<(usize, u64)>,
    /// The reasons that rows cannot be compared; the first ones in words.
    troubles: Vec<String>,
    troubles_more: usize,
}

impl SheetReading {
    fn new(columns: Vec<ComparedColumn>, manifest: Option<&'static Manifest>) -> SheetReading {
        SheetReading {
            side: Side::new(columns.clone(), manifest),
            columns,
            sheets: vec![],
            lines: vec![],
            troubles: vec![],
            troubles_more: 0,
        }
    }

    fn read(
        &mut self,
        sheet: Sheet,
        binding: &Binding,
        columns: &[(ComparedColumn, usize)],
        words: &Manifest,
    ) -> Result<(), Failure> {
        let at = |wanted: &ComparedColumn| columns.iter().find(|(column, _)| column == wanted);
        let order: Option<Vec<usize>> = self
            .columns
            .iter()
            .map(|column| at(column).map(|(_, at)| *at))
            .collect();
        let Some(order) = order.filter(|order| order.len() == columns.len()) else {
            let message = format!(
                "{}: its sheets do not have the same columns, so they are not one side",
                sheet.file
            );
            return Err(Failure::usage(message).hint("name one of them with --sheet"));
        };
        let key = binding.fields().find(|(field, _)| field.is_key());
        let number = key.map(|(_, column)| column).unwrap_or_default();
        self.sheets.push(sheet.clone());
        let mut table_rows = TableRows::default();
        for batch in sheet.batches() {
            batch?.rows(|row| {
                table_rows.add_row(&row, binding, words);
                self.row(&row, number, &order, binding);
            })?;
            if self.side.len() > ROWS_MAX {
                let message = format!("{}: holds more than {ROWS_MAX} rows", sheet.file);
                return Err(Failure::usage(message).hint("compare it in parts"));
            }
        }
        let refused = table_rows.refuse_second_table(&sheet);
        refused.map_err(Failure::usage)
    }

    fn row(&mut self, row: &Row<'_>, number: usize, order: &[usize], binding: &Binding) {
        let number = row.cells.get(number).unwrap_or_default().trim();
        let trouble = match &row.trouble {
            Some(trouble) => Some(trouble.finding().message.clone()),
            None if number.is_empty() || number == CLEAR => Some("has no number".to_owned()),
            None => {
                let cells = self.columns.iter().zip(order);
                let cells = cells.map(|(column, at)| match column {
                    ComparedColumn::Value(field) => binding.text_of(*field, &row.cells),
                    ComparedColumn::Fingerprint(_) => row.cells.get(*at).unwrap_or_default().into(),
                });
                let cells: Vec<Cow<'_, str>> = cells.collect();
                let added = self.side.add(number, cells.iter().map(|cell| &**cell));
                added.err().map(|first| {
                    let first = self.place(self.lines.get(first).copied());
                    format!("{number} stands in {first} already")
                })
            }
        };
        let line = (self.sheets.len().saturating_sub(1), row.line);
        match trouble {
            None => self.lines.push(line),
            Some(words) if self.troubles.len() < SHOWN_MAX => {
                let place = self.place(Some(line));
                self.troubles.push(format!("{place}: {words}"));
            }
            Some(_) => self.troubles_more += 1,
        }
    }

    fn place(&self, line: Option<(usize, u64)>) -> String {
        let place = line.and_then(|(sheet, line)| Some(self.sheets.get(sheet)?.place(line, 0)));
        place.map_or_else(String::new, |place| place.to_string())
    }

    fn finish(self) -> Result<Side, Failure> {
        if self.troubles.is_empty() {
            return Ok(self.side);
        }
        for trouble in &self.troubles {
            print(trouble);
        }
        if self.troubles_more > 0 {
            print(format!("and {} more", self.troubles_more));
        }
        let file = self.sheets.first().map_or("", |sheet| &*sheet.file);
        let count = self.troubles.len() + self.troubles_more;
        Err(Failure::usage(format!(
            "{file}: {} cannot be compared, so nothing was",
            counted(count as u64, "row")
        ))
        .hint("every row needs a number of its own and as many cells as there are headings"))
    }
}
