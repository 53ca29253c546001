//! Exports of several targets, some at once.

use super::on_change;
use super::place::{Destination, file};
use crate::archive::Facts;
use crate::cli::ExportArgs;
use crate::diff::Side;
use crate::input::side::{read_export, read_snapshot};
use crate::link::StopFlag;
use crate::model::redact;
use crate::rim::terminal::{print, report};
use crate::rim::{Context, Exit, Failure, PaceOptions};
use crate::seal::Key;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The number of targets exported at once.
const TARGETS_AT_ONCE: usize = 16;

/// The options that every target of one export shares.
pub(super) struct Job<'j> {
    pub(super) args: &'j ExportArgs,
    pub(super) pace: PaceOptions,
    pub(super) context: &'j Context,
    pub(super) key: Option<Key>,
    pub(super) place: Destination,
    /// True if there is one target only.
    pub(super) is_alone: bool,
    pub(super) stop: StopFlag,
}

impl Job<'_> {
    /// Exports all targets, some at once, and returns the exit code for all of them.
    pub(super) fn export_all(&self, names: &[String]) -> Exit {
        let next = AtomicUsize::new(0);
        let worst = Mutex::new(Exit::Done);
        thread::scope(|scope| {
            for _ in 0..TARGETS_AT_ONCE.min(names.len()) {
                scope.spawn(|| {
                    while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let exit = self.export(name).unwrap_or_else(|mut failure| {
                            if !failure.message.starts_with(&format!("{name}:")) {
                                failure.message =
                                    format!("{}: {}", redact::target(name), failure.message);
                            }
                            report(&failure)
                        });
                        let mut worst = worst.lock().unwrap_or_else(PoisonError::into_inner);
                        *worst = exit.max(*worst);
                    }
                });
            }
        });
        worst.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Exports one target to where it goes.
    pub(super) fn export(&self, name: &str) -> Result<Exit, Failure> {
        // An export that may be incomplete is no success.
        let exit = |facts: Facts| Exit::done_if(facts.is_certain());
        let snapshots = match &self.place {
            Destination::Stdout => return self.write(name, None).map(exit),
            Destination::File(path) => {
                let path = file(path, name)?;
                let before = self.before(|| path.is_file().then(|| read_export(&path, None)));
                let facts = self.write(name, Some(&path))?;
                let added = self.report_change(name, &facts, before, || read_export(&path, None));
                return Ok(exit(facts).max(added));
            }
            Destination::Archive(snapshots) => snapshots,
        };
        let before = self.before(|| {
            snapshots
                .newest
                .get(name)
                .map(|snapshot| read_snapshot(name, snapshot))
        });
        let pending = snapshots.archive.begin(name, &self.args.format)?;
        match self.write(name, Some(pending.path())) {
            Ok(facts) => {
                if let Some(last) = snapshots.last.get(name) {
                    facts.changes_since(last, name).iter().for_each(print);
                }
                let kept = snapshots.archive.enter(&pending, facts.clone())?;
                snapshots.entered(kept, Some(name));
                let added = self.report_change(name, &facts, before, || {
                    let snapshots = snapshots.archive.snapshots()?;
                    let snapshot = snapshots.get(name).and_then(|snapshots| snapshots.last());
                    let snapshot =
                        snapshot.ok_or_else(|| Failure::usage(format!("{name}: no snapshot")));
                    read_snapshot(name, snapshot?)
                });
                Ok(exit(facts).max(added))
            }
            Err(failure) => {
                match snapshots.archive.record_missed(name, &failure.message) {
                    Ok(kept) => snapshots.entered(kept, None),
                    Err(error) => print(format!("{name}: {error}")),
                }
                Err(failure)
            }
        }
    }

    /// Reads the export before, where a comparison with it is asked for.
    fn before(
        &self,
        before: impl FnOnce() -> Option<Result<Side, Failure>>,
    ) -> Option<Result<Side, Failure>> {
        self.args.on_change.as_ref().and_then(|_| before())
    }

    /// Reports the changes as the options ask, and returns the exit code that this adds.
    fn report_change(
        &self,
        name: &str,
        facts: &Facts,
        before: Option<Result<Side, Failure>>,
        after: impl FnOnce() -> Result<Side, Failure>,
    ) -> Exit {
        match &self.args.on_change {
            Some(command) if facts.is_certain() => {
                on_change::run(command, name, before, after, &self.stop)
            }
            Some(_) => {
                print(format!(
                    "{name}: changes are not reported, because the export may be incomplete"
                ));
                Exit::Done
            }
            None => Exit::Done,
        }
    }
}
