//! Doubts about the order of names, the group above a password, an account's bits, and rows behind the first ones.

use super::meant::answers_for;
use super::*;

#[test]
fn the_order_of_names_is_not_asked_before_a_deletion() {
    let headings = ["Nummer", "Mitarbeiter"].map(str::to_owned);
    let bound_for = |allowed: AllowedActions| {
        let rows = vec![["201", "Berg Anna"].map(str::to_owned).to_vec()];
        super::super::bind::bind(
            HeadingRow::new(&headings, &[], Some(1)),
            &|| Some(Sample::of_rows(rows.clone())),
            manifest("portsip"),
            &manifests(),
            &BindOptions { allowed, ..plain() },
        )
    };
    assert!(bound_for(AllowedActions::default()).is_err());
    assert!(bound_for(AllowedActions::DELETE).is_ok());
}

#[test]
fn the_order_of_a_name_that_is_parted_is_asked_unless_something_shows_it() {
    let order = |heading: &str| {
        format!("--map '{heading}=last_name first_name' --map '{heading}=display_name'")
    };
    for (sheet, expected) in [
        ("Nummer;Mitarbeiter\n201;Berg Anna", order("Mitarbeiter")),
        (
            "Nummer;Vorname/Nachname\n201;Anna Berg",
            order("Vorname/Nachname"),
        ),
        (
            "Nummer;Full name\n201;Anna Berg (Sales)\n202;Sales, Germany",
            order("Full name"),
        ),
        // One word, commas in all names, an address beside each.
        ("Nummer;Mitarbeiter\n201;Anna\n202;Empfang", String::new()),
        (
            "Nummer;Mitarbeiter\n201;Berg, Anna\n202;Dorn, Carl",
            String::new(),
        ),
        (
            "Nummer;Mitarbeiter;E-Mail\n201;Anna Berg;anna.berg@x.de",
            String::new(),
        ),
        // A heading that is only like rowcall's own, and one beside others.
        ("Nummer;Display Name\n201;Berg Anna", order("Display Name")),
        (
            "Durchwahl;display_name\n201;Berg Anna",
            order("display_name"),
        ),
        (
            "DisplayName;UserPrincipalName;AccountEnabled;Extension\nBerg Anna;berg@x.de;True;201",
            order("DisplayName"),
        ),
        // A title or a place behind the comma.
        ("Nummer;Name\n201;Berg Anna, MD", order("Name")),
        (
            "Nummer;Name\n201;Empfang, EG\n202;Lager, Halle 3",
            order("Name"),
        ),
        // An export of rowcall, and a sheet with a given name of its own.
        ("number;display_name\n201;Anna Berg", String::new()),
        (
            "Nummer;Vorname;Full name\n201;Anna;Anna Berg",
            String::new(),
        ),
    ] {
        assert_eq!(answers_for("portsip", sheet), expected, "{sheet}");
        assert_eq!(answers_for("openvox", sheet), "", "{sheet}");
    }
    // A product's, that writes names as its users typed them.
    let options = BindOptions {
        headings: Some(named("freepbx")),
        ..plain()
    };
    let sheet = "extension;name;secret;voicemail;email;tech\n201;Berg Anna;Abc12345x;novm;;pjsip";
    let sheet = sheet_of("portsip", ".csv", sheet);
    let bound = Binding::bind_sheet(&sheet, manifest("portsip"), &manifests(), &options);
    assert_eq!(answers_in(bound), order("name"));
    let heading = "Nummer;Surname & Forename\n201;Berg Anna";
    assert!(answers_for("portsip", heading).contains("=last_name first_name'"));
    assert!(answers_for("openvox", heading).contains("=last_name first_name'"));
}

#[test]
fn names_behind_the_first_rows_show_no_order() {
    let rows = |count: usize| -> String {
        let rows = (0..count).map(|at| format!("\n{at};Berg{at}, Anna"));
        rows.collect()
    };
    for (count, is_asked) in [(20, false), (1100, true)] {
        let sheet = sheet_of("portsip", ".csv", &format!("Nummer;Name{}", rows(count)));
        let asked = Binding::bind_sheet(&sheet, manifest("portsip"), &manifests(), &plain());
        let asked = answers_in(asked);
        assert_eq!(
            asked.contains("=last_name first_name'"),
            is_asked,
            "{asked}"
        );
    }
}

