//! Other products' sheets, as those export or import them: the marks by which they are recognised, the meaning of their
//! columns, and the meaning of their cells. The facts are in `products.toml`.

use super::dictionary::dictionary;
use super::values::{Cell, same_value};
use crate::model::{Field, heading_key, is_heading_like, same_word};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

/// A product whose sheets are read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name for `--headings`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The page with the headings.
    pub source: String,
    /// The day on which the page was read.
    pub checked: String,
    /// The part of it that the page does not print.
    #[serde(default)]
    pub inferred: String,
    /// Sets of headings; one whole set shows that the sheet is this product's, whatever else it has.
    #[serde(default)]
    marks: Vec<Vec<String>>,
    /// Sets that show it where no other heading speaks against it.
    #[serde(default)]
    hints: Vec<Vec<String>>,
    /// Headings that this product never has.
    #[serde(default)]
    never: Vec<String>,
    /// True if its headings are the own names of the vendor of the same id, from that vendor's `vendor.toml`.
    #[serde(default)]
    vendor: bool,
    /// The meaning of each heading.
    #[serde(default)]
    read: BTreeMap<String, Cell>,
    /// Headings without a field; one that ends in `*` matches all that begin with it.
    #[serde(default)]
    left_out: Vec<String>,
    /// Headings without a field whose cells belong to a person, each with the texts that mean nothing beside a blank, in
    /// which `{number}` is the extension's; one that ends in `*` matches all that begin with it.
    #[serde(default)]
    personal: BTreeMap<String, Vec<String>>,
    /// Forwards go to numbers alone: no column names the kind of destination.
    #[serde(default)]
    forward_by_number: bool,
    /// The heading of a list whose commas are not in quotes, so that its items stand in the cells behind it.
    #[serde(default)]
    parted_list: String,
    /// All that is looked up, by its key.
    #[serde(skip)]
    index: OnceLock<ProductIndex>,
}

/// The tables for looking up headings of a product, by their keys.
#[derive(Debug, Default)]
struct ProductIndex {
    read: HashMap<String, String>,
    left_out: HashSet<String>,
    beginnings: Vec<String>,
    never: Vec<String>,
}

/// A product's meaning of one heading.
#[derive(Debug, Clone, Copy)]
pub(super) enum ProductWord {
    /// It is read so.
    Read(&'static Cell),
    /// No field has this meaning.
    LeftOut,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Products {
    product: Vec<Product>,
}

/// All of them.
pub fn products() -> &'static [Product] {
    static PRODUCTS: OnceLock<Products> = OnceLock::new();
    &PRODUCTS.get_or_init(compiled_in).product
}

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program, and tests read it"
)]
fn compiled_in() -> Products {
    toml::from_str(include_str!("products.toml")).expect("products.toml can be read")
}

/// The product of an id.
pub fn product(id: &str) -> Option<&'static Product> {
    products()
        .iter()
        .find(|product| product.id.eq_ignore_ascii_case(id))
}

impl Product {
    /// Returns true if its words are those of the vendor of its id.
    pub fn is_vendor(&self) -> bool {
        self.vendor
    }

    /// Returns true where forwards go to numbers alone: no column names the kind of destination.
    pub(super) fn forward_by_number(&self) -> bool {
        self.forward_by_number
    }

    /// Returns true for the heading of a list whose commas part it into further cells.
    pub(super) fn parts_list(&self, heading: &str) -> bool {
        !self.parted_list.is_empty() && same_word(&self.parted_list, heading)
    }

    /// Looks up a heading; `None` where the product does not know it.
    pub(super) fn word(&'static self, heading: &str) -> Option<ProductWord> {
        self.word_of(&heading_key(heading))
    }

    /// Returns true if the product writes one of its headings so; people write `Voicemail email` where FreePBX writes
    /// `voicemail_email`.
    pub(super) fn spells(&self, heading: &str) -> bool {
        let own = heading.trim();
        let is_so = |known: &str| match known.strip_suffix('*') {
            Some(beginning) => own.starts_with(beginning),
            None => known == own,
        };
        self.read.keys().any(|known| is_so(known)) || self.left_out().any(is_so)
    }

