//! The values beside the rows of JSON: those by which an interface describes its answer, of which there may be more pages,
//! and those that are about the rows.

use crate::sheet::error::SheetError;
use crate::sheet::opened::BesideMember;
use crate::sheet::source::Source;
use serde_json::{Map, Value};

/// Bytes beside the rows that are looked through; what pages say of themselves is short.
const BESIDE_BYTES_MAX: u64 = 1 << 20;

/// Members with the address or the number of the next page.
const NEXT: [&str; 10] = [
    "next",
    "cursor",
    "nextlink",
    "nextpage",
    "nexturl",
    "nextpageurl",
    "nextpagelink",
    "nextpagetoken",
    "nexttoken",
    "nextcursor",
];
/// Switches that are on where there are more rows.
const MORE: [&str; 9] = [
    "truncated",
    "incompleteresults",
    "hasmorepages",
    "hasmore",
    "hasnext",
    "hasnextpage",
    "more",
    "moreavailable",
    "istruncated",
];
/// Switches that are off where there are more rows.
const LAST: [&str; 4] = ["last", "islast", "islastpage", "complete"];
/// Counts of the rows that are still to come.
const REMAINING: [&str; 2] = ["remaining", "left"];
/// Members beside which a size is that of all rows, and not of a page.
const PARTS: [&str; 3] = ["offset", "limit", "start"];
/// Counts of all rows.
const TOTALS: [&str; 17] = [
    "total",
    "numfound",
    "anzahl",
    "gesamt",
    "totalcount",
    "totalnumber",
    "totalnum",
    "totalrecords",
    "totalitems",
    "totalresults",
    "totalrows",
    "totalsize",
    "totalelements",
    "recordstotal",
    "totalrecordcount",
    "count",
    "rowcount",
];
/// Counts of all pages.
const PAGES: [&str; 6] = [
    "totalpages",
    "totalpage",
    "pagestotal",
    "pagecount",
    "lastpage",
    "pages",
];
/// Other members with which an interface describes its answer.
const OF_ANSWER: [&str; 47] = [
    "context",
    "etag",
    "id",
    "errcode",
    "errorcode",
    "errmsg",
    "errormessage",
    "error",
    "errors",
    "code",
    "statuscode",
    "success",
    "ok",
    "message",
    "msg",
    "requestid",
    "traceid",
    "time",
    "timestamp",
    "date",
    "created",
    "createdat",
    "exported",
    "exportedat",
    "generated",
    "generatedat",
    "version",
    "apiversion",
    "schema",
    "self",
    "href",
    "url",
    "uri",
    "path",
    "first",
    "previous",
    "prev",
    "size",
    "pagesize",
    "perpage",
    "currentpage",
    "pagenumber",
    "number",
    "numberofelements",
    "empty",
    "sort",
    "took",
];
/// The status of an answer that has succeeded, as interfaces write it.
const SUCCEEDED: [&str; 7] = [
    "success",
    "successful",
    "succeeded",
    "ok",
    "200",
    "true",
    "0",
];
/// Members with the status of the answer, unless it says something else.
const STATUS: [&str; 3] = ["status", "state", "result"];
/// The most members that are kept of what stands beside the rows.
const MEMBERS_MAX: usize = 200;
/// The most entries that are kept of one list.
const ENTRIES_MAX: usize = 20;
/// Objects beside the rows that describe the answer.
const ABOUT: [&str; 12] = [
    "response",
    "result",
    "summary",
    "meta",
    "metadata",
    "paging",
    "pagination",
    "page",
    "pageinfo",
    "links",
    "cursors",
    "responsemetadata",
];

/// Reads what stands in a file beside its rows, which lie between two places. Nothing where that is no JSON, or too
/// long for what pages say of themselves.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn beside_rows(
    source: &Source,
    offset: u64,
    rows: (u64, u64),
) -> Result<Value, SheetError> {
    let (start, end) = rows;
    let (before, behind) = (start - offset, source.bytes().saturating_sub(end));
    if before + behind > BESIDE_BYTES_MAX {
        return Ok(Value::Null);
    }
    let mut text = Vec::new();
    source.pass(offset).fill(&mut text, before)?;
    text.truncate(before as usize);
    text.extend(b"null");
    let mut rest = Vec::new();
    source.pass(end).fill(&mut rest, behind)?;
    text.extend(rest);
    Ok(serde_json::from_slice(&text).unwrap_or_default())
}

