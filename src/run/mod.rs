//! One file a command; the only modules that know every stage.

mod archive;
mod check;
mod context;
mod delete;
mod diff;
mod export;
mod fix;
mod import;
pub mod journal;
mod migrate;
mod on_change;
mod plan;
mod planned;
mod recipients;
mod results;
mod resume;
mod rows;
mod runs;
mod secrets;
mod sending;
mod sim;
pub mod target;
mod template;
mod undo;
pub mod vendors;

use crate::cli::{self, Cli, Command};
use crate::link::StopFlag;
use crate::vendors::{GROUPS, Vendor};
use context::Context;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin, stdout};

/// Carries out what was typed, and gives the exit code. Says on standard error why a command could not go on.
pub fn run(cli: &Cli) -> u8 {
    let context = Context::new(cli);
    let done = match &cli.command {
        Command::Check(args) => check::run(args),
        Command::Fix(args) => fix::run(args),
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
        Command::Template(args) => template::run(args),
        Command::Vendors(args) => vendors::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Completions(args) => print(|out| cli::completions(args.shell, out)),
        Command::Man => print(|out| cli::man(out)),
    };
    done.unwrap_or_else(|failure| failure.said())
}

/// Prints data on standard output. A reader who has gone (`| head`) is no failure.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<u8, Failure> {
    let mut out = stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(0),
    }
}

/// What a vendor's rows are: its extensions, or its groups.
///
/// # Errors
/// Exit 2 where it has no groups.
fn of_rows(vendor: &'static Vendor, groups: bool) -> Result<&'static Vendor, Failure> {
    if !groups {
        return Ok(vendor);
    }
    vendor.groups().ok_or_else(|| {
        let having: Vec<&str> = GROUPS.iter().map(|vendor| vendor.id).collect();
        Failure::usage(format!(
            "{} has no groups that rowcall can read and write",
            (vendor.manifest)().vendor.name
        ))
        .hint(format!(
            "leave out --groups; {} has them",
            having.join(", ")
        ))
    })
}

/// Whether somebody is there to be asked.
fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks on a terminal; where nobody can be asked, what may go ahead goes ahead.
fn confirm(question: &str) -> bool {
    if !can_ask() {
        return true;
    }
    let _ = write!(stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    read.is_ok()
        && matches!(
            answer.trim().to_ascii_lowercase().as_str(),
            "y" | "yes" | "j" | "ja"
        )
}

/// Why a command could not go on: for whoever typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: u8,
    /// What happened and where.
    pub message: String,
    /// What to do next; empty where the message says it.
    pub hint: String,
}

impl Failure {
    /// The command line, the configuration or the input could not be used.
    pub fn usage(message: impl fmt::Display) -> Failure {
        Failure {
            exit: 2,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// The target could not be used.
    pub fn target(message: impl fmt::Display) -> Failure {
        Failure {
            exit: 3,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// The guard or the failure budget stopped the run.
    pub fn guard(message: impl fmt::Display) -> Failure {
        Failure {
            exit: 4,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// Says it on standard error, and gives the exit code.
    fn said(&self) -> u8 {
        say(format!("rowcall: {}", self.message));
        if !self.hint.is_empty() {
            say(format!("  hint: {}", self.hint));
        }
        self.exit
    }

    /// The same failure with a word on what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = hint.into();
        self
    }
}

/// Says a line on standard error. Nobody can be told that it cannot be said.
fn say(line: impl fmt::Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Turns Ctrl-C into a stop: nothing new is begun, what is in flight is settled. A second one ends at once.
///
/// # Errors
/// Exit 2 where the system does not let it be caught.
fn interrupts(stop: &StopFlag) -> Result<(), Failure> {
    let stop = stop.clone();
    let caught = ctrlc::set_handler(move || {
        if stop.is_stopped() {
            std::process::exit(130);
        }
        stop.stop();
        say(
            "interrupted: what was sent is settled, nothing more is sent; once more to end at once",
        );
    });
    caught.map_err(|error| Failure::usage(format!("Ctrl-C cannot be caught: {error}")))
}
