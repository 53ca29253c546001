//! From what was typed after `--to` to a PBX: `rowcall.toml`, `VENDOR+URL`, `sim:VENDOR`.

use super::{Failure, of_rows, say};
use crate::cli::{PaceArgs, Rate};
use crate::link::http::{Http, Options};
use crate::link::paced::{PARALLEL_MAX, Pace};
use crate::link::retrying::Retrying;
use crate::link::{Link, StopFlag};
use crate::model::{Fault, Secret};
use crate::sim::{Faults, InProcess, Sim};
use crate::submit::converse::{Connection, INTERRUPTED};
use crate::vendors::{Account, Settings, VENDORS, Vendor, vendor};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};
use url::Url;

/// The variable that holds the password where the target does not say where it is.
const PASSWORD_VARIABLE: &str = "ROWCALL_PASSWORD";

/// The largest configuration or password file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What a target was made from, so that it can be made again. Holds no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Recipe {
    text: String,
    config: Option<PathBuf>,
    rate: f64,
    parallel: usize,
    batch: usize,
    settings: Vec<(String, String)>,
    ca_file: Option<PathBuf>,
    /// Whether it is about the PBX's groups.
    #[serde(default)]
    pub(super) groups: bool,
}

impl Recipe {
    /// The same target with a setting of its vendor.
    pub(super) fn set(mut self, name: &str, value: &str) -> Recipe {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The target again.
    ///
    /// # Errors
    /// As [`Target::resolve`].
    pub(super) fn resolve(&self, config: Option<&Path>) -> Result<Target, Failure> {
        let narrow = |count: usize| u16::try_from(count).ok();
        let pace = PaceArgs {
            rate: Some(Rate(self.rate)),
            parallel: narrow(self.parallel),
            batch: narrow(self.batch),
            settings: self.settings.clone(),
            ca_file: self.ca_file.clone(),
        };
        Target::resolve(&self.text, config.or(self.config.as_deref()), &pace)?.of_rows(self.groups)
    }
}

/// One PBX, ready to be spoken to.
pub struct Target {
    /// How it is called in messages: never with a password in it.
    pub label: String,
    /// Its vendor.
    pub vendor: &'static Vendor,
    /// Where it is.
    pub address: Address,
    /// Who signs in.
    pub account: Account,
    /// The vendor's settings.
    pub settings: Settings,
    /// Requests per second.
    pub rate: Rate,
    /// Requests in flight.
    pub parallel: usize,
    /// How many extensions one look-up asks for.
    pub batch: usize,
    /// Certificates to trust beside the platform's.
    pub ca_file: Option<PathBuf>,
    /// What it was made from.
    pub(super) recipe: Recipe,
}

/// Where a target is.
pub enum Address {
    /// In this process, with these faults.
    Sim(Option<String>),
    /// At this address; the vendor's own path is in it.
    Url(Url),
}

/// A target as `rowcall.toml` has it.
#[derive(Debug, Default, Deserialize)]
struct Entry {
    vendor: String,
    url: String,
    #[serde(default)]
    username: String,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    password_command: Option<String>,
    rate: Option<String>,
    parallel: Option<usize>,
    batch: Option<usize>,
    ca_file: Option<PathBuf>,
    #[serde(flatten)]
    settings: BTreeMap<String, toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    targets: BTreeMap<String, Entry>,
}

impl Target {
    /// Finds out what a target's words mean; what was typed wins over the file, the file over the vendor.
    ///
    /// # Errors
    /// Exit 2, saying which word of which file is wrong and what would be right.
    pub fn resolve(text: &str, config: Option<&Path>, pace: &PaceArgs) -> Result<Target, Failure> {
        let mut config_used = None;
        let (label, entry, sim) = if let Some(rest) = text.strip_prefix("sim:") {
            let (vendor, faults) = match rest.split_once('?') {
                Some((vendor, faults)) => (vendor, Some(faults.to_owned())),
                None => (rest, None),
            };
            let entry = Entry {
                vendor: vendor.to_owned(),
                ..Entry::default()
            };
            (format!("sim:{vendor}"), entry, Some(faults))
        } else if let Some((vendor, url)) =
            text.split_once('+').filter(|(_, url)| url.contains("://"))
        {
            let entry = Entry {
                vendor: vendor.to_owned(),
                url: url.to_owned(),
                ..Entry::default()
            };
            (String::new(), entry, None)
        } else {
            let path = config_of(text, config)?;
            let entry = named(text, &path)?;
            config_used = Some(path);
            (text.to_owned(), entry, None)
        };

        let vendor = vendor(&entry.vendor).ok_or_else(|| {
            let known: Vec<&str> = VENDORS.iter().map(|vendor| vendor.id).collect();
            Failure::usage(format!("there is no vendor {:?}", entry.vendor))
                .hint(format!("there are: {}", known.join(", ")))
        })?;
        let facts = &(vendor.manifest)().vendor;
        let settings = settings(vendor, &entry, pace)?;
        let (label, address, account) = match sim {
            Some(faults) => (label, Address::Sim(faults), sim_account()),
            None => {
                let (url, user) = address(&entry.url, &facts.path)?;
                let label = if label.is_empty() {
                    format!("{}+{url}", vendor.id)
                } else {
                    label
                };
                let username = if user.is_empty() {
                    entry.username.clone()
                } else {
                    user
                };
                let account = account(
                    &label,
                    username,
                    &entry,
                    !(vendor.manifest)().ability.account_optional,
                )?;
                (label, Address::Url(url), account)
            }
        };
        let rate = match (pace.rate, &entry.rate) {
            (Some(rate), _) => rate,
            (None, Some(text)) => text
                .parse()
                .map_err(|why| Failure::usage(format!("{label}: rate: {why}")))?,
            (None, None) => Rate(facts.rate),
        };
        let parallel = pace
            .parallel
            .map(usize::from)
            .or(entry.parallel)
            .unwrap_or(facts.parallel);
        if parallel > PARALLEL_MAX.into() {
            say(format!(
                "{label}: parallel is {parallel}, but at most {PARALLEL_MAX} requests can be in flight: {PARALLEL_MAX} are"
            ));
        }
        let parallel = parallel.clamp(1, PARALLEL_MAX.into());
        let batch = pace
            .batch
            .map(usize::from)
            .or(entry.batch)
            .unwrap_or(facts.batch)
            .clamp(1, 1000);
        // A vendor that answers for one extension at a time cannot be asked for more.
        let batch = if facts.batch == 1 { 1 } else { batch };
        let ca_file = pace.ca_file.clone().or(entry.ca_file);
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let recipe = Recipe {
            text: text.to_owned(),
            config: config_used.as_ref().map(absolute),
            rate: rate.0,
            parallel,
            batch,
            settings: pace.settings.clone(),
            ca_file: ca_file.as_ref().map(absolute),
            groups: false,
        };
        Ok(Target {
            label,
            vendor,
            address,
            account,
            settings,
            rate,
            parallel,
            batch,
            ca_file,
            recipe,
        })
    }

