//! All runs of a state folder: their facts, the newest of them, and the removal of old ones.

use super::state::{SECRETS_STEM, StateDir, failed, names};
use super::store::StoredRun;
use super::{LedgerError, ListedRun, Summary, TargetLock};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Characters of a run's name with its time to the second: `20261121-213015`.
const SECOND_DIGITS: usize = 15;

/// Name of a run's folder while it is thrown away.
const OLD: &str = ".old-";

/// All runs, newest first, each with its summary or the reason why it cannot be read. Reads runs that are at work too.
///
/// # Errors
/// The folder cannot be read; where there is none, there are no runs.
pub fn runs(state: &StateDir) -> Result<Vec<ListedRun>, LedgerError> {
    let ids = state.run_names()?;
    let listed = ids.into_iter().map(|id| ListedRun {
        summary: summary(state, &id),
        id,
    });
    let (mut listed, damaged): (Vec<ListedRun>, Vec<ListedRun>) =
        listed.partition(|listed| listed.summary.is_ok());
    listed.sort_by_key(|listed| Reverse(listed.summary.as_ref().ok().map(|one| one.run.count)));
    // The name of a run that cannot be read gives its second.
    let second = |listed: &ListedRun| listed.id.get(..SECOND_DIGITS).map(str::to_owned);
    for one in damaged {
        let mut others = listed.iter();
        let at = others.position(|other| second(other) <= second(&one));
        listed.insert(at.unwrap_or(listed.len()), one);
    }
    Ok(listed)
}

/// The name of the newest run that is wanted; `None` where there is none.
///
/// # Errors
/// As [`runs`], or a run that is as new or newer cannot be read: it may be the wanted one.
pub fn newest(
    state: &StateDir,
    wanted: impl Fn(&Summary) -> bool,
) -> Result<Option<String>, LedgerError> {
    for ListedRun { id, summary } in runs(state)? {
        if wanted(&summary?) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The result of clearing old runs away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CleanedRuns {
    /// The names of those that were removed.
    pub removed: Vec<String>,
    /// The files for whose sake others stay: generated secrets, which may be kept nowhere else.
    pub secrets: Vec<PathBuf>,
    /// The targets of which no run is left.
    pub targets: Vec<String>,
}

/// Removes all but the newest `keep` runs, with everything in their folders.
///
/// Runs that are not [finished](Summary::is_finished), or that cannot be read, stay unless `unfinished`. Runs on a
/// target that is being worked on stay in any case, and so do those whose folder has generated secrets.
///
/// # Errors
/// A folder cannot be read or removed.
pub fn clean(state: &StateDir, keep: usize, unfinished: bool) -> Result<CleanedRuns, LedgerError> {
    let folder = state.runs_path();
    for rest in names(&folder, |name| name.starts_with(OLD))? {
        remove(&folder.join(rest))?;
    }
    let (mut cleaned, mut targets) = (CleanedRuns::default(), BTreeSet::new());
    for ListedRun { id, summary } in runs(state)?.into_iter().skip(keep) {
        // Locked while the folder is removed, so that the run is not resumed meanwhile.
        let lock = match &summary {
            Ok(summary) => match TargetLock::acquire(state, &summary.run.target, &[]) {
                Err(LedgerError::Locked(_)) => continue,
                taken => Some(taken?),
            },
            Err(_) => None,
        };
        // Looked at again: the run may have been resumed before the lock was taken.
        let finished = self::summary(state, &id).is_ok_and(|summary| summary.is_finished());
        let secrets = names(&folder.join(&id), |name| name.starts_with(SECRETS_STEM))?;
        if finished || unfinished {
            if !secrets.is_empty() {
                let paths = secrets.iter().map(|name| folder.join(&id).join(name));
                cleaned.secrets.extend(paths);
                continue;
            }
            // In one step, so that half a run is never found.
            let old = folder.join(format!("{OLD}{id}"));
            fs::rename(folder.join(&id), &old).map_err(|error| failed(&old, "removed", error))?;
            remove(&old)?;
            cleaned.removed.push(id);
            targets.extend(summary.ok().map(|summary| summary.run.target));
        }
        drop(lock);
    }
    for ListedRun { summary, .. } in runs(state)? {
        match summary {
            Ok(kept) => drop(targets.remove(&kept.run.target)),
            // The run may be of any target.
            Err(_) => targets.clear(),
        }
    }
    cleaned.targets = targets.into_iter().collect();
    Ok(cleaned)
}

fn summary(state: &StateDir, run: &str) -> Result<Summary, LedgerError> {
    StoredRun::open(state, run)?.summary()
}

fn remove(folder: &Path) -> Result<(), LedgerError> {
    fs::remove_dir_all(folder).map_err(|error| failed(folder, "removed", error))
}
