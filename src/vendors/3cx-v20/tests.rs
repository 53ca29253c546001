//! Requests and replies against the maker's files and page, and against the simulated PBX.

use super::super::testkit::{
    account, client, converse, converse_with, fault, found, is_done, listing, raw, record, replay,
    request, session_of,
};
use super::*;
use crate::model::{FaultKind, VendorAttributes};
use crate::wire::{Pbx, RawRequest, Reply};
use serde_json::json;

fn threecx(settings: &[(&str, &str)]) -> Box<dyn Client> {
    client("3cx-v20", settings)
}

fn signed_in() -> Session {
    Session {
        token: Secret::new("eyJ0canary"),
        ..Session::default()
    }
}

fn small(number: &str) -> Record {
    record(&[(Field::NUMBER, number)])
}

fn with(number: &str, field: Field, text: &str) -> Record {
    record(&[(Field::NUMBER, number), (field, text)])
}

fn json_reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, "application/json", body.to_string())
}

fn printed(status: u16, body: &str) -> Reply {
    Reply::new(status, "application/json", body)
}

/// A list with one user of this number, in these departments.
fn user(number: &str, groups: &Value) -> Reply {
    let user = json!({ "Id": 38, "Number": number, "Groups": groups, "@odata.etag": "W/\"3\"" });
    json_reply(200, &json!({ "value": [user] }))
}

/// A list of departments.
fn departments(names: &[&str]) -> Reply {
    let each = names.iter().zip(95..);
    let each =
        each.map(|(name, id)| json!({ "Id": id, "Name": name, "IsDefault": *name == "DEFAULT" }));
    json_reply(
        200,
        &json!({ "@odata.count": names.len(), "value": each.collect::<Vec<_>>() }),
    )
}

/// A PBX, and a session with it.
fn at_pbx(settings: &[(&str, &str)]) -> (Box<dyn Client>, Box<dyn Pbx>, Session) {
    let (client, account) = (threecx(settings), account("900", "canary-key"));
    let mut pbx = sim::pbx(&account);
    let turn = converse_with(
        &*client,
        &mut *pbx,
        &Session::default(),
        Task::SignIn(&account),
    );
    (client, pbx, session_of(turn))
}

/// Asks the PBX by hand, as this session.
fn by_hand(pbx: &mut dyn Pbx, session: &Session, method: &str, path: &str, body: &Value) -> Reply {
    pbx.answer(&RawRequest {
        method: method.into(),
        target: format!("/xapi/v1/{path}"),
        headers: vec![
            (
                "authorization".into(),
                format!("Bearer {}", session.token.reveal()),
            ),
            ("content-type".into(), "application/json".into()),
        ],
        body: body.to_string().into_bytes(),
    })
}

#[test]
fn a_creation_names_its_properties_as_the_page_does() {
    let client = threecx(&[]);
    let wanted = record(&[
        (Field::NUMBER, "250"),
        (Field::FIRST_NAME, "John"),
        (Field::LAST_NAME, "Doe"),
        (Field::EMAIL, "john.doe@example.com"),
        (Field::WEB_PASSWORD, "canary-Web-1Aa"),
    ]);
    let sent = request(client.next(&Task::Create(&wanted), &signed_in(), &[]));
    let sent = raw(&*client, &sent);
    assert_eq!(
        (sent.method.as_str(), sent.target.as_str()),
        ("POST", "/xapi/v1/Users")
    );
    let bearer = sent
        .headers
        .iter()
        .find(|(name, _)| name == "authorization");
    assert_eq!(bearer.unwrap().1, "Bearer eyJ0canary");
    let golden = json::parse(include_bytes!("golden/create.request.json")).unwrap();
    let body = json::parse(&sent.body).unwrap();
    let body = body.as_object().unwrap();
    // The number stands in for the name that the sheet has not.
    assert_eq!(body.get("AuthID"), Some(&"250".into()));
    for (name, value) in body.iter().filter(|(name, _)| *name != "AuthID") {
        assert_eq!(golden.get(name), Some(value), "{name}");
    }
    assert_eq!(body.len(), 6);
}

