//! Rows as objects, written.

use crate::sheet::cells::CLEAR;
use crate::sheet::column::Column;

/// Rows as objects, one a line. Blank cells are written too, so that every heading is there in its order.
pub(crate) struct Objects {
    /// Each heading in the form in which it comes before its value.
    keys: Vec<String>,
    in_array: bool,
    rows: u64,
}

impl Objects {
    pub(crate) fn new(columns: &[Column], in_array: bool) -> Objects {
        let keys = columns.iter().map(|column| key(&column.heading));
        Objects {
            keys: keys.collect(),
            in_array,
            rows: 0,
        }
    }

    pub(crate) fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
        lines: &mut Vec<u8>,
    ) {
        if self.in_array {
            lines.extend_from_slice(if self.rows == 0 { b"[\n" } else { b",\n" });
        }
        self.rows += 1;
        lines.push(b'{');
        for (column, cell) in cells.into_iter().enumerate() {
            if column > 0 {
                lines.push(b',');
            }
            match self.keys.get(column) {
                Some(key) => lines.extend_from_slice(key.as_bytes()),
                // A row with too many cells keeps them.
                None => lines.extend_from_slice(key(&format!("cell {}", column + 1)).as_bytes()),
            }
            if cell == CLEAR {
                lines.extend_from_slice(b"null");
            } else {
                lines.extend_from_slice(quoted(cell).as_bytes());
            }
        }
        lines.push(b'}');
        if !self.in_array {
            lines.push(b'\n');
        }
    }

    pub(crate) fn end(self, lines: &mut Vec<u8>) {
        if self.in_array {
            lines.extend_from_slice(if self.rows == 0 { b"[]\n" } else { b"\n]\n" });
        }
    }
}

fn key(heading: &str) -> String {
    quoted(heading) + ":"
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
