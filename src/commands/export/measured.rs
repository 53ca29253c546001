//! One target's export in the time that it may take, and its line in the summary.

use super::job::Job;
use crate::fleet::{TargetResult, TargetSummary};
use crate::model::redact;
use crate::rim::{Exit, Failure};
use std::time::Instant;

impl Job<'_> {
    /// Exports one target in the time that it may take, and says what became of it.
    pub(super) fn export_measured(&self, name: &str) -> (Result<Exit, Failure>, TargetSummary) {
        let began = Instant::now();
        let stop = self.stop.part_within(self.args.many.give_up);
        let exported = self.export(name, &stop);
        let mut line = TargetSummary::failed(name);
        line.seconds = began.elapsed().as_secs_f64();
        let exit = match exported {
            Ok(exported) => {
                line.result = exported.result();
                line.extensions = Some(exported.extensions);
                line.changes = exported.changes;
                line.head = exported.head.clone();
                Ok(exported.exit())
            }
            Err(mut failure) => {
                let of_pbx = matches!(failure.exit, Exit::Target | Exit::Interrupted);
                if of_pbx && stop.is_overdue() && !self.stop.is_stopped() {
                    line.result = TargetResult::TooSlow;
                    failure = self.too_slow(&failure);
                }
                let label = redact::target(name);
                if !self.is_alone && !failure.message.starts_with(&format!("{label}:")) {
                    failure.message = format!("{label}: {}", failure.message);
                }
                line.message = failure.message.clone();
                Err(failure)
            }
        };
        line.exit_code = match &exit {
            Ok(exit) => exit.code(),
            Err(failure) => failure.exit.code(),
        };
        (exit, line)
    }

    /// The failure of a target whose time was over.
    fn too_slow(&self, failure: &Failure) -> Failure {
        let seconds = self.args.many.give_up.as_secs();
        Failure::target(format!("given up after {seconds} s: {}", failure.message))
            .hint("look at the PBX; --give-up 2h gives each more time")
    }
}
