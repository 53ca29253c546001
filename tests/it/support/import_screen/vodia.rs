//! Vodia PBX, bulk import of accounts.

use super::{ImportPage, Imported, ImportedRow, USUAL, is_digits, text, want};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "vodia",
    texts: &[
        (Field::NUMBER, "#alias"),
        (Field::FIRST_NAME, "first_name"),
        (Field::LAST_NAME, "last_name"),
        (Field::SIP_PASSWORD, "password"),
        (Field::EMAIL, "email"),
        (Field::MOBILE, "cell"),
        (Field::VOICEMAIL_PIN, "mb_pin"),
        (Field::WEB_PASSWORD, "web_pass"),
    ],
    export: &[
        "#alias",
        "first_name",
        "last_name",
        "position",
        "cell",
        "email",
        "mac",
        "mb_pin",
        "web_pass",
        "password",
    ],
    refuses: ";\"",
    delimiter: b';',
    import,
    ..USUAL
};

/// A first line that begins with # names the columns; a cell ends at the next semicolon, whatever stands around it.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let file = String::from_utf8(bytes.to_vec()).map_err(|_| "not UTF-8")?;
    let mut lines = file.lines();
    let names = lines.next().unwrap_or_default();
    if !names.starts_with('#') {
        return Err("the first line names no columns".into());
    }
    let names: Vec<&str> = names.split(';').collect();
    for line in lines {
        let cells: Vec<&str> = line.split(';').collect();
        if cells.len() != names.len() {
            return Err(format!("{} cells below {} names", cells.len(), names.len()));
        }
        let pairs = names.iter().zip(cells);
        let row: ImportedRow = pairs
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect();
        let number = text(&row, "#alias");
        want(is_digits(&number), &row, "#alias")?;
        if let Some(column) = row
            .keys()
            .find(|column| !PAGE.export.contains(&column.as_str()))
        {
            return Err(format!("no parameter {column}"));
        }
        want(!text(&row, "password").is_empty(), &row, "password")?;
        let pin = text(&row, "mb_pin");
        want(pin.is_empty() || is_digits(&pin), &row, "mb_pin")?;
        // An account that is there is overwritten.
        rows.insert(number, row);
    }
    Ok(())
}
