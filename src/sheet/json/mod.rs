//! Rows as objects: an array of them, or one on each line.

mod keys;
mod other_forms;
mod paging;
mod position;
mod quotes;
pub(crate) mod read;
mod repair;
mod syntax;
mod wrapped;
pub(crate) mod write;

#[cfg(test)]
mod tests;
