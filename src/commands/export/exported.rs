//! The lines about an export that was written.

use crate::export::NotExported;
use crate::model::{Field, counted};
use crate::rim::Target;
use crate::rim::terminal::print;

/// Says how many records were exported, and which records and values were not.
pub(super) fn print_exported(target: &Target, exported: u64, left_out: &NotExported) {
    let NotExported { gone, values } = left_out;
    print(format!(
        "{}: {}",
        target.label,
        counted(exported, target.noun())
    ));
    if !gone.is_empty() {
        print(format!(
            "{}: not in the export: the PBX lists them, and did not show them when they were read: {}",
            target.label,
            gone.join(", ")
        ));
    }
    if !values.is_empty() {
        let named = |(number, field): &(String, Field)| format!("{number} {}", field.name());
        let named: Vec<String> = values.iter().map(named).collect();
        print(format!(
            "{}: left out, for an import would refuse what stands there on the PBX: {}",
            target.label,
            named.join(", ")
        ));
    }
}
