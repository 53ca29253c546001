//! The columns of a text that hold secrets: their letters make no words of a language, and decide no encoding.

use super::delimiter::DELIMITERS;
use crate::sheet::encoding::Encoding;
use crate::sheet::options::{Header, Known};

/// The number of lines in which the headings are looked for.
const LINES_MAX: usize = 50;

/// Blanks out the cells of the columns with secrets, piece by piece.
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
    pub(super) fn find(head: &[u8], header: &Header) -> Option<SecretColumns> {
        let Header::Found(headings) = header else {
            return None;
        };
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
                let known: Vec<Known> = known.collect();
                let weight = known
                    .iter()
                    .filter(|known| **known != Known::Nothing)
                    .count();
                let heavier = best.as_ref().is_none_or(|(other, _)| weight > *other);
                if weight < 2 || !known.contains(&Known::Number) || !heavier {
                    continue;
                }
                let secrets = known.iter().enumerate();
                let secrets = secrets.filter(|(_, known)| **known == Known::Secret);
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

    /// Replaces the bytes beyond ASCII of the secrets in the next piece of the text by blanks.
    pub(super) fn blank_out(&mut self, text: &mut [u8]) {
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