    /// The same PBX, about its groups where the rows are such.
    ///
    /// # Errors
    /// Exit 2 where its vendor has no groups.
    pub(super) fn of_rows(mut self, groups: bool) -> Result<Target, Failure> {
        if groups {
            self.vendor = of_rows(self.vendor, groups)?;
            self.batch = (self.vendor.manifest)().vendor.batch;
            self.recipe.groups = true;
        }
        Ok(self)
    }

    /// What its rows are called in messages: `extension` or `group`.
    pub(super) fn record(&self) -> &'static str {
        (self.vendor.manifest)().key().record()
    }

    /// Signs in.
    ///
    /// # Errors
    /// Exit 2 where a certificate file cannot be read, exit 3 where the target cannot be used.
    pub fn connect(&self, stop: &StopFlag) -> Result<Connection, Failure> {
        if self.is_unprotected() {
            say(format!(
                "{}: over http, passwords travel readable for everybody on the way",
                self.label
            ));
        }
        let facts = &(self.vendor.manifest)().vendor;
        let reply = Duration::from_millis(facts.reply_ms);
        let link: Box<dyn Link> = match &self.address {
            Address::Sim(faults) => {
                let faults: Faults = faults
                    .as_deref()
                    .unwrap_or_default()
                    .parse()
                    .map_err(Failure::usage)?;
                let sim = Sim::new((self.vendor.sim)(&self.account), faults);
                Box::new(InProcess::new(sim, facts.path.clone(), reply))
            }
            Address::Url(url) => {
                let mut options = Options::replying_within(reply);
                if let Some(path) = &self.ca_file {
                    let pem = read_small(path).map_err(|why| {
                        Failure::usage(format!("{} cannot be read: {why}", path.display()))
                    })?;
                    options.trusted_pem = Some(pem.into_bytes());
                }
                Box::new(Http::new(url.as_str(), "", options).map_err(Failure::usage)?)
            }
        };
        let pace = Pace::per_second(self.rate.0, stop.clone()).map_err(Failure::usage)?;
        let vendor = self.vendor.client(self.settings.clone());
        Connection::open(vendor, Retrying::new(link, pace), self.account.clone())
            .map_err(|fault| self.failure(&fault))
    }

