//! `rowcall archive`: verifies snapshots, lists them, and checks that the newest is fresh.

mod list;
mod status;
mod verify;

use crate::cli::{ArchiveArgs, ArchiveCommand};
use crate::rim::{Exit, Failure};

/// Prints the mistakes of an archive, or its content.
///
/// # Errors
/// Exit 2 where there is no archive, or it cannot be read.
pub(super) fn run(args: &ArchiveArgs) -> Result<Exit, Failure> {
    match &args.command {
        ArchiveCommand::Verify { folder, head, json } => verify::run(folder, head, *json),
        ArchiveCommand::List(args) if args.nagios => status::run(args),
        ArchiveCommand::List(args) => list::run(args),
    }
}
