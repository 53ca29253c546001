//! The commands that change a PBX, or show the changes they would make: `plan`, `import`, `delete`, `migrate`.

use super::input::{FormArgs, InputArgs, filling, mapping};
use super::output::{DetailArgs, ReportArgs, SecretsArgs};
use super::pace::PaceArgs;
use super::safety::{GuardArgs, LossArgs};
use crate::columns::{Mapped, field_named};
use crate::mapping::RenumberRule;
use crate::model::{Field, Mode};
use crate::plan::replay::OnDrift;
use crate::rules::Country;
use clap::{Args, ValueHint};
use std::path::PathBuf;
use std::str::FromStr;

/// `rowcall plan`
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is changed. The plan holds no secrets; beside it PLAN.sealed holds those that the import needs, \
for the owner of the key alone.

Examples:
  rowcall plan staff.csv --to hq --mode upsert
  rowcall plan staff.csv --to hq -o plan.json
  rowcall import --plan plan.json"
)]
pub struct PlanArgs {
    /// The PBX that the extensions go to
    #[arg(long, value_name = "TARGET", help_heading = "Target")]
    pub to: String,
    /// The sheets, and what is wanted of them.
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// Keep the plan in this file, as JSON
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// The sheets, and what is wanted of them: the same for a plan and an import.
#[derive(Debug, Args)]
pub struct WantedArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// Which extensions may be touched
    #[arg(long, value_enum, default_value_t, help_heading = "Safety")]
    pub mode: Mode,
    /// Write again what cannot be read back, though it is remembered that it was written
    #[arg(long, help_heading = "Safety")]
    pub rewrite_secrets: bool,
    /// The detail of a plan that is shown.
    #[command(flatten)]
    pub detail: DetailArgs,
    /// Read telephone numbers by this country's rule, for example DE [default: the target's `country`]
    #[arg(long, value_name = "COUNTRY", help_heading = "Input")]
    pub country: Option<Country>,
    /// The reaction to a loss.
    #[command(flatten)]
    pub losses: LossArgs,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Options for reaching the target.
    #[command(flatten)]
    pub pace: PaceArgs,
}

/// `rowcall import`
#[derive(Debug, Args)]
#[command(
    override_usage = "rowcall import [OPTIONS] --to <TARGET> <SHEET>...
       rowcall import [OPTIONS] --plan <FILE>",
    after_help = "A cell <generate> in a column of passwords or PINs has one made up by the vendor's own rules, when the extension \
is made. One that exists keeps what it has: doing it twice changes nothing. What was made up stands in one \
file, written before the first row is sent; a row that was not created stands in it too: the report tells.

Examples:
  rowcall import staff.csv --to sim:openvox --rate 50/s --report report.csv
  rowcall import staff.csv --to hq --rejects rejects.csv
  rowcall import staff.csv --to hq --mode upsert --max-updates 20
  rowcall import staff.csv --to hq --waves 1,10,100 --ring
  rowcall import staff.csv --to hq --secrets-out passwords.csv
  rowcall import groups.csv --groups --to hq --mode upsert
  rowcall import --plan plan.json --on-drift skip"
)]
pub struct ImportArgs {
    /// The PBX that the extensions go to
    #[arg(
        long,
        value_name = "TARGET",
        required_unless_present = "plan",
        help_heading = "Target"
    )]
    pub to: Option<String>,
    /// The sheets, and what is wanted of them.
    #[command(flatten)]
    pub wanted: WantedArgs,
    /// Carry out this plan, exactly
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = [
            "sheets", "groups", "to", "mode", "rejects", "map", "map_file", "fill", "headings", "encoding", "delimiter",
            "header_row", "sheet_names", "visible_only", "fix_quotes", "pad_short_rows", "rewrite_secrets", "country",
            "on_loss",
        ],
        help_heading = "Input"
    )]
    pub plan: Option<PathBuf>,
    /// What happens to rows whose extension changed on the PBX since the plan was made
    #[arg(
        long,
        value_enum,
        value_name = "ACTION",
        default_value_t,
        requires = "plan",
        conflicts_with = "sheets",
        help_heading = "Safety"
    )]
    pub on_drift: OnDrift,
    /// Send nothing unless every row is valid
    #[arg(long, help_heading = "Safety")]
    pub all_or_nothing: bool,
    /// Show what would be done, as `rowcall plan` does, and send nothing
    #[arg(long, conflicts_with_all = ["rejects", "secrets_out", "secrets_to"], help_heading = "Safety")]
    pub dry_run: bool,
    /// Ask by SIP afterwards if each extension rings, with the secret that was written, as `rowcall ring` does; with
    /// --waves after each wave, and one that does not ring counts as failed
    #[arg(long, conflicts_with_all = ["groups", "dry_run"], help_heading = "Safety")]
    pub ring: bool,
    /// Write the rows that are not done to this file, as they were, to be corrected and imported
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub rejects: Option<PathBuf>,
    /// The destination of generated secrets.
    #[command(flatten)]
    pub secrets: SecretsArgs,
    /// The limits of change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// `rowcall delete`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rowcall delete leavers.csv --from hq --dry-run
  rowcall delete leavers.csv --from hq --yes --max-deletes 25 \\
    --report deleted.csv")]
