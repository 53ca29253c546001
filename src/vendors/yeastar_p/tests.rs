//! Requests and replies against the maker's pages, and against the simulated PBX.

use super::super::testkit::{
    account, client, converse, converse_with, fault, found, is_done, listing, printed_request, raw,
    record, replay, request as request_of, session_of,
};
use super::*;
use crate::digest::base64;
use crate::model::Field;
use crate::wire::{Pbx, RawRequest, Reply, Request};
use serde_json::json;

fn yeastar() -> Box<dyn Client> {
    client("yeastar_p", &[])
}

fn signed_in(token: &str) -> Session {
    Session {
        token: Secret::new(token),
        ..Session::default()
    }
}

fn printed(body: &str) -> Reply {
    Reply::new(200, "application/json", body)
}

fn answer(body: &Value) -> Reply {
    printed(&body.to_string())
}

fn code(code: i64) -> Reply {
    answer(&json!({ "errcode": code, "errmsg": "" }))
}

/// A list of one extension.
fn listed(id: i64, number: &str) -> Reply {
    let item = json!({ "id": id, "number": number, "online_status": {} });
    answer(&json!({ "errcode": 0, "total_number": 1, "data": [item] }))
}

fn none_listed() -> Reply {
    answer(&json!({ "errcode": 0, "total_number": 0, "data": [] }))
}

fn full(number: &str) -> Record {
    record(&[
        (Field::NUMBER, number),
        (Field::FIRST_NAME, "Ann"),
        (Field::SIP_PASSWORD, "canary-Sip-1Aa"),
        (Field::WEB_PASSWORD, "canary-Web-1Aa"),
    ])
}

fn with(number: &str, fields: &[(Field, &str)]) -> Record {
    let mut wanted = record(fields);
    wanted.set(Field::NUMBER, number);
    wanted
}

/// A PBX, and a session with it.
fn at_pbx() -> (Box<dyn Client>, Box<dyn Pbx>, Session) {
    let account = account("client-id", "canary-key");
    let mut pbx = sim::pbx(&account);
    let client = yeastar();
    let session = session_of(sign_in(&*client, &mut *pbx, "canary-key"));
    (client, pbx, session)
}

fn sign_in(client: &dyn Client, pbx: &mut dyn Pbx, secret: &str) -> crate::wire::Turn {
    let account = account("client-id", secret);
    converse_with(client, pbx, &Session::default(), Task::SignIn(&account))
}

/// Asks the PBX by hand, as this session.
fn by_hand(pbx: &mut dyn Pbx, session: &Session, method: &str, path: &str, body: &Value) -> Value {
    let mark = if path.contains('?') { '&' } else { '?' };
    let token = session.token.reveal();
    let reply = pbx.answer(&RawRequest {
        method: method.into(),
        target: format!("/openapi/v1.0/{path}{mark}access_token={token}"),
        headers: vec![
            ("user-agent".into(), "OpenAPI".into()),
            ("content-type".into(), "application/json".into()),
        ],
        body: body.to_string().into_bytes(),
    });
    assert_eq!(reply.status, 200);
    json::parse(&reply.body).unwrap()
}

/// Looks one extension up.
fn look(client: &dyn Client, pbx: &mut dyn Pbx, session: &Session, number: &str) -> Record {
    let numbers = [number.to_owned()];
    let turn = converse_with(client, pbx, session, Task::Get(&numbers));
    found(turn).pop().unwrap()
}

/// Compares a request with a printed one: its path, the items of its query in any order, and its headers.
#[track_caller]
fn is_as_printed(sent: &RawRequest, golden: &str) {
    let golden = printed_request(golden);
    let items = |request: &RawRequest| -> Vec<(String, String)> {
        let items = url::form_urlencoded::parse(request.query().as_bytes());
        let mut items: Vec<_> = items.into_owned().collect();
        items.sort();
        items
    };
    assert_eq!(
        (&*sent.method, sent.path(), items(sent)),
        (&*golden.method, golden.path(), items(&golden))
    );
    assert_eq!(sent.header("user-agent"), Some("OpenAPI"));
    let kind = sent.header("content-type").unwrap_or_default();
    assert!(kind.starts_with(golden.header("content-type").unwrap_or_default()));
}

