//! An earlier run that is resumed or undone: its name, time, actions and PBX.

use super::saved_options::SavedOptions;
use crate::ledger::{
    ApplyState, LedgerError, ListedRun, Standing, StateDir, StoredRun, Summary, runs,
};
use crate::model::{Action, Outcome, RowResult, RunCommand, counted};
use crate::plan::taken_back::{TakenBackRow, is_taken_back};
use crate::plan::{Plan, RevertedRun};
use crate::rim::outputs::is_same_file;
use crate::rim::terminal::print;
use crate::rim::{Context, Exit, Failure};
use crate::seal::{Key, SealError};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Returns true if a run for which `counts` is true writes its results to the file. Where runs cannot be read, any file
/// that exists may be one.
pub(crate) fn is_of_run(path: &Path, context: &Context, counts: impl Fn(&Summary) -> bool) -> bool {
    let listed = context.state().and_then(|state| Ok(runs(&state)?));
    let Ok(listed) = listed else {
        return path.is_file();
    };
    listed.iter().any(|listed| {
        let Ok(summary) = &listed.summary else {
            return false;
        };
        let options = SavedOptions::parse(&listed.id, &summary.run.head.options);
        counts(summary)
            && options.is_ok_and(|options| options.outputs().any(|known| is_same_file(known, path)))
    })
}

/// Returns true if rows of an undone run turn out to be as before it already.
pub(super) fn finds_taken_back(plan: &Plan) -> bool {
    let reverted = plan.reverts.iter().flat_map(|reverts| reverts.rows.keys());
    let mut rows = reverted.filter_map(|position| plan.rows.get(*position));
    rows.any(|row| row.change.is_none() && is_taken_back(&row.outcome))
}

/// Makes a row's line as the ledger has it. A row that may have been sent is `unknown` until the PBX was looked at, and so
/// is one that was done by a run that is doubted.
pub(crate) fn line(outcome: Outcome, standing: Standing, is_doubted: bool) -> Outcome {
    match standing {
        Standing::Final if is_doubted && outcome.result.is_change() => doubted(outcome, NOT_SEEN),
        Standing::Intended(attempts) if outcome.result == RowResult::NotSent => Outcome {
            result: RowResult::Unknown,
            code: "run.cut_off".into(),
            message: "the run was cut off before its result was known".into(),
            hint: "rowcall resume looks at the PBX and goes on".into(),
            attempts,
            ..outcome
        },
        _ => outcome,
    }
}

/// The words for a row that was done, and that nobody could look at once another PBX answered.
pub(super) const NOT_SEEN: &str = "it was done, and then another PBX answered, or one that has lost what was stored: it may be gone";

/// Makes the line of a row that was done and may be gone.
pub(super) fn doubted(outcome: Outcome, why: &str) -> Outcome {
    Outcome {
        result: RowResult::Unknown,
        code: "run.another_pbx".into(),
        message: why.to_owned(),
        hint: "once it is the PBX of the run again, rowcall resume looks at it".into(),
        ..outcome
    }
}

/// Makes the line of a row that was done, where a run's changes are stored and not in effect.
pub(crate) fn in_effect(outcome: Outcome, apply: Option<ApplyState>, run: Option<&str>) -> Outcome {
    let Some(state) = apply.filter(|state| state.is_outstanding()) else {
        return outcome;
    };
    if !outcome.result.is_change() || !outcome.message.is_empty() {
        return outcome;
    }
    Outcome {
        code: Outcome::NOT_IN_EFFECT.into(),
        message: "it is stored on the PBX, and not in effect yet".into(),
        hint: run.map_or_else(String::new, |run| way_into_effect(state, run)),
        ..outcome
    }
}

/// Says for the head of a report if a run's changes are in effect; empty where each is at once, and where there are none.
pub(crate) fn in_effect_words(apply: Option<ApplyState>, run: Option<&str>) -> String {
    match (apply, run) {
        (None | Some(ApplyState::NotDue), _) => String::new(),
        (Some(ApplyState::Done), _) => "yes".to_owned(),
        (Some(_), None) => "no: they are only stored".to_owned(),
        (Some(state), Some(run)) => {
            format!("no: they are only stored — {}", way_into_effect(state, run))
        }
    }
}

