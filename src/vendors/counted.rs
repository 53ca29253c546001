//! Lists of which the PBX counts the items: one is whole where it has as many, each once.

use super::conversation::{Conversation, End, ListPage, Protocol, Step};
use crate::wire::{Listing, Request, json};
use serde_json::Value;
use std::cell::Cell;
use std::collections::HashSet;

/// The form of a list that comes page by page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CountedList {
    /// The name of the number of items in all.
    pub(crate) count: &'static str,
    /// The name of the page's items.
    pub(crate) items: &'static str,
    /// The name of an item's id.
    pub(crate) id: &'static str,
    /// The number of items that one page asks for.
    pub(crate) page_items: usize,
}

/// All items of a list, as far as the PBX shows them.
pub(crate) struct AllItems {
    pub(crate) items: Vec<Value>,
    /// True if they are as many as the PBX counts, each once.
    pub(crate) is_whole: bool,
}

impl AllItems {
    /// The numbers of the items, each once, which stand under this name.
    pub(crate) fn listing(&self, number: &str) -> Listing {
        let mut seen = HashSet::new();
        let mut listing = Listing {
            complete: self.is_whole,
            ..Listing::default()
        };
        for item in &self.items {
            match item.get(number).and_then(Value::as_str) {
                Some(number) if seen.insert(number) => listing.numbers.push(number.to_owned()),
                // One without a number, or one that comes twice, hides others.
                _ => listing.complete = false,
            }
        }
        listing
    }
}

impl CountedList {
    /// The number of items that there are in all.
    pub(crate) fn count(&self, answer: &Value) -> Option<u64> {
        answer.get(self.count).and_then(Value::as_u64)
    }

    /// Returns true if an answer is a page of such a list.
    pub(crate) fn is_page(&self, answer: &Value) -> bool {
        self.count(answer).is_some() && answer.get(self.items).is_some_and(Value::is_array)
    }
}

impl<D: Protocol<Content = Value>> Conversation<'_, D> {
    /// Reads all items, page by page. Where a page has fewer than it was asked for, and more follow, some are missed: then
    /// they are not whole.
    pub(crate) fn all_items(
        &mut self,
        list: CountedList,
        request: impl Fn(usize) -> Request,
    ) -> Step<AllItems> {
        let counted = Cell::new(None);
        let pages = self.pages(request, |mut content| {
            let count = list.count(&content).ok_or("it does not count its items")?;
            counted.set(Some(count));
            let Some(Value::Array(items)) = content.get_mut(list.items).map(Value::take) else {
                return Err(format!("it holds no list called {}", list.items));
            };
            let keys = items
                .iter()
                .map(|item| item.get(list.id).and_then(json::text));
            Ok(ListPage {
                keys: keys.collect(),
                items,
                page_count: Some(count.div_ceil(list.page_items as u64)),
                full_at: list.page_items,
            })
        })?;
        let pages = pages.map_err(|refusal| self.end(refusal))?;
        let id = |item: &Value| item.get(list.id)?.as_i64();
        let ids: Option<HashSet<i64>> = pages.items.iter().map(id).collect();
        let is_each_once = ids.is_some_and(|ids| ids.len() == pages.items.len());
        let is_all = counted.get() == Some(pages.items.len() as u64);
        Ok(AllItems {
            is_whole: pages.end == End::Agreed && is_all && is_each_once,
            items: pages.items,
        })
    }
}
