//! Sheets whose rows are no single table below one row of headings: a second table below the first, and words above the
//! headings that stand for several columns.

use crate::support::pbx::Desk;
use rust_xlsxwriter::Workbook;
use std::path::Path;

/// Writes rows of texts into the one sheet of a workbook; a blank text is no cell.
fn write_book(path: &Path, rows: &[&[&str]]) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (line, row) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*row).filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(line, column, *text).unwrap();
        }
    }
    book.save(path).unwrap();
}

/// Each way to send what a sheet says to an OpenVox.
const COMMANDS: [&str; 4] = [
    "check s.csv --for openvox",
    "plan s.csv --to TARGET",
    "import s.csv --to TARGET --mode sync --yes --max-deletes 9 --rate 5000",
    "delete s.csv --from TARGET --yes --max-deletes 9 --rate 5000",
];

#[test]
fn no_row_of_a_second_table_is_read_by_the_first_ones_headings() {
    let first = "Nummer,Name,SIP-Passwort\n2001,Ann,tR7xkQ2mZp9w\n2002,Bo,tR7xkQ2mZp9x\n";
    for (second, line) in [
        // Other headings in the same columns, with and without a blank row and a title above them.
        ("\nNummer,Vorname,Kennwort\n2003,Cy,tR7xkQ2mZp9y\n", 5),
        ("Nummer,E-Mail,Voicemail-PIN\n2003,cy@example.com,1234\n", 4),
        (
            ",,\nLager,,\nName,Nummer,SIP-Passwort\nCy,2003,tR7xkQ2mZp9y\n",
            6,
        ),
        // Words that are no headings of extensions, and rows below them that begin with numbers.
        ("\nKürzel,Bedeutung,\n2003,Polizei,\n", 5),
        ("\r\n\r\nKürzel,Bedeutung,\r\n2003,Polizei,\r\n", 6),
        // The same without a blank row, with numbers of other lengths, and with digits in the headings.
        ("Kürzel,Bedeutung,\n2003,Polizei,\n", 4),
        ("Kürzel,Bedeutung,Ort\n110,Polizei,hier\n", 4),
        ("\nNst. 2,Name 2,\n2003,Cy,tR7xkQ2mZp9y\n", 5),
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small([2001, 2004]));
        desk.write("s.csv", format!("{first}{second}"));
        for command in COMMANDS {
            let words = desk.ends(command, 2).err;
            assert!(
                words.contains(&format!("s.csv:{line}: ")),
                "{second}: {words}"
            );
            assert!(words.contains("second table"), "{second}: {words}");
        }
        assert_eq!(desk.pbx.numbers(), ["2001", "2004"], "{second}");
        if second.contains("Kürzel") || second.contains("Nst. 2") {
            continue;
        }
        let lower = format!("check s.csv --for openvox --header-row {line}");
        desk.ends(&format!("{lower} --fill sip_password=<generate>"), 0);
    }
}

#[test]
fn no_row_of_a_legend_becomes_an_extension() {
    let first = "Nummer,Name,SIP-Passwort,E-Mail\n2001,Ann,tR7xkQ2mZp9w,a@example.com\n2002,Bo,tR7xkQ2mZp9x,\n";
    let commands = COMMANDS.into_iter().chain([
        "columns s.csv --for openvox",
        "diff s.csv other.csv --for openvox",
        "diff other.csv s.csv",
        "fix s.csv --for openvox -o fixed.csv",
    ]);
    for (legend, line) in [
        ("\n1,Vertrieb,,\n2,Technik,,\n", 5),
        ("\n999,Polizei,,\n", 5),
        ("\n1,=,,Vertrieb\n", 5),
        ("\nLegende,,,\n1,Vertrieb,,\n", 6),
        ("Legende,,,\n112,Polizei,,\n", 5),
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small([1, 2, 112, 999, 2001]));
        desk.write("s.csv", format!("{first}{legend}"));
        desk.write("other.csv", first);
        for command in commands.clone() {
            let words = desk.ends(command, 2).err;
            assert!(
                words.contains(&format!("s.csv:{line}: ")),
                "{command}: {words}"
            );
            assert!(words.contains("legend"), "{command}: {words}");
        }
        assert_eq!(
            desk.pbx.numbers(),
            ["1", "112", "2", "2001", "999"],
            "{legend}"
        );
    }
    // Extensions of a part of the house, also with numbers of another length, and a row with its secret.
    for rest in [
        "\n201,Cy,tR7xkQ2mZp9y,\n202,Di,tR7xkQ2mZp9z,\n",
        "\n2003,Cy,,\n",
        "201,Cy,,\n",
        "\n201,,tR7xkQ2mZp9y,\n",
    ] {
        let desk = Desk::new("openvox");
        desk.write("s.csv", format!("{first}{rest}"));
        desk.ends(
            "check s.csv --for openvox --fill sip_password=<generate>",
            0,
        );
    }
}

