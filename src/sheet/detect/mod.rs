//! Properties of a file that only its content shows: encoding, delimiter, headings.

pub(crate) mod data;
pub(crate) mod delimiter;
pub(crate) mod encoding;
pub(crate) mod groups;
pub(crate) mod header;
mod letters;
mod secrets;

#[cfg(test)]
mod tests;
