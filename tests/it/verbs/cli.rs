//! The program as a person runs it: exit codes, streams, bad input, and values that are never shown.

use crate::support::canary::{assert_no_secret, assert_no_secret_in};
use crate::support::fixture::account;
use crate::support::pbx::Desk;
use crate::support::program::{Ran, ran, signal, wait_until};
use crate::support::sheets::{read_rows, write_table};
use assert_cmd::cargo::cargo_bin;
use rowcall::model::{Field, Record};
use rowcall::sim::Breakage;
use rowcall::vendors::VENDORS;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const TWO: &str = "number,sip_password\n2001,Canary7731aB\n2002,Canary7731aB\n";

#[test]
fn a_good_sheet_ends_with_0_and_a_line_for_every_row() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        let wanted: Vec<Record> = (0..20)
            .map(|row| desk.pbx.full(&(2001 + row).to_string(), row % 2))
            .collect();
        desk.sheet("in.csv", &wanted);
        let ran = desk
            .go("import in.csv --to TARGET --report r.csv --report r.json --report r.jsonl")
            .exits(0);
        ran.prints_nothing()
            .says(&["20 rows", "20 created", "report: r.csv"]);
        let connection = desk.pbx.connect();
        for wanted in &wanted {
            desk.pbx.assert_stored(&connection, wanted, vendor.id);
        }
        let rows = desk.report("r.csv");
        assert_eq!(rows, desk.report("r.json"));
        assert_eq!(rows, desk.report("r.jsonl"));
        let status = match vendor.id {
            "3cx-v20" => "201",
            _ => "200",
        };
        for (index, row) in rows.iter().enumerate() {
            let place = format!("in.csv:{}", index + 2);
            let expected = [
                ("row", (index + 1).to_string()),
                ("place", place),
                ("number", (2001 + index).to_string()),
                ("action", "create".to_owned()),
                ("result", "created".to_owned()),
                ("attempts", "1".to_owned()),
                ("http_status", status.to_owned()),
            ];
            for (name, text) in expected {
                assert_eq!(row[name], text, "{row:?}");
            }
            assert!(
                row["finished_at"].ends_with('Z') && !row["elapsed_ms"].is_empty(),
                "{row:?}"
            );
        }
        // The same once more: nothing is left to do.
        let requests = desk.pbx.sim.requests();
        desk.go("import in.csv --to TARGET --report again.csv")
            .exits(0)
            .says(&["20 unchanged"]);
        assert_eq!(desk.results("again.csv"), vec!["unchanged"; 20]);
        assert!(desk.pbx.sim.requests() > requests);
        assert!(
            wanted
                .iter()
                .all(|wanted| desk.pbx.sim.created(wanted.number()) == 1)
        );
    }
}

#[test]
fn what_was_exported_imports_as_nothing_to_do() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        let wanted: Vec<Record> = (0..10)
            .map(|row| desk.pbx.full(&(2001 + row).to_string(), row % 2))
            .collect();
        desk.seed(&wanted);
        for file in ["plain.csv", "plain.json", "plain.jsonl"] {
            desk.go(&format!("export TARGET -o {file} --secrets plain"))
                .exits(desk.pbx.exit_of_export())
                .prints_nothing();
            let is_complete = desk.pbx.manifest.ability.list_is_complete;
            let modes = ["create", "update", "upsert", "sync"].into_iter();
            for mode in modes.filter(|mode| is_complete || *mode != "sync") {
                let ran = desk.go(&format!(
                    "import {file} --to TARGET --mode {mode} --yes --report r.csv"
                ));
                ran.exits(0).says(&["10 unchanged"]);
                assert_eq!(
                    desk.results("r.csv"),
                    vec!["unchanged"; 10],
                    "{} {file} {mode}",
                    vendor.id
                );
            }
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(desk.path("plain.csv"))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // Without secrets it goes onto another PBX of the vendor as an update, and shows none.
        let ran = desk.go("export TARGET").exits(desk.pbx.exit_of_export());
        assert_eq!(ran.out.lines().count(), 11, "{}", ran.out);
        desk.write("omitted.csv", &ran.out);
        desk.go("import omitted.csv --to TARGET --mode update")
            .exits(0)
            .says(&["10 unchanged"]);
    }
}

