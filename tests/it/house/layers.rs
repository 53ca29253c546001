//! The house's own rules, held by reading the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The modules in the order in which imports may run: each may name only those before it.
const LAYERS: &[&str] = &[
    "model", "xml", "sheet", "manifest", "columns", "rules", "check", "plan", "diff", "wire",
    "vendors", "link", "seal", "generate", "archive", "ledger", "saved", "migrate", "submit",
    "export", "report", "progress", "cli", "sim", "run",
];

/// Crates that are named in one place only.
const DOORS: &[(&str, &str)] = &[
    ("reqwest::", "link/http.rs"),
    ("rustls::", "link/trust.rs"),
    ("governor::", "link/paced.rs"),
    // `csv::` alone is also our own module's name within `sheet`.
    ("csv_core::", "sheet/csv/read.rs"),
    ("csv::ByteRecord", "sheet/csv/read.rs"),
    ("csv::Reader", "sheet/csv/read.rs"),
    ("quick_xml::", "xml.rs"),
    ("flate2::", "sheet/workbook/package.rs"),
    ("indicatif::", "progress.rs"),
    ("clap::", "cli.rs"),
    ("encoding_rs::", "sheet/detect/encoding.rs"),
    ("chardetng::", "sheet/detect/encoding.rs"),
    ("strsim::", "columns/mod.rs"),
    ("age::", "run/recipients.rs"),
];

/// Where a secret's text may be asked for by `reveal`, and for what.
const REVEALS: &[(&str, &str)] = &[
    ("model/", "the types themselves"),
    ("rules/", "checked by the vendor's rules"),
    ("generate.rs", "never given twice"),
    ("xml.rs", "encoded for the wire"),
    ("wire/json.rs", "encoded for the wire"),
    ("link/http.rs", "a header on the wire"),
    ("vendors/", "sign-in and token, in each vendor's own way"),
    ("sim/in_process.rs", "the other end of the wire"),
    ("ledger/change.rs", "sealed"),
    ("saved.rs", "sealed, or its fingerprint"),
    ("export.rs", "an export with secrets, or their fingerprints"),
    ("sheet/", "a repaired copy of the owner's own sheet"),
    ("migrate/mod.rs", "carried to the other vendor"),
    ("run/secrets.rs", "the owner's file of generated secrets"),
    ("run/migrate.rs", "the owner's file of what would be sent"),
    ("run/undo.rs", "put back as it was"),
    ("run/fix.rs", "a repaired copy of the owner's own sheet"),
    ("run/diff/mod.rs", "compared"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let (mut found, src) = (vec![], root().join("src"));
    walk(&src, &mut found);
    found.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let name = |path: &PathBuf| {
        path.strip_prefix(&src)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    found.iter().map(|path| (name(path), read(path))).collect()
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn imports_run_downward_only() {
    for (name, text) in sources() {
        let module = name.split(['/', '.']).next().unwrap();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let layer = LAYERS.iter().position(|known| *known == module);
        let layer = layer.unwrap_or_else(|| panic!("{name}: {module} has no layer"));
        for line in code_lines(&text) {
            for (_, rest) in line
                .match_indices("crate::")
                .map(|(at, word)| line.split_at(at + word.len()))
            {
                let used = rest
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                let Some(below) = LAYERS.iter().position(|known| *known == used) else {
                    continue;
                };
                assert!(
                    below <= layer,
                    "{name} names {used}, which stands above {module}: {line}"
                );
            }
        }
    }
}

#[test]
fn vendors_and_link_do_not_know_each_other() {
    for (name, text) in sources() {
        let stranger = match name.split('/').next().unwrap() {
            "vendors" => "crate::link",
            "link" => "crate::vendors",
            _ => continue,
        };
        assert!(
            code_lines(&text).all(|line| !line.contains(stranger)),
            "{name} names {stranger}"
        );
    }
}

#[test]
fn every_crate_has_one_door() {
    for (name, text) in sources() {
        for (krate, door) in DOORS {
            let names = |line: &str| {
                line.match_indices(krate).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
                })
            };
            assert!(
                name == *door || !code_lines(&text).any(names),
                "{name} names {krate}, whose door is {door}"
            );
        }
    }
}

#[test]
fn a_secret_leaves_by_known_doors_only() {
    let is_test = |name: &str| name.ends_with("tests.rs") || name.ends_with("fake_vendor.rs");
    for (name, text) in sources() {
        let own = code_lines(&text).take_while(|line| !line.contains("#[cfg(test)]"));
        let code: Vec<&str> = own.collect();
        let is_door = REVEALS.iter().any(|(door, _)| name.starts_with(door));
        assert!(
            is_door || is_test(&name) || code.iter().all(|line| !line.contains("reveal(")),
            "{name} asks for the text of secrets"
        );
        assert!(
            name == "model/redact.rs" || code.iter().all(|line| !line.contains("\"(not shown)\"")),
            "{name} has words of its own for what is not shown"
        );
    }
}

#[test]
fn only_the_rim_reaches_the_standard_streams() {
    for (name, text) in sources() {
        let rim = name.starts_with("run/")
            || matches!(name.as_str(), "main.rs" | "progress.rs")
            || name.ends_with("/tests.rs");
        let prints = |line: &str| {
            line.replace("use_stderr()", "").contains("stderr()") || line.contains("stdout()")
        };
        assert!(
            rim || !code_lines(&text).any(prints),
            "{name} reaches a standard stream"
        );
    }
}

#[test]
fn a_simulated_pbx_shares_nothing_with_the_conversation() {
    for (name, text) in sources()
        .iter()
        .filter(|(name, _)| name.starts_with("vendors/") && name.ends_with("/sim.rs"))
    {
        let own = code_lines(text).take_while(|line| !line.contains("#[cfg(test)]"));
        for line in own {
            let strange = [
                "manifest",
                "Manifest",
                "super::manifest",
                "model::Record",
                "vendor.toml",
            ];
            let shares = strange.iter().any(|word| line.contains(word));
            assert!(
                !shares,
                "{name} shares code with what it is to hold to account: {line}"
            );
        }
    }
}

#[test]
fn every_vendor_folder_looks_like_the_last_one() {
    let folders = fs::read_dir(root().join("src/vendors"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.is_dir()) {
        let names: BTreeSet<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        for wanted in ["vendor.toml", "mod.rs", "sim.rs", "README.md", "golden"] {
            assert!(
                names.contains(wanted),
                "{} has no {wanted}",
                folder.display()
            );
        }
    }
}

#[test]
fn the_top_level_is_what_a_visitor_expects() {
    let listed = Command::new("git")
        .args(["ls-files"])
        .current_dir(root())
        .output();
    let Some(listed) = listed.ok().filter(|output| output.status.success()) else {
        return;
    };
    let listed = String::from_utf8(listed.stdout).unwrap();
    let top: BTreeSet<&str> = listed
        .lines()
        .map(|path| path.split('/').next().unwrap())
        .collect();
    let expected = [
        ".cargo",
        ".ci",
        ".gitignore",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "benches",
        "samples",
        "src",
        "tests",
    ];
    for name in top {
        assert!(
            expected.contains(&name),
            "{name} does not belong at the top level"
        );
    }
}
