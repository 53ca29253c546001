//! Forwards and mailboxes mean the same at every make and in every product's file, or it is told what is lost. The table of
//! how each says it stands here, and not in the makes' facts.

use crate::dialects::{ProductFile, dialects};
use crate::input::ReadingOptions;
use crate::manifest::Manifest;
use crate::mapping::{MappedRecord, Mapping, Renumbering};
use crate::migrate::route;
use crate::model::{Field, Forward, Record};
use crate::plan::origin::MigrationSource;
use crate::vendors::{VENDORS, vendor};
use std::collections::BTreeSet;
use std::fs;

/// The end of a forwarded call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Goes {
    Nowhere,
    Voicemail,
    To(String),
    /// The PBX's own default: nobody said where.
    Anywhere,
}

/// The fields by which a forward is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    SwitchAndKind,
    Kind,
    SwitchAndNumber,
    Number,
    /// The file has it in every row.
    AlwaysVoicemail,
}

const STEMS: [&str; 3] = ["forward_always", "forward_no_answer", "forward_busy"];

fn says(id: &str, stem: &str) -> Says {
    match (id, stem) {
        ("openvox" | "yeastar_s" | "yeastar_p", _) => Says::SwitchAndKind,
        ("portsip", "forward_busy" | "forward_no_answer") => Says::Kind,
        ("fusionpbx", _) => Says::SwitchAndNumber,
        ("ucm61xx" | "ucm63xx", _) | ("mikopbx", "forward_busy" | "forward_no_answer") => {
            Says::Number
        }
        ("portsip-v22", "forward_busy" | "forward_no_answer") => Says::AlwaysVoicemail,
        _ => Says::Nothing,
    }
}

fn part<'r>(record: &'r Record, stem: &str, what: &str) -> &'r str {
    let field = Field::named(&format!("{stem}{what}")).unwrap();
    record.text(field).unwrap_or_default()
}

fn goes(says: Says, stem: &str, record: &Record) -> Goes {
    let get = |what: &str| part(record, stem, what);
    let number = || match get("_number") {
        "" => Goes::Nowhere,
        number => Goes::To(number.to_owned()),
    };
    let kind = |nothing: Goes| match get("_to") {
        "" => nothing,
        "voicemail" => Goes::Voicemail,
        "extension" => Goes::To(get("_extension").to_owned()),
        "number" => Goes::To(get("_number").to_owned()),
        other => panic!("{other}"),
    };
    match says {
        Says::Nothing => Goes::Nowhere,
        Says::SwitchAndKind if get("") == "on" => kind(Goes::Anywhere),
        Says::SwitchAndNumber if get("") == "on" => number(),
        Says::SwitchAndKind | Says::SwitchAndNumber => Goes::Nowhere,
        Says::Kind => kind(Goes::Nowhere),
        Says::Number => number(),
        Says::AlwaysVoicemail if record.text(Field::VOICEMAIL) == Some("off") => Goes::Nowhere,
        Says::AlwaysVoicemail => Goes::Voicemail,
    }
}

/// The makes and products of which the table knows that they have no forward.
const WITHOUT: [&str; 15] = [
    "3cx-v16",
    "3cx-v18",
    "3cx-v20",
    "asterisk",
    "freepbx",
    "fspbx",
    "issabel",
    "opensips",
    "ozeki",
    "portsip-v22",
    "switchvox",
    "vodia",
    "wazo",
    "webex",
    "yeastar-p",
];

/// The makes and dialects that the table knows.
fn targets() -> Vec<&'static Manifest> {
    let makes = VENDORS.iter().map(|vendor| (vendor.manifest)());
    let all: Vec<&'static Manifest> = makes.chain(dialects()).collect();
    let is_known = |id: &str| {
        let mut stems = STEMS.iter();
        WITHOUT.contains(&id) || stems.any(|stem| says(id, stem) != Says::Nothing)
    };
    for facts in &all {
        assert!(is_known(&facts.vendor.id), "{}", facts.vendor.id);
    }
    all
}

fn is_told(mapped: &MappedRecord, stem: &str) -> bool {
    let lost = Mapping::Dropped { lost: true };
    let mut entries = mapped.entries.iter();
    entries.any(|entry| entry.field.name().starts_with(stem) && entry.mapping == lost)
}

fn holds(from: &str, to: &Manifest, stem: &str, meant: &Goes, mapped: &MappedRecord) {
    let id = &*to.vendor.id;
    let says = says(id, stem);
    let arrives = goes(says, stem, &mapped.wanted);
    let is_lost =
        is_told(mapped, stem) && (arrives == Goes::Nowhere || says == Says::AlwaysVoicemail);
    assert!(
        arrives == *meant || is_lost,
        "{from}, {id}, {stem}: {meant:?}, {arrives:?}: {mapped:?}"
    );
}

