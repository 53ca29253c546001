//! What was typed, nothing resolved. The only module that names `clap`; help, completions and man page come from here.

use crate::archive::{Head, Keep};
use crate::columns::{Mapped, field_named, products};
use crate::input::{InputOptions, ReadingOptions};
use crate::link::paced::PARALLEL_MAX;
use crate::migrate::RenumberRule;
use crate::model::Field;
use crate::model::redact::harmless;
use crate::plan::decide::Mode;
use crate::plan::guard::{Allowance, Budget};
use crate::plan::replay::OnDrift;
use crate::plan::waves::Waves;
use crate::rim::target::seconds;
use crate::rim::terminal::print;
use crate::rim::{Failure, PaceOptions, Rate};
use crate::rules::Country;
use crate::run::{GuardOptions, ReportOptions, SecretsOut};
use crate::sheet::{Encoding, Format, format, is_generate};
use crate::submit::verify::Verify;
use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

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
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The file with the targets [default: rowcall.toml here, else in the configuration folder]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Where runs are kept [default: rowcall in the platform's folder for state]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub state: Option<PathBuf>,
    /// The key that secrets are sealed with [default: rowcall/key in the configuration folder]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
A TARGET is a name from rowcall.toml, or VENDOR+URL (openvox+http://api@192.0.2.7:9011, the password
in ROWCALL_PASSWORD), or sim:VENDOR, a fresh simulated PBX inside the process.

Exit codes: 0 every row is done · 1 some row is not · 2 command line, configuration or input unusable ·
3 target unusable · 4 stopped by the guard or the failure budget · 130 interrupted

Examples:
  rowcall check staff.csv --for openvox
  rowcall import staff.csv --to sim:openvox --rate 50/s --report report.csv
  rowcall import staff.csv --to hq --rejects rejects.csv
  rowcall export hq -o hq.csv
  rowcall diff yesterday.csv hq
  rowcall migrate --from old --to new --dry-run";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
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
    /// Write every extension of PBXes into files, or into an archive of nights
    Export(ExportArgs),
    /// Check an archive of nights
    Archive(ArchiveArgs),
    /// Bring the extensions of one PBX onto another, of any vendor, and say what is lost on the way
    Migrate(MigrateArgs),
    /// Say what differs between two sheets, exports or PBXes, in telephone words
    Diff(DiffArgs),
    /// Go on with a run that was cut off or stopped
    Resume(ResumeArgs),
    /// Put back what a run changed
    Undo(UndoArgs),
    /// List the runs, or throw old ones away
    Runs(RunsArgs),
    /// Write a run's report again, from its ledger
    Report(RunReportArgs),
    /// Write a sheet to fill in
    Template(TemplateArgs),
    /// Show what each vendor can do, or one vendor's fields and rules with their sources
    Vendors(VendorsArgs),
    /// Show what each heading of a sheet means, and write it to a file to edit and use again
    Columns(ColumnsArgs),
    /// Run a simulated PBX to rehearse on
    Sim(SimArgs),
    /// Try everything that a run needs: configuration, state folder, disk, key, clock, and each target
    Doctor(DoctorArgs),
    /// Print a command's help, or a page of the manual
    Help(HelpArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// The sheets that are read and how.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Sheets to read, one after the other.
    #[arg(required = true, value_name = "SHEET", value_hint = ValueHint::FilePath, help = format!("Sheets to read, one after the other: {}, also by a pattern such as 'branch-*.csv'; - for standard input", format::read_names()))]
    pub sheets: Vec<PathBuf>,
    /// Each row is a group of extensions, and not an extension; for makes that have groups
    #[arg(long)]
    pub groups: bool,
    /// How they are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// How sheets are read.
#[derive(Debug, Default, Args)]
pub struct ReadingArgs {
    /// What a heading means, for example --map 'Durchwahl=number'; --map 'Notes=-' leaves the column out
    #[arg(long = "map", value_name = "HEADING=FIELD", value_parser = mapping)]
    pub map: Vec<(String, Mapped)>,
    /// Read such meanings from a file, one a line: "Durchwahl" = "number"; what --map says goes before it. `rowcall
    /// columns SHEET -o FILE` writes one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub map_file: Option<PathBuf>,
    /// What a field is where the sheet does not say it, in a column of its own or a cell that is not blank; for example
    /// --fill voicemail=on, or --fill sip_password='<generate>'
    #[arg(long, value_name = "FIELD=VALUE", value_parser = filling)]
    pub fill: Vec<(Field, String)>,
    /// Understand the headings as the own names of this vendor or product [default: found by headings that only it has]
    #[arg(long, value_name = "VENDOR", value_parser = tongue)]
    pub headings: Option<String>,
    /// What the files are written in, for example windows-1252, cp850 or mac-roman [default: found automatically]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// What separates cells [default: found automatically]
    #[arg(long, value_enum)]
    pub delimiter: Option<Delimiter>,
    /// The line on which the headings stand [default: found automatically]
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    pub header_row: Option<u64>,
    /// Read this sheet of a workbook, by its name [default: every sheet with a column for the number, or the group's name]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Replace curly quotes and primes that stand where JSON wants straight quotes; values stay as they are
    #[arg(long)]
    pub fix_quotes: bool,
    /// Take rows with fewer cells than the header; the missing ones are blank
    #[arg(long)]
    pub pad_short_rows: bool,
}

impl InputArgs {
    pub(crate) fn options(&self) -> InputOptions {
        InputOptions {
            sheets: self.sheets.clone(),
            reading: self.reading.options(),
        }
    }
}

impl ReadingArgs {
    pub(crate) fn options(&self) -> ReadingOptions {
        ReadingOptions {
            map: self.map.clone(),
            map_file: self.map_file.clone(),
            headings: self.headings.clone(),
            fill: self.fill.clone(),
            encoding: self.encoding,
            delimiter: self.delimiter.map(Delimiter::character),
            header_row: self.header_row,
            sheet: self.sheet.clone(),
            fix_quotes: self.fix_quotes,
            pad_short_rows: self.pad_short_rows,
        }
    }
}

/// What separates the cells of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tabulator
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// The character itself.
    fn character(self) -> char {
        match self {
            Delimiter::Comma => ',',
            Delimiter::Semicolon => ';',
            Delimiter::Tab => '\t',
            Delimiter::Pipe => '|',
        }
    }
}

/// Where results go.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Written: one line a row.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("Write one line a row to this file", ""))]
    pub report: Vec<PathBuf>,
    /// Print a summary as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// How a target is spoken to.
#[derive(Debug, Default, Args)]
pub struct PaceArgs {
    /// Requests per second, for example 20/s or 300/min [default: the target's, else the vendor's]
    #[arg(long, value_parser = Rate::from_str)]
    pub rate: Option<Rate>,
    /// Requests in flight [default: the target's, else the vendor's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(PARALLEL_MAX)))]
    pub parallel: Option<u16>,
    /// How many extensions one look-up asks for [default: the vendor's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub batch: Option<u16>,
    /// Seconds that the PBX may take to reply, and a change after a lost reply to take effect [default: the target's,
    /// else the vendor's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub reply_within: Option<Duration>,
    /// A setting of the vendor, for example --set format=xml; `rowcall vendors VENDOR` lists them
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    pub settings: Vec<(String, String)>,
    /// Trust the certificates in this PEM file too: the PBX's own, or its authority's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,
}

impl ReportArgs {
    pub(crate) fn options(&self) -> ReportOptions {
        ReportOptions {
            files: self.report.clone(),
            json: self.json,
        }
    }
}

impl PaceArgs {
    pub(crate) fn options(&self) -> PaceOptions {
        PaceOptions {
            rate: self.rate,
            parallel: self.parallel.map(usize::from),
            batch: self.batch.map(usize::from),
            reply: self.reply_within,
            settings: self.settings.clone(),
            ca_file: self.ca_file.clone(),
        }
    }
}

/// How much a run may change, when it stops by itself, and what is read back.
#[derive(Debug, Args)]
pub struct GuardArgs {
    /// At most so many new extensions, a count or a percentage [default: all]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_creates: Option<Allowance>,
    /// At most so many changed extensions [default: 50%, at least 10]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_updates: Option<Allowance>,
    /// At most so many deleted extensions [default: 10%, at least 1]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_deletes: Option<Allowance>,
    /// At most so many extensions with a changed password or PIN [default: 50%, at least 10]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_secret_changes: Option<Allowance>,
    /// Stop when more than so many rows failed [default: 25% once 20 were sent, or 10 in a row]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_failures: Option<Allowance>,
    /// Which extensions are read back once they are written, and compared
    #[arg(long, value_enum, default_value_t)]
    pub verify: Verify,
    /// Send in waves of so many (1,10,100), or one for each text in a column (column:site); after each wave
    /// --max-failures is held to its rows
    #[arg(long, value_name = "N,N,…|column:HEADING", value_parser = Waves::from_str)]
    pub waves: Option<Waves>,
    /// Do not ask; also needed for anything that deletes where nobody can be asked
    #[arg(long, short = 'y')]
    pub yes: bool,
}

impl GuardArgs {
    pub(crate) fn options(&self) -> GuardOptions {
        let default = Budget::default();
        GuardOptions {
            budget: Budget {
                creates: self.max_creates.unwrap_or(default.creates),
                updates: self.max_updates.unwrap_or(default.updates),
                deletes: self.max_deletes.unwrap_or(default.deletes),
                secret_changes: self.max_secret_changes.unwrap_or(default.secret_changes),
            },
            max_failures: self.max_failures,
            verify: self.verify,
            waves: self.waves.clone(),
            yes: self.yes,
        }
    }

    /// The same for undoing a run: that may change as much as the run did, unless less was typed.
    pub(crate) fn of_undo(&self) -> GuardOptions {
        let all = |typed: Option<Allowance>| typed.unwrap_or(Allowance::All);
        GuardOptions {
            budget: Budget {
                creates: all(self.max_creates),
                updates: all(self.max_updates),
                deletes: all(self.max_deletes),
                secret_changes: all(self.max_secret_changes),
            },
            ..self.options()
        }
    }
}

/// Where generated secrets go.
#[derive(Debug, Args)]
pub struct SecretsArgs {
    /// Write what <generate> made up to this new file, for its owner only, before anything is sent; it can be read again,
    /// so not as a page for people [default: secrets.csv in the run's folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub secrets_out: Option<PathBuf>,
    /// Encrypt that file to this age recipient (age1…), as FILE.age; it never stands on the disk in clear then
    #[arg(long, value_name = "RECIPIENT")]
    pub secrets_to: Vec<String>,
}

impl SecretsArgs {
    /// Where they go, held to what can be done.
    pub(crate) fn resolve(&self) -> Result<SecretsOut, Failure> {
        SecretsOut::new(self.secrets_out.as_deref(), &self.secrets_to)
    }
}

/// `rowcall check`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall check staff.csv --for openvox
  rowcall check hq.csv branch.csv --for portsip --report findings.csv
  rowcall check staff.csv --for ozeki --map 'Durchwahl=number'")]
pub struct CheckArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// The vendor that the sheets are for
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor)]
    pub vendor: String,
    /// Read telephone numbers by this country's rule, for example DE: how those are dialled that are written for people
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<Country>,
    /// Show how each heading was understood, with its first value, and check nothing
    #[arg(long)]
    pub explain_columns: bool,
    /// Print every finding of every row, one a line, instead of a line a column and cause
    #[arg(long)]
    pub all: bool,
    /// With --all: name the page that each rule comes from; reports always do
    #[arg(long, requires = "all")]
    pub sources: bool,
    /// Where results go.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `rowcall columns`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall columns staff.csv --for openvox
  rowcall columns staff.csv --for openvox -o map.toml
  rowcall import staff.csv --to hq --map-file map.toml")]
