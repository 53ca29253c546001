//! The options for understanding the headings of a sheet.

use super::actions::AllowedActions;
use super::map::{BEHIND_SHEET, Mapped, behind_sheet};
use super::products::Product;
use super::questions::map_flag;
use crate::manifest::Manifest;
use crate::model::{Field, heading_key, shell_word};
use std::fmt::Display;

/// The owner of a sheet's headings, as it is named by `--headings`.
#[derive(Debug, Clone, Copy)]
pub enum NamedOwner {
    /// The headings are no vendor's: rowcall's own names, common words and those of the vendor that the sheet goes to.
    Nobody,
    /// This vendor.
    Vendor(&'static Manifest),
    /// This product.
    Product(&'static Product),
}

/// Options for understanding headings.
#[derive(Debug, Clone, Default)]
pub struct BindOptions {
    /// Headings that the user has mapped to a field, or to none.
    pub map: Vec<(String, Mapped)>,
    /// The owner of the headings; worked out where absent.
    pub headings: Option<NamedOwner>,
    /// Values of fields that the sheet does not give.
    pub fill: Vec<(Field, String)>,
    /// The actions that a column may ask for.
    pub allowed: AllowedActions,
    /// True if rows to be deleted count also where they are hidden or struck through.
    pub every_row: bool,
    /// The sheet that is understood, where a command reads several.
    pub among_others: Option<AmongOthers>,
}

/// A sheet among several that one command reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmongOthers {
    /// Its name in messages and in mappings.
    pub name: String,
    /// The headings that are mapped for this sheet alone.
    pub mapped: Vec<String>,
    /// True if it is the only one after all, and mappings name it.
    pub is_alone: bool,
}

impl BindOptions {
    /// The options for one sheet. A heading behind the sheet's name, as in `b.csv: Name`, is mapped for that sheet alone, and
    /// goes before the same one for all sheets.
    pub(crate) fn for_sheet(&self, name: &str, is_alone: bool) -> BindOptions {
        let own = |heading: &str| {
            let behind = heading.strip_prefix(name)?.strip_prefix(BEHIND_SHEET)?;
            Some(behind.trim().to_owned())
        };
        let of_sheet = self.map.iter();
        let of_sheet = of_sheet.filter_map(|(heading, mapped)| Some((own(heading)?, *mapped)));
        let of_sheet: Vec<(String, Mapped)> = of_sheet.collect();
        let mapped: Vec<String> = of_sheet
            .iter()
            .map(|(heading, _)| heading.clone())
            .collect();
        let keys: Vec<String> = mapped.iter().map(|heading| heading_key(heading)).collect();
        let of_all = self
            .map
            .iter()
            .filter(|(heading, _)| own(heading).is_none() && !keys.contains(&heading_key(heading)));
        let map = of_all.cloned().chain(of_sheet).collect();
        let name = name.to_owned();
        BindOptions {
            map,
            among_others: (!is_alone || !mapped.is_empty()).then_some(AmongOthers {
                name,
                mapped,
                is_alone,
            }),
            ..self.clone()
        }
    }

    /// The option that names the line of the headings: of a sheet among several, for it alone.
    pub(super) fn header_row_flag(&self, line: u64) -> String {
        let line = self.in_sheet(&line.to_string());
        format!("--header-row {}", shell_word(&line))
    }

    /// The option that maps a heading: of a sheet among several, for it alone.
    pub(super) fn map_flag(&self, heading: &str, mapped: impl Display) -> String {
        map_flag(&self.in_sheet(heading.trim()), mapped)
    }

    /// A text of an option, behind the name of a sheet among several.
    fn in_sheet(&self, text: &str) -> String {
        match &self.among_others {
            Some(own) => behind_sheet(&own.name, text),
            None => text.to_owned(),
        }
    }

    /// Returns true if a value that is given for all sheets is given for this one alone.
    pub(super) fn is_only_sheet(&self) -> bool {
        self.among_others.as_ref().is_none_or(|own| own.is_alone)
    }

    /// Returns true if a value of a field is given for all rows.
    pub(super) fn fills(&self, field: Field) -> bool {
        self.fill.iter().any(|(filled, _)| *filled == field)
    }

    /// Returns true if a heading is mapped for this sheet alone.
    pub(crate) fn is_of_sheet(&self, heading: &str) -> bool {
        let own = self.among_others.as_ref();
        own.is_some_and(|own| own.mapped.iter().any(|mapped| mapped == heading))
    }
}
