//! Facts as they are read: checked, and worked out for each choice of settings.

use super::Manifest;

impl Manifest {
    /// Reads a `vendor.toml` and checks that its parts agree.
    ///
    /// # Errors
    /// A mistake, with its row.
    pub fn parse(text: &str) -> Result<Manifest, String> {
        let manifest: Manifest = toml::from_str(text).map_err(|error| error.to_string())?;
        manifest.validate()?;
        manifest.validate_needs()?;
        Ok(manifest.by_settings())
    }

    /// The facts of the vendor's groups, as records of their own; `None` where it has none.
    pub fn of_groups(mut self) -> Option<Manifest> {
        let group = self.group.take()?;
        self.vendor.name.push_str(" groups");
        self.vendor.batch = group.batch;
        self.setting
            .retain(|setting| group.settings.contains(&setting.name));
        self.field = group.field;
        self.cross = vec![];
        Some(self.by_settings())
    }
}
