//! Columns that may be somebody else's, by the column before them or the word above them.

use super::*;

#[test]
fn telephones_behind_somebody_else_are_asked_unless_the_cells_tell() {
    let rows = "2001;Anna Berg;Ida Berg;{a}\n2002;Ben Cohn;Ora Cohn;{b}";
    let sheet = |heading: &str, own: &str, [a, b]: [&str; 2]| {
        let rows = rows.replace("{a}", a).replace("{b}", b);
        format!("Ext;Name;{heading};{own}\n{rows}")
    };
    let mobiles = ["0171123456", "0171123457"];
    for (heading, own) in [
        ("Emergency contact", "Mobile"),
        ("Notfallkontakt", "Handy"),
        ("Ehepartner", "Handy"),
        ("Previous user", "Email"),
        ("Assistant", "E-Mail"),
        ("Manager", "Mobile"),
        ("Eltern", "Handy"),
        ("Mother", "Mobile"),
        ("Hausarzt", "Telefon mobil"),
        ("Emergency contact;Relation", "Mobile"),
        ("Notfallkontakt;Beziehung", "E-Mail"),
        ("Emergency contact;", "Mobile"),
        ("Notfallkontakt;Beziehung;Telefon", "E-Mail"),
    ] {
        let mobiles = match heading.matches(';').count() {
            0 => mobiles,
            1 => ["aunt;0171123456", "aunt;0171123457"],
            _ => ["aunt;0171123456;ida@x", "aunt;0171123457;ora@x"],
        };
        let answers = answers_of(&sheet(heading, own, mobiles));
        assert!(
            answers.contains(&format!("--map '{own}=-'")),
            "{heading}: {answers}"
        );
    }
    // The address has a name, of the person or of the other.
    assert_eq!(
        answers_of(&sheet("Manager", "Email", ["anna.b@x", "ben.c@x"])),
        ""
    );
    assert_ne!(
        answers_of(&sheet("Manager", "Email", ["ida.b@x", "ora.c@x"])),
        ""
    );
    assert_ne!(
        answers_of(&sheet("Spouse", "Email", ["aberg@x", "bcohn@x"])),
        ""
    );
    for (heading, own) in [
        ("Room", "Mobile"),
        ("Department", "Email"),
        ("Title", "Handy"),
        ("Mother tongue", "Mobile"),
        ("Muttersprache", "Handy"),
    ] {
        assert_eq!(answers_of(&sheet(heading, own, mobiles)), "", "{heading}");
    }
    for (sheet, is_asked) in [
        // One manager of several people, who have a telephone each.
        (
            "Ext;Name;Manager;Mobile\n2001;Ann;Udo;0171\n2002;Bo;Udo;0172\n2003;Cy;Eva;0173",
            false,
        ),
        (
            "Ext;Name;Manager;Mobile\n2001;Ann;Udo;0171\n2002;Bo;Udo;0171\n2003;Cy;Eva;0173",
            true,
        ),
        (
            "Ext;Name;Emergency phone;Email\n2001;Ann;0171;x@y\n2002;Bo;0172;z@y",
            false,
        ),
        (
            "Ext;Name;Assistant;Room;Mobile\n2001;Ann;Udo;7;0171\n2002;Bo;Eva;8;0172",
            true,
        ),
        (
            "Ext;Name;Manager;Department;Email\n2001;Ann;Udo;7;x@y\n2002;Bo;Eva;8;z@y",
            true,
        ),
        (
            "Ext;Name;Manager;Department;Email\n2001;Ann;Udo;7;ann@y\n2002;Bo;Eva;8;bo@y",
            false,
        ),
        (
            "Ext;Name;Manager;Room;Department;Email\n2001;Ann;Udo;7;A;x@y\n2002;Bo;Eva;8;B;z@y",
            false,
        ),
        // Nothing that the vendor takes is at stake.
        (
            "Ext;Name;Spouse;Notes\n2001;Ann;Udo;a\n2002;Bo;Eva;b",
            false,
        ),
    ] {
        assert_eq!(!answers_of(sheet).is_empty(), is_asked, "{sheet}");
    }
}

