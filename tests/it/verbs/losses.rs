//! Columns that the vendor has no field for: joined, split, translated, or left out with one note for each column.

use crate::support::pbx::Desk;
use rowcall::vendors::VENDORS;
use std::collections::BTreeMap;

fn field(desk: &Desk, number: &str, wire: &str) -> String {
    desk.pbx.sim.stored(number, wire).unwrap_or_default()
}

/// The lines of a text that contain a word.
fn lines_with<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    text.lines().filter(|line| line.contains(word)).collect()
}

fn findings(row: &BTreeMap<String, String>) -> &str {
    &row["findings"]
}

#[test]
fn first_and_last_name_become_the_one_name_of_five_hundred_rows() {
    let desk = Desk::new("openvox");
    let rows: String = (2000..2500)
        .map(|number| format!("{number},Ann,Muster{number},tR7xkQ2m{number}\n"))
        .collect();
    desk.write(
        "s.csv",
        format!("number,first_name,last_name,sip_password\n{rows}"),
    );
    let line = "import s.csv --to TARGET --rate 5000 --reply-within 2 --report r.csv";
    let words = desk.ends(line, 0).err;
    for number in ["2000", "2250", "2499"] {
        assert_eq!(
            field(&desk, number, "username"),
            format!("Ann Muster{number}")
        );
    }
    for name in ["first_name", "last_name"] {
        let told = lines_with(&words, &format!("{name}, 500 cells"));
        assert_eq!(told.len(), 1, "{words}");
        assert!(told[0].contains("becomes display_name"), "{words}");
    }
    for row in desk.report("r.csv") {
        assert!(
            findings(&row).contains("info first_name.translated"),
            "{row:?}"
        );
        assert_eq!((&*row["result"], &*row["code"]), ("created", ""));
    }
    // The same again is nothing to do.
    let again = desk.ends(line, 0).err;
    assert!(again.contains("500 unchanged"), "{again}");
}

#[test]
fn one_name_becomes_first_and_last_name() {
    let desk = Desk::new("portsip");
    desk.write(
        "s.csv",
        "number,name,sip_password,web_password\n2001,Ann Muster,tR7xkQ2mZp9w,Kw83hTqzLm\n2002,Desk,tR7xkQ2mZp9w,Kw83hTqzLm\n",
    );
    // Which comes first is asked.
    desk.ends("import s.csv --to TARGET --rate 5000", 2).says(&[
        "--map 'name=last_name first_name'",
        "--map 'name=display_name'",
    ]);
    let line = "import s.csv --to TARGET --rate 5000 --map name=display_name";
    let words = desk.ends(line, 0).err;
    let told = lines_with(&words, "becomes first_name and last_name");
    assert_eq!(told.len(), 1, "{words}");
    assert_eq!(field(&desk, "2001", "profile.first_name"), "Ann");
    assert_eq!(field(&desk, "2001", "profile.last_name"), "Muster");
    assert_eq!(field(&desk, "2002", "profile.first_name"), "Desk");
    assert_eq!(field(&desk, "2002", "profile.last_name"), "");
    // A single word takes the place of both.
    desk.write("one.csv", "number,name\n2001,Reception\n");
    desk.ends("import one.csv --to TARGET --mode update --rate 5000", 0);
    assert_eq!(field(&desk, "2001", "profile.first_name"), "Reception");
    assert_eq!(field(&desk, "2001", "profile.last_name"), "");
}

#[test]
fn the_part_of_a_name_that_a_row_does_not_give_stays() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,first_name,last_name,sip_password\n2001,Ann,Miller,tR7xkQ2mZp9w\n2002,Bo,Lund,tR7xkQ2mZp9x\n2003,Cy,Ek,tR7xkQ2mZp9y\n",
    );
    desk.ends("import s.csv --to TARGET --rate 5000", 0);
    desk.write(
        "u.csv",
        "number,first_name,last_name\n2001,,Meyer\n2002,,\n2003,<clear>,<clear>\n",
    );
    let line = "--to TARGET --mode upsert --rate 5000";
    let plan = desk.ends(&format!("plan u.csv {line}"), 0).out;
    assert!(
        plan.contains("display_name: \"Ann Miller\" → \"Ann Meyer\""),
        "{plan}"
    );
    desk.ends(&format!("import u.csv {line}"), 0);
    let names = ["2001", "2002", "2003"].map(|number| field(&desk, number, "username"));
    assert_eq!(names, ["Ann Meyer", "Bo Lund", ""]);
}

