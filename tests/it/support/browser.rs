//! A real browser: Chromium without a window, told what to do over a pipe in its own protocol, as JSON between zero bytes.

use super::axe::axe;
use super::skip::skip;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The longest wait for anything on a page.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The interval between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// The checks of a page that need no eye, as JavaScript: it returns what is wrong.
const CHECKS: &str = include_str!("page_checks.js");

/// Asks axe-core for what is wrong on the page by WCAG 2.2 AA, and by its own advice.
const AXE_CHECKS: &str = "axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations'] })
  .then(found => found.violations.flatMap(it => it.nodes.map(node => `${it.id}: ${node.html.slice(0, 200)}`)))";

/// The browser's own words about where its pipes are: the shell puts them at the numbers that the browser expects.
const START: &str = "exec \"$0\" --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
    --disable-dev-shm-usage --force-color-profile=srgb --remote-debugging-pipe --user-data-dir=\"$1\" about:blank \
    3<&0 4>&1 </dev/null >/dev/null 2>&1";

/// A browser with one tab in front.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    count: u64,
    /// The tab in front, by the name of its session.
    tab: String,
    /// The complaints of pages.
    pub(crate) complaints: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts the browser; `None` where there is none, which is told, and a failure where `CI` is set.
    pub(crate) fn start() -> Option<Browser> {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&folders);
        let found = folders.find_map(|folder| {
            let paths = names.map(|name| folder.join(name));
            paths.into_iter().find(|path| path.is_file())
        });
        let Some(program) = found else {
            skip("Chromium", "apt-get install chromium");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", START])
            .arg(program)
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut browser = Browser {
            child,
            to,
            from: BufReader::new(from),
            count: 0,
            tab: String::new(),
            complaints: vec![],
            _profile: profile,
        };
        browser.tab = browser.new_tab();
        Some(browser)
    }

    /// Opens another tab, and returns the name of its session.
    pub(crate) fn new_tab(&mut self) -> String {
        let before = std::mem::take(&mut self.tab);
        let target = self.tell("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.tell("Target.attachToTarget", target);
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        self.tab = session.clone();
        for part in ["Page", "Runtime", "Log", "DOM"] {
            self.tell(&format!("{part}.enable"), json!({}));
        }
        if !before.is_empty() {
            self.tab = before;
        }
        session
    }

    /// Puts another tab in front.
    pub(crate) fn switch_to(&mut self, tab: &str) {
        self.tab = tab.to_owned();
        self.tell("Page.bringToFront", json!({}));
    }

    pub(crate) fn tab(&self) -> String {
        self.tab.clone()
    }

    /// Tells the browser something, and returns its answer.
    #[track_caller]
    pub(crate) fn tell(&mut self, method: &str, params: Value) -> Value {
        let reply = self.reply_to(method, params);
        assert!(reply["error"].is_null(), "{method}: {reply}");
        reply["result"].clone()
    }

    /// Tells the browser something, and returns all that it says of it: its answer, or an error.
    #[track_caller]
    fn reply_to(&mut self, method: &str, params: Value) -> Value {
        self.count += 1;
        let mut message = json!({ "id": self.count, "method": method, "params": params });
        if !self.tab.is_empty() {
            message["sessionId"] = json!(self.tab);
        }
        self.to
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        loop {
            let mut bytes = vec![];
            self.from.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "the browser has gone: {method}");
            let reply: Value = serde_json::from_slice(&bytes).unwrap();
            self.hear(&reply);
            if reply["id"] == json!(self.count) {
                return reply;
            }
        }
    }

    /// Keeps what a page complains about.
    fn hear(&mut self, event: &Value) {
        let what = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => &event["params"]["exceptionDetails"],
            Some("Page.javascriptDialogOpening") => &event["params"]["message"],
            Some("Log.entryAdded") if event["params"]["entry"]["level"] == "error" => {
                &event["params"]["entry"]["text"]
            }
            _ => return,
        };
        self.complaints.push(what.to_string());
    }

    /// The value of an expression on the page.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.tell("Runtime.evaluate", asked);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    #[track_caller]
    pub(crate) fn text(&mut self) -> String {
        let text = self.value("document.body ? document.body.innerText : ''");
        text.as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn heading(&mut self) -> String {
        let text = self.value("document.querySelector('h1')?.innerText ?? ''");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true. While a page makes way for the next, there is none to say so.
    #[track_caller]
    pub(crate) fn wait_until(&mut self, expression: &str) {
        let since = Instant::now();
        let guarded =
            format!("(() => {{ try {{ return !!({expression}) }} catch {{ return false }} }})()");
        let asked = json!({ "expression": guarded, "returnByValue": true });
        while self.reply_to("Runtime.evaluate", asked.clone())["result"]["result"]["value"]
            != json!(true)
        {
            let text = if since.elapsed() > WAIT_MAX {
                self.text()
            } else {
                String::new()
            };
            assert!(since.elapsed() <= WAIT_MAX, "not yet: {expression}\n{text}");
            thread::sleep(LOOK);
        }
    }

    /// Waits until the page's heading is this.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, heading: &str) {
        let heading = json!(heading);
        self.wait_until(&format!(
            "document.readyState === 'complete' && document.querySelector('h1')?.innerText === {heading}"
        ));
    }

    /// Does something that leads to another page, and waits until that is there.
    #[track_caller]
    pub(crate) fn onward(&mut self, act: impl FnOnce(&mut Browser)) {
        self.value("window.isLeft = true");
        act(self);
        self.wait_until("window.isLeft === undefined && document.readyState === 'complete'");
    }

    pub(crate) fn open(&mut self, address: &str) {
        self.tell("Page.navigate", json!({ "url": address }));
        self.wait_until("document.readyState === 'complete'");
    }

    /// Clicks with the mouse on the first thing of this kind with this text.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str, text: &str) {
        let place = self.value(&format!(
            "(() => {{ const found = [...document.querySelectorAll({})].find(it => it.textContent.includes({}));
               if (!found) return null;
               found.scrollIntoView({{ block: 'center' }});
               const box = found.getBoundingClientRect();
               return [box.x + Math.min(box.width / 2, 12), box.y + box.height / 2]; }})()",
            json!(selector),
            json!(text)
        ));
        assert!(
            place.is_array(),
            "no {selector} with {text}\n{}",
            self.text()
        );
        for kind in ["mousePressed", "mouseReleased"] {
            self.tell(
                "Input.dispatchMouseEvent",
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 }),
            );
        }
    }

    /// Chooses what has this value in a list.
    #[track_caller]
    pub(crate) fn choose_option(&mut self, selector: &str, value: &str) {
        let chosen = self.value(&format!(
            "(() => {{ const list = document.querySelector({}); list.value = {}; return list.value; }})()",
            json!(selector),
            json!(value)
        ));
        assert_eq!(chosen, json!(value), "{selector}");
    }

    /// Chooses a file in a field for files.
    #[track_caller]
    pub(crate) fn choose(&mut self, selector: &str, path: &Path) {
        let document = self.tell("DOM.getDocument", json!({}));
        let root = &document["root"]["nodeId"];
        let node = self.tell(
            "DOM.querySelector",
            json!({ "nodeId": root, "selector": selector }),
        );
        let chosen = json!({ "files": [path], "nodeId": node["nodeId"] });
        self.tell("DOM.setFileInputFiles", chosen);
    }

    /// Presses a key: `Tab`, `Enter`, ` ` or a letter.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "ArrowDown" => (40, ""),
            " " => (32, " "),
            _ => (0, key),
        };
        let mut down = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            down["text"] = json!(text);
        }
        self.tell("Input.dispatchKeyEvent", down);
        let up = json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code });
        self.tell("Input.dispatchKeyEvent", up);
    }

    /// Goes from field to field with the Tab key until an expression about `it`, the one that has the focus, is true.
    #[track_caller]
    pub(crate) fn tab_to(&mut self, expression: &str) {
        let asked = format!("(it => !!({expression}))(document.activeElement)");
        for _ in 0..400 {
            if self.value(&asked) == json!(true) {
                return;
            }
            self.press("Tab");
        }
        panic!("the Tab key does not lead to {expression}\n{}", self.text());
    }

    /// Gives the window a width, and the page light or dark colours.
    pub(crate) fn show(&mut self, width: u32, is_dark: bool) {
        let metrics =
            json!({ "width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.tell(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// What axe-core finds on the page; nothing where it cannot be had, which is told.
    #[track_caller]
    pub(crate) fn by_wcag(&mut self) -> Value {
        let Some(script) = axe() else {
            return json!([]);
        };
        if self.value("typeof axe") == json!("undefined") {
            self.value(&format!("{script}; 0"));
        }
        self.value(AXE_CHECKS)
    }

    /// Checks the page at every width and in every colour; keeps a picture of each where `ROWCALL_PICTURES` names a folder.
    #[track_caller]
    pub(crate) fn look_at(&mut self, name: &str) {
        for (width, is_dark) in [
            (400, false),
            (400, true),
            (1280, false),
            (1280, true),
            (2560, false),
            (2560, true),
        ] {
            self.show(width, is_dark);
            for wrong in [self.value(CHECKS), self.by_wcag()] {
                if wrong != json!([]) {
                    let wrong = format!("{name} at {width}, dark: {is_dark}: {wrong}");
                    self.complaints.push(wrong);
                }
            }
            if let Some(folder) = std::env::var_os("ROWCALL_PICTURES") {
                let shot = self.tell("Page.captureScreenshot", json!({ "format": "png" }));
                let colour = if is_dark { "dark" } else { "light" };
                let path = Path::new(&folder).join(format!("{name}-{width}-{colour}.png.base64"));
                std::fs::write(path, shot["data"].as_str().unwrap()).unwrap();
            }
        }
        self.show(1280, false);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