#[test]
fn remarks_and_repeated_headings_are_no_second_table() {
    let first = "Nummer,Name,SIP-Passwort\n2001,Ann,tR7xkQ2mZp9w\n2002,Bo,tR7xkQ2mZp9x\n";
    for rest in [
        // The headings again, as where pages or files were put together.
        "\nNummer,Name,SIP-Passwort\n2003,Cy,tR7xkQ2mZp9y\n",
        // A title of one cell, a row that lacks its number, and a person in wrong columns.
        "\nLager,,\n2003,Cy,tR7xkQ2mZp9y\n",
        "\n,Cy Muster,tR7xkQ2mZp9y\n2003,Cy,tR7xkQ2mZp9y\n",
        "Cy,Muster,tR7xkQ2mZp9y\n2003,Cy,tR7xkQ2mZp9y\n",
        // Words at the end, below a blank row, and two of them between rows that are alike.
        "2003,Cy,tR7xkQ2mZp9y\n\nErstellt von,Di Muster,\n",
        "\nFiliale,Hamburg,\n2003,Cy,tR7xkQ2mZp9y\n",
        "2003,Cy,tR7xkQ2mZp9y\n\nErstellt von,Di Muster,\n12.05.2024,Hamburg,\n",
    ] {
        let desk = Desk::new("openvox");
        desk.write("s.csv", format!("{first}{rest}"));
        desk.ends("import s.csv --to TARGET --rate 5000", 1);
        assert_eq!(desk.pbx.numbers(), ["2001", "2002", "2003"], "{rest}");
    }
    // Cells with words of headings in a column of choices.
    let desk = Desk::new("openvox");
    let headings =
        "number,display_name,sip_password,forward_no_answer,forward_no_answer_to,forward_busy_to";
    desk.write(
        "s.csv",
        format!("{headings}\n2001,Ann,tR7xkQ2mZp9w,,,\n,,,,voicemail,mobile\n"),
    );
    desk.ends("check s.csv --for openvox", 1);
}

#[test]
fn a_second_table_in_a_workbook_is_named_with_its_sheet() {
    let desk = Desk::new("openvox");
    write_book(
        &desk.path("s.xlsx"),
        &[
            &["Nummer", "Name", "SIP-Passwort"],
            &["2001", "Ann", "tR7xkQ2mZp9w"],
            &[],
            &["Name", "Nummer", "E-Mail"],
            &["Bo", "2002", "bo@example.com"],
        ],
    );
    let words = desk.ends("import s.xlsx --to TARGET", 2).err;
    assert!(
        words.contains("s.xlsx:Sheet1!A4: this line reads like"),
        "{words}"
    );
    assert!(desk.pbx.numbers().is_empty());
}

