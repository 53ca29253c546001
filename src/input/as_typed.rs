//! The options for reading sheets as they are typed.

use super::{HeaderRow, ReadingOptions};
use crate::columns::{NamedOwner, OWN_HEADINGS, product};
use crate::vendors::vendor_typed;

/// The words of `--delimiter`, each with its character.
const DELIMITERS: [(char, &str); 4] = [
    (',', "comma"),
    (';', "semicolon"),
    ('\t', "tab"),
    ('|', "pipe"),
];

/// The owner of headings who is called so.
///
/// # Errors
/// The vendors that there are, where nobody is.
pub(crate) fn owner_typed(text: &str) -> Result<NamedOwner, String> {
    match product(text).filter(|product| !product.is_vendor()) {
        Some(product) => Ok(NamedOwner::Product(product)),
        None if text.eq_ignore_ascii_case(OWN_HEADINGS) => Ok(NamedOwner::Nobody),
        None => vendor_typed(text).map(|vendor| NamedOwner::Vendor((vendor.manifest)())),
    }
}

impl ReadingOptions {
    /// The options as they are typed.
    pub(crate) fn words(&self) -> Vec<String> {
        let maps = self.map.iter();
        let maps = maps.map(|(heading, mapped)| ("--map", format!("{heading}={mapped}")));
        let map_file = self.map_file.iter();
        let map_file = map_file.map(|file| ("--map-file", file.to_string_lossy().into_owned()));
        let fills = self.fill.iter();
        let fills = fills.map(|(field, value)| ("--fill", format!("{}={value}", field.name())));
        let owner = self.headings.map(|owner| match owner {
            NamedOwner::Nobody => OWN_HEADINGS.to_owned(),
            NamedOwner::Vendor(vendor) => vendor.vendor.id.clone(),
            NamedOwner::Product(product) => product.id.clone(),
        });
        let owner = owner.into_iter().map(|owner| ("--headings", owner));
        let encoding = self.encoding.iter();
        let encoding = encoding.map(|encoding| ("--encoding", encoding.name().to_owned()));
        let mut delimiters = DELIMITERS.iter();
        let delimiter = delimiters.find(|(character, _)| Some(*character) == self.delimiter);
        let delimiter = delimiter.map(|(_, word)| ("--delimiter", (*word).to_owned()));
        let rows = self.header_rows.iter().map(HeaderRow::to_string);
        let rows = rows.map(|row| ("--header-row", row));
        let sheets = self.sheet_names.iter().cloned();
        let sheets = sheets.map(|sheet| ("--sheet", sheet));
        let options = maps.chain(map_file).chain(fills).chain(owner);
        let form = encoding.chain(delimiter).chain(rows).chain(sheets);
        let words = options.chain(form);
        let words = words.flat_map(|(flag, value)| match value.starts_with('-') {
            // It would be taken for a flag.
            true => vec![format!("{flag}={value}")],
            false => vec![flag.to_owned(), value],
        });
        let switches = [
            ("--visible-only", self.visible_only),
            ("--fix-quotes", self.fix_quotes),
            ("--pad-short-rows", self.pad_short_rows),
        ];
        let switches = switches.into_iter().filter(|(_, is_on)| *is_on);
        words
            .chain(switches.map(|(flag, _)| flag.to_owned()))
            .collect()
    }
}
