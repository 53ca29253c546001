//! Exports of many PBXes: shards, nights, targets from a sheet, targets that do not come to an end, and the summary.

use crate::support::pbx::TestPbx;
use crate::support::program::{Program, path_with_program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// One PBX with two extensions, a folder to work in, and this many targets that all are that PBX.
pub(super) fn fleet(targets: usize) -> (TestPbx, Program) {
    let pbx = TestPbx::new("openvox");
    pbx.seed(&[pbx.small("2001"), pbx.small("2002")]);
    let program = Program::new();
    let config = (0..targets).map(|at| pbx.config(&format!("customer-{at:03}")));
    program.write("rowcall.toml", config.collect::<String>());
    (pbx, program)
}

/// Gives the folder a key, for its owner only.
pub(super) fn with_key(program: &Program) {
    program.write("key", "0123456789abcdef".repeat(4));
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    fs::set_permissions(program.path("key"), mode).unwrap();
}

/// The lines of a summary: the process's own, then those of targets by their names.
fn summary(program: &Program, file: &str) -> (Value, BTreeMap<String, Value>) {
    let text = program.read(file);
    let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let head = lines.next().unwrap();
    let named = |line: Value| (line["target"].as_str().unwrap().to_owned(), line);
    (head, lines.map(named).collect())
}

/// The result of each target of a summary.
pub(super) fn results(program: &Program, file: &str) -> BTreeMap<String, String> {
    let (_, targets) = summary(program, file);
    let result = |line: Value| line["result"].as_str().unwrap().to_owned();
    let targets = targets.into_iter();
    targets.map(|(name, line)| (name, result(line))).collect()
}

#[test]
fn shards_export_every_target_once_and_are_joined_into_one_report() {
    let (_pbx, program) = fleet(24);
    let mut met = BTreeMap::new();
    for index in 0..4 {
        let line = format!(
            "export --all --archive nights --shard {index}/4 --night n1 --summary s{index}.jsonl"
        );
        let ran = program.ends(&line, 0);
        let part = results(&program, &format!("s{index}.jsonl"));
        assert!(
            ran.err
                .contains(&format!("shard {index}/4: {} target", part.len())),
            "{}",
            ran.err
        );
        for (name, result) in part {
            assert_eq!(result, "exported");
            assert_eq!(met.insert(name, index), None);
        }
    }
    assert_eq!(met.len(), 24);
    let all = program.ends("fleet report s0.jsonl s1.jsonl s2.jsonl s3.jsonl", 0);
    assert!(
        all.err
            .contains("4 shards, 24 targets (24 exported); 48 extensions"),
        "{}",
        all.err
    );
    // The archive is one, and whole.
    program.ends("archive verify nights", 0);
    // A shard that said nothing is named, and tried again.
    let silent = program.ends("fleet report s0.jsonl s1.jsonl s3.jsonl --json", 3);
    let told: Value = serde_json::from_str(&silent.out).unwrap();
    assert_eq!(told["silent_shards"], serde_json::json!([2]));
    assert_eq!(told["exit_code"], 3);
    let count = met.values().filter(|index| **index != 2).count();
    assert_eq!(told["targets"].as_array().unwrap().len(), count);
    let named = program.ends("fleet report s0.jsonl s1.jsonl s3.jsonl", 3);
    assert!(
        named.err.contains("shard 2 of 4 has no summary"),
        "{}",
        named.err
    );
    // Those that do not belong together are refused, and so is a file that was cut off.
    program.ends(
        "export --all --archive nights --shard 0/3 --night n2 --summary t0.jsonl",
        0,
    );
    let other = program.ends("fleet report s0.jsonl t0.jsonl", 2);
    assert!(
        other.err.contains("different numbers of shards"),
        "{}",
        other.err
    );
    let cut = program.read("s0.jsonl");
    program.write("cut.jsonl", &cut[..cut.len() - 20]);
    let cut = program.ends("fleet report cut.jsonl", 2);
    assert!(cut.err.contains("cut.jsonl was cut off"), "{}", cut.err);
}

#[test]
fn the_number_of_a_shard_comes_from_exactly_one_engine() {
    let (_pbx, program) = fleet(6);
    let line = "export --all -o {target}.csv --shard auto/2 --summary s.jsonl";
    let run = |variables: &[(&str, &str)]| {
        let mut command = program.command(line);
        command.envs(variables.iter().copied());
        crate::support::program::ran(line, command.output().unwrap())
    };
    run(&[("SLURM_ARRAY_TASK_ID", "1")]).exits(0);
    let (head, part) = summary(&program, "s.jsonl");
    assert_eq!(head["shard"], serde_json::json!({"index": 1, "of": 2}));
    program.ends(
        "export --all -o {target}.csv --shard 1/2 --summary t.jsonl",
        0,
    );
    let typed = summary(&program, "t.jsonl").1;
    assert!(part.keys().eq(typed.keys()));
    for (variables, word) in [
        (&[][..], "none of the variables"),
        (&[("JOB_COMPLETION_INDEX", "2")], "0 to 1"),
        (
            &[("JOB_COMPLETION_INDEX", "0"), ("SLURM_ARRAY_TASK_ID", "0")],
            "several variables",
        ),
    ] {
        let ran = run(variables).exits(2);
        assert!(ran.err.contains(word), "{}", ran.err);
    }
    // No shard makes a key of its own: every fingerprint would be another one.
    let line = "export --all --archive nights --secrets fingerprint --shard 0/2";
    let ran = program.ends(line, 2);
    assert!(ran.err.contains("there is no key file"), "{}", ran.err);
    assert!(!program.path("config/rowcall/key").exists());
}

#[test]
fn a_night_that_is_run_again_enters_nothing_twice() {
    let (mut pbx, program) = fleet(3);
    let night = |name: &str, exit: i32| {
        let line = format!("export --all --archive nights --night {name} --summary s.jsonl");
        program.ends(&line, exit);
        results(&program, "s.jsonl")
            .into_values()
            .collect::<Vec<_>>()
    };
    assert_eq!(night("n1", 0), ["exported"; 3]);
    assert_eq!(night("n1", 0), ["skipped"; 3]);
    assert_eq!(night("n2", 0), ["exported"; 3]);
    // One without a night is no night, and does not count for one.
    program.ends("export customer-000 --archive nights", 0);
    assert_eq!(night("n2", 0), ["skipped"; 3]);
    let snapshots = rowcall::archive::Archive::open(&program.path("nights")).unwrap();
    let counts = snapshots.snapshots().unwrap();
    assert_eq!(counts["customer-000"].len(), 3);
    assert_eq!(counts["customer-001"].len(), 2);
    // What did not come about is tried again.
    pbx.stop();
    assert_eq!(night("n3", 3), ["failed"; 3]);
    assert_eq!(night("n3", 3), ["failed"; 3]);
    let (head, targets) = summary(&program, "s.jsonl");
    assert_eq!(
        (head["exit_code"].as_u64(), head["night"].as_str()),
        (Some(3), Some("n3"))
    );
    for (name, line) in targets {
        let message = line["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
        assert_eq!(line["extensions"], Value::Null);
    }
}

#[test]
fn two_processes_of_one_night_enter_each_target_once() {
    let (pbx, program) = fleet(6);
    pbx.faults("latency_ms=150");
    let line = |process: &str| {
        format!("export --all --archive nights --night n1 --summary {process}.jsonl")
    };
    let start = |process| program.command(&line(process)).spawn().unwrap();
    for mut child in [start("a"), start("b")] {
        assert!(child.wait().unwrap().success());
    }
    let archive = rowcall::archive::Archive::open(&program.path("nights")).unwrap();
    let counts = archive.snapshots().unwrap();
    assert!(
        counts.values().all(|snapshots| snapshots.len() == 1),
        "{counts:?}"
    );
    let (a, b) = (results(&program, "a.jsonl"), results(&program, "b.jsonl"));
    for (name, result) in a {
        let both = [result.as_str(), b[&name].as_str()];
        assert!(
            both == ["exported", "skipped"] || both == ["skipped", "exported"],
            "{name}: {both:?}"
        );
    }
    // What was left alone counts by the extensions that its night has.
    for file in ["a.jsonl", "b.jsonl"] {
        let (_, targets) = summary(&program, file);
        assert!(targets.values().all(|line| line["extensions"] == 2));
    }
    // A snapshot whose file is gone is made again; what changed since is not known then.
    fs::remove_file(&counts["customer-003"][0].path).unwrap();
    let ran = program.ends(&line("c"), 1);
    assert!(ran.err.contains("unknown what changed"), "{}", ran.err);
    let c = results(&program, "c.jsonl");
    let exported = c.iter().filter(|(_, result)| *result == "exported");
    assert!(exported.map(|(name, _)| name).eq(["customer-003"]), "{c:?}");
}

#[test]
fn what_changed_is_counted_in_the_summary_and_in_the_metrics() {
    let (pbx, program) = fleet(2);
    let line = "export --all --archive nights --summary s.jsonl --metrics m.prom";
    program.ends(line, 0);
    let (_, first) = summary(&program, "s.jsonl");
    assert_eq!(first["customer-000"]["changes"], Value::Null);
    pbx.seed(&[pbx.small("2003")]);
    program.ends(line, 0);
    let (head, second) = summary(&program, "s.jsonl");
    for line in second.values() {
        assert_eq!(line["changes"], 1);
        assert_eq!(line["extensions"], 3);
        assert!(line["head"].as_str().unwrap().contains(':'), "{line}");
    }
    assert_eq!(
        (head["targets"].as_u64(), &head["shard"]),
        (Some(2), &Value::Null)
    );
    let metrics = program.read("m.prom");
    for line in [
        "rowcall_export_targets{result=\"exported\"} 2",
        "rowcall_export_extensions 6",
        "rowcall_export_changes 2",
        "rowcall_export_targets_without_snapshot 0",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line}\n{metrics}"
        );
    }
    // They are files as any other output: none replaces what the command reads.
    for wrong in ["--summary rowcall.toml", "--metrics nights/manifest.jsonl"] {
        program.ends(&format!("export --all --archive nights {wrong}"), 2);
    }
}

