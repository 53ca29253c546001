//! Requests and replies against what two releases of Asterisk answered, and against the simulated PBX.

use super::sim::{AsteriskSim, READER, Release};
use super::*;
use crate::compare::changed_beside;
use crate::digest::base64;
use crate::model::{Action, Change, Field};
use crate::vendors::Account;
use crate::vendors::testkit::{
    self, account, answer, fault, found, is_done, listing, printed_reply, printed_request, record,
    request as said, session_of,
};
use crate::wire::{Pbx, RawRequest, Reply};
use std::fs;
use std::path::Path;

const RELEASES: [(Release, &str); 2] = [(Release::R16, "16.28"), (Release::R22, "22.10")];

/// A printed request and its reply.
pub(super) fn golden(release: &str, name: &str) -> (RawRequest, Reply) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/vendors/asterisk/golden");
    let path = folder.join(release).join(format!("{name}.http"));
    let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let (request, reply) = text.split_once("\n===\n").unwrap();
    let mut request = printed_request(request);
    let mut reply = printed_reply(reply);
    for body in [&mut request.body, &mut reply.body] {
        *body = body.trim_ascii().to_vec();
    }
    (request, reply)
}

fn asterisk() -> Box<dyn Client> {
    testkit::client("asterisk", &[])
}

/// The account of the printed requests.
pub(super) fn printed_account() -> Account {
    account("rowcall", "Ar1-Secret~for_tests")
}

fn session() -> Session {
    let user = base64(b"rowcall:Ar1-Secret~for_tests");
    Session {
        token: Secret::new(format!("Basic {user}")),
        ..Session::default()
    }
}

fn sim(release: Release) -> AsteriskSim {
    AsteriskSim::new(&printed_account(), release)
}

pub(super) fn ann() -> Record {
    record(&[
        (Field::NUMBER, "2002"),
        (Field::DISPLAY_NAME, "Ann Müller"),
        (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
        (Field::MAX_REGISTRATIONS, "3"),
        (Field::VOICEMAIL, "on"),
        (Field::LANGUAGE, "de"),
    ])
}

fn run(pbx: &mut dyn Pbx, task: Task<'_>) -> Turn {
    testkit::converse_with(&*asterisk(), pbx, &session(), task)
}

fn look(pbx: &mut dyn Pbx, number: &str) -> Option<Record> {
    found(run(pbx, Task::Get(&[number.to_owned()]))).pop()
}

/// Writes an object past rowcall.
pub(super) fn put(pbx: &mut dyn Pbx, kind: &str, id: &str, fields: &[(&str, &str)]) -> Reply {
    let fields = fields.iter();
    let fields: Vec<Value> = fields
        .map(|(attribute, value)| json!({ "attribute": attribute, "value": value }))
        .collect();
    pbx.answer(&RawRequest {
        method: "PUT".into(),
        target: format!("/ari/asterisk/config/dynamic/res_pjsip/{kind}/{id}"),
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("authorization".into(), session().token.reveal().to_owned()),
        ],
        body: json!({ "fields": fields }).to_string().into_bytes(),
    })
}

/// Removes an object past rowcall.
pub(super) fn delete(pbx: &mut dyn Pbx, kind: &str, id: &str) -> Reply {
    pbx.answer(&RawRequest {
        method: "DELETE".into(),
        target: format!("/ari/asterisk/config/dynamic/res_pjsip/{kind}/{id}"),
        headers: vec![("authorization".into(), session().token.reveal().to_owned())],
        body: vec![],
    })
}

/// The requests of a conversation with a PBX, as they go over the wire.
fn wire(pbx: &mut dyn Pbx, task: &Task<'_>) -> Vec<RawRequest> {
    let client = asterisk();
    let (_, exchanges) = testkit::converse(&*client, task, &session(), |request| {
        Some(pbx.answer(&testkit::raw(&*client, request)))
    });
    let requests = exchanges.iter().map(|exchange| &exchange.request);
    requests
        .map(|request| testkit::raw(&*client, request))
        .collect()
}

