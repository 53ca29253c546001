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
mod secret_like;
mod sheet_secrets;
mod shell;
mod text;
mod vocabulary;
mod words;

pub(crate) use attributes::VendorAttributes;
pub use change::Change;
pub(crate) use fault::FaultCause;
pub use fault::{Fault, FaultKind};
pub(crate) use field::{Care, Reference, field_names, list_items};
pub use field::{Field, Identity, Kind, Language, OwnerTrait, RecordKind};
pub use finding::Finding;
pub(crate) use finding::Severity;
pub(crate) use finding::with_hint;
pub(crate) use forward::OfficeHours;
pub use forward::{Forward, ForwardDestination};
pub use mode::{Mode, RunCommand, RunMode};
pub(crate) use odd_char::OddChar;
pub use outcome::{Action, Outcome, RowResult};
pub(crate) use place::Place;
pub(crate) use place::{cell_name, column_letters, row_number};
pub use planned::PlannedRow;
pub use record::Record;
pub(crate) use record::by_number;
pub(crate) use record::person;
pub use ring::RingResult;
pub(crate) use ring::RingVerdict;
pub(crate) use rule_id::RuleId;
pub use secret::{Secret, TO_GENERATE};
#[cfg(feature = "page")]
pub(crate) use secret_like::is_like_secret;
pub(crate) use secret_like::may_be_secret;
pub(crate) use sheet_secrets::SheetSecrets;
pub(crate) use shell::shell_word;
pub(crate) use text::BYTE_ORDER_MARK;
pub(crate) use text::WireText;
pub use text::{NewText, Text};
pub(crate) use vocabulary::vocabulary;

pub(crate) use words::{
    counted, heading_key, is_heading_like, is_near, nearest, plain_letters, same_word, shortened,
};
