//! The owner's key: seals secrets that a run needs again and that only the owner may read, and makes the fingerprints
//! that show a change of a secret without the secret.
//!
//! A sealed value is `version (1 byte) · key's name (4) · nonce (12) · AES-256-GCM-SIV ciphertext and tag`. The
//! version, the key's name and the *context*, a text that names the sealed value, are authenticated with it: a sealed
//! value that is put in another's place does not open. The length of the plain bytes can be seen.

use crate::digest::hex;
use crate::disk::{Readers, folder_of, make_private_folder, write_new};
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac, rand};
use etcetera::BaseStrategy;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// The version of a sealed value's layout.
const VERSION: u8 = 1;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Bytes of a key's public name.
const ID_BYTES: usize = 4;

/// Bytes before the ciphertext.
const HEAD_BYTES: usize = 1 + ID_BYTES + NONCE_LEN;

/// Bytes of a fingerprint.
const FINGERPRINT_BYTES: usize = 8;

/// The errors that leave no usable key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The platform's configuration folder is not known.
    #[error("the folder for the key cannot be found, because there is no home folder")]
    NoHome,
    /// There is no such file.
    #[error("there is no key file {}", .0.display())]
    Absent(PathBuf),
    /// The file cannot be read or made.
    #[error("the key file {} cannot be {doing}: {error}", .path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// `read` or `made`.
        doing: &'static str,
        /// The system's own error.
        error: io::Error,
    },
    /// Others than the owner may read or change the file.
    #[error("the key file {} is open to others than its owner (mode {mode:03o})", .path.display())]
    Open {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not a key.
    #[error("{} is not a key: a key is 64 hexadecimal digits", .0.display())]
    NotAKey(PathBuf),
    /// The system's cryptography failed.
    #[error("the key cannot be used: {0}")]
    Crypto(SealError),
}

impl KeyError {
    /// Returns the next step.
    pub fn hint(&self) -> String {
        match self {
            KeyError::NoHome => "set HOME, or name a key file with --key".into(),
            KeyError::Absent(_) => {
                "put the key back that the run was made with, or name it with --key; what is sealed opens with no other"
                    .into()
            }
            KeyError::Io { .. } => {
                "make the file and its folder accessible, or name another key file with --key".into()
            }
            KeyError::Open { path, .. } => format!("chmod 600 {}", path.display()),
            KeyError::NotAKey(_) => {
                "put the key back from a copy, or name another file with --key; what is sealed opens with no other key"
                    .into()
            }
            KeyError::Crypto(_) => String::new(),
        }
    }
}

/// The errors of sealing and opening.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    /// Sealed with another key.
    #[error("it was sealed with the key {sealed_with}, and {} is the key {present}", .path.display())]
    OtherKey {
        /// The name of the key that opens it.
        sealed_with: String,
        /// The name of the key at hand.
        present: String,
        /// The path of the key in use.
        path: PathBuf,
    },
    /// Cut off, changed, or taken from another place.
    #[error("what was sealed with the key {0} was damaged, changed, or belongs elsewhere")]
    Damaged(String),
    /// Not laid out as this version of the program knows it.
    #[error("it is not sealed in a way that this version of rowcall knows")]
    Layout,
    /// The system's cryptography failed.
    #[error("the system's cryptography failed")]
    Crypto,
}

impl From<aws_lc_rs::error::Unspecified> for SealError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        SealError::Crypto
    }
}

