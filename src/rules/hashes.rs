//! Hashes in the place of passwords: a PBX that stores them so cannot give the password itself.

/// A text that is the hash of a password, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HashText {
    /// It names its own method, as in `$2y$10$…` and `{SSHA}…`.
    Certain,
    /// It has as many hexadecimal digits as some methods give, which may be a password too.
    Likely,
}

/// The fewest characters behind the name of a method.
const REST_MIN: usize = 16;
/// The most characters of the name.
const METHOD_MAX: usize = 20;
/// The numbers of hexadecimal digits that MD5, SHA-1, SHA-256 and SHA-512 give.
const HEX_DIGITS: [usize; 4] = [32, 40, 64, 128];

/// Methods by the names that stand between two `$` and that no password begins with.
const DOLLAR_METHODS: [&str; 9] = [
    "2a", "2b", "2x", "2y", "apr1", "argon2d", "argon2i", "argon2id", "pbkdf2",
];
/// Methods of hashing and of encryption by the names that stand before a colon, in small letters without hyphens.
const COLON_METHODS: [&str; 17] = [
    "md5",
    "sha",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "ssha",
    "ntlm",
    "bcrypt",
    "argon2",
    "pbkdf2",
    "hash",
    "enc",
    "encrypted",
    "cipher",
    "vault",
];

/// Finds the hash of a password, also where only its beginning is shown, or an encrypted one.
pub(super) fn hash_text(text: &str) -> Option<HashText> {
    let text = text.trim();
    let before_colon = text
        .split_once(':')
        .map(|(method, _)| method.replace('-', "").to_lowercase());
    let in_dollars = text.strip_prefix('$').and_then(|text| text.split_once('$'));
    if before_colon.is_some_and(|method| COLON_METHODS.contains(&&*method))
        || text
            .strip_prefix("ENC(")
            .is_some_and(|rest| rest.ends_with(')'))
        || in_dollars.is_some_and(|(method, _)| DOLLAR_METHODS.contains(&method))
    {
        return Some(HashText::Certain);
    }
    let named = match text.as_bytes().first()? {
        b'$' => text.get(1..)?.split_once('$'),
        b'{' => text.get(1..)?.split_once('}'),
        _ => text.split_once('$').filter(|(method, _)| is_django(method)),
    };
    if let Some((method, rest)) = named {
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let is_method = (1..=METHOD_MAX).contains(&method.len()) && method.bytes().all(is_name);
        let is_rest = rest.len() >= REST_MIN && rest.bytes().all(|b| b.is_ascii_graphic());
        return (is_method && is_rest).then_some(HashText::Certain);
    }
    has_digits_of_hash(text).then_some(HashText::Likely)
}

/// Returns true for as many hexadecimal digits as a hash has, not all of them decimal.
pub(super) fn has_digits_of_hash(text: &str) -> bool {
    HEX_DIGITS.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.contains(char::is_alphabetic)
}

/// Returns true for a method as Django writes it, before the first `$`.
fn is_django(method: &str) -> bool {
    ["pbkdf2_", "bcrypt", "argon2", "scrypt", "sha1", "md5"]
        .iter()
        .any(|begin| method.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_known_by_their_method_or_their_length() {
        for (text, expected) in [
            (
                "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
                Some(HashText::Certain),
            ),
            (
                "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3a",
                Some(HashText::Certain),
            ),
            (
                "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
                Some(HashText::Certain),
            ),
            (
                "pbkdf2_sha256$20000$H0dPx8NeajVu$GiC4k5kqbbR9qWBlsRgDywNqC2vd9kqfk7zdorEnNas=",
                Some(HashText::Certain),
            ),
            ("5f4dcc3b5aa765d61d8327deb882cf99", Some(HashText::Likely)),
            (
                "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8",
                Some(HashText::Likely),
            ),
            ("$2b$12$LQv3c1", Some(HashText::Certain)),
            ("$2y$…", Some(HashText::Certain)),
            ("sha256:9f86d081", Some(HashText::Certain)),
            ("SHA-256:…", Some(HashText::Certain)),
            ("MD5: 5f4dcc3b", Some(HashText::Certain)),
            ("ENC(aB3dE5fG7h)", Some(HashText::Certain)),
            ("vault:v1:8SDd3WHDOjf", Some(HashText::Certain)),
            // Digits alone are none by any likelihood.
            ("12345678901234567890123456789012", None),
            ("$Geheim$Wort", None),
            ("{Kw83hT}qz", None),
            ("$2c$rabbit7", None),
            ("Md5x:Geheim7", None),
            ("US$1000$aVeryLongPassword12", None),
            ("tR7xkQ2mZp9w", None),
            ("", None),
        ] {
            assert_eq!(hash_text(text), expected, "{text}");
        }
    }
}
