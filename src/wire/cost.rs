//! The memory that replies cost, and the right to read large ones, which one conversation has at a time.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Cost of an object beside its members, in bytes: a node of the map that keeps them.
const OBJECT: usize = 640;
/// Cost of a member of an object beside its texts.
const MEMBER: usize = 100;
/// Cost of a value in an array.
const ITEM: usize = 64;
/// Cost of an element beside its texts, read as XML and as plain data.
const ELEMENT: usize = 450;

/// Estimates the memory that a body takes once it is read, in bytes. Texts are counted once more: they are copied.
pub(super) fn estimate(body: &[u8]) -> usize {
    let is_xml = body.trim_ascii_start().starts_with(b"<");
    let nodes: usize = match is_xml {
        true => {
            let opened = body.windows(2).filter(|pair| {
                pair.first() == Some(&b'<') && !matches!(pair.last(), Some(b'/' | b'!' | b'?'))
            });
            let attributes = body.iter().filter(|byte| **byte == b'=').count();
            opened.count() * ELEMENT + attributes * MEMBER
        }
        false => json_nodes(body),
    };
    body.len().saturating_mul(2).saturating_add(nodes)
}

fn json_nodes(body: &[u8]) -> usize {
    let (mut in_text, mut escaped, mut cost) = (false, false, 0_usize);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' => cost = cost.saturating_add(OBJECT + ITEM),
            b'[' => cost = cost.saturating_add(ITEM * 2),
            b',' => cost = cost.saturating_add(ITEM),
            b':' => cost = cost.saturating_add(MEMBER),
            _ => {}
        }
    }
    cost
}

/// The right to read large replies. One thread has it at a time; within it, it can be had several times.
#[derive(Debug, Clone)]
pub struct LargeReplyTurn(#[allow(dead_code, reason = "it is kept, not read")] Arc<RightToRead>);

#[derive(Debug)]
struct RightToRead;

/// The thread that has the right, and the right.
static HOLDER: Mutex<Option<(ThreadId, Weak<RightToRead>)>> = Mutex::new(None);
static FREED: Condvar = Condvar::new();

impl LargeReplyTurn {
    /// Waits for the right, at most this long; `None` where it does not come free.
    pub(crate) fn acquire(patience: Duration) -> Option<LargeReplyTurn> {
        let until = Instant::now() + patience;
        let mut holder = HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let right = holder.as_ref().and_then(|(thread, right)| {
                let right = right.upgrade()?;
                Some((*thread, right))
            });
            match right {
                None => {
                    let right = Arc::new(RightToRead);
                    *holder = Some((thread::current().id(), Arc::downgrade(&right)));
                    return Some(LargeReplyTurn(right));
                }
                Some((thread, right)) if thread == thread::current().id() => {
                    return Some(LargeReplyTurn(right));
                }
                Some((_, right)) => {
                    // It must not be dropped under the lock, which its drop takes too.
                    let left = until.saturating_duration_since(Instant::now());
                    drop(holder);
                    drop(right);
                    if left.is_zero() {
                        return None;
                    }
                    holder = HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
                    let slice = left.min(Duration::from_millis(50));
                    let waited = FREED.wait_timeout(holder, slice);
                    holder = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

impl Drop for RightToRead {
    fn drop(&mut self) {
        FREED.notify_all();
    }
}

// The right to read it makes no difference between two replies.
impl PartialEq for LargeReplyTurn {
    fn eq(&self, _: &LargeReplyTurn) -> bool {
        true
    }
}

impl Eq for LargeReplyTurn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_on_the_wire_and_large_in_memory_costs_what_it_takes() {
        let objects = format!("[{}]", vec!["{\"a\":1}"; 1000].join(","));
        assert!(estimate(objects.as_bytes()) > 700_000);
        let elements = format!("<a>{}</a>", "<b/>".repeat(1000));
        assert!(estimate(elements.as_bytes()) > 400_000);
        // Signs within a text are only text.
        let text = format!("\"{}\"", "{[:,\\\"".repeat(1000));
        assert!(estimate(text.as_bytes()) < 2 * text.len() + 10);
    }

    #[test]
    fn one_thread_at_a_time_reads_large_replies() {
        let first = LargeReplyTurn::acquire(Duration::from_secs(5)).unwrap();
        let again = LargeReplyTurn::acquire(Duration::ZERO).unwrap();
        let other =
            || thread::spawn(|| LargeReplyTurn::acquire(Duration::from_millis(20)).is_some());
        assert!(!other().join().unwrap());
        drop(first);
        assert!(!other().join().unwrap());
        drop(again);
        let patient = thread::spawn(|| LargeReplyTurn::acquire(Duration::from_secs(5)).is_some());
        assert!(patient.join().unwrap());
    }
}
