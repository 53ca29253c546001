//! Carries a plan out: guard, ask, write down, send, report. Every command that writes is a planner and the one
//! [`Run::execute`].
//!
//! - [`request`]: what was asked for.
//! - [`execution`]: changes on their way to the target.
//! - [`resume`]: takes up a run that was cut off or stopped.
//! - [`past`]: a run of before, and which PBX it belongs to.
//! - [`left`]: what is left of such a run, held against the PBX of today.
//! - [`journal`]: the run's ledger while it is at work.
//! - [`results`] and [`rejects`]: where outcomes go.
//! - [`secrets_file`]: what was generated, and [`recipients`] to whom it is encrypted.
//! - [`saved_options`]: what a run needs to know again when it is resumed.

mod execution;
pub mod journal;
mod left;
pub(crate) mod past;
mod recipients;
mod rejects;
pub(crate) mod request;
mod results;
pub(crate) mod resume;
pub(crate) mod saved_options;
pub(crate) mod secrets_file;

pub(crate) use request::{GuardOptions, ReportOptions, RunRequest};
pub(crate) use results::Results;
pub(crate) use saved_options::SavedOptions;
pub(crate) use secrets_file::SecretsOut;

use crate::input::Rows;
use crate::ledger::{Ledger, LedgerError, RunHead, TargetLock};
use crate::link::StopFlag;
use crate::migrate::Agreement;
use crate::model::{Action, Change, Outcome, PlannedRow, RowResult};
use crate::plan::guard::guard;
use crate::plan::render::{Detail, Mark};
use crate::plan::waves::{Waves, in_waves, sending_order};
use crate::plan::{Plan, Refusal, render};
use crate::rim::terminal::{Paint, confirm, print, print_lines};
use crate::rim::{Context, Exit, Failure, TargetSession};
use crate::submit::order::in_order;
use execution::Execution;
use journal::{Journal, Pending};
use past::PastRun;
use rejects::Rejects;
use secrets_file::Generated;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A run, before it is planned.
pub(crate) struct Run<'r> {
    request: &'r RunRequest<'r>,
    context: &'r Context,
    stop: &'r StopFlag,
    /// The rows of the sheets; none where only what was planned of them is there.
    rows: Rows,
    /// The lines of the report while nothing is planned, where there are no sheets.
    lines: Option<Vec<Outcome>>,
    /// How much of the plan is shown.
    detail: Detail,
    /// The run that this one is about, in words; empty where it is about none.
    about: String,
}

/// Writes down what two PBXes agree on, now that the rows of a migration, or of what undoes one, have ended.
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

/// The colour of what becomes of a row.
fn paint(mark: Mark) -> Paint {
    match mark {
        Mark::Create => Paint::Green,
        Mark::Update => Paint::Yellow,
        Mark::Delete => Paint::Red,
        Mark::Problem => Paint::Magenta,
        Mark::Plain => Paint::Plain,
    }
}

