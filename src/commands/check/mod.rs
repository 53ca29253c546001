//! `rowcall check`: every finding of every row, without any PBX.

mod head;
mod outputs;

use super::columns::explain;
use crate::check::{BoundSheet, CheckOptions, Checked, check};
use crate::cli::CheckArgs;
use crate::columns::AllowedActions;
use crate::input::open_sheets;
use crate::manifest::Purpose;
use crate::rim::outputs::Files;
use crate::rim::target::facts_named;
use crate::rim::{Context, Exit, Failure};
use jiff::Timestamp;
use outputs::CheckOutputs;

/// Checks the sheets; findings go to standard output, summed by column and cause.
///
/// # Errors
/// Exit 2 where a sheet cannot be read or a report cannot be written.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let manifest = facts_named(&args.vendor, args.input.groups)?;
    let started = Timestamp::now();
    let input = args.input.options();
    if args.explain_columns {
        return explain(&input, manifest);
    }
    let opened = open_sheets(&input, manifest, AllowedActions::default())?;
    let tables: Vec<BoundSheet> = opened
        .into_iter()
        .map(|(sheet, binding)| BoundSheet { sheet, binding })
        .collect();
    prepare_files(args, &tables, context)?;
    let mut outputs = CheckOutputs::open(args, &tables, &manifest.vendor.name, started)?;
    let options = CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country: args.country,
    };
    let reported = !outputs.reports.is_empty();
    let keep = |checked: &Checked<'_>| {
        let binding = &checked.table.binding;
        reported.then(|| binding.person(&checked.row.cells))
    };
    let counts = check(&tables, manifest, options, keep, |verdict| {
        outputs.put(verdict)
    })?;
    outputs.finish(&counts, started)
}

/// Refuses outputs that are inputs or other outputs.
///
/// # Errors
/// Exit 2, naming the file.
fn prepare_files(
    args: &CheckArgs,
    tables: &[BoundSheet],
    context: &Context,
) -> Result<(), Failure> {
    let mut files = Files::new(context);
    let map_file = args.input.options().reading.map_file;
    map_file.iter().for_each(|file| files.read(file));
    for table in tables {
        files.read(table.sheet.file.as_ref().as_ref());
    }
    files.written("--report", &args.report.report);
    files.written("--mark", &args.mark);
    files.prepare_telling()
}
