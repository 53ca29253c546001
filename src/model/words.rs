//! The comparison of words: one definition for headings, vendors' words and everything else that people type.

/// The letters of a word that count: without case, white space, `_`, `-` and the byte-order mark.
fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
        .flat_map(char::to_lowercase)
}

/// The key under which a word is looked up: two words with one key are the same word.
pub fn heading_key(word: &str) -> String {
    letters(word).collect()
}

/// Compares the keys of two words without building them.
pub fn same_word(a: &str, b: &str) -> bool {
    letters(a).eq(letters(b))
}

/// A count with its noun, in the singular where it is one.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_without_regard_to_case_and_separators() {
        for (a, b, same) in [
            ("Custom Number", "custom_number", true),
            ("Barge-in", "bargein", true),
            ("\u{feff}Vor\u{a0}name\t", "vorname", true),
            ("Listen", "Listens", false),
        ] {
            assert_eq!(same_word(a, b), same, "{a} {b}");
            assert_eq!(heading_key(a) == heading_key(b), same, "{a} {b}");
        }
    }
}
