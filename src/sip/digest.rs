//! The challenge of a registrar, and the answer to it: HTTP's digest as SIP uses it (RFC 3261, RFC 8760).

use super::message::{SipReply, list_of};
use crate::digest::{md5_hex, sha256_hex};
use crate::model::Secret;

/// The most realms that are answered at once.
const REALMS_MAX: usize = 8;

/// The hash of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5, which every registrar knows.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    fn hash(self, text: &str) -> String {
        match self {
            Algorithm::Md5 => md5_hex(text),
            Algorithm::Sha256 => sha256_hex(text.as_bytes()),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }
}

/// The protection that an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quality {
    /// As of old, without a counter.
    Plain,
    /// `auth`
    Auth,
    /// `auth-int`: the body too, which is empty.
    AuthInt,
}

/// A challenge that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The header that the answer goes into.
    header: &'static str,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// The hash, and the word for it as it came.
    algorithm: Algorithm,
    is_session: bool,
    /// True if the challenge names its algorithm.
    is_named: bool,
    quality: Quality,
    /// True if the answer was right and only too late.
    pub(crate) is_stale: bool,
}

/// The name and the secret that a telephone signs in with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The secret.
    pub secret: Secret,
}

/// The schemes of a reply that cannot be answered, for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswerable(pub String);

impl Challenge {
    /// The challenges of a reply that can be answered, one of each realm: the registrar puts the one that it likes best
    /// first. Of several realms each may be the one whose secret is known.
    ///
    /// # Errors
    /// There is none, with the algorithms that are asked for.
    pub fn of_realms(reply: &SipReply) -> Result<Vec<Challenge>, Unanswerable> {
        let mut challenges: Vec<Challenge> = vec![];
        let mut asked: Vec<String> = vec![];
        for (name, header) in [
            ("www-authenticate", "Authorization"),
            ("proxy-authenticate", "Proxy-Authorization"),
        ] {
            for value in reply.headers(name) {
                match Challenge::parse(value, header) {
                    Ok(challenge) => {
                        let is_new = |known: &Challenge| known.realm != challenge.realm;
                        if challenges.len() < REALMS_MAX && challenges.iter().all(is_new) {
                            challenges.push(challenge);
                        }
                    }
                    Err(word) => asked.push(word),
                }
            }
        }
        match challenges.is_empty() {
            true => Err(Unanswerable(asked.join(", "))),
            false => Ok(challenges),
        }
    }

    /// Reads a challenge, or returns the word for what it asks.
    fn parse(value: &str, header: &'static str) -> Result<Challenge, String> {
        let (scheme, parameters) = value.split_once([' ', '\t']).unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("digest") {
            return Err(scheme.to_owned());
        }
        let of = |name: &str| {
            list_of(parameters).find_map(|one| {
                let (own, value) = one.split_once('=')?;
                own.trim()
                    .eq_ignore_ascii_case(name)
                    .then(|| unquoted(value.trim()))
            })
        };
        let named = of("algorithm");
        let word = named.as_deref().unwrap_or("MD5");
        let (base, is_session) = match word.to_ascii_lowercase().strip_suffix("-sess") {
            Some(base) => (base.to_owned(), true),
            None => (word.to_ascii_lowercase(), false),
        };
        let algorithm = match base.as_str() {
            "md5" => Algorithm::Md5,
            "sha-256" => Algorithm::Sha256,
            _ => return Err(word.to_owned()),
        };
        let offered = of("qop").unwrap_or_default();
        let has = |word: &str| {
            offered
                .split(',')
                .any(|one| one.trim().eq_ignore_ascii_case(word))
        };
        let quality = match (offered.trim().is_empty(), has("auth"), has("auth-int")) {
            (true, ..) => Quality::Plain,
            (_, true, _) => Quality::Auth,
            (_, _, true) => Quality::AuthInt,
            _ => return Err(format!("qop {offered}")),
        };
        Ok(Challenge {
            header,
            realm: of("realm").unwrap_or_default(),
            nonce: of("nonce").ok_or("a challenge without a nonce")?,
            opaque: of("opaque"),
            algorithm,
            is_session,
            is_named: named.is_some(),
            quality,
            is_stale: of("stale").is_some_and(|word| word.eq_ignore_ascii_case("true")),
        })
    }

    /// The word for the hash.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The header and its value that answer the challenge for a request. `count` is how often its nonce was used, this
    /// time included; `cnonce` is made up anew each time.
    pub fn answer(
        &self,
        who: &Credentials,
        (method, uri): (&str, &str),
        count: u32,
        cnonce: &str,
    ) -> (&'static str, String) {
        let hash = |text: &str| self.algorithm.hash(text);
        let (realm, nonce) = (&self.realm, &self.nonce);
        let username = &who.username;
        let mut first = who
            .secret
            .derive(|secret| hash(&format!("{username}:{realm}:{secret}")));
        if self.is_session {
            first = first.derive(|first| hash(&format!("{first}:{nonce}:{cnonce}")));
        }
        let second = match self.quality {
            Quality::AuthInt => hash(&format!("{method}:{uri}:{}", hash(""))),
            _ => hash(&format!("{method}:{uri}")),
        };
        let quality = match self.quality {
            Quality::Plain => None,
            Quality::Auth => Some("auth"),
            Quality::AuthInt => Some("auth-int"),
        };
        let response = first.derive(|first| match quality {
            None => hash(&format!("{first}:{nonce}:{second}")),
            Some(word) => hash(&format!(
                "{first}:{nonce}:{count:08x}:{cnonce}:{word}:{second}"
            )),
        });
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\"",
            escaped(username),
            escaped(realm),
            escaped(nonce),
            response.reveal(),
        );
        if self.is_named {
            let session = if self.is_session { "-sess" } else { "" };
            value.push_str(&format!(", algorithm={}{session}", self.algorithm.word()));
        }
        if let Some(word) = quality {
            value.push_str(&format!(
                ", qop={word}, nc={count:08x}, cnonce=\"{cnonce}\""
            ));
        } else if self.is_session {
            value.push_str(&format!(", cnonce=\"{cnonce}\""));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{}\"", escaped(opaque)));
        }
        (self.header, value)
    }
}

