//! The request of an import, of sheets or of a saved plan.

use crate::cli::ImportArgs;
use crate::model::{Mode, RunCommand, RunMode};
use crate::rim::{Failure, Target};
use crate::run::{GuardOptions, RunRequest};

/// Builds the request from the command line.
///
/// # Errors
/// Exit 2 where secrets cannot be written, or changes not be held back, as that asks.
pub(super) fn request<'t>(
    args: &ImportArgs,
    mode: Mode,
    target: &'t Target,
) -> Result<RunRequest<'t>, Failure> {
    let request = RunRequest {
        mode: RunMode::Import(mode),
        rejects: args.rejects.clone(),
        guard: GuardOptions {
            ring: args.ring,
            ..args.guard.options()
        },
        secrets: args.secrets.resolve()?,
        ..RunRequest::new(RunCommand::Import, target, args.wanted.report.options())
    };
    request.refuse_apply()?;
    Ok(request)
}