/// Finds the member that says that the rows are not all there are, and shows it; `path` leads to the rows.
pub(super) fn more_pages(beside: &Value, path: &str, rows: u64) -> Option<String> {
    let mut around = beside.as_object();
    let mut steps = path.split('.');
    while let Some(object) = around {
        let mut objects = std::iter::once(object)
            .chain(about(object))
            .chain(about(object).flat_map(about));
        let found = objects.find_map(|object| member_about_more(object, rows));
        if found.is_some() {
            return found;
        }
        around = steps.next().and_then(|step| object.get(step)?.as_object());
    }
    None
}

/// Finds the values beside the rows in the objects around them, but for those that pages say of themselves; `path` leads to
/// the rows.
pub(super) fn members(beside: &Value, path: &str) -> Vec<BesideMember> {
    let mut found = Vec::new();
    let mut around = beside.as_object();
    for step in path.split('.') {
        let Some(object) = around else {
            break;
        };
        let others = object.iter().filter(|(name, _)| *name != step);
        others.for_each(|(name, value)| add_member(&mut found, "", name, value));
        around = object.get(step).and_then(Value::as_object);
    }
    found
}

/// Adds a member, or those within it, unless they are about pages or the answer's success.
fn add_member(found: &mut Vec<BesideMember>, before: &str, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(inner) => {
            let before = format!("{before}{name}.");
            let within = inner.iter();
            within.for_each(|(name, value)| add_member(found, &before, name, value));
        }
        Value::Array(entries) => {
            let entries = entries.iter().take(ENTRIES_MAX);
            entries.for_each(|entry| add_value(found, before, name, text_of(entry), true));
        }
        one => add_value(found, before, name, text_of(one), false),
    }
}

/// A value as a text; blank where it is several.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        other => other.to_string(),
    }
}

/// Adds one value of a member, unless that is about pages or the answer's success.
fn add_value(found: &mut Vec<BesideMember>, before: &str, name: &str, text: String, is_list: bool) {
    let word = folded(name);
    let is_one_of = |words: &[&str]| words.contains(&word.as_str());
    let is_of_protocol = name.starts_with(['@', '$', '_']);
    let is_of_pages = [
        &NEXT[..],
        &MORE,
        &LAST,
        &REMAINING,
        &PARTS,
        &TOTALS,
        &PAGES,
        &ABOUT,
    ]
    .iter()
    .any(|words| is_one_of(words));
    let has_succeeded = is_one_of(&STATUS) && SUCCEEDED.contains(&&*text.trim().to_lowercase());
    if !is_of_protocol && !is_of_pages && !has_succeeded && found.len() < MEMBERS_MAX {
        found.push(BesideMember {
            name: format!("{before}{name}"),
            text,
            is_list,
            is_of_answer: is_one_of(&OF_ANSWER),
        });
    }
}

/// The objects in an object that describe the answer.
fn about(object: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let about = object
        .iter()
        .filter(|(name, _)| ABOUT.contains(&folded(name).as_str()));
    about.filter_map(|(_, it)| it.as_object())
}

fn member_about_more(object: &Map<String, Value>, rows: u64) -> Option<String> {
    let is_part = object
        .keys()
        .any(|name| PARTS.contains(&folded(name).as_str()));
    object.iter().find_map(|(name, value)| {
        let word = folded(name);
        let is_one_of = |words: &[&str]| words.contains(&word.as_str());
        let says_more = (is_one_of(&NEXT) && is_address(value))
            || (is_one_of(&MORE) && *value == Value::Bool(true))
            || (is_one_of(&LAST) && *value == Value::Bool(false))
            || (is_one_of(&REMAINING) && count_of(value) > Some(0))
            || (is_one_of(&TOTALS) && count_of(value) > Some(rows))
            || (is_part && word == "size" && count_of(value) > Some(rows))
            || (is_one_of(&PAGES) && count_of(value) > Some(1));
        // An address may hold a key to the interface.
        let shown = count_of(value).map(|count| format!(" ({count})"));
        says_more.then(|| format!("“{name}”{}", shown.unwrap_or_default()))
    })
}

/// The letters and digits of a member's name, without the prefix of the protocol that it belongs to.
fn folded(name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

fn is_address(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Number(_) => count_of(value) > Some(0),
        Value::Object(link) => link
            .get("href")
            .or_else(|| link.get("url"))
            .is_some_and(is_address),
        _ => false,
    }
}

fn count_of(value: &Value) -> Option<u64> {
    match value {
        Value::Number(count) => count.as_u64(),
        Value::String(count) => count.trim().parse().ok(),
        _ => None,
    }
}
