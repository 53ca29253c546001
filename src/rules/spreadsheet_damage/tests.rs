//! Damaged values of every kind, and clean ones that must not be taken for damaged.

use super::super::{BatchFacts, Checker, Collector};
use super::*;
use crate::columns::{BindOptions, Binding};
use crate::manifest::{Manifest, Purpose};
use crate::model::Finding;
use crate::random::Random;
use crate::sheet::Cells;
use crate::sheet::Row;

const OPENVOX: &str = include_str!("../../vendors/openvox/vendor.toml");
const PORTSIP: &str = include_str!("../../vendors/portsip/vendor.toml");

/// Returns the findings about damage in rows under these headings.
fn said(vendor: &str, headings: &[&str], rows: &[Vec<String>]) -> Vec<Vec<Finding>> {
    let manifest = Manifest::parse(vendor).unwrap();
    let headings: Vec<String> = headings.iter().map(|h| (*h).to_owned()).collect();
    let options = BindOptions::default();
    let binding = Binding::bind(&headings, &manifest, &[&manifest], &options).unwrap();
    let checker = Checker::new(&manifest, &binding);
    let all = |each: &mut dyn FnMut(Row<'_>)| {
        for (line, row) in (2..).zip(rows) {
            let ends: Vec<usize> = row
                .iter()
                .scan(0, |end, cell| {
                    *end += cell.len();
                    Some(*end)
                })
                .collect();
            each(Row {
                index: line - 2,
                line,
                cell_breaks: 0,
                cells: Cells::new(&row.concat(), &ends),
                trouble: None,
                bytes: 0..0,
            });
        }
    };
    let (mut collector, mut facts) = (Collector::new(), BatchFacts::default());
    all(&mut |row| checker.collect(&row, Purpose::Create, &mut facts));
    collector.add(facts);
    let cross_rows = collector.finish();
    let mut said = Vec::new();
    all(&mut |row| {
        let (mut findings, mut duplicates) = (vec![], vec![]);
        let cross_rows = Some(&cross_rows);
        checker.row(
            &row,
            Purpose::Create,
            cross_rows,
            &mut findings,
            &mut duplicates,
        );
        findings.retain(|finding| {
            finding.rule.starts_with("damage.") || finding.rule.starts_with("text.")
        });
        said.push(findings);
    });
    said
}

/// Returns the message about one value, and the value that it is repaired to.
fn of_value(field: &str, value: &str) -> Vec<(String, Option<String>)> {
    let (headings, row) = match field {
        "number" => (vec!["number"], vec![value.to_owned()]),
        _ => (
            vec!["number", field],
            vec!["2001".to_owned(), value.to_owned()],
        ),
    };
    let found = said(OPENVOX, &headings, &[row]).remove(0);
    let told = |finding: Finding| {
        let shows = finding.field.is_some_and(Field::is_secret)
            && (finding.message.contains(value.trim()) || finding.hint.contains(value.trim()));
        assert!(!shows, "{finding:?}");
        let repair = finding.repair.map(|repair| repair.reveal().to_owned());
        (
            format!("{} {}", finding.severity.word(), finding.rule),
            repair,
        )
    };
    found.into_iter().map(told).collect()
}

