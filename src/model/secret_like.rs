//! Texts that look like secrets, wherever they stand: people put a password into the cell beside the one that it belongs in.
//! A plain word such as `sonne` is not told from a name: it is hidden where it is a secret of its sheet too, or has such a word
//! as `PIN` before it, and shown elsewhere. A mapping means headings by their text, so tables of columns show them as they
//! are; messages show them without the secrets in them.

use std::borrow::Cow;

/// The fewest characters of a word that looks like a secret.
const CHARS_MIN: usize = 8;
/// The fewest characters of one with signs that stand in passwords and in no name.
const CHARS_WITH_SIGNS_MIN: usize = 6;
/// The fewest digits of a PIN that stands behind its name.
const PIN_DIGITS_MIN: usize = 4;
/// The signs that passwords have and names, numbers and codes have not.
const SIGNS: &str = "!?$%^~§{}<>\\€`@*&";
/// The signs between the parts of names, numbers and codes: `PJSIP/100`, `EG-1.OG`, `Berg_Anna`.
const JOINERS: &str = "-._/:,;+=|'’#()[]\"„“”";
/// The words behind which a secret stands in a running text, such as `PIN 4711`, in lower case.
const NAMES: [&str; 23] = [
    "password",
    "passwort",
    "passwd",
    "passcode",
    "pass",
    "pwd",
    "pw",
    "pin",
    "secret",
    "kennwort",
    "geheimzahl",
    "mdp",
    "passe",
    "contraseña",
    "clave",
    "wachtwoord",
    "pincode",
    "senha",
    "hasło",
    "haslo",
    "şifre",
    "sifre",
    "parola",
];

/// Returns true if a text has a word that looks like a password, or names one that stands in it.
pub(crate) fn is_like_secret(text: &str) -> bool {
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if is_word_like_secret(word) || names_secret(word, words.peek().is_some()) {
            return true;
        }
    }
    false
}

/// A heading in a message, with other words `by` which its secrets are replaced: those that look like one and, behind a word
/// such as `PIN`, those with a number of several digits or with letters and digits, as in `PIN 739182`.
pub(super) fn with_secrets_replaced<'t>(text: &'t str, by: &str) -> Cow<'t, str> {
    // Of these nothing more is hidden, so that what was hidden once stays as it is.
    if text.contains(by) {
        return text.into();
    }
    let mut shown = String::new();
    let (mut is_named, mut is_hidden) = (false, false);
    for word in text.split_inclusive(char::is_whitespace) {
        let begin = match word.split_once([':', '=']) {
            Some((name, value)) if names_secret(name, true) => {
                word.len() - value.trim_start_matches([':', '=']).len()
            }
            _ => 0,
        };
        let (before, rest) = word.split_at(begin);
        let core = rest.trim().trim_matches(|c: char| JOINERS.contains(c));
        let bare = core.trim_matches(|c: char| SIGNS.contains(c));
        let is_secret = !core.is_empty()
            && (before.contains('=')
                || is_word_like_secret(bare)
                || (is_named || begin > 0) && is_value(bare));
        is_named |= names_secret(word.trim(), true);
        is_hidden |= is_secret;
        shown.push_str(before);
        match rest.split_once(core).filter(|_| is_secret) {
            Some((opening, closing)) => shown.extend([opening, by, closing]),
            None => shown.push_str(rest),
        }
    }
    match is_hidden {
        true => shown.into(),
        false => text.into(),
    }
}

/// Returns true for a word that may be the value of a secret whose name stands before it: not `8-32` or `4-stellig`.
fn is_value(word: &str) -> bool {
    let mut pieces = word.split(|c: char| JOINERS.contains(c));
    pieces.any(|piece| {
        let digits = piece.chars().filter(char::is_ascii_digit).count();
        let has_letters = piece.contains(char::is_alphabetic);
        digits >= PIN_DIGITS_MIN
            || digits > 0 && has_letters && piece.chars().count() >= CHARS_WITH_SIGNS_MIN
    })
}

/// Returns true if a text looks like a secret, or is one word of letters and digits, as nobody is called: it may be one where
/// nothing is known of its column. `PJSIP/100` is none.
pub(crate) fn may_be_secret(text: &str) -> bool {
    let text = text.trim_matches('"');
    let is_one_word = text.chars().count() >= CHARS_WITH_SIGNS_MIN
        && text.contains(char::is_alphabetic)
        && text.contains(char::is_numeric)
        && !text.contains(char::is_whitespace);
    is_one_word && !is_channel(text) && !is_device_name(text) || is_like_secret(text)
}

