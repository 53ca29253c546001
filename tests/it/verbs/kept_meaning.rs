//! The words of a sheet or a product's file arrive as they were said, or are told as lost: forwards that are off, words that no field
//! has, and texts that a pattern has for one person alone.

use crate::support::program::Program;

const PASSWORD: &str = "tR7xkQ2mZp9w";

/// The cells below a heading.
fn column(text: &str, heading: &str) -> Vec<String> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let at = rows
        .headers()
        .unwrap()
        .iter()
        .position(|own| own == heading);
    let at = at.unwrap_or_else(|| panic!("no {heading}: {text}"));
    rows.records()
        .map(|row| row.unwrap().get(at).unwrap().to_owned())
        .collect()
}

#[test]
fn a_forward_that_is_off_is_never_written_as_a_number() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        format!(
            "number,first_name,last_name,sip_password,forward_busy,forward_busy_number,forward_no_answer,forward_no_answer_number\n\
             2001,Ann,Lund,{PASSWORD},off,2002,on,0171555\n"
        ),
    );
    for (dialect, no_answer) in [
        ("ucm61xx", "Call Forward No Answer"),
        ("mikopbx", "fwd_forwarding"),
    ] {
        desk.ends(
            &format!("convert staff.csv --to file:{dialect} -o x.csv"),
            0,
        );
        let text = desk.read("x.csv");
        assert!(!text.contains("2002"), "{dialect}: {text}");
        assert_eq!(column(&text, no_answer), ["0171555"], "{dialect}");
    }
    // A word that is neither is no guess.
    desk.write(
        "staff.csv",
        format!(
            "number,first_name,last_name,sip_password,forward_busy,forward_busy_number\n\
             2001,Ann,Lund,{PASSWORD},vielleicht,2002\n"
        ),
    );
    let out = desk.ends("check staff.csv --for file:ucm61xx", 1).out;
    assert!(out.contains("must be on or off"), "{out}");
}

#[test]
fn a_file_that_sends_calls_to_voicemail_is_told_where_the_sheet_has_them_off() {
    let desk = Program::new();
    for (voicemail, exit) in [("on", 4), ("off", 0)] {
        desk.write(
            "staff.csv",
            format!(
                "number,first_name,last_name,sip_password,web_password,voicemail,voicemail_pin,email,forward_busy,enabled\n\
                 3000,Ann,Lund,{PASSWORD},Kw83hTqzLm,{voicemail},471108,a@example.com,off,on\n"
            ),
        );
        let line = "convert staff.csv --to file:portsip-v22 -o x.csv --on-loss stop";
        let err = desk.ends(line, exit).err;
        assert!(exit == 0 || err.contains("forward_busy"), "{err}");
    }
}

#[test]
fn what_a_products_file_says_in_no_word_of_a_field_is_lost_and_told() {
    let desk = Program::new();
    let v18 = "Number,FirstName,LastName,AuthID,AuthPassword,VMPlayMsgDateTime,MAC_0";
    let wazo = "firstname,lastname,exten,sip_secret,outgoing_caller_id";
    let freepbx =
        "extension,name,secret,tech,voicemail_enable,voicemail_vmpwd,voicemail_options,outboundcid";
    let portsip = "name,enabled,password,extension_number,extension_password,display_name,voicemail_play_datetime";
    for (id, headings, cells, to, exit) in [
        (
            "3cx-v18",
            v18,
            format!("2001,Ann,Lund,2001,{PASSWORD},1,"),
            "3cx-v16",
            4,
        ),
        (
            "3cx-v18",
            v18,
            format!("2001,Ann,Lund,2001,{PASSWORD},0,"),
            "3cx-v16",
            0,
        ),
        (
            "3cx-v18",
            v18,
            format!("2001,Ann,Lund,2001,{PASSWORD},0,000b82aabbcc"),
            "3cx-v16",
            4,
        ),
        (
            "wazo",
            wazo,
            format!("Ann,Lund,2001,{PASSWORD},anonymous"),
            "freepbx",
            4,
        ),
        (
            "wazo",
            wazo,
            format!("Ann,Lund,2001,{PASSWORD},default"),
            "freepbx",
            0,
        ),
        (
            "freepbx",
            freepbx,
            format!("2001,Ann Lund,{PASSWORD},pjsip,yes,471108,attach=no|delete=yes,"),
            "issabel",
            4,
        ),
        (
            "freepbx",
            freepbx,
            format!("2001,Ann Lund,{PASSWORD},pjsip,yes,471108,attach=no|delete=no,"),
            "issabel",
            0,
        ),
        (
            "portsip-v22",
            portsip,
            format!("ann,TRUE,Kw83hTqzLm,2001,{PASSWORD},Ann Lund,TRUE"),
            "freepbx",
            4,
        ),
    ] {
        desk.write("old.csv", format!("{headings}\n{cells}\n"));
        let line = format!(
            "migrate --from file:{id}:old.csv --to file:{to}:new.csv --on-loss stop --drop enabled --drop web_password --drop user_id"
        );
        let ran = desk.ends(&line, exit);
        assert_eq!(exit == 4, ran.err.contains("lost"), "{cells}: {}", ran.err);
    }
}