pub struct ColumnsArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// The vendor that the sheet is for
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor)]
    pub vendor: String,
    /// Write what each heading means to this file, for --map-file; never over a file that is there
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

/// `rowcall fix`
#[derive(Debug, Args)]
#[command(
    after_help = "Only what a spreadsheet did is repaired, and only where the original is certain: 2002.0 becomes
2002, full-width digits become plain ones. What may be lost for good is for `rowcall check` to say.
All else stays as it is: delimiter, encoding, and of a workbook every other cell, format and part.

Examples:
  rowcall fix staff.csv -o fixed.csv --for openvox
  rowcall fix staff.xlsx -o fixed.xlsx --for openvox --sheet Staff
  rowcall fix staff.json -o fixed.json --for portsip --report changes.csv"
)]
pub struct FixArgs {
    /// What is read: one sheet.
    #[command(flatten)]
    pub input: InputArgs,
    /// The vendor that the sheet is for
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor)]
    pub vendor: String,
    /// Read telephone numbers by this country's rule, for example DE: how those are dialled that are written for people
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<Country>,
    /// The file to write, in the sheet's own format; never the sheet itself
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Written: one line a changed cell.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("Write one line a changed cell to this file", ""))]
    pub report: Vec<PathBuf>,
    /// Print the changes and a summary as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `rowcall plan`
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is changed. The plan holds no secrets; beside it PLAN.sealed holds those that the import needs,
for the owner of the key alone.