#[test]
fn a_list_asks_for_pages_as_the_page_does() {
    let client = threecx(&[]);
    let sent = request(client.next(&Task::List, &signed_in(), &[]));
    let names = |query: &str| -> Vec<String> {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.map(|(name, _)| name.into_owned()).collect()
    };
    let asked = names(raw(&*client, &sent).query());
    for name in names(include_str!("golden/list.request.txt")) {
        assert!(asked.contains(&name), "{name}");
    }
}

#[test]
fn departments_are_sent_as_the_tutorial_sends_them() {
    let client = threecx(&[]);
    let sales = json!([{ "GroupId": 95, "Name": "Sales", "Rights": { "RoleName": "users" } }]);
    for (text, current, golden) in [
        ("Sales", json!([]), include_str!("golden/join.request.json")),
        ("", sales, include_str!("golden/leave.request.json")),
    ] {
        let wanted = with("2001", Field::GROUPS, text);
        let replies = [user("2001", &current), departments(&["Sales"])];
        let (turn, _) = replay(&*client, &Task::Update(&wanted), &signed_in(), &replies);
        let sent = raw(&*client, &request(turn));
        assert_eq!(
            (sent.method.as_str(), sent.target.as_str()),
            ("PATCH", "/xapi/v1/Users(38)")
        );
        assert_eq!(json::parse(&sent.body), json::parse(golden.as_bytes()));
    }
}

#[test]
fn printed_refusals_are_understood() {
    let (client, session) = (threecx(&[]), signed_in());
    let wanted = small("2001");
    let error = |target: &str, key: &str| {
        json!({ "error": { "code": "", "message": format!("{target}:\n{key}"),
            "details": [{ "code": "", "target": target, "message": key }] } })
    };
    let in_use = "WARNINGS.XAPI.ALREADY_IN_USE";
    let without_details = json!({ "error": { "message": format!("Number:\n{in_use}") } });
    for (reply, kind, code, words) in [
        (
            printed(400, include_str!("golden/duplicate.reply.json")),
            FaultKind::Exists,
            "3cx-v20.number_in_use",
            "Number",
        ),
        (
            json_reply(400, &without_details),
            FaultKind::Exists,
            "3cx-v20.number_in_use",
            "Number",
        ),
        (
            json_reply(400, &error("EmailAddress", in_use)),
            FaultKind::Rejected,
            "3cx-v20.WARNINGS.XAPI.ALREADY_IN_USE",
            "EmailAddress",
        ),
        (
            json_reply(400, &error("AuthID", "canary secret words")),
            FaultKind::Rejected,
            "3cx-v20.refused",
            "AuthID",
        ),
        (
            printed(401, include_str!("golden/unauthorized.reply.json")),
            FaultKind::SessionExpired,
            "3cx-v20.http_401",
            "",
        ),
        (
            printed(403, include_str!("golden/forbidden.reply.txt")),
            FaultKind::TargetUnusable,
            "3cx-v20.http_403",
            "",
        ),
        (
            printed(404, "<html></html>"),
            FaultKind::TargetUnusable,
            "3cx-v20.http_404",
            "",
        ),
        (
            json_reply(404, &error("", "Not Found")),
            FaultKind::Missing,
            "3cx-v20.not_found",
            "",
        ),
        (
            printed(412, ""),
            FaultKind::Rejected,
            "3cx-v20.http_412",
            "",
        ),
    ] {
        let (turn, _) = replay(&*client, &Task::Create(&wanted), &session, &[reply]);
        let fault = fault(turn);
        assert_eq!(
            (fault.kind, &*fault.code, &*fault.pbx_words),
            (kind, code, words)
        );
    }
}

