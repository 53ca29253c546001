//! Tables in Markdown, for documents and the terminal.

pub(crate) mod write;

pub(crate) use write::table_width;
pub use write::{table, table_within};
