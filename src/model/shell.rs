//! Words for a command line that people copy into a shell.

use std::borrow::Cow;

/// A word as it is typed in a shell: in single quotes, unless it is plain, so that the shell runs and replaces nothing in
/// it. The word may come from a sheet of unknown origin.
pub(crate) fn shell_word(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reaches_a_program_through_a_shell_unchanged() {
        for (word, typed) in [
            ("staff/a-1_b.csv", "staff/a-1_b.csv"),
            ("Süd", "Süd"),
            ("", "''"),
            ("Left the company", "'Left the company'"),
            ("it's $(x)=number", r"'it'\''s $(x)=number'"),
            ("~", "'~'"),
            ("a;b|c`d`\"e\"\\", "'a;b|c`d`\"e\"\\'"),
        ] {
            assert_eq!(shell_word(word), typed);
        }
    }
}
