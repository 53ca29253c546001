//! Resumes a run that was cut off or stopped.

use super::execution::{Execution, not_restorable};
use super::journal::{Journal, Pending};
use super::left::Left;
use super::past::{PastRun, is_of_run};
use super::rejects::{Originals, Rejects};
use super::request::{GuardOptions, ReportOptions, RunRequest, failures_max};
use super::results::Results;
use super::saved_options::SavedOptions;
use super::secrets_file::SecretsOut;
use super::{conclude, forget, refuse_without_rows};
use crate::input::Rows;
use crate::ledger::{Ledger, Standing, StoredRun};
use crate::link::StopFlag;
use crate::model::{Action, Change, Outcome, PlannedRow, RowResult};
use crate::plan::Refusal;
use crate::plan::decide::Mode;
use crate::plan::dependents::block_rows;
use crate::plan::waves::{Stage, in_waves};
use crate::rim::outputs::is_same_file;
use crate::rim::terminal::{confirm, print};
use crate::rim::{Context, Exit, Failure, Target, TargetSession};
use crate::seal::Key;
use crate::submit::order::{in_order, keeps_unnamed, kept_words, provides};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The key, the ledger at work, its rows, and the cells of rows by position.
type Taken = (
    Key,
    Ledger,
    Vec<(PlannedRow, Standing)>,
    BTreeMap<usize, Vec<String>>,
);

/// A run that is to be taken up.
pub(crate) struct ResumedRun {
    past: PastRun,
    target: Target,
}

impl ResumedRun {
    /// Finds the run's target again.
    ///
    /// # Errors
    /// Exit 3 where it is another PBX now.
    pub(crate) fn new(past: PastRun, context: &Context) -> Result<ResumedRun, Failure> {
        let run = &past.summary.run;
        let target = past.options.target.resolve_for(run, context.config())?;
        Ok(ResumedRun { past, target })
    }

    /// Sends the remaining changes, as far as the PBX still is as it was when they were planned. Changes that may have
    /// been sent are looked up first. `yes` answers the confirmation.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be used or another process is at work on it, exit 2 where the ledger or a report
    /// can no longer be written, or a deletion needs confirmation and there is no terminal to ask on.
    pub(crate) fn execute(
        &self,
        context: &Context,
        stop: &StopFlag,
        report: &ReportOptions,
        yes: bool,
    ) -> Result<Exit, Failure> {
        let (name, options) = (&self.past.name, &self.past.options);
        print(self.past.words());
        for file in options.changed_files() {
            let file = file.display();
            print(format!(
                "{file} has changed since the run read it; the run goes on with the rows that it read"
            ));
        }
        let request = self.request(report, yes, context);
        let state = context.state()?;
        let taken = self.take(&request, context);
        let (key, mut ledger, rows, originals) = match taken {
            Ok(taken) => taken,
            Err(failure) => {
                let label = &self.target.label;
                return refuse_without_rows("resume", label, report.json, Some(name), failure);
            }
        };
        let results = |lines| self.results(lines, &request, originals);
        let (rows, standings): (Vec<PlannedRow>, Vec<Standing>) = rows.into_iter().unzip();
        let mut left = Left { rows, standings };
        let opened = match left.deletes() {
            true => request.refuse_silent_deletes(),
            false => Ok(()),
        };
        let opened = opened.and_then(|()| {
            let session = TargetSession::open(&self.target, stop)?;
            let looked = left.look_again(options, &session)?;
            Ok((session, looked))
        });
        let (mut session, looked) = match opened {
            Ok(opened) => opened,
            Err(failure) => {
                ledger.end(&failure.message)?;
                let opened = results(left.lines());
                let mut results = match opened {
                    Ok(results) => results,
                    Err(_) => self.possible_results(left.lines(), &request)?,
                };
                let is_own = |path: &Path| options.outputs().any(|own| is_same_file(own, path));
                results.leave(|path| {
                    !is_own(path) && path.is_file() && is_of_run(path, context, |_| true)
                });
                return results.refuse(failure.into());
            }
        };
        ledger.renew(left.changes(&looked.renewed), &key)?;
        let is_sync = self.past.summary.run.head.mode == Mode::Sync.word();
        let remaining = Remaining::compute(left, options, is_sync);
        remaining.announce(name);
        let settled = looked.moved.into_iter().chain(remaining.blocked);
        let settled: Vec<(usize, Outcome)> = settled
            .filter_map(|position| Some((position, remaining.rows.get(position)?.outcome.clone())))
            .collect();
        let lines: Vec<Outcome> = remaining
            .rows
            .iter()
            .map(|row| row.outcome.clone())
            .collect();
        let results = match results(lines.clone()) {
            Ok(results) => results,
            Err(failure) => {
                ledger.end(&failure.message)?;
                let results = self.possible_results(lines, &request)?;
                return results.refuse(Refusal::new("output", failure));
            }
        };
        let asks = !remaining.changes.is_empty() && !yes;
        if asks && !confirm(&request.question(&self.past.name_and_time(), &remaining.changes)) {
            let refusal = Refusal::declined();
            ledger.end(&refusal.failure.message)?;
            return results.refuse(refusal);
        }
        let completed = match remaining.changes.is_empty() {
            true => Ok(()),
            false => {
                let folder = state.run_folder(name);
                options.generated.complete(&remaining.rows, &folder)
            }
        };
        let ready = completed.and_then(|()| forget(&mut session, &remaining.changes, context));
        if let Err(failure) = ready {
            ledger.end(&failure.message)?;
            return results.refuse(Refusal::new("run", failure));
        }
        let journal = Journal::start(ledger, remaining.pending, self.target.parallel);
        for (position, outcome) in settled {
            journal.result(position, outcome);
        }
        let typed = options.max_failures.as_ref();
        let execution = Execution {
            headings: &options.headings,
            not_restorable: not_restorable(&remaining.rows),
            failures_max: failures_max(typed.and_then(|text| text.parse().ok())),
            verify: options.verify,
            is_sync,
            stages: remaining.stages,
            journal: Some(journal),
            key: Some(key),
        };
        execution.run(session, &remaining.changes, results, |ended| {
            conclude(options.agreement.as_ref(), ended, context)
        })
    }

