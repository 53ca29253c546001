//! The plan and the run, made by the library's own planners and carried out by its one run.

use super::job::PageJob;
use crate::digest::sha256_hex;
use crate::input::{InputOptions, InputRow, InputRows, open_sheets};
use crate::lang::translated;
use crate::link::StopFlag;
use crate::model::{
    Action, Change, Field, Finding, Mode, Place, PlannedRow, RowResult, RunCommand, RunMode,
    Severity, counted, shell_word,
};
use crate::plan::guard::{Exceeded, guard};
use crate::plan::import::plan_import;
use crate::plan::render::{Detail, PlanLine, lines};
use crate::plan::{Plan, Refusal};
use crate::rim::terminal::print;
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use crate::rules::Country;
use crate::run::{GuardOptions, ReportOptions, Run, RunRequest};
use crate::sheet::Format;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The names of a run's reports: for people, and as a table.
pub(super) const REPORT_FILES: [&str; 2] = ["report.html", "report.csv"];

/// The names of the file for its rows that are not done, for a workbook and for any other sheet.
pub(super) const REJECTS_FILES: [&str; 2] = ["rejects.xlsx", "rejects.csv"];

/// A row of the sheet: the index of the sheet in its workbook, and the position of the row among the rows of that sheet.
pub(super) type RowKey = (usize, usize);

/// The most rows that are named where they were taken out.
const NAMED_MAX: usize = 20;

/// A row that was taken out by hand.
pub(super) struct TakenOutRow {
    pub(super) key: RowKey,
    pub(super) place: Place,
    pub(super) number: String,
}

/// The rows of a sheet without those that were taken out by hand.
pub(super) struct KeptRows {
    pub(super) rows: InputRows,
    /// The position of each row among the rows of its own sheet.
    pub(super) positions: Vec<usize>,
    pub(super) taken_out: Vec<TakenOutRow>,
}

/// The keys of all rows.
fn keys_of(rows: &[InputRow]) -> Vec<RowKey> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let keys = rows.iter().map(|row| {
        let count = counts.entry(row.sheet).or_default();
        *count += 1;
        (row.sheet, *count - 1)
    });
    keys.collect()
}

impl KeptRows {
    fn new(mut rows: InputRows) -> KeptRows {
        let (mut kept, mut positions, mut taken_out) = (vec![], vec![], vec![]);
        let keys = keys_of(&rows.rows);
        for (row, key) in std::mem::take(&mut rows.rows).into_iter().zip(keys) {
            match row.is_taken_out {
                true => taken_out.push(TakenOutRow {
                    key,
                    number: rows.shown_number(&row),
                    place: row.place,
                }),
                false => {
                    kept.push(row);
                    positions.push(key.1);
                }
            }
        }
        rows.rows = kept;
        KeptRows {
            rows,
            positions,
            taken_out,
        }
    }
}

/// The rows that were taken out, counted, with the places of the first ones; empty where there are none.
fn taken_out_words(rows: &InputRows) -> String {
    let out = || rows.rows.iter().filter(|row| row.is_taken_out);
    let places = out().take(NAMED_MAX).map(|row| row.place.to_string());
    let mut named = places.collect::<Vec<_>>().join(", ");
    if out().count() > NAMED_MAX {
        named.push_str(" …");
    }
    match out().count() {
        0 => String::new(),
        1 => format!("1 row: {named}"),
        count => format!("{count} rows: {named}"),
    }
}

/// The way to import on the terminal what the page does not send. The rows that were taken out still stand in the sheet.
fn way_to_import(out: u64, flag: &str) -> String {
    match out {
        0 => format!("if that is meant, import the corrected sheet on the terminal, with {flag}"),
        _ => format!(
            "taken out by hand and still in the corrected sheet: {}; if that is meant, delete them in the sheet itself \
             first, and then import it on the terminal, with {flag}",
            counted(out, "row")
        ),
    }
}

