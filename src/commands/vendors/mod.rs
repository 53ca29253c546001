//! `rowcall vendors`: each vendor's facts.

mod tables;

pub use tables::{matrix, product_table};
pub(super) use tables::{on_create, values};

use crate::cli::VendorsArgs;
use crate::rim::terminal::print_data;
use crate::rim::{Exit, Failure};
use crate::vendors::vendor;

/// Prints the vendors, or one of them.
///
/// # Errors
/// Exit 2 where standard output cannot be written.
pub(super) fn run(args: &VendorsArgs) -> Result<Exit, Failure> {
    if args.json {
        let all = match args.vendor.as_deref().and_then(vendor) {
            Some(vendor) => tables::one_as_json(vendor),
            None => tables::all_as_json(),
        };
        return print_data(|out| writeln!(out, "{all}"));
    }
    let text = match args.vendor.as_deref().and_then(vendor) {
        Some(vendor) => tables::one(vendor),
        None => format!("{}\n{}", matrix(), tables::dictionary()),
    };
    print_data(|out| out.write_all(text.as_bytes()))
}
