//! Workbooks of Excel since 2007.

pub(crate) mod mark;
pub(crate) mod read;
pub(crate) mod repair;
pub(crate) mod report;
mod text_pieces;
pub(crate) mod write;