fn body(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

/// The attributes that a request sends.
fn attributes(request: &RawRequest) -> Vec<(String, String)> {
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let body = body(&request.body);
    let fields = body["fields"].as_array().into_iter().flatten();
    let pair = |item| (text(item, "attribute"), text(item, "value"));
    fields.map(pair).collect()
}

#[test]
fn requests_are_those_that_asterisk_took() {
    let mut pbx = sim(Release::R22);
    let requests = wire(&mut pbx, &Task::Create(&ann()));
    let written: Vec<&RawRequest> = requests.iter().filter(|it| it.method == "PUT").collect();
    let names = ["07-put-auth", "08-put-aor", "09-put-endpoint"];
    assert_eq!(written.len(), names.len());
    for (request, name) in written.iter().zip(names) {
        let (printed, _) = golden("22.10", name);
        assert_eq!(request.target, printed.target);
        for header in ["authorization", "content-type"] {
            assert_eq!(request.header(header), printed.header(header), "{name}");
        }
        let ours = attributes(request);
        for pair in attributes(&printed) {
            assert!(
                pair.0 == "accountcode" || ours.contains(&pair),
                "{name}: {pair:?} in {ours:?}"
            );
        }
    }
    let codecs: Vec<_> = attributes(written[2])
        .into_iter()
        .filter(|(name, _)| name.contains("allow"))
        .collect();
    let in_order = [("disallow", "all"), ("allow", "alaw,ulaw")];
    assert_eq!(
        codecs,
        in_order.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let looked = wire(&mut pbx, &Task::Get(&["2002".to_owned()]));
    for (request, name) in looked
        .iter()
        .zip(["12-get-endpoint", "10-get-auth", "11-get-aor"])
    {
        let (printed, _) = golden("22.10", name);
        assert_eq!(
            (&request.method, &request.target),
            (&printed.method, &printed.target)
        );
    }
    let deleted = wire(&mut pbx, &Task::Delete("2002"));
    let deleted: Vec<_> = deleted.iter().filter(|it| it.method == "DELETE").collect();
    for (request, name) in
        deleted
            .iter()
            .zip(["32-delete-endpoint", "33-delete-aor", "34-delete-auth"])
    {
        assert_eq!(request.target, golden("22.10", name).0.target);
    }
    assert_eq!(deleted.len(), 3);
}

#[test]
fn the_simulated_pbx_answers_as_both_releases_did() {
    for (release, folder) in RELEASES {
        let mut pbx = sim(release);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = path.join("src/vendors/asterisk/golden").join(folder);
        let mut names: Vec<String> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.trim_end_matches(".http").to_owned())
            .collect();
        names.sort();
        assert_eq!(names.len(), 70);
        let mut cookie = String::new();
        for name in names {
            let (mut request, printed) = golden(folder, &name);
            if name.contains("read-only-account") {
                let user = base64(format!("{READER}:Ar1-Secret~for_tests").as_bytes());
                let header = request
                    .headers
                    .iter_mut()
                    .find(|(name, _)| name == "authorization");
                header.unwrap().1 = format!("Basic {user}");
            }
            for (_, value) in request
                .headers
                .iter_mut()
                .filter(|(name, _)| name == "cookie")
            {
                value.clone_from(&cookie);
            }
            let reply = pbx.answer(&request);
            assert_eq!(reply.status, printed.status, "{folder} {name}");
            if name.contains("ami-") {
                cookie = Some(reply.cookie.clone())
                    .filter(|it| !it.is_empty())
                    .unwrap_or(cookie);
                let lines = |reply: &Reply| -> Vec<String> {
                    let text = String::from_utf8(reply.body.clone()).unwrap();
                    text.lines().map(str::to_owned).collect()
                };
                let (ours, printed) = (lines(&reply), lines(&printed));
                // It says less of a box.
                let ours_alone = ours
                    .iter()
                    .filter(|line| !line.is_empty() && !printed.contains(line));
                assert_eq!(ours_alone.count(), 0, "{folder} {name}: {ours:?}");
                let is_shorter = name == "47-ami-mailbox-in-use";
                assert!(
                    is_shorter
                        || ours
                            .iter()
                            .filter(|it| !it.is_empty())
                            .eq(printed.iter().filter(|it| !it.is_empty())),
                    "{folder} {name}: {ours:?}"
                );
                continue;
            }
            // A telephone had registered there; and the time is another one.
            if !["01-ping", "14-one-online", "37-not-ari"].contains(&name.as_str()) {
                assert_eq!(sorted(&reply), sorted(&printed), "{folder} {name}");
            }
        }
    }
}

/// A body in a form that can be compared: the order of attributes is arbitrary, and contacts are a telephone's.
fn sorted(reply: &Reply) -> Vec<String> {
    match body(&reply.body) {
        Value::Array(items) => {
            let items = items.iter().filter(|item| item["attribute"] != "contact");
            let mut items: Vec<String> = items.map(Value::to_string).collect();
            items.sort();
            items
        }
        other => vec![other.to_string()],
    }
}

#[test]
fn an_extension_lives_its_whole_life_on_both_releases() {
    for (release, _) in RELEASES {
        let mut pbx = sim(release);
        is_done(run(&mut pbx, Task::Create(&ann())));
        let current = look(&mut pbx, "2002").unwrap();
        for (field, text) in ann().iter() {
            assert_eq!(current.get(field), Some(text), "{field:?}");
        }
        assert_eq!(current.text(Field::SIP_AUTH_NAME), Some("2002"));
        assert_eq!(current.text(Field::CALLER_ID), Some("2002"));
        assert_eq!(listing(run(&mut pbx, Task::List)).numbers, ["2002"]);
        let odd = "p;ä#\"ß\\ x";
        let wanted = record(&[
            (Field::NUMBER, "2002"),
            (Field::DISPLAY_NAME, "Ann M. \"Jo\" Müller"),
            (Field::SIP_PASSWORD, odd),
            (Field::VOICEMAIL, "off"),
        ]);
        is_done(run(&mut pbx, Task::Update(&wanted)));
        let current = look(&mut pbx, "2002").unwrap();
        for (field, text) in wanted.iter() {
            assert_eq!(current.get(field), Some(text), "{field:?}");
        }
        assert_eq!(current.text(Field::CALLER_ID), Some("2002"));
        assert_eq!(current.text(Field::LANGUAGE), Some("de"));
        assert_eq!(pbx.register("2002", "2002", odd), Some(200));
        is_done(run(&mut pbx, Task::Delete("2002")));
        assert_eq!(look(&mut pbx, "2002"), None);
        assert_eq!(listing(run(&mut pbx, Task::List)).numbers, [""; 0]);
        let fault = fault(run(&mut pbx, Task::Delete("2002")));
        assert_eq!(fault.kind, FaultKind::Missing);
    }
}

#[test]
fn every_value_that_is_sent_is_a_text() {
    let mut pbx = sim(Release::R22);
    let mut requests = wire(&mut pbx, &Task::Create(&ann()));
    let mut update = ann();
    update.set(Field::MAX_REGISTRATIONS, "7");
    update.set(Field::SIP_PASSWORD, "true");
    requests.extend(wire(&mut pbx, &Task::Update(&update)));
    requests.extend(wire(&mut pbx, &Task::SignIn(&printed_account())));
    let mut values = 0;
    for request in requests.iter().filter(|request| !request.body.is_empty()) {
        let body = body(&request.body);
        for field in body["fields"].as_array().unwrap() {
            let field = field.as_object().unwrap();
            assert_eq!(field.len(), 2);
            assert!(field["attribute"].is_string() && field["value"].is_string());
            values += 1;
        }
    }
    assert!(values > 12, "{values}");
    assert!(!pbx.has_crashed);
    // Otherwise the PBX would have come to its end.
    let mut request = requests.into_iter().find(|it| it.method == "PUT").unwrap();
    request.body = br#"{"fields":[{"attribute":"max_contacts","value":1}]}"#.to_vec();
    pbx.answer(&request);
    assert!(pbx.has_crashed);
}

/// Carries a task out until `after` of its requests were answered; the last of them may be lost on its way.
/// `watch` sees the PBX before each.
fn cut_short(
    pbx: &mut AsteriskSim,
    task: &Task<'_>,
    after: usize,
    loses_request: bool,
    watch: impl Fn(&AsteriskSim),
) -> bool {
    let client = asterisk();
    let mut said = 0;
    let (turn, _) = testkit::converse(&*client, task, &session(), |request| {
        said += 1;
        watch(pbx);
        if said > after {
            return None;
        }
        if said == after && loses_request {
            return None;
        }
        Some(pbx.answer(&testkit::raw(&*client, request)))
    });
    watch(pbx);
    matches!(turn, Turn::Done(_))
}

/// Cuts a task short, during which nobody may get in without the password.
fn cut_off(pbx: &mut AsteriskSim, task: &Task<'_>, after: usize, loses_request: bool) -> bool {
    cut_short(pbx, task, after, loses_request, |pbx| {
        assert!(!is_unguarded(pbx), "{task:?}");
    })
}

/// Returns true if there is an endpoint whose auth is empty or missing: a wrong password is not simply refused.
fn is_unguarded(pbx: &AsteriskSim) -> bool {
    let numbers = pbx.numbers();
    numbers
        .iter()
        .any(|number| pbx.register(number, "nobody", "a wrong one") != Some(401))
}

/// Returns true if anybody gets in under any number.
fn is_open(pbx: &AsteriskSim) -> bool {
    let numbers = pbx.numbers();
    numbers
        .iter()
        .any(|number| pbx.register(number, "nobody", "a wrong one") == Some(200))
}

#[test]
fn wherever_it_is_cut_off_nobody_gets_in_without_the_password() {
    for (release, _) in RELEASES {
        for loses_request in [false, true] {
            for after in 0..12 {
                let mut pbx = sim(release);
                let mut tasks = 0;
                // Cut off, and done again from the start, as after a lost reply or a kill; and then taken back.
                for task in [
                    Task::Create(&ann()),
                    Task::Delete("2002"),
                    Task::Create(&ann()),
                ] {
                    cut_off(&mut pbx, &task, after, loses_request);
                    let turn = run(&mut pbx, task);
                    assert!(!is_unguarded(&pbx));
                    let is_done = matches!(&turn, Turn::Done(_));
                    let is_there = match &turn {
                        Turn::Fault(fault) => {
                            matches!(fault.kind, FaultKind::Exists | FaultKind::Missing)
                        }
                        _ => false,
                    };
                    assert!(is_done || is_there, "{turn:?}");
                    tasks += 1;
                }
                assert_eq!(tasks, 3);
                assert_eq!(pbx.register("2002", "2002", "tR7xkQ2mZp9w"), Some(200));
                assert_eq!(pbx.register("2002", "2002", "another"), Some(401));
            }
        }
    }
}

#[test]
fn the_question_whether_anybody_gets_in_has_an_answer() {
    let mut pbx = sim(Release::R22);
    put(&mut pbx, "aor", "2002", &[("max_contacts", "1")]);
    put(
        &mut pbx,
        "endpoint",
        "2002",
        &[("aors", "2002"), ("context", "internal"), ("allow", "alaw")],
    );
    assert!(is_open(&pbx));
    assert_eq!(pbx.stored("2002", "REGISTER").as_deref(), Some("200"));
    // It is read with an empty password, and not as one whose password is not known.
    let current = look(&mut pbx, "2002").unwrap();
    assert_eq!(current.reveal(Field::SIP_PASSWORD), Some(""));
}

/// A new name, and a new password where the row has one.
fn renamed_ann(password: Option<&str>) -> Record {
    let mut wanted = record(&[
        (Field::NUMBER, "2002"),
        (Field::DISPLAY_NAME, "Ann Renamed"),
    ]);
    if let Some(password) = password {
        wanted.set(Field::SIP_PASSWORD, password);
    }
    wanted
}

/// Ann's extension, which anybody may use or nobody, and with something else beside it.
fn broken(release: Release, how: &str) -> AsteriskSim {
    let mut pbx = sim(release);
    is_done(run(&mut pbx, Task::Create(&ann())));
    let gone: &[&str] = match how {
        "open" => {
            put(&mut pbx, "endpoint", "2002", &[("auth", "")]);
            &["auth"]
        }
        "nameless" => {
            put(&mut pbx, "endpoint", "2002", &[("auth", ""), ("aors", "")]);
            &["auth", "aor"]
        }
        "both" => &["auth", "aor"],
        "auth" => &["auth"],
        _ => &["aor"],
    };
    for kind in gone {
        assert_eq!(delete(&mut pbx, kind, "2002").status, 204);
    }
    pbx
}

#[test]
fn a_part_that_is_gone_is_made_anew_by_a_row_with_the_secret_wherever_it_is_cut_off() {
    for (release, _) in RELEASES {
        for how in ["open", "nameless", "both", "auth", "aor"] {
            for loses_request in [false, true] {
                for after in (0..10).step_by(1 + usize::from(release == Release::R16)) {
                    let mut pbx = broken(release, how);
                    let wanted = renamed_ann(Some("tR7xkQ2mZp9w"));
                    let wanted = match how {
                        // Nothing else of a row shows that its aor is gone.
                        "aor" => record(&[(Field::NUMBER, "2002"), (Field::VOICEMAIL, "on")]),
                        _ => wanted,
                    };
                    let was_open = is_open(&pbx);
                    let task = Task::Update(&wanted);
                    cut_short(&mut pbx, &task, after, loses_request, |pbx| {
                        assert!(was_open || !is_open(pbx), "{how} {after}");
                    });
                    is_done(run(&mut pbx, Task::Update(&wanted)));
                    let right = pbx.register("2002", "2002", "tR7xkQ2mZp9w");
                    assert_eq!(right, Some(200), "{how} {after}");
                    assert_eq!(pbx.register("2002", "2002", "another"), Some(401));
                    for name in ["endpoint.auth", "endpoint.aors"] {
                        assert_eq!(pbx.stored("2002", name).as_deref(), Some("2002"));
                    }
                }
            }
        }
    }
}

#[test]
fn without_the_secret_an_open_extension_is_not_written_onto_and_no_other_is_opened() {
    for (release, _) in RELEASES {
        for (how, password, code) in [
            ("open", None, "asterisk.no_secret"),
            ("auth", Some(""), "asterisk.no_secret"),
            ("whole", Some(""), "asterisk.no_secret"),
        ] {
            let mut pbx = match how {
                "whole" => {
                    let mut pbx = sim(release);
                    is_done(run(&mut pbx, Task::Create(&ann())));
                    pbx
                }
                how => broken(release, how),
            };
            let before = look(&mut pbx, "2002").unwrap();
            let told = fault(run(&mut pbx, Task::Update(&renamed_ann(password))));
            assert_eq!((&*told.code, &*told.done_before), (code, ""), "{how}");
            assert_eq!(look(&mut pbx, "2002").unwrap(), before, "{how}");
        }
        let mut pbx = sim(release);
        let mut keyless = ann();
        keyless.remove(Field::SIP_PASSWORD);
        let told = fault(run(&mut pbx, Task::Create(&keyless)));
        assert_eq!(told.code, "asterisk.no_secret");
        assert!(pbx.stored("2002", "auth.username").is_none());
    }
}

#[test]
fn an_auth_that_may_be_somebody_elses_does_not_close_an_open_extension() {
    let mut pbx = broken(Release::R22, "open");
    let theirs = [("username", "trunk"), ("password", "theirs")];
    put(&mut pbx, "auth", "2002", &theirs);
    let told = fault(run(
        &mut pbx,
        Task::Update(&renamed_ann(Some("tR7xkQ2mZp9w"))),
    ));
    assert_eq!(told.code, "asterisk.foreign_part");
    assert_eq!(
        pbx.stored("2002", "auth.password").as_deref(),
        Some("theirs")
    );
}

/// An endpoint that names another extension's parts is seen with them; one whose auth another tool named is not.
#[test]
fn parts_of_other_extensions_are_named() {
    for (release, _) in RELEASES {
        let mut pbx = sim(release);
        let mut bo = ann();
        bo.set(Field::NUMBER, "2003");
        for extension in [&ann(), &bo] {
            is_done(run(&mut pbx, Task::Create(extension)));
        }
        for (attribute, names, parts) in [
            ("auth", "2002", ""),
            ("auth", "2003", "auth 2003"),
            ("auth", "2002-auth", ""),
            ("aors", "2003", "aor 2003"),
            ("aors", "2002,2003", "aor 2003"),
            ("aors", "2002,desk", ""),
            ("aors", "desk", "aor desk"),
        ] {
            let mut fields = vec![("auth", "2002"), ("aors", "2002")];
            fields.push((attribute, names));
            assert_eq!(put(&mut pbx, "endpoint", "2002", &fields).status, 200);
            let ann = look(&mut pbx, "2002").unwrap();
            let seen = ann.text(Field::PARTS_OF_OTHERS);
            assert_eq!(seen, Some(parts), "{attribute} = {names}");
            let bo = look(&mut pbx, "2003").unwrap();
            assert_eq!(bo.text(Field::PARTS_OF_OTHERS), Some(""));
        }
    }
}

#[test]
fn a_password_is_not_written_beside_the_hash_that_counts() {
    let mut pbx = sim(Release::R22);
    is_done(run(&mut pbx, Task::Create(&ann())));
    put(
        &mut pbx,
        "auth",
        "2002",
        &[("md5_cred", "3e306247c2619361")],
    );
    let told = fault(run(&mut pbx, Task::Update(&renamed_ann(Some("another")))));
    assert_eq!(told.code, "asterisk.hashed_secret");
    is_done(run(&mut pbx, Task::Update(&renamed_ann(None))));
    put(&mut pbx, "auth", "2002", &[("password", "")]);
}

/// Attributes that other tools set, and no field stands for, on top of what a new extension has.
const BEYOND_FIELDS: [(&str, &[(&str, &str)]); 3] = [
    ("auth", &[("nonce_lifetime", "77"), ("realm", "office")]),
    (
        "aor",
        &[
            ("mailboxes", "2002@default,sales@default"),
            ("qualify_frequency", "60"),
            ("voicemail_extension", "*97"),
        ],
    ),
    (
        "endpoint",
        &[
            ("acl", "office"),
            ("transport", "udp"),
            ("dtmf_mode", "info"),
            ("disallow", "all"),
            ("allow", "g722,alaw"),
            ("direct_media", "no"),
            ("call_group", "1, 3"),
        ],
    ),
];

#[test]
fn an_undo_gives_back_what_no_field_stands_for() {
    for (release, _) in RELEASES {
        for after in 0..12 {
            let mut pbx = sim(release);
            is_done(run(&mut pbx, Task::Create(&ann())));
            for (kind, fields) in BEYOND_FIELDS {
                assert_eq!(put(&mut pbx, kind, "2002", fields).status, 200);
            }
            let before = look(&mut pbx, "2002").unwrap();
            let own = before.attributes().unwrap().clone();
            let shown = own.pairs();
            for (name, text) in [
                ("auth.realm", "office"),
                ("aor.voicemail_extension", "*97"),
                ("endpoint.acl", "office"),
                ("endpoint.allow", "(g722|alaw)"),
            ] {
                assert_eq!(shown.get(name).map(String::as_str), Some(text));
            }
            let fields = ["auth.password", "auth.username", "endpoint.callerid"];
            assert!(fields.iter().all(|name| !shown.contains_key(*name)));
            is_done(run(&mut pbx, Task::Delete("2002")));
            let mut wanted = ann();
            wanted.set(Field::CALLER_ID, "2002");
            wanted.set_attributes(own.clone());
            // An undo may be cut off too.
            cut_off(&mut pbx, &Task::Create(&wanted), after, false);
            assert!(!is_open(&pbx));
            let turn = run(&mut pbx, Task::Create(&wanted));
            let is_there = matches!(&turn, Turn::Fault(fault) if fault.kind == FaultKind::Exists);
            assert!(is_there || matches!(turn, Turn::Done(_)), "{turn:?}");
            let now = look(&mut pbx, "2002").unwrap();
            assert_eq!(now, before);
            assert_eq!(now.attributes().unwrap().differing(&own), [""; 0]);
        }
    }
}

/// A fixed contact is given back, and that of a telephone is not, for it registers again by itself; a caller ID that was
/// empty is so again.
#[test]
fn an_undo_gives_back_fixed_contacts_and_fills_nothing() {
    const FIXED: &str = "sip:10.0.0.7:5060";
    for (release, _) in RELEASES {
        for (fixed, registered) in [(FIXED, &[][..]), (FIXED, &["sip:2002@10.0.0.8"])]
            .into_iter()
            .chain([("", &["sip:2002@10.0.0.8"][..]), (FIXED, &[FIXED])])
        {
            let mut pbx = sim(release);
            is_done(run(&mut pbx, Task::Create(&ann())));
            put(&mut pbx, "aor", "2002", &[("contact", fixed)]);
            put(&mut pbx, "endpoint", "2002", &[("callerid", "")]);
            let contacts = registered.iter().map(|uri| (*uri).to_owned());
            pbx.registered.insert("2002".into(), contacts.collect());
            let before = look(&mut pbx, "2002").unwrap();
            is_done(run(&mut pbx, Task::Delete("2002")));
            let mut wanted = Record::numbered("2002");
            for (field, text) in before.iter().filter(|(_, text)| !text.is_empty()) {
                wanted.set(field, text);
            }
            wanted.set_attributes(before.attributes().unwrap().clone());
            is_done(run(&mut pbx, Task::Create(&wanted)));
            assert_eq!(pbx.stored("2002", "aor.contact").as_deref(), Some(fixed));
            let caller_id = pbx.stored("2002", "endpoint.callerid").unwrap();
            assert_eq!(caller_id, "<unknown>");
            assert_eq!(look(&mut pbx, "2002").unwrap(), before);
        }
    }
}

#[test]
fn what_the_pbx_does_not_take_back_is_left_out_and_seen() {
    let mut pbx = sim(Release::R22);
    is_done(run(&mut pbx, Task::Create(&ann())));
    put(&mut pbx, "endpoint", "2002", &[("acl", "office")]);
    let before = look(&mut pbx, "2002").unwrap();
    is_done(run(&mut pbx, Task::Delete("2002")));
    let mut pairs = before.attributes().unwrap().pairs();
    pairs.insert("endpoint.of_a_module".into(), "x".into());
    let own = VendorAttributes::new(&pairs);
    let mut wanted = ann();
    wanted.set_attributes(own.clone());
    is_done(run(&mut pbx, Task::Create(&wanted)));
    let now = look(&mut pbx, "2002").unwrap();
    let missing = own.differing(now.attributes().unwrap());
    assert_eq!(missing, ["endpoint.of_a_module"]);
}

#[test]
fn an_extension_that_used_the_auth_of_another_uses_it_again() {
    let mut pbx = sim(Release::R22);
    is_done(run(&mut pbx, Task::Create(&ann())));
    let shared = [("username", "shared"), ("password", "theirs")];
    put(&mut pbx, "auth", "shared", &shared);
    put(&mut pbx, "endpoint", "2002", &[("auth", "shared")]);
    delete(&mut pbx, "auth", "2002");
    let before = look(&mut pbx, "2002").unwrap();
    assert_eq!(before.reveal(Field::SIP_PASSWORD), Some("theirs"));
    is_done(run(&mut pbx, Task::Delete("2002")));
    assert!(pbx.stored("shared", "auth.password").is_some());
    is_done(run(&mut pbx, Task::Create(&before)));
    assert!(pbx.stored("2002", "auth.password").is_none());
    assert_eq!(look(&mut pbx, "2002").unwrap(), before);
    is_done(run(&mut pbx, Task::Delete("2002")));
    delete(&mut pbx, "auth", "shared");
    let told = fault(run(&mut pbx, Task::Create(&before)));
    assert_eq!(told.code, "asterisk.part_missing");
    assert!(pbx.numbers().is_empty());
}

#[test]
fn an_extension_of_which_others_use_a_part_is_listed_as_such() {
    let mut pbx = sim(Release::R22);
    is_done(run(&mut pbx, Task::Create(&ann())));
    let shares = [
        ("door", "auth", "endpoint \"door\" names it as its auth"),
        (
            "trunk",
            "outbound_auth",
            "endpoint \"trunk\" names it as its outbound_auth",
        ),
        ("desk2", "aors", "endpoint \"desk2\" names it as its aors"),
    ];
    for (id, attribute, words) in shares {
        let endpoint = [("context", "doors"), ("allow", "alaw"), (attribute, "2002")];
        put(&mut pbx, "endpoint", id, &endpoint);
        let (client, signed) = with_ami(&mut pbx);
        for (client, session) in [(asterisk(), session()), (client, signed)] {
            let turn = testkit::converse_with(&*client, &mut pbx, &session, Task::List);
            let listed = listing(turn);
            assert_eq!(listed.numbers, ["2002"]);
            assert_eq!(listed.in_use.get("2002").map(String::as_str), Some(words));
            assert_eq!(listed.in_use.len(), 1);
        }
        delete(&mut pbx, "endpoint", id);
    }
}

#[test]
fn a_number_that_asterisk_would_change_does_not_become_a_caller_id() {
    for (number, kept) in [
        ("0042", "0042"),
        ("*97", "*97"),
        ("20-01", ""),
        ("front-desk", ""),
    ] {
        let mut pbx = sim(Release::R22);
        let mut wanted = ann();
        wanted.set(Field::NUMBER, number);
        is_done(run(&mut pbx, Task::Create(&wanted)));
        let current = look(&mut pbx, number).unwrap();
        assert_eq!(current.text(Field::CALLER_ID).unwrap_or_default(), kept);
        assert_eq!(current.text(Field::DISPLAY_NAME), Some("Ann Müller"));
    }
}

#[test]
fn a_name_that_looks_like_a_telephone_number_makes_no_caller_id() {
    let names = [
        "1234",
        "11 2",
        "+49 30 123",
        "030 1234",
        "12 34",
        "555.1234",
        "# 5",
        "+49 (30) 12-34",
        "\"11 2\"",
        "a <5> b",
    ];
    for name in names {
        let mut pbx = sim(Release::R22);
        let mut wanted = ann();
        wanted.set(Field::NUMBER, "front-desk");
        wanted.set(Field::DISPLAY_NAME, name);
        let refused = fault(run(&mut pbx, Task::Create(&wanted)));
        assert!(refused.code.ends_with("caller_id"), "{refused:?}");
        assert!(look(&mut pbx, "front-desk").is_none(), "{name}");
        wanted.set(Field::DISPLAY_NAME, "Reception");
        is_done(run(&mut pbx, Task::Create(&wanted)));
        let renamed = record(&[(Field::NUMBER, "front-desk"), (Field::DISPLAY_NAME, name)]);
        let refused = fault(run(&mut pbx, Task::Update(&renamed)));
        assert!(refused.code.ends_with("caller_id"), "{refused:?}");
        let current = look(&mut pbx, "front-desk").unwrap();
        assert_eq!(current.text(Field::CALLER_ID).unwrap_or_default(), "");
        assert_eq!(current.text(Field::DISPLAY_NAME), Some("Reception"));
        // Beside a number it is a name like any other, and the number stays.
        is_done(run(&mut pbx, Task::Create(&ann())));
        let renamed = record(&[(Field::NUMBER, "2002"), (Field::DISPLAY_NAME, name)]);
        is_done(run(&mut pbx, Task::Update(&renamed)));
        let current = look(&mut pbx, "2002").unwrap();
        assert_eq!(current.text(Field::CALLER_ID), Some("2002"));
        assert_eq!(current.text(Field::DISPLAY_NAME), Some(name));
    }
    // It takes out no dot at the end, and so this is a name.
    let mut pbx = sim(Release::R22);
    let mut wanted = ann();
    wanted.set(Field::NUMBER, "front-desk");
    wanted.set(Field::DISPLAY_NAME, "11.");
    is_done(run(&mut pbx, Task::Create(&wanted)));
    assert_eq!(
        pbx.stored("front-desk", "endpoint.callerid").as_deref(),
        Some("11.")
    );
}

/// A conversation about many is read anew at each turn, so that its time would grow with the square of their number. Only
/// where they share requests it is worth that.
#[test]
fn extensions_are_looked_at_one_at_a_time_unless_they_share_requests() {
    let mut pbx = sim(Release::R22);
    let (with_ami, _) = with_ami(&mut pbx);
    let alone = asterisk();
    assert_eq!((alone.looks_at_once(), with_ami.looks_at_once()), (1, 8));
    let numbers: Vec<String> = (2000..2008).map(|number| number.to_string()).collect();
    for number in &numbers {
        let mut wanted = ann();
        wanted.set(Field::NUMBER, number.as_str());
        is_done(run(&mut pbx, Task::Create(&wanted)));
    }
    let requests = wire(&mut pbx, &Task::Get(&numbers)).len();
    assert_eq!(
        requests,
        numbers.len() * wire(&mut pbx, &Task::Get(&numbers[..1])).len()
    );
}

/// With each change of an aor Asterisk takes a registered telephone's address for a fixed contact. Through the manager
/// interface it is put right, and without it nothing is sent.
#[test]
fn a_change_of_an_aor_leaves_its_contacts_as_they_were() {
    for (release, _) in RELEASES {
        for fixed in ["", "sip:10.0.0.7:5060"] {
            let mut pbx = sim(release);
            let (client, signed) = with_ami(&mut pbx);
            is_done(run(&mut pbx, Task::Create(&ann())));
            put(&mut pbx, "aor", "2002", &[("contact", fixed)]);
            let more = record(&[(Field::NUMBER, "2002"), (Field::MAX_REGISTRATIONS, "5")]);
            let telephone = vec!["sip:2002@10.0.0.8".to_owned()];
            pbx.registered.insert("2002".into(), telephone);
            let told = fault(run(&mut pbx, Task::Update(&more)));
            assert_eq!(
                (&*told.code, &*told.done_before),
                ("asterisk.registered", "")
            );
            let contact = |pbx: &AsteriskSim| pbx.stored("2002", "aor.contact").unwrap();
            assert_eq!(contact(&pbx), fixed);
            // What is no part of the aor can be changed all the same.
            is_done(run(&mut pbx, Task::Update(&renamed_ann(None))));
            let update = Task::Update(&more);
            is_done(testkit::converse_with(&*client, &mut pbx, &signed, update));
            assert_eq!(pbx.stored("2002", "aor.max_contacts").unwrap(), "5");
            assert_eq!(contact(&pbx), fixed);
            // Nobody is registered any more.
            pbx.registered.clear();
            let fewer = record(&[(Field::NUMBER, "2002"), (Field::MAX_REGISTRATIONS, "2")]);
            is_done(run(&mut pbx, Task::Update(&fewer)));
            assert_eq!(contact(&pbx), fixed);
        }
    }
}

/// Whenever a telephone registers in the midst of a change, the change leaves the fixed contact as it was, sends nothing
/// more, or says what the PBX has made of it.
#[test]
fn a_telephone_that_registers_while_its_aor_is_changed_is_no_fixed_contact_or_is_told() {
    let mut more = record(&[(Field::NUMBER, "2002"), (Field::MAX_REGISTRATIONS, "5")]);
    more.set(Field::DISPLAY_NAME, "Annabel");
    for ((release, _), fixed) in RELEASES
        .into_iter()
        .flat_map(|release| [(release, ""), (release, "sip:10.0.0.7:5060")])
    {
        for (uses_ami, at) in [false, true]
            .into_iter()
            .flat_map(|ami| (0..20).map(move |at| (ami, at)))
        {
            let mut pbx = sim(release);
            let (client, signed) = match uses_ami {
                true => with_ami(&mut pbx),
                false => (asterisk(), session()),
            };
            is_done(run(&mut pbx, Task::Create(&ann())));
            put(&mut pbx, "aor", "2002", &[("contact", fixed)]);
            let mut said = 0;
            let (turn, exchanges) =
                testkit::converse(&*client, &Task::Update(&more), &signed, |request| {
                    if said == at {
                        let telephone = vec!["sip:2002@10.0.0.8".to_owned()];
                        pbx.registered.insert("2002".into(), telephone);
                    }
                    said += 1;
                    Some(pbx.answer(&testkit::raw(&*client, request)))
                });
            let contact = pbx.stored("2002", "aor.contact").unwrap();
            let sent =
                |operation: &str| exchanges.iter().any(|it| it.request.operation == operation);
            let is_whole = pbx.stored("2002", "endpoint.callerid.name").unwrap() == "Annabel";
            match turn {
                Turn::Done(_) => assert_eq!((contact.as_str(), is_whole), (fixed, true), "{at}"),
                Turn::Fault(told) if told.code == "asterisk.registered" => {
                    assert!(!sent("put aor") && contact == fixed, "{at}: {told:?}");
                }
                Turn::Fault(told) => {
                    assert_eq!(
                        (&*told.code, uses_ami),
                        ("asterisk.fixed_contact", false),
                        "{at}"
                    );
                    assert!(
                        told.cause == FaultCause::ChangedBesides && is_whole,
                        "{told:?}"
                    );
                    assert_ne!(contact, fixed);
                }
                Turn::Send(_) => unreachable!(),
            }
            assert_eq!(sent("put aor"), !uses_ami && sent("put endpoint"), "{at}");
        }
    }
}

/// The PBX refuses each change of an endpoint without a codec, in words that mean it may have happened. So none is sent.
#[test]
fn an_endpoint_without_codec_is_not_written() {
    for (release, _) in RELEASES {
        let mut pbx = sim(release);
        is_done(run(&mut pbx, Task::Create(&ann())));
        put(&mut pbx, "endpoint", "2002", &[("disallow", "all")]);
        pbx.shows_poison = true;
        let before = look(&mut pbx, "2002").unwrap();
        let told = fault(run(&mut pbx, Task::Update(&renamed_ann(None))));
        assert_eq!(
            (&*told.code, &*told.done_before),
            ("asterisk.without_codec", "")
        );
        assert_eq!(look(&mut pbx, "2002").unwrap(), before);
        // Its auth alone can be changed.
        let secret = record(&[
            (Field::NUMBER, "2002"),
            (Field::SIP_PASSWORD, "Kq7WzP3xVn9T"),
        ]);
        is_done(run(&mut pbx, Task::Update(&secret)));
    }
}

#[test]
fn what_is_stored_in_one_text_with_a_written_field_is_compared_too() {
    let manifest = manifest();
    let unnumbered = record(&[(Field::DISPLAY_NAME, "Reception")]);
    let numbered = record(&[(Field::DISPLAY_NAME, "11 2"), (Field::CALLER_ID, "112")]);
    let change = |wanted: &Record, before: &Record| Change {
        row: 0,
        action: Action::Update,
        number: "2001".into(),
        wanted: wanted.clone(),
        before: Some(before.clone()),
    };
    let renamed = record(&[(Field::DISPLAY_NAME, "11 2")]);
    let made = change(&renamed, &unnumbered);
    let changed = changed_beside(manifest, &made, &numbered);
    assert_eq!(changed, [(Field::CALLER_ID, "")]);
    assert_eq!(changed_beside(manifest, &made, &renamed), []);
    // A row that is about neither, or about both, says all that counts.
    for wanted in [&record(&[(Field::LANGUAGE, "de")]), &numbered] {
        let made = change(wanted, &unnumbered);
        assert_eq!(changed_beside(manifest, &made, &numbered), []);
    }
}

#[test]
fn an_endpoint_that_is_removed_while_it_is_changed_does_not_come_back_open() {
    for (release, _) in RELEASES {
        let mut pbx = sim(release);
        is_done(run(&mut pbx, Task::Create(&ann())));
        let mut wanted = ann();
        wanted.set(Field::DISPLAY_NAME, "Ann M. Other");
        wanted.set(Field::LANGUAGE, "en");
        let client = asterisk();
        testkit::converse(&*client, &Task::Update(&wanted), &session(), |request| {
            let request = testkit::raw(&*client, request);
            if request.method == "PUT" && request.target.contains("/endpoint/") {
                let removal = RawRequest {
                    method: "DELETE".into(),
                    body: vec![],
                    target: request.target.clone(),
                    headers: request.headers.clone(),
                };
                assert_eq!(pbx.answer(&removal).status, 204);
            }
            Some(pbx.answer(&request))
        });
        assert_eq!(pbx.stored("2002", "endpoint.auth").as_deref(), Some("2002"));
        assert!(!is_open(&pbx));
        let codecs = pbx.stored("2002", "endpoint.allow");
        assert_eq!(codecs.as_deref(), Some("(alaw|ulaw)"));
    }
}

#[test]
fn an_extension_that_is_removed_while_it_is_changed_is_not_told_as_updated() {
    for gone in ["auth", "aor"] {
        let mut pbx = sim(Release::R22);
        is_done(run(&mut pbx, Task::Create(&ann())));
        let mut wanted = record(&[(Field::NUMBER, "2002")]);
        wanted.set(Field::LANGUAGE, "en");
        let client = asterisk();
        let task = Task::Update(&wanted);
        let (turn, _) = testkit::converse(&*client, &task, &session(), |request| {
            let request = testkit::raw(&*client, request);
            for kind in ["endpoint", gone] {
                if request.method == "PUT" {
                    let removal = RawRequest {
                        method: "DELETE".into(),
                        body: vec![],
                        target: request.target.replace("/endpoint/", &format!("/{kind}/")),
                        headers: request.headers.clone(),
                    };
                    assert_eq!(pbx.answer(&removal).status, 204);
                }
            }
            Some(pbx.answer(&request))
        });
        let fault = fault(turn);
        assert_eq!(fault.code, "asterisk.part_missing");
        assert!(
            fault.message.contains(&format!("no {gone}")) && !fault.done_before.is_empty(),
            "{fault:?}"
        );
    }
}

#[test]
fn codecs_that_are_not_all_shown_are_not_given_back() {
    let codecs = |shown| super::codecs(shown);
    assert_eq!(codecs("(opus|alaw)").as_deref(), Some("opus,alaw"));
    for shown in ["", "(nothing)", "()", "(alaw|ula...)", "(alaw|...", "alaw"] {
        assert_eq!(codecs(shown), None, "{shown}");
    }
}

/// A deletion that finds no endpoint removes the rest of an extension, at which telephones may be registered on, and nothing
/// that may be a trunk's.
#[test]
fn what_is_left_without_an_endpoint_is_removed_unless_it_may_be_a_trunks() {
    for (release, _) in RELEASES {
        let cases: [(&str, &[(&str, &str)]); 4] = [
            ("aor", &[("contact", "sip:192.0.2.7")]),
            ("aor", &[("outbound_proxy", "sip:192.0.2.7")]),
            ("auth", &[("realm", "provider")]),
            ("aor", &[]),
        ];
        for (kind, fields) in cases {
            let mut pbx = sim(release);
            is_done(run(&mut pbx, Task::Create(&ann())));
            delete(&mut pbx, "endpoint", "2002");
            put(&mut pbx, kind, "2002", fields);
            let telephone = vec!["sip:2002@10.0.0.8".to_owned()];
            pbx.registered.insert("2002".into(), telephone);
            let turn = run(&mut pbx, Task::Delete("2002"));
            let is_left = |kind: &str| {
                pbx.stored(
                    "2002",
                    &format!(
                        "{kind}.{}",
                        match kind {
                            "auth" => "password",
                            _ => "max_contacts",
                        }
                    ),
                )
                .is_some()
            };
            let left = ["auth", "aor"].map(is_left);
            match fields.is_empty() {
                true => {
                    is_done(turn);
                    assert_eq!(left, [false; 2]);
                }
                false => {
                    assert_eq!(fault(turn).kind, FaultKind::Missing, "{fields:?}");
                    assert_eq!(left, [true; 2], "{fields:?}");
                }
            }
        }
    }
}

#[test]
fn an_auth_or_aor_that_may_belong_to_a_trunk_is_neither_removed_nor_used() {
    let cases: [(&str, &[(&str, &str)]); 4] = [
        ("auth", &[("username", "trunk"), ("password", "theirs")]),
        // All that an extension has, and a secret besides.
        (
            "auth",
            &[
                ("username", "2002"),
                ("password", "tR7xkQ2mZp9w"),
                ("md5_cred", "z"),
            ],
        ),
        ("aor", &[("max_contacts", "9")]),
        (
            "aor",
            &[
                ("max_contacts", "3"),
                ("mailboxes", "2002@default"),
                ("contact", "sip:carrier.example.com"),
            ],
        ),
    ];
    for (kind, fields) in cases {
        let mut pbx = sim(Release::R22);
        let shown = put(&mut pbx, kind, "2002", fields);
        let trunk = [
            ("context", "from-trunk"),
            ("allow", "alaw"),
            ("auth", "2002"),
        ];
        put(&mut pbx, "endpoint", "trunk1", &trunk);
        let fault = fault(run(&mut pbx, Task::Create(&ann())));
        assert_eq!(
            (fault.kind, &*fault.code, &*fault.done_before),
            (FaultKind::Exists, "asterisk.foreign_part", ""),
            "{fields:?}"
        );
        assert!(
            fault.message.contains(&format!("an {kind} 2002")),
            "{fault:?}"
        );
        // Both are as they were: the same PUT changes nothing.
        assert_eq!(put(&mut pbx, kind, "2002", fields), shown, "{fields:?}");
        let other = match kind {
            "auth" => "aor.max_contacts",
            _ => "auth.username",
        };
        assert_eq!(pbx.stored("2002", other), None, "{fields:?}");
        assert_eq!(pbx.stored("2002", "endpoint.auth"), None);
    }
    // One that is left of an earlier try is used.
    let mut pbx = sim(Release::R22);
    assert!(!cut_off(&mut pbx, &Task::Create(&ann()), 5, false));
    assert!(pbx.stored("2002", "auth.username").is_some());
    assert_eq!(pbx.stored("2002", "endpoint.auth"), None);
    is_done(run(&mut pbx, Task::Create(&ann())));
    assert_eq!(pbx.register("2002", "2002", "tR7xkQ2mZp9w"), Some(200));
}

#[test]
fn a_creation_that_is_refused_in_its_midst_leaves_nothing_behind() {
    for (unmapped, left) in [("auth", 0), ("aor", 0), ("endpoint", 0)] {
        let mut pbx = sim(Release::R22);
        pbx.unmapped = Some(unmapped);
        let fault = fault(run(&mut pbx, Task::Create(&ann())));
        assert_eq!(fault.kind, FaultKind::TargetUnusable, "{fault:?}");
        assert!(
            fault.pbx_words.contains(&format!("'{unmapped}'")),
            "{fault:?}"
        );
        assert!(fault.hint.contains("sorcery.conf"), "{fault:?}");
        assert_eq!(fault.done_before, "");
        for kind in ["auth.username", "aor.max_contacts", "endpoint.auth"] {
            assert_eq!(pbx.stored("2002", kind), None, "{unmapped} {left}: {kind}");
        }
        // The listing shows the refused endpoint, which is no extension.
        assert_eq!(listing(run(&mut pbx, Task::List)).numbers, [""; 0]);
    }
}

#[test]
fn what_is_gone_and_yet_listed_is_no_extension() {
    let mut pbx = sim(Release::R22);
    for number in 2001..2021 {
        let mut wanted = ann();
        wanted.set(Field::NUMBER, number.to_string());
        is_done(run(&mut pbx, Task::Create(&wanted)));
    }
    is_done(run(&mut pbx, Task::Delete("2001")));
    let listing = listing(run(&mut pbx, Task::List));
    assert_eq!((listing.numbers.len(), listing.complete), (19, false));
}

/// A client that uses the manager interface too, and its session.
fn with_ami(pbx: &mut AsteriskSim) -> (Box<dyn Client>, Session) {
    let client = testkit::client("asterisk", &[("ami", "on")]);
    let account = printed_account();
    let session = Session::default();
    let signed = testkit::converse_with(&*client, pbx, &session, Task::SignIn(&account));
    (client, session_of(signed))
}

#[test]
fn the_manager_interface_lists_for_certain_what_is_in_astdb() {
    for (release, _) in RELEASES {
        let mut pbx = sim(release);
        let (client, session) = with_ami(&mut pbx);
        assert_eq!(session.lifetime, Some(ami::LIFETIME));
        let list = |pbx: &mut AsteriskSim| {
            listing(testkit::converse_with(&*client, pbx, &session, Task::List))
        };
        // An empty AstDB is all there is, unless endpoints may be kept elsewhere.
        assert!(list(&mut pbx).complete);
        let places = "endpoint => astdb,ps_endpoints\n";
        for place in [
            "realtime,ps_endpoints",
            "config,pjsip.conf,criteria=type=endpoint",
        ] {
            pbx.manager
                .write_sorcery_file(&format!("[res_pjsip]\n{places}endpoint => {place}\n"));
            assert!(!list(&mut pbx).complete);
        }
        pbx.manager
            .write_sorcery_file(&format!("[res_pjsip]\n{places}"));
        is_done(run(&mut pbx, Task::Create(&ann())));
        let trunk = [("context", "from-trunk"), ("allow", "alaw")];
        put(&mut pbx, "endpoint", "trunk", &trunk);
        let listed = list(&mut pbx);
        assert_eq!(
            (listed.numbers, listed.complete),
            (vec!["2002".to_owned()], true)
        );
        // One that can be neither read nor deleted is shown: a row that names it is not sent.
        put(&mut pbx, "endpoint", "2003", &[("context", "internal")]);
        assert_eq!(list(&mut pbx).numbers, ["2002", "2003"]);
    }
}

#[test]
fn an_extension_beside_astdb_makes_its_listing_uncertain() {
    let mut pbx = sim(Release::R22);
    let (client, session) = with_ami(&mut pbx);
    for number in ["2002", "2003"] {
        let mut wanted = ann();
        wanted.set(Field::NUMBER, number);
        is_done(run(&mut pbx, Task::Create(&wanted)));
    }
    // AstDB lacks one of them, which is kept elsewhere.
    let places = "endpoint => astdb,ps_endpoints\nendpoint => realtime,ps_endpoints\n";
    pbx.manager
        .write_sorcery_file(&format!("[res_pjsip]\n{places}"));
    let (turn, _) = testkit::converse(&*client, &Task::List, &session, |request| {
        let mut reply = pbx.answer(&testkit::raw(&*client, request));
        if request.beside {
            let text = String::from_utf8(reply.body).unwrap();
            let blocks = text
                .split("\r\n\r\n")
                .filter(|block| !block.contains("endpoint/2003"));
            let blocks: Vec<&str> = blocks.collect();
            reply.body = blocks
                .join("\r\n\r\n")
                .replace("ListItems: 2", "ListItems: 1")
                .into_bytes();
        }
        Some(reply)
    });
    let listing = listing(turn);
    assert_eq!((listing.numbers.len(), listing.complete), (2, false));
}

#[test]
fn a_manager_interface_that_refuses_or_is_not_there_is_told_with_what_to_do() {
    let client = testkit::client("asterisk", &[("ami", "on")]);
    let judged = |status: u16, text: &str, session: &Session| {
        let endpoints = Reply::new(200, "application/json", "[]");
        let replies = [endpoints, Reply::new(status, "text/plain", text)];
        fault(testkit::replay(&*client, &Task::List, session, &replies).0)
    };
    let session = session();
    for (status, text, code, kind) in [
        (
            404,
            "<html></html>",
            "ami_not_there",
            FaultKind::TargetUnusable,
        ),
        (
            200,
            "Response: Error\r\nMessage: Permission denied\r\n",
            "ami_permission_denied",
            FaultKind::SessionExpired,
        ),
        (
            200,
            "Response: Error\r\nMessage: no\r\n",
            "ami_error",
            FaultKind::TargetUnusable,
        ),
    ] {
        let fault = judged(status, text, &session);
        assert_eq!(
            (fault.vendor_code.as_deref(), fault.kind),
            (Some(code), kind)
        );
        assert!(fault.hint.contains("manager.conf") || code == "ami_error");
    }
    for text in ["", "<html>", "Response: Success\r\n\r\nKey: /else/1\r\n"] {
        assert_eq!(
            judged(200, text, &session).kind,
            FaultKind::MayHaveHappened,
            "{text}"
        );
    }
    // A listing that is cut off in its midst is no complete one.
    let mut pbx = sim(Release::R22);
    is_done(run(&mut pbx, Task::Create(&ann())));
    let (client, session) = with_ami(&mut pbx);
    let (turn, _) = testkit::converse(&*client, &Task::List, &session, |request| {
        let mut reply = pbx.answer(&testkit::raw(&*client, request));
        if request.beside {
            reply.body.truncate(reply.body.len() - 30);
        }
        Some(reply)
    });
    assert!(!listing(turn).complete);
}

#[test]
fn trunks_and_what_is_poisoned_are_left_alone() {
    let mut pbx = sim(Release::R22);
    put(
        &mut pbx,
        "endpoint",
        "2002",
        &[("context", "from-trunk"), ("allow", "alaw")],
    );
    assert_eq!(listing(run(&mut pbx, Task::List)).numbers, [""; 0]);
    assert_eq!(look(&mut pbx, "2002"), None);
    for task in [Task::Create(&ann()), Task::Delete("2002")] {
        let fault = fault(run(&mut pbx, task));
        assert_eq!(
            (fault.kind, &*fault.code),
            (FaultKind::Exists, "asterisk.other_context")
        );
    }
    assert_eq!(
        fault(run(&mut pbx, Task::Update(&ann()))).kind,
        FaultKind::Missing
    );
    // Without a codec it can no longer be read, and the next PUT makes it anew.
    put(&mut pbx, "endpoint", "2003", &[("context", "internal")]);
    assert_eq!(look(&mut pbx, "2003"), None);
    let mut other = ann();
    other.set(Field::NUMBER, "2003");
    is_done(run(&mut pbx, Task::Create(&other)));
    assert!(look(&mut pbx, "2003").is_some() && !is_open(&pbx));
}

#[test]
fn no_extension_is_made_without_codec_or_with_a_line_break() {
    for codecs in ["alaw,,", "alaw,none", ",", " ,"] {
        let client = testkit::client("asterisk", &[("codecs", codecs)]);
        let turn = client.next(&Task::Create(&ann()), &session(), &[]);
        assert_eq!(fault(turn).code, "asterisk.no_codec", "{codecs:?}");
    }
    for (field, text) in [
        (Field::SIP_PASSWORD, "canary\nx"),
        (Field::DISPLAY_NAME, "a\rb"),
    ] {
        let mut wanted = ann();
        wanted.set(field, text);
        for task in [Task::Create(&wanted), Task::Update(&wanted)] {
            let turn = asterisk().next(&task, &session(), &[]);
            assert_eq!(fault(turn).code, "asterisk.line_break");
        }
    }
}

#[test]
fn signing_in_shows_the_pbx_and_that_the_account_may_write() {
    let mut pbx = sim(Release::R22);
    let signed = |pbx: &mut AsteriskSim, name: &str, password: &str| {
        let account = account(name, password);
        testkit::converse_with(
            &*asterisk(),
            pbx,
            &Session::default(),
            Task::SignIn(&account),
        )
    };
    let right = session_of(signed(&mut pbx, "rowcall", "Ar1-Secret~for_tests"));
    assert_eq!(right.token.reveal(), session().token.reveal());
    assert_eq!(right.read_only, None);
    // It may read, and is told before it writes.
    let reader = session_of(signed(&mut pbx, READER, "Ar1-Secret~for_tests"));
    let reader = reader.read_only.unwrap();
    assert_eq!(reader.kind, FaultKind::CredentialRefused);
    assert!(reader.hint.contains("read_only = no"), "{reader:?}");
    let wrong = fault(signed(&mut pbx, "rowcall", "canary-wrong"));
    assert_eq!(wrong.kind, FaultKind::CredentialRefused);
    assert!(pbx.numbers().is_empty());
}

#[test]
fn refusals_mean_what_asterisk_says() {
    let cases = [
        (
            "03-wrong-password",
            "authentication_required",
            FaultKind::CredentialRefused,
        ),
        (
            "28-read-only-account",
            "write_access_denied",
            FaultKind::CredentialRefused,
        ),
        ("26-type-not-writable", "cannot_update", FaultKind::Rejected),
        (
            "27-type-not-creatable",
            "cannot_create",
            FaultKind::TargetUnusable,
        ),
        (
            "18-unknown-attribute",
            "update_failed_validation",
            FaultKind::Rejected,
        ),
        (
            "20-create-refused",
            "creation_failed_validation",
            FaultKind::Rejected,
        ),
        (
            "21-no-fields",
            "fields_must_be_provided",
            FaultKind::Rejected,
        ),
        (
            "22-bad-json",
            "error_parsing_request_body",
            FaultKind::Rejected,
        ),
        ("35-delete-missing", "object_not_found", FaultKind::Missing),
        (
            "25-unknown-class",
            "config_class_not_found",
            FaultKind::TargetUnusable,
        ),
        ("31-post", "invalid_method", FaultKind::TargetUnusable),
    ];
    for (name, code, kind) in cases {
        let (_, reply) = golden("22.10", name);
        let (turn, _) = testkit::replay(
            &*asterisk(),
            &Task::Get(&["2002".into()]),
            &session(),
            &[reply],
        );
        // An object that is not there is left out of the answer.
        if kind == FaultKind::Missing {
            assert_eq!(answer(turn), Answer::Found(vec![]));
            continue;
        }
        let fault = fault(turn);
        assert_eq!(
            (fault.vendor_code.as_deref(), fault.kind),
            (Some(code), kind),
            "{name}"
        );
    }
}

#[test]
fn an_asterisk_that_is_starting_is_waited_for() {
    for (_, folder) in RELEASES {
        // It answers all paths so until ARI is loaded.
        let (_, starting) = golden(folder, "37-not-ari");
        let said = |task: &Task<'_>, replies: &[Reply]| {
            let (turn, _) = testkit::replay(&*asterisk(), task, &session(), replies);
            fault(turn)
        };
        let look = Task::Get(&["2002".to_owned()]);
        let fault = said(&look, std::slice::from_ref(&starting));
        assert_eq!(fault.kind, FaultKind::Busy);
        assert!(fault.message.contains("still starting"), "{fault}");
        let sign_in = Task::SignIn(&printed_account());
        let fault = said(&sign_in, std::slice::from_ref(&starting));
        assert_eq!(fault.kind, FaultKind::Busy);
        // Earlier changes may be lost, so the PBX is looked at first.
        let missing = golden(folder, "35-delete-missing").1;
        let replies = [missing.clone(), missing.clone(), missing, starting];
        let fault = said(&Task::Create(&ann()), &replies);
        assert_eq!(fault.kind, FaultKind::MayHaveHappened, "{fault}");
    }
}

