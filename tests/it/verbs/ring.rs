//! `rowcall ring` against a simulated registrar that can be odd in many ways.

use crate::support::canary::{CANARIES, assert_no_secret_in, files};
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::{Program, ran, signal, wait_until};
use rcgen::{CertificateParams, KeyPair};
use rowcall::link::StopFlag;
use rowcall::link::paced::Pace;
use rowcall::link::sip::{SipPeer, SipSocket};
use rowcall::sim::{Registrar, RegistrarAccount, RegistrarQuirk};
use rowcall::sip::SipTransport;
use rowcall::sip::message::{Register, RequestMarks};
use rowcall::sip::registration::{NoReply, SipLine};
use rowcall::vendors::VENDORS;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// A registrar that has the extensions 2000 to 2099, and a folder with the program whose target `hq` it is.
struct RingDesk {
    program: Program,
    registrar: Registrar,
}

fn secret(user: &str) -> String {
    format!("{}{user}\"'\\;,=ß", CANARIES[0])
}

impl RingDesk {
    fn new(vendor: &str) -> RingDesk {
        let accounts = Box::new(|user: &str| {
            let is_known = user.len() == 4 && user.starts_with("20");
            is_known.then(|| RegistrarAccount {
                username: user.to_owned(),
                secret: secret(user).into(),
            })
        });
        let registrar = Registrar::start(accounts, "127.0.0.1:0").unwrap();
        let program = Program::new();
        let config = format!(
            "[targets.hq]\nvendor = \"{vendor}\"\nurl = \"http://127.0.0.1:1\"\nusername = \"api\"\n\
             sip_address = \"{}\"\nsip_rate = \"1000/s\"\n",
            registrar.addr()
        );
        program.write("rowcall.toml", config);
        RingDesk { program, registrar }
    }

    /// Writes a sheet of these extensions with their right secrets, but for those in `others`.
    fn sheet(&self, name: &str, numbers: &[&str], others: &[(&str, &str)]) {
        let others: BTreeMap<&str, &str> = others.iter().copied().collect();
        let mut sheet = "number,sip_password\n".to_owned();
        for number in numbers {
            let own = secret(number);
            let text = others.get(number).copied().unwrap_or(&own);
            writeln!(sheet, "{number},\"{}\"", text.replace('"', "\"\"")).unwrap();
        }
        self.program.write(name, sheet);
    }

    /// The dial tones of a report, by number.
    fn rings(&self, report: &str) -> BTreeMap<String, String> {
        let rows = self.program.report(report).into_iter();
        rows.map(|row| (row["number"].clone(), row["result"].clone()))
            .collect()
    }

    /// The requests about a user: `true` where one was signed in.
    fn signed(&self, user: &str) -> Vec<bool> {
        let heard = self.registrar.received().into_iter();
        let own = heard.filter(|heard| heard.user == user);
        own.map(|heard| heard.is_signed).collect()
    }
}

use RegistrarQuirk as Quirk;

/// Each oddity of a registrar, with the result of a right secret.
const ODD: [(Option<Quirk>, &str); 21] = [
    (None, "rings"),
    (Some(Quirk::Open), "open"),
    (Some(Quirk::AnySecret), "rings"),
    (Some(Quirk::Stale), "rings"),
    (Some(Quirk::OneTime), "rings"),
    (Some(Quirk::NoQop), "rings"),
    (Some(Quirk::AuthInt), "rings"),
    (Some(Quirk::Sha256), "rings"),
    (Some(Quirk::Unanswerable), "unknown"),
    (Some(Quirk::Trying), "rings"),
    (Some(Quirk::Twice), "rings"),
    (Some(Quirk::Strangers), "rings"),
    (Some(Quirk::Pieces), "rings"),
    (Some(Quirk::Closes), "rings"),
    (Some(Quirk::Status(302)), "refused"),
    (Some(Quirk::Status(404)), "refused"),
    (Some(Quirk::SignedStatus(403)), "refused"),
    (Some(Quirk::SignedStatus(404)), "refused"),
    (Some(Quirk::SignedStatus(500)), "refused"),
    (Some(Quirk::Status(503)), "unknown"),
    (Some(Quirk::Silent), "silent"),
];

