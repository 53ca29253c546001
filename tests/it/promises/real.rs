//! Real PBXes from Debian's packages, and the judges that the tests bring to them.

use crate::support::asterisk::desk::{RealDesk, extensions, secret};
use crate::support::asterisk::{NEWEST, RunningAsterisk, V16, attributes, exchange, header};
use crate::support::free_port::free_port;
use crate::support::kamailio::Kamailio;
use crate::support::pbx::TestPbx;
use crate::support::program::{ran_showing, wait_until};
use crate::support::random::Random;
use crate::support::sheets::read_rows;
use crate::support::sources::root;
use crate::support::telephone::Telephone;
use crate::support::unpacked::Packages;
use rowcall::model::{Field, Record};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// The pairs of requests and replies of one release, by name: the simulated PBX is held to these.
fn golden(release: &str) -> Vec<PathBuf> {
    let folder = root().join("src/vendors/asterisk/golden").join(release);
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Removes what is another at each time and machine.
fn without_moments(mut body: Value) -> Value {
    for name in ["timestamp", "asterisk_id"] {
        if let Some(value) = body.get_mut(name) {
            *value = Value::Null;
        }
    }
    for name in ["system", "status"] {
        if let Some(value) = body.get_mut(name) {
            *value = Value::Null;
        }
    }
    body
}

/// Sends the requests of all pairs to a real PBX, and holds its replies to those that were kept.
fn replay(packages: Packages, release: &str) {
    let Some(mut asterisk) = RunningAsterisk::start(packages) else {
        return;
    };
    let telephone = Telephone::new(asterisk.sip());
    let files = golden(release);
    assert!(files.len() >= 68, "{files:?}");
    let mut cookie = String::new();
    for file in files {
        let pair = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        let name = file.file_name().unwrap().to_str().unwrap();
        let (request, kept) = pair.split_once("\n===\n").unwrap();
        let (head, body) = request.split_once("\n\n").unwrap();
        let (line, headers) = head.split_once('\n').unwrap();
        let what = line.trim_end_matches(" HTTP/1.1");
        let own =
            |line: &&str| !line.starts_with("Host: ") && !line.starts_with("Content-Length: ");
        let headers = headers
            .lines()
            .filter(own)
            .map(|line| match line.starts_with("Cookie: ") {
                true => format!("Cookie: {cookie}\r\n"),
                false => format!("{line}\r\n"),
            });
        // A transport is tried before it is refused, and another test may have that port.
        let port = free_port().to_string();
        let body = body.trim_end_matches('\n').replace("15099", &port);
        let headers = format!(
            "{}Content-Length: {}\r\n",
            headers.collect::<String>(),
            body.len()
        );
        if name == "14-one-online.http" {
            assert_eq!(telephone.register("2002", "tR7xkQ2mZp9w", 600), Some(200));
            // The news of it takes a moment.
            wait_until(|| {
                let shown = asterisk
                    .ari()
                    .send("GET /ari/endpoints/PJSIP/2002", "")
                    .unwrap();
                shown.json().unwrap()["state"] == "online"
            });
        }
        if name == "36-list-after-delete.http" {
            // What was deleted stays listed for a moment.
            wait_until(|| {
                let list = asterisk.ari().send("GET /ari/endpoints/PJSIP", "").unwrap();
                list.json().unwrap() == Value::Array(vec![])
            });
        }
        let (head, reply) = exchange(asterisk.http(), what, &headers, body.as_bytes()).unwrap();
        asterisk.still_runs();
        if !reply.cookie.is_empty() {
            cookie.clone_from(&reply.cookie);
        }

        let (kept_head, kept_body) = kept.split_once("\n\n").unwrap();
        let status = kept_head.split(' ').nth(1).unwrap();
        let is = String::from_utf8(reply.body.clone())
            .unwrap()
            .replace("\r\n", "\n");
        assert_eq!(reply.status.to_string(), status, "{name}: {is}");
        for header_name in ["Content-type", "Allow", "WWW-Authenticate"] {
            let both = [&head, kept_head].map(|head| header(head, header_name));
            assert_eq!(both[0], both[1], "{name}");
        }
        match serde_json::from_str::<Value>(kept_body.trim()) {
            Ok(kept @ Value::Array(_)) if kept[0]["attribute"].is_string() => {
                let is = attributes(&reply.json().unwrap());
                for (attribute, text) in attributes(&kept) {
                    let same = match &*attribute {
                        // Its port is another one each time.
                        "contact" => text.is_empty() == is[&attribute].is_empty(),
                        _ => is.get(&attribute) == Some(&text),
                    };
                    assert!(
                        same,
                        "{name}: {attribute} is {:?} and not {text:?}",
                        is.get(&attribute)
                    );
                }
            }
            Ok(kept) => {
                let is = without_moments(reply.json().unwrap());
                assert_eq!(is, without_moments(kept), "{name}");
            }
            // Its last line names the server as http.conf has it.
            Err(_) => {
                let page = |text: &str| {
                    text.split("<address>")
                        .next()
                        .unwrap()
                        .trim_end()
                        .to_owned()
                };
                assert_eq!(page(&is), page(kept_body), "{name}");
            }
        }
    }
}

#[test]
fn the_kept_replies_are_those_of_a_real_asterisk() {
    replay(NEWEST, "22.10");
}

#[test]
fn the_kept_replies_of_the_old_release_are_those_of_a_real_one() {
    replay(V16, "16.28");
}

/// So many telephones with secrets.
fn telephones(count: usize) -> Vec<(String, String)> {
    let telephone = |row| (format!("0{}", 4000 + row), format!("tR7xk{row}Q2mZp9w"));
    (0..count).map(telephone).collect()
}

/// The judge of the other tests is right itself: with an endpoint that has no secret any telephone gets in, with a secret
/// only the one that knows it, and with neither nobody.
#[test]
fn a_telephone_tells_an_open_endpoint_from_a_closed_one() {
    for packages in [NEWEST, V16] {
        let Some(asterisk) = RunningAsterisk::start(packages) else {
            return;
        };
        let telephone = Telephone::new(asterisk.sip());
        assert_eq!(telephone.register("2002", "right", 60), Some(401));
        asterisk.ari().put_extension("2002", "right");
        let many = [("remove_existing", "yes")];
        asterisk.ari().put("aor", "2002", &many);
        assert_eq!(telephone.register("2002", "right", 60), Some(200));
        assert_eq!(telephone.register("2002", "wrong", 60), Some(401));
        asterisk.ari().put("endpoint", "2002", &[("auth", "")]);
        assert_eq!(telephone.register("2002", "wrong", 60), Some(200));
    }
}

/// A kill loses nothing that was on the disk, and the database shows what the interface does.
#[test]
fn a_real_asterisk_has_the_same_objects_after_a_kill_and_a_restart() {
    for packages in [NEWEST, V16] {
        let Some(mut asterisk) = RunningAsterisk::start(packages) else {
            return;
        };
        for (number, secret) in telephones(5) {
            let user = [
                ("auth_type", "userpass"),
                ("username", &number),
                ("password", &secret),
            ];
            asterisk.ari().put("auth", &number, &user);
        }
        let objects = asterisk.objects();
        assert_eq!(objects.len(), 5);
        for (name, object) in &objects {
            let (kind, number) = name.split_once('/').unwrap();
            let shown = asterisk.ari().get(kind, number).unwrap();
            let kept = object.iter().filter(|(name, _)| !name.starts_with('@'));
            for (attribute, text) in kept {
                assert_eq!(shown.get(attribute), Some(text), "{name}");
            }
        }
        asterisk.kill();
        asterisk.revive();
        assert_eq!(asterisk.objects(), objects);
        asterisk.restart();
        assert_eq!(asterisk.objects(), objects);
    }
}

#[test]
fn a_real_kamailio_lets_in_its_subscribers_and_nobody_else() {
    let subscribers = telephones(20);
    let Some(kamailio) = Kamailio::start(&subscribers) else {
        return;
    };
    let telephone = Telephone::new(kamailio.sip());
    for (user, secret) in &subscribers {
        assert_eq!(telephone.register(user, secret, 60), Some(200), "{user}");
        assert_eq!(telephone.register(user, "wrong", 60), Some(401), "{user}");
    }
    assert_eq!(telephone.register("4000", "wrong", 60), Some(401));
}

/// An extension's whole life on a real Asterisk.
fn life(packages: Packages, rows: usize) {
    let Some(mut desk) = RealDesk::new(packages) else {
        return;
    };
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = extensions(rows, &mut random);
    desk.sheet("in.csv", &wanted);
    let go = |line: &str| desk.ends(line, 0);
    let all_are = |word: &str| {
        let results = desk.results("r.csv");
        assert_eq!(results.len(), rows);
        assert!(results.iter().all(|result| result == word), "{results:?}");
    };

    let import = go("import in.csv --to TARGET --report r.csv --json").name();
    all_are("created");
    desk.asterisk.assert_extensions(&wanted);
    desk.asterisk.lets_in(&wanted);
    let first = desk.asterisk.shown();

    go("import in.csv --to TARGET --mode upsert --report r.csv");
    all_are("unchanged");
    desk.asterisk.is_as(&first);

    let mut export = desk.command("export TARGET --secrets plain -o export.csv");
    ran_showing(export.output().unwrap())
        .exits(1)
        .says(&["the PBX's list may be incomplete"]);
    let exported = read_rows(&desk.path("export.csv"));
    assert_eq!(exported.len(), rows);
    for (exported, wanted) in exported.iter().zip(&wanted) {
        for (field, text) in wanted.iter() {
            assert_eq!(exported[field.name()], text.reveal(), "{}", wanted.number());
        }
    }
    go("import export.csv --to TARGET --mode upsert --report r.csv");
    all_are("unchanged");
    desk.asterisk.is_as(&first);

    // Nothing is deleted by a list that is not certain.
    desk.sheet("few.csv", &wanted[1..]);
    let sync = "import few.csv --to TARGET --mode sync --yes --max-deletes all";
    desk.ends(sync, 4)
        .says(&["may be incomplete, so nothing is deleted"]);
    // A number is the name of the objects and stays.
    desk.write("renamed.csv", "number,new_number\n0400,0900\n");
    go("import renamed.csv --to TARGET --mode update")
        .says(&["new_number", "Asterisk has no such field"]);
    desk.asterisk.is_as(&first);

    // A third of them get other values.
    let mut changed = wanted.clone();
    for extension in changed.iter_mut().step_by(3) {
        let number = extension.number().to_owned();
        extension.set(Field::DISPLAY_NAME, format!("New \"name\" of {number}"));
        extension.set(Field::SIP_PASSWORD, secret(&number, &mut random));
        extension.set(Field::VOICEMAIL, "on");
    }
    desk.sheet("changed.csv", &changed);
    go(
        "import changed.csv --to TARGET --mode update --yes --max-updates all --max-secret-changes all",
    );
    desk.asterisk.assert_extensions(&changed);
    desk.asterisk.lets_in(&changed);
    go("undo --yes");
    desk.asterisk.is_as(&first);

    let gone = &wanted[..rows / 4];
    desk.sheet("gone.csv", gone);
    go("delete gone.csv --from TARGET --yes --max-deletes all");
    desk.asterisk.assert_extensions(&wanted[rows / 4..]);
    let telephone = Telephone::new(desk.asterisk.sip());
    for gone in gone.iter().take(10) {
        let secret = gone.reveal(Field::SIP_PASSWORD).unwrap();
        assert_eq!(telephone.register(gone.number(), secret, 60), Some(401));
    }
    go("undo --yes");
    desk.asterisk.is_as(&first);

    desk.asterisk.kill();
    desk.asterisk.revive();
    desk.asterisk.is_as(&first);
    desk.asterisk.lets_in(&wanted[..10]);

    desk.ends(&format!("undo {import} --yes"), 0);
    desk.asterisk.assert_extensions(&[]);
}

#[test]
fn two_hundred_extensions_live_on_a_real_asterisk() {
    life(NEWEST, 200);
}

#[test]
fn extensions_live_on_a_real_asterisk_of_the_old_release() {
    life(V16, 40);
}

/// An import asks by itself, wave by wave, if its extensions ring.
#[test]
fn an_import_to_a_real_asterisk_says_that_all_its_extensions_ring() {
    let Some(desk) = RealDesk::new(NEWEST) else {
        return;
    };
    let wanted = extensions(60, &mut Random::from_environment("REAL_SEED"));
    desk.sheet("in.csv", &wanted);
    let import = "import in.csv --to TARGET --ring --waves 5,20 --report r.csv";
    desk.ends(import, 0).says(&["60 created", "60 ring"]);
    let rows = desk.report("r.csv");
    assert_eq!(rows.len(), 60);
    assert!(rows.iter().all(|row| row["ring"] == "rings"), "{rows:?}");
}

/// The endpoints of other contexts are trunks: they are neither shown nor touched.
#[test]
fn a_trunk_on_a_real_asterisk_is_left_alone() {
    let Some(desk) = RealDesk::new(NEWEST) else {
        return;
    };
    let ari = desk.asterisk.ari();
    let user = [
        ("auth_type", "userpass"),
        ("username", "provider"),
        ("password", "Canary7731trunk"),
    ];
    ari.put("auth", "0400", &user);
    ari.put("aor", "0400", &[("contact", "sip:127.0.0.1:9")]);
    let trunk = [
        ("outbound_auth", "0400"),
        ("aors", "0400"),
        ("context", "from-trunk"),
        ("disallow", "all"),
        ("allow", "alaw"),
    ];
    ari.put("endpoint", "0400", &trunk);
    // An auth and an aor of a number that is free itself may belong to a trunk too.
    ari.put("auth", "0401", &user);
    ari.put("aor", "0401", &[("contact", "sip:127.0.0.1:9")]);
    let named = [("outbound_auth", "0401"), ("aors", "0401")];
    let trunk = [&named[..], &trunk[2..]].concat();
    ari.put("endpoint", "trunk1", &trunk);
    let before = desk.asterisk.shown();
    let wanted = extensions(3, &mut Random::from_environment("REAL_SEED"));
    desk.sheet("in.csv", &wanted);
    desk.ends("import in.csv --to TARGET --mode upsert --report r.csv", 1);
    assert_eq!(desk.results("r.csv"), ["conflict", "conflict", "created"]);
    desk.ends("delete in.csv --from TARGET --yes --max-deletes all", 0);
    desk.ends("export TARGET -o export.csv", 1);
    assert_eq!(desk.read("export.csv").lines().count(), 1);
    desk.asterisk.is_as(&before);
}

/// At the pace that rowcall keeps by itself telephones do not notice an import.
#[test]
fn telephones_are_answered_throughout_an_import_at_the_default_pace() {
    let Some(asterisk) = RunningAsterisk::start_plain(NEWEST) else {
        return;
    };
    let desk = RealDesk::at(asterisk);
    let wanted = extensions(40, &mut Random::from_environment("REAL_SEED"));
    desk.sheet("first.csv", &wanted[..1]);
    desk.ends("import first.csv --to TARGET", 0);
    desk.sheet("in.csv", &wanted);
    let begun = Instant::now();
    let mut import = desk.start(&format!(
        "import in.csv --to {} --report r.csv",
        desk.asterisk.target()
    ));
    let telephone = Telephone::new(desk.asterisk.sip());
    let number = wanted[0].number();
    let secret = wanted[0].reveal(Field::SIP_PASSWORD).unwrap();
    let (mut answers, mut slowest) = (0, Duration::ZERO);
    while import.try_wait().unwrap().is_none() {
        let asked = Instant::now();
        let registered = telephone.register(number, secret, 60);
        assert_eq!(registered, Some(200), "after {answers} answers");
        assert!(telephone.options().is_some(), "after {answers} answers");
        slowest = slowest.max(asked.elapsed());
        answers += 2;
        thread::sleep(Duration::from_millis(50));
    }
    println!("{answers} answers, the slowest two after {slowest:?}");
    assert!(answers > 20);
    let ended = import.wait().unwrap();
    assert_eq!(ended.code(), Some(0), "{}", desk.read("words"));
    desk.asterisk.assert_extensions(&wanted);
    // Two a second, and what goes at once at the beginning.
    assert!(
        begun.elapsed() > Duration::from_secs(14),
        "{:?}",
        begun.elapsed()
    );
}

/// Makes extensions as fast as the PBX takes them, without rowcall, and returns true if it then answers a telephone.
fn answers_after_a_flood(asterisk: &RunningAsterisk, extensions: usize) -> bool {
    let ari = asterisk.ari();
    let numbers: Vec<String> = (0..extensions)
        .map(|row| (60_000 + row).to_string())
        .collect();
    thread::scope(|scope| {
        for numbers in numbers.chunks(extensions.div_ceil(4)) {
            scope.spawn(move || {
                for number in numbers {
                    ari.put_extension(number, "tR7xkQ2mZp9w");
                }
            });
        }
    });
    Telephone::new(asterisk.sip()).options().is_some()
}

/// The plan of a large import names the two lines: without them a PBX with 800 fast new extensions is deaf to
/// telephones, with them it is not.
#[test]
fn a_flood_makes_a_real_asterisk_deaf_and_the_lines_of_the_samples_cure_it() {
    let Some(cured) = RunningAsterisk::start(NEWEST) else {
        return;
    };
    assert!(answers_after_a_flood(&cured, 800), "with the two lines");
    drop(cured);
    let Some(plain) = RunningAsterisk::start_plain(NEWEST) else {
        return;
    };
    assert!(!answers_after_a_flood(&plain, 800), "without the two lines");
}

/// From a simulated OpenVox to a real Asterisk, where the telephones get in with their old secrets, and back.
#[test]
fn extensions_move_from_openvox_to_a_real_asterisk_and_back() {
    let Some(asterisk) = RunningAsterisk::start(NEWEST) else {
        return;
    };
    let (old, back) = (TestPbx::new("openvox"), TestPbx::new("openvox"));
    let extension = |number: u32| {
        let mut extension = old.small(&number.to_string());
        extension.set(Field::DISPLAY_NAME, format!("Ann Müller {number}"));
        extension.set(Field::SIP_PASSWORD, format!("Canary7731x{number}"));
        extension
    };
    let held: Vec<Record> = (2001..2061).map(extension).collect();
    old.seed(&held);
    let desk = RealDesk::at(asterisk);
    desk.write(
        "rowcall.toml",
        old.config("old") + &desk.asterisk.config("new") + &back.config("back"),
    );
    let go = |line: &str| desk.ends(&format!("{line} --yes --report r.csv"), 0);
    go("migrate --from old --to new --ring");
    let rings = desk.report("r.csv");
    assert!(rings.iter().all(|row| row["ring"] == "rings"), "{rings:?}");
    assert_eq!(desk.asterisk.objects().len(), held.len() * 3);
    // Nothing is left to do, and the secrets are known all the same.
    go("migrate --from old --to new --ring");
    let again = desk.report("r.csv");
    assert!(
        again.iter().all(|row| row["result"] == "unchanged"),
        "{again:?}"
    );
    assert!(again.iter().all(|row| row["ring"] == "rings"), "{again:?}");
    desk.asterisk.lets_in(&held);
    // Without AMI its list is never certainly whole.
    desk.ends("migrate --from new --to back --yes --report r.csv", 1);
    let connection = back.connect();
    for extension in &held {
        for field in [Field::DISPLAY_NAME, Field::SIP_PASSWORD] {
            let returned = back.look(&connection, extension.number()).unwrap();
            assert_eq!(
                returned.reveal(field),
                extension.reveal(field),
                "{}",
                extension.number()
            );
        }
    }
}

/// The sign-in tells by the manager interface which types of objects cannot be written, and without it that it cannot know.
#[test]
fn a_real_asterisk_without_a_line_of_sorcery_conf_is_found_at_the_sign_in() {
    for packages in [NEWEST, V16] {
        let Some(mut desk) = RealDesk::new(packages) else {
            return;
        };
        let bare = desk.asterisk.config("bare");
        desk.write("rowcall.toml", desk.asterisk.config_with_ami("hq") + &bare);
        let can = desk.ends("doctor TARGET bare", 0);
        assert!(
            can.out
                .contains("ok  hq: writing: auth, aor and endpoint are"),
            "{}",
            can.out
        );
        assert!(
            can.out.contains("ok  bare: writing: whether auth, aor"),
            "{}",
            can.out
        );
        let line = "endpoint = astdb,ps_endpoints";
        assert!(can.out.contains(line), "{}", can.out);
        desk.asterisk.replace_in("sorcery.conf", line, "");
        desk.asterisk.restart();
        let cannot = desk.ends("doctor TARGET", 3);
        assert!(cannot.out.contains("BAD hq: writing: "), "{}", cannot.out);
        assert!(
            cannot.out.contains(&format!("sorcery.conf: {line}, and")),
            "{}",
            cannot.out
        );
        desk.write("one.csv", "number,sip_password\n2001,tR7xkQ2mZp9w\n");
        let refused = desk.ends("import one.csv --to TARGET", 3);
        refused.says(&["objects of type endpoint: they cannot be made"]);
        assert!(desk.asterisk.objects().is_empty());
    }
}

/// An extension that the database has lost and the cache still shows can be neither changed nor deleted: the row says so.
#[test]
fn an_extension_that_only_the_cache_of_a_real_asterisk_has_is_not_taken_for_whole() {
    let Some(desk) = RealDesk::new(NEWEST) else {
        return;
    };
    desk.write("one.csv", "number,sip_password\n2001,tR7xkQ2mZp9w\n");
    desk.ends("import one.csv --to TARGET", 0);
    for kind in ["auth", "aor", "endpoint"] {
        desk.asterisk
            .console(&format!("database del ps_{kind}s/{kind} 2001"));
    }
    assert!(desk.asterisk.objects().is_empty());
    let upsert = "import one.csv --to TARGET --mode upsert --yes --report r.csv";
    desk.ends(upsert, 1);
    let row = &desk.report("r.csv")[0];
    assert!(row["message"].contains("its cache alone shows"), "{row:?}");
    assert!(desk.asterisk.objects().is_empty());
    let empty = "sorcery memory cache expire res_pjsip/endpoint";
    assert!(row["hint"].contains(empty), "{row:?}");
    desk.asterisk.console(empty);
    desk.ends(upsert, 0);
    assert_eq!(desk.results("r.csv"), ["created"]);
}

/// A run reports what the database loses meanwhile, and a resume finishes it once the cache is emptied.
#[test]
fn what_a_real_asterisk_loses_behind_its_cache_in_a_run_is_told_and_resumed() {
    for packages in [NEWEST, V16] {
        let Some(desk) = RealDesk::new(packages) else {
            return;
        };
        let config = desk.asterisk.config("hq");
        desk.write("rowcall.toml", config + "reply_within = \"2\"\n");
        desk.write(
            "in.csv",
            "number,sip_password\n2001,tR7xkQ2mZp9w\n2002,Kq7WzP3xVn9T\n",
        );
        let mut running = desk.start("import in.csv --to TARGET --report r.csv");
        // It is read back once it is two seconds old.
        wait_until(|| desk.asterisk.ari().get("endpoint", "2002").is_some());
        for kind in ["auth", "aor", "endpoint"] {
            desk.asterisk
                .console(&format!("database del ps_{kind}s/{kind} 2001"));
        }
        assert_eq!(running.wait().unwrap().code(), Some(1));
        let is_told = || {
            let row = &desk.report("r.csv")[0];
            assert_eq!(row["result"], "differs", "{row:?}");
            let message = &row["message"];
            assert!(message.contains("its cache alone shows"), "{row:?}");
            assert!(!message.contains("was changed"), "{row:?}");
            assert!(row["hint"].contains("rowcall resume"), "{row:?}");
        };
        is_told();
        assert_eq!(desk.results("r.csv")[1], "created");
        desk.ends("resume --yes --report r.csv", 1);
        is_told();
        let empty = "sorcery memory cache expire res_pjsip/endpoint";
        desk.asterisk.console(empty);
        desk.ends("resume --yes --report r.csv", 0);
        assert_eq!(desk.results("r.csv"), ["created"; 2]);
        assert_eq!(desk.asterisk.objects().len(), 6);
    }
}

/// An endpoint that names another extension's aor or auth is seen by every command that reads it, and never taken for as
/// wanted: its telephone is refused, or rings for another number.
#[test]
fn an_extension_of_a_real_asterisk_that_uses_parts_of_another_is_told_and_left_alone() {
    for packages in [NEWEST, V16] {
        let Some(desk) = RealDesk::new(packages) else {
            return;
        };
        desk.write("rowcall.toml", desk.asterisk.config_with_ami("hq"));
        let sheet =
            "number,sip_password\n2001,tR7xkQ2mZp9w\n2002,Kq7WzP3xVn9T\n2003,Lm8VbR4yWq2S\n";
        desk.write("in.csv", sheet);
        desk.ends("import in.csv --to TARGET", 0);
        let ari = desk.asterisk.ari();
        ari.put("endpoint", "2001", &[("aors", "2002")]);
        ari.put("endpoint", "2003", &[("auth", "2002")]);
        let before = desk.asterisk.shown();
        for mode in ["create", "update", "upsert", "sync"] {
            let line = format!("import in.csv --to TARGET --mode {mode} --yes --report r.csv");
            desk.ends(&line, 1);
            let rows = desk.report("r.csv");
            let results: Vec<&str> = rows.iter().map(|row| &*row["result"]).collect();
            assert_eq!(results, ["conflict", "unchanged", "conflict"], "{mode}");
            assert!(rows[0]["message"].contains("aor 2002"), "{rows:?}");
            assert!(rows[2]["message"].contains("auth 2002"), "{rows:?}");
        }
        let told = desk.ends("diff in.csv TARGET", 1);
        assert!(
            told.out
                .contains("2001: parts of others set to \"aor 2002\""),
            "{}",
            told.out
        );
        assert!(told.out.contains("auth 2002"), "{}", told.out);
        assert_eq!(told.out.lines().count(), 2, "{}", told.out);
        desk.ends("export TARGET -o export.csv", 0);
        assert!(desk.read("export.csv").contains("aor 2002"));
        desk.asterisk.is_as(&before);
    }
}
