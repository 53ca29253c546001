//! `rowcall.toml`: the targets, and the sources of their passwords.

use super::failure::Failure;
use super::process_group;
use super::terminal::ask_secret;
use crate::disk::{Readers, write_new, write_whole};
use crate::lang::keep;
use crate::model::{Secret, may_be_secret, redact};
use crate::vendors::Account;
use etcetera::BaseStrategy;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

/// The variable with the password where the target does not name another source.
pub(crate) const PASSWORD_VARIABLE: &str = "ROWCALL_PASSWORD";

/// The keys of a target that say where a password is, behind the prefix of an account that is not the main one.
const PASSWORD_KEYS: [&str; 3] = ["password_env", "password_file", "password_command"];

/// The placeholder for the target's name in the name of a file.
pub(crate) const TARGET: &str = "{target}";

/// The largest configuration that is read, in bytes: 100 bytes a target are usual.
const CONFIG_BYTES_MAX: u64 = 64 << 20;

/// The largest file with a password, a certificate or headings that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The most names of targets that a hint shows.
const NAMES_SHOWN_MAX: usize = 20;

/// The name of a first target.
pub(crate) const USUAL_NAME: &str = "hq";

/// A target as `rowcall.toml` has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TargetEntry {
    pub(crate) vendor: String,
    pub(crate) url: String,
    pub(crate) username: String,
    /// The password as it was typed just now: a file never contains it.
    #[serde(skip)]
    pub(crate) password: Option<Secret>,
    pub(crate) password_env: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) password_command: Option<String>,
    pub(crate) rate: Option<String>,
    pub(crate) parallel: Option<usize>,
    pub(crate) batch: Option<usize>,
    pub(crate) reply_within: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) country: Option<String>,
    pub(crate) sip_address: Option<String>,
    pub(crate) sip_transport: Option<String>,
    pub(crate) sip_domain: Option<String>,
    pub(crate) sip_rate: Option<String>,
    #[serde(flatten)]
    pub(crate) settings: BTreeMap<String, toml::Value>,
}

/// The keys of a target that are no setting of its make.
pub(crate) const KEYS: [&str; 16] = [
    "vendor",
    "url",
    "username",
    "password_env",
    "password_file",
    "password_command",
    "rate",
    "parallel",
    "batch",
    "reply_within",
    "ca_file",
    "country",
    "sip_address",
    "sip_transport",
    "sip_domain",
    "sip_rate",
];

/// The place of a password, as a target has it.
struct PasswordPlace<'e> {
    /// The prefix of its keys: empty for the main account.
    prefix: &'e str,
    env: Option<&'e str>,
    file: Option<&'e Path>,
    command: Option<&'e str>,
}

impl PasswordPlace<'_> {
    /// A key as `rowcall.toml` has it.
    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// The variable with the password where no place is named.
    fn variable(&self) -> String {
        PASSWORD_VARIABLE.replace("PASSWORD", &self.key("password").to_uppercase())
    }
}

impl TargetEntry {
    /// The text of a setting; `None` where it is not set, or no text.
    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(toml::Value::as_str)
    }

    /// The files that it names as places of passwords.
    pub(crate) fn password_files(&self) -> impl Iterator<Item = &Path> {
        let is_file = |name: &str| name.ends_with("_password_file");
        let settings = self.settings.iter().filter(move |(name, _)| is_file(name));
        let files = settings.filter_map(|(_, value)| value.as_str().map(Path::new));
        self.password_file.as_deref().into_iter().chain(files)
    }
}

/// Returns true for a key that says where the password of an account is whose keys have this prefix.
pub(crate) fn is_password_place(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|key| PASSWORD_KEYS.contains(&key))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The keys that hold for every target that does not set them itself.
    #[serde(default)]
    defaults: TargetEntry,
    #[serde(default)]
    targets: BTreeMap<String, TargetEntry>,
}

