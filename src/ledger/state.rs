//! The folder in which runs are kept.

use super::LedgerError;
use crate::disk::{
    Readers, keep_from_others, make_private_folder, private_options, remove_leftover_folders,
    remove_leftovers, write_whole,
};
use etcetera::BaseStrategy;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The ledger's name in its run's folder.
pub(super) const LEDGER_FILE: &str = "ledger.sqlite";

/// Name of the file with a run's generated secrets, in its folder, without its ending.
pub(crate) const SECRETS_STEM: &str = "secrets.";

const RUNS: &str = "runs";
const LOCKS: &str = "locks";
const MIGRATIONS: &str = "migrations";
const MEMORY: &str = "memory";

/// The name of the file that counts runs.
const COUNT_FILE: &str = "count";

/// The folder in which rowcall keeps data that outlives a run. It is not created before it is needed.
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
    pub(crate) fn run_folder(&self, run: &str) -> PathBuf {
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
        owned(self.locks_path())
    }

    pub(super) fn locks_path(&self) -> PathBuf {
        self.path.join(LOCKS)
    }

    /// The folder of the bases of migrations, created if need be.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn migrations(&self) -> Result<PathBuf, LedgerError> {
        owned(self.path.join(MIGRATIONS))
    }

    /// The folder of the memory of written values, created if need be.
    pub(super) fn memory(&self) -> Result<PathBuf, LedgerError> {
        owned(self.memory_path())
    }

    pub(super) fn memory_path(&self) -> PathBuf {
        self.path.join(MEMORY)
    }

    /// The count of the next run: higher than that of any before, whatever the clock. `highest` is that of the runs
    /// present.
    pub(super) fn next_count(
        &self,
        highest: impl FnOnce() -> Result<u64, LedgerError>,
    ) -> Result<u64, LedgerError> {
        let lock_file = self.locks()?.join(COUNT_FILE);
        let path = self.count_file();
        let mut options = private_options();
        options.create(true).truncate(false).write(true);
        let locked = options
            .open(&lock_file)
            .and_then(|file| file.lock().map(|()| file));
        let lock = locked.map_err(|error| failed(&lock_file, "locked", error))?;
        let known = fs::read_to_string(&path).ok();
        let next = |known: u64| known.checked_add(1);
        let count = match known.and_then(|text| next(text.trim().parse().ok()?)) {
            Some(count) => count,
            // The file is lost or damaged, or this is the first run.
            None => next(highest()?).unwrap_or(u64::MAX),
        };
        write_whole(&path, format!("{count}\n").as_bytes(), Readers::Owner)
            .map_err(|error| failed(&path, "written", error))?;
        drop(lock);
        Ok(count)
    }

    /// The folders with the files of runs, existing or not.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let names = [RUNS, LOCKS, MIGRATIONS, MEMORY];
        names.map(|name| self.path.join(name)).to_vec()
    }

    /// The file that counts runs.
    pub(crate) fn count_file(&self) -> PathBuf {
        self.path.join(COUNT_FILE)
    }

    /// Removes the remains of killed runs in these folders, and returns their paths.
    pub(crate) fn remove_leftovers(&self) -> Vec<PathBuf> {
        let folders = self.folders().into_iter();
        std::iter::once(self.path.clone())
            .chain(folders)
            .flat_map(|folder| {
                let files = remove_leftovers(&folder);
                files.into_iter().chain(remove_leftover_folders(&folder))
            })
            .collect()
    }

    /// The names of all runs, the last name first.
    pub(super) fn run_names(&self) -> Result<Vec<String>, LedgerError> {
        names(&self.runs_path(), is_run_name)
    }

    pub(super) fn runs_path(&self) -> PathBuf {
        self.path.join(RUNS)
    }
}

/// The folders of which the name is wanted, the last name first.
pub(super) fn names(
    folder: &Path,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<String>, LedgerError> {
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

/// Returns true for a name that can be a run's: digits, letters and `-`, and no path.
fn is_run_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A folder of ours: made if need be, and for its owner only.
fn owned(path: PathBuf) -> Result<PathBuf, LedgerError> {
    make_private_folder(&path).map_err(|error| failed(&path, "made", error))?;
    keep_from_others(&path).map_err(|error| failed(&path, "kept from others", error))?;
    Ok(path)
}

pub(super) fn failed(path: &Path, doing: &'static str, error: io::Error) -> LedgerError {
    LedgerError::Folder {
        path: path.to_owned(),
        doing,
        error,
    }
}
