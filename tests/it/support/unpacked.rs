//! Real programs from Debian's packages, unpacked into the user's cache by `.ci/unpack`: nothing is installed, and the
//! machine's own suite need not have them.

use super::skip::skip;
use super::sources::root;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Packages that are unpacked together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Packages {
    /// The name of their folder.
    pub(crate) folder: &'static str,
    /// The suites that may have them, in the order in which they are tried.
    pub(crate) suites: &'static str,
    pub(crate) names: &'static [&'static str],
}

/// A folder in which packages are unpacked.
#[derive(Debug, Clone)]
pub(crate) struct Unpacked {
    root: PathBuf,
}

/// The folder that is kept between two runs of the tests.
pub(crate) fn cache() -> PathBuf {
    let set = |name| env::var_os(name).map(PathBuf::from);
    let set = |name| set(name).filter(|path| path.is_absolute());
    let home = || Some(set("HOME")?.join(".cache"));
    let cache = set("XDG_CACHE_HOME").or_else(home);
    cache.unwrap_or_else(env::temp_dir).join("rowcall-tests")
}

impl Packages {
    /// Unpacks them where they are not yet; `None`, with the test passed over, where they cannot be had.
    pub(crate) fn get(self) -> Option<Unpacked> {
        static TRIED: Mutex<BTreeMap<Packages, Result<PathBuf, String>>> =
            Mutex::new(BTreeMap::new());
        let mut tried = TRIED.lock().unwrap_or_else(PoisonError::into_inner);
        match tried.entry(self).or_insert_with(|| self.unpack()) {
            Ok(root) => Some(Unpacked { root: root.clone() }),
            Err(why) => {
                skip(self.folder, why);
                None
            }
        }
    }

    fn unpack(self) -> Result<PathBuf, String> {
        let folder = cache().join(self.folder);
        let mut unpack = Command::new(root().join(".ci/unpack"));
        unpack.arg(&folder).arg(self.suites).args(self.names);
        let ended = unpack.stdin(Stdio::null()).output();
        let ended = ended.map_err(|why| format!(".ci/unpack: {why}"))?;
        if ended.status.success() {
            return Ok(folder.join("root"));
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        let last = said.lines().last().unwrap_or("it failed");
        Err(format!(".ci/unpack: {last}"))
    }
}

impl Unpacked {
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of libraries that the machine's kind of processor has its own name for.
    pub(crate) fn libraries(&self) -> PathBuf {
        let entries = fs::read_dir(self.root.join("usr/lib")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        let is_it = |path: &PathBuf| path.to_string_lossy().ends_with("-linux-gnu");
        paths.find(is_it).unwrap()
    }

    /// A program of the packages, by its name in `usr/sbin`. It runs with their own loader and libraries, so that the
    /// machine's do not matter, and ends with the thread that starts it, also where that is killed.
    pub(crate) fn program(&self, name: &str) -> Command {
        let libraries = self.libraries();
        let kind = libraries.file_name().unwrap();
        let folders = [
            libraries.clone(),
            self.root.join("lib").join(kind),
            self.root.join("usr/lib"),
            libraries.join(name),
        ];
        let is_loader = |path: &PathBuf| path.to_string_lossy().contains("/ld-linux");
        let loader = folders.iter().find_map(|folder| {
            let mut paths = fs::read_dir(folder)
                .ok()?
                .map(|entry| entry.unwrap().path());
            paths.find(is_loader)
        });
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--"]);
        command.arg(loader.unwrap()).arg("--library-path");
        command.arg(env::join_paths(&folders).unwrap());
        command
            .arg(self.root.join("usr/sbin").join(name))
            .stdin(Stdio::null());
        command
    }
}
