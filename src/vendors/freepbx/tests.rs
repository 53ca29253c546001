//! Requests and replies against the modules' code, and against the simulated PBX.

use super::super::testkit::{
    account, answer, client, converse_with, fault, found, is_done, listing, raw, record, replay,
    request, session_of,
};
use super::*;
use crate::model::Record;
use crate::wire::{Pbx, Reply, Turn};
use serde_json::json;

fn freepbx() -> Box<dyn Client> {
    client("freepbx", &[])
}

fn signed_in() -> Session {
    Session {
        token: Secret::new("eyJ0canary"),
        ..Session::default()
    }
}

fn small(number: &str) -> Record {
    record(&[(Field::NUMBER, number), (Field::DISPLAY_NAME, "Ann Miller")])
}

fn full(number: &str) -> Record {
    let mut record = small(number);
    record.set(Field::SIP_PASSWORD, "canary-Sip-1Aa");
    record.set(Field::CALLER_ID, "0305550100");
    record.set(Field::VOICEMAIL_PIN, "083914");
    record.set(Field::EMAIL, "ann@example.com");
    record.set(Field::VOICEMAIL_PAGER, "pager@example.com");
    record
}

fn json_reply(status: u16, body: &str) -> Reply {
    Reply::new(status, "application/json", body)
}

fn refused(message: &str) -> Reply {
    let body = json!({ "errors": [{ "message": message, "status": false }] });
    json_reply(400, &body.to_string())
}

/// A PBX, and a session with it.
fn at_pbx() -> (Box<dyn Client>, Box<dyn Pbx>, Session) {
    let (client, account) = (freepbx(), account("app", "canary-secret"));
    let mut pbx = sim::pbx(&account);
    let session = converse_with(
        &*client,
        &mut *pbx,
        &Session::default(),
        Task::SignIn(&account),
    );
    (client, pbx, session_of(session))
}

#[test]
fn a_request_carries_one_mutation_with_its_variables() {
    let client = freepbx();
    let sent = request(client.next(&Task::Create(&small("2001")), &signed_in(), &[]));
    let sent = raw(&*client, &sent);
    assert_eq!(
        (sent.method.as_str(), sent.target.as_str()),
        ("POST", "/admin/api/api/gql")
    );
    let bearer = sent
        .headers
        .iter()
        .find(|(name, _)| name == "authorization");
    assert_eq!(bearer.unwrap().1, "Bearer eyJ0canary");
    assert_eq!(
        json::parse(&sent.body),
        json::parse(include_bytes!("golden/add.request.json"))
    );
}

#[test]
fn a_refusal_is_known_by_its_text_and_else_by_a_look() {
    let (client, session) = (freepbx(), signed_in());
    let exists = json_reply(400, include_str!("golden/exists.reply.json"));
    let wanted = small("2001");
    let create = Task::Create(&wanted);
    let (turn, _) = replay(&*client, &create, &session, &[exists]);
    assert_eq!(fault(turn).kind, FaultKind::Exists);
    let there = json_reply(
        200,
        r#"{"data":{"fetchExtension":{"status":true,"message":"gefunden","extensionId":"2001","tech":"pjsip","user":{"name":"Bo","outboundCid":"","extPassword":"x"},"coreDevice":{"emergencyCid":null}}}}"#,
    );
    let german = || refused("Diese Geräte-ID wird bereits verwendet");
    let (turn, _) = replay(&*client, &create, &session, &[german(), there]);
    assert_eq!(fault(turn).kind, FaultKind::Exists);
    // Not there, in another language: the listing tells.
    let listed = json_reply(
        200,
        r#"{"data":{"fetchAllExtensions":{"status":true,"message":"","totalCount":0,"extension":[]}}}"#,
    );
    let (turn, _) = replay(&*client, &create, &session, &[german(), german(), listed]);
    assert_eq!(fault(turn).kind, FaultKind::Rejected);
    let (turn, _) = replay(
        &*client,
        &create,
        &session,
        &[refused(
            "Cannot query field \"addExtension\" on type \"Mutation\".",
        )],
    );
    assert_eq!(fault(turn).kind, FaultKind::TargetUnusable);
}

