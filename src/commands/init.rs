//! `rowcall init`: asks for a PBX, tries it, and writes it into `rowcall.toml`.

use crate::disk::{Readers, write_new, write_whole};
use crate::link::StopFlag;
use crate::model::Secret;
use crate::rim::config::{TargetEntry, config_file, config_names};
use crate::rim::terminal::{ask, ask_secret, can_ask, confirm, print, report};
use crate::rim::{Context, Exit, Failure, Target, TargetSession};
use crate::vendors::{VENDORS, vendor_typed};
use std::fs;
use std::path::{Path, PathBuf};

/// The user's answers.
struct InitAnswers {
    name: String,
    vendor: &'static str,
    url: String,
    username: String,
    password: Option<Secret>,
}

/// Asks, tries, and writes the target behind those that are there; its password into a file for its owner.
///
/// # Errors
/// Exit 2 where there is no terminal to ask on, the name is taken, or a file cannot be written.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    if !can_ask() {
        return Err(
            Failure::usage("init asks for a PBX, and nobody is there to be asked").hint(
                "run it on a terminal, or write rowcall.toml yourself: rowcall help passwords",
            ),
        );
    }
    let named = context.config().map(PathBuf::from);
    let path = named
        .or_else(config_file)
        .unwrap_or_else(|| "rowcall.toml".into());
    let taken = match path.is_file() {
        true => config_names(&path)?,
        false => vec![],
    };
    print(format!(
        "a PBX for {}; Ctrl-C ends this and writes nothing",
        path.display()
    ));
    let answers =
        ask_all(&taken).ok_or_else(|| Failure::usage("the answers ended; nothing is written"))?;
    if let Err(failure) = try_out(&answers) {
        report(&failure);
        if !confirm("write it all the same?") {
            return Ok(Exit::NotDone);
        }
    } else {
        print(format!("{} answers, and takes the account", answers.url));
    }
    write(&path, &answers)?;
    print(format!("{}: target {}", path.display(), answers.name));
    print(format!("next: rowcall doctor {}", answers.name));
    Ok(Exit::Done)
}

/// Every answer; `None` where the input ended.
fn ask_all(taken: &[String]) -> Option<InitAnswers> {
    let ids: Vec<&str> = VENDORS.iter().map(|vendor| vendor.id).collect();
    let vendor = loop {
        let answer = ask(&format!("vendor ({})", ids.join(", ")), "")?;
        match vendor_typed(&answer) {
            Ok(vendor) => break vendor,
            Err(why) => print(why),
        }
    };
    let port = (vendor.manifest)().vendor.port;
    let url = loop {
        let answer = ask(&format!("address, for example http://10.0.0.5:{port}"), "")?;
        let answer = match answer.contains("://") || answer.is_empty() {
            true => answer,
            false => format!("http://{answer}"),
        };
        // No address has a character that would end the text in the file.
        match answer.len() > "http://".len() && !answer.contains(['"', '\\', '@', ' ']) {
            true => break answer,
            false => print("write scheme, host and port; the account is asked for next"),
        }
    };
    let username = ask("account", "")?;
    let password = match username.as_str() {
        "" => None,
        _ => ask_secret("password (not shown)").filter(|password| !password.reveal().is_empty()),
    };
    let name = loop {
        let answer = ask("a name for it", if taken.is_empty() { "hq" } else { "" })?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if answer.is_empty() || !answer.chars().all(is_plain) {
            print("a name is letters, digits, - and _");
        } else if taken.contains(&answer) {
            print(format!("there is a target {answer} already"));
        } else {
            break answer;
        }
    };
    Some(InitAnswers {
        name,
        vendor: vendor.id,
        url,
        username,
        password,
    })
}

/// The target's part of the configuration.
fn entry(answers: &InitAnswers, password_file: Option<&Path>) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut entry = format!(
        "[targets.{}]\nvendor = {}\nurl = {}\n",
        answers.name,
        text(answers.vendor),
        text(&answers.url)
    );
    if !answers.username.is_empty() {
        entry.push_str(&format!("username = {}\n", text(&answers.username)));
    }
    if let Some(file) = password_file {
        entry.push_str(&format!(
            "password_file = {}\n",
            text(&file.to_string_lossy())
        ));
    }
    entry
}

/// Signs in with the answers, before any of them is written.
fn try_out(answers: &InitAnswers) -> Result<(), Failure> {
    let entry = TargetEntry {
        vendor: answers.vendor.to_owned(),
        url: answers.url.clone(),
        username: answers.username.clone(),
        password: answers.password.clone(),
        ..TargetEntry::default()
    };
    let target = Target::unwritten(&answers.name, entry)?;
    TargetSession::open(&target, &StopFlag::default()).map(drop)
}

/// Writes the password's file, then the configuration with the new target at its end.
fn write(path: &Path, answers: &InitAnswers) -> Result<(), Failure> {
    let failed = |path: &Path, done: &str, error: std::io::Error| {
        Failure::usage(format!("{} cannot be {done}: {error}", path.display()))
    };
    let before = match path.is_file() {
        true => fs::read_to_string(path).map_err(|error| failed(path, "read", error))?,
        false => String::new(),
    };
    let file = answers.password.as_ref().map(|password| {
        let file = path.with_file_name(format!("{}.password", answers.name));
        let file = std::path::absolute(&file).unwrap_or(file);
        let text = format!("{}\n", password.reveal());
        write_new(&file, text.as_bytes(), Readers::Owner)
            .map_err(|error| failed(&file, "written", error))?;
        Ok::<_, Failure>(file)
    });
    let file = file.transpose()?;
    let gap = match before.is_empty() {
        true => "",
        false => "\n",
    };
    let text = format!("{before}{gap}{}", entry(answers, file.as_deref()));
    let written = write_whole(path, text.as_bytes(), Readers::Anybody);
    if let (Err(_), Some(file)) = (&written, &file) {
        // No password is left where no target leads to it.
        let _ = fs::remove_file(file);
    }
    written.map_err(|error| failed(path, "written", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_is_text_in_the_file_whatever_it_holds() {
        let answers = InitAnswers {
            name: "hq".into(),
            vendor: "openvox",
            url: "http://10.0.0.5:80".into(),
            username: "a\"\nurl = \"http://evil".into(),
            password: None,
        };
        let text = entry(&answers, Some(Path::new("C:\\x\\hq.password")));
        let read: toml::Table = text.parse().unwrap();
        let target = &read["targets"]["hq"];
        assert_eq!(target["username"].as_str(), Some(answers.username.as_str()));
        assert_eq!(target["url"].as_str(), Some("http://10.0.0.5:80"));
        assert_eq!(target["password_file"].as_str(), Some("C:\\x\\hq.password"));
    }
}
