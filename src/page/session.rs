//! The state of the page while it is open: the sheet and its corrections, the choices, the plan that was shown, the result.
//!
//! The files lie in a folder for the owner only, which goes with the page; a run has a folder of its own, as every run.

use super::correction::{CellKey, CopyPlaces, Corrections, WrittenCopy, write_corrected};
use super::work::{
    ImportTask, KeptRows, REJECTS_FILES, REPORT_FILES, RowKey, ShownPlan, TakenOutRow,
};
use crate::columns::Mapped;
use crate::disk::{folder_of, make_private_folder, new_folder, remove_leftover_folders};
use crate::input::{InputOptions, InputRow, InputRows, ReadingOptions};
use crate::lang::{keep, translated};
use crate::ledger::RunEnd;
use crate::manifest::Manifest;
use crate::model::{Field, Finding, Mode, heading_key, with_hint};
use crate::rim::doctor::Check;
use crate::rim::terminal::{OverheardLines, overheard};
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use crate::rules::Country;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// The largest sheet that is taken, in bytes.
pub(super) const SHEET_BYTES_MAX: u64 = 256 << 20;

/// The longest wait for all rows of a long sheet; then the first ones are shown.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The bytes from which on a sheet is long.
const LONG_BYTES: u64 = 512 << 10;

/// The number of rows that are shown first.
const FIRST_ROWS: usize = 50;

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