#[test]
fn what_is_no_answer_of_the_api_is_not_understood() {
    let (client, session) = (freepbx(), signed_in());
    let wanted = small("2001");
    for (reply, kind) in [
        (json_reply(200, "{}"), FaultKind::MayHaveHappened),
        (
            json_reply(200, r#"{"data":null}"#),
            FaultKind::MayHaveHappened,
        ),
        (
            json_reply(200, r#"{"data":{"addExtension":{"message":"x"}}}"#),
            FaultKind::MayHaveHappened,
        ),
        (
            Reply::new(200, "text/html", "<html>"),
            FaultKind::MayHaveHappened,
        ),
        (
            Reply::new(400, "text/html", "<html>"),
            FaultKind::MayHaveHappened,
        ),
        (json_reply(401, "{}"), FaultKind::SessionExpired),
        (json_reply(404, "{}"), FaultKind::TargetUnusable),
    ] {
        let (turn, _) = replay(&*client, &Task::Create(&wanted), &session, &[reply]);
        assert_eq!(fault(turn).kind, kind);
    }
}

#[test]
fn a_success_that_made_nothing_is_found_out() {
    let (client, session) = (freepbx(), signed_in());
    let made = json_reply(200, include_str!("golden/add.reply.json"));
    let wanted = full("2001");
    let (turn, _) = replay(
        &*client,
        &Task::Create(&wanted),
        &session,
        &[made, refused("Extension does not exists")],
    );
    let fault = fault(turn);
    assert_eq!(fault.kind, FaultKind::MayHaveHappened);
    assert_eq!(fault.code, "freepbx.not_made");
}

#[test]
fn a_listing_that_counts_others_is_not_complete() {
    let (client, session) = (freepbx(), signed_in());
    for (count, complete) in [(1, true), (2, false)] {
        let body = json!({ "data": { "fetchAllExtensions": {
            "status": true, "message": "", "totalCount": count, "extension": [{ "extensionId": "2001" }],
        } } });
        let reply = json_reply(200, &body.to_string());
        let (turn, _) = replay(&*client, &Task::List, &session, &[reply]);
        let listing = listing(turn);
        assert_eq!((listing.numbers.len(), listing.complete), (1, complete));
    }
}

#[test]
fn an_extension_lives_from_its_making_to_its_end() {
    let (client, mut pbx, session) = at_pbx();
    let mut go = |task: Task<'_>| converse_with(&*client, &mut *pbx, &session, task);
    is_done(go(Task::Create(&small("2000"))));
    is_done(go(Task::Create(&full("2001"))));
    let numbers = ["2000".to_owned(), "2001".to_owned(), "2002".to_owned()];
    let current = found(go(Task::Get(&numbers)));
    assert_eq!(current.len(), 2);
    assert_eq!(current[1], full("2001"));
    // The password that FreePBX generates, and no mailbox.
    assert_eq!(current[0].reveal(Field::SIP_PASSWORD).unwrap().len(), 32);
    assert_eq!(current[0].get(Field::VOICEMAIL_PIN), None);
    // A change of one field keeps the others: the secret, the caller ID and the mailbox.
    let mut renamed = record(&[(Field::NUMBER, "2001"), (Field::DISPLAY_NAME, "Ann Lund")]);
    is_done(go(Task::Update(&renamed)));
    let mut wanted = full("2001");
    wanted.set(Field::DISPLAY_NAME, "Ann Lund");
    assert_eq!(found(go(Task::Get(&numbers[1..2]))), [wanted.clone()]);
    // An extension without a mailbox is left without one.
    renamed.set(Field::NUMBER, "2000");
    is_done(go(Task::Update(&renamed)));
    assert_eq!(
        found(go(Task::Get(&numbers[..1])))[0].get(Field::VOICEMAIL_PIN),
        None
    );
    // A mailbox is taken away without a word about the rest.
    let emptied = record(&[
        (Field::NUMBER, "2001"),
        (Field::VOICEMAIL_PIN, ""),
        (Field::EMAIL, ""),
        (Field::VOICEMAIL_PAGER, ""),
    ]);
    is_done(go(Task::Update(&emptied)));
    let current = found(go(Task::Get(&numbers[1..2])));
    assert_eq!(current[0].get(Field::VOICEMAIL_PIN), None);
    assert_eq!(
        current[0].reveal(Field::SIP_PASSWORD),
        Some("canary-Sip-1Aa")
    );
    assert_eq!(
        fault(go(Task::Create(&small("2001")))).kind,
        FaultKind::Exists
    );
    is_done(go(Task::Delete("2001")));
    assert_eq!(fault(go(Task::Delete("2001"))).kind, FaultKind::Missing);
    assert_eq!(fault(go(Task::Update(&wanted))).kind, FaultKind::Missing);
    assert_eq!(listing(go(Task::List)).numbers, ["2000"]);
}

#[test]
fn a_wrong_secret_and_a_missing_right_end_the_sign_in() {
    let client = freepbx();
    let mut pbx = sim::pbx(&account("app", "canary-secret"));
    let wrong = account("app", "canary-other");
    let turn = converse_with(
        &*client,
        &mut *pbx,
        &Session::default(),
        Task::SignIn(&wrong),
    );
    assert_eq!(fault(turn).kind, FaultKind::CredentialRefused);
    let narrow = super::super::testkit::client("freepbx", &[("scope", "gql:voicemail")]);
    let right = account("app", "canary-secret");
    let turn = converse_with(
        &*narrow,
        &mut *pbx,
        &Session::default(),
        Task::SignIn(&right),
    );
    assert_eq!(fault(turn).kind, FaultKind::TargetUnusable);
    assert!(matches!(
        answer(converse_with(
            &*client,
            &mut *pbx,
            &Session::default(),
            Task::SignIn(&right)
        )),
        Answer::Session(_)
    ));
}

#[test]
fn a_change_keeps_emergency_calls_and_makes_no_user() {
    let (client, mut pbx, session) = at_pbx();
    // Made by hand, with a user of its own.
    let made = json!({
        "query": "mutation($input: addExtensionInput!) { addExtension(input: $input) { status } }",
        "variables": { "input": {
            "extensionId": "2001", "name": "Ann", "email": "ann@example.com", "vmEnable": false,
            "emergencyCid": "03055500", "callerID": "Ann <2001>",
        } },
    });
    let request = Request::new("made", Method::Post, "/gql", Effect::Writes);
    let request = signed(request.body(Body::Json(made)), &session.token);
    assert_eq!(pbx.answer(&raw(&*client, &request)).status, 200);
    assert_eq!(
        pbx.stored("2001", "user.userManager").as_deref(),
        Some("true")
    );
    let wanted = record(&[(Field::NUMBER, "2001"), (Field::DISPLAY_NAME, "Ann Lund")]);
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Update(&wanted),
    ));
    for (name, text) in [
        ("emergencyCid", "03055500"),
        // Not that of the emergency calls.
        ("callerid", "Ann Lund <2001>"),
        ("userManager", "false"),
    ] {
        let stored = pbx.stored("2001", &format!("user.{name}"));
        assert_eq!(stored.as_deref(), Some(text), "{name}");
    }
}

