//! Cells separated by a delimiter.

pub(crate) mod marks;
pub(crate) mod read;
mod repair;
