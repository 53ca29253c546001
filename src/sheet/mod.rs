//! Tables in and out. Knows no vendor and no field: headings and cells are text.
//!
//! A sheet is read in batches, so that a batch can be parsed on any thread while the next one is read; rows come in
//! their order, and memory does not grow with their number.
//!
//! `reader` opens an input of any format, `writer` writes one; each format has a folder with the code that reads,
//! writes and repairs it. [`format`](mod@format) has the table of formats.
//!
//! ```
//! use rowcall::sheet::{Input, ReadOptions, SheetError, open};
//!
//! let input = Input::File("samples/openvox/good.csv".into());
//! let sheets = open(&input, &ReadOptions::default())?;
//! let mut rows = 0;
//! for sheet in &sheets {
//!     for batch in sheet.batches() {
//!         rows += batch?.rows(|row| assert_eq!(row.cells.len(), sheet.headings.len()))?;
//!     }
//! }
//! assert_eq!(rows, 200);
//! # Ok::<(), SheetError>(())
//! ```

mod book;
mod cells;
mod column;
mod csv;
mod detect;
mod encoding;
mod error;
pub mod format;
mod html;
mod json;
pub mod markdown;
mod marked_copy;
mod ods;
mod opened;
mod options;
mod picks;
mod reader;
mod repaired_copy;
mod repairs;
mod source;
mod surroundings;
mod tally;
mod transcode;
mod workbook;
mod writer;
mod xls;
mod xlsx;

#[cfg(test)]
mod tests;

pub use crate::disk::Readers;
pub(crate) use cells::{
    CLEAR, EXAMPLE, GENERATE, RowTrouble, is_ditto, is_generate, is_mask, is_placeholder,
    stands_for_value, unescaped,
};
pub use cells::{Cells, Row, Stored, escaped};
pub(crate) use column::{CellLink, ExtraRow, ExtraSheet, Heading, MarkedLine, TITLE_PREFIX, Tone};
pub use column::{Column, OWN_PREFIX};
pub use csv::write::import_file;
pub(crate) use detect::data::{is_no_heading, looks_like_data};
#[cfg(feature = "page")]
pub(crate) use detect::delimiter::DELIMITERS;
pub use encoding::Encoding;
pub use error::SheetError;
pub(crate) use error::SheetErrorKind;
pub use format::Format;
pub(crate) use format::ending;
#[cfg(feature = "page")]
pub(crate) use html::write::STYLE as PAGE_STYLE;
pub(crate) use marked_copy::{CellMarks, is_copied_whole, name_of_extra, write_marked_copy};
pub(crate) use opened::BesideMember;
#[cfg(test)]
pub(crate) use options::Limits;
pub(crate) use options::{GroupWord, HeadingMeaning};
pub use options::{Header, Headings, Input, ReadOptions};
pub(crate) use picks::Picks;
pub use reader::{Batch, PickedRows, Sheet, open};
pub(crate) use repaired_copy::RepairedCopy;

pub use writer::Writer;
