//! `rowcall serve`.

use clap::Args;

/// `rowcall serve`
#[derive(Debug, Args)]
#[command(
    after_help = "The page is on this machine alone: it listens on 127.0.0.1, and the address that is printed opens it once, \
in one browser. It ends with Ctrl-C, and after an hour without anybody.

Examples:
  rowcall serve
  rowcall serve --port 8123 --no-open"
)]
pub struct ServeArgs {
    /// The port of 127.0.0.1 that it listens on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Print the address, and open no browser
    #[arg(long)]
    pub no_open: bool,
}