    /// Why the target cannot be used.
    pub fn failure(&self, fault: &Fault) -> Failure {
        let message = format!("{}: {}", self.label, fault.message);
        let hint = match fault.hint.as_str() {
            "" => "check the address and the port, and whether the PBX is well; then run it again",
            hint => hint,
        };
        let failure = Failure::target(message).hint(hint);
        match fault.code.as_ref() {
            INTERRUPTED => Failure {
                exit: 130,
                ..failure
            },
            _ => failure,
        }
    }

    /// What the PBX is by its vendor and address, whatever it is called here: two names of one PBX are one.
    pub(super) fn identity(&self) -> String {
        match &self.address {
            Address::Url(url) => format!("{}+{url}", self.vendor.id),
            Address::Sim(_) => self.label.clone(),
        }
    }

    /// Whether the PBX is a simulated one inside this process.
    pub fn is_sim(&self) -> bool {
        matches!(self.address, Address::Sim(_))
    }

    /// Whether passwords go over a network in the clear.
    pub fn is_unprotected(&self) -> bool {
        let Address::Url(url) = &self.address else {
            return false;
        };
        let here = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        url.scheme() == "http" && !here
    }
}

/// The account of a simulated PBX.
pub fn sim_account() -> Account {
    let password = env::var("ROWCALL_SIM_PASSWORD").unwrap_or_else(|_| "rehearsal".to_owned());
    Account {
        username: "api".to_owned(),
        password: Secret::new(password),
    }
}

fn config_of(name: &str, config: Option<&Path>) -> Result<PathBuf, Failure> {
    config
        .map(Path::to_owned)
        .or_else(config_file)
        .ok_or_else(|| {
            Failure::usage(format!(
                "{name:?} would be a target of rowcall.toml, and there is none"
            ))
            .hint("write one, or name the target as VENDOR+URL, or use sim:VENDOR")
        })
}

/// The names of all targets of the configuration, in the order of the alphabet.
///
/// # Errors
/// Exit 2 where there is no configuration, it cannot be read, or has no target.
pub(super) fn all_names(config: Option<&Path>) -> Result<Vec<String>, Failure> {
    let path = config.map(Path::to_owned).or_else(config_file);
    let path = path.ok_or_else(|| {
        Failure::usage("there is no rowcall.toml, here or in the configuration folder")
            .hint("write one, or name it with --config")
    })?;
    let names: Vec<String> = read_config(&path)?.targets.into_keys().collect();
    if names.is_empty() {
        return Err(Failure::usage(format!("{} has no target", path.display())));
    }
    Ok(names)
}

fn named(name: &str, path: &Path) -> Result<Entry, Failure> {
    let mut config = read_config(path)?;
    config.targets.remove(name).ok_or_else(|| {
        let known: Vec<&str> = config.targets.keys().map(String::as_str).collect();
        Failure::usage(format!("{} has no target {name:?}", path.display()))
            .hint(format!("it has: {}", known.join(", ")))
    })
}

fn read_config(path: &Path) -> Result<Config, Failure> {
    let shown = path.display();
    let text =
        read_small(path).map_err(|why| Failure::usage(format!("{shown} cannot be read: {why}")))?;
    toml::from_str(&text).map_err(|error| {
        // The error's own display quotes the line, and a line may hold what nobody should see.
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        Failure::usage(format!("{shown}:{line}: {}", error.message()))
    })
}

fn config_file() -> Option<PathBuf> {
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

fn read_small(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("it is larger than {FILE_BYTES_MAX} bytes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn settings(vendor: &Vendor, entry: &Entry, pace: &PaceArgs) -> Result<Settings, Failure> {
    let mut given = BTreeMap::new();
    for (name, value) in &entry.settings {
        if name == "password" {
            return Err(Failure::usage("rowcall.toml holds a password").hint(
                "take it out, and name password_env, password_file or password_command instead",
            ));
        }
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Boolean(_) | toml::Value::Integer(_) => value.to_string(),
            _ => {
                return Err(Failure::usage(format!(
                    "{name} takes a text, not a table or list"
                )));
            }
        };
        given.insert(name.clone(), text);
    }
    given.extend(pace.settings.iter().cloned());
    Settings::new((vendor.manifest)(), &given).map_err(Failure::usage)
}

/// The address with the vendor's own path, and the user in it.
fn address(text: &str, vendor_path: &str) -> Result<(Url, String), Failure> {
    let form = "an address is http(s)://USER@HOST:PORT, with at most a path";
    // What is wrong is said without the text: it may hold a password.
    let mut url = Url::parse(text)
        .map_err(|why| Failure::usage(format!("the address is not usable: {why}")).hint(form))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Failure::usage("the address is neither http:// nor https://").hint(form));
    }
    if url.password().is_some() {
        return Err(Failure::usage(
            "the address holds a password, and addresses are shown and logged",
        )
        .hint(format!("leave it out and set {PASSWORD_VARIABLE}")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Failure::usage("the address has a query or a fragment").hint(form));
    }
    let user =
        url::form_urlencoded::parse(format!("u={}", url.username().replace('+', "%2B")).as_bytes())
            .next()
            .map_or_else(String::new, |(_, user)| user.into_owned());
    let _ = url.set_username("");
    let prefix = url.path().trim_end_matches('/').to_owned();
    // `/api/v1.1.0` stands for itself where the vendor's path is `/api/v0.0.1`: the version is the operator's to choose.
    let first = vendor_path.split('/').nth(1).unwrap_or_default();
    let there = first.is_empty() || prefix.split('/').any(|part| part == first);
    let path = if there {
        prefix
    } else {
        format!("{prefix}{vendor_path}")
    };
    url.set_path(&path);
    Ok((url, user))
}

