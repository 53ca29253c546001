//! The caller ID of an endpoint: name and number in one text, in the form in which Asterisk gives it back.

use crate::manifest::{is_dialled, is_name_alone, ungrouped};

/// The most bytes of each half: Asterisk cuts what is longer, in silence, and within a letter of several bytes it loses the
/// whole caller ID.
pub(super) const HALF_BYTES_MAX: usize = 79;

/// The most quotes and backslashes of a name: each is escaped, and with more of them Asterisk loses the end of the text.
pub(super) const ESCAPES_MAX: usize = 5;

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
    /// The reason why Asterisk would not keep it as it is.
    pub(super) fn text(&self) -> Result<String, &'static str> {
        let CallerId { name, number } = self;
        let escapes = name.chars().filter(|c| is_escaped(*c)).count();
        if name.len() > HALF_BYTES_MAX || number.len() > HALF_BYTES_MAX {
            return Err("name and number have 79 bytes each at most (a letter such as ü is two)");
        }
        if escapes > ESCAPES_MAX {
            return Err("with more than five quotes and backslashes the end of it is lost");
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
            (true, false) => Err("without a name, this number would be taken for one"),
            (false, true) if is_name_alone(name) => Ok(name.clone()),
            (false, true) if !CallerId::parse(name).number.is_empty() => {
                Err("without a number beside it, this name would be taken for one")
            }
            (false, true) => Err("without a number, this name would not be kept as it is"),
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