#[test]
fn no_fault_repeats_a_secret() {
    let client = threecx(&[]);
    let wanted = with("2001", Field::SIP_PASSWORD, "canary-Sip-1Aa");
    for (target, key) in [
        ("canary-Sip-1Aa", "X"),
        ("AuthPassword", "canary-Sip-1Aa"),
        ("eyJ0canary", "eyJ0canary"),
    ] {
        let error = json!({ "error": { "message": key, "details": [{ "target": target, "message": key }] } });
        let (turn, _) = replay(
            &*client,
            &Task::Create(&wanted),
            &signed_in(),
            &[json_reply(400, &error)],
        );
        // `fault` looks for the canary.
        assert_eq!(fault(turn).kind, FaultKind::Rejected);
    }
}

#[test]
fn what_is_not_as_printed_is_not_understood() {
    let (client, session) = (threecx(&[]), signed_in());
    let wanted = with("2001", Field::MOBILE, "1");
    let numbers = ["2001".to_owned()];
    let of = |number: &str| json!({ "Id": 38, "Number": number });
    let found = user("2001", &json!([]));
    for (task, replies) in [
        (Task::Create(&wanted), vec![json_reply(200, &of("2001"))]),
        (
            Task::Create(&wanted),
            vec![json_reply(201, &json!({ "Id": 38 }))],
        ),
        (Task::Create(&wanted), vec![printed(201, "<html></html>")]),
        (Task::Create(&wanted), vec![printed(204, "")]),
        (
            Task::Update(&wanted),
            vec![found.clone(), json_reply(200, &of("2001"))],
        ),
        (Task::Delete("2001"), vec![found.clone(), printed(200, "")]),
        (
            Task::Update(&wanted),
            vec![json_reply(200, &json!({ "value": [{ "Number": "2001" }] }))],
        ),
        (
            Task::Get(&numbers),
            vec![json_reply(200, &json!({ "value": [of("2002")] }))],
        ),
        (
            Task::Get(&numbers),
            vec![json_reply(
                200,
                &json!({ "value": [of("2001"), of("2001")] }),
            )],
        ),
        (
            Task::Get(&numbers),
            vec![json_reply(
                200,
                &json!({ "value": [], "@odata.nextLink": "x" }),
            )],
        ),
        (Task::Get(&numbers), vec![json_reply(200, &json!({}))]),
        (Task::List, vec![json_reply(200, &json!({ "value": [] }))]),
        (
            Task::List,
            vec![json_reply(200, &json!({ "@odata.count": 0 }))],
        ),
    ] {
        let (turn, _) = replay(&*client, &task, &session, &replies);
        assert_eq!(fault(turn).kind, FaultKind::MayHaveHappened, "{task:?}");
    }
}

#[test]
fn a_creation_that_made_another_extension_is_told_and_not_repeated() {
    let made = json_reply(201, &json!({ "Id": 38, "Number": "101" }));
    let wanted = small("2001");
    let (turn, _) = replay(
        &*threecx(&[]),
        &Task::Create(&wanted),
        &signed_in(),
        &[made],
    );
    let fault = fault(turn);
    assert_eq!(fault.kind, FaultKind::Rejected);
    assert!(
        fault.message.contains("made the extension 101"),
        "{fault:?}"
    );
}

