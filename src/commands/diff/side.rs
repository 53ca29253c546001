//! The sides of a diff as they are named.

use crate::cli::DiffArgs;
use crate::manifest::Manifest;
use crate::model::redact;
use crate::rim::{Context, Failure, Target};
use crate::sheet::{Format, Input};
use std::path::Path;

/// One side as it was named.
pub(super) enum NamedSide {
    Sheet(Input),
    Target(Box<Target>),
}

impl NamedSide {
    pub(super) fn label(&self) -> String {
        match self {
            NamedSide::Sheet(Input::Stdin) => "standard input".to_owned(),
            NamedSide::Sheet(input) => input.to_string(),
            NamedSide::Target(target) => target.label.clone(),
        }
    }

    /// The file, where it is one.
    pub(super) fn sheet(&self) -> Option<&Input> {
        match self {
            NamedSide::Sheet(input) => Some(input),
            NamedSide::Target(_) => None,
        }
    }

    pub(super) fn manifest(&self) -> Option<&'static Manifest> {
        match self {
            NamedSide::Sheet(_) => None,
            NamedSide::Target(target) => Some(target.manifest()),
        }
    }
}

/// Decides if a side is a sheet or a target: a file, or a name that looks like one, is a sheet.
///
/// # Errors
/// Exit 2 where it is neither, or the target cannot be used.
pub(super) fn named(text: &str, args: &DiffArgs, context: &Context) -> Result<NamedSide, Failure> {
    let path = Path::new(text);
    let is_address = text.starts_with("sim:") || text.contains("://");
    let is_file =
        text == "-" || Format::from_ending(text).is_some() || (path.exists() && !path.is_dir());
    if is_file && !is_address {
        return Ok(NamedSide::Sheet(Input::named(text)));
    }
    let target = Target::resolve(text, context.config(), &args.pace.options());
    match target.and_then(|target| target.about_groups(args.groups)) {
        Ok(target) => Ok(NamedSide::Target(Box::new(target))),
        Err(failure) if is_address => Err(failure),
        Err(failure) => Err(Failure {
            message: format!(
                "{} is no file, and as a target: {}",
                redact::target(text),
                failure.message
            ),
            ..failure
        }),
    }
}
