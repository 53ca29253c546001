//! Requests and replies against the vendor's pages, and against the simulated PBX.

use super::super::testkit::{
    self, client, fault, found, is_done, listing, printed_reply, printed_request, record, request,
    session_of,
};
use super::*;
use crate::manifest::Access;
use crate::wire::{Pbx, RawRequest, Turn, xml};
use proptest::prelude::*;
use url::form_urlencoded;

const BASE: &str = "/api/v0.0.1";

fn vendor(format: &str) -> Box<dyn Client> {
    client("openvox", &[("format", format)])
}

fn account() -> Account {
    testkit::account("api", "canary-Pa55")
}

fn heard(request: &Request) -> RawRequest {
    testkit::raw(&*vendor("json"), request)
}

fn with(vendor: &dyn Client, pbx: &mut dyn Pbx, session: &Session, task: Task<'_>) -> Turn {
    testkit::converse_with(vendor, pbx, session, task)
}

/// Runs a conversation to its end; the PBX answers with these replies, one after the other.
fn converse(task: Task<'_>, replies: &[Reply]) -> (Turn, Vec<Exchange>) {
    testkit::replay(&*vendor("json"), &task, &signed(), replies)
}

fn signed() -> Session {
    Session {
        token: Secret::new("canary-token"),
        ..Session::default()
    }
}

fn sent(request: &Request) -> Value {
    json::parse(&heard(request).body).unwrap()
}

fn json_reply(body: &str) -> Reply {
    Reply::new(200, "application/json", body)
}

/// The error number, or HTTP's status, of a refusal; `ok` where there is none.
fn code_of(reply: &Reply) -> String {
    let exchange = Exchange {
        request: Request::new("", Method::Post, "/", Effect::Reads),
        reply: reply.clone(),
    };
    let protocol = OpenVox {
        manifest: manifest(),
        format: String::new(),
    };
    match protocol.judge(&exchange) {
        Ok(_) => "ok".to_owned(),
        Err(fault) => fault.vendor_code.unwrap_or(reply.status.to_string()),
    }
}

fn sign_in(vendor: &dyn Client, pbx: &mut dyn Pbx) -> Session {
    session_of(with(
        vendor,
        pbx,
        &Session::default(),
        Task::SignIn(&account()),
    ))
}

#[track_caller]
fn kind(turn: Turn) -> FaultKind {
    fault(turn).kind
}

fn small(number: &str) -> Record {
    record(&[
        (Field::NUMBER, number),
        (Field::SIP_PASSWORD, "canary-sip-1Aa"),
    ])
}

fn query_names(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn without_layout(mut element: Element) -> Element {
    if !element.children.is_empty() {
        element.text.clear();
    }
    element.children = element.children.into_iter().map(without_layout).collect();
    element
}

/// Checks that our first request of a task is the printed one: method, path, query, body.
#[track_caller]
fn is_as_printed(format: &str, task: Task<'_>, text: &str) {
    let session = Session {
        token: Secret::new("813b621cfe8eecf445a2ce1f4a079ffe"),
        ..Session::default()
    };
    let request = request(vendor(format).next(&task, &session, &[]));
    let (ours, theirs) = (heard(&request), printed_request(text));
    assert_eq!(ours.method, theirs.method);
    assert_eq!(ours.path(), theirs.path());
    assert_eq!(query_names(ours.query()), query_names(theirs.query()));
    if format == "xml" {
        let [ours, theirs] = [&ours, &theirs].map(|heard| xml::parse(&heard.body).unwrap());
        assert_eq!(ours, without_layout(theirs));
    } else {
        let [ours, theirs] = [&ours, &theirs].map(|heard| json::parse(&heard.body).unwrap());
        assert_eq!(ours, theirs);
    }
}

const ADD: &str = include_str!("golden/add.request.json");

fn printed_extension() -> Record {
    record(&[
        (Field::NUMBER, "2002"),
        (Field::DISPLAY_NAME, "xiaoshao_api2"),
        (Field::CALLER_ID, ""),
        (Field::SIP_PASSWORD, "12345133333323123qW@"),
        (Field::MAX_REGISTRATIONS, "3"),
        (Field::WEB_PASSWORD, "12345678qW@"),
        (Field::EMAIL, "xiaoshao@example.com"),
        (Field::MOBILE, "18088861612"),
        (Field::VOICEMAIL, "on"),
        (Field::VOICEMAIL_PIN, "888888"),
        (Field::VOICEMAIL_TO_EMAIL, "on"),
        (Field::FORWARD_NO_ANSWER, "off"),
        (Field::FORWARD_NO_ANSWER_TO, "extension"),
        (Field::FORWARD_NO_ANSWER_EXTENSION, "6000"),
        (Field::FORWARD_NO_ANSWER_PREFIX, ""),
        (Field::FORWARD_BUSY, "off"),
        (Field::FORWARD_BUSY_TO, "extension"),
        (Field::FORWARD_BUSY_EXTENSION, "110"),
        (Field::FORWARD_BUSY_PREFIX, ""),
        (Field::FORWARD_BUSY_NUMBER, ""),
        (Field::MOBILITY, "off"),
        (Field::MOBILITY_RING_TOGETHER, "off"),
        (Field::MOBILITY_PREFIX, ""),
        (Field::MONITOR_ALLOWED, "off"),
        (Field::MONITOR_MODE, "disabled"),
        (Field::RING_TIMEOUT, "15"),
        (Field::MAX_CALL_SECONDS, "follow_system"),
        (Field::DO_NOT_DISTURB, "off"),
    ])
}

/// Its ancestor refuses configuration that is applied too often.
#[test]
fn one_request_at_a_time_is_the_default() {
    assert_eq!(manifest().vendor.parallel, 1);
}

#[test]
fn requests_are_the_printed_ones() {
    // The sample's Disable is sent as the table's Disabled.
    let add = ADD.replace(r#""monitormode":"Disable""#, r#""monitormode":"Disabled""#);
    assert_ne!(add, ADD);
    is_as_printed("json", Task::Create(&printed_extension()), &add);
    let tony = record(&[(Field::NUMBER, "101"), (Field::DISPLAY_NAME, "Tony")]);
    let update = include_str!("golden/update.request.json");
    is_as_printed("json", Task::Update(&tony), update);
    let xiaoshao = record(&[(Field::NUMBER, "101"), (Field::DISPLAY_NAME, "xiaoshao")]);
    let update = include_str!("golden/update.request.xml");
    is_as_printed("xml", Task::Update(&xiaoshao), update);
    let delete = include_str!("golden/delete.request.json");
    is_as_printed("json", Task::Delete("2002"), delete);
}

#[test]
fn the_heartbeat_is_the_printed_one_without_a_listener() {
    let theirs = printed_request(include_str!("golden/heartbeat.request.json"));
    for format in ["json", "xml"] {
        let request = request(vendor(format).next(&Task::KeepAlive, &signed(), &[]));
        let ours = heard(&request);
        assert_eq!(
            (ours.path(), &ours.headers),
            (
                theirs.path(),
                &vec![(
                    "content-type".to_owned(),
                    theirs.header("content-type").unwrap().to_owned()
                )]
            )
        );
        assert_eq!(ours.query(), "token=canary-token");
        let body = json::parse(&ours.body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"ipaddr": "127.0.0.1", "port": "8260"})
        );
    }
}

