//! Tables in Markdown, for documents and the terminal.

pub(crate) mod write;

pub use write::{table, table_within};
