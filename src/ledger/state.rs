//! The folder in which runs are kept.

use super::store::StoredRun;
use super::{LedgerError, Listed, Summary, TargetLock};
use crate::disk::{Readers, make_private_folder, remove_leftovers, write_whole};
use etcetera::BaseStrategy;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The ledger's name in its run's folder.
pub(super) const LEDGER_FILE: &str = "ledger.sqlite";

/// Name of the file with a run's generated secrets, in its folder, without its ending.
pub const SECRETS_STEM: &str = "secrets.";

/// Characters of a run's name that tell its second: `20261121-213015`.
const SECOND_DIGITS: usize = 15;

/// The name of the file that counts runs.
const COUNT_FILE: &str = "count";

/// Name of a run's folder while it is thrown away.
const OLD: &str = ".old-";

/// The folder in which rowcall keeps what outlives a run. Nothing is made before it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// The given folder, or `rowcall` in the platform's folder for state (for local data, where it has none).
    ///
    /// # Errors
    /// No folder is given, and there is no home folder.
    pub fn new(path: Option<&Path>) -> Result<StateDir, LedgerError> {
        if let Some(path) = path {
            let path = path.to_owned();
            return Ok(StateDir { path });
        }
        let folders = etcetera::choose_base_strategy().map_err(|_| LedgerError::NoHome)?;
        let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
        Ok(StateDir {
            path: state.join("rowcall"),
        })
    }

    /// The folder itself, whether or not it is there.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of a run, whether or not it is there.
    pub fn run_folder(&self, run: &str) -> PathBuf {
        self.runs_path().join(run)
    }

    /// The ledger of a run that must be there.
    pub(super) fn ledger(&self, run: &str) -> Result<PathBuf, LedgerError> {
        let path = self.run_folder(run).join(LEDGER_FILE);
        // A typed name must not lead out of the folder.
        if is_run_name(run) && path.is_file() {
            return Ok(path);
        }
        Err(LedgerError::NoSuchRun {
            run: run.to_owned(),
            folder: self.runs_path(),
        })
    }

    /// The folder of all runs, made if need be.
    pub(super) fn runs(&self) -> Result<PathBuf, LedgerError> {
        owned(self.runs_path())
    }

    /// The folder of all locks, made if need be.
    pub(super) fn locks(&self) -> Result<PathBuf, LedgerError> {
        owned(self.path.join("locks"))
    }

    /// The folder of what migrations left behind, made if need be.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn migrations(&self) -> Result<PathBuf, LedgerError> {
        owned(self.path.join("migrations"))
    }

    /// The folder of what was written and cannot be read back, made if need be.
    pub(super) fn memory(&self) -> Result<PathBuf, LedgerError> {
        owned(self.memory_path())
    }

    pub(super) fn memory_path(&self) -> PathBuf {
        self.path.join("memory")
    }

    /// The count of the next run: higher than that of any before, whatever the clock says.
    pub(super) fn next_count(&self) -> Result<u64, LedgerError> {
        let lock_file = self.locks()?.join(COUNT_FILE);
        let path = self.path.join(COUNT_FILE);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let locked = options
            .open(&lock_file)
            .and_then(|file| file.lock().map(|()| file));
        let lock = locked.map_err(|error| failed(&lock_file, "locked", error))?;
        let known = fs::read_to_string(&path).ok();
        let known = known.and_then(|text| text.trim().parse().ok());
        let known = match known {
            Some(known) => known,
            // The file is lost, or this is the first run.
            None => counts(self)?.max().unwrap_or(0),
        };
        let count: u64 = known + 1;
        write_whole(&path, format!("{count}\n").as_bytes(), Readers::Owner)
            .map_err(|error| failed(&path, "written", error))?;
        drop(lock);
        Ok(count)
    }

    /// Removes what runs that were killed left half made in these folders, and returns it.
    pub(crate) fn remove_leftovers(&self) -> Vec<PathBuf> {
        let folders = ["", "runs", "locks", "migrations", "memory"];
        let folders = folders.iter().map(|name| self.path.join(name));
        folders
            .flat_map(|folder| remove_leftovers(&folder))
            .collect()
    }

    fn runs_path(&self) -> PathBuf {
        self.path.join("runs")
    }
}