#[test]
fn the_simulated_pbx_takes_the_printed_requests() {
    let account = account();
    let mut pbx = sim::pbx(&account);
    let session = sign_in(&*vendor("json"), &mut *pbx);
    let mut take = |text: &str, content_type: &str| {
        let token = session.token.reveal();
        let mut heard = printed_request(&text.replace("813b621cfe8eecf445a2ce1f4a079ffe", token));
        heard.headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let reply = pbx.answer(&heard);
        assert_eq!(code_of(&reply), "ok", "{text}");
    };
    take(ADD, "application/json; charset=utf-8");
    take(
        include_str!("golden/heartbeat.request.json"),
        "application/json",
    );
    take(&ADD.replace("\"2002\"", "\"101\""), "application/json");
    take(
        include_str!("golden/update.request.json"),
        "application/json",
    );
    // Printed as JSON by a slip.
    take(include_str!("golden/update.request.xml"), "application/xml");
    take(
        include_str!("golden/delete.request.json"),
        "application/json",
    );
    assert_eq!(pbx.numbers(), ["101"]);
    assert_eq!(pbx.stored("101", "username").as_deref(), Some("xiaoshao"));
    assert_eq!(
        pbx.stored("101", "monitormode").as_deref(),
        Some("Disabled")
    );
}

#[test]
fn printed_replies_are_understood() {
    for text in [
        include_str!("golden/add.reply.json"),
        include_str!("golden/add.reply.xml"),
        include_str!("golden/update.reply.json"),
    ] {
        is_done(converse(Task::Create(&small("1")), &[printed_reply(text)]).0);
    }
    let list = printed_reply(include_str!("golden/ancestor-list.reply.json"));
    let known = Listing {
        numbers: vec!["1000".to_owned(), "1001".to_owned()],
        complete: true,
        ..Listing::default()
    };
    assert_eq!(listing(converse(Task::List, &[list]).0), known);
    let query = printed_reply(include_str!("golden/ancestor-query.reply.json"));
    let current = found(converse(Task::Get(&["1000".to_owned()]), &[query]).0);
    assert_eq!(
        current,
        [record(&[
            (Field::NUMBER, "1000"),
            (Field::DISPLAY_NAME, "Jayson"),
            (Field::STATUS, "Registered"),
            (Field::EXTENSION_TYPE, "SIP"),
            (Field::CALLER_ID, "1000"),
            (Field::SIP_PASSWORD, "xMn5W4Gs"),
            (Field::MAX_REGISTRATIONS, "1"),
            (Field::EMAIL, ""),
            (Field::MOBILE, ""),
            (Field::LANGUAGE, "System Default"),
            (Field::VOICEMAIL, "on"),
            (Field::VOICEMAIL_TO_EMAIL, "off"),
            (Field::VOICEMAIL_PIN, "1000"),
            (Field::FORWARD_ALWAYS, "off"),
            (Field::FORWARD_NO_ANSWER, "on"),
            (Field::FORWARD_NO_ANSWER_TO, "voicemail"),
            (Field::FORWARD_NO_ANSWER_PREFIX, ""),
            (Field::FORWARD_BUSY, "on"),
            (Field::FORWARD_BUSY_TO, "voicemail"),
            (Field::FORWARD_BUSY_PREFIX, ""),
            (Field::MOBILITY, "off"),
            (Field::MOBILITY_RING_TOGETHER, "off"),
            (Field::MOBILITY_PREFIX, ""),
            (Field::MONITOR_ALLOWED, "off"),
            (Field::MONITOR_MODE, "disabled"),
            (Field::RING_TIMEOUT, "30"),
            (Field::MAX_CALL_SECONDS, "follow_system"),
            (Field::DO_NOT_DISTURB, "off"),
        ])]
    );
}

