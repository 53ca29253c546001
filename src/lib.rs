//! `rowcall` moves telephone extensions in bulk: from spreadsheets into PBXes, out of PBXes into files, and gives every
//! row exactly one result.
//!
//! **Start here.** The way of a row is read → bind → check → plan → guard → write down → submit → settle → verify →
//! report. Each step takes a value and gives the next one; none reaches back.
//!
//! What holds it together, each held by a test:
//! - A vendor is pure: given what is wanted and what has been said so far, it answers with the next request, the result,
//!   or a fault. One bounded loop ([`submit::converse`]) does all the talking.
//! - Everything tabular is a sheet, and every output can be an input again.
//! - Nothing may be said past the pace, and no change before it is written down.
//! - A reply that was lost is looked up before anything is said again.
//! - Rows in are outcomes out.
//! - A secret has no way to be shown by accident ([`model::Secret`]).
//!
//! Imports run downward only, in this order:
//!
//! - [`model`]: the nouns. No I/O, no vendor.
//! - [`xml`]: XML read and written, whole or piece by piece. It stands below the sheets, for workbooks are made of it.
//! - [`sheet`]: tables in and out. Knows no field.
//! - [`manifest`]: `vendor.toml` as types: what vendors demand, as data. It stands below the checks, because headings
//!   are understood by it too.
//! - [`columns`]: headings and fields, cells and values.
//! - [`rules`]: what is wrong with a row, and with all rows together.
//! - [`check`]: every row of sheets of any length held against the rules.
//! - [`compare`]: a wanted record against the one that the PBX holds.
//! - [`diff`]: what differs between two sheets, exports or PBXes, in telephone words.
//! - [`wire`]: requests and replies as plain data. No sockets.
//! - [`vendors`]: one folder a vendor. Pure: never touches the network.
//! - [`link`]: the only module that touches a PBX. Knows no vendor.
//! - [`seal`]: the owner's key: seals secrets, and makes the fingerprints that stand for them.
//! - `disk`, `fingerprints`: whole files, and records with fingerprints in the place of secrets.
//! - [`generate`]: secrets for new extensions, made up by a vendor's own rules.
//! - [`archive`]: nights of exports, chained so that what was changed, removed or put in is found.
//! - [`ledger`]: what a run set out to do and what became of it, on disk before it is said to the PBX.
//! - [`migrate`]: one vendor's extensions as another vendor has them, and what is lost on the way.
//! - [`submit`]: sends changes in their order and at the target's pace, settles what was lost on the way, reads back.
//! - [`export`]: extensions as a sheet that is the same as long as the PBX holds the same.
//! - [`report`]: outcomes as a sheet, counted.
//! - [`progress`]: how far a run is, on standard error.
//! - [`sim`]: a PBX you can break, in process or behind a socket. Knows no vendor.
//! - `rim`: what stands between the command line and the engine: failures and exit codes, the terminal, the
//!   configuration, targets and sessions, the one rule for outputs.
//! - [`input`]: the sheets of a command and their rows.
//! - [`plan`]: what would be done, as a value, and the guard. No terminal, no command line.
//! - [`run`]: carries a plan out.
//! - [`cli`]: what was typed, nothing resolved.
//! - [`commands`]: one file a verb: resolve, plan, run. The only modules that see the command line.

pub mod archive;
pub mod check;
pub mod cli;
pub mod columns;
pub mod commands;
pub mod compare;
pub mod diff;
mod disk;
pub mod export;
mod fingerprints;
pub mod generate;
pub mod input;
pub mod ledger;
pub mod link;
pub mod manifest;
pub mod migrate;
pub mod model;
pub mod plan;
pub mod progress;
pub mod report;
mod rim;
pub mod rules;
pub mod run;
pub mod seal;
pub mod sheet;
pub mod sim;
pub mod submit;
pub mod vendors;
pub mod wire;
pub mod xml;
