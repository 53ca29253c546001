//! The options that every target of one export shares.

use super::place::Destination;
use crate::cli::ExportArgs;
use crate::link::StopFlag;
use crate::rim::inventory::Inventory;
use crate::rim::{Context, PaceOptions};
use crate::seal::Key;

/// The options that every target of one export shares.
pub(super) struct Job<'j> {
    pub(super) args: &'j ExportArgs,
    pub(super) pace: PaceOptions,
    pub(super) context: &'j Context,
    pub(super) key: Option<Key>,
    pub(super) place: Destination,
    /// The sheet with the targets, where they are not in the configuration.
    pub(super) inventory: Option<Inventory>,
    /// The night's name, where it has one.
    pub(super) night: Option<String>,
    /// The number of targets exported at once.
    pub(super) at_once: usize,
    /// True if there is one target only.
    pub(super) is_alone: bool,
    pub(super) stop: StopFlag,
}
