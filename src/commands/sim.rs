//! `rowcall sim`: a simulated PBX behind a socket, until Ctrl-C.

use crate::cli::SimArgs;
use crate::model::Field;
use crate::rim::target::sim_account;
use crate::rim::target::vendor_named;
use crate::rim::terminal::{output, stop_on_interrupt};
use crate::rim::{Exit, Failure};
use crate::sim::{Faults, Registrar, RegistrarAccount, Server, Sim, listen_address};
use crate::sip::SipTransport;
use crate::vendors::Vendor;
use std::io::Write;
use std::thread;
use std::time::Duration;

/// Listens and prints the address; returns after Ctrl-C.
///
/// # Errors
/// Exit 2 where the address or the faults cannot be used.
pub(super) fn run(args: &SimArgs) -> Result<Exit, Failure> {
    let vendor = vendor_named(&args.vendor)?;
    let faults: Faults = args
        .faults
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(Failure::usage)?;
    let facts = &(vendor.manifest)().vendor;
    let addr = listen_address(&args.listen, facts.port).map_err(Failure::usage)?;
    let stop = stop_on_interrupt()?;
    let account = sim_account();
    let sim = Sim::new((vendor.sim)(&account), faults);
    let registrar = args.sip.as_deref();
    let registrar = registrar
        .map(|addr| answer_telephones(&sim, vendor, addr))
        .transpose()?;
    let server = Server::start(sim, addr)
        .map_err(|error| Failure::usage(format!("{addr} cannot be listened on: {error}")))?;
    // The reader may have gone; the PBX is there all the same.
    let _ = writeln!(
        output(),
        "{} listens on {}+http://{}@{}",
        facts.name,
        vendor.id,
        account.username,
        server.addr()
    );
    if let Some(registrar) = &registrar {
        let _ = writeln!(output(), "telephones sign in at {}", registrar.addr());
    }
    while !stop.is_stopped() {
        thread::sleep(Duration::from_millis(50));
    }
    server.stop();
    Ok(Exit::Done)
}

/// Answers the telephones of a simulated PBX by SIP: its extensions, with the passwords that they have there.
///
/// # Errors
/// Exit 2 where the address cannot be used.
fn answer_telephones(sim: &Sim, vendor: &Vendor, addr: &str) -> Result<Registrar, Failure> {
    let manifest = (vendor.manifest)();
    let addr = listen_address(addr, SipTransport::Udp.default_port()).map_err(Failure::usage)?;
    let wire = |field| manifest.row(field).map(|row| row.wire.as_str());
    let (secret, name) = (wire(Field::SIP_PASSWORD), wire(Field::SIP_AUTH_NAME));
    let sim = sim.clone();
    let accounts = Box::new(move |user: &str| {
        let username = name.and_then(|name| sim.stored(user, name));
        Some(RegistrarAccount {
            username: username.unwrap_or_else(|| user.to_owned()),
            secret: sim.stored(user, secret?)?.into(),
        })
    });
    Registrar::start(accounts, addr)
        .map_err(|error| Failure::usage(format!("{addr} cannot be listened on: {error}")))
}
