//! Workbooks of LibreOffice.

pub(crate) mod read;
pub(crate) mod repair;
mod survey;
