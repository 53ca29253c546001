//! Grandstream UCM61xx and UCM6510, import of extensions.

use super::{
    ImportPage, Imported, ImportedRow, USUAL, add, by_heading, cells, is_digits, one_of, text, want,
};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "ucm61xx",
    texts: &[
        (Field::NUMBER, "Extension"),
        (Field::FIRST_NAME, "First Name"),
        (Field::LAST_NAME, "Last Name"),
        (Field::SIP_PASSWORD, "SIP/IAX Password"),
        (Field::EMAIL, "Email Address"),
        (Field::MOBILE, "External Number"),
        (Field::VOICEMAIL_PIN, "Voicemail Password"),
        (Field::CALLER_ID, "CallerID Number"),
        (Field::WEB_PASSWORD, "User Password"),
        (Field::RING_TIMEOUT, "Ring Timeout"),
        (Field::FORWARD_BUSY_NUMBER, "Call Forward Busy"),
    ],
    switches: &[
        (Field::VOICEMAIL, "Enable Voicemail", ["yes", "no"]),
        (
            Field::VOICEMAIL_PIN_REQUIRED,
            "Skip Voicemail Password Verification",
            ["no", "yes"],
        ),
        (Field::ENABLED, "Disable This Extension", ["no", "yes"]),
        (Field::RECORD_AUDIO, "Auto Record", ["yes", "no"]),
        (Field::NAT, "NAT", ["yes", "no"]),
    ],
    export: &COLUMNS,
    import,
    ..USUAL
};

/// A newer firmware, whose columns are its own; of them those of one PBX.
pub(super) const NEWER: ImportPage = ImportPage {
    id: "ucm63xx",
    export: &COLUMNS_NEWER,
    texts: &[
        (Field::NUMBER, "Extension"),
        (Field::FIRST_NAME, "First Name"),
        (Field::LAST_NAME, "Last Name"),
        (Field::SIP_PASSWORD, "SIP/IAX Password"),
        (Field::EMAIL, "Email Address"),
        (Field::VOICEMAIL_PIN, "Voicemail Password"),
        (Field::CALLER_ID, "CallerID Number"),
        (Field::WEB_PASSWORD, "User Password"),
    ],
    switches: &[
        (Field::VOICEMAIL, "Enable Voicemail", ["yes", "no"]),
        (Field::ENABLED, "Disable This Extension", ["no", "yes"]),
        (Field::NAT, "NAT", ["yes", "no"]),
    ],
    like: "Extension,Technology,Sync Contact,First Name,Last Name,Email Address,User Password,SIP/IAX Password,CallerID Number,\
           Enable Voicemail,Voicemail Password,NAT,Permission,Disable This Extension\n\
           900,SIP,yes,Cy,Low,cy@example.com,Canary7731Ww,Canary7731Cc,900,yes,0839,yes,Internal,no\n\
           901,SIP,yes,Di,Ray,di@example.com,Canary7731Vv,Canary7731Dd,901,no,0840,yes,Internal,no\n",
    import: import_newer,
    ..USUAL
};

const COLUMNS_NEWER: [&str; 14] = [
    "Extension",
    "Technology",
    "Sync Contact",
    "First Name",
    "Last Name",
    "Email Address",
    "User Password",
    "SIP/IAX Password",
    "CallerID Number",
    "Enable Voicemail",
    "Voicemail Password",
    "NAT",
    "Permission",
    "Disable This Extension",
];

/// The first line is that of its export; the words are those of the older firmware.
fn import_newer(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let lines = cells(bytes, ',')?;
    if lines[0] != COLUMNS_NEWER {
        return Err("other columns than the export has".into());
    }
    for row in by_heading(lines) {
        let switches = [
            "Enable Voicemail",
            "Disable This Extension",
            "NAT",
            "Sync Contact",
        ];
        one_of(&row, &switches, &["yes", "no"])?;
        one_of(&row, &["Technology"], &["SIP", "IAX"])?;
        one_of(
            &row,
            &["Permission"],
            &["Internal", "Local", "National", "International"],
        )?;
        is_account(&row)?;
        add(rows, text(&row, "Extension"), row)?;
    }
    Ok(())
}

