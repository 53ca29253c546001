//! The house's own rules, checked by reading the sources.

use crate::support::skip::skip;
use crate::support::sources::{
    code_lines, program_sources, root, sources, sources_in, without_tests,
};
use rowcall::manifest::Manifest;
use rowcall::vendors::vendor;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// The modules in the order in which imports may run: each may name only those before it.
const LAYERS: &[&str] = &[
    "model",
    "lang",
    "digest",
    "disk",
    "xml",
    "sheet",
    "manifest",
    "mapping",
    "columns",
    "rules",
    "check",
    "compare",
    "diff",
    "wire",
    "sip",
    "vendors",
    "dialects",
    "link",
    "seal",
    "fingerprints",
    "generate",
    "archive",
    "fleet",
    "ledger",
    "migrate",
    "submit",
    "export",
    "report",
    "progress",
    "sim",
    "rim",
    "input",
    "plan",
    "run",
    "page",
    "manual",
    "cli",
    "commands",
];

/// Crates that are named in one place only.
const DOORS: &[(&str, &str)] = &[
    ("reqwest::", "link/http.rs"),
    ("rustls::", "link/trust.rs"),
    ("governor::", "link/paced.rs"),
    // `csv::` alone is also our own module's name within `sheet`.
    ("csv_core::", "sheet/csv/"),
    ("csv::ByteRecord", "sheet/csv/"),
    ("csv::Reader", "sheet/csv/"),
    ("csv::WriterBuilder", "sheet/csv/"),
    ("quick_xml::", "xml.rs"),
    ("flate2::", "sheet/workbook/package.rs"),
    ("indicatif::", "progress.rs"),
    ("clap::", "cli/"),
    ("encoding_rs::", "sheet/encoding/mod.rs"),
    ("chardetng::", "sheet/detect/encoding.rs"),
    ("strsim::", "model/words.rs"),
    ("age::", "run/recipients.rs"),
    ("hyper::", "page/server.rs"),
    ("tokio::", "page/server.rs"),
    ("multer::", "page/server.rs"),
    // Both are written with its marks.
    ("maud::", "page/"),
    ("maud::", "sheet/html/"),
];

const REPAIRED: &str = "a repaired copy of the owner's own sheet";

/// The modules that may ask for a secret's text by `reveal`, with the reason.
const REVEALS: &[(&str, &str)] = &[
    ("model/", "the types themselves"),
    ("rules/row.rs", "checked by the vendor's rules"),
    ("generate.rs", "never given twice"),
    ("xml.rs", "encoded for the wire"),
    ("wire/json.rs", "encoded for the wire"),
    ("wire/mod.rs", "encoded for the wire"),
    (
        "vendors/asterisk/",
        "the account goes with each request, and half of a caller ID is written with the other",
    ),
    (
        "vendors/ozeki/mod.rs",
        "the token is the account itself, and a configuration is one value",
    ),
    (
        "vendors/portsip/mod.rs",
        "the address of a greeting, which is looked at",
    ),
    (
        "vendors/portsip/protocol.rs",
        "not repeated in the PBX's own words",
    ),
    (
        "vendors/3cx-v20/protocol.rs",
        "not repeated in the PBX's own words",
    ),
    (
        "vendors/yeastar_p/protocol.rs",
        "not repeated in the PBX's own words",
    ),
    (
        "vendors/freepbx/",
        "an update tells the PBX all that it holds",
    ),
    (
        "submit/known_secrets.rs",
        "not repeated in the PBX's own words",
    ),
    ("link/bodies.rs", "looked for in the log, which shows none"),
    ("sip/digest.rs", "the answer to a challenge"),
    ("dialects/mod.rs", "a file for the product's own import"),
    ("ledger/change.rs", "sealed"),
    ("ledger/memory.rs", "its fingerprint"),
    ("plan/file.rs", "sealed"),
    (
        "plan/mod.rs",
        "the person of a row whose number is not shown",
    ),
    (
        "plan/dependents.rs",
        "the rows that refer to one whose number is not shown",
    ),
    ("fingerprints.rs", "its fingerprint"),
    ("export.rs", "an export with secrets, or their fingerprints"),
    ("sheet/csv/repair.rs", REPAIRED),
    ("sheet/json/repair.rs", REPAIRED),
    ("sheet/marked_copy.rs", REPAIRED),
    ("sheet/ods/repair.rs", REPAIRED),
    ("sheet/repairs.rs", REPAIRED),
    ("sheet/xlsx/mark.rs", REPAIRED),
    ("sheet/xlsx/repair.rs", REPAIRED),
    ("rim/keyring.rs", "kept in the keyring of the session"),
    (
        "columns/lacking.rs",
        "a cell that is checked as it would be sent",
    ),
    ("mapping/mapper.rs", "carried to the other vendor"),
    (
        "rim/config.rs",
        "typed by its owner, for the account and for the owner's password file",
    ),
    (
        "run/secrets_file.rs",
        "the owner's file of generated secrets",
    ),
    (
        "commands/migrate/loss.rs",
        "the owner's file of what would be sent",
    ),
    ("plan/revert.rs", "put back as it was"),
    (
        "page/steps/rows.rs",
        "the repair of a cell, which is shown where it is no secret",
    ),
    ("commands/fix/propose.rs", REPAIRED),
    ("commands/fix/repair.rs", REPAIRED),
    ("commands/diff/target.rs", "compared"),
    (
        "compare.rs",
        "compared with the file that was fetched from it",
    ),
];

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

