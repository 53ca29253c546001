//! Damage that a workbook tells by its way of storing a cell.

use super::damage::{Damage, is_digits};
use super::{CELL_NUMERIC, error_cell, is_numeric};
use crate::manifest::FieldRow;
use crate::model::{Care, Kind, Severity};
use crate::sheet::Stored;

/// Finds the damage that a workbook's way of storing a cell may have done; `text` is the text that is read.
pub(in crate::rules) fn stored(row: &FieldRow, stored: Stored, text: &str) -> Option<Damage> {
    let care = row.name.def().care;
    if let Some(damage) = not_as_typed(row, stored, text) {
        return Some(damage);
    }
    match stored {
        Stored::Error => Some(error_cell(Severity::Error)),
        Stored::Uncalculated => Some(Damage::new(
            "cell.uncalculated",
            Severity::Error,
            "is a formula without a saved value",
            "open the workbook in a spreadsheet, and save it",
        )),
        Stored::Total if is_numeric(care) || row.name.def().kind == Kind::Identifier => {
            Some(Damage::new(
                "cell.total",
                Severity::Error,
                "sums up or counts other cells in the workbook, and is no value of its own",
                "take the row out, or type the value that is meant",
            ))
        }
        Stored::Pieces => {
            let severity = match care {
                _ if is_numeric(care) => Severity::Error,
                Care::Account | Care::Password => Severity::Error,
                Care::Free => return None,
                _ => Severity::Warning,
            };
            Some(Damage::new(
                "cell.pieces",
                severity,
                "has a piece that is raised, lowered or struck through in the workbook, and was read as one text with the rest",
                "type it anew, without the mark of a footnote and without what is struck through",
            ))
        }
        Stored::Rounded if is_numeric(care) || matches!(care, Care::Account | Care::Password) => {
            Some(Damage::new(
                "damage.rounded",
                Severity::Error,
                "is a number of more than 15 digits in the workbook: the last ones are lost",
                "look the number up, and type it in a cell that is formatted as text",
            ))
        }
        Stored::Date if is_numeric(care) => Some(Damage::new(
            "damage.date",
            Severity::Error,
            "is a date in the workbook, where a number belongs",
            "type it anew, in a cell that is formatted as text",
        )),
        Stored::Number if row.name.def().kind == Kind::Identifier => Some(Damage::new(
            CELL_NUMERIC,
            Severity::Warning,
            "is stored as a number: zeros before it or a + would have been lost",
            "compare it with the original, and format the column as text",
        )),
        Stored::Shown if row.name.def().kind == Kind::Identifier => Some(Damage::new(
            CELL_NUMERIC,
            Severity::Warning,
            "is stored as a number, and reads as its format shows it: what was typed may be lost",
            "compare it with the original, and format the column as text",
        )),
        Stored::List if row.name.def().kind != Kind::List && care != Care::Free => {
            Some(Damage::new(
                "cell.list",
                Severity::Error,
                "is a list of several values in the file, where one value belongs",
                "write the one that is meant, as a text",
            ))
        }
        Stored::Merged | Stored::MergedAcross | Stored::Covered => merged(row, stored),
        Stored::Text
        | Stored::Number
        | Stored::Shown
        | Stored::Rounded
        | Stored::Date
        | Stored::Total
        | Stored::List
        | Stored::Boolean => None,
    }
}

/// Finds a secret or an account that the spreadsheet took for a date, a time or an amount: the text that is read is how its
/// format shows that, and no more what was typed. An integer reads as it was typed, and so does a PIN with its zeros.
fn not_as_typed(row: &FieldRow, stored: Stored, text: &str) -> Option<Damage> {
    let care = row.name.def().care;
    let is_secret = row.name.is_secret();
    let what = match stored {
        // A number says so in its own words.
        Stored::Date if !is_numeric(care) && (is_secret || care == Care::Account) => {
            "is a date or a time in the workbook: what was typed is lost"
        }
        Stored::Shown if is_secret && (care == Care::Password || !is_digits(text.trim())) => {
            "is a number in the workbook, and reads as its format shows it: what was typed is lost"
        }
        Stored::Number if is_secret && !is_digits(text.trim()) => {
            "is a number in the workbook, and more than digits: what was typed is lost"
        }
        _ => return None,
    };
    let id = match stored {
        Stored::Date => "damage.date",
        _ => "damage.amount",
    };
    let hint = "look it up, and type it anew in a cell that is formatted as text";
    Some(Damage::new(id, Severity::Error, what, hint))
}

/// Finds what merging has done to a cell: a number or a secret is one row's alone, and a text over several columns may be
/// meant for each of them.
fn merged(row: &FieldRow, stored: Stored) -> Option<Damage> {
    let is_rows_own = row.name.is_key() || row.name.is_secret();
    let (severity, what) = match stored {
        Stored::Covered => (
            Severity::Error,
            "has a text that is hidden below merged cells",
        ),
        _ if is_rows_own => (
            Severity::Error,
            "is in merged cells, and belongs to one row alone",
        ),
        Stored::MergedAcross => (
            Severity::Warning,
            "is merged with cells beside it, and is read for this column alone",
        ),
        _ => return None,
    };
    let hint = "divide the merged cells, and write into each row and column what is meant";
    Some(Damage::new("cell.merged", severity, what, hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use crate::model::Field;

    #[test]
    fn a_secret_that_became_a_date_or_an_amount_is_an_error_and_a_plain_integer_is_none() {
        let portsip = include_str!("../../vendors/portsip/vendor.toml");
        let manifest = Manifest::parse(portsip).unwrap();
        let found = |field: Field, as_: Stored, text: &str| {
            let row = manifest.row(field);
            let damage = stored(row.unwrap(), as_, text);
            damage.map(|damage| (damage.id, damage.severity))
        };
        let secrets = [
            Field::SIP_PASSWORD,
            Field::WEB_PASSWORD,
            Field::VOICEMAIL_PIN,
        ];
        for field in secrets {
            for (as_, text, rule) in [
                (Stored::Date, "12.03.24", "damage.date"),
                (Stored::Date, "2024-03-01 14:30:00", "damage.date"),
                (Stored::Shown, "12.35%", "damage.amount"),
                (Stored::Shown, "4,711", "damage.amount"),
                (Stored::Number, "471199001.5", "damage.amount"),
                (Stored::Number, "-47119900", "damage.amount"),
            ] {
                let is_error = Some((rule, Severity::Error));
                assert_eq!(found(field, as_, text), is_error, "{field:?} {text}");
            }
            let integer = found(field, Stored::Number, "471199");
            assert_ne!(
                integer.map(|(_, weight)| weight),
                Some(Severity::Error),
                "{field:?}"
            );
            assert_eq!(found(field, Stored::Text, "12.03.24"), None, "{field:?}");
        }
        // The format of a PIN shows its zeros.
        assert_ne!(
            found(Field::VOICEMAIL_PIN, Stored::Shown, "0815").map(|(_, weight)| weight),
            Some(Severity::Error)
        );
        let rounded = found(Field::SIP_PASSWORD, Stored::Shown, "471199002");
        assert_eq!(rounded, Some(("damage.amount", Severity::Error)));
    }
}
