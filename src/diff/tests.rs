//! Planted differences, each reported once and in its words.

use super::*;
use crate::model::Language;
use crate::random::Random;

fn side(fields: &[Field], rows: &[(&str, &[&str])]) -> Side {
    let columns = fields
        .iter()
        .map(|field| ComparedColumn::Value(*field))
        .collect();
    let mut side = Side::new(columns, None);
    for (number, cells) in rows {
        side.add(number, cells.iter().copied()).unwrap();
    }
    side
}

fn lines(before: &Side, after: &Side) -> Vec<String> {
    let comparison = compare(before, after, None);
    let differences = comparison.differences.iter();
    differences
        .map(|difference| comparison.line(difference, Language::English))
        .collect()
}

/// The words about one extension whose fields change from one text to another.
fn changed_lines(fields: &[(Field, &str, &str)]) -> String {
    let names: Vec<Field> = fields.iter().map(|(field, ..)| *field).collect();
    let then: Vec<&str> = fields.iter().map(|(_, then, _)| *then).collect();
    let now: Vec<&str> = fields.iter().map(|(.., now)| *now).collect();
    let (before, after) = (
        side(&names, &[("0042", &then)]),
        side(&names, &[("0042", &now)]),
    );
    let mut lines = lines(&before, &after);
    assert!(lines.len() <= 1, "{lines:?}");
    let line = lines.pop().unwrap_or_default();
    line.trim_start_matches("0042: ").to_owned()
}

/// A blank cell leaves what a new extension has, and a switch off; it is no value that was taken away. A PBX that has nothing
/// where a sheet names the same does differ.
#[test]
fn a_blank_cell_of_a_sheet_does_not_differ_from_what_a_new_extension_has() {
    let fields = [
        Field::MAX_REGISTRATIONS,
        Field::CALLER_ID,
        Field::VOICEMAIL,
        Field::LANGUAGE,
    ];
    let facts = Manifest::parse(include_str!("../vendors/asterisk/vendor.toml")).unwrap();
    let manifest: Option<&'static Manifest> = Some(Box::leak(Box::new(facts)));
    let with = |rows: &[(&str, &[&str])]| Side {
        manifest,
        ..side(&fields, rows)
    };
    let sheet = with(&[("2001", &["", "", "", ""]), ("2002", &["1", "", "on", ""])]);
    let pbx = with(&[
        ("2001", &["1", "2001", "off", ""]),
        ("2002", &["", "77", "", "de"]),
    ])
    .of_pbx();
    for (before, after) in [(&sheet, &pbx), (&pbx, &sheet)] {
        let comparison = compare(before, after, None);
        let numbers: Vec<&str> = comparison
            .differences
            .iter()
            .map(Difference::number)
            .collect();
        assert_eq!(numbers, ["2002"]);
        let left = [Field::CALLER_ID, Field::MAX_REGISTRATIONS, Field::VOICEMAIL];
        assert_eq!(comparison.left_blank(), left);
        let fields = &comparison.differences[0].fields;
        assert_eq!(fields.len(), 4, "{fields:?}");
    }
}

/// A PBX that does not tell a secret of an extension may hold it.
#[test]
fn what_a_pbx_did_not_tell_is_not_compared() {
    let fields = [Field::DISPLAY_NAME, Field::SIP_PASSWORD];
    let told = side(
        &fields,
        &[
            ("2001", &["Ann", "canary-1"]),
            ("2002", &["Bo", "canary-2"]),
        ],
    );
    let mut pbx = side(&fields, &[]).of_pbx();
    pbx.add("2001", ["Ann", ""]).unwrap();
    pbx.leaves_untold([Field::SIP_PASSWORD].into_iter());
    pbx.add("2002", ["Bob", ""]).unwrap();
    for (before, after) in [(&told, &pbx), (&pbx, &told)] {
        let comparison = compare(before, after, None);
        let differing = comparison.differences.iter();
        let differing: Vec<_> = differing.map(|one| (one.number(), &*one.fields)).collect();
        assert_eq!(differing, [("2002", &fields[..])]);
        assert_eq!(comparison.untold(), [Field::SIP_PASSWORD]);
    }
    assert_eq!(compare(&pbx, &pbx, None).untold(), []);
}

