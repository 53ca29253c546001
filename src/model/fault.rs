//! The refusals and failures of a PBX or of the network: for the people who run the PBX.

use std::borrow::Cow;
use std::time::Duration;

/// The kinds of fault, by what may be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The request certainly never reached the PBX; sending it again is safe.
    NotSent,
    /// It may have happened: look at the PBX before anything is sent again.
    MayHaveHappened,
    /// The PBX answered "later" in words of its own and did nothing.
    Busy,
    /// The session ran out; nothing was done.
    SessionExpired,
    /// User name or password refused: stop at the first, vendors lock the account after five.
    CredentialRefused,
    /// The address answers, but there is no such PBX there, or it refuses our login: the run cannot go on.
    TargetUnusable,
    /// The PBX refused this extension.
    Rejected,
    /// The PBX reports that the extension exists already.
    Exists,
    /// The PBX reports that there is no such extension.
    Missing,
}

/// A refusal by the PBX, or a failure of the network. Never contains a secret, and never an address with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault: it decides what may be done next.
    pub kind: FaultKind,
    /// Stable id, for example `openvox.10025` or `link.timeout`.
    pub code: Cow<'static, str>,
    /// The event, in words.
    pub message: String,
    /// The next step for the people who run the PBX; empty where there is none to name.
    pub hint: String,
    /// The HTTP status, where a reply came.
    pub http_status: Option<u16>,
    /// The vendor's own code or word, where one came.
    pub vendor_code: Option<String>,
    /// The pause that the PBX asked for.
    pub retry_after: Option<Duration>,
    /// The steps that had already been carried out for the extension before the fault, in words; empty where there were
    /// none.
    pub done_before: String,
}

impl Fault {
    /// A fault with no more than its kind, id and words.
    pub fn new(
        kind: FaultKind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Fault {
            kind,
            code: code.into(),
            message: message.into(),
            hint: String::new(),
            http_status: None,
            vendor_code: None,
            retry_after: None,
            done_before: String::new(),
        }
    }

    /// The same fault with a word on what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same fault with the HTTP status that came.
    pub fn status(mut self, status: u16) -> Self {
        self.http_status = Some(status);
        self
    }

    /// The same fault with the vendor's own code.
    pub fn vendor(mut self, code: impl Into<String>) -> Self {
        self.vendor_code = Some(code.into());
        self
    }

    /// Returns true if no further row can be sent and the run must stop.
    pub fn ends_the_run(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::CredentialRefused | FaultKind::TargetUnusable
        )
    }
}
