//! Notes about the columns that are not read, and about the owner of the headings.

use super::dictionary::misspelt;
use super::meaning::{LeftOutBecause, Meaning, Meanings};
use crate::model::{Field, Finding, Severity, heading_key};
use std::collections::BTreeMap;

/// Returns all notes about a sheet whose columns are understood.
pub(super) fn notes(all: &Meanings<'_>) -> Vec<Finding> {
    let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
    let (mut strange, mut without_field, mut notes) = (vec![], vec![], vec![]);
    for (column, meaning) in all.meanings.iter().enumerate() {
        let what = all.at(column);
        match meaning {
            meaning if meaning.is_unread() => {
                let heading = all.heading(column);
                let near = misspelt(heading, |field| {
                    !field.is_secret() && !field.is_key() && !all.has(field)
                });
                match (first_of.insert(heading_key(heading), column), near) {
                    (Some(first), _) => notes.push(repeated(&all.at(first), &what, column)),
                    (None, Some(near)) => notes.push(misspelt_note(&what, column, near)),
                    (None, None) => strange.push((column, what)),
                }
            }
            Meaning::LeftOut {
                because: LeftOutBecause::NoField,
                ..
            } => without_field.push(all.heading(column).trim()),
            Meaning::LeftOut {
                reason,
                because: LeftOutBecause::Other,
            } => {
                let note = Finding::new(
                    "columns.left_out",
                    Severity::Info,
                    format!("{what}: {reason}"),
                );
                notes.push(note.about(None, Some(column)));
            }
            _ => {}
        }
    }
    let last = [left_out(&without_field), other_vendor(all)];
    let first = unknown(&strange).into_iter();
    first
        .chain(notes)
        .chain(last.into_iter().flatten())
        .collect()
}

/// Returns the evidence that the headings are another vendor's than the target's, or a product's; none where they are
/// not.
pub(super) fn foreign_evidence<'a>(all: &'a Meanings<'_>) -> Option<&'a str> {
    let is_target = all.owner.is_vendor(all.target);
    all.owner.evidence.as_deref().filter(|_| !is_target)
}

fn other_vendor(all: &Meanings<'_>) -> Option<Finding> {
    let (name, evidence) = (all.owner.name(), foreign_evidence(all)?);
    let message =
        format!("the headings are {name}'s, by {evidence}, and are read as it means them");
    let target = &all.target.vendor;
    let hint = format!(
        "with --headings {} they are read as {} means them",
        target.id, target.name
    );
    Some(Finding::new("columns.other_vendor", Severity::Info, message).hint(hint))
}

/// One note about all columns of a product that no field stands for; none where there are none.
fn left_out(headings: &[&str]) -> Option<Finding> {
    let columns_are = match headings {
        [] => return None,
        [_] => "column is",
        _ => "columns are",
    };
    let message = format!(
        "{} {columns_are} left out, for rowcall has no field for them: {}",
        headings.len(),
        headings.join(", ")
    );
    Some(Finding::new("columns.left_out", Severity::Info, message))
}

/// A warning about a column that is not read.
fn not_read(rule: &'static str, column: usize, message: String) -> Finding {
    Finding::new(rule, Severity::Warning, message).about(None, Some(column))
}

/// One note about all columns that are not understood; none where all are.
fn unknown(columns: &[(usize, String)]) -> Option<Finding> {
    let (first, _) = columns.first()?;
    let headings: Vec<&str> = columns
        .iter()
        .map(|(_, heading)| heading.as_str())
        .collect();
    let (are, one) = match columns {
        [_] => ("the column is", "it means"),
        _ => ("these columns are", "one means"),
    };
    let message = format!("no field is called {}: {are} not read", headings.join(", "));
    let hint = format!(
        "give what {one} with --map 'HEADING=FIELD', or leave it out with --map 'HEADING=-'"
    );
    Some(not_read("columns.unknown", *first, message).hint(hint))
}

fn misspelt_note(heading: &str, column: usize, near: Field) -> Finding {
    let message = format!("no field is called {heading}: the column is not read");
    let hint = format!(
        "did you mean `{0}`? Then rename it, or give --map 'HEADING={0}'",
        near.name()
    );
    not_read("columns.unknown", column, message).hint(hint)
}

fn repeated(first: &str, second: &str, column: usize) -> Finding {
    let message = format!("{first} and {second} are the same heading: neither is read");
    not_read("columns.repeated", column, message).hint("rename one of them if it is to be read")
}