/// The most lines of code in a file of `commands/`, comments and tests aside. Code that does not resolve the command
/// line, plan or run belongs in a room below.
const COMMAND_LINES_MAX: usize = 120;

#[test]
fn a_command_resolves_plans_and_runs_and_does_no_more() {
    let files = program_sources().into_iter();
    let commands = files.filter(|(name, _)| name.starts_with("commands/"));
    let mut found = 0;
    for (name, text) in commands {
        let lines = code_lines(&text).filter(|line| !line.trim().is_empty());
        let count = lines.count();
        assert!(
            count <= COMMAND_LINES_MAX,
            "{name} has {count} lines of code, and {COMMAND_LINES_MAX} are the most: move what others could use to where it \
             belongs"
        );
        found += 1;
    }
    assert!(found > 30, "only {found} files of commands are found");
}

#[test]
fn only_commands_see_the_command_line() {
    for (name, text) in sources() {
        let sees = name.starts_with("commands/") || name.starts_with("cli/") || name == "main.rs";
        let names = |line: &str| line.contains("crate::cli") || line.contains("cli::");
        assert!(
            sees || !code_lines(&text).any(names),
            "{name} sees the command line"
        );
    }
}

/// A module by its path below `src`, without its ending: `plan/mod`, `plan/decide`.
type Module = String;

/// The file that `path` (segments below `from`'s folder) leads to, and how many segments that took.
fn resolve(folder: &str, path: &[&str], modules: &BTreeSet<Module>) -> Option<(Module, usize)> {
    let mut found = None;
    let mut folder = folder.to_owned();
    for (index, segment) in path.iter().enumerate() {
        let below = |name: &str| match folder.as_str() {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let file = [below(segment), below(&format!("{segment}/mod"))];
        let Some(file) = file.into_iter().find(|file| modules.contains(file)) else {
            break;
        };
        folder = below(segment);
        found = Some((file, index + 1));
    }
    found
}

/// The paths that a file's code names, as segments: `crate::…`, `super::…`, `self::…`, with braces spread out.
fn named_paths(text: &str, children: &[&str]) -> Vec<Vec<String>> {
    fn spread(rest: &str, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
        let (mut at, mut path) = (0, before.to_vec());
        loop {
            let word: String = rest[at..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            at += word.len();
            if !word.is_empty() {
                path.push(word);
            }
            if !rest[at..].starts_with("::") {
                break;
            }
            at += 2;
            if rest[at..].starts_with('{') {
                at += 1;
                loop {
                    at += rest[at..].len() - rest[at..].trim_start().len();
                    if at >= rest.len() || rest[at..].starts_with('}') {
                        return at + 1;
                    }
                    at += spread(&rest[at..], &path, found).max(1);
                    let until = rest[at.min(rest.len())..].find([',', '}']).unwrap_or(0);
                    at = (at + until).min(rest.len());
                    if rest[at..].starts_with(',') {
                        at += 1;
                    }
                }
            }
        }
        found.push(path);
        at
    }
    let mut found = vec![];
    let starts = ["crate", "super", "self"].iter().chain(children);
    for start in starts.map(|start| format!("{start}::")) {
        for (at, _) in text.match_indices(&start) {
            // A path behind `pub(in ` names who may see something, and uses nothing.
            let is_scope = text[..at].ends_with("pub(in ");
            let before = text[..at].chars().next_back();
            if !is_scope && !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                spread(&text[at..], &[], &mut found);
            }
        }
    }
    found
}

/// Returns true if code uses a type, or calls a function, of this name that is in scope.
fn uses_name(code: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let is_whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        let is_type = name.starts_with(char::is_uppercase);
        let is_declared = before.ends_with("fn ");
        let is_called = after.starts_with('(') && !before.ends_with('.') && !is_declared;
        is_whole && !before.ends_with("::") && (is_type || is_called)
    })
}

