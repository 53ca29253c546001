//! A real Asterisk: each test starts its own on free ports of the loopback and stops it.

pub(crate) mod desk;
pub(crate) mod watched;

use super::certificate::sign_own;
use super::fixture::account;
use super::free_port::free_port;
use super::unpacked::{Packages, Unpacked};
use rowcall::wire::Reply;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The newest release that Debian has: 22.10 when these tests were written.
pub(crate) const NEWEST: Packages = Packages {
    folder: "asterisk",
    suites: "forky sid",
    names: &["asterisk"],
};

/// The oldest one that is still about.
pub(crate) const V16: Packages = Packages {
    folder: "asterisk-16-voicemail",
    suites: "bullseye",
    names: &["asterisk", "asterisk-voicemail"],
};

/// Its configuration: the files that a person finds among the samples, and what else the tests need. Of the samples the
/// addresses are replaced, elsewhere words between `@` are filled in.
const FILES: [(&str, &str); 10] = [
    ("ari.conf", include_str!("ari.conf")),
    ("asterisk.conf", include_str!("asterisk.conf")),
    ("logger.conf", include_str!("logger.conf")),
    ("modules.conf", include_str!("modules.conf")),
    (
        "extensions.conf",
        include_str!("../../../../samples/asterisk/extensions.conf"),
    ),
    (
        "http.conf",
        include_str!("../../../../samples/asterisk/http.conf"),
    ),
    (
        "manager.conf",
        include_str!("../../../../samples/asterisk/manager.conf"),
    ),
    (
        "voicemail.conf",
        include_str!("../../../../samples/asterisk/voicemail.conf"),
    ),
    (
        "pjsip.conf",
        include_str!("../../../../samples/asterisk/pjsip.conf"),
    ),
    (
        "sorcery.conf",
        include_str!("../../../../samples/asterisk/sorcery.conf"),
    ),
];

/// The last line of the sample's account of the manager interface.
const MANAGER_END: &str = "write = system,config,reporting";

/// The settings of a target for the manager interface and FreePBX's dialplan.
pub(crate) const AMI_SETTINGS: &str = "ami = \"on\"\ndialplan = \"freepbx\"\n";

/// The lines of the samples by which new extensions cost the PBX little.
const CURES: [&str; 2] = ["endpoint/cache", "taskprocessor_overload_trigger"];

/// The account of the program that is tested, as the tests themselves say it; a simulated PBX has the same one.
const WITNESS: &str = "Authorization: Basic YXBpOkNhbmFyeTc3MzFhY2NvdW50";

/// The time after which its database is on the disk, so that a kill loses nothing: it writes once a second.
const DURABLE: Duration = Duration::from_millis(1500);

/// The longest wait for its start or end.
const PATIENCE: Duration = Duration::from_secs(60);

/// An object of its configuration, attribute by attribute.
pub(crate) type PbxObject = BTreeMap<String, String>;

/// An Asterisk that runs until it is dropped.
pub(crate) struct RunningAsterisk {
    packages: Unpacked,
    folder: TempDir,
    http: u16,
    sip: u16,
    /// The port for telephones over TLS, where it has one.
    tls: Option<u16>,
    manager: u16,
    process: Option<Child>,
}

impl RunningAsterisk {
    /// Starts one that is set up as rowcall recommends; `None`, with the test passed over, where it cannot be had.
    pub(crate) fn start(packages: Packages) -> Option<RunningAsterisk> {
        RunningAsterisk::start_without(packages, &[], false)
    }

    /// Like [`RunningAsterisk::start`], and telephones reach it over TLS too: it shows a certificate that it has signed
    /// itself.
    pub(crate) fn start_with_tls(packages: Packages) -> Option<RunningAsterisk> {
        RunningAsterisk::start_without(packages, &[], true)
    }

    /// Like [`RunningAsterisk::start`] as most PBXes are set up: new extensions cost it much.
    pub(crate) fn start_plain(packages: Packages) -> Option<RunningAsterisk> {
        RunningAsterisk::start_without(packages, &CURES, false)
    }

