//! Each rule broken by one cell, and the ways in which it must not complain.

use super::*;
use crate::columns::{BindOptions, Binding};
use crate::manifest::{Manifest, Purpose};
use crate::model::redact::NOT_SHOWN;
use crate::model::{Field, Finding, Place, Record, Severity};
use crate::sheet::{Cells, Row, RowTrouble};

const VENDOR: &str = r#"
[vendor]
id = "acme"
name = "Acme PBX"
api = "API"
path = ""
port = 80
rate = 1.0
parallel = 1
batch = 1
reply_ms = 1000
[source.page]
title = "The page"
url = "https://pbx.example/page"
checked = "2026-11-21"
[source.other]
title = "The other page"
url = "https://pbx.example/other"
checked = "2026-11-21"
[ability]
create = true
update = "fields"
delete = true
list = true
groups = false
greetings = false
sign_in = false
[[field]]
name = "number"
wire = "number"
required = true
rules = [{ kind = "digits" }, { kind = "range", min = 100, max = 99999999 }]
source = "page"
[[field]]
name = "display_name"
wire = "name"
rules = [
  { kind = "max_length", n = 5 },
  { kind = "forbidden", chars = ";“" },
  { kind = "max_length", n = 3, severity = "warning", id = "short", source = "other", note = "inferred" },
]
source = "page"
[[field]]
name = "caller_id"
wire = "cid"
rules = [{ kind = "only", chars = "a-cA_-" }]
source = "page"
[[field]]
name = "sip_password"
wire = "secret"
required = true
rules = [
  { kind = "not_blank" },
  { kind = "forbidden", chars = "; " },
  { kind = "min_length", n = 4 },
  { kind = "strong", min = 8, severity = "warning" },
]
source = "page"
[[field]]
name = "max_registrations"
wire = "max"
rules = [{ kind = "range", min = 1, max = 5 }]
source = "page"
[[field]]
name = "web_password"
wire = "web"
create_only = true
access = "write_only"
source = "page"
[[field]]
name = "email"
wire = "email"
rules = [{ kind = "email" }]
source = "page"
[[field]]
name = "mobile"
wire = "mobile"
source = "page"
[[field]]
name = "voicemail"
wire = "vm"
source = "page"
[[field]]
name = "voicemail_pin"
wire = "pin"
access = "write_only"
source = "page"
[[field]]
name = "voicemail_pin_required"
wire = "pinauth"
source = "page"
[[field]]
name = "voicemail_to_email"
wire = "vmmail"
source = "page"
[[field]]
name = "forward_no_answer"
wire = "nf"
source = "page"
[[field]]
name = "forward_no_answer_to"
wire = "nto"
choices = [
  { value = "voicemail", wire = "Voicemail" },
  { value = "extension", wire = "Extension" },
  { value = "mobile", wire = "Mobile Number" },
  { value = "number", wire = "Custom Number" },
]
source = "page"
[[field]]
name = "forward_no_answer_extension"
wire = "next"
source = "page"
[[field]]
name = "forward_no_answer_number"
wire = "nnum"
source = "page"
[[field]]
name = "forward_no_answer_after"
wire = "nafter"
source = "page"
[[field]]
name = "forward_busy"
wire = "bf"
source = "page"
[[field]]
name = "forward_busy_to"
wire = "bto"
choices = [{ value = "extension", wire = "Extension" }]
source = "page"
[[field]]
name = "forward_busy_extension"
wire = "bext"
source = "page"
[[field]]
name = "mobility"
wire = "mob"
source = "page"
[[field]]
name = "mobility_ring_together"
wire = "ring"
source = "page"
[[field]]
name = "monitor_allowed"
wire = "mona"
source = "page"
[[field]]
name = "monitor_mode"
wire = "monm"
choices = [{ value = "disabled", wire = "Disabled" }, { value = "listen", wire = "Listen" }]
source = "page"
[[field]]
name = "gender"
wire = "gender"
choices = [{ value = "male", wire = "MALE" }]
open_choices = true
source = "page"
[[field]]
name = "monday_from"
wire = "mof"
source = "page"
[[field]]
name = "monday_to"
wire = "mot"
source = "page"
[[field]]
name = "status"
wire = "status"
access = "read_only"
source = "page"
CROSS
"#;

const CROSS: [&str; 17] = [
    "forward_needs_target",
    "forward_needs_extension",
    "forward_needs_number",
    "forward_needs_mobile",
    "forward_needs_voicemail",
    "forward_off_with_target",
    "forward_to_emergency",
    "forward_to_unknown",
    "forward_loop",
    "mobility_needs_mobile",
    "ring_together_needs_mobility",
    "voicemail_to_email_needs_email",
    "pin_required_needs_pin",
    "monitor_mode_without_leave",
    "office_hours_order",
    "duplicate_email",
    "mailbox_case",
];

fn vendor() -> Manifest {
    let rows = CROSS.map(|rule| {
        format!("[[cross]]\nrule = \"{rule}\"\nseverity = \"error\"\nsource = \"page\"\n")
    });
    Manifest::parse(&VENDOR.replace("CROSS", &rows.concat())).unwrap()
}