impl TargetEntry {
    /// Completes the entry of the target of this name by what it does not say itself. The name stands for `{target}` in
    /// the names of password files.
    pub(crate) fn completed(self, name: &str, defaults: &TargetEntry) -> TargetEntry {
        let text = |own: String, default: &String| match own.is_empty() {
            true => default.clone(),
            false => own,
        };
        let has_source = self.password_env.is_some()
            || self.password_file.is_some()
            || self.password_command.is_some();
        // One source of its own replaces the source of all.
        let source = match has_source {
            true => &TargetEntry::default(),
            false => defaults,
        };
        let mut settings = defaults.settings.clone();
        settings.extend(self.settings);
        for (key, value) in &mut settings {
            if let (true, toml::Value::String(text)) = (key.ends_with("_password_file"), value) {
                *text = text.replace(TARGET, name);
            }
        }
        let password_file = self.password_file.or_else(|| source.password_file.clone());
        let password_file = password_file.map(|file| match file.to_str() {
            Some(text) => text.replace(TARGET, name).into(),
            None => file,
        });
        TargetEntry {
            vendor: text(self.vendor, &defaults.vendor),
            url: text(self.url, &defaults.url),
            username: text(self.username, &defaults.username),
            password: self.password,
            password_env: self.password_env.or_else(|| source.password_env.clone()),
            password_file,
            password_command: self
                .password_command
                .or_else(|| source.password_command.clone()),
            rate: self.rate.or_else(|| defaults.rate.clone()),
            parallel: self.parallel.or(defaults.parallel),
            batch: self.batch.or(defaults.batch),
            reply_within: self.reply_within.or_else(|| defaults.reply_within.clone()),
            ca_file: self.ca_file.or_else(|| defaults.ca_file.clone()),
            country: self.country.or_else(|| defaults.country.clone()),
            sip_address: self.sip_address.or_else(|| defaults.sip_address.clone()),
            sip_transport: self
                .sip_transport
                .or_else(|| defaults.sip_transport.clone()),
            sip_domain: self.sip_domain.or_else(|| defaults.sip_domain.clone()),
            sip_rate: self.sip_rate.or_else(|| defaults.sip_rate.clone()),
            settings,
        }
    }
}

/// The configuration that a name of a target is looked up in.
pub(crate) fn config_of(name: &str, config: Option<&Path>) -> Result<PathBuf, Failure> {
    config
        .map(Path::to_owned)
        .or_else(config_file)
        .ok_or_else(|| {
            Failure::usage(format!(
                "{:?} would be a target of rowcall.toml, and there is none",
                redact::target(name)
            ))
            .hint("rowcall init writes one; or name the target as VENDOR+URL, or use sim:VENDOR")
        })
}

/// The names of all targets of the configuration, in the order of the alphabet.
///
/// # Errors
/// Exit 2 where there is no configuration, it cannot be read, or has no target.
pub(crate) fn all_names(config: Option<&Path>) -> Result<Vec<String>, Failure> {
    let path = config.map(Path::to_owned).or_else(config_file);
    let path = path.ok_or_else(|| {
        Failure::usage("there is no rowcall.toml, here or in the configuration folder")
            .hint("rowcall init writes one; or name it with --config")
    })?;
    let names = config_names(&path)?;
    if names.is_empty() {
        return Err(Failure::usage(format!("{} has no target", path.display()))
            .hint("rowcall init adds one"));
    }
    Ok(names)
}

/// The names of all targets of the configuration; none where there is no configuration.
///
/// # Errors
/// Exit 2 where it cannot be read.
#[cfg(feature = "page")]
pub(crate) fn names_if_any(config: Option<&Path>) -> Result<Vec<String>, Failure> {
    let path = config.map(Path::to_owned).or_else(config_file);
    path.map_or(Ok(vec![]), |path| config_names(&path))
}

/// The names of the targets of a configuration that is there.
///
/// # Errors
/// Exit 2 where it cannot be read.
pub(crate) fn config_names(path: &Path) -> Result<Vec<String>, Failure> {
    Ok(read_config(path)?.targets.keys().cloned().collect())
}

