//! Asks by SIP if extensions ring: several at once, at a pace, each with its own secret.
//!
//! [`Ringing`] asks; [`RunRinging`] knows the accounts of a run's rows.

use crate::link::StopFlag;
use crate::link::paced::Pace;
use crate::link::sip::{SipPeer, SipSocket};
use crate::manifest::Manifest;
use crate::model::{
    Action, Field, Outcome, PlannedRow, Record, RingResult, RingVerdict, TO_GENERATE,
};
use crate::rim::registrar::peer_here;
use crate::rim::{Failure, Rate, Target, TargetSession, log};
use crate::sim::Registrar;
use crate::sip::digest::Credentials;
use crate::sip::registration::{RingOptions, SipAccount, ring};
use crossbeam_channel::{Sender, unbounded};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

/// Extensions that are asked at once over UDP: one that does not answer holds up none but itself for half a minute.
const AT_ONCE: usize = 32;

/// Connections at once over TCP and TLS.
const CONNECTIONS: usize = 8;

/// Unanswered extensions in a row, after which nobody is there any more.
const SILENT_MAX: usize = 10;

/// Refused secrets after which a PBX that blocks addresses is asked no more.
const WRONG_MAX: usize = 3;

/// The account that a telephone signs in with, as far as an extension's record tells; `before` is the extension as the PBX
/// had it. Fields that the vendor does not have count for nothing.
///
/// # Errors
/// The verdict where its secret is not known, with this way on.
pub(crate) fn sip_account(
    wanted: &Record,
    before: Option<&Record>,
    manifest: &Manifest,
    way_on: &'static str,
) -> Result<SipAccount, RingVerdict> {
    let new_number = wanted.text(Field::NEW_NUMBER);
    let number = new_number.unwrap_or(wanted.number());
    let unknown = |message: &str| RingVerdict::new(RingResult::Unknown, message);
    let name = |field: Field| {
        let row = manifest.row(field)?;
        let known = [Some(wanted), before].into_iter().flatten();
        let mut known = known.filter_map(|record| record.text(field).map(str::to_owned));
        let known = known.find(|text| !text.is_empty());
        known.or_else(|| row.filled(number))
    };
    let user = name(Field::SIP_USERNAME).unwrap_or_else(|| number.to_owned());
    let username = name(Field::SIP_AUTH_NAME).unwrap_or_else(|| number.to_owned());
    let is_odd = |text: &str| text.is_empty() || text.chars().any(char::is_control);
    if is_odd(&user) || is_odd(&username) {
        return Err(unknown(
            "the row has no number or name that a telephone can sign in with",
        ));
    }
    let secret = match wanted.get(Field::SIP_PASSWORD) {
        None => return Err(unknown(NO_SECRET).hint(way_on)),
        Some(text) if text.is_empty() => return Err(unknown(NO_SECRET).hint(way_on)),
        Some(text) if text == TO_GENERATE => {
            let why = "the sheet asks for a secret to be made up, and does not hold it";
            return Err(unknown(why).hint(way_on));
        }
        Some(text) => text.secret(),
    };
    Ok(SipAccount {
        user,
        credentials: Credentials { username, secret },
    })
}

const NO_SECRET: &str = "the row has no SIP password, so it cannot be tried";

/// The way on after a run that does not know the secret of a row.
const RING_LATER: &str = "try it with a sheet that has the SIP passwords, or the file of secrets: rowcall ring SHEET|--secrets FILE --to TARGET";

/// A registrar, ready to be asked.
pub(crate) struct Ringing {
    peer: Arc<SipPeer>,
    pace: Arc<Pace>,
    options: RingOptions,
    label: String,
    blocks_addresses: bool,
    /// The other end, where it is in this process.
    _here: Option<Registrar>,
}