/// Joins cells one behind the other.
fn joined(cells: &[&str]) -> (String, Vec<usize>) {
    let mut ends = Vec::new();
    let mut text = String::new();
    for cell in cells {
        text.push_str(cell);
        ends.push(text.len());
    }
    (text, ends)
}

fn bind(manifest: &Manifest, headings: &[&str]) -> Binding {
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).into()).collect();
    Binding::bind(&headings, manifest, &[manifest], &BindOptions::default()).unwrap()
}

/// Returns the findings of rows under these headings.
fn found(headings: &[&str], rows: &[&[&str]], purpose: Purpose) -> Vec<Vec<Finding>> {
    found_with(headings, rows, purpose, None)
}

fn found_with(
    headings: &[&str],
    rows: &[&[&str]],
    purpose: Purpose,
    on_pbx: Option<&[&str]>,
) -> Vec<Vec<Finding>> {
    let manifest = vendor();
    let binding = bind(&manifest, headings);
    let checker = Checker::new(&manifest, &binding);
    let mut collector = Collector::new();
    if let Some(numbers) = on_pbx {
        collector.on_pbx(numbers.iter().copied());
    }
    let cells: Vec<_> = rows.iter().map(|row| joined(row)).collect();
    let all = |mut each: Box<dyn FnMut(Row<'_>) + '_>| {
        for (index, (text, ends)) in (0..).zip(&cells) {
            each(Row {
                index,
                line: index + 2,
                cell_breaks: 0,
                cells: Cells::new(text, ends),
                trouble: None,
                bytes: 0..0,
            });
        }
    };
    let (mut facts, mut alike) = (BatchFacts::default(), BatchFacts::default());
    all(Box::new(|row| {
        checker.collect(&row, purpose, &mut facts);
        let judged = checker.collect_and_judge(&row, purpose, &mut alike);
        let mut alone = Vec::new();
        checker.row(&row, purpose, None, &mut alone, &mut Vec::new());
        assert_eq!(judged, !alone.is_empty(), "{alone:?}");
    }));
    assert_eq!(format!("{facts:?}"), format!("{alike:?}"));
    collector.add(facts);
    let cross_rows = collector.finish();
    let mut places = Places::default();
    let mut found = Vec::new();
    all(Box::new(|row| {
        let (mut findings, mut duplicates) = (Vec::new(), Vec::new());
        checker.row(
            &row,
            purpose,
            Some(&cross_rows),
            &mut findings,
            &mut duplicates,
        );
        let place = Place {
            file: "staff.csv".into(),
            sheet: None,
            line: row.line,
            cell_breaks: 0,
        };
        places.add_duplicates(&mut findings, duplicates, &place);
        found.push(findings);
    }));
    found
}

/// Returns the ids and severities of the findings of one row with these cells, beside a number and a password.
fn ids(cells: &[(&str, &str)], purpose: Purpose) -> Vec<String> {
    let given = |name: &str| cells.iter().any(|(heading, _)| *heading == name);
    let mut all = cells.to_vec();
    if !given("number") {
        all.push(("number", "2001"));
    }
    if !given("sip_password") && purpose == Purpose::Create {
        all.push(("sip_password", "Ab3defgh"));
    }
    let (headings, row): (Vec<&str>, Vec<&str>) = all.into_iter().unzip();
    let found = found(&headings, &[&row], purpose);
    words(&found[0])
}

fn words(findings: &[Finding]) -> Vec<String> {
    let word = |finding: &Finding| format!("{} {}", finding.severity.word(), finding.rule);
    findings.iter().map(word).collect()
}

#[track_caller]
fn on_create(cells: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(ids(cells, Purpose::Create), expected, "{cells:?}");
}

#[track_caller]
fn on_update(cells: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(ids(cells, Purpose::Update), expected, "{cells:?}");
}

#[test]
fn a_value_breaks_its_own_rule_and_no_other() {
    for (field, value, expected) in [
        ("number", "20a1", "error number.digits"),
        ("number", "+2001", "error number.digits"),
        ("number", "٣٤٥", "error text.other_digit"),
        ("number", "99", "error number.range"),
        ("number", "18446744073709551617", "error number.range"),
        ("display_name", "Ä;", "error display_name.forbidden"),
        ("display_name", "“n", "error display_name.forbidden"),
        ("caller_id", "abd", "error caller_id.only"),
        ("caller_id", "aä", "error caller_id.only"),
        ("sip_password", "Ab3 defgh", "error sip_password.forbidden"),
        ("sip_password", "Ab3 defgh", "error sip_password.forbidden"),
        ("sip_password", "<clear>", "error sip_password.not_blank"),
        ("sip_password", "ab3defgh", "warning sip_password.strong"),
        ("sip_password", "Ab3defg", "warning sip_password.strong"),
        ("max_registrations", "6", "error max_registrations.range"),
        ("max_registrations", "0", "error max_registrations.range"),
        (
            "max_registrations",
            "three",
            "error max_registrations.range",
        ),
        ("max_registrations", "-1", "error max_registrations.range"),
        ("email", "ann", "error email.email"),
        ("email", "a@b@c", "error email.email"),
        ("email", "@b.example", "error email.email"),
        ("email", "a@b..example", "error email.email"),
        ("email", "a b@c.example", "error email.email"),
        ("email", "[email protected]", "error email.placeholder"),
        ("voicemail", "vielleicht", "error voicemail.switch"),
        ("monitor_mode", "shout", "error monitor_mode.choice"),
        (
            "forward_no_answer_after",
            "20 s",
            "error forward_no_answer_after.count",
        ),
        ("monday_from", "24:00", "error monday_from.time"),
        ("gender", "divers", "warning gender.unknown_choice"),
        ("status", "Idle", "info status.read_only"),
        ("twitter", "ann", "warning twitter.not_supported"),
        ("twitter", "<clear>", "info twitter.not_supported"),
        ("mobile", "17\u{0}9", "error text.control"),
        ("mobile", "17\u{7f}9", "error text.control"),
        ("mobile", "17\u{85}9", "error text.control"),
        ("mobile", "17\u{ffff}9", "error text.control"),
        ("mobile", "17\u{200b}9", "error text.invisible"),
        ("mobile", "\u{feff}179", "error text.invisible"),
        ("mobile", "17\u{a0}9", "error text.space"),
        ("mobile", "17９", "error text.full_width"),
        ("mobile", "“179”", "error text.curly_quote"),
        ("voicemail", "on\u{200e}", "error text.invisible"),
        ("display_name", "A\u{200b}", "warning text.invisible"),
        ("display_name", "A\u{a0}B", "warning text.space"),
        ("display_name", "A１", "warning text.full_width"),
        ("web_password", "abcdef”gh", "warning text.curly_quote"),
        ("web_password", "abcdefgh\u{a0}", "warning text.space"),
        ("web_password", "abcd\u{200b}efgh", "error text.invisible"),
        ("web_password", "Abcd12\n34x8", "error text.line_break"),
        ("web_password", "Abcd12\t34x8", "error text.line_break"),
        ("web_password", "Abcd1234x8\r", "error text.line_break"),
        ("web_password", "Аbcd1234x8", "warning text.lookalike"),
        ("web_password", "АВ1234567", "warning text.lookalike"),
    ] {
        on_create(&[(field, value)], &[expected]);
    }
}

#[test]
fn lengths_count_characters_and_one_rule_twice_is_told_apart() {
    on_create(&[("display_name", "äöü")], &[]);
    let short = "warning display_name.max_length.short";
    on_create(&[("display_name", "äöüßé")], &[short]);
    // The heaviest comes first.
    let long = "error display_name.max_length";
    on_create(&[("display_name", "äöüßéx")], &[long, short]);
    let weak = "warning sip_password.strong";
    on_create(
        &[("sip_password", "äöü")],
        &["error sip_password.min_length"],
    );
    on_create(&[("sip_password", "äöüß")], &[weak]);
}

#[test]
fn what_is_right_is_not_complained_about() {
    for (field, value) in [
        ("number", " 2001 "),
        ("number", "\t2001"),
        ("number", "99999999"),
        ("display_name", "A&<"),
        ("display_name", "O’B"),
        ("display_name", "Ａ"),
        ("display_name", "a\u{200d}b"),
        ("display_name", "\u{a0}A\u{2003}"),
        ("caller_id", "abcA_-"),
        ("caller_id", ""),
        ("caller_id", "<clear>"),
        ("max_registrations", "5"),
        ("max_registrations", "005"),
        ("email", "ann@localhost"),
        ("email", "a.b+c@x-y.example"),
        ("email", "jürgen@müller.example"),
        ("voicemail", " Ja "),
        ("voicemail", "0"),
        ("monitor_mode", "DIS ABLED"),
        ("monday_to", ""),
        ("gender", "Male"),
        ("mobile", "0171\n5\t\u{e9}"),
        ("status", "   "),
        ("twitter", " "),
        ("web_password", "any thing; 7"),
    ] {
        on_create(&[(field, value)], &[]);
    }
}

#[test]
fn secrets_are_generated_for_new_extensions_and_nothing_else_is() {
    for word in ["<generate>", " <Generate> "] {
        on_create(&[("sip_password", word), ("web_password", word)], &[]);
        on_create(&[("voicemail_pin", word)], &[]);
        // An extension that exists keeps its own: nothing is asked of it, not even of fields that cannot be changed.
        on_update(&[("sip_password", word), ("web_password", word)], &[]);
        for field in [
            "display_name",
            "number",
            "max_registrations",
            "voicemail",
            "mobile",
            "email",
        ] {
            on_create(&[(field, word)], &[&format!("error {field}.generate")]);
        }
        on_create(&[("twitter", word)], &["warning twitter.not_supported"]);
    }
    let pin = [
        ("voicemail_pin_required", "on"),
        ("voicemail_pin", "<generate>"),
    ];
    on_create(&pin, &[]);
    on_create(
        &[("sip_password", "<generate")],
        &["warning sip_password.strong"],
    );
}

#[test]
fn what_is_demanded_is_missed_on_create_only() {
    on_create(
        &[("number", " "), ("sip_password", "")],
        &["error number.required", "error sip_password.required"],
    );
    on_create(&[("number", "<clear>")], &["error number.required"]);
    on_update(&[("sip_password", "")], &[]);
    on_update(
        &[("sip_password", "<clear>")],
        &["error sip_password.not_blank"],
    );
    on_update(&[("number", "")], &["error number.required"]);
    let no_column = found(&["number"], &[&["2001"]], Purpose::Create);
    assert_eq!(words(&no_column[0]), ["error sip_password.required"]);
    assert_eq!(no_column[0][0].column, None);
    assert_eq!(
        no_column[0][0].hint,
        "add a column sip_password, or say --fill sip_password='<generate>'"
    );
    assert_eq!(found(&["number"], &[&["2001"]], Purpose::Update)[0], []);
}

#[test]
fn what_cannot_be_changed_later_is_refused_on_update() {
    on_create(&[("web_password", "x")], &["warning web_password.weak"]);
    on_update(&[("web_password", "x")], &[]);
    let (manifest, mut current) = (vendor(), Record::numbered("2001"));
    current.set(Field::WEB_PASSWORD, "x");
    let checker = Checker::without_sheet(&manifest);
    for (wanted, said) in [
        (Some("x"), &[] as &[&str]),
        (Some("y"), &["error web_password.create_only"]),
        (None, &[]),
    ] {
        let (mut row, mut findings) = (Record::numbered("2001"), vec![]);
        if let Some(wanted) = wanted {
            row.set(Field::WEB_PASSWORD, wanted);
        }
        checker.merged(&row, &current, &mut findings);
        assert_eq!(words(&findings), said, "{wanted:?}");
    }
}

#[test]
fn fields_of_one_row_must_agree() {
    let nf = ("forward_no_answer", "on");
    let to = |word: &'static str| ("forward_no_answer_to", word);
    let ext = |text: &'static str| ("forward_no_answer_extension", text);
    let num = |text: &'static str| ("forward_no_answer_number", text);
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[nf], "forward_needs_target"),
        (&[nf, to("<clear>")], "forward_needs_target"),
        (&[nf, to("Extension")], "forward_needs_extension"),
        (
            &[nf, to("extension"), ext("2001")],
            "forward_needs_extension",
        ),
        (&[nf, to("Extension"), ext("2002")], "forward_to_unknown"),
        (&[nf, to("custom number")], "forward_needs_number"),
        (&[nf, to("number"), num("112")], "forward_to_emergency"),
        (&[nf, to("mobile")], "forward_needs_mobile"),
        (&[nf, to("Voicemail")], "forward_needs_voicemail"),
        (
            &[nf, to("Voicemail"), ("voicemail", "off")],
            "forward_needs_voicemail",
        ),
        (
            &[("forward_no_answer", "off"), to("number"), num("030")],
            "forward_off_with_target",
        ),
        (&[ext("2002")], "forward_off_with_target"),
        (&[("mobility", "on")], "mobility_needs_mobile"),
        (
            &[("mobility_ring_together", "on")],
            "ring_together_needs_mobility",
        ),
        (
            &[("voicemail_to_email", "on"), ("voicemail", "on")],
            "voicemail_to_email_needs_email",
        ),
        (
            &[("voicemail_to_email", "on"), ("email", "a@b.example")],
            "voicemail_to_email_needs_email",
        ),
        (
            &[("voicemail_pin_required", "on")],
            "pin_required_needs_pin",
        ),
        (&[("monitor_mode", "listen")], "monitor_mode_without_leave"),
        (
            &[("monday_from", "9:00"), ("monday_to", "09:00")],
            "office_hours_order",
        ),
        (
            &[("monday_from", "10:00"), ("monday_to", "9:00")],
            "office_hours_order",
        ),
        (&[("monday_from", "10:00")], "office_hours_order"),
        (&[("monday_to", "10:00")], "office_hours_order"),
    ];
    for (cells, rule) in cases {
        let severity = match *rule {
            "forward_to_unknown" => "warning",
            _ => "error",
        };
        on_create(cells, &[&format!("{severity} {rule}")]);
    }
}