#[test]
fn an_asterisk_that_has_started_anew_says_another_time() {
    let mut pbx = sim(Release::R22);
    let account = printed_account();
    let session = session_of(run(&mut pbx, Task::SignIn(&account)));
    let session = session.started.unwrap();
    assert_eq!(session.time, "2026-11-29T07:10:51.409+0000");
    let mut pbx = sim(Release::R16);
    let later = session_of(run(&mut pbx, Task::KeepAlive));
    let later = later.started.unwrap();
    assert_eq!(later.time, "2026-11-29T07:10:51.513+0000");
    assert!(later.pbx.contains("16.28") && session.pbx.contains("22.10"));
}

#[test]
fn what_is_no_answer_of_asterisk_is_not_taken_for_one() {
    let task = Task::Get(&["2002".to_owned()]);
    let garbage = [
        Reply::new(200, "text/html", "<html></html>"),
        Reply::new(200, "application/json", "[]"),
        Reply::new(200, "application/json", "{}"),
        Reply::new(
            200,
            "application/json",
            r#"[{"attribute":"context","value":1}]"#,
        ),
        Reply::new(204, "", ""),
        Reply::new(
            404,
            "application/json",
            r#"{"message":"Object with id '2003' not found"}"#,
        ),
    ];
    for reply in garbage {
        let shown = format!("{reply:?}");
        let fault = fault(testkit::replay(&*asterisk(), &task, &session(), &[reply]).0);
        assert_eq!(fault.kind, FaultKind::MayHaveHappened, "{shown}");
    }
    // A 404 of another server does not say that the extension is not there.
    let other = Reply::new(404, "text/html", "<html></html>");
    let fault = fault(testkit::replay(&*asterisk(), &task, &session(), &[other]).0);
    assert_eq!(fault.kind, FaultKind::TargetUnusable);
}

