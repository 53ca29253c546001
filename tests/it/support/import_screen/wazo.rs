//! Wazo, import of users by its interface.

use super::{ImportPage, Imported, ImportedRow, USUAL, by_heading, cells, is_digits, text, want};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "wazo",
    texts: &[
        (Field::NUMBER, "exten"),
        (Field::FIRST_NAME, "firstname"),
        (Field::LAST_NAME, "lastname"),
        (Field::SIP_PASSWORD, "sip_secret"),
        (Field::SIP_DOMAIN, "context"),
        (Field::EMAIL, "email"),
        (Field::MOBILE, "mobile_phone_number"),
        (Field::CALLER_ID, "outgoing_caller_id"),
        (Field::RING_TIMEOUT, "ring_seconds"),
        (Field::WEB_PASSWORD, "password"),
    ],
    switches: &[
        (Field::VOICEMAIL, "(mailbox)", ["there", ""]),
        (
            Field::VOICEMAIL_TO_EMAIL,
            "voicemail_attach_audio",
            ["1", "0"],
        ),
        (Field::ENABLED, "enabled", ["1", "0"]),
        (
            Field::VOICEMAIL_PIN_REQUIRED,
            "voicemail_ask_password",
            ["1", "0"],
        ),
    ],
    export: &EXPORT,
    needs: &[Field::SIP_DOMAIN],
    import,
    ..USUAL
};

const EXPORT: [&str; 39] = [
    "uuid",
    "subscription_type",
    "firstname",
    "lastname",
    "email",
    "mobile_phone_number",
    "outgoing_caller_id",
    "language",
    "call_permission_password",
    "enabled",
    "ring_seconds",
    "simultaneous_calls",
    "supervision_enabled",
    "call_transfer_enabled",
    "dtmf_hangup_enabled",
    "call_record_outgoing_external_enabled",
    "call_record_outgoing_internal_enabled",
    "call_record_incoming_external_enabled",
    "call_record_incoming_internal_enabled",
    "online_call_record_enabled",
    "userfield",
    "voicemail_name",
    "voicemail_number",
    "voicemail_context",
    "voicemail_password",
    "voicemail_email",
    "voicemail_attach_audio",
    "voicemail_delete_messages",
    "voicemail_ask_password",
    "line_protocol",
    "provisioning_code",
    "context",
    "sip_username",
    "sip_secret",
    "exten",
    "incall_exten",
    "incall_context",
    "call_permissions",
    "username",
];

/// The contexts that there are.
const CONTEXTS: [&str; 1] = ["pbx.example.com"];

/// All rows or none: columns that are not known are ignored, and a blank cell is no value.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let mut taken = rows.clone();
    let lines = cells(bytes, ',')?;
    if lines.iter().flatten().any(|cell| cell.contains('\n')) {
        return Err("a line break within a cell ends the row".into());
    }
    for mut row in by_heading(lines) {
        let number = text(&row, "exten");
        is_user(&row)?;
        is_line(&row)?;
        if is_mailbox(&row)? {
            let email = text(&row, "voicemail_email");
            let sends = text(&row, "voicemail_attach_audio") == "1";
            want(
                !sends || email == text(&row, "email"),
                &row,
                "voicemail_email",
            )?;
            row.insert("(mailbox)".into(), "there".into());
        } else {
            row.remove("voicemail_password");
        }
        let is_same_email = |other: &ImportedRow| {
            let email = text(&row, "email");
            !email.is_empty() && text(other, "email") == email
        };
        want(!taken.values().any(is_same_email), &row, "email")?;
        // What is not given is made up.
        for (column, made) in [("sip_username", "qwertyui"), ("sip_secret", "asdfghjk")] {
            if text(&row, column).is_empty() {
                row.insert(column.into(), made.into());
            }
        }
        if taken.insert(number.clone(), row).is_some() {
            return Err(format!("{number} is there already"));
        }
    }
    *rows = taken;
    Ok(())
}

fn is_user(row: &ImportedRow) -> Result<(), String> {
    let first = text(row, "firstname");
    want(!first.is_empty(), row, "firstname")?;
    for (column, most) in [
        ("firstname", 128),
        ("lastname", 128),
        ("email", 254),
        ("outgoing_caller_id", 80),
        ("mobile_phone_number", 80),
    ] {
        want(text(row, column).chars().count() <= most, row, column)?;
    }
    let email = text(row, "email");
    want(email.is_empty() || email.contains('@'), row, "email")?;
    let mobile = text(row, "mobile_phone_number");
    let is_dialled = |c: char| c.is_ascii_digit() || "*#".contains(c);
    let dialled = mobile.strip_prefix('+').unwrap_or(&mobile);
    want(dialled.chars().all(is_dialled), row, "mobile_phone_number")?;
    let seconds = text(row, "ring_seconds");
    let is_time = seconds
        .parse::<u32>()
        .is_ok_and(|seconds| seconds <= 10_800);
    want(seconds.is_empty() || is_time, row, "ring_seconds")?;
    for column in [
        "enabled",
        "voicemail_attach_audio",
        "voicemail_ask_password",
    ] {
        want(["", "0", "1"].contains(&&*text(row, column)), row, column)?;
    }
    for (column, marks, lengths) in [
        ("username", "-._~!$&'()*+,;=%@", 2..=254),
        ("password", "-._~!$&'()*+,;=%", 4..=64),
    ] {
        let own = text(row, column);
        let is_sign = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
        let is_fit = own.is_empty() || lengths.contains(&own.len()) && own.chars().all(is_sign);
        want(is_fit, row, column)?;
    }
    Ok(())
}

fn is_line(row: &ImportedRow) -> Result<(), String> {
    let (number, context) = (text(row, "exten"), text(row, "context"));
    want(CONTEXTS.contains(&&*context), row, "context")?;
    want(is_digits(&number) && number.len() <= 40, row, "exten")?;
    let protocol = text(row, "line_protocol");
    want(protocol == "sip", row, "line_protocol")
}

/// Returns true if the row has a mailbox: a number or a context makes one, which needs a name and both of them then.
fn is_mailbox(row: &ImportedRow) -> Result<bool, String> {
    let (number, context) = (
        text(row, "voicemail_number"),
        text(row, "voicemail_context"),
    );
    let (name, pin) = (text(row, "voicemail_name"), text(row, "voicemail_password"));
    if number.is_empty() && context.is_empty() {
        // Nothing of a mailbox is stored.
        want(name.is_empty(), row, "voicemail_number")?;
        return Ok(false);
    }
    want(
        is_digits(&number) && number == text(row, "exten"),
        row,
        "voicemail_number",
    )?;
    want(CONTEXTS.contains(&&*context), row, "voicemail_context")?;
    want(
        !name.is_empty() && name.chars().count() <= 80,
        row,
        "voicemail_name",
    )?;
    want(pin.is_empty() || is_digits(&pin), row, "voicemail_password")?;
    Ok(true)
}