#[test]
fn each_oddity_of_a_registrar_is_told_for_what_it_is() {
    for transport in ["udp", "tcp"] {
        let exchange = RingDesk::new("ozeki");
        let numbers: Vec<String> = (0..ODD.len()).map(|at| format!("20{at:02}")).collect();
        for (number, (quirk, _)) in numbers.iter().zip(ODD) {
            if let Some(quirk) = quirk {
                exchange.registrar.set_quirk(number, quirk);
            }
        }
        let mut all: Vec<&str> = numbers.iter().map(String::as_str).collect();
        // A wrong secret, an extension that is not there, and rows that cannot be tried.
        all.extend(["2090", "7000", "2091", "2092"]);
        let others = [("2090", "wrong"), ("2091", ""), ("2092", "<generate>")];
        exchange.sheet("a.csv", &all, &others);
        let line = format!(
            "ring a.csv --to hq --report r.csv --reply-within 2 --set sip_transport={transport} --log log -v"
        );
        let ran = exchange.program.ends(&line, 1);
        assert_eq!(ran.out, "");
        let mut wanted: BTreeMap<String, String> = numbers
            .iter()
            .zip(ODD)
            .map(|(number, (_, result))| (number.clone(), result.to_owned()))
            .collect();
        for (number, result) in [
            ("2090", "wrong_secret"),
            ("7000", "wrong_secret"),
            ("2091", "unknown"),
            ("2092", "unknown"),
        ] {
            wanted.insert(number.to_owned(), result.to_owned());
        }
        assert_eq!(exchange.rings("r.csv"), wanted, "{transport}\n{}", ran.err);
        // Nothing was ever bound or taken back: every request was a question.
        let heard = exchange.registrar.received();
        assert!(heard.iter().all(|heard| heard.contact.is_none()));
        assert!(
            heard
                .iter()
                .all(|heard| !["2091", "2092"].contains(&heard.user.as_str()))
        );
        ran.says(&[
            "hq: asks 127.0.0.1:",
            " over ",
            "anybody",
            "2090 wrong_secret: ",
        ]);
        assert!(
            exchange
                .program
                .read("log")
                .contains("REGISTER 2000@127.0.0.1 (ask, signed in) → 200 in ")
        );
        assert!(files(exchange.program.folder()).len() > 3);
        std::fs::remove_file(exchange.program.path("a.csv")).unwrap();
        assert_no_secret_in(exchange.program.folder());
    }
}

#[test]
fn where_all_ring_it_ends_well_and_all_formats_say_so() {
    let exchange = RingDesk::new("openvox");
    let numbers: Vec<String> = (2000..2060).map(|number| number.to_string()).collect();
    let all: Vec<&str> = numbers.iter().map(String::as_str).collect();
    exchange.sheet("a.csv", &all, &[]);
    for report in ["r.csv", "r.tsv", "r.json", "r.jsonl", "r.xlsx"] {
        let line = format!("ring a.csv --to hq --report {report} --json --rate 1000/s");
        let ran = exchange.program.ends(&line, 0);
        assert_eq!(
            (ran.count("rings"), ran.summary()["command"].as_str()),
            (60, Some("ring"))
        );
        let rings = exchange.rings(report);
        assert!(
            rings.len() == 60 && rings.values().all(|result| result == "rings"),
            "{report}"
        );
        ran.says(&["hq: 60 rows in ", ": 60 ring"]);
    }
    exchange
        .program
        .ends("ring a.csv --to hq --report r.html", 0);
    assert!(
        exchange
            .program
            .read("r.html")
            .contains("no telephone is registered")
    );
}

#[test]
fn lost_datagrams_are_sent_again() {
    let exchange = RingDesk::new("ozeki");
    exchange.registrar.set_quirk("2000", Quirk::Deaf(2));
    exchange.sheet("a.csv", &["2000"], &[]);
    exchange.program.ends("ring a.csv --to hq", 0);
    // Two that were lost, the one that was heard, and the one that was signed in.
    let signed = exchange.signed("2000");
    assert!(
        signed.len() >= 4 && signed.starts_with(&[false; 3]),
        "{signed:?}"
    );
}

