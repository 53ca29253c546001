//! The words of `around.toml`: those of titles, of sheets' names and of members beside rows.

use super::dictionary::{dictionary, plain, words};
use crate::manifest::{all_digits, away_words, left_words, off_words};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::sync::LazyLock;

/// The most words of a title that is a name; longer ones are remarks.
const TITLE_WORDS_MAX: usize = 6;
/// The most words of a phrase.
const PHRASE_WORDS_MAX: usize = 3;
/// The fewest letters of a word that longer ones may begin with.
const BEGINNING_LETTERS_MIN: usize = 4;
/// The letters that may stand between the two parts of a word, as in `Zutrittscodes`.
const BETWEEN_PARTS: [&str; 4] = ["", "s", "n", "en"];
/// The words that join two things in a name.
const JOINING: [&str; 9] = ["and", "und", "et", "y", "e", "en", "i", "oraz", "ve"];
/// The most words of a name of other things that are not known, such as a place.
const UNKNOWN_WORDS_MAX: usize = 1;

/// The words around a sheet's rows, as headings are compared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AroundWords {
    #[serde(deserialize_with = "plain_all")]
    other_table: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    other_password: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    other_account: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    other_account_ending: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    credentials: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    no_name: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    company: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    plain_words: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    telephony: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    persons: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    to_make: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    off: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    not_off: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    of_file: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    to_go: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    leavers: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    which: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    turned: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    turned_alone: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    closed: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    other_unit: HashSet<String>,
    #[serde(deserialize_with = "plain_all")]
    of_times: HashSet<String>,
    #[serde(deserialize_with = "plain_all", rename = "in")]
    before_unit: HashSet<String>,
}

/// Reads words as headings are compared.
fn plain_all<'de, D: Deserializer<'de>>(file: D) -> Result<HashSet<String>, D::Error> {
    let list = Vec::<String>::deserialize(file)?;
    Ok(list.iter().map(|word| plain(word)).collect())
}

/// The words, read once.
pub(super) fn around_words() -> &'static AroundWords {
    static WORDS: LazyLock<AroundWords> = LazyLock::new(|| {
        let mut words = compiled_in();
        words.off.extend(off_words().map(plain));
        words.leavers.extend(words.to_go.iter().cloned());
        words
            .leavers
            .extend(left_words().chain(away_words()).map(plain));
        words
    });
    &WORDS
}

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program, and tests read it"
)]
fn compiled_in() -> AroundWords {
    toml::from_str(include_str!("around.toml")).expect("around.toml can be read")
}

impl AroundWords {
    /// Returns true for the name of a table of other things than extensions, such as `Ring groups`: it begins with them, and
    /// names nothing of telephones or people.
    pub(super) fn is_other_table(&self, name: &str) -> bool {
        let several = several(name);
        let is_own = |word: &&String| !dictionary().is_beside_it(word);
        let own: String = several.iter().filter(is_own).map(String::as_str).collect();
        let has_persons = several.iter().any(|word| self.persons.contains(word));
        if !has_persons && dictionary().is_extension(&own) == Some(false) {
            return true;
        }
        let (mut rest, mut unknown, mut is_begun) = (&several[..], 0, false);
        while let Some((word, behind)) = rest.split_first() {
            if let Some(length) = phrase_at(rest, &self.other_table) {
                (rest, is_begun) = (&rest[length..], true);
                continue;
            }
            if !self.plain_words.contains(word) || self.persons.contains(word) {
                if !is_begun || self.is_of_telephones(word) || self.persons.contains(word) {
                    return false;
                }
                unknown += 1;
            }
            rest = behind;
        }
        is_begun && unknown <= UNKNOWN_WORDS_MAX
    }

    /// Returns true for the name of a table whose passwords may be for something else than telephones. One with a word of
    /// telephony is none; of the others, these are the signs:
    /// - something that has accounts of its own, whatever stands beside it: `Customer portal`, `Kundenportal`, `Office 365`;
    /// - a word for passwords beside one that is not known, and so is what they are for: `Acme logins`, `Acmezugänge`;
    /// - a word that a company may be named after, such as `Computer`, where nothing else is in the name.
    ///
    /// Other words that are not known, such as the name of a company or of a town, are no sign.
    pub(super) fn is_other_password(&self, name: &str) -> bool {
        let several = several(name);
        if several.iter().any(|word| self.is_of_telephones(word)) {
            return false;
        }
        if self.is_other_account(name) || self.has_other_credentials(&several) {
            return true;
        }
        let (mut rest, mut is_named) = (&several[..], false);
        while let Some((word, behind)) = rest.split_first() {
            if let Some(length) = phrase_at(rest, &self.other_password) {
                (rest, is_named) = (&rest[length..], true);
            } else if let Some(length) = phrase_at(rest, &self.plain_words) {
                rest = &rest[length..];
            } else if self.is_joined_password(word) {
                (rest, is_named) = (behind, true);
            } else {
                return false;
            }
        }
        is_named
    }

