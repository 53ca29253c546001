//! `migrate` from and to the files of products.

use crate::support::canary::assert_no_secret;
use crate::support::import_screen::{ImportScreen, SCREENS};
use crate::support::pbx::Desk;
use crate::support::program::Program;
use rowcall::model::{Field, Record};
use std::fs;
use std::path::Path;

fn extension(fields: &[(Field, &str)]) -> Record {
    let mut record = Record::default();
    for (field, text) in fields {
        record.set(*field, *text);
    }
    record
}

/// A desk at an OpenVox PBX with two extensions.
fn desk() -> Desk {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.seed(&[
        extension(&[
            (Field::NUMBER, "0042"),
            (Field::DISPLAY_NAME, "Ann Miller"),
            (Field::SIP_PASSWORD, "Canary7731Aa"),
            (Field::VOICEMAIL, "on"),
            (Field::VOICEMAIL_PIN, "083914"),
            (Field::EMAIL, "ann@example.com"),
        ]),
        extension(&[
            (Field::NUMBER, "0043"),
            (Field::DISPLAY_NAME, "Bo \\ Lund"),
            (Field::SIP_PASSWORD, "Canary7731Bb"),
        ]),
    ]);
    desk
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

#[test]
fn a_pbx_goes_into_a_file_with_the_account_of_every_field() {
    let desk = desk();
    let line = "migrate --from hq --to file:freepbx:bulk.csv --renumber 00xx=70xx";
    let shown = desk.ends(&format!("{line} --dry-run --report dry.csv"), 1);
    for words in [
        "+ create 7042 (hq:0042)",
        "sip_password: set",
        "! invalid 7043 (hq:0043)",
    ] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    assert!(!desk.path("bulk.csv").exists());
    desk.has_lines(
        "dry.csv",
        &[("7042", "create", "valid"), ("7043", "none", "invalid")],
    );
    let moved = desk.ends(&format!("{line} --report r.csv --loss loss.csv"), 1);
    assert_no_secret("the screen", &moved.err);
    for words in [
        "hq → bulk.csv",
        "LOST       web_password 2",
        "backslash",
        "bulk.csv: 1 of 2 rows for FreePBX Bulk Handler, with passwords in clear",
        "Apply Config",
        "rowcall verify bulk.csv EXPORT --for file:freepbx",
        "without a word:",
    ] {
        assert!(moved.err.contains(words), "{words}: {}", moved.err);
    }
    desk.has_lines(
        "r.csv",
        &[("7042", "create", "valid"), ("7043", "none", "invalid")],
    );
    let mut screen = ImportScreen::new(SCREENS[0]);
    screen
        .import(&fs::read(desk.path("bulk.csv")).unwrap())
        .unwrap();
    let ann = &screen.rows["7042"];
    let cell = |column: &str| ann.get(column).map_or("", String::as_str);
    assert_eq!(
        ["name", "secret", "voicemail_vmpwd", "voicemail_email"].map(cell),
        ["Ann Miller", "Canary7731Aa", "083914", "ann@example.com"]
    );
    #[cfg(unix)]
    assert!(is_private(&desk.path("bulk.csv")));
    let loss = desk.read("loss.csv");
    assert!(
        loss.contains("0042,7042,web_password,dropped,yes"),
        "{loss}"
    );
    let json = desk.ends(&format!("{line} --json"), 1).summary();
    assert_eq!(
        json["counts"],
        serde_json::json!({"valid": 1, "invalid": 1})
    );
    assert_eq!(json["command"], "migrate");
}

#[test]
fn an_export_for_a_product_is_the_file_that_a_migration_writes() {
    let desk = desk();
    let options = "--renumber 00xx=70xx --fill display_name=X --report r.csv";
    let line = format!("export hq --to file:freepbx -o bulk.csv {options} --json --rate 500/s");
    let made = desk.ends(&line, 1);
    assert_no_secret("the screen", &made.err);
    let made = made.says(&["LOST       web_password 2", "Apply Config"]);
    assert_eq!(made.summary()["command"], "export");
    desk.has_lines(
        "r.csv",
        &[("7042", "create", "valid"), ("7043", "none", "invalid")],
    );
    #[cfg(unix)]
    assert!(is_private(&desk.path("bulk.csv")));
    let line = format!("migrate --from hq --to file:freepbx:moved.csv {options}");
    desk.ends(&line, 1);
    assert_eq!(desk.read("bulk.csv"), desk.read("moved.csv"));
}

#[test]
fn what_is_made_up_for_a_file_is_kept_beside_it_and_never_twice() {
    let desk = desk();
    let line = "migrate --from hq --to file:issabel:bulk.csv --drop sip_password";
    desk.ends(line, 0)
        .says(&["bulk.secrets.csv (2 generated, only for its owner"]);
    let written = desk.read("bulk.csv");
    let secrets = fs::read_to_string(desk.path("bulk.secrets.csv")).unwrap();
    let made = secrets.lines().nth(1).unwrap().rsplit(',').next().unwrap();
    assert!(
        made.len() >= 6 && written.contains(made),
        "{secrets}\n{written}"
    );
    #[cfg(unix)]
    assert!(is_private(&desk.path("bulk.secrets.csv")));
    desk.ends(line, 2)
        .says(&["bulk.secrets.csv is there already"]);
    assert_eq!(
        (desk.read("bulk.csv"), desk.read("bulk.secrets.csv")),
        (written, secrets)
    );
    desk.ends(&format!("{line} --secrets-out other.csv"), 0);
    assert!(desk.path("other.csv").exists());
    // A file that cannot be written leaves no secrets behind.
    fs::create_dir(desk.path("folder.csv")).unwrap();
    let line = "migrate --from hq --to file:issabel:folder.csv --drop sip_password";
    desk.ends(line, 2).says(&["folder.csv cannot be written"]);
    assert!(!desk.path("folder.secrets.csv").exists());
}

#[test]
fn what_a_file_cannot_have_is_refused_before_anything_is_read() {
    let desk = desk();
    desk.write("rooms.csv", "extension,name\n1,a\n");
    for (line, exit, words) in [
        ("export hq --to file:nothing -o b.csv", 2, "file:freepbx"),
        ("export hq --to file:freepbx", 2, "--output"),
        ("export hq hq --to file:freepbx -o b.csv", 2, "of one PBX"),
        (
            "export hq --drop email -o b.csv",
            2,
            "add --to file:PRODUCT",
        ),
        (
            "export hq --report r.csv -o b.csv",
            2,
            "add --to file:PRODUCT",
        ),
        ("export hq --to file:freepbx -o b.csv --live", 2, "--live"),
        (
            "export hq --to file:freepbx -o b.csv --secrets omit",
            2,
            "--secrets",
        ),
        (
            "export hq --to file:freepbx -o b.csv --on-loss stop",
            4,
            "--drop web_password",
        ),
        (
            "migrate --from hq --to file:freepbx",
            2,
            "file:PRODUCT:FILE",
        ),
        (
            "migrate --from hq --to file:nothing:b.csv",
            2,
            "file:freepbx, file:issabel",
        ),
        (
            "migrate --from file:nothing:b.csv --to hq",
            2,
            "to read alone: file:",
        ),
        (
            "migrate --from hq --to file:freepbx:b.csv --overwrite",
            2,
            "--overwrite",
        ),
        (
            "migrate --from hq --to file:freepbx:b.csv --waves 1,2",
            2,
            "--waves",
        ),
        (
            "migrate --from hq --to file:freepbx:b.csv --rate 3/s",
            2,
            "--rate",
        ),
        (
            "migrate --from hq --to hq --map X=-",
            2,
            "--from hq is a PBX",
        ),
        (
            "migrate --from hq --to file:freepbx:no/b.csv",
            2,
            "there is no folder",
        ),
        (
            "migrate --from file:freepbx:rooms.csv --to file:freepbx:rooms.csv",
            2,
            "rooms.csv",
        ),
        (
            "migrate --from hq --to file:freepbx:b.csv --on-loss stop",
            4,
            "--drop web_password",
        ),
    ] {
        desk.ends(line, exit).says(&[words]);
    }
    assert!(!desk.path("b.csv").exists());
    assert_eq!(desk.read("rooms.csv"), "extension,name\n1,a\n");
}

const THREE: &str = "\
Number,FirstName,LastName,EmailAddress,MobileNumber,AuthID,AuthPassword,EnableVoicemail,VMNoPin,PIN,WebMeetingFriendlyName,Shoes
2001,Ann,Miller,ann@example.com,,a2001,Canary7731Aa,1,0,083914,,41
2002,Bo,Lund,,,a2002,Canary7731Bb,0,0,,,42
2003,Cy
,Di,Fox,,,a2004,Canary7731Dd,0,0,,,44
";

#[test]
fn a_products_file_goes_onto_a_pbx_and_every_row_has_its_line() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("new"));
    desk.write("old.csv", THREE);
    let line = "migrate --from file:3cx-v18:old.csv --to new --renumber 2xxx=72xxx --yes";
    let moved = desk.ends(&format!("{line} --report r.csv --json"), 1);
    assert_no_secret("the screen", &moved.err);
    for words in ["Shoes", "4 extensions with 24 fields", "old.csv → new"] {
        assert!(moved.err.contains(words), "{words}: {}", moved.err);
    }
    desk.has_lines(
        "r.csv",
        &[
            ("72001", "create", "created"),
            ("72002", "create", "created"),
            ("72003", "none", "invalid"),
            ("", "none", "invalid"),
        ],
    );
    let report = desk.report("r.csv");
    assert_eq!(report[2]["place"], "old.csv:4");
    let held = desk.pbx.look(&desk.pbx.connect(), "72001").unwrap();
    assert_eq!(held.text(Field::DISPLAY_NAME), Some("Ann Miller"));
    assert_eq!(held.reveal(Field::SIP_PASSWORD), Some("Canary7731Aa"));
    assert_eq!(held.reveal(Field::VOICEMAIL_PIN), Some("083914"));
    // Again: nothing is new, then only what changed in the file.
    desk.ends(&format!("{line} --report r.csv"), 1);
    let results = desk.results("r.csv");
    assert_eq!(results[..2], ["unchanged", "unchanged"]);
    desk.write("old.csv", THREE.replace("Lund", "Lind"));
    desk.ends(&format!("{line} --report r.csv"), 1);
    assert_eq!(desk.results("r.csv")[..2], ["unchanged", "updated"]);
    let undone = desk.ends("undo --yes --max-deletes all", 0);
    assert!(undone.err.contains("1 updated"), "{}", undone.err);
    let stopped = desk.ends(&format!("{line} --on-loss stop"), 4);
    stopped.says(&["Shoes (not read) 3", "--map 'Shoes=-'"]);
    desk.ends(&format!("{line} --map Shoes=- --dry-run"), 1);
}

