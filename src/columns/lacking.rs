//! The columns of a sheet that the vendor has no field for: joined, split, translated or left out as in a migration.

use super::record::{ReadField, record};
use crate::manifest::{Access, Manifest, switch};
use crate::mapping::{
    MappedField, MappedRecord, Mapping, made_fields, map_row, may_lack_given_name,
};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, RuleId, Severity, TO_GENERATE};
use crate::sheet::{CLEAR, Cells, GENERATE, escaped, is_placeholder};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The reading of rows whose sheet has fields that the vendor lacks.
#[derive(Debug)]
pub(super) struct Lacking {
    /// The sheet's own fields, with their columns.
    pub(super) read: Vec<ReadField>,
    pub(super) fields: BTreeSet<Field>,
    /// The fields that are made, in the order of their derived columns.
    pub(super) made: Vec<Field>,
    /// The derived column of the first of them.
    pub(super) first: usize,
    /// Of each field that has a column, the flag that leaves the column out.
    pub(super) flags: BTreeMap<Field, String>,
    /// The column of a status that is read for the account's being on too.
    pub(super) status: Option<usize>,
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
        findings: &mut Vec<Finding>,
    ) {
        for ReadField {
            field,
            column,
            from,
            ..
        } in &self.read
        {
            let text = cells.get(*column).unwrap_or_default().trim();
            if !is_placeholder(text)
                || manifest.row(*field).is_some()
                || made_fields(&BTreeSet::from([*field]), manifest).is_empty()
            {
                continue;
            }
            let rule = RuleId::about(*field, "placeholder");
            let message = format!(
                "{} {} stands for no value: the cell counts as blank",
                field.name(),
                quoted(text)
            );
            let hint = format!("leave the cell blank, or write {CLEAR} to empty the field");
            let finding = Finding::new(rule, Severity::Warning, message);
            findings.push(finding.about(Some(*field), *from).hint(hint));
        }
    }

    /// Appends the treatment of the fields that the vendor lacks.
    pub(super) fn findings(
        &self,
        cells: &Cells<'_>,
        entries: &[MappedField],
        manifest: &Manifest,
        findings: &mut Vec<Finding>,
    ) {
        let uses_status = self.uses_status(cells);
        let entries = entries.iter();
        let entries = entries.filter(|entry| !(uses_status && entry.field == Field::STATUS));
        findings.extend(entries.filter_map(|entry| self.finding(entry, manifest)));
    }

    /// Returns true if the status in a row tells whether the account is on, and is read for that.
    fn uses_status(&self, cells: &Cells<'_>) -> bool {
        let text = self.status.and_then(|column| cells.get(column));
        text.is_some_and(|text| switch(text.trim()).is_some())
    }

    /// The treatment of one field; `None` where it is carried, or another field's finding tells it.
    fn finding(&self, entry: &MappedField, manifest: &Manifest) -> Option<Finding> {
        let field = entry.field;
        let row = manifest.row(field);
        let drop_rule = match row.map(|row| row.access) {
            Some(Access::ReadOnly) => RuleId::READ_ONLY,
            _ => RuleId::NOT_SUPPORTED,
        };
        let name = field.name();
        let is_doubtful = |entry: &MappedField| {
            entry.to.contains(&Field::FIRST_NAME) && may_lack_given_name(&entry.from)
        };
        let (rule, severity, message) = match entry.mapping {
            // Left out, it would be made all the same, and be on.
            Mapping::Dropped { lost: true } if field == Field::ENABLED => (
                drop_rule,
                Severity::Error,
                would_be_on(&entry.from, &manifest.vendor.name),
            ),
            Mapping::Dropped { lost: true } => (
                drop_rule,
                Severity::Warning,
                format!("{name}: {}: the value is left out", entry.how),
            ),
            Mapping::Dropped { lost: false } => {
                (drop_rule, Severity::Info, format!("{name}: {}", entry.how))
            }
            Mapping::Translated if is_doubtful(entry) => (
                "comma",
                Severity::Warning,
                format!(
                    "{name}: two words stand before the comma, and what is behind it is taken for the given name"
                ),
            ),
            Mapping::Translated => {
                let to: Vec<&str> = entry.to.iter().map(|field| field.name()).collect();
                let message = match to.is_empty() || entry.to == [Field::NUMBER] {
                    true => format!("{name}: {}", entry.how),
                    false => format!("{name} becomes {}: {}", to.join(" and "), entry.how),
                };
                (RuleId::TRANSLATED, Severity::Info, message)
            }
            Mapping::Carried | Mapping::Missing(_) => return None,
        };
        let hint = match (severity, self.flags.get(&field)) {
            (Severity::Error, Some(flag)) => format!(
                "take the row out; where it is to be on all the same, {flag} leaves the column out"
            ),
            (Severity::Warning, _) if entry.mapping == Mapping::Translated => {
                "write surname, comma, given name, or give each a column of its own".to_owned()
            }
            (Severity::Warning, Some(flag)) => format!(
                "set it by hand on the PBX's own pages if they have it; {flag} leaves the column out"
            ),
            _ => String::new(),
        };
        let read = self.read.iter().find(|read| read.field == field);
        let source = row.map_or_else(String::new, |row| manifest.source_words(&row.source));
        let finding = Finding::new(RuleId::about(field, rule), severity, message);
        let column = read.and_then(|read| read.from);
        Some(finding.about(Some(field), column).hint(hint).source(source))
    }
}

/// The message about a row whose extension the vendor cannot switch off.
fn would_be_on(text: &str, vendor: &str) -> String {
    let row = match text {
        "off" => "the row has the extension switched off".to_owned(),
        other => format!(
            "{} does not tell whether the extension is on",
            quoted(other)
        ),
    };
    format!("{row}, and {vendor} has no field for it: the extension would be on")
}
