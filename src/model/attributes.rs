//! The vendor's own attributes of an extension, beyond the fields of the dictionary.

use super::Secret;
use std::collections::BTreeMap;

/// The vendor's own attributes of an extension, by the vendor's names: all that no field stands for, so that a deletion
/// can be undone whole. They are one text, because there may be a hundred and they are seldom looked at. Any of them may
/// be a secret, so none is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct VendorAttributes(Secret);

impl VendorAttributes {
    /// Packs attributes.
    pub fn new(pairs: &BTreeMap<String, String>) -> VendorAttributes {
        // Texts by their names always are JSON.
        VendorAttributes(serde_json::to_string(pairs).unwrap_or_default().into())
    }

    /// Unpacks them.
    pub fn pairs(&self) -> BTreeMap<String, String> {
        serde_json::from_str(self.0.reveal()).unwrap_or_default()
    }

    /// The attributes as texts that can be compared with those of another extension: each as it is, and with `{number}` in
    /// the place of the extension's own number.
    pub(crate) fn comparable(&self, number: &str) -> BTreeMap<String, [String; 2]> {
        let without_number = |item: &str| match item.split_once('@') {
            Some((own, place)) if own == number => format!("{{number}}@{place}"),
            None if item == number => "{number}".to_owned(),
            _ => item.to_owned(),
        };
        let texts = self.pairs().into_iter().map(|(name, text)| {
            let items: Vec<String> = text.split(',').map(without_number).collect();
            let alike = items.join(",");
            (name, [text, alike])
        });
        texts.collect()
    }

    /// The names of those that are not the same in both.
    pub(crate) fn differing(&self, other: &VendorAttributes) -> Vec<String> {
        let (own, others) = (self.pairs(), other.pairs());
        let names = own.keys().chain(others.keys());
        let mut names: Vec<String> = names
            .filter(|name| own.get(*name) != others.get(*name))
            .cloned()
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The packed text, to be sealed.
    pub(crate) fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// Takes over a packed text.
    pub(crate) fn packed(text: String) -> VendorAttributes {
        VendorAttributes(text.into())
    }
}