#[test]
fn what_failed_half_way_is_looked_at() {
    let (client, session) = (freepbx(), signed_in());
    let wanted = small("2001");
    for text in ["Failed to create extension", "Internal server error"] {
        let create = Task::Create(&wanted);
        let (turn, _) = replay(&*client, &create, &session, &[refused(text)]);
        assert_eq!(fault(turn).kind, FaultKind::MayHaveHappened, "{text}");
    }
}

#[test]
fn the_configuration_is_applied_and_asked_about() {
    let (client, session) = (freepbx(), signed_in());
    let started = json_reply(200, include_str!("golden/apply.reply.json"));
    let (turn, sent) = replay(&*client, &Task::Apply(None), &session, &[started]);
    let golden = json::parse(include_bytes!("golden/apply.request.json"));
    assert_eq!(json::parse(&raw(&*client, &sent[0].request).body), golden);
    assert_eq!(answer(turn), Answer::UnderWay("7".into()));
    let told = |status: Value, message: &str| {
        let status =
            json!({ "data": { "fetchApiStatus": { "status": status, "message": message } } });
        let reply = json_reply(200, &status.to_string());
        replay(&*client, &Task::Apply(Some("7")), &session, &[reply]).0
    };
    assert_eq!(
        answer(told(true.into(), "Processing")),
        Answer::UnderWay("7".into())
    );
    // Some releases have the status as a word.
    assert_eq!(answer(told("true".into(), "Executed")), Answer::Done);
    let failed = fault(told(true.into(), "Failed"));
    assert_eq!(
        (failed.kind, &*failed.code),
        (FaultKind::Rejected, "freepbx.not_applied")
    );
    let odd = fault(told(true.into(), "Sorry unable to fetch the status"));
    assert_eq!(odd.kind, FaultKind::MayHaveHappened);
}