#[test]
fn a_number_without_digits_beside_names_of_digits_is_asked() {
    let answers = answers_of("Name;Ext\n2001;Anna\n2002;Ben");
    assert_eq!(
        answers,
        "--map 'Name=number' --map 'Ext=display_name' --map 'Ext=number'"
    );
    for rows in ["Anna;2001\nBen;2002", "2001;Anna\nCid;2002", ";Anna\n;Ben"] {
        assert_eq!(answers_of(&format!("Name;Ext\n{rows}")), "", "{rows}");
    }
    // Numbers are no names, whatever the other column is.
    let answers = "--map 'Name=-' --map 'Name=display_name'";
    assert_eq!(answers_of("Name;Ext\n0171123;2001\n0171124;2002"), answers);
    assert_eq!(answers_of("Name;Ext\n2001;\n2002;"), answers);
    assert_eq!(answers_of("Name;Ext\n2001;2001\n2002;2002"), "");
}

#[test]
fn a_name_that_shares_no_word_with_its_parts_is_asked_about() {
    let sheet = |names: [&str; 2]| {
        format!(
            "Ext;Nachname;Vorname;Firma;Name\n201;Berg;Anna;x;{}\n202;Cohn;Ben;x;{}",
            names[0], names[1]
        )
    };
    let answers = answers_of(&sheet(["ACME", "ACME"]));
    assert_eq!(answers, "--map 'Name=-' --map 'Name=display_name'");
    assert_eq!(answers_of(&sheet(["Anna Berg", "ACME"])), "");
    assert_eq!(answers_of(&sheet(["", ""])), "");
}

#[test]
fn a_name_beside_a_given_name_is_the_surname_below_a_word_too() {
    for group in ["Benutzer", "Employee", "User"] {
        let sheet = format!("Ext;{group}: Name;Vorname;Email\n201;Berg;Anna;a@x\n202;Cohn;Ben;b@x");
        let binding = bind_sheet(&sheet).unwrap();
        assert_eq!(
            fields_of(&binding.columns),
            "number,last_name,first_name,email",
            "{group}"
        );
    }
    let asked = answers_of("Ext;Lehrkraft: Name;Lehrkraft: Vorname\n201;Berg;Anna\n202;Cohn;Ben");
    assert!(
        asked.contains("--map 'Lehrkraft: Name=last_name'"),
        "{asked}"
    );
}

#[test]
fn an_unknown_word_above_one_heading_is_said() {
    let note = |heading: &str| {
        let binding = bind_sheet(&format!("Ext;Name;{heading}\n2001;Ann;0171")).unwrap();
        let mut notes = binding.notes.iter();
        notes.find(|note| note.rule == "columns.group").cloned()
    };
    let found = note("Mentor: Mobile").unwrap();
    assert_eq!((found.severity, found.column), (Severity::Warning, Some(2)));
    assert!(
        found.hint.contains("--map 'Mentor: Mobile=-'"),
        "{}",
        found.hint
    );
    for heading in ["Mobile", "Contact: Mobile", "Telephone: Mobile"] {
        assert_eq!(note(heading), None, "{heading}");
    }
}

#[test]
fn a_phrase_is_the_persons_by_all_its_words() {
    for (word, expected) in [
        ("Contact details", true),
        ("Kontaktdaten des Mitarbeiters", true),
        ("Coordonnées professionnelles", true),
        ("Datos de contacto", true),
        ("Phone numbers", true),
        ("E-Mail / Telefon", true),
        ("Person to notify", false),
        ("Personne à prévenir", false),
        ("Team leader", false),
        ("Parents", false),
    ] {
        assert_eq!(dictionary().is_of_person(word), expected, "{word}");
    }
    for word in ["Co-worker", "Colleague", "Kollegin"] {
        assert!(dictionary().is_about_something_else(word), "{word}");
    }
}