#[test]
fn one_part_of_a_name_is_refused_where_the_name_on_the_pbx_may_be_parted_in_several_ways() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,first_name,last_name,sip_password\n2001,Ann,van der Berg,tR7xkQ2mZp9w\n2002,Bo,van der Berg,tR7xkQ2mZp9x\n2003,Cy,,tR7xkQ2mZp9y\n",
    );
    desk.ends("import s.csv --to TARGET --rate 5000", 0);
    desk.write(
        "u.csv",
        "number,last_name\n2001,Meyer\n2002,van der Berg\n2003,Ek\n",
    );
    let ended = desk.ends("import u.csv --to TARGET --mode update --rate 5000", 1);
    assert!(
        ended.err.contains("may be parted in several ways"),
        "{}",
        ended.err
    );
    let names = ["2001", "2002", "2003"].map(|number| field(&desk, number, "username"));
    assert_eq!(names, ["Ann van der Berg", "Bo van der Berg", "Cy"]);
}

#[test]
fn a_name_that_stands_there_whole_is_not_made_of_its_parts() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,display_name,first_name,last_name,sip_password\n2001,Ann Muster,Ann,Muster,tR7xkQ2mZp9w\n2002,Reception,Bo,Lund,tR7xkQ2mZp9x\n2003,,Cy,Ek,tR7xkQ2mZp9y\n",
    );
    let line = "import s.csv --to TARGET --rate 5000 --report r.csv";
    let words = desk.ends(line, 0).err;
    let names = ["2001", "2002", "2003"].map(|number| field(&desk, number, "username"));
    assert_eq!(names, ["Ann Muster", "Reception", "Cy Ek"]);
    assert!(words.contains("2002 warning first_name"), "{words}");
    let rows = desk.report("r.csv");
    assert!(
        findings(&rows[0]).contains("display_name says it already"),
        "{rows:?}"
    );
}

#[test]
fn a_plan_its_file_and_its_import_hold_what_is_sent_and_nothing_else() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,first_name,last_name,twitter,language,status,sip_password\n2001,Ann,Muster,ann,en,Idle,tR7xkQ2mZp9w\n",
    );
    let ran = desk.ends("plan s.csv --to TARGET -o plan.json --rate 5000", 0);
    assert!(
        ran.out.contains("display_name: \"Ann Muster\""),
        "{}",
        ran.out
    );
    for never in ["first_name", "last_name", "twitter", "language", "status"] {
        let shown = lines_with(&ran.out, &format!("    {never}:"));
        assert!(shown.is_empty(), "{never}: {}", ran.out);
        assert!(ran.err.contains(never), "{never}: {}", ran.err);
    }
    let saved: serde_json::Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    let rows = saved["rows"].as_array().unwrap();
    let wanted = rows[0].to_string();
    assert!(wanted.contains("Ann Muster"), "{wanted}");
    desk.ends("import --plan plan.json --yes", 0);
    assert_eq!(field(&desk, "2001", "username"), "Ann Muster");
}

#[test]
fn a_plan_shows_what_the_vendor_demands_too() {
    let desk = Desk::new("ozeki");
    desk.write(
        "s.csv",
        "number,sip_password,user_id,sip_auth_name\n2001,tR7xkQ2mZp9w,ann,phone1\n",
    );
    let plan = desk.ends("plan s.csv --to TARGET --rate 5000", 0).out;
    for line in [
        "    sip_auth_name: \"phone1\"\n",
        "    sip_username: \"2001\" (the vendor demands it)\n",
        "    enabled: \"on\" (the vendor demands it)\n",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
}

#[test]
fn every_command_tells_of_a_lost_column_once() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,sip_password,Twitter name\n2001,tR7xkQ2mZp9w,ann\n2002,tR7xkQ2mZp9x,bo\n2003,tR7xkQ2mZp9y,\n",
    );
    let map = desk.path("map.toml");
    std::fs::write(&map, "\"Twitter name\" = \"twitter\"\n").unwrap();
    let mut lines = vec!["check s.csv --for openvox --map-file map.toml".to_owned()];
    for mode in ["create", "update", "upsert", "sync"] {
        for verb in ["plan", "import"] {
            lines.push(format!(
                "{verb} s.csv --to TARGET --mode {mode} --map-file map.toml --rate 5000{}",
                if verb == "import" { " --yes" } else { "" }
            ));
        }
    }
    for line in lines {
        let ran = desk.run(&line);
        let both = ran.out + &ran.err;
        let told = lines_with(&both, "Twitter name (twitter), 2 cells (C2 C3)");
        assert_eq!(told.len(), 1, "{line}: {both}");
        for part in [
            "warning",
            "OpenVox UC Series has no such field",
            "--map 'Twitter name=-'",
        ] {
            assert!(told[0].contains(part), "{line}: {both}");
        }
    }
}

