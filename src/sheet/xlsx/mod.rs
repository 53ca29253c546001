//! Workbooks of Excel since 2007.

pub(crate) mod read;
pub(crate) mod repair;
pub(crate) mod write;
