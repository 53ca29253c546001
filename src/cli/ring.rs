//! The dial tone: `rowcall ring`.

use super::input::ReadingArgs;
use super::output::ReportArgs;
use super::values::setting;
use crate::rim::target::seconds;
use crate::rim::{PaceOptions, Rate};
use crate::sip::registration::RingOptions;
use clap::{Args, ValueHint};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// `rowcall ring`
#[derive(Debug, Args)]
#[command(
    after_help = "A REGISTER without a contact is signed in with each extension's secret: the PBX's 200 proves the secret, and \
nothing is added there, no telephone is disturbed and nobody is called. The results: rings · wrong_secret · open \
(anyone can sign in) · full · silent · refused · unknown. Exit 0 only if all ring.

The registrar is the host of the target's address, port 5060, over UDP, unless rowcall.toml says otherwise: sip_address, \
sip_transport (udp, tcp, tls), sip_domain, sip_rate.

Examples:
  rowcall ring staff.csv --to hq
  rowcall ring --secrets secrets.csv --to hq --report rings.xlsx
  rowcall ring staff.csv --to hq --set sip_address=192.0.2.7:5080"
)]
pub struct RingArgs {
    /// Sheets with the numbers and their SIP passwords.
    #[arg(value_name = "SHEET", required_unless_present = "secrets", value_hint = ValueHint::FilePath, help = "Sheets with the numbers and their SIP passwords")]
    pub sheets: Vec<PathBuf>,
    /// The file of secrets that an import wrote: for the rows whose own sheet does not have them, or alone
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub secrets: Option<PathBuf>,
    /// The PBX whose extensions are asked
    #[arg(long, value_name = "TARGET", help_heading = "Target")]
    pub to: String,
    /// The parts of the proof.
    #[command(flatten)]
    pub proof: ProofArgs,
    /// Requests per second, for example 100/s, at most 1000/s [default: the target's sip_rate, else the vendor's, else
    /// 50/s]
    #[arg(long, value_parser = ring_rate, help_heading = "Pace")]
    pub rate: Option<Rate>,
    /// Seconds that the PBX may take to reply, at most 32 [default: the target's, else the vendor's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Pace")]
    pub reply_within: Option<Duration>,
    /// A setting of the target, for example --set sip_transport=tcp
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting, help_heading = "Target")]
    pub settings: Vec<(String, String)>,
    /// Trust the certificates in this PEM file too: the PBX's own, or its authority's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Target")]
    pub ca_file: Option<PathBuf>,
    /// Options for reading the sheets.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// The parts of the proof beside the question.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Proof")]
pub struct ProofArgs {
    /// Register a telephone for a moment where none is registered, and take it back: shows that there is a place for one
    #[arg(long)]
    pub register: bool,
    /// Try a wrong secret too, once a number: it must be refused. Not on a PBX that blocks addresses
    #[arg(long)]
    pub negative: bool,
}

impl ProofArgs {
    pub(crate) fn options(&self) -> RingOptions {
        RingOptions {
            register: self.register,
            negative: self.negative,
            wrong_secret: None,
        }
    }
}

impl RingArgs {
    pub(crate) fn pace(&self) -> PaceOptions {
        PaceOptions {
            reply: self.reply_within,
            settings: self.settings.clone(),
            ca_file: self.ca_file.clone(),
            ..PaceOptions::default()
        }
    }
}

/// The most requests per second to a registrar.
const RATE_MAX: Rate = Rate(1000.0);

fn ring_rate(text: &str) -> Result<Rate, String> {
    let rate = Rate::from_str(text)?;
    match rate <= RATE_MAX {
        true => Ok(rate),
        false => Err(format!("{text:?} is too fast: at most 1000/s")),
    }
}
