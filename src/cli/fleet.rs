//! Options for exports of many targets, and `rowcall fleet`.

use super::values::time;
use crate::fleet::ShardChoice;
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The heading of these options.
const FLEET: &str = "Fleet";

/// Options for many targets at once.
#[derive(Debug, Args)]
pub struct ManyArgs {
    /// All targets of this sheet (- for standard input): a row each, with the keys of rowcall.toml as headings and name
    /// for the target's; `defaults` in rowcall.toml completes them
    #[arg(long = "targets", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["targets", "all"], id = "inventory", help_heading = FLEET)]
    pub inventory: Option<PathBuf>,
    /// How many targets are exported at once, as far as the limit of open files allows
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = FLEET)]
    pub at_once: u16,
    /// The longest time for one target, for example 15m; a reply that is awaited by then still counts
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time, help_heading = FLEET)]
    pub give_up: Duration,
    /// Export only the targets of this part of all, counted from 0: for example 3/50. auto/50 takes the number from
    /// JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID or AWS_BATCH_JOB_ARRAY_INDEX
    #[arg(long, value_name = "I/N", value_parser = ShardChoice::from_str, help_heading = FLEET)]
    pub shard: Option<ShardChoice>,
    /// The night's name, or today for the date: a target that has a whole snapshot of it is left alone
    #[arg(long, value_name = "ID", requires = "archive", conflicts_with = "output", help_heading = FLEET)]
    pub night: Option<String>,
    /// Write what became of each target as lines of JSON; `rowcall fleet report` joins those of several shards
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = FLEET)]
    pub summary: Option<PathBuf>,
    /// Write the figures as Prometheus' collector for text files reads them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = FLEET)]
    pub metrics: Option<PathBuf>,
}

impl ManyArgs {
    /// Returns true if the changes of each target are counted.
    pub(crate) fn counts_changes(&self) -> bool {
        self.summary.is_some() || self.metrics.is_some()
    }
}

/// `rowcall fleet`
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rowcall fleet report summaries/*.jsonl --shards 50")]
pub struct FleetArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub command: FleetCommand,
}

/// The subcommands for many PBXes.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Join the summaries of all shards of a night into one report and one exit code
    #[command(
        after_help = "Targets without an export are named with the reason, and so are shards without a summary. The exit code is \
the worst of all shards: 130, 4, 3, 2, 1; a shard without a summary counts as 3. Of a shard with several summaries, because its job \
was tried again, the last one counts. Jobs are tried again after 3, or when they were killed; never after 1, 2 or 4.

Examples:
  rowcall export --all --archive nights --shard 3/50 --night today \\
    --summary summaries/3.jsonl
  rowcall fleet report summaries/*.jsonl --shards 50"
    )]
    Report(FleetReportArgs),
}

/// `rowcall fleet report`
#[derive(Debug, Args)]
pub struct FleetReportArgs {
    /// The summaries that `rowcall export --summary` wrote
    #[arg(value_name = "SUMMARY", required = true, value_hint = ValueHint::FilePath)]
    pub summaries: Vec<PathBuf>,
    /// How many shards there are [default: as the summaries say]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub shards: Option<u32>,
    /// Print it as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}
