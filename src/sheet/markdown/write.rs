//! A table as Markdown, for documents and the terminal.

/// The table with its columns aligned. A cell stays on its line: a line break in it becomes `<br>`.
pub fn table<H: AsRef<str>, C: AsRef<str>>(headings: &[H], rows: &[Vec<C>]) -> String {
    let header: Vec<String> = headings.iter().map(|text| escaped(text.as_ref())).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|text| escaped(text.as_ref())).collect())
        .collect();
    // A rule of three dashes is the shortest that is understood everywhere.
    let mut widths: Vec<usize> = header.iter().map(|text| width(text).max(3)).collect();
    for row in &rows {
        for (widest, text) in widths.iter_mut().zip(row) {
            *widest = width(text).max(*widest);
        }
    }
    let mut table = line(&header, &widths);
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    table.push_str(&line(&rules, &widths));
    for row in &rows {
        table.push_str(&line(row, &widths));
    }
    table
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
}