#[test]
fn fields_that_agree_are_left_alone() {
    let nf = ("forward_no_answer", "on");
    let to = |word: &'static str| ("forward_no_answer_to", word);
    let num = ("forward_no_answer_number", "0301234567");
    let cases: &[&[(&str, &str)]] = &[
        &[nf, to("number"), num],
        &[nf, to("mobile"), num],
        &[nf, to("mobile"), ("mobile", "0171")],
        &[nf, to("voicemail"), ("voicemail", "on")],
        &[("forward_no_answer", "off")],
        &[
            ("mobility", "on"),
            ("mobile", "0171"),
            ("mobility_ring_together", "on"),
        ],
        &[
            ("voicemail_to_email", "on"),
            ("voicemail", "on"),
            ("email", "a@b.example"),
        ],
        &[("voicemail_pin_required", "on"), ("voicemail_pin", "0")],
        &[("monitor_mode", "Disabled")],
        &[("monitor_mode", "listen"), ("monitor_allowed", "on")],
        &[("monday_from", "9:00"), ("monday_to", "10:00")],
    ];
    for cells in cases {
        on_create(cells, &[]);
    }
}

#[test]
fn on_update_what_is_not_given_is_unknown() {
    let nf = ("forward_no_answer", "on");
    let cases: &[&[(&str, &str)]] = &[
        &[nf],
        &[nf, ("forward_no_answer_to", "extension")],
        &[nf, ("forward_no_answer_to", "mobile")],
        &[nf, ("forward_no_answer_to", "voicemail")],
        &[("forward_no_answer_extension", "2002")],
        &[("mobility", "on")],
        &[("mobility_ring_together", "on")],
        &[("voicemail_to_email", "on")],
        &[("voicemail_pin_required", "on")],
        &[("monitor_mode", "listen")],
        &[("monday_from", "10:00")],
    ];
    for cells in cases {
        on_update(cells, &[]);
    }
    on_update(
        &[("mobility", "on"), ("mobile", "<clear>")],
        &["error mobility_needs_mobile"],
    );
}

