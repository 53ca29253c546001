//! Formulas that a spreadsheet would make of texts.
//!
//! A spreadsheet that opens the file takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and `+49…` is a
//! telephone number ([`FORMULA_BEGINS`] has them all). So an apostrophe is written before every cell that begins with
//! such a character, or with apostrophes and then such a character; and where a cell that is read begins with
//! apostrophes and then such a character, its first apostrophe is taken away. So every text reads back as it was, and
//! no written cell begins a formula. In a file from elsewhere, `'+49…` is read as `+49…`: spreadsheets, too, mark a
//! text in this way. A text that begins with an apostrophe and is no formula (`'s-Hertogenbosch`) is never touched. A
//! file is safe where it is opened with the delimiter that it was written with: with another, cells begin where none
//! did.

use std::borrow::Cow;

/// The characters that begin a formula when a spreadsheet opens the file. The wide ones do so in East Asia; some
/// programs also look at the text behind a line break, tab or return.
const FORMULA_BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Returns true if a spreadsheet would take the text for a formula, were there no apostrophes before it.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_BEGINS)
}

/// Returns the text as it is written: with an apostrophe before it if it could be a formula.
pub(crate) fn marked(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text as it was before it was [`marked`].
pub(crate) fn unmarked(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}