#[test]
fn a_target_that_does_not_come_to_an_end_is_given_up_and_the_others_are_done() {
    let (_pbx, program) = fleet(3);
    let slow = TestPbx::new("openvox");
    let many: Vec<_> = (0..60)
        .map(|at| slow.small(&(3001 + at).to_string()))
        .collect();
    slow.seed(&many);
    slow.faults("latency_ms=400");
    let config = format!("{}batch = 1\nparallel = 1\n", slow.config("slow"));
    program.write("rowcall.toml", program.read("rowcall.toml") + &config);
    program.write("slow.csv", "the export before\n");
    let line = "export --all -o {target}.csv --give-up 3s --summary s.jsonl";
    let ran = program.ends(line, 3);
    assert!(
        ran.err.contains("slow: given up after 3 s") && ran.err.contains("--give-up"),
        "{}",
        ran.err
    );
    let results = results(&program, "s.jsonl");
    assert_eq!(results["slow"], "too_slow");
    assert_eq!(
        results
            .values()
            .filter(|result| *result == "exported")
            .count(),
        3
    );
    assert_eq!(program.read("slow.csv"), "the export before\n");
    for wrong in ["0s", "8d", "soon", "-5m"] {
        let ran = program.ends(
            &format!("export --all -o {{target}}.csv --give-up={wrong}"),
            2,
        );
        assert!(ran.err.contains("is no time"), "{}", ran.err);
    }
}

