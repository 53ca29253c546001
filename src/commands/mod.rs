//! One file a verb: resolve what was typed, plan, run. The only modules that see the command line.

mod archive;
mod check;
mod columns;
mod delete;
mod diff;
mod doctor;
mod export;
mod fix;
mod help;
mod import;
mod migrate;
mod plan;
mod resume;
mod runs;
mod schema;
mod sim;
mod template;
mod undo;
pub mod vendors;

use crate::cli::{self, Cli, Command};
use crate::rim::Context;
use crate::rim::terminal::{print_data, report};

/// Carries out what was typed, and returns the exit code. Prints on standard error why a command could not go on.
pub fn run(cli: &Cli) -> u8 {
    let context = Context {
        config_file: cli.config.clone(),
        state_folder: cli.state.clone(),
        key_file: cli.key.clone(),
        color: cli.color,
    };
    let done = match &cli.command {
        Command::Check(args) => check::run(args, &context),
        Command::Columns(args) => columns::run(args, &context),
        Command::Fix(args) => fix::run(args, &context),
        Command::Plan(args) => plan::run(args, &context),
        Command::Import(args) => import::run(args, &context),
        Command::Delete(args) => delete::run(args, &context),
        Command::Export(args) => export::run(args, &context),
        Command::Archive(args) => archive::run(args),
        Command::Diff(args) => diff::run(args, &context),
        Command::Migrate(args) => migrate::run(args, &context),
        Command::Resume(args) => resume::run(args, &context),
        Command::Undo(args) => undo::run(args, &context),
        Command::Runs(args) => runs::run(args, &context),
        Command::Report(args) => runs::report(args, &context),
        Command::Template(args) => template::run(args, &context),
        Command::Vendors(args) => vendors::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Doctor(args) => doctor::run(args, &context),
        Command::Help(args) => help::run(args),
        Command::Completions(args) => print_data(|out| cli::completions(args.shell, out)),
        Command::Schema(args) => schema::run(args),
        Command::Man => print_data(|out| cli::man(out)),
    };
    done.unwrap_or_else(|failure| report(&failure)).code()
}
