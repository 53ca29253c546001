//! The encodings of texts. The only module that knows `encoding_rs`.

mod dos;

use dos::{CP437, CP850, CP852, CodePage};
use encoding_rs::{
    DecoderResult, IBM866, ISO_8859_2, ISO_8859_15, KOI8_R, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE,
    WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254,
};
use std::borrow::Cow;

/// A way to write text as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(KnownEncoding);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KnownEncoding {
    /// One that web pages use.
    Web(&'static encoding_rs::Encoding),
    Dos(&'static CodePage),
}

impl Encoding {
    /// UTF-8.
    pub(crate) const UTF_8: Encoding = Encoding(KnownEncoding::Web(UTF_8));
    pub(crate) const UTF_16LE: Encoding = Encoding(KnownEncoding::Web(UTF_16LE));
    pub(crate) const UTF_16BE: Encoding = Encoding(KnownEncoding::Web(UTF_16BE));
    /// Those of one byte a character that are found out, the likeliest first.
    pub(crate) const FOUND: [Encoding; 13] = [
        Encoding(KnownEncoding::Web(WINDOWS_1252)),
        Encoding(KnownEncoding::Web(WINDOWS_1250)),
        Encoding(KnownEncoding::Web(WINDOWS_1251)),
        Encoding(KnownEncoding::Web(WINDOWS_1254)),
        Encoding(KnownEncoding::Web(WINDOWS_1253)),
        Encoding(KnownEncoding::Web(MACINTOSH)),
        Encoding(KnownEncoding::Dos(&CP850)),
        Encoding(KnownEncoding::Dos(&CP852)),
        Encoding(KnownEncoding::Dos(&CP437)),
        Encoding(KnownEncoding::Web(IBM866)),
        Encoding(KnownEncoding::Web(ISO_8859_2)),
        Encoding(KnownEncoding::Web(ISO_8859_15)),
        Encoding(KnownEncoding::Web(KOI8_R)),
    ];

    /// The encoding that a detector made for web pages takes bytes for.
    pub(crate) fn from_web(encoding: &'static encoding_rs::Encoding) -> Encoding {
        Encoding(KnownEncoding::Web(encoding))
    }

    /// Finds the encoding of a name: `utf-8`, `windows-1252`, `mac-roman`, `cp850`, and every name that web pages use;
    /// `None` where there is none.
    pub fn named(name: &str) -> Option<Encoding> {
        let name = name.trim().to_ascii_lowercase();
        if let Some(page) = CodePage::named(&name) {
            return Some(Encoding(KnownEncoding::Dos(page)));
        }
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
        Some(Encoding::from_web(encoding))
    }

    /// Its name, as [`Encoding::named`] takes it.
    pub fn name(self) -> &'static str {
        let encoding = match self.0 {
            KnownEncoding::Dos(page) => return page.name,
            KnownEncoding::Web(encoding) => encoding,
        };
        match encoding.name() {
            "macintosh" => "Mac Roman",
            "windows-1250" => "Windows-1250",
            "windows-1251" => "Windows-1251",
            "windows-1252" => "Windows-1252",
            "windows-1253" => "Windows-1253",
            "windows-1254" => "Windows-1254",
            "IBM866" => "cp866",
            name => name,
        }
    }

    pub(crate) fn text(self, bytes: &[u8]) -> String {
        match self.0 {
            KnownEncoding::Dos(page) => bytes.iter().map(|byte| page.char(*byte)).collect(),
            KnownEncoding::Web(encoding) => {
                encoding.decode_without_bom_handling(bytes).0.into_owned()
            }
        }
    }

    /// A text as bytes; `None` where it has a character that the encoding has not.
    pub(crate) fn bytes(self, text: &str) -> Option<Cow<'_, [u8]>> {
        let encoding = match self.0 {
            KnownEncoding::Web(encoding) => encoding,
            KnownEncoding::Dos(page) => {
                let bytes: Option<Vec<u8>> = text.chars().map(|char| page.byte(char)).collect();
                return bytes.map(Cow::Owned);
            }
        };
        // encoding_rs writes no UTF-16, and returns UTF-8 where it is asked to.
        if encoding == UTF_16LE {
            return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        if encoding == UTF_16BE {
            return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        let (bytes, _, lost) = encoding.encode(text);
        (!lost).then_some(bytes)
    }

    /// Returns true if it has all the characters of a text.
    pub(crate) fn has(self, text: &str) -> bool {
        self.bytes(text).is_some()
    }

    /// Returns true if each byte stands for one character.
    pub(crate) fn is_single_byte(self) -> bool {
        match self.0 {
            KnownEncoding::Dos(_) => true,
            KnownEncoding::Web(encoding) => encoding.is_single_byte(),
        }
    }

    /// Reads text a piece at a time.
    pub(crate) fn decoder(self) -> Decoder {
        match self.0 {
            KnownEncoding::Dos(page) => Decoder::Dos(page),
            KnownEncoding::Web(encoding) => Decoder::Web(encoding.new_decoder_with_bom_removal()),
        }
    }

    /// The number of bytes that cannot be decoded behind each replacement; `None` where it varies.
    pub(crate) fn unit_bytes(self) -> Option<u64> {
        match self == Encoding::UTF_16LE || self == Encoding::UTF_16BE {
            true => Some(2),
            false => self.is_single_byte().then_some(1),
        }
    }
}

/// Reads a text a piece at a time, without its byte-order mark.
pub(crate) enum Decoder {
    Web(encoding_rs::Decoder),
    Dos(&'static CodePage),
}

impl Decoder {
    /// Appends a piece as UTF-8. A byte that cannot be decoded becomes a byte that is no UTF-8 either.
    pub(crate) fn push(&mut self, mut bytes: &[u8], is_last: bool, out: &mut Vec<u8>) {
        let decoder = match self {
            Decoder::Web(decoder) => decoder,
            Decoder::Dos(page) => {
                for byte in bytes {
                    let char = page.char(*byte);
                    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                return;
            }
        };
        loop {
            let start = out.len();
            let room = decoder.max_utf8_buffer_length(bytes.len());
            out.resize(start + room.unwrap_or(bytes.len()), 0);
            let free = out.get_mut(start..).unwrap_or_default();
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(bytes, free, is_last);
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
