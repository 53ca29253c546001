//! One target's export to where it goes.

use super::exported::Exported;
use super::job::Job;
use super::on_change::{self, KnownChanges};
use super::place::{Destination, file};
use crate::archive::{EnteredOnce, Facts};
use crate::diff::Side;
use crate::input::side::{read_export, read_snapshot};
use crate::link::StopFlag;
use crate::rim::terminal::print;
use crate::rim::{Failure, Target};

impl Job<'_> {
    /// Exports one target to where it goes, until it is stopped.
    pub(super) fn export(&self, name: &str, stop: &StopFlag) -> Result<Exported, Failure> {
        let snapshots = match &self.place {
            Destination::Stdout => {
                let facts = self.write(name, None, stop)?;
                return Ok(Exported::new(facts, KnownChanges::default()));
            }
            Destination::File(path) => {
                let path = file(path, name)?;
                let before = self.before(|| path.is_file().then(|| read_export(&path, None)));
                let facts = self.write(name, Some(&path), stop)?;
                let changes = self.changes(name, &facts, before, || read_export(&path, None));
                return Ok(Exported::new(facts, changes));
            }
            Destination::Archive(snapshots) => snapshots,
        };
        let history = snapshots.history(name, self.night.as_deref())?;
        if let Some(extensions) = history.of_night {
            return Ok(Exported::skipped(name, extensions));
        }
        let before = self.before(|| {
            let newest = history.complete.as_ref();
            newest.map(|snapshot| read_snapshot(name, snapshot))
        });
        let pending = snapshots.archive.begin(name, &self.args.format)?;
        match self.write(name, Some(pending.path()), stop) {
            Ok(facts) => {
                let (snapshot, written) = match snapshots.archive.enter_once(&pending, facts)? {
                    EnteredOnce::Now(snapshot, written) => (snapshot, written),
                    EnteredOnce::Before { extensions } => {
                        return Ok(Exported::skipped(name, extensions));
                    }
                };
                if let Some(last) = &history.last {
                    let news = snapshot.facts.changes_since(last, name);
                    news.iter().for_each(print);
                }
                let head = written.head.to_string();
                snapshots.entered(name, written, true);
                let after = || read_snapshot(name, &snapshot);
                let changes = self.changes(name, &snapshot.facts, before, after);
                Ok(Exported::new(snapshot.facts, changes).with_head(head))
            }
            Err(failure) => {
                match snapshots.archive.record_missed(name, &failure.message) {
                    Ok(written) => snapshots.entered(name, written, false),
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
        let is_compared = self.args.on_change.is_some() || self.args.many.counts_changes();
        is_compared.then(before).flatten()
    }

    /// Counts and reports the changes as the options ask.
    fn changes(
        &self,
        name: &str,
        facts: &Facts,
        before: Option<Result<Side, Failure>>,
        after: impl FnOnce() -> Result<Side, Failure>,
    ) -> KnownChanges {
        let command = self.args.on_change.as_deref();
        if command.is_none() && !self.args.many.counts_changes() {
            return KnownChanges::default();
        }
        if !facts.is_certain() {
            if command.is_some() {
                print(format!(
                    "{name}: changes are not reported, because the export may be incomplete"
                ));
            }
            return KnownChanges::default();
        }
        on_change::run(command, name, before, after, &self.stop)
    }

    /// Finds a target in the sheet with targets, or in the configuration.
    pub(super) fn target(&self, name: &str) -> Result<Target, Failure> {
        let entry = self.inventory.as_ref().and_then(|sheet| sheet.entry(name));
        let target = match entry {
            Some(entry) => Target::unwritten(name, entry?, &self.pace),
            None => Target::resolve(name, self.context.config(), &self.pace),
        };
        target?.about_groups(self.args.groups)
    }
}