/// Returns the files that each file names, tests aside. A name that a `mod.rs` only re-exports (`pub use`) belongs to
/// the file below it; where its own code has the name too, it names that file.
fn named_files(sources: Vec<(String, String)>) -> BTreeMap<Module, BTreeSet<Module>> {
    let code = |text: &str| -> String {
        let lines: Vec<&str> = code_lines(without_tests(text)).collect();
        lines.join("\n")
    };
    let sources: BTreeMap<Module, String> = sources
        .into_iter()
        .filter(|(name, _)| !name.ends_with("tests.rs") && !name.contains("/tests/"))
        .map(|(name, text)| (name.trim_end_matches(".rs").to_owned(), code(&text)))
        .collect();
    let modules: BTreeSet<Module> = sources.keys().cloned().collect();
    // The re-exports of modules: the name, and the file that it comes from.
    let mut handed_on: BTreeMap<(Module, String), Module> = BTreeMap::new();
    let folder_of = |module: &str| match module.strip_suffix("mod") {
        Some(folder) => folder.trim_end_matches('/').to_owned(),
        None => module.to_owned(),
    };
    let is_use = |line: &str| {
        let line = line.trim_start();
        line.starts_with("pub") && line.contains(" use ")
    };
    let mut own: BTreeMap<Module, String> = BTreeMap::new();
    for (module, text) in &sources {
        let (mut rest, mut handing) = (String::new(), None::<String>);
        for line in text.lines() {
            match &mut handing {
                Some(statement) => statement.push_str(line),
                None if is_use(line) => handing = Some(line.to_owned()),
                None => {
                    rest.push_str(line);
                    rest.push('\n');
                }
            }
            let Some(statement) = handing.take_if(|statement| statement.contains(';')) else {
                continue;
            };
            let path = statement.split(" use ").nth(1).unwrap_or_default();
            let path = format!("self::{}", path.trim_start_matches("self::"));
            for path in named_paths(&path, &[]) {
                let path: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
                if let (Some((file, taken)), Some(name)) =
                    (resolve(&folder_of(module), &path, &modules), path.last())
                    && taken < path.len()
                {
                    handed_on.insert((module.clone(), (*name).to_owned()), file);
                }
            }
        }
        own.insert(module.clone(), rest);
    }
    let mut named = BTreeMap::new();
    for (module, text) in &own {
        let used = handed_on
            .iter()
            .filter(|((by, name), file)| by == module && *file != module && uses_name(text, name));
        let mut files: BTreeSet<Module> = used.map(|(_, file)| file.clone()).collect();
        let prefix = match folder_of(module) {
            folder if folder.is_empty() => folder,
            folder => format!("{folder}/"),
        };
        let below = modules.iter().filter_map(|file| file.strip_prefix(&prefix));
        let children: BTreeSet<&str> = below
            .map(|file| file.split('/').next().unwrap())
            .filter(|child| *child != "mod")
            .collect();
        let children: Vec<&str> = children.into_iter().collect();
        let paths = named_paths(text, &children);
        for path in paths {
            let mut folder = match path[0].as_str() {
                "crate" => String::new(),
                _ => folder_of(module),
            };
            let ups = path
                .iter()
                .take_while(|segment| *segment == "super")
                .count();
            for _ in 0..ups {
                folder = folder.rsplit_once('/').map_or("", |(up, _)| up).to_owned();
            }
            let is_child = children.contains(&path[0].as_str());
            let skipped = if is_child { 0 } else { ups.max(1) };
            let rest: Vec<&str> = path[skipped..].iter().map(String::as_str).collect();
            let (file, taken) = resolve(&folder, &rest, &modules).unwrap_or_else(|| {
                let file = format!("{folder}/mod");
                let file = if modules.contains(&file) {
                    file
                } else {
                    folder.clone()
                };
                (file, 0)
            });
            let handed = rest
                .get(taken)
                .and_then(|name| handed_on.get(&(file.clone(), (*name).to_owned())));
            let file = handed.cloned().unwrap_or(file);
            if file != *module && modules.contains(&file) {
                files.insert(file);
            }
        }
        named.insert(module.clone(), files);
    }
    named
}

