//! Rows as objects: an array of them, or one a line.

pub(crate) mod quotes;
pub(crate) mod read;
mod repair;
