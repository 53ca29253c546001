//! The words by which the header row of a sheet is found.

use super::deletion::may_say_who_stays;
use super::dictionary::{Common, dictionary, is_own};
use super::map::BEHIND_SHEET;
use super::options::BindOptions;
use super::products::{Product, ProductWord, products};
use crate::manifest::Manifest;
use crate::model::{Field, heading_key};
use crate::sheet::{GroupWord, HeadingMeaning, Headings};
use std::collections::HashMap;
use std::sync::Arc;

/// Returns the words that mark the header row of a sheet for the vendor `target`: every word that a binding may
/// understand.
pub fn headings(target: &Manifest, vendors: &[&Manifest], options: &BindOptions) -> Headings {
    let key = target.key();
    let worth = move |field: Field| {
        if field == key {
            HeadingMeaning::Number
        } else if field.is_secret() {
            HeadingMeaning::Secret
        } else {
            HeadingMeaning::Field
        }
    };
    let known = meanings_of_words(target, vendors, options, worth);
    let known = move |text: &str| {
        if is_own(text) {
            return HeadingMeaning::Field;
        }
        let key_word = heading_key(text);
        let own = known
            .get(&key_word)
            .copied()
            .unwrap_or(HeadingMeaning::Nothing);
        let common = match dictionary().common(text) {
            _ if dictionary().names_group(key, text) => HeadingMeaning::Number,
            Some(Common::Field(field)) => worth(field),
            Some(Common::OnlyNumber) => HeadingMeaning::Number.min(worth(Field::NUMBER)),
            Some(Common::Password) => HeadingMeaning::Secret,
            Some(_) => HeadingMeaning::Field,
            None => HeadingMeaning::Nothing,
        };
        let known = own.max(common);
        if known == HeadingMeaning::Nothing
            && products().iter().any(|product| product.begins(&key_word))
        {
            return HeadingMeaning::Field;
        }
        known
    };
    let known = Arc::new(known);
    let of_group = Arc::clone(&known);
    // Below a feature, or somebody else, a heading is about that: where the two words together mean nothing, the column is
    // not read. Nor is a password or a state below a word that does not tell of extensions or people: it may be that of a
    // computer or a door. Nor a name or an address below a word that tells nothing: it is asked about.
    let is_deletion = options.allowed.delete;
    let headings =
        Headings::new(move |text| known(text)).in_sheets(move |name| match is_deletion {
            true => may_say_who_stays(name),
            false => dictionary().is_sheet_not_meant(name),
        });
    headings.below_groups(group_word, move |group, heading| {
        let words = dictionary();
        // It says the same by itself.
        let is_field = matches!(words.common(heading), Some(Common::Field(_)));
        if is_field && words.is_about_extension(group) && !words.is_of_account(heading) {
            return false;
        }
        let whole = of_group(&format!("{group}: {heading}"));
        whole != HeadingMeaning::Nothing
            || (group_word(group) != GroupWord::Other
                && of_group(heading) != HeadingMeaning::Nothing)
            || (words.is_of_account(heading) && !words.is_about_extension(group))
            || (words.contact(heading).is_some()
                && of_group(group) == HeadingMeaning::Nothing
                && !words.is_of_person(group))
    })
}

/// The meaning of each word by which vendors, the mapping and the products call a field.
fn meanings_of_words(
    target: &Manifest,
    vendors: &[&Manifest],
    options: &BindOptions,
    worth: impl Fn(Field) -> HeadingMeaning,
) -> HashMap<String, HeadingMeaning> {
    let mut known: HashMap<String, HeadingMeaning> = HashMap::new();
    let mut learn = |word: String, worth: HeadingMeaning| {
        let known_worth = known.entry(word).or_insert(worth);
        *known_worth = worth.max(*known_worth);
    };
    for vendor in std::iter::once(&target).chain(vendors) {
        for (word, field) in vendor.own_names() {
            learn(word.to_owned(), worth(field));
        }
    }
    for (heading, mapped) in &options.map {
        let meant = mapped.field().map_or(HeadingMeaning::Field, &worth);
        let behind = heading.split_once(BEHIND_SHEET).map(|(_, behind)| behind);
        for heading in [Some(heading.as_str()), behind].into_iter().flatten() {
            learn(heading_key(heading), meant);
        }
    }
    for (word, meaning) in products().iter().flat_map(Product::words) {
        let meant = match meaning {
            ProductWord::Read(cell) => cell.fields().into_iter().map(&worth).max(),
            ProductWord::LeftOut => None,
        };
        learn(word.to_owned(), meant.unwrap_or(HeadingMeaning::Field));
    }
    known
}

/// The subject of the columns below a word.
fn group_word(word: &str) -> GroupWord {
    let words = dictionary();
    if words.names_somebody_else(word) {
        GroupWord::SomebodyElse
    } else if words.is_about_something_else(word) {
        GroupWord::SomethingElse
    } else if words.is_feature(word) {
        GroupWord::Feature
    } else if words.is_private(word) {
        GroupWord::Private
    } else {
        GroupWord::Other
    }
}