#[test]
fn damage_is_named_and_mended_where_the_original_is_certain() {
    // Field, value, message, repaired value.
    let table: &[(&str, &str, &str, Option<&str>)] = &[
        ("mobile", "4.4E+11", "error damage.exponent", None),
        ("mobile", "1,81E+10", "error damage.exponent", None),
        (
            "mobile",
            "1.8088861612E+10",
            "error damage.exponent",
            Some("18088861612"),
        ),
        (
            "mobile",
            "1,8088861612E+10",
            "error damage.exponent",
            Some("18088861612"),
        ),
        (
            "mobile",
            "1.80888616120E+10",
            "error damage.exponent",
            Some("18088861612"),
        ),
        ("mobile", "1.80888616123E+10", "error damage.exponent", None),
        (
            "mobile",
            "1.234567890123456E+15",
            "error damage.exponent",
            None,
        ),
        ("mobile", "1e11", "warning damage.exponent", None),
        ("number", "2.002E+03", "error damage.exponent", Some("2002")),
        ("number", "1E-05", "error damage.exponent", None),
        ("number", "12E5", "", None),
        ("voicemail_pin", "1.2E+05", "error damage.exponent", None),
        (
            "voicemail_pin",
            "4.8391E+04",
            "error damage.exponent",
            Some("48391"),
        ),
        ("caller_id", "4.9E+11", "warning damage.exponent", None),
        ("caller_id", "7E5", "", None),
        (
            "sip_password",
            "1.23457E+11",
            "warning damage.exponent",
            None,
        ),
        ("sip_password", "1.2E+01", "warning damage.exponent", None),
        ("sip_password", "a1E+11b", "", None),
        ("description", "4.4E+11", "", None),
        ("number", "2002.0", "error damage.decimal", Some("2002")),
        ("number", "0042,00", "error damage.decimal", Some("0042")),
        (
            "mobile",
            "+491711234567.0",
            "warning damage.decimal",
            Some("+491711234567"),
        ),
        ("number", "1234567890123456.0", "error damage.decimal", None),
        (
            "caller_id",
            "2002.0",
            "warning damage.decimal",
            Some("2002"),
        ),
        (
            "voicemail_pin",
            "4711.0",
            "error damage.decimal",
            Some("4711"),
        ),
        (
            "max_registrations",
            "3.0",
            "error damage.decimal",
            Some("3"),
        ),
        ("ring_timeout", "30.0", "error damage.decimal", Some("30")),
        ("ring_timeout", "31.0", "", None),
        ("number", "20.5", "", None),
        ("number", "2,002", "error damage.thousands", Some("2002")),
        ("number", "2.002", "error damage.thousands", Some("2002")),
        ("number", "2 002", "error damage.thousands", Some("2002")),
        ("number", "2\u{202f}002", "error text.space", Some("2002")),
        (
            "number",
            "12'345'678",
            "error damage.thousands",
            Some("12345678"),
        ),
        ("number", "12.000", "error damage.thousands", None),
        ("number", "201,202", "error damage.thousands", None),
        ("number", "2001,2002", "", None),
        (
            "voicemail_pin",
            "4,711",
            "error damage.thousands",
            Some("4711"),
        ),
        ("mobile", "501.234.567", "", None),
        (
            "mobile",
            "1,808,886,161",
            "warning damage.thousands",
            Some("1808886161"),
        ),
        ("mobile", "0171 123 456", "", None),
        ("number", "Mar-01", "error damage.date", None),
        ("number", "1. Mrz", "error damage.date", None),
        ("number", "01-Okt-26", "error damage.date", None),
        ("number", "1.3.2026", "error damage.date", None),
        ("number", "3/1/26", "error damage.date", None),
        ("number", "3/1/2026 0:00", "error damage.date", None),
        ("mobile", "2026-03-01 00:00:00", "error damage.date", None),
        ("number", "2026-03-01", "error damage.date", None),
        ("number", "2026-33-41", "", None),
        ("number", "1.2.3", "", None),
        ("mobile", "01.42.68.53.00", "", None),
        ("mobile", "030/12/34", "", None),
        ("description", "1.3.2026", "", None),
        ("number", "TRUE", "error damage.truth", None),
        ("voicemail_pin", "WAHR", "error damage.truth", None),
        ("display_name", "FALSE", "warning damage.truth", None),
        ("display_name", "FALSCH", "warning damage.truth", None),
        ("display_name", "True Love", "", None),
        ("display_name", "TRUEMAN", "", None),
        ("caller_id", "TRUE", "warning damage.truth", None),
        ("voicemail", "TRUE", "", None),
        ("description", "TRUE", "", None),
        ("display_name", "#N/A", "error damage.error_cell", None),
        ("sip_password", "#REF!", "error damage.error_cell", None),
        ("mobile", "#NAME?", "error damage.error_cell", None),
        ("email", "#NV", "error damage.error_cell", None),
        ("ring_timeout", "#BEZUG!", "error damage.error_cell", None),
        ("mobile", "########", "error damage.error_cell", None),
        ("display_name", "#1 Reception", "", None),
        ("number", "'0042", "error damage.apostrophe", Some("0042")),
        ("number", "’0042", "error text.curly_quote", Some("0042")),
        (
            "mobile",
            "'+49171123",
            "warning damage.apostrophe",
            Some("+49171123"),
        ),
        ("number", "'2002.0", "error damage.apostrophe", Some("2002")),
        ("number", "'4.4E+11", "error damage.exponent", None),
        (
            "voicemail_pin",
            "'0042",
            "error damage.apostrophe",
            Some("0042"),
        ),
        (
            "caller_id",
            "'2002",
            "warning damage.apostrophe",
            Some("2002"),
        ),
        ("display_name", "'t Hooft", "", None),
        ("sip_password", "'0042abcD", "", None),
        ("sip_password", "Ab’3defgh", "", None),
        ("number", "２００２", "error text.full_width", Some("2002")),
        ("number", "٢٠٠١", "error text.other_digit", Some("2001")),
        ("mobile", "+۴۹171", "error text.other_digit", Some("+49171")),
        ("display_name", "غرفة ٢", "", None),
        (
            "mobile",
            "＋４９171",
            "error text.full_width",
            Some("+49171"),
        ),
        (
            "voicemail_pin",
            "０042",
            "error text.full_width",
            Some("0042"),
        ),
        ("display_name", "Ｒ２Ｄ２", "warning text.full_width", None),
        ("sip_password", "Abc１２３xyz", "", None),
        (
            "mobile",
            "\u{202a}+49171123\u{202c}",
            "error text.invisible",
            Some("+49171123"),
        ),
        (
            "number",
            "20\u{200b}01",
            "error text.invisible",
            Some("2001"),
        ),
        (
            "display_name",
            "Ann\u{feff} Miller",
            "warning text.invisible",
            Some("Ann Miller"),
        ),
        ("display_name", "می\u{200c}خواهم", "", None),
        (
            "email",
            "ann@\u{ad}example.com",
            "error text.invisible",
            Some("ann@example.com"),
        ),
        (
            "sip_password",
            "Ab3\u{200b}defgh",
            "error text.invisible",
            None,
        ),
        (
            "mobile",
            "0171\u{a0}1234",
            "error text.space",
            Some("0171 1234"),
        ),
        ("number", "\u{a0}2001", "", None),
        (
            "voicemail_pin",
            "\u{a0}0042",
            "error text.space",
            Some("0042"),
        ),
        (
            "voicemail_pin",
            "00\u{200b}42",
            "error text.invisible",
            Some("0042"),
        ),
        (
            "display_name",
            "Ann\u{a0}Miller",
            "warning text.space",
            Some("Ann Miller"),
        ),
        ("display_name", "山田　太郎", "warning text.space", None),
        ("display_name", "Jürgen ", "", None),
        ("display_name", "Jürgen\u{a0}", "", None),
        ("voicemail_pin", " 0042", "error text.space", Some("0042")),
        (
            "sip_password",
            " Ab3defgh ",
            "warning text.space",
            Some("Ab3defgh"),
        ),
        ("number", "\"2002\"", "error damage.quotes", Some("2002")),
        ("number", "“2002”", "error text.curly_quote", Some("2002")),
        ("number", "'2002.0'", "error damage.quotes", Some("2002")),
        ("number", "\"Reception\"", "", None),
        ("number", "\"", "", None),
        (
            "voicemail_pin",
            "„ 0042“",
            "error text.curly_quote",
            Some("0042"),
        ),
        (
            "mobile",
            "\"0171 1234\"",
            "warning damage.quotes",
            Some("0171 1234"),
        ),
        (
            "caller_id",
            "\"2002\"",
            "warning damage.quotes",
            Some("2002"),
        ),
        ("caller_id", "\"Ann\"", "", None),
        (
            "caller_id",
            "２００２",
            "warning text.full_width",
            Some("2002"),
        ),
        (
            "max_registrations",
            "\"3\"",
            "error damage.quotes",
            Some("3"),
        ),
        ("voicemail", "\"yes\"", "error damage.quotes", Some("yes")),
        ("voicemail", "\"perhaps\"", "", None),
        ("voicemail", "VRAI", "error damage.truth", Some("on")),
        ("voicemail", "Onwaar", "error damage.truth", Some("off")),
        ("voicemail", "FALSCH", "", None),
        ("voicemail", "1.0", "error damage.decimal", Some("1")),
        ("voicemail", "0,0", "error damage.decimal", Some("0")),
        ("voicemail", "2.0", "", None),
        ("voicemail", "ｏｎ", "error text.full_width", Some("on")),
        (
            "email",
            "Ann Miller <ann@example.com>",
            "error damage.address",
            Some("ann@example.com"),
        ),
        (
            "email",
            "\"Ann\" <ann@example.com>;",
            "error damage.address",
            Some("ann@example.com"),
        ),
        (
            "email",
            "mailto:ann@example.com",
            "warning damage.address",
            Some("ann@example.com"),
        ),
        (
            "email",
            "ann@example.com;",
            "warning damage.address",
            Some("ann@example.com"),
        ),
        (
            "email",
            "\"ann@example.com\"",
            "warning damage.quotes",
            Some("ann@example.com"),
        ),
        ("email", "o'brien@example.com", "", None),
        ("email", "a@example.com;b@example.com", "", None),
        ("email", "a@example.com <b@example.com>", "", None),
        (
            "email",
            "ａｎｎ＠example.com",
            "error text.full_width",
            Some("ann@example.com"),
        ),
        ("mobile", "<clear>", "", None),
        ("mobile", " ", "", None),
    ];
    for (field, value, expected, repair) in table {
        let found = of_value(field, value);
        let all: Vec<&str> = found.iter().map(|(said, _)| said.as_str()).collect();
        let expected: Vec<&str> = expected.split_terminator('\n').collect();
        assert_eq!(all, expected, "{field} {value:?}");
        let mended = found.first().and_then(|(_, repair)| repair.as_deref());
        assert_eq!(mended, *repair, "{field} {value:?}");
        // A repaired value needs no more repair.
        if let Some(repair) = repair {
            assert_eq!(of_value(field, repair), [], "{field} {repair:?}");
        }
    }
}