#[test]
fn a_word_above_several_headings_qualifies_them() {
    let groups = [
        &["Telefonliste", "", "", "", "", "", ""][..],
        &["", "", "", "Voicemail", "", "", "Weiterleitung"],
        &[
            "Nummer",
            "Name",
            "SIP-Passwort",
            "Aktiv",
            "PIN",
            "E-Mail",
            "Aktiv",
        ],
        &[
            "2001",
            "Ann",
            "tR7xkQ2mZp9w",
            "nein",
            "12345",
            "ann@example.com",
            "nein",
        ],
    ];
    let csv = groups.map(|row| row.join(",")).join("\n");
    for (named, flag) in [
        ("s.csv", ""),
        ("s.xlsx", ""),
        ("s.csv", " --header-row 3"),
        ("s.xlsx", " --header-row 3"),
    ] {
        let desk = Desk::new("portsip");
        match named.ends_with("csv") {
            true => _ = desk.write(named, &csv),
            false => write_book(&desk.path(named), &groups),
        }
        let fill = "--fill web_password=<generate>";
        let line = format!("import {named} --to TARGET --rate 5000 {fill}{flag}");
        let words = desk.ends(&line, 0).err;
        // The switch of the mailbox does not switch the extension off, and its address is not the person's.
        let stored = |name: &str| desk.pbx.sim.stored("2001", name);
        assert_eq!(
            stored("options.enable_extension").as_deref(),
            Some("true"),
            "{words}"
        );
        assert_eq!(
            stored("voice_mail.enable_voicemail").as_deref(),
            Some("false"),
            "{words}"
        );
        assert_eq!(
            stored("voice_mail.voicemail_pin").as_deref(),
            Some("12345"),
            "{words}"
        );
        assert!(words.contains("“Voicemail: E-Mail” (F3)"), "{words}");
        assert!(words.contains("“Weiterleitung: Aktiv” (G3)"), "{words}");
        // A sheet that is written with these headings is read with them.
        let line = format!("columns {named} --for portsip -o map.toml{flag}");
        desk.ends(&line, 0);
        assert!(
            desk.read("map.toml")
                .contains("\"Voicemail: Aktiv\" = \"voicemail\"")
        );
    }
    // Headings that reach over both rows.
    let rows = [
        "Nummer,Name,SIP-Passwort,Voicemail,,",
        ",,,Aktiv,PIN,E-Mail",
        "2001,Ann,tR7xkQ2mZp9w,ja,12345,ann@example.com",
    ];
    let book: Vec<Vec<&str>> = rows.iter().map(|row| row.split(',').collect()).collect();
    let book: Vec<&[&str]> = book.iter().map(Vec::as_slice).collect();
    for (named, flag) in [
        ("s.csv", ""),
        ("s.csv", " --header-row 2"),
        ("s.xlsx", ""),
        ("s.xlsx", " --header-row 2"),
    ] {
        let desk = Desk::new("openvox");
        match named.ends_with("csv") {
            true => _ = desk.write(named, rows.join("\n")),
            false => write_book(&desk.path(named), &book),
        }
        let words = desk
            .ends(&format!("import {named} --to TARGET --rate 5000{flag}"), 0)
            .err;
        let stored = |name: &str| desk.pbx.sim.stored("2001", name);
        assert_eq!(stored("username").as_deref(), Some("Ann"));
        assert_eq!(stored("vmsecret").as_deref(), Some("12345"));
        assert_eq!(stored("email").as_deref().unwrap_or_default(), "");
        assert!(!words.contains("did you mean"), "{words}");
    }
    // A title qualifies nothing.
    let desk = Desk::new("openvox");
    let table = "Nummer,Name,SIP-Passwort,E-Mail\n2001,Ann,tR7xkQ2mZp9w,ann@example.com\n";
    for title in [
        "Kundenservice,,,",
        "Sekretariat,,,",
        "Voicemail der Zentrale,,,",
        "Telefonliste 2024,,Stand Mai 2024,",
        "Vertretung der Abteilung Nord,,,",
        "Manager,Di Muster,,",
        "Kundennummer,4711,,",
        "Manager,Di Muster,,\nListe,,,",
    ] {
        desk.write("s.csv", format!("{title}\n{table}"));
        let words = desk.ends("check s.csv --for openvox", 0).err;
        assert!(!words.contains("not read"), "{title}: {words}");
    }
}

#[test]
fn a_title_of_two_cells_stands_above_a_table_of_three_columns() {
    for title in [
        "Telefonliste,,Stand: 01.11.2026",
        "Telefonliste,,01.11.2026",
        "Standort,Bonn,",
    ] {
        let desk = Desk::new("openvox");
        desk.write(
            "s.csv",
            format!("{title}\nNst.,Name,SIP-Passwort\n2001,Ann,tR7xkQ2mZp9w\n"),
        );
        desk.ends("check s.csv --for openvox", 0);
    }
}

#[test]
fn nothing_below_a_title_between_rows_is_deleted() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small([2001, 2002, 2003]));
    desk.write(
        "s.csv",
        "Zu löschen,\nNst.,Name\n2001,Ann\n\nBleiben,\n2002,Bo\n",
    );
    let line = "delete s.csv --from TARGET --yes --max-deletes 100% --rate 5000";
    let words = desk.ends(line, 2).err;
    assert!(words.contains("s.csv:5: "), "{words}");
    assert_eq!(desk.pbx.numbers(), ["2001", "2002", "2003"]);
    desk.write(
        "s.csv",
        "Zu löschen,\nNst.,Name\nVertrieb,\n2001,Ann\n\nBleiben,\n",
    );
    desk.ends(line, 2);
    assert_eq!(desk.pbx.numbers(), ["2001", "2002", "2003"]);
}

