//! All rows of a run in memory: their cells, what they want, and what is wrong with them.

use super::{Failure, say};
use crate::cli::{InputArgs, ReadingArgs};
use crate::columns::{self, BindOptions, Binding};
use crate::manifest::{Manifest, Purpose};
use crate::model::redact::quoted;
use crate::model::{Action, Field, Finding, Outcome, Place, Record, RowResult, Severity};
use crate::plan::Mode;
use crate::rules::{Checker, Places, Survey, Traces};
use crate::sheet::{self, Cells, Header, Input, ReadOptions, Row, Sheet, Stored};
use crate::vendors::VENDORS;
use crate::wire::Listing;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many rows one run may bring to a PBX.
pub(super) const ROWS_MAX: usize = 1_000_000;

/// One row.
pub(super) struct InputRow {
    /// Where it stands.
    pub(super) place: Place,
    /// Which of the sheets it stands in.
    pub(super) sheet: usize,
    /// What it wants.
    pub(super) wanted: Record,
    /// What is wrong with it.
    pub(super) findings: Vec<Finding>,
    text: Box<str>,
    ends: Box<[usize]>,
    stored: Box<[Stored]>,
    trouble: Option<Finding>,
}

impl InputRow {
    fn keep(row: Row<'_>, place: Place, sheet: usize, wanted: Record) -> InputRow {
        let cells = (0..row.cells.len()).filter_map(|column| row.cells.get(column));
        let text: String = cells.clone().collect();
        let ends = cells.scan(0, |end, cell| {
            *end += cell.len();
            Some(*end)
        });
        InputRow {
            place,
            sheet,
            wanted,
            findings: vec![],
            ends: ends.collect(),
            stored: row.cells.all_stored().into(),
            text: text.into(),
            trouble: row.trouble,
        }
    }

    fn as_row(&self) -> Row<'_> {
        Row {
            index: 0,
            line: self.place.line,
            cells: self.cells(),
            trouble: self.trouble.clone(),
            bytes: 0..0,
        }
    }

    /// The cells as they stand in the sheet.
    pub(super) fn cells(&self) -> Cells<'_> {
        Cells::stored_as(&self.text, &self.ends, &self.stored)
    }

    /// Whether nothing keeps it from being sent.
    pub(super) fn is_valid(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
}

/// The sheets of a run and all their rows, in input order.
pub(super) struct Rows {
    /// The sheets with what their headings mean.
    pub(super) sheets: Vec<(Sheet, Binding)>,
    /// The rows.
    pub(super) rows: Vec<InputRow>,
}

/// Opens the sheets that were named and understands their headings; says on standard error what was found.
///
/// # Errors
/// Exit 2: what cannot be read or understood, and where.
pub(super) fn open(
    args: &InputArgs,
    manifest: &Manifest,
) -> Result<Vec<(Sheet, Binding)>, Failure> {
    let vendors: Vec<&Manifest> = VENDORS.iter().map(|vendor| (vendor.manifest)()).collect();
    let mut bind = bind_options(&args.reading)?;
    let options = read_options(&args.reading, manifest, &vendors, &bind);
    let mut opened = vec![];
    for input in inputs(&args.sheets)? {
        for sheet in sheet::open(&input, &options).map_err(Failure::usage)? {
            bind.header_line = sheet.header_line;
            let binding = Binding::bind(&sheet.headings, manifest, &vendors, &bind)
                .map_err(|error| Failure::usage(format!("{}: {error}", sheet.file)))?;
            say_notes(&sheet, &binding);
            opened.push((sheet, binding));
        }
    }
    Ok(opened)
}

/// What was typed about headings.
///
/// # Errors
/// Exit 2: a mapping file cannot be read or understood.
pub(super) fn bind_options(args: &ReadingArgs) -> Result<BindOptions, Failure> {
    Ok(BindOptions {
        map: mapping(args)?,
        headings: args.headings.clone(),
        header_line: None,
    })
}

