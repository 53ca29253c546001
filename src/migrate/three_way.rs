//! Migrations that are run again: they write the changes on the one PBX since the last run, and never over changes made
//! by hand on the other.

use super::base::Agreed;
use crate::compare::{differing, is_unset, parts_of_others};
use crate::manifest::{Access, Manifest};
use crate::mapping::MappedRecord;
use crate::model::{Field, Kind, Record, TO_GENERATE};
use crate::seal::Key;

/// The step to take for one extension.
#[derive(Debug, Clone, PartialEq)]
pub enum MergeStep {
    /// It is to be made.
    Create,
    /// These fields are to be written.
    Update {
        /// Number and fields.
        wanted: Record,
        /// Fields that were changed there by hand, and stay.
        kept: Vec<Field>,
    },
    /// No change is needed.
    Unchanged {
        /// Fields that were changed there by hand, and stay.
        kept: Vec<Field>,
    },
    /// It is there already and differs in these fields, and no earlier run knows of it.
    Differs(Vec<Field>),
    /// These fields were changed on both PBXes, and not to the same.
    Both(Vec<Field>),
    /// It is there, and uses these parts of others: nobody overwrites it.
    UsesOthers(String),
    /// An earlier run made it, and it is gone since.
    Gone,
}

impl MergeStep {
    /// The fields that were changed on the other PBX by hand, and stay.
    pub(crate) fn kept(&self) -> &[Field] {
        match self {
            MergeStep::Update { kept, .. } | MergeStep::Unchanged { kept } => kept,
            _ => &[],
        }
    }
}

/// Chooses the step for an extension from the record on the other PBX and the agreement of the last run.
pub fn merge_step(
    manifest: &Manifest,
    mapped: &MappedRecord,
    current: Option<&Record>,
    agreed: Option<&Agreed>,
    overwrite: bool,
    key: &Key,
) -> MergeStep {
    let agreed = agreed.filter(|agreed| !agreed.pending);
    let Some(current) = current else {
        return match agreed {
            Some(_) if !overwrite => MergeStep::Gone,
            _ => MergeStep::Create,
        };
    };
    if let Some(parts) = parts_of_others(current) {
        return MergeStep::UsesOthers(parts.to_owned());
    }
    let mut wanted = mapped.wanted.clone();
    for (field, text) in mapped.wanted.iter() {
        // Made up when the extension was made, and left alone from then on.
        if text == TO_GENERATE {
            wanted.remove(field);
        }
    }
    let Some(agreed) = agreed else {
        let beside = beside(manifest, mapped, current);
        return first_meeting(manifest, &wanted, current, beside, overwrite);
    };
    for field in mapped.emptied(manifest) {
        if agreed.has_value(field) {
            wanted.set(field, "");
        }
    }
    let number = mapped.wanted.number();
    let mut write = Record::numbered(number);
    let (mut kept, mut both) = (vec![], vec![]);
    if overwrite {
        let free = |field: &Field| wanted.get(*field).is_none();
        kept.extend(beside(manifest, mapped, current).into_iter().filter(free));
    }
    for (field, text) in wanted.iter().filter(|(field, _)| *field != Field::NUMBER) {
        let Some(row) = manifest
            .row(field)
            .filter(|row| row.access != Access::ReadOnly)
        else {
            continue;
        };
        let moved_here = !agreed.is(number, field, text, key);
        if row.is_unread(current) {
            if moved_here {
                write.set(field, text);
            }
            continue;
        }
        let mut alone = Record::default();
        alone.set(field, text);
        if differing(manifest, &alone, current).is_empty() {
            continue;
        }
        let now = current.get(field).unwrap_or_default();
        let moved_there = match field.def().kind {
            // Items that others added to a list do no harm.
            Kind::List => !agreed.is_within(field, now.open().unwrap_or_default()),
            _ => !agreed.is(number, field, now, key),
        };
        match (moved_here, moved_there) {
            _ if overwrite => write.set(field, text),
            (true, true) => both.push(field),
            (true, false) => write.set(field, text),
            (false, _) => kept.push(field),
        }
    }
    if !both.is_empty() {
        return MergeStep::Both(both);
    }
    match write.iter().count() {
        1 => MergeStep::Unchanged { kept },
        _ => MergeStep::Update {
            wanted: write,
            kept,
        },
    }
}

/// The fields that have a value there and none on the first PBX, which could say it: they are told, and never emptied.
fn beside(manifest: &Manifest, mapped: &MappedRecord, current: &Record) -> Vec<Field> {
    let has = |field: &Field| !field.is_live() && !is_unset(current, *field);
    mapped.emptied(manifest).filter(has).collect()
}

/// Chooses the step for an extension that is there already and that no earlier run knows of. What only it has stays.
fn first_meeting(
    manifest: &Manifest,
    wanted: &Record,
    current: &Record,
    kept: Vec<Field>,
    overwrite: bool,
) -> MergeStep {
    let mut fields = differing(manifest, wanted, current);
    if overwrite {
        let untold = manifest.untold(current);
        fields.extend(untold.filter(|field| wanted.get(*field).is_some()));
    }
    if fields.is_empty() {
        return MergeStep::Unchanged { kept };
    }
    if !overwrite {
        return MergeStep::Differs(fields);
    }
    let mut write = Record::numbered(wanted.number());
    for field in fields {
        write.set(field, wanted.get(field).unwrap_or_default());
    }
    MergeStep::Update {
        wanted: write,
        kept,
    }
}
