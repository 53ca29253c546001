//! `rowcall export`: every extension of PBXes, ordered by number, under canonical headings; into files, or into an
//! archive of snapshots.

mod all;
mod archive;
mod exported;
mod job;
mod measured;
mod on_change;
mod place;
mod summary;
mod target;
mod write;

use super::migrate::run_export;
use crate::cli::{ExportArgs, ExportSecrets, TransferArgs};
use crate::fleet::{Shard, in_order};
use crate::model::counted;
use crate::rim::config::all_names;
use crate::rim::inventory::Inventory;
use crate::rim::open_files::room_for;
use crate::rim::outputs::Files;
use crate::rim::terminal::{print, report, stop_reading_on_interrupt};
use crate::rim::{Context, Exit, Failure};
use jiff::{Timestamp, Zoned};
use job::Job;
use place::Destination;
use std::env;

/// Writes the exports. A target that fails does not stop the others.
///
/// # Errors
/// Exit 2 where the command line, the configuration or the archive cannot be used. Exit 3 where a target cannot be used;
/// the others are done all the same.
pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<Exit, Failure> {
    if args.to.is_some() || args.transfer != TransferArgs::default() {
        return run_export(args, context);
    }
    let inventory = args.many.inventory.as_deref();
    let inventory = inventory.map(|file| Inventory::read(file, context.config()));
    let inventory = inventory.transpose()?;
    let mut names = match (&inventory, args.all) {
        (Some(inventory), _) => inventory.names(),
        (None, true) => all_names(context.config())?,
        (None, false) => args.targets.clone(),
    };
    let shard = shard(args)?;
    let mut files = Files::new(context);
    if let Some(sheet) = &inventory {
        files.read(&sheet.file);
        files.keep_named(sheet.named_files());
    }
    if let Some(folder) = &args.archive {
        files.refuse_archive(folder)?;
    }
    let night = args.many.night.as_deref().map(night);
    let place = Destination::resolve(args, &names)?;
    args.pace.ca_file.iter().for_each(|file| files.read(file));
    if let Some(shard) = shard {
        names.retain(|name| shard.has(name));
        print(format!(
            "shard {shard}: {}",
            counted(names.len() as u64, "target")
        ));
    }
    in_order(&mut names);
    place.prepare_outputs(&mut files, args, &names)?;
    let key = match (args.secrets, shard) {
        // Each process with a key of its own would make every secret look changed.
        (ExportSecrets::Fingerprint, Some(_)) => Some(context.present_key()?),
        (ExportSecrets::Fingerprint, None) => Some(context.key()?),
        _ => None,
    };
    let at_once = usize::from(args.many.at_once).min(names.len());
    let job = Job {
        args,
        pace: args.pace.options(),
        context,
        key,
        place,
        inventory,
        night,
        at_once: room_for(at_once),
        is_alone: names.len() == 1,
        stop: stop_reading_on_interrupt()?,
    };
    let started = Timestamp::now();
    let (exit, lines) = match names.as_slice() {
        [name] => {
            let (exit, line) = job.export_measured(name);
            (exit, vec![line])
        }
        _ => {
            let (exit, lines) = job.export_all(&names);
            (Ok(exit), lines)
        }
    };
    let exit = job.close(exit);
    match job.write_summary(shard, started, &exit, lines) {
        Ok(()) => exit,
        Err(failure) => exit.map(|exit| exit.max(report(&failure))),
    }
}

/// The part of all targets that this process takes.
fn shard(args: &ExportArgs) -> Result<Option<Shard>, Failure> {
    let variable = |name: &str| env::var(name).ok();
    let shard = args.many.shard.map(|choice| choice.resolve(variable));
    shard.transpose().map_err(|why| {
        Failure::usage(why)
            .hint("start it as a task of an indexed job or array, or write --shard 3/50")
    })
}

/// The night's name; `today` is the date here.
fn night(typed: &str) -> String {
    match typed {
        "today" => Zoned::now().date().to_string(),
        name => name.to_owned(),
    }
}
