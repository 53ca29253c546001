//! Workbooks of Excel since 2007.

mod fill;
mod font;
mod layout;
pub(crate) mod mark;
mod placed;
mod range;
pub(crate) mod read;
pub(crate) mod repair;
pub(crate) mod report;
mod styles;
mod survey;
mod text_pieces;
pub(crate) mod write;