    /// Takes the run: no other process can work on it or its target then. Returns its rows, and the cells of those that
    /// may become rejects.
    ///
    /// # Errors
    /// Exit 2 where an output is not to be written, or the key or the ledger cannot be used; exit 3 where another process
    /// is at work.
    fn take(&self, request: &RunRequest<'_>, context: &Context) -> Result<Taken, Failure> {
        let (name, options) = (&self.past.name, &self.past.options);
        let mut files = request.files(&Rows::default(), context);
        options.files().for_each(|file| files.read(file));
        files.prepare()?;
        let (state, key) = (context.state()?, context.key()?);
        let (ledger, rows) = Ledger::resume(&state, name, &self.target.addresses(), &key)?;
        let originals = match &request.rejects {
            Some(_) => StoredRun::open(&state, name)?.originals(&key)?,
            None => BTreeMap::new(),
        };
        Ok((key, ledger, rows, originals))
    }

    fn request(&self, report: &ReportOptions, yes: bool, context: &Context) -> RunRequest<'_> {
        let mut report = report.clone();
        if report.files.is_empty() {
            report.files = self.past.own_reports(context);
        }
        let rejects = self.past.own_rejects(context);
        RunRequest {
            command: "resume",
            mode: "",
            target: &self.target,
            report,
            rejects: rejects.map(|(file, _)| file.clone()),
            guard: GuardOptions {
                yes,
                ..GuardOptions::default()
            },
            secrets: SecretsOut::default(),
        }
    }

    /// Does the work of [`ResumedRun::results`], with only those reports that can be written.
    fn possible_results(
        &self,
        lines: Vec<Outcome>,
        request: &RunRequest<'_>,
    ) -> Result<Results<'_>, Failure> {
        let headings = self.past.options.headings.clone();
        let mut results = Results::open_possible(request, headings, lines, &request.report)?;
        results.run = Some(self.past.name.clone());
        Ok(results)
    }

    fn results(
        &self,
        lines: Vec<Outcome>,
        request: &RunRequest<'_>,
        originals: BTreeMap<usize, Vec<String>>,
    ) -> Result<Results<'_>, Failure> {
        let originals_headings = self.past.options.rejects.iter();
        let originals_headings = originals_headings.flat_map(|(_, headings)| headings.clone());
        let kept = Originals::Kept(originals, originals_headings.collect());
        let rejects = request.rejects.as_ref();
        let rejects = rejects.map(|path| Rejects::open(path, kept)).transpose()?;
        let headings = self.past.options.headings.clone();
        let mut results = Results::open(request, headings, lines, &request.report, rejects)?;
        results.run = Some(self.past.name.clone());
        Ok(results)
    }
}

