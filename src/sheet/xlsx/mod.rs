//! Workbooks of Excel since 2007.

pub(crate) mod read;
pub(crate) mod write;