#[test]
fn an_extension_lives_from_its_making_to_its_end() {
    let (client, mut pbx, session) = at_pbx(&[]);
    let mut go = |task: Task<'_>| converse_with(&*client, &mut *pbx, &session, task);
    let wanted = record(&[
        (Field::NUMBER, "2001"),
        (Field::FIRST_NAME, "Ann"),
        (Field::SIP_AUTH_NAME, "ann"),
        (Field::SIP_PASSWORD, "canary-Sip-1Aa"),
        (Field::VOICEMAIL_PIN, "0042"),
        (Field::VOICEMAIL_PIN_REQUIRED, "off"),
        (Field::VOICEMAIL_TO_EMAIL, "on"),
        (Field::VOICEMAIL_SAY_TIME, "24h"),
        (Field::GROUPS, "Sales"),
    ]);
    is_done(go(Task::Create(&wanted)));
    let numbers = ["2001".to_owned(), "2002".to_owned()];
    let held = found(go(Task::Get(&numbers)));
    assert_eq!(held.len(), 1);
    for (field, text) in wanted.iter() {
        assert_eq!(held[0].get(field), Some(text), "{field:?}");
    }
    assert_eq!(held[0].get(Field::STATUS), None);
    let status = found(go(Task::GetStatus(&numbers)));
    assert_eq!(status[0].text(Field::STATUS), Some("Unregistered"));
    assert_eq!(fault(go(Task::Create(&wanted))).kind, FaultKind::Exists);
    is_done(go(Task::Update(&with("2001", Field::FIRST_NAME, "Bo"))));
    let held = found(go(Task::Get(&numbers)));
    assert_eq!(held[0].text(Field::FIRST_NAME), Some("Bo"));
    assert_eq!(held[0].text(Field::GROUPS), Some("Sales"));
    assert_eq!(listing(go(Task::List)).numbers, ["2001"]);
    is_done(go(Task::Delete("2001")));
    assert_eq!(fault(go(Task::Delete("2001"))).kind, FaultKind::Missing);
    assert_eq!(fault(go(Task::Update(&wanted))).kind, FaultKind::Missing);
    assert!(listing(go(Task::List)).complete);
}

#[test]
fn a_second_sign_in_ends_the_first_token() {
    let (client, mut pbx, first) = at_pbx(&[]);
    let account = account("900", "canary-key");
    let second = converse_with(
        &*client,
        &mut *pbx,
        &Session::default(),
        Task::SignIn(&account),
    );
    let second = session_of(second);
    let turn = converse_with(&*client, &mut *pbx, &first, Task::List);
    assert_eq!(fault(turn).kind, FaultKind::SessionExpired);
    assert!(listing(converse_with(&*client, &mut *pbx, &second, Task::List)).complete);
}

