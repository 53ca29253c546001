//! The secrets in a text: their letters make no words of a language, and decide no encoding.

use super::delimiter::DELIMITERS;
use crate::sheet::encoding::Encoding;
use crate::sheet::options::{Header, HeadingMeaning, Headings};

/// The number of lines in which the headings are looked for.
const LINES_MAX: usize = 50;
/// The bytes of a JSON key that are looked at.
const KEY_BYTES_MAX: usize = 200;

/// Blanks out the secrets in a text, piece by piece.
pub(super) enum Secrets {
    /// In columns of a table.
    Columns(SecretColumns),
    /// In values of JSON.
    Values(SecretValues),
}

impl Secrets {
    /// Finds out by the first bytes of a text where secrets are; `None` where no column or value is known to hold any.
    pub(super) fn find(head: &[u8], header: &Header) -> Option<Secrets> {
        let headings = header.headings()?;
        if let Some(columns) = SecretColumns::find(head, headings) {
            return Some(Secrets::Columns(columns));
        }
        let begins = head.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_json = begins.is_some_and(|byte| matches!(byte, b'[' | b'{'));
        is_json.then(|| Secrets::Values(SecretValues::new(headings.clone())))
    }

    /// Replaces the bytes beyond ASCII of the secrets in the next piece of the text by blanks.
    pub(super) fn blank_out(&mut self, text: &mut [u8]) {
        match self {
            Secrets::Columns(columns) => columns.blank_out(text),
            Secrets::Values(values) => values.blank_out(text),
        }
    }
}

/// The values of a JSON text whose keys mean secrets.
pub(super) struct SecretValues {
    headings: Headings,
    /// The key that was read last.
    key: Vec<u8>,
    /// The next string is the value of the key.
    is_value: bool,
    /// That value is a secret.
    is_secret: bool,
    quoted: bool,
    escaped: bool,
}

impl SecretValues {
    fn new(headings: Headings) -> SecretValues {
        SecretValues {
            headings,
            key: vec![],
            is_value: false,
            is_secret: false,
            quoted: false,
            escaped: false,
        }
    }

    fn blank_out(&mut self, text: &mut [u8]) {
        for byte in text {
            if !self.quoted {
                self.between_strings(*byte);
                continue;
            }
            match *byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                other if !self.is_value && self.key.len() < KEY_BYTES_MAX => self.key.push(other),
                other if self.is_value && self.is_secret && !other.is_ascii() => *byte = b' ',
                _ => {}
            }
        }
    }

    fn between_strings(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.quoted = true;
                if !self.is_value {
                    self.key.clear();
                }
            }
            b':' => {
                self.is_value = true;
                let key = Encoding::FOUND[0].text(&self.key);
                self.is_secret = self.headings.known(&key) == HeadingMeaning::Secret;
            }
            b',' | b'{' | b'}' => self.is_value = false,
            _ => {}
        }
    }
}

/// The columns of a table whose headings mean secrets.
pub(super) struct SecretColumns {
    delimiter: u8,
    columns: Vec<usize>,
    /// The column of the next byte.
    column: usize,
    /// The next byte stands in quotes.
    quoted: bool,
}

impl SecretColumns {
    /// Finds the columns by the headings in the first bytes of a text; `None` where there are no such columns.
    fn find(head: &[u8], headings: &Headings) -> Option<SecretColumns> {
        let mut best: Option<(usize, SecretColumns)> = None;
        for line in head
            .split(|byte| matches!(byte, b'\n' | b'\r'))
            .take(LINES_MAX)
        {
            for (delimiter, _) in DELIMITERS {
                let cells = line.split(|byte| *byte == delimiter);
                // Their letters beyond ASCII do not matter for the headings that are looked for.
                let known = cells.map(|cell| {
                    let text = Encoding::FOUND[0].text(cell);
                    headings.known(text.trim_matches(|c: char| c == '"' || c.is_whitespace()))
                });
                let known: Vec<HeadingMeaning> = known.collect();
                let weight = known
                    .iter()
                    .filter(|known| **known != HeadingMeaning::Nothing)
                    .count();
                let heavier = best.as_ref().is_none_or(|(other, _)| weight > *other);
                if weight < 2 || !known.contains(&HeadingMeaning::Number) || !heavier {
                    continue;
                }
                let secrets = known.iter().enumerate();
                let secrets = secrets.filter(|(_, known)| **known == HeadingMeaning::Secret);
                let found = SecretColumns {
                    delimiter,
                    columns: secrets.map(|(column, _)| column).collect(),
                    column: 0,
                    quoted: false,
                };
                best = Some((weight, found));
            }
        }
        let (_, found) = best?;
        (!found.columns.is_empty()).then_some(found)
    }

    fn blank_out(&mut self, text: &mut [u8]) {
        for byte in text {
            match *byte {
                b'"' => self.quoted = !self.quoted,
                b'\n' | b'\r' if !self.quoted => self.column = 0,
                other if other == self.delimiter && !self.quoted => self.column += 1,
                other if !other.is_ascii() && self.columns.contains(&self.column) => *byte = b' ',
                _ => {}
            }
        }
    }
}
