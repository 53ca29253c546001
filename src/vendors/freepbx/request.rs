//! The requests of GraphQL: a question, or one mutation.

use crate::wire::{Body, Effect, Method, Request};
use serde_json::{Map, Value, json};

pub(super) fn identity(number: &str) -> Map<String, Value> {
    Map::from_iter([("extensionId".to_owned(), Value::from(number))])
}

pub(super) fn question(
    operation: &'static str,
    text: &str,
    variables: Map<String, Value>,
) -> Request {
    sent(operation, text, variables, Effect::Reads)
}

/// A question about one extension, or one transaction.
pub(super) fn asked(operation: &'static str, text: &str, number: &str) -> Request {
    let id = ("id".to_owned(), Value::from(number));
    question(operation, text, Map::from_iter([id]))
}

pub(super) fn mutation(name: &'static str, input: Map<String, Value>) -> Request {
    let text =
        format!("mutation($input: {name}Input!) {{ {name}(input: $input) {{ status message }} }}");
    let input = ("input".to_owned(), Value::Object(input));
    sent(name, &text, Map::from_iter([input]), Effect::Writes)
}

pub(super) fn sent(
    operation: &'static str,
    text: &str,
    variables: Map<String, Value>,
    effect: Effect,
) -> Request {
    let body = json!({ "query": text, "variables": variables });
    Request::new(operation, Method::Post, "/gql", effect).body(Body::Json(body))
}
