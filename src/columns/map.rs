//! The meaning of a column as people read and write it: `--map`, and the file that keeps mappings.

use super::dictionary::{Common, dictionary, misspelt};
use crate::lang::translated;
use crate::model::{Field, Kind, heading_key, may_be_secret};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Parts a sheet's name in a mapping from the heading behind it.
pub(crate) const BEHIND_SHEET: &str = ": ";

/// The meaning that a person gave to a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapped {
    /// This field.
    Field(Field),
    /// The opposite of this field, which is a switch.
    Opposite(Field),
    /// The whole name, which begins with the surname.
    SurnameFirst,
    /// No field: the column is left out.
    LeftOut,
}

/// The words for a whole name that begins with the surname.
const SURNAME_FIRST: &str = "last_name first_name";

impl Mapped {
    /// The field, where it is one.
    pub fn field(self) -> Option<Field> {
        match self {
            Mapped::Field(field) | Mapped::Opposite(field) => Some(field),
            Mapped::SurnameFirst => Some(Field::DISPLAY_NAME),
            Mapped::LeftOut => None,
        }
    }

    /// A field's name, with `!` before it for the opposite, both parts of a name where the surname comes first, or `-` for
    /// none.
    ///
    /// # Errors
    /// There is no such field, and the error suggests a name; or it is no switch and has no opposite.
    pub fn parse(name: &str) -> Result<Mapped, String> {
        match (name.trim(), name.trim().strip_prefix('!')) {
            ("-", _) => Ok(Mapped::LeftOut),
            (name, _) if name.split_whitespace().eq(SURNAME_FIRST.split(' ')) => {
                Ok(Mapped::SurnameFirst)
            }
            (_, Some(name)) => match field_named(name)? {
                field if field.def().kind == Kind::Switch => Ok(Mapped::Opposite(field)),
                field => Err(format!("{} is no switch and has no opposite", field.name())),
            },
            (name, None) => field_named(name).map(Mapped::Field),
        }
    }
}

/// As mappings write it.
impl fmt::Display for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mapped::Field(field) => f.write_str(field.name()),
            Mapped::Opposite(field) => write!(f, "!{}", field.name()),
            Mapped::SurnameFirst => f.write_str(SURNAME_FIRST),
            Mapped::LeftOut => f.write_str("-"),
        }
    }
}

/// One column of a sheet, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnReading {
    /// The heading as the sheet writes it.
    pub heading: String,
    /// The heading by which a mapping means this column alone.
    pub name: String,
    /// The heading by which a message says how a mapping means it.
    pub(crate) in_flag: String,
    /// The field that it means, of several the first; `None` where it means none, though it may be looked at.
    pub field: Option<Field>,
    /// The reason for its meaning, in words; for example `OpenVox UC's name`.
    pub reason: String,
    /// True if it is asked about, and its heading is a known word that is about no secret.
    pub(crate) is_open: bool,
    /// True if its heading may be about a secret.
    pub(crate) may_be_secret: bool,
    /// The column's entry in a saved mapping.
    pub(crate) saved: Saved,
}

impl ColumnReading {
    /// Returns true if a text of the column may be shown. A secret is not, nor is a text of a column whose heading is not
    /// known, or one like a password where the meaning is asked about: it may be one.
    pub(crate) fn may_show(&self, text: &str) -> bool {
        match self.field {
            Some(field) => !field.hides(text),
            None => self.is_open && !may_be_secret(text),
        }
    }

    /// Returns true if its cells are secrets, or may be by its heading: their texts are shown in no other column either.
    pub(crate) fn holds_secrets(&self) -> bool {
        let may_be = self.field.is_none() && self.may_be_secret;
        may_be || self.field.is_some_and(Field::is_secret)
    }

    /// The heading by which a mapping means this column of a sheet, where the sheet is one of several and has this name: what
    /// is asked of one is not said of the others.
    pub(crate) fn name_in(&self, sheet: Option<&str>) -> String {
        match (&self.saved, sheet) {
            (Saved::Asked(_), Some(sheet)) => behind_sheet(sheet, &self.name),
            _ => self.name.clone(),
        }
    }

    /// Returns true if each of some texts of the column may be shown.
    pub(crate) fn may_show_all(&self, texts: &[String]) -> bool {
        texts
            .iter()
            .all(|text| text.is_empty() || self.may_show(text))
    }
}

/// A heading as a mapping writes it for one sheet alone.
pub(super) fn behind_sheet(sheet: &str, heading: &str) -> String {
    format!("{sheet}{BEHIND_SHEET}{heading}")
}

/// The entry of a column in a mapping file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Saved {
    /// No entry: the column is rowcall's own, or has no heading.
    Nothing,
    /// A known meaning.
    As(Mapped),
    /// No known meaning: the column is left out.
    NotUnderstood,
    /// The meanings that were offered in a question.
    Asked(Vec<Mapped>),
    /// A reading that a mapping file cannot express, such as a product's words for values.
    Translated,
}

