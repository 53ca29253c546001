//! `convert` and `verify`: files for the import pages of products, against simulations of those pages.

use crate::support::canary::tells_nothing;
use crate::support::import_screen::{ImportScreen, SCREENS};
use crate::support::program::Program;
use rowcall::dialects::dialects;
use rowcall::model::{Field, Record};
use std::collections::BTreeMap;
use std::fs;

/// The column of a field in each product's file.
fn column(product: &str, field: Field) -> Option<&'static str> {
    let all: &[(Field, [&str; 3])] = &[
        (Field::NUMBER, ["extension", "User Extension", "number"]),
        (
            Field::DISPLAY_NAME,
            ["name", "Display Name", "user_username"],
        ),
        (Field::SIP_PASSWORD, ["secret", "Secret", "sip_secret"]),
        (
            Field::EMAIL,
            ["voicemail_email", "VM Email Address", "user_email"],
        ),
        (
            Field::VOICEMAIL_PIN,
            ["voicemail_vmpwd", "Voicemail Password", ""],
        ),
        (Field::CALLER_ID, ["outboundcid", "Outbound CID", ""]),
        (Field::MOBILE, ["", "", "mobile_number"]),
    ];
    let (_, columns) = all.iter().find(|(known, _)| *known == field)?;
    let at = SCREENS.iter().position(|known| *known == product).unwrap();
    Some(columns[at]).filter(|column| !column.is_empty())
}

/// 500 extensions as various as all products take them.
fn extensions() -> Vec<Record> {
    const NAMES: [&str; 8] = [
        "Ann Miller",
        "Bo \"Bobby\" Lund",
        "Müßig-Çelik, Zoë",
        "O'Hara",
        "=1+1",
        "+49 Office",
        "Desk 7; East",
        "李 小龙",
    ];
    const SECRETS: [&str; 6] = [
        "Aa1,b2;c3",
        "\"Qq12\"xx34",
        "=Ab12cd34",
        "0042Zz9900",
        "ü1ß2ab€cd3",
        "-Xy7 z8 kk",
    ];
    let one = |index: usize| {
        let mut record = Record::numbered(match index % 3 {
            0 => format!("0{}", 200 + index),
            _ => (2000 + index).to_string(),
        });
        record.set(Field::DISPLAY_NAME, NAMES[index % NAMES.len()]);
        let secret = SECRETS[index % SECRETS.len()];
        record.set(Field::SIP_PASSWORD, format!("{secret}{index:03}"));
        if index.is_multiple_of(2) {
            record.set(Field::VOICEMAIL, "on");
            record.set(Field::VOICEMAIL_PIN, format!("0{index:04}"));
            record.set(Field::EMAIL, format!("p{index}@example.com"));
            record.set(Field::VOICEMAIL_TO_EMAIL, ["on", "off"][index / 2 % 2]);
        } else if index.is_multiple_of(5) {
            record.set(Field::VOICEMAIL, "off");
        }
        if index.is_multiple_of(7) {
            record.set(Field::CALLER_ID, format!("030555{index:04}"));
            record.set(Field::MOBILE, format!("+4917155{index:05}"));
        }
        record
    };
    (0..500).map(one).collect()
}

#[test]
fn every_dialect_has_its_import_page() {
    let known: Vec<&str> = dialects().iter().map(|facts| &*facts.vendor.id).collect();
    assert_eq!(known, SCREENS);
}

#[test]
fn five_hundred_extensions_come_back_as_they_were_meant() {
    let extensions = extensions();
    for product in SCREENS {
        let desk = Program::new();
        desk.sheet("staff.csv", &extensions);
        let made = desk.ends(
            &format!("convert staff.csv --to file:{product} -o bulk.csv"),
            0,
        );
        assert!(
            made.err.contains("bulk.csv: 500 of 500 rows"),
            "{}",
            made.err
        );
        let mut screen = ImportScreen::new(product);
        screen
            .import(&fs::read(desk.path("bulk.csv")).unwrap())
            .unwrap();
        assert_eq!(screen.rows.len(), 500, "{product}");
        for extension in &extensions {
            let held = &screen.rows[extension.number()];
            for (field, text) in extension.iter() {
                let Some(column) = column(product, field) else {
                    continue;
                };
                let held = held.get(column).map_or("", String::as_str);
                assert_eq!(
                    held,
                    text.reveal(),
                    "{product}: {} {}",
                    extension.number(),
                    field.name()
                );
            }
        }
        desk.write("after.csv", screen.export());
        let line = format!("verify bulk.csv after.csv --for file:{product} --report seen.csv");
        let seen = desk.ends(&line, 0);
        assert!(
            seen.err.contains("500 rows: 500 created"),
            "{product}: {}",
            seen.err
        );
        assert_eq!(desk.report("seen.csv").len(), 500);
    }
}

