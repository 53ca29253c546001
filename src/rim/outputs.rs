//! The rules for outputs: no output is an input, or a file that rowcall keeps; no two outputs are one file; and their
//! folders are there.

use super::config::{config_file, files_named_in};
use super::context::Context;
use super::failure::Failure;
use super::log;
use super::terminal::{print, print_leftovers};
use crate::archive::MANIFEST;
use crate::disk::{end_of_links, folder_of, remove_leftovers};
use crate::ledger::StateDir;
use crate::model::Outcome;
use crate::seal::key_path;
use crate::sheet::ending;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that a command reads and writes.
#[derive(Debug, Default)]
pub(crate) struct Files {
    inputs: Vec<PathBuf>,
    /// Files that no command may replace with its results, with their description.
    kept: Vec<(&'static str, PathBuf)>,
    /// The folders in which runs are kept.
    state: Vec<PathBuf>,
    outputs: Vec<(&'static str, PathBuf)>,
}

impl Files {
    /// Lists the files that every command keeps: the key, the configuration and the files that it names, and the runs.
    pub(crate) fn new(context: &Context) -> Files {
        let mut files = Files::default();
        if let Ok(key) = key_path(context.key_file.as_deref()) {
            files
                .kept
                .push(("the key that secrets are sealed with", key));
        }
        if let Some(config) = context.config().map(Path::to_owned).or_else(config_file) {
            let named = files_named_in(&config).into_iter();
            let named = named.map(|path| ("named in the configuration", path));
            files.kept.extend(named);
            files.kept.push(("the configuration", config));
        }
        if let Ok(state) = StateDir::new(context.state_folder.as_deref()) {
            files.state = state.folders();
            files
                .kept
                .push(("what counts the runs", state.count_file()));
        }
        files
    }

    /// Adds files with passwords and certificates that targets name, which are kept.
    pub(crate) fn keep_named(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        let paths = paths.into_iter();
        self.kept
            .extend(paths.map(|path| ("named by a target", path)));
    }

    /// Adds a file that is read. Standard input (`-`) is none.
    pub(crate) fn read(&mut self, path: &Path) {
        if path.as_os_str() != "-" {
            self.inputs.push(path.to_owned());
        }
    }

    /// Adds the files that the rows of an earlier command came from, as that named them.
    pub(crate) fn read_origins<'l>(&mut self, lines: impl IntoIterator<Item = &'l Outcome>) {
        let places = lines.into_iter().filter_map(|line| line.place.as_ref());
        let files: BTreeSet<&str> = places.map(|place| &*place.file).collect();
        files.into_iter().for_each(|file| self.read(file.as_ref()));
    }

    /// Adds files that are written; `flag` is the option that names them.
    pub(crate) fn written<'p>(
        &mut self,
        flag: &'static str,
        paths: impl IntoIterator<Item = &'p PathBuf>,
    ) {
        let paths = paths.into_iter().cloned();
        self.outputs.extend(paths.map(|path| (flag, path)));
    }

