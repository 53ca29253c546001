//! Switchvox 8, Import Extensions.

use super::{ImportPage, Imported, USUAL, by_heading, cells, is_digits, text, want};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "switchvox",
    texts: &[
        (Field::NUMBER, "ext"),
        (Field::FIRST_NAME, "fname"),
        (Field::LAST_NAME, "lname"),
        (Field::EMAIL, "login_email"),
        (Field::WEB_PASSWORD, "password"),
        (Field::VOICEMAIL_PIN, "voicemail_password"),
        (Field::SIP_PASSWORD, "phone_password"),
    ],
    export: &[
        "ext",
        "fname",
        "lname",
        "login_email",
        "title",
        "location",
        "password",
        "voicemail_password",
        "phone_password",
        "digium_phone_mac_address",
    ],
    needs: &[Field::EMAIL, Field::WEB_PASSWORD, Field::VOICEMAIL_PIN],
    import,
    ..USUAL
};

/// A new extension needs the first six; of one that is there a blank cell leaves what it has, and a space empties it.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    for row in by_heading(cells(bytes, ',')?) {
        let number = text(&row, "ext");
        want(is_digits(&number), &row, "ext")?;
        let phone = text(&row, "phone_password");
        want(phone != number, &row, "phone_password")?;
        let is_new = !rows.contains_key(&number);
        for column in [
            "fname",
            "lname",
            "login_email",
            "password",
            "voicemail_password",
        ] {
            want(!is_new || !text(&row, column).is_empty(), &row, column)?;
        }
        let pin = text(&row, "voicemail_password");
        want(
            pin.is_empty() || is_digits(&pin),
            &row,
            "voicemail_password",
        )?;
        let held = rows.entry(number).or_default();
        for (column, cell) in row {
            match cell.as_str() {
                "" => (),
                " " => drop(held.insert(column, String::new())),
                _ => drop(held.insert(column, cell)),
            }
        }
    }
    Ok(())
}
