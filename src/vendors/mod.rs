//! The vendors of PBX. One folder for each vendor, the same six names in each; the list below is the feature list.
//!
//! A vendor never touches the network: see [`Client`].

use crate::manifest::Manifest;
use crate::wire::Pbx;

/// Makes `manifest()`, the facts of a `vendor.toml` that is compiled in and read once; `$part` picks a part of them.
macro_rules! facts {
    ($file:literal $(, $part:expr)?) => {
        /// The vendor's facts.
        pub(crate) fn manifest() -> &'static $crate::manifest::Manifest {
            use std::sync::LazyLock;
            static FACTS: LazyLock<$crate::manifest::Manifest> = LazyLock::new(|| {
                let facts = $crate::manifest::Manifest::parse(include_str!($file)).ok();
                $(let facts = facts.and_then($part);)?
                $crate::vendors::compiled_in(facts)
            });
            &FACTS
        }
    };
}

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program, and tests read it"
)]
fn compiled_in(facts: Option<Manifest>) -> Manifest {
    let facts = facts.expect("vendor.toml can be read");
    let Some(like) = &facts.vendor.like else {
        return facts;
    };
    let like = vendor(like).expect("`like` names a vendor");
    facts.with_faults_of((like.manifest)())
}

mod client;
mod conversation;
mod counted;
mod refusal;
#[cfg(test)]
mod testkit;

// Named here and not by the macro below, so that rustfmt finds them.
pub mod asterisk;
pub mod freepbx;
pub mod openvox;
pub mod ozeki;
pub mod portsip;
#[path = "3cx-v20/mod.rs"]
pub mod threecx;
pub mod yeastar_p;
pub mod yeastar_s;

pub use client::{Account, Client, Settings, Task};

/// One vendor: its facts, its conversation, and a PBX of it that exists only here.
pub struct Vendor {
    /// Its id: the word for it on the command line and in files.
    pub id: &'static str,
    /// Its facts.
    pub manifest: fn() -> &'static Manifest,
    /// Builds a client with these facts and settings.
    client: fn(&'static Manifest, Settings) -> Box<dyn Client>,
    /// A fresh simulated PBX with this account.
    pub sim: fn(&Account) -> Box<dyn Pbx>,
}

/// The id of a vendor: the name of its module, unless it begins with a digit.
macro_rules! id {
    ($vendor:ident) => {
        stringify!($vendor)
    };
    ($vendor:ident $id:literal) => {
        $id
    };
}

macro_rules! vendors {
    ($($vendor:ident $(= $id:literal)?),*) => {
        /// Every vendor, one word each.
        pub static VENDORS: &[Vendor] = &[$(Vendor {
            id: id!($vendor $($id)?),
            manifest: $vendor::manifest,
            client: $vendor::client,
            sim: $vendor::sim::pbx,
        }),*];
    };
}

vendors! { openvox, portsip, ozeki, yeastar_s, asterisk, freepbx, threecx = "3cx-v20", yeastar_p }

/// The groups of those vendors that have them: a group is treated as an extension, and its name as its number.
pub static GROUPS: &[Vendor] = &[Vendor {
    id: "portsip",
    manifest: portsip::group_records::manifest,
    client: portsip::group_records::client,
    sim: portsip::sim::pbx_of_groups,
}];

impl Vendor {
    /// A client for this vendor's PBXes, with these settings.
    pub fn client(&self, settings: Settings) -> Box<dyn Client> {
        (self.client)(self.facts(&settings), settings)
    }

    /// The facts about a target with these settings: with the fields that they bring.
    pub fn facts(&self, settings: &Settings) -> &'static Manifest {
        (self.manifest)().under(|name, word| settings.get(name) == word)
    }

    /// The vendor's groups; `None` where it has none that can be read and written.
    pub fn groups(&self) -> Option<&'static Vendor> {
        GROUPS.iter().find(|groups| groups.id == self.id)
    }
}

/// The vendor of a word that was typed.
///
/// # Errors
/// That there is none, and those that there are.
pub(crate) fn vendor_typed(word: &str) -> Result<&'static Vendor, String> {
    vendor(word).ok_or_else(|| {
        let known: Vec<&str> = VENDORS.iter().map(|vendor| vendor.id).collect();
        let known = known.join(", ");
        format!("there is no vendor {word:?}; there are: {known}")
    })
}

/// The vendor of a word.
pub fn vendor(id: &str) -> Option<&'static Vendor> {
    VENDORS
        .iter()
        .find(|vendor| vendor.id.eq_ignore_ascii_case(id))
}
