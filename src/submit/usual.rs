//! The settings that a PBX gives to new extensions of which they are not sent, as a run reads them back, and what they have
//! beside their fields.

use super::panics::lock;
use crate::manifest::{Access, Manifest};
use crate::model::{Field, Kind, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// The settings of the extensions that a run created and read back, where their rows left them out.
#[derive(Default)]
pub(super) struct UsualSettings {
    settings: Mutex<BTreeMap<Field, BTreeSet<String>>>,
    /// The texts of the vendor's own attributes, by their names.
    attributes: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

impl UsualSettings {
    /// Takes in an extension that was created as `wanted`, and reads like `left`.
    pub(super) fn note(&self, manifest: &Manifest, wanted: &Record, left: &Record) {
        let mut usual = lock(&self.settings);
        for field in settings(manifest, wanted) {
            let text = left.text(field).unwrap_or_default();
            usual.entry(field).or_default().insert(text.to_owned());
        }
    }

    /// Takes in what an extension has beside its fields that was certainly left so by its creation.
    pub(super) fn note_attributes(&self, manifest: &Manifest, left: &Record) {
        let mut usual = lock(&self.attributes);
        for (name, texts) in attributes(manifest, left) {
            usual.entry(name).or_default().extend(texts);
        }
    }

    /// The names of attributes that no extension of this run has like the one that is `current`.
    pub(super) fn unusual_attributes(&self, manifest: &Manifest, current: &Record) -> Vec<String> {
        let usual = lock(&self.attributes);
        if usual.is_empty() {
            return vec![];
        }
        let is_usual = |name: &String, texts: &[String; 2]| {
            let known = usual.get(name);
            known.is_some_and(|known| texts.iter().any(|text| known.contains(text)))
        };
        let current = attributes(manifest, current);
        let strange = current.filter(|(name, texts)| !is_usual(name, texts));
        strange.map(|(name, _)| name).collect()
    }

    /// The settings that a row left out, and that no extension of this run has like the one that is `current`.
    pub(super) fn unusual_settings(
        &self,
        manifest: &Manifest,
        wanted: &Record,
        current: &Record,
    ) -> Vec<Field> {
        let usual = lock(&self.settings);
        let is_unlike = |field: &Field| {
            let text = current.text(*field).unwrap_or_default();
            usual.get(field).is_some_and(|texts| !texts.contains(text))
        };
        settings(manifest, wanted).filter(is_unlike).collect()
    }
}

/// The attributes of an extension, each in both ways in which it can be compared with another extension's.
fn attributes(
    manifest: &Manifest,
    current: &Record,
) -> impl Iterator<Item = (String, [String; 2])> {
    let attributes = current.attributes();
    let comparable = attributes.map(|attributes| attributes.comparable(current.number()));
    let all = comparable.into_iter().flatten();
    all.filter(|(name, _)| !manifest.vendor.own_of_each.contains(name))
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