    /// Weighs the evidence of headings for this product: those that are in sheets of all kinds count nothing, and those that
    /// it reads count twice.
    pub(super) fn weight<'h>(&'static self, headings: impl Iterator<Item = &'h String>) -> usize {
        let distinctive = headings.filter(|heading| !dictionary().is_anybodys(heading));
        let weights = distinctive.map(|heading| match self.word(heading) {
            Some(ProductWord::Read(_)) => 2,
            Some(ProductWord::LeftOut) => 1,
            None => 0,
        });
        weights.sum()
    }

    /// Looks up a heading by its key.
    pub(super) fn word_of(&'static self, key: &str) -> Option<ProductWord> {
        let index = self.index();
        if let Some(cell) = index.read.get(key).and_then(|known| self.read.get(known)) {
            return Some(ProductWord::Read(cell));
        }
        let is_left_out = index.left_out.contains(key) || self.begins(key);
        is_left_out.then_some(ProductWord::LeftOut)
    }

    /// The texts that mean nothing under a heading without a field; `None` where no cell there belongs to a person.
    pub(super) fn idle_texts(&'static self, heading: &str) -> Option<&'static [String]> {
        // A whole heading stands behind a beginning with a star.
        let mut personal = self.personal.iter();
        let (_, idle) = personal.rfind(|(known, _)| is_heading_like(heading, known))?;
        Some(idle)
    }

    /// Returns true if a text under a heading without a field belongs to one person.
    pub(crate) fn is_persons(&'static self, heading: &str, text: &str) -> bool {
        let text = text.trim();
        let is_own = |idle: &[String]| !idle.iter().any(|idle| same_value(idle, text));
        !text.is_empty() && self.idle_texts(heading).is_some_and(is_own)
    }

    /// Returns true if the key of a heading begins as headings of the product do that it leaves out.
    pub(super) fn begins(&self, key: &str) -> bool {
        let mut beginnings = self.index().beginnings.iter();
        beginnings.any(|beginning| key.starts_with(beginning))
    }

    /// The keys of the headings that it knows whole, each with its meaning.
    pub(super) fn words(&'static self) -> impl Iterator<Item = (&'static str, ProductWord)> {
        let index = self.index();
        let read = index.read.iter();
        let read = read.filter_map(|(key, heading)| {
            Some((key.as_str(), ProductWord::Read(self.read.get(heading)?)))
        });
        let left_out = index.left_out.iter();
        read.chain(left_out.map(|key| (key.as_str(), ProductWord::LeftOut)))
    }

    fn index(&self) -> &ProductIndex {
        self.index.get_or_init(|| {
            let beginnings = self
                .left_out()
                .filter_map(|heading| heading.strip_suffix('*'));
            ProductIndex {
                read: self
                    .read
                    .keys()
                    .map(|heading| (heading_key(heading), heading.clone()))
                    .collect(),
                left_out: self.left_out().map(heading_key).collect(),
                beginnings: beginnings.map(heading_key).collect(),
                never: self
                    .never
                    .iter()
                    .map(|heading| heading_key(heading))
                    .collect(),
            }
        })
    }

    /// The headings that it reads, and the fields that they fill.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Vec<Field>)> {
        self.read
            .iter()
            .map(|(heading, cell)| (heading.as_str(), cell.fields()))
    }

    /// The first set of headings that make a sheet this product's.
    pub fn marks(&self) -> impl Iterator<Item = &str> {
        let sets = self.marks.iter().chain(&self.hints);
        sets.take(1).flatten().map(String::as_str)
    }

    /// Counts the headings whose cells are translated.
    pub fn translated(&self) -> usize {
        let plain = |cell: &&Cell| matches!(cell, Cell::Plain(_));
        self.read.len() - self.read.values().filter(plain).count()
    }

    /// The headings without a field; one that ends in `*` matches all that begin with it.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        let personal = self.personal.keys();
        self.left_out.iter().chain(personal).map(String::as_str)
    }

    /// Returns true if some heading is one that this product never has.
    fn is_ruled_out(&'static self, headings: &HashSet<String>) -> bool {
        let mut never = self.index().never.iter();
        never.any(|key| headings.iter().any(|heading| same_word(heading, key)))
    }

    /// The headings that identify the sheet's owner, as the product writes them, whatever rules it out; `None` where they
    /// do not.
    fn evidence(&'static self, headings: &HashSet<String>) -> Option<ProductEvidence> {
        let is_there = |set: &&Vec<String>| {
            set.iter()
                .all(|heading| headings.contains(&spelling(heading)))
        };
        let find = |sets: &'static [Vec<String>], is_certain| {
            let headings = sets.iter().find(is_there)?;
            Some(ProductEvidence {
                headings,
                is_certain,
            })
        };
        find(&self.marks, true).or_else(|| find(&self.hints, false))
    }
}

/// The headings that identify a sheet's owner.
#[derive(Clone, Copy)]
pub(super) struct ProductEvidence {
    pub(super) headings: &'static [String],
    /// True if they are enough, whatever else the sheet has.
    pub(super) is_certain: bool,
}

/// A heading as a machine writes it: people write `Outbound CID` where FreePBX writes `outboundcid`.
fn spelling(heading: &str) -> String {
    heading.trim().to_lowercase()
}

