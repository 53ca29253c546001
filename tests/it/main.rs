#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

//! What only shows from outside: the program as a person runs it, and the tree as a person reads it.

mod cli;
mod diff;
mod docs;
mod export;
mod fix;
mod fix_books;
mod groups;
mod house;
#[path = "../lab/mod.rs"]
mod lab;
mod libreoffice;
mod lies;
mod migrate;
mod night;
mod order;
mod plan;
mod reading;
mod roundtrip;
mod secrets;
mod storm;
mod tidy;
mod undo;
mod values;
mod workbooks;