/// The command that takes an outstanding step.
fn way_into_effect(state: ApplyState, run: &str) -> String {
    match state {
        ApplyState::Left => format!("rowcall resume {run} --apply at-end brings it into effect"),
        _ => format!("rowcall resume {run} brings it into effect"),
    }
}

/// Returns true if a run of these rows still deletes, or may have to delete again what came back.
#[cfg(feature = "page")]
pub(crate) fn still_deletes(rows: &[(Outcome, Standing)]) -> bool {
    rows.iter().any(|(row, standing)| {
        let is_over = *standing == Standing::Final && !row.result.is_change();
        row.action == Action::Delete && !is_over
    })
}

/// Returns true for a row by which a run may have changed something.
pub(crate) fn may_have_changed(row: &Outcome, standing: Standing) -> bool {
    match standing {
        Standing::Waiting => false,
        Standing::Intended(_) => true,
        Standing::Final => row.result.may_have_changed(),
    }
}

/// The reason why a run that has rows left does not go on.
pub(crate) enum HaltedRun {
    /// Rows of it were taken back since, the last of them by this undo.
    TakenBack { undo: String, rows: usize },
    /// It is an undo, and another undo of its run has taken rows back meanwhile that it has left open.
    Overtaken {
        undo: String,
        undone: String,
        rows: usize,
    },
}

impl HaltedRun {
    /// The refusal to let the run of this name go on.
    pub(crate) fn refusal(&self, name: &str) -> Failure {
        let rows = |count: &usize| counted(*count as u64, "row");
        match self {
            HaltedRun::TakenBack { undo, rows: count } => {
                let rows = rows(count);
                Failure::usage(format!(
                    "run {name} was taken back since by run {undo} ({rows}), so it does not go on"
                ))
                .hint("begin a new run for what is still wanted")
            }
            HaltedRun::Overtaken {
                undo,
                undone,
                rows: count,
            } => {
                let rows = rows(count);
                Failure::usage(format!(
                    "run {undo} has taken back meanwhile what run {name} had left ({rows}), so that one does not go on"
                ))
                .hint(format!("rowcall undo {undone} takes back what is left of that run, if anything is"))
            }
        }
    }
}

/// The run that an undo takes back; `None` where the run is no undo, or another version of rowcall wrote it.
pub(super) fn reverted_by(undo: &Summary) -> Option<RevertedRun> {
    let head = &undo.run.head;
    let is_undo = head.command == RunCommand::Undo;
    let options = is_undo.then(|| SavedOptions::parse(&undo.run.id, &head.options));
    options?.ok()?.reverts
}

/// An earlier run.
pub(crate) struct PastRun {
    pub(crate) name: String,
    pub(crate) options: SavedOptions,
    pub(crate) summary: Summary,
}

impl PastRun {
    /// Reads the run's request, and its progress.
    ///
    /// # Errors
    /// Exit 2 where there is no such run or its ledger cannot be used.
    pub(crate) fn open(context: &Context, name: &str) -> Result<PastRun, Failure> {
        PastRun::open_in(&context.state()?, name)
    }

    /// The same, where the folder for runs is known.
    ///
    /// # Errors
    /// As of [`PastRun::open`].
    pub(crate) fn open_in(state: &StateDir, name: &str) -> Result<PastRun, Failure> {
        let summary = StoredRun::open(state, name)?.summary()?;
        Ok(PastRun {
            name: name.to_owned(),
            options: SavedOptions::parse(name, &summary.run.head.options)?,
            summary,
        })
    }

    /// Opens the key that the run was made with. No other one is of use, so none is made.
    ///
    /// # Errors
    /// Exit 3 where it is not there, cannot be read, or is another one.
    pub(crate) fn key(&self, context: &Context) -> Result<Key, Failure> {
        let made_with = &self.summary.run.key;
        let key = context.present_key();
        let key = key.and_then(|key| match key.id() == *made_with {
            true => Ok(key),
            false => Err(Failure::from(LedgerError::Seal {
                run: self.name.clone(),
                error: SealError::OtherKey {
                    sealed_with: made_with.clone(),
                    present: key.id(),
                    path: key.path().to_owned(),
                },
            })),
        });
        key.map_err(|failure| Failure {
            exit: Exit::Target,
            ..failure
        })
    }

