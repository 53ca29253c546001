//! Requests and replies against the vendor's pages, and against the simulated PBX.

use super::super::testkit::{
    account, client, converse_with, fault, found, is_done, listing, printed_reply, printed_request,
    raw, record, replay, request, session_of,
};
use super::super::{Client, Task};
use super::*;
use crate::model::{FaultKind, Field, Record, Secret};
use crate::wire::{RawRequest, Reply, Session, json};
use serde_json::json;

const TOKEN: &str = "7afa377107feb9566654d5dd3a9a2a93";

fn yeastar() -> Box<dyn Client> {
    client("yeastar_s", &[])
}

fn signed(token: &str) -> Session {
    Session {
        token: Secret::new(token),
        ..Session::default()
    }
}

fn small(number: &str) -> Record {
    record(&[
        (Field::NUMBER, number),
        (Field::DISPLAY_NAME, "Ann Muster"),
        (Field::SIP_PASSWORD, "canary-Sip-1Aa-2Bb-3Cc"),
    ])
}

/// Returns the first request: method, path and query, and body.
fn sent(task: &Task<'_>, token: &str) -> RawRequest {
    let yeastar = yeastar();
    raw(&*yeastar, &request(yeastar.next(task, &signed(token), &[])))
}

#[test]
fn requests_are_the_printed_ones() {
    for (task, text) in [
        (
            Task::Delete("1000"),
            include_str!("golden/delete.request.json"),
        ),
        (Task::List, include_str!("golden/list.request.txt")),
    ] {
        let printed = printed_request(text);
        let token = printed.query().strip_prefix("token=").unwrap();
        let ours = sent(&task, token);
        assert_eq!(
            (&ours.method, &ours.target),
            (&printed.method, &printed.target)
        );
        assert_eq!(json::parse(&ours.body), json::parse(&printed.body));
    }
    // The sample names its own listener, and has the port as a number where the table says text.
    let printed = printed_request(include_str!("golden/heartbeat.request.json"));
    let ours = sent(&Task::KeepAlive, "277ac400357b509b4a587ff2157f7ad5");
    assert_eq!(
        (&ours.method, &ours.target),
        (&printed.method, &printed.target)
    );
    let body = json!({"ipaddr": "127.0.0.1", "port": "8260", "version": "2.0.0"});
    assert_eq!(json::parse(&ours.body), Ok(body));
}

#[test]
fn a_sign_in_sends_the_digest_and_the_version() {
    let ours = sent(&Task::SignIn(&account("api", "password")), "");
    assert_eq!(ours.target, "/api/v2.0.0/login");
    let body = json!({
        "username": "api",
        "password": "5f4dcc3b5aa765d61d8327deb882cf99",
        "port": "8260",
        "version": "2.0.0",
    });
    assert_eq!(json::parse(&ours.body), Ok(body));
}

#[test]
fn printed_replies_are_understood() {
    let told = |task: &Task<'_>, text: &str| {
        replay(&*yeastar(), task, &signed(TOKEN), &[printed_reply(text)]).0
    };
    is_done(told(
        &Task::Delete("1000"),
        include_str!("golden/delete.reply.json"),
    ));
    session_of(told(
        &Task::KeepAlive,
        include_str!("golden/heartbeat.reply.json"),
    ));
    let listed = listing(told(&Task::List, include_str!("golden/list.reply.json")));
    assert_eq!(
        (listed.numbers, listed.complete),
        (vec!["1022".to_owned()], true)
    );
    // Without a path of its own for the list there is no other way to it.
    let refused = fault(told(&Task::List, include_str!("golden/refusal.reply.json")));
    assert_eq!(
        (refused.kind, &*refused.code),
        (FaultKind::TargetUnusable, "yeastar_s.10003")
    );
    // The answers of API v1, whose names differ.
    let shown = found(told(
        &Task::Get(&["1000".into()]),
        include_str!("golden/v1-query.reply.json"),
    ));
    for (field, text) in [
        (Field::NUMBER, "1000"),
        (Field::DISPLAY_NAME, "Jayson"),
        (Field::SIP_AUTH_NAME, "1000"),
        (Field::FORWARD_ALWAYS, "off"),
        (Field::MOBILE, ""),
        (Field::MONITOR_MODE, "disabled"),
    ] {
        assert_eq!(shown[0].text(field), Some(text), "{}", field.name());
    }
    assert_eq!(shown[0].reveal(Field::SIP_PASSWORD), Some("xMn5W4Gs"));
    assert_eq!(shown[0].reveal(Field::WEB_PASSWORD), None);
}

