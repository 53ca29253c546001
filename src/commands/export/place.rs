//! The destination of exports: standard output, files, or an archive.

use super::archive::Snapshots;
use crate::archive::folder_name;
use crate::cli::{ExportArgs, ExportSecrets};
use crate::model::redact;
use crate::rim::Failure;
use crate::rim::config::TARGET;
use crate::rim::outputs::Files;
use crate::sheet::Format;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file that a target's export is written to.
pub(super) fn file(pattern: &Path, name: &str) -> Result<PathBuf, Failure> {
    let text = pattern.to_string_lossy();
    match text.contains(TARGET) {
        true => Ok(text.replace(TARGET, folder_name(name)?).into()),
        false => Ok(pattern.to_owned()),
    }
}

/// The destination of exports.
pub(super) enum Destination {
    Stdout,
    File(PathBuf),
    Archive(Snapshots),
}

impl Destination {
    pub(super) fn resolve(args: &ExportArgs, names: &[String]) -> Result<Destination, Failure> {
        let several = names.len() > 1;
        let mut seen = BTreeSet::new();
        let twice = names.iter().find(|name| !seen.insert(name.to_lowercase()));
        if let Some(name) = twice {
            return Err(Failure::usage(format!(
                "{} is named twice, and both would be written to one file",
                redact::target(name)
            ))
            .hint("name each target once, in names that differ in more than capitals"));
        }
        if let Some(folder) = &args.archive {
            if args.secrets == ExportSecrets::Plain {
                return Err(Failure::usage("an archive holds no passwords and PINs")
                    .hint("--secrets fingerprint shows when one changed"));
            }
            return Ok(Destination::Archive(Snapshots::new(folder)?));
        }
        if args.on_change.is_some() {
            let ending = args
                .output
                .as_ref()
                .and_then(|path| Format::to_write(&path.to_string_lossy()));
            if !ending.is_some_and(Format::is_read) {
                return Err(Failure::usage("--on-change holds an export against the one before, and here none is kept that can be read")
                    .hint("write -o FILE.csv (or .json, .jsonl, .xlsx), or --archive DIR"));
            }
        }
        match &args.output {
            Some(path) if !several || path.to_string_lossy().contains(TARGET) => {
                Ok(Destination::File(path.clone()))
            }
            None if !several => Ok(Destination::Stdout),
            _ => Err(Failure::usage(format!(
                "{} targets need a file each, or an archive",
                names.len()
            ))
            .hint("write -o 'exports/{target}.csv', or --archive DIR")),
        }
    }

    /// Refuses outputs that would replace what is read, and removes the summaries of a run before: they would speak for this
    /// one, if this one is killed.
    pub(super) fn prepare_outputs(
        &self,
        files: &mut Files,
        args: &ExportArgs,
        names: &[String],
    ) -> Result<(), Failure> {
        for name in names {
            // One that cannot be named so fails by itself.
            if let Destination::File(pattern) = self
                && let Ok(path) = file(pattern, name)
            {
                files.written("--output", [&path]);
            }
        }
        files.written("--summary", &args.many.summary);
        files.written("--metrics", &args.many.metrics);
        files.prepare()?;
        for path in [&args.many.summary, &args.many.metrics]
            .into_iter()
            .flatten()
        {
            remove_old(path)?;
        }
        Ok(())
    }
}

/// Removes the file of a run before.
fn remove_old(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::not_written(path, &error))
        }
        _ => Ok(()),
    }
}
