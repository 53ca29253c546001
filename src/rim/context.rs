//! The global options: configuration, state folder and key.

use super::failure::Failure;
use super::target::Target;
use super::terminal::{Color, print_leftovers};
use crate::ledger::{Memory, StateDir};
use crate::model::Language;
use crate::seal::Key;
use std::path::{Path, PathBuf};

/// The folders and files that the command line names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The file with the targets, as typed.
    pub(crate) config_file: Option<PathBuf>,
    /// The folder for runs, as typed.
    pub(crate) state_folder: Option<PathBuf>,
    /// The key file, as typed.
    pub(crate) key_file: Option<PathBuf>,
    /// The use of colour in output.
    pub(crate) color: Color,
    /// The language that was asked for.
    pub(crate) language: Option<Language>,
}

impl Context {
    pub(crate) fn config(&self) -> Option<&Path> {
        self.config_file.as_deref()
    }

    /// The folder for runs.
    ///
    /// # Errors
    /// Exit 2 where there is no such folder.
    pub(crate) fn state(&self) -> Result<StateDir, Failure> {
        let state = StateDir::new(self.state_folder.as_deref())?;
        print_leftovers(state.remove_leftovers());
        Ok(state)
    }

    /// Opens the memory of a PBX, and creates it if there is none; `None` for a simulated one.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read or made.
    pub(crate) fn memory(&self, target: &Target) -> Result<Option<Memory>, Failure> {
        if target.is_sim() {
            return Ok(None);
        }
        let memory = Memory::open(&self.state()?, &target.identity(), self.key()?)?;
        Ok(Some(memory))
    }

    /// Opens the memory of a PBX, where there is one that can be used.
    pub(crate) fn present_memory(&self, target: &Target) -> Option<Memory> {
        let is_there = Memory::is_there(&self.state().ok()?, &target.identity());
        is_there.then(|| self.memory(target).ok().flatten())?
    }

    /// The key that secrets are sealed with, made if there is none yet.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read or made.
    pub(crate) fn key(&self) -> Result<Key, Failure> {
        Ok(Key::load_or_make(self.key_file.as_deref())?)
    }

    /// The key that must be there, because something was sealed with it.
    ///
    /// # Errors
    /// Exit 2 where there is none, or it cannot be read.
    pub(crate) fn present_key(&self) -> Result<Key, Failure> {
        Ok(Key::load(self.key_file.as_deref())?)
    }
}
