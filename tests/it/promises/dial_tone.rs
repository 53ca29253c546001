//! `rowcall ring` held to real registrars: Asterisk, of two releases, and Kamailio, which shares no code with it.

use crate::support::asterisk::desk::extensions;
use crate::support::asterisk::{NEWEST, RunningAsterisk, V16};
use crate::support::kamailio::Kamailio;
use crate::support::program::{Program, Ran};
use crate::support::random::Random;
use crate::support::telephone::Telephone;
use rowcall::model::{Field, Record};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

/// The program with a registrar as its target `hq`. Whose make the PBX is does not matter to a dial tone.
fn program(registrar: SocketAddr) -> Program {
    let program = Program::at("hq".into()).with_own_state();
    program.write(
        "rowcall.toml",
        format!(
            "[targets.hq]\nvendor = \"ozeki\"\nurl = \"http://127.0.0.1:1\"\nusername = \"api\"\n\
             sip_address = \"{registrar}\"\nsip_rate = \"1000/s\"\n"
        ),
    );
    program
}

/// The extensions with other secrets for every twentieth, and the numbers of these.
fn with_wrong(extensions: &[Record]) -> (Vec<Record>, Vec<String>) {
    let mut mixed = extensions.to_vec();
    let mut numbers = vec![];
    for extension in mixed.iter_mut().step_by(20) {
        let wrong = format!("{}x", extension.reveal(Field::SIP_PASSWORD).unwrap());
        extension.set(Field::SIP_PASSWORD, wrong);
        numbers.push(extension.number().to_owned());
    }
    (mixed, numbers)
}

/// The results of a report, by number.
fn results(program: &Program, report: &str) -> BTreeMap<String, String> {
    let rows = program.report(report).into_iter();
    rows.map(|row| (row["number"].clone(), row["result"].clone()))
        .collect()
}

/// All of these ring, over UDP and over TCP, in every way of asking; with wrong secrets ten do not.
fn all_ring(program: &Program, extensions: &[Record]) {
    program.sheet("in.csv", extensions);
    let (mixed, wrong) = with_wrong(extensions);
    program.sheet("mixed.csv", &mixed);
    for transport in ["udp", "tcp"] {
        let ring = |sheet: &str, flags: &str, exit: i32| -> Ran {
            let line = format!(
                "ring {sheet} --to TARGET --set sip_transport={transport} --report r.csv {flags}"
            );
            program.ends(&line, exit)
        };
        for flags in ["", "--register", "--negative"] {
            let ran = ring("in.csv", flags, 0);
            println!("{transport} {flags}: {}", ran.err);
            let results = results(program, "r.csv");
            assert_eq!(results.len(), extensions.len());
            assert!(
                results.values().all(|result| result == "rings"),
                "{results:?}"
            );
        }
        ring("mixed.csv", "", 1);
        let results = results(program, "r.csv");
        let refused = results.iter().filter(|(_, result)| *result != "rings");
        let refused: Vec<_> = refused.collect();
        assert!(
            refused.iter().all(|(_, result)| *result == "wrong_secret"),
            "{refused:?}"
        );
        assert!(
            refused.iter().map(|(number, _)| *number).eq(&wrong),
            "{refused:?}"
        );
    }
}

#[test]
fn two_hundred_extensions_ring_on_a_real_asterisk_and_with_wrong_secrets_they_do_not() {
    let mut random = Random::from_environment("REAL_SEED");
    for (packages, count) in [(NEWEST, 200), (V16, 40)] {
        let Some(asterisk) = RunningAsterisk::start(packages) else {
            return;
        };
        let extensions = extensions(count, &mut random);
        for extension in &extensions {
            let secret = extension.reveal(Field::SIP_PASSWORD).unwrap();
            asterisk.ari().put_extension(extension.number(), secret);
        }
        all_ring(&program(asterisk.sip()), &extensions);
        // Nothing is left behind that would take a telephone's place.
        for extension in &extensions {
            let aor = asterisk.ari().get("aor", extension.number()).unwrap();
            assert_eq!(aor["contact"], "", "{}", extension.number());
        }
    }
}

