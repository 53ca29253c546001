//! `rowcall diff`: what differs between two sheets, exports or PBXes, in telephone words.
//!
//! Nothing is printed before both sides are read whole: half a side would look like extensions that are gone.

mod archive;
mod sheets;

use crate::cli::DiffArgs;
use crate::diff::{Column, Comparison, HEADINGS, Side, What, compare};
use crate::export::fingerprint;
use crate::input::ReadingOptions;
use crate::link::StopFlag;
use crate::manifest::{Access, Manifest};
use crate::model::{Field, by_number};
use crate::progress::Progress;
use crate::rim::outputs::Files;
use crate::rim::target::vendor_of_rows;
use crate::rim::terminal::{output, print, print_data, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, Session, Target};
use crate::sheet::{Format, Input, Readers, Writer};
use crate::vendors::{GROUPS, vendor};
pub(super) use archive::side as night;
use sheets::Sheets;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Prints what differs.
///
/// # Errors
/// Exit 2 where a side cannot be used or the output not be written, exit 3 where a target cannot be used.
pub(super) fn run(args: &DiffArgs, context: &Context) -> Result<Exit, Failure> {
    prepare_output(args)?;
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
    let [before, after] = read(&named, args)?;
    let mut comparison = compare(&before, &after, None);
    if !comparison.unlike.is_empty()
        && let Ok(key) = context.present_key()
    {
        let made = |number: &str, field: Field, text: &str| fingerprint(&key, number, field, text);
        comparison = compare(&before, &after, Some(&made));
    }
    let labels = named.each_ref().map(Named::label);
    let vendors = named.each_ref().map(Named::manifest);
    print_not_compared(&comparison, &labels, vendors);
    let mut output = Output::open(args, false)?;
    output.write("", &comparison)?;
    output.finish()?;
    Ok(conclude(&labels, &comparison))
}

/// Refuses an output that is one of the sides, or has no folder.
fn prepare_output(args: &DiffArgs) -> Result<(), Failure> {
    let mut files = Files::default();
    let sides = args.sides.iter();
    sides.for_each(|side| files.read(Path::new(side)));
    if let Some(path) = &args.output {
        files.written("--output", path);
    }
    files.prepare()
}

/// One side as it was named.
enum Named {
    Sheet(Input),
    Target(Box<Target>),
}

impl Named {
    fn label(&self) -> String {
        match self {
            Named::Sheet(Input::Stdin) => "standard input".to_owned(),
            Named::Sheet(input) => input.to_string(),
            Named::Target(target) => target.label.clone(),
        }
    }

    fn manifest(&self) -> Option<&'static Manifest> {
        match self {
            Named::Sheet(_) => None,
            Named::Target(target) => Some((target.vendor.manifest)()),
        }
    }
}

/// Whether a side is a sheet or a target: what is a file, or is called like one, is a sheet.
fn named(text: &str, args: &DiffArgs, context: &Context) -> Result<Named, Failure> {
    let path = Path::new(text);
    let is_address = text.starts_with("sim:") || text.contains("://");
    let is_file =
        text == "-" || Format::from_ending(text).is_some() || (path.exists() && !path.is_dir());
    if is_file && !is_address {
        return Ok(Named::Sheet(Input::named(text)));
    }
    let target = Target::resolve(text, context.config(), &args.pace.options());
    match target.and_then(|target| target.about_groups(args.groups)) {
        Ok(target) => Ok(Named::Target(Box::new(target))),
        Err(failure) if is_address => Err(failure),
        Err(failure) => Err(Failure {
            message: format!("{text} is no file, and as a target: {}", failure.message),
            ..failure
        }),
    }
}

