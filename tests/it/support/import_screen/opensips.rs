//! OpenSIPS, subscriber_bulk_import of its management server, for the domain `pbx.example.com`.

use super::{ImportPage, Imported, ImportedRow, USUAL, by_heading, cells, text, want};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "opensips",
    texts: &[
        (Field::NUMBER, "username"),
        (Field::SIP_DOMAIN, "domain"),
        (Field::SIP_PASSWORD, "password"),
        (Field::EMAIL, "email_address"),
    ],
    // The export has no passwords.
    export: &["username", "domain", "email_address", "rpid"],
    needs: &[Field::SIP_DOMAIN],
    import,
    ..USUAL
};

/// Lines that begin with # and blank ones are dropped, and 5000 rows are the most; whom it has already it skips.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let file = String::from_utf8(bytes.to_vec()).map_err(|_| "not UTF-8")?;
    let kept = file
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    let table: Vec<ImportedRow> = by_heading(cells(kept.as_bytes(), ',')?);
    if table.len() > 5000 {
        return Err("more than 5000 rows".into());
    }
    for row in table {
        for column in ["username", "domain", "password"] {
            let cell = text(&row, column);
            want((1..=64).contains(&cell.chars().count()), &row, column)?;
        }
        rows.entry(text(&row, "username")).or_insert(row);
    }
    Ok(())
}