    fn start_without(
        packages: Packages,
        lines: &[&str],
        over_tls: bool,
    ) -> Option<RunningAsterisk> {
        let packages = packages.get()?;
        loop {
            let mut asterisk = RunningAsterisk {
                packages: packages.clone(),
                folder: tempfile::tempdir().unwrap(),
                http: free_port(),
                sip: free_port(),
                tls: over_tls.then(free_port),
                manager: free_port(),
                process: None,
            };
            asterisk.configure(lines);
            asterisk.configure_tls();
            asterisk.boot();
            // Another process may have taken a port meanwhile.
            if !asterisk.errors().contains("already in use") {
                return Some(asterisk);
            }
        }
    }

    /// Writes the files of its configuration, without lines that begin so.
    fn configure(&self, without: &[&str]) {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let account = account();
        // The account of the program that is tested is one of the manager interface too.
        let manager = format!(
            "[{}]\nsecret = {}\n{MANAGER_END}",
            account.username,
            account.password.reveal()
        );
        let words = [
            ("@RUN@", text(self.folder.path())),
            ("@ROOT@", text(self.packages.root())),
            ("@MODULES@", text(&self.modules())),
            ("bindport = 8088", format!("bindport = {}", self.http)),
            ("0.0.0.0:5060", self.sip().to_string()),
            ("port = 5038", format!("port = {}", self.manager)),
            (
                "secret = choose-your-own",
                "secret = Ar1-Secret~for_tests".into(),
            ),
            (MANAGER_END, format!("{MANAGER_END}\n{manager}")),
            ("@USER@", account.username),
            ("@PASSWORD@", account.password.reveal().to_owned()),
        ];
        fs::create_dir(self.folder.path().join("etc")).unwrap();
        for (name, template) in FILES {
            let fill = |text: String, (word, value): &(&str, String)| text.replace(word, value);
            let kept = |line: &&str| !without.iter().any(|begin| line.starts_with(begin));
            let lines: Vec<&str> = template.lines().filter(kept).collect();
            let filled = words.iter().fold(lines.join("\n"), fill);
            fs::write(self.folder.path().join("etc").join(name), filled).unwrap();
        }
    }

    /// Adds the port over TLS, with a certificate of its own.
    fn configure_tls(&self) {
        let Some(port) = self.tls else {
            return;
        };
        let private = sign_own(&self.certificate());
        let path = self.folder.path().join("etc/pjsip.conf");
        let transport = format!(
            "\n\n[tls]\ntype = transport\nprotocol = tls\nbind = 127.0.0.1:{port}\ncert_file = {}\n\
             priv_key_file = {}\nmethod = tlsv1_2\n",
            self.certificate().display(),
            private.display()
        );
        fs::write(&path, fs::read_to_string(&path).unwrap() + &transport).unwrap();
    }