    /// The rows of the run that undos of it have taken back, by position, unless those were undone themselves: each with
    /// the undo that changed it, not with one that found it done. Runs that cannot be read are passed over.
    ///
    /// # Errors
    /// Exit 2 where the runs cannot be listed, or an undo cannot be read.
    pub(crate) fn taken_back(
        &self,
        context: &Context,
    ) -> Result<BTreeMap<usize, TakenBackRow>, Failure> {
        let state = context.state()?;
        self.taken_back_among(&runs(&state)?, &state)
    }

    /// The same, where all runs are listed already.
    ///
    /// # Errors
    /// An undo of the run cannot be read.
    pub(crate) fn taken_back_among(
        &self,
        listed: &[ListedRun],
        state: &StateDir,
    ) -> Result<BTreeMap<usize, TakenBackRow>, Failure> {
        let mut taken_back = BTreeMap::new();
        for ListedRun { id, summary } in listed {
            // An undo of a run began after it.
            let later = summary
                .as_ref()
                .ok()
                .filter(|it| it.run.count > self.summary.run.count);
            let reverts = later.and_then(reverted_by);
            let Some(reverts) = reverts.filter(|it| it.run == self.name) else {
                continue;
            };
            let undo = PastRun::open_in(state, id)?;
            let is_doubted = undo.summary.is_doubted;
            let lines = StoredRun::open(state, id)?.outcomes()?;
            let done_again = undo.taken_back_among(listed, state)?;
            for (position, (line, standing)) in lines.into_iter().enumerate() {
                let line = self::line(line, standing, is_doubted);
                if let Some(origin) = reverts.rows.get(&position)
                    && standing == Standing::Final
                    && is_taken_back(&line)
                    && !done_again.contains_key(&position)
                {
                    let found_done = line.result == RowResult::Unchanged;
                    if found_done && taken_back.contains_key(origin) {
                        continue;
                    }
                    let undo = id.clone();
                    taken_back.insert(*origin, TakenBackRow { undo, line });
                }
            }
        }
        self.open_again(&mut taken_back, listed, state)?;
        Ok(taken_back)
    }

    /// Takes those rows out of the ones taken back that an undo only found as before, and whose extension an undo of
    /// another run has put back after that one.
    fn open_again(
        &self,
        taken_back: &mut BTreeMap<usize, TakenBackRow>,
        listed: &[ListedRun],
        state: &StateDir,
    ) -> Result<(), Failure> {
        let is_found = |row: &TakenBackRow| row.line.result == RowResult::Unchanged;
        if !taken_back.values().any(is_found) {
            return Ok(());
        }
        let target = &self.summary.run.target;
        let counts = listed.iter().filter_map(|one| {
            let run = &one.summary.as_ref().ok()?.run;
            Some((one.id.clone(), run.count))
        });
        let counts: BTreeMap<String, u64> = counts.collect();
        let mut put_back: BTreeMap<String, u64> = BTreeMap::new();
        for ListedRun { id, summary } in listed {
            let later = summary.as_ref().ok();
            let later = later.filter(|it| it.run.count > self.summary.run.count);
            let Some(undo) = later.filter(|it| it.run.target == *target) else {
                continue;
            };
            if reverted_by(undo).is_none_or(|reverts| reverts.run == self.name) {
                continue;
            }
            for row in StoredRun::open(state, id)?.sent()? {
                if row.action != Action::Delete && may_have_changed(&row.line, row.standing) {
                    let number = row.new_number.unwrap_or(row.number);
                    let count = put_back.entry(number).or_default();
                    *count = undo.run.count.max(*count);
                }
            }
        }
        let is_back = |row: &TakenBackRow| {
            let after = counts.get(&row.undo).copied().unwrap_or(u64::MAX);
            put_back.get(&row.line.number).is_some_and(|at| *at > after)
        };
        taken_back.retain(|_, row| !(is_found(row) && is_back(row)));
        Ok(())
    }

    /// Refuses to let the run go on where something of it was taken back since: what its ledger calls done is done no more;
    /// and where another undo has done what this one has left: the extensions may be others by now.
    ///
    /// # Errors
    /// Exit 2 where something was, or the runs cannot be read.
    pub(crate) fn refuse_halted(&self, context: &Context) -> Result<(), Failure> {
        let state = context.state()?;
        match self.halted_among(&runs(&state)?, &state)? {
            None => Ok(()),
            Some(halted) => Err(halted.refusal(&self.name)),
        }
    }

