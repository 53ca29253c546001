//! Files that are written: completely or not at all, never over another's file, and without remains.

use crate::support::program::without_home;
use std::fs;
use std::path::Path;
use std::process::Output;

fn rowcall(folder: &Path, line: &str) -> Output {
    let mut command = without_home();
    command.current_dir(folder).args(line.split(' '));
    command.env("XDG_STATE_HOME", folder.join("state"));
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn hidden(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

const GOOD: &str = "number,display_name,sip_password\n2001,Ann Muster,tR7xkQ2mZp9w\n";

#[cfg(unix)]
#[test]
fn what_a_killed_run_left_half_written_is_removed_by_the_next_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut text = String::from("number,display_name,sip_password\n");
    for number in 100_000..400_000 {
        text.push_str(&format!("{number},Ann Muster,tR7xkQ2mZp9w\n"));
    }
    fs::write(folder.join("long.csv"), text).unwrap();
    fs::write(folder.join("good.csv"), GOOD).unwrap();
    let mut child = without_home()
        .current_dir(folder)
        .args([
            "check",
            "long.csv",
            "--for",
            "openvox",
            "--report",
            "long.xlsx",
        ])
        .spawn()
        .unwrap();
    while hidden(folder).is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it was quicker");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // A file that is still being written is left alone.
    let meanwhile = rowcall(
        folder,
        "check good.csv --for openvox --report good.report.csv",
    );
    assert!(!stderr(&meanwhile).contains("removed"), "{meanwhile:?}");
    let left = hidden(folder);
    assert_eq!(left.len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(hidden(folder), left);
    let next = rowcall(
        folder,
        "check good.csv --for openvox --report good.report.csv",
    );
    assert!(next.status.success(), "{next:?}");
    assert!(stderr(&next).contains(&left[0]), "{next:?}");
    assert_eq!(hidden(folder), Vec::<String>::new());
    assert!(!folder.join("long.xlsx").exists());
}

#[test]
fn a_folder_that_is_not_there_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("good.csv"), GOOD).unwrap();
    for line in [
        "check good.csv --for openvox --report no/report.csv",
        "template --for openvox -o no/staff.csv",
        "export sim:openvox -o no/openvox.csv",
        "diff good.csv good.csv -o no/diff.csv",
        "fix good.csv -o no/fixed.csv --for openvox",
        "import good.csv --to sim:openvox --report no/report.csv",
    ] {
        let output = rowcall(folder, line);
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        let text = stderr(&output);
        assert_eq!(
            text.matches("there is no folder no").count(),
            1,
            "{line}: {text}"
        );
        assert!(!text.contains("os error"), "{line}: {text}");
    }
}

#[test]
fn a_template_never_replaces_a_file_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["staff.csv", "staff.xlsx"] {
        fs::write(folder.join(name), "filled in").unwrap();
        let output = rowcall(folder, &format!("template --for openvox -o {name}"));
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(stderr(&output).contains("is there already"), "{output:?}");
        assert_eq!(fs::read(folder.join(name)).unwrap(), b"filled in");
    }
}

#[test]
fn an_output_that_is_an_input_is_refused_by_check_and_diff() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("good.csv"), GOOD).unwrap();
    for line in [
        "check good.csv --for openvox --report ./good.csv",
        "diff good.csv good.csv -o good.csv",
    ] {
        let output = rowcall(folder, line);
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        assert_eq!(fs::read_to_string(folder.join("good.csv")).unwrap(), GOOD);
    }
}

/// Every verb that writes a file, with the flag for it at the end.
const WRITERS: [&str; 12] = [
    "check good.csv --for openvox --report",
    "fix good.csv --for openvox -o",
    "fix good.csv --for openvox -o fixed.csv --report",
    "columns good.csv --for openvox -o",
    "template --for openvox -o",
    "plan good.csv --to sim:openvox --report",
    "plan good.csv --to sim:openvox -o",
    "import good.csv --to sim:openvox --report",
    "import good.csv --to sim:openvox --rejects",
    "export sim:openvox -o",
    "diff good.csv good.csv -o",
    "migrate --from sim:openvox --to sim:ozeki --loss",
];

