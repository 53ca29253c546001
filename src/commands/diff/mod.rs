//! `rowcall diff`: the differences between two sheets, exports or PBXes, in telephone words.
//!
//! Nothing is printed before both sides are read whole: half a side would look like extensions that are gone.

mod archive;
mod output;
mod sheets;
mod target;

use crate::cli::DiffArgs;
use crate::diff::{Fingerprint, Side, compare};
use crate::export::fingerprint;
use crate::link::StopFlag;
use crate::manifest::Manifest;
use crate::model::{Field, redact};
use crate::rim::outputs::Files;
use crate::rim::target::vendor_of_rows;
use crate::rim::terminal::{print, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, Target};
use crate::sheet::{Format, Input};
use crate::vendors::{GROUPS, vendor};
pub(super) use archive::{print_moves, side as snapshot};
use output::{Output, conclude};
pub(super) use output::{not_compared, text};
use sheets::Sheets;
pub(super) use sheets::export;
use std::path::Path;

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
        let message = format!(
            "diff compares two sides, and {} are named",
            args.sides.len()
        );
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
    let untold = not_compared(&comparison, &labels, vendors);
    untold.iter().for_each(print);
    let mut output = Output::open(args, false)?;
    output.write("", &labels, &comparison, untold)?;
    let exit = conclude(&labels, &comparison);
    output.finish(exit)?;
    Ok(exit)
}

/// Refuses an output that is one of the sides, or has no folder.
fn prepare_output(args: &DiffArgs, context: &Context) -> Result<(), Failure> {
    let mut files = Files::new(context);
    let sides = args.sides.iter();
    sides.for_each(|side| files.read(Path::new(side)));
    if let Some(path) = &args.output {
        files.written("--output", path);
    }
    files.prepare()
}

/// One side as it was named.
enum NamedSide {
    Sheet(Input),
    Target(Box<Target>),
}

impl NamedSide {
    fn label(&self) -> String {
        match self {
            NamedSide::Sheet(Input::Stdin) => "standard input".to_owned(),
            NamedSide::Sheet(input) => input.to_string(),
            NamedSide::Target(target) => target.label.clone(),
        }
    }

    fn manifest(&self) -> Option<&'static Manifest> {
        match self {
            NamedSide::Sheet(_) => None,
            NamedSide::Target(target) => Some(target.manifest()),
        }
    }
}

/// Decides if a side is a sheet or a target: a file, or a name that looks like one, is a sheet.
fn named(text: &str, args: &DiffArgs, context: &Context) -> Result<NamedSide, Failure> {
    let path = Path::new(text);
    let is_address = text.starts_with("sim:") || text.contains("://");
    let is_file =
        text == "-" || Format::from_ending(text).is_some() || (path.exists() && !path.is_dir());
    if is_file && !is_address {
        return Ok(NamedSide::Sheet(Input::named(text)));
    }
    let target = Target::resolve(text, context.config(), &args.pace.options());
    match target.and_then(|target| target.about_groups(args.groups)) {
        Ok(target) => Ok(NamedSide::Target(Box::new(target))),
        Err(failure) if is_address => Err(failure),
        Err(failure) => Err(Failure {
            message: format!(
                "{} is no file, and as a target: {}",
                redact::target(text),
                failure.message
            ),
            ..failure
        }),
    }
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
    let mut sheets = Sheets::new(&reading, manifest, true)?;
    let mut sides = [None, None];
    for (side, named) in sides.iter_mut().zip(named) {
        if let NamedSide::Sheet(input) = named {
            *side = Some(sheets.read(input)?);
        }
    }
    if sides.iter().any(Option::is_some) {
        sheets.all_is_mapped()?;
    }
    let stop = match sides.iter().any(Option::is_none) {
        true => stop_on_interrupt()?,
        false => StopFlag::default(),
    };
    for (side, named) in sides.iter_mut().zip(named) {
        if let NamedSide::Target(target) = named {
            *side = Some(target::side(target, &stop, context)?);
        }
    }
    let none = || Side::new(vec![], None);
    Ok(sides.map(|side| side.unwrap_or_else(none)))
}