#[test]
fn a_private_telephone_is_asked_about() {
    let desk = Desk::new("openvox");
    let line = "plan s.csv --to TARGET --fill sip_password=<generate> --rate 5000";
    for word in ["Privat", "Private", "Privé"] {
        desk.write(
            "s.csv",
            format!(";;{word};\nExt;Name;Mobile;Email\n201;Ann;0171123456;a@x.de\n202;Bo;0171123457;b@x.de\n"),
        );
        let answers =
            ["Mobile=mobile", "Mobile=-", "Email=email"].map(|answer| format!("{word}: {answer}"));
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        desk.ends(line, 2).says(&answers);
    }
    desk.write(
        "s.csv",
        ";Dienstlich;;\nExt;Name;Mobile;Email\n201;Ann;0171123456;a@x.de\n",
    );
    desk.ends(line, 0);
}

#[test]
fn a_total_that_is_the_sum_of_the_numbers_stops_a_deletion() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small([2001, 2002, 4003, 9]));
    let line = "delete s.csv --from TARGET --yes --max-deletes 100% --rate 5000";
    desk.write(
        "s.csv",
        "Department,Ext.\nSales,2001\nIT,2002\nTotal,4003\n",
    );
    desk.ends(line, 2).says(&["4003", "sum"]);
    assert_eq!(desk.pbx.numbers().len(), 4);
    // A count tells nothing about the others.
    desk.write("s.csv", "Department,Ext.\nSales,2001\nIT,2002\nTotal,2\n");
    desk.ends(line, 1);
    assert_eq!(desk.pbx.numbers(), ["4003", "9"]);
}

#[test]
fn a_title_that_says_that_no_extension_is_to_be_made_stops_an_import() {
    let desk = Desk::new("openvox");
    let flags = "--to TARGET --fill sip_password=<generate> --rate 5000";
    for title in [
        "Nicht anlegen!",
        "Do not import",
        "Ausgeschieden 2026",
        "Zu löschen",
        "Leavers",
        "Alt - nicht mehr gültig",
        "OLD LIST - do not use",
        "Rufgruppen",
        "Disabled accounts",
    ] {
        desk.write("s.csv", format!("{title}\nExt;Name\n201;Anna\n202;Ben\n"));
        desk.ends(&format!("import s.csv {flags}"), 2)
            .says(&[title, "--header-row 2"]);
        desk.write("s.csv", format!("Ext;Name\n201;Anna\n\n{title};\n203;Cy\n"));
        desk.ends(&format!("import s.csv {flags}"), 2)
            .says(&[title, "s.csv:4: "]);
    }
    assert!(desk.pbx.numbers().is_empty());
    for title in [
        "Telefonliste (nicht ausdrucken)",
        "Entwurf",
        "Mitarbeiter 2026",
    ] {
        desk.write("s.csv", format!("{title}\nExt;Name\n201;Anna\n202;Ben\n"));
        desk.ends(&format!("plan s.csv {flags}"), 0);
    }
    // Below the rows that are meant it stops nothing.
    desk.write("s.csv", "Ext;Name\n201;Anna\n202;Ben\nLeavers;\n");
    desk.ends(&format!("import s.csv {flags}"), 1);
    assert_eq!(desk.pbx.numbers(), ["201", "202"]);
}