/// The owner's key.
///
/// Sealing and fingerprints have keys of their own, derived from the 32 random bytes of the file, which are forgotten
/// once they are read.
pub struct Key {
    path: PathBuf,
    id: [u8; ID_BYTES],
    sealing: RandomizedNonceKey,
    fingerprints: hmac::Key,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

impl Key {
    /// Reads the key; on first use makes one, for its owner only.
    ///
    /// Without a path it is `rowcall/key` in the platform's configuration folder. A key that is there is never
    /// overwritten; processes that make it at the same moment end with the same one.
    ///
    /// # Errors
    /// The file can be neither read nor made, is open to others, or is not a key.
    pub fn load_or_make(path: Option<&Path>) -> Result<Key, KeyError> {
        let path = key_path(path)?;
        match read(&path) {
            Err(KeyError::Absent(_)) => {}
            read => return read,
        }
        let failed = |error| KeyError::Io {
            path: path.clone(),
            doing: "made",
            error,
        };
        create(&path).map_err(failed)?;
        read(&path)
    }

    /// Reads the key that must be there: to open a value that was sealed before, a new key is of no use.
    ///
    /// # Errors
    /// As [`Key::load_or_make`], and where there is no such file.
    pub fn load(path: Option<&Path>) -> Result<Key, KeyError> {
        read(&key_path(path)?)
    }

    fn new(path: &Path, bytes: &[u8]) -> Result<Key, SealError> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"rowcall key 1").extract(bytes);
        let derive = |purpose: &[u8]| -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
            let mut derived = Zeroizing::new([0; KEY_BYTES]);
            root.expand(&[purpose], hkdf::HKDF_SHA256)?
                .fill(derived.as_mut())?;
            Ok(derived)
        };
        let mut id = [0; ID_BYTES];
        for (to, from) in id.iter_mut().zip(derive(b"name")?.iter()) {
            *to = *from;
        }
        Ok(Key {
            path: path.to_owned(),
            id,
            sealing: RandomizedNonceKey::new(&AES_256_GCM_SIV, derive(b"seal")?.as_ref())?,
            fingerprints: hmac::Key::new(hmac::HMAC_SHA256, derive(b"fingerprint")?.as_ref()),
        })
    }

    /// Returns the path of the key.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key's public name, eight hexadecimal digits: distinguishes keys and reveals nothing about them.
    pub fn id(&self) -> String {
        hex(&self.id)
    }

    /// Encrypts bytes so that only this key, and only under the same context, opens them again.
    ///
    /// # Errors
    /// The system's cryptography failed.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut text = plain.to_vec();
        let aad = associated(&self.id, context);
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(aad), &mut text)?;
        let mut sealed = Vec::with_capacity(HEAD_BYTES + text.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.id);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens a value that was sealed under this context.
    ///
    /// # Errors
    /// Another key, another context, or changed bytes; the error names the key that it was sealed with.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, text) = sealed
            .split_at_checked(HEAD_BYTES)
            .ok_or(SealError::Layout)?;
        let (&version, head) = head.split_first().ok_or(SealError::Layout)?;
        if version != VERSION {
            return Err(SealError::Layout);
        }
        let (id, nonce) = head.split_at_checked(ID_BYTES).ok_or(SealError::Layout)?;
        if id != self.id {
            return Err(SealError::OtherKey {
                sealed_with: hex(id),
                present: self.id(),
                path: self.path.clone(),
            });
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut plain = Zeroizing::new(text.to_vec());
        let length = self
            .sealing
            .open_in_place(nonce, Aad::from(associated(id, context)), &mut plain)
            .map_err(|_| SealError::Damaged(self.id()))?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    /// Makes a short word for a text: the same for the same text under the same context and key on any machine; without
    /// the key nothing can be learned from it, not even by trying every PIN.
    pub fn fingerprint(&self, context: &str, text: &str) -> String {
        let mut hmac = hmac::Context::with_key(&self.fingerprints);
        hmac.update(&(context.len() as u64).to_le_bytes());
        hmac.update(context.as_bytes());
        hmac.update(text.as_bytes());
        let tag = hmac.sign();
        hex(tag.as_ref().get(..FINGERPRINT_BYTES).unwrap_or_default())
    }
}

/// Reads random bytes from the system.
///
/// # Errors
/// The system has none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

