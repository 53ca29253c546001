//! From one PBX to another: every field accounted for by a table of its own, a second run with nothing to do, and
//! changes made by hand that stay. `MIGRATE_SEED` repeats a run.

use crate::support::altered::altered;
use crate::support::canary::{files, forms};
use crate::support::fixture::Rig;
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::{Program, Ran};
use crate::support::random::Random;
use crate::support::sheets::read_rows;
use rowcall::manifest::FieldRow;
use rowcall::model::{Action, Field, Record};
use rowcall::vendors::{VENDORS, vendor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, SystemTime};

/// The number of extensions in each of the six migrations.
const EXTENSIONS: usize = 500;

type Texts = BTreeMap<String, String>;

/// Rows of the loss report by number and field.
type Told = BTreeMap<(String, String), Texts>;

/// Two PBXes behind sockets, `old` and `new`, and a folder for their state.
struct VendorMove {
    program: Program,
    from: TestPbx,
    to: TestPbx,
}

impl Deref for VendorMove {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl VendorMove {
    fn new(from: &str, to: &str) -> VendorMove {
        let (from, to) = (TestPbx::new(from), TestPbx::new(to));
        let program = Program::new().with_own_state();
        program.write("rowcall.toml", from.config("old") + &to.config("new"));
        VendorMove { program, from, to }
    }

    /// Migrates; returns the report's rows by their numbers.
    #[track_caller]
    fn migrate(&self, flags: &str, exit: i32) -> BTreeMap<String, Texts> {
        let line =
            format!("migrate --from old --to new --yes --report r.csv --loss loss.csv {flags}");
        self.ends(&line, exit);
        let rows = read_rows(&self.path("r.csv")).into_iter();
        rows.map(|row| (row["number"].clone(), row)).collect()
    }

