//! 3CX V18 and V16, import of extensions: the place of a column counts.

use super::{
    ImportPage, Imported, ImportedRow, USUAL, add, by_heading, cells, is_digits, one_of, text, want,
};
use rowcall::model::Field;

const USUAL_3CX: ImportPage = ImportPage {
    texts: &[
        (Field::NUMBER, "Number"),
        (Field::FIRST_NAME, "FirstName"),
        (Field::LAST_NAME, "LastName"),
        (Field::EMAIL, "EmailAddress"),
        (Field::MOBILE, "MobileNumber"),
        (Field::SIP_PASSWORD, "AuthPassword"),
        (Field::VOICEMAIL_PIN, "PIN"),
        (Field::CALLER_ID, "OutboundCallerID"),
        (Field::WEB_PASSWORD, "SrvcAccessPwd"),
    ],
    switches: &[
        (Field::VOICEMAIL, "EnableVoicemail", ["1", "0"]),
        (Field::VOICEMAIL_PIN_REQUIRED, "VMNoPin", ["0", "1"]),
        (Field::VOICEMAIL_TO_EMAIL, "VMEmailOptions", ["2", "0"]),
        (Field::VOICEMAIL_SAY_CALLER_ID, "VMPlayCallerID", ["1", "0"]),
        (Field::RECORD_AUDIO, "RecordCalls", ["1", "0"]),
        (Field::ENABLED, "Disabled", ["0", "1"]),
        (Field::DO_NOT_DISTURB, "DND", ["1", "0"]),
    ],
    refuses: "+",
    ..USUAL
};

pub(super) const V18: ImportPage = ImportPage {
    id: "3cx-v18",
    export: &COLUMNS_V18,
    import: |rows, bytes| import(rows, bytes, &COLUMNS_V18),
    ..USUAL_3CX
};

pub(super) const V16: ImportPage = ImportPage {
    id: "3cx-v16",
    export: &COLUMNS_V16,
    import: |rows, bytes| import(rows, bytes, &COLUMNS_V16),
    ..USUAL_3CX
};

pub(super) const V20: ImportPage = ImportPage {
    id: "3cx-v20",
    texts: &[
        (Field::NUMBER, "Number"),
        (Field::FIRST_NAME, "FirstName"),
        (Field::LAST_NAME, "LastName"),
        (Field::EMAIL, "EmailAddress"),
        (Field::MOBILE, "Mobile"),
        (Field::SIP_PASSWORD, "AuthPassword"),
        (Field::VOICEMAIL_PIN, "VMPIN"),
        (Field::CALLER_ID, "OutboundCallerID"),
    ],
    switches: &[],
    export: &COLUMNS_V20,
    needs: &[Field::EMAIL],
    like: "Number,FirstName,LastName,EmailAddress,Mobile,AuthID,AuthPassword,OutboundCallerID,VMEnabled,VMPIN,Language\n\
           900,Cy,Low,cy@example.com,,c900,Canary7731Cc,,true,0839,EN\n901,Di,Ray,di@example.com,,d901,Canary7731Dd,,true,0840,EN\n",
    import: import_v20,
    ..USUAL_3CX
};

/// The columns of the export of one system.
const COLUMNS_V20: [&str; 11] = [
    "Number",
    "FirstName",
    "LastName",
    "EmailAddress",
    "Mobile",
    "AuthID",
    "AuthPassword",
    "OutboundCallerID",
    "VMEnabled",
    "VMPIN",
    "Language",
];

/// The first line is that of its export; names and an address must be filled.
fn import_v20(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let lines = cells(bytes, ',')?;
    if lines[0] != COLUMNS_V20 {
        return Err("other columns than the export has".into());
    }
    for row in by_heading(lines) {
        let number = text(&row, "Number");
        want(is_digits(&number), &row, "Number")?;
        for column in ["FirstName", "LastName"] {
            want(!text(&row, column).is_empty(), &row, column)?;
        }
        want(
            text(&row, "EmailAddress").contains('@'),
            &row,
            "EmailAddress",
        )?;
        for column in ["Mobile", "VMPIN"] {
            let cell = text(&row, column);
            want(cell.is_empty() || is_digits(&cell), &row, column)?;
        }
        one_of(&row, &["VMEnabled"], &["true", "false", ""])?;
        one_of(&row, &["Language"], &["EN"])?;
        add(rows, number, row)?;
    }
    Ok(())
}

