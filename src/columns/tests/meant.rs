//! Columns that say which rows are meant: to be made, or to be deleted.

use super::*;

/// The answers that a sheet of rows to be deleted offers; none where nothing is asked.
fn answers_before_deletion(sheet: &str) -> String {
    answers_in(bind_sheet_for(sheet, AllowedActions::DELETE))
}

/// A sheet of three people with one more column.
fn three(heading: &str, cells: [&str; 3]) -> String {
    let rows = cells.iter().enumerate();
    let rows = rows.map(|(at, cell)| format!("200{at};Person {at};{cell}"));
    format!(
        "Ext;Name;{heading}\n{}",
        rows.collect::<Vec<_>>().join("\n")
    )
}

#[test]
fn a_column_that_parts_the_rows_is_asked_about_before_a_deletion() {
    for (heading, cells) in [
        // Filled in some rows.
        ("Freigabe", ["ok", "", "ok"]),
        ("Grund", ["Kündigung", "", "Rente"]),
        ("New owner", ["", "Ben", ""]),
        ("Bemerkung", ["", "Chef!", ""]),
        // A word for what the row is, or for its change.
        ("Typ", ["SIP", "Notruf", "SIP"]),
        ("Type", ["leaver", "joiner", "leaver"]),
        ("Change", ["leaves", "joins", "leaves"]),
        // Other numbers.
        ("Durchwahl neu", ["2011", "2012", "2013"]),
        ("Ext to keep", ["2004", "2005", "2006"]),
        ("Who keeps it", ["Ann", "Bo", "Cy"]),
        ("PBX", ["Bonn", "Ulm", "Bonn"]),
    ] {
        let answers = answers_before_deletion(&three(heading, cells));
        assert!(!answers.is_empty(), "{heading}");
    }
    for (heading, cells) in [
        ("Email", ["a@x.de", "", "c@x.de"]),
        ("Department", ["Sales", "", "IT"]),
        ("Ort", ["Ulm", "Bonn", ""]),
        ("description", ["", "PC returned", ""]),
        ("Priority", ["low", "high", "low"]),
        ("Bemerkung", ["PC returned", "PC returned", "phone too"]),
        ("Type", ["SIP", "SIP", "SIP"]),
        ("extension_type", ["SIP", "FXS", "SIP"]),
        ("Room number", ["117", "118", "119"]),
    ] {
        let answers = answers_before_deletion(&three(heading, cells));
        assert_eq!(answers, "", "{heading}");
    }
}

#[test]
fn a_column_that_speaks_against_the_mark_beside_it_is_asked_about() {
    for (marks, other, is_asked) in [
        (
            ("Delete", ["yes", "yes", "no"]),
            ("Approved", ["yes", "no", "no"]),
            true,
        ),
        (
            ("Löschen?", ["ja", "ja", "nein"]),
            ("Geprüft", ["ja", "nein", "nein"]),
            true,
        ),
        (
            ("Delete", ["yes", "yes", "no"]),
            ("Status", ["done", "on hold", "done"]),
            true,
        ),
        (
            ("Keep", ["no", "no", "yes"]),
            ("Approved", ["yes", "no", "no"]),
            true,
        ),
        (
            ("Action", ["del", "del", ""]),
            ("Approved", ["yes", "no", "no"]),
            true,
        ),
        (
            ("Delete", ["yes", "yes", "no"]),
            ("Until", ["", "2027-12-31", ""]),
            true,
        ),
        // It says so of the rows that stay.
        (
            ("Delete", ["yes", "yes", "no"]),
            ("Approved", ["yes", "yes", "no"]),
            false,
        ),
        (
            ("Delete", ["yes", "yes", "no"]),
            ("Status", ["left", "left", "active"]),
            false,
        ),
        (
            ("Action", ["del", "del", ""]),
            ("Approved", ["yes", "yes", "no"]),
            false,
        ),
        (
            ("Delete", ["yes", "yes", "no"]),
            ("Grund", ["Kündigung", "", ""]),
            false,
        ),
    ] {
        let cells = [0, 1, 2].map(|at| format!("{};{}", marks.1[at], other.1[at]));
        let heading = format!("{};{}", marks.0, other.0);
        let sheet = three(&heading, [0, 1, 2].map(|at| cells[at].as_str()));
        let answers = answers_before_deletion(&sheet);
        let asked = format!("--map '{}=-'", other.0);
        assert_eq!(answers.contains(&asked), is_asked, "{sheet}: {answers}");
    }
}

