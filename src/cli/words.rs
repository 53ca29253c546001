//! Words on the command line: those of options that take one of a few, and those that a shell completes (vendors,
//! products, fields, targets and runs).

use crate::columns::{OWN_HEADINGS, products};
use crate::model::Field;
use crate::vendors::VENDORS;
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};

/// Lets a type be typed as one of these words, each with its help where it has some.
macro_rules! typed_words {
    ($name:ident { $($member:ident = $word:literal $(: $help:literal)?,)* }) => {
        impl clap::ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                &[$($name::$member),*]
            }

            fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
                Some(match self {
                    $($name::$member => clap::builder::PossibleValue::new($word)$(.help($help))?,)*
                })
            }
        }
    };
}

pub(super) use typed_words;

/// The same command, its arguments with the values that exist, found by their names in the help.
pub(super) fn with_values(command: Command, targets: &[String], runs: &[String]) -> Command {
    let below: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    let own: Vec<(String, Vec<String>)> = command
        .get_arguments()
        .filter_map(|arg| Some((arg.get_id().to_string(), values(arg, targets, runs)?)))
        .collect();
    let command = own.into_iter().fold(command, |command, (id, values)| {
        command.mut_arg(id, |arg| {
            arg.value_parser(PossibleValuesParser::new(values))
        })
    });
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |below| with_values(below, targets, runs))
    })
}

/// The values of an argument; none where any text may be one.
fn values(arg: &Arg, targets: &[String], runs: &[String]) -> Option<Vec<String>> {
    let vendors = || VENDORS.iter().map(|vendor| vendor.id.to_owned());
    let fields = |end: &str| {
        Field::all()
            .map(|field| format!("{}{end}", field.name()))
            .collect()
    };
    let name = arg.get_value_names()?.first()?.as_str();
    let found: Vec<String> = match (name, arg.get_id().as_str()) {
        ("VENDOR", "headings") => {
            let products = products().iter().filter(|product| !product.is_vendor());
            vendors()
                .chain([OWN_HEADINGS.to_owned()])
                .chain(products.map(|product| product.id.clone()))
                .collect()
        }
        ("VENDOR", _) => vendors().collect(),
        ("TARGET", _) => {
            let sims = vendors().map(|vendor| format!("sim:{vendor}"));
            targets.iter().cloned().chain(sims).collect()
        }
        ("RUN", _) => runs.to_vec(),
        ("FIELD", _) => fields(""),
        ("FIELD=VALUE", _) => fields("="),
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}
