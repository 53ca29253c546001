//! Messages of SIP: a REGISTER as bytes, and replies as they come. The reader takes any bytes and never trusts a length.

use super::SipTransport;
use crate::model::Secret;
use crate::model::redact::{in_quotes, repeats_secret};
use std::borrow::Cow;
use std::net::SocketAddr;

/// The longest message that is read, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 65_535;

/// The most headers of a message that are read.
pub(crate) const HEADERS_MAX: usize = 256;

/// The marks of a request, by which its reply is known: no other reply counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestMarks {
    /// The branch of its Via.
    pub branch: String,
    /// Its Call-ID.
    pub call_id: String,
    /// The number of its CSeq.
    pub cseq: u32,
}

/// A REGISTER.
#[derive(Debug, Clone)]
pub struct Register {
    /// The address of record without `sip:`, for example `2001@pbx.example.com`.
    pub aor: String,
    /// The registrar's domain.
    pub domain: String,
    /// The tag of From.
    pub tag: String,
    /// Its marks.
    pub marks: RequestMarks,
    /// The contact to be bound, as it stands between `<` and `>`, and for how many seconds, 0 to take it back; `None` to
    /// ask which there are.
    pub binding: Option<(String, u32)>,
    /// The answers to challenges: each header's name and value.
    pub authorizations: Vec<(&'static str, String)>,
}

impl Register {
    /// The address that the request is for.
    pub fn uri(&self) -> String {
        format!("sip:{}", self.domain)
    }

    /// The bytes that are sent from `local`.
    pub fn encode(&self, local: SocketAddr, transport: SipTransport) -> Vec<u8> {
        let (uri, aor, marks) = (self.uri(), &self.aor, &self.marks);
        let mut text = format!(
            "REGISTER {uri} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {local};rport;branch={}\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{aor}>;tag={}\r\n\
             To: <sip:{aor}>\r\n\
             Call-ID: {}\r\n\
             CSeq: {} REGISTER\r\n\
             User-Agent: rowcall/{}\r\n",
            marks.branch,
            self.tag,
            marks.call_id,
            marks.cseq,
            env!("CARGO_PKG_VERSION"),
        );
        if let Some((contact, expires)) = &self.binding {
            text.push_str(&format!("Contact: <{contact}>;expires={expires}\r\n"));
            text.push_str(&format!("Expires: {expires}\r\n"));
        }
        for (name, value) in &self.authorizations {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        text.into_bytes()
    }
}

/// The user part of an address: signs that would end it are percent-encoded.
pub(crate) fn user_part(user: &str) -> String {
    let mut part = String::with_capacity(user.len());
    for byte in user.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,".contains(&byte);
        match is_plain {
            true => part.push(char::from(byte)),
            false => part.push_str(&format!("%{byte:02X}")),
        }
    }
    part
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipReply {
    /// The status, 100 to 699.
    pub status: u16,
    /// The registrar's words for it, as they came.
    reason: String,
    /// Names in lower case and in their long form, and values.
    headers: Vec<(String, String)>,
}

impl SipReply {
    /// Reads a reply; `None` where the bytes are none, for example a request of the other end.
    pub fn parse(bytes: &[u8]) -> Option<SipReply> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return None;
        }
        let head = bytes.get(..head_end(bytes)?)?;
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
        let rest = lines.next()?.strip_prefix("SIP/2.0 ")?;
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_status = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        let status = status.parse().ok().filter(|_| is_status)?;
        if !(100..700).contains(&status) {
            return None;
        }
        let mut headers: Vec<(String, String)> = vec![];
        for line in lines.filter(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                // A line that goes on.
                let (_, value) = headers.last_mut()?;
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            if headers.len() == HEADERS_MAX {
                return None;
            }
            headers.push((long_name(name.trim()), value.trim().to_owned()));
        }
        Some(SipReply {
            status,
            reason: reason.trim().to_owned(),
            headers,
        })
    }

    /// Status and words: `403 "Forbidden"`. They may speak of a password or a PIN, which is what is wrong; a secret itself is
    /// taken out by `hide_words`.
    pub fn words(&self) -> String {
        match self.reason.as_str() {
            "" => self.status.to_string(),
            reason => format!("{} {}", self.status, in_quotes(reason)),
        }
    }

    /// Forgets the registrar's words where they hold a piece of a secret.
    pub(super) fn hide_words(&mut self, secret: &Secret) {
        if repeats_secret(&self.reason, secret) {
            self.reason.clear();
        }
    }

