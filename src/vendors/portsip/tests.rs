//! Tests of the conversation against the vendor's own pages (`golden/`), against the simulated PBX, and with replies
//! that no PBX should give.

use super::super::conversation::PAGES_MAX;
use super::super::testkit::{self, fault, found, listing, record as extension, session_of};
use super::*;
use crate::model::Fault;
use crate::wire::{Body, Pbx, RawRequest, Reply, Request, Turn};
use proptest::prelude::*;
use std::collections::BTreeMap;
use url::Url;

const TOKEN: &str = "196ACE20C6F34027895F7F95402BB164";

fn account() -> Account {
    testkit::account("admin", "canary-pass")
}

fn vendor(settings: &[(&str, &str)]) -> Box<dyn Client> {
    testkit::client("portsip", settings)
}

fn minimal(number: &str) -> Record {
    extension(&[
        (Field::NUMBER, number),
        (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
        (Field::WEB_PASSWORD, "Kw83hTqzLm"),
    ])
}

fn with(mut extension: Record, fields: &[(Field, &str)]) -> Record {
    for (field, text) in fields {
        extension.set(*field, *text);
    }
    extension
}

fn ok(body: &str) -> Reply {
    Reply::new(200, "application/json", body)
}

fn no(status: u16, body: &str) -> Reply {
    Reply::new(status, "application/json", body)
}

fn session() -> Session {
    Session {
        token: Secret::new(TOKEN),
        lifetime: Some(Duration::from_secs(600)),
        ..Session::default()
    }
}

/// Runs a conversation with these replies; returns the requests and its end: the last turn is a request where replies
/// were too few.
fn converse(vendor: &dyn Client, task: &Task<'_>, replies: &[Reply]) -> (Vec<Request>, Turn) {
    let (turn, exchanges) = testkit::replay(vendor, task, &session(), replies);
    let mut requests: Vec<Request> = exchanges.into_iter().map(|past| past.request).collect();
    if let Turn::Send(request) = &turn {
        requests.push((**request).clone());
    }
    (requests, turn)
}

fn body(request: &Request) -> Value {
    match &request.body {
        Body::Json(value) => value.clone(),
        _ => Value::Null,
    }
}

fn operations(requests: &[Request]) -> Vec<&'static str> {
    requests.iter().map(|request| request.operation).collect()
}

/// A telephone line to a simulated PBX, which can be cut.
struct PortSipLine {
    vendor: Box<dyn Client>,
    pbx: Box<dyn Pbx>,
    session: Session,
    heard: Vec<Request>,
    /// The session runs out before this many further requests came.
    expires_before: Option<usize>,
    /// The reply to a request is lost on the way back, and this comes instead.
    instead: Option<(usize, Reply)>,
}

impl PortSipLine {
    fn new(settings: &[(&str, &str)]) -> PortSipLine {
        let mut line = PortSipLine {
            vendor: vendor(settings),
            pbx: sim::pbx(&account()),
            session: Session::default(),
            heard: vec![],
            expires_before: None,
            instead: None,
        };
        line.sign_in();
        line
    }

    fn sign_in(&mut self) {
        match self.run(&Task::SignIn(&account())) {
            Ok(Answer::Session(session)) => self.session = session,
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        self.pbx.answer(&testkit::raw(&*self.vendor, request))
    }

    fn run(&mut self, task: &Task<'_>) -> Result<Answer, Fault> {
        let mut exchanges: Vec<Exchange> = vec![];
        for _ in 0..200 {
            match self.vendor.next(task, &self.session, &exchanges) {
                Turn::Send(request) => {
                    match &mut self.expires_before {
                        Some(0) => {
                            self.pbx.expire_sessions();
                            self.expires_before = None;
                        }
                        Some(left) => *left -= 1,
                        None => {}
                    }
                    let mut reply = self.answer(&request);
                    if let Some((at, other)) = &self.instead
                        && *at == exchanges.len()
                    {
                        reply = other.clone();
                    }
                    self.heard.push((*request).clone());
                    exchanges.push(Exchange {
                        request: *request,
                        reply,
                    });
                }
                Turn::Done(answer) => return Ok(answer),
                Turn::Fault(fault) if fault.kind == FaultKind::SessionExpired => {
                    exchanges.pop();
                    self.sign_in();
                }
                Turn::Fault(fault) => return Err(fault),
            }
        }
        panic!("the conversation does not end");
    }

    fn create(&mut self, wanted: &Record) {
        self.run(&Task::Create(wanted)).unwrap();
    }

    fn look(&mut self, number: &str) -> Option<Record> {
        match self.run(&Task::Get(&[number.to_owned()])) {
            Ok(Answer::Found(mut found)) => found.pop(),
            other => panic!("{other:?}"),
        }
    }

    fn groups(&self, number: &str) -> String {
        self.pbx.stored(number, "belong_groups").unwrap()
    }

    /// Sends a request that the vendor's client never sends.
    fn raw(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.pbx.answer(&RawRequest {
            method: method.into(),
            target: format!("/api{path}"),
            headers: vec![(
                "access_token".into(),
                self.session.token.reveal().to_owned(),
            )],
            body: if body.is_null() {
                vec![]
            } else {
                body.to_string().into_bytes()
            },
        })
    }
}

#[test]
fn the_facts_are_the_pages() {
    use crate::manifest::FieldRow;
    let those = |which: fn(&&FieldRow) -> bool| -> Vec<&str> {
        let rows = manifest().field.iter().filter(which);
        rows.map(|row| row.name.name()).collect()
    };
    assert_eq!(
        those(|row| row.required),
        ["number", "sip_password", "web_password"]
    );
    assert_eq!(
        those(|row| row.create_only),
        ["sip_password", "web_password"]
    );
    assert_eq!(those(|row| row.separate), ["voicemail_greeting", "groups"]);
    assert!(manifest().field.iter().all(|row| {
        let live = row.access == crate::manifest::Access::ReadOnly;
        live == row.name.is_live()
    }));
    let groups = manifest().row(Field::GROUPS).unwrap();
    assert_eq!(groups.wire, "belong_groups");
    assert!(groups.one_at_a_time && groups.separate);
    let replaced_by = groups
        .replaced_by
        .clone()
        .map(|[setting, word]| (setting, word));
    let known = |(setting, word): &(String, String)| {
        let mut settings = manifest().setting.iter();
        settings.any(|known| known.name == *setting && known.words.contains(word))
    };
    assert!(replaced_by.as_ref().is_some_and(known));
    assert!(manifest().row(Field::VOICEMAIL_GREETING).unwrap().fetched);
    // Two changes of one group at a time would undo each other.
    assert_eq!(manifest().vendor.parallel, 1);
}

mod golden {
    use super::*;

    fn printed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    /// The sample's address, as path and query; `/api` is the target's part.
    fn printed_url(text: &str) -> (String, BTreeMap<String, String>) {
        let url = Url::parse(text.trim()).unwrap();
        let path = url.path().strip_prefix("/api").unwrap().to_owned();
        (path, url.query_pairs().into_owned().collect())
    }

    fn sent(request: &Request) -> (String, BTreeMap<String, String>) {
        let url = Url::parse("http://pbx").unwrap();
        let url = url.join(&request.encode("").unwrap().target).unwrap();
        (
            url.path().to_owned(),
            url.query_pairs().into_owned().collect(),
        )
    }

    /// A sample that speaks of 100 pages, as the only page that there is.
    fn only_page(sample: &str) -> Reply {
        assert!(sample.contains("\"page_count\": 100"));
        ok(&sample.replace("\"page_count\": 100", "\"page_count\": 1"))
    }

    fn as_on_the_page() -> Box<dyn Client> {
        vendor(&[("token_in", "body")])
    }

    fn full(purpose_create: bool) -> Record {
        let shown = printed(include_str!("golden/show.reply.json"));
        let mut extension = extensions::incoming(manifest(), &shown);
        if !purpose_create {
            extension.remove(Field::SIP_PASSWORD);
            extension.remove(Field::WEB_PASSWORD);
            extension.set(Field::NUMBER, "102");
        }
        extension
    }

    fn post_is(request: &Request, path: &str, sample: &str) {
        assert_eq!(
            (request.method.word(), request.path.as_str()),
            ("POST", path)
        );
        assert!(request.query.is_empty());
        assert_eq!(body(request), printed(sample));
    }

    fn get_is(request: &Request, sample: &str) {
        assert_eq!(request.method.word(), "GET");
        assert_eq!(sent(request), printed_url(sample));
    }

    #[test]
    fn create_is_as_printed_and_the_token_stands_where_it_is_told_to() {
        let wanted = full(true);
        let sample = include_str!("golden/create.request.json");
        // The sample of this one request has no token in its body.
        let header = vendor(&[("token_in", "header")]);
        let (requests, _) = converse(&*header, &Task::Create(&wanted), &[]);
        post_is(&requests[0], "/extensions/create", sample);
        assert_eq!(requests[0].headers[0].1.reveal(), TOKEN);

        let mut printed = printed(sample);
        printed["access_token"] = TOKEN.into();
        let (requests, _) = converse(&*as_on_the_page(), &Task::Create(&wanted), &[]);
        assert_eq!(body(&requests[0]), printed);
        assert!(requests[0].headers.is_empty());

        let (requests, _) = converse(&*vendor(&[]), &Task::Create(&wanted), &[]);
        assert_eq!(body(&requests[0]), printed);
        assert_eq!(requests[0].headers, [("access_token", Secret::new(TOKEN))]);
    }

    #[test]
    fn update_is_as_printed() {
        let mut before = printed(include_str!("golden/show.reply.json"));
        before["extension_number"] = "102".into();
        before["profile"]["first_name"] = "before".into();
        let wanted = full(false);
        let (requests, turn) = converse(
            &*as_on_the_page(),
            &Task::Update(&wanted),
            &[ok(&before.to_string()), ok("")],
        );
        post_is(
            &requests[1],
            "/extensions/update",
            include_str!("golden/update.request.json"),
        );
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
    }

