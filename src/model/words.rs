//! The comparison of words: one definition for headings, vendors' words and everything else that people type.

/// The letters of a word that count: without white space, `_`, `-` and the byte-order mark.
fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}'))
}

/// The key under which a word is looked up: two words with one key are the same word.
pub(crate) fn heading_key(word: &str) -> String {
    let mut key = String::with_capacity(word.len());
    for letter in letters(word) {
        // Every start builds thousands of keys, nearly all of them of such letters.
        match letter.is_ascii() {
            true => key.push(letter.to_ascii_lowercase()),
            false => key.extend(letter.to_lowercase()),
        }
    }
    key
}

/// The letters and digits of a text, without case and accents: `Interne Nr.` and `interne_nr` are one.
pub(crate) fn plain_letters(text: &str) -> String {
    let mut word = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' | 'æ' => word.push_str("ae"),
            'ö' | 'œ' | 'ø' => word.push_str("oe"),
            'ü' => word.push_str("ue"),
            'ß' => word.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' | 'ă' => word.push('a'),
            'ç' | 'ć' | 'č' => word.push('c'),
            'ď' => word.push('d'),
            'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => word.push('e'),
            'ì' | 'í' | 'î' | 'ï' | 'ı' => word.push('i'),
            'ł' => word.push('l'),
            'ñ' | 'ń' | 'ň' => word.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ő' => word.push('o'),
            'ř' => word.push('r'),
            'ś' | 'ş' | 'š' | 'ș' => word.push('s'),
            'ť' | 'ț' | 'ţ' => word.push('t'),
            'ù' | 'ú' | 'û' | 'ů' | 'ű' => word.push('u'),
            'ý' | 'ÿ' => word.push('y'),
            'ź' | 'ż' | 'ž' => word.push('z'),
            'ğ' => word.push('g'),
            // A diaeresis by itself, as macOS writes it.
            '\u{308}' if word.ends_with(['a', 'o', 'u']) => word.push('e'),
            '\u{300}'..='\u{36f}' | 'º' | 'ª' => {}
            c if c.is_alphanumeric() => word.push(c),
            _ => {}
        }
    }
    word
}

/// Compares the keys of two words without building them.
pub(crate) fn same_word(a: &str, b: &str) -> bool {
    fn lower(word: &str) -> impl Iterator<Item = char> {
        letters(word).flat_map(char::to_lowercase)
    }
    lower(a).eq(lower(b))
}

/// Returns true if a heading is a known one; a known one that ends in `*` stands for all that begin with it.
pub(crate) fn is_heading_like(heading: &str, known: &str) -> bool {
    match known.strip_suffix('*') {
        Some(beginning) => heading_key(heading).starts_with(&heading_key(beginning)),
        None => same_word(heading, known),
    }
}

/// Returns true if a word differs from another by one letter at the most, and not by the first.
pub(crate) fn is_near(word: &str, known: &str) -> bool {
    known.chars().next() == word.chars().next() && strsim::damerau_levenshtein(known, word) <= 1
}

/// The one of these words that a misspelt one is near to; `None` where that is none, or several.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let mut near = known.into_iter().filter(|known| is_near(word, known));
    let first = near.next()?;
    near.next().is_none().then_some(first)
}

/// A count with its noun, in the singular where it is one.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

/// The line where it fits; else as many of its words as do, with a mark behind them, and one word at the least.
pub(crate) fn shortened(line: String, fits: impl Fn(&str) -> bool) -> String {
    if fits(&line) {
        return line;
    }
    let mut shown = None;
    for (end, _) in line.match_indices(' ') {
        let words = line.get(..end).unwrap_or_default().trim_end();
        let next = format!("{words} …");
        if !words.is_empty() && shown.is_some() && !fits(&next) {
            break;
        }
        if !words.is_empty() {
            shown = Some(next);
        }
    }
    shown.unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_keeps_the_words_that_fit() {
        let within = |columns: usize| {
            let line = "one two three four".to_owned();
            shortened(line, move |line| line.chars().count() <= columns)
        };
        assert_eq!(within(18), "one two three four");
        assert_eq!(within(17), "one two three …");
        assert_eq!(within(14), "one two …");
        assert_eq!(within(2), "one …");
    }

    #[test]
    fn a_misspelt_word_is_near_to_one_known_word_or_to_none() {
        let known = ["username", "url", "rate", "batch"];
        for (word, near) in [
            ("usernme", Some("username")),
            ("usrename", Some("username")),
            ("ratee", Some("rate")),
            ("password", None),
            ("usrnme", None),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
        assert_eq!(nearest("rat", ["rate", "rats"]), None);
    }

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