Examples:
  rowcall plan staff.csv --to hq --mode upsert
  rowcall plan staff.csv --to hq -o plan.json
  rowcall import --plan plan.json"
)]
pub struct PlanArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// The PBX that the extensions go to
    #[arg(long, value_name = "TARGET")]
    pub to: String,
    /// Which extensions may be touched
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// Write again what cannot be read back, though it is remembered that it was written
    #[arg(long)]
    pub rewrite_secrets: bool,
    /// Keep the plan in this file, as JSON
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Where results go.
    #[command(flatten)]
    pub report: ReportArgs,
    /// How the target is spoken to.
    #[command(flatten)]
    pub pace: PaceArgs,
}

/// `rowcall import`
#[derive(Debug, Args)]
#[command(
    after_help = "A cell <generate> in a column of passwords or PINs has one made up by the vendor's own rules, when the extension
is made. One that exists keeps what it has: doing it twice changes nothing. What was made up stands in one
file, written before the first row is sent; a row that was not created stands in it too: the report tells.

Examples:
  rowcall import staff.csv --to sim:openvox --rate 50/s --report report.csv
  rowcall import staff.csv --to hq --rejects rejects.csv
  rowcall import staff.csv --to hq --mode upsert --max-updates 20
  rowcall import staff.csv --to hq --waves 1,10,100
  rowcall import staff.csv --to hq --secrets-out passwords.csv
  rowcall import groups.csv --groups --to hq --mode upsert
  rowcall import --plan plan.json --on-drift skip"
)]
pub struct ImportArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// The PBX that the extensions go to
    #[arg(long, value_name = "TARGET", required_unless_present = "plan")]
    pub to: Option<String>,
    /// Which extensions may be touched
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// Carry out this plan, exactly
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["sheets", "groups", "map", "headings", "delimiter", "pad_short_rows", "to", "mode", "rejects"]
    )]
    pub plan: Option<PathBuf>,
    /// What becomes of rows of the plan whose extension moved meanwhile
    #[arg(
        long,
        value_enum,
        default_value_t,
        requires = "plan",
        conflicts_with = "sheets"
    )]
    pub on_drift: OnDrift,
    /// Send nothing unless every row is valid
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Write again what cannot be read back, though it is remembered that it was written
    #[arg(long, conflicts_with = "plan")]
    pub rewrite_secrets: bool,
    /// Where results go.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Write the rows that are not done to this file, as they were, to be mended and fed back
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub rejects: Option<PathBuf>,
    /// Where generated secrets go.
    #[command(flatten)]
    pub secrets: SecretsArgs,
    /// How the target is spoken to.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How much may change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// `rowcall delete`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall delete leavers.csv --from hq
  rowcall delete leavers.csv --from hq --yes --max-deletes 25 --report deleted.csv")]
