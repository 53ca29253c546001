//! Workbooks of Excel 97 to 2003.

mod looks;
pub(crate) mod read;
mod record;
