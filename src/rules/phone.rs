//! Telephone numbers as people write them, by the rules of one country: `+49 (0)171 555 00 00`, `(030) 888 00 01`.
//!
//! Nothing is made of a number without a country, nor of one that could be two numbers or have an extension behind it.

use std::str::FromStr;

/// The fewest and the most digits of a telephone number.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// The most digits of an area code, the zero before it included.
const AREA_DIGITS_MAX: usize = 6;

/// A country's code, the prefix before an area code within it, and the prefix before another country's code. In Italy the
/// zero belongs to the number.
const COUNTRIES: [(&str, &str, &str, &str); 27] = [
    ("AT", "43", "0", "00"),
    ("AU", "61", "0", "0011"),
    ("BE", "32", "0", "00"),
    ("CA", "1", "1", "011"),
    ("CH", "41", "0", "00"),
    ("CZ", "420", "", "00"),
    ("DE", "49", "0", "00"),
    ("DK", "45", "", "00"),
    ("ES", "34", "", "00"),
    ("FR", "33", "0", "00"),
    ("GB", "44", "0", "00"),
    ("GR", "30", "", "00"),
    ("IE", "353", "0", "00"),
    ("IN", "91", "0", "00"),
    ("IT", "39", "", "00"),
    ("LI", "423", "", "00"),
    ("LU", "352", "", "00"),
    ("NL", "31", "0", "00"),
    ("NO", "47", "", "00"),
    ("NZ", "64", "0", "00"),
    ("PL", "48", "", "00"),
    ("PT", "351", "", "00"),
    ("SE", "46", "0", "00"),
    ("SK", "421", "0", "00"),
    ("TR", "90", "0", "00"),
    ("US", "1", "1", "011"),
    ("ZA", "27", "0", "00"),
];

/// A range of numbers of digits.
type Lengths = std::ops::RangeInclusive<usize>;

/// The first digits of mobile numbers behind the zero that is dialled before them, and how many digits those have, where
/// no other number of the country begins so. Then how many digits other numbers have with their area code and without
/// that zero, where no number without an area code has as many.
const WITHOUT_ZERO: [(&str, &[&str], Lengths, Lengths); 5] = [
    ("CH", &["74", "75", "76", "77", "78", "79"], 9..=9, 9..=9),
    ("DE", &["15", "16", "17"], 10..=11, 9..=10),
    ("FR", &["6", "7"], 9..=9, 9..=9),
    ("GB", &["7"], 10..=10, 10..=10),
    ("NL", &["6"], 9..=9, 9..=9),
];

/// The country of a PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    name: &'static str,
    code: &'static str,
    trunk: &'static str,
    abroad: &'static str,
}

impl Country {
    /// The word by which it is typed.
    pub(crate) fn name(self) -> &'static str {
        self.name
    }
}

impl FromStr for Country {
    type Err = String;

    fn from_str(text: &str) -> Result<Country, String> {
        let known = COUNTRIES
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(text));
        let (name, code, trunk, abroad) = *known.ok_or_else(|| {
            let names = COUNTRIES.map(|(name, ..)| name);
            format!("known are {}", names.join(", "))
        })?;
        Ok(Country {
            name,
            code,
            trunk,
            abroad,
        })
    }
}

impl Country {
    /// A number without the zero before it as it is dialled; `None` where it may be another one. Where it `is_mobile`, it
    /// begins as those do.
    pub(super) fn dialled_with_zero(self, digits: &str, is_mobile: bool) -> Option<String> {
        let mut known = WITHOUT_ZERO.iter();
        let (_, begins, mobiles, others) = known.find(|(name, ..)| *name == self.name)?;
        let is_own = || !digits.starts_with(['0']) && !digits.starts_with(self.code);
        let is_known = match begins.iter().any(|begin| digits.starts_with(begin)) {
            true => mobiles.contains(&digits.len()),
            false => !is_mobile && others.contains(&digits.len()) && is_own(),
        };
        is_known.then(|| format!("{}{digits}", self.trunk))
    }

