//! A simulated PBX behind its socket, and somebody who works on it with the program.

use super::fixture::Rig;
use rowcall::manifest::{Access, Manifest};
use rowcall::model::Field;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// A simulated PBX and somebody who works on it.
pub(crate) struct House {
    vendor: &'static str,
    sim: Child,
    address: String,
    pub(crate) folder: TempDir,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.sim.kill();
        let _ = self.sim.wait();
    }
}

/// What a command came to.
pub(crate) struct Said {
    pub(crate) exit: i32,
    pub(crate) summary: Value,
    pub(crate) words: String,
}

impl Said {
    pub(crate) fn count(&self, result: &str) -> u64 {
        self.summary["counts"][result].as_u64().unwrap_or(0)
    }

    pub(crate) fn run(&self) -> String {
        self.summary["run"].as_str().unwrap().to_owned()
    }
}

impl House {
    pub(crate) fn new(vendor: &'static str) -> House {
        let mut sim = Command::new(env!("CARGO_BIN_EXE_rowcall"))
            .args(["sim", "--vendor", vendor])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(sim.stdout.take().unwrap()),
            Box::new(sim.stderr.take().unwrap()),
        ];
        for stream in streams {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        let address = loop {
            let line = told.recv_timeout(Duration::from_secs(20)).unwrap();
            if let Some(at) = line.find("127.0.0.1:") {
                let end = |c: char| !(c.is_ascii_digit() || c == '.' || c == ':');
                let address = &line[at..];
                break address[..address.find(end).unwrap_or(address.len())].to_owned();
            }
        };
        House {
            vendor,
            sim,
            address,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// From now on a PBX of another vendor answers there.
    pub(crate) fn becomes(&mut self, vendor: &'static str) {
        let _ = self.sim.kill();
        let _ = self.sim.wait();
        self.sim = Command::new(env!("CARGO_BIN_EXE_rowcall"))
            .args(["sim", "--vendor", vendor, "--listen", &self.address])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, state: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rowcall"));
        command
            .env("ROWCALL_PASSWORD", "rehearsal")
            .arg("--state")
            .arg(self.path(state))
            .arg("--key")
            .arg(self.path("key"))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn target(&self) -> String {
        format!("{}+http://api@{}", self.vendor, self.address)
    }

    /// The PBX under another name of this machine.
    pub(crate) fn alias(&self, host: &str) -> String {
        let port = self.address.rsplit(':').next().unwrap();
        format!("{}+http://api@{host}:{port}", self.vendor)
    }

    /// Writes a configuration in which `hq` is the PBX of that house.
    pub(crate) fn config(&self, of: &House) -> PathBuf {
        let (vendor, address) = (of.vendor, &of.address);
        self.write(
            "rowcall.toml",
            &format!(
                "[targets.hq]\nvendor = \"{vendor}\"\nurl = \"http://{address}\"\nusername = \"api\"\n\
                 password_env = \"ROWCALL_PASSWORD\"\n"
            ),
        )
    }

    /// The runs that have begun.
    pub(crate) fn runs(&self, state: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(state).join("runs"))
            .into_iter()
            .flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    }

    pub(crate) fn say(&self, state: &str, arguments: &[&str]) -> Said {
        let output = self.command(state).args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        Said {
            exit: output.status.code().unwrap(),
            summary: serde_json::from_str(&text).unwrap_or(Value::Null),
            words,
        }
    }

    pub(crate) fn import(&self, state: &str, sheet: &Path, more: &[&str]) -> Said {
        let target = self.target();
        let mut arguments = vec!["import", sheet.to_str().unwrap(), "--to", &target, "--json"];
        arguments.extend(["--rate", "2000/s", "--yes"]);
        arguments.extend(more);
        self.say(state, &arguments)
    }

    pub(crate) fn undo(&self, run: &[&str]) -> Said {
        let mut arguments = vec!["undo", "--json", "--yes", "--max-deletes", "all"];
        arguments.extend(run);
        self.say("state", &arguments)
    }

    /// Everything that the PBX tells, secrets too.
    pub(crate) fn export(&self) -> String {
        let target = self.target();
        let file = self.path("export.csv");
        let _ = fs::remove_file(&file);
        let arguments = [
            "export",
            &target,
            "--secrets",
            "plain",
            "--rate",
            "2000/s",
            "-o",
        ];
        // What is deleted meanwhile is no mistake here.
        let output = self.command("state").args(arguments).arg(&file).output();
        assert!(output.is_ok());
        fs::read_to_string(file).unwrap()
    }

    /// The first rows of the vendor's sample.
    pub(crate) fn sheet(&self, rows: usize) -> PathBuf {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("samples")
            .join(self.vendor)
            .join("good.csv");
        let text = fs::read_to_string(sample).unwrap();
        let lines: Vec<&str> = text.lines().take(rows + 1).collect();
        self.write("staff.csv", &lines.join("\n"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// A sheet that changes one field and the SIP password of the second and third row.
    pub(crate) fn edit(&self, word: &str) -> PathBuf {
        let sample = fs::read_to_string(self.path("staff.csv")).unwrap();
        let numbers = sample.lines().skip(2).take(2);
        let numbers: Vec<&str> = numbers
            .map(|line| line.split(',').next().unwrap())
            .collect();
        let field = self.field();
        // Some take passwords only when the extension is made.
        let password = self.manifest().row(Field::SIP_PASSWORD).unwrap();
        let (secret, is_pin) = match password.create_only {
            true => ("voicemail_pin", true),
            false => ("sip_password", false),
        };
        let value = |number: &str| match is_pin {
            true => format!("9{number}{}", word.len()),
            false => format!("Changed{word}{number}pw"),
        };
        let rows = numbers
            .iter()
            .map(|number| format!("{number},{word}{number},{}", value(number)));
        let rows: Vec<String> = rows.collect();
        let text = format!("number,{field},{secret}\n{}\n", rows.join("\n"));
        self.write("edit.csv", &text)
    }

    /// The heading of a field that names whose extension it is.
    pub(crate) fn field(&self) -> &'static str {
        let vendor = rowcall::vendors::vendor(self.vendor).unwrap();
        Rig::new(vendor, &BTreeMap::new()).named_by().name()
    }

    pub(crate) fn manifest(&self) -> &'static Manifest {
        (rowcall::vendors::vendor(self.vendor).unwrap().manifest)()
    }

    /// The PBX does not give the web password back as it was written, so an undo cannot restore it.
    pub(crate) fn loses_web_passwords(&self) -> bool {
        let row = self.manifest().row(Field::WEB_PASSWORD);
        row.is_some_and(|row| row.access == Access::WriteOnly)
    }
}

/// The report's lines as objects.
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