pub struct DeleteArgs {
    /// What is read; only the numbers, or the groups' names, count.
    #[command(flatten)]
    pub input: InputArgs,
    /// The PBX that the extensions are removed from
    #[arg(long, value_name = "TARGET")]
    pub from: String,
    /// Where results go.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Write the rows that are not done to this file, as they were
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub rejects: Option<PathBuf>,
    /// How the target is spoken to.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How much may change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// `rowcall export`
#[derive(Debug, Args)]
#[command(
    after_help = "The same state of a PBX gives the same bytes, whatever order it answers in. With several targets each one's end
is its own: one that fails leaves its last export in place, and shows in the exit code.

With --archive each night is entered in DIR/manifest.jsonl, chained to the entry before. The archive's head goes
to standard output: keep it elsewhere, and `rowcall archive verify` finds whatever was touched since.

--on-change runs a command by the shell when an export is not as the one before (the archive's newest whole night,
else the file that was there), with the lines of `rowcall diff` on its standard input and the target's name in
ROWCALL_TARGET. It gets nothing else of the environment but PATH, HOME and the like, and five minutes. Where it
fails the exit code is 1, and the export is in its place.

Examples:
  rowcall export hq -o hq.csv
  rowcall export hq --live | grep Unavailable
  rowcall export hq --groups -o groups.csv
  rowcall export hq -o hq.jsonl --secrets plain
  rowcall export hq branch -o 'exports/{target}.xlsx'
  rowcall export --all --archive /var/lib/rowcall --secrets fingerprint --keep 30d,12m
  rowcall export hq -o hq.csv --on-change 'mail -s \"$ROWCALL_TARGET changed\" ops@example.com'"
)]
pub struct ExportArgs {
    /// The PBXes whose extensions are written
    #[arg(
        value_name = "TARGET",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    pub targets: Vec<String>,
    /// All targets of rowcall.toml
    #[arg(long)]
    pub all: bool,
    /// The file to write.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("The file to write", ", and {target} in its name stands for the target's name [default: CSV on standard output]"))]
    pub output: Option<PathBuf>,
    /// Add a night to the archive in this folder, which is made if need be
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["output", "live"])]
    pub archive: Option<PathBuf>,
    /// The format of an archive's nights
    #[arg(long, value_name = "FORMAT", requires = "archive", conflicts_with = "output", default_value = "csv", value_parser = PossibleValuesParser::new(Format::choices(Format::is_read)))]
    pub format: String,
    /// Which nights stay: all of the newest days that have one, then the newest of each month (and year); the others'
    /// files are removed, which the archive enters
    // What conflicts with a file waives what is required: without the archive it would be passed over.
    #[arg(long, value_name = "30d,12m", requires = "archive", conflicts_with = "output", value_parser = Keep::from_str)]
    pub keep: Option<Keep>,
    /// Run this command when the export is not as the one before, with the differences on its standard input
    #[arg(long, value_name = "CMD", value_hint = ValueHint::CommandString, conflicts_with = "groups")]
    pub on_change: Option<String>,
    /// What becomes of passwords and PINs
    #[arg(long, value_enum, default_value_t)]
    pub secrets: ExportSecrets,
    /// Write also what is live: registrations, phones
    #[arg(long)]
    pub live: bool,
    /// Write its groups of extensions, a row a group
    #[arg(long, conflicts_with = "archive")]
    pub groups: bool,
    /// How the targets are spoken to.
    #[command(flatten)]
    pub pace: PaceArgs,
}