#[test]
fn what_the_product_did_otherwise_is_found() {
    for product in SCREENS {
        let desk = Program::new();
        desk.sheet("staff.csv", &extensions()[..8]);
        desk.ends(
            &format!("convert staff.csv --to file:{product} -o bulk.csv"),
            0,
        );
        let mut screen = ImportScreen::new(product);
        screen
            .import(&fs::read(desk.path("bulk.csv")).unwrap())
            .unwrap();
        let named = |field| column(product, field).unwrap();
        let mut change = |number: &str, field: Field, text: &str| {
            let row: &mut BTreeMap<String, String> = screen.rows.get_mut(number).unwrap();
            row.insert(named(field).to_owned(), text.to_owned());
        };
        change("2001", Field::DISPLAY_NAME, "Bo");
        change("2002", Field::SIP_PASSWORD, "Canary7731ab12");
        change("2004", Field::EMAIL, "x@example.com");
        screen.rows.remove("2005");
        let exported = screen.export();
        let last = exported.lines().last().unwrap().to_owned();
        desk.write("after.csv", format!("{exported}{last}\n"));
        let line = format!("verify bulk.csv after.csv --for file:{product} --report seen.csv");
        let seen = desk.ends(&line, 1);
        tells_nothing("the screen", &seen.err);
        let found: Vec<(String, String)> = desk
            .report("seen.csv")
            .iter()
            .filter(|row| row["result"] != "created")
            .map(|row| (row["number"].clone(), row["result"].clone()))
            .collect();
        let twice = screen.rows.keys().next_back().unwrap().clone();
        let mut expected = vec![
            ("2001".to_owned(), "differs".to_owned()),
            ("2002".to_owned(), "differs".to_owned()),
            ("2004".to_owned(), "differs".to_owned()),
            ("2005".to_owned(), "missing".to_owned()),
            (twice, "differs".to_owned()),
        ];
        expected.sort();
        let mut found = found;
        found.sort();
        assert_eq!(found, expected, "{product}: {}", seen.err);
    }
}

#[test]
fn invalid_rows_are_not_in_the_file_and_lost_columns_are_told() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,display_name,sip_password,voicemail,voicemail_pin,web_password\n\
         2001,Ann,Canary7731Aa,on,0839,Wk39vTq2Lm\n2002,Bo,bad\\Canary7731,off,,\n2003,Cy,Canary7731Cc,on,,\n\
         2004,Di,<generate>,off,,\n",
    );
    let made = desk.ends(
        "convert staff.csv --to file:freepbx -o bulk.csv --report r.csv --json",
        1,
    );
    tells_nothing("the screen", &made.err);
    let written = desk.read("bulk.csv");
    assert_eq!(written.lines().count(), 3, "{written}");
    assert!(
        written.contains("2001,Ann,Canary7731Aa,yes,0839,pjsip"),
        "{written}"
    );
    assert!(
        !written.contains("<generate>") && !written.contains("web"),
        "{written}"
    );
    let results: Vec<String> = desk
        .report("r.csv")
        .iter()
        .map(|row| row["result"].clone())
        .collect();
    assert_eq!(results, ["valid", "invalid", "invalid", "valid"]);
    for words in [
        "backslash",
        "voicemail is on, but voicemail_pin is blank",
        "web_password",
        "2 of 4 rows",
        "1 secret made up",
    ] {
        assert!(made.err.contains(words), "{words}: {}", made.err);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("bulk.csv"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let lost = "convert staff.csv --to file:freepbx -o lost.csv --on-loss stop";
    desk.ends(lost, 4).says(&["web_password"]);
    assert!(!desk.path("lost.csv").exists());
}

#[test]
fn what_cannot_be_converted_is_said() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,display_name,sip_password\n2001,Ann,Xk39vTq2Lm\n",
    );
    for (line, words) in [
        (
            "convert staff.csv --to file:nothing -o b.csv",
            "file:freepbx",
        ),
        ("convert staff.csv --to openvox -o b.csv", "file:freepbx"),
        (
            "convert staff.csv --to file:freepbx -o staff.csv",
            "staff.csv",
        ),
        (
            "convert staff.csv --to file:freepbx -o b.csv --groups",
            "no groups",
        ),
        ("check staff.csv --for file:nothing", "file:freepbx"),
        (
            "verify staff.csv staff.csv --for file:freepbx",
            "has not the columns of FreePBX",
        ),
    ] {
        desk.ends(line, 2).says(&[words]);
    }
    assert!(!desk.path("b.csv").exists());
    desk.ends("check staff.csv --for file:issabel", 0);
    desk.ends("template --for file:mikopbx -o t.csv", 0);
    let many: String = (0..1001)
        .map(|row| format!("{},Ann,Xk39vTq2Lm\n", 2000 + row))
        .collect();
    desk.write(
        "many.csv",
        format!("number,display_name,sip_password\n{many}"),
    );
    desk.ends("convert many.csv --to file:mikopbx -o b.csv", 2)
        .says(&["takes 1000 rows at a time", "split"]);
    assert!(!desk.path("b.csv").exists());
}
