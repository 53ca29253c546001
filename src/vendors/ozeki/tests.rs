//! Requests and replies against the vendor's pages, and against the simulated PBX.

use super::super::testkit::{
    self, account, answer, fault, found, record, request as say, session_of,
};
use super::*;
use crate::model::Field;
use crate::wire::{Pbx, RawRequest, Reply, Turn, xml};
use proptest::prelude::*;

const WAYS: [(&str, &str); 4] = [
    ("post", "once"),
    ("post", "twice"),
    ("get", "once"),
    ("get", "twice"),
];

macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("golden/", $name))
    };
}

fn ozeki(method: &str, escape: &str) -> Box<dyn Client> {
    testkit::client("ozeki", &[("method", method), ("escape", escape)])
}

fn ann() -> Record {
    record(&[
        (Field::NUMBER, "0042"),
        (Field::SIP_USERNAME, "ann"),
        (Field::SIP_PASSWORD, "O'Neil & <S\u{f8}n> \"QA\""),
        (Field::USER_ID, "user100"),
    ])
}

/// Returns the record of the page's sample configuration.
fn printed() -> Record {
    record(&[
        (Field::NUMBER, "100"),
        (Field::SIP_PASSWORD, "100"),
        (Field::USER_ID, "user100"),
    ])
}

fn heard(request: &Request) -> RawRequest {
    testkit::raw(&*ozeki("post", "once"), request)
}

fn converse(vendor: &dyn Client, pbx: &mut dyn Pbx, task: Task<'_>, session: &Session) -> Turn {
    testkit::converse_with(vendor, pbx, session, task)
}

/// The vendor's last turn where the PBX answers with these bodies, one after the other.
fn answered(task: Task<'_>, bodies: &[&str]) -> Turn {
    let session = OfficeUser::of_account(&account("office", "canary-office")).session();
    let replies: Vec<Reply> = bodies
        .iter()
        .map(|body| Reply::new(200, "application/xml", *body))
        .collect();
    testkit::replay(&*ozeki("post", "once"), &task, &session, &replies).0
}

fn refusal(code: &str, message: &str) -> String {
    format!("<Response><Code>{code}</Code><Message>{message}</Message></Response>")
}

/// Writes query or form, as it goes over the wire.
fn on_the_wire(request: &Request) -> String {
    let heard = heard(request);
    match request.method {
        Method::Get => heard.query().to_owned(),
        _ => String::from_utf8(heard.body).unwrap(),
    }
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    let wire = on_the_wire(request);
    let mut all = form_urlencoded::parse(wire.as_bytes()).filter(|(known, _)| known == name);
    let first = all.next().map(|(_, value)| value.into_owned());
    assert_eq!(all.next(), None, "{name} stands twice");
    first
}

/// An element without the white space that the page lays it out with.
fn packed(text: &str) -> Element {
    fn pack(element: &mut Element) {
        element.text = element.text.trim().to_owned();
        element.children.iter_mut().for_each(pack);
    }
    let mut element = xml::parse(text.as_bytes()).unwrap();
    pack(&mut element);
    element
}

/// The visible part of a printed request's query. The page writes hexadecimal digits in lower case.
fn printed_query(url: &str) -> String {
    let (_, query) = url.trim().split_once("/?").unwrap();
    query.trim_end_matches("...").to_ascii_lowercase()
}

#[test]
fn vendor_toml_holds_together() {
    assert_eq!(manifest().vendor.id, "ozeki");
    assert!(Manifest::parse(include_str!("vendor.toml")).is_ok());
}