#[test]
fn a_word_for_a_secret_in_the_row_above_covers_each_heading_below_it() {
    for (headings, expected) in [
        (
            "Nummer;Name;Password;\n;;Web;Phone",
            "Nummer,Name,Password: Web,Password: Phone",
        ),
        (
            "Nummer;Name;Passwort;;\n;;Web;Login;E-Mail",
            "Nummer,Name,Passwort: Web,Passwort: Login,Passwort: E-Mail",
        ),
        (
            ";;Passwort;;\nNummer;Name;Web;Phone;E-Mail",
            "Nummer,Name,Passwort: Web,Passwort: Phone,Passwort: E-Mail",
        ),
        // Words that mean nothing by themselves.
        (
            "Nummer;Name;Passwort;\n;;alt;neu",
            "Nummer,Name,Passwort: alt,Passwort: neu",
        ),
        // Its own column, with others behind it.
        (
            "Nummer;Name;Passwort;;\n;;;E-Mail;Abteilung",
            "Nummer,Name,Passwort,E-Mail,Abteilung",
        ),
        ("Passwort;;\nNummer;Name;E-Mail", "Nummer,Name,E-Mail"),
    ] {
        let columns = headings.lines().next().unwrap().split(';').count();
        let row = ["301", "Anna Berg", "webPw0Qz81", "sipPw0Kk72", "mlPw0Kk72"];
        let text = format!("{headings}\n{}\n", row[..columns].join(";"));
        let sheet = sheet_of("openvox", ".csv", &text);
        assert_eq!(sheet.headings.join(","), expected, "{headings}");
        let bound = Binding::bind_sheet(&sheet, manifest("openvox"), &manifests(), &plain());
        let columns = match bound {
            Ok(binding) => binding.columns,
            Err(ColumnError::Unanswered { columns, .. }) => columns,
            Err(error) => panic!("{headings}: {error}"),
        };
        for column in columns
            .iter()
            .filter(|column| column.heading.contains(": "))
        {
            assert!(!column.may_show("geheim"), "{}", column.heading);
        }
    }
}

#[test]
fn a_user_s_name_is_asked_about_where_the_vendor_has_it_in_two_fields() {
    let sheet = "Benutzer: Name;Benutzer: Kennwort;Nummer\nAnna Berg;webPass1234;201";
    let answers = answers_for("portsip", sheet);
    assert!(
        answers.contains("--map 'Benutzer: Name=display_name'"),
        "{answers}"
    );
}

#[test]
fn the_password_below_a_word_for_the_extension_is_not_the_user_s() {
    for (headings, meant) in [
        (
            "Nummer,Name,Anschluss: Kennwort,Benutzer: Kennwort",
            "number,display_name,sip_password,web_password",
        ),
        (
            "Numéro,Nom,Poste: Mot de passe,Utilisateur: Mot de passe",
            "number,display_name,sip_password,web_password",
        ),
    ] {
        assert_eq!(fields("openvox", headings), meant, "{headings}");
    }
}

#[test]
fn the_second_bit_of_an_account_in_active_directory_switches_it_off() {
    let binding = bind("portsip", "number,userAccountControl", &plain()).unwrap();
    for (bits, enabled) in [
        ("512", "on"),
        ("514", "off"),
        ("66050", "off"),
        ("66048", "on"),
    ] {
        let values = read(&binding, "portsip", &["201", bits]);
        assert_eq!(values, format!("number=201|enabled={enabled}"), "{bits}");
    }
    // Beside a column for it, both have to say the same.
    let binding = bind("portsip", "number,enabled,userAccountControl", &plain()).unwrap();
    let rules = |row: &[&str]| findings(&binding, "portsip", row).len();
    assert_eq!(rules(&["201", "on", "514"]), 1);
    assert_eq!(rules(&["201", "on", "512"]), 0);
    // The cells are numbers, and no question.
    let sheet = "number;userAccountControl\n201;512\n202;514";
    assert_eq!(answers_for("portsip", sheet), "");
}

