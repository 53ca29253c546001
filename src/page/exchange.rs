//! A request of the browser, and the reply to it, as plain data.

use maud::Markup;

/// The method of a request: the page has no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageMethod {
    Get,
    Post,
}

/// The names and values of a query or a form.
#[derive(Default)]
pub(super) struct FormFields(pub(super) Vec<(String, String)>);

impl FormFields {
    /// Reads `name=value&…`.
    pub(super) fn parse(text: &[u8]) -> FormFields {
        FormFields(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a name; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The first value of a name as a number.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.get(name).parse().ok()
    }
}

/// A request that the guard let through.
pub(super) struct PageRequest {
    pub(super) method: PageMethod,
    /// The path below the page's own folder, such as `rows`.
    pub(super) path: String,
    pub(super) query: FormFields,
    pub(super) form: FormFields,
}

/// The reply to a request.
pub(super) struct PageReply {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    /// Headers beside those that every reply has.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl PageReply {
    pub(super) fn page(markup: Markup) -> PageReply {
        PageReply::new(200, "text/html; charset=utf-8", markup.into_string())
    }

    pub(super) fn new(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> PageReply {
        PageReply {
            status,
            kind,
            headers: vec![],
            body: body.into(),
        }
    }

    /// Sends the browser on, by GET, to a path below the page's own folder.
    pub(super) fn go(base: &str, path: &str) -> PageReply {
        PageReply::new(303, "text/plain; charset=utf-8", "")
            .with("location", format!("{base}{path}"))
    }

    /// A file to be saved under this name.
    pub(super) fn file(name: &str, kind: &'static str, body: Vec<u8>) -> PageReply {
        let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let encoded = encoded.replace('+', "%20");
        let disposition = ["attachment; filename*=UTF-8''", &encoded].concat();
        PageReply::new(200, kind, body).with("content-disposition", disposition)
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> PageReply {
        self.headers.push((name, value));
        self
    }
}
