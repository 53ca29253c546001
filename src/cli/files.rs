//! The commands about a product's own import file: `convert`, `verify`.

use super::input::InputArgs;
use super::output::{ReportArgs, SecretsArgs};
use super::safety::LossArgs;
use crate::dialects::{PREFIX, dialect_named};
use crate::manifest::Manifest;
use crate::rules::Country;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// `rowcall convert`
#[derive(Debug, Args)]
#[command(
    after_help = "The file has the product's own columns and words, and passwords in clear: only its owner can read it. A row that \
breaks a rule of the product is not in it. What the product has no column for is told once a column. Afterwards rowcall says \
what to press; then export from the product, and `rowcall verify` compares.

Examples:
  rowcall convert staff.csv --to file:freepbx -o bulk.csv
  rowcall convert staff.csv --to file:mikopbx -o people.csv --on-loss stop
  rowcall convert staff.csv --to file:freepbx -o bulk.csv --like exported.csv
  rowcall verify bulk.csv exported.csv --for file:freepbx"
)]
pub struct ConvertArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The import file to write, for example file:freepbx
    #[arg(long, value_name = "file:PRODUCT", value_parser = dialect, help_heading = "Target")]
    pub to: &'static Manifest,
    /// The file to write; a new one, or one that is replaced once the new one is whole
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: PathBuf,
    /// Take the headings of the import file, their order, and texts that are the same in all rows from this file, which the
    /// product itself exported: for products whose columns are not the same in every version
    #[arg(long, value_name = "EXPORT", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub like: Option<PathBuf>,
    /// Read telephone numbers by this country's rule, for example DE: how those are dialled that are written for people
    #[arg(long, value_name = "COUNTRY", help_heading = "Input")]
    pub country: Option<Country>,
    /// The reaction to a loss.
    #[command(flatten)]
    pub losses: LossArgs,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
    /// The destination of generated secrets.
    #[command(flatten)]
    pub secrets: SecretsArgs,
}

/// `rowcall verify`
#[derive(Debug, Args)]
#[command(
    after_help = "A row is `created` where the export has its extension as the import file meant it, `differs` where it has another \
value, and `missing` where it is not there.

Examples:
  rowcall verify bulk.csv exported.csv --for file:freepbx
  rowcall verify people.csv exported.csv --for file:mikopbx --report r.csv"
)]
pub struct VerifyArgs {
    /// The import file, as `rowcall convert` wrote it
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// What the product exported after the import
    #[arg(value_name = "EXPORT", value_hint = ValueHint::FilePath)]
    pub export: PathBuf,
    /// The product's import file, for example file:freepbx
    #[arg(long = "for", value_name = "file:PRODUCT", value_parser = dialect, help_heading = "Target")]
    pub dialect: &'static Manifest,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Reads the word for a product's import file.
pub(super) fn dialect(text: &str) -> Result<&'static Manifest, String> {
    let word = text.strip_prefix(PREFIX).unwrap_or(text);
    dialect_named(word)
}
