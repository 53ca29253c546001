//! PortSIP PBX v22, bulk import of users.

use super::{
    ImportPage, Imported, ImportedRow, USUAL, add, by_heading, cells, is_digits, one_of, text, want,
};
use rowcall::model::Field;
use serde_json::Value;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "portsip-v22",
    texts: &[
        (Field::NUMBER, "extension_number"),
        (Field::DISPLAY_NAME, "display_name"),
        (Field::SIP_PASSWORD, "extension_password"),
        (Field::EMAIL, "email"),
        (Field::WEB_PASSWORD, "password"),
        (Field::VOICEMAIL_PIN, "voicemail_pin"),
    ],
    switches: &[
        (
            Field::VOICEMAIL,
            "offline_office_hours_forward_rule",
            [
                r#"{"action":"FORWARD_TO_VOICEMAIL","timeout":60,"number":""}"#,
                r#"{"action":"HANGUP","timeout":60,"number":""}"#,
            ],
        ),
        (Field::ENABLED, "enabled", ["TRUE", "FALSE"]),
        (
            Field::RECORD_AUDIO,
            "enable_audio_recording",
            ["TRUE", "FALSE"],
        ),
        (Field::DO_NOT_DISTURB, "enable_dnd", ["TRUE", "FALSE"]),
        (
            Field::VOICEMAIL_PIN_REQUIRED,
            "enable_voicemail_pin",
            ["TRUE", "FALSE"],
        ),
        (
            Field::VOICEMAIL_TO_EMAIL,
            "enable_voicemail_notify",
            ["TRUE", "FALSE"],
        ),
    ],
    export: &COLUMNS,
    needs: &[Field::WEB_PASSWORD, Field::VOICEMAIL_PIN],
    import,
    ..USUAL
};

const COLUMNS: [&str; 32] = [
    "name",
    "enabled",
    "password",
    "extension_number",
    "extension_password",
    "email",
    "display_name",
    "enable_audio_recording",
    "enable_video_recording",
    "enable_acb",
    "enable_dnd",
    "enable_hot_desking",
    "office_hours",
    "anonymous_outbound_calls",
    "delivery_outbound_cid",
    "sms",
    "voicemail_prompt",
    "enable_voicemail_pin",
    "voicemail_pin",
    "voicemail_play_datetime",
    "enable_voicemail_notify",
    "online_no_answer_forward_rule",
    "online_busy_forward_rule",
    "offline_office_hours_forward_rule",
    "offline_non_office_hours_forward_rule",
    "custom_forward_rules",
    "blfs",
    "interface",
    "preferred_transport",
    "custom_options",
    "role",
    "phones",
];

const SWITCHES: [&str; 11] = [
    "enabled",
    "enable_audio_recording",
    "enable_video_recording",
    "enable_acb",
    "enable_dnd",
    "enable_hot_desking",
    "anonymous_outbound_calls",
    "delivery_outbound_cid",
    "enable_voicemail_pin",
    "voicemail_play_datetime",
    "enable_voicemail_notify",
];

/// No column may be missing or renamed; words and JSON are those of the page.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let lines = cells(bytes, ',')?;
    if let Some(lost) = COLUMNS
        .iter()
        .find(|column| !lines[0].iter().any(|known| known == *column))
    {
        return Err(format!("no column {lost}"));
    }
    if lines[0].len() != COLUMNS.len() {
        return Err("a column that the page has not".into());
    }
    for row in by_heading(lines) {
        one_of(&row, &SWITCHES, &["TRUE", "FALSE"])?;
        one_of(
            &row,
            &["sms"],
            &["DISABLE", "ALLOW", "ALLOW_WITH_SENDER_ID"],
        )?;
        one_of(&row, &["preferred_transport"], &["UDP", "TCP", "TLS"])?;
        let interfaces = [
            "WEB_DOMAIN",
            "PUBLIC_IPV4",
            "PUBLIC_IPV6",
            "PRIVATE_IPV4",
            "PRIVATE_IPV6",
            "SBC_DOMAIN",
        ];
        one_of(&row, &["interface"], &interfaces)?;
        let roles = [
            "StandardUser",
            "StandardInternationalUser",
            "QueueManager",
            "Admin",
        ];
        one_of(&row, &["role"], &roles)?;
        let number = text(&row, "extension_number");
        want(
            is_digits(&number) && number.len() <= 64,
            &row,
            "extension_number",
        )?;
        want(
            is_digits(&text(&row, "voicemail_pin")),
            &row,
            "voicemail_pin",
        )?;
        let name = text(&row, "name");
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        want(is_name, &row, "name")?;
        for column in [
            "password",
            "extension_password",
            "display_name",
            "voicemail_prompt",
        ] {
            want(!text(&row, column).is_empty(), &row, column)?;
        }
        want(
            text(&row, "display_name").chars().count() <= 128,
            &row,
            "display_name",
        )?;
        has_json(&row)?;
        add(rows, number, row)?;
    }
    Ok(())
}

fn has_json(row: &ImportedRow) -> Result<(), String> {
    let json = |column: &str| {
        serde_json::from_str::<Value>(&text(row, column))
            .map_err(|error| format!("{column}: {error}"))
    };
    let hours = json("office_hours")?;
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let has_days = days
        .iter()
        .all(|day| hours[day]["enabled"].is_boolean() && hours[day]["ranges"].is_array());
    want(
        has_days && (hours["mode"] == "GLOBAL" || hours["mode"] == "CUSTOM"),
        row,
        "office_hours",
    )?;
    let rules = [
        "online_no_answer_forward_rule",
        "online_busy_forward_rule",
        "offline_office_hours_forward_rule",
        "offline_non_office_hours_forward_rule",
    ];
    for column in rules {
        let rule = json(column)?;
        let action = rule["action"].as_str().unwrap_or_default();
        let is_known = ["FORWARD_TO_NUMBER", "FORWARD_TO_VOICEMAIL", "HANGUP"].contains(&action);
        want(
            is_known && rule["timeout"].is_u64() && rule["number"].is_string(),
            row,
            column,
        )?;
    }
    for column in ["custom_forward_rules", "blfs", "phones"] {
        want(json(column)?.is_array(), row, column)?;
    }
    Ok(())
}
