//! What holds for every command: where configuration, runs and the key are.

use super::Failure;
use crate::archive::ArchiveError;
use crate::cli::Cli;
use crate::ledger::{LedgerError, StateDir};
use crate::saved::SavedError;
use crate::seal::Key;
use std::path::Path;

/// The folders and files of this call.
pub(super) struct Context<'c> {
    cli: &'c Cli,
}

impl<'c> Context<'c> {
    /// As it was typed.
    pub(super) fn new(cli: &'c Cli) -> Context<'c> {
        Context { cli }
    }

    /// The file with the targets, where one was named.
    pub(super) fn config(&self) -> Option<&'c Path> {
        self.cli.config.as_deref()
    }

    /// Where runs are kept.
    ///
    /// # Errors
    /// Exit 2 where there is no such folder.
    pub(super) fn state(&self) -> Result<StateDir, Failure> {
        StateDir::new(self.cli.state.as_deref()).map_err(Failure::from)
    }

    /// The key that secrets are sealed with, made if there is none yet.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read or made.
    pub(super) fn key(&self) -> Result<Key, Failure> {
        let key = Key::load_or_make(self.cli.key.as_deref());
        key.map_err(|error| Failure::usage(&error).hint(error.hint()))
    }

    /// The key that must be there, because something was sealed with it.
    ///
    /// # Errors
    /// Exit 2 where there is none, or it cannot be read.
    pub(super) fn present_key(&self) -> Result<Key, Failure> {
        let key = Key::load(self.cli.key.as_deref());
        key.map_err(|error| Failure::usage(&error).hint(error.hint()))
    }
}

impl From<LedgerError> for Failure {
    /// Exit 3 where another run holds the target, else 2.
    fn from(error: LedgerError) -> Failure {
        let failure = match &error {
            LedgerError::Locked(_) => Failure::target(&error),
            _ => Failure::usage(&error),
        };
        failure.hint(error.hint())
    }
}

impl From<ArchiveError> for Failure {
    /// Exit 2.
    fn from(error: ArchiveError) -> Failure {
        Failure::usage(&error).hint(error.hint())
    }
}

impl From<SavedError> for Failure {
    /// Exit 2.
    fn from(error: SavedError) -> Failure {
        Failure::usage(&error).hint(error.hint())
    }
}