    /// A telephone number as it is dialled, with `+` where the PBX takes one; `None` where it is not certain.
    pub(super) fn dialled(self, text: &str, takes_plus: bool) -> Option<String> {
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text).trim();
        if let Some((area, _)) = text.split_once('/')
            && area.bytes().filter(u8::is_ascii_digit).count() > AREA_DIGITS_MAX
        {
            return None;
        }
        let (plus, rest) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let is_between = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '/' | '.' | '(' | ')');
        if rest.matches('/').count() > 1
            || !rest.chars().all(|c| c.is_ascii_digit() || is_between(c))
        {
            return None;
        }
        // With the country code, `(0)` is the zero that is dialled within the country only.
        let zero = rest.contains("(0)");
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let abroad = match plus {
            true => Some(digits.as_str()),
            false => (digits.strip_prefix(self.abroad)).or_else(|| digits.strip_prefix("00")),
        };
        let (code, own) = match abroad {
            Some(abroad) => without_trunk(abroad, zero)?,
            None => (self.code, digits.strip_prefix(self.trunk)?),
        };
        let dialled = match (takes_plus, code == self.code) {
            (true, _) => format!("+{code}{own}"),
            (false, true) => format!("{}{own}", self.trunk),
            (false, false) => format!("{}{code}{own}", self.abroad),
        };
        let count = dialled.bytes().filter(u8::is_ascii_digit).count();
        DIGITS.contains(&count).then_some(dialled)
    }
}

/// Splits a number into a country's code and the rest, without the prefix that is dialled before the rest within that
/// country only. Of an unknown country, only a number that cannot have one is certain.
fn without_trunk(digits: &str, zero: bool) -> Option<(&str, &str)> {
    let known = COUNTRIES
        .iter()
        .find(|(_, code, ..)| digits.starts_with(code));
    let Some((_, code, trunk, _)) = known else {
        return (!zero).then_some(("", digits));
    };
    let (code, own) = digits.split_at_checked(code.len())?;
    match own.strip_prefix(trunk).filter(|_| !trunk.is_empty()) {
        Some(own) => Some((code, own)),
        None => (!zero).then_some((code, own)),
    }
}

/// More than one number in a cell: several, or an extension behind one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecondNumber {
    Numbers,
    Extension,
}

/// The fewest digits of a number written beside another.
const BESIDE_DIGITS: usize = 4;
/// The fewest digits of a whole number with nothing but a space or a slash between it and another.
const WHOLE_DIGITS: usize = 7;

/// Words before the extension behind a number.
const EXTENSION_WORDS: [&str; 14] = [
    "x",
    "ext",
    "extn",
    "extension",
    "dw",
    "durchwahl",
    "nst",
    "nebenstelle",
    "app",
    "klappe",
    "poste",
    "interno",
    "int",
    "#",
];

