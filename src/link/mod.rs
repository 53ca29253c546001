//! The only module that touches a PBX. It does not know the vendors.

use crate::model::Fault;
use crate::wire::{Reply, Request};

/// A way to say one request to one PBX and hear the reply.
pub trait Link: Send + Sync {
    /// Says a request.
    ///
    /// # Errors
    /// A fault of kind `NotSent` only where the request certainly never reached the PBX; every other failure, a reply
    /// that was cut short among them, is `MayHaveHappened`. A reply of any HTTP status is no fault here.
    fn exchange(&self, request: &Request) -> Result<Reply, Fault>;
}
