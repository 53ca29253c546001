//! One file a command; the only modules that know every stage.

pub mod check;
