//! Cells separated by a delimiter.

mod formula;
mod marks;
pub(crate) mod read;
mod repair;
pub(crate) mod write;

#[cfg(test)]
mod tests;
