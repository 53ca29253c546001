//! The settings that a PBX gives to new extensions of which they are not sent, as a run reads them back.

use super::panics::lock;
use crate::manifest::{Access, Manifest};
use crate::model::{Field, Kind, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// The settings of the extensions that a run created and read back, where their rows left them out.
#[derive(Default)]
pub(super) struct UsualSettings(Mutex<BTreeMap<Field, BTreeSet<String>>>);

impl UsualSettings {
    /// Takes in an extension that was created as `wanted`, and reads like `left`.
    pub(super) fn note(&self, manifest: &Manifest, wanted: &Record, left: &Record) {
        let mut usual = lock(&self.0);
        for field in settings(manifest, wanted) {
            let text = left.text(field).unwrap_or_default();
            usual.entry(field).or_default().insert(text.to_owned());
        }
    }

    /// The settings that a row left out, and that no extension of this run has like the one that is `held`.
    pub(super) fn unlike(&self, manifest: &Manifest, wanted: &Record, held: &Record) -> Vec<Field> {
        let usual = lock(&self.0);
        let is_unlike = |field: &Field| {
            let text = held.text(*field).unwrap_or_default();
            usual.get(field).is_some_and(|texts| !texts.contains(text))
        };
        settings(manifest, wanted).filter(is_unlike).collect()
    }
}

/// The fields that a row leaves out, of kinds that are the same for all new extensions.
fn settings(manifest: &Manifest, wanted: &Record) -> impl Iterator<Item = Field> {
    let rows = manifest.field.iter().filter(|row| {
        let kind = row.name.def().kind;
        let is_setting = matches!(kind, Kind::Switch | Kind::Choice | Kind::Count | Kind::Time);
        is_setting
            && row.access == Access::ReadWrite
            && !row.name.is_live()
            && wanted.get(row.name).is_none()
    });
    rows.map(|row| row.name)
}
