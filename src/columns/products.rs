//! Other products' sheets, as those export or import them: the marks by which they are recognised, the meaning of their
//! columns, and the meaning of their cells. The facts are in `products.toml`.

use super::values::Cell;
use crate::model::{Field, heading_key};
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
    /// Sets of headings; one whole set shows that the sheet is this product's.
    #[serde(default)]
    marks: Vec<Vec<String>>,
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
    /// All that is looked up, by its key.
    #[serde(skip)]
    index: OnceLock<Index>,
}

/// The tables for looking up headings of a product, by their keys.
#[derive(Debug, Default)]
struct Index {
    read: HashMap<String, String>,
    left_out: HashSet<String>,
    beginnings: Vec<String>,
    marks: Vec<Vec<String>>,
    never: Vec<String>,
}

/// A product's meaning of one heading.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    /// It is read so.
    Read(&'static Cell),
    /// No field has this meaning.
    LeftOut,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Products {
    product: Vec<Product>,
}

/// All of them.
pub fn products() -> &'static [Product] {
    static PRODUCTS: OnceLock<Products> = OnceLock::new();
    // A test ensures that the file is right.
    let parse = || toml::from_str(include_str!("products.toml")).unwrap_or_default();
    &PRODUCTS.get_or_init(parse).product
}

/// The product of an id.
pub(super) fn product(id: &str) -> Option<&'static Product> {
    products()
        .iter()
        .find(|product| product.id.eq_ignore_ascii_case(id))
}

impl Product {
    /// Returns true if its words are those of the vendor of its id.
    pub fn is_vendor(&self) -> bool {
        self.vendor
    }

    /// Looks up a heading; `None` where the product does not know it.
    pub(super) fn word(&'static self, heading: &str) -> Option<Word> {
        self.word_of(&heading_key(heading))
    }

    /// Looks up a heading by its key.
    pub(super) fn word_of(&'static self, key: &str) -> Option<Word> {
        let index = self.index();
        if let Some(cell) = index.read.get(key).and_then(|known| self.read.get(known)) {
            return Some(Word::Read(cell));
        }
        let begins = |known: &String| key.starts_with(known);
        let is_left_out = index.left_out.contains(key) || index.beginnings.iter().any(begins);
        is_left_out.then_some(Word::LeftOut)
    }

    fn index(&self) -> &Index {
        let keys = |headings: &[String]| {
            headings
                .iter()
                .map(|heading| heading_key(heading))
                .collect()
        };
        self.index.get_or_init(|| {
            let beginnings = self
                .left_out
                .iter()
                .filter_map(|heading| heading.strip_suffix('*'));
            Index {
                read: self
                    .read
                    .keys()
                    .map(|heading| (heading_key(heading), heading.clone()))
                    .collect(),
                left_out: self
                    .left_out
                    .iter()
                    .map(|heading| heading_key(heading))
                    .collect(),
                beginnings: beginnings.map(heading_key).collect(),
                marks: self.marks.iter().map(|set| keys(set)).collect(),
                never: keys(&self.never),
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
        self.marks.iter().take(1).flatten().map(String::as_str)
    }

    /// Counts the headings whose cells are translated.
    pub fn translated(&self) -> usize {
        let plain = |cell: &&Cell| matches!(cell, Cell::Plain(_));
        self.read.len() - self.read.values().filter(plain).count()
    }

    /// The headings without a field; one that ends in `*` matches all that begin with it.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        self.left_out.iter().map(String::as_str)
    }

    /// The headings that identify the sheet's owner, as the product writes them; `None` where they do not.
    fn evidence(&self, headings: &HashSet<String>) -> Option<&[String]> {
        let index = self.index();
        if index.never.iter().any(|key| headings.contains(key)) {
            return None;
        }
        let is_there = |set: &Vec<String>| set.iter().all(|key| headings.contains(key));
        let at = index.marks.iter().position(is_there)?;
        self.marks.get(at).map(Vec::as_slice)
    }
}

/// The owner of a sheet, by its headings.
pub(super) enum Recognised {
    /// A sheet of no known vendor or product.
    Nobody,
    /// This product's, by these headings.
    One(&'static Product, &'static [String]),
    /// Several products', and the headings that would distinguish them are missing.
    Several(Vec<&'static Product>),
}

/// Finds the sheet's owner. Where other products know more of its headings, one of theirs may have been put into it:
/// then the owner is not certain.
///
/// `telling` are the keys of the headings that are not in sheets of all kinds; `vendors_own` counts those of them that
/// are a vendor's own names, by its id.
pub(super) fn recognise(
    headings: &[String],
    telling: &[String],
    vendors_own: impl Fn(&str) -> usize,
) -> Recognised {
    let keys: HashSet<String> = headings
        .iter()
        .map(|heading| heading_key(heading))
        .collect();
    let knows = |product: &'static Product| {
        telling
            .iter()
            .filter(|key| product.word_of(key).is_some())
            .count()
    };
    let marked = products().iter().filter_map(|product| {
        let evidence = product.evidence(&keys)?;
        let known = match product.vendor {
            true => vendors_own(&product.id),
            false => knows(product),
        };
        Some((known, product, evidence))
    });
    let marked: Vec<_> = marked.collect();
    let Some(most) = marked.iter().map(|(known, ..)| *known).max() else {
        return Recognised::Nobody;
    };
    let best: Vec<_> = marked.iter().filter(|(known, ..)| *known == most).collect();
    let rivals: Vec<_> = products()
        .iter()
        .filter(|product| knows(product) > most)
        .collect();
    match (best.as_slice(), rivals.as_slice()) {
        ([(_, product, evidence)], []) => Recognised::One(product, evidence),
        (best, _) => Recognised::Several(
            best.iter()
                .map(|(_, product, _)| *product)
                .chain(rivals)
                .collect(),
        ),
    }
}