/// Finds the field of a name that was typed.
///
/// # Errors
/// There is none of that name; the error suggests the field that comes nearest.
pub fn field_named(name: &str) -> Result<Field, String> {
    let name = name.trim();
    if let Some(field) = Field::named(name) {
        return Ok(field);
    }
    let near = dictionary()
        .canonical(name)
        .or_else(|| match dictionary().common(name) {
            Some(Common::Field(field)) => Some(field),
            _ => misspelt(name, |_| true),
        });
    Err(match near {
        Some(field) => format!(
            "no field is called “{name}”; did you mean {}?",
            field.name()
        ),
        None => format!("no field is called “{name}”; `rowcall vendors VENDOR` lists them"),
    })
}

/// A saved mapping: lines `"Heading" = "field"` in TOML; `-` leaves the column out.
///
/// # Errors
/// Something in it is wrong; the error names the place.
pub fn read_map(text: &str) -> Result<Vec<(String, Mapped)>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        format!("line {line}: {}", error.message().trim())
    })?;
    let entries = table.into_iter().map(|(heading, value)| {
        let name = value.as_str().ok_or_else(|| {
            format!("“{heading}” must be a field's name in quotes, for example \"{heading}\" = \"number\"")
        })?;
        let mapped = Mapped::parse(name).map_err(|error| format!("“{heading}”: {error}"))?;
        Ok((heading, mapped))
    });
    entries.collect()
}

/// Joins a saved mapping and the one of the command line, whose headings win.
pub fn overridden(
    saved: Vec<(String, Mapped)>,
    typed: &[(String, Mapped)],
) -> Vec<(String, Mapped)> {
    let key = |(heading, _): &(String, Mapped)| heading_key(heading);
    let winning: HashSet<String> = typed.iter().map(key).collect();
    let kept = saved
        .into_iter()
        .filter(|entry| !winning.contains(&key(entry)));
    kept.chain(typed.iter().cloned()).collect()
}

/// Builds a mapping file with the meaning of every column; an open question becomes a remark with the choices. Of several
/// sheets, each with its name, a heading stands once where all that have it mean the same, else behind the name of each.
pub fn write_map(sheets: &[(&str, &[ColumnReading])]) -> String {
    let names: Vec<&str> = sheets.iter().map(|(name, _)| *name).collect();
    let head = format!(
        "What the headings of {} mean; \"-\" leaves a column out. Use it with --map-file.",
        names.join(", ")
    );
    let mut text = format!("# {}\n", translated(&head));
    let shared = shared_headings(sheets);
    let mut written = HashSet::new();
    for (sheet, columns) in sheets {
        for column in columns.iter().filter(|column| !column.name.is_empty()) {
            let is_shared = sheets.len() == 1 || shared.contains(column.name.as_str());
            let heading = match is_shared {
                true => column.name.clone(),
                false => behind_sheet(sheet, &column.name),
            };
            if written.insert(heading.clone()) {
                text.push_str(&entry(&heading, column));
            }
        }
    }
    text
}

/// The headings that a mapping of several sheets can have once: each sheet has one such column at the most, under that very
/// heading, and all of these mean the same.
fn shared_headings<'s>(sheets: &[(&str, &'s [ColumnReading])]) -> HashSet<&'s str> {
    let mut found: HashMap<String, Option<&ColumnReading>> = HashMap::new();
    for (_, columns) in sheets {
        let mut own = HashSet::new();
        for column in *columns {
            let key = heading_key(&column.heading);
            let is_only = own.insert(key.clone()) && column.name == column.heading.trim();
            // The answer is that of one sheet.
            let is_asked = matches!(column.saved, Saved::Asked(_));
            let first = found.entry(key).or_insert(Some(column));
            let are_one = |first: &&ColumnReading| {
                is_only && !is_asked && first.name == column.name && first.saved == column.saved
            };
            *first = first.filter(are_one);
        }
    }
    let shared = found.into_values().flatten();
    shared.map(|column| column.name.as_str()).collect()
}

/// The lines of a column in a mapping file.
fn entry(heading: &str, column: &ColumnReading) -> String {
    let heading = toml::Value::from(heading);
    match &column.saved {
        Saved::Nothing => String::new(),
        Saved::As(mapped) => format!("{heading} = \"{mapped}\"\n"),
        Saved::NotUnderstood => format!("{heading} = \"{}\"\n", Mapped::LeftOut),
        Saved::Translated => format!("# {heading}: {}\n", translated(&column.reason)),
        Saved::Asked(choices) => {
            let lines = choices
                .iter()
                .map(|choice| format!("# {heading} = \"{choice}\"\n"));
            let lines: String = lines.collect();
            let choose = translated("Not certain: take the # off one of these lines.");
            format!("# {choose}\n{lines}")
        }
    }
}
