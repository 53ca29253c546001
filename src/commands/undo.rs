//! `rowcall undo`: restores the values that a run changed, as far as they could be read before.

use crate::cli::UndoArgs;
use crate::ledger::newest;
use crate::model::RunCommand;
use crate::rim::terminal::stop_run_on_interrupt;
use crate::rim::{Context, Exit, Failure};
use crate::run::undo::undo;

/// Undoes the run that was named, or else the newest one that is no undo.
///
/// # Errors
/// Exit 2 where there is no such run or its ledger cannot be used, exit 3 where its target or its key cannot be used or another
/// process is at work on it, exit 4 where it would change more than allowed.
pub(super) fn run(args: &UndoArgs, context: &Context) -> Result<Exit, Failure> {
    let guard = args.guard.of_undo();
    guard.refuse_column_waves("a run")?;
    let state = context.state()?;
    let name = match &args.run {
        Some(name) => name.clone(),
        None => newest(&state, |run| run.run.head.command != RunCommand::Undo)?
            .ok_or_else(|| Failure::no_run("undo"))?,
    };
    let stop = stop_run_on_interrupt(args.dry_run)?;
    let options = (guard, args.report.options());
    undo(&name, options, args.dry_run, context, &stop, None)
}
