//! Panics of one row that must not take the run with them.

use crate::model::{Fault, FaultKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs something that must not take the run with it when it panics.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| sender_broke_down())
}

/// Locks, also after another thread panicked while it had the lock: the data behind these locks is consistent at every
/// moment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn sender_broke_down() -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "submit.broke_down",
        "rowcall broke down while it worked on this row, so it may have happened",
    )
    .hint("look at this extension on the PBX; the breakdown is a mistake in rowcall: please report it")
}
