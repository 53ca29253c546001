//! A vendor and its extensions for tests.

use super::Manifest;
use crate::model::{Field, Record};

/// The facts of a made-up vendor but for its fields.
pub(crate) const HEAD: &str = r#"
    source.page = { title = "Page", url = "https://example.com", checked = "2026-11-21" }
    [vendor]
    id = "toy"
    name = "Toy"
    api = "1"
    path = ""
    port = 1
    rate = 1.0
    parallel = 1
    batch = 1
    reply_ms = 1000
    [ability]
    create = true
    update = "fields"
    delete = true
    list = true
    groups = true
    greetings = false
    sign_in = false
"#;

/// The rules of a vendor with fields of every access.
pub(crate) fn manifest() -> Manifest {
    let fields = r#"
        [[field]]
        name = "number"
        wire = "n"
        source = "page"
        [[field]]
        name = "email"
        wire = "e"
        source = "page"
        [[field]]
        name = "sip_password"
        wire = "p"
        source = "page"
        [[field]]
        name = "web_password"
        wire = "w"
        access = "write_only"
        source = "page"
        [[field]]
        name = "groups"
        wire = "g"
        source = "page"
        [[field]]
        name = "voicemail_greeting"
        wire = "v"
        fetched = true
        source = "page"
        [[field]]
        name = "status"
        wire = "s"
        access = "read_only"
        source = "page"
    "#;
    Manifest::parse(&[HEAD, fields].concat()).unwrap()
}

/// The extension 0042 with these fields.
pub(crate) fn extension(fields: &[(Field, &str)]) -> Record {
    let mut extension = Record::numbered("0042");
    for (field, text) in fields {
        extension.set(*field, *text);
    }
    extension
}
