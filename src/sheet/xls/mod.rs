//! Workbooks of Excel 97 to 2003.

pub(crate) mod read;
mod record;
