//! The attributes without a field that new extensions have: what an extension of a run has otherwise, somebody else has set.

use crate::fingerprints::{FingerprintedRecord, attribute_marks, shown_marks};
use crate::manifest::Manifest;
use crate::model::Record;
use crate::seal::Key;
use std::collections::{BTreeMap, BTreeSet};

/// The fewest extensions of which most show what all new ones have.
const FEW: usize = 3;

/// The marks of what new extensions have beside their fields.
pub(super) struct NewAttributes<'k> {
    marks: BTreeSet<(String, String)>,
    except: &'k [String],
    key: &'k Key,
}

impl<'k> NewAttributes<'k> {
    /// By what a run has `read_back`; where nothing of it is kept, by what most of the extensions have that it `created`, as
    /// they are now.
    pub(super) fn from_run<'s>(
        manifest: &'k Manifest,
        read_back: impl Iterator<Item = &'s FingerprintedRecord>,
        created: &[&Record],
        key: &'k Key,
    ) -> NewAttributes<'k> {
        let except = manifest.vendor.own_of_each.as_slice();
        let kept = read_back.flat_map(shown_marks);
        let kept = kept.map(|(name, mark)| (name.to_owned(), mark.to_owned()));
        let mut marks: BTreeSet<(String, String)> = kept.collect();
        if marks.is_empty() && created.len() >= FEW {
            let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
            for record in created {
                for mark in attribute_marks(record, except, key) {
                    *times.entry(mark).or_default() += 1;
                }
            }
            let most = times.into_iter();
            let most = most.filter(|(_, times)| times * 2 > created.len());
            marks = most.map(|(mark, _)| mark).collect();
        }
        NewAttributes { marks, except, key }
    }

    /// The names of the attributes that an extension has and no new one.
    pub(super) fn added_attributes(&self, now: &Record) -> Vec<String> {
        if self.marks.is_empty() {
            return vec![];
        }
        let current = attribute_marks(now, self.except, self.key).into_iter();
        let strange = current.filter(|mark| !self.marks.contains(mark));
        strange.map(|(name, _)| name).collect()
    }
}
