//! FreePBX, Bulk Handler.

use super::{ImportPage, Imported, ImportedRow, USUAL, php_lines};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "freepbx",
    texts: &[
        (Field::NUMBER, "extension"),
        (Field::DISPLAY_NAME, "name"),
        (Field::SIP_PASSWORD, "secret"),
        (Field::EMAIL, "voicemail_email"),
        (Field::VOICEMAIL_PIN, "voicemail_vmpwd"),
        (Field::CALLER_ID, "outboundcid"),
    ],
    export: &[
        "extension",
        "name",
        "voicemail",
        "ringtimer",
        "noanswer_dest",
        "outboundcid",
        "sipname",
        "tech",
        "secret",
        "max_contacts",
        "callerid",
        "languages_language",
        "voicemail_enable",
        "voicemail_vmpwd",
        "voicemail_email",
        "voicemail_pager",
        "voicemail_options",
        "voicemail_same_exten",
    ],
    import,
    ..USUAL
};

/// Bulk Handler: PHP's `fgetcsv`, whose backslash escapes a quote; every line has as many cells as the first.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| "not UTF-8")?;
    let mut lines = php_lines(&text).into_iter();
    let headings: Vec<String> = lines.next().ok_or("empty")?;
    let headings: Vec<String> = headings.iter().map(|name| name.to_lowercase()).collect();
    for cells in lines {
        if cells.len() != headings.len() {
            return Err("Header row and data row count do not match".into());
        }
        let mut row: ImportedRow = [
            ("tech", "sip"),
            ("ringtimer", "0"),
            ("max_contacts", "1"),
            ("voicemail", "default"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
        // A blank cell overrides the default.
        row.extend(headings.iter().cloned().zip(cells));
        let get = |name: &str| row.get(name).cloned().unwrap_or_default();
        let number = get("extension");
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("no extension: {headings:?}"));
        }
        if get("name").is_empty() {
            return Err(format!("{number} has no name"));
        }
        if get("secret").is_empty() {
            return Err(format!("anybody may register as {number}"));
        }
        if !["pjsip", "sip", "virtual"].contains(&&*get("tech")) {
            return Err(format!("{number}: unknown tech"));
        }
        if get("voicemail_enable") == "yes" {
            if get("voicemail_vmpwd").is_empty() {
                return Err(format!("{number}: no voicemail password"));
            }
        } else {
            row.retain(|name, _| !name.starts_with("voicemail_"));
        }
        if rows.contains_key(&number) {
            return Err("This device id is already in use".into());
        }
        rows.insert(number, row);
    }
    Ok(())
}
