//! Where the headings stand and what separates the cells, by the evidence of the first rows. What cannot be told is
//! refused: a row taken for headings is a row lost.

use crate::sheet::csv::read::{HeaderRecord, Preview};
use crate::sheet::{Header, Headings, Known, SheetError};

/// How many records are looked at.
pub(crate) const RECORDS_MAX: usize = 40;
/// How many records may stand above the headings.
const ABOVE_MAX: usize = 20;

/// The header row that was found.
pub(crate) struct Found {
    pub(crate) delimiter: u8,
    pub(crate) record: HeaderRecord,
    /// Whether something stands above it.
    pub(crate) below_others: bool,
}

/// The header row where the delimiter is known; `None` where there is no row.
pub(crate) fn only(preview: Preview, header: &Header) -> Result<Option<Found>, SheetError> {
    match pick(&preview, header)? {
        Some(at) => Ok(taken(preview, at)),
        None => preview.failed.map_or(Ok(None), Err),
    }
}

/// One way to divide the rows: what speaks for it.
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
) -> Result<Option<Found>, SheetError> {
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
        // What reads like data by one delimiter may be nonsense by another.
        (Some((evidence, ..)), Some(error)) if evidence.known == 0 => Err(error),
        (Some((_, preview, at)), _) => match (rival, preview.records.get(at)) {
            (Some((_, second)), Some(record)) => Err(SheetError::DelimiterUnclear {
                file: preview.file,
                line: record.line,
                first: preview.word,
                second,
            }),
            _ => Ok(taken(preview, at)),
        },
        (None, Some(error)) => Err(error),
        (None, None) => fallback.map_or(Ok(None), |preview| only(preview, header)),
    }
}

/// What speaks for a header row; `None` where the delimiter does not divide it.
fn evidence(preview: &Preview, at: usize, header: &Header) -> Option<Evidence> {
    let record = preview.records.get(at)?;
    if record.width < 2 || !record.is_divided {
        return None;
    }
    let below = preview.records.get(at + 1..).unwrap_or_default();
    let agree = below.iter().filter(|row| row.width == record.width);
    let reading = match header {
        Header::Found(headings) => Reading::of(record, headings),
        _ => Reading::default(),
    };
    Some(Evidence {
        number: reading.number,
        known: reading.known,
        agree: agree.count(),
    })
}

fn taken(mut preview: Preview, at: usize) -> Option<Found> {
    if at >= preview.records.len() {
        return None;
    }
    Some(Found {
        delimiter: preview.delimiter,
        below_others: at > 0 || preview.skipped,
        record: preview.records.swap_remove(at),
    })
}

/// Which record the headings are.
fn pick(preview: &Preview, header: &Header) -> Result<Option<usize>, SheetError> {
    let records = &preview.records;
    let above = usize::from(records.first().is_some_and(is_sep));
    let first = (above < records.len()).then_some(above);
    match header {
        Header::First => Ok(first),
        Header::Line(line) => match records.first() {
            Some(record) if record.line == *line => Ok(Some(0)),
            _ => Err(preview.failed.clone().unwrap_or(SheetError::NoRowThere {
                file: preview.file.clone(),
                line: *line,
            })),
        },
        Header::Found(headings) => {
            let readings: Vec<Reading> = records
                .iter()
                .map(|record| Reading::of(record, headings))
                .collect();
            match first {
                Some(first) => judged(preview, &readings, first).map(Some),
                None => Ok(None),
            }
        }
    }
}

fn is_sep(record: &HeaderRecord) -> bool {
    let Some([first, rest @ ..]) = record.cells.as_deref() else {
        return false;
    };
    let begins = first
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("sep="));
    record.line == 1 && begins && first.len() <= 5 && rest.iter().all(String::is_empty)
}

/// What a record reads like.
#[derive(Debug, Default)]
struct Reading {
    /// Cells that hold something.
    filled: usize,
    /// Cells that mean a field.
    known: usize,
    /// Whether one of them means the number.
    number: bool,
    /// Cells with what no heading is made of.
    data: usize,
}

impl Reading {
    fn of(record: &HeaderRecord, headings: &Headings) -> Reading {
        let mut reading = Reading::default();
        for cell in record.cells.iter().flatten() {
            let text = cell.trim();
            if text.is_empty() {
                continue;
            }
            reading.filled += 1;
            match headings.known(text) {
                Known::Nothing if looks_like_data(text) => reading.data += 1,
                Known::Nothing => {}
                known => {
                    reading.known += 1;
                    reading.number |= known == Known::Number;
                }
            }
        }
        reading
    }

    fn is_like_headings(&self) -> bool {
        self.data == 0 && (self.number || self.known > 1)
    }
}

/// Whether a text is a number, a date, a switch or an address, or several with delimiters between them: what rows are
/// made of and headings are not.
pub fn looks_like_data(text: &str) -> bool {
    text.split([',', ';', '\t', '|']).any(is_data)
}

fn is_data(text: &str) -> bool {
    let text = text.trim();
    let numeric = |c: char| c.is_numeric() || "+-()./: ".contains(c);
    let switch = ["on", "off", "yes", "no", "true", "false", "ja", "nein"];
    text.contains('@')
        || (text.contains(char::is_numeric) && text.chars().all(numeric))
        || switch.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The first row that reads like headings, where nothing speaks against it.
fn judged(preview: &Preview, readings: &[Reading], first: usize) -> Result<usize, SheetError> {
    let line = |at: usize| preview.records.get(at).map_or(0, |record| record.line);
    let unclear = |reason: String, at: usize| SheetError::HeaderUnclear {
        file: preview.file.clone(),
        reason,
        line: line(at),
    };
    let candidates = readings.iter().enumerate().skip(first).take(ABOVE_MAX + 1);
    let like: Vec<usize> = candidates
        .filter(|(_, reading)| reading.is_like_headings())
        .map(|(at, _)| at)
        .collect();
    let Some((at, header)) = like.first().and_then(|at| Some((*at, readings.get(*at)?))) else {
        return match readings.get(first) {
            Some(reading) if reading.data > 0 => Err(unclear(
                format!(
                    "no row reads like headings, and line {} looks like data. Put a row of headings above it",
                    line(first)
                ),
                first,
            )),
            _ => Ok(first),
        };
    };
    let above = readings.iter().enumerate().take(at).skip(first);
    let mut rows = above.filter(|(_, row)| {
        let alone = row.filled <= 1 && (header.filled > 1 || row.data == 0);
        !alone && row.filled * 2 > header.filled
    });
    if let Some((row, _)) = rows.next() {
        let reason = format!(
            "line {} reads like headings, but line {} above it looks like a row of the table",
            line(at),
            line(row)
        );
        return Err(unclear(reason, at));
    }
    let better = |other: &&usize| {
        readings
            .get(**other)
            .is_some_and(|row| row.known > header.known)
    };
    if let Some(other) = like.iter().find(better) {
        let reason = format!(
            "lines {} and {} both read like headings",
            line(at),
            line(*other)
        );
        return Err(unclear(reason, *other));
    }
    Ok(at)
}
