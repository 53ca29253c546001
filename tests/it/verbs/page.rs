//! The page of `rowcall serve`, over plain HTTP: the whole road, and who is kept out of it.

use crate::support::pbx::TestPbx;
use crate::support::program::{Program, signal, wait_until};
use crate::support::sources::root;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::thread;
use std::time::Duration;

/// A password that must never show.
const PASSWORD: &str = "Canary7731aB";

/// The page, and a browser with its cookie.
struct OpenPage {
    child: Child,
    address: String,
    host: String,
    base: String,
    cookie: String,
    /// Every page that was seen, and every address.
    seen: String,
}

struct PageReply {
    status: u16,
    head: String,
    body: String,
}

impl PageReply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        let value = lines.find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value)
        });
        value.map(str::trim)
    }
}

/// Sends a request as it is written, and reads the reply to its end.
fn exchange(host: &str, request: &[u8]) -> PageReply {
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(request).unwrap();
    let mut reply = vec![];
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    PageReply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

impl OpenPage {
    fn open(program: &Program, more: &str) -> OpenPage {
        let mut child = program
            .command(&format!("serve --no-open {more}"))
            .spawn()
            .unwrap();
        let mut address = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
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
            address,
            seen: String::new(),
        }
    }

    /// A request with these headers beside the usual ones, none of which is added where it is among them.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> PageReply {
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
    fn get(&mut self, path: &str) -> String {
        let reply = self.send("GET", &format!("{}{path}", self.base), &[], b"");
        self.follow(reply)
    }

    #[track_caller]
    fn follow(&mut self, reply: PageReply) -> String {
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
    fn token(&self, page: &str, path: &str) -> String {
        let action = format!("action=\"{}{path}\"", self.base);
        let form = page
            .split(&action)
            .nth(1)
            .unwrap_or_else(|| panic!("no form of {path}\n{page}"));
        let token = form.split("name=\"token\" value=\"").nth(1).unwrap();
        token.split('"').next().unwrap().to_owned()
    }

    /// Sends the form of a page.
    #[track_caller]
    fn post(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> String {
        let token = self.token(page, path);
        let token = [("token", token.as_str())];
        let fields = token.iter().chain(fields);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        fields.for_each(|(name, value)| {
            form.append_pair(name, value);
        });
        let path = format!("{}{path}", self.base);
        let reply = self.send("POST", &path, &[], form.finish().as_bytes());
        self.follow(reply)
    }

    /// Drops a sheet.
    #[track_caller]
    fn drop_sheet(&mut self, name: &str, bytes: &[u8]) -> String {
        let start = self.get("");
        let token = self.token(&start, "sheet");
        let body = sheet_form(&token, name, bytes);
        let path = format!("{}sheet", self.base);
        let kind = [("Content-Type", "multipart/form-data; boundary=XxX")];
        let reply = self.send("POST", &path, &kind, &body);
        self.follow(reply)
    }

    /// Waits for the end of the work that goes on, and returns the page behind it.
    fn wait(&mut self) -> String {
        loop {
            let page = self.get("watch");
            if !page.contains("id=\"watch\"") {
                return page;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Goes from a sheet that was dropped to its rows.
    #[track_caller]
    fn rows(&mut self, name: &str, bytes: &[u8], target: &[(&str, &str)]) -> String {
        let page = self.drop_sheet(name, bytes);
        let page = self.post(&page, "target", target);
        self.post(&page, "headings", &[("do", "go")])
    }

    /// Goes from the rows to the plan.
    #[track_caller]
    fn plan(&mut self, rows: &str) -> String {
        self.post(rows, "plan", &[]);
        self.wait()
    }

    /// Sends what a plan shows; returns the page with the result.
    #[track_caller]
    fn go(&mut self, plan: &str) -> String {
        let id = plan.split("name=\"plan\" value=\"").nth(1).unwrap();
        let id = id.split('"').next().unwrap().to_owned();
        self.post(plan, "go", &[("plan", &id)]);
        self.wait()
    }

    /// Ends the page as Ctrl-C does.
    fn close(mut self) -> String {
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

fn sheet_form(token: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--XxX\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n\
         --XxX\r\nContent-Disposition: form-data; name=\"sheet\"; filename=\"{name}\"\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--XxX--\r\n"].concat()
}

/// The number of files in a folder and below it; 0 where there is none.
fn files_in(folder: &std::path::Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let count = |path: std::path::PathBuf| match path.is_dir() {
        true => files_in(&path),
        false => 1,
    };
    entries.map(|entry| count(entry.unwrap().path())).sum()
}

#[test]
fn a_clean_sheet_goes_the_whole_road_and_the_terminal_sees_the_run() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let mut page = OpenPage::open(&program, "");
    let sheet = format!(
        "number,display_name,sip_password\n0041,Ann Miller,{PASSWORD}1\n0042,Bo <Lund>,{PASSWORD}2\n"
    );
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    assert!(rows.contains("2 of 2 rows can go, 0 cannot"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains("2 to create"), "{plan}");
    assert!(plan.contains("sip_password: set"), "{plan}");
    assert!(plan.contains("Bo &lt;Lund&gt;"), "{plan}");
    assert!(pbx.numbers().is_empty(), "a plan changes nothing");
    let result = page.go(&plan);
    assert!(result.contains("Every row is done."), "{result}");
    assert_eq!(pbx.numbers(), ["0041", "0042"]);
    let again = page.get("");
    assert!(again.contains("2 created"), "{again}");
    let report = again.split("report?run=").nth(1).unwrap();
    let run = report.split('"').next().unwrap().to_owned();
    let report = page.get(&format!("report?run={run}"));
    assert!(report.contains("0042"), "{report}");
    let seen = page.close();
    assert!(!seen.contains("Canary7731"), "a secret shows");
    assert_eq!(files_in(&program.path("state/page")), 0);
    program.ends(&format!("report {run} -o again.csv"), 0);
    assert_eq!(program.results("again.csv"), ["created", "created"]);
    program.ends(&format!("undo {run} --yes"), 0);
    assert!(pbx.numbers().is_empty());
}

#[test]
fn a_run_is_taken_back_on_the_page_where_that_is_said() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let mut page = OpenPage::open(&program, "");
    let sheet = format!("number,display_name,sip_password\n0041,Ann,{PASSWORD}\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    page.post(&result, "undo", &[]);
    assert_eq!(pbx.numbers(), ["0041"], "it was not said");
    page.post(&result, "undo", &[("meant", "on")]);
    let undone = page.wait();
    assert!(undone.contains("Every row is done."), "{undone}");
    assert!(pbx.numbers().is_empty());
    page.close();
    let runs = program.ends("runs", 0);
    assert!(runs.out.contains("undo"), "{}", runs.out);
}

#[test]
fn a_dirty_workbook_is_corrected_on_the_page() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "");
    let sheet = fs::read(root().join("samples/dirty/office.xlsx")).unwrap();
    let target = [("target", "sim:openvox"), ("country", "DE")];
    let before = page.rows("office.xlsx", &sheet, &target);
    let cannot = |page: &str| -> u64 {
        let count = page.split(" rows can go, ").nth(1).unwrap();
        count.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(cannot(&before) > 0, "{before}");
    let made = [("do", "generate"), ("field", "sip_password")];
    let rows = page.post(&before, "rows", &made);
    assert!(cannot(&rows) < cannot(&before), "{rows}");
    // Every certain repair of every kind.
    let mut rows = rows;
    while let Some(rest) = rows.split("name=\"accept\" value=\"").nth(1) {
        let kind = rest.split('"').next().unwrap().to_owned();
        rows = page.post(&rows, "rows", &[("do", "accept"), ("accept", &kind)]);
    }
    assert!(rows.contains("corrected cells"), "{rows}");
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    assert!(result.contains("rows are not done"), "{result}");
    assert!(result.contains("rejects.xlsx"), "{result}");
    let corrected = page.send("GET", &format!("{}corrected", page.base), &[], b"");
    assert_eq!(corrected.status, 200);
    assert!(corrected.head.contains("office.xlsx"), "{}", corrected.head);
    page.close();
}

#[test]
fn a_cell_is_changed_in_place_and_its_finding_goes() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "");
    let sheet = format!("Durchwahl;Name;Kennwort\n0042;Ann;{PASSWORD}\n0043;Bo;pass word\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "sim:openvox")]);
    assert!(rows.contains("1 of 2 rows can go, 1 cannot"), "{rows}");
    assert!(!rows.contains("pass word"), "{rows}");
    let cell = [("row", "1"), ("column", "2"), ("do", "edit")];
    let unchanged = page.post(&rows, "rows", &[&cell[..], &[("text", "")]].concat());
    assert!(unchanged.contains("1 of 2 rows can go"), "{unchanged}");
    let text = format!("{PASSWORD}2");
    let rows = page.post(
        &rows,
        "rows",
        &[&cell[..], &[("text", text.as_str())]].concat(),
    );
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    let corrected = page.send("GET", &format!("{}corrected", page.base), &[], b"");
    assert!(corrected.body.contains("0043;Bo;Canary"), "the own sheet");
    let seen = page.close();
    assert!(!seen.contains("Canary7731"), "a secret shows");
}

#[test]
fn what_is_not_certain_is_asked_and_the_answer_is_kept() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "");
    let sheet = "Durchwahl;Telefon;Name\n0042;0043;Ann\n0044;0045;Bo\n";
    let asked = page.rows("list.csv", sheet.as_bytes(), &[("target", "sim:ozeki")]);
    assert!(asked.contains("Something is not certain"), "{asked}");
    let answers = [
        ("map:Durchwahl", "number"),
        ("map:Telefon", "-"),
        ("do", "go"),
    ];
    let rows = page.post(&asked, "headings", &answers);
    assert!(rows.contains("rows can go"), "{rows}");
    let map = page.get("map.toml");
    assert!(map.contains("\"Durchwahl\" = \"number\""), "{map}");
    page.close();
}

#[test]
fn nobody_else_sees_the_page_or_changes_anything() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "");
    let start = page.get("");
    let base = page.base.clone();
    let token = page.token(&start, "sheet");
    let status = |path: &str, headers: &[(&str, &str)]| page.send("GET", path, headers, b"").status;
    let path = page.address.splitn(4, '/').nth(3).unwrap().to_owned();
    assert_eq!(
        status(&format!("/{path}"), &[]),
        403,
        "the address works once"
    );
    assert_eq!(status(&base, &[]), 200);
    assert_eq!(status(&base, &[("Host", "evil.example")]), 421);
    assert_eq!(status(&base, &[("Host", "localhost:80")]), 421);
    assert_eq!(status(&base, &[("Origin", "http://evil.example")]), 403);
    assert_eq!(status(&base, &[("Origin", "null")]), 403);
    assert_eq!(status(&base, &[("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(status(&base, &[("Cookie", "")]), 403);
    assert_eq!(status(&base, &[("Cookie", "rowcall=0000")]), 403);
    assert_eq!(status("/", &[]), 404);
    for path in ["sheet", "target", "headings", "rows", "plan", "go", "stop"] {
        let path = format!("{base}{path}");
        for body in ["", "token=", "token=0000", "target=sim:openvox"] {
            let reply = page.send("POST", &path, &[], body.as_bytes());
            assert_eq!(reply.status, 403, "{path} {body}");
        }
        let right = format!("token={token}");
        let foreign = [("Origin", "http://evil.example")];
        let reply = page.send("POST", &path, &foreign, right.as_bytes());
        assert_eq!(reply.status, 403, "{path}");
        let reply = page.send("POST", &path, &[("Origin", "")], right.as_bytes());
        assert_eq!(reply.status, 403, "{path}");
    }
    // A form's token is no other form's.
    let other = page.send(
        "POST",
        &format!("{base}go"),
        &[],
        format!("token={token}").as_bytes(),
    );
    assert_eq!(other.status, 403);
    // Without its token a sheet is not even kept.
    let kind = [("Content-Type", "multipart/form-data; boundary=XxX")];
    let form = sheet_form("0000", "a.csv", b"number\n1\n");
    let reply = page.send("POST", &format!("{base}sheet"), &kind, &form);
    assert_eq!(reply.status, 403);
    assert_eq!(files_in(&program.path("state/page")), 0);
    page.close();
}

#[test]
fn every_reply_is_dressed_and_no_page_has_a_script_of_its_own() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "");
    let start = page.get("");
    let reply = page.send("GET", &page.base, &[], b"");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(reply.header(name), Some(value));
    }
    for part in start.split("<script").skip(1) {
        assert!(
            part.starts_with(&format!(" src=\"{}page.js\"", page.base)),
            "{part}"
        );
        assert!(part.contains("></script>"), "{part}");
    }
    assert!(
        !start.contains("style=") && !start.contains("<style"),
        "{start}"
    );
    page.close();
}

#[test]
fn hostile_names_are_texts() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "");
    let sheet = format!(
        "number,display_name,\"<img src=x onerror=alert(1)>\",sip_password\n\
         0041,\"<script>alert(1)</script>\",x,{PASSWORD}\n\
         0042,\"\u{202e}=cmd|'/c calc'!A1\",\"\"\"><b>\",{PASSWORD}\n"
    );
    let name = "..\\..\\evil<b>.csv";
    let rows = page.rows(name, sheet.as_bytes(), &[("target", "sim:openvox")]);
    assert!(rows.contains("rows can go"), "{rows}");
    let all = page.get("rows?show=all&edit=1");
    page.plan(&all);
    let seen = page.close();
    for word in ["<img", "<script>alert", "<b>"] {
        assert!(!seen.contains(word), "{word} is no text");
    }
    // The letters are turned round in the field in which the cell is changed, and nowhere else.
    for (at, _) in seen.match_indices('\u{202e}') {
        assert!(seen[..at].ends_with("value=\""), "{}", &seen[at..at + 200]);
    }
    assert!(seen.contains("&lt;script&gt;alert(1)"), "{seen}");
}