#[test]
fn a_file_of_one_product_becomes_the_file_of_another() {
    let desk = Program::new();
    desk.write(
        "old.csv",
        THREE.lines().take(3).collect::<Vec<_>>().join("\n"),
    );
    let moved = desk.ends(
        "migrate --from file:3cx-v18:old.csv --to file:mikopbx:new.csv",
        0,
    );
    moved.says(&[
        "2 of 2 rows for MikoPBX employees",
        "LOST       voicemail 1, voicemail_pin 1",
    ]);
    let written = desk.read("new.csv");
    assert!(
        written.contains("2001,Ann Miller,ann@example.com,"),
        "{written}"
    );
    assert!(written.contains(",Canary7731Bb"), "{written}");
}

#[test]
fn an_export_whose_secrets_are_all_blank_is_not_as_it_was_meant() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,display_name,sip_password\n2001,Ann,tR7xkQ2mZp9w\n2002,Bo,Kq7Wz1P3xVab\n",
    );
    desk.ends("convert s.csv --to file:freepbx -o bulk.csv", 0);
    let bulk = desk.read("bulk.csv");
    let blank = bulk.replace("tR7xkQ2mZp9w", "").replace("Kq7Wz1P3xVab", "");
    desk.write("blank.csv", blank);
    let verified = desk.ends("verify bulk.csv blank.csv --for file:freepbx", 1);
    assert!(
        verified.err.contains("2 rows: 2 differs"),
        "{}",
        verified.err
    );
    desk.write("without.csv", "extension,name\n2001,Ann\n2002,Bo\n");
    desk.ends("verify bulk.csv without.csv --for file:freepbx", 0)
        .says(&["no such column: secret"]);
}

