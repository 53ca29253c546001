//! The checks: the mistakes in a row, found before anything is sent.
//!
//! A vendor's demands are in its `vendor.toml`; here they are compiled once per sheet and applied to borrowed cells. A
//! clean row costs no allocation. No code here reads a file, sends or prints.
//!
//! - [`Checker`]: one row: its cells, and its fields together.
//! - [`Collector`] and [`CrossRowFacts`]: all rows together. A first pass over the rows leaves [`BatchFacts`], which a
//!   collector gathers in row order; with its facts a second pass can report all findings of a row together with that
//!   row.

mod bound;
mod compiled;
mod dialled;
mod fields_together;
mod hashes;
mod numbers;
mod odd;
mod one_password;
mod passwords;
mod phone;
mod row;
mod rows_together;
mod spreadsheet_damage;
mod sums;
mod totals;
mod vacant;

pub(crate) use dialled::Dialled;
pub use phone::Country;
pub use row::Checker;
pub use rows_together::{BatchFacts, Collector, CrossRowFacts, Duplicate, Places};
pub use spreadsheet_damage::CELL_NUMERIC;
pub(crate) use totals::{GroupTotals, TAKE_ROW_OUT, TotalLabel, total_label};

#[cfg(test)]
mod cell_tests;
#[cfg(test)]
mod telephone_tests;
#[cfg(test)]
mod tests;