#[test]
fn what_is_wrong_with_an_input_ends_with_2_before_anything_is_sent() {
    let big = "x".repeat(2 << 20);
    let deep = "[".repeat(100_000);
    let files: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
        ("empty.csv", b"".to_vec(), vec!["empty.csv: is empty"]),
        ("blank.csv", b"\n\n  \n".to_vec(), vec!["blank.csv"]),
        ("bom.csv", b"\xef\xbb\xbf".to_vec(), vec!["bom.csv"]),
        (
            "header.csv",
            b"number,sip_password\n".to_vec(),
            vec!["header.csv", "no row"],
        ),
        ("header.json", b"[]".to_vec(), vec!["header.json"]),
        ("header.jsonl", b"\n".to_vec(), vec!["header.jsonl"]),
        (
            "nonumber.csv",
            b"name,mail\nx,y\n".to_vec(),
            vec!["nonumber.csv", "number", "name, mail", "--map"],
        ),
        (
            "twice.csv",
            b"number,ext,sip_password\n1,2,x\n".to_vec(),
            vec!["twice.csv", "number", "ext"],
        ),
        (
            "quote.csv",
            b"number,sip_password\n2001,\"Canary7731\n2002,x\n".to_vec(),
            vec!["quote.csv:2", "never closed"],
        ),
        (
            "long.csv",
            format!("number,sip_password\n2001,a\n2002,{big}\n").into_bytes(),
            vec!["long.csv:3", "1048576 bytes"],
        ),
        (
            "longquote.csv",
            format!("number,sip_password\n2001,\"{big}").into_bytes(),
            vec!["longquote.csv:2"],
        ),
        (
            "long.json",
            format!("[{{\"number\":\"1\",\"sip_password\":\"{big}\"}}]").into_bytes(),
            vec!["long.json:1", "1048576 bytes"],
        ),
        (
            "wrong.json",
            b"[{\"number\":\"2001\",\n  \"sip_password\": Canary7731}]".to_vec(),
            vec!["wrong.json:2:19"],
        ),
        (
            "cut.json",
            b"[{\"number\":\"2001\"},\n".to_vec(),
            vec!["cut.json:"],
        ),
        (
            "curly.json",
            "[{\u{201c}number\u{201d}:\"2001\"}]".into(),
            vec!["curly.json:1:3", "curly quote"],
        ),
        ("scalar.json", b"42".to_vec(), vec!["scalar.json:1:1"]),
        ("array.json", b"[[1,2]]".to_vec(), vec!["array.json:1:2"]),
        ("deep.json", deep.into_bytes(), vec!["deep.json:1:"]),
        (
            "lines.jsonl",
            b"{\"number\":\"1\"}\n{\"number\":\n".to_vec(),
            vec!["lines.jsonl:"],
        ),
        (
            "utf32.csv",
            b"\xff\xfe\0\0n\0\0\0".to_vec(),
            vec!["utf32.csv", "UTF-32", "UTF-8"],
        ),
        ("book.csv", b"PK\x03\x04rest".to_vec(), vec!["book.csv"]),
        (
            "heading.csv",
            b"number,Zo\xc3\xab,n\xfcmmer\n1,2,3\n".to_vec(),
            vec!["heading.csv", "line 1", "--encoding", "UTF-8"],
        ),
    ];
    let desk = Desk::new("openvox");
    for (name, bytes, words) in &files {
        desk.write(name, bytes);
        let ran = desk
            .go(&format!("import {name} --to TARGET --report r.csv"))
            .exits(2);
        ran.prints_nothing().says(words);
        assert!(!desk.path("r.csv").exists(), "{name}");
        desk.run(&format!("check {name} --for openvox"))
            .exits(2)
            .says(words);
    }
    fs::create_dir(desk.path("folder")).unwrap();
    desk.go("import folder --to TARGET")
        .exits(2)
        .says(&["folder: is a directory"]);
    desk.go("import nothere.csv --to TARGET")
        .exits(2)
        .says(&["nothere.csv: there is no such file"]);
    desk.write("good.csv", TWO);
    desk.go("import good.csv nothere.csv --to TARGET")
        .exits(2)
        .says(&["nothere.csv"]);
    desk.go("import /proc/self/mem --to TARGET")
        .exits(2)
        .says(&["/proc/self/mem"]);
    desk.go("import good.csv --to TARGET --map Durchwahl=number")
        .exits(2)
        .says(&["Durchwahl"]);
    desk.go("import good.csv --to TARGET --map number=nonsense")
        .exits(2)
        .says(&["nonsense"]);
    assert_eq!(desk.pbx.sim.requests(), 0);
    desk.go("import good.csv --to TARGET --report good.csv")
        .exits(2)
        .says(&["good.csv", "overwritten"]);
    desk.go("import good.csv --to TARGET --rejects ./good.csv")
        .exits(2)
        .says(&["good.csv", "overwritten"]);
    assert_eq!(fs::read_to_string(desk.path("good.csv")).unwrap(), TWO);
    desk.go("import good.csv --to TARGET --report r.txt")
        .exits(2)
        .says(&["r.txt", ".csv"]);
    assert!(desk.pbx.sim.numbers().is_empty());
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_written_to_the_pbx() {
    let desk = Desk::new("openvox");
    desk.write("in.csv", TWO);
    std::os::unix::fs::symlink("/dev/full", desk.path("full.csv")).unwrap();
    fs::create_dir(desk.path("folder.csv")).unwrap();
    // These cannot be written by any user.
    for (file, words) in [
        ("full.csv", ["full.csv", "cannot be written"]),
        ("/proc/r.csv", ["/proc/r.csv", "cannot be written"]),
        ("gone/r.csv", ["there is no folder gone", "mkdir"]),
        ("folder.csv", ["folder.csv", "cannot be written"]),
    ] {
        for flag in ["--report", "--rejects"] {
            desk.go(&format!("import in.csv --to TARGET {flag} {file}"))
                .exits(2)
                .says(&words);
        }
        desk.go(&format!("export TARGET -o {file}"))
            .exits(2)
            .says(&words[..1]);
    }
    assert!(desk.pbx.sim.numbers().is_empty());
}

#[test]
fn a_report_that_breaks_off_in_mid_run_stops_the_run() {
    let desk = Desk::new("openvox");
    desk.sheet("in.csv", &desk.small(2001..2201));
    let pipe = desk.path("r.csv");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let child = desk
        .command("import in.csv --to TARGET --report r.csv --rate 200 --parallel 2")
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(fs::File::open(&pipe).unwrap());
    for _ in 0..6 {
        reader.read_line(&mut String::new()).unwrap();
    }
    drop(reader);
    let ran = ran("a broken pipe", child.wait_with_output().unwrap());
    ran.exits(2).says(&["r.csv", "cannot be written"]);
    let made = desk.pbx.sim.numbers().len();
    assert!((5..100).contains(&made), "{made}");
}

#[test]
fn rows_that_cannot_be_read_whole_are_invalid_and_the_others_go() {
    let cases: [(&[u8], &str); 5] = [
        (b"2001\n", "ragged.csv:2"),
        (b"2001,a,b\n", "3 cells"),
        (b"2001,Canary\x007731\n", "NUL"),
        (b"2001,Canary7731\xc3\xbc\xc3\xbc\xfc\n", "B2"),
        (b"20o1,Canary7731aB\n", "number"),
    ];
    for (row, word) in cases {
        let desk = Desk::new("openvox");
        let bytes = [&b"number,sip_password\n"[..], row, b"2002,Canary7731aB\n"].concat();
        desk.write("ragged.csv", &bytes);
        let ran = desk
            .go("import ragged.csv --to TARGET --all-or-nothing --report r.csv")
            .exits(1);
        ran.says(&["ragged.csv:2", word]);
        assert_eq!(desk.results("r.csv"), ["invalid", "not_sent"]);
        assert_eq!(desk.pbx.sim.requests(), 0);
        let ran = desk
            .go("import ragged.csv --to TARGET --report r.csv")
            .exits(1);
        ran.prints_nothing()
            .says(&["ragged.csv:2", "1 created, 1 invalid", word]);
        assert_eq!(desk.results("r.csv"), ["invalid", "created"]);
        assert_eq!(desk.pbx.sim.numbers(), ["2002"]);
        let ran = desk.run("check ragged.csv --for openvox").exits(1);
        assert!(ran.out.contains("ragged.csv:2"), "{}", ran.out);
    }
    let desk = Desk::new("openvox");
    desk.write(
        "short.csv",
        "number,sip_password,email\n2001,Canary7731aB\n\n2002,Canary7731aB,\n",
    );
    desk.go("import short.csv --to TARGET --pad-short-rows --report r.csv")
        .exits(0);
    assert_eq!(desk.results("r.csv"), ["created", "created"]);
    assert_eq!(desk.report("r.csv")[1]["place"], "short.csv:4");
}

