//! Yeastar P-Series, import of extensions.

use super::{ImportPage, Imported, USUAL, add, by_heading, cells, is_digits, one_of, text, want};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "yeastar-p",
    texts: &[
        (Field::NUMBER, "Extension Number"),
        (Field::FIRST_NAME, "First Name"),
        (Field::LAST_NAME, "Last Name"),
        (Field::SIP_PASSWORD, "Registration Password"),
        (Field::EMAIL, "Email Address"),
        (Field::MOBILE, "Mobile Number"),
        (Field::CALLER_ID, "Caller ID"),
        (Field::VOICEMAIL_PIN, "Voicemail Access PIN"),
        (Field::WEB_PASSWORD, "User Password"),
    ],
    switches: &[
        (Field::VOICEMAIL, "Enable Voicemail", ["1", "0"]),
        (
            Field::VOICEMAIL_PIN_REQUIRED,
            "Voicemail PIN Authentication",
            ["1", "0"],
        ),
        (Field::MONITOR_ALLOWED, "Allow Being Monitored", ["1", "0"]),
    ],
    export: &COLUMNS,
    like: LIKE,
    import,
    ..USUAL
};

const COLUMNS: [&str; 76] = [
    "First Name",
    "Last Name",
    "Email Address",
    "Mobile Number",
    "User Password",
    "System Prompt Language",
    "Email Language",
    "User Role",
    "Extension Number",
    "Caller ID",
    "Registration Name",
    "Registration Password",
    "IP Phone Concurrent Registrations",
    "Emergency Outbound Caller ID",
    "Enable Voicemail",
    "Voicemail PIN Authentication",
    "Voicemail Access PIN",
    "Voicemail Language",
    "New Voicemail Notification",
    "After Notification",
    "Play Caller ID",
    "Play Message Duration",
    "Play Date and Time",
    "Time Display Format",
    "Send email notification when the User Password is changed",
    "Send email notifications on missed calls",
    "Recording operation",
    "All Busy Mode For Endpoints",
    "Allow Being Monitored",
    "DTMF Mode",
    "Transport",
    "Qualify",
    "T.38 Support",
    "SRTP",
    "Disable Outbound Calls outside Business Hours",
    "Disable Outbound Calls",
    "Max Outbound Call Duration (s)",
    "Disallow International Calls",
    "Outbound Route Permission",
    "Linkus Mobile Client",
    "Linkus Desktop Client",
    "Linkus Web Client",
    "Linkus Mobile Client Codec",
    "Outbound Call Frequency Restriction",
    "Video Preview",
    "Auto Preview",
    "Hot Desking",
    "Log out of Queue",
    "Automatic Guest Out",
    "After hr.",
    "After min.",
    "At Daily",
    "Send to",
    "Voicemail Email Address",
    "All Reject Mode for Endpoints",
    "Call Waiting(for Mobile Client)",
    "Auto Answer(for Mobile Client)",
    "Auto Answer Delay Time(s)(for Mobile Client)",
    "Play Auto Answer Tone(for Mobile Client)",
    "Auto Answer Paging/Intercom Call(for Mobile Client)",
    "Paging/Intercom Barge(for Mobile Client)",
    "Play Auto Answer Tone for Paging/Intercom Call(for Mobile Client)",
    "Call Waiting(for Desktop Client)",
    "Auto Answer(for Desktop Client)",
    "Auto Answer Delay Time(s)(for Desktop Client)",
    "Play Auto Answer Tone(for Desktop Client)",
    "Auto Answer Paging/Intercom Call(for Desktop Client)",
    "Paging/Intercom Barge(for Desktop Client)",
    "Play Auto Answer Tone for Paging/Intercom Call(for Desktop Client)",
    "Call Waiting(for Web Client)",
    "Auto Answer(for Web Client)",
    "Auto Answer Delay Time(s)(for Web Client)",
    "Play Auto Answer Tone(for Web Client)",
    "Auto Answer Paging/Intercom Call(for Web Client)",
    "Paging/Intercom Barge(for Web Client)",
    "Play Auto Answer Tone for Paging/Intercom Call(for Web Client)",
];

