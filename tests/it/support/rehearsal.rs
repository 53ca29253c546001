//! A day at a desk with the vendors' samples: imports, edits, undoes, looks.

use super::pbx::Desk;
use super::program::{Ran, ran, ran_showing};
use rowcall::manifest::Access;
use rowcall::model::Field;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

impl Desk {
    /// Runs the program with a folder for runs of this name.
    #[track_caller]
    pub(crate) fn run_in(&self, state: &str, arguments: &[&str]) -> Ran {
        let output = self.command_in(state).args(arguments).output().unwrap();
        ran(&arguments.join(" "), output)
    }

    /// Starts the program with a folder for runs of this name; nobody reads its output.
    pub(crate) fn begin(&self, state: &str, arguments: &[&str]) -> Child {
        let mut command = self.command_in(state);
        command.args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    #[track_caller]
    pub(crate) fn import(&self, state: &str, sheet: &Path, more: &[&str]) -> Ran {
        let target = self.target();
        let mut arguments = vec!["import", sheet.to_str().unwrap(), "--to", &target, "--json"];
        arguments.extend(["--rate", "2000/s", "--yes"]);
        arguments.extend(more);
        self.run_in(state, &arguments)
    }

    #[track_caller]
    pub(crate) fn undo(&self, run: &[&str]) -> Ran {
        let mut arguments = vec!["undo", "--json", "--yes", "--max-deletes", "all"];
        arguments.extend(run);
        self.run_in("state", &arguments)
    }

    /// Exports everything on the PBX, including secrets. An extension that is deleted meanwhile is no mistake here.
    #[track_caller]
    pub(crate) fn export(&self) -> String {
        let mut export = self.command_in("state");
        export.args(["export", &self.target(), "--secrets", "plain"]);
        export.args(["--rate", "2000/s", "-o", "export.csv"]);
        let _ = fs::remove_file(self.path("export.csv"));
        ran_showing(export.output().unwrap());
        self.read("export.csv")
    }

    /// The PBX under another name of this machine.
    pub(crate) fn alias(&self, host: &str) -> String {
        let addr = self.addr();
        let port = addr.rsplit(':').next().unwrap();
        format!("{}+http://api@{host}:{port}", self.pbx.vendor.id)
    }

    /// Writes a configuration in which `hq` is the PBX of that desk.
    pub(crate) fn config(&self, other: &Desk) -> PathBuf {
        self.file("rowcall.toml", &other.pbx.config("hq"))
    }

    /// The runs that have begun: one that is still being made has a name that begins with a dot.
    pub(crate) fn runs(&self, state: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(state).join("runs"));
        let entries = entries.into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    }

    /// The first rows of the vendor's sample.
    pub(crate) fn sample(&self, rows: usize) -> PathBuf {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        let sample = samples.join(self.pbx.vendor.id).join("good.csv");
        let text = fs::read_to_string(sample).unwrap();
        let lines: Vec<&str> = text.lines().take(rows + 1).collect();
        self.file("staff.csv", &lines.join("\n"))
    }

    /// A sheet that changes one field and the SIP password of the second and third row.
    pub(crate) fn edit(&self, word: &str) -> PathBuf {
        let sample = self.read("staff.csv");
        let numbers = sample.lines().skip(2).take(2);
        let numbers: Vec<&str> = numbers
            .map(|line| line.split(',').next().unwrap())
            .collect();
        let field = self.field();
        // Some take passwords only when the extension is made.
        let password = self.pbx.manifest.row(Field::SIP_PASSWORD).unwrap();
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
        self.file("edit.csv", &text)
    }

    /// The heading of a field that names the extension's owner.
    pub(crate) fn field(&self) -> &'static str {
        self.pbx.named_by().name()
    }

    /// The PBX does not give the web password back as it was written, so an undo cannot restore it.
    pub(crate) fn loses_web_passwords(&self) -> bool {
        let row = self.pbx.manifest.row(Field::WEB_PASSWORD);
        row.is_some_and(|row| row.access == Access::WriteOnly)
    }
}
