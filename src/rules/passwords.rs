//! Texts in the place of passwords: those that are certainly none, and passwords that are easy to guess. Neither is a
//! matter of the vendor.

use crate::columns::is_instruction;
use crate::manifest::switch;

/// Words that say that there is no password, or where it is kept; in small letters.
const NO_PASSWORD: [&str; 122] = [
    "not set",
    "not yet set",
    "unset",
    "none set",
    "no password",
    "without password",
    "not known",
    "not available",
    "not assigned",
    "unassigned",
    "unknown",
    "undefined",
    "not defined",
    "pending",
    "missing",
    "blank",
    "empty",
    "encrypted",
    "tbc",
    "tbd",
    "tba",
    "to be confirmed",
    "to be defined",
    "to be set",
    "set later",
    "set by user",
    "on file",
    "on request",
    "vault",
    "new password",
    "default password",
    "ask the it",
    "same as ext",
    "same as extension",
    "same as number",
    "same as ad",
    "keepass",
    "keepassxc",
    "lastpass",
    "bitwarden",
    "vaultwarden",
    "1password",
    "dashlane",
    "passbolt",
    "unbekannt",
    "nicht bekannt",
    "nicht gesetzt",
    "nicht vergeben",
    "noch nicht vergeben",
    "nicht vorhanden",
    "n. vorh",
    "n.vorh",
    "standardpasswort",
    "nicht gepflegt",
    "wird vergeben",
    "wird noch vergeben",
    "wird generiert",
    "wird nachgereicht",
    "bitte generieren",
    "bitte erzeugen",
    "bitte vergeben",
    "neues passwort",
    "kein passwort",
    "ohne passwort",
    "kommt noch",
    "folgt",
    "folgt noch",
    "fehlt",
    "fehlt noch",
    "offen",
    "noch offen",
    "ausstehend",
    "leer",
    "verschlüsselt",
    "in klärung",
    "in arbeit",
    "auf anfrage",
    "bei it erfragen",
    "tresor",
    "im tresor",
    "per mail",
    "per e-mail",
    "wie nebenstelle",
    "wie durchwahl",
    "wie ad",
    "inconnu",
    "non défini",
    "à définir",
    "en attente",
    "manquant",
    "vide",
    "sans mot de passe",
    "desconocido",
    "sin definir",
    "por definir",
    "pendiente",
    "falta",
    "vacío",
    "sin contraseña",
    "sconosciuto",
    "non definito",
    "da definire",
    "in attesa",
    "mancante",
    "vuoto",
    "desconhecido",
    "a definir",
    "pendente",
    "em falta",
    "vazio",
    "sem senha",
    "onbekend",
    "niet ingesteld",
    "ontbreekt",
    "volgt",
    "leeg",
    "nieznane",
    "nie ustawiono",
    "puste",
    "bilinmiyor",
    "belirlenmedi",
    "boş",
];
/// The sign of a text that was cut, where it is three signs.
const CUT: &str = "...";
/// A shorter password is tried out, whatever its characters are.
const CHARS_MIN: usize = 8;
/// From this length on, a password may have one kind of characters: a sentence is hard to guess too.
const CHARS_LONG: usize = 20;
/// The least number of different characters.
const DIFFERENT_MIN: u32 = 4;
/// The fewest letters of a word, or of what stands behind its capital letter.
const WORD_LETTERS_MIN: usize = 2;
/// The signs between the digits of dates, telephone numbers and addresses.
const BETWEEN_DIGITS: &str = " +-./():,";
const VOWELS: &str = "aeiouyäöüáéíóúàèìòùâêîôûãõåæøœąęı";

/// Returns true for a text that is certainly no password: a word that says so, one sign again and again, or the
/// beginning of a password that was cut.
pub(super) fn is_no_password(text: &str) -> bool {
    let text = text.trim();
    let is_sign = |first: char| !first.is_alphanumeric() && text.chars().all(|c| c == first);
    let words = text.trim_matches(|c: char| !c.is_alphanumeric());
    let words = words.to_lowercase();
    let place = words.strip_prefix("in ").unwrap_or(&words);
    text.ends_with(CUT) || text.chars().next().is_some_and(is_sign) || NO_PASSWORD.contains(&place)
}

