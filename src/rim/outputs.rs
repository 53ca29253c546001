//! The rules for outputs: no output is an input, no two outputs are one file, and their folders are there.

use super::failure::Failure;
use super::terminal::print;
use crate::disk::{folder_of, remove_leftovers};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that a command reads and writes.
#[derive(Debug, Default)]
pub(crate) struct Files {
    inputs: Vec<PathBuf>,
    outputs: Vec<(&'static str, PathBuf)>,
}

impl Files {
    /// Takes note of a file that is read. Standard input (`-`) is none.
    pub(crate) fn read(&mut self, path: &Path) {
        if path.as_os_str() != "-" {
            self.inputs.push(path.to_owned());
        }
    }

    /// Takes note of a file that is written; `flag` is what names it.
    pub(crate) fn written(&mut self, flag: &'static str, path: &Path) {
        self.outputs.push((flag, path.to_owned()));
    }

    /// Refuses outputs that are inputs or other outputs, by whatever way they are named, and those whose folder is not
    /// there; then removes what killed runs left half written in those folders, and prints what it was.
    ///
    /// # Errors
    /// Exit 2, naming the file.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        self.refuse_clashes()?;
        let folders = self.outputs.iter().map(|(_, path)| folder_of(path));
        let folders: BTreeSet<&Path> = folders.collect();
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

    fn refuse_clashes(&self) -> Result<(), Failure> {
        let inputs: Vec<Place> = self.inputs.iter().map(|path| place(path)).collect();
        let mut places: Vec<(&str, Place)> = vec![];
        for (flag, path) in &self.outputs {
            let place = place(path);
            if inputs.contains(&place) {
                return Err(Failure::usage(format!(
                    "{} is read, and would be overwritten by {flag}",
                    path.display()
                ))
                .hint("name another file: the original is left alone"));
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

/// Prints what was removed because killed runs had left it half written.
pub(crate) fn print_leftovers(removed: impl IntoIterator<Item = PathBuf>) {
    for path in removed {
        let path = path.display();
        print(format!(
            "removed {path}, which a run that was killed left half written"
        ));
    }
}

/// The canonical path of a file that is there or will be.
#[derive(Debug, PartialEq)]
enum Place {
    /// A file that is there, by device and inode: hard links are one.
    #[cfg(unix)]
    There(u64, u64),
    /// By its folder and name.
    Named(PathBuf),
}

fn place(path: &Path) -> Place {
    #[cfg(unix)]
    if let Ok(about) = fs::metadata(path) {
        use std::os::unix::fs::MetadataExt;
        return Place::There(about.dev(), about.ino());
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(path) = fs::canonicalize(&path) {
        return Place::Named(path);
    }
    // A link to what is not there yet is made there.
    let path = match fs::read_link(&path) {
        Ok(link) => path.parent().unwrap_or(&path).join(link),
        Err(_) => path,
    };
    Place::Named(
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
            files.written("--report", &path(report));
            files.written("--rejects", &path(rejects));
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
