//! The words of cells that switch something on or off, or tell the state of an account or of its person.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

/// `states.toml`: the words of each kind by their language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateWords {
    on: BTreeMap<String, Vec<String>>,
    off: BTreeMap<String, Vec<String>>,
    off_in_cell: BTreeMap<String, Vec<String>>,
    left_in_text: BTreeMap<String, Vec<String>>,
    left: BTreeMap<String, Vec<String>>,
    away: BTreeMap<String, Vec<String>>,
}

fn states() -> &'static StateWords {
    static STATES: LazyLock<StateWords> = LazyLock::new(compiled_in);
    &STATES
}

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program, and tests read it"
)]
fn compiled_in() -> StateWords {
    toml::from_str(include_str!("states.toml")).expect("states.toml can be read")
}

fn all(words: &BTreeMap<String, Vec<String>>) -> impl Iterator<Item = &str> {
    words.values().flatten().map(String::as_str)
}

/// The words and marks that switch something on.
const SWITCHES_ON: [&str; 22] = [
    "on", "yes", "true", "1", "ja", "an", "ein", "wahr", "y", "t", "j", "x", "✓", "✔", "☑", "oui",
    "si", "sí", "sì", "sim", "tak", "evet",
];

/// The words and marks that switch something off.
const SWITCHES_OFF: [&str; 17] = [
    "off", "no", "false", "0", "nein", "aus", "falsch", "n", "f", "non", "não", "nao", "nie",
    "nee", "hayır", "hayir", "☐",
];

/// The demand that a text which is neither breaks.
pub(crate) const SWITCH_DEMAND: &str = "must be on or off";
/// The hint beside it.
pub(crate) const SWITCH_HINT: &str = "yes/no, true/false, 1/0 are understood too";

/// Returns `on` or `off` for the words and marks that people and products write for it.
pub fn switch(text: &str) -> Option<&'static str> {
    static SWITCHES: LazyLock<OnOffWords> =
        LazyLock::new(|| OnOffWords::new(SWITCHES_ON.into_iter(), SWITCHES_OFF.into_iter()));
    SWITCHES.get(text).or_else(|| state(text))
}

/// Words that mean `on` or `off`, without regard to case.
struct OnOffWords {
    /// Each word as [`folded`] writes it.
    words: HashMap<String, &'static str>,
    bytes_max: usize,
}

impl OnOffWords {
    fn new(
        on: impl Iterator<Item = &'static str>,
        off: impl Iterator<Item = &'static str>,
    ) -> OnOffWords {
        // A capital İ has a byte more than its i, and an ı than its I.
        const BYTES_OF_FOLDED_MAX: usize = 2;
        let on = on.map(|word| (folded(word), "on"));
        let words: HashMap<_, _> = on.chain(off.map(|word| (folded(word), "off"))).collect();
        let bytes_max = words.keys().map(String::len).max().unwrap_or_default();
        OnOffWords {
            bytes_max: BYTES_OF_FOLDED_MAX * bytes_max,
            words,
        }
    }

    fn get(&self, text: &str) -> Option<&'static str> {
        let may_be = text.len() <= self.bytes_max;
        may_be.then(|| self.words.get(&folded(text)).copied())?
    }
}

/// A word in small letters, with one i for those of Turkish: `PASİF` and `Pasif`, `AYRILDI` and `ayrıldı` are one each.
fn folded(word: &str) -> String {
    let lower = word.to_lowercase();
    match lower.is_ascii() {
        true => lower,
        false => lower.replace("i\u{307}", "i").replace('ı', "i"),
    }
}

/// `on` or `off` for the words that name a state by themselves: `inactive` is off, also below a heading such as `Locked`, and
/// so is the account of a person who has left.
pub fn state(text: &str) -> Option<&'static str> {
    static STATES: LazyLock<OnOffWords> = LazyLock::new(|| {
        let off = [&states().off, &states().off_in_cell].into_iter();
        let off = off.flat_map(all).chain(left_words());
        OnOffWords::new(all(&states().on), off)
    });
    STATES.get(text)
}

/// The words for people who have left.
pub(crate) fn left_words() -> impl Iterator<Item = &'static str> {
    all(&states().left).chain(left_words_in_text())
}

/// Those of them that say so within longer texts too.
pub(crate) fn left_words_in_text() -> impl Iterator<Item = &'static str> {
    all(&states().left_in_text)
}

/// The words for an account that is on, by their language; headings mean that too.
pub(crate) fn on_words() -> &'static BTreeMap<String, Vec<String>> {
    &states().on
}

/// The words for an account that is off which, as headings, mean the opposite of enabled.
pub(crate) fn off_words() -> impl Iterator<Item = &'static str> {
    all(&states().off)
}

/// The words for a person who is away for a time.
pub(crate) fn away_words() -> impl Iterator<Item = &'static str> {
    all(&states().away)
}

/// Returns true for words such as `on leave`: the person is away for a time, and the account may be on or off.
pub(crate) fn is_away(text: &str) -> bool {
    static AWAY: LazyLock<HashSet<String>> = LazyLock::new(|| away_words().map(folded).collect());
    AWAY.contains(&folded(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_state_has_words_in_nine_languages_in_small_letters_and_no_word_is_of_two_kinds()
    {
        let words = states();
        let kinds = [
            &words.on,
            &words.off,
            &words.off_in_cell,
            &words.left,
            &words.away,
        ];
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (kind, words) in kinds.into_iter().enumerate() {
            let languages: Vec<&str> = words.keys().map(String::as_str).collect();
            assert_eq!(
                languages,
                ["de", "en", "es", "fr", "it", "nl", "pl", "pt", "tr"]
            );
            for word in all(words) {
                assert_eq!(word.trim().to_lowercase(), word);
                assert_eq!(*known.entry(word).or_insert(kind), kind, "{word}");
            }
        }
    }

    #[test]
    fn each_word_is_known_in_capitals_also_in_those_of_turkish() {
        let words = states();
        let kinds = [
            (&words.on, (Some("on"), false)),
            (&words.off, (Some("off"), false)),
            (&words.off_in_cell, (Some("off"), false)),
            (&words.left_in_text, (Some("off"), false)),
            (&words.left, (Some("off"), false)),
            (&words.away, (None, true)),
        ];
        for (kind, expected) in kinds {
            for word in all(kind) {
                let capitals = word.to_uppercase();
                let turkish = word.replace('i', "İ").to_uppercase();
                for text in [word, &capitals, &turkish] {
                    assert_eq!((state(text), is_away(text)), expected, "{text}");
                }
            }
        }
    }

    #[test]
    fn people_who_left_are_off_and_those_who_are_away_are_neither() {
        for word in [
            "Entlassen",
            "LICENCIÉE",
            "despedida",
            "işten ayrıldı",
            "left",
            "Odeszła",
        ] {
            assert_eq!((state(word), is_away(word)), (Some("off"), false), "{word}");
        }
        for word in ["On leave", "beurlaubt", "na urlopie", "ferie"] {
            assert_eq!((state(word), is_away(word)), (None, true), "{word}");
        }
    }
}
