//! Notes about the columns that are not read, and about the owner of the headings.

use super::dictionary::{dictionary, misspelt};
use super::map::Mapped;
use super::meaning::{LeftOutReason, Meaning, Meanings, ReadBy};
use super::values::Derivation;
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Kind, Severity, heading_key};
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
                    (Some(first), _) => notes.push(repeated(all, first, column)),
                    (None, Some(near)) => notes.push(misspelt_note(&what, column, near)),
                    (None, None) => strange.push((column, what)),
                }
            }
            Meaning::LeftOut {
                because: LeftOutReason::NoField,
                ..
            } => without_field.push(all.heading(column).trim()),
            Meaning::LeftOut {
                reason,
                because: because @ (LeftOutReason::Other | LeftOutReason::Lacking),
            } => {
                let severity = match because {
                    LeftOutReason::Lacking => Severity::Warning,
                    _ => Severity::Info,
                };
                let note = Finding::new("columns.left_out", severity, format!("{what}: {reason}"));
                notes.push(note.about(None, Some(column)));
            }
            _ => {}
        }
    }
    for column in all.columns() {
        notes.extend(below_strange_word(all, column));
        notes.extend(blanks_beside_marks(all, column));
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

/// Warns that a column is read though the word above it may be somebody else, as in `Doctor: Mobile`.
fn below_strange_word(all: &Meanings<'_>, column: usize) -> Option<Finding> {
    let (group, _) = all.heading(column).split_once(": ")?;
    // The two words together mean nothing.
    if all.common(column).is_some() || dictionary().is_of_person(group) {
        return None;
    }
    let by = ReadBy::Neighbours;
    let field = match &all.meanings[column] {
        Meaning::Read {
            fields, by: known, ..
        } if *known == by => fields.first()?.0,
        _ => return None,
    };
    let group = quoted(group);
    let message = format!(
        "{} is read as the person's {}, whatever {group} is",
        all.at(column),
        field.name()
    );
    let hint = format!(
        "if it is about {group} alone, say {}",
        all.map_flag(column, Mapped::LeftOut)
    );
    let finding = Finding::new("columns.group", Severity::Warning, message);
    Some(finding.about(Some(field), Some(column)).hint(hint))
}

/// Warns that the blank cells of a switch are no `off`, where its other cells are all marks such as `x`. Nothing is wrong
/// with them where nothing is created, where `--fill` gives their value, or where the vendor's own default is the same.
fn blanks_beside_marks(all: &Meanings<'_>, column: usize) -> Option<Finding> {
    let Meaning::Read { fields, .. } = &all.meanings[column] else {
        return None;
    };
    let [(field, how)] = fields.as_slice() else {
        return None;
    };
    let meant = match how {
        None | Some(Derivation::AsIs | Derivation::State { .. }) => "off",
        Some(Derivation::Opposite(_) | Derivation::OppositeState { .. }) => "on",
        Some(_) => return None,
    };
    let row = all
        .target
        .row(*field)
        .filter(|_| field.def().kind == Kind::Switch)?;
    let default = row.fill.as_deref().or(row.default.as_deref());
    let is_filled = all.options.fills(*field);
    // A new extension is on, unless something says otherwise.
    let is_default = default == Some(meant) || (*field == Field::ENABLED && meant == "on");
    if !all.options.allowed.create || is_filled || is_default {
        return None;
    }
    let (blank, rows) = all.sample()?.blanks_beside_marks(column)?;
    let name = field.name();
    let message = format!(
        "{} holds marks and blanks alone: a blank cell ({blank} of {rows}) gives no value for {name}, and a new extension gets \
         the PBX's own",
        all.at(column)
    );
    let hint = match all.options.is_only_sheet() {
        true => {
            format!("if a blank means {meant}, say --fill {name}={meant}; else write yes or no")
        }
        // It would be said of the other sheets too.
        false => "write yes or no into each cell".to_owned(),
    };
    let finding = Finding::new("columns.marks", Severity::Warning, message);
    Some(finding.about(Some(*field), Some(column)).hint(hint))
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
    let are = match columns {
        [_] => "the column is",
        _ => "these columns are",
    };
    let message = format!("no field is called {}: {are} not read", headings.join(", "));
    let hint = "say --map 'HEADING=FIELD', or --map 'HEADING=-' to leave it out";
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

fn repeated(all: &Meanings<'_>, first: usize, column: usize) -> Finding {
    let (one, other) = (all.at(first), all.at(column));
    let message = format!("{one} and {other} are the same heading: neither is read");
    let flag = all.map_flag(column, "FIELD");
    let hint = format!("give what one of them means, as in {flag}");
    not_read("columns.repeated", column, message).hint(hint)
}