    #[test]
    fn destroy_list_show_and_search_are_as_printed() {
        let vendor = as_on_the_page();
        let (requests, _) = converse(&*vendor, &Task::Delete("1000"), &[]);
        post_is(
            &requests[0],
            "/extensions/destroy",
            include_str!("golden/destroy.request.json"),
        );
        let (requests, _) = converse(&*vendor, &Task::List, &[]);
        get_is(&requests[0], include_str!("golden/list.request.url"));
        let (requests, _) = converse(&*vendor, &Task::Get(&["1000".into()]), &[]);
        get_is(&requests[0], include_str!("golden/show.request.url"));
        let refused = [no(404, r#"{"err_code": 1, "msg": "no"}"#)];
        let (requests, _) = converse(&*vendor, &Task::Get(&["100a".into()]), &refused);
        get_is(&requests[1], include_str!("golden/search.request.url"));
    }

    #[test]
    fn a_status_question_is_as_printed_and_its_sample_is_read() {
        let shown = include_str!("golden/show.reply.json").replace("\"1000\"", "\"102\"");
        let search = include_str!("golden/search.reply.json").replace("\"1001\"", "\"102\"");
        let status = include_str!("golden/status.reply.json");
        let replies = [
            ok(&shown),
            only_page(include_str!("golden/greeting_list.reply.json")),
            only_page(&search),
            ok(&status.replace("\"101\"", "\"102\"")),
        ];
        let task = Task::GetStatus(&["102".to_owned()]);
        let (requests, turn) = converse(&*as_on_the_page(), &task, &replies);
        post_is(
            &requests[3],
            "/extensions/status",
            include_str!("golden/status.request.json"),
        );
        let found = found(turn);
        assert_eq!(found[0].text(Field::STATUS), Some("ON_CALL"));
        assert_eq!(found[0].text(Field::PHONE_MODEL), Some(""));

        // The sample answers for another number than the one asked for: that status belongs to no extension here, the
        // listing's stays.
        let replies = [&replies[..3], &[ok(status)]].concat();
        let (_, turn) = converse(&*as_on_the_page(), &task, &replies);
        assert_eq!(super::found(turn)[0].text(Field::STATUS), Some("OFFLINE"));
    }

    #[test]
    fn the_printed_extension_is_read_whole() {
        let greetings = only_page(include_str!("golden/greeting_list.reply.json"));
        let replies = [ok(include_str!("golden/show.reply.json")), greetings];
        let (requests, turn) = converse(&*as_on_the_page(), &Task::Get(&["1000".into()]), &replies);
        get_is(
            &requests[1],
            include_str!("golden/greeting_list.request.url"),
        );
        let found = found(turn);
        let is = |field, text| assert_eq!(found[0].reveal(field), Some(text), "{field:?}");
        is(Field::NUMBER, "1000");
        is(Field::SIP_PASSWORD, "123456");
        is(Field::EMAIL, "example@example.com");
        is(Field::GENDER, "male");
        is(Field::ENABLED, "on");
        is(Field::RECORD_AUDIO, "off");
        is(Field::VOICEMAIL_PIN, "123456");
        is(Field::VOICEMAIL_SAY_TIME, "no");
        is(Field::FORWARD_NO_ANSWER_TO, "voicemail");
        is(Field::FORWARD_NO_ANSWER_AFTER, "20");
        is(Field::FORWARD_AWAY_OUTSIDE_HOURS_TO, "voicemail");
        is(Field::OFFICE_HOURS_MODE, "custom");
        is(Field::SUNDAY_TO, "17:00");
        // The comma within the name is the page's slip.
        is(Field::VOICEMAIL_GREETING, "default.wav");
        assert_eq!(
            found[0].text(Field::GROUPS),
            None,
            "the sample does not say"
        );
        // Everything of the sample has a field, and the greeting is one more.
        fn leaves(value: &Value) -> usize {
            value
                .as_object()
                .map_or(1, |object| object.values().map(leaves).sum())
        }
        let sample = printed(include_str!("golden/show.reply.json"));
        assert_eq!(found[0].iter().count(), leaves(&sample) + 1);
    }

    #[test]
    fn the_printed_lists_are_read_and_not_believed() {
        let vendor = as_on_the_page();
        let sample = ok(include_str!("golden/list.reply.json"));
        let nothing = ok(r#"{"page_count": 100, "extensions": []}"#);
        // It speaks of 100 pages and shows one extension: the next page is asked for, and whatever it shows, no doubt
        // is left that the listing is doubtful.
        for second in [nothing.clone(), sample.clone()] {
            let (requests, turn) = converse(&*vendor, &Task::List, &[sample.clone(), second]);
            let listing = listing(turn);
            assert_eq!(requests.len(), 2);
            assert_eq!(
                (listing.numbers, listing.complete),
                (vec!["1001".to_owned()], false)
            );
        }

        // An object where a list is due.
        let refused = no(404, r#"{"err_code": 1, "msg": "no"}"#);
        let search = ok(include_str!("golden/search.reply.json"));
        let replies = [refused, search, nothing];
        let (_, turn) = converse(&*vendor, &Task::Get(&["1001".into()]), &replies);
        assert_eq!(
            fault(turn).kind,
            FaultKind::Rejected,
            "it is there, so the refusal stands"
        );
        let (_, turn) = converse(&*vendor, &Task::Get(&["100".into()]), &replies);
        assert!(found(turn).is_empty(), "1001 is not 100");
    }

    #[test]
    fn groups_are_as_printed() {
        let vendor = as_on_the_page();
        let mut shown = printed(include_str!("golden/show.reply.json"));
        shown["extension_number"] = "107".into();
        let list = r#"{"page_count": 1, "groups": [{"group_id": "12", "group_name": "Sample extension group"}]}"#;
        let wanted = extension(&[
            (Field::NUMBER, "107"),
            (Field::GROUPS, "Sample extension group"),
        ]);
        let mut group = printed(include_str!("golden/group_show.reply.json"));
        group["members"] = json!(["105", "106"]);
        let replies = [
            ok(&shown.to_string()),
            ok(list),
            ok(&group.to_string()),
            ok(""),
        ];
        let (requests, turn) = converse(&*vendor, &Task::Update(&wanted), &replies);
        get_is(&requests[1], include_str!("golden/group_list.request.url"));
        let (path, query) = printed_url(include_str!("golden/group_show.request.url"));
        assert_eq!(sent(&requests[2]).0, path);
        assert_eq!(query["group_id"], "Group ID 1");
        assert_eq!(sent(&requests[2]).1["group_id"], "12");
        post_is(
            &requests[3],
            "/extensions/group/update",
            include_str!("golden/group_update.request.json"),
        );
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");

        // The printed group has 107 in it already: nothing is written.
        let replies = [
            ok(&shown.to_string()),
            ok(list),
            ok(include_str!("golden/group_show.reply.json")),
        ];
        let (requests, turn) = converse(&*vendor, &Task::Update(&wanted), &replies);
        assert_eq!(requests.len(), 3);
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
    }

    #[test]
    fn creating_and_removing_a_group_are_as_printed() {
        let sample = printed(include_str!("golden/group_create.request.json"));
        let mut group = sample.as_object().cloned().unwrap();
        assert_eq!(
            groups::create(group.clone()).path,
            "/extensions/group/create"
        );
        group.remove("access_token");
        let token = session();
        let exchanges = [];
        let settings = [("token_in".to_owned(), "body".to_owned())].into();
        let settings = Settings::new(manifest(), &settings).unwrap();
        let protocol = PortSip::new(manifest(), &settings);
        let ask =
            |request| match PortSipConversation::new(&protocol, &token, &exchanges).ask(request) {
                Err(Turn::Send(request)) => *request,
                other => panic!("{other:?}"),
            };
        assert_eq!(body(&ask(groups::create(group))), sample);
        post_is(
            &ask(groups::destroy("Sample extension group")),
            "/extensions/group/destroy",
            include_str!("golden/group_destroy.request.json"),
        );
        get_is(
            &ask(groups::show("Group ID 1")),
            include_str!("golden/group_show.request.url"),
        );
    }

    #[test]
    fn a_missing_group_is_created_as_the_page_demands_and_its_sample_is_read() {
        let vendor = vendor(&[("token_in", "body"), ("missing_groups", "create")]);
        let wanted = with(minimal("105"), &[(Field::GROUPS, "test")]);
        let list = include_str!("golden/group_list.reply.json");
        let replies = [
            only_page(list),
            ok(""),
            ok(include_str!("golden/group_create.reply.json")),
        ];
        let (requests, turn) = converse(&*vendor, &Task::Create(&wanted), &replies);
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
        let sample = printed(include_str!("golden/group_create.request.json"));
        let names = |value: &Value| {
            let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&body(&requests[2])), names(&sample));
        assert_eq!(body(&requests[2])["members"], json!(["105"]));

        // As printed, the list contradicts itself: creating might double the group.
        let (_, turn) = converse(
            &*vendor,
            &Task::Create(&wanted),
            &[ok(list), ok(r#"{"page_count": 100, "groups": []}"#)],
        );
        assert_eq!(fault(turn).code, "portsip.group_missing");
    }

    #[test]
    fn greetings_are_as_printed() {
        let vendor = as_on_the_page();
        let show = ok(include_str!("golden/show.reply.json"));
        let wanted = extension(&[
            (Field::NUMBER, "1000"),
            (
                Field::VOICEMAIL_GREETING,
                "https://files/a/some_filename.wav",
            ),
        ]);
        let replies = [show.clone(), ok(""), ok("")];
        let (requests, turn) = converse(&*vendor, &Task::Update(&wanted), &replies);
        let sample = include_str!("golden/greeting_create.request.json");
        post_is(
            &requests[1],
            "/extensions/greeting_file/create",
            &sample.replace("some_url", "https://files/a/some_filename.wav"),
        );
        let sample = include_str!("golden/greeting_update.request.json");
        post_is(
            &requests[2],
            "/extensions/greeting_file/update",
            &sample.replace("some_filename", "some_filename.wav"),
        );
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");

        let named = extension(&[
            (Field::NUMBER, "1000"),
            (Field::VOICEMAIL_GREETING, "some_filename"),
        ]);
        let (requests, _) = converse(&*vendor, &Task::Update(&named), &replies);
        post_is(&requests[1], "/extensions/greeting_file/update", sample);

        let cleared = extension(&[(Field::NUMBER, "1000"), (Field::VOICEMAIL_GREETING, "")]);
        let files = only_page(include_str!("golden/greeting_list.reply.json"));
        let (requests, _) = converse(&*vendor, &Task::Update(&cleared), &[show, files, ok("")]);
        let sample = include_str!("golden/greeting_destroy.request.json");
        post_is(
            &requests[2],
            "/extensions/greeting_file/destroy",
            // The name goes back as the PBX wrote it, comma and all.
            &sample.replace("some_filename", "default.wav,"),
        );
    }
}

mod session_life {
    use super::*;

    #[test]
    fn a_sign_in_takes_any_token_and_obeys_expires() {
        let me = account();
        let reply = ok(r#"{"access_token": "short", "expires": 30, "role": "tenant"}"#);
        let (requests, turn) = converse(&*vendor(&[]), &Task::SignIn(&me), &[reply]);
        assert_eq!(requests[0].path, "/account/credentials/verify");
        assert!(requests[0].headers.is_empty(), "no old token is shown");
        assert_eq!(
            body(&requests[0]),
            json!({"username": "admin", "password": "canary-pass"})
        );
        let session = session_of(turn);
        assert_eq!(session.token.reveal(), "short");
        assert_eq!(session.lifetime, Some(Duration::from_secs(30)));
        for odd in [
            r#"{"access_token": "t"}"#,
            r#"{"access_token": "t", "expires": 0}"#,
        ] {
            let (_, turn) = converse(&*vendor(&[]), &Task::SignIn(&me), &[ok(odd)]);
            assert_eq!(session_of(turn).lifetime, Some(LIFETIME), "{odd}");
        }
    }

    #[test]
    fn every_refused_sign_in_stops_at_the_first() {
        let me = account();
        for (reply, code) in [
            (
                no(
                    400,
                    r#"{"err_code": 1040001, "msg": "canary-pass is wrong"}"#,
                ),
                Some("1040001"),
            ),
            (
                no(404, r#"{"err_code": "1050005", "message": "domain"}"#),
                Some("1050005"),
            ),
            (
                no(400, r#"{"err_code": 77, "msg": "canary-pass is wrong"}"#),
                Some("77"),
            ),
            (ok(r#"{"err_code": 1040001, "msg": "no"}"#), Some("1040001")),
            (
                no(400, r#"{"err_code": 78, "msg": "token error"}"#),
                Some("78"),
            ),
            (no(400, r#"{"err_code": "canary-pass"}"#), None),
            (no(400, r#"{"err_code": "c a n a r y"}"#), None),
            (no(401, ""), None),
        ] {
            let (_, turn) = converse(
                &*vendor(&[]),
                &Task::SignIn(&me),
                std::slice::from_ref(&reply),
            );
            let fault = fault(turn);
            assert_eq!(fault.kind, FaultKind::CredentialRefused, "{fault}");
            assert_eq!(fault.vendor_code.as_deref(), code);
            assert!(!fault.to_string().contains("canary"), "{fault}");
            assert!(!fault.hint.is_empty());
        }
    }

    #[test]
    fn what_is_no_portsip_does_not_let_the_run_go_on() {
        let me = account();
        for (reply, code) in [
            (ok("{}"), "reply.not_understood"),
            (ok(r#"{"access_token": ""}"#), "reply.not_understood"),
            (ok(r#"{"access_token": null}"#), "reply.not_understood"),
            (
                Reply::new(200, "text/html", "<html>"),
                "reply.not_understood",
            ),
            (
                Reply::new(404, "text/html", "<!doctype html>"),
                "portsip.http_404",
            ),
        ] {
            let (_, turn) = converse(&*vendor(&[]), &Task::SignIn(&me), &[reply]);
            assert_eq!(fault(turn).code, code);
        }
    }

    #[test]
    fn a_session_is_kept_alive_one_way_or_the_other() {
        let fresh = ok(r#"{"access_token": "new", "expires": 60}"#);
        let (requests, turn) = converse(&*vendor(&[]), &Task::KeepAlive, &[fresh]);
        assert_eq!(requests[0].path, "/account/token/refresh");
        let renewed = session_of(turn);
        assert_eq!(renewed.token.reveal(), "new");
        assert_eq!(renewed.lifetime, Some(Duration::from_secs(60)));

        let (_, turn) = converse(&*vendor(&[]), &Task::KeepAlive, &[ok("{}")]);
        assert_eq!(session_of(turn), session());

        let unknown = Reply::new(404, "text/html", "<html>");
        let listed = ok(r#"{"page_count": 1, "extensions": []}"#);
        let (requests, turn) = converse(&*vendor(&[]), &Task::KeepAlive, &[unknown, listed]);
        assert_eq!(
            operations(&requests),
            ["account/token/refresh", "extensions/list"]
        );
        assert_eq!(session_of(turn), session());

        let (_, turn) = converse(&*vendor(&[]), &Task::KeepAlive, &[no(401, "{}")]);
        assert_eq!(fault(turn).kind, FaultKind::SessionExpired);
    }

    #[test]
    fn leaving_ends_the_session_at_the_pbx() {
        let mut line = PortSipLine::new(&[]);
        let kept = line.run(&Task::KeepAlive).unwrap();
        assert!(matches!(kept, Answer::Session(_)));
        line.run(&Task::SignOut).unwrap();
        assert_eq!(
            line.raw("GET", "/extensions/list?pagination=1", &Value::Null)
                .status,
            401
        );
    }

    #[test]
    fn the_token_may_stand_in_each_place_alone() {
        for place in ["both", "header", "body"] {
            let mut line = PortSipLine::new(&[("token_in", place)]);
            line.create(&minimal("2001"));
            assert!(line.look("2001").is_some(), "{place}");
        }
    }
}

mod listing_all {
    use super::*;

    fn page(numbers: std::ops::Range<u32>, page_count: Value) -> Reply {
        let rows: Vec<Value> = numbers
            .map(|number| json!({"extension_number": number.to_string()}))
            .collect();
        let page =
            json!({"pagesize": 100, "page_count": page_count, "count": 7, "extensions": rows});
        ok(&page.to_string())
    }

    fn list(replies: &[Reply]) -> (usize, Turn) {
        let (requests, turn) = converse(&*vendor(&[]), &Task::List, replies);
        for (index, request) in requests.iter().enumerate() {
            let wanted = ("pagination".to_owned(), (index + 1).to_string().into());
            assert!(request.query.contains(&wanted));
        }
        (requests.len(), turn)
    }

    #[test]
    fn the_walk_ends_where_it_should_and_doubts_what_is_doubtful() {
        let cases = [
            ("one page", vec![page(0..3, 1.into())], 3, true),
            ("empty", vec![page(0..0, 1.into())], 0, true),
            ("empty, no page", vec![page(0..0, 0.into())], 0, true),
            (
                "two pages",
                vec![page(0..100, 2.into()), page(100..103, 2.into())],
                103,
                true,
            ),
            ("a full last page", vec![page(0..100, 1.into())], 100, true),
            ("pages as text", vec![page(0..3, "1".into())], 3, true),
            (
                "it speaks of pages that are not there",
                vec![page(0..3, 9.into()), page(0..0, 9.into())],
                3,
                false,
            ),
            ("items, but no page", vec![page(0..3, 0.into())], 3, false),
            (
                "no page count",
                vec![page(0..100, Value::Null), page(100..101, Value::Null)],
                101,
                false,
            ),
            (
                "page count is no number",
                vec![page(0..3, "x".into())],
                3,
                false,
            ),
            (
                "the same page again",
                vec![page(0..100, 3.into()), page(0..100, 3.into())],
                100,
                false,
            ),
            (
                "overlapping",
                vec![page(0..100, 2.into()), page(99..110, 2.into())],
                110,
                false,
            ),
            (
                "more than was asked",
                vec![page(0..150, 1.into())],
                150,
                true,
            ),
        ];
        for (name, replies, numbers, whole) in cases {
            let (asked, turn) = list(&replies);
            let listing = listing(turn);
            assert_eq!(
                (asked, listing.numbers.len(), listing.complete),
                (replies.len(), numbers, whole),
                "{name}"
            );
        }
    }

    #[test]
    fn a_pbx_that_gives_less_than_asked_is_walked_to_its_end() {
        let fifty = [
            page(0..50, 3.into()),
            page(50..100, 3.into()),
            page(100..110, 3.into()),
        ];
        let listing = listing(list(&fifty).1);
        assert_eq!((listing.numbers.len(), listing.complete), (110, true));
    }

    #[test]
    fn a_page_size_that_cannot_be_is_not_believed() {
        for size in [0, 500] {
            let odd = |numbers: std::ops::Range<u32>| {
                let rows: Vec<Value> = numbers.map(|n| json!({"extension_number": n})).collect();
                ok(&json!({"pagesize": size, "extensions": rows}).to_string())
            };
            let (asked, turn) = list(&[odd(0..100), odd(100..101)]);
            let listing = listing(turn);
            assert_eq!(
                (asked, listing.numbers.len(), listing.complete),
                (2, 101, false)
            );
        }
    }

    #[test]
    fn no_list_at_all_is_an_empty_one_where_the_pbx_says_so() {
        for (reply, whole) in [
            (r#"{"page_count": 0}"#, true),
            (r#"{"page_count": 0, "extensions": null}"#, true),
            (r#"{"page_count": 1, "extensions": null}"#, true),
            (r#"{"extensions": null}"#, false),
        ] {
            let listing = listing(list(&[ok(reply)]).1);
            assert_eq!(
                (listing.numbers.len(), listing.complete),
                (0, whole),
                "{reply}"
            );
        }
    }

    #[test]
    fn while_walking_only_the_last_pages_are_read() {
        let full = |page: u32| self::page(page * 100..page * 100 + 100, 9.into());
        let (requests, turn) = converse(&*vendor(&[]), &Task::List, &[full(0), full(1), full(2)]);
        assert!(matches!(turn, Turn::Send(_)));
        let replies = [
            ok("the first page was judged in its time"),
            full(1),
            full(2),
        ];
        let exchanges: Vec<Exchange> = requests
            .into_iter()
            .zip(replies)
            .map(|(request, reply)| Exchange { request, reply })
            .collect();
        let turn = vendor(&[]).next(&Task::List, &session(), &exchanges);
        assert!(matches!(turn, Turn::Send(_)), "{turn:?}");
    }

    #[test]
    fn a_pbx_with_smaller_pages_is_walked_to_its_end() {
        let small = |numbers: std::ops::Range<u32>| {
            let rows: Vec<Value> = numbers.map(|n| json!({"extension_number": n})).collect();
            ok(&json!({"pagesize": 10, "page_count": 2, "extensions": rows}).to_string())
        };
        let listing = listing(list(&[small(0..10), small(10..12)]).1);
        assert_eq!((listing.numbers.len(), listing.complete), (12, true));
    }

    #[test]
    fn entries_that_hide_something_make_it_doubtful() {
        for rows in [
            json!([{"extension_number": "1"}, {"first_name": "x"}]),
            json!([{"extension_number": "1"}, {"extension_number": ""}]),
            json!([{"extension_number": "1"}, {"extension_number": "1"}]),
        ] {
            let reply = ok(&json!({"page_count": 1, "extensions": rows}).to_string());
            let listing = listing(list(&[reply]).1);
            assert_eq!(
                (listing.numbers, listing.complete),
                (vec!["1".to_owned()], false)
            );
        }
    }

    #[test]
    fn nonsense_is_a_fault_and_no_empty_listing() {
        for nonsense in [
            ok(""),
            ok("null"),
            ok("[]"),
            ok("{}"),
            ok(r#"{"page_count": 1}"#),
            ok(r#"{"page_count": 1, "extensions": "none"}"#),
            ok(r#"{"page_count": 1, "extensions": ["1001"]}"#),
            ok(r#"{"page_count": 1, "extensions": [{"extension_number": "1"}"#),
            Reply::new(200, "text/html", "<!doctype html>"),
            ok(r#"{"err_code": 9, "msg": "busy"}"#),
            no(400, r#"{"err_code": 9}"#),
            no(418, "x"),
        ] {
            let shown = String::from_utf8_lossy(&nonsense.body).into_owned();
            fault(list(std::slice::from_ref(&nonsense)).1);
            // Nor on the second page.
            let turn = list(&[page(0..100, 2.into()), nonsense]).1;
            assert!(matches!(turn, Turn::Fault(_)), "{shown}: {turn:?}");
        }
    }

    #[test]
    fn a_listing_without_end_is_given_up() {
        let pages: Vec<Reply> = (0..PAGES_MAX as u32)
            .map(|n| page(n * 100..n * 100 + 100, 99_999.into()))
            .collect();
        // Only the last turn: the others were judged in their time.
        let mut exchanges = vec![];
        for (index, reply) in pages.into_iter().enumerate() {
            let request = extensions::list(index + 1);
            exchanges.push(Exchange { request, reply });
        }
        let turn = vendor(&[]).next(&Task::List, &session(), &exchanges);
        assert_eq!(fault(turn).code, "portsip.endless");
    }

    #[test]
    fn the_sim_lists_what_it_holds() {
        let mut line = PortSipLine::new(&[]);
        let numbers: Vec<String> = (0..103).map(|n| format!("{n:04}")).collect();
        for number in &numbers {
            line.create(&minimal(number));
        }
        let Ok(Answer::Listing(listing)) = line.run(&Task::List) else {
            panic!("no listing");
        };
        assert_eq!((listing.numbers, listing.complete), (numbers, true));
    }
}

mod looking {
    use super::*;

    #[test]
    fn a_refusal_means_missing_only_where_the_search_says_so() {
        let mut line = PortSipLine::new(&[]);
        line.create(&minimal("10011"));
        assert_eq!(line.look("1001"), None);
        assert_eq!(
            operations(&line.heard[line.heard.len() - 2..]),
            ["extensions/show", "extensions/search"]
        );
        assert!(line.look("10011").is_some());
    }

    #[test]
    fn an_answer_for_another_number_is_not_taken() {
        for body in [
            r#"{"extension_number": "1001", "password": "canary"}"#,
            r#"{"password": "canary"}"#,
            "{}",
            "[]",
        ] {
            let (_, turn) = converse(&*vendor(&[]), &Task::Get(&["1000".into()]), &[ok(body)]);
            let fault = fault(turn);
            assert_eq!(fault.code, "reply.not_understood");
            assert!(!fault.to_string().contains("canary"));
        }
    }

    #[test]
    fn a_search_that_cannot_tell_is_a_fault() {
        let rows: Vec<Value> = (0..100)
            .map(|n| json!({"extension_number": format!("1{n:03}")}))
            .collect();
        let page = ok(&json!({"page_count": 3, "extensions": rows}).to_string());
        let refused = no(404, r#"{"err_code": 5, "msg": "not found"}"#);
        let (_, turn) = converse(
            &*vendor(&[]),
            &Task::Get(&["1".into()]),
            &[refused, page.clone(), page],
        );
        assert_eq!(fault(turn).code, "reply.not_understood");
    }

    #[test]
    fn groups_are_read_from_ids_names_and_objects() {
        let list = ok(&json!({"page_count": 1, "groups": [
            {"group_id": "12", "group_name": "Sales"},
            {"group_id": groups::DEFAULT_GROUP, "group_name": groups::DEFAULT_GROUP},
                {"group_id": "1", "group_name": groups::DEFAULT_GROUP},
        ]})
        .to_string());
        let files = ok(r#"{"page_count": 1, "files": []}"#);
        for (belongs, names) in [
            (json!(["12", groups::DEFAULT_GROUP]), Some("Sales")),
            (json!(["Sales"]), Some("Sales")),
            (json!("12"), Some("Sales")),
            (json!({"group_name": "Sales"}), Some("Sales")),
            (
                json!([{"group_id": "12", "group_name": "Sales"}, {"group_id": "9"}]),
                Some("Sales;9"),
            ),
            (json!(["1", "12"]), Some("Sales")),
            (json!([groups::DEFAULT_GROUP]), Some("")),
            (json!([]), Some("")),
            (Value::Null, None),
            (json!([[]]), None),
        ] {
            let shown = json!({"extension_number": "1", "belong_groups": belongs});
            let asks = names.is_some_and(|names| !names.is_empty());
            let mut replies = vec![ok(&shown.to_string())];
            if asks {
                replies.push(list.clone());
            }
            replies.push(files.clone());
            let (_, turn) = converse(&*vendor(&[]), &Task::Get(&["1".into()]), &replies);
            assert_eq!(found(turn)[0].text(Field::GROUPS), names, "{belongs}");
        }
    }

    #[test]
    fn a_pbx_that_does_not_tell_greetings_leaves_them_unknown() {
        let shown = ok(r#"{"extension_number": "1", "profile": {"email": null}}"#);
        let (_, turn) = converse(
            &*vendor(&[]),
            &Task::Get(&["1".into()]),
            &[shown, no(400, r#"{"err_code": 3}"#)],
        );
        let found = found(turn);
        assert_eq!(found[0].text(Field::VOICEMAIL_GREETING), None);
        assert_eq!(
            found[0].text(Field::EMAIL),
            Some(""),
            "null is nothing there"
        );
        assert_eq!(
            found[0].text(Field::MOBILE),
            None,
            "what is not shown is not known"
        );
    }

    #[test]
    fn the_status_is_asked_in_both_ways() {
        let mut line = PortSipLine::new(&[]);
        line.create(&minimal("7"));
        let Ok(Answer::Found(found)) = line.run(&Task::GetStatus(&["7".into()])) else {
            panic!("nothing found");
        };
        assert_eq!(found[0].text(Field::STATUS), Some("OFFLINE"));
        assert_eq!(found[0].text(Field::PHONE_MAC_ADDRESS), Some(""));
        let replies = [
            ok(r#"{"extension_number": "7"}"#),
            ok(r#"{"page_count": 1, "files": []}"#),
            ok(r#"{"page_count": 1, "extensions": []}"#),
            Reply::new(404, "text/html", "<html>"),
            ok(r#"{"extension_status": {"extension_number": "7", "status": "ON_CALL"}}"#),
        ];
        let (requests, turn) = converse(&*vendor(&[]), &Task::GetStatus(&["7".into()]), &replies);
        assert_eq!(requests[4].method.word(), "GET");
        assert_eq!(super::found(turn)[0].text(Field::STATUS), Some("ON_CALL"));
    }
}

mod writing {
    use super::*;

    fn everything(number: &str) -> Record {
        let mut wanted = minimal(number);
        let example = |row: &crate::manifest::FieldRow| {
            let text = row.normalise(row.name.def().example).unwrap();
            (row.name, text.into_owned())
        };
        let writable = |row: &&crate::manifest::FieldRow| {
            row.access != crate::manifest::Access::ReadOnly && wanted.get(row.name).is_none()
        };
        let rest: Vec<(Field, String)> = manifest()
            .field
            .iter()
            .filter(writable)
            .map(example)
            .collect();
        for (field, text) in rest {
            wanted.set(field, text);
        }
        wanted
    }

    #[test]
    fn every_field_comes_back_as_it_was_written() {
        let mut line = PortSipLine::new(&[]);
        let mut wanted = everything("0042");
        line.create(&wanted);
        wanted.set(Field::VOICEMAIL_GREETING, "2002.wav");
        let mut current = line.look("0042").unwrap();
        let mut groups: Vec<&str> = current.text(Field::GROUPS).unwrap().split(';').collect();
        groups.sort_unstable();
        let groups = groups.join(";");
        current.set(Field::GROUPS, groups);
        for (field, text) in wanted.iter() {
            assert_eq!(current.get(field), Some(text), "{field:?}");
        }
        assert_eq!(line.pbx.created("0042"), 1);
        assert_eq!(
            line.pbx
                .stored("0042", "voice_mail.enable_voicemail")
                .as_deref(),
            Some("true")
        );
        assert_eq!(
            line.pbx
                .stored("0042", "forward_rules.available.no_answer_timeval")
                .as_deref(),
            Some("20")
        );
        assert_eq!(
            line.pbx
                .stored("0042", "options.outbound_caller_id")
                .as_deref(),
            Some("2002")
        );
        // The same again changes nothing.
        let before = line.heard.len();
        wanted.remove(Field::VOICEMAIL_GREETING);
        line.run(&Task::Update(&wanted)).unwrap();
        let writes = line.heard[before..]
            .iter()
            .filter(|request| request.effect == Effect::Writes);
        assert_eq!(writes.count(), 0);
    }

    #[test]
    fn an_update_loses_nothing_that_it_does_not_name() {
        let mut line = PortSipLine::new(&[]);
        let object = json!({
            "extension_number": "5", "password": "pw", "web_access_password": "web",
            "profile": {"first_name": "Ann", "email": "a@b", "pronoun": {"own": [1, null]}},
            "options": {"enable_extension": true, "novel": 7},
            "voice_mail": {"enable_voicemail": true, "msg_read_out_datetime": "12_HOUR_CLOCK"},
            "forward_rules": {"available": {"busy_action": "CONNECT_TO_VOICE_MAIL"}, "ringing": {"own_action": "X"}},
            "office_hours": {"monday_from": "08:15", "holidays": ["2026-12-24"]},
        });
        assert_eq!(line.raw("POST", "/extensions/create", &object).status, 200);
        let wanted = extension(&[
            (Field::NUMBER, "5"),
            (Field::LAST_NAME, "Miller"),
            (Field::ENABLED, "off"),
            // Already there, in the slot's other word.
            (Field::FORWARD_BUSY_TO, "voicemail"),
        ]);
        line.run(&Task::Update(&wanted)).unwrap();
        let reply = line.raw("GET", "/extensions/show?extension_number=5", &Value::Null);
        let mut expected = object;
        expected["profile"]["last_name"] = "Miller".into();
        expected["options"]["enable_extension"] = false.into();
        expected["belong_groups"] = json!([groups::DEFAULT_GROUP]);
        assert_eq!(reply.json().unwrap(), expected);
        let sent = line
            .heard
            .iter()
            .find(|request| request.operation == "extensions/update")
            .unwrap();
        for secret in ["password", "web_access_password"] {
            assert_eq!(body(sent).get(secret), None);
        }
    }

    #[test]
    fn passwords_of_an_existing_extension_are_refused_unless_they_are_the_same() {
        let mut line = PortSipLine::new(&[]);
        line.create(&minimal("5"));
        let same = with(minimal("5"), &[(Field::FIRST_NAME, "Ann")]);
        line.run(&Task::Update(&same)).unwrap();
        assert_eq!(
            line.pbx.stored("5", "profile.first_name").as_deref(),
            Some("Ann")
        );
        let other = with(
            same,
            &[(Field::SIP_PASSWORD, "canary"), (Field::FIRST_NAME, "Bea")],
        );
        let fault = line.run(&Task::Update(&other)).unwrap_err();
        assert_eq!(
            (fault.kind, &*fault.code),
            (FaultKind::Rejected, "portsip.create_only")
        );
        assert!(!format!("{fault:?}").contains("canary"));
        assert_eq!(
            line.pbx.stored("5", "profile.first_name").as_deref(),
            Some("Ann")
        );
    }

    #[test]
    fn an_update_has_all_five_objects_even_where_the_pbx_shows_fewer() {
        let wanted = extension(&[(Field::NUMBER, "5"), (Field::FIRST_NAME, "Ann")]);
        let shown = ok(r#"{"extension_number": "5", "options": null, "voice_mail": {"a": 1}}"#);
        let (requests, _) = converse(&*vendor(&[]), &Task::Update(&wanted), &[shown]);
        let mut sent = body(&requests[1]);
        sent.as_object_mut().unwrap().remove("access_token");
        assert_eq!(
            sent,
            json!({"extension_number": "5", "profile": {"first_name": "Ann"}, "options": {},
                "forward_rules": {}, "office_hours": {}, "voice_mail": {"a": 1}})
        );
    }

    #[test]
    fn an_object_that_is_not_understood_is_never_written_back() {
        let wanted = extension(&[(Field::NUMBER, "5"), (Field::FIRST_NAME, "Ann")]);
        for profile in [json!("x"), json!([]), json!(7)] {
            let shown = json!({"extension_number": "5", "profile": profile});
            let (requests, turn) = converse(
                &*vendor(&[]),
                &Task::Update(&wanted),
                &[ok(&shown.to_string())],
            );
            assert_eq!(requests.len(), 1);
            assert_eq!(fault(turn).code, "reply.not_understood");
        }
    }

    #[test]
    fn what_exists_or_is_missing_is_said_so() {
        let mut line = PortSipLine::new(&[]);
        line.create(&minimal("5"));
        let fault = line.run(&Task::Create(&minimal("5"))).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Exists);
        assert_eq!(line.pbx.created("5"), 1);
        let fault = line.run(&Task::Update(&minimal("6"))).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Missing);
        line.run(&Task::Delete("5")).unwrap();
        assert!(line.pbx.numbers().is_empty());
        let fault = line.run(&Task::Delete("5")).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Missing);
    }

    #[test]
    fn a_refused_deletion_of_what_is_there_is_no_deletion() {
        let refused = no(400, r#"{"err_code": 9, "msg": "in use"}"#);
        let there = ok(r#"{"extension_number": "5"}"#);
        let (_, turn) = converse(&*vendor(&[]), &Task::Delete("5"), &[refused, there]);
        let fault = fault(turn);
        assert_eq!(
            (fault.kind, &*fault.code),
            (FaultKind::Rejected, "portsip.9")
        );
        assert!(fault.to_string().contains("in use"));
    }

    #[test]
    fn a_path_that_is_not_there_ends_the_run() {
        for gone in [
            no(404, "{}"),
            no(404, ""),
            Reply::new(404, "text/html", "<html>"),
        ] {
            let all = [gone.clone(), gone.clone(), gone.clone()];
            for task in [
                Task::List,
                Task::Delete("5"),
                Task::Get(&["5".into()]),
                Task::Create(&minimal("5")),
                Task::Update(&minimal("5")),
            ] {
                let (_, turn) = converse(&*vendor(&[]), &task, &all);
                assert_eq!(fault(turn).kind, FaultKind::TargetUnusable);
            }
            // A search that works decides.
            let none = ok(r#"{"page_count": 1, "extensions": []}"#);
            let (_, turn) = converse(
                &*vendor(&[]),
                &Task::Get(&["5".into()]),
                &[gone.clone(), none.clone()],
            );
            assert!(found(turn).is_empty());
            let (_, turn) = converse(
                &*vendor(&[]),
                &Task::Delete("5"),
                &[gone.clone(), gone, none],
            );
            assert_eq!(fault(turn).kind, FaultKind::Missing);
        }
    }

    #[test]
    fn a_refusal_for_another_reason_is_a_refusal() {
        let mut line = PortSipLine::new(&[]);
        let ann = [(Field::EMAIL, "a@b.example")];
        line.create(&with(minimal("5"), &ann));
        let fault = line
            .run(&Task::Create(&with(minimal("6"), &ann)))
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected);
        assert!(fault.to_string().contains("e-mail"), "{fault}");
        assert_eq!(fault.http_status, Some(400));
        assert!(fault.vendor_code.is_some());
        let fault = line
            .run(&Task::Create(&with(
                minimal("6"),
                &[(Field::FORWARD_BUSY_TO, "voicemail")],
            )))
            .unwrap_err();
        assert!(fault.to_string().contains("voicemail"), "{fault}");
        assert_eq!(line.pbx.numbers(), ["5"]);
    }

    #[test]
    fn success_is_a_status_without_err_code() {
        let wanted = minimal("5");
        for done in [
            ok(""),
            ok("  \n"),
            ok("{}"),
            ok(r#"{"id": 7}"#),
            ok(r#"{"err_code": 0}"#),
            Reply::new(204, "", ""),
        ] {
            let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[done]);
            assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
        }
        let gone = no(404, r#"{"err_code": 5}"#);
        let none = ok(r#"{"page_count": 1, "extensions": []}"#);
        for refused in [
            ok(r#"{"err_code": 9, "msg": "no"}"#),
            no(400, r#"{"err_code": 9, "msg": "no"}"#),
            no(404, r#"{"message": "no"}"#),
            no(405, ""),
            Reply::new(400, "text/html", "<html>"),
        ] {
            let replies = [refused, gone.clone(), none.clone()];
            let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &replies);
            assert_eq!(fault(turn).kind, FaultKind::Rejected);
        }
        for doubtful in [
            Reply::new(200, "text/html", "<!doctype html>"),
            ok(r#"{"id": "#),
            ok("OK"),
        ] {
            let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[doubtful]);
            assert_eq!(fault(turn).kind, FaultKind::MayHaveHappened);
        }
        for expired in [
            no(401, ""),
            no(401, r#"{"err_code": 1}"#),
            no(400, r#"{"err_code": 1, "msg": "Invalid Token"}"#),
        ] {
            let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[expired]);
            assert_eq!(fault(turn).kind, FaultKind::SessionExpired);
        }
    }

    #[test]
    fn the_words_of_the_pbx_show_no_secret() {
        let wanted = with(
            minimal("5"),
            &[
                (Field::SIP_PASSWORD, "canary-1"),
                (Field::WEB_PASSWORD, "canary-2"),
                (Field::VOICEMAIL_PIN, "canary-3"),
            ],
        );
        let gone = no(404, r#"{"err_code": 5}"#);
        let none = ok(r#"{"page_count": 1, "extensions": []}"#);
        for secret in ["canary-1", "canary-2", "canary-3", TOKEN] {
            let refused = no(
                400,
                &json!({"err_code": 9, "msg": format!("weak: {secret}")}).to_string(),
            );
            let (_, turn) = converse(
                &*vendor(&[]),
                &Task::Create(&wanted),
                &[refused, gone.clone(), none.clone()],
            );
            let fault = fault(turn);
            assert!(!format!("{fault:?}").contains(secret), "{fault:?}");
        }
        let long = no(
            400,
            &json!({"err_code": 9, "msg": "x\n".repeat(5000)}).to_string(),
        );
        let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[long, gone, none]);
        let fault = fault(turn);
        assert!(fault.to_string().len() < 300 && !fault.to_string().contains('\n'));
    }

    #[test]
    fn what_has_no_place_in_its_type_is_not_sent() {
        for (field, text) in [
            (Field::ENABLED, "perhaps"),
            (Field::VOICEMAIL, ""),
            (Field::FORWARD_NO_ANSWER_AFTER, "soon"),
            (Field::FORWARD_NO_ANSWER_AFTER, ""),
        ] {
            let wanted = with(minimal("5"), &[(field, text)]);
            let (requests, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[]);
            assert!(requests.is_empty());
            assert_eq!(fault(turn).code, "portsip.type");
        }
    }

    #[test]
    fn an_empty_number_is_never_said() {
        let nobody = with(minimal("5"), &[(Field::NUMBER, " ")]);
        for task in [
            Task::Delete(""),
            Task::Delete(" "),
            Task::Create(&nobody),
            Task::Update(&nobody),
            Task::Get(&["".into()]),
        ] {
            let (requests, turn) = converse(&*vendor(&[]), &task, &[]);
            assert!(requests.is_empty());
            assert_eq!(fault(turn).code, "portsip.no_number");
        }
    }

    #[test]
    fn a_session_may_run_out_before_any_step() {
        let wanted = everything("0042");
        let mut changed = wanted.clone();
        for (field, text) in [
            (Field::FIRST_NAME, "Bea"),
            (Field::GROUPS, ""),
            (Field::VOICEMAIL_GREETING, ""),
        ] {
            changed.set(field, text);
        }
        let mut whole = PortSipLine::new(&[]);
        whole.create(&wanted);
        let create_steps = whole.heard.len() - 1;
        whole.run(&Task::Update(&changed)).unwrap();
        let update_steps = whole.heard.len() - 1 - create_steps;
        whole.look("0042").unwrap();
        assert_eq!((create_steps, update_steps), (8, 9));

        for step in 0..create_steps + update_steps {
            let mut line = PortSipLine::new(&[]);
            line.expires_before = Some(step);
            line.create(&wanted);
            if step < create_steps {
                assert_eq!(line.groups("0042"), "Support;Sales", "step {step}");
            }
            line.run(&Task::Update(&changed)).unwrap();
            assert_eq!(line.expires_before, None, "step {step}");
            assert_eq!(line.pbx.sign_ins(), 2, "step {step}");
            assert_eq!(line.pbx.created("0042"), 1, "step {step}");
            assert_eq!(line.look("0042"), whole.look("0042"), "step {step}");
        }
    }

    #[test]
    fn a_broken_reply_at_any_step_is_a_fault_that_says_what_was_done() {
        let broken = [
            Reply::new(200, "text/html", "<!doctype html>"),
            ok("{\"groups\": [tru"),
            ok("[]"),
            ok(r#"{"err_code": 9, "msg": "no"}"#),
            no(400, r#"{"err_code": 9, "msg": "no"}"#),
            no(404, "gone"),
            no(403, "{}"),
        ];
        let wanted = everything("0042");
        let changes = [
            (Field::FIRST_NAME, "Bea"),
            (Field::GROUPS, ""),
            (Field::VOICEMAIL_GREETING, ""),
        ];
        let changed = with(wanted.clone(), &changes);
        for (task, steps) in [(Task::Create(&wanted), 8), (Task::Update(&changed), 9)] {
            for step in 0..steps {
                for reply in &broken {
                    let mut line = PortSipLine::new(&[]);
                    if matches!(task, Task::Update(_)) {
                        line.create(&wanted);
                    }
                    line.heard.clear();
                    line.instead = Some((step, reply.clone()));
                    let result = line.run(&task);
                    let write = line.heard[step].effect == Effect::Writes;
                    if write && reply.body == b"[]" {
                        // A success with more content than it must have.
                        result.unwrap();
                        continue;
                    }
                    let fault = result.unwrap_err();
                    let before = line.heard[..step]
                        .iter()
                        .filter(|request| request.effect == Effect::Writes);
                    let exchanges = fault
                        .done_before
                        .split("; ")
                        .filter(|part| !part.is_empty());
                    assert_eq!(exchanges.count(), before.count(), "step {step}: {fault:?}");
                    let doubtful = fault.kind == FaultKind::MayHaveHappened;
                    assert_eq!(
                        doubtful,
                        reply.status == 200 && fault.code == "reply.not_understood",
                        "step {step}: {fault:?}"
                    );
                }
            }
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("O'Neil & <S\u{f8}n> \"QA\"".to_owned()),
            Just("x".repeat(255)),
            Just("%41+ =?#;\\/".to_owned()),
            "\\PC{0,40}",
        ]
    }

    proptest! {
        #[test]
        fn what_is_sent_is_what_arrives(
            number in "0{0,3}[0-9A-Za-z]{1,12}",
            name in texts(),
            password in texts(),
            description in texts(),
            pin in "0{0,4}[0-9]{1,6}",
            seconds in 0_u32..100_000,
        ) {
            let mut line = PortSipLine::new(&[]);
            let wanted = extension(&[
                (Field::NUMBER, &number),
                (Field::SIP_PASSWORD, &format!("p{password}")),
                (Field::WEB_PASSWORD, "w"),
                (Field::FIRST_NAME, &name),
                (Field::VOICEMAIL_PIN, &pin),
                (Field::FORWARD_NO_ANSWER_AFTER, &seconds.to_string()),
            ]);
            line.create(&wanted);
            let change = extension(&[(Field::NUMBER, &number), (Field::DESCRIPTION, &description)]);
            line.run(&Task::Update(&change)).unwrap();
            let stored = |path| line.pbx.stored(&number, path);
            prop_assert_eq!(line.pbx.numbers(), vec![number.clone()]);
            prop_assert_eq!(stored("password"), Some(format!("p{password}")));
            prop_assert_eq!(stored("profile.first_name"), Some(name));
            prop_assert_eq!(stored("voice_mail.voicemail_pin"), Some(pin));
            prop_assert_eq!(stored("forward_rules.available.no_answer_timeval"), Some(seconds.to_string()));
            if !description.is_empty() {
                prop_assert_eq!(stored("profile.description"), Some(description));
            }
            prop_assert!(line.look(&number).is_some());
        }

        #[test]
        fn no_reply_makes_it_panic_or_go_on_for_ever(
            replies in proptest::collection::vec((prop_oneof![Just(200_u16), Just(400), Just(401), Just(404)], replies()), 1..12),
            which in 0_usize..6,
        ) {
            let wanted = with(minimal("5"), &[(Field::GROUPS, "Sales"), (Field::VOICEMAIL_GREETING, "")]);
            let numbers = ["5".to_owned()];
            let task = [
                Task::Create(&wanted), Task::Update(&wanted), Task::Get(&numbers),
                Task::GetStatus(&numbers), Task::List, Task::Delete("5"),
            ][which];
            let replies: Vec<Reply> = replies.into_iter().map(|(status, body)| no(status, &body)).collect();
            converse(&*vendor(&[]), &task, &replies);
        }
    }

    fn replies() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            Just("{}".to_owned()),
            Just("<!doctype html>".to_owned()),
            Just(r#"{"err_code": 1, "msg": "no"}"#.to_owned()),
            Just(r#"{"extension_number": "5", "belong_groups": ["12"]}"#.to_owned()),
            Just(r#"{"page_count": 1, "extensions": [{"extension_number": "5"}]}"#.to_owned()),
            Just(
                r#"{"page_count": 1, "groups": [{"group_id": "12", "group_name": "Sales"}]}"#
                    .to_owned()
            ),
            Just(
                r#"{"page_count": "x", "files": [{"filename": "a", "enabled": true}]}"#.to_owned()
            ),
            "\\PC{0,30}",
        ]
    }
}

mod membership {
    use super::*;

    fn member(groups: &str) -> PortSipLine {
        let mut line = PortSipLine::new(&[]);
        line.create(&with(minimal("5"), &[(Field::GROUPS, groups)]));
        line.heard.clear();
        line
    }

    fn update(line: &mut PortSipLine, groups: &str) -> Result<Answer, Fault> {
        line.run(&Task::Update(&extension(&[
            (Field::NUMBER, "5"),
            (Field::GROUPS, groups),
        ])))
    }

    #[test]
    fn joining_keeps_the_other_members_and_everything_of_the_group() {
        let mut line = member("Sales");
        line.create(&with(minimal("6"), &[(Field::GROUPS, "Sales;Support")]));
        let path = "/extensions/group/show?group_id=12";
        let mut group = line.raw("GET", path, &Value::Null).json().unwrap();
        group["group_id"] = "12".into();
        group["monitor_members"] = json!(["9"]);
        assert_eq!(
            line.raw("POST", "/extensions/group/update", &group).status,
            200
        );
        update(&mut line, "Support").unwrap();
        assert_eq!(line.groups("5"), "Support;Sales", "add is the default");
        assert_eq!(line.groups("6"), "Support;Sales");
        let after = line.raw("GET", path, &Value::Null).json().unwrap();
        assert_eq!(after["members"], json!(["6", "5"]));
        assert_eq!(after["monitor_members"], json!(["9"]));
        assert_eq!(after["enable_management_console_access"], json!(false));
    }

    #[test]
    fn replacing_leaves_the_others_and_clearing_leaves_all_but_the_default() {
        let mut line = member("Sales");
        line.vendor = vendor(&[("group_members", "replace")]);
        update(&mut line, "Support").unwrap();
        assert_eq!(line.groups("5"), "Support");
        update(&mut line, "Support;Sales").unwrap();
        update(&mut line, "Support;Sales").unwrap();
        assert_eq!(
            line.groups("5"),
            "Support;Sales",
            "what is wanted is not left"
        );
        let mut line = member("Sales;Support");
        update(&mut line, "").unwrap();
        assert_eq!(line.groups("5"), "");
        let default = format!("/extensions/group/show?group_id={}", groups::DEFAULT_GROUP);
        let default = line.raw("GET", &default, &Value::Null).json().unwrap();
        assert_eq!(default["members"], json!(["5"]));
        // Leaving once more leaves nothing, and asks no group.
        line.heard.clear();
        update(&mut line, "").unwrap();
        assert_eq!(
            operations(&line.heard),
            ["extensions/show", "extensions/group/list"]
        );
    }

    #[test]
    fn where_the_extension_does_not_say_its_groups_each_is_asked() {
        let list = json!({"page_count": 1, "groups": [
            {"group_id": "1", "group_name": "A"}, {"group_id": "2", "group_name": "B"},
            {"group_id": groups::DEFAULT_GROUP, "group_name": groups::DEFAULT_GROUP},
        ]});
        let group = |name: &str, members: Value| {
            ok(
                &json!({"group_name": name, "enable_intercom": true, "enable_external_call": true,
                "enable_management_console_access": true, "members": members})
                .to_string(),
            )
        };
        let wanted = extension(&[(Field::NUMBER, "5"), (Field::GROUPS, "")]);
        let replies = [
            ok(r#"{"extension_number": "5"}"#),
            ok(&list.to_string()),
            group("A", json!([])),
            group("B", json!([4, "5"])),
            ok(""),
        ];
        let (requests, turn) = converse(&*vendor(&[]), &Task::Update(&wanted), &replies);
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
        assert_eq!(body(&requests[4])["members"], json!(["4"]));
        assert_eq!(body(&requests[4])["group_id"], json!("2"));
    }

    #[test]
    fn an_unknown_group_refuses_the_row_before_anything_is_written() {
        let mut line = PortSipLine::new(&[]);
        for (names, code) in [
            ("Sales;Nobody", "portsip.group_missing"),
            ("sales", "portsip.group_missing"),
            (groups::DEFAULT_GROUP, "portsip.default_group"),
            ("12", "portsip.group_missing"),
        ] {
            let fault = line
                .run(&Task::Create(&with(
                    minimal("5"),
                    &[(Field::GROUPS, names)],
                )))
                .unwrap_err();
            assert_eq!(
                (fault.kind, &*fault.code),
                (FaultKind::Rejected, code),
                "{names}"
            );
            assert_eq!(fault.done_before, "");
        }
        assert!(line.pbx.numbers().is_empty());
    }

    #[test]
    fn a_missing_group_is_created_where_that_is_wished() {
        let mut line = PortSipLine::new(&[("missing_groups", "create")]);
        line.create(&with(minimal("5"), &[(Field::GROUPS, "Night watch;Sales")]));
        line.create(&with(minimal("6"), &[(Field::GROUPS, "Night watch")]));
        assert_eq!(line.groups("5"), "Night watch;Sales");
        assert_eq!(line.groups("6"), "Night watch");
        let made = line
            .heard
            .iter()
            .filter(|request| request.operation == "extensions/group/create");
        assert_eq!(made.count(), 1);
        assert_eq!(
            line.look("6").unwrap().text(Field::GROUPS),
            Some("Night watch")
        );
    }

    #[test]
    fn a_new_extension_has_no_group_to_leave() {
        for settings in [[("group_members", "add")], [("group_members", "replace")]] {
            let mut line = PortSipLine::new(&settings);
            line.heard.clear();
            line.create(&with(minimal("5"), &[(Field::GROUPS, "")]));
            assert_eq!(
                operations(&line.heard),
                ["extensions/group/list", "extensions/create"]
            );
        }
    }

    #[test]
    fn a_list_of_groups_that_repeats_itself_decides_nothing() {
        let rows: Vec<Value> = (0..100)
            .map(|n| json!({"group_id": n, "group_name": format!("G{n}")}))
            .collect();
        let page = ok(&json!({"page_count": 3, "groups": rows}).to_string());
        let wanted = with(minimal("5"), &[(Field::GROUPS, "G7")]);
        let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[page.clone(), page]);
        assert_eq!(fault(turn).code, "reply.not_understood");
        let nameless = ok(r#"{"page_count": 1, "groups": [{"group_id": "1"}]}"#);
        let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[nameless]);
        assert_eq!(fault(turn).code, "reply.not_understood");
    }

    #[test]
    fn two_groups_of_one_name_are_not_guessed_at() {
        let list = json!({"page_count": 1, "groups": [
            {"group_id": "1", "group_name": "A"}, {"group_id": "2", "group_name": "A"},
        ]});
        let wanted = with(minimal("5"), &[(Field::GROUPS, "A")]);
        let (requests, turn) = converse(
            &*vendor(&[]),
            &Task::Create(&wanted),
            &[ok(&list.to_string())],
        );
        assert_eq!(operations(&requests), ["extensions/group/list"]);
        assert_eq!(fault(turn).code, "portsip.group_ambiguous");
    }

    #[test]
    fn a_group_that_is_not_understood_is_never_written_back() {
        let list = ok(r#"{"page_count": 1, "groups": [{"group_id": "1", "group_name": "A"}]}"#);
        let whole = json!({"group_id": "1", "group_name": "A", "enable_intercom": true, "enable_external_call": true,
            "enable_management_console_access": true, "members": ["4"]});
        let broken = [
            ("members", Value::Null),
            ("members", json!("4")),
            ("members", json!([["4"]])),
            ("members", json!({"4": true})),
            ("group_id", json!("2")),
            ("group_name", json!("B")),
            ("enable_intercom", json!("true")),
            ("enable_external_call", Value::Null),
        ];
        let wanted = with(minimal("5"), &[(Field::GROUPS, "A")]);
        for (name, value) in broken {
            let mut group = whole.clone();
            group[name] = value;
            let replies = [list.clone(), ok(""), ok(&group.to_string())];
            let (requests, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &replies);
            assert_eq!(requests.len(), 3, "{name}");
            let fault = fault(turn);
            assert_eq!(fault.code, "reply.not_understood");
            assert_eq!(fault.done_before, "the extension was created");
        }
    }

    #[test]
    fn a_later_failure_says_what_was_done_before() {
        let list = ok(r#"{"page_count": 1, "groups": [{"group_id": "1", "group_name": "A"}]}"#);
        let group = ok(
            &json!({"group_name": "A", "enable_intercom": true, "enable_external_call": true,
            "enable_management_console_access": true, "members": []})
            .to_string(),
        );
        let wanted = with(
            minimal("5"),
            &[
                (Field::GROUPS, "A"),
                (Field::VOICEMAIL_GREETING, "https://u:canary@h/a.wav"),
            ],
        );
        let refused = no(
            400,
            r#"{"err_code": 9, "msg": "cannot fetch https://u:canary@h/a.wav"}"#,
        );
        let replies = [list, ok(""), group, ok(""), refused];
        let (_, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &replies);
        let fault = fault(turn);
        assert_eq!(fault.kind, FaultKind::Rejected);
        assert_eq!(
            fault.done_before,
            "the extension was created; the extension was added to the group A"
        );
        assert!(!format!("{fault:?}").contains("canary"));

        let wanted = extension(&[
            (Field::NUMBER, "5"),
            (Field::FIRST_NAME, "Ann"),
            (Field::VOICEMAIL_GREETING, "https://h/a.wav"),
        ]);
        let shown = ok(r#"{"extension_number": "5"}"#);
        let garbage = Reply::new(200, "text/html", "<html>");
        let (_, turn) = converse(
            &*vendor(&[]),
            &Task::Update(&wanted),
            &[shown, ok(""), ok(""), garbage],
        );
        let fault = super::fault(turn);
        assert_eq!(fault.kind, FaultKind::MayHaveHappened);
        assert_eq!(
            fault.done_before,
            "the extension was updated; the greeting a.wav was fetched"
        );
    }
}

mod greeting_files {
    use super::*;

    fn used(line: &PortSipLine) -> String {
        line.pbx.stored("5", "greeting_file").unwrap()
    }

    fn set(line: &mut PortSipLine, text: &str) -> Result<Answer, Fault> {
        line.run(&Task::Update(&extension(&[
            (Field::NUMBER, "5"),
            (Field::VOICEMAIL_GREETING, text),
        ])))
    }

    #[test]
    fn a_greeting_is_fetched_switched_and_removed() {
        let mut line = PortSipLine::new(&[]);
        line.create(&minimal("5"));
        set(
            &mut line,
            "HTTPS://files.example.com/g/gr%C3%BC%C3%9Fe+1.wav?v=2",
        )
        .unwrap_err();
        assert_eq!(used(&line), "", "the sim takes lower case only");
        let last = line.heard.last().unwrap();
        assert_eq!(last.operation, "extensions/greeting_file/create");
        set(
            &mut line,
            "https://files.example.com/g/gr%C3%BC%C3%9Fe+1=a&b.wav?v=2",
        )
        .unwrap();
        assert_eq!(used(&line), "gr\u{fc}\u{df}e+1=a&b.wav");
        set(&mut line, "https://files.example.com/other.wav").unwrap();
        assert_eq!(used(&line), "other.wav");
        set(&mut line, "gr\u{fc}\u{df}e+1=a&b.wav").unwrap();
        assert_eq!(
            line.look("5").unwrap().text(Field::VOICEMAIL_GREETING),
            Some("gr\u{fc}\u{df}e+1=a&b.wav")
        );
        set(&mut line, "").unwrap();
        assert_eq!(used(&line), "");
        set(&mut line, "").unwrap();
        let fault = set(&mut line, "nowhere.wav").unwrap_err();
        assert_eq!(fault.kind, FaultKind::Rejected);
    }

    #[test]
    fn an_address_without_a_file_refuses_the_row_before_anything_is_written() {
        for address in [
            "https://files.example.com",
            "https://u:canary@h/a/",
            "http://",
            "https://h/..%2Fa.wav",
            "https://h/a%5Cb",
        ] {
            let wanted = with(minimal("5"), &[(Field::VOICEMAIL_GREETING, address)]);
            let (requests, turn) = converse(&*vendor(&[]), &Task::Create(&wanted), &[]);
            assert!(requests.is_empty(), "{address}");
            let fault = fault(turn);
            assert_eq!(fault.code, "portsip.greeting_address");
            assert!(!fault.to_string().contains("canary"));
        }
    }
}

mod strict_pbx {
    use super::*;

    fn body() -> Value {
        json!({"extension_number": "5", "password": "p", "web_access_password": "w"})
    }

    #[test]
    fn the_sim_takes_the_printed_sample() {
        let mut line = PortSipLine::new(&[]);
        let sample: Value =
            serde_json::from_str(include_str!("golden/create.request.json")).unwrap();
        assert_eq!(line.raw("POST", "/extensions/create", &sample).status, 200);
        let shown = line
            .raw(
                "GET",
                "/extensions/show?extension_number=1000",
                &Value::Null,
            )
            .json()
            .unwrap();
        for (name, value) in sample.as_object().unwrap() {
            assert_eq!(&shown[name], value);
        }
    }

    #[test]
    fn the_sim_refuses_what_the_pages_forbid() {
        let mut line = PortSipLine::new(&[]);
        let mut wrong: Vec<Value> = vec![];
        for name in ["extension_number", "password", "web_access_password"] {
            let mut missing = body();
            missing.as_object_mut().unwrap().remove(name);
            wrong.push(missing);
            let mut number = body();
            number[name] = 5.into();
            wrong.push(number);
        }
        for (name, value) in [
            ("extension_number", json!("5 6")),
            ("profile", json!("x")),
            ("profile", json!({"first_name": 7})),
            ("options", json!({"enable_extension": "true"})),
            (
                "forward_rules",
                json!({"available": {"no_answer_timeval": "20"}}),
            ),
            (
                "forward_rules",
                json!({"available": {"no_answer_timeval": 20.5}}),
            ),
            (
                "forward_rules",
                json!({"away": {"office_hours_action": "CONNECT_TO_VOICE"}}),
            ),
            ("office_hours", json!({"monday_from": "9:00"})),
            ("office_hours", json!({"monday_from": "24:00"})),
            ("voice_mail", json!({"enable_vm_pin_auth": true})),
            ("colour", json!("red")),
        ] {
            let mut broken = body();
            broken[name] = value;
            wrong.push(broken);
        }
        for body in wrong {
            let reply = line.raw("POST", "/extensions/create", &body);
            assert_eq!(reply.status, 400, "{body}");
            let exchanges = reply.json().unwrap();
            assert!(
                exchanges["err_code"].is_u64() && exchanges["msg"].is_string(),
                "{body}"
            );
        }
        assert!(line.pbx.numbers().is_empty());
        assert_eq!(line.raw("POST", "/extensions/create", &body()).status, 200);
        // An update needs all five objects.
        let objects = [
            "profile",
            "options",
            "forward_rules",
            "office_hours",
            "voice_mail",
        ];
        for left_out in objects {
            let mut update = json!({"extension_number": "5"});
            for name in objects.iter().filter(|name| **name != left_out) {
                update[*name] = json!({});
            }
            assert_eq!(
                line.raw("POST", "/extensions/update", &update).status,
                400,
                "{left_out}"
            );
        }
        let mut update = json!({"extension_number": "5"});
        for name in objects {
            update[name] = json!({});
        }
        update["options"]["enable_extension"] = "on".into();
        assert_eq!(line.raw("POST", "/extensions/update", &update).status, 400);
        update["options"]["enable_extension"] = false.into();
        assert_eq!(line.raw("POST", "/extensions/update", &update).status, 200);
        update["password"] = "other".into();
        assert_eq!(line.raw("POST", "/extensions/update", &update).status, 400);
        // The default group stays.
        let id = json!({"group_id": groups::DEFAULT_GROUP});
        assert_eq!(
            line.raw("POST", "/extensions/group/destroy", &id).status,
            400
        );
        assert_eq!(
            line.raw(
                "POST",
                "/extensions/group/destroy",
                &json!({"group_id": "12"})
            )
            .status,
            200
        );
        // Paths begin with /api, and no request goes without a token.
        let mut heard = RawRequest {
            method: "GET".into(),
            target: "/extensions/list?pagination=1".into(),
            headers: vec![(
                "access_token".into(),
                line.session.token.reveal().to_owned(),
            )],
            body: vec![],
        };
        assert_eq!(line.pbx.answer(&heard).status, 404);
        heard.target.insert_str(0, "/api");
        assert_eq!(line.pbx.answer(&heard).status, 200);
        heard.headers.clear();
        assert_eq!(line.pbx.answer(&heard).status, 401);
    }

    #[test]
    fn the_sim_counts_refused_sign_ins() {
        let mut line = PortSipLine::new(&[]);
        let wrong = Account {
            username: "admin".into(),
            password: Secret::new("guess"),
            second: None,
        };
        let fault = line.run(&Task::SignIn(&wrong)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::CredentialRefused);
        let domain = Account {
            username: "admin@elsewhere".into(),
            password: Secret::new("guess"),
            second: None,
        };
        let fault = line.run(&Task::SignIn(&domain)).unwrap_err();
        assert_eq!(fault.vendor_code.as_deref(), Some("1050005"));
        assert_eq!(line.pbx.sign_ins(), 3);
    }
}

/// Groups as records of their own.
mod records {
    use super::*;

    const NAME: &str = "Sample extension group";

    fn records(settings: &[(&str, &str)]) -> Box<dyn Client> {
        testkit::client_of(
            super::super::super::vendor("portsip")
                .unwrap()
                .groups()
                .unwrap(),
            settings,
        )
    }

    fn line() -> PortSipLine {
        let mut line = PortSipLine::new(&[]);
        line.pbx = sim::pbx_of_groups(&account());
        line.vendor = records(&[]);
        line.sign_in();
        line.heard.clear();
        line
    }

    fn group(fields: &[(Field, &str)]) -> Record {
        with(extension(&[(Field::GROUP_NAME, NAME)]), fields)
    }

    fn full() -> Record {
        group(&[
            (Field::DESCRIPTION, NAME),
            (Field::INTERCOM, "on"),
            (Field::EXTERNAL_CALLS, "on"),
            (Field::CONSOLE_ACCESS, "on"),
            (Field::GROUP_MEMBERS, "105;106;107"),
        ])
    }

    /// The list of all groups: ids with names.
    fn list(groups: &[(&str, &str)]) -> Reply {
        let one = |(id, name): &(&str, &str)| json!({"group_id": id, "group_name": name});
        let groups: Vec<Value> = groups.iter().map(one).collect();
        ok(&json!({"page_count": 1, "groups": groups}).to_string())
    }

    fn shown() -> Reply {
        ok(include_str!("golden/group_show.reply.json"))
    }

    fn printed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_group_is_written_as_printed() {
        let vendor = records(&[("token_in", "body")]);
        let (requests, turn) = converse(
            &*vendor,
            &Task::Create(&full()),
            &[
                list(&[("1", "another")]),
                ok(include_str!("golden/group_create.reply.json")),
            ],
        );
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
        let sample = printed(include_str!("golden/group_create.request.json"));
        assert_eq!(body(&requests[1]), sample);

        let mut before = printed(include_str!("golden/group_show.reply.json"));
        before["members"] = json!(["101"]);
        before["enable_intercom"] = json!(false);
        before["group_description"] = json!("before");
        let replies = [list(&[("12", NAME)]), ok(&before.to_string()), ok("")];
        let (requests, turn) = converse(&*vendor, &Task::Update(&full()), &replies);
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
        let sample = printed(include_str!("golden/group_update.request.json"));
        assert_eq!(body(&requests[2]), sample);

        // Without the printed answer it is unknown if it was created.
        let replies = [list(&[("1", "another")]), ok("")];
        let (_, turn) = converse(&*vendor, &Task::Create(&full()), &replies);
        assert_eq!(fault(turn).kind, FaultKind::MayHaveHappened);

        // The sample names the group where an id is due.
        let (requests, _) = converse(&*vendor, &Task::Delete(NAME), &[list(&[(NAME, NAME)])]);
        let sample = printed(include_str!("golden/group_destroy.request.json"));
        assert_eq!(body(&requests[1]), sample);
    }

    #[test]
    fn the_printed_group_is_read_whole_and_the_default_one_never() {
        let names = [NAME.to_owned(), groups::DEFAULT_GROUP.to_owned()];
        let all = list(&[("12", NAME), (groups::DEFAULT_GROUP, groups::DEFAULT_GROUP)]);
        let (requests, turn) =
            converse(&*records(&[]), &Task::Get(&names), &[all.clone(), shown()]);
        assert_eq!(requests.len(), 2);
        assert_eq!(found(turn), [full()]);
        let (_, turn) = converse(&*records(&[]), &Task::List, &[all]);
        let listed = listing(turn);
        assert_eq!(
            (listed.numbers, listed.complete),
            (vec![NAME.to_owned()], true)
        );
    }

    #[test]
    fn members_come_in_one_order_whatever_order_the_pbx_has_them_in() {
        let mut shown = printed(include_str!("golden/group_show.reply.json"));
        shown["members"] = json!(["107", "99", 105, "0099", "99"]);
        let names = [NAME.to_owned()];
        let replies = [list(&[("12", NAME)]), ok(&shown.to_string())];
        let (_, turn) = converse(&*records(&[]), &Task::Get(&names), &replies);
        let members = found(turn)[0]
            .text(Field::GROUP_MEMBERS)
            .unwrap()
            .to_owned();
        assert_eq!(members, "99;105;107;0099");
    }

    #[test]
    fn where_nothing_differs_nothing_is_written() {
        let mut wanted = full();
        wanted.set(Field::GROUP_MEMBERS, "107;105;106");
        let replies = [list(&[("12", NAME)]), shown()];
        let (requests, turn) = converse(&*records(&[]), &Task::Update(&wanted), &replies);
        assert_eq!(requests.len(), 2);
        assert!(matches!(turn, Turn::Done(Answer::Done)), "{turn:?}");
    }

    #[test]
    fn an_update_loses_nothing_that_the_row_does_not_name() {
        let mut line = line();
        line.create(&group(&[(Field::GROUP_MEMBERS, "2001;2002")]));
        let path = "/extensions/group/show?group_id=101";
        let mut before = line.raw("GET", path, &Value::Null).json().unwrap();
        before["group_id"] = "101".into();
        before["monitor_members"] = json!(["9"]);
        line.raw("POST", "/extensions/group/update", &before);
        let change = |field, text| group(&[(field, text)]);
        for wanted in [
            change(Field::DESCRIPTION, "new"),
            change(Field::CONSOLE_ACCESS, "on"),
            change(Field::GROUP_MEMBERS, "2003"),
        ] {
            line.run(&Task::Update(&wanted)).unwrap();
        }
        let after = line.raw("GET", path, &Value::Null).json().unwrap();
        let expected = json!({
            "group_name": NAME, "group_description": "new", "monitor_members": ["9"],
            "enable_intercom": false, "enable_external_call": false,
            "enable_management_console_access": true, "members": ["2003"],
        });
        assert_eq!(after, expected);
        line.run(&Task::Update(&change(Field::GROUP_MEMBERS, "")))
            .unwrap();
        assert_eq!(line.pbx.stored(NAME, "members").unwrap(), "");
    }

    #[test]
    fn the_default_group_is_never_written() {
        let mut line = line();
        line.create(&full_of_sim());
        let default = extension(&[
            (Field::GROUP_NAME, groups::DEFAULT_GROUP),
            (Field::GROUP_MEMBERS, ""),
        ]);
        line.heard.clear();
        for task in [
            Task::Create(&default),
            Task::Update(&default),
            Task::Delete(groups::DEFAULT_GROUP),
        ] {
            let fault = line.run(&task).unwrap_err();
            assert_eq!(fault.code, "portsip.default_group", "{task:?}");
        }
        // Nor where it goes by another name.
        let all = list(&[(groups::DEFAULT_GROUP, "Everybody")]);
        let everybody = extension(&[(Field::GROUP_NAME, "Everybody")]);
        for task in [
            Task::Create(&everybody),
            Task::Update(&everybody),
            Task::Delete("Everybody"),
        ] {
            let (requests, turn) = converse(&*records(&[]), &task, std::slice::from_ref(&all));
            assert_eq!(fault(turn).code, "portsip.default_group", "{task:?}");
            assert_eq!(requests.len(), 1);
        }
        let writes = line.heard.iter();
        assert_eq!(writes.filter(|one| one.effect == Effect::Writes).count(), 0);
    }

    fn full_of_sim() -> Record {
        with(full(), &[(Field::GROUP_MEMBERS, "2001;2002")])
    }

    #[test]
    fn what_exists_or_is_missing_is_said_so_before_anything_is_written() {
        let mut line = line();
        line.create(&full_of_sim());
        line.heard.clear();
        let kind = |line: &mut PortSipLine, task: &Task<'_>| line.run(task).unwrap_err().kind;
        let other = extension(&[(Field::GROUP_NAME, "sample extension group")]);
        assert_eq!(
            kind(&mut line, &Task::Create(&full_of_sim())),
            FaultKind::Exists
        );
        assert_eq!(kind(&mut line, &Task::Update(&other)), FaultKind::Missing);
        assert_eq!(
            kind(&mut line, &Task::Delete(other.number())),
            FaultKind::Missing
        );
        let only_lists = ["extensions/group/list"; 3];
        assert_eq!(operations(&line.heard), only_lists);
        // Letter by letter: the other one is another one.
        line.create(&other);
        assert_eq!(line.pbx.numbers().len(), 2);
        for blank in ["", " "] {
            let nameless = extension(&[(Field::GROUP_NAME, blank)]);
            for task in [
                Task::Create(&nameless),
                Task::Update(&nameless),
                Task::Delete(blank),
                Task::Get(&[blank.to_owned()]),
            ] {
                let fault = line.run(&task).unwrap_err();
                assert_eq!(fault.code, "portsip.no_group_name", "{task:?}");
            }
        }
    }

    #[test]
    fn of_two_groups_of_one_name_none_is_touched_and_both_are_read() {
        let both = list(&[("1", NAME), ("2", NAME)]);
        for task in [
            Task::Create(&full()),
            Task::Update(&full()),
            Task::Delete(NAME),
        ] {
            let (requests, turn) = converse(&*records(&[]), &task, std::slice::from_ref(&both));
            assert_eq!(fault(turn).code, "portsip.group_ambiguous", "{task:?}");
            assert_eq!(requests.len(), 1);
        }
        let (_, turn) = converse(&*records(&[]), &Task::List, std::slice::from_ref(&both));
        assert_eq!(listing(turn).numbers, [NAME, NAME]);
        let names = [NAME.to_owned()];
        let (_, turn) = converse(
            &*records(&[]),
            &Task::Get(&names),
            &[both, shown(), shown()],
        );
        assert_eq!(found(turn).len(), 2);
    }

    #[test]
    fn a_name_with_blanks_around_it_is_found_and_kept() {
        let all = list(&[("12", " Sales ")]);
        let mut group = printed(include_str!("golden/group_show.reply.json"));
        group["group_name"] = " Sales ".into();
        let wanted = extension(&[(Field::GROUP_NAME, "Sales"), (Field::DESCRIPTION, "x")]);
        let replies = [all.clone(), ok(&group.to_string()), ok("")];
        let (requests, _) = converse(&*records(&[]), &Task::Update(&wanted), &replies);
        assert_eq!(body(&requests[2])["group_name"], " Sales ");
        let (_, turn) = converse(&*records(&[]), &Task::List, &[all]);
        assert_eq!(listing(turn).numbers, ["Sales"]);
    }

    #[test]
    fn by_a_list_that_contradicts_itself_nothing_is_made_removed_or_missing() {
        let pages = json!({"groups": [{"group_id": "1", "group_name": "A"}]});
        let twice = json!({"page_count": 1, "groups": [
            {"group_id": "1", "group_name": "A"}, {"group_id": "1", "group_name": "A"},
        ]});
        for all in [pages, twice] {
            let all = [ok(&all.to_string())];
            let (_, turn) = converse(&*records(&[]), &Task::List, &all);
            assert!(!listing(turn).complete);
            let names = [NAME.to_owned()];
            for task in [
                Task::Create(&full()),
                Task::Update(&full()),
                Task::Delete(NAME),
                Task::Get(&names),
            ] {
                let (requests, turn) = converse(&*records(&[]), &task, &all);
                assert_eq!(fault(turn).code, "portsip.groups_doubtful", "{task:?}");
                assert_eq!(requests.len(), 1);
            }
        }
        let nameless = list(&[("1", ""), ("2", "B")]);
        let (_, turn) = converse(&*records(&[]), &Task::List, &[nameless]);
        assert!(!listing(turn).complete);
    }

    #[test]
    fn a_group_that_goes_between_two_questions_is_missing() {
        let (here, gone) = (list(&[("12", NAME)]), list(&[]));
        let refused = no(
            404,
            r#"{"err_code": 1060002, "msg": "there is no such group"}"#,
        );
        let replies = [here.clone(), refused.clone(), gone.clone()];
        let names = [NAME.to_owned()];
        let (_, turn) = converse(&*records(&[]), &Task::Get(&names), &replies);
        assert!(found(turn).is_empty());
        for task in [Task::Update(&full()), Task::Delete(NAME)] {
            let (_, turn) = converse(&*records(&[]), &task, &replies);
            assert_eq!(fault(turn).kind, FaultKind::Missing, "{task:?}");
            // Refused for another reason.
            let replies = [here.clone(), refused.clone(), here.clone()];
            let (_, turn) = converse(&*records(&[]), &task, &replies);
            let fault = fault(turn);
            assert_eq!(
                (fault.kind, &*fault.code),
                (FaultKind::Rejected, "portsip.1060002")
            );
        }
        let (_, turn) = converse(
            &*records(&[]),
            &Task::Create(&full()),
            &[gone.clone(), refused.clone(), here],
        );
        assert_eq!(fault(turn).kind, FaultKind::Exists);
        let (_, turn) = converse(
            &*records(&[]),
            &Task::Create(&full()),
            &[gone.clone(), refused, gone],
        );
        assert_eq!(fault(turn).kind, FaultKind::Rejected);
    }

    #[test]
    fn a_group_that_is_not_understood_is_never_written_back() {
        let broken = [
            ("members", Value::Null),
            ("members", json!("4")),
            ("members", json!([["4"]])),
            ("group_id", json!("2")),
            ("group_name", json!("B")),
            ("enable_intercom", json!("true")),
            ("enable_external_call", Value::Null),
        ];
        for (name, value) in broken {
            let mut group = printed(include_str!("golden/group_show.reply.json"));
            group[name] = value;
            let wanted = with(full(), &[(Field::DESCRIPTION, "new")]);
            let replies = [list(&[("12", NAME)]), ok(&group.to_string())];
            let (requests, turn) = converse(&*records(&[]), &Task::Update(&wanted), &replies);
            assert_eq!(requests.len(), 2, "{name}");
            assert_eq!(fault(turn).code, "reply.not_understood");
        }
        // An answer that is no group at all is not taken for an empty one.
        let names = [NAME.to_owned()];
        for strange in ["", "{}", "[]", "null", r#"{"group_name": "B"}"#] {
            let replies = [list(&[("12", NAME)]), ok(strange)];
            let (_, turn) = converse(&*records(&[]), &Task::Get(&names), &replies);
            assert_eq!(fault(turn).code, "reply.not_understood", "{strange}");
        }
    }

    #[test]
    fn the_extensions_are_asked_for_in_the_same_words() {
        let records = records(&[]);
        let extensions = records.extensions().unwrap();
        assert!(extensions.extensions().is_none());
        let page = ok(r#"{"page_count": 1, "extensions": [{"extension_number": "0042"}]}"#);
        let (requests, turn) = converse(extensions, &Task::List, &[page]);
        assert_eq!(operations(&requests), ["extensions/list"]);
        assert_eq!(listing(turn).numbers, ["0042"]);
    }

    #[test]
    fn the_sim_holds_groups_to_the_pages() {
        let mut line = line();
        let path = "/extensions/group/create";
        let whole = json!({"group_name": "A", "enable_intercom": true, "enable_external_call": true,
            "enable_management_console_access": true, "members": ["2001"]});
        assert_eq!(line.raw("POST", path, &whole).status, 200);
        for (name, value) in [
            ("group_name", json!("")),
            ("enable_intercom", Value::Null),
            ("enable_external_call", json!("true")),
            ("members", json!(["9999"])),
            ("members", json!("2001")),
        ] {
            let mut group = whole.clone();
            group[name] = value;
            assert!(line.raw("POST", path, &group).status >= 400, "{name}");
        }
        for path in ["/extensions/group/update", "/extensions/group/destroy"] {
            let mut group = whole.clone();
            group["group_id"] = groups::DEFAULT_GROUP.into();
            assert_eq!(line.raw("POST", path, &group).status, 400, "{path}");
        }
        // A second one of the same name is another group: no page forbids it.
        assert_eq!(line.raw("POST", path, &whole).status, 200);
        assert_eq!(line.pbx.numbers(), ["A", "A"]);
        assert_eq!(line.pbx.created("A"), 2);
    }
}
