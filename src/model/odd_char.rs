//! Characters that come into a cell by copying, and are taken for other ones or not seen at all.

/// A class of such characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OddChar {
    /// XML cannot carry it, or it hides in JSON and on screens; line breaks and tabs are text.
    Control,
    /// No width, or only a direction.
    Invisible,
    /// A space that is none.
    Space,
    /// A digit, letter or sign as wide as a Chinese one.
    FullWidth,
    /// An Arabic or Persian digit, which no telephone dials.
    OtherDigit,
    /// A curly quote or a prime.
    CurlyQuote,
    /// A line break or a tabulator, which a text may have and a secret may not.
    LineBreak,
    /// A Cyrillic or Greek letter that looks like a Latin one.
    Lookalike,
}

/// Cyrillic and Greek letters that no screen tells from Latin ones, in the order of their codes.
const LOOKALIKES: [char; 41] = [
    'Α', 'Β', 'Ε', 'Ζ', 'Η', 'Ι', 'Κ', 'Μ', 'Ν', 'Ο', 'Ρ', 'Τ', 'Υ', 'Χ', 'ν', 'ο', 'Ѕ', 'І', 'Ј',
    'А', 'В', 'Е', 'К', 'М', 'Н', 'О', 'Р', 'С', 'Т', 'У', 'Х', 'а', 'е', 'о', 'р', 'с', 'у', 'х',
    'ѕ', 'і', 'ј',
];

impl OddChar {
    /// The class of a character; `None` for a usual one.
    pub(crate) fn class(c: char) -> Option<OddChar> {
        match c {
            // Nearly all.
            ' '..='~' => None,
            '\u{fffe}' | '\u{ffff}' => Some(OddChar::Control),
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => Some(OddChar::Control),
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => Some(OddChar::Invisible),
            '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}' => Some(OddChar::Space),
            '\u{ff01}'..='\u{ff5e}' => Some(OddChar::FullWidth),
            '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => Some(OddChar::OtherDigit),
            '\u{2018}'..='\u{201f}' | '\u{2032}' | '\u{2033}' => Some(OddChar::CurlyQuote),
            '\t' | '\n' | '\r' => Some(OddChar::LineBreak),
            c if LOOKALIKES.binary_search(&c).is_ok() => Some(OddChar::Lookalike),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_look_like_latin_ones_are_known_and_others_are_usual() {
        for c in "АВЕКМНОРСТУХаеорсухІЈЅіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧον".chars()
        {
            assert_eq!(OddChar::class(c), Some(OddChar::Lookalike), "{c}");
        }
        for c in "БГДЖбгджФфΓΔαβγ".chars().chain(' '..='~') {
            assert_eq!(OddChar::class(c), None, "{c}");
        }
    }
}
