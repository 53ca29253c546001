//! The decision who may see the page, and who may change something by it.
//!
//! The page listens on the loopback alone, and that is not enough: other sites send requests there from this browser,
//! a name of theirs may lead there, and other users of this machine reach it too. So a request must name this very
//! address (`Host`), come from no other page (`Origin`, `Sec-Fetch-Site`), and bring the cookie that only the address in
//! the terminal gives. The cookie belongs to a folder whose name is drawn by lot, because the browser would send it to
//! every port of this machine. What changes something needs its own token beside it.

use crate::digest::{hex, sha256_hex};
use crate::rim::Failure;
use crate::seal::random;
use std::sync::{Mutex, PoisonError};

/// The name of the cookie.
const COOKIE: &str = "rowcall";

/// The head of a request, as far as the guard looks at it.
#[derive(Default)]
pub(super) struct PageRequestHead {
    pub(super) path: String,
    pub(super) is_post: bool,
    pub(super) host: String,
    pub(super) origin: Option<String>,
    /// The browser's word on where the request comes from.
    pub(super) site: Option<String>,
    pub(super) cookies: String,
}

/// The guard's answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It may pass, with its path below the page's own folder.
    Pass(String),
    /// The address from the terminal: the browser is given the cookie.
    Admitted,
    /// Another name than this address: no word more.
    WrongHost,
    /// It comes from another page.
    Foreign,
    /// It has no cookie, or another one.
    Stranger,
    /// The path of nothing.
    Nowhere,
}

pub(super) struct Guard {
    /// The address as the browser writes it.
    host: String,
    /// The page's own folder, with a slash at both ends.
    base: String,
    cookie: String,
    form_key: String,
    /// The token of the address; none once it was used.
    token: Mutex<Option<String>>,
}

/// Draws letters by lot that nobody guesses.
fn drawn() -> Result<String, Failure> {
    let bytes: [u8; 24] = random()
        .map_err(|_| Failure::usage("this system gives no random bytes, which a page needs"))?;
    Ok(hex(&bytes))
}

/// Compares two texts, so that the time that it takes tells nothing of either.
fn is_same(one: &str, other: &str) -> bool {
    sha256_hex(one.as_bytes()) == sha256_hex(other.as_bytes())
}

impl Guard {
    /// Draws the page's secrets.
    ///
    /// # Errors
    /// Exit 2 where the system gives no random bytes.
    pub(super) fn new(port: u16) -> Result<Guard, Failure> {
        Ok(Guard {
            host: format!("127.0.0.1:{port}"),
            base: format!("/{}/", drawn()?),
            cookie: drawn()?,
            form_key: drawn()?,
            token: Mutex::new(Some(drawn()?)),
        })
    }

    /// The address to be opened, which works once.
    pub(super) fn address(&self) -> String {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let token = token.as_deref().unwrap_or_default();
        format!("http://{}/open/{token}", self.host)
    }