#[test]
fn a_target_that_cannot_be_used_ends_with_3_and_every_row_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let desk = Desk::new("openvox");
    desk.write("in.csv", TWO);
    let other = Desk::new("portsip").addr();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hangs_up = silent.local_addr().unwrap();
    thread::spawn(move || silent.incoming().for_each(drop));
    let ozeki = Desk::new("ozeki");
    for (target, word) in [
        (format!("openvox+http://api@{free}"), "refused"),
        (
            "openvox+http://api@host.invalid".to_owned(),
            "host not found",
        ),
        (format!("openvox+http://api@{other}"), "hint"),
        (format!("openvox+http://api@{}", ozeki.addr()), "hint"),
        (format!("openvox+http://api@{hangs_up}"), "closed"),
        (format!("openvox+https://api@{}", desk.addr()), "hint"),
        ("sim:openvox?html=1000".to_owned(), "web page"),
        ("sim:openvox?redirect=1000".to_owned(), "redirect"),
        ("sim:openvox?garbage=1000".to_owned(), "no such PBX"),
        ("sim:openvox?endless=1000".to_owned(), "longer than"),
    ] {
        let ran = desk
            .go(&format!(
                "import in.csv --to {target} --report r.csv --json"
            ))
            .exits(3);
        assert!(
            ran.out.contains("\"not_sent\":2") && ran.out.contains("\"exit_code\":3"),
            "{}",
            ran.out
        );
        ran.says(&[word]);
        assert_eq!(desk.results("r.csv"), ["not_sent", "not_sent"], "{target}");
        assert!(!desk.report("r.csv")[1]["message"].is_empty());
        desk.go(&format!("export {target} -o out.csv"))
            .exits(3)
            .prints_nothing();
        assert!(!desk.path("out.csv").exists());
        desk.go(&format!(
            "delete in.csv --from {target} --yes --report r.csv"
        ))
        .exits(3);
        assert_eq!(desk.results("r.csv"), ["not_sent", "not_sent"]);
    }
    assert!(desk.pbx.sim.numbers().is_empty());
}

#[test]
fn a_wrong_password_is_said_once_and_never_shown() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        desk.sheet("in.csv", &desk.small([2001, 2002]));
        let mut command = desk.command("import in.csv --to TARGET --report r.csv");
        command.env("ROWCALL_PASSWORD", "Canary7731wrong");
        let ran = ran("a wrong password", command.output().unwrap()).exits(3);
        ran.says(&["hint", "password"]);
        assert_eq!(desk.pbx.sim.sign_ins(), 1, "{}", vendor.id);
        assert_eq!(desk.results("r.csv"), ["not_sent", "not_sent"]);
    }
}

#[test]
fn a_password_comes_from_where_the_configuration_says_and_from_nowhere_else() {
    let desk = Desk::new("openvox");
    let password = account().password.reveal().to_owned();
    desk.write("in.csv", TWO)
        .write("secret.txt", format!("{password}\nanother line\n"));
    let url = format!(
        "url = \"http://{}\"\nvendor = \"openvox\"\nusername = \"api\"\nrate = \"5000/s\"\n",
        desk.addr()
    );
    let config = format!(
        "[targets.env]\n{url}password_env = \"PBX_PASSWORD\"\n\
         [targets.file]\n{url}password_file = \"secret.txt\"\nformat = \"xml\"\n\
         [targets.command]\n{url}password_command = \"cat secret.txt\"\nparallel = 3\n\
         [targets.fails]\n{url}password_command = \"echo {password}; echo {password} >&2; exit 7\"\n\
         [targets.two]\n{url}password_command = \"true\"\npassword_file = \"secret.txt\"\n\
         [targets.plain]\n{url}password = \"{password}\"\n\
         [targets.wrong]\n{url}colour = \"blue\"\n\
         [targets.vendor]\nvendor = \"nortel\"\nurl = \"http://127.0.0.1\"\n"
    );
    desk.write("rowcall.toml", &config);
    for (target, created) in [("env", true), ("file", false), ("command", false)] {
        let mut command = desk.command(&format!("import in.csv --to {target}"));
        command
            .env("PBX_PASSWORD", &password)
            .env_remove("ROWCALL_PASSWORD");
        let ran = ran(target, command.output().unwrap()).exits(0);
        ran.says(&[
            if created { "2 created" } else { "2 unchanged" },
            &format!("{target}: "),
        ]);
    }
    let sign_ins = desk.pbx.sim.sign_ins();
    for (target, words) in [
        ("env", vec!["PBX_PASSWORD", "not set"]),
        ("fails", vec!["password_command", "7"]),
        ("two", vec!["more than one source"]),
        ("plain", vec!["password_env"]),
        ("wrong", vec!["colour", "format"]),
        ("vendor", vec!["nortel", "openvox"]),
        ("nobody", vec!["nobody", "rowcall.toml", "command"]),
        ("nortel+http://127.0.0.1", vec!["nortel", "openvox"]),
        (
            &format!("openvox+http://api:Canary7731@{}", desk.addr()),
            vec!["ROWCALL_PASSWORD"],
        ),
        (
            &format!("openvox+http://api@{}?token=Canary7731", desk.addr()),
            vec!["query"],
        ),
        ("openvox+http://", vec!["address"]),
        ("openvox+gopher://api@127.0.0.1", vec!["http://"]),
        (
            &format!("openvox+http://{}", desk.addr()),
            vec!["account", "username"],
        ),
        ("sim:openvox?nonsense=1", vec!["nonsense"]),
    ] {
        let mut command = desk.command(&format!("import in.csv --to {target}"));
        command.env_remove("PBX_PASSWORD");
        ran(target, command.output().unwrap())
            .exits(2)
            .prints_nothing()
            .says(&words);
    }
    desk.write(
        "broken.toml",
        format!("[targets.hq]\nvendor = \"openvox\"\npassword_file = \"{password}\n"),
    );
    desk.run("import in.csv --to hq --config broken.toml")
        .exits(2)
        .says(&["broken.toml:3"]);
    desk.run("import in.csv --to hq --config nothere.toml")
        .exits(2)
        .says(&["nothere.toml"]);
    let mut command = desk.command("import in.csv --to TARGET");
    command.env_remove("ROWCALL_PASSWORD");
    ran("no password", command.output().unwrap())
        .exits(2)
        .says(&["ROWCALL_PASSWORD"]);
    assert_eq!(desk.pbx.sim.sign_ins(), sign_ins);
    for word in ["--password", "-p", "--token"] {
        desk.run(&format!("import in.csv --to TARGET {word} x"))
            .exits(2);
    }
}

#[test]
fn a_proxy_of_the_environment_is_passed_by() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    proxy.set_nonblocking(true).unwrap();
    let desk = Desk::new("openvox");
    desk.write("in.csv", TWO);
    let mut command = desk.command("import in.csv --to TARGET");
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env(name, &address);
    }
    command
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD");
    ran("a proxy", command.output().unwrap())
        .exits(0)
        .says(&["2 created"]);
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