/// A sheet has no column for what is wrong with an extension, and the PBX tells it all the same.
#[test]
fn what_is_wrong_with_an_extension_differs_from_a_side_that_does_not_say() {
    let fields = [Field::DISPLAY_NAME, Field::PARTS_OF_OTHERS];
    let sheet = side(&fields[..1], &[("2001", &["Ann"]), ("2002", &["Bo"])]);
    let pbx = side(
        &fields,
        &[("2001", &["Ann", "aor 2002"]), ("2002", &["Bo", ""])],
    );
    let added = ["2001 Ann: parts of others set to \"aor 2002\""];
    assert_eq!(lines(&sheet, &pbx), added);
    assert_eq!(lines(&pbx, &pbx), [""; 0]);
    assert_eq!(compare(&sheet, &pbx, None).only, [vec![], vec![]]);
}

#[test]
fn what_differs_is_told_in_telephone_words() {
    use Field as F;
    for (fields, words) in [
        (
            vec![
                (F::FORWARD_BUSY, "on", "on"),
                (F::FORWARD_BUSY_TO, "extension", "mobile"),
                (F::FORWARD_BUSY_EXTENSION, "0099", ""),
                (F::SIP_PASSWORD, "canary-1", "canary-2"),
            ],
            "forward on busy 0099 → mobile; SIP secret changed",
        ),
        (
            vec![
                (F::FORWARD_BUSY, "off", "on"),
                (F::FORWARD_BUSY_TO, "voicemail", "voicemail"),
            ],
            "forward on busy off → voicemail",
        ),
        (
            vec![
                (F::FORWARD_ALWAYS, "on", "off"),
                (F::FORWARD_ALWAYS_TO, "number", ""),
                (F::FORWARD_ALWAYS_PREFIX, "9", ""),
                (F::FORWARD_ALWAYS_NUMBER, "0301234567", ""),
            ],
            "forward always 0301234567 with prefix 9 → off",
        ),
        // A part of a forward without a phrase of its own gets one.
        (
            vec![
                (F::FORWARD_BUSY, "off", "off"),
                (F::FORWARD_BUSY_TO, "voicemail", "mobile"),
                (F::FORWARD_BUSY_NUMBER, "030", "031"),
            ],
            "forward on busy to voicemail → mobile; forward on busy number 030 → 031",
        ),
        (
            vec![
                (F::FORWARD_BUSY_TO, "extension", "voicemail"),
                (F::FORWARD_BUSY_EXTENSION, "0099", "0099"),
                (F::FORWARD_BUSY_NUMBER, "030", "031"),
            ],
            "forward on busy 0099 → voicemail; forward on busy number 030 → 031",
        ),
        (
            vec![
                (F::FORWARD_BUSY, "", "on"),
                (F::FORWARD_BUSY_TO, "mobile", "mobile"),
            ],
            "forward on busy set to on",
        ),
        (
            vec![(F::FORWARD_NO_ANSWER_AFTER, "20", "30")],
            "forward on no answer after 20 s → 30 s",
        ),
        (
            vec![
                (F::FORWARD_OFFLINE_OFFICE_HOURS_TO, "", "extension"),
                (F::FORWARD_OFFLINE_OFFICE_HOURS_NUMBER, "", "0099"),
            ],
            "forward while offline in office hours set to 0099",
        ),
        (vec![(F::VOICEMAIL, "yes", "off")], "voicemail on → off"),
        (vec![(F::VOICEMAIL_PIN, "", "0815")], "voicemail PIN set"),
        (
            vec![(F::VOICEMAIL_PIN, "0815", "<clear>")],
            "voicemail PIN cleared",
        ),
        (
            vec![(F::GROUPS, "Support; Front desk;B", "B;Sales;Support")],
            "groups: + Sales, − \"Front desk\"",
        ),
        (
            vec![(F::DISPLAY_NAME, "Ann Miller", "Ann Meyer")],
            "name \"Ann Miller\" → \"Ann Meyer\"",
        ),
        (vec![(F::MOBILE, "", "0170")], "mobile set to 0170"),
        (vec![(F::MOBILE, "0170", " ")], "mobile 0170 cleared"),
        (
            vec![(F::MAX_CALL_SECONDS, "follow_system", "3600")],
            "longest call follow_system → 3600 s",
        ),
        (
            vec![
                (F::MONDAY_FROM, "9:00", "08:00"),
                (F::MONDAY_TO, "17:00", "17:00"),
            ],
            "Monday hours 09:00–17:00 → 08:00–17:00",
        ),
        // The same in another form is no difference.
        (
            vec![
                (F::VOICEMAIL, "ja", "TRUE"),
                (F::MONDAY_FROM, "9:00", "09:00"),
            ],
            "",
        ),
        (
            vec![
                (F::GROUPS, "A;B", "B; A"),
                (F::MONITOR_MODE, "Barge-in", "barge_in"),
            ],
            "",
        ),
        (vec![(F::SIP_PASSWORD, "x", "<generate>")], ""),
        (vec![(F::EMAIL, "", " "), (F::MOBILE, "<clear>", "")], ""),
    ] {
        let line = changed_lines(&fields);
        let line = line.trim_start_matches("0042 \"Ann Meyer\": ");
        let line = line.trim_start_matches("0042 Ann Meyer: ");
        assert_eq!(line, words);
    }
}

