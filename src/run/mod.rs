//! Carries a plan out: guard, ask, write down, send, report. Every command that writes is a planner and the one
//! [`Run::execute`].
//!
//! - [`request`]: the request of the command.
//! - [`execution`]: changes on their way to the target.
//! - [`resume`]: resumes a run that was cut off or stopped.
//! - [`past`]: an earlier run, and the PBX that it belongs to.
//! - [`left`]: the rest of such a run, compared with the PBX of today.
//! - [`ringing`]: asks by SIP if extensions ring.
//! - [`memberships`]: the groups that are looked at once more at the run's end.
//! - [`journal`]: the run's ledger while it is at work.
//! - [`results`] and [`rejects`]: the destinations of outcomes.
//! - [`secrets_file`]: the generated secrets, and [`recipients`] to whom they are encrypted.
//! - [`saved_options`]: the options that a run needs again when it is resumed.

mod execution;
pub mod journal;
mod left;
mod memberships;
pub(crate) mod past;
mod recipients;
mod rejects;
pub(crate) mod request;
mod results;
pub(crate) mod resume;
pub(crate) mod ringing;
pub(crate) mod saved_options;
pub(crate) mod secrets_file;

pub(crate) use request::{GuardOptions, ReportOptions, RunRequest};
pub(crate) use results::Results;
pub(crate) use saved_options::SavedOptions;
pub(crate) use secrets_file::SecretsOut;

use crate::input::Rows;
use crate::ledger::{Ledger, RunHead, Summary, TargetLock};
use crate::link::StopFlag;
use crate::migrate::Agreement;
use crate::model::{Action, Change, Outcome, PlannedRow, Record, RowResult};
use crate::plan::decide::Mode;
use crate::plan::guard::guard;
use crate::plan::render::{Detail, Mark};
use crate::plan::waves::{Waves, in_waves, sending_order};
use crate::plan::{Plan, Refusal, render};
use crate::rim::terminal::{Paint, confirm, print, print_lines};
use crate::rim::{Context, Exit, Failure, TargetSession};
use crate::submit::order::in_order;
use execution::Execution;
use journal::{Journal, Pending};
use past::{PastRun, finds_taken_back, is_of_run};
use rejects::{Originals, Rejects};
use ringing::RunRinging;
use secrets_file::Generated;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A run, before it is planned.
pub(crate) struct Run<'r> {
    request: &'r RunRequest<'r>,
    context: &'r Context,
    stop: &'r StopFlag,
    /// The rows of the sheets; none where only a plan of them is there.
    rows: Rows,
    /// The lines of the report while nothing is planned, where there are no sheets.
    lines: Option<Vec<Outcome>>,
    /// The parts of the plan that are shown.
    detail: Detail,
    /// The run that this one is about, in words; empty where it is about none.
    about: String,
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

/// The colour of a row's fate.
fn paint(mark: Mark) -> Paint {
    match mark {
        Mark::Create => Paint::Green,
        Mark::Update => Paint::Yellow,
        Mark::Delete => Paint::Red,
        Mark::Problem => Paint::Magenta,
        Mark::Plain => Paint::Plain,
    }
}

/// Ends a command before it has read any row. With `json` it prints its object all the same.
///
/// # Errors
/// The failure.
pub(crate) fn refuse_without_rows(
    command: &'static str,
    label: &str,
    json: bool,
    run: Option<&str>,
    failure: Failure,
) -> Result<Exit, Failure> {
    let mut results = Results::without_files(command, label, vec![], json);
    results.run = run.map(str::to_owned);
    results.refuse(Refusal::new("run", failure))
}

