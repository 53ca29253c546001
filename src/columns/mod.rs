//! Headings and fields, cells and values: the meaning of a sheet's columns.
//!
//! Headings are understood once for a sheet; a row is then read by column number. The meaning is never guessed: what
//! neither a heading nor the columns beside it tell is asked. Another vendor's word never makes a key or a secret.
//!
//! ```text
//!  words.toml ──► dictionary   common words           products.toml ──► products   other products' words
//!                      │                                                   │
//!  a sheet's           ▼                                                   ▼
//!  header ──► owner: whose headings they are ──► single: each heading by itself
//!                                                      │
//!             passwords ◄── neighbours: by the columns beside it
//!                                                      │
//!             questions ◄── doubts, deletion: all columns together, or asked
//!                                                      │
//!  Binding ◄── assemble: the column of each field ◄────┤
//!    │                                                 └──► notes: columns that are not read
//!    ▼
//!  a row ──► reading: derived cells (values, lacking, actions) ──► record
//! ```
//!
//! `around` asks about the words around the rows: the name of the table, and words above switches and times.
//!
//! `bind` takes these steps in their order. Between them the columns are `meaning::Meanings`: one meaning for each, and
//! the questions so far. `sample` is the first cells, for headings that do not tell enough; `header` are the words by
//! which a header row is found, and `second_table` finds another one among the rows; `map` is what people write about
//! columns, and `marked_names` the marks that they write into names.

mod actions;
mod around;
mod around_words;
mod assemble;
mod bind;
mod binding;
mod by_cells;
mod dates;
mod deletion;
mod dictionary;
mod doubts;
mod header;
mod heading_row;
mod lacking;
mod map;
mod marked_names;
mod marked_rows;
mod meaning;
mod meant;
mod neighbours;
mod notes;
mod options;
mod owner;
mod passwords;
mod products;
mod questions;
mod reading;
mod record;
mod sample;
mod second_table;
mod side_by_side;
mod single;
mod somebody;
mod surname_first;
mod values;

pub use actions::AllowedActions;
pub(crate) use actions::ReasonToStay;
pub(crate) use around::doubt_below;
pub use binding::Binding;
pub(crate) use binding::secrets_in;
pub(crate) use deletion::may_say_who_stays;
pub use header::headings;
pub(crate) use map::{BEHIND_SHEET, Saved};
pub use map::{ColumnReading, Mapped, field_named, overridden, read_map, write_map};
pub(crate) use marked_names::mark_in_name;
pub use options::{AmongOthers, BindOptions, NamedOwner};
pub(crate) use owner::OWN as OWN_HEADINGS;
pub use products::{Product, product, products};
pub use questions::{ColumnError, Question};
pub(crate) use questions::{SharedAnswer, are_like_data, leave_out_flag};
pub use reading::{CellReading, Scratch};
pub(crate) use second_table::{TableRows, refuse_second_table};
pub(crate) use values::same_value;

/// Returns true if a text in the place of a password says what is to be done, or where the password is, in words such as
/// `unchanged`, and so is none.
pub(crate) fn is_instruction(text: &str) -> bool {
    dictionary::dictionary().is_instruction(text)
}

#[cfg(test)]
mod tests;
