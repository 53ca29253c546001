//! Words on the command line: those of options that take one of a few, and those that a shell completes (vendors,
//! products, fields, targets, runs, schemas, topics of the help and days).

use super::values::DAYS;
use crate::columns::{OWN_HEADINGS, products};
use crate::dialects::dialects;
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

/// Words that a shell completes and that are known outside of the command line only.
pub struct KnownWords {
    /// The names of the JSON Schemas.
    pub schemas: Vec<String>,
    /// The pages of the manual; `rowcall help` takes the commands too.
    pub topics: Vec<String>,
}

/// The words in a script that stand for the targets and the runs of the moment, and what a script asks for them by.
pub(super) const ASKED: [(&str, &str); 2] = [("@targets@", "targets"), ("@runs@", "runs")];

/// The same command, its arguments with the values that exist, found by their names in the help.
pub(super) fn with_values(command: Command, known: &KnownWords) -> Command {
    let below: Vec<String> = command
        .get_subcommands()
        .map(|one| one.get_name().to_owned())
        .collect();
    let own: Vec<(String, Vec<String>)> = command
        .get_arguments()
        .filter_map(|arg| Some((arg.get_id().to_string(), values(arg, known)?)))
        .collect();
    let command = own.into_iter().fold(command, |command, (id, values)| {
        command.mut_arg(id, |arg| {
            arg.value_parser(PossibleValuesParser::new(values))
        })
    });
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |below| with_values(below, known))
    })
}

/// The values of an argument; none where any text may be one.
fn values(arg: &Arg, known: &KnownWords) -> Option<Vec<String>> {
    let vendors = || VENDORS.iter().map(|vendor| vendor.id.to_owned());
    let fields = |end: &str| {
        Field::all()
            .map(|field| format!("{}{end}", field.name()))
            .collect()
    };
    let [targets, runs] = ASKED.map(|(word, _)| word);
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
            [targets.to_owned()].into_iter().chain(sims).collect()
        }
        ("RUN", _) => vec![runs.to_owned()],
        ("file:PRODUCT", _) => {
            let files = dialects().iter();
            files.map(|facts| facts.vendor.id.clone()).collect()
        }
        ("NAME", "name") => known.schemas.clone(),
        ("TOPIC", _) => known.topics.clone(),
        ("DATE", _) => {
            let days = ["last", "yesterday"].into_iter().chain(DAYS);
            days.map(str::to_owned).collect()
        }
        ("FIELD", _) => fields(""),
        ("FIELD=VALUE", _) => fields("="),
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}