#[test]
fn a_change_a_deletion_and_a_look_at_a_password_are_asked_for_as_printed() {
    let client = yeastar();
    let dnd = with("1000", &[(Field::DO_NOT_DISTURB, "off")]);
    let session = signed_in("5SwyByhbSfsNlpI1v4GtHxEDmKsZwzjQ");
    let (turn, _) = replay(
        &*client,
        &Task::Update(&dnd),
        &session,
        &[listed(60, "1000")],
    );
    let sent = raw(&*client, &request_of(turn));
    let golden = include_str!("golden/edit.request.http");
    is_as_printed(&sent, golden);
    let mut golden = json::parse(&printed_request(golden).body).unwrap();
    golden["presence_status"] = "available".into();
    assert_eq!(json::parse(&sent.body), Ok(golden));

    let session = signed_in("TE5Gk47ajhbePWwAASa5RRVFC7H3xcFY");
    let (turn, _) = replay(
        &*client,
        &Task::Delete("1000"),
        &session,
        &[listed(44, "1000")],
    );
    let request = request_of(turn);
    assert_eq!(
        request.effect,
        Effect::Writes,
        "a GET that deletes is never repeated"
    );
    is_as_printed(
        &raw(&*client, &request),
        include_str!("golden/delete.request.http"),
    );
    let replies = [
        listed(44, "1000"),
        printed(include_str!("golden/delete.reply.json")),
    ];
    is_done(replay(&*client, &Task::Delete("1000"), &session, &replies).0);

    let session = signed_in("fJ71SE6TCRLAGUyv2J4YQco3jeqE1H47");
    let numbers = ["1000".to_owned()];
    let extension = answer(&json!({ "errcode": 0, "data": [{ "id": 80, "number": "1000" }] }));
    let replies = [listed(80, "1000"), extension];
    let (turn, _) = replay(&*client, &Task::Get(&numbers), &session, &replies);
    is_as_printed(
        &raw(&*client, &request_of(turn)),
        include_str!("golden/password.request.http"),
    );
    let told = || printed(include_str!("golden/password.reply.json"));
    let replies = [&replies[..], &[told(), told()]].concat();
    let held = found(replay(&*client, &Task::Get(&numbers), &session, &replies).0);
    assert_eq!(held[0].reveal(Field::SIP_PASSWORD), Some("Hc6mArW62M"));
}

#[test]
fn the_token_stands_in_every_query_but_where_tokens_are_given() {
    let client = yeastar();
    let account = account("client-id", "canary-key");
    let first = request_of(client.next(&Task::SignIn(&account), &Session::default(), &[]));
    assert_eq!((first.query.len(), first.effect), (0, Effect::SignsIn));
    let session = Session {
        refresh_token: Some(Secret::new("canary-refresh")),
        ..signed_in("canary-token")
    };
    let renewal = request_of(client.next(&Task::KeepAlive, &session, &[]));
    assert_eq!(renewal.query, []);
    let sent = raw(&*client, &renewal);
    assert_eq!(sent.path(), "/openapi/v1.0/refresh_token");
    assert_eq!(
        json::parse(&sent.body),
        Ok(json!({ "refresh_token": "canary-refresh" }))
    );
    let listing = request_of(client.next(&Task::List, &session, &[]));
    let token = WireText::Secret(Secret::new("canary-token"));
    assert_eq!(listing.query[0], ("access_token".to_owned(), token));
}

#[test]
fn a_session_is_renewed_dropped_and_lives_as_long_as_is_told() {
    let (client, mut pbx, session) = at_pbx();
    assert_eq!(session.lifetime, Some(Duration::from_secs(1800)));
    let mut go = |session: &Session, task| converse_with(&*client, &mut *pbx, session, task);
    let renewed = session_of(go(&session, Task::KeepAlive));
    assert_ne!(renewed.token, session.token);
    assert_eq!(
        fault(go(&session, Task::List)).kind,
        FaultKind::SessionExpired
    );
    assert!(listing(go(&renewed, Task::List)).complete);
    // A refresh token that is not known any more ends in another sign-in.
    let refused = fault(go(&session, Task::KeepAlive)).kind;
    assert!(!matches!(
        refused,
        FaultKind::NotSent | FaultKind::MayHaveHappened
    ));
    is_done(go(&renewed, Task::SignOut));
    assert_eq!(
        fault(go(&renewed, Task::List)).kind,
        FaultKind::SessionExpired
    );
}

