//! Finds the texts for people in the sources, by a simple rule that rather takes one too many: a literal with two words,
//! or with one beside a place for a value.

use crate::model::Field;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Meta};

/// Modules, or their beginnings, without texts for people, with the reason.
const WITHOUT: &[(&str, &str)] = &[
    ("cli/completions.rs", "scripts for shells"),
    ("cli/man.rs", "the help is in a table of its own"),
    ("cli/mod.rs", "the help is in a table of its own"),
    ("cli/runs.rs", "the help is in a table of its own"),
    ("cli/safety.rs", "the help is in a table of its own"),
    ("cli/lang.rs", "the help is in a table of its own"),
    (
        "model/field.rs",
        "has its headings in all languages; its help is read from the dictionary",
    ),
    ("fleet/metrics.rs", "figures for Prometheus"),
    ("sheet/html/", "marks of pages; its words are told by name"),
    ("sheet/xlsx/mark.rs", "marks of workbooks"),
    ("sim/mod.rs", "what a PBX says"),
    ("sim/registrar.rs", "what a PBX says"),
    ("sim/server.rs", "what a PBX says"),
    ("vendors/3cx-v20/sim", "what a PBX says"),
    ("vendors/asterisk/sim", "what a PBX says"),
    ("vendors/freepbx/sim", "what a PBX says"),
    ("vendors/openvox/sim", "what a PBX says"),
    ("vendors/ozeki/sim", "what a PBX says"),
    ("vendors/portsip/sim", "what a PBX says"),
    ("vendors/yeastar_p/sim", "what a PBX says"),
    ("vendors/yeastar_s/sim", "what a PBX says"),
];

/// Constants whose texts are looked for and never told, with the reason.
const LOOKED_FOR: &[(&str, &str)] = &[
    ("ledger/error.rs:DISK_TROUBLES", "words of SQLite's errors"),
    (
        "page/server.rs:POLICY",
        "the rights of a page, for browsers",
    ),
    ("rim/log.rs:HEAD", "the first line of a log"),
    ("rules/compiled.rs:SWALLOWED_ADDRESS", "what web pages show"),
    ("rules/passwords.rs:NO_PASSWORD", "what sheets say"),
    ("rules/totals.rs:TOTALS_OF", "what sheets say"),
    ("rules/totals.rs:TOTALS_OR_NAMES", "what sheets say"),
    ("rules/vacant.rs:VACANT", "what sheets say"),
    ("rules/vacant.rs:VACANT_BEGINS", "what sheets say"),
    ("sheet/detect/groups.rs:BEGINNINGS", "what sheets say"),
    ("sim/faults.rs:WORDS", "the help is in a table of its own"),
    ("vendors/asterisk/ami.rs:REFUSALS", "what a PBX says"),
    ("vendors/asterisk/protocol.rs:REFUSALS", "what a PBX says"),
    ("vendors/freepbx/mod.rs:APPLY", "what a PBX is asked"),
    ("vendors/freepbx/mod.rs:APPLY_STATUS", "what a PBX is asked"),
    ("vendors/freepbx/mod.rs:FETCH", "what a PBX is asked"),
    ("vendors/freepbx/mod.rs:LIST", "what a PBX is asked"),
    ("vendors/freepbx/mod.rs:MAILBOX", "what a PBX is asked"),
    ("vendors/freepbx/mod.rs:PROVE", "what a PBX is asked"),
    ("vendors/freepbx/mod.rs:PROVE_APPLY", "what a PBX is asked"),
    ("vendors/freepbx/mod.rs:UNKNOWN_QUERY", "what a PBX says"),
];

