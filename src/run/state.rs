//! The states of runs, as lists, pages and reports tell them.

use super::past::{HaltedRun, PastRun, reverted_by};
use crate::ledger::{ApplyState, ListedRun, StateDir, StoredRun, Summary, TargetLock, runs};
use crate::rim::{Context, Failure};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a run, as far as anybody can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunState {
    /// A process has the lock of its target for it.
    AtWork,
    /// It has no end, and no process is at work on it.
    CutOff,
    /// It ended, and something of it is left.
    ToBeResumed,
    /// Something of it was taken back since, so it does not go on.
    Undone,
    /// It is an undo, and another one has taken back what it has left, so it does not go on.
    Overtaken,
    Finished,
    /// It is finished, and the step that brings its changes into effect was left to somebody else.
    NotInEffect,
    /// Its ledger cannot be read.
    Unreadable,
}

impl RunState {
    /// Looks at one run; where it has ended since it was read, its summary is read again.
    ///
    /// # Errors
    /// Exit 2 where there is no state folder.
    pub(crate) fn of_one(summary: &mut Summary, context: &Context) -> Result<RunState, Failure> {
        let (state, run) = (context.state()?, summary.run.id.clone());
        Ok(RunState::up_to_date(summary, &state, || {
            halted(&run, &runs(&state).ok()?, &state)
        }))
    }

    /// The same where it is known why it does not go on.
    #[cfg(feature = "page")]
    pub(crate) fn of_known(
        summary: &mut Summary,
        state: &StateDir,
        halted: Option<&HaltedRun>,
    ) -> RunState {
        let halted = halted.map(RunState::of_halted);
        RunState::up_to_date(summary, state, || halted)
    }

    fn of_halted(halted: &HaltedRun) -> RunState {
        match halted {
            HaltedRun::TakenBack { .. } => RunState::Undone,
            HaltedRun::Overtaken { .. } => RunState::Overtaken,
        }
    }

    /// The same, where `halted` finds out if it does not go on.
    fn up_to_date(
        summary: &mut Summary,
        state: &StateDir,
        halted: impl Fn() -> Option<RunState>,
    ) -> RunState {
        let found = RunState::found(summary, state, &halted);
        let ended = || StoredRun::open(state, &summary.run.id)?.summary();
        match found {
            RunState::CutOff => match ended() {
                Ok(now) if now.ended.is_some() => {
                    *summary = now;
                    RunState::found(summary, state, halted)
                }
                _ => found,
            },
            found => found,
        }
    }

    /// Looks at a run; `halted` finds out if it does not go on.
    fn found(
        summary: &Summary,
        state: &StateDir,
        halted: impl FnOnce() -> Option<RunState>,
    ) -> RunState {
        let (target, run) = (&summary.run.target, &summary.run.id);
        let is_at_work = || TargetLock::is_of_run(state, target, run).unwrap_or_default();
        match &summary.ended {
            None if is_at_work() => RunState::AtWork,
            Some(_) if summary.is_finished() => match summary.apply {
                Some(ApplyState::Left) => RunState::NotInEffect,
                _ => RunState::Finished,
            },
            ended => halted().unwrap_or(match ended {
                None => RunState::CutOff,
                Some(_) => RunState::ToBeResumed,
            }),
        }
    }

    /// Its word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            RunState::AtWork => "at_work",
            RunState::CutOff => "cut_off",
            RunState::ToBeResumed => "to_be_resumed",
            RunState::Undone => "undone",
            RunState::Overtaken => "overtaken",
            RunState::Finished | RunState::NotInEffect => "finished",
            RunState::Unreadable => "unreadable",
        }
    }

    /// Its words for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            RunState::AtWork => "running",
            RunState::CutOff => "cut off",
            RunState::ToBeResumed => "to be resumed",
            RunState::Undone => "undone",
            RunState::Overtaken => "overtaken by another undo",
            RunState::Finished => "finished",
            RunState::NotInEffect => "finished, not in effect",
            RunState::Unreadable => "unreadable",
        }
    }

    /// The reason why a run in this state is to be resumed.
    pub(crate) fn why(self, summary: &Summary) -> Option<&str> {
        let ended = summary.ended.as_ref();
        ended
            .filter(|_| self == RunState::ToBeResumed)
            .map(|ended| &*ended.why)
    }

    /// Returns true for a run that goes on when it is resumed.
    pub(crate) fn goes_on(self) -> bool {
        matches!(self, RunState::CutOff | RunState::ToBeResumed)
    }
}

/// The state of a run that does not go on, as far as the runs after it can be read; `None` where it may.
fn halted(run: &str, listed: &[ListedRun], state: &StateDir) -> Option<RunState> {
    let past = PastRun::open_in(state, run).ok()?;
    let halted = past.halted_among(listed, state).ok()?;
    halted.as_ref().map(RunState::of_halted)
}

/// A run in the list of runs, with its state.
pub(crate) struct RunInList {
    pub(crate) listed: ListedRun,
    pub(crate) state: RunState,
}

/// All runs, newest first, each with its state.
///
/// # Errors
/// Exit 2 where they cannot be listed.
pub(crate) fn runs_in_list(context: &Context) -> Result<Vec<RunInList>, Failure> {
    newest_runs(context, usize::MAX)
}

/// The newest of them, at most so many.
///
/// # Errors
/// As of [`runs_in_list`].
pub(crate) fn newest_runs(context: &Context, most: usize) -> Result<Vec<RunInList>, Failure> {
    let state = context.state()?;
    let mut listed = runs(&state)?;
    let halted = halted_runs(&listed, most, &state);
    listed.truncate(most);
    let with_state = listed.into_iter().map(|mut listed| {
        let state = match &mut listed.summary {
            Ok(summary) => {
                RunState::up_to_date(summary, &state, || halted.get(&listed.id).copied())
            }
            Err(_) => RunState::Unreadable,
        };
        RunInList { listed, state }
    });
    Ok(with_state.collect())
}

/// The runs that do not go on among the newest of these, at most so many, each with its state.
fn halted_runs(listed: &[ListedRun], most: usize, state: &StateDir) -> BTreeMap<String, RunState> {
    let summaries = listed.iter().take(most);
    let summaries = summaries.filter_map(|one| one.summary.as_ref().ok());
    let open = summaries.filter(|summary| summary.ended.is_none() || !summary.is_finished());
    let open: Vec<&str> = open.map(|summary| summary.run.id.as_str()).collect();
    if open.is_empty() {
        return BTreeMap::new();
    }
    let with_undos = with_undos(listed);
    let may_be = open.into_iter().filter(|run| with_undos.contains(*run));
    let halted = may_be.filter_map(|run| Some((run.to_owned(), halted(run, listed, state)?)));
    halted.collect()
}

/// The names of the undos among these, and of the runs that they were to take back.
fn with_undos(listed: &[ListedRun]) -> BTreeSet<String> {
    let summaries = listed.iter().filter_map(|one| one.summary.as_ref().ok());
    let undos =
        summaries.filter_map(|summary| Some([summary.run.id.clone(), reverted_by(summary)?.run]));
    undos.flatten().collect()
}