/// Returns true for a number behind the technology of its telephone, such as `PJSIP/100`.
fn is_channel(word: &str) -> bool {
    const TECHNOLOGIES: [&str; 6] = ["SIP", "PJSIP", "IAX2", "DAHDI", "SCCP", "Local"];
    word.split_once('/').is_some_and(|(technology, number)| {
        let mut known = TECHNOLOGIES.iter();
        known.any(|known| known.eq_ignore_ascii_case(technology))
            && number.chars().all(|c| c.is_ascii_digit())
    })
}

/// Returns true for the hardware address of a device, alone or behind a word in letters of the same case:
/// `SEP0015654AB3C1`.
fn is_device_name(word: &str) -> bool {
    const HARDWARE_DIGITS: usize = 12;
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    let digits = word.char_indices().rev().nth(HARDWARE_DIGITS - 1);
    let parts = digits.and_then(|(at, _)| word.split_at_checked(at));
    parts.is_some_and(|(kind, digits)| {
        // Letters of hexadecimal digits alone may be the beginning of a longer secret.
        let is_word = kind.chars().all(|c| c.is_ascii_alphabetic())
            && !is_hex(kind)
            && !(word.contains(char::is_uppercase) && word.contains(char::is_lowercase));
        is_hex(digits) && (kind.is_empty() || is_word)
    })
}

/// Returns true if a word names a secret that stands behind it, in another word or behind a `:` or `=`.
fn names_secret(word: &str, is_followed: bool) -> bool {
    let (name, value) = match word.split_once([':', '=']) {
        Some((name, value)) => (name, !value.is_empty() || is_followed),
        None => (word, is_followed),
    };
    let last = name.rsplit(|c: char| !c.is_alphabetic()).next();
    let name = last.unwrap_or(name).to_lowercase();
    value && NAMES.contains(&name.as_str())
}

fn is_word_like_secret(word: &str) -> bool {
    let word = word.trim_matches(|c: char| JOINERS.contains(c) || c == '?');
    let chars = word.chars().count();
    if chars < CHARS_WITH_SIGNS_MIN || is_address(word) || is_uuid(word) {
        return false;
    }
    let signs = word.chars().filter(|c| SIGNS.contains(*c)).count();
    let has_letters = word.contains(char::is_alphabetic);
    let has_digits = word.contains(|c: char| c.is_ascii_digit());
    let is_signed = signs > 0 && has_letters && (has_digits || signs > 1 && chars >= CHARS_MIN);
    // A text such as `<clear>` or `{number}` is a word between signs.
    let is_marked = word.starts_with(['<', '{', '$', '%']) && word.ends_with(['>', '}', '%']);
    let mut pieces = word.split(|c: char| JOINERS.contains(c) || SIGNS.contains(c));
    is_signed && !is_marked || pieces.any(is_mixed)
}

/// Returns true for letters and digits mixed as in no name and no code: not `Zimmer101`, `SPA504G2` or `iPhone15`.
fn is_mixed(piece: &str) -> bool {
    let chars = piece.chars().count();
    if chars < CHARS_MIN || is_device_name(piece) {
        return false;
    }
    let classes: Vec<CharClass> = piece.chars().map(CharClass::new).collect();
    let digits = |class: &CharClass| *class == CharClass::Digit;
    let turns = classes
        .windows(2)
        .filter(|pair| digits(&pair[0]) != digits(&pair[1]));
    let turns = turns.count();
    let rises = classes
        .windows(2)
        .filter(|pair| *pair == [CharClass::Small, CharClass::Capital]);
    let rises = rises.count();
    let has_digit = classes.iter().any(digits);
    let has_small = classes.contains(&CharClass::Small);
    let letters = classes.split(digits).filter(|run| !run.is_empty());
    let are_short = letters.clone().all(|run| run.len() <= 2);
    let is_odd = letters
        .clone()
        .any(|run| run.len() > 1 && !is_wordlike(run));
    turns > 3 && has_small
        || turns > 4
        || turns > 2 && are_short && has_small
        || has_digit && turns > 0 && is_odd && (turns > 1 || rises > 1)
}

/// Returns true for letters in the cases of a word: `name`, `Name`, `NAME`, `MacOS`, `iPhone`.
fn is_wordlike(run: &[CharClass]) -> bool {
    let rises = run
        .windows(2)
        .filter(|pair| *pair == [CharClass::Small, CharClass::Capital]);
    let rises = rises.count();
    rises == 0 && run.iter().skip(1).all(|class| *class == CharClass::Small)
        || run.iter().all(|class| *class == CharClass::Capital)
        || rises == 1 && run.len() > 4
}

