//! The names of cells and their ranges.

/// The last row of a range.
pub(super) fn last_line(range: &str) -> Option<u64> {
    let (_, last) = range.split_once(':').unwrap_or(("", range));
    let line = last.trim_start_matches(|c: char| !c.is_ascii_digit());
    line.parse().ok()
}

/// The column of a cell's name, counting from 0.
pub(super) fn column(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.fold(0_usize, |column, letter| {
        column
            .saturating_mul(26)
            .saturating_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    column.checked_sub(1)
}
