//! The dial tone of one extension.

use super::vocabulary;

vocabulary! {
    /// The answer to the question if a telephone could sign in with an extension's secret.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum RingResult {
        /// It could: the PBX took the secret.
        Rings = "rings",
        /// The PBX refuses the secret, or does not know the extension.
        WrongSecret = "wrong_secret",
        /// Anybody could, without a secret or with a wrong one.
        Open = "open",
        /// The PBX takes the secret, and has no place for one more telephone.
        Full = "full",
        /// No answer came.
        Silent = "silent",
        /// The PBX refuses for another reason.
        Refused = "refused",
        /// It cannot be told.
        Unknown = "unknown",
    }
}

/// The dial tone of one extension, in words. Contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingVerdict {
    /// The answer.
    pub result: RingResult,
    /// The event, in words.
    pub message: String,
    /// The next step for the people who run the PBX; empty where there is none to name.
    pub hint: &'static str,
    /// The last status of SIP, where a reply came.
    pub status: Option<u16>,
}

impl RingVerdict {
    /// A verdict with its words.
    pub fn new(result: RingResult, message: impl Into<String>) -> RingVerdict {
        RingVerdict {
            result,
            message: message.into(),
            hint: "",
            status: None,
        }
    }

    /// The same verdict with a word on what to do.
    pub fn hint(self, hint: &'static str) -> RingVerdict {
        RingVerdict { hint, ..self }
    }

    /// The same verdict with the status that came.
    pub fn status(self, status: u16) -> RingVerdict {
        let status = Some(status);
        RingVerdict { status, ..self }
    }

    /// The stable id of the answer, for a report.
    pub fn code(&self) -> &'static str {
        match self.result {
            RingResult::Rings => "",
            RingResult::WrongSecret => "ring.wrong_secret",
            RingResult::Open => "ring.open",
            RingResult::Full => "ring.full",
            RingResult::Silent => "ring.silent",
            RingResult::Refused => "ring.refused",
            RingResult::Unknown => "ring.unknown",
        }
    }
}
