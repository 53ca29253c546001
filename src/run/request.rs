//! The options of a command that writes.

use super::apply::ApplyMoment;
use super::report_head::HeadFacts;
use super::secrets_file::SecretsOut;
use crate::input::InputRows;
use crate::lang::translated;
use crate::ledger::RunTimes;
use crate::manifest::Advice;
use crate::model::{Action, Change, Outcome, RecordKind, RunCommand, RunMode, counted};
use crate::plan::file::sealed_path;
use crate::plan::guard::{Allowance, Budget};
use crate::plan::waves::Waves;
use crate::progress::duration;
use crate::report::{ReportHead, origins};
use crate::rim::outputs::Files;
use crate::rim::terminal::can_ask;
use crate::rim::{Context, Failure, Target, account_and_machine};
use crate::submit::FailuresMax;
use crate::submit::Verify;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The outputs for results.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReportOptions {
    pub(crate) files: Vec<PathBuf>,
    /// True to print a summary as JSON on standard output.
    pub(crate) json: bool,
}

/// The limits of a run, and how its changes are tried.
#[derive(Debug, Clone, Default)]
pub(crate) struct GuardOptions {
    pub(crate) budget: Budget,
    /// The allowed failures; `None` for the usual limits.
    pub(crate) max_failures: Option<Allowance>,
    pub(crate) verify: Verify,
    pub(crate) waves: Option<Waves>,
    /// The moment at which the changes are brought into effect, where it was given.
    pub(crate) apply: Option<ApplyMoment>,
    /// True to ask by SIP if the extensions ring that were written.
    pub(crate) ring: bool,
    /// True if the answer to every question is yes.
    pub(crate) yes: bool,
}

impl GuardOptions {
    /// Refuses waves by a column where there is no sheet.
    ///
    /// # Errors
    /// Exit 2.
    pub(crate) fn refuse_column_waves(&self, what: &str) -> Result<(), Failure> {
        let Some(Waves::Column(heading)) = &self.waves else {
            return Ok(());
        };
        Err(Failure::usage(format!(
            "--waves column:{heading} needs the sheet, and {what} has none"
        ))
        .hint("name sizes (--waves 1,10,100), or import the sheet"))
    }
}

/// Works out the number of failures that a run may have, from the option.
pub(crate) fn failures_max(typed: Option<Allowance>) -> FailuresMax {
    match typed {
        None => FailuresMax::default(),
        Some(Allowance::All) => FailuresMax::Count(u32::MAX),
        Some(Allowance::Count(count)) => {
            FailuresMax::Count(u32::try_from(count).unwrap_or(u32::MAX))
        }
        Some(Allowance::Percent { share, .. }) => FailuresMax::Share(share / 100.0),
    }
}

/// A command that writes, with its options.
pub(crate) struct RunRequest<'t> {
    pub(crate) command: RunCommand,
    pub(crate) mode: RunMode,
    pub(crate) target: &'t Target,
    pub(crate) report: ReportOptions,
    /// The file for rows that are not done.
    pub(crate) rejects: Option<PathBuf>,
    /// True to keep the rows as their sheets have them also without that file, so that it can be written later.
    pub(crate) keeps_cells: bool,
    pub(crate) guard: GuardOptions,
    /// The PBX that its rows come from, where that is one.
    pub(crate) origin: Option<String>,
    /// The run that it takes back, where it does.
    pub(crate) taken_back: Option<String>,
    /// The rows that somebody took out of its sheet by hand, in words; empty where nobody did.
    pub(crate) taken_out: String,
    /// The file for generated secrets.
    pub(crate) secrets: SecretsOut,
    /// The times at which the run was at work before, where it is resumed.
    pub(crate) earlier: Option<RunTimes>,
}

impl<'t> RunRequest<'t> {
    /// A command without mode, limits or secrets of its own, and without a file for rows that are not done.
    pub(crate) fn new(command: RunCommand, target: &'t Target, report: ReportOptions) -> Self {
        RunRequest {
            command,
            mode: RunMode::None,
            target,
            report,
            rejects: None,
            keeps_cells: false,
            guard: GuardOptions::default(),
            origin: None,
            taken_back: None,
            taken_out: String::new(),
            secrets: SecretsOut::default(),
            earlier: None,
        }
    }

    /// Builds the head of its report; `begun` is now.
    pub(crate) fn report_head(&self, lines: &[Outcome], begun: Timestamp) -> ReportHead {
        let doing = (self.command, self.mode);
        let times = RunTimes {
            started: self.earlier.map_or(begun, |earlier| earlier.started),
            resumed: self.earlier.map(|_| begun),
            at_work: None,
        };
        ReportHead {
            has_rings: self.guard.ring,
            ..self.head_facts().head(doing, origins(lines.iter()), times)
        }
    }

    /// The facts of that head that only the run knows.
    pub(crate) fn head_facts(&self) -> HeadFacts {
        HeadFacts {
            target: self.target.label.clone(),
            pbx: self.target.described(),
            origin: self.origin.clone(),
            taken_out: self.taken_out.clone(),
            taken_back: self.taken_back.clone(),
            by: account_and_machine(),
        }
    }