/// The extensions as a registrar's subscribers, a user and a secret each.
fn subscribers(extensions: &[Record]) -> Vec<(String, String)> {
    let subscriber = |extension: &Record| {
        let secret = extension.reveal(Field::SIP_PASSWORD).unwrap();
        (extension.number().to_owned(), secret.to_owned())
    };
    extensions.iter().map(subscriber).collect()
}

#[test]
fn two_hundred_subscribers_ring_on_a_real_kamailio_and_with_wrong_secrets_they_do_not() {
    let extensions = extensions(200, &mut Random::from_environment("REAL_SEED"));
    let Some(kamailio) = Kamailio::start(&subscribers(&extensions)) else {
        return;
    };
    all_ring(&program(kamailio.sip()), &extensions);
}

/// An endpoint may name two auths, each of its own realm: whichever the secret is of, and whichever comes first, it rings.
#[test]
fn a_secret_of_one_of_two_realms_rings_on_a_real_asterisk() {
    for packages in [NEWEST, V16] {
        let Some(asterisk) = RunningAsterisk::start(packages) else {
            return;
        };
        let extensions = extensions(1, &mut Random::from_environment("REAL_SEED"));
        let (number, ari) = (extensions[0].number(), asterisk.ari());
        ari.put_extension(number, extensions[0].reveal(Field::SIP_PASSWORD).unwrap());
        let other = [
            ("auth_type", "userpass"),
            ("username", "other"),
            ("password", "another"),
            ("realm", "elsewhere"),
        ];
        ari.put("auth", "other", &other);
        let program = program(asterisk.sip());
        program.sheet("in.csv", &extensions);
        let (mixed, _) = with_wrong(&extensions);
        program.sheet("wrong.csv", &mixed);
        for auths in [format!("{number},other"), format!("other,{number}")] {
            ari.put("endpoint", number, &[("auth", &auths)]);
            let line = "--to TARGET --register --negative --report r.csv";
            program.ends(&format!("ring in.csv {line}"), 0);
            program.ends(&format!("ring wrong.csv {line}"), 1);
            assert_eq!(program.results("r.csv"), ["wrong_secret"]);
        }
    }
}

/// Over TLS a registrar is asked only where its certificate is the one that was named: then these ring, and with wrong
/// secrets they do not.
fn rings_over_tls(program: &Program, extensions: &[Record], certificate: &Path) {
    program.sheet("in.csv", extensions);
    let line = "ring in.csv --to TARGET --set sip_transport=tls --report r.csv";
    program
        .ends(line, 1)
        .says(&["its TLS certificate is not trusted: name it", "as ca_file"]);
    let silent = results(program, "r.csv");
    assert!(
        silent.values().all(|result| result != "rings"),
        "{silent:?}"
    );
    // The certificate of somebody else.
    let stranger = rcgen::generate_simple_self_signed(["pbx.example.com".to_owned()]);
    program.write("other.pem", stranger.unwrap().cert.pem());
    program.ends(&format!("{line} --ca-file other.pem"), 1);
    let named = format!("{line} --ca-file {}", certificate.display());
    for flags in ["", "--register", "--negative"] {
        program
            .ends(&format!("{named} {flags}"), 0)
            .says(&[" over TLS"]);
        let results = results(program, "r.csv");
        assert!(
            results.values().all(|result| result == "rings"),
            "{results:?}"
        );
    }
    let (mixed, wrong) = with_wrong(extensions);
    program.sheet("in.csv", &mixed);
    program.ends(&named, 1);
    let results = results(program, "r.csv");
    let refused = results
        .iter()
        .filter(|(_, result)| *result == "wrong_secret");
    assert!(refused.map(|(number, _)| number).eq(&wrong), "{results:?}");
}

