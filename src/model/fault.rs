//! The PBX or the network said no: for whoever runs the PBX.

use std::borrow::Cow;
use std::time::Duration;

/// What a fault means for what may be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It certainly never reached the PBX; saying it again is safe.
    NotSent,
    /// It may have happened: look at the PBX before saying anything again.
    MayHaveHappened,
    /// The PBX said "later" in words of its own and did nothing.
    Busy,
    /// The session ran out; nothing was done.
    SessionExpired,
    /// User name or password refused: stop at the first, vendors lock the account after five.
    CredentialRefused,
    /// What answers there is no such PBX, or does not let us in: the run cannot go on.
    TargetUnusable,
    /// The PBX said no to this extension.
    Rejected,
    /// The PBX says that the extension exists already.
    Exists,
    /// The PBX says that there is no such extension.
    Missing,
}

/// What the PBX or the network said against us. Never holds a secret, and never an address with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What may be done next.
    pub kind: FaultKind,
    /// Stable id, for example `openvox.10025` or `link.timeout`.
    pub code: Cow<'static, str>,
    /// What happened, in words.
    pub message: String,
    /// What to do about it; empty where there is nothing to say.
    pub hint: String,
    /// The HTTP status, where a reply came.
    pub http_status: Option<u16>,
    /// The vendor's own code or word, where one came.
    pub vendor_code: Option<String>,
    /// How long the PBX asked to be left alone.
    pub retry_after: Option<Duration>,
    /// What had already been done to the extension when this came, in words; empty where nothing.
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

    /// Whether no further row can go: the run must stop.
    pub fn ends_the_run(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::CredentialRefused | FaultKind::TargetUnusable
        )
    }
}
