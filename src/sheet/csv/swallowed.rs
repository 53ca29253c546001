//! Rows within the quotes of a cell: where a quote is opened by mistake, all rows down to the next quote become one
//! cell's text.

/// A comparison of a record's cells, each with its column, and the pieces of a line within one of them.
type IsRow = fn(&[(&[u8], usize)], &[&[u8]]) -> bool;

/// Finds a row within a cell of a record: one line of the cell's text divides like a row, and is one by `is_row`.
/// Returns two lines, counted from the record's first: the one on which the cell begins, and the one that looks like a
/// row. `width` is the number of cells of a row.
pub(super) fn row_in_cell(
    cells: &[&[u8]],
    delimiter: u8,
    width: usize,
    is_row: IsRow,
) -> Option<(u64, u64)> {
    if width < 2 {
        return None;
    }
    let pieces = |line| Vec::from_iter(<[u8]>::split(line, move |byte| *byte == delimiter));
    let mut passed = 0;
    for (column, cell) in cells.iter().enumerate() {
        let lines = lines_of(cell);
        let begins = passed;
        passed += lines.len() as u64 - 1;
        let [first, middle @ .., last] = lines.as_slice() else {
            continue;
        };
        let (before, behind) = (cells.get(..column)?, cells.get(column + 1..)?);
        let (first, last) = (pieces(first), pieces(last));
        // The cell itself would hold no more than the beginning of its text, were the quote not there.
        let of_row = before.iter().chain(first.first()).chain(behind);
        let of_row: Vec<(&[u8], usize)> = of_row.copied().zip(0..).collect();
        let whole = middle.iter().position(|line| {
            let pieces = pieces(line);
            pieces.len() == width && is_row(&of_row, &pieces)
        });
        if let Some(nth) = whole {
            return Some((begins, begins + nth as u64 + 1));
        }
        // The rest of the row in which the quote opens, and the beginning of the one in which it closes.
        let beside = first.get(1..).unwrap_or_default();
        if beside.len() + column + 1 < width || last.len() <= column {
            continue;
        }
        let joined = [last.get(..=column).unwrap_or_default(), beside].concat();
        if is_row(&of_row, &joined) {
            return Some((begins, passed));
        }
    }
    None
}

/// Divides a text where its lines end.
fn lines_of(text: &[u8]) -> Vec<&[u8]> {
    if text.contains(&b'\n') {
        text.split(|byte| *byte == b'\n').collect()
    } else {
        text.split(|byte| *byte == b'\r').collect()
    }
}

/// Returns true for a line below headings, which are of other kinds than the cells of a row, if it has a number.
pub(super) fn has_number(_: &[(&[u8], usize)], pieces: &[&[u8]]) -> bool {
    pieces
        .iter()
        .any(|piece| kind_of(piece) == Some(PieceKind::Digits))
}

/// Returns true if most of these cells, one of them a number, have the kind of the piece of their column.
pub(super) fn are_alike(cells: &[(&[u8], usize)], pieces: &[&[u8]]) -> bool {
    let (mut compared, mut alike, mut has_number) = (0, 0, false);
    for (cell, column) in cells {
        let piece = pieces.get(*column).and_then(|piece| kind_of(piece));
        let (Some(of_cell), Some(of_piece)) = (kind_of(cell), piece) else {
            continue;
        };
        compared += 1;
        if of_cell == of_piece {
            alike += 1;
            has_number |= of_cell == PieceKind::Digits;
        }
    }
    has_number && alike * 2 >= compared
}

#[derive(Clone, Copy, PartialEq)]
enum PieceKind {
    Digits,
    Address,
    Words,
}

/// The kind of a cell's text; `None` where it is blank.
fn kind_of(text: &[u8]) -> Option<PieceKind> {
    let text = text.trim_ascii();
    let is_of_number = |byte: &u8| byte.is_ascii_digit() || b"+-/() ".contains(byte);
    let has_digit = text.iter().any(u8::is_ascii_digit);
    match text {
        [] => None,
        _ if has_digit && text.iter().all(is_of_number) => Some(PieceKind::Digits),
        _ if text.contains(&b'@') => Some(PieceKind::Address),
        _ => Some(PieceKind::Words),
    }
}
