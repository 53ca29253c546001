//! Yeastar S-Series, API v2.0.0: the same conversation as for OpenVox, whose API descends from this one. All
//! differences are facts.

pub mod sim;
#[cfg(test)]
mod tests;

pub use super::openvox::client;

facts!("vendor.toml");