fn account(
    label: &str,
    username: String,
    entry: &Entry,
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
    let password = match (
        &entry.password_env,
        &entry.password_file,
        &entry.password_command,
    ) {
        (Some(name), None, None) => from_variable(label, name)?,
        (None, Some(path), None) => {
            let text = read_small(path).map_err(|why| {
                Failure::usage(format!("{label}: password_file {}: {why}", path.display()))
            })?;
            first_line(&text)
        }
        (None, None, Some(command)) => from_command(label, command)?,
        (None, None, None) => from_variable(label, PASSWORD_VARIABLE)?,
        _ => {
            return Err(Failure::usage(format!(
                "{label} says in more than one way where its password is"
            ))
            .hint("keep one of password_env, password_file, password_command"));
        }
    };
    if password.is_empty() {
        return Err(Failure::usage(format!("{label}: the password is empty")));
    }
    Ok(Account {
        username,
        password: Secret::new(password),
    })
}

fn from_variable(label: &str, name: &str) -> Result<String, Failure> {
    env::var(name).map_err(|_| {
        Failure::usage(format!(
            "{label} needs a password, and the variable {name} is not set"
        ))
        .hint("set it, or name password_file or password_command in rowcall.toml")
    })
}

fn from_command(label: &str, command: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::usage(format!("{label}: password_command {why}"));
    let output = Command::new("sh")
        .arg("-c")
        .arg(command)
        .output()
        .map_err(|error| failed(format!("cannot run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| failed("printed bytes that are no text".into()))?;
    Ok(first_line(&text))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_path_is_added_where_it_is_not_there() {
        let of = |text, path| {
            address(text, path)
                .map(|(url, user)| (url.to_string(), user))
                .ok()
        };
        let is = |url: &str, user: &str| Some((url.to_owned(), user.to_owned()));
        assert_eq!(
            of("http://api@127.0.0.1:9011", "/api/v0.0.1"),
            is("http://127.0.0.1:9011/api/v0.0.1", "api")
        );
        assert_eq!(
            of("http://h/api/v1.1.0/", "/api/v0.0.1"),
            is("http://h/api/v1.1.0", "")
        );
        assert_eq!(of("https://h/pbx1", "/api"), is("https://h/pbx1/api", ""));
        assert_eq!(
            of("http://a%40b%20c@h:7780", ""),
            is("http://h:7780/", "a@b c")
        );
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_showing_it() {
        for text in [
            "http://api:canary@h",
            "ftp://canary@h",
            "http://h/?token=canary",
            "canary",
            "http://h:canary/",
        ] {
            let failure = address(text, "/api").unwrap_err();
            assert!(
                failure.exit == 2 && !failure.message.contains("canary"),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn two_names_of_one_pbx_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("rowcall.toml");
        let text = "[targets.hq]\nvendor = \"ozeki\"\nurl = \"http://127.0.0.1:7780/\"\n";
        fs::write(&config, text).unwrap();
        let pace = PaceArgs::default();
        let resolve = |text: &str| Target::resolve(text, Some(&config), &pace).unwrap();
        let (named, typed) = (resolve("hq"), resolve("ozeki+http://127.0.0.1:7780"));
        assert_ne!(named.label, typed.label);
        assert_eq!(named.identity(), typed.identity());
        assert_ne!(
            named.identity(),
            resolve("ozeki+http://127.0.0.1:7781").identity()
        );
    }

    #[test]
    fn a_pbx_and_its_groups_are_one() {
        let pace = PaceArgs::default();
        let resolve = || Target::resolve("sim:portsip", None, &pace).unwrap();
        let groups = resolve().of_rows(true).unwrap();
        assert_eq!(groups.identity(), resolve().identity());
        assert_eq!(
            (groups.record(), resolve().record()),
            ("group", "extension")
        );
        // And what is gone on with later is still about them.
        let again = groups.recipe.resolve(None).unwrap();
        assert_eq!((again.record(), again.batch), ("group", groups.batch));
        assert!(groups.batch > 1);
    }
}
