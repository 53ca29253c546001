//! Secrets that are recognised wherever they show.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Every secret contains one of these: none may ever show.
pub(crate) const CANARIES: [&str; 2] = ["Canary7731", "77310042"];

/// Checks that no canary shows in the view of a person or a log.
#[track_caller]
pub(crate) fn assert_no_secret_shown(thing: &impl fmt::Debug) {
    let shown = format!("{thing:?}");
    for canary in CANARIES {
        assert!(!shown.contains(canary), "a secret shows: {shown}");
    }
}

/// Checks that no file of a folder contains a secret in clear.
pub(crate) fn assert_no_secret_in(folder: &Path) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += assert_no_secret_in(&path);
            continue;
        }
        files += 1;
        let bytes = fs::read(&path).unwrap();
        for canary in CANARIES.map(str::as_bytes) {
            let found = bytes.windows(canary.len()).any(|window| window == canary);
            assert!(!found, "{} holds a secret", path.display());
        }
    }
    files
}

/// Checks that an output has no secret, no panic and none of Rust's own way of showing values.
#[track_caller]
pub(crate) fn assert_no_secret(what: &str, text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{what} tells a secret:\n{text}");
    }
    for word in [
        "panicked", "Err(", "Ok(", "Some(", "None", "Error {", "Fault {",
    ] {
        assert!(!text.contains(word), "{what} holds {word}:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "{what} holds escapes:\n{text:?}");
}

fn base64(bytes: &[u8], digits: &[u8]) -> String {
    // Complete groups only: the end depends on the bytes that follow.
    let groups = bytes.chunks_exact(3);
    let bits = groups.map(|group| {
        group
            .iter()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte))
    });
    let digits =
        bits.flat_map(|bits| [18, 12, 6, 0].map(|shift| char::from(digits[bits >> shift & 63])));
    digits.collect()
}

/// All ways in which a secret could be written down.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let percent = |keep: fn(char) -> bool, lower: bool| -> String {
        let bytes = secret
            .bytes()
            .map(|byte| match (keep(char::from(byte)), lower) {
                (true, _) => char::from(byte).to_string(),
                (false, true) => format!("%{byte:02x}"),
                (false, false) => format!("%{byte:02X}"),
            });
        bytes.collect()
    };
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let json = serde_json::to_string(secret).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let xml = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut forms = vec![
        secret.to_owned(),
        format!("{secret:?}").trim_matches('"').to_owned(),
        json.replace('/', "\\/"),
        json.replace('ä', "\\u00e4"),
        json.replace('ä', "\\u00E4"),
        json,
        secret.replace('&', "&amp;").replace('<', "&lt;"),
        xml.replace('"', "&quot;"),
        xml.replace('"', "&quot;").replace('\'', "&apos;"),
        xml.replace('"', "&quot;").replace('\'', "&#39;"),
        xml.replace('"', "&#34;").replace('\'', "&#39;"),
        xml,
        secret.replace('"', "\"\""),
        percent(|c| c.is_ascii_alphanumeric(), false),
        percent(unreserved, false),
        percent(unreserved, true),
        percent(unreserved, false).replace("%20", "+"),
        percent(|_| false, false),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ];
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for last in ["+/", "-_"] {
        let digits = format!("{letters}{last}");
        forms.extend((0..3).map(|skip| base64(&secret.as_bytes()[skip..], digits.as_bytes())));
    }
    forms
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|path| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    });
    below.collect()
}
