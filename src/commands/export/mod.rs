//! `rowcall export`: every extension of PBXes, ordered by number, under canonical headings; into files, or into an
//! archive of snapshots.

mod archive;
mod job;
mod on_change;

use crate::archive::folder_name;
use crate::cli::{ExportArgs, ExportSecrets};
use crate::model::redact;
use crate::rim::config::all_names;
use crate::rim::outputs::Files;
use crate::rim::terminal::{report, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure};
use crate::sheet::Format;
use archive::Nights;
use job::Job;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The placeholder for the target's name in a file's.
const TARGET: &str = "{target}";

/// Writes the exports. With several targets each one's end is its own.
///
/// # Errors
/// Exit 2 where the command line, the configuration or the archive cannot be used. Exit 3 where a target cannot be used;
/// the others are done all the same.
pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<Exit, Failure> {
    let names = match args.all {
        true => all_names(context.config())?,
        false => args.targets.clone(),
    };
    let place = Place::resolve(args, &names)?;
    let mut files = Files::new(context);
    args.pace.ca_file.iter().for_each(|file| files.read(file));
    for name in &names {
        // One that cannot be named so fails by itself.
        if let Place::File(pattern) = &place
            && let Ok(path) = file(pattern, name)
        {
            files.written("--output", &path);
        }
    }
    files.prepare()?;
    let key = match args.secrets {
        ExportSecrets::Fingerprint => Some(context.key()?),
        _ => None,
    };
    let stop = stop_on_interrupt()?;
    let job = Job {
        args,
        pace: args.pace.options(),
        config: context.config(),
        key,
        place,
        is_alone: names.len() == 1,
        stop,
    };
    let exit = match names.as_slice() {
        [name] => job.export(name),
        _ => Ok(job.export_all(&names)),
    };
    let Place::Archive(nights) = &job.place else {
        return exit;
    };
    match (exit, nights.close(args)) {
        (exit, Ok(())) => exit,
        (Ok(exit), Err(failure)) => Ok(exit.max(report(&failure))),
        (Err(failure), Err(closing)) => {
            report(&closing);
            Err(failure)
        }
    }
}

/// The file that a target's export is written to.
fn file(pattern: &Path, name: &str) -> Result<PathBuf, Failure> {
    let text = pattern.to_string_lossy();
    match text.contains(TARGET) {
        true => Ok(text.replace(TARGET, folder_name(name)?).into()),
        false => Ok(pattern.to_owned()),
    }
}

/// The destination of exports.
enum Place {
    Stdout,
    File(PathBuf),
    Archive(Nights),
}

impl Place {
    fn resolve(args: &ExportArgs, names: &[String]) -> Result<Place, Failure> {
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
            return Ok(Place::Archive(Nights::new(folder)?));
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
                Ok(Place::File(path.clone()))
            }
            None if !several => Ok(Place::Stdout),
            _ => Err(Failure::usage(format!(
                "{} targets need a file each, or an archive",
                names.len()
            ))
            .hint("write -o 'exports/{target}.csv', or --archive DIR")),
        }
    }
}