/// The owner of a sheet, by its headings.
pub(super) enum Recognised {
    /// A sheet of no known vendor or product.
    Nobody,
    /// This product's, by these headings.
    One(&'static Product, ProductEvidence),
    /// Several products', and the headings that would distinguish them are missing.
    Several(Vec<&'static Product>),
}

/// Finds the sheet's owner. Where other products know more of its headings, one of theirs may have been put into it:
/// then the owner is not certain.
///
/// `distinctive` are the keys of the headings that are not in sheets of all kinds; `vendors_own` counts those of them that
/// are a vendor's own names, by its id.
pub(super) fn recognise(
    headings: &[String],
    distinctive: &[String],
    vendors_own: impl Fn(&str) -> usize,
) -> Recognised {
    let written: HashSet<String> = headings.iter().map(|heading| spelling(heading)).collect();
    let knows = |product: &'static Product| {
        distinctive
            .iter()
            .filter(|key| product.word_of(key).is_some())
            .count()
    };
    let (ruled_out, possible): (Vec<_>, Vec<_>) =
        (products().iter()).partition(|product| product.is_ruled_out(&written));
    let marked = possible.into_iter().filter_map(|product| {
        let evidence = product.evidence(&written)?;
        let known = match product.vendor {
            true => vendors_own(&product.id),
            false => knows(product),
        };
        Some((known, product, evidence))
    });
    let marked: Vec<_> = marked.collect();
    let Some(most) = marked.iter().map(|(known, ..)| *known).max() else {
        // A heading of one version in a sheet of another.
        let is_marked = |product: &&Product| {
            let mut marks = product.marks.iter();
            marks.any(|set| {
                set.iter()
                    .all(|heading| written.contains(&spelling(heading)))
            })
        };
        let contradicted: Vec<_> = ruled_out.into_iter().filter(is_marked).collect();
        return match contradicted.is_empty() {
            true => Recognised::Nobody,
            false => Recognised::Several(contradicted),
        };
    };
    let best: Vec<_> = marked.iter().filter(|(known, ..)| *known == most).collect();
    // As many headings of another product, some of which the best one does not know, are as good as its mark.
    let is_strange = |product: &'static Product, key: &String| {
        let of_best = best.iter().any(|(_, best, _)| best.word_of(key).is_some());
        !of_best && product.word_of(key).is_some()
    };
    let is_rival = |product: &&'static Product| {
        let known = knows(product);
        known > most
            || known == most
                && best.iter().all(|(_, best, _)| !best.vendor)
                && distinctive.iter().any(|key| is_strange(product, key))
    };
    let rivals: Vec<_> = products().iter().filter(is_rival).collect();
    match (best.as_slice(), rivals.as_slice()) {
        ([(_, product, evidence)], []) => Recognised::One(product, *evidence),
        (best, _) => Recognised::Several(
            best.iter()
                .map(|(_, product, _)| *product)
                .chain(rivals)
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dictionary::dictionary;
    use super::*;

    #[test]
    fn a_mark_is_a_heading_of_nobody_else_or_several_that_nobody_has_together() {
        for product in products() {
            assert!(!product.marks.is_empty(), "{}", product.id);
            for set in &product.marks {
                let others = products().iter().filter(|other| other.id != product.id);
                // Older and newer versions of one product may share headings of the same meaning.
                let fields = |of: &'static Product, heading: &String| match of.word(heading) {
                    Some(ProductWord::Read(cell)) => Some(cell.fields()),
                    Some(ProductWord::LeftOut) => Some(vec![]),
                    None => None,
                };
                let knows_all = |other: &&'static Product| {
                    let known = set.iter().all(|heading| other.word(heading).is_some());
                    let differs = |heading| fields(other, heading) != fields(product, heading);
                    known && (product.vendor || set.iter().any(differs))
                };
                let rules_out = |product: &Product, set: &[String]| {
                    let mut never = product.never.iter();
                    never.any(|never| set.iter().any(|heading| same_word(never, heading)))
                };
                let rivals: Vec<&str> = others
                    .filter(knows_all)
                    .filter(|other| !rules_out(other, set))
                    .map(|other| other.id.as_str())
                    .collect();
                assert!(
                    rivals.is_empty(),
                    "{}: {set:?} are {rivals:?}'s too",
                    product.id
                );
                // A heading in sheets of all kinds is no evidence, unless it is spelt as machines do.
                let odd = set
                    .iter()
                    .filter(|heading| !dictionary().is_written(heading))
                    .count();
                let nobodys = set
                    .iter()
                    .filter(|heading| !dictionary().is_anybodys(heading));
                assert!(
                    // A vendor's sheet is read by common words as well.
                    product.vendor || nobodys.count() > 0 || odd > 1,
                    "{}: {set:?} may be in anybody's sheet",
                    product.id
                );
            }
        }
    }
}
