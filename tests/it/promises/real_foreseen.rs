//! A plan says what a real Asterisk will refuse, and an undo gives back to it all that there was.

use crate::support::altered::{altered, contains};
use crate::support::asterisk::desk::RealDesk;
use crate::support::asterisk::watched::passed_on;
use crate::support::asterisk::{AMI_SETTINGS, NEWEST, PbxObject, RunningAsterisk, V16};
use crate::support::pbx::TestPbx;
use crate::support::telephone::Telephone;
use rowcall::vendors::vendor;
use std::collections::BTreeMap;

/// A secret that no rule minds.
const SECRET: &str = "tR7xkQ2mZp9w";

fn desk(asterisk: RunningAsterisk) -> RealDesk {
    let desk = RealDesk::at(asterisk);
    desk.write("rowcall.toml", desk.asterisk.config_with_ami("hq"));
    desk
}

/// The rows of a report by number: result and message.
fn told(desk: &RealDesk) -> BTreeMap<String, (String, String)> {
    let rows = desk.report("r.csv").into_iter();
    let told = rows.map(|row| {
        let (result, message) = (row["result"].clone(), row["message"].clone());
        (row["number"].clone(), (result, message))
    });
    told.collect()
}

/// Contacts, caller IDs, groups and whatever else is set of an extension come back with it, byte for byte, but for the
/// telephone that was registered meanwhile.
#[test]
fn an_undo_gives_a_real_asterisk_back_all_that_an_extension_had() {
    for packages in [NEWEST, V16] {
        let Some(asterisk) = RunningAsterisk::start(packages) else {
            return;
        };
        let desk = desk(asterisk);
        // An AstDB without endpoints is a whole list too.
        desk.ends("export TARGET -o export.csv", 0);
        let ari = desk.asterisk.ari();
        for number in ["2001", "2002"] {
            ari.put_extension(number, SECRET);
            let endpoint = [
                ("context", "internal"),
                ("call_group", "1,3"),
                ("named_pickup_group", "sales,desk"),
                ("rtp_symmetric", "yes"),
            ];
            ari.put("endpoint", number, &endpoint);
        }
        ari.put(
            "aor",
            "2001",
            &[
                ("contact", "sip:10.0.0.7:5060"),
                ("qualify_frequency", "30"),
            ],
        );
        ari.put("auth", "2001", &[("realm", "elsewhere")]);
        ari.put("endpoint", "2002", &[("callerid", "\"Ann Müller\" <0301>")]);
        let before = desk.asterisk.shown();
        assert_eq!(before["aor/2001"]["contact"], "sip:10.0.0.7:5060");
        let telephone = Telephone::new(desk.asterisk.sip());
        assert_eq!(telephone.register("2002", SECRET, 600), Some(200));
        desk.write("gone.csv", "number\n2001\n2002\n");
        desk.ends("delete gone.csv --from TARGET --yes --max-deletes all", 0);
        assert!(desk.asterisk.objects().is_empty());
        desk.ends("undo --yes", 0);
        // AstDB gives back no caller ID in another writing than the cache.
        let alike = |mut objects: BTreeMap<String, PbxObject>| {
            for caller_id in objects.values_mut().filter_map(|it| it.get_mut("callerid")) {
                *caller_id = caller_id.replace("<unknown>", "unknown");
            }
            objects
        };
        assert_eq!(alike(desk.asterisk.shown()), alike(before));
    }
}