/// Forgets what is remembered of the extensions that are about to be written.
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

    /// The same run, which takes up or undoes this run of before.
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
    /// What the planner says, exit 3 where the target cannot be used, exit 4 where the guard stops it before the first
    /// change, exit 2 where a report or the ledger cannot be written (on): what was sent by then is settled.
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

    /// Ends a run that may not have had the target: reports that are there already may be those of the run that has it.
    fn refuse_unlocked(self, refusal: Refusal) -> Result<Exit, Failure> {
        let (there, free): (Vec<PathBuf>, Vec<PathBuf>) = self
            .request
            .report
            .files
            .iter()
            .cloned()
            .partition(|path| path.is_file());
        for path in &there {
            print(format!(
                "report: {} is left as it is, for it may be another run's",
                path.display()
            ));
        }
        let rejects = self.request.rejects.clone();
        let request = RunRequest {
            report: ReportOptions {
                files: free,
                json: self.request.report.json,
            },
            rejects: rejects.filter(|path| !path.is_file()),
            guard: GuardOptions::default(),
            secrets: SecretsOut::default(),
            ..*self.request
        };
        Run {
            request: &request,
            context: self.context,
            stop: self.stop,
            rows: self.rows,
            lines: self.lines,
            detail: self.detail,
            about: self.about,
        }
        .refuse(refusal)
    }

    /// Signs in, plans, and prints the plan; nothing is sent. `keep` may keep what was planned.
    ///
    /// # Errors
    /// What the planner or `keep` says, exit 3 where the target cannot be used, exit 2 where a report cannot be written.
    pub(crate) fn preview(
        mut self,
        planner: impl FnOnce(&mut Rows, &TargetSession<'_>) -> Result<Plan, Refusal>,
        keep: impl FnOnce(&Rows, &Plan) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        let planned = TargetSession::open(self.request.target, self.stop)
            .map_err(Refusal::from)
            .and_then(|mut session| {
                session.memory = self.context.present_memory(self.request.target);
                planner(&mut self.rows, &session)
            });
        match planned {
            Ok(plan) => self.show(&plan, keep),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Ends the run before its first change, every row with its outcome.
    ///
    /// # Errors
    /// The refusal's failure, or exit 2 where a report cannot be written.
    pub(crate) fn refuse(mut self, refusal: Refusal) -> Result<Exit, Failure> {
        let own = self.lines.take();
        let lines = refusal.lines.clone().or(own);
        let lines = lines.or_else(|| (!self.rows.sheets.is_empty()).then(|| self.rows.lines()));
        match lines {
            Some(lines) => self.results(lines)?.refuse(refusal),
            None => Err(refusal.failure),
        }
    }

    /// Prints a plan, and ends with its lines: what would be sent is valid.
    pub(crate) fn show(
        self,
        plan: &Plan,
        keep: impl FnOnce(&Rows, &Plan) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        plan.notes.iter().for_each(print);
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
            print_lines(self.context.color, lines)?;
        }
        if let Err(exceeded) = guard(&plan.changes(), plan.held, &self.request.guard.budget) {
            print(format!(
                "that is past the budget of one run ({} {}, {} allowed): the import needs {} {}",
                exceeded.wanted, exceeded.kind, exceeded.allowed, exceeded.flag, exceeded.wanted
            ));
        }
        keep(&self.rows, plan)?;
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
            .map(|path| Rejects::open(path, &self.rows))
            .transpose()?;
        let label = &request.target.label;
        Results::open(request.command, label, lines, &request.report, rejects)
    }

    /// Carries a plan out.
    fn carry_out(
        self,
        lock: Option<TargetLock>,
        mut session: TargetSession<'_>,
        mut plan: Plan,
    ) -> Result<Exit, Failure> {
        plan.notes.iter().for_each(print);
        let request = self.request;
        let generated = Generated::fill(&request.secrets, &mut plan.rows, session.manifest());
        let changes = plan.changes();
        let results = match self.results(plan.lines()) {
            Ok(results) => results,
            Err(failure) => {
                let (command, label) = (request.command, &request.target.label);
                let results = Results::open_possible(command, label, plan.lines(), &request.report);
                return results?.refuse(Refusal::new("output", failure));
            }
        };
        let generated = match generated {
            Ok(generated) => generated,
            Err(error) => {
                let hint = "type the passwords and PINs of some rows yourself, or send fewer rows";
                let failure = Failure::usage(error).hint(hint);
                return results.refuse(Refusal::new("generate", failure));
            }
        };
        if let Err(exceeded) = guard(&changes, plan.held, &request.guard.budget) {
            let (flag, wanted) = (exceeded.flag, exceeded.wanted);
            let failure = Failure::guard(exceeded)
                .hint(format!("if that is meant, allow it: {flag} {wanted}"));
            return results.refuse(Refusal::new("guard", failure));
        }
        let deletes = |change: &Change| change.action == Action::Delete;
        if changes.iter().any(deletes)
            && let Err(failure) = request.refuse_silent_deletes()
        {
            return results.refuse(Refusal::new("unasked", failure));
        }
        let asks = !changes.is_empty() && !request.guard.yes && !request.target.is_sim();
        if asks && !confirm(&request.question(&self.about, &changes)) {
            let why = "the answer was no; nothing was sent";
            return results.refuse(Refusal::of_rows("declined", why, ""));
        }
        let waves = self.waves(&changes);
        let mut changes = in_order(changes);
        let stages = in_waves(&waves, &mut changes);
        let lock = lock.filter(|_| !changes.is_empty());
        if lock.is_some()
            && let Err(failure) = forget(&mut session, &changes, self.context)
        {
            return results.refuse(Refusal::new("memory", failure));
        }
        if let (Some(agreement), Some(_)) = (&plan.agreement, &lock) {
            let (state, key) = (self.context.state()?, self.context.key()?);
            if let Err(error) = agreement.begin(&state, &key) {
                return results.refuse(Refusal::new("ledger", error.into()));
            }
        }
        let journal = match self.write_down(lock, &plan, waves, &generated, &changes) {
            Ok(journal) => journal,
            Err(refusal) => return results.refuse(refusal),
        };
        let execution = Execution {
            headings: &plan.headings,
            not_restorable: execution::not_restorable(&plan.rows),
            failures_max: request.guard.failures_max(),
            verify: request.guard.verify,
            stages,
            key: journal.as_ref().map(|_| self.context.key()).transpose()?,
            journal,
        };
        plan.rows = vec![];
        let agreement = plan.agreement.take();
        execution.run(session, &changes, results, |ended| {
            conclude(agreement.as_ref(), ended, self.context)
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
    /// secrets. Without a lock there is no ledger, for the PBX is gone when the process is.
    fn write_down(
        &self,
        lock: Option<TargetLock>,
        plan: &Plan,
        waves: Vec<Vec<usize>>,
        generated: &Generated,
        changes: &[Change],
    ) -> Result<Option<Journal>, Refusal> {
        let Some(lock) = lock else {
            let written = generated.write(&plan.rows, None);
            return written
                .map(|()| None)
                .map_err(|failure| Refusal::new("secrets", failure));
        };
        let ledger = self.ledger(lock, plan, waves, generated);
        let ledger = ledger.map_err(|failure| Refusal::new("ledger", failure))?;
        let folder = self.context.state()?.run_folder(ledger.run());
        if let Err(failure) = generated.write(&plan.rows, Some(&folder)) {
            // Secrets that nobody has are never sent.
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
    ) -> Result<Ledger, Failure> {
        let request = self.request;
        let options = SavedOptions::new(request, &self.rows, plan, waves, generated);
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
        Ledger::create(&state, lock, head, &key, rows).map_err(|error| {
            let is_written = matches!(error, LedgerError::Write { .. } | LedgerError::Stopped(_));
            let failure = Failure::from(error);
            // There is no run yet that could be resumed.
            match is_written {
                true => failure
                    .hint("make room on the disk, or make the folder writable; then run it again"),
                false => failure,
            }
        })
    }
}
