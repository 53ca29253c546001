//! Resumes a run that was cut off or stopped.

use super::past::{PastRun, line};
use super::remaining::Remaining;
use super::rows::RunRows;
use super::watched::WatchedRun;
use super::{GuardOptions, ReportOptions, Run, RunRequest, refuse_without_rows};
use crate::input::InputRows;
use crate::ledger::{ApplyState, Ledger, StateDir, StoredRun};
use crate::link::StopFlag;
use crate::model::RunCommand;
use crate::plan::Refusal;
use crate::plan::guard::Budget;
use crate::plan::lost::{first_are_gone, lost, present_numbers, refuse_without_next};
use crate::rim::terminal::print;
use crate::rim::{Context, Exit, Failure, TargetSession};
use crate::seal::Key;
use std::collections::BTreeMap;

/// Resumes a run, with its own files for results where no others are named.
///
/// # Errors
/// Exit 2 where its ledger cannot be used or it was taken back since, exit 3 where its target cannot be used, is another PBX
/// now, or another process is at work on it.
pub(crate) fn resume(
    past: &PastRun,
    (guard, mut report): (GuardOptions, ReportOptions),
    context: &Context,
    stop: &StopFlag,
    watched: Option<&WatchedRun>,
) -> Result<Exit, Failure> {
    let target = &past.options.target;
    let target = target.resolve_for(&past.summary.run, context.config())?;
    print(past.words());
    let stored = StoredRun::open(&context.state()?, &past.name)?;
    for file in past.options.changed_files() {
        let file = file.display();
        print(format!(
            "{file} has changed since the run read it; the run goes on with the rows that it read"
        ));
    }
    if report.files.is_empty() {
        report.files = past.own_reports(context);
    }
    let rejects = past.own_rejects(context);
    let request = RunRequest {
        rejects: rejects.map(|(file, _)| file.clone()),
        origin: past.options.head.origin.clone(),
        taken_out: past.options.head.taken_out.clone(),
        taken_back: past.options.head.taken_back.clone(),
        // It was within its limits when it began.
        guard: GuardOptions {
            budget: Budget::UNLIMITED,
            ring: past.options.ring,
            ..guard
        },
        earlier: Some(stored.times()?),
        ..RunRequest::new(RunCommand::Resume, &target, report)
    };
    request.refuse_apply()?;
    // They need no key.
    let stored = past
        .refuse_halted(context)
        // Nobody reads the ledger any more while it is written.
        .and_then(move |()| Ok(stored.outcomes()?));
    let lines = match stored {
        Ok(lines) => lines
            .into_iter()
            .map(|row| line(row.0, row.1, past.summary.is_doubted))
            .collect(),
        Err(failure) => {
            let (label, json) = (&target.label, request.report.json);
            let run = Some(past.name.as_str());
            return refuse_without_rows(RunCommand::Resume, label, json, run, failure);
        }
    };
    let mut files = request.files(&InputRows::default(), context);
    past.options.files().for_each(|file| files.read(file));
    let run = Run::new(&request, context, stop)
        .watched_by(watched)
        .resuming(past)
        .of_lines(lines);
    match files.prepare() {
        Ok(()) => run.resume(past),
        Err(failure) => run.refuse_outputs(failure),
    }
}

/// Goes on with a run that was taken where this was done; else ends it for now, or it would look as if it was at work.
fn or_end<T>(
    past: &PastRun,
    ledger: Ledger,
    done: Result<T, Failure>,
) -> Result<(Ledger, T), Failure> {
    match done {
        Ok(done) => Ok((ledger, done)),
        Err(failure) => {
            // A ledger that cannot be written says itself that the run was cut off.
            let _ = ledger.end(reason(past));
            Err(failure)
        }
    }
}

/// The reason why a run is not finished. A resume that cannot begin leaves it as it is.
fn reason(past: &PastRun) -> &str {
    let ended = past.summary.ended.as_ref();
    ended.map_or("cut off", |ended| ended.why.as_str())
}

