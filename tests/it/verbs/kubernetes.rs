//! The manifests for Kubernetes: valid by its own schema, and each pod's command run as the kubelet would run it.

use super::fleet::{fleet, results};
use crate::support::program::{Program, Ran, path_with_program, ran};
use crate::support::python::python_command;
use crate::support::skip::skip;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// Validates manifests by Kubernetes' schema: as JSON, or the reason why one is refused.
fn validated(manifests: &str) -> Result<Value, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/verbs/kubernetes");
    let mut python = python_command()
        .arg(format!("{folder}/validate.py"))
        .arg(format!("{folder}/batch-v1.json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(manifests.as_bytes()).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Writes the files of a volume as the kubelet does: read-only, behind a link that is exchanged when they change.
fn mounted(folder: &Path, files: &[(&str, &str)]) {
    let data = folder.join("..2026_11_30_02_03_00.1");
    fs::create_dir_all(&data).unwrap();
    symlink("..2026_11_30_02_03_00.1", folder.join("..data")).unwrap();
    for (name, text) in files {
        fs::write(data.join(name), text).unwrap();
        // Files of somebody else than root are taken with no more than this.
        let is_root = fs::metadata(&data).unwrap().uid() == 0;
        let mode = if is_root { 0o440 } else { 0o400 };
        fs::set_permissions(data.join(name), Permissions::from_mode(mode)).unwrap();
        symlink(format!("..data/{name}"), folder.join(name)).unwrap();
    }
}

/// Runs the only container of a CronJob with these variables, each mounted path below `root`.
fn pod(program: &Program, cron_job: &Value, variables: &[(&str, &str)]) -> Ran {
    let spec = &cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &spec["containers"][0];
    let mounts = container["volumeMounts"].as_array().unwrap();
    let mounts = mounts
        .iter()
        .map(|mount| mount["mountPath"].as_str().unwrap());
    let mounts: Vec<&str> = mounts.filter(|path| *path != "/tmp").collect();
    let named = container["env"].as_array().into_iter().flatten();
    let named = named.map(|variable| variable["name"].as_str().unwrap());
    assert!(
        named.eq(variables.iter().map(|(name, _)| *name)),
        "{}",
        container["env"]
    );
    let texts = ["command", "args"].map(|member| container[member].as_array().unwrap().clone());
    let words = texts.concat().into_iter().map(|text| {
        let mut text = text.as_str().unwrap().to_owned();
        for (name, value) in variables {
            text = text.replace(&format!("$({name})"), value);
        }
        assert!(
            !text.contains("$("),
            "{text}: a variable that the pod lacks"
        );
        let mount = mounts
            .iter()
            .find(|mount| text.contains(&format!("{mount}/")));
        match mount {
            Some(mount) => text.replace(mount, &program.path(&mount[1..]).display().to_string()),
            None => text,
        }
    });
    let words: Vec<String> = words.collect();
    let mut command = Command::new(&words[0]);
    // A pod's user has no home, and its program sees the pod's variables alone.
    command
        .args(&words[1..])
        .env_clear()
        .env("PATH", path_with_program())
        .env("LC_ALL", "C.UTF-8")
        .envs(variables.iter().copied())
        .current_dir("/")
        .stdin(Stdio::null());
    ran(&words.join(" "), command.output().unwrap())
}

#[test]
fn the_manifests_for_kubernetes_do_what_they_say() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/fleet/kubernetes.yaml");
    let manifests = fs::read_to_string(sample).unwrap();
    let has_modules = python_command()
        .args(["-c", "import jsonschema, yaml"])
        .output();
    if !has_modules.is_ok_and(|output| output.status.success()) {
        return skip(
            "Python's jsonschema and yaml",
            "apt-get install python3-jsonschema python3-yaml",
        );
    }
    // The schema refuses a word that is nearly right, and a rule that lacks a member.
    for (right, wrong, place) in [
        (
            "backoffLimitPerIndex:",
            "backoffLimitPerIdx:",
            "backoffLimitPerIdx",
        ),
        (
            "                status: \"True\"\n",
            "",
            "'status' is a required",
        ),
        ("completions: 8", "completions: eight", "'eight'"),
    ] {
        let planted = manifests.replace(right, wrong);
        assert_ne!(planted, manifests, "{right}");
        let why = validated(&planted).unwrap_err();
        assert!(why.contains(place), "{why}");
    }
    let manifests = validated(&manifests).unwrap();
    let [nightly, report] = [&manifests[0], &manifests[1]];
    let shards = nightly["spec"]["jobTemplate"]["spec"]["completions"]
        .as_u64()
        .unwrap();

    let (mut pbx, program) = fleet(20);
    let targets = program.read("rowcall.toml");
    let account = crate::support::fixture::account();
    let password = account.password.reveal();
    let names: Vec<String> = (0..20).map(|at| format!("customer-{at:03}")).collect();
    let passwords = program.path("run/rowcall/passwords");
    let defaults = format!(
        "[defaults]\npassword_file = \"{}/{{target}}\"\n",
        passwords.display()
    );
    let config = defaults + &targets;
    mounted(&program.path("etc/rowcall"), &[("rowcall.toml", &config)]);
    let key = "0123456789abcdef".repeat(4);
    mounted(&program.path("run/rowcall/key"), &[("key", &key)]);
    let files = names.iter().map(|name| (name.as_str(), password));
    mounted(&passwords, &files.collect::<Vec<_>>());
    fs::create_dir(program.path("nights")).unwrap();

    let night = |night: &str, shard: u64| {
        let shard = shard.to_string();
        let variables = [("NIGHT", night), ("JOB_COMPLETION_INDEX", shard.as_str())];
        pod(&program, nightly, &variables)
    };
    for shard in 0..shards {
        night("rowcall-nightly-29401563", shard).exits(0);
        program.ends(&format!("archive verify nights/archive-{shard}"), 0);
    }
    let told = pod(&program, report, &[]).exits(0);
    assert!(
        told.err.contains("8 shards, 20 targets (20 exported)"),
        "{}",
        told.err
    );
    // A night that did not begin is not told as the one before.
    pod(&program, report, &[])
        .exits(2)
        .says(&["summary-*.jsonl"]);
    // Another try of the same night has nothing left to do.
    night("rowcall-nightly-29401563", 1).exits(0);
    let met = results(&program, "nights/summary-1.jsonl");
    assert!(met.values().all(|result| result == "skipped"), "{met:?}");
    // What a PBX that is gone makes of a shard is an exit code that is tried again.
    pbx.stop();
    let rules = &nightly["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"];
    let never_again = rules[1]["onExitCodes"]["values"].as_array().unwrap();
    assert_eq!(rules[1]["action"], "FailIndex");
    for shard in 0..shards {
        let code = night("rowcall-nightly-29403003", shard).exit;
        assert!(!never_again.contains(&code.into()) && code == 3, "{code}");
    }
    pod(&program, report, &[]).exits(3);
}
