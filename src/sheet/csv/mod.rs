//! Cells separated by a delimiter.

mod formula;
mod marks;
pub(crate) mod read;
mod record;
mod repair;
mod swallowed;
pub(crate) mod write;

#[cfg(test)]
mod tests;
