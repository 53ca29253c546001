//! Issabel, batch of extensions.

use super::{ImportPage, Imported, ImportedRow, USUAL};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "issabel",
    texts: &[
        (Field::NUMBER, "User Extension"),
        (Field::DISPLAY_NAME, "Display Name"),
        (Field::SIP_PASSWORD, "Secret"),
        (Field::EMAIL, "VM Email Address"),
        (Field::VOICEMAIL_PIN, "Voicemail Password"),
        (Field::CALLER_ID, "Outbound CID"),
    ],
    switches: &[
        (Field::VOICEMAIL, "Voicemail Status", ["enable", "disable"]),
        (
            Field::VOICEMAIL_TO_EMAIL,
            "VM Email Attachment",
            ["yes", "no"],
        ),
    ],
    export: &[
        "Display Name",
        "User Extension",
        "Direct DID",
        "Outbound CID",
        "Call Waiting",
        "Secret",
        "Voicemail Status",
        "Voicemail Password",
        "VM Email Address",
        "VM Email Attachment",
        "VM Play CID",
        "Context",
        "Tech",
        "Max Contacts",
    ],
    import,
    ..USUAL
};

/// Batch of extensions: headings in their exact case, one transaction.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let mut taken = rows.clone();
    let mut reader = csv::Reader::from_reader(bytes);
    for row in reader.deserialize() {
        let mut row: ImportedRow = row.map_err(|error| error.to_string())?;
        let get = |name: &str| row.get(name).cloned().unwrap_or_default();
        let (number, secret) = (get("User Extension"), get("Secret"));
        let count = |is: fn(&u8) -> bool| secret.as_bytes().iter().filter(|byte| is(byte)).count();
        let is_strong = secret.len() >= 6
            && count(u8::is_ascii_alphabetic) >= 2
            && count(u8::is_ascii_digit) >= 2;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_known = ["sip", "iax", "iax2", "pjsip"].contains(&&*get("Tech"));
        if !is_number || get("Display Name").is_empty() || !is_strong || !is_known {
            return Err(format!("{number:?} is refused"));
        }
        let pin = get("Voicemail Password");
        if !pin.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{number}: voicemail password"));
        }
        let has_box = get("Voicemail Status").contains("enable");
        row.insert(
            "Voicemail Status".into(),
            if has_box { "enable" } else { "disable" }.into(),
        );
        taken.insert(number, row);
    }
    *rows = taken;
    Ok(())
}