#[test]
fn rows_that_say_that_they_are_not_meant_are_asked_about() {
    for (heading, cells) in [
        ("Remarks", ["", "ausgeschieden", ""]),
        ("Remarks", ["", "do not create", ""]),
        ("Bemerkung", ["", "bitte löschen", ""]),
        ("Bemerkung", ["", "Ausgeschieden am 31.10.2026", ""]),
        ("Hinweis", ["", "bitte noch nicht anlegen", ""]),
        ("Order", ["new", "cancel", "change"]),
        ("Notes", ["", "disabled", ""]),
        ("Bemerkung", ["", "gesperrt", ""]),
        ("Hinweis", ["", "left 30.6.", ""]),
        ("Import?", ["yes", "no", "yes"]),
        ("Do not import", ["", "x", ""]),
        ("Skip", ["no", "yes", "no"]),
        ("Duplicate", ["", "yes", ""]),
        ("Create?", ["y", "n", "y"]),
        ("Übernehmen", ["ja", "nein", "ja"]),
        ("Nicht anlegen", ["", "x", ""]),
        ("Importer", ["oui", "non", "oui"]),
        ("Include", ["x", "", "x"]),
        ("Approved", ["yes", "rejected", "yes"]),
    ] {
        let answers = answers_of(&three(heading, cells));
        assert!(
            answers.contains(&format!("--map '{heading}=-'")),
            "{heading}: {answers}"
        );
    }
    for (heading, cells) in [
        ("Remarks", ["", "new phone, delete the old mailbox", ""]),
        ("Bemerkung", ["Weg zum Lager", "Am alten Weg", ""]),
        ("Department", ["cancel", "retired", "deleted"]),
        ("Notes", ["", "Fax gesperrt", "im Urlaub"]),
        ("MFA", ["disabled", "enabled", ""]),
        ("Order", ["1", "2", "3"]),
        ("Import?", ["yes", "yes", "yes"]),
        ("Include", ["x", "x", "x"]),
        ("Skip", ["no", "", "no"]),
        ("Import", ["", "", ""]),
    ] {
        assert_eq!(answers_of(&three(heading, cells)), "", "{heading}");
    }
}

#[test]
fn a_row_that_is_no_extension_is_wrong_where_one_would_be_made() {
    let wrong = |heading: &str, cells: [&str; 3], allowed: AllowedActions| {
        let binding = bind_sheet_for(&three(heading, cells), allowed).unwrap();
        let is_wrong = |cell: &&str| {
            if binding.reading().is_none() {
                return false;
            }
            let found = findings(&binding, "openvox", &["2001", "Ann", cell]);
            found
                .iter()
                .any(|finding| finding.rule == "row.kind" && finding.is_error())
        };
        cells.iter().filter(|cell| is_wrong(cell)).count()
    };
    let create = AllowedActions::default();
    for (heading, cells, count) in [
        ("Type", ["SIP", "Queue", "IVR"], 2),
        ("Kind", ["User", "Conference", "person"], 1),
        (
            "User Type",
            ["User", "Announcement Only", "Limited Extension"],
            1,
        ),
        ("Art", ["Nebenstelle", "Warteschlange", ""], 1),
        // By its cells alone.
        ("Wofür", ["Extension", "Ring group", "User"], 1),
        ("Wofür", ["Extension", "Ring group", "Sales"], 0),
        ("Raum", ["Konferenz", "Konferenz", "Lager"], 0),
        ("extension_type", ["SIP", "IVR", "SIP"], 0),
    ] {
        assert_eq!(wrong(heading, cells, create), count, "{heading} {cells:?}");
    }
    let update = AllowedActions {
        create: false,
        ..create
    };
    assert_eq!(wrong("Kind", ["User", "Queue", "Queue"], update), 0);
}