#[test]
fn a_pbx_that_never_answers_a_sign_in_is_given_up_after_one_try() {
    let (_pbx, program) = fleet(1);
    // It takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        "[targets.silent]\nvendor = \"openvox\"\nurl = \"http://{}\"\nusername = \"api\"\nreply_within = \"4\"\n",
        silent.local_addr().unwrap()
    );
    program.write("rowcall.toml", program.read("rowcall.toml") + &config);
    let line = "export --all -o {target}.csv --give-up 1s --summary s.jsonl";
    program.ends(line, 3);
    let (_, targets) = summary(&program, "s.jsonl");
    assert_eq!(targets["silent"]["result"], "too_slow");
    let message = targets["silent"]["message"].as_str().unwrap();
    assert!(message.contains("no reply came to 1 sign-ins"), "{message}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_night_asks_no_further_pbx_and_names_those_that_were_not_begun() {
    let (pbx, program) = fleet(40);
    pbx.faults("latency_ms=300");
    let line = "export --all --archive nights --at-once 2 --summary s.jsonl";
    let mut child = program.start(line);
    crate::support::program::wait_until(|| program.read("words").contains("2 extensions"));
    crate::support::program::signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (head, targets) = summary(&program, "s.jsonl");
    assert_eq!((head["exit_code"].as_u64(), targets.len()), (Some(130), 40));
    let not_begun = targets.values().filter(|line| {
        line["message"]
            .as_str()
            .unwrap()
            .contains("before it was begun")
    });
    assert!(not_begun.count() > 20, "{targets:?}");
    // Those are no nights that were missed.
    let manifest = program.read("nights/manifest.jsonl");
    assert!(manifest.lines().count() < 20, "{manifest}");
}

