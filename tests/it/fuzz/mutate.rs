//! Inputs changed at random, from a seed.

use crate::support::random::Random;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The layout of an input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum FileShape {
    /// Bytes.
    Plain,
    /// A ZIP archive, whose parts are changed: a change of packed bytes would only break its sums.
    Zipped,
}

/// One of the corpus, changed.
pub(crate) fn changed(
    corpus: &[Vec<u8>],
    shape: FileShape,
    words: &[&str],
    random: &mut Random,
) -> Vec<u8> {
    let input = random.one(corpus);
    let parts = match shape {
        FileShape::Zipped if random.below(8) > 0 => parts_of(input),
        _ => None,
    };
    let Some(mut parts) = parts.filter(|parts| !parts.is_empty()) else {
        let other = &corpus[random.below(corpus.len())];
        return bytes(input.clone(), other, words, random);
    };
    // Most parts have nothing about the cells.
    const WEIGHTY: [&str; 5] = [
        "sheet1.xml",
        "content.xml",
        "styles.xml",
        "sharedStrings.xml",
        "workbook.xml",
    ];
    let wanted = WEIGHTY[random.below(WEIGHTY.len())];
    let found = parts.iter().position(|(name, _)| name.ends_with(wanted));
    let at = found.unwrap_or(random.below(parts.len()));
    let other = parts[random.below(parts.len())].1.clone();
    let (_, part) = &mut parts[at];
    *part = bytes(std::mem::take(part), &other, words, random);
    zipped(&parts)
}

fn parts_of(input: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(Cursor::new(input)).ok()?;
    let mut parts = vec![];
    for index in 0..archive.len().min(50) {
        let part = archive.by_index(index).ok()?;
        let name = part.name().ok()?.into_owned();
        let mut inside = vec![];
        part.take(64 << 10).read_to_end(&mut inside).ok()?;
        parts.push((name, inside));
    }
    Some(parts)
}

/// An archive of stored parts.
pub(crate) fn zipped(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, inside) in parts {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(inside).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "1048577",
    "2147483648",
    "4294967295",
    "18446744073709551616",
    "1e308",
    "-0.0",
    "NaN",
];

fn bytes(mut input: Vec<u8>, other: &[u8], words: &[&str], random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        let end = at + random.below((input.len() - at).min(64) + 1);
        match random.below(10) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 if at < input.len() => {
                input[at] = *random.one(&[0, 1, 9, 10, 13, 0x20, 0x7F, 0x80, 0xFE, 0xFF])
            }
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            4 => {
                // The same again, and again.
                let again = input[at..end].repeat(1 + random.below(20));
                input.splice(at..at, again);
            }
            5 => {
                let from = random.below(other.len() + 1);
                let to = from + random.below((other.len() - from).min(256) + 1);
                input.splice(at..at, other[from..to].iter().copied());
            }
            6 | 7 if !words.is_empty() => {
                let word = random.one(words).as_bytes();
                let end = if random.below(2) == 0 { at } else { end };
                input.splice(at..end, word.iter().copied());
            }
            8 => {
                // A number that is read as one.
                let digit = input[at..].iter().position(u8::is_ascii_digit);
                if let Some(digit) = digit.map(|digit| at + digit) {
                    let digits = input[digit..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit());
                    let end = digit + digits.count();
                    input.splice(digit..end, random.one(&NUMBERS).bytes());
                }
            }
            _ => {
                // Four bytes that are a length or a place in a binary file.
                let number =
                    random.one(&[0_u32, 1, 0x7F, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFE, u32::MAX]);
                for (byte, new) in input.iter_mut().skip(at).zip(number.to_le_bytes()) {
                    *byte = new;
                }
            }
        }
    }
    input
}