/// The first line of the sample file of V18.
const COLUMNS_V18: [&str; 65] = [
    "Number",
    "FirstName",
    "LastName",
    "EmailAddress",
    "MobileNumber",
    "AuthID",
    "AuthPassword",
    "WebMeetingFriendlyName",
    "WebMeetingPrivateRoom",
    "ClickToCall",
    "ClickToCallFriendlyName",
    "WebMeetingAcceptReject",
    "EnableVoicemail",
    "VMNoPin",
    "VMPlayCallerID",
    "PIN",
    "VMPlayMsgDateTime",
    "VMEmailOptions",
    "QueueStatus",
    "OutboundCallerID",
    "SIPID",
    "DeliverAudio",
    "SupportReinvite",
    "SupportReplaces",
    "EnableSRTP",
    "ManagementAccess",
    "ReporterAccess",
    "WallboardAccess",
    "TurnOffMyPhone",
    "HideFWrules",
    "CanSeeRecordings",
    "CanDeleteRecordings",
    "RecordCalls",
    "CallScreening",
    "EmailMissedCalls",
    "Disabled",
    "DisableExternalCalls",
    "AllowLanOnly",
    "BlockRemoteTunnel",
    "PinProtect",
    "MAC_0",
    "InterfaceIP_0",
    "UseTunnel",
    "DND",
    "UseCTI",
    "StartupScreen",
    "HotelModuleAccess",
    "DontShowExtInPHBK",
    "DeskphoneWebPass",
    "SrvcAccessPwd",
    "VoipAdmin",
    "SysAdmin",
    "SecureSIP",
    "PhoneModel14",
    "PhoneTemplate14",
    "CustomTemplate",
    "PhoneSettings",
    "AllowAllRecordings",
    "PushExtension",
    "Integration",
    "AllowOwnRecordings",
    "RecordExternalCallsOnly",
    "DID",
    "SMS",
    "PhoneSysAdmin",
];

/// The first line of the sample file of V16.
const COLUMNS_V16: [&str; 61] = [
    "Number",
    "FirstName",
    "LastName",
    "EmailAddress",
    "MobileNumber",
    "AuthID",
    "AuthPassword",
    "WebMeetingFriendlyName",
    "WebMeetingPrivateRoom",
    "ClickToCall",
    "WebMeetingAcceptReject",
    "EnableVoicemail",
    "VMNoPin",
    "VMPlayCallerID",
    "PIN",
    "VMPlayMsgDateTime",
    "VMEmailOptions",
    "QueueStatus",
    "OutboundCallerID",
    "SIPID",
    "DeliverAudio",
    "SupportReinvite",
    "SupportReplaces",
    "EnableSRTP",
    "ManagementAccess",
    "ReporterAccess",
    "WallboardAccess",
    "TurnOffMyPhone",
    "HideFWrules",
    "CanSeeRecordings",
    "CanDeleteRecordings",
    "RecordCalls",
    "CallScreening",
    "EmailMissedCalls",
    "Disabled",
    "DisableExternalCalls",
    "AllowLanOnly",
    "BlockRemoteTunnel",
    "PinProtect",
    "MAC_0",
    "InterfaceIP_0",
    "UseTunnel",
    "DND",
    "UseCTI",
    "StartupScreen",
    "HotelModuleAccess",
    "DontShowExtInPHBK",
    "DeskphoneWebPass",
    "SrvcAccessPwd",
    "VoipAdmin",
    "SysAdmin",
    "SecureSIP",
    "PhoneModel14",
    "PhoneTemplate14",
    "CustomTemplate",
    "PhoneSettings",
    "AllowAllRecordings",
    "PushExtension",
    "Integration",
    "AllowOwnRecordings",
    "RecordExternalCallsOnly",
];

/// The columns that hold a switch.
const SWITCHES: [&str; 34] = [
    "WebMeetingPrivateRoom",
    "ClickToCall",
    "WebMeetingAcceptReject",
    "EnableVoicemail",
    "VMNoPin",
    "VMPlayCallerID",
    "QueueStatus",
    "DeliverAudio",
    "SupportReinvite",
    "SupportReplaces",
    "EnableSRTP",
    "ManagementAccess",
    "ReporterAccess",
    "TurnOffMyPhone",
    "HideFWrules",
    "CanSeeRecordings",
    "CanDeleteRecordings",
    "RecordCalls",
    "CallScreening",
    "EmailMissedCalls",
    "Disabled",
    "DisableExternalCalls",
    "AllowLanOnly",
    "BlockRemoteTunnel",
    "PinProtect",
    "UseTunnel",
    "DND",
    "UseCTI",
    "DontShowExtInPHBK",
    "VoipAdmin",
    "SysAdmin",
    "SecureSIP",
    "AllowAllRecordings",
    "PushExtension",
];

/// Cells are taken by their places; the first line only says how many there are.
fn import(rows: &mut Imported, bytes: &[u8], columns: &[&str]) -> Result<(), String> {
    let lines = cells(bytes, ',')?;
    if lines[0] != columns {
        return Err("the columns are not those of this release".into());
    }
    for line in lines.into_iter().skip(1) {
        let names = columns.iter().map(|column| (*column).to_owned());
        let row: ImportedRow = names.zip(line).collect();
        let number = text(&row, "Number");
        want(is_digits(&number), &row, "Number")?;
        let mobile = text(&row, "MobileNumber");
        want(
            mobile.is_empty() || is_digits(&mobile),
            &row,
            "MobileNumber",
        )?;
        let pin = text(&row, "PIN");
        want(pin.is_empty() || is_digits(&pin), &row, "PIN")?;
        for column in ["AuthID", "AuthPassword"] {
            want(!text(&row, column).is_empty(), &row, column)?;
        }
        let is_name = text(&row, "AuthID")
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric());
        want(is_name, &row, "AuthID")?;
        one_of(&row, &SWITCHES, &["0", "1"])?;
        one_of(&row, &["VMPlayMsgDateTime"], &["0", "1", "2"])?;
        one_of(&row, &["VMEmailOptions"], &["0", "1", "2", "3"])?;
        add(rows, number, row)?;
    }
    Ok(())
}
