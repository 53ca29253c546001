//! `rowcall init`: asks for a PBX, tries it, and writes it into `rowcall.toml`.

use super::lead::ask_vendor;
use crate::lang::translated;
use crate::link::StopFlag;
use crate::rim::config::{TargetEntry, add_target, config_file, config_names, free_name_among};
use crate::rim::keyring;
use crate::rim::terminal::{ask, ask_secret, ask_until, can_ask, confirm, print, report};
use crate::rim::{Context, Exit, Failure, PaceOptions, Target, TargetSession};
use std::path::PathBuf;

/// The user's answers.
struct InitAnswers {
    name: String,
    entry: TargetEntry,
}

/// Asks, tries, and writes the target behind those that are there; its password into a file for its owner, or into the
/// keyring.
///
/// # Errors
/// Exit 2 where there is no terminal to ask on, the name is taken, or a file cannot be written.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    if !can_ask() {
        return Err(
            Failure::usage("init asks questions, and there is no terminal to answer on").hint(
                "run it on a terminal, or write rowcall.toml yourself: rowcall help passwords",
            ),
        );
    }
    let named = context.config().map(PathBuf::from);
    let path = named
        .or_else(config_file)
        .unwrap_or_else(|| "rowcall.toml".into());
    let known_names = match path.is_file() {
        true => config_names(&path)?,
        false => vec![],
    };
    print(format!(
        "a PBX for {}; Ctrl-C ends this and writes nothing",
        path.display()
    ));
    let answers = ask_all(&known_names)
        .ok_or_else(|| Failure::usage("the answers ended; nothing is written"))?;
    let InitAnswers { name, mut entry } = answers;
    let tried = Target::unwritten(&name, entry.clone(), &PaceOptions::default())
        .and_then(|target| TargetSession::open(&target, &StopFlag::default()).map(drop));
    if let Err(failure) = tried {
        report(&failure);
        if !confirm(&translated("write it all the same?"))? {
            return Ok(Exit::NotDone);
        }
    } else {
        print(format!("{} answers, and takes the account", entry.url));
    }
    let kept = keep_in_keyring(&name, &mut entry)?;
    if let Err(failure) = add_target(&path, &name, &entry) {
        // No password is left where no target leads to it.
        if kept {
            keyring::forget(&name);
        }
        return Err(failure);
    }
    print(format!("{}: target {name}", path.display()));
    print(format!("next: rowcall doctor {name}"));
    Ok(Exit::Done)
}

/// Moves the password into the keyring of the session, where there is one and the user wants it. Returns true if it is
/// there now.
///
/// # Errors
/// Exit 2 where the keyring does not take it, exit 130 where the question is broken off.
fn keep_in_keyring(name: &str, entry: &mut TargetEntry) -> Result<bool, Failure> {
    let question = "keep the password in the keyring of this session, and not in a file? Jobs that run at night need a file";
    let may_be_kept = entry.password.is_some() && keyring::is_there();
    let is_wanted = may_be_kept && confirm(&translated(question))?;
    let Some(password) = entry.password.take_if(|_| is_wanted) else {
        return Ok(false);
    };
    let command = keyring::store(name, &password).map_err(|why| {
        Failure::usage(format!("the password cannot be kept in the keyring: {why}"))
            .hint("run init again, and keep it in a file")
    })?;
    entry.password_command = Some(command);
    Ok(true)
}

/// Every answer; `None` where the input ended.
fn ask_all(known_names: &[String]) -> Option<InitAnswers> {
    let vendor = ask_vendor("")?;
    let port = (vendor.manifest)().vendor.port;
    let example = format!("address, for example http://10.0.0.5:{port}");
    let url = ask_until(&example, "", |answer| {
        let answer = match answer.contains("://") || answer.is_empty() {
            true => answer.to_owned(),
            false => format!("http://{answer}"),
        };
        // No address has a character that would end the text in the file.
        match answer.len() > "http://".len() && !answer.contains(['"', '\\', '@', ' ']) {
            true => Ok(answer),
            false => Err("write scheme, host and port; the account is asked for next"),
        }
    })?;
    let username = ask("account", "")?;
    let password = match username.as_str() {
        "" => None,
        _ => ask_secret("password (not shown)"),
    };
    let name = ask_until("a name for it", &free_name_among(known_names), |answer| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if answer.is_empty() || !answer.chars().all(is_plain) {
            Err("a name is letters, digits, - and _".to_owned())
        } else if known_names.iter().any(|known_names| known_names == answer) {
            Err(format!("there is a target {answer} already"))
        } else {
            Ok(answer.to_owned())
        }
    })?;
    Some(InitAnswers {
        name,
        entry: TargetEntry {
            vendor: vendor.id.to_owned(),
            url,
            username,
            password,
            ..TargetEntry::default()
        },
    })
}
