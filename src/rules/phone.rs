//! Telephone numbers as people write them, by the rules of one country: `+49 (0)171 555 00 00`, `(030) 888 00 01`.
//!
//! Nothing is made of a number without a country, nor of one that could be two numbers or have an extension behind it.

use std::str::FromStr;

/// So many digits a telephone number has at least and at most.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// An area code has so many digits at most, the zero before it included.
const AREA_DIGITS_MAX: usize = 6;

/// A country's code, the prefix before an area code within it, and the prefix before another country's code.
const COUNTRIES: [(&str, &str, &str, &str); 26] = [
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

/// The country of a PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    code: &'static str,
    trunk: &'static str,
    abroad: &'static str,
}

impl FromStr for Country {
    type Err = String;

    fn from_str(text: &str) -> Result<Country, String> {
        let known = COUNTRIES
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(text));
        let (_, code, trunk, abroad) = *known.ok_or_else(|| {
            let names = COUNTRIES.map(|(name, ..)| name);
            format!("known are {}", names.join(", "))
        })?;
        Ok(Country {
            code,
            trunk,
            abroad,
        })
    }
}

impl Country {
    /// A telephone number as it is dialled, with `+` where the PBX takes one; `None` where it is not certain.
    pub(super) fn dialled(self, text: &str, takes_plus: bool) -> Option<String> {
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text).trim();
        let is_abroad = text.starts_with('+') || text.starts_with("00");
        let text = match is_abroad {
            // The zero that is dialled within the country only.
            true => text.replacen("(0)", "", 1),
            false => text.to_owned(),
        };
        if let Some((area, _)) = text.split_once('/')
            && area.bytes().filter(u8::is_ascii_digit).count() > AREA_DIGITS_MAX
        {
            return None;
        }
        let (plus, rest) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let is_between = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '/' | '.' | '(' | ')');
        if rest.matches('/').count() > 1
            || !rest.chars().all(|c| c.is_ascii_digit() || is_between(c))
        {
            return None;
        }
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let abroad = match plus {
            true => Some(digits.as_str()),
            false => digits.strip_prefix("00"),
        };
        let (code, own) = match abroad {
            Some(abroad) => match abroad.strip_prefix(self.code) {
                Some(own) => (None, own.strip_prefix(self.trunk).unwrap_or(own)),
                None => (Some(abroad), ""),
            },
            None => (None, digits.strip_prefix(self.trunk)?),
        };
        let dialled = match (takes_plus, code) {
            (true, Some(code)) => format!("+{code}"),
            (true, None) => format!("+{}{own}", self.code),
            (false, Some(code)) => format!("{}{code}", self.abroad),
            (false, None) => format!("{}{own}", self.trunk),
        };
        let count = dialled.bytes().filter(u8::is_ascii_digit).count();
        DIGITS.contains(&count).then_some(dialled)
    }
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
}
