//! The sockets of SIP: one for many extensions, over UDP, TCP or TLS.
//!
//! A request is sent again as the standard's timers say, each time with a permit of the pace. Only a reply with the marks
//! of the request counts; whatever else arrives is dropped.

use super::StopFlag;
use super::logged::LogSink;
use super::paced::Pace;
use super::trust::{self, SecureStream};
use crate::sip::SipTransport;
use crate::sip::message::{Framing, MESSAGE_BYTES_MAX, Register, SipReply, first_message};
use crate::sip::registration::{NoReply, SipLine};
use crate::sip::timers::{TimerStep, Timers};
use aws_lc_rs::rand;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest time for making a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Time after which a waiting socket checks whether the run was stopped.
const SLICE: Duration = Duration::from_millis(100);

/// Bytes of a stream that are read at once.
const READ_BYTES: usize = 4096;

/// A registrar, and the way to it.
#[derive(Debug, Clone)]
pub struct SipPeer {
    /// Its name, as a certificate has it.
    pub host: String,
    /// Its address.
    pub addr: SocketAddr,
    /// The way in which messages travel.
    pub transport: SipTransport,
    /// The domain of the extensions.
    pub domain: String,
    /// The longest time for a reply.
    pub reply: Duration,
    /// Certificates in PEM that are trusted beside the system's own.
    pub trusted_pem: Option<Vec<u8>>,
}

/// One socket to a registrar. It is opened when the first request is sent, and again where it was closed.
pub struct SipSocket {
    peer: Arc<SipPeer>,
    pace: Arc<Pace>,
    sink: Option<LogSink>,
    open: Option<OpenSocket>,
}

enum SipWire {
    Datagrams(UdpSocket),
    Stream(TcpStream),
    Secure(Box<SecureStream>),
}

struct OpenSocket {
    wire: SipWire,
    local: SocketAddr,
    /// Bytes of a stream that were read and not used yet.
    read: Vec<u8>,
}

impl OpenSocket {
    /// Opens one, unless the run is asked to end before it is there.
    ///
    /// # Errors
    /// The reason that there is none.
    fn connect(peer: &SipPeer, stop: &StopFlag) -> Result<OpenSocket, String> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::ConnectionRefused => format!("{} does not listen for SIP", shown(peer)),
            ErrorKind::TimedOut => format!("{}: no connection in time", shown(peer)),
            _ => format!("{}: {error}", shown(peer)),
        };
        let (wire, local) = match peer.transport {
            SipTransport::Udp => {
                let any: SocketAddr = match peer.addr {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any).map_err(failed)?;
                socket.connect(peer.addr).map_err(failed)?;
                let local = socket.local_addr().map_err(failed)?;
                (SipWire::Datagrams(socket), local)
            }
            SipTransport::Tcp | SipTransport::Tls => {
                let stream = TcpStream::connect_timeout(&peer.addr, CONNECT_MAX).map_err(failed)?;
                stream.set_nodelay(true).map_err(failed)?;
                stream
                    .set_write_timeout(Some(CONNECT_MAX))
                    .map_err(failed)?;
                let local = stream.local_addr().map_err(failed)?;
                let wire = match peer.transport {
                    SipTransport::Tls => {
                        stream.set_read_timeout(Some(SLICE)).map_err(failed)?;
                        let begun = Instant::now();
                        let gives_up = || begun.elapsed() > CONNECT_MAX || stop.is_stopped();
                        let pem = peer.trusted_pem.as_deref();
                        let secure = trust::secure(stream, &peer.host, pem, gives_up);
                        SipWire::Secure(Box::new(
                            secure.map_err(|why| format!("{}: {why}", shown(peer)))?,
                        ))
                    }
                    _ => SipWire::Stream(stream),
                };
                (wire, local)
            }
        };
        Ok(OpenSocket {
            wire,
            local,
            read: vec![],
        })
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.wire {
            SipWire::Datagrams(socket) => socket.send(bytes).map(|_| ()),
            SipWire::Stream(stream) => stream.write_all(bytes),
            SipWire::Secure(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// The next message, if one comes within this time.
    ///
    /// # Errors
    /// The connection is closed, or what comes has no end.
    fn receive(&mut self, within: Duration) -> io::Result<Option<Vec<u8>>> {
        // A time of zero would mean for ever.
        let within = Some(within.max(Duration::from_millis(1)));
        if let SipWire::Datagrams(socket) = &self.wire {
            socket.set_read_timeout(within)?;
            let mut bytes = vec![0; MESSAGE_BYTES_MAX];
            return match socket.recv(&mut bytes) {
                Ok(length) => {
                    bytes.truncate(length);
                    Ok(Some(bytes))
                }
                Err(error) => nothing_yet(error).map(|()| None),
            };
        }
        if let Some(message) = self.take_message()? {
            return Ok(Some(message));
        }
        let mut chunk = [0; READ_BYTES];
        let read = match &mut self.wire {
            SipWire::Datagrams(_) => return Ok(None),
            SipWire::Stream(stream) => {
                stream.set_read_timeout(within)?;
                stream.read(&mut chunk)
            }
            SipWire::Secure(stream) => {
                stream.sock.set_read_timeout(within)?;
                stream.read(&mut chunk)
            }
        };
        match read {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                self.read.extend(chunk.iter().take(length));
                self.take_message()
            }
            Err(error) => nothing_yet(error).map(|()| None),
        }
    }

    /// Takes the first whole message of what was read.
    fn take_message(&mut self) -> io::Result<Option<Vec<u8>>> {
        match first_message(&self.read) {
            Framing::Incomplete => Ok(None),
            Framing::Endless => Err(ErrorKind::InvalidData.into()),
            Framing::Whole(skipped, length) => {
                self.read.drain(..skipped);
                Ok(Some(self.read.drain(..length).collect()))
            }
        }
    }
}

