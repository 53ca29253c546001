//! The commands that need no PBX: `check`, `columns`, `fix`, `template`.

use super::input::InputArgs;
use super::output::{ReportArgs, written};
use super::safety::LossArgs;
use super::values::vendor_or_file;
use crate::rules::Country;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// `rowcall check`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall check staff.csv --for openvox
  rowcall check hq.csv branch.csv --for portsip --report findings.csv
  rowcall check staff.csv --for ozeki --map 'Durchwahl=number'")]
pub struct CheckArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The vendor that the sheets are for, or the import file of a product, for example file:freepbx
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor_or_file, help_heading = "Target")]
    pub vendor: String,
    /// Read telephone numbers by this country's rule, for example DE: how those are dialled that are written for people
    #[arg(long, value_name = "COUNTRY", help_heading = "Input")]
    pub country: Option<Country>,
    /// The reaction to a loss.
    #[command(flatten)]
    pub losses: LossArgs,
    /// Show how each heading was understood, with its first value, and check nothing
    #[arg(long, help_heading = "Output")]
    pub explain_columns: bool,
    /// Print every finding of every row, one a line, instead of a line a column and cause
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// With --all: name the page that each rule comes from; reports always do
    #[arg(long, requires = "all", help_heading = "Output")]
    pub sources: bool,
    /// Write a copy of the sheet as a workbook, with what was found marked at the cells and on a sheet “Findings”
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub mark: Option<PathBuf>,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `rowcall columns`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall columns staff.csv --for openvox
  rowcall columns staff.csv --for openvox -o map.toml
  rowcall import staff.csv --to hq --map-file map.toml")]
pub struct ColumnsArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The vendor that the sheet is for, or the import file of a product, for example file:freepbx
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor_or_file, help_heading = "Target")]
    pub vendor: String,
    /// Write what each heading means to this file, for --map-file; never over a file that is there
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Print them as one JSON object on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// `rowcall fix`
#[derive(Debug, Args)]
#[command(
    after_help = "Only what a spreadsheet did is repaired, and only where the original is certain: 2002.0 becomes \
2002, full-width digits become plain ones. What may be lost for good is for `rowcall check` to say. \
All else stays as it is: delimiter, encoding, and of a workbook every other cell, format and part.

Examples:
  rowcall fix staff.csv -o fixed.csv --for openvox
  rowcall fix staff.xlsx -o fixed.xlsx --for openvox --sheet Staff
  rowcall fix staff.json -o fixed.json --for portsip --report changes.csv"
)]
pub struct FixArgs {
    /// The input: one sheet.
    #[command(flatten)]
    pub input: InputArgs,
    /// The vendor that the sheet is for, or the import file of a product, for example file:freepbx
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor_or_file, help_heading = "Target")]
    pub vendor: String,
    /// Read telephone numbers by this country's rule, for example DE: how those are dialled that are written for people
    #[arg(long, value_name = "COUNTRY", help_heading = "Input")]
    pub country: Option<Country>,
    /// The file to write, in the sheet's own format; never the sheet itself
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: PathBuf,
    /// Also write what is likely and not certain, marked and with the reason, for somebody to accept; the copy is a workbook
    #[arg(long, help_heading = "Output")]
    pub propose: bool,
    /// The report: one line for each changed cell.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("Write one line a changed cell to this file", ""), help_heading = "Output")]
    pub report: Vec<PathBuf>,
    /// Print every changed cell, and not only the first of each column and cause
    #[arg(long, help_heading = "Output")]
    pub all: bool,
    /// Print the changes and a summary as one JSON object on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// `rowcall template`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall template --for openvox -o staff.xlsx
  rowcall template --for portsip -o personal.xlsx --lang de")]
pub struct TemplateArgs {
    /// The vendor that the sheet is for, or the import file of a product, for example file:freepbx
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor_or_file, help_heading = "Target")]
    pub vendor: String,
    /// The file to write; a workbook has headings in the reader's language, any other file the names of the fields
    /// unless --lang is given [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// A sheet of groups, a row a group
    #[arg(long, help_heading = "Input")]
    pub groups: bool,
}