/// The extension of a make with this forward, in the four ways that it may be.
fn of_make(says: Says, stem: &str) -> Vec<Record> {
    let fields: &[&[(&str, &str)]] = match says {
        Says::SwitchAndKind => &[
            &[("", "off"), ("_to", "number"), ("_number", "0171556")],
            &[("", "on"), ("_to", "number"), ("_number", "0171556")],
            &[("", "on"), ("_to", "voicemail"), ("_number", "0171556")],
            &[("", "on"), ("_to", "extension"), ("_extension", "2002")],
        ],
        Says::Kind => &[&[("_to", "voicemail")]],
        _ => &[],
    };
    let record = |fields: &&[(&str, &str)]| {
        let mut record = Record::numbered("2001");
        for (what, text) in *fields {
            record.set(Field::named(&format!("{stem}{what}")).unwrap(), *text);
        }
        record
    };
    fields.iter().map(record).collect()
}

#[test]
fn a_makes_forward_arrives_everywhere_as_it_was_or_is_told_as_lost() {
    let mut tried = 0;
    for from in VENDORS.iter().map(|vendor| (vendor.manifest)()) {
        for to in targets() {
            for stem in STEMS {
                let own = says(&from.vendor.id, stem);
                for record in of_make(own, stem) {
                    let route = route(from, to, BTreeSet::new());
                    let mapped = route.map(&record, &Renumbering::default());
                    let meant = goes(own, stem, &record);
                    holds(&from.vendor.id, to, stem, &meant, &mapped);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 400, "{tried}");
}

#[test]
fn a_forward_that_cannot_be_said_leaves_the_other_make_alone_and_is_told_as_lost() {
    let from = (vendor("yeastar_p").unwrap().manifest)();
    let word = "no page of Yeastar P-Series says what extension means";
    let nothing = "it is on at Yeastar P-Series and names no destination";
    let caller = "Yeastar P-Series forwards internal calls otherwise than external ones";
    let cases = [
        ("internal", "voicemail", caller),
        ("external", "voicemail", caller),
        ("differs", "", caller),
        ("on", "extension", word),
        ("on", "", nothing),
    ];
    for to in targets() {
        for (stem, (state, destination, why)) in
            STEMS.iter().flat_map(|stem| cases.map(|case| (stem, case)))
        {
            let field = |what: &str| Field::named(&format!("{stem}{what}")).unwrap();
            let mut record = Record::numbered("2001");
            record.set(field(""), state);
            record.set(field("_to"), destination);
            let mapped = route(from, to, BTreeSet::new()).map(&record, &Renumbering::default());
            let forward = Forward::of_field(field("")).unwrap();
            for part in forward.fields() {
                let context = format!("{}, {state}, {destination}: {mapped:?}", to.vendor.id);
                let is_constant = to.vendor.id == "portsip-v22";
                assert!(
                    is_constant || mapped.wanted.get(part).is_none(),
                    "{context}"
                );
                assert!(!mapped.cleared.contains(&part), "{context}");
            }
            let lost = Mapping::Dropped { lost: true };
            let entry = mapped.entries.iter().find(|entry| entry.field == field(""));
            let entry = entry.unwrap();
            assert_eq!(entry.mapping, lost, "{}: {mapped:?}", to.vendor.id);
            // A product that takes numbers alone says so; none says that it is off.
            let is_true = entry.how == why || !entry.how.contains("off");
            assert!(is_true, "{}: {}", to.vendor.id, entry.how);
        }
    }
}

#[test]
fn a_switch_whose_word_nobody_knows_is_lost_and_no_reason_is_made_up() {
    let from = (vendor("openvox").unwrap().manifest)();
    for to in targets() {
        let mut record = Record::numbered("2001");
        record.set(Field::FORWARD_BUSY, "sometimes");
        record.set(Field::FORWARD_BUSY_TO, "voicemail");
        let mapped = route(from, to, BTreeSet::new()).map(&record, &Renumbering::default());
        let mut entries = mapped.entries.iter();
        let entry = entries.find(|entry| entry.field == Field::FORWARD_BUSY);
        let entry = entry.unwrap();
        let lost = Mapping::Dropped { lost: true };
        let why = "OpenVox UC Series says it in a way that is not understood";
        assert_eq!(entry.mapping, lost, "{}", to.vendor.id);
        // A file may say what it does with such calls.
        assert!(
            entry.how.starts_with(why),
            "{}: {}",
            to.vendor.id,
            entry.how
        );
    }
}

/// A product's file: its word, its headings, and rows: the forward, the cells behind the password, the end of the call.
type ForwardFile = (
    &'static str,
    &'static str,
    Vec<(&'static str, &'static str, Goes)>,
);

fn files() -> Vec<ForwardFile> {
    let to = |number: &str| Goes::To(number.to_owned());
    vec![
        (
            "fusionpbx",
            "extension,password,forward_all_enabled,forward_all_destination,forward_busy_enabled,forward_busy_destination,forward_no_answer_enabled,forward_no_answer_destination",
            vec![
                ("forward_always", "true,0171556,,,,", to("0171556")),
                ("forward_always", "false,0171556,,,,", Goes::Nowhere),
                ("forward_always", ",0171556,,,,", Goes::Nowhere),
                ("forward_busy", ",,true,2002,,", to("2002")),
                ("forward_busy", ",,false,2002,,", Goes::Nowhere),
                ("forward_no_answer", ",,,,true,2002", to("2002")),
                ("forward_no_answer", ",,,,,2002", Goes::Nowhere),
            ],
        ),
        (
            "ucm61xx",
            "Extension,SIP/IAX Password,Call Forward Busy,Call Forward No Answer,Call Forward Unconditional",
            vec![
                ("forward_busy", "0171556,,", to("0171556")),
                ("forward_no_answer", ",2002,", to("2002")),
                ("forward_always", ",,2002", to("2002")),
                ("forward_always", "0171556,,", Goes::Nowhere),
            ],
        ),
        (
            "mikopbx",
            "number,sip_secret,fwd_forwarding,fwd_forwardingonbusy",
            vec![
                ("forward_no_answer", "0171556,", to("0171556")),
                ("forward_busy", ",2002", to("2002")),
                ("forward_busy", "0171556,", Goes::Nowhere),
            ],
        ),
    ]
}

/// Reads a file and maps its only extension.
fn moved(id: &str, text: &str, to: &'static Manifest) -> MappedRecord {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.csv");
    fs::write(&path, text).unwrap();
    let file = ProductFile {
        id: id.to_owned(),
        path,
    };
    let source = MigrationSource::read(&file, ReadingOptions::default(), to);
    let source = source.unwrap_or_else(|failure| panic!("{id}: {failure:?}"));
    let route = source.route(to, BTreeSet::new());
    let record = &source.extensions[0].record;
    let mut mapped = route.map(record, &Renumbering::default());
    mapped.leave_out_unkept(to);
    mapped
}

#[test]
fn a_files_forward_arrives_everywhere_as_it_was_or_is_told_as_lost() {
    for (id, headings, rows) in files() {
        for (stem, cells, meant) in rows {
            let text = format!("{headings}\n2001,tR7xkQ2mZp9w,{cells}\n");
            for to in targets() {
                // A blank cell leaves nothing to tell.
                let is_blank = says(&to.vendor.id, stem) == Says::AlwaysVoicemail;
                if !(is_blank && meant == Goes::Nowhere) {
                    holds(id, to, stem, &meant, &moved(id, &text, to));
                }
            }
        }
    }
}

/// Holds the mailbox against what is meant: at FreePBX it is there where it has a PIN, elsewhere where it is on.
fn holds_mailbox(from: &str, to: &Manifest, is_on: bool, mapped: &MappedRecord) {
    let text = |field| mapped.wanted.reveal(field).unwrap_or_default().to_owned();
    let own = text(Field::VOICEMAIL);
    let has_box = match (&*to.vendor.name, to.row(Field::VOICEMAIL)) {
        ("FreePBX", _) => !text(Field::VOICEMAIL_PIN).is_empty(),
        (_, Some(_)) => own == "on",
        _ => return,
    };
    let lost = Mapping::Dropped { lost: true };
    let mut entries = mapped.entries.iter();
    let is_told = entries.any(|entry| entry.field == Field::VOICEMAIL && entry.mapping == lost);
    assert!(
        has_box == is_on || is_told && !has_box,
        "{from} → {}: {is_on}: {mapped:?}",
        to.vendor.id
    );
}

#[test]
fn a_mailbox_is_there_afterwards_exactly_where_it_was() {
    let make = |id: &str| (vendor(id).unwrap().manifest)();
    let (freepbx, openvox) = (make("freepbx"), make("openvox"));
    for to in targets() {
        for (from, voicemail, pin, is_on) in [
            (freepbx, "", "47110815", true),
            (freepbx, "", "", false),
            (openvox, "on", "47110815", true),
            (openvox, "off", "47110815", false),
            (openvox, "off", "", false),
        ] {
            let mut record = Record::numbered("2001");
            record.set(Field::EMAIL, "a@example.com");
            for (field, text) in [(Field::VOICEMAIL, voicemail), (Field::VOICEMAIL_PIN, pin)] {
                if !text.is_empty() {
                    record.set(field, text);
                }
            }
            let route = route(from, to, BTreeSet::new());
            let mut mapped = route.map(&record, &Renumbering::default());
            mapped.leave_out_unkept(to);
            holds_mailbox(&from.vendor.id, to, is_on, &mapped);
        }
        let issabel = "Display Name,User Extension,Secret,Voicemail Status,Voicemail Password\nAnn,2001,tR7xkQ2mZp9w";
        let wazo = "firstname,lastname,exten,sip_secret,voicemail_name,voicemail_number,voicemail_context,voicemail_password\nAnn,Lund,2001,tR7xkQ2mZp9w";
        let vodia = "#alias;first_name;password;mb_pin\n2001;Ann;tR7xkQ2mZp9w";
        for (id, head, cells, is_on) in [
            ("issabel", issabel, ",enable,47110815", true),
            ("issabel", issabel, ",disable,47110815", false),
            ("wazo", wazo, ",Ann,2001,default,47110815", true),
            ("wazo", wazo, ",,,,", false),
            ("vodia", vodia, ";47110815", true),
        ] {
            holds_mailbox(id, to, is_on, &moved(id, &format!("{head}{cells}\n"), to));
        }
    }
}
