//! Texts that rows have and headings do not.

/// Returns true if a text is a number, a date, a switch or an address, or several with delimiters between them: rows
/// have such texts, headings do not.
pub(crate) fn looks_like_data(text: &str) -> bool {
    text.split([',', ';', '\t', '|']).any(is_data)
}

/// Returns true for a text that headings do not have. `No` is both: a switch, and the commonest word for a column that
/// counts rows.
pub(crate) fn is_no_heading(text: &str) -> bool {
    looks_like_data(text) && !text.trim().eq_ignore_ascii_case("no")
}

fn is_data(text: &str) -> bool {
    let text = text.trim();
    let numeric = |c: char| c.is_numeric() || "+-()./: ".contains(c);
    let switch = ["on", "off", "yes", "no", "true", "false", "ja", "nein"];
    text.contains('@')
        || (text.contains(char::is_numeric) && text.chars().all(numeric))
        || switch.iter().any(|word| text.eq_ignore_ascii_case(word))
}