#[test]
fn a_refused_sign_in_is_one_of_the_client_and_a_blocked_address_is_told() {
    let client = yeastar();
    let account = account("client-id", "canary-key");
    let go = |replies: &[Reply]| {
        replay(
            &*client,
            &Task::SignIn(&account),
            &Session::default(),
            replies,
        )
    };
    let token = || answer(&json!({ "errcode": 0, "access_token": "canary-token" }));
    for (reply, kind) in [
        (
            printed(include_str!("golden/refused_token.reply.json")),
            FaultKind::CredentialRefused,
        ),
        (code(70004), FaultKind::TargetUnusable),
        (code(70087), FaultKind::TargetUnusable),
        (code(10001), FaultKind::TargetUnusable),
        (code(0), FaultKind::MayHaveHappened),
        (printed("<html></html>"), FaultKind::MayHaveHappened),
        (Reply::new(404, "text/html", ""), FaultKind::TargetUnusable),
    ] {
        assert_eq!(fault(go(&[reply]).0).kind, kind);
    }
    assert!(fault(go(&[code(70004)]).0).hint.contains("Blocked IPs"));
    // Without the right to list the token is given back.
    let (turn, exchanges) = go(&[token(), code(10005), code(0)]);
    assert_eq!(fault(turn).kind, FaultKind::TargetUnusable);
    assert_eq!(exchanges[2].request.operation, DROP);
    let (turn, _) = go(&[token(), code(0), code(0)]);
    assert_eq!(fault(turn).kind, FaultKind::MayHaveHappened);
    session_of(go(&[token(), none_listed()]).0);
}

#[test]
fn five_wrong_sign_ins_block_the_address_there_too() {
    let (client, mut pbx, _) = at_pbx();
    for _ in 0..5 {
        let fault = fault(sign_in(&*client, &mut *pbx, "wrong"));
        assert_eq!(fault.kind, FaultKind::CredentialRefused);
    }
    let blocked = fault(sign_in(&*client, &mut *pbx, "canary-key"));
    assert_eq!(blocked.code, "yeastar_p.70004");
}

#[test]
fn every_printed_refusal_is_understood() {
    let client = yeastar();
    let wanted = full("1000");
    let session = signed_in("canary-token");
    let go = |reply: Reply| fault(replay(&*client, &Task::Create(&wanted), &session, &[reply]).0);
    let duplicate = |field: &str| {
        let item = json!({ "field": field, "value": "x", "external_source": "queue", "external_source_name": "6400" });
        answer(&json!({ "errcode": 40003, "duplicate_field_list": [item] }))
    };
    for (reply, kind, id, words) in [
        (
            printed(include_str!("golden/duplicate.reply.json")),
            FaultKind::Rejected,
            "yeastar_p.40003",
            "email_addr (extension 1011)",
        ),
        (
            printed(include_str!("golden/parameter.reply.json")),
            FaultKind::Rejected,
            "yeastar_p.40002",
            "name (required)",
        ),
        (
            duplicate("number"),
            FaultKind::Exists,
            "yeastar_p.number_in_use",
            "number (queue 6400)",
        ),
        (
            duplicate("reg_name"),
            FaultKind::Rejected,
            "yeastar_p.40003",
            "reg_name (queue 6400)",
        ),
        (code(1), FaultKind::MayHaveHappened, "yeastar_p.1", ""),
        (code(2), FaultKind::MayHaveHappened, "yeastar_p.2", ""),
        (code(-1), FaultKind::Rejected, "yeastar_p.-1", ""),
        (code(-2), FaultKind::MayHaveHappened, "yeastar_p.-2", ""),
        (
            code(10004),
            FaultKind::SessionExpired,
            "yeastar_p.10004",
            "",
        ),
        (
            code(10005),
            FaultKind::TargetUnusable,
            "yeastar_p.10005",
            "",
        ),
        (code(60001), FaultKind::Missing, "yeastar_p.60001", ""),
        (code(60002), FaultKind::Rejected, "yeastar_p.60002", ""),
        (
            code(70004),
            FaultKind::TargetUnusable,
            "yeastar_p.70004",
            "",
        ),
        (code(70082), FaultKind::Busy, "yeastar_p.70082", ""),
        (code(70091), FaultKind::Rejected, "yeastar_p.70091", ""),
    ] {
        let fault = go(reply);
        assert_eq!(
            (fault.kind, &*fault.code, &*fault.pbx_words),
            (kind, id, words)
        );
    }
    // A look that the PBX is still at work on is asked again.
    let (turn, _) = replay(&*client, &Task::List, &session, &[code(2)]);
    assert_eq!(fault(turn).kind, FaultKind::Busy);
}