/// Finds more than one number in a cell, by the words and marks between them.
pub(super) fn more(text: &str) -> Option<SecondNumber> {
    let count = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    let is_number = |part: &str| {
        let part = part.trim();
        part.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '('))
            && count(part) >= BESIDE_DIGITS
            && !part.contains(char::is_alphabetic)
    };
    let is_whole = |part: &&str| part.starts_with(['0', '+']) && count(part) >= WHOLE_DIGITS;
    let are_numbers = |parts: &[&str]| parts.len() > 1 && parts.iter().all(|part| is_number(part));
    let parts = |between: &[char]| -> Vec<&str> {
        let parts = text.split(between);
        parts.filter(|part| !part.trim().is_empty()).collect()
    };
    let by_words = [" / ", " or ", " oder ", " ou ", " and ", " und ", " & "];
    let are_whole = |parts: Vec<&str>| are_numbers(&parts) && parts.iter().all(is_whole);
    if are_numbers(&parts(&[',', ';', '|', '\n']))
        || are_whole(parts(&[' ']))
        || are_whole(parts(&['/']))
        || by_words
            .into_iter()
            .any(|between| are_numbers(&text.split(between).collect::<Vec<_>>()))
    {
        return Some(SecondNumber::Numbers);
    }
    let end = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let word = end.trim_end_matches(['.', ':', ' ', '-']);
    let before = word.trim_end_matches(|c: char| c.is_alphabetic() || c == '#');
    let word = word.get(before.len()..).unwrap_or_default().to_lowercase();
    let is_behind = end.len() < text.len() && EXTENSION_WORDS.contains(&&*word);
    (is_behind && is_number(before)).then_some(SecondNumber::Extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_by_its_countrys_rule_or_left_alone() {
        let german: Country = "de".parse().unwrap();
        for (text, national, international) in [
            (
                "+49 (0)170 1234567",
                Some("01701234567"),
                Some("+491701234567"),
            ),
            (
                "+49 0170 1234567",
                Some("01701234567"),
                Some("+491701234567"),
            ),
            ("0170/1234567", Some("01701234567"), Some("+491701234567")),
            ("(030) 888 00 01", Some("0308880001"), Some("+49308880001")),
            (
                "tel:+491701234567",
                Some("01701234567"),
                Some("+491701234567"),
            ),
            ("+43 (0)1 234567", Some("00431234567"), Some("+431234567")),
            ("0043 1 234567", Some("00431234567"), Some("+431234567")),
            (
                "+33 06 12 34 56 78",
                Some("0033612345678"),
                Some("+33612345678"),
            ),
            // In Italy the zero belongs to the number.
            (
                "+39 06 1234567",
                Some("0039061234567"),
                Some("+39061234567"),
            ),
            ("+39 (0)6 1234567", None, None),
            // A country that is not known.
            (
                "+971 4 1234567",
                Some("0097141234567"),
                Some("+97141234567"),
            ),
            ("+971 (0)4 1234567", None, None),
            // Without a zero before it, the country of the area code is not known.
            ("171 5550000", None, None),
            ("0170-1234567 ext. 12", None, None),
            ("0170 1, 0171 2", None, None),
            ("0170 1234567 / 0171 7654321", None, None),
            ("p:+491701234567", None, None),
            ("4.41E+11", None, None),
            ("110", None, None),
        ] {
            assert_eq!(german.dialled(text, false).as_deref(), national, "{text}");
            assert_eq!(
                german.dialled(text, true).as_deref(),
                international,
                "{text}"
            );
        }
        let danish: Country = "DK".parse().unwrap();
        assert_eq!(
            danish.dialled("32 12 34 56", false).as_deref(),
            Some("32123456")
        );
        assert!("Germany".parse::<Country>().is_err());
    }

    #[test]
    fn the_zero_of_a_foreign_number_is_not_dialled() {
        let french: Country = "FR".parse().unwrap();
        for text in [
            "+49 (0)170 1234567",
            "+49 0170 1234567",
            "0049 (0) 170 1234567",
        ] {
            let dialled = french.dialled(text, false);
            assert_eq!(dialled.as_deref(), Some("00491701234567"), "{text}");
        }
        let australian: Country = "AU".parse().unwrap();
        let dialled = australian.dialled("0011 49 170 1234567", true);
        assert_eq!(dialled.as_deref(), Some("+491701234567"));
    }

    #[test]
    fn two_numbers_and_an_extension_behind_one_are_seen() {
        for (text, found) in [
            ("0170 1, 0171 2", Some(SecondNumber::Numbers)),
            ("0170 1234567 / 0171 7654321", Some(SecondNumber::Numbers)),
            (
                "+49 170 1234567; +49 171 7654321",
                Some(SecondNumber::Numbers),
            ),
            ("030 123456 oder 0170 1234567", Some(SecondNumber::Numbers)),
            ("0171123456 0172123456", Some(SecondNumber::Numbers)),
            ("0171/123456 0172/123456", Some(SecondNumber::Numbers)),
            ("0171123456/0172123456", Some(SecondNumber::Numbers)),
            ("+49171123456 +49172123456", Some(SecondNumber::Numbers)),
            ("0049 30 0123456", None),
            ("0800 0330100", None),
            ("+49301234567 12345678", None),
            ("0170-1234567 ext. 12", Some(SecondNumber::Extension)),
            ("030 123456 DW 12", Some(SecondNumber::Extension)),
            ("+1 212 555 0100 x12", Some(SecondNumber::Extension)),
            ("0170/1234567", None),
            ("(030) 888 00 01", None),
            ("030 12345-12", None),
            ("1-800-FLOWERS", None),
            ("Ann, 0170", None),
            ("x12", None),
        ] {
            assert_eq!(more(text), found, "{text}");
        }
    }
}