/// What becomes of secrets in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ExportSecrets {
    /// Their columns are left out
    #[default]
    Omit,
    /// A word made with the key stands for each, which changes when it changes
    Fingerprint,
    /// They are written as they are, into a file for its owner only
    Plain,
}

impl ExportSecrets {
    /// The word for it, as it is typed.
    pub fn word(self) -> &'static str {
        match self {
            ExportSecrets::Omit => "omit",
            ExportSecrets::Fingerprint => "fingerprint",
            ExportSecrets::Plain => "plain",
        }
    }
}

/// `rowcall archive`
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rowcall archive verify /var/lib/rowcall --head 17:3f2a…")]
pub struct ArchiveArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ArchiveCommand,
}

/// What to do with an archive.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Hold the nights to their entries, the entries to their chain, and the chain to heads that were kept elsewhere
    #[command(
        after_help = "What was changed, removed, moved, put in or cut off is named on standard output, one a line, and the exit
code is 1 then. With nothing wrong the archive's head is printed.

Examples:
  rowcall archive verify /var/lib/rowcall --head 17:3f2a…
  rowcall archive verify /mnt/copy --head 3f2a… --head 9c01…"
    )]
    Verify {
        /// The archive's folder
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
        /// A head that was kept elsewhere, as it was printed; without one it is said what cannot be proven
        #[arg(long, value_name = "HEAD", value_parser = Head::from_str)]
        head: Vec<Head>,
    },
}

/// `rowcall diff`
#[derive(Debug, Args)]
#[command(
    override_usage = "rowcall diff [OPTIONS] A B
       rowcall diff [OPTIONS] --archive DIR --since DATE [TARGET]...",
    after_help = "A side is a sheet (a file, or - for standard input) or a TARGET; a file that is called like a target is
named ./FILE. Only fields that both sides have are compared, secrets in the clear or by their fingerprints;
neither is ever shown. As text there is one line for each extension that differs; in all other formats one
for each field that differs, and one for each extension that was added, removed or renumbered. Renumbered
is said only of what is certainly the same extension; else it was removed, and another one added.

With --archive the newest night of each target is held against the one that shows how things stood when DATE
began (the oldest, where none is that old); two nights can also be named as files.

Exit codes: 0 no difference · 1 differences · 2 a side that cannot be used · 3 a target that cannot be used

Examples:
  rowcall diff monday.csv tuesday.csv
  rowcall diff staff.xlsx hq
  rowcall diff hq branch -o differences.xlsx
  rowcall diff --archive /var/lib/rowcall --since 2026-11-01 hq --format markdown

