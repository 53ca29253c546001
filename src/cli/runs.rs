//! The commands about runs: `resume`, `undo`, `runs`, `report`.

use super::output::{ReportArgs, written};
use super::safety::GuardArgs;
use crate::run::ApplyMoment;
use clap::{Arg, Args, Subcommand, ValueHint};
use std::path::PathBuf;
use std::str::FromStr;

/// `rowcall resume`
#[derive(Debug, Args)]
#[command(
    after_help = "Rows that may have been sent are looked up on the PBX before anything is said again.

Examples:
  rowcall resume
  rowcall resume 20261121-213015-a1b2 --report report.csv"
)]
pub struct ResumeArgs {
    /// The run [default: the newest one, if it is not finished and not older than a day]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Only if it is a run on this target
    #[arg(long, value_name = "TARGET", help_heading = "Target")]
    pub to: Option<String>,
    /// When the changes are brought into effect, where the PBX wants a step of its own for that [default: as the run was told]
    #[arg(long, value_name = "at-end|none|HH:MM", value_parser = ApplyMoment::from_str, help_heading = "Safety")]
    pub apply: Option<ApplyMoment>,
    /// Do not ask; also needed where extensions are left to be deleted and nobody can be asked
    #[arg(long, short = 'y', help_heading = "Safety")]
    pub yes: bool,
    /// The destinations of the results [default: where the run wrote them]
    #[command(flatten)]
    pub report: ReportArgs,
}

/// The help of a limit of an undo.
fn limit(arg: Arg, what: &str) -> Arg {
    arg.help(format!(
        "At most N {what}, a count or a percentage [default: as many as the run changed]"
    ))
}

/// `rowcall undo`
#[derive(Debug, Args)]
#[command(
    after_help = "What the run made is deleted, what it changed gets its old values, what it deleted is made again as far as \
it could be read. An extension that was changed by somebody else since is kept and listed. It may change as \
many as the run did; --max-… allows less. It is a run of its own: it can be resumed, and undone.

Examples:
  rowcall undo --dry-run
  rowcall undo 20261121-213015-a1b2 --yes --report undone.csv",
    mut_arg("max_creates", |arg| limit(arg, "extensions that are made again")),
    mut_arg("max_updates", |arg| limit(arg, "extensions that get their old values")),
    mut_arg("max_deletes", |arg| limit(arg, "deleted extensions")),
    mut_arg("max_secret_changes", |arg| limit(arg, "extensions that get their old password or PIN")),
    mut_arg("waves", |arg| arg.value_name("N,N,…").help(
        "Send in waves of N rows (1,10,100); after each wave --max-failures is applied to its rows"
    ))
)]
pub struct UndoArgs {
    /// The run [default: the newest one that is no undo]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Show what would be done, as `rowcall plan` does, and send nothing
    #[arg(long, help_heading = "Safety")]
    pub dry_run: bool,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
    /// The limits of change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// `rowcall runs`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall runs
  rowcall runs show
  rowcall runs clean --keep 30")]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// Print them as one JSON object on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// The subcommand.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// The subcommands for runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show one run: its PBX, when it began and ended, its rows, where its files are
    Show {
        /// The run [default: the newest one]
        #[arg(value_name = "RUN")]
        run: Option<String>,
        /// Print it as one JSON object on standard output
        #[arg(long, help_heading = "Output")]
        json: bool,
    },
    /// Throw old runs away, with their folders; unfinished ones stay, and those whose folder holds generated secrets
    Clean {
        /// How many of the newest stay
        #[arg(long, value_name = "N", default_value_t = 30)]
        keep: usize,
        /// Throw unfinished ones away too: they cannot be gone on with then
        #[arg(long)]
        unfinished: bool,
    },
}

/// `rowcall report`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall report -o report.csv
  rowcall report 20261121-213015-a1b2 -o report.html")]
pub struct RunReportArgs {
    /// The run [default: the newest one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// The file to write.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("The file to write", " [default: CSV on standard output]"), help_heading = "Output")]
    pub output: Option<PathBuf>,
}
