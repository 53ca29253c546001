//! Options for the sheets to read.

use super::values::{encoding, vendor_or_product};
use crate::columns::{BEHIND_SHEET, Mapped, NamedOwner, field_named};
use crate::input::{self, HeaderRow, InputOptions, ReadingOptions};
use crate::model::{Field, shell_word};
use crate::rules::Country;
use crate::sheet::{Encoding, format};
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// The sheets that are read and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Sheets to read, one after the other.
    #[arg(required = true, help_heading = None::<&str>, value_name = "SHEET", value_hint = ValueHint::FilePath, help = format!("Sheets to read, one after the other: {}, also by a pattern such as 'branch-*.csv'; - for standard input", format::read_names()))]
    pub sheets: Vec<PathBuf>,
    /// Each row is a group of extensions, and not an extension; for vendors that have groups
    #[arg(long)]
    pub groups: bool,
    /// Options for reading them.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Options for reading sheets.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Input")]
pub struct ReadingArgs {
    /// What a heading means, for example --map 'Durchwahl=number'; --map 'Notes=-' leaves the column out,
    /// --map 'Off duty=!enabled' reads the opposite of a switch, and --map 'Name=last_name first_name' a name that begins
    /// with the surname. Of several sheets, --map 'b.csv: Name=display_name' means the one in b.csv alone
    #[arg(long = "map", value_name = "HEADING=FIELD", value_parser = mapping)]
    pub map: Vec<(String, Mapped)>,
    /// Read such meanings from a file, one a line: "Durchwahl" = "number"; what --map says goes before it. `rowcall
    /// columns SHEET -o FILE` writes one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub map_file: Option<PathBuf>,
    /// What a field is where the sheet does not say it, in a column of its own or a cell that is not blank; for example
    /// --fill voicemail=on, or --fill sip_password='<generate>'
    #[arg(long, value_name = "FIELD=VALUE", value_parser = filling)]
    pub fill: Vec<(Field, String)>,
    /// Understand the headings as the own names of this vendor or product, or by common words where it is `rowcall`
    /// [default: found by headings that only it has]
    #[arg(long, value_name = "VENDOR", value_parser = vendor_or_product)]
    pub headings: Option<NamedOwner>,
    /// The form of the files.
    #[command(flatten)]
    pub form: FormArgs,
}

/// The form of sheets, where it is not found.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Input")]
pub struct FormArgs {
    /// What the files are written in, for example windows-1252, cp850 or mac-roman [default: found automatically]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub encoding: Option<Encoding>,
    /// What separates cells [default: found automatically]
    #[arg(long, value_enum)]
    pub delimiter: Option<Delimiter>,
    /// The line on which the headings stand; of several sheets, --header-row 'b.csv: 3' means the one in b.csv alone, and may
    /// be given for each [default: found automatically]
    #[arg(long, value_name = "LINE", value_parser = header_row)]
    pub header_row: Vec<HeaderRow>,
    /// Read this sheet of a workbook, by its name; may be given several times, and '*' stands for all that can be meant
    /// [default: the only one that is not hidden and has a column for the number, or the group's name]
    #[arg(long = "sheet", value_name = "NAME")]
    pub sheet_names: Vec<String>,
    /// Leave out rows that a workbook hides, by a filter or otherwise
    #[arg(long)]
    pub visible_only: bool,
    /// Replace curly quotes and primes that stand where JSON wants straight quotes; values stay as they are
    #[arg(long)]
    pub fix_quotes: bool,
    /// Take rows with fewer cells than the header; the missing ones are blank
    #[arg(long)]
    pub pad_short_rows: bool,
}

impl InputArgs {
    pub(crate) fn options(&self) -> InputOptions {
        InputOptions {
            sheets: self.sheets.clone(),
            reading: self.reading.options(),
        }
    }

    /// The command that prints every finding of these sheets for a vendor or a product's file, as it is typed.
    pub(crate) fn check_all_command(&self, make: &str, country: Option<Country>) -> String {
        format!("{} --all", self.check_command(make, country))
    }

    /// The command that checks these sheets for a vendor or a product's file, as it is typed.
    pub(crate) fn check_command(&self, make: &str, country: Option<Country>) -> String {
        let mut words: Vec<String> = vec!["rowcall".into(), "check".into()];
        let sheets = self.sheets.iter();
        words.extend(sheets.map(|sheet| sheet.to_string_lossy().into_owned()));
        words.extend(["--for".to_owned(), make.to_owned()]);
        words.extend(self.groups.then(|| "--groups".to_owned()));
        let country = country.map(|country| ["--country".to_owned(), country.name().to_owned()]);
        words.extend(country.into_iter().flatten());
        words.extend(self.reading.options().words());
        let words: Vec<_> = words.iter().map(|word| shell_word(word)).collect();
        words.join(" ")
    }
}

impl ReadingArgs {
    pub(crate) fn options(&self) -> ReadingOptions {
        ReadingOptions {
            map: self.map.clone(),
            map_file: self.map_file.clone(),
            headings: self.headings,
            fill: self.fill.clone(),
            ..self.form.options()
        }
    }
}

impl FormArgs {
    pub(crate) fn options(&self) -> ReadingOptions {
        ReadingOptions {
            encoding: self.encoding,
            delimiter: self.delimiter.map(Delimiter::character),
            header_rows: self.header_row.clone(),
            sheet_names: self.sheet_names.clone(),
            visible_only: self.visible_only,
            fix_quotes: self.fix_quotes,
            pad_short_rows: self.pad_short_rows,
            ..ReadingOptions::default()
        }
    }
}

/// The delimiter of the cells of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tabulator
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// The character itself.
    fn character(self) -> char {
        match self {
            Delimiter::Comma => ',',
            Delimiter::Semicolon => ';',
            Delimiter::Tab => '\t',
            Delimiter::Pipe => '|',
        }
    }
}

/// The line of the headings, as it is typed: of all sheets, or behind the name of one.
fn header_row(text: &str) -> Result<HeaderRow, String> {
    let (sheet, line) = match text.rsplit_once(BEHIND_SHEET) {
        Some((sheet, line)) => (Some(sheet.trim().to_owned()), line),
        None => (None, text),
    };
    match line.trim().parse() {
        Ok(line) if line > 0 => Ok(HeaderRow { sheet, line }),
        _ => Err("write a line, counting from 1, or SHEET: LINE, as in 'b.csv: 3'".to_owned()),
    }
}

/// The meaning of a heading, as it is typed.
pub(super) fn mapping(text: &str) -> Result<(String, Mapped), String> {
    let (heading, name) = text.rsplit_once('=').ok_or("write HEADING=FIELD")?;
    Ok((heading.trim().to_owned(), Mapped::parse(name)?))
}

/// A value for a field.
pub(super) fn filling(text: &str) -> Result<(Field, String), String> {
    let (name, value) = text.split_once('=').ok_or("write FIELD=VALUE")?;
    input::filling(field_named(name)?, value.trim())
}
