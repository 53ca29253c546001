//! Tries everything that a run needs, on this machine and at a target, and writes nothing to a PBX.

use super::config::{all_names, config_file};
use super::failure::Failure;
use super::target::Address;
use super::{Context, PaceOptions, Target, TargetSession};
use crate::lang::translated;
use crate::ledger::{self, TargetLock};
use crate::link::StopFlag;
use crate::model::{FaultKind, redact};
use crate::seal::{Key, KeyError};
use crate::wire::MAY_BE_INCOMPLETE;
use jiff::Timestamp;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// A state folder with less room than this, in bytes, is reported.
const FREE_BYTES_MIN: u64 = 100 << 20;

/// One thing that was tried.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// The target; empty for a check of this machine.
    target: String,
    name: &'static str,
    pub(crate) ok: bool,
    message: String,
    /// The next step; empty where there is none.
    hint: String,
}

impl Check {
    fn passed(target: &str, name: &'static str, message: impl Into<String>) -> Check {
        Check {
            target: target.to_owned(),
            name,
            ok: true,
            message: redact::message(&message.into()),
            hint: String::new(),
        }
    }

    fn failed(target: &str, name: &'static str, failure: Failure) -> Check {
        // The line begins with the target already.
        let message = failure.message.strip_prefix(&format!("{target}: "));
        Check {
            ok: false,
            message: redact::message(message.unwrap_or(&failure.message)),
            hint: redact::message(&failure.hint),
            ..Check::passed(target, name, "")
        }
    }

    /// Returns true if it is about this machine, and not about a target.
    pub(crate) fn is_of_machine(&self) -> bool {
        self.target.is_empty()
    }

    /// Describes the check on one line, and its next step on another.
    pub(crate) fn line(&self) -> String {
        let state = translated(if self.ok { "ok " } else { "BAD" });
        let place = match self.target.as_str() {
            "" => String::new(),
            target => format!("{target}: "),
        };
        let (name, message) = (translated(self.name), translated(&self.message));
        let mut line = format!("{state} {place}{name}: {message}");
        if !self.hint.is_empty() {
            line.push_str(&translated(&format!("\n    hint: {}", self.hint)));
        }
        line
    }
}

/// Tries this machine, then each of these targets, or every one of the configuration where none is named; `None` where it
/// is stopped.
pub(crate) fn try_all(named: &[String], context: &Context, stop: &StopFlag) -> Option<Vec<Check>> {
    let mut checks = try_machine(context);
    let targets = match named.is_empty() {
        true => all_names(context.config()).unwrap_or_default(),
        false => named.to_vec(),
    };
    for text in &targets {
        if stop.is_stopped() {
            return None;
        }
        match Target::resolve(text, context.config(), &PaceOptions::default()) {
            Ok(target) => checks.extend(try_target(&target, context, stop)),
            Err(failure) => {
                checks.push(Check::failed(&redact::target(text), "settings", failure));
            }
        }
    }
    Some(checks)
}

/// Tries the configuration, the state folder, the disk, the key and the clock.
fn try_machine(context: &Context) -> Vec<Check> {
    vec![
        configuration(context),
        state_folder(context),
        free_space(context),
        key(context),
        clock(context),
    ]
}

fn configuration(context: &Context) -> Check {
    let name = "configuration";
    let Some(path) = context.config().map(PathBuf::from).or_else(config_file) else {
        return Check::passed(
            "",
            name,
            "there is no rowcall.toml, here or in the configuration folder: targets are named as VENDOR+URL",
        );
    };
    match all_names(Some(&path)) {
        Ok(names) => {
            let message = format!("{}, targets: {}", path.display(), names.join(", "));
            Check::passed("", name, message)
        }
        Err(failure) => Check::failed("", name, failure),
    }
}

fn state_folder(context: &Context) -> Check {
    let name = "state folder";
    let tried = context.state().and_then(|state| {
        let runs = ledger::runs(&state)?;
        let folder = state.path().to_owned();
        let there = nearest(&folder);
        tempfile::tempfile_in(&there).map_err(|error| {
            Failure::not_written(&there, &error)
                .hint("make the folder writable, or name another one with --state")
        })?;
        let count = runs.len();
        match runs.into_iter().find_map(|run| run.summary.err()) {
            Some(unreadable) => Err(unreadable.into()),
            None => Ok(format!("{}, runs: {count}", folder.display())),
        }
    });
    match tried {
        Ok(message) => Check::passed("", name, message),
        Err(failure) => Check::failed("", name, failure),
    }
}

/// The folder itself, or the nearest one above it that is there: nothing is made before it is needed.
fn nearest(folder: &Path) -> PathBuf {
    let mut there = folder;
    while !there.is_dir() {
        match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => there = parent,
            _ => return PathBuf::from("."),
        }
    }
    there.to_owned()
}

