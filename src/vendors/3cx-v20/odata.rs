//! OData: the questions for one thing or for all of a kind, and the filter by names.

use super::protocol::ThreeCxConversation;
use crate::vendors::conversation::Step;
use crate::vendors::counted::{AllItems, CountedList};
use crate::wire::{Body, Effect, Method, Request};
use serde_json::{Map, Value};

/// The path that all but the tokens stand below.
const BASE: &str = "/xapi/v1";

/// The form of every list; a page has as many items as in the example of the OpenAPI file.
pub(super) const LIST: CountedList = CountedList {
    count: "@odata.count",
    items: "value",
    id: "Id",
    page_items: 50,
};

pub(super) fn base(path: &str) -> String {
    format!("{BASE}{path}")
}

pub(super) fn get(operation: &'static str, path: &str) -> Request {
    Request::new(operation, Method::Get, base(path), Effect::Reads)
}

pub(super) fn write(
    operation: &'static str,
    method: Method,
    path: &str,
    body: Map<String, Value>,
) -> Request {
    let request = Request::new(operation, method, base(path), Effect::Writes);
    request.body(Body::Json(Value::Object(body)))
}

/// The filter for the items that have one of these texts. A quote inside a text is doubled.
pub(super) fn any(name: &str, texts: &[&str]) -> String {
    let quoted = texts.iter().map(|text| text.replace('\'', "''"));
    let each: Vec<String> = quoted.map(|text| format!("{name} eq '{text}'")).collect();
    each.join(" or ")
}

/// Reads all items of a kind, page by page.
pub(super) fn all(
    talk: &mut ThreeCxConversation<'_>,
    operation: &'static str,
    path: &str,
    select: &str,
) -> Step<AllItems> {
    talk.all_items(LIST, |page: usize| {
        let skip = page.saturating_sub(1) * LIST.page_items;
        get(operation, path)
            .query("$top", LIST.page_items.to_string())
            .query("$skip", skip.to_string())
            .query("$count", "true")
            .query("$orderby", "Id")
            .query("$select", select)
    })
}
