//! Cells separated by a delimiter.

mod formula;
mod layout;
mod marks;
pub(crate) mod read;
mod record;
mod repair;
mod swallowed;
mod trouble;
pub(crate) mod write;

#[cfg(test)]
mod tests;
