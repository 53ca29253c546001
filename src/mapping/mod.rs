//! Fields of one vendor, or of a sheet, as another vendor has them: carried over, translated, dropped or missing. Pure.
//! Knows no vendor by name: the facts are in the vendors' manifests and in `translations.toml`.
//!
//! Every field of an extension has exactly one fate: it is *carried* (same field, same value), *translated* (another
//! field or another form), or *dropped*. In addition there are the fields that the other vendor needs and this one does
//! not have: they are *missing* here, and come from a default, from a rule, or are generated. A field without a value
//! is none, as everywhere: absent and empty are the same. The state of the moment (registrations, addresses) is no
//! property of an extension and is not counted.
//!
//! A sheet is mapped row by row by the same table ([`map_row`]): only fields that the vendor lacks are joined, split,
//! translated or dropped. All others stay as the sheet has them, for the checks to judge; a blank cell changes nothing.

mod caller;
mod forwards;
mod mailbox;
mod mapper;
mod names;
mod renumber;
mod row;
mod table;

pub use mailbox::pin_makes_mailbox;
pub use mapper::{MappedField, MappedFrom, MappedRecord, Mapping, Origin, Route};
pub use renumber::{Collision, RenumberRule, Renumbering};
pub use row::{kept_halves, made_fields, map_row};

use crate::model::{Forward, Record};
use mapper::Mapper;
pub(crate) use names::may_lack_given_name;

impl Route<'_> {
    /// Maps an extension. The ordinary check decides if the result keeps to the other vendor's rules, except for
    /// secrets: one that the other vendor would refuse is not carried.
    pub fn map(&self, extension: &Record, renumbering: &Renumbering) -> MappedRecord {
        let mut mapper = Mapper::new(self, extension, renumbering);
        mapper.number();
        mailbox::map(&mut mapper);
        mapper.left_out();
        for forward in Forward::all() {
            forwards::map(forward, &mut mapper);
        }
        mapper.apply_table();
        mapper.rest();
        mapper.unreadable();
        mapper.needed();
        mapper.emptied();
        MappedRecord {
            wanted: mapper.wanted,
            cleared: mapper.cleared,
            entries: mapper.entries,
        }
    }
}
