//! The command line as it was typed, nothing resolved: one file for each group of arguments. The only module that names
//! `clap`; help, completions and man pages come from here.
//!
//! - Of commands: `sheets` (check, columns, fix, template), `change` (import, plan, delete, migrate), `runs` (resume, undo,
//!   runs, report), `audit` (export, diff, archive), `fleet` (many PBXes), `files` (convert, verify), `ring`, `serve`, `tools` (all
//!   others).
//! - Of several commands: `input` (sheets and how they are read), `pace`, `safety` (limits), `output` (reports, secrets).
//! - `values` reads texts of options, `words` lists those that are known, `completions` writes them for shells, `hints` helps after an error, `man` writes pages,
//!   `lang` has all of it in the reader's language.

#![allow(
    rustdoc::invalid_html_tags,
    reason = "the comments are the help, which names <generate>"
)]

mod audit;
mod change;
mod completions;
mod files;
mod fleet;
mod hints;
mod input;
mod lang;
mod man;
mod output;
mod pace;
mod ring;
mod runs;
mod safety;
mod serve;
mod sheets;

mod tools;
mod values;
mod words;

pub use audit::{
    ArchiveArgs, ArchiveCommand, ArchiveListArgs, DiffArgs, ExportArgs, ExportSecrets,
};
pub use change::{DeleteArgs, ImportArgs, MigrateArgs, PlanArgs, TransferArgs, WantedArgs};
pub use completions::completions;
pub use files::{ConvertArgs, VerifyArgs};
pub use fleet::{FleetArgs, FleetCommand, FleetReportArgs, ManyArgs};
pub use input::{Delimiter, FormArgs, InputArgs, ReadingArgs};
pub use man::{man, man_pages};
pub use output::{DetailArgs, ReportArgs, SecretsArgs};
pub use pace::PaceArgs;
pub use ring::{ProofArgs, RingArgs};
pub use runs::{ResumeArgs, RunReportArgs, RunsArgs, RunsCommand, UndoArgs};
pub use safety::{GuardArgs, LossArgs, OnLoss};
pub use serve::ServeArgs;
pub use sheets::{CheckArgs, ColumnsArgs, FixArgs, TemplateArgs};
pub use tools::{
    AskedWords, CompletionsArgs, DoctorArgs, HelpArgs, LeadArgs, ManArgs, SchemaArgs, SimArgs,
    VendorsArgs,
};
pub use values::Since;

use crate::lang::{help_text, keep, language, of_environment, set_language};
use crate::model::Language;
use crate::model::redact::{heading_shown, message};
use crate::rim::log::LogLevel;
use crate::rim::terminal::{Color, can_ask, print, print_made, print_own};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{
    Command as ClapCommand, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    ValueHint,
};
use hints::{hints, typed_command};
use lang::{program, with_words};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
pub use words::KnownWords;
use words::typed_words;

/// Moves telephone extensions in bulk, and gives every row exactly one result.
#[derive(Debug, Parser)]
#[command(
    name = "rowcall",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = AFTER_HELP
)]
pub struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
    /// The file with the targets [default: rowcall.toml here, else in the configuration folder]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = GENERAL, env = "ROWCALL_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Where runs are kept [default: rowcall in the platform's folder for state]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = GENERAL, env = "ROWCALL_STATE", hide_env_values = true)]
    pub state: Option<PathBuf>,
    /// The key that secrets are sealed with [default: rowcall/key in the configuration folder]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = GENERAL, env = "ROWCALL_KEY", hide_env_values = true)]
    pub key: Option<PathBuf>,
    /// When output is coloured; NO_COLOR is obeyed
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = GENERAL, env = "ROWCALL_COLOR", hide_env_values = true)]
    pub color: Color,
    /// The language of messages, help, pages and workbooks; CSV and JSON, which programs read, are in English [default:
    /// that of ROWCALL_LANG, LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE", help_heading = GENERAL)]
    pub lang: Option<Language>,
    /// Print nothing on standard error but errors
    #[arg(long, short, global = true, help_heading = GENERAL, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every request: method, path, status and time
    #[arg(long, short, global = true, help_heading = GENERAL)]
    pub verbose: bool,
    /// Add every message and request to this log, for support; in English, without secrets, and only for its owner
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = GENERAL, env = "ROWCALL_LOG", hide_env_values = true)]
    pub log: Option<PathBuf>,
    /// What the log says of a request: requests, or wire for its query and bodies too, without secrets
    #[arg(long, global = true, value_enum, default_value_t, value_name = "LEVEL", help_heading = GENERAL, requires = "log", env = "ROWCALL_LOG_LEVEL", hide_env_values = true)]
    pub log_level: LogLevel,
}

typed_words!(Language { English = "en", German = "de", });

/// The heading of the options that every command has.
const GENERAL: &str = "General";

const AFTER_HELP: &str = "\
A TARGET is a name from rowcall.toml, or VENDOR+URL (openvox+http://api@192.0.2.7:9011, the password \
in ROWCALL_PASSWORD), or sim:VENDOR, a fresh simulated PBX inside the process.

