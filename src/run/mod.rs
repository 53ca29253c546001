//! Carries a plan out: guard, ask, write down, send, report. Every command that writes is a planner and the one
//! `Run::execute`.
//!
//! - `request`: the request of the command.
//! - `execution`: changes on their way to the target.
//! - `apply`: the step that brings them into effect, where the PBX wants one.
//! - `resume`: resumes a run that was cut off or stopped.
//! - `past`: an earlier run, and the PBX that it belongs to.
//! - `rows`: the rows of a run, compared with the PBX of today; `remaining`: their changes that are still to be sent.
//! - `ringing`: asks by SIP if extensions ring; `ring_rows` asks about the rows of sheets.
//! - `memberships`: the groups that are looked at once more at the run's end.
//! - `into_file`: rows that go into a product's import file, and not to a PBX.
//! - [`journal`]: the run's ledger while it is at work; `listing`: runs as they are listed, each
//!   with its `state`.
//! - `results` and `rejects`: the destinations of outcomes.
//! - `report_head`: the head of a run's report.
//! - `report_again`: a run's report, written again from its ledger; `rejects_again`: so are its rows that are not done.
//! - `shown_plan`: a plan on the terminal.
//! - `undo`: takes a run back.
//! - `watched`: a run as it is watched while it is at work.
//! - `secrets_file`: the generated secrets, and `recipients` to whom they are encrypted.
//! - `saved_options`: the options that a run needs again when it is resumed.

mod apply;
mod execution;
mod into_file;
pub mod journal;
mod leftovers;
pub(crate) mod listing;
mod made_since;
mod memberships;
pub(crate) mod past;
mod recipients;
mod rejects;
#[cfg(feature = "page")]
pub(crate) mod rejects_again;
mod remaining;
pub(crate) mod report_again;
mod report_head;
pub(crate) mod request;
mod results;
pub(crate) mod resume;
pub(crate) mod ring_rows;
pub(crate) mod ringing;
mod rows;
pub(crate) mod saved_options;
pub(crate) mod secrets_file;
mod shown_plan;
pub(crate) mod state;
pub(crate) mod undo;
pub(crate) mod watched;

pub use apply::ApplyMoment;
pub(crate) use into_file::FileRequest;
pub(crate) use request::{GuardOptions, ReportOptions, RunRequest};
pub(crate) use results::{RESULT_LINES, Results};
pub(crate) use saved_options::SavedOptions;
pub(crate) use secrets_file::SecretsOut;

use crate::input::{FieldHeadings, InputRows};
use crate::ledger::{ApplyState, Ledger, RunHead, StateDir, Summary, TargetLock};
use crate::link::StopFlag;
use crate::migrate::Agreement;
use crate::model::{Action, Change, Outcome, PlannedRow, Record, RowResult, RunCommand};
use crate::plan::guard::guard;
use crate::plan::render::Detail;
use crate::plan::waves::{Waves, sending_order};
use crate::plan::{Plan, Refusal};
use crate::rim::outputs::is_same_file;
use crate::rim::terminal::{confirm, print};
use crate::rim::{Context, Exit, Failure, Target, TargetSession};
use crate::seal::Key;
use apply::RunApply;
use execution::Execution;
use leftovers::finish_deletions;
use past::{PastRun, finds_taken_back, is_of_run};
use rejects::{Originals, Rejects};
use remaining::Remaining;
use ringing::RunRinging;
use rows::RunRows;
use secrets_file::Generated;
use shown_plan::print_plan;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use watched::WatchedRun;

/// A run, before it is planned.
pub(crate) struct Run<'r> {
    request: &'r RunRequest<'r>,
    context: &'r Context,
    stop: &'r StopFlag,
    /// The rows of the sheets; none where only a plan of them is there.
    rows: InputRows,
    /// The lines of the report while nothing is planned, where there are no sheets.
    lines: Option<Vec<Outcome>>,
    /// The parts of the plan that are shown.
    detail: Detail,
    /// The run that this one is about, in words; empty where it is about none.
    about: String,
    resumed: Option<&'r PastRun>,
    /// The cells of its rows as their sheets had them, by position, once they were read.
    kept_cells: Option<BTreeMap<usize, Vec<String>>>,
    /// Gets the run's name and its rows while it is at work.
    watched: Option<&'r WatchedRun>,
}

