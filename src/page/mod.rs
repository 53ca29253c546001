//! The page of `rowcall serve`: a sheet is dropped, a PBX chosen, headings and rows are looked at, and what
//! would be done; then it is sent and watched.
//!
//! ```text
//!  server ──► guard ──► app ──► steps/ ──► session ──► work ──► plan/, run/
//! ```
//!
//! - `server`: the sockets. `guard`: who may see the page, and who may change something by it.
//! - `exchange`: a request and its reply, as plain data.
//! - `app`: which step answers which request; the work that goes on.
//! - `steps`: a file for each step of the road: `sheet`, `target`, `headings`, `rows` (with `rows_view`,
//!   `fill` and `corrections`), `plan`, `watch` (a run, and its result); beside it `run` (runs so far), `archive`, `doctor`.
//! - `session`: the choices, and the files while the page is open. `correction`: copies of the sheet with other cells. `work`: the plan and the run, by the
//!   library's own planners. `job`: work as the browser watches it.
//! - `look`: the frame of every page. The style begins with that of reports. `remedies`: the page's words for what a
//!   message advises.
//!
//! Nothing is computed here that a command computes too, so that the terminal sees the same runs. Pages are right
//! without their script, which drops, sends and watches more comfortably.

mod app;
mod correction;
mod exchange;
mod guard;
mod job;
mod look;
mod remedies;
mod server;
mod session;
mod steps;
mod work;

use crate::disk::{Readers, write_whole};
use crate::link::StopFlag;
use crate::rim::{Context, Failure};
use app::App;
use guard::Guard;
use maud::{DOCTYPE, html};
use session::Folder;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The interval at which it is looked whether the page is to end.
const END_LOOK: Duration = Duration::from_millis(100);

/// The program that opens a file in the browser.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};

/// The variables of which one is set where Linux has a screen.
const SCREENS: [&str; 2] = ["DISPLAY", "WAYLAND_DISPLAY"];

/// The page, before it is served.
pub(crate) struct ServedPage {
    listener: TcpListener,
    app: Arc<App>,
}

impl ServedPage {
    /// Listens on a port of the loopback, 0 for a free one, and makes the folder for what the page keeps.
    ///
    /// # Errors
    /// Exit 2 where either cannot be.
    pub(crate) fn open(
        port: u16,
        context: &Context,
        stop: &StopFlag,
    ) -> Result<ServedPage, Failure> {
        let (listener, addr) = server::listen(port).map_err(|error| {
            Failure::usage(format!("127.0.0.1:{port} cannot be listened on: {error}"))
                .hint("name another port with --port, or leave it out")
        })?;
        let guard = Guard::new(addr.port())?;
        let folder = Folder::make(context)?;
        let app = App::new(guard, folder, context.clone(), stop.clone());
        Ok(ServedPage {
            listener,
            app: Arc::new(app),
        })
    }

    /// The address to be opened, which works once.
    pub(crate) fn address(&self) -> String {
        self.app.guard.address()
    }

    /// Opens the address in a browser, where there is one. It is not among the words of a command, which others see: a
    /// file for the owner only leads there.
    ///
    /// # Errors
    /// Exit 2 where that file cannot be written.
    pub(crate) fn show(&self) -> Result<(), Failure> {
        let address = self.address();
        let path = self.app.folder().path().join("open.html");
        let page = html! {
            (DOCTYPE)
            meta charset="utf-8";
            meta http-equiv="refresh" content={ "0; url=" (address) };
        };
        write_whole(&path, page.into_string().as_bytes(), Readers::Owner)
            .map_err(|error| Failure::not_written(&path, &error))?;
        // Where there is no screen, the printed address is opened by hand.
        let is_set = |name: &&str| std::env::var_os(name).is_some();
        let has_screen = !cfg!(target_os = "linux") || SCREENS.iter().any(is_set);
        if has_screen {
            let mut opener = Command::new(OPENER);
            let opener = opener.arg(&path).stdin(Stdio::null());
            let _ = opener.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        }
        Ok(())
    }

    /// Serves the page until Ctrl-C, or an hour after anybody was there. A run is stopped, and waited for. Where
    /// `is_asked_for`, another address is handed to `tell`, since a browser that was closed has lost the page.
    ///
    /// # Errors
    /// Exit 2 where the page cannot be served.
    pub(crate) fn serve(
        self,
        is_asked_for: impl Fn() -> bool,
        tell: impl Fn(&str),
    ) -> Result<(), Failure> {
        let failed = |error| Failure::usage(format!("the page cannot be served: {error}"));
        let serving = server::start(self.listener, self.app.clone()).map_err(failed)?;
        while !self.app.is_to_end() && !serving.is_finished() {
            thread::sleep(END_LOOK);
            // Without random bytes the page goes on as it is.
            if is_asked_for()
                && let Ok(address) = self.app.guard.renew()
            {
                tell(&address);
            }
        }
        self.app.end();
        match serving.join() {
            Ok(served) => served.map_err(failed),
            Err(_) => Err(Failure::usage("the page ended by a fault of its own")),
        }
    }
}