#[test]
fn a_row_behind_the_first_ones_says_too_that_it_is_not_meant() {
    let binding = bind_sheet("Ext;Name;Bemerkung\n2001;Ann;").unwrap();
    let rules = |cell: &str| -> Vec<String> {
        let found = findings(&binding, "openvox", &["9999", "Bo", cell]).into_iter();
        found.map(|finding| finding.rule.to_string()).collect()
    };
    assert_eq!(rules("ausgeschieden"), ["row.not_meant"]);
    assert_eq!(rules("zum 31.3. ausgetreten"), ["row.not_meant"]);
    assert_eq!(rules("gesperrt"), ["row.not_meant"]);
    for other in ["", "Fenster links", "n/a", "Neue Kollegin"] {
        assert_eq!(rules(other), [""; 0], "{other}");
    }
    for (heading, says, other) in [("Austritt", "31.12.2023", "nein"), ("Leaver", "yes", "no")] {
        let headings = format!("number,display_name,{heading}");
        let binding = bind("openvox", &headings, &plain()).unwrap();
        let count = |cell: &str| findings(&binding, "openvox", &["1", "Bo", cell]).len();
        assert_eq!([count(says), count(other)], [1, 0], "{heading}");
    }
    // What the user left out says nothing.
    let left_out = map("Austritt", Mapped::LeftOut);
    let binding = bind("openvox", "number,display_name,Austritt", &left_out).unwrap();
    assert!(binding.reading().is_none());
}

#[test]
fn a_column_without_a_heading_may_go_on_in_the_row_below() {
    let answers = "--map '(B1)=-' --map '(B1)=FIELD'";
    for (sheet, expected) in [
        (
            "Nummer;;Name\nalt;neu;\n30;4030;Anna Berg\n31;4031;Otto Kern",
            format!("--header-row 2 {answers}"),
        ),
        // It is named by the line on which it begins.
        (
            "\"number\n(ext)\";;Name\nalt;neu;\n30;4030;Anna Berg\n31;4031;Otto Kern",
            format!("--header-row 3 {answers}"),
        ),
        (
            "Nummer;;Name\n\nalt;neu;\n30;4030;Anna Berg\n31;4031;Otto Kern",
            format!("--header-row 3 {answers}"),
        ),
        ("Nummer;;Name\n30;4030;Anna Berg", answers.to_owned()),
    ] {
        let sheet = sheet_of("openvox", ".csv", sheet);
        let asked = Binding::bind_sheet(&sheet, manifest("openvox"), &manifests(), &plain());
        assert_eq!(answers_in(asked), expected, "{:?}", sheet.headings);
    }
}

#[test]
fn no_word_like_a_password_is_shown_where_the_meaning_is_asked() {
    let asked = bind("openvox", "Nummer,Phone,Durchwahl", &plain());
    let Err(ColumnError::Unanswered { columns, .. }) = asked else {
        panic!("nothing is asked");
    };
    let phone = &columns[1];
    let shown = [
        "\"301\"",
        "\"+49 30 1234\"",
        "\"sipPw0Kk72\"",
        "\"Anna Berg2\"",
    ];
    let shown = shown.map(|text| phone.may_show(text));
    assert_eq!(shown, [true, true, false, true]);
}

#[test]
fn the_kinds_of_a_multi_site_pbx_and_words_for_leavers_make_no_extension() {
    for (heading, cell) in [
        ("User Type", "Paging Only"),
        ("User Type", "Site"),
        ("User Type", "Shared Lines Group"),
        ("User Type", "Department"),
        ("User Type", "Virtual User"),
        ("User Type", "Gateway"),
        ("User Type", "Speed Dial"),
        ("User Type", "Fax"),
        ("Status", "entlassen"),
        ("Status", "quitté"),
        ("Status", "Ruhestand"),
    ] {
        let sheet = format!("Nummer;Name;{heading}\n201;Anna Berg;{cell}\n202;Otto Kern;User");
        let is_found = match bind_sheet(&sheet) {
            Err(_) => true,
            Ok(binding) => !findings(&binding, "openvox", &["201", "Anna Berg", cell]).is_empty(),
        };
        assert!(is_found, "{heading}: {cell}");
        let sheet = format!("Nummer;Name;{heading}\n201;Anna Berg;User");
        assert!(bind_sheet(&sheet).is_ok(), "{heading}");
    }
}