/// Both sides, sheets before targets: what is wrong with a sheet shows before a PBX is asked.
fn read(named: &[Named; 2], args: &DiffArgs) -> Result<[Side; 2], Failure> {
    let said = args.vendor.as_deref().and_then(vendor);
    let said = said
        .map(|vendor| vendor_of_rows(vendor, args.groups))
        .transpose()?;
    let said = said.map(|vendor| (vendor.manifest)());
    let manifest = said.or_else(|| named.iter().find_map(Named::manifest));
    // The words for groups are those of the vendors that have them.
    let of_groups = || (GROUPS.first().filter(|_| args.groups)?.manifest)().into();
    let manifest = manifest.or_else(of_groups);
    let reading = args.reading.options();
    let mut sheets = Sheets::new(&reading, manifest, true)?;
    let mut sides = [None, None];
    for (side, named) in sides.iter_mut().zip(named) {
        if let Named::Sheet(input) = named {
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
        if let Named::Target(target) = named {
            *side = Some(held(target, &stop)?);
        }
    }
    let none = || Side::new(vec![], None);
    Ok(sides.map(|side| side.unwrap_or_else(none)))
}

/// An export of rowcall's own, of a PBX of this vendor.
///
/// # Errors
/// Exit 2: what cannot be read or compared, and where.
pub(super) fn export(path: &Path, manifest: Option<&'static Manifest>) -> Result<Side, Failure> {
    let reading = ReadingOptions::default();
    Sheets::new(&reading, manifest, false)?.read(&Input::File(path.to_owned()))
}

/// Every extension that a PBX holds, secrets too where it gives them back.
fn held(target: &Target, stop: &StopFlag) -> Result<Side, Failure> {
    let session = Session::open(target, stop)?;
    let listing = session.list()?;
    if !listing.complete {
        let message = format!(
            "{}: the listing is not certainly whole, and what it lacks would seem to be gone",
            target.label
        );
        return Err(Failure::target(message).hint("run it again; nothing was compared"));
    }
    let manifest = session.manifest();
    let given_back = |field: &Field| {
        let row = manifest.row(*field);
        is_compared(*field) && row.is_some_and(|row| row.access != Access::WriteOnly)
    };
    let fields: Vec<Field> = Field::all().filter(given_back).collect();
    let columns = fields.iter().map(|field| Column::Value(*field)).collect();
    let mut side = Side::new(columns, Some(manifest));
    let mut numbers = listing.numbers;
    numbers.sort_by(|a, b| by_number(a, b));
    numbers.dedup();
    let mut progress = Progress::new(&format!("{}s", target.record()), numbers.len() as u64);
    let mut twice = None;
    let looked = session
        .connection()
        .look(&numbers, &session.looking(false), &mut |found| {
            for extension in found {
                progress.tick();
                let cells = fields.iter();
                let cells = cells.map(|field| extension.reveal(*field).unwrap_or_default());
                if side.add(extension.number(), cells).is_err() {
                    twice.get_or_insert(extension.number().to_owned());
                }
            }
        });
    progress.finish();
    drop(session);
    looked.map_err(|fault| target.failure(&fault))?;
    let missing: Vec<&str> = numbers
        .iter()
        .map(String::as_str)
        .filter(|number| !side.holds(number))
        .collect();
    let trouble = match (missing.first(), twice) {
        (Some(first), _) => {
            let more = missing.len() - 1;
            format!("{first} (and {more} more) was listed, and gone when it was looked at")
        }
        (None, Some(twice)) => format!("{twice} was given back twice"),
        (None, None) => return Ok(side),
    };
    Err(Failure::target(format!("{}: {trouble}", target.label))
        .hint("run it again when nobody changes the PBX; nothing was compared"))
}

/// Whether a field may be compared at all: the number is the key, and what is live changes by itself.
fn is_compared(field: Field) -> bool {
    !field.is_key() && field != Field::NEW_NUMBER && !field.is_live()
}

/// Says which fields are not compared, and why: once each, and not as differences of every extension. Of sides that are
/// targets the vendors are given.
pub(super) fn print_not_compared(
    comparison: &Comparison<'_>,
    labels: &[String; 2],
    vendors: [Option<&Manifest>; 2],
) {
    let names = |fields: &[Field]| {
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        names.join(", ")
    };
    let [before, after] = labels;
    for (fields, there, other, vendor) in [
        (&comparison.only[0], before, after, vendors[1]),
        (&comparison.only[1], after, before, vendors[0]),
    ] {
        let write_only = |field: &Field| {
            let row = vendor.and_then(|manifest| manifest.row(*field));
            row.is_some_and(|row| row.access == Access::WriteOnly)
        };
        let (kept, lacking): (Vec<Field>, Vec<Field>) = fields.iter().partition(|f| write_only(f));
        if !lacking.is_empty() {
            let fields = names(&lacking);
            print(format!(
                "not compared, because only {there} has it: {fields}"
            ));
        }
        if !kept.is_empty() {
            let fields = names(&kept);
            print(format!(
                "not compared, because {other} does not give it back: {fields}"
            ));
        }
    }
    for (fields, why) in [
        (
            &comparison.unlike,
            "not compared, because one side has values and the other fingerprints, and there is no key that made them (--key)",
        ),
        (
            &comparison.other_key,
            "not compared, because the fingerprints were made with two keys",
        ),
        (
            &comparison.untold(),
            "not told of the renumbered, because a fingerprint belongs to its number",
        ),
        (
            &comparison.all_differ,
            "every fingerprint is another one, as it is when two keys made them",
        ),
    ] {
        if !fields.is_empty() {
            print(format!("{why}: {}", names(fields)));
        }
    }
}

/// Where differences go.
struct Output {
    /// None where they are printed as text.
    table: Option<Writer>,
    /// Whether each is told with its target.
    with_target: bool,
}

impl Output {
    fn open(args: &DiffArgs, with_target: bool) -> Result<Output, Failure> {
        let target = with_target.then_some("target");
        let headings: Vec<&str> = target.into_iter().chain(HEADINGS).collect();
        let stream =
            |format| Writer::stream(Box::new(QuietStdout), "standard output", format, &headings);
        let table = match &args.output {
            Some(path) => Some(Writer::replace(path, Readers::Anybody, &headings)),
            // As text, which is no table.
            None => Format::named(&args.format).map(stream),
        };
        Ok(Output {
            table: table.transpose().map_err(Failure::usage)?,
            with_target,
        })
    }

    /// As text one line for each extension that differs, in a table one for each field.
    fn write(&mut self, target: &str, comparison: &Comparison<'_>) -> Result<(), Failure> {
        let target = self.with_target.then_some(target);
        let Some(table) = &mut self.table else {
            let prefix = target.map_or_else(String::new, |target| format!("{target}: "));
            return print_data(|out| text(&prefix, comparison, out)).map(drop);
        };
        for difference in &comparison.differences {
            for row in comparison.rows(difference) {
                let cells = row.iter().map(String::as_str);
                let written = table.row(target.into_iter().chain(cells));
                written.map_err(Failure::usage)?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        let finished = self.table.map(Writer::finish);
        finished.unwrap_or(Ok(())).map_err(Failure::usage)
    }
}

/// One line for each extension that differs.
pub(super) fn text(
    prefix: &str,
    comparison: &Comparison<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for difference in &comparison.differences {
        writeln!(out, "{prefix}{}", comparison.line(difference))?;
    }
    out.flush()
}

/// Standard output, whose reader may go (`| head`): that there are differences is still told by the exit code.
struct QuietStdout;

impl Write for QuietStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match output().write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match output().flush() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// Says how much differs, and gives the exit code for it.
fn conclude(labels: &[String; 2], comparison: &Comparison<'_>) -> Exit {
    let [before, after] = labels;
    print(format!("{before} → {after}: {}", summary(comparison)));
    Exit::done_if(comparison.differences.is_empty())
}

fn summary(comparison: &Comparison<'_>) -> String {
    let mut counts: BTreeMap<What, usize> = BTreeMap::new();
    for difference in &comparison.differences {
        *counts.entry(difference.what()).or_default() += 1;
    }
    if counts.is_empty() {
        return "no difference".to_owned();
    }
    let counts = counts.iter();
    let counts: Vec<String> = counts
        .map(|(what, count)| format!("{count} {}", what.word()))
        .collect();
    counts.join(", ")
}
