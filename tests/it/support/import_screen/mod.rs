//! The import and export pages of products, simulated from their makers' code and manuals: each reads its file by itself.

mod freepbx;
mod fspbx;
mod fusionpbx;
mod issabel;
mod mikopbx;
mod opensips;
mod portsip;
mod switchvox;
mod threecx;
mod ucm;
mod vodia;
mod wazo;
mod webex;
mod yeastar;

use super::program::Program;
use rowcall::model::Field;
use std::collections::BTreeMap;

/// One extension, by the product's own column names.
pub(crate) type ImportedRow = BTreeMap<String, String>;

/// The rows that a product stored, by number; a second extension with a number has a mark behind it.
pub(crate) type Imported = BTreeMap<String, ImportedRow>;

/// A product with an import page.
#[derive(Clone, Copy)]
pub(crate) struct ImportPage {
    pub(crate) id: &'static str,
    /// The columns whose cells are the fields' own texts.
    pub(crate) texts: &'static [(Field, &'static str)],
    /// The columns of switches, with the words for on and off.
    pub(crate) switches: &'static [(Field, &'static str, [&'static str; 2])],
    /// The columns of its export, in its order.
    pub(crate) export: &'static [&'static str],
    /// The fields that every row needs beside number, name and SIP secret.
    pub(crate) needs: &'static [Field],
    /// Characters that it has no place for.
    pub(crate) refuses: &'static str,
    pub(crate) delimiter: u8,
    /// A file that it exported before, where its columns are taken from one; else nothing.
    pub(crate) like: &'static str,
    pub(crate) import: fn(&mut Imported, &[u8]) -> Result<(), String>,
}

const USUAL: ImportPage = ImportPage {
    id: "",
    texts: &[],
    switches: &[],
    export: &[],
    needs: &[],
    refuses: "",
    delimiter: b',',
    like: "",
    import: |_, _| Ok(()),
};

/// The products that have one, in the order of the program's facts.
pub(crate) const SCREENS: [&ImportPage; 17] = [
    &freepbx::PAGE,
    &issabel::PAGE,
    &mikopbx::PAGE,
    &fusionpbx::PAGE,
    &fspbx::PAGE,
    &threecx::V18,
    &threecx::V16,
    &threecx::V20,
    &yeastar::PAGE,
    &portsip::PAGE,
    &ucm::PAGE,
    &ucm::NEWER,
    &vodia::PAGE,
    &switchvox::PAGE,
    &opensips::PAGE,
    &wazo::PAGE,
    &webex::PAGE,
];

impl ImportPage {
    /// The option for the file that it exported before, which is written here.
    pub(crate) fn like(&self, desk: &Program) -> String {
        if self.like.is_empty() {
            return String::new();
        }
        let name = format!("like.{}.csv", self.id);
        desk.write(&name, self.like);
        format!(" --like {name}")
    }

    /// The column of a field whose cells are its texts.
    pub(crate) fn column(&self, field: Field) -> Option<&'static str> {
        let (_, column) = self.texts.iter().find(|(known, _)| *known == field)?;
        Some(column)
    }
}

/// A product with nothing but its import page, its export page and what it stored.
pub(crate) struct ImportScreen {
    pub(crate) product: &'static ImportPage,
    pub(crate) rows: Imported,
}

impl ImportScreen {
    pub(crate) fn new(product: &'static ImportPage) -> ImportScreen {
        ImportScreen {
            product,
            rows: Imported::new(),
        }
    }

    /// Takes a file as the product's page does; the refusal in words.
    pub(crate) fn import(&mut self, bytes: &[u8]) -> Result<(), String> {
        (self.product.import)(&mut self.rows, bytes)
    }

    /// The file that the product's export page gives.
    pub(crate) fn export(&self) -> String {
        let columns = self.product.export;
        let mut out = csv::WriterBuilder::new()
            .delimiter(self.product.delimiter)
            .from_writer(vec![]);
        out.write_record(columns).unwrap();
        for row in self.rows.values() {
            let cell = |column: &&str| row.get(*column).map_or("", String::as_str);
            out.write_record(columns.iter().map(cell)).unwrap();
        }
        String::from_utf8(out.into_inner().unwrap()).unwrap()
    }
}

/// The lines of a file in cells: a quoted cell is quoted whole, with its quotes doubled, and every line has as many cells
/// as the first.
fn cells(bytes: &[u8], delimiter: char) -> Result<Vec<Vec<String>>, String> {
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| "not UTF-8")?;
    let (mut lines, mut line, mut cell) = (vec![], vec![], String::new());
    let (mut is_quoted, mut is_closed, mut chars) = (false, false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' if is_quoted => (is_quoted, is_closed) = (false, true),
            _ if is_quoted => cell.push(c),
            '"' if cell.is_empty() && !is_closed => is_quoted = true,
            '\r' if chars.peek() == Some(&'\n') => (),
            _ if c == delimiter || c == '\n' => {
                line.push(std::mem::take(&mut cell));
                is_closed = false;
                if c == '\n' {
                    lines.push(std::mem::take(&mut line));
                }
            }
            '"' => return Err(format!("a quotation mark within {cell:?}")),
            _ if is_closed => return Err(format!("text behind the quotes of {cell:?}")),
            _ => cell.push(c),
        }
    }
    if is_quoted || !line.is_empty() || !cell.is_empty() {
        return Err("the last line does not end".into());
    }
    let width = lines.first().map_or(0, Vec::len);
    match lines.iter().position(|line| line.len() != width) {
        Some(at) => Err(format!("line {} has not {width} cells", at + 1)),
        None => Ok(lines),
    }
}

/// The rows below a heading line, by their headings.
fn by_heading(lines: Vec<Vec<String>>) -> Vec<ImportedRow> {
    let mut lines = lines.into_iter();
    let headings = lines.next().unwrap_or_default();
    let row = |line: Vec<String>| headings.iter().cloned().zip(line).collect();
    lines.map(row).collect()
}

fn text(row: &ImportedRow, column: &str) -> String {
    row.get(column).cloned().unwrap_or_default()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An error that names the row and the column, unless the cell is as the product wants it.
fn want(is: bool, row: &ImportedRow, column: &str) -> Result<(), String> {
    match is {
        true => Ok(()),
        false => Err(format!("{column}: {:?} in {row:?}", text(row, column))),
    }
}

/// One of these words in each of these columns.
fn one_of(row: &ImportedRow, columns: &[&str], words: &[&str]) -> Result<(), String> {
    let mut columns = columns.iter();
    columns.try_for_each(|column| want(words.contains(&&*text(row, column)), row, column))
}

/// Stores a row whose number is not there yet.
fn add(rows: &mut Imported, number: String, row: ImportedRow) -> Result<(), String> {
    match rows.insert(number.clone(), row) {
        None => Ok(()),
        Some(_) => Err(format!("{number} is there already")),
    }
}

/// The records of a text as `fgetcsv` reads them with its defaults.
fn php_lines(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut cells, mut cell) = (vec![], vec![], String::new());
    let (mut is_quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_quoted => {
                cell.push('\\');
                cell.extend(chars.next());
            }
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                cells.push(std::mem::take(&mut cell).trim_end_matches('\r').to_owned());
                lines.push(std::mem::take(&mut cells));
            }
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        lines.push(cells);
    }
    lines
}