#[test]
fn a_wrong_value_does_not_draw_further_findings() {
    on_create(
        &[
            ("forward_no_answer", "on"),
            ("forward_no_answer_to", "nowhere"),
        ],
        &["error forward_no_answer_to.choice"],
    );
    on_create(
        &[("monday_from", "9"), ("monday_to", "10:00")],
        &["error monday_from.time"],
    );
}

#[test]
fn a_finding_says_what_where_why_and_what_to_do() {
    let found = found(
        &["sip_password", "name", "number"],
        &[&["x;canary-7731", "Ann;", "20a2"]],
        Purpose::Create,
    );
    let [secret, name, number] = &found[0][..3] else {
        panic!("{found:?}")
    };
    assert_eq!(
        secret.message,
        "sip_password must not contain any of ; space"
    );
    assert_eq!(secret.hint, "choose another one");
    assert_eq!(
        name.message,
        "display_name \"Ann;\" must not contain any of ; “"
    );
    assert_eq!(
        (name.field, name.column),
        (Some(Field::DISPLAY_NAME), Some(1))
    );
    assert_eq!(name.source, "The page, https://pbx.example/page");
    assert_eq!(
        number.message,
        "number \"20a2\" must consist of digits only"
    );
    let short = found[0]
        .iter()
        .find(|f| f.rule.ends_with(".short"))
        .unwrap();
    assert_eq!(
        short.message,
        "display_name \"Ann;\" must be at most 3 characters long (inferred)"
    );
    assert_eq!(short.source, "The other page, https://pbx.example/other");
    assert!(!format!("{found:?}").contains("canary"));
}

