//! `rowcall` moves telephone extensions in bulk: from spreadsheets into PBXes, out of PBXes into files, and gives every
//! row exactly one result.
//!
//! **Start here.** The way of a row, and the modules (rooms) that it passes:
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
//! Each step takes a value and returns the next one; none reaches back. `commands/delete.rs` is the shortest complete
//! path to read, `submit::settle` the heart.
//!
//! # To change X, open Y
//!
//! | to change | open |
//! | --- | --- |
//! | a vendor's rule, limit or default | `vendors/VENDOR/vendor.toml`, the row of the field |
//! | the meaning of a PBX's status or code | `vendor.toml`, `[[fault]]`; the table's reader is `vendors/refusal.rs` |
//! | a vendor's conversation | `vendors/VENDOR/mod.rs`; its helper `vendors/conversation.rs` |
//! | add a vendor | `vendors/README.md` |
//! | the fields that a vendor has only with a setting | `needs` in `vendor.toml`; its reader is `manifest/needs.rs` |
//! | a field, its headings, the checks of its text | `model/field.rs`, one row for each field |
//! | the parts of a forward or of office hours | `model/forward.rs` |
//! | the matching of headings | `columns/mod.rs` has a drawing; words `columns/words.toml`, those around the rows `columns/around.toml`, products `columns/products.toml` |
//! | a kind of rule, its words and its hint | `manifest/rule.rs`; its fast way `rules/compiled.rs`; secrets that keep it `generate.rs` |
//! | rules between fields, between rows | their list and words `manifest/cross_rule.rs`; `rules/fields_together.rs`, `rules/rows_together.rs` |
//! | the damage that a spreadsheet does to a value | `rules/spreadsheet_damage/` |
//! | a file format, a report format | `sheet/format.rs`; `sheet/reader.rs` if it is read, `sheet/writer.rs` if it is written; a folder for each format |
//! | the decision on a row | `plan/decide.rs`; of a migration `migrate/three_way.rs` |
//! | the limits of change in a run | `plan/guard.rs` |
//! | the refusals that a plan foresees | `submit/foresee.rs` |
//! | repeated requests, a 503, Retry-After | `link/retrying.rs`, the table at its top |
//! | a lost reply | `submit/settle.rs` |
//! | a PBX that is killed and loses what it accepted | `submit/storage.rs`; `loses_ms` in `vendor.toml` |
//! | the dial tone: the conversation with a registrar | `sip/registration.rs`; its sockets `link/sip.rs`, who is asked `run/ringing.rs` |
//! | reading back | `submit/verify.rs` |
//! | the step that brings changes into effect | `run/apply.rs`; its facts `[apply]` in `vendor.toml` |
//! | the ledger's schema | `ledger/store.rs` |
//! | undo, resume | `plan/revert.rs`, `run/undo.rs`, `run/resume.rs`; what a PBX has lost of a run `plan/lost.rs` |
//! | the targets that a process takes of many, and its summary | `fleet/` |
//! | an exit code | `rim/failure.rs`; in the help of a command, its file in `cli/` |
//! | the German of a message | `lang/de/`, a file for each room; a test finds what is missing |
//! | the wording of a message | search for it: most stand once; the last lines of a run `run/results.rs` and `run/execution.rs` |
//! | a flag | `cli/mod.rs` names the file of each kind; then `commands/`; if a resume needs it, `run/saved_options.rs` |
//! | the values that are never shown | `model/redact.rs`; which values, `Field::hides` in `model/field.rs` |
//! | a product's import file | `dialects/`, a file of facts for each; the table's writer is `dialects/mod.rs` |
//! | the values in a log of the wire | `[log]` in `vendor.toml`; `link/bodies.rs` |
//! | the translation of fields between vendors, or from a sheet | `mapping/translations.toml`, then `mapping/` |
//! | a migration's account of losses | `migrate/` |
//! | the page in the browser | `page/mod.rs` has its steps and their files; who may see it, `page/guard.rs` |
//!
//! # Words
//!
//! - **Record**: an extension, or a group of them; its key is its number (a text), or its name. **Field**: one property,
//!   from the one dictionary. **Vendor**: a brand of PBX. **Target**: one PBX: vendor, address, account.
//! - **Dialect**: the sheet that a product itself imports, known by the facts that a vendor has. **Protocol**: how a
//!   vendor's API authorises a request and judges a reply.
//! - **Sheet**, row, cell; **place**: the origin of a value. **Binding**: the meaning of the columns.
//! - **Rule** and **finding**: a demand, and one breach of it, for the people who keep the sheet. **Fault**: a refusal by
//!   the PBX or a failure of the network, for the people who run the PBX. **Failure**: the reason why a command cannot
//!   continue, for the user who typed it.
//! - **Change**: one action on one record. **Plan**: all changes of a run. **Outcome**: the result of one row.
//! - **Client**: a vendor's side of a conversation; **exchange**: a request with its reply; **turn**: its next step.
//! - **Settle**: look at the PBX after a lost reply, before anything is sent again. **Verify**: read written changes back;
//!   as a command, compare an import file with the product's export, or prove an archive.
//! - **Listing**: the numbers on a PBX; by one that is not **complete** nothing is deleted, and nothing is missing.
//! - **Held**: not sent, because a row that it depends on failed. **Drifted**: changed on the PBX since the plan was made.
//! - **Apply**: bring stored changes into effect, where a PBX has a step of its own for that. **Outstanding**: not done yet.
//! - **Wave**: a part of a run that is judged before the next one is sent.
//! - **Ledger**: a run on disk; its **journal** is the thread that writes it. **Intent**: the note that a change is about to
//!   be sent; **standing**: how far a row is. **Memory**: what was last written to a PBX and cannot be read back, as
//!   **marks**, which are keyed fingerprints.
//! - **Loss**: what becomes of each field in a migration. **Base**: the state in which two PBXes agreed after it;
//!   **agreement**: one run's part of that.
//! - **Dial tone** (`ring`): a registrar's answer to a sign-in with the extension's own secret.
//! - **Seal**: encrypt for the owner's key. **Snapshot**: one export in an archive.
//!
//! # Invariants, each checked by a test
//!
//! - A vendor is pure: given the task and the exchanges so far, it returns the next request, the answer or a fault.
//!   One bounded loop ([`submit::converse`]) does all the talking.
//! - Everything tabular is a sheet, and every output can be an input again, but for reports, which are refused as such.
//! - No request is sent past the pace, and no change before it is written down.
//! - After a lost reply nothing is sent again before the PBX has been looked at.
//! - Every row that goes in comes out as one outcome.
//! - A secret leaves by known doors only ([`model::Secret`]); nothing below `rim` prints but [`progress`].
//! - A run, its resume and its undo belong to the PBX that it was made for.
//! - A third-party crate with a job of its own is named in one file; imports run downward only, in the order below; no
//!   paths between files of a folder make a circle.
//!
//! # The rooms, from the bottom up
//!
//! - [`model`]: the nouns that the program deals with. No I/O, no vendor.
//! - `lang`: texts for people in the reader's language. Messages are made in English, and translated where they are shown.
//! - `digest`, `disk`: hashes, and files written completely or not at all.
//! - [`xml`]: XML read and written, whole or piece by piece. It is below the sheets, because workbooks are made of it.
//! - [`sheet`]: tables in and out. Knows no field.
//! - [`manifest`]: `vendor.toml` as types: the demands of vendors, as data. It is below the checks, because headings
//!   are understood by it too.
//! - [`mapping`]: fields of one vendor, or of a sheet, as another vendor has them: joined, split, translated or left out.
//! - [`columns`]: headings and fields, cells and values.
//! - [`rules`]: the mistakes in a row, and in all rows together.
//! - [`check`]: every row of sheets of any length checked against the rules.
//! - [`compare`]: a wanted record compared with the one on the PBX.
//! - [`diff`]: the differences between two sheets, exports or PBXes, in telephone words.
//! - [`wire`]: requests and replies as plain data. No sockets.
//! - [`sip`]: a telephone's sign-in, as messages and a conversation. No sockets.
//! - [`vendors`]: one folder for each vendor. Pure: never touches the network.
//! - [`dialects`]: the files that products import by their own screen, a file of facts for each.
//! - [`link`]: the only module that touches a PBX. Knows no vendor.
//! - [`seal`]: the owner's key: seals secrets, and makes the fingerprints that replace them.
//! - `fingerprints`: records with fingerprints in the place of secrets.
//! - [`generate`]: secrets for new extensions, made up by a vendor's own rules.
//! - [`archive`]: snapshots of exports, chained so that any that was changed, removed or put in is found.
//! - [`fleet`]: exports of many PBXes: the part that a process takes, and the summary of what it did.
//! - [`ledger`]: a run's changes and their results, on disk before they are sent to the PBX.
//! - [`migrate`]: the account of a migration, and the agreement of two PBXes after it.
//! - [`submit`]: sends changes in their order and at the target's pace, settles lost replies, reads back.
//! - [`export`]: extensions as a sheet that is the same as long as the PBX's settings are the same.
//! - [`report`]: outcomes as a sheet, counted; a sheet's findings at its own cells; a vendor's facts as tables, and as a
//!   sheet to fill in.
//! - [`progress`]: the progress of a run, on standard error.
//! - [`sim`]: a PBX you can break, in process or behind a socket. Knows no vendor.
//! - `rim`: the layer between the command line and the engine: failures and exit codes, the terminal, the
//!   configuration, targets and sessions, the one rule for outputs, the checks of `doctor`.
//! - [`input`]: the sheets of a command, their rows, and sheets as sides of a comparison.
//! - [`plan`]: the changes to make, as a value, and the guard. No terminal, no command line.
//! - [`run`]: carries a plan out.
//! - `page`: the local page of `rowcall serve`: the same sheets, plans and runs, in a browser.
//! - [`manual`]: one page for each task, run by a test.
//! - [`cli`]: the command line as it was typed, nothing resolved.
//! - [`commands`]: one file or folder for each verb: resolve, plan, run. The only modules that see the command line.

pub mod archive;
pub mod check;
pub mod cli;
pub mod columns;
pub mod commands;
pub mod compare;
pub mod dialects;
pub mod diff;
pub mod digest;
mod disk;
pub mod export;
mod fingerprints;
pub mod fleet;
pub mod generate;
pub mod input;
mod lang;
pub mod ledger;
pub mod link;
pub mod manifest;
pub mod manual;
pub mod mapping;
pub mod migrate;
pub mod model;
#[cfg(feature = "page")]
mod page;
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
pub mod sip;
#[cfg(test)]
#[path = "../tests/it/support/skip.rs"]
mod skip;
pub mod submit;
pub mod vendors;
pub mod wire;
pub mod xml;
