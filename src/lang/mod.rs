//! The reader's language: messages are made and kept in English, and are put into the reader's language where they are
//! shown. Code that makes a message knows of no language.
//!
//! The German of every message stands in `de/`, a file for each room: the English text as the source has it, with its
//! placeholders, and the German one. `pattern` finds the text that a message was made from. English costs nothing: the
//! tables are read for German only.

mod part;
mod pattern;
mod table;
#[cfg(test)]
mod tests;

use crate::model::Language;
use std::borrow::Cow;
use std::env;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, OnceLock};
use table::TextTable;

/// The files of German texts, by the room that they are made in.
const GERMAN: &[(&str, &str)] = &[
    ("columns", include_str!("de/columns.toml")),
    ("commands", include_str!("de/commands.toml")),
    ("facts", include_str!("de/facts.toml")),
    ("fields", include_str!("de/fields.toml")),
    ("plan", include_str!("de/plan.toml")),
    ("rules", include_str!("de/rules.toml")),
    ("run", include_str!("de/run.toml")),
    ("sheet", include_str!("de/sheet.toml")),
    ("system", include_str!("de/system.toml")),
    ("vendors", include_str!("de/vendors.toml")),
    ("words", include_str!("de/words.toml")),
];

static TABLE: LazyLock<TextTable> =
    LazyLock::new(|| TextTable::new(GERMAN.iter().map(|(_, text)| *text)));

/// True where this process speaks German.
static IS_GERMAN: AtomicBool = AtomicBool::new(false);

/// Sets the language of everything that is shown from now on.
pub(crate) fn speak(language: Language) {
    IS_GERMAN.store(language == Language::German, Ordering::Relaxed);
}

/// Texts that were typed, of several words each: names of files and values, which are never translated.
static KEPT: OnceLock<Vec<String>> = OnceLock::new();

/// Keeps these texts as they are wherever they are shown.
pub(crate) fn keep(typed: impl Iterator<Item = String>) {
    let several = typed.filter(|text| text.contains([' ', ',']));
    let _ = KEPT.set(several.collect());
}

fn kept() -> &'static [String] {
    KEPT.get().map_or(&[], Vec::as_slice)
}

/// The language that is spoken.
pub(crate) fn spoken() -> Language {
    match IS_GERMAN.load(Ordering::Relaxed) {
        true => Language::German,
        false => Language::English,
    }
}

/// The language of the environment, by the first variable for it that is set.
pub(crate) fn of_environment() -> Language {
    let names = ["ROWCALL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];
    let locale = names.iter().find_map(|name| {
        let value = env::var(name).ok()?;
        (!value.is_empty()).then_some(value)
    });
    Language::from_locale(&locale.unwrap_or_default())
}

/// The text in the reader's language; a text that is not known stays as it is.
pub(crate) fn translated(text: &str) -> Cow<'_, str> {
    match spoken() {
        Language::English => Cow::Borrowed(text),
        Language::German => TABLE.translate(text, kept()),
    }
}

/// The texts in the reader's language, as headings of a table.
pub(crate) fn all_translated(texts: &[&str]) -> Vec<String> {
    let texts = texts.iter().map(|text| translated(text).into_owned());
    texts.collect()
}

/// The text in a language; one that is not known stays as it is.
pub(crate) fn in_language(text: &str, language: Language) -> Cow<'_, str> {
    match language {
        Language::English => Cow::Borrowed(text),
        Language::German => TABLE.translate(text, kept()),
    }
}
