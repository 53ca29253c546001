//! The sample for Slurm, run by a real one.

use super::fleet::{fleet, results, with_key};
use crate::support::fixture::account;
use crate::support::free_port::free_port;
use crate::support::program::{path_with_program, wait_until};
use crate::support::slurm::Slurm;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The bytes of each target's snapshots in an archive.
fn snapshots(archive: &Path) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut all: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for target in fs::read_dir(archive).unwrap() {
        let target = target.unwrap();
        if !target.file_type().unwrap().is_dir() {
            continue;
        }
        let name = target.file_name().into_string().unwrap();
        let files = fs::read_dir(target.path()).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        let tables = files
            .into_iter()
            .filter(|path| path.extension().is_some_and(|it| it == "csv"));
        let bytes = tables.map(|path| fs::read(path).unwrap()).collect();
        all.insert(name, bytes);
    }
    all
}

#[test]
fn a_slurm_array_exports_what_one_process_does_and_repeats_the_shard_of_a_dead_pbx_alone() {
    let Some(slurm) = Slurm::start() else { return };
    let (pbx, program) = fleet(40);
    with_key(&program);
    program.ends(
        "--config rowcall.toml --key key export --all --archive one --secrets fingerprint",
        0,
    );
    let alone = snapshots(&program.path("one"));
    assert_eq!(alone.len(), 40);

    let dead = free_port();
    let living = program.read("rowcall.toml");
    let config = pbx.config("customer-dead");
    let gone = config.replace(&pbx.addr().to_string(), &format!("127.0.0.1:{dead}"));
    program.write("rowcall.toml", living + &gone);
    let submitted = slurm
        .command("sbatch")
        .arg("--output=task-%a.log")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/samples/fleet/array.sbatch"
        ))
        .current_dir(program.folder())
        .env("PATH", path_with_program())
        .env("ROWCALL_PASSWORD", account().password.reveal())
        .env("ROWCALL_NIGHT", "n1")
        .output()
        .unwrap();
    assert!(submitted.status.success(), "{submitted:?}");
    // One task waits for another try, the others have ended.
    wait_until(|| {
        let tasks = slurm.tasks();
        let has_ended = |shard: u32| program.path(&format!("summaries/{shard}.jsonl")).exists();
        tasks.len() == 1 && tasks[0].ends_with(" PD") && (0..8).all(has_ended)
    });
    let shard = slurm.tasks()[0].trim_end_matches(" PD").to_owned();
    let met = results(&program, &format!("summaries/{shard}.jsonl"));
    assert_eq!(met["customer-dead"], "failed");
    let report = "fleet report summaries/0.jsonl summaries/1.jsonl summaries/2.jsonl summaries/3.jsonl \
        summaries/4.jsonl summaries/5.jsonl summaries/6.jsonl summaries/7.jsonl --shards 8";
    let told = program.ends(report, 3);
    assert!(told.err.contains("customer-dead"), "{}", told.err);
    assert!(
        told.err.contains("41 targets (40 exported, 1 failed)"),
        "{}",
        told.err
    );
    let mut of_shards = BTreeMap::new();
    for shard in 0..8 {
        of_shards.extend(snapshots(&program.path(&format!("archives/{shard}"))));
        program.ends(&format!("archive verify archives/{shard}"), 0);
    }
    of_shards.retain(|_, tables| !tables.is_empty());
    assert!(
        of_shards == alone,
        "the shards' snapshots differ from those of one process"
    );

    // The PBX is there again: the same task's other try enters nothing twice.
    program.write(
        "rowcall.toml",
        program
            .read("rowcall.toml")
            .replace(&format!("127.0.0.1:{dead}"), &pbx.addr().to_string()),
    );
    let job = slurm.job(&shard);
    let mut now = slurm.command("scontrol");
    assert!(
        now.args(["update", &format!("JobId={job}"), "StartTime=now"])
            .status()
            .unwrap()
            .success()
    );
    wait_until(|| slurm.tasks().is_empty());
    let met = results(&program, &format!("summaries/{shard}.jsonl"));
    for (target, result) in met {
        let wanted = if target == "customer-dead" {
            "exported"
        } else {
            "skipped"
        };
        assert_eq!(result, wanted, "{target}");
    }
    program.ends(report, 0);
    let archive = program.path(&format!("archives/{shard}"));
    assert!(snapshots(&archive).values().all(|tables| tables.len() == 1));
}
