//! A user at a terminal: reads the screen, and types.

use super::program::{signal, wait_until};
use nix::pty::{Winsize, openpty};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

pub(crate) struct Typist {
    keyboard: File,
    screen: Arc<Mutex<String>>,
    /// The length of the screen's text that was read.
    read: usize,
    child: Child,
    /// Reads the screen until the terminal is closed.
    reader: JoinHandle<()>,
}

impl Typist {
    /// Starts a command on a terminal of 80 columns.
    pub(crate) fn start(command: &mut Command) -> Typist {
        Typist::start_with(command, &[])
    }

    /// The same with these variables.
    pub(crate) fn start_with(command: &mut Command, variables: &[(&str, &str)]) -> Typist {
        Typist::start_on(command, variables, 50)
    }

    /// The same on a screen of 80 columns and so many lines.
    pub(crate) fn start_on(
        command: &mut Command,
        variables: &[(&str, &str)],
        lines: u16,
    ) -> Typist {
        let size = Winsize {
            ws_row: lines,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(&size, None).unwrap();
        let slave = File::from(pair.slave);
        command
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .envs(variables.iter().copied());
        let child = command.spawn().unwrap();
        // Its ends of the terminal must not stay open here, or the screen never ends.
        command
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let keyboard = File::from(pair.master);
        let mut reader = keyboard.try_clone().unwrap();
        let screen = Arc::new(Mutex::new(String::new()));
        let written = screen.clone();
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]);
                written.lock().unwrap().push_str(&text);
            }
        });
        Typist {
            keyboard,
            screen,
            read: 0,
            child,
            reader,
        }
    }

    pub(crate) fn screen(&self) -> String {
        self.screen.lock().unwrap().clone()
    }

    /// What is said, whatever the lines that it is broken into.
    pub(crate) fn said(&self) -> String {
        self.screen().replace("\r\n    ", " ")
    }

    /// Waits for these words behind all that were read, then types a line.
    #[track_caller]
    pub(crate) fn answers(&mut self, words: &str, line: &str) -> &mut Typist {
        self.reads(words);
        writeln!(self.keyboard, "{line}").unwrap();
        self
    }

    /// Waits for these words behind all that were read.
    #[track_caller]
    pub(crate) fn reads(&mut self, words: &str) -> &mut Typist {
        wait_until(|| {
            let ended = self.child.try_wait().unwrap().is_some() && self.reader.is_finished();
            let screen = self.said();
            let found = screen[self.read..].find(words);
            assert!(found.is_some() || !ended, "{words:?} never came:\n{screen}");
            found.is_some()
        });
        let screen = self.said();
        self.read += screen[self.read..].find(words).unwrap() + words.len();
        self
    }

    /// True where the terminal shows what is typed.
    #[cfg(unix)]
    pub(crate) fn sees_typing(&self) -> bool {
        use rustix::termios::{LocalModes, tcgetattr};
        let modes = tcgetattr(&self.keyboard).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }

    /// Presses Ctrl-C.
    pub(crate) fn breaks_off(&mut self) -> &mut Typist {
        signal(&self.child, "INT");
        self
    }

    /// Ends the program as Ctrl-C does.
    #[track_caller]
    pub(crate) fn interrupts(&mut self) {
        signal(&self.child, "INT");
        assert!(self.child.wait().unwrap().success());
    }

    /// Waits for the end; the exit code and all that was on the screen.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> (i32, String) {
        let status = self.child.wait().unwrap();
        // The last output is read a little later.
        wait_until(|| self.reader.is_finished());
        (status.code().unwrap(), self.screen())
    }
}