/// The registrar's address, for a message.
fn shown(peer: &SipPeer) -> String {
    format!("{} ({})", peer.addr, peer.transport)
}

/// Tells an error that only means that nothing has come yet.
fn nothing_yet(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(()),
        _ => Err(error),
    }
}

impl SipSocket {
    /// A socket to this registrar at this pace, which it shares with others; requests are told to `sink`.
    pub fn new(peer: Arc<SipPeer>, pace: Arc<Pace>, sink: Option<LogSink>) -> SipSocket {
        SipSocket {
            peer,
            pace,
            sink,
            open: None,
        }
    }

    /// The address of this end, once there is a socket.
    fn opened(&mut self, stop: &StopFlag) -> Result<&mut OpenSocket, NoReply> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                OpenSocket::connect(&self.peer, stop).map_err(|why| match stop.is_stopped() {
                    true => NoReply::Stopped,
                    false => NoReply::Closed(why),
                })?
            }
        };
        Ok(self.open.insert(open))
    }

    fn converse(&mut self, request: &Register, to_the_end: bool) -> Result<SipReply, NoReply> {
        let (pace, transport) = (self.pace.clone(), self.peer.transport);
        let stop = if to_the_end {
            StopFlag::default()
        } else {
            pace.stop_flag().clone()
        };
        let permit = || {
            pace.permit_unless(|| stop.is_stopped())
                .ok_or(NoReply::Stopped)
        };
        let limit = self.peer.reply;
        let _first = permit()?;
        let open = self.opened(&stop)?;
        let bytes = request.encode(open.local, transport);
        open.send(&bytes).map_err(closed)?;
        let begun = Instant::now();
        let mut timers = Timers::new(transport.may_lose(), limit);
        loop {
            match timers.due(begun.elapsed()) {
                TimerStep::Over => return Err(NoReply::Silent),
                TimerStep::Send => {
                    let _again = permit()?;
                    open.send(&bytes).map_err(closed)?;
                }
                TimerStep::Wait(wait) => {
                    if stop.is_stopped() {
                        return Err(NoReply::Stopped);
                    }
                    let Some(message) = open.receive(wait.min(SLICE)).map_err(closed)? else {
                        continue;
                    };
                    let reply = SipReply::parse(&message);
                    let Some(reply) = reply.filter(|reply| reply.answers(&request.marks)) else {
                        continue;
                    };
                    if reply.status >= 200 {
                        return Ok(reply);
                    }
                    timers.note_provisional(begun.elapsed());
                }
            }
        }
    }
}

fn closed(error: io::Error) -> NoReply {
    NoReply::Closed(match error.kind() {
        ErrorKind::ConnectionRefused => "the PBX does not listen for SIP there".to_owned(),
        ErrorKind::InvalidData => "what the PBX sends is no SIP".to_owned(),
        _ => format!("the connection broke off: {error}"),
    })
}

impl SipLine for SipSocket {
    fn exchange(&mut self, request: &Register, to_the_end: bool) -> Result<SipReply, NoReply> {
        let begun = Instant::now();
        let is_old = self.open.is_some() && !self.peer.transport.may_lose();
        let mut result = self.converse(request, to_the_end);
        if matches!(result, Err(NoReply::Closed(_))) {
            self.open = None;
            if is_old {
                // A connection that nothing was said on for a while may have been closed meanwhile.
                result = self.converse(request, to_the_end);
            }
        }
        if matches!(result, Err(NoReply::Closed(_))) {
            self.open = None;
        }
        if let Some(sink) = &self.sink {
            let came = match &result {
                Ok(reply) => reply.status.to_string(),
                Err(NoReply::Silent) => "no reply".to_owned(),
                Err(NoReply::Closed(why)) => why.clone(),
                Err(NoReply::Stopped) => "stopped".to_owned(),
            };
            let kind = match (&request.binding, request.authorizations.is_empty()) {
                (Some((_, 0)), _) => "unregister",
                (Some(_), _) => "register",
                (None, false) => "ask, signed in",
                (None, true) => "ask",
            };
            let ms = begun.elapsed().as_millis();
            sink(&format!(
                "REGISTER {} ({kind}) → {came} in {ms} ms",
                request.aor
            ));
        }
        result
    }

    fn domain(&self) -> &str {
        &self.peer.domain
    }

    fn contact(&self, user: &str) -> String {
        let any: SocketAddr = (Ipv4Addr::LOCALHOST, 5060).into();
        let local = self.open.as_ref().map_or(any, |open| open.local);
        match self.peer.transport {
            SipTransport::Udp => format!("sip:{user}@{local}"),
            transport => format!("sip:{user}@{local};transport={}", transport.word()),
        }
    }

    fn token(&mut self) -> String {
        let mut bytes = [0; 12];
        // Without random bytes the system is broken; marks that repeat find no reply then, and nothing is claimed.
        let _ = rand::fill(&mut bytes);
        crate::digest::hex(&bytes)
    }
}
