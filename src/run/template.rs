//! `rowcall template`: a sheet to fill in.

use super::Failure;
use crate::cli::TemplateArgs;
use crate::manifest::{Access, FieldRow};
use crate::sheet::{Format, Readers, Writer};
use crate::vendors::make;
use std::io::stdout;

/// Writes the headings of a make: what must be given first, then the rest in the order of the vendor's pages.
///
/// # Errors
/// Exit 2 where the file cannot be written.
pub(super) fn run(args: &TemplateArgs) -> Result<u8, Failure> {
    let make = make(&args.vendor).ok_or_else(|| Failure::usage("there is no such make"))?;
    let manifest = (make.manifest)();
    let writable = |required: bool| {
        let rows = manifest
            .field
            .iter()
            .filter(|row| row.access != Access::ReadOnly);
        rows.filter(move |row| row.required == required)
    };
    let name = |row: &FieldRow| row.name.name().to_owned();
    let headings: Vec<String> = writable(true).chain(writable(false)).map(name).collect();
    let writer = match &args.output {
        Some(path) => Writer::replace(path, Readers::Anybody, &headings),
        None => Writer::stream(
            Box::new(stdout()),
            "standard output",
            Format::Csv,
            &headings,
        ),
    };
    writer.and_then(Writer::finish).map_err(Failure::usage)?;
    Ok(0)
}
