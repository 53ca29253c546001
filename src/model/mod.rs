//! The nouns: what the program talks about. No I/O, no vendor, no file format.

mod change;
mod fault;
mod field;
mod finding;
mod forward;
mod outcome;
mod place;
mod record;
mod secret;
mod words;

pub use change::Change;
pub use fault::{Fault, FaultKind};
pub use field::{Care, Field, FieldDef, Identity, Kind, Reference};
pub use finding::{Finding, Severity};
pub use forward::{Forward, OfficeHours};
pub use outcome::{Action, Outcome, RowResult};
pub use place::Place;
pub use record::{Record, by_number};
pub use secret::Secret;
pub use words::{heading_key, same_word};
