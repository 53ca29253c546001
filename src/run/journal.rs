//! The ledger of a run that is sending. One thread writes it, so that no sender waits for the disk longer than it must.
//!
//! The thread writes intents ahead of the senders, for a quarter as many rows as are in flight: several rows in one
//! commit, together with the results so far. At most half as many results as rows in flight wait to be written. So after
//! a crash at most twice as many rows have to be looked up as were in flight, and one more where that is one or two.

use crate::fingerprints::FingerprintedRecord;
use crate::ledger::{ApplyState, Ledger, LedgerError};
use crate::model::Outcome;
use crate::submit;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// A change of the run: its row's position in the ledger, and the number of times that it was about to be sent before
/// this process.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    /// The row's position.
    pub position: usize,
    /// The number of earlier intents.
    pub intended: u32,
}

/// The ledger of a run that is sending.
pub struct Journal {
    run: String,
    pending: Arc<[Pending]>,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<Result<(), LedgerError>>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<JournalState>,
    changed: Condvar,
}

#[derive(Default)]
struct JournalState {
    /// The number of changes written down as intended.
    durable: usize,
    /// The number of them that a thread waits for.
    wanted: usize,
    results: Vec<(usize, Outcome)>,
    read_back: Vec<(usize, FingerprintedRecord)>,
    /// True once what the run has done may be gone.
    is_doubted: bool,
    /// The state of the step that brings the changes into effect, once that is known.
    apply: Option<ApplyState>,
    /// The reason that the run ends, once it does.
    ending: Option<String>,
    /// The reason that nothing can be written any more.
    failed: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, JournalState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, JournalState>) -> MutexGuard<'s, JournalState> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal {
    /// Starts the writing thread. `pending` are the changes in the order of sending; at most `parallel` are in flight.
    pub fn start(ledger: Ledger, pending: Vec<Pending>, parallel: usize) -> Journal {
        let (run, pending): (String, Arc<[Pending]>) = (ledger.run().to_owned(), pending.into());
        let shared = Arc::<Shared>::default();
        let writer = LedgerWriter {
            pending: pending.clone(),
            ahead: (parallel / 4).max(1),
            shared: shared.clone(),
        };
        let writer = thread::spawn(move || {
            let written = writer.run(ledger);
            if let Err(error) = &written {
                writer.shared.lock().failed = Some(error.to_string());
                writer.shared.changed.notify_all();
            }
            written
        });
        Journal {
            run,
            pending,
            shared,
            writer: Some(writer),
        }
    }

    /// The run's name.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Records a row's outcome.
    pub fn result(&self, position: usize, outcome: Outcome) {
        self.shared.lock().results.push((position, outcome));
        self.shared.changed.notify_all();
    }

    /// Records an extension as it was read back, before its row's outcome.
    pub(crate) fn read_back(&self, position: usize, record: FingerprintedRecord) {
        self.shared.lock().read_back.push((position, record));
    }

    /// Records that what the run has done may be gone; it is on the disk once the run has ended.
    pub(crate) fn doubt(&self) {
        self.shared.lock().is_doubted = true;
    }

    /// Records the state of the step that brings the changes into effect; it is on the disk once the run has ended.
    pub(crate) fn note_apply(&self, state: ApplyState) {
        self.shared.lock().apply = Some(state);
    }

    /// Ends the run for now; returns once everything is on the disk.
    ///
    /// # Errors
    /// The failure of a write.
    pub fn end(mut self, why: &str) -> Result<(), LedgerError> {
        self.shared.lock().ending = Some(why.to_owned());
        self.shared.changed.notify_all();
        let written = self.writer.take().map(JoinHandle::join);
        match written {
            Some(Ok(written)) => written,
            // Only a bug makes the thread panic, and then the ledger still shows which rows are unfinished.
            Some(Err(_)) | None => Ok(()),
        }
    }
}

impl submit::IntentLog for Journal {
    fn intend(&self, position: usize) -> Result<(), String> {
        let mut state = self.shared.lock();
        state.wanted = state.wanted.max(position + 1);
        self.shared.changed.notify_all();
        while state.durable <= position {
            if let Some(why) = &state.failed {
                return Err(why.clone());
            }
            state = self.shared.wait(state);
        }
        if let Some(why) = &state.failed {
            return Err(why.clone());
        }
        Ok(())
    }

    fn intended(&self, position: usize) -> u32 {
        let pending = self.pending.get(position);
        pending.map_or(0, |pending| pending.intended)
    }
}

struct LedgerWriter {
    pending: Arc<[Pending]>,
    /// The number of changes written down ahead of the one that a thread waits for.
    ahead: usize,
    shared: Arc<Shared>,
}

impl LedgerWriter {
    fn run(&self, mut ledger: Ledger) -> Result<(), LedgerError> {
        // Rows that have their result: one that is held back, or not sent, may have it before its turn comes.
        let mut has_result: Vec<bool> = vec![];
        let mut state = self.shared.lock();
        loop {
            let due = if state.wanted == 0 {
                0
            } else {
                state.wanted + self.ahead
            };
            let due = due.min(self.pending.len());
            let ending = state.ending.clone();
            if state.results.is_empty() && state.durable >= due {
                match ending {
                    Some(why) => {
                        if state.is_doubted {
                            ledger.doubt(true)?;
                        }
                        if let Some(apply) = state.apply {
                            ledger.note_apply(apply)?;
                        }
                        return ledger.end(&why);
                    }
                    None => state = self.shared.wait(state),
                }
                continue;
            }
            let from = state.durable;
            let results = std::mem::take(&mut state.results);
            let read_back = std::mem::take(&mut state.read_back);
            drop(state);
            for (position, record) in read_back {
                ledger.read_back(position, &record);
            }
            for (position, outcome) in results {
                if has_result.len() <= position {
                    has_result.resize(position + 1, false);
                }
                if let Some(has_result) = has_result.get_mut(position) {
                    *has_result = true;
                }
                ledger.result(position, outcome);
            }
            let due = if ending.is_some() {
                from
            } else {
                due.max(from)
            };
            let positions: Vec<usize> = self.pending[from..due]
                .iter()
                .map(|pending| pending.position)
                .filter(|position| has_result.get(*position) != Some(&true))
                .collect();
            ledger.intend(&positions)?;
            state = self.shared.lock();
            state.durable = due;
            if ending.is_some() {
                state.wanted = 0;
            }
            self.shared.changed.notify_all();
        }
    }
}