/// All runs, newest first, each with why it cannot be read where it cannot. Reads runs that are at work too.
///
/// # Errors
/// The folder cannot be read; where there is none, there are no runs.
pub fn runs(state: &StateDir) -> Result<Vec<Listed>, LedgerError> {
    let ids = names(&state.runs_path(), is_run_name)?;
    let listed = ids.into_iter().map(|id| Listed {
        summary: summary(state, &id),
        id,
    });
    let (mut listed, damaged): (Vec<Listed>, Vec<Listed>) =
        listed.partition(|listed| listed.summary.is_ok());
    listed.sort_by_key(|listed| Reverse(listed.summary.as_ref().ok().map(|one| one.run.count)));
    // Of what cannot be read the name tells the second.
    let second = |listed: &Listed| listed.id.get(..SECOND_DIGITS).map(str::to_owned);
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
/// As [`runs`]; or a run that is as new cannot be read, which may be the one that is meant.
pub fn newest(
    state: &StateDir,
    wanted: impl Fn(&Summary) -> bool,
) -> Result<Option<String>, LedgerError> {
    for Listed { id, summary } in runs(state)? {
        if wanted(&summary?) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The result of clearing old runs away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cleaned {
    /// The names of those that were removed.
    pub removed: Vec<String>,
    /// The files for whose sake others stay: generated secrets, which may stand nowhere else.
    pub secrets: Vec<PathBuf>,
    /// The targets of which no run is left.
    pub targets: Vec<String>,
}

/// Removes all but the newest `keep` runs, with everything in their folders.
///
/// Runs that are not [finished](Summary::is_finished), or that cannot be read, stay unless `unfinished`. Runs on a target
/// that is being worked on stay in any case, and so do those whose folder holds generated secrets.
///
/// # Errors
/// A folder cannot be read or removed.
pub fn clean(state: &StateDir, keep: usize, unfinished: bool) -> Result<Cleaned, LedgerError> {
    let folder = state.runs_path();
    for rest in names(&folder, |name| name.starts_with(OLD))? {
        remove(&folder.join(rest))?;
    }
    let (mut cleaned, mut targets) = (Cleaned::default(), BTreeSet::new());
    for Listed { id, summary } in runs(state)?.into_iter().skip(keep) {
        // Held while the folder goes, so that the run is not resumed meanwhile.
        let lock = match &summary {
            Ok(summary) => match TargetLock::take(state, &summary.run.target, &[]) {
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
    for Listed { summary, .. } in runs(state)? {
        match summary {
            Ok(kept) => drop(targets.remove(&kept.run.target)),
            // It may be of any of them.
            Err(_) => targets.clear(),
        }
    }
    cleaned.targets = targets.into_iter().collect();
    Ok(cleaned)
}

/// The counts of all runs that can be read.
fn counts(state: &StateDir) -> Result<impl Iterator<Item = u64>, LedgerError> {
    let listed = runs(state)?.into_iter();
    Ok(listed.filter_map(|listed| Some(listed.summary.ok()?.run.count)))
}

fn summary(state: &StateDir, run: &str) -> Result<Summary, LedgerError> {
    StoredRun::open(state, run)?.summary()
}

/// The folders of which the name is wanted, the last name first.
fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, LedgerError> {
    let read = |error| failed(folder, "read", error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(read)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.map_err(read)?.file_name().into_string()
            && wanted(&name)
        {
            names.push(name);
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// True for a name that can be a run's: digits, letters and `-`, and no path.
fn is_run_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn remove(folder: &Path) -> Result<(), LedgerError> {
    fs::remove_dir_all(folder).map_err(|error| failed(folder, "removed", error))
}

/// A folder of ours: made if need be, and for its owner only.
fn owned(path: PathBuf) -> Result<PathBuf, LedgerError> {
    make_private_folder(&path).map_err(|error| failed(&path, "made", error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let locked = |error| failed(&path, "kept from others", error);
        let mut permissions = fs::metadata(&path).map_err(locked)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            fs::set_permissions(&path, permissions).map_err(locked)?;
        }
    }
    Ok(path)
}

pub(super) fn failed(path: &Path, doing: &'static str, error: io::Error) -> LedgerError {
    LedgerError::Folder {
        path: path.to_owned(),
        doing,
        error,
    }
}
