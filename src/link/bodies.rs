//! The bodies of an exchange as text for a log, without secrets: a value is shown only under a name that is known to be no
//! secret's, and only where it repeats no value that is hidden.

use crate::model::redact::{NOT_SHOWN, ReadWords, WholeSecrets, is_short_number};
use crate::model::{SheetSecrets, WireText};
use crate::wire::{Body, Reply, Request, json, xml};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Most characters of one body that are shown.
const BODY_CHARS_MAX: usize = 8000;

/// Most values of one body that are shown.
const VALUES_MAX: usize = 200;

/// The length from which a hidden value is looked for in those that are shown, in bytes: shorter ones, such as `on` or
/// `12`, are everywhere.
const HIDDEN_BYTES_MIN: usize = 4;

/// The names of a vendor's requests and replies whose values a log may show.
#[derive(Debug, Clone, Default)]
pub struct OpenNames {
    /// Names of fields that are no secrets.
    pub fields: HashSet<String>,
    /// Names of the PBX's own words, such as an error's text.
    pub words: HashSet<String>,
    /// Names of ids and counts, shown where the value is a number.
    pub numbers: HashSet<String>,
    /// The names of the two members of an object that stand for a name and its value.
    pub pair: Option<[String; 2]>,
    /// The secrets of the sheets that are read, which no value may show.
    pub(crate) secrets: Arc<RwLock<SheetSecrets>>,
}

/// Returns the lines of one exchange: the query and the body of the request, and the body of the reply.
pub fn bodies(request: &Request, reply: Option<&Reply>, names: &OpenNames) -> Vec<String> {
    let mut shown = ShownBodies {
        names,
        hidden: HashSet::new(),
        whole: WholeSecrets::default(),
        values: 0,
    };
    let mut sent = vec![BodyTree::of_pairs(&request.query)];
    sent.push(match &request.body {
        Body::Empty => BodyTree::Empty,
        Body::Json(value) => BodyTree::Json(value.clone()),
        Body::Xml(element) => BodyTree::Xml(element.clone()),
        Body::Form(pairs) => BodyTree::of_pairs(pairs),
    });
    let came = reply.map_or(BodyTree::Empty, BodyTree::of_reply);
    let secrets = request.reveal_secrets();
    shown
        .hidden
        .extend(secrets.map(|(_, value)| value.to_owned()));
    for tree in sent.iter().chain([&came]) {
        shown.collect(tree);
    }
    shown.hidden.retain(|text| text.len() >= HIDDEN_BYTES_MIN);
    let hidden = shown.hidden.iter().map(String::as_str);
    shown.whole = WholeSecrets::new(hidden.filter(|text| !is_short_number(text)));
    let bodies = [("> query ", &sent[0]), ("> ", &sent[1]), ("< ", &came)];
    let lines = bodies.into_iter();
    lines
        .filter_map(|(sign, tree)| Some(format!("{sign}{}", shown.text(tree)?)))
        .collect()
}

/// A query or a body, taken apart.
enum BodyTree {
    Empty,
    Json(Value),
    Xml(xml::Element),
    /// A query, a form, or lines of `Name: value`.
    Pairs(Vec<(String, String)>),
    /// In no form that is known.
    Opaque(usize),
}

impl BodyTree {
    fn of_pairs(pairs: &[(String, WireText)]) -> BodyTree {
        if pairs.is_empty() {
            return BodyTree::Empty;
        }
        let pair = |(name, value): &(String, WireText)| (name.clone(), value.reveal().to_owned());
        BodyTree::Pairs(pairs.iter().map(pair).collect())
    }

    fn of_reply(reply: &Reply) -> BodyTree {
        if reply.body.is_empty() {
            return BodyTree::Empty;
        }
        if let Ok(value) = json::parse(&reply.body) {
            return BodyTree::Json(value);
        }
        if let Ok(element) = xml::parse(&reply.body) {
            return BodyTree::Xml(element);
        }
        let lines = std::str::from_utf8(&reply.body).ok().and_then(|text| {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let pair = |line: &str| {
                let (name, value) = line.split_once(": ").or_else(|| line.split_once(':'))?;
                Some((name.to_owned(), value.to_owned()))
            };
            lines.map(pair).collect()
        });
        lines.map_or(BodyTree::Opaque(reply.body.len()), BodyTree::Pairs)
    }
}

