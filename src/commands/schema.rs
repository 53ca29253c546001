//! `rowcall schema`: the JSON Schemas of the output of `--json`.

use crate::cli::SchemaArgs;
use crate::rim::terminal::print_data;
use crate::rim::{Exit, Failure};

/// A schema by its name.
const SCHEMAS: [(&str, &str); 16] = [
    ("archive-list", include_str!("schemas/archive-list.json")),
    (
        "archive-verify",
        include_str!("schemas/archive-verify.json"),
    ),
    ("check", include_str!("schemas/check.json")),
    ("columns", include_str!("schemas/columns.json")),
    ("convert", include_str!("schemas/convert.json")),
    ("diff", include_str!("schemas/diff.json")),
    ("doctor", include_str!("schemas/doctor.json")),
    ("fix", include_str!("schemas/fix.json")),
    ("fleet-report", include_str!("schemas/fleet-report.json")),
    ("plan", include_str!("schemas/plan.json")),
    ("run", include_str!("schemas/run.json")),
    ("runs", include_str!("schemas/runs.json")),
    ("summary", include_str!("schemas/summary.json")),
    ("vendor", include_str!("schemas/vendor.json")),
    ("vendors", include_str!("schemas/vendors.json")),
    ("verify", include_str!("schemas/verify.json")),
];

/// The names of all schemas.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// Prints a schema, or the names of all.
///
/// # Errors
/// Exit 2 where there is none of that name.
pub(super) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let names: Vec<&str> = names().collect();
    let Some(wanted) = &args.name else {
        return print_data(|out| writeln!(out, "{}", names.join("\n")));
    };
    match SCHEMAS.iter().find(|(name, _)| name == wanted) {
        Some((_, schema)) => print_data(|out| out.write_all(schema.as_bytes())),
        None => Err(Failure::usage(format!("there is no schema {wanted:?}"))
            .hint(format!("there are: {}", names.join(", ")))),
    }
}
