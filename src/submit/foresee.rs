//! The refusals with which changes are sure to end: each is looked at as far as it goes before it writes anything.

use super::converse::Connection;
use super::pool::look_in_order;
use super::settle::foreseen;
use super::settlement::Settlement;
use crate::model::{Change, Fault};
use std::collections::BTreeMap;

/// The results of those changes that end before anything is written, by their rows. `looked` is told of each change that
/// was looked at.
///
/// # Errors
/// The fault for which nothing can be looked at any more.
pub(crate) fn foresee(
    connection: &Connection,
    changes: &[&Change],
    parallel: usize,
    looked: &dyn Fn(),
) -> Result<BTreeMap<usize, Settlement>, Fault> {
    let mut found = BTreeMap::new();
    let look = |change: &Change| Ok((change.row, foreseen(connection, change)?));
    let stop = connection.line().pace().stop_flag();
    let changes = changes.iter().copied();
    look_in_order(changes, parallel, stop, look, &mut |(row, settlement)| {
        looked();
        found.extend(settlement.map(|settlement| (row, settlement)));
    })?;
    Ok(found)
}
