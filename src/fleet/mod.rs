//! Exports of many PBXes: which targets a process takes, and the summary of what it did with each.

mod joined;
mod metrics;
mod shard;
mod summary;

pub use joined::{JoinError, JoinedSummaries, joined};
pub use metrics::{Oldest, metrics};
pub use shard::{Shard, ShardChoice, in_order};
pub use summary::{ExportSummary, SUMMARY_BYTES_MAX, SummaryHead, TargetResult, TargetSummary};