    /// The reason why the run does not go on, where all runs are listed already; `None` where it may.
    ///
    /// # Errors
    /// Exit 2 where the runs cannot be read.
    pub(crate) fn halted_among(
        &self,
        listed: &[ListedRun],
        state: &StateDir,
    ) -> Result<Option<HaltedRun>, Failure> {
        self.halted(&self.taken_back_among(listed, state)?, listed, state)
    }

    /// The same, where it is known what was taken back of it.
    ///
    /// # Errors
    /// As of [`PastRun::halted_among`].
    pub(crate) fn halted(
        &self,
        taken_back: &BTreeMap<usize, TakenBackRow>,
        listed: &[ListedRun],
        state: &StateDir,
    ) -> Result<Option<HaltedRun>, Failure> {
        if let Some(TakenBackRow { undo, .. }) = taken_back.values().next() {
            return Ok(Some(HaltedRun::TakenBack {
                undo: undo.clone(),
                rows: taken_back.len(),
            }));
        }
        let Some(reverts) = &self.options.reverts else {
            return Ok(None);
        };
        // Nobody else takes back a run that cannot be read any more.
        let Ok(undone) = PastRun::open_in(state, &reverts.run) else {
            return Ok(None);
        };
        let by_others = undone.taken_back_among(listed, state)?;
        let rows = StoredRun::open(state, &self.name)?.outcomes()?;
        let open = rows.iter().enumerate().filter(|(_, (row, standing))| {
            *standing != Standing::Final || self.summary.is_doubted && row.result.is_change()
        });
        let overtaken: Vec<&TakenBackRow> = open
            .filter_map(|(position, _)| by_others.get(reverts.rows.get(&position)?))
            .collect();
        Ok(overtaken.first().map(|first| HaltedRun::Overtaken {
            undo: first.undo.clone(),
            undone: undone.name.clone(),
            rows: overtaken.len(),
        }))
    }

    /// The reports that the run wrote, but for those that are a newer run's by now.
    pub(crate) fn own_reports(&self, context: &Context) -> Vec<PathBuf> {
        let reports = self.options.reports.iter().cloned();
        let (others, own): (Vec<PathBuf>, Vec<PathBuf>) =
            reports.partition(|path| self.is_newer_runs(path, context));
        for path in others {
            print(format!(
                "report: {} is a newer run's by now, and is not overwritten; rowcall report {} -o FILE writes this one's",
                path.display(),
                self.name
            ));
        }
        own
    }

    /// The file for the run's rows that are not done, with their headings, unless it is a newer run's by now.
    pub(crate) fn own_rejects(&self, context: &Context) -> Option<&(PathBuf, Vec<String>)> {
        let rejects = self.options.rejects.as_ref()?;
        if !self.is_newer_runs(&rejects.0, context) {
            return Some(rejects);
        }
        print(format!(
            "rejects: {} is a newer run's by now, and is not overwritten",
            rejects.0.display()
        ));
        None
    }

    fn is_newer_runs(&self, path: &Path, context: &Context) -> bool {
        let count = self.summary.run.count;
        is_of_run(path, context, |other| other.run.count > count)
    }

    /// Its name and when it began, by this machine's clock: `run 20261128-201400-a1b2 of 28 Nov 20:14`.
    pub(crate) fn name_and_time(&self) -> String {
        let started = self.summary.run.started.to_zoned(TimeZone::system());
        let began = started.strftime("%-d %b %H:%M");
        format!("run {} of {began}", self.name)
    }

    /// Describes the run in words.
    pub(crate) fn words(&self) -> String {
        let (run, summary) = (&self.summary.run, &self.summary);
        let head = &run.head;
        let command = head.mode.words(head.command);
        let done = summary.results.iter();
        let mut parts: BTreeMap<&str, u64> =
            done.map(|(one, count)| (one.word(), *count)).collect();
        let left = summary.waiting + summary.intended;
        if left > 0 {
            parts.insert("left", left);
        }
        let parts: Vec<String> = parts
            .iter()
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        format!(
            "run {} of {}: {command} on {}: {}",
            self.name,
            run.started.strftime("%Y-%m-%d %H:%M UTC"),
            run.target,
            parts.join(", ")
        )
    }
}