#[test]
fn rejects_go_through_once_they_are_mended() {
    let desk = Desk::new("openvox");
    let text = "Durchwahl;Kennwort;Abteilung\n2001;Canary7731aB;Sales\n20x2;Canary7731aB;\"Sup;port\"\n2003;;Böckh\n2004;Canary7731aB;\n";
    desk.write("in.csv", text);
    desk.go("import in.csv --to TARGET --rejects rejects.csv --report r.csv")
        .exits(1)
        .says(&["rejects.csv (2 rows"]);
    assert_eq!(
        desk.results("r.csv"),
        ["created", "invalid", "invalid", "created"]
    );
    let rows = read_rows(&desk.path("rejects.csv"));
    let cells: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["Durchwahl"].as_str(),
                row["Kennwort"].as_str(),
                row["Abteilung"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        cells,
        [("20x2", "Canary7731aB", "Sup;port"), ("2003", "", "Böckh")]
    );
    assert_eq!(rows[0]["rowcall_place"], "in.csv:3");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        fs::metadata(desk.path("rejects.csv"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    // Fed back as it is, nothing has become better or worse.
    desk.go("import rejects.csv --to TARGET --rejects again.csv")
        .exits(1)
        .says(&["2 invalid"]);
    let without_place = |name: &str| {
        let rows = read_rows(&desk.path(name)).into_iter();
        rows.map(|mut row| {
            row.remove("rowcall_place");
            // They name the cells.
            row.remove("rowcall_findings");
            row
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(without_place("again.csv"), without_place("rejects.csv"));
    let mended = fs::read_to_string(desk.path("rejects.csv"))
        .unwrap()
        .replace("20x2", "2002")
        .replacen("2003,,", "2003,Canary7731cD,", 1);
    desk.write("mended.csv", mended);
    desk.go("import mended.csv --to TARGET --report r.csv")
        .exits(0)
        .says(&["2 created"]);
    assert_eq!(desk.pbx.sim.numbers(), ["2001", "2002", "2003", "2004"]);
}

#[test]
fn rows_count_on_over_files_and_headings_are_understood_in_each() {
    let desk = Desk::new("openvox");
    desk.write("a.csv", TWO);
    desk.write("b.json", "[\n {\"extnumber\": \"2003\", \"registerpassword\": \"Canary7731aB\", \"username\": \"Ann\"},\n {\"extnumber\": \"2001\", \"registerpassword\": \"Canary7731zZ\", \"username\": null}\n]\n");
    desk.write("c.jsonl", "{\"Tel\":\"2004\",\"pw\":\"Canary7731aB\"}\n");
    let ran = desk
        .go("import a.csv b.json --to TARGET --report r.csv")
        .exits(1);
    ran.says(&["b.json:3", "a.csv:2"]);
    let places: Vec<_> = desk
        .report("r.csv")
        .into_iter()
        .map(|row| {
            (
                row["row"].clone(),
                row["place"].clone(),
                row["result"].clone(),
            )
        })
        .collect();
    let is = |row: &str, place: &str, result: &str| {
        (row.to_owned(), place.to_owned(), result.to_owned())
    };
    assert_eq!(
        places,
        [
            is("1", "a.csv:2", "created"),
            is("2", "a.csv:3", "created"),
            is("3", "b.json:2", "created"),
            is("4", "b.json:3", "invalid"),
        ]
    );
    desk.go("import c.jsonl --to TARGET --map Tel=number --map pw=sip_password")
        .exits(0);
    assert_eq!(desk.pbx.sim.numbers(), ["2001", "2002", "2003", "2004"]);
    assert_eq!(
        desk.pbx.sim.stored("2003", "username").as_deref(),
        Some("Ann")
    );
    // One vendor's word is another one's field: with an option, it counts.
    desk.write(
        "d.csv",
        "ID,Password,Username,UserID\n2005,Canary7731aB,sip2005,u1\n",
    );
    desk.go("import d.csv --to TARGET --headings ozeki --report r.csv --mode create");
    assert_ne!(
        desk.pbx.sim.stored("2005", "username").as_deref(),
        Some("sip2005")
    );
    desk.write(
        "e.csv",
        "Username,extnumber,registerpassword\nBob,2006,Canary7731aB\n",
    );
    desk.go("import e.csv --to TARGET --headings openvox")
        .exits(0);
    assert_eq!(
        desk.pbx.sim.stored("2006", "username").as_deref(),
        Some("Bob")
    );
    let mut command = desk.command("import - --to TARGET");
    command.stdin(fs::File::open(desk.path("a.csv")).unwrap());
    ran_ok(command, "2 unchanged");
}

#[track_caller]
fn ran_ok(mut command: Command, word: &str) {
    ran(word, command.output().unwrap()).exits(0).says(&[word]);
}

#[test]
fn modes_touch_what_they_say_and_nothing_else() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        let of = |numbers: &[&str], variant| -> Vec<Record> {
            numbers
                .iter()
                .map(|number| {
                    let mut one = desk.pbx.full(number, variant);
                    // A field that cannot be changed later keeps its value.
                    for row in desk.pbx.writable().filter(|row| row.create_only) {
                        one.set(row.name, desk.pbx.full(number, 0).get(row.name).unwrap());
                    }
                    one
                })
                .collect()
        };
        desk.seed(&of(&["2001", "2002", "2003"], 0));
        // 2001 as it is, 2002 otherwise, 2004 new; 2003 is not named.
        desk.sheet(
            "in.csv",
            &[of(&["2001"], 0), of(&["2002"], 1), of(&["2004"], 0)].concat(),
        );
        desk.go("import in.csv --to TARGET --mode update --report r.csv")
            .exits(1);
        let results = desk.results("r.csv");
        // A vendor that does not give the field back has to be written again.
        let same = if results[0] == "updated" {
            "updated"
        } else {
            "unchanged"
        };
        assert_eq!(results, [same, "updated", "missing"], "{}", vendor.id);
        assert_eq!(desk.pbx.sim.numbers(), ["2001", "2002", "2003"]);
        desk.go("import in.csv --to TARGET --mode upsert --report r.csv")
            .exits(0);
        assert_eq!(
            desk.results("r.csv").last().map(String::as_str),
            Some("created")
        );
        desk.sheet("other.csv", &of(&["2001", "2005"], 1));
        desk.go("import other.csv --to TARGET --report r.csv")
            .exits(1)
            .says(&["conflict", "--mode upsert"]);
        assert_eq!(desk.results("r.csv"), ["conflict", "created"]);
        let connection = desk.pbx.connect();
        for (number, variant) in [("2001", 0), ("2002", 1), ("2003", 0), ("2004", 0)] {
            desk.pbx
                .assert_stored(&connection, &of(&[number], variant)[0], vendor.id);
        }
        for number in desk.pbx.sim.numbers() {
            assert_eq!(desk.pbx.sim.created(&number), 1);
        }
    }
}

#[test]
fn the_guard_ends_with_4_and_names_the_flag_and_the_number() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small(2001..2041));
    let all: Vec<Record> = (2001..2041)
        .map(|number| desk.pbx.full(&number.to_string(), 1))
        .collect();
    let mut names: Vec<Record> = desk.small(2001..2041);
    for (index, one) in names.iter_mut().enumerate() {
        one.set(Field::DISPLAY_NAME, format!("Name {index}"));
    }
    desk.sheet("secrets.csv", &all)
        .sheet("names.csv", &names)
        .sheet("leavers.csv", &desk.small(2001..2011));
    desk.sheet("new.csv", &desk.small(3001..3006))
        .sheet("few.csv", &desk.small(2001..2031));
    let before: Vec<_> = desk
        .pbx
        .sim
        .numbers()
        .iter()
        .map(|number| desk.pbx.sim.stored(number, "username"))
        .collect();
    for (line, flag, wanted) in [
        (
            "import names.csv --to TARGET --mode upsert",
            "--max-updates",
            40,
        ),
        (
            "import secrets.csv --to TARGET --mode update --max-updates 100%",
            "--max-secret-changes",
            40,
        ),
        (
            "import new.csv --to TARGET --max-creates 4",
            "--max-creates",
            5,
        ),
        (
            "delete leavers.csv --from TARGET --yes",
            "--max-deletes",
            10,
        ),
        (
            "import few.csv --to TARGET --mode sync --yes",
            "--max-deletes",
            10,
        ),
    ] {
        let ran = desk.go(&format!("{line} --report r.csv --json")).exits(4);
        let summary: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(summary["exit_code"], 4);
        ran.says(&[
            &format!("{flag} {wanted}"),
            "nothing was sent",
            "40 extensions",
        ]);
        let results = desk.results("r.csv");
        assert!(
            results
                .iter()
                .all(|result| result == "not_sent" || result == "unchanged"),
            "{results:?}"
        );
        let after: Vec<_> = desk
            .pbx
            .sim
            .numbers()
            .iter()
            .map(|number| desk.pbx.sim.stored(number, "username"))
            .collect();
        assert_eq!(after, before, "{line}");
    }
    // Following the hint helps.
    desk.go("import new.csv --to TARGET --max-creates 5")
        .exits(0);
    desk.go("import names.csv --to TARGET --mode upsert --max-updates 40")
        .exits(0)
        .says(&["40 updated"]);
    desk.go("delete leavers.csv --from TARGET --yes --max-deletes 10")
        .exits(0)
        .says(&["10 deleted"]);
    assert_eq!(desk.pbx.sim.numbers().len(), 35);
    desk.go("delete leavers.csv --from TARGET --yes")
        .exits(0)
        .says(&["10 unchanged"]);
}

#[test]
fn nothing_is_deleted_without_a_yes_where_nobody_can_be_asked() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small(2001..2006));
    desk.sheet("one.csv", &desk.small([2003]))
        .sheet("most.csv", &desk.small(2001..2005));
    desk.go("delete one.csv --from TARGET")
        .exits(2)
        .says(&["--yes"]);
    desk.go("import most.csv --to TARGET --mode sync")
        .exits(2)
        .says(&["--yes"]);
    assert_eq!(desk.pbx.sim.requests() - 6, 0, "nothing was even asked");
    desk.go("delete one.csv --from TARGET --yes --report r.csv")
        .exits(0);
    assert_eq!(desk.results("r.csv"), ["deleted"]);
    // An invalid row still names its extension: 2004 stays.
    desk.write("sync.csv", "number,sip_password,email\n2001,Canary7731sip_password0,\n2002,Canary7731sip_password0,\n2004,Canary7731sip_password0,nonsense\n");
    desk.go("import sync.csv --to TARGET --mode sync --yes --report r.csv")
        .exits(1);
    assert_eq!(desk.pbx.sim.numbers(), ["2001", "2002", "2004"]);
    let rows = desk.report("r.csv");
    let last = rows.last().unwrap();
    assert_eq!(
        (
            last["row"].as_str(),
            last["number"].as_str(),
            last["action"].as_str(),
            last["result"].as_str()
        ),
        ("", "2005", "delete", "deleted")
    );
    assert_eq!(rows.len(), 4);
}

