//! From the words after `--to` to a PBX: `rowcall.toml`, `VENDOR+URL`, `sim:VENDOR`.

use super::config::{
    KEYS, PASSWORD_VARIABLE, TargetEntry, account, config_of, is_password_place, named,
    place_in_config, second_account,
};
use super::failure::{Exit, Failure};
use super::rate::Rate;
use super::sip_settings::SipSettings;
use super::terminal::print;
use crate::dialects::{PREFIX, dialect_typed};
use crate::ledger::RunFacts;
use crate::link::paced::PARALLEL_MAX;
use crate::manifest::Manifest;
use crate::model::redact;
use crate::model::{Fault, FaultCause, RecordKind, Secret, nearest};
use crate::rules::Country;
use crate::vendors::{Account, GROUPS, Settings, Vendor, vendor_typed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::{Host, Url};

/// The longest time that can be set for a reply, in seconds.
const REPLY_SECONDS_MAX: f64 = 600.0;

/// Pace and settings of a target, as far as they were typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PaceOptions {
    pub(crate) rate: Option<Rate>,
    /// Requests in flight.
    pub(crate) parallel: Option<usize>,
    /// Extensions in one look-up.
    pub(crate) batch: Option<usize>,
    /// The longest time for a reply.
    pub(crate) reply: Option<Duration>,
    /// Settings of the vendor.
    pub(crate) settings: Vec<(String, String)>,
    /// Certificates to trust beside the platform's.
    pub(crate) ca_file: Option<PathBuf>,
}

/// A time from seconds: `30` or `2.5`.
///
/// # Errors
/// If it is not above 0 and at most [`REPLY_SECONDS_MAX`].
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse::<f64>().ok();
    let seconds = seconds.filter(|seconds| *seconds > 0.0 && *seconds <= REPLY_SECONDS_MAX);
    seconds.map(Duration::from_secs_f64).ok_or_else(|| {
        format!("{text:?} is no number of seconds: write 30 or 2.5, at most {REPLY_SECONDS_MAX}")
    })
}

/// The words and options from which a target can be resolved again. Contains no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TargetSpec {
    text: String,
    config: Option<PathBuf>,
    /// The pace of the run; that of the target itself where there is none.
    rate: Option<f64>,
    parallel: usize,
    batch: usize,
    #[serde(default)]
    reply: Option<Duration>,
    settings: Vec<(String, String)>,
    ca_file: Option<PathBuf>,
    /// True if it is about the PBX's groups.
    #[serde(default)]
    pub(crate) groups: bool,
}

impl TargetSpec {
    /// The target as it was typed, without a password.
    pub(crate) fn words(&self) -> String {
        redact::target(&self.text).into_owned()
    }