#[test]
fn no_output_replaces_what_rowcall_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = "[targets.hq]\nvendor = \"openvox\"\nurl = \"http://127.0.0.1:9\"\nusername = \"api\"\n\
        password_file = \"password.csv\"\nca_file = \"ca.csv\"\n";
    for (name, text) in [
        ("good.csv", GOOD),
        ("key.csv", "kept"),
        ("config.csv", config),
        ("password.csv", "kept"),
        ("ca.csv", "kept"),
        ("map.csv", "kept"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    for kept in [
        "st/runs/r1/ledger.csv",
        "st/locks/x.csv",
        "st/memory/x.csv",
        "st/migrations/x.csv",
        "archive/manifest.jsonl",
        "archive/hq/1.csv",
    ] {
        fs::create_dir_all(folder.join(kept).parent().unwrap()).unwrap();
        fs::write(folder.join(kept), "kept").unwrap();
    }
    let kept = [
        ("key.csv", "the key"),
        ("./config.csv", "the configuration"),
        ("st/../password.csv", "named in the configuration"),
        ("ca.csv", "named in the configuration"),
        ("st/runs/r1/ledger.csv", "where runs are kept"),
        ("st/runs/r1/new.csv", "where runs are kept"),
        ("st/locks/x.csv", "where runs are kept"),
        ("st/memory/x.csv", "where runs are kept"),
        ("st/migrations/x.csv", "where runs are kept"),
        ("archive/manifest.jsonl", "archive"),
        ("archive/hq/1.csv", "archive"),
    ];
    let before = all(folder);
    for verb in WRITERS {
        for (path, what) in kept {
            let line = format!("{verb} {path} --key key.csv --config config.csv --state st");
            let output = rowcall(folder, &line);
            assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
            // Some are never written over any existing file.
            let text = stderr(&output);
            let is_told = text.contains(what) || text.contains("is there already");
            assert!(is_told, "{line}: {text}");
            assert_eq!(all(folder), before, "{line}");
        }
    }
    fs::write(folder.join("map.csv"), "").unwrap();
    for line in [
        "check good.csv --for openvox --map-file map.csv --report map.csv",
        "import good.csv --to sim:openvox --map-file map.csv --report ./map.csv",
        "fix good.csv --for openvox --map-file map.csv -o map.csv",
        "export sim:openvox --ca-file ca.csv -o ca.csv",
    ] {
        let output = rowcall(folder, line);
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        assert!(stderr(&output).contains("is read"), "{line}: {output:?}");
    }
}

/// A link is another name of the file to which it leads, so what is kept is kept under that name too.
#[cfg(unix)]
#[test]
fn no_output_replaces_what_rowcall_keeps_by_a_link_to_it() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = |name: &str| folder.join(name);
    fs::write(path("good.csv"), GOOD).unwrap();
    for kept in ["st/runs/r1/ledger.sqlite", "archive/hq/1.csv"] {
        fs::create_dir_all(path(kept).parent().unwrap()).unwrap();
        fs::write(path(kept), "kept").unwrap();
    }
    fs::write(path("archive/manifest.jsonl"), "kept").unwrap();
    let links = [
        (
            "ledger.csv",
            "st/runs/r1/ledger.sqlite",
            "where runs are kept",
        ),
        ("twice.csv", "ledger.csv", "where runs are kept"),
        ("new.csv", "st/runs/r1/new.csv", "where runs are kept"),
        ("snapshot.csv", "archive/hq/1.csv", "archive"),
        ("manifest.csv", "archive/manifest.jsonl", "archive"),
    ];
    for (link, end, _) in links {
        symlink(end, path(link)).unwrap();
    }
    fs::hard_link(path("st/runs/r1/ledger.sqlite"), path("hard.csv")).unwrap();
    symlink("st/runs/r1", path("run")).unwrap();
    let before = all(folder);
    let outputs = links.iter().map(|(link, _, what)| (*link, *what));
    let outputs = outputs.chain([
        ("hard.csv", "where runs are kept"),
        ("run/a.csv", "where runs are kept"),
    ]);
    let outputs: Vec<(&str, &str)> = outputs.collect();
    let writers = WRITERS.into_iter().chain([
        "migrate --from sim:openvox --to sim:ozeki --dry-run -o",
        "migrate --from sim:openvox --to sim:ozeki --dry-run --loss",
    ]);
    for verb in writers {
        for (output, what) in &outputs {
            let line = format!("{verb} {output} --state st --key key");
            let refused = rowcall(folder, &line);
            assert_eq!(refused.status.code(), Some(2), "{line}: {refused:?}");
            let text = stderr(&refused);
            let is_refused = text.contains(what) || text.contains("is there already");
            assert!(is_refused, "{line}: {text}");
            assert_eq!(all(folder), before, "{line}");
        }
    }
    for archive in ["run", "st/runs/r1", "st/runs/new"] {
        let line = format!("export sim:openvox --archive {archive} --state st --key key");
        let refused = rowcall(folder, &line);
        assert_eq!(refused.status.code(), Some(2), "{line}: {refused:?}");
        assert!(
            stderr(&refused).contains("where runs are kept"),
            "{refused:?}"
        );
        assert_eq!(all(folder), before, "{line}");
    }
}

