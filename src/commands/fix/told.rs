//! The last words of `rowcall fix`: what was changed, and what is left.

use crate::check::Counts;
use crate::cli::{FixArgs, FormArgs};
use crate::input::without_sheet_names;
use crate::model::counted;
use crate::rim::terminal::print;

/// Prints how many cells of the copy differ from the sheet's.
pub(super) fn print_changed(args: &FixArgs, cells: u64, counts: &Counts) {
    print(format!(
        "{}: {} changed of {}",
        args.output.display(),
        counted(cells, "cell"),
        counted(counts.rows, "row")
    ));
}

/// Prints how many mistakes the copy still has, and the command that lists them.
pub(super) fn print_left(args: &FixArgs, counts: &Counts) {
    if counts.errors + counts.warnings > 0 {
        print(format!(
            "left: {} in {}, {}",
            counted(counts.errors, "error"),
            counted(counts.invalid, "row"),
            counted(counts.warnings, "warning")
        ));
        let mut copy = args.input.clone();
        let reading = &mut copy.reading;
        // What is meant for its sheet by name is meant for the copy, which has another name.
        without_sheet_names(&mut reading.map, &mut reading.form.header_row, &copy.sheets);
        copy.sheets = vec![args.output.clone()];
        if args.propose {
            // A workbook has a form of its own, whatever that of the sheet.
            copy.reading.form = FormArgs::default();
        }
        let command = copy.check_command(&args.vendor, args.country);
        print(format!("  hint: {command} lists them"));
    }
}
