//! Telephone numbers as people write them, by the rules of one country: `+49 (0)171 555 00 00`, `(030) 888 00 01`.
//!
//! Nothing is made of a number without a country, nor of one that could be two numbers or have an extension behind it.

use std::str::FromStr;

/// The fewest and the most digits of a telephone number.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// The most digits of an area code, the zero before it included.
const AREA_DIGITS_MAX: usize = 6;

/// A country's code, the prefix before an area code within it, the prefix before another country's code, and the most
/// digits of a person's number behind the first two. In Italy the zero belongs to the number; in Austria and Germany the
/// digits of an extension may stand behind that of a company.
const COUNTRIES: [(&str, &str, &str, &str, usize); 27] = [
    ("AT", "43", "0", "00", 13),
    ("AU", "61", "0", "0011", 9),
    ("BE", "32", "0", "00", 9),
    ("CA", "1", "1", "011", 10),
    ("CH", "41", "0", "00", 9),
    ("CZ", "420", "", "00", 9),
    ("DE", "49", "0", "00", 13),
    ("DK", "45", "", "00", 8),
    ("ES", "34", "", "00", 9),
    ("FR", "33", "0", "00", 9),
    ("GB", "44", "0", "00", 10),
    ("GR", "30", "", "00", 10),
    ("IE", "353", "0", "00", 9),
    ("IN", "91", "0", "00", 10),
    ("IT", "39", "", "00", 11),
    ("LI", "423", "", "00", 9),
    ("LU", "352", "", "00", 11),
    ("NL", "31", "0", "00", 9),
    ("NO", "47", "", "00", 8),
    ("NZ", "64", "0", "00", 10),
    ("PL", "48", "", "00", 9),
    ("PT", "351", "", "00", 9),
    ("SE", "46", "0", "00", 9),
    ("SK", "421", "0", "00", 9),
    ("TR", "90", "0", "00", 10),
    ("US", "1", "1", "011", 10),
    ("ZA", "27", "0", "00", 9),
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
    digits_max: usize,
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
        let (name, code, trunk, abroad, digits_max) = *known.ok_or_else(|| {
            let names = COUNTRIES.map(|(name, ..)| name);
            format!("known are {}", names.join(", "))
        })?;
        Ok(Country {
            name,
            code,
            trunk,
            abroad,
            digits_max,
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
        // `0171 5550001 - 02` may be two numbers, or a row of them.
        if rest.contains(" -") || rest.contains("- ") {
            return None;
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let abroad = match plus {
            true => Some(digits.as_str()),
            false => (digits.strip_prefix(self.abroad)).or_else(|| digits.strip_prefix("00")),
        };
        let (code, own) = match abroad {
            Some(abroad) => without_trunk(abroad, rest)?,
            None => (self.code, digits.strip_prefix(self.trunk)?),
        };
        if own.len() > digits_max(code, own) {
            return None;
        }
        let dialled = match (takes_plus, code == self.code) {
            (true, _) => format!("+{code}{own}"),
            (false, true) => format!("{}{own}", self.trunk),
            (false, false) => format!("{}{code}{own}", self.abroad),
        };
        let count = dialled.bytes().filter(u8::is_ascii_digit).count();
        DIGITS.contains(&count).then_some(dialled)
    }
}

/// The most digits of a number behind its country's code and the prefix before an area code.
fn digits_max(code: &str, own: &str) -> usize {
    let of_code = |country: &&(&str, &str, &str, &str, usize)| country.1 == code;
    let Some((name, .., most)) = COUNTRIES.iter().find(of_code) else {
        return *DIGITS.end();
    };
    let mobiles = WITHOUT_ZERO.iter().find(|(known, ..)| known == name);
    match mobiles {
        Some((_, begins, lengths, _)) if begins.iter().any(|begin| own.starts_with(begin)) => {
            *lengths.end()
        }
        _ => *most,
    }
}

/// Returns true if what stands behind a country's code may be the prefix that is dialled within that country only, as in
/// `+36 (06) 1` or `+7 (8) 495`.
fn may_have_trunk(written: &str) -> bool {
    let groups = written.split(|c: char| !c.is_ascii_digit());
    let mut groups = groups.filter(|group| !matches!(*group, "" | "00")).skip(1);
    let second = groups.next().unwrap_or_default();
    second.starts_with('0') || second.len() == 1 && written.contains(&format!("({second})"))
}

/// Splits the digits of a written number into a country's code and the rest, without the prefix that is dialled before the
/// rest within that country only. Of an unknown country, only a number that cannot have one is certain.
fn without_trunk<'d>(digits: &'d str, written: &str) -> Option<(&'d str, &'d str)> {
    let known = COUNTRIES
        .iter()
        .find(|(_, code, ..)| digits.starts_with(code));
    let Some((_, code, trunk, ..)) = known else {
        return (!may_have_trunk(written)).then_some(("", digits));
    };
    let (code, own) = digits.split_at_checked(code.len())?;
    match own.strip_prefix(trunk).filter(|_| !trunk.is_empty()) {
        Some(own) => Some((code, own)),
        None => (!written.contains("(0)")).then_some((code, own)),
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
    // `0171 / 5550001`: an area code before the rest of the number.
    let is_area = |parts: &[&str]| match parts {
        [area, rest] => {
            area.starts_with(['0', '+', '('])
                && count(area) <= AREA_DIGITS_MAX
                && !rest.starts_with(['0', '+'])
        }
        _ => false,
    };
    let are_whole = |parts: Vec<&str>| are_numbers(&parts) && parts.iter().all(is_whole);
    if are_numbers(&parts(&[',', ';', '|', '\n']))
        || are_whole(parts(&[' ']))
        || are_whole(parts(&['/']))
        || by_words.into_iter().any(|between| {
            let parts: Vec<&str> = text.split(between).collect();
            are_numbers(&parts) && !(between == " / " && is_area(&parts))
        })
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
            ("+36 (06) 1 5550001", None, None),
            ("+36 06 1 5550001", None, None),
            ("+7 (8) 495 5550001", None, None),
            (
                "+7 (495) 5550001",
                Some("0074955550001"),
                Some("+74955550001"),
            ),
            // More digits than a number has: two numbers, or a row of them.
            ("0171 5550001-02", None, None),
            ("01715550001.02", None, None),
            ("0171 555 0001 0002", None, None),
            ("+44 20 7946 0001 0002", None, None),
            ("0171 555000 - 02", None, None),
            ("(030) 555-201 -202", None, None),
            // The extension of a company's number.
            ("030 555201-09", Some("03055520109"), Some("+493055520109")),
            ("0171 / 5550001", Some("01715550001"), Some("+491715550001")),
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
            ("0171 / 5550001", None),
            ("0171 / 555 00 01", None),
            ("0171 5550001 / 0172 55", Some(SecondNumber::Numbers)),
            ("2001 / 2002", Some(SecondNumber::Numbers)),
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
