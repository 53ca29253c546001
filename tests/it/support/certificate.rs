//! Certificates that a PBX has signed itself.

use rcgen::{CertificateParams, KeyPair};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes a certificate for `pbx.example.com` there, and its key beside it; returns the path of the key.
pub(crate) fn sign_own(certificate: &Path) -> PathBuf {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["pbx.example.com".to_owned()]).unwrap();
    let signed = params.self_signed(&key).unwrap();
    fs::write(certificate, signed.pem()).unwrap();
    let private = certificate.with_extension("key");
    fs::write(&private, key.serialize_pem()).unwrap();
    private
}