/// Single texts that no person reads, with the reason.
const UNREAD: &[(&str, &str)] = &[
    ("{PROGRAM} lookup {}", "a command to type"),
    (
        "  {}. rowcall verify {} EXPORT --for {}",
        "a command to type",
    ),
    ("  rowcall {}", "a command to type"),
    ("$ rowcall {}", "a command to type"),
    ("rowcall undo ", "a command to type"),
    ("rowcall report ", "a command to type"),
    ("rowcall resume ", "a command to type"),
    ("rowcall resume {}", "a command to type"),
    ("{command} (overwrite)", "a command's name with its mode"),
    ("chmod 600 {}", "a command to type"),
    ("archive list", "a command's name in JSON"),
    ("archive verify", "a command's name in JSON"),
    ("fleet report", "a command's name in JSON"),
    ("runs show", "a command's name in JSON"),
    (
        "[targets.{name}]\nvendor = {vendor}\nurl = {url}\n",
        "lines of rowcall.toml",
    ),
    ("username = {}\n", "lines of rowcall.toml"),
    (" at line ", "looked for in an error"),
    ("mac roman", "a name that may be typed"),
    (
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\"",
        "what a telephone says",
    ),
    (", algorithm={}{session}", "what a telephone says"),
    (", cnonce=\"{cnonce}\"", "what a telephone says"),
    (", opaque=\"{}\"", "what a telephone says"),
    ("Object with id '", "what a PBX says"),
    ("' not found", "what a PBX says"),
    (
        "Key: /{FAMILY}/endpoint/{id}\nVal: {value}\n\n",
        "what a PBX says",
    ),
    (
        "mutation($input: {name}Input!) {{ {name}(input: $input) {{ status message }} }}",
        "what a PBX is asked",
    ),
    ("{name} eq '{text}'", "what a PBX is asked"),
    ("role in {department}", "an attribute's name"),
    ("ami list", "a request's name"),
    ("ami login", "a request's name"),
    ("ami logoff", "a request's name"),
    ("ami may write", "a request's name"),
    ("ami ping", "a request's name"),
    ("change mailbox", "a request's name"),
    ("reload mailbox", "a request's name"),
    ("delete aor", "a request's name"),
    ("delete auth", "a request's name"),
    ("delete endpoint", "a request's name"),
    ("empty cache", "a request's name"),
    ("get aor", "a request's name"),
    ("get auth", "a request's name"),
    ("get contact", "a request's name"),
    ("get endpoint", "a request's name"),
    ("get keys", "a request's name"),
    ("get mailbox in use", "a request's name"),
    ("get mailboxes", "a request's name"),
    ("get mapping", "a request's name"),
    ("get state", "a request's name"),
    ("get stored aor", "a request's name"),
    ("get stored endpoint", "a request's name"),
    ("put stored aor", "a request's name"),
    ("get voicemail file", "a request's name"),
    ("may write", "a request's name"),
    ("put aor", "a request's name"),
    ("put auth", "a request's name"),
    ("put endpoint", "a request's name"),
    ("remove key", "a request's name"),
    ("set key", "a request's name"),
];

/// The keys of facts whose texts people read.
const FACTS: &[&str] = &[
    "apply.interrupts",
    "apply.note",
    "default.reason",
    "fault.hint",
    "fault.meaning",
    "field.choices.note",
    "field.note",
    "field.rules.note",
    "file.existing",
    "file.inferred",
    "file.sets.reason",
    "file.silently",
    "file.steps",
    "follows.reason",
    "group.field.note",
    "group.field.rules.note",
    "idle.reason",
    "join.reason",
    "names_number.reason",
    "product.inferred",
    "same.reason",
    "setting.help",
    "cross.note",
    "vendor.pace_note",
    "vendor.without_field",
    "setting.rules.note",
    "sip.note",
    "split.reason",
    "stays.reason",
    "vendor.advice.text",
    "vendor.api",
];

/// The texts of the sources.
#[derive(Default)]
pub(super) struct SourceTexts {
    /// Those that people read, each with its place.
    pub(super) told: BTreeMap<String, String>,
    /// All literals.
    pub(super) all: BTreeSet<String>,
    /// The file that is read, and the item.
    file: String,
    items: Vec<String>,
}

impl SourceTexts {
    /// Reads all sources but tests, and all facts.
    pub(super) fn read() -> SourceTexts {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut texts = SourceTexts::default();
        for path in files(&root) {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let text = fs::read_to_string(&path).unwrap();
            if name.ends_with(".rs") && !is_test(&name) {
                texts.file = name;
                let file = syn::parse_file(&text).unwrap();
                texts.visit_file(&file);
            } else if name.ends_with(".toml") && !name.starts_with("lang/") {
                let facts: toml::Table = toml::from_str(&text).unwrap();
                texts.facts(&toml::Value::Table(facts), &mut vec![], &name);
            }
        }
        for field in Field::all() {
            texts.add(field.def().help, format!("the help of {}", field.name()));
        }
        texts
    }

    fn add(&mut self, text: &str, place: String) {
        self.all.insert(text.to_owned());
        self.told.entry(text.to_owned()).or_insert(place);
    }

