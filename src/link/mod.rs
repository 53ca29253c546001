//! The only module that touches a PBX. It does not know the vendors.
//!
//! [`logged`] writes down what is said; [`http`] says one request, over TLS to whom `trust` believes; [`paced`] keeps to the target's pace; [`retrying`] repeats what is safe to repeat. Nothing
//! can be said past the pace: [`retrying::Retrying`], which the rest of the program speaks through, takes a
//! [`paced::Permit`] for every request.

pub mod http;
pub mod logged;
pub mod paced;
pub mod retrying;
mod trust;

use crate::model::Fault;
use crate::wire::{Reply, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A way to say one request to one PBX and hear the reply.
pub trait Link: Send + Sync {
    /// Says a request.
    ///
    /// # Errors
    /// A fault of kind `NotSent` only where the request certainly never reached the PBX; every other failure, a reply
    /// that was cut short among them, is `MayHaveHappened`. A reply of any HTTP status is no fault here.
    fn exchange(&self, request: &Request) -> Result<Reply, Fault>;
}

/// A flag that asks a run to end: nothing new is begun, and no wait is longer than needed. Clones are the
/// same flag; what was said already is still settled.
#[derive(Debug, Clone, Default)]
pub struct StopFlag {
    stopped: Arc<AtomicBool>,
    above: Option<Arc<StopFlag>>,
}

impl StopFlag {
    /// Asks for the end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// A flag for a part of what this one stops: it is stopped with this one, and not the other way round.
    pub fn part(&self) -> StopFlag {
        StopFlag {
            stopped: Arc::default(),
            above: Some(Arc::new(self.clone())),
        }
    }

    /// Returns true once the run was asked to end.
    pub fn is_stopped(&self) -> bool {
        let above = self.above.as_ref();
        self.stopped.load(Ordering::Acquire) || above.is_some_and(|above| above.is_stopped())
    }
}