impl<'r> Run<'r> {
    /// Sends the remaining changes of an earlier run, as far as the PBX still is as it was when they were planned. Changes
    /// that may have been sent are looked up first.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be used or another process is at work on it, exit 2 where the ledger or a report
    /// can no longer be written, or a deletion needs confirmation and there is no terminal to ask on.
    pub(crate) fn resume(mut self, past: &'r PastRun) -> Result<Exit, Failure> {
        let (mut ledger, mut rows, key) = match self.claim(past) {
            Ok(claimed) => claimed,
            Err(failure) => return self.refuse_unlocked(Refusal::new("run", failure)),
        };
        let mut is_doubted = past.summary.is_doubted;
        let (mut session, lost, renewed) =
            match self.sign_in_and_look_up(&mut rows, past, &mut is_doubted) {
                Ok(looked) => looked,
                Err(failure) => {
                    if is_doubted {
                        ledger.doubt(true)?;
                    }
                    ledger.end(match is_doubted && !past.summary.is_doubted {
                        true => &failure.message,
                        false => reason(past),
                    })?;
                    let lines = rows.lines(is_doubted);
                    return self.refuse(Refusal::from(failure).with_lines(lines));
                }
            };
        for (position, line) in rows.lines_at(&lost) {
            ledger.result(position, line);
        }
        if past.summary.is_doubted {
            ledger.doubt(false)?;
        }
        let written = ledger.renew(rows.changes(&renewed), &key);
        let (ledger, ()) = or_end(past, ledger, written.map_err(Failure::from))?;
        let remaining = Remaining::compute(rows, &past.options, self.is_sync());
        remaining.announce(&past.name, self.request.target.reply);
        let is_due = past.summary.apply == Some(ApplyState::Due);
        if is_due || !remaining.changes.is_empty() {
            self.apply_note(past.options.apply).iter().for_each(print);
        }
        let (ledger, (mut results, opened)) =
            match or_end(past, ledger, self.open_results(remaining.lines())) {
                Ok(opened) => opened,
                Err(failure) => return self.refuse_outputs(failure),
            };
        let ready = opened
            .and_then(|()| self.allow(&session, &remaining, past.options.ring, &BTreeMap::new(), 0))
            .and_then(|ringing| {
                self.complete_secrets(past, &remaining, &mut session)?;
                Ok(ringing)
            });
        let ringing = match ready {
            Ok(ringing) => ringing,
            Err(refusal) => {
                ledger.end(reason(past))?;
                let put = remaining.put_doubtful(&mut results);
                let exit = self.refuse_opened(results, refusal)?;
                return put.map(|()| exit);
            }
        };
        let ledger = Some((ledger, key));
        self.send(session, results, remaining, &past.options, ledger, ringing)
    }

    /// Takes the run: no other process can work on it or its target then.
    ///
    /// # Errors
    /// Exit 3 where another process is at work, or the key is not the run's; exit 2 where the ledger cannot be used.
    fn claim(&mut self, past: &PastRun) -> Result<(Ledger, RunRows, Key), Failure> {
        let (state, key) = (self.context.state()?, past.key(self.context)?);
        let addresses = self.request.target.addresses();
        let (ledger, rows) = Ledger::resume(&state, &past.name, &addresses, &key)?;
        let looked = self.look_again(past, &state, &key);
        let (ledger, ()) = or_end(past, ledger, looked)?;
        Ok((
            ledger,
            RunRows::from_stored(rows, &past.options.headings),
            key,
        ))
    }

    /// Looks again at a run that was taken, for nobody undoes it from now on, and reads what its rejects need.
    fn look_again(&mut self, past: &PastRun, state: &StateDir, key: &Key) -> Result<(), Failure> {
        past.refuse_halted(self.context)?;
        if self.request.rejects.is_some() {
            self.kept_cells = Some(StoredRun::open(state, &past.name)?.originals(key)?);
        }
        Ok(())
    }

    /// Signs in, and looks at the records of the rows that are left. Where another PBX had answered, or has nothing of the
    /// first few rows, which is doubted then, it looks first at those that were done, and opens again what is lost of them;
    /// returns their positions, and those of the records that are other ones by now.
    fn sign_in_and_look_up(
        &self,
        rows: &mut RunRows,
        past: &PastRun,
        is_doubted: &mut bool,
    ) -> Result<(TargetSession<'r>, Vec<usize>, Vec<usize>), Failure> {
        if rows.deletes() {
            self.request.refuse_silent_deletes()?;
            past.refuse_unread(self.context)?;
        }
        let session = self.open_session(TargetSession::open_to_write)?;
        let mut gone = vec![];
        if !past.summary.is_finished() {
            let done = rows.done();
            *is_doubted = *is_doubted || first_are_gone(&done, &session)?;
            if *is_doubted {
                let current = session.look_up(&present_numbers(&done))?;
                gone = lost(&past.name, &done, &current, session.target())?;
                rows.open_again(&gone);
            }
        }
        if session.manifest().vendor.loses_ms > 0 {
            let next = rows.next_deletions(*is_doubted);
            let current = session.look_up(&present_numbers(&next))?;
            let right = refuse_without_next(&past.name, &next, &current, session.target());
            *is_doubted |= right.is_err();
            right?;
        }
        let made_since = past.made_since(self.context)?;
        let renewed = rows.look_up_again(&past.options, &made_since, &session)?;
        Ok((session, gone, renewed))
    }

    /// Writes the generated secrets that are not in their file yet, before the first change leaves.
    fn complete_secrets(
        &self,
        past: &PastRun,
        remaining: &Remaining,
        session: &mut TargetSession<'_>,
    ) -> Result<(), Refusal> {
        let completed = match remaining.changes.is_empty() {
            true => Ok(()),
            false => self.context.state().and_then(|state| {
                let folder = state.run_folder(&past.name);
                past.options.generated.complete(&remaining.rows, &folder)
            }),
        };
        let ready = completed.and_then(|()| self.forget(session, &remaining.changes));
        ready.map_err(|failure| Refusal::new("run", failure))
    }
}
