//! `rowcall export`: every extension of a PBX, ordered by number, under canonical headings.

use super::target::Target;
use super::{Failure, interrupts, say};
use crate::cli::{ExportArgs, Secrets};
use crate::link::StopFlag;
use crate::manifest::{Access, Manifest};
use crate::model::Field;
use crate::progress::Progress;
use crate::sheet::{Column, Format, Readers, SheetError, Writer};
use crate::submit::converse::Looking;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io::stdout;
use std::path::Path;

/// Writes the export.
///
/// # Errors
/// Exit 2 where the file cannot be written, exit 3 where the target cannot be used.
pub(super) fn run(args: &ExportArgs, config: Option<&Path>) -> Result<u8, Failure> {
    let target = Target::resolve(&args.target, config, &args.pace)?;
    let stop = StopFlag::default();
    interrupts(&stop)?;
    let connection = target.connect(&stop)?;
    let listing = connection.list().map_err(|fault| target.failure(&fault))?;
    if !listing.whole {
        say(format!(
            "{}: the listing may not be whole; the export holds what was listed",
            target.label
        ));
    }
    let numbers = in_order(listing.numbers);
    let fields = columns(connection.manifest(), args.secrets, args.live);
    let mut writer = writer(args, &fields).map_err(Failure::usage)?;
    let mut progress = Progress::new("extensions", numbers.len() as u64);
    let mut missing: BTreeSet<&str> = numbers.iter().map(String::as_str).collect();
    let mut failed = None;
    let looking = Looking {
        parallel: target.parallel,
        batch: target.batch,
        live: args.live,
    };
    let looked = connection.look(&numbers, &looking, &mut |found| {
        for extension in found {
            missing.remove(extension.number());
            progress.tick();
            if let Err(error) = writer.row(
                fields
                    .iter()
                    .map(|field| extension.get(*field).unwrap_or_default()),
            ) {
                failed.get_or_insert(error);
                stop.stop();
            }
        }
    });
    progress.finish();
    connection.close();
    if let Some(error) = failed {
        return Err(Failure::usage(error));
    }
    looked.map_err(|fault| target.failure(&fault))?;
    writer.finish().map_err(Failure::usage)?;
    say(format!(
        "{}: {} extensions",
        target.label,
        numbers.len() - missing.len()
    ));
    if !missing.is_empty() {
        let named: Vec<&str> = missing.into_iter().collect();
        say(format!(
            "listed, but gone when they were looked at: {}",
            named.join(", ")
        ));
        return Ok(1);
    }
    Ok(0)
}

/// Numbers in the order in which people count: 7, 0042, 100.
fn in_order(mut numbers: Vec<String>) -> Vec<String> {
    fn by_number(a: &str, b: &str) -> Ordering {
        let value = |text: &str| {
            let digits = text.trim_start_matches('0');
            (digits.len(), digits.to_owned())
        };
        value(a).cmp(&value(b)).then_with(|| a.cmp(b))
    }
    numbers.sort_by(|a, b| by_number(a, b));
    numbers.dedup();
    numbers
}

/// The columns of an export: what the make gives back, in the order of the dictionary.
fn columns(manifest: &Manifest, secrets: Secrets, live: bool) -> Vec<Field> {
    let given_back = |field: &Field| {
        manifest
            .row(*field)
            .is_some_and(|row| row.access != Access::WriteOnly)
    };
    let wanted = |field: &Field| {
        (live || !field.is_live()) && (secrets == Secrets::Plain || !field.is_secret())
    };
    Field::all().filter(given_back).filter(wanted).collect()
}

fn writer(args: &ExportArgs, fields: &[Field]) -> Result<Writer, SheetError> {
    let column = |field: &Field| Column {
        heading: field.name().to_owned(),
        width: field.def().example.chars().count(),
        ..Column::default()
    };
    let columns: Vec<Column> = fields.iter().map(column).collect();
    match &args.output {
        None => Writer::stream(Box::new(stdout()), "standard output", Format::Csv, &columns),
        Some(path) if args.secrets == Secrets::Plain => {
            say(format!(
                "{} will hold passwords and PINs; only its owner can read it",
                path.display()
            ));
            Writer::replace(path, Readers::Owner, &columns)
        }
        Some(path) => Writer::replace(path, Readers::Anybody, &columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_the_order_in_which_people_count() {
        let numbers = ["100", "0042", "7", "99", "42", "007", "7"].map(str::to_owned);
        assert_eq!(
            in_order(numbers.to_vec()),
            ["007", "7", "0042", "42", "99", "100"]
        );
    }
}
