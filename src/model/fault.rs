//! The refusals and failures of a PBX or of the network: for the people who run the PBX.

use std::borrow::Cow;
use std::fmt;
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
    /// The address answers, but there is no such PBX there, or it refuses our login: the run cannot continue.
    TargetUnusable,
    /// The PBX refused this extension.
    Rejected,
    /// The PBX reports that the extension exists already.
    Exists,
    /// The PBX reports that there is no such extension.
    Missing,
}

/// The origin of a fault, where more is decided by that than by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum FaultCause {
    /// Anything else.
    #[default]
    Other,
    /// A reply came that is not as the vendor's page prints it.
    NotUnderstood,
    /// A reply had no end within its limits: it would have none the next time either, and would cost as much.
    Endless,
    /// The run was interrupted.
    Interrupted,
    /// The PBX is another one than before, or has lost what was stored.
    AnotherPbx,
    /// The number belongs to something that is no extension, such as a trunk.
    NoExtension,
    /// The PBX has lost what was written, and takes it again only once the people who run it have acted.
    LostThere,
    /// The PBX has changed something with it that was not to be changed.
    ChangedBesides,
}

/// A refusal by the PBX, or a failure of the network. Never contains a secret, and never an address with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault: it decides what may be done next.
    pub kind: FaultKind,
    /// Its origin.
    pub(crate) cause: FaultCause,
    /// Stable id, for example `openvox.10025` or `link.timeout`.
    pub code: Cow<'static, str>,
    /// The event, in words; [`fmt::Display`] adds the PBX's own.
    pub message: String,
    /// The PBX's own words, as far as they may be shown; empty where there are none.
    pub(crate) pbx_words: String,
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
    pub(crate) done_before: String,
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
            cause: FaultCause::Other,
            code: code.into(),
            message: message.into(),
            pbx_words: String::new(),
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

    /// The same fault with its origin.
    pub(crate) fn cause(mut self, cause: FaultCause) -> Self {
        self.cause = cause;
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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.pbx_words.as_str() {
            "" => Ok(()),
            words => write!(f, "; it says: {words}"),
        }
    }
}
