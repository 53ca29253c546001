//! One file for each verb: resolve the command line, plan, run. The only modules that see the command line.

mod archive;
mod check;
mod columns;
mod completions;
mod convert;
mod delete;
mod diff;
mod doctor;
mod export;
mod fix;
mod fleet;
mod help;
mod import;
mod init;
mod lead;
mod migrate;
mod plan;
mod report;
mod resume;
mod ring;
mod runs;
mod schema;
mod serve;
mod sim;
mod template;
mod undo;
mod vendors;
mod verify;
mod wanted;

use crate::cli::{self, Cli, Command, ManArgs};
use crate::disk::{Readers, block_size_limit_signal, write_whole};
use crate::lang::{of_environment, set_language};
use crate::rim::outputs::Files;
use crate::rim::terminal::{print, print_data, report};
use crate::rim::{Context, Exit, Failure, log};

/// Carries out the command line, and returns the exit code. Prints on standard error the reason why a command could not
/// continue.
pub fn run(cli: &Cli) -> u8 {
    block_size_limit_signal();
    let context = Context {
        config_file: cli.config.clone(),
        state_folder: cli.state.clone(),
        key_file: cli.key.clone(),
        color: cli.color,
        language: cli.lang,
    };
    set_language(cli.lang.unwrap_or_else(of_environment));
    let log = cli.log.as_deref();
    // Before its first line is written: a configuration may be empty.
    let allowed = log.map_or(Ok(()), |log| Files::new(&context).refuse_log(log));
    let begun = allowed.and_then(|()| log::begin(cli.quiet, cli.verbose, log, cli.log_level));
    if let Err(failure) = begun {
        return report(&failure).code();
    }
    let done = match &cli.command {
        Command::Init => init::run(&context),
        Command::Lead(args) => lead::run(args, &context, run),
        Command::Check(args) => check::run(args, &context),
        Command::Columns(args) => columns::run(args, &context),
        Command::Fix(args) => fix::run(args, &context),
        Command::Plan(args) => plan::run(args, &context),
        Command::Import(args) => import::run(args, &context),
        Command::Delete(args) => delete::run(args, &context),
        Command::Export(args) => export::run(args, &context),
        Command::Archive(args) => archive::run(args),
        Command::Fleet(args) => fleet::run(args),
        Command::Diff(args) => diff::run(args, &context),
        Command::Ring(args) => ring::run(args, &context),
        Command::Migrate(args) => migrate::run(args, &context),
        Command::Resume(args) => resume::run(args, &context),
        Command::Undo(args) => undo::run(args, &context),
        Command::Runs(args) => runs::run(args, &context),
        Command::Report(args) => report::run(args, &context),
        Command::Convert(args) => convert::run(args, &context),
        Command::Verify(args) => verify::run(args, &context),
        Command::Template(args) => template::run(args, &context),
        Command::Vendors(args) => vendors::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Serve(args) => serve::run(args, &context),
        Command::Doctor(args) => doctor::run(args, &context),
        Command::Help(args) => help::run(args),
        Command::Completions(args) => completions::run(args, &context),
        Command::Schema(args) => schema::run(args),
        Command::Man(args) => man(args),
    };
    done.unwrap_or_else(|failure| report(&failure)).code()
}

/// Prints the manual page, or writes one page for each command.
fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let Some(folder) = &args.output else {
        return print_data(|out| cli::man(out));
    };
    let pages = cli::man_pages().map_err(Failure::usage)?;
    for (name, page) in &pages {
        let path = folder.join(name);
        write_whole(&path, page, Readers::Anybody).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
                .hint(format!("make the folder: mkdir -p {}", folder.display()))
        })?;
    }
    print(format!("{} pages in {}", pages.len(), folder.display()));
    Ok(Exit::Done)
}