#[test]
fn a_row_with_the_wrong_number_of_cells_is_told_with_its_line() {
    let desk = Program::new();
    let good = "extension,name,secret,voicemail_enable,tech\n2001,Ann,Xk39vTq2Lm,no,pjsip\n2002,Bo,Xk39vTq2Ln,no,pjsip\n";
    desk.write("bulk.csv", good);
    desk.write(
        "short.csv",
        good.replace("2002,Bo,Xk39vTq2Ln,no,pjsip", "2002,Bo,Xk39vTq2Ln,no"),
    );
    let line = "verify bulk.csv short.csv --for file:freepbx --report r.csv";
    desk.ends(line, 1).says(&[
        "short.csv:3: error:",
        "differs 2002: short.csv:3 cannot be read",
    ]);
    assert_eq!(desk.results("r.csv"), ["created", "differs"]);
    let line = "verify short.csv bulk.csv --for file:freepbx --report r.csv";
    desk.ends(line, 1).says(&["short.csv:3: invalid 2002:"]);
    assert_eq!(desk.results("r.csv"), ["created", "invalid"]);
}

const LIKE: &str = "\
tech,Extension,name,secret,voicemail_enable,voicemail_vmpwd,dial,mohclass,webpin,sipname,emptied,description
pjsip,2001,Ann,Canary7731Zz,yes,1234,PJSIP/2001,jazz,4711,,,Desk
sip,2002,Bo,Canary7731Zy,no,,PJSIP/2002,jazz,4711,,,Desk
";

