//! Exports of several targets, some at once.

use super::on_change;
use super::place::{Destination, file};
use crate::archive::Facts;
use crate::cli::{ExportArgs, ExportSecrets};
use crate::commands::diff;
use crate::diff::Side;
use crate::export::{ExportError, Form, Secrecy, in_order, write};
use crate::link::StopFlag;
use crate::model::redact;
use crate::progress::Progress;
use crate::rim::terminal::{print, report, strict_output};
use crate::rim::{Context, Exit, Failure, PaceOptions, Target, TargetSession};
use crate::seal::Key;
use crate::sheet::{Format, Readers, SheetError, Writer};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;
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
        let exits = Mutex::new(BTreeSet::new());
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
                        let mut exits = exits.lock().unwrap_or_else(PoisonError::into_inner);
                        exits.insert(exit);
                    }
                });
            }
        });
        let exits = exits.into_inner().unwrap_or_else(PoisonError::into_inner);
        // The most significant one comes first.
        let order = [
            Exit::Interrupted,
            Exit::Target,
            Exit::Unusable,
            Exit::NotDone,
        ];
        order
            .into_iter()
            .find(|exit| exits.contains(exit))
            .unwrap_or(Exit::Done)
    }

    /// Exports one target to where it goes.
    pub(super) fn export(&self, name: &str) -> Result<Exit, Failure> {
        let snapshots = match &self.place {
            Destination::Stdout => return self.write(name, None).map(|facts| exit(&facts)),
            Destination::File(path) => {
                let path = file(path, name)?;
                let before = self.before(|| path.is_file().then(|| diff::export(&path, None)));
                let facts = self.write(name, Some(&path))?;
                let added = self.report_change(name, &facts, before, || diff::export(&path, None));
                return Ok(exit(&facts).max(added));
            }
            Destination::Archive(snapshots) => snapshots,
        };
        let before = self.before(|| {
            snapshots
                .newest
                .get(name)
                .map(|snapshot| diff::snapshot(name, snapshot))
        });
        let pending = snapshots.archive.begin(name, &self.args.format)?;
        match self.write(name, Some(pending.path())) {
            Ok(facts) => {
                if let Some(last) = snapshots.last.get(name) {
                    print_changes_of_facts(name, last, &facts);
                }
                let kept = snapshots.archive.enter(&pending, facts.clone())?;
                snapshots.entered(kept, Some(name));
                let added = self.report_change(name, &facts, before, || {
                    let snapshots = snapshots.archive.snapshots()?;
                    let snapshot = snapshots.get(name).and_then(|snapshots| snapshots.last());
                    let snapshot =
                        snapshot.ok_or_else(|| Failure::usage(format!("{name}: no snapshot")));
                    diff::snapshot(name, snapshot?)
                });
                Ok(exit(&facts).max(added))
            }
            Err(failure) => {
                match snapshots.archive.miss(name, &failure.message) {
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
                    "{name}: what changed is not told, for the export may not hold everything"
                ));
                Exit::Done
            }
            None => Exit::Done,
        }
    }

    /// Fetches and writes; the path keeps its old file until all is there.
    fn write(&self, name: &str, path: Option<&Path>) -> Result<Facts, Failure> {
        let started = Timestamp::now();
        let target = Target::resolve(name, self.context.config(), &self.pace)?
            .about_groups(self.args.groups)?;
        let mut session = TargetSession::open(&target, &self.stop.part())?;
        session.memory = self.context.present_memory(&target);
        let listing = session.list()?;
        if !listing.complete {
            print(format!(
                "{}: the listing may not be whole; the export holds what was listed",
                target.label
            ));
        }
        let numbers = in_order(listing.numbers);
        let secrecy = match (&self.key, self.args.secrets) {
            (Some(key), _) => Secrecy::Fingerprinted(key),
            (None, ExportSecrets::Plain) => Secrecy::Plain,
            (None, _) => Secrecy::Omitted,
        };
        let form = Form::new(session.manifest(), secrecy, self.args.live);
        let mut writer = self.writer(path, &form).map_err(Failure::usage)?;
        // No time of the export: the same PBX makes the same file.
        writer.set_title(&format!("{}s of {}", target.record(), target.label));
        writer.add_fact("PBX", &target.described());
        let records = format!("{}s", target.record());
        // The bars of several targets would get in each other's way.
        let progress = self
            .is_alone
            .then(|| Progress::new(&records, numbers.len() as u64));
        let written = write(
            session.connection(),
            &numbers,
            &session.looking(self.args.live),
            &form,
            &mut writer,
            &mut |count| {
                if let Some(progress) = &progress {
                    progress.add(count as u64);
                }
            },
        );
        if let Some(progress) = progress {
            progress.finish();
        }
        drop(session);
        let gone = written.map_err(|error| match error {
            ExportError::Fault(fault) => target.failure(&fault),
            ExportError::Sheet(error) => Failure::usage(error),
        })?;
        writer.finish().map_err(Failure::usage)?;
        print(format!(
            "{}: {} {records}",
            target.label,
            numbers.len() - gone.len()
        ));
        if !gone.is_empty() {
            print(format!(
                "{}: listed, but gone when they were looked at: {}",
                target.label,
                gone.join(", ")
            ));
        }
        Ok(Facts {
            started,
            extensions: (numbers.len() - gone.len()) as u64,
            gone: gone.len() as u64,
            whole: listing.complete,
            secrets: self.args.secrets.word().to_owned(),
            key: self.key.as_ref().map(Key::id).unwrap_or_default(),
            vendor: target.vendor.id.to_owned(),
            pbx: target.identity(),
            rules: target.manifest().version(),
            tool: concat!("rowcall ", env!("CARGO_PKG_VERSION")).to_owned(),
        })
    }

    fn writer(&self, path: Option<&Path>, form: &Form<'_>) -> Result<Writer, SheetError> {
        let columns = form.columns();
        match path {
            None => Writer::stream(strict_output(), "standard output", Format::Csv, &columns),
            Some(path) if self.args.secrets == ExportSecrets::Plain => {
                print(format!(
                    "{} will hold passwords and PINs; only its owner can read it",
                    path.display()
                ));
                Writer::replace(path, Readers::Owner, &columns)
            }
            Some(path) => Writer::replace(path, Readers::Anybody, &columns),
        }
    }
}

/// Prints the reasons why a snapshot differs from the one before that have nothing to do with the PBX.
fn print_changes_of_facts(name: &str, before: &Facts, now: &Facts) {
    if before.pbx != now.pbx {
        print(format!(
            "{name}: this snapshot is of {}, and the one before is of {}: the target became another PBX",
            now.pbx, before.pbx
        ));
    }
    if !before.key.is_empty() && !now.key.is_empty() && before.key != now.key {
        print(format!(
            "{name}: the snapshot before was exported with another key, so every fingerprint is another one"
        ));
    }
}

/// Returns the exit code: an export that may be incomplete is no success.
fn exit(facts: &Facts) -> Exit {
    Exit::done_if(facts.is_certain())
}