#[test]
fn a_line_stays_one_line_whatever_stands_in_it() {
    let names = [Field::DISPLAY_NAME, Field::DESCRIPTION];
    let long = "x".repeat(70);
    for (name, shows) in [
        ("Ann\n0043 Lund: removed", "↵"),
        ("\u{202e}nnA", "\\u{202e}"),
        ("\u{1b}[2J", "\\u{1b}"),
        ("a\u{2028}b", "\\u{2028}"),
        (&long, "xxx…"),
    ] {
        let before = side(&names, &[("0042", &["Ann", "=cmd|' /C calc'!A0"])]);
        let after = side(&names, &[("0042", &[name, "\r\n"])]);
        let line = lines(&before, &after).remove(0);
        assert!(line.contains(shows), "{line}");
        assert!(
            !line
                .chars()
                .any(|c| c.is_control() || c == '\u{202e}' || c == '\u{2028}')
        );
    }
    // Beyond the shown part.
    let (one, other) = (format!("{long}1"), format!("{long}2"));
    assert_eq!(
        changed_lines(&[(Field::DESCRIPTION, &one, &other)]),
        "description changed"
    );
}

#[test]
fn only_what_both_sides_tell_is_compared() {
    let before = side(&[Field::EMAIL, Field::MOBILE], &[("1", &["a@b.c", "0170"])]);
    let after = side(&[Field::MOBILE, Field::NAT], &[("1", &["0170", "on"])]);
    let comparison = compare(&before, &after, None);
    assert_eq!(comparison.only, [vec![Field::EMAIL], vec![Field::NAT]]);
    assert_eq!(comparison.fields().collect::<Vec<_>>(), [Field::MOBILE]);
    assert!(comparison.differences.is_empty());
}

#[test]
fn a_number_twice_is_refused_with_the_first_one() {
    let mut side = side(&[Field::EMAIL], &[("1", &["a"]), ("2", &["b"])]);
    assert_eq!(side.add("2", ["c"]), Err(1));
    assert_eq!((side.len(), side.cell(1, 1)), (2, "b"));
}

fn secrets(column: ComparedColumn, cells: &[&str]) -> Side {
    let mut side = Side::new(vec![column], None);
    for (row, cell) in cells.iter().enumerate() {
        side.add(&format!("{row}"), [*cell]).unwrap();
    }
    side
}