#[test]
fn too_many_refusals_stop_the_run_with_4() {
    let desk = Desk::new("portsip");
    let mut rows: Vec<Record> = desk.small(2001..2081);
    for row in &mut rows {
        row.set(Field::GROUPS, "No such group");
    }
    desk.sheet("in.csv", &rows);
    let ran = desk.go("import in.csv --to TARGET --report r.csv").exits(4);
    ran.says(&[
        "stopped: ",
        "sent so far failed",
        "more rows that are not done",
    ]);
    let results = desk.results("r.csv");
    assert_eq!(results.len(), 80);
    assert!(
        results[..20].iter().all(|result| result == "rejected"),
        "{results:?}"
    );
    assert!(
        results[30..].iter().all(|result| result == "not_sent"),
        "{results:?}"
    );
    assert!(desk.pbx.sim.numbers().is_empty());
    let ran = desk
        .go("import in.csv --to TARGET --report r.csv --max-failures all")
        .exits(1);
    ran.says(&["80 rejected"]);
}

#[test]
fn a_lost_reply_is_settled_in_the_report() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        desk.sheet("in.csv", &desk.small(2001..2011));
        for (number, breakage) in [
            ("2003", Breakage::CutAfter),
            ("2006", Breakage::UnavailableAfter),
            ("2008", Breakage::Truncate),
        ] {
            // Of several requests the one that makes the extension.
            let part = match vendor.id {
                "asterisk" => format!(r#""aors","value":"{number}""#),
                _ => number.to_owned(),
            };
            desk.pbx.sim.break_once(part, breakage);
        }
        desk.go("import in.csv --to TARGET --report r.csv")
            .exits(0)
            .says(&["10 created"]);
        let rows = desk.report("r.csv");
        let confirmed: Vec<&str> = rows
            .iter()
            .filter(|row| row["message"].contains("confirmed"))
            .map(|row| row["number"].as_str())
            .collect();
        assert_eq!(confirmed, ["2003", "2006", "2008"], "{}", vendor.id);
        assert!(
            desk.pbx
                .sim
                .numbers()
                .iter()
                .all(|number| desk.pbx.sim.created(number) == 1)
        );
    }
}