pub struct DeleteArgs {
    /// The input; only the numbers, or the groups' names, count.
    #[command(flatten)]
    pub input: InputArgs,
    /// The PBX that the extensions are removed from
    #[arg(long, value_name = "TARGET", help_heading = "Target")]
    pub from: String,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Remove also what the hidden and the struck-through rows of a workbook name, without a question
    #[arg(long, help_heading = "Safety")]
    pub every_row: bool,
    /// Show what would be removed, and send nothing
    #[arg(long, conflicts_with = "rejects", help_heading = "Safety")]
    pub dry_run: bool,
    /// Write the rows that are not done to this file, as they were
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub rejects: Option<PathBuf>,
    /// Options for reaching the target.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// The limits of change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// `rowcall migrate`
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Every field of every extension is accounted for before anything is sent: carried, translated, dropped, or \
missing there and filled in. Passwords that --from does not give back are made up for new extensions. \
Run again, it carries only what changed on --from since. What was changed by hand on --to stays, and \
nothing is ever deleted there.

Either side may be a product's own file: file:PRODUCT:FILE. One that is written has passwords in clear, \
and is for its owner only; afterwards rowcall says what to press.

Examples:
  rowcall migrate --from old --to new --dry-run --loss loss.xlsx
  rowcall migrate --from old --to new --dry-run -o new.csv
  rowcall migrate --from old --to new --on-loss stop --drop mobility --drop nat
  rowcall migrate --from old --to new --renumber '2xxx=72xxx' \\
    --report report.csv
  rowcall migrate --from old --to file:freepbx:bulk.csv
  rowcall migrate --from file:3cx-v18:export.csv --to new"
)]
pub struct MigrateArgs {
    /// The PBX that the extensions are read from, where nothing is changed; or a product's file: file:PRODUCT:FILE
    #[arg(long, value_name = "TARGET", help_heading = "Target")]
    pub from: String,
    /// The PBX that they go to, or the import file that is written: file:PRODUCT:FILE
    #[arg(long, value_name = "TARGET", help_heading = "Target")]
    pub to: String,
    /// What a heading of the file of --from means, for example --map 'Notes=-' to leave the column out
    #[arg(long = "map", value_name = "HEADING=FIELD", value_parser = mapping, help_heading = "Input")]
    pub map: Vec<(String, Mapped)>,
    /// The form of that file.
    #[command(flatten)]
    pub form: FormArgs,
    /// The way of the extensions to the other side.
    #[command(flatten)]
    pub transfer: TransferArgs,
    /// Bring also what was changed by hand on --to, or deleted there, to what --from says
    #[arg(long, help_heading = "Safety")]
    pub overwrite: bool,
    /// Ask by SIP afterwards if each extension rings on --to, with the secret that was written, as `rowcall ring` does;
    /// with --waves after each wave, and one that does not ring counts as failed
    #[arg(long, conflicts_with = "dry_run", help_heading = "Safety")]
    pub ring: bool,
    /// Say what would be lost and what would be done, and send nothing
    #[arg(long, help_heading = "Safety")]
    pub dry_run: bool,
    /// With --dry-run: how much is shown.
    #[command(flatten)]
    pub detail: DetailArgs,
    /// Write what would be sent to this sheet, to be edited and imported; it holds passwords, and is for its owner only
    #[arg(long, short, value_name = "FILE", requires = "dry_run", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Options for reaching the PBX that the extensions go to.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// The limits of change.
    #[command(flatten)]
    pub guard: GuardArgs,
}

/// The way of extensions from one side to the other: changes on it, losses, and their reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct TransferArgs {
    /// Take the headings of the import file, their order, and texts that are the same in all rows from this file, which the
    /// product itself exported: for products whose columns are not the same in every version
    #[arg(long, value_name = "EXPORT", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub like: Option<PathBuf>,
    /// Write what becomes of each field of each extension to this file; a page (.html) lists what is lost or changed,
    /// and counts the rest
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub loss: Option<PathBuf>,
    /// The reaction to a loss.
    #[command(flatten)]
    pub losses: LossArgs,
    /// Leave this field out
    #[arg(long, value_name = "FIELD", value_parser = field_named, help_heading = "Input")]
    pub drop: Vec<Field>,
    /// What a field is on the other side where this one has nothing for it; for example --fill display_name=Desk, or
    /// --fill web_password='<generate>'
    #[arg(long, value_name = "FIELD=VALUE", value_parser = filling, help_heading = "Input")]
    pub fill: Vec<(Field, String)>,
    /// Give extensions new numbers, and whatever refers to them: every x is a digit that stays; the first rule counts
    #[arg(long, value_name = "2xxx=72xxx", value_parser = RenumberRule::from_str, help_heading = "Input")]
    pub renumber: Vec<RenumberRule>,
    /// Read new numbers from a sheet with the columns old and new; it goes before the rules
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub renumber_map: Option<PathBuf>,
    /// The destinations of the results.
    #[command(flatten)]
    pub report: ReportArgs,
    /// The destination of generated secrets.
    #[command(flatten)]
    pub secrets: SecretsArgs,
}
