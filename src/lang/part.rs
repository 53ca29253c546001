//! A part of a message, and what of it is a value of the user's: nothing is looked for in that.

/// The byte that stands for each of a value's.
pub(super) const MASK: u8 = 1;

/// The pairs of marks around a value.
const QUOTES: [(char, char); 4] = [('"', '"'), ('“', '”'), ('„', '“'), ('\'', '\'')];

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TextPart<'t> {
    pub(super) text: &'t str,
    /// The same, its values masked, byte for byte.
    pub(super) masked: &'t str,
}

impl<'t> TextPart<'t> {
    pub(super) fn new(text: &'t str, masked: &'t str) -> TextPart<'t> {
        TextPart { text, masked }
    }

    /// Returns true if no word of it is outside a value.
    pub(super) fn is_value(self) -> bool {
        let is_word = |c: char| c.is_alphanumeric();
        self.masked.contains(char::from(MASK)) && !self.masked.contains(is_word)
    }

    /// The part between two bytes.
    pub(super) fn slice(self, from: usize, to: usize) -> Option<TextPart<'t>> {
        Some(TextPart {
            text: self.text.get(from..to)?,
            masked: self.masked.get(from..to)?,
        })
    }

    /// The parts between these marks.
    pub(super) fn split(self, between: &str) -> Vec<TextPart<'t>> {
        let mut start = 0;
        let marks = self.masked.match_indices(between).map(|(at, _)| at);
        let ends: Vec<usize> = marks.chain([self.text.len()]).collect();
        let parts = ends.into_iter().filter_map(|end| {
            let part = self.slice(start, end);
            start = end + between.len();
            part
        });
        parts.collect()
    }
}

/// The text with every quoted value masked, and every text that is `kept`; as long as the text itself.
pub(super) fn masked(text: &str, kept: &[String]) -> String {
    let mut spans: Vec<(usize, usize)> = vec![];
    let mut from = 0;
    while let Some((begin, end, behind)) = next_quoted(text, from) {
        spans.push((begin, end));
        from = behind;
    }
    for one in kept {
        let found = text.match_indices(one.as_str());
        spans.extend(found.map(|(at, one)| (at, at + one.len())));
    }
    let mut masked = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match spans
            .iter()
            .any(|(begin, end)| (*begin..*end).contains(&at))
            && c != '\n'
        {
            true => masked.extend(std::iter::repeat_n(char::from(MASK), c.len_utf8())),
            false => masked.push(c),
        }
    }
    masked
}

/// Finds the next value in quotes: the bytes of its inside, and that behind its second quote.
fn next_quoted(text: &str, from: usize) -> Option<(usize, usize, usize)> {
    let rest = text.get(from..)?;
    for (at, c) in rest.char_indices() {
        let Some((_, close)) = QUOTES.iter().find(|(open, _)| *open == c) else {
            continue;
        };
        // An apostrophe within a word is no quote.
        let before = text.get(..from + at)?.chars().next_back();
        if c != '“' && before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let begin = from + at + c.len_utf8();
        let mut is_escaped = false;
        for (inner, c) in text.get(begin..)?.char_indices() {
            let behind = text.get(begin + inner + c.len_utf8()..)?.chars().next();
            let ends_word = c != '\'' || !behind.is_some_and(char::is_alphanumeric);
            if c == *close && !is_escaped && ends_word {
                let end = begin + inner;
                return Some((begin, end, end + c.len_utf8()));
            }
            is_escaped = c == '\\' && !is_escaped;
        }
    }
    None
}
