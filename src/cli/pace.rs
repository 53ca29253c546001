//! Options for reaching a target.

use super::values::setting;
use crate::link::paced::PARALLEL_MAX;
use crate::rim::target::seconds;
use crate::rim::{PaceOptions, Rate};
use clap::{Args, ValueHint};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Options for reaching a target.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    /// Requests per second, for example 20/s or 300/min [default: the target's, else the vendor's]
    #[arg(long, value_parser = Rate::from_str)]
    pub rate: Option<Rate>,
    /// Requests in flight [default: the target's, else the vendor's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(PARALLEL_MAX)))]
    pub parallel: Option<u16>,
    /// How many extensions one look-up asks for [default: the vendor's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub batch: Option<u16>,
    /// Seconds that the PBX may take to reply, and a change after a lost reply to take effect [default: the target's,
    /// else the vendor's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub reply_within: Option<Duration>,
    /// A setting of the vendor, for example --set format=xml; `rowcall vendors VENDOR` lists them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting, help_heading = "Target")]
    pub settings: Vec<(String, String)>,
    /// Trust the certificates in this PEM file too: the PBX's own, or its authority's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Target")]
    pub ca_file: Option<PathBuf>,
}

impl PaceArgs {
    pub(crate) fn options(&self) -> PaceOptions {
        PaceOptions {
            rate: self.rate,
            parallel: self.parallel.map(usize::from),
            batch: self.batch.map(usize::from),
            reply: self.reply_within,
            settings: self.settings.clone(),
            ca_file: self.ca_file.clone(),
        }
    }
}
