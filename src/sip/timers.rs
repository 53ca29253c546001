//! The timers of a request that is no call (RFC 3261, 17.1.2): over UDP it is sent again after T1, 2 T1, 4 T1 … and at
//! last every T2, until a reply comes (timer E); without one it is given up after 64 T1 (timer F).

use std::time::Duration;

/// The estimate of a round trip.
pub(crate) const T1: Duration = Duration::from_millis(500);

/// The longest pause before a request is sent again.
pub(crate) const T2: Duration = Duration::from_secs(4);

/// The time after which a request counts as unanswered.
pub(crate) const TIMER_F: Duration = Duration::from_secs(32);

/// The timers of one request. Times count from its first sending.
#[derive(Debug, Clone)]
pub(crate) struct Timers {
    /// The next sending, and the pause before it; `None` where nothing is lost on the way.
    again: Option<(Duration, Duration)>,
    over: Duration,
}

/// The step that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimerStep {
    /// Send the request again.
    Send,
    /// Wait for a reply, at most so long.
    Wait(Duration),
    /// Give it up.
    Over,
}

impl Timers {
    /// The timers of a request that was just sent. `limit` is the longest wait for its reply, at most [`TIMER_F`].
    pub(crate) fn new(may_be_lost: bool, limit: Duration) -> Timers {
        Timers {
            again: may_be_lost.then_some((T1, T1)),
            over: limit.min(TIMER_F),
        }
    }

    /// The step that is due so long after the first sending.
    pub(crate) fn due(&mut self, elapsed: Duration) -> TimerStep {
        if elapsed >= self.over {
            return TimerStep::Over;
        }
        let Some((at, pause)) = self.again else {
            return TimerStep::Wait(self.over - elapsed);
        };
        if elapsed < at {
            return TimerStep::Wait(at.min(self.over) - elapsed);
        }
        let pause = (pause * 2).min(T2);
        self.again = Some((elapsed + pause, pause));
        TimerStep::Send
    }

    /// Takes a provisional reply: the request has arrived, and is sent again every T2 only.
    pub(crate) fn note_provisional(&mut self, elapsed: Duration) {
        if let Some(again) = &mut self.again {
            *again = (elapsed + T2, T2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times at which a request is sent again, and the time at which it is given up, in milliseconds.
    fn course(mut timers: Timers, provisional_at: Option<u64>) -> (Vec<u64>, u64) {
        let (mut now, mut sent, mut provisional) = (0, vec![], provisional_at);
        loop {
            match timers.due(Duration::from_millis(now)) {
                TimerStep::Send => sent.push(now),
                TimerStep::Over => return (sent, now),
                TimerStep::Wait(wait) => {
                    let then = now + wait.as_millis() as u64;
                    now = match provisional.take_if(|at| *at < then) {
                        Some(at) => {
                            timers.note_provisional(Duration::from_millis(at));
                            at
                        }
                        None => then,
                    };
                }
            }
        }
    }

    #[test]
    fn a_datagram_is_sent_again_as_the_standard_says() {
        let (sent, over) = course(Timers::new(true, Duration::MAX), None);
        let standard = [
            500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500,
        ];
        assert_eq!((sent.as_slice(), over), (standard.as_slice(), 32000));
    }

    #[test]
    fn after_a_provisional_reply_it_is_sent_every_t2() {
        let (sent, _) = course(Timers::new(true, Duration::MAX), Some(200));
        assert_eq!(sent.first_chunk(), Some(&[4200, 8200]));
    }

    #[test]
    fn on_a_stream_nothing_is_sent_again() {
        let limit = Duration::from_secs(5);
        assert_eq!(course(Timers::new(false, limit), None), (vec![], 5000));
    }
}
