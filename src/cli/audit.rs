//! The commands that read PBXes for an audit: `export`, `archive`, `diff`.

use super::change::TransferArgs;
use super::files::dialect;
use super::fleet::ManyArgs;
use super::input::ReadingArgs;
use super::output::written;
use super::pace::PaceArgs;
use super::values::{Since, age, since, vendor};
use crate::archive::{Head, Retention};
use crate::manifest::Manifest;
use crate::model::vocabulary;
use crate::sheet::Format;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use jiff::SignedDuration;
use std::path::PathBuf;
use std::str::FromStr;

/// `rowcall export`
#[derive(Debug, Args)]
#[command(
    after_help = "The same state of a PBX gives the same bytes, whatever order it answers in. With several targets each one's end \
is its own: one that fails leaves its last export in place, and shows in the exit code.

With --archive each snapshot is entered in DIR/TARGET/manifest.jsonl, chained to the entry before, and the targets' \
heads in DIR/manifest.jsonl. The head of that goes to standard output: keep it elsewhere, and `rowcall archive verify` \
finds whatever was touched since.

--on-change runs a command by the shell when an export is not as the one before (the archive's newest whole snapshot, \
else the file that was there), with the lines of `rowcall diff` on its standard input and the target's name in \
ROWCALL_TARGET. It gets nothing else of the environment but PATH, HOME and the like, and five minutes. Where it \
fails the exit code is 1, and the export is in its place.

With --to the file is one that a product imports, with its own columns and words and with passwords in clear, only for its owner: what `rowcall migrate` writes by --to file:PRODUCT:FILE.

Examples:
  rowcall export hq -o hq.csv
  rowcall export hq --live | grep Unavailable
  rowcall export hq --groups -o groups.csv
  rowcall export hq -o hq.jsonl --secrets plain
  rowcall export hq --to file:freepbx -o bulk.csv
  rowcall export hq branch -o 'exports/{target}.xlsx'
  rowcall export --all --archive /var/lib/rowcall --secrets fingerprint \\
    --keep 30d,12m
  rowcall export hq -o hq.csv \\
    --on-change 'mail -s \"$ROWCALL_TARGET changed\" ops@example.com'"
)]
pub struct ExportArgs {
    /// The PBXes whose extensions are written
    #[arg(
        value_name = "TARGET",
        required_unless_present_any = ["all", "inventory"],
        conflicts_with = "all"
    )]
    pub targets: Vec<String>,
    /// All targets of rowcall.toml
    #[arg(long, help_heading = "Target")]
    pub all: bool,
    /// The file to write.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("The file to write", ", and {target} in its name stands for the target's name [default: CSV on standard output]"), help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write the file that this product imports, for example file:freepbx
    #[arg(long, value_name = "file:PRODUCT", value_parser = dialect, requires = "output", conflicts_with_all = ["all", "inventory", "live", "groups", "on_change", "secrets", "at_once", "give_up", "shard", "summary", "metrics"], help_heading = "Target")]
    pub to: Option<&'static Manifest>,
    /// The way of the extensions into that file.
    #[command(flatten)]
    pub transfer: TransferArgs,
    /// Add a snapshot to the archive in this folder, which is made if need be
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["output", "live"], help_heading = "Output")]
    pub archive: Option<PathBuf>,
    /// The format of an archive's snapshots
    #[arg(long, value_name = "FORMAT", requires = "archive", conflicts_with = "output", default_value = "csv", value_parser = PossibleValuesParser::new(Format::choices(Format::is_read)), help_heading = "Output")]
    pub format: String,
    /// Which snapshots stay: all of the newest days that have one, then the newest of each month (and year); the others'
    /// files are removed, which the archive enters
    // An argument that conflicts with a file waives what is required: without the archive it would be ignored.
    #[arg(long, value_name = "30d,12m", requires = "archive", conflicts_with = "output", value_parser = Retention::from_str, help_heading = "Output")]
    pub keep: Option<Retention>,
    /// Run this command when the export is not as the one before, with the differences on its standard input
    #[arg(long, value_name = "CMD", value_hint = ValueHint::CommandString, conflicts_with = "groups", help_heading = "Output")]
    pub on_change: Option<String>,
    /// What becomes of passwords and PINs
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub secrets: ExportSecrets,
    /// Write also what is live: registrations, phones
    #[arg(long, help_heading = "Output")]
    pub live: bool,
    /// Write its groups of extensions, a row a group
    #[arg(long, conflicts_with = "archive", help_heading = "Target")]
    pub groups: bool,
    /// Options for many targets.
    #[command(flatten)]
    pub many: ManyArgs,
    /// Options for reaching the targets.
    #[command(flatten)]
    pub pace: PaceArgs,
}

vocabulary! {
    /// The treatment of secrets in an export.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
    pub enum ExportSecrets {
        /// Their columns are left out
        #[default]
        Omit = "omit",
        /// A word made with the key stands for each, which changes when it changes
        Fingerprint = "fingerprint",
        /// They are written as they are, into a file for its owner only
        Plain = "plain",
    }
}

/// `rowcall archive`
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rowcall archive verify /var/lib/rowcall --head 17:3f2a…")]
pub struct ArchiveArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub command: ArchiveCommand,
}