    /// The files that it reads and writes.
    pub(crate) fn files(&self, rows: &InputRows, context: &Context) -> Files {
        let mut files = Files::new(context);
        self.target.ca_file.iter().for_each(|file| files.read(file));
        for (sheet, _) in &rows.sheets {
            files.read(sheet.file.as_ref().as_ref());
        }
        files.written("--report", &self.report.files);
        files.written("--rejects", &self.rejects);
        files.written("--secrets-out", self.secrets.file());
        files
    }

    /// Refuses outputs that are inputs or other outputs, and waves by a column that is not there. `plan` is the file that a
    /// plan is saved in.
    ///
    /// # Errors
    /// Exit 2, naming the file or the column.
    pub(crate) fn prepare_outputs(
        &self,
        rows: &InputRows,
        map_file: Option<&Path>,
        plan: Option<&Path>,
        context: &Context,
    ) -> Result<(), Failure> {
        if let Some(Waves::Column(heading)) = &self.guard.waves {
            let mut sheets = rows.sheets.iter();
            if let Some((sheet, _)) = sheets.find(|(sheet, _)| !sheet.headings.contains(heading)) {
                return Err(Failure::usage(format!(
                    "--waves names the column {heading:?}, and {} has none",
                    sheet.file
                ))
                .hint(format!("it has: {}", sheet.headings.join(", "))));
            }
        }
        let mut files = self.files(rows, context);
        map_file.into_iter().for_each(|file| files.read(file));
        match plan {
            None => files.prepare(),
            Some(path) => {
                files.written("--output", &[path.to_owned(), sealed_path(path)]);
                files.prepare_telling()
            }
        }
    }

    /// The vendor's advice for a run of these actions; for creations with the time that they take at the target's pace.
    pub(crate) fn advice(&self, changes: impl Iterator<Item = Action>) -> Vec<String> {
        let facts = &self.target.manifest().vendor;
        let actions: Vec<Action> = changes.collect();
        let count = |action: Action| actions.iter().filter(|it| **it == action).count();
        let creations = count(Action::Create);
        let advice = facts.advice.iter();
        let advice = advice.filter(|advice| count(advice.action) >= advice.rows);
        let cost = match self.target.manifest().is_one_at_a_time() {
            true => facts.create_cost.max(facts.create_cost_alone),
            false => facts.create_cost,
        };
        let requests = creations as f64 * f64::from(cost.max(1));
        let time = duration(Duration::from_secs_f64(requests / self.target.rate.0));
        let line = |advice: &Advice| {
            let pace = match advice.action {
                Action::Create => format!(
                    "{}: about {time} at {} requests a second; ",
                    counted(creations as u64, "new extension"),
                    self.target.rate.0
                ),
                _ => String::new(),
            };
            format!("{}: {pace}{}", self.target.label, advice.text)
        };
        advice.map(line).collect()
    }

    /// Refuses to hold changes back that the PBX brings into effect at once, and to ask telephones for what is not in
    /// effect.
    ///
    /// # Errors
    /// Exit 2.
    pub(crate) fn refuse_apply(&self) -> Result<(), Failure> {
        let (label, facts) = (&self.target.label, self.target.manifest());
        match (&facts.apply, self.guard.apply) {
            (None, Some(moment)) if moment != ApplyMoment::AtEnd => Err(Failure::usage(format!(
                "{label}: {} brings each change into effect at once, so --apply {moment} cannot hold it back",
                facts.vendor.name
            ))
            .hint("leave --apply out")),
            (Some(apply), Some(ApplyMoment::Never)) if self.guard.ring => {
                Err(Failure::usage(format!(
                    "{label}: nothing rings before {}, so --ring would ask in vain with --apply none",
                    apply.name
                ))
                .hint("leave one of them out"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a run that deletes without `--yes` where there is no terminal to ask on.
    ///
    /// # Errors
    /// Exit 2, naming the flag.
    pub(crate) fn refuse_silent_deletes(&self) -> Result<(), Failure> {
        if self.guard.yes || self.target.is_sim() || can_ask() {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "this deletes {}s, and there is no terminal to ask on",
            self.target.noun()
        ))
        .hint("say --yes if that is meant"))
    }

    /// The question that is asked before the first change is sent. `about` is the earlier run that it is about, in
    /// words, or empty.
    pub(crate) fn question(&self, about: &str, changes: &[Change]) -> String {
        let count = |action| {
            let changes = changes.iter().filter(|change| change.action == action);
            changes.count()
        };
        let parts: Vec<String> = [Action::Create, Action::Update, Action::Delete]
            .into_iter()
            .filter(|action| count(*action) > 0)
            .map(|action| format!("{} {}", translated(action.word()), count(action)))
            .collect();
        let groups = match self.target.record_kind() {
            RecordKind::Group => translated(" (groups)"),
            RecordKind::Extension => "".into(),
        };
        let doing = match (self.command, about) {
            (command, "") => self.mode.after(command),
            (RunCommand::Undo, about) => translated(&format!("undo {about}")).into_owned(),
            (command, about) => format!("{} {}", command.word(), translated(about)),
        };
        format!(
            "{doing} {} {}: {}{groups}?",
            translated("on"),
            self.target.described(),
            parts.join(", ")
        )
    }
}
