//! `rowcall export`: every extension of PBXes, ordered by number, under canonical headings; into files, or into an
//! archive of snapshots.

mod archive;
mod job;
mod on_change;
mod place;
mod write;

use crate::cli::{ExportArgs, ExportSecrets};
use crate::rim::config::all_names;
use crate::rim::outputs::Files;
use crate::rim::terminal::{report, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure};
use job::Job;
use place::{Destination, file};

/// Writes the exports. A target that fails does not stop the others.
///
/// # Errors
/// Exit 2 where the command line, the configuration or the archive cannot be used. Exit 3 where a target cannot be used;
/// the others are done all the same.
pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<Exit, Failure> {
    let names = match args.all {
        true => all_names(context.config())?,
        false => args.targets.clone(),
    };
    let mut files = Files::new(context);
    if let Some(folder) = &args.archive {
        files.refuse_archive(folder)?;
    }
    let place = Destination::resolve(args, &names)?;
    args.pace.ca_file.iter().for_each(|file| files.read(file));
    for name in &names {
        // One that cannot be named so fails by itself.
        if let Destination::File(pattern) = &place
            && let Ok(path) = file(pattern, name)
        {
            files.written("--output", [&path]);
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
        context,
        key,
        place,
        is_alone: names.len() == 1,
        stop,
    };
    let exit = match names.as_slice() {
        [name] => job.export(name),
        _ => Ok(job.export_all(&names)),
    };
    let Destination::Archive(snapshots) = &job.place else {
        return exit;
    };
    match (exit, snapshots.close(args)) {
        (exit, Ok(())) => exit,
        (Ok(exit), Err(failure)) => Ok(exit.max(report(&failure))),
        (Err(failure), Err(closing)) => {
            report(&closing);
            Err(failure)
        }
    }
}
