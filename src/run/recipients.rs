//! The age recipients that generated secrets are encrypted to. The only module that names `age`, which the program has
//! with its feature of that name.

use crate::rim::Failure;
use std::io;

/// The readers of encrypted text.
#[cfg(feature = "age")]
pub(crate) struct Recipients(Vec<age::x25519::Recipient>);

#[cfg(feature = "age")]
impl Recipients {
    /// # Errors
    /// Exit 2: a text is no age recipient.
    pub(crate) fn parse(texts: &[String]) -> Result<Recipients, Failure> {
        let parsed = texts.iter().map(|text| {
            text.parse().map_err(|why| {
                Failure::usage(format!("--secrets-to {text:?}: {why}"))
                    .hint("an age recipient begins with age1; age-keygen -y prints it")
            })
        });
        Ok(Recipients(parsed.collect::<Result<_, _>>()?))
    }

    /// Encrypts bytes so that any of them can read them with the tools age and rage.
    ///
    /// # Errors
    /// There are no recipients, or no random bytes.
    pub(crate) fn encrypt(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        use io::Write;
        let recipients = self.0.iter().map(|one| one as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut writer = encryptor.wrap_output(Vec::with_capacity(bytes.len() + 1024))?;
        writer.write_all(bytes)?;
        writer.finish()
    }
}

/// No recipients: this build cannot encrypt.
#[cfg(not(feature = "age"))]
pub(crate) struct Recipients;

#[cfg(not(feature = "age"))]
impl Recipients {
    /// # Errors
    /// Exit 2: there are any.
    pub(crate) fn parse(texts: &[String]) -> Result<Recipients, Failure> {
        match texts {
            [] => Ok(Recipients),
            _ => Err(Failure::usage(
                "--secrets-to: this rowcall was built without age, so it cannot encrypt",
            )
            .hint(
                "build one that can: cargo build --release --features age; or leave --secrets-to out, and the file is in \
                 clear, for its owner only",
            )),
        }
    }

    /// # Errors
    /// Always.
    pub(crate) fn encrypt(&self, _: &[u8]) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