#[test]
fn a_registered_telephone_is_never_disturbed_and_a_contact_of_ours_never_stays() {
    for transport in ["udp", "tcp"] {
        let exchange = RingDesk::new("ozeki");
        let registrar = &exchange.registrar;
        registrar.bind("2001", "sip:2001@192.0.2.1");
        registrar.set_quirk("2002", Quirk::Full);
        registrar.set_quirk("2003", Quirk::Brief(120));
        registrar.set_quirk("2004", Quirk::Brief(100_000));
        registrar.set_quirk("2005", Quirk::OneTime);
        registrar.set_quirk("2006", Quirk::Closes);
        exchange.sheet(
            "a.csv",
            &["2000", "2001", "2002", "2003", "2004", "2005", "2006"],
            &[],
        );
        let line =
            format!("ring a.csv --to hq --register --report r.csv --set sip_transport={transport}");
        exchange.program.ends(&line, 1).says(&["2002 full: "]);
        let wanted = [
            "rings", "rings", "full", "rings", "refused", "rings", "rings",
        ];
        let rings: Vec<String> = exchange.rings("r.csv").into_values().collect();
        assert_eq!(rings, wanted, "{transport}");
        assert_eq!(registrar.contacts("2001"), ["sip:2001@192.0.2.1"]);
        for user in ["2000", "2002", "2003", "2004", "2005", "2006"] {
            assert!(registrar.contacts(user).is_empty(), "{user}");
        }
        let heard = registrar.received();
        let bound = |user: &str| {
            let own = heard.iter().filter(|heard| heard.user == user);
            let contacts = own.filter_map(|heard| heard.contact.clone());
            contacts.collect::<Vec<(String, u32)>>()
        };
        assert!(bound("2001").is_empty(), "a telephone was there");
        let times: Vec<u32> = bound("2000")
            .into_iter()
            .map(|(_, seconds)| seconds)
            .collect();
        assert_eq!(times, [60, 0]);
        assert!(
            heard
                .iter()
                .flat_map(|heard| &heard.contact)
                .all(|(address, _)| address != "*")
        );
        let rows = exchange.program.report("r.csv");
        assert!(
            rows[1]["message"].contains("was not disturbed"),
            "{rows:#?}"
        );
        assert!(rows[0]["message"].contains("for a moment"), "{rows:#?}");
    }
}

/// A name is asked at its address; that its SRV records may say something else is told.
#[test]
fn a_name_without_a_port_is_asked_at_its_address_and_that_is_told() {
    let exchange = RingDesk::new("ozeki");
    exchange.sheet("a.csv", &["2000"], &[]);
    let port = exchange.registrar.addr().port();
    let told = "SRV records are not looked up";
    // The usual port has no listener, or one that does not know the extension.
    let line =
        "ring a.csv --to hq --reply-within 1 --set sip_transport=tcp --set sip_address=localhost";
    let ran = exchange.program.ends(line, 1);
    ran.says(&[told, ":5060", "set sip_address"]);
    let ran = exchange.program.ends(
        &format!("ring a.csv --to hq --set sip_address=localhost:{port}"),
        0,
    );
    assert!(!ran.err.contains(told), "{}", ran.err);
}

/// A binding that was never answered is looked for, found, and taken back, however many replies are lost on the way.
#[test]
fn a_binding_whose_reply_was_lost_is_found_and_taken_back() {
    let exchange = RingDesk::new("ozeki");
    let registrar = &exchange.registrar;
    let lost = [("2001", 1), ("2002", 2), ("2003", 3), ("2004", 100)];
    for (user, times) in lost {
        registrar.set_quirk(user, Quirk::BindsUnheard(times));
    }
    exchange.sheet("a.csv", &lost.map(|(user, _)| user), &[]);
    let line =
        "ring a.csv --to hq --register --report r.csv --set sip_transport=tcp --reply-within 1";
    exchange.program.ends(line, 0);
    for row in exchange.program.report("r.csv") {
        assert_eq!(row["result"], "rings", "{row:?}");
        assert!(row["message"].contains("for a moment"), "{row:?}");
        assert!(
            !row["message"].contains("could not be taken back"),
            "{row:?}"
        );
        // A status of SIP is neither one of HTTP nor a code of the vendor.
        assert_eq!((&*row["vendor_code"], &*row["http_status"]), ("", ""));
    }
    for (user, _) in lost {
        assert!(registrar.contacts(user).is_empty(), "{user}");
        let heard = registrar.received().into_iter();
        let mut bound = heard.filter(|heard| heard.user == user && heard.contact.is_some());
        assert_eq!(bound.next_back().unwrap().contact.unwrap().1, 0, "{user}");
    }
}