#[test]
fn interrupted_everything_sent_is_settled_and_the_rest_not_sent() {
    for name in ["INT", "TERM", "HUP"] {
        let desk = Desk::new("openvox");
        desk.sheet("in.csv", &desk.small(2001..2201));
        desk.pbx.sim.set_faults("latency_ms=40".parse().unwrap());
        let child = desk
            .command("import in.csv --to TARGET --report r.csv --rate 100 --parallel 4")
            .spawn()
            .unwrap();
        wait_until(|| desk.pbx.sim.numbers().len() >= 10);
        signal(&child, name);
        let ran = ran(name, child.wait_with_output().unwrap()).exits(130);
        ran.says(&["interrupted", "not_sent"]);
        let rows = desk.report("r.csv");
        assert_eq!(rows.len(), 200);
        let made = desk.pbx.sim.numbers();
        let said: Vec<&str> = rows
            .iter()
            .filter(|row| row["result"] == "created")
            .map(|row| row["number"].as_str())
            .collect();
        assert_eq!(said, made);
        assert!((10..60).contains(&made.len()), "{}", made.len());
        assert!(
            rows[made.len()..]
                .iter()
                .all(|row| row["result"] == "not_sent")
        );
        // The ledger gives the same result for every row as the report.
        desk.run("report -o ledger.csv").exits(1);
        assert_eq!(desk.results("r.csv"), desk.results("ledger.csv"), "{name}");
        // Run again, it continues from where it was.
        desk.pbx.sim.set_faults("".parse().unwrap());
        desk.go("import in.csv --to TARGET --report r.csv").exits(0);
        assert!(
            desk.pbx
                .sim
                .numbers()
                .iter()
                .all(|number| desk.pbx.sim.created(number) == 1)
        );
        assert_eq!(desk.pbx.sim.numbers().len(), 200);
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let desk = Desk::new("openvox");
    desk.sheet("in.csv", &desk.small(2001..2011));
    let mut child = desk.command("import in.csv --to TARGET").spawn().unwrap();
    wait_until(|| !desk.pbx.sim.numbers().is_empty());
    desk.pbx.sim.set_faults("latency_ms=20000".parse().unwrap());
    thread::sleep(Duration::from_millis(400));
    let mut said = BufReader::new(child.stderr.take().unwrap());
    signal(&child, "INT");
    let mut text = String::new();
    while !text.contains("interrupted") {
        assert_ne!(said.read_line(&mut text).unwrap(), 0, "{text}");
    }
    let begun = Instant::now();
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn data_goes_to_standard_output_and_all_else_to_standard_error() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small([2001, 2002]))
        .write("in.csv", TWO)
        .write("bad.csv", "number,sip_password\n20x1,Canary7731aB\n");
    let lines = |ran: &Ran| ran.out.lines().count();
    let ran = desk.go("export TARGET").exits(0).says(&["2 extensions"]);
    assert!(
        ran.out.starts_with("number,") && lines(&ran) == 3,
        "{}",
        ran.out
    );
    let ran = desk.go("import in.csv --to TARGET --json").exits(1);
    let summary: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (
            &summary["rows"],
            &summary["counts"]["conflict"],
            &summary["command"]
        ),
        (&2.into(), &2.into(), &"import".into())
    );
    let ran = desk.run("check bad.csv --for openvox --all").exits(1);
    assert!(
        lines(&ran) >= 1 && ran.out.contains("bad.csv:2: 20x1 error number.digits A2"),
        "{}",
        ran.out
    );
    assert!(!ran.err.contains("number.digits"));
    desk.run("check in.csv --for openvox --json").exits(0);
    for line in [
        "vendors",
        "vendors openvox",
        "template --for portsip",
        "man",
        "completions bash",
        "--help",
        "--version",
        "import --help",
    ] {
        let ran = Command::new(cargo_bin("rowcall"))
            .args(line.split(' '))
            .output()
            .unwrap();
        assert!(
            ran.status.success() && !ran.stdout.is_empty() && ran.stderr.is_empty(),
            "{line}"
        );
        assert!(!ran.stdout.contains(&0x1b), "{line}");
    }
    for line in [
        "",
        "nonsense",
        "import",
        "import in.csv",
        "import in.csv --to TARGET --mode sideways",
        "import in.csv --to TARGET --rate fast",
        "check in.csv --for nortel",
    ] {
        desk.run(line).exits(2).prints_nothing();
    }
    // A reader who has seen enough is no accident.
    for line in [
        "export TARGET --rate 5000 --reply-within 2",
        "vendors openvox",
        "man",
        "check bad.csv --for openvox",
    ] {
        let mut child = desk.command(line).spawn().unwrap();
        drop(child.stdout.take());
        let mut text = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        child.wait().unwrap();
        assert_no_secret(line, &text);
    }
}

#[test]
fn a_reader_who_has_gone_costs_neither_a_file_nor_the_exit_code() {
    let desk = Desk::new("openvox");
    desk.sheet("ok.csv", &desk.small(2001..2003));
    let mut bad = "number,display_name,sip_password\n".to_owned();
    for number in 2001..4001 {
        bad += &format!("{number},Ann,\n");
    }
    desk.write("bad.csv", bad);
    for (line, exit, files) in [
        (
            "check bad.csv --for openvox --all --mark m.xlsx --report r.csv",
            1,
            &["m.xlsx", "r.csv"][..],
        ),
        (
            "check ok.csv --for openvox --json --mark n.xlsx",
            0,
            &["n.xlsx"],
        ),
        (
            "import bad.csv --to TARGET --json --report s.csv",
            1,
            &["s.csv"],
        ),
        (
            "import ok.csv --to TARGET --json --report t.csv",
            0,
            &["t.csv"],
        ),
    ] {
        let mut child = desk.command(line).spawn().unwrap();
        drop(child.stdout.take());
        let ended = ran(line, child.wait_with_output().unwrap());
        ended.exits(exit);
        for file in files {
            assert!(desk.path(file).is_file(), "{line}: {file}");
        }
    }
}

#[test]
fn secrets_stand_nowhere_but_where_they_must() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        let wanted: Vec<Record> = (0..6)
            .map(|row| desk.pbx.full(&(2001 + row).to_string(), row % 2))
            .collect();
        desk.sheet("in.csv", &wanted);
        desk.go("import in.csv --to TARGET --report a.csv").exits(0);
        let other: Vec<Record> = (0..6)
            .map(|row| desk.pbx.full(&(2001 + row).to_string(), (row + 1) % 2))
            .collect();
        desk.sheet("in.csv", &other);
        desk.go("import in.csv --to TARGET --report b.csv --rejects rejects.csv --json")
            .exits(1)
            .says(&["conflict"]);
        desk.go("import in.csv --to TARGET --mode upsert --report c.csv --json");
        desk.pbx.sim.set_faults(
            "cut_after=300,garbage=200,retry_after_s=0,in_a_row=1"
                .parse()
                .unwrap(),
        );
        desk.go("import in.csv --to TARGET --mode upsert --report d.csv");
        desk.pbx.sim.set_faults("".parse().unwrap());
        desk.go("export TARGET -o export.csv")
            .exits(desk.pbx.exit_of_export());
        assert!(
            assert_no_secret_in(&desk.path("state")) > 0,
            "the runs are kept"
        );
        for name in ["a.csv", "b.csv", "c.csv", "d.csv", "export.csv"] {
            assert_no_secret(name, &fs::read_to_string(desk.path(name)).unwrap());
        }
        // Rows whose secrets break the rules, in a place where the message could quote them.
        let mut wrong = wanted.clone();
        for one in &mut wrong {
            for row in desk.pbx.writable().filter(|row| row.name.is_secret()) {
                one.set(row.name, format!("Canary7731 <&\"'> {}", "x".repeat(300)));
            }
        }
        desk.sheet("wrong.csv", &wrong);
        desk.go("import wrong.csv --to TARGET --report e.csv");
        desk.report("e.csv");
        desk.run(&format!(
            "check wrong.csv --for {} --report f.csv",
            vendor.id
        ));
        desk.report("f.csv");
    }
}

