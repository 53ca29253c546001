//! The checks: what is wrong with a row, said before anything is sent.
//!
//! What a vendor demands stands in its `vendor.toml`; here it is compiled once per sheet and held against borrowed cells.
//! A clean row costs no allocation. Nothing here reads a file, sends or prints.
//!
//! - [`Checker`]: one row: its cells, and its fields together.
//! - [`Survey`] and [`Across`]: all rows together. A first pass over the rows leaves [`Traces`], which a survey gathers
//!   in row order; what it knows in the end lets a second pass say all findings of a row with that row.

mod across;
mod cross;
mod damage;
mod row;

pub use across::{Across, Duplicate, Places, Survey, Traces};
pub use damage::CELL_NUMERIC;
pub use row::{Checker, rule_id};

#[cfg(test)]
mod tests;
