//! Has a PBX bring stored changes into effect, where that is a step of its own.

use super::converse::Connection;
use crate::manifest::ApplyFacts;
use crate::model::{Fault, FaultCause, FaultKind};
use std::thread;
use std::time::{Duration, Instant};

/// The pause before the first look at a step that is under way; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);

/// The longest pause between two looks.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Most times that the step is asked for while no reply to that comes.
const ATTEMPTS_MAX: u32 = 2;

/// Time after which a pause is ended by a stop.
const SLICE: Duration = Duration::from_millis(25);

/// Has a PBX bring stored changes into effect, and waits until it has. Where the reply to that is lost, it is asked for once
/// more, because a second time is harmless.
///
/// # Errors
/// It failed, it takes longer than the PBX lets it, or the run was interrupted: the PBX may still be at work on it.
pub(crate) fn bring_into_effect(connection: &Connection, facts: &ApplyFacts) -> Result<(), Fault> {
    let until = Instant::now() + Duration::from_millis(facts.longest_ms);
    let mut under_way: Option<String> = None;
    let (mut attempts, mut pause) = (1, PAUSE);
    loop {
        match connection.bring_into_effect(under_way.as_deref()) {
            Ok(None) => return Ok(()),
            Ok(Some(name)) => under_way = Some(name),
            Err(fault)
                if under_way.is_none()
                    && fault.kind == FaultKind::MayHaveHappened
                    && attempts < ATTEMPTS_MAX =>
            {
                attempts += 1;
            }
            Err(fault) => return Err(fault),
        }
        if Instant::now() >= until {
            return Err(Fault::new(
                FaultKind::MayHaveHappened,
                "apply.endless",
                "it is still under way, longer than the PBX itself lets it take",
            ));
        }
        if !wait(connection, Instant::now() + pause) {
            return Err(Fault::new(
                FaultKind::MayHaveHappened,
                "apply.interrupted",
                "interrupted while the PBX was at work on it",
            )
            .cause(FaultCause::Interrupted));
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Waits; false where the run was interrupted before that.
fn wait(connection: &Connection, until: Instant) -> bool {
    let stop = connection.line().pace().stop_flag();
    loop {
        if stop.is_stopped() {
            return false;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(SLICE));
    }
}
