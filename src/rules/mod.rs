//! The checks: the mistakes in a row, found before anything is sent.
//!
//! A vendor's demands are in its `vendor.toml`; here they are compiled once per sheet and applied to borrowed cells. A
//! clean row costs no allocation. No code here reads a file, sends or prints.
//!
//! - [`Checker`]: one row: its cells, and its fields together.
//! - [`Collector`] and [`CrossRowFacts`]: all rows together. A first pass over the rows leaves [`BatchFacts`], which a
//!   collector gathers in row order; with its facts a second pass can report all findings of a row together with that
//!   row.
//!
//! ```
//! use rowcall::columns::{BindOptions, Binding};
//! use rowcall::manifest::{Manifest, Purpose};
//! use rowcall::rules::Checker;
//! use rowcall::sheet::{Input, ReadOptions, open};
//!
//! let facts = std::fs::read_to_string("src/vendors/openvox/vendor.toml")?;
//! let manifest = Manifest::parse(&facts)?;
//! let input = Input::File("samples/openvox/good.csv".into());
//! let mut errors = 0;
//! for sheet in open(&input, &ReadOptions::default())? {
//!     let binding = Binding::bind(&sheet.headings, &manifest, &[&manifest], &BindOptions::default())?;
//!     let checker = Checker::new(&manifest, &binding);
//!     for batch in sheet.batches() {
//!         batch?.rows(|row| {
//!             let (mut findings, mut repeats) = (vec![], vec![]);
//!             checker.row(&row, Purpose::Create, None, &mut findings, &mut repeats);
//!             errors += findings.iter().filter(|finding| finding.is_error()).count();
//!         })?;
//!     }
//! }
//! assert_eq!(errors, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bound;
mod compiled;
mod dialled;
mod fields_together;
mod hashes;
mod no_values;
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
mod words_for_values;

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