    /// Refuses outputs that are inputs or other outputs, however their paths are written, and those whose folder is
    /// missing; then removes files that killed runs left half written in those folders, and prints their names.
    ///
    /// # Errors
    /// Exit 2, naming the file.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        self.refuse_clashes()?;
        if let Some(log) = log::path() {
            self.refuse_log(log)?;
        }
        // A file is written where its links lead to.
        let ends = self.outputs.iter().map(|(_, path)| place_of_links(path));
        let ends: Vec<PathBuf> = ends.collect();
        let folders: BTreeSet<&Path> = ends.iter().map(|path| folder_of(path)).collect();
        for folder in &folders {
            if !folder.is_dir() {
                let folder = folder.display();
                return Err(
                    Failure::usage(format!("there is no folder {folder} to write to"))
                        .hint(format!("make it (mkdir -p {folder}), or name another file")),
                );
            }
        }
        print_leftovers(folders.into_iter().flat_map(remove_leftovers));
        Ok(())
    }

    /// The same, and says which files that are there the command replaces.
    ///
    /// # Errors
    /// As of [`Files::prepare`].
    pub(crate) fn prepare_telling(&self) -> Result<(), Failure> {
        self.prepare()?;
        let replaced = self.outputs.iter().filter(|(flag, path)| {
            // Secrets are never written over anything.
            *flag != "--secrets-out" && path.is_file()
        });
        let replaced: Vec<_> = replaced.map(|(_, path)| path.display()).collect();
        match replaced.as_slice() {
            [] => {}
            [path] => print(format!(
                "{path} is there already, and is replaced once the new one is whole"
            )),
            [path, others @ ..] => print(format!(
                "{path} and {} more are there already, and are replaced once the new ones are whole",
                others.len()
            )),
        }
        Ok(())
    }

    /// Refuses an archive in a folder in which runs are kept, also by a link. Nothing is made yet.
    ///
    /// # Errors
    /// Exit 2, naming the folder.
    pub(crate) fn refuse_archive(&self, archive: &Path) -> Result<(), Failure> {
        let path = std::path::absolute(archive).unwrap_or_else(|_| archive.to_owned());
        // Missing folders are created within the last one that exists.
        let there = path.ancestors().find(|folder| folder.exists());
        match self.is_kept_of_runs(&there.unwrap_or(&path).join(MANIFEST)) {
            false => Ok(()),
            true => Err(Failure::usage(format!(
                "{} is in the folder where runs are kept, and cannot be an --archive",
                archive.display()
            ))
            .hint("name another folder")),
        }
    }

    /// Refuses outputs that would replace a file that rowcall keeps, or be within what it keeps of runs: also by a link.
    fn refuse_kept(&self) -> Result<(), Failure> {
        for (flag, path) in &self.outputs {
            // A file is written where its links lead to.
            let end = place_of_links(path);
            let folder = fs::canonicalize(folder_of(&end));
            let kept = self.kept.iter();
            let kept = kept.filter(|(_, kept)| place(kept) == place(path));
            let what = match kept.map(|(what, _)| *what).next() {
                Some(what) => what,
                None if self.is_kept_of_runs(&end) => "in the folder where runs are kept",
                None if folder.is_ok_and(|folder| is_in_archive(&folder, &end)) => {
                    "part of an archive of exports"
                }
                None => continue,
            };
            let path = path.display();
            return Err(Failure::usage(format!(
                "{path} is {what}, and cannot be overwritten by {flag}"
            ))
            .hint("name another file"));
        }
        Ok(())
    }

    /// Returns true if a path, links followed, is in a folder in which runs are kept, or a hard link to a file there.
    fn is_kept_of_runs(&self, path: &Path) -> bool {
        let folder = fs::canonicalize(folder_of(path)).ok();
        self.state.iter().any(|state| {
            let state = fs::canonicalize(state).unwrap_or_else(|_| state.clone());
            let is_within = folder.as_ref().is_some_and(|it| it.starts_with(&state));
            is_within || (has_other_names(path) && has_file(&state, &place(path)))
        })
    }

    /// Refuses a log that is a file that is read, written or kept.
    ///
    /// # Errors
    /// Exit 2, naming the file.
    pub(crate) fn refuse_log(&self, log: &Path) -> Result<(), Failure> {
        let log = place(log);
        let written = self.outputs.iter().map(|(_, path)| path);
        let kept = self.kept.iter().map(|(_, path)| path);
        let mut others = self.inputs.iter().chain(written).chain(kept);
        match others.find(|path| place(path) == log) {
            None => Ok(()),
            Some(path) => Err(Failure::usage(format!(
                "{} would be the log (--log) too",
                path.display()
            ))
            .hint("name another file for the log")),
        }
    }

    /// Refuses a copy under a name with another ending than its workbook's.
    ///
    /// # Errors
    /// Exit 2, naming the ending.
    pub(crate) fn refuse_ending(flag: &str, path: &Path, wanted: &str) -> Result<(), Failure> {
        if ending(path) == wanted {
            return Ok(());
        }
        let message = format!("{flag} {} is to be a workbook", path.display());
        Err(Failure::usage(message).hint(format!("give it the ending .{wanted}")))
    }

    fn refuse_clashes(&self) -> Result<(), Failure> {
        self.refuse_kept()?;
        let inputs: Vec<FileIdentity> = self.inputs.iter().map(|path| place(path)).collect();
        let mut places: Vec<(&str, FileIdentity)> = vec![];
        for (flag, path) in &self.outputs {
            let place = place(path);
            if inputs.contains(&place) {
                return Err(Failure::usage(format!(
                    "{} is read, and would be overwritten by {flag}",
                    path.display()
                ))
                .hint("name another file: the original is never overwritten"));
            }
            let other = places.iter().find(|(_, other)| *other == place);
            // Devices and pipes may be written to twice.
            if let Some((other, _)) = other.filter(|_| !path.exists() || path.is_file()) {
                return Err(Failure::usage(format!(
                    "{}: {other} and {flag} would write to the same file",
                    path.display()
                ))
                .hint("name another file for one of them"));
            }
            places.push((flag, place));
        }
        Ok(())
    }
}