/// The state that the workers share.
#[derive(Default)]
struct RingState {
    next: AtomicUsize,
    /// In a row.
    silent: AtomicUsize,
    wrong: AtomicUsize,
    has_replied: AtomicBool,
    /// The reason that nobody is asked any more, once there is one.
    given_up: OnceLock<RingVerdict>,
}

impl Ringing {
    /// Prepares to ask a target's registrar; `rate` is the typed one.
    ///
    /// # Errors
    /// Exit 2 or 3 where the registrar cannot be found, or must not be asked so.
    pub(crate) fn new(
        target: &Target,
        options: RingOptions,
        rate: Option<Rate>,
        stop: &StopFlag,
    ) -> Result<Ringing, Failure> {
        let facts = target.manifest();
        let blocks_addresses = facts.sip.blocks_addresses;
        if options.negative && blocks_addresses {
            return Err(Failure::usage(format!(
                "{} blocks addresses that sign in wrongly, so no wrong secret is tried on it",
                facts.vendor.name
            ))
            .hint("leave out --negative"));
        }
        let rate = rate.unwrap_or(target.sip_rate());
        let pace = Pace::per_second(rate.0, stop.clone()).map_err(Failure::usage)?;
        Ok(Ringing {
            peer: Arc::new(target.registrar()?),
            pace: Arc::new(pace),
            options: RingOptions {
                wrong_secret: facts.sip.wrong_secret,
                ..options
            },
            label: target.label.clone(),
            blocks_addresses,
            _here: None,
        })
    }

    /// Prepares to ask the registrar of a target that is signed in; a simulated one inside this process has one too.
    ///
    /// # Errors
    /// As [`Ringing::new`].
    pub(crate) fn signed_in(session: &TargetSession<'_>) -> Result<Ringing, Failure> {
        let target = session.target();
        let stop = session.connection().line().pace().stop_flag();
        match session.answer_telephones()? {
            None => Ringing::new(target, RingOptions::default(), None, stop),
            Some(registrar) => Ok(Ringing {
                peer: Arc::new(peer_here(&registrar)),
                pace: Arc::new(Pace::unlimited(stop.clone())),
                options: RingOptions::default(),
                label: target.label.clone(),
                blocks_addresses: false,
                _here: Some(registrar),
            }),
        }
    }

