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
use std::collections::BTreeMap;
use std::env;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard};
use table::TextTable;

/// The files of German texts, by the room that they are made in.
const GERMAN: &[(&str, &str)] = &[
    ("columns", include_str!("de/columns.toml")),
    ("commands", include_str!("de/commands.toml")),
    ("facts", include_str!("de/facts.toml")),
    ("fields", include_str!("de/fields.toml")),
    ("page", include_str!("de/page.toml")),
    ("plan", include_str!("de/plan.toml")),
    ("rules", include_str!("de/rules.toml")),
    ("run", include_str!("de/run.toml")),
    ("sheet", include_str!("de/sheet.toml")),
    ("system", include_str!("de/system.toml")),
    ("vendors", include_str!("de/vendors.toml")),
    ("words", include_str!("de/words.toml")),
];

static WORDS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let words = GERMAN.iter().find(|(room, _)| *room == "words");
    words.map_or_else(BTreeMap::new, |(_, text)| {
        toml::from_str(text).unwrap_or_default()
    })
});

/// The German texts of the help and of errors on the command line. Messages do not know them: some are single words.
const GERMAN_HELP: &str = include_str!("de/help.toml");

static TABLE: LazyLock<TextTable> =
    LazyLock::new(|| TextTable::new(GERMAN.iter().map(|(_, text)| *text)));

static HELP: LazyLock<TextTable> = LazyLock::new(|| {
    let messages = GERMAN.iter().map(|(_, text)| *text);
    TextTable::new(messages.chain([GERMAN_HELP]))
});

/// True where this process speaks German.
static IS_GERMAN: AtomicBool = AtomicBool::new(false);

/// Sets the language of everything that is shown from now on.
pub(crate) fn set_language(language: Language) {
    IS_GERMAN.store(language == Language::German, Ordering::Relaxed);
}

/// Texts of the user's, of several words each, that messages have without quotes: what was typed, names of files and
/// sheets, headings. They are never translated.
static KEPT: RwLock<Vec<String>> = RwLock::new(vec![]);

/// Keeps these texts of the user's as they are wherever they are shown.
pub(crate) fn keep(texts: impl IntoIterator<Item = impl AsRef<str>>) {
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    for text in texts {
        let text = text.as_ref();
        if text.contains([' ', ',']) && !kept.iter().any(|known| known == text) {
            kept.push(text.to_owned());
        }
    }
}

fn kept() -> RwLockReadGuard<'static, Vec<String>> {
    KEPT.read().unwrap_or_else(PoisonError::into_inner)
}

/// The language that is spoken.
pub(crate) fn language() -> Language {
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
    in_language(text, language())
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
        Language::German => TABLE.translate(text, &kept()),
    }
}

/// A text with the quotes of a language around its values.
pub(crate) fn with_quotes(text: String, language: Language) -> String {
    match language {
        Language::English => text,
        Language::German => {
            let masked = part::masked(&text, &[]);
            table::german_quotes(part::TextPart::new(&text, &masked))
        }
    }
}

/// A number with one digit behind the point, as the reader's language writes it.
pub(crate) fn decimal(number: f64) -> String {
    let text = format!("{number:.1}");
    match language() {
        Language::English => text,
        Language::German => table::german_number(&text),
    }
}

/// A heading or another word that stands alone, in a language, by the words' own file: the tables of all messages take
/// much longer to be read.
pub(crate) fn word_in(word: &str, language: Language) -> Cow<'_, str> {
    let known = match language {
        Language::English => None,
        Language::German => WORDS.get(word),
    };
    known.map_or(Cow::Borrowed(word), |known| Cow::Borrowed(known))
}

/// A text of the help, or of an error on the command line, in a language.
pub(crate) fn help_text(text: &str, language: Language) -> Cow<'_, str> {
    match language {
        Language::English => Cow::Borrowed(text),
        Language::German => HELP.translate(text, &kept()),
    }
}

/// The texts of the help's table that none of these was made from.
#[cfg(test)]
pub(crate) fn unused_in_help(made: &std::collections::BTreeSet<String>) -> Vec<String> {
    let texts: std::collections::BTreeMap<String, String> = toml::from_str(GERMAN_HELP).unwrap();
    let is_unused = |text: &String| {
        let pattern = pattern::TextPattern::new(text);
        let mut made = made.iter().map(|made| part::TextPart::new(made, made));
        !made.any(|made| pattern.values(made).is_some())
    };
    texts.into_keys().filter(is_unused).collect()
}