#[test]
fn a_time_of_day_is_mended_as_a_spreadsheet_showed_it() {
    let of_time = |value: &str| {
        let row = vec!["2001".to_owned(), value.to_owned()];
        let found = said(PORTSIP, &["number", "monday_from"], &[row]).remove(0);
        let mut repairs = found.into_iter().map(|finding| finding.repair);
        repairs
            .next()
            .flatten()
            .map(|repair| repair.reveal().to_owned())
    };
    for (value, repair) in [
        ("09:00:00", Some("09:00")),
        ("9:00:00", Some("09:00")),
        ("9:30 AM", Some("09:30")),
        ("9:30:00 pm", Some("21:30")),
        ("12:00AM", Some("00:00")),
        ("12:05 PM", Some("12:05")),
        ("\"9:00\"", Some("9:00")),
        ("０９：００", Some("09:00")),
        // Nothing to repair, or nothing certain.
        ("9:00", None),
        ("23:59", None),
        ("09:00:30", None),
        ("13:00 PM", None),
        ("0:30 AM", None),
        ("24:00:00", None),
        ("9:75 AM", None),
        ("9 AM", None),
    ] {
        assert_eq!(of_time(value).as_deref(), repair, "{value}");
    }
}

#[test]
fn what_the_value_probably_was_is_said_but_of_secrets() {
    for (field, value, hint) in [
        ("mobile", "4.4E+11", "probably \"44??????????\""),
        ("number", "Mar-01", "probably \"3-1\""),
        ("number", "2002.0", "`rowcall fix` writes \"2002\""),
        ("voicemail_pin", "4711.0", "`rowcall fix` fixes it"),
    ] {
        let row = vec!["2001".to_owned(), value.to_owned()];
        let (headings, row) = match field {
            "number" => (vec!["number"], row[1..].to_vec()),
            _ => (vec!["number", field], row),
        };
        let found = said(OPENVOX, &headings, &[row]);
        assert!(found[0][0].hint.starts_with(hint), "{:?}", found[0][0]);
    }
    assert!(!format!("{:?}", of_pins(&["4711", "0815", "1234", "81"])).contains("0081"));
}