/// The class of a character, as far as passwords differ by it from names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CharClass {
    Digit,
    Capital,
    Small,
}

impl CharClass {
    fn new(c: char) -> CharClass {
        match c {
            c if c.is_numeric() => CharClass::Digit,
            c if c.is_uppercase() => CharClass::Capital,
            _ => CharClass::Small,
        }
    }
}

/// Returns true for an e-mail address, one of SIP, or a box of voicemail such as `2001@default`.
fn is_address(word: &str) -> bool {
    let Some((local, host)) = word.rsplit_once('@') else {
        return false;
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_named = last.len() > 1 && last.chars().all(char::is_alphabetic);
    let is_number = host.split('.').all(|part| part.parse::<u8>().is_ok());
    let is_box = local.chars().all(|c| c.is_ascii_digit());
    let is_host = host
        .chars()
        .all(|c| c.is_alphanumeric() || ".-:".contains(c));
    !local.is_empty() && is_host && (host.contains('.') && (is_named || is_number) || is_box)
}

/// Returns true for an identifier of systems, such as `9f1c4b3e-7c52-4d7e-9d7f-0a4f1c2b3d4e`.
fn is_uuid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::{is_like_secret, may_be_secret};

    #[test]
    fn passwords_look_like_secrets_and_names_numbers_addresses_and_codes_do_not() {
        for text in [
            "tR7xkQ2mZp9w",
            "Zk8wvTq3Lm",
            "Qw8rTz5Lp!",
            "Sommer2024!",
            "Otto Qw8rTz5Lp!",
            "P@ssw0rd",
            "S3cr!t",
            "Kq!wZp$x",
            "tRxkQmZp9w",
            "a8k3m2x9",
            "ab12cd34",
            "0cc175b9c0f1b6a831c399e269772661",
            "ab12cd34ef56a7",
            "SEPtR7xkQ2mZp9w",
            "sep0015654AB3C1",
            "Passwort: sonne",
            "PIN 4711",
            "pin:4711",
            "pw=sonne",
            "mot de passe soleil",
            "hasło słońce",
            "(Kq7WzP3xVn9T)",
        ] {
            assert!(is_like_secret(text), "{text}");
        }
        for text in [
            "",
            "Anna Berg",
            "Jörg Müßig-Çelik",
            "O'Neill, Seán",
            "McDonald",
            "Zimmer101",
            "Raum 12?",
            "Frei!",
            "Aufzug (Notruf!)",
            "3.OG/links",
            "PJSIP/100",
            "SIP/trunk-2001",
            "user2001",
            "iPhone15",
            "Office365",
            "SPA504G2",
            "CP-8841-K9",
            "GXP2170V2",
            "00:15:65:ab:cd:ef",
            "0015654ab3c1",
            "SEP0015654AB3C1",
            "sep0015654ab3c1",
            "ATA0015654AB3C1",
            "9f1c4b3e-7c52-4d7e-9d7f-0a4f1c2b3d4e",
            "anna.berg2@example.com",
            "user#7@example.com",
            "bo@@example.com",
            "2001@default",
            "tel:+12025550101;ext=2001",
            "attach=yes|saycid=no|delete=no",
            "sip:2001@10.0.0.12",
            "+49 (0)171 1234567",
            "tel:+4930123",
            "2026-11-30T05:18:47",
            "31Dez2026",
            "*21*0171#",
            "2002.0",
            "4,93E+11",
            "PIN",
            "Passwort",
            "<clear>",
            "<generate>",
            "Marks & Spencer",
            "Spinner",
            "#NAME?",
            "Bürö",
            "MÃ¼ller",
            "10000 Stück",
        ] {
            assert!(!is_like_secret(text), "{text}");
        }
    }

    #[test]
    fn one_word_of_letters_and_digits_may_be_a_secret_where_nothing_is_known_of_its_column() {
        for text in [
            "Sommer/2024",
            "sipPw0Kk72",
            "\"sommer24\"",
            "SIP/100a",
            "Kq!wZp$x",
            "PIN 4711",
        ] {
            assert!(may_be_secret(text), "{text}");
        }
        for text in [
            "SIP/2001",
            "pjsip/2001",
            "IAX2/2001",
            "DAHDI/12",
            "SCCP/2001",
            "Local/2001",
            "SEP0015654AB3C1",
            "Anna Berg2",
            "+49 30 1234",
            "301",
            "Anna",
        ] {
            assert!(!may_be_secret(text), "{text}");
        }
    }
}
