//! From changes to outcomes: guard, ask, submit. What `import` and `delete` have in common.

use super::results::Results;
use super::rows::{Rows, nothing};
use super::target::Target;
use super::{Failure, confirm, say};
use crate::cli::GuardArgs;
use crate::link::StopFlag;
use crate::model::{Action, Change, Extension, Outcome};
use crate::plan::{Allowance, guard};
use crate::progress::Progress;
use crate::submit::converse::{Connection, Looking};
use crate::submit::{Done, Ended, FailuresMax, NoJournal, Options, submit};
use std::collections::BTreeMap;

/// What is to be sent, and all that goes with it.
pub(super) struct Sending<'s, 'r> {
    /// Where to.
    pub(super) target: &'s Target,
    /// The way there, signed in.
    pub(super) connection: Connection,
    /// The rows that ask for it.
    pub(super) rows: &'r Rows,
    /// The changes.
    pub(super) changes: Vec<Change>,
    /// How many extensions the PBX holds.
    pub(super) held: usize,
    /// How much may change.
    pub(super) guard: &'s GuardArgs,
    /// Where results go.
    pub(super) results: Results<'r>,
    /// Set by Ctrl-C.
    pub(super) stop: &'s StopFlag,
}

/// Sends the changes and gives every row its outcome.
///
/// # Errors
/// Exit 4 where the guard stops it before the first change; exit 2 where a report cannot be written on: what was sent by
/// then is settled all the same.
pub(super) fn carry_out(sending: Sending<'_, '_>) -> Result<u8, Failure> {
    let Sending {
        target,
        connection,
        rows,
        changes,
        held,
        guard: args,
        mut results,
        stop,
    } = sending;
    if let Err(exceeded) = guard(&changes, held, &args.budget()) {
        connection.close();
        let hint = format!(
            "if that is meant, allow it: {} {}",
            exceeded.flag, exceeded.wanted
        );
        let failure = Failure::guard(exceeded).hint(hint);
        results.rest_not_sent("guard", &failure.message, &failure.hint)?;
        results.finish(Some(failure.exit))?;
        return Err(failure);
    }
    if !changes.is_empty() && !args.yes && !target.is_sim() && !confirm(&question(&changes, target))
    {
        connection.close();
        results.rest_not_sent("declined", "the answer was no; nothing was sent", "")?;
        return results.finish(None);
    }

    let failures_max = match args.max_failures {
        None => Options::parallel(1).failures_max,
        Some(Allowance::All) => FailuresMax::Count(u32::MAX),
        Some(Allowance::Count(count)) => {
            FailuresMax::Count(u32::try_from(count).unwrap_or(u32::MAX))
        }
        Some(Allowance::Percent { share, .. }) => FailuresMax::Share(share / 100.0),
    };
    let options = Options {
        failures_max,
        ..Options::parallel(target.parallel)
    };
    let mut progress = Progress::new("rows", changes.len() as u64);
    let mut failed = None;
    let ended = submit(&connection, &changes, &options, &NoJournal, &mut |done| {
        progress.tick();
        let put = results.put(done.row, outcome(rows, done));
        if let Err(failure) = put {
            // Where results cannot be written down, nothing more may be sent.
            failed.get_or_insert(failure);
            stop.stop();
        }
    });
    progress.finish();
    connection.close();
    if let Some(failure) = failed {
        return Err(failure);
    }
    let stopped = match &ended {
        Ended::Whole => None,
        Ended::Interrupted => Some(130),
        Ended::TooManyFailures(why) => {
            say(format!("stopped: {why}"));
            Some(4)
        }
        Ended::JournalLost(why) => {
            say(format!("stopped: {why}"));
            Some(2)
        }
        Ended::TargetLost(fault) => {
            say(format!("stopped: {}", fault.message));
            Some(3)
        }
    };
    results.finish(stopped)
}

/// Everything about these extensions, by number.
///
/// # Errors
/// Exit 3 where the target does not tell.
pub(super) fn look(
    connection: &Connection,
    target: &Target,
    numbers: &[String],
) -> Result<BTreeMap<String, Extension>, Failure> {
    let looking = Looking {
        parallel: target.parallel,
        batch: target.batch,
        live: false,
    };
    let mut progress = Progress::new("extensions looked at", numbers.len() as u64);
    let mut found = BTreeMap::new();
    let looked = connection.look(numbers, &looking, &mut |extensions| {
        for extension in extensions {
            progress.tick();
            found.insert(extension.number().to_owned(), extension);
        }
    });
    progress.finish();
    looked.map_err(|fault| target.failure(&fault))?;
    Ok(found)
}

/// A run that deletes is refused where nobody said yes and nobody can be asked.
///
/// # Errors
/// Exit 2, naming the flag.
pub(super) fn refuse_silent_deletes(target: &Target, args: &GuardArgs) -> Result<(), Failure> {
    if args.yes || target.is_sim() || super::can_ask() {
        return Ok(());
    }
    Err(
        Failure::usage("this deletes extensions, and nobody is there to be asked")
            .hint("say --yes if that is meant"),
    )
}

fn question(changes: &[Change], target: &Target) -> String {
    let count = |action| {
        changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    };
    let kinds = [
        ("create", Action::Create),
        ("update", Action::Update),
        ("delete", Action::Delete),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter(|(_, action)| count(*action) > 0)
        .map(|(word, action)| format!("{word} {}", count(action)))
        .collect();
    format!("{}: {}?", target.label, parts.join(", "))
}

fn outcome(rows: &Rows, done: Done) -> Outcome {
    let Done {
        row,
        number,
        action,
        verdict,
        elapsed_ms,
        finished_at,
    } = done;
    let named = row < rows.rows.len();
    let mut outcome = if named {
        rows.outcome(row, action, verdict.result)
    } else {
        nothing(action, verdict.result)
    };
    outcome.number = number;
    outcome.attempts = verdict.attempts;
    outcome.http_status = verdict.http_status;
    outcome.elapsed_ms = elapsed_ms;
    outcome.finished_at = finished_at;
    if !verdict.result.is_done() {
        outcome.code = verdict.result.word().to_owned();
        outcome.field = verdict.differing.first().copied();
        outcome.column = if named {
            rows.heading(row, outcome.field, None)
        } else {
            String::new()
        };
    }
    if !verdict.message.is_empty() {
        outcome.message = verdict.message;
        outcome.hint = verdict.hint;
    }
    if let Some(fault) = verdict.fault {
        outcome.vendor_code = fault.vendor_code;
        if !verdict.result.is_done() {
            outcome.code = fault.code.into_owned();
        }
    }
    outcome
}
