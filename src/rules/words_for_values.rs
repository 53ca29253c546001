//! Words in the place of a code or of an account: the name of a language, a yes or no.

use super::spreadsheet_damage::Damage;
use crate::manifest::{FieldRow, state, switch};
use crate::model::{Care, Field, Severity};

/// The names of languages in English, German and their own, with the codes after which folders of prompts are named; in
/// small letters.
const LANGUAGES: [(&str, &[&str]); 12] = [
    ("de", &["german", "deutsch", "allemand", "ger", "deu"]),
    ("en", &["english", "englisch", "anglais", "eng"]),
    (
        "fr",
        &["french", "französisch", "français", "francais", "fra"],
    ),
    (
        "es",
        &[
            "spanish",
            "spanisch",
            "español",
            "espanol",
            "castellano",
            "spa",
        ],
    ),
    ("it", &["italian", "italienisch", "italiano", "ita"]),
    (
        "nl",
        &[
            "dutch",
            "niederländisch",
            "nederlands",
            "holländisch",
            "nld",
        ],
    ),
    (
        "pt",
        &[
            "portuguese",
            "portugiesisch",
            "português",
            "portugues",
            "por",
        ],
    ),
    ("pl", &["polish", "polnisch", "polski", "pol"]),
    ("tr", &["turkish", "türkisch", "türkçe", "turkce", "tur"]),
    ("ru", &["russian", "russisch", "русский", "rus"]),
    ("sv", &["swedish", "schwedisch", "svenska", "swe"]),
    ("ja", &["japanese", "japanisch", "日本語", "jpn"]),
];

/// Finds a word where a code or an account belongs.
pub(super) fn word_for_value(row: &FieldRow, text: &str) -> Option<Damage> {
    let text = text.trim();
    match row.name {
        Field::LANGUAGE | Field::VOICEMAIL_LANGUAGE => name_of_language(row, text),
        _ if row.name.def().care == Care::Account => switch_for_account(text),
        _ => None,
    }
}

/// Finds `Deutsch`, `English`: a PBX looks for a folder of that name, and plays the prompts of its own language.
fn name_of_language(row: &FieldRow, text: &str) -> Option<Damage> {
    if row.choice(text).is_some() {
        return None;
    }
    let code = code_of_language(text)?;
    let damage = Damage::new(
        "damage.language",
        Severity::Warning,
        "is the name of a language, where its code belongs",
        "",
    );
    Some(damage.repair(Some(code.to_owned())))
}

fn code_of_language(text: &str) -> Option<&'static str> {
    let name = text.trim().to_lowercase();
    let mut known = LANGUAGES.iter();
    let found = known.find(|(_, names)| names.contains(&&*name));
    found.map(|(code, _)| *code)
}

/// Returns true for the name of a language; a code of two letters is none.
pub(super) fn is_language(text: &str) -> bool {
    text.len() > 2 && code_of_language(text).is_some()
}

/// Returns true for a word for yes or no; a single letter is none.
pub(super) fn is_switch_word(text: &str) -> bool {
    let text = text.trim();
    let is_word = text.len() > 1 && text.chars().all(char::is_alphabetic);
    // A state, such as closed, is a word of another kind.
    is_word && state(text).is_none() && switch(text).is_some()
}

/// Finds `yes`, `no`, `true` where the name of an account belongs.
fn switch_for_account(text: &str) -> Option<Damage> {
    is_switch_word(text).then(|| {
        Damage::new(
            "damage.switch",
            Severity::Warning,
            "is a word for yes or no, where the name of an account belongs",
            "write the name of the account, or leave the column out with --map 'HEADING=-'",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    fn found(field: Field, text: &str) -> Option<(&'static str, Option<String>)> {
        let asterisk = include_str!("../vendors/asterisk/vendor.toml");
        let manifest = Manifest::parse(asterisk).unwrap();
        let row = manifest.row(field);
        let damage = word_for_value(row.unwrap(), text)?;
        Some((damage.id, damage.repair))
    }

    #[test]
    fn the_name_of_a_language_is_found_and_its_code_is_the_repair() {
        for (name, code) in [("Deutsch", "de"), ("ENGLISH", "en"), ("Français", "fr")] {
            let repair = Some(("damage.language", Some(code.to_owned())));
            assert_eq!(found(Field::LANGUAGE, name), repair, "{name}");
        }
        for code in ["de", "en_GB", "de-siezen", "my-prompts"] {
            assert_eq!(found(Field::LANGUAGE, code), None, "{code}");
        }
    }

    #[test]
    fn a_yes_or_no_is_no_account() {
        for word in ["yes", "No", "TRUE", "nein"] {
            let is_found = Some(("damage.switch", None));
            assert_eq!(found(Field::SIP_AUTH_NAME, word), is_found, "{word}");
        }
        for name in ["2001", "ann", "1", "x"] {
            assert_eq!(found(Field::SIP_AUTH_NAME, name), None, "{name}");
        }
    }

    #[test]
    fn the_quick_look_at_a_row_misses_none_of_these_words() {
        let headings = ["number", "sip_password", "sip_auth_name", "language"];
        let asterisk = include_str!("../vendors/asterisk/vendor.toml");
        let row = ["2001", "tR7xkQ2mZp9w", "yes", "Deutsch"];
        let told = crate::rules::cell_tests::found(asterisk, &headings, &[&row], None).remove(0);
        let expected = ["warning damage.switch", "warning damage.language → de"];
        assert_eq!(told.0, expected);
    }
}