#[test]
fn a_column_below_a_word_for_somebody_else_is_not_the_persons() {
    let read = |rows: &[&str], exit: i32| {
        let desk = Desk::new("portsip");
        desk.write("s.csv", rows.join("\n"));
        let fill = "--fill web_password=<generate> --fill sip_password=<generate> --rate 5000";
        let words = desk
            .ends(&format!("import s.csv --to TARGET {fill}"), exit)
            .err;
        let fields = [
            "profile.first_name",
            "profile.email",
            "profile.mobile_phone",
        ];
        (
            fields.map(|name| desk.pbx.sim.stored("2001", name).unwrap_or_default()),
            words,
        )
    };
    let row = "2001,Ann,Bo,2002,0170123,bo@example.com";
    for word in [
        "Emergency contact",
        "Notfallkontakt",
        "Stellvertreter",
        "Assistant",
        "Line manager",
        "Ehepartner",
        "Previous owner",
        "Vorheriger Nutzer",
        "Billing",
        "Contact d'urgence",
        "Company",
        "Parents",
    ] {
        for above in [
            vec![format!(",,{word},,,")],
            // Another row of words between these and the headings.
            vec![format!(",,{word},,,"), ",,Person,,Privat,".to_owned()],
        ] {
            let mut rows: Vec<&str> = above.iter().map(String::as_str).collect();
            rows.extend(["Nst.,Name,Name,Durchwahl,Mobil,E-Mail", row]);
            let (stored, words) = read(&rows, 0);
            assert_eq!(stored, ["Ann", "", ""], "{word}: {words}");
            for heading in ["Name", "Durchwahl", "Mobil", "E-Mail"] {
                assert!(words.contains(&format!("“{word}: {heading}”")), "{words}");
            }
        }
        // Alone above the first column, where a heading below it stands once more.
        let rows = [
            &format!("{word},,,"),
            "Name,E-Mail,Nst.,Name",
            "Bo,bo@example.com,2001,Ann",
        ];
        let (stored, words) = read(&rows, 0);
        assert_eq!(stored, ["Ann", "", ""], "{word}: {words}");
        // Else it is the title of the whole table, whose number is never somebody else's.
        let rows = [
            &format!("{word},,"),
            "Name,Nst.,E-Mail",
            "Ann,2001,ann@example.com",
        ];
        let (stored, words) = read(&rows, 0);
        assert_eq!(stored, ["Ann", "ann@example.com", ""], "{word}: {words}");
    }
    // Two words above the headings that could be headings themselves.
    let rows = [
        "Employee,,,Manager,",
        "Nst.,Name,Mobil,Name,E-Mail",
        "2001,Ann,0170123,Bo,bo@example.com",
    ];
    let (stored, words) = read(&rows, 0);
    assert_eq!(stored, ["Ann", "", "0170123"], "{words}");
    // Another person above the first column, and the person beside that one: the word may be a title too, so it is asked.
    for (above, somebodys) in [
        ("Vorgesetzter,Mitarbeiter,", "E-Mail"),
        ("Eltern,Schüler,", "Mobil"),
    ] {
        let headings = format!("{somebodys},Name,Durchwahl");
        let (_, words) = read(&[above, &headings, "bo@example.com,Ann,2001"], 2);
        assert!(words.contains(&format!(": {somebodys}=-'")), "{words}");
    }
    // A name with its value is a title.
    for above in ["Abteilung,Einkauf,", "Verantwortlich,Frau Fuchs,"] {
        let (headings, row) = ("Nst.,Name,E-Mail", "2001,Ann,ann@example.com");
        let (stored, words) = read(&[above, headings, row], 0);
        assert_eq!(stored, ["Ann", "ann@example.com", ""], "{above}: {words}");
    }
    // Words that nobody knows: asked.
    for word in ["Gruppenleiter", "Mentor", "In case of need"] {
        let rows = [
            &format!(",,{word},"),
            "Nst.,Name,Mobil,E-Mail",
            "2001,Ann,0170123,bo@example.com",
        ];
        let (_, words) = read(&rows, 2);
        assert!(
            words.contains(&format!("'{word}: E-Mail=email'")),
            "{words}"
        );
        // Above one heading alone it may be a part of a title.
        let rows = [
            &format!("Telefonliste,,,{word}"),
            "Nst.,Name,Mobil,E-Mail",
            "2001,Ann,0170123,ann@example.com",
        ];
        let (stored, words) = read(&rows, 0);
        assert_eq!(stored, ["Ann", "ann@example.com", "0170123"], "{words}");
    }
    // Words that tell of the person, or of nothing.
    for word in ["Person", "Kontakt", "Stammdaten", "Erreichbarkeit"] {
        let rows = [
            &format!(",,{word},,"),
            "Nst.,Name,Mobil,E-Mail",
            "2001,Ann,0170123,ann@example.com",
        ];
        let (stored, words) = read(&rows, 0);
        assert_eq!(
            stored,
            ["Ann", "ann@example.com", "0170123"],
            "{word}: {words}"
        );
    }
}

