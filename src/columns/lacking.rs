//! The columns of a sheet that the vendor has no field for: joined, split, translated or left out as in a migration.

use super::{CellReading, record};
use crate::manifest::{Access, Manifest};
use crate::mapping::{MappedField, MappedRecord, Mapping, made_fields, map_row};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, RuleId, Severity, TO_GENERATE};
use crate::sheet::{CLEAR, Cells, GENERATE, escaped, is_placeholder};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The reading of rows whose sheet has fields that the vendor lacks.
#[derive(Debug)]
pub(super) struct Lacking {
    /// The columns of the sheet's own fields.
    pub(super) read: Vec<(Field, usize)>,
    pub(super) fields: BTreeSet<Field>,
    /// The fields that are made, in the order of their derived columns.
    pub(super) made: Vec<Field>,
    /// The derived column of the first of them.
    pub(super) first: usize,
    /// Of each column that the vendor lacks, the flag that leaves it out.
    pub(super) flags: BTreeMap<Field, String>,
}

impl Lacking {
    /// Maps a row; the cells are all those of the sheet.
    pub(super) fn map(&self, cells: &Cells<'_>, manifest: &Manifest) -> MappedRecord {
        map_row(&self.fields, manifest, &record(&self.read, cells, manifest))
    }

    /// The text of a derived column.
    pub(super) fn text<'m>(
        &self,
        mapped: &'m MappedRecord,
        field: Field,
        to: &Manifest,
    ) -> Cow<'m, str> {
        match mapped.wanted.reveal(field) {
            Some("") => CLEAR.into(),
            Some(TO_GENERATE) => GENERATE.into(),
            Some(text) => escaped(text),
            None if mapped.emptied(to).any(|emptied| emptied == field) => CLEAR.into(),
            None => "".into(),
        }
    }

    /// Appends a warning for each cell that stands for no value, where the vendor lacks the field and something would be
    /// made of it.
    pub(super) fn placeholders(
        &self,
        cells: &Cells<'_>,
        manifest: &Manifest,
        reading: &CellReading,
        findings: &mut Vec<Finding>,
    ) {
        for (field, column) in &self.read {
            let text = cells.get(*column).unwrap_or_default().trim();
            if !is_placeholder(text)
                || manifest.row(*field).is_some()
                || made_fields(&BTreeSet::from([*field]), manifest).is_empty()
            {
                continue;
            }
            findings.push(Finding {
                rule: RuleId::about(*field, "placeholder"),
                severity: Severity::Warning,
                field: Some(*field),
                column: reading.origin(*column),
                message: format!(
                    "{} {} stands for no value: the cell counts as blank",
                    field.name(),
                    quoted(text)
                ),
                hint: format!("leave the cell blank, or write {CLEAR} to empty the field"),
                source: "".into(),
                repair: None,
                proposal: None,
            });
        }
    }

    /// Appends the treatment of the fields that the vendor lacks.
    pub(super) fn findings(
        &self,
        cells: &Cells<'_>,
        entries: &[MappedField],
        manifest: &Manifest,
        reading: &CellReading,
        findings: &mut Vec<Finding>,
    ) {
        for entry in entries {
            let field = entry.field;
            if field == Field::STATUS && reading.uses_status(&self.read, cells) {
                continue;
            }
            let row = manifest.row(field);
            let is_read_only = row.is_some_and(|row| row.access == Access::ReadOnly);
            let drop_rule = if is_read_only {
                RuleId::READ_ONLY
            } else {
                RuleId::NOT_SUPPORTED
            };
            let name = field.name();
            let (rule, severity, message) = match entry.mapping {
                // Left out, it would be made all the same, and be on.
                Mapping::Dropped { lost: true } if field == Field::ENABLED => (
                    drop_rule,
                    Severity::Error,
                    format!(
                        "{}, and {} has no field for it: the extension would be on",
                        match entry.from.as_str() {
                            "off" => "the row has the extension switched off".to_owned(),
                            other => format!(
                                "{} does not tell whether the extension is on",
                                quoted(other)
                            ),
                        },
                        manifest.vendor.name
                    ),
                ),
                Mapping::Dropped { lost: true } => (
                    drop_rule,
                    Severity::Warning,
                    format!("{name}: {}: the value is left out", entry.how),
                ),
                Mapping::Dropped { lost: false } => {
                    (drop_rule, Severity::Info, format!("{name}: {}", entry.how))
                }
                Mapping::Translated => {
                    let to: Vec<&str> = entry.to.iter().map(|field| field.name()).collect();
                    let message = match to.is_empty() || entry.to == [Field::NUMBER] {
                        true => format!("{name}: {}", entry.how),
                        false => format!("{name} becomes {}: {}", to.join(" and "), entry.how),
                    };
                    (RuleId::TRANSLATED, Severity::Info, message)
                }
                Mapping::Carried | Mapping::Missing(_) => continue,
            };
            let hint = match (severity, self.flags.get(&field)) {
                (Severity::Error, Some(flag)) => format!(
                    "take the row out; where it is to be on all the same, {flag} leaves the column out"
                ),
                (Severity::Warning, Some(flag)) => {
                    format!(
                        "set it by hand on the PBX's own pages if they have it; {flag} leaves the column out"
                    )
                }
                _ => String::new(),
            };
            let column = self.read.iter().find(|(known, _)| *known == field);
            findings.push(Finding {
                rule: RuleId::about(field, rule),
                severity,
                field: Some(field),
                column: column.and_then(|(_, column)| reading.origin(*column)),
                message,
                hint,
                source: row
                    .map_or_else(String::new, |row| manifest.source_words(&row.source))
                    .into(),
                repair: None,
                proposal: None,
            });
        }
    }
}