    /// The same target with a setting of its vendor.
    pub(crate) fn set(mut self, name: &str, value: &str) -> TargetSpec {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves the pace to the target.
    pub(crate) fn drop_rate(&mut self) {
        self.rate = None;
    }

    /// The target again.
    ///
    /// # Errors
    /// As [`Target::resolve`].
    pub(crate) fn resolve(&self, config: Option<&Path>) -> Result<Target, Failure> {
        let pace = PaceOptions {
            rate: self.rate.map(Rate),
            parallel: Some(self.parallel),
            batch: Some(self.batch),
            reply: self.reply,
            settings: self.settings.clone(),
            ca_file: self.ca_file.clone(),
        };
        Target::resolve(&self.text, config.or(self.config.as_deref()), &pace)?
            .about_groups(self.groups)
    }

    /// Resolves the target of a run again: only to the PBX that the run was made for, whatever its name means now.
    ///
    /// # Errors
    /// Exit 3 where the name leads to another PBX, and as [`Target::resolve`].
    pub(crate) fn resolve_for(
        &self,
        run: &RunFacts,
        config: Option<&Path>,
    ) -> Result<Target, Failure> {
        let target = self.resolve(config)?;
        let here = target.identity();
        if here == run.target {
            return Ok(target);
        }
        let (id, made_for, text) = (&run.id, &run.target, &self.text);
        Err(Failure::target(format!(
            "run {id} was made for {made_for}, and {text} is {here} now; nothing was sent"
        ))
        .hint("name a configuration by --config in which it still is that PBX"))
    }
}

/// One PBX, ready for requests.
pub(crate) struct Target {
    /// Its name in messages: never with a password in it.
    pub(crate) label: String,
    pub(crate) vendor: &'static Vendor,
    pub(crate) address: Address,
    /// The account that signs in.
    pub(crate) account: Account,
    /// The vendor's settings.
    pub(crate) settings: Settings,
    /// The settings about SIP.
    pub(crate) sip: SipSettings,
    /// Requests per second.
    pub(crate) rate: Rate,
    /// Requests in flight.
    pub(crate) parallel: usize,
    /// Extensions in one look-up.
    pub(crate) batch: usize,
    /// The longest time for a reply, and for a request to take effect.
    pub(crate) reply: Duration,
    /// Certificates to trust beside the platform's.
    pub(crate) ca_file: Option<PathBuf>,
    /// The country whose dialling rules apply there.
    pub(crate) country: Option<Country>,
    /// The words and options that it was resolved from.
    pub(crate) spec: TargetSpec,
}

/// The address of a target.
pub(crate) enum Address {
    /// In this process, with these faults.
    Sim(Option<String>),
    /// At this address; the vendor's own path is in it.
    Url(Url),
}

/// A target as it was named, before its vendor is known.
struct NamedTarget {
    /// Its name; empty where its address is its name.
    label: String,
    entry: TargetEntry,
    /// Of a simulated PBX its faults.
    sim: Option<Option<String>>,
    config: Option<PathBuf>,
    /// False where the command needs no account there.
    signs_in: bool,
}

impl NamedTarget {
    fn parse(text: &str, config: Option<&Path>) -> Result<NamedTarget, Failure> {
        if text.starts_with(PREFIX) {
            let failure = Failure::usage(format!("{text} is an import file, and no PBX"));
            return Err(failure.hint(format!(
                "rowcall convert SHEET --to {PREFIX}PRODUCT -o FILE writes such a file from a sheet, rowcall migrate --from TARGET --to {PREFIX}PRODUCT:FILE from a PBX; rowcall check SHEET --for {PREFIX}PRODUCT says what the product would refuse"
            )));
        }
        if let Some(rest) = text.strip_prefix("sim:") {
            let (vendor, faults) = match rest.split_once('?') {
                Some((vendor, faults)) => (vendor, Some(faults.to_owned())),
                None => (rest, None),
            };
            return Ok(NamedTarget {
                label: format!("sim:{vendor}"),
                entry: TargetEntry {
                    vendor: vendor.to_owned(),
                    ..TargetEntry::default()
                },
                sim: Some(faults),
                config: None,
                signs_in: true,
            });
        }
        let address = text.split_once('+').filter(|(_, url)| url.contains("://"));
        if let Some((vendor, url)) = address {
            return Ok(NamedTarget {
                label: String::new(),
                entry: TargetEntry {
                    vendor: vendor.to_owned(),
                    url: url.to_owned(),
                    ..TargetEntry::default()
                },
                sim: None,
                config: None,
                signs_in: true,
            });
        }
        let path = config_of(text, config)?;
        Ok(NamedTarget {
            label: text.to_owned(),
            entry: named(text, &path)?,
            sim: None,
            config: Some(path),
            signs_in: true,
        })
    }

    /// The failure of a key of `rowcall.toml`, with target, file and line.
    fn wrong(&self, key: &str, why: impl fmt::Display) -> Failure {
        self.wrong_at(key, format!("{key}: {why}"))
    }

    /// The same, where the reason names the key.
    fn wrong_at(&self, key: &str, why: impl fmt::Display) -> Failure {
        let place = match &self.config {
            Some(path) => format!("{}: ", place_in_config(path, &self.label, key)),
            None => String::new(),
        };
        Failure::usage(format!("{place}target {}: {why}", self.label))
    }

    fn vendor(&self) -> Result<&'static Vendor, Failure> {
        let is_configured = self.sim.is_none() && !self.label.is_empty();
        let keys = [("vendor", &self.entry.vendor), ("url", &self.entry.url)];
        if let Some((key, _)) = keys.iter().find(|(_, value)| value.is_empty())
            && is_configured
        {
            // An address under another name is one all the same.
            let mut settings = self.entry.settings.iter();
            let is_address =
                |value: &toml::Value| value.as_str().is_some_and(|text| text.contains("://"));
            return Err(match settings.find(|(_, value)| is_address(value)) {
                Some((name, _)) if *key == "url" => {
                    let why = format!("`{key}` is missing; is it meant by `{name}`?");
                    self.wrong_at(name, why)
                }
                _ => self.wrong_at(key, format!("`{key}` is missing")),
            });
        }
        vendor_typed(&self.entry.vendor).map_err(|why| match &self.config {
            Some(_) => self.wrong("vendor", why),
            None => Failure::usage(why),
        })
    }

