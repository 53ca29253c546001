//! The encodings of texts. The only module that knows `encoding_rs`.

use encoding_rs::{
    DecoderResult, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
};
use std::borrow::Cow;

/// A way to write text as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Encoding = Encoding(UTF_8);
    pub(crate) const UTF_16LE: Encoding = Encoding(UTF_16LE);
    pub(crate) const UTF_16BE: Encoding = Encoding(UTF_16BE);
    pub(crate) const MAC_ROMAN: Encoding = Encoding(MACINTOSH);
    pub(crate) const WINDOWS_1250: Encoding = Encoding(WINDOWS_1250);
    pub(crate) const WINDOWS_1251: Encoding = Encoding(WINDOWS_1251);
    pub(crate) const WINDOWS_1252: Encoding = Encoding(WINDOWS_1252);

    /// The encoding that a detector made for web pages takes bytes for.
    pub(crate) fn from_web(encoding: &'static encoding_rs::Encoding) -> Encoding {
        Encoding(encoding)
    }

    /// The encoding that a name stands for: `utf-8`, `windows-1252`, `mac-roman`, and every name that web pages use;
    /// `None` where there is none.
    pub fn named(name: &str) -> Option<Encoding> {
        let name = name.trim().to_ascii_lowercase();
        let label = match name.as_str() {
            "mac-roman" | "macroman" | "mac roman" => "macintosh",
            "windows1250" => "windows-1250",
            "windows1251" => "windows-1251",
            "windows1252" => "windows-1252",
            "utf16" => "utf-16",
            "utf16le" => "utf-16le",
            "utf16be" => "utf-16be",
            name => name,
        };
        let encoding = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())?;
        Some(Encoding(encoding))
    }

    /// Its name, as [`Encoding::named`] takes it.
    pub fn name(self) -> &'static str {
        match self.0.name() {
            "macintosh" => "Mac Roman",
            "windows-1250" => "Windows-1250",
            "windows-1251" => "Windows-1251",
            "windows-1252" => "Windows-1252",
            name => name,
        }
    }

    pub(crate) fn text(self, bytes: &[u8]) -> String {
        self.0.decode_without_bom_handling(bytes).0.into_owned()
    }

    /// A text as bytes; `None` where it has a character that the encoding has not.
    pub(crate) fn bytes(self, text: &str) -> Option<Cow<'_, [u8]>> {
        // encoding_rs writes no UTF-16, and gives UTF-8 where it is asked to.
        if self.0 == UTF_16LE {
            return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        if self.0 == UTF_16BE {
            return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        let (bytes, _, lost) = self.0.encode(text);
        (!lost).then_some(bytes)
    }

    /// Whether it has all the characters of a text.
    pub(crate) fn has(self, text: &str) -> bool {
        self.bytes(text).is_some()
    }

    /// Whether each byte stands for one character.
    pub(crate) fn is_single_byte(self) -> bool {
        self.0.is_single_byte()
    }

    /// Reads text a piece at a time.
    pub(crate) fn decoder(self) -> Decoder {
        Decoder(self.0.new_decoder_with_bom_removal())
    }

    /// How many bytes each of those makes that stand for nothing; `None` where that differs.
    pub(crate) fn unit_bytes(self) -> Option<u64> {
        match self.0 == UTF_16LE || self.0 == UTF_16BE {
            true => Some(2),
            false => self.0.is_single_byte().then_some(1),
        }
    }
}

/// Reads a text a piece at a time, without its byte-order mark.
pub(crate) struct Decoder(encoding_rs::Decoder);

impl Decoder {
    /// Appends a piece as UTF-8. What does not decode becomes a byte that is no UTF-8 either.
    pub(crate) fn push(&mut self, mut bytes: &[u8], is_last: bool, out: &mut Vec<u8>) {
        loop {
            let start = out.len();
            let room = self
                .0
                .max_utf8_buffer_length(bytes.len())
                .unwrap_or(bytes.len());
            out.resize(start + room, 0);
            let free = out.get_mut(start..).unwrap_or_default();
            let (result, read, written) = self
                .0
                .decode_to_utf8_without_replacement(bytes, free, is_last);
            out.truncate(start + written);
            bytes = bytes.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.push(0xFF),
            }
        }
    }
}