fn associated(id: &[u8], context: &str) -> Vec<u8> {
    [&[VERSION], id, context.as_bytes()].concat()
}

/// The file of the owner's key: the given one, or the one in the platform's configuration folder.
pub(crate) fn key_path(path: Option<&Path>) -> Result<PathBuf, KeyError> {
    if let Some(path) = path {
        return Ok(path.to_owned());
    }
    let folders = etcetera::choose_base_strategy().map_err(|_| KeyError::NoHome)?;
    Ok(folders.config_dir().join("rowcall").join("key"))
}

fn read(path: &Path) -> Result<Key, KeyError> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => KeyError::Absent(path.to_owned()),
        _ => KeyError::Io {
            path: path.to_owned(),
            doing: "read",
            error,
        },
    };
    let file = File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        let meta = file.metadata().map_err(failed)?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o777;
        // As Kubernetes mounts a secret for a group: root's, and only read.
        let is_mounted = mode == 0o440 && std::os::unix::fs::MetadataExt::uid(&meta) == 0;
        if mode & 0o077 != 0 && !is_mounted {
            return Err(KeyError::Open {
                path: path.to_owned(),
                mode,
            });
        }
    }
    // More than a key and its line end would be none, however much there is.
    let mut text = Zeroizing::new(Vec::with_capacity(KEY_BYTES * 4));
    file.take(KEY_BYTES as u64 * 4)
        .read_to_end(&mut text)
        .map_err(failed)?;
    let bytes = unhex(text.trim_ascii()).ok_or_else(|| KeyError::NotAKey(path.to_owned()))?;
    Key::new(path, bytes.as_ref()).map_err(KeyError::Crypto)
}

