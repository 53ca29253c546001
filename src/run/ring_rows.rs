//! Asks by SIP about the rows of sheets, without a run.

use super::results::Results;
use super::ringing::{Ringing, sip_account};
use crate::input::InputRows;
use crate::manifest::Manifest;
use crate::model::{Action, Outcome, Record, RowResult, TO_GENERATE};
use crate::progress::Progress;
use crate::rim::{Exit, Failure};
use crate::sip::registration::SipAccount;
use std::collections::BTreeMap;

/// The way on where the secret of a row is not known.
const ASK_WITH_SECRETS: &str = "give the sheet a column with the SIP passwords, or name the file of secrets that an import wrote: --secrets FILE";

/// Asks about every row that has a secret, also one in a file of secrets, and reports all.
///
/// # Errors
/// Exit 2 where a report cannot be written.
pub(crate) fn ring_rows(
    rows: &InputRows,
    secrets: Option<&InputRows>,
    ringing: &Ringing,
    manifest: &Manifest,
    mut results: Results<'_>,
    is_stopped: impl Fn() -> bool,
) -> Result<Exit, Failure> {
    let secrets = secrets.map(by_number).unwrap_or_default();
    let mut accounts: Vec<(usize, SipAccount)> = vec![];
    let mut put = Ok(());
    for (position, row) in rows.rows.iter().enumerate() {
        if !row.is_valid() {
            let outcome = rows.outcome(position, Action::None, RowResult::Invalid);
            put = put.and(results.put(position, outcome));
            continue;
        }
        let wanted = with_secrets(&row.wanted, secrets.get(row.wanted.number()).copied());
        match sip_account(&wanted, None, manifest, ASK_WITH_SECRETS) {
            Ok(account) => accounts.push((position, account)),
            Err(verdict) => {
                let outcome = Outcome::rung(
                    rows.outcome(position, Action::None, RowResult::Unknown),
                    verdict,
                );
                put = put.and(results.put(position, outcome));
            }
        }
    }
    let progress = Progress::new("extensions asked", accounts.len() as u64);
    ringing.ask(&accounts, &progress.counter(), &mut |position, verdict| {
        let result = RowResult::from(verdict.result);
        let line = rows.outcome(position, Action::None, result);
        let done = results.put(position, Outcome::rung(line, verdict));
        if put.is_ok() {
            put = done;
        }
    });
    progress.finish();
    put?;
    results.finish(is_stopped().then_some(Exit::Interrupted))
}

/// The row's record, with what the file of secrets has of it where the row itself does not.
fn with_secrets(wanted: &Record, secrets: Option<&Record>) -> Record {
    let mut record = wanted.clone();
    for (field, text) in secrets.into_iter().flat_map(Record::iter) {
        let own = wanted.get(field);
        if own.is_none_or(|own| own.is_empty() || own == TO_GENERATE) {
            record.set(field, text);
        }
    }
    record
}

/// The records of rows, by their numbers.
fn by_number(rows: &InputRows) -> BTreeMap<&str, &Record> {
    let rows = rows.rows.iter().map(|row| &row.wanted);
    rows.map(|wanted| (wanted.number(), wanted)).collect()
}
