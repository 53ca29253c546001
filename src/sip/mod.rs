//! SIP, as far as a telephone's sign-in needs it: REGISTER by RFC 3261, digest by RFC 8760. Pure: no socket, no clock.
//!
//! - [`message`]: requests written, replies read; a reader that survives any bytes.
//! - [`digest`]: the challenge of a registrar, and the answer to it.
//! - `timers`: when a request is sent again, and when it counts as unanswered.
//! - [`registration`]: the conversation that shows if a telephone could sign in.

pub mod digest;
pub mod message;
pub mod registration;
pub(crate) mod timers;

use crate::model::vocabulary;
use std::fmt;
use std::str::FromStr;

vocabulary! {
    /// The ways in which SIP messages travel.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub enum SipTransport {
        /// A datagram a message; requests are repeated until they are answered.
        #[default]
        Udp = "udp",
        /// A stream.
        Tcp = "tcp",
        /// A stream that nobody can read on the way.
        Tls = "tls",
    }
}

impl SipTransport {
    /// The port that is meant where none is named.
    pub(crate) fn default_port(self) -> u16 {
        match self {
            SipTransport::Udp | SipTransport::Tcp => 5060,
            SipTransport::Tls => 5061,
        }
    }

    /// Returns true if a message that was sent may be lost.
    pub(crate) fn may_lose(self) -> bool {
        self == SipTransport::Udp
    }
}

impl FromStr for SipTransport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = SipTransport::ALL.into_iter();
        let known = all.find(|one| one.word().eq_ignore_ascii_case(text));
        known.ok_or_else(|| format!("{text:?} is none of udp, tcp, tls"))
    }
}

impl fmt::Display for SipTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word().to_uppercase())
    }
}
