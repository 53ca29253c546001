//! The threads that look at a PBX: several looks at a time, with their answers in order.

use super::panics::caught;
use crate::link::StopFlag;
use crate::link::paced::PARALLEL_MAX;
use crate::model::{Fault, FaultCause, FaultKind};
use crossbeam_channel::unbounded;
use std::collections::BTreeMap;
use std::thread;

/// Looks that may run ahead of the oldest unanswered one, for each in flight.
const LOOK_AHEAD: usize = 4;

/// Looks at all items, `parallel` at a time, and hands the answers to `each`, in the order of the items. Memory does not
/// grow with their count.
///
/// # Errors
/// The first fault for which nothing can be looked at any more; the answers before it have been handed to `each`.
pub(super) fn look_in_order<T: Send, A: Send>(
    items: impl Iterator<Item = T>,
    parallel: usize,
    stop: &StopFlag,
    look: impl Fn(T) -> Result<A, Fault> + Sync,
    each: &mut dyn FnMut(A),
) -> Result<(), Fault> {
    let parallel = parallel.clamp(1, PARALLEL_MAX.into());
    let (work, works) = unbounded::<(usize, T)>();
    let (answer, answers) = unbounded();
    let mut rest = items.enumerate();
    let mut under_way = 0;
    for first in rest.by_ref().take(parallel * LOOK_AHEAD) {
        under_way += 1;
        let _ = work.send(first);
    }
    thread::scope(|scope| {
        // Moved in, so that the threads end when it is dropped.
        let work = work;
        for _ in 0..parallel.min(under_way) {
            let (works, answer, look) = (works.clone(), answer.clone(), &look);
            scope.spawn(move || {
                for (index, item) in works {
                    let replied = caught(|| look(item));
                    let _ = answer.send((index, replied.unwrap_or_else(Err)));
                }
            });
        }
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        while under_way > 0 {
            // Not more than those taken at first are ever under way, so neither channel grows.
            if let Ok((index, replied)) = answers.recv() {
                waiting.insert(index, replied);
            }
            while let Some(replied) = waiting.remove(&next) {
                match replied {
                    Ok(answered) if !stop.is_stopped() => each(answered),
                    replied => {
                        works.try_iter().for_each(drop);
                        return Err(replied.err().unwrap_or_else(interrupted));
                    }
                }
                next += 1;
                match rest.next() {
                    Some(further) => drop(work.send(further)),
                    None => under_way -= 1,
                }
            }
        }
        Ok(())
    })
}

/// The fault of looks that a stop ended.
fn interrupted() -> Fault {
    Fault::new(
        FaultKind::NotSent,
        "converse.interrupted",
        "interrupted before everything was looked up",
    )
    .cause(FaultCause::Interrupted)
}
