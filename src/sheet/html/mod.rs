//! Pages for people.

pub(crate) mod write;