/// The sheet that was dropped, with all that was said about it.
pub(super) struct DroppedSheet {
    /// Its name as the browser said it.
    pub(super) name: String,
    original: PathBuf,
    /// The copy with the corrections; none where nothing was corrected.
    copy: Option<PathBuf>,
    copies: u32,
    pub(super) reading: ReadingOptions,
    /// True if the accounts are filled in as off because that was the answer to a question about a sheet.
    is_off_by_answer: bool,
    /// The sheets of a workbook of which several can be meant, once that was found.
    pub(super) tables: Vec<String>,
    edits: Corrections,
    /// The corrected cells with their names, in the order of their corrections.
    corrected: Vec<(CellKey, String)>,
    /// The rows that were taken out by hand.
    out: BTreeSet<RowKey>,
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
            is_off_by_answer: false,
            tables: vec![],
            edits: BTreeMap::new(),
            corrected: vec![],
            out: BTreeSet::new(),
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
        let paths = [self.file(), &self.original].map(|path| path.display().to_string());
        let folder = format!("{}/", folder_of(&self.original).display());
        let named = |text: &str| {
            let texts = paths.iter();
            let text = texts.fold(text.to_owned(), |text, path| text.replace(path, &self.name));
            text.replace(&folder, "")
        };
        Failure {
            message: named(&failure.message),
            hint: named(&failure.hint),
            ..failure
        }
    }

    /// The number of cells that were corrected.
    pub(super) fn corrected(&self) -> usize {
        self.edits.len()
    }

    /// The cells that were corrected with their names, the last one first.
    pub(super) fn corrected_cells(&self) -> impl Iterator<Item = (CellKey, &str)> {
        let cells = self.corrected.iter().rev();
        cells.map(|(cell, name)| (*cell, name.as_str()))
    }

    /// Gives a heading a meaning; none where it is to be found out again.
    pub(super) fn choose(&mut self, heading: &str, mapped: Option<Mapped>) {
        let key = heading_key(heading);
        let map = &mut self.reading.map;
        map.retain(|(known, _)| heading_key(known) != key);
        map.extend(mapped.map(|mapped| (heading.to_owned(), mapped)));
    }

    /// Fills a field in where rows have nothing for it, instead of what was filled in before.
    pub(super) fn fill_in(&mut self, field: Field, value: String) {
        self.unfill(field);
        self.reading.fill.push((field, value));
    }

    /// Leaves a field as the rows have it.
    pub(super) fn unfill(&mut self, field: Field) {
        self.reading.fill.retain(|(known, _)| *known != field);
        self.is_off_by_answer &= field != Field::ENABLED;
    }

    /// Has the accounts of all rows off, as the answer to a question about the sheet.
    pub(super) fn answer_off(&mut self) {
        self.fill_in(Field::ENABLED, "off".to_owned());
        self.is_off_by_answer = true;
    }

    /// Returns true if questions about sheets as a whole were answered: that goes for these sheets and this target alone.
    pub(super) fn has_answers(&self) -> bool {
        let (mut rows, fill) = (self.reading.header_rows.iter(), &self.reading.fill);
        let is_off = || fill.iter().any(|(field, _)| *field == Field::ENABLED);
        let has_owner = self.reading.headings.is_some();
        has_owner || self.is_off_by_answer && is_off() || rows.any(|row| row.sheet.is_some())
    }

    /// Forgets the answers to questions about sheets as a whole.
    pub(super) fn forget_answers(&mut self) {
        self.reading.header_rows.retain(|row| row.sheet.is_none());
        self.reading.headings = None;
        if self.is_off_by_answer {
            self.unfill(Field::ENABLED);
        }
    }

    /// The number of rows that were taken out.
    pub(super) fn taken_out(&self) -> usize {
        self.out.len()
    }

    /// Takes a row out.
    pub(super) fn take_out(&mut self, row: RowKey) {
        self.out.insert(row);
    }

    /// Puts a row back that was taken out.
    pub(super) fn put_back(&mut self, row: RowKey) {
        self.out.remove(&row);
    }

    /// Puts every row back that was taken out: for a file whose rows may be other ones now.
    pub(super) fn put_all_back(&mut self) {
        self.out.clear();
    }

    /// Takes every correction back; rows that were taken out stay out.
    pub(super) fn take_back(&mut self) {
        self.edits.clear();
        self.corrected.clear();
        self.replace_copy(None);
    }

    /// Replaces the copy; the one before is read by nobody any more.
    fn replace_copy(&mut self, copy: Option<PathBuf>) {
        if let Some(before) = std::mem::replace(&mut self.copy, copy) {
            self.remove_copy(&before);
        }
    }

    /// Removes a copy with its folder; the original stays.
    fn remove_copy(&self, copy: &Path) {
        if let Some(folder) = copy.parent().filter(|_| copy != self.original) {
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// Writes a copy with these corrections, and no others; returns why cells could not have their text.
    fn put(
        &mut self,
        mut all: Corrections,
        manifest: &Manifest,
        mode: Mode,
    ) -> Result<Vec<String>, Failure> {
        let (mut input, written) = self.write_copy(&all, manifest, mode)?;
        let refused = written.refused;
        all.retain(|cell, _| !refused.contains_key(cell));
        // A cell that cannot have its text keeps the one from before, which may be a correction itself.
        let kept = self
            .edits
            .iter()
            .filter(|(cell, _)| refused.contains_key(cell));
        let kept: Corrections = kept.map(|(cell, text)| (*cell, text.clone())).collect();
        if !kept.is_empty() {
            all.extend(kept);
            if let Some(copy) = input.sheets.first() {
                self.remove_copy(copy);
            }
            let (again, written) = self.write_copy(&all, manifest, mode)?;
            input = again;
            all.retain(|cell, _| !written.refused.contains_key(cell));
        }
        self.reading.encoding = input.reading.encoding;
        let mut file = input.sheets.pop();
        if let Some(copy) = file.take_if(|_| all.is_empty()) {
            self.remove_copy(&copy);
        }
        self.replace_copy(file);
        self.put_in_order(&all, written.names);
        self.edits = all;
        Ok(refused.into_values().collect())
    }

    /// Puts the cells of these corrections in order: those that are new or changed come last.
    fn put_in_order(&mut self, all: &Corrections, mut names: BTreeMap<CellKey, String>) {
        let edits = &self.edits;
        self.corrected
            .retain(|(cell, _)| all.get(cell) == edits.get(cell));
        for (known, _) in &self.corrected {
            names.remove(known);
        }
        names.retain(|cell, _| all.contains_key(cell));
        self.corrected.extend(names);
    }

    /// Writes a copy of the original with these corrections; returns how it is read, and what was written.
    fn write_copy(
        &mut self,
        all: &Corrections,
        manifest: &Manifest,
        mode: Mode,
    ) -> Result<(InputOptions, WrittenCopy), Failure> {
        let mut input = InputOptions {
            sheets: vec![self.original.clone()],
            reading: ReadingOptions {
                called: None,
                ..self.reading.clone()
            },
        };
        let mut places = CopyPlaces {
            folder: folder_of(&self.original),
            name: &self.name,
            count: &mut self.copies,
            made: vec![],
        };
        let read_for = (manifest, mode.allowed_actions());
        let if_other_rows = match all.len() < self.edits.len() {
            true => "take the corrections back that were made after it first",
            false => "take rows out in the sheet itself, and drop it again",
        };
        let written = write_corrected(&mut input, all, read_for, &mut places, if_other_rows);
        // The last copy alone is read, and none where it failed.
        let kept = input.sheets.first().and_then(|copy| copy.parent());
        let kept = kept.filter(|_| written.is_ok());
        for folder in places.made.iter().filter(|it| kept != Some(it.as_path())) {
            let _ = fs::remove_dir_all(folder);
        }
        Ok((input, written?))
    }
}

impl Drop for DroppedSheet {
    /// Removes the sheet and its copies.
    fn drop(&mut self) {
        if let Some(folder) = self.original.parent().filter(|it| it.is_absolute()) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Findings of one column and cause.
pub(super) struct FindingKind {
    /// The word that names it in forms, whatever else is found.
    pub(super) key: String,
    pub(super) heading: String,
    /// The first of them, whose words stand for all.
    pub(super) first: Finding,
    pub(super) count: usize,
    /// The number of them that have a certain repair.
    pub(super) repairs: usize,
    /// The number of them that have a probable repair, which is to be looked at.
    pub(super) proposals: usize,
    /// The row of the first one that has a repair of either kind, and that finding.
    pub(super) example: Option<(usize, Finding)>,
}

/// The rows of the sheet with their findings.
pub(super) struct CheckedRows {
    pub(super) rows: InputRows,
    /// The position of each row among the rows of its own sheet.
    pub(super) positions: Vec<usize>,
    /// The rows that were taken out by hand.
    pub(super) taken_out: Vec<TakenOutRow>,
    /// The kinds of findings, errors first, then the most frequent.
    pub(super) kinds: Vec<FindingKind>,
    pub(super) invalid: usize,
    /// The secrets that an extension needs and rows lack, with the number of these rows.
    pub(super) lacking: Vec<(Field, usize)>,
}

/// The key of a finding's kind.
fn key_of(finding: &Finding) -> String {
    let column = finding
        .column
        .map_or(String::new(), |column| column.to_string());
    format!("{}/{column}/{}", finding.severity.word(), finding.rule)
}

/// Sorts the findings of rows by their kinds.
fn kinds_of(rows: &InputRows) -> Vec<FindingKind> {
    let mut kinds: Vec<FindingKind> = vec![];
    let found = rows.rows.iter().enumerate();
    let found = found.flat_map(|(at, row)| row.findings.iter().map(move |finding| (at, finding)));
    for (at, finding) in found {
        let repairs = usize::from(finding.repair.is_some());
        let proposals = usize::from(finding.proposal.is_some());
        let example = || (repairs + proposals > 0).then(|| (at, finding.clone()));
        match kinds.iter_mut().find(|kind| kind.has(finding)) {
            Some(kind) => {
                kind.count += 1;
                kind.repairs += repairs;
                kind.proposals += proposals;
                kind.example = kind.example.take().or_else(example);
            }
            None => kinds.push(FindingKind {
                key: key_of(finding),
                heading: match rows.may_show_headings(rows.rows[at].sheet) {
                    true => rows.heading(at, finding.field, finding.column),
                    false => String::new(),
                },
                first: finding.clone(),
                count: 1,
                repairs,
                proposals,
                example: example(),
            }),
        }
    }
    kinds.sort_by_key(|kind| Reverse((kind.first.severity, kind.count)));
    kinds
}

impl FindingKind {
    /// Returns true if a finding is of this kind.
    pub(super) fn has(&self, finding: &Finding) -> bool {
        let first = &self.first;
        first.rule == finding.rule
            && first.column == finding.column
            && first.severity == finding.severity
    }
}

impl CheckedRows {
    /// The kind that a form names.
    pub(super) fn kind(&self, key: &str) -> Option<&FindingKind> {
        self.kinds.iter().find(|kind| kind.key == key)
    }

    fn new(kept: KeptRows, manifest: &Manifest, mode: Mode) -> CheckedRows {
        let rows = kept.rows;
        let lacking = manifest.needed_secrets().map(|secret| {
            let lacks = |row: &&InputRow| row.wanted.get(secret).is_none();
            (secret, rows.rows.iter().filter(lacks).count())
        });
        let lacking = lacking.filter(|(_, count)| *count > 0 && mode.creates());
        CheckedRows {
            positions: kept.positions,
            taken_out: kept.taken_out,
            kinds: kinds_of(&rows),
            invalid: rows.rows.iter().filter(|row| !row.is_valid()).count(),
            lacking: lacking.collect(),
            rows,
        }
    }

    /// Replaces what was found in each row; `found` becomes what was found before.
    fn find(&mut self, found: &mut [Vec<Finding>]) {
        for (row, found) in self.rows.rows.iter_mut().zip(found) {
            std::mem::swap(&mut row.findings, found);
        }
        self.kinds = kinds_of(&self.rows);
        let rows = self.rows.rows.iter();
        self.invalid = rows.filter(|row| !row.is_valid()).count();
    }
}

/// The rows of the sheet, as far as they are checked by now.
pub(super) enum RowsByNow {
    Whole(Arc<CheckedRows>),
    /// The first of them; the others are checked meanwhile.
    First(Arc<CheckedRows>),
}

/// Rows that are being checked on a thread of their own.
#[derive(Default)]
struct ComingRows {
    checked: Mutex<Option<Result<Arc<CheckedRows>, Failure>>>,
    is_there: Condvar,
}

impl ComingRows {
    /// Puts them there, where nothing is there yet.
    fn put(&self, checked: Result<Arc<CheckedRows>, Failure>) {
        let mut own = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        own.get_or_insert(checked);
        self.is_there.notify_all();
    }

    /// Waits for them, for so long at most where a time is given.
    fn wait(&self, time: Option<Duration>) -> Option<Result<Arc<CheckedRows>, Failure>> {
        let own = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_away = |own: &mut Option<_>| own.is_none();
        let own = match time {
            Some(time) => {
                let waited = self.is_there.wait_timeout_while(own, time, is_away);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.is_there.wait_while(own, is_away);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        own.clone()
    }
}

/// Rows that somebody owes. Once this is dropped, they or a failure are there, however that comes.
struct OwedRows(Arc<ComingRows>);

impl Drop for OwedRows {
    fn drop(&mut self) {
        let failure = Failure::usage("the check of the rows ended by a fault of its own");
        self.0.put(Err(failure.hint("drop the sheet again")));
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
    /// The check that goes on behind the page.
    coming: Option<Arc<ComingRows>>,
    /// The first rows, checked alone, while all are.
    first: Option<Arc<CheckedRows>>,
    /// Counts the changes: what a form was made for.
    generation: u64,
    pub(super) plan: Option<ShownPlan>,
    /// The findings of each row by the sheet alone, while those of a plan stand at the cells.
    found_by_sheet: Option<Vec<Vec<Finding>>>,
    pub(super) result: Option<ShownEnd>,
    /// The checks of the last check-up.
    pub(super) checks: Option<Vec<Check>>,
    /// Said on the next page, once.
    pub(super) told: Vec<String>,
}

/// The files of a run that was begun on the page, in a folder of their own; gone when they are dropped.
pub(super) struct RunFiles {
    folder: PathBuf,
    /// The name of the corrected sheet as the run read it; none where nothing was corrected.
    corrected: Option<String>,
    /// The number of rows that were taken out by hand, and still stand in that sheet.
    pub(super) taken_out: usize,
}

impl RunFiles {
    /// The name of the corrected sheet in the folder, whatever it is called.
    const CORRECTED: &str = "corrected";

    /// Keeps what an import is about to read, in this folder.
    ///
    /// # Errors
    /// Exit 2 where that cannot be kept.
    pub(super) fn keep(folder: PathBuf, task: &ImportTask) -> Result<RunFiles, Failure> {
        let sheet = task.input.sheets.first().filter(|_| task.is_corrected);
        let mut files = RunFiles {
            folder,
            corrected: None,
            taken_out: task.out.len(),
        };
        if let Some(sheet) = sheet {
            let kept = files.folder.join(RunFiles::CORRECTED);
            // Nobody writes into a copy again, so another name of it is enough.
            let linked = fs::hard_link(sheet, &kept);
            let linked = linked.or_else(|_| fs::copy(sheet, &kept).map(drop));
            linked.map_err(|error| Failure::not_written(&kept, &error))?;
            let name = sheet.file_name().unwrap_or_default();
            files.corrected = Some(name.to_string_lossy().into_owned());
        }
        Ok(files)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns true if it has a corrected sheet.
    pub(super) fn has_corrected(&self) -> bool {
        self.corrected.is_some()
    }

    /// The reports and rejects that are there, by their names.
    pub(super) fn written(&self) -> impl Iterator<Item = &'static str> {
        let names = REPORT_FILES.into_iter().chain(REJECTS_FILES);
        names.filter(|name| self.folder.join(name).is_file())
    }

    /// Removes the file with the rows that are not done, where every row is: it has headings alone.
    pub(super) fn remove_rejects(&self) {
        for name in REJECTS_FILES {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }

    /// The name and the bytes of a file that the result names.
    pub(super) fn read(&self, named: &str) -> Option<(&str, Vec<u8>)> {
        let (name, file) = match named {
            RunFiles::CORRECTED => (self.corrected.as_deref()?, RunFiles::CORRECTED),
            _ => self
                .written()
                .find(|name| *name == named)
                .map(|it| (it, it))?,
        };
        let bytes = fs::read(self.folder.join(file)).ok()?;
        Some((name, bytes))
    }
}

impl Drop for RunFiles {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The end of a run.
pub(super) struct ShownEnd {
    /// Names it in the addresses of its files.
    pub(super) id: String,
    pub(super) ended: Result<Exit, Failure>,
    /// The run's name; none of a PBX that is simulated in this process.
    pub(super) run: Option<String>,
    /// The end that its ledger had then: another one is newer.
    pub(super) in_ledger: Option<RunEnd>,
    /// False where it was to be written down before anything is sent, and was not.
    pub(super) has_begun: bool,
    /// True where it was paused, if it had not ended by then.
    pub(super) is_paused: bool,
    /// The number of rows of each result, in words.
    pub(super) counts: Vec<String>,
    pub(super) lines: Vec<String>,
    /// Its files, where it was begun on the page.
    pub(super) files: Option<RunFiles>,
}

impl ShownEnd {
    /// The exit that a command would have.
    pub(super) fn exit(&self) -> Exit {
        match &self.ended {
            Ok(exit) => *exit,
            Err(failure) => failure.exit,
        }
    }
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
            coming: None,
            first: None,
            generation: 0,
            plan: None,
            found_by_sheet: None,
            result: None,
            checks: None,
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

    /// Changes the corrections of the sheet, and writes the copy anew. A cell that cannot have its text stays as it is: its
    /// cell's name and the reason are returned.
    ///
    /// # Errors
    /// Exit 2 where the sheet is of a kind that is not written again, the copy cannot be written, or it has other rows.
    pub(super) fn correct(
        &mut self,
        manifest: &Manifest,
        change: impl FnOnce(&mut Corrections),
    ) -> Result<Vec<String>, Failure> {
        let Some(sheet) = &mut self.sheet else {
            return Ok(vec![]);
        };
        let mut all = sheet.edits.clone();
        change(&mut all);
        let refused = sheet.put(all, manifest, self.mode)?;
        self.change();
        Ok(refused)
    }

    /// Forgets what was made of the choices, because one of them has changed.
    pub(super) fn change(&mut self) {
        self.generation += 1;
        (self.checked, self.coming, self.first) = (None, None, None);
        (self.plan, self.found_by_sheet) = (None, None);
    }

    /// Shows a plan that was made. What it found by what the PBX has stands at the cells until the plan is forgotten.
    pub(super) fn show_plan(&mut self, mut plan: ShownPlan) {
        self.forget_plan();
        self.coming = None;
        let mut found = std::mem::take(&mut plan.found);
        if let Some(checked) = self.checked.as_mut().and_then(Arc::get_mut)
            && checked.rows.rows.len() == found.len()
        {
            checked.find(&mut found);
            self.found_by_sheet = Some(found);
        }
        self.plan = Some(plan);
    }

    /// Forgets the plan, with what it found at the cells.
    pub(super) fn forget_plan(&mut self) {
        self.plan = None;
        let Some(mut found) = self.found_by_sheet.take() else {
            return;
        };
        match self.checked.as_mut().and_then(Arc::get_mut) {
            Some(checked) => checked.find(&mut found),
            // The rows are checked anew when they are looked at.
            None => self.checked = None,
        }
    }

    /// Returns true if some row can go by the sheet alone, and it was the plan that found otherwise: the PBX may have
    /// changed since.
    pub(super) fn may_ask_again(&self) -> bool {
        let is_valid = |found: &Vec<Finding>| !found.iter().any(Finding::is_error);
        let rows = self.found_by_sheet.as_ref();
        rows.is_some_and(|rows| rows.iter().any(is_valid))
    }

    /// The number of changes so far, in the words of a form.
    pub(super) fn generation(&self) -> String {
        self.generation.to_string()
    }

    /// The facts of the target, without its account.
    ///
    /// # Errors
    /// Exit 2 where it cannot be used.
    pub(super) fn facts(&self, context: &Context) -> Result<Target, Failure> {
        Target::without_account(&self.target, context.config(), &PaceOptions::default())
    }

    /// Returns true if the target is a PBX that is simulated in this process.
    pub(super) fn is_rehearsal(&self, context: &Context) -> bool {
        self.facts(context).is_ok_and(|target| target.is_sim())
    }

    /// The import as it is chosen by now, for another thread; none where there is no sheet.
    pub(super) fn task(&self, context: &Context) -> Option<ImportTask> {
        let sheet = self.sheet.as_ref()?;
        Some(ImportTask {
            input: sheet.input(),
            is_corrected: sheet.corrected() > 0,
            out: sheet.out.clone(),
            target: self.target.clone(),
            mode: self.mode,
            country: self.country.parse::<Country>().ok(),
            context: context.clone(),
        })
    }

    /// Says a failure on the next page, with what to do about it.
    pub(super) fn tell_failure(&mut self, failure: &Failure) {
        let (message, hint) = (translated(&failure.message), translated(&failure.hint));
        self.told.push(with_hint(&message, &hint));
    }

    /// A failure that names the sheet as the browser did.
    pub(super) fn named(&self, failure: Failure) -> Failure {
        match &self.sheet {
            Some(sheet) => sheet.named(failure),
            None => failure,
        }
    }

    /// The check of the rows, begun where it was not.
    ///
    /// # Errors
    /// Exit 2 where there is no sheet, the target cannot be used, or no thread can be started.
    fn coming(&mut self, context: &Context) -> Result<Arc<ComingRows>, Failure> {
        if let Some(coming) = &self.coming {
            return Ok(coming.clone());
        }
        let (task, target, mode) = (self.needed_task(context)?, self.facts(context)?, self.mode);
        let coming = Arc::new(ComingRows::default());
        let own = OwedRows(coming.clone());
        let check = move || {
            // Its notes were shown with the headings.
            let rows = overheard(&OverheardLines::default(), || task.rows(&target));
            own.0
                .put(rows.map(|rows| Arc::new(CheckedRows::new(rows, target.manifest(), mode))));
        };
        let thread = thread::Builder::new().name("page-rows".to_owned());
        thread.spawn(check).map_err(Failure::usage)?;
        self.coming = Some(coming.clone());
        Ok(coming)
    }

    fn needed_task(&self, context: &Context) -> Result<ImportTask, Failure> {
        let task = self.task(context);
        task.ok_or_else(|| Failure::usage("there is no sheet yet"))
    }

    /// The rows of the sheet, checked; once, until something changes.
    ///
    /// # Errors
    /// Exit 2 where the sheet cannot be read, or something has to be asked.
    pub(super) fn checked(&mut self, context: &Context) -> Result<Arc<CheckedRows>, Failure> {
        match self.checked_within(context, None)? {
            Some(checked) => Ok(checked),
            None => Err(Failure::usage("the page could not be made")),
        }
    }

    /// The rows once they are checked, where that takes no longer than this.
    fn checked_within(
        &mut self,
        context: &Context,
        time: Option<Duration>,
    ) -> Result<Option<Arc<CheckedRows>>, Failure> {
        if let Some(checked) = &self.checked {
            return Ok(Some(checked.clone()));
        }
        let checked = self.coming(context)?.wait(time).transpose();
        self.checked = checked.map_err(|failure| self.named(failure))?;
        Ok(self.checked.clone())
    }

    /// The rows of the sheet as far as they are checked by now: of a long sheet the first ones, while the rest is checked.
    ///
    /// # Errors
    /// As of [`PageSession::checked`].
    pub(super) fn rows_by_now(&mut self, context: &Context) -> Result<RowsByNow, Failure> {
        let file = self.sheet.as_ref().map(DroppedSheet::file);
        let bytes = file.and_then(|file| fs::metadata(file).ok());
        let is_long = bytes.is_some_and(|about| about.len() >= LONG_BYTES);
        if let Some(checked) = self.checked_within(context, is_long.then_some(FIRST_WAIT))? {
            return Ok(RowsByNow::Whole(checked));
        }
        if let Some(first) = &self.first {
            return Ok(RowsByNow::First(first.clone()));
        }
        let (task, target) = (self.needed_task(context)?, self.facts(context)?);
        let rows = overheard(&OverheardLines::default(), || {
            task.first_rows(&target, FIRST_ROWS)
        });
        let rows = rows.map_err(|failure| self.named(failure))?;
        let first = Arc::new(CheckedRows::new(rows, target.manifest(), self.mode));
        self.first = Some(first.clone());
        Ok(RowsByNow::First(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_breaks_off_is_not_waited_for() {
        let coming = Arc::new(ComingRows::default());
        let own = OwedRows(coming.clone());
        let check = thread::spawn(move || {
            let _own = own;
            panic!("as a fault of the check");
        });
        let checked = coming.wait(Some(Duration::from_secs(20)));
        assert!(check.join().is_err());
        let failure = checked.map(|checked| checked.map(drop).unwrap_err());
        let message = failure.map(|failure| failure.message);
        let told = "the check of the rows ended by a fault of its own";
        assert_eq!(message.as_deref(), Some(told));
    }
}