    /// Resolves label, address and account.
    fn place(
        &self,
        vendor: &Vendor,
        settings: &Settings,
    ) -> Result<(String, Address, Account), Failure> {
        let manifest = (vendor.manifest)();
        let second = settings.second_account(manifest);
        if let Some(faults) = &self.sim {
            let address = Address::Sim(faults.clone());
            let mut account = sim_account();
            account.second = second.map(|second| {
                Box::new(Account {
                    username: second.username.to_owned(),
                    ..sim_account()
                })
            });
            return Ok((self.label.clone(), address, account));
        }
        let (url, user) = address(&self.entry.url, &manifest.vendor.path)?;
        let label = match self.label.as_str() {
            "" => format!("{}+{url}", vendor.id),
            label => label.to_owned(),
        };
        let username = match user.as_str() {
            "" => self.entry.username.clone(),
            _ => user,
        };
        let required = !manifest.ability.account_optional;
        let mut account = match self.signs_in {
            true => account(&label, username, &self.entry, required)?,
            false => Account::default(),
        };
        if let Some(second) = second.filter(|_| self.signs_in) {
            let (username, prefix) = (second.username, second.prefix);
            let second = second_account(&label, username, &self.entry, prefix)?;
            account.second = Some(Box::new(second));
        }
        Ok((label, Address::Url(url), account))
    }

    /// The settings about SIP: typed ones win over those of the file.
    fn sip_settings(&self, pace: &PaceOptions) -> Result<SipSettings, Failure> {
        let entry = &self.entry;
        let values = [
            &entry.sip_address,
            &entry.sip_transport,
            &entry.sip_domain,
            &entry.sip_rate,
        ];
        let mut settings = SipSettings::default();
        for (name, value) in SipSettings::NAMES.into_iter().zip(values) {
            if let Some(value) = value {
                let set = settings.set(name, value);
                set.map_err(|why| self.wrong(name, why))?;
            }
        }
        for (name, value) in pace.settings.iter().filter(|(name, _)| is_about_sip(name)) {
            let set = settings.set(name, value);
            set.map_err(|why| Failure::usage(format!("{name}: {why}")))?;
        }
        Ok(settings)
    }

    /// The settings of the vendor's own: typed ones win over those of the file.
    fn settings(&self, vendor: &Vendor, pace: &PaceOptions) -> Result<Settings, Failure> {
        let manifest = (vendor.manifest)();
        let mut given = BTreeMap::new();
        for (name, value) in &self.entry.settings {
            let mut prefixes = manifest.account_prefixes();
            if name == "password" || prefixes.clone().any(|it| *name == format!("{it}password")) {
                let holder = match &self.config {
                    Some(_) => "rowcall.toml".to_owned(),
                    None => format!("the row of target {}", self.label),
                };
                return Err(Failure::usage(format!("{holder} holds a password")).hint(
                    "take it out, and name password_env, password_file or password_command instead",
                ));
            }
            if let Some(prefix) = prefixes.find(|prefix| is_password_place(name, prefix)) {
                let account = format!("{prefix}username");
                if !value.is_str() {
                    return Err(self.wrong(name, "it takes a text, not a table or list"));
                }
                if !self.entry.settings.contains_key(&account) {
                    let why = format!("{name} is of no use without {account}");
                    return Err(self.wrong_at(name, why));
                }
                continue;
            }
            let text = match value {
                toml::Value::String(text) => text.clone(),
                toml::Value::Boolean(_) | toml::Value::Integer(_) => value.to_string(),
                _ => return Err(self.wrong(name, "it takes a text, not a table or list")),
            };
            let alone = BTreeMap::from([(name.clone(), text.clone())]);
            Settings::new(manifest, &alone).map_err(|why| match nearest(name, KEYS) {
                Some(key) => {
                    self.wrong_at(name, format!("there is no {name}: did you mean {key}?"))
                }
                None => self.wrong_at(name, why),
            })?;
            given.insert(name.clone(), text);
        }
        let typed = pace.settings.iter().filter(|(name, _)| !is_about_sip(name));
        given.extend(typed.cloned());
        Settings::new(manifest, &given).map_err(Failure::usage)
    }