#[test]
fn a_loss_that_nobody_named_stops_an_import_and_a_plan() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,sip_password,first_name,last_name,Handle,record_audio\n2001,tR7xkQ2mZp9w,Ann,Muster,ann,off\n2002,tR7xkQ2mZp9w,Bo,Muster,,on\n",
    );
    for verb in ["plan", "import"] {
        let line = format!(
            "{verb} s.csv --to TARGET --map Handle=twitter --rate 5000 --report r.csv --on-loss stop"
        );
        let output = if verb == "plan" { " -o plan.json" } else { "" };
        let words = desk.ends(&format!("{line}{output}"), 4).err;
        assert!(
            words.contains("Handle (twitter) 1, record_audio 1"),
            "{words}"
        );
        assert!(!desk.path("plan.json").exists());
        assert!(desk.pbx.numbers().is_empty());
        let rows = desk.report("r.csv");
        assert!(
            rows.iter()
                .all(|row| row["result"] == "not_sent" && row["code"] == "loss")
        );
        // The hint's own flags let it go.
        let hint = words.split("if that is meant: ").nth(1).unwrap();
        let flags = hint.split("; or").next().unwrap().replace('\'', "");
        let line = line.replace("--map Handle=twitter ", "");
        desk.ends(&format!("{line} {flags}"), 0);
    }
    assert_eq!(desk.pbx.numbers(), ["2001", "2002"]);
    assert_eq!(field(&desk, "2001", "username"), "Ann Muster");
}

#[test]
fn a_forward_with_a_switch_becomes_one_without() {
    let desk = Desk::new("portsip");
    let head = "number,sip_password,web_password,voicemail,forward_busy,forward_busy_to,forward_busy_number\n";
    let secrets = "tR7xkQ2mZp9w,Kw83hTqzLm,on";
    desk.write(
        "s.csv",
        format!("{head}2001,{secrets},on,voicemail,\n2002,{secrets},off,voicemail,3000\n2003,{secrets},,voicemail,\n"),
    );
    let line = "s.csv --to TARGET --rate 5000";
    let ran = desk.ends(&format!("plan {line}"), 0);
    assert_eq!(
        lines_with(&ran.out, "forward_busy_to: \"voicemail\"").len(),
        2,
        "{}",
        ran.out
    );
    assert!(
        lines_with(&ran.out, "forward_busy:").is_empty(),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("3000"), "{}", ran.out);
    assert!(ran.err.contains("a destination is enough"), "{}", ran.err);
    desk.ends(&format!("import {line}"), 0);
    desk.write(
        "off.csv",
        "number,forward_busy,forward_busy_to\n2001,off,\n",
    );
    let plan = desk
        .ends("plan off.csv --to TARGET --mode update --rate 5000", 0)
        .out;
    assert!(
        plan.contains("forward_busy_to: \"voicemail\" → \"\""),
        "{plan}"
    );
    desk.ends("import off.csv --to TARGET --mode update --rate 5000", 0);
    let again = desk
        .ends("import off.csv --to TARGET --mode update --rate 5000", 0)
        .err;
    assert!(again.contains("1 unchanged"), "{again}");
}

#[test]
fn what_a_made_value_breaks_is_found_in_a_column_that_it_is_made_of() {
    let desk = Desk::new("yeastar_s");
    desk.write(
        "s.csv",
        "number,Given,Family,sip_password\n2001,Ann,Mu%ster,tR7xkQ2mZp9wtR7x\n2002,,,tR7xkQ2mZp9wtR7x\n",
    );
    let flags = "--map Given=first_name --map Family=last_name";
    let ran = desk.ends(&format!("check s.csv --for yeastar_s {flags}"), 1);
    let wrong = lines_with(&ran.out, "must not contain");
    assert!(
        wrong.len() == 1 && wrong[0].contains("Given (display_name), B2"),
        "{}",
        ran.out
    );
    let missing = lines_with(&ran.out, "2002 error");
    assert!(missing[0].contains("is missing"), "{}", ran.out);
    // The filled-in value is used where none can be made.
    let fill = "--fill display_name=Desk";
    let line = format!("import s.csv --to TARGET --rate 5000 {flags} {fill}");
    desk.ends(&line, 1);
    assert_eq!(field(&desk, "2002", "username"), "Desk");
}