/// The names of the targets of this vendor; none where there is no configuration that can be read.
pub(crate) fn names_of(vendor: &str, config: Option<&Path>) -> Vec<String> {
    let path = config.map(Path::to_owned).or_else(config_file);
    let Some(config) = path.and_then(|path| read_config(&path).ok()) else {
        return vec![];
    };
    let targets = config.targets.iter();
    let of_vendor = targets.filter(|(_, entry)| entry.vendor == vendor);
    of_vendor.map(|(name, _)| name.clone()).collect()
}

/// A name that no target has yet: the usual one, or one like it.
pub(crate) fn free_name(config: Option<&Path>) -> String {
    let path = config.map(Path::to_owned).or_else(config_file);
    let known = path.and_then(|path| config_names(&path).ok());
    free_name_among(&known.unwrap_or_default())
}

/// A name like the usual one that is none of those.
pub(crate) fn free_name_among(known: &[String]) -> String {
    let further = (2..).map(|number| format!("{USUAL_NAME}-{number}"));
    let mut names = [USUAL_NAME.to_owned()].into_iter().chain(further);
    let free = names.find(|name| !known.contains(name));
    free.unwrap_or_default()
}

/// A target of the configuration by its name.
pub(crate) fn named(name: &str, path: &Path) -> Result<TargetEntry, Failure> {
    let config = read_config(path)?;
    config.targets.get(name).cloned().ok_or_else(|| {
        let known = config.targets.keys().map(String::as_str);
        let known: Vec<&str> = known.take(NAMES_SHOWN_MAX).collect();
        let more = match config.targets.len() - known.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let name = redact::target(name);
        Failure::usage(format!("{} has no target {name:?}", path.display()))
            .hint(format!("it has: {}{more}", known.join(", ")))
    })
}

/// The keys that hold for every target; none where there is no configuration.
///
/// # Errors
/// Exit 2 where it cannot be read.
pub(crate) fn defaults(config: Option<&Path>) -> Result<TargetEntry, Failure> {
    match config.map(Path::to_owned).or_else(config_file) {
        Some(path) => Ok(read_config(&path)?.defaults.clone()),
        None => Ok(TargetEntry::default()),
    }
}

/// The files with passwords and certificates that a configuration names; none where it cannot be read.
pub(crate) fn files_named_in(path: &Path) -> Vec<PathBuf> {
    let Ok(config) = read_config(path) else {
        return vec![];
    };
    let files = config.targets.values().flat_map(|target| {
        let passwords = target.password_files();
        passwords.chain(target.ca_file.as_deref())
    });
    files.map(Path::to_owned).collect()
}

/// Finds the line of a target's key, as `rowcall.toml:7`; the file alone where it is not found.
pub(crate) fn place_in_config(path: &Path, target: &str, key: &str) -> String {
    let text = read_text(path, CONFIG_BYTES_MAX).unwrap_or_default();
    let (mut is_target, mut found) = (false, None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            let name = line.trim_matches(['[', ']']).trim();
            let name = name.strip_prefix("targets.").unwrap_or_default();
            is_target = name.trim_matches(['"', '\'']) == target;
        } else if is_target
            && line
                .split('=')
                .next()
                .is_some_and(|name| name.trim() == key)
        {
            found = Some(index + 1);
        }
    }
    match found {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

/// Finds the target whose table is above a place in the configuration.
fn target_above(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let head = before
        .lines()
        .rfind(|line| line.trim_start().starts_with('['))?;
    let name = head.trim().trim_matches(['[', ']']).trim();
    name.strip_prefix("targets.")
}

/// The configuration that was read last, with its path and what the system said of the file.
static LAST_READ: Mutex<Option<(PathBuf, FileState, Arc<Config>)>> = Mutex::new(None);

/// A file's length and the time when it was written, by which a change of it is noticed.
type FileState = (u64, Option<SystemTime>);

/// Returns the configuration, which is read again only if the file has changed: each of thousands of targets looks itself up.
fn read_config(path: &Path) -> Result<Arc<Config>, Failure> {
    let about = fs::metadata(path).ok();
    let state = about.map(|about| (about.len(), about.modified().ok()));
    let mut last = LAST_READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Some((read, before, config)), Some(state)) = (&*last, &state)
        && read == path
        && before == state
    {
        return Ok(Arc::clone(config));
    }
    let config = Arc::new(parse_config(path)?);
    *last = state.map(|state| (path.to_owned(), state, Arc::clone(&config)));
    Ok(config)
}

