//! OData: the questions for one thing or for all of a kind, and the filter by names.

use super::protocol::ThreeCxConversation;
use crate::vendors::conversation::{End, ListPage, Step};
use crate::wire::{Body, Effect, Method, Request, json};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::HashSet;

/// The path that all but the tokens stand below.
const BASE: &str = "/xapi/v1";

/// The number of items that one page asks for: as in the example of the OpenAPI file.
const PAGE_ITEMS: usize = 50;

/// All items of a kind, as far as the PBX shows them.
pub(super) struct AllItems {
    pub(super) items: Vec<Value>,
    /// True if they are as many as the PBX counts, each once.
    pub(super) is_whole: bool,
}

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

/// The number of items that there are in all.
pub(super) fn count(answer: &Value) -> Option<u64> {
    answer.get("@odata.count").and_then(Value::as_u64)
}

/// Reads all items of a kind, page by page. Where a page has fewer than it was asked for, and more follow, some are missed:
/// then they are not whole.
pub(super) fn all(
    talk: &mut ThreeCxConversation<'_>,
    operation: &'static str,
    path: &str,
    select: &str,
) -> Step<AllItems> {
    let counted = Cell::new(None);
    let request = |page: usize| {
        let skip = page.saturating_sub(1) * PAGE_ITEMS;
        get(operation, path)
            .query("$top", PAGE_ITEMS.to_string())
            .query("$skip", skip.to_string())
            .query("$count", "true")
            .query("$orderby", "Id")
            .query("$select", select)
    };
    let pages = talk.pages(request, |mut content| {
        let count = count(&content).ok_or("it does not count its items")?;
        counted.set(Some(count));
        let Some(Value::Array(items)) = content.get_mut("value").map(Value::take) else {
            return Err("it holds no list called value".to_owned());
        };
        let keys = items.iter().map(|item| item.get("Id").and_then(json::text));
        Ok(ListPage {
            keys: keys.collect(),
            items,
            page_count: Some(count.div_ceil(PAGE_ITEMS as u64)),
            full_at: PAGE_ITEMS,
        })
    })?;
    let pages = pages.map_err(|refusal| talk.end(refusal))?;
    let ids: Option<HashSet<i64>> = pages
        .items
        .iter()
        .map(|item| item.get("Id")?.as_i64())
        .collect();
    let is_each_once = ids.is_some_and(|ids| ids.len() == pages.items.len());
    let is_all = counted.get() == Some(pages.items.len() as u64);
    Ok(AllItems {
        is_whole: pages.end == End::Agreed && is_all && is_each_once,
        items: pages.items,
    })
}
