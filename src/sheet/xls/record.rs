//! One record of a workbook in BIFF8.

use crate::sheet::workbook::row::Table;

/// The records that are understood, by the names of [MS-XLS] 2.3.
pub(super) mod kind {
    pub(crate) const FORMULA: u16 = 0x0006;
    pub(crate) const EOF: u16 = 0x000A;
    pub(crate) const NAME: u16 = 0x0018;
    pub(crate) const NOTE: u16 = 0x001C;
    pub(crate) const DATE_1904: u16 = 0x0022;
    pub(crate) const FILE_PASS: u16 = 0x002F;
    pub(crate) const FONT: u16 = 0x0031;
    pub(crate) const CONTINUE: u16 = 0x003C;
    pub(crate) const COL_INFO: u16 = 0x007D;
    pub(crate) const BOUND_SHEET: u16 = 0x0085;
    pub(crate) const FILTER_MODE: u16 = 0x009B;
    pub(crate) const MUL_RK: u16 = 0x00BD;
    pub(crate) const OB_PROJ: u16 = 0x00D3;
    pub(crate) const RSTRING: u16 = 0x00D6;
    pub(crate) const XF: u16 = 0x00E0;
    pub(crate) const MERGE_CELLS: u16 = 0x00E5;
    pub(crate) const SST: u16 = 0x00FC;
    pub(crate) const LABEL_SST: u16 = 0x00FD;
    pub(crate) const NUMBER: u16 = 0x0203;
    pub(crate) const LABEL: u16 = 0x0204;
    pub(crate) const BOOL_ERR: u16 = 0x0205;
    /// A formula as Excel 3 and 4 wrote it, and some programs still do.
    pub(crate) const FORMULA_3: u16 = 0x0206;
    pub(crate) const STRING: u16 = 0x0207;
    pub(crate) const CONDITION: u16 = 0x01B1;
    pub(crate) const HYPERLINK: u16 = 0x01B8;
    pub(crate) const ROW: u16 = 0x0208;
    pub(crate) const RK: u16 = 0x027E;
    pub(crate) const FORMULA_4: u16 = 0x0406;
    pub(crate) const FORMAT: u16 = 0x041E;
    pub(crate) const BOF: u16 = 0x0809;
}

/// One record.
#[derive(Clone, Copy)]
pub(super) struct BiffRecord<'b> {
    pub(super) kind: u16,
    pub(super) data: &'b [u8],
    pub(super) start: usize,
    /// The beginning of the next one.
    pub(super) end: usize,
}

impl BiffRecord<'_> {
    /// The beginning of a worksheet, and its table.
    pub(super) fn bound_sheet(&self) -> Option<(usize, Table)> {
        let table = Table {
            name: self.text(6, 1)?.into(),
            hidden: self.u8(4).is_some_and(|state| state & 3 != 0),
            is_notes: false,
        };
        Some((self.u32(0)? as usize, table))
    }

    pub(super) fn u8(&self, at: usize) -> Option<u8> {
        self.data.get(at).copied()
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.data.get(at..at + 2)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.data.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    pub(super) fn f64(&self, at: usize) -> Option<f64> {
        let bytes = self.data.get(at..at + 8)?;
        Some(f64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Returns true for a formula that is one call of a function that sums up or counts a range, and nothing more.
    pub(super) fn is_total(&self) -> bool {
        const AREA: [u8; 3] = [0x25, 0x45, 0x65];
        let tokens = self
            .u16(20)
            .and_then(|bytes| self.data.get(22..22 + usize::from(bytes)));
        let tokens = tokens.unwrap_or_default();
        // A subtotal has the number of its function before the range.
        let has_range = match tokens {
            [0x1E, _, _, area, ..] | [area, ..] => AREA.contains(area),
            [] => false,
        };
        let is_call = match tokens.last_chunk() {
            Some([0x19, flags, _, _]) => flags & 0x10 != 0,
            // COUNT, SUM, AVERAGE, MIN, MAX, COUNTA, PRODUCT, MEDIAN, SUMPRODUCT, SUBTOTAL, SUMIF.
            Some([0x22 | 0x42 | 0x62, _, low, high]) => {
                [0, 4, 5, 6, 7, 169, 183, 227, 228, 344, 345]
                    .contains(&u16::from_le_bytes([*low, *high]))
            }
            // ROWS, COLUMNS, COUNTIF, COUNTBLANK, with as many arguments as they always have.
            Some([_, 0x21 | 0x41 | 0x61, low, high]) => {
                [76, 77, 346, 347].contains(&u16::from_le_bytes([*low, *high]))
            }
            _ => false,
        };
        has_range && is_call
    }

    /// Returns true for a row that is hidden, or has no height.
    pub(super) fn is_hidden_row(&self) -> bool {
        self.u16(6) == Some(0) || self.u16(12).is_some_and(|flags| flags & 0x20 != 0)
    }

    /// Returns the name of a defined name.
    pub(super) fn name(&self) -> Option<String> {
        let length = usize::from(self.u8(3)?);
        let wide = self.u8(14)? & 1 != 0;
        let bytes = self.data.get(15..15 + length * if wide { 2 } else { 1 })?;
        Some(String::from_utf16_lossy(&units(bytes, wide)))
    }

    /// The row and the column of a cell; `None` for a record that is no cell.
    pub(super) fn place(&self) -> Option<(u16, u16)> {
        Some((self.u16(0)?, self.u16(2)?)).filter(|_| is_cell(self.kind))
    }

    /// Reads a text that begins with its length in `length_bytes` bytes and its width, and does not continue in the
    /// next record.
    pub(super) fn text(&self, at: usize, length_bytes: usize) -> Option<String> {
        let length = match length_bytes {
            1 => usize::from(self.u8(at)?),
            _ => usize::from(self.u16(at)?),
        };
        let wide = self.u8(at + length_bytes)? & 1 != 0;
        let start = at + length_bytes + 1;
        let end = start + length * if wide { 2 } else { 1 };
        let bytes = self.data.get(start..end)?;
        Some(String::from_utf16_lossy(&units(bytes, wide)))
    }
}

pub(super) fn is_cell(kind: u16) -> bool {
    use kind::*;
    matches!(
        kind,
        LABEL_SST
            | NUMBER
            | RK
            | MUL_RK
            | LABEL
            | RSTRING
            | BOOL_ERR
            | FORMULA
            | FORMULA_3
            | FORMULA_4
    )
}

pub(super) fn units(bytes: &[u8], wide: bool) -> Vec<u16> {
    if !wide {
        return bytes.iter().map(|byte| u16::from(*byte)).collect();
    }
    let pairs = bytes.chunks_exact(2);
    pairs
        .filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)))
        .collect()
}
