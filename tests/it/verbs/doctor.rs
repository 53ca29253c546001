//! `rowcall doctor`: reports, for this machine and each target, which checks pass and which do not.

use crate::support::canary::CANARIES;
use crate::support::pbx::TestPbx;
use crate::support::program::Program;
use rowcall::vendors::VENDORS;
use std::fs;
use std::process::Output;

fn doctor(program: &Program, words: &[&str], password: &str) -> (Option<i32>, String) {
    let Output { status, stdout, .. } = program
        .bare()
        .arg("doctor")
        .args(words)
        .args(["--state", "state", "--key", "key"])
        .env_clear()
        .env("HOME", program.folder())
        .env("ROWCALL_PASSWORD", password)
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

#[test]
fn doctor_reaches_every_vendor_and_counts_its_extensions() {
    for vendor in VENDORS {
        let program = Program::new();
        fs::write(
            program.path("key"),
            "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
        )
        .unwrap();
        #[cfg(unix)]
        fs::set_permissions(
            program.path("key"),
            std::os::unix::fs::PermissionsExt::from_mode(0o600),
        )
        .unwrap();
        let words = [&*format!("sim:{}", vendor.id), "--json"];
        let (code, out) = doctor(&program, &words, "unused");
        assert_eq!(code, Some(0), "{}: {out}", vendor.id);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        let checks = value["checks"].as_array().unwrap();
        assert!(checks.iter().all(|check| check["ok"] == true), "{out}");
        let counted = checks.iter().any(|check| {
            let message = check["message"].as_str().unwrap();
            check["name"] == "extensions" && message.starts_with("0 on the PBX")
        });
        assert!(counted, "{out}");
    }
}

#[test]
fn doctor_fails_on_a_run_whose_ledger_cannot_be_read() {
    let program = Program::new();
    let run = program.path("state").join("runs/20261128-201400-0000");
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("ledger.sqlite"), "no database").unwrap();
    let (code, out) = doctor(&program, &[], "unused");
    assert!(
        code != Some(0) && out.contains("20261128-201400-0000"),
        "{out}"
    );
    fs::remove_dir_all(&run).unwrap();
    let (_, out) = doctor(&program, &[], "unused");
    assert!(out.contains("ok  state folder"), "{out}");
}

#[test]
fn doctor_says_of_each_target_what_is_wrong_and_shows_no_password() {
    let program = Program::new();
    let mut pbx = TestPbx::new("openvox");
    let text = format!(
        "[targets.right]\nvendor = \"openvox\"\nurl = \"http://api@{}\"\n\n\
         [targets.gone]\nvendor = \"openvox\"\nurl = \"http://api@127.0.0.1:1\"\n\n\
         [targets.odd]\nvendor = \"nobody\"\nurl = \"http://api@127.0.0.1:1\"\n",
        pbx.addr()
    );
    fs::write(program.path("rowcall.toml"), text).unwrap();
    let (code, out) = doctor(&program, &["right", "gone", "odd"], CANARIES[0]);
    pbx.stop();
    assert_eq!(code, Some(3), "{out}");
    let starts = |start: &str| out.lines().any(|line| line.starts_with(start));
    // The password is none of this PBX's.
    assert!(starts("BAD right: sign-in: "), "{out}");
    assert!(starts("BAD gone: sign-in: "), "{out}");
    assert!(
        starts("BAD odd: settings: rowcall.toml:10: target odd: vendor: there is no vendor"),
        "{out}"
    );
    assert!(!CANARIES.iter().any(|canary| out.contains(canary)), "{out}");
}

#[test]
fn a_key_that_is_not_there_is_bad_once_runs_were_sealed_with_it_and_is_not_made() {
    let program = Program::new();
    let (code, out) = doctor(&program, &["sim:ozeki"], "unused");
    assert_eq!(code, Some(0), "{out}");
    let says = |out: &str, begin: &str| out.lines().any(|line| line.starts_with(begin));
    assert!(
        says(&out, "ok  key: none yet: the first run makes key"),
        "{out}"
    );
    assert!(!program.path("key").exists());
    let pbx = TestPbx::new("ozeki");
    program.sheet("in.csv", &[pbx.small("2001")]);
    let import = format!(
        "import in.csv --to {} --state state --key key",
        pbx.target()
    );
    program.ends(&import, 0);
    fs::remove_file(program.path("key")).unwrap();
    let (code, out) = doctor(&program, &["sim:ozeki"], "unused");
    assert_eq!(code, Some(2), "{out}");
    assert!(
        says(&out, "BAD key: ") && out.contains("put the key back"),
        "{out}"
    );
    assert!(!program.path("key").exists());
}
