//! A simulated registrar: answers REGISTER over UDP and TCP on one port, and can be odd in many ways. It reads requests for
//! itself and shares nothing but the hashes with the side that asks.

use crate::digest::{md5_hex, sha256_hex};
use crate::model::Secret;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Time after which a waiting socket checks whether it is to stop.
const STOP_LOOK: Duration = Duration::from_millis(20);

/// The longest request, in bytes.
const REQUEST_BYTES_MAX: usize = 65_535;

/// Most connections over TCP.
const STREAMS_MAX: usize = 256;

/// Most ports that are tried for one that is free for UDP and TCP.
const PORTS_TRIED: usize = 20;

/// An account of the registrar.
#[derive(Debug, Clone)]
pub struct RegistrarAccount {
    /// The name that signs in.
    pub username: String,
    /// Its secret.
    pub secret: Secret,
}

/// Finds the account of a user.
pub(crate) type Accounts = Box<dyn Fn(&str) -> Option<RegistrarAccount> + Send>;

/// A way in which the registrar is odd about one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegistrarQuirk {
    /// It never answers.
    Silent,
    /// It hears none of the first requests, this many of them.
    Deaf(u32),
    /// It answers each request with this status.
    Status(u16),
    /// It answers each request that is signed in with this status.
    SignedStatus(u16),
    /// It asks for no secret.
    Open,
    /// It asks for a secret, and takes any.
    AnySecret,
    /// It calls the first answer to a challenge stale.
    Stale,
    /// It takes one answer to each challenge.
    OneTime,
    /// It challenges as of old, without `qop`.
    NoQop,
    /// It wants the body protected too.
    AuthInt,
    /// It challenges with SHA-256 first, then with MD5.
    Sha256,
    /// It challenges only with what nobody knows.
    Unanswerable,
    /// It answers a wrong secret with 403.
    Forbids,
    /// It does what these many signed requests with a contact ask for, and does not answer.
    BindsUnheard(u32),
    /// It has no place for a contact.
    Full,
    /// It binds for no less than these seconds.
    Brief(u32),
    /// It says 100 first.
    Trying,
    /// It says everything twice.
    Twice,
    /// It says first what belongs to other requests, asks something itself, and talks nonsense.
    Strangers,
    /// It sends a few bytes at a time over TCP.
    Pieces,
    /// It closes a connection after each reply.
    Closes,
}

/// A request as it was heard.
#[derive(Debug, Clone)]
pub struct ReceivedRegister {
    /// The user.
    pub user: String,
    /// True if it answered a challenge.
    pub is_signed: bool,
    /// Its contact with its time, where it has one.
    pub contact: Option<(String, u32)>,
    /// The time of its arrival.
    pub at: Instant,
}

/// A registrar that listens. Dropping it stops it.
pub struct Registrar {
    addr: SocketAddr,
    shared: Arc<RegistrarShared>,
    listening: Vec<JoinHandle<()>>,
}

struct RegistrarShared {
    stopping: AtomicBool,
    state: Mutex<RegistrarState>,
}

struct RegistrarState {
    accounts: Accounts,
    quirks: BTreeMap<String, BTreeSet<RegistrarQuirk>>,
    contacts: BTreeMap<String, Vec<String>>,
    requests: Vec<ReceivedRegister>,
    /// Nonces, with how often each was answered.
    nonces: BTreeMap<String, u32>,
    /// Users whose first answer was called stale.
    was_stale: BTreeSet<String>,
    made: u64,
}

/// A reply on its way.
struct OutgoingReply {
    pieces: Vec<Vec<u8>>,
    in_pieces: bool,
    closes: bool,
}

