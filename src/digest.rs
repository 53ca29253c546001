//! Hashes, and bytes as text.

use crate::model::redact::hex_digits;
use aws_lc_rs::digest;
use md5::{Digest, Md5};
use std::io::{self, ErrorKind, Read};

/// The number of bytes of a file read at once to hash it.
const READ_BYTES: usize = 64 << 10;

/// The SHA-256 of bytes in lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// The SHA-256 of everything that a reader returns, as [`sha256_hex`], and the number of bytes. Memory does not grow
/// with it.
///
/// # Errors
/// The reader's errors.
pub(crate) fn sha256_of_all(mut reader: impl Read) -> io::Result<(String, u64)> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        let read = match reader.read(&mut chunk) {
            Ok(0) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        context.update(chunk.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    Ok((hex(context.finish().as_ref()), bytes))
}

/// The MD5 of bytes, which old protocols demand; it protects nothing.
pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// The MD5 of a text in lower-case hexadecimal digits.
pub(crate) fn md5_hex(text: &str) -> String {
    hex(&md5(text.as_bytes()))
}

/// Writes bytes as base64, filled up with `=`.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let all = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let index = (all >> (18 - 6 * digit) & 63) as usize;
            let letter = DIGITS.get(index).filter(|_| digit <= three.len());
            text.push(letter.map_or('=', |letter| char::from(*letter)));
        }
    }
    text
}

/// Reads base64 that is filled up with `=`; `None` where it is none.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let groups = text.as_bytes().chunks(4);
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for group in groups {
        let filled = group
            .strip_suffix(b"==")
            .or_else(|| group.strip_suffix(b"="));
        let digits = filled.unwrap_or(group).iter().map(|letter| digit(*letter));
        let digits = digits.collect::<Option<Vec<u8>>>()?;
        let all = digits
            .iter()
            .fold(0, |all: u32, digit| all << 6 | u32::from(*digit));
        let all = all << (6 * 4_usize.checked_sub(digits.len())?);
        let kept = digits.len().checked_sub(1).filter(|kept| *kept > 0)?;
        bytes.extend(all.to_be_bytes().into_iter().skip(1).take(kept));
    }
    // What another text means too is not what was written: bits that are left over, and a group that is cut short.
    (base64(&bytes) == text).then_some(bytes)
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| hex_digits(*byte)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_it_is_written_and_nothing_else_is() {
        for bytes in [&b""[..], b"f", b"fo", b"foo", b"foob", b"\x00\xff\xfe\x3e"] {
            assert_eq!(from_base64(&base64(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(from_base64("Zm9vYmFy").as_deref(), Some(&b"foobar"[..]));
        for none in [
            "Z", "Zg", "Zg=", "Zh==", "Zg==Zg==", "====", "Zm9v\n", "Zm 9v", "Zm9v=", "ü",
        ] {
            assert_eq!(from_base64(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_hash_is_that_of_the_standard() {
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), of_abc);
        assert_eq!(sha256_of_all(&b"abc"[..]).unwrap(), (of_abc.to_owned(), 3));
        assert_eq!(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
    }
}