#[test]
fn telephones_find_what_is_applied_alone() {
    let (client, mut pbx, session) = at_pbx();
    let mut go = |task: Task<'_>| answer(converse_with(&*client, &mut *pbx, &session, task));
    go(Task::Create(&full("2001")));
    let Answer::UnderWay(name) = go(Task::Apply(None)) else {
        panic!("it is done at once");
    };
    assert!(matches!(go(Task::Apply(Some(&name))), Answer::UnderWay(_)));
    assert_eq!(pbx.live("2001", "user.extPassword"), None);
    assert!(matches!(
        answer(converse_with(
            &*client,
            &mut *pbx,
            &session,
            Task::Apply(Some(&name))
        )),
        Answer::Done
    ));
    let live = pbx.live("2001", "user.extPassword");
    assert_eq!(live.as_deref(), Some("canary-Sip-1Aa"));
}

#[test]
fn what_is_not_told_or_no_sip_telephone_is_not_changed() {
    let (client, session) = (freepbx(), signed_in());
    let wanted = small("2001");
    let no_box = || refused("Sorry unable to fetch the status");
    for (tech, device, kind) in [
        (
            "dahdi",
            r#","coreDevice":{"emergencyCid":""}"#,
            FaultKind::Rejected,
        ),
        ("pjsip", "", FaultKind::MayHaveHappened),
        ("pjsip", r#","coreDevice":null"#, FaultKind::MayHaveHappened),
    ] {
        let user = r#""user":{"name":"Bo","outboundCid":"","extPassword":"x"}"#;
        let current = format!(
            r#"{{"data":{{"fetchExtension":{{"status":true,"message":"","extensionId":"2001","tech":"{tech}",{user}{device}}}}}}}"#
        );
        let replies = [json_reply(200, &current), no_box()];
        let (turn, sent) = replay(&*client, &Task::Update(&wanted), &session, &replies);
        assert_eq!(fault(turn).kind, kind, "{tech}{device}");
        let is_read = |one: &Exchange| one.request.effect == Effect::Reads;
        assert!(sent.iter().all(is_read), "{tech}{device}");
    }
}

#[test]
fn a_deletion_that_is_refused_in_another_language_is_looked_at() {
    let (client, session) = (freepbx(), signed_in());
    let german = || refused("Die Nebenstelle existiert nicht.");
    let listed = |count: usize, numbers: Value| {
        let body = json!({ "data": { "fetchAllExtensions": {
            "status": true, "message": "", "totalCount": count, "extension": numbers,
        } } });
        json_reply(200, &body.to_string())
    };
    let there = listed(1, json!([{ "extensionId": "2001" }]));
    for (listing, kind) in [
        (listed(0, json!([])), FaultKind::Missing),
        (there, FaultKind::Rejected),
    ] {
        let replies = [german(), german(), listing];
        let (turn, _) = replay(&*client, &Task::Delete("2001"), &session, &replies);
        assert_eq!(fault(turn).kind, kind);
    }
}

#[test]
fn the_right_to_apply_is_proved_before_anything_is_changed() {
    let account = account("app", "canary-secret");
    let token = || {
        json_reply(
            200,
            r#"{"token_type":"Bearer","expires_in":3600,"access_token":"eyJ0"}"#,
        )
    };
    let proof = || {
        let body = r#"{"data":{"fetchAllExtensions":{"status":true,"message":"","totalCount":0}}}"#;
        json_reply(200, body)
    };
    let lacks = refused("Cannot query field \"system\" on type \"Query\".");
    let (turn, _) = replay(
        &*freepbx(),
        &Task::SignIn(&account),
        &Session::default(),
        &[token(), proof(), lacks],
    );
    assert_eq!(fault(turn).kind, FaultKind::TargetUnusable);
    let narrow = client("freepbx", &[("scope", "gql:core gql:voicemail")]);
    let (turn, _) = replay(
        &*narrow,
        &Task::SignIn(&account),
        &Session::default(),
        &[token(), proof()],
    );
    assert!(matches!(answer(turn), Answer::Session(_)));
}

/// Has the PBX carry out a mutation that is not the client's.
fn by_hand(
    client: &dyn Client,
    pbx: &mut dyn Pbx,
    session: &Session,
    name: &'static str,
    input: Value,
) {
    let input = input.as_object().cloned().unwrap();
    let request = signed(mutation(name, input), &session.token);
    assert_eq!(pbx.answer(&raw(client, &request)).status, 200, "{name}");
}

/// A PBX with 2001, whose mailbox somebody has given a pager and switches.
fn with_mailbox(pin: &str) -> (Box<dyn Client>, Box<dyn Pbx>, Session) {
    let (client, mut pbx, session) = at_pbx();
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Create(&small("2001")),
    ));
    let input = json!({
        "extensionId": "2001", "password": pin, "name": "Ann's own", "email": "ann@example.com",
        "pager": "pager@example.com", "attach": true, "delete": true,
    });
    by_hand(&*client, &mut *pbx, &session, "enableVoiceMail", input);
    (client, pbx, session)
}

