//! The rim: the layer between the command line and the engine. Failures with their exit codes, the terminal, the
//! configuration, targets and their sessions, the one rule for outputs, and the checks of `doctor`.

pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod doctor;
pub(crate) mod failure;
pub(crate) mod inventory;
pub(crate) mod keyring;
pub(crate) mod log;
pub(crate) mod open_files;
pub(crate) mod outputs;
pub(crate) mod process_group;
mod rate;
pub(crate) mod registrar;
pub(crate) mod screen;
pub(crate) mod session;
mod sip_settings;
pub(crate) mod target;
pub(crate) mod terminal;
pub(crate) mod who;
mod wrapping;

pub(crate) use context::Context;
pub(crate) use failure::{Exit, Failure};
pub(crate) use rate::Rate;
pub(crate) use session::TargetSession;
pub(crate) use target::{PaceOptions, Target, TargetSpec};
pub(crate) use who::account_and_machine;