#[test]
fn configuration_applied_too_often_may_have_happened() {
    let reply = Reply::new(
        200,
        "application/json",
        r#"{"status":"Failed","errno":"10025"}"#,
    );
    let (turn, _) = replay(
        &*yeastar(),
        &Task::Create(&small("1")),
        &signed(TOKEN),
        &[reply],
    );
    assert_eq!(fault(turn).kind, FaultKind::MayHaveHappened);
}

#[test]
fn the_whole_life_of_an_extension() {
    let (yeastar, me) = (yeastar(), account("api", "canary-Pa55"));
    let mut pbx = sim::pbx(&me);
    let session = session_of(converse_with(
        &*yeastar,
        &mut *pbx,
        &Session::default(),
        Task::SignIn(&me),
    ));
    let mut say = |task: Task<'_>| converse_with(&*yeastar, &mut *pbx, &session, task);
    let numbers = ["0042".to_owned(), "42".to_owned()];
    assert_eq!(found(say(Task::Get(&numbers))), []);
    is_done(say(Task::Create(&small("0042"))));
    assert_eq!(
        fault(say(Task::Create(&small("0042")))).code,
        "yeastar_s.10017"
    );
    let current = found(say(Task::Get(&numbers)));
    assert_eq!(current.len(), 1);
    // The page demands a registration name: the number, where the sheet has none.
    assert_eq!(current[0].text(Field::SIP_AUTH_NAME), Some("0042"));
    let change = record(&[
        (Field::NUMBER, "0042"),
        (Field::FORWARD_ALWAYS, "on"),
        (Field::FORWARD_ALWAYS_TO, "number"),
        (Field::FORWARD_ALWAYS_NUMBER, "0301234567"),
    ]);
    is_done(say(Task::Update(&change)));
    is_done(say(Task::Delete("0042")));
    assert_eq!(fault(say(Task::Delete("0042"))).kind, FaultKind::Missing);
    session_of(say(Task::KeepAlive));
    is_done(say(Task::SignOut));
    assert_eq!(fault(say(Task::List)).kind, FaultKind::SessionExpired);
    assert_eq!((pbx.created("0042"), pbx.sign_ins()), (1, 1));
}

#[test]
fn the_simulated_pbx_keeps_to_the_printed_rules() {
    let me = account("api", "canary-Pa55");
    let mut pbx = sim::pbx(&me);
    let session = session_of(converse_with(
        &*yeastar(),
        &mut *pbx,
        &Session::default(),
        Task::SignIn(&me),
    ));
    let token = session.token.reveal();
    let mut answer = |operation: &str, body: &str| {
        let reply = pbx.answer(&RawRequest {
            method: "POST".into(),
            target: format!("/api/v2.0.0/{operation}?token={token}"),
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.as_bytes().to_vec(),
        });
        let answer = reply.json().unwrap();
        let word = answer.get("errno").or_else(|| answer.get("status"));
        word.and_then(json::text).unwrap()
    };
    let good =
        json!({"number": "1", "username": "A", "registername": "1", "registerpassword": "aB3"});
    for (name, text, code) in [
        ("number", "12345678", "10017"),
        ("number", "", "10004"),
        ("username", "a@b", "10017"),
        ("username", "", "10004"),
        ("registername", "", "10004"),
        ("registername", "a-b", "10017"),
        ("registerpassword", "", "10004"),
        ("registerpassword", "a;b", "10017"),
        ("loginpassword", "a b", "10017"),
        ("callerid", "+49", "10017"),
        ("maxregistrations", "6", "10017"),
        ("email", "nobody", "10017"),
        ("mobile", "+49", "10017"),
        ("vmsecret", "12x", "10017"),
        ("hasvoicemail", "yes", "10017"),
        ("enablevmtoemail", "ON", "10017"),
        ("btransferto", "voicemail", "10017"),
        ("btransferprefix", "12345678", "10017"),
        ("atransfernum", "1234567890123456", "10017"),
        ("btransferto", "Mobile Number", "10004"),
        // A name that it does not know is ignored.
        ("hasvoiceemail", "off", "Success"),
    ] {
        let mut body = good.clone();
        body[name] = text.into();
        assert_eq!(
            answer("extension/add", &body.to_string()),
            code,
            "{name} {text}"
        );
    }
    assert_eq!(answer("extension/add", &good.to_string()), "10017", "twice");
    assert_eq!(answer("extension/add", "<xml/>"), "10002");
    assert_eq!(answer("extension/add", "{"), "20000");
    assert_eq!(answer("extension/nothing", "{}"), "10003");
    assert_eq!(answer("extension/query", r#"{"number":"all"}"#), "Success");
    assert_eq!(answer("extension/delete", r#"{"number":"1,2"}"#), "10006");
    assert_eq!(answer("extension/delete", r#"{"number":"all"}"#), "Success");
    assert_eq!((pbx.created("1"), pbx.numbers().len()), (1, 0));
}
