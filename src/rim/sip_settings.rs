//! The settings of a target about SIP.

use super::rate::Rate;
use crate::sip::SipTransport;
use std::net::IpAddr;
use url::Host;

/// The settings of a target about SIP, which are the same for every vendor; `None` where one is not set.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SipSettings {
    /// A host, with a port or without.
    pub(super) address: Option<(Host, Option<u16>)>,
    pub(super) transport: Option<SipTransport>,
    pub(super) domain: Option<String>,
    pub(super) rate: Option<Rate>,
}

impl SipSettings {
    /// The names of the settings.
    pub(crate) const NAMES: [&str; 4] = ["sip_address", "sip_transport", "sip_domain", "sip_rate"];

    /// Sets one by its name.
    ///
    /// # Errors
    /// The setting does not take the text.
    pub(crate) fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let text = text.trim();
        match name {
            "sip_address" => self.address = Some(host_and_port(text)?),
            "sip_transport" => self.transport = Some(text.parse()?),
            "sip_domain" => {
                let is_domain = !text.is_empty()
                    && text
                        .chars()
                        .all(|c| c.is_alphanumeric() || "-_.:[]".contains(c));
                if !is_domain {
                    return Err(format!("{text:?} is no domain"));
                }
                self.domain = Some(text.to_owned());
            }
            _ => self.rate = Some(text.parse()?),
        }
        Ok(())
    }
}

/// Parts a host, in brackets where it is an IPv6 address, from its port.
fn host_and_port(text: &str) -> Result<(Host, Option<u16>), String> {
    let wrong = || format!("{text:?} is no address: write HOST or HOST:PORT");
    if let Ok(ip) = text.parse::<IpAddr>() {
        let host = match ip {
            IpAddr::V4(ip) => Host::Ipv4(ip),
            IpAddr::V6(ip) => Host::Ipv6(ip),
        };
        return Ok((host, None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            let port = port.parse().ok().filter(|port| *port > 0);
            (host, Some(port.ok_or_else(wrong)?))
        }
        _ => (text, None),
    };
    let host = Host::parse(host).map_err(|_| wrong())?;
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_with_a_port_or_without() {
        let shown = |text: &str| {
            host_and_port(text)
                .map(|(host, port)| (host.to_string(), port))
                .ok()
        };
        let is = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(shown("192.0.2.7"), is("192.0.2.7", None));
        assert_eq!(
            shown("pbx.example.com:5080"),
            is("pbx.example.com", Some(5080))
        );
        assert_eq!(shown("[2001:db8::7]:5060"), is("[2001:db8::7]", Some(5060)));
        assert_eq!(shown("2001:db8::7"), is("[2001:db8::7]", None));
        assert_eq!(shown("[2001:db8::7]"), is("[2001:db8::7]", None));
        for wrong in [
            "", ":5060", "h:0", "h:70000", "h:sip", "sip:h", "h/x", "a b", "u@h",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn settings_take_only_their_own_words() {
        let mut settings = SipSettings::default();
        for (name, right, wrong) in [
            ("sip_address", "h:5060", "h:x"),
            ("sip_transport", "TLS", "sctp"),
            ("sip_domain", "example.com", "a b"),
            ("sip_rate", "1000/s", "fast"),
        ] {
            assert_eq!(settings.set(name, right), Ok(()));
            assert!(settings.set(name, wrong).is_err(), "{name}");
        }
        assert_eq!(settings.transport, Some(SipTransport::Tls));
    }
}