#[test]
fn the_facts_hold_every_parameter_of_the_pages() {
    let printed: Vec<&str> = "number username callerid registerpassword maxregistrations loginpassword email mobile \
        hasvoicemail vmsecret enablevmtoemail noanswerforward ntransferto ntransferext ntransferprefix ntransfernum \
        busyforward btransferto btransferext btransferprefix btransfernum enablemobile ringsimultaneous mobileprefix \
        allowbeingmonitored monitormode ringtimeout maxduration dnd"
        .split_whitespace()
        .collect();
    assert_eq!(printed.len(), 29);
    let written = manifest()
        .field
        .iter()
        .filter(|row| row.access != Access::ReadOnly);
    let extra = ["extnumber", "nat"];
    let written: Vec<&str> = written
        .map(|row| row.wire.as_str())
        .filter(|wire| !extra.contains(wire))
        .collect();
    assert_eq!(written, printed);
    let required = manifest().field.iter().filter(|row| row.required);
    let required: Vec<Field> = required.map(|row| row.name).collect();
    assert_eq!(required, [Field::NUMBER, Field::SIP_PASSWORD]);
    let number = manifest().row(Field::NUMBER).unwrap();
    assert_eq!(number.also_read, ["extnumber", "extid"]);
    let row = manifest().row(Field::MONITOR_MODE).unwrap();
    assert_eq!(row.from_wire("Disable"), "disabled");
    assert_eq!(row.to_wire("disabled"), "Disabled");
    assert_eq!(row.to_wire("barge_in"), "Barge-in");
}

#[test]
fn the_whole_life_of_an_extension_in_both_formats() {
    for format in ["json", "xml"] {
        let (vendor, mut pbx) = (vendor(format), sim::pbx(&account()));
        let session = sign_in(&*vendor, &mut *pbx);
        assert_eq!(session.lifetime, Some(Duration::from_secs(1800)));
        let mut say = |task: Task<'_>| with(&*vendor, &mut *pbx, &session, task);
        let numbers = ["0042".to_owned(), "2002".to_owned(), "2003".to_owned()];

        let empty = Listing {
            complete: true,
            ..Listing::default()
        };
        assert_eq!(listing(say(Task::List)), empty, "{format}");
        assert_eq!(found(say(Task::Get(&numbers))), []);
        is_done(say(Task::Create(&printed_extension())));
        is_done(say(Task::Create(&small("0042"))));
        let refused = fault(say(Task::Create(&small("0042"))));
        assert_eq!(
            (refused.kind, refused.code.as_ref()),
            (FaultKind::Rejected, "openvox.10017")
        );
        assert!(refused.to_string().contains("(10017)"), "{refused}");

        // Two of the three are there: the listing explains the PBX's refusal.
        let current = found(say(Task::Get(&numbers)));
        assert_eq!(
            current.iter().map(Record::number).collect::<Vec<_>>(),
            ["0042", "2002"]
        );
        let differing = crate::compare::differing(manifest(), &printed_extension(), &current[1]);
        assert_eq!(differing, [], "{format}");
        assert_eq!(current[1].reveal(Field::WEB_PASSWORD), None);
        assert_eq!(found(say(Task::Get(&numbers[2..]))), []);

        let change = record(&[
            (Field::NUMBER, "0042"),
            (Field::NEW_NUMBER, "0043"),
            (Field::SIP_PASSWORD, "canary-sip-2Bb"),
            (Field::NAT, "on"),
            (Field::FORWARD_BUSY, "on"),
            (Field::FORWARD_BUSY_TO, "number"),
            (Field::FORWARD_BUSY_NUMBER, "0301234567"),
        ]);
        is_done(say(Task::Update(&change)));
        assert_eq!(kind(say(Task::Update(&change))), FaultKind::Missing);
        is_done(say(Task::Delete("2002")));
        assert_eq!(kind(say(Task::Delete("2002"))), FaultKind::Missing);
        assert!(
            matches!(say(Task::KeepAlive), Turn::Done(Answer::Session(kept)) if kept == session)
        );
        is_done(say(Task::SignOut));
        assert_eq!(kind(say(Task::List)), FaultKind::SessionExpired);

        assert_eq!(pbx.numbers(), ["0043"]);
        assert_eq!(
            pbx.stored("0043", "registerpassword").as_deref(),
            Some("canary-sip-2Bb")
        );
        assert_eq!(pbx.stored("0043", "nat").as_deref(), Some("yes"));
        assert_eq!(
            pbx.stored("0043", "btransferto").as_deref(),
            Some("Custom Number")
        );
        assert_eq!(
            pbx.stored("0043", "btransfernum").as_deref(),
            Some("0301234567")
        );
        assert_eq!(
            (pbx.created("0042"), pbx.created("2002"), pbx.sign_ins()),
            (1, 1, 1)
        );
    }
}