#[test]
fn what_is_not_as_printed_is_not_understood() {
    let client = yeastar();
    let session = signed_in("canary-token");
    let wanted = full("1000");
    let forwarded = with("1000", &[(Field::FORWARD_ALWAYS, "on")]);
    let numbers = ["1000".to_owned()];
    let data = |items: Value| answer(&json!({ "errcode": 0, "data": items }));
    let item = json!({ "id": 7, "number": "1000" });
    let twice =
        json!({ "errcode": 0, "total_number": 2, "data": [item, { "id": 8, "number": "1000" }] });
    let hidden =
        json!({ "errcode": 0, "total_number": 2, "data": [{ "id": 8, "number": "10002" }] });
    for (task, replies) in [
        (Task::Create(&wanted), vec![printed("{}")]),
        (Task::Create(&wanted), vec![printed("<html></html>")]),
        (
            Task::Create(&wanted),
            vec![answer(&json!({ "errcode": "0" }))],
        ),
        (
            Task::Create(&wanted),
            vec![answer(&json!({ "errcode": 77_310_042_001_i64 }))],
        ),
        (Task::Create(&wanted), vec![Reply::new(204, "", "")]),
        (
            Task::List,
            vec![answer(&json!({ "errcode": 0, "data": [] }))],
        ),
        (
            Task::List,
            vec![answer(&json!({ "errcode": 0, "total_number": 0 }))],
        ),
        (Task::Get(&numbers), vec![answer(&twice)]),
        (Task::Get(&numbers), vec![answer(&hidden)]),
        (Task::Delete("1000"), vec![answer(&hidden)]),
        (
            Task::Get(&numbers),
            vec![
                listed(7, "1000"),
                data(json!([{ "id": 8, "number": "1000" }])),
            ],
        ),
        (
            Task::Get(&numbers),
            vec![listed(7, "1000"), data(json!([item, item]))],
        ),
        (
            Task::Get(&numbers),
            vec![
                listed(7, "1000"),
                data(json!([{ "id": 7, "number": "1001" }])),
            ],
        ),
        (Task::Get(&numbers), vec![listed(7, "1000"), code(0)]),
        (
            Task::Get(&numbers),
            vec![
                listed(7, "1000"),
                data(json!([item])),
                answer(&json!({ "errcode": 0, "password": "no base64" })),
            ],
        ),
        (
            Task::Update(&forwarded),
            vec![
                listed(7, "1000"),
                data(json!([{ "id": 7, "number": "1001" }])),
            ],
        ),
    ] {
        let (turn, sent) = replay(&*client, &task, &session, &replies);
        assert_eq!(fault(turn).kind, FaultKind::MayHaveHappened, "{task:?}");
        let writes = sent
            .iter()
            .filter(|one| one.request.effect == Effect::Writes);
        assert_eq!(writes.count(), usize::from(matches!(task, Task::Create(_))));
    }
}

#[test]
fn no_fault_repeats_a_secret() {
    let client = yeastar();
    let wanted = full("1000");
    for secret in ["canary-Sip-1Aa", "canary-Web-1Aa", "canary-token"] {
        let item = json!({ "field": secret, "validation_type": secret });
        let invalid =
            answer(&json!({ "errcode": 40002, "errmsg": secret, "invalid_param_list": [item] }));
        let item = json!({ "field": "reg_password", "value": secret, "external_source": secret, "external_source_name": secret });
        let duplicate =
            answer(&json!({ "errcode": 40003, "submsg": secret, "duplicate_field_list": [item] }));
        for reply in [invalid, duplicate] {
            let session = signed_in("canary-token");
            let (turn, _) = replay(&*client, &Task::Create(&wanted), &session, &[reply]);
            // `fault` looks for the canary.
            assert_eq!(fault(turn).kind, FaultKind::Rejected);
        }
    }
}

#[test]
fn an_extension_lives_from_its_making_to_its_end() {
    let (client, mut pbx, session) = at_pbx();
    let mut go = |task: Task<'_>| converse_with(&*client, &mut *pbx, &session, task);
    let mut wanted = full("1000");
    for (field, text) in [
        (Field::SIP_AUTH_NAME, "ann"),
        (Field::MAX_REGISTRATIONS, "3"),
        (Field::DO_NOT_DISTURB, "on"),
        (Field::VOICEMAIL, "off"),
        (Field::VOICEMAIL_PIN, "0042"),
        (Field::VOICEMAIL_PIN_REQUIRED, "on"),
        (Field::FORWARD_ALWAYS, "on"),
        (Field::FORWARD_ALWAYS_TO, "voicemail"),
        (Field::FORWARD_BUSY, "off"),
    ] {
        wanted.set(field, text);
    }
    is_done(go(Task::Create(&wanted)));
    // One whose number has these digits too is another one.
    is_done(go(Task::Create(&full("10001"))));
    is_done(go(Task::Create(&full("51000"))));
    let numbers = ["1000".to_owned(), "100".to_owned(), "51000".to_owned()];
    let held = found(go(Task::Get(&numbers)));
    let known: Vec<&str> = held.iter().map(Record::number).collect();
    assert_eq!(known, ["1000", "51000"]);
    for (field, text) in wanted
        .iter()
        .filter(|(field, _)| *field != Field::WEB_PASSWORD)
    {
        assert_eq!(held[0].get(field), Some(text), "{field:?}");
    }
    assert_eq!(held[0].get(Field::WEB_PASSWORD), None);
    assert_eq!(held[0].get(Field::STATUS), None);
    let status = found(go(Task::GetStatus(&numbers)));
    assert_eq!(status[0].text(Field::STATUS), Some("Unregistered"));
    assert_eq!(fault(go(Task::Create(&wanted))).kind, FaultKind::Exists);
    is_done(go(Task::Update(&with(
        "1000",
        &[(Field::FIRST_NAME, "Bo")],
    ))));
    let held = found(go(Task::Get(&numbers)));
    assert_eq!(held[0].text(Field::FIRST_NAME), Some("Bo"));
    assert_eq!(held[0].text(Field::FORWARD_ALWAYS), Some("on"));
    assert_eq!(listing(go(Task::List)).numbers, ["1000", "10001", "51000"]);
    is_done(go(Task::Delete("1000")));
    assert_eq!(fault(go(Task::Delete("1000"))).kind, FaultKind::Missing);
    assert_eq!(fault(go(Task::Update(&wanted))).kind, FaultKind::Missing);
    assert_eq!(listing(go(Task::List)).numbers, ["10001", "51000"]);
}

