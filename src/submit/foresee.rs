//! The refusals with which changes are sure to end: each is looked at as far as it goes before it writes anything.

use super::converse::{Connection, interrupted};
use super::panics::{caught, lock};
use super::settle::foreseen;
use super::settlement::Settlement;
use crate::link::paced::PARALLEL_MAX;
use crate::model::{Change, Fault};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

/// The results of those changes that end before anything is written, by their rows. `looked` is told of each change that
/// was looked at.
///
/// # Errors
/// The fault for which nothing can be looked at any more.
pub(crate) fn foresee(
    connection: &Connection,
    changes: &[&Change],
    parallel: usize,
    looked: &(dyn Fn() + Sync),
) -> Result<BTreeMap<usize, Settlement>, Fault> {
    let threads = parallel
        .clamp(1, PARALLEL_MAX.into())
        .min(changes.len().max(1));
    let rest = Mutex::new(changes.iter());
    let found = Mutex::new(Ok(BTreeMap::new()));
    let stop = connection.line().pace().stop_flag();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while lock(&found).is_ok() {
                    let Some(change) = lock(&rest).next() else {
                        return;
                    };
                    let result = caught(|| foreseen(connection, change)).unwrap_or_else(Err);
                    let mut found = lock(&found);
                    match (result, found.as_mut()) {
                        _ if stop.is_stopped() => *found = Err(interrupted()),
                        (Ok(Some(settlement)), Ok(found)) => {
                            found.insert(change.row, settlement);
                        }
                        (Err(fault), Ok(_)) => *found = Err(fault),
                        _ => {}
                    }
                    looked();
                }
            });
        }
    });
    found
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner())
}