    fn resolve(&self, text: &str, pace: &PaceOptions) -> Result<Target, Failure> {
        let vendor = self.vendor()?;
        let facts = &(vendor.manifest)().vendor;
        let entry = &self.entry;
        let settings = self.settings(vendor, pace)?;
        let sip = self.sip_settings(pace)?;
        let (label, address, account) = self.place(vendor, &settings)?;
        let rate = match (pace.rate, &entry.rate) {
            (Some(rate), _) => rate,
            (None, Some(text)) => text.parse().map_err(|why| self.wrong("rate", why))?,
            (None, None) => Rate(facts.rate),
        };
        let parallel = pace.parallel.or(entry.parallel).unwrap_or(facts.parallel);
        let most = usize::from(PARALLEL_MAX);
        if parallel > most {
            print(format!(
                "{label}: parallel is {parallel}, but at most {most} requests can be in flight: {most} are"
            ));
        }
        let parallel = parallel.clamp(1, most);
        let batch = pace.batch.or(entry.batch).unwrap_or(facts.batch);
        // A vendor that answers for one extension at a time cannot be asked for more.
        let batch = match facts.batch {
            1 => 1,
            _ => batch.clamp(1, 1000),
        };
        let typed = entry.reply_within.as_deref().map(seconds).transpose();
        let typed = typed.map_err(|why| self.wrong("reply_within", why))?;
        let reply = pace.reply.or(typed);
        let country = entry.country.as_deref().map(|text| {
            let country: Result<Country, String> = text.parse();
            country.map_err(|why| {
                Failure::usage(format!(
                    "{label}: there is no rule for the country {text:?}"
                ))
                .hint(why)
            })
        });
        let country = country.transpose()?;
        let ca_file = pace.ca_file.clone().or(entry.ca_file.clone());
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let spec = TargetSpec {
            text: text.to_owned(),
            config: self.config.as_ref().map(absolute),
            rate: Some(rate.0),
            parallel,
            batch,
            reply,
            settings: pace.settings.clone(),
            ca_file: ca_file.as_ref().map(absolute),
            groups: false,
        };
        Ok(Target {
            label,
            vendor,
            account,
            settings,
            sip,
            rate,
            parallel,
            batch,
            reply: match address {
                // A simulated PBX in this process is never late.
                Address::Sim(_) => Duration::ZERO,
                Address::Url(_) => reply.unwrap_or(Duration::from_millis(facts.reply_ms)),
            },
            address,
            ca_file,
            country,
            spec,
        })
    }
}

/// The facts that sheets are held against: a vendor's, for its extensions or its groups, or those of an import file.
///
/// # Errors
/// Exit 2 where there is no such vendor or file, or it has no groups.
pub(crate) fn facts_named(word: &str, groups: bool) -> Result<&'static Manifest, Failure> {
    let Some(dialect) = dialect_typed(word) else {
        let vendor = vendor_typed(word).map_err(Failure::usage)?;
        let vendor = vendor_of_rows(vendor, groups)?;
        return Ok((vendor.manifest)());
    };
    let dialect = dialect.map_err(Failure::usage)?;
    match groups {
        false => Ok(dialect),
        true => Err(no_groups(dialect)),
    }
}

/// The failure of asking for groups where there are none.
pub(crate) fn no_groups(facts: &Manifest) -> Failure {
    let having: Vec<&str> = GROUPS.iter().map(|vendor| vendor.id).collect();
    Failure::usage(format!(
        "{} has no groups that rowcall can read and write",
        facts.vendor.name
    ))
    .hint(format!(
        "leave out --groups; {} has them",
        having.join(", ")
    ))
}

/// A vendor as its rows need it: its extensions, or its groups.
///
/// # Errors
/// Exit 2 where it has no groups.
pub(crate) fn vendor_of_rows(
    vendor: &'static Vendor,
    groups: bool,
) -> Result<&'static Vendor, Failure> {
    if !groups {
        return Ok(vendor);
    }
    let groups = vendor.groups();
    groups.ok_or_else(|| no_groups((vendor.manifest)()))
}

impl Target {
    /// Resolves the words that name a target; the command line wins over the file, the file over the vendor.
    ///
    /// # Errors
    /// Exit 2, with the wrong word, its file, and a right one.
    pub(crate) fn resolve(
        text: &str,
        config: Option<&Path>,
        pace: &PaceOptions,
    ) -> Result<Target, Failure> {
        NamedTarget::parse(text, config)?.resolve(text, pace)
    }