#[test]
fn a_caller_id_of_the_house_is_asked_about() {
    let sheet = |number: &str| {
        format!(
            "extension;name;callerid\n101;Ann Berg;Ann Berg <101>\n102;Bo Lund;Bo Lund <{number}>\n"
        )
    };
    let answers = answers_of(&sheet("102"));
    assert_eq!(answers, "--map 'callerid=-' --map 'callerid=caller_id'");
    assert_eq!(answers_of(&sheet("030555")), "");
}

#[test]
fn what_a_heading_says_of_a_name_is_heard() {
    // The order of whole names, where they are plain.
    for (heading, names, is_asked) in [
        ("Vor- und Nachname", ["Ann Berg", "Kwame Mensah"], false),
        ("Ad Soyad", ["Ayşe Yılmaz", "Mehmet Demir"], false),
        ("Ad Soyad", ["Ayşe Yılmaz", "Demir, Mehmet"], true),
        ("Vor- und Nachname", ["Berg Anna", "Kern Otto"], true),
        ("Full name", ["Ann Berg", "Kwame Mensah"], true),
    ] {
        let [one, other] = names;
        let sheet = format!("Ext;{heading}\n2001;{one}\n2002;{other}\n");
        let answers = answers_for("portsip", &sheet);
        assert_eq!(!answers.is_empty(), is_asked, "{sheet}: {answers}");
    }
    // The words of a surname in two columns.
    for (headings, cells, last) in [
        (
            "Voornaam;Tussenvoegsel;Achternaam",
            ["Jan", "van der", "Berg"],
            "van der Berg",
        ),
        (
            "Voornaam;Tussenvoegsel;Achternaam",
            ["Jan", "", "Berg"],
            "Berg",
        ),
        (
            "Nombre;Apellido 1;Apellido 2",
            ["Ana", "García", "López"],
            "García López",
        ),
    ] {
        let headings = format!("Ext;{headings}").replace(';', ",");
        let binding = bind("portsip", &headings, &plain()).unwrap();
        let [first, middle, end] = cells;
        let values = read(&binding, "portsip", &["2001", first, middle, end]);
        assert!(values.contains(&format!("last_name={last}")), "{values}");
    }
    let answers = answers_of("Old Extension;New Extension;Name\n600;700;Ann\n601;701;Bo\n");
    assert!(
        answers.contains("--map 'Old Extension=number'"),
        "{answers}"
    );
    assert!(
        answers.contains("--map 'New Extension=number'"),
        "{answers}"
    );
    assert_eq!(
        answers_of("-Nr;Name\n600;Ann\n601;Bo\n"),
        "--map='-Nr=number'"
    );
}

#[test]
fn a_mailbox_of_wazo_without_a_name_is_not_switched_off_unasked() {
    let sheet = |name: &str| {
        format!(
            "firstname;exten;sip_secret;voicemail_name;voicemail_number\nAnn;101;tR7xkQ2mZp9w;{name};101\n"
        )
    };
    let answers = answers_of(&sheet(""));
    assert_eq!(
        answers,
        "--map 'voicemail_name=-' --map 'voicemail_name=voicemail'"
    );
    assert_eq!(answers_of(&sheet("Ann")), "");
}

#[test]
fn cells_that_name_what_a_password_is_for_are_heard() {
    for (cells, is_asked) in [
        (["Moodle", "Office 365"], true),
        (["Desk", "Hall"], false),
        (["Moodle", "Hall"], false),
    ] {
        let [one, other] = cells;
        let sheet = format!(
            "Ext;Name;Where;Password\n101;Ann;{one};tR7xkQ2mZp9w\n102;Bo;{other};tR7xkQ2mZp9x\n"
        );
        let answers = answers_of(&sheet);
        assert_eq!(answers.contains("--map 'Password=-'"), is_asked, "{sheet}");
    }
}