Exit codes: 0 every row is done · 1 some row is not · 2 command line, configuration or input unusable · \
3 target unusable · 4 stopped by the guard or the failure budget · 130 interrupted

Examples:
  rowcall check staff.csv --for openvox
  rowcall import staff.csv --to sim:openvox --rate 50/s --report report.csv
  rowcall import staff.csv --to hq --rejects rejects.csv
  rowcall export hq -o hq.csv
  rowcall diff yesterday.csv hq
  rowcall migrate --from old --to new --dry-run";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write rowcall.toml: asks for a PBX, tries it, and keeps its password for its owner: in a file, or in the
    /// keyring of the session
    #[command(
        after_help = "A target that is there stays; the new one is written behind it.

Examples:
  rowcall init
  rowcall init --config ~/.config/rowcall/rowcall.toml"
    )]
    Init,
    /// Lead through a first import, on a terminal: so does `rowcall` alone, and `rowcall FILE`
    #[command(hide = true)]
    Lead(LeadArgs),
    /// Check sheets against a vendor's rules, without any PBX
    Check(CheckArgs),
    /// Write a corrected copy of a sheet: what has one certain repair, and nothing else
    Fix(FixArgs),
    /// Show what an import would do, field by field, and keep it as a file to be carried out later
    Plan(PlanArgs),
    /// Bring the extensions of sheets onto a PBX
    Import(ImportArgs),
    /// Remove the extensions that sheets name from a PBX
    Delete(DeleteArgs),
    /// Write every extension of PBXes into files, or into an archive of snapshots
    Export(ExportArgs),
    /// Check an archive of snapshots, list it, or say whether the newest is fresh
    Archive(ArchiveArgs),
    /// Join the summaries of exports of many PBXes by several processes
    Fleet(FleetArgs),
    /// Bring the extensions of one PBX onto another, of any vendor, and say what is lost on the way
    Migrate(MigrateArgs),
    /// Ask the PBX by SIP if telephones can sign in with the secrets of sheets
    Ring(RingArgs),
    /// Say what differs between two sheets, exports or PBXes, in telephone words
    Diff(DiffArgs),
    /// Continue a run that was cut off or stopped
    Resume(ResumeArgs),
    /// Put back what a run changed
    Undo(UndoArgs),
    /// List the runs, or remove old ones
    Runs(RunsArgs),
    /// Write a run's report again, from its ledger
    Report(RunReportArgs),
    /// Write sheets as the file that a product's own import screen reads
    Convert(ConvertArgs),
    /// Compare an import file with what the product exported after the import
    Verify(VerifyArgs),
    /// Write a sheet to fill in
    Template(TemplateArgs),
    /// Show what each vendor can do, or one vendor's fields and rules with their sources
    Vendors(VendorsArgs),
    /// Show what each heading of a sheet means, and write it to a file to edit and use again
    Columns(ColumnsArgs),
    /// Run a simulated PBX to rehearse on
    Sim(SimArgs),
    /// Open a page in the browser, on this machine alone, to drop a sheet on and to watch its import
    Serve(ServeArgs),
    /// Try everything that a run needs: configuration, state folder, disk, key, clock, and each target
    Doctor(DoctorArgs),
    /// Print a command's help, or a page of the manual
    Help(HelpArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the JSON Schema of what a command prints with --json
    Schema(SchemaArgs),
    /// Print the manual page, or write a page a command into a folder
    Man(ManArgs),
}

/// The result of reading the command line.
pub enum ParsedLine {
    /// A command.
    Command(Box<Cli>),
    /// Help, version or a usage error, which is printed already: the exit code.
    Exit(u8),
}

/// Reads the command line; help goes to standard output, errors to standard error, with a way out of each.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> ParsedLine {
    let arguments: Vec<OsString> = arguments.collect();
    keep(arguments.iter().map(|word| word.to_string_lossy()));
    let error = match read_line(&arguments) {
        Ok(cli) => return ParsedLine::Command(Box::new(cli)),
        Err(error) => error,
    };
    if let Some(led) = leading(&error, &arguments) {
        return ParsedLine::Command(Box::new(led));
    }
    set_language(typed_language(&arguments).unwrap_or_else(of_environment));
    let mut error = match language() {
        Language::English => error,
        // The line is read once more, by commands that tell it in that language.
        language => program(without_empty_variables(Cli::command()), language)
            .try_get_matches_from(&arguments)
            .err()
            .unwrap_or(error),
    };
    // An option that does not exist is a mistake, never meant as a value.
    if error.kind() == ErrorKind::UnknownArgument {
        error.remove(ContextKind::Suggested);
    }
    // A command's own usage: clap's has the options that variables give, and lacks some that are required.
    let mut all = program(Cli::command(), language());
    all.build();
    if error.get(ContextKind::Usage).is_some()
        && let Some(command) = typed_command(&all, &arguments)
    {
        let usage = command.clone().render_usage();
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
    // Where even that cannot be printed, the exit code is still right.
    if !error.use_stderr() {
        let _ = print_help(&error);
        return ParsedLine::Exit(0);
    }
    print_usage_error(&error);
    for hint in hints(&Cli::command(), &error, &arguments) {
        print(format!("  hint: {hint}"));
    }
    ParsedLine::Exit(2)
}