fn of_pins(pins: &[&str]) -> Vec<Vec<Finding>> {
    let row = |(n, pin): (u32, &&str)| vec![n.to_string(), (*pin).to_owned()];
    let rows: Vec<_> = (2001..).zip(pins).map(row).collect();
    said(OPENVOX, &["number", "voicemail_pin"], &rows)
}

/// Returns the values of a column that have findings, with their messages.
fn of_column(field: &str, values: &[String]) -> Vec<(String, String)> {
    let row = |(n, value): (u32, &String)| match field {
        "number" => vec![value.clone()],
        _ => vec![n.to_string(), value.clone()],
    };
    let rows: Vec<_> = (20_001..).zip(values).map(row).collect();
    let headings: &[&str] = match field {
        "number" => &["number"],
        _ => &["number", field],
    };
    let found = said(OPENVOX, headings, &rows);
    let told = found.into_iter().zip(values).flat_map(|(findings, value)| {
        let told = move |finding: Finding| {
            assert_eq!(finding.repair, None);
            (value.clone(), finding.rule.to_string())
        };
        findings.into_iter().map(told)
    });
    told.collect()
}

#[test]
fn what_is_lost_shows_beside_the_other_rows() {
    let of = |field: &str, values: &[&str], expected: &[(&str, &str)]| {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let found = of_column(field, &values);
        let found: Vec<_> = found
            .iter()
            .map(|(v, id)| (v.as_str(), id.as_str()))
            .collect();
        assert_eq!(found, expected, "{field} {values:?}");
    };
    let zero = "damage.lost_zero";
    let plus = "damage.lost_plus";
    of("number", &["0041", "0042", "43", "0044"], &[("43", zero)]);
    of("number", &["0041", "0042", "1044", "2045", "046"], &[]);
    of("number", &["2001", "2002", "203", "2004"], &[]);
    of("number", &["101", "0102", "103", "0104"], &[]);
    of(
        "voicemail_pin",
        &["4711", "0815", "1234", "81"],
        &[("81", zero)],
    );
    of(
        "voicemail_pin",
        &["4711", "5815", "1234", "9911", "815"],
        &[("815", zero)],
    );
    of(
        "voicemail_pin",
        &["4711", "581512", "1234", "991112", "815"],
        &[],
    );
    of(
        "mobile",
        &["01711234567", "01711234568", "1711234569", "+4915112345"],
        &[("1711234569", zero)],
    );
    of(
        "mobile",
        &[
            "+491711234567",
            "+491711234568",
            "491711234569",
            "01711234567",
        ],
        &[("491711234569", plus)],
    );
    of(
        "mobile",
        &["+49 171 1234567", "+49 171 1234568", "491711234569"],
        &[("491711234569", plus)],
    );
    of(
        "mobile",
        &[
            "+491711234567",
            "491711234568",
            "491711234569",
            "491711234560",
        ],
        &[],
    );
    of("mobile", &["+4520123456", "+4520123457", "20123458"], &[]);
    let rounded = ("1234567890123400000", "damage.rounded");
    of("mobile", &["1234567890123400000"], &[rounded]);
    of(
        "voicemail_pin",
        &["1234567890123450"],
        &[("1234567890123450", "damage.rounded")],
    );
    of(
        "voicemail_pin",
        &["1234567890123450", "1234567890123456"],
        &[],
    );
    of("voicemail_pin", &["123456789012340"], &[]);
}

