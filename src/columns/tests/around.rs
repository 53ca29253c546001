//! Words around the rows: the name of the table, a word above switches and times, members beside the rows of JSON.

use super::*;
use crate::sheet::Sheet;

/// A sheet for PortSIP, read from a file with this ending.
fn sheet(ending: &str, text: &str) -> Sheet {
    sheet_of("portsip", ending, text)
}

fn bound(sheet: &Sheet, options: &BindOptions) -> Result<Binding, ColumnError> {
    Binding::bind_sheet(sheet, manifest("portsip"), &manifests(), options)
}

/// The open questions about a sheet.
fn questions(sheet: &Sheet, options: &BindOptions) -> Vec<String> {
    match bound(sheet, options) {
        Ok(_) => vec![],
        Err(ColumnError::Unanswered { questions, .. }) => {
            questions.iter().map(Question::to_string).collect()
        }
        Err(error) => panic!("{error}"),
    }
}

fn deletion() -> BindOptions {
    BindOptions {
        allowed: AllowedActions::DELETE,
        ..plain()
    }
}

const ROWS: &str = r#""extensions":[{"extension":"101","first_name":"Ann","last_name":"Berg"}]"#;

#[test]
fn a_member_beside_the_rows_that_means_something_in_a_row_is_asked_about() {
    for (beside, is_asked, is_asked_before_deletion) in [
        (r#""comment":"do not delete these","keep":true"#, true, true),
        (r#""note":"do not delete""#, false, true),
        (r#""note":"nicht anlegen""#, true, true),
        (r#""action":"delete""#, true, false),
        (r#""action":"create""#, false, true),
        (r#""enabled":false"#, true, true),
        (r#""status":"disabled""#, true, true),
        (r#""type":"ring_group""#, true, true),
        (r#""type":"extension""#, false, false),
        (r#""defaults":{"prefix":"1","enabled":false}"#, true, true),
        (r#""defaults":{"voicemail":true}"#, true, false),
        (r#""password":"Xk3kdd9Qw""#, true, true),
        (r#""except":["2002"]"#, true, true),
        (r#""exclude":"2002""#, true, true),
        (r#""keep":{"2002":true}"#, true, true),
        (r#""disabled":["2002"]"#, true, true),
        (r#""leavers":["2002","2003"]"#, true, true),
        (r#""deleted":["2002"]"#, true, true),
        (r#""inactive":{"2002":true}"#, true, true),
        (r#""note":["do not delete 2002"]"#, false, true),
        (r#""keep":[],"towns":["Bonn"]"#, false, false),
        // What pages and answers say of themselves.
        (
            r#""total":1,"page":1,"links":{"self":"/x"},"@odata.count":1"#,
            false,
            false,
        ),
        (
            r#""status":"Success","errcode":0,"errmsg":"SUCCESS""#,
            false,
            false,
        ),
        (
            r#""status":true,"message":"Extensions found successfully""#,
            false,
            false,
        ),
        (
            r#""deleted":false,"country":"DE","name":"Bonn""#,
            false,
            false,
        ),
    ] {
        for text in [
            format!("{{{beside},{ROWS}}}"),
            format!("{{{ROWS},{beside}}}"),
            format!(r#"{{"data":{{{ROWS}}},{beside}}}"#),
        ] {
            let sheet = sheet(".json", &text);
            let asked = questions(&sheet, &plain());
            assert_eq!(!asked.is_empty(), is_asked, "{text}: {asked:?}");
            let asked = questions(&sheet, &deletion());
            assert_eq!(
                !asked.is_empty(),
                is_asked_before_deletion,
                "{text}: {asked:?}"
            );
            assert!(!asked.concat().contains("Xk3kdd9Qw"));
        }
    }
    let filled = BindOptions {
        fill: vec![(Field::ENABLED, "off".to_owned())],
        ..plain()
    };
    let sheet = sheet(".json", &format!(r#"{{"enabled":false,{ROWS}}}"#));
    assert_eq!(questions(&sheet, &filled), [""; 0]);
}

#[test]
fn a_member_beside_the_rows_that_is_not_read_is_told_once() {
    let text = format!(
        r#"{{"country":"DE","total":1,"status":"Success","owner":{{"town":"Bonn"}},{ROWS}}}"#
    );
    let binding = bound(&sheet(".json", &text), &plain()).unwrap();
    let notes = binding.notes.iter();
    let notes: Vec<&str> = notes
        .filter(|note| note.rule == "columns.beside")
        .map(|note| note.message.as_str())
        .collect();
    assert_eq!(
        notes,
        ["beside the rows stands what is not read: “country”, “owner.town”"]
    );
    let text = format!(r#"{{"a":[1,2],"b":1,"PIN 739182":1,"c":1,"d":1,"f":1,{ROWS}}}"#);
    let binding = bound(&sheet(".json", &text), &plain()).unwrap();
    let mut notes = binding.notes.iter().map(|note| note.message.as_str());
    let note = notes.find(|note| note.starts_with("beside")).unwrap();
    assert!(note.ends_with("and 1 more"), "{note}");
    assert!(!note.contains("739182"), "{note}");
}

#[test]
fn the_name_of_a_table_tells_whose_passwords_and_what_rows_are_in_it() {
    let rows = "Ext;First name;Last name;Password\n600;Ann;Berg;Xk3kdd9Qw\n";
    for (title, answers) in [
        (
            "WLAN-Zugänge",
            "--map 'Password=sip_password' or --map 'Password=-'",
        ),
        (
            "Voicemail",
            "--map 'Password=sip_password' or --map 'Password=-'",
        ),
        (
            "Portal logins",
            "--map 'Password=sip_password' or --map 'Password=-'",
        ),
        (
            "Kundenportal",
            "--map 'Password=sip_password' or --map 'Password=-'",
        ),
        (
            "Office 365",
            "--map 'Password=sip_password' or --map 'Password=-'",
        ),
        ("Ring groups", "--header-row 2"),
        ("Warteschlangen", "--header-row 2"),
        ("Disabled users", "--fill enabled=off or --header-row 2"),
        (
            "Gesperrte Nebenstellen",
            "--fill enabled=off or --header-row 2",
        ),
        ("Archiv 2023", "--header-row 2"),
        ("Kündigungen", "--header-row 2"),
        ("Leavers June", "--header-row 2"),
        ("Elternzeit", "--header-row 2"),
        ("Extensions Bonn", ""),
        ("Users", ""),
    ] {
        let asked = questions(&sheet(".csv", &format!("{title};;;\n{rows}")), &plain());
        let asked = asked.concat();
        let given = asked
            .split_once("; say ")
            .map_or("", |(_, answers)| answers);
        assert_eq!(given, answers, "{title}: {asked}");
        let named = title.to_lowercase().replace(' ', "_");
        let text = format!(
            r#"{{"{named}":[{{"ext":"600","first_name":"Ann","last_name":"B","password":"Xk3kdd9Qw"}}]}}"#
        );
        let asked = questions(&sheet(".json", &text), &plain());
        assert_eq!(asked.is_empty(), answers.is_empty(), "{text}: {asked:?}");
    }
    let off = BindOptions {
        fill: vec![(Field::ENABLED, "off".to_owned())],
        ..plain()
    };
    let disabled = sheet(".csv", &format!("Disabled users;;;\n{rows}"));
    assert_eq!(questions(&disabled, &off), [""; 0]);
    // The name of the file, and that of a sheet that was named.
    for (file, name) in [("kundenportal", "Tabelle1"), ("staff", "Moodle")] {
        let mut named = sheet(".csv", rows);
        named.file = format!("/srv/{file}.csv").into();
        named.sheet = Some(name.into());
        named.beside.is_named = true;
        assert_eq!(questions(&named, &plain()).len(), 1, "{file}: {name}");
    }
    let mut harmless = sheet(".csv", rows);
    harmless.file = "logins.csv".into();
    assert_eq!(questions(&harmless, &plain()), [""; 0]);
    let mapped = map("Password", Mapped::Field(Field::SIP_PASSWORD));
    let wlan = sheet(".csv", &format!("WLAN;;;\n{rows}"));
    assert_eq!(questions(&wlan, &mapped), [""; 0]);
    for title in [
        "New starters",
        "Joiners",
        "Neue Nebenstellen",
        "To create",
        "Queues",
    ] {
        let new = sheet(
            ".csv",
            &format!("{title};;\nExt;First name;Last name\n600;Ann;Berg\n"),
        );
        assert!(!questions(&new, &deletion()).is_empty(), "{title}");
    }
}

#[test]
fn the_line_of_the_headings_answers_no_question_about_a_password() {
    let rows = "Ext;First name;Last name;Password\n600;Ann;Berg;Xk3kdd9Qw\n";
    let mut named = sheet(".csv", &format!("Ring groups;;;\nWLAN-Zugänge;;;\n{rows}"));
    let asked = questions(&named, &plain());
    assert_eq!(asked.len(), 2, "{asked:?}");
    named.beside.is_line_named = true;
    let asked = questions(&named, &plain());
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(
        asked.concat().contains("may be the SIP password"),
        "{asked:?}"
    );
}

#[test]
fn a_word_above_switches_or_times_that_may_turn_them_around_is_asked_about() {
    let number = "Ext;First name;Last name";
    for (above, headings, cells) in [
        ("Gesperrt", "External calls;Voicemail", "yes;no"),
        ("Not allowed", "External calls;Voicemail", "yes;no"),
        ("Old values", "External calls;Voicemail", "yes;no"),
        ("Interdit", "Record audio;Voicemail", "yes;no"),
        ("Pause", "Monday from;Monday to", "12:00;13:00"),
        ("Closed", "Monday from;Monday to", "12:00;13:00"),
        ("Minuten", "Forward no answer: after;Voicemail", "1;no"),
    ] {
        let text = format!("{number};{headings}\n101;Ann;Berg;{cells}\n");
        assert_eq!(
            questions(&sheet(".csv", &text), &plain()),
            [""; 0],
            "{text}"
        );
        for line in [format!(";;;{above};"), format!("{above};;;;")] {
            let text = format!("{line}\n{text}");
            let asked = questions(&sheet(".csv", &text), &plain());
            assert!(!asked.is_empty(), "{text}");
        }
    }
    let text = format!("0 = an, 1 = aus;;;\n{number};Voicemail\n101;Ann;Berg;1\n");
    let asked = questions(&sheet(".csv", &text), &plain());
    assert!(
        asked.concat().contains("--map 'Voicemail=!voicemail'"),
        "{asked:?}"
    );
    let opposite = map("Voicemail", Mapped::Opposite(Field::VOICEMAIL));
    assert_eq!(questions(&sheet(".csv", &text), &opposite), [""; 0]);
    let usual = text.replace("0 = an, 1 = aus", "1 = an, 0 = aus");
    assert_eq!(questions(&sheet(".csv", &usual), &plain()), [""; 0]);
}

#[test]
fn a_usual_legend_is_no_question_and_a_turning_one_is_asked_about_by_switches_alone() {
    let rows = "Ext;First name;Last name;Voicemail\n101;Ann;Berg;1\n";
    for legend in ["Y = yes, N = no", "1 = on, 0 = off", "x = ja"] {
        let text = format!("{legend};;;\n{rows}");
        assert_eq!(questions(&sheet(".csv", &text), &plain()), [""; 0]);
    }
    let text = "0 = an, 1 = aus;;\nExt;First name;Last name\n101;Ann;Berg\n";
    assert_eq!(questions(&sheet(".csv", text), &plain()), [""; 0]);
}

#[test]
fn a_title_that_says_who_stays_is_asked_about_before_a_deletion() {
    let rows = "Ext;First name;Last name\n600;Ann;Berg\n";
    for (title, is_asked) in [
        ("Alle löschen außer", true),
        ("Alle außer diesen", true),
        ("Alle bis auf", true),
        ("Everyone but", true),
        ("Tous sauf", true),
        ("In Betrieb", true),
        ("Extensions in use", true),
        ("Belegte Nebenstellen", true),
        ("Verbleibende", true),
        ("Geschützte Nebenstellen", true),
        ("Weiterhin benötigt", true),
        (
            "Liste der noch immer aktiven Nebenstellen im Werk Bonn",
            true,
        ),
        ("Außer Betrieb", false),
        ("No longer in use", false),
        ("Nebenstellen Bonn", false),
        ("Zu löschen", false),
    ] {
        let asked = questions(&sheet(".csv", &format!("{title};;\n{rows}")), &deletion());
        assert_eq!(!asked.is_empty(), is_asked, "{title}: {asked:?}");
    }
}