#[test]
fn secrets_are_compared_in_the_clear_or_by_fingerprint_and_never_shown() {
    let values = |cells: &[&str]| secrets(ComparedColumn::Value(Field::SIP_PASSWORD), cells);
    let prints = |cells: &[&str]| secrets(ComparedColumn::Fingerprint(Field::SIP_PASSWORD), cells);
    let key = |number: &str, field: Field, text: &str| format!("{number}/{}/{text}", field.name());
    let expected = [
        "1: SIP secret changed",
        "2: SIP secret set",
        "3: SIP secret cleared",
    ];
    let then = ["same", "canary-1", "", "canary-3", ""];
    let now = ["same", "canary-2", "canary-2", "", " "];
    let made = |cells: [&str; 5]| -> Vec<String> {
        let cells = cells.iter().enumerate();
        let made = cells.map(|(row, cell)| match cell.trim() {
            "" => String::new(),
            cell => key(&row.to_string(), Field::SIP_PASSWORD, cell),
        });
        made.collect()
    };
    let (then_made, now_made) = (made(then), made(now));
    let [then_made, now_made] =
        [&then_made, &now_made].map(|made| made.iter().map(String::as_str).collect::<Vec<_>>());
    for (before, after) in [
        (values(&then), values(&now)),
        (prints(&then_made), prints(&now_made)),
        (values(&then), prints(&now_made)),
        (prints(&then_made), values(&now)),
    ] {
        let comparison = compare(&before, &after, Some(&key));
        let told: Vec<String> = comparison
            .differences
            .iter()
            .map(|difference| comparison.line(difference, Language::English))
            .collect();
        assert_eq!(told, expected);
        for difference in &comparison.differences {
            let rows = comparison.rows(difference, None);
            assert!(!format!("{rows:?}").contains("canary"), "{rows:?}");
        }
    }
    let (before, after) = (values(&then), prints(&now_made));
    let other_key = |number: &str, _: Field, text: &str| format!("{text}/{number}");
    for fingerprint in [None, Some(&other_key as Fingerprint<'_>)] {
        let comparison = compare(&before, &after, fingerprint);
        assert_eq!(comparison.unlike, [Field::SIP_PASSWORD]);
        assert!(comparison.differences.is_empty());
    }
    let (before, after) = (prints(&["a", "b", ""]), prints(&["c", "d", ""]));
    let comparison = compare(&before, &after, None);
    assert_eq!(comparison.all_differ, [Field::SIP_PASSWORD]);
    assert_eq!(comparison.differences.len(), 2);
    let (before, after) = (before.made_with("one"), after.made_with("two"));
    let comparison = compare(&before, &after, None);
    assert_eq!(comparison.other_key, [Field::SIP_PASSWORD]);
    assert!(comparison.differences.is_empty());
}

#[test]
fn a_fingerprint_says_nothing_under_another_number() {
    let made = |number: &str, text: &str| format!("{number}/{text}");
    let key = |number: &str, _: Field, text: &str| made(number, text);
    let side = |rows: [(&str, &str); 2], secret: ComparedColumn| {
        let columns = [Field::DISPLAY_NAME, Field::EMAIL].map(ComparedColumn::Value);
        let mut side = Side::new([&columns[..], &[secret]].concat(), None);
        for (number, text) in rows {
            let name = if text.contains("stays") { "Bo" } else { "Ann" };
            let email = format!("{name}@a.example");
            side.add(number, [name, &email, text]).unwrap();
        }
        side
    };
    let value = ComparedColumn::Value(Field::SIP_PASSWORD);
    let print = ComparedColumn::Fingerprint(Field::SIP_PASSWORD);
    let line = |before: &Side, after: &Side| {
        let comparison = compare(before, after, Some(&key));
        assert_eq!(comparison.differences.len(), 1);
        comparison.line(&comparison.differences[0], Language::English)
    };
    let prints = |number: &str, secret: &str| {
        let rows = [("1", made("1", "stays")), (number, made(number, secret))];
        side([(rows[0].0, &rows[0].1), (rows[1].0, &rows[1].1)], print)
    };
    let before = prints("42", "same");
    let plain = side([("1", "stays"), ("42", "same")], value);
    let renumbered = "42 Ann: renumbered to 72";
    assert_eq!(line(&before, &prints("72", "same")), renumbered);
    assert_eq!(line(&before, &prints("72", "other")), renumbered);
    let after = prints("72", "other");
    assert_eq!(
        compare(&before, &after, None).unknown_secrets(),
        [Field::SIP_PASSWORD]
    );
    assert!(
        compare(&plain, &after, Some(&key))
            .unknown_secrets()
            .is_empty()
    );
    // With the value at hand the change is certain.
    assert_eq!(line(&plain, &prints("72", "same")), renumbered);
    let told = format!("{renumbered}; SIP secret changed");
    assert_eq!(line(&plain, &prints("72", "other")), told);
}

const PERSON: [Field; 4] = [
    Field::DISPLAY_NAME,
    Field::EMAIL,
    Field::SIP_AUTH_NAME,
    Field::RING_TIMEOUT,
];

fn people(rows: &[(&str, [&str; 4])]) -> Side {
    let rows: Vec<(&str, &[&str])> = rows
        .iter()
        .map(|(number, cells)| (*number, &cells[..]))
        .collect();
    side(&PERSON, &rows)
}

#[test]
fn one_extension_under_two_numbers_is_renumbered() {
    let before = people(&[
        ("0042", ["Ann Miller", "ann@a.example", "0042", "20"]),
        ("0043", ["Bo Lund", "bo@a.example", "0043", "20"]),
    ]);
    let after = people(&[
        ("72042", ["Ann Miller", "ann@a.example", "72042", "30"]),
        ("0043", ["Bo Lund", "bo@a.example", "0043", "20"]),
    ]);
    assert_eq!(
        lines(&before, &after),
        ["0042 Ann Miller: renumbered to 72042; ring time 20 s → 30 s"]
    );
    let comparison = compare(&before, &after, None);
    let rows = comparison.rows(&comparison.differences[0], None);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows[0][..6],
        [
            "renumbered",
            "0042",
            "Ann Miller",
            "number",
            "0042",
            "72042"
        ]
    );
    assert_eq!(
        rows[1][..6],
        ["changed", "0042", "Ann Miller", "ring_timeout", "20", "30"]
    );
}