/// The listing of a PBX with so many extensions, whose answers are altered.
fn listing_of(count: usize, alter: impl Fn(Value) -> Value) -> Listing {
    let (client, mut pbx, session) = at_pbx();
    for number in 0..count {
        let wanted = full(&(2000 + number).to_string());
        is_done(converse_with(
            &*client,
            &mut *pbx,
            &session,
            Task::Create(&wanted),
        ));
    }
    let turn = converse(&*client, &Task::List, &session, |request| {
        let reply = pbx.answer(&raw(&*client, request));
        Some(answer(&alter(json::parse(&reply.body).unwrap())))
    });
    listing(turn.0)
}

#[test]
fn a_list_is_whole_where_the_pbx_counts_as_many() {
    for count in [0, 1, 50, 120] {
        let whole = listing_of(count, |body| body);
        assert_eq!((whole.numbers.len(), whole.complete), (count, true));
    }
    let counted = listing_of(3, |mut body| {
        body["total_number"] = 4.into();
        body
    });
    assert_eq!((counted.numbers.len(), counted.complete), (3, false));
    // A PBX that gives fewer than it is asked for hides some.
    let short = listing_of(120, |mut body| {
        if let Some(Value::Array(items)) = body.get_mut("data") {
            items.truncate(20);
        }
        body
    });
    assert!(!short.complete);
    let doubled = listing_of(2, |mut body| {
        body["data"][1] = body["data"][0].clone();
        body
    });
    assert!(!doubled.complete);
}

#[test]
fn several_searches_of_several_pages_are_each_read_to_their_end() {
    let (client, mut pbx, session) = at_pbx();
    let mut go = |task: Task<'_>| converse_with(&*client, &mut *pbx, &session, task);
    // Each of the three is on the second page of what has its digits.
    let numbers = ["1".to_owned(), "2".to_owned(), "12".to_owned()];
    for number in (10_100..10_160).map(|number| format!("{number}2")) {
        is_done(go(Task::Create(&full(&number))));
    }
    for number in &numbers {
        is_done(go(Task::Create(&full(number))));
    }
    let held = found(go(Task::Get(&numbers)));
    let held: Vec<&str> = held.iter().map(Record::number).collect();
    assert_eq!(held, ["1", "2", "12"]);
}

/// Reads the PBX's settings of 1000 for a state.
fn state(pbx: &mut dyn Pbx, session: &Session, name: &str) -> Value {
    let answer = by_hand(pbx, session, "GET", "extension/query?ids=1", &Value::Null);
    let states = answer["data"][0]["presence_list"].as_array().unwrap();
    states
        .iter()
        .find(|state| state["status"] == name)
        .unwrap()
        .clone()
}

/// Makes 1000 with these settings of states.
fn with_states(states: &Value) -> (Box<dyn Client>, Box<dyn Pbx>, Session) {
    let (client, mut pbx, session) = at_pbx();
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Create(&full("1000")),
    ));
    let body = json!({ "id": 1, "presence_list": states });
    let done = by_hand(&mut *pbx, &session, "POST", "extension/update", &body);
    assert_eq!(done["errcode"], 0);
    (client, pbx, session)
}

