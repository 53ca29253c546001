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
//! - [`plan`]: wanted against existing.
//! - [`wire`]: requests and replies as plain data. No sockets.
//! - [`vendors`]: one folder a make. Pure: never touches the network.
//! - [`link`]: the only module that touches a PBX. Knows no vendor.

pub mod cli;
pub mod columns;
pub mod link;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod progress;
pub mod run;
pub mod sheet;
pub mod vendors;
pub mod wire;
pub mod xml;