#[test]
fn a_wrong_secret_is_tried_once_and_only_where_it_is_asked_for() {
    let exchange = RingDesk::new("ozeki");
    let registrar = &exchange.registrar;
    registrar.set_quirk("2001", Quirk::AnySecret);
    registrar.set_quirk("2002", Quirk::Forbids);
    registrar.set_quirk("2003", Quirk::OneTime);
    registrar.set_quirk("2004", Quirk::SignedStatus(403));
    exchange.sheet(
        "a.csv",
        &["2000", "2001", "2002", "2003", "2004", "2005"],
        &[("2005", "wrong")],
    );
    exchange
        .program
        .ends("ring a.csv --to hq --report a.report.csv", 1);
    // A question, and one answer to the challenge: nothing wrong was tried.
    assert_eq!(exchange.signed("2000"), [false, true]);
    let rings = exchange.rings("a.report.csv");
    assert_eq!(
        (&*rings["2001"], &*rings["2005"]),
        ("rings", "wrong_secret")
    );
    let ran = exchange
        .program
        .ends("ring a.csv --to hq --negative --report b.report.csv", 1);
    let rings: Vec<String> = exchange.rings("b.report.csv").into_values().collect();
    assert_eq!(
        rings,
        ["rings", "open", "rings", "rings", "refused", "wrong_secret"]
    );
    // Each secret was answered with a challenge of its own, and the wrong one once.
    assert_eq!(exchange.signed("2000")[2..], [false, true, false, true]);
    assert_eq!(exchange.signed("2003")[2..], [false, true, false, true]);
    // A row whose own secret was wrong has had its try.
    assert_eq!(exchange.signed("2005")[2..], [false, true]);
    ran.says(&["2001 open: the PBX lets anybody in for this extension: it was signed in with a wrong secret"]);
}

#[test]
fn a_pbx_that_blocks_addresses_is_not_provoked() {
    let exchange = RingDesk::new("yeastar_s");
    exchange.sheet("a.csv", &["2000"], &[]);
    exchange
        .program
        .ends("ring a.csv --to hq --negative", 2)
        .says(&["Yeastar S-Series blocks addresses", "leave out --negative"]);
    let numbers = ["2001", "2002", "2003", "2004", "2005"];
    let wrong = numbers.map(|number| (number, "wrong"));
    exchange.sheet(
        "b.csv",
        &["2000", "2001", "2002", "2003", "2004", "2005"],
        &wrong,
    );
    for user in ["2002", "2003"] {
        exchange.registrar.set_quirk(user, Quirk::Forbids);
    }
    exchange
        .program
        .ends("ring b.csv --to hq --report r.csv", 1);
    let rings: Vec<String> = exchange.rings("r.csv").into_values().collect();
    let wanted = [
        "rings",
        "wrong_secret",
        "refused",
        "refused",
        "unknown",
        "unknown",
    ];
    assert_eq!(rings, wanted);
    assert!(exchange.signed("2004").is_empty());
}

#[test]
fn where_nobody_is_there_the_rest_is_not_asked() {
    let program = Program::new();
    // Nothing listens behind a socket that is closed again, and its port says so at once.
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let addr = closed.local_addr().unwrap();
    drop(closed);
    let rows: String = (0..80)
        .map(|at| format!("20{at:02},Xk39vTq2Lm\n"))
        .collect();
    program.write("a.csv", format!("number,sip_password\n{rows}"));
    let line = format!(
        "ring a.csv --to ozeki+http://api@127.0.0.1:1 --set sip_address={addr} --report r.csv --json --rate 1000/s"
    );
    let ran = program.ends(&line, 1);
    let (silent, unknown) = (ran.count("silent"), ran.count("unknown"));
    assert!(
        silent >= 10 && unknown > 0 && silent + unknown == 80,
        "{}",
        ran.err
    );
    ran.says(&["does not listen for SIP", "nobody answers SIP at"]);
}

#[test]
fn where_a_pbx_stops_answering_the_rest_is_not_asked() {
    let exchange = RingDesk::new("ozeki");
    let numbers: Vec<String> = (2000..2100).map(|number| number.to_string()).collect();
    for number in &numbers[10..] {
        exchange.registrar.set_quirk(number, Quirk::Silent);
    }
    let all: Vec<&str> = numbers.iter().map(String::as_str).collect();
    exchange.sheet("a.csv", &all, &[]);
    let line = "ring a.csv --to hq --reply-within 0.4 --json";
    let ran = exchange.program.ends(line, 1);
    ran.says(&["the PBX has stopped answering SIP at 127.0.0.1:"]);
    let heard: BTreeSet<String> = exchange
        .registrar
        .received()
        .into_iter()
        .map(|heard| heard.user)
        .collect();
    assert!(heard.len() < 80, "{} were asked", heard.len());
}