/// An address in the place of a password: there the cells of a row are shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressText {
    /// That of a page or of a mailbox by its scheme, or one that stands in its row as an address too.
    Certain,
    /// A text as an e-mail address or that of a device (`00:15:65:4A:0B:C1`), which a password may be too.
    Likely,
}

/// Finds an address in the place of a password.
pub(super) fn address_text(text: &str) -> Option<AddressText> {
    if !text.contains(['@', ':', '-']) {
        return None;
    }
    let text = text.trim();
    let mut schemes = ["http://", "https://", "mailto:"].into_iter();
    let begins = |scheme: &str| {
        let beginning = text.get(..scheme.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(scheme))
    };
    if schemes.any(begins) {
        return Some(AddressText::Certain);
    }
    if is_device(text) {
        return Some(AddressText::Likely);
    }
    let is_made_of = |part: &str, signs: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || signs.contains(c))
    };
    let (name, host) = text.split_once('@')?;
    let (_, end) = host.rsplit_once('.')?;
    let is_end = end.chars().count() > 1 && end.chars().all(char::is_alphabetic);
    let is_mail = is_end && is_made_of(name, "._+-") && is_made_of(host, ".-");
    is_mail.then_some(AddressText::Likely)
}

/// Returns true for six pairs of hexadecimal digits with one sign between them.
fn is_device(text: &str) -> bool {
    const PAIRS: usize = 6;
    [':', '-'].into_iter().any(|between| {
        let mut pairs = text.split(between);
        let is_pair =
            |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.split(between).count() == PAIRS && pairs.all(is_pair)
    })
}

/// Returns true for a text with a digit that may be no password.
pub(super) fn is_doubtful(text: &str) -> bool {
    text.ends_with(CUT) || text.starts_with('1') && is_no_password(text)
}

/// Says by what a password is easy to guess; `None` where it is not.
pub(super) fn weakness(text: &str) -> Option<&'static str> {
    match is_plainly_strong(text) {
        true => None,
        false => slow_weakness(text),
    }
}

fn slow_weakness(text: &str) -> Option<&'static str> {
    let chars = text.chars().count();
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    match () {
        () if chars < CHARS_MIN => Some("has fewer than 8 characters"),
        () if has_few_chars(text) => Some("has few different characters"),
        () if chars >= CHARS_LONG => None,
        () if has_digit && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some("has nothing but digits")
        }
        () if has_digit && text.chars().all(is_digit_or_between) => {
            Some("may be a date, a telephone number or an address")
        }
        () if !has_digit && is_words(text) => Some("has no digit, and reads like a word"),
        () => None,
    }
}

