//! Runs every command in README.md and in the manual, and compares the output with every transcript in them.

use crate::support::program::path_with_program;
use crate::support::sources::root;
use rowcall::manual::PAGES;
use rowcall::model::Language;
use rowcall::report::facts::{file_table, matrix, product_list, product_table};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// The README's command that runs the tests, these among them.
const TESTS: &str = "cargo test --all-features";

/// One `$ command` of a transcript and the lines below it.
struct DocStep {
    line: usize,
    command: String,
    expected: Vec<String>,
}

fn steps(text: &str) -> Vec<DocStep> {
    let (mut steps, mut inside) = (Vec::<DocStep>::new(), false);
    for (index, line) in text.lines().enumerate() {
        if let Some(kind) = line.strip_prefix("```") {
            inside = kind == "console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            steps.push(DocStep {
                line: index + 1,
                command: command.to_owned(),
                expected: vec![],
            });
        } else if inside {
            steps
                .last_mut()
                .expect("a transcript begins with a command")
                .expected
                .push(line.to_owned());
        }
    }
    steps
}

/// Returns true if a line is as printed, where `…` stands for any text.
fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        let Some(at) = (if part.is_empty() {
            Some(rest.len())
        } else {
            rest.find(part)
        }) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last.is_some_and(|part| !part.is_empty() && line.ends_with(part))
}

/// Returns true if lines are as printed, where a line of only `…` stands for any lines.
fn lines_match(patterns: &[String], lines: &[String]) -> bool {
    match (patterns.split_first(), lines.split_first()) {
        (None, _) => lines.is_empty(),
        (Some((any, rest)), _) if any == "…" => {
            (0..=lines.len()).any(|skip| lines_match(rest, &lines[skip..]))
        }
        (Some((pattern, patterns)), Some((line, lines))) => {
            line_matches(pattern, line) && lines_match(patterns, lines)
        }
        (Some(_), None) => false,
    }
}

/// A port that nobody listens at, below those that the system gives to connections.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A folder of our own with the samples in it and the program on the path.
struct DocSession {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    /// The ports in the README, with those that are free here.
    ports: Vec<(String, String)>,
    running: Vec<Child>,
}

impl DocSession {
    fn new() -> DocSession {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(root().join("samples"), folder.path().join("samples")).unwrap();
        let free = |printed: &str| (printed.to_owned(), format!(":{}", free_port()));
        let ports = [":9011", ":8900", ":9012", ":9060"].map(free).to_vec();
        DocSession {
            folder,
            variables: BTreeMap::new(),
            ports,
            running: vec![],
        }
    }

    /// The text with the ports of this session.
    fn with_ports(&self, text: &str) -> String {
        let ports = self.ports.iter();
        ports.fold(text.to_owned(), |text, (printed, here)| {
            text.replace(printed, here)
        })
    }

    fn command(&self, text: &str) -> Command {
        let text = self.with_ports(&text.replace("cargo run --release -- ", "rowcall "));
        let mut command = Command::new("bash");
        command
            .arg("-c")
            .arg(text)
            .current_dir(self.folder.path())
            .env("PATH", path_with_program())
            .envs(&self.variables);
        command
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs a step, and compares what it prints with its transcript.
    fn run(&mut self, page: &str, step: &DocStep) {
        let Some(lines) = self.lines_of(step) else {
            return;
        };
        let mut expected = step.expected.clone();
        while expected.last().is_some_and(String::is_empty) {
            expected.pop();
        }
        assert!(
            lines_match(&expected, &lines),
            "{page}:{}: `{}` prints\n{}\n\nand not\n{}",
            step.line,
            step.command,
            lines.join("\n"),
            expected.join("\n")
        );
    }

    /// Runs a step; returns the lines that it prints, with the ports of the page.
    fn lines_of(&mut self, step: &DocStep) -> Option<Vec<String>> {
        if let Some((name, value)) = step
            .command
            .strip_prefix("export ")
            .and_then(|rest| rest.split_once('='))
        {
            self.variables.insert(name.to_owned(), value.to_owned());
            return None;
        }
        if let Some(file) = step.command.strip_prefix("cat ") {
            // The reader's own file: the transcript is its content.
            let text = self.with_ports(&step.expected.join("\n"));
            fs::write(self.folder.path().join(file), text).unwrap();
            return None;
        }
        let lines = match step.command.strip_suffix(" &") {
            Some(command) => self.begin(command, step.expected.len()),
            None => {
                let output = self
                    .command(&format!("( {} ) 2>&1", step.command))
                    .output()
                    .unwrap();
                String::from_utf8(output.stdout)
                    .unwrap()
                    .lines()
                    .map(str::to_owned)
                    .collect()
            }
        };
        let shown = |line: String| {
            let ports = self.ports.iter();
            ports.fold(line.trim_end().to_owned(), |line, (printed, here)| {
                line.replace(here, printed)
            })
        };
        Some(lines.into_iter().map(shown).collect())
    }

    fn begin(&mut self, command: &str, lines: usize) -> Vec<String> {
        let mut child = self
            .command(&format!("exec {command} 2>&1"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        self.running.push(child);
        output
            .lines()
            .take(lines.max(1))
            .map(Result::unwrap)
            .collect()
    }
}

impl Drop for DocSession {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// README.md and the manual's pages are one session, in the order in which a reader comes to them.
#[test]
fn every_command_of_the_readme_and_the_manual_does_what_it_shows() {
    let mut session = DocSession::new();
    for step in steps_of_readme() {
        session.run("README.md", &step);
    }
    for page in PAGES {
        for step in steps(page.text(Language::English)) {
            session.run(page.name, &step);
        }
    }
}

/// The same session in German; README.md, which is English, only leads to it.
#[test]
fn every_command_of_the_german_manual_does_what_it_shows() {
    let mut session = DocSession::new();
    session
        .variables
        .insert("ROWCALL_LANG".to_owned(), "de".to_owned());
    for step in steps_of_readme() {
        session.lines_of(&step);
    }
    for page in PAGES {
        for step in steps(page.text(Language::German)) {
            session.run(&format!("de/{}", page.name), &step);
        }
    }
}

#[test]
fn the_manual_has_the_same_commands_and_parts_in_german() {
    for page in PAGES {
        let [english, german] = [Language::English, Language::German].map(|language| {
            let text = page.text(language);
            let commands = steps(text).into_iter().map(|step| step.command);
            let titles = text.lines().filter(|line| line.starts_with('#')).count();
            // The options that the prose names.
            let prose = text.split("```").step_by(2).collect::<String>();
            let flags = prose.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
            let flags = flags
                .filter(|word| word.starts_with("--") && word.trim_start_matches('-').len() > 1);
            let flags: BTreeSet<String> = flags.map(str::to_owned).collect();
            (commands.collect::<Vec<_>>(), titles, flags)
        });
        assert_eq!(english, german, "{}", page.name);
        let titles = [Language::English, Language::German].map(|language| page.title(language));
        assert_ne!(titles[0], titles[1]);
    }
}

/// The commands of README.md, but for the one that runs the tests.
fn steps_of_readme() -> impl Iterator<Item = DocStep> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let steps = steps(&readme).into_iter();
    steps.filter(|step| step.command != TESTS)
}

#[test]
fn the_readme_is_short() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.lines().count() <= 250, "{}", readme.lines().count());
}

#[test]
fn the_gate_runs_the_test_command_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let gate = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(steps(&readme).iter().any(|step| step.command == TESTS));
    let words = |line: &str| {
        TESTS
            .split(' ')
            .all(|word| line.split(' ').any(|own| own == word))
    };
    assert!(
        gate.lines()
            .any(|line| line.starts_with("cargo test") && words(line))
    );
}