/// Writes down the agreement of two PBXes, now that the rows of a migration, or of its undo, have ended.
///
/// # Errors
/// Exit 2 where it cannot be written.
fn conclude(
    agreement: Option<&Agreement>,
    ended: &BTreeMap<usize, RowResult>,
    context: &Context,
) -> Result<(), Failure> {
    let Some(agreement) = agreement else {
        return Ok(());
    };
    let concluded = agreement.conclude(&context.state()?, &context.key()?, ended);
    concluded.map_err(|error| {
        let failure = Failure::from(error);
        Failure {
            message: format!("{}; what was sent is done", failure.message),
            ..failure
        }
    })
}

/// Ends a command before it has read any row. With `json` it prints its object all the same.
///
/// # Errors
/// The failure.
pub(crate) fn refuse_without_rows(
    command: RunCommand,
    label: &str,
    json: bool,
    run: Option<&str>,
    failure: Failure,
) -> Result<Exit, Failure> {
    let mut results = Results::without_files(command, label, vec![], json);
    results.run = run.map(str::to_owned);
    results.refuse(Refusal::new("run", failure))
}

/// Returns true if the file is there and another run's than the one that is resumed.
fn is_anothers(path: &Path, resumed: Option<&PastRun>, context: &Context) -> bool {
    let own = |past: &PastRun| past.options.outputs().any(|own| is_same_file(own, path));
    !resumed.is_some_and(own) && path.is_file() && is_of_run(path, context, |_| true)
}

