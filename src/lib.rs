//! `rowcall` moves telephone extensions in bulk: from spreadsheets into PBXes, out of PBXes into files, and gives every
//! row exactly one result.
//!
//! **Start here.** The way of a row is read → bind → check → plan → guard → submit → settle → report. Each step takes a
//! value and gives the next one; none reaches back. Imports run downward only, in this order:
//!
//! - [`model`]: the nouns. No I/O, no vendor.
//! - [`xml`]: XML read and written, whole or piece by piece.
//! - [`sheet`]: tables in and out. Knows no field.
//! - [`manifest`]: `vendor.toml` as types: what vendors demand, as data. It stands below the checks, because headings
//!   are understood by it too.
//! - [`columns`]: headings and fields, cells and values.
//! - [`rules`]: what is wrong with a row, and with all rows together.
//! - [`plan`]: wanted against existing.
//! - [`wire`]: requests and replies as plain data. No sockets.
//! - [`vendors`]: one folder a make. Pure: never touches the network.
//! - [`seal`]: the owner's key: seals secrets, and makes the fingerprints that stand for them.
//! - [`ledger`]: what a run set out to do and what became of it, on disk before it is said to the PBX.
//! - [`saved`]: a plan as a file, and what it needs of secrets sealed beside it.
//! - [`link`]: the only module that touches a PBX. Knows no vendor.
//! - [`sim`]: a PBX you can break, in process or behind a socket. Knows no vendor.
//! - [`submit`]: sends changes in row order and at the target's pace, and settles what was lost on the way.
//! - [`run`]: one file a command; the only modules that know every stage.

pub mod cli;
pub mod columns;
pub mod ledger;
pub mod link;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod progress;
pub mod report;
pub mod rules;
pub mod run;
pub mod saved;
pub mod seal;
pub mod sheet;
pub mod sim;
pub mod submit;
pub mod vendors;
pub mod wire;
pub mod xml;
