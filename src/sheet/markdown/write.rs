//! A table as Markdown, for documents and the terminal.

/// The table with its columns aligned. A cell stays on its line: a line break in it becomes `<br>`.
pub fn table<H: AsRef<str>, C: AsRef<str>>(headings: &[H], rows: &[Vec<C>]) -> String {
    TableCells::new(headings, rows).aligned()
}

/// The table on a terminal of so many columns: cells are broken between words, and where that is not enough each row is
/// a paragraph with its headings.
pub fn table_within<H: AsRef<str>, C: AsRef<str>>(
    headings: &[H],
    rows: &[Vec<C>],
    columns: usize,
) -> String {
    let cells = TableCells::new(headings, rows);
    match cells.widths_within(columns) {
        Some(widths) => cells.broken(&widths),
        None => cells.paragraphs(),
    }
}

/// The characters of the table's lines where each row is one.
pub(crate) fn table_width<H: AsRef<str>, C: AsRef<str>>(headings: &[H], rows: &[Vec<C>]) -> usize {
    let cells = TableCells::new(headings, rows);
    line_width(&cells.greatest(width))
}

/// The lines around the cells of a row: before each and behind the last.
const AROUND_CELL: usize = 3;

/// A table's cells, none of which breaks it.
struct TableCells {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl TableCells {
    fn new<H: AsRef<str>, C: AsRef<str>>(headings: &[H], rows: &[Vec<C>]) -> TableCells {
        let row = |row: &Vec<C>| row.iter().map(|text| escaped(text.as_ref())).collect();
        TableCells {
            header: headings.iter().map(|text| escaped(text.as_ref())).collect(),
            rows: rows.iter().map(row).collect(),
        }
    }

    /// The greatest measure of each column's cells.
    fn greatest(&self, measure: fn(&str) -> usize) -> Vec<usize> {
        // A rule of three dashes is the shortest that is understood everywhere.
        let mut greatest: Vec<usize> = self
            .header
            .iter()
            .map(|text| measure(text).max(3))
            .collect();
        for row in &self.rows {
            for (greatest, text) in greatest.iter_mut().zip(row) {
                *greatest = measure(text).max(*greatest);
            }
        }
        greatest
    }

    fn aligned(&self) -> String {
        let widths = self.greatest(width);
        let mut table = self.head(&widths);
        for row in &self.rows {
            table.push_str(&line(row, &widths));
        }
        table
    }

    fn head(&self, widths: &[usize]) -> String {
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        [line(&self.header, widths), line(&rules, widths)].concat()
    }

    /// The widths with which the table is no wider than so many columns; `None` where a word is too long for that.
    fn widths_within(&self, columns: usize) -> Option<Vec<usize>> {
        let mut widths = self.greatest(width);
        let least = self.greatest(widest_word);
        while line_width(&widths) > columns {
            let can_give = widths.iter_mut().zip(&least);
            let can_give = can_give.filter(|(width, least)| **width > **least);
            let (widest, _) = can_give.max_by_key(|(width, _)| **width)?;
            *widest -= 1;
        }
        Some(widths)
    }

    fn broken(&self, widths: &[usize]) -> String {
        let mut table = self.head(widths);
        for row in &self.rows {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(widths)
                .map(|(text, width)| broken(text, *width))
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or_default();
            for at in 0..height {
                let part = |cell: &Vec<String>| cell.get(at).cloned().unwrap_or_default();
                table.push_str(&line(&Vec::from_iter(cells.iter().map(part)), widths));
            }
        }
        table
    }

    fn paragraphs(&self) -> String {
        let widest = self.header.iter().map(|text| width(text)).max();
        let widest = widest.unwrap_or_default();
        let mut text = String::new();
        for row in &self.rows {
            if !text.is_empty() {
                text.push('\n');
            }
            let filled = self.header.iter().zip(row);
            for (heading, cell) in filled.filter(|(_, cell)| !cell.is_empty()) {
                let space = " ".repeat(widest - width(heading));
                text.extend([heading, &*space, "  ", cell, "\n"]);
            }
        }
        text
    }
}

/// The characters of a line with cells of these widths.
fn line_width(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + AROUND_CELL * widths.len() + 1
}

fn widest_word(text: &str) -> usize {
    text.split(' ').map(width).max().unwrap_or_default()
}

/// The text in lines of at most so many characters, broken between words.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if width(last) + 1 + width(word) <= most => last.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Writes one row with cells as wide as they are, for a table that is written while it comes. A cell is text: no part
/// of it is taken for markup, and no control character is let through.
pub(crate) fn row<'c>(cells: impl IntoIterator<Item = &'c str>) -> String {
    let mut row = String::from("|");
    for cell in cells {
        row.push(' ');
        for c in cell.trim().chars() {
            match c {
                '\\' | '|' | '<' | '[' | '*' | '`' | '&' => row.extend(['\\', c]),
                '\n' => row.push_str("<br>"),
                c if c.is_control() => row.push('\u{fffd}'),
                c => row.push(c),
            }
        }
        row.push_str(" |");
    }
    row.push('\n');
    row
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::from("|");
    for (column, widest) in widths.iter().enumerate() {
        let text = cells.get(column).map_or("", String::as_str);
        line.push(' ');
        line.push_str(text);
        line.push_str(&" ".repeat(widest - width(text)));
        line.push_str(" |");
    }
    line.push('\n');
    line
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn escaped(text: &str) -> String {
    text.trim()
        .replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace("\r\n", "<br>")
        .replace(['\n', '\r'], "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_no_cell_breaks_the_table() {
        let rows = vec![vec!["a|b", "Søn"], vec!["x\r\ny\nz", "\\"], vec!["only"]];
        let expected = [
            "| n           | name |",
            "| ----------- | ---- |",
            "| a\\|b        | Søn  |",
            "| x<br>y<br>z | \\\\   |",
            "| only        |      |",
        ];
        assert_eq!(
            row(["a|b", "x\ny\u{1b}", "<i>[a](b)`*&\\", ""]),
            "| a\\|b | x<br>y\u{fffd} | \\<i>\\[a](b)\\`\\*\\&\\\\ |  |\n"
        );
        assert_eq!(
            table(&["n", "name"], &rows).lines().collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn a_table_is_no_wider_than_the_terminal() {
        let rows = vec![
            vec![
                "20261129-6493",
                "finished: some rows were not sent",
                "3 created",
            ],
            vec!["20261129-a20d", "cut off", ""],
        ];
        let headings = ["run", "state", "rows"];
        let expected = [
            "| run           | state       | rows      |",
            "| ------------- | ----------- | --------- |",
            "| 20261129-6493 | finished:   | 3 created |",
            "|               | some rows   |           |",
            "|               | were not    |           |",
            "|               | sent        |           |",
            "| 20261129-a20d | cut off     |           |",
        ];
        let told = table_within(&headings, &rows, 43);
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
        assert_eq!(table_within(&headings, &rows, 80), table(&headings, &rows));
        let stacked = [
            "run    20261129-6493",
            "state  finished: some rows were not sent",
            "rows   3 created",
            "",
            "run    20261129-a20d",
            "state  cut off",
        ];
        let told = table_within(&headings, &rows, 30);
        assert_eq!(told.lines().collect::<Vec<_>>(), stacked);
    }
}
