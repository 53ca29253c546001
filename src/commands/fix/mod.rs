//! `rowcall fix`: a corrected copy of a sheet, in its own format.
//!
//! Only cells with a finding that carries a repair change. The copy is checked before it takes its place; the original
//! is never written to.

mod alike_cells;
mod changed_cell;
mod changes;
mod propose;
mod repair;
mod told;

use crate::check::BoundSheet;
use crate::cli::FixArgs;
use crate::columns::AllowedActions;
use crate::input::open_sheets;
use crate::rim::outputs::Files;
use crate::rim::target::facts_named;
use crate::rim::terminal::print;
use crate::rim::{Context, Exit, Failure};
use crate::sheet::Format;
use changes::Changes;
use jiff::Timestamp;
use repair::{check_copy, repaired};
use told::{print_changed, print_left};

/// Writes the copy and reports every cell that differs in it.
///
/// # Errors
/// Exit 2 where the sheet cannot be read, or the copy or a report cannot be written.
pub(super) fn run(args: &FixArgs, context: &Context) -> Result<Exit, Failure> {
    let manifest = facts_named(&args.vendor, args.input.groups)?;
    refuse_clashes(args, context)?;
    let started = Timestamp::now();
    let mut opened = open_sheets(&args.input.options(), manifest, AllowedActions::default())?;
    let (Some((sheet, binding)), true) = (opened.pop(), opened.is_empty()) else {
        return Err(Failure::usage("fix writes a copy of one sheet").hint(
            "name one (of a workbook with --sheet), and run it again with the copy for the others",
        ));
    };
    if args.propose {
        return propose::run(args, BoundSheet { sheet, binding }, manifest, started);
    }
    let mut changes = Changes::open(args, &sheet)?;
    let mended = repaired(&sheet, &binding, manifest, args, &mut changes)?;
    let copy = mended.sheet(&sheet)?;
    let counts = check_copy(copy, binding, manifest, args.country)?;
    let encoding = mended.encoding_to_say(&sheet)?;
    mended.keep()?;
    let (cells, exit) = changes.finish(&counts, started)?;
    print_changed(args, cells, &counts);
    if let Some(encoding) = encoding {
        print(format!(
            "{}: its encoding can no longer be detected",
            args.output.display()
        ));
        let encoding = encoding.name().to_lowercase().replace(' ', "-");
        print(format!("  hint: name it with --encoding {encoding}"));
    }
    print_left(args, &counts);
    Ok(exit)
}

/// Refuses outputs that clash, and a copy in another format than its sheet.
fn refuse_clashes(args: &FixArgs, context: &Context) -> Result<(), Failure> {
    let mut files = Files::new(context);
    let (sheets, map) = (args.input.sheets.iter(), args.input.reading.map_file.iter());
    sheets.chain(map).for_each(|file| files.read(file));
    files.written("--output", [&args.output]);
    files.written("--report", &args.report);
    files.prepare_telling()?;
    for sheet in args.input.sheets.iter().filter(|_| !args.propose) {
        if sheet.as_os_str() != "-" && !Format::may_be_same(sheet, &args.output) {
            return Err(Failure::usage(format!(
                "{} is to be written in another format than {}",
                args.output.display(),
                sheet.display()
            ))
            .hint("give it the same ending: fix changes cells, not formats"));
        }
    }
    Ok(())
}