/// Returns true for most passwords that are not weak, by one look at each byte: ASCII alone, digits and others among them.
fn is_plainly_strong(text: &str) -> bool {
    // Of each 64 bytes a bit for each that is there.
    let mut seen = [0_u64; 4];
    for byte in text.bytes() {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    const DIGITS: u64 = 0x3FF << b'0';
    let between = BETWEEN_DIGITS.bytes();
    let between = between.fold(0_u64, |signs, byte| signs | 1 << (byte & 63));
    let [signs, letters, beyond, more] = seen;
    let different = signs.count_ones() + letters.count_ones();
    text.len() >= CHARS_MIN
        && beyond | more == 0
        && different >= DIFFERENT_MIN
        && signs & DIGITS != 0
        && (signs & !DIGITS & !between) | letters != 0
}

/// Returns true for a digit, and for a sign that stands between digits.
fn is_digit_or_between(c: char) -> bool {
    c.is_ascii_digit() || BETWEEN_DIGITS.contains(c)
}

/// Returns true for a text of fewer different characters than a password should have.
fn has_few_chars(text: &str) -> bool {
    let mut rest = text;
    for _ in 0..DIFFERENT_MIN {
        let Some(first) = rest.chars().next() else {
            return true;
        };
        let seen = text.len() - rest.len();
        let seen = text.get(..seen).unwrap_or_default();
        let is_new = |c: char| c != first && !seen.contains(c);
        rest = rest
            .find(is_new)
            .and_then(|at| rest.get(at..))
            .unwrap_or_default();
    }
    false
}

/// Returns true for words, also with a capital letter in the place of a blank, as in `LastPass`.
fn is_words(text: &str) -> bool {
    let is_between = |c: char| c.is_whitespace() || "-_./,:;!?'()[]{}<>…".contains(c);
    let mut words = text.split(is_between).filter(|word| !word.is_empty());
    words.all(|word| {
        let has_letters = |word: &str| word.chars().nth(WORD_LETTERS_MIN - 1).is_some();
        let is_upper = word.chars().all(char::is_uppercase);
        let is_lower = !word.chars().skip(1).any(char::is_uppercase);
        let mut parts = word.split(char::is_uppercase).enumerate();
        // Behind each capital letter a word goes on.
        let are_words = parts.all(|(at, part)| match at {
            0 => part.is_empty() || has_letters(part),
            _ => has_letters(part) && part.contains(|c| VOWELS.contains(c)),
        });
        let is_written = is_upper || is_lower || are_words;
        word.chars().all(char::is_alphabetic) && has_letters(word) && is_written
    })
}

/// Returns true if a text in the place of a password is an instruction, or only yes or no.
pub(super) fn is_instruction_or_switch(text: &str) -> bool {
    let text = text.trim();
    let is_word = text.chars().count() > 1
        && text.contains(char::is_alphabetic)
        && !text.contains(['<', '>']);
    is_word && (is_instruction(text) || switch(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn passwords_of_other_generators_are_not_weak() {
        let mut random = Random::new(11);
        let hex: Vec<char> = "0123456789abcdef".chars().collect();
        let small: Vec<char> = ('a'..='z').chain('0'..='9').collect();
        let both: Vec<char> = ('A'..='Z').chain(small.iter().copied()).collect();
        for _ in 0..10_000 {
            for (alphabet, length) in [(&hex, 32), (&small, 24), (&both, 20), (&both, 16)] {
                let text: String = (0..length)
                    .map(|_| alphabet[random.below(alphabet.len())])
                    .collect();
                assert!(!is_no_password(&text), "{text}");
                assert_eq!(weakness(&text), None, "{text}");
            }
        }
        for text in [
            "kPwqTRmzLx",
            "192x168.0.1",
            "correct horse battery staple",
            "Wk9q-dd82hZ",
            "a!B%c-D&e",
            "Neuland7",
        ] {
            assert_eq!(weakness(text), None, "{text}");
            assert!(!is_no_password(text), "{text}");
        }
    }

    #[test]
    fn dates_and_telephone_numbers_are_easy_to_guess_and_places_of_passwords_are_none() {
        for text in [
            "10.12.2026",
            "2024-12-31",
            "0171/5550001",
            "+49 171 5550001",
            "10.0.0.11:5060",
        ] {
            let why = Some("may be a date, a telephone number or an address");
            assert_eq!(weakness(text), why, "{text}");
        }
        for text in [
            "n. vorh.",
            "in 1Password",
            "in KeePass",
            "in Vault",
            "bei IT erfragen",
        ] {
            assert!(is_no_password(text), "{text}");
        }
    }

    #[test]
    fn the_quick_look_at_a_password_says_what_the_long_one_says() {
        let mut random = Random::new(23);
        let signs: Vec<char> = "aabAB012 -_.é€".chars().collect();
        let mut quick = 0;
        for _ in 0..20_000 {
            let length = random.below(24);
            let kinds = 1 + random.below(signs.len());
            let text: String = (0..length).map(|_| signs[random.below(kinds)]).collect();
            if is_plainly_strong(&text) {
                quick += 1;
                assert_eq!(slow_weakness(&text), None, "{text}");
            }
        }
        assert!(quick > 500, "{quick}");
    }
}
