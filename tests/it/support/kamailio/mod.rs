//! A real Kamailio as a registrar: it shares no code with Asterisk, and its subscribers come from a database.

use super::certificate::sign_own;
use super::free_port::free_port;
use super::program::wait_until;
use super::telephone::{Telephone, md5};
use super::unpacked::Packages;
use rusqlite::{Connection, params};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command};
use tempfile::TempDir;

const PACKAGES: Packages = Packages {
    folder: "kamailio-tls",
    suites: "bookworm trixie",
    names: &[
        "kamailio",
        "kamailio-sqlite-modules",
        "kamailio-tls-modules",
    ],
};

/// The files of its packages that make its tables.
const TABLES: [&str; 2] = ["standard-create.sql", "auth_db-create.sql"];

const REALM: &str = "example.com";

/// A Kamailio that runs until it is dropped.
pub(crate) struct Kamailio {
    folder: TempDir,
    sip: u16,
    tls: u16,
    process: Child,
}

impl Kamailio {
    /// Starts one with these subscribers, a user and a secret each; `None`, with the test passed over, where it cannot be
    /// had.
    pub(crate) fn start(subscribers: &[(String, String)]) -> Option<Kamailio> {
        let packages = PACKAGES.get()?;
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("subscribers.sqlite");
        let mut tables = Connection::open(&database).unwrap();
        for file in TABLES {
            let path = packages
                .root()
                .join("usr/share/kamailio/db_sqlite")
                .join(file);
            tables
                .execute_batch(&fs::read_to_string(path).unwrap())
                .unwrap();
        }
        let rows = tables.transaction().unwrap();
        for (user, secret) in subscribers {
            let ha1 = md5(&format!("{user}:{REALM}:{secret}"));
            let row = "INSERT INTO subscriber (username, domain, ha1) VALUES (?, ?, ?)";
            rows.execute(row, params![user, REALM, ha1]).unwrap();
        }
        rows.commit().unwrap();

        let (sip, tls) = (free_port(), free_port());
        let certificate = folder.path().join("pbx.pem");
        let key = sign_own(&certificate);
        let modules = packages.libraries().join("kamailio/modules");
        let configuration = include_str!("kamailio.cfg")
            .replace("@SIP@", &sip.to_string())
            .replace("@TLS@", &tls.to_string())
            .replace("@CERTIFICATE@", certificate.to_str().unwrap())
            .replace("@KEY@", key.to_str().unwrap())
            .replace("@MODULES@", modules.to_str().unwrap())
            .replace("@DATABASE@", database.to_str().unwrap())
            .replace("@REALM@", REALM);
        let file = folder.path().join("kamailio.cfg");
        fs::write(&file, configuration).unwrap();
        let mut program = packages.program("kamailio");
        program.args(["-DD", "-E", "-f"]).arg(&file);
        program.arg("-Y").arg(folder.path());
        let output = fs::File::create(folder.path().join("output")).unwrap();
        program.stdout(output.try_clone().unwrap()).stderr(output);
        let process = program.spawn().unwrap();
        let mut kamailio = Kamailio {
            folder,
            sip,
            tls,
            process,
        };
        let telephone = Telephone::new(kamailio.sip());
        wait_until(|| {
            let ended = kamailio.process.try_wait().unwrap();
            assert!(ended.is_none(), "Kamailio ended: {}", kamailio.output());
            telephone.options().is_some()
        });
        Some(kamailio)
    }

    pub(crate) fn sip(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.sip))
    }

    /// The address of its port over TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.tls))
    }

    /// The file of the certificate that it shows over TLS.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("pbx.pem")
    }

    fn output(&self) -> String {
        fs::read_to_string(self.folder.path().join("output")).unwrap()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Its end in order is the end of its workers too.
        if let Ok(None) = self.process.try_wait() {
            let id = self.process.id().to_string();
            let _ = Command::new("kill").arg(id).status();
            let _ = self.process.wait();
        }
    }
}