    /// The file of the certificate that it shows over TLS.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("etc/pbx.pem")
    }

    /// The address of its port over TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.tls.unwrap()))
    }

    /// The folder of its modules, which lies elsewhere in older packages.
    fn modules(&self) -> PathBuf {
        let folders = [
            self.packages.libraries(),
            self.packages.root().join("usr/lib"),
        ];
        let mut folders = folders.iter().map(|folder| folder.join("asterisk/modules"));
        folders.find(|folder| folder.is_dir()).unwrap()
    }

    fn program(&self) -> Command {
        let mut command = self.packages.program("asterisk");
        command
            .arg("-C")
            .arg(self.folder.path().join("etc/asterisk.conf"));
        command
    }

    /// Starts the process and waits until it answers.
    fn boot(&mut self) {
        let output = fs::File::create(self.folder.path().join("output")).unwrap();
        let mut command = self.program();
        command
            .args(["-f", "-q"])
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        let mut process = command.spawn().unwrap();
        let begun = Instant::now();
        while !self.answers() {
            let ended = process.try_wait().unwrap();
            let fails = ended.is_some() || begun.elapsed() > PATIENCE;
            if fails {
                let _ = process.kill();
                panic!("Asterisk does not start: {ended:?}\n{}", self.errors());
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.process = Some(process);
    }

    fn answers(&self) -> bool {
        let asked = self.ari().send("GET /ari/asterisk/ping", "");
        asked.is_ok_and(|reply| reply.status == 200)
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("errors")).unwrap_or_default()
    }

    /// Checks that it has been the same process all the time.
    #[track_caller]
    pub(crate) fn still_runs(&mut self) {
        let ended = self.process.as_mut().unwrap().try_wait().unwrap();
        assert!(
            ended.is_none(),
            "Asterisk has ended: {ended:?}\n{}",
            self.errors()
        );
    }

    /// Kills it, as a loss of power would, once its database is on the disk.
    pub(crate) fn kill(&mut self) {
        thread::sleep(DURABLE);
        self.kill_now();
    }

    pub(crate) fn kill_now(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Removes all that it has stored, while it does not run, and returns it.
    pub(crate) fn forget(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut stored = vec![];
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if name.starts_with("astdb") {
                    stored.push((path.clone(), fs::read(&path).unwrap()));
                    fs::remove_file(path).unwrap();
                }
            }
        }
        stored
    }

    /// Starts it again after a kill, at the same address.
    pub(crate) fn revive(&mut self) {
        assert!(self.process.is_none(), "it runs");
        self.boot();
    }

    /// Ends it in order and starts it again.
    pub(crate) fn restart(&mut self) {
        let mut process = self.process.take().unwrap();
        super::program::signal(&process, "TERM");
        let begun = Instant::now();
        while process.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(20));
        }
        self.boot();
    }

    pub(crate) fn http(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.http))
    }

    /// The same objects as its interface shows them: with all attributes, be they stored or not.
    pub(crate) fn shown(&self) -> BTreeMap<String, PbxObject> {
        let names = self.objects().into_keys();
        let shown = names.filter_map(|name| {
            let (kind, number) = name.split_once('/').unwrap();
            let object = self.ari().get(kind, number)?;
            Some((name, object))
        });
        shown.collect()
    }

    pub(crate) fn ari(&self) -> Ari {
        Ari(self.http())
    }

    pub(crate) fn sip(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.sip))
    }

    /// Its address as a target of the program, at the default pace.
    pub(crate) fn target(&self) -> String {
        format!("asterisk+http://{}@{}", account().username, self.http())
    }

    /// Its part of rowcall.toml, under this name, as fast as the program goes.
    pub(crate) fn config(&self, name: &str) -> String {
        let (user, http) = (account().username, self.http());
        format!(
            "[targets.{name}]\nvendor = \"asterisk\"\nurl = \"http://{http}\"\nusername = \"{user}\"\n\
             rate = \"100000/s\"\nparallel = 4\nsip_address = \"{}\"\nsip_rate = \"1000/s\"\n",
            self.sip()
        )
    }

    /// The same, whose account is one of the manager interface too, and whose dialplan is FreePBX's.
    pub(crate) fn config_with_ami(&self, name: &str) -> String {
        self.config(name) + AMI_SETTINGS
    }

    /// `voicemail.conf` as it is.
    pub(crate) fn voicemail_file(&self) -> String {
        fs::read_to_string(self.folder.path().join("etc/voicemail.conf")).unwrap()
    }

    /// Puts a text into the place of another one in a file of its configuration, for its next start.
    pub(crate) fn replace_in(&self, file: &str, text: &str, other: &str) {
        let path = self.folder.path().join("etc").join(file);
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(text), "{before}");
        fs::write(&path, before.replace(text, other)).unwrap();
    }

    /// Writes `voicemail.conf` while it does not run.
    pub(crate) fn replace_voicemail_file(&self, text: &str) {
        fs::write(self.folder.path().join("etc/voicemail.conf"), text).unwrap();
    }

    /// Writes `voicemail.conf`, and has it read.
    pub(crate) fn write_voicemail_file(&self, text: &str) {
        self.replace_voicemail_file(text);
        self.console("module reload app_voicemail.so");
    }

    /// The lines of the boxes in `voicemail.conf`, but for those of other contexts.
    pub(crate) fn mailboxes(&self) -> BTreeMap<String, String> {
        let file = self.voicemail_file();
        let section = file.split("[default]\n").nth(1).unwrap();
        let section = section.split("\n[").next().unwrap();
        let lines = section.lines().filter_map(|line| line.split_once(" => "));
        let mut boxes = BTreeMap::new();
        for (number, line) in lines.filter(|(number, _)| !number.starts_with(';')) {
            let earlier = boxes.insert(number.to_owned(), line.to_owned());
            assert_eq!(earlier, None, "{number} has two boxes");
        }
        boxes
    }

    /// The boxes that Asterisk knows, whatever its file says.
    pub(crate) fn mailboxes_in_use(&self) -> Vec<String> {
        let shown = self.console("voicemail show users for default");
        let lines = shown
            .lines()
            .filter_map(|line| line.strip_prefix("default"));
        let numbers = lines.filter_map(|line| line.split_whitespace().next());
        let mut numbers: Vec<String> = numbers.map(str::to_owned).collect();
        numbers.sort();
        numbers
    }

    /// Gives the account of the program that is tested these rights to write at the manager interface.
    pub(crate) fn set_manager_rights(&self, rights: &str) {
        let path = self.folder.path().join("etc/manager.conf");
        let file = fs::read_to_string(&path).unwrap();
        let (others, own) = file.rsplit_once("write = ").unwrap();
        let rest = own.split_once('\n').map_or("", |(_, rest)| rest);
        fs::write(&path, format!("{others}write = {rights}\n{rest}")).unwrap();
        self.console("manager reload");
    }

    /// The keys of AstDB by which calls are forwarded, and telephones do not ring.
    pub(crate) fn keys(&self) -> BTreeMap<String, String> {
        let shown = self.database();
        let lines = shown.lines().filter_map(|line| line.split_once(':'));
        let keys = lines.filter_map(|(key, text)| Some((key.trim().strip_prefix('/')?, text)));
        let own = keys.filter(|(key, _)| key.starts_with("CF") || key.starts_with("DND"));
        own.map(|(key, text)| (key.to_owned(), text.trim().to_owned()))
            .collect()
    }

    /// The output of a command of its console.
    pub(crate) fn console(&self, command: &str) -> String {
        let output = self.program().args(["-rx", command]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The rows of its database. A message of its log may come in between, and then it is asked again.
    fn database(&self) -> String {
        for _ in 0..10 {
            let shown = self.console("database show");
            let rows = shown.lines().filter(|line| line.starts_with('/')).count();
            if shown.contains(&format!("{rows} results found.")) {
                return shown;
            }
            println!(
                "{rows} rows, and not the whole database: {:?}",
                shown.lines().last()
            );
        }
        panic!("the console does not show the database");
    }

    /// Every auth, aor and endpoint in its database, by kind and name, also those that its interface does not show.
    pub(crate) fn objects(&self) -> BTreeMap<String, PbxObject> {
        let shown = self.database();
        let lines = shown.lines().filter(|line| line.starts_with("/ps_"));
        let object = |line: &str| {
            let (key, value) = line.split_once(": {").unwrap();
            let value: Value = serde_json::from_str(&format!("{{{value}")).unwrap();
            let pairs = value.as_object().unwrap().iter();
            let texts = pairs.map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()));
            let name = key.trim_end().splitn(3, '/').nth(2).unwrap();
            (name.to_owned(), texts.collect())
        };
        lines.map(object).collect()
    }
}

