//! The commands around the work: `vendors`, `sim`, `doctor`, `help`, `completions`.

use super::values::vendor;
use super::words::typed_words;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// `rowcall vendors`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall vendors
  rowcall vendors openvox")]
pub struct VendorsArgs {
    /// The vendor whose fields and rules are shown
    #[arg(value_name = "VENDOR", value_parser = vendor)]
    pub vendor: Option<String>,
    /// Print it as one JSON object on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// `rowcall` alone, or with a sheet
#[derive(Debug, Args)]
pub struct LeadArgs {
    /// The sheet
    #[arg(value_name = "SHEET", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

/// `rowcall schema`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall schema
  rowcall schema diff")]
pub struct SchemaArgs {
    /// The schema's name [default: lists them]
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `rowcall sim`
#[derive(Debug, Args)]
#[command(
    after_help = "The account is `api`; its password stands in ROWCALL_SIM_PASSWORD, else it is `rehearsal`.

Examples:
  rowcall sim --vendor openvox
  rowcall sim --vendor portsip --listen 127.0.0.1:8899 \\
    --faults seed=7,cut_after=50,throttle=20"
)]
pub struct SimArgs {
    /// The vendor
    #[arg(long, value_name = "VENDOR", value_parser = vendor, help_heading = "Target")]
    pub vendor: String,
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// Where its telephones are answered by SIP, over UDP and TCP: the extensions with their own passwords
    #[arg(long, value_name = "ADDR")]
    pub sip: Option<String>,
    /// What goes wrong, in per mille of the requests, repeatable by its seed
    #[arg(long, value_name = "FAULTS")]
    pub faults: Option<String>,
}

/// `rowcall doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is written to a PBX. Exit codes: 0 all is right · 2 something on this machine is not · \
3 a target is not

Examples:
  rowcall doctor
  rowcall doctor hq
  rowcall doctor sim:openvox --json"
)]
pub struct DoctorArgs {
    /// Targets to try [default: every target of rowcall.toml]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Print the checks as one JSON object on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// `rowcall help`
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command, or a page of the manual: passwords, telephones, moving, groups, nightly, changes, trouble
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
}

/// `rowcall man`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall man | man -l -
  rowcall man -o ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write a page a command into this folder, which is there
    #[arg(long, short, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// Words that a completion script asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedWords {
    /// The targets of the configuration.
    Targets,
    /// The runs in the state folder.
    Runs,
}

typed_words!(AskedWords {
    Targets = "targets",
    Runs = "runs",
});

/// `rowcall completions`
#[derive(Debug, Args)]
#[command(
    after_help = "In bash, zsh and fish the script asks rowcall for the targets and runs that there are when Tab is pressed, by the configuration that was typed. The scripts for PowerShell and elvish know commands and options, and no values.

Example:
  source <(rowcall completions bash)"
)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, required_unless_present = "words")]
    pub shell: Option<clap_complete::Shell>,
    /// Print these words, one a line, instead of a script: the script asks so
    #[arg(long, value_enum, hide = true, conflicts_with = "shell")]
    pub words: Option<AskedWords>,
    /// The command line so far, which may name another configuration
    #[arg(last = true, hide = true, requires = "words")]
    pub typed: Vec<String>,
}