impl<'r> Run<'r> {
    pub(crate) fn new(
        request: &'r RunRequest<'r>,
        context: &'r Context,
        stop: &'r StopFlag,
    ) -> Run<'r> {
        Run {
            request,
            context,
            stop,
            rows: InputRows::default(),
            lines: None,
            detail: Detail::default(),
            about: String::new(),
            resumed: None,
            kept_cells: None,
            watched: None,
        }
    }

    /// The same run, showing so much of its plan.
    pub(crate) fn showing(mut self, detail: Detail) -> Run<'r> {
        self.detail = detail;
        self
    }

    /// The same run, which undoes this earlier run.
    pub(crate) fn undoing(mut self, past: &PastRun) -> Run<'r> {
        self.about = past.name_and_time();
        self
    }

    /// The same run, which resumes this earlier run.
    pub(crate) fn resuming(mut self, past: &'r PastRun) -> Run<'r> {
        self.about = past.name_and_time();
        self.resumed = Some(past);
        self
    }

    /// The same run, which is watched here while it is at work.
    pub(crate) fn watched_by(mut self, watched: Option<&'r WatchedRun>) -> Run<'r> {
        self.watched = watched;
        self
    }

    /// The same run of these rows.
    pub(crate) fn of_rows(mut self, rows: InputRows) -> Run<'r> {
        self.rows = rows;
        self
    }

    /// The same run, with these lines while nothing is planned.
    pub(crate) fn of_lines(mut self, lines: Vec<Outcome>) -> Run<'r> {
        self.lines = Some(lines);
        self
    }

    /// Locks the target, signs in, plans, and carries the plan out. Whatever happens, every row that was read has its
    /// outcome in the report.
    ///
    /// # Errors
    /// The planner's errors, exit 3 where the target cannot be used, exit 4 where the guard stops it before the first
    /// change, exit 2 where a report or the ledger cannot be written, or no longer: changes sent by then are settled.
    pub(crate) fn execute(
        mut self,
        planner: impl FnOnce(&mut InputRows, &TargetSession<'_>) -> Result<Plan, Refusal>,
    ) -> Result<Exit, Failure> {
        let opened = self
            .lock()
            .and_then(|lock| Ok((lock, self.open_session(TargetSession::open_to_write)?)));
        let (lock, session) = match opened {
            Ok(opened) => opened,
            Err(refusal) => return self.refuse_unlocked(refusal),
        };
        match planner(&mut self.rows, &session) {
            Ok(plan) => self.begin(lock, session, plan),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Ends a run that could not lock the target: files that are there already may be those of the run that has the lock.
    /// Where the rows are those of an earlier run, that may be the run at work: only its own results are true then.
    fn refuse_unlocked(mut self, refusal: Refusal) -> Result<Exit, Failure> {
        let is_again = matches!(self.request.command, RunCommand::Resume | RunCommand::Undo);
        if is_again && refusal.failure.is_locked_out {
            self.lines = None;
        }
        let context = self.context;
        let is_at_work = |run: &Summary| run.ended.is_none();
        self.refuse_leaving(refusal, |path| {
            path.is_file() || is_of_run(path, context, is_at_work)
        })
    }

    /// Signs in, plans, and prints the plan; nothing is sent. `keep` may save the plan.
    ///
    /// # Errors
    /// The errors of the planner or of `keep`, exit 3 where the target cannot be used, exit 2 where a report cannot be
    /// written.
    pub(crate) fn preview(
        mut self,
        planner: impl FnOnce(&mut InputRows, &TargetSession<'_>) -> Result<Plan, Refusal>,
        keep: impl FnOnce(&InputRows, &Plan) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        match self.plan(planner) {
            Ok(mut plan) => {
                plan.name_people();
                self.show(&plan, keep)
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Signs in and plans; nothing is shown, and nothing is sent.
    ///
    /// # Errors
    /// The errors of the planner, exit 3 where the target cannot be used.
    pub(crate) fn plan(
        &mut self,
        planner: impl FnOnce(&mut InputRows, &TargetSession<'_>) -> Result<Plan, Refusal>,
    ) -> Result<Plan, Refusal> {
        let session = self.open_session(TargetSession::open)?;
        let mut plan = planner(&mut self.rows, &session)?;
        plan.foresee(&session, self.is_sync())?;
        let refused = plan.refused.values().cloned();
        let changes: Vec<Change> = plan.changes().into_iter().chain(refused).collect();
        plan.marks = session.marks(&changes)?;
        Ok(plan)
    }

    /// Ends the run before its first change, every row with its outcome. Where the command fails, the files of other runs
    /// stay as they are.
    ///
    /// # Errors
    /// The refusal's failure, or exit 2 where a report cannot be written.
    pub(crate) fn refuse(self, refusal: Refusal) -> Result<Exit, Failure> {
        let (context, resumed) = (self.context, self.resumed);
        self.refuse_leaving(refusal, |path| is_anothers(path, resumed, context))
    }

    fn refuse_leaving(
        mut self,
        refusal: Refusal,
        is_anothers: impl Fn(&Path) -> bool,
    ) -> Result<Exit, Failure> {
        let own = self.lines.take();
        let lines = refusal.lines.clone().or(own);
        let lines = lines.or_else(|| (!self.rows.sheets.is_empty()).then(|| self.rows.lines()));
        let request = self.request;
        let Some(lines) = lines else {
            let label = &request.target.label;
            return refuse_without_rows(
                request.command,
                label,
                request.report.json,
                self.resumed.map(|past| past.name.as_str()),
                refusal.failure,
            );
        };
        let mut results = match self.results(lines.clone()) {
            Ok(results) => results,
            Err(failure) if !refusal.fails => return Err(failure),
            Err(_) => self.possible_results(lines)?,
        };
        if refusal.leaves_files {
            results.drop_outputs(is_anothers);
        }
        results.refuse(refusal)
    }

    /// Ends the run before any of its outputs is opened, because one of them must not be written.
    ///
    /// # Errors
    /// The failure.
    pub(crate) fn refuse_outputs(self, failure: Failure) -> Result<Exit, Failure> {
        let request = self.request;
        let lines = self.lines.unwrap_or_else(|| self.rows.lines());
        let (label, json) = (&request.target.label, request.report.json);
        let mut results = Results::without_files(request.command, label, lines, json);
        results.run = self.resumed.map(|past| past.name.clone());
        results.quiet = true;
        results.refuse(Refusal::new("output", failure))
    }

    /// Prints a plan, and ends with its lines: rows that would be sent are valid.
    pub(crate) fn show(
        self,
        plan: &Plan,
        keep: impl FnOnce(&InputRows, &Plan) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        self.print_notes(plan);
        let lines: Vec<Outcome> = plan.rows.iter().map(PlannedRow::line).collect();
        let mut results = self.results(lines.clone())?;
        results.quiet = true;
        results.shortfall.clone_from(&plan.shortfall);
        let changes = plan.rows.iter().filter_map(PlannedRow::certain_change);
        results.planned = Some(changes.map(|change| change.action).collect());
        if !self.request.report.json {
            let manifest = self.request.target.manifest();
            let color = self.context.color;
            if let Err(failure) = print_plan(&plan.rows, manifest, self.detail, color) {
                return self.refuse_opened(results, Refusal::new("output", failure));
            }
        }
        if let Err(exceeded) = guard(&plan.changes(), plan.on_pbx, &self.request.guard.budget) {
            print(format!(
                "that is past the budget of one run ({}, {} allowed): the import needs {} {}",
                exceeded.kind.counted(exceeded.wanted, exceeded.record),
                exceeded.allowed,
                exceeded.flag,
                exceeded.wanted
            ));
        }
        if let Err(failure) = keep(&self.rows, plan) {
            return self.refuse_opened(results, Refusal::new("output", failure));
        }
        for (position, line) in lines.into_iter().enumerate() {
            results.put(position, line)?;
        }
        results.finish(None)
    }

    /// Locks the target against a second run; a PBX that is simulated in this process needs no lock.
    fn lock(&self) -> Result<Option<TargetLock>, Refusal> {
        if self.request.target.is_sim() {
            return Ok(None);
        }
        let state = self.context.state()?;
        let target = self.request.target;
        let lock = TargetLock::acquire(&state, &target.identity(), &target.addresses());
        Ok(Some(lock.map_err(Failure::from)?))
    }

    fn open_session(
        &self,
        open: impl FnOnce(&'r Target, &StopFlag) -> Result<TargetSession<'r>, Failure>,
    ) -> Result<TargetSession<'r>, Failure> {
        let mut session = open(self.request.target, self.stop)?;
        session.memory = self.context.present_memory(self.request.target);
        Ok(session)
    }

    /// Returns true if extensions that no row names are deleted.
    fn is_sync(&self) -> bool {
        let resumed = self.resumed.map(|past| past.summary.run.head.mode);
        resumed.unwrap_or(self.request.mode).is_sync()
    }

    /// The sheets' headings of fields.
    fn headings(&self) -> FieldHeadings {
        match self.resumed {
            Some(past) => past.options.headings.clone(),
            None => self.rows.headings(),
        }
    }

    /// The cells of the rows as their sheets had them; `None` where those of a resumed run were not read.
    fn originals(&self) -> Option<Originals<'_>> {
        match self.resumed {
            Some(past) => {
                let (_, headings) = past.options.rejects.as_ref()?;
                Some(Originals::Kept(self.kept_cells.as_ref()?, headings))
            }
            None => Some(Originals::new(&self.rows)),
        }
    }

    fn results(&self, lines: Vec<Outcome>) -> Result<Results<'_>, Failure> {
        let request = self.request;
        let rejects = request.rejects.as_ref();
        let rejects = rejects.and_then(|path| Some(Rejects::open(path, self.originals()?)));
        let rejects = rejects.transpose()?;
        let results = Results::open(request, self.headings(), lines, &request.report, rejects)?;
        Ok(self.named(results))
    }

    /// Like [`Run::results`], with only those reports that can be written.
    fn possible_results(&self, lines: Vec<Outcome>) -> Result<Results<'_>, Failure> {
        let request = self.request;
        let results = Results::open_possible(request, self.headings(), lines, &request.report)?;
        Ok(self.named(results))
    }

    /// Gives results the name of the run that is resumed, and whoever watches them.
    fn named<'s>(&self, mut results: Results<'s>) -> Results<'s>
    where
        'r: 's,
    {
        results.watched = self.watched;
        results.run = self.resumed.map(|past| past.name.clone());
        results
    }

    /// Opens the outputs for results. Where one of them cannot be written, it opens those that can, with the reason to
    /// stop.
    fn open_results(
        &self,
        lines: Vec<Outcome>,
    ) -> Result<(Results<'_>, Result<(), Refusal>), Failure> {
        Ok(match self.results(lines.clone()) {
            Ok(results) => (results, Ok(())),
            Err(failure) => {
                let refusal = Refusal::new("output", failure);
                (self.possible_results(lines)?, Err(refusal))
            }
        })
    }

    /// Ends the run before its first change, once the outputs for results were opened.
    fn refuse_opened(&self, mut results: Results<'_>, refusal: Refusal) -> Result<Exit, Failure> {
        if refusal.leaves_files {
            results.drop_outputs(|path| is_anothers(path, self.resumed, self.context));
        }
        results.refuse(refusal)
    }

    /// Prints what is to be known before anything is sent.
    fn print_notes(&self, plan: &Plan) {
        let changes = plan.rows.iter().filter_map(|row| row.change.as_ref());
        let actions: Vec<Action> = changes.map(|change| change.action).collect();
        let advice = self.request.advice(actions.iter().copied());
        let note = (!actions.is_empty()).then(|| self.apply_note(ApplyMoment::default()));
        let notes = plan.notes.iter().chain(&advice);
        notes.chain(note.iter().flatten()).for_each(print);
    }

    /// The note that changes are not in effect at once. The run was told this `saved` moment, unless the command names
    /// another one.
    fn apply_note(&self, saved: ApplyMoment) -> Option<String> {
        let moment = self.request.guard.apply.unwrap_or(saved);
        apply::note(self.request.target, moment)
    }

    /// Refuses changes beyond their limits, and asks before the first one. The PBX has `on_pbx` extensions. With `rings`
    /// it returns the accounts that are asked about by SIP; `known` are wanted records that no sheet holds, by position.
    fn allow(
        &self,
        session: &TargetSession<'_>,
        remaining: &Remaining,
        rings: bool,
        known: &BTreeMap<usize, Record>,
        on_pbx: usize,
    ) -> Result<Option<RunRinging>, Refusal> {
        let changes = &remaining.changes;
        let request = self.request;
        if let Err(exceeded) = guard(changes, on_pbx, &request.guard.budget) {
            let (flag, wanted) = (exceeded.flag, exceeded.wanted);
            let failure = Failure::guard(exceeded)
                .hint(format!("if that is meant, allow it: {flag} {wanted}"));
            return Err(Refusal::new("guard", failure));
        }
        let deletes = |change: &Change| change.action == Action::Delete;
        if changes.iter().any(deletes) {
            let asked = request.refuse_silent_deletes();
            asked.map_err(|failure| Refusal::new("unasked", failure))?;
        }
        let asks = !changes.is_empty() && !request.guard.yes && !request.target.is_sim();
        let broken_off = |failure| Refusal::new("interrupted", failure);
        if self.stop.is_stopped() {
            return Err(broken_off(Failure::not_begun()));
        }
        let question = || request.question(&self.about, changes);
        if asks && !confirm(&question()).map_err(broken_off)? {
            return Err(Refusal::declined());
        }
        // The rows of a resumed run's sheets are not there: what was not changed has no secret here.
        let read = |position: usize, line: &Outcome| {
            let index = |row: u64| usize::try_from(row).ok()?.checked_sub(1);
            let row = line.row.and_then(index);
            let row = row.and_then(|index| self.rows.rows.get(index));
            row.map(|row| &row.wanted).or(known.get(&position))
        };
        let ringing = rings.then(|| RunRinging::new(session, &remaining.rows, read));
        let ringing = ringing.transpose();
        ringing.map_err(|failure| Refusal::new("ring", failure))
    }

    /// Drops the memory of the extensions that are about to be written.
    ///
    /// # Errors
    /// Exit 2 where that cannot be written down: then nothing may be sent.
    fn forget(&self, session: &mut TargetSession<'_>, changes: &[Change]) -> Result<(), Failure> {
        session.memory = match session.memory.take() {
            None => self.context.memory(session.target())?,
            memory => memory,
        };
        match &session.memory {
            Some(memory) => Ok(memory.forget(changes.iter())?),
            None => Ok(()),
        }
    }

    /// Begins a run of a plan.
    fn begin(
        self,
        lock: Option<TargetLock>,
        mut session: TargetSession<'_>,
        mut plan: Plan,
    ) -> Result<Exit, Failure> {
        self.print_notes(&plan);
        plan.name_people();
        let request = self.request;
        let generated = Generated::fill(&request.secrets, &mut plan.rows, session.manifest());
        let generated = match generated {
            Ok(generated) => generated,
            Err(error) => {
                let hint = "type the passwords and PINs of some rows yourself, or send fewer rows";
                let failure = Failure::usage(error).hint(hint);
                let refusal = Refusal::new("generate", failure);
                return self.refuse(refusal.with_lines(plan.lines()));
            }
        };
        let waves = self.waves(&plan.changes());
        let mut options = SavedOptions::new(request, &self.rows, &plan, waves, generated);
        let finds_taken_back = finds_taken_back(&plan);
        let rows = RunRows::planned(std::mem::take(&mut plan.rows));
        let remaining = Remaining::compute(rows, &options, self.is_sync());
        let (mut results, opened) = match self.open_results(remaining.lines()) {
            Ok(opened) => opened,
            Err(failure) => return self.refuse_outputs(failure),
        };
        results.shortfall = plan.shortfall.take();
        let ready = opened
            .and_then(|()| self.allow(&session, &remaining, options.ring, &plan.known, plan.on_pbx))
            .and_then(|ringing| {
                finish_deletions(&session, &remaining.changes, self.context)?;
                let is_kept = !remaining.changes.is_empty() || finds_taken_back;
                let (session, hash) = (&mut session, plan.input_hash);
                let lock = lock.filter(|_| is_kept);
                let ledger = self.write_down(lock, session, &remaining, &mut options, hash)?;
                Ok((ledger, ringing))
            });
        match ready {
            Ok((ledger, ringing)) => {
                if let (Some(watched), Some((ledger, _))) = (self.watched, &ledger) {
                    let _ = watched.name.set(ledger.run().to_owned());
                }
                self.send(session, results, remaining, &options, ledger, ringing)
            }
            Err(refusal) => self.refuse_opened(results, refusal),
        }
    }

    /// The step at the run's end that brings the changes into effect; none where each is in effect at once. That it is due
    /// is written down before the first change leaves.
    ///
    /// # Errors
    /// The ledger cannot be written.
    fn apply(
        &self,
        remaining: &Remaining,
        saved: ApplyMoment,
        ledger: Option<&mut Ledger>,
    ) -> Result<Option<RunApply>, Failure> {
        let past = self.resumed.and_then(|past| past.summary.apply);
        let is_open = matches!(past, Some(ApplyState::Due | ApplyState::Left));
        let was_due = is_open && remaining.may_have_changed();
        let moment = self.request.guard.apply.unwrap_or(saved);
        let apply = RunApply::new(self.request.target, moment, was_due);
        if let (Some(_), Some(ledger), false) = (&apply, ledger, remaining.changes.is_empty()) {
            ledger.note_apply(ApplyState::Due)?;
        }
        Ok(apply)
    }

    /// Sends the changes, and ends the run. There is no ledger for a PBX that is simulated in this process.
    fn send(
        &self,
        session: TargetSession<'_>,
        results: Results<'_>,
        remaining: Remaining,
        options: &SavedOptions,
        mut ledger: Option<(Ledger, Key)>,
        ringing: Option<RunRinging>,
    ) -> Result<Exit, Failure> {
        let written = ledger.as_mut().map(|(ledger, _)| ledger);
        let apply = self.apply(&remaining, options.apply, written)?;
        let memberships = Arc::new(remaining.memberships(options.memberships()));
        let (ledger, key) = ledger.unzip();
        let parallel = self.request.target.parallel;
        let execution = Execution {
            options,
            not_restorable: execution::not_restorable(&remaining.rows),
            is_sync: self.is_sync(),
            journal: ledger.map(|ledger| remaining.journal(ledger, parallel)),
            key,
            memberships,
            ringing,
            apply,
            waves: remaining.waves,
        };
        drop(remaining.rows);
        execution.run(session, &remaining.changes, results, |ended| {
            conclude(options.agreement.as_ref(), ended, self.context)
        })
    }

    /// The waves, each the positions of its rows; none where everything goes at once.
    fn waves(&self, changes: &[Change]) -> Vec<Vec<usize>> {
        match &self.request.guard.waves {
            None => vec![],
            Some(waves @ Waves::Column(heading)) => waves.split(changes, |row| {
                let cell = self.rows.cell(row, heading)?;
                Some(cell.trim().to_owned())
            }),
            Some(waves) => waves.split(&sending_order(changes), |_| None),
        }
    }

    /// Puts everything on disk that has to be there before the first change leaves: the ledger and the generated
    /// secrets. Without a lock there is no ledger: the PBX is simulated in this process.
    fn write_down(
        &self,
        lock: Option<TargetLock>,
        session: &mut TargetSession<'_>,
        remaining: &Remaining,
        options: &mut SavedOptions,
        input_hash: String,
    ) -> Result<Option<(Ledger, Key)>, Refusal> {
        let changes = &remaining.changes;
        let refused = |code| move |failure: Failure| Refusal::new(code, failure);
        let Some(lock) = lock else {
            let written = options.generated.write(&remaining.rows, None);
            return written.map(|()| None).map_err(refused("secrets"));
        };
        let marks = session.marks(changes).map_err(refused("memory"))?;
        self.forget(session, changes).map_err(refused("memory"))?;
        options.note_before(&self.rows, marks);
        let state = self.context.state()?;
        let key = self.context.key().map_err(refused("key"))?;
        if let Some(agreement) = &options.agreement {
            let begun = agreement.begin(&state, &key).map_err(Failure::from);
            begun.map_err(refused("ledger"))?;
        }
        let ledger = self.ledger(lock, &state, &key, remaining, options, input_hash);
        let ledger = ledger.map_err(refused("ledger"))?;
        let folder = state.run_folder(ledger.run());
        if let Err(failure) = options.generated.write(&remaining.rows, Some(&folder)) {
            // Secrets that could not be handed over are never sent.
            ledger.discard().map_err(Failure::from)?;
            return Err(Refusal::new("secrets", failure));
        }
        Ok(Some((ledger, key)))
    }

    fn ledger(
        &self,
        lock: TargetLock,
        state: &StateDir,
        key: &Key,
        remaining: &Remaining,
        options: &SavedOptions,
        input_hash: String,
    ) -> Result<Ledger, Failure> {
        let request = self.request;
        let manifest = request.target.manifest();
        let head = RunHead {
            command: request.command,
            vendor: request.target.vendor.id.to_owned(),
            mode: request.mode,
            options: serde_json::to_string(options).map_err(Failure::usage)?,
            rules: manifest.version(),
            input_hash,
        };
        let keeps = request.keeps_cells || request.rejects.is_some();
        let originals = keeps.then(|| self.originals()).flatten();
        let cells = originals.iter().flat_map(Originals::all);
        let rows = remaining.rows.iter().cloned();
        Ok(Ledger::create(state, lock, head, key, rows, cells)?)
    }
}
