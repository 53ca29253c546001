//! `rowcall vendors`: each vendor's facts.

use crate::cli::VendorsArgs;
use crate::report::facts;
use crate::rim::terminal::print_data;
use crate::rim::{Exit, Failure};
use crate::vendors::vendor;

/// Prints the vendors, or one of them.
///
/// # Errors
/// Exit 2 where standard output cannot be written.
pub(super) fn run(args: &VendorsArgs) -> Result<Exit, Failure> {
    let vendor = args.vendor.as_deref().and_then(vendor);
    if args.json {
        let all = vendor.map_or_else(facts::all_as_json, facts::one_as_json);
        return print_data(|out| writeln!(out, "{all}"));
    }
    let all = || format!("{}\n{}", facts::matrix(), facts::dictionary());
    let text = vendor.map_or_else(all, facts::one);
    print_data(|out| out.write_all(text.as_bytes()))
}
