//! Explains what is wrong with the syntax of an element, and where.

/// Quotes and primes that word processors and web pages put in place of the straight ones.
pub(super) const CURLY_QUOTES: [char; 12] =
    ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»', '″', '′', '＂'];

/// Says what a curly quote outside a text is, and the next step.
pub(super) fn curly_quote_problem(quote: char) -> String {
    let kind = if matches!(quote, '″' | '′') {
        "prime"
    } else {
        "curly quote"
    };
    format!(
        "found a {kind} {quote} (U+{:04X}), which word processors and web pages put in place of the straight quote. Replace all of them with \", or let --fix-quotes do it",
        u32::from(quote)
    )
}

/// Finds the first curly quote outside a text, with its byte.
pub(super) fn first_curly(text: &[u8]) -> Option<(usize, char)> {
    let text = String::from_utf8_lossy(text);
    let (mut in_string, mut escaped) = (false, false);
    for (at, found) in text.char_indices() {
        match found {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if !in_string && CURLY_QUOTES.contains(&found) => return Some((at, found)),
            _ => {}
        }
    }
    None
}

/// Finds the last curly quote anywhere.
pub(super) fn last_curly(text: &[u8]) -> Option<char> {
    let text = String::from_utf8_lossy(text);
    text.chars().rfind(|found| CURLY_QUOTES.contains(found))
}

/// The syntax error of a text that is not whole, with its byte; `None` where it is right as far as it goes.
pub(super) fn syntax(text: &[u8]) -> Option<(usize, String)> {
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(text).err()?;
    if error.is_eof() {
        return None;
    }
    Some(place_of(text, &error))
}

/// Explains a bare number that JSON does not know: returns where it begins, and the next step.
fn odd_number(text: &[u8], offset: usize) -> Option<(usize, String)> {
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || b"+-.".contains(byte);
    let before = text
        .get(..offset)?
        .iter()
        .rev()
        .take_while(|byte| is_of_number(byte));
    let start = offset - before.count();
    let number = text
        .get(start..)?
        .iter()
        .take_while(|byte| is_of_number(byte));
    let number: Vec<u8> = number.copied().collect();
    let why = match number.as_slice() {
        [b'0', next, ..] | [b'-', b'0', next, ..] if next.is_ascii_digit() => {
            "a number with a leading zero"
        }
        [b'+', ..] => "a number with a plus sign",
        _ => return None,
    };
    let problem =
        format!("{why} is a text in JSON. Put it in quotes, so that every digit counts: \"…\"");
    Some((start, problem))
}

/// The byte and the words of an error.
pub(super) fn place_of(text: &[u8], error: &serde_json::Error) -> (usize, String) {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    let offset = before + error.column().saturating_sub(1);
    odd_number(text, offset)
        .unwrap_or_else(|| (offset, format!("{words}. Correct the JSON at this place")))
}