/// Drops the memory of the extensions that are about to be written.
///
/// # Errors
/// Exit 2 where that cannot be written down: then nothing may be sent.
fn forget(
    session: &mut TargetSession<'_>,
    changes: &[Change],
    context: &Context,
) -> Result<(), Failure> {
    session.memory = match session.memory.take() {
        None => context.memory(session.target())?,
        memory => memory,
    };
    match &session.memory {
        Some(memory) => Ok(memory.forget(changes.iter())?),
        None => Ok(()),
    }
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
            rows: Rows::default(),
            lines: None,
            detail: Detail::default(),
            about: String::new(),
        }
    }

    /// The same run, showing so much of its plan.
    pub(crate) fn showing(mut self, detail: Detail) -> Run<'r> {
        self.detail = detail;
        self
    }

    /// The same run, which resumes or undoes this earlier run.
    pub(crate) fn about(mut self, past: &PastRun) -> Run<'r> {
        self.about = past.name_and_time();
        self
    }

    /// The same run of these rows.
    pub(crate) fn of_rows(mut self, rows: Rows) -> Run<'r> {
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
        planner: impl FnOnce(&mut Rows, &TargetSession<'_>) -> Result<Plan, Refusal>,
    ) -> Result<Exit, Failure> {
        let opened = self.lock().and_then(|lock| {
            let mut session = TargetSession::open(self.request.target, self.stop)?;
            session.memory = self.context.present_memory(self.request.target);
            Ok((lock, session))
        });
        let (lock, session) = match opened {
            Ok(opened) => opened,
            Err(refusal) => return self.refuse_unlocked(refusal),
        };
        match planner(&mut self.rows, &session) {
            Ok(plan) => self.carry_out(lock, session, plan),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Ends a run that may not have had the target: files that are there already may be those of the run that has it.
    fn refuse_unlocked(self, refusal: Refusal) -> Result<Exit, Failure> {
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
        planner: impl FnOnce(&mut Rows, &TargetSession<'_>) -> Result<Plan, Refusal>,
        keep: impl FnOnce(&Rows, &Plan) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        let planned = TargetSession::open(self.request.target, self.stop)
            .map_err(Refusal::from)
            .and_then(|mut session| {
                session.memory = self.context.present_memory(self.request.target);
                let mut plan = planner(&mut self.rows, &session)?;
                plan.marks = session.marks(&plan.changes())?;
                Ok(plan)
            });
        match planned {
            Ok(mut plan) => {
                plan.name_people();
                self.show(&plan, keep)
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Ends the run before its first change, every row with its outcome. Where the command fails, the files of other runs
    /// stay as they are.
    ///
    /// # Errors
    /// The refusal's failure, or exit 2 where a report cannot be written.
    pub(crate) fn refuse(self, refusal: Refusal) -> Result<Exit, Failure> {
        let context = self.context;
        self.refuse_leaving(refusal, |path| {
            path.is_file() && is_of_run(path, context, |_| true)
        })
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
                None,
                refusal.failure,
            );
        };
        let mut results = match self.results(lines.clone()) {
            Ok(results) => results,
            Err(failure) if !refusal.fails => return Err(failure),
            Err(_) => self.possible_results(lines)?,
        };
        if refusal.leaves_files {
            results.leave(is_anothers);
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
        results.quiet = true;
        results.refuse(Refusal::new("output", failure))
    }

    /// Prints a plan, and ends with its lines: rows that would be sent are valid.
    pub(crate) fn show(
        self,
        plan: &Plan,
        keep: impl FnOnce(&Rows, &Plan) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        self.print_notes(plan);
        let lines: Vec<Outcome> = plan.rows.iter().map(PlannedRow::line).collect();
        let mut results = self.results(lines.clone())?;
        results.quiet = true;
        let changes = plan.rows.iter().filter_map(|row| row.change.as_ref());
        results.planned = Some(changes.map(|change| change.action).collect());
        if !self.request.report.json {
            let manifest = (self.request.target.vendor.manifest)();
            let lines = render::lines(&plan.rows, manifest, self.detail);
            let lines = lines
                .iter()
                .map(|line| (paint(line.mark), line.text.as_str()));
            if let Err(failure) = print_lines(self.context.color, lines) {
                return self.refuse_planned(results, Refusal::new("output", failure));
            }
        }
        if let Err(exceeded) = guard(&plan.changes(), plan.held, &self.request.guard.budget) {
            print(format!(
                "that is past the budget of one run ({} {}, {} allowed): the import needs {} {}",
                exceeded.wanted, exceeded.kind, exceeded.allowed, exceeded.flag, exceeded.wanted
            ));
        }
        if let Err(failure) = keep(&self.rows, plan) {
            return self.refuse_planned(results, Refusal::new("output", failure));
        }
        for (position, line) in lines.into_iter().enumerate() {
            results.put(position, line)?;
        }
        results.finish(None)
    }

    /// The right to work on the target, against a second run; a simulated PBX in this process needs none.
    fn lock(&self) -> Result<Option<TargetLock>, Refusal> {
        if self.request.target.is_sim() {
            return Ok(None);
        }
        let state = self.context.state()?;
        let target = self.request.target;
        let lock = TargetLock::take(&state, &target.identity(), &target.addresses());
        Ok(Some(lock.map_err(Failure::from)?))
    }

    fn results<'s>(&'s self, lines: Vec<Outcome>) -> Result<Results<'s>, Failure> {
        let request = self.request;
        let rejects = request.rejects.as_ref();
        let rejects = rejects
            .map(|path| Rejects::open(path, Originals::new(&self.rows)))
            .transpose()?;
        let headings = self.rows.headings();
        Results::open(request, headings, lines, &request.report, rejects)
    }

    /// Like [`Run::results`], with only those reports that can be written.
    fn possible_results(&self, lines: Vec<Outcome>) -> Result<Results<'_>, Failure> {
        let (request, headings) = (self.request, self.rows.headings());
        Results::open_possible(request, headings, lines, &request.report)
    }

    /// Ends a planned run before its first change.
    fn refuse_planned(&self, mut results: Results<'_>, refusal: Refusal) -> Result<Exit, Failure> {
        if refusal.leaves_files {
            results.leave(|path| path.is_file() && is_of_run(path, self.context, |_| true));
        }
        results.refuse(refusal)
    }

    /// Prints what is to be known before anything is sent.
    fn print_notes(&self, plan: &Plan) {
        let changes = plan.rows.iter().filter_map(|row| row.change.as_ref());
        let advice = self.request.advice(changes.map(|change| change.action));
        plan.notes.iter().chain(&advice).for_each(print);
    }

    /// Keeps the changes within their limits, and asks before the first of them. `held` is how many extensions the PBX has.
    fn allow(&self, changes: &[Change], held: usize) -> Result<(), Refusal> {
        let request = self.request;
        if let Err(exceeded) = guard(changes, held, &request.guard.budget) {
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
        match asks && !confirm(&request.question(&self.about, changes)) {
            true => Err(Refusal::declined()),
            false => Ok(()),
        }
    }

    /// Carries a plan out.
    fn carry_out(
        self,
        lock: Option<TargetLock>,
        mut session: TargetSession<'_>,
        mut plan: Plan,
    ) -> Result<Exit, Failure> {
        self.print_notes(&plan);
        plan.name_people();
        let request = self.request;
        let generated = Generated::fill(&request.secrets, &mut plan.rows, session.manifest());
        let changes = plan.changes();
        let results = match self.results(plan.lines()) {
            Ok(results) => results,
            Err(failure) => {
                let results = self.possible_results(plan.lines())?;
                return self.refuse_planned(results, Refusal::new("output", failure));
            }
        };
        let generated = match generated {
            Ok(generated) => generated,
            Err(error) => {
                let hint = "type the passwords and PINs of some rows yourself, or send fewer rows";
                let failure = Failure::usage(error).hint(hint);
                return self.refuse_planned(results, Refusal::new("generate", failure));
            }
        };
        if let Err(refusal) = self.allow(&changes, plan.held) {
            return self.refuse_planned(results, refusal);
        }
        let ringing = match self.ringing(&session, &plan.rows) {
            Ok(ringing) => ringing,
            Err(failure) => return self.refuse_planned(results, Refusal::new("ring", failure)),
        };
        let waves = self.waves(&changes);
        let mut changes = in_order(changes);
        let stages = in_waves(&waves, &mut changes);
        let lock = lock.filter(|_| !changes.is_empty() || finds_taken_back(&plan));
        if lock.is_some() {
            let marks = session.marks(&changes).and_then(|marks| {
                forget(&mut session, &changes, self.context)?;
                Ok(marks)
            });
            match marks {
                Ok(marks) => plan.marks = marks,
                Err(failure) => {
                    return self.refuse_planned(results, Refusal::new("memory", failure));
                }
            }
        }
        let key = match lock.as_ref().map(|_| self.context.key()).transpose() {
            Ok(key) => key,
            Err(failure) => return self.refuse_planned(results, Refusal::new("key", failure)),
        };
        if let (Some(agreement), Some(key)) = (&plan.agreement, &key) {
            let state = self.context.state();
            let begun = state.and_then(|state| Ok(agreement.begin(&state, key)?));
            if let Err(failure) = begun {
                return self.refuse_planned(results, Refusal::new("ledger", failure));
            }
        }
        let memberships =
            memberships::at_end(&plan.rows, memberships::at_stake(&plan.rows), |row| {
                plan.rows.get(row).is_some_and(|row| row.change.is_none())
            });
        let kept = &memberships.kept;
        let written = self.write_down(lock, &plan, waves, &generated, &changes, kept);
        let journal = match written {
            Ok(journal) => journal,
            Err(refusal) => return self.refuse_planned(results, refusal),
        };
        let execution = Execution {
            headings: &plan.headings,
            not_restorable: execution::not_restorable(&plan.rows),
            failures_max: request.guard.failures_max(),
            is_sync: request.mode == Mode::Sync.word(),
            verify: request.guard.verify,
            stages,
            key,
            journal,
            memberships: Arc::new(memberships),
            ringing,
        };
        plan.rows = vec![];
        let agreement = plan.agreement.take();
        execution.run(session, &changes, results, |ended| {
            conclude(agreement.as_ref(), ended, self.context)
        })
    }

    /// The accounts of the rows that are asked about by SIP, where that is asked for.
    fn ringing(
        &self,
        session: &TargetSession<'_>,
        rows: &[PlannedRow],
    ) -> Result<Option<RunRinging>, Failure> {
        let read = |number: u64| {
            let index = usize::try_from(number).ok()?.checked_sub(1)?;
            self.rows.rows.get(index).map(|row| &row.wanted)
        };
        let ringing = self.request.guard.ring;
        ringing
            .then(|| RunRinging::new(session, rows, read))
            .transpose()
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
    /// secrets. Without a lock there is no ledger, because the PBX is gone when the process is.
    fn write_down(
        &self,
        lock: Option<TargetLock>,
        plan: &Plan,
        waves: Vec<Vec<usize>>,
        generated: &Generated,
        changes: &[Change],
        memberships: &BTreeMap<usize, Record>,
    ) -> Result<Option<Journal>, Refusal> {
        let Some(lock) = lock else {
            let written = generated.write(&plan.rows, None);
            return written
                .map(|()| None)
                .map_err(|failure| Refusal::new("secrets", failure));
        };
        let ledger = self.ledger(lock, plan, waves, generated, memberships);
        let ledger = ledger.map_err(|failure| Refusal::new("ledger", failure))?;
        let folder = self.context.state()?.run_folder(ledger.run());
        if let Err(failure) = generated.write(&plan.rows, Some(&folder)) {
            // Secrets that could not be handed over are never sent.
            ledger.discard().map_err(Failure::from)?;
            return Err(Refusal::new("secrets", failure));
        }
        let pending = changes.iter().map(|change| Pending {
            position: change.row,
            intended: 0,
        });
        let parallel = self.request.target.parallel;
        Ok(Some(Journal::start(ledger, pending.collect(), parallel)))
    }

    fn ledger(
        &self,
        lock: TargetLock,
        plan: &Plan,
        waves: Vec<Vec<usize>>,
        generated: &Generated,
        memberships: &BTreeMap<usize, Record>,
    ) -> Result<Ledger, Failure> {
        let request = self.request;
        let originals = request.rejects.as_ref();
        let originals = originals.map(|_| Originals::new(&self.rows));
        let kept = originals.as_ref();
        let options = SavedOptions::new(
            request,
            &self.rows,
            kept,
            plan,
            waves,
            generated,
            memberships,
        );
        let head = RunHead {
            command: request.command.to_owned(),
            vendor: request.target.vendor.id.to_owned(),
            mode: request.mode.to_owned(),
            options: serde_json::to_string(&options).map_err(Failure::usage)?,
            rules: (request.target.vendor.manifest)().version(),
            input_hash: plan.input_hash.clone(),
        };
        let rows = plan.rows.iter().cloned();
        let (state, key) = (self.context.state()?, self.context.key()?);
        let cells = originals.iter().flat_map(Originals::all);
        Ok(Ledger::create(&state, lock, head, &key, rows, cells)?)
    }
}