/// The subcommands for an archive.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Hold the snapshots to their entries, the entries to their chain, and the chain to heads that were kept elsewhere
    #[command(
        after_help = "What was changed, removed, moved, put in or cut off is named on standard output, one a line, and the exit \
code is 1 then. With nothing wrong the archive's head is printed.

Examples:
  rowcall archive verify /var/lib/rowcall --head 17:3f2a…
  rowcall archive verify /mnt/copy --head 3f2a… --head 9c01…"
    )]
    Verify {
        /// The archive's folder
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// A head that was kept elsewhere, as it was printed; without one, rowcall says what it cannot prove
        #[arg(long, value_name = "HEAD", value_parser = Head::from_str, help_heading = "Input")]
        head: Vec<Head>,
        /// Print what was found as one JSON object on standard output
        #[arg(long, help_heading = "Output")]
        json: bool,
    },
    /// List the snapshots that it holds, or say in one line whether the newest is fresh
    #[command(
        after_help = "With --nagios one line is printed, as monitoring systems read it. Exit codes then: 0 OK · 1 WARNING: the \
newest snapshot may be incomplete, or the last export did not come about · 2 CRITICAL: there is none, it is too old, or a file is gone · 3 UNKNOWN: the archive cannot be read

Examples:
  rowcall archive list /var/lib/rowcall
  rowcall archive list /var/lib/rowcall hq --nagios --max-age 26h"
    )]
    List(ArchiveListArgs),
}

/// `rowcall archive list`
#[derive(Debug, Args)]
pub struct ArchiveListArgs {
    /// The archive's folder
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
    /// The target whose snapshots are listed [default: all]
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Print them as one JSON object on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print one line on the newest snapshot of each target, with a monitoring system's exit codes
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub nagios: bool,
    /// How old the newest snapshot may be, for example 26h or 8d
    #[arg(long, value_name = "AGE", requires = "nagios", default_value = "26h", value_parser = age, help_heading = "Output")]
    pub max_age: SignedDuration,
}

/// `rowcall diff`
#[derive(Debug, Args)]
#[command(
    override_usage = "rowcall diff [OPTIONS] A B
       rowcall diff [OPTIONS] --archive DIR --since DATE [TARGET]...",
    after_help = "A side is a sheet (a file, or - for standard input) or a TARGET; a file that is called like a target is \
named ./FILE. Only fields that both sides have are compared, secrets in the clear or by their fingerprints; \
neither is ever shown. As text there is one line for each extension that differs; in all other formats one \
for each field that differs, and one for each extension that was added, removed or renumbered. Renumbered \
is said only of what is certainly the same extension; else it was removed, and another one added.

With --archive the newest snapshot of each target is held against the one that shows how things stood when DATE \
began (the oldest, where none is that old); two snapshots can also be named as files.

Exit codes: 0 no difference · 1 differences · 2 a side that cannot be used · 3 a target that cannot be used

Examples:
  rowcall diff monday.csv tuesday.csv
  rowcall diff staff.xlsx hq
  rowcall diff hq branch -o differences.xlsx
  rowcall diff --archive /var/lib/rowcall --since tuesday hq
  rowcall diff --archive /var/lib/rowcall --since 2026-11-01 hq --format md

In a crontab, a mail when anything changed overnight, or could not be compared:
  rowcall diff old.csv hq >changes.txt 2>&1 || \\
    mail -s 'hq changed' ops@example.com <changes.txt"
)]
pub struct DiffArgs {
    /// What was, and what is: two sheets, exports or targets; with --since, the targets [default: all in the archive]
    #[arg(value_name = "SIDE", required_unless_present = "since")]
    pub sides: Vec<String>,
    /// The archive whose snapshots are compared
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "since", conflicts_with = "vendor", help_heading = "Input")]
    pub archive: Option<PathBuf>,
    /// Since when: a day (2026-11-01, yesterday, tuesday; it begins at 0:00 UTC), so long ago (3d, 12h), a moment
    /// (2026-11-01T02:00:00Z), or `last`: since the snapshot before the newest. A snapshot that
    /// is missing since then is named, and the exit code is 1 then too
    #[arg(long, value_name = "DATE", requires = "archive", value_parser = since, help_heading = "Input")]
    pub since: Option<Since>,
    /// The vendor that the sheets are for, where the other side does not tell [default: their words are taken as any vendor's]
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor, help_heading = "Target")]
    pub vendor: Option<String>,
    /// Compare groups of extensions, and not extensions
    #[arg(long, conflicts_with = "archive", help_heading = "Input")]
    pub groups: bool,
    /// How the differences are printed: as text, one line an extension; else one line or object a field
    #[arg(long, value_name = "FORMAT", default_value = TEXT, conflicts_with = "output", value_parser = PossibleValuesParser::new([TEXT].into_iter().chain(Format::choices(|format| !format.is_workbook()))), help_heading = "Output")]
    pub format: String,
    /// The file to write.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("Write them to this file", ""), help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Print them as one JSON object on standard output, with what was not compared
    #[arg(long, conflicts_with_all = ["output", "format"], help_heading = "Output")]
    pub json: bool,
    /// Options for reading the sheets.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Options for reaching the targets.
    #[command(flatten)]
    pub pace: PaceArgs,
}

/// The format of differences that is for people.
const TEXT: &str = "text";