fn parse_config(path: &Path) -> Result<Config, Failure> {
    let shown = path.display();
    let text = read_text(path, CONFIG_BYTES_MAX)
        .map_err(|why| Failure::usage(format!("{shown} cannot be read: {why}")))?;
    let read: Result<Config, toml::de::Error> = toml::from_str(&text);
    let mut config = read.map_err(|error| {
        // The error's own display quotes the line, and a line may have a secret.
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        let target = error.span().and_then(|span| target_above(&text, span.end));
        let target = target.map_or_else(String::new, |target| format!("target {target}: "));
        Failure::usage(format!(
            "{shown}:{line}: {target}the line is not understood ({})",
            redact::quoted(&without_value(error.message()))
        ))
    })?;
    let targets = std::mem::take(&mut config.targets).into_iter();
    config.targets = targets
        .map(|(name, target)| {
            let target = target.completed(&name, &config.defaults);
            (name, target)
        })
        .collect();
    keep(config.targets.keys());
    for target in config.targets.values() {
        let files = target.password_files().chain(target.ca_file.as_deref());
        keep(files.map(Path::to_string_lossy));
    }
    Ok(config)
}

/// Shortens the TOML reader's message about a wrong value so that it does not show the value: `invalid type: integer
/// `1234`, expected a string`.
fn without_value(message: &str) -> String {
    let wrong = message
        .split_once(": ")
        .filter(|(what, _)| what.starts_with("invalid"));
    match (wrong, message.rsplit_once(", expected ")) {
        (Some((what, rest)), Some((_, expected))) => {
            let kind = rest.split(['`', '"']).next().unwrap_or_default().trim_end();
            format!("{what}: {kind}, expected {expected}")
        }
        _ => message.to_owned(),
    }
}

/// Finds `rowcall.toml` in the current folder, else in the platform's configuration folder.
pub(crate) fn config_file() -> Option<PathBuf> {
    let here = PathBuf::from("rowcall.toml");
    if here.is_file() {
        return Some(here);
    }
    let folder = etcetera::choose_base_strategy()
        .ok()?
        .config_dir()
        .join("rowcall");
    Some(folder.join("rowcall.toml")).filter(|path| path.is_file())
}

/// Writes a target behind those of the configuration; its password into a file for its owner.
///
/// # Errors
/// Exit 2 where a file cannot be written.
pub(crate) fn add_target(path: &Path, name: &str, entry: &TargetEntry) -> Result<(), Failure> {
    let unread =
        |error: io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let before = match path.is_file() {
        true => fs::read_to_string(path).map_err(unread)?,
        false => String::new(),
    };
    let file = entry.password.as_ref().map(|password| {
        let file = path.with_file_name(format!("{name}.password"));
        let file = std::path::absolute(&file).unwrap_or(file);
        let text = format!("{}\n", password.reveal());
        write_new(&file, text.as_bytes(), Readers::Owner)
            .map_err(|error| Failure::not_written(&file, &error))?;
        Ok::<_, Failure>(file)
    });
    let file = file.transpose()?;
    let gap = if before.is_empty() { "" } else { "\n" };
    let table = table_of(name, entry, file.as_deref());
    let text = format!("{before}{gap}{table}");
    let written = write_whole(path, text.as_bytes(), Readers::Anybody);
    if let (Err(_), Some(file)) = (&written, &file) {
        // No password is left where no target leads to it.
        let _ = fs::remove_file(file);
    }
    written.map_err(|error| Failure::not_written(path, &error))
}