/// The whole mailbox of 2001.
fn mailbox_of(pbx: &dyn Pbx) -> Vec<String> {
    let names = [
        "password", "name", "email", "pager", "attach", "saycid", "envelope", "delete",
    ];
    let part = |name| pbx.stored("2001", &format!("mailbox.{name}"));
    names.iter().filter_map(part).collect()
}

fn mailbox(pin: &str, email: &str) -> Vec<String> {
    let pager = "pager@example.com";
    ["", "Ann's own", "", pager, "yes", "no", "no", "yes"]
        .iter()
        .enumerate()
        .map(|(at, text)| match at {
            0 => pin.to_owned(),
            2 => email.to_owned(),
            _ => (*text).to_owned(),
        })
        .collect()
}

#[test]
fn a_change_keeps_the_mailbox_with_its_pager_and_switches() {
    for pin in ["004711", ""] {
        let (client, mut pbx, session) = with_mailbox(pin);
        for (field, text, pin, email) in [
            (Field::DISPLAY_NAME, "Ann Lund", pin, "ann@example.com"),
            (Field::CALLER_ID, "0305550100", pin, "ann@example.com"),
            (Field::EMAIL, "new@example.com", pin, "new@example.com"),
            (Field::VOICEMAIL_PIN, "5555", "5555", "new@example.com"),
        ] {
            let wanted = record(&[(Field::NUMBER, "2001"), (field, text)]);
            let update = Task::Update(&wanted);
            is_done(converse_with(&*client, &mut *pbx, &session, update));
            assert_eq!(mailbox_of(&*pbx), mailbox(pin, email), "{field:?}");
        }
        let caller = pbx.stored("2001", "user.callerid");
        assert_eq!(caller.as_deref(), Some("Ann Lund <2001>"));
    }
}

#[test]
fn a_mailbox_of_which_the_pbx_does_not_tell_is_not_taken_for_none() {
    let wanted = record(&[(Field::NUMBER, "2001"), (Field::DISPLAY_NAME, "Ann Lund")]);
    let lacks_pin = r#"{"data":{"fetchVoiceMail":{"status":true,"message":"","email":"a@b.c"}}}"#;
    for strange in [
        refused("Datenbank kaputt"),
        refused("Extension does not exists"),
        refused("sorry unable to fetch the status of it"),
        json_reply(404, "x"),
        json_reply(200, lacks_pin),
    ] {
        let (client, mut pbx, session) = with_mailbox("004711");
        let before = mailbox_of(&*pbx);
        for task in [Task::Update(&wanted), Task::Get(&["2001".to_owned()])] {
            let mut exchanges = vec![];
            let turn = loop {
                let request = match client.next(&task, &session, &exchanges) {
                    Turn::Send(request) => *request,
                    turn => break turn,
                };
                assert_eq!(request.effect, Effect::Reads, "{strange:?}");
                let reply = match request.operation {
                    "mailbox" => strange.clone(),
                    _ => pbx.answer(&raw(&*client, &request)),
                };
                exchanges.push(Exchange { request, reply });
            };
            let fault = fault(turn);
            assert_ne!(fault.kind, FaultKind::Missing, "{strange:?}");
        }
        assert_eq!(mailbox_of(&*pbx), before);
    }
}

