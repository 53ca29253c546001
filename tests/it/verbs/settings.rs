//! Fields that a vendor has only with settings of the target: every command says the same of them.

use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::Program;

/// The settings that bring all fields of Asterisk.
const SETTINGS: &str = "ami = \"on\"\ndialplan = \"freepbx\"\n";

const NEEDS_AMI: &str = "Asterisk has it only with ami = \"on\" for the target";

const SHEET: &str = "number,display_name,sip_password,voicemail,voicemail_pin,email,do_not_disturb\n\
                     2001,Ann Miller,Xk39vTq2Lm,on,083914,ann@example.com,on\n";

/// An Asterisk that is `hq` of the configuration, and again `plain` without the settings.
fn desk() -> Desk {
    let pbx = TestPbx::new("asterisk");
    let program = Program::at("hq".into()).with_own_state();
    program.write(
        "rowcall.toml",
        pbx.config("hq") + SETTINGS + &pbx.config("plain"),
    );
    program.write("in.csv", SHEET);
    Desk { program, pbx }
}

#[test]
fn without_a_target_the_settings_that_bring_a_field_are_named() {
    let desk = desk();
    let found = desk.run("check in.csv --for asterisk --all").exits(0).out;
    for words in [
        &format!("voicemail_pin: {NEEDS_AMI}"),
        &format!("email: {NEEDS_AMI}"),
        "do_not_disturb: Asterisk has it only with ami = \"on\" and dialplan = \"freepbx\" for the target",
    ] {
        assert!(found.contains(words), "{words} is not in\n{found}");
    }
    let columns = desk.run("columns in.csv --for asterisk").exits(0).out;
    assert!(
        columns.contains("; only with ami = \"on\" for the target"),
        "{columns}"
    );
    desk.run("template --for asterisk")
        .exits(0)
        .says(&["voicemail_pin is not in it: only with ami = \"on\" for the target"]);
    let page = desk.run("vendors asterisk").exits(0).out;
    let row = page
        .lines()
        .find(|line| line.contains("mailbox.pin"))
        .unwrap();
    assert!(
        row.contains("Only with ami = \"on\" for the target."),
        "{row}"
    );
    assert!(
        page.contains("voicemail_pin.only"),
        "its rules are there too"
    );
}

#[test]
fn plan_and_import_go_by_the_settings_of_the_target() {
    let desk = desk();
    desk.go("plan in.csv --to plain")
        .exits(0)
        .says(&[NEEDS_AMI]);
    let plan = desk.go("plan in.csv --to hq").exits(0);
    assert!(!plan.err.contains("has it only with"), "{}", plan.err);
    desk.go("import in.csv --to hq --yes").exits(0);
    let stored = |name: &str| desk.pbx.sim.stored("2001", name);
    assert_eq!(stored("mailbox.pin").as_deref(), Some("083914"));
    assert_eq!(stored("mailbox.name").as_deref(), Some("Ann Miller"));
    assert_eq!(stored("mailbox.email").as_deref(), Some("ann@example.com"));
    assert_eq!(stored("astdb.DND").as_deref(), Some("YES"));

    desk.go("export hq -o with.csv").exits(0);
    desk.go("export plain -o without.csv").exits(1);
    let has_email = |name: &str| {
        let text = desk.read(name);
        let mut headings = text.lines().next().unwrap().split(',');
        headings.any(|heading| heading == "email")
    };
    assert!(has_email("with.csv"));
    assert!(!has_email("without.csv"));
    desk.go("diff in.csv hq").exits(0);
    desk.write("other.csv", SHEET.replace("ann@", "bo@"));
    let diff = desk.go("diff other.csv hq").exits(1).out;
    assert!(
        diff.contains("ann@example.com") && diff.contains("bo@example.com"),
        "{diff}"
    );

    desk.go("import other.csv --to hq --mode update --yes")
        .exits(0);
    assert_eq!(stored("mailbox.email").as_deref(), Some("bo@example.com"));
    desk.run("undo --yes").exits(0);
    assert_eq!(stored("mailbox.email").as_deref(), Some("ann@example.com"));
}

/// A field that is kept in the mailbox needs a mailbox.
#[test]
fn an_e_mail_address_without_a_pin_is_a_finding() {
    let desk = desk();
    desk.write("in.csv", SHEET.replace("083914", ""));
    desk.go("import in.csv --to hq --yes --report r.csv")
        .exits(1);
    let row = &desk.report("r.csv")[0];
    assert_eq!((&*row["result"], &*row["code"]), ("invalid", "kept_with"));
    assert_eq!(row["field"], "email");
    assert!(
        row["message"].contains("there is no voicemail_pin"),
        "{row:?}"
    );
    // An extension that has one may be given another address alone.
    desk.write("in.csv", SHEET);
    desk.go("import in.csv --to hq --yes").exits(0);
    desk.write("in.csv", "number,email\n2001,bo@example.com\n");
    desk.go("import in.csv --to hq --mode update --yes")
        .exits(0);
    desk.write("in.csv", "number,voicemail_pin\n2001,<clear>\n");
    desk.go("import in.csv --to hq --mode update --yes --report r.csv")
        .exits(1);
    assert_eq!(desk.report("r.csv")[0]["code"], "kept_with");
}