    /// The loss report's rows by number and field; missing fields apart.
    fn losses(&self) -> (Told, Told) {
        let rows = read_rows(&self.path("loss.csv"));
        let key = |row: &Texts| (row["number"].clone(), row["field"].clone());
        let (missing, own): (Vec<Texts>, Vec<Texts>) =
            rows.into_iter().partition(|row| row["fate"] == "missing");
        let count = (own.len(), missing.len());
        let by_key = |rows: Vec<Texts>| -> BTreeMap<_, _> {
            rows.into_iter().map(|row| (key(&row), row)).collect()
        };
        let (own, missing) = (by_key(own), by_key(missing));
        assert_eq!(count, (own.len(), missing.len()), "a field is told twice");
        (own, missing)
    }
}

fn put(rig: &Rig, extension: &Record) {
    let made = rig.connect().apply(Action::Create, extension, None);
    assert!(made.result.is_ok(), "{}: {:?}", rig.name, made.result.err());
}

/// Changes fields of an extension, as a user on the PBX's own page does.
#[track_caller]
fn set(rig: &Rig, number: &str, fields: &[(Field, &str)]) {
    let mut wanted = Record::numbered(number);
    for (field, text) in fields {
        wanted.set(*field, *text);
    }
    let changed = rig.connect().apply(Action::Update, &wanted, None);
    assert!(
        changed.result.is_ok(),
        "{}: {:?}",
        rig.name,
        changed.result.err()
    );
}

fn delete(rig: &Rig, number: &str) {
    let gone = rig
        .connect()
        .apply(Action::Delete, &Record::numbered(number), None);
    assert!(gone.result.is_ok(), "{:?}", gone.result.err());
}

/// Reads every field of an extension on the PBX, by canonical names; empty ones are left out.
fn look(rig: &Rig, number: &str) -> Texts {
    let found = rig.connect().fetch(&[number.to_owned()], false).unwrap();
    let found = found.into_iter().next();
    let found = found.unwrap_or_else(|| panic!("{}: {number} is not there", rig.name));
    let fields = found
        .iter()
        .filter(|(field, text)| !field.is_live() && !text.is_empty());
    fields
        .map(|(field, text)| (field.name().to_owned(), text.reveal().to_owned()))
        .collect()
}

/// The values of each vendor's extensions: `#` stands for its number, a blank for no value.
const VARIED: [(&str, &str, &[&str]); 144] = [
    (
        "openvox",
        "display_name",
        &[
            "Ann Miller",
            "Reception",
            "Anna Maria Müller",
            "Li",
            "Jean-Luc van Dam",
            "",
        ],
    ),
    ("openvox", "caller_id", &["#", "493012345", ""]),
    ("openvox", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("openvox", "web_password", &["Zx7CanaryQw9Mv#"]),
    ("openvox", "max_registrations", &["1", "3", "5"]),
    ("openvox", "email", &["", "a#@example.com"]),
    ("openvox", "mobile", &["1808886#"]),
    ("openvox", "voicemail", &["on"]),
    ("openvox", "voicemail_pin", &["77310042#", ""]),
    ("openvox", "voicemail_to_email", &["on", "off"]),
    ("openvox", "forward_no_answer", &["on", "on", "off"]),
    (
        "openvox",
        "forward_no_answer_to",
        &["voicemail", "voicemail", "extension", "mobile", "number"],
    ),
    ("openvox", "forward_no_answer_extension", &["3000"]),
    ("openvox", "forward_no_answer_prefix", &["", "9"]),
    ("openvox", "forward_no_answer_number", &["0301234567"]),
    ("openvox", "forward_busy", &["on", "off", "off"]),
    (
        "openvox",
        "forward_busy_to",
        &["voicemail", "extension", "number"],
    ),
    ("openvox", "forward_busy_extension", &["3000"]),
    ("openvox", "forward_busy_number", &["0307654321"]),
    ("openvox", "mobility", &["on", "off"]),
    ("openvox", "mobility_ring_together", &["off"]),
    ("openvox", "mobility_prefix", &["", "0"]),
    ("openvox", "monitor_allowed", &["on", "off"]),
    (
        "openvox",
        "monitor_mode",
        &["disabled", "listen", "barge_in"],
    ),
    ("openvox", "ring_timeout", &["15", "30", "60", "120", "300"]),
    (
        "openvox",
        "max_call_seconds",
        &["follow_system", "unlimited", "600"],
    ),
    ("openvox", "do_not_disturb", &["on", "off"]),
    ("openvox", "nat", &["on", "off"]),
    ("portsip", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("portsip", "web_password", &["Zx7CanaryQw9Mv#"]),
    ("portsip", "first_name", &["Ann", "Anna Maria", ""]),
    ("portsip", "last_name", &["Miller", "van der Berg", ""]),
    ("portsip", "gender", &["male", "female", "OTHER", ""]),
    ("portsip", "email", &["", "p#@example.com"]),
    ("portsip", "mobile", &["", "1808886#"]),
    ("portsip", "work_phone", &["", "030#"]),
    ("portsip", "home_phone", &["", "031#"]),
    ("portsip", "twitter", &["", "ann#"]),
    ("portsip", "description", &["", "desk, \"left\" of it"]),
    ("portsip", "record_audio", &["on", "off"]),
    ("portsip", "record_video", &["off", ""]),
    ("portsip", "enabled", &["on", "on", "off"]),
    ("portsip", "caller_id", &["", "#"]),
    ("portsip", "voicemail", &["on"]),
    ("portsip", "voicemail_language", &["", "en-us"]),
    ("portsip", "voicemail_pin_required", &["on", "off"]),
    ("portsip", "voicemail_pin", &["77310042#"]),
    ("portsip", "voicemail_say_caller_id", &["on", "off"]),
    ("portsip", "voicemail_say_time", &["no", ""]),
    (
        "portsip",
        "voicemail_greeting",
        &["", "https://files.example.com/hello#.wav"],
    ),
    (
        "portsip",
        "forward_no_answer_after",
        &["10", "20", "45", "60", "90", "600"],
    ),
    (
        "portsip",
        "forward_no_answer_to",
        &["voicemail", "CONNECT_TO_MARS", ""],
    ),
    ("portsip", "forward_no_answer_number", &["", "3000"]),
    (
        "portsip",
        "forward_busy_to",
        &["voicemail", "CONNECT_TO_MARS", ""],
    ),
    ("portsip", "forward_busy_number", &["", "3000"]),
    (
        "portsip",
        "forward_offline_office_hours_to",
        &["voicemail", ""],
    ),
    (
        "portsip",
        "forward_dnd_outside_hours_to",
        &["", "CONNECT_TO_MARS"],
    ),
    ("portsip", "forward_dnd_outside_hours_number", &["", "3000"]),
    ("portsip", "office_hours_mode", &["custom", "global", ""]),
    ("portsip", "monday_from", &["09:00", ""]),
    ("portsip", "groups", &["", "Sales", "Sales;Support"]),
    ("ozeki", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("ozeki", "sip_auth_name", &["#", "phone#"]),
    ("ozeki", "sip_username", &["#", "ann#"]),
    ("ozeki", "enabled", &["on", "on", "off"]),
    ("ozeki", "user_id", &["user#", "staff"]),
    (
        "yeastar_s",
        "display_name",
        &[
            "Ann Miller",
            "Reception",
            "Anna Maria Müller",
            "Li",
            "Jean-Luc van Dam",
        ],
    ),
    ("yeastar_s", "sip_auth_name", &["#", "phone#"]),
    ("yeastar_s", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("yeastar_s", "caller_id", &["#", "493012345", ""]),
    ("yeastar_s", "max_registrations", &["1", "3", "5"]),
    ("yeastar_s", "web_password", &["Zx7CanaryQw9Mv#"]),
    ("yeastar_s", "email", &["", "a#@example.com"]),
    ("yeastar_s", "mobile", &["1808886#"]),
    ("yeastar_s", "voicemail", &["on"]),
    ("yeastar_s", "voicemail_pin", &["77310042#", ""]),
    ("yeastar_s", "voicemail_to_email", &["on", "off"]),
    ("yeastar_s", "forward_always", &["on", "off", "off"]),
    (
        "yeastar_s",
        "forward_always_to",
        &["voicemail", "extension", "number"],
    ),
    ("yeastar_s", "forward_always_extension", &["3000"]),
    ("yeastar_s", "forward_always_number", &["0305555555"]),
    ("yeastar_s", "forward_no_answer", &["on", "on", "off"]),
    (
        "yeastar_s",
        "forward_no_answer_to",
        &["voicemail", "voicemail", "extension", "mobile", "number"],
    ),
    ("yeastar_s", "forward_no_answer_extension", &["3000"]),
    ("yeastar_s", "forward_no_answer_prefix", &["", "9"]),
    ("yeastar_s", "forward_no_answer_number", &["0301234567"]),
    ("yeastar_s", "forward_busy", &["on", "off", "off"]),
    (
        "yeastar_s",
        "forward_busy_to",
        &["voicemail", "extension", "number"],
    ),
    ("yeastar_s", "forward_busy_extension", &["3000"]),
    ("yeastar_s", "forward_busy_number", &["0307654321"]),
    ("yeastar_s", "mobility", &["on", "off"]),
    ("yeastar_s", "mobility_prefix", &["", "0"]),
    ("yeastar_s", "monitor_allowed", &["on", "off"]),
    (
        "yeastar_s",
        "monitor_mode",
        &["disabled", "listen", "barge_in"],
    ),
    (
        "yeastar_s",
        "ring_timeout",
        &["15", "30", "60", "120", "300"],
    ),
    (
        "yeastar_s",
        "max_call_seconds",
        &["follow_system", "unlimited", "600"],
    ),
    (
        "asterisk",
        "display_name",
        &[
            "Ann Miller",
            "Reception",
            "Anna Maria Müller",
            "Jean-Luc van Dam",
            "",
        ],
    ),
    ("asterisk", "sip_auth_name", &["#", "phone#"]),
    ("asterisk", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("asterisk", "caller_id", &["#", "493012345", ""]),
    ("asterisk", "max_registrations", &["1", "3", "5", ""]),
    ("asterisk", "voicemail", &["on", "off", ""]),
    ("asterisk", "language", &["de", ""]),
    (
        "freepbx",
        "display_name",
        &[
            "Ann Miller",
            "Reception",
            "Anna Maria Müller",
            "Jean-Luc van Dam",
        ],
    ),
    ("freepbx", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("freepbx", "caller_id", &["#", "493012345", ""]),
    ("freepbx", "voicemail_pin", &["77310042#"]),
    ("freepbx", "email", &["", "a#@example.com"]),
    ("3cx-v20", "first_name", &["Ann", "Anna Maria", ""]),
    ("3cx-v20", "last_name", &["Miller", "van der Berg", ""]),
    ("3cx-v20", "email", &["", "a#@example.com"]),
    ("3cx-v20", "mobile", &["", "1808886#"]),
    ("3cx-v20", "caller_id", &["#", "493012345", ""]),
    ("3cx-v20", "sip_auth_name", &["#", "phone#"]),
    ("3cx-v20", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("3cx-v20", "web_password", &["Zx7CanaryQw9Mv#"]),
    ("3cx-v20", "enabled", &["on", "on", "off"]),
    ("3cx-v20", "voicemail", &["on"]),
    ("3cx-v20", "voicemail_pin", &["77310042#"]),
    ("3cx-v20", "voicemail_pin_required", &["on", "off"]),
    ("3cx-v20", "voicemail_to_email", &["on", "off"]),
    ("3cx-v20", "voicemail_say_caller_id", &["on", "off"]),
    ("3cx-v20", "voicemail_say_time", &["no", "12h", "24h"]),
    ("3cx-v20", "record_audio", &["on", "off"]),
    ("3cx-v20", "groups", &["", "Sales", "Support;Sales"]),
    ("yeastar_p", "first_name", &["Ann", "Anna Maria", ""]),
    ("yeastar_p", "last_name", &["Miller", "van der Berg", ""]),
    ("yeastar_p", "email", &["", "a#@example.com"]),
    ("yeastar_p", "mobile", &["", "1808886#"]),
    ("yeastar_p", "caller_id", &["#", "493012345", ""]),
    ("yeastar_p", "sip_auth_name", &["#", "phone#"]),
    ("yeastar_p", "sip_password", &["Zx7_Canary-Qw9Mv#"]),
    ("yeastar_p", "web_password", &["Zx7CanaryQw9Mv#"]),
    ("yeastar_p", "max_registrations", &["1", "3"]),
    ("yeastar_p", "do_not_disturb", &["on", "off"]),
    ("yeastar_p", "voicemail", &["on"]),
    ("yeastar_p", "voicemail_pin", &["77310042#"]),
    ("yeastar_p", "voicemail_pin_required", &["on", "off"]),
    ("yeastar_p", "forward_always", &["on", "off"]),
    ("yeastar_p", "forward_always_to", &["voicemail", ""]),
    ("yeastar_p", "forward_no_answer", &["on", "off"]),
    ("yeastar_p", "forward_no_answer_to", &["voicemail", ""]),
    ("yeastar_p", "forward_busy", &["on", "off"]),
    ("yeastar_p", "forward_busy_to", &["voicemail", ""]),
];

fn varied(vendor: &str, number: &str, random: &mut Random) -> Record {
    let mut extension = Record::numbered(number);
    for (_, name, texts) in VARIED.iter().filter(|(of, ..)| *of == vendor) {
        let text = match *random.one(texts) {
            // No extension points at itself.
            itself if itself == number => "3001".to_owned(),
            text => text.replace('#', number),
        };
        if !text.is_empty() {
            extension.set(Field::named(name).unwrap(), text);
        }
    }
    extension
}

/// The fate of every field by the vendors' pages, worked out by hand. `=` is carried, `>x` becomes the field x, `-` is
/// dropped and lost, `-off` is dropped and loses nothing where it is off, `?` is lost because it is not given back, `F`
/// is a forward's, `D` is dropped and lost where the forward is on and needs it, `M` where mobility is on, `N` is the
/// number or lost. First for the one other vendor, then for the other, in the order openvox, portsip, ozeki.
const FATES: [(&str, &str, &str, &str); 93] = [
    ("openvox", "number", "=", "="),
    ("openvox", "display_name", ">first_name last_name", "-"),
    ("openvox", "caller_id", "=", "-"),
    ("openvox", "sip_password", "=", "="),
    ("openvox", "web_password", "?", "?"),
    ("openvox", "max_registrations", "-", "-"),
    ("openvox", "email", "=", "-"),
    ("openvox", "mobile", "=", "-"),
    ("openvox", "language", "-System Default", "-System Default"),
    ("openvox", "voicemail", "=", "-off"),
    ("openvox", "voicemail_pin", "=", "-"),
    ("openvox", "voicemail_to_email", "-off", "-off"),
    ("openvox", "forward_always", "-off", "-off"),
    ("openvox", "forward_no_answer", "F", "-off"),
    ("openvox", "forward_no_answer_to", "F", "D"),
    ("openvox", "forward_no_answer_extension", "F", "D"),
    ("openvox", "forward_no_answer_prefix", "F", "D"),
    ("openvox", "forward_no_answer_number", "F", "D"),
    ("openvox", "forward_busy", "F", "-off"),
    ("openvox", "forward_busy_to", "F", "D"),
    ("openvox", "forward_busy_extension", "F", "D"),
    ("openvox", "forward_busy_number", "F", "D"),
    ("openvox", "mobility", "-off", "-off"),
    ("openvox", "mobility_ring_together", "-off", "-off"),
    ("openvox", "mobility_prefix", "M", "M"),
    ("openvox", "monitor_allowed", "-off", "-off"),
    ("openvox", "monitor_mode", "-disabled", "-disabled"),
    ("openvox", "ring_timeout", ">forward_no_answer_after", "-"),
    (
        "openvox",
        "max_call_seconds",
        "-follow_system",
        "-follow_system",
    ),
    ("openvox", "do_not_disturb", "-off", "-off"),
    ("openvox", "nat", "?", "?"),
    ("openvox", "extension_type", "-SIP", "-SIP"),
    ("portsip", "number", "=", "="),
    ("portsip", "sip_password", "=", "="),
    ("portsip", "web_password", "=", "-"),
    ("portsip", "first_name", ">display_name", "-"),
    ("portsip", "last_name", ">display_name", "-"),
    ("portsip", "gender", "-", "-"),
    ("portsip", "email", "=", "-"),
    ("portsip", "mobile", "=", "-"),
    ("portsip", "work_phone", "-", "-"),
    ("portsip", "home_phone", "-", "-"),
    ("portsip", "twitter", "-", "-"),
    ("portsip", "description", "-", "-"),
    ("portsip", "record_audio", "-off", "-off"),
    ("portsip", "record_video", "-off", "-off"),
    ("portsip", "enabled", "-on", "="),
    ("portsip", "caller_id", "=", "-"),
    ("portsip", "voicemail", "=", "-off"),
    ("portsip", "voicemail_language", "-", "-"),
    ("portsip", "voicemail_pin_required", "-", "-"),
    ("portsip", "voicemail_pin", "=", "-"),
    ("portsip", "voicemail_say_caller_id", "-off", "-off"),
    ("portsip", "voicemail_say_time", "-no", "-no"),
    ("portsip", "voicemail_greeting", "-", "-"),
    ("portsip", "forward_no_answer_after", ">ring_timeout", "-"),
    ("portsip", "forward_no_answer_to", "F", "-"),
    ("portsip", "forward_no_answer_number", "F", "-"),
    ("portsip", "forward_busy_to", "F", "-"),
    ("portsip", "forward_busy_number", "F", "-"),
    ("portsip", "forward_offline_office_hours_to", "-", "-"),
    ("portsip", "forward_offline_office_hours_number", "-", "-"),
    ("portsip", "forward_offline_outside_hours_to", "-", "-"),
    ("portsip", "forward_offline_outside_hours_number", "-", "-"),
    ("portsip", "forward_dnd_office_hours_to", "-", "-"),
    ("portsip", "forward_dnd_office_hours_number", "-", "-"),
    ("portsip", "forward_dnd_outside_hours_to", "-", "-"),
    ("portsip", "forward_dnd_outside_hours_number", "-", "-"),
    ("portsip", "forward_away_office_hours_to", "-", "-"),
    ("portsip", "forward_away_office_hours_number", "-", "-"),
    ("portsip", "forward_away_outside_hours_to", "-", "-"),
    ("portsip", "forward_away_outside_hours_number", "-", "-"),
    ("portsip", "office_hours_mode", "-", "-"),
    ("portsip", "monday_from", "-", "-"),
    ("portsip", "monday_to", "-", "-"),
    ("portsip", "tuesday_from", "-", "-"),
    ("portsip", "tuesday_to", "-", "-"),
    ("portsip", "wednesday_from", "-", "-"),
    ("portsip", "wednesday_to", "-", "-"),
    ("portsip", "thursday_from", "-", "-"),
    ("portsip", "thursday_to", "-", "-"),
    ("portsip", "friday_from", "-", "-"),
    ("portsip", "friday_to", "-", "-"),
    ("portsip", "saturday_from", "-", "-"),
    ("portsip", "saturday_to", "-", "-"),
    ("portsip", "groups", "-", "-"),
    ("ozeki", "number", "=", "="),
    ("ozeki", "sip_password", "=", "="),
    ("ozeki", "sip_auth_name", "N", "N"),
    ("ozeki", "sip_username", "?", "?"),
    ("ozeki", "enabled", "-on", "="),
    ("ozeki", "user_id", "-", "-"),
    ("ozeki", "extension_type", "-SIP", "-SIP"),
];

/// The same for the fate at Yeastar S of the fields of the others.
const TO_YEASTAR_S: &[(&str, &str, &str)] = &[
    ("openvox", "number", "="),
    ("openvox", "display_name", "="),
    ("openvox", "caller_id", "="),
    ("openvox", "sip_password", "="),
    ("openvox", "web_password", "?"),
    ("openvox", "max_registrations", "="),
    ("openvox", "email", "="),
    ("openvox", "mobile", "="),
    ("openvox", "language", "-System Default"),
    ("openvox", "voicemail", "="),
    ("openvox", "voicemail_pin", "="),
    ("openvox", "voicemail_to_email", "="),
    ("openvox", "forward_always", "="),
    ("openvox", "forward_no_answer", "="),
    ("openvox", "forward_no_answer_to", "="),
    ("openvox", "forward_no_answer_extension", "="),
    ("openvox", "forward_no_answer_prefix", "="),
    ("openvox", "forward_no_answer_number", "="),
    ("openvox", "forward_busy", "="),
    ("openvox", "forward_busy_to", "="),
    ("openvox", "forward_busy_extension", "="),
    ("openvox", "forward_busy_number", "="),
    ("openvox", "mobility", "="),
    ("openvox", "mobility_ring_together", "="),
    ("openvox", "mobility_prefix", "="),
    ("openvox", "monitor_allowed", "="),
    ("openvox", "monitor_mode", "="),
    ("openvox", "ring_timeout", "="),
    ("openvox", "max_call_seconds", "="),
    ("openvox", "do_not_disturb", "="),
    ("openvox", "nat", "?"),
    ("openvox", "extension_type", "-SIP"),
    ("portsip", "number", "="),
    ("portsip", "sip_password", "="),
    ("portsip", "web_password", "="),
    ("portsip", "first_name", ">display_name"),
    ("portsip", "last_name", ">display_name"),
    ("portsip", "gender", "-"),
    ("portsip", "email", "="),
    ("portsip", "mobile", "="),
    ("portsip", "work_phone", "-"),
    ("portsip", "home_phone", "-"),
    ("portsip", "twitter", "-"),
    ("portsip", "description", "-"),
    ("portsip", "record_audio", "-off"),
    ("portsip", "record_video", "-off"),
    ("portsip", "enabled", "-on"),
    ("portsip", "caller_id", "="),
    ("portsip", "voicemail", "="),
    ("portsip", "voicemail_language", "-"),
    ("portsip", "voicemail_pin_required", "-"),
    ("portsip", "voicemail_pin", "="),
    ("portsip", "voicemail_say_caller_id", "-off"),
    ("portsip", "voicemail_say_time", "-no"),
    ("portsip", "voicemail_greeting", "-"),
    ("portsip", "forward_no_answer_after", ">ring_timeout"),
    ("portsip", "forward_no_answer_to", "F"),
    ("portsip", "forward_no_answer_number", "F"),
    ("portsip", "forward_busy_to", "F"),
    ("portsip", "forward_busy_number", "F"),
    ("portsip", "forward_offline_office_hours_to", "-"),
    ("portsip", "forward_offline_office_hours_number", "-"),
    ("portsip", "forward_offline_outside_hours_to", "-"),
    ("portsip", "forward_offline_outside_hours_number", "-"),
    ("portsip", "forward_dnd_office_hours_to", "-"),
    ("portsip", "forward_dnd_office_hours_number", "-"),
    ("portsip", "forward_dnd_outside_hours_to", "-"),
    ("portsip", "forward_dnd_outside_hours_number", "-"),
    ("portsip", "forward_away_office_hours_to", "-"),
    ("portsip", "forward_away_office_hours_number", "-"),
    ("portsip", "forward_away_outside_hours_to", "-"),
    ("portsip", "forward_away_outside_hours_number", "-"),
    ("portsip", "office_hours_mode", "-"),
    ("portsip", "monday_from", "-"),
    ("portsip", "monday_to", "-"),
    ("portsip", "tuesday_from", "-"),
    ("portsip", "tuesday_to", "-"),
    ("portsip", "wednesday_from", "-"),
    ("portsip", "wednesday_to", "-"),
    ("portsip", "thursday_from", "-"),
    ("portsip", "thursday_to", "-"),
    ("portsip", "friday_from", "-"),
    ("portsip", "friday_to", "-"),
    ("portsip", "saturday_from", "-"),
    ("portsip", "saturday_to", "-"),
    ("portsip", "groups", "-"),
];

/// The fate of Yeastar S fields at OpenVox, PortSIP and Ozeki, in this order.
const FROM_YEASTAR_S: &[(&str, [&str; 3])] = &[
    ("number", ["=", "=", "="]),
    ("display_name", ["=", ">first_name last_name", "-"]),
    ("sip_auth_name", ["N", "N", "="]),
    ("sip_password", ["=", "=", "="]),
    ("caller_id", ["=", "=", "-"]),
    ("max_registrations", ["=", "-", "-"]),
    ("web_password", ["?", "?", "?"]),
    ("email", ["=", "=", "-"]),
    ("mobile", ["=", "=", "-"]),
    (
        "language",
        ["-System Default", "-System Default", "-System Default"],
    ),
    ("voicemail", ["=", "=", "-off"]),
    ("voicemail_pin", ["=", "=", "-"]),
    ("voicemail_to_email", ["=", "-off", "-off"]),
    ("forward_always", ["-off", "-off", "-off"]),
    ("forward_always_to", ["D", "D", "D"]),
    ("forward_always_extension", ["D", "D", "D"]),
    ("forward_always_number", ["D", "D", "D"]),
    ("forward_no_answer", ["=", "F", "-off"]),
    ("forward_no_answer_to", ["=", "F", "D"]),
    ("forward_no_answer_extension", ["=", "F", "D"]),
    ("forward_no_answer_prefix", ["=", "F", "D"]),
    ("forward_no_answer_number", ["=", "F", "D"]),
    ("forward_busy", ["=", "F", "-off"]),
    ("forward_busy_to", ["=", "F", "D"]),
    ("forward_busy_extension", ["=", "F", "D"]),
    ("forward_busy_number", ["=", "F", "D"]),
    ("mobility", ["=", "-off", "-off"]),
    ("mobility_ring_together", ["=", "-off", "-off"]),
    ("mobility_prefix", ["=", "M", "M"]),
    ("monitor_allowed", ["=", "-off", "-off"]),
    ("monitor_mode", ["=", "-disabled", "-disabled"]),
    ("ring_timeout", ["=", ">forward_no_answer_after", "-"]),
    (
        "max_call_seconds",
        ["=", "-follow_system", "-follow_system"],
    ),
    ("do_not_disturb", ["=", "-off", "-off"]),
    ("extension_type", ["-SIP", "-SIP", "-SIP"]),
];

/// The fate of Ozeki's fields at Yeastar S and at Asterisk.
const FROM_OZEKI: &[(&str, &str)] = &[
    ("number", "="),
    ("sip_password", "="),
    ("sip_auth_name", "="),
    ("sip_username", "?"),
    ("enabled", "-on"),
    ("user_id", "-"),
    ("extension_type", "-SIP"),
];

/// The fate at Asterisk of the fields that it has, and Ozeki has not. All others fare at Asterisk as they do at Ozeki,
/// which does not have them either.
const TO_ASTERISK: &[(&str, &str, &str)] = &[
    ("openvox", "display_name", "="),
    ("openvox", "caller_id", "="),
    ("openvox", "max_registrations", "="),
    ("openvox", "language", "-System Default"),
    ("openvox", "voicemail", "="),
    ("portsip", "first_name", ">display_name"),
    ("portsip", "last_name", ">display_name"),
    ("portsip", "caller_id", "="),
    ("portsip", "voicemail", "="),
    ("portsip", "enabled", "-on"),
    ("yeastar_s", "display_name", "="),
    ("yeastar_s", "caller_id", "="),
    ("yeastar_s", "max_registrations", "="),
    ("yeastar_s", "language", "-System Default"),
    ("yeastar_s", "voicemail", "="),
];

/// The fate of Asterisk's fields at OpenVox, PortSIP, Ozeki and Yeastar S, in this order.
const FROM_ASTERISK: &[(&str, [&str; 4])] = &[
    ("number", ["=", "=", "=", "="]),
    ("display_name", ["=", ">first_name last_name", "-", "="]),
    ("sip_auth_name", ["N", "N", "=", "="]),
    ("sip_password", ["=", "=", "=", "="]),
    ("caller_id", ["=", "=", "-", "="]),
    ("max_registrations", ["=", "-", "-", "="]),
    ("voicemail", ["=", "=", "-off", "="]),
    ("language", ["-", "-", "-", "-"]),
];

/// The fate at FreePBX of the fields that it has, and Ozeki has not, and of the one that Ozeki has alone. All others fare
/// at FreePBX as they do at Ozeki. Its mailbox is there with the PIN: of a switch that is off nothing is lost without one
/// (`V`), and without one it has no address (`E`).
const TO_FREEPBX: &[(&str, &str, &str)] = &[
    ("openvox", "display_name", "="),
    ("openvox", "caller_id", "="),
    ("openvox", "voicemail", "V"),
    ("openvox", "voicemail_pin", "P"),
    ("openvox", "email", "E"),
    ("portsip", "first_name", ">display_name"),
    ("portsip", "last_name", ">display_name"),
    ("portsip", "caller_id", "="),
    ("portsip", "voicemail", "V"),
    ("portsip", "voicemail_pin", "P"),
    ("portsip", "email", "E"),
    ("portsip", "enabled", "-on"),
    ("yeastar_s", "display_name", "="),
    ("yeastar_s", "sip_auth_name", "N"),
    ("yeastar_s", "caller_id", "="),
    ("yeastar_s", "voicemail", "V"),
    ("yeastar_s", "voicemail_pin", "P"),
    ("yeastar_s", "email", "E"),
    ("asterisk", "display_name", "="),
    ("asterisk", "sip_auth_name", "N"),
    ("asterisk", "caller_id", "="),
];

/// The fate of FreePBX's fields at OpenVox, PortSIP, Ozeki, Yeastar S and Asterisk, in this order.
const FROM_FREEPBX: &[(&str, [&str; 5])] = &[
    ("number", ["=", "=", "=", "=", "="]),
    (
        "display_name",
        ["=", ">first_name last_name", "-", "=", "="],
    ),
    ("sip_password", ["=", "=", "=", "=", "="]),
    ("caller_id", ["=", "=", "-", "=", "="]),
    ("voicemail_pin", ["=", "=", "-", "=", "-"]),
    ("email", ["=", "=", "-", "=", "-"]),
];

/// The fate at 3CX of the fields that it has, and Ozeki has not, and of those that only Ozeki has as they are. All others
/// fare at 3CX as they do at Ozeki.
const TO_3CX: &[(&str, &str, &str)] = &[
    ("openvox", "display_name", ">first_name last_name"),
    ("openvox", "caller_id", "="),
    ("openvox", "email", "="),
    ("openvox", "mobile", "="),
    ("openvox", "voicemail", "="),
    ("openvox", "voicemail_pin", "="),
    ("openvox", "voicemail_to_email", "="),
    ("portsip", "web_password", "="),
    ("portsip", "first_name", "="),
    ("portsip", "last_name", "="),
    ("portsip", "email", "="),
    ("portsip", "mobile", "="),
    ("portsip", "record_audio", "="),
    ("portsip", "caller_id", "="),
    ("portsip", "voicemail", "="),
    ("portsip", "voicemail_pin", "="),
    ("portsip", "voicemail_pin_required", "="),
    ("portsip", "voicemail_say_caller_id", "="),
    ("portsip", "voicemail_say_time", "="),
    ("portsip", "groups", "="),
    ("ozeki", "sip_auth_name", "="),
    ("ozeki", "enabled", "="),
    ("yeastar_s", "display_name", ">first_name last_name"),
    ("yeastar_s", "caller_id", "="),
    ("yeastar_s", "email", "="),
    ("yeastar_s", "mobile", "="),
    ("yeastar_s", "voicemail", "="),
    ("yeastar_s", "voicemail_pin", "="),
    ("yeastar_s", "voicemail_to_email", "="),
    ("asterisk", "display_name", ">first_name last_name"),
    ("asterisk", "caller_id", "="),
    ("asterisk", "voicemail", "="),
    ("freepbx", "display_name", ">first_name last_name"),
    ("freepbx", "caller_id", "="),
    ("freepbx", "voicemail_pin", "="),
    ("freepbx", "email", "="),
];

/// The fate of 3CX's fields at OpenVox, PortSIP, Ozeki, Yeastar S, Asterisk and FreePBX, in this order.
const FROM_3CX: &[(&str, [&str; 6])] = &[
    ("number", ["=", "=", "=", "=", "=", "="]),
    (
        "first_name",
        [
            ">display_name",
            "=",
            "-",
            ">display_name",
            ">display_name",
            ">display_name",
        ],
    ),
    (
        "last_name",
        [
            ">display_name",
            "=",
            "-",
            ">display_name",
            ">display_name",
            ">display_name",
        ],
    ),
    ("email", ["=", "=", "-", "=", "-", "E"]),
    ("mobile", ["=", "=", "-", "=", "-", "-"]),
    ("caller_id", ["=", "=", "-", "=", "=", "="]),
    ("sip_auth_name", ["N", "N", "=", "=", "=", "N"]),
    ("sip_password", ["=", "=", "=", "=", "=", "="]),
    ("web_password", ["?", "?", "?", "?", "?", "?"]),
    ("enabled", ["-on", "=", "=", "-on", "-on", "-on"]),
    ("voicemail", ["=", "=", "-off", "=", "=", "V"]),
    ("voicemail_pin", ["=", "=", "-", "=", "-", "P"]),
    ("voicemail_pin_required", ["-", "=", "-", "-", "-", "-"]),
    (
        "voicemail_to_email",
        ["=", "-off", "-off", "=", "-off", "-off"],
    ),
    (
        "voicemail_say_caller_id",
        ["-off", "=", "-off", "-off", "-off", "-off"],
    ),
    (
        "voicemail_say_time",
        ["-no", "no", "-no", "-no", "-no", "-no"],
    ),
    (
        "record_audio",
        ["-off", "=", "-off", "-off", "-off", "-off"],
    ),
    ("groups", ["-", "=", "-", "-", "-", "-"]),
];

/// The fate at Yeastar P of the fields that it has, and Ozeki has not, and of those that only Ozeki has as they are. All
/// others fare there as they do at Ozeki. Of a forward it has a switch and one word, that for voicemail (`W`).
const TO_YEASTAR_P: &[(&str, &str, &str)] = &[
    ("openvox", "display_name", ">first_name last_name"),
    ("openvox", "caller_id", "="),
    ("openvox", "max_registrations", "="),
    ("openvox", "email", "="),
    ("openvox", "mobile", "="),
    ("openvox", "voicemail", "="),
    ("openvox", "voicemail_pin", "="),
    ("openvox", "do_not_disturb", "="),
    ("openvox", "forward_always", "="),
    ("openvox", "forward_no_answer", "W"),
    ("openvox", "forward_no_answer_to", "W"),
    ("openvox", "forward_no_answer_extension", "W"),
    ("openvox", "forward_no_answer_prefix", "W"),
    ("openvox", "forward_no_answer_number", "W"),
    ("openvox", "forward_busy", "W"),
    ("openvox", "forward_busy_to", "W"),
    ("openvox", "forward_busy_extension", "W"),
    ("openvox", "forward_busy_number", "W"),
    ("portsip", "web_password", "="),
    ("portsip", "first_name", "="),
    ("portsip", "last_name", "="),
    ("portsip", "email", "="),
    ("portsip", "mobile", "="),
    ("portsip", "caller_id", "="),
    ("portsip", "voicemail", "="),
    ("portsip", "voicemail_pin", "="),
    ("portsip", "voicemail_pin_required", "="),
    ("portsip", "enabled", "-on"),
    ("portsip", "forward_no_answer_to", "W"),
    ("portsip", "forward_no_answer_number", "W"),
    ("portsip", "forward_busy_to", "W"),
    ("portsip", "forward_busy_number", "W"),
    ("ozeki", "sip_auth_name", "="),
    ("yeastar_s", "display_name", ">first_name last_name"),
    ("yeastar_s", "caller_id", "="),
    ("yeastar_s", "max_registrations", "="),
    ("yeastar_s", "email", "="),
    ("yeastar_s", "mobile", "="),
    ("yeastar_s", "voicemail", "="),
    ("yeastar_s", "voicemail_pin", "="),
    ("yeastar_s", "do_not_disturb", "="),
    ("yeastar_s", "forward_always", "W"),
    ("yeastar_s", "forward_always_to", "W"),
    ("yeastar_s", "forward_always_extension", "W"),
    ("yeastar_s", "forward_always_prefix", "W"),
    ("yeastar_s", "forward_always_number", "W"),
    ("yeastar_s", "forward_no_answer", "W"),
    ("yeastar_s", "forward_no_answer_to", "W"),
    ("yeastar_s", "forward_no_answer_extension", "W"),
    ("yeastar_s", "forward_no_answer_prefix", "W"),
    ("yeastar_s", "forward_no_answer_number", "W"),
    ("yeastar_s", "forward_busy", "W"),
    ("yeastar_s", "forward_busy_to", "W"),
    ("yeastar_s", "forward_busy_extension", "W"),
    ("yeastar_s", "forward_busy_prefix", "W"),
    ("yeastar_s", "forward_busy_number", "W"),
    ("asterisk", "display_name", ">first_name last_name"),
    ("asterisk", "caller_id", "="),
    ("asterisk", "max_registrations", "="),
    ("asterisk", "voicemail", "="),
    ("freepbx", "display_name", ">first_name last_name"),
    ("freepbx", "caller_id", "="),
    ("freepbx", "voicemail_pin", "="),
    ("freepbx", "email", "="),
    ("3cx-v20", "first_name", "="),
    ("3cx-v20", "last_name", "="),
    ("3cx-v20", "email", "="),
    ("3cx-v20", "mobile", "="),
    ("3cx-v20", "caller_id", "="),
    ("3cx-v20", "voicemail", "="),
    ("3cx-v20", "voicemail_pin", "="),
    ("3cx-v20", "voicemail_pin_required", "="),
    ("3cx-v20", "enabled", "-on"),
];

/// The fate of Yeastar P's fields at OpenVox, PortSIP, Ozeki, Yeastar S, Asterisk, FreePBX and 3CX, in this order.
const FROM_YEASTAR_P: &[(&str, [&str; 7])] = &[
    ("number", ["=", "=", "=", "=", "=", "=", "="]),
    (
        "first_name",
        [
            ">display_name",
            "=",
            "-",
            ">display_name",
            ">display_name",
            ">display_name",
            "=",
        ],
    ),
    (
        "last_name",
        [
            ">display_name",
            "=",
            "-",
            ">display_name",
            ">display_name",
            ">display_name",
            "=",
        ],
    ),
    ("email", ["=", "=", "-", "=", "-", "E", "="]),
    ("mobile", ["=", "=", "-", "=", "-", "-", "="]),
    ("caller_id", ["=", "=", "-", "=", "=", "=", "="]),
    ("sip_auth_name", ["N", "N", "=", "=", "=", "N", "="]),
    ("sip_password", ["=", "=", "=", "=", "=", "=", "="]),
    ("web_password", ["?", "?", "?", "?", "?", "?", "?"]),
    ("max_registrations", ["=", "-", "-", "=", "=", "-", "-"]),
    (
        "do_not_disturb",
        ["=", "-off", "-off", "=", "-off", "-off", "-off"],
    ),
    ("voicemail", ["=", "=", "-off", "=", "=", "V", "="]),
    ("voicemail_pin", ["=", "=", "-", "=", "-", "=", "="]),
    (
        "voicemail_pin_required",
        ["-", "=", "-", "-", "-", "-", "="],
    ),
    (
        "forward_always",
        ["-off", "-off", "-off", "=", "-off", "-off", "-off"],
    ),
    ("forward_always_to", ["D", "D", "D", "=", "D", "D", "D"]),
    (
        "forward_no_answer",
        ["=", "F", "-off", "=", "-off", "-off", "-off"],
    ),
    ("forward_no_answer_to", ["=", "F", "D", "=", "D", "D", "D"]),
    (
        "forward_busy",
        ["=", "F", "-off", "=", "-off", "-off", "-off"],
    ),
    ("forward_busy_to", ["=", "F", "D", "=", "D", "D", "D"]),
    ("presence_forwards", ["-", "-", "-", "-", "-", "-", "-"]),
];

fn code(from: &str, to: &str, field: &str) -> &'static str {
    let unknown = format!("the table does not know {from}'s {field}");
    if from == "yeastar_p" {
        let row = FROM_YEASTAR_P.iter().find(|row| row.0 == field);
        let order = [
            "openvox",
            "portsip",
            "ozeki",
            "yeastar_s",
            "asterisk",
            "freepbx",
            "3cx-v20",
        ];
        let at = order.iter().position(|vendor| *vendor == to).unwrap();
        return row.expect(&unknown).1[at];
    }
    if to == "yeastar_p" {
        let row = TO_YEASTAR_P
            .iter()
            .find(|row| (row.0, row.1) == (from, field));
        let other = if from == "ozeki" { "openvox" } else { "ozeki" };
        return row.map_or_else(|| code(from, other, field), |row| row.2);
    }
    if from == "3cx-v20" {
        let row = FROM_3CX.iter().find(|row| row.0 == field);
        let order = [
            "openvox",
            "portsip",
            "ozeki",
            "yeastar_s",
            "asterisk",
            "freepbx",
        ];
        let at = order.iter().position(|vendor| *vendor == to).unwrap();
        return row.expect(&unknown).1[at];
    }
    if to == "3cx-v20" {
        let row = TO_3CX.iter().find(|row| (row.0, row.1) == (from, field));
        let other = if from == "ozeki" { "openvox" } else { "ozeki" };
        return row.map_or_else(|| code(from, other, field), |row| row.2);
    }
    if from == "freepbx" {
        let row = FROM_FREEPBX.iter().find(|row| row.0 == field);
        let order = ["openvox", "portsip", "ozeki", "yeastar_s", "asterisk"];
        let at = order.iter().position(|vendor| *vendor == to).unwrap();
        return row.expect(&unknown).1[at];
    }
    if to == "freepbx" {
        let row = TO_FREEPBX
            .iter()
            .find(|row| (row.0, row.1) == (from, field));
        let other = if from == "ozeki" { "openvox" } else { "ozeki" };
        return row.map_or_else(|| code(from, other, field), |row| row.2);
    }
    if from == "ozeki" && ["asterisk", "yeastar_s"].contains(&to) {
        let row = FROM_OZEKI.iter().find(|row| row.0 == field);
        return row.expect(&unknown).1;
    }
    if to == "asterisk" {
        let row = TO_ASTERISK
            .iter()
            .find(|row| (row.0, row.1) == (from, field));
        return row.map_or_else(|| code(from, "ozeki", field), |row| row.2);
    }
    if from == "asterisk" {
        let row = FROM_ASTERISK.iter().find(|row| row.0 == field);
        let order = ["openvox", "portsip", "ozeki", "yeastar_s"];
        let at = order.iter().position(|vendor| *vendor == to).unwrap();
        return row.expect(&unknown).1[at];
    }
    if to == "yeastar_s" {
        let row = TO_YEASTAR_S
            .iter()
            .find(|row| (row.0, row.1) == (from, field));
        return row.expect(&unknown).2;
    }
    if from == "yeastar_s" {
        let row = FROM_YEASTAR_S.iter().find(|row| row.0 == field);
        let order = ["openvox", "portsip", "ozeki"];
        let at = order.iter().position(|vendor| *vendor == to).unwrap();
        return row.expect(&unknown).1[at];
    }
    let row = FATES.iter().find(|row| (row.0, row.1) == (from, field));
    let row = row.expect(&unknown);
    let order = ["openvox", "portsip", "ozeki"];
    let first = order.iter().find(|vendor| **vendor != from).unwrap();
    if to == *first { row.2 } else { row.3 }
}

/// Fate, whether it is lost, and the fields that it goes to, of one field of one extension.
fn fate(from: &str, to: &str, field: &str, held: &Texts) -> (String, String, String) {
    let text = held.get(field).map_or("", String::as_str);
    let told = |fate: &str, lost: &str, to: &str| (fate.to_owned(), lost.to_owned(), to.to_owned());
    match code(from, to, field) {
        "=" => told("carried", "", field),
        "-" | "?" => told("dropped", "yes", ""),
        "M" => told(
            "dropped",
            if held["mobility"] == "on" {
                "yes"
            } else {
                "no"
            },
            "",
        ),
        "D" => told("dropped", used(field, held), ""),
        // A PIN makes the mailbox there: one that is off has none.
        "V" if text == "off" => told("dropped", "no", ""),
        "V" if held.contains_key("voicemail_pin") => told("translated", "", ""),
        "V" => told("dropped", "yes", ""),
        "P" if is_mailbox_off(held) => told("dropped", "no", ""),
        "P" => told("carried", "", field),
        "E" if held.contains_key("voicemail_pin") && !is_mailbox_off(held) => {
            told("carried", "", field)
        }
        "E" => told("dropped", "yes", ""),
        // The one word that both print.
        "no" if text == "no" => told("carried", "", field),
        "no" => told("dropped", "yes", ""),
        "N" if text == held["number"] => told("translated", "", "number"),
        "N" => told("dropped", "yes", ""),
        "F" => forward(from, field, held),
        "W" => forward_by_word(from, field, held),
        code if code.starts_with('>') => {
            // One word is a first name alone.
            let parts = if text.contains(' ') {
                &code[1..]
            } else {
                code[1..].split(' ').next().unwrap()
            };
            told(
                "translated",
                "",
                if field == "display_name" {
                    parts
                } else {
                    &code[1..]
                },
            )
        }
        code => {
            let idle = code.strip_prefix('-').unwrap();
            told("dropped", if text == idle { "no" } else { "yes" }, "")
        }
    }
}

fn is_mailbox_off(held: &Texts) -> bool {
    held.get("voicemail").is_some_and(|text| text == "off")
}

/// Between OpenVox and PortSIP: voicemail alone has a word that both print. PortSIP has no switch.
fn forward(from: &str, field: &str, held: &Texts) -> (String, String, String) {
    let stem = ["forward_no_answer", "forward_busy"]
        .into_iter()
        .find(|stem| field.starts_with(stem));
    let stem = stem.unwrap();
    let get = |what: &str| {
        held.get(&format!("{stem}{what}"))
            .map_or("", String::as_str)
    };
    let (switch, to) = (get(""), get("_to"));
    let told = |fate: &str, lost: &str, to: &str| (fate.to_owned(), lost.to_owned(), to.to_owned());
    if from == "portsip" {
        return match (field.strip_prefix(stem).unwrap(), to) {
            ("_to", "voicemail") => told("carried", "", field),
            // A value without an action is a number on its own.
            ("_number", "") => told("carried", "", field),
            // OpenVox takes a number beside any destination; the word's meaning is not known.
            ("_number", "voicemail") | ("_number", _) | ("_to", _) => told("dropped", "yes", ""),
            (other, _) => panic!("{other}"),
        };
    }
    match (field.strip_prefix(stem).unwrap(), switch, to) {
        ("", "on", "voicemail") | ("", "off", _) => told("translated", "", ""),
        ("_to", "on", "voicemail") => told("carried", "", field),
        _ => told("dropped", used(field, held), ""),
    }
}

/// To Yeastar P, where a forward has a switch and a word, and the word for voicemail alone is known.
fn forward_by_word(from: &str, field: &str, held: &Texts) -> (String, String, String) {
    let stem = ["forward_always", "forward_no_answer", "forward_busy"]
        .into_iter()
        .find(|stem| field.starts_with(stem));
    let stem = stem.unwrap();
    let get = |what: &str| {
        held.get(&format!("{stem}{what}"))
            .map_or("", String::as_str)
    };
    let (switch, to) = (get(""), get("_to"));
    let told = |fate: &str, lost: &str, to: &str| (fate.to_owned(), lost.to_owned(), to.to_owned());
    match (field.strip_prefix(stem).unwrap(), switch, to) {
        ("_to", _, "voicemail") | ("", "off", _) | ("", "on", "voicemail") => {
            told("carried", "", field)
        }
        _ if from == "portsip" => told("dropped", "yes", ""),
        _ => told("dropped", used(field, held), ""),
    }
}

/// Returns `yes` if an OpenVox forward is on, and goes where it needs this field.
fn used(field: &str, held: &Texts) -> &'static str {
    let stems = ["forward_busy", "forward_always", "forward_no_answer"];
    let stem = stems
        .into_iter()
        .find(|stem| field.starts_with(stem))
        .unwrap();
    let to = held.get(&format!("{stem}_to")).map_or("", String::as_str);
    let needs = match field.strip_prefix(stem).unwrap() {
        "_extension" => to == "extension",
        "_prefix" | "_number" => to == "number" || to == "mobile",
        _ => true,
    };
    let on = held.get(stem).is_some_and(|text| text == "on");
    if on && needs { "yes" } else { "no" }
}

/// Works out the values that are missing at the other vendor: their value alone shows where they come from.
fn missing(from: &str, to: &str, held: &Texts) -> BTreeMap<String, String> {
    let number = &held["number"];
    let mut missing = BTreeMap::new();
    let mut add = |field: &str, value: &str| missing.insert(field.to_owned(), value.to_owned());
    match (from, to) {
        ("openvox" | "ozeki" | "yeastar_s" | "asterisk" | "freepbx" | "3cx-v20", "portsip")
        | ("openvox" | "3cx-v20", "yeastar_s")
        | ("yeastar_s" | "3cx-v20", "openvox")
        | ("openvox" | "yeastar_s", "3cx-v20")
        | ("yeastar_p", "openvox" | "portsip" | "yeastar_s" | "3cx-v20") => {
            add("web_password", "");
        }
        (_, "ozeki") => {
            add("user_id", &format!("user{number}"));
            if !held.contains_key("sip_auth_name") {
                add("sip_auth_name", number);
            }
            add("sip_username", number);
            if !held.contains_key("enabled") {
                add("enabled", "on");
            }
        }
        ("portsip", "openvox" | "yeastar_s" | "yeastar_p") => {
            for stem in ["forward_no_answer", "forward_busy"] {
                match held.get(&format!("{stem}_to")).map(String::as_str) {
                    None => add(stem, "off"),
                    Some("voicemail") => add(stem, "on"),
                    Some(_) => None,
                };
            }
        }
        _ => {}
    }
    if from == "freepbx"
        && [
            "openvox",
            "portsip",
            "yeastar_s",
            "yeastar_p",
            "asterisk",
            "3cx-v20",
        ]
        .contains(&to)
    {
        let is_on = held.contains_key("voicemail_pin");
        let word = if is_on { "on" } else { "off" };
        missing.insert("voicemail".to_owned(), word.to_owned());
    }
    if to == "3cx-v20" && !held.contains_key("sip_auth_name") {
        missing.insert("sip_auth_name".to_owned(), number.clone());
    }
    if to == "yeastar_p" {
        // Each new extension needs one, and only PortSIP gives its own back.
        if from != "portsip" || !held.contains_key("web_password") {
            missing.insert("web_password".to_owned(), String::new());
        }
        let fills = [
            ("sip_auth_name", number.as_str()),
            ("max_registrations", "1"),
            ("do_not_disturb", "off"),
        ];
        for (field, fill) in fills.iter().filter(|(field, _)| !held.contains_key(*field)) {
            missing.insert((*field).to_owned(), (*fill).to_owned());
        }
    }
    if to == "asterisk" {
        let fills = [
            ("sip_auth_name", number.as_str()),
            ("caller_id", number),
            ("max_registrations", "1"),
        ];
        for (field, fill) in fills.iter().filter(|(field, _)| !held.contains_key(*field)) {
            missing.insert((*field).to_owned(), (*fill).to_owned());
        }
    }
    if to == "yeastar_s" || to == "freepbx" {
        let named = ["display_name", "first_name", "last_name"];
        if !named.iter().any(|name| held.contains_key(*name)) {
            missing.insert("display_name".to_owned(), "Desk".to_owned());
        }
        if to == "yeastar_s" && !held.contains_key("sip_auth_name") {
            missing.insert("sip_auth_name".to_owned(), number.clone());
        }
    }
    missing
}

/// Seconds as OpenVox takes them: 15, 30, 60, 120, 300; of two as near the longer.
fn ring(seconds: &str) -> &'static str {
    match seconds {
        "10" | "20" => "15",
        "45" | "60" => "60",
        "90" => "120",
        "600" => "300",
        other => panic!("{other}"),
    }
}

/// Works out the value on the other PBX of a field that was carried or translated to it.
fn arrived(field: &str, to_field: &str, held: &Texts) -> String {
    let get = |name: &str| held.get(name).map_or("", String::as_str);
    match (field, to_field) {
        ("display_name", "first_name") => match get(field).rsplit_once(' ') {
            Some((first, _)) => first.to_owned(),
            None => get(field).to_owned(),
        },
        ("display_name", "last_name") => get(field).rsplit_once(' ').unwrap().1.to_owned(),
        ("first_name" | "last_name", "display_name") => {
            format!("{} {}", get("first_name"), get("last_name"))
                .trim()
                .to_owned()
        }
        ("forward_no_answer_after", "ring_timeout") => ring(get(field)).to_owned(),
        _ => get(field).to_owned(),
    }
}

fn any_pair(from: &str, to: &str) {
    let mut random = Random::from_environment("MIGRATE_SEED");
    let one = VendorMove::new(from, to);
    let numbers: Vec<String> = (0..EXTENSIONS)
        .map(|index| (3000 + index).to_string())
        .collect();
    let connection = one.from.connect();
    for number in &numbers {
        let extension = varied(from, number, &mut random);
        let made = connection.apply(Action::Create, &extension, None);
        assert!(made.result.is_ok(), "{from}: {:?}", made.result.err());
    }
    let mut held = BTreeMap::new();
    for some in numbers.chunks((one.from.manifest).vendor.batch) {
        for found in connection.fetch(some, false).unwrap() {
            let fields = found
                .iter()
                .filter(|(field, text)| !field.is_live() && !text.is_empty());
            let texts: Texts = fields
                .map(|(field, text)| (field.name().to_owned(), text.reveal().to_owned()))
                .collect();
            held.insert(found.number().to_owned(), texts);
        }
    }
    assert_eq!(held.len(), EXTENSIONS);

    // Before anything is sent, the loss report is the table's.
    let fill = if to == "yeastar_s" || to == "freepbx" {
        " --fill display_name=Desk"
    } else {
        ""
    };
    // An extension that would be on there, and is off here, is left behind.
    let has_switch = one.to.manifest.row(Field::ENABLED).is_some();
    let is_off = |texts: &Texts| texts.get("enabled").is_some_and(|text| text != "on");
    let (behind, held): (BTreeMap<_, _>, BTreeMap<_, _>) = held
        .into_iter()
        .partition(|(_, texts)| !has_switch && is_off(texts));
    let exit = i32::from(!behind.is_empty()).max(one.from.exit_of_export());
    let expected = |number: &String, done: &'static str| match behind.contains_key(number) {
        true => "invalid",
        false => done,
    };
    let dry = one.migrate(&format!("--dry-run{fill}"), exit);
    for number in dry.keys() {
        assert_eq!(
            result(&dry, number).0,
            expected(number, "valid"),
            "{number}"
        );
    }
    assert!(one.to.sim.numbers().is_empty());
    let (own, missing_rows) = one.losses();
    let mut fields = 0;
    let hidden: Vec<&str> = FATES
        .iter()
        .map(|row| (row.0, row.1))
        .chain(FROM_YEASTAR_S.iter().map(|row| ("yeastar_s", row.0)))
        .chain(FROM_3CX.iter().map(|row| ("3cx-v20", row.0)))
        .chain(FROM_YEASTAR_P.iter().map(|row| ("yeastar_p", row.0)))
        .filter(|(of, field)| *of == from && code(from, to, field) == "?")
        .map(|(_, field)| field)
        .collect();
    for (number, texts) in held.iter().chain(&behind) {
        let names = texts
            .keys()
            .map(String::as_str)
            .chain(hidden.iter().copied());
        for field in names {
            fields += 1;
            let row = own.get(&(number.clone(), field.to_owned()));
            let row = row.unwrap_or_else(|| panic!("{number}: nothing is told of {field}"));
            let told = (row["fate"].clone(), row["lost"].clone(), row["to"].clone());
            assert_eq!(
                told,
                fate(from, to, field, texts),
                "{from} → {to}: {field} of {texts:?}: {row:?}"
            );
        }
        let expected = missing(from, to, texts);
        let told: BTreeMap<String, String> = missing_rows
            .iter()
            .filter(|((of, _), _)| of == number)
            .map(|((_, field), row)| (field.clone(), row["value"].clone()))
            .collect();
        assert_eq!(told, expected, "{from} → {to}: {number}");
    }
    assert_eq!(own.len(), fields, "more is told than there is");

    // And its value arrives.
    let report = one.migrate(fill, exit);
    assert_eq!(report.len(), EXTENSIONS);
    for (number, row) in &report {
        assert_eq!(
            result(&report, number).0,
            expected(number, "created"),
            "{number}"
        );
        assert_eq!(
            row["code"] == "enabled.not_supported",
            behind.contains_key(number)
        );
        assert!(!row["row"].is_empty());
    }
    let there = one.to.sim.numbers().len();
    assert_eq!(there, EXTENSIONS - behind.len());
    assert_eq!(report["3007"]["place"], "old:3007");
    for (number, texts) in &held {
        let there = look(&one.to, number);
        for field in texts.keys() {
            let (word, _, to_fields) = fate(from, to, field, texts);
            for to_field in to_fields
                .split(' ')
                .filter(|name| !name.is_empty() && word != "dropped")
            {
                let is_hidden = code_is_hidden(to, to_field);
                let wanted = arrived(field, to_field, texts);
                if !is_hidden {
                    assert_eq!(
                        there.get(to_field),
                        Some(&wanted),
                        "{from} → {to}: {number}: {to_field}"
                    );
                }
            }
        }
        for (field, value) in missing(from, to, texts) {
            if !value.is_empty() && !code_is_hidden(to, &field) {
                assert_eq!(
                    there.get(&field),
                    Some(&value),
                    "{from} → {to}: {number}: {field}"
                );
            }
        }
    }

    // Twice over there is nothing to do.
    let plan = one
        .ends(
            &format!("migrate --from old --to new --dry-run{fill}"),
            exit,
        )
        .out;
    assert!(
        plan.contains(&format!("\n0 to create, 0 to update, {there} unchanged")),
        "{plan}"
    );
    let before = one.to.sim.counts();
    let again = one.migrate(fill, exit);
    for number in again.keys() {
        assert_eq!(
            result(&again, number).0,
            expected(number, "unchanged"),
            "{number}"
        );
    }
    let writes = |path: &str| {
        ["add", "create", "update"]
            .iter()
            .any(|word| path.ends_with(word))
    };
    let after = one.to.sim.counts();
    for (path, count) in after.iter().filter(|(path, _)| writes(path)) {
        assert_eq!(before.get(path), Some(count), "{path}");
    }

    // No secret is shown: neither by the output, nor by any file that is kept.
    let secrets = ["Zx7_Canary-Qw9Mv3007", "Zx7CanaryQw9Mv3007", "773100423007"];
    let forms: Vec<String> = secrets.into_iter().flat_map(forms).collect();
    let Ran { out, err, .. } = one.ends(
        &format!("migrate --from old --to new --overwrite{fill}"),
        exit,
    );
    let written = files(one.folder())
        .into_iter()
        .map(|path| fs::read(path).unwrap());
    for bytes in written.chain([out.into_bytes(), err.into_bytes()]) {
        let found = forms
            .iter()
            .find(|form| memchr::memmem::find(&bytes, form.as_bytes()).is_some());
        assert!(found.is_none(), "{from} → {to}: {found:?} stands in a file");
    }
}

/// Returns true if a vendor takes a field and does not give it back.
fn code_is_hidden(vendor: &str, field: &str) -> bool {
    matches!(
        (vendor, field),
        ("openvox", "web_password" | "nat")
            | ("ozeki", "sip_username")
            | ("yeastar_s", "web_password")
            | ("3cx-v20", "web_password")
            | ("yeastar_p", "web_password")
    )
}

#[test]
fn openvox_to_freepbx() {
    any_pair("openvox", "freepbx");
}

#[test]
fn freepbx_to_openvox() {
    any_pair("freepbx", "openvox");
}

#[test]
fn portsip_to_freepbx() {
    any_pair("portsip", "freepbx");
}

#[test]
fn freepbx_to_portsip() {
    any_pair("freepbx", "portsip");
}

#[test]
fn ozeki_to_freepbx() {
    any_pair("ozeki", "freepbx");
}

#[test]
fn freepbx_to_ozeki() {
    any_pair("freepbx", "ozeki");
}

#[test]
fn yeastar_s_to_freepbx() {
    any_pair("yeastar_s", "freepbx");
}

#[test]
fn freepbx_to_yeastar_s() {
    any_pair("freepbx", "yeastar_s");
}

#[test]
fn asterisk_to_freepbx() {
    any_pair("asterisk", "freepbx");
}

#[test]
fn freepbx_to_asterisk() {
    any_pair("freepbx", "asterisk");
}

#[test]
fn openvox_to_3cx() {
    any_pair("openvox", "3cx-v20");
}

#[test]
fn from_3cx_to_openvox() {
    any_pair("3cx-v20", "openvox");
}

#[test]
fn portsip_to_3cx() {
    any_pair("portsip", "3cx-v20");
}

#[test]
fn from_3cx_to_portsip() {
    any_pair("3cx-v20", "portsip");
}

#[test]
fn ozeki_to_3cx() {
    any_pair("ozeki", "3cx-v20");
}

#[test]
fn from_3cx_to_ozeki() {
    any_pair("3cx-v20", "ozeki");
}

#[test]
fn yeastar_s_to_3cx() {
    any_pair("yeastar_s", "3cx-v20");
}

#[test]
fn from_3cx_to_yeastar_s() {
    any_pair("3cx-v20", "yeastar_s");
}

#[test]
fn asterisk_to_3cx() {
    any_pair("asterisk", "3cx-v20");
}

#[test]
fn from_3cx_to_asterisk() {
    any_pair("3cx-v20", "asterisk");
}

#[test]
fn freepbx_to_3cx() {
    any_pair("freepbx", "3cx-v20");
}

#[test]
fn from_3cx_to_freepbx() {
    any_pair("3cx-v20", "freepbx");
}

#[test]
fn openvox_to_yeastar_p() {
    any_pair("openvox", "yeastar_p");
}

#[test]
fn yeastar_p_to_openvox() {
    any_pair("yeastar_p", "openvox");
}

#[test]
fn portsip_to_yeastar_p() {
    any_pair("portsip", "yeastar_p");
}

#[test]
fn yeastar_p_to_portsip() {
    any_pair("yeastar_p", "portsip");
}

#[test]
fn ozeki_to_yeastar_p() {
    any_pair("ozeki", "yeastar_p");
}

#[test]
fn yeastar_p_to_ozeki() {
    any_pair("yeastar_p", "ozeki");
}

#[test]
fn yeastar_s_to_yeastar_p() {
    any_pair("yeastar_s", "yeastar_p");
}

#[test]
fn yeastar_p_to_yeastar_s() {
    any_pair("yeastar_p", "yeastar_s");
}

#[test]
fn asterisk_to_yeastar_p() {
    any_pair("asterisk", "yeastar_p");
}

#[test]
fn yeastar_p_to_asterisk() {
    any_pair("yeastar_p", "asterisk");
}

#[test]
fn freepbx_to_yeastar_p() {
    any_pair("freepbx", "yeastar_p");
}

#[test]
fn yeastar_p_to_freepbx() {
    any_pair("yeastar_p", "freepbx");
}

#[test]
fn threecx_to_yeastar_p() {
    any_pair("3cx-v20", "yeastar_p");
}

#[test]
fn yeastar_p_to_threecx() {
    any_pair("yeastar_p", "3cx-v20");
}

#[test]
fn openvox_to_portsip() {
    any_pair("openvox", "portsip");
}

#[test]
fn openvox_to_ozeki() {
    any_pair("openvox", "ozeki");
}

#[test]
fn portsip_to_openvox() {
    any_pair("portsip", "openvox");
}

#[test]
fn portsip_to_ozeki() {
    any_pair("portsip", "ozeki");
}

#[test]
fn ozeki_to_openvox() {
    any_pair("ozeki", "openvox");
}

#[test]
fn ozeki_to_portsip() {
    any_pair("ozeki", "portsip");
}

#[test]
fn openvox_to_yeastar_s() {
    any_pair("openvox", "yeastar_s");
}

#[test]
fn portsip_to_yeastar_s() {
    any_pair("portsip", "yeastar_s");
}

#[test]
fn ozeki_to_yeastar_s() {
    any_pair("ozeki", "yeastar_s");
}

#[test]
fn yeastar_s_to_openvox() {
    any_pair("yeastar_s", "openvox");
}

#[test]
fn yeastar_s_to_portsip() {
    any_pair("yeastar_s", "portsip");
}

#[test]
fn yeastar_s_to_ozeki() {
    any_pair("yeastar_s", "ozeki");
}

#[test]
fn openvox_to_asterisk() {
    any_pair("openvox", "asterisk");
}

#[test]
fn portsip_to_asterisk() {
    any_pair("portsip", "asterisk");
}

#[test]
fn ozeki_to_asterisk() {
    any_pair("ozeki", "asterisk");
}

#[test]
fn yeastar_s_to_asterisk() {
    any_pair("yeastar_s", "asterisk");
}

#[test]
fn asterisk_to_openvox() {
    any_pair("asterisk", "openvox");
}

#[test]
fn asterisk_to_portsip() {
    any_pair("asterisk", "portsip");
}

#[test]
fn asterisk_to_ozeki() {
    any_pair("asterisk", "ozeki");
}

#[test]
fn asterisk_to_yeastar_s() {
    any_pair("asterisk", "yeastar_s");
}

/// A vendor that is new has its pairs in the tables above too.
#[test]
fn every_vendor_s_fields_have_their_fates() {
    for (from, to) in VENDORS
        .iter()
        .flat_map(|from| VENDORS.iter().map(move |to| (from, to)))
        .filter(|(from, to)| from.id != to.id)
    {
        assert!(!code(from.id, to.id, "number").is_empty());
    }
}

fn is_required_name(row: &FieldRow) -> bool {
    row.name == Field::DISPLAY_NAME && row.required
}

/// With every field that the vendors have, and not only those that vary above.
#[test]
fn whatever_the_pair_every_field_is_told_of_and_twice_is_once() {
    for (from, to) in VENDORS
        .iter()
        .flat_map(|from| VENDORS.iter().map(move |to| (from, to)))
        .filter(|(from, to)| from.id != to.id)
    {
        let pair = format!("{} → {}", from.id, to.id);
        let one = VendorMove::new(from.id, to.id);
        let numbers = ["2001", "2002", "0042"];
        for (variant, number) in numbers.into_iter().enumerate() {
            let mut extension = one.from.full(number, variant % 2);
            // One that is off is left behind.
            if extension.get(Field::ENABLED).is_some() {
                extension.set(Field::ENABLED, "on");
            }
            put(&one.from, &extension);
        }
        let names = |rig: &Rig| {
            let has = |field| rig.manifest.field.iter().any(|row| row.name == field);
            has(Field::DISPLAY_NAME) || has(Field::FIRST_NAME)
        };
        let mut fill = "";
        if !names(&one.from) && one.to.manifest.field.iter().any(is_required_name) {
            // A PBX without names has none to give to one that wants them: the message names an option that gives one.
            let report = one.migrate("--dry-run", 1);
            let is_named = |row: &Texts| {
                row["result"] == "invalid"
                    && row["message"].contains("display_name is missing")
                    && row["hint"].contains("--fill display_name=")
            };
            assert!(report.values().all(is_named), "{pair}: {report:?}");
            fill = "--fill display_name=Desk";
        }
        // A list that may not be whole is no migration that is done.
        let exit = one.from.exit_of_export();
        one.migrate(&format!("--dry-run {fill}"), exit);
        let (own, missing) = one.losses();
        for number in numbers {
            for field in look(&one.from, number).into_keys() {
                let told = own.contains_key(&(number.to_owned(), field.clone()));
                assert!(told, "{pair}: nothing is told of {number}'s {field}");
            }
            let given = missing.get(&(number.to_owned(), "display_name".to_owned()));
            assert_eq!(
                given.is_some_and(|row| row["value"] == "Desk"),
                !fill.is_empty()
            );
        }
        let report = one.migrate(fill, exit);
        let is_done = |row: &Texts| row["result"] == "created";
        assert!(
            report.len() == 3 && report.values().all(is_done),
            "{pair}: {report:?}"
        );
        if !fill.is_empty() {
            assert_eq!(look(&one.to, "2001")["display_name"], "Desk");
        }
        let again = one.migrate(fill, exit);
        assert!(
            again.values().all(|row| row["result"] == "unchanged"),
            "{pair}: {again:?}"
        );
    }
}

#[test]
fn only_what_the_other_vendor_takes_can_be_filled_in() {
    let one = migrated(&["2001"]);
    let line = "migrate --from old --to new --yes";
    let words = one.ends(&format!("{line} --fill display_name=Desk"), 2).err;
    assert!(
        words.contains("display_name") && words.contains("PortSIP"),
        "{words}"
    );
    one.ends(&format!("{line} --fill number=2"), 2);
    // A field with a value is not filled in.
    set(&one.from, "2001", &[(Field::EMAIL, "")]);
    one.ends(
        &format!("{line} --fill mobile=1 --fill email=desk@example.com"),
        0,
    );
    let there = look(&one.to, "2001");
    assert_eq!(
        (there["mobile"].as_str(), there["email"].as_str()),
        ("18082001", "desk@example.com")
    );
}

/// An OpenVox and a PortSIP with a few extensions migrated from the one to the other.
fn migrated(numbers: &[&str]) -> VendorMove {
    let one = VendorMove::new("openvox", "portsip");
    for number in numbers {
        let mut extension = one.from.small(number);
        extension.set(Field::DISPLAY_NAME, format!("Ann No{number}"));
        extension.set(Field::EMAIL, format!("a{number}@example.com"));
        extension.set(Field::MOBILE, format!("1808{number}"));
        extension.set(Field::VOICEMAIL, "on");
        put(&one.from, &extension);
    }
    let report = one.migrate("", 0);
    assert!(
        report.values().all(|row| row["result"] == "created"),
        "{report:?}"
    );
    one
}

fn result(report: &BTreeMap<String, Texts>, number: &str) -> (String, String) {
    let row = &report[number];
    (row["result"].clone(), row["message"].clone())
}

#[test]
fn only_what_changed_on_the_first_since_is_carried_again() {
    let one = migrated(&["2001", "2002", "2003"]);
    let password = one.to.sim.stored("2002", "web_access_password");
    set(
        &one.from,
        "2002",
        &[(Field::MOBILE, "1809"), (Field::EMAIL, "")],
    );
    let mut new = one.from.small("2009");
    new.set(Field::DISPLAY_NAME, "New Here");
    put(&one.from, &new);
    delete(&one.from, "2003");
    let plan = one.ends("migrate --from old --to new --dry-run", 0).out;
    assert!(
        plan.contains("update 2002 (old:2002)\n    email: \"a2002@example.com\" → \"\"\n    mobile: \"18082002\" → \"1809\"\n"),
        "{plan}"
    );
    let report = one.migrate("", 0);
    assert_eq!(result(&report, "2001").0, "unchanged");
    assert_eq!(result(&report, "2002").0, "updated");
    assert_eq!(result(&report, "2009").0, "created");
    let gone = &report["2003"];
    assert_eq!(
        (
            gone["row"].as_str(),
            gone["result"].as_str(),
            gone["code"].as_str()
        ),
        ("", "unchanged", "migrate.gone")
    );
    assert!(
        gone["message"].contains("old does not have 2003 any more"),
        "{gone:?}"
    );
    assert_eq!(one.to.sim.numbers(), ["2001", "2002", "2003", "2009"]);
    let now = look(&one.to, "2002");
    assert_eq!(
        (now.get("mobile").map(String::as_str), now.get("email")),
        (Some("1809"), None)
    );
    assert_eq!(one.to.sim.stored("2002", "web_access_password"), password);
    assert_eq!(result(&one.migrate("", 0), "2002").0, "unchanged");
}

#[test]
fn passwords_that_only_the_other_make_has_are_made_up_and_written_once() {
    let one = VendorMove::new("openvox", "portsip");
    for number in ["2001", "2002"] {
        put(&one.from, &one.from.small(number));
    }
    one.migrate("--secrets-out made-up.csv", 0);
    let made_up = read_rows(&one.path("made-up.csv"));
    assert_eq!(made_up.len(), 2);
    for row in &made_up {
        let there = one.to.sim.stored(&row["number"], "web_access_password");
        assert_eq!(there.as_ref(), Some(&row["web_password"]));
        assert!(row["web_password"].len() >= 8 && !row["web_password"].contains('<'));
        assert!(!row.contains_key("sip_password"), "it was carried");
        let secret = row["web_password"].as_bytes();
        for path in files(one.folder()) {
            let holds = memchr::memmem::find(&fs::read(&path).unwrap(), secret).is_some();
            assert_eq!(holds, path.ends_with("made-up.csv"), "{}", path.display());
        }
    }
    one.migrate("--overwrite", 0);
    let there = one.to.sim.stored("2001", "web_access_password");
    assert_eq!(there.as_ref(), Some(&made_up[0]["web_password"]));
}

#[test]
fn what_was_changed_by_hand_stays_unless_it_is_told_otherwise() {
    let one = migrated(&["2001", "2002", "2003", "2004"]);
    set(
        &one.to,
        "2001",
        &[(Field::MOBILE, "555"), (Field::FIRST_NAME, "Anna")],
    );
    set(&one.from, "2001", &[(Field::EMAIL, "new@example.com")]);
    set(&one.from, "2002", &[(Field::MOBILE, "666")]);
    set(&one.to, "2002", &[(Field::MOBILE, "777")]);
    set(&one.from, "2003", &[(Field::MOBILE, "888")]);
    set(&one.to, "2003", &[(Field::MOBILE, "888")]);
    delete(&one.to, "2004");

    let report = one.migrate("", 1);
    let (word, message) = result(&report, "2001");
    assert_eq!(
        (word.as_str(), message.as_str()),
        (
            "updated",
            "not changed, because they were set by hand on new: first_name, mobile"
        )
    );
    let (word, message) = result(&report, "2002");
    assert_eq!(word, "conflict");
    assert!(
        message.contains("changed on both")
            && message.contains("mobile \"777\" instead of \"666\""),
        "{message}"
    );
    assert_eq!(result(&report, "2003").0, "unchanged");
    assert_eq!(result(&report, "2004").0, "missing");
    let mobile = |number: &str| look(&one.to, number)["mobile"].clone();
    assert_eq!(
        [mobile("2001"), mobile("2002"), mobile("2003")],
        ["555", "777", "888"]
    );
    assert_eq!(look(&one.to, "2001")["email"], "new@example.com");

    // A field that was left once is left again, and a change made there by hand is no base for the next run.
    let report = one.migrate("", 1);
    assert_eq!(result(&report, "2001").0, "unchanged");
    assert_eq!(result(&report, "2002").0, "conflict");
    set(&one.from, "2001", &[(Field::MOBILE, "999")]);
    let report = one.migrate("", 1);
    assert_eq!(result(&report, "2001").0, "conflict");
    assert_eq!(mobile("2001"), "555");

    let report = one.migrate("--overwrite", 0);
    assert_eq!(result(&report, "2001").0, "updated");
    assert_eq!(result(&report, "2004").0, "created");
    assert_eq!(
        [mobile("2001"), mobile("2002"), mobile("2003")],
        ["999", "666", "888"]
    );
    assert_eq!(look(&one.to, "2001")["first_name"], "Ann");
    let report = one.migrate("", 0);
    assert!(
        report
            .values()
            .all(|row| row["result"] == "unchanged" && row["message"].is_empty()),
        "{report:?}"
    );
}

#[test]
fn a_forward_that_is_switched_off_later_is_off_at_the_other_make_too() {
    let one = migrated(&["2001"]);
    let forward = [
        (Field::FORWARD_BUSY, "on"),
        (Field::FORWARD_BUSY_TO, "voicemail"),
    ];
    set(&one.from, "2001", &forward);
    one.migrate("", 0);
    assert_eq!(look(&one.to, "2001")["forward_busy_to"], "voicemail");
    set(&one.from, "2001", &[(Field::FORWARD_BUSY, "off")]);
    assert_eq!(result(&one.migrate("", 0), "2001").0, "updated");
    assert_eq!(look(&one.to, "2001").get("forward_busy_to"), None);

    // And the other way round, where there is a switch.
    let one = VendorMove::new("portsip", "openvox");
    let mut extension = one.from.small("2001");
    extension.set(Field::VOICEMAIL, "on");
    extension.set(Field::FORWARD_BUSY_TO, "voicemail");
    put(&one.from, &extension);
    one.migrate("", 0);
    assert_eq!(look(&one.to, "2001")["forward_busy"], "on");
    set(&one.from, "2001", &[(Field::FORWARD_BUSY_TO, "")]);
    assert_eq!(result(&one.migrate("", 0), "2001").0, "updated");
    assert_eq!(look(&one.to, "2001")["forward_busy"], "off");
}

#[test]
fn what_is_there_and_no_run_knows_of_is_a_conflict() {
    let one = VendorMove::new("openvox", "portsip");
    for number in ["2001", "2002"] {
        let mut extension = one.from.small(number);
        extension.set(Field::MOBILE, "18081");
        put(&one.from, &extension);
    }
    let mut there = one.to.small("2001");
    there.set(Field::MOBILE, "18089");
    put(&one.to, &there);
    let report = one.migrate("", 1);
    let (word, message) = result(&report, "2001");
    assert_eq!(word, "conflict");
    assert!(
        message.contains("mobile \"18089\" instead of \"18081\""),
        "{message}"
    );
    assert_eq!(result(&report, "2002").0, "created");
    assert_eq!(look(&one.to, "2001")["mobile"], "18089");
}

#[test]
fn a_run_that_was_killed_leaves_nothing_to_be_taken_for_granted() {
    let one = VendorMove::new("openvox", "portsip");
    for index in 0..120 {
        let mut extension = one.from.small(&(3000 + index).to_string());
        extension.set(Field::MOBILE, "18081");
        put(&one.from, &extension);
    }
    one.to.faults("latency_ms=4");
    let rule = "--renumber 3xxx=73xxx";
    let mut command = one.command(&format!("migrate --from old --to new --yes {rule}"));
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let begun = SystemTime::now();
    while one.to.sim.numbers().len() < 30 {
        assert!(
            begun.elapsed().unwrap() < Duration::from_secs(120),
            "it never came"
        );
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    one.to.faults("");
    let made = one.to.sim.numbers();
    assert!(made.len() < 120);
    set(&one.to, &made[0], &[(Field::MOBILE, "555")]);
    let report = one.migrate(rule, 1);
    for (number, row) in &report {
        let expected = match number {
            _ if *number == made[0] => "conflict",
            _ if made.contains(number) => "unchanged",
            _ => "created",
        };
        assert_eq!(row["result"], expected, "{row:?}");
        assert_eq!(one.to.sim.created(number), 1);
    }
    assert_eq!(report.len(), 120);
    assert_eq!(look(&one.to, &made[0])["mobile"], "555");
    // From now on the agreement of both is known.
    set(&one.from, "3050", &[(Field::MOBILE, "18082")]);
    assert_eq!(result(&one.migrate(rule, 1), "73050").0, "updated");
}

#[test]
fn new_numbers_go_wherever_a_number_is_meant() {
    let one = VendorMove::new("openvox", "openvox");
    for (number, to) in [("2001", "2002"), ("2002", "100"), ("100", "2001")] {
        let mut extension = one.from.small(number);
        extension.set(Field::CALLER_ID, number);
        extension.set(Field::FORWARD_BUSY, "on");
        extension.set(Field::FORWARD_BUSY_TO, "extension");
        extension.set(Field::FORWARD_BUSY_EXTENSION, to);
        put(&one.from, &extension);
    }
    fs::write(one.path("map.csv"), "old,new\n100,0100\n555,556\n").unwrap();
    let flags = "--renumber-map map.csv --renumber 2xxx=72xxx";
    let words = one
        .ends(
            &format!("migrate --from old --to new --yes --loss loss.csv --report r.csv {flags}"),
            0,
        )
        .err;
    assert!(words.contains("not there: 555"), "{words}");
    for (number, to) in [("72001", "72002"), ("72002", "0100"), ("0100", "72001")] {
        let there = look(&one.to, number);
        assert_eq!(
            (
                there["caller_id"].as_str(),
                there["forward_busy_extension"].as_str()
            ),
            (number, to)
        );
    }
    let (own, _) = one.losses();
    let row = &own[&("2001".to_owned(), "forward_busy_extension".to_owned())];
    assert_eq!(
        ["fate", "from", "value", "how", "new_number"].map(|column| row[column].as_str()),
        ["translated", "2002", "72002", "renumbered", "72001"]
    );
    let report = one.migrate(flags, 0);
    assert!(
        report.values().all(|row| row["result"] == "unchanged"),
        "{report:?}"
    );
    // The last run's numbers are not given up by accident.
    let words = one.ends("migrate --from old --to new --yes", 2).err;
    assert!(
        words.contains("2001 is 72001 there and would be 2001"),
        "{words}"
    );
    assert_eq!(one.to.sim.numbers().len(), 3);
}

#[test]
fn numbers_that_collide_are_all_named_before_anything_is_sent() {
    let one = VendorMove::new("openvox", "portsip");
    for number in ["2001", "2002", "3001", "3002", "4001"] {
        put(&one.from, &one.from.small(number));
    }
    let words = one
        .ends("migrate --from old --to new --yes --renumber 3xxx=2xxx", 2)
        .err;
    assert!(
        words.contains("2001 and 3001 would all be 2001; 2002 and 3002 would all be 2002"),
        "{words}"
    );
    // And with the extensions that others created there.
    for number in ["9001", "9002"] {
        put(&one.to, &one.to.small(number));
    }
    let line = "migrate --from old --to new --yes --report r.csv --overwrite --renumber 2xxx=9xxx";
    let words = one.ends(line, 2).err;
    assert!(
        words.contains("2001 and an extension of new would all be 9001; 2002 and"),
        "{words}"
    );
    assert!(
        read_rows(&one.path("r.csv"))
            .iter()
            .all(|row| row["result"] == "not_sent")
    );
    assert_eq!(one.to.sim.numbers(), ["9001", "9002"]);
    for (file, text) in [
        ("two.csv", "old,new\n2001,5\n2001,6\n"),
        ("blank.csv", "old,new\n2001,\n"),
        ("no.csv", "from,to\n1,2\n"),
    ] {
        fs::write(one.path(file), text).unwrap();
        let words = one
            .ends(
                &format!("migrate --from old --to new --renumber-map {file}"),
                2,
            )
            .err;
        assert!(words.contains(file), "{words}");
    }
}

#[test]
fn a_loss_that_nobody_named_stops_the_run() {
    let one = VendorMove::new("openvox", "ozeki");
    let mut extension = one.from.small("2001");
    extension.set(Field::MOBILE, "18081");
    extension.set(Field::MONITOR_ALLOWED, "on");
    put(&one.from, &extension);
    let line = "migrate --from old --to new --yes --on-loss stop --report r.csv";
    let words = one.ends(line, 4).err;
    for named in [
        "mobile 1",
        "monitor_allowed 1",
        "nat 1",
        "web_password 1",
        "--drop mobile",
    ] {
        assert!(words.contains(named), "{named}: {words}");
    }
    assert!(!words.contains("do_not_disturb 1, "), "{words}");
    assert!(one.to.sim.numbers().is_empty());
    let rows = read_rows(&one.path("r.csv"));
    assert_eq!(
        (rows[0]["result"].as_str(), rows[0]["code"].as_str()),
        ("not_sent", "loss")
    );
    let hint = words.split("if that is meant: ").nth(1).unwrap();
    let flags = hint.split("; or").next().unwrap();
    one.ends(&format!("{line} {flags}"), 0);
    assert_eq!(one.to.sim.numbers(), ["2001"]);
}

#[test]
fn an_extension_that_is_off_is_left_behind_where_it_could_only_be_on() {
    let one = VendorMove::new("portsip", "openvox");
    for (number, enabled) in [("2001", "off"), ("2002", "on")] {
        let mut extension = one.from.small(number);
        extension.set(Field::ENABLED, enabled);
        put(&one.from, &extension);
    }
    let report = one.migrate("", 1);
    assert_eq!(report["2001"]["result"], "invalid");
    assert_eq!(report["2001"]["code"], "enabled.not_supported");
    // A sheet of what would be sent could not say that it is off.
    one.migrate("--dry-run -o moved.csv", 1);
    let moved = one.program.read("moved.csv");
    assert!(moved.contains("2002") && !moved.contains("2001"), "{moved}");
    assert!(report["2001"]["hint"].contains("--drop enabled"));
    assert_eq!(one.to.sim.numbers(), ["2002"]);
    // With --drop, it is on there.
    let report = one.migrate("--drop enabled", 0);
    assert_eq!(result(&report, "2001").0, "created");
}

#[test]
fn what_the_other_make_refuses_is_said_and_not_sent() {
    // Two with one address, which PortSIP does not take.
    let one = migrated(&["2001"]);
    let mut second = one.from.small("2002");
    second.set(Field::EMAIL, "A2001@example.com");
    put(&one.from, &second);
    let report = one.migrate("", 1);
    assert_eq!(result(&report, "2002").0, "invalid");
    assert_eq!(report["2002"]["code"], "duplicate_email");
    delete(&one.from, "2002");
    // And a new password, which it does not take either once the extension exists.
    let fields = [
        (Field::SIP_PASSWORD, "Other7Password"),
        (Field::MOBILE, "1"),
    ];
    set(&one.from, "2001", &fields);
    let report = one.migrate("", 1);
    assert_eq!(result(&report, "2001").0, "invalid");
    assert_eq!(report["2001"]["code"], "sip_password.create_only");
    assert_eq!(look(&one.to, "2001")["mobile"], "18082001");
    let report = one.migrate("--drop sip_password", 0);
    assert_eq!(result(&report, "2001").0, "updated");
    assert_eq!(look(&one.to, "2001")["mobile"], "1");
}

#[test]
fn a_run_that_was_killed_goes_on_and_can_be_undone() {
    let one = VendorMove::new("openvox", "portsip");
    for index in 0..60 {
        put(&one.from, &one.from.small(&(3000 + index).to_string()));
    }
    one.to.faults("latency_ms=4");
    let mut command = one.command("migrate --from old --to new --yes");
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let begun = SystemTime::now();
    while one.to.sim.numbers().len() < 10 {
        assert!(
            begun.elapsed().unwrap() < Duration::from_secs(120),
            "it never came"
        );
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut runs = fs::read_dir(one.path("state/runs")).unwrap();
    let run = runs.next().unwrap().unwrap().file_name();
    let run = run.into_string().unwrap();
    one.to.faults("");
    one.ends("resume", 0);
    assert_eq!(one.to.sim.numbers().len(), 60);
    let report = one.migrate("", 0);
    assert!(
        report.values().all(|row| row["result"] == "unchanged"),
        "{report:?}"
    );
    // An extension that was deleted by hand there does not come back, though the run that created it was cut off.
    fs::write(one.path("gone.csv"), "number\n3000\n").unwrap();
    one.ends("delete gone.csv --from new --yes --max-deletes all", 0);
    let report = one.migrate("", 1);
    assert_eq!(result(&report, "3000").0, "missing");
    assert_eq!(one.to.sim.numbers().len(), 59);
    one.ends("undo --yes", 0);
    // A run that was undone leaves no agreement.
    one.ends(&format!("undo {run} --yes"), 0);
    assert!(one.to.sim.numbers().is_empty());
    let report = one.migrate("", 0);
    assert!(
        report.values().all(|row| row["result"] == "created"),
        "{report:?}"
    );
    assert_eq!(one.to.sim.numbers().len(), 60);
}

#[test]
fn whoever_wants_to_look_in_between_imports_the_sheet_that_would_be_sent() {
    let one = VendorMove::new("portsip", "openvox");
    for number in ["2001", "0042"] {
        let mut extension = one.from.small(number);
        extension.set(Field::FIRST_NAME, "Ann");
        extension.set(Field::FORWARD_NO_ANSWER_AFTER, "20");
        put(&one.from, &extension);
    }
    one.migrate("--dry-run -o sheet.csv", 0);
    assert!(one.to.sim.numbers().is_empty());
    let about = fs::metadata(one.path("sheet.csv")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions());
    assert_eq!(mode & 0o777, 0o600);
    one.ends("import sheet.csv --to new", 0);
    assert_eq!(look(&one.to, "0042")["display_name"], "Ann");
    assert_eq!(look(&one.to, "2001")["ring_timeout"], "15");
    // A migration finds nothing left to do.
    let report = one.migrate("", 0);
    assert!(
        report.values().all(|row| row["result"] == "unchanged"),
        "{report:?}"
    );
    for twice in [
        "--loss r.csv --report ./r.csv",
        "--dry-run -o a.csv --loss a.csv",
    ] {
        let words = one
            .ends(&format!("migrate --from old --to new {twice}"), 2)
            .err;
        assert!(words.contains("write to the same file"), "{words}");
    }
    one.ends("migrate --from old --to new -o sheet.csv", 2);
}

#[test]
fn a_field_that_is_left_out_is_neither_carried_nor_emptied() {
    let one = migrated(&["2001"]);
    set(&one.from, "2001", &[(Field::MOBILE, "666")]);
    let report = one.migrate("--drop mobile", 0);
    assert_eq!(result(&report, "2001").0, "unchanged");
    assert_eq!(look(&one.to, "2001")["mobile"], "18082001");
    let (own, _) = one.losses();
    let row = &own[&("2001".to_owned(), "mobile".to_owned())];
    assert_eq!(
        (
            row["fate"].as_str(),
            row["lost"].as_str(),
            row["how"].as_str()
        ),
        ("dropped", "no", "left out by --drop")
    );
    one.ends("migrate --from old --to new --drop number", 2);
    one.ends("migrate --from old --to old", 2);
}

#[test]
fn a_state_that_cannot_be_used_stops_the_run_before_it_begins() {
    let one = migrated(&["2001"]);
    let state = files(&one.path("state/migrations"));
    assert_eq!(state.len(), 1);
    let text = fs::read_to_string(&state[0]).unwrap();
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&state[0]).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    set(&one.from, "2001", &[(Field::MOBILE, "666")]);
    for damaged in [
        text.replace("\"format\":1", "\"format\":9"),
        text[..text.len() / 2].to_owned(),
        text.replace("portsip+", "ozeki+"),
    ] {
        fs::write(&state[0], damaged).unwrap();
        let words = one.ends("migrate --from old --to new --yes", 2).err;
        assert!(words.contains("is not the state of a migration"), "{words}");
    }
    fs::write(&state[0], &text).unwrap();
    fs::rename(one.path("key"), one.path("other")).unwrap();
    let words = one.ends("migrate --from old --to new --yes", 2).err;
    assert!(words.contains("was made with the key"), "{words}");
    assert_eq!(look(&one.to, "2001")["mobile"], "18082001");
}

/// A FreePBX whose listing is altered before it is read.
fn listing_otherwise(alter: impl Fn(&mut Value) + Send + 'static) -> Desk {
    let rig = altered(vendor("freepbx").unwrap(), move |pbx, heard| {
        let mut reply = pbx.answer(heard);
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
        if let Some(listing) = body.pointer_mut("/data/fetchAllExtensions") {
            alter(listing);
            reply.body = body.to_string().into_bytes();
        }
        reply
    });
    let mut desk = Desk::at(TestPbx::serving(rig));
    desk.program = desk.program.with_own_state();
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk
}

#[test]
fn a_source_that_is_empty_or_not_whole_is_never_done() {
    let one_more = |listing: &mut Value| {
        let count = listing["totalCount"].as_u64().unwrap();
        listing["totalCount"] = (count + 1).into();
    };
    let empty = listing_otherwise(|_| {});
    let short = listing_otherwise(one_more);
    short.pbx.seed(&[short.pbx.small("2001")]);
    for (desk, words) in [
        (&empty, "hq: it has no extension"),
        (&short, "hq: the PBX's list may be incomplete"),
    ] {
        for to in ["sim:freepbx", "sim:freepbx --dry-run", "file:freepbx:b.csv"] {
            let ran = desk.run(&format!("migrate --from hq --to {to} --yes"));
            assert_eq!(ran.exit, 1, "{to}: {}", ran.err);
            assert!(ran.err.contains(words), "{to}: {}", ran.err);
        }
        let ran = desk.run("migrate --from hq --to sim:freepbx --yes --json");
        assert_eq!(ran.summary()["exit_code"], 1);
    }
}

#[test]
fn an_extension_that_is_listed_and_not_shown_is_never_passed_over() {
    let desk = listing_otherwise(|listing| {
        let Some(all) = listing["extension"].as_array_mut() else {
            return;
        };
        all.push(serde_json::json!({ "extensionId": "2009" }));
        listing["totalCount"] = listing["extension"].as_array().unwrap().len().into();
    });
    desk.pbx
        .seed(&[desk.pbx.small("2001"), desk.pbx.small("2002")]);
    for (to, done) in [
        ("sim:freepbx", "created"),
        ("sim:freepbx --dry-run", "valid"),
        ("file:freepbx:b.csv", "valid"),
    ] {
        desk.run(&format!("migrate --from hq --to {to} --yes --report r.csv"))
            .exits(1);
        let lines = desk.report("r.csv");
        let told: Vec<(&str, &str, &str)> = lines
            .iter()
            .map(|line| (&*line["row"], &*line["number"], &*line["result"]))
            .collect();
        let expected = [
            ("1", "2001", done),
            ("2", "2002", done),
            ("3", "2009", "missing"),
        ];
        assert_eq!(told, expected, "{to}");
    }
    assert!(
        desk.read("r.csv")
            .contains("hq lists it, and did not show it")
    );
    desk.write("staff.csv", "number,display_name\n2001,Renamed\n");
    desk.run("export hq -o e.csv")
        .exits(1)
        .says(&["the PBX lists them, and did not show them", "2009"]);
    desk.run("diff staff.csv hq")
        .exits(3)
        .says(&["the PBX lists 2009", "does not show it"]);
    desk.run("import staff.csv --to hq --mode sync --max-deletes all --yes --report s.csv")
        .exits(1);
    let words = "the PBX lists this extension, and does not show it";
    assert!(desk.read("s.csv").contains(words), "{}", desk.read("s.csv"));
    desk.has_lines(
        "s.csv",
        &[
            ("2001", "update", "updated"),
            ("2002", "delete", "deleted"),
            ("2009", "delete", "unknown"),
        ],
    );
}

#[test]
fn a_caller_id_with_a_name_goes_whole_or_as_its_number() {
    for (to, arrived) in [
        ("asterisk", "0305550100"),
        ("yeastar_s", "0305550100"),
        ("openvox", "0305550100"),
        ("freepbx", "\"Ann Lund\" <0305550100>"),
    ] {
        let one = VendorMove::new("freepbx", to);
        let mut ann = one.from.small("2001");
        ann.set(Field::DISPLAY_NAME, "Ann Lund");
        ann.set(Field::CALLER_ID, "\"Ann Lund\" <0305550100>");
        one.from.seed(&[ann]);
        let report = one.migrate("", 0);
        assert_eq!(report["2001"]["result"], "created", "{to}");
        assert_eq!(look(&one.to, "2001")["caller_id"], arrived, "{to}");
        let (own, _) = one.losses();
        let fate = &own[&("2001".to_owned(), "caller_id".to_owned())]["fate"];
        let is_whole = to == "freepbx";
        assert_eq!(fate == "carried", is_whole, "{to}: {fate}");
    }
}
