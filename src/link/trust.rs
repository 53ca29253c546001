//! The certificates that a link over TLS accepts: those of the authorities that the system trusts, and those that the
//! PBX's owner named. The only module that names rustls.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};
use rustls_platform_verifier::Verifier;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

/// A connection that nobody can read on the way.
pub(super) type SecureStream = StreamOwned<ClientConnection, TcpStream>;

/// Makes a connection secure: the other end must show a certificate for `host` that the system trusts, or one that is in
/// `pem`.
///
/// # Errors
/// There is none in `pem`, the certificate is not trusted, or no TLS comes about before `gives_up` says so: it is asked
/// after each step, so the stream's own time for reading is to be short.
pub(super) fn secure(
    mut stream: TcpStream,
    host: &str,
    pem: Option<&[u8]>,
    gives_up: impl Fn() -> bool,
) -> Result<SecureStream, String> {
    let config = match pem {
        Some(pem) => of_named(pem)?,
        None => of_system()?,
    };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| format!("{host} is no name that a certificate can be made out for"))?;
    let mut connection = ClientConnection::new(Arc::new(config), name)
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    while connection.is_handshaking() {
        let step = match connection.wants_write() {
            true => connection.write_tls(&mut stream).map(|_| ()),
            false => read_step(&mut connection, &mut stream),
        };
        match step {
            Ok(()) => {}
            Err(error) if is_nothing_yet(&error) => {}
            Err(error) => return Err(no_tls(&error)),
        }
        if gives_up() {
            return Err("no TLS connection came about in time".to_owned());
        }
    }
    Ok(StreamOwned::new(connection, stream))
}

/// Reads what has come of a handshake, and takes it in.
fn read_step(connection: &mut ClientConnection, stream: &mut TcpStream) -> io::Result<()> {
    if connection.read_tls(stream)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let taken = connection.process_new_packets();
    taken.map(|_| ()).map_err(io::Error::other)
}

fn is_nothing_yet(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

fn no_tls(error: &io::Error) -> String {
    let inner = error.get_ref();
    match inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(_)) => {
            "its TLS certificate is not trusted: name it, or its authority's, as ca_file".to_owned()
        }
        _ => format!("no TLS connection came about: {error}"),
    }
}

/// Sets up TLS for a PBX whose certificate an authority of the system has signed.
fn of_system() -> Result<ClientConfig, String> {
    let provider = Arc::new(default_provider());
    let failed = |error: Error| format!("TLS cannot be set up: {error}");
    let verifier = Verifier::new(provider.clone()).map_err(failed)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// Sets up TLS for a PBX whose own certificate, or whose authority's, is in `pem`.
///
/// A PBX mostly signs its certificate itself, marks it as an authority's, and makes it out for no host: by the rules for
/// web servers it would be refused although it was named. So a certificate that the PBX shows and that was named, byte
/// for byte, is believed as it is: the holder of its key is the PBX.
///
/// # Errors
/// It contains no certificate, or the system's authorities are not available.
pub(super) fn of_named(pem: &[u8]) -> Result<ClientConfig, String> {
    let named: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let named = named.unwrap_or_default();
    if named.is_empty() {
        return Err("the file of trusted certificates holds none in PEM".into());
    }
    let provider = Arc::new(default_provider());
    let failed = |error: Error| format!("HTTPS cannot be set up: {error}");
    let others = Verifier::new_with_extra_roots(named.clone(), provider.clone()).map_err(failed)?;
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Named {
            named,
            provider,
            others,
        }))
        .with_no_client_auth();
    Ok(config)
}

/// Believes named certificates, and asks for all others as usual.
#[derive(Debug)]
struct Named {
    named: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    others: Verifier,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.iter().any(|named| named == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.others
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    // The signature shows that the other end has the certificate's key, whoever issued it.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use crate::link::Link;
    use crate::link::http::{Http, HttpOptions};
    use crate::wire::{Effect, Method, Request};
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd,
    };
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    /// Builds a certificate for a host, changed by `like`.
    fn params(host: &str, like: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        like(&mut params);
        params
    }

