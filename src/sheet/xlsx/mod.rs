//! Workbooks of Excel since 2007.

pub(crate) mod mark;
pub(crate) mod read;
pub(crate) mod repair;
pub(crate) mod report;
pub(crate) mod write;