    /// Every value of a header, by its long name in lower case.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().filter(move |(own, _)| own == name);
        headers.map(|(_, value)| value.as_str())
    }

    /// Returns true if it answers the request with these marks.
    pub fn answers(&self, marks: &RequestMarks) -> bool {
        let via = self.headers("via").next().unwrap_or_default();
        // Several may stand in one header; the first is the one of this end.
        let via = list_of(via).next().unwrap_or_default();
        let mut parameters = via.split(';').skip(1);
        let branch = parameters.find_map(|one| parameter(one, "branch"));
        let mut cseq = self
            .headers("cseq")
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let number = cseq.next().and_then(|number| number.parse::<u32>().ok());
        branch == Some(marks.branch.as_str())
            && self.headers("call-id").next() == Some(marks.call_id.as_str())
            && number == Some(marks.cseq)
            && cseq.next() == Some("REGISTER")
    }

    /// The contacts that are listed, each as the address in it; not one whose time is over.
    pub fn contacts(&self) -> Vec<String> {
        let addresses = self.bindings().map(|value| match value.split_once('<') {
            Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
            None => value.split(';').next().unwrap_or_default(),
        });
        let addresses = addresses.map(str::trim).filter(|one| !one.is_empty());
        addresses.map(str::to_owned).collect()
    }

    /// The number of contacts that a telephone has registered: each has a time. A fixed one has none.
    pub(crate) fn telephones(&self) -> usize {
        match self.headers("expires").next() {
            Some(_) => self.contacts().len(),
            None => {
                let timed = |value: &&str| {
                    contact_parameters(value).any(|one| parameter(one, "expires").is_some())
                };
                self.bindings().filter(timed).count()
            }
        }
    }

    /// The values of the contacts that are listed; not one whose time is over.
    fn bindings(&self) -> impl Iterator<Item = &str> {
        let values = self.headers("contact").flat_map(list_of);
        values.filter(|value| {
            contact_parameters(value).all(|one| !one.eq_ignore_ascii_case("expires=0"))
        })
    }

    /// The least time of a binding that the registrar takes, in seconds, where it names one.
    pub(crate) fn min_expires(&self) -> Option<u32> {
        self.headers("min-expires").next()?.parse().ok()
    }
}

/// The parameters of a contact, behind its address.
fn contact_parameters(value: &str) -> impl Iterator<Item = &str> {
    let parameters = value.rsplit('>').next().unwrap_or_default();
    parameters.split(';').map(str::trim)
}

/// The value of a parameter such as `branch=z9hG4bK1` of this name.
fn parameter<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (own, value) = text.split_once('=')?;
    own.trim().eq_ignore_ascii_case(name).then(|| value.trim())
}

/// The items of a list: commas within quotes and angle brackets part nothing.
pub(super) fn list_of(text: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped, mut within) = (false, false, false);
    let items = text.split(move |c: char| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match c {
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '<' if !is_quoted => within = true,
            '>' if !is_quoted => within = false,
            ',' => return !is_quoted && !within,
            _ => {}
        }
        false
    });
    items.map(str::trim).filter(|item| !item.is_empty())
}

/// A header's name in lower case, and in its long form.
fn long_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let long = match name.as_str() {
        "v" => "via",
        "i" => "call-id",
        "m" => "contact",
        "f" => "from",
        "t" => "to",
        "l" => "content-length",
        _ => return name,
    };
    long.to_owned()
}

/// The index behind the empty line that ends the head.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut line_begins = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        let line = bytes.get(line_begins..at)?;
        if at > 0 && line_begins > 0 && (line.is_empty() || line == b"\r") {
            return Some(at + 1);
        }
        line_begins = at + 1;
    }
    None
}

/// The state of a message that comes in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// More bytes are needed.
    Incomplete,
    /// The message is whole: the bytes to skip before it, and its own length.
    Whole(usize, usize),
    /// It is longer than `MESSAGE_BYTES_MAX`, or says a length that is none.
    Endless,
}