impl Registrar {
    /// Listens on an address, over UDP and TCP; port 0 takes one that is free for both.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn start(accounts: Accounts, addr: impl ToSocketAddrs) -> io::Result<Registrar> {
        let unknown = || io::Error::from(ErrorKind::AddrNotAvailable);
        let addr = addr.to_socket_addrs()?.next().ok_or_else(unknown)?;
        let (udp, tcp) = listen(addr)?;
        let shared = Arc::new(RegistrarShared {
            stopping: AtomicBool::new(false),
            state: Mutex::new(RegistrarState {
                accounts,
                quirks: BTreeMap::new(),
                contacts: BTreeMap::new(),
                requests: vec![],
                nonces: BTreeMap::new(),
                was_stale: BTreeSet::new(),
                made: 0,
            }),
        });
        udp.set_read_timeout(Some(STOP_LOOK))?;
        tcp.set_nonblocking(true)?;
        let addr = udp.local_addr()?;
        let (of_udp, of_tcp) = (shared.clone(), shared.clone());
        let listening = vec![
            thread::spawn(move || of_udp.answer_datagrams(&udp)),
            thread::spawn(move || of_tcp.answer_streams(&tcp)),
        ];
        Ok(Registrar {
            addr,
            shared,
            listening,
        })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Makes it odd about a user.
    pub fn set_quirk(&self, user: &str, quirk: RegistrarQuirk) {
        let mut state = self.shared.lock();
        state
            .quirks
            .entry(user.to_owned())
            .or_default()
            .insert(quirk);
    }

    /// Makes it as usual about a user again.
    pub fn forget_quirks(&self, user: &str) {
        self.shared.lock().quirks.remove(user);
    }

    /// Registers a telephone.
    pub fn bind(&self, user: &str, contact: &str) {
        let mut state = self.shared.lock();
        let contacts = state.contacts.entry(user.to_owned()).or_default();
        contacts.push(contact.to_owned());
    }

    /// The contacts of a user.
    pub fn contacts(&self, user: &str) -> Vec<String> {
        self.shared
            .lock()
            .contacts
            .get(user)
            .cloned()
            .unwrap_or_default()
    }

    /// Every request so far, in the order of arrival.
    pub fn received(&self) -> Vec<ReceivedRegister> {
        self.shared.lock().requests.clone()
    }
}