/// The changes of a run that are still to be sent.
struct Remaining {
    rows: Vec<PlannedRow>,
    standings: Vec<Standing>,
    /// The changes left to be sent, in their order.
    changes: Vec<Change>,
    pending: Vec<Pending>,
    stages: Vec<Stage>,
    /// The positions of rows that wait for one that is not done.
    blocked: Vec<usize>,
}

impl Remaining {
    fn compute(left: Left, options: &SavedOptions, is_sync: bool) -> Remaining {
        let Left {
            mut rows,
            standings,
        } = left;
        // In the order of the whole run: which rows go in two steps depends on all of them.
        let all = in_order(rows.iter().filter_map(|row| row.change.clone()).collect());
        let is_final = |position: usize| standings.get(position) == Some(&Standing::Final);
        let lost = rows.iter().enumerate().filter_map(|(position, row)| {
            let failed = is_final(position) && !row.outcome.result.is_done();
            let brought = provides(row.change.as_ref().filter(|_| failed)?)?;
            Some((brought.to_owned(), row.outcome.result))
        });
        let lost = lost.collect();
        let open = rows.iter().enumerate().find_map(|(position, row)| {
            let action = row.change.as_ref()?.action;
            let result = row.outcome.result;
            let is_open = is_final(position) && keeps_unnamed(action, result);
            is_open.then(|| (row.outcome.number.clone(), position, result))
        });
        let mut waiting: Vec<&mut PlannedRow> = rows
            .iter_mut()
            .enumerate()
            .filter(|(position, _)| standings.get(*position) == Some(&Standing::Waiting))
            .map(|(_, row)| row)
            .collect();
        let mut blocked = block_rows(&mut waiting, lost, &options.headings);
        if let Some((number, row, result)) = open.filter(|_| is_sync) {
            let (message, hint) = kept_words(&number, row, result);
            let unnamed = waiting.into_iter().filter(|row| row.outcome.row.is_none());
            for row in unnamed {
                let Some(change) = row.change.take_if(|change| change.action == Action::Delete)
                else {
                    continue;
                };
                row.outcome.result = RowResult::Held;
                row.outcome.code = RowResult::Held.word().into();
                (row.outcome.message, row.outcome.hint) = (message.clone(), hint.clone());
                blocked.push(change.row);
            }
        }
        let is_left = |change: &Change| !is_final(change.row) && !blocked.contains(&change.row);
        let mut changes: Vec<Change> = all.into_iter().filter(is_left).collect();
        let stages = in_waves(&options.waves, &mut changes);
        let pending = changes.iter().map(|change| Pending {
            position: change.row,
            intended: match standings.get(change.row) {
                Some(Standing::Intended(times)) => *times,
                _ => 0,
            },
        });
        Remaining {
            pending: pending.collect(),
            rows,
            standings,
            changes,
            stages,
            blocked,
        }
    }

    fn announce(&self, run: &str) {
        let doubtful = |standing: &&Standing| matches!(standing, Standing::Intended(_));
        let doubtful = self.standings.iter().filter(doubtful).count();
        // A row may take two steps.
        let left: BTreeSet<usize> = self.changes.iter().map(|change| change.row).collect();
        print(format!(
            "run {run}: {} of {} rows are left; {doubtful} of them may have been sent and are looked up first",
            left.len(),
            self.rows.len()
        ));
    }
}
