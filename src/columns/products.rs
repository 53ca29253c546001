//! Other products' sheets, as they are exported: their headings are a language of their own, used only where the
//! headings as a whole are theirs.

use crate::model::Field;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A product that rowcall does not client to, and whose sheets it reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// What `--headings` calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The page where the headings stand.
    pub source: String,
    /// The day on which the page was read.
    pub checked: String,
    /// What of it the page does not print.
    #[serde(default)]
    pub inferred: String,
    /// What each heading means.
    pub headings: BTreeMap<String, Field>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Products {
    product: Vec<Product>,
}

/// All of them.
pub fn products() -> &'static [Product] {
    static PRODUCTS: OnceLock<Products> = OnceLock::new();
    // A test holds that the file is right.
    let parse = || toml::from_str(include_str!("products.toml")).unwrap_or_default();
    &PRODUCTS.get_or_init(parse).product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_and_every_product_names_the_number_and_its_page() {
        let read: Products = toml::from_str(include_str!("products.toml")).unwrap();
        assert_eq!(read.product.len(), 8);
        assert_eq!(products().len(), 8);
        for product in products() {
            let number = product
                .headings
                .values()
                .any(|field| *field == Field::NUMBER);
            assert!(number, "{}", product.id);
            assert!(product.source.starts_with("https://"), "{}", product.id);
            assert!(product.checked.starts_with("2026-"), "{}", product.id);
            let vendors = ["openvox", "ozeki", "portsip", "asterisk"];
            assert!(!vendors.contains(&product.id.as_str()));
        }
    }
}
