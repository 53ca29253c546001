#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

//! What only shows from outside: the program as a person runs it, and the tree as a person reads it.

mod docs;
mod reading;
mod tidy;