In a crontab, a mail when anything changed overnight, or could not be compared:
  rowcall diff old.csv hq >changes.txt 2>&1 || mail -s 'hq changed' ops@example.com <changes.txt"
)]
pub struct DiffArgs {
    /// What was, and what is: two sheets, exports or targets; with --since, the targets [default: all in the archive]
    #[arg(value_name = "SIDE", required_unless_present = "since")]
    pub sides: Vec<String>,
    /// The archive whose nights are compared
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "since", conflicts_with = "vendor")]
    pub archive: Option<PathBuf>,
    /// Since when: a day (it begins at 0:00 UTC), or a moment such as 2026-11-01T02:00:00Z
    #[arg(long, value_name = "DATE", requires = "archive", value_parser = moment)]
    pub since: Option<Timestamp>,
    /// The vendor that the sheets are for, where the other side does not tell [default: their words are taken as any vendor's]
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor)]
    pub vendor: Option<String>,
    /// Compare groups of extensions, and not extensions
    #[arg(long, conflicts_with = "archive")]
    pub groups: bool,
    /// How the differences are printed: as text, one line an extension; else one line or object a field
    #[arg(long, value_name = "FORMAT", default_value = TEXT, conflicts_with = "output", value_parser = PossibleValuesParser::new([TEXT].into_iter().chain(Format::choices(|format| !format.is_workbook()))))]
    pub format: String,
    /// The file to write.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("Write them to this file", ""))]
    pub output: Option<PathBuf>,
    /// How the sheets are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How targets are spoken to.
    #[command(flatten)]
    pub pace: PaceArgs,
}

/// The format of differences that is for people.
const TEXT: &str = "text";

/// The help for a file that is written: what is done, and which formats there are.
fn written(what: &str, more: &str) -> String {
    format!(
        "{what}; its ending chooses {}{more}",
        format::written_names()
    )
}

/// What happens when a migration would lose something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnLoss {
    /// It is reported, and the migration goes on
    #[default]
    Report,
    /// Nothing is sent, unless --drop names every field of which something is lost
    Stop,
}

/// `rowcall migrate`
#[derive(Debug, Args)]
#[command(
    after_help = "Every field of every extension is accounted for before anything is sent: carried, translated, dropped, or
missing there and filled in. Passwords that --from does not give back are made up for new extensions.
Run again, it carries only what changed on --from since. What was changed by hand on --to stays, and
nothing is ever deleted there.

Examples:
  rowcall migrate --from old --to new --dry-run --loss loss.xlsx
  rowcall migrate --from old --to new --dry-run -o new.csv
  rowcall migrate --from old --to new --on-loss stop --drop mobility --drop nat
  rowcall migrate --from old --to new --renumber '2xxx=72xxx' --report report.csv"
)]
pub struct MigrateArgs {
    /// The PBX that the extensions are read from; nothing is changed there
    #[arg(long, value_name = "TARGET")]
    pub from: String,
    /// The PBX that they go to
    #[arg(long, value_name = "TARGET")]
    pub to: String,
    /// Write what becomes of each field of each extension to this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub loss: Option<PathBuf>,
    /// What happens when something is lost
    #[arg(long, value_enum, default_value_t)]
    pub on_loss: OnLoss,
    /// Leave this field out
    #[arg(long, value_name = "FIELD", value_parser = field_named)]
    pub drop: Vec<Field>,
    /// Give extensions new numbers, and whatever refers to them: every x is a digit that stays; the first rule counts
    #[arg(long, value_name = "2xxx=72xxx", value_parser = RenumberRule::from_str)]
    pub renumber: Vec<RenumberRule>,
    /// Read new numbers from a sheet with the columns old and new; it goes before the rules
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub renumber_map: Option<PathBuf>,
    /// Bring also what was changed by hand on --to, or deleted there, to what --from says
    #[arg(long)]
    pub overwrite: bool,
    /// Say what would be lost and what would be done, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write what would be sent to this sheet, to be edited and imported; it holds passwords, and is for its owner only
    #[arg(long, short, value_name = "FILE", requires = "dry_run", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Where results go.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Where generated secrets go.
    #[command(flatten)]
    pub secrets: SecretsArgs,
    /// How the PBX that they go to is spoken to.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How much may change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// `rowcall resume`
#[derive(Debug, Args)]
#[command(
    after_help = "Rows that may have been sent are looked up on the PBX before anything is said again.

Examples:
  rowcall resume
  rowcall resume 20261121-213015-a1b2 --report report.csv"
)]
pub struct ResumeArgs {
    /// The run [default: the newest one, if it is not finished and not older than a day]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Only if it is a run on this target
    #[arg(long, value_name = "TARGET")]
    pub to: Option<String>,
    /// Do not ask; also needed where extensions are left to be deleted and nobody can be asked
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Where results go [default: where the run wrote them]
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `rowcall undo`
#[derive(Debug, Args)]
#[command(
    after_help = "What the run made is deleted, what it changed gets its old values, what it deleted is made again as far as
it could be read. An extension that was changed by somebody else since is kept and listed. It may change as
many as the run did; --max-… allows less. It is a run of its own: it can be resumed, and undone.

Examples:
  rowcall undo
  rowcall undo 20261121-213015-a1b2 --yes --report undone.csv"
)]
pub struct UndoArgs {
    /// The run [default: the newest one that is no undo]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Where results go.
    #[command(flatten)]
    pub report: ReportArgs,
    /// How much may change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// `rowcall runs`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall runs
  rowcall runs clean --keep 30")]
pub struct RunsArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Throw old runs away, with their folders; unfinished ones stay, and those whose folder holds generated secrets
    Clean {
        /// How many of the newest stay
        #[arg(long, value_name = "N", default_value_t = 30)]
        keep: usize,
        /// Throw unfinished ones away too: they cannot be gone on with then
        #[arg(long)]
        unfinished: bool,
    },
}