/// A target's part of the configuration.
fn table_of(name: &str, entry: &TargetEntry, password_file: Option<&Path>) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let (vendor, url) = (text(&entry.vendor), text(&entry.url));
    let mut table = format!("[targets.{name}]\nvendor = {vendor}\nurl = {url}\n");
    if !entry.username.is_empty() {
        table.push_str(&format!("username = {}\n", text(&entry.username)));
    }
    if let Some(file) = password_file {
        let file = text(&file.to_string_lossy());
        table.push_str(&format!("password_file = {file}\n"));
    }
    if let Some(command) = &entry.password_command {
        table.push_str(&format!("password_command = {}\n", text(command)));
    }
    table
}

/// Reads a small text file.
pub(crate) fn read_small(path: &Path) -> Result<String, String> {
    read_text(path, FILE_BYTES_MAX)
}

/// Reads a text file of at most this many bytes.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > bytes_max {
        return Err(format!("it is larger than {bytes_max} bytes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The account of a target that is not simulated.
pub(crate) fn account(
    label: &str,
    username: String,
    entry: &TargetEntry,
    required: bool,
) -> Result<Account, Failure> {
    if username.is_empty() {
        if required {
            return Err(Failure::usage(format!("{label} needs an account")).hint(
                "set `username`, or write it into the address: VENDOR+http://USER@HOST:PORT",
            ));
        }
        return Ok(Account::default());
    }
    if let Some(password) = entry.password.clone() {
        return Ok(Account {
            username,
            password,
            second: None,
        });
    }
    let place = PasswordPlace {
        prefix: "",
        env: entry.password_env.as_deref(),
        file: entry.password_file.as_deref(),
        command: entry.password_command.as_deref(),
    };
    let password = password(label, &username, &place)?;
    Ok(Account {
        username,
        password,
        second: None,
    })
}

/// The second account of a target, whose settings begin with this prefix.
///
/// # Errors
/// Exit 2 where there is no password for it.
pub(crate) fn second_account(
    label: &str,
    username: &str,
    entry: &TargetEntry,
    prefix: &str,
) -> Result<Account, Failure> {
    let [env, file, command] = PASSWORD_KEYS.map(|key| entry.setting(&format!("{prefix}{key}")));
    let place = PasswordPlace {
        prefix,
        env,
        file: file.map(Path::new),
        command,
    };
    Ok(Account {
        username: username.to_owned(),
        password: password(label, username, &place)?,
        second: None,
    })
}

fn password(label: &str, username: &str, place: &PasswordPlace<'_>) -> Result<Secret, Failure> {
    let keys = || PASSWORD_KEYS.map(|key| place.key(key)).join(", ");
    let password = match (place.env, place.file, place.command) {
        (Some(_), None, None) => from_variable(label, place)?,
        (None, Some(path), None) => {
            let text = read_small(path).map_err(|why| {
                let (key, path) = (place.key("password_file"), shown_path(path));
                Failure::usage(format!("{label}: {key} {path}: {why}"))
            })?;
            first_line(&text)
        }
        (None, None, Some(command)) => {
            let key = place.key("password_command");
            from_command((label, &key), command, COMMAND_TIME_MAX)?
        }
        (None, None, None) => from_variable(label, place).or_else(|failure| {
            match ask_secret(&format!("password of {username} at {label}")) {
                Some(password) => Ok(password.reveal().to_owned()),
                None => Err(failure),
            }
        })?,
        _ => {
            return Err(Failure::usage(format!(
                "{label} names more than one source of the password of {username}"
            ))
            .hint(format!("keep one of {}", keys())));
        }
    };
    if password.is_empty() {
        return Err(
            Failure::usage(format!("{label}: the password of {username} is empty"))
                .hint("correct the variable, file or command that rowcall.toml names for it"),
        );
    }
    Ok(Secret::new(password))
}

/// The text in place of a name that may be a password which stands under the wrong key.
const MAYBE_PASSWORD: &str = "(not shown, because it may be the password itself)";

/// A path for a message; only where its folder is there is it surely one.
fn shown_path(path: &Path) -> Cow<'_, str> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder.is_some_and(Path::is_dir) {
        true => path.to_string_lossy(),
        false => MAYBE_PASSWORD.into(),
    }
}

/// A variable's name for a message, where it is written as variables are and does not look like a password.
fn shown_variable(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_name = name.contains('_') || !may_be_secret(name);
    match is_name && name.chars().all(is_plain) && name.contains(char::is_alphabetic) {
        true => name,
        false => MAYBE_PASSWORD,
    }
}