    /// Like [`Target::resolve`], for a command that needs no account there: no password is looked for.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn without_account(
        text: &str,
        config: Option<&Path>,
        pace: &PaceOptions,
    ) -> Result<Target, Failure> {
        let named = NamedTarget {
            signs_in: false,
            ..NamedTarget::parse(text, config)?
        };
        named.resolve(text, pace)
    }

    /// The target of an entry that is not in `rowcall.toml`.
    ///
    /// # Errors
    /// As [`Target::resolve`].
    pub(crate) fn unwritten(
        name: &str,
        entry: TargetEntry,
        pace: &PaceOptions,
    ) -> Result<Target, Failure> {
        let words = NamedTarget {
            label: name.to_owned(),
            entry,
            sim: None,
            config: None,
            signs_in: true,
        };
        words.resolve(name, pace)
    }

    /// The same PBX, about its groups where the rows are such.
    ///
    /// # Errors
    /// Exit 2 where its vendor has no groups.
    pub(crate) fn about_groups(mut self, groups: bool) -> Result<Target, Failure> {
        if groups {
            self.vendor = vendor_of_rows(self.vendor, groups)?;
            self.batch = self.manifest().vendor.batch;
            self.spec.groups = true;
        }
        Ok(self)
    }

    /// The kind of its rows.
    pub(crate) fn record_kind(&self) -> RecordKind {
        self.manifest().key().record_kind()
    }

    /// The word for its rows in messages.
    pub(crate) fn noun(&self) -> &'static str {
        self.record_kind().word()
    }

    /// The facts about it: its vendor's, with the fields that its settings bring.
    pub(crate) fn manifest(&self) -> &'static Manifest {
        self.vendor.facts(&self.settings)
    }

    /// The failure of a target that cannot be used.
    pub(crate) fn failure(&self, fault: &Fault) -> Failure {
        let message = format!("{}: {}", self.label, fault);
        let hint = match fault.hint.as_str() {
            // The user knows.
            "" if fault.cause == FaultCause::Interrupted => "",
            "" => "check the address and the port, and whether the PBX works; then run it again",
            hint => hint,
        };
        let failure = Failure::target(message).hint(hint);
        match fault.cause {
            FaultCause::Interrupted => Failure {
                exit: Exit::Interrupted,
                ..failure
            },
            _ => failure,
        }
    }

    /// Returns the PBX's identity by its vendor and address, whatever its name here: two names of one PBX have one
    /// identity, and so have the spellings of an IP address, and the names of this machine.
    pub(crate) fn identity(&self) -> String {
        match &self.address {
            Address::Url(url) => format!("{}+{}", self.vendor.id, canonical(url)),
            Address::Sim(_) => self.label.clone(),
        }
    }

    /// Every place on the network where the target answers, each an IP address and a port; none of a simulated one, and
    /// none where the name is not known.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let Address::Url(url) = &self.address else {
            return vec![];
        };
        let port = url.port_or_known_default().unwrap_or_default();
        let found = url.host().map(|host| found_at(&host, port));
        let found = found.unwrap_or_default().into_iter();
        found
            .map(|found| SocketAddr::new(canonical_ip(found.ip()), port).to_string())
            .collect()
    }

    /// Returns true if both are one PBX, as far as the network shows.
    fn is_same_pbx(&self, other: &Target) -> bool {
        let (here, there) = (self.addresses(), other.addresses());
        let meets = here.iter().any(|address| there.contains(address));
        !self.is_sim() && (meets || self.identity() == other.identity())
    }

    /// Refuses the same PBX on both sides.
    ///
    /// # Errors
    /// Exit 2, with both names.
    pub(crate) fn refuse_same_pbx(&self, other: &Target) -> Result<(), Failure> {
        match self.is_same_pbx(other) {
            false => Ok(()),
            true => Err(Failure::usage(format!(
                "{} and {} are the same PBX",
                self.label, other.label
            ))
            .hint("name another PBX on one side")),
        }
    }

    /// The target's name with its vendor and address, for a question: `hq (OpenVox UC Series, 10.0.0.5)`.
    pub(crate) fn described(&self) -> String {
        let (label, vendor) = (&self.label, &self.manifest().vendor.name);
        match &self.address {
            Address::Url(url) if *label != self.place() => {
                let host = url.host_str().unwrap_or_default();
                let port = url
                    .port()
                    .map_or_else(String::new, |port| format!(":{port}"));
                format!("{label} ({vendor}, {host}{port})")
            }
            Address::Url(_) | Address::Sim(_) => format!("{label} ({vendor})"),
        }
    }

    /// The place of the target in words that are the same on any machine.
    pub(crate) fn place(&self) -> String {
        match &self.address {
            Address::Sim(Some(faults)) => format!("{}?{faults}", self.label),
            Address::Sim(None) => self.label.clone(),
            Address::Url(url) => format!("{}+{url}", self.vendor.id),
        }
    }

    /// Returns true if the PBX is a simulated one inside this process.
    pub(crate) fn is_sim(&self) -> bool {
        matches!(self.address, Address::Sim(_))
    }

    /// Returns true if passwords go over a network in the clear.
    pub(crate) fn is_unprotected(&self) -> bool {
        let Address::Url(url) = &self.address else {
            return false;
        };
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        url.scheme() == "http" && !here
    }
}