#[test]
fn a_token_that_is_ended_within_the_sign_in_is_asked_for_anew() {
    let account = account("900", "canary-key");
    let token = || json_reply(200, &json!({ "access_token": "eyJ0canary" }));
    let gone = || printed(401, include_str!("golden/unauthorized.reply.json"));
    let proof = json_reply(200, &json!({ "@odata.count": 0, "value": [] }));
    let go = |replies: &[Reply]| {
        replay(
            &*threecx(&[]),
            &Task::SignIn(&account),
            &Session::default(),
            replies,
        )
    };
    session_of(go(&[token(), gone(), token(), proof]).0);
    let (turn, sent) = go(&[token(), gone(), token(), gone(), token(), gone()]);
    assert_eq!(
        (fault(turn).kind, sent.len()),
        (FaultKind::CredentialRefused, 6)
    );
    for (reply, kind) in [
        (
            printed(400, r#"{"error":"invalid_client"}"#),
            FaultKind::CredentialRefused,
        ),
        (
            printed(401, r#"{"error":"invalid_client"}"#),
            FaultKind::CredentialRefused,
        ),
        (
            json_reply(200, &json!({ "token_type": "Bearer" })),
            FaultKind::MayHaveHappened,
        ),
        (printed(404, "<html></html>"), FaultKind::TargetUnusable),
    ] {
        assert_eq!(fault(go(&[reply]).0).kind, kind);
    }
    assert_eq!(
        fault(go(&[token(), printed(403, "no")]).0).kind,
        FaultKind::TargetUnusable
    );
    let another = json_reply(200, &json!({ "value": [] }));
    assert_eq!(
        fault(go(&[token(), another]).0).kind,
        FaultKind::MayHaveHappened
    );
}

/// The listing of a PBX with so many extensions, whose answers are altered.
fn listed(count: usize, alter: impl Fn(&Request, Value) -> Value) -> Listing {
    let (client, mut pbx, session) = at_pbx(&[]);
    for number in 0..count {
        let body = json!({ "Number": (2000 + number).to_string() });
        assert_eq!(
            by_hand(&mut *pbx, &session, "POST", "Users", &body).status,
            201
        );
    }
    let turn = converse(&*client, &Task::List, &session, |request| {
        let reply = pbx.answer(&raw(&*client, request));
        let body = json::parse(&reply.body).unwrap();
        Some(json_reply(reply.status, &alter(request, body)))
    });
    listing(turn.0)
}

#[test]
fn a_list_is_whole_where_the_pbx_counts_as_many() {
    let whole = listed(120, |_, body| body);
    assert_eq!((whole.numbers.len(), whole.complete), (120, true));
    assert!(listed(0, |_, body| body).complete);
    assert!(listed(100, |_, body| body).complete);
    // A client of one department is told of that one alone, and may not see the system's status.
    for status in [
        json!({ "UserExtensions": 121 }),
        json!({ "UserExtensions": null }),
        json!({ "error": {} }),
    ] {
        let part = listed(120, |request, body| match request.operation {
            "SystemStatus" => status.clone(),
            _ => body,
        });
        assert_eq!(
            (part.numbers.len(), part.complete),
            (120, false),
            "{status}"
        );
    }
    // Pages that are shorter than was asked for skip some.
    let short = listed(120, |request, mut body| {
        if let Some(Value::Array(items)) = body.get_mut("value") {
            items.truncate(20);
        }
        assert!(request.operation == "Users/list" || request.operation == "SystemStatus");
        body
    });
    assert!(!short.complete);
    let doubled = listed(2, |_, mut body| {
        if let Some(Value::Array(items)) = body.get_mut("value") {
            items[1] = items[0].clone();
        }
        body
    });
    assert!(!doubled.complete);
}

/// The departments of 2001 with its roles in them.
fn roles(pbx: &mut dyn Pbx, session: &Session) -> Vec<(String, String)> {
    let path = "Users?$filter=Number+eq+'2001'&$expand=Groups($expand=Rights)";
    let reply = by_hand(pbx, session, "GET", path, &Value::Null);
    let answer = json::parse(&reply.body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let groups = answer["value"][0]["Groups"].as_array().unwrap();
    let role = |group: &Value| (text(&group["Name"]), text(&group["Rights"]["RoleName"]));
    groups.iter().map(role).collect()
}

#[test]
fn departments_that_stay_keep_their_roles() {
    let all = ["DEFAULT users", "Sales managers", "Support users"];
    for (setting, text, expected) in [
        ("add", "Support", &all[..]),
        ("add", "Sales", &all[..2]),
        ("add", "", &all[..1]),
        ("replace", "Support", &["DEFAULT users", "Support users"]),
        ("replace", "Support;Sales", &all[..]),
        ("replace", "", &all[..1]),
    ] {
        let (client, mut pbx, session) = at_pbx(&[("group_members", setting)]);
        let groups = json!([
            { "GroupId": 28, "Rights": { "RoleName": "users" } },
            { "GroupId": 95, "Rights": { "RoleName": "managers" } },
        ]);
        let body = json!({ "Number": "2001", "Groups": groups });
        assert_eq!(
            by_hand(&mut *pbx, &session, "POST", "Users", &body).status,
            201
        );
        let wanted = with("2001", Field::GROUPS, text);
        is_done(converse_with(
            &*client,
            &mut *pbx,
            &session,
            Task::Update(&wanted),
        ));
        let roles = roles(&mut *pbx, &session).into_iter();
        let roles: Vec<String> = roles.map(|(name, role)| format!("{name} {role}")).collect();
        assert_eq!(roles, expected, "{setting} {text}");
    }
}

#[test]
fn a_role_without_departments_takes_an_extension_out_of_none() {
    let (client, mut pbx, session) = at_pbx(&[]);
    let groups = json!([{ "GroupId": 95, "Rights": { "RoleName": "managers" } }]);
    let body = json!({ "Number": "2001", "Groups": groups });
    let made = by_hand(&mut *pbx, &session, "POST", "Users", &body);
    assert_eq!(made.status, 201);
    let mut wanted = with("2001", Field::FIRST_NAME, "Ann");
    let roles_of = [("role in Sales".to_owned(), "managers".to_owned())];
    wanted.set_attributes(VendorAttributes::new(&roles_of.into_iter().collect()));
    let task = Task::Update(&wanted);
    is_done(converse_with(&*client, &mut *pbx, &session, task));
    let held = roles(&mut *pbx, &session);
    assert_eq!(held, [("Sales".to_owned(), "managers".to_owned())]);
}

#[test]
fn departments_that_cannot_be_had_or_told_are_refused_before_anything_is_written() {
    let client = threecx(&[("group_members", "replace")]);
    let known = departments(&["Sales", "DEFAULT", "Twice", "Twice"]);
    let untold = user("2001", &json!([{ "GroupId": 95, "Name": "Sales" }]));
    let none = json_reply(200, &json!({ "value": [{ "Id": 38, "Number": "2001" }] }));
    let there = user("2001", &json!([]));
    let rejected = FaultKind::Rejected;
    let unclear = FaultKind::MayHaveHappened;
    let halved = json_reply(200, &json!({ "@odata.count": 60, "value": [] }));
    for (text, replies, kind) in [
        ("Nowhere", vec![there.clone(), known.clone()], rejected),
        ("Twice", vec![there.clone(), known.clone()], rejected),
        ("DEFAULT", vec![there.clone(), known.clone()], rejected),
        ("Sales", vec![untold, known.clone()], rejected),
        ("Sales", vec![none, known], rejected),
        ("Sales", vec![there, halved], unclear),
    ] {
        let wanted = with("2001", Field::GROUPS, text);
        let (turn, sent) = replay(&*client, &Task::Update(&wanted), &signed_in(), &replies);
        assert_eq!(fault(turn).kind, kind, "{text}");
        assert!(sent.iter().all(|one| one.request.effect == Effect::Reads));
    }
}

#[test]
fn a_department_whose_name_would_be_read_as_two_is_told() {
    let numbers = ["2001".to_owned()];
    for (name, is_told) in [("Sales; North", true), ("Sales North", false)] {
        let group = json!({ "GroupId": 95, "Name": name, "Rights": { "RoleName": "users" } });
        let replies = [user("2001", &json!([group])), departments(&[name])];
        let (turn, _) = replay(&*threecx(&[]), &Task::Get(&numbers), &signed_in(), &replies);
        if is_told {
            let fault = fault(turn);
            assert_eq!(
                (fault.kind, &*fault.code),
                (FaultKind::Rejected, "3cx-v20.group_name")
            );
            assert!(fault.message.contains("Sales; North"), "{fault:?}");
        } else {
            assert_eq!(found(turn)[0].text(Field::GROUPS), Some(name));
        }
    }
}

#[test]
fn a_number_that_is_none_is_never_sent() {
    for number in ["", " ", "12a", "1') or ('1"] {
        let wanted = small(number);
        for task in [
            Task::Create(&wanted),
            Task::Update(&wanted),
            Task::Delete(number),
        ] {
            let turn = threecx(&[]).next(&task, &signed_in(), &[]);
            assert_eq!(fault(turn).kind, FaultKind::Rejected, "{task:?}");
        }
    }
}

#[test]
fn a_deletion_is_of_the_extension_that_was_looked_at() {
    let (client, mut pbx, session) = at_pbx(&[]);
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Create(&small("2001")),
    ));
    let turn = converse(&*client, &Task::Delete("2001"), &session, |request| {
        if request.method == Method::Delete {
            let body = json!({ "FirstName": "Bo" });
            assert_eq!(
                by_hand(&mut *pbx, &session, "PATCH", "Users(101)", &body).status,
                204
            );
        }
        Some(pbx.answer(&raw(&*client, request)))
    });
    assert_eq!(fault(turn.0).code, "3cx-v20.http_412");
    assert_eq!(pbx.numbers(), ["2001"]);
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Delete("2001"),
    ));
}