/// A plan and a dry run give each row the result that the run gives it.
#[test]
fn a_plan_for_a_real_asterisk_says_what_the_run_will_say() {
    for packages in [NEWEST, V16] {
        let Some(asterisk) = RunningAsterisk::start(packages) else {
            return;
        };
        let desk = desk(asterisk);
        let ari = desk.asterisk.ari();
        for (number, context) in [
            ("2001", "from-trunk"),
            ("2003", "internal"),
            ("2004", "internal"),
            ("2005", "internal"),
        ] {
            ari.put_extension(number, SECRET);
            ari.put("endpoint", number, &[("context", context)]);
        }
        ari.put(
            "auth",
            "2002",
            &[("username", "provider"), ("password", "Canary7731trunk")],
        );
        ari.delete("auth", "2003");
        ari.put("endpoint", "2004", &[("disallow", "all")]);
        ari.put("endpoint", "2005", &[("auth", "")]);
        desk.asterisk.console("database put CF 2006 0301");
        desk.asterisk.write_voicemail_file(
            "[general]\nformat = wav\n\n[default]\n2007 => 1,Somebody\n2b => 1,Somebody\n",
        );
        let rows: String = [
            "2001", "2002", "2003", "2004", "2005", "2006", "2007", "2B", "2008",
        ]
        .map(|number| {
            format!(
                "{number},Name of {number},{},0815\n",
                match number {
                    "2003" | "2005" => "",
                    _ => SECRET,
                }
            )
        })
        .concat();
        desk.write(
            "in.csv",
            format!("number,display_name,sip_password,voicemail_pin\n{rows}"),
        );
        let before = (desk.asterisk.shown(), desk.asterisk.voicemail_file());
        let line = "in.csv --to TARGET --mode upsert --report r.csv";
        desk.ends(&format!("plan {line}"), 1);
        let planned = told(&desk);
        desk.ends(&format!("import {line} --dry-run"), 1);
        assert_eq!(told(&desk), planned);
        assert_eq!(
            (desk.asterisk.shown(), desk.asterisk.voicemail_file()),
            before
        );
        desk.ends(&format!("import {line} --yes --max-updates all"), 1);
        let mut done = told(&desk);
        assert_eq!(done.remove("2008").unwrap().0, "created");
        let mut planned = planned;
        assert_eq!(planned.remove("2008").unwrap().0, "valid");
        assert_eq!(done, planned);
        let results: Vec<&str> = planned
            .values()
            .map(|(result, _)| result.as_str())
            .collect();
        println!("{planned:?}");
        let wanted = [
            "conflict", "conflict", "rejected", "rejected", "rejected", "conflict", "conflict",
            "conflict",
        ];
        assert_eq!(results, wanted);
        // Nothing is left of the rows that were refused.
        desk.ends("undo --yes", 0);
        assert_eq!(desk.asterisk.shown(), before.0);
    }
}

/// An undo opens no extension, and says so.
#[test]
fn an_undo_leaves_an_extension_of_a_real_asterisk_closed() {
    let Some(asterisk) = RunningAsterisk::start(NEWEST) else {
        return;
    };
    let desk = desk(asterisk);
    let ari = desk.asterisk.ari();
    ari.put_extension("2001", SECRET);
    ari.put("endpoint", "2001", &[("auth", ""), ("context", "internal")]);
    ari.delete("auth", "2001");
    desk.write("in.csv", format!("number,sip_password\n2001,{SECRET}\n"));
    desk.ends(
        "import in.csv --to TARGET --mode update --yes --max-secret-changes all",
        0,
    );
    assert!(!ari.is_open("2001"));
    desk.ends("undo --yes --report r.csv", 1);
    let row = &desk.report("r.csv")[0];
    assert_eq!(
        (&*row["result"], &*row["code"]),
        ("differs", "undo.lost"),
        "{row:?}"
    );
    assert!(row["message"].starts_with("stays closed"), "{row:?}");
    assert!(!row["hint"].contains("give the row"), "{row:?}");
    assert!(!ari.is_open("2001"));
    // Nor is one made again that was open when it was deleted.
    ari.put("endpoint", "2001", &[("auth", "")]);
    desk.ends("delete in.csv --from TARGET --yes --max-deletes all", 0);
    desk.ends("undo --yes --report r.csv", 1);
    let row = &desk.report("r.csv")[0];
    assert!(row["message"].starts_with("not made again"), "{row:?}");
    assert_eq!(ari.get("endpoint", "2001"), None);
}

