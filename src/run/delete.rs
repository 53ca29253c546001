//! `rowcall delete`: removes the extensions that sheets name.

use super::results::Results;
use super::rows::{self, Rows};
use super::target::Target;
use super::{Failure, interrupts, sending};
use crate::cli::DeleteArgs;
use crate::link::StopFlag;
use crate::manifest::Purpose;
use crate::model::{Action, Change, Extension, Field, Finding, RowResult};
use std::collections::BTreeSet;
use std::path::Path;

/// Removes the extensions.
///
/// # Errors
/// Exit 2, 3 or 4; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &DeleteArgs, config: Option<&Path>) -> Result<u8, Failure> {
    let target = Target::resolve(&args.from, config, &args.pace)?;
    let manifest = (target.make.manifest)();
    sending::refuse_silent_deletes(&target, &args.guard)?;
    let mut rows = Rows::read(rows::open(&args.input, manifest)?, manifest)?;
    rows.check(manifest, |_| Purpose::Update, None);
    for row in &mut rows.rows {
        // Only the number counts here: what is wrong with the rest of the row keeps nobody from leaving.
        let about_number =
            |finding: &Finding| finding.field.is_none_or(|field| field == Field::NUMBER);
        row.findings.retain(about_number);
    }
    let stop = StopFlag::default();
    interrupts(&stop)?;
    let held = target.connect(&stop).and_then(|connection| {
        let listing = connection.list().map_err(|fault| target.failure(&fault))?;
        let numbers: BTreeSet<String> = listing.numbers.into_iter().collect();
        let valid = rows
            .rows
            .iter()
            .filter(|row| row.is_valid())
            .map(|row| row.wanted.number());
        let there: Vec<String> = valid
            .filter(|number| !listing.whole || numbers.contains(*number))
            .map(str::to_owned)
            .collect();
        let found = sending::look(&connection, &target, &there)?;
        Ok((connection, numbers.len().max(found.len()), found))
    });
    let mut results = Results::open(
        "delete",
        &target.label,
        &rows,
        &args.report,
        args.rejects.as_deref(),
    )?;
    let (connection, held, mut found) = match held {
        Ok(held) => held,
        Err(failure) => {
            results.rest_not_sent("target", &failure.message, &failure.hint)?;
            results.finish(Some(failure.exit))?;
            return Err(failure);
        }
    };
    let mut changes = vec![];
    for (row, input) in rows.rows.iter().enumerate() {
        let number = input.wanted.number();
        if !input.is_valid() {
            results.put(row, rows.outcome(row, Action::None, RowResult::Invalid))?;
        } else if let Some(before) = found.remove(number) {
            let wanted = Extension::numbered(number);
            changes.push(Change {
                row,
                action: Action::Delete,
                number: number.to_owned(),
                wanted,
                before: Some(before),
            });
        } else {
            let mut outcome = rows.outcome(row, Action::Delete, RowResult::Unchanged);
            outcome.message = "the PBX has no such extension".into();
            results.put(row, outcome)?;
        }
    }
    sending::carry_out(sending::Sending {
        target: &target,
        connection,
        rows: &rows,
        changes,
        held,
        guard: &args.guard,
        results,
        stop: &stop,
    })
}