#[test]
fn numbers_that_lead_elsewhere_are_no_numbers() {
    for number in ["", " ", ".", "..", "1,2", "a/b"] {
        let turn = asterisk().next(&Task::Delete(number), &session(), &[]);
        assert_eq!(fault(turn).code, "asterisk.no_number", "{number:?}");
    }
    let odd = said(asterisk().next(&Task::Delete("a b%ü?#"), &session(), &[]));
    assert!(odd.path.ends_with("/a%20b%25%C3%BC%3F%23"), "{}", odd.path);
}

#[test]
fn caller_ids_are_read_as_they_are_written() {
    let kept = |name: &str, number: &str| {
        let caller_id = CallerId {
            name: name.to_owned(),
            number: number.to_owned(),
        };
        let text = caller_id.text().ok()?;
        assert_eq!(CallerId::parse(&text), caller_id, "{text}");
        Some(text)
    };
    assert_eq!(kept("Ann", "2002").as_deref(), Some("\"Ann\" <2002>"));
    assert_eq!(kept("", "+4930").as_deref(), Some("+4930"));
    assert_eq!(kept("Ann", "").as_deref(), Some("Ann"));
    assert_eq!(kept("", "").as_deref(), Some(""));
    for name in [
        "a\"b\\c",
        "<b>",
        "007",
        "O'Neil & <Søn> \"QA\"",
        " x ",
        "\\",
    ] {
        assert!(kept(name, "2002").is_some(), "{name}");
    }
    // Texts that Asterisk would cut, or take for the other half.
    let long = ["n".repeat(80), "ß".repeat(40), "\"".repeat(6)];
    for (name, number) in [
        (&*long[0], "1"),
        (&*long[1], "1"),
        (&*long[2], "1"),
        ("007", ""),
        ("", "ann"),
        ("a\"b", "x\"y\"\"\"\"\""),
    ] {
        let is_cut = kept(name, number).is_none();
        assert!(is_cut || number.contains('"'), "{name} {number}");
    }
    assert!(kept(&"n".repeat(79), "1").is_some());
    for unknown in ["", "unknown", "<unknown>"] {
        assert_eq!(CallerId::parse(unknown), CallerId::default());
    }
}