/// The REST interface of a real Asterisk, or of a simulated one, as the tests ask it past rowcall.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ari(pub(crate) SocketAddr);

impl Ari {
    /// Sends a request of the tests' own, `VERB PATH`, with a body of JSON where it is not empty.
    pub(crate) fn send(self, what: &str, body: &str) -> std::io::Result<Reply> {
        let typed = match body {
            "" => "",
            _ => "Content-Type: application/json\r\n",
        };
        let heads = format!("{WITNESS}\r\n{typed}Content-Length: {}\r\n", body.len());
        exchange(self.0, what, &heads, body.as_bytes()).map(|(_, reply)| reply)
    }

    /// Writes an object, past rowcall.
    #[track_caller]
    pub(crate) fn put(self, kind: &str, name: &str, attributes: &[(&str, &str)]) {
        let fields = attributes.iter();
        let fields = fields.map(
            |(attribute, value)| serde_json::json!({ "attribute": attribute, "value": value }),
        );
        let body = serde_json::json!({ "fields": fields.collect::<Value>() });
        let reply = self.send(&format!("PUT {}", path(kind, name)), &body.to_string());
        assert_eq!(reply.unwrap().status, 200, "{kind}/{name}");
    }

    /// Removes an object, past rowcall.
    #[track_caller]
    pub(crate) fn delete(self, kind: &str, name: &str) {
        let reply = self.send(&format!("DELETE {}", path(kind, name)), "");
        assert_eq!(reply.unwrap().status, 204, "{kind}/{name}");
    }