/// What was typed about files; headings are found by what the vendor `manifest` calls them, and the other vendors.
pub(super) fn read_options(
    args: &ReadingArgs,
    manifest: &Manifest,
    vendors: &[&Manifest],
    bind: &BindOptions,
) -> ReadOptions {
    ReadOptions {
        encoding: args.encoding,
        delimiter: args.delimiter.map(|delimiter| char::from(delimiter.byte())),
        header: match args.header_row {
            Some(line) => Header::Line(line),
            None => Header::Found(columns::headings(manifest, vendors, bind)),
        },
        pad_short_rows: args.pad_short_rows,
        sheet: args.sheet.clone(),
        fix_quotes: args.fix_quotes,
        ..ReadOptions::default()
    }
}

/// Says what was found out about a sheet and its headings.
pub(super) fn say_notes(sheet: &Sheet, binding: &Binding) {
    if !sheet.notes.is_empty() {
        say(format!("{}: {}", sheet.file, sheet.notes.join(", ")));
    }
    for note in &binding.notes {
        let weight = if note.severity == Severity::Info {
            "note"
        } else {
            note.severity.word()
        };
        say(format!("{}: {weight}: {}", sheet.file, note.message));
        if !note.hint.is_empty() {
            say(format!("  hint: {}", note.hint));
        }
    }
}

/// What `--map-file` and `--map` say.
fn mapping(args: &ReadingArgs) -> Result<Vec<(String, Field)>, Failure> {
    let Some(path) = &args.map_file else {
        return Ok(args.map.clone());
    };
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{shown}: cannot be read: {error}")))?;
    let saved = columns::read_map(&text).map_err(|error| {
        Failure::usage(format!("{shown}: {error}"))
            .hint("a mapping file has one heading a line: \"Durchwahl\" = \"number\"")
    })?;
    Ok(columns::over(saved, &args.map))
}