#[test]
fn a_mailbox_is_added_beside_others_and_taken_from_them() {
    assert_eq!(with_mailbox("", "1@default", true), "1@default");
    assert_eq!(
        with_mailbox("9@x, 1@default", "1@default", true),
        "9@x, 1@default"
    );
    assert_eq!(with_mailbox("9@x", "1@default", true), "9@x,1@default");
    assert_eq!(with_mailbox("9@x,1@default", "1@default", false), "9@x");
    assert_eq!(with_mailbox("", "1@default", false), "");
}

#[test]
fn a_listing_is_cut_down_to_what_is_used() {
    let client = asterisk();
    let mut pbx = sim(Release::R22);
    for number in ["2001", "2002"] {
        let mut wanted = ann();
        wanted.set(Field::NUMBER, number);
        is_done(run(&mut pbx, Task::Create(&wanted)));
    }
    let mut exchanges: Vec<Exchange> = vec![];
    loop {
        match client.next(&Task::List, &session(), &exchanges) {
            Turn::Send(request) => {
                let reply = pbx.answer(&testkit::raw(&*client, &request));
                let mut exchange = Exchange {
                    request: *request,
                    reply,
                };
                client.trim(&Task::List, &mut exchange);
                assert!(
                    exchange.reply.body.len() < 180,
                    "{}",
                    exchange.reply.body.len()
                );
                exchanges.push(exchange);
            }
            end => {
                assert_eq!(listing(end).numbers, ["2001", "2002"]);
                break;
            }
        }
    }
}