#[test]
fn a_real_asterisk_is_asked_over_tls_where_its_certificate_was_named() {
    let mut random = Random::from_environment("REAL_SEED");
    for packages in [NEWEST, V16] {
        let Some(asterisk) = RunningAsterisk::start_with_tls(packages) else {
            return;
        };
        let extensions = extensions(20, &mut random);
        for extension in &extensions {
            let secret = extension.reveal(Field::SIP_PASSWORD).unwrap();
            asterisk.ari().put_extension(extension.number(), secret);
        }
        let program = program(asterisk.tls());
        rings_over_tls(&program, &extensions, &asterisk.certificate());
    }
}

#[test]
fn a_real_kamailio_is_asked_over_tls_where_its_certificate_was_named() {
    let extensions = extensions(40, &mut Random::from_environment("REAL_SEED"));
    let Some(kamailio) = Kamailio::start(&subscribers(&extensions)) else {
        return;
    };
    let program = program(kamailio.tls());
    rings_over_tls(&program, &extensions, &kamailio.certificate());
}

/// Each state in which a real Asterisk can have an extension is told for what it is.
#[test]
fn the_states_of_a_real_asterisk_are_told_apart() {
    let Some(asterisk) = RunningAsterisk::start(NEWEST) else {
        return;
    };
    let (ari, registrar) = (asterisk.ari(), asterisk.sip());
    let extensions = extensions(8, &mut Random::from_environment("REAL_SEED"));
    for extension in &extensions[..7] {
        let secret = extension.reveal(Field::SIP_PASSWORD).unwrap();
        ari.put_extension(extension.number(), secret);
    }
    let numbers: Vec<&str> = extensions.iter().map(Record::number).collect();
    let [taken, open, full, sha, lost, keyless, fixed, missing] = numbers[..] else {
        unreachable!()
    };
    let secret = extensions[0].reveal(Field::SIP_PASSWORD).unwrap();
    let telephone = Telephone::new(registrar);
    assert_eq!(telephone.register(taken, secret, 600), Some(200));
    let contact = ari.get("aor", taken).unwrap()["contact"].clone();
    ari.put("aor", fixed, &[("contact", "sip:gate@192.0.2.9")]);
    ari.put("endpoint", open, &[("auth", "")]);
    ari.put("aor", full, &[("max_contacts", "0")]);
    ari.put("auth", sha, &[("supported_algorithms_uas", "SHA-256")]);
    assert_eq!(
        ari.send(
            &format!("DELETE /ari/asterisk/config/dynamic/res_pjsip/aor/{lost}"),
            ""
        )
        .unwrap()
        .status,
        204
    );
    assert_eq!(
        ari.send(
            &format!("DELETE /ari/asterisk/config/dynamic/res_pjsip/auth/{keyless}"),
            ""
        )
        .unwrap()
        .status,
        204
    );

    let program = program(registrar);
    program.sheet("in.csv", &extensions);
    for flags in ["", "--register", "--negative"] {
        program.ends(
            &format!("ring in.csv --to TARGET --report r.csv {flags}"),
            1,
        );
        let results = results(&program, "r.csv");
        println!("{flags}: {results:?}");
        assert_eq!(results[taken], "rings", "{flags}");
        assert_eq!(results[fixed], "rings", "{flags}");
        let told = program.report("r.csv");
        let told = told.iter().find(|row| row["number"] == fixed).unwrap();
        assert!(
            told["message"].contains("a fixed contact is set"),
            "{told:?}"
        );
        assert_eq!(results[open], "open", "{flags}");
        // Only beside a wrong secret, which is refused otherwise, its refusal shows that the right one was taken.
        let without_place = match flags {
            "--negative" => "full",
            _ => "refused",
        };
        assert_eq!(results[full], without_place, "{flags}");
        assert_eq!(results[sha], "rings", "{flags}");
        assert_eq!(results[lost], "refused", "{flags}");
        assert_eq!(results[keyless], "refused", "{flags}");
        assert_eq!(results[missing], "wrong_secret", "{flags}");
        // The telephone stays where it is.
        assert_eq!(
            ari.get("aor", taken).unwrap()["contact"],
            contact,
            "{flags}"
        );
    }
}
