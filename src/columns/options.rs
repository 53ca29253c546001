//! The options for understanding the headings of a sheet.

use super::actions::AllowedActions;
use super::map::Mapped;
use super::products::Product;
use crate::manifest::Manifest;
use crate::model::Field;

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
}
