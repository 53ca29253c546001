//! A table as the reader of its format opens it.

use std::sync::Arc;

/// A table whose headings are read, and everything needed to read its rows.
#[derive(Debug)]
pub(crate) struct Opened<C> {
    /// The sheet's name within a workbook.
    pub(crate) sheet: Option<Arc<str>>,
    pub(crate) headings: Vec<String>,
    pub(crate) header_line: Option<u64>,
    /// The findings about the file, in words.
    pub(crate) notes: Vec<String>,
    pub(crate) content: C,
}