/// The password in a variable: the usual one where no place of it is named.
fn from_variable(label: &str, place: &PasswordPlace<'_>) -> Result<String, Failure> {
    let name = place.env.map_or_else(|| place.variable(), str::to_owned);
    env::var(&name).map_err(|_| {
        let [_, file, command] = PASSWORD_KEYS.map(|key| place.key(key));
        let message = match place.env {
            Some(name) => format!(
                "{label} needs a password, and the variable {} is not set",
                shown_variable(name)
            ),
            None => format!(
                "{label} needs a password: no place of it is named, and the variable {name}, which is looked at then, is not set"
            ),
        };
        // A target that was typed as an address has no entry.
        Failure::usage(message).hint(match label.contains("://") {
            true => format!(
                "set it, or give the PBX a name with {file} or {command} in rowcall.toml: rowcall init writes it"
            ),
            false => format!("set it, or name {file} or {command} in rowcall.toml"),
        })
    })
}

/// The longest time that a password command may take.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(30);

/// The most that a password command may print, in bytes.
const COMMAND_BYTES_MAX: u64 = 64 << 10;

/// Runs the command of a target's key, and takes the first line of its output.
fn from_command(
    (label, key): (&str, &str),
    command: &str,
    time_max: Duration,
) -> Result<String, Failure> {
    let failed = |why: String| Failure::usage(format!("{label}: {key} {why}"));
    let cannot_run = |error: io::Error| failed(format!("cannot run: {error}"));
    let deadline = Instant::now() + time_max;
    // A group in the background may not ask at a terminal, as password stores do.
    let mut child = process_group::shell(command, !has_terminal())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(cannot_run)?;
    let (send, receive) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        // Not awaited: processes that the command started may keep the pipe open after it.
        thread::spawn(move || {
            let mut bytes = vec![];
            let read = out.take(COMMAND_BYTES_MAX + 1).read_to_end(&mut bytes);
            let _ = send.send(read.map(|_| bytes));
        });
    }
    let read = receive.recv_timeout(time_max);
    let too_large = matches!(&read, Ok(Ok(bytes)) if bytes.len() as u64 > COMMAND_BYTES_MAX);
    // While its output has not ended it is not awaited: its number is its group's until then.
    let status = match read.is_ok() && !too_large {
        true => process_group::wait(&mut child, deadline, || false).map_err(cannot_run)?,
        false => {
            process_group::end(&mut child);
            None
        }
    };
    let Some(status) = status else {
        return Err(failed(match too_large {
            true => format!("printed more than {COMMAND_BYTES_MAX} bytes"),
            false => format!(
                "or a process that it started took longer than {} s",
                time_max.as_secs()
            ),
        }));
    };
    if !status.success() {
        return Err(failed(format!("failed ({status})")));
    }
    let bytes = read.map_err(|_| failed("did not end its output".into()))?;
    let text = String::from_utf8(bytes.map_err(cannot_run)?)
        .map_err(|_| failed("printed bytes that are no text".into()))?;
    Ok(first_line(&text))
}