#[test]
fn other_words_of_the_mail_are_given_back_and_kept() {
    let (client, mut pbx, session) = at_pbx(&[]);
    let body = json!({ "Number": "2001", "VMEmailOptions": "AttachmentAndDelete" });
    by_hand(&mut *pbx, &session, "POST", "Users", &body);
    let numbers = ["2001".to_owned()];
    let held = found(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Get(&numbers),
    ));
    assert_eq!(
        held[0].text(Field::VOICEMAIL_TO_EMAIL),
        Some("AttachmentAndDelete")
    );
    let wanted = with("2001", Field::MOBILE, "491555000000");
    is_done(converse_with(
        &*client,
        &mut *pbx,
        &session,
        Task::Update(&wanted),
    ));
    assert_eq!(
        pbx.stored("2001", "VMEmailOptions").as_deref(),
        Some("AttachmentAndDelete")
    );
}

#[test]
fn a_hidden_password_is_told_and_a_hidden_pin_is_unknown() {
    let numbers = ["2001".to_owned()];
    let read = |password: Value| {
        let user = json!({ "Id": 38, "Number": "2001", "AuthPassword": password, "VMPIN": null, "Mobile": null });
        let reply = json_reply(200, &json!({ "value": [user] }));
        replay(&*threecx(&[]), &Task::Get(&numbers), &signed_in(), &[reply]).0
    };
    let held = found(read("canary-Sip-1".into()));
    assert_eq!(held[0].get(Field::VOICEMAIL_PIN), None);
    assert_eq!(held[0].text(Field::MOBILE), Some(""));
    let fault = fault(read(Value::Null));
    assert_eq!(fault.code, "3cx-v20.secrets_hidden", "{fault:?}");
}

