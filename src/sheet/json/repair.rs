//! Values replaced where they lie.

use crate::sheet::cells::Row;
use crate::sheet::error::SheetError;
use crate::sheet::json::read::{Batch, Content, Members, parsed};
use crate::sheet::repairs::{Repairs, asked};
use crate::sheet::source::Source;
use crate::sheet::transcode::EncodedCopy;
use std::ops::Range;

impl Content {
    /// The bytes of the sheet, and where its text begins in them.
    pub(crate) fn start(&self) -> (&Source, u64) {
        (&self.source, self.offset)
    }

    /// The same table in other bytes.
    pub(crate) fn over(&self, source: Source) -> Content {
        // The text behind the rows is as it was.
        let end = |end: u64| (source.bytes() + end).saturating_sub(self.source.bytes());
        Content {
            end: self.end.map(end),
            source,
            ..self.clone()
        }
    }
}

impl Batch {
    /// The number of the file's bytes in the batch.
    pub(crate) fn length(&self) -> u64 {
        self.data.len() as u64
    }

    /// The number of the file's bytes between it and the batch before.
    pub(crate) fn gap(&self) -> u64 {
        self.gap
    }

    /// Appends the bytes of the objects, with the values that `mend` replaces as texts.
    pub(crate) fn mended(
        &self,
        mend: &mut impl FnMut(&Row<'_>, &mut Repairs<'_>),
        out: &mut EncodedCopy,
    ) -> Result<(), SheetError> {
        let mut copied = 0;
        for (row, cells) in asked(mend, self.layout.encoding, |each| self.rows(each))? {
            let element = usize::try_from(row)
                .ok()
                .and_then(|row| self.elements.get(row));
            let Some(element) = element else { continue };
            let Ok(text) = std::str::from_utf8(self.bytes(element)) else {
                continue;
            };
            let Ok((key, body)) = self.split(text) else {
                continue;
            };
            let mut values = Vec::new();
            collect(text, body, "", &mut values);
            let of_members = values
                .into_iter()
                .map(|(path, place)| (self.layout.columns.get(&path).copied(), place));
            let key_end = text.len() - body.len();
            let key_end = text.get(..key_end).and_then(|before| before.rfind('"'));
            let of_key = key
                .and(key_end)
                .map(|end| (self.layout.key_column, 0..end + 1));
            for (column, place) in of_key.into_iter().chain(of_members) {
                let mended = cells.iter().find(|(mended, _)| column == Some(*mended));
                let Some((_, mended)) = mended else { continue };
                let (start, end) = (element.start + place.start, element.start + place.end);
                out.same(self.data.get(copied..start).unwrap_or_default())?;
                let quoted = serde_json::Value::from(mended.reveal()).to_string();
                out.other(self.data.get(start..end).unwrap_or_default(), &quoted)?;
                copied = end;
            }
        }
        out.same(self.data.get(copied..).unwrap_or_default())
    }
}

/// Collects the places of an object's values that are no objects themselves, in their order, by their dotted names.
fn collect(whole: &str, part: &str, prefix: &str, values: &mut Vec<(String, Range<usize>)>) {
    // Text that is no JSON was refused before.
    let Ok(members) = parsed::<Members<'_>>(part) else {
        return;
    };
    for (name, value) in members.0 {
        let path = match prefix {
            "" => name,
            prefix => format!("{prefix}.{name}"),
        };
        let raw = value.get();
        match raw.as_bytes().first() {
            Some(b'{') => collect(whole, raw, &path, values),
            _ => {
                // The parts are slices of the whole.
                let start = raw.as_ptr().addr() - whole.as_ptr().addr();
                values.push((path, start..start + raw.len()));
            }
        }
    }
}