/// Makes the key file, whole or not at all; one that came to be there meanwhile stays.
fn create(path: &Path) -> io::Result<()> {
    make_private_folder(folder_of(path))?;
    let bytes = Zeroizing::new(random::<KEY_BYTES>().map_err(io::Error::other)?);
    let line = Zeroizing::new(format!("{}\n", &*Zeroizing::new(hex(bytes.as_ref()))));
    match write_new(path, line.as_bytes(), Readers::Owner) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn unhex(digits: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if digits.len() != KEY_BYTES * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        *byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::sync::Barrier;
    use std::thread;

    fn key(first: u8) -> Key {
        let mut bytes = [7; KEY_BYTES];
        bytes[0] = first;
        Key::new(Path::new("some/key"), &bytes).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_under_its_context_only() {
        let key = key(1);
        let sealed = key.seal("run a/row 1", b"canary-4711").unwrap();
        assert_eq!(*key.open("run a/row 1", &sealed).unwrap(), b"canary-4711");
        assert_eq!(
            key.open("run a/row 2", &sealed),
            Err(SealError::Damaged(key.id()))
        );
        assert_ne!(sealed, key.seal("run a/row 1", b"canary-4711").unwrap());
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        let empty = key.seal("", b"").unwrap();
        assert_eq!(*key.open("", &empty).unwrap(), b"");
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let key = key(1);
        let sealed = key.seal("context", b"secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open("context", &changed).is_err(), "byte {at} changed");
            assert!(
                key.open("context", &sealed[..at]).is_err(),
                "cut to {at} bytes"
            );
        }
        let mut longer = sealed.clone();
        longer.push(0);
        assert!(key.open("context", &longer).is_err());
    }

    #[test]
    fn another_key_is_said_by_name_and_shows_nothing() {
        let (ours, other) = (key(1), key(2));
        let sealed = ours.seal("context", b"secret").unwrap();
        let error = other.open("context", &sealed).unwrap_err().to_string();
        assert!(
            error.contains(&ours.id()) && error.contains(&other.id()) && error.contains("some/key"),
            "{error}"
        );
        assert_eq!(format!("{ours:?}"), format!("Key({})", ours.id()));
    }

    /// The values are written down: a plan made by one version must be understood by the next.
    #[test]
    fn fingerprints_and_names_stay_the_same() {
        let key = key(1);
        assert_eq!(key.id(), "ed1ac8b0");
        assert_eq!(
            key.fingerprint("100/sip_password", "s3cret"),
            "3c81f1cc6cd4781d"
        );
        assert_ne!(key.fingerprint("a", "bc"), key.fingerprint("ab", "c"));
        assert_ne!(
            key.fingerprint("a", "b"),
            self::key(2).fingerprint("a", "b")
        );
    }

    /// The bytes come from another implementation of HKDF and AES-GCM-SIV.
    #[test]
    fn what_was_sealed_once_opens_for_ever() {
        let digits =
            b"01ed1ac8b0000102030405060708090a0bb7e6015243c62273a43da3d643d129dd95c8e1bc3a60";
        let sealed: Vec<u8> = digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect();
        assert_eq!(*key(1).open("for ever", &sealed).unwrap(), b"s3cret");
    }

    #[test]
    fn the_key_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/rowcall/key");
        assert!(matches!(
            Key::load(Some(&path)).unwrap_err(),
            KeyError::Absent(_)
        ));
        let made = Key::load_or_make(Some(&path)).unwrap();
        let text = fs::read(&path).unwrap();
        let again = Key::load_or_make(Some(&path)).unwrap();
        assert_eq!(made.id(), again.id());
        assert_eq!(made.id(), Key::load(Some(&path)).unwrap().id());
        assert_eq!(fs::read(&path).unwrap(), text);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let bits = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(bits(&path), 0o600);
            assert_eq!(bits(path.parent().unwrap()), 0o700);
            assert_eq!(bits(&folder.path().join("made")), 0o700);
        }
    }

    #[test]
    fn makers_at_the_same_moment_end_with_one_key() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("new/key");
            let start = Barrier::new(8);
            let ids: BTreeSet<String> = thread::scope(|scope| {
                let makers: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            Key::load_or_make(Some(&path)).unwrap().id()
                        })
                    })
                    .collect();
                makers
                    .into_iter()
                    .map(|maker| maker.join().unwrap())
                    .collect()
            });
            assert_eq!(ids.len(), 1);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let long = "0".repeat(65);
        let huge = "0".repeat(100_000);
        let strange = "g".repeat(64);
        let utf8 = "ä".repeat(32);
        for text in ["", "\n", "00", &long, &huge, &strange, &utf8] {
            fs::write(&path, text).unwrap();
            set_mode(&path, 0o600);
            let error = Key::load_or_make(Some(&path)).unwrap_err();
            assert!(matches!(error, KeyError::NotAKey(_)), "{error}");
            assert!(!error.hint().is_empty());
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::write(&path, "0aF".repeat(21) + "0\r\n").unwrap();
        Key::load_or_make(Some(&path)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Key::load_or_make(Some(&path)).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o602] {
            set_mode(&path, mode);
            let error = Key::load_or_make(Some(&path)).unwrap_err();
            assert!(error.to_string().contains(&format!("{mode:o}")), "{error}");
            assert!(error.hint().starts_with("chmod 600 "));
        }
        set_mode(&path, 0o400);
        Key::load_or_make(Some(&path)).unwrap();
        // As a secret is mounted for a group, which only root can do.
        set_mode(&path, 0o440);
        let owner = std::os::unix::fs::MetadataExt::uid(&path.metadata().unwrap());
        assert_eq!(Key::load_or_make(Some(&path)).is_ok(), owner == 0);
    }

    #[test]
    fn a_place_where_no_key_can_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = Key::load_or_make(Some(&folder.path().join("file/key"))).unwrap_err();
        assert!(matches!(error, KeyError::Io { .. }), "{error}");
        assert!(Key::load_or_make(Some(folder.path())).is_err());
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    fn set_mode(_: &Path, _: u32) {}
}