#[test]
fn a_forward_is_that_of_the_state_available_for_both_kinds_of_call_and_all_else_stays() {
    let away = json!({
        "status": "away", "information": "back at two", "enb_in_always_forward": 1,
        "in_always_forward_dest": "ivr", "in_always_forward_value": "6200",
    });
    let (client, mut pbx, session) = with_states(&json!([away]));
    let before = state(&mut *pbx, &session, "away");
    let wanted = with(
        "1000",
        &[
            (Field::FORWARD_ALWAYS, "on"),
            (Field::FORWARD_NO_ANSWER, "off"),
        ],
    );
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Update(&wanted),
    ));
    let available = state(&mut *pbx, &session, "available");
    for (name, value) in [
        ("enb_in_always_forward", json!(1)),
        ("enb_ex_always_forward", json!(1)),
        ("in_always_forward_dest", json!("ext_vm")),
        ("enb_in_no_answer_forward", json!(0)),
        ("enb_ex_no_answer_forward", json!(0)),
        ("enb_in_busy_forward", json!(1)),
    ] {
        assert_eq!(available[name], value, "{name}");
    }
    assert_eq!(state(&mut *pbx, &session, "away"), before);
    let held = look(&*client, &mut *pbx, &session, "1000");
    assert_eq!(held.text(Field::FORWARD_ALWAYS), Some("on"));
    assert_eq!(held.text(Field::FORWARD_ALWAYS_TO), Some("voicemail"));
    assert_eq!(held.text(Field::FORWARD_NO_ANSWER), Some("off"));
    let elsewhere = held.text(Field::PRESENCE_FORWARDS).unwrap();
    assert_eq!(
        elsewhere,
        "away: internal always ivr 6200, no_answer ext_vm, busy ext_vm; \
         business_trip and do_not_disturb and lunch and off_work: no_answer ext_vm, busy ext_vm"
    );
}

#[test]
fn forwards_that_differ_by_the_caller_are_no_switch_and_are_told() {
    let read = |available: Value| {
        let mut states = json!([{ "status": "available" }]);
        for (name, value) in available.as_object().unwrap() {
            states[0][name] = value.clone();
        }
        let (client, mut pbx, session) = with_states(&states);
        look(&*client, &mut *pbx, &session, "1000")
    };
    let same = read(json!({}));
    assert_eq!(same.text(Field::FORWARD_BUSY), Some("on"));
    assert_eq!(same.text(Field::PRESENCE_FORWARDS), Some(""));
    for (available, word) in [
        (json!({ "enb_in_busy_forward": 0 }), "external"),
        (json!({ "enb_ex_busy_forward": 0 }), "internal"),
        (json!({ "ex_busy_forward_dest": "ivr" }), "differs"),
        (
            json!({ "in_busy_forward_dest": "ivr", "ex_busy_forward_dest": "ivr", "ex_busy_forward_value": "6201" }),
            "differs",
        ),
    ] {
        let held = read(available.clone());
        assert_eq!(held.text(Field::FORWARD_BUSY), Some(word), "{available}");
        let elsewhere = held.text(Field::PRESENCE_FORWARDS).unwrap();
        assert!(
            elsewhere.starts_with("available: "),
            "{available}: {elsewhere}"
        );
    }
    // What a mailbox has no use for makes no difference.
    let held = read(json!({ "ex_busy_forward_num": "0305550100" }));
    assert_eq!(held.text(Field::FORWARD_BUSY), Some("on"));
}

#[test]
fn without_the_settings_of_its_states_no_forward_is_written() {
    let client = yeastar();
    let wanted = with("1000", &[(Field::FORWARD_ALWAYS, "on")]);
    for list in [json!(null), json!([]), json!([{ "status": "away" }])] {
        let item = json!({ "id": 7, "number": "1000", "presence_list": list });
        let replies = [
            listed(7, "1000"),
            answer(&json!({ "errcode": 0, "data": [item] })),
        ];
        let session = signed_in("canary-token");
        let (turn, sent) = replay(&*client, &Task::Update(&wanted), &session, &replies);
        assert_eq!(fault(turn).code, "yeastar_p.presence_hidden");
        assert!(sent.iter().all(|one| one.request.effect == Effect::Reads));
    }
}

#[test]
fn an_older_pbx_does_not_tell_secrets_and_is_asked_for_them_once() {
    let client = yeastar();
    let numbers = ["1000".to_owned(), "1001".to_owned()];
    let items =
        json!([{ "id": 7, "number": "1000", "first_name": null }, { "id": 8, "number": "1001" }]);
    let replies = [
        listed(7, "1000"),
        listed(8, "1001"),
        answer(&json!({ "errcode": 0, "data": items })),
        code(10001),
    ];
    let (turn, sent) = replay(&*client, &Task::Get(&numbers), &signed_in("t"), &replies);
    let held = found(turn);
    assert_eq!((held.len(), sent.len()), (2, 4));
    assert_eq!(held[0].get(Field::SIP_PASSWORD), None);
    assert_eq!(held[0].text(Field::FIRST_NAME), Some(""));
}