#[test]
fn no_account_is_needed_to_ask() {
    let exchange = RingDesk::new("openvox");
    exchange.sheet("a.csv", &["2000"], &[]);
    let mut command = exchange.program.command("ring a.csv --to hq");
    let output = command.env_remove("ROWCALL_PASSWORD").output().unwrap();
    ran("ring", output).exits(0).says(&["1 rings"]);
    let mut command = exchange.program.command("import a.csv --to hq");
    let output = command.env_remove("ROWCALL_PASSWORD").output().unwrap();
    let no_place = "needs a password: no place of it is named, and the variable ROWCALL_PASSWORD";
    ran("import", output).exits(2).says(&[no_place]);
}

#[test]
fn the_secrets_of_an_import_are_tried_alone_or_for_rows_without_one() {
    let exchange = RingDesk::new("ozeki");
    exchange.sheet("secrets.csv", &["2000", "2001"], &[]);
    exchange
        .program
        .ends("ring --secrets secrets.csv --to hq --report r.csv", 0);
    assert_eq!(exchange.rings("r.csv").len(), 2);
    exchange.sheet(
        "a.csv",
        &["2000", "2001", "2002"],
        &[("2000", ""), ("2001", "<generate>")],
    );
    exchange.program.ends("ring a.csv --to hq", 1);
    exchange
        .program
        .ends("ring a.csv --secrets secrets.csv --to hq", 0);
    exchange.program.write("secrets.csv.age", "x");
    exchange
        .program
        .ends("ring --secrets secrets.csv.age --to hq", 2)
        .says(&["is encrypted", "age -d"]);
    exchange.program.ends("ring --to hq", 2);
    exchange
        .program
        .ends("ring a.csv --to sim:openvox", 2)
        .says(&["no telephone can reach it", "rowcall sim --sip"]);
    exchange.program.ends(
        "ring a.csv --to hq --report secrets.csv --secrets secrets.csv",
        2,
    );
}

#[test]
fn settings_are_taken_from_the_file_and_mistakes_are_named_with_their_line() {
    let exchange = RingDesk::new("ozeki");
    exchange.sheet("a.csv", &["2000"], &[]);
    let config = exchange.program.read("rowcall.toml");
    for (line, words) in [
        (
            "sip_transport = \"sctp\"",
            "sip_transport: \"sctp\" is none of udp, tcp, tls",
        ),
        ("sip_domain = \"a b\"", "sip_domain: \"a b\" is no domain"),
    ] {
        exchange
            .program
            .write("rowcall.toml", format!("{config}{line}\n"));
        let place = format!("rowcall.toml:7: target hq: {words}");
        exchange
            .program
            .ends("ring a.csv --to hq", 2)
            .says(&[&place]);
    }
    exchange.program.write(
        "rowcall.toml",
        format!("{config}sip_domain = \"pbx.example.com\"\n"),
    );
    exchange
        .program
        .ends("ring a.csv --to hq -v", 0)
        .says(&["REGISTER 2000@pbx.example.com "]);
    for (rate, exit) in [("1000/s", 0), ("1001/s", 2), ("0", 2)] {
        exchange
            .program
            .ends(&format!("ring a.csv --to hq --rate {rate}"), exit);
    }
}

#[test]
fn a_pbx_that_answers_wrong_secrets_in_one_way_only_is_understood() {
    let exchange = RingDesk::new("asterisk");
    exchange
        .registrar
        .set_quirk("2000", Quirk::SignedStatus(403));
    exchange.sheet("a.csv", &["2000"], &[]);
    exchange
        .program
        .ends("ring a.csv --to hq", 1)
        .says(&["2000 full: "]);
}

#[test]
fn an_interruption_leaves_every_row_with_its_line() {
    let exchange = RingDesk::new("ozeki");
    exchange.registrar.set_quirk("2001", Quirk::Silent);
    exchange.sheet("a.csv", &["2000", "2001", "2002"], &[]);
    let line = "ring a.csv --to hq --report r.csv --json";
    let child = exchange.program.command(line).spawn().unwrap();
    wait_until(|| exchange.signed("2001").len() > 1);
    signal(&child, "INT");
    let ended = ran(line, child.wait_with_output().unwrap()).exits(130);
    assert_eq!(
        (ended.count("rings"), ended.count("unknown")),
        (2, 1),
        "{}",
        ended.err
    );
    let rings: Vec<String> = exchange.rings("r.csv").into_values().collect();
    assert_eq!(rings, ["rings", "unknown", "rings"]);
}