    /// Returns true for the name of something that has accounts of its own, and is not for telephones.
    pub(super) fn is_other_account(&self, name: &str) -> bool {
        let several: Vec<String> = words(name).filter(|word| !word.is_empty()).collect();
        let is_joined = |word: &String| {
            let mut endings = self.other_account_ending.iter();
            endings.any(|ending| word.len() > ending.len() && word.ends_with(ending.as_str()))
        };
        several.len() <= TITLE_WORDS_MAX
            && !several.iter().any(|word| self.is_of_telephones(word))
            && (has_phrase(&several, &self.other_account) || several.iter().any(is_joined))
    }

    /// Returns true for words for passwords beside one that is not known, also joined to it, and is no company's.
    fn has_other_credentials(&self, several: &[String]) -> bool {
        let (mut rest, mut is_named, mut has_unknown) = (several, false, false);
        while let Some((word, behind)) = rest.split_first() {
            if let Some(length) = phrase_at(rest, &self.credentials) {
                (rest, is_named) = (&rest[length..], true);
                continue;
            }
            let mut known = self.credentials.iter();
            let of = known.find_map(|known| word.strip_suffix(known.as_str()));
            is_named |= of.is_some();
            let of = of.unwrap_or(word);
            has_unknown |= !self.is_no_thing(of)
                && !BETWEEN_PARTS
                    .iter()
                    .any(|part| of.strip_suffix(part).is_some_and(|of| self.is_no_thing(of)));
            rest = behind;
        }
        is_named && has_unknown && !several.iter().any(|word| self.company.contains(word))
    }

    /// Returns true for a word beside one for passwords that does not tell what they are for.
    fn is_no_thing(&self, word: &str) -> bool {
        self.plain_words.contains(word)
            || self.persons.contains(word)
            || self.to_make.contains(word)
            || self.no_name.contains(word)
            || self.is_of_telephones(word)
            || dictionary().is_beside_it(word)
    }

    /// Returns true for a word such as `Druckerkennwort`.
    fn is_joined_password(&self, word: &str) -> bool {
        let mut known = self.other_password.iter();
        known.any(|known| {
            let behind = word.strip_prefix(known.as_str());
            let mut parts = BETWEEN_PARTS.iter();
            behind.is_some_and(|behind| {
                parts.any(|part| {
                    let own = behind.strip_prefix(part);
                    own.is_some_and(|own| self.plain_words.contains(own))
                })
            })
        })
    }

    /// Returns true for a word of telephony, such as `Telefonanlage`.
    fn is_of_telephones(&self, word: &str) -> bool {
        let mut known = self.telephony.iter();
        known.any(|known| match known.chars().count() {
            BEGINNING_LETTERS_MIN.. => word.starts_with(known.as_str()),
            _ => word == known,
        })
    }

    /// Returns true for the name of a table of extensions that are to be made, such as `New starters`; of those that are to
    /// go, such a word is a part of another name, unless it is joined to them.
    pub(super) fn is_to_make(&self, name: &str) -> bool {
        let several = several(name);
        let goes = |word: &String| self.to_go.contains(word) || dictionary().is_not_meant(word);
        let begins = |part: &str| phrase_at(&self::several(part), &self.to_make).is_some();
        let is_joined = || {
            name.contains(['&', '+', '/'])
                || name.split([',', ';']).skip(1).any(begins)
                || several.iter().any(|word| JOINING.contains(&word.as_str()))
        };
        has_phrase(&several, &self.to_make) && (!several.iter().any(goes) || is_joined())
    }

    /// Returns true for the name of a table of extensions that are off, such as `Disabled users`: nothing else is in it.
    pub(super) fn is_off(&self, name: &str) -> bool {
        self.is_of_those(name, &self.off)
    }

    /// Returns true for the name of a table of people who have left or are away, such as `Leavers June`: nothing else is in
    /// it.
    pub(super) fn is_of_leavers(&self, name: &str) -> bool {
        self.is_of_those(name, &self.leavers)
    }

    /// Returns true for the name of a table of people or extensions of which one of these phrases is true, and of no others.
    fn is_of_those(&self, name: &str, phrases: &HashSet<String>) -> bool {
        let several = several(name);
        let names_extensions =
            |word: &String| self.persons.contains(word) || self.is_of_telephones(word);
        let is_of_file = several.iter().any(|word| self.of_file.contains(word));
        if is_of_file && !several.iter().any(names_extensions) {
            return false;
        }
        let (mut rest, mut unknown, mut is_named) = (&several[..], 0, false);
        while let Some((word, behind)) = rest.split_first() {
            if let Some(length) = phrase_at(rest, phrases) {
                (rest, is_named) = (&rest[length..], true);
                continue;
            }
            let is_known = self.plain_words.contains(word)
                || self.persons.contains(word)
                || self.is_of_telephones(word)
                || dictionary().is_beside_it(word);
            let is_other = self.turned_alone.contains(word)
                || self.not_off.contains(word)
                || self.to_make.contains(word)
                || dictionary().is_of_staff(word);
            unknown += usize::from(!is_known);
            if is_other {
                return false;
            }
            rest = behind;
        }
        is_named && unknown <= UNKNOWN_WORDS_MAX
    }