#[test]
fn numbers_one_digit_short_are_proposed_with_a_zero_where_they_are_many() {
    let numbers = |short: u32| {
        let long = (0..40).map(|at| (1000 + at * 7).to_string());
        let short = (0..short).map(|at| (100 + at * 13).to_string());
        long.chain(short).collect::<Vec<String>>()
    };
    let found = of_column("number", &numbers(20));
    assert_eq!(found.len(), 20, "{found:?}");
    assert!(
        found
            .iter()
            .all(|(number, id)| number.len() == 3 && id == "damage.lost_zero")
    );
    // A few are the reception's; where they are no exception any more, they are a custom.
    assert_eq!(of_column("number", &numbers(4)), []);
    assert_eq!(of_column("number", &numbers(30)), []);
}

#[test]
fn a_name_of_several_words_in_the_place_of_a_caller_id_is_found() {
    let has_words = |text: &str| words_in_number(Field::CALLER_ID, text).is_some();
    assert!(["Ann Berg", "Berg, Ann", "Ja"].into_iter().all(has_words));
    assert!(
        !["anonymous", "2001", "a2001", "ann.berg"]
            .into_iter()
            .any(has_words)
    );
}

#[test]
fn numbers_that_lost_one_zero_or_several_are_proposed_beside_those_that_kept_theirs() {
    let numbers = |range: std::ops::Range<u32>, width: usize, loses: &dyn Fn(u32) -> bool| {
        let number = |at: u32| match loses(at) {
            true => at.to_string(),
            false => format!("{at:0>width$}"),
        };
        range.map(number).collect::<Vec<String>>()
    };
    for (numbers, lost) in [
        (numbers(1..61, 3, &|at| at % 3 == 1), 20),
        (numbers(1..61, 4, &|at| at % 3 == 0), 20),
        (numbers(1..61, 4, &|at| at % 3 == 1), 20),
        (numbers(50..110, 4, &|at| at % 3 == 1), 20),
        (numbers(50..140, 4, &|at| at % 3 == 2), 30),
        (numbers(10..22, 3, &|at| at > 16), 5),
        // A plan of numbers that begins a short one with a zero too, and one that has others.
        (numbers(1..61, 3, &|at| at == 0), 0),
        (
            [numbers(1..31, 3, &|_| false), numbers(1..9, 2, &|_| false)].concat(),
            0,
        ),
        (numbers(100..140, 3, &|_| false), 0),
    ] {
        let found = of_column("number", &numbers);
        let are_zeros = found.iter().all(|(_, id)| id == "damage.lost_zero");
        assert_eq!((found.len(), are_zeros), (lost, true), "{numbers:?}");
    }
}