/// `rowcall report`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall report -o report.csv
  rowcall report 20261121-213015-a1b2 -o report.html")]
pub struct RunReportArgs {
    /// The run [default: the newest one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// The file to write.
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help = written("The file to write", " [default: CSV on standard output]"))]
    pub output: Option<PathBuf>,
}

/// `rowcall template`
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rowcall template --for openvox -o staff.csv")]
pub struct TemplateArgs {
    /// The vendor that the sheet is for
    #[arg(long = "for", value_name = "VENDOR", value_parser = vendor)]
    pub vendor: String,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// A sheet of groups, a row a group
    #[arg(long)]
    pub groups: bool,
}

/// `rowcall vendors`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall vendors
  rowcall vendors openvox")]
pub struct VendorsArgs {
    /// The vendor whose fields and rules are shown
    #[arg(value_name = "VENDOR", value_parser = vendor)]
    pub vendor: Option<String>,
}

/// `rowcall sim`
#[derive(Debug, Args)]
#[command(
    after_help = "The account is `api`; its password stands in ROWCALL_SIM_PASSWORD, else it is `rehearsal`.

Examples:
  rowcall sim --vendor openvox
  rowcall sim --vendor portsip --listen 127.0.0.1:8899 --faults seed=7,cut_after=50,throttle=20"
)]
pub struct SimArgs {
    /// The vendor
    #[arg(long, value_name = "VENDOR", value_parser = vendor)]
    pub vendor: String,
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// What goes wrong, in per mille of the requests, repeatable by its seed
    #[arg(long, value_name = "FAULTS")]
    pub faults: Option<String>,
}

/// `rowcall doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is written to a PBX. Exit codes: 0 all is right · 2 something on this machine is not · \
3 a target is not

Examples:
  rowcall doctor
  rowcall doctor hq
  rowcall doctor sim:openvox --json"
)]
pub struct DoctorArgs {
    /// Targets to try [default: every target of rowcall.toml]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Print the checks as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// `rowcall help`
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command, or a page of the manual: passwords, moving, groups, nightly, changes, trouble
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
}

/// `rowcall completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

impl ValueEnum for Mode {
    fn value_variants<'a>() -> &'a [Self] {
        &[Mode::Create, Mode::Update, Mode::Upsert, Mode::Sync]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        use clap::builder::PossibleValue;
        Some(match self {
            Mode::Create => {
                PossibleValue::new("create").help("Only new ones; existing ones are left alone")
            }
            Mode::Update => PossibleValue::new("update").help("Only existing ones"),
            Mode::Upsert => PossibleValue::new("upsert").help("Both"),
            Mode::Sync => PossibleValue::new("sync")
                .help("Both, and ones that no row names are deleted (needs --yes)"),
        })
    }
}

impl ValueEnum for OnDrift {
    fn value_variants<'a>() -> &'a [Self] {
        &[OnDrift::Stop, OnDrift::Skip, OnDrift::Replan]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        use clap::builder::PossibleValue;
        Some(match self {
            OnDrift::Stop => PossibleValue::new("stop").help("Nothing is sent when anything moved"),
            OnDrift::Skip => PossibleValue::new("skip").help("They are left out, the others go"),
            OnDrift::Replan => PossibleValue::new("replan").help("They are planned anew"),
        })
    }
}

impl ValueEnum for Verify {
    fn value_variants<'a>() -> &'a [Self] {
        &[Verify::All, Verify::Sample, Verify::None]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        use clap::builder::PossibleValue;
        Some(match self {
            Verify::All => PossibleValue::new("all").help("Every one"),
            Verify::Sample => PossibleValue::new("sample")
                .help("One in ten, always the same ones by their number"),
            Verify::None => PossibleValue::new("none").help("None: the PBX's word counts"),
        })
    }
}

fn mapping(text: &str) -> Result<(String, Mapped), String> {
    let (heading, name) = text.rsplit_once('=').ok_or("write HEADING=FIELD")?;
    Ok((heading.trim().to_owned(), Mapped::parse(name)?))
}