#[test]
fn where_it_may_be_another_one_it_is_removed_and_added() {
    let ann = ["Ann Miller", "ann@a.example", "0042", "20"];
    type Table = Vec<(&'static str, [&'static str; 4])>;
    let cases: [(&str, Table, Table); 8] = [
        (
            "another name",
            vec![("1", ann)],
            vec![("2", ["Ann Meyer", ann[1], "", "20"])],
        ),
        (
            "another address",
            vec![("1", ann)],
            vec![("2", [ann[0], "a@a.example", "0042", "20"])],
        ),
        (
            "an address is gone",
            vec![("1", ann)],
            vec![("2", [ann[0], "", "0042", "20"])],
        ),
        (
            "a name alone",
            vec![("1", ["Ann", "", "1", "20"])],
            vec![("2", ["Ann", "", "2", "20"])],
        ),
        (
            "an address alone",
            vec![("1", ["", "it@a.b", "", ""])],
            vec![("2", ["", "it@a.b", "", ""])],
        ),
        ("two went", vec![("1", ann), ("3", ann)], vec![("2", ann)]),
        ("two came", vec![("1", ann)], vec![("2", ann), ("3", ann)]),
        (
            "another one stayed",
            vec![("1", ann), ("9", ann)],
            vec![("2", ann), ("9", ann)],
        ),
    ];
    for (name, before, after) in cases {
        let told = lines(&people(&before), &people(&after));
        assert!(
            told.iter().all(|line| !line.contains("renumbered")),
            "{name}: {told:?}"
        );
        assert!(
            told.iter().any(|line| line.ends_with(": removed")),
            "{name}"
        );
        assert!(told.iter().any(|line| line.ends_with(": added")), "{name}");
    }
}

/// Each field that changes, however it changes, is in exactly one phrase and has exactly one line in the table.
#[test]
fn every_field_that_differs_is_told_once() {
    let mut random = Random::from_environment_or("DIFF_SEED", 7);
    let fields: Vec<Field> = Field::all()
        .filter(|field| *field != Field::NUMBER && !field.is_live())
        .collect();
    let texts = [
        "",
        "on",
        "off",
        "voicemail",
        "extension",
        "number",
        "mobile",
        "9",
        "0042",
        "A;B",
        "B",
    ];
    for _ in 0..3000 {
        let row = |random: &mut Random| -> Vec<&str> {
            fields
                .iter()
                .map(|_| texts[random.below(texts.len())])
                .collect()
        };
        let then = row(&mut random);
        let mut now = then.clone();
        for _ in 0..=random.below(6) {
            now[random.below(fields.len())] = texts[random.below(texts.len())];
        }
        let (before, after) = (
            side(&fields, &[("1", &then)]),
            side(&fields, &[("1", &now)]),
        );
        let comparison = compare(&before, &after, None);
        let expected: Vec<Field> = (0..fields.len())
            .filter(|at| then[*at] != now[*at])
            .map(|at| fields[at])
            .collect();
        let Some(difference) = comparison.differences.first() else {
            assert!(expected.is_empty());
            continue;
        };
        let rows = comparison.rows(difference, None);
        let mut told: Vec<&str> = rows.iter().map(|row| row[3].as_str()).collect();
        told.sort_unstable();
        let mut names: Vec<&str> = expected.iter().map(|field| field.name()).collect();
        names.sort_unstable();
        assert_eq!(told, names);
        for row in &rows {
            assert!(!row[6].is_empty() && !row[6].ends_with(": "), "{row:?}");
        }
    }
}
