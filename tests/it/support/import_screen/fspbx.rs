//! FS PBX, import of extensions.

use super::{ImportPage, Imported, ImportedRow, USUAL, add, by_heading, cells, is_digits, text};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "fspbx",
    texts: &[
        (Field::NUMBER, "extension"),
        (Field::FIRST_NAME, "first_name"),
        (Field::LAST_NAME, "last_name"),
        (Field::EMAIL, "email"),
        (Field::CALLER_ID, "outbound_caller_id_number"),
    ],
    switches: &[(Field::VOICEMAIL, "voicemail_enabled", ["true", "false"])],
    export: &[
        "extension",
        "first_name",
        "last_name",
        "email",
        "outbound_caller_id_number",
        "emergency_caller_id_number",
        "voicemail_enabled",
        "description",
    ],
    refuses: "+",
    import,
    ..USUAL
};

/// The spreadsheet reader makes quantities and truth values of cells; a row that breaks a rule is skipped, and the others are
/// stored. Releases of 2024 fail on a file that has not every column of the template.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let lines = cells(bytes, ',')?;
    let template = "extension,first_name,last_name,outbound_caller_id_number,description,email,device_address,device_vendor,\
                    device_template";
    for column in template.split(',') {
        if !lines[0].iter().any(|heading| heading == column) {
            return Err(format!("Undefined array key {column:?}"));
        }
    }
    for mut row in by_heading(lines) {
        row.values_mut().for_each(|cell| *cell = as_typed(cell));
        let voicemail = text(&row, "voicemail_enabled");
        let known = ["", "true", "false", "1", "0", "yes", "no", "on", "off"];
        let (number, email) = (text(&row, "extension"), text(&row, "email"));
        let is_valid = is_digits(&number)
            && !text(&row, "first_name").is_empty()
            && known.contains(&&*voicemail)
            && (email.is_empty() || email.contains('@'));
        if !is_valid {
            continue;
        }
        let has_box = ["true", "1", "yes", "on"].contains(&&*voicemail);
        let caller = text(&row, "outbound_caller_id_number");
        let kept = |c: &char| c.is_ascii_digit() || *c == '+';
        let caller = caller.chars().filter(kept).collect();
        let mut stored: ImportedRow = row.clone();
        stored.insert("outbound_caller_id_number".into(), caller);
        stored.insert("voicemail_enabled".into(), has_box.to_string());
        let email = if has_box {
            email.to_lowercase()
        } else {
            String::new()
        };
        stored.insert("email".into(), email);
        add(rows, number, stored)?;
    }
    Ok(())
}

/// A cell as the reader's text of its value: `false` is the text of no value, and a sign before digits is part of a quantity.
fn as_typed(cell: &str) -> String {
    match cell.strip_prefix('+') {
        _ if cell.eq_ignore_ascii_case("true") => "1".into(),
        _ if cell.eq_ignore_ascii_case("false") => String::new(),
        Some(digits) if is_digits(digits) && !digits.starts_with('0') => digits.into(),
        _ => cell.trim().into(),
    }
}
