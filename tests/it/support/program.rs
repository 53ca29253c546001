//! The program itself, started in a folder of its own as a person starts it; and the results of its runs.

use super::canary::assert_no_secret;
use super::fixture::account;
use super::sheets::{read_rows, write_extensions};
use rowcall::model::Record;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program that is tested.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_rowcall");

/// The program without the configuration and the runs of whoever tests it.
pub(crate) fn without_home() -> Command {
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nowhere");
    let mut command = Command::new(PROGRAM);
    command
        .env("XDG_CONFIG_HOME", &nowhere)
        .env("XDG_STATE_HOME", &nowhere);
    command
}

/// The path of programs, with the program of the tests first.
pub(crate) fn path_with_program() -> String {
    let bin = Path::new(PROGRAM).parent().unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

/// Runs the program in a folder; returns its exit code and all that it said.
#[track_caller]
pub(crate) fn said_in(folder: &Path, words: &[&str]) -> (i32, String) {
    let output = without_home().current_dir(folder).args(words).output();
    let output = output.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_no_secret(&words.join(" "), &said);
    (output.status.code().unwrap(), said)
}

/// A folder to work in, and the program with its configuration and state there.
pub(crate) struct Program {
    folder: TempDir,
    /// The text that replaces `TARGET` in a line.
    target: String,
    /// Words at the end of every line.
    always: &'static str,
}

impl Program {
    pub(crate) fn new() -> Program {
        Program {
            folder: tempfile::tempdir().unwrap(),
            target: "TARGET".into(),
            always: "",
        }
    }

    /// Sets the target that replaces `TARGET` in a line.
    pub(crate) fn at(target: String) -> Program {
        Program {
            target,
            ..Program::new()
        }
    }

    /// Names the folder for runs and the key's file in every line: `state` and `key`.
    pub(crate) fn with_own_state(self) -> Program {
        let always = " --state state --key key";
        Program { always, ..self }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Program {
        fs::write(self.path(name), text).unwrap();
        self
    }

    /// Writes a file, and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        self.write(name, text);
        self.path(name)
    }

    /// Writes extensions as a sheet.
    pub(crate) fn sheet(&self, name: &str, extensions: &[Record]) -> &Program {
        write_extensions(&self.path(name), extensions);
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program in the folder, without any word yet.
    pub(crate) fn bare(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .current_dir(self.folder())
            .env("ROWCALL_PASSWORD", account().password.reveal())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The program with the words of a line.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = self.bare();
        let words = line
            .split_whitespace()
            .chain(self.always.split_whitespace());
        command.args(words.map(|word| word.replace("TARGET", &self.target)));
        command
    }

    /// The program with a folder for runs of this name.
    pub(crate) fn command_in(&self, state: &str) -> Command {
        let mut command = self.bare();
        command.arg("--state").arg(self.path(state));
        command.arg("--key").arg(self.path("key"));
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Ran {
        ran(line, self.command(line).output().unwrap())
    }

    /// Runs a line that is to end so.
    #[track_caller]
    pub(crate) fn ends(&self, line: &str, exit: i32) -> Ran {
        self.run(line).exits(exit)
    }

    /// Runs a line at full speed.
    #[track_caller]
    pub(crate) fn go(&self, line: &str) -> Ran {
        self.run(&format!("{line} --rate 5000 --reply-within 2 --parallel 4"))
    }

    /// Starts a line; its output goes into the file `words`, so that nothing has to read it meanwhile.
    pub(crate) fn start(&self, line: &str) -> Child {
        let words = fs::File::create(self.path("words")).unwrap();
        let mut command = self.command(line);
        command.stdout(Stdio::null()).stderr(words);
        command.spawn().unwrap()
    }

    /// The rows of a report, by their headings.
    #[track_caller]
    pub(crate) fn report(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        if !name.ends_with(".xlsx") {
            assert_no_secret(name, &self.read(name));
        }
        read_rows(&self.path(name))
    }

    /// A report has exactly these lines: number, action and result.
    #[track_caller]
    pub(crate) fn has_lines(&self, name: &str, expected: &[(&str, &str, &str)]) {
        let report = self.report(name);
        let lines: Vec<_> = report
            .iter()
            .map(|line| (&*line["number"], &*line["action"], &*line["result"]))
            .collect();
        assert_eq!(lines, expected, "{report:#?}");
    }

    #[track_caller]
    pub(crate) fn results(&self, name: &str) -> Vec<String> {
        let result = |row: BTreeMap<String, String>| row["result"].clone();
        self.report(name).into_iter().map(result).collect()
    }
}

/// The result of a run.
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Checks a run that has ended by itself: its output has no secret and no words that only a programmer reads.
#[track_caller]
pub(crate) fn ran(line: &str, output: Output) -> Ran {
    let ran = ran_showing(output);
    assert_no_secret(line, &ran.out);
    ran
}

/// The same for a command that is asked for secrets: its standard output may show them.
#[track_caller]
pub(crate) fn ran_showing(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_no_secret("standard error", &err);
    let exit = output.status.code();
    let exit = exit.unwrap_or_else(|| panic!("{}\n{out}\n{err}", output.status));
    Ran { exit, out, err }
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Ran {
        assert_eq!(self.exit, exit, "{}\n{}", self.out, self.err);
        self
    }

    /// It ended so, and this many rows have this result.
    #[track_caller]
    pub(crate) fn ended_with(&self, exit: i32, result: &str, count: u64) {
        let ended = (self.exit, self.count(result));
        assert_eq!(ended, (exit, count), "{}", self.err);
    }

    /// Its standard error has these words.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Ran {
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in\n{}", self.err);
        }
        self
    }

    #[track_caller]
    pub(crate) fn prints_nothing(self) -> Ran {
        assert_eq!(self.out, "");
        self
    }

    /// Returns the JSON that `--json` printed; null where it is something else.
    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or(Value::Null)
    }

    pub(crate) fn count(&self, result: &str) -> u64 {
        self.summary()["counts"][result].as_u64().unwrap_or(0)
    }

    /// The name of the run.
    pub(crate) fn name(&self) -> String {
        self.summary()["run"].as_str().unwrap().to_owned()
    }
}

/// Waits until the condition is true, at most half a minute.
#[track_caller]
pub(crate) fn wait_until(mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(120), "it never came");
        thread::sleep(Duration::from_millis(2));
    }
}

#[track_caller]
pub(crate) fn signal(child: &Child, name: &str) {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}")).arg(child.id().to_string());
    assert!(kill.status().unwrap().success());
}
