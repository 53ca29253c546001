//! Deletions in which an earlier run was cut off: a new extension of the number would meet the parts that are left of the
//! old one, and nothing on the PBX shows whose they are.

use crate::ledger::{Standing, StoredRun, newest};
use crate::model::{Action, Change, FaultKind, Record};
use crate::rim::terminal::print;
use crate::rim::{Context, Failure, TargetSession};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The greatest age of a run that proves whose the parts are.
const RUN_AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Finishes the deletions of extensions that are to be made anew, where the newest run on the same PBX had written down that
/// it was about to delete them, and has no result.
///
/// # Errors
/// Exit 3 where the PBX cannot be reached.
pub(super) fn finish_deletions(
    session: &TargetSession<'_>,
    changes: &[Change],
    context: &Context,
) -> Result<(), Failure> {
    let target = session.target();
    let created = changes.iter().filter(|it| it.action == Action::Create);
    let created: BTreeSet<&str> = created.map(|change| change.number.as_str()).collect();
    if created.is_empty() || !session.manifest().ability.deletes_in_parts || target.is_sim() {
        return Ok(());
    }
    let Some((run, begun)) = begun_deletions(session, context) else {
        return Ok(());
    };
    for number in begun
        .iter()
        .filter(|number| created.contains(number.as_str()))
    {
        print(format!(
            "{}: run {run} was cut off when it deleted {number}; what is left of it is removed first",
            target.label
        ));
        let deleted = session
            .connection()
            .apply(Action::Delete, &Record::numbered(number), None);
        match deleted.result {
            Ok(_) => {}
            Err(fault) if fault.kind == FaultKind::Missing => {}
            Err(fault) => return Err(target.failure(&fault)),
        }
    }
    Ok(())
}

/// The newest run on this PBX, and the numbers that it was about to delete when it was cut off; `None` where it cannot be
/// read or is old.
fn begun_deletions(
    session: &TargetSession<'_>,
    context: &Context,
) -> Option<(String, Vec<String>)> {
    let (state, identity) = (context.state().ok()?, session.target().identity());
    let run = newest(&state, |one| one.run.target == identity).ok()??;
    let stored = StoredRun::open(&state, &run).ok()?;
    if Timestamp::now().duration_since(stored.run().started) > RUN_AGE_MAX {
        return None;
    }
    let outcomes = stored.outcomes().ok()?.into_iter();
    let begun = outcomes.filter(|(outcome, standing)| {
        outcome.action == Action::Delete && matches!(standing, Standing::Intended(_))
    });
    Some((run, begun.map(|(outcome, _)| outcome.number).collect()))
}