#[test]
fn a_state_in_other_words_makes_no_row_wrong() {
    for (cells, is_asked) in [
        (["ok", "new", "part time"], Some(false)),
        (["ok", "new", "maternity leave"], Some(true)),
        (["active", "En congé", "active"], Some(true)),
        (["active", "new", "active"], Some(true)),
        (["active", "Verschoben", "inactive"], Some(true)),
        (["ok", "retired", "new"], Some(true)),
        (["ok", "left the company", "new"], Some(true)),
        (["active", "inactive", "active"], None),
    ] {
        let sheet = three("Status", cells);
        let bound = bind_sheet(&sheet);
        assert_eq!(bound.is_err(), is_asked == Some(true), "{sheet}");
        let Ok(binding) = bound else {
            continue;
        };
        let left_out = binding.columns[2].reason.contains("do not tell whether");
        assert_eq!(left_out, is_asked == Some(false), "{sheet}");
    }
}

#[test]
fn a_single_letter_for_a_state_is_asked_about_and_no_switch() {
    for (heading, cells, asked) in [
        ("Status", ["Active", "T", "Active"], true),
        ("Status", ["A", "T", "A"], true),
        ("Status", ["A", "I", "A"], true),
        ("Employment Status", ["A", "T", "L"], true),
        ("State", ["T", "F", "T"], true),
        ("Status", ["active", "x", "inactive"], true),
        ("Status", ["Y", "N", "Y"], false),
        ("Status", ["Y", "x", "Y"], true),
        ("Active", ["T", "F", "T"], false),
        // Of rowcall's own, that may be the state of telephones.
        ("status", ["T", "F", "T"], true),
        ("status", ["Active", "N", "Active"], true),
        ("status", ["Disabled", "N", "Disabled"], true),
        ("status", ["Active", "x", "Active"], true),
        ("status", ["Registered", "N", "Registered"], true),
        ("status", ["Registered", "Disabled", "Idle"], false),
        ("status", ["Y", "N", "Y"], false),
    ] {
        let sheet = three(heading, cells);
        let answers = answers_for("portsip", &sheet);
        // A letter that is read as a switch after all would be no answer.
        let left_out = format!("--map '{heading}=-'");
        assert_eq!(answers.contains(&left_out), asked, "{sheet}");
        assert!(!answers.contains("=enabled"), "{sheet}");
    }
}

#[test]
fn a_letter_for_a_state_is_no_switch_behind_the_first_rows_and_below_a_mapped_heading_either() {
    let below = |heading: &str, word: &str| bind_sheet(&three(heading, [word; 3])).unwrap();
    let beside = |word: &str| below("Status", word);
    let mapped_to = |heading: &str, mapped: Mapped| {
        let options = map(heading, mapped);
        bind("portsip", &format!("Ext,Name,{heading}"), &options).unwrap()
    };
    let mapped = |heading: &str| mapped_to(heading, Mapped::Field(Field::ENABLED));
    let opposite = |heading: &str| mapped_to(heading, Mapped::Opposite(Field::ENABLED));
    for (binding, cell, value) in [
        (beside("Active"), "T", None),
        (beside("Active"), "F", None),
        (beside("Active"), "x", None),
        (beside("Active"), "1", Some("on")),
        (beside("Active"), "Terminated", Some("off")),
        (beside("Y"), "N", Some("off")),
        (beside("Y"), "t", None),
        (beside("Y"), "x", None),
        (beside("x"), "x", Some("on")),
        (beside("x"), "Y", None),
        (beside("1"), "x", None),
        (beside("1"), "N", None),
        (beside("1"), "0", Some("off")),
        (mapped("Status"), "T", None),
        (mapped("Account_Status"), "F", None),
        (mapped("Status"), "Y", Some("on")),
        (mapped("Active"), "T", Some("on")),
        (mapped("Works"), "F", Some("off")),
        (below("status", "Active"), "T", None),
        (below("status", "Disabled"), "N", None),
        (below("status", "Registered"), "T", None),
        (below("status", "Active"), "A", None),
        (below("status", "Active"), "0", Some("off")),
        (opposite("Status"), "T", None),
        (opposite("Status"), "Y", Some("off")),
        (opposite("Status"), "Active", Some("on")),
        (opposite("Locked"), "T", Some("off")),
    ] {
        let row = ["2001", "Ann", cell];
        let found = binding
            .reading()
            .map(|_| findings(&binding, "portsip", &row));
        let is_wrong = found
            .iter()
            .flatten()
            .any(|finding| finding.rule == "row.state" && finding.is_error());
        assert_eq!(is_wrong, value.is_none(), "{cell} {found:?}");
        let read = read(&binding, "portsip", &row);
        let expected = value.map(|value| format!("enabled={value}"));
        let has = |value: &str| read.contains(value);
        assert!(
            expected.as_deref().map_or(!has("enabled"), has),
            "{cell} {read}"
        );
    }
    // What is written for reuse is read back to the same.
    assert_eq!(
        mapped("Status").columns[2].saved,
        Saved::As(Mapped::Field(Field::ENABLED))
    );
    assert_eq!(
        opposite("Status").columns[2].saved,
        Saved::As(Mapped::Opposite(Field::ENABLED))
    );
}