#[test]
fn a_number_is_dialled_by_the_country_that_is_typed_or_the_target_s() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,sip_password,mobile\n2001,tR7xkQ2mZp9w,+49 (0)171 5550000\n",
    );
    let here = desk.pbx.config("hq");
    desk.write("rowcall.toml", format!("{here}country = \"DE\"\n"));
    for line in [
        "import s.csv --to TARGET --country DE --rate 5000",
        "plan s.csv --to TARGET --country DE --rate 5000",
        "import s.csv --to hq",
        "plan s.csv --to hq",
    ] {
        desk.run(&format!("{line} --report r.csv"));
        let report = desk.read("r.csv");
        assert!(report.contains("01715550000"), "{line}: {report}");
    }
    desk.run("plan s.csv --to TARGET --rate 5000 --report r.csv");
    assert!(!desk.read("r.csv").contains("01715550000"));
    desk.write("rowcall.toml", format!("{here}country = \"Germany\"\n"));
    let words = desk.ends("plan s.csv --to hq", 2).err;
    assert!(words.contains("Germany") && words.contains("DE"), "{words}");
}

#[test]
fn a_check_stops_at_a_loss_where_that_is_wanted() {
    let desk = Desk::new("openvox");
    desk.write("a.csv", "number,sip_password,Notes\n2001,tR7xkQ2mZp9w,x\n");
    desk.write(
        "b.csv",
        "number,sip_password,Colour\n2002,tR7xkQ2mZp9w,red\n2003,tR7xkQ2mZp9w,\n",
    );
    let line = "check a.csv b.csv --for openvox --json --report r.csv";
    desk.ends(line, 0);
    let said = desk.ends(&format!("{line} --on-loss stop"), 4);
    let told = "Notes (description) 1, Colour (not read) 1\n";
    assert!(said.err.contains(told), "{}", said.err);
    assert!(said.out.contains("\"exit_code\":4"), "{}", said.out);
    assert_eq!(desk.report("r.csv").len(), 3);
    // Each heading is in one of the sheets.
    let left_out = "--map Notes=- --map Colour=-";
    desk.ends(&format!("{line} --on-loss stop {left_out}"), 0);
    let said = desk
        .ends(&format!("{line} {left_out} --map Color=-"), 2)
        .err;
    assert!(said.contains("the heading “Color”"), "{said}");
}

#[test]
fn a_name_for_the_phone_that_is_the_number_is_no_loss_and_another_one_is() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "number,sip_password,sip_auth_name,status\n2001,tR7xkQ2mZp9w,2001,Idle\n2002,tR7xkQ2mZp9w,phone2,\n",
    );
    let line = "plan s.csv --to TARGET --rate 5000 --on-loss stop";
    let words = desk.ends(line, 4).err;
    for told in [
        "2001 info sip_auth_name, C2: OpenVox UC Series has no such field: phones authenticate with the number",
        "2001 info status, D2: the PBX reports it by itself, and it is never written",
        "2002 warning sip_auth_name, C3",
        "so nothing was sent: sip_auth_name 1\n",
    ] {
        assert!(words.contains(told), "{told}: {words}");
    }
}

#[test]
fn every_vendor_takes_a_sheet_with_both_sorts_of_names() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        let manifest = (vendor.manifest)();
        let has = |name: &str| manifest.field.iter().any(|row| row.name.name() == name);
        desk.write(
            "s.csv",
            "number,first_name,last_name,sip_password,web_password,user_id\n2001,Ann,Muster,tR7xkQ2mZp9wtR7x,Kw83hTqzLm,user1\n",
        );
        let plan = desk.ends("plan s.csv --to TARGET --rate 5000", 0).out;
        assert_eq!(
            plan.contains("display_name: \"Ann Muster\""),
            has("display_name"),
            "{plan}"
        );
        assert_eq!(
            plan.contains("first_name: \"Ann\""),
            has("first_name"),
            "{plan}"
        );
    }
}