/// A change of an aor makes no fixed contact of a telephone's present address, and takes no fixed one away, also where the
/// telephone registers in its midst; or it says what Asterisk has made of it.
#[test]
fn a_change_beside_a_registered_telephone_leaves_a_real_asterisk_its_contacts() {
    for packages in [NEWEST, V16] {
        let Some(asterisk) = RunningAsterisk::start(packages) else {
            return;
        };
        let desk = desk(asterisk);
        let bare = desk.asterisk.config("bare");
        desk.write("rowcall.toml", desk.asterisk.config_with_ami("hq") + &bare);
        let ari = desk.asterisk.ari();
        let telephone = Telephone::new(desk.asterisk.sip());
        const FIXED: &str = "sip:10.0.0.7:5060";
        for (number, contact) in [("2001", FIXED), ("2002", "")] {
            put_extension(&desk, number, contact);
            assert_eq!(telephone.register(number, SECRET, 600), Some(200));
        }
        desk.write("in.csv", "number,voicemail\n2001,on\n2002,on\n");
        let import = |target: &str, exit: i32| {
            let line = "--mode update --yes --report r.csv";
            desk.ends(&format!("import in.csv --to {target} {line}"), exit);
            desk.results("r.csv")
        };
        assert_eq!(import("bare", 1), ["rejected"; 2]);
        assert_eq!(import("TARGET", 0), ["updated"; 2]);
        let contact = |number: &str| {
            let mut objects = desk.asterisk.objects();
            let aor = objects.remove(&format!("aor/{number}")).unwrap();
            aor.get("contact").cloned().unwrap_or_default()
        };
        for (number, fixed) in [("2001", FIXED), ("2002", "")] {
            assert_eq!(
                ari.get("aor", number).unwrap()["mailboxes"],
                format!("{number}@default")
            );
            assert_eq!(contact(number), fixed);
            assert_eq!(telephone.register(number, SECRET, 0), Some(200));
            assert_eq!(ari.get("aor", number).unwrap()["contact"], fixed);
        }

        // From here on a telephone registers whenever an aor is about to be written.
        let sip = desk.asterisk.sip();
        let rig = altered(vendor("asterisk").unwrap(), move |_, heard| {
            let is_aors = |number: &&str| {
                let is_put = heard.method == "PUT" && contains(heard, &format!("/aor/{number}"));
                is_put
                    || contains(
                        heard,
                        &format!("Action=DBPut&Family=ps_aors&Key=aor%2F{number}"),
                    )
            };
            if let Some(number) = ["2003", "2004", "2005", "2006"].into_iter().find(is_aors) {
                let telephone = Telephone::new(sip);
                assert_eq!(telephone.register(number, SECRET, 600), Some(200));
            }
            passed_on(ari, heard)
        });
        let seen = TestPbx::serving(rig);
        let with_ami = seen.config("hq") + AMI_SETTINGS;
        desk.write("rowcall.toml", with_ami + &seen.config("bare"));
        let numbers = ["2003", "2004", "2005", "2006"];
        for (number, fixed) in numbers.into_iter().zip([FIXED, "", FIXED, ""]) {
            put_extension(&desk, number, fixed);
        }
        desk.write("in.csv", "number,voicemail\n2003,on\n2004,on\n");
        assert_eq!(import("TARGET", 0), ["updated"; 2]);
        assert_eq!([contact("2003"), contact("2004")], [FIXED, ""]);
        desk.write("in.csv", "number,voicemail\n2006,on\n");
        assert_eq!(import("bare", 1), ["differs"]);
        let told = &desk.report("r.csv")[0];
        assert_eq!(told["code"], "asterisk.fixed_contact", "{told:?}");
        assert_ne!(contact("2006"), "");
        // Where one is fixed already, a release stores either of the two.
        desk.write("in.csv", "number,voicemail\n2005,on\n");
        let ran = desk.run("import in.csv --to bare --mode update --yes --report r.csv");
        let wanted = match contact("2005") == FIXED {
            true => (0, "updated"),
            false => (1, "differs"),
        };
        assert_eq!((ran.exit, &*desk.results("r.csv")[0]), wanted);
    }
}

/// Makes an extension with a fixed contact, or none, at which two telephones may register.
fn put_extension(desk: &RealDesk, number: &str, contact: &str) {
    let ari = desk.asterisk.ari();
    ari.put_extension(number, SECRET);
    let aor = [("max_contacts", "2"), ("contact", contact)];
    ari.put("aor", number, &aor);
    ari.put("endpoint", number, &[("context", "internal")]);
}