#[test]
fn words_of_other_directories_for_leavers_are_asked_about() {
    for word in [
        "DEPROVISIONED",
        "LOCKED_OUT",
        "Archived",
        "decommissioned",
        "EOL",
        "Not in use",
        "Void",
        "Duplicate",
        "Inactive since 2023",
        "On hold",
        "Exmatrikuliert",
        "discharged",
        "checked out",
        "geschlossen",
        "out of order",
    ] {
        assert!(crate::columns::sample::says_off(word), "{word}");
    }
    // Words that nobody knows beside a known one.
    for word in ["ab 01.02.2027", "Kündigung zum 31.12.", "Wird verlegt"] {
        for target in ["openvox", "portsip"] {
            let answers = answers_for(target, &three("Status", ["active", word, "active"]));
            assert!(answers.contains("--map 'Status=-'"), "{word} {target}");
        }
    }
    for (heading, word) in [
        ("employeeLeaveDateTime", "2026-01-31T00:00:00Z"),
        ("archived", "TRUE"),
    ] {
        let answers = answers_for("portsip", &three(heading, ["", word, ""]));
        assert!(
            answers.contains(&format!("--map '{heading}=-'")),
            "{answers}"
        );
    }
}

#[test]
fn a_column_that_is_there_twice_is_read_once() {
    for (sheet, asked) in [
        (
            "Ext;Name;Email;Email\n201;Ann;a@x;a@x\n202;Bo;b@x;b@x",
            false,
        ),
        ("Ext;Name;Ext\n201;Ann;201\n202;Bo;202", false),
        ("Name;Ext;Name\nAnn;201;Ann\nBo;202;Bo", false),
        (
            "Ext;Name;Email;Email\n201;Ann;a@x;a@x\n202;Bo;b@x;c@x",
            true,
        ),
        ("Ext;Name;Email;Email\n201;Ann;;\n202;Bo;;", true),
    ] {
        assert_eq!(!answers_of(sheet).is_empty(), asked, "{sheet}");
    }
}

#[test]
fn a_remark_in_some_names_is_asked_about_before_a_deletion() {
    for (names, is_asked) in [
        (["Berg", "Cohn (Elternzeit)"], true),
        (["Berg (until 2027)", "Cohn"], true),
        (["*** Berg ***", "Cohn"], true),
        (["Berg", "nur bis 12/2027"], true),
        (["Berg (Bonn)", "Cohn (Ulm)"], false),
        (["Berg", "Cohn"], false),
    ] {
        let sheet = format!("Ext;Name\n201;{}\n202;{}", names[0], names[1]);
        assert_eq!(
            !answers_before_deletion(&sheet).is_empty(),
            is_asked,
            "{sheet}"
        );
        assert_eq!(answers_of(&sheet), "");
    }
}

/// The answers that a sheet of rows for a vendor offers; none where nothing is asked.
pub(super) fn answers_for(target: &str, sheet: &str) -> String {
    let mut lines = sheet.lines();
    let cells = |line: &str| line.split(';').map(str::to_owned).collect::<Vec<_>>();
    let headings = cells(lines.next().unwrap());
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    let read = || Some(Sample::of_rows(rows.clone()));
    let bound = super::super::bind::bind(
        HeadingRow::new(&headings, &[], Some(1)),
        &read,
        manifest(target),
        &manifests(),
        &plain(),
    );
    answers_in(bound)
}

