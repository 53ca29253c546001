//! The caller ID of an endpoint: name and number in one text, in the form in which Asterisk gives it back.

use crate::manifest::{is_dialled, is_name_alone, ungrouped};

/// The most bytes of each half: Asterisk cuts what is longer, in silence, and within a letter of several bytes it loses the
/// whole caller ID.
pub(super) const HALF_BYTES_MAX: usize = 79;

/// The most quotes and backslashes of a name: each is escaped, and with more of them Asterisk loses the end of the text.
pub(super) const ESCAPES_MAX: usize = 5;

/// The advice where a half is too long.
const SHORTEN: &str = "shorten display_name or caller_id";

/// The reason why Asterisk would not keep a caller ID as it is, and what to do.
#[derive(Debug)]
pub(super) struct NotKept {
    pub(super) why: &'static str,
    pub(super) hint: &'static str,
}

/// Both halves of a caller ID; a half that is not there is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CallerId {
    pub(super) name: String,
    pub(super) number: String,
}

impl CallerId {
    /// Reads `"Name" <number>`, or one half alone: what looks like a telephone number is the number.
    pub(super) fn parse(text: &str) -> CallerId {
        let text = text.trim();
        let both = text.rsplit_once('<').and_then(|(name, rest)| {
            let (number, _) = rest.rsplit_once('>')?;
            Some((name, number))
        });
        match both {
            _ if matches!(text, "" | "unknown" | "<unknown>") => CallerId::default(),
            Some((name, number)) => CallerId {
                name: unquoted(name.trim()),
                number: number.to_owned(),
            },
            // Asterisk takes these signs out before it decides if it is a number.
            None if is_dialled(&ungrouped(text)) => CallerId {
                name: String::new(),
                number: ungrouped(text),
            },
            None => CallerId {
                name: unquoted(text),
                number: String::new(),
            },
        }
    }

    /// Writes it as Asterisk gives it back.
    ///
    /// # Errors
    /// The reason why Asterisk would not keep it as it is, and what to do.
    pub(super) fn text(&self) -> Result<String, NotKept> {
        let CallerId { name, number } = self;
        let escapes = name.chars().filter(|c| is_escaped(*c)).count();
        if name.len() > HALF_BYTES_MAX || number.len() > HALF_BYTES_MAX {
            return Err(NotKept {
                why: "name and number have 79 bytes each at most (a letter such as ü is two)",
                hint: SHORTEN,
            });
        }
        if escapes > ESCAPES_MAX {
            return Err(NotKept {
                why: "with more than five quotes and backslashes the end of it is lost",
                hint: SHORTEN,
            });
        }
        match (name.is_empty(), number.is_empty()) {
            (true, true) => Ok(String::new()),
            (false, false) => {
                let mut escaped = String::with_capacity(name.len() + escapes);
                for c in name.chars() {
                    if is_escaped(c) {
                        escaped.push('\\');
                    }
                    escaped.push(c);
                }
                Ok(format!("\"{escaped}\" <{number}>"))
            }
            // Alone, each half is told from the other by its look.
            (true, false) if is_dialled(number) => Ok(number.clone()),
            (true, false) => Err(NotKept {
                why: "without a name, this number would be taken for one",
                hint: "give the row a display_name too, or another caller_id",
            }),
            // Each of both knows signs that the other one does not look for.
            (false, true) if is_name_alone(name) && CallerId::parse(name) == *self => {
                Ok(name.clone())
            }
            (false, true) => Err(NotKept {
                why: match CallerId::parse(name).number.is_empty() {
                    true => "without a number, this name would not be kept as it is",
                    false => "without a number beside it, this name would be taken for one",
                },
                hint: "give the row a caller_id too, or another display_name",
            }),
        }
    }
}

fn is_escaped(c: char) -> bool {
    matches!(c, '"' | '\\')
}

fn unquoted(text: &str) -> String {
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let Some(inner) = quoted else {
        return text.to_owned();
    };
    let mut name = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.extend(chars.next()),
            c => name.push(c),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn caller_id(name: &str, number: &str) -> CallerId {
        CallerId {
            name: name.to_owned(),
            number: number.to_owned(),
        }
    }

    /// A name to the check of a sheet is read as that name here, and a text that is kept here is a name to the check.
    #[test]
    fn the_check_of_a_sheet_and_the_reading_agree_on_names_that_stand_alone() {
        let mut random = Random::new(20_260);
        let signs: Vec<char> = "aü07+*#-.() \"<>\\\t".chars().collect();
        let (mut kept, mut refused) = (0, 0);
        for _ in 0..100_000 {
            let length = random.below(7);
            let name: String = (0..length).map(|_| *random.one(&signs)).collect();
            for name in [name.as_str(), "unknown", "<unknown>"] {
                let alone = caller_id(name, "");
                match is_name_alone(name) {
                    true => {
                        assert_eq!(CallerId::parse(name), alone, "{name:?}");
                        assert_eq!(alone.text().ok().as_deref(), Some(name));
                        kept += 1;
                    }
                    false if name.is_empty() => {}
                    false => {
                        assert!(alone.text().is_err(), "{name:?}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(kept > 10_000 && refused > 10_000, "{kept} {refused}");
    }

    #[test]
    fn the_hint_is_about_the_half_that_is_lacking_or_too_long() {
        let long = "n".repeat(80);
        for (name, number, hint) in [
            ("a\\b", "", "give the row a caller_id too"),
            ("007", "", "give the row a caller_id too"),
            ("", "ann", "give the row a display_name too"),
            (long.as_str(), "", SHORTEN),
            ("Ann", long.as_str(), SHORTEN),
            ("\"\"\"\"\"\"", "1", SHORTEN),
        ] {
            let not_kept = caller_id(name, number).text().unwrap_err();
            assert!(
                not_kept.hint.starts_with(hint),
                "{name} {number}: {not_kept:?}"
            );
        }
    }
}
