//! Tools for the tests of all vendors: conversations with a simulated PBX, or with given replies.

use super::{Account, Client, Settings, Task, Vendor, vendor};
use crate::model::{Fault, Field, Record, Secret};
use crate::wire::{Answer, Exchange, Listing, Pbx, RawRequest, Reply, Request, Session, Turn};
use std::collections::BTreeMap;

/// More than any conversation of the tests needs.
const TURNS_MAX: usize = 200;

pub(super) fn client(id: &str, settings: &[(&str, &str)]) -> Box<dyn Client> {
    client_of(vendor(id).unwrap(), settings)
}

pub(super) fn client_of(vendor: &Vendor, settings: &[(&str, &str)]) -> Box<dyn Client> {
    let given = settings.iter();
    let given: BTreeMap<String, String> = given
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    vendor.client(Settings::new((vendor.manifest)(), &given).unwrap())
}

pub(super) fn account(username: &str, password: &str) -> Account {
    Account {
        username: username.into(),
        password: Secret::new(password),
        second: None,
    }
}

pub(super) fn record(fields: &[(Field, &str)]) -> Record {
    let mut record = Record::default();
    for (field, text) in fields {
        record.set(*field, *text);
    }
    record
}

/// A request as the PBX gets it, below the vendor's own path.
pub(super) fn raw(client: &dyn Client, request: &Request) -> RawRequest {
    let encoded = request.encode(&client.manifest().vendor.path).unwrap();
    let content_type = encoded.content_type.into_iter();
    let headers = encoded.headers.into_iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    RawRequest {
        method: request.method.word().to_owned(),
        target: encoded.target,
        headers: content_type
            .map(|kind| ("content-type".to_owned(), kind.to_owned()))
            .chain(headers)
            .collect(),
        body: encoded.body,
    }
}

/// Runs a conversation to its end, or until there is no further answer; returns its last turn and all exchanges.
pub(super) fn converse(
    client: &dyn Client,
    task: &Task<'_>,
    session: &Session,
    mut answer: impl FnMut(&Request) -> Option<Reply>,
) -> (Turn, Vec<Exchange>) {
    let mut exchanges = vec![];
    for _ in 0..TURNS_MAX {
        let request = match client.next(task, session, &exchanges) {
            Turn::Send(request) => *request,
            end => return (end, exchanges),
        };
        match answer(&request) {
            Some(reply) => exchanges.push(Exchange { request, reply }),
            None => return (Turn::send(request), exchanges),
        }
    }
    panic!("{task:?} does not end");
}

/// A conversation with a PBX.
pub(super) fn converse_with(
    client: &dyn Client,
    pbx: &mut dyn Pbx,
    session: &Session,
    task: Task<'_>,
) -> Turn {
    converse(client, &task, session, |request| {
        Some(pbx.answer(&raw(client, request)))
    })
    .0
}

/// A conversation in which these replies come, one after the other.
pub(super) fn replay(
    client: &dyn Client,
    task: &Task<'_>,
    session: &Session,
    replies: &[Reply],
) -> (Turn, Vec<Exchange>) {
    let mut replies = replies.iter().cloned();
    converse(client, task, session, |_| replies.next())
}

/// The fault that a turn ends with, which shows no canary.
#[track_caller]
pub(super) fn fault(turn: Turn) -> Fault {
    match turn {
        Turn::Fault(fault) => {
            let shown = format!("{fault:?}");
            assert!(!shown.contains("canary"), "a secret shows: {shown}");
            fault
        }
        other => panic!("a fault was due, not {other:?}"),
    }
}

#[track_caller]
pub(super) fn request(turn: Turn) -> Request {
    match turn {
        Turn::Send(request) => *request,
        other => panic!("a request was due, not {other:?}"),
    }
}

#[track_caller]
pub(super) fn answer(turn: Turn) -> Answer {
    match turn {
        Turn::Done(answer) => answer,
        other => panic!("an answer was due, not {other:?}"),
    }
}

#[track_caller]
pub(super) fn is_done(turn: Turn) {
    assert_eq!(answer(turn), Answer::Done);
}

#[track_caller]
pub(super) fn session_of(turn: Turn) -> Session {
    match answer(turn) {
        Answer::Session(session) => session,
        other => panic!("a session was due, not {other:?}"),
    }
}

#[track_caller]
pub(super) fn found(turn: Turn) -> Vec<Record> {
    match answer(turn) {
        Answer::Found(found) => found,
        other => panic!("extensions were due, not {other:?}"),
    }
}

#[track_caller]
pub(super) fn listing(turn: Turn) -> Listing {
    match answer(turn) {
        Answer::Listing(listing) => listing,
        other => panic!("a listing was due, not {other:?}"),
    }
}

/// The first line of a printed request or reply, its headers, its body.
fn printed(text: &str) -> (&str, Vec<(String, String)>, &str) {
    let (head, body) = text.split_once("\n\n").unwrap();
    let (first, headers) = head.split_once('\n').unwrap();
    let headers = headers.lines().map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_lowercase(), value.trim().to_owned())
    });
    (first, headers.collect(), body)
}

pub(super) fn printed_reply(text: &str) -> Reply {
    let (first, headers, body) = printed(text);
    let status = first.split(' ').nth(1).unwrap().parse().unwrap();
    let content_type = headers.iter().find(|(name, _)| name == "content-type");
    Reply::new(status, content_type.map_or("", |(_, value)| value), body)
}

pub(super) fn printed_request(text: &str) -> RawRequest {
    let (first, headers, body) = printed(text);
    let mut words = first.split(' ');
    RawRequest {
        method: words.next().unwrap().to_owned(),
        target: words.next().unwrap().to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
    }
}