#[test]
fn no_finding_shows_a_secret() {
    let values = [
        "canary",
        "can\u{0}ary;",
        "canary canary canary canary;",
        "<canary>",
    ];
    for value in values {
        let cells = ["2001", value, value, value, value];
        let headings = [
            "number",
            "sip_password",
            "web_password",
            "voicemail_pin",
            "twitter",
        ];
        for purpose in [Purpose::Create, Purpose::Update] {
            let found = format!("{:?}", found(&headings, &[&cells], purpose));
            assert!(!found.contains("canary"), "{found}");
        }
    }
}

#[test]
fn long_and_unprintable_values_are_shown_shortened() {
    let long = format!("a\n{}", "ü".repeat(500));
    let found = found(
        &["number", "sip_password", "caller_id"],
        &[&["2001", "Ab3defgh", &long]],
        Purpose::Create,
    );
    let message = &found[0][0].message;
    assert!(message.starts_with("caller_id \"a↵üü"), "{message}");
    assert!(message.contains("ü…\"") && message.chars().count() < 150);
}

#[test]
fn a_row_in_trouble_says_only_that_and_takes_part_in_nothing() {
    let manifest = vendor();
    let binding = bind(&manifest, &["number", "sip_password"]);
    let checker = Checker::new(&manifest, &binding);
    let trouble = Finding::new("row.short", Severity::Error, "short");
    let row = |trouble| Row {
        index: 0,
        line: 2,
        cell_breaks: 0,
        cells: Cells::new("2001", &[4]),
        trouble,
        bytes: 0..0,
    };
    let mut facts = BatchFacts::default();
    checker.collect(
        &row(Some(RowTrouble::Broken(trouble.clone()))),
        Purpose::Create,
        &mut facts,
    );
    checker.collect(&row(None), Purpose::Create, &mut facts);
    let mut collector = Collector::new();
    collector.add(facts);
    let cross_rows = collector.finish();
    let (mut findings, mut duplicates) = (Vec::new(), Vec::new());
    checker.row(
        &row(Some(RowTrouble::Broken(trouble.clone()))),
        Purpose::Create,
        Some(&cross_rows),
        &mut findings,
        &mut duplicates,
    );
    assert_eq!((findings, duplicates.len()), (vec![trouble], 0));
}