#[test]
fn a_column_that_a_product_leaves_out_is_asked_about_before_a_deletion() {
    const GRANDSTREAM: &str = "Extension;SIP/IAX Password;Status";
    const WEBEX: &str = "First Name;Last Name;User ID/Email (Required);Extension;User Status";
    for (sheet, asked) in [
        (format!("{GRANDSTREAM}\n218;a;keep\n219;b;left"), "Status"),
        (
            format!("{WEBEX}\nA;B;a@x.de;218;Inactive\nC;D;c@x.de;219;Active"),
            "User Status",
        ),
        (
            format!("{WEBEX};Manager\nA;B;a@x.de;218;Active;stays\nC;D;c@x.de;219;Active;Bo"),
            "Manager",
        ),
    ] {
        assert_eq!(
            answers_before_deletion(&sheet),
            format!("--map '{asked}=-'")
        );
    }
    for sheet in [
        format!("{GRANDSTREAM}\n218;a;left\n219;b;left"),
        format!("{GRANDSTREAM}\n218;a;Idle\n219;b;Unavailable"),
        format!("{WEBEX};Manager\nA;B;a@x.de;218;Active;yes\nC;D;c@x.de;219;Active;no"),
    ] {
        assert_eq!(answers_before_deletion(&sheet), "", "{sheet}");
    }
}

#[test]
fn a_column_that_says_who_left_or_is_off_is_asked_about_in_every_sheet() {
    let of_openvox = |heading: &str| format!("--map '{heading}=-'");
    for (sheet, heading) in [
        // A product leaves it out.
        (
            "First Name;Last Name;User ID/Email (Required);Extension;User Status\nA;B;a@x.de;218;Inactive\nC;D;c@x.de;219;Active",
            "User Status",
        ),
        (
            "Extension;First Name;Last Name;SIP/IAX Password;Status\n201;A;M;x;active\n202;B;K;x;disabled",
            "Status",
        ),
        // It was added to a product's sheet.
        (
            "Number;FirstName;LastName;AuthPassword;VMNoPin;HideFWrules;Status\n201;A;M;x;0;0;active\n202;B;K;x;0;0;left",
            "Status",
        ),
        // Its heading is that of the status that PBXes report.
        (
            "number;display_name;sip_password;status\n201;A;x;active\n202;C;x;left 2023",
            "status",
        ),
        (
            "Ext;display_name;sip_password;status\n201;A;x;active\n202;C;x;has left",
            "status",
        ),
        (
            "Ext;Name;Password;Status\n201;A;x;active\n202;C;x;left 2023",
            "Status",
        ),
    ] {
        let left_out = of_openvox(heading);
        assert_eq!(answers_for("openvox", sheet), left_out, "{sheet}");
        let switched = format!("--map '{heading}=enabled' {left_out}");
        assert_eq!(answers_for("portsip", sheet), switched, "{sheet}");
    }
    // Another column is the switch, and is compared with those words alone that are one.
    for (words, asked) in [("has left", "--map 'Status=-'"), ("left", "")] {
        let sheet = format!("Ext;Name;Enabled;Status\n201;A;on;ok\n202;B;on;{words}");
        assert_eq!(answers_for("portsip", &sheet), asked, "{words}");
    }
    let sheet = "extension_uuid;extension;password;effective_caller_id_name;enabled;Status\na;201;x;A;true;ok\nb;202;x;B;true;left";
    assert_eq!(answers_for("portsip", sheet), of_openvox("Status"));
    // The words of a PBX, and a column that tells nothing.
    for sheet in [
        "number;display_name;sip_password;status\n201;A;x;Registered\n202;B;x;Unavailable\n203;C;x;Idle",
        "number;display_name;sip_password;status\n201;A;x;OFFLINE\n202;B;x;ON_CALL",
        "number;display_name;sip_password;enabled;status\n201;A;x;on;Registered\n202;B;x;off;Unavailable",
        "number;display_name;sip_password;status\n201;A;x;ok\n202;B;x;new",
        "Extension;First Name;SIP/IAX Password;Status\n201;A;x;Idle\n202;B;x;Unavailable",
    ] {
        for target in ["openvox", "portsip"] {
            assert_eq!(answers_for(target, sheet), "", "{sheet}");
        }
    }
}