/// A value for a field. A secret is made up or stands in the sheet, for command lines are seen by others.
fn filling(text: &str) -> Result<(Field, String), String> {
    let (name, value) = text.split_once('=').ok_or("write FIELD=VALUE")?;
    let (field, value) = (field_named(name)?, value.trim());
    match value {
        "" => Err("write FIELD=VALUE".to_owned()),
        _ if field.is_key() => Err(format!("{} must be different in each row", field.name())),
        _ if field.is_live() => Err(format!("{} is no setting", field.name())),
        _ if field.is_secret() && !is_generate(value) => Err(format!(
            "{0} is a secret, and command lines are seen by others: write {0}='<generate>', or a column",
            field.name()
        )),
        _ => Ok((field, value.to_owned())),
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// A day's beginning in UTC, or the moment that is written.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    // A date's own reader passes over a time behind it.
    let day = Some(text).filter(|text| text.len() == "2026-11-01".len());
    let begins = day.and_then(|day| day.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok());
    begins
        .map(|begins| begins.timestamp())
        .ok_or_else(|| format!("{text:?} is no day: write 2026-11-01, or 2026-11-01T02:00:00Z"))
}

fn vendor(text: &str) -> Result<String, String> {
    match crate::vendors::vendor(text) {
        Some(vendor) => Ok(vendor.id.to_owned()),
        None => {
            let known: Vec<&str> = crate::vendors::VENDORS
                .iter()
                .map(|vendor| vendor.id)
                .collect();
            Err(format!(
                "there is no vendor {text:?}; there are: {}",
                known.join(", ")
            ))
        }
    }
}

fn tongue(text: &str) -> Result<String, String> {
    let product = products()
        .iter()
        .find(|product| product.id == text && !product.is_vendor());
    match product {
        Some(product) => Ok(product.id.clone()),
        None => vendor(text).map_err(|error| {
            let known: Vec<&str> = products()
                .iter()
                .filter(|product| !product.is_vendor())
                .map(|product| product.id.as_str())
                .collect();
            format!("{error}, {}", known.join(", "))
        }),
    }
}

fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::named(text).ok_or_else(|| {
        format!(
            "{text:?} is no encoding that is read; there are: utf-8, utf-16le, utf-16be, windows-1250, windows-1251, windows-1252, windows-1254, mac-roman, cp437, cp850, cp852, cp866, and those of web pages"
        )
    })
}

/// What came of reading the command line.
pub enum Typed {
    /// A command.
    Command(Box<Cli>),
    /// Help, version or a usage error was printed; end with this exit code.
    Said(u8),
}

/// Reads the command line; help goes to standard output, errors to standard error.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Typed {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => Typed::Command(Box::new(cli)),
        Err(error) => {
            // Where even that cannot be printed, the exit code still tells.
            let text = error.render().to_string();
            if matches!(harmless(&text), Cow::Owned(_)) {
                // What was typed would steer the terminal.
                print(text.trim_end());
            } else {
                let _ = error.print();
            }
            Typed::Said(if error.use_stderr() { 2 } else { 0 })
        }
    }
}

/// Writes the completion script for a shell.
///
/// # Errors
/// Where it cannot be written.
pub fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rowcall", &mut script);
    out.write_all(&script)
}

/// The help of a command as text, or of the program where none is named; `None` where there is no such command.
pub(crate) fn command_help(name: Option<&str>) -> Option<String> {
    let mut all = Cli::command();
    all.build();
    let mut command = match name {
        None => all,
        Some(name) => all.find_subcommand(name)?.clone(),
    };
    Some(command.render_long_help().to_string())
}

/// Writes the manual page: the program's, and every command's after it.
///
/// # Errors
/// Where it cannot be written.
pub fn man(out: &mut dyn Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        let page = clap_mangen::Man::new(sub.clone());
        page.render_description_section(out)?;
        page.render_synopsis_section(out)?;
        page.render_options_section(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn days_and_moments_are_read_as_they_are_typed() {
        let read = |text: &str| moment(text).map(|moment| moment.to_string());
        assert_eq!(read("2026-11-01").as_deref(), Ok("2026-11-01T00:00:00Z"));
        assert_eq!(
            read("2026-11-01T02:00:00+01:00").as_deref(),
            Ok("2026-11-01T01:00:00Z")
        );
        for wrong in [
            "",
            "yesterday",
            "2026-13-01",
            "1.11.2026",
            "2026-11-01T02:00",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_command_has_help_with_an_example_or_needs_none() {
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands() {
            let plain = ["completions", "man", "help"].contains(&sub.get_name());
            assert!(
                plain || sub.get_after_help().is_some(),
                "{}",
                sub.get_name()
            );
        }
    }
}
