//! The end of an export as files: `--summary` and `--metrics`.

use super::job::Job;
use super::place::Destination;
use crate::disk::{Readers, write_whole};
use crate::fleet::{ExportSummary, Shard, TargetSummary, metrics};
use crate::rim::terminal::report;
use crate::rim::{Exit, Failure};
use jiff::Timestamp;

impl Job<'_> {
    /// Writes the files that are asked for, also where no target has an export.
    ///
    /// # Errors
    /// Exit 2 where one cannot be written.
    pub(super) fn write_summary(
        &self,
        shard: Option<Shard>,
        started: Timestamp,
        exit: &Result<Exit, Failure>,
        lines: Vec<TargetSummary>,
    ) -> Result<(), Failure> {
        let many = &self.args.many;
        if many.summary.is_none() && many.metrics.is_none() {
            return Ok(());
        }
        let exit = match exit {
            Ok(exit) => exit.code(),
            Err(failure) => failure.exit.code(),
        };
        let summary = ExportSummary::new(shard, self.night.clone(), started, exit, lines);
        let write = |path, bytes: &[u8]| {
            write_whole(path, bytes, Readers::Anybody)
                .map_err(|error| Failure::not_written(path, &error))
        };
        if let Some(path) = &many.metrics {
            let oldest = match &self.place {
                Destination::Archive(snapshots) => Some(snapshots.oldest(&summary.targets)),
                _ => None,
            };
            write(path, metrics(&summary, oldest).as_bytes())?;
        }
        if let Some(path) = &many.summary {
            let mut bytes = vec![];
            // Writing to memory does not fail.
            let _ = summary.write(&mut bytes);
            write(path, &bytes)?;
        }
        Ok(())
    }

    /// Lets retention do its work and prints the archive's head, whatever became of the export.
    pub(super) fn close(&self, exit: Result<Exit, Failure>) -> Result<Exit, Failure> {
        let Destination::Archive(snapshots) = &self.place else {
            return exit;
        };
        match (exit, snapshots.close(self.args)) {
            (exit, Ok(())) => exit,
            (Ok(exit), Err(failure)) => Ok(exit.max(report(&failure))),
            (Err(failure), Err(closing)) => {
                report(&closing);
                Err(failure)
            }
        }
    }
}