/// The inputs that are named, those that a pattern stands for in the order of their names.
fn inputs(names: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    let mut inputs = vec![];
    for path in names {
        let name = path.to_string_lossy();
        let input = Input::named(&name);
        if input == Input::Stdin && inputs.contains(&input) {
            return Err(Failure::usage("standard input (-) can be read once only"));
        }
        // What is there by that very name is no pattern.
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

impl Rows {
    /// Reads every row.
    ///
    /// # Errors
    /// Exit 2: what cannot be read, and where; or more than [`ROWS_MAX`] rows.
    pub(super) fn read(
        sheets: Vec<(Sheet, Binding)>,
        manifest: &Manifest,
    ) -> Result<Rows, Failure> {
        let mut rows = vec![];
        for (index, (sheet, binding)) in sheets.iter().enumerate() {
            for batch in sheet.batches() {
                let batch = batch.map_err(Failure::usage)?;
                let read = batch.rows(|row| {
                    let (line, wanted) = (row.line, binding.extension(&row.cells, manifest));
                    rows.push(InputRow::keep(row, sheet.place(line), index, wanted));
                });
                read.map_err(Failure::usage)?;
                if rows.len() > ROWS_MAX {
                    return Err(Failure::usage(format!(
                        "the sheets hold more than {ROWS_MAX} rows"
                    ))
                    .hint("split them and import one part after the other"));
                }
            }
        }
        Ok(Rows { sheets, rows })
    }

    /// Holds every row to the vendor's rules. `held` are the numbers on the PBX, where they are known.
    pub(super) fn check(
        &mut self,
        manifest: &Manifest,
        purpose_of: impl Fn(&InputRow) -> Purpose,
        held: Option<&BTreeSet<String>>,
    ) {
        let checkers: Vec<Checker<'_>> = self
            .sheets
            .iter()
            .map(|(_, binding)| Checker::new(manifest, binding))
            .collect();
        let mut survey = Survey::new();
        let mut traces = Traces::default();
        for row in &self.rows {
            checkers[row.sheet].survey(&row.as_row(), purpose_of(row), &mut traces);
        }
        survey.add(traces);
        if let Some(held) = held {
            survey.on_pbx(held.iter().map(String::as_str));
        }
        let across = survey.finish();
        let mut places = Places::default();
        for row in &mut self.rows {
            let (mut findings, mut duplicates) = (vec![], vec![]);
            let purpose = purpose_of(row);
            checkers[row.sheet].row(
                &row.as_row(),
                purpose,
                Some(&across),
                &mut findings,
                &mut duplicates,
            );
            findings.extend(
                duplicates
                    .into_iter()
                    .filter_map(|duplicate| places.repeats(duplicate, &row.place)),
            );
            row.findings = findings;
        }
    }

    /// Holds every row to the vendor's rules while it is not known which extensions there are: where the mode makes and
    /// changes, a row is valid if it is so for one of the two.
    pub(super) fn check_unseen(&mut self, manifest: &Manifest, mode: Mode) {
        let purpose = match mode {
            Mode::Create => Purpose::Create,
            Mode::Update | Mode::Upsert | Mode::Sync => Purpose::Update,
        };
        self.check(manifest, |_| purpose, None);
        for row in &mut self.rows {
            // What cannot be changed may well be wanted as it is.
            row.findings.retain(|finding| !is_create_only(finding));
        }
        if matches!(mode, Mode::Create | Mode::Update) {
            return;
        }
        let take = |row: &mut InputRow| std::mem::take(&mut row.findings);
        let to_change: Vec<Vec<Finding>> = self.rows.iter_mut().map(take).collect();
        self.check(manifest, |_| Purpose::Create, None);
        for (row, findings) in self.rows.iter_mut().zip(to_change) {
            if !row.is_valid() && !findings.iter().any(Finding::is_error) {
                row.findings = findings;
            }
        }
    }

    /// Holds the rows of extensions that exist to the rules about several fields, as they will be once written; what
    /// cannot be changed may be wanted as it is.
    pub(super) fn check_merged(&mut self, manifest: &Manifest, held: &BTreeMap<String, Record>) {
        let checkers: Vec<Checker<'_>> = self
            .sheets
            .iter()
            .map(|(_, binding)| Checker::new(manifest, binding))
            .collect();
        for row in &mut self.rows {
            let held = held.get(row.wanted.number());
            forgive_create_only(&mut row.findings, &row.wanted, held);
            if let Some(held) = held {
                checkers[row.sheet].merged(&row.wanted, held, &mut row.findings);
            }
        }
    }

    /// Whether any row has a value for this field.
    pub(super) fn have(&self, field: Field) -> bool {
        let has = |row: &InputRow| row.wanted.get(field).is_some_and(|text| !text.is_empty());
        self.rows.iter().any(has)
    }

    /// Refuses the rows whose groups cannot be told from others of the same name.
    pub(super) fn refuse_ambiguous(&mut self, twice: &BTreeSet<String>) {
        self.find(Field::GROUP_NAME, |name| {
            twice.contains(name).then(|| {
                let message = format!("the PBX has more than one group called {}", quoted(name));
                let hint = "rename one of them in the PBX's console";
                (Severity::Error, "ambiguous", message, hint)
            })
        });
    }

    /// Holds the members of groups to the extensions that the PBX has.
    pub(super) fn check_members(&mut self, there: &Listing) {
        let known: BTreeSet<&str> = there.numbers.iter().map(String::as_str).collect();
        self.find(Field::GROUP_MEMBERS, |members| {
            let items = members.split(';').filter(|item| !item.is_empty());
            let strangers: Vec<String> = items
                .filter(|item| !known.contains(item))
                .map(quoted)
                .collect();
            let strangers = Some(strangers.join(", ")).filter(|words| !words.is_empty())?;
            let name = Field::GROUP_MEMBERS.name();
            Some(if there.complete {
                let message = format!("{name}: the PBX has no extension {strangers}");
                let hint = "correct the numbers, or import these extensions first";
                (Severity::Error, "unknown", message, hint)
            } else {
                let message = format!(
                    "{name}: the PBX does not list {strangers}, but its listing may not be whole"
                );
                let hint = "make sure that the PBX has these extensions";
                (Severity::Warning, "unknown", message, hint)
            })
        });
    }

    /// Adds to each row what there is to be said against its text for a field, where that is not wrong in itself.
    fn find(
        &mut self,
        field: Field,
        against: impl Fn(&str) -> Option<(Severity, &'static str, String, &'static str)>,
    ) {
        for row in &mut self.rows {
            let Some((severity, word, message, hint)) = row.wanted.text(field).and_then(&against)
            else {
                continue;
            };
            let is_wrong = |finding: &Finding| finding.is_error() && finding.field == Some(field);
            if row.findings.iter().any(is_wrong) {
                continue;
            }
            let binding = self.sheets.get(row.sheet).map(|(_, binding)| binding);
            row.findings.push(Finding {
                rule: format!("{}.{word}", field.name()).into(),
                severity,
                field: Some(field),
                column: binding.and_then(|binding| binding.column_of(field)),
                message,
                hint: hint.into(),
                source: "".into(),
                repair: None,
            });
        }
    }

    /// The numbers of all rows, as far as they could be read.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.wanted.number())
    }

    /// Calls every sheet by its file's name alone, for the folders are this machine's; files of one name are counted.
    pub(super) fn forget_folders(&mut self) {
        let mut names: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for (sheet, _) in &mut self.sheets {
            let file = sheet.file.clone();
            let taken = |name: &str| names.values().any(|known| &**known == name);
            let shown = names.get(&file).cloned().unwrap_or_else(|| {
                let last = Path::new(&*file).file_name().map_or_else(
                    || file.to_string(),
                    |name| name.to_string_lossy().into_owned(),
                );
                let mut name = last.clone();
                let mut count = 1;
                while taken(&name) {
                    count += 1;
                    name = format!("{last} ({count})");
                }
                name.into()
            });
            sheet.file = shown.clone();
            names.insert(file, shown);
        }
        for row in &mut self.rows {
            if let Some((sheet, _)) = self.sheets.get(row.sheet) {
                row.place.file = sheet.file.clone();
            }
        }
    }

    /// The text of the row's cell under this heading; `None` where its sheet has no such heading.
    pub(super) fn cell(&self, index: usize, heading: &str) -> Option<&str> {
        let row = self.rows.get(index)?;
        let (sheet, _) = self.sheets.get(row.sheet)?;
        let column = sheet.headings.iter().position(|known| known == heading)?;
        row.cells().get(column)
    }

    /// Whether nothing keeps any row from being sent.
    pub(super) fn all_valid(&self) -> bool {
        self.rows.iter().all(InputRow::is_valid)
    }

    /// Whether there is anything to send.
    pub(super) fn any_valid(&self) -> bool {
        self.rows.iter().any(InputRow::is_valid)
    }

    /// Every row's line as it stands before the PBX was asked: invalid, or not sent.
    pub(super) fn lines(&self) -> Vec<Outcome> {
        let line = |(index, row): (usize, &InputRow)| {
            let result = if row.is_valid() {
                RowResult::NotSent
            } else {
                RowResult::Invalid
            };
            self.outcome(index, Action::None, result)
        };
        self.rows.iter().enumerate().map(line).collect()
    }

    /// Everything that was read, in one text.
    pub(super) fn fold(&self) -> Vec<u8> {
        let mut all = vec![];
        for cell in self.sheets.iter().flat_map(|(sheet, _)| &sheet.headings) {
            all.extend_from_slice(cell.as_bytes());
            all.push(0);
        }
        for row in &self.rows {
            for cell in (0..row.cells().len()).filter_map(|column| row.cells().get(column)) {
                all.extend_from_slice(cell.as_bytes());
                all.push(0);
            }
            all.push(b'\n');
        }
        all
    }

    /// What each field is called in each sheet.
    pub(super) fn headings(&self) -> Headings {
        let mut headings = Headings::default();
        for (sheet, binding) in &self.sheets {
            let named = binding.fields().filter_map(|(field, column)| {
                Some((field.name().to_owned(), sheet.headings.get(column)?.clone()))
            });
            headings
                .0
                .insert(sheet_key(&sheet.place(0)), named.collect());
        }
        headings
    }

    /// The outcome of a row, to be filled in further. Where it has findings, the first error among them (or else the
    /// first finding) is what its code, field, column and message tell.
    pub(super) fn outcome(&self, index: usize, action: Action, result: RowResult) -> Outcome {
        let row = &self.rows[index];
        let told = row
            .findings
            .iter()
            .find(|finding| finding.is_error())
            .or(row.findings.first());
        let mut outcome = Outcome {
            row: Some(index as u64 + 1),
            place: Some(row.place.clone()),
            number: row.wanted.number().to_owned(),
            ..nothing(action, result)
        };
        if let Some(finding) = told {
            outcome.code = finding.rule.to_string();
            outcome.field = finding.field;
            outcome.column = self.heading(index, finding.field, finding.column);
            outcome.message.clone_from(&finding.message);
            outcome.hint.clone_from(&finding.hint);
        }
        outcome.findings.clone_from(&row.findings);
        outcome
    }

    /// The heading of a row's column or field as it stands in its sheet; empty where it has none.
    pub(super) fn heading(
        &self,
        index: usize,
        field: Option<Field>,
        column: Option<usize>,
    ) -> String {
        let (sheet, binding) = &self.sheets[self.rows[index].sheet];
        let column = column.or_else(|| binding.column_of(field?));
        column
            .and_then(|column| sheet.headings.get(column))
            .cloned()
            .unwrap_or_default()
    }
}

/// Takes back the findings that a field cannot be changed any more, where it holds what is wanted, or where there is no
/// such extension.
pub(super) fn forgive_create_only(
    findings: &mut Vec<Finding>,
    wanted: &Record,
    held: Option<&Record>,
) {
    findings.retain(|finding| {
        let as_wanted = |field| held.is_none_or(|held| held.get(field) == wanted.get(field));
        !(is_create_only(finding) && finding.field.is_none_or(as_wanted))
    });
}

/// Whether a finding says that the field cannot be changed any more.
fn is_create_only(finding: &Finding) -> bool {
    finding.rule.ends_with(".create_only")
}

/// What fields are called in the sheets of a run: known without the sheets too.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Headings(pub(super) BTreeMap<String, BTreeMap<String, String>>);

impl Headings {
    /// The heading of a field in the sheet of a place; empty where it has none.
    pub(super) fn of(&self, place: Option<&Place>, field: Option<Field>) -> String {
        let heading = || self.0.get(&sheet_key(place?))?.get(field?.name());
        heading().cloned().unwrap_or_default()
    }
}

fn sheet_key(place: &Place) -> String {
    match &place.sheet {
        Some(sheet) => format!("{}!{sheet}", place.file),
        None => place.file.to_string(),
    }
}

/// The outcome of something that no row names, with nothing in it yet.
pub(super) fn nothing(action: Action, result: RowResult) -> Outcome {
    Outcome {
        row: None,
        place: None,
        number: String::new(),
        action,
        result,
        code: String::new(),
        field: None,
        column: String::new(),
        message: String::new(),
        hint: String::new(),
        attempts: 0,
        http_status: None,
        vendor_code: None,
        elapsed_ms: None,
        finished_at: Timestamp::now(),
        findings: vec![],
    }
}
