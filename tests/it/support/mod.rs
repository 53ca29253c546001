//! Tools that the tests share.

pub(crate) mod alone;
pub(crate) mod altered;
pub(crate) mod asterisk;
pub(crate) mod axe;
pub(crate) mod browser;
pub(crate) mod canary;
pub(crate) mod certificate;
pub(crate) mod fixture;
pub(crate) mod free_port;
pub(crate) mod import_screen;
pub(crate) mod kamailio;
pub(crate) mod open_page;
pub(crate) mod pbx;
pub(crate) mod program;
pub(crate) mod python;
pub(crate) mod random;
pub(crate) mod rehearsal;
pub(crate) mod sheets;
pub(crate) mod skip;
pub(crate) mod sources;
pub(crate) mod telephone;
#[cfg(target_os = "linux")]
pub(crate) mod typist;
pub(crate) mod unpacked;
pub(crate) mod values;