/// Two extensions as the PBX exports them.
const LIKE: &str = "\
    First Name,Last Name,Email Address,Mobile Number,User Password,System Prompt Language,Email Language,User Role,Extension Number,Caller ID,Registration Name,Registration Password,IP Phone Concurrent Registrations,Emergency Outbound Caller ID,Enable Voicemail,Voicemail PIN Authentication,Voicemail Access PIN,Voicemail Language,New Voicemail Notification,After Notification,Play Caller ID,Play Message Duration,Play Date and Time,Time Display Format,Send email notification when the User Password is changed,Send email notifications on missed calls,Recording operation,All Busy Mode For Endpoints,Allow Being Monitored,DTMF Mode,Transport,Qualify,T.38 Support,SRTP,Disable Outbound Calls outside Business Hours,Disable Outbound Calls,Max Outbound Call Duration (s),Disallow International Calls,Outbound Route Permission,Linkus Mobile Client,Linkus Desktop Client,Linkus Web Client,Linkus Mobile Client Codec,Outbound Call Frequency Restriction,Video Preview,Auto Preview,Hot Desking,Log out of Queue,Automatic Guest Out,After hr.,After min.,At Daily,Send to,Voicemail Email Address,All Reject Mode for Endpoints,Call Waiting(for Mobile Client),Auto Answer(for Mobile Client),Auto Answer Delay Time(s)(for Mobile Client),Play Auto Answer Tone(for Mobile Client),Auto Answer Paging/Intercom Call(for Mobile Client),Paging/Intercom Barge(for Mobile Client),Play Auto Answer Tone for Paging/Intercom Call(for Mobile Client),Call Waiting(for Desktop Client),Auto Answer(for Desktop Client),Auto Answer Delay Time(s)(for Desktop Client),Play Auto Answer Tone(for Desktop Client),Auto Answer Paging/Intercom Call(for Desktop Client),Paging/Intercom Barge(for Desktop Client),Play Auto Answer Tone for Paging/Intercom Call(for Desktop Client),Call Waiting(for Web Client),Auto Answer(for Web Client),Auto Answer Delay Time(s)(for Web Client),Play Auto Answer Tone(for Web Client),Auto Answer Paging/Intercom Call(for Web Client),Paging/Intercom Barge(for Web Client),Play Auto Answer Tone for Paging/Intercom Call(for Web Client)\n\
    Cy,,,,,French,follow_system,,900,900,qa900,Canary7731Cc,5,,1,0,0839,,no,no,,,,,,,,,,rfc4733,udp,1,0,0,,0,-1,1,Default_Outbound_Route,1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,1,,,,,,\n\
    Di,,,,,French,follow_system,,901,901,qa901,Canary7731Dd,5,,0,0,,,no,no,,,,,,,,,,rfc4733,udp,1,0,0,,0,-1,1,Default_Outbound_Route,1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,1,,,,,,\n";

const SWITCHES: [&str; 6] = [
    "Play Caller ID",
    "Allow Being Monitored",
    "Qualify",
    "T.38 Support",
    "SRTP",
    "Linkus Mobile Client",
];

/// The first line is that of its export; what is blank has the PBX's default, or is made up.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let lines = cells(bytes, ',')?;
    if lines[0] != COLUMNS {
        return Err("other columns than the export has".into());
    }
    for mut row in by_heading(lines) {
        let number = text(&row, "Extension Number");
        want(
            is_digits(&number) && number.len() <= 8,
            &row,
            "Extension Number",
        )?;
        one_of(&row, &SWITCHES, &["0", "1", ""])?;
        one_of(
            &row,
            &["Enable Voicemail", "Voicemail PIN Authentication"],
            &["0", "1"],
        )?;
        one_of(&row, &["Transport"], &["udp", "tcp", "tls"])?;
        one_of(&row, &["Max Outbound Call Duration (s)"], &["-1"])?;
        for (column, most) in [
            ("First Name", 63),
            ("Last Name", 63),
            ("Email Address", 255),
            ("Mobile Number", 31),
            ("Caller ID", 31),
            ("Registration Name", 63),
        ] {
            want(text(&row, column).chars().count() <= most, &row, column)?;
        }
        let sign =
            |marks: &'static str| move |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
        let is_all = |column: &str, marks| text(&row, column).chars().all(sign(marks));
        want(is_all("Email Address", "@_-.'"), &row, "Email Address")?;
        want(is_all("Mobile Number", "().-+*#"), &row, "Mobile Number")?;
        let password = text(&row, "Registration Password");
        let is_fit = (8..=63).contains(&password.chars().count());
        want(password.is_empty() || is_fit, &row, "Registration Password")?;
        let web = text(&row, "User Password");
        let has = |is: fn(&char) -> bool| web.chars().any(|c| is(&c));
        let is_strong = (10..=63).contains(&web.chars().count())
            && has(char::is_ascii_digit)
            && has(char::is_ascii_uppercase)
            && has(char::is_ascii_lowercase);
        want(web.is_empty() || is_strong, &row, "User Password")?;
        let pin = text(&row, "Voicemail Access PIN");
        let needs_pin = text(&row, "Enable Voicemail") == "1"
            && text(&row, "Voicemail PIN Authentication") == "1";
        want(
            if needs_pin {
                is_digits(&pin)
            } else {
                pin.is_empty() || is_digits(&pin)
            },
            &row,
            "Voicemail Access PIN",
        )?;
        let email = text(&row, "Email Address");
        let has_it =
            |other: &super::ImportedRow| !email.is_empty() && text(other, "Email Address") == email;
        want(!rows.values().any(has_it), &row, "Email Address")?;
        for (column, made) in [
            ("Registration Name", "x8"),
            ("Registration Password", "made up"),
        ] {
            if text(&row, column).is_empty() {
                row.insert(column.into(), made.into());
            }
        }
        add(rows, number, row)?;
    }
    Ok(())
}
