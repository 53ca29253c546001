//! `rowcall sim`: a simulated PBX behind a socket, until Ctrl-C.

use crate::cli::SimArgs;
use crate::rim::registrar::answer_telephones;
use crate::rim::target::sim_account;
use crate::rim::terminal::{output, stop_listening_on_interrupt};
use crate::rim::{Exit, Failure};
use crate::sim::{Faults, Server, Sim, listen_address};
use crate::sip::SipTransport;
use crate::vendors::vendor_typed;
use std::io::Write;
use std::thread;
use std::time::Duration;

/// Listens and prints the address; returns after Ctrl-C.
///
/// # Errors
/// Exit 2 where the address or the faults cannot be used.
pub(super) fn run(args: &SimArgs) -> Result<Exit, Failure> {
    let vendor = vendor_typed(&args.vendor).map_err(Failure::usage)?;
    let faults: Faults = args
        .faults
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(Failure::usage)?;
    let facts = &(vendor.manifest)().vendor;
    let addr = listen_address(&args.listen, facts.port).map_err(Failure::usage)?;
    let stop = stop_listening_on_interrupt()?;
    let account = sim_account();
    let sim = Sim::new((vendor.sim)(&account), faults);
    let registrar = args.sip.as_deref().map(|text| {
        let port = SipTransport::Udp.default_port();
        let addr = listen_address(text, port).map_err(Failure::usage)?;
        answer_telephones(&sim, vendor, addr)
            .map_err(|error| Failure::usage(format!("{addr} cannot be listened on: {error}")))
    });
    let registrar = registrar.transpose()?;
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