    fn facts<'v>(&mut self, value: &'v toml::Value, path: &mut Vec<&'v str>, file: &str) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    path.push(key);
                    self.facts(value, path, file);
                    path.pop();
                }
            }
            toml::Value::Array(values) => {
                for value in values {
                    self.facts(value, path, file);
                }
            }
            // One word may be a name.
            toml::Value::String(text)
                if FACTS.contains(&path.join(".").as_str()) && text.contains(' ') =>
            {
                self.add(text, file.to_owned());
            }
            _ => {}
        }
    }

    /// Takes a literal.
    fn literal(&mut self, text: String, line: usize) {
        let item = self.items.last().cloned().unwrap_or_default();
        let is_of = |known: &str| match known.split_once(':') {
            Some((file, constant)) => self.file == file && item == constant,
            None => self.file.starts_with(known),
        };
        let is_left = WITHOUT
            .iter()
            .chain(LOOKED_FOR)
            .any(|(known, _)| is_of(known))
            || UNREAD.iter().any(|(known, _)| *known == text);
        if is_text(&text) && !is_left {
            let place = format!("{}:{line}", self.file);
            self.told.entry(text.clone()).or_insert(place);
        }
        self.all.insert(text);
    }

    /// Takes the nouns that are counted, in both forms, and the texts that are translated by name.
    fn by_name(&mut self, function: &str, text: &str, line: usize) {
        let place = format!("{}:{line}", self.file);
        match function {
            "counted" => {
                self.add(text, place.clone());
                self.add(&format!("{text}s"), place);
            }
            "translated" => self.add(text, place),
            _ => {}
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let (mut called, mut is_attribute) = (String::new(), false);
        for token in tokens {
            match token {
                TokenTree::Group(_) if is_attribute => is_attribute = false,
                TokenTree::Group(group) => {
                    for inner in group.stream() {
                        let line = inner.span().start().line;
                        if let Some(text) = literal_of(&inner) {
                            self.by_name(&called, &text, line);
                        }
                    }
                    called.clear();
                    self.tokens(group.stream());
                }
                TokenTree::Ident(name) => called = name.to_string(),
                TokenTree::Punct(mark) => is_attribute = mark.as_char() == '#',
                literal => {
                    let line = literal.span().start().line;
                    if let Some(text) = literal_of(&literal) {
                        self.literal(text, line);
                    }
                }
            }
        }
    }
}

impl<'s> Visit<'s> for SourceTexts {
    fn visit_item(&mut self, item: &'s syn::Item) {
        let (attributes, name) = match item {
            syn::Item::Const(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            syn::Item::Impl(item) => (&item.attrs, None),
            syn::Item::Mod(item) => (&item.attrs, Some(&item.ident)),
            syn::Item::Static(item) => (&item.attrs, Some(&item.ident)),
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            self.items
                .push(name.map_or_else(String::new, ToString::to_string));
            visit::visit_item(self, item);
            self.items.pop();
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'s syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_attribute(&mut self, attribute: &'s Attribute) {
        if let Meta::List(list) = &attribute.meta
            && list.path.is_ident("error")
        {
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_macro(&mut self, call: &'s syn::Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_expr_call(&mut self, call: &'s syn::ExprCall) {
        if let syn::Expr::Path(function) = &*call.func
            && let Some(name) = function.path.segments.last()
        {
            for argument in &call.args {
                if let syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) = argument
                {
                    let line = text.span().start().line;
                    self.by_name(&name.ident.to_string(), &text.value(), line);
                }
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_lit_str(&mut self, text: &'s syn::LitStr) {
        self.literal(text.value(), text.span().start().line);
    }
}

fn literal_of(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else {
        return None;
    };
    let text: syn::LitStr = syn::parse_str(&literal.to_string()).ok()?;
    Some(text.value())
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

fn is_test(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.contains("/tests/")
        || file.ends_with("tests.rs")
        || ["testkit.rs", "for_tests.rs", "fake_vendor.rs"].contains(&file)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all.sort();
    all
}

/// Returns true for a text with two words, or with one beside a place for a value.
fn is_text(text: &str) -> bool {
    const OF_MACHINES: [&str; 8] = [
        "<", "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "ALTER ", "PRAGMA ",
    ];
    let beginning = text.trim_start();
    let is_for_machines = OF_MACHINES.iter().any(|known| beginning.starts_with(known));
    if is_for_machines || text.contains("\r\n") || text.contains("charset=") {
        return false;
    }
    let mut bare = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        bare.push_str(before);
        bare.push('\u{1}');
        rest = behind.split_once('}').map_or("", |(_, rest)| rest);
    }
    bare.push_str(rest);
    let parts: Vec<&str> = bare
        .split_whitespace()
        .filter(|part| !part.starts_with("--"))
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect();
    let is_word = |part: &&&str| {
        let inner = |c: char| c.is_alphabetic() || matches!(c, '\'' | '-');
        part.chars().count() > 1 && part.chars().all(inner)
    };
    let words: Vec<&&str> = parts.iter().filter(is_word).collect();
    let is_small = |word: &&&str| word.chars().all(|c| c.is_lowercase() || !c.is_alphabetic());
    let small = words.iter().filter(|word| is_small(word));
    let longest = small.map(|word| word.chars().count()).max();
    let has_place = bare.contains('\u{1}') && parts.len() > 1;
    longest.is_some_and(|longest| words.len() > 1 || (has_place && longest > 2))
}
