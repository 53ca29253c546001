//! Resumes a run that was cut off or stopped.

use super::execution::{Execution, not_restorable};
use super::journal::{Journal, Pending};
use super::left::{Left, LookedAgain};
use super::memberships::at_end;
use super::past::{PastRun, is_of_run, line};
use super::rejects::{Originals, Rejects};
use super::request::{GuardOptions, ReportOptions, RunRequest, failures_max};
use super::results::Results;
use super::ringing::RunRinging;
use super::saved_options::SavedOptions;
use super::secrets_file::SecretsOut;
use super::{conclude, forget, refuse_without_rows};
use crate::input::Rows;
use crate::ledger::{Ledger, Standing, StoredRun, Summary};
use crate::link::StopFlag;
use crate::model::{Action, Change, Outcome, PlannedRow, Record, RowResult};
use crate::plan::Refusal;
use crate::plan::decide::Mode;
use crate::plan::dependents::block_rows;
use crate::plan::waves::{Stage, in_waves};
use crate::rim::outputs::is_same_file;
use crate::rim::terminal::{confirm, print};
use crate::rim::{Context, Exit, Failure, Target, TargetSession};
use crate::seal::Key;
use crate::submit::Memberships;
use crate::submit::order::{in_order, keeps_unnamed, kept_words, provides};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A run that is at work again.
struct ClaimedRun {
    key: Key,
    ledger: Ledger,
    rows: Vec<(PlannedRow, Standing)>,
    /// The cells of rows as their sheets had them, by position.
    originals: BTreeMap<usize, Vec<String>>,
}

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
        // They need no key.
        let lines = StoredRun::open(&state, name).and_then(|stored| stored.outcomes());
        let lines: Vec<Outcome> = match lines {
            Ok(lines) => lines.into_iter().map(|row| line(row.0, row.1)).collect(),
            Err(error) => {
                let label = &self.target.label;
                return refuse_without_rows("resume", label, report.json, Some(name), error.into());
            }
        };
        let mut files = request.files(&Rows::default(), context);
        options.files().for_each(|file| files.read(file));
        if let Err(failure) = files.prepare() {
            let label = &self.target.label;
            let mut results = Results::without_files("resume", label, lines, report.json);
            results.run = Some(name.clone());
            results.quiet = true;
            return results.refuse(Refusal::new("output", failure));
        }
        match self.take(&request, context) {
            Ok(taken) => self.go_on(taken, &request, context, stop),
            Err(failure) => self.refuse_untaken(lines, failure, &request, context),
        }
    }

    /// Looks at what is left, and sends it.
    fn go_on(
        &self,
        taken: ClaimedRun,
        request: &RunRequest<'_>,
        context: &Context,
        stop: &StopFlag,
    ) -> Result<Exit, Failure> {
        let (name, options) = (&self.past.name, &self.past.options);
        let ClaimedRun {
            key,
            mut ledger,
            rows,
            originals,
        } = taken;
        let results = |lines| self.results(lines, request, originals);
        let (rows, standings): (Vec<PlannedRow>, Vec<Standing>) = rows.into_iter().unzip();
        let mut left = Left { rows, standings };
        let (mut session, looked) = match self.look(&mut left, request, context, stop) {
            Ok(looked) => looked,
            Err(failure) => {
                ledger.end(&failure.message)?;
                let results = match results(left.lines()) {
                    Ok(results) => results,
                    Err(_) => self.possible_results(left.lines(), request)?,
                };
                return self.refuse_unopened(results, failure, context);
            }
        };
        ledger.renew(left.changes(&looked.renewed), &key)?;
        let is_sync = self.past.summary.run.head.mode == Mode::Sync.word();
        let remaining = Remaining::compute(left, options, is_sync);
        remaining.announce(name, self.target.reply);
        let settled = looked.left_alone.iter().chain(&remaining.blocked);
        let settled: Vec<(usize, Outcome)> = settled
            .filter_map(|position| {
                Some((*position, remaining.rows.get(*position)?.outcome.clone()))
            })
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
                let results = self.possible_results(lines, request)?;
                return remaining.refuse(results, Refusal::new("output", failure));
            }
        };
        if let Err(refusal) = self.prepare(&remaining, request, &mut session, context) {
            ledger.end(&refusal.failure.message)?;
            return remaining.refuse(results, refusal);
        }
        // The rows of a sheet are not at hand any more: what was not changed has no secret here.
        let ringing = options
            .ring
            .then(|| RunRinging::new(&session, &remaining.rows, |_| None))
            .transpose();
        let ringing = match ringing {
            Ok(ringing) => ringing,
            Err(failure) => {
                ledger.end(&failure.message)?;
                return remaining.refuse(results, Refusal::new("ring", failure));
            }
        };
        let memberships = remaining.memberships(options.memberships());
        let journal = Journal::start(ledger, remaining.pending, self.target.parallel);
        for (position, outcome) in settled {
            journal.result(position, outcome);
        }
        let execution = Execution {
            headings: &options.headings,
            not_restorable: not_restorable(&remaining.rows),
            failures_max: failures_max(options.max_failures),
            verify: options.verify,
            is_sync,
            stages: remaining.stages,
            journal: Some(journal),
            key: Some(key),
            memberships: Arc::new(memberships),
            ringing,
        };
        execution.run(session, &remaining.changes, results, |ended| {
            conclude(options.agreement.as_ref(), ended, context)
        })
    }

    /// Signs in, and looks at the records of the rows that are left.
    fn look(
        &self,
        left: &mut Left,
        request: &RunRequest<'_>,
        context: &Context,
        stop: &StopFlag,
    ) -> Result<(TargetSession<'_>, LookedAgain), Failure> {
        if left.deletes() {
            request.refuse_silent_deletes()?;
        }
        let mut session = TargetSession::open(&self.target, stop)?;
        session.memory = context.present_memory(&self.target);
        let looked = left.look_again(&self.past.options, &session)?;
        Ok((session, looked))
    }

    /// Asks, and does what has to be done before the first change leaves.
    fn prepare(
        &self,
        remaining: &Remaining,
        request: &RunRequest<'_>,
        session: &mut TargetSession<'_>,
        context: &Context,
    ) -> Result<(), Refusal> {
        let changes = &remaining.changes;
        let question = request.question(&self.past.name_and_time(), changes);
        if !changes.is_empty() && !request.guard.yes && !confirm(&question) {
            return Err(Refusal::declined());
        }
        let completed = match changes.is_empty() {
            true => Ok(()),
            false => context.state().and_then(|state| {
                let folder = state.run_folder(&self.past.name);
                let generated = &self.past.options.generated;
                generated.complete(&remaining.rows, &folder)
            }),
        };
        let ready = completed.and_then(|()| forget(session, changes, context));
        ready.map_err(|failure| Refusal::new("run", failure))
    }

    /// Ends the command where the target could not be looked at.
    fn refuse_unopened(
        &self,
        mut results: Results<'_>,
        failure: Failure,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let options = &self.past.options;
        let is_own = |path: &Path| options.outputs().any(|own| is_same_file(own, path));
        results.leave(|path| !is_own(path) && path.is_file() && is_of_run(path, context, |_| true));
        results.refuse(failure.into())
    }

    /// Takes the run: no other process can work on it or its target then.
    ///
    /// # Errors
    /// Exit 3 where another process is at work, or the key is not the run's; exit 2 where the ledger cannot be used.
    fn take(&self, request: &RunRequest<'_>, context: &Context) -> Result<ClaimedRun, Failure> {
        let name = &self.past.name;
        let (state, key) = (context.state()?, self.past.key(context)?);
        let (ledger, rows) = Ledger::resume(&state, name, &self.target.addresses(), &key)?;
        let originals = match &request.rejects {
            Some(_) => StoredRun::open(&state, name)?.originals(&key)?,
            None => BTreeMap::new(),
        };
        Ok(ClaimedRun {
            key,
            ledger,
            rows,
            originals,
        })
    }

    /// Ends the command where the run could not be taken up: files that are there already may be those of a process that
    /// is at work.
    fn refuse_untaken(
        &self,
        lines: Vec<Outcome>,
        failure: Failure,
        request: &RunRequest<'_>,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let mut results = self.possible_results(lines, request)?;
        let is_at_work = |run: &Summary| run.ended.is_none();
        results.leave(|path| path.is_file() || is_of_run(path, context, is_at_work));
        results.refuse(Refusal::new("run", failure))
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
                ring: self.past.options.ring,
                ..GuardOptions::default()
            },
            secrets: SecretsOut::default(),
        }
    }

    /// Like [`ResumedRun::results`], with only those reports that can be written.
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

    /// The memberships that must be there at the run's end, beside those that it still writes.
    fn memberships(&self, kept: BTreeMap<usize, Record>) -> Memberships {
        let is_over = |position: usize| self.standings.get(position) == Some(&Standing::Final);
        at_end(&self.rows, kept, is_over)
    }

    /// Ends the command before anything is sent. What may have been sent before is `unknown`.
    fn refuse(&self, mut results: Results<'_>, refusal: Refusal) -> Result<Exit, Failure> {
        let mut put = Ok(());
        for (position, (row, standing)) in self.rows.iter().zip(&self.standings).enumerate() {
            if matches!(standing, Standing::Intended(_)) {
                put = put.and(results.put(position, line(row.outcome.clone(), *standing)));
            }
        }
        let exit = results.refuse(refusal)?;
        put.map(|()| exit)
    }

    /// Prints what is left; `reply` is how long a reply of the PBX may take.
    fn announce(&self, run: &str, reply: Duration) {
        let doubtful = |standing: &&Standing| matches!(standing, Standing::Intended(_));
        let doubtful = self.standings.iter().filter(doubtful).count();
        // A row may take two steps.
        let left: BTreeSet<usize> = self.changes.iter().map(|change| change.row).collect();
        let mut words = format!(
            "run {run}: {} of {} rows are left; {doubtful} of them may have been sent and are looked up first",
            left.len(),
            self.rows.len()
        );
        if doubtful > 0 && !reply.is_zero() {
            let seconds = reply.as_secs_f64().ceil();
            words.push_str(&format!(
                "; what is not there yet is looked for once more, all together, after {seconds} s, when no reply can come any more"
            ));
        }
        print(words);
    }
}