/// An IP address in its one spelling; every address of this machine that only this machine knows is one.
fn canonical_ip(ip: IpAddr) -> IpAddr {
    let ip = ip.to_canonical();
    match ip.is_loopback() || ip.is_unspecified() {
        true => IpAddr::V4(Ipv4Addr::LOCALHOST),
        false => ip,
    }
}

/// An address with its host in its one spelling.
fn canonical(url: &Url) -> Url {
    let ip = match url.host() {
        Some(Host::Domain("localhost")) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
        Some(Host::Domain(_)) | None => return url.clone(),
    };
    let mut url = url.clone();
    // Never fails where there is a host.
    let _ = url.set_ip_host(canonical_ip(ip));
    url
}

/// The account of a simulated PBX.
pub(crate) fn sim_account() -> Account {
    let password = env::var("ROWCALL_SIM_PASSWORD").unwrap_or_else(|_| "rehearsal".to_owned());
    Account {
        username: "api".to_owned(),
        password: Secret::new(password),
        second: None,
    }
}

/// Every place on the network where a port of a host is; none where its name is not known.
pub(super) fn found_at(host: &Host<impl AsRef<str>>, port: u16) -> Vec<SocketAddr> {
    match host {
        Host::Domain(name) => (name.as_ref(), port)
            .to_socket_addrs()
            .map_or_else(|_| vec![], Iterator::collect),
        Host::Ipv4(ip) => vec![(*ip, port).into()],
        Host::Ipv6(ip) => vec![(*ip, port).into()],
    }
}

fn is_about_sip(name: &str) -> bool {
    SipSettings::NAMES.contains(&name)
}

/// The address with the vendor's own path, and the user in it.
fn address(text: &str, vendor_path: &str) -> Result<(Url, String), Failure> {
    let form = "an address is http(s)://USER@HOST:PORT, with at most a path";
    // The text itself may have a password.
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
    // An address with `/api/v1.1.0` keeps it where the vendor's path is `/api/v0.0.1`: the version is the operator's to
    // choose.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
                failure.exit == Exit::Unusable && !failure.message.contains("canary"),
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
        let pace = PaceOptions::default();
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
    fn the_spellings_of_one_address_are_one() {
        let pace = PaceOptions::default();
        let config = tempfile::tempdir().unwrap();
        let file = config.path().join("rowcall.toml");
        let named = |url: &str| {
            let text = format!("[targets.hq]\nvendor = \"ozeki\"\nurl = \"http://{url}/\"\n");
            fs::write(&file, text).unwrap();
            Target::resolve("hq", Some(&file), &pace).unwrap()
        };
        let one = named("127.0.0.1:7780");
        for other in ["localhost:7780", "[::ffff:127.0.0.1]:7780", "[::1]:7780"] {
            let other = named(other);
            assert_eq!(one.identity(), other.identity());
            assert!(one.is_same_pbx(&other));
        }
        let far = named("192.0.2.7");
        assert_eq!(far.addresses(), ["192.0.2.7:80"]);
        assert_eq!(named("[::ffff:192.0.2.7]:80").identity(), far.identity());
        assert!(!far.is_same_pbx(&one));
        assert!(!one.is_same_pbx(&named("127.0.0.1:7781")));
    }

    #[test]
    fn a_pbx_and_its_groups_are_one() {
        let pace = PaceOptions::default();
        let resolve = || Target::resolve("sim:portsip", None, &pace).unwrap();
        let groups = resolve().about_groups(true).unwrap();
        assert_eq!(groups.identity(), resolve().identity());
        assert_eq!((groups.noun(), resolve().noun()), ("group", "extension"));
        // A target that is resolved again later is still about them.
        let again = groups.spec.resolve(None).unwrap();
        assert_eq!((again.noun(), again.batch), ("group", groups.batch));
        assert!(groups.batch > 1);
    }
}