/// Answers `times` requests of this name by a refusal, and the rest as the PBX does.
fn refusing(
    times: usize,
    name: &str,
    message: &str,
    client: &dyn Client,
    pbx: &mut dyn Pbx,
    session: &Session,
    wanted: &Record,
) -> Turn {
    let mut left = times;
    let mut exchanges = vec![];
    loop {
        let request = match client.next(&Task::Update(wanted), session, &exchanges) {
            Turn::Send(request) => *request,
            turn => return turn,
        };
        let reply = match request.operation == name && left > 0 {
            true => {
                left -= 1;
                refused(message)
            }
            false => pbx.answer(&raw(client, &request)),
        };
        exchanges.push(Exchange { request, reply });
    }
}

#[test]
fn a_mailbox_outlives_what_the_pbx_refuses() {
    let pin = record(&[(Field::NUMBER, "2001"), (Field::VOICEMAIL_PIN, "5555")]);
    let name = record(&[(Field::NUMBER, "2001"), (Field::DISPLAY_NAME, "Ann Lund")]);
    for (wanted, times, message, kept, is_done) in [
        (&pin, 1, "kaputt", "5555", true),
        (&pin, 9, "kaputt", "004711", false),
        // A release that writes no mailbox over another one.
        (&pin, 1, "Sorry,voicemail already exists.", "5555", true),
        (&name, 1, "kaputt", "004711", true),
    ] {
        let (client, mut pbx, session) = with_mailbox("004711");
        let made = "enableVoiceMail";
        let turn = refusing(times, made, message, &*client, &mut *pbx, &session, wanted);
        assert_eq!(matches!(turn, Turn::Done(_)), is_done, "{message} {times}");
        assert_eq!(mailbox_of(&*pbx), mailbox(kept, "ann@example.com"));
    }
    // Its pager cannot be told again now: a resume does it.
    let (client, mut pbx, session) = with_mailbox("004711");
    let made = "enableVoiceMail";
    let fault = fault(refusing(
        9, made, "kaputt", &*client, &mut *pbx, &session, &name,
    ));
    assert_eq!(fault.cause, crate::model::FaultCause::LostThere);
}

#[test]
fn what_could_not_be_told_again_is_refused_before_anything_is_written() {
    let (client, session) = (freepbx(), signed_in());
    let told = |secret: Value| {
        let current = json!({ "data": { "fetchExtension": {
            "status": true, "message": "", "extensionId": "2001", "tech": "pjsip",
            "user": { "name": "Bo", "outboundCid": "", "extPassword": secret },
            "coreDevice": { "emergencyCid": "" },
        } } });
        json_reply(200, &current.to_string())
    };
    let no_box = || refused("Sorry unable to fetch the status");
    let elsewhere = json_reply(
        200,
        r#"{"data":{"fetchVoiceMail":{"status":true,"message":"","context":"sales","password":"1"}}}"#,
    );
    let untold = json_reply(
        200,
        r#"{"data":{"fetchVoiceMail":{"status":true,"message":"","context":"default","password":"1","attach":"yes","saycid":null,"envelope":"no"}}}"#,
    );
    let of = |field, text| record(&[(Field::NUMBER, "2001"), (field, text)]);
    let name = of(Field::DISPLAY_NAME, "Ann");
    for (wanted, secret, mailbox, code) in [
        (&name, Value::Null, no_box(), "freepbx.sip_password_unread"),
        (&name, "".into(), no_box(), "freepbx.sip_password_unread"),
        (&name, "x".into(), elsewhere, "freepbx.other_context"),
        (&name, "x".into(), untold.clone(), "freepbx.switches_untold"),
        (
            &of(Field::VOICEMAIL_PIN, "5555"),
            "x".into(),
            untold,
            "freepbx.switches_untold",
        ),
        (
            &of(Field::EMAIL, "a@example.com"),
            "x".into(),
            no_box(),
            "freepbx.no_mailbox",
        ),
    ] {
        let replies = [told(secret), mailbox];
        let (turn, sent) = replay(&*client, &Task::Update(wanted), &session, &replies);
        let fault = fault(turn);
        assert_eq!((fault.kind, &*fault.code), (FaultKind::Rejected, code));
        let is_read = |one: &Exchange| one.request.effect == Effect::Reads;
        assert!(sent.iter().all(is_read), "{code}");
    }
}

#[test]
fn words_of_a_refusal_repeat_no_token_and_no_pin() {
    let message = "Fehler bei eyJtok0001SECRET, Box 004711";
    let shown = super::without_numbers(message);
    assert_eq!(shown, "Fehler bei (not shown) Box (not shown)");
}