    /// Returns true for the name of a member beside rows that tells which of them are meant, such as `except`.
    pub(super) fn tells_which(&self, name: &str) -> bool {
        self.which.contains(&plain(name))
    }

    /// Returns true for a word above switches that turns them around, such as `Not allowed`.
    pub(super) fn is_turned(&self, text: &str) -> bool {
        let several = several(text);
        has_phrase(&several, &self.turned) || self.turned_alone.contains(&several.concat())
    }

    /// Returns true for the meaning of a mark in a legend that turns it around, such as `not active`.
    pub(super) fn is_turned_in_legend(&self, meaning: &str) -> bool {
        self.is_turned(meaning) || has_phrase(&several(meaning), &self.turned_alone)
    }

    /// Returns true for a word above times of day between which an office is closed, such as `Lunch break`.
    pub(super) fn is_closed(&self, text: &str) -> bool {
        has_phrase(&several(text), &self.closed)
    }

    /// Returns true for a word above numbers of seconds that gives them another unit, such as `Minutes`.
    pub(super) fn is_other_unit(&self, text: &str) -> bool {
        let several = several(text);
        let is_own = |word: &&String| {
            !self.of_times.contains(word.as_str()) && !self.before_unit.contains(word.as_str())
        };
        let own: String = several.iter().filter(is_own).map(String::as_str).collect();
        let is_behind = |at: &usize| self.before_unit.contains(&several[at - 1]);
        let mut behind = (1..several.len()).filter(is_behind);
        self.other_unit.contains(&own)
            || self.other_unit.contains(&several.concat())
            || behind.any(|at| self.other_unit.contains(&several[at]))
    }
}

/// The words of a short text, without numbers; none of a longer one.
fn several(text: &str) -> Vec<String> {
    let is_word = |word: &String| !word.is_empty() && !all_digits(word);
    let several: Vec<String> = words(text).filter(is_word).collect();
    match several.len() {
        0..=TITLE_WORDS_MAX => several,
        _ => vec![],
    }
}

/// Returns true if some of the words that follow each other are one of these phrases.
fn has_phrase(several: &[String], phrases: &HashSet<String>) -> bool {
    (0..several.len()).any(|at| phrase_at(&several[at..], phrases).is_some())
}

