//! Workbooks of any format, as they are opened, read and repaired.

pub(crate) mod read;
pub(crate) mod repair;
pub(crate) mod rows;