#[test]
fn headings_in_two_rows_are_joined_and_a_row_without_its_number_is_none_of_them() {
    let fill = "--fill web_password=<generate> --fill sip_password=<generate> --rate 5000";
    for rows in [
        "Durchwahl,Name,,E-Mail,\n,Vorname,Nachname,,\n2001,Ann,Muster,ann@example.com,",
        "Name,,Durchwahl,\nVorname,Nachname,,E-Mail\nAnn,Muster,2001,ann@example.com",
        "Name,,Telefon,\nNachname,Vorname,Durchwahl,E-Mail\nMuster,Ann,2001,ann@example.com",
    ] {
        let desk = Desk::new("portsip");
        desk.write("s.csv", rows);
        let words = desk
            .ends(&format!("import s.csv --to TARGET {fill}"), 0)
            .err;
        let stored = |name: &str| desk.pbx.sim.stored("2001", name).unwrap_or_default();
        let fields = ["profile.first_name", "profile.last_name", "profile.email"];
        assert_eq!(
            fields.map(stored),
            ["Ann", "Muster", "ann@example.com"],
            "{words}"
        );
    }
    for rows in [
        "Nst.,Name,Ort,\n,Ann Muster,Bonn,Mobil\n2001,Bo,Ulm,\n",
        "Nst.,Name,E-Mail,\n,Empfang,Halle,Handy\n2001,Bo,,\n",
        "Name,Nst.,,E-Mail\nAnn Muster,,Handy,\nBo,2001,,\n",
    ] {
        let desk = Desk::new("portsip");
        desk.write("s.csv", rows);
        desk.ends(
            &format!("import s.csv --to TARGET {fill} --report r.csv --map Name=display_name"),
            1,
        );
        assert_eq!(desk.report("r.csv").len(), 2, "{rows}");
        let stored = desk.pbx.sim.stored("2001", "profile.first_name");
        assert_eq!(stored.as_deref(), Some("Bo"), "{rows}");
    }
}

#[test]
fn a_switch_or_a_password_below_a_word_for_something_else_is_not_the_accounts() {
    let fill = "--fill web_password=<generate> --fill sip_password=<generate> --rate 5000";
    let row = "2001,Ann,nein,Geheim-7Kx2mQ";
    for above in [
        ",,Windows,",
        ",,Zutritt,",
        ",,Do not disturb,",
        "12.05.2024,,Headset,",
    ] {
        let desk = Desk::new("portsip");
        let headings = "Nummer,Name,Aktiv,Passwort";
        desk.write("s.csv", format!("{above}\n{headings}\n{row}\n"));
        let words = desk
            .ends(&format!("import s.csv --to TARGET {fill}"), 0)
            .err;
        let stored = |name: &str| desk.pbx.sim.stored("2001", name).unwrap_or_default();
        assert_eq!(stored("options.enable_extension"), "true", "{words}");
        assert_ne!(stored("profile.extension_password"), "Geheim-7Kx2mQ");
        assert!(words.contains(": Aktiv”"), "{above}: {words}");
    }
    // Below words about extensions and people they are, and where the number is below the same word.
    for above in ["Nebenstelle,,,", "Benutzer,,,", "Stammdaten,,,Raum"] {
        let desk = Desk::new("portsip");
        desk.write(
            "s.csv",
            format!(",{above}\n,Nummer,Name,Aktiv\n,2001,Ann,nein\n"),
        );
        desk.ends(
            &format!("import s.csv --to TARGET --header-row 2 {fill}"),
            0,
        );
        let stored = desk.pbx.sim.stored("2001", "options.enable_extension");
        assert_eq!(stored.as_deref(), Some("false"));
    }
}

#[test]
fn where_the_word_above_may_end_is_asked() {
    let desk = Desk::new("portsip");
    let rows = [
        ",,Voicemail,,",
        "Nummer,Name,Active,PIN,Enabled",
        "2001,Ann,yes,12345,no",
    ];
    desk.write("s.csv", rows.join("\n"));
    let line = "import s.csv --to TARGET --rate 5000 --fill web_password=<generate> --fill sip_password=<generate>";
    let words = desk.ends(line, 2).err;
    assert!(words.contains("“Voicemail: Enabled” (E2)"), "{words}");
    assert!(words.contains("'Voicemail: Enabled=enabled'"), "{words}");
    let mut answered = desk.command(line);
    let answered = answered.args(["--map", "Voicemail: Enabled=enabled"]);
    assert!(answered.output().unwrap().status.success());
    let stored = desk.pbx.sim.stored("2001", "options.enable_extension");
    assert_eq!(stored.as_deref(), Some("false"));
}