#[test]
fn the_pace_holds_for_every_request() {
    let exchange = RingDesk::new("ozeki");
    let numbers: Vec<String> = (2000..2012).map(|number| number.to_string()).collect();
    let all: Vec<&str> = numbers.iter().map(String::as_str).collect();
    exchange.sheet("a.csv", &all, &[]);
    exchange.program.ends("ring a.csv --to hq --rate 10/s", 0);
    let times: Vec<_> = exchange
        .registrar
        .received()
        .iter()
        .map(|heard| heard.at)
        .collect();
    assert_eq!(times.len(), 24);
    for first in &times {
        let second = *first..*first + Duration::from_secs(1);
        let within = times.iter().filter(|time| second.contains(*time)).count();
        assert!(within <= 10 + 3, "{within} in a second");
    }
}

/// A PBX whose extensions can sign in by SIP, as the target `hq`.
struct RingOffice {
    desk: Desk,
    registrar: Registrar,
}

/// The registrar of a simulated PBX, and its part of `rowcall.toml`.
fn telephones_of(pbx: &TestPbx, name: &str) -> (Registrar, String) {
    let sim = pbx.sim.clone();
    let accounts = Box::new(move |user: &str| {
        Some(RegistrarAccount {
            username: sim.stored(user, "AuthorizationName")?,
            secret: sim.stored(user, "Password")?.into(),
        })
    });
    let registrar = Registrar::start(accounts, "127.0.0.1:0").unwrap();
    let config = format!(
        "{}sip_address = \"{}\"\nsip_rate = \"1000/s\"\n",
        pbx.config(name),
        registrar.addr()
    );
    (registrar, config)
}

impl RingOffice {
    fn new() -> RingOffice {
        let desk = Desk::new("ozeki");
        let (registrar, config) = telephones_of(&desk.pbx, "hq");
        desk.write("rowcall.toml", config);
        RingOffice { desk, registrar }
    }

    /// Writes a sheet of `count` extensions, from 2000 on.
    fn sheet(&self, name: &str, count: u32) {
        let rows = (2000..2000 + count).map(|number| {
            let secret = secret(&number.to_string()).replace('"', "\"\"");
            format!("{number},user{number},\"{secret}\"\n")
        });
        let rows: String = rows.collect();
        self.desk
            .write(name, format!("number,user_id,sip_password\n{rows}"));
    }

    /// The dial tones of a report, in its order.
    fn rings(&self, report: &str) -> Vec<String> {
        let rows = self.desk.report(report).into_iter();
        rows.map(|row| row["ring"].clone()).collect()
    }
}

#[test]
fn an_import_says_which_of_its_extensions_ring() {
    let office = RingOffice::new();
    office.sheet("a.csv", 12);
    let ran = office
        .desk
        .ends("import a.csv --to hq --ring --report r.csv --json", 0);
    assert_eq!(ran.summary()["ring"], serde_json::json!({"rings": 12}));
    ran.says(&[": 12 created, 12 ring"]);
    assert_eq!(office.rings("r.csv"), ["rings"; 12]);
    // An extension that exists already is asked with the sheet's secret; nothing is asked about a row that is not done.
    office.registrar.set_quirk("2003", Quirk::Open);
    office.sheet("b.csv", 13);
    let more = format!("{}2000,again,{}\n", office.desk.read("b.csv"), CANARIES[0]);
    office.desk.write("b.csv", more);
    let line = "import b.csv --to hq --mode upsert --ring --report b.report.csv";
    office.desk.ends(line, 1).says(&[
        "2003 unchanged, ring open: the PBX lets anybody in",
        "hq: anybody can sign in for 1 extension, and make calls: close that at once",
        "12 ring, 1 open",
    ]);
    let mut rings = vec!["rings"; 14];
    rings[3] = "open";
    let report = office.desk.report("b.report.csv");
    for (row, ring) in report.iter().zip(rings) {
        match row["result"] == "invalid" {
            true => assert_eq!(row["ring"], "", "{row:#?}"),
            false => assert_eq!(row["ring"], ring, "{row:#?}"),
        }
    }
    assert_eq!(
        (&*report[3]["code"], &*report[3]["result"]),
        ("ring.open", "unchanged")
    );
    // People read of it as a dial tone, in their language.
    office.desk.ends("report -o r.html", 1);
    office.desk.ends("report -o r.de.html --lang de", 1);
    for (page, heading) in [("r.html", "dial tone</"), ("r.de.html", "Wählton</")] {
        assert!(office.desk.read(page).contains(heading), "{page}");
    }
    // The ledger knows it too, and an undo knows nothing of it.
    office.desk.ends("report -o again.csv", 1);
    assert_eq!(office.rings("again.csv"), office.rings("b.report.csv"));
    office.desk.ends("undo --yes --report u.csv", 0);
    assert!(
        office
            .desk
            .report("u.csv")
            .iter()
            .all(|row| !row.contains_key("ring"))
    );
    office
        .desk
        .ends("import a.csv --to hq --mode upsert --report plain.csv", 0);
    assert!(!office.desk.read("plain.csv").contains("ring"));
    assert_no_secret_in(&office.desk.path("state"));
}

