//! The page of `rowcall serve`, and a browser that looks at it, over plain HTTP.

use super::pbx::TestPbx;
use super::program::{Program, signal};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::thread;
use std::time::Duration;

/// The page, and a browser with its cookie.
pub(crate) struct OpenPage {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) host: String,
    pub(crate) base: String,
    pub(crate) cookie: String,
    /// Every page that was seen, and every address.
    pub(crate) seen: String,
}

pub(crate) struct ReceivedPage {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl ReceivedPage {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        let value = lines.find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value)
        });
        value.map(str::trim)
    }
}

/// Sends a request as it is written, and reads the reply to its end.
pub(crate) fn exchange(host: &str, request: &[u8]) -> ReceivedPage {
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(request).unwrap();
    let mut reply = vec![];
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    ReceivedPage {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Serves the page, and returns the address that opens it.
pub(crate) fn served(program: &Program, more: &str) -> (Child, String) {
    let mut command = program.command(&format!("serve --no-open {more}"));
    let mut child = command.spawn().unwrap();
    let mut address = String::new();
    let out = child.stdout.as_mut().unwrap();
    BufReader::new(out).read_line(&mut address).unwrap();
    (child, address.trim().to_owned())
}

/// The page, beside a program without a configuration.
pub(crate) fn opened() -> (Program, OpenPage) {
    let program = Program::new().with_own_state();
    let page = OpenPage::open(&program, "");
    (program, page)
}

/// A PBX that the page knows as `hq`.
pub(crate) fn opened_with_pbx() -> (TestPbx, Program, OpenPage) {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let page = OpenPage::open(&program, "");
    (pbx, program, page)
}

/// A sheet of 120 rows.
pub(crate) fn long_sheet() -> String {
    let row = |number| format!("{number},Canary7731aB\n");
    let rows: String = (2000..2120).map(row).collect();
    format!("number,sip_password\n{rows}")
}

impl OpenPage {
    pub(crate) fn open(program: &Program, more: &str) -> OpenPage {
        let (child, address) = served(program, more);
        OpenPage::at(child, &address)
    }

    /// The page at an address that was not opened yet; the child is ended with it.
    pub(crate) fn at(child: Child, address: &str) -> OpenPage {
        let rest = address.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let get = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let reply = exchange(host, get.as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.body);
        let cookie = reply.header("set-cookie").unwrap().to_owned();
        for word in ["HttpOnly", "SameSite=Strict"] {
            assert!(cookie.contains(word), "{cookie}");
        }
        let base = cookie.split("Path=").nth(1).unwrap();
        OpenPage {
            base: base.split(';').next().unwrap().to_owned(),
            cookie: cookie.split(';').next().unwrap().to_owned(),
            host: host.to_owned(),
            child,
            address: address.to_owned(),
            seen: String::new(),
        }
    }

    /// A request with these headers beside the usual ones, none of which is added where it is among them.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> ReceivedPage {
        let origin = format!("http://{}", self.host);
        let usual = [
            ("Host", self.host.as_str()),
            ("Cookie", self.cookie.as_str()),
            ("Origin", origin.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let is_given = |name: &str| headers.iter().any(|(known, _)| *known == name);
        let usual = usual.iter().filter(|(name, _)| !is_given(name));
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in usual.chain(headers).filter(|(_, value)| !value.is_empty()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let request = [head.as_bytes(), body].concat();
        exchange(&self.host, &request)
    }

    /// Loads a page below the page's own folder, and goes where it leads.
    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> String {
        let reply = self.reply(path);
        self.follow(reply)
    }

    /// The reply of an address below the page's own folder, wherever it leads.
    pub(crate) fn reply(&self, path: &str) -> ReceivedPage {
        self.send("GET", &format!("{}{path}", self.base), &[], b"")
    }

    #[track_caller]
    pub(crate) fn follow(&mut self, reply: ReceivedPage) -> String {
        self.seen.push_str(&reply.head);
        self.seen.push_str(&reply.body);
        match reply.status {
            303 => {
                let to = reply.header("location").unwrap();
                let path = to.strip_prefix(&self.base).unwrap().to_owned();
                self.get(path.split('#').next().unwrap())
            }
            status => {
                assert_eq!(status, 200, "{}", reply.body);
                reply.body
            }
        }
    }

    /// The token of the form in a page that sends there.
    #[track_caller]
    pub(crate) fn token(&self, page: &str, path: &str) -> String {
        self.hidden(page, path, "token")
    }

    /// The hidden field of this name in the first form of a page that sends there.
    #[track_caller]
    pub(crate) fn hidden(&self, page: &str, path: &str, name: &str) -> String {
        let action = format!("action=\"{}{path}\"", self.base);
        let form = page
            .split(&action)
            .nth(1)
            .unwrap_or_else(|| panic!("no form of {path}\n{page}"));
        value_of(form, name)
    }

    /// Sends the form of a page.
    #[track_caller]
    pub(crate) fn post(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let hidden = ["token", "generation"].map(|name| (name, self.hidden(page, path, name)));
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let fields = hidden.chain(fields.iter().copied());
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        fields.for_each(|(name, value)| {
            form.append_pair(name, value);
        });
        let path = format!("{}{path}", self.base);
        let reply = self.send("POST", &path, &[], form.finish().as_bytes());
        self.follow(reply)
    }

    /// Stops or pauses the work that a page shows.
    #[track_caller]
    pub(crate) fn halt(&mut self, watch: &str, path: &str) -> String {
        let work = self.hidden(watch, path, "work");
        self.post(watch, path, &[("work", &work)])
    }

    /// Drops a sheet.
    #[track_caller]
    pub(crate) fn drop_sheet(&mut self, name: &str, bytes: &[u8]) -> String {
        let start = self.get("");
        self.send_sheet(&start, name, bytes)
    }

    /// Sends the form of the start page, with a sheet.
    #[track_caller]
    pub(crate) fn send_sheet(&mut self, start: &str, name: &str, bytes: &[u8]) -> String {
        let token = self.token(start, "sheet");
        let body = sheet_form(&token, name, bytes);
        let path = format!("{}sheet", self.base);
        let kind = [("Content-Type", "multipart/form-data; boundary=XxX")];
        let reply = self.send("POST", &path, &kind, &body);
        self.follow(reply)
    }

    /// Writes a text into a cell of the rows that a page shows.
    #[track_caller]
    pub(crate) fn edit(&mut self, rows: &str, row: &str, column: &str, text: &str) -> String {
        let edit = [
            ("do", "edit"),
            ("row", row),
            ("column", column),
            ("text", text),
        ];
        self.post(rows, "rows", &edit)
    }

    /// Takes a row out of those that a page shows.
    #[track_caller]
    pub(crate) fn take_out(&mut self, rows: &str, row: &str) -> String {
        self.post(rows, "rows", &[("do", "out"), ("row", row)])
    }

    /// Waits for the end of the work that goes on, and returns the page behind it.
    pub(crate) fn wait(&mut self) -> String {
        let page = self.get("watch");
        self.wait_behind(page)
    }

    /// The same from a page on, which is the one behind where the work has ended already: what is told is told once.
    fn wait_behind(&mut self, mut page: String) -> String {
        while page.contains("id=\"watch\"") {
            thread::sleep(Duration::from_millis(100));
            page = self.get("watch");
        }
        page
    }

    /// Goes from a sheet that was dropped to its rows.
    #[track_caller]
    pub(crate) fn rows(&mut self, name: &str, bytes: &[u8], target: &[(&str, &str)]) -> String {
        let page = self.drop_sheet(name, bytes);
        let page = self.post(&page, "target", target);
        self.post(&page, "headings", &[("do", "go")])
    }

    /// Goes from the rows to the plan.
    #[track_caller]
    pub(crate) fn plan(&mut self, rows: &str) -> String {
        let page = self.post(rows, "plan", &[]);
        self.wait_behind(page)
    }

    /// Sends what a plan shows; returns the page with the result.
    #[track_caller]
    pub(crate) fn go(&mut self, plan: &str) -> String {
        let id = plan.split("name=\"plan\" value=\"").nth(1).unwrap();
        let id = id.split('"').next().unwrap().to_owned();
        let page = self.post(plan, "go", &[("plan", &id)]);
        self.wait_behind(page)
    }

    /// Sends 120 rows to the target `hq`, and returns the page that watches it.
    #[track_caller]
    pub(crate) fn long_run(&mut self) -> String {
        let rows = self.rows("staff.csv", long_sheet().as_bytes(), &[("target", "hq")]);
        let plan = self.plan(&rows);
        let id = self.hidden(&plan, "go", "plan");
        self.post(&plan, "go", &[("plan", &id)])
    }

    /// Ends the page as Ctrl-C does.
    pub(crate) fn close(mut self) -> String {
        signal(&self.child, "INT");
        assert!(self.child.wait().unwrap().success());
        std::mem::take(&mut self.seen)
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first run that a page leads to.
pub(crate) fn run_in(page: &str) -> String {
    let run = page.split("run?run=").nth(1).unwrap();
    run.split('"').next().unwrap().to_owned()
}

/// The addresses of the files that a page leads to, below its own folder.
pub(crate) fn files(page: &OpenPage, shown: &str) -> Vec<String> {
    let start = format!("href=\"{}file/", page.base);
    let links = shown.split(&start).skip(1);
    let links = links.filter_map(|rest| rest.split('"').next());
    links.map(|link| format!("file/{link}")).collect()
}

/// The value of the first field of this name.
#[track_caller]
pub(crate) fn value_of(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let value = field.unwrap_or_else(|| panic!("no {name}\n{page}"));
    value.split('"').next().unwrap().to_owned()
}

pub(crate) fn sheet_form(token: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--XxX\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n\
         --XxX\r\nContent-Disposition: form-data; name=\"sheet\"; filename=\"{name}\"\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--XxX--\r\n"].concat()
}

/// The number of files in a folder and below it; 0 where there is none.
pub(crate) fn files_in(folder: &std::path::Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let count = |path: std::path::PathBuf| match path.is_dir() {
        true => files_in(&path),
        false => 1,
    };
    entries.map(|entry| count(entry.unwrap().path())).sum()
}