/// Returns true if the process has a terminal at which a command may ask, also where standard input is none.
fn has_terminal() -> bool {
    cfg!(unix) && std::fs::File::open("/dev/tty").is_ok()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::nearest;

    #[test]
    fn what_is_answered_is_text_in_the_file_whatever_it_holds() {
        let entry = TargetEntry {
            vendor: "openvox".into(),
            url: "http://10.0.0.5:80".into(),
            username: "a\"\nurl = \"http://evil".into(),
            ..TargetEntry::default()
        };
        let text = table_of("hq", &entry, Some(Path::new("C:\\x\\hq.password")));
        let read: toml::Table = text.parse().unwrap();
        let target = &read["targets"]["hq"];
        assert_eq!(target["username"].as_str(), Some(entry.username.as_str()));
        assert_eq!(target["url"].as_str(), Some("http://10.0.0.5:80"));
        assert_eq!(target["password_file"].as_str(), Some("C:\\x\\hq.password"));
    }

    #[test]
    fn the_keys_are_those_of_a_target() {
        for key in KEYS {
            let number = format!("{key} = 1");
            let text = format!("{key} = '1'");
            let entry = |line: &str| toml::from_str::<TargetEntry>(line).ok();
            let entry = entry(&text).or_else(|| entry(&number)).unwrap();
            assert!(entry.settings.is_empty(), "{key}");
        }
        assert_eq!(nearest("usernme", KEYS), Some("username"));
        // And the other way: each field that a file may have is among them.
        let shown = format!("{:#?}", TargetEntry::default());
        let fields = shown.lines().filter_map(|line| line.strip_prefix("    "));
        let fields = fields.filter_map(|line| line.split_once(':').map(|(name, _)| name));
        let fields: Vec<&str> = fields
            .filter(|name| !["password", "settings"].contains(name))
            .collect();
        assert_eq!(fields, KEYS);
    }

    #[test]
    fn a_file_is_parsed_once_and_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rowcall.toml");
        let target =
            |name: &str| format!("[targets.{name}]\nvendor = 'openvox'\nurl = 'http://a'\n");
        fs::write(&path, target("hq")).unwrap();
        let read = || read_config(&path).unwrap();
        // Another test may have read another file in between, but not each time.
        assert!((0..100).any(|_| Arc::ptr_eq(&read(), &read())));
        fs::write(&path, target("hq") + &target("branch")).unwrap();
        assert_eq!(config_names(&path).unwrap(), ["branch", "hq"]);
    }

    #[test]
    fn a_target_has_the_defaults_that_it_does_not_set_itself() {
        let config = "[defaults]\nvendor = 'openvox'\nrate = '5/s'\npassword_file = 'p/{target}'\nformat = 'xml'\n\
                      [targets.a]\nurl = 'http://a'\n\
                      [targets.b]\nurl = 'http://b'\nvendor = 'ozeki'\npassword_env = 'B'\nformat = 'json'\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rowcall.toml");
        fs::write(&path, config).unwrap();
        let a = named("a", &path).unwrap();
        assert_eq!(
            (a.vendor.as_str(), a.rate.as_deref()),
            ("openvox", Some("5/s"))
        );
        assert_eq!(a.password_file, Some("p/a".into()));
        assert_eq!(a.settings["format"].as_str(), Some("xml"));
        let b = named("b", &path).unwrap();
        assert_eq!(
            (b.vendor.as_str(), b.rate.as_deref()),
            ("ozeki", Some("5/s"))
        );
        // One source of a password replaces the other.
        assert_eq!(
            (b.password_env.as_deref(), b.password_file),
            (Some("B"), None)
        );
        assert_eq!(b.settings["format"].as_str(), Some("json"));
    }

    #[test]
    fn a_variable_is_named_unless_its_name_may_be_the_password() {
        for name in ["HQPW", "PASSWORD", "HQ_PW", "PBX1_PW"] {
            assert_eq!(shown_variable(name), name);
        }
        for password in [
            "TR7XKQ2MZP9W",
            "secret",
            "Geheim!",
            "4711",
            "4711_2",
            "GEHEIM2024",
        ] {
            assert_eq!(shown_variable(password), MAYBE_PASSWORD, "{password}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_password_command_that_takes_too_long_ends_with_all_that_it_started() {
        if has_terminal() {
            // There the command has no group of its own.
            return crate::skip::skip("process without a terminal", "setsid cargo test");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("process");
        let command = format!("sleep 60 & echo $! > '{}'; wait", file.display());
        let failure =
            from_command(("hq", "password_command"), &command, Duration::from_secs(2)).unwrap_err();
        assert!(
            failure.message.contains("took longer than 2 s"),
            "{failure:?}"
        );
        let process = fs::read_to_string(&file).unwrap();
        let stat = format!("/proc/{}/stat", process.trim());
        let is_at_work = || fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        let begun = Instant::now();
        while is_at_work() && begun.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(!is_at_work(), "it goes on by itself");
    }
}