#[test]
fn a_wave_without_a_dial_tone_ends_the_run_and_a_resume_asks_again() {
    let office = RingOffice::new();
    office.sheet("a.csv", 12);
    office.registrar.set_quirk("2000", Quirk::SignedStatus(404));
    let ran = office.desk.ends(
        "import a.csv --to hq --waves 1,4 --ring --report r.csv --json",
        4,
    );
    assert_eq!((ran.count("created"), ran.count("not_sent")), (1, 11));
    ran.says(&[
        "wave 1 of 3: 1 row, 0 failed, 1 without a dial tone",
        "stopped: wave 1 of 3: 0 of its 1 rows failed, 1 without a dial tone",
        "2000 created, ring refused: ",
    ]);
    assert_eq!(office.desk.pbx.numbers(), ["2000"]);
    office.registrar.forget_quirks("2000");
    let ran = office.desk.ends("resume --yes --json", 0);
    ran.says(&["12 created, 12 ring"]);
    assert_eq!(office.rings("r.csv"), ["rings"; 12]);
    office.desk.ends("undo --yes", 0);
    let ran = office
        .desk
        .ends("import a.csv --to hq --waves 1,4 --ring", 0);
    ran.says(&[
        "wave 2 of 3: 4 rows, 0 failed, 0 without a dial tone",
        "12 created, 12 ring",
    ]);
}

#[test]
fn a_run_that_is_killed_while_it_asks_is_resumed_and_asks_the_rest() {
    let office = RingOffice::new();
    office.sheet("a.csv", 6);
    office.registrar.set_quirk("2005", Quirk::Silent);
    let mut child = office
        .desk
        .start("import a.csv --to hq --ring --report r.csv");
    wait_until(|| {
        office
            .registrar
            .received()
            .iter()
            .filter(|heard| heard.user == "2005")
            .count()
            > 1
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(office.desk.pbx.numbers().len(), 6);
    office.registrar.forget_quirks("2005");
    office
        .desk
        .ends("resume --yes", 0)
        .says(&["6 created, 6 ring"]);
    assert_eq!(office.rings("r.csv"), ["rings"; 6]);
    // Asking changes nothing on the PBX: each extension was made once.
    assert!((2000..2006).all(|number| office.desk.pbx.sim.created(&number.to_string()) == 1));
}

#[test]
fn secrets_that_were_made_up_ring_and_so_do_those_of_a_saved_plan_and_of_a_migration() {
    let office = RingOffice::new();
    let sheet = "number,user_id,sip_password\n2000,ann,<generate>\n2001,bo,<generate>\n";
    office.desk.write("a.csv", sheet);
    office
        .desk
        .ends("import a.csv --to hq --ring --secrets-out s.csv", 0)
        .says(&["2 created, 2 ring"]);
    office.desk.ends("ring a.csv --to hq", 1);
    office.desk.ends("ring a.csv --secrets s.csv --to hq", 0);
    let update = "number,user_id,sip_password\n2000,ann,Xk39vTq2Lm\n2001,bo,Xk39vTq2Ln\n";
    office.desk.write("b.csv", update);
    office
        .desk
        .ends("plan b.csv --to hq --mode upsert -o plan.json", 0);
    office
        .desk
        .ends("import --plan plan.json --ring", 0)
        .says(&["2 updated, 2 ring"]);
    let new = TestPbx::new("ozeki");
    let (_registrar, config) = telephones_of(&new, "new");
    let both = format!("{}{config}", office.desk.read("rowcall.toml"));
    office.desk.write("rowcall.toml", both);
    let ran = office
        .desk
        .ends("migrate --from hq --to new --ring --report m.csv", 0);
    ran.says(&["2 created, 2 ring"]);
    assert_eq!(office.rings("m.csv"), ["rings"; 2]);
    office.desk.ends("import b.csv --to hq --ring --dry-run", 2);
    office.desk.ends("import b.csv --to hq --ring --groups", 2);
}

#[test]
fn a_rehearsal_inside_the_process_rings_too() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let program = Program::new();
        let samples = crate::support::sources::root().join("samples");
        let sheet = samples.join(vendor).join("good.csv");
        let line = format!(
            "import {} --to sim:{vendor} --ring --rate 5000/s",
            sheet.display()
        );
        program.ends(&line, 0).says(&["200 created, 200 ring"]);
    }
}