#[test]
fn nothing_of_a_run_before_speaks_for_one_that_was_killed() {
    let (pbx, program) = fleet(4);
    let line = "export --all --archive nights --night n1 --summary s.jsonl --metrics m.prom";
    program.ends(line, 0);
    // A line that was cut off hides no snapshot of the night.
    let file = "nights/customer-002/manifest.jsonl";
    let manifest = program.read(file);
    program.write(file, &manifest[..manifest.len() - 30]);
    program.ends(line, 0);
    let results = results(&program, "s.jsonl");
    let exported = results.values().filter(|result| *result == "exported");
    assert_eq!(exported.count(), 1, "{results:?}");
    // A manifest that cannot be read is no empty one.
    for file in [file, "nights/manifest.jsonl"] {
        let manifest = program.read(file);
        program.write(file, manifest.replacen('{', "?", 1));
        let ran = program.ends(line, 2);
        assert!(ran.err.contains("is no entry"), "{}", ran.err);
        program.write(file, manifest);
    }
    // A place that cannot be written is found before the night.
    fs::create_dir(program.path("folder")).unwrap();
    let ran = program.ends("export --all --archive other --summary folder", 2);
    assert!(ran.err.contains("cannot be written"), "{}", ran.err);
    let entered = fs::read_dir(program.path("other")).unwrap();
    let entered: Vec<_> = entered.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(entered, ["manifest.jsonl"]);
    let archive = rowcall::archive::Archive::open(&program.path("other")).unwrap();
    assert!(archive.snapshots().unwrap().is_empty());
    // No target has the manifest's name for its folder.
    let url = format!("http://{}", pbx.addr());
    program.write(
        "odd.csv",
        format!("name,url,vendor,username\nManifest.jsonl,{url},openvox,api\n"),
    );
    let ran = program.ends("export --targets odd.csv --archive odd", 2);
    assert!(
        ran.err.contains("cannot be the name of a folder"),
        "{}",
        ran.err
    );
    // What a head claims is held against its lines, and codes that no export has are refused.
    let text = program.read("s.jsonl");
    let (done, undone) = (
        "\"exit_code\":0,\"extensions\"",
        "\"exit_code\":3,\"extensions\"",
    );
    program.write("edited.jsonl", text.replacen(done, undone, 1));
    program.ends("fleet report edited.jsonl", 3);
    program.write(
        "edited.jsonl",
        text.replacen("\"exit_code\":0}", "\"exit_code\":137}", 1),
    );
    program.ends("fleet report edited.jsonl", 2);
}