/// The note about rows that were taken out.
fn taken_out_note(words: &str) -> Option<String> {
    (!words.is_empty()).then(|| format!("taken out by hand: {words}"))
}

/// An import as it was chosen.
pub(super) struct ImportTask {
    pub(super) input: InputOptions,
    /// True where cells of the sheet were corrected.
    pub(super) is_corrected: bool,
    /// The rows that were taken out by hand.
    pub(super) out: BTreeSet<RowKey>,
    pub(super) target: String,
    pub(super) mode: Mode,
    pub(super) country: Option<Country>,
    pub(super) context: Context,
}

/// A plan as it is shown.
pub(super) struct ShownPlan {
    /// The digest of what is shown: only this is carried out.
    pub(super) id: String,
    pub(super) lines: Vec<PlanLine>,
    pub(super) notes: Vec<String>,
    /// The question before the first change is sent.
    pub(super) question: String,
    /// The reason why the run would be refused; none where it would not.
    pub(super) exceeded: Option<String>,
    /// The number of changes by what they do.
    pub(super) creations: usize,
    pub(super) updates: usize,
    /// The number of rows that cannot go, whatever the mode, as is known by what the PBX has.
    pub(super) left: usize,
    /// The findings of each row that was not taken out, by what the PBX has; none where it was not asked.
    pub(super) found: Vec<Vec<Finding>>,
}

impl ShownPlan {
    pub(super) fn changes(&self) -> usize {
        self.creations + self.updates
    }
}

/// Returns true for a row that cannot go whatever the mode: it is wrong, or the plan found that the PBX would refuse it.
fn cannot_go(row: &PlannedRow) -> bool {
    let result = row.outcome.result;
    let is_of_mode = matches!(result, RowResult::Conflict | RowResult::Missing);
    row.certain_change().is_none() && !result.is_done() && !is_of_mode
}

/// The findings of the rows that were not taken out, by what the PBX has.
#[derive(Default)]
struct PlanFindings {
    /// By the rows' positions, each with its sheet.
    of_rows: Vec<(usize, usize, Vec<Finding>)>,
    /// The column of each field, by sheets.
    columns: Vec<BTreeMap<Field, usize>>,
}

impl PlanFindings {
    fn new(rows: &InputRows) -> PlanFindings {
        let kept = rows.rows.iter().enumerate();
        let kept = kept.filter(|(_, row)| !row.is_taken_out);
        let sheets = rows.sheets.iter();
        PlanFindings {
            of_rows: kept
                .map(|(position, row)| (position, row.sheet, row.findings.clone()))
                .collect(),
            columns: sheets
                .map(|(_, binding)| binding.origins().collect())
                .collect(),
        }
    }

    /// The findings of each row, and of rows that the PBX would refuse its reason.
    fn with_refusals(self, plan: &Plan) -> Vec<Vec<Finding>> {
        let PlanFindings { of_rows, columns } = self;
        let of_row = |(position, sheet, mut findings): (usize, usize, Vec<Finding>)| {
            let refused = plan.rows.get(position).filter(|row| cannot_go(row));
            let is_wrong = findings.iter().any(Finding::is_error);
            if let Some(PlannedRow { outcome, .. }) = refused.filter(|_| !is_wrong) {
                let columns = columns.get(sheet);
                let column = columns.and_then(|columns| columns.get(&outcome.field?).copied());
                let finding = Finding::new(
                    outcome.code.clone(),
                    Severity::Error,
                    outcome.message.clone(),
                );
                findings.push(
                    finding
                        .about(outcome.field, column)
                        .hint(outcome.hint.clone()),
                );
            }
            findings
        };
        of_rows.into_iter().map(of_row).collect()
    }
}

/// Every line of a plan.
fn shown(plan: &Plan, target: &Target) -> Vec<PlanLine> {
    let all = Detail {
        all: true,
        short: false,
    };
    lines(&plan.rows, target.manifest(), all)
}