#[test]
fn the_simulated_pbx_of_the_program_is_one_to_import_to() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        desk.sheet(
            "in.csv",
            &(1..6)
                .map(|number| desk.pbx.full(&format!("200{number}"), 0))
                .collect::<Vec<_>>(),
        );
        let mut command = desk.command(&format!(
            "sim --vendor {} --listen 127.0.0.1:0 --faults seed=7,cut_after=60,delay_ms=2",
            vendor.id
        ));
        command.env("ROWCALL_SIM_PASSWORD", account().password.reveal());
        let mut sim = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(sim.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let target = line.split_whitespace().last().unwrap().to_owned();
        assert!(
            target.starts_with(&format!("{}+http://api@127.0.0.1:", vendor.id)),
            "{line}"
        );
        desk.go(&format!("import in.csv --to {target} --report r.csv"))
            .exits(0)
            .says(&["5 created"]);
        desk.go(&format!("export {target} -o out.csv --secrets plain"))
            .exits(desk.pbx.exit_of_export());
        desk.go(&format!("import out.csv --to {target}"))
            .exits(0)
            .says(&["5 unchanged"]);
        signal(&sim, "INT");
        assert_eq!(sim.wait().unwrap().code(), Some(0));
        let mut text = String::new();
        sim.stderr
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_no_secret("sim", &text);
    }
    let desk = Desk::new("openvox");
    desk.run(&format!("sim --vendor openvox --listen {}", desk.addr()))
        .exits(2)
        .says(&[&desk.addr()]);
    desk.run("sim --vendor openvox --listen nonsense:x")
        .exits(2)
        .says(&["nonsense"]);
    desk.run("sim --vendor openvox --faults rain=3")
        .exits(2)
        .says(&["rain", "cut_after"]);
}

#[test]
fn a_sheet_of_tabs_semicolons_and_quotes_is_read_as_it_is_meant() {
    let desk = Desk::new("openvox");
    let rows = vec![
        vec!["0042", "Canary7731aB", "O;Neil, \"Søn\"\tx"],
        vec!["42", "Canary7731aB", "two"],
    ];
    for name in ["a.csv", "b.tsv", "c.json", "d.jsonl"] {
        write_table(
            Path::new(&desk.path(name)),
            &["number", "sip_password", "display_name"],
            &rows,
        );
    }
    desk.go("import a.csv --to TARGET")
        .exits(0)
        .says(&["2 created"]);
    for name in ["b.tsv", "c.json", "d.jsonl"] {
        desk.go(&format!("import {name} --to TARGET --report r.csv"))
            .exits(0)
            .says(&["2 unchanged"]);
    }
    assert_eq!(desk.pbx.sim.numbers(), ["0042", "42"]);
    assert_eq!(
        desk.pbx.sim.stored("0042", "username").as_deref(),
        Some("O;Neil, \"Søn\"\tx")
    );
}

#[test]
fn a_field_that_cannot_be_changed_later_is_wrong_only_where_it_would_change() {
    let desk = Desk::new("portsip");
    desk.seed(&[desk.pbx.full("2001", 0)]);
    let mut same = desk.pbx.full("2001", 0);
    same.set(Field::DESCRIPTION, "changed");
    let mut other = desk.pbx.full("2001", 0);
    other.set(Field::SIP_PASSWORD, "Canary7731other");
    let new = desk.pbx.full("2002", 0);
    desk.sheet("in.csv", &[same, new.clone()])
        .sheet("other.csv", &[other, new]);
    desk.go("import in.csv --to TARGET --mode update --report r.csv")
        .exits(1);
    assert_eq!(desk.results("r.csv"), ["updated", "missing"]);
    desk.go("import in.csv --to TARGET --mode upsert --report r.csv")
        .exits(0);
    assert_eq!(desk.results("r.csv"), ["unchanged", "created"]);
    let ran = desk
        .go("import other.csv --to TARGET --mode upsert --report r.csv")
        .exits(1);
    ran.says(&["cannot be changed at PortSIP PBX once the extension exists"]);
    assert_eq!(desk.results("r.csv"), ["invalid", "unchanged"]);
    assert_eq!(desk.report("r.csv")[0]["code"], "sip_password.create_only");
}

#[test]
fn all_or_nothing_counts_what_only_the_pbx_can_tell() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small([2001]));
    // A forward to a number, and neither the row nor the PBX has one.
    desk.write(
        "in.csv",
        "number,sip_password,forward_busy,forward_busy_to\n2001,,on,number\n2002,Canary7731aB,,\n",
    );
    let ran = desk
        .go("import in.csv --to TARGET --mode upsert --all-or-nothing --report r.csv")
        .exits(1);
    ran.says(&["nothing is sent unless every row is valid"]);
    assert_eq!(desk.results("r.csv"), ["invalid", "not_sent"]);
    assert_eq!(desk.pbx.sim.numbers(), ["2001"]);
    desk.go("import in.csv --to TARGET --mode upsert --report r.csv")
        .exits(1);
    assert_eq!(desk.results("r.csv"), ["invalid", "created"]);
}

#[test]
fn a_look_that_fails_before_a_sync_leaves_a_whole_report() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small(2001..2006))
        .sheet("in.csv", &desk.small(2001..2004));
    desk.pbx.sim.break_once("2004", Breakage::Redirect);
    let ran =
        desk.go("import in.csv --to TARGET --mode sync --yes --max-deletes all --report r.csv");
    ran.exits(3).says(&["redirect"]);
    assert_eq!(desk.results("r.csv"), vec!["not_sent"; 3]);
    assert_eq!(desk.pbx.sim.numbers().len(), 5);
}

#[test]
fn interrupted_while_it_looks_it_ends_with_130_too() {
    let desk = Desk::new("ozeki");
    desk.seed(&desk.small(2001..2201))
        .sheet("in.csv", &desk.small(2001..2201));
    let said = desk.pbx.sim.requests();
    let lines = [
        "import in.csv --to TARGET --report r.csv",
        "export TARGET -o out.csv",
        "delete in.csv --from TARGET --yes --report r.csv",
    ];
    for line in lines {
        let said = desk.pbx.sim.requests().max(said);
        let child = desk.command(&format!("{line} --rate 100")).spawn().unwrap();
        wait_until(|| desk.pbx.sim.requests() > said + 10);
        signal(&child, "INT");
        let ran = ran(line, child.wait_with_output().unwrap()).exits(130);
        ran.says(&["interrupted"]);
        if line.contains("r.csv") {
            assert_eq!(desk.results("r.csv"), vec!["not_sent"; 200]);
        }
        assert!(!desk.path("out.csv").exists());
    }
    assert_eq!(desk.pbx.sim.numbers().len(), 200);
}

