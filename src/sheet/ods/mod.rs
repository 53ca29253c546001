//! Workbooks of LibreOffice.

pub(crate) mod read;
