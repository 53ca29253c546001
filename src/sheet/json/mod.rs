//! Rows as objects: an array of them, or one a line.

mod quotes;
pub(crate) mod read;
mod repair;
pub(crate) mod write;

#[cfg(test)]
mod tests;
