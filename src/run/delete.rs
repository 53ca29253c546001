//! `rowcall delete`: removes the extensions that sheets name.

use super::Failure;
use super::context::Context;
use super::rows::{self, Rows};
use super::secrets::SecretsOut;
use super::sending::{self, Wish, stoppable, to_send};
use super::target::Target;
use crate::cli::DeleteArgs;
use crate::ledger::Row;
use crate::manifest::Purpose;
use crate::model::{Action, Change, Field, Finding, Record, RowResult};
use crate::submit::converse::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// Removes the extensions.
///
/// # Errors
/// Exit 2, 3 or 4; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &DeleteArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let target =
        Target::resolve(&args.from, context.config(), &args.pace)?.of_rows(args.input.groups)?;
    let manifest = (target.vendor.manifest)();
    sending::refuse_silent_deletes(&target, &args.guard)?;
    let wish = Wish {
        command: "delete",
        mode: "",
        target: &target,
        report: &args.report,
        rejects: args.rejects.as_deref(),
        guard: &args.guard,
        secrets: SecretsOut::default(),
    };
    let mut rows = Rows::read(rows::open(&args.input, manifest)?, manifest)?;
    wish.refuse_inputs(&rows)?;
    rows.check(manifest, |_| Purpose::Update, None);
    for row in &mut rows.rows {
        // Only the key counts here: what is wrong with the rest of the row keeps nobody from leaving.
        let about_key = |finding: &Finding| finding.field.is_none_or(Field::is_key);
        row.findings.retain(about_key);
    }
    let lock = wish
        .lock(context)
        .map_err(|failure| wish.target_unusable(&rows, failure))?;
    let stop = stoppable()?;
    let there = target.connect(&stop).and_then(|connection| {
        let (held, found) = there(&connection, &target, &rows)?;
        Ok((connection, held, found))
    });
    let (connection, held, mut found) =
        there.map_err(|failure| wish.target_unusable(&rows, failure))?;
    let mut planned = vec![];
    for (row, input) in rows.rows.iter().enumerate() {
        let number = input.wanted.number();
        planned.push(if !input.is_valid() {
            Row {
                outcome: rows.outcome(row, Action::None, RowResult::Invalid),
                change: None,
            }
        } else if let Some(before) = found.remove(number) {
            let wanted = input.wanted.key_only();
            let number = number.to_owned();
            let change = Change {
                row,
                action: Action::Delete,
                number,
                wanted,
                before: Some(before),
            };
            to_send(
                rows.outcome(row, Action::Delete, RowResult::NotSent),
                change,
            )
        } else {
            let mut outcome = rows.outcome(row, Action::Delete, RowResult::Unchanged);
            outcome.message = format!("the PBX has no such {}", target.record());
            Row {
                outcome,
                change: None,
            }
        });
    }
    wish.carry_out(context, lock, connection, &rows, planned, held)
}

/// How many extensions the PBX holds, and all about those that rows name.
fn there(
    connection: &Connection,
    target: &Target,
    rows: &Rows,
) -> Result<(usize, BTreeMap<String, Record>), Failure> {
    let listing = connection.list().map_err(|fault| target.failure(&fault))?;
    let numbers: BTreeSet<String> = listing.numbers.into_iter().collect();
    let valid = rows
        .rows
        .iter()
        .filter(|row| row.is_valid())
        .map(|row| row.wanted.number());
    let there: Vec<String> = valid
        .filter(|number| !listing.complete || numbers.contains(*number))
        .map(str::to_owned)
        .collect();
    let found = sending::look(connection, target, &there)?;
    Ok((numbers.len().max(found.len()), found))
}
