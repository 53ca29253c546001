//! The registrar of a target: where its extensions are asked by SIP; also of a simulated one.

use super::config::read_small;
use super::failure::Failure;
use super::rate::Rate;
use super::target::{Address, Target, found_at};
use super::terminal::print;
use crate::link::sip::SipPeer;
use crate::model::Field;
use crate::sim::{Registrar, RegistrarAccount, Sim};
use crate::sip::SipTransport;
use crate::vendors::Vendor;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use url::Host;

impl Target {
    /// The registrar of the target.
    ///
    /// # Errors
    /// Exit 2 where the target has none, or a certificate file cannot be read; exit 3 where its name is not known.
    pub(crate) fn registrar(&self) -> Result<SipPeer, Failure> {
        let Address::Url(url) = &self.address else {
            return Err(Failure::usage(format!(
                "{} is a PBX inside this process, and no telephone can reach it",
                self.label
            ))
            .hint("rowcall sim --sip ADDR simulates one that telephones can reach"));
        };
        let transport = self.sip.transport.unwrap_or_default();
        let own = || Some((url.host()?.to_owned(), None));
        let (host, port) = (self.sip.address.clone())
            .or_else(own)
            .ok_or_else(|| Failure::usage(format!("{}: the address has no host", self.label)))?;
        let names_no_port = port.is_none();
        let port = port.unwrap_or(transport.default_port());
        let name = match &host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let found = found_at(&host, port);
        // Registrars that listen at one of them only mostly do so at the old kind.
        let old = found.iter().find(|addr| addr.is_ipv4());
        let addr = old.or(found.first()).ok_or_else(|| {
            Failure::target(format!("{}: the host {name} is not found", self.label))
                .hint("check sip_address, or the host in the target's address")
        })?;
        if let (Host::Domain(_), true) = (&host, names_no_port) {
            print(format!(
                "{}: {name} is asked at its address {addr}; SRV records are not looked up: where they name another host or \
                 port, set sip_address",
                self.label
            ));
        }
        let trusted_pem = self.ca_file.as_ref().map(|path| {
            let pem = read_small(path).map_err(|why| {
                Failure::usage(format!("{} cannot be read: {why}", path.display()))
            })?;
            Ok::<_, Failure>(pem.into_bytes())
        });
        Ok(SipPeer {
            host: name,
            addr: *addr,
            transport,
            domain: self.sip.domain.clone().unwrap_or_else(|| host.to_string()),
            reply: self.reply.max(Duration::from_millis(1)),
            trusted_pem: trusted_pem.transpose()?,
        })
    }

    /// Requests per second to the registrar.
    pub(crate) fn sip_rate(&self) -> Rate {
        let vendors = (self.vendor.manifest)().sip.rate;
        self.sip.rate.unwrap_or(Rate(vendors))
    }
}

/// Answers the telephones of a simulated PBX by SIP: its extensions, with the passwords that are in effect there.
///
/// # Errors
/// The address cannot be listened on.
pub(crate) fn answer_telephones(
    sim: &Sim,
    vendor: &Vendor,
    addr: SocketAddr,
) -> io::Result<Registrar> {
    let manifest = (vendor.manifest)();
    let wire = |field| manifest.row(field).map(|row| row.wire.as_str());
    let (secret, name) = (wire(Field::SIP_PASSWORD), wire(Field::SIP_AUTH_NAME));
    let sim = sim.clone();
    let accounts = Box::new(move |user: &str| {
        let username = name.and_then(|name| sim.live(user, name));
        Some(RegistrarAccount {
            username: username.unwrap_or_else(|| user.to_owned()),
            secret: sim.live(user, secret?)?.into(),
        })
    });
    Registrar::start(accounts, addr)
}

/// The way to a simulated registrar of this process.
pub(crate) fn peer_here(registrar: &Registrar) -> SipPeer {
    let addr = registrar.addr();
    SipPeer {
        host: addr.ip().to_string(),
        addr,
        transport: SipTransport::Udp,
        domain: addr.ip().to_string(),
        reply: Duration::from_secs(5),
        trusted_pem: None,
    }
}