    fn authority(params: &mut CertificateParams) {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }

    /// A PBX that shows a certificate and answers every request with 200; its address.
    fn pbx(certificate: CertificateDer<'static>, key: &KeyPair) -> String {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(super::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                let mut received = [0; 4096];
                if stream.read(&mut received).is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                }
            }
        });
        format!("https://127.0.0.1:{port}")
    }

    /// The result of a request: the status, or the fault's code.
    fn said(address: &str, trusted: Option<&str>) -> Result<u16, String> {
        let options = HttpOptions {
            trusted_pem: trusted.map(|pem| pem.as_bytes().to_vec()),
            ..HttpOptions::replying_within(Duration::from_secs(5))
        };
        let http = Http::new(address, options).unwrap();
        let request = Request::new("thing/show", Method::Get, "/thing", Effect::Reads);
        let reply = http.exchange(&request);
        reply
            .map(|reply| reply.status)
            .map_err(|fault| fault.code.into_owned())
    }

    #[test]
    fn a_named_certificate_is_believed_however_the_pbx_made_it() {
        let expired = |params: &mut CertificateParams| {
            params.not_before = date_time_ymd(2010, 1, 1);
            params.not_after = date_time_ymd(2012, 1, 1);
        };
        for params in [
            params("127.0.0.1", |_| ()),
            params("127.0.0.1", authority),
            params("uc.local", authority),
            params("uc.local", expired),
        ] {
            let key = KeyPair::generate().unwrap();
            let certificate = params.self_signed(&key).unwrap();
            let address = pbx(certificate.der().clone(), &key);
            let unknown = said(&address, None);
            assert_eq!(unknown, Err("link.certificate".to_owned()));
            assert_eq!(said(&address, Some(&certificate.pem())), Ok(200));
        }
    }

    #[test]
    fn another_certificate_is_refused_even_from_the_same_host() {
        let made = |name: &str| {
            let key = KeyPair::generate().unwrap();
            (params(name, authority).self_signed(&key).unwrap(), key)
        };
        let ((shown, key), (named, _)) = (made("127.0.0.1"), made("127.0.0.1"));
        let address = pbx(shown.der().clone(), &key);
        let refused = said(&address, Some(&named.pem()));
        assert_eq!(refused, Err("link.certificate".to_owned()));
    }

    #[test]
    fn a_certificate_without_its_key_is_nothing() {
        let key = KeyPair::generate().unwrap();
        let certificate = params("127.0.0.1", |_| ()).self_signed(&key).unwrap();
        let thief = KeyPair::generate().unwrap();
        let provider = super::default_provider();
        let thief = PrivateKeyDer::try_from(thief.serialize_der()).unwrap();
        let signer = provider.key_provider.load_private_key(thief).unwrap();
        let pair = rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], signer);
        let resolver = Arc::new(rustls::sign::SingleCertAndKey::from(pair));
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let config = Arc::new(config);
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                let _ = stream.read(&mut [0; 64]);
            }
        });
        // No connection was made: nothing was sent to the thief.
        let refused = said(&address, Some(&certificate.pem()));
        assert_eq!(refused, Err("link.certificate".to_owned()));
    }

    #[test]
    fn an_authority_is_believed_for_the_host_that_it_names() {
        let key = KeyPair::generate().unwrap();
        let office = CertifiedIssuer::self_signed(params("office", authority), key).unwrap();
        for (host, result) in [
            ("127.0.0.1", Ok(200)),
            ("uc.local", Err("link.certificate".to_owned())),
        ] {
            let key = KeyPair::generate().unwrap();
            let certificate = params(host, |_| ()).signed_by(&key, &office).unwrap();
            let address = pbx(certificate.der().clone(), &key);
            assert_eq!(said(&address, Some(&office.pem())), result);
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        for pem in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA"] {
            assert!(super::of_named(pem.as_bytes()).is_err(), "{pem:?}");
        }
    }
}