impl Drop for Registrar {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for thread in self.listening.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Binds UDP and TCP to one port.
fn listen(addr: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tries = 0;
    loop {
        let udp = UdpSocket::bind(addr)?;
        match TcpListener::bind(udp.local_addr()?) {
            Ok(tcp) => return Ok((udp, tcp)),
            // Another process has the port over TCP.
            Err(_) if addr.port() == 0 && tries < PORTS_TRIED => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

impl RegistrarShared {
    fn lock(&self) -> MutexGuard<'_, RegistrarState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn answer_datagrams(&self, socket: &UdpSocket) {
        let mut bytes = vec![0; REQUEST_BYTES_MAX];
        while !self.is_stopping() {
            let Ok((length, from)) = socket.recv_from(&mut bytes) else {
                continue;
            };
            let request = bytes.get(..length).unwrap_or_default();
            let outgoing = self.lock().answer(&String::from_utf8_lossy(request));
            for piece in outgoing.into_iter().flat_map(|outgoing| outgoing.pieces) {
                let _ = socket.send_to(&piece, from);
            }
        }
    }

    fn answer_streams(self: &Arc<Self>, listener: &TcpListener) {
        let mut streams: Vec<JoinHandle<()>> = vec![];
        while !self.is_stopping() {
            streams.retain(|stream| !stream.is_finished());
            match listener.accept() {
                Ok((stream, _)) if streams.len() < STREAMS_MAX => {
                    let shared = self.clone();
                    streams.push(thread::spawn(move || {
                        let _ = shared.answer_stream(stream);
                    }));
                }
                Ok(_) => {}
                Err(_) => thread::sleep(STOP_LOOK),
            }
        }
        for stream in streams {
            let _ = stream.join();
        }
    }

    fn answer_stream(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(STOP_LOOK))?;
        let (mut text, mut chunk) = (String::new(), [0; 2048]);
        while !self.is_stopping() && text.len() < REQUEST_BYTES_MAX {
            match stream.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    let read = chunk.get(..length).unwrap_or_default();
                    text.push_str(&String::from_utf8_lossy(read));
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
            while let Some((request, rest)) = text.split_once("\r\n\r\n") {
                let (request, rest) = (format!("{request}\r\n\r\n"), rest.to_owned());
                text = rest;
                let Some(outgoing) = self.lock().answer(&request) else {
                    continue;
                };
                for piece in &outgoing.pieces {
                    match outgoing.in_pieces {
                        false => stream.write_all(piece)?,
                        true => {
                            for few in piece.chunks(37) {
                                stream.write_all(few)?;
                                thread::sleep(Duration::from_millis(1));
                            }
                        }
                    }
                }
                if outgoing.closes {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A REGISTER, taken apart.
struct ReadRegister {
    headers: Vec<(String, String)>,
    method: String,
}

impl ReadRegister {
    fn read(text: &str) -> Option<ReadRegister> {
        let mut lines = text.split("\r\n");
        let method = lines.next()?.split(' ').next()?.to_owned();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(ReadRegister {
            headers: headers.collect(),
            method,
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(own, _)| own == name);
        header.map(|(_, value)| value.as_str())
    }

    /// The user of the address that is to be bound.
    fn user(&self) -> Option<String> {
        let (_, rest) = self.header("To")?.split_once("sip:")?;
        Some(rest.split('@').next()?.to_owned())
    }

    fn contact(&self) -> Option<(String, u32)> {
        let value = self.header("Contact")?;
        let address = value.trim_start_matches('<').split('>').next()?;
        let expires = self.header("Expires").and_then(|text| text.parse().ok());
        Some((address.to_owned(), expires.unwrap_or(3600)))
    }

    /// A parameter of the answer to a challenge.
    fn answered(&self, name: &str) -> Option<String> {
        let value = self.header("Authorization")?.strip_prefix("Digest ")?;
        let (_, rest) = value.split_once(&format!("{name}="))?;
        Some(match rest.strip_prefix('"') {
            Some(rest) => rest.split('"').next()?.to_owned(),
            None => rest.split([',', ' ']).next()?.to_owned(),
        })
    }

    /// The response that the right secret would give.
    fn response(&self, account: &RegistrarAccount) -> Option<Secret> {
        let of = |name: &str| self.answered(name);
        let is_sha = of("algorithm").is_some_and(|word| word.starts_with("SHA-256"));
        let hash = |text: &str| match is_sha {
            true => sha256_hex(text.as_bytes()),
            false => md5_hex(text),
        };
        let (nonce, uri, quality) = (of("nonce")?, of("uri")?, of("qop"));
        let name = &account.username;
        let first = account
            .secret
            .derive(|secret| hash(&format!("{name}:{REALM}:{secret}")));
        let second = match quality.as_deref() {
            Some("auth-int") => hash(&format!("{}:{uri}:{}", self.method, hash(""))),
            _ => hash(&format!("{}:{uri}", self.method)),
        };
        let middle = match quality {
            None => String::new(),
            Some(word) => format!("{}:{}:{word}:", of("nc")?, of("cnonce")?),
        };
        Some(first.derive(|first| hash(&format!("{first}:{nonce}:{middle}{second}"))))
    }
}

const REALM: &str = "simulated, \"odd\"";

impl RegistrarState {
    /// Answers a request; `None` where it stays silent.
    fn answer(&mut self, text: &str) -> Option<OutgoingReply> {
        let request = ReadRegister::read(text)?;
        let user = request.user()?;
        self.requests.push(ReceivedRegister {
            user: user.clone(),
            is_signed: request.header("Authorization").is_some(),
            contact: request.contact(),
            at: Instant::now(),
        });
        let mut quirks = self.quirks.get(&user).cloned().unwrap_or_default();
        let deaf = quirks.iter().find_map(|quirk| match quirk {
            RegistrarQuirk::Deaf(times) => Some(*times),
            _ => None,
        });
        if let Some(times) = deaf {
            let own = self.quirks.entry(user.clone()).or_default();
            own.remove(&RegistrarQuirk::Deaf(times));
            own.extend((times > 1).then(|| RegistrarQuirk::Deaf(times - 1)));
            return None;
        }
        if quirks.contains(&RegistrarQuirk::Silent) {
            return None;
        }
        let (status, more) = self.judge(&user, &request, &quirks);
        if status == 200 && request.contact().is_some() && self.loses(&user) {
            return None;
        }
        let mut pieces = vec![];
        if quirks.remove(&RegistrarQuirk::Strangers) {
            pieces.extend(unrelated_messages(&request));
        }
        if quirks.contains(&RegistrarQuirk::Trying) {
            pieces.push(reply(&request, 100, ""));
        }
        let outgoing = reply(&request, status, &more);
        if quirks.contains(&RegistrarQuirk::Twice) {
            pieces.push(outgoing.clone());
        }
        pieces.push(outgoing);
        Some(OutgoingReply {
            pieces,
            in_pieces: quirks.contains(&RegistrarQuirk::Pieces),
            closes: quirks.contains(&RegistrarQuirk::Closes),
        })
    }

    /// Returns true if the answer to a request with a contact is withheld.
    fn loses(&mut self, user: &str) -> bool {
        let Some(own) = self.quirks.get_mut(user) else {
            return false;
        };
        let times = own.iter().find_map(|quirk| match quirk {
            RegistrarQuirk::BindsUnheard(times) => Some(*times),
            _ => None,
        });
        let Some(times) = times else { return false };
        own.remove(&RegistrarQuirk::BindsUnheard(times));
        own.extend((times > 1).then(|| RegistrarQuirk::BindsUnheard(times - 1)));
        true
    }

    /// The status of a request, and the headers beside the usual ones.
    fn judge(
        &mut self,
        user: &str,
        request: &ReadRegister,
        quirks: &BTreeSet<RegistrarQuirk>,
    ) -> (u16, String) {
        let has = |quirk| quirks.contains(&quirk);
        for quirk in quirks {
            match quirk {
                RegistrarQuirk::Status(status) => return (*status, String::new()),
                RegistrarQuirk::SignedStatus(status) if request.answered("nonce").is_some() => {
                    return (*status, String::new());
                }
                _ => {}
            }
        }
        if has(RegistrarQuirk::Open) {
            return self.bound(user, request, quirks);
        }
        let account = (self.accounts)(user);
        let known = request.answered("nonce").and_then(|nonce| {
            let count = self.nonces.get_mut(&nonce)?;
            *count += 1;
            Some(*count)
        });
        let Some(count) = known else {
            return (401, self.challenge(quirks, false));
        };
        let is_first = self.was_stale.insert(user.to_owned());
        if has(RegistrarQuirk::Stale) && is_first {
            return (401, self.challenge(quirks, true));
        }
        if has(RegistrarQuirk::OneTime) && count > 1 {
            return (401, self.challenge(quirks, false));
        }
        let is_right = account.is_some_and(|account| {
            let named = request.answered("username");
            let wanted = request.response(&account).zip(request.answered("response"));
            let is_same = wanted.is_some_and(|(wanted, given)| wanted == *given.as_str());
            is_same && named.as_ref() == Some(&account.username)
        });
        match is_right || has(RegistrarQuirk::AnySecret) {
            true => self.bound(user, request, quirks),
            false if has(RegistrarQuirk::Forbids) => (403, String::new()),
            false => (401, self.challenge(quirks, false)),
        }
    }

    /// Binds what is asked for, and lists what is bound.
    fn bound(
        &mut self,
        user: &str,
        request: &ReadRegister,
        quirks: &BTreeSet<RegistrarQuirk>,
    ) -> (u16, String) {
        let contacts = self.contacts.entry(user.to_owned()).or_default();
        match request.contact() {
            None => {}
            Some((_, 0)) if request.header("Contact") == Some("*") => contacts.clear(),
            Some((address, 0)) => contacts.retain(|known| *known != address),
            Some((_, _)) if quirks.contains(&RegistrarQuirk::Full) => return (403, String::new()),
            Some((address, seconds)) => {
                let least = quirks.iter().find_map(|quirk| match quirk {
                    RegistrarQuirk::Brief(least) => Some(*least),
                    _ => None,
                });
                if let Some(least) = least.filter(|least| seconds < *least) {
                    return (423, format!("Min-Expires: {least}\r\n"));
                }
                if !contacts.contains(&address) {
                    contacts.push(address);
                }
            }
        }
        let listed = contacts
            .iter()
            .map(|contact| format!("Contact: <{contact}>;expires=59\r\n"));
        (200, listed.collect())
    }

    /// A challenge, as headers.
    fn challenge(&mut self, quirks: &BTreeSet<RegistrarQuirk>, is_stale: bool) -> String {
        self.made += 1;
        let nonce = format!("{:x}/{}=", self.made, self.nonces.len());
        self.nonces.insert(nonce.clone(), 0);
        let realm = REALM.replace('"', "\\\"");
        let quality = match quirks {
            quirks if quirks.contains(&RegistrarQuirk::NoQop) => "",
            quirks if quirks.contains(&RegistrarQuirk::AuthInt) => ", qop=\"auth-int\"",
            _ => ", qop=\"auth\"",
        };
        let stale = if is_stale { ", stale=true" } else { "" };
        let algorithms: &[&str] = match quirks {
            quirks if quirks.contains(&RegistrarQuirk::Unanswerable) => &["SHA-512-256"],
            quirks if quirks.contains(&RegistrarQuirk::Sha256) => &["SHA-256", "MD5"],
            _ => &["MD5"],
        };
        let lines = algorithms.iter().map(|algorithm| {
            format!(
                "WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}{quality}{stale}\r\n"
            )
        });
        lines.collect()
    }
}

/// A reply with the marks of its request.
fn reply(request: &ReadRegister, status: u16, more: &str) -> Vec<u8> {
    let reason = match status {
        100 => "Trying",
        200 => "OK",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        423 => "Interval Too Brief",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        _ => "Status",
    };
    let own = |name: &str| {
        let value = request.header(name).unwrap_or_default();
        match name {
            "To" => format!("{name}: {value};tag=r1\r\n"),
            _ => format!("{name}: {value}\r\n"),
        }
    };
    let marks: String = ["Via", "From", "To", "Call-ID", "CSeq"]
        .into_iter()
        .map(own)
        .collect();
    format!("SIP/2.0 {status} {reason}\r\n{marks}{more}Content-Length: 0\r\n\r\n").into_bytes()
}

/// Messages that are no reply to the request, each of which would say that all is well.
fn unrelated_messages(request: &ReadRegister) -> Vec<Vec<u8>> {
    let own = String::from_utf8(reply(request, 200, "")).unwrap_or_default();
    let call = request.header("Call-ID").unwrap_or_default();
    vec![
        own.replace("branch=z9hG4bK", "branch=z9hG4bKx")
            .into_bytes(),
        own.replace(call, "another").into_bytes(),
        own.replace("CSeq: ", "CSeq: 9").into_bytes(),
        own.replace(" REGISTER", " OPTIONS").into_bytes(),
        own.replace("SIP/2.0 200 OK", "OPTIONS sip:you@there SIP/2.0")
            .into_bytes(),
        b"\r\n\r\n".to_vec(),
        b"SIP/2.0 200 nonsense\r\n\xff\xfe:\r\nContent-Length: 0\r\n\r\n".to_vec(),
    ]
}
