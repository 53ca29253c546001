//! The headings of fields in the sheets of a run.

use super::named::sheet_name;
use crate::model::{Field, Place};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The headings of fields, by sheet and field name. Known without the sheets too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldHeadings(pub(crate) BTreeMap<String, BTreeMap<String, String>>);

impl FieldHeadings {
    /// The heading of a field in the sheet of a place; empty where it has none.
    pub(crate) fn heading(&self, place: Option<&Place>, field: Option<Field>) -> String {
        let heading = || self.0.get(&sheet_key(place?))?.get(field?.name());
        heading().cloned().unwrap_or_default()
    }
}

pub(crate) fn sheet_key(place: &Place) -> String {
    sheet_name(&place.file, place.sheet.as_deref())
}
