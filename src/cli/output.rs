//! The destinations of results and generated secrets.

use super::words::typed_words;
use crate::plan::render::Detail;
use crate::rim::Failure;
use crate::rim::log::LogLevel;
use crate::rim::terminal::Color;
use crate::run::{ReportOptions, SecretsOut};
use crate::sheet::format;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// The destinations of the results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Output")]
pub struct ReportArgs {
    /// The report: one line for each row.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("Write one line a row to this file", ""))]
    pub report: Vec<PathBuf>,
    /// Print a summary as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

impl ReportArgs {
    pub(crate) fn options(&self) -> ReportOptions {
        ReportOptions {
            files: self.report.clone(),
            json: self.json,
        }
    }
}

/// The detail in which a plan is shown.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct DetailArgs {
    /// Show every row; else of new and of unchanged ones the first ten, and how many more there are
    #[arg(long)]
    pub all: bool,
    /// Show a line a row, without its fields
    #[arg(long)]
    pub short: bool,
}

impl DetailArgs {
    pub(crate) fn detail(&self) -> Detail {
        Detail {
            all: self.all,
            short: self.short,
        }
    }

    /// Refuses words about a plan where none is shown.
    ///
    /// # Errors
    /// Exit 2, naming the option.
    pub(crate) fn refuse_without(&self, dry_run: bool) -> Result<(), Failure> {
        let flag = match (dry_run, self.all, self.short) {
            (true, ..) | (_, false, false) => return Ok(()),
            (_, true, _) => "--all",
            _ => "--short",
        };
        Err(Failure::usage(format!(
            "{flag} says how much of a plan is shown, and none is"
        ))
        .hint(format!(
            "add --dry-run to see what would be done, or leave out {flag}"
        )))
    }
}

typed_words!(Color { Auto = "auto", Always = "always", Never = "never", });

typed_words!(LogLevel { Requests = "requests", Wire = "wire", });

/// The destination of generated secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Output")]
pub struct SecretsArgs {
    /// Write what <generate> made up to this new file, for its owner only, before anything is sent; it can be read again,
    /// so not as a page for people [default: secrets.csv in the run's folder; for an
    /// import file NAME.secrets.csv beside it]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub secrets_out: Option<PathBuf>,
    /// Encrypt that file to this age recipient (age1…), as FILE.age; it never stands on the disk in clear then
    #[arg(long, value_name = "RECIPIENT")]
    pub secrets_to: Vec<String>,
}

impl SecretsArgs {
    /// Resolves the destination, and checks that it can be written.
    pub(crate) fn resolve(&self) -> Result<SecretsOut, Failure> {
        SecretsOut::new(self.secrets_out.as_deref(), &self.secrets_to)
    }
}

/// Builds the help for a file that is written: its content, and the possible formats.
pub(super) fn written(what: &str, more: &str) -> String {
    format!(
        "{what}; its ending chooses {}{more}",
        format::written_names()
    )
}