#[test]
fn a_sheet_that_lost_all_its_zeros_is_seen_by_its_lengths() {
    let mut random = CellGenerator(Random::new(7));
    let pins: Vec<String> = (0..20_000)
        .map(|_| random.below(10_000).to_string())
        .collect();
    let short = pins.iter().filter(|pin| pin.len() < 4).count();
    let found = of_column("voicemail_pin", &pins);
    assert!(
        found
            .iter()
            .all(|(pin, id)| pin.len() < 4 && id == "damage.lost_zero")
    );
    assert!(found.len() * 100 > short * 95, "{} of {short}", found.len());
}

#[test]
fn a_list_where_one_value_belongs_is_an_error() {
    let manifest = Manifest::parse(PORTSIP).unwrap();
    for (field, is_wrong) in [
        (Field::SIP_PASSWORD, true),
        (Field::FIRST_NAME, true),
        (Field::MOBILE, true),
        (Field::GROUPS, false),
        (Field::DESCRIPTION, false),
    ] {
        let row = manifest.row(field).unwrap();
        let found = stored::stored(row, crate::sheet::Stored::List, "a;b");
        assert_eq!(found.is_some(), is_wrong, "{}", field.name());
    }
}

/// A generator of the texts that people write in a cell.
struct CellGenerator(Random);

impl CellGenerator {
    fn below(&mut self, limit: u64) -> u64 {
        self.0.below(limit as usize) as u64
    }

    fn one<'a>(&mut self, words: &[&'a str]) -> &'a str {
        self.0.one::<&str>(words)
    }

    fn digits(&mut self, count: u64) -> String {
        self.0.digits(count as usize)
    }

    fn text(&mut self, count: u64) -> String {
        const ALL: &[u8] =
            b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789!#$%()*+,-./:=?@_'";
        (0..count)
            .map(|_| char::from(ALL[self.below(ALL.len() as u64) as usize]))
            .collect()
    }

    /// A telephone number as people write them.
    fn phone(&mut self) -> String {
        match self.below(10) {
            0..=2 => format!(
                "0{}{}",
                self.one(&["151", "160", "171", "30", "89"]),
                self.subscriber()
            ),
            3 | 4 => format!(
                "+49{}{}",
                self.one(&["151", "160", "171", "30"]),
                self.subscriber()
            ),
            5 => format!("49{}{}", self.one(&["151", "171"]), self.subscriber()),
            6 => format!(
                "+1 ({}) {}-{}",
                200 + self.below(800),
                self.digits(3),
                self.digits(4)
            ),
            7 => format!("1{}{}", 200 + self.below(800), self.digits(7)),
            8 => format!(
                "0171/{} {} {}",
                self.digits(2),
                self.digits(3),
                self.digits(2)
            ),
            _ => format!("0044{}", self.digits(10)),
        }
    }

    fn subscriber(&mut self) -> String {
        let length = 7 + self.below(2);
        self.digits(length)
    }

    fn pin(&mut self, row: u64, sheet: u64) -> String {
        match sheet % 4 {
            0 => self.digits(4),
            1 => {
                let length = 4 + self.below(3);
                self.digits(length)
            }
            2 if row.is_multiple_of(10) => self.digits(4),
            2 => self.digits(6),
            _ => (100_000 + self.below(900_000)).to_string(),
        }
    }
}