    /// Returns true once the run was asked to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.pace.stop_flag().is_stopped()
    }

    /// The registrar in words: `127.0.0.1:5060 over UDP`.
    pub(crate) fn place(&self) -> String {
        format!("{} over {}", self.peer.addr, self.peer.transport)
    }

    /// Asks about each account; `each` is told of every one, by its position, in the order in which they end. `done` counts
    /// them.
    pub(crate) fn ask(
        &self,
        accounts: &[(usize, SipAccount)],
        done: &AtomicU64,
        each: &mut dyn FnMut(usize, RingVerdict),
    ) {
        let at_once = match self.peer.transport.may_lose() {
            // Refused secrets are counted one after the other.
            _ if self.blocks_addresses => 1,
            true => AT_ONCE,
            false => CONNECTIONS,
        };
        let so_far = RingState::default();
        let (send, receive) = unbounded();
        thread::scope(|scope| {
            for _ in 0..at_once.min(accounts.len()) {
                let (send, so_far) = (send.clone(), &so_far);
                scope.spawn(move || self.work(accounts, so_far, &send));
            }
            drop(send);
            for (position, verdict) in receive {
                done.fetch_add(1, Ordering::Relaxed);
                each(position, verdict);
            }
        });
    }

    fn work(
        &self,
        accounts: &[(usize, SipAccount)],
        so_far: &RingState,
        send: &Sender<(usize, RingVerdict)>,
    ) {
        let sink = log::sip_sink(&self.label);
        let mut socket = SipSocket::new(self.peer.clone(), self.pace.clone(), sink);
        loop {
            let next = so_far.next.fetch_add(1, Ordering::Relaxed);
            let Some((position, account)) = accounts.get(next) else {
                return;
            };
            let verdict = match so_far.given_up.get() {
                Some(verdict) => verdict.clone(),
                None if self.pace.stop_flag().is_stopped() => {
                    RingVerdict::new(RingResult::Unknown, "interrupted before it was asked")
                }
                None => {
                    let verdict = ring(account, self.options, &mut socket);
                    self.judge(&verdict, so_far);
                    verdict
                }
            };
            // The receiver is there until every worker has ended.
            let _ = send.send((*position, verdict));
        }
    }

    /// Gives the rest up where nobody is there, or where going on would have this address blocked.
    fn judge(&self, verdict: &RingVerdict, so_far: &RingState) {
        let count = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::Relaxed) + 1;
        let unknown = |message: String| RingVerdict::new(RingResult::Unknown, message);
        if verdict.status.is_some() {
            so_far.has_replied.store(true, Ordering::Relaxed);
            so_far.silent.store(0, Ordering::Relaxed);
        }
        match verdict.result {
            RingResult::Silent if count(&so_far.silent) >= SILENT_MAX => {
                let (what, hint) = match so_far.has_replied.load(Ordering::Relaxed) {
                    true => (
                        "the PBX has stopped answering",
                        "see if it has blocked this machine's address; then run it again, with a lower rate",
                    ),
                    false => (
                        "nobody answers",
                        "check sip_address and sip_transport, the firewall, and that the PBX works",
                    ),
                };
                let message = format!("not asked: {what} SIP at {}", self.place());
                let _ = so_far.given_up.set(unknown(message).hint(hint));
            }
            // Some say 403 to a wrong secret.
            result
                if self.blocks_addresses
                    && (result == RingResult::WrongSecret || verdict.status == Some(403)) =>
            {
                if count(&so_far.wrong) < WRONG_MAX {
                    return;
                }
                let message = format!(
                    "not asked: the PBX refused {WRONG_MAX} secrets, and blocks addresses that go on after that"
                );
                let hint = "compare these secrets first, then run it again";
                let _ = so_far.given_up.set(unknown(message).hint(hint));
            }
            _ => {}
        }
    }
}

/// The registrar, and the accounts of a run's rows.
pub(crate) struct RunRinging {
    pub(crate) ringing: Ringing,
    /// By the positions of the rows; the verdict where the secret is not known.
    pub(crate) accounts: BTreeMap<usize, Result<SipAccount, RingVerdict>>,
}

impl RunRinging {
    /// Prepares to ask about the rows whose extension is on the PBX when they are done. `read` returns the whole wanted
    /// record of a row, by its position and its line.
    ///
    /// # Errors
    /// As [`Ringing::new`].
    pub(crate) fn new<'r>(
        session: &TargetSession<'_>,
        rows: &[PlannedRow],
        read: impl Fn(usize, &Outcome) -> Option<&'r Record>,
    ) -> Result<RunRinging, Failure> {
        let manifest = session.manifest();
        let account = |(position, row): (usize, &PlannedRow)| {
            let change = row.change.as_ref();
            let action = change.map_or(row.outcome.action, |change| change.action);
            if action == Action::Delete || (change.is_none() && !row.outcome.is_there()) {
                return None;
            }
            let mut wanted = read(position, &row.outcome).cloned().unwrap_or_default();
            if let Some(change) = change {
                change
                    .wanted
                    .iter()
                    .for_each(|(field, text)| wanted.set(field, text));
            }
            if wanted.number().is_empty() {
                wanted.set(Field::NUMBER, row.outcome.number.as_str());
            }
            let before = change.and_then(|change| change.before.as_ref());
            let account = sip_account(&wanted, before, manifest, RING_LATER);
            Some((position, account))
        };
        Ok(RunRinging {
            ringing: Ringing::signed_in(session)?,
            accounts: rows.iter().enumerate().filter_map(account).collect(),
        })
    }
}