#[test]
fn control_characters_in_columns_of_no_field_are_a_warning() {
    let found = found(
        &["number", "sip_password", "colour"],
        &[&["2001", "Ab3defgh", "re\u{b}d"]],
        Purpose::Create,
    );
    assert_eq!(words(&found[0]), ["warning text.control"]);
    assert_eq!((found[0][0].field, found[0][0].column), (None, Some(2)));
}

#[test]
fn repeated_numbers_name_the_first_place() {
    let rows: &[&[&str]] = &[
        &["0042", "<generate>"],
        &["42000", "<generate>"],
        &[" 0042", "<generate>"],
        &["042000", "<generate>"],
        &["0042\t", "<generate>"],
    ];
    let found = found(&["number", "sip_password"], rows, Purpose::Create);
    let duplicate = "number \"0042\" is taken already, by staff.csv:2 (cell A2)";
    // 0042 is less than the least number.
    let words: Vec<Vec<String>> = found.iter().map(|findings| words(findings)).collect();
    let range = "error number.range".to_owned();
    let twice = "error duplicate_number".to_owned();
    let zeros = "warning number.zeros".to_owned();
    assert_eq!(
        words,
        [
            vec![range.clone()],
            vec![zeros.clone()],
            vec![range.clone(), twice.clone()],
            vec![zeros],
            vec![range, twice]
        ]
    );
    assert_eq!(found[2][1].message, duplicate);
    assert_eq!(found[4][1].message, duplicate);
}

#[test]
fn numbers_that_differ_by_zeros_alone_are_told() {
    let told = |numbers: &[&'static str]| {
        let rows: Vec<[&str; 2]> = numbers
            .iter()
            .map(|number| [*number, "<generate>"])
            .collect();
        let rows: Vec<&[&str]> = rows.iter().map(<[&str; 2]>::as_slice).collect();
        let found = found(&["number", "sip_password"], &rows, Purpose::Create);
        let zeros = found.iter().map(|findings| {
            let mut findings = findings.iter();
            findings.any(|finding| finding.rule == "number.zeros")
        });
        zeros.collect::<Vec<_>>()
    };
    assert_eq!(told(&["0142", "142", "2001"]), [true, true, false]);
    assert_eq!(told(&["00142", "142", "0142"]), [true; 3]);
    assert_eq!(told(&["0100", "1000", "00100"]), [true, false, true]);
    // Each page of the numbers that are kept as bits.
    assert_eq!(told(&["01999999", "1999999"]), [true; 2]);
    assert_eq!(told(&["0142", "1420", "2142"]), [false; 3]);
}

#[test]
fn a_password_of_all_rows_is_told_once() {
    let told = |passwords: &[&str]| {
        let numbers: Vec<String> = (2001..)
            .take(passwords.len())
            .map(|n| n.to_string())
            .collect();
        let rows: Vec<[&str; 2]> = numbers
            .iter()
            .zip(passwords)
            .map(|(number, password)| [number.as_str(), password])
            .collect();
        let rows: Vec<&[&str]> = rows.iter().map(<[&str; 2]>::as_slice).collect();
        let found = found(&["number", "sip_password"], &rows, Purpose::Create);
        found
            .iter()
            .map(|findings| words(findings))
            .collect::<Vec<_>>()
    };
    let shared = "warning sip_password.shared";
    assert_eq!(told(&["Ab3defgh"; 3]), [vec![shared], vec![], vec![]]);
    assert_eq!(told(&["<generate>"; 3]), [vec![""; 0], vec![], vec![]]);
    assert_eq!(
        told(&["Ab3defgh", "Ab3defgh", "Ab3defgi"]),
        [vec![""; 0], vec![], vec![]]
    );
}

#[test]
fn long_numbers_and_names_repeat_exactly() {
    let numbers = [
        "12345678901234567",
        "123456789012345678",
        "99999999999999999",
        "1234567890123456789012345",
        "1234567890123456789012346",
        "ann",
        "Ann",
        "123456789",
        "0123456789",
    ];
    for repeated in numbers {
        let mut rows: Vec<[&str; 2]> = numbers.map(|number| [number, "<generate>"]).into();
        rows.push([repeated, "<generate>"]);
        let rows: Vec<&[&str]> = rows.iter().map(|row| row.as_slice()).collect();
        let found = found(&["number", "sip_password"], &rows, Purpose::Create);
        let twice: Vec<usize> = found
            .iter()
            .enumerate()
            .filter(|(_, findings)| words(findings).contains(&"error duplicate_number".into()))
            .map(|(row, _)| row)
            .collect();
        assert_eq!(twice, [numbers.len()], "{repeated}");
    }
}

#[test]
fn addresses_repeat_without_regard_to_case() {
    let rows: &[&[&str]] = &[
        &["2001", "<generate>", "ann@pbx.example"],
        &["2002", "<generate>", ""],
        &["2003", "<generate>", "Ann@PBX.example "],
        &["2004", "<generate>", ""],
        &["2005", "<generate>", "bob@pbx.example"],
    ];
    let found = found(&["number", "sip_password", "email"], rows, Purpose::Create);
    let words: Vec<String> = found.iter().flat_map(|findings| words(findings)).collect();
    assert_eq!(words, ["error duplicate_email"]);
    assert!(found[2][0].message.contains("staff.csv:2 (cell C2)"));
}