/// Returns true if a file is an archive's manifest, or is in a folder of an archive.
fn is_in_archive(folder: &Path, path: &Path) -> bool {
    let is_archive = |folder: &Path| folder.join(MANIFEST).is_file();
    let is_manifest = path.file_name().is_some_and(|name| name == MANIFEST);
    (is_manifest && is_archive(folder)) || folder.parent().is_some_and(is_archive)
}

/// Returns true if a file has several names (hard links).
fn has_other_names(path: &Path) -> bool {
    #[cfg(unix)]
    return fs::metadata(path)
        .is_ok_and(|about| about.is_file() && std::os::unix::fs::MetadataExt::nlink(&about) > 1);
    #[cfg(not(unix))]
    return false;
}

/// Returns true if a file is in a folder, or in one below it.
fn has_file(folder: &Path, file: &FileIdentity) -> bool {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => has_file(&entry.path(), file),
        Ok(kind) => kind.is_file() && place(&entry.path()) == *file,
        Err(_) => false,
    })
}

/// Returns true if two paths lead to one file, however they are written.
pub(crate) fn is_same_file(one: &Path, other: &Path) -> bool {
    place(one) == place(other)
}

/// The canonical path of a file that is there or will be.
#[derive(Debug, PartialEq)]
enum FileIdentity {
    /// A file that is there, by device and inode: hard links are one.
    #[cfg(unix)]
    There(u64, u64),
    /// By its folder and name.
    Named(PathBuf),
}

/// The path to which links lead, so that what is not there yet is made there.
fn place_of_links(path: &Path) -> PathBuf {
    end_of_links(path).unwrap_or_else(|| path.to_owned())
}

fn place(path: &Path) -> FileIdentity {
    #[cfg(unix)]
    if let Ok(about) = fs::metadata(path) {
        use std::os::unix::fs::MetadataExt;
        return FileIdentity::There(about.dev(), about.ino());
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(path) = fs::canonicalize(&path) {
        return FileIdentity::Named(path);
    }
    let path = place_of_links(&path);
    FileIdentity::Named(
        match (path.parent().map(fs::canonicalize), path.file_name()) {
            (Some(Ok(folder)), Some(name)) => folder.join(name),
            _ => path,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_whatever_way_leads_there() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("out.csv");
        let around = folder.path().join("./sub/../out.csv");
        fs::create_dir(folder.path().join("sub")).unwrap();
        assert_eq!(place(&there), place(&around));
        assert_ne!(place(&there), place(&folder.path().join("other.csv")));
    }

    #[test]
    fn outputs_that_are_inputs_or_other_outputs_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let refused = |input: &str, report: &str, rejects: &str| {
            let mut files = Files::default();
            files.read(&path(input));
            files.written("--report", [&path(report)]);
            files.written("--rejects", [&path(rejects)]);
            files.refuse_clashes().map_err(|failure| failure.message)
        };
        assert_eq!(refused("in.csv", "a.csv", "b.csv"), Ok(()));
        let read = refused("in.csv", "a.csv", "./in.csv").unwrap_err();
        assert!(read.contains("overwritten by --rejects"), "{read}");
        let twice = refused("in.csv", "a.csv", "./a.csv").unwrap_err();
        assert!(twice.contains("--report and --rejects"), "{twice}");
        fs::write(path("in.csv"), "").unwrap();
        fs::hard_link(path("in.csv"), path("linked.csv")).unwrap();
        let linked = refused("in.csv", "a.csv", "linked.csv").unwrap_err();
        assert!(linked.contains("overwritten by --rejects"), "{linked}");
    }
}
