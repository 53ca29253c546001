//! The errors of an archive.

use super::entry::MANIFEST;
use crate::model::redact;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The errors that keep an archive from being used.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The folder has no manifest.
    #[error("{} is no archive: there is no {MANIFEST} in it", .0.display())]
    NoArchive(PathBuf),
    /// A file or a folder cannot be used.
    #[error("{} cannot be {doing}: {error}", .path.display())]
    Io {
        path: PathBuf,
        /// `read`, `written`, …
        doing: &'static str,
        /// The system's own error.
        error: io::Error,
    },
    /// Another process has locked the manifest.
    #[error("{} is being written by another process, which does not come to an end", .0.display())]
    Busy(PathBuf),
    /// A line of the manifest that rowcall did not write so.
    #[error("{}: {} is no entry", .path.display(), line.map_or("the last line".to_owned(), |line| format!("line {line}")))]
    NoEntry {
        /// The manifest.
        path: PathBuf,
        /// Its line, from 1; `None` for the last one.
        line: Option<u64>,
    },
    /// An archive whose layout this version does not know.
    #[error("{} was written by a later version of rowcall (layout {layout})", .folder.display())]
    Layout {
        /// The archive's folder.
        folder: PathBuf,
        layout: u32,
    },
    /// A target without a snapshot.
    #[error("{} holds no snapshot of {target}", .folder.display())]
    NoSnapshot {
        /// The archive's folder.
        folder: PathBuf,
        target: String,
        /// The targets that have one.
        known: Vec<String>,
    },
    /// A target's name that cannot be a folder's.
    #[error("{:?} cannot be the name of a folder or a file: it is no name of a target in rowcall.toml", redact::target(.0))]
    Name(String),
}

impl ArchiveError {
    /// Returns the next step.
    pub fn hint(&self) -> String {
        let hint = match self {
            ArchiveError::NoSnapshot { known, .. } if known.is_empty() => {
                "it holds no snapshot yet; rowcall export TARGET --archive DIR adds one"
            }
            ArchiveError::NoSnapshot { known, .. } => {
                return format!("it holds snapshots of: {}", known.join(", "));
            }
            ArchiveError::NoArchive(_) => {
                "name the folder that was given to `rowcall export --archive`"
            }
            ArchiveError::Io { .. } => "see to the folder, its permissions and the disk's space",
            ArchiveError::Layout { .. } => "use that version",
            ArchiveError::Busy(_) => "see what the other process waits for, and run this one again",
            ArchiveError::NoEntry { .. } => {
                "`rowcall archive verify` tells what else is wrong; put the manifest back from a copy, or begin another archive"
            }
            ArchiveError::Name(_) => {
                "give the target a name in rowcall.toml: letters, digits, - and _"
            }
        };
        hint.to_owned()
    }
}

pub(super) fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |error| ArchiveError::Io { path, doing, error }
}
