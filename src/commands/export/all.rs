//! Exports of several targets, some at once.

use super::job::Job;
use crate::fleet::TargetSummary;
use crate::model::{counted, redact};
use crate::rim::Exit;
use crate::rim::terminal::{print, report};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;

/// Threads that one target needs at most: its worker, its connection's, and one that looks up names.
const THREADS_A_TARGET: usize = 3;

impl Job<'_> {
    /// Exports all targets, some at once, and returns the exit code for all of them, and what became of each.
    pub(super) fn export_all(&self, names: &[String]) -> (Exit, Vec<TargetSummary>) {
        let next = AtomicUsize::new(0);
        let all = Mutex::new((Exit::Done, Vec::with_capacity(names.len())));
        let next_name = || {
            let is_stopped = self.stop.is_stopped();
            let at = (!is_stopped).then(|| next.fetch_add(1, Ordering::Relaxed))?;
            names.get(at)
        };
        let at_once = RwLock::new(self.at_once);
        let work = &|worker: usize| {
            if worker >= *at_once.read().unwrap_or_else(PoisonError::into_inner) {
                return;
            }
            while let Some(name) = next_name() {
                let (exit, line) = self.export_measured(name);
                let exit = exit.unwrap_or_else(|failure| report(&failure));
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.0 = exit.max(all.0);
                all.1.push(line);
            }
        };
        thread::scope(|scope| {
            // No worker begins before it is known how many threads there may be.
            let mut at_once = at_once.write().unwrap_or_else(PoisonError::into_inner);
            for worker in 1..self.at_once {
                let started = thread::Builder::new().spawn_scoped(scope, move || work(worker));
                if let Err(error) = started {
                    *at_once = (worker / THREADS_A_TARGET).max(1);
                    print(format!(
                        "{} targets at once instead of {}, because the system starts no more threads: {error}",
                        *at_once, self.at_once
                    ));
                    break;
                }
            }
            drop(at_once);
            work(0);
        });
        let (exit, mut lines) = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        let begun = next.into_inner().min(names.len());
        let rest = names.get(begun..).unwrap_or_default();
        if rest.is_empty() {
            return (exit, lines);
        }
        print(format!(
            "interrupted: {} not begun",
            counted(rest.len() as u64, "target")
        ));
        lines.extend(rest.iter().map(|name| TargetSummary {
            exit_code: Exit::Interrupted.code(),
            message: format!("{}: interrupted before it was begun", redact::target(name)),
            ..TargetSummary::failed(name)
        }));
        (Exit::Interrupted, lines)
    }
}
