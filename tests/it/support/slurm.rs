//! A real Slurm of one node on this machine, with a Munge of its own: nothing of the machine's own Slurm is touched.

use super::free_port::free_port;
use super::program::wait_until;
use super::skip::skip;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A Slurm that runs until it is dropped. A task that ends with 3 is queued again.
pub(crate) struct Slurm {
    folder: TempDir,
    processes: Vec<Child>,
}

impl Slurm {
    /// Starts one; `None`, with the test passed over, where it is not installed.
    pub(crate) fn start() -> Option<Slurm> {
        let are_there = ["munged", "slurmctld", "slurmd"].iter().all(|name| {
            let mut shell = Command::new("sh");
            shell.args(["-c", "PATH=$PATH:/usr/sbin; command -v $0", name]);
            shell.output().is_ok_and(|output| output.status.success())
        });
        if !are_there {
            skip("Slurm", "apt-get install slurm-wlm munge");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["munge", "spool", "state"] {
            fs::create_dir(at(name)).unwrap();
        }
        let only_owner = |name: &str, mode| {
            fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
        };
        only_owner("munge", 0o700);
        fs::write(at("munge/key"), "0123456789abcdef".repeat(64)).unwrap();
        only_owner("munge/key", 0o400);
        let configuration = include_str!("slurm.conf")
            .replace("@FOLDER@", &folder.path().display().to_string())
            .replace("@HOST@", &said(Command::new("hostname").arg("-s")))
            .replace("@USER@", &said(Command::new("id").arg("-un")))
            .replace("@CONTROLLER@", &free_port().to_string())
            .replace("@NODE@", &free_port().to_string());
        fs::write(at("slurm.conf"), configuration).unwrap();
        let mut slurm = Slurm {
            processes: vec![],
            folder,
        };
        let at = |name: &str| format!("--{name}={}/munge/{name}", slurm.folder.path().display());
        let files = ["socket", "pid-file", "log-file", "seed-file"].map(at);
        let key = format!("--key-file={}/munge/key", slurm.folder.path().display());
        // Its folder lies below one that everybody may write to.
        slurm.daemon("munged", |it| {
            it.args(["--foreground", "--force"]).arg(key).args(files)
        });
        slurm.daemon("slurmctld", |it| it.arg("-D"));
        slurm.daemon("slurmd", |it| it.arg("-D"));
        wait_until(|| {
            slurm.live();
            let states = slurm.command("sinfo").args(["-h", "-o", "%t"]).output();
            states.unwrap().stdout.starts_with(b"idle")
        });
        Some(slurm)
    }

    /// A command of Slurm for its user.
    pub(crate) fn command(&self, name: &str) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(name);
        command
            .env("SLURM_CONF", self.folder.path().join("slurm.conf"))
            .env("PATH", format!("{path}:/usr/sbin"))
            .stdin(Stdio::null());
        command
    }

    /// The tasks that are not at their end, each with its state, sorted: `3 PD` waits.
    pub(crate) fn tasks(&self) -> Vec<String> {
        let mut queue = self.command("squeue");
        let text = said(queue.args(["-h", "-r", "-o", "%K %t"]));
        let mut tasks: Vec<String> = text.lines().map(str::to_owned).collect();
        tasks.sort();
        tasks
    }

    /// The job of a task that waits, as `scontrol` wants it.
    pub(crate) fn job(&self, task: &str) -> String {
        let mut queue = self.command("squeue");
        let text = said(queue.args(["-h", "-r", "-o", "%K %A"]));
        let found = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{task} ")));
        found.unwrap().to_owned()
    }

    fn daemon(&mut self, name: &str, with: impl FnOnce(&mut Command) -> &mut Command) {
        let output = File::create(self.output(name)).unwrap();
        // It ends with the thread that starts it, also where that is killed.
        let mut daemon = self.command("setpriv");
        daemon.args(["--pdeathsig", "TERM", "--", name]);
        with(&mut daemon)
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        self.processes.push(daemon.spawn().unwrap());
    }

    fn output(&self, name: &str) -> impl AsRef<Path> {
        self.folder.path().join(format!("{name}.out"))
    }

    /// Panics where one of its daemons has ended.
    fn live(&mut self) {
        for (at, name) in ["munged", "slurmctld", "slurmd"].iter().enumerate() {
            let ended = self.processes[at].try_wait().unwrap();
            let output = || fs::read_to_string(self.output(name)).unwrap();
            assert!(ended.is_none(), "{name} ended: {}", output());
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        let mut cancel = self.command("scancel");
        let _ = cancel
            .args(["--user", &said(Command::new("id").arg("-un"))])
            .status();
        for mut process in self.processes.drain(..).rev() {
            if let Ok(None) = process.try_wait() {
                let _ = Command::new("kill").arg(process.id().to_string()).status();
                let _ = process.wait();
            }
        }
    }
}

/// What a command prints, without the line's end.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
