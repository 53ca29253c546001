//! `rowcall report`: a run's report, written again from its ledger.

use super::runs::newest_name;
use crate::cli::RunReportArgs;
use crate::rim::{Context, Exit, Failure};
use crate::run::report_again::report_again;

/// Writes a run's report again, from its ledger; also of a run that is at work or was cut off.
///
/// # Errors
/// Exit 2 where there is no such run, or the file cannot be written.
pub(super) fn run(args: &RunReportArgs, context: &Context) -> Result<Exit, Failure> {
    let name = match &args.run {
        Some(name) => name.clone(),
        None => newest_name(&context.state()?)?,
    };
    report_again(&name, args.output.as_ref(), context)
}