/// These tables are the program's output; `UPDATE=1` rewrites what stands between two texts of a page.
#[test]
fn the_tables_of_the_readme_are_generated() {
    let end = "<!-- end -->";
    for (page, begin, end, table) in [
        ("README.md", "<!-- table: vendors -->\n", end, matrix()),
        (
            "README.md",
            "<!-- list: products -->\n",
            end,
            product_list(),
        ),
        (
            "samples/products/README.md",
            "<!-- table: products -->\n",
            end,
            product_table(),
        ),
        (
            "src/manual/moving.md",
            "These files are known:\n",
            "\nA file cannot tell",
            file_table(Language::English),
        ),
        (
            "src/manual/de/moving.md",
            "Diese Dateien sind bekannt:\n",
            "\nEine Datei kann nicht sagen",
            file_table(Language::German),
        ),
    ] {
        let path = root().join(page);
        let mut fresh = fs::read_to_string(&path).unwrap();
        let from = fresh.find(begin);
        let from = from.unwrap_or_else(|| panic!("{page} has no {begin}")) + begin.len();
        let to = from + fresh[from..].find(end).expect("the table ends");
        fresh.replace_range(from..to, &format!("\n{}\n", table.trim_end()));
        if std::env::var("UPDATE").is_ok_and(|set| set == "1") {
            fs::write(&path, &fresh).unwrap();
        }
        assert!(
            fresh == fs::read_to_string(&path).unwrap(),
            "{page}'s tables are old: run UPDATE=1 cargo test --test it tables"
        );
    }
}

#[test]
fn the_wildcard_matches_what_it_should() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(line_matches("a…c", "abc") && line_matches("…", "") && line_matches("x…", "xyz"));
    assert!(
        !line_matches("a…c", "abd") && !line_matches("a", "ab") && !line_matches("…b…d", "abc")
    );
    assert!(
        lines_match(&lines("a\n…\nd"), &lines("a\nb\nc\nd"))
            && lines_match(&lines("a\n…"), &lines("a"))
    );
    assert!(
        !lines_match(&lines("a\n…\nd"), &lines("a\nb"))
            && !lines_match(&lines("a"), &lines("a\nb"))
    );
}

/// The table "To change X, open Y" of the crate's documentation names files and folders that are there.
#[test]
fn every_place_that_the_front_door_names_is_there() {
    let src = root().join("src");
    let text = fs::read_to_string(src.join("lib.rs")).unwrap();
    let table: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("//! | "))
        .collect();
    let (mut here, mut seen) = ("", 0);
    for part in table
        .iter()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
    {
        let place = part.replace("VENDOR", "openvox").replace("VERB", "import");
        let is_path = place.contains('/')
            || [".rs", ".toml", ".md"]
                .iter()
                .any(|end| place.ends_with(end));
        if !is_path {
            continue;
        }
        let known = src.join(&place).exists()
            || src.join("vendors/openvox").join(&place).exists()
            || src.join("columns").join(&place).exists();
        assert!(
            known,
            "lib.rs sends its reader to {part}, which is not there"
        );
        (here, seen) = (part, seen + 1);
    }
    assert!(seen > 20, "the table ends after {here:?}");
}