/// The digest of a plan's lines and of the PBX that it is for.
fn id_of(lines: &[PlanLine], target: &Target) -> String {
    let mut text = target.identity();
    for line in lines {
        text.push('\n');
        text.push_str(&line.text);
    }
    sha256_hex(text.as_bytes())
}

/// The file for the rows that are not done, of the sheet's own kind where that can be written.
fn rejects_file(sheet: &Path) -> &'static str {
    let name = sheet.to_string_lossy();
    let format = Format::to_write(&name);
    let [workbook, other] = REJECTS_FILES;
    match format.is_some_and(Format::is_workbook) {
        true => workbook,
        false => other,
    }
}

impl ImportTask {
    /// Reads and checks the rows.
    ///
    /// # Errors
    /// Exit 2 where the sheet cannot be read, or something has to be asked.
    pub(super) fn rows(&self, target: &Target) -> Result<KeptRows, Failure> {
        Ok(KeptRows::new(self.all_rows(target)?))
    }

    fn all_rows(&self, target: &Target) -> Result<InputRows, Failure> {
        let manifest = target.manifest();
        let sheets = open_sheets(&self.input, manifest, self.mode.allowed_actions())?;
        Ok(self.checked(InputRows::read(sheets, manifest)?, target))
    }

    /// All rows, where none is a title which says that the rows below it are not meant: it can be taken out. Those that were
    /// are among them, because each row has its line in the report.
    fn rows_to_send(&self, target: &Target) -> Result<InputRows, Failure> {
        let rows = self.all_rows(target)?;
        rows.refuse_below_titles()?;
        Ok(rows)
    }

    /// Marks the rows that were taken out, and checks the others.
    fn checked(&self, rows: InputRows, target: &Target) -> InputRows {
        let mut rows = rows.in_country(self.country.or(target.country));
        let keys = keys_of(&rows.rows);
        for (row, key) in rows.rows.iter_mut().zip(&keys) {
            row.is_taken_out = self.out.contains(key);
        }
        let purpose = self.mode.unseen_purpose();
        rows.check(target.manifest(), |_| purpose, None);
        rows
    }

    /// Reads and checks the first rows alone, at least so many where there are so many.
    ///
    /// # Errors
    /// As of [`ImportTask::rows`].
    pub(super) fn first_rows(&self, target: &Target, least: usize) -> Result<KeptRows, Failure> {
        let manifest = target.manifest();
        let sheets = open_sheets(&self.input, manifest, self.mode.allowed_actions())?;
        let rows = InputRows::read_first(sheets, manifest, least)?;
        Ok(KeptRows::new(self.checked(rows, target)))
    }

    fn resolved(&self) -> Result<Target, Failure> {
        Target::resolve(&self.target, self.context.config(), &PaceOptions::default())
    }

    /// Plans the import: asks the PBX, and changes nothing.
    ///
    /// # Errors
    /// Exit 2 or 3.
    pub(super) fn plan(&self, stop: &StopFlag) -> Result<ShownPlan, Failure> {
        let target = self.resolved()?;
        let request = self.request(&target, ReportOptions::default());
        let rows = self.rows_to_send(&target)?;
        let taken_out = taken_out_note(&taken_out_words(&rows));
        let out = rows.rows.iter().filter(|row| row.is_taken_out).count() as u64;
        let mut found = PlanFindings::default();
        let plan = match rows.any_valid() {
            true => {
                let mut run = Run::new(&request, &self.context, stop).of_rows(rows);
                let plan = run.plan(|rows, session| {
                    let planned = plan_import(rows, self.mode, false, false, session);
                    found = PlanFindings::new(rows);
                    planned
                });
                plan.map_err(|refusal| refusal.failure)?
            }
            // Without a valid row the PBX need not be asked.
            false => Plan::without_changes(&rows),
        };
        let changes = plan.changes();
        let count = |action| {
            changes
                .iter()
                .filter(|change| change.action == action)
                .count()
        };
        let exceeded = guard(&changes, plan.on_pbx, &request.guard.budget).err();
        let lines = shown(&plan, &target);
        let left = plan.rows.iter().filter(|row| cannot_go(row));
        let notes = plan.notes.iter().chain(&plan.shortfall);
        let advice = request.advice(changes.iter().map(|change: &Change| change.action));
        let notes = taken_out.into_iter().chain(notes.cloned()).chain(advice);
        Ok(ShownPlan {
            id: id_of(&lines, &target),
            notes: notes.map(|note| translated(&note).into_owned()).collect(),
            question: request.question("", &changes),
            exceeded: exceeded.map(|exceeded| {
                let told = translated(&exceeded.to_string()).into_owned();
                let flags = self.flags(&exceeded);
                format!("{told}; {}", translated(&way_to_import(out, &flags)))
            }),
            creations: count(Action::Create),
            updates: count(Action::Update),
            left: left.count(),
            found: found.with_refusals(&plan),
            lines,
        })
    }

