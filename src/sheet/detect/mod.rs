//! What a file does not say and its content tells.

pub(crate) mod delimiter;
pub(crate) mod encoding;
pub(crate) mod header;
mod letters;

#[cfg(test)]
mod tests;