#[test]
fn clean_rows_are_hardly_ever_taken_for_damaged() {
    const ROWS: u64 = 100_000;
    let headings = [
        "number",
        "display_name",
        "sip_username",
        "sip_password",
        "mobile",
        "work_phone",
        "voicemail_pin",
        "caller_id",
        "email",
        "description",
        "forward_no_answer_number",
    ];
    let seed = 20_261_121;
    let mut random = CellGenerator(Random::new(seed));
    // Sheets of every size, because a small one is judged by little.
    let sizes = [5, 20, 100, 1000, 5000, 20_000];
    let (mut alarms, mut rows, mut sheet) = (vec![], 0, 0);
    while rows < ROWS {
        let size = sizes[sheet as usize % sizes.len()].min(ROWS - rows);
        let row = |n: u64, random: &mut CellGenerator| {
            let number = match sheet % 3 {
                0 => (2001 + n).to_string(),
                1 => format!("{:05}", n * 3 % 100_000),
                _ => match n % 3 {
                    0 => (100 + n).to_string(),
                    1 => (20_000 + n).to_string(),
                    _ => format!("0{}", 700 + n),
                },
            };
            let first = random.one(&["Ann", "Jürgen", "Zoë", "Ольга", "François", "TRUDE", "李"]);
            let last = random.one(&[
                "Miller",
                "O’Brien",
                "Núñez",
                "'t Hooft",
                "Wahr",
                "Maier-März",
            ]);
            let forward = match random.below(3) {
                0 => random.phone(),
                1 => (2001 + random.below(size)).to_string(),
                _ => String::new(),
            };
            let length = 8 + random.below(12);
            vec![
                number.clone(),
                format!("{first} {last}"),
                match n % 4 {
                    0 => format!("ann.{n}"),
                    _ => number.clone(),
                },
                random.text(length),
                random.phone(),
                random.phone(),
                random.pin(n, sheet),
                number,
                format!("ann+{n}@example.com"),
                random
                    .one(&["", "since 1.3.2026", "TRUE", "Room 12E5", "#3"])
                    .to_owned(),
                forward,
            ]
        };
        let sheet_rows: Vec<_> = (0..size).map(|n| row(n, &mut random)).collect();
        let found = said(PORTSIP, &headings, &sheet_rows);
        let said = found
            .iter()
            .zip(&sheet_rows)
            .filter(|(found, _)| !found.is_empty());
        alarms.extend(said.map(|(found, row)| format!("{size} {} {row:?}", found[0].rule)));
        rows += size;
        sheet += 1;
    }
    assert_eq!(rows, ROWS);
    let most = (ROWS / 1000) as usize;
    assert!(
        alarms.len() <= most,
        "{} alarms, seed {seed}: {:#?}",
        alarms.len(),
        alarms.get(..20)
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    /// A repair is whole at once: a second one finds nothing more to do.
    #[test]
    fn what_was_repaired_needs_no_repair(
        text in "[0-9'\"+,.eE０-９ \u{a0}\u{200b}\u{202a}a-c-]{1,14}|[\"'<]{0,3}(mailto:)?a@b[.]c[>;,\"']{0,3}|[12]?[0-9](:[0-6][0-9]){1,2} ?([AaPp][mM])?",
        field in 0usize..100,
        portsip in proptest::prelude::any::<bool>(),
    ) {
        let manifest = Manifest::parse(if portsip { PORTSIP } else { OPENVOX }).unwrap();
        let fields: Vec<Field> = Field::all().filter(|f| manifest.row(*f).is_some()).collect();
        let field = fields[field % fields.len()];
        let row = manifest.row(field).unwrap();
        if let Some(repair) = find_damage(row, &text, None).and_then(|damage| damage.repair) {
            proptest::prop_assert_ne!(&repair, &text);
            proptest::prop_assert!(!repair.is_empty());
            proptest::prop_assert_eq!(find_damage(row, &repair, None), None, "{:?} {:?}", field, text);
        }
    }
}
