//! The secrets of a conversation, which are left out of the PBX's own words: it may repeat them in a refusal.

use crate::manifest::Manifest;
use crate::model::{Fault, Record, Secret};
use crate::vendors::{Account, Task};
use crate::wire::{Exchange, Session, json};
use serde_json::Value;

/// The sources of secrets in one conversation: the account, the session, the task, and fields whose values the PBX gives.
pub(super) struct KnownSecrets<'c> {
    pub(super) account: &'c Account,
    pub(super) session: &'c Session,
    pub(super) task: &'c Task<'c>,
    pub(super) manifest: &'static Manifest,
}

impl KnownSecrets<'_> {
    /// The same fault without words of the PBX that repeat a secret: the account's, the session's, the record's, or one that
    /// the PBX itself gave in these exchanges.
    pub(super) fn left_out_of(&self, fault: Fault, exchanges: &[Exchange]) -> Fault {
        if fault.pbx_words.is_empty() {
            return fault;
        }
        let given = match self.task {
            Task::Create(record) | Task::Update(record) => secrets_of(record).collect(),
            _ => vec![],
        };
        let read = secrets_read(self.manifest, exchanges);
        let own = [&self.account.password, &self.session.token].map(Secret::reveal);
        let read = read.iter().map(String::as_str);
        fault.without_words_of(own.into_iter().chain(given).chain(read))
    }
}

/// The values of a record that may not be shown.
pub(super) fn secrets_of(record: &Record) -> impl Iterator<Item = &str> {
    let hidden = record.iter().filter(|(_, text)| text.open().is_none());
    hidden.filter_map(|(field, _)| record.reveal(field))
}

/// The texts of the replies that have the names of secret fields.
fn secrets_read(manifest: &Manifest, exchanges: &[Exchange]) -> Vec<String> {
    let rows = manifest.field.iter().filter(|row| row.name.is_secret());
    let wires = rows.flat_map(|row| std::iter::once(&row.wire).chain(&row.also_read));
    let names: Vec<&str> = wires
        .map(|wire| wire.rsplit_once('.').map_or(&**wire, |(_, name)| name))
        .collect();
    let mut secrets = vec![];
    for exchange in exchanges {
        if let Ok(value) = json::parse(&exchange.reply.body) {
            collect_texts(&value, &names, &mut secrets);
        }
    }
    secrets
}

/// Collects the texts that have these names, at any depth: what is read as JSON has a limit to it.
fn collect_texts(value: &Value, names: &[&str], texts: &mut Vec<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_texts(item, names, texts)),
        Value::Object(members) => {
            for (name, value) in members {
                match json::text(value) {
                    Some(text) if names.contains(&name.as_str()) => texts.push(text),
                    Some(_) => {}
                    None => collect_texts(value, names, texts),
                }
            }
        }
        _ => {}
    }
}
