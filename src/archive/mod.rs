//! Snapshots of exports in one folder, chained so that any that was changed, removed, moved, put in or cut off is
//! found.
//!
//! ```text
//! DIR/manifest.jsonl                     one entry on each line, each with the SHA-256 of the line before
//! DIR/hq/2026-11-22T020307Z-17.csv       the snapshot of one target, by entry 17
//! ```
//!
//! A line's hash is that of its bytes with the line feed, as `sed -n 17p manifest.jsonl | sha256sum` prints it; the
//! first entry is chained to the hash of nothing. The last line's hash is the `Head`: kept elsewhere, it proves that
//! nothing before it was touched. Lines are only ever appended. A file that retention removed has an entry with the
//! removal and its rule; its snapshot's own entry stays.
//!
//! A snapshot is first written under a name that begins with a dot, then entered, then given its name, the last two
//! under a lock: killed anywhere, a process leaves an archive that is right, or that the next one puts right.

mod append;
mod gaps;
mod keep;
mod manifest;
mod newest;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use append::{EnteredOnce, WrittenSnapshot};
pub(crate) use gaps::missing_snapshots;
pub use keep::Retention;
pub use manifest::{Archive, Facts, MANIFEST, moves};
pub(crate) use manifest::{ArchiveError, Head, Snapshot, folder_name};
pub(crate) use newest::NewestSnapshots;
