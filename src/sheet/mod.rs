//! Tables in and out. Knows no vendor and no field: headings and cells are text.
//!
//! A sheet is read in batches, so that a batch can be parsed on any thread while the next one is read; rows come in
//! their order, and memory does not grow with their number.
//!
//! [`reader`] opens an input of any format, [`writer`] writes one; each format has a folder with the code that reads,
//! writes and repairs it. [`format`](mod@format) has the table of formats.

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
pub use cells::{
    CLEAR, Cells, EXAMPLE, GENERATE, Row, RowTrouble, Stored, escaped, is_ditto, is_generate,
    is_mask, is_placeholder, unescaped,
};
pub use column::{Column, ExtraRow, ExtraSheet, Heading, MarkedLine, TITLE_PREFIX, Tone};
pub use csv::write::import_file;
pub use detect::data::looks_like_data;
pub use encoding::Encoding;
pub use error::{SheetError, SheetErrorKind};
pub use format::Format;
pub(crate) use format::ending;
pub use marked_copy::{CellMarks, is_copied_whole, write_marked_copy};
pub use options::{
    CELL_BYTES_MAX, CHUNK_BYTES, DEPTH_MAX, EVERY_SHEET, GroupWord, Header, Headings, Input, Known,
    Limits, ROW_BYTES_MAX, ROW_CELLS_MAX, ReadOptions,
};
pub use picks::Picks;
pub use reader::{Again, Batch, Batches, Sheet, open};
pub use repaired_copy::RepairedCopy;
pub use repairs::Repairs;
pub use writer::Writer;