/// Reads a message without a body.
fn message(stream: &mut impl Read) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    Some(bytes)
}

/// Puts TLS before a registrar; returns its address and its certificate.
fn secured(registrar: SocketAddr) -> (SocketAddr, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["pbx.example.com".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut outer = StreamOwned::new(connection, stream.unwrap());
            thread::spawn(move || {
                let mut inner = TcpStream::connect(registrar).unwrap();
                while let Some(request) = message(&mut outer) {
                    inner.write_all(&request).unwrap();
                    let Some(reply) = message(&mut inner) else {
                        return;
                    };
                    outer.write_all(&reply).unwrap();
                }
            });
        }
    });
    (addr, certificate.pem())
}

#[test]
fn over_tls_the_certificate_must_be_trusted_or_named() {
    let exchange = RingDesk::new("ozeki");
    let (addr, pem) = secured(exchange.registrar.addr());
    exchange.sheet("a.csv", &["2000", "2001", "2002"], &[("2002", "wrong")]);
    exchange.program.write("pbx.pem", pem);
    let line = format!(
        "ring a.csv --to hq --set sip_transport=tls --set sip_address={addr} --report r.csv"
    );
    let refused = exchange.program.ends(&line, 1);
    refused.says(&[
        "2000 silent: ",
        "its TLS certificate is not trusted: name it",
    ]);
    assert!(
        exchange.registrar.received().is_empty(),
        "nothing was said to a stranger"
    );
    let ran = exchange
        .program
        .ends(&format!("{line} --ca-file pbx.pem"), 1);
    ran.says(&[" over TLS", "2 ring, 1 wrong_secret"]);
}

/// A socket to a registrar that takes anything, and a request for it.
fn asking(stop: &StopFlag, transport: SipTransport) -> (Registrar, SipSocket, Register) {
    let registrar = Registrar::start(Box::new(|_| None), "127.0.0.1:0").unwrap();
    registrar.set_quirk("2001", Quirk::Open);
    let peer = SipPeer {
        host: "127.0.0.1".into(),
        addr: registrar.addr(),
        transport,
        domain: "pbx".into(),
        reply: Duration::from_secs(30),
        trusted_pem: None,
    };
    let pace = Pace::unlimited(stop.clone());
    let socket = SipSocket::new(Arc::new(peer), Arc::new(pace), None);
    let request = Register {
        aor: "2001@pbx".into(),
        domain: "pbx".into(),
        tag: "t".into(),
        marks: RequestMarks {
            branch: "z9hG4bK1".into(),
            call_id: "c".into(),
            cseq: 1,
        },
        binding: None,
        authorizations: vec![],
    };
    (registrar, socket, request)
}

#[test]
fn a_stopped_run_still_takes_back_what_it_bound() {
    for transport in [SipTransport::Udp, SipTransport::Tcp] {
        let stop = StopFlag::default();
        let (registrar, mut socket, mut request) = asking(&stop, transport);
        request.binding = Some(("sip:2001@h".into(), 60));
        assert_eq!(socket.exchange(&request, false).unwrap().status, 200);
        stop.stop();
        request.binding = Some(("sip:2001@h".into(), 0));
        assert_eq!(socket.exchange(&request, false), Err(NoReply::Stopped));
        assert_eq!(registrar.contacts("2001"), ["sip:2001@h"]);
        assert_eq!(socket.exchange(&request, true).unwrap().status, 200);
        assert!(registrar.contacts("2001").is_empty());
    }
}

#[test]
fn a_socket_that_was_closed_is_opened_again() {
    let (registrar, mut socket, request) = asking(&StopFlag::default(), SipTransport::Tcp);
    registrar.set_quirk("2001", Quirk::Closes);
    for _ in 0..3 {
        assert_eq!(socket.exchange(&request, false).unwrap().status, 200);
    }
}