/// One PBX that is asked, and another one that is there from the first change on.
struct ExchangedSim {
    asked: AsteriskSim,
    other: AsteriskSim,
    is_other: bool,
}

impl Pbx for ExchangedSim {
    fn answer(&mut self, heard: &RawRequest) -> Reply {
        self.is_other |= heard.method != "GET";
        match self.is_other {
            false => self.asked.answer(heard),
            true => self.other.answer(heard),
        }
    }

    fn expire_sessions(&mut self) {}

    fn numbers(&self) -> Vec<String> {
        self.other.numbers()
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        self.other.stored(number, name)
    }

    fn created(&self, number: &str) -> u32 {
        self.other.created(number)
    }

    fn sign_ins(&self) -> u32 {
        0
    }
}

#[test]
fn an_auth_that_an_update_has_made_on_another_pbx_is_removed_there() {
    for (release, _) in RELEASES {
        let mut asked = sim(release);
        is_done(run(&mut asked, Task::Create(&ann())));
        let mut pbx = ExchangedSim {
            asked,
            other: sim(release),
            is_other: false,
        };
        let wanted = record(&[
            (Field::NUMBER, "2002"),
            (Field::SIP_PASSWORD, "Kq7WzP3xVn9T"),
            (Field::DISPLAY_NAME, "Bo"),
        ]);
        let refusal = fault(run(&mut pbx, Task::Update(&wanted)));
        // The newer one makes no auth without a name.
        let kind = match release {
            Release::R16 => FaultKind::Missing,
            Release::R22 => FaultKind::Rejected,
        };
        assert_eq!(refusal.kind, kind, "{refusal}");
        for kind in ["auth", "aor", "endpoint"] {
            let path = format!("/ari/asterisk/config/dynamic/res_pjsip/{kind}/2002");
            let request = testkit::raw(&*asterisk(), &{
                let request = Request::new(
                    "look",
                    Method::Get,
                    path.replacen("/ari", "", 1),
                    Effect::Reads,
                );
                request.header("authorization", session().token)
            });
            assert_eq!(pbx.other.answer(&request).status, 404, "{kind}");
        }
    }
}
