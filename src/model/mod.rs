//! The nouns: the things that the program deals with. No I/O, no vendor, no file format.

mod attributes;
mod change;
mod fault;
mod field;
mod finding;
mod forward;
mod mode;
mod odd_char;
mod outcome;
mod place;
mod planned;
mod record;
pub mod redact;
mod ring;
mod rule_id;
mod secret;
mod shell;
mod text;
mod vocabulary;
mod words;

pub use attributes::VendorAttributes;
pub use change::Change;
pub use fault::{Fault, FaultCause, FaultKind};
pub use field::{
    Care, Field, FieldDef, Identity, Kind, Language, Reference, field_names, list_items,
};
pub(crate) use finding::with_hint;
pub use finding::{Finding, Severity};
pub use forward::{Forward, OfficeHours};
pub use mode::{Mode, RunCommand, RunMode};
pub use odd_char::OddChar;
pub use outcome::{Action, Outcome, RowResult};
pub use place::Place;
pub(crate) use place::{cell_name, column_letters};
pub use planned::PlannedRow;
pub(crate) use record::person;
pub use record::{Record, by_number};
pub use ring::{RingResult, RingVerdict};
pub use rule_id::RuleId;
pub use secret::{Secret, TO_GENERATE};
pub use shell::shell_word;
pub(crate) use text::BYTE_ORDER_MARK;
pub use text::{Text, WireText};
pub(crate) use vocabulary::vocabulary;
pub(crate) use words::counted;
pub use words::{heading_key, same_word};
