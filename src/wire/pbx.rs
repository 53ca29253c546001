//! The other end of the wire, as a simulated PBX sees it.

use super::Reply;

/// A request as it reached a PBX: bytes, not yet understood.
#[derive(Clone)]
pub struct RawRequest {
    /// HTTP's verb, as it came.
    pub method: String,
    /// Path and query, as they came.
    pub target: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl RawRequest {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query without the `?`; empty where there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// A PBX that exists only in this process.
///
/// It parses requests for itself and enforces the vendor's printed rules itself: it may use nothing of the vendor's
/// conversation, its mapping or its `vendor.toml`, or it would agree with their mistakes.
pub trait Pbx: Send {
    /// Answers one request, as the vendor's pages print it, their defects included.
    fn answer(&mut self, request: &RawRequest) -> Reply;

    /// Makes every session run out at once.
    fn expire_sessions(&mut self);

    /// The numbers of its extensions.
    fn numbers(&self) -> Vec<String>;

    /// Returns one property of one extension, by the vendor's own name (in JSON a dotted path), as it is stored.
    fn stored(&self, number: &str, name: &str) -> Option<String>;

    /// The same, as telephones find it: what is stored may not be in effect yet.
    fn live(&self, number: &str, name: &str) -> Option<String> {
        self.stored(number, name)
    }

    /// Times that an extension of this number was created; more than once is a duplicate.
    fn created(&self, number: &str) -> u32;

    /// The number of sign-ins that were asked for, including refused ones.
    fn sign_ins(&self) -> u32;
}