#[test]
fn requests_are_as_printed() {
    let session = Session::default();
    let current = golden!("getconfig.reply.xml").replace("1000", "100");
    let got = Exchange {
        request: Request::new("GetConfig", Method::Post, "/", Effect::Reads),
        reply: Reply::new(200, "application/xml", current),
    };
    let (wanted, numbers) = (printed(), ["1000".to_owned()]);
    let exchanges = [got];
    let cases: [(&str, Task<'_>, &[Exchange], &str); 5] = [
        (
            golden!("listextensions.request.txt"),
            Task::List,
            &[],
            "ListExtensions",
        ),
        (
            golden!("getconfig.request.txt"),
            Task::Get(&numbers),
            &[],
            "GetConfig",
        ),
        (
            golden!("addconfig.request.txt"),
            Task::Create(&wanted),
            &[],
            "AddConfig",
        ),
        (
            golden!("modifyconfig.request.txt"),
            Task::Update(&wanted),
            &exchanges,
            "ModifyConfig",
        ),
        (
            golden!("removeconfig.request.txt"),
            Task::Delete("100"),
            &exchanges,
            "RemoveConfig",
        ),
    ];
    for (method, escape) in WAYS {
        for (url, task, exchanges, command) in cases {
            let request = say(ozeki(method, escape).next(&task, &session, exchanges));
            let wire = on_the_wire(&request).to_ascii_lowercase();
            let printed = printed_query(url);
            let carries_xml = printed.contains("configxml");
            if carries_xml && escape == "once" {
                // The sample is escaped twice; without the second time it is this.
                let once = printed.replace("%26lt%3b", "%3c");
                assert!(wire.starts_with(&once), "{wire}");
            } else if carries_xml {
                assert!(wire.starts_with(&printed), "{wire}");
            } else {
                assert_eq!(wire, printed);
            }
            let writes = command.ends_with("Config") && command != "GetConfig";
            assert_eq!(
                request.effect == Effect::Writes,
                writes,
                "{method} {command}"
            );
            assert_eq!((request.operation, request.path.as_str()), (command, "/"));
            assert_eq!(request.method.word().to_lowercase(), method);
            match request.method {
                Method::Get => assert!(request.body == Body::Empty),
                _ => assert!(request.query.is_empty()),
            }
        }
    }
}

#[test]
fn configurations_are_as_printed() {
    let add = ozeki("post", "once").next(&Task::Create(&printed()), &Session::default(), &[]);
    let sent = parameter(&say(add), "ConfigXML").unwrap();
    assert_eq!(packed(&sent), packed(golden!("addconfig.config.xml")));
    // It begins as the sample begins, without a declaration.
    assert!(
        sent.starts_with("<Config knownType=\"SIPExtensionInfo\">"),
        "{sent}"
    );

    let change = record(&[
        (Field::NUMBER, "100"),
        (Field::ENABLED, "off"),
        (Field::USER_ID, "user1000"),
    ]);
    let current = golden!("getconfig.reply.xml").replace("1000", "100");
    let modify = say(answered(Task::Update(&change), &[&current]));
    let sent = parameter(&modify, "ConfigXML").unwrap();
    assert_eq!(packed(&sent), packed(golden!("modifyconfig.config.xml")));
}

#[test]
fn escaping_twice_is_what_the_sample_shows_and_can_be_undone() {
    let request =
        |escape| say(ozeki("get", escape).next(&Task::Create(&ann()), &Session::default(), &[]));
    let once = parameter(&request("once"), "ConfigXML").unwrap();
    let twice = parameter(&request("twice"), "ConfigXML").unwrap();
    assert!(
        twice.starts_with("&lt;Config knownType=\"SIPExtensionInfo\">"),
        "{twice}"
    );
    assert!(
        !twice.contains('<') && twice.contains("O&amp;apos;Neil &amp;amp; &amp;lt;S\u{f8}n"),
        "{twice}"
    );
    assert_eq!(twice.replace("&lt;", "<").replace("&amp;", "&"), once);
}

#[test]
fn printed_replies_are_understood() {
    let numbers = ["1000".to_owned()];
    let got = golden!("getconfig.reply.xml");
    let looked = found(answered(Task::Get(&numbers), &[got]));
    let expected = record(&[
        (Field::NUMBER, "1000"),
        (Field::SIP_AUTH_NAME, "1000"),
        (Field::SIP_PASSWORD, "1000"),
        (Field::ENABLED, "on"),
        (Field::USER_ID, "user1000"),
        (Field::EXTENSION_TYPE, "SIP"),
    ]);
    assert_eq!(looked, std::slice::from_ref(&expected));

    let mut live = expected;
    live.set(Field::LAST_IP_ADDRESS, "192.168.115.188:5060 (Udp)");
    live.set(Field::USER_AGENT, "Grandstream GXP2000 1.2.5.3");
    assert_eq!(found(answered(Task::GetStatus(&numbers), &[got])), [live]);

    let listed = answered(Task::List, &[golden!("listextensions.reply.xml")]);
    let numbers = ["1000", "1001", "1002", "100"].map(str::to_owned).to_vec();
    let listing = Listing {
        numbers,
        complete: true,
        ..Listing::default()
    };
    assert_eq!(answer(listed), Answer::Listing(listing));

    let current = got.replace("1000", "100");
    let wanted = printed();
    for (task, bodies) in [
        (Task::Create(&wanted), vec![golden!("addconfig.reply.xml")]),
        (
            Task::Update(&wanted),
            vec![current.as_str(), golden!("modifyconfig.reply.xml")],
        ),
        (
            Task::Delete("100"),
            vec![current.as_str(), golden!("removeconfig.reply.xml")],
        ),
    ] {
        assert_eq!(answer(answered(task, &bodies)), Answer::Done);
    }

    let refused = fault(answered(
        Task::Create(&wanted),
        &[golden!("refusal.reply.xml")],
    ));
    assert_eq!(
        (refused.kind, refused.code.as_ref()),
        (FaultKind::Rejected, "ozeki.401")
    );
    // These words do not contain the sample's password, 100, so they are shown.
    assert!(
        refused
            .to_string()
            .contains("API extension '9986' unavailable"),
        "{}",
        refused
    );
}

#[test]
fn only_code_200_within_response_is_success() {
    let html = "<html><body><Code>200</Code></body></html>";
    let ok = "<Code>200</Code><Message>Command successfully executed</Message>";
    let bodies = [
        "",
        "200",
        "garbage <<<",
        "\u{0}\u{1}",
        "{\"Code\":200}",
        html,
        "<!DOCTYPE html><html><head><title>Welcome</title></head></html>",
        "<!DOCTYPE Response [<!ENTITY c \"200\">]><Response><Code>&c;</Code></Response>",
        &format!("<Answer>{ok}</Answer>"),
        &format!("<response>{ok}</response>"),
        &format!("<Envelope><Response>{ok}</Response></Envelope>"),
        &format!("<Response><Inner>{ok}</Inner></Response>"),
        &format!("<Response>{ok}"),
        &format!("<Response>{ok}</Response><Response>{ok}</Response>"),
        "<Response><Message>Command successfully executed</Message></Response>",
        "<Response><Code></Code></Response>",
        "<Response><Code/></Response>",
        "<Response><code>200</code></Response>",
        "<Response Code=\"200\"/>",
        "<Response><Code>200</Code><Code>703</Code></Response>",
        "<Response><Code>703</Code><Code>200</Code></Response>",
        "<Response><Code>200 OK</Code></Response>",
        "<Response><Code>0200</Code></Response>",
        "<Response><Code>+20</Code></Response>",
        "<Response><Code>OK</Code></Response>",
    ];
    let (wanted, numbers) = (printed(), ["100".to_owned()]);
    let someone = account("office", "canary-office");
    for body in bodies {
        for task in [
            Task::Create(&wanted),
            Task::Update(&wanted),
            Task::Delete("100"),
            Task::Get(&numbers),
            Task::List,
        ] {
            let fault = fault(answered(task, &[body]));
            assert_eq!(
                (fault.kind, fault.code.as_ref()),
                (FaultKind::MayHaveHappened, "reply.not_understood"),
                "{task:?} {body}"
            );
        }
        let current = golden!("getconfig.reply.xml").replace("1000", "100");
        for task in [Task::Update(&wanted), Task::Delete("100")] {
            let fault = fault(answered(task, &[&current, body]));
            assert_eq!(fault.kind, FaultKind::MayHaveHappened, "{task:?} {body}");
        }
        let fault = fault(answered(Task::SignIn(&someone), &[body]));
        assert_eq!(fault.code, "reply.not_understood", "{body}");
    }
}

#[test]
fn a_message_of_success_does_not_make_up_for_the_code() {
    let body = refusal("702", "Command successfully executed");
    let fault = fault(answered(Task::Create(&printed()), &[&body]));
    assert_eq!(fault.kind, FaultKind::Rejected);
    let vendor = ozeki("post", "once");
    let wanted = printed();
    let task = Task::Create(&wanted);
    let request = say(vendor.next(&task, &Session::default(), &[]));
    // Nor does HTTP's status count, one way or the other.
    let reply = Reply::new(404, "application/xml", golden!("addconfig.reply.xml"));
    let exchanges = [Exchange { request, reply }];
    assert_eq!(
        answer(vendor.next(&task, &Session::default(), &exchanges)),
        Answer::Done
    );
}

#[test]
fn a_page_that_refuses_ends_the_run_whether_or_not_it_is_well_formed() {
    for body in ["<html>who are you?</html>", "<html><br>who are you?", ""] {
        let vendor = ozeki("post", "once");
        let wanted = printed();
        let task = Task::Create(&wanted);
        let request = say(vendor.next(&task, &Session::default(), &[]));
        let reply = Reply::new(401, "text/html", body);
        let exchanges = [Exchange { request, reply }];
        let refused = fault(vendor.next(&task, &Session::default(), &exchanges));
        assert_eq!(refused.kind, FaultKind::TargetUnusable, "{body}");
        assert_eq!(refused.http_status, Some(401), "{body}");
    }
}

#[test]
fn every_code_of_the_status_page_has_its_meaning() {
    use FaultKind::*;
    let codes = [
        ("300", Rejected),
        ("301", TargetUnusable),
        ("302", Rejected),
        ("303", Rejected),
        ("304", CredentialRefused),
        ("305", CredentialRefused),
        ("306", TargetUnusable),
        ("307", TargetUnusable),
        ("401", Rejected),
        ("402", Rejected),
        ("501", Rejected),
        ("601", Rejected),
        ("702", Rejected),
        ("703", Exists),
        ("999", MayHaveHappened),
        ("201", MayHaveHappened),
    ];
    let someone = account("office", "canary-office");
    for (code, kind) in codes {
        let body = refusal(code, "");
        let refused = fault(answered(Task::Create(&printed()), &[&body]));
        assert_eq!(refused.kind, kind, "{code}");
        assert_eq!(refused.vendor_code.as_deref(), Some(code));
        assert_eq!(refused.code, format!("ozeki.{code}"));
        assert_eq!(refused.http_status, Some(200));
        // A sign-in changes nothing, whatever the code means.
        let at_sign_in = fault(answered(Task::SignIn(&someone), &[&body]));
        let expected = match kind {
            MayHaveHappened => TargetUnusable,
            kind => kind,
        };
        assert_eq!(at_sign_in.kind, expected, "{code}");
    }
}

#[test]
fn what_is_not_there_is_missing_wherever_it_is_said() {
    let (wanted, numbers) = (printed(), ["100".to_owned()]);
    let missing = refusal("701", "Configuration for type 'x' not found");
    let exists = refusal("703", "Extension configuration already exists");
    let current = golden!("getconfig.reply.xml").replace("1000", "100");
    for bodies in [vec![&missing], vec![&current, &missing]] {
        let bodies: Vec<&str> = bodies.iter().map(|body| body.as_str()).collect();
        for task in [Task::Update(&wanted), Task::Delete("100")] {
            let fault = fault(answered(task, &bodies));
            assert_eq!(fault.kind, FaultKind::Missing, "{task:?}");
        }
    }
    // ModifyConfig's page lists 703 where 701 would be due.
    let gone = fault(answered(Task::Update(&wanted), &[&current, &exists]));
    assert_eq!(
        (gone.kind, gone.vendor_code.as_deref()),
        (FaultKind::Missing, Some("703"))
    );
    assert!(gone.to_string().contains("100"), "{gone}");

    assert_eq!(found(answered(Task::Get(&numbers), &[&missing])), []);
    let added = |body: &str| fault(answered(Task::Create(&wanted), &[body])).kind;
    assert_eq!(added(&exists), FaultKind::Exists);
    assert_eq!(added(&missing), FaultKind::Rejected);
}

#[test]
fn an_answer_about_another_extension_is_not_taken() {
    let wanted = record(&[(Field::NUMBER, "0100"), (Field::ENABLED, "off")]);
    let numbers = ["0100".to_owned()];
    let other = golden!("getconfig.reply.xml").replace("1000", "100");
    let nameless = other.replace("<ID>100</ID>", "");
    let bare = refusal("200", "Command successfully executed");
    for body in [&other, &nameless, &bare] {
        for task in [
            Task::Get(&numbers),
            Task::GetStatus(&numbers),
            Task::Update(&wanted),
            Task::Delete("0100"),
        ] {
            let fault = fault(answered(task, &[body]));
            assert_eq!(fault.code, "reply.not_understood", "{task:?} {body}");
        }
    }
}

#[test]
fn extensions_of_other_types_are_left_alone() {
    let current = golden!("getconfig.reply.xml")
        .replace("1000", "100")
        .replace("SIPExtensionInfo", "IVRExtensionInfo");
    let (wanted, numbers) = (printed(), ["100".to_owned()]);
    for task in [Task::Update(&wanted), Task::Delete("100")] {
        let fault = fault(answered(task, &[&current]));
        assert_eq!(
            (fault.kind, fault.code.as_ref()),
            (FaultKind::Rejected, "ozeki.other_type")
        );
        assert!(fault.to_string().contains("IVR"), "{fault}");
    }
    let untyped = current.replace(" knownType=\"IVRExtensionInfo\"", "");
    assert_eq!(
        fault(answered(Task::Delete("100"), &[&untyped])).code,
        "ozeki.other_type"
    );
    let looked = found(answered(Task::Get(&numbers), &[&current]));
    assert_eq!(looked[0].text(Field::EXTENSION_TYPE), Some("IVR"));

    let listed = golden!("listextensions.reply.xml").replacen("SIP", "IVR", 1);
    let Answer::Listing(listing) = answer(answered(Task::List, &[&listed])) else {
        panic!("no listing");
    };
    assert_eq!(listing.numbers, ["1001", "1002", "100"]);
    assert!(listing.complete);
}

#[test]
fn a_doubtful_listing_is_not_whole() {
    let whole = golden!("listextensions.reply.xml");
    for broken in [
        whole.replacen("<Id>1001</Id>", "", 1),
        whole.replacen("<Id>1001</Id>", "<Id/>", 1),
        whole.replacen("<Type>SIP</Type>", "", 1),
        whole.replacen("</Extensions>", "<More/></Extensions>", 1),
        refusal("200", "Command successfully executed"),
    ] {
        let Answer::Listing(listing) = answer(answered(Task::List, &[&broken])) else {
            panic!("no listing");
        };
        assert!(!listing.complete, "{broken}");
    }
}

#[test]
fn the_office_user_and_the_telephone_account_are_not_mixed_up() {
    let wanted = record(&[
        (Field::NUMBER, "2002"),
        (Field::SIP_USERNAME, "sip-user"),
        (Field::SIP_PASSWORD, "sip-pass"),
        (Field::USER_ID, "user100"),
    ]);
    let session = OfficeUser::of_account(&account("office & co", "p=w&d%+ \u{fc}")).session();
    for (method, escape) in WAYS {
        let request = say(ozeki(method, escape).next(&Task::Create(&wanted), &session, &[]));
        assert_eq!(
            parameter(&request, "Username").as_deref(),
            Some("office & co")
        );
        assert_eq!(
            parameter(&request, "Password").as_deref(),
            Some("p=w&d%+ \u{fc}")
        );
        let config = parameter(&request, "ConfigXML").unwrap();
        assert!(
            config.contains("sip-user") && config.contains("sip-pass"),
            "{config}"
        );
        assert!(
            !config.contains("office") && !config.contains("p=w"),
            "{config}"
        );
        if method == "post" {
            assert_eq!(request.encode("").unwrap().target, "/");
        }
    }
    let nobody = OfficeUser::of_account(&account("", "unused")).session();
    assert_eq!(nobody, Session::default());
    let request = say(ozeki("post", "once").next(&Task::Create(&wanted), &nobody, &[]));
    assert_eq!(parameter(&request, "Username"), None);
    assert_eq!(parameter(&request, "Password"), None);
}

#[test]
fn the_pbx_may_repeat_a_secret_but_we_do_not() {
    let wanted = record(&[
        (Field::NUMBER, "100"),
        (Field::SIP_PASSWORD, "canary-sip"),
        (Field::USER_ID, "u"),
    ]);
    let current = golden!("getconfig.reply.xml")
        .replace("<Password>1000", "<Password>canary-held")
        .replace("1000", "100");
    let only_enabled = record(&[(Field::NUMBER, "100"), (Field::ENABLED, "off")]);
    for code in ["300", "302", "702", "999", "305"] {
        for text in [
            "canary-office",
            "Missing or invalid parameter 'canary-sip'",
            "'&lt;Password&gt;canary'",
            "command=AddConfig&amp;ConfigXML=%3Ccanary",
            "'canary-held'",
            "\u{9b}canary",
        ] {
            let body = refusal(code, text);
            if text != "'canary-held'" {
                let fault = fault(answered(Task::Create(&wanted), &[&body]));
                assert!(!format!("{fault:?}").contains("canary"), "{fault:?}");
            }
            if !text.contains("canary-sip") {
                let fault = fault(answered(Task::Update(&only_enabled), &[&current, &body]));
                assert!(!format!("{fault:?}").contains("canary"), "{fault:?}");
            }
        }
    }
    let session = OfficeUser::of_account(&account("office", "canary-office")).session();
    assert!(!format!("{session:?}").contains("canary"));
    let shown = refusal("302", "Missing or invalid parameter 'ExtensionType'");
    let fault = fault(answered(Task::Create(&wanted), &[&shown]));
    assert!(fault.to_string().contains("'ExtensionType'"), "{fault}");
}

#[test]
fn a_change_carries_along_what_it_does_not_know() {
    let current = golden!("getconfig.reply.xml")
        .replace("1000", "100")
        .replace("<Config ", "<Config version=\"7\" ")
        .replace(
            "<Enabled>",
            "<Codecs q=\"1\"><Codec>G.711 &amp; more</Codec><Codec/></Codecs><Enabled>",
        );
    let change = record(&[(Field::NUMBER, "100"), (Field::SIP_AUTH_NAME, "ann")]);
    let request = say(answered(Task::Update(&change), &[&current]));
    let sent = packed(&parameter(&request, "ConfigXML").unwrap());
    let before = packed(&current).child("Config").unwrap().clone();
    assert_eq!(sent.attributes, before.attributes);
    assert_eq!(sent.child("Codecs"), before.child("Codecs"));
    assert_eq!(sent.child_text("AuthorizationName"), Some("ann"));
    assert_eq!(sent.child_text("Enabled"), Some("true"));
    // Live state is left out; the user name, which is not given back, follows the authorization name.
    assert_eq!(
        sent.child("LastIPAddress").or(sent.child("UserAgentName")),
        None
    );
    assert_eq!(sent.child_text("Username"), Some("ann"));

    let named = record(&[(Field::NUMBER, "100"), (Field::SIP_USERNAME, "bob")]);
    let request = say(answered(Task::Update(&named), &[&current]));
    let sent = packed(&parameter(&request, "ConfigXML").unwrap());
    assert_eq!(sent.child_text("Username"), Some("bob"));

    let nameless = current.replace("<AuthorizationName>100</AuthorizationName>", "");
    let disable = record(&[(Field::NUMBER, "100"), (Field::ENABLED, "off")]);
    let request = say(answered(Task::Update(&disable), &[&nameless]));
    let sent = packed(&parameter(&request, "ConfigXML").unwrap());
    assert_eq!(sent.child_text("Username"), Some("100"));
}

#[test]
fn a_control_character_never_leaves() {
    let mut wanted = ann();
    wanted.set(Field::USER_ID, "a\u{0}b");
    let turn = ozeki("get", "twice").next(&Task::Create(&wanted), &Session::default(), &[]);
    assert_eq!(fault(turn).code, "xml.character");
}

#[test]
fn staying_and_leaving_need_no_request() {
    let vendor = ozeki("post", "once");
    let session = OfficeUser::of_account(&account("office", "canary-office")).session();
    assert_eq!(
        session_of(vendor.next(&Task::KeepAlive, &session, &[])),
        session
    );
    assert_eq!(
        answer(vendor.next(&Task::SignOut, &session, &[])),
        Answer::Done
    );
    assert_eq!(found(vendor.next(&Task::Get(&[]), &session, &[])), []);
}

#[test]
fn a_whole_life_on_the_simulated_pbx() {
    for (method, escape) in WAYS {
        for who in [account("", ""), account("office & co", "p=w&d%+ \u{fc}")] {
            let vendor = ozeki(method, escape);
            let vendor = vendor.as_ref();
            let mut pbx = sim::pbx(&who);
            let pbx = pbx.as_mut();
            let nobody = Session::default();
            let session = session_of(converse(vendor, pbx, Task::SignIn(&who), &nobody));

            let (wanted, numbers) = (ann(), ["0042".to_owned(), "42".to_owned()]);
            let end = converse(vendor, pbx, Task::Create(&wanted), &session);
            assert_eq!(answer(end), Answer::Done);
            let again = converse(vendor, pbx, Task::Create(&wanted), &session);
            assert_eq!(fault(again).kind, FaultKind::Exists);
            assert_eq!(
                (pbx.created("0042"), pbx.numbers()),
                (1, vec!["0042".into()])
            );

            let looked = found(converse(vendor, pbx, Task::Get(&numbers), &session));
            assert_eq!(looked.len(), 1);
            assert_eq!(looked[0].number(), "0042");
            assert_eq!(
                looked[0].reveal(Field::SIP_PASSWORD),
                wanted.reveal(Field::SIP_PASSWORD)
            );
            assert!(looked[0].is_on(Field::ENABLED));
            assert_eq!(pbx.stored("0042", "Username").as_deref(), Some("ann"));
            assert_eq!(
                crate::compare::differing(manifest(), &wanted, &looked[0]),
                []
            );

            let change = record(&[(Field::NUMBER, "0042"), (Field::ENABLED, "off")]);
            let end = converse(vendor, pbx, Task::Update(&change), &session);
            assert_eq!(answer(end), Answer::Done);
            assert_eq!(pbx.stored("0042", "Enabled").as_deref(), Some("false"));
            // The user name is lost to any change that does not carry it.
            assert_eq!(pbx.stored("0042", "Username").as_deref(), Some("0042"));
            assert_eq!(
                pbx.stored("0042", "Password").as_deref(),
                wanted.reveal(Field::SIP_PASSWORD)
            );

            let listing = answer(converse(vendor, pbx, Task::List, &session));
            let all = Listing {
                numbers: vec!["0042".into()],
                complete: true,
                ..Listing::default()
            };
            assert_eq!(listing, Answer::Listing(all));
            let end = converse(vendor, pbx, Task::Delete("42"), &session);
            assert_eq!(fault(end).kind, FaultKind::Missing);
            let end = converse(vendor, pbx, Task::Delete("0042"), &session);
            assert_eq!(answer(end), Answer::Done);
            assert!(pbx.numbers().is_empty());
            assert_eq!((pbx.created("0042"), pbx.sign_ins()), (1, 1));
        }
    }
}

#[test]
fn who_is_not_let_in_is_told_so() {
    let vendor = ozeki("post", "once");
    let mut pbx = sim::pbx(&account("office", "right"));
    for (who, code) in [
        (account("office", "wrong"), "ozeki.305"),
        (account("office", ""), "ozeki.305"),
        (account("", "right"), "ozeki.304"),
    ] {
        let nobody = Session::default();
        let end = converse(vendor.as_ref(), pbx.as_mut(), Task::SignIn(&who), &nobody);
        let fault = fault(end);
        assert_eq!(
            (fault.kind, fault.code.as_ref()),
            (FaultKind::CredentialRefused, code)
        );
        assert!(!fault.hint.is_empty());
    }
    assert_eq!(pbx.sign_ins(), 3);
}

#[test]
fn a_wrong_type_is_refused_by_name() {
    let vendor = testkit::client("ozeki", &[("extension_type", "Fax")]);
    let mut pbx = sim::pbx(&account("", ""));
    let (wanted, nobody) = (ann(), Session::default());
    let end = converse(
        vendor.as_ref(),
        pbx.as_mut(),
        Task::Create(&wanted),
        &nobody,
    );
    let fault = fault(end);
    assert_eq!(fault.code, "ozeki.302");
    assert!(fault.to_string().contains("'ExtensionType'"), "{fault}");
}

/// Generates values that both XML and a cell can contain: except U+FFFD, which the simulated PBX takes for broken
/// UTF-8.
fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("O'Neil & <S\u{f8}n> \"QA\"".to_owned()),
        Just("00042".to_owned()),
        Just("&amp;lt;&lt;&#60;%26lt%3b+%20".to_owned()),
        Just(" ]]> <!-- <![CDATA[ <?x ?> \t\r\n ".to_owned()),
        Just("\u{e9}".repeat(255)),
        "[&<>'\";%+=#?/ ]{1,40}",
        "[^\x00-\x1f\u{fffd}\u{fffe}\u{ffff}]{1,255}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_sent_decodes_to_the_same(
        number in values(),
        auth in values(),
        password in values(),
        user in values(),
        owner in values(),
        enabled in any::<bool>(),
        office in values(),
        office_password in values(),
    ) {
        for (method, escape) in WAYS {
            let vendor = ozeki(method, escape);
            let who = account(&office, &office_password);
            let mut pbx = sim::pbx(&who);
            let nobody = Session::default();
            let end = converse(vendor.as_ref(), pbx.as_mut(), Task::SignIn(&who), &nobody);
            let session = session_of(end);
            let mut wanted = record(&[
                (Field::NUMBER, number.as_str()),
                (Field::SIP_AUTH_NAME, &auth),
                (Field::SIP_PASSWORD, &password),
                (Field::SIP_USERNAME, &user),
                (Field::USER_ID, &owner),
                (Field::ENABLED, if enabled { "on" } else { "off" }),
            ]);
            let end = converse(vendor.as_ref(), pbx.as_mut(), Task::Create(&wanted), &session);
            prop_assert_eq!(answer(end), Answer::Done);
            let given = [
                ("AuthorizationName", &auth),
                ("Password", &password),
                ("Username", &user),
                ("UserID", &owner),
                ("ID", &number),
            ];
            for (name, text) in given {
                prop_assert_eq!(pbx.stored(&number, name), Some(text.clone()));
            }
            // And once more through the merge, which reads the PBX's own answer.
            wanted = record(&[(Field::NUMBER, number.as_str()), (Field::USER_ID, "other")]);
            let end = converse(vendor.as_ref(), pbx.as_mut(), Task::Update(&wanted), &session);
            prop_assert_eq!(answer(end), Answer::Done);
            prop_assert_eq!(pbx.stored(&number, "Password"), Some(password.clone()));
            prop_assert_eq!(pbx.stored(&number, "Username"), Some(auth.clone()));
            prop_assert_eq!(pbx.stored(&number, "UserID"), Some("other".to_owned()));
            prop_assert_eq!(pbx.stored(&number, "Enabled"), Some(enabled.to_string()));
        }
    }
}