#[test]
fn words_for_being_in_service_say_in_nine_languages_whether_the_extension_is_on() {
    let sheet = |heading: &str, cells: [&str; 3]| bind_sheet(&three(heading, cells)).unwrap();
    let says = |heading: &str, [yes, no]: [&str; 2], states: [&str; 2]| {
        let binding = sheet(heading, [yes, no, yes]);
        for (cell, state) in [yes, no].into_iter().zip(states) {
            let values = read(&binding, "portsip", &["2001", "Ann", cell]);
            assert!(
                values.contains(&format!("enabled={state}")),
                "{heading}: {values}"
            );
        }
    };
    for (heading, yes, no) in [
        ("In service", "yes", "no"),
        ("In Betrieb", "ja", "nein"),
        ("In dienst", "ja", "nee"),
        ("active", "ja", "nein"),
        ("En service", "oui", "non"),
        ("En servicio", "sí", "no"),
        ("In uso", "sì", "no"),
        ("Em serviço", "sim", "não"),
        ("W użyciu", "tak", "nie"),
        ("Kullanımda", "evet", "hayır"),
        ("Unlocked", "1", "0"),
        ("Activée", "oui", "non"),
    ] {
        says(heading, [yes, no], ["on", "off"]);
    }
    for (heading, yes, no) in [
        ("Out of service", "yes", "no"),
        ("gesperrt", "ja", "nein"),
        ("Außer Betrieb", "ja", "nein"),
        ("Hors service", "oui", "non"),
        ("Bloqueada", "sí", "no"),
        ("Fuori servizio", "sì", "no"),
        ("Buiten gebruik", "ja", "nee"),
        ("Fora de serviço", "sim", "não"),
        ("Zablokowana", "tak", "nie"),
        ("Devre dışı", "evet", "hayır"),
    ] {
        says(heading, [yes, no], ["off", "on"]);
    }
    // Since when somebody works there is no state.
    let binding = sheet("In dienst", ["01.03.2019", "2020-05-01", "01.10.2021"]);
    let values = read(&binding, "portsip", &["2001", "Ann", "01.03.2019"]);
    assert!(!values.contains("enabled"), "{values}");
}

#[test]
fn marks_in_a_column_of_states_are_asked_about_where_the_heading_does_not_tell_what_they_mean() {
    let in_question = |heading: &str, cells: [&str; 3]| {
        let answers = answers_for(
            "portsip",
            &three(heading, cells).replace("Name", "First name"),
        );
        answers.contains("=!enabled'") && answers.contains("=enabled'")
    };
    for heading in [
        "Status",
        "Account status",
        "Zustand",
        "Statut",
        "Mitarbeiterstatus",
    ] {
        assert!(in_question(heading, ["x", "", "x"]), "{heading}");
        assert!(in_question(heading, ["✓", "✓", ""]), "{heading}");
        assert!(!in_question(heading, ["on", "off", "on"]), "{heading}");
    }
    for heading in ["Active", "In service", "In Betrieb", "Gesperrt", "Enabled"] {
        assert!(!in_question(heading, ["x", "", "x"]), "{heading}");
    }
}

#[test]
fn a_state_below_a_heading_of_another_directory_is_read_or_asked_about() {
    for (heading, cells) in [
        ("Status [READ ONLY]", ["Suspended", "Active", "Active"]),
        ("Block sign in", ["True", "False", "False"]),
        ("accountEnabled", ["false", "true", "true"]),
        ("Enabled/Disabled", ["Disabled", "Enabled", "Enabled"]),
        ("Login allowed", ["no", "yes", "yes"]),
    ] {
        let binding = bind_sheet(&three(heading, cells)).unwrap();
        assert!(binding.column_of(Field::ENABLED).is_some(), "{heading}");
    }
    for (heading, cells, is_asked) in [
        ("Directory status", ["Suspended", "Active", "Active"], true),
        ("Status", ["✓", "✗", ""], true),
        ("Lizenzstatus", ["deaktiviert", "aktiv", "aktiv"], true),
        ("State of user", ["inactive", "active", "active"], true),
        ("MFA Status", ["Disabled", "Enabled", ""], false),
        ("Order status", ["shipped", "open", ""], false),
    ] {
        let answers = answers_of(&three(heading, cells));
        let flag = format!("--map '{heading}=-'");
        assert_eq!(answers.contains(&flag), is_asked, "{heading}: {answers}");
    }
}