#[test]
fn any_sheet_is_an_inventory_and_a_wrong_row_fails_alone() {
    let (pbx, program) = fleet(0);
    let url = format!("http://{}", pbx.addr());
    program.write(
        "rowcall.toml",
        "[defaults]\nvendor = \"openvox\"\nusername = \"api\"\nrate = \"100000/s\"\npassword_file = \"passwords/{target}\"\n",
    );
    fs::create_dir(program.path("passwords")).unwrap();
    let password = crate::support::fixture::account().password;
    for name in ["hq", "branch", "third", "seventh"] {
        program.write(&format!("passwords/{name}"), password.reveal());
    }
    let sheet = format!(
        "Name,URL,Vendor,Parallel,Password file,Password\n\
         hq,{url},,,,\n\
         branch,{url},openvox,2,,\n\
         third,{url},,many,,\n\
         ,{url},,,,\n\
         fifth,,,,,\n\
         sixth,{url},,,,\n\
         seventh,{url},,,,hunter2-canary\n\
         eighth,{url},nobody,,,\n"
    );
    program.write("fleet.csv", &sheet);
    let line = "export --targets fleet.csv -o {target}.csv --summary s.jsonl";
    let ran = program.ends(line, 2);
    let results = results(&program, "s.jsonl");
    assert_eq!(results.len(), 8, "{results:?}");
    let exported: Vec<&String> = results
        .iter()
        .filter(|(_, result)| *result == "exported")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(exported, ["branch", "hq"], "{}", ran.err);
    for word in [
        "fleet.csv:4: parallel takes a number",
        "fleet.csv:5: ",
        "fifth: `url` is missing",
        "passwords/sixth",
        "the row of target seventh holds a password",
        "nobody",
    ] {
        assert!(ran.err.contains(word), "{word}\n{}", ran.err);
    }
    assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    assert!(!program.read("s.jsonl").contains("hunter2"));
    // A database's rows come through a pipe.
    let mut command = program.command("export --targets - -o piped-{target}.csv");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let rows = format!("name,url\nhq,{url}\nbranch,{url}\n");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(rows.as_bytes())
        .unwrap();
    let ran = crate::support::program::ran("piped", child.wait_with_output().unwrap()).exits(0);
    assert!(ran.err.contains("hq: 2 extensions"), "{}", ran.err);
    assert_eq!(program.read("piped-branch.csv").lines().count(), 3);
    for (sheet, word) in [
        ("url\nhttp://10.0.0.1\n", "no column is headed `name`"),
        (
            "name,url\na,http://10.0.0.1\na,http://10.0.0.2\n",
            "has a row already",
        ),
        (
            "name,url,URL\na,http://10.0.0.1,http://10.0.0.2\n",
            "two columns are headed `url`",
        ),
        (
            "name,url,password_file\na,http://10.0.0.1,hunter2-canary\n",
            "password_file (not shown",
        ),
        (
            "name,url,password_env\na,http://10.0.0.1,hunter2-canary\n",
            "the variable (not shown",
        ),
    ] {
        program.write("wrong.csv", sheet);
        let ran = program.ends("export --targets wrong.csv -o {target}.csv", 2);
        assert!(ran.err.contains(word), "{}", ran.err);
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    }
    // The files that its rows name are no place for a summary.
    let ran = program.ends(
        "export --targets fleet.csv -o {target}.csv --summary passwords/hq",
        2,
    );
    assert!(ran.err.contains("named by a target"), "{}", ran.err);
    assert_eq!(program.read("passwords/hq"), password.reveal());
    let ran = program.ends("export hq --targets fleet.csv -o {target}.csv", 2);
    assert!(ran.err.contains("cannot be used with"), "{}", ran.err);
}

#[test]
fn a_configuration_of_twenty_thousand_targets_is_read() {
    let (pbx, program) = fleet(1);
    let others = (0..20_000).map(|at| {
        format!("[targets.other-{at}]\nvendor = \"openvox\"\nurl = \"http://10.{}.{}.1\"\nusername = \"api\"\n", at / 256, at % 256)
    });
    let config = pbx.config("hq") + &others.collect::<String>();
    assert!(config.len() > 1 << 20);
    program.write("rowcall.toml", config);
    let ran = program.ends("export hq -o hq.csv", 0);
    assert!(ran.err.contains("hq: 2 extensions"), "{}", ran.err);
    // A name that is not there is not answered with twenty thousand others.
    let ran = program.ends("export nobody -o nobody.csv", 2);
    assert!(
        ran.err.len() < 2000 && ran.err.contains("more"),
        "{}",
        ran.err
    );
}

/// Runs a script of the samples with the program in its path.
fn script(
    program: &Program,
    name: &str,
    variables: &[(&str, &str)],
) -> crate::support::program::Ran {
    let password = crate::support::fixture::account().password;
    let mut shell = std::process::Command::new("bash");
    shell
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/fleet/").to_owned() + name)
        .current_dir(program.folder())
        .env("PATH", path_with_program())
        .env("ROWCALL_PASSWORD", password.reveal())
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    crate::support::program::ran(name, shell.output().unwrap())
}

#[test]
fn the_samples_for_many_processes_do_what_they_say() {
    let (mut pbx, program) = fleet(20);
    with_key(&program);
    let ran = script(&program, "processes.sh", &[("ROWCALL_NIGHT", "n1")]).exits(0);
    assert!(
        ran.err.contains("8 shards, 20 targets (20 exported)"),
        "{}",
        ran.err
    );
    // The tasks of an array are the same shards: of the same night they have nothing left to do.
    for index in 0..8 {
        let index = index.to_string();
        let task = [
            ("ROWCALL_NIGHT", "n1"),
            ("SLURM_ARRAY_TASK_ID", index.as_str()),
        ];
        script(&program, "array.sbatch", &task).exits(0);
        let met = results(&program, &format!("summaries/{index}.jsonl"));
        assert!(met.values().all(|result| result == "skipped"), "{met:?}");
        program.ends(&format!("archive verify archives/{index}"), 0);
    }
    pbx.stop();
    let ran = script(&program, "processes.sh", &[("ROWCALL_NIGHT", "n2")]).exits(3);
    assert!(ran.err.contains("(20 failed)"), "{}", ran.err);
}