    /// The flags with which the terminal makes the same import, past the limit that it exceeds.
    fn flags(&self, exceeded: &Exceeded) -> String {
        let country = self.country.iter();
        let country = country.flat_map(|country| ["--country", country.name()]);
        let limit = exceeded.wanted.to_string();
        let own = ["--mode", self.mode.word()].into_iter().chain(country);
        let own = own.chain([exceeded.flag, &limit]).map(str::to_owned);
        let words = own.chain(self.input.reading.words());
        let words: Vec<String> = words.map(|word| shell_word(&word).into_owned()).collect();
        words.join(" ")
    }

    fn request<'t>(&self, target: &'t Target, report: ReportOptions) -> RunRequest<'t> {
        RunRequest {
            mode: RunMode::Import(self.mode),
            ..RunRequest::new(RunCommand::Import, target, report)
        }
    }

    /// Carries the import out, if its plan is still the one that was shown. A rehearsal's report goes into `files`.
    ///
    /// # Errors
    /// Exit 2, 3 or 4; exit 3 also where the PBX has changed since the plan was shown.
    pub(super) fn carry_out(
        &self,
        plan: &str,
        files: &Path,
        job: &PageJob,
    ) -> Result<Exit, Failure> {
        let target = self.resolved()?;
        // A run with a ledger is resumed without the page's folder, and its report is written again from the ledger.
        let files = Some(files).filter(|_| target.is_sim());
        let reports = files
            .iter()
            .flat_map(|files| REPORT_FILES.map(|name| files.join(name)));
        let report = ReportOptions {
            files: reports.collect(),
            json: false,
        };
        let rejects = self.input.sheets.first().map(|sheet| rejects_file(sheet));
        let rows = self.rows_to_send(&target)?;
        let taken_out = taken_out_words(&rows);
        taken_out_note(&taken_out).iter().for_each(print);
        let request = RunRequest {
            rejects: files.zip(rejects).map(|(files, name)| files.join(name)),
            keeps_cells: true,
            taken_out,
            // She has answered the question on the page.
            guard: GuardOptions {
                yes: true,
                ..GuardOptions::default()
            },
            ..self.request(&target, report)
        };
        let prepared = request.prepare_outputs(&rows, None, None, &self.context);
        let run = Run::new(&request, &self.context, &job.stop)
            .watched_by(Some(&job.watched))
            .of_rows(rows);
        if let Err(failure) = prepared {
            return run.refuse_outputs(failure);
        }
        run.execute(|rows, session| {
            let planned = plan_import(rows, self.mode, false, false, session)?;
            match id_of(&shown(&planned, &target), &target) == plan {
                true => Ok(planned),
                false => Err(Refusal::new(
                    "drifted",
                    Failure::target(
                        "the PBX has changed since the plan was shown; nothing was sent",
                    )
                    .hint("look at the new plan, and begin again"),
                )),
            }
        })
    }
}