#[test]
fn only_the_exact_word_is_success() {
    let cases = [
        (r#"{"status":"success"}"#, FaultKind::MayHaveHappened),
        (r#"{"status":"SUCCESS"}"#, FaultKind::MayHaveHappened),
        (r#"{"status":" Success"}"#, FaultKind::MayHaveHappened),
        (r#"{"status":true}"#, FaultKind::MayHaveHappened),
        (r#"{"Status":"Success"}"#, FaultKind::MayHaveHappened),
        (r#"["Success"]"#, FaultKind::MayHaveHappened),
        (r#""Success""#, FaultKind::MayHaveHappened),
        (r#"{"status":"Succ"#, FaultKind::MayHaveHappened),
        ("", FaultKind::MayHaveHappened),
        ("\u{0}\u{1}garbage", FaultKind::MayHaveHappened),
        ("<xml><status>Success</status>", FaultKind::MayHaveHappened),
        (
            "<xml><status>Success</status><status>Failed</status></xml>",
            FaultKind::MayHaveHappened,
        ),
        (
            "<html><body>Success</body></html>",
            FaultKind::MayHaveHappened,
        ),
        (
            "<!DOCTYPE html><title>Success</title>",
            FaultKind::MayHaveHappened,
        ),
        (r#"{"status":"Failed"}"#, FaultKind::Rejected),
        (
            r#"{"status":"Failed","errno":"99999"}"#,
            FaultKind::Rejected,
        ),
        (
            r#"{"status":"Failed","errno":"canary words"}"#,
            FaultKind::Rejected,
        ),
        (r#"{"status":"Failed","errno":10006}"#, FaultKind::Missing),
        (r#"{"status":"Failed","errno":"10008"}"#, FaultKind::Busy),
        (
            r#"{"status":"Failed","errno":"10025"}"#,
            FaultKind::MayHaveHappened,
        ),
        (
            r#"{"status":"Failed","errno":"20002"}"#,
            FaultKind::CredentialRefused,
        ),
        (
            r#"{"status":"Failed","errno":"20004"}"#,
            FaultKind::SessionExpired,
        ),
        (
            r#"{"status":"Failed","errno":"20005"}"#,
            FaultKind::SessionExpired,
        ),
        (
            "<xml><status>Failed</status><errno>20006</errno></xml>",
            FaultKind::SessionExpired,
        ),
    ];
    for (body, expected) in cases {
        for task in [
            Task::Create(&small("1")),
            Task::Update(&record(&[(Field::NUMBER, "1"), (Field::DISPLAY_NAME, "A")])),
            Task::Delete("1"),
            Task::KeepAlive,
        ] {
            let (turn, exchanges) = converse(task, &[json_reply(body)]);
            assert_eq!(
                (kind(turn), exchanges.len()),
                (expected, 1),
                "{task:?} {body}"
            );
        }
    }
    for (status, expected) in [
        (400, FaultKind::Rejected),
        (401, FaultKind::TargetUnusable),
        (403, FaultKind::TargetUnusable),
        (404, FaultKind::TargetUnusable),
        (405, FaultKind::TargetUnusable),
        (408, FaultKind::MayHaveHappened),
        (422, FaultKind::Rejected),
    ] {
        let reply = Reply::new(status, "application/json", r#"{"status":"Success"}"#);
        let (turn, _) = converse(Task::Create(&small("1")), &[reply]);
        let fault = fault(turn);
        assert_eq!((fault.kind, fault.http_status), (expected, Some(status)));
    }
}

#[test]
fn what_refuses_an_account_means_the_rows_own_in_a_change_and_the_session_in_a_look() {
    for errno in ["20003", "10032"] {
        let body = format!(r#"{{"status":"Failed","errno":"{errno}"}}"#);
        for (task, expected) in [
            (Task::Create(&small("1")), FaultKind::Rejected),
            (Task::Delete("1"), FaultKind::Rejected),
            (Task::Get(&["1".to_owned()]), FaultKind::SessionExpired),
            (Task::List, FaultKind::SessionExpired),
            (Task::KeepAlive, FaultKind::SessionExpired),
            (Task::SignIn(&account()), FaultKind::CredentialRefused),
        ] {
            let (turn, _) = converse(task, &[json_reply(&body)]);
            assert_eq!(kind(turn), expected, "{task:?} {errno}");
        }
    }
}

#[test]
fn an_error_number_is_shown_only_where_it_is_one() {
    for (errno, code) in [
        ("4711", "openvox.4711"),
        ("12345678901", "openvox.Failed"),
        ("canary", "openvox.Failed"),
        ("", "openvox.Failed"),
    ] {
        let body = format!(r#"{{"status":"Failed","errno":"{errno}"}}"#);
        let (turn, _) = converse(Task::Create(&small("1")), &[json_reply(&body)]);
        let fault = fault(turn);
        assert_eq!(
            (fault.kind, fault.code.as_ref()),
            (FaultKind::Rejected, code)
        );
    }
}

#[test]
fn a_wrong_password_is_said_once_and_five_lock() {
    let mut pbx = sim::pbx(&account());
    let vendor = vendor("json");
    let wrong = Account {
        username: "api".to_owned(),
        password: Secret::new("canary-wrong"),
        second: None,
    };
    let mut codes = vec![];
    for account in [&wrong, &wrong, &wrong, &wrong, &wrong, &account()] {
        let turn = with(
            &*vendor,
            &mut *pbx,
            &Session::default(),
            Task::SignIn(account),
        );
        let fault = fault(turn);
        assert_eq!(fault.kind, FaultKind::CredentialRefused);
        codes.push(fault.vendor_code.unwrap());
    }
    assert_eq!(
        codes,
        ["20003", "20003", "20003", "20003", "20003", "20002"]
    );
    assert_eq!(pbx.sign_ins(), 6);
}

#[test]
fn a_sign_in_says_the_digest_and_never_the_password() {
    let account = Account {
        username: "api".to_owned(),
        password: Secret::new("password"),
        second: None,
    };
    let Turn::Send(request) =
        vendor("json").next(&Task::SignIn(&account), &Session::default(), &[])
    else {
        panic!("nothing was sent");
    };
    let heard = heard(&request);
    assert_eq!(heard.target, "/api/v0.0.1/login?type=json");
    assert_eq!(
        json::parse(&heard.body).unwrap(),
        serde_json::json!({
            "username": "api",
            "password": "5f4dcc3b5aa765d61d8327deb882cf99",
            "port": "8260",
            "version": "0.0.1",
        })
    );
}

#[test]
fn a_bare_refusal_of_the_sign_in_is_one_of_the_account() {
    use FaultKind::*;
    let html = "text/html; charset=utf-8";
    // Everything else is read by the connection: a reply that it does not understand comes from no such PBX.
    for (status, content_type, body, expected) in [
        (200, "", r#"{"status":"Success"}"#, MayHaveHappened),
        (
            200,
            "",
            r#"{"status":"Success","token":""}"#,
            MayHaveHappened,
        ),
        (
            200,
            "",
            r#"{"status":"Success","token":["a"]}"#,
            MayHaveHappened,
        ),
        (
            200,
            "",
            r#"{"errcode":0,"access_token":"a"}"#,
            MayHaveHappened,
        ),
        (200, html, "<p>Hello", MayHaveHappened),
        (200, "", "<!doctype html><p>Hello", MayHaveHappened),
        (
            200,
            "",
            "<Response><Code>200</Code></Response>",
            MayHaveHappened,
        ),
        (200, "", r#"{"status":"Success","tok"#, MayHaveHappened),
        (200, "", "", MayHaveHappened),
        (404, html, "<!doctype html>", TargetUnusable),
        (400, "", "", Rejected),
        (200, "", r#"{"status":"Failed"}"#, CredentialRefused),
        (
            200,
            "",
            r#"{"status":"Failed","errno":"20015"}"#,
            TargetUnusable,
        ),
        (
            200,
            "",
            r#"{"status":"Failed","errno":"20006"}"#,
            SessionExpired,
        ),
        (200, "", r#"{"status":"Failed","errno":"30003"}"#, Busy),
    ] {
        let reply = Reply::new(status, content_type, body);
        let (turn, _) = converse(Task::SignIn(&account()), &[reply]);
        let fault = fault(turn);
        assert_eq!(fault.kind, expected, "{body}");
        assert_eq!(
            fault.code == "reply.not_understood",
            expected == MayHaveHappened,
            "{body}"
        );
    }
}

#[test]
fn a_session_that_runs_out_shows_at_every_step() {
    let numbers = ["1".to_owned(), "2".to_owned(), "3".to_owned()];
    let change = record(&[
        (Field::NUMBER, "1"),
        (Field::SIP_PASSWORD, "canary-sip-3Cc"),
    ]);
    let new = small("4");
    let tasks = [
        (Task::List, 1),
        (Task::Get(&numbers), 3),
        (Task::GetStatus(&numbers), 3),
        (Task::Create(&new), 1),
        (Task::Update(&change), 2),
        (Task::Delete("2"), 1),
        (Task::KeepAlive, 1),
    ];
    for format in ["json", "xml"] {
        for (task, steps) in tasks {
            for step in 0..=steps {
                let (vendor, mut pbx) = (vendor(format), sim::pbx(&account()));
                let session = sign_in(&*vendor, &mut *pbx);
                for number in ["1", "2"] {
                    is_done(with(
                        &*vendor,
                        &mut *pbx,
                        &session,
                        Task::Create(&small(number)),
                    ));
                }
                let mut count = 0;
                let (turn, exchanges) = testkit::converse(&*vendor, &task, &session, |request| {
                    if count == step {
                        pbx.expire_sessions();
                    }
                    count += 1;
                    Some(pbx.answer(&heard(request)))
                });
                assert_eq!(
                    exchanges.len(),
                    steps.min(step + 1),
                    "{format} {task:?} {step}"
                );
                if step == steps {
                    assert!(matches!(turn, Turn::Done(_)), "{turn:?}");
                } else {
                    assert_eq!(
                        kind(turn),
                        FaultKind::SessionExpired,
                        "{format} {task:?} {step}"
                    );
                    assert_eq!((pbx.created("4"), pbx.numbers().len()), (0, 2));
                    assert_ne!(
                        pbx.stored("1", "registerpassword").unwrap(),
                        "canary-sip-3Cc"
                    );
                }
            }
        }
    }
}

#[test]
fn an_answer_that_does_not_fit_is_no_answer() {
    let asked = ["1".to_owned(), "2".to_owned()];
    for body in [
        r#"{"status":"Success","extinfos":[{"extnumber":"1"},{"extnumber":"3"}]}"#,
        r#"{"status":"Success","extinfos":[{"extnumber":"1"},{"extnumber":"1"}]}"#,
        r#"{"status":"Success","extinfos":[{"extnumber":"01"}]}"#,
        r#"{"status":"Success","extinfos":[{"username":"A"}]}"#,
        r#"{"status":"Success","extinfos":[{"extnumber":""}]}"#,
        r#"{"status":"Success","extinfos":[{"extnumber":null}]}"#,
        r#"{"status":"Success","extinfos":["1"]}"#,
        r#"{"status":"Success","extinfos":{"total":"2"}}"#,
        r#"{"status":"Success","extinfos":"1,2"}"#,
        r#"{"status":"Success","extinfos":7}"#,
        "<xml><status>Success</status><extinfos><username>A</username></extinfos></xml>",
    ] {
        let (turn, exchanges) = converse(Task::Get(&asked), &[json_reply(body)]);
        assert_eq!(
            (kind(turn), exchanges.len()),
            (FaultKind::MayHaveHappened, 1),
            "{body}"
        );
        let (turn, _) = converse(
            Task::List,
            &[json_reply(&body.replace("extinfos", "extlist"))],
        );
        let is_fault = matches!(turn, Turn::Fault(_));
        let is_listing_of_others = body.contains(r#""3""#) || body.contains(r#""01""#);
        assert_eq!(is_fault, !is_listing_of_others, "{body}");
    }
}

#[test]
fn every_shape_of_an_answer_is_read() {
    let asked = ["1".to_owned(), "2".to_owned()];
    for (body, count) in [
        (r#"{"status":"Success","extinfos":[]}"#, 0),
        (
            r#"{"status":"Success","extinfos":{"extnumber":"1","inbound":{"from":"7"}}}"#,
            1,
        ),
        (
            r#"{"status":"Success","extinfos":[{"extnumber":1},{"number":"2"}]}"#,
            2,
        ),
        (
            r#"{"status":"Success","extinfos":{"a":{"extnumber":"1"},"b":{"extnumber":"2"}}}"#,
            2,
        ),
        ("<xml><status>Success</status><extinfos/></xml>", 0),
        (
            "<xml><status>Success</status><extinfos><extnumber>1</extnumber></extinfos></xml>",
            1,
        ),
        (
            "<xml><status>Success</status><extinfos><extnumber>1</extnumber></extinfos>\
             <extinfos><extnumber>2</extnumber></extinfos></xml>",
            2,
        ),
        (
            "<?xml version='1.0'?>\n<xml>\n <status>Success</status>\n <extinfos>\n  <ext><extnumber>1</extnumber></ext>\n  \
             <ext><extnumber>2</extnumber></ext>\n </extinfos>\n</xml>",
            2,
        ),
    ] {
        let (turn, _) = converse(Task::Get(&asked), &[json_reply(body)]);
        assert_eq!(found(turn).len(), count, "{body}");
    }
}

#[test]
fn a_listing_falls_back_where_its_path_is_unknown() {
    let all = json_reply(r#"{"status":"Success","extinfos":[{"extnumber":"7"}]}"#);
    for unknown in [
        Reply::new(404, "text/html", "<html>"),
        Reply::new(405, "", ""),
        json_reply(r#"{"status":"Failed","errno":"10003"}"#),
        json_reply(r#"{"status":"Failed"}"#),
    ] {
        let (turn, exchanges) = converse(Task::List, &[unknown.clone(), all.clone()]);
        match turn {
            Turn::Done(Answer::Listing(known)) => {
                assert_eq!(
                    known,
                    Listing {
                        numbers: vec!["7".to_owned()],
                        complete: false,
                        ..Listing::default()
                    }
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(exchanges[1].request.path, "/extension/query");
        assert_eq!(sent(&exchanges[1].request), serde_json::json!({}));
        let (turn, _) = converse(Task::List, &[unknown, Reply::new(404, "", "")]);
        assert_eq!(kind(turn), FaultKind::TargetUnusable);
    }
    for certain in [
        json_reply(r#"{"status":"Failed","errno":"20006"}"#),
        json_reply(r#"{"status":"Success"}"#),
        json_reply(r#"{"status":"Success","extlist":[{"#),
        Reply::new(403, "", ""),
    ] {
        let (turn, exchanges) = converse(Task::List, &[certain]);
        assert_eq!(
            (fault(turn).http_status.is_some(), exchanges.len()),
            (true, 1)
        );
    }
}

#[test]
fn a_refused_look_is_explained_by_the_listing_or_stays_refused() {
    let asked = ["1".to_owned(), "2".to_owned()];
    let one = [asked[0].clone()];
    let missing = json_reply(r#"{"status":"Failed","errno":"10006"}"#);
    let failed = json_reply(r#"{"status":"Failed"}"#);
    let nothing = json_reply(r#"{"status":"Success"}"#);
    let list = |numbers: &str| {
        let items: Vec<Value> = numbers
            .split_whitespace()
            .map(|number| serde_json::json!({"extnumber": number}))
            .collect();
        json_reply(&serde_json::json!({"status": "Success", "extlist": items}).to_string())
    };
    let first = json_reply(r#"{"status":"Success","extinfos":[{"extnumber":"1"}]}"#);

    // One alone that is missing needs no listing.
    assert_eq!(
        found(converse(Task::Get(&one), std::slice::from_ref(&missing)).0),
        []
    );
    for vague in [&missing, &failed, &nothing] {
        let replies = [vague.clone(), list("5 6")];
        assert_eq!(found(converse(Task::Get(&asked), &replies).0), []);
        let replies = [vague.clone(), list("1 5"), first.clone()];
        let (turn, exchanges) = converse(Task::Get(&asked), &replies);
        assert_eq!(found(turn).len(), 1);
        assert_eq!(
            sent(&exchanges[2].request),
            serde_json::json!({"extid": "1"})
        );
        // It is there, and yet the PBX does not show it: no guess.
        let replies = [vague.clone(), list("1 2")];
        assert!(matches!(
            converse(Task::Get(&asked), &replies).0,
            Turn::Fault(_)
        ));
    }
    let replies = [failed.clone(), list("")];
    assert_eq!(found(converse(Task::Get(&one), &replies).0), []);
    let replies = [failed, json_reply("<!doctype html>")];
    assert_eq!(
        kind(converse(Task::Get(&one), &replies).0),
        FaultKind::MayHaveHappened
    );
}

#[test]
fn compact_destinations_are_taken_apart() {
    let look = |fields: &str| {
        let body = format!(r#"{{"status":"Success","extinfos":{{"extnumber":"1",{fields}}}}}"#);
        let mut found = found(converse(Task::Get(&["1".to_owned()]), &[json_reply(&body)]).0);
        found.remove(0)
    };
    let extension = look(
        r#""ntransferto":"ext1000","btransferto":"number95923333","atransferto":"Mobile1399999999""#,
    );
    let is = |field: Field| extension.text(field);
    assert_eq!(is(Field::FORWARD_NO_ANSWER_TO), Some("extension"));
    assert_eq!(is(Field::FORWARD_NO_ANSWER_EXTENSION), Some("1000"));
    assert_eq!(is(Field::FORWARD_BUSY_TO), Some("number"));
    assert_eq!(is(Field::FORWARD_BUSY_NUMBER), Some("95923333"));
    assert_eq!(is(Field::FORWARD_ALWAYS_TO), Some("mobile"));
    assert_eq!(is(Field::FORWARD_ALWAYS_NUMBER), Some("1399999999"));

    let extension = look(
        r#""ntransferto":"number95923333","ntransferprefix":"9","ntransfernum":"5923333","btransferto":"voicemail""#,
    );
    assert_eq!(
        extension.text(Field::FORWARD_NO_ANSWER_NUMBER),
        Some("5923333")
    );
    assert_eq!(extension.text(Field::FORWARD_BUSY_TO), Some("voicemail"));
    for plain in [
        "Extension",
        "Mobile Number",
        "Custom Number",
        "ext",
        "extra9",
        "number9x",
    ] {
        let extension = look(&format!(r#""btransferto":"{plain}""#));
        assert_eq!(extension.text(Field::FORWARD_BUSY_NUMBER), None, "{plain}");
        assert_eq!(
            extension.text(Field::FORWARD_BUSY_EXTENSION),
            None,
            "{plain}"
        );
    }
    // Misspelt in answers; both are read.
    assert_eq!(look(r#""moblie":"0171""#).text(Field::MOBILE), Some("0171"));
    assert_eq!(look(r#""mobile":"0172""#).text(Field::MOBILE), Some("0172"));
}

#[test]
fn what_only_sip_has_is_not_sent_to_another_type() {
    let change = record(&[
        (Field::NUMBER, "1"),
        (Field::SIP_PASSWORD, "canary-sip-4Dd"),
    ]);
    let of = |kind: &str| {
        json_reply(&format!(
            r#"{{"status":"Success","extinfos":[{{"extnumber":"1","type":"{kind}"}}]}}"#
        ))
    };
    let (turn, exchanges) = converse(Task::Update(&change), &[of("FXS")]);
    let refused = fault(turn);
    assert_eq!((refused.kind, exchanges.len()), (FaultKind::Rejected, 1));
    assert!(refused.to_string().contains("FXS"), "{refused}");
    for sip in ["SIP", "sip", ""] {
        let replies = [of(sip), json_reply(r#"{"status":"Success"}"#)];
        is_done(converse(Task::Update(&change), &replies).0);
    }
    let gone = json_reply(r#"{"status":"Success","extinfos":[]}"#);
    assert_eq!(
        kind(converse(Task::Update(&change), &[gone]).0),
        FaultKind::Missing
    );
    // A field of every type costs one request.
    let name = record(&[(Field::NUMBER, "1"), (Field::DISPLAY_NAME, "A")]);
    let (turn, exchanges) = converse(
        Task::Update(&name),
        &[json_reply(r#"{"status":"Success"}"#)],
    );
    is_done(turn);
    assert_eq!(exchanges[0].request.effect, Effect::Writes);
    // Without a change no request is sent.
    is_done(converse(Task::Update(&Record::numbered("1")), &[]).0);
}

#[test]
fn nothing_but_digits_is_ever_addressed() {
    for word in [
        "all", "ALL", "", " ", "1,2", "1 ", "*", "٣", "１", "1\n", "-1", "+1", "1.0",
    ] {
        for task in [
            Task::Delete(word),
            Task::Create(&small(word)),
            Task::Update(&small(word)),
            Task::Update(&record(&[(Field::NUMBER, "1"), (Field::NEW_NUMBER, word)])),
            Task::Create(&record(&[(Field::NUMBER, "1"), (Field::NEW_NUMBER, word)])),
        ] {
            let (turn, exchanges) = converse(task, &[]);
            assert_eq!(
                (kind(turn), exchanges.len()),
                (FaultKind::Rejected, 0),
                "{word:?}"
            );
        }
        let asked = [word.to_owned()];
        assert_eq!(found(converse(Task::Get(&asked), &[]).0), []);
        let asked = [word.to_owned(), "7".to_owned(), "7".to_owned()];
        let request = request(vendor("json").next(&Task::Get(&asked), &signed(), &[]));
        assert_eq!(sent(&request), serde_json::json!({"extid": "7"}));
    }
}

#[test]
fn the_simulated_pbx_keeps_to_the_printed_rules() {
    let mut pbx = sim::pbx(&account());
    let session = sign_in(&*vendor("json"), &mut *pbx);
    let token = session.token.reveal();
    let mut answer = |target: &str, method: &str, content_type: &str, body: &str| {
        let reply = pbx.answer(&RawRequest {
            method: method.to_owned(),
            target: format!("{BASE}{target}"),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.as_bytes().to_vec(),
        });
        assert!(reply.status == 200 || reply.status == 404);
        code_of(&reply)
    };
    let target = format!("/extension/add?token={token}&type=json");
    let mut add = |name: &str, text: &str| {
        let mut body = serde_json::json!({"number": "1", "registerpassword": "aB3", "btransfernum": "1", "ntransfernum": "1"});
        body[name] = text.into();
        answer(&target, "POST", "application/json", &body.to_string())
    };
    for c in ";&\"'\\<>`| \u{201c}\u{201d}\u{2019}".chars() {
        assert_eq!(add("registerpassword", &format!("a{c}b")), "10017", "{c}");
    }
    for (name, text, code) in [
        ("registerpassword", "", "10004"),
        ("number", "", "10004"),
        ("registerpassword", &"x".repeat(32), "10017"),
        ("number", "12a", "10017"),
        ("maxregistrations", "three", "10017"),
        ("vmsecret", "12x", "10017"),
        ("hasvoicemail", "yes", "10017"),
        ("dnd", "ON", "10017"),
        ("btransferto", "voicemail", "10017"),
        ("ntransferto", "Number", "10017"),
        ("btransferprefix", "12345678", "10017"),
        ("ntransferprefix", "12345678", "10017"),
        ("btransfernum", "1234567890123456", "10017"),
        ("ntransfernum", "1234567890123456", "10017"),
        ("btransfernum", "+49", "10017"),
        ("monitormode", "disabled", "10017"),
        ("ringtimeout", "20", "10017"),
        ("maxduration", "61", "10017"),
        ("nat", "on", "10017"),
        ("extid", "1", "10017"),
        ("type", "SIP", "10017"),
        ("surname", "A", "10017"),
    ] {
        assert_eq!(add(name, text), code, "{name} {text}");
    }
    let body = r#"{"number":"1","registerpassword":"aB3","btransferto":"Custom Number"}"#;
    assert_eq!(answer(&target, "POST", "application/json", body), "10004");
    let good = r#"{"number":"1","registerpassword":"aB3"}"#;
    assert_eq!(answer(&target, "GET", "application/json", good), "20001");
    assert_eq!(answer(&target, "POST", "application/xml", good), "20000");
    assert_eq!(answer(&target, "POST", "text/plain", good), "20000");
    assert_eq!(answer(&target, "POST", "application/json", "{"), "20000");
    assert_eq!(
        answer(&target, "POST", "application/json", r#"{"number":1}"#),
        "20000"
    );
    assert_eq!(answer(&target, "POST", "application/json", ""), "20009");
    let other = target.replace("type=json", "type=xml");
    let xml = "<xml><number>1</number><registerpassword>aB3</registerpassword></xml>";
    assert_eq!(answer(&other, "POST", "application/json", xml), "20000");
    let twice = xml.replace("</xml>", "<number>2</number></xml>");
    assert_eq!(answer(&other, "POST", "application/xml", &twice), "20000");
    let elsewhere = xml.replace("xml>", "request>");
    assert_eq!(
        answer(&other, "POST", "application/xml", &elsewhere),
        "20000"
    );
    assert_eq!(answer(&other, "POST", "application/json", good), "20000");
    assert_eq!(
        answer("/extension/add?type=json", "POST", "application/json", good),
        "20005"
    );
    assert_eq!(
        answer(
            "/extension/add?token=ab&type=json",
            "POST",
            "application/json",
            good
        ),
        "20004"
    );
    assert_eq!(
        answer("/extension/list?token=ab", "POST", "application/json", "{}"),
        "404"
    );
    assert_eq!(answer(&target, "POST", "application/json", good), "ok");
    assert_eq!(answer(&target, "POST", "application/json", good), "10017");
    assert_eq!((pbx.numbers(), pbx.created("1")), (vec!["1".to_owned()], 1));
    let elsewhere = RawRequest {
        method: "POST".to_owned(),
        target: "/api/v1.1.0/login?type=json".to_owned(),
        headers: vec![],
        body: vec![],
    };
    assert_eq!(pbx.answer(&elsewhere).status, 404);
}

fn is_stored_as_sent(
    format: &str,
    number: &str,
    name: &str,
    pin: &str,
) -> Result<(), TestCaseError> {
    let (vendor, mut pbx) = (vendor(format), sim::pbx(&account()));
    let session = sign_in(&*vendor, &mut *pbx);
    let mut wanted = small(number);
    wanted.set(Field::DISPLAY_NAME, name);
    wanted.set(Field::VOICEMAIL_PIN, pin);
    is_done(with(&*vendor, &mut *pbx, &session, Task::Create(&wanted)));
    prop_assert_eq!(pbx.stored(number, "username"), Some(name.to_owned()));
    prop_assert_eq!(pbx.stored(number, "vmsecret"), Some(pin.to_owned()));
    prop_assert_eq!(pbx.numbers(), [number]);
    let looked = with(
        &*vendor,
        &mut *pbx,
        &session,
        Task::Get(&[number.to_owned()]),
    );
    let found = found(looked);
    let kept = manifest().row(Field::DISPLAY_NAME).unwrap().from_wire(name);
    prop_assert_eq!(found[0].text(Field::DISPLAY_NAME), Some(kept.as_str()));
    prop_assert_eq!(found[0].reveal(Field::VOICEMAIL_PIN), Some(pin));
    prop_assert_eq!(found[0].number(), number);
    Ok(())
}

#[test]
fn names_and_leading_zeros_survive() {
    let long = "Ø".repeat(255);
    for name in [
        r#"O'Neil & <Søn> "QA""#,
        "]]><![CDATA[x]]>",
        "&amp;&#38;%26+%2B=?#\\/\u{2033}\u{a0}",
        "李小龙 🤙",
        "line\nbreak\tand tab",
        &long,
    ] {
        for format in ["json", "xml"] {
            is_stored_as_sent(format, "0042", name, "000123").unwrap();
        }
    }
    // A character that XML cannot contain is refused before anything is sent, not dropped.
    let request = request(vendor("xml").next(
        &Task::Create(&record(&[
            (Field::NUMBER, "1"),
            (Field::DISPLAY_NAME, "a\u{1}b"),
        ])),
        &signed(),
        &[],
    ));
    assert_eq!(
        request.encode("").err().map(|fault| fault.kind),
        Some(FaultKind::Rejected)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_sent_is_what_is_stored(
        format in "json|xml",
        number in "[0-9]{1,12}",
        name in "[^\\x00-\\x1f\\x7f-\\x9f\u{fffe}\u{ffff}]{0,255}",
        pin in "[0-9]{1,63}",
    ) {
        is_stored_as_sent(&format, &number, &name, &pin)?;
    }

    #[test]
    fn garbage_is_never_success(body in proptest::collection::vec(any::<u8>(), 0..60)) {
        let reply = Reply::new(200, "application/json", body);
        let (turn, _) = converse(Task::Create(&small("1")), &[reply]);
        prop_assert!(matches!(turn, Turn::Fault(_)));
    }
}