#[test]
fn what_a_cell_is_warned_of_is_said_by_import_and_delete_too() {
    let desk = Desk::new("portsip");
    desk.write(
        "s.csv",
        "number,name,sip_password,web_password,enabled\n2001,\"Muster, Ann\",' tR7xkQ2mZp9w ',Kw83hTqzLm,on\n2002,Bo Ek,tR7xkQ2mZp9w,Kw83hTqzLm,-\n"
            .replace('\'', ""),
    );
    let line = "import s.csv --to TARGET --rate 5000 --report r.csv --map name=display_name";
    let ran = desk.ends(line, 1);
    assert!(
        ran.err.contains("2001 warning sip_password, C2"),
        "{}",
        ran.err
    );
    let rows = desk.report("r.csv");
    // A dash beside a switch is no blank.
    assert_eq!(rows[1]["result"], "invalid", "{rows:?}");
    // A surname comes before a comma.
    assert_eq!(field(&desk, "2001", "profile.first_name"), "Ann");
    assert_eq!(field(&desk, "2001", "profile.last_name"), "Muster");
}

#[test]
fn a_column_that_nobody_read_is_a_loss_that_can_stop() {
    let desk = Desk::new("openvox");
    let rows = "2001,Ann,tR7xkQ2mZp9w,Sales\n2002,Bo,tR7xkQ2mZp9x,\n2003,Cy,tR7xkQ2mZp9y,IT\n";
    desk.write("s.csv", format!("number,name,secret,Cubicle\n{rows}"));
    let line = "import s.csv --to TARGET --rate 5000 --on-loss stop";
    let words = desk.ends(line, 4).err;
    assert!(words.contains("Cubicle (not read) 2"), "{words}");
    assert!(words.contains("--map 'Cubicle=-'"), "{words}");
    assert!(desk.pbx.numbers().is_empty());
    desk.ends(&format!("{line} --map Cubicle=-"), 0);
    // An empty one is none.
    desk.write(
        "s.csv",
        "number,name,secret,Cubicle\n2004,Ann,tR7xkQ2mZp9w, \n",
    );
    desk.ends(line, 0);
}

#[test]
fn names_of_one_word_and_of_two_are_told_in_one_line_and_a_cleared_one_is_emptied() {
    let desk = Desk::new("portsip");
    let secrets = "tR7xkQ2mZp9w,Kw83hTqzLm";
    let rows =
        format!("2001,Desk,{secrets}\n2002,Ann Muster,{secrets}\n2003,\"Muster, Bo\",{secrets}\n");
    desk.write(
        "s.csv",
        format!("number,name,sip_password,web_password\n{rows}"),
    );
    let line = "import s.csv --to TARGET --rate 5000 --map name=display_name";
    let words = desk.ends(line, 0).err;
    let told = lines_with(&words, "becomes first_name and last_name");
    assert_eq!(told.len(), 1, "{words}");
    assert!(
        told[0].contains("3 cells") && told[0].contains("at the comma"),
        "{words}"
    );
    desk.write("s.csv", "number,name\n2002,<clear>\n");
    let words = desk
        .ends("import s.csv --to TARGET --mode update --rate 5000", 0)
        .err;
    assert!(!words.contains("nothing to empty"), "{words}");
    assert!(
        words.contains("becomes first_name and last_name: emptied with it"),
        "{words}"
    );
    assert_eq!(field(&desk, "2002", "profile.first_name"), "");
    assert_eq!(field(&desk, "2002", "profile.last_name"), "");
}

#[test]
fn a_products_word_for_what_an_e_mail_holds_switches_it_on() {
    let headings = "Extension Number,First Name,Last Name,Registration Password,IP Phone Concurrent Registrations,Enable Voicemail,Email Address,New Voicemail Notification";
    let row = |number: &str, word: &str| {
        format!("{number},Ann,Muster,tR7xkQ2mZp9w,1,1,ann{number}@example.com,{word}\n")
    };
    let desk = Desk::new("openvox");
    let rows = [
        row("2001", "with_attachment"),
        row("2002", "no"),
        row("2003", "0"),
    ]
    .concat();
    desk.write("s.csv", format!("{headings}\n{rows}"));
    desk.ends("import s.csv --to TARGET --rate 5000", 0);
    let switches = ["2001", "2002", "2003"].map(|number| field(&desk, number, "enablevmtoemail"));
    assert_eq!(switches, ["on", "off", "off"]);
}