#[test]
fn one_that_goes_while_it_is_looked_at_hides_no_other() {
    let client = yeastar();
    let numbers = ["1000".to_owned(), "1001".to_owned()];
    let secret = || answer(&json!({ "errcode": 0, "password": base64(b"canary-Sip-1Aa") }));
    let one = |id: i64, number: &str| {
        answer(&json!({ "errcode": 0, "data": [{ "id": id, "number": number }] }))
    };
    for replies in [
        vec![code(60001), code(60001), one(8, "1001"), secret(), secret()],
        vec![
            code(60001),
            one(7, "1000"),
            one(8, "1001"),
            code(60001),
            secret(),
            secret(),
        ],
    ] {
        let replies = [&[listed(7, "1000"), listed(8, "1001")], &replies[..]].concat();
        let held = found(replay(&*client, &Task::Get(&numbers), &signed_in("t"), &replies).0);
        assert_eq!(held.len(), 1);
        assert_eq!(held[0].number(), "1001");
        assert_eq!(held[0].reveal(Field::SIP_PASSWORD), Some("canary-Sip-1Aa"));
    }
}

#[test]
fn one_that_an_answer_leaves_out_is_gone_only_where_the_pbx_says_so_of_it_alone() {
    let client = yeastar();
    let numbers = ["1000".to_owned(), "1001".to_owned()];
    let secret = || answer(&json!({ "errcode": 0, "password": base64(b"canary-Sip-1Aa") }));
    let data = |items: Value| answer(&json!({ "errcode": 0, "data": items }));
    let one = || data(json!([{ "id": 8, "number": "1001" }]));
    let get = |alone: Reply| {
        let replies = [listed(7, "1000"), listed(8, "1001"), one(), alone];
        let replies = [&replies[..], &[secret(), secret()]].concat();
        replay(&*client, &Task::Get(&numbers), &signed_in("t"), &replies).0
    };
    assert_eq!(found(get(code(60001)))[0].number(), "1001");
    assert_eq!(fault(get(data(json!([])))).kind, FaultKind::MayHaveHappened);
}

#[test]
fn a_creation_that_is_done_in_part_says_so() {
    let client = yeastar();
    let mut wanted = full("1000");
    wanted.set(Field::FORWARD_BUSY, "off");
    let item = json!({ "id": 7, "number": "1000", "presence_list": [{ "status": "available" }] });
    let replies = [
        answer(&json!({ "errcode": 0, "id": 7 })),
        answer(&json!({ "errcode": 0, "data": [item] })),
        code(-1),
    ];
    let (turn, sent) = replay(&*client, &Task::Create(&wanted), &signed_in("t"), &replies);
    assert_eq!(fault(turn).done_before, "the extension was made");
    let operations: Vec<&str> = sent.iter().map(|one| one.request.operation).collect();
    assert_eq!(operations, [CREATE, QUERY, UPDATE]);
}

#[test]
fn a_new_extension_without_a_web_password_gets_one_that_follows_from_its_secret() {
    let made = |number: &str, secret: &str| {
        let (client, mut pbx, session) = at_pbx();
        let wanted = with(number, &[(Field::SIP_PASSWORD, secret)]);
        is_done(converse_with(
            &*client,
            &mut *pbx,
            &session,
            Task::Create(&wanted),
        ));
        pbx.stored(number, "user_password").unwrap()
    };
    let first = made("1000", "canary-Sip-1Aa");
    assert_eq!(first, made("1000", "canary-Sip-1Aa"));
    assert_ne!(first, made("1001", "canary-Sip-1Aa"));
    assert_ne!(first, made("1000", "canary-Sip-1Ab"));
    // Newer releases refuse one that holds the number or a name, or four equal characters in a row.
    for number in ["10", "1000", "47110815"] {
        let password = made(number, "canary-Sip-1Aa");
        let is_vowel = |c: char| "aeiouAEIOU".contains(c);
        assert!(!password.contains(is_vowel), "{password}");
        let digits = password.chars().filter(char::is_ascii_digit);
        assert_eq!(digits.count(), 1, "{password}");
        let all: Vec<char> = password.chars().collect();
        let is_same = |four: &[char]| four.iter().all(|c| *c == four[0]);
        assert!(!all.windows(4).any(is_same), "{password}");
        assert_eq!(password.len(), 4 + 24 + 7);
    }
}

