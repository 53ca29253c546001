//! The checks: what is wrong with a row, said before anything is sent.
//!
//! What a vendor demands stands in its `vendor.toml`; here it is compiled once per sheet and held against borrowed cells.
//! A clean row costs no allocation. Nothing here reads a file, sends or prints.
//!
//! - [`Checker`]: one row: its cells, and its fields together.
//! - [`Collector`] and [`CrossRowFacts`]: all rows together. A first pass over the rows leaves [`BatchFacts`], which a collector gathers
//!   in row order; what it knows in the end lets a second pass say all findings of a row with that row.

mod compiled;
mod fields_together;
mod odd;
mod phone;
mod row;
mod rows_together;
mod spreadsheet_damage;

pub use phone::Country;
pub use row::Checker;
pub use rows_together::{BatchFacts, Collector, CrossRowFacts, Duplicate, Places};
pub use spreadsheet_damage::CELL_NUMERIC;

#[cfg(test)]
mod cell_tests;
#[cfg(test)]
mod tests;
