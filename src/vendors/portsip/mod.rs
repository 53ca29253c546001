//! PortSIP PBX, the API below `/api/extensions` (releases 9 to 12).

use crate::manifest::Manifest;
use std::sync::LazyLock;

/// The make's facts.
pub fn manifest() -> &'static Manifest {
    #[expect(
        clippy::expect_used,
        reason = "the text is compiled in, and a test reads it"
    )]
    static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
        Manifest::parse(include_str!("vendor.toml")).expect("vendor.toml holds together")
    });
    &MANIFEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_hold_together() {
        assert_eq!(manifest().vendor.id, "portsip");
    }
}