/// One exchange on its way into a log.
struct ShownBodies<'n> {
    names: &'n OpenNames,
    /// Values that no shown one may repeat.
    hidden: HashSet<String>,
    /// The same, but for short numbers.
    whole: WholeSecrets,
    /// The number of values of the present body that are shown so far.
    values: usize,
}

impl ShownBodies<'_> {
    fn is_open(&self, name: &str) -> bool {
        self.names.fields.contains(name) || self.names.words.contains(name)
    }

    /// Takes down the values under all other names.
    fn collect(&mut self, tree: &BodyTree) {
        match tree {
            BodyTree::Empty | BodyTree::Opaque(_) => {}
            BodyTree::Json(value) => self.collect_json("", value),
            BodyTree::Xml(element) => self.collect_xml(element),
            BodyTree::Pairs(pairs) => {
                for (name, value) in pairs {
                    self.collect_value(name, value);
                }
            }
        }
    }

    fn collect_value(&mut self, name: &str, value: &str) {
        if !self.is_open(name) && !is_state(value) {
            self.hidden.insert(value.trim().to_owned());
        }
    }

    fn collect_json(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(_) if self.names.numbers.contains(name) => {}
            Value::Number(number) => self.collect_value(name, &number.to_string()),
            Value::String(text) => self.collect_value(name, text),
            Value::Array(items) => {
                for item in items {
                    self.collect_json(name, item);
                }
            }
            Value::Object(members) => {
                if let Some((own, value)) = self.pair(value) {
                    return self.collect_json(own, value);
                }
                for (name, value) in members {
                    self.collect_json(name, value);
                }
            }
        }
    }

    fn collect_xml(&mut self, element: &xml::Element) {
        for (name, value) in &element.attributes {
            self.collect_value(name, value);
        }
        self.collect_value(&element.name, &element.text);
        for child in &element.children {
            self.collect_xml(child);
        }
    }

    /// The name and the value that an object stands for.
    fn pair<'v>(&self, object: &'v Value) -> Option<(&'v str, &'v Value)> {
        let [name, value] = self.names.pair.as_ref()?;
        let members = object.as_object().filter(|members| members.len() == 2)?;
        Some((members.get(name)?.as_str()?, members.get(value)?))
    }

    /// The text of a query or a body; `None` where there is none.
    fn text(&mut self, tree: &BodyTree) -> Option<String> {
        self.values = 0;
        let text = match tree {
            BodyTree::Empty => return None,
            BodyTree::Opaque(bytes) => format!("({bytes} bytes)"),
            BodyTree::Json(value) => self.json("", value).to_string(),
            BodyTree::Xml(element) => {
                let shown = self.xml(element).to_xml();
                shown.unwrap_or_else(|_| NOT_SHOWN.to_owned())
            }
            BodyTree::Pairs(pairs) => {
                let pair = |(name, value): &(String, String)| {
                    format!("{}: {}", self.name(name), self.value(name, value))
                };
                let mut shown: Vec<String> = pairs.iter().take(VALUES_MAX).map(pair).collect();
                if pairs.len() > VALUES_MAX {
                    shown.push(format!("… {} in all", pairs.len()));
                }
                shown.join(", ")
            }
        };
        let end = text.char_indices().nth(BODY_CHARS_MAX);
        Some(match end {
            None => text,
            Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        })
    }

    fn value(&mut self, name: &str, value: &str) -> String {
        self.values += 1;
        if self.values > VALUES_MAX {
            return "…".to_owned();
        }
        let is_open = self.is_open(name) && !self.repeats_hidden(name, value);
        match is_open || value.trim().is_empty() {
            true => value.to_owned(),
            false => NOT_SHOWN.to_owned(),
        }
    }

    /// Returns true if a text contains a hidden value; in a PBX's own words a piece of one is enough. A short number that
    /// is a PIN too gives nothing away.
    fn repeats_hidden(&self, name: &str, text: &str) -> bool {
        let is_word = self.names.words.contains(name);
        let in_words = || {
            let words = ReadWords::new(text);
            self.hidden.iter().any(|hidden| words.repeat(hidden))
        };
        let in_sheet = || {
            let secrets = self.names.secrets.read();
            let secrets = secrets.unwrap_or_else(PoisonError::into_inner);
            secrets.are_in_open(text)
        };
        self.whole.are_in(text) || in_sheet() || (is_word && in_words())
    }

    /// A name, where it is none that was made of a value.
    fn name(&self, name: &str) -> String {
        match self.is_open(name) || !self.repeats_hidden("", name) {
            true => name.to_owned(),
            false => NOT_SHOWN.to_owned(),
        }
    }

    fn json(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(number)
                if self.names.numbers.contains(name)
                    && !self.repeats_hidden(name, &number.to_string()) =>
            {
                value.clone()
            }
            Value::Number(number) => match self.value(name, &number.to_string()) {
                shown if shown == number.to_string() => value.clone(),
                other => other.into(),
            },
            Value::String(text) => self.value(name, text).into(),
            Value::Array(items) => {
                let shown = items.iter().take(VALUES_MAX);
                shown.map(|item| self.json(name, item)).collect()
            }
            Value::Object(members) => {
                let pair = self.pair(value);
                let shown = members.iter().take(VALUES_MAX).map(|(name, value)| {
                    let shown = match pair {
                        Some((own, paired)) if std::ptr::eq(value, paired) => self.json(own, value),
                        Some((own, _)) => self.name(own).into(),
                        None => self.json(name, value),
                    };
                    (self.name(name), shown)
                });
                Value::Object(shown.collect())
            }
        }
    }

    fn xml(&mut self, element: &xml::Element) -> xml::Element {
        let attributes = element.attributes.iter().take(VALUES_MAX);
        let attributes = attributes
            .map(|(name, value)| (self.name(name), self.value(name, value)))
            .collect();
        let text = match element.text.trim() {
            "" => String::new(),
            text => self.value(&element.name, text),
        };
        let children = element.children.iter().take(VALUES_MAX);
        xml::Element {
            name: self.name(&element.name),
            attributes,
            text,
            children: children.map(|child| self.xml(child)).collect(),
        }
    }
}