#[test]
fn the_name_of_a_caller_id_stays_where_the_product_takes_it() {
    let desk = Program::new();
    let headings =
        "extension,name,secret,tech,outboundcid,voicemail_enable,voicemail_vmpwd,voicemail_options";
    let row = |caller: &str, options: &str| {
        format!("{headings}\n2001,Ann Lund,{PASSWORD},pjsip,{caller},yes,471108,{options}\n")
    };
    let named = "\"\"\"Firma, GmbH\"\" <030111>\"";
    desk.write("old.csv", row(named, "attach=no|saycid=no"));
    desk.ends(
        "migrate --from file:freepbx:old.csv --to file:freepbx:new.csv --on-loss stop",
        0,
    );
    assert_eq!(
        column(&desk.read("new.csv"), "outboundcid"),
        ["\"Firma, GmbH\" <030111>"]
    );
    let line = "migrate --from file:freepbx:old.csv --to file:3cx-v18:new.csv --renumber 20xx=70xx --map name=display_name";
    desk.ends(line, 0);
    assert_eq!(
        column(&desk.read("new.csv"), "OutboundCallerID"),
        ["030111"]
    );
    // Where it does not take it, the name is lost, and a number alone is not.
    for (caller, exit) in [(named, 4), ("<030111>", 0)] {
        desk.write("old.csv", row(caller, "attach=no|saycid=no"));
        let line = "migrate --from file:freepbx:old.csv --to file:3cx-v18:new.csv --on-loss stop --map name=display_name";
        let err = desk.ends(line, exit).err;
        assert_eq!(exit == 4, err.contains("outboundcid"), "{err}");
    }
    desk.write("old.csv", row(named, "attach=no|saycid=no"));
    // And what was meant is not what another name, or another switch of the mailbox, says.
    for (caller, options, exit) in [
        (named, "attach=no|saycid=no", 0),
        (named, "attach=no|saycid=no|envelope=no", 0),
        ("\"\"\"Andere\"\" <030111>\"", "attach=no|saycid=no", 1),
        ("030111", "attach=no|saycid=no", 1),
        (named, "attach=no|saycid=no|delete=yes", 1),
    ] {
        desk.write("after.csv", row(caller, options));
        desk.ends("verify old.csv after.csv --for file:freepbx", exit);
    }
}

#[test]
fn a_pattern_gives_nobody_what_belongs_to_one_person() {
    let desk = Program::new();
    desk.write(
        "like.csv",
        "Extension,SIP/IAX Password,Call Forward Unconditional,Disable This Extension,Permission,Language,Music On Hold\n\
         1,x1x1x1x1,0900123456,yes,International,de,holiday\n\
         2,y1y1y1y1,0900123456,yes,International,de,holiday\n",
    );
    desk.write(
        "staff.csv",
        format!("number,first_name,last_name,sip_password\n2001,Ann,Lund,{PASSWORD}\n"),
    );
    desk.ends(
        "convert staff.csv --to file:ucm61xx --like like.csv -o x.csv",
        0,
    );
    let text = desk.read("x.csv");
    assert_eq!(column(&text, "Call Forward Unconditional"), [""]);
    assert_ne!(column(&text, "Disable This Extension"), ["yes"]);
    assert_eq!(column(&text, "Permission"), ["Internal"]);
    assert_eq!(column(&text, "Music On Hold"), ["holiday"]);
}

#[test]
fn a_setting_that_no_field_says_is_told_by_its_name_and_never_by_its_value() {
    let desk = Program::new();
    desk.write(
        "old.csv",
        format!(
            "extension,name,secret,tech,voicemail_enable,voicemail_vmpwd,voicemail_options\n\
             2001,Ann Lund,{PASSWORD},pjsip,yes,471108,attach=no|imapuser=ann|imappassword=sonnenblume|delete=yes\n"
        ),
    );
    let ran = desk.ends("check old.csv --for file:freepbx --all --report r.csv", 0);
    let told = [ran.out, ran.err, desk.read("r.csv")];
    assert!(
        told[0].contains("delete=yes|imappassword|imapuser"),
        "{told:?}"
    );
    assert!(!told.concat().contains("sonnenblume"), "{told:?}");
    // A value is compared all the same.
    let text = desk.read("old.csv");
    for (word, exit) in [("sonnenblume", 0), ("sonnenblumen", 1)] {
        desk.write("after.csv", text.replace("sonnenblume", word));
        desk.ends("verify old.csv after.csv --for file:freepbx", exit);
    }
}

#[test]
fn a_pin_alone_makes_a_mailbox_in_every_file_that_has_a_switch_for_it() {
    let desk = Program::new();
    for (dialect, heading, [on, off]) in [
        ("freepbx", "voicemail_enable", ["yes", "no"]),
        ("issabel", "Voicemail Status", ["enable", "disable"]),
        ("3cx-v18", "EnableVoicemail", ["1", "0"]),
        ("ucm61xx", "Enable Voicemail", ["yes", "no"]),
    ] {
        let convert = |sheet: &str, more: &str| {
            desk.write("staff.csv", sheet);
            desk.ends(
                &format!("convert staff.csv --to file:{dialect} -o x.csv {more}"),
                0,
            );
            column(&desk.read("x.csv"), heading)
        };
        let head = "number,first_name,last_name,sip_password";
        let (ann, bo) = (
            format!("2001,Ann,Lund,{PASSWORD}"),
            format!("2002,Bo,Lund,{PASSWORD}x"),
        );
        let by_pin = format!("{head},voicemail_pin\n{ann},471108\n{bo},\n");
        assert_eq!(convert(&by_pin, ""), [on, off], "{dialect}");
        // Any other word goes before it.
        let said = format!("{head},voicemail,voicemail_pin\n{ann},off,471108\n{bo},off,\n");
        assert_eq!(convert(&said, ""), [off, off], "{dialect}");
        assert_eq!(
            convert(&by_pin, "--fill voicemail=off"),
            [off, off],
            "{dialect}"
        );
    }
}