    /// An object, as its interface shows it.
    pub(crate) fn get(self, kind: &str, name: &str) -> Option<PbxObject> {
        let reply = self.send(&format!("GET {}", path(kind, name)), "").unwrap();
        match reply.status {
            404 => None,
            200 => Some(attributes(&reply.json().unwrap())),
            other => panic!("{kind}/{name}: {other}"),
        }
    }

    /// Makes an extension, past rowcall.
    #[track_caller]
    pub(crate) fn put_extension(self, number: &str, secret: &str) {
        let auth = [
            ("auth_type", "userpass"),
            ("username", number),
            ("password", secret),
        ];
        self.put("auth", number, &auth);
        self.put("aor", number, &[("max_contacts", "1")]);
        let endpoint = [
            ("auth", number),
            ("aors", number),
            ("disallow", "all"),
            ("allow", "alaw"),
        ];
        self.put("endpoint", number, &endpoint);
    }

    /// Returns true if an endpoint of this number stands that lets anybody in.
    pub(crate) fn is_open(self, number: &str) -> bool {
        let Some(endpoint) = self.get("endpoint", number) else {
            return false;
        };
        let auth = self.get("auth", &endpoint["auth"]);
        auth.is_none_or(|auth| auth["password"].is_empty())
    }
}

impl Drop for RunningAsterisk {
    fn drop(&mut self) {
        self.kill_now();
    }
}

fn path(kind: &str, name: &str) -> String {
    format!("/ari/asterisk/config/dynamic/res_pjsip/{kind}/{name}")
}

/// The attributes of an object that a reply shows.
pub(crate) fn attributes(shown: &Value) -> PbxObject {
    let tuples = shown.as_array().unwrap().iter();
    let text = |tuple: &Value, name: &str| tuple[name].as_str().unwrap().to_owned();
    tuples
        .map(|tuple| (text(tuple, "attribute"), text(tuple, "value")))
        .collect()
}

/// Sends one request over a connection of its own: `VERB PATH`, further headers, a body. Returns the head of the reply as
/// well.
pub(crate) fn exchange(
    address: SocketAddr,
    what: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<(String, Reply)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!("{what} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut bytes = vec![];
    stream.read_to_end(&mut bytes)?;
    let cut = |why: &str| std::io::Error::other(why.to_owned());
    let end = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let (head, body) = bytes.split_at(end.ok_or_else(|| cut("no whole head"))? + 4);
    let head = String::from_utf8_lossy(head).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| cut("no status"))?;
    let content_type = header(&head, "Content-type").unwrap_or_default().to_owned();
    let cookie = header(&head, "Set-Cookie").unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let reply = Reply::new(status, content_type, body);
    Ok((head, Reply { cookie, ..reply }))
}

/// A header of a head, by its name in any case.
pub(crate) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}
