//! The only module that touches a PBX. It does not know the vendors.
//!
//! [`logged`] writes requests down, with their [`bodies`] where that is wanted; [`http`] sends one request, over TLS to a server that `trust` accepts; [`paced`]
//! keeps to the target's pace; [`retrying`] repeats requests that are safe to repeat; [`sip`] asks a registrar. No request
//! can be sent past the pace: [`retrying::Retrying`], the only link for the rest of the program, takes a
//! [`paced::Permit`] for every request, and [`sip`] for every one that it sends, or sends again.

pub mod bodies;
pub mod http;
pub mod logged;
pub mod paced;
pub mod retrying;
pub mod sip;
mod trust;

use crate::model::Fault;
use crate::wire::{Reply, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The time after which a wait looks if it is over.
const WAIT_SLICE: Duration = Duration::from_millis(25);

/// A way to send one request to one PBX and receive the reply.
pub trait Link: Send + Sync {
    /// Sends a request.
    ///
    /// # Errors
    /// A fault of kind `NotSent` only where the request certainly never reached the PBX; every other failure, a reply
    /// that was cut short among them, is `MayHaveHappened`. A reply of any HTTP status is no fault here.
    fn exchange(&self, request: &Request) -> Result<Reply, Fault>;
}

/// A flag that asks a run to end: nothing new is begun, and no wait is longer than needed. Clones are the same flag;
/// requests already sent are still settled.
#[derive(Debug, Clone, Default)]
pub struct StopFlag {
    stopped: Arc<AtomicBool>,
    /// The moment at which it is stopped by itself.
    deadline: Option<Instant>,
    above: Option<Arc<StopFlag>>,
}

impl StopFlag {
    /// Asks for the end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Creates a flag for a part of this one's work: it is stopped with this one, and not the other way round.
    pub fn part(&self) -> StopFlag {
        StopFlag {
            stopped: Arc::default(),
            deadline: None,
            above: Some(Arc::new(self.clone())),
        }
    }

    /// Creates a flag for a part that may take this long: then it is stopped, and no request is repeated any more.
    pub(crate) fn part_within(&self, time: Duration) -> StopFlag {
        StopFlag {
            // So far away that no clock gets there.
            deadline: Instant::now().checked_add(time),
            ..self.part()
        }
    }

    /// Waits this long, but not past its deadline.
    pub(crate) fn wait(&self, time: Duration) {
        let end = Instant::now().checked_add(time);
        while !self.is_overdue() {
            let left = end.map_or(WAIT_SLICE, |end| {
                end.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(WAIT_SLICE));
        }
    }

    /// Returns true once its time is over.
    pub(crate) fn is_overdue(&self) -> bool {
        let above = self.above.as_ref();
        self.deadline
            .is_some_and(|deadline| deadline <= Instant::now())
            || above.is_some_and(|above| above.is_overdue())
    }

    /// Returns true once the run was asked to end.
    pub(crate) fn is_stopped(&self) -> bool {
        let above = self.above.as_ref();
        self.stopped.load(Ordering::Acquire)
            || self.is_overdue()
            || above.is_some_and(|above| above.is_stopped())
    }
}
