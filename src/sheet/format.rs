//! The file formats: the name of each, the endings of its files, and its use for reading and writing. Messages, help
//! texts and the command line's choices are made from this table.

use std::path::Path;

/// The ending of a file's name, in small letters; empty where it has none.
pub(crate) fn ending(path: &Path) -> String {
    let ending = path.extension().unwrap_or_default();
    ending.to_string_lossy().to_lowercase()
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells separated by a comma, semicolon, tab or pipe.
    Csv,
    /// An array of objects.
    Json,
    /// One object a line.
    JsonLines,
    /// A workbook of Excel since 2007.
    Xlsx,
    /// A workbook of Excel 97 to 2003.
    Xls,
    /// A workbook of LibreOffice.
    Ods,
    /// A page for people.
    Html,
    /// A table in a text for people.
    Markdown,
}

/// The use of a format: for input, for output, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Written,
    Both,
}

/// The medium in which a format shows a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    /// The rows and their headings alone.
    Text,
    /// A workbook: colours, widths and further sheets.
    Workbook,
    /// A page: what a workbook has, in one text that is read from its top.
    Page,
}

/// The facts about a format.
struct FormatEntry {
    format: Format,
    /// Its name for people.
    name: &'static str,
    /// The endings of its files, the usual one first, which is also the name of the format on the command line.
    endings: &'static [&'static str],
    /// Further endings with which it is read only.
    read_endings: &'static [&'static str],
    used: Use,
    medium: Medium,
}

const TABLE: [FormatEntry; 8] = [
    FormatEntry {
        format: Format::Csv,
        name: "CSV",
        endings: &["csv", "tsv", "tab", "psv"],
        read_endings: &[],
        used: Use::Both,
        medium: Medium::Text,
    },
    FormatEntry {
        format: Format::Json,
        name: "JSON",
        endings: &["json"],
        read_endings: &[],
        used: Use::Both,
        medium: Medium::Text,
    },
    FormatEntry {
        format: Format::JsonLines,
        name: "JSONL",
        endings: &["jsonl", "ndjson"],
        read_endings: &[],
        used: Use::Both,
        medium: Medium::Text,
    },
    FormatEntry {
        format: Format::Xlsx,
        name: "XLSX",
        endings: &["xlsx"],
        read_endings: &["xlsm", "xlsb", "xltx", "xltm"],
        used: Use::Both,
        medium: Medium::Workbook,
    },
    FormatEntry {
        format: Format::Xls,
        name: "XLS",
        endings: &["xls"],
        read_endings: &["xlt"],
        used: Use::Read,
        medium: Medium::Workbook,
    },
    FormatEntry {
        format: Format::Ods,
        name: "ODS",
        endings: &["ods"],
        read_endings: &["ots"],
        used: Use::Read,
        medium: Medium::Workbook,
    },
    FormatEntry {
        format: Format::Html,
        name: "HTML",
        endings: &["html", "htm"],
        read_endings: &[],
        used: Use::Written,
        medium: Medium::Page,
    },
    FormatEntry {
        format: Format::Markdown,
        name: "Markdown",
        endings: &["md", "markdown"],
        read_endings: &[],
        used: Use::Written,
        medium: Medium::Text,
    },
];