/// A PBX that does not tell 1a from 1A among its boxes has one for both rows; without a PIN a row has none.
#[test]
fn boxes_repeat_without_regard_to_case() {
    let rows: &[&[&str]] = &[
        &["1a", "<generate>", "4711"],
        &["1b", "<generate>", "4711"],
        &["1A", "<generate>", "4712"],
        &["1B", "<generate>", ""],
        &["2001", "<generate>", "4713"],
    ];
    let found = found(
        &["number", "sip_password", "voicemail_pin"],
        rows,
        Purpose::Create,
    );
    let about = |row: usize| {
        let mut findings = found[row].iter();
        findings.find(|finding| finding.rule == "mailbox_case")
    };
    for row in [0, 1, 3, 4] {
        assert!(about(row).is_none(), "{row}");
    }
    let message = &about(2).unwrap().message;
    assert!(message.contains("staff.csv:2 (cell C2)"), "{message}");
}

/// Returns the messages about rows that forward, given as `number → target` pairs.
fn forwards(pairs: &[(&str, &str)], on_pbx: Option<&[&str]>) -> Vec<String> {
    let headings = [
        "number",
        "sip_password",
        "forward_busy",
        "forward_busy_to",
        "forward_busy_extension",
    ];
    let rows: Vec<[&str; 5]> = pairs
        .iter()
        .map(|(number, to)| {
            if to.is_empty() {
                [number, "<generate>", "", "", ""]
            } else {
                [number, "<generate>", "on", "extension", to]
            }
        })
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(|row| row.as_slice()).collect();
    let found = found_with(&headings, &rows, Purpose::Create, on_pbx);
    let mut said = Vec::new();
    for (findings, (number, _)) in found.iter().zip(pairs) {
        for finding in findings {
            said.push(format!(
                "{number}: {} {}",
                finding.severity.word(),
                finding.message
            ));
        }
    }
    said
}

#[test]
fn forwards_to_nobody_weigh_more_when_the_pbx_was_asked() {
    let rows = [("2001", "2002"), ("2002", ""), ("2003", "9999")];
    assert_eq!(
        forwards(&rows, None),
        ["2003: warning forward_busy_extension \"9999\" is not in the sheet"]
    );
    assert_eq!(
        forwards(&rows, Some(&["1"])),
        ["2003: error forward_busy_extension \"9999\" is neither in the sheet nor on the PBX"]
    );
    assert!(forwards(&rows, Some(&["9999"])).is_empty());
    assert_eq!(forwards(&rows, Some(&["09999"])).len(), 1);
}

#[test]
fn loops_are_named_whole_for_each_row_in_them() {
    let rows = [
        ("2000", "2001"),
        ("2001", "2002"),
        ("2002", "2003"),
        ("2003", "2001"),
        ("2004", "2005"),
        ("2005", "2004"),
        ("2006", "2007"),
        ("2007", ""),
    ];
    let back = "error forwards lead back to where they began:";
    assert_eq!(
        forwards(&rows, None),
        [
            format!("2001: {back} 2001 → 2002 → 2003 → 2001"),
            format!("2002: {back} 2002 → 2003 → 2001 → 2002"),
            format!("2003: {back} 2003 → 2001 → 2002 → 2003"),
            format!("2004: {back} 2004 → 2005 → 2004"),
            format!("2005: {back} 2005 → 2004 → 2005"),
        ]
    );
}

#[test]
fn loops_of_any_length_are_found_and_named_shortly() {
    let numbers: Vec<String> = (0..5000).map(|n| format!("{:05}", n + 10_000)).collect();
    let next = |n: usize| numbers[(n + 1) % numbers.len()].as_str();
    let ring: Vec<(&str, &str)> = numbers
        .iter()
        .enumerate()
        .map(|(n, number)| (number.as_str(), next(n)))
        .collect();
    let said = forwards(&ring, None);
    assert_eq!(said.len(), 5000);
    assert!(said[0].contains("10000 → 10001 →") && said[0].ends_with("→ … → 10000"));
    // The same without its last link is no loop.
    assert!(forwards(&ring[..4999], Some(&["14999"])).is_empty());
}

#[test]
fn an_extension_is_checked_by_the_same_rules() {
    let manifest = vendor();
    let checker = Checker::without_sheet(&manifest);
    let check = |pairs: &[(Field, &str)], purpose| {
        let mut extension = Record::default();
        for (field, text) in pairs {
            extension.set(*field, *text);
        }
        let mut findings = Vec::new();
        checker.extension(&extension, purpose, &mut findings);
        words(&findings)
    };
    let number = (Field::NUMBER, "2001");
    assert_eq!(
        check(
            &[number, (Field::EMAIL, "ann"), (Field::TWITTER, "x")],
            Purpose::Create
        ),
        [
            "error sip_password.required",
            "error email.email",
            "warning twitter.not_supported"
        ]
    );
    assert_eq!(
        check(&[number, (Field::SIP_PASSWORD, "")], Purpose::Update),
        ["error sip_password.not_blank"]
    );
    assert_eq!(
        check(&[number, (Field::MOBILITY, "on")], Purpose::Update),
        Vec::<String>::new()
    );
    assert_eq!(check(&[], Purpose::Update), ["error number.required"]);
}