#[test]
fn of_columns_that_share_a_field_which_the_vendor_lacks_nothing_is_asked() {
    let sheet = "Ext;Name;Notes;Notes\n2001;Ann;a;b";
    let binding = bind_sheet(sheet).unwrap();
    let mut notes = binding.notes.iter();
    assert!(
        notes.all(|note| note.rule == "columns.left_out" && note.severity == Severity::Warning)
    );
    assert_eq!(binding.unread().collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_contact_with_names_has_the_telephone_behind_it() {
    for (sheet, is_asked) in [
        (
            "Ext;Name;Contact;Mobile\n201;Ann Berg;Ida Berg;0171123456\n202;Bo Cohn;Ora Cohn;0171123457",
            true,
        ),
        (
            "Ext;Name;Kontakt;E-Mail\n201;Ann Berg;Ida Berg;x@x.de\n202;Bo Cohn;Ora Cohn;y@x.de",
            true,
        ),
        (
            "Ext;Name;Contact;Mobile\n201;Ann Berg;yes;0171123456\n202;Bo Cohn;no;0171123457",
            false,
        ),
        (
            "Ext;Name;Role;Mobile\n201;Ann Berg;Team Lead;0171123456\n202;Bo Cohn;Key User;0171123457",
            false,
        ),
    ] {
        assert_eq!(!answers_of(sheet).is_empty(), is_asked, "{sheet}");
    }
}

#[test]
fn a_name_below_a_word_that_shares_none_with_the_persons_is_asked_about() {
    let sheet = |name: &str| {
        format!("Ext;Nachname;Vorname;Sachbearbeiter: Name;Extra: Room\n201;Berg;Ann;{name};5")
    };
    assert!(answers_of(&sheet("Eve Zett")).contains("--map 'Sachbearbeiter: Name=-'"));
}

#[test]
fn a_mailbox_of_short_numbers_is_offered_as_the_number_where_there_is_none() {
    let answers = answers_of("id;mailbox;fullname\n1;201;Ann\n2;202;Bo");
    assert!(answers.contains("--map 'mailbox=number'"), "{answers}");
    assert!(!answers.contains("--map 'id=number'"), "{answers}");
    let answers = answers_of("Ext;mailbox;fullname\n2001;201;Ann\n2002;202;Bo");
    assert!(!answers.contains("=number"), "{answers}");
}

#[test]
fn one_heading_as_people_write_it_is_no_product_s() {
    for headings in [
        "Ext;Name;Voicemail;Voicemail email",
        "Ext;Name;Alias",
        "Ext;Name;External number",
    ] {
        let row = headings
            .split(';')
            .map(|_| "on")
            .collect::<Vec<_>>()
            .join(";");
        assert_eq!(answers_of(&format!("{headings}\n{row}")), "", "{headings}");
    }
    // As the product writes them, and more than one.
    let product = "Ext;name;voicemail;voicemail_email;ringtimer\n201;Ann;default;a@x;20";
    let Err(ColumnError::Unanswered { questions, .. }) = bind_sheet(product) else {
        panic!("nothing is asked");
    };
    let whose = questions
        .iter()
        .find(|question| question.what.contains("alone"));
    let whose = whose.unwrap();
    assert!(whose.shown && !whose.columns.is_empty(), "{whose}");
    assert!(whose.what.contains("“voicemail”"), "{whose}");
    // It has no column for the product's number.
    assert!(
        !whose.answers.contains(&"--headings freepbx".to_owned()),
        "{whose}"
    );
}

#[test]
fn headings_with_the_thing_before_what_it_is_of_and_names_within_objects_are_understood() {
    for (heading, field) in [
        ("Passwort: Web", Field::WEB_PASSWORD),
        ("Web: Passwort", Field::WEB_PASSWORD),
        ("Passwort (Web)", Field::WEB_PASSWORD),
        ("Passwort (SIP)", Field::SIP_PASSWORD),
        ("Passwort - SIP", Field::SIP_PASSWORD),
        ("name.first", Field::FIRST_NAME),
        ("name.last", Field::LAST_NAME),
        ("person.name.first", Field::FIRST_NAME),
        ("agent.prénom", Field::FIRST_NAME),
        ("user.email", Field::EMAIL),
        ("Ne pas déranger", Field::DO_NOT_DISTURB),
    ] {
        let headings = format!("Ext,{heading}");
        let binding = bind("openvox", &headings, &plain()).unwrap();
        assert_eq!(binding.columns[1].field, Some(field), "{heading}");
    }
    // Of somebody or something else.
    for heading in [
        "manager.name.first",
        "device.name",
        "Name (Notfall)",
        "Passwort (Tür)",
    ] {
        let binding = bind("openvox", &format!("Ext,{heading}"), &plain());
        let read = binding.is_ok_and(|binding| binding.columns[1].field.is_some());
        assert!(!read, "{heading}");
    }
}
