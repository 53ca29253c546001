//! The owner of a sheet's headings: the vendor or product whose words they are.

use super::dictionary::{Common, dictionary};
use super::options::{BindOptions, NamedOwner};
use super::products::{Product, ProductWord, Recognised, recognise};
use super::questions::Question;
use crate::manifest::Manifest;
use crate::model::{Field, heading_key, same_word};

/// The words that are used beside rowcall's own and common ones.
pub(super) enum OwnerWords<'m> {
    /// The vendor's that the sheet goes to; it is not known to be written for it.
    Target(&'m Manifest),
    /// The words of this vendor, who owns the sheet.
    Vendor(&'m Manifest),
    /// The words of this product, which owns the sheet.
    Product(&'static Product),
}

/// The owner of a sheet.
pub(super) struct Owner<'m> {
    pub(super) words: OwnerWords<'m>,
    /// The headings that identify it, where the user has not named it.
    pub(super) evidence: Option<String>,
}

impl<'m> Owner<'m> {
    /// A sheet whose owner is not known: it is read by the words of the vendor that it goes to.
    pub(super) fn unknown(target: &'m Manifest) -> Owner<'m> {
        Owner {
            words: OwnerWords::Target(target),
            evidence: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        match &self.words {
            OwnerWords::Target(manifest) | OwnerWords::Vendor(manifest) => &manifest.vendor.name,
            OwnerWords::Product(product) => &product.name,
        }
    }

    /// Returns true if the sheet is known to be written for a vendor or product.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self.words, OwnerWords::Target(_))
    }

    /// Returns true if the sheet is this vendor's, or nobody's and goes to it.
    pub(super) fn is_vendor(&self, target: &Manifest) -> bool {
        match self.words {
            OwnerWords::Target(_) => true,
            OwnerWords::Vendor(vendor) => vendor.vendor.id == target.vendor.id,
            OwnerWords::Product(_) => false,
        }
    }
}

/// Finds the sheet's owner, or the question to ask.
pub(super) fn owner<'m>(
    headings: &[String],
    target: &'m Manifest,
    vendors: &[&'m Manifest],
    options: &BindOptions,
) -> Result<Owner<'m>, Question> {
    let vendor = |id: &str| {
        let mut all = std::iter::once(target).chain(vendors.iter().copied());
        all.find(|vendor| vendor.vendor.id == id)
    };
    let words = |product: &'static Product| match (product.is_vendor(), vendor(&product.id)) {
        (true, Some(vendor)) => OwnerWords::Vendor(vendor),
        (true, None) => OwnerWords::Target(target),
        (false, _) => OwnerWords::Product(product),
    };
    if let Some(named) = options.headings {
        let words = match named {
            NamedOwner::Nobody => OwnerWords::Target(target),
            // A sheet of groups has the words of the vendor's groups.
            NamedOwner::Vendor(named) if named.vendor.id == target.vendor.id => {
                OwnerWords::Vendor(target)
            }
            NamedOwner::Vendor(named) => OwnerWords::Vendor(named),
            NamedOwner::Product(product) => words(product),
        };
        return Ok(Owner {
            words,
            evidence: None,
        });
    }
    let distinctive: Vec<String> = dictionary().distinctive(headings).collect();
    let vendors_own = |id: &str| {
        let is_own =
            |key: &&String| vendor(id).is_some_and(|vendor| vendor.own_name(key).is_some());
        distinctive.iter().filter(is_own).count()
    };
    match recognise(headings, &distinctive, vendors_own) {
        Recognised::Nobody => Ok(Owner::unknown(target)),
        Recognised::Several(products) => Err(ask_which_product(&products)),
        Recognised::One(product, evidence) => {
            let shown = evidence.headings.iter();
            let shown: Vec<String> = shown.map(|heading| format!("“{heading}”")).collect();
            let shown = shown.join(", ");
            let against = match evidence.is_certain {
                true => vec![],
                false => contradicting_headings(product, target, headings),
            };
            match against.is_empty() {
                true => Ok(Owner {
                    words: words(product),
                    evidence: Some(shown),
                }),
                false => Err(Question {
                    what: format!(
                        "the headings may be {}'s, by {shown}, which does not mean by {} what others do",
                        product.name,
                        against.join(", ")
                    ),
                    columns: vec![],
                    answers: owner_flags(product, target),
                    shown: false,
                    words: String::new(),
                }),
            }
        }
    }
}

/// The headings that speak against a product, each in quotes.
fn contradicting_headings(
    product: &'static Product,
    target: &Manifest,
    headings: &[String],
) -> Vec<String> {
    let others = headings
        .iter()
        .filter(|heading| contradicts(product, target, heading));
    others
        .map(|heading| format!("“{}”", heading.trim()))
        .collect()
}

/// Asks which of several products the sheet is of.
fn ask_which_product(products: &[&Product]) -> Question {
    let names: Vec<&str> = products
        .iter()
        .map(|product| product.name.as_str())
        .collect();
    let ids = products.iter().map(|product| product.id.as_str());
    Question {
        what: format!("the headings may be those of {}", names.join(" or of ")),
        columns: vec![],
        answers: ids
            .chain([OWN])
            .map(|id| format!("--headings {id}"))
            .collect(),
        shown: false,
        words: String::new(),
    }
}

/// The word of `--headings` for rowcall's own names, common words and those of the vendor that the sheet goes to.
pub(crate) const OWN: &str = "rowcall";

/// Lists the options that name the sheet's owner, where it may be a product's or anybody's.
pub(super) fn owner_flags(product: &Product, target: &Manifest) -> Vec<String> {
    let mut ids = vec![product.id.as_str(), OWN];
    if !ids.contains(&target.vendor.id.as_str()) {
        ids.push(&target.vendor.id);
    }
    let flag = |id: &str| format!("--headings {id}");
    ids.into_iter().map(flag).collect()
}

/// Returns true if a heading means something to everyone, or to the vendor that the sheet goes to, and not to the product.
fn contradicts(product: &'static Product, target: &Manifest, heading: &str) -> bool {
    let word = product.word(heading);
    let reads =
        |field| matches!(word, Some(ProductWord::Read(cell)) if cell.fields().contains(&field));
    let common = dictionary().common(heading);
    let meant = match (dictionary().canonical(heading), common) {
        (Some(field), _) | (None, Some(Common::Field(field))) => Some(field),
        _ => target.own_name(&heading_key(heading)),
    };
    match (meant, common) {
        (_, Some(Common::Password)) => true,
        (Some(field), _) => !reads(field),
        (None, Some(Common::Action | Common::NumberLike) | None) => false,
        (None, Some(_)) => !matches!(word, Some(ProductWord::Read(_))),
    }
}

/// The field that a whole own name of a vendor means, by its key.
pub(super) fn whole_own_name(vendor: &Manifest, key: &str) -> Option<Field> {
    let is_so = |name: &String| same_word(name, key);
    let mut rows = vendor.field.iter();
    let row = rows.find(|row| is_so(&row.wire) || row.also_read.iter().any(is_so));
    row.map(|row| row.name)
}
