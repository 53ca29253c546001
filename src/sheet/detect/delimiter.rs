//! The delimiter of the cells, by the evidence of the first rows.

use crate::sheet::detect::header::{FoundHeader, HeaderReading, Preview, only, pick, taken};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Header;
use std::sync::Arc;

/// The delimiters that are found out.
pub(crate) const DELIMITERS: [(u8, &str); 4] = [
    (b',', "comma"),
    (b';', "semicolon"),
    (b'\t', "tab"),
    (b'|', "pipe"),
];

/// Returns the delimiter of a first line `sep=;`, which Excel writes and obeys.
pub(crate) fn promised_delimiter(head: &[u8], start: usize) -> Option<u8> {
    let line = head
        .get(start..)?
        .split(|byte| matches!(byte, b'\n' | b'\r'));
    let line = line.into_iter().next()?.trim_ascii();
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    match line
        .get(..4)?
        .eq_ignore_ascii_case(b"sep=")
        .then(|| line.get(4..))??
    {
        [] if head.get(start..)?.starts_with(b"sep=\t") => Some(b'\t'),
        [delimiter] => separates(char::from(*delimiter)),
        _ => None,
    }
}

pub(crate) fn usable(delimiter: char, file: &Arc<str>) -> Result<u8, SheetError> {
    let refused = || SheetErrorKind::Delimiter(delimiter).in_file(file);
    separates(delimiter).ok_or_else(refused)
}

/// The delimiter as a byte; `None` where it cannot separate cells.
fn separates(delimiter: char) -> Option<u8> {
    let byte = u8::try_from(delimiter).ok()?;
    (byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0)).then_some(byte)
}

/// The delimiter that a file's ending promises.
pub(crate) fn delimiter_of_ending(name: &str) -> u8 {
    let ending = name.rsplit('.').next().unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "tsv" | "tab" => b'\t',
        "psv" => b'|',
        _ => b',',
    }
}

/// A quote opens behind any delimiter here: so `"a","b;"` is not divided by the semicolon.
pub(crate) fn is_divided(record: &[u8], delimiter: u8) -> bool {
    let (mut quoted, mut begins) = (false, true);
    for byte in record {
        if *byte == b'"' && (quoted || begins) {
            quoted = !quoted;
        }
        let divides = *byte == delimiter || DELIMITERS.iter().any(|(known, _)| known == byte);
        if *byte == delimiter && !quoted {
            return true;
        }
        // A quote that closes may open again at once: it was a doubled one.
        begins = !quoted && (divides || matches!(byte, b'"' | b'\n' | b'\r'));
    }
    false
}

/// One way to divide the rows, with its evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence {
    number: bool,
    known: usize,
    /// Rows as wide as the header row.
    agree: usize,
}

/// The header row, and the delimiter that most speaks for.
pub(crate) fn found(
    previews: Vec<Preview>,
    ending: u8,
    header: &Header,
) -> Result<Option<FoundHeader>, SheetError> {
    let mut best: Option<(Evidence, Preview, usize)> = None;
    let mut rival: Option<(Evidence, &'static str)> = None;
    let mut unclear = None;
    let mut fallback = None;
    for preview in previews {
        let wide = preview.records.first().is_some_and(|first| first.width > 1);
        let at = match pick(&preview, header) {
            Ok(Some(at)) => at,
            Ok(None) => {
                if preview.delimiter == ending {
                    fallback = Some(preview);
                }
                continue;
            }
            Err(error) => {
                let clearer = wide || unclear.is_none();
                unclear = if clearer { Some(error) } else { unclear };
                continue;
            }
        };
        let evidence = evidence(&preview, at, header);
        let Some(evidence) = evidence else {
            if preview.delimiter == ending {
                fallback = Some(preview);
            }
            continue;
        };
        match &best {
            Some((most, ..)) if evidence < *most => {}
            Some((most, ..)) if evidence == *most => {
                // An ending that promises a delimiter decides.
                if preview.delimiter == ending && ending != b',' {
                    best = Some((evidence, preview, at));
                    rival = None;
                } else if best
                    .as_ref()
                    .is_none_or(|(_, best, _)| best.delimiter != ending || ending == b',')
                {
                    rival = Some((evidence, preview.word));
                }
            }
            _ => {
                best = Some((evidence, preview, at));
                rival = None;
            }
        }
    }
    match (best, unclear) {
        // Text that looks like data with one delimiter may be nonsense with another.
        (Some((evidence, ..)), Some(error)) if evidence.known == 0 => Err(error),
        (Some((_, preview, at)), _) => match (rival, preview.records.get(at)) {
            (Some((_, second)), Some(record)) => {
                Err(SheetErrorKind::DelimiterUnclear(preview.word, second)
                    .on_line(&preview.file, record.line))
            }
            _ => Ok(taken(preview, at, header)),
        },
        (None, Some(error)) => Err(error),
        (None, None) => fallback.map_or(Ok(None), |preview| only(preview, header)),
    }
}

/// Weighs the evidence for a header row; `None` where the delimiter does not divide it.
fn evidence(preview: &Preview, at: usize, header: &Header) -> Option<Evidence> {
    let record = preview.records.get(at)?;
    if record.width < 2 || !record.is_divided {
        return None;
    }
    let below = preview.records.get(at + 1..).unwrap_or_default();
    let agree = below.iter().filter(|row| row.width == record.width);
    let reading = match header {
        Header::Found(headings) => HeaderReading::recognise(record, headings),
        _ => HeaderReading::default(),
    };
    Some(Evidence {
        number: reading.number,
        known: reading.known,
        agree: agree.count(),
    })
}
