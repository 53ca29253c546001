//! MikoPBX, employees.

use super::{ImportPage, Imported, ImportedRow, USUAL, text};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "mikopbx",
    texts: &[
        (Field::NUMBER, "number"),
        (Field::DISPLAY_NAME, "user_username"),
        (Field::SIP_PASSWORD, "sip_secret"),
        (Field::EMAIL, "user_email"),
        (Field::MOBILE, "mobile_number"),
    ],
    export: &[
        "number",
        "user_username",
        "user_email",
        "user_avatar",
        "mobile_number",
        "sip_secret",
        "sip_dtmfmode",
        "sip_enableRecording",
        "fwd_forwarding",
        "fwd_forwardingonbusy",
        "fwd_ringlength",
    ],
    import,
    ..USUAL
};

/// Employees: lines are padded or cut, texts too, and rows behind the thousandth are dropped.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let headings = reader.headers().unwrap().clone();
    for record in reader.records().take(1000) {
        let record = record.map_err(|error| error.to_string())?;
        let mut row = ImportedRow::new();
        for (at, heading) in headings.iter().enumerate() {
            let cell = record.get(at).unwrap_or_default().trim();
            let most = match heading {
                "user_username" | "user_email" => 32,
                _ => 100,
            };
            row.insert(heading.to_lowercase(), cell.chars().take(most).collect());
        }
        let digits: String = text(&row, "number")
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        if digits.is_empty() || text(&row, "sip_secret").is_empty() {
            return Err(format!("{digits}: a blank number or secret"));
        }
        row.insert("number".into(), digits.clone());
        rows.entry(digits).or_insert(row);
    }
    Ok(())
}