fn free_space(context: &Context) -> Check {
    let name = "disk";
    let state = match context.state() {
        Ok(state) => state,
        Err(failure) => return Check::failed("", name, failure),
    };
    let folder = nearest(state.path());
    match free_bytes(&folder) {
        None => Check::passed("", name, "how much room there is cannot be told here"),
        Some(free) if free < FREE_BYTES_MIN => Check::failed(
            "",
            name,
            Failure::usage(format!(
                "only {} MiB are free in {}",
                free >> 20,
                folder.display()
            ))
            .hint("make room, or name another folder with --state"),
        ),
        Some(free) => Check::passed(
            "",
            name,
            format!("{} MiB free in {}", free >> 20, folder.display()),
        ),
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Reads the key. Where nothing was sealed yet there need be none.
fn key(context: &Context) -> Check {
    let name = "key";
    let has_runs = || {
        let runs = context
            .state()
            .ok()
            .and_then(|state| ledger::runs(&state).ok());
        runs.is_some_and(|runs| !runs.is_empty())
    };
    match Key::load(context.key_file.as_deref()) {
        Ok(key) => Check::passed("", name, format!("{}, {}", key.id(), key.path().display())),
        Err(KeyError::Absent(path)) if !has_runs() => Check::passed(
            "",
            name,
            format!("none yet: the first run makes {}", path.display()),
        ),
        Err(error) => Check::failed("", name, error.into()),
    }
}

/// Finds a clock that is behind the files written by it, and so was set back: runs would be listed, and found, in a
/// wrong order.
fn clock(context: &Context) -> Check {
    let (name, now) = ("clock", Timestamp::now());
    let newest = context
        .state()
        .ok()
        .and_then(|state| fs::metadata(state.path()).ok()?.modified().ok())
        .and_then(|time| Timestamp::try_from(time).ok());
    match newest {
        Some(newest) if newest > now => Check::failed(
            "",
            name,
            Failure::usage(format!(
                "it is {now:.0}, and the state folder was written at {newest:.0}: the clock was set back"
            ))
            .hint("set the clock right"),
        ),
        _ => Check::passed("", name, format!("{now:.0}")),
    }
}

/// Signs in, counts, and signs out.
fn try_target(target: &Target, context: &Context, stop: &StopFlag) -> Vec<Check> {
    let (label, facts) = (target.label.as_str(), &target.manifest().vendor);
    let mut checks = vec![Check::passed(
        label,
        "settings",
        format!("{}, {}", facts.name, target.place()),
    )];
    if !target.is_sim() {
        let lock = context.state().and_then(|state| {
            let (identity, addresses) = (target.identity(), target.addresses());
            Ok(TargetLock::acquire(&state, &identity, &addresses)?)
        });
        checks.push(match lock {
            Ok(_) => Check::passed(label, "lock", "no run is at work on it"),
            Err(failure) => Check::failed(label, "lock", failure),
        });
    }
    let session = match TargetSession::open(target, stop) {
        Ok(session) => session,
        Err(failure) => {
            checks.push(Check::failed(label, "sign-in", failure));
            return checks;
        }
    };
    let user = match target.account.username.as_str() {
        "" => "without an account".to_owned(),
        user => format!("as {user}"),
    };
    let read_only = session.connection().read_only();
    let (unusable, read_only) = match read_only {
        Some(fault) if fault.kind == FaultKind::TargetUnusable => (Some(fault), ""),
        Some(_) => (None, ", who may only read"),
        None => (None, ""),
    };
    let second = target.settings.second_account(target.manifest());
    let message = match second {
        None => format!("reached, {user}{read_only}"),
        Some(second) => format!(
            "reached, {user}{read_only}, and as {} for {}",
            second.username, second.purpose
        ),
    };
    checks.push(Check::passed(label, "sign-in", message));
    match (unusable, session.connection().rights()) {
        (Some(fault), _) => checks.push(Check::failed(label, "writing", target.failure(&fault))),
        (None, rights) if !rights.is_empty() => {
            checks.push(Check::passed(label, "writing", &*rights));
        }
        (None, _) => {}
    }
    if let Address::Url(url) = &target.address {
        let message = match (url.scheme(), target.is_unprotected()) {
            ("https", _) => "the certificate is trusted",
            (_, true) => "http: passwords are sent unencrypted",
            _ => "http, on this machine",
        };
        checks.push(Check::passed(label, "connection", message));
    }
    checks.push(match session.list() {
        Ok(listing) => {
            let certain = match listing.complete {
                true => "the PBX's list is complete".to_owned(),
                false => format!("{MAY_BE_INCOMPLETE}, so nothing is deleted by it"),
            };
            let message = format!("{} on the PBX; {certain}", listing.numbers.len());
            Check::passed(label, "extensions", message)
        }
        Err(failure) => Check::failed(label, "extensions", failure),
    });
    checks.push(Check::passed(
        label,
        "pace",
        format!(
            "{} requests a second, {} in flight",
            target.rate.0, target.parallel
        ),
    ));
    checks
}
