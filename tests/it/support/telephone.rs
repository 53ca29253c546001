//! A telephone of the tests' own, as a judge of PBXes and of rowcall: it signs in by SIP over UDP and knows MD5 alone.

use md5::{Digest, Md5};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The times after which a message is sent again, and in the end given up.
const WAITS: [u64; 5] = [500, 1000, 2000, 4000, 4000];

pub(crate) struct Telephone {
    socket: UdpSocket,
    registrar: SocketAddr,
}

/// A text that no other message has.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    format!("{}x{count}", std::process::id())
}

/// The hash of SIP's digest.
pub(crate) fn md5(text: &str) -> String {
    let digest = Md5::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Telephone {
    pub(crate) fn new(registrar: SocketAddr) -> Telephone {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        Telephone { socket, registrar }
    }

    /// Signs in for `seconds` seconds, 0 to sign out, and returns the status; `None` where there is no answer.
    pub(crate) fn register(&self, user: &str, secret: &str, seconds: u32) -> Option<u16> {
        let call = unique();
        let contact = format!("<sip:{user}@{}>", self.socket.local_addr().unwrap());
        let more = format!("Contact: {contact}\r\nExpires: {seconds}\r\n");
        let asked = self.ask("REGISTER", user, &call, 1, &more)?;
        if status(&asked) != 401 {
            return Some(status(&asked));
        }
        let realm = quoted(&asked, "realm");
        let nonce = quoted(&asked, "nonce");
        let uri = format!("sip:{}", self.registrar);
        let (own, message) = (
            md5(&format!("{user}:{realm}:{secret}")),
            md5(&format!("REGISTER:{uri}")),
        );
        let (qop, middle) = match asked.contains("qop=") {
            true => (
                ", qop=auth, nc=00000001, cnonce=\"0a4f113b\"",
                "00000001:0a4f113b:auth:",
            ),
            false => ("", ""),
        };
        let response = md5(&format!("{own}:{nonce}:{middle}{message}"));
        let opaque = match asked.contains("opaque=") {
            true => format!(", opaque=\"{}\"", quoted(&asked, "opaque")),
            false => String::new(),
        };
        let more = format!(
            "{more}Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5{qop}{opaque}\r\n"
        );
        self.ask("REGISTER", user, &call, 2, &more)
            .map(|answer| status(&answer))
    }

    /// Asks if anybody is there, as monitoring does; any answer will do.
    pub(crate) fn options(&self) -> Option<u16> {
        let answer = self.ask("OPTIONS", "ping", &unique(), 1, "");
        answer.map(|answer| status(&answer))
    }

    /// Sends a message until its final answer comes.
    fn ask(&self, method: &str, user: &str, call: &str, cseq: u32, more: &str) -> Option<String> {
        let (own, registrar) = (self.socket.local_addr().unwrap(), self.registrar);
        let message = format!(
            "{method} sip:{registrar} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bK{}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{registrar}>;tag={call}\r\nTo: <sip:{user}@{registrar}>\r\n\
             Call-ID: {call}\r\nCSeq: {cseq} {method}\r\n{more}Content-Length: 0\r\n\r\n",
            unique()
        );
        let sequence = format!("CSeq: {cseq} {method}");
        let mut buffer = vec![0; 65_536];
        for wait in WAITS {
            self.socket.send_to(message.as_bytes(), registrar).unwrap();
            let wait = Duration::from_millis(wait);
            self.socket.set_read_timeout(Some(wait)).unwrap();
            loop {
                let length = match self.socket.recv(&mut buffer) {
                    Ok(length) => length,
                    Err(why)
                        if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                    {
                        break;
                    }
                    // There is no listener.
                    Err(_) => return None,
                };
                let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let is_ours = answer.contains(call) && answer.contains(&sequence);
                if is_ours && answer.starts_with("SIP/2.0 ") && status(&answer) >= 200 {
                    return Some(answer);
                }
            }
        }
        None
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A parameter of the challenge.
fn quoted(answer: &str, name: &str) -> String {
    let from = answer.split_once(&format!("{name}=\"")).unwrap().1;
    from.split('"').next().unwrap().to_owned()
}