#[test]
fn do_not_disturb_is_one_state_of_six() {
    let (client, mut pbx, session) = at_pbx();
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Create(&full("1000")),
    ));
    for (state, word) in [("away", "off"), ("do_not_disturb", "on"), ("lunch", "off")] {
        let body = json!({ "id": 1, "presence_status": state });
        by_hand(&mut *pbx, &session, "POST", "extension/update", &body);
        let held = look(&*client, &mut *pbx, &session, "1000");
        assert_eq!(held.text(Field::DO_NOT_DISTURB), Some(word), "{state}");
    }
    let wanted = with("1000", &[(Field::MOBILE, "491555000000")]);
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Update(&wanted),
    ));
    assert_eq!(
        pbx.stored("1000", "presence_status").as_deref(),
        Some("lunch")
    );
}

#[test]
fn a_registered_telephone_is_seen() {
    for (status, word) in [
        (
            json!({ "sip_phone": { "status_list": [{ "status": 0 }, { "status": 1 }] } }),
            "Registered",
        ),
        (json!({ "sip_phone": { "status": 1 } }), "Registered"),
        (
            json!({ "sip_phone": { "status": 0 }, "linkus_web": { "status": 1 } }),
            "Unregistered",
        ),
        (json!({}), "Unregistered"),
    ] {
        assert_eq!(
            registration(&json!({ "online_status": status })),
            word,
            "{status}"
        );
    }
}

#[test]
fn a_number_or_a_switch_that_is_none_is_never_sent() {
    for number in ["", " ", "12a", "1,2", "1&id=2"] {
        let wanted = full(number);
        for task in [
            Task::Create(&wanted),
            Task::Update(&wanted),
            Task::Delete(number),
        ] {
            let turn = yeastar().next(&task, &signed_in("t"), &[]);
            assert_eq!(fault(turn).kind, FaultKind::Rejected, "{task:?}");
        }
    }
    for (field, text) in [
        (Field::VOICEMAIL, "maybe"),
        (Field::FORWARD_BUSY, "internal"),
        (Field::MAX_REGISTRATIONS, "x"),
    ] {
        let mut wanted = full("1000");
        wanted.set(field, text);
        let turn = yeastar().next(&Task::Create(&wanted), &signed_in("t"), &[]);
        assert_eq!(fault(turn).code, "yeastar_p.type");
    }
}

#[test]
fn the_simulated_pbx_is_as_strict_as_the_product() {
    let (client, mut pbx, session) = at_pbx();
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Create(&full("1000")),
    ));
    let good = json!({
        "type": "SIP", "number": "1001", "user_password": "Portal2000pw", "reg_name": "1001",
        "reg_password": "Sample2000", "concurrent_registrations": 1, "presence_status": "available",
    });
    let but = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let mut go = |method: &str, path: &str, body: &Value| {
        by_hand(&mut *pbx, &session, method, path, body)["errcode"].clone()
    };
    for (name, value, errcode) in [
        ("type", json!("IAX"), 40002),
        ("number", json!("1000"), 40003),
        ("number", json!("123456789"), 40002),
        ("user_password", json!("short1A"), 40002),
        ("reg_name", json!(""), 40002),
        ("concurrent_registrations", json!("1"), 40002),
        ("concurrent_registrations", json!(6), 40002),
        ("presence_status", json!("launch"), 40002),
        (
            "presence_list",
            json!([{ "status": "available", "vorname": "x" }]),
            40002,
        ),
        ("enb_vm", json!(true), 40002),
        ("vorname", json!("Ann"), 40002),
        ("reg_password", json!(null), 40002),
    ] {
        assert_eq!(
            go("POST", "extension/create", &but(name, value)),
            errcode,
            "{name}"
        );
    }
    assert_eq!(go("POST", "extension/create", &good), 0);
    for (method, path, body, errcode) in [
        (
            "POST",
            "extension/update",
            json!({ "id": 1, "number": "2000" }),
            40002,
        ),
        (
            "POST",
            "extension/update",
            json!({ "first_name": "Ann" }),
            40002,
        ),
        ("POST", "extension/update", json!({ "id": 99 }), 60001),
        ("GET", "extension/query?ids=1,99", json!(null), 60001),
        (
            "GET",
            "extension/getpassword?id=1&type=user_password",
            json!(null),
            40002,
        ),
        ("POST", "extension/delete?id=1", json!(null), 10001),
        ("GET", "extension/delete?id=all", json!(null), 40002),
        ("GET", "extension/list?page=0", json!(null), 40002),
        ("GET", "extension/vorname", json!(null), 10001),
    ] {
        assert_eq!(go(method, path, &body), errcode, "{method} {path}");
    }
    let nameless = Request::new(LIST, Method::Get, "/extension/list", Effect::Reads);
    let reply = pbx.answer(&raw(
        &*client,
        &YeastarP {
            manifest: manifest(),
        }
        .authorise(nameless, &session),
    ));
    assert_eq!(json::parse(&reply.body).unwrap()["errcode"], 10005);
}