/// Reads a command line.
fn read_line(words: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = without_empty_variables(Cli::command()).try_get_matches_from(words)?;
    Cli::from_arg_matches(&matches)
}

/// The same command, where an option whose variable is empty in the environment counts as not given.
fn without_empty_variables(command: ClapCommand) -> ClapCommand {
    command.mut_args(|argument| {
        let value = argument.get_env().and_then(std::env::var_os);
        match value.is_some_and(|value| value.is_empty()) {
            true => argument.env(None),
            false => argument,
        }
    })
}

fn print_help(error: &clap::Error) -> io::Result<()> {
    if language() == Language::English {
        return error.print();
    }
    let text = error.render();
    print_own(
        &with_words(text.ansi().to_string(), language()),
        &with_words(text.to_string(), language()),
    )
}

fn print_usage_error(error: &clap::Error) {
    let mut text = error.render().to_string();
    // A mapping is typed with its heading.
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        text = text.replace(value, &heading_shown(value));
    }
    // The arguments would steer the terminal, or contain a password.
    if language() == Language::English && message(&text) == error.render().to_string() {
        let _ = error.print();
        return;
    }
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    print_made(|language| {
        let localised = match is_help {
            true => text.clone(),
            false => help_text(&text, language).into_owned(),
        };
        let localised = with_words(localised, language);
        localised.trim_end().lines().map(str::to_owned).collect()
    });
}

/// The language that a line names which could not be read as a whole.
fn typed_language(typed: &[OsString]) -> Option<Language> {
    let flag = typed.iter().position(|word| word == "--lang");
    let behind = flag.and_then(|at| typed.get(at + 1)?.to_str());
    let joined = typed
        .iter()
        .find_map(|word| word.to_str()?.strip_prefix("--lang="));
    Language::from_str(joined.or(behind)?, true).ok()
}

/// `rowcall` alone and `rowcall FILE` lead through a first import, where there is a terminal.
fn leading(error: &clap::Error, typed: &[OsString]) -> Option<Cli> {
    let at = match error.kind() {
        // Where a variable gives an option, clap takes it for an argument.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
            if typed.len() == 1 =>
        {
            1
        }
        ErrorKind::InvalidSubcommand => {
            typed
                .iter()
                .skip(1)
                .position(|word| Path::new(word).is_file())?
                + 1
        }
        _ => return None,
    };
    let mut words = typed.to_vec();
    words.insert(at, "lead".into());
    can_ask().then(|| read_line(&words).ok())?
}

/// The help of a command as text, or of the program where none is named; `None` where there is no such command.
pub(crate) fn command_help(name: Option<&str>) -> Option<String> {
    let mut all = program(Cli::command(), language());
    all.build();
    let mut command = match name {
        None => all,
        Some(name) => all.find_subcommand(name)?.clone(),
    };
    Some(with_words(
        command.render_long_help().to_string(),
        language(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_saved_plan_refuses_every_option_for_reading_sheets() {
        let mut command = Cli::command();
        command.build();
        let import = command.find_subcommand("import").unwrap();
        let plan = import.get_arguments().find(|arg| arg.get_id() == "plan");
        let refused = import.get_arg_conflicts_with(plan.unwrap());
        let reading = <ReadingArgs as clap::Args>::augment_args(clap::Command::new("reading"));
        assert!(reading.get_arguments().count() > 10);
        for option in reading.get_arguments() {
            let is_refused = refused.iter().any(|arg| arg.get_id() == option.get_id());
            assert!(is_refused, "{}", option.get_id());
        }
    }

    /// Options that are in another group in one command than in others, because they do another thing there.
    const OTHERWISE: [&str; 5] = ["all", "archive", "groups", "keep", "secrets"];

    #[test]
    fn every_option_is_in_a_group_and_in_the_same_one_everywhere() {
        let mut program = Cli::command();
        program.build();
        let commands = program.get_subcommands();
        let commands = commands.flat_map(|one| std::iter::once(one).chain(one.get_subcommands()));
        let (mut groups, mut wrong) = (std::collections::BTreeMap::new(), vec![]);
        for command in commands {
            for option in command.get_opts() {
                let (id, group) = (option.get_id().as_str(), option.get_help_heading());
                let known = *groups.entry(id.to_owned()).or_insert(group);
                let is_same = known == group || OTHERWISE.contains(&id);
                let works_on_files = ["plan", "import", "check", "fix", "export"];
                let needs_group = works_on_files.contains(&command.get_name());
                if !is_same || (needs_group && group.is_none() && !["help"].contains(&id)) {
                    wrong.push(format!(
                        "{} --{id}: {group:?}, not {known:?}",
                        command.get_name()
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_command_has_help_with_an_example_or_needs_none() {
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands() {
            let plain = ["completions", "help", "lead"].contains(&sub.get_name());
            assert!(
                plain || sub.get_after_help().is_some(),
                "{}",
                sub.get_name()
            );
        }
    }
}
