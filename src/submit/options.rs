//! Options of sending changes.

use super::settle::SettleLimits;
use super::settlement::Settlement;
use crate::digest::sha256_hex;
use crate::model::{Change, Record};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Rows sent before a share of failures is judged.
pub const SHARE_AFTER: u32 = 20;

/// Failures that a run may have before it stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FailuresMax {
    /// A count.
    Count(u32),
    /// A share of the rows sent so far, 0 to 1.
    Share(f64),
}

impl FailuresMax {
    /// Returns true if `failed` failures among the rows `sent` are more than allowed.
    pub(crate) fn is_exceeded(self, failed: u32, sent: u32) -> bool {
        match self {
            FailuresMax::Count(most) => failed > most,
            FailuresMax::Share(most) => f64::from(failed) > most * f64::from(sent),
        }
    }
}

impl Default for FailuresMax {
    fn default() -> Self {
        FailuresMax::Share(0.25)
    }
}

/// Options of sending changes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Changes in flight, at most `PARALLEL_MAX`; one where only one change at a time may write.
    pub parallel: usize,
    /// Failures that the run may have.
    pub failures_max: FailuresMax,
    /// Limits of following up lost replies.
    pub settling: SettleLimits,
    /// The changes that are read back.
    pub verify: Verify,
    /// The time after which the PBX has stored what it accepted, so that a kill does not lose it; zero where it stores first.
    pub loses: Duration,
    /// The starts of the PBX that were seen while the changes were sent.
    pub starts: Arc<Mutex<NewStarts>>,
    /// Extensions read back in one request; at most the vendor's `batch`.
    pub batch: usize,
    /// Counts the changes that were sent and answered, for the display of progress.
    pub sent: Arc<AtomicU64>,
    /// The first row that deletes an extension that no row of a sheet names. Such a deletion waits for every creation
    /// before it, and is held back where one of them may be the same extension under another number.
    pub unnamed_from: usize,
    /// The memberships that are looked at once more at the end.
    pub memberships: Arc<Memberships>,
}

/// The new starts of a PBX in a run.
#[derive(Debug, Default)]
pub struct NewStarts {
    /// Their times, in the PBX's own words.
    pub times: BTreeSet<String>,
    /// The words for rows that were done and are gone since, by row.
    pub gone: BTreeMap<usize, String>,
    /// The entries of a file before the run that are not there any more, by the file's name.
    pub lost: BTreeMap<&'static str, BTreeSet<String>>,
}

/// Memberships that must be there once everything was sent, beside those that the changes write.
#[derive(Debug, Default)]
pub struct Memberships {
    /// Those that a change's row has and the change does not write, by row.
    pub kept: BTreeMap<usize, Record>,
    /// Those of rows that have their result already, each with a change that names them.
    pub done: Vec<(Change, Settlement)>,
}

impl Options {
    /// The usual limits with this many changes in flight, for a PBX whose replies may take this long; no change is read
    /// back.
    pub fn new(parallel: usize, reply: Duration) -> Self {
        Options {
            parallel,
            failures_max: FailuresMax::default(),
            settling: SettleLimits::new(reply),
            verify: Verify::None,
            loses: Duration::ZERO,
            starts: Arc::default(),
            batch: usize::MAX,
            sent: Arc::default(),
            unnamed_from: usize::MAX,
            memberships: Arc::default(),
        }
    }
}

/// The choice of changes that are read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// Everything.
    #[default]
    All,
    /// One extension in ten: those whose number's SHA-256 begins with `0` or, followed by less than `a`, with `1`.
    Sample,
    /// None: the PBX's reply counts.
    None,
}

impl Verify {
    /// Returns true where the extension of this number is read back; the same on every machine and in every run.
    pub fn picks(self, number: &str) -> bool {
        match self {
            Verify::All => true,
            Verify::None => false,
            Verify::Sample => sha256_hex(number.as_bytes()).as_str() < "1a",
        }
    }
}