    /// Draws another address, for a browser that has lost the cookie. One that was not used is worth nothing then.
    ///
    /// # Errors
    /// Exit 2 where the system gives no random bytes.
    pub(super) fn renew(&self) -> Result<String, Failure> {
        let token = drawn()?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(self.address())
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The header that gives the browser the cookie.
    pub(super) fn set_cookie(&self) -> String {
        let (cookie, base) = (&self.cookie, &self.base);
        format!("{COOKIE}={cookie}; Path={base}; HttpOnly; SameSite=Strict")
    }

    /// The token that a form needs which sends to this path below the page's own folder.
    pub(super) fn form_token(&self, path: &str) -> String {
        sha256_hex(format!("{}\0{path}", self.form_key).as_bytes())
    }

    /// Returns true if this is the token of a form that sends there.
    pub(super) fn is_form_token(&self, path: &str, token: &str) -> bool {
        is_same(&self.form_token(path), token)
    }

    /// Judges a request by its head.
    pub(super) fn judge(&self, head: &PageRequestHead) -> Admission {
        if head.host != self.host {
            return Admission::WrongHost;
        }
        let own = format!("http://{}", self.host);
        let is_own = |origin: &String| *origin == own;
        let is_foreign = match (&head.origin, head.is_post) {
            // Every browser names the origin of what it sends.
            (None, is_post) => is_post,
            (Some(origin), _) => !is_own(origin),
        };
        if is_foreign {
            return Admission::Foreign;
        }
        if let (Some(token), false) = (head.path.strip_prefix("/open/"), head.is_post) {
            return match self.admits(token) {
                true => Admission::Admitted,
                false => Admission::Stranger,
            };
        }
        let site = head.site.as_deref().unwrap_or("none");
        if !matches!(site, "same-origin" | "none") {
            return Admission::Foreign;
        }
        let Some(path) = head.path.strip_prefix(self.base.as_str()) else {
            return Admission::Nowhere;
        };
        match self.has_cookie(head) {
            true => Admission::Pass(path.to_owned()),
            false => Admission::Stranger,
        }
    }

    /// Takes the token of the address, once.
    fn admits(&self, token: &str) -> bool {
        let mut own = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        own.take_if(|own| is_same(own, token)).is_some()
    }

    fn has_cookie(&self, head: &PageRequestHead) -> bool {
        let mut cookies = head.cookies.split(';');
        cookies.any(|cookie| {
            let named = cookie.trim().split_once('=');
            named.is_some_and(|(name, value)| name == COOKIE && is_same(value, &self.cookie))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(8123).unwrap()
    }

    fn head(guard: &Guard, path: &str) -> PageRequestHead {
        PageRequestHead {
            path: format!("{}{path}", guard.base),
            host: "127.0.0.1:8123".into(),
            cookies: format!("other=1; {COOKIE}={}", guard.cookie),
            ..PageRequestHead::default()
        }
    }

    #[test]
    fn the_address_works_once() {
        let guard = guard();
        let address = guard.address();
        let path = address.strip_prefix("http://127.0.0.1:8123").unwrap();
        let open = || PageRequestHead {
            path: path.into(),
            host: "127.0.0.1:8123".into(),
            ..PageRequestHead::default()
        };
        assert_eq!(guard.judge(&open()), Admission::Admitted);
        assert_eq!(guard.judge(&open()), Admission::Stranger);
    }

    #[test]
    fn another_address_works_once_too_and_the_one_before_no_more() {
        let guard = guard();
        let open = |address: &str| {
            let path = address.strip_prefix("http://127.0.0.1:8123").unwrap();
            guard.judge(&PageRequestHead {
                path: path.into(),
                host: "127.0.0.1:8123".into(),
                ..PageRequestHead::default()
            })
        };
        let before = guard.address();
        let after = guard.renew().unwrap();
        assert_eq!(open(&before), Admission::Stranger);
        assert_eq!(open(&after), Admission::Admitted);
        assert_eq!(open(&after), Admission::Stranger);
    }

    #[test]
    fn who_names_another_host_or_comes_from_another_page_does_not_pass() {
        let guard = guard();
        assert_eq!(
            guard.judge(&head(&guard, "rows")),
            Admission::Pass("rows".into())
        );
        for host in [
            "evil.example:8123",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost:8123",
            "",
        ] {
            let head = PageRequestHead {
                host: host.into(),
                ..head(&guard, "")
            };
            assert_eq!(guard.judge(&head), Admission::WrongHost, "{host}");
        }
        for origin in [
            "http://evil.example",
            "null",
            "http://127.0.0.1:8124",
            "https://127.0.0.1:8123",
        ] {
            for is_post in [false, true] {
                let origin = Some(origin.to_owned());
                let head = PageRequestHead {
                    origin,
                    is_post,
                    ..head(&guard, "")
                };
                assert_eq!(guard.judge(&head), Admission::Foreign);
            }
        }
        for site in ["cross-site", "same-site"] {
            let head = PageRequestHead {
                site: Some(site.into()),
                ..head(&guard, "")
            };
            assert_eq!(guard.judge(&head), Admission::Foreign, "{site}");
        }
        let post = PageRequestHead {
            is_post: true,
            ..head(&guard, "")
        };
        assert_eq!(guard.judge(&post), Admission::Foreign);
    }

    #[test]
    fn without_the_cookie_nothing_is_seen() {
        let guard = guard();
        for cookies in ["", "rowcall=", "rowcall=0", "rowcal=x"] {
            let head = PageRequestHead {
                cookies: cookies.into(),
                ..head(&guard, "rows")
            };
            assert_eq!(guard.judge(&head), Admission::Stranger, "{cookies}");
        }
        let elsewhere = PageRequestHead {
            path: "/".into(),
            ..head(&guard, "")
        };
        assert_eq!(guard.judge(&elsewhere), Admission::Nowhere);
    }

    #[test]
    fn each_form_has_a_token_of_its_own() {
        let guard = guard();
        assert!(guard.is_form_token("go", &guard.form_token("go")));
        assert!(!guard.is_form_token("go", &guard.form_token("plan")));
        assert!(!guard.is_form_token("go", ""));
    }
}