/// Finds the first message in the bytes of a stream. Empty lines before it keep connections open, and are skipped.
pub fn first_message(bytes: &[u8]) -> Framing {
    let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let skipped = bytes.iter().take_while(is_line_end).count();
    let bytes = bytes.get(skipped..).unwrap_or_default();
    let Some(head) = head_end(bytes) else {
        return match bytes.len() > MESSAGE_BYTES_MAX {
            true => Framing::Endless,
            false => Framing::Incomplete,
        };
    };
    let text = String::from_utf8_lossy(bytes.get(..head).unwrap_or_default());
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (long_name(name.trim()) == "content-length").then(|| Cow::from(value.trim().to_owned()))
    });
    // Without a length it has no body: a reply to REGISTER has none anyway.
    let length = length.map_or(Ok(0), |length| length.parse::<usize>());
    match length.ok().and_then(|length| head.checked_add(length)) {
        Some(whole) if whole > MESSAGE_BYTES_MAX => Framing::Endless,
        Some(whole) if whole <= bytes.len() => Framing::Whole(skipped, whole),
        Some(_) => Framing::Incomplete,
        None => Framing::Endless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> RequestMarks {
        RequestMarks {
            branch: "z9hG4bK77".into(),
            call_id: "abc@x".into(),
            cseq: 2,
        }
    }

    const REPLY: &str = "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 127.0.0.1:5;rport=5;branch=z9hG4bK77;received=1.2.3.4\r\n\
        i: abc@x\r\nCSeq: 2 REGISTER\r\nm: \"A, B\" <sip:1@h;x=1,2>;expires=60,\r\n <sip:2@h>\r\nContact: sip:3@h;q=1, <sip:4@h>;q=1; Expires=0\r\n\
        l: 0\r\n\r\n";

    #[test]
    fn a_reply_is_read_with_short_names_folded_lines_and_lists() {
        let reply = SipReply::parse(REPLY.as_bytes()).unwrap();
        assert_eq!((reply.status, reply.words().as_str()), (200, "200 \"OK\""));
        assert!(reply.answers(&marks()));
        assert_eq!(reply.contacts(), ["sip:1@h;x=1,2", "sip:2@h", "sip:3@h"]);
        assert_eq!(
            first_message(REPLY.as_bytes()),
            Framing::Whole(0, REPLY.len())
        );
    }

    #[test]
    fn a_reply_to_another_request_is_none_to_this_one() {
        for (from, to) in [
            ("z9hG4bK77", "z9hG4bK78"),
            ("abc@x", "abd@x"),
            ("2 REGISTER", "1 REGISTER"),
            ("2 REGISTER", "2 OPTIONS"),
        ] {
            let reply = SipReply::parse(REPLY.replace(from, to).as_bytes()).unwrap();
            assert!(!reply.answers(&marks()), "{to}");
        }
    }

    #[test]
    fn other_bytes_are_no_reply() {
        for bytes in [
            "",
            "\r\n\r\n",
            "SIP/2.0 200 OK",
            "SIP/2.0 200 OK\r\n",
            "SIP/2.0 20 OK\r\n\r\n",
            "SIP/2.0 +20 OK\r\n\r\n",
            "SIP/2.0 999 OK\r\n\r\n",
            "SIP/1.0 200 OK\r\n\r\n",
            "OPTIONS sip:1@h SIP/2.0\r\n\r\n",
            "SIP/2.0 200 OK\r\nno colon\r\n\r\n",
            "SIP/2.0 200 OK\r\n folded\r\n\r\n",
        ] {
            assert_eq!(SipReply::parse(bytes.as_bytes()), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_message_in_a_stream_ends_where_its_length_says() {
        let head = "SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\n";
        let of = |text: String| first_message(text.as_bytes());
        let all = head.len() + 3;
        assert_eq!(of(format!("\r\n\r\n{head}abcSIP")), Framing::Whole(4, all));
        assert_eq!(of(format!("{head}ab")), Framing::Incomplete);
        assert_eq!(of(head[..20].to_owned()), Framing::Incomplete);
        for length in ["-1", "x", "99999999999999999999", "70000"] {
            assert_eq!(of(head.replace('3', length)), Framing::Endless, "{length}");
        }
        assert_eq!(of("x".repeat(MESSAGE_BYTES_MAX + 1)), Framing::Endless);
    }

    #[test]
    fn a_question_has_no_contact_and_a_binding_has() {
        let mut register = Register {
            aor: "20%2001@pbx".into(),
            domain: "pbx".into(),
            tag: "t".into(),
            marks: marks(),
            binding: None,
            authorizations: vec![],
        };
        let local = "[::1]:5062".parse().unwrap();
        let text = |register: &Register| {
            String::from_utf8(register.encode(local, SipTransport::Tcp)).unwrap()
        };
        let question = text(&register);
        assert!(question.starts_with(
            "REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/TCP [::1]:5062;rport;branch=z9hG4bK77\r\n"
        ));
        assert!(!question.contains("Contact") && !question.contains("Expires"));
        register.binding = Some(("sip:20%2001@[::1]:5062".into(), 0));
        let contact = "Contact: <sip:20%2001@[::1]:5062>;expires=0\r\nExpires: 0\r\n";
        assert!(text(&register).contains(contact), "{}", text(&register));
    }

    #[test]
    fn a_user_cannot_leave_its_place() {
        assert_eq!(user_part("+49 30@x\r\n>ü"), "+49%2030%40x%0D%0A%3E%C3%BC");
    }
}
