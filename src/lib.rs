//! `rowcall` moves telephone extensions in bulk: from spreadsheets into PBXes, out of PBXes into files, and gives every
//! row exactly one result.
//!
//! **Start here.** A row's way, and the rooms it passes:
//!
//! ```text
//!  sheet ──► bind ───► check ──► plan ──► guard ──► submit ──► settle ──► verify ──► report
//!  sheet/    columns/  rules/    plan/    plan/     submit/    submit/    submit/    run/ report/
//!                      check.rs            guard.rs  │  ▲
//!                                                    ▼  │ turns and exchanges (wire/)
//!                      vendors/: pure conversations ◄────► link/: the only sockets
//!
//!  commands/ (a verb: resolve, plan, run)  ──►  plan/ (a value)  ──►  run/ (carries it out)  ──►  ledger/
//! ```
//!
//! Each step takes a value and gives the next one; none reaches back. `commands/delete.rs` is the shortest whole way to
//! read, `submit::settle` the heart.
//!
//! # To change X, open Y
//!
//! | to change | open |
//! | --- | --- |
//! | a vendor's rule, limit or default | `vendors/VENDOR/vendor.toml`, the row of the field |
//! | what a status or code of a PBX means | `vendor.toml`, `[[fault]]`; the table's reader is `vendors/refusal.rs` |
//! | how a vendor is spoken to | `vendors/VENDOR/mod.rs`; its helper `vendors/conversation.rs` |
//! | add a vendor | `vendors/README.md` |
//! | a field, its headings, how its text is looked at | `model/field.rs`, one row a field |
//! | what a forward or an office hour is | `model/forward.rs` |
//! | how headings are matched | `columns/bind.rs`; words `columns/words.toml`, products `columns/products.toml` |
//! | a kind of rule, its words and its hint | `manifest/rule.rs` |
//! | rules between fields, between rows | `rules/fields_together.rs`, `rules/rows_together.rs` |
//! | what a spreadsheet does to a value | `rules/spreadsheet_damage/` |
//! | a file format, a report format | `sheet/format.rs`, then `sheet/writer.rs`; a folder a format |
//! | what becomes of a row | `plan/decide.rs` |
//! | how much a run may change | `plan/guard.rs` |
//! | what may be repeated, a 503, Retry-After | `link/retrying.rs`, the table at its top |
//! | a lost reply | `submit/settle.rs` |
//! | what is read back | `submit/verify.rs` |
//! | the ledger's schema | `ledger/store.rs` |
//! | undo, resume | `plan/revert.rs`, `run/resume.rs` |
//! | an exit code, the wording of a failure | `rim/failure.rs`, then the text itself |
//! | a flag | `cli/`, then `commands/VERB.rs` |
//! | what is never shown | `model/redact.rs`; which values, `Field::hides` in `model/field.rs` |
//! | what one vendor makes of another's fields, or of a sheet's | `mapping/translations.toml`, then `mapping/` |
//! | a migration's account of losses | `migrate/` |
//!
//! # Words
//!
//! - **Record**: an extension, or a group of them; its key is its number (a text), or its name. **Field**: one property,
//!   from the one dictionary. **Vendor**: a make of PBX. **Target**: one PBX: vendor, address, account.
//! - **Sheet**, row, cell; **place**: where a value came from. **Binding**: what the columns mean.
//! - **Rule** and **finding**: a demand, and one breach of it, for whoever keeps the sheet. **Fault**: the PBX or the network
//!   said no, for whoever runs the PBX. **Failure**: the command cannot go on, for whoever typed it.
//! - **Change**: one thing to do to one record. **Plan**: all of them. **Outcome**: what became of one row.
//! - **Client**: a vendor's side of a conversation; **exchange**: a request with its reply; **turn**: what comes next.
//! - **Settle**: look at the PBX after a lost reply, before anything is sent again. **Verify**: read back what was written.
//! - **Ledger**: a run's journal on disk. **Seal**: encrypt for the owner's key. **Snapshot**: one export in an archive.
//!
//! # Invariants, each held by a test
//!
//! - A vendor is pure: given what is wanted and the exchanges so far, it returns the next request, the answer or a fault.
//!   One bounded loop ([`submit::converse`]) does all the talking.
//! - Everything tabular is a sheet, and every output can be an input again.
//! - Nothing is sent past the pace, and no change before it is written down.
//! - After a lost reply nothing is sent again before the PBX was looked at.
//! - Rows in are outcomes out.
//! - A secret leaves by known doors only ([`model::Secret`]); nothing below `rim` prints but [`progress`].
//! - A run, its resume and its undo belong to the PBX that it was made for.
//! - A third-party crate with a job of its own is named in one file; imports run downward only, in the order below; files
//!   of a folder do not name each other in a circle, their `mod.rs` aside.
//!
//! # The rooms, from the bottom up
//!
//! - [`model`]: the nouns. No I/O, no vendor.
//! - `digest`, `disk`: hashes, and files written whole or not at all.
//! - [`xml`]: XML read and written, whole or piece by piece. It stands below the sheets, for workbooks are made of it.
//! - [`sheet`]: tables in and out. Knows no field.
//! - [`manifest`]: `vendor.toml` as types: what vendors demand, as data. It stands below the checks, because headings
//!   are understood by it too.
//! - [`mapping`]: fields of one vendor, or of a sheet, as another vendor has them: joined, split, translated or left out.
//! - [`columns`]: headings and fields, cells and values.
//! - [`rules`]: what is wrong with a row, and with all rows together.
//! - [`check`]: every row of sheets of any length held against the rules.
//! - [`compare`]: a wanted record against the one that the PBX holds.
//! - [`diff`]: what differs between two sheets, exports or PBXes, in telephone words.
//! - [`wire`]: requests and replies as plain data. No sockets.
//! - [`vendors`]: one folder a vendor. Pure: never touches the network.
//! - [`link`]: the only module that touches a PBX. Knows no vendor.
//! - [`seal`]: the owner's key: seals secrets, and makes the fingerprints that stand for them.
//! - `fingerprints`: records with fingerprints in the place of secrets.
//! - [`generate`]: secrets for new extensions, made up by a vendor's own rules.
//! - [`archive`]: snapshots of exports, chained so that what was changed, removed or put in is found.
//! - [`ledger`]: what a run set out to do and what became of it, on disk before it is said to the PBX.
//! - [`migrate`]: the account of a migration, and what two PBXes agreed on last.
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
//! - [`manual`]: a page a task, run by a test.
//! - [`cli`]: what was typed, nothing resolved.
//! - [`commands`]: one file a verb: resolve, plan, run. The only modules that see the command line.

pub mod archive;
pub mod check;
pub mod cli;
pub mod columns;
pub mod commands;
pub mod compare;
pub mod diff;
pub mod digest;
mod disk;
pub mod export;
mod fingerprints;
pub mod generate;
pub mod input;
pub mod ledger;
pub mod link;
pub mod manifest;
pub mod manual;
pub mod mapping;
pub mod migrate;
pub mod model;
pub mod plan;
pub mod progress;
#[cfg(test)]
#[path = "../tests/it/support/random.rs"]
mod random;
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
