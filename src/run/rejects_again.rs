//! The rows of a run that are not done, written again from its ledger as their sheets had them.

use super::past::{PastRun, line};
use super::rejects::{Originals, Rejects};
use crate::ledger::StoredRun;
use crate::rim::{Context, Failure};
use std::path::Path;

/// Writes the rows that are not done into a file, for its owner only: it may hold passwords.
///
/// # Errors
/// Exit 2 where the ledger cannot be read or the file cannot be written, exit 3 where the key is not the run's.
pub(crate) fn rejects_again(
    past: &PastRun,
    output: &Path,
    context: &Context,
) -> Result<(), Failure> {
    let stored = StoredRun::open(&context.state()?, &past.name)?;
    let cells = stored.originals(&past.key(context)?)?;
    let originals = Originals::Kept(&cells, past.options.kept_headings());
    let mut rejects = Rejects::open(output, originals)?;
    for (outcome, standing) in stored.outcomes()? {
        let line = line(outcome, standing, past.summary.is_doubted);
        if !line.result.is_done() {
            rejects.put(&line, &past.options.headings)?;
        }
    }
    rejects.finish()?;
    Ok(())
}

/// Returns true if rows are not done, and are kept as their sheets had them.
pub(crate) fn has_rejects(past: &PastRun) -> bool {
    let summary = &past.summary;
    let mut results = summary.results.keys();
    let is_left = summary.waiting + summary.intended > 0;
    !past.options.kept_headings().is_empty() && (is_left || results.any(|result| !result.is_done()))
}