/// A line break within a cell would inject a line of its own into a file of the PBX.
#[test]
fn a_line_break_in_what_goes_into_a_file_is_a_finding() {
    let desk = desk();
    for (field, good) in [
        ("display_name", "Ann Miller"),
        ("voicemail_pin", "083914"),
        ("email", "ann@example.com"),
    ] {
        let bad = format!("\"{good}\n6666 => 1,x\"");
        desk.write("in.csv", SHEET.replace(good, &bad));
        desk.go("import in.csv --to hq --yes --report r.csv")
            .exits(1);
        let row = &desk.report("r.csv")[0];
        assert_eq!(
            (&*row["result"], &*row["field"]),
            ("invalid", field),
            "{row:?}"
        );
    }
    assert_eq!(desk.pbx.numbers(), [""; 0]);
    let options = "number,display_name,sip_password,voicemail_pin,voicemail_options\n\
                   2001,Ann,Xk39vTq2Lm,083914,\"attach=yes\n6666 => 1,x\"\n";
    desk.write("in.csv", options);
    desk.go("import in.csv --to hq --yes --report r.csv")
        .exits(1);
    assert_eq!(
        desk.report("r.csv")[0]["code"],
        "voicemail_options.one_line"
    );
}

/// From a vendor with boxes and forwards to Asterisk and back: what has a place is carried, what has none is accounted for.
#[test]
fn a_migration_goes_by_the_settings_of_both_targets() {
    let desk = desk();
    let (old, back) = (TestPbx::new("openvox"), TestPbx::new("openvox"));
    let mut ann = old.full("2001", 0);
    let mut bo = old.full("2002", 0);
    for (record, pin) in [(&mut ann, "083914"), (&mut bo, "")] {
        use rowcall::model::Field as F;
        record.set(F::VOICEMAIL_PIN, pin);
        record.set(F::VOICEMAIL, "on");
        record.set(F::FORWARD_BUSY, "on");
        record.set(F::FORWARD_BUSY_TO, "extension");
        record.set(F::FORWARD_BUSY_EXTENSION, "2002");
        record.set(F::FORWARD_ALWAYS, "off");
        record.set(F::FORWARD_NO_ANSWER, "on");
        record.set(F::FORWARD_NO_ANSWER_TO, "voicemail");
        record.set(F::DO_NOT_DISTURB, "on");
    }
    old.seed(&[ann, bo]);
    desk.write(
        "rowcall.toml",
        desk.pbx.config("hq")
            + SETTINGS
            + &desk.pbx.config("plain")
            + &old.config("old")
            + &back.config("back"),
    );
    let plain = "migrate --from old --to plain --dry-run --loss plain.csv";
    desk.go(plain).exits(0);
    assert!(
        desk.read("plain.csv")
            .contains("Asterisk has it only with ami"),
        "{}",
        desk.read("plain.csv")
    );
    desk.go("migrate --from old --to hq --yes --report r.csv --loss loss.csv");
    println!("{}", desk.read("loss.csv"));
    let stored = |number: &str, name: &str| desk.pbx.sim.stored(number, name);
    assert_eq!(stored("2001", "mailbox.pin").as_deref(), Some("083914"));
    assert_eq!(stored("2001", "astdb.CFB").as_deref(), Some("2002"));
    assert_eq!(stored("2001", "astdb.CF"), None);
    assert_eq!(stored("2001", "astdb.CFU"), None);
    assert_eq!(stored("2001", "astdb.DND").as_deref(), Some("YES"));
    assert_eq!(stored("2002", "mailbox.pin"), None, "it has no PIN");
    assert_eq!(stored("2002", "astdb.CFB").as_deref(), Some("2002"));
    desk.go("migrate --from hq --to back --yes --report r.csv");
    let returned = |name: &str| back.sim.stored("2001", name);
    println!("{:?}", desk.report("r.csv"));
    assert_eq!(returned("vmsecret").as_deref(), Some("083914"));
    assert_eq!(returned("busyforward").as_deref(), Some("on"));
    assert_eq!(returned("btransfernum").as_deref(), Some("2002"));
    assert_ne!(returned("alwaysforward").as_deref(), Some("on"));
}

/// A number alone switches a forward on: a forward that is off must not be switched on by the number beside it.
#[test]
fn forwards_of_a_sheet_become_numbers() {
    let desk = desk();
    let head = "number,sip_password,forward_busy,forward_busy_to,forward_busy_extension,forward_busy_number\n";
    let rows = [
        ("2001", "on,extension,2002,", Some("2002")),
        ("2002", "off,number,,0301", None),
        ("2003", "on,number,,0302", Some("0302")),
        ("2004", "on,voicemail,,", None),
        ("2005", ",,,0303", Some("0303")),
        ("2006", "off,,,", None),
    ];
    let lines = rows.map(|(number, cells, _)| format!("{number},Xk39vTq2Lm,{cells}\n"));
    desk.write("in.csv", head.to_owned() + &lines.concat());
    desk.go("import in.csv --to hq --yes --report r.csv")
        .exits(0);
    for (number, _, wanted) in rows {
        let stored = desk.pbx.sim.stored(number, "astdb.CFB");
        assert_eq!(stored.as_deref(), wanted, "{number}");
    }
    // And off again.
    desk.write("in.csv", head.to_owned() + "2003,,off,number,,0302\n");
    desk.go("import in.csv --to hq --mode update --yes")
        .exits(0);
    assert_eq!(desk.pbx.sim.stored("2003", "astdb.CFB"), None);
}