/// A value without its quotes and what escapes them.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"') else {
        return text.to_owned();
    };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let (mut plain, mut is_escaped) = (String::with_capacity(inner.len()), false);
    for c in inner.chars() {
        if c == '\\' && !is_escaped {
            is_escaped = true;
            continue;
        }
        is_escaped = false;
        plain.push(c);
    }
    plain
}

/// A text for between quotes: what would end it is escaped, and nothing ends its line.
fn escaped(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !matches!(c, '\r' | '\n')) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(headers: &str) -> SipReply {
        let text = format!("SIP/2.0 401 Unauthorized\r\n{headers}\r\n\r\n");
        SipReply::parse(text.as_bytes()).unwrap()
    }

    fn mufasa(secret: &str) -> Credentials {
        Credentials {
            username: "Mufasa".into(),
            secret: Secret::new(secret),
        }
    }

    fn response(value: &str) -> &str {
        let (_, rest) = value.split_once("response=\"").unwrap();
        rest.split('"').next().unwrap()
    }

    /// The example of RFC 2617, 3.5, and both of RFC 7616, 3.9.1.
    #[test]
    fn answers_are_those_of_the_standards_examples() {
        let old = reply(
            "WWW-Authenticate: Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        );
        let challenge = Challenge::of_realms(&old).unwrap().remove(0);
        let who = mufasa("Circle Of Life");
        let (header, value) = challenge.answer(&who, ("GET", "/dir/index.html"), 1, "0a4f113b");
        assert_eq!(header, "Authorization");
        assert_eq!(response(&value), "6629fae49393a05397450978507c4ef1");
        assert!(
            value.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"")
                && !value.contains("algorithm")
        );
        let both = "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"";
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let who = mufasa("Circle of Life");
        for (algorithm, wanted) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let asked = reply(&format!(
                "Proxy-Authenticate: Digest algorithm={algorithm}, {both}"
            ));
            let challenge = Challenge::of_realms(&asked).unwrap().remove(0);
            let (header, value) = challenge.answer(&who, ("GET", "/dir/index.html"), 1, cnonce);
            assert_eq!((header, response(&value)), ("Proxy-Authorization", wanted));
            assert!(value.contains(&format!("algorithm={algorithm}, qop=auth, nc=00000001")));
        }
    }

    #[test]
    fn without_qop_the_answer_is_that_of_old() {
        let asked = reply("WWW-Authenticate: Digest realm=\"a \\\"b\\\", c\", nonce=\"n\"");
        let challenge = Challenge::of_realms(&asked).unwrap().remove(0);
        let who = Credentials {
            username: "o\"n\\e".into(),
            secret: Secret::new("s"),
        };
        let (_, value) = challenge.answer(&who, ("REGISTER", "sip:h"), 1, "c");
        let hash = |text: &str| Algorithm::Md5.hash(text);
        let first = hash("o\"n\\e:a \"b\", c:s");
        let wanted = hash(&format!("{first}:n:{}", hash("REGISTER:sip:h")));
        assert_eq!(response(&value), wanted);
        assert!(
            value.starts_with(
                "Digest username=\"o\\\"n\\\\e\", realm=\"a \\\"b\\\", c\", nonce=\"n\""
            )
        );
        assert!(!value.contains("qop") && !value.contains("cnonce"));
    }

    #[test]
    fn each_realm_is_answered_once() {
        let line = |realm: &str, algorithm: &str| {
            format!(
                "WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"n\", algorithm={algorithm}\r\n"
            )
        };
        let several = [
            line("a", "SHA-256"),
            line("a", "MD5"),
            line("b", "AKAv1-MD5"),
            line("b", "MD5"),
        ];
        let several = Challenge::of_realms(&reply(several.concat().trim_end())).unwrap();
        let realms = several.iter().map(|one| (&*one.realm, one.algorithm));
        let wanted = [("a", Algorithm::Sha256), ("b", Algorithm::Md5)];
        assert_eq!(realms.collect::<Vec<_>>(), wanted);
        let many: String = (0..50)
            .map(|realm| line(&realm.to_string(), "MD5"))
            .collect();
        let many = Challenge::of_realms(&reply(many.trim_end())).unwrap();
        assert_eq!(many.len(), REALMS_MAX);
    }

    #[test]
    fn the_registrars_first_choice_that_is_known_is_taken() {
        let of = |headers: &str| Challenge::of_realms(&reply(headers)).map(|mut all| all.remove(0));
        let line = |algorithm: &str| {
            format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm={algorithm}")
        };
        let several = [line("SHA-512-256"), line("sha-256"), line("MD5")].join("\r\n");
        assert_eq!(of(&several).unwrap().algorithm(), Algorithm::Sha256);
        let none = of(&format!(
            "{}\r\nWWW-Authenticate: Basic realm=\"r\"",
            line("SHA-512-256")
        ));
        assert_eq!(none, Err(Unanswerable("SHA-512-256, Basic".into())));
        assert_eq!(of("X: y"), Err(Unanswerable(String::new())));
        assert!(of("WWW-Authenticate: Digest realm=\"r\"").is_err());
        assert!(
            of(&format!("{}, stale=TRUE", line("MD5")))
                .unwrap()
                .is_stale
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", mufasa("canary-7731")).contains("canary"));
    }
}