#[test]
fn a_second_run_on_the_same_target_is_refused_and_touches_nothing() {
    let desk = Desk::new("openvox");
    desk.sheet("in.csv", &desk.small(2001..2101))
        .sheet("other.csv", &desk.small(3001..3003));
    desk.pbx.sim.set_faults("latency_ms=20".parse().unwrap());
    let child = desk
        .command("import in.csv --to TARGET --rate 100")
        .spawn()
        .unwrap();
    wait_until(|| !desk.pbx.sim.numbers().is_empty());
    for line in [
        "import other.csv --to TARGET",
        "delete in.csv --from TARGET --yes",
    ] {
        let ran = desk.go(&format!("{line} --report r.csv")).exits(3);
        ran.says(&["hint"]);
        assert!(
            desk.results("r.csv")
                .iter()
                .all(|result| result == "not_sent")
        );
    }
    signal(&child, "INT");
    ran("the first", child.wait_with_output().unwrap())
        .exits(130)
        .says(&["rowcall resume"]);
    assert!(
        desk.pbx
            .sim
            .numbers()
            .iter()
            .all(|number| number.starts_with('2'))
    );
    desk.go("import other.csv --to TARGET").exits(0);
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let desk = Desk::new("openvox");
    desk.sheet("in.csv", &desk.small(2001..2121));
    desk.pbx.sim.set_faults("latency_ms=10".parse().unwrap());
    let line = "import in.csv --to TARGET --rate 200 --parallel 4 --report r.csv";
    let mut child = desk.command(line).spawn().unwrap();
    wait_until(|| desk.pbx.sim.numbers().len() >= 30);
    child.kill().unwrap();
    child.wait().unwrap();
    // The run has its own rows, whatever becomes of the sheet.
    desk.sheet("in.csv", &desk.small(3001..3003));
    assert!(
        assert_no_secret_in(&desk.path("state")) > 0,
        "the run is kept"
    );
    desk.run("resume --report whole.csv")
        .exits(0)
        .says(&["in.csv has changed since"]);
    assert_eq!(desk.pbx.sim.numbers().len(), 120);
    assert!(
        desk.pbx
            .sim
            .numbers()
            .iter()
            .all(|number| desk.pbx.sim.created(number) == 1)
    );
    let rows = desk.report("whole.csv");
    assert_eq!(rows.len(), 120);
    assert!(
        rows.iter().all(|row| row["result"] == "created"),
        "{rows:?}"
    );
    let connection = desk.pbx.connect();
    for wanted in desk.small(2001..2121) {
        desk.pbx.assert_stored(&connection, &wanted, "resumed");
    }
}

#[test]
fn nothing_in_a_sheet_or_a_files_name_steers_the_terminal() {
    let desk = Desk::new("openvox");
    let steering = "\u{1b}[2J\u{9b}31m\u{202e}\u{7}";
    let file = format!("in{steering}.csv");
    let sheet = format!(
        "number,sip_password,email,{steering}\n20{steering}01,Canary7731aB,{steering},x\n2002,short,{steering}@b,x\n"
    );
    desk.write(&file, sheet);
    for arguments in [
        vec!["check", &file, "--for", "openvox"],
        vec!["import", &file, "--to", "sim:openvox"],
        vec!["import", &file, "--to", "sim:openvox", "--map", steering],
        vec!["check", "nothere\u{1b}[2J.csv", "--for", "openvox"],
        vec!["nothing\u{1b}[2J"],
        vec!["import", &file, "--to", "\u{9b}31m"],
    ] {
        let output = desk.command("").args(&arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let steers = |c: char| {
            (c.is_control() && !matches!(c, '\n' | '\t')) || ('\u{202a}'..'\u{202f}').contains(&c)
        };
        assert!(!said.is_empty() && !said.contains(steers), "{said:?}");
    }
}

#[test]
fn a_password_in_the_address_of_a_greeting_stands_nowhere() {
    let desk = Desk::new("portsip");
    let mut wanted = desk.pbx.small("2001");
    let address = "https://me:Canary7731greeting@files.example.com/hello.wav";
    wanted.set(Field::VOICEMAIL_GREETING, address);
    desk.sheet("in.csv", &[wanted]);
    // The same address in cells that something is found about, and in another sheet.
    let named = |cell: &str| format!("number,voicemail_greeting\n2001,{cell}\n");
    desk.file("odd.csv", &named(&format!("{address}\u{200b}")));
    desk.file("wrapped.csv", &named(&format!("\"=\"\"{address}\"\"\"")));
    desk.file("other.csv", &named(&address.replace("hello", "Canary7731")));
    for (line, exit) in [
        ("check in.csv --for portsip --all --report check.csv", 0),
        ("columns in.csv --for portsip", 0),
        (
            "check odd.csv --for portsip --all --report odd-report.csv",
            1,
        ),
        (
            "check wrapped.csv --for portsip --all --report wrapped-report.html",
            1,
        ),
        (
            "fix wrapped.csv -o fixed.csv --for portsip --report fix.csv",
            1,
        ),
        ("fix wrapped.csv -o likely.xlsx --for portsip --propose", 1),
        ("diff in.csv other.csv -o diff.csv", 1),
        ("diff in.csv other.csv", 1),
        ("diff in.csv other.csv --json", 1),
        ("plan in.csv --to TARGET -o plan.json --report plan.csv", 0),
        ("import in.csv --to TARGET --report import.csv", 0),
        (
            "import in.csv --to TARGET --mode upsert --report again.csv",
            0,
        ),
        ("export TARGET -o export.csv", 0),
        ("report -o ledger.csv", 0),
    ] {
        let ran = match line.contains("TARGET") && !line.starts_with("export") {
            true => desk.go(line),
            false => desk.run(line),
        };
        let ran = ran.exits(exit);
        assert_no_secret(line, &format!("{}{}", ran.out, ran.err));
    }
    let held = [
        "in.csv",
        "odd.csv",
        "wrapped.csv",
        "other.csv",
        "fixed.csv",
        "likely.xlsx",
    ];
    let stored = desk.pbx.look(&desk.pbx.connect(), "2001").unwrap();
    assert_eq!(stored.text(Field::VOICEMAIL_GREETING), Some("hello.wav"));
    for sheet in held {
        fs::remove_file(desk.path(sheet)).unwrap();
    }
    assert!(assert_no_secret_in(&desk.path("")) > 8);
}

#[test]
fn lost_replies_to_a_sign_in_end_after_three() {
    for vendor in VENDORS {
        let desk = Desk::new(vendor.id);
        desk.sheet("in.csv", &desk.small(2001..2003));
        desk.pbx
            .sim
            .set_faults("cut_after=1000,in_a_row=1000".parse().unwrap());
        desk.run("import in.csv --to TARGET --report r.csv")
            .exits(3)
            .says(&["3 sign-ins in a row"]);
        assert!(desk.pbx.sim.sign_ins() <= 3, "{}", vendor.id);
        assert_eq!(desk.results("r.csv"), ["not_sent", "not_sent"]);
    }
}

#[test]
fn a_new_number_that_another_has_is_found_before_anything_is_sent() {
    let desk = Desk::new("openvox");
    desk.seed(&desk.small([2001, 2002, 2003, 2004]));
    let sheet = "number,new_number\n2001,2002\n2003,2005\n2004,2005\n";
    desk.write("in.csv", sheet);
    let requests = desk.pbx.sim.requests_to("/api/v0.0.1/extension/update");
    desk.go("import in.csv --to TARGET --mode update --report r.csv")
        .exits(1)
        .says(&["taken by extension 2002 on the PBX", "in.csv:4"]);
    assert_eq!(desk.results("r.csv"), ["conflict"; 3]);
    for row in desk.report("r.csv") {
        assert_eq!(
            (row["field"].as_str(), row["column"].as_str()),
            ("new_number", "new_number")
        );
    }
    let after = desk.pbx.sim.requests_to("/api/v0.0.1/extension/update");
    assert_eq!((requests, after), (0, 0));
}