#[test]
fn a_file_takes_headings_order_and_shared_texts_from_the_products_own_export() {
    let desk = Program::new();
    desk.write("like.csv", LIKE);
    desk.write(
        "staff.csv",
        "number,display_name,sip_password,voicemail,voicemail_pin,email\n\
         0042,Cy,Canary7731Aa,on,083914,cy@example.com\n43,Di,Canary7731Bb,,,\n",
    );
    let line = "convert staff.csv --to file:freepbx -o bulk.csv --like like.csv";
    let made = desk.ends(line, 0);
    for words in [
        "like.csv has no column for what is left out: voicemail_email 1",
        "left out, for a blank cell would take away the default: dial, webpin",
    ] {
        assert!(made.err.contains(words), "{words}: {}", made.err);
    }
    let written = desk.read("bulk.csv");
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(
        lines,
        [
            "tech,Extension,name,secret,voicemail_enable,voicemail_vmpwd,mohclass,description",
            "pjsip,0042,Cy,Canary7731Aa,yes,083914,jazz,Desk",
            "pjsip,43,Di,Canary7731Bb,no,,jazz,Desk",
        ]
    );
    let mut screen = ImportScreen::new(SCREENS[0]);
    assert_eq!(screen.import(written.as_bytes()), Ok(()));
    desk.ends(&format!("{line} --on-loss stop"), 4)
        .says(&["voicemail_email 1"]);
    // One row does not show which texts all rows share; the number must have its column.
    let one: String = LIKE
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    desk.write("like.csv", one);
    desk.ends(line, 0);
    assert!(!desk.read("bulk.csv").contains("jazz"));
    desk.write(
        "like.csv",
        LIKE.replace("Extension", "room").replace("secret", "door"),
    );
    desk.ends(line, 2)
        .says(&["lacks columns that FreePBX Bulk Handler needs: extension 2"]);
    let line = "migrate --from file:freepbx:old.csv --to file:issabel:new.csv --like like.csv";
    desk.write("old.csv", LIKE);
    desk.write(
        "like.csv",
        "\"User Extension\",\"Display Name\",\"Secret\",\"Context\",\"Tech\",\"Zone\"\n\
         \"1\",\"A\",\"b\",\"office\",\"pjsip\",\"x\"\n\"2\",\"B\",\"c\",\"office\",\"pjsip\",\"y\"\n",
    );
    desk.ends(line, 0)
        .says(&["left empty: Zone", "Voicemail Status 2"]);
    let written = desk.read("new.csv");
    assert!(
        written.contains("\"2001\",\"Ann\",\"Canary7731Zz\",\"office\",\"pjsip\",\"\""),
        "{written}"
    );
    desk.ends(
        "migrate --from file:freepbx:old.csv --to sim:openvox --like like.csv",
        2,
    )
    .says(&["--like"]);
}