#[test]
fn the_simulated_pbx_is_as_strict_as_the_product() {
    let (_, mut pbx, session) = at_pbx(&[]);
    let mut go =
        |method: &str, path: &str, body: Value| by_hand(&mut *pbx, &session, method, path, &body);
    assert_eq!(go("POST", "Users", json!({})).status, 201);
    let made = json::parse(&go("POST", "Users", json!({})).body).unwrap();
    assert_eq!(made["Number"], "101");
    let many: Vec<String> = (0..26)
        .map(|number| format!("Number+eq+'{number}'"))
        .collect();
    let many = format!("Users?$filter={}", many.join("+or+"));
    for (method, path, body, status) in [
        ("PATCH", "Users(101)", json!({ "Number": "100" }), 204),
        ("PATCH", "Users(101)", json!({ "Number": "200" }), 400),
        ("PATCH", "Users(101)", json!({ "Enabled": "true" }), 400),
        (
            "PATCH",
            "Users(101)",
            json!({ "VMEmailOptions": "Mars" }),
            400,
        ),
        ("PATCH", "Users(101)", json!({ "DisplayName": "Ann" }), 400),
        (
            "PATCH",
            "Users(101)",
            json!({ "Groups": [{ "GroupId": 1, "Rights": { "RoleName": "users" } }] }),
            400,
        ),
        ("PATCH", "Users(999)", json!({}), 404),
        ("POST", "Users", json!({ "Number": "100" }), 400),
        ("POST", "Users", json!({ "Vorname": "Ann" }), 400),
        ("PUT", "Users(101)", json!({}), 405),
        ("GET", "Users?$select=Vorname", Value::Null, 400),
        ("GET", "Users?$filter=Vorname+eq+'x'", Value::Null, 400),
        ("GET", "Users?$expand=Vorname", Value::Null, 400),
        ("GET", "Users?top=1", Value::Null, 400),
        (
            "GET",
            "Users?$filter=Number+eq+'O''Neil'+or+Number+eq+'100'",
            Value::Null,
            200,
        ),
        ("GET", &many, Value::Null, 400),
        ("GET", "Vorname", Value::Null, 404),
    ] {
        assert_eq!(go(method, path, body).status, status, "{method} {path}");
    }
}