/// Returns true for a text that says yes or no, which other values may say too.
fn is_state(text: &str) -> bool {
    const STATES: [&str; 4] = ["true", "false", "enabled", "disabled"];
    STATES.contains(&text.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;
    use crate::wire::{Effect, Method};
    use serde_json::json;

    fn names() -> OpenNames {
        let set = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        OpenNames {
            fields: set(&["number", "name", "command", "Id"]),
            words: set(&["msg", "Message"]),
            numbers: set(&["id", "count"]),
            pair: Some(["attribute".into(), "value".into()]),
            ..OpenNames::default()
        }
    }

    /// The lines of a request with this body that is answered by that one.
    fn lines(sent: Body, came: &str) -> Vec<String> {
        let request = Request::new("add", Method::Post, "/add", Effect::Writes).body(sent);
        bodies(&request, Some(&Reply::new(200, "", came)), &names())
    }

    #[test]
    fn an_id_is_shown_at_any_depth_where_it_is_a_number_and_repeats_no_secret() {
        let sent =
            json!({"id": 7, "pin": "83914711", "phone": {"id": 8, "more": [{"id": 83914711}]}});
        let came = r#"{"count":2,"phone":{"id":"Canary7","more":[{"id":null},{"id":"9"}]}}"#;
        assert_eq!(
            lines(Body::Json(sent), came),
            [
                r#"> {"id":7,"pin":"(not shown)","phone":{"id":8,"more":[{"id":"(not shown)"}]}}"#,
                r#"< {"count":2,"phone":{"id":"(not shown)","more":[{"id":null},{"id":"(not shown)"}]}}"#,
            ]
        );
    }

    #[test]
    fn values_are_shown_under_known_names_only() {
        let sent = json!({"number": "2001", "pin": 8391, "on": true, "none": null, "blank": "",
            "list": [{"name": "Ann", "other": "x"}], "number_of": ["2001"]});
        assert_eq!(
            lines(Body::Json(sent), r#"{"Id":7,"more":{"name":"Bo"}}"#),
            [
                r#"> {"number":"2001","pin":"(not shown)","on":true,"none":null,"blank":"","list":[{"name":"Ann","other":"(not shown)"}],"number_of":["(not shown)"]}"#,
                r#"< {"Id":7,"more":{"name":"Bo"}}"#,
            ]
        );
    }

    #[test]
    fn what_is_hidden_is_not_shown_under_another_name() {
        let sent = json!({"secret": "Tr0ub4dor-9", "number": "2001"});
        let shown = |came: &str| lines(Body::Json(sent.clone()), came)[1].clone();
        assert_eq!(shown(r#"{"msg":"taken"}"#), r#"< {"msg":"taken"}"#);
        for came in [
            r#"{"msg":"the password Tr0ub4 is weak"}"#,
            r#"{"msg":"dHIwdWI0ZG9yLTk= is weak"}"#,
            r#"{"name":"tr0ub4dor-9"}"#,
            r#"{"name":"Ann Tr0ub4dor-9"}"#,
        ] {
            assert!(shown(came).ends_with(r#":"(not shown)"}"#), "{came}");
        }
        assert_eq!(
            shown(r#"{"Tr0ub4dor-9":1}"#),
            r#"< {"(not shown)":"(not shown)"}"#
        );
        // So is one of another row.
        let names = names();
        names.secrets.write().unwrap().add("2002", "Zq81-wRx7");
        let request = Request::new("get", Method::Get, "/", Effect::Reads);
        let came = Reply::new(200, "", r#"{"name":"Zq81-wRx7","number":"2002"}"#);
        let line = r#"< {"name":"(not shown)","number":"2002"}"#;
        assert_eq!(bodies(&request, Some(&came), &names), [line]);
        // So is one that the reply alone has.
        let came = r#"{"secret":"Xk39vTq2Lm","msg":"was Xk39vTq2Lm"}"#;
        assert_eq!(
            shown(came),
            r#"< {"secret":"(not shown)","msg":"(not shown)"}"#
        );
    }

    #[test]
    fn headers_queries_and_forms_count() {
        let mut request = Request::new("list", Method::Get, "/", Effect::Reads)
            .header("Authorization", Secret::new("Basic Xk39vTq2Lm"))
            .query("command", "List")
            .query("token", WireText::Secret(Secret::new("4711-0815")));
        request = request.body(Body::Form(vec![("Id".into(), "7".to_owned().into())]));
        let reply = Reply::new(200, "", "Message: no Xk39vTq2Lm\r\nId: 7\r\nSecret: 9\r\n");
        assert_eq!(
            bodies(&request, Some(&reply), &names()),
            [
                "> query command: List, token: (not shown)",
                "> Id: 7",
                "< Message: (not shown), Id: 7, Secret: (not shown)",
            ]
        );
        assert_eq!(bodies(&request, None, &names()).len(), 2);
    }

    #[test]
    fn xml_is_shown_by_its_elements_and_attributes() {
        let came = "<Response><Id kind=\"sip\">7</Id><Password>Tr0ub4dor</Password><Message>Tr0ub4dor!</Message></Response>";
        assert_eq!(
            lines(Body::Empty, came),
            [
                "< <Response><Id kind=\"(not shown)\">7</Id><Password>(not shown)</Password><Message>(not shown)</Message></Response>"
            ]
        );
    }

    #[test]
    fn pairs_of_a_name_and_a_value_go_by_the_name() {
        let sent = json!({"fields": [
            {"attribute": "name", "value": "Ann"},
            {"attribute": "password", "value": "Tr0ub4dor"},
            {"attribute": "other", "value": "1", "more": "2"},
        ]});
        assert_eq!(
            lines(Body::Json(sent), ""),
            [
                r#"> {"fields":[{"attribute":"name","value":"Ann"},{"attribute":"password","value":"(not shown)"},{"attribute":"(not shown)","value":"(not shown)","more":"(not shown)"}]}"#
            ]
        );
    }

    /// A file of many lines is read once for each row. Of each reply only the first lines are compared with what is hidden.
    #[test]
    fn of_many_lines_only_the_first_are_looked_at() {
        let line = |n: usize| format!("Line-000000-{n:06}: {n:04}=Secret{n:06}x\r\n");
        let came: String = (0..5000).map(line).collect();
        let shown = lines(Body::Empty, &came);
        assert_eq!(shown[0].matches("Line-").count(), VALUES_MAX);
        assert_eq!(shown[0].matches(NOT_SHOWN).count(), VALUES_MAX);
        assert!(shown[0].ends_with(", … 5000 in all"), "{}", shown[0]);
    }

    #[test]
    fn long_and_unreadable_bodies_are_shortened() {
        let items: Vec<_> = (0..5000).map(|n| json!({"number": n})).collect();
        let shown = lines(Body::Json(items.into()), "\u{1}\u{2}");
        assert!(shown[0].len() < 9000 && shown[0].starts_with(r#"> [{"number":0}"#));
        assert_eq!(shown[1], "< (2 bytes)");
    }
}
