//! `rowcall diff`: the differences between two sheets, exports or PBXes, in telephone words.
//!
//! Nothing is printed before both sides are read whole: half a side would look like extensions that are gone.

mod archive;
mod output;
mod side;
mod target;

use crate::cli::DiffArgs;
use crate::diff::{Fingerprint, Side, compare};
use crate::export::fingerprint;
use crate::input::side::SideReader;
use crate::link::StopFlag;
use crate::model::Field;
use crate::rim::outputs::Files;
use crate::rim::target::vendor_of_rows;
use crate::rim::terminal::{print, stop_reading_on_interrupt};
use crate::rim::{Context, Exit, Failure};
use crate::sheet::Input;
use crate::vendors::{GROUPS, vendor};
use output::{Output, conclude};
use side::{NamedSide, named};
use std::path::Path;
use target::read_target;

/// Prints the differences.
///
/// # Errors
/// Exit 2 where a side cannot be used or the output not be written, exit 3 where a target cannot be used.
pub(super) fn run(args: &DiffArgs, context: &Context) -> Result<Exit, Failure> {
    prepare_output(args, context)?;
    if let (Some(folder), Some(since)) = (&args.archive, args.since) {
        return archive::run(args, folder, since);
    }
    let [before, after] = args.sides.as_slice() else {
        let message = match args.sides.len() {
            1 => "diff compares two sides, and one is named".to_owned(),
            count => format!("diff compares two sides, and {count} are named"),
        };
        return Err(Failure::usage(message).hint("name two: rowcall diff A B"));
    };
    if before == "-" && after == "-" {
        return Err(Failure::usage("standard input (-) can be read once only"));
    }
    let named = [named(before, args, context)?, named(after, args, context)?];
    let [before, after] = read(&named, args, context)?;
    let key = context.present_key().ok();
    let made = key.map(|key| {
        move |number: &str, field: Field, text: &str| fingerprint(&key, number, field, text)
    });
    let made = made.as_ref().map(|made| made as Fingerprint<'_>);
    let comparison = compare(&before, &after, made);
    let labels = named.each_ref().map(NamedSide::label);
    let vendors = named.each_ref().map(NamedSide::manifest);
    let left_out = comparison.not_compared(&labels, vendors);
    left_out.iter().for_each(print);
    let mut output = Output::open(args, false)?;
    output.write("", &labels, &comparison, left_out)?;
    let exit = conclude(&labels, &comparison);
    output.finish(exit)?;
    Ok(exit)
}

/// Refuses an output that is one of the sides, or has no folder.
fn prepare_output(args: &DiffArgs, context: &Context) -> Result<(), Failure> {
    let mut files = Files::new(context);
    let sides = args.sides.iter();
    sides.for_each(|side| files.read(Path::new(side)));
    files.written("--output", &args.output);
    files.prepare_telling()
}

/// Reads both sides, sheets before targets: a mistake in a sheet shows before a PBX is asked.
fn read(named: &[NamedSide; 2], args: &DiffArgs, context: &Context) -> Result<[Side; 2], Failure> {
    let typed = args.vendor.as_deref().and_then(vendor);
    let typed = typed
        .map(|vendor| vendor_of_rows(vendor, args.groups))
        .transpose()?;
    let typed = typed.map(|vendor| (vendor.manifest)());
    let manifest = typed.or_else(|| named.iter().find_map(NamedSide::manifest));
    // The words for groups are those of the vendors that have them.
    let of_groups = || (GROUPS.first().filter(|_| args.groups)?.manifest)().into();
    let manifest = manifest.or_else(of_groups);
    let reading = args.reading.options();
    let inputs: Vec<&Input> = named.iter().filter_map(NamedSide::sheet).collect();
    let mut sheets = SideReader::new(&reading, manifest, true, &inputs)?;
    let mut sides = [None, None];
    for (side, named) in sides.iter_mut().zip(named) {
        if let NamedSide::Sheet(input) = named {
            *side = Some(sheets.read(input)?);
        }
    }
    if sides.iter().any(Option::is_some) {
        sheets.all_is_found()?;
    }
    let stop = match sides.iter().any(Option::is_none) {
        true => stop_reading_on_interrupt()?,
        false => StopFlag::default(),
    };
    for (side, named) in sides.iter_mut().zip(named) {
        if let NamedSide::Target(target) = named {
            *side = Some(read_target(target, &stop, context)?);
        }
    }
    let none = || Side::new(vec![], None);
    Ok(sides.map(|side| side.unwrap_or_else(none)))
}
