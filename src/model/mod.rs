//! The nouns: what the program talks about. No I/O, no vendor, no file format.

mod change;
mod extension;
mod fault;
mod field;
mod finding;
mod outcome;
mod place;
mod secret;

pub use change::Change;
pub use extension::{Extension, by_number};
pub use fault::{Fault, FaultKind};
pub use field::{Field, FieldDef, Kind};
pub use finding::{Finding, Severity};
pub use outcome::{Action, Outcome, RowResult};
pub use place::Place;
pub use secret::Secret;
