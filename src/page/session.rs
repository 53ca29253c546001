//! The state of the page while it is open: the sheet and its corrections, the choices, the plan that was shown, the result.
//!
//! The files lie in a folder for the owner only, which goes with the page; a run has a folder of its own, as every run.

use super::work::{ImportTask, ShownPlan};
use crate::columns::Mapped;
use crate::disk::{make_private_folder, new_folder, remove_leftover_folders};
use crate::input::{InputOptions, InputRow, InputRows, ReadingOptions, bound};
use crate::lang::keep;
use crate::manifest::{Access, Manifest};
use crate::model::{Field, Finding, Mode, Secret, Severity, heading_key};
use crate::rim::terminal::{OverheardLines, overheard};
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use crate::rules::Country;
use crate::sheet::{Encoding, RepairedCopy, Sheet};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The largest sheet that is taken, in bytes.
pub(super) const SHEET_BYTES_MAX: u64 = 256 << 20;

/// The longest name of a file that is kept.
const NAME_CHARS_MAX: usize = 120;

/// The folder of a page, for its owner only; gone when it is dropped.
pub(super) struct Folder {
    folder: TempDir,
    /// Shows another process that the folder is not left over.
    _lock: Option<File>,
}

impl Folder {
    /// Makes the folder within the one for runs, and removes those of pages that were killed.
    ///
    /// # Errors
    /// Exit 2 where there is no folder for runs, or it cannot be written.
    pub(super) fn make(context: &Context) -> Result<Folder, Failure> {
        let parent = context.state()?.path().join("page");
        let failed = |error: io::Error| Failure::not_written(&parent, &error);
        make_private_folder(&parent).map_err(failed)?;
        remove_leftover_folders(&parent);
        let (folder, lock) = new_folder(&parent).map_err(failed)?;
        Ok(Folder {
            folder,
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a folder in it of this name, and returns its path.
    pub(super) fn below(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        make_private_folder(&path)?;
        Ok(path)
    }
}

/// The name under which a file is kept: the last part of what the browser calls it, without signs that lead elsewhere.
pub(super) fn kept_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = last.trim_start_matches('.').trim();
    let is_odd = |c: char| c.is_control() || c == '\0';
    let skipped = name.chars().count().saturating_sub(NAME_CHARS_MAX);
    let name = name.chars().skip(skipped);
    let name: String = name.map(|c| if is_odd(c) { '_' } else { c }).collect();
    match name.as_str() {
        "" | "-" => "sheet".to_owned(),
        _ => name,
    }
}

/// A row of a sheet: its line, and its position among the rows that begin on that line.
pub(super) type RowKey = (u64, u64);

/// A cell: the index of the sheet in its workbook, its row, its column.
pub(super) type CellKey = (usize, RowKey, usize);

/// Cells that could not have their text, each with the reason.
type NotCorrected = Vec<(CellKey, String)>;

/// The keys of rows, given one after the other.
#[derive(Default)]
struct RowKeys(Option<RowKey>);

impl RowKeys {
    fn next(&mut self, line: u64) -> RowKey {
        let position = match self.0 {
            Some((last, position)) if last == line => position + 1,
            _ => 0,
        };
        *self.0.insert((line, position))
    }
}

/// Writes a copy of a sheet with the corrections of its cells; returns the cells that could not have their text, each with
/// the reason, and the encoding that the copy has to be read in, where that cannot be seen.
fn corrected_copy(
    (index, sheet): (usize, &Sheet),
    edits: &BTreeMap<CellKey, Secret>,
    place: &Path,
) -> Result<(NotCorrected, Option<Encoding>), Failure> {
    let (mut keys, mut refused) = (RowKeys::default(), vec![]);
    let copy = RepairedCopy::write(sheet, place, |row, mends| {
        let key = keys.next(row.line);
        for ((_, _, column), text) in edits.range((index, key, 0)..=(index, key, usize::MAX)) {
            if let Err(why) = mends.put(*column, text.clone()) {
                let cell = sheet.place(row.line).cell(*column);
                refused.push(((index, key, *column), format!("{cell}: {why}")));
            }
        }
    })?;
    let encoding = copy.encoding_to_say(sheet)?;
    copy.keep()?;
    Ok((refused, encoding))
}

/// The sheet that was dropped, with all that was said about it.
pub(super) struct DroppedSheet {
    /// Its name as the browser said it.
    pub(super) name: String,
    original: PathBuf,
    /// The copy with the corrections; none where nothing was corrected.
    copy: Option<PathBuf>,
    copies: u32,
    pub(super) reading: ReadingOptions,
    edits: BTreeMap<CellKey, Secret>,
}

impl DroppedSheet {
    pub(super) fn new(original: PathBuf) -> DroppedSheet {
        let name = original.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        keep([&name]);
        DroppedSheet {
            original,
            copy: None,
            copies: 0,
            reading: ReadingOptions {
                called: Some(name.as_str().into()),
                ..ReadingOptions::default()
            },
            name,
            edits: BTreeMap::new(),
        }
    }

    /// The file as it is now.
    pub(super) fn file(&self) -> &Path {
        self.copy.as_deref().unwrap_or(&self.original)
    }

    pub(super) fn input(&self) -> InputOptions {
        InputOptions {
            sheets: vec![self.file().to_owned()],
            reading: self.reading.clone(),
        }
    }

    /// The failure with the sheet's own name, in the place of the path at which it is kept.
    pub(super) fn named(&self, failure: Failure) -> Failure {
        let path = self.file().display().to_string();
        Failure {
            message: failure.message.replace(&path, &self.name),
            hint: failure.hint.replace(&path, &self.name),
            ..failure
        }
    }

    /// The number of cells that were corrected.
    pub(super) fn corrected(&self) -> usize {
        self.edits.len()
    }

    /// Gives a heading a meaning; none where it is to be found out again.
    pub(super) fn choose(&mut self, heading: &str, mapped: Option<Mapped>) {
        let key = heading_key(heading);
        let map = &mut self.reading.map;
        map.retain(|(known, _)| heading_key(known) != key);
        map.extend(mapped.map(|mapped| (heading.to_owned(), mapped)));
    }

    /// Takes every correction back.
    pub(super) fn take_back(&mut self) {
        self.edits.clear();
        self.copy = None;
    }

    /// Corrects cells, and writes the copy anew. A cell that cannot have its text stays as it is: its cell's name and the
    /// reason are returned.
    ///
    /// # Errors
    /// Exit 2 where the sheet is of a kind that is not written again, or the copy cannot be written.
    pub(super) fn correct(
        &mut self,
        edits: BTreeMap<CellKey, Secret>,
        manifest: &Manifest,
        mode: Mode,
    ) -> Result<Vec<String>, Failure> {
        let mut all = self.edits.clone();
        all.extend(edits);
        let mut input = InputOptions {
            sheets: vec![self.original.clone()],
            reading: ReadingOptions {
                called: None,
                ..self.reading.clone()
            },
        };
        let mut file = self.original.clone();
        let mut refused = vec![];
        let sheets = bound(&input, manifest, mode.allowed_actions())?.len();
        let folder = self.original.parent().unwrap_or(Path::new("."));
        for index in 0..sheets {
            if !all.keys().any(|(sheet, ..)| *sheet == index) {
                continue;
            }
            let opened = bound(&input, manifest, mode.allowed_actions())?;
            let Some((sheet, _)) = opened.get(index) else {
                continue;
            };
            self.copies += 1;
            let place = folder.join(format!("copy{}", self.copies));
            make_private_folder(&place).map_err(|error| Failure::not_written(&place, &error))?;
            let place = place.join(&self.name);
            let (not_put, encoding) = corrected_copy((index, sheet), &all, &place)?;
            refused.extend(not_put);
            if encoding.is_some() {
                self.reading.encoding = encoding;
                input.reading.encoding = encoding;
            }
            input.sheets = vec![place.clone()];
            file = place;
        }
        for (cell, _) in &refused {
            all.remove(cell);
        }
        let before = self.copy.take();
        self.copy = (!all.is_empty()).then_some(file);
        self.edits = all;
        // The copy before this one is read by nobody any more.
        if let Some(folder) = before.as_deref().and_then(Path::parent) {
            let _ = fs::remove_dir_all(folder);
        }
        Ok(refused.into_iter().map(|(_, why)| why).collect())
    }
}

/// Findings of one column and cause.
pub(super) struct FindingKind {
    pub(super) severity: Severity,
    pub(super) column: Option<usize>,
    pub(super) rule: String,
    pub(super) heading: String,
    /// The first of them, whose words stand for all.
    pub(super) first: Finding,
    pub(super) count: usize,
    /// The number of them that have a certain repair.
    pub(super) repairs: usize,
}

/// The rows of the sheet with their findings.
pub(super) struct CheckedRows {
    pub(super) rows: InputRows,
    /// The key of each row in its own sheet.
    pub(super) keys: Vec<RowKey>,
    /// The kinds of findings, errors first, then the most frequent.
    pub(super) kinds: Vec<FindingKind>,
    pub(super) invalid: usize,
    /// The secrets that an extension needs and rows lack, with the number of these rows.
    pub(super) lacking: Vec<(Field, usize)>,
}

/// Sorts the findings of rows by their kinds.
fn kinds_of(rows: &InputRows) -> Vec<FindingKind> {
    let mut kinds: Vec<FindingKind> = vec![];
    let found = rows.rows.iter().enumerate();
    let found = found.flat_map(|(at, row)| row.findings.iter().map(move |finding| (at, finding)));
    for (at, finding) in found {
        let repairs = usize::from(finding.repair.is_some());
        match kinds.iter_mut().find(|kind| kind.has(finding)) {
            Some(kind) => {
                kind.count += 1;
                kind.repairs += repairs;
            }
            None => kinds.push(FindingKind {
                severity: finding.severity,
                column: finding.column,
                rule: finding.rule.to_string(),
                heading: rows.heading(at, finding.field, finding.column),
                first: finding.clone(),
                count: 1,
                repairs,
            }),
        }
    }
    kinds.sort_by_key(|kind| Reverse((kind.severity, kind.count)));
    kinds
}

impl FindingKind {
    /// Returns true if a finding is of this kind.
    pub(super) fn has(&self, finding: &Finding) -> bool {
        let is_same_rule = *self.rule == *finding.rule;
        is_same_rule && self.column == finding.column && self.severity == finding.severity
    }
}

impl CheckedRows {
    fn new(rows: InputRows, manifest: &Manifest, mode: Mode) -> CheckedRows {
        let needed = manifest
            .field
            .iter()
            .filter(|row| row.required && row.name.is_secret() && row.access != Access::ReadOnly);
        let lacking = needed.map(|needed| {
            let lacks = |row: &&InputRow| row.wanted.get(needed.name).is_none();
            (needed.name, rows.rows.iter().filter(lacks).count())
        });
        let lacking = lacking.filter(|(_, count)| *count > 0 && mode.creates());
        let mut keys: BTreeMap<usize, RowKeys> = BTreeMap::new();
        let keys = rows.rows.iter().map(|row| {
            let of_sheet = keys.entry(row.sheet).or_default();
            of_sheet.next(row.place.line)
        });
        CheckedRows {
            keys: keys.collect(),
            kinds: kinds_of(&rows),
            invalid: rows.rows.iter().filter(|row| !row.is_valid()).count(),
            lacking: lacking.collect(),
            rows,
        }
    }
}

/// The choices of the person at the page, and what was made of them.
pub(super) struct PageSession {
    pub(super) sheet: Option<DroppedSheet>,
    /// The target in words.
    pub(super) target: String,
    pub(super) mode: Mode,
    /// The country of the numbers, as it was typed and understood; empty for the target's own.
    pub(super) country: String,
    /// True once the meanings of the headings were confirmed.
    pub(super) headings_seen: bool,
    checked: Option<Arc<CheckedRows>>,
    pub(super) plan: Option<ShownPlan>,
    pub(super) result: Option<ShownEnd>,
    /// Said on the next page, once.
    pub(super) told: Vec<String>,
}

/// The end of a run.
pub(super) struct ShownEnd {
    pub(super) ended: Result<Exit, Failure>,
    /// The run's name; none of a PBX that is simulated in this process.
    pub(super) run: Option<String>,
    pub(super) lines: Vec<String>,
    /// The folder with its report.
    pub(super) files: PathBuf,
}

impl PageSession {
    pub(super) fn new() -> PageSession {
        PageSession {
            sheet: None,
            target: String::new(),
            mode: Mode::Create,
            country: String::new(),
            headings_seen: false,
            checked: None,
            plan: None,
            result: None,
            told: vec![],
        }
    }

    /// Begins with another sheet. The target stays.
    pub(super) fn begin(&mut self, sheet: DroppedSheet) {
        self.sheet = Some(sheet);
        self.headings_seen = false;
        self.result = None;
        self.change();
    }

    /// Forgets what was made of the choices, because one of them has changed.
    pub(super) fn change(&mut self) {
        self.checked = None;
        self.plan = None;
    }

    /// The facts of the target, without its account.
    ///
    /// # Errors
    /// Exit 2 where it cannot be used.
    pub(super) fn facts(&self, context: &Context) -> Result<Target, Failure> {
        Target::without_account(&self.target, context.config(), &PaceOptions::default())
    }

    /// The import as it is chosen by now, for another thread; none where there is no sheet.
    pub(super) fn task(&self, context: &Context) -> Option<ImportTask> {
        let sheet = self.sheet.as_ref()?;
        Some(ImportTask {
            input: sheet.input(),
            target: self.target.clone(),
            mode: self.mode,
            country: self.country.parse::<Country>().ok(),
            context: context.clone(),
        })
    }

    /// The rows of the sheet, checked; once, until something changes.
    ///
    /// # Errors
    /// Exit 2 where the sheet cannot be read, or something has to be asked.
    pub(super) fn checked(&mut self, context: &Context) -> Result<Arc<CheckedRows>, Failure> {
        if let Some(checked) = &self.checked {
            return Ok(checked.clone());
        }
        let Some(task) = self.task(context) else {
            return Err(Failure::usage("there is no sheet yet"));
        };
        let target = self.facts(context)?;
        // Its notes were shown with the headings.
        let rows = overheard(&OverheardLines::default(), || task.rows(&target));
        let rows = rows.map_err(|failure| match &self.sheet {
            Some(sheet) => sheet.named(failure),
            None => failure,
        })?;
        let checked = Arc::new(CheckedRows::new(rows, target.manifest(), self.mode));
        self.checked = Some(checked.clone());
        Ok(checked)
    }
}