/// Reads every file with its content.
fn all(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all(&path)),
            // A link may lead to no file.
            false => found.push((path.clone(), fs::read(&path).unwrap_or_default())),
        }
    }
    found.sort();
    found
}

/// A link is followed, whether or not it leads to a file; where its folder is not there, nothing is begun.
#[cfg(unix)]
#[test]
fn a_report_that_is_a_link_is_written_where_it_leads() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = |name: &str| folder.join(name);
    fs::write(path("good.csv"), GOOD).unwrap();
    fs::create_dir(path("kept")).unwrap();
    fs::write(path("kept/there.csv"), "of before").unwrap();
    for name in ["there.csv", "new.csv"] {
        symlink(format!("kept/{name}"), path(name)).unwrap();
        symlink(name, path(&format!("link-to-{name}"))).unwrap();
    }
    symlink("nowhere/report.csv", path("astray.csv")).unwrap();
    symlink("circle.csv", path("circle.csv")).unwrap();
    for name in [
        "there.csv",
        "new.csv",
        "link-to-there.csv",
        "link-to-new.csv",
    ] {
        for line in [
            "import good.csv --to sim:openvox --report",
            "check good.csv --for openvox --report",
            "export sim:openvox -o",
        ] {
            let output = rowcall(folder, &format!("{line} {name}"));
            assert!(output.status.success(), "{line} {name}: {output:?}");
            assert!(path(name).is_symlink(), "{line} {name}");
            let end = path("kept").join(name.trim_start_matches("link-to-"));
            let text = fs::read_to_string(&end).unwrap();
            assert!(text.contains("number"), "{line} {name}: {text}");
            fs::remove_file(end).unwrap();
        }
    }
    for line in [
        "import good.csv --to sim:openvox --report astray.csv",
        "check good.csv --for openvox --report astray.csv",
        "export sim:openvox -o astray.csv",
    ] {
        let output = rowcall(folder, line);
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        assert!(stderr(&output).contains("there is no folder"), "{output:?}");
        assert!(stderr(&output).contains("nowhere"), "{output:?}");
        assert!(path("astray.csv").is_symlink() && !path("nowhere").exists());
    }
    let output = rowcall(folder, "check good.csv --for openvox --report circle.csv");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(path("circle.csv").is_symlink());
    assert_eq!(hidden(folder), Vec::<String>::new());
}

#[test]
fn a_file_that_is_replaced_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["good.csv", "again.csv"] {
        fs::write(folder.join(name), GOOD).unwrap();
    }
    let replaced = "is there already, and is replaced once the new one is whole";
    for (line, file) in [
        ("fix good.csv --for openvox -o fixed.csv", "fixed.csv"),
        ("check good.csv --for openvox --mark m.xlsx", "m.xlsx"),
        ("convert good.csv --to file:issabel -o bulk.csv", "bulk.csv"),
        ("diff good.csv again.csv -o diff.csv", "diff.csv"),
        ("plan good.csv --to sim:openvox -o plan.json", "plan.json"),
    ] {
        let first = stderr(&rowcall(folder, line));
        assert!(!first.contains("replaced once"), "{line}: {first}");
        assert!(folder.join(file).is_file(), "{line}: {first}");
        let second = stderr(&rowcall(folder, line));
        let told = match file {
            "plan.json" => "plan.json and 1 more are there already",
            _ => &format!("{file} {replaced}"),
        };
        assert!(second.contains(told), "{line}: {second}");
    }
}