#[test]
fn a_plan_that_the_pbx_has_left_behind_is_not_carried_out() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let mut page = OpenPage::open(&program, "");
    let sheet = format!("number,display_name,sip_password\n0041,Ann,{PASSWORD}\n");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    pbx.seed(&[pbx.small("0041")]);
    let result = page.go(&plan);
    assert!(
        result.contains("the PBX has changed since the plan was shown"),
        "{result}"
    );
    assert_eq!(pbx.numbers(), ["0041"]);
    page.close();
}

#[test]
fn a_run_is_watched_and_stopped_on_the_page_and_resumed_on_the_terminal() {
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    let config = pbx.config("hq").replace("100000/s", "20/s");
    program.write("rowcall.toml", config);
    let mut page = OpenPage::open(&program, "");
    let row = |number| format!("{number},{PASSWORD}\n");
    let sheet: String = (2000..2120).map(row).collect();
    let sheet = format!("number,sip_password\n{sheet}");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let id = plan.split("name=\"plan\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap().to_owned();
    let watch = page.post(&plan, "go", &[("plan", &id)]);
    assert!(watch.contains("id=\"watch\""), "{watch}");
    // Nothing else is begun meanwhile, and a second tab sees the same.
    wait_until(|| !pbx.numbers().is_empty());
    let token = page.token(&plan, "go");
    let again = format!("token={token}&plan={id}");
    let path = format!("{}go", page.base);
    let reply = page.send("POST", &path, &[], again.as_bytes());
    assert_eq!(
        reply.header("location"),
        Some(&*format!("{}watch", page.base))
    );
    page.post(&watch, "stop", &[]);
    let events = page.send("GET", &format!("{}events", page.base), &[], b"");
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    assert!(events.body.contains("\"ended\":true"), "{}", events.body);
    let result = page.wait();
    assert!(result.contains("The run was stopped."), "{result}");
    let done = pbx.numbers().len();
    assert!(done < 120, "{done}");
    page.close();
    program.ends("resume --yes", 0);
    assert_eq!(pbx.numbers().len(), 120);
}
