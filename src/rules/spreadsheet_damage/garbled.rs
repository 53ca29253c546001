//! Text that was read in a wrong encoding once and saved so: `JÃ¼rgen`.

use super::damage::Damage;
use crate::model::Severity;

/// The characters of the bytes 80 to 9F in Windows-1252; five of them have none and stand for themselves.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Finds the damage that a wrong encoding did to a text; `None` where none shows.
pub(in crate::rules) fn garbled(text: &str) -> Option<Damage> {
    if text.is_ascii() {
        return None;
    }
    if text.contains('\u{fffd}') {
        return Some(Damage::new(
            "damage.garbled",
            Severity::Warning,
            "holds U+FFFD, which stands where a letter was lost by a wrong encoding",
            "type the cell anew, and save the sheet as UTF-8",
        ));
    }
    let mut meant = read_again(text)?;
    // A text may have been read and saved so several times; each time it was longer.
    while let Some(before) = read_again(&meant) {
        meant = before;
    }
    let damage = Damage::new(
        "damage.garbled",
        Severity::Warning,
        "was read in a wrong encoding and saved so",
        "save the sheet as UTF-8",
    );
    Some(damage.repair(Some(meant)))
}

/// Reads UTF-8 that was taken for Windows-1252. By chance no text is both.
fn read_again(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let byte = |c: char| match u32::from(c) {
        plain @ (0..=0x7f | 0xa0..=0xff) => u8::try_from(plain).ok(),
        _ => {
            let at = WINDOWS_1252.iter().position(|known| *known == c)?;
            u8::try_from(0x80 + at).ok()
        }
    };
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    String::from_utf8(bytes?).ok()
}