#[test]
fn what_the_pbx_holds_counts_after_merging() {
    let manifest = vendor();
    let checker = Checker::without_sheet(&manifest);
    let merged = |wanted: &[(Field, &str)], current: &[(Field, &str)]| {
        let extension = |pairs: &[(Field, &str)]| {
            let mut extension = Record::numbered("2001");
            for (field, text) in pairs {
                extension.set(*field, *text);
            }
            extension
        };
        let mut findings = Vec::new();
        checker.merged(&extension(wanted), &extension(current), &mut findings);
        words(&findings)
    };
    let mobility = (Field::MOBILITY, "on");
    let mobile = (Field::MOBILE, "0171");
    let breach = ["error mobility_needs_mobile"];
    assert_eq!(merged(&[mobility], &[]), breach);
    assert!(merged(&[mobility], &[mobile]).is_empty());
    assert_eq!(merged(&[(Field::MOBILE, "")], &[mobility, mobile]), breach);
    // A mistake that was there before and is not touched is no row's finding.
    assert!(merged(&[(Field::EMAIL, "a@b.example")], &[mobility]).is_empty());
    // The PBX does not give the PIN back: it may be there.
    assert!(merged(&[(Field::VOICEMAIL_PIN_REQUIRED, "on")], &[]).is_empty());
}

#[test]
fn a_word_that_says_what_to_do_is_no_password() {
    for text in [
        "REGEN",
        "unverändert",
        "generieren",
        "auto",
        "siehe Tresor",
        "wie bisher",
        "changeme",
        "bleibt",
        "s.o.",
        "dito",
        "ja",
        "nein",
        "yes",
        "inchangé",
        "sin cambios",
        "invariato",
        "ongewijzigd",
        "sem alteração",
        "bez zmian",
        "aynı",
    ] {
        on_create(
            &[("sip_password", text)],
            &["error sip_password.instruction"],
        );
    }
    on_create(&[("sip_password", "Neuland7")], &[]);
}

/// Beside a number that may be a caller ID too, any name may stand; else one that looks like a number would be taken for it.
#[test]
fn a_name_that_the_pbx_would_take_for_a_number_needs_a_caller_id() {
    let manifest = Manifest::parse(include_str!("../vendors/asterisk/vendor.toml")).unwrap();
    let checker = Checker::without_sheet(&manifest);
    let breaks = |number: &str, name: &str, caller_id: Option<&str>, purpose: Purpose| {
        let mut row = Record::numbered(number);
        row.set(Field::SIP_PASSWORD, "Kq7WzP3xVn9T");
        row.set(Field::DISPLAY_NAME, name);
        if let Some(caller_id) = caller_id {
            row.set(Field::CALLER_ID, caller_id);
        }
        let mut findings = vec![];
        checker.extension(&row, purpose, &mut findings);
        findings
            .iter()
            .any(|finding| finding.rule.contains("name_is_number"))
    };
    for name in ["12345", "+49 (30) 12-34", "030 1234", "555.1234"] {
        assert!(breaks("24-03", name, None, Purpose::Create), "{name}");
        assert!(
            !breaks("24-03", name, Some("2403"), Purpose::Create),
            "{name}"
        );
        assert!(!breaks("2403", name, None, Purpose::Create), "{name}");
        // The extension may have a caller ID by then.
        assert!(!breaks("24-03", name, None, Purpose::Update), "{name}");
    }
    for name in ["Room 5", "11.", "Bo \"Jo\" Lund", "Ann > Bo"] {
        assert!(!breaks("24-03", name, None, Purpose::Create), "{name}");
    }
    for name in [
        "Ann <5>",
        "\"Ann\"",
        "\"Ann",
        "Back\\slash",
        "Ann > Bo <",
        "<unknown>",
        "unknown",
    ] {
        assert!(breaks("24-03", name, None, Purpose::Create), "{name}");
        assert!(!breaks("2403", name, None, Purpose::Create), "{name}");
    }
}

#[test]
fn a_finding_about_another_field_does_not_show_the_rows_secret() {
    const SECRET: &str = "Kq7WzP3xVn9T";
    let manifest = Manifest::parse(include_str!("../vendors/asterisk/vendor.toml")).unwrap();
    let checker = Checker::without_sheet(&manifest);
    for field in [Field::MAX_REGISTRATIONS, Field::VOICEMAIL, Field::CALLER_ID] {
        let mut row = Record::numbered("2001");
        row.set(Field::SIP_PASSWORD, SECRET);
        row.set(field, format!("x{SECRET} y").to_lowercase());
        let mut findings = vec![];
        checker.extension(&row, Purpose::Create, &mut findings);
        let told = format!("{findings:?}").to_lowercase();
        assert!(!told.contains(&SECRET.to_lowercase()), "{told}");
        assert!(told.contains(NOT_SHOWN), "{told}");
    }
}