/// The number of words of the longest of these phrases with which some words begin.
fn phrase_at(several: &[String], phrases: &HashSet<String>) -> Option<usize> {
    let mut lengths = (1..=several.len().min(PHRASE_WORDS_MAX)).rev();
    lengths.find(|length| phrases.contains(&several[..*length].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables_tell_what_is_in_them() {
        let words = around_words();
        for name in [
            "Queues",
            "Ring groups",
            "ring_groups",
            "ConferenceRooms",
            "Trunks 2026",
            "Files d'attente",
            "Warteschlange",
            "SIP trunks Berlin",
        ] {
            assert!(words.is_other_table(name), "{name}");
        }
        for name in [
            "WLAN-Zugänge",
            "WLAN",
            "Voicemail",
            "Portal logins",
            "Web access",
            "Alarm codes",
            "VPN",
            "Druckerkennwörter",
            "Zutrittscodes 2026",
            "E-Mail-Passwörter",
            "Kundenportal",
            "Customer portal",
            "Mitarbeiterportal Muster GmbH",
            "Office 365",
            "Microsoft 365 Berlin",
            "Moodle",
            "Active Directory",
            "Terminalserver",
            "Kopierer-Codes",
            "Schulmanager Logins",
            "Schulmanager-Zugänge",
            "Zugangsdaten Lernplattform",
        ] {
            assert!(words.is_other_password(name), "{name}");
        }
        for name in [
            "Disabled users",
            "disabled_users",
            "Disabled",
            "Gesperrte Nebenstellen",
            "Deaktivierte Benutzer Bonn",
            "Comptes désactivés",
            "Usuarios bloqueados",
            "Liste der gesperrten Nebenstellen",
            "Diese Nebenstellen sind gesperrt",
            "These extensions are disabled",
            "Nicht aktive Benutzer",
            "Nicht aktiv",
            "Users not active",
            "Out of service",
            "Nebenstellen außer Betrieb",
            "To be disabled",
            "Zu sperren",
            "Bitte sperren!",
            "Blatt 2: gesperrte Nebenstellen",
        ] {
            assert!(words.is_off(name), "{name}");
        }
        for name in ["New starters", "Joiners", "Neue Nebenstellen", "To create"] {
            assert!(words.is_to_make(name), "{name}");
        }
        for name in [
            "Extensions",
            "Nebenstellen Bonn",
            "Users",
            "Tabelle1",
            "Sheet1",
            "Benutzer",
            "Telefonliste 2026",
            "value",
            "extlist",
            "Telefonliste Kassel",
            "Büro Mailand",
            "Druckerei Schmidt",
            "Kassenärztliche Vereinigung",
            "Safety department",
            "Windows & Doors Ltd",
            "Computer Meier GmbH",
            "Cloud PBX extensions",
            "SIP Logins",
            "Softphone login data",
            "Extensions with voicemail",
            "Auszug aus SAP",
            "Doornbos",
            "Extensions and DDI numbers",
            "Telefon- und Faxnummern",
            "Mitarbeiter nach Gruppen",
            "Phones in meeting rooms",
            "Users and groups",
            "Stadtwerke Leitungen und Netze",
            "Not disabled users",
            "Disabled users excluded",
            "Disabled users removed",
            "Users excluding disabled",
            "Blatt gesperrt",
            "Document locked",
            "Version 2 locked",
            "Voicemail disabled",
            "Auslandsgespräche gesperrt",
            "Extensions with voicemail disabled",
            "Active and disabled users",
            "Suspended ceilings Meier",
            "ACME",
            "Office",
            "Office Berlin",
            "Muster GmbH",
            "Sparkasse Bonn",
            "Stadtwerke Bonn",
            "Stand: 1.3.2026",
            "Vertraulich – enthält Passwörter",
            "Bitte Passwörter ändern!",
            "Initial passwords",
            "Passwords ACME Ltd.",
            "Nebenstellenpasswörter",
            "SIP-Zugangsdaten Werk Bonn",
            "Telefonserver",
            "Yealink-Passwörter",
            "Passwords 3CX",
        ] {
            let is_any = words.is_other_table(name)
                || words.is_other_password(name)
                || words.is_to_make(name)
                || words.is_off(name);
            assert!(!is_any, "{name}");
        }
        // Its extensions may well be new.
        let name = "Neue Telefonanlage – Zugangsdaten";
        assert!(
            !words.is_other_table(name) && !words.is_other_password(name) && !words.is_off(name)
        );
    }

    #[test]
    fn names_of_tables_of_leavers_are_told_from_others() {
        let words = around_words();
        for name in [
            "Kündigungen",
            "Kündigungen zum 30.6.",
            "Leavers June",
            "Austritte Bonn",
            "Elternzeit",
            "Departures",
            "Mitarbeiter in Elternzeit",
        ] {
            assert!(words.is_of_leavers(name), "{name}");
        }
        for name in [
            "Leavers and joiners",
            "ohne Ausgeschiedene",
            "Leavers removed",
            "Active staff",
            "Krankenhaus Bonn",
            "Ruheständler-Wohnheim Haus Bonn",
        ] {
            assert!(!words.is_of_leavers(name), "{name}");
        }
    }

    #[test]
    fn words_within_longer_texts_turn_nothing_around() {
        let words = around_words();
        for text in [
            "Phone list – do not forward",
            "Nur intern – nicht weitergeben",
            "Export aus der Telefonanlage",
            "Telefonliste ohne Azubis",
            "No. of staff: 2",
            "Ext. No. list 2026",
            "ohne Rückfrage",
        ] {
            assert!(!words.is_turned(text), "{text}");
        }
        for text in [
            "Aus",
            "No",
            "ohne",
            "Voicemail nicht erlaubt: ja",
            "Gesperrt",
        ] {
            assert!(words.is_turned(text), "{text}");
        }
        assert!(!words.is_other_unit("Meeting minutes attached"));
        for text in ["Minuten", "All times in minutes", "Zeit (min)"] {
            assert!(words.is_other_unit(text), "{text}");
        }
    }

    #[test]
    fn a_name_that_says_that_extensions_go_makes_none() {
        let words = around_words();
        for name in [
            "Leavers New York office",
            "Abgänge Filiale Neu-Ulm",
            "Zu löschen: Nova GmbH",
            "Leavers, car hire department",
        ] {
            assert!(!words.is_to_make(name), "{name}");
        }
        for name in [
            "Leavers and joiners",
            "Uscite e assunzioni",
            "Uitstroom en instroom",
            "Odejścia i nowi",
            "Saídas e admissões",
            "Abgänge, Neuzugänge",
        ] {
            assert!(words.is_to_make(name), "{name}");
        }
    }
}