const COLUMNS: [&str; 60] = [
    "Extension",
    "Technology",
    "Enable Voicemail",
    "CallerID Number",
    "SIP/IAX Password",
    "Voicemail Password",
    "Skip Voicemail Password Verification",
    "Ring Timeout",
    "Auto Record",
    "SRTP",
    "Fax Mode",
    "Strategy",
    "Local Subnet 1",
    "Local Subnet 2",
    "Local Subnet 3",
    "Local Subnet 4",
    "Local Subnet 5",
    "Local Subnet 6",
    "Local Subnet 7",
    "Local Subnet 8",
    "Local Subnet 9",
    "Local Subnet 10",
    "Specific IP Address",
    "Skip Trunk Auth",
    "Codec Preference",
    "Permission",
    "NAT",
    "Can Reinvite",
    "DTMF Mode",
    "Insecure",
    "Enable Keep-alive",
    "Keep-alive Frequency",
    "AuthID",
    "TEL URI",
    "Call Forward Busy",
    "Call Forward No Answer",
    "Call Forward Unconditional",
    "Support Hot-Desking Mode",
    "Dial Trunk Password",
    "Disable This Extension",
    "CFU Time Condition",
    "CFN Time Condition",
    "CFB Time Condition",
    "Music On Hold",
    "CC Agent Policy",
    "CC Monitor Policy",
    "CCBS Available Timer",
    "CCNR Available Timer",
    "CC Offer Timer",
    "CC Max Agents",
    "CC Max Monitors",
    "Ring simultaneously",
    "External Number",
    "Time Condition for Ring Simultaneously",
    "Enable LDAP",
    "User Password",
    "First Name",
    "Last Name",
    "Email Address",
    "Language",
];

const SWITCHES: [&str; 12] = [
    "Enable Voicemail",
    "Skip Voicemail Password Verification",
    "Auto Record",
    "SRTP",
    "Skip Trunk Auth",
    "NAT",
    "Can Reinvite",
    "Enable Keep-alive",
    "Support Hot-Desking Mode",
    "Disable This Extension",
    "Ring simultaneously",
    "Enable LDAP",
];

/// Columns that must be filled, each with what it takes.
const FILLED: [(&str, &[&str]); 12] = [
    ("Technology", &["SIP", "IAX"]),
    (
        "Strategy",
        &["Allow All", "Local Subnet Only", "Specific IP Address"],
    ),
    (
        "Permission",
        &["Internal", "Local", "National", "International"],
    ),
    ("DTMF Mode", &["RFC2833", "Info", "Inband", "Auto"]),
    ("Insecure", &["Port", "Very", "No"]),
    ("TEL URI", &["Disabled", "User=Phone", "Enabled"]),
    ("Music On Hold", &["default"]),
    ("CC Agent Policy", &["never"]),
    ("CC Monitor Policy", &["never"]),
    ("CFU Time Condition", &["All Time"]),
    ("CFN Time Condition", &["All Time"]),
    ("CFB Time Condition", &["All Time"]),
];

/// The first line is that of the firmware, and so are the words.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let lines = cells(bytes, ',')?;
    if lines[0] != COLUMNS {
        return Err("the columns are not those of this firmware".into());
    }
    for row in by_heading(lines) {
        one_of(&row, &SWITCHES, &["yes", "no"])?;
        for (column, words) in FILLED {
            one_of(&row, &[column], words)?;
        }
        let is_number = |column: &str| is_digits(&text(&row, column));
        is_account(&row)?;
        let counts = [
            "Keep-alive Frequency",
            "CCBS Available Timer",
            "CCNR Available Timer",
            "CC Offer Timer",
            "CC Max Agents",
            "CC Max Monitors",
        ];
        for column in counts {
            want(is_number(column), &row, column)?;
        }
        want(
            text(&row, "Codec Preference").starts_with("PCMU,PCMA"),
            &row,
            "Codec Preference",
        )?;
        add(rows, text(&row, "Extension"), row)?;
    }
    Ok(())
}

/// The limits of number and passwords.
fn is_account(row: &ImportedRow) -> Result<(), String> {
    let length = |column: &str| text(row, column).chars().count();
    let is_number = |column: &str| is_digits(&text(row, column));
    want(
        is_number("Extension") && (2..=18).contains(&length("Extension")),
        row,
        "Extension",
    )?;
    let secret = "SIP/IAX Password";
    want((4..=32).contains(&length(secret)), row, secret)?;
    for (column, least) in [("Voicemail Password", 4), ("CallerID Number", 2)] {
        let is =
            length(column) == 0 || (is_number(column) && (least..=32).contains(&length(column)));
        want(is, row, column)?;
    }
    Ok(())
}