impl Format {
    fn entry(self) -> Option<&'static FormatEntry> {
        TABLE.iter().find(|entry| entry.format == self)
    }

    /// Finds the format of a file's ending; `None` where it has none.
    pub(crate) fn from_ending(name: &str) -> Option<Format> {
        let (_, ending) = name.rsplit_once('.')?;
        let is_it = |known: &&str| known.eq_ignore_ascii_case(ending);
        let mut entries = TABLE.iter();
        let entry = entries.find(|entry| {
            let mut endings = entry.endings.iter().chain(entry.read_endings);
            endings.any(&is_it)
        });
        entry.map(|entry| entry.format)
    }

    /// Returns true if a copy of a file may have the other name, as far as the endings show: workbooks keep their
    /// ending, because Excel opens none with another.
    pub(crate) fn may_be_same(file: &Path, copy: &Path) -> bool {
        let [read, written] = [file, copy].map(|path| Format::from_ending(&path.to_string_lossy()));
        match (read, written) {
            (None, None) => true,
            (Some(text), None) | (None, Some(text)) => !text.is_workbook(),
            (Some(read), Some(written)) if read.is_workbook() => {
                written.is_workbook() && ending(file) == ending(copy)
            }
            (Some(read), Some(written)) => read == written,
        }
    }

    /// Finds the format in which a file of this name is written; `None` where its ending belongs to none that is
    /// written.
    pub(crate) fn to_write(name: &str) -> Option<Format> {
        let format = Format::from_ending(name).filter(|format| format.is_written())?;
        let (_, ending) = name.rsplit_once('.')?;
        let only_read = format.entry()?.read_endings;
        let only_read = only_read
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending));
        (!only_read).then_some(format)
    }

    /// The format of this name on the command line: `csv`, `json`, `jsonl`, `xlsx`, …
    pub fn named(name: &str) -> Option<Format> {
        let entry = TABLE
            .iter()
            .find(|entry| entry.endings.first() == Some(&name));
        entry.map(|entry| entry.format)
    }

    /// Returns the names on the command line of the formats that are written and that are `wanted`.
    pub fn choices(wanted: fn(Format) -> bool) -> impl Iterator<Item = &'static str> {
        let entries = TABLE.iter().filter(|entry| entry.used != Use::Read);
        let entries = entries.filter(move |entry| wanted(entry.format));
        entries.filter_map(|entry| entry.endings.first().copied())
    }

    /// Returns true if sheets of this format are read.
    pub fn is_read(self) -> bool {
        self.entry().is_some_and(|entry| entry.used != Use::Written)
    }

    /// Returns true if sheets of this format are written.
    pub(crate) fn is_written(self) -> bool {
        self.entry().is_some_and(|entry| entry.used != Use::Read)
    }

    /// Returns true if the format is a workbook's.
    pub(crate) fn is_workbook(self) -> bool {
        self.medium() == Medium::Workbook
    }

    /// Returns true if the format is a page, with a place for the columns that people read.
    pub(crate) fn is_page(self) -> bool {
        self.medium() == Medium::Page
    }

    /// Returns true if the format has the columns and further tables that are for people only.
    pub(crate) fn is_for_people(self) -> bool {
        self.medium() != Medium::Text
    }

    fn medium(self) -> Medium {
        self.entry().map_or(Medium::Text, |entry| entry.medium)
    }
}

/// The names of the formats that are written, in words: `CSV, JSON or HTML`.
pub(crate) fn written_names() -> String {
    let entries = TABLE.iter().filter(|entry| entry.used != Use::Read);
    or_list(entries.map(|entry| entry.name.to_owned()))
}

/// The names of the formats that are read, in words.
pub(crate) fn read_names() -> String {
    let entries = TABLE.iter().filter(|entry| entry.used != Use::Written);
    or_list(entries.map(|entry| entry.name.to_owned()))
}

/// The endings of the formats that are written, in words.
pub(crate) fn written_endings() -> String {
    or_list(Format::choices(|_| true).map(|ending| format!(".{ending}")))
}

fn or_list(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_stands_for_one_format() {
        let all = TABLE
            .iter()
            .flat_map(|entry| entry.endings.iter().chain(entry.read_endings));
        for ending in all {
            let known = |entry: &&FormatEntry| {
                entry.endings.contains(ending) || entry.read_endings.contains(ending)
            };
            assert_eq!(TABLE.iter().filter(known).count(), 1, "{ending}");
        }
        assert_eq!(Format::from_ending("a.b/C.XLSM"), Some(Format::Xlsx));
        assert_eq!(Format::from_ending("csv"), None);
    }

    #[test]
    fn what_is_only_read_is_not_written() {
        assert_eq!(Format::to_write("a.xlsx"), Some(Format::Xlsx));
        for name in ["a.xlsm", "a.xls", "a.ods", "a.xlsb", "a", "a.docx"] {
            assert_eq!(Format::to_write(name), None, "{name}");
        }
        assert_eq!(written_names(), "CSV, JSON, JSONL, XLSX, HTML or Markdown");
        assert_eq!(read_names(), "CSV, JSON, JSONL, XLSX, XLS or ODS");
        let for_people = Format::choices(Format::is_for_people);
        assert_eq!(for_people.collect::<Vec<_>>(), ["xlsx", "html"]);
        let pages = Format::choices(Format::is_page);
        assert_eq!(pages.collect::<Vec<_>>(), ["html"]);
        assert_eq!(
            written_endings(),
            ".csv, .json, .jsonl, .xlsx, .html or .md"
        );
    }
}