/// Returns the groups of files that name each other in circles.
fn circles(named: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<Vec<&str>> {
    let reaches = |from: &Module| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = next.pop() {
            for file in &named[&module] {
                if reached.insert(file.clone()) {
                    next.push(file.clone());
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> = named
        .keys()
        .map(|module| (module, reaches(module)))
        .collect();
    let in_circles = reached
        .iter()
        .filter(|(module, files)| files.contains(**module));
    let circle = |files: &'_ BTreeSet<Module>, module: &Module| {
        let back = named
            .keys()
            .filter(|other| files.contains(*other) && reached[*other].contains(module));
        back.map(String::as_str).collect::<Vec<&str>>()
    };
    in_circles
        .map(|(module, files)| circle(files, module))
        .collect()
}

#[test]
fn files_of_a_folder_do_not_name_each_other_in_a_circle() {
    let named = named_files(sources());
    let circles = circles(&named);
    assert!(
        circles.is_empty(),
        "these files name each other in circles: {circles:#?}"
    );
}

#[test]
fn a_circle_is_seen_within_a_room_and_beyond() {
    let circle_of = |files: &[(&str, &str)]| {
        let sources = files.iter();
        let sources = sources.map(|(name, text)| (format!("{name}.rs"), (*text).to_owned()));
        let named = named_files(sources.collect());
        let circles = circles(&named).into_iter();
        let circles: Vec<String> = circles.map(|circle| circle.join(" ")).collect();
        circles.join(", ")
    };
    let ends = |b: &'static str| {
        [
            ("a/mod", "mod x;\nmod y;"),
            ("a/x", "use super::y::Y;"),
            ("a/y", b),
        ]
    };
    assert_eq!(circle_of(&ends("use super::x::X;")), "a/x a/y");
    assert_eq!(circle_of(&ends("use crate::a::x::{X, Z};")), "a/x a/y");
    assert_eq!(circle_of(&ends("struct Y;")), "");
    // A folder's own file and one below it.
    let below = ("a/x", "use super::limit;\npub struct X;");
    let handed_on = "mod x;\npub use x::X;\npub fn limit() {}";
    assert_eq!(circle_of(&[("a/mod", handed_on), below]), "");
    let used = "mod x;\npub use x::X;\npub fn limit(x: &X) {}";
    assert_eq!(circle_of(&[("a/mod", used), below]), "a/mod a/x");
    let named = "mod x;\npub fn limit(x: &x::X) {}";
    assert_eq!(circle_of(&[("a/mod", named), below]), "a/mod a/x");
    // By three rooms.
    let rooms = [
        ("a", "use crate::b::B;"),
        ("b/mod", "mod c;\npub use c::B;"),
        ("b/c", "use crate::d::D;"),
        ("d", "use crate::a::A;"),
    ];
    assert_eq!(circle_of(&rooms), "a b/c d");
    // A test may name whatever it tests.
    let tested = "use super::x::X;\n#[cfg(test)]\nmod tests {\n    use crate::a::z::Z;\n}\n";
    assert_eq!(
        circle_of(&[("a/mod", "mod x;"), ("a/x", "struct X;"), ("a/z", tested)]),
        ""
    );
}

/// The places that rename files: the one door, and two rooms whose folders and entries take their names in an order of
/// their own.
const RENAMES: &[&str] = &["disk.rs", "archive/", "ledger/"];

#[test]
fn files_take_their_place_by_one_door() {
    for (name, text) in sources() {
        let own = without_tests(&text);
        let renames = |line: &str| {
            let calls = [".persist(", ".persist_noclobber(", "fs::rename("];
            calls.iter().any(|call| line.contains(call))
        };
        let may = RENAMES.iter().any(|door| name.starts_with(door)) || name.ends_with("tests.rs");
        assert!(
            may || !code_lines(own).any(renames),
            "{name} renames a file"
        );
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
            let doors = DOORS.iter().filter(|(known, _)| known == krate);
            let is_door = doors
                .map(|(_, door)| door)
                .any(|door| name == *door || (door.ends_with('/') && name.starts_with(door)));
            assert!(
                is_door || !code_lines(&text).any(names),
                "{name} names {krate}, whose door is {door}"
            );
        }
    }
}

#[test]
fn a_secret_leaves_by_known_doors_only() {
    let is_test = |name: &str| {
        let kits = ["submit/fake_vendor.rs", "vendors/testkit.rs"];
        name.ends_with("tests.rs") || name.contains("/tests/") || kits.contains(&name)
    };
    for (name, text) in sources() {
        let own = code_lines(without_tests(&text));
        let code: Vec<&str> = own.collect();
        let is_door = REVEALS.iter().any(|(door, _)| name.starts_with(door));
        assert!(
            is_door || is_test(&name) || code.iter().all(|line| !line.contains("reveal")),
            "{name} asks for the text of secrets"
        );
        assert!(
            name == "model/redact.rs" || code.iter().all(|line| !line.contains("\"(not shown)\"")),
            "{name} has words of its own for what is not shown"
        );
    }
    for (door, why) in REVEALS {
        let mut files = sources().into_iter();
        let is_used = files.any(|(name, text)| {
            let own = code_lines(without_tests(&text));
            name.starts_with(door) && own.collect::<String>().contains("reveal")
        });
        assert!(is_used, "no text is asked for in {door} any more ({why})");
    }
}

/// Texts for people and for readers of a report: no code decides by them.
const FOR_READERS: [&str; 5] = [".code", ".rule", ".message", ".hint", "how"];

#[test]
fn no_text_for_readers_decides_anything() {
    let compares = [
        " == ",
        " != ",
        ".contains(",
        ".starts_with(",
        ".ends_with(",
        ".split_once(",
    ];
    // A literal, or a constant.
    let is_fixed = |rest: &str| {
        let first: String = rest.chars().take(2).collect();
        first.starts_with('"') || first.chars().all(char::is_uppercase)
    };
    for (name, text) in sources() {
        let own = code_lines(without_tests(&text));
        let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
        for line in own.filter(|_| !is_test) {
            let decides = FOR_READERS.iter().any(|text| {
                compares.iter().any(|compare| {
                    let both = format!("{text}{compare}");
                    line.match_indices(&both).any(|(at, _)| {
                        let before = line[..at].chars().next_back();
                        let is_whole =
                            text.starts_with('.') || !before.is_some_and(char::is_alphanumeric);
                        is_whole && is_fixed(&line[at + both.len()..])
                    })
                })
            });
            assert!(!decides, "{name} decides by a text for readers: {line}");
        }
    }
}

#[test]
fn only_the_rim_reaches_the_standard_streams() {
    for (name, text) in sources() {
        let rim = name.starts_with("commands/")
            || matches!(
                name.as_str(),
                "main.rs" | "progress.rs" | "rim/log.rs" | "rim/terminal.rs" | "run/results.rs"
            )
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
        let own = code_lines(without_tests(text));
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
        let name = folder.file_name().unwrap().to_str().unwrap();
        for wanted in [
            "vendor.toml",
            "mod.rs",
            "sim.rs",
            "tests.rs",
            "README.md",
            "golden",
        ] {
            assert!(names.contains(wanted), "{name} has no {wanted}");
        }
        assert!(vendor(name).is_some(), "{name} is not among the vendors");
        for wanted in ["good.csv", "bad.csv", "bad.report.csv"] {
            let sample = root().join("samples").join(name).join(wanted);
            assert!(sample.is_file(), "there is no {}", sample.display());
        }
        // A vendor that is like another differs from it by its facts alone.
        let facts = fs::read_to_string(folder.join("vendor.toml")).unwrap();
        if let Some(like) = Manifest::parse(&facts).unwrap().vendor.like {
            let code = fs::read_to_string(folder.join("mod.rs")).unwrap();
            assert!(
                code.contains(&format!("pub use super::{like}::client;")),
                "{name}"
            );
            assert!(
                code_lines(&code).all(|line| !line.contains("fn ")),
                "{name}"
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
        return skip(
            "list of the repository's files",
            "run it in a clone, with git",
        );
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

/// Elsewhere it would be started with the configuration and the runs of whoever tests it.
#[test]
fn tests_find_the_program_in_one_place() {
    let variable = ["CARGO_BIN", "EXE_rowcall"].join("_");
    let named = sources_in("tests").into_iter();
    let named = named.filter(|(_, text)| text.contains(&variable));
    let files: Vec<String> = named.map(|(name, _)| name).collect();
    assert_eq!(files, ["it/support/program.rs"]);
}
