//! The columns of a sheet that the vendor has no field for: joined, split, translated or left out as in a migration.

use super::record::{ReadField, record};
use crate::manifest::{Access, Manifest, SWITCH_DEMAND, SWITCH_HINT, switch};
use crate::mapping::{
    MappedField, MappedRecord, Mapping, made_fields, map_row, may_lack_given_name,
};
use crate::model::redact::quoted;
use crate::model::{Field, Finding, Forward, Kind, RuleId, Severity, TO_GENERATE};
use crate::sheet::{CLEAR, Cells, GENERATE, Stored, escaped, is_placeholder};
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
    /// The switches among the sheet's own fields that the vendor lacks and that decide on other fields.
    pub(super) switches: Vec<ReadField>,
    /// The column of a status that is read for the account's being on too.
    pub(super) status: Option<usize>,
}

/// The switches among some fields that a vendor lacks and that decide on fields which are made of them.
pub(super) fn deciding_switches(
    read: &[ReadField],
    made: &[Field],
    manifest: &Manifest,
) -> Vec<ReadField> {
    let decides = |field: Field| match Forward::of_field(field) {
        Some(forward) => forward.fields().any(|part| made.contains(&part)),
        None => field == Field::VOICEMAIL && made.contains(&Field::VOICEMAIL_PIN),
    };
    let is_one = |read: &&ReadField| {
        read.field.def().kind == Kind::Switch && !manifest.takes(read.field) && decides(read.field)
    };
    read.iter().filter(is_one).copied().collect()
}

impl Lacking {
    /// Maps a row; the cells are all those of the sheet.
    pub(super) fn map(&self, cells: &Cells<'_>, manifest: &Manifest) -> MappedRecord {
        map_row(&self.fields, manifest, &record(&self.read, cells, manifest))
    }

    /// The fields that are made of cells with a list of several values.
    pub(super) fn made_of_lists(&self, cells: &Cells<'_>, manifest: &Manifest) -> BTreeSet<Field> {
        let is_list = |read: &&ReadField| cells.stored(read.column) == Stored::List;
        let lacks = |read: &&ReadField| !manifest.takes(read.field);
        let lists = self.read.iter().filter(is_list).filter(lacks);
        lists
            .flat_map(|read| made_fields(&BTreeSet::from([read.field]), manifest).into_keys())
            .collect()
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

    /// Appends an error for each cell of a switch that the vendor lacks and that decides on other fields, where it is
    /// neither on nor off.
    pub(super) fn no_switches(&self, cells: &Cells<'_>, findings: &mut Vec<Finding>) {
        for read in &self.switches {
            let text = cells.get(read.column).unwrap_or_default().trim();
            let says = text.is_empty() || text == CLEAR || is_placeholder(text);
            if says || switch(text).is_some() {
                continue;
            }
            let message = format!("{} {} {SWITCH_DEMAND}", read.field.name(), quoted(text));
            let rule = RuleId::about(read.field, "switch");
            let finding = Finding::new(rule, Severity::Error, message);
            findings.push(finding.about(Some(read.field), read.from).hint(SWITCH_HINT));
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
