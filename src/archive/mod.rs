//! Snapshots of exports in one folder, chained so that any that was changed, removed, moved, put in or cut off is
//! found.
//!
//! ```text
//! DIR/manifest.jsonl                     the archive's own entries: the heads of its targets after each run
//! DIR/hq/manifest.jsonl                  the entries about the target hq
//! DIR/hq/2026-11-22T020307Z-17.csv       its snapshot by entry 17
//! ```
//!
//! An entry is a line with the SHA-256 of the line before, its line feed included, as `sed -n 17p manifest.jsonl |
//! sha256sum` prints it; the first is chained to the hash of nothing. A manifest's head is the number and hash of its
//! last entry. After a run the heads of the targets that it entered something about go into the archive's own manifest:
//! its head, kept elsewhere, proves that nothing before it was touched, in any target. Lines are only ever appended. A
//! file that retention removed has an entry with the removal and its rule; its snapshot's own entry stays. So a night
//! costs each target the reading of its own entries, and processes with targets of their own share an archive.
//!
//! A snapshot is first written under a name that begins with a dot, then entered, then given its name, the last two
//! under a lock of the target's manifest: killed anywhere, a process leaves an archive that is right, or that the next
//! one puts right.
//!
//! Before 0.2.0 all entries were in the archive's own manifest. Such an archive is read and verified as it is, and goes
//! on with a manifest for each target, whose first entry follows the last one of then.

mod append;
mod chain;
mod entry;
mod error;
mod folder;
mod gaps;
mod history;
mod keep;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use append::EnteredOnce;
pub(crate) use chain::WrittenEntries;
pub use entry::{Facts, MANIFEST, moves};
pub(crate) use entry::{Head, Snapshot};
pub(crate) use error::ArchiveError;
pub use folder::Archive;
#[cfg(test)]
pub(crate) use folder::MissedExport;
pub(crate) use folder::{TargetRecord, folder_name};
pub(crate) use gaps::missing_snapshots;
pub(crate) use history::TargetHistory;
pub use keep::Retention;
